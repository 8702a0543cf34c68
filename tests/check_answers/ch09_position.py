"""Answers to the exercises of chapter 9."""

import math

import numpy as np
import torch

from self_attention import sinusoidal_positions


def sinusoids_as_they_stood(n, d_model, base):
    P = np.zeros((n, d_model))
    for i in range(0, d_model, 2):
        P[:, i] = np.sin(np.arange(n) / base ** (2 * i / d_model))
        P[:, i + 1] = np.cos(np.arange(n) / base ** (2 * (i + 1) / d_model))
    return P


def sinusoids_in_loops(n, d_model, base, power=lambda i, d: i / d, next_power=None, start=0):
    rows = []
    for p in range(start, start + n):
        row = []
        for i in range(0, d_model, 2):
            row.append(math.sin(p / base ** power(i, d_model)))
            row.append(math.cos(p / base ** (next_power or power)(i, d_model)))
        rows.append(row)
    return rows


def sinusoids_in_torch(n, d_model, base):
    rates = torch.exp(-math.log(base) * torch.arange(0, d_model, 2) / d_model)
    angles = torch.arange(n)[:, None] * rates
    P = torch.zeros(n, d_model)
    P[:, 0::2], P[:, 1::2] = angles.sin(), angles.cos()
    return P


def sines_then_cosines(n, d_model, base):
    angles = np.arange(n)[:, None] / base ** (np.arange(0, d_model, 2) / d_model)
    return np.hstack([np.sin(angles), np.cos(angles)])


def cosine_first(n, d_model, base):
    P = np.zeros((n, d_model))
    for i in range(d_model // 2):
        P[:, 2 * i], P[:, 2 * i + 1] = np.cos(np.arange(n) / base ** (2 * i / d_model)), 0
        P[:, 2 * i + 1] = np.sin(np.arange(n) / base ** (2 * i / d_model))
    return P


def chapters_rotation(k, d_model):
    R = np.zeros((d_model, d_model))
    for i in range(0, d_model, 2):
        c, s = math.cos(k / 10000 ** (i / d_model)), math.sin(k / 10000 ** (i / d_model))
        R[i : i + 2, i : i + 2] = [[c, -s], [s, c]]
    return R


def new_order(d_model):
    return [*range(0, d_model, 2), *range(1, d_model, 2)]


def shift_by_entries(k, d_model, sign=1, power=2):
    half = d_model // 2
    R = np.zeros((d_model, d_model))
    for i in range(half):
        angle = k / 10000 ** (power * i / d_model)
        R[i, i] = R[half + i, half + i] = np.cos(angle)
        R[i, half + i] = -sign * np.sin(angle)
        R[half + i, i] = sign * np.sin(angle)
    return R


def shift_reordered(k, d_model):
    order = new_order(d_model)
    return chapters_rotation(k, d_model)[order][:, order]


def shift_found_by_solving(k, d_model):
    P = sinusoidal_positions(400, d_model, layout="concatenated")
    before, after = (P[:-k], P[k:]) if k > 0 else (P[-k:], P[:k])
    return np.linalg.lstsq(before, after, rcond=None)[0]


def shift_sorted_the_wrong_way(k, d_model):
    R, order = chapters_rotation(k, d_model), new_order(d_model)
    sorted_back = np.zeros((d_model, d_model))
    sorted_back[np.ix_(order, order)] = R
    return sorted_back


def shift_in_torch(k, d_model):
    angles = k / 10000 ** (torch.arange(0, d_model, 2) / d_model)
    c, s = torch.diag(angles.cos()), torch.diag(angles.sin())
    return torch.cat([torch.cat([c, -s], dim=1), torch.cat([s, c], dim=1)])


def shift_without_minus(k, d_model):
    R = shift_by_entries(k, d_model)
    half = d_model // 2
    R[:half, half:] = R[half:, :half]
    return R


def sinusoids_of_one_kind(wave):
    def positions(n, d_model, base):
        P = torch.zeros(n, d_model)
        for p in range(n):
            for f in range(d_model):
                P[p, f] = wave(p / base ** (2 * (f // 2) / d_model))
        return P

    return positions


ANSWERS = {
    "position_three": {
        "right": [
            (0.14, -0.99, 0.03, 1.0, 1.41),
            (np.sin(3), np.cos(3), np.sin(3 / 100), np.cos(3 / 100), 2**0.5),
            (*sinusoidal_positions(4, 4)[3], np.linalg.norm(sinusoidal_positions(4, 4)[3])),
            (torch.sin(torch.tensor(3.0)), -0.98999, 3 / 100, 0.99955, 1.4142),
        ],
        "wrong": [
            ((0.0523, 0.9986, 0.0005, 1, 1.414), "set to degrees"),
            ((0.909, -0.416, 0.02, 0.9998, 1.414), "counted from 0"),
            ((0.1411, 0.03, -0.99, 0.9996, 1.414), "All sines first"),
            ((-0.99, 0.1411, 0.9996, 0.03, 1.414), "the sine comes first"),
            ((0.1411, -0.99, 0.0003, 1, 1.414), "a famous figure"),
            ((0.1411, -0.99, 0.2955, 0.9553, 1.414), "3/100, not 3/10"),
            ((0.1411, 0.99, 0.03, 0.9996, 1.414), "Which sign"),
            ((0.1411, -0.99, 0.03, 0.9996, 2), "the squared length"),
            ((0.1411, -0.99, 0.03, 0.9996, 1), "and there are two"),
            ((0.1411, -0.99, 0.03, 0.9996, 4), "You count features"),
            ((0.1411, -0.99, 0.03, 0.9996), "Expected 5 answers, got 4"),
        ],
    },
    "two_places_apart": {
        "right": [
            (0.5837, 0.5837, 2.8327),
            (
                sinusoidal_positions(10, 4)[7] @ sinusoidal_positions(10, 4)[9],
                sinusoidal_positions(110, 4)[107] @ sinusoidal_positions(110, 4)[109],
                ((sinusoidal_positions(10, 4)[9] - sinusoidal_positions(10, 4)[7]) ** 2).sum(),
            ),
        ],
        "wrong": [
            ((-0.416, -0.416, 4.83), "That is one pair"),
            ((1.9994, 1.9994, 0.0012), "set to degrees"),
            ((1.5403, 1.5403, 0.92), "a distance of 1"),
            ((0.0296, 0.0296, 3.94), "the sum of the two positions"),
            ((0.5837, 0.2, 2.8327), "100 places later"),
            ((0.5837, 0.5837, 1.683), "Its square is asked for"),
            ((0.5837, 0.5837, 3.416), "comes twice"),
            ((0.5837, 0.5837, 0.8327), "not 1 here, but 2"),
            ((0.5837, 0.5837, 4), "not perpendicular"),
            ((0.59, 0.59, 2.8327), "Answer 1 of 3 is not 0.59. Too large."),
        ],
    },
    "sinusoids": {
        "right": [
            sinusoids_in_loops,
            sinusoids_in_torch,
            lambda n, d_model, base: sinusoidal_positions(n, d_model, base=base),
        ],
        "wrong": [
            (sinusoids_as_they_stood, "Neither of the two bugs"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: 2 * i / d), "already takes steps of two"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, next_power=lambda i, d: (i + 1) / d), "need the same angle"),
            (
                lambda n, d, b: sinusoids_in_loops(n, d, b, next_power=lambda i, d: 2 * (i + 1) / d),
                "need the same angle",
            ),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, next_power=lambda i, d: 2 * i / d), "need the same angle"),
            (
                lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: 2 * i / d, lambda i, d: i / d),
                "need the same angle",
            ),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: i // 2 / d), "half of what it should be"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: i // 2 / (d // 2 - 1)), "a famous figure"),
            (sines_then_cosines, "the other layout"),
            (cosine_first, "the sine comes first"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, start=1), "counted from 0"),
            (lambda n, d, b: sinusoids_in_loops(n, d, 1 / b), "faster and faster"),
            (lambda n, d, b: sinusoidal_positions(n, d), "`base` is an argument"),
            (lambda n, d, b: sinusoidal_positions(n, d, base=b).T, "it is transposed"),
            (sinusoids_of_one_kind(math.sin), "the sine everywhere"),
            (sinusoids_of_one_kind(math.cos), "the cosine everywhere"),
        ],
    },
    "shift_matrix": {
        "right": [shift_by_entries, shift_reordered, shift_found_by_solving, shift_in_torch],
        "wrong": [
            (chapters_rotation, "for the other layout"),
            (lambda k, d: chapters_rotation(k, d)[new_order(d)], "the columns are not"),
            (lambda k, d: chapters_rotation(k, d)[:, new_order(d)], "the rows are not"),
            (shift_sorted_the_wrong_way, "You sort the wrong way"),
            (lambda k, d: shift_by_entries(k, d, sign=-1), "It turns back"),
            (lambda k, d: shift_reordered(k, d).T, "It turns back"),
            (shift_without_minus, "needs a minus"),
            (lambda k, d: shift_in_torch(1, d), "whatever k"),
            (lambda k, d: shift_by_entries(k, d, power=1), "Your hands are too fast"),
            (lambda k, d: shift_by_entries(k, d, power=4), "Your hands are too slow"),
            (lambda k, d: shift_by_entries(k, d, power=0), "at the same speed"),
            (lambda k, d: np.eye(d), "expected"),
        ],
    },
}
