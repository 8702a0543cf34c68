"""The exercises of chapters 1 to 4. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention
from ._engine import function, value

__all__ = [
    "anything_but",
    "by_chance",
    "company",
    "context",
    "cool",
    "cosines",
    "dog_score",
    "exact_match",
    "log_softmax",
    "look_back",
    "nearest",
    "next_kind",
    "same_key",
    "shares",
    "soft_lookup",
    "softmax",
    "steepest",
    "three_roles",
    "windows",
]


# Chapter 1: words as vectors


@value(
    mistakes=[
        (
            (50, 0, -25),
            "These are the dot products. Divide each by both lengths: chapter 1, The angle between two words.",
        ),
        ((0, 90, 180), "These are the angles. Their cosines are asked for: chapter 1, The angle between two words."),
        (
            lambda a, b, c: a in (5, 10) and c == -5,
            "You divided by one of the two lengths. It takes both: chapter 1, The angle between two words.",
        ),
        ((2, ..., ...), "A cosine does not see how long a vector is: chapter 1, The angle between two words."),
        ((0, ..., ...), "The angle is 0, so its cosine is not: chapter 1, The angle between two words."),
        ((..., 1, ...), "Multiply in pairs and add up: −12 + 12. See chapter 1, Compare two vectors."),
        ((..., ..., 1), "The third one points the other way: chapter 1, The angle between two words."),
        (
            lambda *cosines: max(abs(c) for c in cosines) > 1.01,
            "A cosine is never above 1 or below −1: chapter 1, The angle between two words.",
        ),
    ]
)
def cosines():
    """Work out the cosines of [3, 4] with [6, 8], with [-4, 3] and with [-3, -4]: three numbers."""
    return 1, 0, -1


@value(
    mistakes=[
        ((0.01, ..., ...), "This is the share of tea. And drinks has 200 meetings: chapter 1, Break it: raw counts."),
        ((1, ..., ...), "One in a hundred, and drinks has twice a hundred meetings: chapter 1, Break it: raw counts."),
        ((16, ..., ...), "So often they met. How often would they, by chance? Chapter 1, Break it: raw counts."),
        ((..., 1 / 8, ...), "Upside down: divide how often they met by this: chapter 1, Break it: raw counts."),
        ((..., 14, ...), "This is the difference. Divide one by the other: chapter 1, Break it: raw counts."),
        (
            (..., 0.08, ...),
            "You divided by all 200 meetings. Divide by those to be expected: chapter 1, Break it: raw counts.",
        ),
        ((2, 8, 8), "This is the ratio again. Which power of 2 is it? Chapter 1, Break it: raw counts."),
        ((2, 8, math.log(8)), "This is the natural logarithm. To which base? Chapter 1, Break it: raw counts."),
        ((2, 8, math.log10(8)), "This is the logarithm to base 10. To which base? Chapter 1, Break it: raw counts."),
        ((2, 8, -3), "The sign: who meets more often than by chance gets more than 0."),
        ((2, 8, 0), "0 is for those who meet less often than by chance: chapter 1, Break it: raw counts."),
    ]
)
def by_chance():
    """Work out how often two words would meet by chance, the ratio, and its logarithm to base 2: three numbers."""
    return 2, 8, 3


def cosines_with(E, i, axis=-1):
    """The cosines of all words with word i; axis 0 divides by the wrong lengths."""
    unit = E / np.linalg.norm(E, axis=axis, keepdims=True)
    return unit @ unit[i]


def best_other(alike, i, own=-np.inf):
    """The place of the largest number but for place i, whose own number is replaced."""
    return int(np.where(np.arange(len(alike)) == i, own, alike).argmax())


@function(
    cases=lambda rng: [
        (np.array([[4.0, 3.0], [3.0, 4.0], [0.0, 10.0]]), 0),
        (np.array([[4.0, 3.0], [3.0, 4.0], [0.0, 10.0]]), 2),
        (np.array([[1.0, 0.0], [0.5, 1.0], [10.0, 1.0]]), 0),
        (np.array([[1.0, 0.0], [-1.0, 1.0], [-2.0, -1.0]]), 0),
        *[(rng.normal(size=(6, 3)), i) for i in range(5)],
    ],
    mistakes=[
        (lambda E, i: i, "No word is more like it than itself. Leave it out: chapter 1, With 20,000 sentences."),
        (
            lambda E, i: best_other(E @ E[i], i),
            "A long vector wins. Divide by the lengths, that of the other word above all: "
            "chapter 1, The angle between two words.",
        ),
        (
            lambda E, i: int((E @ E[i]).argmax()),
            "A long vector wins, and the word itself takes part: chapter 1, The angle between two words.",
        ),
        (
            lambda E, i: int(np.argsort(E @ E[i])[-2]),
            "By the dot product the word itself need not come first: chapter 1, The angle between two words.",
        ),
        (
            lambda E, i: best_other(-np.linalg.norm(E - E[i], axis=-1), i),
            "This is the distance, which depends on the lengths, too: chapter 1, The angle between two words.",
        ),
        (
            lambda E, i: int(cosines_with(E, i).argmin()),
            "This is the word with the smallest cosine: chapter 1, The angle between two words.",
        ),
        (
            lambda E, i: int(np.argsort(cosines_with(E, i))[1]),
            "`argsort` sorts upwards: the largest cosines stand at the end. See chapter 1, With 20,000 sentences.",
        ),
        (
            lambda E, i: best_other(np.abs(cosines_with(E, i)), i),
            "The sign counts: a cosine of −1 is far, not near. See chapter 1, The angle between two words.",
        ),
        (
            lambda E, i: best_other(cosines_with(E, i), i, own=0),
            "All other cosines may be below 0, and then your 0 for the word itself wins.",
        ),
        (
            lambda E, i: int(np.delete(cosines_with(E, i), i).argmax()),
            "Where one word is left out, all that come after it move up, so their ids no longer fit.",
        ),
        (
            lambda E, i: max(c for j, c in enumerate(cosines_with(E, i)) if j != i),
            "This is the largest cosine. The id of the word that has it is asked for.",
        ),
        (
            lambda E, i: best_other(cosines_with(E, i, axis=0), i),
            "You divide by the lengths of the columns. A word is a row: chapter 1, A table of vectors.",
        ),
        (
            lambda E, i: E[best_other(cosines_with(E, i), i)],
            "This is the word's vector. Its id is asked for, the number of its row: chapter 1, A table of vectors.",
        ),
    ],
)
def nearest(E, i):
    """Write the search for the other word whose cosine with word i is largest: (size, d), i -> its id."""
    return best_other(cosines_with(E, i), i)


def met(text, words, steps, lines=True, both=True):
    """The counts of words that stand so many steps apart; or across the ends of lines, or on one side only."""
    counts = np.zeros((len(words), len(words)))
    for line in text.splitlines() if lines else [text]:
        row = [words.index(word) for word in line.split()]
        for step in steps:
            for a, b in zip(row, row[step:], strict=False):
                counts[a, b] += 1
    return counts + counts.T if both else counts


def met_around(text, words, reach, itself=False):
    """The counts, place by place, with one of two bugs: the word itself, or places before the first."""
    counts = np.zeros((len(words), len(words)))
    for line in text.splitlines():
        row = [words.index(word) for word in line.split()]
        for place in range(len(row)):
            for other in range(place - reach, place + reach + 1):
                if other < len(row) and (other >= 0 if itself else other != place):
                    counts[row[place], row[other]] += 1
    return counts


@function(
    cases=lambda rng: [
        ("cat sings\nthe cat", ["cat", "sings", "the"], 1),
        ("the cat sings\nsings the the", ["cat", "dog", "sings", "the"], 1),
        ("the sings cat the\ncat cat sings the sings", ["sings", "the", "cat"], 2),
        ("cat\nthe sings cat sings sings the", ["the", "cat", "sings", "is", "my"], 3),
        ("\n".join(" ".join(rng.choice(["cat", "my", "the"], 5)) for _ in range(3)), ["my", "cat", "the", "sings"], 2),
    ],
    mistakes=[
        (
            lambda text, words, reach: met(text, words, range(1, reach + 1), lines=False),
            "The last word of a line meets the first of the next. Count each line by itself: chapter 1, By hand.",
        ),
        (
            lambda text, words, reach: met(text, words, range(1, reach)),
            "It looks one step less far than `reach` says. Where does `range(1, reach)` end?",
        ),
        (
            lambda text, words, reach: met(text, words, range(1, reach), lines=False),
            "You have found neither of the two bugs yet. What should two lines and a reach of 1 give?",
        ),
        (
            lambda text, words, reach: met(text, words, [reach]),
            "Only those count who stand `reach` steps away. What about the nearer ones? See chapter 1, By hand.",
        ),
        (
            lambda text, words, reach: met(text, words, range(1, reach + 1), both=False),
            "You count those who come after, not those who come before: chapter 1, By hand.",
        ),
        (
            lambda text, words, reach: np.minimum(met(text, words, range(1, reach + 1)), 1),
            "You note whether two words met at all. How often did they? See chapter 1, With 20,000 sentences.",
        ),
        (
            lambda text, words, reach: met(text, words, range(1, reach + 1)) * (1 - np.eye(len(words))),
            "If a word stands twice in a sentence, it meets its like, and that counts as well.",
        ),
        (
            lambda text, words, reach: met_around(text, words, reach, itself=True),
            "Each word is counted as its own company: leave out the place where it stands.",
        ),
        (met_around, "In Python `row[-1]` is the last word. Before the first word there is none."),
    ],
)
def company(text, words, reach):
    """Mend a count of company: a text with a sentence on each line, its words in order, the reach -> (size, size)."""
    return met(text, words, range(1, reach + 1))


# Chapter 2: softmax


def along(axis, careful=True):
    """A softmax along one axis, or along all with None; without care it overflows."""

    def weigh(scores):
        powers = np.exp(scores - careful * scores.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)

    return weigh


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
        (along(-1, careful=False), "nan for large scores: they overflow. See chapter 2, Break it: large scores."),
        (along(0), "Softmax along the wrong axis: each row must sum to 1. See chapter 2, Break it: the wrong axis."),
        (
            along(0, careful=False),
            "Softmax along the wrong axis, and large scores overflow. See chapter 2, Break it: large scores.",
        ),
        (along(None), "All rows together sum to 1. Each row must, by itself: chapter 2, Many rows at once."),
        (
            along(None, careful=False),
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
            lambda scores: along(-1)(scores).T,
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
            lambda scores, temperature: along(0)(scores / temperature),
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
            lambda scores: np.log(along(-1, careful=False)(scores)),
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
    ],
)
def log_softmax(scores):
    """Write the logarithm of the softmax along the last axis, (..., m) -> (..., m), without losing tiny weights."""
    lower = scores - scores.max(axis=-1, keepdims=True)
    return lower - np.log(np.exp(lower).sum(axis=-1, keepdims=True))


# Chapter 3: one vector, and a look back


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


def looked(S, H, W_q, W_k, v, bend=np.tanh, normalise=attention.softmax):
    """Contexts and weights; the hidden numbers bent, and the scores normalised, in the right way or in another."""
    weights = normalise(bend((S @ W_q)[:, None, :] + H @ W_k) @ v)
    return weights @ H, weights


def row_by_row(S, H, W_q, W_k, v):
    """Each state meets one other instead of all."""
    weights = attention.softmax(np.tanh(S @ W_q + H @ W_k) @ v)
    return weights @ H, weights


def crooked(scores):
    """A softmax whose totals lack an axis, so that they divide columns."""
    return np.exp(scores) / np.exp(scores).sum(axis=-1)


def together(scores):
    """A softmax of the whole table."""
    return np.exp(scores) / np.exp(scores).sum()


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
            lambda *arrays: looked(*arrays, normalise=crooked),
            "The totals of the rows need an axis of their own: try `keepdims=True`. See chapter 2, Many rows at once.",
        ),
        (
            lambda *arrays: looked(*arrays, normalise=together),
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
    ],
)
def look_back(S, H, W_q, W_k, v):
    """Write additive attention: states (n, d_s), (m, d_h), matrices, v -> contexts (n, d_h) and weights (n, m)."""
    return looked(S, H, W_q, W_k, v)


def hits(said, right):
    """For each word, as far as both sentences go, whether it is right."""
    return [a == b for a, b in zip(said.split(), right.split(), strict=False)]


def mean_of(judged):
    """The mean of what is said about each sentence."""
    return lambda said, right: np.mean([judged(s, r) for s, r in zip(said, right, strict=False)])


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
            lambda said, right: np.mean(sum(map(hits, said, right), [])),
            "You have found neither of the two bugs yet. Sentences count, not words: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda said, right: all(hits(said, right))),
            "A translation that stops too early, or goes on, counts as right: `zip` ends with the shorter of the two.",
        ),
        (
            lambda said, right: np.sum(sum(map(hits, said, right), [])) / len(" ".join(right).split()),
            "This is the share of words. A sentence with one wrong word is wrong: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda said, right: sum(hits(said, right)) / len(right.split())),
            "This is the mean share of words. A sentence with one wrong word is wrong: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda said, right: np.mean(hits(said, right))),
            "This is the mean share of words, as far as `zip` goes. One wrong word is enough: chapter 3, Exact match.",
        ),
        (
            mean_of(lambda said, right: sorted(said.split()) == sorted(right.split())),
            "You do not look at the order of the words: the ingredients, not the recipe. See chapter 3, Exact match.",
        ),
        (
            mean_of(lambda said, right: len(said.split()) == len(right.split())),
            "You compare how long they are. Do they say the same? See chapter 3, Exact match.",
        ),
        (
            lambda said, right: sum(map(str.__eq__, said, right)),
            "This is how many are right. A share from 0 to 1 is asked for.",
        ),
        (
            mean_of(lambda said, right: 100 * (said == right)),
            "This is the percentage. A share from 0 to 1 is asked for.",
        ),
        (
            lambda said, right: said == right,
            "You ask whether all are right. How large a share is? Chapter 3, Exact match.",
        ),
    ],
)
def exact_match(said, right):
    """Mend the exact match: two lists of sentences -> the share, from 0 to 1, that is right."""
    return np.mean([s == r for s, r in zip(said, right, strict=False)])


# Chapter 4: queries, keys and values


@value(
    mistakes=[
        (([2, 0, 1], ...), "The sign: the query is [−1, 0]. See chapter 4, First, a score for each title."),
        (
            ([0, 2, 1], ...),
            "These are the scores of [0, 1], machines. Multiply in pairs: chapter 4, First, a score for each title.",
        ),
        (
            ([-2, -2, -2], ...),
            "The second number of each key meets the 0 of the query: chapter 4, First, a score for each title.",
        ),
        (
            (..., [0.67, 0.09, 0.24]),
            "These are the weights of [1, 0]. Now the largest score is that of the steam engines.",
        ),
        ((..., [0, 1, 0]), "So hard it is at temperature 0. See chapter 4, Second, a share for each document."),
        (
            (..., [2 / 3, 0, 1 / 3]),
            "You divided the scores themselves. First raise e to each: chapter 4, Second, a share for each document.",
        ),
        (
            (..., [math.exp(-2), 1, math.exp(-1)]),
            "These are the powers. Divide each by their total: chapter 4, Second, a share for each document.",
        ),
        (
            lambda scores, weights: abs(sum(weights) - 1) > 0.02,
            "The weights must sum to 1: chapter 4, Second, a share for each document.",
        ),
    ]
)
def anything_but():
    """Work out the scores and the weights of the query [-1, 0] in the library of three: two lists of three numbers."""
    return [-2, 0, -1], attention.softmax(np.array([-2.0, 0.0, -1.0])).tolist()


POWERS = np.exp([2, 0, 1])


@value(
    mistakes=[
        (
            ((8 * POWERS[0] + 4 * POWERS[2]) / POWERS.sum(), ...),
            "So it was before. The new one takes a share: chapter 4, Second, a share for each document.",
        ),
        (
            ((4 * POWERS[0] + 2 * POWERS[2]) / POWERS.sum(), ...),
            "Not quite half: the total grows from 11.1 to 18.5. See chapter 4, Third, a blend of the contents.",
        ),
        ((3.8, ...), "Nearly. If you round the weights on the way, keep a third decimal."),
        (
            (8 * POWERS[0] / (POWERS.sum() + POWERS[0]), ...),
            "The horse has pages on food, too: chapter 4, Third, a blend of the contents.",
        ),
        ((4, ...), "This is the answer for temperature 0: chapter 4, From soft to hard."),
        ((..., 8), "Two have the largest score now. Which of them wins? See chapter 4, From soft to hard."),
        ((..., 0), "Two have the largest score now, and neither wins alone: chapter 4, From soft to hard."),
    ]
)
def same_key():
    """Work out the pages on food that come back at temperature 1 and at temperature 0: two numbers."""
    return (8 * POWERS[0] + 4 * POWERS[2]) / (POWERS.sum() + POWERS[0]), 4


@value(
    mistakes=[
        (
            [[-0.5, -1], [0.75, -0.5]],
            "This is the matrix of the chapter, one kind back: chapter 4, Two features: now it helps.",
        ),
        (
            [[-0.5, 0.75], [-1, -0.5]],
            "This is “one kind back”, transposed. What is [2, 0] times it? Chapter 4, Two features: now it helps.",
        ),
        (
            [[-0.5, -0.75], [1, -0.5]],
            "Transposed: a word is a row, and stands to the left of its matrix, `X @ W_q`.",
        ),
        ([[1, 0], [0, 1]], "So each word asks for its own kind: chapter 4, Two features: now it helps."),
        (
            [[0.5, 1], [-0.75, 0.5]],
            "This is “one kind back” with all signs turned round: it looks away from the kind before.",
        ),
        (
            [[-1, 2], [-1, -2]],
            "With these vectors 2 and 3 must ask. Which matrix makes them out of [2, 0] and [−1, 2]?",
        ),
    ]
)
def next_kind():
    """Find the matrix that makes each word ask with the vector of the kind after its own: (2, 2)."""
    return [[-0.5, 1], [-0.75, -0.5]]


def found(Q, K, V, temperature=1, axis=-1):
    """The soft look-up, along the right axis or another."""
    return attention.softmax(Q @ K.T, axis=axis, temperature=temperature) @ V


@function(
    cases=lambda rng: [
        (*rng.normal(size=(3, 2, 2)), 0.5),
        (
            np.array([[1.0, 0.0]]),
            np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]]),
            np.array([[8.0, 0.0, 0.0], [0.0, 6.0, 4.0], [4.0, 0.0, 6.0]]),
            1.0,
        ),
        (rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(4, 3)), 2.0),
        (rng.normal(size=(2, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), 0.25),
    ],
    mistakes=[
        (
            lambda Q, K, V, temperature: found(Q, K, V, temperature, axis=0),
            "Softmax along the wrong axis: each row must sum to 1. See chapter 4, Three stages, three shapes.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V),
            "The temperature changes nothing yet: chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V, 1 / temperature),
            "Hot must be the more even, and yours is the sharper: chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V) / temperature,
            "The temperature divides the scores, before the softmax: chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V, temperature * Q.shape[-1] ** 0.5),
            "You divide by a root as well. That has its reasons, in chapter 5; here it is the temperature alone.",
        ),
        (
            lambda Q, K, V, temperature: Q @ K.T / temperature @ V,
            "The scores are not yet shares that sum to 1: chapter 4, Three stages, three shapes.",
        ),
        (
            lambda Q, K, V, temperature: np.exp(Q @ K.T / temperature) @ V,
            "The powers are not yet divided by their total: chapter 4, Second, a share for each document.",
        ),
        (
            lambda Q, K, V, temperature: crooked(Q @ K.T / temperature) @ V,
            "The totals of the rows need an axis of their own: try `keepdims=True`. See chapter 2, Many rows at once.",
        ),
        (
            lambda Q, K, V, temperature: together(Q @ K.T / temperature) @ V,
            "All rows together sum to 1. Each must, by itself: chapter 2, Many rows at once.",
        ),
        (
            lambda Q, K, V, temperature: attention.softmax(Q @ K.T / temperature),
            "These are the weights. Take home a blend of the values: chapter 4, Third, a blend of the contents.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, K, temperature),
            "Those are catalogue cards, the keys. The values are asked for: chapter 4, And one vector for both?",
        ),
        (
            lambda Q, K, V, temperature: found(Q, V, V, temperature),
            "The values take no part in the scores: chapter 4, Break it: let the value vote.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K, V, 0),
            "This is the hard look-up: the best title takes all. See chapter 4, From soft to hard.",
        ),
        (
            lambda Q, K, V, temperature: found(Q, K.T, V, temperature),
            "`Q @ K` multiplies by the columns of K. A title is a row: chapter 4, Three stages, three shapes.",
        ),
    ],
)
def soft_lookup(Q, K, V, temperature):
    """Write the soft look-up, (n, d_k), (m, d_k), (m, d_v) and a temperature above 0 -> (n, d_v)."""
    return found(Q, K, V, temperature)


@function(
    cases=lambda rng: [
        tuple(rng.normal(size=shape) for shape in [(n, d), (d, d_k), (d, d_k), (d, d_v)])
        for n, d, d_k, d_v in [(2, 2, 2, 2), (3, 2, 2, 2), (4, 3, 2, 4), (3, 4, 4, 2)]
    ],
    mistakes=[
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_q, X @ W_v),
            "The scores are still mutual: two of the three roles are made by one matrix. "
            "See chapter 4, From a library to a sentence.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_k, X @ W_k, X @ W_v),
            "Still mutual, now with the other matrix for two of the roles: chapter 4, From a library to a sentence.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_k, X @ W_q, X @ W_v),
            "Here is the second bug: the keys ask, and the queries are asked. Rows are queries: "
            "chapter 4, Three stages, three shapes.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X),
            "The words themselves are summed, not values: chapter 4, What is summed, and is it symmetric?",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X @ W_k),
            "The keys are summed, not the values: chapter 4, What is summed, and is it symmetric?",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X @ W_v, W_q.shape[1] ** 0.5),
            "You divide by a root as well. That has its reasons, in chapter 5; leave it out here.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X @ W_k, X @ W_v, axis=0),
            "Softmax along the wrong axis: each row must sum to 1. See chapter 4, Three stages, three shapes.",
        ),
        (
            lambda X, W_q, W_k, W_v: (X @ W_q) @ (X @ W_k).T @ (X @ W_v),
            "The softmax has got lost: the scores are not yet shares. See chapter 4, Three stages, three shapes.",
        ),
        (
            lambda X, W_q, W_k, W_v: found(X @ W_q, X, X @ W_v),
            "The keys are the words themselves, and W_k does nothing: chapter 4, From a library to a sentence.",
        ),
    ],
)
def three_roles(X, W_q, W_k, W_v):
    """Mend self-attention without a division by a root, (n, d_model) and three matrices -> (n, d_v)."""
    return found(X @ W_q, X @ W_k, X @ W_v)
