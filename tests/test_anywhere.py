"""The book's address has one home, which all other places follow; what other machines read is what they can use."""

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


CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
REPOSITORY, BRANCH = CONFIG["repository"]["url"], CONFIG["repository"]["branch"]
SLUG = REPOSITORY.removeprefix("https://github.com/")


# The address ---------------------------------------------------------------------------------------------------------


def git(*words, folder):
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, encoding="utf-8").stdout


@pytest.fixture
def checkout(tmp_path):
    """A copy of what git keeps, in a repository of its own."""
    for name in git("ls-files", "-z", folder=ROOT).split("\0")[:-1]:
        if (ROOT / name).is_file():
            copy = tmp_path / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    git("init", "-q", folder=tmp_path)
    git("add", "--all", folder=tmp_path)
    return tmp_path


def test_the_lines_of_contributing_move_the_book(checkout):
    lines = re.search(r"```sh\n(git grep.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    holders = set(git("grep", "-l", "self-attention-book", folder=checkout).split())
    assert {"_config.yml", "README.md", "pyproject.toml", "CITATION.cff", "book/anywhere.md"} <= holders
    assert {f"{chapter}.ipynb" for chapter in CHAPTERS} <= holders
    subprocess.run(["bash", "-c", lines], cwd=checkout, check=True)
    left = set(git("grep", "-l", "self-attention-book", folder=checkout).split())
    assert left == {"CONTRIBUTING.md", "tests/test_anywhere.py"}, "which quote what they look for"
    moved = yaml.safe_load((checkout / "_config.yml").read_text(encoding="utf-8"))
    assert moved["repository"]["url"] == "https://github.com/you/book"
    assert moved["html"]["baseurl"] == "https://you.github.io/book/"
    for name in holders - left:
        text = (checkout / name).read_text(encoding="utf-8")
        assert re.search(r"you(/|%2F)book|you\.github\.io/book", text), name
    check = [sys.executable, checkout / "tools" / "notebooks.py", "check"]
    done = subprocess.run(check, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


def test_every_copy_of_the_address_is_that_of_the_configuration():
    for name in git("grep", "-l", "self-attention-book", folder=ROOT).split():
        text = (ROOT / name).read_text(encoding="utf-8").replace(CONFIG["html"]["baseurl"].rstrip("/"), "")
        owners = re.findall(r"(?<![\w.-])self-attention-book(?:/|%2F)([\w-]+)", text)
        assert set(owners) <= {SLUG.split("/")[1]}, name
        assert set(re.findall(rf"{re.escape(SLUG)}(?:\.git)?(?:/blob/|/tree/|@)(\w+)", text)) <= {BRANCH}, name


# Other machines ------------------------------------------------------------------------------------------------------


def test_every_chapter_has_its_links(site):
    page = (site.folder / "book" / "anywhere.html").read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert f'href="https://colab.research.google.com/github/{SLUG}/blob/{BRANCH}/{chapter}.ipynb"' in page
        assert f'href="https://mybinder.org/v2/gh/{SLUG}/{BRANCH}?urlpath=lab/tree/{chapter}.ipynb"' in page


def test_links_to_a_hub_open_a_chapter_in_the_folder_that_they_make():
    page = (ROOT / "book" / "anywhere.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"^https://hub\S+$", page, re.MULTILINE)
    query = {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}
    folder = query.pop("targetPath")
    opened = query.pop("urlpath").removeprefix(f"lab/tree/{folder}/")
    assert opened.removesuffix(".ipynb") in CHAPTERS
    assert query == {"repo": REPOSITORY, "branch": BRANCH}


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
