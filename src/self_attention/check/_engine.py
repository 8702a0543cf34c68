"""How an answer is judged: compare it with the reference, then with the mistakes that learners make.

An exercise is a reference with a decorator. `function` asks for a function, which is called with several cases;
`value` asks for values. A mistake is a pair: something wrong, and the hint for whoever answers so.
"""

import copy
import functools
import inspect
import traceback
import warnings
from dataclasses import dataclass

import numpy as np

FUNCTIONS = 1e-4  # tolerance, relative or absolute, for what a function computes
VALUES = 0.006  # tolerance, absolute, for what is worked out by hand: two decimals


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check says: `solved` is True, False, or None for an exercise that is not answered yet."""

    name: str
    solved: bool | None
    hint: str = ""

    def __repr__(self):
        said = {True: "right.", False: "not yet.", None: "not answered yet."}[self.solved]
        return f"{self.name}: {said} {self.hint}".rstrip()


class NotYet(Exception):
    """The answer is wrong, or missing (`solved` is None)."""

    def __init__(self, hint, solved=False):
        super().__init__(hint)
        self.solved = solved


# The two kinds of exercise -------------------------------------------------------------------------------------------


def function(cases, mistakes=(), tolerance=FUNCTIONS):
    """An exercise that asks for a function; what is decorated is the reference.

    Args:
        cases: a function of a seeded NumPy generator that returns a list of tuples of arguments, the smallest first.
        mistakes: pairs (a wrong function of the same arguments, its hint); the first that fits gives the hint.
        tolerance: largest difference, absolute or relative to the reference.
    """

    def decorate(reference):
        drawn = cases(np.random.default_rng(0))
        expected = [plain(reference(*copy.deepcopy(arguments))) for arguments in drawn]
        names = list(inspect.signature(reference).parameters)

        def judge(your_function):
            if unanswered(your_function):
                return None
            if not callable(your_function):
                raise NotYet(f"Hand over the function itself, not what it returns: check.{reference.__name__}(name).")
            came, error = call_with_all(your_function, drawn)
            if came and unanswered(came[-1]):
                if came[-1] is None and not is_empty(your_function):
                    raise NotYet("The function returns None: does it end with `return`?", solved=None)
                return None
            several = isinstance(expected[0], tuple)
            came = [plain(tuple(answer) if several and isinstance(answer, list) else answer) for answer in came]
            same = functools.partial(agree, tolerance=tolerance, relative=True)
            wrong = [i for i, answer in enumerate(came) if not same(answer, expected[i])]
            if not wrong and not error:
                return True
            for mistake, hint in mistakes:
                if came and makes(mistake, drawn, came, same):
                    raise NotYet(hint)
            if isinstance(error, NotYet):
                raise error
            if error:
                said = traceback.format_exception_only(error)[-1].strip()
                raise NotYet(f"It raises {said}, for\n{describe(names, drawn[len(came)])}")
            wrong.sort(key=lambda i: sum(np.size(argument) for argument in drawn[i]))
            for case in wrong:
                check_kind(expected[case], came[case], f" for\n{describe(names, drawn[case])}")
            case = wrong[0]
            given = describe(names, drawn[case])
            raise NotYet(f"For\n{given}\nexpected\n    {show(expected[case])}\ncame\n    {show(came[case])}")

        drawing = f"Tolerance: {tolerance:g}, relative or absolute."
        return finish(reference, judge, drawing, kind="function", cases=drawn, mistakes=mistakes)

    return decorate


def value(mistakes=(), tolerance=VALUES):
    """An exercise that asks for values, worked out by hand; what is decorated returns them, a tuple if there are more.

    Args:
        mistakes: pairs (a wrong value, or a tuple in which `...` is anything, or a function of the answers that is
            true for this mistake; its hint). The first that fits gives the hint.
        tolerance: largest absolute difference.
    """

    def decorate(reference):
        expected = as_tuple(plain(reference()))

        def judge(*your_answers):
            if unanswered(*your_answers):
                return None
            if any(callable(answer) for answer in your_answers):
                raise NotYet("A value is asked for here, and a function came: call it first.")
            came = plain(tuple(list(answer) if isinstance(answer, tuple) else answer for answer in your_answers))
            if len(came) == 1 and len(expected) > 1 and np.ndim(came[0]):  # all in one list
                came = plain(tuple(your_answers[0]))
            elif len(came) > 1 and len(expected) == 1:  # a list without its brackets
                came = (plain(list(your_answers)),)
            if len(came) != len(expected):
                raise NotYet(f"Expected {count(len(expected), 'answer')}, came {len(came)}.")
            same = functools.partial(agree, tolerance=tolerance, relative=False)
            wrong = [i for i, answer in enumerate(came) if not same(answer, expected[i])]
            if not wrong:
                return True
            for mistake, hint in mistakes:
                if fits(mistake, came, same):
                    raise NotYet(hint)
            i = wrong[0]
            which = f"Answer {i + 1} of {len(expected)}" if len(expected) > 1 else "The answer"
            check_kind(expected[i], came[i], f" in answer {i + 1}." if len(expected) > 1 else ".")
            raise NotYet(f"{which} is not {show(came[i])}.{direction(expected[i], came[i])}")

        drawing = f"Tolerance: {tolerance:g}."
        return finish(reference, judge, drawing, kind="value", cases=None, mistakes=mistakes)

    return decorate


def finish(reference, judge, tolerance, **about):
    """The public check: runs `judge`, turns its result into a Verdict; what tests need to know is in its attributes."""
    name = reference.__name__

    def check(*answer):
        try:
            return Verdict(name, judge(*answer))
        except NotYet as hint:
            return Verdict(name, hint.solved, str(hint))

    check.__name__ = check.__qualname__ = name
    check.__module__ = reference.__module__
    check.__doc__ = f"{inspect.getdoc(reference)}\n\n{tolerance}"
    check.__signature__ = inspect.signature(judge)
    check.reference = reference
    vars(check).update(about)
    return check


# Calling what the reader wrote ---------------------------------------------------------------------------------------


def unanswered(*answers):
    """Say whether an answer, or a part of one, is still missing."""
    return any(a is None or a is ... or isinstance(a, list | tuple) and unanswered(*a) for a in answers)


def is_empty(your_function):
    """Say whether a function's body is nothing but `...`."""
    code = getattr(your_function, "__code__", None)
    return code is None or len(code.co_code) == len((lambda: None).__code__.co_code)


def call_with_all(your_function, cases):
    """What the reader's function returns for the cases, up to a missing answer or an error, and that error or None.

    It gets NumPy arrays or, if it fails with them, torch tensors. Of two failures the one that came later counts.
    """
    came, error = attempt(your_function, cases, lambda argument: argument)
    if error is None:
        return came, None
    try:
        import torch
    except ImportError:
        return came, error
    torch_came, torch_error = attempt(your_function, cases, lambda argument: to_torch(torch, argument))
    wants_torch = "Tensor" in str(error) or "'numpy.ndarray' object has no" in str(error)
    if torch_error is None or len(torch_came) > len(came) or (len(torch_came) == len(came) and wants_torch):
        return torch_came, torch_error
    return came, error


def attempt(your_function, cases, convert):
    """The answers up to the first that is missing or that is an error, and that error or None."""
    answers = []
    for arguments in cases:
        given = [convert(copy.deepcopy(argument)) for argument in arguments]
        before = copy.deepcopy(given)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                answer = your_function(*given)
        except NotImplementedError:
            answer = ...
        except Exception as error:
            if "ellipsis" not in str(error):  # else it computes with a `...` that is still to be filled in
                return answers, error
            answer = ...
        if any(is_data(b) and not agree(plain(a), plain(b), 0, False) for a, b in zip(given, before, strict=True)):
            return answers, NotYet("Your function changes its input. Let it work on a new array instead.")
        if unanswered(answer):
            return [*answers, answer], None
        answers.append(answer)
    return answers, None


def makes(mistake, cases, came, same):
    """Say whether a wrong function gives the answers that came, and fails where they end, if they end early."""
    for i, arguments in enumerate(cases):
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                result = plain(mistake(*copy.deepcopy(arguments)))
        except Exception:
            return i == len(came)
        if i == len(came) or not same(result, came[i]):
            return False
    return True


def is_data(argument):
    """Say whether an argument is an array, a tensor or a list, which a function could change."""
    return isinstance(argument, np.ndarray | list) or hasattr(argument, "detach")


def to_torch(torch, argument):
    """A NumPy array as a tensor of torch's usual kind; anything else as it is."""
    if not isinstance(argument, np.ndarray):
        return argument
    tensor = torch.from_numpy(argument.copy())
    return tensor.float() if tensor.is_floating_point() else tensor


# Comparing and showing -----------------------------------------------------------------------------------------------


def plain(answer):
    """The answer as NumPy arrays, in a tuple if it is one; a list of numbers or of strings counts as an array."""
    if isinstance(answer, tuple):
        return tuple(plain(part) for part in answer)
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu()
        answer = answer.float() if str(answer.dtype) == "torch.bfloat16" else answer
    if isinstance(answer, list):
        answer = [plain(part) for part in answer]
    try:
        array = np.asarray(answer)
    except ValueError:  # rows of different lengths
        return tuple(answer)
    return answer if array.dtype.kind == "O" else array


def as_tuple(answer):
    """The answer as a tuple, of one part if it is not one."""
    return answer if isinstance(answer, tuple) else (answer,)


def agree(a, b, tolerance, relative):
    """Say whether two plain answers are the same, in shape and, within the tolerance, in every number."""
    if isinstance(a, tuple) or isinstance(b, tuple):
        a, b = as_tuple(a), as_tuple(b)
        return len(a) == len(b) and all(agree(x, y, tolerance, relative) for x, y in zip(a, b, strict=True))
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a is b or (type(a) is type(b) and bool(a == b))
    if a.shape != b.shape or (a.dtype.kind == "b") != (b.dtype.kind == "b"):
        return False
    if a.dtype.kind == b.dtype.kind == "U":  # words: "Dog" is "dog"
        a, b = (np.char.lower(np.char.strip(words)) for words in (a, b))
    if a.dtype.kind not in "fiu" or b.dtype.kind not in "fiu":
        return bool(np.array_equal(a, b))
    return np.allclose(a, b, rtol=tolerance if relative else 0, atol=tolerance, equal_nan=True)


def fits(mistake, came, same):
    """Say whether the answers make a mistake: a test of theirs, or a value in which `...` fits anything."""
    if callable(mistake):
        try:
            return bool(mistake(*came))
        except Exception:  # a test of numbers, and words came
            return False
    parts = as_tuple(mistake)
    return len(parts) == len(came) and all(m is ... or same(a, plain(m)) for m, a in zip(parts, came, strict=True))


def check_kind(expected, came, where):
    """Refuse another number of results, kind, shape, or NaN."""
    if isinstance(expected, tuple):
        if not isinstance(came, tuple) or len(came) != len(expected):
            came = f"{len(came)}" if isinstance(came, tuple) else "one"
            raise NotYet(f"Expected {len(expected)} results, came {came}{where}")
        for i, (a, b) in enumerate(zip(expected, came, strict=True), start=1):
            check_kind(a, b, f" in result {i}{where}")
        return
    if isinstance(came, tuple):
        raise NotYet(f"Expected one result, came {len(came)}{where}")
    if not isinstance(came, np.ndarray) or not isinstance(expected, np.ndarray):
        return
    kinds = {"b": "True or False", "U": "text"}
    a, b = (kinds.get(array.dtype.kind, "numbers") for array in (expected, came))
    if a != b:
        raise NotYet(f"Expected {a}, came {b}{where}")
    if expected.shape != came.shape:
        turned = " (transposed?)" if came.ndim > 1 and sorted(came.shape) == sorted(expected.shape) else ""
        raise NotYet(f"Expected the shape {expected.shape}, came {came.shape}{turned}{where}")
    if a == "numbers" and np.isnan(came).any() and not np.isnan(expected).any():
        raise NotYet(f"It gives nan, “not a number”{where}")


def direction(expected, came):
    """Say of one number whether it is too large or too small, of more of them which one is wrong."""
    if not isinstance(came, np.ndarray) or came.dtype.kind not in "fiu":
        return ""
    if came.ndim == 0:
        return " Too large." if came > expected else " Too small."
    first = np.unravel_index(np.argmax(~np.isclose(came, expected, rtol=0, atol=VALUES)), came.shape)
    place = ", ".join(str(i) for i in first)
    return f" Look at [{place}]: too {'large' if came[first] > expected[first] else 'small'}."


def show(answer, prefix="    "):
    """An answer in few characters, the same whatever NumPy's print options are."""
    if isinstance(answer, tuple):
        return f"({', '.join(show(part) for part in answer)})"
    if not isinstance(answer, np.ndarray):
        return repr(answer)
    if answer.ndim == 0:
        return repr(answer.item()) if answer.dtype.kind != "f" else f"{answer.item():.6g}"
    options = {"threshold": 40, "edgeitems": 3, "precision": 4, "suppress_small": True, "floatmode": "maxprec"}
    return np.array2string(answer, **options, separator=", ", max_line_width=100, prefix=prefix)


def describe(names, arguments):
    """The arguments of a call, one below the other."""
    left = [f"    {name} = " for name in names]
    return "\n".join(f"{start}{show(plain(value), start)}" for start, value in zip(left, arguments, strict=False))


def count(number, noun):
    """1 answer, 2 answers."""
    return f"{number} {noun}{'s' * (number != 1)}"
