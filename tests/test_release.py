"""A release is one command: what it refuses, what it makes, and that a checkout in which it fails is as it was."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "release.py"
FILES = {
    ".gitignore": "build/\n__pycache__/\n",
    "_config.yml": "repository: {branch: main}\n",
    "CHANGELOG.md": "## [Unreleased]\n\n### Added\n\n- A chapter.\n\n## [0.1.0] - 2026-01-01\n\n- All.\n",
    "Makefile": """
test:
	true
site:
	mkdir -p build/_build/html
	cp src/self_attention/__init__.py build/_build/html/index.html
""",
    "pyproject.toml": """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "self-attention"
dynamic = ["version"]
[tool.setuptools.dynamic]
version = {attr = "self_attention.__version__"}
""",
    "src/self_attention/__init__.py": '"""The library."""\n\n__version__ = "0.1.0"\n',
}

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


class Repository:
    """A small book in git, with the command."""

    def __init__(self, folder):
        self.folder = folder
        for name, text in FILES.items():
            self.write(name, text)
        self.write("tools/release.py", TOOL.read_text(encoding="utf-8"))
        self.git("init", "-q", "-b", "main")
        for key, value in {"user.name": "A", "user.email": "a@example.org", "commit.gpgsign": "false"}.items():
            self.git("config", key, value)
        self.commit()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name, old, new):
        self.write(name, FILES[name].replace(old, new))
        self.commit()

    def git(self, *words):
        return subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")

    def problem(self, version):
        """What the command has against this version."""
        spec = importlib.util.spec_from_file_location("release", self.folder / "tools" / "release.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.problem(version)

    def release(self, *version):
        """Run the command; a recipe of the Makefile finds its process and this folder in the environment."""
        command = ["sh", "-c", 'RELEASE=$$ exec "$@"', "sh", sys.executable, "tools/release.py", *version]
        variables = os.environ | {"CHECKOUT": str(self.folder)}
        return subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True)

    def state(self):
        """All that a failing release must leave alone."""
        names = self.git("ls-files").split()
        told = [self.git(*words.split()) for words in ("log", "status --porcelain", "tag", "worktree list", "branch")]
        return told, [(self.folder / name).read_bytes() for name in names]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Repository(tmp_path)


REFUSED = {
    "0.2": (lambda repository: None, "A version has three numbers, as in 1.2.3; came '0.2'"),
    "v0.2.0": (lambda repository: None, "came 'v0.2.0'"),
    "0.1.0": (lambda repository: None, "0.1.0 is not newer than 0.1.0"),
    "0.0.9": (lambda repository: None, "0.0.9 is not newer than 0.1.0"),
    "0.9.0": (
        lambda repository: repository.replace("CHANGELOG.md", "[0.1.0]", "[0.10.0]"),
        "0.9.0 is not newer than 0.10.0",
    ),
    "0.2.0": (lambda repository: repository.git("tag", "v0.2.0"), "The tag v0.2.0 exists already"),
    "0.2.1": (
        lambda repository: repository.git("checkout", "-q", "-b", "draft"),
        "from main, as _config.yml says; this is draft",
    ),
    "0.2.2": (lambda repository: repository.git("checkout", "-q", "--detach"), "this is no branch"),
    "0.2.3": (lambda repository: repository.write("Makefile", ""), "put them away:\nM Makefile"),
    "0.2.4": (lambda repository: repository.write("new.md", "new"), "Commit these first, or put them away:\n?? new.md"),
    "0.2.5": (
        lambda repository: repository.replace("CHANGELOG.md", "- A chapter.", ""),
        "CHANGELOG.md has no notes under [Unreleased]",
    ),
}


@pytest.mark.parametrize("version", REFUSED)
def test_what_is_refused(version, repository):
    spoil, message = REFUSED[version]
    spoil(repository)
    before = repository.state()
    assert message in repository.problem(version)
    assert repository.state() == before


def test_the_first_release_may_have_the_version_that_stands_there(repository):
    repository.replace("CHANGELOG.md", "## [0.1.0] - 2026-01-01", "")
    assert repository.problem("0.1.0") is None


FAILS = {
    "refused": ("", "", "0.1.0", "0.1.0 is not newer than 0.1.0"),
    "the checks fail": ("\ttrue", "\tfalse", "0.2.0", "make test failed; nothing is released"),
    "the checks leave a file": ("\ttrue", "\ttouch left.txt", "0.2.0", "Commit these first, or put them away:\n??"),
    "the site fails": ("\tmkdir", "\tfalse", "0.2.0", "failed; nothing is released"),
    "it is killed": ("\tmkdir", "\tkill -TERM $$RELEASE; sleep 1", "0.2.0", "Interrupted; nothing is released"),
}


@pytest.mark.parametrize("case", FAILS)
def test_a_release_that_fails_changes_nothing(case, repository):
    old, new, version, message = FAILS[case]
    repository.replace("Makefile", old, new)
    before = repository.state()
    done = repository.release(version)
    (repository.folder / "left.txt").unlink(missing_ok=True)
    assert done.returncode == 1 and message in done.stderr, done.stderr
    assert repository.state() == before


def test_a_branch_that_moved_on_is_left_alone(repository):
    repository.replace("Makefile", "\tmkdir", '\tgit -C "$$CHECKOUT" commit -q --allow-empty -m meanwhile\n\tmkdir')
    done = repository.release("0.2.0")
    assert done.returncode == 1 and "git merge --ff-only v0.2.0 failed; nothing is released" in done.stderr
    (log, status, tags, worktrees, _), files = repository.state()
    assert "meanwhile" in log and "Version" not in log and not status and not tags and worktrees.count("\n") == 1
    assert FILES["CHANGELOG.md"].encode() in files


def test_a_release(repository):
    before = repository.git("rev-parse", "HEAD")
    done = repository.release("0.2.0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].strip() == "git push --atomic origin main v0.2.0"
    assert repository.git("rev-parse", "HEAD~1") == before
    assert repository.git("rev-parse", "HEAD") == repository.git("rev-parse", "v0.2.0^{commit}")
    assert repository.git("diff", "--name-only", "HEAD~1").split() == ["CHANGELOG.md", "src/self_attention/__init__.py"]
    assert repository.git("status", "--porcelain") == "" and repository.git("worktree", "list").count("\n") == 1

    assert '\n__version__ = "0.2.0"\n' in (repository.folder / "src/self_attention/__init__.py").read_text()
    changes = (repository.folder / "CHANGELOG.md").read_text()
    dated = (
        r"## \[Unreleased\]\n\n## \[0\.2\.0\] - 20\d\d-\d\d-\d\d\n\n### Added\n\n- A chapter\.\n\n## \[0\.1\.0\] - 2026"
    )
    assert re.search(dated, changes)

    out = repository.folder / "build" / "release"
    names = {"self_attention-0.2.0-py3-none-any.whl", "self_attention-0.2.0.tar.gz", "self-attention-site-0.2.0.zip"}
    assert {path.name for path in out.iterdir()} == names | {"NOTES.md"}
    assert (out / "NOTES.md").read_text() == "### Added\n\n- A chapter.\n"
    with zipfile.ZipFile(out / "self-attention-site-0.2.0.zip") as site:
        files = [name for name in site.namelist() if not name.endswith("/")]
        assert files == ["self-attention-site-0.2.0/index.html"]
        assert b'"0.2.0"' in site.read(files[0])
    with zipfile.ZipFile(out / "self_attention-0.2.0-py3-none-any.whl") as wheel:
        assert b'"0.2.0"' in wheel.read("self_attention/__init__.py")
    with tarfile.open(out / "self_attention-0.2.0.tar.gz") as source:
        assert b'"0.2.0"' in source.extractfile("self_attention-0.2.0/src/self_attention/__init__.py").read()

    assert repository.problem("0.2.0") == "0.2.0 is not newer than 0.2.0."
    assert repository.problem("0.3.0") == "CHANGELOG.md has no notes under [Unreleased]."


def test_without_a_version_the_files_of_the_last_commit_are_built(repository):
    before = repository.state()
    repository.write("new.md", "not committed")
    assert repository.release().returncode == 0
    (repository.folder / "new.md").unlink()
    assert repository.state() == before
    out = repository.folder / "build" / "release"
    assert {path.suffix for path in out.glob("*0.1.0*")} == {".whl", ".gz", ".zip"}
    assert (out / "NOTES.md").read_text() == "### Added\n\n- A chapter.\n"
