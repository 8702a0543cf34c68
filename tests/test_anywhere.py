"""The book's address has one home, which all other places follow; what other machines read is what they can use."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [page["file"] for part in CONTENTS["parts"] for page in part["chapters"] if "notebooks/" in page["file"]]

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = list(SpecifierSet(PROJECT["requires-python"]).filter(["3.10", "3.11", "3.12", "3.13"]))


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load(ROOT / "tools" / "address.py")
HERE = tool.read()
ELSEWHERE = tool.Address(  # in pieces, or the command would find it in the copy of this file
    "/".join(["https://github.com", "Some-One", "a.book_2"]),
    "/".join(["https://example.org", "attention", ""]),
    "trunk",
)


def slug(address):
    return address.repository.removeprefix("https://github.com/")


# The address ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path):
    """A copy of what git keeps."""
    for path, text in tool.texts(ROOT):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(text.encode())
    return tmp_path


def run(checkout, *arguments):
    command = [sys.executable, checkout / "tools" / "address.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def contents(checkout):
    return {path.relative_to(checkout).as_posix(): text for path, text in tool.texts(checkout)}


def holders(checkout, address):
    """How often each file names an address: name -> (the repository, the site)."""
    names = re.compile(re.escape(slug(address)).replace("/", "(?:/|%2F)") + r"(?![\w-])")
    found = {name: (len(names.findall(text)), text.count(address.site)) for name, text in contents(checkout).items()}
    return {name: counts for name, counts in found.items() if any(counts)}


def test_command_moves_the_book_and_moves_it_back(checkout):
    before, named = contents(checkout), holders(checkout, HERE)
    assert {"_config.yml", "README.md", "pyproject.toml", "CITATION.cff", "book/anywhere.md"} <= named.keys()
    assert {f"{chapter}.ipynb" for chapter in CHAPTERS} <= named.keys()

    done = run(checkout, ELSEWHERE.repository, "--site", ELSEWHERE.site, "--branch", ELSEWHERE.branch)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n\n")[0].splitlines() == sorted(named)
    assert tool.read(checkout) == ELSEWHERE
    assert holders(checkout, HERE) == {}
    assert holders(checkout, ELSEWHERE) == named
    for name, text in contents(checkout).items():
        assert not re.search(rf"{re.escape(slug(ELSEWHERE))}(?:\.git)?(/(blob|tree)/|@)(?!trunk\b)", text), name

    notebooks = load(checkout / "tools" / "notebooks.py")
    assert ELSEWHERE.branch in notebooks.setup_source()
    for chapter in CHAPTERS:
        assert notebooks.problems((checkout / f"{chapter}.ipynb").read_text(encoding="utf-8")) == []

    assert run(checkout, HERE.repository, "--site", HERE.site, "--branch", HERE.branch).returncode == 0
    assert contents(checkout) == before


def test_command_without_an_address_prints_the_present_one(checkout):
    before = contents(checkout)
    assert run(checkout).stdout.splitlines() == list(HERE)
    assert contents(checkout) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["http://github.com/you/book"], "came 'http://github.com/you/book'"),
        (["github.com/you/book"], "came 'github.com/you/book'"),
        (["https://github.com/you"], "such as https://github.com/you/book"),
        (["https://github.com/you/book/"], "such as https://github.com/you/book"),
        (["https://github.com/you/book/tree/main"], "such as https://github.com/you/book"),
        (["https://github.com/you/book.git"], "without .git"),
        (["https://github.com/you /book"], "came 'https://github.com/you /book'"),
        (["https://github.com/you/book\n"], "such as https://github.com/you/book"),
        (["https://github.com/-you/book"], "such as https://github.com/you/book"),
        (["https://github.com/you/.."], "such as https://github.com/you/book"),
        (["https://gitlab.com/you/book"], "came 'https://gitlab.com/you/book'"),
        (["https://github.com/you/book", "--site", "http://you.org/"], "came 'http://you.org/'"),
        (["https://github.com/you/book", "--site", "https://you.org/book"], "a slash at its end"),
        (["https://github.com/you/book", "--site", "https://localhost/"], "expected a site"),
        (["https://github.com/you/book", "--branch", "my branch"], "came 'my branch'"),
        (["https://github.com/you/book", "--branch", "a..b"], "name of a branch"),
        (["--branch", "-x"], "expected one argument"),
    ],
)
def test_wrong_address_is_refused_and_nothing_is_changed(monkeypatch, capsys, arguments, expected):
    monkeypatch.setattr(sys, "argv", ["address.py", *arguments])
    monkeypatch.setattr(tool, "move", lambda new: pytest.fail("it moved"))
    with pytest.raises(SystemExit) as error:
        tool.main()
    assert expected in str(error.value) + capsys.readouterr().err


@pytest.mark.parametrize(
    ("repository", "site"),
    [
        ("https://github.com/You/book", "https://you.github.io/book/"),
        ("https://github.com/You/You.github.io", "https://you.github.io/"),
    ],
)
def test_without_a_site_github_pages_is_meant(repository, site):
    assert tool.checked(repository, "", "main") == (repository, site, "main")


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("https://github.com/me/book", "https://github.com/you/notes"),
        ("see https://github.com/me/book.", "see https://github.com/you/notes."),
        ("git clone https://github.com/me/book.git", "git clone https://github.com/you/notes.git"),
        ("git@github.com:me/book.git", "git@github.com:you/notes.git"),
        ("git+https://github.com/me/book.git@main", "git+https://github.com/you/notes.git@trunk"),
        (
            "pip install 'x @ git+https://github.com/me/book@main'",
            "pip install 'x @ git+https://github.com/you/notes@trunk'",
        ),
        ("https://github.com/me/book/blob/main/a.md", "https://github.com/you/notes/blob/trunk/a.md"),
        ("https://github.com/me/book/issues", "https://github.com/you/notes/issues"),
        ("https://x.org/github/me/book/blob/main/a.ipynb", "https://x.org/github/you/notes/blob/trunk/a.ipynb"),
        (
            "https://mybinder.org/v2/gh/me/book/main?urlpath=lab",
            "https://mybinder.org/v2/gh/you/notes/trunk?urlpath=lab",
        ),
        (
            "repo=https%3A%2F%2Fgithub.com%2Fme%2Fbook&branch=main",
            "repo=https%3A%2F%2Fgithub.com%2Fyou%2Fnotes&branch=trunk",
        ),
        ("https://codespaces.new/me/book", "https://codespaces.new/you/notes"),
        ("https://me.github.io/book/book/a.html", "https://you.org/book/a.html"),
        ("https://me.github.io/book", "https://you.org"),
        ("https://github.com/me/book/tree/maintenance", "https://github.com/you/notes/tree/maintenance"),
        ("https://github.com/me/bookshelf", "https://github.com/me/bookshelf"),
        ("https://github.com/me/book.github.io", "https://github.com/me/book.github.io"),
        ("https://github.com/some/book", "https://github.com/some/book"),
        ("https://me.github.io/books/", "https://me.github.io/books/"),
        ("the folder me/book on the branch main", "the folder me/book on the branch main"),
    ],
)
def test_what_counts_as_the_address(text, moved):
    old = tool.Address("https://github.com/me/book", "https://me.github.io/book/", "main")
    new = tool.Address("https://github.com/you/notes", "https://you.org/", "trunk")
    assert tool.moved(text, old, new) == moved


# Other machines ------------------------------------------------------------------------------------------------------


def test_every_chapter_has_its_links(site):
    page = (site.folder / "book" / "anywhere.html").read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert (
            f'href="https://colab.research.google.com/github/{slug(HERE)}/blob/{HERE.branch}/{chapter}.ipynb"' in page
        )
        assert f'href="https://mybinder.org/v2/gh/{slug(HERE)}/{HERE.branch}?urlpath=lab/tree/{chapter}.ipynb"' in page


def test_links_to_a_hub_open_a_chapter_in_the_folder_that_they_make():
    page = (ROOT / "book" / "anywhere.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"^https://hub\S+$", page, re.MULTILINE)
    query = {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}
    folder = query.pop("targetPath")
    opened = query.pop("urlpath").removeprefix(f"lab/tree/{folder}/")
    assert opened.removesuffix(".ipynb") in CHAPTERS
    assert query == {"repo": HERE.repository, "branch": HERE.branch}


def test_commands_of_the_page_do_what_the_image_does():
    """What the page tells the owner of a hub is what repo2docker runs."""
    script = (ROOT / ".binder" / "postBuild").read_text(encoding="utf-8")
    page = (ROOT / "book" / "anywhere.md").read_text(encoding="utf-8")
    commands = [line.replace(" -q", "") for line in script.splitlines() if re.match("python|pip", line)]
    assert len(commands) == 2 and "\n".join(commands) in page


def test_binder_finds_a_script_that_it_can_run_and_a_python_that_we_have():
    folder = ROOT / ".binder"
    assert {path.name for path in folder.iterdir()} == {
        "postBuild",
        "runtime.txt",
    }  # no requirements.txt: it takes CUDA
    assert os.access(folder / "postBuild", os.X_OK)
    script = (folder / "postBuild").read_text(encoding="utf-8")
    assert script.startswith("#!/bin/bash\n") and "\nset -e" in script
    subprocess.run(["bash", "-n", folder / "postBuild"], check=True)
    assert all((ROOT / path).is_file() for path in re.findall(r"[\w/]+\.(?:py|txt)", script))
    runtime = (folder / "runtime.txt").read_text(encoding="utf-8").strip()
    assert runtime.removeprefix("python-") in PYTHONS


def test_codespace_has_a_python_that_we_have_and_makes_what_make_makes():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:(\S+)", container["image"])[1] in PYTHONS
    target = container["postCreateCommand"].removeprefix("make ")
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    editor = container["customizations"]["vscode"]
    assert (
        editor["settings"]["python.defaultInterpreterPath"]
        .removeprefix("${containerWorkspaceFolder}/")
        .startswith(str(Path(target).parent))
    )
    local = json.loads((ROOT / ".vscode" / "extensions.json").read_text(encoding="utf-8"))
    assert editor["extensions"] == local["recommendations"]
