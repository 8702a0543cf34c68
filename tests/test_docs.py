"""What the pages for contributors say of the code is so: who imports whom, the changelog, the forms, the names."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.version import Version

import self_attention

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "self_attention"
ROOM = re.compile(r"^\| (\w+) \| ((?:`\w+` ?)+) \| (.*?) ?\| (.*?) ?\|$", re.MULTILINE)


# The rooms of the package


def rooms():
    """What ARCHITECTURE.md says: room -> (its modules, what they import, what they import inside a function)."""
    rows = ROOM.findall((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    return {room: [set(re.findall(r"\w+", cell)) for cell in cells] for room, *cells in rows}


def imports(tree, late=False):
    """Yield the packages that some code imports, relative ones as .name, and whether inside a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (("." * node.level + name.split(".")[0], late) for name in names)
        else:
            yield from imports(node, late or isinstance(node, ast.FunctionDef | ast.Lambda))


def test_every_module_stands_in_one_room():
    modules = [name for room, _, _ in rooms().values() for name in room]
    assert sorted(modules) == sorted(
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    )


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_what_the_table_says(room):
    home = {name: room for room, (modules, _, _) in rooms().items() for name in modules}
    home["__version__"] = home["__init__"]
    modules, *said = rooms()[room]
    found = set(), set()
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).with_suffix("").parts
        if place[0] not in modules:
            continue
        for name, late in imports(ast.parse(path.read_text(encoding="utf-8"))):
            dots = len(name) - len(name.lstrip("."))
            assert name != "self_attention", f"{path.name}: within the package, imports are relative"
            if dots == len(place) or dots and len(place) == 1:
                name = home[name.lstrip(".")]
            elif dots or name in sys.stdlib_module_names:
                continue
            if name != room:
                found[late].add(name)
    assert list(found) == said


def test_chapters_import_public_names_only():
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        for line in "\n".join(code).splitlines():
            if found := re.match(r"\s*(?:from|import) (self_attention.*)", line):
                assert not re.search(r"\b_", found[1]), f"{path.name}: {line}"


SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "widgets" / "src").rglob("*.js")}


def test_the_maths_of_the_widgets_touches_no_page():
    maths = {path: text for path, text in SOURCES.items() if path.parent.name == "maths"}
    assert len(maths) > 8
    assert [path for path, text in maths.items() if re.search(r"\b(document|HTMLElement|navigator)\b", text)] == []


def test_a_folder_of_the_widgets_imports_only_from_those_below():
    below = {
        "maths": set(),
        "frame": {"maths"},
        "elements": {"maths", "frame"},
        "bundles": {"maths", "frame", "elements"},
    }
    for path, text in SOURCES.items():
        folders = {folder for folder in re.findall(r'from "\.\./(\w+)/', text)}
        assert folders <= below[path.parent.name], path


def test_the_map_has_every_test_and_every_extension():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = {path for glob in re.findall(r"`([\w/*]+\.py)`", text) for path in ROOT.glob(glob)}
    assert named == {*ROOT.glob("tests/test_*.py"), *ROOT.glob("book/_ext/*.py")}


# The changelog, in the form of https://keepachangelog.com/en/1.1.0/


def test_the_changelog_has_its_form():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    dated = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", head) for head in heads[1:]]
    assert all(dated), heads
    versions = [(Version(head[1]), head[2]) for head in dated]
    assert versions == sorted(set(versions), reverse=True)
    kinds = re.findall(r"^### (.*)", text, re.MULTILINE)
    assert kinds and set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert not re.search(r"^### .*\n\n*(?!- )\S", text, re.MULTILINE), "notes are lists"


def test_the_version_is_the_last_tags():
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert Version(self_attention.__version__) == Version(importlib.metadata.version("self-attention"))
    with pytest.raises(AttributeError, match="'versoin'"):
        self_attention.versoin  # noqa: B018


# What GitHub reads: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests

FIELDS = {  # what each kind of field must have and may have
    "markdown": ({"value"}, set()),
    "input": ({"label"}, {"description", "placeholder", "value"}),
    "textarea": ({"label"}, {"description", "placeholder", "value", "render"}),
    "dropdown": ({"label", "options"}, {"description", "multiple", "default"}),
    "checkboxes": ({"label", "options"}, {"description"}),
}
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize("path", [path for path in FORMS if path.name != "config.yml"], ids=lambda path: path.stem)
def test_an_issue_form_is_one_that_github_takes(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys() <= {"name", "description", "title", "labels", "body"}
    assert all(isinstance(form[key], str) and form[key] for key in ("name", "description"))
    for field in form["body"]:
        must, may = FIELDS[field["type"]]
        assert must <= field["attributes"].keys() <= must | may
        assert field.keys() <= {"type", "id", "attributes", "validations"}
        assert all(isinstance(value, str) for key, value in field["attributes"].items() if key != "options")
        assert all(isinstance(value, bool) for value in field.get("validations", {}).values())
        assert set(field.get("validations", {})) <= {"required"}
        options = field["attributes"].get("options", [])
        assert len(set(map(str, options))) == len(options)
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked) == len({f["attributes"]["label"] for f in asked})
    assert all(re.fullmatch(r"[\w-]+", field["id"]) for field in asked)


def test_the_choice_of_forms():
    forms = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FORMS if path.name != "config.yml"]
    assert len({form["name"] for form in forms}) == len(forms) == 3
    choice = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml").read_text(encoding="utf-8"))
    assert choice.keys() == {"blank_issues_enabled", "contact_links"}
    site = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]
    for link in choice["contact_links"]:
        assert link.keys() == {"name", "url", "about"}
        page = link["url"].removeprefix(site).removesuffix(".html")
        assert list(ROOT.glob(f"{page}.*")), f"{link['url']} is no page of the site"


def test_the_citation_names_the_book():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["title"] == config["title"] and citation["license"] == "MIT"
    assert citation["repository-code"] == config["repository"]["url"] and citation["url"] == config["html"]["baseurl"]
