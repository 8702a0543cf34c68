"""The exercises of chapter 5. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention
from ._judge import function, value

__all__ = ["one_head", "one_query", "score_spread", "third_word"]


@value(
    mistakes=[
        (
            (14, ..., ..., ...),
            "14 is the score after the division. What is it before? Chapter 5, A score for each word.",
        ),
        (
            lambda score, *weights: np.allclose(weights, [0.88, 0.12, 0.88], atol=0.006),
            "The third word counts in the total, so no share stays as it was: chapter 5, Shares that add up to one.",
        ),
        ((..., 0.5, 0, 0.5), "These weights come from scores that you have not divided: chapter 5, Divide by 8."),
        (
            (..., 112 / 320, 96 / 320, 112 / 320),
            "You divided the scores by their total. First raise e to each: chapter 5, Shares that add up to one.",
        ),
        ((..., 1 / 3, 1 / 3, 1 / 3), "Equal shares belong to equal scores: chapter 5, Shares that add up to one."),
        (
            lambda score, *weights: abs(sum(weights) - 1) > 0.02,
            "The three weights are one row, and must sum to 1: chapter 5, Shares that add up to one.",
        ),
        (
            lambda score, a, b, c: abs(a / b - math.exp(2)) > 0.8,
            "The new word takes from both in proportion, so that the ratio of the first two stays what it was.",
        ),
    ]
)
def third_word():
    """Find the score that the key [0, 14, 0] gets from Thinking's query, and Thinking's weights for three words."""
    powers = np.exp([112 / 8, 96 / 8, 112 / 8])
    return 112, *(powers / powers.sum())


@value(
    mistakes=[
        (3600, "This is the variance. Its root is asked for: chapter 5, Scores grow with the number of features."),
        (600, "So far gets a walk that never turns back: chapter 5, Scores grow with the number of features."),
        (10, "10 belongs to features of variance 1. These are larger, and so is each product."),
        (6, "This is one product. A score adds up 100: chapter 5, Scores grow with the number of features."),
        (36, "This is the variance of one product. 100 of them are added, and then a root is due."),
        (
            360,
            "4 and 9 are variances. The root is taken of them, too: chapter 5, Scores grow with the number of "
            "features.",
        ),
        (
            math.sqrt(1300),
            "You added 4 and 9. For a product the variances multiply: chapter 5, Scores grow with the number of "
            "features.",
        ),
        (50, "You added 2 and 3. In a product they multiply: chapter 5, Scores grow with the number of features."),
    ]
)
def score_spread():
    """Find the standard deviation of a score of 100 products, of features with mean 0 and variances 4 and 9."""
    return math.sqrt(100 * 4 * 9)


def weigh(Q, K, divisor=None, axis=-1):
    """Weights with a divisor of one's choice, None for the right one, and with the softmax along one axis."""
    return attention.softmax(Q @ K.T / (divisor or math.sqrt(K.shape[-1])), axis=axis)


def read(Q, K, V, divisor=None, axis=-1):
    """The output for these weights."""
    return weigh(Q, K, divisor, axis) @ V


@function(
    cases=lambda rng: [
        (np.array([2.0, 0.0]), np.array([[1.0, 1.0], [0.0, 2.0]]), np.array([[1.0], [3.0]])),
        *((rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))) for _ in range(2)),
        (rng.normal(size=4), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))),
        (rng.normal(size=64), rng.normal(size=(2, 64)), rng.normal(size=(2, 5))),
    ],
    mistakes=[
        (lambda q, K, V: read(q, K, V, 1), "The scores are not divided yet: chapter 5, Why divide at all?"),
        (
            lambda q, K, V: read(q, K, V, len(q)),
            "You divide by the number of features, not by its root: chapter 5, Why the root, and not d_k itself?",
        ),
        (
            lambda q, K, V: read(q, K, V, 8),
            "8 is the root of 64. Your queries have other numbers of features: chapter 5, Break it: the square root "
            "of three.",
        ),
        (
            lambda q, K, V: read(q, K, V, math.sqrt(len(K))),
            "You divide by the root of the number of words. Which number belongs there? Chapter 5, Why 8?",
        ),
        (
            lambda q, K, V: read(q, K, V, 1 / math.sqrt(len(q))),
            "You multiply by the root. The scores shall become smaller: chapter 5, Why divide at all?",
        ),
        (
            lambda q, K, V: read(q, K, V, 1) / math.sqrt(len(q)),
            "You divide the weights, or the output. The scores must be divided, before the softmax: chapter 5, "
            "Divide by 8.",
        ),
        (
            lambda q, K, V: np.exp(K @ q / math.sqrt(len(q))) @ V,
            "Your weights do not sum to 1: divide by their total. See chapter 5, Shares that add up to one.",
        ),
        (
            lambda q, K, V: K @ q / math.sqrt(len(q)) @ V,
            "You weigh with the scores themselves. A softmax is missing: chapter 5, Shares that add up to one.",
        ),
        (
            lambda q, K, V: K @ q / (K @ q).sum() @ V,
            "You divide the scores by their total. First raise e to each: chapter 5, Shares that add up to one.",
        ),
        (
            lambda q, K, V: attention.softmax(K @ q / math.sqrt(len(q))),
            "These are the weights. Now blend the values with them: chapter 5, A blend of the values.",
        ),
        (
            lambda q, K, V: read(q, K, K),
            "You blend the keys. Keys are for being found, values are handed over: chapter 5, A blend of the values.",
        ),
        (
            lambda q, K, V: attention.softmax(K @ q / math.sqrt(len(q)))[:, None] * V,
            "Each value has its share now. What remains is to add them up: chapter 5, A blend of the values.",
        ),
        (
            lambda q, K, V: attention.softmax(attention.softmax(K @ q / math.sqrt(len(q)))) @ V,
            "You take the softmax twice. The weights sum to 1 already: chapter 5, Shares that add up to one.",
        ),
        (
            lambda q, K, V: read(q, K, V) / len(K),
            "This is the mean of the weighted values. Their weights sum to 1, so add them: chapter 5, A blend of the "
            "values.",
        ),
        (
            lambda q, K, V: V.mean(axis=0),
            "All values weigh the same here, whatever the query: chapter 5, Shares that add up to one.",
        ),
        (
            lambda q, K, V: V[(K @ q).argmax()],
            "You take the best value whole. Each has its share: chapter 5, A blend of the values.",
        ),
    ],
)
def one_query(q, K, V):
    """Write attention for one query, (d_k,), (m, d_k), (m, d_v) -> (d_v,), with the scores divided by sqrt(d_k)."""
    return read(q, K, V)


def head(X, W_q, W_k, W_v, divisor=None, axis=-1):
    """A head with a divisor of one's choice."""
    return read(X @ W_q, X @ W_k, X @ W_v, divisor, axis)


def draw_head(rng, n, d_model, d_k, d_v):
    """The arguments of a head, with scores of a modest size."""
    W_q, W_k = rng.normal(size=(2, d_model, d_k)) * 1.3 / math.sqrt(d_model)
    return rng.normal(size=(n, d_model)), W_q, W_k, rng.normal(size=(d_model, d_v))


@function(
    cases=lambda rng: [
        (
            np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]),
            np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]),
            np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]),
            np.array([[1.0], [2.0], [3.0], [4.0]]),
        ),
        draw_head(rng, 5, 6, 3, 2),
        draw_head(rng, 5, 6, 3, 2),
        draw_head(rng, 3, 8, 4, 5),
        draw_head(rng, 3, 4, 4, 4),
        draw_head(rng, 4, 9, 1, 3),
    ],
    mistakes=[
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, math.sqrt(X.shape[1])),
            "It still divides by the root of d_model, the features of a word. How many products are in a score? "
            "Chapter 5, Which d: the model's, or the head's?",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, X.shape[1]),
            "This is d_model, and even without the root: chapter 5, Which d: the model's, or the head's?",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, W_q.shape[1]),
            "The right d, but its root is missing: chapter 5, Why the root, and not d_k itself?",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, math.sqrt(W_v.shape[1])),
            "You took the width of the values, which have no part in the scores: chapter 5, Which d: the model's, or "
            "the head's?",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, math.sqrt(len(X))),
            "You took the number of words. A score adds up features: chapter 5, Scores grow with the number of "
            "features.",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, math.sqrt(X.shape[1] / W_q.shape[1])),
            "You took the root of the number of heads, d_model / d_k: chapter 5, Which d: the model's, or the head's?",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, 8),
            "8 is the root of 64 features. These heads have fewer: chapter 5, Break it: the square root of three.",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, 1),
            "Now nothing is divided. Chapter 5, Why divide at all?",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, axis=0),
            "The root is right, but each column sums to 1 now. Each row must: chapter 5, With NumPy.",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, 1 / math.sqrt(W_q.shape[1])),
            "You multiply by the root. The scores shall become smaller: chapter 5, Why divide at all?",
        ),
        (
            lambda X, W_q, W_k, W_v: attention.softmax(weigh(X @ W_q, X @ W_k)) @ X @ W_v,
            "You take the softmax twice. The weights sum to 1 already: chapter 5, Shares that add up to one.",
        ),
        (
            lambda X, W_q, W_k, W_v: head(X, W_q, W_k, W_v, 1) / math.sqrt(W_q.shape[1]),
            "You divide the weights, or the output. The scores must be divided, before the softmax: chapter 5, "
            "Divide by 8.",
        ),
    ],
)
def one_head(X, W_q, W_k, W_v):
    """Mend a head, (n, d_model), twice (d_model, d_k), (d_model, d_v) -> (n, d_v)."""
    return head(X, W_q, W_k, W_v)
