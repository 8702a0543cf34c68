"""Answers to the exercises of chapter 3."""

import math

import numpy as np
import torch

from .shared import of_the_table, without_keepdims


def look_back_in_loops(S, H, W_q, W_k, v):
    contexts, weights = [], []
    for s in S:
        powers = [math.exp(np.tanh(s @ W_q + h @ W_k) @ v) for h in H]
        weights.append([power / sum(powers) for power in powers])
        contexts.append(sum(weight * h for weight, h in zip(weights[-1], H, strict=True)))
    return contexts, weights


def look_back_in_torch(S, H, W_q, W_k, v):
    hidden = torch.tanh((S @ W_q).unsqueeze(1) + (H @ W_k).unsqueeze(0))
    weights = torch.softmax(hidden @ v, dim=1)
    return weights @ H, weights


def scores_in_torch(S, H, W_q, W_k, v):
    return torch.tanh((S @ W_q)[:, None] + (H @ W_k)[None]) @ v


def blend_of(weights, H):
    return weights @ H, weights


def look_back_without_tanh(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(((S @ W_q)[:, None] + H @ W_k) @ v, dim=-1), H)


def look_back_bent_too_early(S, H, W_q, W_k, v):
    return blend_of(torch.softmax((torch.tanh(S @ W_q)[:, None] + torch.tanh(H @ W_k)) @ v, dim=-1), H)


def look_back_bent_too_late(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(torch.tanh(((S @ W_q)[:, None] + H @ W_k) @ v), dim=-1), H)


def look_back_without_v(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(torch.tanh((S @ W_q)[:, None] + H @ W_k).sum(-1), dim=-1), H)


def look_back_row_by_row(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(torch.tanh(S @ W_q + H @ W_k) @ v, dim=-1), H)


def look_back_and_project(S, H, W_q, W_k, v):
    _, weights = look_back_in_torch(S, H, W_q, W_k, v)
    return weights @ (H @ W_k), weights


def exact_match_word_by_word(predicted, right):
    good = 0
    for i in range(len(right)):
        a, b = predicted[i].split(), right[i].split()
        if len(a) == len(b) and all(a[j] == b[j] for j in range(len(a))):
            good += 1
    return good / len(right)


def exact_match_as_it_stood(predicted, right):
    hits = []
    for a, b in zip(predicted, right, strict=True):
        for x, y in zip(a.split(), b.split(), strict=False):
            hits.append(x == y)
    return sum(hits) / len(hits)


def exact_match_with_zip(predicted, right):
    hits = []
    for a, b in zip(predicted, right, strict=True):
        hits.append(all(x == y for x, y in zip(a.split(), b.split(), strict=False)))
    return sum(hits) / len(hits)


def words_match(predicted, right):
    good = total = 0
    for a, b in zip(predicted, right, strict=True):
        a, b = a.split(), b.split()
        good += sum(a[i] == b[i] for i in range(min(len(a), len(b))))
        total += len(b)
    return good / total


def mean_words_match(predicted, right):
    shares = []
    for a, b in zip(predicted, right, strict=True):
        a, b = a.split(), b.split()
        shares.append(sum(a[i] == b[i] for i in range(min(len(a), len(b)))) / len(b))
    return np.mean(shares)


def mean_words_match_with_zip(predicted, right):
    return np.mean([exact_match_as_it_stood([a], [b]) for a, b in zip(predicted, right, strict=True)])


def same_words(a, b):
    return set(a.split()) == set(b.split())


def as_long(a, b):
    return a.count(" ") == b.count(" ")


ANSWERS = {
    "windows": {
        "right": [(9, 99, 202752), (2 * 4 + 1, 2 * 50 - 1, 99 * 32 * 64), (np.array([9, 99, 202_752]),)],
        "wrong": [
            ((4, 99, 202752), "So far away"),
            ((5, 99, 202752), "as far to the right"),
            ((8, 98, 200704), "stands in its window"),
            ((9, 98, 200704), "stands in its window"),
            ((9, 50, 102400), "hangs over the end"),
            ((9, 100, 204800), "one word in the middle"),
            ((9, 101, 206848), "49 steps"),
            ((9, 99, 3168), "So many numbers go in"),
            ((9, 99, 2048), "for one place of the window"),
            ((9, 99, 6336), "32 numbers, not one"),
            ((9, 99, 202816), "Without the biases"),
            ((9, 99, 102400), "filled or not"),
            ((9, 99, 200000), "Answer 3 of 3 is not 200000. Too small."),
        ],
    },
    "context": {
        "right": [
            (0.6, 0.2, 0.2, 7, 3),
            (*np.array([3, 1, 1]) / 5, *torch.tensor([7.0, 3.0])),
            ([0.6, 0.2, 0.2, 7, 3],),
        ],
        "wrong": [
            ((1, 0, 0, 10, 0), "e⁰ = 1"),
            ((3, 1, 1, 35, 15), "These are the powers"),
            ((1 / 3, 1 / 3, 1 / 3, 5, 5), "for scores that differ"),
            ((0.6, 0.3, 0.3, 7, 3), "must sum to 1"),
            ((0.6, 0.2, 0.2, 5, 5), "plain mean"),
            ((0.6, 0.2, 0.2, 15, 15), "plain sum"),
            ((0.6, 0.2, 0.2, 10, 0), "one state, whole"),
            ((0.6, 0.2, 0.2, 6, 2), "The third state"),
            ((0.6, 0.2, 0.2, 35, 15), "not the powers"),
            ((0.6, 0.2, 0.2, 3, 7), "wrong order"),
            ((0.6, 0.2, 0.2), "Expected 5 answers, got 3"),
        ],
    },
    "look_back": {
        "right": [look_back_in_loops, look_back_in_torch],
        "wrong": [
            (lambda S, H, *W: blend_of(torch.softmax(scores_in_torch(S, H, *W), dim=0), H), "wrong axis"),
            (lambda S, H, *W: blend_of(scores_in_torch(S, H, *W), H), "not yet shares"),
            (lambda S, H, *W: blend_of(scores_in_torch(S, H, *W).exp(), H), "divided by their total"),
            (lambda S, H, *W: blend_of(without_keepdims(scores_in_torch(S, H, *W)), H), "`keepdims=True`"),
            (lambda S, H, *W: blend_of(of_the_table(scores_in_torch(S, H, *W)), H), "All rows together"),
            (look_back_without_tanh, "The tanh is missing"),
            (look_back_bent_too_early, "First the sum"),
            (look_back_bent_too_late, "before v adds them up"),
            (lambda S, H, W_q, W_k, v: look_back_in_torch(S, H, W_k, W_q, v), "exchanged"),
            (look_back_without_v, "The vector v is missing"),
            (look_back_and_project, "without W_k"),
            (lambda S, H, *W: blend_of(torch.softmax(S @ H.T, dim=-1), H), "dot product"),
            (look_back_row_by_row, "one more axis"),
            (lambda S, H, *W: look_back_in_torch(S, H, *W)[::-1], "wrong order"),
            (lambda S, H, *W: look_back_in_torch(S, H, *W)[0], "Expected 2 results, got one"),
            (
                lambda S, H, *W: blend_of(torch.softmax(scores_in_torch(S, H, *W) / len(W[2]) ** 0.5, -1), H),
                "by a root",
            ),
            (lambda S, H, *W: blend_of(scores_in_torch(S, H, *W).softmax(-1).softmax(-1), H), "softmax twice"),
        ],
    },
    "exact_match": {
        "right": [
            exact_match_word_by_word,
            lambda predicted, right: sum(a == b for a, b in zip(predicted, right, strict=True)) / len(predicted),
            lambda predicted, right: (
                torch.tensor([predicted[i] == right[i] for i in range(len(predicted))]).float().mean()
            ),
        ],
        "wrong": [
            (exact_match_as_it_stood, "neither of the two"),
            (exact_match_with_zip, "stops too early"),
            (words_match, "This is the share of words"),
            (mean_words_match, "This is the mean share of words. A"),
            (mean_words_match_with_zip, "as far as `zip` goes"),
            (lambda predicted, right: np.mean([*map(same_words, predicted, right)]), "the order of the words"),
            (lambda predicted, right: np.mean([*map(as_long, predicted, right)]), "how long they are"),
            (
                lambda predicted, right: sum(predicted[i] == right[i] for i in range(len(predicted))),
                "how many are right",
            ),
            (lambda predicted, right: 100 * exact_match_word_by_word(predicted, right), "the percentage"),
            (lambda predicted, right: predicted == right, "whether all are right"),
            (lambda predicted, right: len(set(predicted) & set(right)) / len(right), "expected"),
        ],
    },
}
