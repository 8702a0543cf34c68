"""The exercises of chapter 11. Each reference stands below its cases and the mistakes that learners make."""

import numpy as np

from ..attention import softmax
from ._judge import function, value

__all__ = ["layer_norm", "layer_parameters", "pre_and_post", "pre_norm_layer", "who_changes"]


@value(
    mistakes=[
        (lambda a, *_: a > 0, "The encoder never sees what is written, only the source: chapter 11, The plan."),
        ((0, 5, ..., ...), "The first two predictions cannot know the third word: chapter 11, Otherwise the same?"),
        ((0, 2, ..., ...), "Where the third word is read, the fourth is predicted, and that can change, too."),
        ((0, 1, ..., ...), "The later positions read the third word as well: chapter 11, Otherwise the same?"),
        ((..., ..., 1, ...), "In the encoder every word reads every word: chapter 11, Feed-forward."),
        (
            (..., ..., 3, ...),
            "No mask hides the future in the encoder: the first word reads the second, too. Chapter 11, The decoder.",
        ),
        ((..., ..., ..., 0), "The decoder reads the memory, in its cross-attention: chapter 11, The decoder."),
        (
            lambda a, b, c, d: d < 5,
            "The source is not in the future. Every position may read all of it: chapter 11, The decoder.",
        ),
    ]
)
def who_changes():
    """Count memory vectors and predictions that can change: with the third word written, with the second one read."""
    return 0, 3, 4, 5


def five_one(factor, norm):
    """Pre-norm for the word [5, 1]."""
    return [x + 3 * n for x, n in zip((5, 1), norm(factor), strict=True)]


@value(
    mistakes=[
        (([1, -1], [8, -2]), "The right two, in the wrong order: chapter 11, All together."),
        (([3, -3], ...), "What the part says does not replace the word, it is added to it: chapter 11, Sum."),
        (([20, 4], ...), "There is no norm in your pre-norm. What goes into the part? Chapter 11, All together."),
        (([4, -4], ...), "What goes into the part is normalised, but the word that it is added to is not."),
        (([6, 0], ...), "You normalise what comes out of the part. What goes in? Chapter 11, All together."),
        (([11, -5], ...), "Subtracting the mean is half of a norm. Now the deviation: chapter 11, Norm."),
        (([6.5, -0.5], ...), "You divide by the variance. The standard deviation is its root: chapter 11, Norm."),
        (([7.1213, -1.1213], ...), "This divides by d − 1 in the deviation. Layer norm takes d: chapter 11, Norm."),
        (([9.1603, 1.8321], ...), "The mean is not subtracted yet: chapter 11, Norm."),
        ((..., [20, 4]), "This is the sum. Post-norm normalises it: chapter 11, All together."),
        ((..., [6, 0]), "Post-norm normalises the sum, not what is added: chapter 11, All together."),
        ((..., [8, -8]), "Subtracting the mean is half of a norm. Now the deviation: chapter 11, Norm."),
        ((..., [0.7071, -0.7071]), "This divides by d − 1 in the deviation. Layer norm takes d: chapter 11, Norm."),
    ]
)
def pre_and_post():
    """Say what pre-norm and post-norm make of the word [5, 1], if the part multiplies by 3: two lists of numbers."""
    return [8, -2], [1, -1]


WIDE, D = 3072, 768
ATTENTION, FEED_FORWARD, NORMS = 4 * (D**2 + D), 2 * D * WIDE + WIDE + D, 4 * D


@value(
    mistakes=[
        ((4 * D**2, ..., ..., ...), "Each of the four matrices has a bias, too: chapter 11, What is in it."),
        ((3 * (D**2 + D), ..., ..., ...), "Queries, keys, values, and which fourth matrix? Chapter 11, What is in it."),
        ((3 * D**2, ..., ..., ...), "There is a fourth matrix, and each has a bias: chapter 11, What is in it."),
        ((12 * ATTENTION, ..., ..., ...), "The heads share the 768 features, 64 each: more heads, no more numbers."),
        ((..., FEED_FORWARD - D - WIDE, ..., ...), "Where are the two biases? Chapter 11, Feed-forward."),
        ((..., D * WIDE + WIDE, ..., ...), "That is the way up. There is a way down, too: chapter 11, Feed-forward."),
        ((..., 2 * D * WIDE + 2 * D, ..., ...), "The first bias is added to 3072 features: chapter 11, Feed-forward."),
        (
            (..., 2 * D * WIDE + 2 * WIDE, ..., ...),
            "The second bias is added to 768 features: chapter 11, Feed-forward.",
        ),
        ((..., ..., 2 * D, ...), "Two norms, with factors and with shifts: chapter 11, What is in it."),
        (
            (..., ..., 6 * D, ...),
            "Three norms has a layer of the decoder. This one has two parts: chapter 11, All together.",
        ),
        ((..., ..., ..., ATTENTION + FEED_FORWARD + NORMS), "This is one layer, and there are twelve."),
        (
            (..., ..., ..., 12 * (ATTENTION + FEED_FORWARD + NORMS) + 2 * D),
            "The norm at the end of the stack is in it. Leave that out: it belongs to no layer.",
        ),
        (
            lambda attention, feed_forward, norms, layers: layers != 12 * (attention + feed_forward + norms),
            "The layers should have twelve times the sum of your first three numbers.",
        ),
    ]
)
def layer_parameters():
    """Count the parameters of a layer: attention (768, 12 heads), feed-forward (3072), both norms; of 12 layers."""
    return ATTENTION, FEED_FORWARD, NORMS, 12 * (ATTENTION + FEED_FORWARD + NORMS)


def normalised(X, axis=-1, ddof=0, eps=1e-5, beside=0.0):
    """Layer norm without factor and shift, or one of the ways to miss it."""
    deviation = np.sqrt(X.var(axis=axis, ddof=ddof, keepdims=True) + eps) + beside
    return (X - X.mean(axis=axis, keepdims=True)) / deviation


SMALL = np.array([[0.001, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]])  # eps matters


@function(
    cases=lambda rng: [
        (np.array([[1.0, 0.0, 0.0, 0.0]]), np.ones(4), np.zeros(4)),
        (2 * rng.normal(size=(3, 4)) + 1, rng.normal(size=4), rng.normal(size=4)),
        (2 * rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=4)),
        (rng.normal(size=(2, 3, 5)), rng.normal(size=5), rng.normal(size=5)),
        (SMALL, np.ones(4), np.zeros(4)),
    ],
    mistakes=[
        (
            lambda X, factor, shift: factor * normalised(X, ddof=1, eps=0, beside=1e-5) + shift,
            "You have found neither of the two bugs yet: chapter 11, Norm, has three traps.",
        ),
        (
            lambda X, factor, shift: factor * normalised(X, ddof=1) + shift,
            "Your deviation divides by d − 1, as `std` and `var` of tensors do. Trap 1 of chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * normalised(X, eps=0, beside=1e-5) + shift,
            "The right deviation. But ε stands beside the root, and a small word feels it: trap 3 of chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * normalised(X, ddof=1, eps=0) + shift,
            "Now ε is gone, and 0 / 0 is not a number; and the deviation divides by d − 1. Chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * normalised(X, eps=0) + shift,
            "The right deviation. But where is ε? A word without spread gives 0 / 0: trap 2 of chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * normalised(X, axis=None) + shift,
            "All words share one mean. Each word needs its own, over its features: chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * normalised(X, axis=0) + shift,
            "The wrong axis: you normalise each feature over the words, not each word: chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: normalised(X),
            "The factor and the shift of each feature do nothing yet: chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * (normalised(X) + shift),
            "The factor multiplies the shift as well. First the factor, then the shift: chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * X / np.sqrt((X**2).mean(axis=-1, keepdims=True) + 1e-5) + shift,
            "The mean is not subtracted. That is another norm, RMSNorm: chapter 11, In the wild.",
        ),
        (
            lambda X, factor, shift: (
                factor * (X - X.mean(axis=-1, keepdims=True)) / (X.var(axis=-1, keepdims=True) + 1e-5) + shift
            ),
            "You divide by the variance. The deviation is its root: chapter 11, Norm.",
        ),
        *(
            (
                lambda X, factor, shift, eps=eps: factor * normalised(X, eps=eps) + shift,
                f"Your ε is {eps:g}, and a small word feels it. Here it is 1e-05: trap 2 of chapter 11, Norm.",
            )
            for eps in (1e-3, 1e-4, 1e-6, 1e-8, 1e-12)
        ),
        (
            lambda X, factor, shift: factor * (X - X.mean(axis=-1)) / np.sqrt(X.var(axis=-1) + 1e-5) + shift,
            "Mean and deviation need an axis of their own: `keepdims=True`. Chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor + shift * normalised(X),
            "Factor and shift have swapped jobs: chapter 11, Norm.",
        ),
        (
            lambda X, factor, shift: factor * (X - X.mean(axis=-1, keepdims=True)) + shift,
            "Subtracting the mean is half of a norm. Now the deviation: chapter 11, Norm.",
        ),
    ],
)
def layer_norm(X, factor, shift):
    """Mend a layer norm with a factor and a shift for each feature, (..., d), (d), (d) -> (..., d); ε is 0.00001."""
    return factor * normalised(X) + shift


def fed(X, W, U):
    """The feed-forward part without biases."""
    return np.maximum(X @ W, 0) @ U


def pre_norm(X, A, W, U, norm=normalised, feed=fed):
    """A layer with the norm before each part."""
    X = X + A @ norm(X)
    return X + feed(norm(X), W, U)


def stream_normalised(X, A, W, U):
    """The norm stands before the part, and before the sum as well."""
    X = normalised(X)
    X = normalised(X + A @ X)
    return X + fed(X, W, U)


def weights(rng, n):
    """Attention weights: rows sum to 1."""
    return softmax(rng.normal(size=(n, n)))


@function(
    cases=lambda rng: [
        (rng.normal(size=(n, d)).round(1), weights(rng, n).round(2), rng.normal(size=(d, w)), rng.normal(size=(w, d)))
        for n, d, w in [(2, 3, 3), (3, 3, 4), (3, 3, 4), (4, 6, 5)]
    ],
    mistakes=[
        (
            lambda X, A, W, U: normalised((Y := normalised(X + A @ X)) + fed(Y, W, U)),
            "This is post-norm: the sums are normalised. Pre-norm normalises what goes in: chapter 11, All together.",
        ),
        (
            stream_normalised,
            "What goes into the part is normalised, but X is, too: the sum must take it as it was. "
            "See chapter 11, All together.",
        ),
        (
            lambda X, A, W, U: fed(normalised(A @ normalised(X)), W, U),
            "Each part's result replaces the words. It must be added to them: chapter 11, Sum.",
        ),
        (
            lambda X, A, W, U: fed(normalised(X + A @ normalised(X)), W, U),
            "After the feed-forward part the sum is missing: chapter 11, Sum.",
        ),
        (
            lambda X, A, W, U: (Y := A @ normalised(X)) + fed(normalised(Y), W, U),
            "After the attention the sum is missing: chapter 11, Sum.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, norm=lambda X: X),
            "There is no norm in it yet: chapter 11, All together.",
        ),
        (
            lambda X, A, W, U: (Y := X + A @ normalised(X)) + fed(Y, W, U),
            "A norm before the attention, and one before the feed-forward part: the second is missing.",
        ),
        (
            lambda X, A, W, U: (Y := X + A @ X) + fed(normalised(Y), W, U),
            "A norm before the attention, and one before the feed-forward part: the first is missing.",
        ),
        (
            lambda X, A, W, U: X + A @ normalised(X) + fed(normalised(X), W, U),
            "The feed-forward part must work on what the attention has brought: one after the other, not side by side.",
        ),
        (
            lambda X, A, W, U: X + fed(normalised(X + A @ normalised(X)), W, U),
            "The second sum must add to the result of the first, and not to the words that came in.",
        ),
        (
            lambda X, A, W, U: (Y := X + fed(normalised(X), W, U)) + A @ normalised(Y),
            "First the attention, then the feed-forward part: chapter 11, The plan.",
        ),
        (
            lambda X, A, W, U: normalised(pre_norm(X, A, W, U)),
            "One norm too many: the last one stands at the end of the stack, not of each layer. Chapter 11, Stacks.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A.T, W, U),
            "Transposed weights: row i of A says what word i reads. Chapter 6, Every weight and every output at once.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, softmax(A), W, U),
            "The rows of A sum to 1 already: they are weights, and need no softmax.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, feed=lambda X, W, U: X @ W @ U),
            "The two matrices follow each other with nothing between: what is negative must become 0. "
            "See chapter 11, Feed-forward.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, feed=lambda X, W, U: np.maximum(X @ W @ U, 0)),
            "What is negative becomes 0 between the two matrices, not after them: chapter 11, Feed-forward.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, norm=lambda X: normalised(X, axis=None)),
            "Your norm takes all words together. Each word has its own mean and deviation: chapter 11, Norm.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, norm=lambda X: normalised(X, ddof=1)),
            "Your norm divides by d − 1, as `std` of tensors does: trap 1 of chapter 11, Norm.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, norm=lambda X: normalised(X, axis=0)),
            "The wrong axis: your norm takes each feature over the words, not each word: chapter 11, Norm.",
        ),
        (
            lambda X, A, W, U: pre_norm(
                X, A, W, U, norm=lambda X: (X - X.mean(-1, keepdims=True)) / X.var(-1, keepdims=True)
            ),
            "Your norm divides by the variance. The deviation is its root: chapter 11, Norm.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, norm=lambda X: X / np.sqrt((X**2).mean(-1, keepdims=True))),
            "Your norm does not subtract the mean. That is another norm, RMSNorm: chapter 11, In the wild.",
        ),
        (
            lambda X, A, W, U: pre_norm(X, A, W, U, feed=lambda X, W, U: np.maximum(np.maximum(X @ W, 0) @ U, 0)),
            "What is negative becomes 0 once, between the two matrices. The second time is one too many: chapter 11, "
            "Feed-forward.",
        ),
    ],
)
def pre_norm_layer(X, A, W, U):
    """Write a pre-norm layer: words (n, d), attention's weights (n, n), two matrices (d, d_ff), (d_ff, d) -> (n, d)."""
    return pre_norm(X, A, W, U)
