"""The exercises of chapter 12. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from ..attention import softmax
from ._judge import function, value

__all__ = ["cross_entropy", "first_loss", "loss_and_gradient", "shifted", "smoothed"]


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
        (
            lambda logits, right: -log_p(softmax(logits), right)[right != 0].mean(),
            "You take the softmax twice: what expects logits does it by itself. See chapter 12, From a vector to a "
            "word.",
        ),
        (
            lambda logits, right: -log_p(logits, right)[right != 0].mean() / math.log(10),
            "This is the logarithm to base 10. The loss is measured in nats: chapter 12, Compare two distributions.",
        ),
        (
            lambda logits, right: np.exp(-log_p(logits, right)[right != 0].mean()),
            "This is the perplexity, e to the power of the loss: chapter 12, Perplexity.",
        ),
        (
            lambda logits, right: -log_p(logits, right)[right != 0],
            "This is the loss of each position. Their mean is asked for.",
        ),
        (
            lambda logits, right: np.where(right == 0, 0, -log_p(logits, right)),
            "This is the loss of each position. Their mean is asked for, without the padding.",
        ),
        (
            lambda logits, right: -log_p(logits, right),
            "This is the loss of each position. Their mean is asked for, without the padding.",
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


def over_others(right, size, share, *, column=False, row=False):
    """The share divided by V - 2; with the column of the padding, id 0, emptied, or its rows as well."""
    targets = np.where(hot(right, size) == 1, 1 - share, share / (size - 2))
    targets[:, 0] *= not (column or row)
    targets[right == 0] *= not row
    return targets


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
        *(
            (
                mistake,
                "This divides the share by V − 2: the right word and the padding get none, as in some older code. Here "
                "it is spread over all words: chapter 12, Label smoothing.",
            )
            for mistake in (over_others, lambda *a: over_others(*a, column=True), lambda *a: over_others(*a, row=True))
        ),
        (
            lambda right, size, share: np.where(hot(right, size) == 1, 1 - share, 0) + share / (size - 1),
            "This divides the share by V − 1, and the right word, too, gets a part: the rows sum to more than 1. "
            "See chapter 12, Label smoothing.",
        ),
    ],
)
def smoothed(right, size, share):
    """Write smoothed targets: right ids (n), size of the vocabulary, the share spread over all words -> (n, size)."""
    return (1 - share) * hot(right, size) + share / size
