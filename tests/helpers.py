"""What the tests of the widgets share: Node, what a widget refuses, and a widget on a page held against Python's."""

import base64
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from self_attention import entropy
from self_attention.widgets import AttentionMap, AttentionPlayer
from self_attention.widgets._base import FIXED, decode, label

ROOT = Path(__file__).parents[1]
NODE = Path(sys.executable).with_name("node")
MAXIMUM = 1e-6  # what a number on a page may differ by from Python's

EVIL = "</script><img src=x onerror=alert(1)>"


def node(script, data=None):
    """What an ES module prints, as JSON; it reads `data` as JSON, and finds widgets/src/ in `process.argv[1]`."""
    command = [NODE, "--input-type=module", "-e", script, f"{(ROOT / 'widgets' / 'src').as_uri()}/"]
    run = subprocess.run(command, input=json.dumps(data), stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return json.loads(run.stdout)


def refuses(make, message):
    """Making it is a ValueError that says this."""
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def checks(make, name, good, bad, message):
    """A setting takes what is good and refuses what is bad, at the start and later."""
    widget = make()
    for value in good:
        assert getattr(make(**{name: value}), name) == value
        setattr(widget, name, value)
        assert getattr(widget, name) == value
    for value in bad:
        refuses(lambda value=value: make(**{name: value}), message)
        refuses(lambda value=value: setattr(widget, name, value), message)
        assert getattr(widget, name) == good[-1], "a refused value leaves the old one"
    refuses(lambda: setattr(widget, name, object()), f"expected {name} to be")


def spec_of(widget):
    """The data that the widget's HTML carries."""
    return json.loads(re.search('<script type="application/json">(.*?)</script>', widget.to_html(), re.DOTALL)[1])


def rebuild(spec):
    """The widget in Python, from the data that a page carries."""
    arrays = {name: decode(spec[name]) for name in ("Q", "K", "V", "scores", "X", "W_q", "W_k", "W_v") if name in spec}
    common = {"tokens": spec["tokens"], **arrays}
    if spec["element"] == "attention-player":
        return AttentionPlayer(**common)
    widget = {name: spec[name] for name in ("d_k", "key_tokens") if name in spec}
    if "padding" in spec:
        widget["padding"] = np.array(spec["padding"], dtype=bool)
    if "given" in spec:
        widget["mask"] = np.array(spec["given"], dtype=bool).reshape(len(spec["tokens"]), -1)
    return AttentionMap(**common, **widget)


STATE = """async (el) => {
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const pack = (numbers) => {
        const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
        let text = "";
        for (let k = 0; k < bytes.length; k += 8192) text += String.fromCharCode(...bytes.subarray(k, k + 8192));
        return btoa(text);
    };
    const all = (selector) => [...el.shadowRoot.querySelectorAll(selector)];
    const text = (selector) => all(selector)[0]?.textContent;
    return {
        settings: el.settings, key: el.key, chosen: el.chosen, layout: el.layout,
        weights: pack(el.weights), output: el.output && pack(el.output),
        fields: el.fields?.map(({ name, at, input }) => [name, at(), input.value]),
        rows: all("tbody tr").map((row) => [row.className, ...Array.from(row.children, (cell) => cell.textContent)]),
        heading: text(".heading"), sums: text(".note"), result: text(".output"), live: text(".live"),
        total: text(".total"),
    };
}"""


def unpack(text):
    """The numbers that STATE packed."""
    return np.frombuffer(base64.b64decode(text))


def number(text):
    """The number in a text of the page, which has a true minus sign."""
    return float(text.replace("−", "-"))


def shows(text, value, decimals):
    """Say whether a text is that number, rounded to so many decimals."""
    if np.isneginf(value):
        return text == "−∞"
    if abs(value) >= FIXED:
        return bool(re.fullmatch(r"−?\d(\.\d+)?e\d+", text)) and number(text) == pytest.approx(
            value, rel=0.6 / 10**decimals
        )
    exact = re.fullmatch(rf"−?\d+\.\d{{{decimals}}}", text)
    return bool(exact) and abs(number(text) - value) <= 0.5 / 10**decimals + 1e-9 * (1 + abs(value))


class Live:
    """A widget on a page, and the same one in Python, which `rebuild` makes from the page's data."""

    rebuild = staticmethod(rebuild)

    def __init__(self, page, element):
        self.page, self.element = page, element
        element.scroll_into_view_if_needed()  # a widget is built when it comes near the window
        self.spec = element.evaluate(
            "async (el) => { while (!el.spec) await new Promise(requestAnimationFrame); return el.spec; }"
        )
        self.kind = self.spec["element"]
        self.python = self.rebuild(self.spec)

    def find(self, selector):
        """What the widget shows, as Playwright's locator."""
        return self.element.locator(selector)

    def check(self, words=True):
        """Compare the page's numbers, and words, with Python's for the settings as they are; return its state."""
        state = self.element.evaluate(STATE)
        widget = self.python
        for name, value in state["settings"].items():
            setattr(widget, name, value)
        assert np.abs(unpack(state["weights"]) - widget.weights.ravel()).max() < MAXIMUM, state["settings"]
        assert (state["output"] is None) == (widget.output is None)
        if widget.output is not None:
            assert np.abs(unpack(state["output"]) - widget.output[widget.query]).max() < MAXIMUM, state["settings"]
        if words:
            (check_map if isinstance(widget, AttentionMap) else check_player)(widget, self.spec, **state)
        return state


def check_map(widget, spec, key, chosen, rows, heading, sums, result, live, **_):
    """Compare what a map says about the query in focus with Python's numbers."""
    i = widget.query
    queries = list(map(label, spec["tokens"]))
    keys = list(map(label, spec.get("key_tokens", spec["tokens"])))
    bare = [key.strip("\u2068\u2069") for key in keys]  # a cell of its own has dir="auto"
    weights, scores, allowed = widget.weights[i], widget.scores[i], widget.allowed[i]
    assert heading == f"{queries[i]} reads"
    assert chosen is not None or weights[key] > weights.max() - MAXIMUM

    shown = range(len(keys)) if len(keys) <= 12 else [bare.index(row[1]) for row in rows]  # the 12 largest
    assert len(set(shown)) == min(len(keys), 12)
    assert sorted(weights[shown]) == pytest.approx(sorted(weights)[-12:], abs=MAXIMUM)
    for j, (marks, token, _bar, weight, score) in zip(shown, rows, strict=True):
        mark = "" if allowed[j] else "leak" if weights[j] > 0 else "masked"
        assert marks.split() == [*filter(None, [mark, "current" if j == key else ""])]
        assert token == bare[j] and shows(weight, weights[j], 3)
        assert score == "−∞" if not allowed[j] and widget.method == "-inf" else shows(score, scores[j], 2)

    said = re.match(r"row sum (\S+) · entropy (\S+) of at most (\S+) bits", sums).groups()
    numbers = weights.sum(), float(entropy(weights)), np.log2(len(keys))
    assert all(shows(text, value, 3) for text, value in zip(said, numbers, strict=True)), sums
    if widget.output is not None:
        numbers = widget.output[i]
        said = re.fullmatch(r"output \[(.*)\]", result)[1].split(", ")
        assert len(numbers) <= 8 or said.pop() == f"… ({len(numbers)})"
        assert all(shows(text, value, 3) for text, value in zip(said, numbers[:8], strict=True)), result

    pair, _, value = live.rpartition(": ")
    assert pair == f"{queries[i]} → {keys[key]}"
    value, score, masked, leak = re.fullmatch(r"(\S+)( \(score\))?(, masked(, yet it is read)?)?", value).groups()
    assert shows(value, (scores if widget.show == "scores" else weights)[key], 2), live
    assert (bool(score), bool(masked)) == (widget.show == "scores", not allowed[key]), live
    assert bool(leak) == (not allowed[key] and weights[key] > 0), live


def check_player(widget, spec, fields, total, live, **_):
    """Compare all numbers of a player with Python's; it shows about four digits of them."""
    for name, (i, j), text in fields:
        value = (widget._input(name) if name in spec else getattr(widget, name))[i, j]
        alike = number(text) == pytest.approx(value, rel=1e-3, abs=1e-4)
        assert shows(text, value, 3) if name == "weights" else alike, (name, i, j)
    said = [number(text) for text in re.search(r"\[(.*)\]", total)[1].split(", ")]
    assert said == pytest.approx(widget.output[widget.query], rel=1e-3, abs=1e-4)
    assert live.strip()


# As every widget on a page.


def fits(live):
    """Nothing is wider than its place."""
    over = "box => box.scrollWidth - box.clientWidth"
    assert live.page.locator("html").evaluate(over) <= 0 and live.find(".widget").evaluate(over) <= 0
    outside = live.element.evaluate("""el => {
        const { left, right } = el.shadowRoot.querySelector(".widget").getBoundingClientRect();
        return Array.from(el.shadowRoot.querySelectorAll("*")).filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width && (box.left < left - 0.5 || box.right > right + 0.5);
        }).map((node) => node.outerHTML.slice(0, 120));
    }""")
    assert outside == []


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]  # all that another theme can change
# What axe finds in an element. Code and formulas are thousands of pieces in a few colours, and axe measures each: three
# of a kind on each ground are enough, the others are out of sight meanwhile.
VIOLATIONS = """async (element, rules) => {
    const grounds = new Map(), seen = new Map(), twins = [];
    const ground = (node) => {
        if (node && !grounds.has(node)) {
            const { backgroundColor, backgroundImage, opacity } = getComputedStyle(node);
            grounds.set(node, [backgroundColor, backgroundImage, opacity, ground(node.parentElement)].join());
        }
        return grounds.get(node);
    };
    for (const piece of element.querySelectorAll(":is(pre, .katex-html) :not(:has(*))")) {
        const { color, fontSize, fontWeight } = getComputedStyle(piece);
        const kind = [color, fontSize, fontWeight, ground(piece)].join();
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        if (seen.get(kind) > 3) twins.push(piece);
    }
    for (const twin of twins) twin.style.visibility = "hidden";
    const { violations } = await axe.run(element, { preload: false, resultTypes: ["violations"], runOnly: rules });
    for (const twin of twins) twin.style.visibility = "";
    return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`));
}"""


@cache
def axe():
    """The newest axe-core, from npm."""
    path = ROOT / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
    assert path.exists(), "axe-core is missing: run `make js`"
    return path.read_text(encoding="utf-8")


def inaccessible(element, rules=RULES):
    """What axe finds wrong in an element, by these rules; page.locator("html") is the page, with rules of its own."""
    element.evaluate(axe())
    return element.evaluate(VIOLATIONS, rules)


def violations(live):
    """What axe finds wrong with a widget; in the dark, with its colours."""
    ground = "el => { document.body.style.background = el.hasAttribute('dark') ? '#0d1117' : '#fff'; }"
    live.element.evaluate(ground)
    is_dark = live.element.get_attribute("dark") is not None
    return inaccessible(live.element, COLOURS if is_dark else RULES)


def tab_stops(live):
    """The names of the places where the Tab key stops in a widget: each has its own, and a visible focus."""
    stops = []
    while len(stops) < 50:
        live.page.keyboard.press("Tab")
        stop = live.element.evaluate("""el => {
            const at = el.shadowRoot.activeElement;
            if (!at) return null;
            const words = Array.from(at.labels ?? [], (label) => label.textContent).join() || at.textContent;
            const { outlineStyle, outlineWidth } = getComputedStyle(at);
            return [at.getAttribute("aria-label") ?? words, outlineStyle, parseFloat(outlineWidth)];
        }""")
        if stop is None:
            break
        stops.append(stop)
    assert all(name.strip() and style != "none" and width >= 1 for name, style, width in stops), stops
    names = [name for name, _, _ in stops]
    assert len(set(names)) == len(names), "two controls have one name"
    return names


MODEL = """([element, values]) => {
    const listeners = {};
    window.model = {
        sent: [], values,
        get: (name) => name === "_spec" ? element.spec : window.model.values[name],
        set(name, value) { this.values[name] = value; },
        save_changes() { this.sent.push(structuredClone(this.values)); },
        on: (event, listener) => { listeners[event] = listener; }, off: (event) => { delete listeners[event]; },
        arrive(name, value) { this.values[name] = value; listeners[`change:${name}`](); },
    };
    document.body.replaceChildren();
    window.away = SelfAttention.anywidget.render({ model: window.model, el: document.body });
}"""


class Kernel:
    """A kernel that has these values, to which the page's only widget now belongs."""

    def __init__(self, live, values):
        self.page = live.page
        self.page.evaluate(MODEL, [live.element.element_handle(), values])

    @property
    def sent(self):
        """All that the widget told the kernel: its values after each change."""
        return self.page.evaluate("model.sent")

    def tell(self, name, value):
        """Change a value in the kernel."""
        self.page.evaluate("([name, value]) => model.arrive(name, value)", [name, value])

    def close(self):
        """Take the widget away."""
        self.page.evaluate("away()")
