"""Answers to the exercises of chapter 1."""

import math

import numpy as np
import torch


def nearest_in_loops(E, i):
    best, best_cosine = None, -2
    for j in range(len(E)):
        dot = sum(a * b for a, b in zip(E[i], E[j], strict=True))
        lengths = math.sqrt(sum(a * a for a in E[i])) * math.sqrt(sum(b * b for b in E[j]))
        if j != i and dot / lengths > best_cosine:
            best, best_cosine = j, dot / lengths
    return best


def nearest_by_sorting(E, i):
    unit = E / np.linalg.norm(E, axis=1, keepdims=True)
    return np.argsort(unit @ unit[i])[-2]


def nearest_in_torch(E, i):
    return torch.cosine_similarity(E, E[i : i + 1]).topk(2).indices[1]


def nearest_by_dot_product(E, i):
    scores = E @ E[i]
    scores[i] = -1e9
    return scores.argmax()


def nearest_with_half_a_cosine(E, i):
    scores = E @ E[i] / np.linalg.norm(E[i])
    scores[i] = float("-inf")
    return int(np.argmax(scores))


def nearest_in_space(E, i):
    order = np.argsort(((E - E[i]) ** 2).sum(axis=1))
    return order[1]


def nearest_with_zero_for_itself(E, i):
    cosines = (E @ E[i]) / (np.linalg.norm(E, axis=1) * np.linalg.norm(E[i]))
    cosines[i] = 0
    return cosines.argmax()


def nearest_without_itself(E, i):
    others = np.concatenate([E[:i], E[i + 1 :]])
    cosines = others @ E[i] / np.linalg.norm(others, axis=1)
    return cosines.argmax()


def nearest_of_columns(E, i):
    unit = E / np.linalg.norm(E, axis=0)
    order = np.argsort(-(unit @ unit[i])).tolist()
    return [j for j in order if j != i][0]


def cosine_of(E, i):
    unit = torch.nn.functional.normalize(E, dim=1)
    return unit @ unit[i]


def company_around(text, words, reach):
    counts = [[0] * len(words) for _ in words]
    for sentence in text.split("\n"):
        tokens = sentence.split()
        for p, word in enumerate(tokens):
            for q in range(max(0, p - reach), min(len(tokens), p + reach + 1)):
                if q != p:
                    counts[words.index(word)][words.index(tokens[q])] += 1
    return counts


def company_in_torch(text, words, reach):
    counts = torch.zeros(len(words), len(words))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i in range(len(row)):
            for j in range(i + 1, min(i + reach + 1, len(row))):
                counts[row[i], row[j]] += 1
                counts[row[j], row[i]] += 1
    return counts


def company_as_it_stood(text, words, reach):
    row = [words.index(word) for word in text.split()]
    counts = np.zeros((len(words), len(words)))
    for step in range(1, reach):
        for a, b in zip(row, row[step:], strict=False):
            counts[a, b] += 1
    return counts + counts.T


def company_across_lines(text, words, reach):
    return company_around(text.replace("\n", " "), words, reach)


def company_one_step_short(text, words, reach):
    return company_around(text, words, reach - 1)


def company_that_follows(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i in range(len(row)):
            for other in row[i + 1 : i + 1 + reach]:
                counts[row[i], other] += 1
    return counts


def company_at_one_distance(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for a, b in zip(row, row[reach:], strict=False):
            counts[a, b] += 1
            counts[b, a] += 1
    return counts


def company_or_none(text, words, reach):
    return (np.array(company_around(text, words, reach)) > 0).astype(int)


def company_of_others(text, words, reach):
    counts = np.array(company_around(text, words, reach))
    np.fill_diagonal(counts, 0)
    return counts


def company_with_itself(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i, a in enumerate(row):
            for b in row[max(0, i - reach) : i + reach + 1]:
                counts[a, b] += 1
    return counts


def company_round_the_corner(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i in range(len(row)):
            for step in range(1, reach + 1):
                counts[row[i], row[i - step]] += 1
                if i + step < len(row):
                    counts[row[i], row[i + step]] += 1
    return counts


def company_twice(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for line in text.splitlines():
        row = line.split()
        for i, a in enumerate(row):
            for j, b in enumerate(row):
                if 0 < abs(i - j) <= reach:
                    counts[words.index(a), words.index(b)] += 1
                    counts[words.index(b), words.index(a)] += 1
    return counts


ANSWERS = {
    "cosines": {
        "right": [(1, 0, -1), ([1.0, 0.0, -1.0],), (torch.tensor(1.0), np.float64(0), -50 / 50)],
        "wrong": [
            ((50, 0, -25), "the dot products"),
            ((0, 90, 180), "These are the angles"),
            ((5, 0, -5), "one of the two lengths"),
            ((10, 0, -5), "one of the two lengths"),
            ((2, 0, -1), "does not see how long"),
            ((0, 0, -1), "so its cosine is not"),
            ((1, 1, -1), "Multiply in pairs"),
            ((1, 0, 1), "the other way"),
            ((1, -7, -1), "never above 1"),
            ((1, 0, -0.5), "Answer 3 of 3 is not -0.5. Too large."),
        ],
    },
    "by_chance": {
        "right": [(2, 8, 3), (200 / 100, 16 / 2, np.log2(8)), (torch.tensor([2, 8, 3]),)],
        "wrong": [
            ((0.01, 8, 3), "the share of tea"),
            ((1, 16, 4), "twice a hundred"),
            ((16, 1, 0), "So often they met"),
            ((2, 0.125, -3), "Upside down"),
            ((2, 14, 3.81), "the difference"),
            ((2, 0.08, -3.64), "all 200"),
            ((2, 8, 8), "Which power of 2"),
            ((2, 8, 2.08), "natural logarithm"),
            ((2, 8, 0.9), "base 10"),
            ((2, 8, -3), "The sign"),
            ((2, 8, 0), "less often than by chance"),
            ((2, 8, 4), "Answer 3 of 3 is not 4. Too large."),
        ],
    },
    "nearest": {
        "right": [nearest_in_loops, nearest_by_sorting, nearest_in_torch],
        "wrong": [
            (lambda E, i: cosine_of(E, i).argmax(), "Leave it out"),
            (nearest_by_dot_product, "A long vector wins. Divide"),
            (nearest_with_half_a_cosine, "A long vector wins. Divide"),
            (lambda E, i: (E @ E[i]).argmax(), "the word itself takes part"),
            (lambda E, i: torch.topk(E @ E[i], 2).indices[1], "need not come first"),
            (nearest_in_space, "This is the distance"),
            (lambda E, i: cosine_of(E, i).sort().indices[1], "sorts upwards"),
            (lambda E, i: cosine_of(E, i).argmin(), "smallest cosine"),
            (lambda E, i: cosine_of(E, i).abs().topk(2).indices[1], "The sign counts"),
            (nearest_with_zero_for_itself, "your 0 for the word itself"),
            (nearest_without_itself, "move up"),
            (lambda E, i: cosine_of(E, i).topk(2).values[1], "The id of the word"),
            (nearest_of_columns, "the lengths of the columns"),
            (lambda E, i: E[nearest_in_loops(E, i)], "This is the word's vector"),
            (lambda E, i: cosine_of(E, i), "Expected the shape ()"),
            (lambda E, i: np.array([nearest_in_loops(E, i)]), "(an axis of length 1 too many)"),
        ],
    },
    "company": {
        "right": [company_around, company_in_torch],
        "wrong": [
            (company_as_it_stood, "neither of the two"),
            (company_across_lines, "the first of the next"),
            (company_one_step_short, "one step less far"),
            (company_that_follows, "not those who come before"),
            (company_at_one_distance, "What about the nearer ones"),
            (company_or_none, "How often did they"),
            (company_of_others, "meets its like"),
            (company_with_itself, "as its own company"),
            (company_round_the_corner, "`row[-1]` is the last"),
            (company_twice, "Each meeting is counted twice"),
        ],
    },
}
