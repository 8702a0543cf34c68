"""The API reference: every public name once, every docstring whole, every formula typeset, every link alive."""

import ast
import importlib
import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).parents[1]
PAGES = ["api_attention", "api_models", "api_widgets"]
PACKAGES = ["self_attention", "self_attention.widgets"]  # their __all__ is public; of the modules below, all names
MODULES = ["corpus", "decoding", "layers", "nn", "plots", "progress", "runs", "train", "transformer"]
MODULES = [f"self_attention.{name}" for name in MODULES]

spec = importlib.util.spec_from_file_location("api", ROOT / "book" / "_ext" / "api.py")
api = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api)


def shown():
    """What the pages show: (page, module, name, whether in brief)."""
    for page in PAGES:
        text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        for module, options, lines in re.findall(r"^```\{api\} (\S+)\n((?::.*\n)*)((?:.+\n)+?)```", text, re.MULTILINE):
            for line in lines.splitlines():
                yield page, module, line.partition(":")[0].strip(), ":brief:" in options


SHOWN = list(shown())
WHOLE = [(module, name) for _, module, name, brief in SHOWN if not brief]


def public(module):
    """The names that a module offers: its __all__, or the functions and classes of its own without underscore."""
    made = importlib.import_module(module)
    if module in PACKAGES:
        return made.__all__
    return [node.name for node in api.parsed(module)[1] if hasattr(node, "name") and not node.name.startswith("_")]


@pytest.mark.parametrize("module", PACKAGES + MODULES)
def test_every_public_name_is_shown_once(module):
    names = [name for _, home, name, _ in SHOWN if home == module]
    assert sorted(names) == sorted(public(module))


def test_no_module_is_forgotten():
    files = {path.stem for path in (ROOT / "src" / "self_attention").glob("[a-z]*.py")}
    inside = {"attention", "embedding", "heads", "masks", "positions"}  # what is public of these, the package has
    assert files - inside == {module.split(".")[1] for module in MODULES}


# Docstrings

NO_EXAMPLE = {
    "Decoder": "it needs an encoder: see Translator",
    "DecoderLayer": "see Transformer",
    "EncoderLayer": "see Transformer",
    "Seq2Seq": "a base class",
    "Widget": "a base class",
    "Training": "see train",
    "digit_images": "it needs scikit-learn",
    "train": "see Translator",
}
OURS = {"Tagger"}  # whose formula is no paper's


def arguments(module, node):
    tree = ast.parse(f"def f{api.signature(module, node)}: pass").body[0].args
    stars = [part for part in (tree.vararg, tree.kwarg) if part]
    return [part.arg for part in tree.posonlyargs + tree.args + tree.kwonlyargs + stars]


def code_of(node):
    """What runs when it is called: of a class, its __init__."""
    if isinstance(node, ast.ClassDef):
        return next((part for part in node.body if getattr(part, "name", "") == "__init__"), None)
    return node


@pytest.mark.parametrize(("module", "name"), WHOLE)
def test_signature_is_that_of_the_code(module, name):
    made = getattr(importlib.import_module(module), name)
    inherits = inspect.isclass(made) and "__init__" not in vars(made) and not hasattr(made, "_fields")
    assert inherits or arguments(*api.find(module, name)) == list(inspect.signature(made).parameters)


def test_base_classes_and_constants_are_followed():
    assert api.signature(*api.find("self_attention.widgets", "PositionMap")).endswith(
        "*, position=0, layout='interleaved', controls=('position', 'd_model', 'base', 'layout'), caption='')"
    )
    assert api.traits(*api.find("self_attention.widgets", "SoftmaxBars")) == ["scores", "temperature"]


@pytest.mark.parametrize(("module", "name"), WHOLE)
def test_docstring_is_whole(module, name):
    home, node = api.find(module, name)
    parts = {}
    for kind, text in api.paragraphs(node):
        parts.setdefault(kind, text)
    code = code_of(node)
    made = ast.unparse(code) if code else ""
    wrong = []
    assert next(api.paragraphs(node))[0] == "prose", "it must begin with a sentence"
    expected = set(arguments(home, node))
    described = [part for names, _ in api.items(parts.get("Args", "")) for part in names.split(", ") if part]
    if "settings" in expected:  # **settings: the traits
        expected = expected - {"settings"} | set(api.traits(home, node))
    if sorted(described) != sorted(expected):
        wrong.append(f"Args are {described}, the parameters {sorted(expected)}")
    returns = any(isinstance(part, ast.Return | ast.Yield) and part.value for part in own(code))
    if isinstance(node, ast.FunctionDef) and returns != ("Returns" in parts):
        wrong.append("Returns is missing" if returns else "Returns, but returns nothing")
    refuses = re.search(r"raise ValueError|check_\w+\(|as_floats\(|as_integers\(", made)
    if refuses and "ValueError" not in parts.get("Raises", ""):
        wrong.append("Raises does not name ValueError")
    if ("example" in parts) == (name in NO_EXAMPLE):
        wrong.append("no example" if name not in NO_EXAMPLE else "it has an example: take it from NO_EXAMPLE")
    if "formula" in parts and "Source" not in parts and name not in OURS:
        wrong.append("a formula without Source")
    assert wrong == []


@pytest.mark.parametrize(("module", "name"), WHOLE)
def test_members_are_described(module, name):
    home, node = api.find(module, name)
    for part in api.public(node) if isinstance(node, ast.ClassDef) else []:
        parts = dict(api.paragraphs(part))
        described = {it for names, _ in api.items(parts.get("Args", "")) for it in names.split(", ") if it}
        assert described <= set(arguments(home, part)), part.name


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
    assert api.latex(plain) == typeset


@pytest.mark.parametrize("plain", ["a +", "(a", "a)", "a / / b", "x_", "sqrt 2", "100 %", ""])
def test_what_is_no_formula_is_refused(plain):
    with pytest.raises(ValueError, match=f"formula {re.escape(repr(plain))}"):
        api.latex(plain)


# The pages


def test_every_name_has_its_anchor(site):
    with (site.folder / "objects.inv").open("rb") as file:
        objects = InventoryFile.load(file, "", lambda folder, path: path)
    kinds = objects["py:function"] | objects["py:class"] | objects["py:method"] | objects["py:property"]
    pages = {page: (site.folder / "book" / f"{page}.html").read_text(encoding="utf-8") for page in PAGES}
    for page, module, name, brief in SHOWN:
        home, node = api.find(module, name)
        members = []
        if isinstance(node, ast.ClassDef) and not brief:
            _, *bases = api.family(home, node)
            elsewhere = {part.name for _, base in bases for part in api.public(base)}
            members = [f"{module}.{name}.{part.name}" for part in api.public(node) if part.name not in elsewhere]
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
