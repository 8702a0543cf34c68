"""LiveTranslator: a trained Transformer that runs in the page, and whose attention the reader moves by hand."""

import base64
import hashlib
import json
import math
from difflib import get_close_matches
from numbers import Integral
from pathlib import Path
from tempfile import TemporaryDirectory

import traitlets

from ._base import Widget, html_table

PLACES = ("encoder", "decoder", "cross")
CONTROLS = ("sentence", "place", "map", "query")
MOST = {"sentences": 20, "words": 40}
LONGEST = 40  # words of a translation
FIELDS = ("sentence", "place", "layer", "head", "query", "weights")


class LiveTranslator(Widget):
    """A trained Transformer at work in the page: its translation, its attention maps, and rows to move by hand.

    The reader picks a sentence, a map and a word in it, drags that word's weights onto other words, and sees what
    becomes of the translation: encoder and decoder run again in the browser, with these rows of weights forced.

    Args:
        model: the name of a model that comes with the package, such as "transformer_pronouns"; or a
            `nn.TransformerTranslator`, whose weights then travel inside the HTML, as float16.
        sentences: 1 to 20 source sentences of at most 40 words, all of which the model knows.
        sentence: which one is shown, from 0.
        place: "encoder", "decoder" (its self-attention) or "cross" (from the decoder to the encoder).
        layer, head: which map of this place is shown, from 0; where there are fewer, the last.
        query: the row in focus, from 0, or (the first place of) a source word.
        change: rows moved by hand: a list of {"place", "layer", "head", "query", "weights"} and, if it is not the
            sentence shown, "sentence". As many weights as the row has keys: the words of the source; query + 1 in the
            decoder's self-attention. They are divided by their sum.
        controls: what the reader sees, of "sentence", "place", "map" and "query"; default: all.
        caption: a line above.

    All from `sentence` to `change` are traits, set and observed from Python; in a notebook they follow the reader.
    Assign a new list to `change`: a change inside the old one goes unnoticed.

    Raises:
        ValueError: for words that the model does not know, weights that do not fit, unknown names.
        ImportError: torch or safetensors is missing.

    >>> live = LiveTranslator("transformer_pronouns", ["the animal did not cross the street because it was too tired"])
    >>> live.translation
    "l' animal n' a pas traversé la rue parce qu' il était trop fatigué"
    >>> street = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]  # what "it" shall read
    >>> live.change = [{"place": "encoder", "layer": 2, "head": 0, "query": 8, "weights": street}]
    >>> live.translation
    "l' animal n' a pas traversé la rue parce qu' elle était trop fatigué"
    """

    element = "live-translator"
    scripts = ("widgets.js", "translator.js")
    SETTINGS = ("sentence", "place", "layer", "head", "query", "change")

    sentence = traitlets.Int(0).tag(sync=True)
    place = traitlets.Unicode("encoder").tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    head = traitlets.Int(0).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)
    change = traitlets.List().tag(sync=True)

    def __init__(
        self,
        model,
        sentences,
        *,
        sentence=0,
        place="encoder",
        layer=0,
        head=0,
        query=0,
        change=None,
        controls=CONTROLS,
        caption="",
    ):
        self._name, self._file, self._model = _fetch(model)
        encoder, decoder = self._model.transformer.encoder, self._model.transformer.decoder
        self._layers = {"encoder": len(encoder), "decoder": len(decoder), "cross": len(decoder)}
        self._heads = decoder[0].attention.h
        self._sentences = self._check_sentences(sentences)
        if not set(controls) <= set(CONTROLS):
            raise ValueError(f"unknown control in {list(controls)}: expected some of {list(CONTROLS)}")
        if isinstance(query, str):
            words = self._words(sentence)
            if query not in words:
                raise ValueError(f"query must be a number or one of the words {words}, got {query!r}")
            query = words.index(query)
        spec = {"element": self.element, "model": self._name, "bytes": len(self._file), "sentences": self._sentences}
        spec["digest"] = hashlib.sha256(self._file).hexdigest()[:8]
        spec["weights"] = base64.b64encode(self._file).decode()
        spec |= {"controls": [name for name in CONTROLS if name in controls], "caption": str(caption)}
        super().__init__(sentence=sentence, place=place, layer=layer, head=head, query=query)
        self.change = [] if change is None else change  # after `sentence`, which it may leave out
        self._spec = {**spec, "settings": self.settings}

    def _check_sentences(self, sentences):
        sentences = [sentences] if isinstance(sentences, str) else sentences
        sentences = [" ".join(str(sentence).split()) for sentence in sentences]
        sizes = [len(sentence.split()) for sentence in sentences]
        if not 1 <= len(sentences) <= MOST["sentences"] or not all(1 <= size <= MOST["words"] for size in sizes):
            expected = f"1 to {MOST['sentences']} sentences of 1 to {MOST['words']} words"
            raise ValueError(f"expected {expected}, got {len(sentences)} of {sizes} words")
        known = self._model.source.words[4:]
        for word in {word: None for sentence in sentences for word in sentence.split()}:
            if word not in known:
                near = get_close_matches(word, known) or known[:3]
                raise ValueError(f"the model does not know the word {word!r}: expected words such as {', '.join(near)}")
        return sentences

    @traitlets.validate("sentence", "layer", "head", "query")
    def _valid_index(self, proposal):
        name = proposal.trait.name
        size = {
            "sentence": len(self._sentences),
            "layer": max(self._layers.values()),
            "head": self._heads,
            "query": LONGEST + 1,
        }[name]
        if not 0 <= proposal.value < size:
            raise ValueError(f"{name} must be from 0 to {size - 1}, got {proposal.value}")
        return proposal.value

    @traitlets.validate("place")
    def _valid_place(self, proposal):
        if proposal.value not in PLACES:
            raise ValueError(f"place must be one of {list(PLACES)}, got {proposal.value!r}")
        return proposal.value

    @traitlets.validate("change")
    def _valid_change(self, proposal):
        rows = {}
        for row in proposal.value:
            row = self._check_row(row)
            key = tuple(row[name] for name in FIELDS[:-1])
            if key in rows:
                raise ValueError(f"change moves a row twice: {dict(zip(FIELDS, key, strict=False))}")
            rows[key] = row
        return list(rows.values())

    def _check_row(self, row):
        if not isinstance(row, dict) or not set(FIELDS[1:]) <= set(row) <= set(FIELDS):
            raise ValueError(f"change must be a list of dicts with {list(FIELDS[1:])}, got {row!r}")
        row = {"sentence": self.sentence} | row
        if row["place"] not in PLACES:
            raise ValueError(f"place must be one of {list(PLACES)}, got {row['place']!r}")

        def check(name, size):
            if not isinstance(row[name], Integral) or not 0 <= row[name] < size:
                raise ValueError(f"{name} of a changed row must be from 0 to {size - 1}, got {row[name]!r}")

        check("sentence", len(self._sentences))
        check("layer", self._layers[row["place"]])
        check("head", self._heads)
        m = len(self._words(row["sentence"]))
        check("query", m if row["place"] == "encoder" else LONGEST + 1)
        expected = row["query"] + 1 if row["place"] == "decoder" else m
        try:
            weights = [float(w) for w in row["weights"]]
        except (TypeError, ValueError):
            weights = [math.nan]
        total = sum(weights)
        if len(weights) != expected or not all(0 <= w < math.inf for w in weights) or not total:
            raise ValueError(f"weights must be {expected} numbers from 0 on, not all 0, got {row['weights']!r}")
        if abs(total - 1) > 1e-9:
            weights = [w / total for w in weights]
        return {name: row[name] for name in FIELDS[:-1]} | {"weights": weights}

    def _words(self, sentence):
        return self._sentences[sentence].split()

    def _forced(self, place, layer, weights):
        """The weights (1, h, n, m) of one map of one layer, with the rows that were moved by hand."""
        weights = weights.clone()
        for row in self.change:
            if (row["sentence"], row["place"], row["layer"]) == (self.sentence, place, layer):
                if row["query"] < weights.shape[2]:
                    forced = weights[0, row["head"], row["query"]]
                    forced[:] = 0
                    forced[: len(row["weights"])] = forced.new_tensor(row["weights"])
        return weights

    @property
    def translation(self):
        """What the model makes of the sentence shown, with the rows that were moved by hand."""
        return self._model.translate([self._sentences[self.sentence]], LONGEST, self._forced)[0]

    @property
    def weights(self):
        """The map shown, (n, m), moved rows included. n: words of the source, or of the translation with <bos>."""
        maps = self._model.maps(self._sentences[self.sentence], self.translation, self._forced)[self.place]
        return maps[min(self.layer, len(maps) - 1), self.head].numpy()

    def to_html(self):
        """The widget as HTML. The weights of a model of the package stay out: the page has them in a file of their own.

        That file, weights/NAME.js beside the script translator.js, holds SelfAttention.weights("NAME", "<base64>").
        """
        html = super().to_html()
        return html.replace(f',"weights":{json.dumps(self._spec["weights"])}', "", 1) if self._name else html

    def to_page(self, title="Attention"):
        """A complete HTML page with the widget, its scripts and its weights: one file, to send or to open."""
        page = super().to_page(title)
        return page.replace("</body>", f"<script>{published(self._name)}</script></body>") if self._name else page

    def fallback(self):
        """The translations, and the row in focus, as HTML tables."""
        model, words = self._model, self._words(self.sentence)
        rows = [[said] for said in model.translate(self._sentences, LONGEST)]
        names = list(self._sentences)
        if any(row["sentence"] == self.sentence for row in self.change):
            rows.append([self.translation])
            names.append(f"{names[self.sentence]} (rows moved by hand)")
        table = html_table(rows, names, ["translation"], "sentence", self._spec["caption"] or "What a Transformer says")
        weights = self.weights
        query, layer = min(self.query, len(weights) - 1), min(self.layer, self._layers[self.place] - 1)
        said = self.translation.split()
        keys = ["<bos>", *said] if self.place == "decoder" else words
        reader = {"encoder": words, "decoder": keys, "cross": [*said, "<eos>"]}[self.place][query]
        where = f"{self.place}, layer {layer + 1}" + (f", head {self.head + 1}" if self._heads > 1 else "")
        row = [[f"{w:.2f}"] for w in weights[query]]
        return table + html_table(row, keys, ["weight"], "word", f"What “{reader}” reads ({where})")

    def __repr__(self):
        moved = f", {len(self.change)} rows moved" if self.change else ""
        name = self._name or "a model of your own"
        return f"LiveTranslator({name}, {len(self._sentences)} sentences, {self.translation!r}{moved})"


def _fetch(model):
    """The name of a model ("" if it is not the package's), its safetensors file as bytes, and the model in float64."""
    from .. import nn  # torch, which the other widgets do without

    with TemporaryDirectory() as folder:
        path, name = Path(folder, "model.safetensors"), ""
        if isinstance(model, str):
            path, name = nn.WEIGHTS / f"{model}.safetensors", model
        elif isinstance(model, nn.TransformerTranslator):
            nn.save(model, path)
        else:
            raise ValueError(f"model must be a name or a TransformerTranslator, got {type(model).__name__}")
        loaded = nn.load(name or path)
        if not isinstance(loaded, nn.TransformerTranslator):
            raise ValueError(f"model must be a TransformerTranslator, {name!r} is a {type(loaded).__name__}")
        return name, path.read_bytes(), loaded.double()


def published(name):
    """The script that hands a model of the package to the widgets of a page."""
    from .. import nn

    content = base64.b64encode((nn.WEIGHTS / f"{name}.safetensors").read_bytes()).decode()
    return f'SelfAttention.weights("{name}", "{content}");\n'
