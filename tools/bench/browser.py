"""Chromium, what it is served, and how a page, a key press and a click are timed in it."""

import functools
import gzip
import io
import json
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .. import browsers
from .report import MACHINE, OUT, Missing


class Host(SimpleHTTPRequestHandler):
    """A static host: it sends text of up to 10 MB compressed."""

    def send_head(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        kind, body = self.guess_type(path), path.read_bytes()
        self.send_response(200)
        is_text = kind.startswith("text/") or kind.endswith(("javascript", "json", "xml"))
        if is_text and len(body) <= 10e6:
            self.send_header("Content-Encoding", "gzip")
            body = gzip.compress(body, 6)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """The address of `folder` on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Host, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


PATIENCE = 300_000  # ms; BertViz's page of 256 tokens needs a good part of it
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@contextmanager
def chromium():
    """A Chromium for which other hosts do not exist. CHROMIUM names another one than the usual."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise Missing("Playwright is not installed: use `make bench`.") from None
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=browsers.find("Chromium"), args=CHROMIUM_OPTIONS)
        except Error:
            raise Missing(browsers.missing("Chromium")) from None
        MACHINE["chromium"] = browser.version
        yield browser
        browser.close()


# What runs in each page from its start: `finished` is the time, in ms from navigation, when the wait was over.
# painted() waits for the next frame, with its style, layout and paint.
IN_PAGE = """
window.painted = () => new Promise((done) => requestAnimationFrame(() => scheduler.postTask(done)));
const until = async (condition) => { do await painted(); while (!condition()); };
const find = (selector) => document.querySelector("attention-map")?.shadowRoot?.querySelector(selector);
const said = () => find("[aria-live]")?.textContent;
(async () => {
  WAIT
  window.finished = performance.now();
})();
"""
PAINTED = IN_PAGE.replace("WAIT", "await painted();")
RENDERED = IN_PAGE.replace("WAIT", "await until(said);")
BERTVIZ_RENDERED = IN_PAGE.replace("WAIT", 'await until(() => document.querySelector("#attention line"));')
MOVE = """
  const near = () => document.querySelector("attention-map")?.scrollIntoView({ behavior: "instant" });
  await until(() => (near(), said())); // a widget is built when it comes near the window
  const slider = find('input[type="range"][aria-label="Temperature"]');
  const before = said();
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input"));
  await until(() => said() !== before);
"""
ANSWERED = IN_PAGE.replace("WAIT", MOVE)


def open_page(browser, url, script, prepare=lambda context: None):
    """A new tab with an empty cache, when `script` has finished, and the ms it took from the start of navigation."""
    from playwright.sync_api import TimeoutError

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    prepare(context)
    tab = context.new_page()
    tab.add_init_script(script)
    try:
        tab.goto(url, timeout=PATIENCE)
        # a function: the site's policy forbids what evaluates a text
        return tab, tab.wait_for_function("() => window.finished", timeout=PATIENCE).json_value()
    except TimeoutError:
        raise Missing(f"{url.rsplit('/', 1)[1]} is not ready after {PATIENCE / 1e3:g} s.") from None


def opening_times(browser, url, script, times, **options):
    """The ms that open_page() takes, several times."""
    values = []
    for _ in range(times):
        tab, value = open_page(browser, url, script, **options)
        tab.context.close()
        values.append(value)
    return values


def interact(browser, tab, act, event, times, warm_up=4):
    """Call act(k), which makes one real input event, `times` times; wall and main-thread ms of each, from a trace.

    Wall: from the event to the frame on the screen. Main thread: what the page's main thread worked in that time.
    """
    for k in range(warm_up):
        act(k)
        tab.evaluate("painted()")
    tab.wait_for_timeout(300)
    browser.start_tracing(page=tab, categories=["toplevel", "input.scrolling"])
    for k in range(times):
        act(k)
        tab.evaluate("painted()")
        tab.wait_for_timeout(150)
    trace = json.loads(browser.stop_tracing())["traceEvents"]

    threads = {
        (e["pid"], e["tid"]) for e in trace if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks = [e for e in trace if e["name"] == "ThreadControllerImpl::RunTask" and (e["pid"], e["tid"]) in threads]
    tasks = [(e["ts"], e["ts"] + e["dur"]) for e in tasks if e["ph"] == "X"]
    begun, spans = {}, []
    for e in sorted((e for e in trace if e["name"] == "EventLatency"), key=lambda e: e["ts"]):
        if e["ph"] == "b" and e["args"]["event_latency"]["event_type"] == event:
            begun[e["id2"]["local"]] = e["ts"]
        elif e["ph"] == "e" and e["id2"]["local"] in begun:
            spans.append((begun.pop(e["id2"]["local"]), e["ts"]))
    if not spans or not tasks:
        raise Missing("this Chromium's trace does not name input events: use another version.")
    wall = [(end - start) / 1e3 for start, end in spans]
    busy = [sum(max(0, min(end, b) - max(start, a)) for a, b in tasks) / 1e3 for start, end in spans]
    return wall, busy


def press_arrows(tab, slider):
    """What interact() calls to move a slider by keyboard, to and fro."""
    tab.get_by_role("slider", name=slider, exact=True).focus()
    return lambda k: tab.keyboard.press("ArrowLeft" if k % 2 else "ArrowRight")


def save_page(name, html):
    """Write a page to be served; the bytes it has."""
    (OUT / name).write_text(html, encoding="utf-8")
    return len(html.encode())
