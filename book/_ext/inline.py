"""How words in a text become links: to the references (citations.py), to the glossary (glossary.py)."""

import functools

from docutils import nodes
from sphinx import addnodes

# Where no word becomes a link.
FIXED = (nodes.title, nodes.caption, nodes.reference, nodes.literal, nodes.math, nodes.FixedTextElement, nodes.raw)
FIXED += (addnodes.desc_signature, addnodes.pending_xref)


def stands_in(node, kinds):
    while node and not isinstance(node, kinds):
        node = node.parent
    return node is not None


def put_links(text, links):
    """Replace parts of a text, given in order as [(start, end, link)], by links that show them."""
    parts, done = [], 0
    for start, end, link in links:
        link += nodes.Text(text[start:end])
        parts += [nodes.Text(text[done:start]), link]
        done = end
    if links:
        text.parent.replace(text, [*parts, nodes.Text(text[done:])])


def place(node):
    """The id of the section, or of the object of the library, in which a node stands."""
    while not node.get("ids"):
        node = node.parent
    return node["ids"][0]


class Links:
    """Makes links from one page to places on others."""

    def __init__(self, app, docname):
        self.address = functools.partial(app.builder.get_relative_uri, docname)

    def __call__(self, page, anchor, *children, **attributes):
        address = f"{self.address(page)}#{anchor}"
        return nodes.reference("", "", *children, internal=True, refuri=address, **attributes)
