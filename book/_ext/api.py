"""The reference of the library, made from its docstrings: {api} shows what a page names, with the maths typeset.

The source is read, not imported: the site builds without torch, and a default stands as it is written.
"""

import ast
import copy
import functools
import inspect
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

SOURCE = Path(__file__).parents[2] / "src"

# Maths: from the plain notation of the docstrings, which help() shows as it is, to LaTeX

TOKEN = re.compile(
    r"""\s*(?:"(?P<text>[^"]*)"
    |(?P<word>,?\s*\b(?:where|with|that\ is|if|else|or|and|for)\b,?)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>∂|[A-Za-z]+\d*(?:_[A-Za-z0-9]+)*)
    |(?P<sign>\.\.\.|[<>!]=|[-=<>+*/.,:;|()\[\]{}^_]))""",
    re.VERBOSE,
)
KNOWN = {name: rf"\{name}" for name in ("exp", "ln", "sin", "cos", "tanh", "sum", "min", "alpha")}
KNOWN |= {name: rf"\operatorname{{{name}}}" for name in ("softmax", "relu", "norm", "part", "GRU")}
KNOWN |= {"argmax": r"\operatorname*{arg\,max}", "log2": r"\log_2", "∂": r"\partial "}
BETWEEN = {"<=": r"\le ", ">=": r"\ge ", "!=": r"\ne ", "|": r"\mid ", ",": r",\;", ";": r";\;"}
BETWEEN |= {sign: sign for sign in "=<>:"}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|"}


class Group(str):
    """What stood in parentheses, which a fraction does not need: `inner` is without them."""

    inner = ""


class Formula:
    """Reads a formula from left to right; each rule, from the loosest to the tightest, is a method that gives LaTeX."""

    def __init__(self, text):
        self.text, self.tokens, at = text, [], 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise self.error(f"{text[at:]!r} is no part of the notation")
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.tokens.append(("end", "the end"))

    def error(self, why):
        return ValueError(f"cannot read the formula {self.text!r}: {why}")

    def next(self, *signs):
        """Take the next token if it is one of these signs."""
        kind, value = self.tokens[0]
        return self.tokens.pop(0)[1] if kind == "sign" and value in signs else ""

    def all(self, until="the end", small=False):
        """Sums, and what stands between them: relations, commas, words."""
        parts = []
        while self.tokens[0][1] != until:
            kind, value = self.tokens[0]
            if kind in ("text", "word"):
                self.tokens.pop(0)
                before, after = ("" if value.startswith(",") else " ", " ") if kind == "word" else ("", "")
                parts.append(rf"\text{{{before}{value}{after}}}")
            elif (value != "|" or parts) and (sign := self.next(*BETWEEN)):  # what begins with | is |a|
                parts.append(sign if small else BETWEEN[sign])
            else:
                parts.append(self.sum(small))
        if not parts:
            raise self.error(f"nothing stands before {until!r}")
        self.tokens.pop(0)
        return "".join(parts)

    def sum(self, small):
        result = self.next("-") + self.fraction(small)
        while sign := self.next("+", "-"):
            result += sign + self.fraction(small)
        return result

    def fraction(self, small):
        start = self.tokens[:]
        above = self.product(small)
        if not self.next("/"):
            return above
        if not small and r"\frac" in above:  # no fraction inside a fraction
            self.tokens = start
            above = self.product(small=True)
            self.next("/")
        below = self.product(small=True)
        if small:
            return f"{above}/{below}"
        return rf"\frac{{{getattr(above, 'inner', above)}}}{{{getattr(below, 'inner', below)}}}"

    def product(self, small):
        result = last = self.power(small)
        while True:
            kind, value = self.tokens[0]
            if self.next("*", "."):
                last = self.power(small)
                result += rf"\cdot {last}"
            elif kind in ("number", "name") or value in ("(", "[", "..."):
                factor = self.power(small)
                words = last.startswith(r"\text") or factor.startswith(r"\text") and last[0] != "\\"
                result += r"\!" if factor.startswith(r"\left") else r"\," if words and value not in "([" else " "
                result += factor
                last = factor
            else:
                return result

    def power(self, small):
        result = self.atom(small)
        while sign := self.next("_", "^"):
            opening = self.next("(", "{")
            raised = self.all(CLOSING[opening], small=True) if opening else self.atom(True)
            raised = r"\top" if (sign, raised) == ("^", "T") else raised  # the book's transpose
            result += f"{sign}{{{raised}}}"
        return result

    def atom(self, small):
        kind, value = self.tokens.pop(0)
        if kind == "number":
            return value
        if kind == "name":
            return self.name(value)
        if value == "...":
            return r"\dots "
        if kind != "sign" or value not in CLOSING:
            raise self.error(f"{value!r} stands where a letter, a number or a bracket should")
        inner = self.all(CLOSING[value], small)
        left, right = (f"\\{sign}" if sign in "{}" else sign for sign in (value, CLOSING[value]))
        tall = any(high in inner for high in (r"\frac", r"\sum", r"\sqrt"))
        result = Group(rf"\left{left}{inner}\right{right}" if tall else f"{left}{inner}{right}")
        if value == "(":
            result.inner = inner
        return result

    def name(self, value):
        base, *below = value.split("_")
        if base == "sqrt":
            if not self.next("("):
                raise self.error("sqrt takes something in parentheses")
            return rf"\sqrt{{{self.all(')')}}}"
        if len(base) > 1 and any(len(part) > 2 for part in below):
            return rf"\text{{{value}}}".replace("_", r"\_")  # a long name with a line in it, such as one_hot
        result = KNOWN.get(base) or (base if len(base) == 1 else rf"\text{{{base}}}")
        below = ",".join(part if len(part) < 3 else rf"\text{{{part}}}" for part in below)
        return f"{result}_{{{below}}}" if below else result


def latex(formula):
    r"""Typeset a docstring's formula: "x_i / sqrt(d_k)" gives \frac{x_{i}}{\sqrt{d_{k}}}.

    What stands side by side is multiplied, and binds tighter than /, which draws a fraction; _ and ^ take one name or
    number, or what stands in () or {}; "..." is text, and so are: where, with, that is, if, else, or, and, for.

    Raises:
        ValueError: the formula is not in this notation.
    """
    return Formula(formula.strip()).all()


# The source: what is defined where


@functools.cache
def parsed(module):
    path = SOURCE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path, ast.parse(path.read_text(encoding="utf-8")).body


def is_constant(node):
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)


def find(module, name):
    """Where a name of a module is defined, followed through imports: (module, its node), or None."""
    path, body = parsed(module)
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom) and node.level == 1 and name in [part.name for part in node.names]:
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            return find(f"{package}.{node.module}", name) if node.module else None
    return None


def public(node):
    """The methods and properties of a class that have no underscore."""
    return [part for part in node.body if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")]


def family(module, node):
    """A class and those of its bases that the package defines: (module, node) each."""
    yield module, node
    for base in node.bases:
        if isinstance(base, ast.Name) and (found := find(module, base.id)):
            yield from family(*found)


def signature(module, node):
    """The parameters without self and annotations; a default that is a constant of the module as its value."""
    if isinstance(node, ast.ClassDef):
        fields = [part.target.id for part in node.body if isinstance(part, ast.AnnAssign)]  # of a NamedTuple
        parts = [part for _, kind in family(module, node) for part in kind.body]
        node = next((part for part in parts if getattr(part, "name", "") == "__init__"), None)
        if not node:
            return f"({', '.join(fields)})"
    constants = {part.targets[0].id: part.value for part in parsed(module)[1] if is_constant(part)}
    arguments = copy.deepcopy(node.args)
    arguments.args = [argument for argument in arguments.args if argument.arg not in ("self", "cls")]
    for argument in arguments.args + arguments.kwonlyargs:
        argument.annotation = None  # the shapes, below, say more
    for defaults in (arguments.defaults, arguments.kw_defaults):
        defaults[:] = [constants.get(getattr(default, "id", ""), default) for default in defaults]
    return f"({ast.unparse(arguments)})"


def traits(module, node):
    """Which parameters of a widget the reader moves, too."""
    parts = [part for _, kind in family(module, node) for part in kind.body if is_constant(part)]
    names = [part.targets[0].id for part in parts if "sync=True" in ast.unparse(part.value)]
    return [name for name in names if not name.startswith("_")]


def full_name(code, module):
    """The name under which the reference shows what the docstring of a module calls so, or ""."""
    name, *rest = code.removeprefix("nn.").split(".")
    places = ["self_attention", "self_attention.widgets", "self_attention.nn" if code.startswith("nn.") else module]
    for place in places[:2] if module.startswith("self_attention.widgets.") and places[2] == module else places:
        if found := find(place, name):
            home, node = found
            known = not rest or [part for part in public(node) if [part.name] == rest]
            return ".".join([home if place == places[2] else place, name, *rest]) if known else ""
    return ""


# Docstrings: a sentence, formulas, prose; Args, Returns, Raises; an example; Source

SIZE = r"(?:\.{2,3}|\d+|[nmdhbkEVp]|d_\w+|layers|size|stages)"
SIZE = rf"{SIZE}(?: ?[-+*/]? ?{SIZE})*(?: so far)?"
MARKS = re.compile(
    rf"`(?P<code>[^`]+)`|(?P<shape>\((?:{SIZE}, ?)+(?:{SIZE})?\))"
    r'|(?P<value>"[^"]{1,60}")|[\\*_{}\[\]<>$|~^#]'
)


def paragraphs(node):
    """A docstring as (kind, text): "prose", "formula", "example", or the name of a section."""
    for text in re.split(r"\n\n+", ast.get_docstring(node)):
        head = re.match(r"(Args|Returns|Raises|Source):\s+", text)
        if head:
            yield head[1], text[head.end() :] if head[1] == "Source" else inspect.cleandoc(text[len(head[1]) + 1 :])
        elif text.startswith(">>>"):
            yield "example", text
        else:
            yield ("prose" if text.endswith((".", ":", "?")) else "formula"), text


def items(text):
    """The entries of Args or Raises: (names, what is said of them)."""
    for entry in re.split(r"\n(?! )", text):
        names, _, said = entry.partition(":")
        yield names, " ".join(said.split())


def markdown(text, module):
    """Prose of a docstring: `names` link to what they name, shapes and "values" are code, the rest is as it is."""

    def mark(found):
        code = found["code"]
        if target := code and full_name(code, module):
            return f"{{py:obj}}`{code} <{target}>`"
        code = code or found["value"] or (found["shape"] or "").replace(" ", "\N{NO-BREAK SPACE}")
        return f"`{code}`" if code else f"\\{found[0]}"

    return MARKS.sub(mark, text)


def indented(lines, mark):
    """A definition of Markdown: its first line after the mark, the others below it."""
    return [f"{' ' if i else mark} {line}" if line else "" for i, line in enumerate(lines)]


def listed(term, lines):
    return [term, *indented(lines, ":"), ""]


class Reference(SphinxDirective):
    """{api} module: its functions and classes, one on each line: "name: page page", the pages that explain it.

    With :brief: their signature and first sentence alone.
    """

    required_arguments = 1
    has_content = True
    option_spec = {"brief": directives.flag}

    def run(self):
        lines = []
        for line in self.content:
            name, _, pages = line.partition(":")
            lines += self.entry(name.strip(), pages.split())
        self.env.note_dependency(__file__)
        box = nodes.container(classes=["api", *(["brief"] if "brief" in self.options else [])])
        self.state.nested_parse(StringList(lines, self.get_source_info()[0]), self.content_offset, box)
        for found in list(box.findall(addnodes.desc_parameterlist)):  # five elements a name are slow to test
            found.replace_self(nodes.inline("", found.astext(), classes=["sig-params"]))
        return [box]

    def entry(self, name, pages):
        package = self.arguments[0]
        found = find(package, name)
        if not found:
            raise self.error(f"{package} has no function or class {name!r}")
        module, node = found
        path = parsed(module)[0]
        self.env.note_dependency(path)
        kind = "class" if isinstance(node, ast.ClassDef) else "function"
        lines = [f"::::{{py:{kind}}} {package}.{name}{signature(module, node)}", "", *self.body(module, node)]
        if "brief" not in self.options:
            if pages:
                lines += listed("Explained in", ["; ".join(f"{{doc}}`/{page}`" for page in pages)])
            inside = path.relative_to(SOURCE.parent).as_posix()
            lines += listed("Code", [f"[{inside}](source:{inside}#L{node.lineno})"])
            lines += self.members(module, node) if kind == "class" else []
        return [*lines, "::::", ""]

    def members(self, module, node):
        bases = {part.name for _, base in list(family(module, node))[1:] for part in public(base)}
        lines = []
        for part in public(node):
            if part.name in bases:
                continue  # shown there
            made = [ast.unparse(decorator) for decorator in part.decorator_list]
            kind = "property" if "property" in made else "method"
            head = part.name if kind == "property" else part.name + signature(module, part)
            lines += [f":::{{py:{kind}}} {head}", ":no-contents-entry:"]
            lines += [":classmethod:"] if "classmethod" in made else []
            lines += ["", *self.body(module, part), ":::", ""]
        return lines

    def body(self, module, node):
        moved = traits(module, node) if isinstance(node, ast.ClassDef) else []
        lines = []
        for kind, text in paragraphs(node):
            if kind == "formula":
                for line in text.splitlines():
                    try:
                        lines += ["$$", latex(line), "$$", ""]
                    except ValueError as error:
                        raise self.error(f"{module}: {error}") from error
            elif kind == "prose":
                lines += [markdown(" ".join(text.split()), module), ""]
            elif kind == "example":
                lines += listed("Example", ["```pycon", *text.splitlines(), "```"])
            elif kind in ("Args", "Raises"):
                entries = []
                for names, said in items(text):
                    trait = " *(trait)*" if set(names.split(", ")) & set(moved) else ""
                    code = ", ".join(f"`{name}`" for name in names.split(", "))
                    entries += listed(code + trait, [markdown(said, module)])
                lines += listed({"Args": "Arguments"}.get(kind, kind), entries)
            else:
                lines += listed(kind, [markdown(" ".join(text.split()), module)])
            if "brief" in self.options:
                break
        return lines


def show_short_names(app, config):
    """In the contents of a page the name of a function alone; a click on an example copies it without its prompts."""
    config.toc_object_entries_show_parents = "hide"
    config.add_function_parentheses = False
    config.copybutton_prompt_text = ">>> "


def setup(app):
    app.add_directive("api", Reference)
    app.connect("config-inited", show_short_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
