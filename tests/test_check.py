"""`self_attention.check`: right answers pass, wrong ones get the hint that fits, and no input can be ignored."""

import importlib.util
import re
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from check_answers import attention, layers, transformer, words

from self_attention import check
from self_attention.check._engine import function, value

ROOT = Path(__file__).parents[1]
CHAPTERS = {int(path.name[:2]): path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
MODULES = {"words": words, "attention": attention, "layers": layers, "transformer": transformer}
ANSWERS = {name: answers for module in MODULES.values() for name, answers in module.ANSWERS.items()}
CHECKS = {name: getattr(check, name) for module in MODULES for name in getattr(check, module).__all__}
FUNCTIONS = [name for name, made in CHECKS.items() if made.kind == "function"]


def judge(name, answer):
    """What a check says to an answer as it stands in ANSWERS."""
    return CHECKS[name](answer) if name in FUNCTIONS else CHECKS[name](*answer)


def entries(kind):
    """One test for each answer."""
    return pytest.mark.parametrize(
        ("name", "answer"),
        [
            pytest.param(name, answer, id=f"{name}-{i}")
            for name, answers in ANSWERS.items()
            for i, answer in enumerate(answers[kind])
        ],
    )


# Every check, with the answers of its list ----------------------------------------------------------------------------


def test_every_check_has_its_answers():
    for module, answers in MODULES.items():
        assert set(getattr(check, module).__all__) == set(answers.ANSWERS)
    for name, answers in ANSWERS.items():
        assert len(answers["right"]) >= 2 and len(answers["wrong"]) >= 3, name


@entries("right")
def test_right_answer_passes(name, answer):
    assert repr(judge(name, answer)) == f"{name}: right."


@entries("wrong")
def test_wrong_answer_gets_its_hint(name, answer):
    answer, hint = answer
    verdict = judge(name, answer)
    assert verdict.solved is False
    assert hint in verdict.hint
    assert repr(verdict) == f"{name}: not yet. {verdict.hint}" == repr(judge(name, answer))


@pytest.mark.parametrize("name", CHECKS)
def test_every_hint_is_given(name):
    """A hint that an earlier one hides is never seen."""
    made = CHECKS[name]
    given = {judge(name, answer).hint for answer, _ in ANSWERS[name]["wrong"]}
    for mistake, hint in made.mistakes:
        if made.kind == "function":
            assert made(mistake).hint == hint
        elif not callable(mistake):
            right = made.reference()
            mistake, right = (x if isinstance(x, tuple) else (x,) for x in (mistake, right))
            given.add(made(*(r if m is ... else m for m, r in zip(mistake, right, strict=True))).hint)
    assert made.kind == "function" or {hint for _, hint in made.mistakes} <= given


@pytest.mark.parametrize("name", CHECKS)
def test_hint_leads_to_a_section_that_exists(name):
    for _, hint in CHECKS[name].mistakes:
        for number, rest in re.findall(r"[Cc]hapter (\d+), (.+)", hint):
            cells = nbformat.read(CHAPTERS[int(number)], as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown").replace("$", "")
            titles = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
            assert any(rest.rstrip(".").startswith(title.rstrip("?.")) for title in titles), hint


@pytest.mark.parametrize("name", CHECKS)
def test_check_says_what_it_asks_and_its_tolerance(name):
    assert re.search(r"^Tolerance: [\d.e-]+(, relative or absolute)?\.$", CHECKS[name].__doc__, re.MULTILINE)
    assert CHECKS[name].__name__ == name


def test_every_check_stands_in_one_chapter_and_its_solutions():
    for folder in (ROOT / "notebooks", ROOT / "notebooks" / "solutions"):
        cells = [cell for path in folder.glob("*.ipynb") for cell in nbformat.read(path, as_version=4).cells]
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        assert sorted(re.findall(r"^check\.(\w+)\(", code, re.MULTILINE)) == sorted(CHECKS)


# No answer, and answers that do not look at the question --------------------------------------------------------------


def refuse(*arguments):
    raise NotImplementedError


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_not_answered_is_not_wrong(name):
    if name in FUNCTIONS:
        answers = [(...,), (None,), (lambda *_: ...,), (lambda *_: None,), (refuse,), (lambda *_: (..., 1),)]
    else:
        size = len(r) if isinstance(r := CHECKS[name].reference(), tuple) else 1
        answers = [(...,) * size, (None,) * size, (..., *[1] * (size - 1)), ([...],)]
    for answer in answers:
        verdict = CHECKS[name](*answer)
        assert verdict.solved is None
        assert repr(verdict) == f"{name}: not answered yet."


@pytest.mark.parametrize("name", FUNCTIONS)
def test_constant_function_fails(name):
    made = CHECKS[name]
    for case in (made.cases[0], made.cases[-1]):
        constant = made.reference(*case)
        assert made(lambda *_, constant=constant: constant).solved is False
    for fill in (np.zeros_like, np.ones_like, np.empty_like):
        assert made(lambda *arguments, fill=fill: fill(made.reference(*arguments))).solved is False


def blind(argument, first):
    """Other values that a function could take for an argument at which it does not look."""
    yield first
    if isinstance(argument, np.ndarray):
        yield from (np.zeros_like(argument), np.ones_like(argument), argument[::-1].copy())
    elif isinstance(argument, int | float):
        yield from (type(argument)(0), type(argument)(1))
    elif argument is not None:
        yield from (argument[:1], argument[::-1])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_that_ignores_an_argument_fails(name):
    made = CHECKS[name]
    for i, first in enumerate(made.cases[0]):
        went = 0
        for way in range(4):

            def ignores(*arguments, i=i, way=way, first=first):
                values = [*blind(arguments[i], first)]
                other = values[min(way, len(values) - 1)]
                return made.reference(*arguments[:i], other, *arguments[i + 1 :])

            verdict = made(ignores)
            assert verdict.solved is False, f"passes without argument {i + 1}"
            went += not verdict.hint.startswith("It raises")
        assert went, f"argument {i + 1} was never really ignored: every try raised"


# The engine -----------------------------------------------------------------------------------------------------------


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
        (lambda: times(lambda x, k: (x * k).T), "not yet. Expected the shape (2, 3), came (3, 2) (transposed?) for"),
        (lambda: times(lambda x, k: (x * k)[0]), "not yet. Expected the shape (2, 3), came (3,) for"),
        (lambda: times(lambda x, k: "a word"), "not yet. Expected numbers, came text for"),
        (lambda: times(lambda x: x), "not yet. It raises TypeError: "),
        (lambda: times(lambda x, k: 1 / 0), "not yet. It raises ZeroDivisionError: division by zero, for\n    x = [["),
        (lambda: times(lambda x, k: torch.mul(x, k)[5]), "not yet. It raises IndexError: index 5"),
        (lambda: times(lambda x, k: x * k if len(x) == 2 else 1 / 0), "not yet. It raises ZeroDivisionError"),
        (lambda: times(lambda x, k: x + k if len(x) == 2 else 1 / 0), "not yet. It raises ZeroDivisionError"),
        (lambda: times(lambda x, k: np.multiply(x, k, out=x)), "not yet. Your function changes its input."),
        (lambda: times(lambda x, k: x.mul_(k)), "not yet. Your function changes its input."),
        (lambda: times(lambda x, k: ... * x), "not answered yet."),
        (lambda: times(words.softmax_forgets_return), "not yet. It raises TypeError"),
        (lambda: check.softmax(words.softmax_forgets_return), "not answered yet. The function returns None"),
        (lambda: signs(lambda x: (x > 0, (x > 0).sum())), "right."),
        (lambda: signs(lambda x: [torch.gt(x, 0), int((x > 0).sum())]), "right."),
        (lambda: pair(lambda x: [x + 1, x - 1]), "right."),
        (lambda: signs(lambda x: x > 0), "not yet. Expected 2 results, came one for"),
        (lambda: signs(lambda x: (x > 0, 1, 2)), "not yet. Expected 2 results, came 3 for"),
        (
            lambda: signs(lambda x: ((x > 0) * 1, (x > 0).sum())),
            "not yet. Expected True or False, came numbers in result 1",
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
        (lambda: rows([[1, 2], [3, 4]], "yes", 1), "not yet. Expected True or False, came numbers in answer 3."),
        (lambda: rows([[1, 2], [3, 4]], "yes", ...), "not answered yet."),
        (lambda: rows([[1, 2], [3, ...]], "yes", True), "not answered yet."),
    ],
)
def test_engine_says(verdict, said):
    assert said in repr(verdict())


def test_verdict_does_not_depend_on_print_options_and_prints_nothing(capsys):
    before = repr(check.softmax(words.softmax_rounded))
    with np.printoptions(precision=1, floatmode="fixed", linewidth=20):
        assert repr(check.softmax(words.softmax_rounded)) == before
    check.softmax(lambda scores: np.log(scores - 5000))  # a RuntimeWarning would be an error here
    assert capsys.readouterr() == ("", "")


# The rules for exercises and solutions, which tools/notebooks.py checks -----------------------------------------------

spec = importlib.util.spec_from_file_location("notebooks", ROOT / "tools" / "notebooks.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

SOLUTIONS = sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb"))


def test_every_chapter_has_exercises_and_solutions():
    assert [path.name for path in SOLUTIONS] == [path.name for path in CHAPTERS.values()]
    for path in CHAPTERS.values():
        assert "Exercises" in [title for _, _, title in tool.titles(nbformat.read(path, as_version=4))], path.stem


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_keep_the_rules_and_belong_to_a_chapter(path):
    found = tool.problems(path.read_text(encoding="utf-8"))
    assert not found, "\n".join(found)
    chapter = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
    answered = [
        f"{n}. {title.rstrip('.')}" for _, n, title, text, _ in tool.exercises_of(chapter) if "<details" not in text
    ]
    assert [title for _, level, title in tool.titles(nbformat.read(path, as_version=4)) if level == 2] == answered


def swap(before, after):
    """Replace a piece of the first cell that has it."""

    def change(notebook):
        cell = next(cell for cell in notebook.cells if before in cell.source)
        cell.source = cell.source.replace(before, after, 1)

    return change


def answer_it(notebook):
    cell = next(cell for cell in notebook.cells if cell.source.startswith("check.dog_score"))
    cell.outputs[0].data["text/plain"] = "dog_score: right."


def drop_three(notebook):
    gone = ("**7.", "**8.", "**9.")
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith(gone)]


def unfold(notebook):
    notebook.cells[4].metadata["tags"] = []


@pytest.mark.parametrize(
    ("kind", "break_it", "sentence"),
    [
        ("chapter", swap("**5. Three", "**6. Three"), "exercises are numbered [1, 2, 3, 4, 6, 6, 7, 8, 9]"),
        ("chapter", swap("#5.-Three", "#6.-Three"), "exercise 5: no link to its solution"),
        ("chapter", swap("check.cool(mended)", "check.cool(mended)\n1"), "exercise 8: must be followed by a code cell"),
        ("chapter", swap("check.cool(mended)", "check.softmax(mended)"), "two exercises have one name"),
        ("chapter", drop_three, "3 exercises with a check, expected 4 to 6"),
        ("chapter", answer_it, "shows 'dog_score: right.', expected that it is not answered yet"),
        (
            "chapter",
            swap("choice right", "choice"),
            "exercise 1: a choice needs three options or more, and one of them",
        ),
        ("chapter", swap("**No.**", "Well."), "exercise 1: the explanation must begin with **Right.** or **No.**"),
        ("chapter", swap("[the slopes](#Slopes)", "the slopes"), "exercise 1: a wrong option must link to the section"),
        ("chapter", swap('"c2-two"', '"c2-three"'), "exercise 1: each option must begin with"),
        ("chapter", swap("<summary>On the", "<summary>On the*"), "exercise 1: an option is HTML"),
        ("solutions", swap("../02_softmax.ipynb#Exercises", "x"), "cell 1: no link back to the exercises"),
        ("solutions", swap("## 4. ", "## "), "the heading must be an exercise's number and title"),
        ("solutions", swap("<details>", ""), "a solution in words stands in <details>"),
        ("solutions", unfold, "a solution's cell has the tag hide-cell"),
        ("solutions", swap("check.steepest(1 / 2, 1 / 4)", "check.steepest(1, 2)\nprint(1)"), "the check says"),
    ],
)
def test_broken_exercise_is_reported(kind, break_it, sentence):
    folder = ROOT / "notebooks" / ("solutions" if kind == "solutions" else "")
    notebook = nbformat.read(folder / "02_softmax.ipynb", as_version=4)
    break_it(notebook)
    assert sentence in "\n".join(tool.problems(nbformat.writes(notebook)))
