"""What a page says of itself, in its head: title, description, card, policy, and the same for search engines."""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from .cards import draw_card
from .text import plain

logger = logging.getLogger(__name__)

# Of a description, search engines show no more.
LENGTH = range(50, 161)

# The pages that are no part of the book.
OTHERS = {
    "search": {"page_title": "Search", "description": "Search the book, section by section."},
    "404": {"page_title": "Page not found", "description": "This page does not exist."},
}


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


def policy(app):
    """The content security policy, as book/_headers tells it to a host."""
    text = Path(app.confdir, "book", "_headers").read_text(encoding="utf-8")
    return re.search("Content-Security-Policy: (.*)", text)[1]


def address(app):
    """Where the site is published, as _config.yml says."""
    return app.config.html_baseurl.rstrip("/") + "/"


def setup(app):
    app.connect("html-page-context", introduce)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
