"""Answers to the exercises of chapter 4."""

import math

import numpy as np
import torch

from .shared import of_the_table, without_keepdims


def soft_lookup_in_loops(Q, K, V, temperature):
    out = []
    for q in Q:
        powers = [math.exp(np.dot(q, k) / temperature) for k in K]
        weights = [power / sum(powers) for power in powers]
        out.append([sum(weights[j] * V[j][f] for j in range(len(K))) for f in range(V.shape[1])])
    return out


def soft_lookup_in_torch(Q, K, V, temperature):
    return torch.nn.functional.scaled_dot_product_attention(Q, K, V, scale=1 / temperature)


def soft_lookup_with(change):
    return lambda Q, K, V, T: torch.softmax(change(Q @ K.T, T, Q), dim=-1) @ V


def three_roles_in_loops(X, W_q, W_k, W_v):
    out = np.zeros((len(X), W_v.shape[1]))
    for i, x in enumerate(X):
        scores = [float((x @ W_q) @ (other @ W_k)) for other in X]
        powers = [math.exp(score - max(scores)) for score in scores]
        for power, other in zip(powers, X, strict=True):
            out[i] += power / sum(powers) * (other @ W_v)
    return out


def three_roles_in_torch(X, W_q, W_k, W_v):
    return torch.softmax(X @ W_q @ W_k.T @ X.T, dim=-1) @ X @ W_v


def three_roles_as_it_stood(X, W_q, W_k, W_v):
    Q, K, V = X @ W_q, X @ W_q, X @ W_v
    return torch.softmax(K @ Q.T, dim=-1) @ V


def three_roles_keys_ask(X, W_q, W_k, W_v):
    Q, K, V = X @ W_q, X @ W_k, X @ W_v
    return torch.softmax(K @ Q.T, dim=-1) @ V


def three_roles_with(weigh, values=lambda X, W_k, W_v: X @ W_v):
    return lambda X, W_q, W_k, W_v: weigh(X @ W_q @ (X @ W_k).T) @ values(X, W_k, W_v)


def of_rows(scores):
    return torch.softmax(scores, dim=-1)


def of_columns(scores):
    return torch.softmax(scores, dim=0)


ANSWERS = {
    "anything_but": {
        "right": [
            ([-2, 0, -1], [0.09, 0.67, 0.24]),
            (np.array([-2, 0, -1]), torch.softmax(torch.tensor([-2.0, 0.0, -1.0]), dim=0)),
        ],
        "wrong": [
            (([2, 0, 1], [0.67, 0.09, 0.24]), "The sign"),
            (([0, 2, 1], [0.09, 0.67, 0.24]), "machines"),
            (([-2, -2, -2], [1 / 3, 1 / 3, 1 / 3]), "meets the 0"),
            (([-2, 0, -1], [0.67, 0.09, 0.24]), "the weights of [1, 0]"),
            (([-2, 0, -1], [0, 1, 0]), "at temperature 0"),
            (([-2, 0, -1], [2 / 3, 0, 1 / 3]), "First raise e"),
            (([-2, 0, -1], [0.14, 1, 0.37]), "These are the powers"),
            (([-2, 0, -1], [0.1, 0.2, 0.3]), "must sum to 1"),
            (([-2, 0, -1], [0.24, 0.67, 0.09]), "Answer 2 of 2"),
            (([-2, 0], [0.09, 0.67, 0.24]), "Expected the shape (3,), got (2,) in answer 1"),
        ],
    },
    "same_key": {
        "right": [(3.78, 4), (6.2969 * 11.107 / 18.496, 8 / 2), (torch.tensor([3.7816, 4.0]),)],
        "wrong": [
            ((6.3, 8), "So it was before"),
            ((3.15, 4), "Not quite half"),
            ((3.8, 4), "a third decimal"),
            ((3.2, 4), "The horse has pages"),
            ((4, 4), "the answer for temperature 0"),
            ((3.78, 8), "Which of them wins"),
            ((3.78, 0), "neither wins alone"),
            ((3.9, 4), "Answer 1 of 2 is not 3.9. Too large."),
        ],
    },
    "next_kind": {
        "right": [
            ([[-0.5, 1], [-0.75, -0.5]],),
            (np.linalg.inv([[-0.5, -1], [0.75, -0.5]]),),
            (torch.tensor([[-0.5, -1], [0.75, -0.5]]) @ torch.tensor([[-0.5, -1], [0.75, -0.5]]),),
        ],
        "wrong": [
            ([[-0.5, -1], [0.75, -0.5]], "the matrix of the chapter"),
            (np.array([[-0.5, -1], [0.75, -0.5]]).T, "transposed. What is"),
            (np.linalg.inv([[-0.5, -1], [0.75, -0.5]]).T, "Transposed: a word is a row"),
            (np.eye(2), "its own kind"),
            (-np.array([[-0.5, -1], [0.75, -0.5]]), "away from"),
            ([[-1, 2], [-1, -2]], "must ask"),
            ([[-0.5, 1], [0.75, -0.5]], "Look at [1, 0]: too large."),
            ([-0.5, 1], "Expected the shape (2, 2), got (2,)"),
        ],
    },
    "soft_lookup": {
        "right": [soft_lookup_in_loops, soft_lookup_in_torch],
        "wrong": [
            (lambda Q, K, V, T: torch.softmax(Q @ K.T / T, dim=0) @ V, "wrong axis"),
            (lambda Q, K, V, T: torch.softmax(K @ Q.T / T, dim=-1).T @ V, "wrong axis"),
            (soft_lookup_with(lambda scores, T, Q: scores), "changes nothing yet"),
            (soft_lookup_with(lambda scores, T, Q: scores * T), "yours is the sharper"),
            (lambda Q, K, V, T: torch.softmax(Q @ K.T, dim=-1) / T @ V, "divides the scores"),
            (soft_lookup_with(lambda scores, T, Q: scores / T / math.sqrt(Q.shape[1])), "by a root as well"),
            (lambda Q, K, V, T: (Q @ K.T / T) @ V, "not yet shares"),
            (lambda Q, K, V, T: np.exp(Q @ K.T / T) @ V, "divided by their total"),
            (lambda Q, K, V, T: without_keepdims(Q @ K.T / T) @ V, "`keepdims=True`"),
            (lambda Q, K, V, T: of_the_table(Q @ K.T / T) @ V, "All rows together"),
            (lambda Q, K, V, T: torch.softmax(Q @ K.T / T, dim=-1), "These are the weights"),
            (lambda Q, K, V, T: torch.softmax(Q @ K.T / T, dim=-1) @ K, "catalogue cards"),
            (lambda Q, K, V, T: torch.softmax(Q @ V.T / T, dim=-1) @ V, "take no part"),
            (lambda Q, K, V, T: V[(Q @ K.T / T).argmax(dim=-1)], "hard look-up"),
            (lambda Q, K, V, T: torch.softmax(Q @ K / T, dim=-1) @ V, "A title is a row"),
            (lambda Q, K, V, T: torch.softmax(torch.softmax(Q @ K.T / T, -1), -1) @ V, "softmax twice"),
        ],
    },
    "three_roles": {
        "right": [three_roles_in_loops, three_roles_in_torch],
        "wrong": [
            (three_roles_as_it_stood, "still mutual"),
            (lambda X, W_q, W_k, W_v: three_roles_in_torch(X, W_q, W_q, W_v), "still mutual"),
            (lambda X, W_q, W_k, W_v: three_roles_in_torch(X, W_k, W_k, W_v), "now with the other matrix"),
            (three_roles_keys_ask, "Here is the second bug"),
            (three_roles_with(of_rows, lambda X, W_k, W_v: X), "The words themselves are summed"),
            (three_roles_with(of_rows, lambda X, W_k, W_v: X @ W_k), "The keys are summed"),
            (
                lambda X, W_q, W_k, W_v: three_roles_with(lambda s: of_rows(s / W_q.shape[1] ** 0.5))(X, W_q, W_k, W_v),
                "by a root as well",
            ),
            (three_roles_with(of_columns), "wrong axis"),
            (three_roles_with(lambda scores: scores), "has got lost"),
            (lambda X, W_q, W_k, W_v: of_rows(X @ W_q @ X.T) @ X @ W_v, "W_k does nothing"),
            (three_roles_with(lambda scores: of_rows(of_rows(scores))), "softmax twice"),
            (lambda X, W_q, W_k, W_v: of_rows(X @ W_q @ (X @ W_k).T), "These are the weights"),
        ],
    },
}
