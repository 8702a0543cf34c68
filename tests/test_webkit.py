"""The site in WebKit, by Selenium: WebKitGTK's own small browser, on a screen that nobody sees."""

import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import ExitStack
from functools import partial
from http.server import ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
import serve
from other_browsers import Reading, need
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

pytestmark = pytest.mark.filterwarnings("ignore:setting remote_server_addr")  # Selenium warns of what it does itself

# Of what happens in a page its driver says nothing: so the page itself notes it, by a script before all others.
LISTEN = """
window.problems = [];
addEventListener("error", ({ message, target }) => problems.push(`error: ${message ?? target.outerHTML}`), true);
addEventListener("unhandledrejection", ({ reason }) => problems.push(`rejected: ${reason}`));
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
    problems.push(`${effectiveDirective}: ${blockedURI}`));
console.error = (...words) => problems.push(`console: ${words.join(" ")}`);
"""
# What a function of JavaScript answers, as JSON that Python can read: NaN and Infinity too.
RUN = """const done = arguments[arguments.length - 1];
const plain = (_, value) => value === undefined ? null : ArrayBuffer.isView(value) ? Array.from(value)
    : typeof value === "number" && !Number.isFinite(value) ? `number ${value}` : value;
const answer = (value) => done(JSON.stringify([value], plain).replace(/"number (-?\\w+)"/g, "$1"));
const run = async () => (%s)(...Array.from(arguments).slice(0, -1));
run().then(answer, (error) => answer(`error: ${error}`));"""


class Listening(serve.Handler):
    """Serves the site, each page with that script."""

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.name == "listen.js":
            body = LISTEN
        elif path.suffix == ".html" and path.exists():
            body = path.read_text(encoding="utf-8").replace("<head>", '<head><script src="/listen.js"></script>', 1)
        else:
            return super().send_head()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.end_headers()
        return BytesIO(body.encode())


class Element:
    """As much of a locator of Playwright's as the tests use."""

    def __init__(self, page, node):
        self.page, self.node = page, node

    def evaluate(self, function, argument=None):
        return self.page.run(function, self.node, argument)

    def scroll_into_view_if_needed(self):
        self.evaluate("(el) => el.scrollIntoView({ block: 'center', behavior: 'instant' })")


class Elements(list):
    """Some of them."""

    def all(self):
        return self


class Page:
    """As much of a page of Playwright's, and of its keyboard, as the tests use."""

    def __init__(self, driver):
        self.driver, self.keyboard = driver, self

    def run(self, function, *arguments):
        [value] = json.loads(self.driver.execute_async_script(RUN % function, *arguments))
        assert not str(value).startswith("error: "), value
        return value

    def evaluate(self, code, *arguments):
        if arguments:
            return self.run(code, *arguments)
        is_statement = code.startswith("for ")
        return self.run(f"async () => {{ {code} }}" if is_statement else f"async () => {code}")

    def locator(self, selector):
        return Elements(Element(self, node) for node in self.driver.find_elements(By.CSS_SELECTOR, selector))

    def set_viewport_size(self, size):
        self.driver.set_window_rect(**size)

    def press(self, key):
        self.type(getattr(Keys, re.sub("(?<=[a-z])(?=[A-Z])", "_", key).upper()))

    def type(self, text):
        ActionChains(self.driver, duration=0).send_keys(text).perform()

    @property
    def problems(self):
        return self.evaluate("problems")


@pytest.fixture(scope="module")
def site(site):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Listening, directory=site.folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site._replace(url=f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


@pytest.fixture(scope="module")
def open_page():
    options = webdriver.WebKitGTKOptions()
    options.binary_location = need("WebKit")
    options.set_capability("browserName", "MiniBrowser")
    options.add_argument("--automation")
    screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x1024x24", "-nolisten", "tcp"]
    with ExitStack() as stack:
        xvfb = stack.enter_context(
            subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        )
        stack.callback(xvfb.terminate)
        display = f":{xvfb.stdout.readline().strip()}"
        service = webdriver.WebKitGTKService(shutil.which("WebKitWebDriver"), env={**os.environ, "DISPLAY": display})
        driver = webdriver.WebKitGTK(options=options, service=service)
        stack.callback(driver.quit)
        driver.set_script_timeout(60)

        def open_page(url):
            driver.set_window_rect(width=1280, height=900)
            driver.get(url)
            return Page(driver)

        yield open_page


class TestWebKit(Reading):
    """The facts of Reading."""

    narrow = 447  # its window is never narrower
