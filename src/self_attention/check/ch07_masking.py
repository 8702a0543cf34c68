"""The exercises of chapter 7. Each reference stands below its cases and the mistakes that learners make."""

import numpy as np

from .. import attention, masks
from ._judge import function, value
from ._mistakes import FILLS, softmax_by_hand

__all__ = ["allowed_pairs", "masked_softmax", "may_see", "three_ways_to_hide"]


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


def guarded(shares):
    """Divide by the total, but not by 0."""
    total = shares.sum(axis=-1, keepdims=True)
    return shares / np.where(total == 0, 1, total)


LEFT = "A row in which all is hidden gives nan. It shall give zeros: chapter 7, When nothing is left to see."
LATE = "The mask comes after the softmax, so that rows do not sum to 1: chapter 7, Zero the weights."
REPAIRED = "A large hidden score leaves nothing to repair: chapter 7, Zero the weights, then repair the sums."
FINITE = (
    "Your number for “hidden” is finite: hidden words still get a share, and all of it where the visible scores lie "
    "below that number. See chapter 7, Break it: almost minus infinity."
)


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
        (
            lambda scores, mask: softmax_by_hand(scores),
            "The mask hides nothing yet: chapter 7, A mask says who may look.",
        ),
        (
            lambda scores, mask: softmax_by_hand(scores, shift=False),
            "The mask hides nothing yet, and large scores overflow.",
        ),
        (
            lambda scores, mask: softmax_by_hand(scores * mask),
            "Hidden scores are 0, and e⁰ = 1: they are read. See chapter 7, Zero the scores.",
        ),
        (lambda scores, mask: softmax_by_hand(scores) * mask, LATE),
        (lambda scores, mask: softmax_by_hand(scores, shift=False) * mask, LATE),
        (
            lambda scores, mask: (
                softmax_by_hand(scores) * mask / (softmax_by_hand(scores) * mask).sum(-1, keepdims=True)
            ),
            REPAIRED,
        ),
        (lambda scores, mask: guarded(softmax_by_hand(scores) * mask), REPAIRED),
        (lambda scores, mask: softmax_by_hand(np.where(mask, scores, -np.inf)), LEFT),
        (
            lambda scores, mask: softmax_by_hand(np.where(mask, scores, -np.inf), shift=False),
            "Nothing of this row is left above 0, and 0/0 is nan: subtract the largest visible score, and think "
            "of a row in which all is hidden. See chapter 7, When nothing is left to see.",
        ),
        (
            lambda scores, mask: guarded(np.exp(np.where(mask, scores, -np.inf))),
            "Scores far below 0 come to nothing, though they may be seen: take −∞ for the hidden ones, and subtract "
            "the largest that may be seen. See chapter 7, Break it: almost minus infinity.",
        ),
        *(
            (mistake, FINITE)
            for fill in FILLS
            for mistake in (
                lambda scores, mask, fill=fill: softmax_by_hand(np.where(mask, scores, fill)),
                lambda scores, mask, fill=fill: softmax_by_hand(scores + np.where(mask, 0, fill)),
            )
        ),
        *(
            (mistake, FINITE)
            for fill in (-5, -9, -10)
            for mistake in (
                lambda scores, mask, fill=fill: softmax_by_hand(np.where(mask, scores, fill), shift=False),
                lambda scores, mask, fill=fill: softmax_by_hand(np.where(mask, scores, fill)) * mask,
            )
        ),
        (
            lambda scores, mask: softmax_by_hand(np.where(mask, scores, -1e30)),
            "A row in which all is hidden reads all alike. It shall give zeros: chapter 7, When nothing is left to "
            "see.",
        ),
        (
            lambda scores, mask: scores + (1 - mask) * -np.inf + np.nan,
            "0 times infinity is nan. Choose between score and −∞ instead, as `np.where` does: chapter 7, By hand.",
        ),
        (
            lambda scores, mask: softmax_by_hand(scores + mask),
            "True counts as 1 and hides nothing: chapter 7, By hand.",
        ),
        (lambda scores, mask: attention.softmax(scores, mask=~mask), OPPOSITE),
        (lambda scores, mask: softmax_by_hand(np.where(mask, -np.inf, scores)), OPPOSITE),
        (
            lambda scores, mask: attention.softmax(attention.softmax(scores, mask=mask), mask=mask),
            "You take the softmax twice. The weights sum to 1 already: chapter 7, By hand.",
        ),
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
        (
            lambda n, lengths: np.where(np.logical_and(*see(n, lengths)), 0, -np.inf),
            "This is what is added to the scores. Here the mask is True and False: chapter 7, Two conventions.",
        ),
        (
            lambda n, lengths: np.logical_and(*see(n, lengths)) * 1,
            "These are 1 and 0. A mask here is True and False: compare, or convert with `astype(bool)`. See chapter 7, "
            "Two conventions.",
        ),
    ],
)
def may_see(n, lengths):
    """Mend a mask for b sentences of the lengths (b,), padded to n words -> (b, n, n): no future, no padding."""
    return np.logical_and(*see(n, lengths))
