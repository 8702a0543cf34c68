"""Author and year lead to the references, which say of each work where it is cited."""

import functools
import re
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from pybtex.database import parse_file
from sphinx.util.docutils import SphinxDirective

from .inline import FIXED, Links, place, put_links, stands_in

BIBLIOGRAPHY = Path(__file__).parents[1] / "references.bib"
REFERENCES = "book/references"


class Work(NamedTuple):
    key: str
    names: tuple  # of the authors: (first, last); the first is "" where there is none
    year: str
    title: str
    venue: str
    addresses: tuple  # a reader is sent to the first

    @property
    def author(self):
        return self.names[0][1]


@functools.cache
def works():
    """What references.bib has, by first author and year."""
    found = []
    for key, entry in parse_file(BIBLIOGRAPHY, "bibtex").entries.items():
        fields, people = entry.fields, entry.persons["author"]
        names = [(" ".join(p.first_names + p.middle_names), " ".join(p.prelast_names + p.last_names)) for p in people]
        venue = next((fields[name] for name in ("journal", "booktitle", "howpublished") if name in fields), "")
        if "volume" in fields:
            venue += f" {fields['volume']}" + (f"({fields['number']})" if "number" in fields else "")
        number = f"arXiv:{fields['eprint']}" if "eprint" in fields else ""
        venue = ", ".join(filter(None, [venue, fields.get("publisher"), number, fields.get("note")]))
        ways = {"url": "", "eprint": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
        addresses = tuple(start + fields[way] for way, start in ways.items() if way in fields)
        found.append(Work(key, tuple(names), fields["year"], fields["title"], venue, addresses))
    return sorted(found, key=lambda work: (re.sub("^[a-z ]+(?=[A-Z])", "", work.author).lower(), work.year))


@functools.cache
def pattern():
    """Match "Vaswani et al. (2017)", "Jain and Wallace 2019", "Post (2018)": names, first name, year in either form."""
    first = "|".join(sorted({re.escape(work.author) for work in works()}, key=len, reverse=True))
    name = r"(?:[a-z]+\s+)*[^\W\d_a-z][\w-]*"
    names = rf"(?P<names>(?P<first>{first})(?:\s+et\s+al\.|(?:,\s+{name})*\s+and\s+{name})?)"
    return re.compile(rf"(?<!\w){names}\s+(?:(?P<year>\d{{4}})\b|\((?P<in>\d{{4}})\b[^()]*\))")


def at(address):
    """The works that can be read at an address, or at one that it is a part of."""
    outside = (address or "").startswith("https:")
    return [work for work in works() if outside and work.addresses and address.startswith(work.addresses)]


def cited(text, followed_by=None):
    """Find the citations in a text: [(match, work)].

    Of several works of one year, the one at the address that follows is meant, or else the first in the file.
    """
    found = []
    for match in pattern().finditer(text):
        year = match["year"] or match["in"]
        meant = [work for work in works() if (work.author, work.year) == (match["first"], year)]
        found += [(match, work) for work in ([work for work in meant if work in at(followed_by)] or meant)[:1]]
    return found


def citations(doctree):
    """Find the works that a page names or links to, in the order of the page: [(node, match or None, work)]."""
    found = []
    for node in doctree.findall(lambda node: isinstance(node, nodes.Text | nodes.reference)):
        if isinstance(node, nodes.reference):
            found += [(node, None, work) for work in at(node.get("refuri"))]
        elif not stands_in(node.parent, FIXED):
            after = node.next_node(descend=False, siblings=True)
            address = after.get("refuri") if isinstance(after, nodes.reference) else None
            found += [(node, match, work) for match, work in cited(node, address)]
    return found


def link_citations(doctree, link):
    by_text = {}
    for text, match, work in citations(doctree):
        if match:
            by_text.setdefault(id(text), (text, []))[1].append(
                (*match.span(), link(REFERENCES, work.key, classes=["citation"]))
            )
    for text, links in by_text.values():
        put_links(text, links)


class References(SphinxDirective):
    """{references}: list all works, each with the places that cite it."""

    def run(self):
        self.env.note_dependency(str(BIBLIOGRAPHY))
        page = nodes.bullet_list(classes=["references"])
        for work in works():
            (first, last), *others = work.names
            names = [", ".join(filter(None, [last, first])), *(" ".join(filter(None, name)) for name in others)]
            who = "".join(node.astext() for node in listed(map(nodes.Text, names)))
            title = nodes.emphasis("", work.title)
            if work.addresses:
                title = nodes.reference("", "", title, internal=False, refuri=work.addresses[0])
            before = nodes.Text(f"{who} ({work.year}). ")
            after = nodes.Text(f"{' ' if work.title[-1] in '?!' else '. '}{work.venue}.")
            text = nodes.paragraph("", "", before, title, after)
            page += nodes.list_item("", text, nodes.paragraph(classes=["cited"]), ids=[work.key])
        return [page]


def list_citations(env, doctree, link):
    """Complete the references: say of each work where it is cited."""
    places = {}
    for docname in pages(env):
        for node, _, work in citations(env.get_doctree(docname)):
            places.setdefault(work.key, {}).setdefault(docname, place(node.parent))
    for item in doctree.findall(nodes.list_item):
        chapters, others = [], []
        for docname, anchor in places.get("".join(item["ids"]), {}).items():
            title = env.titles[docname].astext()
            number = re.match(r"\d+(?= · )", title)
            (chapters if number else others).append(link(docname, anchor, nodes.Text(number[0] if number else title)))
        if chapters:
            item[1] += [nodes.Text("Chapters " if chapters[1:] else "Chapter "), *listed(chapters)]
        if others:
            item[1] += [nodes.Text("; " if chapters else ""), *listed(others)]


def pages(env):
    """All pages in the order of the contents, but the references."""
    root = env.config.root_doc
    return [name for name in (root, *env.toctree_includes[root]) if name != REFERENCES]


def listed(items):
    """Put commas between nodes, and "and" before the last."""
    items = list(items)
    signs = [", "] * (len(items) - 2) + [" and "] * (len(items) > 1) + [""]
    return [node for item, sign in zip(items, signs, strict=True) for node in (item, nodes.Text(sign))]


def complete(app, doctree, docname):
    link = Links(app, docname)
    if docname == REFERENCES:
        list_citations(app.env, doctree, link)
    else:
        link_citations(doctree, link)


def outdated(app, env, added, changed, removed):
    """Read the references again when anything has changed that may cite."""
    app.references_changed = REFERENCES in changed
    return [REFERENCES] if added | changed | removed else []


def updated(app, env):
    """Write all pages again when the references have changed."""
    return env.found_docs if app.references_changed else []


def setup(app):
    app.add_directive("references", References)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", updated)
    app.connect("doctree-resolved", complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
