"""Answers to the exercises of chapter 12."""

import math

import numpy as np
import torch


def cross_entropy_in_loops(logits, right):
    losses = []
    for row, word in zip(logits, right, strict=True):
        if word != 0:
            top = max(row)
            losses.append(top + math.log(sum(math.exp(z - top) for z in row)) - row[word])
    return sum(losses) / len(losses)


def cross_entropy_of_torch(logits, right):
    return torch.nn.functional.cross_entropy(logits, right, ignore_index=0)


def cross_entropy_naive(logits, right):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    real = right > 0
    return -np.mean(np.log(p[np.arange(len(right)), right])[real])


def cross_entropy_naive_total(logits, right):
    losses = [math.log(np.exp(row).sum()) - row[word] for row, word in zip(logits, right, strict=True) if word]
    return np.mean(losses)


def cross_entropy_zeros_padding(logits, right):
    losses = torch.nn.functional.cross_entropy(logits, right, reduction="none")
    return (losses * (right != 0)).mean()


def softened(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def picked(p, right):
    return np.array([row[word] for row, word in zip(p, right, strict=True) if word != 0])


def smoothed_in_loops(right, size, share):
    rows = []
    for word in right:
        row = [share / size] * size
        row[word] += 1 - share
        rows.append(row)
    return rows


def smoothed_in_torch(right, size, share):
    targets = torch.nn.functional.one_hot(torch.as_tensor(right), size)
    return targets * (1 - share) + torch.full((len(right), size), share / size)


def smoothed_over_wrong(right, size, share):
    targets = np.full((len(right), size), share / (size - 1))
    targets[np.arange(len(right)), right] = 1 - share
    return targets


def smoothed_forgets_its_part(right, size, share):
    targets = np.full((len(right), size), share / size)
    targets[np.arange(len(right)), right] = 1 - share
    return targets


def smoothed_over_all_but_two(right, size, share, padding=False):
    targets = torch.full((len(right), size), share / (size - 2))
    targets[torch.arange(len(right)), right] = 1 - share
    if padding:
        targets[:, 0] = 0
        targets[right == 0] = 0
    return targets


def smoothed_over_wrong_and_right(right, size, share):
    return np.eye(size)[right] * (1 - share) + share / (size - 1)


ANSWERS = {
    "first_loss": {
        "right": [(6.21, 500), (math.log(500), math.exp(math.log(500))), (torch.tensor(500.0).log(), 500)],
        "wrong": [
            ((500, 6.21), "wrong order"),
            ((8.97, 500), "These are bits"),
            ((2.7, 500), "base 10"),
            ((-6.21, 500), "The sign"),
            ((0.002, 500), "the probability of the right word"),
            ((0, 500), "A loss of 0 means"),
            ((6.2, 500), "Give two decimals"),
            ((6.21, 6.21), "e to the power"),
            ((6.21, 1), "somebody who always knows"),
            ((6.21, 2**6.21), "Take e, not 2"),
            ((6.21, 497.7), "You rounded the loss"),
            ((6.21, 250), "Answer 2 of 2 is not 250. Too small."),
        ],
    },
    "loss_and_gradient": {
        "right": [(1.39, [-0.75, 0.5, 0.25]), (np.log(4), torch.tensor([-3.0, 2.0, 1.0]) / 4)],
        "wrong": [
            ((2, [-0.75, 0.5, 0.25]), "These are bits"),
            ((-1.39, [-0.75, 0.5, 0.25]), "a loss is never below 0"),
            ((0.25, [-0.75, 0.5, 0.25]), "the probability of the right word"),
            ((0.75, [-0.75, 0.5, 0.25]), "what the right word lacks"),
            ((0.693, [0.25, -0.5, 0.25]), "if the second word, the likeliest, were right"),
            ((0, [-0.75, 0.5, 0.25]), "the logit of the right word"),
            ((1.39, [0.75, -0.5, -0.25]), "The sign is turned round"),
            ((1.39, [0.25, 0.5, 0.25]), "This is p"),
            ((1.39, [0.25, -0.5, 0.25]), "the gradient if the second word were right"),
            ((1.39, [-4, 0, 0]), "the slope for the probabilities"),
            ((1.39, [-0.75, 0.5, 0.5]), "must sum to 0"),
            ((1.39, [-0.5, 0.25, 0.25]), "Look at [0]: too large."),
            ((1.39, -0.75), "Expected the shape (3,), got ()"),
        ],
    },
    "cross_entropy": {
        "right": [cross_entropy_in_loops, cross_entropy_of_torch],
        "wrong": [
            (lambda logits, right: torch.nn.functional.cross_entropy(logits, right), "The padding counts as well"),
            (cross_entropy_zeros_padding, "you still divide by all positions"),
            (
                lambda logits, right: torch.nn.functional.cross_entropy(logits, right, ignore_index=0, reduction="sum"),
                "This is the sum",
            ),
            (cross_entropy_naive, "nan for large logits"),
            (cross_entropy_naive_total, "Right, but for large logits"),
            (lambda logits, right: -np.log(picked(softened(logits), right).mean()), "First the logarithm"),
            (lambda logits, right: np.log(picked(softened(logits), right)).mean(), "The sign is turned round"),
            (lambda logits, right: -np.log(picked(softened(logits, 0), right)).mean(), "wrong axis"),
            (lambda logits, right: -picked(logits, right).mean(), "These are logits"),
            (lambda logits, right: -picked(softened(logits), right).mean(), "The logarithm is missing"),
            (lambda logits, right: -np.log2(picked(softened(logits), right)).mean(), "These are bits"),
            (
                lambda logits, right: -np.log(softened(logits).max(axis=1)[right != 0]).mean(),
                "the loss of the likeliest word",
            ),
            (lambda logits, right: -np.log(picked(softened(logits), right)), "the loss of each position"),
            (lambda logits, right: cross_entropy_of_torch(logits.softmax(-1), right), "softmax twice"),
            (lambda logits, right: cross_entropy_of_torch(logits, right) / math.log(10), "base 10"),
            (lambda logits, right: cross_entropy_of_torch(logits, right).exp(), "the perplexity"),
            (
                lambda logits, right: torch.nn.functional.cross_entropy(
                    logits, right, ignore_index=0, reduction="none"
                ),
                "the loss of each position",
            ),
            (lambda logits, right: cross_entropy_of_torch(logits, right)[None], "(an axis of length 1 too many)"),
        ],
    },
    "shifted": {
        "right": [
            lambda ids: (ids[:, : ids.shape[1] - 1], ids[:, 1:]),
            lambda ids: ([row.tolist()[:-1] for row in ids], [row.tolist()[1:] for row in ids]),
            lambda ids: (torch.narrow(ids, 1, 0, ids.shape[1] - 1), torch.narrow(ids, 1, 1, ids.shape[1] - 1)),
        ],
        "wrong": [
            (lambda ids: (ids[:, 1:], ids[:, 1:]), "There is still no shift"),
            (lambda ids: (ids[:, :-1], ids[:, :-1]), "cut in the same place"),
            (lambda ids: (ids, ids), "There is no shift"),
            (lambda ids: (ids[:, 1:], ids[:, :-1]), "the wrong way"),
            (lambda ids: (ids[:-1], ids[1:]), "the wrong axis"),
            (lambda ids: (ids, torch.roll(ids, -1, dims=1)), "`roll` brings the first word back"),
            (lambda ids: (ids, ids[:, 1:]), "one word too many"),
            (lambda ids: (ids[:, :-2], ids[:, 2:]), "Shifted by two"),
            (lambda ids: (ids[:, 1:-1], ids[:, 2:]), "<bos> is gone"),
            (lambda ids: ids[:, 1:], "Expected 2 results, got one"),
        ],
    },
    "smoothed": {
        "right": [smoothed_in_loops, smoothed_in_torch],
        "wrong": [
            (smoothed_over_wrong, "over the wrong words only"),
            (smoothed_forgets_its_part, "the right word, too, gets a part"),
            (lambda right, size, share: np.eye(size)[right] + share / size, "sum to more than 1"),
            (lambda right, size, share: (1 - share) * np.eye(size)[right] + share, "Every word gets the whole share"),
            (lambda right, size, share: np.eye(size)[right] * (1 - share), "nobody gets it"),
            (lambda right, size, share: share * np.eye(size)[right] + (1 - share) / size, "The other way round"),
            (lambda right, size, share: torch.nn.functional.one_hot(right, size), "still one-hot"),
            (lambda right, size, share: np.array(smoothed_in_loops(right, size, share)).T, "it is transposed"),
            (smoothed_over_all_but_two, "by V − 2"),
            (lambda *arguments: smoothed_over_all_but_two(*arguments, padding=True), "by V − 2"),
            (smoothed_over_wrong_and_right, "by V − 1"),
        ],
    },
}
