"""The exercises of chapter 3. Each reference stands below its cases and the mistakes that learners make."""

import numpy as np

from .. import attention
from ._judge import function, value
from ._mistakes import softmax_by_hand, softmax_without_keepdims

__all__ = ["context", "exact_match", "look_back", "windows"]


@value(
    mistakes=[
        ((4, ..., ...), "So far away is the cue. A window reaches to both sides: chapter 3, I saw a saw."),
        ((5, ..., ...), "A window reaches as far to the right as to the left: chapter 3, I saw a saw."),
        ((8, ..., ...), "The word itself stands in its window, too: chapter 3, I saw a saw."),
        ((..., 50, ...), "Centred on the last word, half the window hangs over the end: chapter 3, I saw a saw."),
        ((..., 98, ...), "The word itself stands in its window, too: chapter 3, I saw a saw."),
        ((..., 100, ...), "A window has one word in the middle, so its width is odd: chapter 3, I saw a saw."),
        ((..., 101, ...), "From the first word to the last of 50 it is 49 steps, not 50: chapter 3, I saw a saw."),
        ((9, 99, 99 * 32), "So many numbers go in. Each hidden unit has a weight for each of them."),
        ((9, 99, 32 * 64), "So many weights are for one place of the window: chapter 3, Measure it."),
        ((9, 99, 99 * 64), "Each place of the window has 32 numbers, not one."),
        ((9, 99, 99 * 32 * 64 + 64), "Without the biases, please: chapter 3, Measure it."),
        (
            (..., ..., 50 * 32 * 64),
            "Each place of the window has weights of its own, filled or not: chapter 3, Measure it.",
        ),
    ]
)
def windows():
    """Work out two widths of windows, and the number of weights that the wider one needs: three whole numbers."""
    return 9, 99, 99 * 32 * 64


@value(
    mistakes=[
        ((1, 0, 0, ..., ...), "A score of 0 is not “no share”: e⁰ = 1. See chapter 2, By hand."),
        ((3, 1, 1, ..., ...), "These are the powers. Divide each by their total: chapter 2, By hand."),
        (
            (1 / 3, 1 / 3, 1 / 3, ..., ...),
            "Equal shares, for scores that differ? See chapter 3, A vector for each word.",
        ),
        (
            lambda *answers: abs(sum(answers[:3]) - 1) > 0.02,
            "The weights, the first three, must sum to 1: chapter 2, By hand.",
        ),
        (
            (..., ..., ..., 5, 5),
            "This is the plain mean of the states. Each counts by its weight: chapter 3, A vector for each word.",
        ),
        (
            (..., ..., ..., 15, 15),
            "This is the plain sum of the states. Each counts by its weight: chapter 3, A vector for each word.",
        ),
        (
            (..., ..., ..., 10, 0),
            "This is one state, whole. The others have shares, too: chapter 3, A vector for each word.",
        ),
        ((..., ..., ..., 6, 2), "The third state has a share in both numbers: chapter 3, A vector for each word."),
        ((..., ..., ..., 35, 15), "Use the weights here, not the powers: chapter 3, A vector for each word."),
        ((..., ..., ..., 3, 7), "The right two numbers, in the wrong order."),
    ]
)
def context():
    """Work out three weights from the scores ln 3, 0, 0, then the two numbers of the vector that they make."""
    return 3 / 5, 1 / 5, 1 / 5, 7, 3


def looked(S, H, W_q, W_k, v, *, bend=np.tanh, normalise=attention.softmax):
    """Contexts and weights; the hidden numbers bent, and the scores normalised, in the right way or in another."""
    weights = normalise(bend((S @ W_q)[:, None, :] + H @ W_k) @ v)
    return weights @ H, weights


def row_by_row(S, H, W_q, W_k, v):
    """Each state meets one other instead of all."""
    weights = attention.softmax(np.tanh(S @ W_q + H @ W_k) @ v)
    return weights @ H, weights


@function(
    cases=lambda rng: [
        tuple(np.round(rng.normal(size=shape), 1) for shape in [(n, d_s), (m, d_h), (d_s, d_a), (d_h, d_a), (d_a,)])
        for n, m, d_s, d_h, d_a in [(1, 2, 2, 2, 2), (3, 3, 2, 2, 2), (2, 3, 2, 2, 4), (4, 2, 3, 2, 3)]
    ],
    mistakes=[
        (
            lambda *arrays: looked(*arrays, normalise=lambda scores: attention.softmax(scores, axis=0)),
            "Softmax along the wrong axis: each row of shares must sum to 1. See chapter 3, A vector for each word.",
        ),
        (
            lambda *arrays: looked(*arrays, normalise=lambda scores: scores),
            "The scores are not yet shares that sum to 1: chapter 3, A vector for each word.",
        ),
        (
            lambda *arrays: looked(*arrays, normalise=np.exp),
            "The powers are not yet divided by their total: chapter 3, A vector for each word.",
        ),
        (
            lambda *arrays: looked(*arrays, normalise=softmax_without_keepdims),
            "The totals of the rows need an axis of their own: try `keepdims=True`. See chapter 2, Many rows at once.",
        ),
        (
            lambda *arrays: looked(*arrays, normalise=lambda scores: softmax_by_hand(scores, axis=None)),
            "All rows together sum to 1. Each must, by itself: chapter 2, Many rows at once.",
        ),
        (
            lambda *arrays: looked(*arrays, bend=lambda hidden: hidden),
            "The tanh is missing. Without it the decoder has no say: its part is the same for all source words, "
            "and cancels. See chapter 3, A vector for each word.",
        ),
        (
            lambda S, H, W_q, W_k, v: looked(0 * S, H, W_q, W_k, v),
            "The decoder has no say. First the sum, then the tanh: chapter 3, A vector for each word.",
        ),
        (
            lambda *arrays: looked(
                *arrays, bend=lambda hidden: hidden, normalise=lambda scores: attention.softmax(np.tanh(scores))
            ),
            "The tanh bends each hidden number, before v adds them up: chapter 3, A vector for each word.",
        ),
        (
            lambda S, H, W_q, W_k, v: looked(S, H, W_k, W_q, v),
            "The two matrices are exchanged. The decoder's states ask: chapter 3, Queries, keys and values.",
        ),
        (
            lambda S, H, W_q, W_k, v: looked(S, H, W_q, W_k, np.ones_like(v)),
            "The vector v is missing: it weighs the hidden numbers. See chapter 3, A vector for each word.",
        ),
        (
            lambda S, H, W_q, W_k, v: (looked(S, H, W_q, W_k, v)[0] @ W_k, looked(S, H, W_q, W_k, v)[1]),
            "What is handed over is the states as they are, without W_k: chapter 3, Queries, keys and values.",
        ),
        (
            lambda S, H, *rest: attention.attend(S @ H.T, H),
            "This scores with a dot product. A small network is asked for: chapter 3, A vector for each word.",
        ),
        (
            row_by_row,
            "Each of the n states meets each of the m, not row i row i: `S @ W_q` needs one more axis.",
        ),
        (
            lambda *arrays: looked(*arrays)[::-1],
            "The right two results, in the wrong order: first the contexts, then the weights.",
        ),
        (
            lambda *arrays: looked(
                *arrays, normalise=lambda scores: attention.softmax(scores / arrays[-1].shape[0] ** 0.5)
            ),
            "You divide by a root as well. That belongs to dot products, chapter 5; leave it out here.",
        ),
        (
            lambda *arrays: looked(*arrays, normalise=lambda scores: attention.softmax(attention.softmax(scores))),
            "You take the softmax twice. The weights sum to 1 already: chapter 3, A vector for each word.",
        ),
    ],
)
def look_back(S, H, W_q, W_k, v):
    """Write additive attention: states (n, d_s), (m, d_h), matrices, v -> contexts (n, d_h) and weights (n, m)."""
    return looked(S, H, W_q, W_k, v)


def hits(predicted, right):
    """For each word, as far as both sentences go, whether it is right."""
    return [a == b for a, b in zip(predicted.split(), right.split(), strict=False)]


def mean_of(judged):
    """The mean of a judgement of each sentence."""
    return lambda predicted, right: np.mean([judged(s, r) for s, r in zip(predicted, right, strict=False)])


@function(
    cases=lambda rng: [
        (["thanks", "the cat"], ["thanks", "the dog"]),
        (["i see", "thanks", "the dog sleeps"], ["i see you", "thanks", "the dog sleeps"]),
        (["i see you too", "thanks"], ["i see you", "thanks"]),
        (["the dog sees the cat", "i am here", "yes", "no"], ["the cat sees the dog", "i am here", "yes", "no"]),
        (["yes", "no"], ["no", "yes"]),
        (["no", "no", "yes"], ["no", "no", "no"]),
        (["here i am", "she is ill"], ["i am here", "she was ill"]),
    ],
    mistakes=[
        (
            lambda predicted, right: np.mean(sum(map(hits, predicted, right), [])),
            "You have found neither of the two bugs yet. Sentences count, not words: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda predicted, right: all(hits(predicted, right))),
            "A translation that stops too early, or goes on, counts as right: `zip` ends with the shorter of the two.",
        ),
        (
            lambda predicted, right: np.sum(sum(map(hits, predicted, right), [])) / len(" ".join(right).split()),
            "This is the share of words. A sentence with one wrong word is wrong: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda predicted, right: sum(hits(predicted, right)) / len(right.split())),
            "This is the mean share of words. A sentence with one wrong word is wrong: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda predicted, right: np.mean(hits(predicted, right))),
            "This is the mean share of words, as far as `zip` goes. One wrong word is enough: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda predicted, right: sorted(predicted.split()) == sorted(right.split())),
            "You do not look at the order of the words: the ingredients, not the recipe. See chapter 3, Exact match.",
        ),
        (
            mean_of(lambda predicted, right: len(predicted.split()) == len(right.split())),
            "You compare how long they are. Do they say the same? See chapter 3, Exact match.",
        ),
        (
            lambda predicted, right: sum(map(str.__eq__, predicted, right)),
            "This is how many are right. A share from 0 to 1 is asked for.",
        ),
        (
            mean_of(lambda predicted, right: 100 * (predicted == right)),
            "This is the percentage. A share from 0 to 1 is asked for.",
        ),
        (
            lambda predicted, right: predicted == right,
            "You ask whether all are right. How large a share is? Chapter 3, Exact match.",
        ),
    ],
)
def exact_match(predicted, right):
    """Mend the exact match: two lists of sentences -> the share, from 0 to 1, that is right."""
    return np.mean([s == r for s, r in zip(predicted, right, strict=False)])
