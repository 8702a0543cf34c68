"""What a page says of itself: to search engines, and to chat programs that show a link as a card."""

import functools
import html
import json
import re
from pathlib import Path

import numpy as np
from docutils import nodes
from PIL import Image, ImageDraw, ImageFont
from sphinx.util import logging

from self_attention import scaled_dot_product_attention

from .site import plain

logger = logging.getLogger(__name__)

# Of a description, search engines show no more.
LENGTH = range(50, 161)

# The pages that are no part of the book.
OTHERS = {
    "search": {"page_title": "Search", "description": "Search the book, section by section."},
    "404": {"page_title": "Page not found", "description": "This page does not exist."},
}

# Thinking and Machines, from chapter 5: what every card shows is computed, too.
TOKENS = ["Thinking", "Machines"]
QUERIES = np.array([[1.0, 8.0, 2.0], [2.0, 3.0, 4.0]])
KEYS = np.array([[2.0, 12.0, 7.0], [2.0, 9.0, 11.0]])
DARK, LIGHT = np.array([22, 38, 62]), np.array([121, 192, 255])  # the colours of the weights 0 and 1


# The head of a page: title, description, card, and what it is


def first_sentences(doctree):
    """As many whole sentences of the first paragraph as a description holds."""
    paragraph = next(iter(doctree.findall(nodes.paragraph)), None)
    sentences = re.split(r"(?<=[.?!])\s+", " ".join(plain(paragraph).split())) if paragraph else []
    fitting = (" ".join(sentences[:count]) for count in range(len(sentences), 0, -1))
    return next((text for text in fitting if len(text) in LENGTH), "")


def describe(doctree, pagename):
    """The author's own description (`myst: html_meta: description`), else the page's first sentences."""
    own = [meta["content"] for meta in doctree.findall(nodes.meta) if meta.get("name") == "description"]
    text = own[0] if own else first_sentences(doctree)
    if len(text) not in LENGTH:
        expected = f"{LENGTH[0]} to {LENGTH[-1]} characters (myst: html_meta: description)"
        came = f"{len(text)} characters" if own else "a first paragraph without such whole sentences"
        logger.warning("expected a description of %s, came %s", expected, came, location=pagename)
    return text


def linked_data(context, number):
    """The page in the words of schema.org, for search engines."""
    book = {"@type": "Book", "name": context["docstitle"], "url": context["book_url"]}
    page = {
        "@context": "https://schema.org",
        "@type": ["Chapter", "LearningResource"] if number else "WebPage",
        "name": context["page_title"],
        "description": context["description"],
        "url": context["pageurl"],
        "image": context["card"],
        "inLanguage": context["language"],
        "license": f"{context['theme_repository_url']}/blob/{context['theme_repository_branch']}/LICENSE",
        "isAccessibleForFree": True,
        "isPartOf": book,
    }
    if number:
        page["position"] = int(number)
    if context["pageurl"] == context["book_url"]:
        del page["isPartOf"]
        page["@type"] = "Book"
    return json.dumps(page, ensure_ascii=False).replace("<", r"\u003c")


def address(app):
    """Where the site is published, as _config.yml says."""
    return app.config.html_baseurl.rstrip("/") + "/"


def introduce(app, pagename, templatename, context, doctree):
    """Fill in what the templates' head.html says."""
    base, root = address(app), app.config.root_doc
    is_root = pagename in (root, "index")  # the site's own address leads to the front page, and has its card
    context["book_url"] = f"{base}{app.builder.get_target_uri(root)}"
    context["policy"] = policy(app)
    # What head.html and the theme say themselves.
    context["metatags"] = re.sub('<meta[^>]* name="(?:description|viewport)"[^>]*>', "", context.get("metatags") or "")
    if is_root:
        context["pageurl"] = context["book_url"]
        doctree = doctree or app.env.get_doctree(root)
    if not doctree:
        context |= OTHERS.get(pagename, {})
        return
    title = context["docstitle"] if is_root else plain(app.env.titles[pagename])
    number, _, name = title.rpartition(" · ")
    _, *path = Path(root if is_root else pagename).parts
    file = f"_static/cards/{'-'.join(path)}.png"
    context |= {"page_title": name, "description": describe(doctree, pagename), "card": base + file}
    context["linked_data"] = linked_data(context, number)
    path = Path(app.outdir, file)
    path.parent.mkdir(parents=True, exist_ok=True)
    below = "An interactive book" if is_root else context["docstitle"]
    draw_card(name, f"Chapter {number}" if number else "", below).save(path)


# Cards


@functools.cache
def font(name, size):
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), size)


@functools.cache
def empty_card():
    """The map of Thinking and Machines, at the right; drawn twice as large, so that its corners are smooth."""
    _, weights = scaled_dot_product_attention(QUERIES, KEYS, KEYS, scale=1 / 8)
    card = Image.new("RGB", (2400, 1260), "#0d1117")
    pen = ImageDraw.Draw(card)
    for i, row in enumerate(weights):
        for j, weight in enumerate(row):
            left, top = 1500 + 390 * j, 290 + 390 * i
            colour = tuple((DARK + (LIGHT - DARK) * weight).round().astype(int).tolist())
            pen.rounded_rectangle([left, top, left + 366, top + 366], 44, colour)
            ink = "#0d1117" if weight > 0.5 else "#e6edf3"
            pen.text((left + 183, top + 183), f"{weight:.2f}", ink, font("DejaVuSans-Bold", 92), anchor="mm")
    for j, token in enumerate(TOKENS):
        pen.text((1683 + 390 * j, 240), token, "#f0883e", font("DejaVuSans", 52), anchor="mm")
        turned = Image.new("RGB", (366, 70), "#0d1117")
        ImageDraw.Draw(turned).text((183, 35), token, "#79c0ff", font("DejaVuSans", 52), anchor="mm")
        card.paste(turned.rotate(90, expand=True), (1412, 290 + 390 * j))
    return card.resize((1200, 630), Image.Resampling.LANCZOS)


def draw_card(title, above, below):
    """A picture of 1200 x 630 pixels with the page's title, for those who meet the link elsewhere."""
    card = empty_card().copy()
    pen = ImageDraw.Draw(card)
    for size in (64, 56, 48, 42):
        lines, face = [""], font("DejaVuSans-Bold", size)
        for word in title.split():
            longer = f"{lines[-1]} {word}".strip()
            lines = [*lines[:-1], longer] if face.getlength(longer) < 570 else [*lines, word]
        if len(lines) <= 4 and max(map(face.getlength, lines)) < 570:
            break
    step = round(1.22 * size)
    top = 315 - step * len(lines) // 2
    pen.text((80, 92), above, "#9aa4af", font("DejaVuSans", 30), anchor="ls")
    for line in lines:
        pen.text((80, top + step - step // 4), line, "#e6edf3", face, anchor="ls")
        top += step
    pen.text((80, 550), below, "#9aa4af", font("DejaVuSans", 26), anchor="ls")
    return card.quantize(128, Image.Quantize.MAXCOVERAGE)  # a third of the bytes


# Files for those who crawl and for those who serve


def policy(app):
    """The content security policy, as book/_headers tells it to a host."""
    text = Path(app.confdir, "book", "_headers").read_text(encoding="utf-8")
    return re.search("Content-Security-Policy: (.*)", text)[1]


def write_files(app, exception):
    if exception or app.builder.name != "html":
        return
    base = address(app)
    urls = (base + app.builder.get_target_uri(name) for name in sorted(app.env.found_docs))
    entries = "\n".join(f"  <url><loc>{html.escape(url)}</loc></url>" for url in urls)
    sitemap = '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    Path(app.outdir, "sitemap.xml").write_text(f"{sitemap}{entries}\n</urlset>\n", encoding="utf-8")
    robots = f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n"
    Path(app.outdir, "robots.txt").write_text(robots, encoding="utf-8")


def setup(app):
    app.connect("html-page-context", introduce)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
