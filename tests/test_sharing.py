"""What the site says of its pages, its content security policy, its search, its permalinks; what a change rebuilds."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from _ext import cards, head, links
from docutils import nodes
from docutils.utils import new_document
from PIL import Image

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
BASE = CONFIG["html"]["baseurl"]
FRONT = CONTENTS["root"]
PAGES = [page for part in CONTENTS["parts"] for page in part["chapters"]]
TEXTS = [FRONT] + [below["file"] for page in PAGES for below in (page, *page.get("sections", []))]
CHAPTERS = [page["file"] for page in PAGES if page["file"].startswith("notebooks")]


@pytest.fixture(scope="module")
def texts(site):
    """The HTML of every page of the book, and of those beside it."""
    return {
        name: (site.folder / f"{name}.html").read_text(encoding="utf-8") for name in [*TEXTS, "search", "404", "index"]
    }


def meta(text):
    """What the head of a page says: {name or property: content}."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', text)
    names = [name for name, _ in found if name != "theme-color"]  # one for light, one for dark
    assert len(names) == len(set(names)), "something is said twice"
    return dict(found)


# What a page says of itself


def test_every_page_has_its_own_title_description_and_address(texts):
    titles = {name: re.findall("<title>(.*?)</title>", text) for name, text in texts.items() if name != "index"}
    said = {name: meta(text) for name, text in texts.items() if name != "index"}
    assert all(len(title) == 1 for title in titles.values())
    assert len({title[0] for title in titles.values()}) == len(titles)
    assert titles[FRONT] == [CONFIG["title"]]
    assert all(
        title[0].endswith(f"— {CONFIG['title']}".replace("—", "&#8212;"))
        for name, title in titles.items()
        if name != FRONT
    )
    assert not any(re.match(r"\d", title[0]) for title in titles.values())
    descriptions = {name: said[name]["description"] for name in TEXTS}
    assert len(set(descriptions.values())) == len(TEXTS)
    for name, description in descriptions.items():
        assert 50 <= len(description) <= 160 and re.search(r"[.?!]$", description), name
        address = f"{BASE}{name}.html"
        assert f'<link rel="canonical" href="{address}" />' in texts[name]
        assert said[name]["og:url"] == address and said[name]["og:description"] == description
        assert titles[name][0].startswith(said[name]["og:title"])


def test_every_page_has_a_card(texts, site):
    for name in TEXTS:
        said = meta(texts[name])
        assert said["og:image"].startswith(f"{BASE}_static/cards/")
        with Image.open(site.folder / said["og:image"].removeprefix(BASE)) as card:
            size = int(said["og:image:width"]), int(said["og:image:height"])
            assert card.format == "PNG" and card.size == (1200, 630) == size
        assert said["twitter:card"] == "summary_large_image" and len(said["og:image:alt"]) > 20
    cards = sorted(path.stem for path in (site.folder / "_static" / "cards").glob("*"))
    assert cards == sorted(name.partition("/")[2].replace("/", "-") for name in TEXTS)


def test_every_page_says_what_it_is_to_machines(texts):
    for name in TEXTS:
        (data,) = re.findall('<script type="application/ld[+]json">(.*?)</script>', texts[name], re.DOTALL)
        page = json.loads(data)
        assert page["url"] == f"{BASE}{name}.html"
        assert page["license"].startswith(CONFIG["repository"]["url"])
        kind = "Book" if name == FRONT else ["Chapter", "LearningResource"] if name in CHAPTERS else "WebPage"
        assert page["@type"] == kind
        assert page.get("position") == (int(Path(name).name[:2]) if name in CHAPTERS else None)


def test_the_sites_own_address_introduces_the_front_page(texts):
    address = f"{BASE}{FRONT}.html"
    assert f'<link rel="canonical" href="{address}" />' in texts["index"]
    assert f'content="0; url={FRONT}.html"' in texts["index"]
    assert {**meta(texts["index"]), "viewport": ""} == {**meta(texts[FRONT]), "viewport": ""}


def test_the_next_page_is_named_where_no_browser_loads_it_ahead(texts):
    """Firefox fetches a <link rel="next">, and the policy refuses it: an error on every page. An <a> is left alone."""
    for name in TEXTS:
        assert not re.search("<link[^>]* rel=.(next|prev|prefetch)", texts[name]), name
    following = {name: re.findall('<a [^>]*rel="next" href="([^"]+)"', texts[name]) for name in CHAPTERS}
    assert following == {
        name: [f"{Path(after).name}.html"] for name, after in zip(CHAPTERS, CHAPTERS[1:], strict=False)
    } | {CHAPTERS[-1]: following[CHAPTERS[-1]]}


def test_sitemap_has_the_books_pages_and_robots_name_it(texts, site):
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    tree = ElementTree.parse(site.folder / "sitemap.xml")
    assert {place.text for place in tree.iter(f"{space}loc")} == {f"{BASE}{name}.html" for name in TEXTS}
    assert f"Sitemap: {BASE}sitemap.xml" in (site.folder / "robots.txt").read_text(encoding="utf-8").splitlines()
    hidden = [name for name, text in texts.items() if meta(text).get("robots") == "noindex"]
    assert hidden == ["search", "404"]


@pytest.mark.parametrize(
    ("paragraph", "description"),
    [
        ("Where? Here, and there, and everywhere, and in between as well.",) * 2,
        ("Where? Here, and there. " + "A" * 150, None),
        (
            "Here, and there, and everywhere, and so on, and on. " + "A" * 120,
            "Here, and there, and everywhere, and so on, and on.",
        ),
        ("Short.", None),
    ],
)
def test_a_description_is_whole_sentences_or_a_warning(paragraph, description, monkeypatch):
    said = []
    monkeypatch.setattr(head.logger, "warning", lambda *words, **where: said.append(words))
    page = new_document("page")
    page += nodes.paragraph("", paragraph)
    assert head.describe(page, "page") == (description or "")
    assert bool(said) == (description is None)
    own = "An author knows better what a page is about than its first paragraph does."
    page.insert(0, nodes.meta("", name="description", content=own))
    said.clear()
    assert head.describe(page, "page") == own and not said


def test_the_cards_show_the_numbers_of_chapter_5():
    cells = json.loads((ROOT / "notebooks/05_self_attention_by_hand.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    scope = {}
    for source in code[1:3]:
        exec(source, scope)
    assert scope["tokens"] == cards.TOKENS
    np.testing.assert_array_equal(cards.QUERIES, scope["X"] @ scope["W_q"])
    np.testing.assert_array_equal(cards.KEYS, scope["X"] @ scope["W_k"])


def test_pages_name_the_repository_without_its_address(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book")
    theme = {"repository_url": "https://github.com/you/book", "repository_branch": "dev"}
    theme["launch_buttons"] = {"colab_url": "https://colab.example"}
    config = SimpleNamespace(myst_url_schemes=["https"], html_theme_options=theme)
    links.name_repository(None, config)
    assert {name: scheme and scheme["url"] for name, scheme in config.myst_url_schemes.items()} == {
        "https": None,
        "repository": "https://github.com/you/book/{{path}}",
        "source": "https://github.com/you/book/blob/dev/{{path}}",
        "colab": "https://colab.example/github/you/book/blob/dev/{{path}}",
        "binder": "https://mybinder.org/v2/gh/you/book/dev?urlpath=lab/tree/{{path}}",
    }


# The content security policy


def test_pages_hold_no_script_and_no_style_of_their_own(texts):
    for name, text in texts.items():
        scripts = re.findall(r"<script(?![^>]* src=)([^>]*)>", text)
        assert set(scripts) <= {' type="application/json"', ' type="application/ld+json"'}, name
        assert not re.search(
            r"<style|<[^>]* on[a-z]+=|javascript:", re.sub("<script.*?</script>", "", text, flags=re.DOTALL)
        ), name


def test_pages_and_headers_say_the_same(texts, site):
    headers = (site.folder / "_headers").read_text(encoding="utf-8")
    policy = re.search("^  Content-Security-Policy: (.*)", headers, re.MULTILINE)[1]
    assert policy.startswith("default-src 'none'; ") and not re.search(
        "unsafe-eval|script-src[^;]*unsafe|https?:|[*]", policy
    )
    for name, text in texts.items():
        said = re.findall('<meta http-equiv="Content-Security-Policy" content="(.*?)" />', text)
        assert [content.replace("&#39;", "'") for content in said] == [policy], name


ATTACKS = """() => {
  const add = (tag, values) => document.body.append(Object.assign(document.createElement(tag), values));
  window.wrong = [];
  add("script", { textContent: "wrong.push('script')" });
  document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='wrong.push(`handler`)'>");
  document.body.insertAdjacentHTML("beforeend", "<style>body { color: rgb(1, 2, 3) }</style>");
  if (getComputedStyle(document.body).color === "rgb(1, 2, 3)") wrong.push("style");
  add("iframe", { src: "data:text/html,x" });
  add("object", { data: "data:text/html,x" });
  return new Promise((done) => setTimeout(() => {
    try { Function("wrong.push('eval')")(); } catch { /* as it should */ }
    done(wrong);
  }, 200));
}"""


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_browser_holds_the_page_to_its_policy(scheme, site, visit):
    page = visit(f"{site.url if scheme == 'http' else site.folder.as_uri() + '/'}book/notation.html")
    said = []
    page.on("console", lambda message: said.append(message.text))
    assert page.evaluate(ATTACKS) == []
    for rule in ("script-src", "style-src", "default-src"):
        assert any(rule in text for text in said), said


def test_print_button_prints(site, visit):
    page = visit(f"{site.url}book/notation.html", build=False)
    page.evaluate("() => { window.print = () => { window.printed = true } }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") and page.problems == []


# Search

ANSWERED = "(question) => document.querySelector('#search-results').dataset.question === question"
QUESTIONS = {  # each finds this page, or this section of it, as its first or second result
    "why square root": "05_self_attention_by_hand.html#why-the-root-and-not-d-k-itself",
    "mask leak": "07_masking.html",
    "positional encoding": "glossary.html#term-position",
    "positinal encoding": "glossary.html#term-position",
    "beam search": "13_decoding.html#beam-search",
    "thinking machines": "05_self_attention_by_hand.html",
    "what is a query": "glossary.html#term-query",
    "scaled dot product": "glossary.html#term-scaled-dot-product-attention",
    "softmax overflow": "02_softmax.html#break-it-large-scores",
    "multi-head": "08_multi_head.html",
    "label smoothing": "12_training.html#label-smoothing",
    "bleu": "13_decoding.html#bleu-and-exact-match",
    "causal_mask": "api_attention.html#self_attention.causal_mask",
    "how do I hide the padding?": "07_masking.html#the-other-thing-to-hide-padding",
    "smoothing xylophones": "12_training.html#label-smoothing",  # not all words: then some
}


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_the_section(scheme, site, visit):
    page = visit("about:blank")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url if scheme == 'http' else site.folder.as_uri() + '/'}search.html", wait_until="load")
    assert not any("searchindex" in url for url in asked), "the index comes with the first question"
    field, results = page.locator(".bd-search-container input"), page.locator("#search-results li")
    lost = {}
    for question, target in QUESTIONS.items():
        field.fill(question)
        page.wait_for_function(ANSWERED, arg=question)
        found = [results.nth(i).locator("a").get_attribute("href") for i in range(2)]
        if not any(target in address for address in found):
            lost[question] = found
    assert lost == {}
    field.fill("<zzzz onqqqq=xxxx>")
    page.wait_for_function(ANSWERED, arg="<zzzz onqqqq=xxxx>")
    assert results.count() == 0 and "Nothing" in page.locator("#search-status").inner_text()
    assert page.problems == []


def test_search_answers_the_question_of_its_address(site, visit):
    page = visit(f"{site.url}search.html?q=beam+search")
    page.locator("#search-results li a").first.click()
    page.wait_for_url("**/13_decoding.html#beam-search")
    page.go_back()
    assert page.locator("#search-results li a").first.inner_text() == "Beam search"
    assert page.problems == []


def test_the_index_names_sections_that_exist(site):
    text = (site.folder / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("const SECTIONS = ").removesuffix(";\n"))
    anchors = {
        address: set(re.findall(' id="([^"]+)"', (site.folder / address).read_text(encoding="utf-8")))
        for address, _ in index["pages"]
    }
    missing = [
        (index["pages"][page][0], anchor)
        for page, anchor, *_ in index["entries"]
        if anchor and anchor not in anchors[index["pages"][page][0]]
    ]
    assert missing == []
    assert {address for address, _ in index["pages"]} == {f"{name}.html" for name in TEXTS}


# Permalinks, figures, files


def test_a_sections_link_is_reached_by_keyboard(site, visit):
    page = visit(f"{site.url}{CHAPTERS[0]}.html", build=False)
    link = page.locator("article h2 a.headerlink").first
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert link.evaluate("(link) => link === document.activeElement && getComputedStyle(link).visibility") == "visible"
    assert link.evaluate("(link) => getComputedStyle(link).outlineStyle") != "none"
    box = link.bounding_box()
    assert box["width"] >= 24 and box["height"] >= 24
    assert link.get_attribute("aria-label") == "Link to this heading"
    page.keyboard.press("Enter")
    assert urlsplit(page.url).fragment == link.get_attribute("href")[1:]


def test_figures_keep_their_place_and_wait_for_the_reader(texts):
    figures = [tag for name in CHAPTERS for tag in re.findall("<img [^>]*_images/[^>]*>", texts[name])]
    assert len(figures) > 20
    for tag in figures:
        assert 'loading="lazy"' in tag and re.search(r'width="\d+" height="\d+"', tag), tag


def test_no_file_of_the_site_is_unused(site):
    kinds = {".html", ".css", ".js", ".svg"}
    words = [path.read_text(encoding="utf-8") for path in site.folder.rglob("*.*") if path.suffix in kinds]
    named = set(re.findall(r"[\w.-]+\.(?:js|css|svg|png|woff2|html)", "\n".join(words)))
    # A model's file has the name that its widget gives.
    named |= {f"{name}.js" for name in re.findall('"model":"([^"]+)"', "\n".join(words))}
    files = {path for path in (site.folder / "_static").rglob("*") if path.is_file() and path.name != "LICENSE"}
    assert sorted(str(path.relative_to(site.folder)) for path in files if path.name not in named) == []


# A small change


def test_a_small_change_rewrites_its_page_only(tmp_path):
    for name in ("book", "src"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    shutil.copy(ROOT / "_config.yml", tmp_path)
    names = ["book/notation", "book/glossary", "book/references"]
    contents = {"format": "jb-book", "root": names[0], "chapters": [{"file": name} for name in names[1:]]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
    build = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--path-output", "."]
    subprocess.run(build, cwd=tmp_path, capture_output=True, check=True)
    html = tmp_path / "_build" / "html"
    before = {name: (html / f"{name}.html").stat().st_mtime_ns for name in names}
    source = tmp_path / f"{names[0]}.md"
    source.write_text(source.read_text(encoding="utf-8") + "\nXylophone.\n", encoding="utf-8")
    subprocess.run(build, cwd=tmp_path, capture_output=True, check=True)
    rewritten = [name for name in names if (html / f"{name}.html").stat().st_mtime_ns != before[name]]
    assert names[0] in rewritten and names[1] not in rewritten
    assert "Xylophone" in (html / f"{names[0]}.html").read_text(encoding="utf-8")
    assert "Xylophone" in (html / "searchindex.js").read_text(encoding="utf-8")
