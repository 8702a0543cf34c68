"""TransformerBlocks: the way of one word through the blocks of a trained Transformer, and what each block adds."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import traitlets

from ._base import caption_of, check_choice, check_index, html_table, label, plain
from ._model import LONGEST, ModelWidget, check_sentences

PLACES = ("encoder", "decoder")
LIKELIEST = 3  # words that the lens shows


class Stage(NamedTuple):
    """What stands on the residual stream of one word after a part of the model, and what that part did."""

    name: str
    stream: np.ndarray  # (d_model,); of the last stage in the decoder: the logits (V,)
    before: np.ndarray | None = None  # (d_model,) what stood there, if something was added
    added: np.ndarray | None = None  # (d_model,)
    weights: np.ndarray | None = None  # (h, m) of the m words that it may read, in an attention
    units: np.ndarray | None = None  # (d_ff,) of a feed-forward part, after the ReLU

    @property
    def length(self) -> float:
        """Length of the stream."""
        return float(np.linalg.norm(self.stream))

    @property
    def added_length(self) -> float:
        """Length of what was added; NaN if nothing was."""
        return float("nan") if self.added is None else float(np.linalg.norm(self.added))

    @property
    def cosine(self) -> float:
        """Of the angle between what stood there and what was added; NaN if nothing was."""
        if self.before is None or self.added is None:
            return float("nan")
        return float(self.before @ self.added / np.linalg.norm(self.before) / np.linalg.norm(self.added))


class TransformerBlocks(ModelWidget):
    """A word's way through a trained Transformer that runs in the page: its residual stream, part by part.

    Every part of a layer adds a vector to the stream. Of each stage the reader sees the d_model numbers as colours,
    their length, what was added; whom an attention reads; which units of a feed-forward part fire; and in the decoder
    which word the model would say if it stopped there (the logit lens: last norm and output matrix applied at once).

    Args:
        model: the name of a model that comes with the package; or a `nn.TransformerTranslator`, whose weights then
            travel inside the HTML, as float16.
        sentences: 1 to 20 source sentences of at most 40 words, all of which the model knows.
        target: what the decoder has written, a sentence for each source sentence; default: what the model says.
        sentence: which one is shown, from 0.
        place: "encoder", or "decoder".
        token: whose way is shown: an index from 0, or (the first place of) a word; in the decoder "<bos>" is word 0.
            Where there are fewer words, the last.
        stage: which stage is in focus, from 0; where there are fewer, the last.
        caption: a line above.

    `sentence`, `place`, `token` and `stage` are traits, set and observed from Python; in a notebook they follow the
    reader.

    Raises:
        ValueError: for words that the model does not know, unknown names, numbers out of bounds.
        ImportError: torch or safetensors is missing.

    >>> blocks = TransformerBlocks("transformer_heads", "the dog is black", place="decoder", token="<bos>")
    >>> [stage.name for stage in blocks.stages][:4]
    ['word', '+ position', '1: + attention', '1: + source']
    >>> [some[0][0] for some in blocks.says][-1]
    'le'

    Source: the residual stream: Elhage et al. 2021; the logit lens: nostalgebraist 2020.
    """

    element = "transformer-blocks"
    SETTINGS = ("sentence", "place", "token", "stage")

    sentence = traitlets.Int(0).tag(sync=True)
    place = traitlets.Unicode("encoder").tag(sync=True)
    token = traitlets.Int(0).tag(sync=True)
    stage = traitlets.Int(2).tag(sync=True)

    def __init__(
        self,
        model: Any,
        sentences: str | Iterable[str],
        *,
        target: str | Iterable[str] | None = None,
        sentence: int = 0,
        place: str = "encoder",
        token: int | str = 0,
        stage: int = 2,
        caption: str = "",
    ) -> None:
        spec = self._start(model, sentences)
        if target is None:
            self._targets = list(map(str, self._model.translate(self._sentences, LONGEST)))
        else:
            self._targets = check_sentences(target, self._model.target)
        if len(self._targets) != len(self._sentences):
            raise ValueError(f"expected target to be {len(self._sentences)} sentences, got {len(self._targets)}")
        self._run: dict[tuple[int, str, int], list[Stage]] = {}
        super().__init__(sentence=sentence, place=place)
        token = plain(token)
        if isinstance(token, str):
            if token not in self.words:
                raise ValueError(f"expected token to be a number or one of the words {self.words}, got {token!r}")
            token = self.words.index(token)
        self.token, self.stage = token, stage
        self._spec = {**spec, "targets": self._targets, "caption": caption_of(caption), "settings": self.settings}

    @traitlets.validate("sentence", "token", "stage")
    def _valid_index(self, proposal):
        name = proposal.trait.name
        decoder = 4 + 3 * len(self._model.transformer.decoder)
        most = max(decoder, 3 + 2 * len(self._model.transformer.encoder))
        return check_index(proposal, {"sentence": len(self._sentences), "token": LONGEST + 1, "stage": most}[name])

    @traitlets.validate("place")
    def _valid_place(self, proposal):
        return check_choice(proposal, PLACES)

    @property
    def words(self) -> list[str]:
        """The words of the place shown: the source's, or what the decoder has read."""
        if self.place == "encoder":
            return self._sentences[self.sentence].split()
        return ["<bos>", *self._targets[self.sentence].split()]

    @property
    def stages(self) -> list[Stage]:
        """The word's way, a list of `Stage`s."""
        key = self.sentence, self.place, min(self.token, len(self.words) - 1)
        if key not in self._run:
            self._run = {key: walk(self._model, self._sentences[self.sentence], self._targets[self.sentence], *key[1:])}
        return self._run[key]

    @property
    def lens(self) -> np.ndarray | None:
        """In the decoder: the probability of each next word if the model stopped at each stage, (stages, V)."""
        if self.place == "encoder":
            return None
        import torch

        transformer, stages = self._model.transformer, self.stages
        norm, W = transformer.norms[1], transformer.target.weight
        normed = [stage.name == "final norm" for stage in stages[:-1]]
        X = torch.tensor(np.stack([stage.stream for stage in stages[:-1]]))  # (stages - 1, d_model)
        with torch.no_grad():
            X = torch.where(torch.tensor(normed)[:, None], X, norm(X))
            return torch.cat([X @ W.T, torch.tensor(stages[-1].stream)[None]]).softmax(dim=-1).numpy()

    @property
    def says(self) -> list[list[tuple[str, float]]] | None:
        """In the decoder: the three likeliest next words at each stage, a list of (word, probability) each."""
        lens = self.lens
        if lens is None:
            return None
        words = self._model.target.words
        likeliest = [sorted(enumerate(p), key=lambda pair: -pair[1])[:LIKELIEST] for p in lens.tolist()]
        return [[(words[i], p) for i, p in some] for some in likeliest]

    def fallback(self) -> str:
        """The stages as an HTML table: lengths, what was added, and in the decoder the likeliest next word."""
        stages, says = self.stages, self.says
        rows = [[f"{stage.length:.2f}", _text(stage.added_length), _text(stage.cosine)] for stage in stages]
        columns = ["length", "added", "cosine"]
        if says:
            rows[-1] = ["", "", ""]
            columns.append("would say")
            for row, [(word, p), *_] in zip(rows, says, strict=True):
                row.append(f"{label(word)} ({p:.2f})")
        word = self.words[min(self.token, len(self.words) - 1)]
        caption = self._spec["caption"] or "A word's way through the blocks"
        caption += f" (“{label(word)}” in the {self.place}: {self._sentences[self.sentence]})"
        return html_table(rows, [stage.name for stage in stages], columns, "stage", caption)

    def __repr__(self) -> str:
        name, token = self._name or "a model of your own", min(self.token, len(self.words) - 1)
        where = f"{self.words[token]!r} in the {self.place}"
        return f"TransformerBlocks({name}, {len(self._sentences)} sentences, {where}, {len(self.stages)} stages)"


def walk(model: Any, source: str, target: str, place: str, token: int) -> list[Stage]:
    """The stages of one word: the parts of the layers, one after the other, as `Transformer` puts them together."""
    import torch

    from ..masks import causal_mask

    transformer, pre = model.transformer, model.transformer.encoder[0].pre
    ids = torch.tensor([model.source.encode(source)])  # (1, m)
    with torch.no_grad():
        if place == "encoder":
            embedding, layers, memory, mask = transformer.source, transformer.encoder, None, None
        else:
            memory, _ = transformer.encode(ids)
            ids = torch.tensor([model.target.encode(target, bos=True)])  # (1, n)
            embedding, layers, mask = transformer.target, transformer.decoder, causal_mask(ids.shape[1])
            mask = torch.from_numpy(mask)
        X, before = transformer.embed(embedding, ids), embedding(ids) * transformer.d_model**0.5
        seen = [("word", before), ("+ position", X, before, X - before)]
        for number, layer in enumerate(layers, 1):
            parts = [("attention", layer.attention)]
            if memory is not None:
                parts.append(("source", layer.cross))
            for i, (name, attention) in enumerate(parts):
                Y = layer.before(i, X)
                Z, weights = attention(Y, memory, None) if name == "source" else attention(Y, Y, mask)
                X, before = layer.after(i, X + Z), X
                seen.append((f"{number}: + {name}", X, before, Z, weights[0]))
            units = layer.feed_forward[:2](layer.before(len(parts), X))
            Z = layer.feed_forward[2](units)
            X, before = layer.after(len(parts), X + Z), X
            seen.append((f"{number}: + feed-forward", X, before, Z, None, units))
        X = transformer.norms[place == "decoder"](X)
        if pre:
            seen.append(("final norm", X))
        if place == "decoder":
            seen.append(("logits", X @ embedding.weight.T))

    def one(name, X, before=None, added=None, weights=None, units=None):
        at = lambda X: None if X is None else X[0, token].numpy()  # noqa: E731
        rows = None if weights is None else weights[:, token].numpy()  # (h, m)
        if place == "decoder" and name.endswith("attention"):
            rows = rows[:, : token + 1]  # it reads no word that is yet to come
        return Stage(name, at(X), at(before), at(added), rows, at(units))

    return [one(*stage) for stage in seen]


def _text(x):
    """Two decimals, or a dash."""
    return "–" if np.isnan(x) else f"{x:.2f}"
