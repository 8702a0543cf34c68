"""Torch modules: what has weights to learn, how it learns them, and where the book keeps them.

The models of chapter 3: a `Translator` from an `Encoder` and a `Decoder`, with one vector for the whole sentence or
with attention; and a `Tagger` that sees a word, a window, or the whole sentence. From chapter 8 on the translator is a
`TransformerTranslator`, whose layers are in transformer.py.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.functional import cross_entropy, pad, relu
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from . import __version__
from ._arrays import check_integer, check_number
from .attention import additive_scores, attend, scaled_dot_product_attention
from .corpus import Vocabulary
from .decoding import Cache
from .masks import padding_mask
from .positions import sinusoidal_positions
from .transformer import Transformer, check_rows

WEIGHTS = Path(__file__).with_name("weights")


class LearnedPositions(nn.Module):
    """One learned vector for each position: the counterpart of `sinusoidal_positions`.

    output_p = weight_p

    Args:
        max_len: the number of positions that can be told apart.
        d_model: number of features.

    Raises:
        ValueError: max_len or d_model is not an integer of at least 1; more than max_len positions are asked for.

    >>> positions = LearnedPositions(max_len=50, d_model=8)
    >>> positions(3).shape
    torch.Size([3, 8])

    Source: Gehring et al. 2017, sec. 3.1; compared with sinusoids in Vaswani et al. 2017, sec. 3.5.
    """

    def __init__(self, max_len, d_model):
        check_integer("max_len", max_len, least=1)
        check_integer("d_model", d_model, least=1)
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(max_len, d_model))

    def forward(self, n):
        """The vectors of positions 0 to n - 1, (n, d_model); add them to X (..., n, d_model)."""
        check_integer("n", n)
        if n > len(self.weight):
            raise ValueError(
                f"n must be at most max_len = {len(self.weight)}, came {n}: there is no vector to learn from beyond"
            )
        return self.weight[:n]  # (n, d_model)


# Translate


class Encoder(nn.Module):
    """Read a sentence from both ends: a state for each word, and one vector for all of them.

    h_j = [GRU(x_1 ... x_j), GRU(x_m ... x_j)]
    c = [GRU(x_1 ... x_m), GRU(x_m ... x_1)]

    Args:
        size: number of words in the vocabulary.
        d_model: features of a word's vector, and of a state in each direction.

    Raises:
        ValueError: a number is not an integer of at least 1.

    >>> states, c = Encoder(size=10, d_model=4)(torch.tensor([[5, 6, 7], [8, 9, 0]]), torch.tensor([3, 2]))
    >>> states.shape, c.shape
    (torch.Size([2, 3, 8]), torch.Size([2, 8]))

    Source: Bahdanau et al. 2015, sec. 3.2; the GRU is Cho et al. 2014, sec. 2.3.
    """

    def __init__(self, size, d_model):
        check_integer("size", size, least=1)
        check_integer("d_model", d_model, least=1)
        super().__init__()
        self.embedding = nn.Embedding(size, d_model)
        self.gru = nn.GRU(d_model, d_model, batch_first=True, bidirectional=True)

    def forward(self, ids, lengths):
        """From ids (b, m) and lengths (b,) to states (b, m, 2 d_model), 0 at the padding, and c (b, 2 d_model)."""
        X = self.embedding(ids)  # (b, m, d_model)
        packed = pack_padded_sequence(X, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, last = self.gru(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=ids.shape[1])  # (b, m, 2 d_model)
        return states, torch.cat([last[0], last[1]], dim=-1)  # (b, 2 d_model)


class Decoder(nn.Module):
    """Write a sentence: each step knows the words so far and a vector from the encoder.

    s_i = GRU([y_(i - 1), c], s_(i - 1))
    logits_i = [s_i, c_i] W + bias

    Without attention, c_i is the one vector c at every step. With attention it is read afresh from the encoder's
    states h_j, weighted by the softmax of the additive scores of s_i against each h_j:

    c_i = sum_j weights_ij h_j

    The query is s_i; the keys and the values are the same h_j.

    Args:
        size: number of words in the vocabulary.
        d_model: features of a word's vector; states and c have 2 d_model.
        attention: read the encoder's states again at each step, or not.

    Raises:
        ValueError: a number is not an integer of at least 1.

    Source: Cho et al. 2014, sec. 2.2 (one c for all steps); Bahdanau et al. 2015, sec. 3.1 (a c_i for each step); Luong
    et al. 2015, sec. 3 (the query is the state of this step, not of the one before).
    """

    def __init__(self, size, d_model, attention):
        check_integer("size", size, least=1)
        check_integer("d_model", d_model, least=1)
        super().__init__()
        d = 2 * d_model
        self.embedding = nn.Embedding(size, d_model)
        self.gru = nn.GRU(d_model + d, d, batch_first=True)
        self.output = nn.Linear(2 * d, size)
        self.attention = attention
        if attention:
            self.W_q = nn.Parameter(torch.randn(d, d_model) / math.sqrt(d))
            self.W_k = nn.Parameter(torch.randn(d, d_model) / math.sqrt(d))
            self.v = nn.Parameter(torch.randn(d_model) / math.sqrt(d_model))

    def forward(self, ids, states, c, mask, s):
        """One step for each of the ids (b, n), which may be all words at once or one.

        Args:
            ids: the word before each step, (b, n).
            states: the encoder's, (b, m, d), d = 2 d_model.
            c: the encoder's one vector, (b, d).
            mask: boolean (b, 1, m); True = a word, not padding.
            s: the decoder's state before the first of these steps, (1, b, d).

        Returns:
            logits (b, n, size), scores (b, n, m), weights (b, n, m), the latter two None without attention, and the
            state after the last step (1, b, d).
        """
        c = c[:, None].expand(-1, ids.shape[1], -1)  # (b, n, d)
        S, s = self.gru(torch.cat([self.embedding(ids), c], dim=-1), s)  # (b, n, d), (1, b, d)
        scores = weights = None
        if self.attention:
            scores = additive_scores(S, states, self.W_q, self.W_k, self.v)  # (b, n, m)
            c, weights = attend(scores, V=states, mask=mask)  # (b, n, d), (b, n, m)
        return self.output(torch.cat([S, c], dim=-1)), scores, weights, s


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

    def __new__(cls, words, scores=None, weights=None):
        """The string."""
        return super().__new__(cls, " ".join(word for word in words if word != "<eos>"))

    def __init__(self, words, scores=None, weights=None):
        self.words, self.scores, self.weights = words, scores, weights

    def __getnewargs__(self):
        """What a copy is made of."""
        return self.words, self.scores, self.weights


class Model(nn.Module):
    """What the models of the book share: where their parameters are, and what they know of words.

    Args:
        source: the `Vocabulary` of what they read.
    """

    def __init__(self, source):
        super().__init__()
        self.source = source

    @property
    def device(self):
        """Where the parameters are, and so all that the methods make."""
        return next(self.parameters()).device

    def padded(self, sentences):
        """Of some source sentences, word for word: ids (b, m), here, lengths (b,), on the CPU, where they are read."""
        ids, lengths = self.source.batch(sentences)
        return torch.tensor(ids, device=self.device), torch.tensor(lengths)


class Seq2Seq(Model):
    """What every translator shares: two vocabularies, and how it is judged. A subclass says how to `translate`.

    Args:
        source, target: a `Vocabulary` each.
    """

    shared = False  # one matrix of word vectors for both

    def __init__(self, source, target):
        super().__init__(source)
        self.target = target

    @cached_property
    def tags(self):
        """The words, such as <2en>, that say which language to write: a sentence begins with one, if there are any."""
        return [word for word in self.source.words if re.fullmatch(r"<2\w+>", word)]

    def typed(self, sentences, unknown=False):
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
                raise ValueError(f"expected {expected}, came {' '.join(words)!r}")
        return check_sentences([" ".join(words) for words in said])

    def ids(self, sentences):
        """Of source sentences, word for word: ids (b, m), lengths (b,), the mask (b, 1, m), True = a word, no padding.

        An unknown word is <unk>. The lengths stay on the CPU.
        """
        ids, lengths = self.padded(check_sentences(sentences))
        return ids, lengths, padding_mask(lengths, m=ids.shape[1]).to(ids.device)

    def shifted(self, pairs):
        """Of the targets of some pairs: the word before each step, from <bos> on, and the right one, (b, n) each."""
        ids, _ = self.target.batch([pair[1] for pair in pairs], bos=True, eos=True)
        ids = torch.tensor(ids, device=self.device)  # (b, n + 1)
        return ids[:, :-1], ids[:, 1:]

    def count(self, pairs):
        """How many words, each <eos> among them, the loss of some pairs is a mean over."""
        return sum(len(pair[1].split()) + 1 for pair in pairs)

    def words(self, ids):
        """The words of ids (n,), up to the first <eos>."""
        words = [self.target.words[i] for i in ids.tolist()]
        return words[: words.index("<eos>") + 1] if "<eos>" in words else words

    def exact(self, pairs, batch=100, **how):
        """For each pair, whether its translation is right to the last word: a boolean for each, in an array.

        Sentences are read word for word, an unknown word as <unk>. `how` goes to `translate`; the sentences are
        reordered, so a `change` must treat all alike.

        Raises:
            ValueError: there are no pairs, or what is one is no pair of sentences; the batch is less than 1.
        """
        check_integer("batch", batch, least=1)
        pairs = check_pairs(pairs)
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0].split()))  # like lengths share a batch
        right = torch.zeros(len(pairs), dtype=torch.bool)
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            said = self.translate([pairs[i][0] for i in some], unknown=True, **how)
            right[some] = torch.tensor([its == pairs[i][1] for i, its in zip(some, said, strict=True)])
        return right.numpy()


def check_sentences(sentences):
    """Sentences as a list of strings of at least one word, or a ValueError."""
    if isinstance(sentences, Iterable) and not isinstance(sentences, str):
        sentences = list(sentences)
        if sentences and all(isinstance(sentence, str) and sentence.split() for sentence in sentences):
            return sentences
    raise ValueError(f"expected a list of sentences of at least one word, came {sentences!r:.100}")


def check_pairs(pairs):
    """Pairs, each beginning with a source and a target sentence, as a list, or a ValueError."""
    if isinstance(pairs, Iterable) and not isinstance(pairs, str):
        pairs = list(pairs)
        if pairs and all(isinstance(pair, tuple | list) and len(pair) > 1 for pair in pairs):
            if all(isinstance(side, str) for pair in pairs for side in pair[:2]):
                return pairs
    raise ValueError(f"expected a list of pairs of sentences, came {pairs!r:.100}")


class Translator(Seq2Seq):
    """Encoder, decoder, and the vocabularies that turn sentences into ids and back.

    Args:
        source, target: a `Vocabulary` each.
        d_model: features of a word's vector.
        attention: whether the decoder looks back at the source.

    >>> _ = torch.manual_seed(0)
    >>> translator = Translator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=8, attention=True)
    >>> translator = train(translator, [("merci", "thanks")], steps=20)
    >>> [translation] = translator.translate(["Merci !"])
    >>> translation, translation.words, translation.weights.shape
    ('thanks', ['thanks', '<eos>'], torch.Size([2, 1]))
    """

    def __init__(self, source, target, d_model=64, attention=True):
        super().__init__(source, target)
        self.config = {"d_model": d_model, "attention": attention}
        self.encoder = Encoder(len(source), d_model)
        self.decoder = Decoder(len(target), d_model, attention)

    def read(self, sentences):
        """What the decoder needs of some source sentences: states (b, m, d), c (b, d), mask (b, 1, m)."""
        ids, lengths, mask = self.ids(sentences)
        return *self.encoder(ids, lengths), mask

    def loss(self, pairs):
        """Mean cross-entropy per target word, when each step is given the right words before it."""
        pairs = check_pairs(pairs)
        states, c, mask = self.read([pair[0] for pair in pairs])
        before, ids = self.shifted(pairs)
        logits, *_ = self.decoder(before, states, c, mask, c[None])  # (b, n, size)
        return cross_entropy(logits.mT, ids, ignore_index=Vocabulary.PAD)

    @torch.no_grad()
    def translate(self, sentences, longest=40, unknown=False):
        """Greedily: the most probable word at each step, up to <eos> or the longest length. A list of Translations.

        Args:
            sentences: a list; capitals, a final stop and the like do not matter: see `Vocabulary.split`.
            longest: the most words, <eos> among them.
            unknown: read the sentences word for word, an unknown word as <unk>.

        Raises:
            ValueError: a word is unknown, there are no sentences or no words, longest is less than 1.
        """
        check_integer("longest", longest, least=1)
        sentences = self.typed(sentences, unknown)
        states, c, mask = self.read(sentences)
        s, word, steps = c[None], torch.full((len(sentences), 1), Vocabulary.BOS, device=self.device), []
        ended = torch.zeros_like(word, dtype=torch.bool)
        while len(steps) < longest and not ended.all():
            logits, scores, weights, s = self.decoder(word, states, c, mask, s)
            word = logits.argmax(dim=-1)  # (b, 1)
            steps.append((word, scores, weights))
            ended |= word == Vocabulary.EOS
        ids, scores, weights = (
            None if part[0] is None else torch.cat(part, dim=1) for part in zip(*steps, strict=True)
        )
        lengths = mask.sum(dim=(1, 2)).tolist()  # of what could be read
        return [self._translation(ids, scores, weights, lengths, b) for b in range(len(ids))]

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

    >>> _ = torch.manual_seed(0)
    >>> translator = TransformerTranslator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=8, h=2, d_ff=16)
    >>> translator = train(translator, [("merci", "thanks")], steps=40, rate=1e-2)
    >>> translator.translate(["merci"])
    ['thanks']
    """

    def __init__(self, source, target=None, **config):
        super().__init__(source, target or source)
        self.shared = target is None
        self.config = config
        self.transformer = Transformer(len(source), target and len(target), **config)

    def forward(self, pairs):
        """The logits (b, n, size) of each step, given the right words before it, and the right ids (b, n)."""
        pairs = check_pairs(pairs)
        ids, _, mask = self.ids([pair[0] for pair in pairs])
        before, right = self.shifted(pairs)
        return self.transformer(ids, before, mask), right

    def loss(self, pairs, smoothing=0.0):
        """Mean cross-entropy per target word, when each step is given the right words before it.

        Args:
            smoothing: the share of each target that is spread over all words (Szegedy et al. 2016, sec. 7).
        """
        check_number("smoothing", smoothing, least=0)
        if smoothing > 1:
            raise ValueError(f"smoothing must be at most 1, came {smoothing!r}")
        logits, right = self(pairs)  # (b, n, size), (b, n)
        return cross_entropy(
            logits.flatten(0, 1), right.flatten(), ignore_index=Vocabulary.PAD, label_smoothing=float(smoothing)
        )

    @torch.no_grad()
    def translate(self, sentences, longest=40, change=None, unknown=False):
        """Greedily: the most probable word at each step, up to <eos> or the longest length. A list of Translations.

        Args:
            sentences: a list; capitals, a final stop and the like do not matter: see `Vocabulary.split`.
            longest: the most words, <eos> among them.
            change: what to do with the weights of attention on the way: see transformer.py.
            unknown: read the sentences word for word, an unknown word as <unk>, and demand no tag.

        Raises:
            ValueError: a word is unknown, a tag missing, there are no sentences or no words, longest is less than 1, or
                `force` was told of a row that a translation does not have.
        """
        check_integer("longest", longest, least=1)
        sentences = self.typed(sentences, unknown)
        ids, _, mask = self.ids(sentences)
        memory, _ = self.transformer.encode(ids, mask, change)
        ids = torch.full((len(sentences), 1), Vocabulary.BOS, device=self.device)
        cache, steps = None if change else Cache(), []
        ended = torch.zeros_like(ids, dtype=torch.bool)
        while ids.shape[1] <= longest and not ended.all():
            new = ids if change else ids[:, -1:]
            logits, maps = self.transformer.decode(new, memory, mask, change, cache)  # (b, 1 or n, size)
            word = logits[:, -1:].argmax(dim=-1)  # (b, 1)
            ids = torch.cat([ids, word], dim=1)
            ended |= word == Vocabulary.EOS
            steps.append([weights[:, :, -1:] for weights in maps["cross"]])  # (b, h, 1, m) for each layer
        weights = torch.stack([torch.cat(layer, dim=2) for layer in zip(*steps, strict=True)], dim=1)
        words = [self.words(row[1:]) for row in ids]
        check_rows(change, list(map(len, words)))
        return [
            Translation(its, weights=weights[b, :, :, : len(its), :m])  # (layers, h, n, m)
            for b, (its, m) in enumerate(zip(words, mask.sum(dim=(1, 2)).tolist(), strict=True))
        ]

    @torch.no_grad()
    def maps(self, source, target, change=None):
        """Every attention map of one pair: {"encoder": (layers, h, m, m), "decoder": (.., n, n), "cross": (.., n, m)}.

        The n steps begin with <bos>; step i reads the target's words before word i. Both sides are read as the source
        is in `translate`.

        Raises:
            ValueError: a word is unknown, or `force` was told of a row that is not there.
        """
        ids, _, mask = self.ids(self.typed([source]))
        if not all(word in self.target.ids for word in target.split()):
            target = " ".join(self.target.split(target))
        memory, maps = self.transformer.encode(ids, mask, change)
        ids = torch.tensor(self.target.batch([target], bos=True)[0], device=self.device)  # (1, n)
        check_rows(change, [ids.shape[1]])
        _, more = self.transformer.decode(ids, memory, mask, change)
        return {place: torch.stack(layers)[:, 0] for place, layers in (maps | more).items()}


# Tag


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
        longest: the number of learned positions, for "all".
        positions: for "all": "learned", "sinusoidal" or "none".

    Raises:
        ValueError: the reach is neither "all" nor odd and positive, the positions are unknown, d_model or longest is
            less than 1, the tags are no list of different names.

    >>> tagger = Tagger(Vocabulary(["i saw a saw"]), ["DET", "NOUN", "PRON", "VERB"], reach=3)
    >>> tagger(*tagger.read([["i", "saw", "a", "saw"], ["i", "saw"]])).shape
    torch.Size([2, 4, 4])
    """

    def __init__(self, words, tags, reach, d_model=32, longest=16, positions="learned"):
        super().__init__(words)
        if isinstance(tags, str) or not len(tags) or len(set(tags)) < len(tags):
            raise ValueError(f"tags must be a list of different names, came {tags!r}")
        check_integer("d_model", d_model, least=1)
        check_integer("longest", longest, least=1)
        if reach != "all":
            check_integer("reach", reach, least=1)
            if reach % 2 == 0:
                raise ValueError(f"reach must be 'all' or an odd number, came {reach}")
        if positions not in ("learned", "sinusoidal", "none"):
            raise ValueError(f"positions must be 'learned', 'sinusoidal' or 'none', came {positions!r}")
        self.tags, self.reach = list(tags), reach
        self.config = dict(tags=self.tags, reach=reach, d_model=d_model, longest=longest, positions=positions)
        self.embedding = nn.Embedding(len(words), d_model, padding_idx=Vocabulary.PAD)
        if reach == "all":
            if positions == "learned":
                self.positions = LearnedPositions(longest, d_model)
            self.queries, self.keys, self.values = (nn.Linear(d_model, d_model, bias=False) for _ in range(3))
        seen = 2 * d_model if reach == "all" else reach * d_model
        self.hidden, self.output = nn.Linear(seen, 2 * d_model), nn.Linear(2 * d_model, len(tags))

    def read(self, sentences):
        """Ids (b, n) and lengths (b,), these on the CPU, of some sentences, each a list of words, word for word."""
        return self.padded([" ".join(words) for words in check_words(sentences)])

    def place(self, X):
        """The words' vectors X (b, n, d_model), their positions added."""
        n, d_model = X.shape[1:]
        match self.config["positions"]:
            case "learned":
                return X + self.positions(n)
            case "sinusoidal":
                return X + sinusoidal_positions(n, d_model, like=X)
        return X

    def forward(self, ids, lengths):
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

    def loss(self, tagged):
        """Mean cross-entropy per word; each sentence is a pair of words and tags, or begins like one.

        Raises:
            ValueError: a sentence has not one tag for each word, or one that the tagger does not have.
        """
        tagged = list(tagged)
        ids, lengths = self.read([sentence[0] for sentence in tagged])
        n = ids.shape[1]
        for words, tags, *_ in tagged:
            if len(words) != len(tags) or not set(tags) <= set(self.tags):
                raise ValueError(f"expected for each of {words!r} one of {self.tags}, came {tags!r}")
        right = [[self.tags.index(tag) for tag in tags] + (n - len(tags)) * [-1] for _, tags, *_ in tagged]
        return cross_entropy(self(ids, lengths).mT, torch.tensor(right, device=self.device), ignore_index=-1)

    @torch.no_grad()
    def tag(self, sentences, unknown=False):
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


def check_words(sentences):
    """Sentences as a list of lists of words, at least one each, or a ValueError."""
    wrong = isinstance(sentences, str) or not isinstance(sentences, Iterable)
    sentences = sentences if wrong else list(sentences)
    if wrong or not sentences or any(isinstance(its, str) or not isinstance(its, Iterable) for its in sentences):
        raise ValueError(f"expected a list of sentences, each a list of words, came {sentences!r:.100}")
    sentences = list(map(list, sentences))
    for words in sentences:
        if not words or not all(isinstance(word, str) and word.split() == [word] for word in words):
            raise ValueError(f"expected a sentence of at least one word, each without spaces, came {words!r:.100}")
    return sentences


# Train, keep and fetch


class Training:
    """A training run, step by step: AdamW, the rate warmed up and then let down along a cosine.

    Iterate over it: each step yields its number, from 1, and its loss.

    Args:
        model: has a method `loss(examples)`, the mean over what is to be said right.
        examples: a list of items.
        steps: number of batches.
        batch: examples in a batch. Each has about one length, so that little of it is padding.
        rate: the highest learning rate.
        seed: of the order of the examples. The model's first weights are the caller's: `torch.manual_seed`.
        warm_up: steps until the rate is at its highest; None = 5 % of all.
        fused: take torch's fused AdamW: a little faster, and rounded otherwise.
        length: length(item) says how long an item is; None = `len(item[0])`.
        how: goes to `model.loss`, such as smoothing=0.1.

    Under `torchrun`, after `torch.distributed.init_process_group`, each process takes its share of every batch, and
    each step is the one that a single process would take. The model then needs a method `count(examples)`, too: how
    many losses the mean is over.

    Raises:
        ValueError: steps, batch or warm_up is not an integer of at least 1, the rate not a number of at least 0, the
            seed no integer, there are no examples.

    Source: Loshchilov and Hutter 2019 (AdamW); Loshchilov and Hutter 2017, sec. 3 (cosine); Goyal et al. 2017
    (warm-up; shares of a batch).
    """

    def __init__(
        self, model, examples, steps, batch=64, rate=3e-3, seed=0, warm_up=None, fused=False, length=None, **how
    ):
        check_integer("steps", steps, least=1)
        check_integer("batch", batch, least=1)
        warm_up = max(1, steps // 20) if warm_up is None else warm_up
        check_integer("warm_up", warm_up, least=1)
        check_number("rate", rate, least=0, finite=True)
        check_integer("seed", seed, least=-(2**63))
        examples = list(examples)
        if not examples:
            raise ValueError("examples must not be empty")
        self.model, self.examples, self.how = model, examples, how
        self.steps, self.order = steps, (batch, seed, length)
        self.step, self.stopped = 0, False
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=float(rate), betas=(0.9, 0.98), fused=fused)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda t: min((t + 1) / warm_up, 0.5 + 0.5 * math.cos(math.pi * t / steps))
        )
        together = dist.is_available() and dist.is_initialized()
        self.rank, self.world = (dist.get_rank(), dist.get_world_size()) if together else (0, 1)
        faster = {"gradient_as_bucket_view": True, "static_graph": True}
        self.loss = DistributedDataParallel(Loss(model), **faster) if self.world > 1 else model.loss

    def __iter__(self):
        """Go on from the step reached so far, to the last or to the one in which `stop` was called."""
        self.model.train()
        for some in islice(batches(self.examples, *self.order), self.step, self.steps):
            self.optimizer.zero_grad()
            loss = self.share(some) if self.world > 1 else self.loss(some, **self.how)
            loss.backward()  # in all processes: the mean of their gradients
            said = torch.tensor([loss.item() / self.world, self.stopped], dtype=torch.float64)
            if self.world > 1:
                dist.all_reduce(said)  # the sum: all know the loss, and if one wants to stop, all do
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.step += 1
            yield self.step, said[0].item()
            if said[1]:
                break

    def share(self, some):
        """The loss of this process's share of a batch, so weighted that the mean over the processes is the batch's."""
        mine = some[self.rank :: self.world]
        weight = self.world * self.model.count(mine) / self.model.count(some)  # 0 without a share
        return weight * self.loss(mine or some[:1], **self.how)

    def stop(self):
        """End after this step; for a signal handler."""
        self.stopped = True

    def state_dict(self):
        """All that another Training of the same model, examples and options needs to go on from here."""
        parts = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}
        return {"step": self.step} | {name: part.state_dict() for name, part in parts.items()}

    def load_state_dict(self, state):
        """Go on from where `state_dict` was taken: the steps that follow are those that would have followed."""
        self.step = state["step"]
        for name in ("model", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(state[name])


class Loss(nn.Module):
    """A model as DistributedDataParallel wants it: what comes forward is the loss."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, examples, **how):
        """The model's loss."""
        return self.model.loss(examples, **how)


def train(model, examples, steps, batch=64, rate=3e-3, seed=0, report=None, **how):
    """Fit a model to examples: a `Training` from the first step to the last.

    Args:
        model, examples, steps, batch, rate, seed: see `Training`.
        report: called as report(step, loss) after each step; such as `progress(steps)`, from progress.py.
        how: see `Training`, too.

    Returns:
        the model, for evaluation.

    Raises:
        ValueError: as `Training` does.
    """
    for step, loss in Training(model, examples, steps, batch, rate, seed, **how):
        if report:
            report(step, loss)
    return model.eval()


def batches(examples, size, seed=0, length=None):
    """Batches of examples of about one length(example), for ever, each example once in a round."""
    length = length or (lambda item: len(item[0]))
    generator = torch.Generator().manual_seed(int(seed))

    def shuffled(items):
        return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]

    while True:
        order = shuffled(examples)
        heaps = [sorted(order[i : i + 50 * size], key=length) for i in range(0, len(order), 50 * size)]
        yield from shuffled([heap[i : i + size] for heap in heaps for i in range(0, len(heap), size)])


def digest(examples):
    """Twelve letters and digits that change when any example does.

    >>> digest([("merci", "thanks")])
    '89cab69089a0'
    """
    return hashlib.sha256(json.dumps(examples).encode()).hexdigest()[:12]


KINDS = {kind.__name__: kind for kind in (Translator, TransformerTranslator, Tagger)}


def save(model, path, **facts):
    """Write a model to a safetensors file: weights as float16, and beside them all it takes to build the model again.

    Args:
        model: a Translator, a TransformerTranslator or a Tagger.
        path: of the file.
        facts: more to keep, such as seed=0; each as JSON.

    Raises:
        ValueError: it is another model, a parameter is not a number or too large for float16, a fact does not become
            JSON, the path is a folder, in none, or the name of one of the package's models.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Tagger(Vocabulary(["merci"]), ["NOUN"], reach=1), Path(folder) / "tagger.safetensors", seed=0)
    ...     load(Path(folder) / "tagger.safetensors").facts["seed"]
    0
    """
    from safetensors.torch import save as to_bytes

    if type(model) not in KINDS.values():
        raise ValueError(f"model must be one of {', '.join(KINDS)}, came {type(model).__name__}")
    if path in names():
        raise ValueError(f"path must not be the name of a model of the package, came {path!r}: add .safetensors to it")
    path = as_path(path)
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"path must be of a file in a folder that exists, came {str(path)!r}")
    sides = [model.source] if isinstance(model, Tagger) or model.shared else [model.source, model.target]
    facts |= {"kind": type(model).__name__, "config": model.config, "version": __version__}
    facts["words"] = [vocabulary.words[4:] for vocabulary in sides]
    try:
        text = json.dumps(facts, default=lambda number: number.item())  # a NumPy number
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"facts must become JSON, came {facts!r:.1000}") from error
    tensors = {}
    for name, weights in model.named_parameters():  # a shared one once
        tensors[name] = weights.detach().half().cpu()
        if not tensors[name].isfinite().all():
            came = f"one of size {weights.detach().abs().max().item():g}"
            raise ValueError(f"{name} must hold numbers of at most 65504, as float16 does, came {came}")
    path.write_bytes(to_bytes(tensors, metadata={"facts": text}))


def names():
    """Those of the models that come with the package."""
    return sorted(file.stem for file in WEIGHTS.glob("*.safetensors"))


def as_path(name):
    """The path that a string, bytes or anything like a path means."""
    try:
        return Path(os.fsdecode(name))
    except TypeError as error:
        raise ValueError(f"expected a name or a path, came {name!r}") from error


def find(name):
    """The file of one of the package's models, by its name, or else of a path; see `load`."""
    known = names()
    path = WEIGHTS / f"{name}.safetensors" if isinstance(name, str) and name in known else as_path(name)
    if not path.is_file():
        raise ValueError(f"no weights at {str(name)!r}, expected the path of a file or one of {', '.join(known)}")
    return path


def load(name):
    """A model with the weights that `save` wrote; nothing is downloaded, nothing is unpickled.

    Args:
        name: of one of the models that come with the package, such as "translator_attention"; or the path of a file,
            such as "mine.safetensors".

    Returns:
        the model, for evaluation; `model.facts` holds what was saved beside the weights.

    Raises:
        ValueError: there is no such file, it is no safetensors file, or none that `save` wrote, it holds a model that
            this version does not know, or other weights than that model has.
        ImportError: the library safetensors is missing.

    >>> load("tagger_3").tag(["I saw a saw."])
    [['PRON', 'VERB', 'DET', 'NOUN']]
    """
    path = find(name)
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ImportError('the weights are safetensors files: pip install "self-attention[torch]"') from error
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 (not a dictionary)
    except SafetensorError as error:
        raise ValueError(f"{path.name} must be a whole safetensors file, came one that is not: {error}") from error
    model = from_facts(path.name, metadata.get("facts"))
    weights = dict(model.named_parameters())  # a shared matrix stands in the file once
    for what, names in (("lacks", weights.keys() - tensors), ("has besides", tensors.keys() - weights)):
        if names:
            raise ValueError(f"{path.name} must hold the weights of its {type(model).__name__}, {what} {sorted(names)}")
    for key, tensor in tensors.items():
        if tensor.shape != weights[key].shape:
            expected, came = tuple(weights[key].shape), tuple(tensor.shape)
            raise ValueError(f"{path.name}: {key} must have the shape {expected}, came {came}")
    model.load_state_dict(tensors, strict=False)  # by its one name, a shared matrix is loaded into both places
    return model.eval()


def from_facts(name, text):
    """The model that the facts of a file describe, without its weights; `name` is the file's, for errors."""
    try:
        facts = json.loads(text)
        kind, config, words, version = (facts[key] for key in ("kind", "config", "words", "version"))
    except (TypeError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{name} must hold facts as nn.save writes them, came {text!r:.100}") from error
    if kind not in list(KINDS):
        raise ValueError(f"{name} must hold one of {', '.join(KINDS)}, came {kind!r}, written by version {version}")
    try:
        model = KINDS[kind](*[Vocabulary([" ".join(its)]) for its in words], **config)
    except (TypeError, ValueError, RuntimeError) as error:  # the last: more than there is memory
        raise ValueError(
            f"{name} must describe a {kind} of version {__version__}, came one of version {version}: {error}"
        ) from error
    model.facts = facts
    return model


def logs(name):
    """What the training of one of the package's models left behind, run by run.

    Args:
        name: of the model.

    Returns:
        a list of dicts, by seed and steps; each has "command", "seed", "steps", the loss, "curve", and the figures on
        unseen sentences, "test".

    >>> [(run["seed"], run["steps"]) for run in logs("tagger_3")]
    [(0, 800), (1, 800), (2, 800)]
    """
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in (WEIGHTS / "logs").glob(f"{name}_seed*.json")]
    return sorted(runs, key=lambda run: (run["steps"], run["seed"]))
