"""Answers to the exercises of chapter 2."""

import math

import numpy as np
import torch


def softmax_in_loops(scores):
    out = np.empty_like(scores, dtype=float)
    for place in np.ndindex(*scores.shape[:-1]):
        row = scores[place]
        powers = [math.exp(s - max(row)) for s in row]
        out[place] = [p / sum(powers) for p in powers]
    return out


def softmax_in_torch(scores):
    powers = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return powers / powers.sum(dim=-1, keepdim=True)


def softmax_naive(scores):
    exp = np.exp(scores)
    return exp / np.sum(exp, axis=-1, keepdims=True)


def softmax_naive_in_torch(scores):
    return scores.exp() / scores.exp().sum(dim=-1, keepdim=True)


def softmax_of_columns(scores):
    return torch.softmax(torch.tensor(scores), dim=0)


def softmax_of_all(scores):
    exp = np.exp(scores - np.max(scores))
    return exp / exp.sum()


def softmax_with_one_maximum(scores):
    exp = np.exp(scores - np.max(scores))
    return exp / exp.sum(axis=-1, keepdims=True)


def softmax_without_keepdims(scores):
    exp = np.exp(scores - scores.max(-1, keepdims=True))
    return exp / exp.sum(-1)


def softmax_transposed(scores):
    return softmax_in_loops(scores).T


def softmax_in_place(scores):
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def softmax_rounded(scores):
    return softmax_in_loops(scores).round(2)


def softmax_forgets_return(scores):
    softmax_in_loops(scores)


def cool_in_loops(scores, temperature):
    rows = []
    for row in scores:
        powers = [math.exp((s - max(row)) / temperature) for s in row]
        rows.append([p / sum(powers) for p in powers])
    return rows


def cool_still_cancels(scores, temperature):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True)) / temperature
    return powers / powers.sum(axis=-1, keepdims=True)


def cool_still_broadcasts(scores, temperature):
    powers = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    return powers / powers.sum(axis=-1)


def cool_as_it_stood(scores, temperature):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True)) / temperature
    return powers / powers.sum(axis=-1)


def log_softmax_in_loops(scores):
    out = np.zeros(scores.shape)
    for place in np.ndindex(*scores.shape[:-1]):
        c = scores[place].max()
        out[place] = scores[place] - c - math.log(sum(math.exp(s - c) for s in scores[place]))
    return out


def log_softmax_naive_total(scores):
    return scores - np.log(np.sum(np.exp(scores), axis=-1, keepdims=True))


def log_softmax_forgets_the_maximum(scores):
    lower = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(lower).sum(axis=-1, keepdims=True))


def log_softmax_without_total(scores):
    return scores - scores.max(axis=-1, keepdims=True)


ANSWERS = {
    "shares": {
        "right": [(0.2, 0.1, 0.2, 0.7), (torch.tensor(1 / 5), *np.array([1, 2, 7]) / 10), ([0.2, 0.1, 0.2, 0.7],)],
        "wrong": [
            ((0, 0.1, 0.2, 0.7), "e⁰ = 1"),
            ((1, 0.1, 0.2, 0.7), "cannot have 1 each"),
            ((0.2, 1, 2, 7), "Now divide each by their total"),
            ((0.2, 0, 0.2626, 0.7373), "First raise e to each"),
            ((0.2, 0.3, 0.3, 0.4), "Answer 2 of 4 is not 0.3. Too large."),
            ((0.2, 0.5, 0.5, 0.5), "must sum to 1"),
            ((0.2, 0.1, 0.2), "Expected 4 answers, got 3"),
            (("one fifth", 0.1, 0.2, 0.7), "Expected numbers, got text in answer 1"),
        ],
    },
    "dog_score": {
        "right": [(1.1,), (np.log(3),), (torch.log(torch.tensor(3.0)),)],
        "wrong": [
            ((3,), "about 20 times"),
            ((np.e**3,), "Turn it round"),
            ((-1.1,), "The sign"),
            ((1.585,), "base 2"),
            ((0.477,), "base 10"),
            ((1.386,), "not its weight and three more"),
            ((3.0986,), "only the difference counts"),
            ((1.5,), "not 1.5. Too large."),
            ((1.05,), "not 1.05. Too small."),
            ((math.log,), "a function came"),
        ],
    },
    "steepest": {
        "right": [(0.5, 0.25), (1 / 2, np.float32(1 / 4)), ((0.5, 0.25),)],
        "wrong": [
            ((1, 0), "nothing to gain"),
            ((1, 1), "1 − p is 0"),
            ((0, 1), "the factor p is 0"),
            ((0.5, 0.5), "product of two factors"),
            ((0.25, 0.5), "wrong order"),
            ((0.5, 0.3), "Answer 2 of 2 is not 0.3. Too large."),
        ],
    },
    "softmax": {
        "right": [softmax_in_loops, softmax_in_torch, lambda scores: torch.softmax(torch.tensor(scores), dim=-1)],
        "wrong": [
            (softmax_naive, "they overflow"),
            (softmax_naive_in_torch, "they overflow"),
            (softmax_of_columns, "wrong axis"),
            (lambda s: softmax_naive(s.T).T, "wrong axis, and large scores"),
            (softmax_of_all, "All rows together"),
            (lambda s: np.exp(s) / np.exp(s).sum(), "All rows together sum to 1, and large scores"),
            (softmax_with_one_maximum, "own maximum"),
            (softmax_without_keepdims, "`keepdims=True`"),
            (softmax_transposed, "transposed"),
            (softmax_in_place, "changes its input"),
            (softmax_rounded, "it is rounded"),
            (lambda s: np.exp(s - s.max(-1, keepdims=True)), "divide the powers"),
            (lambda s: np.exp(s), "divide the powers"),
            (lambda s: s / np.sum(s, -1, keepdims=True), "Where is e?"),
            (lambda s: softmax_in_loops(-s), "a sign is turned round"),
            (lambda s: torch.log_softmax(s, -1), "logarithms"),
            (lambda s: 2**s / (2**s).sum(-1, keepdims=True), "it raises 2 instead"),
            (lambda s: (s == s.max(-1, keepdims=True)) * 1.0, "hard maximum"),
            (lambda s: 1 / 0, "It raises ZeroDivisionError: division by zero, for\n    scores = [0., 1.]"),
            (lambda s: (softmax_in_loops(s), s), "Expected one result, got 2"),
            (softmax_in_loops(np.array([0.0, 1.0])), "Hand over the function itself"),
            (lambda s: torch.softmax(torch.softmax(s, -1), -1), "softmax of the softmax"),
            (lambda s: 1 / (1 + np.exp(-s)), "each score alone"),
            (lambda s: s - s.max(-1, keepdims=True), "the scores, shifted"),
            (lambda s: softmax_in_loops(s).astype(np.float16), "float16 keeps three digits"),
            (lambda s: softmax_in_loops(s).astype(int), "the decimals are cut off"),
        ],
    },
    "cool": {
        "right": [cool_in_loops, lambda scores, temperature: torch.softmax(scores / temperature, dim=-1)],
        "wrong": [
            (cool_still_cancels, "changes nothing yet"),
            (cool_still_broadcasts, "is a row itself"),
            (cool_as_it_stood, "neither of the two"),
            (lambda s, t: torch.softmax(s / t, dim=0), "the columns sum to 1"),
            (lambda s, t: torch.softmax(s * t, dim=-1), "yours is the sharper"),
            (lambda s, t: torch.softmax(s, dim=-1) / t, "no longer sum to 1"),
            (lambda s, t: torch.softmax(s, dim=-1), "changes nothing yet"),
            (lambda s, t: np.exp(s / t), "not yet divided by their total"),
            (lambda s, t: np.exp(s / t) / np.exp(s / t).sum(), "All rows together"),
        ],
    },
    "log_softmax": {
        "right": [log_softmax_in_loops, lambda scores: scores.log_softmax(dim=-1)],
        "wrong": [
            (lambda s: torch.log(torch.softmax(s, dim=-1)), "rounds to 0 before"),
            (lambda s: np.log(softmax_naive(s)), "overflow or round to 0"),
            (log_softmax_naive_total, "e¹⁰⁰⁰ overflows"),
            (log_softmax_forgets_the_maximum, "shifted by its maximum"),
            (log_softmax_without_total, "logarithm of the total is missing"),
            (lambda s: s.softmax(dim=-1), "These are the weights"),
            (lambda s: torch.log_softmax(s, dim=0), "wrong axis"),
            (lambda s: s - torch.logsumexp(s.flatten(), 0), "share one total"),
            (lambda s: -torch.log_softmax(s, dim=-1), "sign is turned round"),
            (lambda s: torch.log_softmax(s, -1) / math.log(2), "base 2"),
            (lambda s: torch.log_softmax(s, -1) / math.log(10), "base 10"),
        ],
    },
}
