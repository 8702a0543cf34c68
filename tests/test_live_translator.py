"""LiveTranslator: its Transformer against torch, and in a browser each map and translation against Python's."""

import base64
import json
import re
import threading
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from _ext.widgets import publish_weights
from helpers import MAXIMUM, Kernel, checks, fits, node, refuses, tab_stops, violations

from self_attention import nn
from self_attention.corpus import pairs
from self_attention.decoding import beam_search, predictor, truncate
from self_attention.training import train
from self_attention.vocabulary import Vocabulary
from self_attention.widgets import LiveTranslator
from self_attention.widgets._base import SCRIPTS
from self_attention.widgets._model import LONGEST, packed, published
from self_attention.widgets.live_translator import CONTROLS, PLACES, drawn, uniform

torch.set_num_threads(1)

EVIL = "</script><img/src=x/onerror=alert(1)>"  # in one word
PAIRS = [
    ("un chat", "a cat"), ("le chat dort", "the cat sleeps"), ("un chien noir", "a black dog"), ("merci", "thanks"),
    ("le chien mange un gâteau", "the dog eats a cake"), ("un gâteau noir", "a black cake"), (EVIL, f"a {EVIL}"),
]  # fmt: skip
SENTENCES = [source for source, _ in PAIRS]
SHIPPED = sorted(path.stem for path in nn.WEIGHTS.glob("transformer_*.safetensors"))
ANIMAL = [f"the animal did not cross the street because it was too {how}" for how in ("tired", "wide")]


def translator(**config):
    torch.manual_seed(0)
    config = dict(d_model=16, h=2, d_ff=32, layers=(2, 1)) | config
    return nn.TransformerTranslator(*(Vocabulary(list(side)) for side in zip(*PAIRS, strict=True)), **config)


@pytest.fixture(scope="module")
def trained():
    return train(translator(), PAIRS, steps=100, rate=1e-2)


@pytest.fixture
def shipped(trained, tmp_path, monkeypatch):
    """The name of a model that comes with the package."""
    folder = tmp_path / "weights"
    folder.mkdir()
    nn.save(trained, folder / "small.safetensors")
    for home in (nn, nn.weights):
        monkeypatch.setattr(home, "WEIGHTS", folder)
    return "small"


@pytest.fixture
def live(trained):
    return lambda **settings: LiveTranslator(trained, **{"sentences": SENTENCES, "sentence": 4, **settings})


def row(weights, place="encoder", layer=0, head=0, query=0, **more):
    return {"place": place, "layer": layer, "head": head, "query": query, "weights": weights, **more}


def one(j, m):
    return [float(k == j) for k in range(m)]


# What goes in.

REFUSED = {
    "no model": (dict(model=3), "expected model to be a name or a TransformerTranslator, got int"),
    "no such model": (dict(model="nobody"), "no weights at 'nobody'"),
    "another model": (dict(model="tagger_3"), "expected model to be a TransformerTranslator, 'tagger_3' is a Tagger"),
    "unknown word": (dict(sentences=["un chap dort"]), "does not know the word 'chap': expected words such as chat"),
    "a sign": (dict(sentences=["<pad> chat"]), "the model does not know the word '<pad>'"),
    "no sentence": (dict(sentences=[]), "expected 1 to 20 sentences of 1 to 40 words, got 0"),
    "an empty sentence": (dict(sentences=["un chat", " "]), "got 2 of [2, 0] words"),
    "a long sentence": (dict(sentences=["un " * 41]), "got 1 of [41] words"),
    "21 sentences": (dict(sentences=21 * ["merci"]), "got 21 of"),
    "control": (dict(controls=["beam"]), "unknown control in ['beam']: expected some of ['sentence', 'text', "),
    "row of a word": (dict(query="chat"), "query to be a number or one of the words ['le', 'chien', 'mange', 'un', "),
    "sentence": (dict(sentence=7), "expected sentence to be from 0 to 6, got 7"),
    "place": (dict(place="head"), "expected place to be one of ['encoder', 'decoder', 'cross'], got 'head'"),
    "layer": (dict(layer=2), "expected layer to be from 0 to 1, got 2"),
    "head": (dict(head=-1), "expected head to be from 0 to 1, got -1"),
    "query": (dict(query=41), "expected query to be from 0 to 40, got 41"),
}  # fmt: skip
WEIGHTS = "expected weights to be 5 numbers from 0 on, not all 0, got "
CHANGES = {
    "no dict": ([3], "a list of dicts with ['place', 'layer', 'head', 'query', 'weights'], got 3"),
    "a field too few": ([{"place": "encoder"}], "expected interventions to be a list of dicts with"),
    "a field too many": ([row(one(0, 5), who="me")], "expected interventions to be a list of dicts with"),
    "another place": ([row(one(0, 5), place="head")], "expected place to be one of ['encoder', 'decoder', 'cross']"),
    "another layer": ([row(one(0, 1), place="decoder", layer=1)], "layer of a changed row to be from 0 to 0, got 1"),
    "another head": ([row(one(0, 5), head=2)], "expected head of a changed row to be from 0 to 1, got 2"),
    "no number": ([row(one(0, 5), head=1.0)], "expected head of a changed row to be from 0 to 1, got 1.0"),
    "another row": ([row(one(0, 5), query=5)], "expected query of a changed row to be from 0 to 4, got 5"),
    "another sentence": ([row(one(0, 5), sentence=7)], "expected sentence of a changed row to be from 0 to 6, got 7"),
    "too few weights": ([row(one(0, 4))], WEIGHTS),
    "weights of the future": ([row(one(0, 5), place="decoder", query=1)], "expected weights to be 2 numbers from 0 on"),
    "negative weights": ([row([1, 1, -1, 0, 0])], WEIGHTS),
    "no weight": ([row([0] * 5)], WEIGHTS),
    "NaN": ([row([np.nan, 1, 1, 1, 1])], WEIGHTS),
    "letters": ([row("abcde")], WEIGHTS),
    "no list": ([row(3)], WEIGHTS),
    "a row twice": ([row(one(0, 5)), row(one(1, 5))], "move a row twice: {'sentence': 4, 'place': 'encoder'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", [str, Path])
def test_a_model_may_be_a_file(kind, trained, tmp_path):
    nn.save(trained, tmp_path / "mine.safetensors")
    ours, theirs = (LiveTranslator(model, SENTENCES) for model in (trained, kind(tmp_path / "mine.safetensors")))
    assert theirs.to_html() == ours.to_html() and '"weights":' in theirs.to_html()


def test_sentences_are_read_as_they_are_typed(trained):
    widget = LiveTranslator(trained, ["Le\u00a0chat dort !", "MERCI."])
    assert widget._sentences == ["le chat dort", "merci"]
    assert {type(text) for text in (*widget._said, widget.translation)} == {str}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name, trained):
    settings, message = REFUSED[name]
    sentence = 0 if "sentences" in settings else 4
    with pytest.raises(ValueError, match=re.escape(message)):
        LiveTranslator(**{"model": trained, "sentences": SENTENCES, "sentence": sentence} | settings)


@pytest.mark.parametrize("name", CHANGES)
def test_refuses_rows_that_do_not_fit(name, live):
    change, message = CHANGES[name]
    with pytest.raises(ValueError, match=re.escape(message)):
        live(interventions=change)
    widget = live(interventions=[row(one(0, 5))])
    with pytest.raises(ValueError, match=re.escape(message)):
        widget.interventions = change
    assert widget.interventions == [row(one(0, 5), sentence=4)], "a refused value leaves the old one"


def test_rows_are_completed(live):
    widget = live(interventions=[row([1, 1, 2, 0, 0], query=3), row([3, 1], "decoder", query=1, sentence=0)])
    assert widget.interventions == [
        row([0.25, 0.25, 0.5, 0, 0], query=3, sentence=4),
        row([0.75, 0.25], "decoder", query=1, sentence=0),
    ]
    assert live(query="mange").query == 2
    assert LiveTranslator(widget._model.float(), "un  chat ")._sentences == ["un chat"]


# What Python computes.


@pytest.mark.parametrize("place", PLACES)
def test_the_model_runs_with_these_rows(place, live):
    widget = live(place=place, layer=1, head=1, query=3)
    layer = 1 if place == "encoder" else 0  # the setting may exceed what there is
    before = widget.translation, widget.weights
    assert before[0] == PAIRS[4][1]
    n, m = before[1].shape
    assert (n, m) == {"encoder": (5, 5), "decoder": (6, 6), "cross": (6, 5)}[place]
    forced = one(0, 4 if place == "decoder" else 5)
    widget.interventions = [
        row(forced, place, layer, 1, 3),
        row([1, 1], sentence=0),
    ]  # the second is for another sentence

    def change(at, number, weights):
        if (at, number) == (place, layer) and weights.shape[2] > 3:
            weights = weights.clone()
            weights[:, 1, 3] = 0
            weights[:, 1, 3, 0] = 1
        return weights

    model = widget._model
    assert widget.translation == model.translate([SENTENCES[4]], intervention=change)[0]
    maps = model.maps(SENTENCES[4], widget.translation, change)[place]
    assert np.array_equal(widget.weights, maps[layer, 1]) and widget.weights[3].tolist() == one(0, maps.shape[-1])
    widget.interventions = []
    assert widget.translation == before[0] and np.array_equal(widget.weights, before[1])


def test_some_edit_changes_the_translation(live):
    widget = live()
    said = set()
    for place, query, m in [("encoder", 1, 5), ("cross", 1, 5), ("cross", 4, 5)]:
        for j in range(m):
            widget.interventions = [row(one(j, m), place, head=h, query=query) for h in (0, 1)]
            said.add(widget.translation)
    assert len(said) > 1


def test_static_tables(live):
    html = live(layer=1, query=2, interventions=[row(one(3, 5), layer=1, query=2)]).fallback()
    for source, target in PAIRS:
        assert f'<th scope="row">{escape(source)}</th><td>{escape(target)}</td>' in html
    assert "(rows moved by hand)" in html and "What “mange” reads (encoder, layer 2, head 1)" in html
    assert '<th scope="row">un</th><td>1.00</td>' in html
    assert live(place="cross", query=99 % (LONGEST + 1)).fallback().count("&lt;eos&gt;") == 1, "the last row there is"
    assert '<th scope="row">&lt;bos&gt;</th>' in live(place="decoder").fallback()


def test_weights_of_the_package_stay_out_of_the_html(shipped, trained):
    named, own = LiveTranslator(shipped, SENTENCES), LiveTranslator(trained, SENTENCES)
    file = packed((nn.WEIGHTS / "small.safetensors").read_bytes())
    assert named.to_html() == LiveTranslator(shipped, SENTENCES).to_html()
    assert file not in named.to_html() and file in named._spec["weights"], "a kernel sends them"
    assert published(shipped) == f'SelfAttention.weights("small", "{file}");\n'
    assert published(shipped) in named.to_page()
    assert file[: len(file) // 2] in own.to_html(), "those of a model of your own travel inside"
    spec = json.loads(re.search(r'json">(.*?)</script>', named.to_html())[1])
    assert (
        spec["bytes"] == (nn.WEIGHTS / "small.safetensors").stat().st_size
        and "weights" not in spec
        and len(spec["digest"]) == 8
    )
    assert named.translation == own.translation


def test_what_it_says_of_itself(live, shipped):
    assert repr(live()) == "LiveTranslator(a model of your own, 7 sentences, 'the dog eats a cake')"
    assert repr(LiveTranslator(shipped, "merci")) == "LiveTranslator(small, 1 sentences, 'thanks')"


# The Transformer in JavaScript.

RUN = """
import { text } from "node:stream/consumers";
const { half, readSafetensors } = await import(`${process.argv[1]}maths/safetensors.js`);
const { Transformer } = await import(`${process.argv[1]}maths/transformer.js`);
const { begin, greedy } = await import(`${process.argv[1]}maths/decoding.js`);
const { file, sentences, rows } = JSON.parse(await text(process.stdin));
const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
const model = new Transformer(readSafetensors(bytes));
const forced = (...at) => rows?.find(([key]) => key === at.join())?.[1];
console.log(JSON.stringify(sentences.map((sentence) => {
  const { root, maps: encoder } = begin(model, model.read(sentence), forced);
  const end = greedy(root);
  const words = end.ids.map((id) => model.target[id]);
  const { memory } = model.encode(model.read(sentence), forced);
  const { logits, maps } = model.decode([1, ...end.ids], memory, forced);
  const lists = Object.entries({ encoder, ...maps }).map(([place, layers]) => [place, layers.map((map) => [...map])]);
  const all = Object.fromEntries(lists);
  return { words: words.join(" "), logits: logits.map((row) => [...row]), maps: rows ? all : null };
})));
"""


def run(file, sentences, rows=None):
    """What JavaScript says of some sentences, by the model in a safetensors file."""
    return node(RUN, {"file": base64.b64encode(file).decode(), "sentences": sentences, "rows": rows})


def log_probabilities(model, sentences, targets, intervention=None):
    """Torch's, one array (n, size) for each sentence."""
    with torch.no_grad(), nn.intervene(model.transformer, intervention):
        ids, _, mask = model.ids(sentences)
        memory, _ = model.transformer.encode(ids, mask)
        targets, lengths = model.target.batch(targets, bos=True)
        logits, _ = model.transformer.decode(torch.tensor(targets), memory, mask)
    return [rows[:n].log_softmax(-1) for rows, n in zip(logits, lengths, strict=True)]


CONFIGS = [
    dict(norm=norm, h=h, layers=layers)
    for norm, h, layers in [("pre", 1, (3, 1)), ("post", 2, (1, 2)), ("pre", 4, (2, 2)), ("post", 16, (1, 1))]
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_javascript_is_torch(config, tmp_path):
    model = translator(**config)
    generator = torch.Generator().manual_seed(1)
    for weights in model.parameters():  # far from the norms of 1 and biases of 0 that it begins with
        weights.data += 0.3 * torch.randn(weights.shape, generator=generator)
    nn.save(model, tmp_path / "model.safetensors")
    model = nn.load(tmp_path / "model.safetensors").double()
    last = config["h"] - 1, config["layers"][1] - 1
    rows = [
        (("encoder", 0, 0, 0), [0.5, 0.5]), (("encoder", config["layers"][0] - 1, last[0], 1), [1.0, 0.0]),
        (("decoder", last[1], last[0], 1), [1.0, 0.0]), (("cross", last[1], 0, 1), [0.25, 0.75]),
        (("cross", 0, last[0], 0), [0.0, 1.0]),
    ]  # fmt: skip

    def change(place, layer, weights):
        for (at, number, head, query), forced in rows:
            if (at, number) == (place, layer) and query < weights.shape[2]:
                weights = weights.clone()
                weights[:, head, query] = 0
                weights[:, head, query, : len(forced)] = weights.new_tensor(forced)
        return weights

    file = (tmp_path / "model.safetensors").read_bytes()
    for edits, sentences, hook in [([], SENTENCES, None), (rows, ["un chat", "gâteau merci"], change)]:
        results = run(file, sentences, [(",".join(map(str, at)), weights) for at, weights in edits])
        for sentence, result in zip(sentences, results, strict=True):
            assert result["words"] == model.translate([sentence], LONGEST, hook)[0]
            [theirs] = log_probabilities(model, [sentence], [result["words"]], hook)
            ours = torch.tensor(result["logits"], dtype=torch.float64).log_softmax(-1)
            assert (ours - theirs).abs().max() < 1e-9
            for place, maps in model.maps(sentence, result["words"], hook).items():
                got = np.array(result["maps"][place]).reshape(maps.shape)
                assert np.abs(got - maps.numpy()).max() < 1e-9, place


def test_float16_to_the_last_bit():
    script = "console.log(JSON.stringify(Array.from({ length: 65536 }, (_, bits) => String(half(bits)))))"
    script = f"const {{ half }} = await import(`${{process.argv[1]}}maths/safetensors.js`);\n{script}"
    numbers = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
    said = np.array([float(text.replace("Infinity", "inf")) for text in node(script)])
    assert np.array_equal(said, numbers, equal_nan=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_javascript_says_what_a_shipped_model_says(name):
    model = nn.load(name)
    tag = "<2fr> " if "<2fr>" in model.source.ids else ""
    sentences = [tag + (pair.en if "the" in model.source.ids else pair.fr) for pair in pairs(200)]
    results = run((nn.WEIGHTS / f"{name}.safetensors").read_bytes(), sentences)
    said = [result["words"] for result in results]
    assert said == model.translate(sentences) and len(set(said)) > 190
    for result, theirs in zip(results, log_probabilities(model, sentences, said), strict=True):
        assert (torch.tensor(result["logits"]).log_softmax(-1) - theirs).abs().max() < 1e-3


# In a browser.

STATE = """async (el) => {
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const all = (selector) => [...el.shadowRoot.querySelectorAll(selector)].filter((node) => node.checkVisibility());
    const text = (selector) => all(selector).map((node) => node.textContent);
    return {
        settings: el.settings, weights: Array.from(el.weights), translation: el.translation, live: text(".live")[0],
        keys: text(".key"), numbers: text(".number"), lines: text(".both dd"), deleted: text("del"),
        row: el.shadowRoot.querySelector(".reads select").selectedOptions[0].textContent,
        sliders: all(".slide input").map((input) => Number(input.value)), marked: text(".word.row"),
        shaded: all(".word").filter((node) => node.style.background).map((node) => node.textContent),
        map: Array.from(el.map.weights), focus: el.map.settings.query, hands: el.map.hands,
    };
}"""


class Live:
    """A live translator on a page, and the same one in Python."""

    def __init__(self, page, python):
        self.page, self.python, self.element = page, python, page.locator("live-translator")
        self.wait()

    def wait(self):
        """Until the model is there."""
        self.element.evaluate("async (el) => { while (!el.model) await new Promise(requestAnimationFrame); }")

    def find(self, selector, **options):
        return self.element.locator(selector, **options)

    def check(self):
        """Compare what the page shows with Python, for the settings as they are; return its state."""
        state = self.element.evaluate(STATE)
        widget = self.python
        for name, value in state["settings"].items():
            setattr(widget, name, value)
        place, query = widget.place, min(widget.query, len(widget.weights) - 1)
        n, m = widget.weights.shape
        for name in ("weights", "map"):
            assert np.abs(np.reshape(state[name], (n, m)) - widget.weights).max() < MAXIMUM, state["settings"]
        said = widget.translation
        source = widget._source
        assert state["translation"] == said
        shown = [re.sub(r"(?<=') ", "", text) for text in (" ".join(source), said)]
        without = state["lines"][1].removesuffix("<eos>")  # with steps, the last one shows
        for word in state["deleted"]:
            without = without.replace(f"{word} ", "", 1)
        assert [state["lines"][0].strip(), without.strip()] == shown or state["deleted"]

        reading = ["<bos>", *said.split()]
        queries = {"encoder": source, "decoder": reading, "cross": [*said.split(), "<eos>"]}[place]
        keys = (reading if place == "decoder" else source)[: query + 1 if place == "decoder" else m]
        assert state["row"] == f"{queries[query]} ({query + 1})" and state["focus"] == query
        assert state["keys"] == keys
        assert state["numbers"] == [f"{w:.2f}" for w in np.array(state["weights"]).reshape(n, m)[query, : len(keys)]]
        assert np.abs(np.array(state["sliders"]) - widget.weights[query, : len(keys)]).max() <= 0.0101
        assert queries[query] in ("<bos>", "<eos>") or state["marked"] == [queries[query]]
        row = widget.weights[query, : len(keys)]
        assert state["shaded"] == [key for key, w in zip(keys, row, strict=True) if w >= 0.05 and key != "<bos>"]
        hands = widget._hands
        here = [edit["query"] for edit in hands if (edit["place"], edit["head"]) == (place, widget.head)
                and edit["layer"] == min(widget.layer, widget._layers[place] - 1)]  # fmt: skip
        assert state["hands"] == here
        largest = keys[int(np.argmax(widget.weights[query]))]
        now = "now " if query in here else ""
        assert f": {queries[query]} {now}reads {largest} " in state["live"], state["live"]
        widget.interventions, before = [], widget.interventions
        plain = widget.translation
        widget.interventions = before
        if not hands:
            assert "by hand" not in state["live"].lower() and not state["deleted"]
        else:
            assert ("the translation stays the same" in state["live"]) == (plain == said)
        assert self.page.problems == []
        return state


@pytest.fixture
def show(open_widget):
    """Open a widget's own page and hold it against Python: `live = show(widget, width=390)`."""
    return lambda widget, **options: Live(open_widget(widget, **options), widget)


def choose(live, place, layer=None, head=1):
    """Choose a place, and a layer and head, by their labels."""
    name = "decoder to source" if place == "cross" else place
    live.element.get_by_label(name, exact=True).check()
    if layer:
        live.find(f'label:has(input[aria-label^="{name}, layer {layer}"])').nth(head - 1).click()


@pytest.mark.parametrize("width", [1000, 390])
def test_every_map_of_every_sentence(width, live, show):
    shown = show(live(), width=width)
    shown.check()
    for k in (0, 3, 4, 6):
        shown.find("select[aria-label=Sentence]").select_option(index=k)
        for place in PLACES:
            for layer, head in [(1, 1), (1, 2), (2, 1)][: 3 if place == "encoder" else 2]:
                choose(shown, place, layer, head)
                state = shown.check()
                assert state["settings"]["place"] == place and state["settings"]["sentence"] == k
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown.element.get_by_role("button", name="Reset").click()
    assert shown.check()["settings"] == shown.page.evaluate("document.querySelector('live-translator').initial")


def test_rows_moved_by_hand(live, show):
    shown = show(live(query=1))
    flips = set()
    for place, query, keys in [("cross", 1, 5), ("cross", 4, 5), ("decoder", 3, 4), ("encoder", 1, 5)]:
        for head in (1, 2):
            choose(shown, place, 1, head)
            shown.find(".reads select").select_option(index=query)
            for j in range(keys):
                shown.find(".key:visible").nth(j).click()
                state = shown.check()
                assert state["numbers"] == [f"{w:.2f}" for w in one(j, keys)]
                flips.add(state["translation"])
            if place != "encoder":
                shown.element.get_by_role("button", name="Undo").click()
                assert state["settings"]["interventions"] and not shown.check()["settings"]["interventions"]
    assert len(flips) > 1
    shown.find("select[aria-label=Sentence]").select_option(index=0)
    assert shown.check()["translation"] == PAIRS[0][1], "another sentence has its own rows"
    shown.find("select[aria-label=Sentence]").select_option(index=4)
    assert len(shown.check()["settings"]["interventions"]) == 2
    shown.element.get_by_role("button", name="Reset").click()
    state = shown.check()
    assert state["settings"]["interventions"] == [] and state["translation"] == PAIRS[4][1]


def test_bars_by_mouse_and_keyboard(live, show):
    shown = show(live(query=2))
    before = np.array(shown.check()["weights"]).reshape(5, 5)[2]
    slider = shown.find(".slide input").nth(3)
    for key, weight in [("Home", 0), ("End", 1), ("ArrowLeft", 0.99), ("PageDown", 0.89)]:
        slider.press(key)
        [edit] = shown.check()["settings"]["interventions"]
        assert edit["weights"][3] == pytest.approx(weight) and sum(edit["weights"]) == pytest.approx(1)
        others = np.delete(edit["weights"], 3)
        assert others == pytest.approx(np.delete(before, 3) / (1 - before[3]) * (1 - weight)), (
            "as they share it at first"
        )
    box = shown.find(".slide").nth(0).bounding_box()
    shown.page.mouse.move(box["x"] + 12 + 0.9 * (box["width"] - 24), box["y"] + box["height"] / 2)
    shown.page.mouse.down()
    for part in (0.7, 0.4, 0.6):
        shown.page.mouse.move(box["x"] + 12 + part * (box["width"] - 24), box["y"] + box["height"] / 2)
        [edit] = shown.check()["settings"]["interventions"]
        assert edit["weights"][0] == pytest.approx(part, abs=0.02)
    shown.page.mouse.up()


def test_rows_are_picked_in_the_map_and_in_the_sentence(live, show):
    shown = show(live())
    shown.find(".map").focus()
    for key, query in [("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1)]:
        shown.page.keyboard.press(key)
        assert shown.check()["settings"]["query"] == query
    shown.find(".both dd .word", has_text="gâteau").click()
    assert shown.check()["settings"]["query"] == 4
    shown.find(".both dd .word", has_text="cake").click()
    assert shown.check()["settings"]["query"] == 4, "in the encoder the words of the translation are no rows"
    choose(shown, "cross")
    shown.find(".both dd .word", has_text="dog").click()
    assert shown.check()["settings"]["query"] == 1
    choose(shown, "decoder")
    shown.find(".both dd .word", has_text="dog").click()
    assert shown.check()["settings"]["query"] == 2, "<bos> is a row, but no word of the sentence"
    choose(shown, "cross")
    layout = shown.element.evaluate("(el) => el.map.layout")
    shown.find("canvas").last.click(position={"x": layout["left"] + 5, "y": layout["top"] + 2.5 * layout["cell"]})
    assert shown.check()["settings"]["query"] == 2


def test_a_word_that_would_be_markup_is_text(live, show):
    shown = show(live(sentence=6))
    state = shown.check()
    assert state["translation"] == f"a {EVIL}" and state["lines"][0].strip() == EVIL
    assert shown.page.locator("img").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme, live, show):
    for place in PLACES:
        change = [row(one(1, 5)), row([1, 0, 0], "decoder", query=2)]
        shown = show(live(place=place, query=2, interventions=change), theme=theme)
        shown.check()
        assert violations(shown) == []


def test_traits_both_ways(live, show):
    shown = show(live(query=1))
    kernel = Kernel(shown, shown.python.settings)
    shown.wait()
    shown.find(".key").nth(2).click()
    [edit] = shown.check()["settings"]["interventions"]
    assert kernel.sent[-1]["interventions"] == [edit] == [row(one(2, 5), query=1, sentence=4)]
    sent = len(kernel.sent)
    for name, value in [
        ("interventions", []),
        ("place", "cross"),
        ("sentence", 1),
        ("query", 2),
        ("head", 1),
        ("layer", 1),
    ]:
        kernel.tell(name, value)
        assert shown.check()["settings"][name] == value
    assert len(kernel.sent) == sent, "what comes from Python is not sent back"
    kernel.close()
    assert shown.page.locator("live-translator").count() == 0 and shown.page.problems == []


@pytest.mark.parametrize("sentence", [0, 1])
def test_the_pronoun_follows_the_row_of_it(sentence, show):
    shown = show(LiveTranslator("transformer_pronouns", ANIMAL, sentence=sentence, query="it"))
    plain = shown.check()["translation"]
    said, other = ["il", "elle"][:: 1 - 2 * sentence]
    assert f" {said} était " in plain
    shown.find(f"label:has-text('{['wide', 'tired'][sentence]}')").click()
    assert f" {other} était " in shown.check()["translation"]
    shown.find(f"label:has-text('{['tired', 'wide'][sentence]}')").click()
    wrong, right = ["street", "animal"][:: 1 - 2 * sentence]
    flips = []
    for layer in (1, 2, 3):
        choose(shown, "encoder", layer)
        reads = shown.check()["live"]
        shown.element.get_by_role("button", name=f"all to {wrong}, word").click()
        state = shown.check()
        if f"{said} becomes {other}" in state["live"]:
            flips.append(layer)
        assert (layer in flips) == (f" {other} était " in state["translation"])
        shown.element.get_by_role("button", name="Undo").click()
        assert shown.check()["translation"] == plain
    assert 3 in flips and f"it reads {right} most" in reads, "here the row of it finds the noun"


# Sentences of the reader's own, in both directions, decoded in three ways.

TAGGED = [(f"<2en> {fr}", en) for fr, en in PAIRS] + [(f"<2fr> {en}", fr) for fr, en in PAIRS]
TYPED = ("text", "direction", "method", "step")


@pytest.fixture(scope="module")
def both():
    """A model for both directions that is seldom quite sure."""
    torch.manual_seed(0)
    words = Vocabulary([text for pair in TAGGED for text in pair])
    model = nn.TransformerTranslator(words, d_model=16, h=2, d_ff=32, layers=(2, 1))
    return train(model, TAGGED, steps=90, rate=1e-2)


@pytest.fixture
def tagged(both):
    presets = ["<2en> le chat dort", "un chien noir", "thanks", f"<2en> {EVIL}"]
    return lambda **settings: LiveTranslator(both, **{"sentences": presets, **settings})


def test_each_sentence_gets_a_tag(tagged, both):
    widget = tagged(sentence=1)
    assert widget._sentences == ["<2en> le chat dort", "<2en> un chien noir", "<2fr> thanks", f"<2en> {EVIL}"]
    assert widget.direction == "<2en>" and widget._said == both.double().translate(widget._sentences)
    assert tagged(sentence=2).direction == "<2fr>"
    assert [
        word for word, n in zip(both.source.words[4:], widget._spec["spoken"], strict=True) if n == 0
    ] == widget._tags
    spoken = dict(zip(both.source.words[4:], widget._spec["spoken"], strict=True))
    assert [spoken[word] for word in ("chat", "cat", "a", EVIL)] == [1, 2, 3, 3], "1: to English, 2: to French"
    assert widget._spec["controls"] == list(CONTROLS) and tagged(controls=TYPED)._spec["controls"] == list(TYPED)
    refuses(lambda: tagged(sentences=["chat cat"], sentence=0), "expected a sentence that begins with one of ['<2en>'")
    refuses(lambda: tagged(sentences=["<2en>"]), "expected words after the tag, got '<2en>'")
    refuses(lambda: tagged(sentences=["un <2en> chat"]), "a tag stands before a sentence and nowhere else")


def test_a_model_without_tags_has_no_direction(live):
    widget = live(controls=("text", "direction", "step"))
    assert widget.direction == "" and widget._spec["controls"] == ["text", "step"] and "spoken" not in widget._spec
    assert live()._spec["controls"] == ["sentence", "place", "map", "query"]
    refuses(lambda: live(direction="<2en>"), "expected direction to be one of [''], got '<2en>'")


def test_a_given_sentence_follows_the_direction(tagged):
    widget = tagged()
    there = widget.translation
    widget.direction = "<2fr>"
    assert widget._source == ["<2fr>", *there.split()] and widget._shown == f"<2fr> {there}"
    assert widget.translation == widget._model.translate([f"<2fr> {there}"])[0]
    widget.text = "A black  CAT!"
    assert widget.text == "a black cat" and widget._source == ["<2fr>", "a", "black", "cat"]
    assert widget.weights.shape == (4, 4)
    widget.interventions = [row([1, 0, 0, 0], query=2), row([1, 0, 0, 1], query=2, sentence=0)]
    assert widget.interventions[0]["sentence"] == "<2fr> a black cat" and len(widget._hands) == 1
    assert widget.weights.shape == (4, 4)
    assert "&lt;2fr&gt; a black cat (rows moved by hand)" in widget.fallback()
    widget.text, widget.direction = "", "<2en>"
    assert widget._shown == 0 and widget._hands[0]["weights"] == [0.5, 0, 0, 0.5]


def test_settings_of_decoding(tagged):
    for name, good, bad, message in [
        ("width", [1, 6], [0, 7], "expected width to be from 1 to 6, got"),
        ("hypothesis", [5, 0], [-1, 6], "expected hypothesis to be from 0 to 5, got"),
        ("temperature", [0.0, 2.0], [-0.1, 2.1], "expected temperature to be from 0 to 2, got"),
        ("top_k", [3, 0], [-1], "expected top_k to be from 0 to 1000000, got -1"),
        ("top_p", [0.5, 1.0], [0.0, 1.1], "expected top_p to be above 0 to 1, got"),
        ("seed", [2**32 - 1, 0], [-1, 2**32], "expected seed to be from 0 to 4294967295, got"),
        ("step", [40, 0], [-1, 41], "expected step to be from 0 to 40, got"),
        ("method", ["beam", "sample", "greedy"], ["best"], "method to be one of ['greedy', 'beam', 'sample'], got"),
        ("direction", ["<2fr>", "<2en>"], ["", "en"], "expected direction to be one of ['<2en>', '<2fr>'], got"),
        ("text", ["un chat", ""], ["un chap"], "the model does not know the word 'chap': expected words such as chat"),
        ("text", ["un chat", ""], ["<2fr> a cat"], "the model does not know the word '<2fr>'"),
        ("text", ["un chat", ""], ["un " * 41], "got 1 of [41] words"),
    ]:  # fmt: skip
        checks(tagged, name, good, bad, message)


WAYS = [
    dict(method="greedy"), dict(method="beam", width=1), dict(method="beam", width=3, hypothesis=2),
    dict(method="beam", width=6, hypothesis=5), dict(method="sample"),
    dict(method="sample", temperature=2.0, seed=2**32 - 1), dict(method="sample", temperature=0.0, seed=5),
    dict(method="sample", temperature=2.0, top_k=3), dict(method="sample", temperature=1.7, top_p=0.6, seed=7),
    dict(method="sample", temperature=2.0, top_k=6, top_p=0.9, seed=8),
]  # fmt: skip
HANDS = [row([0, 1, 0, 0], "encoder", 1, 0, 2), row([0, 0, 0, 1], "cross", 0, 1, 0), row([1, 0], "decoder", 0, 1, 1)]

DECODE = """
import { text } from "node:stream/consumers";
const load = (name) => import(`${process.argv[1]}maths/${name}.js`);
const { readSafetensors } = await load("safetensors");
const { Transformer } = await load("transformer");
const { begin, beamSearch, greedy, sample, tempered, truncate } = await load("decoding");
const { file, cases } = JSON.parse(await text(process.stdin));
const model = new Transformer(readSafetensors(Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0))));
console.log(JSON.stringify(cases.map(({ source, rows, settings }) => {
  const { method, width, temperature, top_k: topK, top_p: topP, seed } = settings;
  const forced = (...at) => rows.find(([key]) => key === at.join())?.[1];
  const { root } = begin(model, model.read(source), forced);
  const one = () => (method === "greedy" ? greedy(root) : sample(root, { temperature, topK, topP, seed }));
  const found = method === "beam" ? beamSearch(root, width).found : [one()];
  return found.map((end) => [end.ids.map((id) => model.target[id]).join(" "), end.logProbability]);
})));
"""


def decoded(file, cases):
    """What JavaScript finds for some cases {source, rows, settings}: lists of [translation, log-probability]."""
    return node(DECODE, {"file": base64.b64encode(file).decode(), "cases": cases})


def test_javascript_decodes_as_python_does(tagged):
    said, cases, hypotheses = [], [], []
    for way in WAYS:
        for change in ([], HANDS):
            for more in (dict(sentence=0), dict(text="le gâteau noir"), dict(sentence=2)):
                widget = tagged(**way, **more, interventions=change if more != dict(sentence=2) else [])
                said.append(widget.translation)
                hypotheses.append(widget.hypotheses if way["method"] == "beam" else None)
                rows = [
                    [",".join(str(edit[name]) for name in ("place", "layer", "head", "query")), edit["weights"]]
                    for edit in widget._hands
                ]
                cases.append({"source": " ".join(widget._source), "rows": rows, "settings": widget.settings})
    for one, theirs, text, found in zip(cases, decoded(widget._file, cases), said, hypotheses, strict=True):
        settings = one["settings"]
        if found:
            assert [sentence for sentence, _ in theirs] == [sentence for sentence, _ in found], settings
            assert np.abs(np.array([log for _, log in theirs]) - [log for _, log in found]).max() < 1e-9
        assert theirs[min(settings["hypothesis"], len(theirs) - 1)][0] == text, settings
    assert len(set(said)) > 8, "the cases differ"


def test_python_draws_and_cuts_as_the_page():
    generator = np.random.default_rng(0)
    rows = [generator.dirichlet(np.full(9, 0.4)).tolist() for _ in range(20)] + [[0.25] * 4, [1.0, 0.0], [0.1] * 10]
    cuts = [(0, 1.0), (1, 1.0), (3, 1.0), (0, 0.5), (0, 0.1), (4, 0.7), (20, 0.999)]
    script = """
    import { text } from "node:stream/consumers";
    const { drawn, truncate, uniform } = await import(`${process.argv[1]}maths/decoding.js`);
    const { rows, cuts, seeds } = JSON.parse(await text(process.stdin));
    const cut = rows.map((row) => cuts.map(([k, p]) => [...truncate(Float64Array.from(row), k, p)]));
    const numbers = seeds.map((seed) => Array.from({ length: 100 }, uniform(seed)));
    const ids = rows.map((row) => numbers[0].map((u) => drawn(Float64Array.from(row), u)));
    console.log(JSON.stringify({ cut, numbers, drawn: ids }));
    """
    seeds = [0, 1, 2**31, 2**32 - 1]
    result = node(script, {"rows": rows, "cuts": cuts, "seeds": seeds})
    for probabilities, kept in zip(rows, result["cut"], strict=True):
        for (k, p), ours in zip(cuts, kept, strict=True):
            theirs = truncate(torch.tensor(probabilities, dtype=torch.float64), k or None, p if p < 1 else None)
            assert np.abs(np.array(ours) - theirs.numpy()).max() < 1e-12, (probabilities, k, p)
    numbers = [[number for number, _ in zip(uniform(seed), range(100), strict=False)] for seed in seeds]
    assert result["numbers"] == numbers and abs(np.mean(numbers) - 0.5) < 0.05 and len(set(sum(numbers, []))) == 400
    assert result["drawn"] == [[drawn(np.array(row), u) for u in numbers[0]] for row in rows]
    assert drawn(np.array([0.0, 0.5, 0.5]), 0.0) == 1 and drawn(np.array([0.5, 0.5, 0.0]), 0.999999) == 1


def test_every_test_sentence(tmp_path):
    """Both directions of all test sentences in JavaScript: the same words, and each log-probability within 1e-3."""
    model = nn.load("transformer_both")
    test = pairs(2000, "test")
    sentences = [f"<2en> {pair.fr}" for pair in test] + [f"<2fr> {pair.en}" for pair in test]
    order = sorted(range(len(sentences)), key=lambda k: len(sentences[k].split()))
    said, beams = [""] * len(sentences), {}
    logs = tmp_path / "logs"
    with logs.open("wb") as file:
        for k in range(0, len(order), 100):
            some = order[k : k + 100]
            for i, text in zip(some, model.translate([sentences[i] for i in some]), strict=True):
                said[i] = text
            rows = log_probabilities(model, [sentences[i] for i in some], [said[i] for i in some])
            file.writelines(row.numpy().tobytes() for row in rows)
    for i in order[::20]:  # 200 of them
        found = beam_search(predictor(model, sentences[i]), width=4, number=4)
        beams[i] = [(model.target.decode(one.ids), one.log_probability) for one in found]
    script = """
    import { openSync, readFileSync, readSync } from "node:fs";
    import { text } from "node:stream/consumers";
    const load = (name) => import(`${process.argv[1]}maths/${name}.js`);
    const { readSafetensors } = await load("safetensors");
    const { Transformer } = await load("transformer");
    const { beamSearch, begin, greedy } = await load("decoding");
    const { file, logs, sentences, beams } = JSON.parse(await text(process.stdin));
    const model = new Transformer(readSafetensors(readFileSync(file)));
    const theirs = openSync(logs);
    const words = (end) => end.ids.map((id) => model.target[id]).join(" ");
    let most = 0;
    const said = sentences.map((sentence) => {
      const end = greedy(begin(model, model.read(sentence)).root);
      for (const { logs } of end.path.filter(({ ended }) => !ended)) {
        const row = new Float32Array(model.target.length);
        readSync(theirs, row);
        logs.forEach((log, id) => { most = Math.max(most, Math.abs(log - row[id])); });
      }
      return words(end);
    });
    const found = beams.map((sentence) => {
      const { found } = beamSearch(begin(model, model.read(sentence)).root, 4);
      return found.map((end) => [words(end), end.logProbability]);
    });
    console.log(JSON.stringify({ said, most, found }));
    """
    data = {"file": str(nn.WEIGHTS / "transformer_both.safetensors"), "logs": str(logs)}
    data |= {"sentences": [sentences[i] for i in order], "beams": [sentences[i] for i in beams]}
    result = node(script, data)
    assert result["said"] == [said[i] for i in order] and result["most"] < 1e-3
    for ours, theirs in zip(result["found"], beams.values(), strict=True):
        assert ours[0][0] == theirs[0][0]
        assert sorted(text for text, _ in ours) == sorted(text for text, _ in theirs)
        assert np.abs(np.array([log for _, log in ours]) - [log for _, log in theirs]).max() < 1e-3


@pytest.mark.parametrize("name", SHIPPED)
def test_the_file_that_is_fetched_is_under_500_KB(name):
    assert len(published(name).encode()) < 500_000
    file = (nn.WEIGHTS / f"{name}.safetensors").read_bytes()
    script = """
    import { text } from "node:stream/consumers";
    const { unpack } = await import(`${process.argv[1]}maths/safetensors.js`);
    console.log(JSON.stringify(Buffer.from(await unpack(JSON.parse(await text(process.stdin)))).toString("base64")));
    """
    for part in (file, file[:-1]):  # an odd number of bytes too
        assert base64.b64decode(node(script, packed(part))) == part


DECODING = """async (el) => {
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const find = (selector) => [...el.shadowRoot.querySelectorAll(selector)];
    const all = (selector) => find(selector).filter((node) => node.checkVisibility({ visibilityProperty: true }));
    const text = (selector) => all(selector).map((node) => node.textContent);
    const share = (node) => Number(getComputedStyle(node).getPropertyValue("--share"));
    return {
        settings: el.settings, translation: el.translation, source: el.sourceWords,
        field: find("input[role=combobox]")[0].value, told: text(".told")[0], suggestions: text(".advice button"),
        options: text(".completions li"), verdict: text(".verdict")[0], steps: text(".player .reading")[0],
        at: text(".said .at"), words: text(".said .word"),
        expected: text(".next dt"), chances: text(".next dd:not(.share)"), shares: all(".next .share").map(share),
        chosen: text(".next dt.chosen"), cut: text(".next dt.cut"),
        found: all(".found label").map(({ children: [input, said, log] }) =>
            [said.textContent, log.textContent, input.checked]),
        nodes: find(".tree g").map((node) => [node.getAttribute("class"), node.querySelector(".word").textContent]),
        tree: all(".tree").length,
    };
}"""


def chance(p):
    return f"{p:.2f}" if p >= 0.005 else f"{p:.3f}" if p >= 0.0005 else "<0.001" if p > 0 else "0"


def written(text):
    return text.replace("' ", "'").replace(" ,", ",")


class Decoding(Live):
    def check_decoding(self):
        """Compare what the page shows of the decoding with Python, for the settings as they are; return its state."""
        state = self.element.evaluate(DECODING)
        widget = self.python
        with widget.hold_trait_notifications():
            for name, value in state["settings"].items():
                setattr(widget, name, value)
        assert state["settings"] == {**widget.settings, "interventions": state["settings"]["interventions"]}
        said = widget.translation
        assert state["translation"] == said and state["source"] == widget._source
        words = [*said.split(), "<eos>"]
        step = min(widget.step, len(words) - 1)
        assert state["steps"] == f"{step + 1} of {len(words)}"
        assert state["at"] == words[step : step + 1]

        p = widget.distribution
        order = sorted(range(len(p)), key=lambda i: (-p[i], i))[:8]
        chosen = widget._model.target.ids[words[step]]
        if chosen not in order:
            order[-1] = chosen
        vocabulary = widget._model.target.words
        assert state["expected"] == [*(vocabulary[i] for i in order), f"{len(p) - 8} others"]
        numbers = [*p[order], max(1 - p[order].sum(), 0)]
        assert np.abs(np.array(state["shares"]) - numbers).max() < 1e-4
        assert all(
            text == chance(number) or 0 < number < 1e-9 for text, number in zip(state["chances"], numbers, strict=True)
        )
        assert state["chosen"] == [vocabulary[chosen]]
        if widget.method == "sample":
            kept = truncate(torch.tensor(p), widget.top_k or None, widget.top_p if widget.top_p < 1 else None)
            assert state["cut"] == [vocabulary[i] for i in order if kept[i] == 0 and i != chosen]
        first = widget._expected()  # what such a page would show before the model is there
        assert [word for word, *_ in first] == state["expected"] and [p for _, p, _ in first] == pytest.approx(
            numbers, abs=1e-5
        )
        assert [word for word, _, how in first if how == "cut"] == state["cut"]
        if widget.method == "beam":
            hypotheses = widget.hypotheses
            found = [
                (re.sub(r"( …|\(nothing\))$", "", text), float(log.split()[0].replace("−", "-")))
                for text, log, _ in state["found"]
            ]
            assert [text for text, _ in found] == [written(text) for text, _ in hypotheses]
            assert np.abs(np.array([log for _, log in found]) - [log for _, log in hypotheses]).max() < 0.0051
            assert [on for *_, on in state["found"]].index(True) == min(widget.hypothesis, len(found) - 1)
            assert [word for name, word in state["nodes"] if "won" in name] == ["<bos>", *words]
        assert (state["tree"] == 1) == (widget.method == "beam")
        assert self.page.problems == []
        return state

    def type(self, text, key="Enter"):
        box = self.element.get_by_role("combobox", name="Your sentence")
        box.fill(text)
        if key:
            box.press(key)
        return box

    def settle(self):
        """Until the last word is there."""
        self.element.get_by_role("button", name="▶ Play").wait_for()


@pytest.fixture
def decode(open_widget):
    """Open a widget's own page and hold its decoding against Python: `live = decode(widget, width=390)`."""
    return lambda widget, **options: Decoding(open_widget(widget, **options), widget)


def test_typed_sentences(tagged, decode):
    shown = decode(tagged())
    for text, words in [
        ("Un chat noir.", "un chat noir"),
        ("le chien, MERCI !", None),
        (EVIL, EVIL),
        ("le chien", "le chien"),
    ]:
        shown.type(text)
        if words is None:
            assert "“,”" in shown.check_decoding()["told"], "this vocabulary has no comma"
            continue
        shown.settle()
        state = shown.check_decoding()
        assert state["settings"]["text"] == words and state["source"] == ["<2en>", *words.split()]
    assert shown.page.locator("img").count() == 0
    shown.type("le chat dort")
    shown.settle()
    assert shown.check_decoding()["settings"]["text"] == "", "the given sentence again"
    shown.type("le chien mange", None)
    shown.page.wait_for_function(
        "document.querySelector('live-translator').settings.text === 'le chien mange'"
    )  # a pause
    shown.settle()
    shown.check_decoding()


def test_unknown_words(tagged, decode):
    shown = decode(tagged())
    before = shown.check_decoding()["translation"]
    shown.type("le chta dor")
    state = shown.check_decoding()
    assert state["told"] == "The model does not know “chta”, “dor”. For “chta”, did you mean"
    assert state["suggestions"][0] == "chat" and state["translation"] == before and state["settings"]["text"] == ""
    assert shown.find("input[role=combobox]").get_attribute("aria-invalid") == "true" and violations(shown) == []
    shown.find(".advice button").first.click()
    state = shown.check_decoding()
    assert (
        state["field"] == "le chat dor" and "“dor”. Did you mean" in state["told"] and state["suggestions"][0] == "dort"
    )
    shown.find(".advice button").first.press("Enter")
    shown.settle()
    state = shown.check_decoding()
    assert state["field"] == "le chat dort" and not state["suggestions"] and "does not know" not in state["told"]
    shown.type("xylophone quartz")
    state = shown.check_decoding()
    assert state["told"] == "The model does not know “xylophone”, “quartz”. The words it knows are in the list below."
    shown.type("le quartz chta")
    state = shown.check_decoding()
    assert "“quartz”, “chta”. For “chta”, did" in state["told"] and state["suggestions"][0] == "chat"
    for text, told in [
        ("", "Type a sentence, or pick"),
        (" .", "Type a sentence"),
        ("un " * 41, "At most 40 words, please; these are 41."),
    ]:
        shown.type(text)
        assert told in shown.check_decoding()["told"]
    shown.type("un " * 40)
    shown.settle()
    assert len(shown.check_decoding()["source"]) == 41
    shown.type("the dog")
    state = shown.check_decoding()
    assert state["suggestions"] == ["It is English: turn round"]
    shown.element.get_by_role("button", name="turn round").click()
    shown.settle()
    state = shown.check_decoding()
    assert state["settings"]["direction"] == "<2fr>" and state["settings"]["text"] == "the dog"


def test_completion_by_keyboard(tagged, decode):
    shown = decode(tagged(controls=TYPED))
    box = shown.type("", None)
    box.press_sequentially("un ch")
    assert shown.check_decoding()["options"] == ["chat", "chien"]
    assert box.get_attribute("aria-expanded") == "true" and violations(shown) == []
    box.press("ArrowDown")
    box.press("ArrowDown")
    option = shown.find(f"#{box.get_attribute('aria-activedescendant')}")
    assert option.text_content() == "chien" and option.get_attribute("aria-selected") == "true"
    box.press("Enter")
    assert box.input_value() == "un chien " and shown.check_decoding()["options"] == []
    box.press_sequentially("gat")
    assert shown.check_decoding()["options"] == ["gâteau"], "accents may be left out"
    box.press("Escape")
    assert shown.check_decoding()["options"] == [] and box.get_attribute("aria-expanded") == "false"
    box.press("ArrowUp")
    box.press("Enter")
    shown.find(".completions").wait_for(state="hidden")
    box.press("Enter")
    shown.settle()
    assert shown.check_decoding()["settings"]["text"] == "un chien gâteau"
    shown.type("le c", None)
    shown.find(".completions li", has_text="chat").click()
    assert box.input_value() == "le chat "


def test_words_from_the_list(tagged, decode):
    shown = decode(tagged(controls=TYPED))
    shown.type("un", None)
    assert shown.find("summary").text_content() == "The 11 words that the model knows"
    shown.find("summary").click()
    buttons = shown.find(".lexicon button")
    assert set(buttons.all_text_contents()) >= {"chat", "chien", "dort"} and "cat" not in buttons.all_text_contents()
    shown.find(".lexicon button", has_text="chat").click()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_function("document.querySelector('live-translator').settings.text === 'un chat chien'")
    assert shown.find(".lexicon button[tabindex='0']").count() == 1
    shown.settle()
    shown.check_decoding()
    assert violations(shown) == []


def test_the_direction_turns_round(tagged, decode):
    shown = decode(tagged())
    there = shown.check_decoding()["translation"]
    shown.element.get_by_label("English → French").check(force=True)
    shown.settle()
    state = shown.check_decoding()
    assert state["source"] == ["<2fr>", *there.split()] and state["settings"]["text"] == "" and state["field"] == there
    assert shown.find("select[aria-label=Sentence] option").first.text_content() == there, (
        "the given sentences turn round"
    )
    shown.element.get_by_label("French → English").check(force=True)
    shown.settle()
    assert shown.check_decoding()["field"] == "le chat dort"
    shown.type("le chien noir")
    shown.settle()
    there = shown.check_decoding()["translation"]
    shown.element.get_by_label("English → French").check(force=True)
    shown.settle()
    state = shown.check_decoding()
    assert state["settings"]["text"] == there and state["field"] == there
    assert shown.find(".both .tag").get_attribute("title").endswith("tells the model to write French")
    shown.find("select[aria-label=Sentence]").select_option(index=3)
    shown.settle()
    assert shown.check_decoding()["source"] == ["<2fr>", "thanks"]
    shown.element.get_by_role("button", name="Reset").click()
    state = shown.check_decoding()
    assert state["settings"] == shown.page.evaluate("document.querySelector('live-translator').initial")
    assert state["field"] == "le chat dort"


@pytest.mark.parametrize("width", [1000, 390])
def test_the_beam(width, tagged, decode):
    shown = decode(tagged(text="un gâteau noir", interventions=[]), width=width)
    shown.element.get_by_label("beam", exact=True).check(force=True)
    shown.settle()
    for beam in (4, 1, 6):
        shown.find("input[aria-label='Width of the beam']").fill(str(beam))
        state = shown.check_decoding()
        assert len(state["found"]) <= beam == state["settings"]["width"]
    for k in range(1, 6):
        shown.find(".found input").nth(k).check()
        state = shown.check_decoding()
        assert state["settings"]["hypothesis"] == k
        shown.check()
    fits_but_for_the_tree(shown)
    assert violations(shown) == []
    choose(shown, "cross")
    shown.find(".reads select").select_option(index=0)
    shown.find(".key:visible").nth(2).click()
    assert shown.check_decoding()["settings"]["interventions"] and shown.python._hands, (
        "a forced row applies to the whole beam"
    )
    shown.type("un chat")
    shown.settle()
    assert shown.check_decoding()["settings"]["hypothesis"] == 0


def fits_but_for_the_tree(shown):
    """Nothing is wider than the page; the tree scrolls inside itself, by keyboard too."""
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tree = shown.find(".tree")
    tree.focus()
    wide = tree.evaluate("(node) => node.scrollWidth > node.clientWidth")
    shown.page.keyboard.press("ArrowRight")
    shown.page.wait_for_timeout(300)
    assert tree.evaluate("(node) => node.scrollLeft > 0") == wide


def test_sampling(tagged, decode):
    shown = decode(tagged(method="sample", sentence=1))
    said = set()
    for k in range(1, 5):
        shown.element.get_by_role("button", name="Draw again").click()
        shown.settle()
        state = shown.check_decoding()
        assert state["settings"]["seed"] == k
        said.add(state["translation"])
    for name, value in [("Temperature", "2"), ("Top k", "3"), ("Top p", "0.7"), ("Top k", "21"), ("Temperature", "0")]:
        shown.find(f"input[aria-label='{name}']").fill(value)
        state = shown.check_decoding()
        said.add(state["translation"])
        if name == "Top k":
            assert len(state["cut"]) >= (5 if value == "3" else 0)
    assert state["settings"]["top_k"] == 0 and len(said) > 3
    shown.element.get_by_label("greedy", exact=True).check(force=True)
    shown.settle()
    assert shown.check_decoding()["translation"] == state["translation"], "temperature 0 is greedy"


def test_a_word_from_far_down_the_list(tagged, decode):
    widget = tagged(method="sample", temperature=2.0)
    for widget.seed in range(200):
        first = widget._model.target.ids[widget.translation.split()[0]] if widget.translation else 2
        if sum(widget.distribution > widget.distribution[first]) >= 8:
            break
    state = decode(widget).check_decoding()
    assert state["settings"]["seed"] == widget.seed and state["expected"].index(state["chosen"][0]) == 7


def test_step_by_step(tagged, decode):
    shown = decode(tagged(sentence=1))
    n = len(shown.check_decoding()["words"])
    slider = shown.find("input[aria-label=Step]")
    for key, step in [("ArrowRight", 1), ("End", n), ("Home", 0)]:
        slider.press(key)
        assert shown.check_decoding()["settings"]["step"] == step
    shown.find(".said .word").nth(1).click()
    assert shown.check_decoding()["settings"]["step"] == 1
    shown.find(".said .end").click()
    assert shown.check_decoding()["settings"]["step"] == n


def test_word_by_word(tagged, decode):
    shown = decode(tagged(controls=TYPED))
    watch = """(el) => {
        window.seen = [];
        const look = () => {
            const words = [...el.shadowRoot.querySelectorAll(".said .word")];
            const n = words.filter((word) => getComputedStyle(word).visibility === "visible").length;
            if (seen.at(-1) !== n) seen.push(n);
            requestAnimationFrame(look);
        };
        look();
    }"""
    shown.element.evaluate(watch)
    assert len(shown.check_decoding()["words"]) == 3, "on load all at once"
    shown.type("le chien mange un gâteau")
    height = shown.element.bounding_box()["height"]
    shown.settle()
    state = shown.check_decoding()
    seen = shown.page.evaluate("seen")
    n = len(state["words"])
    assert (
        n > 3 and seen[-1] == n and seen[1:] == sorted(seen[1:]) and len(seen) >= n and state["settings"]["step"] == n
    )
    assert shown.element.bounding_box()["height"] == height, "nothing moves"
    shown.element.get_by_role("button", name="▶ Play").click()
    shown.element.get_by_role("button", name="Pause").click()
    state = shown.check_decoding()
    assert len(state["words"]) == n and state["settings"]["step"] < n


def test_all_at_once_for_those_who_want_no_motion(tagged, decode):
    shown = decode(tagged(controls=TYPED), reduced_motion="reduce")
    shown.type("le chien mange un gâteau")
    state = shown.check_decoding()
    assert len(state["words"]) == state["settings"]["step"] > 3


@pytest.mark.parametrize(("theme", "width"), [("light", 390), ("dark", 1000)])
def test_decoding_for_everyone(theme, width, tagged, decode):
    for method in ("greedy", "beam", "sample"):
        shown = decode(tagged(method=method, top_k=2, temperature=2.0), theme=theme, width=width)
        shown.check_decoding()
        assert violations(shown) == []
        assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown = decode(tagged(controls=TYPED), theme=theme, width=width)
    shown.wait()
    fits(shown)
    names = tab_stops(shown)
    assert [name for name in names if name.startswith(("Your sentence", "Step", "▶"))] and len(names) == 8, names


def test_decoding_both_ways(tagged, decode):
    shown = decode(tagged())
    kernel = Kernel(shown, shown.python.settings)
    shown.wait()
    shown.type("un chat noir")
    shown.settle()
    shown.check_decoding()
    words = len(shown.python.translation.split())
    shown.page.wait_for_function("words => model.sent.at(-1).step === words", arg=words)  # shown word by word
    assert kernel.sent[-1]["text"] == "un chat noir"
    shown.page.evaluate("document.activeElement.blur()")
    sent = len(kernel.sent)
    for name, value in [
        ("text", "le chien"), ("method", "beam"), ("width", 3), ("hypothesis", 1), ("step", 1),
        ("direction", "<2fr>"), ("text", "a cat"), ("method", "sample"), ("seed", 3), ("temperature", 1.5),
        ("top_k", 4), ("top_p", 0.8),
    ]:  # fmt: skip
        kernel.tell(name, value)
        if (name, value) != ("direction", "<2fr>"):
            state = shown.check_decoding()
            assert state["settings"][name] == value
            assert name != "text" or state["field"] == value
    assert len(kernel.sent) == sent
    kernel.close()


# The weights in a file of their own.


class Strict(SimpleHTTPRequestHandler):
    """Serves a folder to pages that may run the site's own scripts only."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", "script-src 'self'")
        super().end_headers()

    def log_message(self, *args):
        pass


def make_site(folder, widget, weights):
    """A page as the site has it: scripts in a folder, the weights beside them."""
    (folder / "_static" / "weights").mkdir(parents=True)
    for name in widget.scripts:
        (folder / "_static" / name).write_bytes((SCRIPTS / name).read_bytes())
    if weights is not None:
        (folder / "_static" / "weights" / "small.js").write_text(weights, encoding="utf-8")
    scripts = "".join(f'<script defer src="_static/{name}?v=1"></script>' for name in widget.scripts)
    head = f'<meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">{scripts}'
    body = f'<div style="height: 4000px"></div>{widget.to_html()}{widget.to_html()}'
    page = folder / "page.html"
    page.write_text(f'<!doctype html><html lang="en">{head}{body}', encoding="utf-8")
    return page


def test_the_weights_come_when_the_widget_comes_near(shipped, tmp_path, visit):
    widget = LiveTranslator(shipped, SENTENCES, sentence=4)
    make_site(tmp_path / "site", widget, published(shipped))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=tmp_path / "site")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/page.html"
        page = visit(address, build=False)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(300)
        assert asked == [] and page.get_by_role("table").count() == 4, "as long as it is far away, the tables stand"
        page.evaluate("scrollTo(0, 9999)")
        page.evaluate("""async () => {
            const all = [...document.querySelectorAll("live-translator")];
            while (!all.every((el) => el.model)) await new Promise(requestAnimationFrame);
        }""")
        [asked] = asked  # once for both
        assert re.fullmatch(r".*/_static/weights/small\.js\?v=[0-9a-f]{8}-2", asked)
        assert page.get_by_role("table").count() == 0 and page.problems == []
        said = page.evaluate("document.querySelector('live-translator').translation")
        server.shutdown()
    assert said == widget.translation


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        (None, "no weights named small came"),
        ("nothing;", "no weights named small came"),
        ('SelfAttention.weights("small", "AAAA");', "not the weights of a model: they do not unpack"),
    ],
)
def test_without_its_weights_it_says_so_and_the_tables_stay(weights, why, shipped, tmp_path, visit):
    page = visit(make_site(tmp_path / "site", LiveTranslator(shipped, SENTENCES), weights).as_uri(), build=False)
    page.evaluate("scrollTo(0, 9999)")
    status = page.get_by_role("status").first
    status.filter(has_text=f"The model does not run here ({why})").wait_for()
    assert page.get_by_role("table").count() == 4
    assert page.locator("live-translator").first.get_by_role("table").first.is_visible()


def test_the_site_publishes_the_models_that_a_page_names(shipped, tmp_path):
    app = SimpleNamespace(outdir=tmp_path / "html")
    publish_weights(app, "", "", {"body": "<p>no widget</p>"}, None)
    publish_weights(app, "", "", {}, None)
    assert not (tmp_path / "html").exists()
    body = f"<p>one</p>{LiveTranslator(shipped, SENTENCES).to_html()}"
    publish_weights(app, "", "", {"body": body}, None)
    assert (tmp_path / "html" / "_static" / "weights" / "small.js").read_text() == published(shipped)


# On a page whose weights are far away.


@pytest.fixture
def far(shipped_both, tmp_path, visit):
    """A page as on the site, in the first screen, nobody reading it yet: (page, widget)."""
    widget = LiveTranslator(shipped_both, ["<2en> le chat dort", "<2fr> a black dog"], controls=TYPED)
    path = make_site(tmp_path / "site", widget, published(shipped_both))
    path.write_text(path.read_text(encoding="utf-8").replace("height: 4000px", "height: 1px"), encoding="utf-8")
    page = visit(path.as_uri(), build=False)
    page.wait_for_function("document.querySelector('live-translator').spec")
    return page, widget


@pytest.fixture
def shipped_both(both, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    folder.mkdir()
    nn.save(both, folder / "small.safetensors")
    for home in (nn, nn.weights):
        monkeypatch.setattr(home, "WEIGHTS", folder)
    return "small"


def test_until_somebody_reads_no_weights_are_fetched(far):
    page, widget = far
    page.wait_for_timeout(400)
    assert page.evaluate("document.querySelector('script[src*=weights]')") is None
    said = page.locator("live-translator .said").first
    assert said.inner_text().strip() == widget.translation, "the translation is there all the same"
    assert page.evaluate("document.querySelector('live-translator').model ?? null") is None
    height = page.locator("live-translator").first.bounding_box()["height"]
    expected = page.locator("live-translator .next").first
    before = expected.inner_text()
    assert before.split()[0] == widget.translation.split()[0]
    page.mouse.move(10, 10)
    page.wait_for_function("document.querySelector('live-translator').model")
    page.locator("live-translator .end").first.wait_for()
    assert expected.inner_text() == before, "and so are its probabilities"
    assert page.locator("live-translator").first.bounding_box()["height"] == height, "nothing moves"
    assert page.locator("live-translator").first.locator(".said .word").all_inner_texts() == widget.translation.split()
    assert page.problems == []


def test_what_was_done_before_the_model_came_stays(far):
    page, widget = far
    page.evaluate("""() => {
        const append = document.head.append.bind(document.head);
        window.late = [];
        document.head.append = (node) => late.push(() => append(node));
    }""")
    first = page.locator("live-translator").first
    first.get_by_label("beam", exact=True).check(force=True)
    first.get_by_role("combobox").fill("un chien noir")
    first.get_by_role("combobox").press("Enter")
    page.wait_for_function("late.length")
    page.evaluate("late.forEach((bring) => bring())")
    page.wait_for_function("document.querySelector('live-translator').settings.text === 'un chien noir'")
    widget.method, widget.text = "beam", "un chien noir"
    assert page.evaluate("document.querySelector('live-translator').translation") == widget.translation
    assert first.get_by_role("combobox").input_value() == "un chien noir" and page.problems == []
