"""Mistakes that learners make in more than one chapter."""

import numpy as np


def softmax_by_hand(scores: np.ndarray, axis: int | None = -1, shift: bool = True) -> np.ndarray:
    """A softmax along one axis, or of the whole table with None; without the shift by the maximum it overflows."""
    powers = np.exp(scores - shift * scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def softmax_without_keepdims(scores: np.ndarray) -> np.ndarray:
    """A softmax whose totals lack an axis, so that they divide columns."""
    return np.exp(scores) / np.exp(scores).sum(axis=-1)
