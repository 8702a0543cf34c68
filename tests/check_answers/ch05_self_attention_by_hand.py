"""Answers to the exercises of chapter 5."""

import math

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from .shared import soft, torch_softmax_twice


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
            (lambda q, K, V: V.mean(axis=0), "weigh the same"),
            (
                lambda q, K, V: one_query_in_torch(q, K, V)[None],
                "Expected the shape (1,), got (1, 1) (an axis of length 1 too many)",
            ),
            (lambda q, K, V: np.array(soft(soft(K @ q / q.size**0.5))) @ V, "softmax twice"),
            (
                lambda q, K, V: (np.array(soft(K @ q / q.size**0.5))[:, None] * V).mean(axis=0),
                "the mean of the weighted",
            ),
            (lambda q, K, V: V[np.argmax(K @ q)], "the best value whole"),
            (lambda q, K, V: np.array(one_query_in_loops(q, K, V))[:, None], "(an axis of length 1 too many)"),
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
            (head_scaled_by(lambda X, W_q, W_v: 1 / len(W_q[0]) ** 0.5), "You multiply by the root"),
            (lambda X, W_q, W_k, W_v: torch_softmax_twice(X @ W_q, X @ W_k, X @ W_v), "softmax twice"),
            (
                lambda X, W_q, W_k, W_v: torch_attention(X @ W_q, X @ W_k, X @ W_v, scale=1) / len(W_q[0]) ** 0.5,
                "The scores must be divided",
            ),
        ],
    },
}
