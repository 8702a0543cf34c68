"""Mistakes that learners make in more than one chapter, and slips that can happen in any exercise."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._compare import Arrays, Tolerance, as_tuple, kind, same

FILLS = (-5, -9, -10, -100, -999, -1e3, -1e4, -1e9)  # where −∞ belongs; others give the same results as one of these
HALF = Tolerance(4e-3, relative=4e-3)  # what float16 keeps


def softmax_by_hand(scores: Any, axis: int | None = -1, shift: bool = True) -> np.ndarray:
    """A softmax along one axis, or of the whole table with None; without the shift by the maximum it overflows."""
    powers = np.exp(scores - shift * scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def softmax_without_keepdims(scores: np.ndarray) -> np.ndarray:
    """A softmax whose totals lack an axis, so that they divide columns."""
    return np.exp(scores) / np.exp(scores).sum(axis=-1)


Slip = Callable[..., Any]

SLIPS: list[tuple[Slip, str]] = [  # what it makes of the right result, given the answer (for its dtype); the hint
    (lambda right, answer: right.swapaxes(-1, -2), "it is transposed: rows and columns are exchanged."),
    (lambda right, answer: -right, "every sign is turned round."),
    (lambda right, answer: 100 * right, "in percent. Give a share, from 0 to 1."),
    (lambda right, answer: np.log(right), "this is the logarithm of what is asked for."),
    (lambda right, answer: np.exp(right), "this is e to the power of what is asked for."),
    (lambda right, answer: right**2, "this is the square of what is asked for."),
    (
        lambda right, answer: np.trunc(right) if answer.dtype.kind == "i" else right,
        "the decimals are cut off: an array of whole numbers keeps none. `np.zeros(shape)` makes one that does.",
    ),
    *(
        (lambda right, answer, digits=digits: np.round(right, digits), "it is rounded. Give all digits.")
        for digits in (3, 2, 1)
    ),
]


def slip(expected: Sequence[Arrays], answers: Sequence[Arrays], tolerance: Tolerance) -> str:
    """What has happened to results that would be right but for one slip, the same everywhere; else ""."""
    if all(
        isinstance(answer, tuple) and same(answer[::-1], right, tolerance)
        for answer, right in zip(answers, expected, strict=False)
    ):
        return "Right, but the results stand in another order."
    pairs = [
        (right, answer)
        for all_right, given in zip(expected, answers, strict=False)
        for right, answer in zip(as_tuple(all_right), as_tuple(given), strict=False)
        if not same(answer, right, tolerance)
    ]
    if not all(isinstance(array, np.ndarray) and kind(array) == "numbers" for pair in pairs for array in pair):
        return ""
    if sum(right.size for right, _ in pairs) < 3:  # so few numbers agree by chance
        return ""
    if all(answer.dtype == np.float16 and same(answer, right, HALF) for right, answer in pairs):
        return "Right, but float16 keeps three digits only. Work with float32 or float64."
    for change, hint in SLIPS:
        try:
            found = all(same(answer, change(right, answer), tolerance) for right, answer in pairs)
        except ValueError:  # no rows and columns to exchange
            found = False
        if found:
            return f"Right, but {hint}"
    return ""
