"""The finished site: whole, self-contained, readable by everybody, small."""

import gzip
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml
from _ext import maths
from fontTools.ttLib import TTFont
from helpers import COLOURS, RULES, inaccessible
from sphinxcontrib import katex

from self_attention import widgets
from self_attention.widgets._base import SCRIPTS

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [
    page["file"] for part in CONTENTS["parts"] for page in part["chapters"] if page["file"].startswith("notebooks")
]
SOLUTIONS = [
    below["file"] for part in CONTENTS["parts"] for page in part["chapters"] for below in page.get("sections", [])
]
TEXTS = [CONTENTS["root"]] + [page["file"] for part in CONTENTS["parts"] for page in part["chapters"]] + SOLUTIONS
OPEN_ALL = "for (const box of document.querySelectorAll('article details')) box.open = true"
# Words and names in the cells of tables, also in shadow trees, that stand on more than one line.
BROKEN_WORDS = r"""() => {
    const shadows = (root) => [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
    const tables = (root) => [...root.querySelectorAll("table"), ...shadows(root).flatMap(tables)];
    const texts = (node) => node.nodeType === Node.TEXT_NODE ? [node] : [...node.childNodes].flatMap(texts);
    const broken = (text) => [...text.data.matchAll(/[\p{L}\p{N}_.]+/gu)].filter(({ 0: word, index }) => {
        const range = new Range();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        return new Set(Array.from(range.getClientRects(), ({ top }) => Math.round(top))).size > 1;
    });
    return tables(document).flatMap(texts).flatMap(broken).map(([word]) => word);
}"""
# The theme notices a new width after 300 ms, by the page's own clock: this machine's may be ahead of a busy page's.
NOTICED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 400)))"

every_page = pytest.mark.parametrize("name", [*TEXTS, "search", "404"])
every_text = pytest.mark.parametrize("name", TEXTS)
every_chapter = pytest.mark.parametrize("name", CHAPTERS)


def test_builds_without_a_warning(built):
    assert "warning" not in built.lower()
    assert built.endswith("exit code 0")


# Links


class Page(HTMLParser):
    """The names that a page offers as anchors, and the addresses that it uses: (tag, address)."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.addresses = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values.get("id"), values.get("name")}
        own = tag == "link" and values.get("rel") == "canonical"
        self.addresses += [
            (tag, values[key]) for key in ("href", "src", "poster", "data") if values.get(key) and not own
        ]
        self.addresses += [(tag, part.split()[0]) for part in (values.get("srcset") or "").split(",") if part.strip()]


def broken_links(folder):
    """List the addresses in a folder's pages and style sheets that lead nowhere, or load something from elsewhere."""
    texts = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.suffix in (".html", ".css")}
    pages = {path: Page(text) for path, text in texts.items() if path.suffix == ".html"}
    found = []
    for path, text in texts.items():
        used = pages[path].addresses if path in pages else []
        used = used + [("css", address) for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", text)]
        for tag, address in used:
            parts = urlsplit(address)
            if parts.scheme in ("data", "mailto"):
                continue
            if parts.scheme or parts.netloc:
                wrong = tag != "a"
            else:
                target = Path(unquote(urlsplit(urljoin(path.as_uri(), address)).path))
                wrong = not target.is_file() or parts.fragment and unquote(parts.fragment) not in pages[target].anchors
            if wrong:
                found.append(f"{path.relative_to(folder)}: {address}")
    return found


def test_no_link_is_broken(site):
    assert broken_links(site.folder) == []


def test_broken_links_are_found(tmp_path):
    (tmp_path / "good.html").write_text('<h1 id="top">x</h1><a href="https://example.org">x</a>')
    (tmp_path / "look.css").write_text("a { background: url('lost.png') } b { background: url(data:,) }")
    (tmp_path / "bad.html").write_text(
        '<a href="good.html#top">fine</a> <a href="good.html#bottom">x</a> <a href="gone.html">x</a>'
        '<a href="#gone">x</a> <img src="gone.png"> <script src="https://example.org/x.js"></script>'
        '<link href="//example.org/x.css">'
    )
    wrong = {"good.html#bottom", "gone.html", "#gone", "gone.png", "https://example.org/x.js", "//example.org/x.css"}
    assert set(broken_links(tmp_path)) == {f"bad.html: {address}" for address in wrong} | {"look.css: lost.png"}


@every_chapter
def test_buttons_lead_to_the_notebook(name, site):
    used = dict.fromkeys(
        address for _, address in Page((site.folder / f"{name}.html").read_text(encoding="utf-8")).addresses
    )
    repository = CONFIG["repository"]["url"].removeprefix("https://github.com/")
    assert f"https://colab.research.google.com/github/{repository}/blob/main/{name}.ipynb" in used
    assert f"../_sources/{name}.ipynb" in used
    assert (site.folder / f"_sources/{name}.ipynb").read_bytes() == (ROOT / f"{name}.ipynb").read_bytes()


# Every page in a browser; `visit` itself fails on a console error and on a request to another host


@every_page
def test_page_is_accessible_and_fits(name, site, visit):
    """Light and dark, wide and narrow, all answers open; 320 px is WCAG's 1280 at 400 % (1.4.10).

    All rules in light; in dark those of colour alone: names, roles, sizes and the order are the same there, and axe is
    the dearest part of the tests.
    """
    page = visit(f"{site.url}{name}.html", reduced_motion="reduce")  # lest axe sees a colour on its way to another
    page.evaluate(OPEN_ALL)
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.evaluate(NOTICED)
        assert page.evaluate("document.documentElement.dataset.theme") == (None if name == "404" else theme)
        rules = RULES if theme == "light" else COLOURS
        assert inaccessible(page.locator("html"), rules) == [], f"{width} px wide, {theme}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.problems == []


@every_text
def test_page_fits_before_its_widgets_are_built(name, site, visit):
    page = visit(f"{site.url}{name}.html", width=390, java_script_enabled=False)
    for width in (390, 360, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@every_text
def test_no_table_breaks_a_word(name, site, visit):
    """A cell is as wide as its longest word, name in code or number: in the text's tables and in the widgets'."""
    page = visit(f"{site.url}{name}.html")
    page.evaluate(OPEN_ALL)
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate(BROKEN_WORDS) == [], f"{width} px wide"


def test_axe_finds_what_is_wrong(visit, tmp_path):
    """In each set of rules; in code and formulas too, although three of a kind are enough there."""
    path = tmp_path / "page.html"
    path.write_text(
        '<!doctype html><html lang="en"><title>t</title><style>button { width: 9px; height: 9px; padding: 0 }</style>'
        '<main><h1>t</h1><h3>no level 2</h3><img src="data:,"><p style="color: #999">pale</p>'
        f'<pre>{"<i>dark</i>" * 9}<i style="color: #999">pale</i></pre>'
        f'<p class="katex-html" style="background: #555">{"<b>dark</b>" * 9}</p>'
        '<p><button aria-label="a"></button><button aria-label="b"></button></p>'
        '<details><summary aria-label="toggle">Show the code</summary>x</details></main>'
    )
    html = visit(path.as_uri()).locator("html")
    colours = ["color-contrast"] * 5  # the pale text, the pale code, three of the nine
    others = ["heading-order", "image-alt", "label-content-name-mismatch", "target-size", "target-size"]
    assert [rule.split(":")[0] for rule in sorted(inaccessible(html))] == colours + others
    assert [rule.split(":")[0] for rule in inaccessible(html, COLOURS)] == colours


@every_text
def test_page_says_what_it_shows(name, site, visit):
    page = visit(f"{site.url}{name}.html")
    assert page.title()
    assert 20 < len(page.locator("meta[name=description]").get_attribute("content")) < 200
    for image in page.locator("article img").all():
        alt = image.get_attribute("alt") or ""
        bare = len(alt.split()) < 4 or re.match(
            r"(an? )?(image|figure|plot|graph|chart|heat ?map|screenshot)\b", alt, re.I
        )
        assert not bare, f"this image needs a text that says what is to be seen: {image.get_attribute('src')}"


@every_text
def test_maths_is_drawn(name, site, visit):
    page = visit(f"{site.url}{name}.html")
    assert page.locator(".katex-error, script[src*=athjax], script[src*=katex]").count() == 0
    bare = """[...document.querySelectorAll("article :is(p, li, td, th, dd, h1, h2, h3, summary)")].map((node) => {
        const copy = node.cloneNode(true);
        copy.querySelectorAll("code, pre, .katex").forEach((part) => part.remove());
        return copy.textContent;
    }).filter((text) => /\\$|\\\\[a-zA-Z(\\[]/.test(text))"""
    assert page.evaluate(bare) == []


@every_chapter
def test_chapter_draws_maths_with_its_own_fonts(name, site, visit):
    page = visit(f"{site.url}{name}.html")
    assert page.locator("article .katex").count() > 0
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('16px KaTeX_Math') && document.fonts.check('16px KaTeX_Main')")


def test_katex_style_fits_katex_script():
    assert f'content:"{katex.katex_version}"' in (ROOT / "book/_static/katex/katex.min.css").read_text(encoding="utf-8")


def test_wrong_maths_is_a_warning(monkeypatch):
    said = []
    monkeypatch.setattr(maths.logger, "warning", lambda *words: said.append(words))
    assert 'class="katex"' in maths.draw("x^2", False) and not said
    maths.draw(r"\frac{1}", False)
    assert said
    maths.katex_process().communicate()
    maths.katex_process.cache_clear()


@every_text
def test_page_works_from_a_folder(name, site, visit):
    page = visit((site.folder / f"{name}.html").as_uri())
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--sa-accent')")
    assert page.evaluate("[...document.styleSheets].every((sheet) => !sheet.disabled)")
    widgets = "[...document.querySelectorAll('article *')].filter((node) => node.localName.includes('-'))"
    assert page.evaluate(f"{widgets}.filter((node) => !(node.shadowRoot?.children.length > 0)).length") == 0


@every_text
def test_only_pages_with_a_widget_load_its_scripts(name, site):
    text = (site.folder / f"{name}.html").read_text(encoding="utf-8")
    every = [getattr(widgets, name) for name in widgets.__all__]
    kinds = {kind for kind in every if f'<{kind.element}><script type="application/json"' in text}
    loaded = re.findall(r'<script [^>]*src="[./]*_static/([\w-]+\.js)', text)
    ours = [name for name in loaded if (SCRIPTS / name).exists()]
    assert set(ours) == {script for kind in kinds for script in kind.scripts}
    assert ours == sorted(ours, key=lambda name: name != "widgets.js")


def test_front_page_translates_with_the_cable_out(site, visit):
    page = visit(f"{site.url}{CONTENTS['root']}.html")
    live = page.locator("live-translator")
    page.mouse.move(300, 400)  # the first sign of life: the weights come
    page.wait_for_function("document.querySelector('live-translator').model")
    page.context.set_offline(True)
    field = live.locator("input[role=combobox]")
    field.fill("le chat noir dort")
    field.press("Enter")
    page.wait_for_function("document.querySelector('live-translator').translation === 'the black cat sleeps'")
    assert not live.locator("translator-map").is_visible(), "the front page has the short version"
    assert page.problems == []


@every_chapter
def test_page_can_be_read_without_scripts(name, site, visit):
    page = visit(f"{site.url}{name}.html", theme="dark", java_script_enabled=False)
    assert page.locator("article h1").is_visible()
    assert page.locator("article figure > table").first.is_visible()
    assert page.locator("article figure:has(> table):not([tabindex='0'])").count() == 0, "it scrolls by keyboard"
    assert page.locator("button:visible", has_text=re.compile("search|print", re.I)).count() == 0
    assert page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"


# On paper


@every_text
def test_page_prints_its_text_only(name, site, visit):
    page = visit(f"{site.url}{name}.html", theme="dark", build=False)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    for part in (
        ".bd-sidebar-primary",
        ".bd-sidebar-secondary",
        ".bd-header-article",
        ".prev-next-area",
        ".headerlink",
    ):
        assert not page.locator(part).first.is_visible(), part
    assert page.locator("article h1").is_visible()
    # Not a widget's list of words, not the options of a question.
    answers = page.locator("article details:not(.hide, .lexicon, .choice) > :not(summary)")
    assert all(answer.is_visible() for answer in answers.all())
    page.set_viewport_size({"width": 680, "height": 900})  # 180 mm
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_cheat_sheet_is_one_printed_page(paper, site, visit):
    page = visit(f"{site.url}book/cheatsheet.html", theme="dark")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=paper))) == 1
    page.emulate_media(media="print")
    page.set_viewport_size({"width": {"A4": 718, "Letter": 740}[paper], "height": 1000})  # less the margins
    sizes = page.evaluate("""[...document.querySelectorAll("article :is(p, td, th, li, code, .katex)")]
        .map((node) => parseFloat(getComputedStyle(node).fontSize) * 0.75)""")
    assert min(sizes) >= 7, "points"
    cut = """[...document.querySelectorAll("article :is(.math, table, pre)")].filter((node) => {
        const column = document.querySelector("article h2").getBoundingClientRect().width;
        return Math.max(node.scrollWidth, node.parentElement.scrollWidth) > column + 1;
    }).map((node) => node.textContent)"""
    assert page.evaluate(cut) == []


# By keyboard

# Where the focus is: its place in the page, whether something covers it, whether it has a ring; null after the last.
FOCUS = """() => {
    let node = document.activeElement;
    while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    if (node === document.body) return null;
    for (const animation of document.getAnimations()) animation.finish();
    const place = [];
    for (let at = node; at !== document; at = at.parentNode.host ?? at.parentNode) {
        place.unshift([...at.parentNode.children].indexOf(at));
    }
    const ends = (from, to) => [from + 3, (from + to) / 2, to - 3];
    const seen = [...node.getClientRects()].some((box) => ends(box.left, box.right).some((x) =>
        ends(box.top, box.bottom).some((y) => {
            const top = node.getRootNode().elementFromPoint(x, y);
            return node.contains(top) || (top?.localName === "label" && top.contains(node));
        })));
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
    const ring = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    const label = node.ariaLabel || node.labels?.[0]?.textContent || node.textContent;
    return { place, seen, ring, what: `${document.activeElement.localName}: ${label.trim()}` };
}"""


@pytest.mark.parametrize("name", [CONTENTS["root"], "notebooks/05_self_attention_by_hand", "notebooks/13_decoding"])
def test_tab_leads_through_the_page(name, site, visit):
    """In the order of reading, from the link that skips the contents to the end; the focus is always seen."""
    page = visit(f"{site.url}{name}.html", reduced_motion="reduce")
    page.evaluate(OPEN_ALL)
    stops = []
    while len(stops) < 1000 and (page.keyboard.press("Tab"), stop := page.evaluate(FOCUS))[1]:
        stops.append(stop)
    assert 50 < len(stops) < 1000
    assert stops[0]["what"] == "a: Skip to main content"
    assert [stop["what"] for stop in stops if not stop["seen"]] == [], "nothing covers the focus"
    assert [stop["what"] for stop in stops if not stop["ring"]] == []
    places = [stop["place"] for stop in stops]
    assert places == sorted(places)


def test_keyboard_opens_and_closes(site, visit):
    page = visit(f"{site.url}{CHAPTERS[0]}.html")
    inside = "(selector) => document.activeElement.closest(selector) !== null"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(inside, "main"), "the contents are skipped"

    answer = page.locator("article details").first
    answer.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert answer.get_attribute("open") is not None

    page.keyboard.press("Control+k")
    assert page.evaluate(inside, "dialog[open] form")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate(inside, "details"), "where the reader was"


@pytest.mark.parametrize("button", [".primary-toggle", ".secondary-toggle", ".search-button"])
def test_narrow_page_opens_its_menus_by_keyboard(button, site, visit):
    page = visit(f"{site.url}{CHAPTERS[0]}.html", width=390, reduced_motion="reduce")
    page.evaluate(NOTICED)
    toggle = page.locator(button).locator("visible=true").first
    toggle.focus()
    page.keyboard.press("Enter")
    menu = page.locator("dialog[open]")
    menu.wait_for()
    assert menu.evaluate("(menu) => menu.contains(document.activeElement)")
    assert inaccessible(page.locator("html")) == []
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
    assert toggle.evaluate("(toggle) => toggle === document.activeElement")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_word(scheme, site, visit):
    page = visit((site.url if scheme == "http" else site.folder.as_uri() + "/") + "search.html?q=softmax")
    page.locator("#search-results li a").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.problems == []


def test_reader_chooses_the_theme(site, visit):
    page = visit(f"{site.url}{TEXTS[0]}.html", theme="light")
    shown = "document.documentElement.dataset.theme"
    assert page.evaluate(shown) == "light"
    page.locator(".theme-switch-button").click()
    assert page.evaluate(shown) == "dark"
    page.reload()
    assert page.evaluate(shown) == "dark"


def test_every_icon_is_in_its_font(site, visit):
    page = visit(f"{site.url}{CHAPTERS[0]}.html")
    drawn = page.evaluate("""[...document.querySelectorAll("i[class*=fa-], span[class^=fa-]")]
        .map((icon) => [icon.className, getComputedStyle(icon, "::before").content])""")
    fonts = site.folder.glob("_static/vendor/fontawesome/webfonts/*.woff2")
    known = {f'"{chr(code)}"' for path in fonts for code in TTFont(path).getBestCmap()}
    assert len(drawn) >= 6
    assert [name for name, content in drawn if content not in known] == []


# Small and still

SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
        const moved = sources.map(({ node, previousRect: from, currentRect: to }) =>
            `${node?.nodeName} ${[from.x, from.y, to.x, to.y].map(Math.round)}`);
        if (!hadRecentInput) window.shifts.push([value, moved.join("; ")]);
    }
}).observe({ type: "layout-shift", buffered: true });"""
SCROLL = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const parts = [...document.querySelectorAll("article *")].filter((node) => /-|img/.test(node.localName));
    const near = (part) => part.getBoundingClientRect().top < 1.9 * innerHeight;
    const there = (part) => part.ready?.() ?? (part.localName === "img" && part.decode());
    for (const part of [...parts, document.querySelector("footer") ?? document.body]) {
        for (const windows of [1.9, 1.3, 0.5]) { // it comes near, and then, at a reader's pace, into view
            const top = scrollY + part.getBoundingClientRect().top - windows * innerHeight;
            if (top > scrollY) scrollTo({ top, behavior: "instant" });
            await frame();
            await frame();
            if (windows > 1) await Promise.all(parts.filter(near).map(there));
        }
    }
}"""


@every_page
@pytest.mark.parametrize("width", [1280, 390])
def test_page_is_small_and_still(name, width, site, visit):
    """Compressed, as a web host does: 250 KB before scrolling without figures, 75 KB of scripts, 1 MB after all.

    While it loads and while it is read to its end, nothing jumps: the shifts add up to .05 at most.
    """
    page = visit("about:blank", width=width)
    page.add_init_script(SHIFTS)
    answers, waiting = {}, set()
    page.on("request", lambda asked: waiting.add(asked))
    page.on("response", lambda answer: answers.setdefault(answer.url, answer))
    page.on("requestfinished", lambda asked: waiting.discard(asked))
    page.goto(f"{site.url}{name}.html", wait_until="load")
    page.evaluate("document.fonts.ready")
    page.evaluate(NOTICED)
    at_first = set(answers)
    page.mouse.move(300, 400)  # a sign of life: what a live widget needs comes now
    page.evaluate(SCROLL)
    page.evaluate("for (const node of document.querySelectorAll('*')) node.read?.()")
    while waiting:
        page.wait_for_timeout(20)
    sizes = {url: len(gzip.compress(answer.body(), mtime=0)) for url, answer in answers.items()}
    assert sum(sizes[url] for url in at_first if "/_images/" not in url) <= 250_000, sizes
    assert sum(sizes[url] for url in sizes if ".js" in url and "weights" not in url) <= 75_000, sizes
    assert sum(sizes.values()) <= 1_000_000, sizes
    shifts = page.evaluate("shifts")
    assert sum(value for value, _ in shifts) <= 0.05, shifts
    assert page.problems == []


if __name__ == "__main__":  # python tests/test_site.py folder: check the links of any site
    print(*broken_links(Path(sys.argv[1]).resolve()), sep="\n")
