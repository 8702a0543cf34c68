"""The finished site: what its pages weigh, how soon they answer, Lighthouse's scores, how long it takes to build."""

import functools
import itertools
import json
import shutil
import statistics
import sys

from .. import browsers
from .browser import ANSWERED, CHROMIUM_OPTIONS, chromium, opening_times, served
from .report import MACHINE, OUT, ROOT, Missing, figure, npm_install, run

LIGHTHOUSE = "lighthouse@13.5.0"
# Of each kind of device, Lighthouse's option for it and the least performance.
DEVICES = {"mobile": ("--form-factor=mobile", 90), "desktop": ("--preset=desktop", 98)}
OTHERS = ("accessibility", "best-practices", "seo")  # 100 each
AUDITS = {  # name, unit, digits
    "LCP_ms": ("largest-contentful-paint", 1, 0),
    "TBT_ms": ("total-blocking-time", 1, 0),
    "CLS": ("cumulative-layout-shift", 1, 4),
    "KB": ("total-byte-weight", 1e3, 1),
}


@functools.cache
def built():
    """A site built from nothing, once a run: its folder, the seconds it took, whether it is free of warnings."""
    shutil.rmtree(OUT / "_build", ignore_errors=True)
    command = ["jupyter-book", "build", str(ROOT), "--path-output", str(OUT), "-W", "--keep-going", "-q"]
    seconds, passed = run(command)
    folder = OUT / "_build" / "html"
    if not (folder / "searchindex.js").exists():  # written last
        raise Missing("the site does not build: see `make site`.")
    return folder, seconds, passed


def site_folder(options):
    return options.site or built()[0]


def page(options):
    """What a chapter's page loads before scrolling, over HTTP with gzip."""
    folder = site_folder(options)
    with served(folder) as address, chromium() as browser:
        for chapter in options.sizes(sorted(folder.glob("notebooks/*.html"))):
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


def answer(options):
    """From navigation (empty cache, localhost) to a map, scrolled to, whose moved slider has changed its number."""
    folder = site_folder(options)
    chapters = sorted(folder.glob("notebooks/*.html"))
    chapters = [chapter for chapter in chapters if "<attention-map>" in chapter.read_text(encoding="utf-8")]
    with served(folder) as address, chromium() as browser:
        for chapter in options.sizes(chapters):
            times = opening_times(browser, f"{address}notebooks/{chapter.name}", ANSWERED, options.times(7))
            yield figure(chapter.stem, times, "ms")


def lighthouse(options):
    """Lighthouse's scores of every page: performance, with the targets; a page with another score below 100 misses."""
    program = lighthouse_program(options)
    folder = site_folder(options)
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.html"))]
    names = [name for name in options.pages or options.sizes(names) if name != "index"]  # which leads on to book/index
    report = OUT / "lighthouse.json"
    flags = " ".join(option.replace("=", "='") + "'" * ("=" in option) for option in CHROMIUM_OPTIONS)
    with served(folder) as address:
        for name, (device, (option, least)) in itertools.product(names, options.sizes(DEVICES.items())):
            hidden = 'name="robots" content="noindex"' in (folder / f"{name}.html").read_text(encoding="utf-8")
            command = [
                *(program, f"{address}{name}.html", "--quiet", option),
                *("--output=json", f"--output-path={report}", "--disable-full-page-screenshot"),
                f"--only-categories=performance,{','.join(OTHERS)}",
                *(["--skip-audits=is-crawlable"] if hidden else []),  # it hides from search engines on purpose
                f"--chrome-flags=--headless=new {flags}",
            ]
            reports = []
            for _ in range(options.times(options.runs)):
                if not run(command, variables={"CHROME_PATH": browsers.find("Chromium") or ""})[1]:
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


def lighthouse_program(options):
    """The path of Lighthouse's command, installed under build/."""
    folder = OUT / "lighthouse"
    program = folder / "node_modules/.bin/lighthouse"
    if not program.exists():
        if options.small:
            raise Missing("Lighthouse is not installed: without --small it will be.")
        if not npm_install(folder, LIGHTHOUSE):
            raise Missing("Lighthouse cannot be installed: no network, or no npm.")
    MACHINE["lighthouse"] = LIGHTHOUSE.rpartition("@")[2]
    return str(program)


def build(options):
    """Wall time of a site build from nothing, and of nbval on all notebooks."""
    if options.site is None:
        _, seconds, passed = built()
        yield figure("site, from nothing", seconds, "s", passed=passed)
    notebooks = options.sizes(sorted((ROOT / "notebooks").glob("*.ipynb"), key=lambda path: path.stat().st_size))
    command = ["pytest", "-q", "-n", "2", "--dist", "loadfile", "--nbval", "--nbval-cell-timeout", "120"]
    seconds, passed = run([sys.executable, "-m", *command, *map(str, notebooks)])
    yield figure(f"nbval, notebooks: {len(notebooks)}", seconds, "s", passed=passed)
