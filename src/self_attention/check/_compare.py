"""Compare an answer with what was expected: as NumPy arrays, within a tolerance, and in kind and shape."""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

import numpy as np

Arrays = Any  # an array, or a tuple of Arrays

KINDS = {**dict.fromkeys("iufc", "numbers"), **dict.fromkeys("US", "text"), "b": "True or False"}  # by dtype.kind


class Tolerance(NamedTuple):
    """The largest difference: absolute, and relative to what was expected."""

    absolute: float
    relative: float = 0.0


EXACT = Tolerance(0.0)


class Unreadable(ValueError):
    """An answer that is no number, array, text or tuple of them; says what to do about it."""


def to_arrays(answer: Any) -> Arrays:
    """The answer as NumPy arrays, in a tuple if it is one; a list of numbers or of strings counts as an array.

    Raises:
        Unreadable: for a generator and its like, a masked array, a dictionary, a set, an object.
    """
    if isinstance(answer, tuple):
        return tuple(to_arrays(part) for part in answer)
    refuse_unreadable(answer)
    if hasattr(answer, "detach"):
        answer = tensor_to_numpy(answer)
    if isinstance(answer, list):
        answer = [to_arrays(part) for part in answer]
    try:
        array = np.asarray(answer)
    except ValueError:  # rows of different lengths
        return tuple(answer)
    try:
        return array.astype(float) if array.dtype.kind == "O" else array  # fractions, or a column of a table
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"Expected numbers, got {type(answer).__name__}.") from None


def tensor_to_numpy(tensor: Any) -> np.ndarray:
    """A tensor, perhaps with gradients, perhaps on another device, perhaps sparse or bfloat16."""
    tensor = tensor.detach()
    try:
        return tensor.cpu().numpy()
    except (NotImplementedError, RuntimeError):
        raise Unreadable("Expected numbers, got a tensor without any, on the meta device.") from None
    except TypeError:
        return tensor.cpu().to_dense().float().numpy()


def refuse_unreadable(answer: Any) -> None:
    """Raise Unreadable for what NumPy would take for something else than it is."""
    name = type(answer).__name__
    if isinstance(answer, Iterator):
        raise Unreadable(f"Expected values, got a {name}, which has not worked them out yet: make a list of it.")
    if isinstance(answer, Mapping | Set):
        raise Unreadable(f"Expected values in their order, got a {name}.")
    if isinstance(answer, np.ma.MaskedArray) and np.ma.is_masked(answer):
        raise Unreadable("Expected numbers everywhere, got a masked array: say what is hidden, with `.filled(0)`.")


def as_tuple(answer: Arrays) -> tuple:
    """The answer as a tuple, of one part if it is not one."""
    return answer if isinstance(answer, tuple) else (answer,)


def same(a: Arrays, b: Arrays, tolerance: Tolerance) -> bool:
    """Say whether two answers are the same in kind, in shape and, within the tolerance, in every number."""
    if isinstance(a, tuple) or isinstance(b, tuple):
        a, b = as_tuple(a), as_tuple(b)
        return len(a) == len(b) and all(same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if a.shape != b.shape or kind(a) != kind(b):
        return False
    if kind(a) == "text":  # "Dog" is "dog"
        a, b = (np.char.lower(np.char.strip(words)) for words in (a, b))
    if kind(a) != "numbers":
        return bool(np.array_equal(a, b))
    return bool(np.allclose(a, b, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True))


def kind(array: np.ndarray) -> str:
    """Numbers, text, or True or False; else the dtype's name."""
    return KINDS.get(array.dtype.kind, array.dtype.name)


def difference_in_kind(expected: Arrays, answer: Arrays) -> str:
    """How the answer differs other than in its numbers: how many results, their kind and shape, or nan; else ""."""
    if isinstance(expected, tuple):
        if not isinstance(answer, tuple) or len(answer) != len(expected):
            return f"Expected {len(expected)} results, got {len(answer) if isinstance(answer, tuple) else 'one'}"
        for i, (a, b) in enumerate(zip(expected, answer, strict=True), start=1):
            if found := difference_in_kind(a, b):
                return f"{found} in result {i}"
        return ""
    if isinstance(answer, tuple):
        return f"Expected one result, got {len(answer)}"
    if kind(expected) != kind(answer):
        quoted = kind(answer) == "text" and all(re.fullmatch(r"\s*-?[\d.]+\s*", str(word)) for word in answer.flat)
        return f"Expected {kind(expected)}, got {kind(answer)}{' (numbers in quotes)' if quoted else ''}"
    if expected.shape != answer.shape:
        number = " (a number)" if expected.shape == () else ""
        return f"Expected the shape {expected.shape}{number}, got {answer.shape}{difference_in_shape(expected, answer)}"
    if kind(expected) == "numbers" and np.isnan(answer).any() and not np.isnan(expected).any():
        return "It gives nan, “not a number”"
    if kind(expected) == "numbers" and np.isinf(answer).any() and not np.isinf(expected).any():
        return "It gives inf, “infinity”"
    return ""


def difference_in_shape(expected: np.ndarray, answer: np.ndarray) -> str:
    """What may have become of a shape, in brackets."""
    longer = [n for n in answer.shape if n != 1] == [n for n in expected.shape if n != 1]
    if longer and answer.ndim != expected.ndim:
        return f" (an axis of length 1 too {'many' if answer.ndim > expected.ndim else 'few'})"
    return " (transposed?)" if answer.ndim > 1 and sorted(answer.shape) == sorted(expected.shape) else ""
