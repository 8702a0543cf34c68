"""The widgets about layers and positions: what they take and refuse, and in a browser each number against Python's."""

import json
import math
import re
from html import escape

import numpy as np
import pytest
import torch
from helpers import (
    EVIL,
    Kernel,
    Live,
    checks,
    fits,
    number,
    refuses,
    shows,
    spec_of,
    tab_stops,
    unpack,
    violations,
)
from torch.utils.flop_counter import FlopCounterMode

from self_attention import (
    causal_mask,
    merge_heads,
    scaled_dot_product_attention,
    sinusoidal_positions,
    split_heads,
    window_mask,
)
from self_attention.widgets import AttentionCost, LayerCosts, PositionMap, ReceptiveField
from self_attention.widgets.layer_costs import LAYERS
from self_attention.widgets.receptive_field import KINDS as FIELDS

KINDS = {make.element: make for make in (AttentionCost, LayerCosts, PositionMap, ReceptiveField)}
ELEMENTS = ", ".join(KINDS)

# What goes in.

REFUSED = {
    "bytes": (lambda: AttentionCost(bytes_per_number=3), "expected bytes_per_number to be 1, 2, 4 or 8, got 3"),
    "heads that do not divide": (lambda: AttentionCost(h=7), "multiple of h, got d_model = 512, h = 7"),
    "control": (lambda: AttentionCost(controls=["d_k"]), "unknown control in ['d_k']: expected some of ['n', 'm', "),
    "one position": (lambda: PositionMap(1), "expected n to be an integer of at least 2, got 1"),
    "513 positions": (lambda: PositionMap(513), "expected n to be from 2 to 512, got 513"),
    "half a position": (lambda: PositionMap(2.5), "expected n to be an integer of at least 2, got 2.5"),
    "control of a map": (lambda: PositionMap(controls=["n"]), "unknown control in ['n']: expected some of ['position'"),
    "control of costs": (lambda: LayerCosts(controls=["h"]), "unknown control in ['h']: expected some of ['n', 'd', "),
    "control of a field": (lambda: ReceptiveField(controls=["d"]), "unknown control in ['d']: expected some of ['"),
    "no features": (lambda: ReceptiveField(d=0), "expected d to be an integer from 1 to 4096, got 0"),
    "half a feature": (lambda: ReceptiveField(d=2.5), "expected d to be an integer from 1 to 4096, got 2.5"),
    "a position too far": (lambda: ReceptiveField(5, position=5), "expected position to be from 0 to n - 1 = 4, got 5"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name):
    refuses(*REFUSED[name])


SETTINGS = {
    (AttentionCost, "n"): ([1, 4096], [0, -1, 4097], "expected n to be from 1 to 4096, got"),
    (AttentionCost, "m"): ([1, None, 4096], [0, 4097], "expected m to be from 1 to 4096, got"),
    (AttentionCost, "d_model"): ([8, 4096], [0, 8192, 12], "expected d_model to be"),
    (AttentionCost, "h"): ([1, 512], [0, -8, 3, 1024], "h"),
    (PositionMap, "position"): ([0, 63], [-1, 64], "expected position to be from 0 to 63, got"),
    (PositionMap, "d_model"): ([2, 512], [0, 63, 514], "expected d_model to be even, from 2 to 512, got"),
    (PositionMap, "base"): ([1.0, 1e6], [0.99, 1.1e6, math.inf, math.nan], "expected base to be from 1 to 1e+06, got"),
    (PositionMap, "layout"): (["interleaved", "concatenated"], ["stacked"], "layout to be one of ['interleaved', "),
    (LayerCosts, "n"): ([1, 65536], [0, 65537], "expected n to be from 1 to 65536, got"),
    (LayerCosts, "d"): ([1, 4096], [0, 4097], "expected d to be from 1 to 4096, got"),
    (LayerCosts, "k"): ([2, 64], [1, 65], "expected k to be from 2 to 64, got"),
    (LayerCosts, "r"): ([2, 4096], [1, 4097], "expected r to be from 2 to 4096, got"),
    (LayerCosts, "count"): (["table", "all"], ["flops"], "expected count to be one of ['table', 'all'], got 'flops'"),
    (ReceptiveField, "n"): ([9, 64], [1, 65], "expected n to be from 2 to 64, got"),
    (ReceptiveField, "layer"): (list(FIELDS), ["lstm"], "expected layer to be one of ['cnn', "),
    (ReceptiveField, "layers"): ([1, 16], [0, 17], "expected layers to be from 1 to 16, got"),
    (ReceptiveField, "k"): ([1, 15], [0, 4, 17], "expected k to be"),
    (ReceptiveField, "window"): ([1, 63], [0, 62, 65], "expected window to be"),
    (ReceptiveField, "position"): ([0, 15], [-1, 16], "expected position to be from 0 to n - 1 = 15, got"),
}  # fmt: skip


@pytest.mark.parametrize("make, name", SETTINGS)
def test_settings_are_checked_at_the_start_and_later(make, name):
    checks(make, name, *SETTINGS[make, name])


def test_width_and_heads_change_together():
    cost = AttentionCost()
    with cost.hold_trait_notifications():
        cost.d_model, cost.h = 768, 12
    assert cost.shapes["output"] == (12, 50, 64)


def test_a_field_keeps_its_position_within_it():
    field = ReceptiveField(16, position=8)
    for size in (8, 5):
        with pytest.raises(ValueError, match=f"expected position to be from 0 to n - 1 = {size - 1}, got 8"):
            field.n = size
    field.n = 9
    with field.hold_trait_notifications():
        field.n, field.position = 4, 3
    assert field.sees.shape == (4,)
    assert ReceptiveField(7).position == 3 and ReceptiveField(2).position == 1


# What Python computes.


@pytest.mark.parametrize("n, m, d_model, h", [(50, None, 512, 8), (3, 7, 6, 3), (2, 2, 4, 1), (5, 1, 8, 8)])
def test_costs_are_those_of_torch(n, m, d_model, h):
    """Shapes and bytes of the arrays themselves; multiply-adds by torch's own counter of matrix products."""
    cost = AttentionCost(n, m, d_model, h)
    X, Y = torch.ones(n, d_model), torch.ones(m or n, d_model)
    W_q, W_k, W_v, W_o = torch.ones(4, d_model, d_model)
    made = {}

    def counted(part, make):
        with FlopCounterMode(display=False) as counter:
            made[part] = make()
        assert counter.get_total_flops() == 2 * cost.operations[part], part
        assert tuple(made[part].shape) == cost.shapes[part] and made[part].nbytes == cost.bytes[part], part

    counted("queries", lambda: X @ W_q)
    counted("keys", lambda: Y @ W_k)
    counted("values", lambda: Y @ W_v)
    Q, K, V = (split_heads(made[part], h) for part in ("queries", "keys", "values"))
    counted("scores", lambda: Q @ K.transpose(-2, -1))
    counted("softmax", lambda: torch.softmax(made["scores"], dim=-1))
    counted("output", lambda: made["softmax"] @ V)
    counted("join", lambda: merge_heads(made["output"]) @ W_o)
    with FlopCounterMode(display=False) as counter:
        scaled_dot_product_attention(Q, K, V)
    assert counter.get_total_flops() == 2 * (cost.operations["scores"] + cost.operations["output"])
    assert cost.exponentials == made["softmax"].numel()
    assert cost.parameters == sum(W.numel() for W in (W_q, W_k, W_v, W_o))
    assert list(cost.shapes) == list(cost.operations) == list(cost.bytes) == list(made)


def test_bytes_per_number():
    assert AttentionCost(bytes_per_number=2).bytes["scores"] == AttentionCost().bytes["scores"] // 2 == 40000


def test_a_map_is_the_table_of_the_core():
    widget = PositionMap(20, 6, base=100, position=7, layout="concatenated")
    table = sinusoidal_positions(20, 6, base=100, layout="concatenated")
    assert (widget.table == table).all()
    assert widget.dots == pytest.approx(table @ table[7]) and widget.dots.argmax() == 7


@pytest.mark.parametrize("n, d, k, r", [(50, 16, 3, 25), (7, 4, 5, 3), (9, 8, 3, 40), (1, 2, 3, 2)])
def test_all_multiply_adds_of_the_layers_are_those_that_torch_counts(n, d, k, r):
    costs = LayerCosts(n, d, k, r, count="all")
    X, h = torch.ones(n, d), torch.ones(1, d)
    W, kernel = torch.ones(4, d, d), torch.ones(d, d, k)
    near = torch.ones(n, min(r, n), d)  # the keys, or values, that each position reads

    def attention(keys, values):
        Q, K, V = X @ W[0], X @ W[1], X @ W[2]
        assert Q.shape == K.shape == V.shape
        return torch.bmm(torch.bmm(Q[:, None], keys.mT).softmax(-1), values)[:, 0] @ W[3]

    made = {
        "self-attention": lambda: attention(X.expand(n, n, d), X.expand(n, n, d)),
        "recurrent": lambda: [x[None] @ W[0] + h @ W[1] for x in X],
        "convolutional": lambda: torch.conv1d(X.T[None], kernel, padding="same"),
        "restricted self-attention": lambda: attention(near, near),
    }
    assert list(made) == list(LAYERS)
    for layer, make in made.items():
        with FlopCounterMode(display=False) as counter:
            make()
        assert counter.get_total_flops() == 2 * costs.operations[layer], layer
    modules = {
        "self-attention": torch.nn.MultiheadAttention(d, 1, bias=False),
        "recurrent": torch.nn.RNN(d, d, bias=False),
        "convolutional": torch.nn.Conv1d(d, d, k, bias=False),
    }
    for layer, module in modules.items():
        assert costs.parameters[layer] == sum(weight.numel() for weight in module.parameters())
    assert costs.parameters["restricted self-attention"] == costs.parameters["self-attention"]


def test_the_terms_of_the_table():
    costs = LayerCosts(7, 4, 3, 5)
    assert list(costs.operations.values()) == [7 * 7 * 4, 7 * 4 * 4, 3 * 7 * 4 * 4, 5 * 7 * 4]
    assert costs.cheapest == ["recurrent"] and list(costs.sees.values()) == [7, 7, 3, 5]
    assert list(costs.sequential.values()) == [1, 7, 1, 1]
    costs.r = 4
    assert costs.cheapest == ["recurrent", "restricted self-attention"]
    costs.n = 3
    assert costs.operations["restricted self-attention"] == costs.operations["self-attention"] == 36
    assert costs.cheapest == ["self-attention", "restricted self-attention"] and costs.sees["convolutional"] == 3
    costs.n = 2
    assert list(costs.sees.values()) == [2, 2, 2, 2]


@pytest.mark.parametrize("count", ["table", "all"])
@pytest.mark.parametrize("d, k, r", [(512, 3, 25), (64, 9, 100), (8, 4, 2), (16, 5, 3000)])
def test_curves_cross_where_they_are_said_to(d, k, r, count):
    costs = LayerCosts(1, d, k, r, count=count)
    for layer, size in costs.crossings.items():
        for n in (1, size // 2, size - 1, size, size + 1, 2 * size):
            if n >= 1:
                costs.n = int(n)
                more = costs.operations["self-attention"] - costs.operations[layer]
                if layer.startswith("restricted") and n <= size:
                    assert more == 0
                else:
                    assert np.sign(more) == np.sign(costs.n - size), (layer, n)


@pytest.mark.parametrize("width", [2, 3, 5, 25])
def test_paths_are_as_long_as_layers_must_be_many(width):
    for n in (1, 2, 3, 9, 10, 26, 27, 28, 1000):
        costs = LayerCosts(n, 4, width, width)
        contiguous = next(layers for layers in range(1, 1001) if 1 + layers * (width - 1) >= n)
        dilated = next(
            layers for layers in range(1, 11) if 1 + sum((width - 1) * width**level for level in range(layers)) >= n
        )
        assert (costs.contiguous, costs.path["convolutional"]) == (contiguous, dilated)
        assert costs.path["restricted self-attention"] == contiguous and costs.path["self-attention"] == 1
        assert costs.path["recurrent"] == n
    assert (LayerCosts(27, k=3).contiguous, LayerCosts(27, k=3).path["convolutional"]) == (13, 3)


def by_gradient(field, X):
    """What the widget's layers make of X (n, 1), by torch's own layers; all rows, and a count of connections."""
    rows, connections = [X], 0
    n, positive = field.n, torch.nn.init.ones_
    for level in range(field.layers):
        x = rows[-1]
        if field.layer.endswith("cnn"):
            gap = field.k**level if field.layer == "dilated cnn" else 1
            layer = torch.nn.Conv1d(1, 1, field.k, padding=field.k // 2 * gap, dilation=gap, bias=False).double()
            positive(layer.weight)
            make = lambda x, layer=layer: layer(x.T[None])[0].T  # noqa: E731
        elif field.layer == "rnn":
            layer = torch.nn.RNN(1, 1, bias=False).double()
            for weight in layer.parameters():
                positive(weight)
            make = lambda x, layer=layer: layer(x)[0]  # noqa: E731
        else:
            masks = {"windowed": window_mask(n, min(field.window, 2 * n - 1)), "causal": causal_mask(n)}
            mask = masks.get(field.layer.split()[0], np.ones((n, n), dtype=bool))
            make = lambda x, mask=mask: scaled_dot_product_attention(x, x, x, torch.tensor(mask))[0]  # noqa: E731
        jacobian = torch.autograd.functional.jacobian(make, x)[:, 0, :, 0]
        connections += 2 * n - 1 if field.layer == "rnn" else int((jacobian != 0).sum())
        rows.append(make(x))
    return rows, connections


@pytest.mark.parametrize("layer", FIELDS)
def test_a_field_is_what_gradients_reach(layer):
    for n, layers, k, window, position in [(9, 1, 3, 3, 4), (12, 3, 3, 5, 11), (16, 3, 5, 3, 2), (7, 2, 1, 1, 3)]:
        field = ReceptiveField(n, layer=layer, layers=layers, k=k, window=window, position=position, d=3)
        rows, connections = by_gradient(field, torch.linspace(-0.1, 0.1, n).double()[:, None].requires_grad_())
        gradients = torch.autograd.grad(rows[-1][position, 0], rows[:-1])
        reached = [(gradient[:, 0] != 0).numpy() for gradient in gradients]
        assert np.array_equal(field.reach[:-1], reached), (n, layers)
        assert field.connections == connections and (field.sees == reached[0]).all()
        extra = 4 * n * 9 * layers if "attention" in layer else 0
        assert field.operations == connections * (6 if extra else 9) + extra


@pytest.mark.parametrize("layer", FIELDS)
@pytest.mark.parametrize("n, position", [(27, 13), (16, 8), (10, 9), (6, 0), (2, 1)])
def test_layers_needed_to_see_all(layer, n, position):
    field = ReceptiveField(n, layer=layer, layers=1, position=position)
    seen = []
    for layers in range(1, 17):
        field.layers = layers
        seen.append(field.sees.all())
        assert field.path == field.layers + (position if layer == "rnn" else 0)
        assert field.sequential == field.layers + (n - 1 if layer == "rnn" else 0)
    assert field.needed == (seen.index(True) + 1 if any(seen) else None)


def test_thirteen_layers_against_three():
    assert [ReceptiveField(27, layer=layer).needed for layer in FIELDS] == [13, 3, None, 1, 7, None]
    assert ReceptiveField(64, position=0).needed == 63 and ReceptiveField(64, k=1).needed is None


# What goes out.


@pytest.mark.parametrize("name", [EVIL, "<!--", '"&quot;&<b>', "\u2028", "𝔸→é"])
@pytest.mark.parametrize("make", KINDS.values())
def test_html_says_what_the_caption_says(make, name):
    widget = make(caption=name)
    assert spec_of(widget) == {**widget._spec, "settings": widget.settings}
    html = widget.to_html()
    assert html.count("<script") == html.count("</script>") == 1 and "<img" not in html and "<!--" not in html
    assert f"<caption>{escape(name)} (" in html


def test_the_same_every_time_and_a_repr():
    said = {
        AttentionCost: "AttentionCost(n=50, m=None, d_model=512, h=8: 54,988,800 multiply-adds)",
        LayerCosts: "LayerCosts(n=50, d=512, k=3, r=25, count='table': restricted self-attention cheapest)",
        ReceptiveField: "ReceptiveField(n=16, layer='cnn', layers=3, k=3, window=5: position 8 sees 7 of 16)",
        PositionMap: "PositionMap(n=64, d_model=64, base=10000, position=0, layout='interleaved')",
    }
    for make, text in said.items():
        one, other = make()._repr_mimebundle_()[0], make()._repr_mimebundle_()[0]
        assert one["text/plain"] == text and one["text/html"] == other["text/html"]


# In the browser.

STATE = """async (el) => {
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const all = (selector, what) => Array.from(el.shadowRoot.querySelectorAll(selector), what);
    const pack = (numbers) => { // so many numbers would take long as JSON
        const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
        let text = "";
        for (let k = 0; k < bytes.length; k += 8192) text += String.fromCharCode(...bytes.subarray(k, k + 8192));
        return btoa(text);
    };
    const { settings, shapes, operations, bytes, exponentials, parameters, n, other } = el;
    const { cheapest, crossings, sees, sequential, path, contiguous, needed, connections } = el;
    return {
        settings, shapes, operations, bytes, exponentials, parameters, n, other,
        cheapest, crossings, sees, sequential, path, contiguous, needed, connections,
        reach: el.reach?.map((row) => [...row]),
        marked: all("tbody tr", (row) => /cheapest|chosen/.test(row.className)),
        met: all(".meet text", (text) => text.textContent),
        table: el.table && pack(el.table), dots: el.dots && pack(el.dots),
        rows: all("tr", (row) => Array.from(row.cells, (cell) => cell.innerText.trim())),
        says: all(".bars p", (line) => line.textContent),
        fields: all(".field", (field) => field.value), off: all(".field", (field) => field.disabled),
        numbers: all(".row", (line) => line.textContent)[0], note: all(".note", (line) => line.textContent)[0],
        live: all(".live", (line) => line.textContent)[0],
        wrong: all("svg *, .stack div", (node) => node.outerHTML).filter((html) => /NaN|undefined|Infinity/.test(html)),
    };
}"""


def rebuild(spec):
    """The widget in Python, from the data that a page carries."""
    options = {name: spec[name] for name in ("n", "d", "bytes_per_number") if name in spec}
    return KINDS[spec["element"]](**{**options, **spec["settings"]})


class Layers(Live):
    """One of the four on a page, and the same one in Python."""

    rebuild = staticmethod(rebuild)

    def check(self):
        """Compare the page's numbers and words with Python's for the settings as they are; return its state."""
        state = self.element.evaluate(STATE)
        with self.python.hold_trait_notifications():
            for name, value in state["settings"].items():
                setattr(self.python, name, value)
        assert state["wrong"] == []
        CHECKS[self.kind](self.python, **state)
        return state


def check_cost(cost, shapes, operations, bytes, exponentials, parameters, rows, says, note, live, fields, off, **_):
    """Compare all that a cost says with Python's integers."""
    assert {part: tuple(shape) for part, shape in shapes.items()} == cost.shapes
    assert (operations, bytes) == (cost.operations, cost.bytes)
    assert (exponentials, parameters) == (cost.exponentials, cost.parameters)
    assert len(rows) == 9
    for (name, makes, count, size), part in zip(rows[1:8], cost.shapes, strict=True):
        assert name == part and makes.endswith(str(cost.shapes[part]))
        assert count.startswith(f"{cost.operations[part]:,}\n") and size.startswith(f"{cost.bytes[part]:,}\n")
        factors = {"n": cost.n, "m": cost.m or cost.n, "d": cost.d_model, "h": cost.h}
        if part != "softmax":
            assert worth(count.split("\n")[1], factors) == cost.operations[part], "the formula says another number"
        assert worth(size.split("\n")[1], factors) == cost.bytes[part], "the formula says another number"
    assert f"{cost.exponentials:,} exponentials" in rows[5][2]
    total = sum(cost.operations.values())
    assert rows[8] == ["sum", "", f"{total:,}", f"{sum(cost.bytes.values()):,}"]
    square = 100 * (cost.operations["scores"] + cost.operations["output"]) / total
    tables = 100 * (cost.bytes["scores"] + cost.bytes["softmax"]) / sum(cost.bytes.values())
    for line, percent in zip(says, (square, tables), strict=True):
        most, rest = re.fullmatch(r"\w+ (\S+) % · n\S+ \w+ (\S+) %", line).groups()
        assert shows(rest, percent, 1) and shows(most, 100 - percent, 1)
    assert f"Parameters: 4·d² = {cost.parameters:,}," in note
    m = "" if cost.m is None else f"m = {cost.m}, "
    words = r"(.*): (.*) multiply-adds, (\S+) % of them grow with (.*)"
    start, said, percent, what = re.fullmatch(words, live).groups()
    assert start == f"n = {cost.n}, {m}d_model = {cost.d_model}, {cost.h} head{'s' * (cost.h > 1)}"
    digits, _, unit = said.partition(" ")
    spoken = float(digits.replace(",", "")) * {"": 1, "million": 1e6, "billion": 1e9}[unit]
    assert spoken == (pytest.approx(total, rel=0.051) if unit else total)
    assert shows(percent, square, 1) and what == ("n squared" if cost.m is None else "n times m")
    if len(fields) == 2:
        assert fields == [str(cost.n), str(cost.m or cost.n)] and off == [False, cost.m is None]


def worth(formula, factors):
    """What a product like "4·h·n²", or a sum of them, is."""
    if " + " in formula:
        return sum(worth(part, factors) for part in formula.split(" + "))
    product = 1
    for factor in formula.split("·"):
        product *= int(factor) if factor.isdigit() else factors[factor[0]] ** (2 if factor.endswith("²") else 1)
    return product


def check_map(widget, table, dots, n, other, numbers, note, live, **_):
    """Compare all that a map says with Python's numbers."""
    p, d = widget.position, widget.d_model
    assert np.abs(np.reshape(unpack(table), (n, d)) - widget.table).max() < 1e-12
    assert np.abs(unpack(dots) - widget.dots).max() < 1e-10
    row = re.fullmatch(r"position (\d+) = \[(.*)\]", numbers)
    said = row[2].split(", ")
    assert row[1] == str(p) and (d <= 8 or said.pop() == f"… ({d})") and len(said) == min(d, 8)
    assert all(shows(text, x, 3) for text, x in zip(said, widget.table[p], strict=False))
    assert note.endswith(f"squared length {d // 2} at every position")
    assert ("Base 1" in note, "One wavelength" in note) == (widget.base == 1 and d > 2, d == 2)
    if d > 2 and widget.base > 1:
        times, longest = re.search(r"to (\S+) × 2π = (\S+) positions", note).groups()
        factor = widget.base ** ((d - 2) / d)
        assert float(times.replace(",", "")) == pytest.approx(factor, abs=0.051)
        assert float(longest.replace(",", "")) == pytest.approx(factor * 2 * math.pi, abs=0.051)
    words = r"positions (\d+) and (\d+), distance (\S+): dot product (\S+), at most d/2 = (\d+)"
    one, two, distance, dot, most = re.fullmatch(words, live).groups()
    assert (int(one), int(two), number(distance), int(most)) == (p, other, other - p, d // 2)
    assert distance.startswith("+") == (other > p) and shows(dot, widget.dots[other], 2)


def said_number(text):
    """The number that "39,321,600" or "2.2 trillion" says, and how much it may be off."""
    digits, _, unit = text.partition(" ")
    factor = {"": 1, "million": 1e6, "billion": 1e9, "trillion": 1e12}[unit]
    return pytest.approx(float(digits.replace(",", "")) * factor, rel=0, abs=0.051 * factor if unit else 0)


def check_costs(costs, cheapest, crossings, contiguous, rows, marked, met, note, live, fields, **state):
    """Compare all that the costs of layers say with Python's integers."""
    for name in ("operations", "sees", "sequential", "path", "parameters"):
        assert state[name] == getattr(costs, name), name
    assert (cheapest, crossings, contiguous) == (costs.cheapest, costs.crossings, costs.contiguous)
    what = "operations" if costs.count == "table" else "multiply-adds"
    assert rows[0] == ["layer", "sees", what, "steps", "path"]
    factors = {"n": costs.n, "d": costs.d, "k": costs.k, "r": min(costs.r, costs.n)}
    for (name, *cells), mark, layer in zip(rows[1:], marked, LAYERS, strict=True):
        sees, operations, steps, path = ([line for line in cell.split("\n") if line] for cell in cells)
        assert name == layer and mark == (layer in costs.cheapest)
        assert sees[0] == f"{costs.sees[layer]:,}" and steps[0] == f"{costs.sequential[layer]:,}"
        assert costs.operations[layer] == said_number(operations[0])
        assert operations[1].endswith(", least") == mark
        assert worth(operations[1].removesuffix(", least"), factors) == costs.operations[layer]
        assert path[0] == f"{costs.path[layer]:,}"
    assert rows[3][4].endswith(f"contiguous {costs.contiguous:,}")
    for formula, count in re.findall(r"([2-4k]·d²) = ([\d,]+)", note):
        assert worth(formula, factors) == int(count.replace(",", ""))
    for formula, count in re.findall(r"(4·n·d²) = ([\d,]+)", note):
        assert worth(formula, factors) == int(count.replace(",", ""))
    assert costs.count == "table" or f"from n = 2·d = {2 * costs.d:,} on" in note
    sizes = sorted(size for size in costs.crossings.values() if 1 <= size <= 65536)
    assert [float(text.split(" = ")[2].replace(",", "")) for text in met] == sizes
    words = r"n = (\S+), d = (\S+): (.*) costs? least, (.*) (operations|multiply-adds), and (.*)"
    n, d, names, least, unit, rest = re.fullmatch(words, live).groups()
    assert (n, d, unit) == (f"{costs.n:,}", f"{costs.d:,}", what)
    nouns = {"the recurrence": "recurrent", "the convolution": "convolutional"}
    named = [nouns.get(name, name) for name in names.split(" and ")]
    assert named == costs.cheapest and min(costs.operations.values()) == said_number(least)
    every = f"sees all {costs.n:,} in one step"
    first, _, other = rest.partition("; ")
    seen = f"sees {costs.sees[named[0]]:,} of {costs.n:,} in one layer"
    steps = f"takes {costs.n:,} steps, one after the other"
    assert first == {"recurrent": steps, "self-attention": every}.get(named[0], seen)
    if "self-attention" in named:
        assert not other
    else:
        times = re.fullmatch(rf"self-attention {every}, for (\S+) times as much", other)[1]
        ratio = costs.operations["self-attention"] / min(costs.operations.values())
        assert shows(times, ratio, 1) if ratio < 1000 else times == f"{round(ratio):,}"
    assert fields in ([], [str(costs.n)])


def check_field(field, reach, sees, needed, connections, operations, sequential, path, rows, marked, note, live, **_):
    """Compare all that a receptive field says with Python's masks."""
    assert np.array_equal(np.array(reach, dtype=bool), field.reach)
    assert sees == field.sees.tolist()
    assert (needed, connections, operations) == (field.needed, field.connections, field.operations)
    assert (sequential, path) == (field.sequential, field.path)
    for (name, *cells), mark, kind in zip(rows[1:], marked, FIELDS, strict=True):
        other = ReceptiveField(**(field.settings | {"layer": kind, "d": field._d}))
        numbers = [other.needed or "never", other.sequential, other.path]
        assert name == kind and mark == (kind == field.layer)
        assert cells == [f"{other.sees.sum()} of {field.n}", *map(str, numbers), f"{other.operations:,}"]
    assert f"with d = {field._d}:" in note
    words = (
        r"(.*), (\d+) layers?: position (\d+) sees (\d+) of (\d+) inputs, (\d+)(?: to (\d+))?"
        r"(?:, (?:all from (\d+) layers on|(never .*)))?; (\d+) steps? one after the other, (.*) multiply-adds"
    )
    layer, *numbers, never, steps, cost = re.fullmatch(words, live).groups()
    layers, position, count, n, first, last, more = (x and int(x) for x in numbers)
    assert (layer, layers, position, n) == (field.layer, field.layers, field.position, field.n)
    assert range(first, (first if last is None else last) + 1) == range(*np.flatnonzero(field.sees)[[0, -1]] + (0, 1))
    assert count == field.sees.sum() and field.sees[first : first + count].all(), "there are no gaps"
    assert (more, bool(never)) == ((None, False) if count == n else (field.needed, field.needed is None))
    assert int(steps) == field.sequential and field.operations == said_number(cost)


CHECKS = {
    "attention-cost": check_cost, "layer-costs": check_costs, "position-map": check_map, "receptive-field": check_field
}  # fmt: skip

CASES = {
    "cost": AttentionCost,
    "cost of the most": lambda: AttentionCost(4096, 3000, 4096, 32, bytes_per_number=8, caption=EVIL),
    "cost of 12 heads": lambda: AttentionCost(10, 20, 768, 12, controls=["m", "h", "d_model"]),
    "map": lambda: PositionMap(position=10),
    "small map": lambda: PositionMap(2, 2, position=1, caption=EVIL),
    "large map": lambda: PositionMap(512, 512, position=200, layout="concatenated", controls=["base"]),
    "map of 48": lambda: PositionMap(30, 48, base=1, controls=["d_model", "base"]),
    "costs": LayerCosts,
    "costs of the most": lambda: LayerCosts(65536, 4096, 64, 4096, count="all", caption=EVIL),
    "costs of the least": lambda: LayerCosts(1, 1, 2, 2, controls=["k", "r", "count"]),
    "field": ReceptiveField,
    "field of the most": lambda: ReceptiveField(
        64, layer="causal self-attention", layers=16, k=15, window=63, d=4096, caption=EVIL
    ),
    "field of the least": lambda: ReceptiveField(2, layer="rnn", layers=1, k=1, window=1, controls=["layers", "layer"]),
}  # fmt: skip
SOME = ("cost", "map", "costs", "field")


@pytest.fixture
def show(open_widget):
    """Open a widget's own page and hold it against Python: `live = show(widget, width=390)`."""

    def show(widget, **options):
        page = open_widget(widget, **options)
        return Layers(page, page.locator(ELEMENTS))

    return show


def work(live):
    """Work every control there is, then Reset."""
    start = live.check()
    for radio in reversed(live.find("input[type=radio]").all()):
        radio.check()
        live.check()
    others = live.element.get_by_label("other words")
    if others.count():
        others.check()
        assert live.check()["settings"]["m"] == live.python.n
    for picker in live.find("select").all():
        for option in reversed(picker.locator("option").all()):
            picker.select_option(option.get_attribute("value"))
            live.check()
    for slider in live.find("input[type=range]").all():
        seen = []
        for key in ("Home", "ArrowRight", "ArrowRight", "End", "ArrowLeft"):
            slider.press(key)
            seen.append(json.dumps(live.check()["settings"]))
        assert len(set(seen)) >= 3 or slider.get_attribute("max") == "1"
    for field in live.find(".field").all():
        work_field(live, field)
    for place in live.find(".picture").all():
        for key in ("Home", "ArrowDown", "ArrowRight", "End", "PageUp"):
            place.press(key)
        live.check()
    live.element.get_by_role("button", name="Reset").click()
    assert json.dumps(live.check()) == json.dumps(start)
    assert live.page.problems == []


def work_field(live, field):
    """A size typed in; what is none changes nothing, and goes away."""
    name = field.get_attribute("aria-label")[0]
    more = str(int(field.get_attribute("max")) + 1)
    for text, size in [("1000", 1000), ("0", 1000), (more, 1000), ("2.5", 1000), ("", 1000), ("37", 37)]:
        field.fill(text)
        assert live.element.evaluate("(el, name) => el.settings[name]", name) == size
        assert field.evaluate("field => field.matches(':invalid')") == (text in ("0", more, "2.5"))
    field.fill("70000")
    field.press("Tab")
    live.check()
    assert field.input_value() == "37"


@pytest.mark.parametrize("case", CASES)
def test_every_control(case, show):
    work(show(CASES[case]()))


def test_every_control_of_the_widgets_of_the_site(site, visit):
    mark = re.compile(f"<({'|'.join(KINDS)})>")
    pages = [page for page in site.pages if mark.search((site.folder / page).read_text("utf-8"))]
    assert len(pages) >= 2
    for page in pages:
        page = visit(site.url + page)
        for element in page.locator(ELEMENTS).all():
            element.scroll_into_view_if_needed()
            work(Layers(page, element))


def test_controls_are_those_asked_for(show):
    live = show(CASES["cost of 12 heads"]())
    live.check()
    names = live.find("input:not([type=radio])").evaluate_all("nodes => nodes.map((node) => node.ariaLabel)")
    assert names == ["m: keys and values", "m: keys and values, as a number", "d_model", "h: heads"]
    live = show(CASES["map of 48"]())
    live.check()
    names = live.find("input").evaluate_all("nodes => nodes.map((node) => node.ariaLabel)")
    assert names == ["d_model", "Base"]
    for case, expected in [
        ("costs of the least", ["k: kernel width", "r: positions read"]),
        ("field of the least", ["Layer", "Layers"]),
    ]:
        live = show(CASES[case]())
        live.check()
        names = live.find("select, input:not([type=radio])").evaluate_all(
            "nodes => nodes.map((node) => node.ariaLabel)"
        )
        assert names == expected


def test_heads_always_divide_the_width(show):
    live = show(AttentionCost(10, None, 768, 12))
    live.check()
    live.element.evaluate("el => { el.seen = []; el.onsetting = () => el.seen.push({ ...el.settings }); }")
    live.element.evaluate("el => el.addEventListener('setting', el.onsetting)")
    live.element.get_by_label("d_model").press("Home")
    assert live.check()["settings"]["h"] == 4
    for _ in range(6):
        live.element.get_by_label("d_model").press("ArrowRight")
        live.check()
        live.element.get_by_label("h: heads").press("End")
        state = live.check()["settings"]
        assert state["h"] in (state["d_model"], 256)
    live.element.get_by_role("button", name="Reset").click()
    assert live.check()["settings"] == {"n": 10, "m": None, "d_model": 768, "h": 12}
    seen = live.element.evaluate("el => el.seen")
    assert len(seen) > 10 and all(now["d_model"] % now["h"] == 0 for now in seen), "Python would refuse a step between"


def test_m_follows_n_or_stands_apart(show):
    live = show(AttentionCost())
    live.element.get_by_label("n: queries").first.press("ArrowRight")
    assert live.check()["shapes"]["keys"] == [64, 512]
    live.element.get_by_label("other words").check()
    live.element.get_by_label("n: queries").first.press("ArrowLeft")
    assert live.check()["shapes"]["scores"] == [8, 50, 64]


@pytest.mark.parametrize("case", ["cost", "cost of the most"])
def test_bars_are_as_long_as_their_shares(case, show):
    live = show(CASES[case]())
    live.check()
    for stack, counts in zip(live.find(".stack").all(), (live.python.operations, live.python.bytes), strict=True):
        part = "bar => Array.from(bar.children, (node) => node.getBoundingClientRect().width / bar.clientWidth)"
        shares = np.array(list(counts.values())) / sum(counts.values())
        assert stack.evaluate(part) == pytest.approx(shares, abs=1e-3)


# The curve and the map under the pointer and the arrow keys.


def test_the_row_moves_with_the_arrow_keys_and_the_distance_stays(show):
    live = show(PositionMap(40, 16, position=10))
    dot = live.check()["live"].partition("dot")[2]
    for key, position in [("ArrowDown", 11), ("ArrowUp", 10), ("PageDown", 20), ("PageUp", 10), ("ArrowUp", 9)]:
        live.find(".map").press(key)
        state = live.check()
        assert (state["settings"]["position"], state["other"]) == (position, position + 5)
        assert state["live"].partition("dot")[2] == dot, "the dot product depends on the distance only"
    for key, position, other in [("End", 39, 39), ("Home", 0, 5)]:
        live.find(".map").press(key)
        state = live.check()
        assert (state["settings"]["position"], state["other"]) == (position, other)


def test_the_distance_moves_with_the_arrow_keys(show):
    live = show(PositionMap(40, 16, position=10))
    for key, other in [("ArrowRight", 16), ("ArrowLeft", 15), ("Home", 0), ("ArrowRight", 1), ("End", 39)]:
        live.find(".curve").press(key)
        state = live.check()
        assert (state["settings"]["position"], state["other"]) == (10, other)


def test_pointer_on_the_map_and_on_the_curve(show):
    live = show(PositionMap(40, 16, position=10))
    live.check()
    box = live.find(".map canvas").bounding_box()
    row = lambda p: (box["x"] + 100, box["y"] + 22 + (p + 0.5) * 7.5)  # noqa: E731
    live.page.mouse.move(*row(30))
    assert live.check()["other"] == 30
    live.page.mouse.move(0, 0)
    assert live.check()["other"] == 15, "without the mouse, the distance that was chosen"
    live.page.mouse.move(*row(30))
    live.page.mouse.down()
    live.page.mouse.move(*row(20))
    live.page.mouse.up()
    assert live.check()["settings"]["position"] == 20
    live.page.mouse.move(0, 0)
    assert live.check()["other"] == 25
    live.find(".curve").scroll_into_view_if_needed()
    box = live.find(".curve svg").bounding_box()
    at = lambda p: (box["x"] + 66 + p / 39 * (box["width"] - 78), box["y"] + 50)  # noqa: E731
    live.page.mouse.move(*at(2))
    assert live.check()["other"] == 2
    live.page.mouse.click(*at(5))
    live.page.mouse.move(0, 0)
    state = live.check()
    assert (state["settings"]["position"], state["other"]) == (20, 5)


def test_cells_have_the_colours_of_their_numbers(show):
    live = show(PositionMap(10, 4, position=9))
    live.check()
    cells = """(el, d) => Array.from({ length: 8 * d }, (_, k) => {
        const width = el.shadowRoot.querySelector(".map").clientWidth - 36;
        const [x, y] = [34 + (k % d + 0.5) * width / d, 22 + (Math.floor(k / d) + 0.5) * 22];
        const pen = el.shadowRoot.querySelector("canvas").getContext("2d");
        return [...pen.getImageData(Math.round(x), y, 1, 1).data];
    })"""
    for theme, d_model, layout in [
        ("light", 4, "interleaved"),
        ("dark", 4, "interleaved"),
        ("dark", 8, "concatenated"),
    ]:
        live.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        live.element.evaluate(
            "(el, [d, layout]) => { el.set('d_model', d); el.set('layout', layout); }", [d_model, layout]
        )
        live.check()
        colours = live.page.evaluate("dark => SelfAttention.colourTable('scores', dark)", theme == "dark")
        drawn = live.element.evaluate(cells, d_model)
        expected = [[*colours[round(127.5 + 127.5 * x)], 255] for x in live.python.table[:8].ravel()]
        assert drawn == expected, (theme, d_model, layout)


def test_the_curve_is_drawn_where_its_numbers_are(show):
    live = show(PositionMap(10, 2, position=3))
    live.check()
    path = live.find(".curve .line").get_attribute("d")
    points = np.array([[float(x) for x in point.split()] for point in path[1:].split("L")])
    width, dots = live.find(".curve").evaluate("node => node.clientWidth"), live.python.dots
    assert points[:, 0] == pytest.approx(66 + np.arange(10) / 9 * (width - 78), abs=0.06)
    low = min(0, dots.min())
    assert points[:, 1] == pytest.approx(164 - (dots - low) / (1 - low) * 142, abs=0.06)


@pytest.mark.parametrize("case", ["costs", "costs of the most"])
def test_costs_are_drawn_where_their_numbers_are(case, show):
    live = show(CASES[case]())
    for n in (1, 37, 65536):
        live.element.evaluate("(el, n) => el.set('n', n)", n)
        live.check()
        costs = LayerCosts(**live.python.settings)
        width = live.find(".curve").evaluate("node => node.clientWidth")
        ends = []
        for costs.n in (1, 65536):
            ends += [math.log10(count) for count in costs.operations.values()]
        low, high = math.floor(min(ends)), math.ceil(max(ends))

        def place(n, count):
            up = (math.log10(count) - low) / (high - low)  # noqa: B023
            return [40 + math.log(n, 65536) * (width - 54), 284 - up * 216]  # noqa: B023

        def drawn(circle):
            return [float(circle.get_attribute(name)) for name in ("cx", "cy")]

        sizes = [size for size in sizes_of(live) if size != costs.r] + [costs.r]
        for line, layer in zip(live.find(".line").all(), LAYERS, strict=True):
            points = [[float(x) for x in point.split()] for point in line.get_attribute("d")[1:].split("L")]
            expected = []
            for costs.n in sorted(sizes):
                expected.append(place(costs.n, costs.operations[layer]))
            assert np.array(points) == pytest.approx(np.array(expected), abs=0.06)
        costs.n = n
        for dot, layer in zip(live.find(".dots circle").all(), LAYERS, strict=True):
            assert drawn(dot) == pytest.approx(place(n, costs.operations[layer]), abs=0.06)
        met = sorted(size for size in costs.crossings.values() if 1 <= size <= 65536)
        for dot, costs.n in zip(live.find(".meet circle").all(), map(int, met), strict=True):
            assert drawn(dot) == pytest.approx(place(costs.n, costs.operations["self-attention"]), abs=0.06)


def sizes_of(live):
    """The sizes at which the slider for n stops, by the slider itself."""
    slider = live.element.get_by_label("n: positions").first
    return slider.evaluate("""(slider) => {
        const { host } = slider.getRootNode(), before = host.settings.n;
        const sizes = Array.from({ length: Number(slider.max) + 1 }, (_, k) => {
            slider.value = k;
            slider.dispatchEvent(new Event("input"));
            return host.settings.n;
        });
        host.set("n", before);
        return sizes;
    }""")


def test_n_moves_with_the_arrow_keys_and_the_pointer(show):
    live = show(LayerCosts())
    for key, n in [("ArrowRight", 64), ("ArrowLeft", 50), ("PageUp", 5), ("PageDown", 50), ("Home", 1), ("End", 65536)]:
        live.find(".curve").press(key)
        assert live.check()["settings"]["n"] == n
    live.find(".curve").scroll_into_view_if_needed()
    box = live.find(".curve svg").bounding_box()
    at = lambda n: (box["x"] + 40 + math.log(n, 65536) * (box["width"] - 54), box["y"] + 150)  # noqa: E731
    live.page.mouse.click(*at(510))
    assert live.check()["settings"]["n"] == 512
    live.page.mouse.down()
    live.page.mouse.move(*at(2000))
    live.page.mouse.up()
    assert live.check()["settings"]["n"] == 2048
    live.page.mouse.move(*at(10))
    assert live.check()["settings"]["n"] == 2048


def test_a_position_is_picked_with_the_arrow_keys_and_the_pointer(show):
    live = show(ReceptiveField())
    for key, position in [("ArrowRight", 9), ("ArrowLeft", 8), ("Home", 0), ("PageDown", 10), ("End", 15)]:
        live.find(".rows").press(key)
        assert live.check()["settings"]["position"] == position
    live.find(".rows").scroll_into_view_if_needed()
    box = live.find(".rows").bounding_box()
    at = lambda i: (box["x"] + 52 + (i + 0.5) / 16 * (box["width"] - 60), box["y"] + 20)  # noqa: E731
    for position in (3, 0, 12):
        live.page.mouse.click(*at(position))
        assert live.check()["settings"]["position"] == position
    live.page.mouse.click(box["x"] + 5, box["y"] + 20)
    assert live.check()["settings"]["position"] == 0


def test_a_shorter_row_takes_the_position_along(show):
    live = show(ReceptiveField(40, position=30))
    live.element.evaluate("el => { el.seen = []; el.onsetting = () => el.seen.push({ ...el.settings }); }")
    live.element.evaluate("el => el.addEventListener('setting', el.onsetting)")
    live.element.get_by_label("n: positions").press("Home")
    assert live.check()["settings"]["position"] == 1
    live.element.get_by_label("n: positions").press("End")
    live.check()  # the slider below it gets its new end with the next frame
    live.element.get_by_label("Position", exact=True).press("End")
    assert live.check()["settings"]["position"] == 63
    live.element.get_by_role("button", name="Reset").click()
    assert live.check()["settings"]["position"] == 30
    assert all(now["position"] < now["n"] for now in live.element.evaluate("el => el.seen")), "Python would refuse"


@pytest.mark.parametrize("layer", FIELDS)
def test_nodes_and_connections_have_the_colour_of_what_is_reached(layer, show):
    live = show(ReceptiveField(12, layer=layer, position=5, layers=2))
    live.check()
    drawn = live.element.evaluate("""el => {
        const column = (el.shadowRoot.querySelector(".rows").clientWidth - 60) / 12;
        const pen = el.shadowRoot.querySelector("canvas").getContext("2d");
        const x = (i) => Math.floor(52 + (i + 0.5) * column);
        const at = (i, up) => pen.getImageData(x(i), Math.floor(14 + up * 54), 1, 1).data;
        const rgb = (name) => el.colour(name).match(/\\w\\w/g).map((x) => parseInt(x, 16));
        const names = ["query", "key", "surface"].map((name) => String([...rgb(name), 255]));
        const row = (look) => Array.from({ length: 12 }, (_, i) => look(i));
        return {
            nodes: [2, 1, 0].map((up) => row((i) => names.indexOf(String(at(i, up))))),
            straight: row((i) => at(i, 1.5)[3] > 0),
            along: at(4.5, 1)[3] > 0,
        };
    }""")
    nodes = np.where(live.python.reach, 1, 2)
    nodes[2, 5] = 0
    assert drawn["nodes"] == nodes.tolist()
    if layer in ("cnn", "rnn"):
        assert drawn["straight"] == live.python.reach[1].tolist()
    assert drawn["along"] == (layer == "rnn")


def test_thousands_of_connections_are_a_haze_over_what_is_reached(show):
    live = show(ReceptiveField(64, layer="causal self-attention", position=55, layers=2))
    live.check()
    hazy = live.element.evaluate("""el => {
        const column = (el.shadowRoot.querySelector(".rows").clientWidth - 60) / 64;
        const pen = el.shadowRoot.querySelector("canvas").getContext("2d");
        return [0, 20, 40, 54, 57, 63].map((i) => pen.getImageData(52 + (i + 0.6) * column, 95, 1, 1).data[3] > 0);
    }""")
    assert hazy == [True, True, True, True, False, False]


# As every widget.


@pytest.mark.parametrize("case", CASES)
def test_fits_a_phone_and_keeps_its_size(case, show):
    live = show(CASES[case](), width=390)
    live.check()
    fits(live)
    count = "el => el.shadowRoot.querySelectorAll(':not(svg *)').length"
    before = live.element.evaluate(count), live.element.bounding_box()["width"]
    for key in ("End", "Home", "ArrowRight"):
        live.find("input[type=range]:enabled").first.press(key)
        live.check()
    assert (live.element.evaluate(count), live.element.bounding_box()["width"]) == before
    fits(live)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("case", [*SOME, "cost of the most", "map of 48", "costs of the most", "field of the most"])
def test_axe_finds_nothing(case, theme, show):
    live = show(CASES[case](), theme=theme)
    live.check()
    assert violations(live) == []


@pytest.mark.parametrize("case", SOME)
def test_every_stop_of_the_tab_key_has_a_name_and_a_visible_focus(case, show):
    live = show(CASES[case]())
    live.check()
    assert len(tab_stops(live)) == {"attention-cost": 7, "position-map": 8}.get(live.kind, 9)


def test_evil_caption_shows_as_text(show):
    for case in ("cost of the most", "small map", "costs of the most", "field of the most"):
        live = show(CASES[case]())
        live.check()
        assert (
            live.page.locator("img").count() == 0 and live.element.get_by_text(EVIL).filter(visible=True).count() == 1
        )
        assert live.page.problems == []


@pytest.mark.parametrize("case", SOME)
def test_no_script_shows_the_table_with_the_same_numbers(case, show, visit, tmp_path):
    widget = CASES[case]()
    path = tmp_path / "still.html"
    path.write_text(widget.to_page(), encoding="utf-8")
    page = visit(path.as_uri(), java_script_enabled=False)
    rows = [row.locator("td").all_inner_texts() for row in page.locator("tbody tr").all()]
    if case == "cost":
        counts = [[str(shape) for shape in widget.shapes.values()]]
        counts += [[f"{count:,}" for count in what.values()] for what in (widget.operations, widget.bytes)]
        assert rows[:-1] == [list(row) for row in zip(*counts, strict=True)]
        assert rows[-1] == ["", *(f"{sum(what.values()):,}" for what in (widget.operations, widget.bytes))]
    elif case == "costs":
        columns = [widget.sees, widget.operations, widget.sequential, widget.path, widget.parameters]
        assert rows == [[f"{column[layer]:,}" for column in columns] for layer in LAYERS]
    elif case == "field":
        fields = [ReceptiveField(layer=layer) for layer in FIELDS]
        numbers = [(f.sees.sum(), f.needed or "never", f.sequential, f.path, f"{f.operations:,}") for f in fields]
        assert rows == [[f"{seen} of 16", *map(str, more)] for seen, *more in numbers]
    else:
        places = [*range(8), 10]
        expected = np.column_stack([widget.table[places, :8], widget.dots[places]])
        assert np.array(rows, dtype=float) == pytest.approx(expected, abs=0.00006)
    assert not show(widget).element.locator("figure").is_visible()


@pytest.mark.parametrize("case", SOME)
def test_light_and_dark(case, show):
    live = show(CASES[case](), theme="dark")
    live.check()
    look = """el => {
        const looks = { ".row b": "color", ".scores, .chosen": "backgroundColor", ".line.self-attention": "stroke" };
        return Object.entries(looks).map(([selector, property]) => {
            const node = el.shadowRoot.querySelector(selector);
            return node ? getComputedStyle(node)[property] : "none";
        }).join();
    }"""
    dark = live.element.evaluate(look)
    live.page.evaluate("document.documentElement.dataset.theme = 'light'")
    live.check()
    assert live.element.get_attribute("dark") is None and live.element.evaluate(look) != dark


@pytest.mark.parametrize("case", SOME)
def test_traits_both_ways(case, show):
    live = show(CASES[case]())
    live.check()
    values = {
        "attention-cost": {"n": 7, "m": 9, "d_model": 96, "h": 3},
        "position-map": {"position": 3, "d_model": 24, "base": 77.0, "layout": "concatenated"},
        "layer-costs": {"n": 700, "d": 96, "k": 7, "r": 33, "count": "all"},
        "receptive-field": {"n": 9, "layer": "rnn", "layers": 2, "k": 5, "window": 3, "position": 4},
    }[live.kind]
    kernel = Kernel(live, values)
    assert live.check()["settings"] == values
    live.find("input[type=range]").first.press("ArrowRight")
    sent = kernel.sent
    assert sent[-1] == live.check()["settings"] != values
    arrivals = {
        "cost": [("m", None)],
        "map": [("base", 1), ("position", 63)],
        "costs": [("count", "table"), ("n", 65536)],
        "field": [("layer", "dilated cnn"), ("n", 64), ("position", 63)],
    }
    for name, value in arrivals[case]:
        kernel.tell(name, value)
        assert live.check()["settings"][name] == value and len(kernel.sent) == len(sent)
    if case == "field":  # a shorter row arrives before its position
        for name, value in [("n", 5), ("position", 4)]:
            kernel.tell(name, value)
            live.element.evaluate(
                "() => new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))"
            )
        assert live.check()["settings"]["position"] == 4
    kernel.close()
    assert live.page.locator(ELEMENTS).count() == 0 and live.page.problems == []
