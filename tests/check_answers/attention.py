"""Answers to the exercises of `self_attention.check.attention`."""

import math

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention


def soft(row):
    powers = [math.exp(s - max(row)) for s in row]
    return [p / sum(powers) for p in powers]


# Chapter 5: by hand


def one_query_in_loops(q, K, V):
    scores = [sum(a * b for a, b in zip(q, k, strict=True)) / len(q) ** 0.5 for k in K]
    output = [0.0] * len(V[0])
    for weight, v in zip(soft(scores), V, strict=True):
        for f in range(len(v)):
            output[f] += weight * v[f]
    return output


def one_query_in_torch(q, K, V):
    return torch_attention(q[None], K, V)[0]


def one_query_as_it_comes(q, K, V):
    shares = np.exp(K @ q / np.sqrt(len(q)))
    return shares / shares.sum() @ V


def one_query_forgets_division(q, K, V):
    return np.array(soft([k @ q for k in K])) @ V


def one_query_divides_by_d_k(q, K, V):
    weights = torch.softmax(K @ q / q.shape[0], dim=0)
    return weights @ V


def one_query_divides_by_8(q, K, V):
    scores = np.exp(np.dot(K, q) / 8)
    return np.sum(scores[:, None] / scores.sum() * V, axis=0)


def one_query_divides_by_words(q, K, V):
    shares = np.exp(K @ q / np.sqrt(K.shape[0]))
    return shares @ V / shares.sum()


def one_query_multiplies(q, K, V):
    return torch.softmax((q * len(q) ** 0.5) @ K.T, -1) @ V


def one_query_divides_late(q, K, V):
    return np.array(soft(K @ q)) @ V / math.sqrt(q.size)


def one_query_sums_scores(q, K, V):
    scores = K @ q
    return scores / scores.sum() @ V


def one_query_stops_early(q, K, V):
    return soft(K @ q / q.size**0.5)


def one_query_does_not_add(q, K, V):
    return [weight * v for weight, v in zip(soft(K @ q / q.size**0.5), V, strict=True)]


def head_in_torch(X, W_q, W_k, W_v):
    return torch_attention(X @ W_q, X @ W_k, X @ W_v)


def head_in_loops(X, W_q, W_k, W_v):
    K, V = X @ W_k, X @ W_v
    return [one_query_in_loops(x @ W_q, K, V) for x in X]


def head_scaled_by(scale):
    """The code of the exercise with something else under the line."""

    def head(X, W_q, W_k, W_v):
        Q, K, V = X @ W_q, X @ W_k, X @ W_v
        shares = np.exp(Q @ K.T / scale(X, W_q, W_v))
        return shares / shares.sum(axis=1, keepdims=True) @ V

    return head


def head_of_columns(X, W_q, W_k, W_v):
    Q, K, V = X @ W_q, X @ W_k, X @ W_v
    return torch.softmax(Q @ K.T / K.shape[1] ** 0.5, dim=0) @ V


# Chapter 6: all words at once


def cross_in_torch(X, Y, W_q, W_k, W_v):
    Q, K, V = X @ W_q, Y @ W_k, Y @ W_v
    return torch_attention(Q, K, V), torch.softmax(Q @ K.T / Q.shape[1] ** 0.5, dim=-1)


def cross_in_loops(X, Y, W_q, W_k, W_v):
    K = Y @ W_k
    weights = np.array([soft([x @ W_q @ k / K.shape[1] ** 0.5 for k in K]) for x in X])
    return [weights @ Y @ W_v, weights]


def cross_upright(X, Y, W_q, W_k, W_v):
    scores = (Y @ W_k) @ (X @ W_q).T / W_q.shape[1] ** 0.5  # a column for each query
    shares = np.exp(scores)
    weights = (shares / shares.sum(axis=0)).T
    return weights @ (Y @ W_v), weights


def cross_scaled_by(scale, axis=1):
    def cross(X, Y, W_q, W_k, W_v):
        Q, K, V = X @ W_q, Y @ W_k, Y @ W_v
        shares = np.exp(Q @ K.T / scale(X, Q))
        weights = shares / shares.sum(axis=axis, keepdims=True)
        return weights @ V, weights

    return cross


def cross_with(arrays):
    """Somebody confuses who makes queries, keys or values."""

    def cross(X, Y, W_q, W_k, W_v):
        Q, K, V = arrays(X, Y, W_q, W_k, W_v)
        weights = torch.softmax(Q @ K.mT / K.shape[1] ** 0.5, dim=1)
        return weights @ V, weights

    return cross


def rows_in_numpy(Q, K, V):
    shares = np.exp(Q @ K.T / np.sqrt(K.shape[1]))
    return shares @ V / shares.sum(axis=1)[:, None]


def rows_upright(Q, K, V):
    weights = torch.softmax(K @ Q.T / Q.shape[1] ** 0.5, dim=0)
    return weights.T @ V


def rows_as_they_stood(Q, K, V):
    weights = torch.softmax(Q @ K.T / Q.shape[1] ** 0.5, dim=0)
    return weights.T @ V


def rows_still_transposed(Q, K, V):
    weights = torch.softmax(Q @ K.T / Q.shape[1] ** 0.5, dim=1)
    return weights.T @ V


def rows_still_of_columns(Q, K, V):
    shares = np.exp(Q @ K.T / np.sqrt(Q.shape[1]))
    return shares / shares.sum(axis=0) @ V


def rows_of_all(Q, K, V):
    shares = np.exp(Q @ K.T / np.sqrt(Q.shape[1]))
    return shares / shares.sum() @ V


# Chapter 7: masks


def masked_in_loops(scores, mask):
    mask = np.broadcast_to(mask, scores.shape)
    weights = np.zeros(scores.shape)
    for place in np.ndindex(*scores.shape[:-1]):
        seen = mask[place].nonzero()[0]
        if len(seen):
            weights[(*place, seen)] = soft(scores[(*place, seen)])
    return weights


def masked_in_torch(scores, mask):
    return torch.softmax(scores.masked_fill(~mask, -torch.inf), -1).nan_to_num(0)


def masked_with_the_smallest(scores, mask):
    weights = torch.softmax(torch.where(mask, scores, torch.finfo(scores.dtype).min), -1)
    return weights * mask


def plain(scores):
    powers = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def masked_late(scores, mask):
    weights = plain(scores)
    weights[~np.broadcast_to(mask, weights.shape)] = 0
    return weights


def masked_late_and_naive(scores, mask):
    shares = np.exp(scores)
    return shares / shares.sum(axis=-1, keepdims=True) * mask


def masked_late_and_repaired(scores, mask):
    weights = torch.softmax(scores, -1) * mask
    return weights / weights.sum(-1, keepdim=True)


def masked_late_and_repaired_with_care(scores, mask):
    weights = torch.softmax(scores, -1) * mask
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


def masked_naive(scores, mask):
    shares = np.exp(np.where(mask, scores, -np.inf))
    return shares / shares.sum(axis=-1, keepdims=True)


def masked_naive_with_care(scores, mask):
    shares = np.exp(scores) * mask if scores.max() < 100 else np.where(mask, np.exp(np.minimum(scores, 100)), 0)
    total = shares.sum(axis=-1, keepdims=True)
    return np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)


def masked_by_zero_times_infinity(scores, mask):
    return plain(scores + (1 - mask) * -np.inf)


def mask_in_loops(n, lengths):
    mask = np.zeros((len(lengths), n, n), dtype=bool)
    for b, length in enumerate(lengths):
        for i in range(n):
            for j in range(n):
                mask[b, i, j] = j <= i and j < length
    return mask


def mask_in_torch(n, lengths):
    real = torch.arange(n) < torch.as_tensor(lengths)[:, None]  # (b, n)
    return torch.ones(n, n, dtype=torch.bool).tril() & real[:, None, :]


def mask_as_it_stood(n, lengths):
    rows, columns = np.arange(n)[:, None], np.arange(n)
    return (columns <= rows + 1) | (columns < lengths[:, None, None])


def mask_of_either(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool)) | (np.arange(n) < lengths[:, None, None])


def mask_with_the_next(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool), k=1) & (np.arange(n) < lengths[:, None, None])


def mask_without_itself(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool), k=-1) & (np.arange(n) < lengths[:, None, None])


def mask_of_the_future(n, lengths):
    return np.triu(np.ones((n, n), dtype=bool)) & (np.arange(n) < lengths[:, None, None])


def mask_of_padded_rows(n, lengths):
    rows, columns = np.arange(n)[:, None], np.arange(n)
    return (columns <= rows) & (rows < lengths[:, None, None])


def mask_of_rows_and_columns(n, lengths):
    real = np.arange(n) < lengths[:, None]
    return np.tril(np.ones((n, n), dtype=bool)) & real[:, :, None] & real[:, None, :]


def mask_with_one_pad(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool)) & (np.arange(n) <= lengths[:, None, None])


def mask_without_padding(n, lengths):
    return np.stack([np.tril(np.ones((n, n), dtype=bool)) for _ in lengths])


ANSWERS = {
    "third_word": {
        "right": [(112, 0.47, 0.06, 0.47), (8 * 14, *soft([14, 12, 14])), ([112, 0.468, 0.063, 0.468],)],
        "wrong": [
            ((14, 0.47, 0.06, 0.47), "after the division"),
            ((112, 0.88, 0.12, 0.88), "no share stays"),
            ((112, *soft([112, 96, 112])), "not divided"),
            ((112, 0.35, 0.3, 0.35), "First raise e"),
            ((112, 0.33, 0.33, 0.33), "equal scores"),
            ((112, 0.88, 0.12, 0.12), "sum to 1"),
            ((112, 0.44, 0.12, 0.44), "in proportion"),
            ((98, 0.47, 0.06, 0.47), "Answer 1 of 4 is not 98"),
        ],
    },
    "score_spread": {
        "right": [(60,), (math.sqrt(3600),), (torch.tensor(60.0),)],
        "wrong": [
            ((3600,), "variance. Its root"),
            ((100 * 2 * 3,), "never turns back"),
            ((10,), "features of variance 1"),
            ((6,), "one product"),
            ((36,), "one product"),
            ((4 * 9 * 10,), "The root is taken of them, too"),
            ((np.sqrt(100 * 13),), "You added 4 and 9"),
            ((10 * (2 + 3),), "You added 2 and 3"),
            ((8,), "Too small"),
        ],
    },
    "one_query": {
        "right": [one_query_in_loops, one_query_in_torch, one_query_as_it_comes],
        "wrong": [
            (one_query_forgets_division, "not divided yet"),
            (one_query_divides_by_d_k, "not by its root"),
            (one_query_divides_by_8, "8 is the root of 64"),
            (one_query_divides_by_words, "number of words"),
            (one_query_multiplies, "You multiply by the root"),
            (one_query_divides_late, "The scores must be divided"),
            (lambda q, K, V: np.exp(K @ q / q.size**0.5) @ V, "divide by their total"),
            (lambda q, K, V: V.T @ (K @ q) / q.size**0.5, "A softmax is missing"),
            (one_query_sums_scores, "First raise e"),
            (one_query_stops_early, "Now blend"),
            (lambda q, K, V: one_query_in_loops(q, K, K), "You blend the keys"),
            (one_query_does_not_add, "add them up"),
            (lambda q, K, V: V.mean(axis=0), "expected"),
            (lambda q, K, V: one_query_in_torch(q, K, V)[None], "Expected the shape (1,), came (1, 1)"),
        ],
    },
    "one_head": {
        "right": [head_in_torch, head_in_loops, head_scaled_by(lambda X, W_q, W_v: W_q.shape[-1] ** 0.5)],
        "wrong": [
            (head_scaled_by(lambda X, W_q, W_v: np.sqrt(X.shape[1])), "still divides by the root of d_model"),
            (head_scaled_by(lambda X, W_q, W_v: math.sqrt(len(W_q))), "still divides by the root of d_model"),
            (head_scaled_by(lambda X, W_q, W_v: len(X[0])), "even without the root"),
            (head_scaled_by(lambda X, W_q, W_v: len(W_q[0])), "root is missing"),
            (head_scaled_by(lambda X, W_q, W_v: len(W_v[0]) ** 0.5), "width of the values"),
            (head_scaled_by(lambda X, W_q, W_v: len(X) ** 0.5), "number of words"),
            (head_scaled_by(lambda X, W_q, W_v: (W_q.shape[0] / W_q.shape[1]) ** 0.5), "number of heads"),
            (head_scaled_by(lambda X, W_q, W_v: 8), "8 is the root of 64"),
            (head_scaled_by(lambda X, W_q, W_v: 1), "nothing is divided"),
            (head_of_columns, "each column sums to 1"),
        ],
    },
    "table_sizes": {
        "right": [(7, 4, 7, 16, 672), ((7, 4, 7, 16, 7 * 4 * 8 + 7 * 4 * 16),)],
        "wrong": [
            ((4, 7, 7, 16, 672), "A row is a query"),
            ((8, 16, 7, 16, 672), "These are features"),
            ((7, 4, 7, 8, 672), "those of the values"),
            ((7, 4, 4, 16, 672), "not each key"),
            ((7, 4, 7, 16, 28), "a sum of products"),
            ((7, 4, 7, 16, 224), "the scores alone"),
            ((7, 4, 7, 16, 448), "And the scores?"),
            ((7, 4, 7, 16, 2 * 672), "count as one"),
            ((7, 4, 7, 16, 7 * 4 * 8 * 16), "added"),
            ((7, 4, 7, 16, 7 * 7 * 24), "Answer 5 of 5 is not 1176. Too large."),
        ],
    },
    "three_times_longer": {
        "right": [(1, 3, 9, 9, 3), ([1, 3, 9, 9, 3],), tuple(np.array([1.0, 3, 9, 9, 3]))],
        "wrong": [
            ((3, 3, 9, 9, 3), "do not know how long"),
            ((9, 9, 9, 9, 9), "do not know how long"),
            ((1, 9, 9, 9, 3), "projected by itself"),
            ((1, 1, 9, 9, 3), "more words are multiplied"),
            ((1, 3, 3, 9, 3), "more of both"),
            ((1, 3, 6, 9, 3), "multiply"),
            ((1, 3, 9, 3, 3), "rows for queries"),
            ((1, 3, 9, 9, 9), "as wide as before"),
            ((1, 3, 9, 9, 1), "a row for each word"),
        ],
    },
    "cross_attention": {
        "right": [cross_in_torch, cross_in_loops, cross_upright, cross_scaled_by(lambda X, Q: Q.shape[1] ** 0.5)],
        "wrong": [
            (lambda X, Y, W_q, W_k, W_v: cross_in_loops(Y, X, W_q, W_k, W_v), "X asks and Y answers"),
            (lambda X, Y, W_q, W_k, W_v: cross_in_torch(X, X, W_q, W_k, W_v), "Y has no part"),
            (cross_with(lambda X, Y, W_q, W_k, W_v: (X @ W_q, Y @ W_k, X @ W_v)), "hands them over"),
            (cross_with(lambda X, Y, W_q, W_k, W_v: (X @ W_q, X @ W_k, Y @ W_v)), "found by them"),
            (cross_with(lambda X, Y, W_q, W_k, W_v: (X @ W_k, Y @ W_q, Y @ W_v)), "swapped jobs"),
            (cross_with(lambda X, Y, W_q, W_k, W_v: (X @ W_q, Y @ W_k, Y)), "Where is W_v?"),
            (cross_with(lambda X, Y, W_q, W_k, W_v: (Y @ W_k, X @ W_q, Y @ W_v)), "transposed"),
            (cross_scaled_by(lambda X, Q: Q.shape[1] ** 0.5, axis=0), "the wrong axis"),
            (cross_scaled_by(lambda X, Q: 1), "not divided"),
            (cross_scaled_by(lambda X, Q: np.sqrt(X.shape[1])), "root of d_model"),
            (cross_scaled_by(lambda X, Q: Q.shape[1]), "not by its root"),
            (cross_scaled_by(lambda X, Q: 8), "Thinking and Machines"),
            (lambda *arrays: cross_upright(*arrays)[::-1], "in the wrong order"),
            (lambda *arrays: cross_upright(*arrays)[0], "Expected 2 results, came one"),
        ],
    },
    "row_by_row": {
        "right": [torch_attention, rows_in_numpy, rows_upright],
        "wrong": [
            (rows_as_they_stood, "Nothing is mended yet"),
            (rows_still_transposed, "is transposed"),
            (rows_still_of_columns, "each column of `weights`"),
            (lambda Q, K, V: torch_attention(Q, K, V, scale=1), "where is the division"),
            (rows_of_all, "All weights together"),
            (lambda Q, K, V: Q @ K.T / Q.shape[1] ** 0.5 @ V, "no weights"),
            (lambda Q, K, V: torch.softmax(Q @ K.T / Q.shape[1] ** 0.5, 1), "Give back the output"),
            (lambda Q, K, V: torch_attention(Q, K, V).T, "came (1, 2) (transposed?)"),
        ],
    },
    "allowed_pairs": {
        "right": [
            (5050, 494, 297),
            (100 * 101 / 2, 5 * 96 + 4 + 4 + 3 + 3, 1 + 2 + 3 * 98),
            (np.tril(np.ones((100, 100))).sum(), 494, 297),
        ],
        "wrong": [
            ((4950, 494, 297), "sees itself"),
            ((5050, 394, 297), "sees itself"),
            ((5050, 494, 197), "sees itself"),
            ((5000, 494, 297), "whole diagonal"),
            ((100**2, 494, 297), "all pairs"),
            ((5050, 500, 297), "cut off"),
            ((5050, 497, 297), "other end"),
            ((5050, 11 * 100 - 2 * 15, 297), "Five words in all"),
            ((5050, 298, 297), "would be three"),
            ((5050, 494, 490), "two come later"),
            ((5050, 494, 300), "first words"),
            ((5050, 494, 5050 + 494), "Both masks must allow it"),
            ((5050, 494, 250), "Answer 3 of 3 is not 250. Too small."),
        ],
    },
    "three_ways_to_hide": {
        "right": [
            ([0.33, 0.67, 0], [0.25, 0.5, 0.25], [0.125, 0.25, 0]),
            (np.array([1, 2, 0]) / 3, np.array([1, 2, 1]) / 4, torch.tensor([1, 2, 0]) / 8),
        ],
        "wrong": [
            (([0, 1, 0], [0, 1, 0], [0, 0.3, 0]), "by their total"),
            (([1, 2, 0], [1, 2, 1], [1, 2, 0]), "Divide by their total"),
            (([0.125, 0.25, 0.625], [0.25, 0.5, 0.25], [0.125, 0.25, 0]), "Nothing is hidden yet"),
            (([0.125, 0.25, 0], [0.25, 0.5, 0.25], [0.125, 0.25, 0]), "still stands below the line"),
            (([1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0], [1 / 8, 1 / 4, 0]), "is not “no share”"),
            (([1 / 3, 2 / 3, 0], [1 / 8, 2 / 8, 5 / 8], [1 / 8, 1 / 4, 0]), "no longer ln 5"),
            (([1 / 3, 2 / 3, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 3, 2 / 3, 0]), "by its sum again"),
            (([1 / 3, 2 / 3, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 8, 2 / 8, 5 / 8]), "is struck out"),
            (([1 / 3, 2 / 3, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 4, 2 / 4, 0]), "still ln 5"),
            (([0.5, 0.5, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 8, 1 / 4, 0]), "Look at [0]: too large."),
        ],
    },
    "masked_softmax": {
        "right": [masked_in_loops, masked_in_torch, masked_with_the_smallest],
        "wrong": [
            (lambda scores, mask: plain(scores), "hides nothing yet"),
            (lambda scores, mask: np.exp(scores) / np.exp(scores).sum(-1, keepdims=True), "large scores overflow"),
            (lambda scores, mask: torch.softmax(scores * mask, -1), "they are read"),
            (lambda scores, mask: torch.softmax(torch.where(mask, scores, 0), -1), "they are read"),
            (masked_late, "after the softmax"),
            (masked_late_and_naive, "after the softmax"),
            (lambda scores, mask: np.where(mask, masked_late_and_naive(scores, True), 0), "after the softmax"),
            (masked_late_and_repaired, "nothing to repair"),
            (masked_late_and_repaired_with_care, "nothing to repair"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -torch.inf), -1), "It shall give zeros"),
            (masked_naive, "0/0 is nan"),
            (masked_naive_with_care, "come to nothing"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), -1) * mask, "come to nothing"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), -1), "is finite"),
            (lambda scores, mask: plain(scores + (1 - mask) * -1e9), "is finite"),
            (lambda scores, mask: plain(np.where(mask, scores, -100)), "is finite"),
            (lambda scores, mask: plain(np.where(mask, scores, np.finfo(float).min)), "reads all alike"),
            (masked_by_zero_times_infinity, "0 times infinity"),
            (lambda scores, mask: plain(scores + mask), "hides nothing: chapter 7, By hand"),
            (lambda scores, mask: masked_in_torch(scores, ~mask), "You hide what may be seen"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(mask, -torch.inf), -1), "You hide what may be seen"),
        ],
    },
    "may_see": {
        "right": [mask_in_loops, mask_in_torch],
        "wrong": [
            (mask_as_it_stood, "Neither leak"),
            (mask_of_either, "if either mask"),
            (mask_with_the_next, "the answer itself"),
            (mask_without_itself, "no word sees itself"),
            (mask_of_the_future, "what comes later"),
            (mask_of_padded_rows, "rows of the padding"),
            (mask_of_rows_and_columns, "rows of the padding"),
            (mask_with_one_pad, "off by one"),
            (mask_without_padding, "padding is not hidden"),
            (lambda n, lengths: ~mask_in_loops(n, lengths), "yours means the opposite"),
            (lambda n, lengths: mask_in_loops(n, lengths) * 1, "Expected True or False, came numbers"),
            (lambda n, lengths: np.tril(np.ones((n, n), dtype=bool)), "Expected the shape (1, 2, 2), came (2, 2)"),
        ],
    },
}
