"""Fixtures that tests share: the finished site, a browser that reaches this machine only, a page to look at."""

import email
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import browsers
import installed
import pytest
import serve
from filelock import FileLock
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
BUILD = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT, "--path-output", ROOT / "build"]


class Site(NamedTuple):
    folder: Path  # build/_build/html
    url: str  # http://127.0.0.1:<port>/
    log: str  # what the build said

    @property
    def pages(self):
        """The site's pages, as paths below the folder."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.html"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return installed.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="session")
def ranges(metadata):
    """What a reader's installation needs: name -> the versions that it may have."""
    needs = map(Requirement, metadata.get_all("Requires-Dist"))
    return {need.name: need.specifier for need in needs if "site" not in str(need.marker)}


@pytest.fixture
def one_thread():
    """Small models gain nothing from two, and lose much when tests run side by side."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id):
    """What building the site from nothing says; pytest-xdist's workers share one build."""
    folder = tmp_path_factory.getbasetemp()
    log = (folder if worker_id == "master" else folder.parent) / "site.log"
    with FileLock(f"{log}.lock"):
        if not log.exists():
            shutil.rmtree(ROOT / "build" / "_build", ignore_errors=True)
            alone = {
                **os.environ,
                "PATH": "",
                "PYTHONUTF8": "1",
            }  # the build needs no program of this machine, no node either
            run = subprocess.run([*BUILD, "-W", "--keep-going", "-q"], env=alone, capture_output=True, encoding="utf-8")
            log.write_text(f"{run.stdout}{run.stderr}\nexit code {run.returncode}", encoding="utf-8")
    return log.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def site(built):
    """The site, built from nothing and served on a free port of this machine, as `make book` does: with its headers."""
    folder = ROOT / "build" / "_build" / "html"
    assert (folder / "searchindex.js").is_file(), built  # written last; a mere warning is test_site.py's affair
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(serve.Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Site(folder, f"http://127.0.0.1:{server.server_port}/", built)
        server.shutdown()


@pytest.fixture(scope="session")
def playwright():
    """Playwright, of which a process can have one only."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright):
    """Chromium for which every host but this machine does not exist. CHROMIUM names another one than the usual."""
    only_here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    browser = playwright.chromium.launch(
        executable_path=browsers.find("Chromium"),  # if there is none, Playwright's own
        args=["--no-sandbox", "--disable-quic", "--disable-background-networking", only_here],
    )
    yield browser
    browser.close()


@pytest.fixture
def visit(browser):
    """Open an address: `page = visit(url, theme="dark", width=390)`; fails if the page complains or asks another host.

    A widget is built when it comes near the window; here all are built at once, unless `build` is false.
    `page.problems` grows while the test goes on, so a test that clicks looks at it again.
    """
    contexts = []

    def visit(url, theme="light", width=1280, build=True, **options):
        context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.wait_for_function = partial(wait_for, page.wait_for_function)
        page.on("pageerror", lambda error: page.problems.append(f"error: {error}"))
        page.on("console", lambda said: page.problems.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("request", lambda asked: page.problems.append(f"asks {asked.url}") if is_foreign(asked.url) else None)
        page.goto(url, wait_until="load")
        if build:
            page.evaluate("for (const node of document.querySelectorAll('*')) node.read?.()")
        assert page.problems == [], url
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def open_widget(visit, tmp_path):
    """Open a widget's own page from a folder: `page = open_widget(widget, width=390)`; no address, no server."""

    def open_widget(widget, **options):
        path = tmp_path / "page.html"
        path.write_text(widget.to_page(), encoding="utf-8")
        page = visit(path.as_uri(), **options)
        page.on("dialog", lambda dialog: page.problems.append(f"dialog: {dialog.message}") or dialog.dismiss())
        return page

    return open_widget


def wait_for(wait_for_function, expression, **options):
    """Wait until a JavaScript expression is true, as a function: the site's policy forbids what evaluates a text."""
    is_function = re.match(r"(\([^()]*\)|\w+)\s*=>", expression)
    return wait_for_function(expression if is_function else f"() => {expression}", **options)


def is_foreign(url):
    """Say whether a request leaves this machine."""
    address = urlsplit(url)
    return address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("127.0.0.1", "localhost")
