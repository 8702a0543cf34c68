"""LiveTranslator: its Transformer against torch, and in a browser each map and translation against Python's."""

import base64
import importlib.util
import json
import re
import threading
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import MAXIMUM, ROOT, node

from self_attention import nn
from self_attention.corpus import Vocabulary, pairs
from self_attention.widgets import LiveTranslator
from self_attention.widgets._base import SCRIPTS
from self_attention.widgets.live_translator import LONGEST, PLACES, published

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
    return nn.train(translator(), PAIRS, steps=100, rate=1e-2)


@pytest.fixture
def shipped(trained, tmp_path, monkeypatch):
    """The name of a model that comes with the package."""
    folder = tmp_path / "weights"
    folder.mkdir()
    nn.save(trained, folder / "small.safetensors")
    monkeypatch.setattr(nn, "WEIGHTS", folder)
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
    "no model": (dict(model=3), "model must be a name or a TransformerTranslator, got int"),
    "no such model": (dict(model="nobody"), "no weights at 'nobody'"),
    "another model": (dict(model="tagger_3"), "model must be a TransformerTranslator, 'tagger_3' is a Tagger"),
    "unknown word": (dict(sentences=["un chap dort"]), "does not know the word 'chap': expected words such as chat"),
    "a sign": (dict(sentences=["<pad> chat"]), "the model does not know the word '<pad>'"),
    "no sentence": (dict(sentences=[]), "expected 1 to 20 sentences of 1 to 40 words, got 0"),
    "an empty sentence": (dict(sentences=["un chat", " "]), "got 2 of [2, 0] words"),
    "a long sentence": (dict(sentences=["un " * 41]), "got 1 of [41] words"),
    "21 sentences": (dict(sentences=21 * ["merci"]), "got 21 of"),
    "control": (dict(controls=["beam"]), "unknown control in ['beam']: expected some of ['sentence', 'place', "),
    "row of a word": (dict(query="chat"), "query must be a number or one of the words ['le', 'chien', 'mange', 'un', "),
    "sentence": (dict(sentence=7), "sentence must be from 0 to 6, got 7"),
    "place": (dict(place="head"), "place must be one of ['encoder', 'decoder', 'cross'], got 'head'"),
    "layer": (dict(layer=2), "layer must be from 0 to 1, got 2"),
    "head": (dict(head=-1), "head must be from 0 to 1, got -1"),
    "query": (dict(query=41), "query must be from 0 to 40, got 41"),
}  # fmt: skip
WEIGHTS = "weights must be 5 numbers from 0 on, not all 0, got "
CHANGES = {
    "no dict": ([3], "change must be a list of dicts with ['place', 'layer', 'head', 'query', 'weights'], got 3"),
    "a field too few": ([{"place": "encoder"}], "change must be a list of dicts with"),
    "a field too many": ([row(one(0, 5), who="me")], "change must be a list of dicts with"),
    "another place": ([row(one(0, 5), place="head")], "place must be one of ['encoder', 'decoder', 'cross']"),
    "another layer": ([row(one(0, 1), place="decoder", layer=1)], "layer of a changed row must be from 0 to 0, got 1"),
    "another head": ([row(one(0, 5), head=2)], "head of a changed row must be from 0 to 1, got 2"),
    "no number": ([row(one(0, 5), head=1.0)], "head of a changed row must be from 0 to 1, got 1.0"),
    "another row": ([row(one(0, 5), query=5)], "query of a changed row must be from 0 to 4, got 5"),
    "another sentence": ([row(one(0, 5), sentence=7)], "sentence of a changed row must be from 0 to 6, got 7"),
    "too few weights": ([row(one(0, 4))], WEIGHTS),
    "weights of the future": ([row(one(0, 5), place="decoder", query=1)], "weights must be 2 numbers from 0 on"),
    "negative weights": ([row([1, 1, -1, 0, 0])], WEIGHTS),
    "no weight": ([row([0] * 5)], WEIGHTS),
    "NaN": ([row([np.nan, 1, 1, 1, 1])], WEIGHTS),
    "letters": ([row("abcde")], WEIGHTS),
    "no list": ([row(3)], WEIGHTS),
    "a row twice": ([row(one(0, 5)), row(one(1, 5))], "change moves a row twice: {'sentence': 4, 'place': 'encoder'"),
}  # fmt: skip


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
        live(change=change)
    widget = live(change=[row(one(0, 5))])
    with pytest.raises(ValueError, match=re.escape(message)):
        widget.change = change
    assert widget.change == [row(one(0, 5), sentence=4)], "a refused value leaves the old one"


def test_rows_are_completed(live):
    widget = live(change=[row([1, 1, 2, 0, 0], query=3), row([3, 1], "decoder", query=1, sentence=0)])
    assert widget.change == [
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
    widget.change = [row(forced, place, layer, 1, 3), row([1, 1], sentence=0)]  # the second is for another sentence

    def change(at, number, weights):
        if (at, number) == (place, layer) and weights.shape[2] > 3:
            weights = weights.clone()
            weights[:, 1, 3] = 0
            weights[:, 1, 3, 0] = 1
        return weights

    model = widget._model
    assert widget.translation == model.translate([SENTENCES[4]], change=change)[0]
    maps = model.maps(SENTENCES[4], widget.translation, change)[place]
    assert np.array_equal(widget.weights, maps[layer, 1]) and widget.weights[3].tolist() == one(0, maps.shape[-1])
    widget.change = []
    assert widget.translation == before[0] and np.array_equal(widget.weights, before[1])


def test_some_edit_changes_the_translation(live):
    widget = live()
    said = set()
    for place, query, m in [("encoder", 1, 5), ("cross", 1, 5), ("cross", 4, 5)]:
        for j in range(m):
            widget.change = [row(one(j, m), place, head=h, query=query) for h in (0, 1)]
            said.add(widget.translation)
    assert len(said) > 1


def test_static_tables(live):
    html = live(layer=1, query=2, change=[row(one(3, 5), layer=1, query=2)]).fallback()
    for source, target in PAIRS:
        assert f'<th scope="row">{escape(source)}</th><td>{escape(target)}</td>' in html
    assert "(rows moved by hand)" in html and "What “mange” reads (encoder, layer 2, head 1)" in html
    assert '<th scope="row">un</th><td>1.00</td>' in html
    assert live(place="cross", query=99 % (LONGEST + 1)).fallback().count("&lt;eos&gt;") == 1, "the last row there is"
    assert '<th scope="row">&lt;bos&gt;</th>' in live(place="decoder").fallback()


def test_weights_of_the_package_stay_out_of_the_html(shipped, trained):
    named, own = LiveTranslator(shipped, SENTENCES), LiveTranslator(trained, SENTENCES)
    file = base64.b64encode((nn.WEIGHTS / "small.safetensors").read_bytes()).decode()
    assert named.to_html() == LiveTranslator(shipped, SENTENCES).to_html()
    assert file not in named.to_html() and file in named._spec["weights"], "a kernel sends them"
    assert published(shipped) == f'SelfAttention.weights("small", "{file}");\n'
    assert published(shipped) in named.to_page()
    assert file[: len(file) // 2] in own.to_html(), "those of a model of your own travel inside"
    spec = json.loads(re.search(r'json">(.*?)</script>', named.to_html())[1])
    assert spec["bytes"] == len(base64.b64decode(file)) and "weights" not in spec and len(spec["digest"]) == 8
    assert named.translation == own.translation


def test_what_it_says_of_itself(live, shipped):
    assert repr(live()) == "LiveTranslator(a model of your own, 7 sentences, 'the dog eats a cake')"
    assert repr(LiveTranslator(shipped, "merci")) == "LiveTranslator(small, 1 sentences, 'thanks')"


# The Transformer in JavaScript.

RUN = """
import { text } from "node:stream/consumers";
const { half, readSafetensors } = await import(`${process.argv[1]}safetensors.js`);
const { Transformer } = await import(`${process.argv[1]}transformer.js`);
const { file, sentences, rows } = JSON.parse(await text(process.stdin));
const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
const model = new Transformer(readSafetensors(bytes));
const forced = (...at) => rows?.find(([key]) => key === at.join())?.[1];
console.log(JSON.stringify(sentences.map((sentence) => {
  const { words, maps } = model.translate(sentence, { forced });
  const ids = [1, ...words.map((word) => model.target.indexOf(word))];
  const { memory } = model.encode(model.read(sentence), forced);
  const { logits } = model.decode(ids, memory, forced);
  const all = Object.fromEntries(Object.entries(maps).map(([place, layers]) => [place, layers.map((map) => [...map])]));
  return { words: words.join(" "), logits: logits.map((row) => [...row]), maps: rows ? all : null };
})));
"""


def run(file, sentences, rows=None):
    """What JavaScript says of some sentences, by the model in a safetensors file."""
    return node(RUN, {"file": base64.b64encode(file).decode(), "sentences": sentences, "rows": rows})


def log_probabilities(model, sentences, targets, change=None):
    """Torch's, one array (n, size) for each sentence."""
    with torch.no_grad():
        ids, _, mask = model.ids(sentences)
        memory, _ = model.transformer.encode(ids, mask, change)
        said, lengths = model.target.batch(targets, bos=True)
        logits, _ = model.transformer.decode(torch.tensor(said), memory, mask, change)
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
    script = f"const {{ half }} = await import(`${{process.argv[1]}}safetensors.js`);\n{script}"
    numbers = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
    said = np.array([float(text.replace("Infinity", "inf")) for text in node(script)])
    assert np.array_equal(said, numbers, equal_nan=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_javascript_says_what_a_shipped_model_says(name):
    model = nn.load(name)
    sentences = [pair.en if "the" in model.source.ids else pair.fr for pair in pairs(200)]
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
        source = widget._sentences[widget.sentence].split()
        assert state["translation"] == said
        shown = [re.sub(r"(?<=') ", "", text) for text in (" ".join(source), said)]
        without = state["lines"][1]
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
        hands = [edit for edit in widget.change if edit["sentence"] == widget.sentence]
        here = [edit["query"] for edit in hands if (edit["place"], edit["head"]) == (place, widget.head)
                and edit["layer"] == min(widget.layer, widget._layers[place] - 1)]  # fmt: skip
        assert state["hands"] == here
        largest = keys[int(np.argmax(widget.weights[query]))]
        now = "now " if query in here else ""
        assert f": {queries[query]} {now}reads {largest} " in state["live"], state["live"]
        widget.change, before = [], widget.change
        plain = widget.translation
        widget.change = before
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
                assert state["settings"]["change"] and not shown.check()["settings"]["change"]
    assert len(flips) > 1
    shown.find("select[aria-label=Sentence]").select_option(index=0)
    assert shown.check()["translation"] == PAIRS[0][1], "another sentence has its own rows"
    shown.find("select[aria-label=Sentence]").select_option(index=4)
    assert len(shown.check()["settings"]["change"]) == 2
    shown.element.get_by_role("button", name="Reset").click()
    state = shown.check()
    assert state["settings"]["change"] == [] and state["translation"] == PAIRS[4][1]


def test_bars_by_mouse_and_keyboard(live, show):
    shown = show(live(query=2))
    before = np.array(shown.check()["weights"]).reshape(5, 5)[2]
    slider = shown.find(".slide input").nth(3)
    for key, weight in [("Home", 0), ("End", 1), ("ArrowLeft", 0.99), ("PageDown", 0.89)]:
        slider.press(key)
        [edit] = shown.check()["settings"]["change"]
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
        [edit] = shown.check()["settings"]["change"]
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
    from axe_playwright_python.base import AXE_SCRIPT

    for place in PLACES:
        shown = show(
            live(place=place, query=2, change=[row(one(1, 5)), row([1, 0, 0], "decoder", query=2)]), theme=theme
        )
        shown.check()
        shown.page.evaluate(AXE_SCRIPT)
        found = shown.page.evaluate("axe.run('live-translator')")["violations"]
        assert [(rule["id"], [at["html"][:200] for at in rule["nodes"]]) for rule in found] == []


MODEL = """(element) => {
    const listeners = {};
    window.model = {
        sent: [], values: { ...element.settings },
        get: (name) => name === "_spec" ? element.spec : window.model.values[name],
        set(name, value) { this.values[name] = value; },
        save_changes() { this.sent.push(structuredClone(this.values)); },
        on: (event, listener) => { listeners[event] = listener; }, off: (event) => { delete listeners[event]; },
        arrive(name, value) { this.values[name] = value; listeners[`change:${name}`](); },
    };
    element.remove();
    window.away = SelfAttention.anywidget.render({ model: window.model, el: document.body });
}"""


def test_traits_both_ways(live, show):
    shown = show(live(query=1))
    shown.element.evaluate(MODEL)
    shown.find(".key").nth(2).click()
    [edit] = shown.check()["settings"]["change"]
    assert shown.page.evaluate("model.sent").pop()["change"] == [edit] == [row(one(2, 5), query=1, sentence=4)]
    sent = len(shown.page.evaluate("model.sent"))
    for name, value in [("change", []), ("place", "cross"), ("sentence", 1), ("query", 2), ("head", 1), ("layer", 1)]:
        shown.page.evaluate("([name, value]) => model.arrive(name, value)", [name, value])
        assert shown.check()["settings"][name] == value
    assert len(shown.page.evaluate("model.sent")) == sent, "what comes from Python is not sent back"
    shown.page.evaluate("away()")
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
        assert re.fullmatch(r".*/_static/weights/small\.js\?v=[0-9a-f]{8}", asked)
        assert page.get_by_role("table").count() == 0 and page.problems == []
        said = page.evaluate("document.querySelector('live-translator').translation")
        server.shutdown()
    assert said == widget.translation


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        (None, "no weights named small came"),
        ("nothing;", "no weights named small came"),
        ('SelfAttention.weights("small", "AAAA");', "not the weights of a model: 3 bytes hold no header"),
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
    spec = importlib.util.spec_from_file_location("site_extension", ROOT / "book" / "_ext" / "site.py")
    extension = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(extension)
    app = SimpleNamespace(outdir=tmp_path / "html")
    extension.publish_weights(app, "", "", {"body": "<p>no widget</p>"}, None)
    extension.publish_weights(app, "", "", {}, None)
    assert not (tmp_path / "html").exists()
    body = f"<p>one</p>{LiveTranslator(shipped, SENTENCES).to_html()}"
    extension.publish_weights(app, "", "", {"body": body}, None)
    assert (tmp_path / "html" / "_static" / "weights" / "small.js").read_text() == published(shipped)
