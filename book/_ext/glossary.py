"""The first use of a term on a page leads to the glossary."""

import functools
import re
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes

from .inline import FIXED, Links, put_links, stands_in
from .text import plain

GLOSSARY = "book/glossary"

# Pages where terms are quoted or tabulated rather than used, and the front page.
NO_TERMS = (GLOSSARY, "book/references", "book/index", "book/ledger", "book/notation", "book/cheatsheet")

# Entries that are too plain, or on too many pages, to be marked where they are used.
PLAIN = "attention feature frame linear memory output position rank source state target vector".split()

# Pages where a word, at its first use, means something else: the weights of a model, the loss of order.
NOT_MEANT = {
    "book/api_attention": ["cosine"],
    "book/api_models": ["cosine", "scale", "weight"],
    "book/models": ["weight"],
    "notebooks/03_seq2seq_attention": ["weight"],
    "notebooks/07_masking": ["value"],
    "notebooks/08_multi_head": ["padding"],
    "notebooks/09_position": ["loss"],
    "notebooks/11_transformer": ["embedding", "score"],
    "notebooks/12_training": ["cosine", "weight"],
}


class Term(NamedTuple):
    name: str
    anchor: str
    meaning: str
    explained: tuple  # the pages that explain it, which need no link

    @property
    def pattern(self):
        """Match the term and its plural; a small first letter may be a capital, as where a sentence begins."""
        stem, last = re.escape(self.name[:-1]), re.escape(self.name[-1])
        ending = "(?:y|ies)" if last == "y" else f"{last}(?:e?s)?"
        return f"(?i:{stem}{ending})" if self.name.islower() else stem + ending


def terms(env):
    """What the glossary explains."""
    found = []
    for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        definition = next(item.findall(nodes.paragraph))
        pages = tuple(node["reftarget"] for node in definition.findall(addnodes.pending_xref))
        meaning = "".join(plain(node) for node in definition if not isinstance(node, addnodes.pending_xref))
        meaning = re.sub(r"(?<=[.)])\s*(?:Chapters|,|and|\s)*\.$", "", meaning)
        found += [Term(term[0].astext(), term["ids"][0], meaning, pages) for term in item.findall(nodes.term)]
    return tuple(found)


def link_terms(env, docname, doctree, link):
    """Link the first use of each term on a page, but on those that explain it."""
    known = terms(env)
    skipped = [*PLAIN, *NOT_MEANT.get(docname, ())]
    unused = {term for term in known if docname not in term.explained and term.name not in skipped}
    for text in list(doctree.findall(nodes.Text)):
        links = []
        quiet = stands_in(text.parent, (*FIXED, nodes.strong, nodes.emphasis)) or opens_in_bold(text.parent)
        for start, end, term in () if quiet else uses(text, known):
            if term in unused:
                unused.remove(term)
                links.append((start, end, link(GLOSSARY, term.anchor, classes=["term"], reftitle=term.meaning)))
        put_links(text, links)


def opens_in_bold(paragraph):
    """Tell a chapter's opening, a question, a quoted note and its verdict."""
    first = next((node for node in paragraph if node.astext()), None)
    return isinstance(first, nodes.strong)


def uses(text, terms):
    """Find the terms in a text, the longest where several begin: [(start, end, term)]."""
    pattern, longest = any_of(terms)
    return [(*match.span(), longest[match.lastindex - 1]) for match in pattern.finditer(text)]


@functools.cache
def any_of(terms):
    longest = sorted(terms, key=lambda term: -len(term.name))
    one = "|".join(f"({term.pattern})" for term in longest)
    not_here = r"[\w-]|\.\w"  # part of another word, or of the name of a file
    return re.compile(rf"(?<![\w-])(?<!in your )(?:{one})(?!{not_here})"), longest  # nor "in your head"


def complete(app, doctree, docname):
    if docname not in NO_TERMS:
        link_terms(app.env, docname, doctree, Links(app, docname))


def outdated(app, env, added, changed, removed):
    app.glossary_changed = GLOSSARY in changed
    return []


def updated(app, env):
    """Write all pages again when the glossary has changed."""
    return env.found_docs if app.glossary_changed else []


def setup(app):
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", updated)
    app.connect("doctree-resolved", complete, priority=600)  # after the citations, which are links by then
    return {"parallel_read_safe": True, "parallel_write_safe": True}
