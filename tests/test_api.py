"""The API reference: every public name once, every docstring whole, every formula typeset, every link alive."""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import pytest
from _ext import formulas, reference
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).parents[1]
PAGES = ["api_attention", "api_models", "api_widgets"]
# What these offer is their __all__, of which classes and functions are shown; of a module: what its page names.
PACKAGES = ["self_attention", "self_attention.corpus", "self_attention.nn", "self_attention.training"]
PACKAGES.append("self_attention.widgets")
MODULES = ["bleu", "book.comparison", "book.runs", "decoding", "plots", "vocabulary"]
MODULES = [f"self_attention.{name}" for name in MODULES]


def shown():
    """What the pages show: (page, module, name, whether in brief)."""
    for page in PAGES:
        text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        for module, options, lines in re.findall(r"^```\{api\} (\S+)\n((?::.*\n)*)((?:.+\n)+?)```", text, re.MULTILINE):
            for line in lines.splitlines():
                yield page, module, line.partition(":")[0].strip(), ":brief:" in options


SHOWN = list(shown())
WHOLE = [f"{module}.{name}" for _, module, name, brief in SHOWN if not brief]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_shown_once(package):
    names = [name for _, home, name, _ in SHOWN if home == package]
    made = importlib.import_module(package)
    assert sorted(names) == sorted(name for name in made.__all__ if callable(getattr(made, name)))


def test_nothing_is_shown_twice_or_made_up():
    shown = [(module, name) for _, module, name, _ in SHOWN]
    assert len(set(shown)) == len(shown)
    assert {module for module, _ in shown} == {*PACKAGES, *MODULES, "self_attention.widgets._base"}


# Docstrings

NO_EXAMPLE = {
    "Decoder": "it needs an encoder: see Translator",
    "KeysAndValues": "see KVCache",
    "Model": "a base class",
    "DecoderLayer": "see Transformer",
    "EncoderLayer": "see Transformer",
    "Seq2Seq": "a base class",
    "Widget": "a base class",
    "Training": "see train",
    "digit_images": "it needs scikit-learn",
    "train": "see Translator",
}
OURS = {"Tagger"}  # whose formula is no paper's


def load(path):
    """The function or class itself."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def code_of(made):
    """What runs when it is called, parsed: of a class, its __init__; None if it has none of its own."""
    code = vars(made).get("__init__") if inspect.isclass(made) else made
    return ast.parse(textwrap.dedent(inspect.getsource(code))).body[0] if inspect.isfunction(code) else None


@pytest.mark.parametrize("path", WHOLE)
def test_signature_is_that_of_the_code(path):
    made = load(path)
    if inspect.isclass(made) and "__init__" not in vars(made) and not hasattr(made, "_fields"):
        return  # what a base class of another library takes
    shown = ast.parse(f"def f{reference.signature(reference.find(path))}: pass").body[0].args
    expected = inspect.signature(made).parameters
    stars = [part.arg for part in (shown.vararg, shown.kwarg) if part]
    assert sorted([part.arg for part in shown.args + shown.kwonlyargs] + stars) == sorted(expected)
    by_name = [name for name, part in expected.items() if part.kind is part.KEYWORD_ONLY]
    assert [part.arg for part in shown.kwonlyargs] == by_name


def test_base_classes_and_constants_are_followed():
    assert reference.signature(reference.find("self_attention.widgets.PositionMap")).endswith(
        "*, position=0, layout='interleaved', controls=('position', 'd_model', 'base', 'layout'), caption='')"
    )
    assert reference.traits(reference.find("self_attention.widgets.SoftmaxBars")) == ["scores", "temperature"]


@pytest.mark.parametrize("path", WHOLE)
def test_traits_are_those_of_the_code(path):
    if hasattr(load(path), "SETTINGS"):
        assert reference.traits(reference.find(path)) == list(load(path).SETTINGS)


@pytest.mark.parametrize("path", WHOLE)
def test_docstring_is_whole(path):
    found, name = reference.find(path), path.rpartition(".")[2]
    parts = {}
    for kind, text in reference.paragraphs(found):
        parts.setdefault(kind, text)
    code = code_of(load(path))
    wrong = []
    assert next(reference.paragraphs(found))[0] == "prose", "it must begin with a sentence"
    expected = set(reference.parameters(found))
    described = [part for names, _ in reference.items(parts.get("Args", "")) for part in names.split(", ") if part]
    if "settings" in expected:  # **settings: the traits
        expected = expected - {"settings"} | set(reference.traits(found))
    if sorted(described) != sorted(expected):
        wrong.append(f"Args are {described}, the parameters {sorted(expected)}")
    returns = any(isinstance(part, ast.Return | ast.Yield) and part.value for part in own(code))
    if found.is_function and returns != ("Returns" in parts):
        wrong.append("Returns is missing" if returns else "Returns, but returns nothing")
    refuses = re.search(r"raise ValueError|check_\w+\(|as_floats\(|as_integers\(", ast.unparse(code) if code else "")
    if refuses and "ValueError" not in parts.get("Raises", ""):
        wrong.append("Raises does not name ValueError")
    if ("example" in parts) == (name in NO_EXAMPLE):
        wrong.append("no example" if name not in NO_EXAMPLE else "it has an example: take it from NO_EXAMPLE")
    if "formula" in parts and "Source" not in parts and name not in OURS:
        wrong.append("a formula without Source")
    assert wrong == []


@pytest.mark.parametrize("path", WHOLE)
def test_members_are_described(path):
    found = reference.find(path)
    for part in reference.public(found) if found.is_class else []:
        parts = dict(reference.paragraphs(part))
        described = {it for names, _ in reference.items(parts.get("Args", "")) for it in names.split(", ") if it}
        assert described <= set(reference.parameters(part) if part.is_function else ()), part.name


def own(node):
    """The parts of a function that are not of a function inside it."""
    for part in ast.iter_child_nodes(node) if node else ():
        if not isinstance(part, ast.FunctionDef | ast.Lambda):
            yield part
            yield from own(part)


# Formulas


@pytest.mark.parametrize(
    ("plain", "typeset"),
    [
        ("output = softmax(Q K^T / sqrt(d_k)) V",
         r"\text{output}=\operatorname{softmax}\!\left(\frac{Q K^{\top}}{\sqrt{d_{k}}}\right) V"),
        ("weights_j = exp(scores_j / T) / sum_k exp(scores_k / T)",
         r"\text{weights}_{j}=\frac{\exp (\text{scores}_{j}/T)}{\sum_{k} \exp (\text{scores}_{k}/T)}"),
        ("H = -sum_j p_j log2 p_j, where 0 log2 0 = 0",
         r"H=-\sum_{j} p_{j} \log_2 p_{j}\text{, where }0 \log_2 0=0"),
        ("|i - j| <= (w - 1) / 2", r"|i-j|\le \frac{w-1}{2}"),
        ("P(y | x) . v", r"P (y\mid x)\cdot v"),
        ("a - b + c / (d + 1)", r"a-b+\frac{c}{d+1}"),
        ("x_(i - 1)^2 >= base^(2i / d_model)", r"x_{i-1}^{2}\ge \text{base}^{2 i/d_{\text{model}}}"),
        ('one_hot(id)_j = 1 for "this" word', r"\text{one\_hot} (\text{id})_{j}=1\text{ for }\text{this}\text{word}"),
    ],
)  # fmt: skip
def test_formula_is_typeset(plain, typeset):
    assert formulas.latex(plain) == typeset


@pytest.mark.parametrize("plain", ["a +", "(a", "a)", "a / / b", "x_", "sqrt 2", "100 %", ""])
def test_what_is_no_formula_is_refused(plain):
    with pytest.raises(ValueError, match=f"formula {re.escape(repr(plain))}"):
        formulas.latex(plain)


# The pages


def test_every_name_has_its_anchor(site):
    with (site.folder / "objects.inv").open("rb") as file:
        objects = InventoryFile.load(file, "", lambda folder, path: path)
    kinds = objects["py:function"] | objects["py:class"] | objects["py:method"] | objects["py:property"]
    pages = {page: (site.folder / "book" / f"{page}.html").read_text(encoding="utf-8") for page in PAGES}
    for page, module, name, brief in SHOWN:
        found, members = reference.find(f"{module}.{name}"), []
        if found.is_class and not brief:
            elsewhere = {part.name for base in reference.family(found)[1:] for part in reference.public(base)}
            members = [f"{module}.{name}.{part.name}" for part in reference.public(found) if part.name not in elsewhere]
        for full in [f"{module}.{name}", *members]:
            assert kinds[full][2] == f"book/{page}.html#{full}"
            assert pages[page].count(f'id="{full}"') == 1


@pytest.mark.parametrize("page", PAGES)
def test_every_source_is_among_the_references(page, site):
    text = (site.folder / "book" / f"{page}.html").read_text(encoding="utf-8")
    sources = re.findall(r"<dt>Source</dt>\s*<dd>(.*?)</dd>", text, re.DOTALL)
    assert len(sources) >= 5
    for source in sources:
        assert "references.html#" in source
        left = re.sub(r"<a .*?</a>", "", source)
        assert not re.search(r"\b(19|20)\d\d\b", left), source


def test_example_of_the_page_runs():
    text = (ROOT / "book" / "api_widgets.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    shown = names["weights_map"]
    shown.mask = "causal"
    assert shown.weights[0].tolist() == [1, 0, 0, 0]
    assert "</html>" in shown.to_page()
