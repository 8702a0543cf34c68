"""What Colab does: only the wheel is installed, beside other versions than ours, and each chapter runs alone.

With Python 3.11 beside the oldest versions that pyproject.toml allows, with 3.12 beside those of Colab, and with any
Python beside the newest that pip finds. It takes minutes, and what is newest changes by itself: `make versions` and the
weekly workflow run this, `make test` does not. Outputs are not compared here: `make test` does, with the pinned ones.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import installed
import nbclient
import nbformat
import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PINNED = dict(re.findall(r"^([\w-]+)==(\S+)", REQUIREMENTS, re.MULTILINE))
BIN = installed.BIN

# Colab's runtime version 2026.01, the newest of which we know: its Python, and some of its pip-freeze.txt in
# https://github.com/googlecolab/backend-info. It has no array-api-compat.
COLAB_PYTHON = "3.12.12"
COLAB = {
    "numpy": "2.0.2",
    "torch": "2.9.0",
    "matplotlib": "3.10.0",
    "scikit-learn": "1.6.1",
    "scipy": "1.16.3",
    "safetensors": "0.7.0",
    "tqdm": "4.67.1",
    "anywidget": "0.9.21",
    "ipywidgets": "7.7.1",
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "jupyter-client": "7.4.9",
    "notebook": "6.5.7",
    "traitlets": "5.7.1",
}
# As old as Colab's, whatever else is tried.
FRONT_END = ("ipywidgets", "ipykernel", "ipython", "jupyter-client", "notebook", "traitlets")

LENT = importlib.util.find_spec("torch") is not None  # torch is too big to be installed once more


def run(*command, cwd):
    """Run a command that knows nothing of the checkout; returns what it prints, and fails with that if it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def environments():
    """The folder in build/ for what the wheel depends on; the next run finds it there if the same is asked for."""
    asked = f"{sys.version} {REQUIREMENTS} {(ROOT / 'pyproject.toml').read_text(encoding='utf-8')} {COLAB} {FRONT_END}"
    key = hashlib.sha256(asked.encode()).hexdigest()[:12]
    for old in (ROOT / "build").glob("wheel-*"):
        if not old.name.endswith(key):
            shutil.rmtree(old)
    return ROOT / "build" / f"wheel-{key}"


def create(folder, torch):
    """A Python with no package but torch: lent by the Python that runs the tests, or the CPU build of `torch`."""
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", folder, cwd=ROOT)
    python = folder / BIN / "python"
    if LENT:
        packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
        for name in {path.parts[0] for path in distribution("torch").files} - {".."}:
            (packages / name).symlink_to(distribution("torch").locate_file(name))
    else:
        run(sys.executable, ROOT / "tools" / "install_torch.py", python, torch, cwd=folder)
    return python


def install(python, *arguments):
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-input", "--no-compile"]
    return run(*pip, *arguments, cwd=python.parent)


def execute(python, notebook, folder, monkeypatch):
    """Run a notebook in a kernel of this Python, in an empty folder."""
    kernel, empty = folder / "kernels" / "beside" / "kernel.json", folder / "empty"
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    for path in (kernel.parent, empty):
        path.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": command, "display_name": "beside"}), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    book = nbformat.read(notebook, as_version=4)
    nbclient.execute(book, cwd=str(empty), timeout=600, kernel_name="beside")


@pytest.fixture(scope="session", params={"3.11": ["oldest"], "3.12": ["colab"]}.get(PYTHON, []))
def beside(request, wheel, ranges, environments):
    """A Python with the wheel, its extras, a kernel and these versions: (python, versions)."""
    oldest = {name: next(iter(versions)).version for name, versions in ranges.items()}
    versions = COLAB if request.param == "colab" else oldest | {name: COLAB[name] for name in FRONT_END}
    folder = environments / request.param
    python = folder / BIN / "python"
    if not (folder / "ready").exists():
        create(folder, f"torch=={versions['torch']}")
        exactly = [f"{name}=={version}" for name, version in versions.items() if name != "torch"]
        install(python, f"{wheel}[torch,plots]", *exactly)
        (folder / "ready").touch()
    install(python, "--no-deps", "--force-reinstall", wheel)
    return python, versions


def test_environment_holds_the_wheel_these_versions_and_no_cuda(beside, tmp_path):
    python, versions = beside
    where = run(python, "-c", "import self_attention; print(self_attention.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(python.parents[1])
    listed = json.loads(run(sys.executable, "-m", "pip", "--python", python, "list", "--format=json", cwd=tmp_path))
    found = {canonicalize_name(package["name"]): package["version"] for package in listed}
    print(found)
    assert not [name for name in found if re.match("nvidia|cuda|triton|pytest|jupyter-book", name)]
    if LENT:
        versions = versions | {"torch": PINNED["torch"]}  # and not Colab's, or the oldest
    assert [name for name in versions if Version(versions[name]) != Version(Version(found[name]).public)] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_alone_in_an_empty_folder(beside, notebook, tmp_path, monkeypatch):
    execute(beside[0], notebook, tmp_path, monkeypatch)


def test_newest_versions_are_the_pinned_ones_or_run_the_notebooks(wheel, ranges, environments, tmp_path, monkeypatch):
    """Where requirements.txt pins what is newest, nbval has run the notebooks with it."""
    folder = environments / "newest"
    python, report = folder / BIN / "python", folder / "report.json"
    reader = [f"{wheel}[torch,plots]", "ipykernel"]
    if not report.exists():
        create(folder, "torch")
        report.write_text(install(python, "--dry-run", "--report", "-", *reader), encoding="utf-8")
    packages = [item["metadata"] for item in json.loads(report.read_text(encoding="utf-8"))["install"]]
    found = {canonicalize_name(package["name"]): package["version"] for package in packages}
    newest = {name: found[name] for name in [*ranges, "ipywidgets", "ipykernel"] if name != "torch" or not LENT}
    print(newest)
    if newest.items() <= PINNED.items():
        return
    install(python, *reader)
    install(python, "--no-deps", "--force-reinstall", wheel)
    for notebook in NOTEBOOKS:
        execute(python, notebook, tmp_path / notebook.stem, monkeypatch)
