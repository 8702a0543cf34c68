"""Every notebook is normal and keeps the rules of CONTRIBUTING; the checks are tried on one that breaks each rule."""

import copy
import importlib.util
import re
import sys
from pathlib import Path

import matplotlib
import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))

spec = importlib.util.spec_from_file_location("notebooks", ROOT / "tools" / "notebooks.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rules(path):
    found = tool.problems(path.read_text(encoding="utf-8"))
    assert not found, "\n".join(found)


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


# A small chapter that keeps every rule, and what the check says when one is broken ------------------------------------

OPENING = "# 1 · Try it\n\n**What you'll do.** Try.\n\n**What you’ll learn.** How.\n\n**What you need.** 5 minutes."
READING = "## Further reading\n\n" + "\n".join(f"- [Source {i}](https://example.org/{i}), a phrase." for i in range(5))
FIGURE = {"image": {"alt": "two words read each other"}, "figure": {"caption": "Both words read both."}}


def code(source, *outputs, count, **metadata):
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


@pytest.fixture
def chapter():
    svg = new_output("display_data", {"image/svg+xml": "<svg/>", "text/plain": "<Figure>"})
    cells = [
        new_markdown_cell(OPENING),
        code("", count=1),
        new_markdown_cell("## Weights\n\nThe first weight is 0.88."),
        code("print(0.88)", stream("0.88\n"), count=2),
        code("plots.heat_map(weights, words)", svg, count=3, mystnb=FIGURE),
        new_markdown_cell(READING),
    ]
    cells[1].source = "setup"
    return tool.normalise(new_notebook(cells=cells))


def said(notebook):
    return "\n".join(tool.problems(nbformat.writes(notebook) + "\n"))


def test_good_chapter_passes(chapter):
    assert said(chapter) == ""


def test_a_comment_in_a_code_block_is_no_heading(chapter):
    chapter.cells[2].source += "\n\n```python\n# not a heading\n```"
    assert said(chapter) == ""


def edit(index, **changes):
    return lambda notebook: notebook.cells[index].update(changes)


def label(index, **metadata):
    return lambda notebook: notebook.cells[index].metadata.update(metadata)


def put(index, *outputs):
    return lambda notebook: notebook.cells[index].update(outputs=list(outputs))


def ignore_two_outputs(notebook):
    for cell in notebook.cells[3:5]:
        cell.metadata["tags"] = ["nbval-ignore-output"]


BROKEN = {
    "no title": (edit(0, source=OPENING.replace("# 1", "1")), "must open with its title"),
    "no opening": (edit(0, source=OPENING.replace("What you need", "Needed")), "“What you need” is missing"),
    "two titles": (edit(2, source="# Weights"), "a second H1, “Weights”"),
    "level jumped": (edit(2, source="### Weights"), "jumps from level 1 to 3"),
    "no further reading": (edit(5, source="## The end"), "the last section must be"),
    "section after further reading": (edit(5, source=READING + "\n\n## The end"), "the last section must be"),
    "few sources": (edit(5, source=READING.replace("/4", "/3")), "links to 4 outside sources"),
    "long cell": (edit(3, source="print(0.88)\n" * 16), "16 lines, expected at most 15"),
    "long cells": (
        lambda notebook: [edit(i, source="a = 1\n" * 5 + "a")(notebook) for i in (3, 4)],
        "median code cell",
    ),
    "not executed": (edit(3, execution_count=None), "was not executed once from top to bottom"),
    "out of order": (edit(3, execution_count=7), "was not executed once from top to bottom"),
    "semicolon": (edit(3, source="print(0.88);"), "ends with a semicolon"),
    "rcParams": (edit(3, source="plt.rcParams['a'] = 1"), "sets rcParams"),
    "download": (edit(3, source="open_url('https://example.org')"), "a download"),
    "shell": (edit(3, source="!ls"), "a shell command"),
    "unknown tag": (label(3, tags=["remove-cell"]), "tag 'remove-cell' is not one of"),
    "unknown tag on prose": (label(2, tags=["hide"]), "tag 'hide' is not one of"),
    "uncompared outputs": (ignore_two_outputs, "more than one cell is tagged nbval-ignore-output"),
    "stderr": (put(3, stream("0.88"), stream("Warning: no", name="stderr")), "writes to stderr: Warning: no"),
    "memory address": (put(3, stream("0.88 <A at 0x7f3b2c001d90>")), "prints 0x7f3b2c001d90"),
    "path": (put(3, stream("0.88 /home/me/file.py")), "prints /home/me/file.py"),
    "error": (
        put(3, stream("0.88"), new_output("error", ename="ValueError", evalue="no")),
        "raises ValueError without",
    ),
    "no alt text": (label(4, mystnb={"figure": FIGURE["figure"]}), "set mystnb.image.alt"),
    "no caption": (label(4, mystnb={"image": FIGURE["image"]}), "set mystnb.figure.caption"),
    "alt text is a number": (
        label(4, mystnb=FIGURE | {"image": {"alt": "reads itself with 0.77"}}),
        "the prose says 0.77, but no cell prints it",
    ),
    "old setup": (edit(1, source="import self_attention"), "is not normal"),
    "kernel of one machine": (lambda notebook: notebook.metadata.kernelspec.update(name="venv"), "is not normal"),
    "widget state": (lambda notebook: notebook.metadata.update(widgets={}), "is not normal"),
    "random id": (edit(3, id="a1b2c3d4"), "is not normal"),
}


@pytest.mark.parametrize(("break_it", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_chapter_is_reported(chapter, break_it, sentence):
    break_it(chapter)
    assert sentence in said(chapter)


# Prose never states a figure that no cell prints ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prose", "output"),
    [
        ("It is 0.88.", "0.88"),
        ("It is .88", "[0.88 0.12]"),
        ("$w = 0.88$ and $-0.12$", "0.88 0.12"),
        ("{math}`0.88`", "0.88"),
        ("$3\\times0.5$", "0.5"),
        ("It is 12.9 %, or $12.9\\%$", "12.9 %"),
        ("It is 12.9%", "0.129"),
        ("It is 0.129", "12.9%"),
        ("exactly 1.0", "[1. 0.]"),
        ("6.988e-4", "6.988e-04"),
        ("1,234.5 tokens", "1234.5"),
        ("Integers such as 42 and 1,000 and item 5. are free.", ""),
        ("`0.5` and ``0.25 ` ``", ""),
        ("```python\nx = 0.25\n```", ""),
        ("[0.5](https://example.org/1.5) https://example.org/2.5 <img width=3.5>", "0.5"),
        ("section 3.2.1, Section 3.2, § 3.2, arXiv:1706.03762, Python 3.11, version 2.13, 1.2.3", ""),
    ],
)
def test_number_is_accepted(chapter, prose, output):
    chapter.cells[2].source = prose
    chapter.cells[3].outputs = [stream(output)]
    assert list(tool.check_numbers(chapter)) == []


@pytest.mark.parametrize(
    ("prose", "output", "number"),
    [
        ("It is 0.88.", "0.8808", "0.88"),
        ("It is 0.880.", "0.88", "0.880"),
        ("It is 0.8.", "0.88", "0.8"),
        ("the weight $w_{12} = 0.88$", "0.12", "0.88"),
        ("$$\nw = 0.88\n$$", "", "0.88"),
        ("{math}`0.88`", "", "0.88"),
        ("$3\\times0.5$", "", "0.5"),
        ("6.988e-4", "6.988e-3", "6.988e-4"),
        ("12.9 %", "12.8 %", "12.9 %"),
        (":::{admonition} A title with 0.88\nNothing.\n:::", "", "0.88"),
        ("```{admonition} Title\nIt is 0.88.\n```", "", "0.88"),
        (":::{dropdown} Answer\nIt is 0.88.\n:::", "", "0.88"),
        ("| a | b |\n| --- | --- |\n| 0.88 | 1 |", "", "0.88"),
        ("a < 0.88 and b > 0", "", "0.88"),
        ("an open ` tick\n\nand 0.88 and another ` tick", "", "0.88"),
    ],
)
def test_number_that_no_cell_prints_is_reported(chapter, prose, output, number):
    chapter.cells[2].source = prose
    chapter.cells[3].outputs = [stream(output)]
    assert list(tool.check_numbers(chapter)) == [f"cell 3: the prose says {number}, but no cell prints it"]


@pytest.mark.parametrize(
    "output",
    [
        new_output("execute_result", {"text/plain": "0.88"}),
        new_output("display_data", {"text/html": "<td>0.88</td>"}),
        new_output("error", ename="ValueError", evalue="came 0.88"),
    ],
    ids=["text", "html", "error"],
)
def test_every_kind_of_output_counts_as_printed(chapter, output):
    chapter.cells[3].outputs = [output]
    assert list(tool.check_numbers(chapter)) == []


def test_a_widgets_script_is_not_printed(chapter):
    chapter.cells[3].outputs = [new_output("display_data", {"text/html": "<script>0.88</script><b title='0.88'></b>"})]
    assert "the prose says 0.88" in said(chapter)


# A measured number in words is printed, too ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prose", "output"),
    [
        ("nearly half of them", "48 %"),
        ("about five times as many", "4.7"),
        ("more than twice as fast", "2.4"),
        ("half a bit each", "0.50"),
        ("less than a third", "0.3"),
        ("up to a quarter", "20 %"),
        ("ten percent", "0.1"),
        ("nearly nine times in ten", "87 %"),
        ("About two thirds", "0.67"),
        ("about a thousand times", "1,012"),
        ("Two words, one head, twice the score, four times as wide, a third word, the other half are free.", ""),
        ("three times in a row", ""),
        ("`about half`", ""),
    ],
)
def test_number_in_words_is_accepted(chapter, prose, output):
    chapter.cells[2].source = f"## Weights\n\n{prose}"
    chapter.cells[3].outputs = [stream(output)]
    assert list(tool.check_words(chapter)) == []


@pytest.mark.parametrize(
    ("prose", "output", "said"),
    [
        ("half a bit each", "about 1 of 4 bits", "half a"),
        ("about five times as many", "50,089 against 10,665", "about five times"),
        ("more than a third", "0.3", "more than a third"),
        ("less than a third", "0.4", "less than a third"),
        ("ten per cent", "0.2", "ten per cent"),
        ("nearly\nhalf of them", "38 %", "nearly half"),
        ("nearly nine times in ten", "70 %", "nearly nine times in ten"),
    ],
)
def test_number_in_words_that_no_cell_prints_is_reported(chapter, prose, output, said):
    chapter.cells[2].source = f"## Weights\n\n{prose}"
    chapter.cells[3].outputs = [stream(output)]
    assert list(tool.check_words(chapter)) == [f"cell 3: the prose says “{said}”, but no cell of its section prints it"]


def test_a_number_in_words_is_not_looked_for_in_another_section(chapter):
    chapter.cells[3].outputs = [stream("1")]
    chapter.cells[4:4] = [new_markdown_cell("## More\n\nAbout half."), code("0.5", stream("0.3"), count=3)]
    chapter.cells.insert(6, new_markdown_cell("## Still more"))
    chapter.cells.insert(7, code("0.5", stream("0.5"), count=4))
    assert "“About half”" in "\n".join(tool.check_words(chapter))


# A finding about trained parameters says over how many seeds ----------------------------------------------------------


def finding(source="print(nn.load('tagger').score())", tags=("finding",), output="98 %"):
    return code(source, stream(output), count=2, tags=list(tags))


@pytest.mark.parametrize(
    "source",
    [
        "print(nn.load('tagger').score())",
        "model = nn.load('tagger')\nprint(model.score())",
        "for run in logs('tagger'):\n    print(run)",
        "def fit(model):\n    optimizer.step()\n\nprint(fit(1))",
        "def score():\n    return train(model)\n\nshares = []\nshares.append(score())\nprint(shares)",
        "shares = {}\nshares['a'] = nn.load('tagger').score()\nprint(shares)",
        "class A:\n    best = nn.load('tagger')\n\nprint(A.best)",
    ],
)
def test_a_cell_that_prints_a_number_of_a_trained_model_must_be_tagged(chapter, source):
    chapter.cells[2].source = "Text."
    chapter.cells[3] = finding(source, tags=())
    assert list(tool.check_findings(chapter)) == [
        "cell 4: prints a number of a trained model; tag it `finding` or `example`"
    ]


def test_what_is_trained_is_known_in_later_cells(chapter):
    chapter.cells[2:4] = [
        code("model = nn.load('tagger')", count=2),
        code("def score(b):\n    return model(b)", count=3),
        finding("print(score(1))", tags=()),
    ]
    assert "cell 5: prints a number of a trained model" in "\n".join(tool.check_findings(chapter))


@pytest.mark.parametrize(
    ("source", "tags", "output"),
    [
        ("print(nn.load('tagger').size)", (), "10,665 parameters"),
        ("print(nn.load('tagger').score())", ("example",), "98 %"),
        ("print(0.98)", (), "98 %"),
    ],
)
def test_no_finding(chapter, source, tags, output):
    chapter.cells[2].source = "It is 98 %."
    chapter.cells[3] = finding(source, tags, output)
    assert list(tool.check_findings(chapter)) == []


@pytest.mark.parametrize(
    "source",
    [
        "model = 1\nprint(model / 2)",
        "def half(model):\n    return model / 2\n\nprint(half(1))",
        "for model in (1, 2):\n    print(model / 2)",
        "print([model / 2 for model in (1, 2)])",
    ],
)
def test_a_name_with_another_meaning_is_not_what_was_trained(chapter, source):
    chapter.cells[2:4] = [code("model = nn.load('tagger')", count=2), code(source, stream("0.5"), count=3)]
    assert list(tool.check_findings(chapter)) == []


@pytest.mark.parametrize(
    "prose",
    [
        "All three seeds get 98 %.",
        "It is 98 % (seed 0). A weight of 0.88 is none of it.",
        "Over three\nseeds it is 98 %.",
        "| seed | share |\n| --- | --- |\n| 0 | 98 % |",
    ],
)
def test_a_finding_with_its_seeds_is_accepted(chapter, prose):
    chapter.cells[2].source = prose
    chapter.cells[3] = finding()
    assert list(tool.check_findings(chapter)) == []


@pytest.mark.parametrize(
    ("prose", "number"),
    [
        ("Three seeds. It is 98 %.", "98%"),
        ("- Three seeds\n- It is 98 %", "98%"),
        ("Three seeds.\n\nIt is $98 \\%$", "98%"),
    ],
)
def test_a_finding_whose_sentence_says_nothing_of_seeds_is_reported(chapter, prose, number):
    chapter.cells[2].source = prose
    chapter.cells[3] = finding()
    assert list(tool.check_findings(chapter)) == [
        f"cell 3: {number} is a finding; its sentence must say over how many seeds"
    ]


def test_a_finding_with_no_word_of_seeds_beside_it_is_reported(chapter):
    chapter.cells[2].source = "It is good."
    chapter.cells[3] = finding()
    assert list(tool.check_findings(chapter)) == [
        "cell 4: a finding, but the text beside it does not say over how many seeds"
    ]


# Normalise and execute ------------------------------------------------------------------------------------------------


def test_normalise_removes_what_changes_from_run_to_run(chapter):
    dirty = copy.deepcopy(chapter)
    dirty.metadata.update(widgets={"state": 1}, kernelspec={"name": "venv"}, colab={}, myst={"html_meta": {}})
    dirty.nbformat_minor = 4
    dirty.cells[1].update(source="import self_attention", metadata={})
    dirty.cells[3].update(id="a1b2c3d4", source="print(0.88)\n")
    dirty.cells[3].metadata.update(execution={"iopub.status.busy": "2026-01-01"}, collapsed=False)
    view = {tool.WIDGET_VIEW: {"model_id": "4f"}, "text/html": "<attention-map>"}
    dirty.cells[3].outputs.append(new_output("display_data", view, metadata={tool.WIDGET_VIEW: {}}))
    dirty.cells[3].outputs.append(new_output("error", ename="E", evalue="e", traceback=["/home/me/x.py"]))
    dirty.cells.append(new_code_cell("  "))
    clean = tool.normalise(dirty)

    html, error = clean.cells[3].outputs[1:]
    assert html.data == {"text/html": "<attention-map>"} and html.metadata == {}
    assert error.traceback == ["E: e"]
    assert clean.cells[1].metadata == {"tags": ["hide-cell"]}
    clean.cells[3].outputs = clean.cells[3].outputs[:1]
    assert clean.metadata.pop("myst") == {"html_meta": {}}
    assert clean == chapter
    assert tool.normalise(chapter) == chapter


def test_execute_fills_in_counts_and_outputs(tmp_path, chapter):
    path = tmp_path / "a.ipynb"
    chapter.cells[3].update(outputs=[], execution_count=None, source="print(0.88)\nprint(1)")
    chapter.cells[4].update(source="import os\nos.getcwd()")
    nbformat.write(chapter, path)
    assert tool.run(path) == ""
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.get("execution_count") for cell in cells] == [None, 1, None, 2, 3, None]
    assert cells[1].outputs == [] and cells[3].outputs == [stream("0.88\n1\n")]
    assert cells[4].outputs[0].data["text/plain"] == repr(str(tmp_path))


def test_execute_names_the_cell_that_fails_and_leaves_the_file_alone(tmp_path, chapter):
    path = tmp_path / "a.ipynb"
    chapter.cells[3].source = "1 / 0  # here"
    nbformat.write(chapter, path)
    before = path.read_bytes()
    failure = tool.run(path)
    assert "a.ipynb" in failure and "1 / 0  # here" in failure and "ZeroDivisionError" in failure
    assert path.read_bytes() == before


def test_setup_cell_installs_the_package_where_it_is_missing(monkeypatch):
    ran = []

    class Shell:
        def run_line_magic(self, name, line):
            ran.append((name, line))
            monkeypatch.undo()

    monkeypatch.setitem(sys.modules, "self_attention", None)  # the import fails until the "installation"
    source = TransformerManager().transform_cell(tool.setup_source())
    with matplotlib.rc_context():
        exec(source, {"get_ipython": Shell})
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    address = f"git+{repository['url']}@{repository['branch']}"
    assert ran == [("pip", f'install -q "self-attention[plots,torch] @ {address}"')]


def test_contributing_lists_the_tags():
    rows = re.findall(r"^\| `([\w-]+)` \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == tool.TAGS
