"""The book's search finds sections, not pages; it works from a folder too. book/_static/search.js is its other half.

Besides sections, what it can find: a function of the library, a word of the glossary.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

from .text import plain


def is_entry(node):
    """Say whether the search can find this node by itself."""
    if isinstance(node, nodes.definition_list_item):
        return bool(node[0]["ids"])
    return isinstance(node, nodes.section | addnodes.desc)


def is_elsewhere(node):
    """Say whether a node is no part of a section's own prose: what is found by itself, code and what it prints."""
    return is_entry(node) or isinstance(node, nodes.literal_block | nodes.doctest_block)


def entry_of(node):
    """The anchor, the title and the text of a section, without its subsections."""
    heading, *rest = node.children
    if isinstance(node, addnodes.desc):
        # Its name, without the modules before it.
        anchor, title = heading["ids"][0], re.sub(r"^(?:[a-z_]+\.)*(?=\w)", "", heading["fullname"])
    else:
        anchor, title = (node["ids"] or heading["ids"])[0], plain(heading)
    text = " ".join(plain(child, skip=is_elsewhere) for child in rest)
    return anchor, " ".join(title.split()), " ".join(text.split())


def note_sections(app, doctree):
    """Keep the sections of a page with what Sphinx knows of it."""
    sections = [entry_of(node) for node in doctree.findall(is_entry)]
    # The page itself needs no anchor.
    app.env.metadata[app.env.docname]["sections"] = [("", *sections[0][1:]), *sections[1:]] if sections else []


def write_index(app, exception):
    if exception or app.builder.name != "html":
        return
    names = sorted(app.env.found_docs)
    pages = [(app.builder.get_target_uri(name), plain(app.env.titles[name])) for name in names]
    entries = [(at, *entry) for at, name in enumerate(names) for entry in app.env.metadata[name]["sections"]]
    index = json.dumps({"pages": pages, "entries": entries}, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "searchindex.js").write_text(f"const SECTIONS = {index};\n", encoding="utf-8")


def without_sphinx_search(app):
    app.builder.search = False


def setup(app):
    app.connect("builder-inited", without_sphinx_search)
    app.connect("doctree-read", note_sections, priority=900)
    app.connect("build-finished", write_index)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
