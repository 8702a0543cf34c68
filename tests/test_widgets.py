"""The Python side of the widgets: what they take and refuse, what they write, and their traits."""

import json
import re
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser

import ipywidgets
import numpy as np
import pytest
import torch
import traitlets
from helpers import EVIL, checks, rebuild, refuses

from self_attention import causal_mask, scaled_dot_product_attention
from self_attention.widgets import AttentionMap, AttentionPlayer
from self_attention.widgets._base import MAX_NUMBERS, decode, encode, visible

RNG = np.random.default_rng(0)
Q, K, V = RNG.normal(size=(3, 3, 2))
X, W = np.ones((2, 3)), np.ones((3, 2))


def player(**settings):
    return AttentionPlayer(X, W, W, W, **settings)


# What goes in.


@pytest.mark.parametrize("shape", [(3, 2), (4, 3, 2), (5, 4, 3, 2)])
@pytest.mark.parametrize("kind", ["numpy", "lists", "torch", "torch with gradient", "float32"])
def test_kinds_of_arrays(shape, kind):
    arrays = RNG.normal(size=(3, *shape)).round(3)
    convert = {
        "numpy": np.asarray,
        "lists": np.ndarray.tolist,
        "torch": torch.tensor,
        "torch with gradient": lambda array: torch.tensor(array, requires_grad=True),
        "float32": np.float32,
    }[kind]
    last = {"layer": shape[-4] - 1 if len(shape) > 3 else 0, "head": shape[-3] - 1 if len(shape) > 2 else 0}
    widget = AttentionMap(*map(convert, arrays), mask="causal", **last)
    part = arrays.reshape(3, -1, 3, 2)[:, -1]
    output, weights = scaled_dot_product_attention(*part, causal_mask(3))
    assert widget._spec["Q"]["shape"] == [1] * (4 - len(shape)) + list(shape)
    assert np.abs(widget.weights - weights).max() < 1e-6
    assert np.abs(widget.output - output).max() < 1e-6


def test_bfloat16_and_integers():
    halves = torch.tensor([[0.5, 1.0]], dtype=torch.bfloat16)
    assert AttentionMap(halves, halves).scores == 1.25 / 2**0.5
    assert AttentionMap([[2, 1]], torch.tensor([[3, 4]]), scale="1").scores == 10


NAN, LARGE = np.full((3, 2), np.nan), np.full((3, 2), 1e13)
REFUSED = {
    "nothing": (lambda: AttentionMap(), "give Q and K (and V), or scores (and V)"),
    "Q alone": (lambda: AttentionMap(Q), "give Q and K (and V), or scores (and V)"),
    "K alone": (lambda: AttentionMap(None, K), "give Q and K (and V), or scores (and V)"),
    "V alone": (lambda: AttentionMap(V=V), "give Q and K (and V), or scores (and V)"),
    "Q, K and scores": (lambda: AttentionMap(Q, K, scores=Q @ K.T), "give Q and K (and V), or scores (and V)"),
    "one axis": (lambda: AttentionMap(Q[0], K), "Q to be (n, d), (h, n, d) or (layers, h, n, d), got shape (2,)"),
    "five axes": (lambda: AttentionMap(scores=np.ones((1,) * 5)), "got shape (1, 1, 1, 1, 1)"),
    "words": (lambda: AttentionMap([["a"]], K), "expected Q to be an array of real numbers, got list"),
    "numbers in quotes": (lambda: AttentionMap([["1"]], [["2"]]), "Q to be an array of real numbers, got list"),
    "ragged": (lambda: AttentionMap([[1, 2], [3]], K), "expected Q to be an array of real numbers, got list"),
    "complex": (lambda: AttentionMap(Q + 1j, K), "expected Q to be an array of real numbers"),
    "complex torch": (lambda: AttentionMap(torch.tensor(Q + 1j), K), "expected Q to be an array of real numbers"),
    "NaN": (lambda: AttentionMap(Q, NAN), "expected K to be finite, got NaN or infinity"),
    "infinity": (lambda: AttentionMap(scores=[[np.inf, 1]]), "expected scores to be finite, got NaN or infinity"),
    "too large": (lambda: AttentionMap(Q, K, LARGE), "expected V not to exceed 1e+12 in size, got 1e+13"),
    "too many": (lambda: AttentionMap(scores=np.zeros((5, 1000, 1000))), f"at most {MAX_NUMBERS:,} numbers"),
    "too long": (lambda: AttentionMap(scores=np.zeros((1025, 1))), "1 to 1024 queries and keys, got n = 1025, m = 1"),
    "no keys": (lambda: AttentionMap(Q, K[:0]), "1 to 1024 queries and keys, got n = 3, m = 0"),
    "no queries": (lambda: AttentionMap(Q[:0], K), "1 to 1024 queries and keys, got n = 0, m = 3"),
    "no heads": (lambda: AttentionMap(np.zeros((0, 3, 2)), np.zeros((0, 3, 2))), "got Q (0, 3, 2), K (0, 3, 2)"),
    "heads differ": (lambda: AttentionMap([Q], [K, K]), "or a divisor of them, got Q (1, 3, 2), K (2, 3, 2)"),
    "5 heads for 2": (lambda: AttentionMap([Q] * 5, [K] * 2), "or a divisor of them, got Q (5, 3, 2), K (2, 3, 2)"),
    "layers differ": (lambda: AttentionMap([[Q]] * 4, [[K]] * 2), "expected all to have as many layers, or none"),
    "masked query": (lambda: AttentionMap(np.ma.masked_less(Q, 0), K), "some entries are masked"),
    "masked mask": (lambda: AttentionMap(Q, K, mask=np.ma.masked_equal(causal_mask(3), 0)), "some entries are masked"),
    "float64's least": (lambda: AttentionMap(scores=[[-1.7e308, 1]]), "not to be below -1e+40, got -1.7e+308"),
    "d_k differs": (lambda: AttentionMap(Q, K[:, :1]), "to have the same d_k >= 1, got Q (3, 2), K (3, 1)"),
    "d_k = 0": (lambda: AttentionMap(Q[:, :0], K[:, :0]), "to have the same d_k >= 1, got Q (3, 0), K (3, 0)"),
    "values for other keys": (lambda: AttentionMap(Q, K, V[:2]), "one value for each of the 3 keys"),
    "wrong d_k": (lambda: AttentionMap(Q, K, d_k=3), "d_k = 3 is given, but Q and K have d_k = 2"),
    "d_k of 0": (lambda: AttentionMap(scores=Q @ K.T, d_k=0), "expected d_k to be"),
    "d_k of 2.5": (lambda: AttentionMap(scores=Q @ K.T, d_k=2.5), "expected d_k to be"),
    "tokens": (lambda: AttentionMap(Q, K, tokens=["a", "b"]), "tokens to have one entry for each of the 3 vectors"),
    "key_tokens": (lambda: AttentionMap(Q, K[:2], tokens="abc", key_tokens="abc"), "key_tokens to have one entry"),
    "key_tokens missing": (lambda: AttentionMap(Q, K[:2], tokens="abc"), "3 queries and 2 keys: give key_tokens"),
    "mask of numbers": (lambda: AttentionMap(Q, K, mask=np.ones((3, 3))), "expected mask to be boolean, got float64"),
    "mask of a shape": (lambda: AttentionMap(Q, K, mask=causal_mask(2)), "mask to have shape (3, 3), got (2, 2)"),
    "no mask": (lambda: AttentionMap(Q, K, mask=None), "expected mask to be"),
    "padding of numbers": (lambda: AttentionMap(Q, K, padding=[0, 0, 1]), "expected padding to be boolean, got int"),
    "padding of a shape": (lambda: AttentionMap(Q, K, padding=[True]), "expected padding to have shape (3,), got (1,)"),
    "unknown setting": (lambda: AttentionMap(Q, K, temprature=2), "unknown setting ['temprature']: expected one of"),
    "unknown control": (lambda: AttentionMap(Q, K, controls=["heads"]), "unknown control in ['heads']: expected"),
    "digits": (lambda: AttentionMap(Q, K, digits=40), "expected digits to be"),
    "digits of large numbers": (lambda: AttentionMap(Q, 1e11 * K, digits=9), "expected digits to be"),
    "digits of a half": (lambda: AttentionMap(Q, K, digits=0.5), "expected digits to be"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name):
    refuses(*REFUSED[name])


# Settings: the same rules at the start and later.

SETTINGS = {
    "mask": (
        ["none", "causal", "window", "causal+window"],
        ["", "Causal", "causal+causal", "none+causal", "padding", "given"],
        "expected mask to be \"none\" or names from ['causal', 'window'] joined by \"+\", got",
    ),
    "scale": (["1", "1/sqrt(d_k)", "1/d_k"], ["sqrt", ""], "scale to be one of ['1', '1/sqrt(d_k)', '1/d_k'], got"),
    "temperature": ([1e-3, 1, 1e6], [0, -1.0, np.inf, np.nan], "expected temperature to be positive and finite, got"),
    "window": ([1, 3, 99], [0, 2, -1], "expected window to be an odd width, 1, 3, 5, ..., got"),
    "method": (["zero scores", "zero weights", "zero weights, renormalised"], ["zero"], "method to be one of ["),
    "layer": ([0], [1, -1], "expected layer to be from 0 to 0, got"),
    "head": ([0, 1], [2, -1], "expected head to be from 0 to 1, got"),
    "query": ([0, 2], [3, -1], "expected query to be from 0 to 2, got"),
    "show": (["scores"], ["sums"], "expected show to be one of ['weights', 'scores'], got"),
}  # fmt: skip


@pytest.mark.parametrize("name", AttentionMap.SETTINGS)
def test_settings_are_checked_at_the_start_and_later(name):
    checks(partial(AttentionMap, [Q.round(3)] * 2, [K.round(3)] * 2), name, *SETTINGS[name])


def test_names_of_masks_have_one_order_and_need_their_data():
    widget = AttentionMap(Q, K, tokens=["a", "b", "<pad>"], mask=~np.eye(3, dtype=bool))
    assert widget.mask == "given" and not widget.allowed.diagonal().any()
    widget.mask = "given+padding+causal"
    assert widget.mask == "causal+padding+given"
    assert widget.allowed.tolist() == [[False] * 3, [True, False, False], [True, True, False]]
    assert widget.weights[0].tolist() == [0, 0, 0]
    assert AttentionMap(Q, K, padding=[True, False, False], mask="padding").weights[:, 0].tolist() == [0, 0, 0]


def test_scores_alone_cannot_be_scaled_without_d_k():
    assert AttentionMap(scores=Q @ K.T).scale == "1"
    with pytest.raises(ValueError, match=re.escape("expected scale to be one of ['1'], got '1/d_k'")):
        AttentionMap(scores=Q @ K.T, scale="1/d_k")
    scaled = AttentionMap(scores=[[6.0, 3.0]], d_k=3, scale="1/d_k").scores
    assert scaled.tolist() == [[2, 1]]


def test_traits_link_to_plain_ipywidgets():
    widget, slider = AttentionMap(scores=[[14, 12]]), ipywidgets.FloatSlider(1.0, min=0.1, max=10)
    seen = []
    widget.observe(lambda change: seen.append(change.new), "temperature")
    traitlets.link((widget, "temperature"), (slider, "value"))
    slider.value = 2.0
    assert widget.weights.round(2).tolist() == [[0.73, 0.27]]
    widget.temperature = 1.0
    assert slider.value == 1.0 and widget.weights.round(2).tolist() == [[0.88, 0.12]]
    assert seen == [2.0, 1.0]
    assert all(widget.traits()[name].metadata.get("sync") for name in widget.SETTINGS)


# What goes out.


@pytest.mark.parametrize("size", [1e-3, 1, 37, 1e4, 1e9, 1e12])
@pytest.mark.parametrize("digits", [None, 0, 3])
def test_rounding_is_within_half_a_unit(size, digits):
    array = RNG.uniform(-size, size, size=(1, 1, 7, 5))
    encoded = json.loads(json.dumps(encode(array, digits)))
    assert np.abs(decode(encoded) - array).max() <= 0.5000001 / 10 ** encoded["digits"]
    assert digits is None or encoded["digits"] == digits
    assert digits is not None or np.abs(array).max() * 10 ** encoded["digits"] >= 1e4 - 1, "five digits of the largest"


def test_whole_and_short_numbers_stay_exact():
    whole = RNG.integers(-999999, 999999, size=(1, 1, 4, 4)).astype(float)
    assert encode(whole)["digits"] == 0 and (decode(encode(whole)) == whole).all()
    short = np.array([[0.5, -1.25, 3.0]])
    assert encode(short) == {"shape": [1, 3], "digits": 2, "data": [50, -125, 300]}
    assert (decode(encode(np.zeros((2, 2)))) == 0).all()


def test_small_numbers_keep_their_digits():
    tiny = np.array([[1.2345e-17, -2e-18]])
    assert decode(encode(tiny)) == pytest.approx(tiny, rel=1e-4, abs=0)


class Page(HTMLParser):
    """Tags, texts of table cells, and the JSON in a script."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.cells, self.heads, self.json = [], [], [], [], ""
        self.feed(html)
        self.close()
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        if tag in ("td", "th"):
            (self.cells if tag == "td" else self.heads).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] == "script":
            self.json += data
        elif self.open[-1] in ("td", "th"):
            (self.cells if self.open[-1] == "td" else self.heads)[-1] += data


TAGS = {"script", "figure", "table", "caption", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize("token", [EVIL, "<!--", "<script>", "</SCRIPT >", '"&quot;&<b>', "\u2028", "𝔸→é", ""])
def test_html_says_what_the_tokens_say(token):
    maps = AttentionMap(Q, K, V, tokens=[token, "b", "c"], key_tokens=["k", token, "m"], caption=token, mask="causal")
    maps.temperature = 2.0
    page = Page(maps.to_html())
    assert set(page.tags) == TAGS | {"attention-map"}
    assert json.loads(page.json) == {**maps._spec, "settings": maps.settings}
    assert page.heads == ["k", visible(token), "m", visible(token), "b", "c"]
    assert page.cells[0] == ""  # the corner
    assert [float(cell) for cell in page.cells[1:]] == pytest.approx(maps.weights.ravel(), abs=0.005001)
    assert rebuild(json.loads(page.json))._spec["Q"] == maps._spec["Q"]

    page = Page(player(tokens=[token, "b"], caption=token).to_html())
    assert json.loads(page.json)["tokens"] == [visible(token), "b"] and visible(token) in page.heads
    assert set(page.tags) == TAGS | {"attention-player"}


def test_table_of_a_long_map_is_short():
    tokens = [f"{EVIL}{j}" for j in range(300)]
    widget = AttentionMap(scores=RNG.normal(size=(200, 300)), tokens=range(200), key_tokens=tokens)
    page = Page(widget.to_html())
    assert page.tags.count("tr") <= 65 and page.tags.count("td") <= 3 * 64
    order = np.argsort(-widget.weights[0])[:3]
    assert page.cells[:3] == [f"{tokens[j]} {widget.weights[0, j]:.2f}" for j in order]


def test_page_is_whole():
    page = AttentionMap(Q, K).to_page(title="<Attention>")
    assert page.startswith("<!doctype html><html lang=") and "<title>&lt;Attention&gt;</title>" in page
    assert page.count("<script") == 2 and "http" not in re.sub(r"<script>.*</script>", "", page, flags=re.DOTALL)


def test_what_a_notebook_keeps_is_the_same_every_time():
    for make in (lambda: AttentionMap(Q, K, V, tokens="abc"), player):
        bundles = [make()._repr_mimebundle_()[0] for _ in range(2)]
        for kind in ("text/html", "text/plain"):
            assert bundles[0][kind] == bundles[1][kind]
        assert re.search("0x|model_id|IPY_MODEL", bundles[0]["text/html"] + bundles[0]["text/plain"]) is None
        assert {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"} == set(bundles[0])


def test_repr():
    assert repr(AttentionMap(Q, K)) == "AttentionMap(3 queries x 3 keys, d_k=2, mask='none')"
    several = AttentionMap(scores=np.zeros((2, 12, 3, 4)), mask="causal")
    assert repr(several) == "AttentionMap(3 queries x 4 keys, 2 layers, 12 heads, mask='causal')"


def test_widgets_load_neither_torch_nor_matplotlib():
    code = (
        "import sys; from self_attention.widgets import AttentionMap; AttentionMap([[1, 2]], [[3, 4]]).to_html()\n"
        "print([name for name in ('torch', 'matplotlib') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout == "[]\n"


# The player.

PLAYER_REFUSED = {
    "one axis": (lambda: AttentionPlayer(X[0], W, W, W), "expected X to be (n, d_model)"),
    "matrices that do not fit": (lambda: AttentionPlayer(X, W[:2], W, W), "W_q and W_k (d_model, d_k)"),
    "d_k differs": (lambda: AttentionPlayer(X, W[:, :1], W, W), "W_q and W_k (d_model, d_k)"),
    "too many": (lambda: AttentionPlayer(np.ones((7, 3)), W, W, W), "expected n to be from 1 to 6"),
    "no feature": (lambda: AttentionPlayer(X[:, :0], W[:0], W[:0], W[:0]), "expected d_model to be from 1 to 8"),
    "NaN": (lambda: AttentionPlayer(X * np.nan, W, W, W), "expected X to be finite"),
    "divisor": (lambda: player(divisor=0), "expected divisor to be from 1e-06 to 1e+12, got 0.0"),
    "query": (lambda: player(query=2), "expected query to be from 0 to 1, got 2"),
    "step": (lambda: player(step=7), "expected step to be from 0 to 6, got 7"),
    "edit of what is not there": (lambda: player(edits={"Y[0,0]": 1}), "an edit is named like"),
    "edit outside": (lambda: player(edits={"X[2,0]": 1}), "X has the shape (2, 3), got 'X[2,0]'"),
    "edit to NaN": (lambda: player(edits={"X[0,0]": np.nan}), "expected X[0,0] to be a finite number"),
    "edit to a word": (lambda: player(edits={"X[0,0]": "1"}), "expected X[0,0] to be a finite number"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAYER_REFUSED)
def test_player_refuses(name):
    refuses(*PLAYER_REFUSED[name])


def test_player_computes_from_each_edit_on():
    X, W_q, W_k, W_v = RNG.normal(size=(2, 3)).round(2), *RNG.normal(size=(3, 3, 2)).round(2)
    widget = AttentionPlayer(X, W_q, W_k, W_v, divisor=2**0.5)
    output, weights = scaled_dot_product_attention(X @ W_q, X @ W_k, X @ W_v)
    assert np.abs(widget.weights - weights).max() < 1e-12 and np.abs(widget.output - output).max() < 1e-12
    widget.edits = {"scores[0,1]": 1e3}
    assert widget.weights == pytest.approx(np.array([[0, 1], weights[1]]))
    assert widget.output[0] == pytest.approx((X @ W_v)[1])
    widget.edits = {"X[0,0]": 5, "K[1,1]": 7}
    X[0, 0] = 5
    K = X @ W_k
    K[1, 1] = 7
    expected = scaled_dot_product_attention(X @ W_q, K, X @ W_v)[0]
    assert widget.output == pytest.approx(expected)
