"""Translators: a model, and the vocabularies that turn sentences into ids and back."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from .._arrays import check_integer, check_number
from ..masks import padding_mask
from ..vocabulary import Vocabulary
from .attention import KVCache
from .base import Model
from .interventions import Intervention, check_rows, intervene
from .recurrent import Decoder, Encoder
from .transformer import Transformer


class Translation(str):
    """A translation: a string, without <eos>, that knows its words and how it looked at the source.

    Args:
        words: a list, with <eos> at the end, if it ends; n words.
        scores: those of attention, before the softmax, (n, m); None without, and from a `TransformerTranslator`.
        weights: those of attention, (n, m); from a `TransformerTranslator`, of the decoder to the encoder, (layers, h,
            n, m); None without.

    >>> thanks = Translation(["thanks", "<eos>"])
    >>> thanks, thanks.words, thanks == "thanks"
    ('thanks', ['thanks', '<eos>'], True)
    """

    def __new__(
        cls, words: list[str], scores: torch.Tensor | None = None, weights: torch.Tensor | None = None
    ) -> "Translation":
        """The string."""
        return super().__new__(cls, " ".join(word for word in words if word != "<eos>"))

    def __init__(
        self, words: list[str], scores: torch.Tensor | None = None, weights: torch.Tensor | None = None
    ) -> None:
        self.words, self.scores, self.weights = words, scores, weights

    def __getnewargs__(self):
        """What a copy is made of."""
        return self.words, self.scores, self.weights


class Seq2Seq(Model):
    """What every translator shares: two vocabularies, and how it is judged. A subclass says how to `translate`.

    Args:
        source, target: a `Vocabulary` each.
    """

    shared = False  # one matrix of word vectors for both

    def __init__(self, source: Vocabulary, target: Vocabulary) -> None:
        super().__init__(source)
        self.target = target

    @cached_property
    def tags(self) -> list[str]:
        """The words, such as <2en>, that say which language to write: a sentence begins with one, if there are any."""
        return [word for word in self.source.words if re.fullmatch(r"<2\w+>", word)]

    def typed(self, sentences: Iterable[str], unknown: bool = False) -> list[str]:
        """Source sentences as `Vocabulary.split` reads them, in a list; with `unknown`, word for word.

        Raises:
            ValueError: they are no list of sentences of at least one word; without `unknown`: a word is unknown, or a
                tag is missing, is not in front, or stands alone.
        """
        sentences = check_sentences(sentences)
        if unknown:
            return sentences
        tags, said = self.tags, [self.source.split(sentence) for sentence in sentences]
        for words in said if tags else ():
            if len(words) < 2 or [word in tags for word in words] != [True] + [False] * (len(words) - 1):
                expected = f"one of {', '.join(tags)} and then the words of a sentence"
                raise ValueError(f"expected {expected}, got {' '.join(words)!r}")
        return check_sentences([" ".join(words) for words in said])

    def ids(self, sentences: Iterable[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of source sentences, word for word: ids (b, m), lengths (b,), the mask (b, 1, m), True = a word, no padding.

        An unknown word is <unk>. The lengths stay on the CPU.
        """
        ids, lengths = self.padded(check_sentences(sentences))
        return ids, lengths, padding_mask(lengths, m=ids.shape[1]).to(ids.device)

    def shifted(self, pairs: Iterable[Sequence[str]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the targets of some pairs: the word before each step, from <bos> on, and the right one, (b, n) each."""
        ids, _ = self.target.batch([pair[1] for pair in pairs], bos=True, eos=True)
        ids = torch.tensor(ids, device=self.device)  # (b, n + 1)
        return ids[:, :-1], ids[:, 1:]

    def count(self, pairs: Iterable[Sequence[str]]) -> int:
        """How many words, each <eos> among them, the loss of some pairs is a mean over."""
        return sum(len(pair[1].split()) + 1 for pair in pairs)

    def words(self, ids: torch.Tensor) -> list[str]:
        """The words of ids (n,), up to the first <eos>."""
        words = [self.target.words[i] for i in ids.tolist()]
        return words[: words.index("<eos>") + 1] if "<eos>" in words else words

    def exact(self, pairs: Iterable[Sequence[str]], batch: int = 100, **options: Any) -> np.ndarray:
        """For each pair, whether its translation is right to the last word: a boolean for each, in an array.

        Sentences are read word for word, an unknown word as <unk>. `options` go to `translate`; the sentences are
        reordered, so an `intervention` must treat all alike.

        Raises:
            ValueError: there are no pairs, or what is one is no pair of sentences; the batch is less than 1.
        """
        check_integer("batch", batch, least=1)
        pairs = check_pairs(pairs)
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0].split()))  # like lengths share a batch
        right = torch.zeros(len(pairs), dtype=torch.bool)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            found = self.translate([pairs[i][0] for i in chosen], unknown=True, **options)
            right[chosen] = torch.tensor([text == pairs[i][1] for i, text in zip(chosen, found, strict=True)])
        return right.numpy()


def check_sentences(sentences: Any) -> list[str]:
    """Sentences as a list of strings of at least one word, or a ValueError."""
    if isinstance(sentences, Iterable) and not isinstance(sentences, str):
        sentences = list(sentences)
        if sentences and all(isinstance(sentence, str) and sentence.split() for sentence in sentences):
            return sentences
    raise ValueError(f"expected a list of sentences of at least one word, got {sentences!r:.100}")


def check_pairs(pairs: Any) -> list[Sequence[str]]:
    """Pairs, each beginning with a source and a target sentence, as a list, or a ValueError."""
    if isinstance(pairs, Iterable) and not isinstance(pairs, str):
        pairs = list(pairs)
        if pairs and all(isinstance(pair, tuple | list) and len(pair) > 1 for pair in pairs):
            if all(isinstance(side, str) for pair in pairs for side in pair[:2]):
                return pairs
    raise ValueError(f"expected a list of pairs of sentences, got {pairs!r:.100}")


class Translator(Seq2Seq):
    """Encoder, decoder, and the vocabularies that turn sentences into ids and back.

    Args:
        source, target: a `Vocabulary` each.
        d_model: features of a word's vector.
        attention: whether the decoder looks back at the source.

    >>> from self_attention.training import train
    >>> _ = torch.manual_seed(0)
    >>> translator = Translator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=8, attention=True)
    >>> translator = train(translator, [("merci", "thanks")], steps=20)
    >>> [translation] = translator.translate(["Merci !"])
    >>> translation, translation.words, translation.weights.shape
    ('thanks', ['thanks', '<eos>'], torch.Size([2, 1]))
    """

    def __init__(self, source: Vocabulary, target: Vocabulary, d_model: int = 64, attention: bool = True) -> None:
        super().__init__(source, target)
        self.config = {"d_model": d_model, "attention": attention}
        self.encoder = Encoder(len(source), d_model)
        self.decoder = Decoder(len(target), d_model, attention)

    def read(self, sentences: Iterable[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the decoder needs of some source sentences: states (b, m, d), c (b, d), mask (b, 1, m)."""
        ids, lengths, mask = self.ids(sentences)
        return *self.encoder(ids, lengths), mask

    def loss(self, pairs: Iterable[Sequence[str]]) -> torch.Tensor:
        """Mean cross-entropy per target word, when each step is given the right words before it."""
        pairs = check_pairs(pairs)
        states, c, mask = self.read([pair[0] for pair in pairs])
        before, ids = self.shifted(pairs)
        logits, *_ = self.decoder(before, states, c, mask, c[None])  # (b, n, size)
        return cross_entropy(logits.mT, ids, ignore_index=Vocabulary.PAD)

    @torch.no_grad()
    def translate(self, sentences: Iterable[str], max_len: int = 40, unknown: bool = False) -> list[Translation]:
        """Greedily: the most probable word at each step, up to <eos> or the most words. A list of Translations.

        Args:
            sentences: a list; capitals, a final stop and the like do not matter: see `Vocabulary.split`.
            max_len: the most words, <eos> among them.
            unknown: read the sentences word for word, an unknown word as <unk>.

        Raises:
            ValueError: a word is unknown, there are no sentences or no words, max_len is less than 1.
        """
        check_integer("max_len", max_len, least=1)
        sentences = self.typed(sentences, unknown)
        states, c, mask = self.read(sentences)
        s, word = c[None], torch.full((len(sentences), 1), Vocabulary.BOS, device=self.device)
        steps: list[tuple[Any, ...]] = []
        ended = torch.zeros_like(word, dtype=torch.bool)
        while len(steps) < max_len and not ended.all():
            logits, scores, weights, s = self.decoder(word, states, c, mask, s)
            word = logits.argmax(dim=-1)  # (b, 1)
            steps.append((word, scores, weights))
            ended |= word == Vocabulary.EOS
        ids, scores, weights = (
            None if part[0] is None else torch.cat(part, dim=1) for part in zip(*steps, strict=True)
        )
        lengths = mask.sum(dim=(1, 2)).tolist()  # of what could be read
        return [self._translation(ids, scores, weights, lengths, b) for b in range(len(sentences))]

    def _translation(self, ids, scores, weights, lengths, b):
        words = self.words(ids[b])
        maps = (None if part is None else part[b, : len(words), : lengths[b]] for part in (scores, weights))  # (n, m)
        return Translation(words, *maps)


class TransformerTranslator(Seq2Seq):
    """A Transformer and the vocabularies that turn sentences into ids and back.

    Args:
        source, target: a `Vocabulary` each; without a target, one for both languages.
        config: d_model, h, d_ff, layers, norm: see `Transformer`.

    If the source's vocabulary has words such as <2en>, every sentence to translate begins with one.

    >>> from self_attention.training import train
    >>> _ = torch.manual_seed(0)
    >>> translator = TransformerTranslator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=8, h=2, d_ff=16)
    >>> translator = train(translator, [("merci", "thanks")], steps=40, rate=1e-2)
    >>> translator.translate(["merci"])
    ['thanks']
    """

    def __init__(self, source: Vocabulary, target: Vocabulary | None = None, **config: Any) -> None:
        super().__init__(source, target or source)
        self.shared = target is None
        self.config = config
        self.transformer = Transformer(len(source), None if target is None else len(target), **config)

    def forward(self, pairs: Iterable[Sequence[str]]) -> tuple[torch.Tensor, torch.Tensor]:
        """The logits (b, n, size) of each step, given the right words before it, and the right ids (b, n)."""
        pairs = check_pairs(pairs)
        ids, _, mask = self.ids([pair[0] for pair in pairs])
        before, right = self.shifted(pairs)
        return self.transformer(ids, before, mask), right

    def loss(self, pairs: Iterable[Sequence[str]], smoothing: float = 0.0) -> torch.Tensor:
        """Mean cross-entropy per target word, when each step is given the right words before it.

        Args:
            smoothing: the share of each target that is spread over all words (Szegedy et al. 2016, sec. 7).
        """
        check_number("smoothing", smoothing, least=0)
        if smoothing > 1:
            raise ValueError(f"expected smoothing to be at most 1, got {smoothing!r}")
        logits, right = self(pairs)  # (b, n, size), (b, n)
        return cross_entropy(
            logits.flatten(0, 1), right.flatten(), ignore_index=Vocabulary.PAD, label_smoothing=float(smoothing)
        )

    @torch.no_grad()
    def translate(
        self,
        sentences: Iterable[str],
        max_len: int = 40,
        intervention: Intervention | Sequence[Intervention] | None = None,
        unknown: bool = False,
    ) -> list[Translation]:
        """Greedily: the most probable word at each step, up to <eos> or the most words. A list of Translations.

        Args:
            sentences: a list; capitals, a final stop and the like do not matter: see `Vocabulary.split`.
            max_len: the most words, <eos> among them.
            intervention: what to do with the weights of attention on the way: see `intervene`.
            unknown: read the sentences word for word, an unknown word as <unk>, and demand no tag.

        Raises:
            ValueError: a word is unknown, a tag missing, there are no sentences or no words, max_len is less than 1, or
                `Force` names a row that a translation does not have.
        """
        check_integer("max_len", max_len, least=1)
        sentences = self.typed(sentences, unknown)
        ids, _, mask = self.ids(sentences)
        target = torch.full((len(sentences), 1), Vocabulary.BOS, device=self.device)
        kv_cache, steps = None if intervention else KVCache(), []
        ended = torch.zeros_like(target, dtype=torch.bool)
        with intervene(self.transformer, intervention):
            memory, _ = self.transformer.encode(ids, mask)
            while target.shape[1] <= max_len and not ended.all():
                new = target if intervention else target[:, -1:]
                logits, maps = self.transformer.decode(new, memory, mask, kv_cache)  # (b, 1 or n, size)
                word = logits[:, -1:].argmax(dim=-1)  # (b, 1)
                target = torch.cat([target, word], dim=1)
                ended |= word == Vocabulary.EOS
                steps.append([weights[:, :, -1:] for weights in maps["cross"]])  # (b, h, 1, m) for each layer
        weights = torch.stack([torch.cat(layer, dim=2) for layer in zip(*steps, strict=True)], dim=1)
        words = [self.words(row[1:]) for row in target]
        check_rows(intervention, list(map(len, words)))
        return [
            Translation(its, weights=weights[b, :, :, : len(its), :m])  # (layers, h, n, m)
            for b, (its, m) in enumerate(zip(words, mask.sum(dim=(1, 2)).tolist(), strict=True))
        ]

    @torch.no_grad()
    def maps(
        self, source: str, target: str, intervention: Intervention | Sequence[Intervention] | None = None
    ) -> dict[str, torch.Tensor]:
        """Every attention map of one pair: {"encoder": (layers, h, m, m), "decoder": (.., n, n), "cross": (.., n, m)}.

        The n steps begin with <bos>; step i reads the target's words before word i. Both sides are read as the source
        is in `translate`.

        Raises:
            ValueError: a word is unknown, or `Force` names a row that is not there.
        """
        ids, _, mask = self.ids(self.typed([source]))
        if not all(word in self.target.ids for word in target.split()):
            target = " ".join(self.target.split(target))
        before = torch.tensor(self.target.batch([target], bos=True)[0], device=self.device)  # (1, n)
        check_rows(intervention, [before.shape[1]])
        with intervene(self.transformer, intervention):
            memory, maps = self.transformer.encode(ids, mask)
            _, more = self.transformer.decode(before, memory, mask)
        return {place: torch.stack(layers)[:, 0] for place, layers in (maps | more).items()}
