"""How `self_attention.check` judges, compares and shows an answer, whatever the exercise."""

import subprocess
import sys
import warnings
from fractions import Fraction

import numpy as np
import pytest
import torch
from check_answers import ch02_softmax as softmaxes

from self_attention import check, softmax
from self_attention.check._judge import function, value


@function(
    cases=lambda rng: [(rng.normal(size=(2, 3)), 2), (rng.normal(size=(3, 2)), 3)],
    mistakes=[(lambda x, k: x + k, "You add."), (lambda x, k: x[5], "You look too far.")],
)
def times(x, k):
    """Multiply."""
    return x * k


@function(cases=lambda rng: [(rng.normal(size=(2, 3)),), (rng.normal(size=(4, 2)),)])
def signs(x):
    """Say where x is positive, and how often."""
    return x > 0, (x > 0).sum()


@function(cases=lambda rng: [(rng.normal(size=3),), (rng.normal(size=(4, 2)),)])
def pair(x):
    """Give two arrays of one shape."""
    return x + 1, x - 1


@function(cases=lambda rng: [(rng.normal(size=3),)])
def exp(x):
    """Raise e to the power of x."""
    return np.exp(x)


@value()
def rows():
    """Give a table, a word, a truth."""
    return [[1, 2], [3, 4]], "yes", True


@value()
def thousand():
    """Give a large number: the tolerance stays absolute."""
    return 1000


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (lambda: times(lambda x, k: x * k + 5e-5), "right."),
        (lambda: times(lambda x, k: x * k * (1 + 5e-5)), "right."),
        (lambda: times(lambda x, k: x * k + 5e-4), "not yet. For"),
        (lambda: times(lambda x, k: (x * k).tolist()), "right."),
        (lambda: times(lambda x, k: torch.mul(x, k)), "right."),
        (lambda: times(lambda x, k: torch.mul(x, k).bfloat16() * 0 + x * k), "right."),
        (lambda: times(lambda x, k: torch.nn.Parameter(torch.mul(x, k))), "right."),
        (lambda: times(lambda x, k: torch.matmul(x, torch.eye(x.shape[-1])) * k), "right."),  # float32
        (lambda: times(lambda x, k: warnings.warn("no matter", stacklevel=1) or x * k), "right."),
        (lambda: times(lambda x, k: x.sum(dim=0) * 0 + (x * k if len(x) == 2 else 1 / 0)), "It raises ZeroDivision"),
        (lambda: times(lambda x, k: x + k), "not yet. You add."),
        (lambda: times(lambda x, k: torch.add(x, k)), "not yet. You add."),
        (lambda: times(lambda x, k: x * k * np.nan), "not yet. It gives nan"),
        (lambda: times(lambda x, k: (x * k).T), "not yet. Right, but it is transposed"),
        (lambda: times(lambda x, k: (x * k)[0]), "not yet. Expected the shape (2, 3), got (3,) for"),
        (lambda: times(lambda x, k: "a word"), "not yet. Expected numbers, got text for"),
        (lambda: times(lambda x: x), "not yet. Expected a function of 2 arguments, (x, k), got one of (x)."),
        (lambda: times(lambda x, k: 1 / 0), "not yet. It raises ZeroDivisionError: division by zero, for\n    x = [["),
        (lambda: times(lambda x, k: torch.mul(x, k)[5]), ", with tensors IndexError: index 5"),
        (lambda: times(lambda x, k: x * k if len(x) == 2 else 1 / 0), "not yet. It raises ZeroDivisionError"),
        (lambda: times(lambda x, k: x + k if len(x) == 2 else 1 / 0), "not yet. It raises ZeroDivisionError"),
        (lambda: times(lambda x, k: np.multiply(x, k, out=x)), "not yet. Your function changes its input."),
        (lambda: times(lambda x, k: x.mul_(k)), "not yet. Your function changes its input."),
        (lambda: times(lambda x, k: ... * x), "unsupported operand type(s) for *: 'ellipsis' and 'float'"),
        (lambda: check.softmax(softmaxes.softmax_forgets_return), "not answered yet. The function returns None"),
        (lambda: signs(lambda x: (x > 0, (x > 0).sum())), "right."),
        (lambda: signs(lambda x: [torch.gt(x, 0), int((x > 0).sum())]), "right."),
        (lambda: pair(lambda x: [x + 1, x - 1]), "right."),
        (lambda: signs(lambda x: x > 0), "not yet. Expected 2 results, got one for"),
        (lambda: signs(lambda x: (x > 0, 1, 2)), "not yet. Expected 2 results, got 3 for"),
        (
            lambda: signs(lambda x: ((x > 0) * 1, (x > 0).sum())),
            "not yet. Expected True or False, got numbers in result 1",
        ),
        (lambda: signs(lambda x: (x > 0, 9)), "not yet. For"),
        (lambda: thousand(1000.005), "right."),
        (lambda: thousand(1000.01), "not yet. The answer is not 1000.01. Too large."),
        (lambda: rows([[1, 2], [3, 4]], "yes", True), "right."),
        (lambda: rows(torch.tensor([[1, 2], [3, 4]]), "yes", np.True_), "right."),
        (lambda: rows([[1, 2], [3, 4]], " Yes", True), "right."),
        (lambda: rows([[1, 2], [5, 4]], "yes", True), "Look at [1, 0]: too large."),
        (lambda: rows([[1, 2], [3]], "yes", True), "not yet. "),
        (lambda: rows([[1, 2], [3, 4]], "no", True), "not yet. Answer 2 of 3 is not 'no'."),
        (lambda: rows([[1, 2], [3, 4]], "yes", 1), "not yet. Expected True or False, got numbers in answer 3."),
        (lambda: rows([[1, 2], [3, 4]], "yes", ...), "not answered yet."),
        (lambda: rows([[1, 2], [3, ...]], "yes", True), "not answered yet."),
    ],
)
def test_engine_says(verdict, text):
    assert text in repr(verdict())


# Answers of every type ------------------------------------------------------------------------------------------------


class Frame:
    """A table as pandas has it: an array for whoever asks, compared number by number, neither true nor false."""

    __hash__ = None

    def __init__(self, rows):
        self.rows = np.asarray(rows)

    def __array__(self, dtype=None, copy=None):
        return self.rows

    def __eq__(self, other):
        return Frame(self.rows == other)

    def __bool__(self):
        raise ValueError("The truth value is ambiguous.")


def returns(change):
    """What `times` says to the right result, changed."""
    return times(lambda x, k: change(x * k))


TYPES = {  # what becomes of the right result, and what the check says
    "frame": (Frame, "right."),
    "unmasked": (np.ma.array, "right."),
    "objects": (lambda y: y.astype(object), "right."),
    "fractions": (lambda y: [[Fraction(float(v)) for v in row] for row in y], "right."),
    "float32": (np.float32, "right."),
    "complex": (np.complex128, "right."),
    "parameter": (lambda y: torch.nn.Parameter(torch.as_tensor(y)), "right."),
    "sparse": (lambda y: torch.as_tensor(y).to_sparse(), "right."),
    "list of rows": (list, "right."),
    "list of tensors": (lambda y: [*torch.as_tensor(y)], "right."),
    "meta": (lambda y: torch.as_tensor(y).to("meta"), "not yet. Expected numbers, got a tensor without any"),
    "masked": (lambda y: np.ma.masked_less(y, 0), "not yet. Expected numbers everywhere, got a masked array"),
    "generator": (lambda y: (row for row in y), "not yet. Expected values, got a generator, which has not"),
    "map": (lambda y: map(list, y), "not yet. Expected values, got a map, which has not worked them out yet"),
    "dict": (dict.fromkeys, "not yet. Expected values in their order, got a dict."),
    "set": (lambda y: {*y.ravel().tolist()}, "not yet. Expected values in their order, got a set."),
    "object": (lambda y: object(), "not yet. Expected numbers, got object."),
    "function": (lambda y: len, "not yet. Expected numbers, got builtin_function_or_method."),
    "digits": (lambda y: y.astype(str), "not yet. Expected numbers, got text (numbers in quotes) for\n    x = "),
    "text": (str, "not yet. Expected numbers, got text for\n    x = "),
    "bytes": (lambda y: b"12", "not yet. Expected numbers, got text for\n    x = "),
    "dates": (lambda y: y.astype("datetime64[D]"), "not yet. Expected numbers, got datetime64[D] for\n    x = "),
    "truths": (lambda y: y > 0, "not yet. Expected numbers, got True or False for\n    x = "),
    "none": (lambda y: None, "not answered yet. The function returns None: does it end with `return`?"),
    "nan": (lambda y: y * np.nan, "not yet. It gives nan, “not a number” for\n    x = "),
    "inf": (lambda y: y * np.inf, "not yet. It gives inf, “infinity” for\n    x = "),
    "column": (
        lambda y: y[..., None],
        "not yet. Expected the shape (2, 3), got (2, 3, 1) (an axis of length 1",
    ),
    "one number": (np.sum, "not yet. Expected the shape (2, 3), got () for\n    x = "),
    "ragged": (lambda y: [[1, 2], [3]], "not yet. Expected one result, got 2 for\n    x = "),
    "float16": (np.float16, "not yet. Right, but float16 keeps three digits only."),
    "half": (lambda y: torch.as_tensor(y).half(), "not yet. Right, but float16 keeps three digits only."),
    "integers": (lambda y: y.astype(int), "not yet. Right, but the decimals are cut off"),
    "rounded": (lambda y: y.round(2), "not yet. Right, but it is rounded."),
    "negative": (lambda y: -y, "not yet. Right, but every sign is turned round."),
    "percent": (lambda y: 100 * y, "not yet. Right, but in percent."),
    "exp": (np.exp, "not yet. Right, but this is e to the power of what is asked for."),
    "square": (np.square, "not yet. Right, but this is the square of what is asked for."),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_result_of_every_type_gets_a_sentence(name):
    change, text = TYPES[name]
    assert repr(returns(change)).startswith(f"times: {text}")


def test_a_logarithm_is_named():
    assert repr(exp(lambda x: x)) == "exp: not yet. Right, but this is the logarithm of what is asked for."


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("1000", "not yet. Expected numbers, got text (numbers in quotes)."),
        ("a thousand", "not yet. Expected numbers, got text."),
        ([1000], "right."),
        (torch.tensor([[1000.0]]), "right."),
        (Frame(1000), "right."),
        (Fraction(1000), "right."),
        (10**400, "not yet. Expected numbers, got int."),
        ({1000}, "not yet. Expected values in their order, got a set."),
        (iter([1000]), "not yet. Expected values, got a list_iterator"),
        (object(), "not yet. Expected numbers, got object."),
        (float("nan"), "not yet. It gives nan"),
        (-1000, "not yet. The answer is not -1000. Too small."),
        (1000.04, "not yet. The answer is not 1000.04. Too large. Nearly: give two decimals."),
        ([1, 2], "not yet. Expected the shape () (a number), got (2,)."),
        ([[1, 2], [3]], "not yet. Expected one result, got 2."),
        (len, "not yet. A value is asked for here, and a function came: call it first."),
        (None, "not answered yet."),
    ],
)
def test_a_value_of_every_type_gets_a_sentence(answer, text):
    assert repr(thousand(answer)).startswith(f"thousand: {text}")


def test_without_a_value_none_is_expected():
    assert repr(thousand()) == "thousand: not yet. Expected 1 answer, got 0."


def test_values_in_another_order_are_named():
    assert repr(check.shares(0.2, 0.7, 0.1, 0.2)) == "shares: not yet. These are the right numbers, in another order."


def test_results_in_another_order_are_named():
    assert (
        repr(signs(lambda x: ((x > 0).sum(), x > 0)))
        == "signs: not yet. Right, but the results stand in another order."
    )


def test_few_numbers_that_agree_by_chance_are_not_explained():
    assert repr(check.layers_needed(250, 25)).endswith("Answer 2 of 2 is not 25. Too large.")  # 25 is the square of 5


# Functions that misbehave ---------------------------------------------------------------------------------------------


def interrupted(x, k):
    raise KeyboardInterrupt


def recursive(x, k):
    return recursive(x, k)


def in_place_without_return(x, k):
    x *= k


@pytest.mark.parametrize(
    ("your_function", "text"),
    [
        (interrupted, "not yet. Interrupted before it came to its end: does every loop of it end?"),
        (recursive, "not yet. It raises RecursionError: maximum recursion depth exceeded, for\n    x = [["),
        (lambda x, k: sys.exit(3), "not yet. It raises SystemExit: 3, for\n    x = [["),
        (in_place_without_return, "not yet. Your function changes its input."),
        (lambda: 1, "not yet. Expected a function of 2 arguments, (x, k), got one of ()."),
        (lambda x, *, k: x * k, "not yet. Expected a function of 2 arguments, (x, k), got one of (x, *, k)."),
        (lambda x, k, more=1: x * k, "right."),
        (lambda *arguments: arguments[0] * arguments[1], "right."),
        (np.multiply, "right."),
    ],
)
def test_a_function_that_misbehaves_gets_a_sentence(your_function, text):
    assert repr(times(your_function)).startswith(f"times: {text}")


def test_a_function_may_print(capsys):
    assert times(lambda x, k: print(x.shape) or x * k).solved
    assert capsys.readouterr().out == "(2, 3)\n(3, 2)\n"


def test_a_mistake_that_is_tried_warns_of_nothing():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check.third_word(0, 0, 0, 0)  # a hint divides one answer by another
    assert caught == []


def test_the_checks_load_no_torch():
    code = """
import sys
from self_attention import check, softmax
print(check.softmax(lambda scores: softmax(scores)))
print(check.softmax(lambda scores: scores.softmax(dim=-1)))
print("torch" in sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    right, wrong, *_, loaded = printed.splitlines()
    assert right == "softmax: right."
    assert wrong.startswith("softmax: not yet. It raises AttributeError: 'numpy.ndarray' object has no attribute")
    assert loaded == "False"


# The verdict ----------------------------------------------------------------------------------------------------------


def off(scores):
    return softmax(scores) + 0.1


def test_verdict_does_not_depend_on_print_options_and_prints_nothing(capsys):
    before = repr(check.softmax(off))
    assert "expected\n    [0.2689, 0.7311]\ngot\n    [0.3689, 0.8311]" in before
    with np.printoptions(precision=1, floatmode="fixed", linewidth=20):
        assert repr(check.softmax(off)) == before
    check.softmax(lambda scores: np.log(scores - 5000))  # a RuntimeWarning would be an error here
    assert capsys.readouterr() == ("", "")
