"""Taggers, alike but for what a word may see."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad, relu

from .._arrays import check_integer
from ..attention import scaled_dot_product_attention
from ..masks import padding_mask
from ..positions import sinusoidal_positions
from ..vocabulary import Vocabulary
from .base import Model
from .positions import LearnedPositions


class Tagger(Model):
    """Say of each word which part of speech it is. All taggers are alike but for what a word may see.

    tag_i = argmax W_2 relu(W_1 seen_i)

    There seen_i is the word's window, or [x_i, what it reads by self-attention].

    Args:
        words: a `Vocabulary`.
        tags: the list of tags.
        reach: an odd number: a window of so many words, of which 1 is the word itself; or "all": self-attention over
            the whole sentence, positions added to the words.
        d_model: features of a word's vector.
        max_len: the number of learned positions, for "all".
        positions: for "all": "learned", "sinusoidal" or "none".

    Raises:
        ValueError: the reach is neither "all" nor odd and positive, the positions are unknown, d_model or max_len is
            less than 1, the tags are no list of different names.

    >>> tagger = Tagger(Vocabulary(["i saw a saw"]), ["DET", "NOUN", "PRON", "VERB"], reach=3)
    >>> tagger(*tagger.read([["i", "saw", "a", "saw"], ["i", "saw"]])).shape
    torch.Size([2, 4, 4])
    """

    def __init__(
        self,
        words: Vocabulary,
        tags: Sequence[str],
        reach: int | Literal["all"],
        d_model: int = 32,
        max_len: int = 16,
        positions: str = "learned",
    ) -> None:
        super().__init__(words)
        if isinstance(tags, str) or not len(tags) or len(set(tags)) < len(tags):
            raise ValueError(f"expected tags to be a list of different names, got {tags!r}")
        check_integer("d_model", d_model, least=1)
        check_integer("max_len", max_len, least=1)
        if reach != "all":
            check_integer("reach", reach, least=1)
            if reach % 2 == 0:
                raise ValueError(f"expected reach to be 'all' or an odd number, got {reach}")
        if positions not in ("learned", "sinusoidal", "none"):
            raise ValueError(f"expected positions to be 'learned', 'sinusoidal' or 'none', got {positions!r}")
        self.tags, self.reach = list(tags), reach
        self.config = dict(tags=self.tags, reach=reach, d_model=d_model, max_len=max_len, positions=positions)
        self.embedding = nn.Embedding(len(words), d_model, padding_idx=Vocabulary.PAD)
        if reach == "all":
            if positions == "learned":
                self.positions = LearnedPositions(max_len, d_model)
            self.queries, self.keys, self.values = (nn.Linear(d_model, d_model, bias=False) for _ in range(3))
        seen = 2 * d_model if reach == "all" else reach * d_model
        self.hidden, self.output = nn.Linear(seen, 2 * d_model), nn.Linear(2 * d_model, len(tags))

    def read(self, sentences: Iterable[Sequence[str]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids (b, n) and lengths (b,), these on the CPU, of some sentences, each a list of words, word for word."""
        return self.padded([" ".join(words) for words in check_words(sentences)])

    def place(self, X: torch.Tensor) -> torch.Tensor:
        """The words' vectors X (b, n, d_model), their positions added."""
        n, d_model = X.shape[1:]
        match self.config["positions"]:
            case "learned":
                return X + self.positions(n)
            case "sinusoidal":
                return X + sinusoidal_positions(n, d_model, like=X)
        return X

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits (b, n, number of tags)."""
        X = self.embedding(ids)  # (b, n, d_model), 0 at the padding
        if self.reach == "all":
            X = self.place(X)
            Q, K, V = self.queries(X), self.keys(X), self.values(X)  # (b, n, d_model) each
            mask = padding_mask(lengths, m=ids.shape[1]).to(ids.device)  # (b, 1, n)
            Z, _ = scaled_dot_product_attention(Q, K, V, mask)
            seen = torch.cat([X, Z], dim=-1)  # (b, n, 2 d_model)
        else:
            side = self.reach // 2
            windows = pad(X, (0, 0, side, side)).unfold(1, self.reach, 1)  # (b, n, d_model, reach)
            seen = windows.flatten(start_dim=2)  # (b, n, d_model reach)
        return self.output(relu(self.hidden(seen)))

    def loss(self, tagged: Iterable[Sequence[Any]]) -> torch.Tensor:
        """Mean cross-entropy per word; each sentence is a pair of words and tags, or begins like one.

        Raises:
            ValueError: a sentence has not one tag for each word, or one that the tagger does not have.
        """
        tagged = list(tagged)
        ids, lengths = self.read([sentence[0] for sentence in tagged])
        n = ids.shape[1]
        for words, tags, *_ in tagged:
            if len(words) != len(tags) or not set(tags) <= set(self.tags):
                raise ValueError(f"expected for each of {words!r} one of {self.tags}, got {tags!r}")
        right = [[self.tags.index(tag) for tag in tags] + (n - len(tags)) * [-1] for _, tags, *_ in tagged]
        return cross_entropy(self(ids, lengths).mT, torch.tensor(right, device=self.device), ignore_index=-1)

    @torch.no_grad()
    def tag(self, sentences: Iterable[str | Sequence[str]], unknown: bool = False) -> list[list[str]]:
        """The tags of some sentences, each a list of words, or a string, which `Vocabulary.split` cuts into words.

        Args:
            sentences: a list; capitals, the kind of apostrophe and accent do not matter.
            unknown: read the words as they are, an unknown one as <unk>.

        Raises:
            ValueError: a word is unknown, there are no sentences or no words.
        """
        cut = str.split if unknown else self.source.split
        if not isinstance(sentences, str):
            sentences = [cut(sentence) if isinstance(sentence, str) else sentence for sentence in sentences]
        sentences = check_words(sentences)
        ids, lengths = self.read(sentences if unknown else map(self.source.split, sentences))
        best = self(ids, lengths).argmax(dim=-1).tolist()  # (b, n)
        return [[self.tags[i] for i in row[:n]] for row, n in zip(best, lengths.tolist(), strict=True)]


def check_words(sentences: Any) -> list[list[str]]:
    """Sentences as a list of lists of words, at least one each, or a ValueError."""
    wrong = isinstance(sentences, str) or not isinstance(sentences, Iterable)
    sentences = sentences if wrong else list(sentences)
    if wrong or not sentences or any(isinstance(its, str) or not isinstance(its, Iterable) for its in sentences):
        raise ValueError(f"expected a list of sentences, each a list of words, got {sentences!r:.100}")
    sentences = list(map(list, sentences))
    for words in sentences:
        if not words or not all(isinstance(word, str) and word.split() == [word] for word in words):
            raise ValueError(f"expected a sentence of at least one word, each without spaces, got {words!r:.100}")
    return sentences
