"""The widgets: their scripts, how soon they follow a key, the size of their pages; BertViz on the same data."""

import functools
import itertools
import shutil
import sys
from pathlib import Path

import numpy as np

import self_attention as sa
from self_attention.widgets import AttentionMap

from .browser import (
    BERTVIZ_RENDERED,
    PAINTED,
    RENDERED,
    chromium,
    interact,
    open_page,
    opening_times,
    press_arrows,
    save_page,
    served,
)
from .report import OUT, Missing, compared, figure, gzipped_size, npm_install, run

SCRIPTS = Path(sa.__file__).with_name("widgets") / "scripts"
BERTVIZ = "bertviz==1.4.1"
# What its page asks of cdnjs.cloudflare.com, from npm: package, file. npm has no jQuery 2.0.0, which it names.
BERTVIZ_SCRIPTS = {
    "require.min.js": ("requirejs@2.3.6", "requirejs/require.js"),
    "d3.min.js": ("d3@5.7.0", "d3/dist/d3.min.js"),
    "jquery.min.js": ("jquery@2.1.0", "jquery/dist/jquery.min.js"),
}


def random_map(*leading, n, d_k, **options):
    """An AttentionMap of random queries and keys."""
    rng = np.random.default_rng(0)
    Q, K = rng.normal(size=(2, *leading, n, d_k))
    return AttentionMap(Q, K, tokens=[f"t{i}" for i in range(n)], **options)


def script(options):
    """Sizes of the built scripts. A page loads widgets.js and at most two of the others."""
    for path in options.sizes(sorted(SCRIPTS.iterdir())):
        code = path.read_bytes()
        yield figure(path.name, gzipped_size(code) / 1e3, "KB", 30, raw_KB=round(len(code) / 1e3, 1))


def latency(options):
    """The temperature slider, 12 heads, d_k = 64, one key press: until the frame is shown, and main-thread time."""
    bare = (
        '<!doctype html><input type="range" aria-label="Temperature" oninput="o.value = value"><output id="o"></output>'
    )
    pages = {"a bare slider, for comparison": bare}
    for n in options.sizes((16, 64, 128, 256, 512)):
        pages[f"n = {n}"] = random_map(12, n=n, d_k=64).to_page()
    with served(OUT) as address, chromium() as browser:
        for what, html in pages.items():
            save_page("map.html", html)
            tab, _ = open_page(browser, f"{address}map.html", PAINTED if html is bare else RENDERED)
            wall, busy = interact(browser, tab, press_arrows(tab, "Temperature"), "KEY_PRESSED", options.times(30))
            tab.context.close()
            target = None if html is bare else 50 if what == "n = 512" else 16
            yield figure(f"{what}: main thread", busy, "ms", target)
            yield figure(f"{what}: event to shown frame", wall, "ms", target)


def size(options):
    """One file with script and data: to_page() for 12 layers of 12 heads, n = 64, without values."""
    for d_k, digits in options.sizes(itertools.product((8, 64), (None, 2))):
        html = random_map(12, 12, n=64, d_k=d_k, digits=digits).to_page().encode()
        what = f"d_k = {d_k}, {'5 significant digits' if digits is None else f'digits={digits}'}"
        yield figure(what, len(html) / 1e3, "KB", 300, gzipped_KB=round(gzipped_size(html) / 1e3, 1))


def bertviz(options):
    """Ours and BertViz's head_view, 12 x 12 heads from the same Q and K (d_k = 64): one head shown or hidden."""
    head_view, prepare = bertviz_parts(options)
    import torch

    with served(OUT) as address, chromium() as browser:
        for n in options.sizes((16, 64, 256)):
            # With 256 tokens its page has 432 MB, needs half a minute to open and 10 s for one click.
            openings, clicks, warm_up = (1, 2, 1) if n > 64 else (options.times(5), options.times(12), 4)
            ours = random_map(12, 12, n=n, d_k=64)
            rng = np.random.default_rng(0)
            Q, K = rng.normal(size=(2, 12, 12, n, 64)).astype(np.float32)
            weights = torch.from_numpy(sa.softmax(sa.dot_scores(Q, K) / 8))  # (layers, h, n, n)
            html = head_view([w[None] for w in weights], [f"t{i}" for i in range(n)], html_action="return").data
            bytes_ours = save_page("map.html", ours.to_page())
            bytes_theirs = save_page("bertviz.html", f'<!doctype html><meta charset="utf-8"><body>{html}</body>')
            yield compared(f"n = {n}: page", bytes_ours / 1e6, bytes_theirs / 1e6, "MB")

            opened = [
                opening_times(browser, f"{address}map.html", RENDERED, openings),
                opening_times(browser, f"{address}bertviz.html", BERTVIZ_RENDERED, openings, prepare=prepare),
            ]
            yield compared(f"n = {n}: navigation to rendered", *opened, "ms")

            tab, _ = open_page(browser, f"{address}map.html", RENDERED)
            wall, busy = interact(browser, tab, press_arrows(tab, "Head"), "KEY_PRESSED", options.times(12))
            tab.context.close()
            tab, _ = open_page(browser, f"{address}bertviz.html", BERTVIZ_RENDERED, prepare)
            tab.set_default_timeout(0)
            box = tab.locator("#vis svg > g").last.locator("rect").nth(3).bounding_box()
            click = functools.partial(tab.mouse.click, box["x"] + 10, box["y"] + 10)
            theirs = interact(browser, tab, lambda _, click=click: click(), "MOUSE_RELEASED", clicks, warm_up)
            tab.context.close()
            yield compared(f"n = {n}: other head, main thread", busy, theirs[1], "ms")
            yield compared(f"n = {n}: other head, event to shown frame", wall, theirs[0], "ms")


def bertviz_parts(options):
    """BertViz's head_view, installed under build/, and what makes a browser context find its scripts there."""
    folder = OUT / "bertviz"
    if not (folder / "complete").exists():
        if options.small:
            raise Missing("BertViz is not installed: without --small it will be.")
        shutil.rmtree(folder, ignore_errors=True)
        # its head_view imports only torch and IPython: without its other requirements
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), BERTVIZ]
        if not run(pip)[1] or not npm_install(folder, *(package for package, _ in BERTVIZ_SCRIPTS.values())):
            raise Missing("BertViz and its scripts cannot be installed: no network, or no npm.")
        (folder / "complete").touch()
    sys.path.append(str(folder))
    try:
        from bertviz import head_view
    except ImportError as error:
        raise Missing(f"BertViz needs {error.name}, which is not installed.") from None

    def prepare(context):
        def answer(route):
            _, file = BERTVIZ_SCRIPTS[route.request.url.rsplit("/", 1)[1]]
            route.fulfill(path=folder / "node_modules" / file)

        context.route("https://cdnjs.cloudflare.com/**", answer)

    return head_view, prepare


def translator(options):
    """The live translator: the file it fetches; a sentence of 20 words or more is picked, until it is translated."""
    try:
        from self_attention.corpus import corpus
        from self_attention.widgets import LiveTranslator
        from self_attention.widgets._model import published
    except ImportError as error:
        raise Missing(f"{error.name} is not installed.") from None

    name = "transformer_both"
    yield figure("weights", len(published(name)) / 1e3, "KB", 500)
    long = [f"<2en> {pair.fr}" for pair in corpus(0, 0, 200)["test"] if len(pair.fr.split()) >= 20]
    long = long[: 2 if options.small else 20]  # the first is shown from the start
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
            tab.wait_for_function("() => document.querySelector('live-translator').model")
            times = [tab.evaluate(pick, str(k)) for k in range(1, len(long))]
            tab.close()
            yield figure(f"{method}: {len(times)} sentences", times, "ms", target)
