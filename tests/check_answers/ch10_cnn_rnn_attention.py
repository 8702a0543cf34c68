"""Answers to the exercises of chapter 10."""

import math

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from self_attention import scaled_dot_product_attention

from .shared import softmax


def field_by_ways(gaps, i, n):
    """From the top down, one place after the other."""
    if not gaps:
        return [j == i for j in range(n)]
    seen = [False] * n
    for j in (i - gaps[-1], i, i + gaps[-1]):
        if 0 <= j < n:
            seen = [a or b for a, b in zip(seen, field_by_ways(gaps[:-1], j, n), strict=True)]
    return seen


def field_by_derivative(gaps, i, n):
    layers = [torch.nn.Conv1d(1, 1, 3, padding=gap, dilation=gap).double() for gap in gaps]
    for layer in layers:
        torch.nn.init.ones_(layer.weight)
    X = torch.zeros(1, n, dtype=torch.float64, requires_grad=True)
    torch.nn.Sequential(*layers)(X)[0, i].backward()
    return X.grad[0] != 0


def field_by_tables(gaps, i, n):
    """Each layer is a table of who reads whom; from the input up."""
    place = np.arange(n)
    reach = np.eye(n, dtype=bool)
    for gap in gaps:
        distance = abs(place[:, None] - place)
        reach = ((distance == 0) | (distance == gap)) @ reach
    return reach[i]


def field_without_care(gaps, i, n):
    """Negative places count from the end."""
    seen = np.zeros(n, dtype=bool)
    seen[i] = True
    for gap in reversed(gaps):
        for j in np.flatnonzero(seen):
            seen[j - gap] = True
            if j + gap < n:
                seen[j + gap] = True
    return seen


def field_without_care_from_below(gaps, i, n):
    return field_without_care(gaps[::-1], i, n)


def field_round_the_corner(gaps, i, n):
    seen = np.arange(n) == i
    for gap in gaps[::-1]:
        seen = seen | np.roll(seen, gap) | np.roll(seen, -gap)
    return seen


def field_of_offsets(gaps, i, n):
    offsets = {0}
    for gap in gaps:
        offsets = {o + side for o in offsets for side in (-gap, 0, gap)}
    return [j - i in offsets for j in range(n)]


def field_with_sides(sides):
    def field(gaps, i, n):
        reached = [i]
        for gap in gaps[::-1]:
            reached = [j + side * gap for j in reached for side in sides if 0 <= j + side * gap < n]
        return np.array([j in reached for j in range(n)])

    return field


def field_side_by_side(gaps, i, n):
    return [j == i or abs(j - i) in gaps for j in range(n)]


def near_as_it_stood(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[i - r // 2 : i + r // 2]
        Z[i] = scaled_dot_product_attention(X[i : i + 1], words, words)[0][0]
    return Z


def near_slices(X, r, left=0, right=1):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[max(0, i - r // 2 + left) : i + r // 2 + right]
        Z[i] = softmax(words @ X[i] / X.shape[1] ** 0.5) @ words
    return Z


def near_by_distance(X, r):
    places = torch.arange(len(X))
    return torch_attention(X[None], X[None], X[None], abs(places[:, None] - places) <= r // 2)[0]


def near_in_loops(X, r, side=None):
    side = (r - 1) // 2 if side is None else side
    Z = []
    for i, x in enumerate(X):
        words = [y for j, y in enumerate(X) if abs(i - j) <= side]
        powers = [math.exp(sum(x * y) / math.sqrt(len(x))) for y in words]
        Z.append(sum(p * y for p, y in zip(powers, words, strict=True)) / sum(powers))
    return np.array(Z)


def near_starts_below_zero(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[i - r // 2 : i + r // 2 + 1]
        Z[i] = scaled_dot_product_attention(X[i : i + 1], words, words)[0][0]
    return Z


def near_looks_back(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[max(0, i - r + 1) : i + 1]
        Z[i] = softmax(words @ X[i] / X.shape[1] ** 0.5) @ words
    return Z


def near_moves_the_window(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        start = max(0, min(i - r // 2, len(X) - r))
        words = X[start : start + r]
        Z[i] = softmax(words @ X[i] / X.shape[1] ** 0.5) @ words
    return Z


def near_with_zeros(X, r):
    zeros = np.zeros((r // 2, X.shape[1]))
    padded = np.concatenate([zeros, X, zeros])
    Z = []
    for i in range(len(X)):
        words = padded[i : i + r]
        Z.append(softmax(words @ X[i] / X.shape[1] ** 0.5) @ words)
    return np.array(Z)


def near_on_average(X, r):
    return np.array([X[max(0, i - r // 2) : i + r // 2 + 1].mean(axis=0) for i in range(len(X))])


def near_undivided(X, r):
    Z = []
    for i in range(len(X)):
        words = X[max(0, i - r // 2) : i + r // 2 + 1]
        Z.append(softmax(words @ X[i]) @ words)
    return np.array(Z)


SIN3, COS3, SLOW_SIN, SLOW_COS = math.sin(3), math.cos(3), math.sin(0.03), math.cos(0.03)


def near_scaled_by(X, r, scale):
    i = torch.arange(len(X))
    return torch_attention(X, X, X, (i[:, None] - i).abs() <= r // 2, scale=scale)


ANSWERS = {
    "layers_needed": {
        "right": [(250, 5), ((1001 - 1) / (5 - 1), math.ceil(math.log(1001, 5))), ([250, 5],)],
        "wrong": [
            ((200, 5), "n / k is a rule of thumb"),
            ((200.2, 5), "n / k is a rule of thumb"),
            ((500, 5), "on *each* side"),
            ((1000, 5), "more than one word"),
            ((251, 5), "One too many"),
            ((249, 5), "One too few"),
            ((250, 4), "625 words are too few"),
            ((250, 4.29), "whole layers"),
            ((250, 7), "for k = 3"),
            ((250, 10), "a factor of 2"),
            ((250, 6), "Answer 2 of 2 is not 6. Too large."),
        ],
    },
    "level_with_lstm": {
        "right": [(2,), (2.0,), (torch.tensor((8 - 4) / 2),)],
        "wrong": [
            ((1,), "That is the GRU"),
            ((4,), "on the side of attention"),
            ((8,), "two products"),
            ((0,), "Four *pairs*"),
            ((0.5,), "Turned round"),
            ((6,), "with their sign"),
            ((3,), "The answer is not 3. Too large."),
        ],
    },
    "kept_bytes": {
        "right": [(49_152_000, 12_288), (2 * 2000 * 512 * 4 * 6, 6 * 512 * 4), (np.array([49_152_000, 12_288]),)],
        "wrong": [
            ((12_288_000, 12_288), "Each takes 4 bytes"),
            ((24_576_000, 12_288), "Keys *and* values"),
            ((8_192_000, 12_288), "This is one layer. There are six"),
            ((4_096_000, 12_288), "for each of six layers"),
            ((49.152, 12_288), "In bytes, please"),
            ((192_000_000, 12_288), "Not the weights"),
            ((49_152_000, 2048), "one layer's state"),
            ((49_152_000, 3072), "Each takes 4 bytes"),
            ((49_152_000, 24_576_000), "does not grow"),
            ((49_152_000, 24_576), "no keys and values"),
        ],
    },
    "receptive_field": {
        "right": [field_by_ways, field_by_derivative, field_by_tables, field_with_sides((-1, 0, 1))],
        "wrong": [
            (lambda gaps, i, n: field_by_ways(gaps[::-1], i, n), "Begin at output i"),
            (field_of_offsets, "Right but for the ends"),
            (field_without_care, "beware of negative places"),
            (field_without_care_from_below, "beware of negative places"),
            (field_round_the_corner, "outside is nothing"),
            (field_with_sides((-1, 1)), "its own middle"),
            (field_with_sides((-1, 0)), "the past only"),
            (field_with_sides((0, 1)), "the future only"),
            (lambda gaps, i, n: [i - sum(gaps) <= j <= i + sum(gaps) for j in range(n)], "yours has none"),
            (lambda gaps, i, n: torch.abs(torch.arange(n) - i) <= len(gaps), "one place on each side"),
            (lambda gaps, i, n: [2 * abs(j - i) < 3 ** len(gaps) for j in range(n)], "Here they can be others"),
            (field_side_by_side, "The layers stand side by side"),
            (lambda gaps, i, n: np.array(field_by_ways(gaps, i, n)) * 1, "Expected True or False, got numbers"),
            (lambda gaps, i, n: int(field_by_tables(gaps, i, n).sum()), "Expected True or False, got numbers"),
        ],
    },
    "near": {
        "right": [near_slices, near_by_distance, near_in_loops],
        "wrong": [
            (near_as_it_stood, "Neither of the two bugs"),
            (lambda X, r: near_slices(X, r, right=0) if r > 1 else X * 0, "off by one: a slice ends"),
            (near_starts_below_zero, "The first words still go wrong"),
            (lambda X, r: near_in_loops(X, r, side=r), "reaches r words to each side"),
            (lambda X, r: near_slices(X, r, right=2), "on the other side"),
            (lambda X, r: near_slices(X, r, left=-1), "on the left"),
            (near_looks_back, "looks back only"),
            (lambda X, r: torch_attention(X[None], X[None], X[None])[0], "Nothing is hidden"),
            (near_moves_the_window, "you move the window inwards"),
            (near_with_zeros, "take part in the softmax"),
            (near_undivided, "not divided yet"),
            (near_on_average, "the mean of the words"),
            (lambda X, r: near_scaled_by(X, r, 1 / X.shape[1]), "not by its root"),
            (lambda X, r: near_scaled_by(X, r, r**-0.5), "the root of the width"),
        ],
    },
}
