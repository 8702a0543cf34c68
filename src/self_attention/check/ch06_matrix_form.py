"""The exercises of chapter 6. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention
from ._judge import function, value
from .ch05_self_attention_by_hand import draw_head, read, weigh

__all__ = ["cross_attention", "row_by_row", "table_sizes", "three_times_longer"]


@value(
    mistakes=[
        ((4, 7, ..., ..., ...), "A row is a query, a column is a key: chapter 6, Every score at once."),
        (
            (8, 16, ..., ..., ...),
            "These are features. A table of scores has words on both sides: chapter 6, Every score at once.",
        ),
        (
            (..., ..., 7, 8, ...),
            "The features of the output are those of the values: chapter 6, As many queries and keys as you like.",
        ),
        (
            (..., ..., 4, 16, ...),
            "Each query gets an output, not each key: chapter 6, As many queries and keys as you like.",
        ),
        ((..., ..., ..., ..., 28), "28 scores, but each is a sum of products: chapter 6, The same work."),
        (
            (..., ..., ..., ..., 224),
            "These are the scores alone. The values are multiplied, too: chapter 6, The same work.",
        ),
        ((..., ..., ..., ..., 448), "These are the weighted sums alone. And the scores? Chapter 6, The same work."),
        (
            (..., ..., ..., ..., 1344),
            "A multiplication and an addition together count as one: chapter 6, The same work.",
        ),
        ((..., ..., ..., ..., 28 * 8 * 16), "The two products come one after the other, so their numbers are added."),
    ]
)
def table_sizes():
    """For 7 queries and 4 keys, d_k = 8, d_v = 16: rows and columns of scores and output, and the multiply-adds."""
    return 7, 4, 7, 16, 7 * 4 * (8 + 16)


@value(
    mistakes=[
        *(
            (
                (factor, ..., ..., ..., ...),
                "The three matrices do not know how long a text is: chapter 6, What is learned.",
            )
            for factor in (3, 9)
        ),
        ((..., 9, ..., ..., ...), "A word is projected by itself, whoever else is there: chapter 6, Multiplications."),
        (
            (..., 1, ..., ..., ...),
            "The matrices stay, but more words are multiplied by them: chapter 6, Multiplications.",
        ),
        ((..., ..., 3, ..., ...), "Each query meets each key, and there are more of both: chapter 6, Multiplications."),
        ((..., ..., 6, ..., ...), "Three times as many queries, each with three times as many keys: multiply."),
        ((..., ..., ..., 3, ...), "The table has rows for queries and columns for keys: chapter 6, Memory."),
        ((..., ..., ..., ..., 9), "The output has a row for each word, as wide as before: chapter 6, Memory."),
        ((..., ..., ..., ..., 1), "The output has a row for each word: chapter 6, Memory."),
    ]
)
def three_times_longer():
    """Say by which factor five things grow when a text gets three times as long."""
    return 1, 3, 9, 9, 3


def across(X, Y, W_q, W_k, W_v, divisor=None, axis=-1):
    """X asks, Y answers; with a divisor and an axis of one's choice."""
    return both(X @ W_q, Y @ W_k, Y @ W_v, divisor, axis)


def both(Q, K, V, divisor=None, axis=-1):
    """Output and weights."""
    return read(Q, K, V, divisor, axis), weigh(Q, K, divisor, axis)


def draw_across(rng, n, m, d_model, d_k, d_v):
    """The arguments of attention from one sentence to another."""
    X, W_q, W_k, W_v = draw_head(rng, n, d_model, d_k, d_v)
    return X, rng.normal(size=(m, d_model)), W_q, W_k, W_v


@function(
    cases=lambda rng: [
        (
            np.array([[1.0, 0.0], [0.0, 1.0]]),
            np.array([[1.0, 1.0], [2.0, 0.0]]),
            np.array([[1.0], [2.0]]),
            np.array([[1.0], [-1.0]]),
            np.array([[1.0], [3.0]]),
        ),
        draw_across(rng, 3, 3, 4, 2, 3),
        draw_across(rng, 3, 3, 4, 2, 3),
        draw_across(rng, 2, 5, 6, 3, 4),
        draw_across(rng, 4, 1, 6, 3, 2),
    ],
    mistakes=[
        (
            lambda X, Y, W_q, W_k, W_v: across(Y, X, W_q, W_k, W_v),
            "Turn it round: X asks and Y answers. See chapter 6, As many queries and keys as you like.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, X, W_q, W_k, W_v),
            "X reads itself: Y has no part in it. See chapter 6, As many queries and keys as you like.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: both(X @ W_q, Y @ W_k, X @ W_v),
            "The values are those of X. Who is found hands them over: chapter 6, As many queries and keys as you like.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: both(X @ W_q, X @ W_k, Y @ W_v),
            "The keys are those of X. Who answers is found by them: chapter 6, As many queries and keys as you like.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, Y, W_k, W_q, W_v),
            "W_q makes the queries and W_k the keys. They have swapped jobs: chapter 6, Every query at once.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: both(X @ W_q, Y @ W_k, Y),
            "You blend the words of Y themselves. Where is W_v? Chapter 6, Every weight and every output at once.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, Y, W_q, W_k, W_v, axis=0),
            "Each column of your weights sums to 1, and not each row: chapter 6, Break it: the wrong axis.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: both(Y @ W_k, X @ W_q, Y @ W_v),
            "Your weights have a row for each key: transposed. See chapter 6, Every score at once.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, Y, W_q, W_k, W_v, 1),
            "The scores are not divided: chapter 6, Every weight and every output at once.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, Y, W_q, W_k, W_v, math.sqrt(X.shape[1])),
            "You divide by the root of d_model: chapter 5, Which d: the model's, or the head's?",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, Y, W_q, W_k, W_v, W_q.shape[1]),
            "You divide by d_k, not by its root: chapter 5, Why the root, and not d_k itself?",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, Y, W_q, W_k, W_v, 8),
            "8 was for Thinking and Machines. Here d_k is another: chapter 5, Why 8?",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: across(X, Y, W_q, W_k, W_v)[::-1],
            "The right two, in the wrong order: first the output, then the weights.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: (
                (weights := attention.softmax(weigh(X @ W_q, Y @ W_k))) @ Y @ W_v,
                weights,
            ),
            "You take the softmax twice. Each row sums to 1 already: chapter 6, Every weight and every output at once.",
        ),
        (
            lambda X, Y, W_q, W_k, W_v: (across(X, Y, W_q, W_k, W_v)[0], X @ W_q @ (Y @ W_k).T / W_q.shape[1] ** 0.5),
            "The output is right. The second result should be the weights, and yours are the scores, before the "
            "softmax: chapter 6, Every weight and every output at once.",
        ),
    ],
)
def cross_attention(X, Y, W_q, W_k, W_v):
    """Write attention from X (n, d_model) to Y (m, d_model), with three matrices -> output (n, d_v), weights (n, m)."""
    return across(X, Y, W_q, W_k, W_v)


def draw(rng, n, m, d_k, d_v):
    """Queries, keys and values."""
    return rng.normal(size=(n, d_k)), rng.normal(size=(m, d_k)), rng.normal(size=(m, d_v))


def tables(Q, K, axis):
    """Weights that sum to 1 along one axis, or along both."""
    powers = np.exp(Q @ K.T / math.sqrt(Q.shape[1]))
    return powers / powers.sum(axis=axis, keepdims=True)


@function(
    cases=lambda rng: [
        (np.array([[1.0, 0.0], [2.0, 2.0]]), np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([[1.0], [3.0]])),
        draw(rng, 3, 3, 4, 2),
        draw(rng, 3, 3, 4, 2),
        draw(rng, 2, 4, 3, 2),
        draw(rng, 5, 2, 3, 5),
    ],
    mistakes=[
        (
            lambda Q, K, V: tables(Q, K, axis=0).T @ V,
            "Nothing is mended yet. Give it more keys than queries, write down the shape of each line, and ask "
            "who has one unit of attention to give away: chapter 6, Every weight and every output at once.",
        ),
        (
            lambda Q, K, V: tables(Q, K, axis=-1).T @ V,
            "One bug is left. The rows of `weights` are the queries, but what is multiplied by V is transposed: "
            "chapter 6, Every weight and every output at once.",
        ),
        (
            lambda Q, K, V: tables(Q, K, axis=0) @ V,
            "One bug is left: each column of `weights` sums to 1. See chapter 6, Break it: the wrong axis.",
        ),
        (
            lambda Q, K, V: read(Q, K, V, 1),
            "The rows are right. But where is the division by the root of d_k? Chapter 5, Why divide at all?",
        ),
        (
            lambda Q, K, V: tables(Q, K, axis=(0, 1)) @ V,
            "All weights together sum to 1. Each row must, by itself: chapter 6, Every weight and every output at "
            "once.",
        ),
        (
            lambda Q, K, V: Q @ (K.T @ V) / math.sqrt(Q.shape[1]),
            "Without the softmax these are no weights: chapter 6, Without the softmax.",
        ),
        (lambda Q, K, V: tables(Q, K, axis=-1), "These are the weights. Give back the output."),
        (
            lambda Q, K, V: read(Q, K, V, Q.shape[1]),
            "The rows are right. But you divide by d_k, not by its root: chapter 5, Why the root, and not d_k itself?",
        ),
        (
            lambda Q, K, V: attention.softmax(tables(Q, K, axis=-1)) @ V,
            "You take the softmax twice. Each row sums to 1 already: chapter 6, Every weight and every output at once.",
        ),
        (
            lambda Q, K, V: tables(Q, K, axis=-1) @ V / len(K),
            "This is the mean of the weighted values. Their weights sum to 1, so add them: chapter 5, A blend of the "
            "values.",
        ),
    ],
)
def row_by_row(Q, K, V):
    """Mend attention, (n, d_k), (m, d_k), (m, d_v) -> (n, d_v), which mixes up rows and columns."""
    return tables(Q, K, axis=-1) @ V
