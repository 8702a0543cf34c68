"""The exercises of chapter 10. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention, masks
from ._judge import function, value

__all__ = ["kept_bytes", "layers_needed", "level_with_lstm", "near", "receptive_field"]


@value(
    mistakes=[
        (
            (1001 / 5, ...),
            "n / k is a rule of thumb. A layer adds k − 1 words, 2 on each side: chapter 10, Convolutions: stack them.",
        ),
        (
            (200, ...),
            "n / k is a rule of thumb. A layer adds k − 1 words, 2 on each side: chapter 10, Convolutions: stack them.",
        ),
        ((500, ...), "A layer adds two words on *each* side: chapter 10, Convolutions: stack them."),
        ((1000, ...), "A layer adds more than one word: k − 1 of them. See chapter 10, Convolutions: stack them."),
        ((251, ...), "One too many. The first layer sees 5 words already, and each of the others adds 4."),
        ((249, ...), "One too few. n layers see 1 + 4 n words: chapter 10, Convolutions: stack them."),
        ((..., 4), "5⁴ = 625 words are too few: round up. See chapter 10, Convolutions: stack them."),
        ((..., math.log(1001, 5)), "This is the logarithm. How many whole layers are enough?"),
        (
            (..., 7),
            "This is for k = 3. A dilated layer multiplies the field by k: chapter 10, Convolutions: stack them.",
        ),
        (
            (..., 10),
            "This is for a factor of 2. Each layer multiplies the field by k: chapter 10, Convolutions: stack them.",
        ),
    ]
)
def layers_needed():
    """Find how many convolutions of width 5 see 1,001 words: contiguous ones, and dilated ones (gaps 1, 5, 25, ...)."""
    return 250, 5


@value(
    mistakes=[
        (1, "That is the GRU, with its three pairs: chapter 10, What the table leaves out."),
        (
            4,
            "Something is missing on the side of attention: the projections, or the second of its two products. See "
            "chapter 10, What the table leaves out.",
        ),
        (8, "Attention has projections, too, and two products n × n: chapter 10, What the table leaves out."),
        (0, "Four *pairs* of matrices, one for the word and one for the state: chapter 10, What the table leaves out."),
        (1 / 2, "Turned round: n is larger than d here, since the right side, 8 n d², is the dearer one at n = d."),
        (6, "Move the projections to the other side with their sign: 2 n² d = 8 n d² − 4 n d²."),
    ]
)
def level_with_lstm():
    """Find n / d at which self-attention, with its projections, takes as many multiply-adds as an LSTM."""
    return 2


@value(
    mistakes=[
        ((2 * 2000 * 512 * 6, ...), "These are numbers. Each takes 4 bytes: chapter 10, What has to be kept."),
        ((2000 * 512 * 4 * 6, ...), "Keys *and* values: chapter 10, What has to be kept."),
        ((2 * 2000 * 512 * 4, ...), "This is one layer. There are six, and each keeps its own."),
        ((2000 * 512 * 4, ...), "Keys *and* values, and for each of six layers: chapter 10, What has to be kept."),
        ((49.152, ...), "In bytes, please: a megabyte has a million."),
        ((2 * 2000**2 * 4 * 6, ...), "Not the weights are kept but keys and values: chapter 10, What has to be kept."),
        ((..., 512 * 4), "This is one layer's state. There are six."),
        ((..., 512 * 6), "These are numbers. Each takes 4 bytes: chapter 10, What has to be kept."),
        ((..., 2000 * 512 * 4 * 6), "A state does not grow with the words: chapter 10, What has to be kept."),
        ((..., 2 * 512 * 4 * 6), "A GRU has no keys and values, only one state in each layer."),
    ]
)
def kept_bytes():
    """Find the bytes that 6 layers with 512 features keep after 2,000 words: as keys and values, as GRU states."""
    return 2 * 2000 * 512 * 4 * 6, 512 * 4 * 6


def field(gaps, i, n, offsets=(-1, 0, 1), wrap=lambda j, n: j, leave=False):
    """The places that output i reaches, from the top layer down; with mistakes of one's choice."""
    reached = {i}
    for gap in gaps:
        reached = {wrap(j + gap * side, n) for j in reached for side in offsets}
        reached = reached if leave else {j for j in reached if 0 <= j < n}
    return np.isin(np.arange(n), [*reached])


def between(i, n, side):
    """All places at most `side` away."""
    return abs(np.arange(n) - i) <= side


@function(
    cases=lambda rng: [
        ([1], 1, 5),
        ([1, 1], 4, 9),
        ([1, 3], 4, 9),
        ([2], 0, 5),
        ([3, 1], 0, 8),
        ([3, 1], 0, 3),
        ([1, 9, 27], 40, 81),
        ([3, 3], 5, 11),
        ([2, 1, 4], 9, 10),
        ([1, 2], 3, 4),
    ],
    mistakes=[
        (
            lambda gaps, i, n: field(gaps, i, n),
            "Begin at output i, in the layer above, and go down: its gap comes first, that of the lowest layer last.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, leave=True),
            "Right but for the ends: outside the text is nothing, so that no way leads out of it and back in.",
        ),
        (
            lambda gaps, i, n: field(gaps, i, n, wrap=lambda j, n: j % n if j < 0 else j),
            "Some way leads over the end of the text and comes in at the other: beware of negative places.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, wrap=lambda j, n: j % n if j < 0 else j),
            "Some way leads over the end of the text and comes in at the other: beware of negative places.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, wrap=lambda j, n: j % n),
            "Some way leads over the end of the text and comes in at the other: outside is nothing.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, offsets=(-1, 1)),
            "A window of width 3 has its own middle, too: chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, offsets=(-1, 0)),
            "A convolution looks to both sides: yours sees the past only. See chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, offsets=(0, 1)),
            "A convolution looks to both sides: yours sees the future only. See chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: between(i, n, sum(gaps)),
            "A field with gaps can have holes: yours has none. See chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: between(i, n, len(gaps)),
            "Each layer adds one place on each side: right without gaps, but they may be larger than 1.",
        ),
        (
            lambda gaps, i, n: between(i, n, (3 ** len(gaps) - 1) // 2),
            "3, 9, 27 words are seen with the gaps 1, 3, 9. Here they can be others: follow the ways.",
        ),
        (
            lambda gaps, i, n: np.any([field([gap], i, n) for gap in gaps], axis=0),
            "The layers stand side by side. Stack them: what one layer reaches, the layer below takes further.",
        ),
    ],
)
def receptive_field(gaps, i, n):
    """Say which of n words output i of some convolutions of width 3 sees: n times True or False.

    `gaps` has one number for each layer, the lowest first: 1 = contiguous. Outside the text there is nothing.
    """
    return field(gaps[::-1], i, n)


def by_slices(X, first, end):
    """Attention of each word to the words from `first(i)` up to, and without, `end(i)`."""
    rows = [X[slice(first(i), end(i))] for i in range(len(X))]
    read = attention.scaled_dot_product_attention
    return np.stack([read(X[i : i + 1], words, words)[0][0] for i, words in enumerate(rows)])


def moved_inside(X, r):
    """At an end the window is moved, so that it keeps its r words."""
    last = max(0, len(X) - r)
    return by_slices(X, lambda i: min(max(0, i - r // 2), last), lambda i: min(max(0, i - r // 2), last) + r)


def with_zeros(X, r):
    """Zeros outside the text take part."""
    padded = np.pad(X, ((r // 2, r // 2), (0, 0)))
    near_ones = [padded[i : i + r] for i in range(len(X))]
    weights = [attention.softmax(words @ x / math.sqrt(X.shape[1])) for words, x in zip(near_ones, X, strict=True)]
    return np.stack([w @ words for w, words in zip(weights, near_ones, strict=True)])


def in_window(X, r, scale=None):
    """Attention of each word to the r words around it."""
    return attention.scaled_dot_product_attention(X, X, X, masks.window_mask(len(X), r), scale=scale)[0]


@function(
    cases=lambda rng: [
        (np.array([[1.0], [2.0], [0.0]]), 3),
        *((rng.normal(size=(5, 2)), 3) for _ in range(2)),
        (rng.normal(size=(7, 3)), 5),
        (rng.normal(size=(4, 2)), 9),
        (rng.normal(size=(4, 2)), 1),
    ],
    mistakes=[
        (
            lambda X, r: by_slices(X, lambda i: i - r // 2, lambda i: i + r // 2),
            "Neither of the two bugs is mended yet. Print the words of the slice for i = 0 and for i = 2.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r // 2), lambda i: i + r // 2),
            "The window is off by one: a slice ends *before* its second number, so the right neighbour is missing.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: i - r // 2, lambda i: i + r // 2 + 1),
            "The first words still go wrong: what does Python make of `X[-1 : 2]`?",
        ),
        (
            lambda X, r: in_window(X, 2 * r + 1),
            "Your window reaches r words to each side. It has r words in all: chapter 10, Multiplications.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r // 2), lambda i: i + r // 2 + 2),
            "The window is off by one, now on the other side: it has r words, with the asking one in the middle.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r // 2 - 1), lambda i: i + r // 2 + 1),
            "The window is off by one, on the left: it has r words, with the asking one in the middle.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r + 1), lambda i: i + 1),
            "Your window looks back only. The asking word stands in the middle: chapter 10, Multiplications.",
        ),
        (lambda X, r: in_window(X, 2 * len(X) + 1), "Nothing is hidden: each word still sees all the others."),
        (moved_inside, "At the ends you move the window inwards. It stays where it is, and has fewer words there."),
        (
            with_zeros,
            "Zeros outside the text take part in the softmax and get a share. They must be hidden: chapter 10, "
            "Multiplications.",
        ),
        (lambda X, r: in_window(X, r, scale=1), "The scores are not divided yet: chapter 5, Why divide at all?"),
        (
            lambda X, r: attention.attend(np.zeros((len(X),) * 2), X, masks.window_mask(len(X), r))[0],
            "This is the mean of the words in the window. Let the word choose among them: scores, softmax, sum.",
        ),
        (
            lambda X, r: in_window(X, r, scale=1 / X.shape[1]),
            "You divide by the number of features, not by its root: chapter 5, Why the root, and not d_k itself?",
        ),
        (
            lambda X, r: in_window(X, r, scale=1 / math.sqrt(r)),
            "You divide by the root of the width. A score adds up features: chapter 5, Scores grow with the number of "
            "features.",
        ),
    ],
)
def near(X, r):
    """Mend self-attention in a window, (n, d) -> (n, d): r words, r odd, with the asking word in their middle."""
    return in_window(X, r)
