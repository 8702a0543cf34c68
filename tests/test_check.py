"""`self_attention.check`: right answers pass, wrong ones get the hint that fits, and no input can be ignored."""

import importlib.util
import re
from importlib import import_module
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from self_attention import check

ROOT = Path(__file__).parents[1]
CHAPTERS = {int(path.name[:2]): path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
NAMES = [f"ch{path.stem}" for path in CHAPTERS.values()]
MODULES = {import_module(f"self_attention.check.{name}"): import_module(f"check_answers.{name}") for name in NAMES}
ANSWERS = {name: answers for module in MODULES.values() for name, answers in module.ANSWERS.items()}
CHECKS = {name: getattr(check, name) for module in MODULES for name in module.__all__}
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
        assert set(module.__all__) == set(answers.ANSWERS)
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
        answers = [(...,), (None,), (lambda *_: ...,), (refuse,), (lambda *_: (..., 1),)]
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


STRANGE = [
    *(0, -1.5, 10**400, 1j, True, float("nan"), float("inf"), "", "1", b"1", np.datetime64("2020"), object()),
    *([], (), [[]], [[1, 2], [3]], ["a", 1], range(3), {}, {1}, iter([1]), np.array([object()])),
    *(np.zeros((0, 3)), np.zeros((2, 2, 2)), np.zeros(2, dtype=[("a", int)]), np.ma.masked_equal([1, 2], 2)),
    *(torch.zeros(3, 1).half(), torch.zeros(2, device="meta")),
]


@pytest.mark.parametrize("name", CHECKS)
def test_a_strange_answer_is_not_right_and_raises_nothing(name):
    if name in FUNCTIONS:
        answers = [(lambda *_, strange=strange: strange,) for strange in STRANGE]
    else:
        size = len(right) if isinstance(right := CHECKS[name].reference(), tuple) else 1
        answers = [(strange,) * size for strange in STRANGE]
    for answer in answers:
        verdict = CHECKS[name](*answer)
        assert verdict.solved is False
        assert verdict.hint


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
