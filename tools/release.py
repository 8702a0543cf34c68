"""Release a version: python tools/release.py VERSION (without one: only build its files, of the last commit)

`make test` runs first, on a clean branch. Then a worktree elsewhere gets the version, the date of its notes in
CHANGELOG.md and a commit, and the wheel, the source archive and the site to unzip are built from it into
build/release/. Only when all that has succeeded does the branch move to the new commit. Nothing is pushed.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "release"
PACKAGE, CHANGELOG = Path("src", "self_attention", "__init__.py"), Path("CHANGELOG.md")
VERSION = re.compile(r'(?<=^__version__ = ").*(?="$)', re.MULTILINE)
SECTION = re.compile(r"^## \[(.+?)\].*\n((?:(?!## ).*\n?)*)", re.MULTILINE)


def read(path, tree=ROOT):
    return (tree / path).read_text(encoding="utf-8")


def git(*words, tree=ROOT):
    """What a git command prints."""
    done = subprocess.run(["git", *words], cwd=tree, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.strip()


def problem(version):
    """Say why this version cannot be released, if so."""
    branch = yaml.safe_load(read("_config.yml"))["repository"]["branch"]
    sections = dict(SECTION.findall(read(CHANGELOG)))
    released = {Version(name) for name in sections if name != "Unreleased"}
    newest = max(released | {Version(VERSION.search(read(PACKAGE))[0])})
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return f"A version has three numbers, as in 1.2.3; came {version!r}."
    if Version(version) in released or Version(version) < newest:
        return f"{version} is not newer than {newest}."
    if git("tag", "--list", f"v{version}"):
        return f"The tag v{version} exists already."
    if (here := git("branch", "--show-current")) != branch:
        return f"Releases are made from {branch}, as _config.yml says; this is {here or 'no branch'}."
    if changed := git("status", "--porcelain"):
        return f"Commit these first, or put them away:\n{changed}"
    if not re.search("^- ", sections.get("Unreleased", ""), re.MULTILINE):
        return "CHANGELOG.md has no notes under [Unreleased]."


@contextmanager
def worktree():
    """A checkout of the last commit, in a folder that goes away."""
    with TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        git("worktree", "add", "--detach", tree, "HEAD")
        try:
            yield tree
        finally:
            git("worktree", "remove", "--force", tree)


def build(tree):
    """Build the wheel, the source archive, the site to unzip and the notes of a tree into build/release/."""
    shutil.rmtree(OUT, ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": str(tree / "src")}
    site = ["make", "-C", tree, "-o", ".venv/ready", "site", f"BIN={Path(sys.executable).parent}"]
    subprocess.run(site, env=environment, stdout=subprocess.DEVNULL, check=True)
    wheel = [sys.executable, "-m", "build", "--no-isolation", "--outdir", OUT, tree]
    subprocess.run(wheel, env=environment, stdout=subprocess.DEVNULL, check=True)
    name = f"self-attention-site-{VERSION.search(read(PACKAGE, tree))[0]}"
    html = (tree / "build" / "_build" / "html").rename(tree / "build" / name)
    shutil.make_archive(OUT / name, "zip", html.parent, name)
    notes = next(filter(str.strip, (notes for _, notes in SECTION.findall(read(CHANGELOG, tree)))))
    (OUT / "NOTES.md").write_text(notes.strip() + "\n", encoding="utf-8")


def release(version):
    """Check, build, commit and tag; or raise SystemExit, and the checkout is as it was."""
    if found := problem(version):
        raise SystemExit(found)
    subprocess.run(["make", "test"], cwd=ROOT, check=True)
    if found := problem(version):  # much can happen in twenty minutes
        raise SystemExit(found)
    with worktree() as tree:
        dated = f"## [Unreleased]\n\n## [{version}] - {date.today()}\n"
        changes = {
            PACKAGE: VERSION.sub(version, read(PACKAGE, tree), count=1),
            CHANGELOG: read(CHANGELOG, tree).replace("## [Unreleased]\n", dated, 1),
        }
        for path, text in changes.items():
            (tree / path).write_text(text, encoding="utf-8")
        build(tree)
        git("commit", "--all", "--message", f"Version {version}", tree=tree)
        git("tag", "--annotate", f"v{version}", "--message", f"Version {version}", tree=tree)
        try:
            git("merge", "--ff-only", f"v{version}")
        except BaseException:
            git("tag", "--delete", f"v{version}")
            raise
    branch = git("branch", "--show-current")
    print(f"{version} is committed, tagged and built in build/release/. Nothing has left this machine until you type")
    print(f"    git push --atomic origin {branch} v{version}")


def main(version=None):
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up after a kill, too
    try:
        if version:
            release(version)
        else:
            with worktree() as tree:
                build(tree)
    except subprocess.CalledProcessError as error:
        command = shlex.join(map(str, error.cmd))
        raise SystemExit(f"{error.stderr or ''}{command} failed; nothing is released.") from None
    except KeyboardInterrupt:
        raise SystemExit("Interrupted; nothing is released.") from None


if __name__ == "__main__":
    main(*sys.argv[1:])
