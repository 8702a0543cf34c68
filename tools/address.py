"""Say where the book lives, or move it: every file that names its address follows.

python tools/address.py                                               print the address
python tools/address.py https://github.com/you/book                   the repository; its site is then at you.github.io
                        [--site https://example.org/book/]            the site, if it is elsewhere
                        [--branch main]                               the branch that the links open

The address has its home in _config.yml. Copies of it, which must be there for people and programs that do not build the
book, are rewritten: links and commands on pages, the notebooks' setup cells, the package's metadata.
"""

import argparse
import os
import re
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).resolve().parent.parent

REPOSITORY = re.compile(r"https://github\.com/([A-Za-z\d]+(?:-[A-Za-z\d]+)*)/([\w.-]+)", re.ASCII)
SITE = re.compile(r"https://[A-Za-z\d-]+(\.[A-Za-z\d-]+)+(:\d+)?(/[\w.~-]+)*/", re.ASCII)
BRANCH = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII)

# An owner and a name are this repository's behind one of these, and perhaps a branch follows them.
HOSTS = r"github\.com[/:]|github\.com%2F|githubusercontent\.com/|/github/|/gh/|codespaces\.new/"
BRANCHES = r"/(?:(?:blob|tree|edit|raw)/)?|@|&branch="


class Address(NamedTuple):
    repository: str  # https://github.com/owner/name
    site: str  # https://owner.github.io/name/
    branch: str  # main


def read(root=ROOT):
    """The address as _config.yml has it."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return Address(config["repository"]["url"], config["html"]["baseurl"], config["repository"]["branch"])


def checked(repository, site, branch):
    """The address if each part has its right form; without a site, GitHub's own pages are meant."""
    match = REPOSITORY.fullmatch(repository)
    if not match or match[2].endswith(".git") or match[2] in (".", ".."):
        raise ValueError(
            f"expected a repository such as https://github.com/you/book, without .git; came {repository!r}"
        )
    owner, name = match[1].lower(), match[2]
    site = site or f"https://{owner}.github.io/" + ("" if name.lower() == f"{owner}.github.io" else f"{name}/")
    if not SITE.fullmatch(site):
        raise ValueError(f"expected a site such as https://you.github.io/book/, with a slash at its end; came {site!r}")
    if not BRANCH.fullmatch(branch) or ".." in branch or branch.endswith((".", ".lock")):
        raise ValueError(f"expected the name of a branch, such as main; came {branch!r}")
    return Address(repository, site, branch)


def texts(root=ROOT):
    """Pairs of (path, text) for each file of the checkout that git does not ignore and that is text."""
    ignored = [".git", *(root / ".gitignore").read_text(encoding="utf-8").replace("/", "").split()]
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        for path in (Path(folder, name) for name in sorted(names)):
            try:
                yield path, path.read_bytes().decode()
            except UnicodeDecodeError:
                continue


def moved(text, old, new):
    """The text with the old address replaced by the new one, in all the forms that it has in links and commands."""
    owner, name = map(re.escape, urlsplit(old.repository).path[1:].split("/"))
    copy = rf"({HOSTS}){owner}(/|%2F){name}(\.git)?(?!\.?[\w-])(?:({BRANCHES}){re.escape(old.branch)}(?!\.?[\w-]))?"

    def replace(match):
        host, slash, git, to_branch = match.groups(default="")
        return (
            host + urlsplit(new.repository).path[1:].replace("/", slash) + git + (to_branch and to_branch + new.branch)
        )

    text = re.sub(re.escape(old.site.rstrip("/")) + r"(?!\.?[\w-])", lambda _: new.site.rstrip("/"), text)
    return re.sub(copy, replace, text)


def move(new, root=ROOT):
    """Rewrite the files that name the address; returns their paths, relative to the checkout."""
    old = read(root)
    changes = {path: moved(text, old, new) for path, text in texts(root)}
    home = root / "_config.yml"
    changes[home] = re.sub(rf"(?m)^(  branch: ){re.escape(old.branch)}$", rf"\g<1>{new.branch}", changes[home])
    changes = {path: text for path, text in changes.items() if text.encode() != path.read_bytes()}
    for path, text in changes.items():
        path.write_bytes(text.encode())
    return sorted(path.relative_to(root).as_posix() for path in changes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?")
    parser.add_argument("--site")
    parser.add_argument("--branch")
    arguments = parser.parse_args()
    old = read()
    if not any(vars(arguments).values()):
        print(*old, sep="\n")
        return
    try:
        site = arguments.site or ("" if arguments.repository else old.site)
        new = checked(arguments.repository or old.repository, site, arguments.branch or old.branch)
    except ValueError as error:
        sys.exit(f"{error}; nothing was changed")
    print(*move(new), sep="\n")
    print("\nNow `make test`, look at what git says has changed, and commit it.")


if __name__ == "__main__":
    main()
