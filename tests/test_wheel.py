"""The wheel holds the library and nothing else, and is open to older and newer versions than ours.

The chapters run with it: see `make test`; beside older and newer versions: tests/versions.py.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from versions import COLAB, COLAB_PYTHON, PINNED

ROOT = Path(__file__).parents[1]


def test_wheel_holds_the_library_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    package = ROOT / "src" / "self_attention"
    files = [
        package / "book.mplstyle",
        package / "py.typed",
        *package.glob("widgets/scripts/*"),
        *package.glob("weights/**/*.*"),
    ]
    data = {path.relative_to(ROOT / "src").as_posix() for path in files}
    assert {name for name in names if ".dist-info/" not in name} == sources | data
    assert any(name.endswith("/LICENSE") for name in names)


def test_wheel_needs_numpy_array_api_compat_and_anywidget(metadata):
    needs = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    assert {need.name for need in needs if not need.marker} == {"numpy", "array-api-compat", "anywidget"}
    assert set(metadata.get_all("Provides-Extra")) == {"torch", "plots", "site"}


def test_ranges_have_an_oldest_version_and_are_open_to_the_newest(ranges):
    assert len(ranges) == 8
    assert {specifier.operator for needed in ranges.values() for specifier in needed} == {">="}


def test_ranges_are_open_to_colab_and_to_the_pinned_versions(metadata, ranges):
    assert COLAB_PYTHON in SpecifierSet(metadata["Requires-Python"])
    for name, versions in ranges.items():
        assert name == "array-api-compat" or COLAB[name] in versions, name
        assert PINNED[name] in versions, name


def test_readme_example_prints_what_the_readme_says(tmp_path):
    shutil.copy(ROOT / "README.md", tmp_path)
    command = [sys.executable, "-m", "doctest", "-v", "README.md"]
    report = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    assert re.search(r"[1-9]\d* passed", report)
