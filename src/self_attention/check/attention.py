"""The exercises of chapters 5 to 7. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention, masks
from ._engine import function, value

__all__ = [
    "allowed_pairs",
    "cross_attention",
    "masked_softmax",
    "may_see",
    "one_head",
    "one_query",
    "row_by_row",
    "score_spread",
    "table_sizes",
    "third_word",
    "three_times_longer",
    "three_ways_to_hide",
]


# Chapter 5: by hand


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
    ],
)
def one_head(X, W_q, W_k, W_v):
    """Mend a head, (n, d_model), twice (d_model, d_k), (d_model, d_v) -> (n, d_v)."""
    return head(X, W_q, W_k, W_v)


# Chapter 6: all words at once


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
    ],
)
def row_by_row(Q, K, V):
    """Mend attention, (n, d_k), (m, d_k), (m, d_v) -> (n, d_v), which mixes up rows and columns."""
    return tables(Q, K, axis=-1) @ V


# Chapter 7: masks


@value(
    mistakes=[
        *(
            (
                mistake,
                "Each word sees itself, too: on the diagonal stands True. See chapter 7, A mask says who may look.",
            )
            for mistake in ((4950, ..., ...), (..., 394, ...), (..., ..., 197))
        ),
        (
            (5000, ..., ...),
            "Nearly. But the whole diagonal belongs to it, not half: chapter 7, A mask says who may look.",
        ),
        ((10000, ..., ...), "These are all pairs. Who sees the last word? Chapter 7, A mask says who may look."),
        ((..., 500, ...), "At both ends of the text the window is cut off: some have fewer than five to see."),
        ((..., 497, ...), "The window is cut off at the other end of the text as well."),
        (
            (..., 100 * 11 - 30, ...),
            "Five words in all, itself in the middle. See chapter 7, The other thing to hide: padding.",
        ),
        ((..., 298, ...), "Itself and a neighbour on each side would be three. Here it is five words in all."),
        (
            (..., ..., 490),
            "Of the five, two come later, and the causal mask hides them: chapter 7, The other thing to hide: padding.",
        ),
        ((..., ..., 300), "Nearly: the first words have not two before them."),
        (
            lambda causal, window, both: both > min(causal, window) + 0.006,
            "Both masks must allow it, so that there cannot be more than either allows.",
        ),
    ]
)
def allowed_pairs():
    """Count True for 100 words: in the causal mask, in a window of five words, in both together."""
    return 5050, 5 * 100 - 2 * (1 + 2), 3 * 100 - (1 + 2)


@value(
    mistakes=[
        (
            lambda *rows: any(np.allclose(row, [0, 1, 0], atol=0.006) for row in rows),
            "You divided the scores by their total. Take the powers of e: ln 1, ln 2 and ln 5 become 1, 2 and 5.",
        ),
        (
            lambda *rows: any(np.max(row) > 1.006 for row in rows),
            "These are the powers of e. Divide by their total, for weights: chapter 7, Zero the scores.",
        ),
        (([1 / 8, 2 / 8, 5 / 8], ..., ...), "Nothing is hidden yet: chapter 7, A mask says who may look."),
        (
            ([1 / 8, 2 / 8, 0], ..., ...),
            "The hidden word still stands below the line, and the row does not sum to 1: chapter 7, A mask says who "
            "may look.",
        ),
        ((..., [1 / 3, 2 / 3, 0], ...), "A score of 0 is not “no share”: e⁰ = 1. See chapter 7, Zero the scores."),
        ((..., [1 / 8, 2 / 8, 5 / 8], ...), "The last score is 0 now, and no longer ln 5: chapter 7, Zero the scores."),
        (
            (..., ..., [1 / 3, 2 / 3, 0]),
            "So it would be if the row were divided by its sum again. It is not: chapter 7, Zero the weights.",
        ),
        ((..., ..., [1 / 8, 2 / 8, 5 / 8]), "Here the last weight is struck out: chapter 7, Zero the weights."),
        (
            (..., ..., [1 / 4, 2 / 4, 0]),
            "The score was still ln 5 when the softmax was taken: chapter 7, Zero the weights.",
        ),
    ]
)
def three_ways_to_hide():
    """Work out the weights of the scores ln 1, ln 2, ln 5 with the last one hidden by -inf, score 0, weight 0."""
    return [1 / 3, 2 / 3, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 8, 2 / 8, 0]


def plain(scores, careful=True):
    """The plain softmax, with nan where nothing is left to see; without care it overflows."""
    powers = np.exp(scores - careful * scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def guarded(shares):
    """Divide by the total, but not by 0."""
    total = shares.sum(axis=-1, keepdims=True)
    return shares / np.where(total == 0, 1, total)


LEFT = "A row in which all is hidden gives nan. It shall give zeros: chapter 7, When nothing is left to see."
LATE = "The mask comes after the softmax, so that rows do not sum to 1: chapter 7, Zero the weights."
REPAIRED = "A large hidden score leaves nothing to repair: chapter 7, Zero the weights, then repair the sums."
ALMOST = "The number for “hidden” is finite, and some scores lie below it: chapter 7, Break it: almost minus infinity."
OPPOSITE = "You hide what may be seen: here True means “may attend”. See chapter 7, Two conventions."


@function(
    cases=lambda rng: [
        (np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[True, False], [True, True]])),
        (rng.normal(size=(3, 3)), masks.causal_mask(3)),
        (rng.normal(size=(3, 3)), masks.causal_mask(3)),
        (rng.normal(size=(2, 3, 4)), masks.padding_mask([4, 2], 4)),
        (np.array([0.0, 1.0, 1000.0]), np.array([True, True, False])),
        (np.array([-2e9, -2e9, 0.0]), np.array([True, True, False])),
        (np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]), np.array([[False, False, False], [True, True, False]])),
    ],
    mistakes=[
        (lambda scores, mask: plain(scores), "The mask hides nothing yet: chapter 7, A mask says who may look."),
        (lambda scores, mask: plain(scores, False), "The mask hides nothing yet, and large scores overflow."),
        (
            lambda scores, mask: plain(scores * mask),
            "Hidden scores are 0, and e⁰ = 1: they are read. See chapter 7, Zero the scores.",
        ),
        (lambda scores, mask: plain(scores) * mask, LATE),
        (lambda scores, mask: plain(scores, False) * mask, LATE),
        (lambda scores, mask: plain(scores) * mask / (plain(scores) * mask).sum(-1, keepdims=True), REPAIRED),
        (lambda scores, mask: guarded(plain(scores) * mask), REPAIRED),
        (lambda scores, mask: plain(np.where(mask, scores, -np.inf)), LEFT),
        (
            lambda scores, mask: plain(np.where(mask, scores, -np.inf), False),
            "Nothing of this row is left above 0, and 0/0 is nan: subtract the largest visible score, and think "
            "of a row in which all is hidden. See chapter 7, When nothing is left to see.",
        ),
        (
            lambda scores, mask: guarded(np.exp(np.where(mask, scores, -np.inf))),
            "Scores far below 0 come to nothing, though they may be seen: take −∞ for the hidden ones, and subtract "
            "the largest that may be seen. See chapter 7, Break it: almost minus infinity.",
        ),
        (lambda scores, mask: plain(np.where(mask, scores, -1e9)), ALMOST),
        (lambda scores, mask: plain(scores + np.where(mask, 0, -1e9)), ALMOST),
        (
            lambda scores, mask: plain(np.where(mask, scores, -1e30)),
            "A row in which all is hidden reads all alike. It shall give zeros: chapter 7, When nothing is left to "
            "see.",
        ),
        (
            lambda scores, mask: scores + (1 - mask) * -np.inf + np.nan,
            "0 times infinity is nan. Choose between score and −∞ instead, as `np.where` does: chapter 7, By hand.",
        ),
        (lambda scores, mask: plain(scores + mask), "True counts as 1 and hides nothing: chapter 7, By hand."),
        (lambda scores, mask: attention.softmax(scores, mask=~mask), OPPOSITE),
        (lambda scores, mask: plain(np.where(mask, -np.inf, scores)), OPPOSITE),
    ],
)
def masked_softmax(scores, mask):
    """Write a softmax along the last axis, (..., n, m), that reads only where the mask is True; zeros if nowhere."""
    return attention.softmax(scores, mask=mask)


def see(n, lengths, reach=0):
    """A causal mask and a padding mask as the exercise makes them; its first bug is a reach of 1."""
    rows, columns = np.arange(n)[:, None], np.arange(n)
    return columns <= rows + reach, columns < lengths[:, None, None]


@function(
    cases=lambda rng: [
        (2, np.array([1])),
        (3, np.array([2, 3])),
        (3, np.array([1, 2])),
        (5, np.array([4, 2, 5])),
        (4, np.array([0, 3])),
    ],
    mistakes=[
        (
            lambda n, lengths: np.logical_or(*see(n, lengths, 1)),
            "Neither leak is mended. Print one row: which words may the first one see? Chapter 7, A mask says who "
            "may look.",
        ),
        (
            lambda n, lengths: np.logical_or(*see(n, lengths)),
            "One leak is left: a word is seen if either mask allows it. See chapter 7, The other thing to hide: "
            "padding.",
        ),
        (
            lambda n, lengths: np.logical_and(*see(n, lengths, 1)),
            "One leak is left: each word sees the next, the answer itself. See chapter 7, Why hide anything?",
        ),
        (
            lambda n, lengths: np.logical_and(*see(n, lengths, -1)),
            "Nothing leaks, but now no word sees itself: chapter 7, A mask says who may look.",
        ),
        (
            lambda n, lengths: np.swapaxes(see(n, lengths)[0], 0, 1) & see(n, lengths)[1],
            "Each word sees itself and what comes later: the causal mask is transposed. See chapter 7, By hand.",
        ),
        (
            lambda n, lengths: see(n, lengths)[0] & np.swapaxes(see(n, lengths)[1], 1, 2),
            "You empty the rows of the padding. What nobody shall read are its columns: "
            "chapter 7, The other thing to hide: padding.",
        ),
        (
            lambda n, lengths: see(n, lengths)[0] & see(n, lengths + 1)[1],
            "The padding is off by one: with length 2 the words are 0 and 1. See chapter 7, The other thing to hide: "
            "padding.",
        ),
        (
            lambda n, lengths: see(n, lengths)[0] & (see(n, lengths)[1] | True),
            "The padding is not hidden: chapter 7, The other thing to hide: padding.",
        ),
        (
            lambda n, lengths: ~(see(n, lengths)[0] & see(n, lengths)[1]),
            "True means “may attend” in this book, and yours means the opposite: chapter 7, Two conventions.",
        ),
    ],
)
def may_see(n, lengths):
    """Mend a mask for b sentences of the lengths (b,), padded to n words -> (b, n, n): no future, no padding."""
    return np.logical_and(*see(n, lengths))
