"""The exercises of chapters 11 to 13. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from ..attention import softmax
from ._engine import function, value

__all__ = [
    "beam_step",
    "cross_entropy",
    "first_loss",
    "greedy",
    "kept_numbers",
    "layer_norm",
    "layer_parameters",
    "loss_and_gradient",
    "pre_and_post",
    "pre_norm_layer",
    "shifted",
    "smoothed",
    "three_widths",
    "top_p",
    "who_changes",
]


# Chapter 11: the Transformer


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
    ],
)
def pre_norm_layer(X, A, W, U):
    """Write a pre-norm layer: words (n, d), attention's weights (n, n), two matrices (d, d_ff), (d_ff, d) -> (n, d)."""
    return pre_norm(X, A, W, U)


# Chapter 12: training


@value(
    mistakes=[
        ((500, 6.2146), "The right two numbers, in the wrong order: first the loss, then the perplexity."),
        ((math.log2(500), ...), "These are bits. The loss is measured in nats: chapter 12, Compare two distributions."),
        ((math.log10(500), ...), "This is the logarithm to base 10. The loss takes the natural one, `math.log`."),
        ((-math.log(500), ...), "The sign: a loss is never below 0. See chapter 12, Compare two distributions."),
        (
            lambda loss, perplexity: loss == 0,
            "A loss of 0 means: sure, and right. This model knows nothing: chapter 12, Compare two distributions.",
        ),
        ((1 / 500, ...), "This is the probability of the right word: chapter 12, Compare two distributions."),
        ((..., math.log(500)), "The perplexity is e to the power of the loss: chapter 12, Perplexity."),
        ((..., 1), "1 is the perplexity of somebody who always knows: chapter 12, Perplexity."),
        (
            lambda loss, perplexity: abs(perplexity - 2 ** math.log(500)) < 0.5,
            "Take e, not 2, to the power of the loss: chapter 12, Perplexity.",
        ),
        (
            lambda loss, perplexity: 0.006 < abs(perplexity - 500) < 10,
            "Nearly. You rounded the loss before you raised e to it. Can you see the answer without computing?",
        ),
        (
            lambda loss, perplexity: 0.006 < abs(loss - math.log(500)) < 0.05,
            "The loss is nearly right. Give two decimals, or let Python work it out.",
        ),
    ]
)
def first_loss():
    """Say which loss and which perplexity a model has that finds all of 500 words equally probable: two numbers."""
    return math.log(500), 500


@value(
    mistakes=[
        ((2, ...), "These are bits. The loss is measured in nats: chapter 12, Compare two distributions."),
        ((-math.log(4), ...), "The sign: a loss is never below 0. See chapter 12, Compare two distributions."),
        ((0.25, ...), "This is the probability of the right word. The loss is −ln of it."),
        ((0.75, ...), "This is what the right word lacks. The loss is −ln of its probability."),
        ((math.log(2), ...), "This is the loss if the second word, the likeliest, were right. But the first one is."),
        ((0, ...), "0 is the logit of the right word. First the softmax: chapter 12, From a vector to a word."),
        ((..., [0.75, -0.5, -0.25]), "The sign is turned round: what it says minus what it should say."),
        ((..., [0.25, 0.5, 0.25]), "This is p. What should it say? Chapter 12, The gradient."),
        ((..., [0.25, -0.5, 0.25]), "This is the gradient if the second word were right. But the first one is."),
        (
            (..., [-4, 0, 0]),
            "This is the slope for the probabilities. The logits are asked for: chapter 12, The gradient.",
        ),
        (
            lambda loss, slopes: slopes.shape == (3,) and abs(slopes.sum()) > 0.02,
            "The slopes must sum to 0, since p and y both sum to 1: chapter 12, The gradient.",
        ),
    ]
)
def loss_and_gradient():
    """Work out loss and gradient for the logits [0, ln 2, 0], if the first word is right: a number and a list."""
    return math.log(4), [-3 / 4, 1 / 2, 1 / 4]


def log_p(logits, right):
    """The logarithm of the probability of each right word."""
    lower = logits - logits.max(axis=-1, keepdims=True)
    return (lower - np.log(np.exp(lower).sum(axis=-1, keepdims=True)))[np.arange(len(right)), right]


def at(table, right):
    """The mean of what a table says of the right words that are no padding."""
    return table[np.arange(len(right)), right][right != 0].mean()


@function(
    cases=lambda rng: [
        (np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]), np.array([1, 1])),
        (rng.normal(size=(3, 3)), np.array([2, 1, 0])),
        (2 * rng.normal(size=(4, 6)), np.array([5, 2, 0, 0])),
        (2 * rng.normal(size=(5, 4)), np.array([1, 3, 3, 2, 0])),
        (np.array([[0.0, 1000.0, 998.0], [500.0, 502.0, 501.0]]), np.array([2, 1])),
    ],
    mistakes=[
        (
            lambda logits, right: -log_p(logits, right).mean(),
            "The padding counts as well: a model that says it after each end would look too good. "
            "Leave out the positions with id 0.",
        ),
        (
            lambda logits, right: -log_p(logits, right)[right != 0].sum() / len(right),
            "The padding adds nothing any more, but you still divide by all positions.",
        ),
        (
            lambda logits, right: -log_p(logits, right)[right != 0].sum(),
            "This is the sum over the positions. Their mean is asked for.",
        ),
        (
            lambda logits, right: at(np.log(np.exp(logits).sum(axis=-1, keepdims=True)) - logits, right),
            "Right, but for large logits: e¹⁰⁰⁰ overflows. See chapter 2, Break it: large scores.",
        ),
        (
            lambda logits, right: -at(np.log(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)), right),
            "nan for large logits: e¹⁰⁰⁰ overflows. See chapter 2, Break it: large scores.",
        ),
        (
            lambda logits, right: -np.log(np.exp(log_p(logits, right))[right != 0].mean()),
            "First the logarithm, then the mean: each position has its own loss.",
        ),
        (
            lambda logits, right: log_p(logits, right)[right != 0].mean(),
            "The sign is turned round: a loss is never below 0. See chapter 12, Compare two distributions.",
        ),
        (
            lambda logits, right: -at(np.log(softmax(logits, axis=0)), right),
            "Softmax along the wrong axis: each position has its own. See chapter 12, From a vector to a word.",
        ),
        (
            lambda logits, right: -at(logits, right),
            "These are logits, not yet logarithms of probabilities: chapter 12, From a vector to a word.",
        ),
        (
            lambda logits, right: -at(softmax(logits), right),
            "The logarithm is missing: chapter 12, Compare two distributions.",
        ),
        (
            lambda logits, right: -log_p(logits, right)[right != 0].mean() / math.log(2),
            "These are bits. The loss is measured in nats: chapter 12, Compare two distributions.",
        ),
        (
            lambda logits, right: -log_p(logits, logits.argmax(axis=-1))[right != 0].mean(),
            "This is the loss of the likeliest word. The right one counts: chapter 12, Compare two distributions.",
        ),
    ],
)
def cross_entropy(logits, right):
    """Write the mean loss in nats, (n, V) logits, (n) ids -> a number; positions whose right id is 0 are padding."""
    return -log_p(logits, right)[right != 0].mean()


@function(
    cases=lambda rng: [
        (np.array([[1, 7, 8, 2]]),),
        (np.array([[1, 9, 4, 6, 2], [1, 5, 2, 0, 0]]),),
        (np.array([[1, 6, 2], [1, 4, 2], [1, 5, 2]]),),
        (np.array([[1, 8, 2, 0], [1, 3, 9, 2], [1, 2, 0, 0]]),),
    ],
    mistakes=[
        (
            lambda ids: (ids[:, 1:], ids[:, 1:]),
            "There is still no shift: the model reads the word that it should say. See chapter 12, Two ways to cheat.",
        ),
        (
            lambda ids: (ids[:, :-1], ids[:, :-1]),
            "Both are cut in the same place, so there is no shift: it reads what it should say. "
            "See chapter 12, Two ways to cheat.",
        ),
        (
            lambda ids: (ids, ids),
            "There is no shift: it reads what it should say. See chapter 12, Two ways to cheat.",
        ),
        (
            lambda ids: (ids[:, 1:], ids[:, :-1]),
            "The shift goes the wrong way: the model would learn to say the word before. "
            "See chapter 12, Why training is parallel.",
        ),
        (
            lambda ids: (ids[:-1], ids[1:]),
            "You shift the sentences, not the words: the wrong axis. See chapter 12, Why training is parallel.",
        ),
        (
            lambda ids: (ids, np.roll(ids, -1, axis=1)),
            "`roll` brings the first word back at the end: nobody should say <bos>. One position is too many.",
        ),
        (
            lambda ids: (ids, ids[:, 1:]),
            "The model reads one word too many. After the last one there is nothing to say.",
        ),
        (
            lambda ids: (ids[:, :-2], ids[:, 2:]),
            "Shifted by two, so that every second word is skipped: chapter 12, Why training is parallel.",
        ),
        (
            lambda ids: (ids[:, 1:-1], ids[:, 2:]),
            "<bos> is gone. The first word must be learned, too, and it is what follows <bos>.",
        ),
    ],
)
def shifted(ids):
    """Mend the shift: ids (b, n + 1) from <bos> to <eos>, then padding -> what is read, what is right, (b, n) each."""
    return ids[:, :-1], ids[:, 1:]


def hot(right, size):
    """One-hot rows."""
    return np.eye(size)[right]


@function(
    cases=lambda rng: [
        (np.array([2]), 6, 0.1),
        (np.array([0, 1]), 3, 0.3),
        (np.array([3, 0, 1, 1]), 5, 0.2),
        (np.array([1, 2, 0]), 3, 0.6),
    ],
    mistakes=[
        (
            lambda right, size, share: np.where(hot(right, size) == 1, 1 - share, share / (size - 1)),
            "This spreads the share over the wrong words only. PyTorch takes all of them: chapter 12, Label smoothing.",
        ),
        (
            lambda right, size, share: np.where(hot(right, size) == 1, 1 - share, share / size),
            "The rows do not sum to 1: the right word, too, gets a part of the share. Chapter 12, Label smoothing.",
        ),
        (
            lambda right, size, share: hot(right, size) + share / size,
            "The rows sum to more than 1: first take the share from the right word. See chapter 12, Label smoothing.",
        ),
        (
            lambda right, size, share: (1 - share) * hot(right, size) + share,
            "Every word gets the whole share. Divide it among them: chapter 12, Label smoothing.",
        ),
        (
            lambda right, size, share: (1 - share) * hot(right, size),
            "The share is taken from the right word, and nobody gets it: chapter 12, Label smoothing.",
        ),
        (
            lambda right, size, share: share * hot(right, size) + (1 - share) / size,
            "The other way round: the share is what the right word gives away: chapter 12, Label smoothing.",
        ),
        (lambda right, size, share: hot(right, size), "These are still one-hot: chapter 12, Label smoothing."),
    ],
)
def smoothed(right, size, share):
    """Write smoothed targets: right ids (n), size of the vocabulary, the share spread over all words -> (n, size)."""
    return (1 - share) * hot(right, size) + share / size


# Chapter 13: decoding


@value(
    mistakes=[
        ((0.45, ..., ...), "This is the first word alone. Multiply by the word after it: chapter 13, Greedy loses."),
        ((0.85, ..., ...), "Probabilities of words that follow each other are multiplied: chapter 13, Greedy loses."),
        (
            lambda greedy, two, three: greedy > 0.2,
            "Greedy never looks behind a second-best first word: chapter 13, Greedy loses.",
        ),
        (
            (..., 0.25, ...),
            "After the first step a beam of width 2 has two words left, and *they* is not one of them: "
            "chapter 13, Beam search.",
        ),
        (
            (..., 0.18, ...),
            "The beam has a second beginning in mind. What is the best behind it? Chapter 13, Beam search.",
        ),
        (
            (..., 0.7, ...),
            "The whole sequence counts, not its last word: chapter 13, Break it: keep the two best words.",
        ),
        (
            (..., ..., 0.21),
            "With width 3 all three first words are kept. What is behind the last? Chapter 13, Beam search.",
        ),
        (
            (..., ..., 0.18),
            "With width 3 all three first words are kept. What is behind them? Chapter 13, Beam search.",
        ),
        ((..., ..., 1), "The whole sequence counts, not its last word: chapter 13, Break it: keep the two best words."),
    ]
)
def three_widths():
    """Say how probable the sentence is that greedy decoding finds, a beam of width 2, one of width 3: three numbers."""
    return 0.45 * 0.4, 0.3 * 0.7, 0.25 * 1


@value(
    mistakes=[
        ((4480, ..., ...), "Half is missing: a key and a value, in each of the two layers. Chapter 13, What it costs."),
        ((2240, ..., ...), "A key and a value, 64 numbers each, in each of the two layers: chapter 13, What it costs."),
        ((5120, ..., ...), "The source has keys and values, too, and they are kept: chapter 13, What it costs."),
        ((13440, ..., ...), "A query is used once, at its own step, and not kept: chapter 13, Do not start afresh."),
        ((4 * 8960, ..., ...), "The four heads share the 64 features, 16 each: do not multiply by them."),
        ((..., 128, ...), "A key and a value, in each of the two layers: chapter 13, What it costs."),
        ((..., 64, ...), "A key and a value, in each of the two layers: chapter 13, What it costs."),
        ((..., 384, ...), "A query is used once, at its own step, and not kept: chapter 13, Do not start afresh."),
        ((..., 9216, ...), "This is the total after 21 words. How much of it is new? Chapter 13, What it costs."),
        ((..., ..., 8960), "One key for all four heads has 16 numbers instead of 64."),
        ((..., ..., 1280), "The keys and values of the source are shared by the heads, too, but they are still there."),
        ((..., ..., 4480), "Key and value are both shared by the four heads: 16 numbers each."),
    ]
)
def kept_numbers():
    """Count the numbers kept after 20 words, those that one more word adds, those kept if the heads share theirs."""
    return 256 * 35, 256, 64 * 35


def speak(follows, longest, ends=True, first=0):
    """Greedy decoding with a table; `ends`: stop after <eos>; `first`: where it begins."""
    ids, p, word = [], 1.0, first
    while len(ids) < longest and not (ends and word == 1):
        p, word = p * follows[word].max(), follows[word].argmax()
        ids.append(word)
    return np.array(ids), p


def chain(rng, size, said):
    """A table of what follows what; the likeliest way is `said` words long, and ends in <eos>."""
    way = [0, *(rng.permutation(size - 2)[: said - 1] + 2), 1]
    follows = rng.dirichlet(np.ones(size), size)
    follows[way[:-1], way[1:]] += 1
    follows[:, 0] = 0
    return follows / follows.sum(axis=-1, keepdims=True)


TABLE = np.array([[0.0, 0.1, 0.6, 0.3], [0.0, 0.4, 0.1, 0.5], [0.0, 0.2, 0.1, 0.7], [0.0, 0.8, 0.15, 0.05]])


@function(
    cases=lambda rng: [
        (TABLE, 5),
        (TABLE, 2),
        *((chain(rng, size, said), longest) for size, said, longest in [(5, 4, 8), (6, 5, 3), (6, 3, 1), (7, 5, 9)]),
    ],
    mistakes=[
        (
            lambda follows, longest: speak(follows, longest, ends=False),
            "It talks on after <eos>. That word ends the sentence: chapter 13, One word after another.",
        ),
        (
            lambda follows, longest: (
                (said := speak(follows, longest))[0][: len(said[0]) - (said[0][-1] == 1)],
                said[1],
            ),
            "The ids should end with that of <eos>, if it was said. (Its probability is counted, and rightly.)",
        ),
        (
            lambda follows, longest: (np.append(0, (said := speak(follows, longest))[0]), said[1]),
            "<bos> was given, not said: leave its id out. See chapter 13, One word after another.",
        ),
        (
            lambda follows, longest: (np.full(longest, follows[0].argmax()), follows[0].max() ** longest),
            "You ask the same question each time. Ask about the word just written: chapter 13, One word after another.",
        ),
        (
            lambda follows, longest: speak(follows.T, longest),
            "You read a column. What comes after word i stands in *row* i.",
        ),
        (
            lambda follows, longest: speak(follows, longest, first=1, ends=False),
            "It begins after <eos>, id 1. The sentence begins after <bos>, id 0.",
        ),
        (
            lambda follows, longest: (
                (ids := speak(follows, longest)[0]),
                sum(follows[a, b] for a, b in zip([0, *ids], ids, strict=False)),
            ),
            "The right words. But their probabilities are multiplied: chapter 13, Greedy loses.",
        ),
        (
            lambda follows, longest: ((said := speak(follows, longest))[0], np.log(said[1])),
            "The right words, and the logarithm of their probability. The probability itself is asked for.",
        ),
        (
            lambda follows, longest: ((ids := speak(follows, longest)[0]), follows[[0, *ids][-2], ids[-1]]),
            "The right words, and the probability of the last one. What about the whole sentence? "
            "Chapter 13, Greedy loses.",
        ),
        (
            lambda follows, longest: speak(follows, longest=100),
            "It goes on when `longest` words are said.",
        ),
        (
            lambda follows, longest: speak(follows, longest + 1),
            "One word too many: `longest` is the most that may be said, <eos> among them.",
        ),
        (
            lambda follows, longest: speak(follows, longest - 1),
            "One word too few: `longest` words may be said, and <bos> is not one of them.",
        ),
    ],
)
def greedy(follows, longest):
    """Write greedy decoding: a table (V, V) of what follows word i, the most words -> ids, their probability."""
    return speak(follows, longest)


def best_of(scores, sums, width, size=None):
    """The best `width` entries by the scores: whose, which word, their sums."""
    best = np.argsort(-scores, axis=None)[:width]
    return *np.divmod(best, size or scores.shape[1]), sums.ravel()[best]


def own_best(totals, rows, width):
    """Each sequence keeps its own best word."""
    word = rows.argmax(axis=1)
    sums = totals + rows.max(axis=1)
    best = np.argsort(-sums)[:width]
    return best, word[best], sums[best]


def turned(results):
    """The last first."""
    return tuple(part[::-1] for part in results)


@function(
    cases=lambda rng: [
        (np.log([0.6, 0.1]), np.log([[0.55, 0.45], [0.1, 0.9]]), 2),
        (np.log([0.5, 0.4, 0.1]), np.log(rng.dirichlet(np.ones(3), 3)), 3),
        (np.log([0.3, 0.2, 0.05]), np.log(rng.dirichlet(np.ones(5), 3)), 3),
        (np.log([0.4, 0.02]), np.log(rng.dirichlet(np.ones(6), 2)), 4),
        (np.log([0.7]), np.log(rng.dirichlet(np.ones(5), 1)), 2),
    ],
    mistakes=[
        (
            lambda totals, rows, width: best_of(rows, totals[:, None] + rows, width),
            "Still ranked by the last word. The whole sequence counts: chapter 13, Break it: keep the two best words.",
        ),
        (
            lambda totals, rows, width: best_of(rows, rows, width),
            "Ranked by the last word, and its logarithm returned. The whole sequence counts: "
            "chapter 13, Break it: keep the two best words.",
        ),
        (
            lambda totals, rows, width: best_of(totals[:, None] + rows, rows, width),
            "The right sequences. But return their totals, not the last word's part of them: chapter 13, Beam search.",
        ),
        (
            own_best,
            "Each sequence keeps its own best word. All of them compete for the places: chapter 13, Beam search.",
        ),
        (
            lambda totals, rows, width: best_of(-totals[:, None] - rows, totals[:, None] + rows, width),
            "These are the least probable: `argsort` puts the smallest first.",
        ),
        (
            lambda totals, rows, width: turned(best_of(totals[:, None] + rows, totals[:, None] + rows, width)),
            "The right sequences, in the wrong order: the most probable first.",
        ),
        (
            lambda totals, rows, width: best_of(totals[:, None] * rows, totals[:, None] * rows, width),
            "Logarithms are added where probabilities are multiplied: chapter 13, Beam search.",
        ),
        (
            lambda totals, rows, width: best_of(totals + rows, totals + rows, width),
            "The totals are added along the words. They belong to the rows: `totals[:, None]`.",
        ),
        (
            lambda totals, rows, width: (
                (found := best_of(totals[:, None] + rows, totals[:, None] + rows, width))[1],
                found[0],
                found[2],
            ),
            "The right ones, but the first two results are exchanged: first whose, then which word.",
        ),
        (
            lambda totals, rows, width: best_of(totals[:, None] + rows, totals[:, None] + rows, width, len(rows)),
            "Whose word is it? A row of the table has V entries, so divide the place by V.",
        ),
        (
            lambda totals, rows, width: (
                np.arange(width),
                *best_of(totals[:, None] + rows, totals[:, None] + rows, width)[1:],
            ),
            "The words are right, but whose they are is lost: chapter 13, Break it: keep the two best words.",
        ),
        (
            lambda totals, rows, width: (
                *(found := best_of(totals[:, None] + rows, totals[:, None] + rows, width))[:2],
                np.exp(found[2]),
            ),
            "The right sequences, and their probabilities. The logarithms are asked for.",
        ),
    ],
)
def beam_step(totals, rows, width):
    """Mend a step of beam search: log-probabilities (k), (k, V), the width -> whose, word, total: (width) each."""
    sums = totals[:, None] + rows
    return best_of(sums, sums, width)


def cut(p, keep, share=True):
    """Keep the words for which `keep` is true, a function of the sorted p and of the sum before each."""
    order = np.argsort(-p)
    kept = np.zeros(len(p), bool)
    kept[order] = keep(p[order], np.cumsum(p[order]) - p[order])
    return p * kept / ((p * kept).sum() if share else 1)


def unsorted(p, limit):
    """The words are taken as they stand."""
    kept = p * (np.cumsum(p) - p < limit)
    kept[0] = p[0]
    return kept / kept.sum()


@function(
    cases=lambda rng: [
        (np.array([0.15, 0.5, 0.3, 0.05]), 0.9),
        (np.array([0.02, 0.93, 0.01, 0.04]), 0.9),
        (np.array([0.1, 0.15, 0.2, 0.12, 0.43]), 0.6),
        (rng.dirichlet(np.ones(6)), 0.7),
        (np.array([0.25, 0.4, 0.35]), 0.0),
    ],
    mistakes=[
        (
            lambda p, limit: cut(p, lambda own, before: before + own <= limit),
            "It stops one word too early: the word that brings the sum to the limit is kept, too. "
            "See chapter 13, Three knobs.",
        ),
        (
            lambda p, limit: cut(p, lambda own, before: (before + own <= limit) | (before == 0)),
            "It stops one word too early: the word that brings the sum to the limit is kept, too. "
            "See chapter 13, Three knobs.",
        ),
        (
            lambda p, limit: cut(p, lambda own, before: before < limit),
            "With a limit of 0 nothing is left. At least the likeliest word is always kept.",
        ),
        (
            lambda p, limit: cut(p, lambda own, before: (before < limit) | (before == 0), share=False),
            "The right words. But they no longer sum to 1: divide by their sum. See chapter 13, Three knobs.",
        ),
        (
            lambda p, limit: cut(p, lambda own, before: before < limit, share=False),
            "They no longer sum to 1: divide by their sum. And with a limit of 0 keep the likeliest word.",
        ),
        (
            lambda p, limit: cut(p, lambda own, before: np.arange(len(p)) <= max(1, (before < limit).sum())),
            "It keeps one word too many: stop as soon as the sum has reached the limit.",
        ),
        (
            lambda p, limit: p * (p >= limit) / (p * (p >= limit)).sum(),
            "The limit is for the sum of the kept words, not for each: chapter 13, Three knobs.",
        ),
        (
            lambda p, limit: p * (p >= 1 - limit) / (p * (p >= 1 - limit)).sum(),
            "The limit is for the sum of the kept words, not for each: chapter 13, Three knobs.",
        ),
        (
            unsorted,
            "You take the words in the order of the vocabulary. The likeliest come first: chapter 13, Three knobs.",
        ),
        (
            lambda p, limit: -np.sort(-cut(p, lambda own, before: (before < limit) | (before == 0))),
            "The right probabilities, but sorted: each must go back to the place of its word.",
        ),
        (
            lambda p, limit: np.sort(cut(p, lambda own, before: (before < limit) | (before == 0))),
            "The right probabilities, but sorted: each must go back to the place of its word.",
        ),
        (
            lambda p, limit: softmax(
                np.where(cut(p, lambda own, before: (before < limit) | (before == 0)) > 0, p, -np.inf)
            ),
            "A second softmax. These are probabilities already: divide by the sum. See chapter 13, Three knobs.",
        ),
        (
            lambda p, limit: cut(p, lambda own, before: np.arange(len(p)) == 0),
            "Only the likeliest word is left, and this is greedy: chapter 13, Three knobs.",
        ),
    ],
)
def top_p(p, limit):
    """Write top-p: probabilities (V), the limit that the kept words must reach together -> probabilities (V)."""
    return cut(p, lambda own, before: (before < limit) | (before == 0))
