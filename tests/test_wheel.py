"""What Colab does: only the built wheel is installed, and each chapter runs alone in an empty folder."""

import email
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REQUIREMENTS = ROOT / "requirements.txt"
BIN = "Scripts" if os.name == "nt" else "bin"


def run(*command, cwd):
    """Run a command that knows nothing of the checkout; returns what it prints, and fails with that if it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the checkout, so that no earlier build leaves a trace in it."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "copy", ignore=shutil.ignore_patterns(".*", "build", "node_modules", "*.egg-info"))
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=folder / "copy")
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def python(wheel):
    """The Python of an environment with the wheel, its extras and a kernel, and nothing else of ours.

    What the wheel depends on stays in build/ for the next run, under a name that follows the pinned versions.
    """
    key = hashlib.sha256(sys.version.encode() + REQUIREMENTS.read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    folder = ROOT / "build" / f"wheel-{key.hexdigest()[:12]}"
    pip = [folder / BIN / "python", "-m", "pip", "install", "-q", "--no-input", "--no-compile"]
    if not (folder / "ready").exists():
        for old in (ROOT / "build").glob("wheel-*"):
            shutil.rmtree(old)
        run(sys.executable, "-m", "venv", folder, cwd=wheel.parent)
        run(sys.executable, ROOT / "tools" / "install_torch.py", folder / BIN / "python", cwd=wheel.parent)
        run(*pip, "-c", REQUIREMENTS, f"{wheel}[torch,plots]", "ipykernel", "nbclient", cwd=wheel.parent)
        (folder / "ready").touch()
    run(*pip, "--no-deps", "--force-reinstall", wheel, cwd=wheel.parent)
    return folder / BIN / "python"


def test_wheel_holds_the_library_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    package = ROOT / "src" / "self_attention"
    files = [package / "book.mplstyle", *package.glob("widgets/scripts/*"), *package.glob("weights/**/*.*")]
    data = {path.relative_to(ROOT / "src").as_posix() for path in files}
    assert {name for name in names if ".dist-info/" not in name} == sources | data
    assert any(name.endswith("/LICENSE") for name in names)


def test_wheel_needs_numpy_array_api_compat_and_anywidget(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    needs = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    assert {need.name for need in needs if not need.marker} == {"numpy", "array-api-compat", "anywidget"}
    assert set(metadata.get_all("Provides-Extra")) == {"torch", "plots", "site"}
    assert not any(
        specifier.operator in ("==", "<") for need in needs if not need.marker for specifier in need.specifier
    )


def test_environment_holds_the_wheel_and_no_cuda(python, tmp_path):
    where = run(python, "-c", "import self_attention; print(self_attention.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(python.parents[1])
    names = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path)
    assert re.search(r"^torch==\S+", REQUIREMENTS.read_text(encoding="utf-8"), re.M)[0] in names
    assert not re.search("^(nvidia|cuda|triton|pytest|jupyter-book)", names, re.M)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_alone_in_an_empty_folder(python, notebook, tmp_path):
    shutil.copy(notebook, tmp_path)
    command = "import nbclient, nbformat, sys; nbclient.execute(nbformat.read(sys.argv[1], 4), timeout=120)"
    run(python, "-c", command, notebook.name, cwd=tmp_path)


def test_readme_example_prints_what_the_readme_says(python, tmp_path):
    shutil.copy(ROOT / "README.md", tmp_path)
    report = run(python, "-m", "doctest", "-v", "README.md", cwd=tmp_path)
    assert re.search(r"[1-9]\d* passed", report)
