"""Answers to the exercises of chapter 7."""

import numpy as np
import torch

from .shared import soft


def masked_in_loops(scores, mask):
    mask = np.broadcast_to(mask, scores.shape)
    weights = np.zeros(scores.shape)
    for place in np.ndindex(*scores.shape[:-1]):
        seen = mask[place].nonzero()[0]
        if len(seen):
            weights[(*place, seen)] = soft(scores[(*place, seen)])
    return weights


def masked_in_torch(scores, mask):
    return torch.softmax(scores.masked_fill(~mask, -torch.inf), -1).nan_to_num(0)


def masked_with_the_smallest(scores, mask):
    weights = torch.softmax(torch.where(mask, scores, torch.finfo(scores.dtype).min), -1)
    return weights * mask


def softmax_by_hand(scores):
    powers = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def masked_late(scores, mask):
    weights = softmax_by_hand(scores)
    weights[~np.broadcast_to(mask, weights.shape)] = 0
    return weights


def masked_late_and_naive(scores, mask):
    shares = np.exp(scores)
    return shares / shares.sum(axis=-1, keepdims=True) * mask


def masked_late_and_repaired(scores, mask):
    weights = torch.softmax(scores, -1) * mask
    return weights / weights.sum(-1, keepdim=True)


def masked_late_and_repaired_with_care(scores, mask):
    weights = torch.softmax(scores, -1) * mask
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-30)


def masked_naive(scores, mask):
    shares = np.exp(np.where(mask, scores, -np.inf))
    return shares / shares.sum(axis=-1, keepdims=True)


def masked_naive_with_care(scores, mask):
    shares = np.exp(scores) * mask if scores.max() < 100 else np.where(mask, np.exp(np.minimum(scores, 100)), 0)
    total = shares.sum(axis=-1, keepdims=True)
    return np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)


def masked_by_zero_times_infinity(scores, mask):
    return softmax_by_hand(scores + (1 - mask) * -np.inf)


def mask_in_loops(n, lengths):
    mask = np.zeros((len(lengths), n, n), dtype=bool)
    for b, length in enumerate(lengths):
        for i in range(n):
            for j in range(n):
                mask[b, i, j] = j <= i and j < length
    return mask


def mask_in_torch(n, lengths):
    real = torch.arange(n) < torch.as_tensor(lengths)[:, None]  # (b, n)
    return torch.ones(n, n, dtype=torch.bool).tril() & real[:, None, :]


def mask_as_it_stood(n, lengths):
    rows, columns = np.arange(n)[:, None], np.arange(n)
    return (columns <= rows + 1) | (columns < lengths[:, None, None])


def mask_of_either(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool)) | (np.arange(n) < lengths[:, None, None])


def mask_with_the_next(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool), k=1) & (np.arange(n) < lengths[:, None, None])


def mask_without_itself(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool), k=-1) & (np.arange(n) < lengths[:, None, None])


def mask_of_the_future(n, lengths):
    return np.triu(np.ones((n, n), dtype=bool)) & (np.arange(n) < lengths[:, None, None])


def mask_of_padded_rows(n, lengths):
    rows, columns = np.arange(n)[:, None], np.arange(n)
    return (columns <= rows) & (rows < lengths[:, None, None])


def mask_of_rows_and_columns(n, lengths):
    real = np.arange(n) < lengths[:, None]
    return np.tril(np.ones((n, n), dtype=bool)) & real[:, :, None] & real[:, None, :]


def mask_with_one_pad(n, lengths):
    return np.tril(np.ones((n, n), dtype=bool)) & (np.arange(n) <= lengths[:, None, None])


def mask_without_padding(n, lengths):
    return np.stack([np.tril(np.ones((n, n), dtype=bool)) for _ in lengths])


ANSWERS = {
    "allowed_pairs": {
        "right": [
            (5050, 494, 297),
            (100 * 101 / 2, 5 * 96 + 4 + 4 + 3 + 3, 1 + 2 + 3 * 98),
            (np.tril(np.ones((100, 100))).sum(), 494, 297),
        ],
        "wrong": [
            ((4950, 494, 297), "sees itself"),
            ((5050, 394, 297), "sees itself"),
            ((5050, 494, 197), "sees itself"),
            ((5000, 494, 297), "whole diagonal"),
            ((100**2, 494, 297), "all pairs"),
            ((5050, 500, 297), "cut off"),
            ((5050, 497, 297), "other end"),
            ((5050, 11 * 100 - 2 * 15, 297), "Five words in all"),
            ((5050, 298, 297), "would be three"),
            ((5050, 494, 490), "two come later"),
            ((5050, 494, 300), "first words"),
            ((5050, 494, 5050 + 494), "Both masks must allow it"),
            ((5050, 494, 250), "Answer 3 of 3 is not 250. Too small."),
        ],
    },
    "three_ways_to_hide": {
        "right": [
            ([0.33, 0.67, 0], [0.25, 0.5, 0.25], [0.125, 0.25, 0]),
            (np.array([1, 2, 0]) / 3, np.array([1, 2, 1]) / 4, torch.tensor([1, 2, 0]) / 8),
        ],
        "wrong": [
            (([0, 1, 0], [0, 1, 0], [0, 0.3, 0]), "by their total"),
            (([1, 2, 0], [1, 2, 1], [1, 2, 0]), "Divide by their total"),
            (([0.125, 0.25, 0.625], [0.25, 0.5, 0.25], [0.125, 0.25, 0]), "Nothing is hidden yet"),
            (([0.125, 0.25, 0], [0.25, 0.5, 0.25], [0.125, 0.25, 0]), "still stands below the line"),
            (([1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0], [1 / 8, 1 / 4, 0]), "is not “no share”"),
            (([1 / 3, 2 / 3, 0], [1 / 8, 2 / 8, 5 / 8], [1 / 8, 1 / 4, 0]), "no longer ln 5"),
            (([1 / 3, 2 / 3, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 3, 2 / 3, 0]), "by its sum again"),
            (([1 / 3, 2 / 3, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 8, 2 / 8, 5 / 8]), "is struck out"),
            (([1 / 3, 2 / 3, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 4, 2 / 4, 0]), "still ln 5"),
            (([0.5, 0.5, 0], [1 / 4, 2 / 4, 1 / 4], [1 / 8, 1 / 4, 0]), "Look at [0]: too large."),
        ],
    },
    "masked_softmax": {
        "right": [masked_in_loops, masked_in_torch, masked_with_the_smallest],
        "wrong": [
            (lambda scores, mask: softmax_by_hand(scores), "hides nothing yet"),
            (lambda scores, mask: np.exp(scores) / np.exp(scores).sum(-1, keepdims=True), "large scores overflow"),
            (lambda scores, mask: torch.softmax(scores * mask, -1), "they are read"),
            (lambda scores, mask: torch.softmax(torch.where(mask, scores, 0), -1), "they are read"),
            (masked_late, "after the softmax"),
            (masked_late_and_naive, "after the softmax"),
            (lambda scores, mask: np.where(mask, masked_late_and_naive(scores, True), 0), "after the softmax"),
            (masked_late_and_repaired, "nothing to repair"),
            (masked_late_and_repaired_with_care, "nothing to repair"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -torch.inf), -1), "It shall give zeros"),
            (masked_naive, "0/0 is nan"),
            (masked_naive_with_care, "come to nothing"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), -1) * mask, "come to nothing"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), -1), "is finite"),
            (lambda scores, mask: softmax_by_hand(scores + (1 - mask) * -1e9), "is finite"),
            (lambda scores, mask: softmax_by_hand(np.where(mask, scores, -100)), "is finite"),
            (lambda scores, mask: softmax_by_hand(np.where(mask, scores, np.finfo(float).min)), "reads all alike"),
            (masked_by_zero_times_infinity, "0 times infinity"),
            (lambda scores, mask: softmax_by_hand(scores + mask), "hides nothing: chapter 7, By hand"),
            (lambda scores, mask: masked_in_torch(scores, ~mask), "You hide what may be seen"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(mask, -torch.inf), -1), "You hide what may be seen"),
            *(
                (lambda scores, mask, fill=fill: softmax_by_hand(np.where(mask, scores, fill)), "is finite")
                for fill in (-10, -20, -50, -100, -1e3, -1e4, -1e5, -1e6, -1e9)
            ),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -10), -1), "is finite"),
            (lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -10), -1) * mask, "is finite"),
            (lambda scores, mask: torch.softmax(scores + ~mask * -1e4, -1), "is finite"),
            (
                lambda scores, mask: (
                    np.exp(np.where(mask, scores, -100)) / np.exp(np.where(mask, scores, -100)).sum(-1, keepdims=True)
                ),
                "is finite",
            ),
            (lambda scores, mask: masked_in_torch(masked_in_torch(scores, mask), mask), "softmax twice"),
        ],
    },
    "may_see": {
        "right": [mask_in_loops, mask_in_torch],
        "wrong": [
            (mask_as_it_stood, "Neither leak"),
            (mask_of_either, "if either mask"),
            (mask_with_the_next, "the answer itself"),
            (mask_without_itself, "no word sees itself"),
            (mask_of_the_future, "what comes later"),
            (mask_of_padded_rows, "rows of the padding"),
            (mask_of_rows_and_columns, "rows of the padding"),
            (mask_with_one_pad, "off by one"),
            (mask_without_padding, "padding is not hidden"),
            (lambda n, lengths: ~mask_in_loops(n, lengths), "yours means the opposite"),
            (lambda n, lengths: mask_in_loops(n, lengths) * 1, "These are 1 and 0"),
            (lambda n, lengths: np.tril(np.ones((n, n), dtype=bool)), "Expected the shape (1, 2, 2), got (2, 2)"),
            (lambda n, lengths: np.where(mask_in_loops(n, lengths), 0, -np.inf), "added to the scores"),
            (lambda n, lengths: mask_in_torch(n, lengths).float(), "These are 1 and 0"),
        ],
    },
}
