"""The exercises of chapter 13. Each reference stands below its cases and the mistakes that learners make."""

import numpy as np

from ..attention import softmax
from ._judge import function, value

__all__ = ["beam_step", "greedy", "kept_numbers", "three_widths", "top_p"]


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


def speak(follows, max_len, ends=True, first=0):
    """Greedy decoding with a table; `ends`: stop after <eos>; `first`: where it begins."""
    ids, p, word = [], 1.0, first
    while len(ids) < max_len and not (ends and word == 1):
        p, word = p * follows[word].max(), follows[word].argmax()
        ids.append(word)
    return np.array(ids), p


def chain(rng, size, words):
    """A table of what follows what; the likeliest way is `words` words long, and ends in <eos>."""
    way = [0, *(rng.permutation(size - 2)[: words - 1] + 2), 1]
    follows = rng.dirichlet(np.ones(size), size)
    follows[way[:-1], way[1:]] += 1
    follows[:, 0] = 0
    return follows / follows.sum(axis=-1, keepdims=True)


TABLE = np.array([[0.0, 0.1, 0.6, 0.3], [0.0, 0.4, 0.1, 0.5], [0.0, 0.2, 0.1, 0.7], [0.0, 0.8, 0.15, 0.05]])


@function(
    cases=lambda rng: [
        (TABLE, 5),
        (TABLE, 2),
        *((chain(rng, size, words), max_len) for size, words, max_len in [(5, 4, 8), (6, 5, 3), (6, 3, 1), (7, 5, 9)]),
    ],
    mistakes=[
        (
            lambda follows, max_len: speak(follows, max_len, ends=False),
            "It talks on after <eos>. That word ends the sentence: chapter 13, One word after another.",
        ),
        (
            lambda follows, max_len: (
                (found := speak(follows, max_len))[0][: len(found[0]) - (found[0][-1] == 1)],
                found[1],
            ),
            "The ids should end with that of <eos>, if it was said. (Its probability is counted, and rightly.)",
        ),
        (
            lambda follows, max_len: (np.append(0, (found := speak(follows, max_len))[0]), found[1]),
            "<bos> was given, not said: leave its id out. See chapter 13, One word after another.",
        ),
        (
            lambda follows, max_len: (np.full(max_len, follows[0].argmax()), follows[0].max() ** max_len),
            "You ask the same question each time. Ask about the word just written: chapter 13, One word after another.",
        ),
        (
            lambda follows, max_len: speak(follows.T, max_len),
            "You read a column. What comes after word i stands in *row* i.",
        ),
        (
            lambda follows, max_len: speak(follows, max_len, first=1, ends=False),
            "It begins after <eos>, id 1. The sentence begins after <bos>, id 0.",
        ),
        (
            lambda follows, max_len: (
                (ids := speak(follows, max_len)[0]),
                sum(follows[a, b] for a, b in zip([0, *ids], ids, strict=False)),
            ),
            "The right words. But their probabilities are multiplied: chapter 13, Greedy loses.",
        ),
        (
            lambda follows, max_len: ((found := speak(follows, max_len))[0], np.log(found[1])),
            "The right words, and the logarithm of their probability. The probability itself is asked for.",
        ),
        (
            lambda follows, max_len: ((ids := speak(follows, max_len)[0]), follows[[0, *ids][-2], ids[-1]]),
            "The right words, and the probability of the last one. What about the whole sentence? "
            "Chapter 13, Greedy loses.",
        ),
        (
            lambda follows, max_len: speak(follows, max_len=100),
            "It goes on when `max_len` words are said.",
        ),
        (
            lambda follows, max_len: speak(follows, max_len + 1),
            "One word too many: `max_len` is the most that may be said, <eos> among them.",
        ),
        (
            lambda follows, max_len: speak(follows, max_len - 1),
            "One word too few: `max_len` words may be said, and <bos> is not one of them.",
        ),
        (
            lambda follows, max_len: ((ids := speak(follows, max_len))[0], ids[1] ** (1 / len(ids[0]))),
            "The right words, and the mean probability of a word. That of the sentence is the product: chapter 13, "
            "Greedy loses.",
        ),
    ],
)
def greedy(follows, max_len):
    """Write greedy decoding: a table (V, V) of what follows word i, the most words -> ids, their probability."""
    return speak(follows, max_len)


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
    nucleus = np.zeros(len(p), bool)
    nucleus[order] = keep(p[order], np.cumsum(p[order]) - p[order])
    return p * nucleus / ((p * nucleus).sum() if share else 1)


def unsorted(p, limit):
    """The words are taken as they stand."""
    nucleus = p * (np.cumsum(p) - p < limit)
    nucleus[0] = p[0]
    return nucleus / nucleus.sum()


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
