"""Measure the widgets, the pages and the core: python tools/bench.py [section ...] [--pages NAME ...] [--runs N]

Prints a table and writes build/bench.json. A section that lacks something (a network, Chromium, make) says so, and the
others go on. Each time is the median of several; other work on the machine moves them, so compare ratios, which come
from one run. Nothing here fails because it is slow. KB are 1000 bytes; gzip is level 6, as on a static host.
"""

import argparse
import functools
import gzip
import io
import itertools
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # before NumPy is imported

import numpy as np  # noqa: E402

import self_attention as sa  # noqa: E402
from self_attention.widgets import AttentionMap  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "bench"  # the pages that are measured, BertViz, a site of our own
JSON = ROOT / "build" / "bench.json"
LIGHTHOUSE = "lighthouse@13.5.0"
BERTVIZ = "bertviz==1.4.1"
# What its page asks of cdnjs.cloudflare.com, from npm: package, file. npm has no jQuery 2.0.0, which it names.
BERTVIZ_SCRIPTS = {
    "require.min.js": ("requirejs@2.3.6", "requirejs/require.js"),
    "d3.min.js": ("d3@5.7.0", "d3/dist/d3.min.js"),
    "jquery.min.js": ("jquery@2.1.0", "jquery/dist/jquery.min.js"),
}


MACHINE = {
    "cpus": os.cpu_count(),
    "processor": platform.machine(),
    "system": platform.system(),
    "python": platform.python_version(),
    "numpy": np.__version__,
}


CHOSEN = argparse.Namespace()  # what the command line says


class Missing(Exception):
    """What a section needs and does not find, as a sentence."""


def figure(what, values, unit, target=None, at_least=False, **more):
    """One line of the table: the median of `values`, its range, the target (at most), and numbers beside it."""
    values = np.atleast_1d(values).tolist()
    line = {"what": what, "median": statistics.median(values), "unit": unit, "runs": len(values)}
    if len(values) > 1:
        line |= {"low": min(values), "high": max(values)}
    if target is not None:
        line |= {"target": target, "met": line["median"] >= target if at_least else line["median"] <= target}
    return {name: float(f"{x:.4g}") if isinstance(x, float) else x for name, x in (line | more).items()}


def show(line):
    spread = f"{line['low']:g} to {line['high']:g}" if "low" in line else ""
    target = f"{'meets' if line['met'] else 'MISSES'} {line['target']:g}" if "target" in line else ""
    known = ("what", "median", "unit", "runs", "low", "high", "target", "met")
    more = ", ".join(f"{name.replace('_', ' ')} {x}" for name, x in line.items() if name not in known)
    print(f"  {line['what']:<51} {line['median']:>9g} {line['unit']:<3} {spread:<16} {target:<12} {more}", flush=True)


def zipped(data):
    return len(gzip.compress(data, 6))


def run(command, variables=None, **options):
    """Run a command quietly; its wall time in seconds and whether it passed."""
    start = time.perf_counter()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path} | (variables or {})
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, **options)
    return time.perf_counter() - start, done.returncode == 0


# The browser and what it is served.


class Host(SimpleHTTPRequestHandler):
    """A static host: it sends text compressed."""

    def send_head(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        kind, body = self.guess_type(path), path.read_bytes()
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
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


CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def chromium_path():
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def chromium():
    """A Chromium for which other hosts do not exist. CHROMIUM names another one than the usual."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise Missing("Playwright is not installed: use `make bench`.") from None
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
        except Error:
            raise Missing("Chromium does not start: install it, or name one in CHROMIUM.") from None
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
    tab.goto(url)
    try:
        return tab, tab.wait_for_function("window.finished", timeout=60_000).json_value()
    except TimeoutError:
        raise Missing(f"{url.rsplit('/', 1)[1]} is not ready after 60 s.") from None


def opening_times(browser, url, script, times=5, **options):
    values = []
    for _ in range(times):
        tab, value = open_page(browser, url, script, **options)
        tab.context.close()
        values.append(value)
    return values


def interact(browser, tab, act, event, times=12):
    """Call act(k), which makes one real input event, `times` times; wall and main-thread ms of each, from a trace.

    Wall: from the event to the frame on the screen. Main thread: what the page's main thread worked in that time.
    """
    for k in range(4):  # warm up
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


def random_map(*leading, n, d_k, **options):
    rng = np.random.default_rng(0)
    Q, K = rng.normal(size=(2, *leading, n, d_k))
    return AttentionMap(Q, K, tokens=[f"t{i}" for i in range(n)], **options)


def save_page(name, html):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(html, encoding="utf-8")
    return len(html.encode())


# The site, built as the Makefile builds it.


def makefile_command(target, program):
    """The Makefile's line that runs `program` for `target`."""
    if shutil.which("make") is None:
        raise Missing("make is not installed, and the Makefile knows the command.")
    # -n: only print; -o: take the environment as it is
    made = ["make", "-n", "-o", ".venv/ready", "-o", "widgets/node_modules", target]
    lines = subprocess.run(made, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    command = next((line for line in lines if f"/{program} " in line), None)
    if command is None:
        raise Missing(f"`make {target}` does not run {program}.")
    return command


@functools.cache
def built_site():
    """A site built from nothing, once a run: its folder, the seconds it took, whether it is free of warnings."""
    if CHOSEN.site:
        return CHOSEN.site, 0, True
    command = makefile_command("site", "jupyter-book")
    shutil.rmtree(OUT / "_build", ignore_errors=True)
    seconds, passed = run(command.replace("--path-output build", "--path-output build/bench"), shell=True)
    folder = OUT / "_build" / "html"
    if not (folder / "index.html").exists():
        raise Missing("the site does not build: see `make site`.")
    return folder, seconds, passed


# The sections, in the order of the table. Each yields figures.


def script():
    """Sizes of the built scripts. A page loads widgets.js and at most two of the others."""
    for path in sorted((ROOT / "src/self_attention/widgets/scripts").iterdir()):
        code = path.read_bytes()
        yield figure(path.name, zipped(code) / 1e3, "KB", 30, raw_KB=round(len(code) / 1e3, 1))


def page():
    """What a chapter's page loads before scrolling, over HTTP with gzip."""
    folder, *_ = built_site()
    with served(folder) as address, chromium() as browser:
        for chapter in sorted(folder.glob("notebooks/*.html")):
            requests = []
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.on("requestfinished", lambda request, requests=requests: requests.append(request))
            tab.goto(f"{address}notebooks/{chapter.name}", wait_until="networkidle")
            sizes = [(r.resource_type, r.sizes()["responseBodySize"], len(r.response().body())) for r in requests]
            tab.close()
            for kind in ["all", *sorted({kind for kind, _, _ in sizes})]:
                sent, raw = zip(*[(s, r) for k, s, r in sizes if kind in ("all", k)], strict=True)
                more = {"requests": len(sent), "raw_KB": round(sum(raw) / 1e3, 1)}
                target = {"all": 250, "script": 75}.get(kind)
                yield figure(f"{chapter.stem}: {kind}", sum(sent) / 1e3, "KB", target, **more)


def answer():
    """From navigation (empty cache, localhost) to a map, scrolled to, whose moved slider has changed its number."""
    folder, *_ = built_site()
    with served(folder) as address, chromium() as browser:
        for chapter in sorted(folder.glob("notebooks/*.html")):
            if "<attention-map>" in chapter.read_text(encoding="utf-8"):
                times = opening_times(browser, f"{address}notebooks/{chapter.name}", ANSWERED, times=7)
                yield figure(chapter.stem, times, "ms")


def latency():
    """The temperature slider, 12 heads, d_k = 64, one key press: until the frame is shown, and main-thread time."""
    bare = (
        '<!doctype html><input type="range" aria-label="Temperature" oninput="o.value = value"><output id="o"></output>'
    )
    pages = {"a bare slider, for comparison": bare}
    for n in (16, 64, 128, 256, 512):
        pages[f"n = {n}"] = random_map(12, n=n, d_k=64).to_page()
    with served(OUT) as address, chromium() as browser:
        for what, html in pages.items():
            save_page("map.html", html)
            tab, _ = open_page(browser, f"{address}map.html", PAINTED if html is bare else RENDERED)
            wall, busy = interact(browser, tab, press_arrows(tab, "Temperature"), "KEY_PRESSED", times=30)
            tab.context.close()
            target = None if html is bare else 50 if what == "n = 512" else 16
            yield figure(f"{what}: main thread", busy, "ms", target)
            yield figure(f"{what}: event to shown frame", wall, "ms", target)


def size():
    """One file with script and data: to_page() for 12 layers of 12 heads, n = 64, without values."""
    for d_k, digits in itertools.product((8, 64), (None, 2)):
        html = random_map(12, 12, n=64, d_k=d_k, digits=digits).to_page().encode()
        what = f"d_k = {d_k}, {'5 significant digits' if digits is None else f'digits={digits}'}"
        yield figure(what, len(html) / 1e3, "KB", 300, gzipped_KB=round(zipped(html) / 1e3, 1))


def bertviz():
    """Ours and BertViz's head_view, 12 x 12 heads from the same Q and K (d_k = 64): one head shown or hidden."""
    head_view, prepare = bertviz_parts()
    import torch

    with served(OUT) as address, chromium() as browser:
        for n in (16, 64):
            ours = random_map(12, 12, n=n, d_k=64)
            rng = np.random.default_rng(0)
            Q, K = rng.normal(size=(2, 12, 12, n, 64)).astype(np.float32)
            weights = torch.from_numpy(sa.softmax(sa.dot_scores(Q, K) / 8))  # (layers, h, n, n)
            html = head_view([w[None] for w in weights], [f"t{i}" for i in range(n)], html_action="return").data
            bytes_ours = save_page("map.html", ours.to_page())
            bytes_theirs = save_page("bertviz.html", f'<!doctype html><meta charset="utf-8"><body>{html}</body>')
            yield compared(f"n = {n}: page", bytes_ours / 1e6, bytes_theirs / 1e6, "MB")

            rendered = [
                opening_times(browser, f"{address}map.html", RENDERED),
                opening_times(browser, f"{address}bertviz.html", BERTVIZ_RENDERED, prepare=prepare),
            ]
            yield compared(f"n = {n}: navigation to rendered", *rendered, "ms")

            tab, _ = open_page(browser, f"{address}map.html", RENDERED)
            wall, busy = interact(browser, tab, press_arrows(tab, "Head"), "KEY_PRESSED")
            tab.context.close()
            tab, _ = open_page(browser, f"{address}bertviz.html", BERTVIZ_RENDERED, prepare)
            box = tab.locator("#vis svg > g").last.locator("rect").nth(3).bounding_box()
            click = functools.partial(tab.mouse.click, box["x"] + 10, box["y"] + 10)
            wall_theirs, busy_theirs = interact(browser, tab, lambda _, click=click: click(), "MOUSE_RELEASED")
            tab.context.close()
            yield compared(f"n = {n}: other head, main thread", busy, busy_theirs, "ms")
            yield compared(f"n = {n}: other head, event to shown frame", wall, wall_theirs, "ms")


# Of each kind of device, Lighthouse's option for it and the least performance.
DEVICES = {"mobile": ("--form-factor=mobile", 90), "desktop": ("--preset=desktop", 98)}
OTHERS = ("accessibility", "best-practices", "seo")  # 100 each
AUDITS = {  # name, unit, digits
    "LCP_ms": ("largest-contentful-paint", 1, 0),
    "TBT_ms": ("total-blocking-time", 1, 0),
    "CLS": ("cumulative-layout-shift", 1, 4),
    "KB": ("total-byte-weight", 1e3, 1),
}


def lighthouse():
    """Lighthouse's scores of every page: performance, with the targets; a page with another score below 100 misses."""
    folder, *_ = built_site()
    program = lighthouse_program()
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.html"))]
    names = [name for name in CHOSEN.pages or names if name != "index"]  # which leads on to book/index
    report = OUT / "lighthouse.json"
    flags = " ".join(option.replace("=", "='") + "'" * ("=" in option) for option in CHROMIUM_OPTIONS)
    with served(folder) as address:
        for name, (device, (option, least)) in itertools.product(names, DEVICES.items()):
            hidden = 'name="robots" content="noindex"' in (folder / f"{name}.html").read_text(encoding="utf-8")
            command = [
                *(program, f"{address}{name}.html", "--quiet", option),
                *("--output=json", f"--output-path={report}", "--disable-full-page-screenshot"),
                f"--only-categories=performance,{','.join(OTHERS)}",
                *(["--skip-audits=is-crawlable"] if hidden else []),  # it hides from search engines on purpose
                f"--chrome-flags=--headless=new {flags}",
            ]
            reports = []
            for _ in range(CHOSEN.runs):
                if not run(command, variables={"CHROME_PATH": chromium_path() or ""})[1]:
                    raise Missing("Lighthouse does not run: is there a Chromium?")
                reports.append(json.loads(report.read_text(encoding="utf-8")))
            scores = {
                kind: [round(100 * found["categories"][kind]["score"]) for found in reports]
                for kind in ("performance", *OTHERS)
            }
            more = {kind.replace("-", "_"): statistics.median(scores[kind]) for kind in OTHERS}
            met = all(score == 100 for score in more.values())
            for short, (audit, unit, digits) in AUDITS.items():
                values = [found["audits"][audit]["numericValue"] / unit for found in reports]
                more[short] = round(statistics.median(values), digits)
            line = figure(f"{name}, {device}", scores["performance"], "", least, at_least=True, **more)
            yield line | {"met": line["met"] and met}


def lighthouse_program():
    """The path of Lighthouse's command, installed under build/."""
    folder = OUT / "lighthouse"
    program = folder / "node_modules/.bin/lighthouse"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        npm = [npm_program() or "npm", "install", "--prefix", str(folder), "--ignore-scripts", LIGHTHOUSE]
        if npm_program() is None or not run(npm)[1]:
            raise Missing("Lighthouse cannot be installed: no network, or no npm.")
    MACHINE["lighthouse"] = LIGHTHOUSE.rpartition("@")[2]
    return str(program)


def npm_program():
    return shutil.which("npm", path=str(Path(sys.executable).parent)) or shutil.which("npm")


def compared(what, ours, theirs, unit):
    ours, theirs = figure(what, ours, unit), figure(what, theirs, unit)["median"]
    return ours | {"BertViz": theirs, "ratio": float(f"{ours['median'] / theirs:.3g}")}


def bertviz_parts():
    """BertViz's head_view, installed under build/, and what makes a browser context find its scripts there."""
    folder = OUT / "bertviz"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        npm = npm_program()
        packages = [package for package, _ in BERTVIZ_SCRIPTS.values()]
        # its head_view imports only torch and IPython: without its other requirements
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), BERTVIZ]
        if npm is None or not run(pip)[1] or not run([npm, "install", "--prefix", str(folder), *packages])[1]:
            raise Missing("BertViz and its scripts cannot be installed: no network, or no npm.")
        (folder / "complete").touch()
    try:
        sys.path.append(str(folder))
        from bertviz import head_view
    except ImportError as error:
        raise Missing(f"BertViz needs {error.name}, which is not installed.") from None

    def prepare(context):
        def answer(route):
            _, file = BERTVIZ_SCRIPTS[route.request.url.rsplit("/", 1)[1]]
            route.fulfill(path=folder / "node_modules" / file)

        context.route("https://cdnjs.cloudflare.com/**", answer)

    return head_view, prepare


def core():
    """Our scaled_dot_product_attention, weights returned, against torch's; 8 heads, d_k = 64, float32, 1 thread.

    torch, fused: as it is called; makes no weights. torch, unfused: its MATH backend, which makes them and drops them.
    """
    try:
        import torch
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:
        raise Missing("torch is not installed.") from None
    torch.set_num_threads(1)
    MACHINE["torch"] = torch.__version__
    theirs = torch.nn.functional.scaled_dot_product_attention

    def unfused(*arrays):
        with sdpa_kernel(SDPBackend.MATH):
            return theirs(*arrays)

    for n in (128, 256, 512, 1024, 2048):
        arrays = np.random.default_rng(0).normal(size=(3, 1, 8, n, 64)).astype(np.float32)
        tensors = torch.from_numpy(arrays)
        calls = {
            "torch, fused": lambda tensors=tensors: theirs(*tensors),
            "torch, unfused": lambda tensors=tensors: unfused(*tensors),
            "ours on torch": lambda tensors=tensors: sa.scaled_dot_product_attention(*tensors),
            "ours on NumPy": lambda arrays=arrays: sa.scaled_dot_product_attention(*arrays),
        }
        times = {name: [] for name in calls}
        with torch.inference_mode():
            for k in range(8 if n > 512 else 22):  # in turn, so that other work on the machine meets all alike
                for name, call in calls.items():
                    start = time.perf_counter()
                    call()
                    if k:  # the first warms up
                        times[name].append((time.perf_counter() - start) * 1e3)
        for name, values in times.items():
            more = {}
            if name.startswith("ours"):
                against = {"to_fused": "torch, fused", "to_unfused": "torch, unfused"}
                for key, other in against.items():
                    ratios = [a / b for a, b in zip(values, times[other], strict=True)]
                    more[key] = float(f"{statistics.median(ratios):.3g}")
            yield figure(f"n = {n}: {name}", values, "ms", **more)


def translator():
    """The live translator: the file it fetches; a sentence of 20 words or more is picked, until it is translated."""
    from self_attention.corpus import corpus
    from self_attention.widgets import LiveTranslator
    from self_attention.widgets._model import published

    name = "transformer_both"
    yield figure("weights", len(published(name)) / 1e3, "KB", 500)
    long = [f"<2en> {pair.fr}" for pair in corpus(0, 0, 200)["test"] if len(pair.fr.split()) >= 20][:20]
    live = LiveTranslator(name, long)
    pick = """(k) => new Promise((done) => {
        const { shadowRoot } = document.querySelector("live-translator");
        const select = shadowRoot.querySelector('select[aria-label="Sentence"]');
        const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now() - start); });
        watch.observe(shadowRoot.querySelector(".said"), { childList: true, subtree: true, characterData: true });
        const start = performance.now();
        select.value = k;
        select.dispatchEvent(new Event("change"));
    })"""
    with chromium() as browser:
        for method, target in (("greedy", 100), ("beam", 200)):
            live.method = method
            save_page("translator.html", live.to_page())
            tab = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
            tab.goto((OUT / "translator.html").as_uri())
            tab.wait_for_function("document.querySelector('live-translator').model")
            times = [tab.evaluate(pick, str(k)) for k in range(1, len(long))]
            tab.close()
            yield figure(f"{method}: {len(times)} sentences", times, "ms", target)


def cache():
    """Greedy decoding of 100 sentences at a time with keys and values kept, against everything afresh; 1 thread."""
    import torch

    from self_attention import nn
    from self_attention.corpus import corpus

    torch.set_num_threads(1)
    model = nn.load("transformer_both")
    sentences = [f"<2en> {pair.fr}" for pair in corpus(0, 0, 100)["test"]]

    def same(place, layer, weights):  # a change that changes nothing: with one, nothing is kept
        return weights

    times = {None: [], same: []}
    for _ in range(5):
        for change, values in times.items():
            start = time.perf_counter()
            model.translate(sentences, intervention=change)
            values.append(time.perf_counter() - start)
    ratio = statistics.median(b / a for a, b in zip(*times.values(), strict=True))
    yield figure("kept", times[None], "s", times_as_fast=float(f"{ratio:.3g}"))
    yield figure("afresh", times[same], "s")


def build():
    """Wall time of the Makefile's commands: a clean site build, and nbval on all notebooks."""
    if CHOSEN.site:
        raise Missing("the site is built from nothing only without --site.")
    _, seconds, passed = built_site()
    yield figure("site, from nothing", seconds, "s", passed=passed)
    words = shlex.split(makefile_command("test", "pytest"))
    seconds, passed = run([word for word in words if not word.startswith(("src", "tests"))])
    notebooks = len(list((ROOT / "notebooks").glob("*.ipynb")))
    yield figure(f"nbval, {notebooks} notebooks", seconds, "s", passed=passed)


SECTIONS = {
    section.__name__: section
    for section in (script, page, lighthouse, answer, latency, size, translator, cache, bertviz, core, build)
}


def load():
    """How busy the machine is (jobs in the last minute); None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("section", nargs="*", help=f"some of {', '.join(SECTIONS)}; default: all")
    parser.add_argument("--site", type=Path, help="a finished site to measure, instead of one built from nothing")
    parser.add_argument("--pages", nargs="+", help="for lighthouse, e.g. book/index notebooks/07_masking; default: all")
    parser.add_argument("--runs", type=int, default=3, help="for lighthouse: the median of so many; default: 3")
    parser.parse_args(namespace=CHOSEN)
    chosen = CHOSEN.section or list(SECTIONS)
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}: expected some of {', '.join(SECTIONS)}")
    MACHINE["load_before"] = load()
    result = {"machine": MACHINE, "sections": {}}
    OUT.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in chosen:
        doc = SECTIONS[name].__doc__.splitlines()[0]
        lines = []
        result["sections"][name] = {"about": doc, "figures": lines}
        print(f"{name}: {doc}", flush=True)
        try:
            for line in SECTIONS[name]():
                lines.append(line)
                show(line)
        except Missing as sentence:
            result["sections"][name]["missing"] = str(sentence)
            print(f"  Not measured: {sentence}")
        except Exception as error:
            traceback.print_exc()
            result["sections"][name]["missing"] = f"stopped by {type(error).__name__}"
            failed = True
    MACHINE["load_after"] = load()
    JSON.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(
        f"{JSON.relative_to(ROOT)} is written. The load went from {MACHINE['load_before']} to {MACHINE['load_after']}."
    )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
