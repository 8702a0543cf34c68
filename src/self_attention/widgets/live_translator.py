"""LiveTranslator: a trained Transformer that runs in the page, and whose attention the reader moves by hand."""

import functools
import math
from collections.abc import Iterable, Iterator
from itertools import count
from numbers import Integral
from typing import Any

import numpy as np
import traitlets

from ._base import check_choice, check_controls, check_index, html_table
from ._model import LONGEST, ModelWidget, check_sentences

PLACES = ("encoder", "decoder", "cross")
LIKELIEST = 8  # words of a distribution that are named
METHODS = ("greedy", "beam", "sample")
CONTROLS = ("sentence", "text", "direction", "method", "step", "place", "map", "query")
MAPS = ("sentence", "place", "map", "query")  # what a model without tags has, if nothing else is asked for
FIELDS = ("sentence", "place", "layer", "head", "query", "weights")
RANGES = {  # of the settings that are numbers: least, most
    "width": (1, 6),
    "hypothesis": (0, 5),
    "temperature": (0, 2),
    "top_k": (0, 10**6),
    "top_p": (0, 1),
    "seed": (0, 2**32 - 1),
    "step": (0, LONGEST),
}


class LiveTranslator(ModelWidget):
    """A trained Transformer at work in the page: what it says, with which probability, by which attention.

    The reader picks a sentence or types one, turns the direction round, and has it translated greedily, with a beam
    or by drawing; sees the words come one by one, each step's distribution, the beam as a tree, every attention map;
    and drags a word's weights onto other words: the model runs again with these rows of weights forced.

    Args:
        model: the name of a model that comes with the package, such as "transformer_both"; or the path of a file, or a
            `nn.TransformerTranslator`, whose weights then travel inside the HTML, as float16.
        sentences: 1 to 20 source sentences of at most 40 words, all of which the model knows; capitals, a final stop
            and the like do not matter: see `Vocabulary.split`. If its vocabulary has words such as "<2en>" that say
            what to write, a sentence begins with one, or the widget puts it there.
        sentence: which one is shown, from 0.
        place: "encoder", "decoder" (its self-attention) or "cross" (from the decoder to the encoder).
        layer, head: which map of this place is shown, from 0; where there are fewer, the last.
        query: the row in focus, from 0, or (the first place of) a word of the source as it is given.
        interventions: rows moved by hand: a list of {"place", "layer", "head", "query", "weights"} and "sentence": the
            number of a given sentence, or the words of another one; without it, the one shown. As many weights as the
            row has keys: the words of the source; query + 1 in the decoder's self-attention. They are divided by their
            sum.
        text: a sentence to be shown instead of the given one, without a tag.
        direction: the tag, such as "<2en>", that says what to write; default: as in the sentence shown. A given
            sentence that has another tag shows turned round: its translation, to be translated back.
        method: "greedy", "beam" or "sample".
        width: of the beam, 1 to 6.
        hypothesis: which of the beam's sentences is shown, from 0, the best; where there are fewer, the last.
        temperature, top_k, top_p: for "sample": 0 to 2; how many words stay, 0 = all; which share of them, up to 1.
        seed: for "sample": "draw again" adds 1.
        step: of which word of the translation the distribution is shown, from 0.
        controls: what the reader sees, of "sentence", "text", "direction", "method", "step", and, for the maps,
            "place", "map" and "query". Default: all; for a model without tags, "sentence" and the maps.
        caption: a line above.

    All from `sentence` to `step` are traits, set and observed from Python; in a notebook they follow the reader.
    Assign a new list to `interventions`: what changes inside the old one goes unnoticed.

    Python and the page draw the same words from the same seed: both take their numbers from `uniform`.

    Raises:
        ValueError: for words that the model does not know, weights that do not fit, unknown names.
        ImportError: torch or safetensors is missing.

    >>> live = LiveTranslator("transformer_pronouns", ["the animal did not cross the street because it was too tired"])
    >>> live.translation
    "l' animal n' a pas traversé la rue parce qu' il était trop fatigué"
    >>> street = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]  # what "it" shall read
    >>> live.interventions = [{"place": "encoder", "layer": 2, "head": 0, "query": 8, "weights": street}]
    >>> live.translation
    "l' animal n' a pas traversé la rue parce qu' elle était trop fatigué"
    >>> live.text = "The street was too wide."
    >>> live.translation
    'la rue était trop large'
    """

    element = "live-translator"
    SETTINGS = (
        *("sentence", "place", "layer", "head", "query", "interventions", "text", "direction", "method"),
        *("width", "hypothesis", "temperature", "top_k", "top_p", "seed", "step"),
    )

    sentence = traitlets.Int(0).tag(sync=True)
    place = traitlets.Unicode("encoder").tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    head = traitlets.Int(0).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)
    interventions: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    direction = traitlets.Unicode("").tag(sync=True)
    method = traitlets.Unicode("greedy").tag(sync=True)
    width = traitlets.Int(4).tag(sync=True)
    hypothesis = traitlets.Int(0).tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    top_k = traitlets.Int(0).tag(sync=True)
    top_p = traitlets.Float(1.0).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        model: Any,
        sentences: str | Iterable[str],
        *,
        sentence: int = 0,
        place: str = "encoder",
        layer: int = 0,
        head: int = 0,
        query: int | str = 0,
        interventions: list[dict[str, Any]] | None = None,
        text: str = "",
        direction: str | None = None,
        method: str = "greedy",
        width: int = 4,
        hypothesis: int = 0,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        step: int = 0,
        controls: Iterable[str] | None = None,
        caption: str = "",
    ) -> None:
        spec = self._start(model, sentences)
        encoder, decoder = self._model.transformer.encoder, self._model.transformer.decoder
        self._layers = {"encoder": len(encoder), "decoder": len(decoder), "cross": len(decoder)}
        self._heads = decoder[0].attention.h
        self._tags = self._model.tags
        self._sentences = spec["sentences"] = [self._tagged(sentence) for sentence in self._sentences]
        self._said = list(map(str, self._model.translate(self._sentences, LONGEST)))
        controls = (CONTROLS if self._tags else MAPS) if controls is None else controls
        controls = [name for name in check_controls(controls, CONTROLS) if name != "direction" or self._tags]
        spec |= {"controls": controls, "caption": str(caption), "said": self._said}
        spec |= {"depth": [len(encoder), len(decoder)], "heads": self._heads, "tags": self._tags}
        if self._tags:
            spec["spoken"] = self._spoken()
        super().__init__()
        self.sentence = sentence
        if direction is None:
            direction = self._sentences[sentence].split()[0] if self._tags else ""
        self.direction, self.text = direction, text
        if isinstance(query, str):
            words = self._source
            if query not in words:
                raise ValueError(f"expected query to be a number or one of the words {words}, got {query!r}")
            query = words.index(query)
        self.place, self.layer, self.head, self.query = place, layer, head, query
        self.method, self.width, self.hypothesis, self.seed, self.step = method, width, hypothesis, seed, step
        self.temperature, self.top_k, self.top_p = temperature, top_k, top_p
        self.interventions = [] if interventions is None else interventions  # after `sentence`, which it may leave out
        first = {"source": " ".join(self._source), "said": self.translation, "step": self._step}
        spec["first"] = first | {"expected": self._expected()}  # what the page shows before the model is there
        self._spec = {**spec, "settings": self.settings}

    # Words and languages.

    def _spoken(self):
        """For each word of the vocabulary after the signs, in which directions it may be in the source: 1, 2, 4, ..."""
        every = 2 ** len(self._tags) - 1
        known = {"<2en>": french_and_english()[0], "<2fr>": french_and_english()[1]}
        spoken = []
        for word in self._model.source.ordinary:
            own = sum(2**i for i, tag in enumerate(self._tags) if word in known.get(tag, ()))
            spoken.append(0 if word in self._tags else own or every)
        return spoken

    def _tagged(self, sentence):
        """A sentence with the tag that it has, or else the first that its words allow."""
        words = sentence.split()
        inside = [word for word in words[1:] if word in self._tags]
        if inside:
            raise ValueError(f"a tag stands before a sentence and nowhere else, got {sentence!r}")
        if not self._tags or words[0] in self._tags:
            if self._tags and len(words) == 1:
                raise ValueError(f"expected words after the tag, got {sentence!r}")
            return sentence
        spoken = dict(zip(self._model.source.ordinary, self._spoken(), strict=True))
        allowed = [tag for i, tag in enumerate(self._tags) if all(spoken[word] >> i & 1 for word in words)]
        if not allowed:
            raise ValueError(f"expected a sentence that begins with one of {self._tags}, got {sentence!r}")
        return f"{allowed[0]} {sentence}"

    @property
    def _shown(self):
        """What a changed row calls the sentence shown: its number if it is a given one, else its words."""
        own = self._sentences[self.sentence]
        tag = own.split()[0]
        if not self.text and (not self._tags or tag == self.direction or not self._said[self.sentence]):
            return self.sentence
        return f"{self.direction} {self.text or self._said[self.sentence]}".strip()

    @property
    def _source(self) -> list[str]:
        """The words of the sentence shown, with its tag."""
        return self._words(self._shown)

    def _words(self, shown: int | str) -> list[str]:
        return (shown if isinstance(shown, str) else self._sentences[shown]).split()

    # What may be set.

    @traitlets.validate("sentence", "layer", "head", "query")
    def _valid_index(self, proposal):
        name = proposal.trait.name
        size = {
            "sentence": len(self._sentences),
            "layer": max(self._layers.values()),
            "head": self._heads,
            "query": LONGEST + 1,
        }[name]
        return check_index(proposal, size)

    @traitlets.validate(*RANGES)
    def _valid_number(self, proposal):
        name = proposal.trait.name
        least, most = RANGES[name]
        if not least <= proposal.value <= most or (name == "top_p" and not proposal.value):
            above = "above" if name == "top_p" else "from"
            raise ValueError(f"expected {name} to be {above} {least} to {most}, got {proposal.value}")
        return proposal.value

    @traitlets.validate("place", "method", "direction")
    def _valid_name(self, proposal):
        choices = {"place": PLACES, "method": METHODS, "direction": self._tags or [""]}
        return check_choice(proposal, choices[proposal.trait.name])

    @traitlets.validate("text")
    def _valid_text(self, proposal):
        text = proposal.value
        return check_sentences(text, self._model.source, without=self._tags)[0] if text.strip() else ""

    @traitlets.validate("interventions")
    def _valid_interventions(self, proposal):
        rows = {}
        for row in proposal.value:
            row = self._check_row(row)
            key = tuple(row[name] for name in FIELDS[:-1])
            if key in rows:
                raise ValueError(f"interventions move a row twice: {dict(zip(FIELDS, key, strict=False))}")
            rows[key] = row
        return list(rows.values())

    def _check_row(self, row):
        if not isinstance(row, dict) or not set(FIELDS[1:]) <= set(row) <= set(FIELDS):
            raise ValueError(f"expected interventions to be a list of dicts with {list(FIELDS[1:])}, got {row!r}")
        row = {"sentence": self._shown} | row
        if row["place"] not in PLACES:
            raise ValueError(f"expected place to be one of {list(PLACES)}, got {row['place']!r}")

        def check(name, size):
            if not isinstance(row[name], Integral) or not 0 <= row[name] < size:
                raise ValueError(f"expected {name} of a changed row to be from 0 to {size - 1}, got {row[name]!r}")

        if isinstance(row["sentence"], str):
            [row["sentence"]] = check_sentences(row["sentence"], self._model.source)
        else:
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
            raise ValueError(f"expected weights to be {expected} numbers from 0 on, not all 0, got {row['weights']!r}")
        if abs(total - 1) > 1e-9:
            weights = [w / total for w in weights]
        return {name: row[name] for name in FIELDS[:-1]} | {"weights": weights}

    # Numbers.

    @property
    def _hands(self):
        """The rows moved by hand in the sentence shown."""
        return [row for row in self.interventions if row["sentence"] == self._shown]

    def _forced(self, place, layer, weights):
        """The weights (b, h, n, m) of one map of one layer, with the rows that were moved by hand."""
        weights = weights.clone()
        for row in self._hands:
            if (row["place"], row["layer"]) == (place, layer) and row["query"] < weights.shape[2]:
                forced = weights[:, row["head"], row["query"]]
                forced[:] = 0
                forced[:, : len(row["weights"])] = forced.new_tensor(row["weights"])
        return weights

    def _predict(self):
        """What `decoding` asks: from prefixes (k, n) to log-probabilities (k, V), with the rows moved by hand."""
        from .. import decoding

        source = " ".join(self._source)
        if not self._hands:
            return decoding.predictor(self._model, source)
        return decoding.predictor(self._model, source, cache=False, intervention=self._forced)

    def _text(self, ids):
        return " ".join(self._model.target.words[i] for i in ids if i != 2)  # <eos>

    @property
    def hypotheses(self) -> list[tuple[str, float]]:
        """What the beam ends with, best first: a list of (translation, log-probability)."""
        from .. import decoding

        found = decoding.beam_search(self._predict(), width=self.width, number=self.width, max_len=LONGEST)
        return [(self._text(one.ids), float(one.log_probability)) for one in found]

    @property
    def translation(self) -> str:
        """What the model makes of the sentence shown, by this method, with the rows that were moved by hand."""
        if self.method == "beam":
            found = self.hypotheses
            return found[min(self.hypothesis, len(found) - 1)][0]
        if self.method == "sample":
            return self._text(self._drawn())
        return str(self._model.translate([" ".join(self._source)], LONGEST, self._forced)[0])

    def _drawn(self):
        """The ids of a translation, each drawn from the distribution of its step."""
        import torch

        numbers, predict, ids = uniform(self.seed), self._predict(), [1]  # <bos>
        while len(ids) <= LONGEST and ids[-1] != 2:  # <eos>
            kept = self._cut(predict(torch.tensor([ids]))[0])[0]
            ids.append(drawn(kept, next(numbers)))
        return ids[1:]

    def _cut(self, log_probabilities, temperature=None):
        """Probabilities (V,) at this temperature, those cut off 0; and the same before the cut."""
        from .. import decoding

        logs = np.asarray(log_probabilities, dtype=np.float64)
        temperature = self.temperature if temperature is None else temperature
        if temperature == 0:
            tempered = np.zeros_like(logs)
            tempered[logs.argmax()] = 1
        else:
            tempered = np.exp((logs - logs.max()) / temperature)
            tempered /= tempered.sum()
        top_p = self.top_p if self.top_p < 1 else None
        kept = decoding.truncate(log_probabilities.new_tensor(tempered), self.top_k or None, top_p)
        return np.asarray(kept), tempered

    @property
    def _step(self):
        return min(self.step, len(self.translation.split()), LONGEST - 1)

    def _expected(self):
        """The distribution as the page shows it: [word, probability, state] of the likeliest words, and of the rest."""
        import torch

        p, vocabulary = self.distribution, self._model.target
        chosen = vocabulary.ids[[*self.translation.split(), "<eos>"][self._step]]
        order = sorted(range(len(p)), key=lambda i: (-p[i], i))[:LIKELIEST]
        if chosen not in order:
            order[-1] = chosen
        kept = p
        if self.method == "sample":
            kept = self._cut(torch.tensor(np.log(np.maximum(p, 1e-300))), temperature=1)[0]
        rows = [[vocabulary.words[i], p[i], "chosen" if i == chosen else "" if kept[i] else "cut"] for i in order]
        rows.append([f"{len(p) - len(order)} others", max(1 - sum(p[order]), 0), "rest"])
        return [[word, max(round(float(share), 6), 1e-6), state] for word, share, state in rows]

    @property
    def distribution(self) -> np.ndarray:
        """The probabilities (V,) of the model's words at the step shown; for "sample", at this temperature."""
        import torch

        words = self.translation.split()
        ids = self._model.target.encode(" ".join(words[: self._step]), bos=True)
        logs = self._predict()(torch.tensor([ids]))[0]
        return self._cut(logs)[1] if self.method == "sample" else np.exp(np.asarray(logs, dtype=np.float64))

    @property
    def weights(self) -> np.ndarray:
        """The map shown, (n, m), moved rows included. n: words of the source, or of the translation with <bos>."""
        maps = self._model.maps(" ".join(self._source), self.translation, self._forced)[self.place]
        return maps[min(self.layer, len(maps) - 1), self.head].numpy()

    # Text.

    def fallback(self) -> str:
        """The translations, and the row in focus, as HTML tables."""
        words, said = self._source, self.translation
        names, rows = list(self._sentences), [[text] for text in self._said]
        if self._hands or self._shown != self.sentence or said != self._said[self.sentence]:
            names.append(" ".join(words) + (" (rows moved by hand)" if self._hands else ""))
            rows.append([said])
        table = html_table(rows, names, ["translation"], "sentence", self._spec["caption"] or "What a Transformer says")
        if not set(self._spec["controls"]) & {"place", "map", "query"}:
            return table
        weights = self.weights
        query, layer = min(self.query, len(weights) - 1), min(self.layer, self._layers[self.place] - 1)
        written = said.split()
        keys = ["<bos>", *written] if self.place == "decoder" else words
        reader = {"encoder": words, "decoder": keys, "cross": [*written, "<eos>"]}[self.place][query]
        where = f"{self.place}, layer {layer + 1}" + (f", head {self.head + 1}" if self._heads > 1 else "")
        row = [[f"{w:.2f}"] for w in weights[query]]
        return table + html_table(row, keys, ["weight"], "word", f"What “{reader}” reads ({where})")

    def __repr__(self) -> str:
        moved = f", {len(self.interventions)} rows moved" if self.interventions else ""
        name = self._name or "a model of your own"
        return f"LiveTranslator({name}, {len(self._sentences)} sentences, {self.translation!r}{moved})"


@functools.cache
def french_and_english() -> tuple[set[str], ...]:
    """The words that the book's corpus says in French, and in English."""
    from ..corpus import greeting_pairs, pairs

    said = [*pairs(1500), *greeting_pairs(100)]
    return tuple({word for pair in said for word in pair[side].split()} for side in (0, 1))


def uniform(seed: int) -> Iterator[float]:
    """Numbers from 0 to below 1, without end: mulberry32 (Tommy Ettinger, 2017), a generator of 32 bits.

    The page has the same one in a few lines of JavaScript. It is good enough to draw words, and for nothing secret.

    >>> [round(number, 6) for number, _ in zip(uniform(1), range(3))]
    [0.627074, 0.002736, 0.527447]
    """
    low = 0xFFFFFFFF
    for k in count(1):
        a = (seed + k * 0x6D2B79F5) & low
        t = (a ^ a >> 15) * (a | 1) & low
        t ^= t + ((t ^ t >> 7) * (t | 61) & low) & low
        yield (t ^ t >> 14) / 2**32


def drawn(probabilities: np.ndarray, number: float) -> int:
    """The first id at which the sum of the probabilities so far, from id 0 on, exceeds number times their sum."""
    sums = np.cumsum(probabilities)
    return int(np.argmax(sums > number * sums[-1]))
