"""Answers to the exercises of chapter 6."""

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from .shared import soft, torch_softmax_twice


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


def cross_twice(X, Y, W_q, W_k, W_v):
    Q, K = X @ W_q, Y @ W_k
    weights = torch.softmax(torch.softmax(Q @ K.T / K.shape[1] ** 0.5, 1), 1)
    return weights @ Y @ W_v, weights


def cross_with_scores(X, Y, W_q, W_k, W_v):
    Q, K, V = X @ W_q, Y @ W_k, Y @ W_v
    scores = Q @ K.T / K.shape[1] ** 0.5
    return torch.softmax(scores, 1) @ V, scores


ANSWERS = {
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
            (lambda *arrays: cross_upright(*arrays)[0], "Expected 2 results, got one"),
            (cross_twice, "softmax twice"),
            (cross_with_scores, "yours are the scores"),
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
            (lambda Q, K, V: torch_attention(Q, K, V).T, "it is transposed"),
            (lambda Q, K, V: torch_attention(Q, K, V, scale=1 / Q.shape[1]), "not by its root"),
            (torch_softmax_twice, "softmax twice"),
            (lambda Q, K, V: rows_in_numpy(Q, K, V) / len(V), "the mean of the weighted values"),
        ],
    },
}
