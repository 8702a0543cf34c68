"""The reference of the library, made from its docstrings: {api} shows what a page names, with the maths typeset.

Griffe reads the source without importing it: the site builds without torch, and a default stands as it is written.
"""

import functools
import inspect
import re
from pathlib import Path

import griffe
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from .formulas import latex

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = "self_attention"

# The source: what is defined where


@functools.cache
def package():
    return griffe.load(PACKAGE, search_paths=[SOURCE], allow_inspection=False)


def find(path):
    """The function or class of the library that has this path, followed through imports; or None."""
    try:
        found = package()[path.removeprefix(f"{PACKAGE}.")]
        found = found.final_target if found.is_alias else found
    except (KeyError, griffe.AliasResolutionError):
        return None
    return found if found.is_function or found.is_class else None


def public(kind):
    """The methods and properties of a class that have no underscore."""
    return [
        part
        for part in kind.members.values()
        if (part.is_function or "property" in part.labels) and not part.name.startswith("_")
    ]


def family(kind):
    """A class and those of its bases that the package defines."""
    return [kind, *kind.mro()]


def parameters(found):
    """The parameters of a function, or of what makes an object of a class: {name: how it is written}."""
    written = {}
    if found.is_class and any("NamedTuple" in str(base) for base in found.bases):  # its fields
        return {name: name for name, part in found.members.items() if part.is_attribute and part.annotation}
    for parameter in found.parameters:
        if parameter.name in ("self", "cls"):
            continue
        star = {"variadic positional": "*", "variadic keyword": "**"}.get(parameter.kind.value, "")
        default = "" if star or parameter.default is None else f"={value(parameter.default)}"
        written[parameter.name] = f"{star}{parameter.name}{default}"
    return written


def value(default):
    """A default as it is written; a constant of the module as its value."""
    if isinstance(default, griffe.ExprName):
        constant = find_constant(default)
        return str(constant.value) if constant else str(default)
    return str(default)


def find_constant(name):
    try:
        found = package()[name.canonical_path.removeprefix(f"{PACKAGE}.")]
    except KeyError:
        return None
    return found if found.is_attribute else None


def signature(found):
    """The parameters in parentheses, a star before those that go by name alone."""
    parts = list(parameters(found).values())
    by_name = [p.name for p in found.parameters if p.kind is griffe.ParameterKind.keyword_only]
    if by_name and not any(part[0] == "*" and part[1] != "*" for part in parts):
        parts.insert(list(parameters(found)).index(by_name[0]), "*")
    return f"({', '.join(parts)})"


def traits(kind):
    """Which parameters of a widget the reader moves, too: its SETTINGS name them."""
    settings = next((one.members["SETTINGS"].value for one in family(kind) if "SETTINGS" in one.members), "")
    return re.findall(r"'(\w+)'", str(settings))


def full_name(code, module):
    """The path under which the reference shows what the docstring of a module calls so, or ""."""
    name, *rest = code.removeprefix("nn.").split(".")
    packages = [PACKAGE, f"{PACKAGE}.widgets", f"{PACKAGE}.nn", f"{PACKAGE}.training", f"{PACKAGE}.corpus"]
    rooms = [*(room for room in packages if name in package_of(room).exports), module]
    for room in rooms[:-1] if module.startswith(tuple(packages[1:])) else rooms:
        if found := find(f"{room}.{name}"):
            known = not rest or [part for part in public(found) if [part.name] == rest]
            return ".".join([room, name, *rest]) if known else ""
    return ""


def package_of(path):
    """A package of the library by its path: what it offers is its `exports`."""
    return package()[path.removeprefix(f"{PACKAGE}.")] if path != PACKAGE else package()


# Docstrings: a sentence, formulas, prose; Args, Returns, Raises; an example; Source

SIZE = r"(?:\.{2,3}|\d+|[nmdhbkEVp]|d_\w+|layers|size|stages)"
SIZE = rf"{SIZE}(?: ?[-+*/]? ?{SIZE})*(?: so far)?"
MARKS = re.compile(
    rf"`(?P<code>[^`]+)`|(?P<shape>\((?:{SIZE}, ?)+(?:{SIZE})?\))"
    r'|(?P<value>"[^"]{1,60}")|[\\*_{}\[\]<>$|~^#]'
)


def paragraphs(found):
    """The docstring of what griffe found as (kind, text): "prose", "formula", "example", or the name of a section."""
    for text in re.split(r"\n\n+", found.docstring.value):
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
        room = self.arguments[0]
        found = find(f"{room}.{name}")
        if not found:
            raise self.error(f"{room} has no function or class {name!r}")
        self.env.note_dependency(found.filepath)
        kind = found.kind.value
        lines = [f"::::{{py:{kind}}} {room}.{name}{signature(found)}", "", *self.body(found)]
        if "brief" not in self.options:
            if pages:
                lines += listed("Explained in", ["; ".join(f"{{doc}}`/{page}`" for page in pages)])
            inside = found.filepath.relative_to(SOURCE.parent).as_posix()
            lines += listed("Code", [f"[{inside}](source:{inside}#L{found.lineno})"])
            lines += self.members(found) if found.is_class else []
        return [*lines, "::::", ""]

    def members(self, found):
        bases = {part.name for base in family(found)[1:] for part in public(base)}
        lines = []
        for part in public(found):
            if part.name in bases:
                continue  # shown there
            kind, head = ("method", part.name + signature(part)) if part.is_function else ("property", part.name)
            lines += [f":::{{py:{kind}}} {head}", ":no-contents-entry:"]
            lines += [":classmethod:"] if "classmethod" in part.labels else []
            lines += ["", *self.body(part), ":::", ""]
        return lines

    def body(self, found):
        module = found.module.path
        moved = traits(found) if found.is_class else []
        lines = []
        for kind, text in paragraphs(found):
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
