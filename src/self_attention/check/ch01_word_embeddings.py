"""The exercises of chapter 1. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from ._judge import function, value

__all__ = ["by_chance", "company", "cosines", "nearest"]


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
        (
            lambda text, words, reach: 2 * met(text, words, range(1, reach + 1)),
            "Each meeting is counted twice: chapter 1, By hand.",
        ),
    ],
)
def company(text, words, reach):
    """Mend a count of company: a text with a sentence on each line, its words in order, the reach -> (size, size)."""
    return met(text, words, range(1, reach + 1))
