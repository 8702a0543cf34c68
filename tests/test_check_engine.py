"""How `self_attention.check` judges, compares and shows an answer, whatever the exercise."""

import warnings

import numpy as np
import pytest
import torch
from check_answers import ch02_softmax as softmaxes

from self_attention import check
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


@value()
def rows():
    """Give a table, a word, a truth."""
    return [[1, 2], [3, 4]], "yes", True


@value()
def thousand():
    """Give a large number: the tolerance stays absolute."""
    return 1000


@pytest.mark.parametrize(
    ("verdict", "said"),
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
        (lambda: times(lambda x, k: (x * k).T), "not yet. Expected the shape (2, 3), got (3, 2) (transposed?) for"),
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
def test_engine_says(verdict, said):
    assert said in repr(verdict())


def test_verdict_does_not_depend_on_print_options_and_prints_nothing(capsys):
    before = repr(check.softmax(softmaxes.softmax_rounded))
    with np.printoptions(precision=1, floatmode="fixed", linewidth=20):
        assert repr(check.softmax(softmaxes.softmax_rounded)) == before
    check.softmax(lambda scores: np.log(scores - 5000))  # a RuntimeWarning would be an error here
    assert capsys.readouterr() == ("", "")
