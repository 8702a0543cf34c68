"""The exercises of chapter 2. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention
from ._judge import function, value
from ._mistakes import softmax_by_hand

__all__ = ["cool", "dog_score", "log_softmax", "shares", "softmax", "steepest"]


@value(
    mistakes=[
        ((0, ..., ..., ...), "A score of 0 is not “no share”: e⁰ = 1. See chapter 2, By hand."),
        ((1, ..., ..., ...), "Five answers cannot have 1 each: the shares sum to 1. See chapter 2, By hand."),
        ((..., 1, 2, 7), "These are the powers. Now divide each by their total: chapter 2, By hand."),
        (
            lambda a, *shares: np.allclose(shares, np.log([1, 2, 7]) / math.log(14), atol=0.006),
            "You divided the scores by their total. First raise e to each: chapter 2, By hand.",
        ),
        (lambda a, *shares: abs(sum(shares) - 1) > 0.02, "The last three must sum to 1: chapter 2, Four scores."),
    ]
)
def shares():
    """Work out one share of five equal ones, then the three of the scores ln 1, ln 2, ln 7: four numbers."""
    return 1 / 5, 1 / 10, 2 / 10, 7 / 10


@value(
    mistakes=[
        (3, "A lead of 3 makes the weight e³, about 20 times as large: chapter 2, Differences become ratios."),
        (math.exp(3), "Turn it round. Which power of e is 3? Chapter 2, Differences become ratios."),
        (-math.log(3), "The sign. The dog is the likelier one, so its score is the higher: the hen's is 0."),
        (math.log2(3), "This is the logarithm to base 2. The powers here are those of e."),
        (math.log10(3), "This is the logarithm to base 10. The powers here are those of e: `math.log`."),
        (math.log(4), "Three times the hen's weight, not its weight and three more."),
        (math.log(3) + 2, "The hen's score is 0 here, and not 2: only the difference counts."),
    ]
)
def dog_score():
    """Find the score that makes the dog three times as likely as the hen, whose score is 0."""
    return math.log(3)


@value(
    mistakes=[
        ((1, 0), "A weight of 1 has nothing to gain: p (1 − p) is 0 there. See chapter 2, Slopes."),
        ((1, ...), "At p = 1 the factor 1 − p is 0. See chapter 2, Slopes."),
        ((0, ...), "At p = 0 the factor p is 0. See chapter 2, Slopes."),
        ((0.5, 0.5), "The place is right. The slope is a product of two factors, p and 1 − p."),
        ((0.25, 0.5), "The right two numbers, in the wrong order: first p, then the slope."),
    ]
)
def steepest():
    """Find the weight p from 0 to 1 at which its own slope, p (1 - p), is largest, and that slope: two numbers."""
    return 1 / 2, 1 / 4


@function(
    cases=lambda rng: [
        (np.array([0.0, 1.0]),),
        (rng.normal(size=3),),
        (rng.normal(size=(3, 3)) * 2,),
        (rng.normal(size=(2, 4)) * 2,),
        (rng.normal(size=(2, 3, 4)),),
        (np.array([1000.0, 999.0, 998.0]),),
        (np.array([[-1000.0, -1001.0], [800.0, 820.0]]),),
    ],
    mistakes=[
        (
            lambda scores: softmax_by_hand(scores, shift=False),
            "nan for large scores: they overflow. See chapter 2, Break it: large scores.",
        ),
        (
            lambda scores: softmax_by_hand(scores, axis=0),
            "Softmax along the wrong axis: each row must sum to 1. See chapter 2, Break it: the wrong axis.",
        ),
        (
            lambda scores: softmax_by_hand(scores, axis=0, shift=False),
            "Softmax along the wrong axis, and large scores overflow. See chapter 2, Break it: large scores.",
        ),
        (
            lambda scores: softmax_by_hand(scores, axis=None),
            "All rows together sum to 1. Each row must, by itself: chapter 2, Many rows at once.",
        ),
        (
            lambda scores: softmax_by_hand(scores, axis=None, shift=False),
            "All rows together sum to 1, and large scores overflow. See chapter 2, Break it: large scores.",
        ),
        (
            lambda scores: np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum(-1, keepdims=True),
            "Each row needs its own maximum. If a row lies far below the others, all its powers round to 0.",
        ),
        (
            lambda scores: np.exp(scores - scores.max(-1, keepdims=True)),
            "Nothing sums to 1 yet: divide the powers by their total. See chapter 2, By hand.",
        ),
        (np.exp, "Nothing sums to 1 yet: divide the powers by their total. See chapter 2, By hand."),
        (
            lambda scores: cooled(scores, 1, keepdims=False),
            "The total of a row needs an axis of its own, of size 1: try `keepdims=True`.",
        ),
        (
            lambda scores: scores / scores.sum(-1, keepdims=True),
            "Where is e? You divide the scores by their total: chapter 2, Break it: divide by the total.",
        ),
        (
            lambda scores: softmax_by_hand(scores).T,
            "The weights are right, and their axes are turned round: transposed.",
        ),
        (
            lambda scores: attention.softmax(-scores),
            "The lowest score gets the largest weight: a sign is turned round.",
        ),
        (
            lambda scores: np.log(attention.softmax(scores)),
            "These are the logarithms of the weights.",
        ),
        (
            lambda scores: attention.softmax(scores * math.log(2)),
            "This is right but for the base: it raises 2 instead of e. See chapter 2, Does it have to be e?",
        ),
        (
            lambda scores: attention.softmax(scores, temperature=0),
            "This is the hard maximum: the winner takes all. See chapter 2, The two ends.",
        ),
        (
            lambda scores: attention.softmax(attention.softmax(scores)),
            "This is the softmax of the softmax. Once is enough: chapter 2, By hand.",
        ),
        (
            lambda scores: 1 / (1 + np.exp(-scores)),
            "This looks at each score alone (a sigmoid). The shares of a row must sum to 1: chapter 2, By hand.",
        ),
        (
            lambda scores: scores - scores.max(axis=-1, keepdims=True),
            "These are the scores, shifted. Now raise e to each, and divide by the total: chapter 2, By hand.",
        ),
    ],
)
def softmax(scores):
    """Write a softmax along the last axis, (..., m) -> (..., m), that large scores do not break."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def cooled(scores, temperature, keepdims=True):
    """The mended function, or with one of its bugs."""
    powers = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    return powers / powers.sum(axis=-1, keepdims=keepdims)


@function(
    cases=lambda rng: [
        (np.array([[0.0, 1.0], [2.0, 0.0]]), 2.0),
        (rng.normal(size=(3, 3)), 0.5),
        (rng.normal(size=(3, 3)), 1.0),
        (rng.normal(size=(2, 4)), 4.0),
    ],
    mistakes=[
        (
            lambda scores, temperature: cooled(scores, 1),
            "The temperature changes nothing yet: it cancels. See chapter 2, A knob: the temperature.",
        ),
        (
            lambda scores, temperature: cooled(scores, temperature, keepdims=False),
            "The rows do not sum to 1. `powers.sum(axis=-1)` is a row itself: what shape does it need?",
        ),
        (
            lambda scores, temperature: cooled(scores, 1, keepdims=False),
            "You have found neither of the two bugs yet. Multiply T by 10: what changes? And what does a row sum to?",
        ),
        (
            lambda scores, temperature: softmax_by_hand(scores / temperature, axis=0),
            "Softmax along the wrong axis: the columns sum to 1. See chapter 2, Break it: the wrong axis.",
        ),
        (
            lambda scores, temperature: cooled(scores, 1 / temperature),
            "Hot must be the more even, and yours is the sharper: chapter 2, A knob: the temperature.",
        ),
        (
            lambda scores, temperature: cooled(scores, 1) / temperature,
            "You divide the weights, so they no longer sum to 1: chapter 2, A knob: the temperature.",
        ),
        (
            lambda scores, temperature: np.exp(scores / temperature),
            "The powers are not yet divided by their total: chapter 2, Many rows at once.",
        ),
        (
            lambda scores, temperature: softmax_by_hand(scores / temperature, axis=None),
            "All rows together sum to 1. Each row must, by itself: chapter 2, Many rows at once.",
        ),
    ],
)
def cool(scores, temperature):
    """Mend a softmax with a temperature, (n, m) -> (n, m)."""
    return cooled(scores, temperature)


@function(
    cases=lambda rng: [
        (np.array([0.0, 1.0]),),
        (rng.normal(size=3),),
        (rng.normal(size=(2, 4)),),
        (np.array([0.0, -1000.0]),),
        (np.array([[1000.0, 999.0], [-1000.0, -1001.0]]),),
    ],
    mistakes=[
        (
            lambda scores: np.log(attention.softmax(scores)),
            "The tiny weight rounds to 0 before its logarithm is taken. Take the logarithm with the pencil first.",
        ),
        (
            lambda scores: scores - np.log(np.exp(scores).sum(-1, keepdims=True)),
            "The formula is right, but e¹⁰⁰⁰ overflows. See chapter 2, Break it: large scores.",
        ),
        (
            lambda scores: np.log(softmax_by_hand(scores, shift=False)),
            "The weights are computed first, and overflow or round to 0. Take the logarithm with the pencil first.",
        ),
        (
            lambda scores: scores - np.log(np.exp(scores - scores.max(-1, keepdims=True)).sum(-1, keepdims=True)),
            "Where the total is shifted by its maximum, the score must be, too, or the maximum be put back.",
        ),
        (attention.softmax, "These are the weights. Their logarithms are asked for."),
        (
            lambda scores: scores - scores.max(-1, keepdims=True),
            "The logarithm of the total is missing: the weights, e to your numbers, do not sum to 1.",
        ),
        (
            lambda scores: scores - np.logaddexp.reduce(scores.ravel()),
            "All rows share one total. Each row needs its own: chapter 2, Many rows at once.",
        ),
        (
            lambda scores: scores - np.logaddexp.reduce(scores, axis=0, keepdims=True),
            "The wrong axis: each row needs its own total. See chapter 2, Break it: the wrong axis.",
        ),
        (
            lambda scores: np.logaddexp.reduce(scores, axis=-1, keepdims=True) - scores,
            "The sign is turned round: the logarithm of a weight is never above 0.",
        ),
        *(
            (
                lambda scores, base=base: (scores - np.logaddexp.reduce(scores, axis=-1)[..., None]) / np.log(base),
                f"This is the logarithm to base {base}. The natural one is asked for, `np.log`.",
            )
            for base in (2, 10)
        ),
    ],
)
def log_softmax(scores):
    """Write the logarithm of the softmax along the last axis, (..., m) -> (..., m), without losing tiny weights."""
    lower = scores - scores.max(axis=-1, keepdims=True)
    return lower - np.log(np.exp(lower).sum(axis=-1, keepdims=True))
