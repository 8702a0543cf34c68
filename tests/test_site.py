"""The finished site: whole, self-contained, readable by everybody, small."""

import gzip
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from fontTools.ttLib import TTFont
from sphinxcontrib import katex

from self_attention import widgets
from self_attention.widgets._base import SCRIPTS

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [
    page["file"] for part in CONTENTS["parts"] for page in part["chapters"] if page["file"].startswith("notebooks")
]
TEXTS = [CONTENTS["root"]] + [page["file"] for part in CONTENTS["parts"] for page in part["chapters"]]
AXE = {"preload": False, "rules": {"target-size": {"enabled": True}}}  # WCAG A, AA and best practices
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
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible_and_fits(name, theme, site, visit):
    page = visit(f"{site.url}{name}.html", theme=theme)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(NOTICED)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, context={"exclude": [".katex-html"]}, options=AXE)
        wrong = [f"{rule['id']}: {node['target']}" for rule in found.response["violations"] for node in rule["nodes"]]
        assert wrong == [], f"{width} px wide"
    assert page.problems == []


@every_text
def test_page_says_what_it_shows(name, site, visit):
    page = visit(f"{site.url}{name}.html")
    assert page.title()
    assert 20 < len(page.locator("meta[name=description]").get_attribute("content")) < 200
    for image in page.locator("article img").all():
        alt = image.get_attribute("alt") or ""
        assert len(alt.split()) > 3, (
            f"this image needs a text that says what is to be seen: {image.get_attribute('src')}"
        )


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
    monkeypatch.syspath_prepend(ROOT / "book")
    from _ext import site as extension

    said = []
    monkeypatch.setattr(extension.logger, "warning", lambda *words: said.append(words))
    assert 'class="katex"' in extension.draw("x^2", False) and not said
    extension.draw(r"\frac{1}", False)
    assert said
    extension.katex_process().communicate()
    extension.katex_process.cache_clear()


@every_text
def test_page_works_from_a_folder(name, site, visit):
    page = visit((site.folder / f"{name}.html").as_uri())
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--sa-accent')")
    assert page.evaluate("[...document.styleSheets].every((sheet) => !sheet.disabled)")
    widgets = "[...document.querySelectorAll('article *')].filter((node) => node.localName.includes('-'))"
    assert page.evaluate(f"{widgets}.filter((node) => !(node.shadowRoot?.children.length > 1)).length") == 0


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
    assert page.locator("button:visible", has_text=re.compile("search|print", re.I)).count() == 0
    assert page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"


@every_chapter
def test_page_prints_its_text_only(name, site, visit):
    page = visit(f"{site.url}{name}.html")
    page.emulate_media(media="print")
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-area"):
        assert not page.locator(part).first.is_visible(), part
    assert page.locator("article h1").is_visible()
    answers = page.locator("article details:not(.hide, .lexicon) > :not(summary)")  # not a widget's list of words
    assert all(answer.is_visible() for answer in answers.all())


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


@every_chapter
def test_page_is_small(name, site, visit):
    """At most 250 KB without its figures, and 75 KB of scripts, compressed as any web host does."""
    page = visit("about:blank")
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{site.url}{name}.html", wait_until="networkidle")
    sizes = {
        answer.url: len(gzip.compress(answer.body(), mtime=0)) for answer in answers if "/_images/" not in answer.url
    }
    scripts = sum(size for url, size in sizes.items() if ".js" in url)
    assert scripts <= 75_000, sizes
    assert sum(sizes.values()) <= 250_000, sizes


if __name__ == "__main__":  # python tests/test_site.py folder: check the links of any site
    print(*broken_links(Path(sys.argv[1]).resolve()), sep="\n")
