"""What a reader sees: the verdict, and arrays in few characters, the same whatever NumPy's print options are."""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._compare import Arrays, Tolerance, kind, same, to_arrays


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check says: `solved` is True, False, or None for an exercise that is not answered yet."""

    name: str
    solved: bool | None
    hint: str = ""

    def __repr__(self) -> str:
        verdict = {True: "right.", False: "not yet.", None: "not answered yet."}[self.solved]
        return f"{self.name}: {verdict} {self.hint}".rstrip()


def show(answer: Arrays, prefix: str = "    ") -> str:
    """An answer; `prefix` is what stands before it in its first line."""
    if isinstance(answer, tuple):
        return f"({', '.join(show(part) for part in answer)})"
    if answer.ndim == 0:
        return repr(answer.item()) if answer.dtype.kind != "f" else f"{answer.item():.6g}"
    options: dict[str, Any] = {
        "threshold": 40,
        "edgeitems": 3,
        "precision": 4,
        "suppress_small": True,
        "floatmode": "maxprec",
    }
    return np.array2string(answer, **options, separator=", ", max_line_width=100, prefix=prefix)


def show_arguments(names: Iterable[str], arguments: Iterable[Any]) -> str:
    """The arguments of a call, one below the other."""
    starts = (f"    {name} = " for name in names)
    return "\n".join(f"{start}{show(to_arrays(value), start)}" for start, value in zip(starts, arguments, strict=False))


def show_errors(errors: list[BaseException], arguments: str) -> str:
    """What a function raises for some arguments; the second error, if there is one, is that with tensors."""
    first, *second = (traceback.format_exception_only(error)[-1].strip() for error in errors)
    if second:
        return f"With NumPy arrays it raises {first}, with tensors {second[0]}, for\n{arguments}"
    return f"It raises {first}, for\n{arguments}"


def direction(expected: Arrays, answer: Arrays, tolerance: Tolerance) -> str:
    """Say of one number whether it is too large or too small, of an array which of its numbers is."""
    if isinstance(answer, tuple) or kind(answer) != "numbers" or answer.dtype.kind == "c":
        return ""
    place = next(i for i in np.ndindex(answer.shape) if not same(answer[i], expected[i], tolerance))
    where = f"Look at [{', '.join(map(str, place))}]: too" if place else "Too"
    return f"{where} {'large' if answer[place] > expected[place] else 'small'}."


def count(number: int, noun: str) -> str:
    """1 answer, 2 answers."""
    return f"{number} {noun}{'s' * (number != 1)}"
