"""A page's nodes as plain text, formulas as a reader would type them: for search, descriptions and tooltips."""

import re
from xml.etree import ElementTree

from docutils import nodes

from .maths import draw

APPLIED = "\N{FUNCTION APPLICATION}"


def plain(node, skip=lambda part: False):
    """The text of a node, formulas as a reader would type them: −∞, not \\infty. What is to be skipped, is."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math | nodes.math_block):
        mathml = re.search("<math.*?</math>", draw(node.astext(), isinstance(node, nodes.math_block)), re.DOTALL)
        return typed(ElementTree.fromstring(mathml[0])) if mathml else node.astext()
    if isinstance(node, nodes.raw | nodes.Invisible | nodes.system_message) or skip(node):
        return ""
    between = "" if isinstance(node, nodes.TextElement) else " "
    return between.join(plain(child, skip) for child in node.children)


def typed(element):
    """MathML as it would be typed: d_k, n^2, 1/2, √n.

    >>> typed(ElementTree.fromstring("<msub><mrow><mi>log</mi></mrow><mn>2</mn></msub>"))
    'log_2'
    """
    tag = element.tag.rpartition("}")[2]
    parts = [typed(child) for child in element]
    match tag, parts:
        case "annotation", _:
            return ""
        case "msqrt", _:
            return "√" + "".join(parts)
        case "mfrac", [above, below]:
            return f"{above}/{below}"
        case (("msub" | "munder"), [base, index]):
            space = " " if base.endswith(" ") else ""  # log_2 m: KaTeX puts the space after a function into the base
            return f"{base.strip()}_{index}{space}"
        case "msup", [base, "′"]:
            return f"{base}′"
        case (("msup" | "mover"), [base, exponent]):
            return f"{base}^{exponent}"
        case (("msubsup" | "munderover"), [base, index, exponent]):
            return f"{base}_{index}^{exponent}"
    sign = element.text or ""
    return {APPLIED: " ", ",": ", "}.get(sign, sign) + "".join(parts)
