"""The exercises of chapter 4. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention
from ._judge import function, value
from ._mistakes import softmax_by_hand, softmax_without_keepdims

__all__ = ["anything_but", "next_kind", "same_key", "soft_lookup", "three_roles"]


@value(
    mistakes=[
        (([2, 0, 1], ...), "The sign: the query is [−1, 0]. See chapter 4, First, a score for each title."),
        (
            ([0, 2, 1], ...),
            "These are the scores of [0, 1], machines. Multiply in pairs: chapter 4, First, a score for each title.",
        ),
        (
            ([-2, -2, -2], ...),
            "The second number of each key meets the 0 of the query: chapter 4, First, a score for each title.",
        ),
        (
            (..., [0.67, 0.09, 0.24]),
            "These are the weights of [1, 0]. Now the largest score is that of the steam engines.",
        ),
        ((..., [0, 1, 0]), "So hard it is at temperature 0. See chapter 4, Second, a share for each document."),
        (
            (..., [2 / 3, 0, 1 / 3]),
            "You divided the scores themselves. First raise e to each: chapter 4, Second, a share for each document.",
        ),
        (
            (..., [math.exp(-2), 1, math.exp(-1)]),
            "These are the powers. Divide each by their total: chapter 4, Second, a share for each document.",
        ),
        (
            lambda scores, weights: abs(sum(weights) - 1) > 0.02,
            "The weights must sum to 1: chapter 4, Second, a share for each document.",
        ),
    ]
)
def anything_but():
    """Work out the scores and the weights of the query [-1, 0] in the library of three: two lists of three numbers."""
    return [-2, 0, -1], attention.softmax(np.array([-2.0, 0.0, -1.0])).tolist()


POWERS = np.exp([2, 0, 1])


@value(
    mistakes=[
        (
            ((8 * POWERS[0] + 4 * POWERS[2]) / POWERS.sum(), ...),
            "So it was before. The new one takes a share: chapter 4, Second, a share for each document.",
        ),
        (
            ((4 * POWERS[0] + 2 * POWERS[2]) / POWERS.sum(), ...),
            "Not quite half: the total grows from 11.1 to 18.5. See chapter 4, Third, a blend of the contents.",
        ),
        ((3.8, ...), "Nearly. If you round the weights on the way, keep a third decimal."),
        (
            (8 * POWERS[0] / (POWERS.sum() + POWERS[0]), ...),
            "The horse has pages on food, too: chapter 4, Third, a blend of the contents.",
        ),
        ((4, ...), "This is the answer for temperature 0: chapter 4, From soft to hard."),
        ((..., 8), "Two have the largest score now. Which of them wins? See chapter 4, From soft to hard."),
        ((..., 0), "Two have the largest score now, and neither wins alone: chapter 4, From soft to hard."),
    ]
)
def same_key():
    """Work out the pages on food that come back at temperature 1 and at temperature 0: two numbers."""
    return (8 * POWERS[0] + 4 * POWERS[2]) / (POWERS.sum() + POWERS[0]), 4


@value(
    mistakes=[
        (
            [[-0.5, -1], [0.75, -0.5]],
            "This is the matrix of the chapter, one kind back: chapter 4, Two features: now it helps.",
        ),
        (
            [[-0.5, 0.75], [-1, -0.5]],
            "This is “one kind back”, transposed. What is [2, 0] times it? Chapter 4, Two features: now it helps.",
        ),
        (
            [[-0.5, -0.75], [1, -0.5]],
            "Transposed: a word is a row, and stands to the left of its matrix, `X @ W_q`.",
        ),
        ([[1, 0], [0, 1]], "So each word asks for its own kind: chapter 4, Two features: now it helps."),
        (
            [[0.5, 1], [-0.75, 0.5]],
            "This is “one kind back” with all signs turned round: it looks away from the kind before.",
        ),
        (
            [[-1, 2], [-1, -2]],
            "With these vectors 2 and 3 must ask. Which matrix makes them out of [2, 0] and [−1, 2]?",
        ),
    ]
)
def next_kind():
    """Find the matrix that makes each word ask with the vector of the kind after its own: (2, 2)."""
    return [[-0.5, 1], [-0.75, -0.5]]


def found(Q, K, V, temperature=1, axis=-1):
    """The soft look-up, along the right axis or another."""
    return attention.softmax(Q @ K.T, axis=axis, temperature=temperature) @ V


@function(
    cases=lambda rng: [
        (*rng.normal(size=(3, 2, 2)), 0.5),
        (
            np.array([[1.0, 0.0]]),
            np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]]),
            np.array([[8.0, 0.0, 0.0], [0.0, 6.0, 4.0], [4.0, 0.0, 6.0]]),
            1.0,
        ),
        (rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(4, 3)), 2.0),
        (rng.normal(size=(2, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), 0.25),
    ],
    mistakes=[
        (
            lambda Q, K, V, temperature: found(Q, K, V, temperature, axis=0),
            "Softmax along the wrong axis: each row must sum to 1. See chapter 4, Three stages, three shapes.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V),
            "The temperature changes nothing yet: chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V, 1 / temperature),
            "Hot must be the more even, and yours is the sharper: chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V) / temperature,
            "The temperature divides the scores, before the softmax: chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V, temperature * Q.shape[-1] ** 0.5),
            "You divide by a root as well. That has its reasons, in chapter 5; here it is the temperature alone.",
        ),
        (
            lambda Q, K, V, temperature: Q @ K.T / temperature @ V,
            "The scores are not yet shares that sum to 1: chapter 4, Three stages, three shapes.",
        ),
        (
            lambda Q, K, V, temperature: np.exp(Q @ K.T / temperature) @ V,
            "The powers are not yet divided by their total: chapter 4, Second, a share for each document.",
        ),
        (
            lambda Q, K, V, temperature: softmax_without_keepdims(Q @ K.T / temperature) @ V,
            "The totals of the rows need an axis of their own: try `keepdims=True`. See chapter 2, Many rows at once.",
        ),
        (
            lambda Q, K, V, temperature: softmax_by_hand(Q @ K.T / temperature, axis=None) @ V,
            "All rows together sum to 1. Each must, by itself: chapter 2, Many rows at once.",
        ),
        (
            lambda Q, K, V, temperature: attention.softmax(Q @ K.T / temperature),
            "These are the weights. Take home a blend of the values: chapter 4, Third, a blend of the contents.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, K, temperature),
            "Those are catalogue cards, the keys. The values are asked for: chapter 4, And one vector for both?",
        ),
        (
            lambda Q, K, V, temperature: found(Q, V, V, temperature),
            "The values take no part in the scores: chapter 4, Break it: let the value vote.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V, 0),
            "This is the hard look-up: the best title takes all. See chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K.T, V, temperature),
            "`Q @ K` multiplies by the columns of K. A title is a row: chapter 4, Three stages, three shapes.",
        ),
        (
            lambda Q, K, V, temperature: attention.softmax(attention.softmax(Q @ K.T / temperature)) @ V,
            "You take the softmax twice. The shares sum to 1 already: chapter 4, Three stages, three shapes.",
        ),
    ],
)
def soft_lookup(Q, K, V, temperature):
    """Write the soft look-up, (n, d_k), (m, d_k), (m, d_v) and a temperature above 0 -> (n, d_v)."""
    return found(Q, K, V, temperature)


@function(
    cases=lambda rng: [
        tuple(rng.normal(size=shape) for shape in [(n, d), (d, d_k), (d, d_k), (d, d_v)])
        for n, d, d_k, d_v in [(2, 2, 2, 2), (3, 2, 2, 2), (4, 3, 2, 4), (3, 4, 4, 2)]
    ],
    mistakes=[
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_q, X @ W_v),
            "The scores are still mutual: two of the three roles are made by one matrix. "
            "See chapter 4, From a library to a sentence.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_k, X @ W_k, X @ W_v),
            "Still mutual, now with the other matrix for two of the roles: chapter 4, From a library to a sentence.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_k, X @ W_q, X @ W_v),
            "Here is the second bug: the keys ask, and the queries are asked. Rows are queries: "
            "chapter 4, Three stages, three shapes.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X),
            "The words themselves are summed, not values: chapter 4, What is summed, and is it symmetric?",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X @ W_k),
            "The keys are summed, not the values: chapter 4, What is summed, and is it symmetric?",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X @ W_v, W_q.shape[1] ** 0.5),
            "You divide by a root as well. That has its reasons, in chapter 5; leave it out here.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X @ W_v, axis=0),
            "Softmax along the wrong axis: each row must sum to 1. See chapter 4, Three stages, three shapes.",
        ),
        (
            lambda X, W_q, W_k, W_v: (X @ W_q) @ (X @ W_k).T @ (X @ W_v),
            "The softmax has got lost: the scores are not yet shares. See chapter 4, Three stages, three shapes.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X, X @ W_v),
            "The keys are the words themselves, and W_k does nothing: chapter 4, From a library to a sentence.",
        ),
        (
            lambda X, W_q, W_k, W_v: attention.softmax(attention.softmax(X @ W_q @ (X @ W_k).T)) @ X @ W_v,
            "You take the softmax twice. The shares sum to 1 already: chapter 4, Three stages, three shapes.",
        ),
        (
            lambda X, W_q, W_k, W_v: attention.softmax(X @ W_q @ (X @ W_k).T),
            "These are the weights. Blend the values with them: chapter 4, Three stages, three shapes.",
        ),
    ],
)
def three_roles(X, W_q, W_k, W_v):
    """Mend self-attention without a division by a root, (n, d_model) and three matrices -> (n, d_v)."""
    return found(X @ W_q, X @ W_k, X @ W_v)
