"""The widgets about a model's training and a word's way through it: against torch, in Node, and in a browser."""

import base64
import itertools
import re
from html import escape
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from _ext.widgets import publish_weights
from helpers import (
    EVIL,
    MAXIMUM,
    Kernel,
    Live,
    checks,
    fits,
    node,
    number,
    refuses,
    shows,
    spec_of,
    tab_stops,
    violations,
)
from torch.nn.functional import cross_entropy

from self_attention import nn
from self_attention.training import train
from self_attention.vocabulary import Vocabulary
from self_attention.widgets import TrainingBars, TransformerBlocks
from self_attention.widgets._base import SCRIPTS, decode, visible
from self_attention.widgets._model import published

torch.set_num_threads(1)

WORDS = ["a", "am", "i", "thanks", "student", "<eos>"]
TARGETS = "thanks <eos> i am a student <eos>".split()


def distributions(*shape, seed=0):
    """Some distributions, sharper from moment to moment."""
    logits = np.random.default_rng(seed).normal(size=shape) * np.arange(1, shape[0] + 1)[:, None, None]
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


def bars(moments=9, targets=TARGETS, vocabulary=WORDS, **settings):
    probabilities = distributions(moments, len(targets), len(vocabulary))
    return TrainingBars(probabilities, targets, vocabulary=vocabulary, **settings)


# In one word, so that a model can read and write it.
MARKUP = "</script><img/src=x/onerror=alert(1)>"
PAIRS = [
    ("un chat", "a cat"), ("le chat dort", "the cat sleeps"), ("un chien noir", "a black dog"), ("merci", "thanks"),
    ("le chien mange un gâteau", "the dog eats a cake"), ("un gâteau noir", "a black cake"), (MARKUP, f"a {MARKUP}"),
]  # fmt: skip
SENTENCES = [source for source, _ in PAIRS]


def translator(**config):
    torch.manual_seed(0)
    config = dict(d_model=16, h=2, d_ff=32, layers=(2, 1)) | config
    model = nn.TransformerTranslator(*(Vocabulary(list(side)) for side in zip(*PAIRS, strict=True)), **config)
    generator = torch.Generator().manual_seed(1)
    for weights in model.parameters():  # far from the norms of 1 and biases of 0 that it begins with
        weights.data += 0.3 * torch.randn(weights.shape, generator=generator)
    return model.eval()


@pytest.fixture(scope="module")
def trained():
    return train(translator(), PAIRS, steps=100, rate=1e-2)


@pytest.fixture
def blocks(trained):
    return lambda model=trained, **settings: TransformerBlocks(model, **{"sentences": SENTENCES, **settings})


@pytest.fixture
def shipped(trained, tmp_path, monkeypatch):
    """The name of a model that comes with the package."""
    nn.save(trained, tmp_path / "small.safetensors")
    for home in (nn, nn.weights):
        monkeypatch.setattr(home, "WEIGHTS", tmp_path)
    return "small"


# What goes in.

REFUSED = {
    "a matrix": (lambda: TrainingBars([[0.5, 0.5]], ["a"], vocabulary=["a", "b"]), "12 words, got shape (1, 2)"),
    "no moment": (lambda: TrainingBars(np.ones((0, 1, 2)), ["a"], vocabulary=["a", "b"]), "got shape (0, 1, 2)"),
    "201 moments": (lambda: bars(201), "at most 200 moments, at most 12 positions, at most 12 words, got shape (201, "),
    "13 positions": (lambda: bars(targets=13 * ["a"]), "got shape (9, 13, 6)"),
    "13 words": (lambda: bars(targets=["1"], vocabulary=range(13)), "got shape (9, 1, 13)"),
    "a target too many": (
        lambda: TrainingBars(distributions(2, 3, 6), ["a"], vocabulary=WORDS),
        "to be (moments, targets, words), words 2 or more, got (2, 3, 6) for 1 targets and 6 words",
    ),
    "one word": (lambda: bars(targets=["a"], vocabulary=["a"]), "words 2 or more, got (9, 1, 1)"),
    "a word twice": (lambda: bars(vocabulary=[*WORDS[:-2], "a", "<eos>"]), "vocabulary to name each word once"),
    "words as a string": (lambda: bars(vocabulary="a am i"), "vocabulary to be a list of words, got one string"),
    "targets as a string": (lambda: bars(targets="a am"), "targets to be a list of words, got one string, 'a am'"),
    "another word": (lambda: bars(targets=["we"]), "expected targets to be words of the vocabulary ['a', 'am', 'i', "),
    "logits": (
        lambda: TrainingBars([[[2.0, -1.0]]], ["a"], vocabulary=["a", "b"]),
        "expected probabilities to be 0 or more and sum to 1 over the words, got -1 and a sum of 1",
    ),
    "half of it": (lambda: TrainingBars([[[0.25, 0.25]]], ["a"], vocabulary=["a", "b"]), "got 0.25 and a sum of 0.5"),
    "NaN": (lambda: TrainingBars([[[np.nan, 1]]], ["a"], vocabulary=["a", "b"]), "expected probabilities to be finite"),
    "letters": (lambda: TrainingBars("abc", ["a"], vocabulary=WORDS), "probabilities to be an array of real numbers"),
    "epochs that fall": (lambda: bars(2, epochs=[5, 5]), "epochs to be 2 rising numbers, one for each moment, got"),
    "an epoch too few": (lambda: bars(2, epochs=[5]), "expected epochs to be 2 rising numbers"),
    "control of bars": (lambda: bars(controls=["play"]), "unknown control in ['play']: expected some of ['epoch"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name):
    refuses(*REFUSED[name])


REFUSED_BLOCKS = {
    "no model": (dict(model=3), "expected model to be a name or a TransformerTranslator, got int"),
    "another model": (dict(model="tagger_3"), "expected model to be a TransformerTranslator, 'tagger_3' is a Tagger"),
    "unknown word": (dict(sentences=["un chap dort"]), "does not know the word 'chap': expected words such as chat"),
    "unknown target": (dict(sentences="merci", target="thank"), "does not know the word 'thank': expected words"),
    "a target too few": (dict(target="thanks"), "expected target to be 7 sentences, got 1"),
    "token of another line": (dict(token="cat"), "token to be a number or one of the words ['un', 'chat'], got"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_BLOCKS)
def test_blocks_refuse(name, blocks):
    settings, message = REFUSED_BLOCKS[name]
    refuses(lambda: blocks(**settings), message)


@pytest.mark.parametrize(
    ("name", "good", "bad", "message"),
    [
        ("epoch", [0, 8], [-1, 9], "expected epoch to be the index of a moment, 0 to 8, got"),
        ("smoothing", [0.0, 0.3], [-0.1, 0.31, np.nan], "expected smoothing to be from 0 to 0.3, got"),
    ],
)
def test_settings_of_bars(name, good, bad, message):
    checks(bars, name, good, bad, message)


@pytest.mark.parametrize(
    ("name", "good", "bad", "message"),
    [
        ("sentence", [0, 6], [-1, 7], "expected sentence to be from 0 to 6, got"),
        ("place", ["encoder", "decoder"], ["cross", ""], "expected place to be one of ['encoder', 'decoder'], got"),
        ("token", [0, 40], [-1, 41], "expected token to be from 0 to 40, got"),
        ("stage", [0, 6], [-1, 7], "expected stage to be from 0 to 6, got"),
    ],
)
def test_settings_of_blocks(name, good, bad, message, blocks):
    checks(blocks, name, good, bad, message)


# What Python computes.


@pytest.mark.parametrize("smoothing", [0, 0.1, 0.3])
def test_losses_are_torchs(smoothing):
    widget = bars(smoothing=smoothing)
    logits = torch.tensor(distributions(9, len(TARGETS), 6)).log()
    ids = torch.tensor([WORDS.index(word) for word in TARGETS])
    expected = [cross_entropy(rows, ids, label_smoothing=smoothing, reduction="none").numpy() for rows in logits]
    assert np.abs(widget.losses - expected).max() < 1e-4, "logarithms are rounded to 4 decimals"
    assert widget.mean == pytest.approx(widget.losses.mean(axis=1)) and widget.mean.shape == (9,)
    assert np.abs(widget.probabilities - distributions(9, len(TARGETS), 6)).max() < 1e-4


def test_the_target_and_its_floor():
    widget = bars(smoothing=0.1)
    assert sorted({*widget.target.ravel().round(4)}) == [0.0167, 0.9167] and widget.target.argmax(1)[0] == 3
    assert (widget.target.sum(axis=1).round(12) == 1).all() and round(widget.floor, 4) == 0.421
    perfect = TrainingBars(widget.target[None], TARGETS, vocabulary=WORDS, smoothing=0.1)
    assert perfect.losses == pytest.approx(widget.floor, abs=1e-4)
    assert bars().floor == 0


def test_a_probability_of_0_is_a_large_loss():
    widget = TrainingBars([[[0, 1]]], ["a"], vocabulary=["a", "b"])
    assert widget.losses.tolist() == [[100.0]] and widget.probabilities[0, 0, 1] == 1


def test_positions_are_named_by_what_was_read():
    assert bars().read == ["<bos>", "thanks", "<bos>", "i", "am", "a", "student"]
    assert bars(targets=["a"]).read == ["<bos>"]


def hooked(model, source, target):
    """What torch itself says of one pair: what each part gave, the maps, the logits, what comes out of the encoder."""
    given = {}
    transformer = model.transformer
    for place, layers in (("encoder", transformer.encoder), ("decoder", transformer.decoder)):
        for i, layer in enumerate(layers, 1):
            parts = {"attention": layer.attention, "feed-forward": layer.feed_forward, "units": layer.feed_forward[1]}
            if place == "decoder":
                parts["source"] = layer.cross
            for name, part in parts.items():
                key = (place, f"{i}: + {name}")
                keep = lambda _, __, out, key=key: given.update({key: out[0] if isinstance(out, tuple) else out})  # noqa: E731
                part.register_forward_hook(keep)
    with torch.no_grad():
        ids, _, mask = model.ids([source])
        memory, _ = transformer.encode(ids, mask)
        ids = torch.tensor(model.target.batch([target], bos=True)[0])
        logits, _ = transformer.decode(ids, memory, mask)
    rows = {key: out[0].numpy() for key, out in given.items()}
    return rows, model.maps(source, target), logits[0].numpy(), memory[0].numpy()


CONFIGS = [
    dict(norm=norm, h=h, layers=layers)
    for norm, h, layers in [("pre", 1, (3, 1)), ("post", 2, (1, 2)), ("pre", 4, (2, 2)), ("post", 16, (1, 1))]
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_stages_are_what_torch_passes_on(config):
    widget = TransformerBlocks(translator(**config), "le chien mange un gâteau", target="the dog eats a cake")
    pre = config["norm"] == "pre"
    model = widget._model
    given, maps, logits, memory = hooked(model, "le chien mange un gâteau", "the dog eats a cake")
    for place, token in itertools.product(("encoder", "decoder"), range(5)):
        widget.place, widget.token = place, token
        stages = widget.stages
        layers = config["layers"][place == "decoder"]
        parts = ["attention", "feed-forward"] if place == "encoder" else ["attention", "source", "feed-forward"]
        names = ["word", "+ position", *(f"{i}: + {part}" for i in range(1, layers + 1) for part in parts)]
        end = pre * ["final norm"] + (place == "decoder") * ["logits"]
        assert [stage.name for stage in stages] == names + end

        matrix = (model.transformer.source if place == "encoder" else model.transformer.target).weight
        vocabulary = model.source if place == "encoder" else model.target
        vector = matrix[vocabulary.ids[widget.words[token]]].detach().numpy()
        assert stages[0].stream == pytest.approx(4 * vector) and stages[0].added is None
        assert stages[1].added_length == pytest.approx(np.sqrt(16 / 2)), "sines and cosines"
        for k, stage in enumerate(stages[2 : len(names)], 2):
            layer, part = int(stage.name[0]) - 1, stage.name[5:]
            assert stage.added == pytest.approx(given[place, stage.name][token], abs=1e-12)
            assert (stage.before == stages[k - 1].stream).all()
            total = torch.tensor(stage.before + stage.added)
            if not pre:
                modules = model.transformer.encoder if place == "encoder" else model.transformer.decoder
                total = modules[layer].norms[parts.index(part)](total).detach()
            assert stage.stream == pytest.approx(total.numpy(), abs=1e-12)
            if part == "feed-forward":
                assert stage.units == pytest.approx(given[place, f"{layer + 1}: + units"][token], abs=1e-12)
                assert stage.weights is None and (stage.units >= 0).all() and (stage.units == 0).any()
            else:
                rows = maps["cross" if part == "source" else place][layer][:, token].numpy()
                reach = token + 1 if (place, part) == ("decoder", "attention") else 5
                assert stage.weights == pytest.approx(rows[:, :reach], abs=1e-12) and stage.units is None
                assert stage.weights.shape == (config["h"], reach)
            length = np.sqrt((stage.stream**2).sum())
            cosine = stage.before @ stage.added / np.sqrt((stage.before**2).sum() * (stage.added**2).sum())
            assert (stage.length, stage.cosine) == (pytest.approx(length), pytest.approx(cosine))
        if place == "encoder":
            assert widget.lens is None and widget.says is None
            assert stages[-1].stream == pytest.approx(memory[token], abs=1e-12)
        else:
            assert stages[-1].stream == pytest.approx(logits[token], abs=1e-12)
            check_lens(widget, logits[token])


def check_lens(widget, logits):
    """The lens is the last norm and the output matrix on each stream; the last stages say what the model says."""
    model, lens = widget._model, widget.lens
    assert lens.shape == (len(widget.stages), len(model.target))
    for stage, p in zip(widget.stages[:-1], lens, strict=False):
        X = torch.tensor(stage.stream)
        if stage.name != "final norm":
            X = model.transformer.norms[1](X)
        assert p == pytest.approx((model.transformer.target.weight @ X).softmax(0).detach().numpy(), abs=1e-12)
    for p in lens[-2:]:
        assert p == pytest.approx(torch.tensor(logits).softmax(0).numpy(), abs=1e-12)
    for says, p in zip(widget.says, lens, strict=True):
        assert [p[model.target.ids[word]] for word, _ in says] == [q for _, q in says] == sorted(p)[:-4:-1]


def test_the_last_stage_says_the_next_word(blocks):
    for sentence, (_, target) in enumerate(PAIRS):
        widget = blocks(sentence=sentence, place="decoder")
        assert widget.words == ["<bos>", *target.split()], "by default the decoder has written what the model says"
        for token, word in enumerate([*target.split(), "<eos>"]):
            widget.token = token
            assert widget.says[-1][0][0] == word


def test_what_comes_later_changes_nothing(blocks):
    one, other = (
        blocks(sentences="un chat", target=said, place="decoder", token=1) for said in ("the cat", "the black")
    )
    assert one.words != other.words
    for here, there in zip(one.stages, other.stages, strict=True):
        assert np.abs(here.stream - there.stream).max() < 1e-12


def test_a_word_by_its_name_and_the_last_word_there_is(blocks):
    assert blocks(sentence=4, token="mange").token == 2
    assert blocks(sentence=4, place="decoder", token="a").token == 4
    far, last = blocks(token=40), blocks(token=1)
    assert (far.stages[3].stream == last.stages[3].stream).all() and "'chat'" in repr(far)


# What goes out.


@pytest.mark.parametrize("name", [EVIL, "<!--", '"&quot;&<b>', "\u2028", "𝔸→é"])
def test_html_of_bars_says_what_the_words_say(name):
    widget = bars(targets=[name, "i"], vocabulary=[name, "i"], caption=name)
    assert spec_of(widget) == {**widget._spec, "settings": widget.settings}
    html = widget.to_html()
    assert html.count("<script") == html.count("</script>") == 1 and "<img" not in html and "<!--" not in html
    assert (
        f"<caption>{escape(name)} (epoch 0, mean loss " in html
        and f'<th scope="row">{escape(visible(name))}</th>' in html
    )


def test_html_of_blocks(blocks):
    widget = blocks(sentence=6, place="decoder", token=2, caption=EVIL)
    html = widget.to_html()
    assert html.count("<script") == html.count("</script>") == 1 and "<img" not in html
    assert spec_of(widget)["targets"] == [target for _, target in PAIRS]
    assert f"<caption>{escape(EVIL)} (“{escape(MARKUP)}” in the decoder: " in html
    stage = widget.stages[3]
    [(word, p), *_] = widget.says[3]
    row = [f"{stage.length:.2f}", f"{stage.added_length:.2f}", f"{stage.cosine:.2f}", f"{escape(word)} ({p:.2f})"]
    assert f'<th scope="row">1: + source</th><td>{"</td><td>".join(row)}</td>' in html
    assert html == blocks(sentence=6, place="decoder", token=2, caption=EVIL).to_html(), "the same every time"


def test_weights_of_the_package_have_a_file_of_their_own(blocks, shipped, tmp_path):
    named = blocks(shipped)
    assert "weights" not in spec_of(named) and published(shipped) in named.to_page()
    publish_weights(SimpleNamespace(outdir=tmp_path), "", "", {"body": named.to_html()}, None)
    assert (tmp_path / "_static" / "weights" / "small.js").read_text() == published(shipped)


def test_a_table_without_script():
    widget = bars(epochs=[10 * k for k in range(9)], epoch=3)
    html = widget.fallback()
    assert f"(epoch 30, mean loss {widget.mean[3]:.3f})" in html
    cells = [*(f"{p:.2f}" for p in widget.probabilities[3, 0]), "thanks", f"{widget.losses[3, 0]:.3f}"]
    assert f'<th scope="row">&lt;bos&gt;</th><td>{"</td><td>".join(cells)}</td>' in html


def test_what_they_say_of_themselves(blocks):
    widget = bars()
    mean = f"mean loss {widget.mean[0]:.3f} to {widget.mean[-1]:.3f}"
    assert repr(widget) == f"TrainingBars(9 moments, 7 positions, 6 words: {mean})"
    said = "TransformerBlocks(a model of your own, 7 sentences, '<bos>' in the decoder, 7 stages)"
    assert repr(blocks(place="decoder")) == said


# The stages in JavaScript.

RUN = """
import { text } from "node:stream/consumers";
const { readSafetensors } = await import(`${process.argv[1]}maths/safetensors.js`);
const { lens, Watched, way } = await import(`${process.argv[1]}maths/blocks.js`);
const { file, cases } = JSON.parse(await text(process.stdin));
const model = new Watched(readSafetensors(Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0))));
const plain = (numbers) => numbers && Array.from(numbers, (x) => (x.length === undefined ? x : [...x]));
console.log(JSON.stringify(cases.map(([source, target, place, token]) => {
  const stages = way(model, source, target, place, token);
  const numbers = (stage) => Object.fromEntries(Object.entries(stage).map(([what, x]) => [what, plain(x)]));
  const said = stages.map(({ name, ...more }) => [name, numbers(more)]);
  return [said, place === "decoder" ? lens(model, stages).map(plain) : null];
})));
"""


def check_javascript(widget):
    """Every number of every stage of every word, in Node and in Python."""
    cases, expected = [], []
    for sentence, place in itertools.product(range(len(widget._sentences)), ("encoder", "decoder")):
        widget.sentence, widget.place = sentence, place
        for token in range(len(widget.words)):
            widget.token = token
            cases.append([widget._sentences[sentence], widget._targets[sentence], place, widget.token])
            expected.append((widget.stages, widget.lens))
    results = node(RUN, {"file": base64.b64encode(widget._file).decode(), "cases": cases})
    for (stages, lens), (theirs, seen) in zip(expected, results, strict=True):
        assert [stage.name for stage in stages] == [name for name, _ in theirs]
        for stage, (_, more) in zip(stages, theirs, strict=True):
            for what in ("stream", "before", "added", "weights", "units"):
                numbers = getattr(stage, what)
                assert (numbers is None) == (more.get(what) is None), (stage.name, what)
                if numbers is not None:
                    assert np.abs(np.array(more[what]) - numbers).max() < 1e-9, (stage.name, what)
        assert (lens is None) == (seen is None)
        assert lens is None or np.abs(np.array(seen) - lens).max() < 1e-9


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_javascript_is_python(config):
    check_javascript(
        TransformerBlocks(translator(**config), ["le chien mange un gâteau", "merci"], target=["a cat", "thanks"])
    )


def test_javascript_is_python_for_the_shipped_model():
    check_javascript(TransformerBlocks("transformer_both", ["<2en> je suis étudiant", "<2fr> i am a student"]))


# In a browser.

STATE = """async (el) => {
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const text = (node) => node.textContent;
    const all = (selector, what = text) => Array.from(el.shadowRoot.querySelectorAll(selector), what);
    const width = (node) => node.hidden ? 0 : parseFloat(node.style.width);
    return {
        settings: el.settings, probabilities: [...el.probabilities], losses: [...el.losses], floor: el.floor,
        captions: all(".position caption"), right: all(".position .right th"), words: all(".position tbody th"),
        numbers: all(".position tbody .number"),
        bars: all(".position tbody .bar", width), aims: all(".position .aim", width),
        lost: all(".loss .number"), live: all(".live")[0], note: all(".note")[0], playing: all(".play")[0],
        mean: all(".mean", (path) => path.getAttribute("d"))[0],
        at: all("circle", (dot) => dot.getAttribute("cx"))[0],
        wrong: all("svg *", (node) => node.outerHTML).filter((html) => /NaN|undefined|Infinity/.test(html)),
    };
}"""


class Bars(Live):
    """Training bars on a page, and the same ones in Python."""

    @staticmethod
    def rebuild(spec):
        given = {name: spec[name] for name in ("vocabulary", "epochs", "controls")}
        return TrainingBars(np.exp(decode(spec["logs"])), spec["targets"], **given, **spec["settings"])

    def check(self):
        """Compare all that the page shows with Python's numbers for the settings as they are; return its state."""
        state, widget = self.element.evaluate(STATE), self.python
        for name, value in state["settings"].items():
            setattr(widget, name, value)
        epoch, targets, words = widget.epoch, self.spec["targets"], self.spec["vocabulary"]
        p, losses = widget.probabilities[epoch].ravel(), widget.losses[epoch]
        assert np.abs(np.array(state["probabilities"]) - p).max() < 1e-12 and state["wrong"] == []
        assert np.abs(np.array(state["losses"]) - widget.losses.ravel()).max() < 1e-9
        assert state["floor"] == pytest.approx(widget.floor, abs=1e-12)
        assert state["captions"] == [f"after {a}: {b}" for a, b in zip(widget.read, targets, strict=True)]
        assert state["right"] == targets and state["words"] == words * len(targets)
        assert all(shows(text, x, 2) for text, x in zip(state["numbers"], p, strict=True))
        assert np.abs(np.array(state["bars"]) - 100 * p).max() < 0.006
        assert np.abs(np.array(state["aims"]) - 100 * widget.target.ravel()).max() < 0.006
        decimals = [2 if x < 9.995 else 1 if x < 99.95 else 0 for x in losses]
        assert state["lost"] == [
            f"{x:.{d}f}" for x, d in zip(state["losses"][epoch * len(losses) :], decimals, strict=False)
        ]
        if state["playing"] == "Play":
            said = r"epoch (\S+): mean loss (\S+) nats, the likeliest word is right at (\d+) of (\d+) positions"
            number_, mean, right, n = re.match(said, state["live"]).groups()
            found = [words[k] for k in widget.probabilities[epoch].argmax(axis=1)]
            assert number_ == str(self.spec["epochs"][epoch]) and shows(mean, widget.mean[epoch], 3)
            assert [int(right), int(n)] == [sum(map(str.__eq__, found, targets)), len(targets)]
            assert ("no loss is below" in state["live"]) == (widget.smoothing > 0)
        assert ("−Σ target" in state["note"]) == (widget.smoothing > 0)
        assert self.page.problems == []
        return state


EPOCHS = [0, 1, 2, 5, 10, 20, 50, 100, 1000]
CASES = {
    "bars": lambda: bars(epoch=3, caption="Six words"),
    "two controls": lambda: bars(controls=["smoothing", "epoch"], epochs=EPOCHS, smoothing=0.1),
    "evil": lambda: bars(targets=["i", EVIL], vocabulary=[EVIL, "i"], caption=EVIL),
    "the most": lambda: bars(200, [f"word{k}" for k in range(12)], [f"word{k}" for k in range(12)], epoch=199),
    "one moment": lambda: bars(1, ["a"], ["a", "b"]),
}  # fmt: skip


@pytest.fixture
def show(open_widget):
    """Open a widget's own page and hold it against Python: `live = show(widget, width=390)`."""

    def show(widget, **options):
        page = open_widget(widget, **options)
        element = page.locator(widget.element)
        return Blocks(page, element, widget) if isinstance(widget, TransformerBlocks) else Bars(page, element)

    return show


@pytest.mark.parametrize("width", [1000, 390])
@pytest.mark.parametrize("case", CASES)
def test_bars_on_a_page(case, width, show):
    live = show(CASES[case](), width=width)
    live.check()
    fits(live)
    height = live.element.bounding_box()["height"]
    for slider in live.find("input[type=range]:visible:enabled").all():
        seen = []
        for key in ("Home", "ArrowRight", "End", "ArrowLeft"):
            slider.press(key)
            seen.append(tuple(live.check()["settings"].values()))
            assert live.element.bounding_box()["height"] == height, "nothing moves"
        assert len(set(seen)) == 4
    fits(live)
    assert live.page.locator("img").count() == 0
    live.element.get_by_role("button", name="Reset").click()
    assert live.check()["settings"] == live.spec["settings"]
    assert live.find(".picture").is_visible() == (case != "one moment")
    assert live.element.get_by_label("Label smoothing").is_visible() == (case == "two controls")
    assert live.element.get_by_role("button", name="Play").is_visible() == (case != "one moment")


def test_the_curve_is_where_its_numbers_are(show):
    live = show(CASES["two controls"]())
    state = live.check()
    points = np.array([[float(x) for x in point.split()] for point in state["mean"][1:].split("L")])
    box, width = live.find(".curve").bounding_box(), live.find(".curve").evaluate("node => node.clientWidth")
    across = 40 + np.array(live.spec["epochs"]) / 1000 * (width - 60)
    assert points[:, 0] == pytest.approx(across, abs=0.06)
    slope, start = np.polyfit(live.python.mean, points[:, 1], 1)
    assert slope < 0 and start == pytest.approx(156, abs=0.2), "0 stands on the axis"
    assert points[:, 1] == pytest.approx(start + slope * live.python.mean, abs=0.11)
    for k in (8, 6, 7, 5):
        live.page.mouse.click(box["x"] + across[k] + 2, box["y"] + 60)
        state = live.check()
        assert state["settings"]["epoch"] == k and float(state["at"]) == pytest.approx(across[k], abs=0.06)
    for key, k in [("ArrowRight", 6), ("End", 8), ("ArrowLeft", 7), ("Home", 0)]:
        live.find(".curve").press(key)
        assert live.check()["settings"]["epoch"] == k


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_runs_to_the_end_and_stops(motion, show):
    live = show(bars(60), reduced_motion=motion)
    live.check()
    live.page.clock.install()
    live.element.evaluate(
        "(el) => { window.seen = []; el.addEventListener('setting', (e) => seen.push(e.detail.value)); }"
    )
    live.element.get_by_role("button", name="Play").click()
    live.page.clock.run_for(12000)
    seen = live.page.evaluate("seen")
    assert seen == (list(range(1, 60)) if motion == "no-preference" else [8, 16, 24, 32, 40, 48, 56, 59])
    state = live.check()
    assert state["playing"] == "Play" and state["settings"]["epoch"] == 59
    live.element.get_by_role("button", name="Play").click()
    live.page.clock.run_for(3000)
    live.element.get_by_role("button", name="Pause").click()
    epoch = live.check()["settings"]["epoch"]
    assert 0 < epoch < 59, "from the start again"
    live.page.clock.run_for(3000)
    assert live.check()["settings"]["epoch"] == epoch
    live.element.get_by_role("button", name="Play").click()
    live.page.clock.run_for(500)
    live.find("input.epoch").press("Home")
    live.page.clock.run_for(3000)
    state = live.check()
    assert (state["settings"]["epoch"], state["playing"]) == (0, "Play"), "the reader's hand stops it"


BLOCKS = """async (el) => {
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    const text = (node) => node.textContent;
    const all = (selector, what = text) => Array.from(el.shadowRoot.querySelectorAll(selector), what);
    const pixels = (canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 4, canvas.width, 1);
        return Array.from({ length: canvas.width }, (_, k) => [...data.slice(4 * k, 4 * k + 3)]);
    };
    return {
        settings: el.settings, words: all(".words", (line) => Array.from(line.children, text)),
        word: all(".both input:checked", (input) => input.ariaLabel),
        focus: all(".stage input:checked", (input) => input.ariaLabel),
        heads: all(".head > *"), names: all(".stage .pick"), numbers: all(".stage:not(.head) .number"),
        says: all(".stage:not(.head)", (row) => Array.from(row.querySelectorAll(".says span"), text)),
        strips: all(".way .strip", pixels), most: all(".key span span")[0], live: all(".live")[0],
        panel: all(".panel p")[0], note: all(".panel .note")[0], units: all(".panel .units", pixels)[0],
        chips: all(".chips", (row) => Array.from(row.children, (chip) => [chip.firstChild.data, text(chip.lastChild)])),
        logits: all(".logits tbody tr", (row) => Array.from(row.cells, text)),
        stream: el.stages.map(({ stream }) => [...stream]), lens: el.lens?.map((p) => [...p]) ?? null,
        dark: el.hasAttribute("dark"),
    };
}"""


class Blocks(Live):
    """A word's way through the blocks on a page, and the same in Python."""

    def __init__(self, page, element, widget):
        self.rebuild = lambda spec: widget
        super().__init__(page, element)

    def check(self):
        """Compare all that the page shows with Python's numbers for the settings as they are; return its state."""
        state, widget = self.element.evaluate(BLOCKS), self.python
        for name, value in state["settings"].items():
            setattr(widget, name, value)
        stages, says, place = widget.stages, widget.says, widget.place
        token = min(widget.token, len(widget.words) - 1)
        stage = stages[min(widget.stage, len(stages) - 1)]
        for theirs, ours in zip(state["stream"], stages, strict=True):
            assert np.abs(np.array(theirs) - ours.stream).max() < MAXIMUM
        assert state["words"] == [
            widget._sentences[widget.sentence].split(),
            ["<bos>", *widget._targets[widget.sentence].split()],
        ]
        assert state["word"] == [f"{widget.words[token]}, {place}, word {token + 1}"]
        names = [re.sub(r"^(\d+): ", r"layer \1: ", ours.name) for ours in stages]
        assert state["names"] == names and state["focus"] == [re.sub(r"^(\d+): ", r"layer \1: ", stage.name)]
        numbers = [(ours.length, ours.added_length, ours.cosine) for ours in stages if ours.name != "logits"]
        texts = state["numbers"][: 3 * len(numbers)]
        for text, x in zip(texts, np.ravel(numbers), strict=True):
            assert text == "–" if np.isnan(x) else shows(text, x, 2)
        self.check_strips(state["strips"], state["most"], state["dark"])
        if place == "encoder":
            assert says is None and state["lens"] is None and state["says"] == [[] for _ in stages]
        else:
            assert np.abs(np.array(state["lens"]) - widget.lens).max() < MAXIMUM
            for texts, some in zip(state["says"], says, strict=True):
                assert texts[::2] == [word for word, _ in some]
                assert all(shows(text, p, 2) for text, (_, p) in zip(texts[1::2], some, strict=True))
            [word, p] = says[min(widget.stage, len(stages) - 1)][0]
            assert state["live"].endswith(f"; the next word would be {word}, {p:.2f}")
        assert state["live"].startswith(f"{widget.words[token]}, ")
        self.check_panel(stage, **state)
        assert self.page.problems == []
        return state

    def check_strips(self, strips, most, dark):
        """Each number has its colour, on one scale for all stages."""
        stages = [stage for stage in self.python.stages if stage.name != "logits"]
        everything = [X for stage in stages for X in (stage.stream, stage.added) if X is not None]
        largest = max(np.abs(X).max() for X in everything)
        assert shows(most, -largest, 1)
        colours = self.page.evaluate("dark => SelfAttention.colourTable('scores', dark)", dark)
        for strip, stage in zip(strips, stages, strict=True):
            expected = np.array([colours[int(np.floor(127.5 + 127.5 * x / largest + 0.5))] for x in stage.stream])
            assert np.abs(np.array(strip) - expected).max() <= 2

    def check_panel(self, stage, panel, note, units, chips, logits, dark, **_):
        """What the panel says of the stage in focus."""
        widget, shown = self.python, stage.name.split("+ ")[-1]
        assert (len(chips) > 0, units is not None, len(logits) > 0) == (
            stage.weights is not None, stage.units is not None, shown == "logits"
        )  # fmt: skip
        if stage.weights is not None:
            keys = widget._sentences[widget.sentence].split() if shown == "source" else widget.words
            for row, weights in zip(chips, stage.weights, strict=True):
                assert [word for word, _ in row] == keys[: len(weights)]
                assert all(shows(text, w, 2) for (_, text), w in zip(row, weights, strict=True))
        if stage.units is not None:
            firing = int((stage.units > 0).sum())
            assert f"{firing} of {len(stage.units)} units fire" in panel
            colours = self.page.evaluate("dark => SelfAttention.colourTable('weights', dark)", dark)
            shares = stage.units / max(stage.units.max(), 1e-9)
            expected = np.array([colours[int(np.floor(255 * x + 0.5))] for x in shares])
            assert np.abs(np.array(units) - expected).max() <= 2
            for unit, text in re.findall(r"(\d+) \((\S+)\)", note or ""):
                assert shows(text, stage.units[int(unit)], 2)
        if shown == "logits":
            p = widget.lens[-1]
            for word, logit, probability, _ in logits:
                k = widget._model.target.ids[word]
                assert shows(logit, stage.stream[k], 2) and shows(probability, p[k], 3)
            largest = sorted(stage.stream)[::-1][:8]
            assert [number(row[1]) for row in logits] == pytest.approx(largest, abs=0.0051)


@pytest.mark.parametrize("width", [1000, 390])
def test_every_word_and_every_stage(width, blocks, show):
    live = show(blocks(sentences=SENTENCES[4:6], caption="A way"), width=width)
    live.check()
    fits(live)
    for line, words in enumerate(live.check()["words"]):
        for k in range(len(words)):
            live.find(".words").nth(line).locator(".pick").nth(k).click()
            settings = live.check()["settings"]
            assert (settings["place"], settings["token"]) == (["encoder", "decoder"][line], k)
        for k in range(live.find(".way .pick").count()):
            live.find(".way .pick").nth(k).click()
            assert live.check()["settings"]["stage"] == k
        fits(live)
    live.find("select").select_option(index=1)
    state = live.check()
    assert state["settings"]["sentence"] == 1 and state["words"][0] == SENTENCES[5].split()
    live.element.get_by_role("button", name="Reset").click()
    assert live.check()["settings"] == live.spec["settings"]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_blocks_of_other_models(config, show):
    live = show(
        TransformerBlocks(translator(**config), SENTENCES[4], target="the dog eats a cake", place="decoder", token=3)
    )
    for k in range(live.find(".way .pick").count()):
        live.find(".way .stage:not(.head)").nth(k).click()
        live.check()
    live.find(".both .pick").first.click()
    live.check()


def test_the_shipped_model(show):
    widget = TransformerBlocks("transformer_both", "<2en> je suis étudiant", place="decoder", stage=6)
    live = show(widget)
    state = live.check()
    assert state["words"][1] == ["<bos>", "i", "am", "a", "student"] and len(state["strips"][0]) == 64


def test_another_place_keeps_the_stage_by_name(blocks, show):
    live = show(blocks(sentence=4, stage=3))
    assert live.check()["focus"] == ["layer 1: + feed-forward"]
    live.find(".words").nth(1).locator(".pick").nth(1).click()
    state = live.check()
    assert state["focus"] == ["layer 1: + feed-forward"] and state["settings"]["stage"] == 4
    live.find(".way .pick").last.click()
    live.find(".both .pick").first.click()
    assert live.check()["focus"] == ["final norm"], "where there are no logits, the last"


def test_blocks_by_keyboard(blocks, show):
    live = show(blocks(sentence=4))
    live.check()
    live.find(".both input").first.focus()
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown"):
        live.page.keyboard.press(key)
        seen.append(live.check()["settings"]["token"])
    assert seen == [1, 2, 1, 2]
    for _ in range(3):
        live.page.keyboard.press("ArrowRight")
    settings = live.check()["settings"]
    assert (settings["place"], settings["token"]) == ("decoder", 0), "on into the other line"
    live.page.keyboard.press("Tab")
    for key, stage in [("ArrowDown", 3), ("ArrowUp", 2), ("ArrowUp", 1)]:
        live.page.keyboard.press(key)
        assert live.check()["settings"]["stage"] == stage


def test_nothing_below_moves_while_the_stages_change(blocks, show):
    live = show(blocks(sentence=4, place="decoder", token=3), width=390)
    heights = []
    for k in (3, 0, 2, 4, 5, 1, 3, 6, 3):
        live.find(".way .pick").nth(k).click()
        live.check()
        heights.append(round(live.element.bounding_box()["height"], 1))
    assert heights == sorted(heights) and len(set(heights)) <= 3


def test_a_word_that_would_be_markup_is_text(blocks, show):
    live = show(blocks(sentence=6, place="decoder", token=2, caption=EVIL))
    for k in range(7):
        live.find(".way .pick").nth(k).click()
        live.check()
    assert live.page.locator("img").count() == 0
    assert live.element.get_by_text(EVIL).filter(visible=True).count() == 1


# Both.


@pytest.fixture
def case(blocks):
    """A widget by its name."""
    made = {
        "encoder": lambda: blocks(sentence=4, stage=2, caption="A way"),
        "decoder": lambda: blocks(sentence=4, place="decoder", token=3, stage=3),
        "units": lambda: blocks(sentence=4, stage=3),
        "logits": lambda: blocks(sentence=4, place="decoder", token=1, stage=6),
    }
    return lambda name: {**CASES, **made}[name]()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["bars", "two controls", "encoder", "decoder", "units", "logits"])
def test_axe_finds_nothing(name, theme, case, show):
    live = show(case(name), theme=theme)
    live.check()
    assert violations(live) == []


@pytest.mark.parametrize(("name", "count"), [("bars", 5), ("two controls", 6), ("encoder", 5), ("decoder", 5)])
def test_every_stop_of_the_tab_key_has_a_name_and_a_visible_focus(name, count, case, show):
    live = show(case(name))
    live.check()
    assert len(tab_stops(live)) == count


@pytest.mark.parametrize("name", ["two controls", "decoder"])
def test_no_script_shows_the_table(name, case, visit, tmp_path):
    widget = case(name)
    path = tmp_path / "still.html"
    path.write_text(widget.to_page(), encoding="utf-8")
    page = visit(path.as_uri(), java_script_enabled=False)
    rows = [row.locator("td").all_inner_texts() for row in page.locator("tbody tr").all()]
    if name == "decoder":
        assert [row[0] for row in rows[:-1]] == [f"{stage.length:.2f}" for stage in widget.stages[:-1]]
        assert [row[-1] for row in rows] == [f"{some[0][0]} ({some[0][1]:.2f})" for some in widget.says]
    else:
        assert [row[-1] for row in rows] == [f"{loss:.3f}" for loss in widget.losses[0]]


@pytest.mark.parametrize("there", [True, False])
def test_the_weights_come_from_their_file_or_the_table_stays(there, blocks, shipped, visit, tmp_path):
    widget = blocks(shipped, place="decoder")
    for name in widget.scripts:
        (tmp_path / name).write_bytes((SCRIPTS / name).read_bytes())
    if there:
        (tmp_path / "weights").mkdir()
        (tmp_path / "weights" / "small.js").write_text(published(shipped), encoding="utf-8")
    scripts = "".join(f'<script defer src="{name}"></script>' for name in widget.scripts)
    path = tmp_path / "page.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><title>A page</title>{scripts}{widget.to_html()}', "utf-8")
    page = visit(path.as_uri())
    table = page.get_by_role("table", name="A word's way")
    assert table.is_visible() and "Loading the model" in page.get_by_role("status").inner_text()
    page.keyboard.press("Shift")  # a sign of life
    if there:
        Blocks(page, page.locator(widget.element), widget).check()
        assert not table.is_visible()
    else:
        page.get_by_role("status").filter(has_text="does not run here (no weights named small came)").wait_for()
        assert table.is_visible()


VALUES = {
    "two controls": ({"epoch": 4, "smoothing": 0.2}, [("smoothing", 0), ("epoch", 8)]),
    "decoder": (
        {"sentence": 1, "place": "decoder", "token": 2, "stage": 4},
        [("sentence", 4), ("place", "encoder"), ("token", 40), ("stage", 6)],
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_traits_both_ways(name, case, show):
    live = show(case(name))
    live.check()
    values, arrivals = VALUES[name]
    kernel = Kernel(live, values)
    live.element.evaluate(
        "async (el) => { while (!el.shadowRoot.querySelector('.widget')) await new Promise(requestAnimationFrame); }"
    )
    assert live.check()["settings"] == values
    live.find("input[type=range]:visible, .way input:checked").first.press("ArrowRight")
    sent = kernel.sent
    assert sent[-1] == live.check()["settings"] != values
    for setting, value in arrivals:
        kernel.tell(setting, value)
        assert live.check()["settings"][setting] == value and len(kernel.sent) == len(sent)
    kernel.close()
    assert live.page.locator(live.kind).count() == 0 and live.page.problems == []
