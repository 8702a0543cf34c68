"""Answers to the exercises of chapter 13."""

import math

import numpy as np
import torch


def greedy_in_torch(follows, max_len):
    ids, p = [0], torch.tensor(1.0)
    for _ in range(max_len):
        best, word = torch.max(follows[ids[-1]], dim=0)
        p = p * best
        ids.append(word.item())
        if word == 1:
            break
    return ids[1:], p


def greedy_with_logarithms(follows, max_len):
    ids, total = [], 0.0
    row = follows[0]
    while True:
        word = int(np.argmax(row))
        ids.append(word)
        total += math.log(row[word])
        if word == 1 or len(ids) == max_len:
            return ids, math.exp(total)
        row = follows[word]


def greedy_never_stops(follows, max_len):
    ids, p = [], 1
    word = 0
    for _ in range(max_len):
        p *= follows[word].max()
        word = follows[word].argmax()
        ids.append(word)
    return ids, p


def greedy_keeps_bos(follows, max_len):
    ids, p = greedy_with_logarithms(follows, max_len)
    return [0, *ids], p


def greedy_drops_eos(follows, max_len):
    ids, p = greedy_with_logarithms(follows, max_len)
    return [i for i in ids if i != 1], p


def greedy_asks_once(follows, max_len):
    ids, p = [], 1.0
    for _ in range(max_len):
        word = follows[0].argmax()
        ids.append(word)
        p *= follows[0, word]
        if word == 1:
            break
    return ids, p


def greedy_without_limit(follows, max_len):
    ids, p = [0], 1.0
    while ids[-1] != 1:
        p *= max(follows[ids[-1]])
        ids.append(int(np.argmax(follows[ids[-1]])))
    return ids[1:], p


def greedy_reads_columns(follows, max_len):
    ids, p, word = [], 1.0, 0
    while word != 1 and len(ids) < max_len:
        p *= follows[:, word].max()
        word = int(follows[:, word].argmax())
        ids.append(word)
    return ids, p


def greedy_adds(follows, max_len):
    ids, p, word = [], 0, 0
    while word != 1 and len(ids) < max_len:
        p += follows[word].max()
        word = int(follows[word].argmax())
        ids.append(word)
    return ids, p


def greedy_one_too_few(follows, max_len):
    ids, p = [0], 1.0
    while ids[-1] != 1 and len(ids) < max_len:
        p *= follows[ids[-1]].max()
        ids.append(int(follows[ids[-1]].argmax()))
    return ids[1:], p


def step_in_loops(totals, rows, width):
    found = []
    for k, total in enumerate(totals):
        for word, log_p in enumerate(rows[k]):
            found.append((total + log_p, k, word))
    found = sorted(found, reverse=True)[:width]
    return [k for _, k, _ in found], [word for _, _, word in found], [total for total, _, _ in found]


def step_in_torch(totals, rows, width):
    best, places = torch.flatten(totals.unsqueeze(1) + rows).topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_as_it_stood(totals, rows, width):
    best = np.argsort(-rows, axis=None)[:width]
    whose, word = best // rows.shape[1], best % rows.shape[1]
    return whose, word, totals[whose] + rows[whose, word]


def step_of_last_words(totals, rows, width):
    best, places = rows.flatten().topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_returns_the_last_words(totals, rows, width):
    sums = totals[:, None] + rows
    whose, word = np.unravel_index(np.argsort(-sums, axis=None)[:width], sums.shape)
    return whose, word, rows[whose, word]


def step_each_its_own(totals, rows, width):
    best, word = rows.max(dim=1)
    sums, whose = (totals + best).topk(min(width, len(totals)))
    return whose, word[whose], sums


def step_smallest(totals, rows, width):
    sums = totals[:, None] + rows
    best = np.argsort(sums, axis=None)[:width]
    return best // rows.shape[1], best % rows.shape[1], sums.flatten()[best]


def step_worst_first(totals, rows, width):
    sums = totals[:, None] + rows
    best = np.argsort(sums, axis=None)[-width:]
    return best // rows.shape[1], best % rows.shape[1], sums.flatten()[best]


def step_multiplies(totals, rows, width):
    best, places = (totals[:, None] * rows).flatten().topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_broadcasts(totals, rows, width):
    best, places = (totals + rows).flatten().topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_divides_by_k(totals, rows, width):
    best, places = (totals[:, None] + rows).flatten().topk(width)
    return places // len(rows), places % len(rows), best


def step_loses_whose(totals, rows, width):
    best, places = (totals[:, None] + rows).flatten().topk(width)
    return torch.arange(width), places % rows.shape[1], best


def top_p_in_loops(p, limit):
    nucleus, total = np.zeros(len(p)), 0
    for i in sorted(range(len(p)), key=lambda i: p[i], reverse=True):
        if total >= limit and total > 0:
            break
        nucleus[i] = p[i]
        total += p[i]
    return nucleus / total


def top_p_in_torch(p, limit):
    best, order = torch.sort(p, descending=True)
    number = max(1, int((best.cumsum(dim=0) < limit).sum()) + 1) if limit > 0 else 1
    result = torch.zeros(len(p))
    result[order[:number]] = best[:number] / best[:number].sum()
    return result


def top_p_stops_early(p, limit):
    best, order = p.sort(descending=True)
    best[best.cumsum(dim=0) > limit] = 0
    result = torch.zeros_like(p).scatter(0, order, best)
    return result / result.sum()


def top_p_stops_early_but_keeps_one(p, limit):
    order = np.argsort(p)[::-1]
    drop = np.cumsum(p[order]) > limit
    drop[0] = False
    result = p.copy()
    result[order[drop]] = 0
    return result / result.sum()


def top_p_does_not_divide(p, limit):
    return np.where(top_p_in_loops(p, limit) > 0, p, 0)


def top_p_one_too_many(p, limit):
    order = np.argsort(-p)
    number = int((np.cumsum(p[order]) < limit).sum()) + 2
    result = np.zeros(len(p))
    result[order[:number]] = p[order[:number]]
    return result / result.sum()


def top_p_of_each(p, limit):
    nucleus = np.where(p >= limit, p, 0)
    return nucleus / nucleus.sum()


def top_p_as_it_stands(p, limit):
    nucleus, total = np.zeros(len(p)), 0
    for i, own in enumerate(p):
        nucleus[i] = own
        total += own
        if total >= limit:
            break
    return nucleus / total


def top_p_sorted(p, limit):
    return torch.sort(top_p_in_torch(p, limit), descending=True).values


def top_p_softmax(p, limit):
    return torch.where(top_p_in_torch(p, limit) > 0, p, -torch.inf).softmax(dim=0)


def top_p_keeps_nothing(p, limit):
    nucleus, total = np.zeros(len(p)), 0
    for i in np.argsort(-p):
        if total >= limit:
            break
        nucleus[i] = p[i]
        total += p[i]
    return nucleus / nucleus.sum()


ANSWERS = {
    "three_widths": {
        "right": [(0.18, 0.21, 0.25), (0.45 * 0.4, np.float32(0.3 * 0.7), torch.tensor(0.25))],
        "wrong": [
            ((0.45, 0.21, 0.25), "the first word alone"),
            ((0.85, 1, 1.25), "are multiplied"),
            ((0.25, 0.25, 0.25), "Greedy never looks"),
            ((0.21, 0.21, 0.25), "Greedy never looks"),
            ((0.18, 0.25, 0.25), "*they* is not one of them"),
            ((0.18, 0.18, 0.25), "a second beginning"),
            ((0.18, 0.7, 0.25), "not its last word"),
            ((0.18, 0.21, 0.21), "What is behind the last?"),
            ((0.18, 0.21, 0.18), "What is behind them?"),
            ((0.18, 0.21, 1), "not its last word"),
            ((0.18, 0.21, 0.3), "Answer 3 of 3 is not 0.3. Too large."),
        ],
    },
    "greedy": {
        "right": [greedy_in_torch, greedy_with_logarithms],
        "wrong": [
            (greedy_never_stops, "talks on after <eos>"),
            (greedy_drops_eos, "should end with that of <eos>"),
            (greedy_keeps_bos, "<bos> was given, not said"),
            (greedy_without_limit, "It goes on when `max_len`"),
            (greedy_asks_once, "the same question each time"),
            (greedy_reads_columns, "You read a column"),
            (greedy_adds, "probabilities are multiplied"),
            (greedy_one_too_few, "One word too few"),
            (lambda follows, max_len: greedy_in_torch(follows, max_len + 1), "One word too many"),
            (
                lambda follows, max_len: (
                    greedy_in_torch(follows, max_len)[0],
                    math.log(greedy_in_torch(follows, max_len)[1]),
                ),
                "the logarithm of their probability",
            ),
            (lambda follows, max_len: greedy_in_torch(follows, max_len)[0], "Expected 2 results, got 3"),
            (lambda follows, max_len: follows.argmax(-1), "Expected 2 results"),
            (
                lambda f, n: ((ids_and_p := greedy_in_torch(f, n))[0], ids_and_p[1] ** (1 / len(ids_and_p[0]))),
                "the mean prob",
            ),
            (lambda f, n: greedy_in_torch(f, n)[::-1], "in another order"),
        ],
    },
    "beam_step": {
        "right": [step_in_loops, step_in_torch],
        "wrong": [
            (step_as_it_stood, "Still ranked by the last word"),
            (step_of_last_words, "and its logarithm returned"),
            (step_returns_the_last_words, "not the last word's part"),
            (step_each_its_own, "its own best word"),
            (step_smallest, "the least probable"),
            (step_worst_first, "in the wrong order"),
            (step_multiplies, "Logarithms are added"),
            (step_broadcasts, "They belong to the rows"),
            (step_divides_by_k, "divide the place by V"),
            (step_loses_whose, "whose they are is lost"),
            (lambda t, r, w: [step_in_torch(t, r, w)[i] for i in (1, 0, 2)], "exchanged"),
            (lambda t, r, w: (*step_in_torch(t, r, w)[:2], step_in_torch(t, r, w)[2].exp()), "and their probabilities"),
            (lambda t, r, w: step_in_torch(t, r, w)[:2], "Expected 3 results, got 2"),
        ],
    },
    "top_p": {
        "right": [top_p_in_loops, top_p_in_torch],
        "wrong": [
            (top_p_stops_early, "one word too early"),
            (top_p_stops_early_but_keeps_one, "one word too early"),
            (top_p_keeps_nothing, "With a limit of 0 nothing is left"),
            (top_p_does_not_divide, "no longer sum to 1: divide by their sum. See"),
            (top_p_one_too_many, "one word too many"),
            (top_p_of_each, "not for each"),
            (top_p_as_it_stands, "the order of the vocabulary"),
            (top_p_sorted, "but sorted"),
            (lambda p, limit: np.sort(top_p_in_loops(p, limit)), "but sorted"),
            (top_p_softmax, "A second softmax"),
            (lambda p, limit: np.eye(len(p))[p.argmax()], "this is greedy"),
            (lambda p, limit: p, "For\n"),
        ],
    },
    "kept_numbers": {
        "right": [(8960, 256, 2240), (2 * 2 * 64 * (15 + 20), 4 * 64, 8960 / 4)],
        "wrong": [
            ((4480, 128, 1120), "Half is missing"),
            ((2240, 64, 560), "A key and a value, 64 numbers each"),
            ((5120, 256, 1280), "The source has keys and values"),
            ((13440, 384, 3360), "A query is used once"),
            ((35840, 1024, 8960), "do not multiply by them"),
            ((8960, 128, 2240), "A key and a value, in each"),
            ((8960, 64, 2240), "A key and a value, in each"),
            ((8960, 384, 2240), "A query is used once"),
            ((8960, 9216, 2240), "How much of it is new?"),
            ((8960, 256, 8960), "16 numbers instead of 64"),
            ((8960, 256, 1280), "but they are still there"),
            ((8960, 256, 4480), "16 numbers each"),
            ((8960, 256, 2000), "Answer 3 of 3 is not 2000. Too small."),
        ],
    },
}
