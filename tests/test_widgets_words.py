"""VectorPlane, SoftmaxBars and SoftLookup: what they take and refuse, and in a browser each number against Python's."""

import json
import math
import re
from html import escape

import numpy as np
import pytest
import torch
from helpers import (
    EVIL,
    MAXIMUM,
    Kernel,
    Live,
    checks,
    fits,
    number,
    refuses,
    shows,
    spec_of,
    tab_stops,
    violations,
)

from self_attention.widgets import SoftLookup, SoftmaxBars, VectorPlane
from self_attention.widgets._base import decode, visible

RNG = np.random.default_rng(0)
ELEMENTS = "vector-plane, softmax-bars, soft-lookup"
SCORES = [-3, 2, -1, 0]
NAN = np.array([[np.nan, 1.0], [0.0, 1.0]])


def random(*shape):
    return RNG.normal(size=shape)


def plane(vectors=((3, 0), (3, 4), (0, 2)), **settings):
    return VectorPlane(vectors, **{"labels": ["cat", "dog", "sun"], **settings})


def bars(scores=SCORES, **settings):
    return SoftmaxBars(scores, **settings)


def lookup(keys=((1, 0), (0, 1), (-1, 1)), values=((10, 0), (0, 20), (1, -1)), **settings):
    return SoftLookup(keys, values, **{"query": [2, 1], **settings})


# What goes in.

REFUSED = {
    "one axis": (lambda: VectorPlane([1, 2]), "expected vectors to be (n, d), n from 2 to 60, d >= 2, got shape (2,)"),
    "one vector": (lambda: VectorPlane([[1, 2]]), "got shape (1, 2)"),
    "one dimension": (lambda: VectorPlane([[1], [2]]), "got shape (2, 1)"),
    "61 vectors": (lambda: VectorPlane(np.ones((61, 2))), "got shape (61, 2)"),
    "NaN": (lambda: VectorPlane(NAN), "expected vectors to be finite"),
    "labels": (lambda: plane(labels=["a"]), "expected labels to have one entry for each of the 3 vectors, got 1"),
    "axes of a shape": (lambda: plane(axes=np.eye(3)), "expected axes to be (2, 2), got shape (3, 3)"),
    "oblique axes": (lambda: plane(axes=[[1, 0], [0.6, 0.8]]), "but their dot products are [[1.0, 0.6], [0.6, 1.0]]"),
    "long axes": (lambda: plane(axes=[[2, 0], [0, 1]]), "expected axes to be orthonormal"),
    "no such label": (lambda: plane(first="cow"), "first to be one of the labels ['cat', 'dog', 'sun'], got 'cow'"),
    "one score": (lambda: SoftmaxBars([1]), "expected scores to be 2 to 10 numbers, got shape (1,)"),
    "eleven scores": (lambda: SoftmaxBars(range(11)), "expected scores to be 2 to 10 numbers, got shape (11,)"),
    "scores in rows": (lambda: SoftmaxBars([[1, 2]]), "got shape (1, 2)"),
    "infinite score": (lambda: SoftmaxBars([1, math.inf]), "expected scores to be finite"),
    "labels of scores": (lambda: SoftmaxBars(SCORES, labels="ab"), "labels to have one entry for each of the 4"),
    "keys of 3": (lambda: lookup(keys=np.ones((3, 3))), "keys to be (m, 2) and values (m, d_v), got keys (3, 3)"),
    "values of others": (lambda: lookup(values=np.ones((2, 2))), "got keys (3, 2), values (2, 2)"),
    "no document": (lambda: lookup(np.ones((0, 2)), np.ones((0, 2))), "1 to 10 documents, got keys (0, 2)"),
    "seven features": (lambda: lookup(values=np.ones((3, 7))), "1 to 6 features, got keys (3, 2), values (3, 7)"),
    "titles": (lambda: lookup(titles="ab"), "expected titles to have one entry for each of the 3 vectors, got 2"),
    "features": (lambda: lookup(features="abc"), "expected features to have one entry for each of the 2"),
    "key_features": (lambda: lookup(key_features="abc"), "expected key_features to have one entry for each of the 2"),
    "control": (lambda: lookup(controls=["mask"]), "unknown control in ['mask']: expected some of ['temperature', "),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name):
    refuses(*REFUSED[name])


TEMPERATURES = (
    [0, 1e-6, 1, 1e6, math.inf],
    [-1, 1e-7, 1e7, math.nan, -math.inf],
    "expected temperature to be 0, inf or from",
)
BAD_PLACES = [1], "ab", [1, math.nan], [1, True], 1
BAD_MOVES = [*({key: [0, 0]} for key in ("3", "x", "-1")), *({"0": place} for place in BAD_PLACES)]
SETTINGS = {
    (plane, "first"): ([0, 2], [3, -1], "expected first to be from 0 to 2, got"),
    (plane, "second"): ([0, 2], [3, -1], "expected second to be from 0 to 2, got"),
    (plane, "moved"): ([{}, {"0": [1.0, 2.0]}], BAD_MOVES, "moved"),
    (bars, "scores"): ([[1.0, 2.0, 3.0, 4.0]], [[1, 2, 3, math.nan], ["a"] * 4], "expected scores to be"),
    (bars, "temperature"): TEMPERATURES,
    (lookup, "temperature"): TEMPERATURES,
    (lookup, "query"): ([[0.0, 0.0], [1e6, -2.5]], [[1], [1, 2, 3], [1, math.inf], ["a", "b"]], "query to be two"),
    (lookup, "scale"): (["1", "1/sqrt(d_k)", "1/d_k"], ["sqrt"], "expected scale to be one of ['1', "),
    (lookup, "method"): (["softmax", "relu"], ["ReLU"], "expected method to be one of ['softmax', 'relu'], got 'ReLU'"),
}  # fmt: skip


@pytest.mark.parametrize("make, name", SETTINGS)
def test_settings_are_checked_at_the_start_and_later(make, name):
    checks(make, name, *SETTINGS[make, name])


@pytest.mark.parametrize("kind", [np.array, np.float32, torch.tensor, np.ndarray.tolist])
def test_kinds_of_arrays(kind):
    convert = kind if kind is np.ndarray.tolist else lambda array: kind(array.tolist())
    keys, values = RNG.integers(-9, 9, size=(2, 3, 2)).astype(float)
    assert lookup(convert(keys), convert(values), query=convert(keys[0])).scores == pytest.approx(keys @ keys[0])
    assert VectorPlane(convert(keys)).dot == keys[0] @ keys[1]
    assert SoftmaxBars(convert(keys[:, 0])).scores == keys[:, 0].tolist()


# What Python computes.


def test_cosine_and_angle_in_all_dimensions():
    vectors = random(5, 7).round(2)
    widget = VectorPlane(vectors, labels="abcde", first="b", second=3)
    u, v = vectors[1], vectors[3]
    assert (widget.first, widget.second) == (1, 3)
    assert widget.dot == pytest.approx(u @ v)
    assert widget.lengths == pytest.approx((np.linalg.norm(u), np.linalg.norm(v)))
    assert widget.cosine == pytest.approx(u @ v / np.linalg.norm(u) / np.linalg.norm(v))
    assert widget.angle == pytest.approx(np.degrees(np.arccos(widget.cosine)))
    nothing = VectorPlane([[0, 0], [1, 1]])
    assert nothing.dot == 0 and math.isnan(nothing.cosine) and math.isnan(nothing.angle)
    assert plane(second="cat").angle == 0 and VectorPlane([[1, 2], [-2, -4]]).angle == 180


def test_a_tip_moves_within_the_plane_only():
    vectors = random(5, 7).round(2)
    widget = VectorPlane(vectors)
    axes, before = decode(widget._spec["axes"]), widget.places
    widget.moved = {2: [1.5, -2]}
    assert widget.places[2].tolist() == [1.5, -2] and (widget.places[[0, 1, 3, 4]] == before[[0, 1, 3, 4]]).all()
    assert widget.vectors[2] @ axes.T == pytest.approx([1.5, -2], abs=1e-4)
    across = np.eye(7) - axes.T @ axes  # away from the plane
    assert widget.vectors[2] @ across == pytest.approx(vectors[2] @ across, abs=1e-4)
    flat = plane(moved={0: [1, 7]})
    assert flat.vectors.tolist() == [[1, 7], [3, 4], [0, 2]] and flat.moved == {"0": [1.0, 7.0]}


def test_the_plane_is_that_of_the_principal_components():
    stretch = np.array([1, 9, 1, 4, 1, 1])
    vectors = random(60, 6) * stretch + 3
    spec = VectorPlane(vectors)._spec
    axes = decode(spec["axes"])
    assert axes @ axes.T == pytest.approx(np.eye(2), abs=1e-5)
    assert abs(axes[0, 1]) > 0.9 and abs(axes[1, 3]) > 0.9
    assert (axes[[0, 1], np.abs(axes).argmax(axis=1)] > 0).all(), "signs are fixed"
    parts = np.linalg.eigvalsh(np.cov(vectors.T))
    assert spec["spread"] == pytest.approx(parts[-2:].sum() / parts.sum(), abs=0.006)
    assert plane()._spec["axes"] == {"shape": [2, 2], "digits": 6, "data": [1000000, 0, 0, 1000000]}
    mine = VectorPlane(vectors, axes=np.eye(6)[[5, 0]])
    assert mine.places == pytest.approx(vectors[:, [5, 0]], abs=1e-3)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_softmax_and_its_jacobian_are_those_of_torch(temperature):
    scores = random(6)
    bars = SoftmaxBars(scores, temperature=temperature)
    softmax = lambda s: torch.softmax(s / temperature, dim=0)  # noqa: E731
    assert np.abs(bars.weights - softmax(torch.tensor(scores)).numpy()).max() < 1e-12
    jacobian = torch.autograd.functional.jacobian(softmax, torch.tensor(scores))
    assert np.abs(bars.jacobian - jacobian.numpy()).max() < 1e-12
    assert bars.exponentials / bars.exponentials.sum() == pytest.approx(bars.weights)
    assert bars.entropy == pytest.approx(-(bars.weights * np.log2(bars.weights)).sum())


def test_the_ends_of_the_temperature():
    bars = SoftmaxBars([1, 3, 3], temperature=0)
    assert bars.weights.tolist() == [0, 0.5, 0.5] and not bars.jacobian.any() and np.isnan(bars.exponentials).all()
    bars.temperature = math.inf
    assert bars.weights.tolist() == [1 / 3] * 3 and not bars.jacobian.any() and bars.exponentials.tolist() == [1] * 3
    with pytest.raises(ValueError, match=re.escape("expected scores to be 3 numbers, got shape (2,)")):
        bars.scores = [1, 2]
    assert SoftmaxBars([1000, 0]).weights.tolist() == [1, 0] and SoftmaxBars([1000, 0]).exponentials[0] == math.inf


def test_infinity_travels_as_a_word():
    for widget in (SoftmaxBars(SCORES, temperature=math.inf), lookup(temperature=math.inf)):
        assert spec_of(widget)["settings"]["temperature"] == "inf"
        assert widget.get_state("temperature") == {"temperature": "inf"}
        assert "inf" in widget.fallback()
        widget.set_state({"temperature": 0.5})
        assert widget.temperature == 0.5
        widget.set_state({"temperature": "inf"})
        assert widget.temperature == math.inf


def test_soft_and_hard_look_up():
    widget = lookup(scale="1/sqrt(d_k)")
    keys, values = np.array([[1, 0], [0, 1], [-1, 1]]), np.array([[10, 0], [0, 20], [1, -1]])
    scores = torch.tensor(keys @ [2.0, 1.0])
    assert widget.scores == pytest.approx(scores / 2**0.5)
    assert widget.weights == pytest.approx(torch.softmax(scores / 2**0.5, dim=0).numpy())
    assert widget.output == pytest.approx(widget.weights @ values)
    widget.temperature = 0
    assert widget.output.tolist() == [10, 0]
    widget.method, widget.scale = "relu", "1/d_k"
    assert widget.weights.tolist() == [1, 0.5, 0] and widget.output.tolist() == [10, 10]


# What goes out.


@pytest.mark.parametrize("name", [EVIL, "<!--", '"&quot;&<b>', "\u2028", "𝔸→é", ""])
def test_html_says_what_the_names_say(name):
    widgets = [plane(labels=[name, "b", "c"], caption=name), SoftmaxBars(SCORES, labels=[name, *"bcd"], caption=name)]
    widgets.append(lookup(titles=[name, "b", "c"], features=[name, "f"], key_features=[name, "k"], caption=name))
    for widget in widgets:
        assert spec_of(widget) == {**widget._spec, "settings": widget.settings}
        html = widget.to_html()
        assert html.count("<script") == html.count("</script>") == 1 and "<img" not in html and "<!--" not in html
        assert f'<th scope="row">{escape(visible(name))}</th>' in html


def test_the_same_every_time_and_a_repr():
    make = [plane, lambda: SoftmaxBars(SCORES, temperature=0.5), lookup, lambda: lookup(method="relu")]
    said = [
        "VectorPlane(3 vectors, d=2, 'cat' and 'dog': cosine 0.60)",
        "SoftmaxBars([-3.0, 2.0, -1.0, 0.0], temperature=0.5)",
        "SoftLookup(3 documents, d_v=2, query=[2.0, 1.0], temperature=1)",
        "SoftLookup(3 documents, d_v=2, query=[2.0, 1.0], method='relu')",
    ]
    for again, text in zip(make, said, strict=True):
        one, other = again()._repr_mimebundle_()[0], again()._repr_mimebundle_()[0]
        assert one["text/plain"] == text and one["text/html"] == other["text/html"]


# In the browser.

NUMBERS = {
    "vector-plane": ("dot", "cosine", "angle", "lengths"),
    "softmax-bars": ("exponentials", "weights", "entropy", "jacobian"),
    "soft-lookup": ("scores", "weights", "output"),
}
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
STATE = """async (el, names) => {
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const all = (selector, what) => Array.from(el.shadowRoot.querySelectorAll(selector), what);
    return {
        settings: el.settings,
        numbers: names.map((name) => typeof el[name] === "number" ? [el[name]] : Array.from(el[name])),
        fields: all(".field", (field) => field.value),
        rows: all("tr", (row) => Array.from(row.cells, (cell) => cell.innerText.trim())),
        live: all(".live", (line) => line.textContent)[0],
        note: all(".note", (line) => line.textContent)[0],
        handles: all(".handle", (node) => {
            const { left, top, width, height } = node.getBoundingClientRect();
            return { x: left + width / 2, y: top + height / 2, width, height };
        }),
        wrong: all("svg *, .bar, .track div", (node) => node.outerHTML)
            .filter((html) => /NaN|undefined|Infinity/.test(html)),
    };
}"""


def rebuild(spec):
    """The widget in Python, from the data that a page carries."""
    arrays = {name: decode(spec[name]) for name in ("vectors", "axes", "keys", "values") if name in spec}
    names = {name: spec[name] for name in ("labels", "titles", "features", "key_features") if name in spec}
    needed = {name: spec["settings"][name] for name in ("scores", "query") if name in spec["settings"]}
    kinds = {"vector-plane": VectorPlane, "softmax-bars": SoftmaxBars, "soft-lookup": SoftLookup}
    return kinds[spec["element"]](**arrays, **names, **needed)


class Words(Live):
    """One of the three on a page, and the same one in Python."""

    rebuild = staticmethod(rebuild)

    def check(self):
        """Compare the page's numbers and words with Python's for the settings as they are; return its state."""
        state = self.element.evaluate(STATE, NUMBERS[self.kind])
        for name, value in state["settings"].items():
            setattr(self.python, name, math.inf if value == "inf" else value)
        for name, got in zip(NUMBERS[self.kind], state["numbers"], strict=True):
            expected = np.ravel(getattr(self.python, name))
            assert np.allclose(got, expected, rtol=1e-9, atol=MAXIMUM, equal_nan=True), (name, state["settings"])
        assert state["wrong"] == []
        CHECKS[self.kind](self.python, self.spec, **state)
        return state


def about(text, value, digits=4):
    """Say whether a text with some four digits is that number."""
    return number(text) == pytest.approx(value, rel=0.51 * 10 ** (1 - digits), abs=1e-4)


def check_plane(widget, spec, rows, live, **_):
    """Compare what a plane says about the two with Python's numbers."""
    one, two = (spec["labels"][i] for i in (widget.first, widget.second))
    (dot, first, second, cosine, angle), (a, b) = [value for _, value in rows], widget.lengths
    assert about(dot, widget.dot) and about(first, a) and about(second, b)
    said = "no cosine, for a vector of length 0 has no direction"
    if a and b:
        assert shows(cosine, widget.cosine, 3) and shows(angle[:-1], widget.angle, 1) and angle[-1] == "°"
        said = re.fullmatch(r"(.*: )cosine (\S+), angle (\d+)°", live)
        assert shows(said[2], widget.cosine, 2) and abs(int(said[3]) - widget.angle) <= 0.5 + 1e-9
        said = live.removeprefix(said[1])
    assert live == f"{one} and {two}: {said}"
    assert f"length of {one}" in rows[1][0] and f"length of {two}" in rows[2][0]


def check_bars(widget, spec, rows, fields, live, note, **_):
    """Compare all numbers of the bars with Python's."""
    n = len(widget.scores)
    chain, total, slopes = rows[1 : n + 1], rows[n + 1], rows[n + 3 :]
    exps = widget.exponentials
    for i, row in enumerate(chain):
        label, _, exp, weight = row
        assert label == spec["labels"][i] and about(fields[i], widget.scores[i]) and shows(weight, widget.weights[i], 4)
        assert exp == "∞" if exps[i] == math.inf else exp == "–" if np.isnan(exps[i]) else about(exp, exps[i], 3)
    assert shows(total[3], 1, 4)
    decimals = 2 if n > 6 else 3
    for i, row in enumerate(slopes):
        for text, slope in zip(row[1:], widget.jacobian[i], strict=True):
            text = re.sub(r"^(−?)\.", r"\g<1>0.", text)
            assert shows(text, slope, 1 if n <= 6 and abs(slope) >= 10 else decimals), (text, slope)
    said = re.match(r"entropy (\S+) of at most (\S+) bits", note)
    assert shows(said[1], widget.entropy, 3) and shows(said[2], math.log2(n), 3)
    label, score, weight = re.fullmatch(r"(.*): score (\S+), weight (\S+)", live, re.DOTALL).groups()
    i = spec["labels"].index(label)
    assert about(score, widget.scores[i]) and shows(weight, widget.weights[i], 2)


def check_lookup(widget, spec, rows, fields, live, **_):
    """Compare all numbers of a look-up with Python's."""
    m, many = len(spec["titles"]), len(spec["features"]) > 4
    assert all(about(text, x) for text, x in zip(fields, widget.query, strict=True))
    reads, total, parts, mixture = rows[1 : m + 1], rows[m + 1], rows[m + 3 : -1], rows[-1]
    for j, (name, score, weight) in enumerate(reads):
        title, *numbers = parts[j]
        assert name.startswith(title) and title == spec["titles"][j]
        assert shows(score, widget.scores[j], 2) and shows(weight.strip(), widget.weights[j], 3)
        for text, x in zip(numbers, decode(spec["values"])[j], strict=True):
            assert about(text.strip(), x, 3 if many else 4)
    assert shows(total[2], widget.weights.sum(), 3)
    for text, x in zip(mixture[1:], widget.output, strict=True):
        assert shows(text.strip(), x, 1 if many and abs(x) >= 10 else 2)
    read, back = re.fullmatch(r"reads (.*); comes back: (.*)", live, re.DOTALL).groups()
    most = int(widget.weights.argmax())
    found = re.search(rf"(^|, ){re.escape(spec['titles'][most])} \d", read)
    assert found or (read == "nothing" and widget.weights.max() <= 0.005)
    assert [name in back for name in spec["features"]] == [True] * len(spec["features"])


CHECKS = {"vector-plane": check_plane, "softmax-bars": check_bars, "soft-lookup": check_lookup}
WORDS = [f"word{i}" for i in range(24)]
NAMES = {"titles": ["cats", "dogs", "trains"], "features": ["fur", "wheels"], "key_features": ["animals", "machines"]}
TEN = [EVIL, "<b>", *"cdefghij"]
CASES = {
    "plane of two dimensions": lambda: plane([[3, 1], [2.5, 1.5], [-1, 2]]),
    "plane of 24 words": lambda: VectorPlane(random(24, 16), labels=WORDS, first=3, second=20),
    "plane of 60 vectors": lambda: VectorPlane(random(60, 2) * 1e4, moved={5: [0, 0]}, second=5),
    "plane of zeros": lambda: VectorPlane(np.zeros((2, 3)), labels=[EVIL, "<b>"]),
    "four scores": lambda: SoftmaxBars(SCORES, labels="ABCD"),
    "ten scores": lambda: SoftmaxBars(random(10) * 30, labels=TEN, temperature=math.inf),
    "large scores": lambda: SoftmaxBars([1000, 999, -1e6], caption=EVIL),
    "look-up": lambda: lookup(**NAMES),
    "look-up of ten": lambda: SoftLookup(random(10, 2), random(10, 6) * 100, query=[0, 0], titles=TEN, temperature=0),
    "look-up by ReLU": lambda: lookup(method="relu", controls=["temperature", "scale", "method"], caption=EVIL),
}  # fmt: skip
SOME = ("plane of two dimensions", "four scores", "look-up")


@pytest.fixture
def show(open_widget):
    """Open a widget's own page and hold it against Python: `live = show(widget, width=390)`."""

    def show(widget, **options):
        page = open_widget(widget, **options)
        return Words(page, page.locator(ELEMENTS))

    return show


def work(live):
    """Work every control there is, then Reset."""
    start = live.check()
    work_temperature(live)
    for control in live.find("select").all():
        for option in ("1", "0"):
            control.select_option(index=int(option))
            assert int(option) in live.check()["settings"].values()
    for radio in reversed(live.find("input[type=radio]").all()):
        radio.check()
        assert radio.get_attribute("value") in live.check()["settings"].values()
    for at, slider in enumerate(live.find(".slide input").all()):
        work_score(live, slider, at)
    for handle in range(len(start["handles"])):
        work_handle(live, handle)
    work_fields(live)
    live.element.get_by_role("button", name="Reset").click()
    end = live.check()
    for what in ("settings", "numbers", "rows", "fields", "live"):
        assert json.dumps(end[what]) == json.dumps(start[what]), what
    assert live.page.problems == []


def work_temperature(live):
    slider = live.element.get_by_label("Temperature")
    if slider.count() == 0 or slider.is_disabled():
        return
    seen = []
    for key, value in [("Home", 0), ("ArrowRight", 0.01), ("ArrowRight", 0.011), ("End", "inf"), ("ArrowLeft", 100)]:
        slider.press(key)
        assert live.check()["settings"]["temperature"] == value
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    for part in (0.01, 0.3, 0.5, 0.7, 0.99):
        live.page.mouse.click(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
        seen.append(live.check()["settings"]["temperature"])
    assert seen == sorted(seen, key=float) and seen[0] == 0 and seen[-1] == "inf" and 0.8 < seen[2] < 1.25


def work_score(live, slider, at):
    """A score by the keyboard, and by dragging: the number is where the pointer is."""
    low, high, step = (float(slider.get_attribute(part)) for part in ("min", "max", "step"))
    for key, value in [("Home", low), ("ArrowRight", low + step), ("End", high)]:
        slider.press(key)
        assert live.check()["settings"]["scores"][at] == pytest.approx(value)
    assert (float(slider.get_attribute("min")), float(slider.get_attribute("max"))) == (low, high)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box["height"] >= 24
    place = lambda part: (box["x"] + 12 + part * (box["width"] - 24), box["y"] + box["height"] / 2)  # noqa: E731
    live.page.mouse.move(*place(1))
    live.page.mouse.down()
    for part in (0.75, 0.25, 0.5):
        live.page.mouse.move(*place(part), steps=3)
        assert live.check()["settings"]["scores"][at] == pytest.approx(low + part * (high - low), abs=2 * step)
    live.page.mouse.up()


def work_handle(live, k):
    """A tip by the keyboard, and dragged; it stays where it is put, inside the plane."""
    handle = live.find(".handle").nth(k)
    handle.scroll_into_view_if_needed()
    before = live.check()
    x, y = before["handles"][k]["x"], before["handles"][k]["y"]
    assert before["handles"][k]["width"] >= 24 and before["handles"][k]["height"] >= 24
    ways = {"ArrowUp": (0, -1), "ArrowLeft": (-1, 0), "ArrowRight": (1, 0), "ArrowDown": (0, 1)}
    for (key, way), back in zip(ways.items(), reversed(ways), strict=True):
        handle.press(key)
        now = live.check()["handles"][k]
        handle.press(back)
        assert ((now["x"] - x) * way[0] + (now["y"] - y) * way[1]) == pytest.approx(18, abs=10)
        assert live.check()["handles"][k]["x"] == pytest.approx(x, abs=3)
    box = live.find(".plane").bounding_box()
    centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # The upper of two handles at one place is the one that a pointer takes: another test drags two.
    others = [other for other in live.check()["handles"][k + 1 :] if math.hypot(other["x"] - x, other["y"] - y) < 40]
    if others:
        return
    now = live.check()["handles"][k]
    live.page.mouse.move(now["x"] + 5, now["y"] - 4)
    live.page.mouse.down()
    for place in [(centre[0] + 30, centre[1] - 20), (centre[0] - 20, centre[1] + 25)]:
        live.page.mouse.move(*place, steps=4)
        now = live.check()["handles"][k]
        assert (now["x"] + 5, now["y"] - 4) == pytest.approx(place, abs=2), "the tip does not follow the pointer"
    live.page.mouse.move(box["x"] - 300, box["y"] - 300, steps=4)
    now = live.check()["handles"][k]
    assert box["x"] < now["x"] < box["x"] + 60 and box["y"] < now["y"] < box["y"] + 60
    live.page.mouse.up()
    live.page.mouse.move(now["x"], now["y"])
    live.page.mouse.move(now["x"] + 8, now["y"] + 8)
    after = live.check()["handles"][k]
    assert (after["x"], after["y"]) == (now["x"], now["y"]), "released, it still follows"


def work_fields(live):
    """A number typed in; what is no number changes nothing, and goes away."""
    for at, field in enumerate(live.find(".field").all()):
        name = "scores" if live.kind == "softmax-bars" else "query"
        for text, value in [("2.25", 2.25), ("-0,5", -0.5), ("x", -0.5), ("", -0.5), ("1e3", 1000), ("3", 3)]:
            field.fill(text)
            assert live.element.evaluate("(el, name) => el.settings[name]", name)[at] == value
            assert (field.get_attribute("aria-invalid") == "true") == (text in ("x", ""))
        field.press("Control+a")
        field.press_sequentially("-2.50")
        live.element.evaluate(FRAMES)
        assert field.input_value() == "-2.50", "what is being typed is left alone"
        assert live.element.evaluate("(el, name) => el.settings[name]", name)[at] == -2.5
        field.fill("oops")
        field.press("Tab")
        live.check()
        assert field.input_value() == "−2.5" and field.get_attribute("aria-invalid") is None


@pytest.mark.parametrize("case", CASES)
def test_every_control(case, show):
    work(show(CASES[case]()))


def test_every_control_of_the_widgets_of_the_site(site, visit):
    mark = re.compile("<(vector-plane|softmax-bars|soft-lookup)>")
    pages = [page for page in site.pages if mark.search((site.folder / page).read_text("utf-8"))]
    assert len(pages) >= 3
    for page in pages:
        page = visit(site.url + page)
        for element in page.locator(ELEMENTS).all():
            element.scroll_into_view_if_needed()
            work(Words(page, element))


def tip(live, i):
    """Where the tip of vector i is in the window."""
    box = live.find("svg").bounding_box()
    x, y = live.element.evaluate("(el, i) => el.view.view.toScreen(el.view.now[i])", i)
    return box["x"] + x, box["y"] + y


def test_a_tap_compares_and_a_drag_moves(show):
    live = show(CASES["plane of 24 words"]())
    live.check()
    before = live.check()["settings"]
    for i, pair in [(7, (7, 20)), (11, (7, 11)), (7, (7, 11)), (2, (2, 11))]:
        live.page.mouse.click(*tip(live, i))
        state = live.check()["settings"]
        assert (state["first"], state["second"]) == pair and state["moved"] == {}, (before, i)
    x, y = tip(live, 15)
    live.page.mouse.move(x, y)
    live.page.mouse.down()
    live.page.mouse.move(x + 30, y + 10, steps=5)
    live.page.mouse.up()
    state = live.check()["settings"]
    assert state["second"] == 15 and list(state["moved"]) == ["15"]
    assert tip(live, 15) == pytest.approx((x + 30, y + 10), abs=3)
    live.page.mouse.click(*tip(live, 0), button="right")
    x, y = tip(live, 15)
    live.page.mouse.move(x, y)
    live.page.mouse.down()
    live.page.mouse.move(x + 2, y)
    live.page.mouse.up()
    assert live.check()["settings"] == state, "a tap may tremble"

    live.page.set_viewport_size({"width": 600, "height": 900})
    live.check()
    width = live.find("svg").bounding_box()["width"]
    assert width == pytest.approx(live.element.evaluate("el => el.view.view.width"), abs=1)
    live.page.mouse.click(*tip(live, 7))
    live.element.get_by_role("button", name="Reset").click()
    live.page.mouse.click(*tip(live, 9))
    state = live.check()["settings"]
    assert (state["first"], state["second"], state["moved"]) == (9, 20, {})


@pytest.mark.parametrize("case", SOME)
def test_touch_on_a_phone(case, show):
    live = show(CASES[case](), width=390, has_touch=True, is_mobile=True, device_scale_factor=3)
    live.check()
    fits(live)
    if live.kind == "vector-plane":
        live.page.touchscreen.tap(*tip(live, 2))
        assert live.check()["settings"]["first"] == 2
    if live.kind == "softmax-bars":
        box = live.find(".slide input").first.bounding_box()
        live.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert abs(live.check()["settings"]["scores"][0]) <= 0.2
        return
    handle = live.find(".handle").first
    handle.scroll_into_view_if_needed()
    live.page.evaluate("document.body.style.height = '3000px'")  # a finger could scroll
    at = live.check()["handles"][0]
    client = live.page.context.new_cdp_session(live.page)
    way = 1 if at["x"] < 195 else -1
    for kind, dx in [("touchStart", 0), ("touchMove", 20 * way), ("touchMove", 40 * way), ("touchEnd", None)]:
        points = [] if dx is None else [{"x": at["x"] + dx / 2, "y": at["y"] + abs(dx)}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    now = live.check()["handles"][0]
    assert (now["x"], now["y"]) == pytest.approx((at["x"] + 20 * way, at["y"] + 40), abs=3)


@pytest.mark.parametrize("case", CASES)
def test_fits_a_phone_and_keeps_its_size(case, show):
    live = show(CASES[case](), width=390)
    live.check()
    fits(live)
    count = "el => el.shadowRoot.querySelectorAll('*').length"
    before = live.element.evaluate(count), live.element.bounding_box()["width"]
    handles = live.find(".handle")
    for key in ["ArrowRight", "ArrowUp"] * 3:
        (handles if handles.count() else live.find("input[type=range]")).first.press(key)
        live.check()
    assert (live.element.evaluate(count), live.element.bounding_box()["width"]) == before
    fits(live)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("case", [*SOME, "ten scores", "look-up by ReLU"])
def test_axe_finds_nothing(case, theme, show):
    live = show(CASES[case](), theme=theme)
    live.check()
    assert violations(live) == []


@pytest.mark.parametrize("case", SOME)
def test_every_stop_of_the_tab_key_has_a_name_and_a_visible_focus(case, show):
    live = show(CASES[case]())
    live.check()
    assert len(tab_stops(live)) == {"vector-plane": 6, "softmax-bars": 11, "soft-lookup": 7}[live.kind]


@pytest.mark.parametrize("case", ["plane of zeros", "ten scores", "look-up of ten"])
def test_evil_name_shows_as_text(case, show):
    live = show(CASES[case]())
    live.check()
    assert live.page.locator("img").count() == 0
    assert live.element.get_by_text(EVIL).filter(visible=True).count() > 0
    assert live.page.problems == []


@pytest.mark.parametrize("case", SOME)
def test_no_script_shows_the_table_with_the_same_numbers(case, show, visit, tmp_path):
    widget = CASES[case]()
    path = tmp_path / "still.html"
    path.write_text(widget.to_page(), encoding="utf-8")
    page = visit(path.as_uri(), java_script_enabled=False)
    assert page.locator("td").first.is_visible()
    rows = [row.locator("td").all_inner_texts() for row in page.locator("tbody tr").all()]
    cells = [[float(text or "nan") for text in row] for row in rows]
    if case == "four scores":
        expected = np.stack([widget.scores, widget.exponentials, widget.weights], axis=1)
    elif case == "look-up":
        values = decode(widget._spec["values"])
        expected = np.vstack([np.column_stack([widget.scores, widget.weights, values]), [math.nan, 1, *widget.output]])
    else:
        lengths = np.linalg.norm(widget.vectors, axis=1)
        units = widget.vectors / lengths[:, None]
        expected = np.column_stack([lengths, units @ units[:2].T])
    assert np.allclose(cells, expected, rtol=1e-3, atol=0.00501, equal_nan=True)
    assert not show(widget).element.locator("figure").is_visible()


def test_light_and_dark(show):
    for case in SOME:
        live = show(CASES[case](), theme="dark")
        live.check()
        ink = "el => getComputedStyle(el.shadowRoot.querySelector('.handle, .jacobian td')).color"
        dark = live.element.evaluate(ink)
        live.page.evaluate("document.documentElement.dataset.theme = 'light'")
        live.check()
        assert live.element.get_attribute("dark") is None and live.element.evaluate(ink) != dark


def test_reduced_motion(show):
    live = show(CASES["four scores"]())
    live.check()
    duration = "el => getComputedStyle(el.shadowRoot.querySelector('.track .bar')).transitionDuration"
    for motion, expected in [("no-preference", "0.09s"), ("reduce", "0s")]:
        live.page.emulate_media(reduced_motion=motion)
        assert live.element.evaluate(duration) == expected


def test_bars_are_as_long_as_their_numbers(show):
    live = show(CASES["four scores"](), theme="light")
    live.page.emulate_media(reduced_motion="reduce")
    live.check()
    part = "bars => bars.map((bar) => bar.getBoundingClientRect().width / bar.parentNode.getBoundingClientRect().width)"
    lengths = [live.find(f".{kind} .bar").evaluate_all(part) for kind in ("exp", "weight")]
    assert lengths[0] == pytest.approx(live.python.exponentials / 10, abs=0.005)  # the scale goes to 10
    assert lengths[1] == pytest.approx(live.python.weights, abs=0.005)
    middles = live.element.evaluate("""el => Array.from(el.shadowRoot.querySelectorAll(".slide"), (slide) => {
        const [bar, zero] = [".bar", ".zero"].map((part) => slide.querySelector(part).getBoundingClientRect());
        return bar.width ? (bar.left + bar.width / 2 - zero.left) / (slide.clientWidth - 24) * 10 : 0;
    })""")
    assert middles == pytest.approx(np.array(SCORES) / 2, abs=0.15)


def test_bars_and_dots_of_a_look_up_are_as_large_as_their_weights(show):
    live = show(CASES["look-up"]())
    live.check()
    weights, values, output = live.python.weights, decode(live.spec["values"]), live.python.output
    part = "bars => bars.map((bar) => bar.getBoundingClientRect().width / bar.parentNode.getBoundingClientRect().width)"
    assert live.find(".share").evaluate_all(part) == pytest.approx(weights, abs=0.01)
    span = values.max() - values.min()
    given = np.append(np.abs(weights[:, None] * values), np.abs(output)) / span
    assert live.find(".part").evaluate_all(part) == pytest.approx(given, abs=0.01)
    assert live.find("tbody .whole").evaluate_all(part) == pytest.approx(np.abs(values).ravel() / span, abs=0.01)
    radii = live.find(".arrow.key circle").evaluate_all("dots => dots.map((dot) => dot.r.baseVal.value)")
    assert sorted(radii) == pytest.approx(sorted(3 + 7 * np.sqrt(weights)))


def test_sliders_reach_grows_with_a_score_and_shrinks_at_reset_only(show):
    live = show(CASES["four scores"]())
    live.check()
    reach = lambda: float(live.find(".slide input").first.get_attribute("max"))  # noqa: E731
    assert reach() == 5
    live.find(".field").first.fill("70")
    live.check()
    assert reach() == 100
    live.find(".slide input").first.press("Home")
    assert live.check()["settings"]["scores"][0] == -100 and reach() == 100
    live.find(".field").first.fill("0")
    live.check()
    assert reach() == 100
    live.element.get_by_role("button", name="Reset").click()
    live.check()
    assert reach() == 5


def test_labels_do_not_cover_each_other(show):
    for width in (736, 390):
        live = show(CASES["plane of 24 words"](), width=width)
        live.check()
        boxes = live.find("svg text:not(.tick):visible").evaluate_all("""texts => texts.map((text) => {
            const { x, y, width, height } = text.getBBox();
            return [x, y + 2, x + width, y + height - 2];
        })""")
        assert len(boxes) >= 22
        for k, a in enumerate(boxes):
            for b in boxes[:k]:
                across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
                assert across <= 4 or down <= 4, (a, b)


@pytest.mark.parametrize("case", SOME)
def test_traits_both_ways(case, show):
    live = show(CASES[case]())
    live.check()
    values = {
        "vector-plane": {"first": 2, "second": 1, "moved": {"1": [1, 1]}},
        "softmax-bars": {"scores": [1, 2, 3, 4], "temperature": "inf"},
        "soft-lookup": {"query": [1, 1], "temperature": 0, "scale": "1/d_k", "method": "softmax"},
    }[live.kind]
    kernel = Kernel(live, values)
    assert live.check()["settings"] == values
    control = ".slide input" if live.kind == "softmax-bars" else ".handle"
    live.find(control).first.press("ArrowUp")
    sent = kernel.sent
    assert sent[-1] == live.check()["settings"] != values
    arrives = {"vector-plane": ("moved", {}), "softmax-bars": ("temperature", 0), "soft-lookup": ("query", [0.5, -2])}
    name, value = arrives[live.kind]
    kernel.tell(name, value)
    assert live.check()["settings"][name] == value and len(kernel.sent) == len(sent)
    kernel.close()
    assert live.page.locator(ELEMENTS).count() == 0 and live.page.problems == []
