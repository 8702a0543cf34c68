"""What people put into the widgets: arrays of every kind and size, masks of every kind, odd numbers and odd words."""

import inspect
import json
import warnings

import numpy as np
import pytest
import torch
from helpers import node, refuses, spec_of

from self_attention import scaled_dot_product_attention, widgets
from self_attention.widgets import AttentionMap, SoftLookup, VectorPlane, _model
from self_attention.widgets._base import FIXED, LONGEST, cut, decimals, decode, encode, label, visible
from self_attention.widgets.attention_map import COLDEST

RNG = np.random.default_rng(0)
HALF = 0.5e-3  # of the last digit of a weight
Q, K, V = RNG.normal(size=(3, 4, 8))


# Precision: weights are those of the numbers that were given, to the last digit shown.


def exact(scores, temperature):
    """Softmax in extended precision."""
    scores = scores.astype(np.longdouble) / temperature
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float64)


def queries_and_keys(dtype, n, m, rng):
    Q, K = rng.normal(size=(n, 64)), rng.normal(size=(m, 64)) / 8
    Q[:, 0] = 1e4  # one feature in thousands, as language models have them
    return {"Q": Q.astype(dtype), "K": K.astype(dtype), "scale": "1"}


def with_outlier(outlier):
    def scores(dtype, n, m, rng):
        scores = rng.normal(size=(n, m))
        limits = np.finfo(dtype if dtype != np.float64 else np.float32)
        scores[rng.random((n, m)) < 0.3] = np.clip(outlier, limits.min, limits.max)
        return {"scores": scores.astype(dtype)}

    return scores


GIVEN = {
    "a large feature": queries_and_keys,
    "plain": with_outlier(0),
    "-1e4": with_outlier(-1e4),
    "-1e9": with_outlier(-1e9),
    "the least number": with_outlier(-1e39),
    "1e9": with_outlier(1e9),
    "nearly alike": lambda dtype, n, m, rng: {"scores": (1 + 1e-6 * rng.normal(size=(n, m))).astype(dtype)},
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kind", GIVEN)
def test_weights_are_those_of_what_was_given(kind, dtype):
    rng = np.random.default_rng(1)
    for _ in range(20):
        given = GIVEN[kind](dtype, *rng.integers(1, 7, size=2), rng)
        widget = AttentionMap(**given)
        scores = given["scores"] if "scores" in given else given["Q"].astype(np.longdouble) @ given["K"].T
        for temperature in (COLDEST, 1, 1 / COLDEST):
            widget.temperature = temperature
            assert np.abs(widget.weights - exact(scores, temperature)).max() < HALF / 4, (given, temperature)


def test_output_is_right_where_values_are_large():
    values = 1e4 * V
    widget = AttentionMap(Q, K, values, scale="1", temperature=0.1)
    assert np.abs(widget.output - exact(Q @ K.T, 0.1) @ values).max() < HALF


def test_a_lower_temperature_is_given_at_the_start():
    assert np.abs(AttentionMap(Q, K, scale="1", temperature=1e-4).weights - exact(Q @ K.T, 1e-4)).max() < HALF
    widget = AttentionMap(Q, K)
    refuses(lambda: setattr(widget, "temperature", 0.01), "weights right down to temperature 0.1, got 0.01")
    widget = AttentionMap(Q.round(2), K.round(2))  # nothing was rounded
    widget.temperature = 0.01
    assert widget.temperature == 0.01


def test_what_no_rounding_would_leave_exact_travels_as_it_is():
    queries, keys = 1e9 * RNG.normal(size=(2, 20, 8))
    widget = AttentionMap(queries, keys)
    assert (decode(json.loads(json.dumps(widget._spec["Q"]))) == queries).all()
    assert np.abs(widget.weights - exact(queries @ keys.T / 8**0.5, 1)).max() < HALF


def test_digits_have_the_last_word():
    assert spec_of(AttentionMap(Q, K, digits=np.int64(2)))["Q"]["digits"] == 2


@pytest.mark.parametrize("make", [VectorPlane, lambda keys: SoftLookup(keys, keys, query=[1, 1])])
def test_small_vectors_beside_large_ones(make):
    spec = make(np.array([[12345.678, 1e4], [0.012345, 0.023456]]))._spec
    small = decode(spec.get("vectors", spec.get("keys")))[1]
    assert small == pytest.approx([0.012345, 0.023456], rel=1e-4)


# Masks that come with the scores.

SHOULD = np.array([[True, False, True], [True, True, False]])
PLAIN = np.array([[0.5, 1.0, -2.0], [3.0, 0.25, 1.0]])
MASKED = {
    "-inf": np.where(SHOULD, PLAIN, -np.inf),
    "-1e9": np.where(SHOULD, PLAIN, -1e9),
    "added -1e4": np.where(SHOULD, PLAIN, PLAIN - 1e4),
    "float16's least": np.where(SHOULD, PLAIN, np.finfo(np.float16).min),
    "float32's least": torch.tensor(PLAIN, dtype=torch.float32).masked_fill(
        ~torch.tensor(SHOULD), torch.finfo(torch.float32).min
    ),
    "bfloat16's least": torch.tensor(PLAIN, dtype=torch.bfloat16).masked_fill(
        ~torch.tensor(SHOULD), torch.finfo(torch.bfloat16).min
    ),
    "masked array": np.ma.masked_array(np.where(SHOULD, PLAIN, np.nan), ~SHOULD),
}


@pytest.mark.parametrize("kind", MASKED)
def test_scores_bring_their_mask(kind):
    widget = AttentionMap(scores=MASKED[kind])
    assert (widget.allowed == SHOULD).all()
    assert (widget.weights > 0).tolist() == SHOULD.tolist()
    assert np.isneginf(widget.scores).tolist() == (~SHOULD).tolist()
    assert [x is None for x in spec_of(widget)["scores"]["data"]] == (~SHOULD).ravel().tolist()
    assert widget.to_html().count("<td>–</td>") == 2
    widget.mask = "causal"
    assert widget.allowed.tolist() == [[True, False, False], [True, True, False]]


def test_a_row_masked_throughout_is_what_its_softmax_is():
    scores = np.array([[0.0, -1e9], [-1e9, -1e9], [-np.inf, -np.inf]])
    assert AttentionMap(scores=scores).weights.tolist() == [[1, 0], [0.5, 0.5], [0, 0]]
    least = np.full((2, 2), np.finfo(np.float32).min)
    least[0, 0] = 1
    assert AttentionMap(scores=least).weights.tolist() == [[1, 0], [0.5, 0.5]]


def test_wide_scores_are_no_mask():
    scores = 1e4 * RNG.normal(size=(8, 8))
    assert AttentionMap(scores=scores).allowed.all() and AttentionMap(scores=[[-2e4, 1e4], [5e3, 1.0]]).allowed.all()
    assert AttentionMap(scores=[[1e9, 0.5]]).allowed.all()


# Grouped queries.


@pytest.mark.parametrize(
    "leading, groups", [((4,), (1,)), ((4,), ()), ((4,), (2,)), ((3, 4), (3, 2)), ((3, 4), (1, 1))]
)
def test_a_head_of_keys_serves_several_heads_of_queries(leading, groups):
    queries = RNG.normal(size=(*leading, 5, 8)).round(2)
    keys, values = RNG.normal(size=(2, *groups, 6, 8)).round(2)
    whole = {
        name: np.broadcast_to(np.repeat(part, leading[-1] // (groups or [1])[-1], -3), (*leading, 6, 8))
        for name, part in {
            "K": keys.reshape(*(groups or (1,)), 6, 8),
            "V": values.reshape(*(groups or (1,)), 6, 8),
        }.items()
    }
    output, weights = scaled_dot_product_attention(queries, whole["K"], whole["V"])
    widget = AttentionMap(queries, keys, values, tokens=range(5), key_tokens=range(6))
    for at in np.ndindex(leading):
        widget.head = at[-1]
        widget.layer = at[0] if len(at) > 1 else 0
        assert np.abs(widget.weights - weights[at]).max() < 1e-12
        assert np.abs(widget.output - output[at]).max() < 1e-12
    assert len(widget._spec["K"]["data"]) == keys.size, "each key travels once"


# Arrays and numbers of every library, in every widget.


class Frame:
    """What the widgets use of a pandas frame."""

    def __init__(self, values, index, columns):
        self.values, self.index, self.columns = np.asarray(values), index, columns

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def test_a_frame_names_its_rows_and_columns():
    frame = Frame(np.eye(2, 3), ["a", "b"], ["x", "y", "z"])
    assert [AttentionMap(scores=frame)._spec[name] for name in ("tokens", "key_tokens")] == [["a", "b"], list("xyz")]
    square = AttentionMap(scores=Frame(np.eye(2), ["a", "b"], ["a", "b"]))
    assert square._spec["tokens"] == ["a", "b"] and "key_tokens" not in square._spec
    counted = AttentionMap(scores=Frame(np.eye(2), range(2), range(2)))
    assert counted._spec["tokens"] == ["1", "2"]
    assert AttentionMap(scores=frame, tokens="cd", key_tokens="efg")._spec["tokens"] == ["c", "d"]
    assert VectorPlane(Frame(np.eye(2), ["a", "b"], range(2)))._spec["labels"] == ["a", "b"]
    lookup = SoftLookup(Frame(np.eye(2), ["a", "b"], ["x", "y"]), Frame(np.eye(2), range(2), ["f", "g"]), query=[0, 1])
    assert [lookup._spec[name] for name in ("titles", "features", "key_features")] == [
        ["a", "b"],
        ["f", "g"],
        ["x", "y"],
    ]


@pytest.mark.parametrize(
    "tokens",
    [torch.tensor([101, 7592, 102]), torch.tensor([[101, 7592, 102]]), np.array([101, 7592, 102]), [101, 7592, 102],
     [torch.tensor(101), torch.tensor(7592), torch.tensor(102)], [b"101", b"7592", b"102"], ("101", "7592", "102"),
     np.array(["101", "7592", "102"])],
)  # fmt: skip
def test_tokens_are_ids_or_words(tokens):
    assert AttentionMap(scores=np.eye(3), tokens=tokens)._spec["tokens"] == ["101", "7592", "102"]


SENTENCES = ["the dog is black"]
WIDGETS = {
    "AttentionMap": {"Q": np.eye(3), "K": np.eye(3), "V": np.eye(3)},
    "AttentionPlayer": {name: np.eye(3) for name in ("X", "W_q", "W_k", "W_v")},
    "SoftmaxBars": {"scores": [1.0, 2.0, 3.0]},
    "SoftLookup": {"keys": np.eye(3, 2), "values": np.eye(3), "query": [0.0, 1.0]},
    "VectorPlane": {"vectors": np.eye(3)},
    "PositionMap": {}, "ReceptiveField": {}, "LayerCosts": {}, "AttentionCost": {},
    "TrainingBars": {"probabilities": np.full((2, 3, 3), 1 / 3), "targets": [*"abc"], "vocabulary": [*"abc"]},
    "TransformerBlocks": {"model": "transformer_heads", "sentences": SENTENCES},
    "LiveTranslator": {"model": "transformer_heads", "sentences": SENTENCES},
}  # fmt: skip
EYE = torch.eye(3)
ODD = {
    "numbers": [np.float32(0.5), np.float16(2), np.int64(1), np.uint8(1), np.longdouble(1), np.array(1)],
    "no numbers": [True, np.True_, None, "x", np.str_("x"), b"x", object(), 1 + 2j, np.datetime64("2020"), int, set()],
    "extremes": [np.nan, np.inf, -np.inf, 10**400, -1, 1e-300],
    "lists": [[], {}, range(3), [None] * 3, [object()] * 3, [["a"]] * 3, [[1, 2], [3]], {0: [1, 2]}, [b"\xff"] * 3],
    "arrays": [np.ma.masked_equal(np.eye(3), 1), np.ones((1,) * 5), np.array([object()] * 3), np.array("x")],
    "tensors": [
        torch.tensor(1),
        EYE.clone().requires_grad_(), EYE.bfloat16(), EYE.to(torch.float8_e4m3fn), EYE * 1j, EYE > 0, EYE.to_sparse(),
        torch.empty(3, 3, device="meta"), list(EYE.clone().requires_grad_()), list(EYE.bfloat16()),
        torch.nn.Parameter(EYE),
    ],
    "frames": [Frame(np.eye(3), "abc", "xyz"), Frame(np.eye(3).astype(object), "abc", "xyz")],
    "words": [SENTENCES, np.array(SENTENCES), np.array(SENTENCES[0]), "x" * 5000, "\ud800"],
}  # fmt: skip


def refuse_constant(name):
    raise AssertionError(f"{name} is no JSON")


@pytest.fixture(scope="module")
def one_model():
    """Read the model's file once."""
    with pytest.MonkeyPatch.context() as patch:
        fetched = _model.fetch("transformer_heads")
        fetch = _model.fetch
        patch.setattr(_model, "fetch", lambda model: fetched if model == "transformer_heads" else fetch(model))
        yield


@pytest.mark.parametrize("name", WIDGETS)
def test_odd_input_is_taken_or_refused_with_a_reason(name, one_model):
    kind, given = getattr(widgets, name), WIDGETS[name]
    arguments = [argument for argument in inspect.signature(kind).parameters if argument not in ("settings", "model")]
    heavy = name in ("TransformerBlocks", "LiveTranslator")
    widget = kind(**given)
    for argument in dict.fromkeys([*arguments, *kind.SETTINGS]):
        for odd in [one for some in ODD.values() for one in some]:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # a cast that loses something is refused all the same
                    if argument in kind.SETTINGS:
                        setattr(widget, argument, odd)
                    if not heavy or argument == "sentences":
                        widget = kind(**given | {argument: odd})
                    html = widget.to_html()
            except ValueError as error:
                assert not isinstance(error, UnicodeError), (argument, odd)
                continue
            data = html.split('<script type="application/json">')[1].split("</script>")[0]
            json.loads(data, parse_constant=refuse_constant)
            html.encode()


# Words: everything is seen, nothing is too long, nothing turns its neighbours round.

VISIBLE = {
    "": "∅", " ": "␣", "\n": "⏎", "\r\n": "␍⏎", "\t": "⇥", "\x00": "␀", "\x1b[0m": "␛[0m", "\x7f": "␡",
    "\x85": "\\u0085", " the": "␣the", "a b": "a b", "a  b": "a␣␣b", "\u00a0": "␣", "\u200b": "\\u200b",
    "\u2028": "\\u2028", "\ud800": "\\ud800", "\u202eabc": "\\u202eabc", "\u0301": "◌\u0301", "é": "é",
    "שלום": "שלום", "👩‍👩‍👧": "👩‍👩‍👧", "می‌خواهم": "می‌خواهم",
}  # fmt: skip


@pytest.mark.parametrize("token", VISIBLE, ids=ascii)
def test_every_sign_of_a_token_is_seen(token):
    assert visible(token) == VISIBLE[token]


FAMILY, FLAG, ACCENT = "👩‍👩‍👧", "🇪🇺", "e\u0301"
LABELS = ["", "word", "x" * LONGEST, "x" * (LONGEST + 1), "x" * 2000, FAMILY * 60, FLAG * 60, ACCENT * 60, "👍🏽" * 60,
          "שלום", "שלום" * 30, "سلام", "a שלום", "中" * 60, "e" + "\u0301" * 200, "नमस्ते"]  # fmt: skip
NUMBERS = [(x, d) for x in (0.126, -1.5, 99999.4, 1e5, -1e9, 1.234e9, -9.87654e12, 3.4e38) for d in (1, 2, 3)]
IN_THE_PAGE = """
import { text } from "node:stream/consumers";
globalThis.HTMLElement = class {};
const load = (name) => import(`${process.argv[1]}${name}.js`);
const [{ label, LONGEST }, { format, FIXED }] = [await load("labels"), await load("element")];
const { REACH, temperatureAt } = await load("maths");
const { labels, numbers } = JSON.parse(await text(process.stdin));
console.log(JSON.stringify({
  labels: labels.map((token) => label(token)), numbers: numbers.map(([x, d]) => format(x, d)),
  limits: [LONGEST, FIXED, temperatureAt(-REACH), temperatureAt(REACH)],
}));
"""


@pytest.fixture(scope="module")
def in_the_page():
    return node(IN_THE_PAGE, {"labels": LABELS, "numbers": NUMBERS})


def test_labels_are_the_same_in_both_languages(in_the_page):
    assert in_the_page["labels"] == list(map(label, LABELS))


def test_numbers_are_the_same_in_both_languages(in_the_page):
    assert [text.replace("−", "-") for text in in_the_page["numbers"]] == [decimals(x, d) for x, d in NUMBERS]


def test_limits_are_the_same_in_both_languages(in_the_page):
    assert in_the_page["limits"] == [LONGEST, FIXED, COLDEST, 1 / COLDEST]


def test_a_label_is_cut_between_characters():
    assert cut(FAMILY * 60) == FAMILY * (LONGEST - 1) + "…"
    assert cut(FLAG * 60) == FLAG * (LONGEST - 1) + "…"
    assert cut(ACCENT * 60) == ACCENT * (LONGEST - 1) + "…"
    assert cut("x" * LONGEST) == "x" * LONGEST


def test_the_table_isolates_and_cuts():
    html = AttentionMap(scores=RNG.normal(size=(2, 20)), tokens=["שלום", "x" * 99], key_tokens=["سلام"] * 20).to_html()
    table = html[html.index("<figure>") :]
    assert "<td>\u2068سلام\u2069 0." in table
    assert ">\u2068שלום\u2069</th>" in table
    assert f">{'x' * (LONGEST - 1)}…</th>" in table


def test_encoded_and_decoded_again_is_the_same():
    for scores in ([[0.1, -np.inf]], [[1e12 / 3, 0.1]], [[0.1, -3.4e38]], [[-np.inf]]):
        once = encode(np.array(scores), within=1e-5)
        again = decode(json.loads(json.dumps(once)))
        assert (encode(again, within=1e-5), again.tolist()) == (once, decode(once).tolist())
