"""The pages without code say what the chapters say: the path with its questions and times, the ledger with its rows."""

import re
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PARTS = {part["caption"]: [page["file"] for page in part["chapters"]] for part in CONTENTS["parts"]}
CHAPTERS = [file for files in PARTS.values() for file in files if file.startswith("notebooks/")]
PATH = re.compile(r"^(\d+)\. \[(.+?)\]\(\.\./(notebooks/\w+)\.ipynb\)\. (.+\?) \*(\d+) minutes\.\*$", re.MULTILINE)

LEDGER_BOX = re.compile(r'id="ledger-([a-e]\d+)"')


def read(file):
    return nbformat.read(ROOT / f"{file}.ipynb", as_version=4)


def test_front_page_has_every_chapter_with_its_question_and_time():
    front = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    listed = PATH.findall(front)
    assert [file for _, _, file, _, _ in listed] == CHAPTERS
    for number, title, file, question, minutes in listed:
        opening = read(file).cells[0].source
        assert opening.startswith(f"# {number} · {title}\n\n**{question}**")
        assert f" About {minutes} minutes." in opening


def test_front_page_names_the_parts_as_the_contents_do():
    front = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    chapters = [caption for caption, files in PARTS.items() if set(files) & set(CHAPTERS)]
    assert re.findall(r"^### (.+)$", front, re.MULTILINE) == chapters


@pytest.mark.parametrize("file", CHAPTERS)
def test_chapter_takes_about_the_time_it_says(file):
    """Two hundred words a minute, and 24 seconds for each cell that is run and looked at; CONTRIBUTING says so too."""
    notebook = read(file)
    said = int(re.search(r"About (\d+) minutes", notebook.cells[0].source)[1])
    words = sum(len(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown")
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    assert said % 5 == 0 and abs(said - words / 200 - 0.4 * cells) <= 5


# The ledger


def test_every_row_of_the_ledger_leads_to_its_box():
    boxes = [name for file in CHAPTERS for cell in read(file).cells for name in LEDGER_BOX.findall(cell.source)]
    ledger = (ROOT / "book" / "ledger.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-E]\d+) \|.*?\|[^|(]*(?:\(#ledger-(\w+)\).*)?\|$", ledger, re.MULTILINE)
    assert len(rows) == 75
    assert sorted(link for _, link in rows) == sorted(boxes)
    assert [name.lower() for name, _ in rows] == [link for _, link in rows]


def test_a_box_stands_in_the_chapter_that_the_ledger_says():
    ledger = (ROOT / "book" / "ledger.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (\d+) · (.+?)$(.*?)(?=^## |\Z)", ledger, re.MULTILINE | re.DOTALL)
    assert [int(number) for number, _, _ in sections] == list(range(1, len(CHAPTERS) + 1))
    for (number, title, rows), file in zip(sections, CHAPTERS, strict=True):
        chapter = "\n".join(cell.source for cell in read(file).cells)
        assert chapter.startswith(f"# {number} · {title}\n")
        assert set(re.findall(r"\(#ledger-(\w+)\)", rows)) == set(LEDGER_BOX.findall(chapter))
