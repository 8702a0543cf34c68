"""Judge an answer: compare it with the reference, then with the mistakes that learners make.

An exercise is a reference with a decorator. `function` asks for a function, which is called with several cases;
`value` asks for values. A mistake is a pair: something wrong, and the hint for whoever answers so.
"""

import copy
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from ._compare import EXACT, Arrays, Tolerance, Unreadable, as_tuple, difference_in_kind, kind, same, to_arrays
from ._mistakes import slip
from ._show import Verdict, count, direction, show, show_arguments, show_errors

FUNCTIONS = Tolerance(1e-4, relative=1e-4)  # for what a function computes
VALUES = Tolerance(0.006)  # for what is worked out by hand: two decimals
NEARLY = Tolerance(0.05)  # one decimal

Arguments = tuple
Mistakes = Sequence[tuple[Any, str]]
Check = Callable[..., Verdict]


class NotYet(Exception):
    """The answer is wrong, or missing (`solved` is None)."""

    def __init__(self, hint: str = "", solved: bool | None = False):
        super().__init__(hint)
        self.solved = solved


# The two kinds of exercise -------------------------------------------------------------------------------------------


def function(
    cases: Callable[[np.random.Generator], list[Arguments]], mistakes: Mistakes = (), tolerance: Tolerance = FUNCTIONS
) -> Callable[[Callable], Check]:
    """An exercise that asks for a function; what is decorated is the reference.

    Args:
        cases: a function of a seeded NumPy generator that returns a list of tuples of arguments, the smallest first.
        mistakes: pairs (a wrong function of the same arguments, its hint); the first that fits gives the hint.
        tolerance: the largest difference.
    """

    def decorate(reference: Callable) -> Check:
        all_arguments = cases(np.random.default_rng(0))
        expected = [to_arrays(reference(*copy.deepcopy(arguments))) for arguments in all_arguments]
        names = list(inspect.signature(reference).parameters)

        def judge(your_function: Callable) -> None:
            refuse_unanswered(your_function)
            if not callable(your_function):
                raise NotYet(f"Hand over the function itself, not what it returns: check.{reference.__name__}(name).")
            refuse_other_arguments(your_function, names)
            answers, errors = call_with_all(your_function, all_arguments)
            if isinstance(expected[0], tuple):  # a list of results is as good as a tuple
                answers = [tuple(answer) if isinstance(answer, list) else answer for answer in answers]
            answers = [to_arrays(answer) for answer in answers]
            wrong = [i for i, answer in enumerate(answers) if not same(answer, expected[i], tolerance)]
            if not wrong and not errors:
                return
            for mistake, hint in mistakes:
                if answers and makes(mistake, all_arguments, answers, tolerance):
                    raise NotYet(hint)
            if not errors and (hint := slip(expected, answers, tolerance)):
                raise NotYet(hint)
            if errors:
                raise NotYet(show_errors(errors, show_arguments(names, all_arguments[len(answers)])))
            wrong.sort(key=lambda i: sum(np.size(argument) for argument in all_arguments[i]))
            for i in wrong:
                if found := difference_in_kind(expected[i], answers[i]):
                    raise NotYet(f"{found} for\n{show_arguments(names, all_arguments[i])}")
            i = wrong[0]
            given = show_arguments(names, all_arguments[i])
            raise NotYet(f"For\n{given}\nexpected\n    {show(expected[i])}\ngot\n    {show(answers[i])}")

        allowed = f"Tolerance: {tolerance.absolute:g}, relative or absolute."
        return as_check(reference, judge, allowed, kind="function", cases=all_arguments, mistakes=mistakes)

    return decorate


def value(mistakes: Mistakes = (), tolerance: Tolerance = VALUES) -> Callable[[Callable], Check]:
    """An exercise that asks for values, worked out by hand; what is decorated returns them, a tuple if there are more.

    Args:
        mistakes: pairs (a wrong value, or a tuple in which `...` is anything, or a function of the answers that is
            true for this mistake; its hint). The first that fits gives the hint.
        tolerance: the largest difference.
    """

    def decorate(reference: Callable) -> Check:
        expected = as_tuple(to_arrays(reference()))

        def judge(*your_answers: Any) -> None:
            refuse_unanswered(*your_answers)
            if any(callable(answer) for answer in your_answers):
                raise NotYet("A value is asked for here, and a function came: call it first.")
            answers = in_parts(your_answers, expected)
            wrong = [i for i, answer in enumerate(answers) if not same(answer, expected[i], tolerance)]
            if not wrong:
                return
            for mistake, hint in mistakes:
                if fits(mistake, answers, tolerance):
                    raise NotYet(hint)
            if hint := slip(expected, answers, tolerance):
                raise NotYet(hint)
            if in_another_order(expected, answers, tolerance):
                raise NotYet("These are the right numbers, in another order.")
            i, several = wrong[0], len(expected) > 1
            if found := difference_in_kind(expected[i], answers[i]):
                raise NotYet(f"{found} in answer {i + 1}." if several else f"{found}.")
            which = f"Answer {i + 1} of {len(expected)}" if several else "The answer"
            near = "Nearly: give two decimals." if same(answers[i], expected[i], NEARLY) else ""
            hint = f"{which} is not {show(answers[i])}. {direction(expected[i], answers[i], tolerance)} {near}"
            raise NotYet(hint.rstrip())

        return as_check(
            reference, judge, f"Tolerance: {tolerance.absolute:g}.", kind="value", cases=None, mistakes=mistakes
        )

    return decorate


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings: an answer that divides by 0 is judged by its numbers."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def in_parts(your_answers: tuple, expected: tuple) -> tuple:
    """The answers as arrays, as many as expected, whether they come one by one or in one list."""
    answers = to_arrays(tuple(list(answer) if isinstance(answer, tuple) else answer for answer in your_answers))
    if len(answers) == 1 and isinstance(answers[0], np.ndarray):
        if len(expected) > 1 and answers[0].ndim:  # all in one list
            answers = to_arrays(tuple(your_answers[0]))
        elif answers[0].size == np.size(expected[0]) == 1:  # one number in a list
            answers = (answers[0].reshape(()),)
    elif len(answers) > 1 and len(expected) == 1:  # a list without its brackets
        answers = (to_arrays(list(your_answers)),)
    if len(answers) != len(expected):
        raise NotYet(f"Expected {count(len(expected), 'answer')}, got {len(answers)}.")
    return answers


def as_check(reference: Callable, judge: Callable[..., None], tolerance: str, **about: Any) -> Check:
    """The public check: `judge` raises NotYet or is content; what tests need to know is in the check's attributes."""
    name = reference.__name__

    def check(*answer: Any) -> Verdict:
        try:
            with quiet():
                judge(*answer)
        except NotYet as hint:
            return Verdict(name, hint.solved, str(hint))
        except Unreadable as hint:
            return Verdict(name, False, str(hint))
        return Verdict(name, True)

    check.__name__ = check.__qualname__ = name
    check.__module__ = reference.__module__
    check.__doc__ = f"{inspect.getdoc(reference)}\n\n{tolerance}"
    signature = inspect.signature(judge).replace(return_annotation=Verdict)
    vars(check).update(about, __signature__=signature, reference=reference)
    return check


# Calling what the reader wrote ---------------------------------------------------------------------------------------


def is_unanswered(answer: Any) -> bool:
    """Say whether an answer, or a part of it, is still the `...` of the exercise, or None."""
    return answer is None or answer is ... or isinstance(answer, list | tuple) and any(map(is_unanswered, answer))


def refuse_unanswered(*answers: Any) -> None:
    """Raise NotYet if an answer is missing."""
    if any(map(is_unanswered, answers)):
        raise NotYet(solved=None)


def refuse_other_arguments(your_function: Callable, names: list[str]) -> None:
    """Raise NotYet if a function cannot be called with so many arguments."""
    try:
        takes = inspect.signature(your_function)
    except (TypeError, ValueError):  # some functions written in C do not say
        return
    try:
        takes.bind(*names)
    except TypeError:
        expected = f"{count(len(names), 'argument')}, ({', '.join(names)})"
        raise NotYet(f"Expected a function of {expected}, got one of {takes}.") from None


def call_with_all(your_function: Callable, cases: list[Arguments]) -> tuple[list[Any], list[BaseException]]:
    """What the reader's function returns for the cases, up to an error, and that error, or none.

    It gets NumPy arrays or, if it fails with them, torch tensors: whoever writes for torch has imported it. Of two
    errors the one that came later counts; if they came in the same case, nobody knows which is meant, so both do.
    """
    answers, errors = attempt(your_function, cases, lambda argument: argument)
    torch = sys.modules.get("torch")
    if not errors or torch is None:
        return answers, errors
    torch_answers, torch_errors = attempt(your_function, cases, lambda argument: to_torch(torch, argument))
    if not torch_errors or len(torch_answers) > len(answers):
        return torch_answers, torch_errors
    if len(torch_answers) == len(answers) and type(torch_errors[0]) is not type(errors[0]):
        return answers, errors + torch_errors
    return answers, errors


def attempt(
    your_function: Callable, cases: list[Arguments], convert: Callable[[Any], Any]
) -> tuple[list[Any], list[BaseException]]:
    """The answers up to an error, and that error, or none."""
    answers: list[Any] = []
    for arguments in cases:
        given = [convert(copy.deepcopy(argument)) for argument in arguments]
        before = copy.deepcopy(given)
        try:
            answer = your_function(*given)
        except NotImplementedError:
            raise NotYet(solved=None) from None
        except KeyboardInterrupt:
            raise NotYet("Interrupted before it came to its end: does every loop of it end?") from None
        except (Exception, SystemExit) as error:
            return answers, [error]
        if any(is_changed(a, b) for a, b in zip(given, before, strict=True)):
            raise NotYet("Your function changes its input. Let it work on a new array instead.")
        if answer is None:
            raise NotYet("The function returns None: does it end with `return`?", solved=None)
        refuse_unanswered(answer)
        answers.append(answer)
    return answers, []


def is_changed(argument: Any, before: Any) -> bool:
    """Say whether a call has changed one of its arguments."""
    return not same(to_arrays(argument), to_arrays(before), EXACT)


def to_torch(torch: ModuleType, argument: Any) -> Any:
    """A NumPy array as a tensor of torch's usual kind; anything else as it is."""
    if not isinstance(argument, np.ndarray):
        return argument
    tensor = torch.from_numpy(argument.copy())
    return tensor.float() if tensor.is_floating_point() else tensor


# Recognising a mistake -----------------------------------------------------------------------------------------------


def makes(mistake: Callable, cases: list[Arguments], answers: list[Arrays], tolerance: Tolerance) -> bool:
    """Say whether a wrong function gives these answers, and fails where they end, if they end early."""
    for i, arguments in enumerate(cases):
        try:
            result = to_arrays(mistake(*copy.deepcopy(arguments)))
        except Exception:
            return i == len(answers)
        if i == len(answers) or not same(result, answers[i], tolerance):
            return False
    return True


def fits(mistake: Any, answers: tuple, tolerance: Tolerance) -> bool:
    """Say whether the answers make a mistake: a test of theirs, or a value in which `...` fits anything."""
    if callable(mistake):
        try:
            return bool(mistake(*answers))
        except Exception:  # a test of numbers, and words came
            return False
    parts = as_tuple(mistake)
    return len(parts) == len(answers) and all(
        part is ... or same(answer, to_arrays(part), tolerance) for part, answer in zip(parts, answers, strict=True)
    )


def in_another_order(expected: tuple, answers: tuple, tolerance: Tolerance) -> bool:
    """Say whether several answers, each a number, are the right ones, in another order."""
    if not all(
        isinstance(part, np.ndarray) and part.shape == () and kind(part) == "numbers" for part in expected + answers
    ):
        return False
    return same(np.sort(np.array(answers)), np.sort(np.array(expected)), tolerance)
