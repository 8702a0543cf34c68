"""The JavaScript of the widgets computes what the Python core computes; the built file is that JavaScript."""

import os
import subprocess
from itertools import combinations, cycle

import numpy as np
import pytest
from helpers import MAXIMUM, NODE, ROOT, node

from self_attention import attend, causal_mask, dot_scores, entropy, softmax, widgets, window_mask
from self_attention.widgets import AttentionMap
from self_attention.widgets._base import SCRIPTS
from self_attention.widgets.attention_map import MASKS, METHODS, SCALES

COMPUTE = """
import { text } from "node:stream/consumers";
const maths = await import(`${process.argv[1]}maths/attention.js`);
const results = JSON.parse(await text(process.stdin)).map(({ Q, K, V, scores, padding, given, settings, d_k }) => {
  const { mask, window, temperature, method, scale } = settings;
  [Q, K, V, scores] = [Q, K, V, scores].map((array) => array && maths.decode(array));
  const [n, m] = Q ? [Q.shape[2], K.shape[2]] : scores.shape.slice(2);
  const raw = Q ? maths.matmulT(Q.data, K.data, n, m, d_k) : scores.data;
  const scaled = raw.map((score) => score * (d_k ? maths.scaleFactor(scale, d_k) : 1));
  const may = maths.buildMask(mask, n, m, { window, padding, given });
  const weights = maths.attentionWeights(scaled, n, m, { mask: may, temperature, method });
  const bits = Array.from({ length: n }, (_, i) => maths.entropy(weights.subarray(i * m, (i + 1) * m)));
  const output = V && maths.matmul(weights, V.data, n, m, V.shape[3]);
  return { weights: Array.from(weights), entropy: bits, output: output && Array.from(output) };
});
console.log(JSON.stringify(results));
"""

COMBINATIONS = ["+".join(names) or "none" for size in range(5) for names in combinations(MASKS, size)]


def make_cases():
    """{name: widget}: every mask with every method and size; then the extremes."""
    rng = np.random.default_rng(0)
    cases = {}
    magnitudes, scales = cycle([1.0, 0.01, 30.0]), cycle(SCALES)

    def add(name, n, m, d_k=4, largest=None, **settings):
        Q, K, V = rng.normal(size=(n, d_k)), rng.normal(size=(m, d_k)), rng.normal(size=(m, 3))
        Q *= next(magnitudes) if largest is None else largest / np.abs(Q @ K.T).max()
        given = rng.random((n, m)) < 0.6
        given[0] = settings.get("mask") == "none"  # the first query may read nothing
        padding = rng.random(m) < 0.4
        padding[-1] = True
        settings = {
            "scale": next(scales), "window": int(rng.choice([1, 3, 5, 99])), "temperature": 10 ** rng.uniform(-1, 1),
        } | settings  # fmt: skip
        mask = settings.pop("mask")
        widget = AttentionMap(Q, K, V, key_tokens=range(m), mask=given, padding=padding, **settings)
        widget.mask = mask
        cases[name] = widget

    for mask in COMBINATIONS:
        for method in METHODS:
            for n, m in [(1, 1), (6, 6), (3, 7), (7, 4)]:
                add(f"{mask} {method} {n}x{m}", n, m, mask=mask, method=method)
    for largest in (1e3, 1e4, 1e8):
        for mask in ("none", "causal", "causal+given"):
            for temperature in (0.1, 1.0, 10.0):
                name = f"scores to {largest:g} {mask} T={temperature}"
                add(name, 5, 5, largest=largest, mask=mask, temperature=temperature, scale="1")
    for mask in ("none", "causal+padding+window"):
        add(f"n=512 {mask}", 512, 512, d_k=8, mask=mask, window=31)
    scores = rng.normal(size=(4, 5)) * 10
    cases["scores"] = AttentionMap(scores=scores, temperature=0.5)
    cases["scores and d_k"] = AttentionMap(scores=scores, d_k=3, V=rng.normal(size=(5, 2)), scale="1/d_k")
    cases["all alike"] = AttentionMap(scores=np.zeros((3, 9)))
    return cases


CASES = make_cases()


@pytest.fixture(scope="module")
def results():
    """What JavaScript computes: one run of Node for all cases."""
    specs = [{**widget._spec, "settings": widget.settings} for widget in CASES.values()]
    return dict(zip(CASES, node(COMPUTE, specs), strict=True))


def by_the_core(widget):
    """Weights of the right method, from the core's functions alone."""
    n, m = widget._n, widget._m
    spec = {name: array[0, 0] for name, array in widget._arrays.items()}
    scores = spec["scores"] if "scores" in spec else dot_scores(spec["Q"], spec["K"])
    scores = scores * {"1": 1, "1/d_k": 1 / (widget._d_k or 1), "1/sqrt(d_k)": (widget._d_k or 1) ** -0.5}[widget.scale]
    masks = {"causal": causal_mask(n, m), "window": window_mask(n, widget.window, m=m)}
    if "padding" in widget._spec:
        masks["padding"] = ~np.array(widget._spec["padding"], dtype=bool)
    if "given" in widget._spec:
        masks["given"] = np.array(widget._spec["given"], dtype=bool).reshape(n, m)
    may = np.ones((n, m), dtype=bool)
    for name in widget.mask.split("+"):
        may = may & masks.get(name, True)
    if "V" in spec:
        return attend(scores, spec["V"], may, temperature=widget.temperature)
    return None, softmax(scores, mask=may, temperature=widget.temperature)


@pytest.mark.parametrize("name", CASES)
def test_javascript_computes_what_python_computes(name, results):
    widget = CASES[name]
    result = {what: np.array(numbers).reshape(widget._n, -1) for what, numbers in results[name].items()}
    bits = entropy(widget.weights)[:, None]
    assert result.keys() == {"weights", "entropy"} | ({"output"} if "V" in widget._spec else set())
    assert np.abs(result["weights"] - widget.weights).max() < MAXIMUM
    assert np.abs(result["entropy"] - bits).max() < MAXIMUM
    assert "V" not in widget._spec or np.abs(result["output"] - widget.output).max() < MAXIMUM
    if widget.method == "-inf":
        output, weights = by_the_core(widget)
        assert np.abs(result["weights"] - weights).max() < MAXIMUM
        assert output is None or np.abs(result["output"] - output).max() < MAXIMUM


def test_cases_hold_what_they_promise():
    def rows_of_zeros(widget):
        return (widget.weights.sum(axis=-1) == 0).any()

    assert len(CASES) > 250
    assert {tuple(sorted(widget.mask.split("+"))) for widget in CASES.values()} == {
        tuple(sorted(mask.split("+"))) for mask in COMBINATIONS
    }
    assert sum(rows_of_zeros(widget) for widget in CASES.values()) > 20
    assert max(np.abs(widget.scores).max() for widget in CASES.values()) > 1e7


def test_built_script_is_a_fresh_build(tmp_path):
    folder = ROOT / "widgets"
    if not (folder / "node_modules").exists():
        path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
        npm = [NODE.with_name("npm"), "ci", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=folder, check=True, env={**os.environ, "PATH": path})
    subprocess.run([NODE, "build.mjs", tmp_path], cwd=folder, check=True)
    fresh, built = ({path.name: path.read_bytes() for path in where.iterdir()} for where in (tmp_path, SCRIPTS))
    search = ROOT / "book" / "_static" / "minisearch.js"
    assert fresh.pop(search.name) == search.read_bytes(), "the search is not what build.mjs builds: run `make widgets`"
    assert len(fresh) == 6 and built == fresh, "the scripts are not what widgets/src builds: run `make widgets`"


@pytest.mark.parametrize("kind", [getattr(widgets, name) for name in widgets.__all__])
def test_kernel_gets_an_es_module_that_renders(kind):
    script = """
    import { text } from "node:stream/consumers";
    const elements = [];
    globalThis.HTMLElement = class {};
    globalThis.customElements = { get: (name) => elements.includes(name), define: (name) => elements.push(name) };
    const source = JSON.parse(await text(process.stdin));
    const load = (mark) => import(`data:text/javascript,${encodeURIComponent(source + mark)}`);
    const { default: widget } = await load("");
    await load("// once more, as a second notebook on the page would");
    console.log(JSON.stringify({ elements, render: typeof widget.render }));
    """
    said = node(script, kind._esm)
    assert {"attention-map", kind.element} <= set(said["elements"]) and said["render"] == "function"
    assert len(set(said["elements"])) == len(said["elements"]), "an element is defined twice"


@pytest.mark.parametrize("path", sorted(SCRIPTS.iterdir()), ids=lambda path: path.name)
def test_built_script_cannot_close_the_element_it_stands_in(path):
    script = path.read_text(encoding="utf-8").lower()
    assert "</script" not in script and "<!--" not in script
