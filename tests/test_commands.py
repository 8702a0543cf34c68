"""What README and CONTRIBUTING tell people to type is there, and `make book` serves the site until Ctrl-C."""

import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[1]
SERVE = [sys.executable, ROOT / "tools" / "serve.py"]


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_serve_prints_the_address_and_stops_quietly(tmp_path, taken_port):
    (tmp_path / "index.html").write_text("the book", encoding="utf-8")
    (tmp_path / "a.js").write_text("1", encoding="utf-8")
    (tmp_path / "_headers").write_text("# For hosts\n/*\n  X-Said: a: b\n", encoding="utf-8")
    command = [*SERVE, tmp_path, str(taken_port)]
    default = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a job in the background inherits "ignore"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, preexec_fn=default, **pipes) as server, ExitStack() as stack:
        stack.callback(server.kill)
        address = re.search(r"http://localhost:\d+", server.stdout.readline())[0]
        assert not address.endswith(f":{taken_port}")
        with urlopen(address) as page, urlopen(f"{address}/a.js") as script:
            assert page.read() == b"the book"
            assert script.headers["Content-Type"].startswith("text/javascript")
            assert page.headers["X-Said"] == script.headers["X-Said"] == "a: b"
        with pytest.raises(HTTPError) as error:
            urlopen(f"{address}/missing.html")
        error.value.close()
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=10)
    assert (server.returncode, out.strip(), err) == (0, "", "")


def test_serve_says_when_there_is_no_site(tmp_path):
    done = subprocess.run([*SERVE, tmp_path], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "run `make site` first" in done.stderr


ENDS = "bib|css|ipynb|js|md|mjs|mplstyle|py|toml|txt|yml"
PATH = re.compile(rf"(?:`|python |/pytest |--nbval )((?:[\w.*-]+/)*(?:[\w*-]+\.(?:{ENDS}))?)(?=[`\s])")
MADE_UP = re.compile("NN_name|NAME|my[_-]widget|^build/|^$")
FOLDERS = (
    "",
    "training",
    "notebooks",
    "src/self_attention",
    "src/self_attention/check",
    "src/self_attention/weights",
)  # where a page may stand as it names a file


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "training/README.md"])
def test_what_the_page_names_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(re.findall(r"(?:^|`|[─ ] )make ([a-z]+)", text, re.M))
    assert named <= targets and (named or page == "training/README.md")
    paths = {*PATH.findall(text), *re.findall(r"\]\((?!http|#)([^)#]+)", text)}
    paths = {path for path in paths if not MADE_UP.search(path)}
    assert len(paths) > 5 and {path for path in paths if not any(any((ROOT / f).glob(path)) for f in FOLDERS)} == set()
    headings = {re.sub("[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_make_help_names_every_command():
    said = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1].split()
    assert re.findall(r"^make (\w+): \w.+$", said, re.M) == phony and said.count("\n") == len(phony)
