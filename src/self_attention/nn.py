"""Torch modules: what has weights to learn, how it learns them, and where the book keeps them.

The models of chapter 3: a `Translator` from an `Encoder` and a `Decoder`, with one vector for the whole sentence or
with attention; and a `Tagger` that sees a word, a window, or the whole sentence. From chapter 8 on the translator is a
`TransformerTranslator`, whose layers are in transformer.py.
"""

import hashlib
import json
import math
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.functional import cross_entropy, pad, relu
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from . import __version__
from ._arrays import check_integer
from .attention import additive_scores, attend, scaled_dot_product_attention
from .corpus import Vocabulary
from .decoding import Cache
from .masks import padding_mask
from .positions import sinusoidal_positions
from .transformer import Transformer

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

    >>> states, c = Encoder(size=10, d_model=4)(torch.tensor([[5, 6, 7], [8, 9, 0]]), torch.tensor([3, 2]))
    >>> states.shape, c.shape
    (torch.Size([2, 3, 8]), torch.Size([2, 8]))

    Source: Bahdanau et al. 2015, sec. 3.2; the GRU is Cho et al. 2014, sec. 2.3.
    """

    def __init__(self, size, d_model):
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

    Source: Cho et al. 2014, sec. 2.2 (one c for all steps); Bahdanau et al. 2015, sec. 3.1 (a c_i for each step); Luong
    et al. 2015, sec. 3 (the query is the state of this step, not of the one before).
    """

    def __init__(self, size, d_model, attention):
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


class Translation(NamedTuple):
    """A translation, and how it looked at the source.

    Args:
        words: a list, with <eos> at the end.
        scores: (n, m), before the softmax; None without attention.
        weights: (n, m); None without attention.

    >>> print(Translation(["thanks", "<eos>"], scores=None, weights=None))
    thanks
    """

    words: list
    scores: torch.Tensor | None
    weights: torch.Tensor | None

    def __str__(self):
        return " ".join(word for word in self.words if word != "<eos>")


class Seq2Seq(nn.Module):
    """What every translator shares: two vocabularies, and how it is judged. A subclass says how to `translate`.

    Args:
        source, target: a `Vocabulary` each.
    """

    def __init__(self, source, target):
        super().__init__()
        self.source, self.target = source, target

    def ids(self, sentences):
        """Of some source sentences: ids (b, m), lengths (b,) and the mask (b, 1, m), True = a word, not padding."""
        if isinstance(sentences, str) or not sentences or not all(sentence.split() for sentence in sentences):
            raise ValueError(f"expected a list of sentences of at least one word, came {sentences!r}")
        ids, lengths = map(torch.tensor, self.source.batch(sentences))  # (b, m), (b,)
        return ids, lengths, padding_mask(lengths, m=ids.shape[1])

    def shifted(self, pairs):
        """Of the targets of some pairs: the word before each step, from <bos> on, and the right one, (b, n) each."""
        ids = torch.tensor(self.target.batch([pair[1] for pair in pairs], bos=True, eos=True)[0])  # (b, n + 1)
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

        `how` goes to `translate`; the sentences are reordered, so a `change` must treat all alike.
        """
        pairs = list(pairs)
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0].split()))  # like lengths share a batch
        right = torch.zeros(len(pairs), dtype=torch.bool)
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            said = self.translate([pairs[i][0] for i in some], **how)
            right[some] = torch.tensor([str(its) == pairs[i][1] for i, its in zip(some, said, strict=True)])
        return right.numpy()


class Translator(Seq2Seq):
    """Encoder, decoder, and the vocabularies that turn sentences into ids and back.

    Args:
        source, target: a `Vocabulary` each.
        d_model: features of a word's vector.
        attention: whether the decoder looks back at the source.

    >>> _ = torch.manual_seed(0)
    >>> translator = Translator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=8, attention=True)
    >>> translator = train(translator, [("merci", "thanks")], steps=20)
    >>> [translation] = translator.translate(["merci"])
    >>> translation.words, translation.weights.shape
    (['thanks', '<eos>'], torch.Size([2, 1]))
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
        states, c, mask = self.read([pair[0] for pair in pairs])
        before, ids = self.shifted(pairs)
        logits, *_ = self.decoder(before, states, c, mask, c[None])  # (b, n, size)
        return cross_entropy(logits.mT, ids, ignore_index=Vocabulary.PAD)

    @torch.no_grad()
    def translate(self, sentences, longest=40):
        """Greedily: the most probable word at each step, up to <eos> or the longest length. A list of Translations."""
        states, c, mask = self.read(sentences)
        s, word, steps = c[None], torch.full((len(sentences), 1), Vocabulary.BOS), []
        ended = torch.zeros_like(word, dtype=torch.bool)
        while len(steps) < longest and not ended.all():
            logits, scores, weights, s = self.decoder(word, states, c, mask, s)
            word = logits.argmax(dim=-1)  # (b, 1)
            steps.append((word, scores, weights))
            ended |= word == Vocabulary.EOS
        ids, scores, weights = (
            None if part[0] is None else torch.cat(part, dim=1) for part in zip(*steps, strict=True)
        )
        return [self._translation(ids, scores, weights, mask.sum(dim=(1, 2)).tolist(), b) for b in range(len(ids))]

    def _translation(self, ids, scores, weights, lengths, b):
        words = self.words(ids[b])
        maps = (None if part is None else part[b, : len(words), : lengths[b]] for part in (scores, weights))  # (n, m)
        return Translation(words, *maps)


class TransformerTranslator(Seq2Seq):
    """A Transformer and the vocabularies that turn sentences into ids and back.

    Args:
        source, target: a `Vocabulary` each; without a target, one for both languages.
        config: d_model, h, d_ff, layers, norm: see `Transformer`.

    >>> _ = torch.manual_seed(0)
    >>> translator = TransformerTranslator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=8, h=2, d_ff=16)
    >>> translator = train(translator, [("merci", "thanks")], steps=40, rate=1e-2)
    >>> translator.translate(["merci"])
    ['thanks']
    """

    def __init__(self, source, target=None, **config):
        super().__init__(source, target or source)
        self.config = config
        self.transformer = Transformer(len(source), target and len(target), **config)

    def forward(self, pairs):
        """The logits (b, n, size) of each step, given the right words before it, and the right ids (b, n)."""
        ids, _, mask = self.ids([pair[0] for pair in pairs])
        before, right = self.shifted(pairs)
        return self.transformer(ids, before, mask), right

    def loss(self, pairs, smoothing=0.0):
        """Mean cross-entropy per target word, when each step is given the right words before it.

        Args:
            smoothing: the share of each target that is spread over all words (Szegedy et al. 2016, sec. 7).
        """
        logits, right = self(pairs)  # (b, n, size), (b, n)
        return cross_entropy(
            logits.flatten(0, 1), right.flatten(), ignore_index=Vocabulary.PAD, label_smoothing=smoothing
        )

    @torch.no_grad()
    def translate(self, sentences, longest=40, change=None):
        """Greedily: the most probable word at each step, up to <eos> or the longest length. A list of sentences.

        Args:
            change: what to do with the weights of attention on the way: see transformer.py.
        """
        ids, _, mask = self.ids(sentences)
        memory, _ = self.transformer.encode(ids, mask, change)
        ids, cache = torch.full((len(sentences), 1), Vocabulary.BOS), None if change else Cache()
        ended = torch.zeros_like(ids, dtype=torch.bool)
        while ids.shape[1] <= longest and not ended.all():
            new = ids if change else ids[:, -1:]
            logits, _ = self.transformer.decode(new, memory, mask, change, cache)  # (b, 1 or n, size)
            word = logits[:, -1:].argmax(dim=-1)  # (b, 1)
            ids = torch.cat([ids, word], dim=1)
            ended |= word == Vocabulary.EOS
        return [" ".join(word for word in self.words(row[1:]) if word != "<eos>") for row in ids]

    @torch.no_grad()
    def maps(self, source, target, change=None):
        """Every attention map of one pair: {"encoder": (layers, h, m, m), "decoder": (.., n, n), "cross": (.., n, m)}.

        The n steps begin with <bos>; step i reads the target's words before word i.
        """
        ids, _, mask = self.ids([source])
        memory, maps = self.transformer.encode(ids, mask, change)
        ids = torch.tensor(self.target.batch([target], bos=True)[0])  # (1, n)
        _, more = self.transformer.decode(ids, memory, mask, change)
        return {place: torch.stack(layers)[:, 0] for place, layers in (maps | more).items()}


# Tag


class Tagger(nn.Module):
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
        ValueError: the reach is neither "all" nor odd and positive, the positions are unknown.

    >>> tagger = Tagger(Vocabulary(["i saw a saw"]), ["DET", "NOUN", "PRON", "VERB"], reach=3)
    >>> tagger(*tagger.read([["i", "saw", "a", "saw"], ["i", "saw"]])).shape
    torch.Size([2, 4, 4])
    """

    def __init__(self, words, tags, reach, d_model=32, longest=16, positions="learned"):
        super().__init__()
        if reach != "all":
            check_integer("reach", reach, least=1)
            if reach % 2 == 0:
                raise ValueError(f"reach must be 'all' or an odd number, came {reach}")
        if positions not in ("learned", "sinusoidal", "none"):
            raise ValueError(f"positions must be 'learned', 'sinusoidal' or 'none', came {positions!r}")
        self.source, self.tags, self.reach = words, list(tags), reach
        self.config = dict(tags=self.tags, reach=reach, d_model=d_model, longest=longest, positions=positions)
        self.embedding = nn.Embedding(len(words), d_model, padding_idx=Vocabulary.PAD)
        if reach == "all":
            if positions == "learned":
                self.positions = LearnedPositions(longest, d_model)
            self.queries, self.keys, self.values = (nn.Linear(d_model, d_model, bias=False) for _ in range(3))
        seen = 2 * d_model if reach == "all" else reach * d_model
        self.hidden, self.output = nn.Linear(seen, 2 * d_model), nn.Linear(2 * d_model, len(tags))

    def read(self, sentences):
        """Ids (b, n) and lengths (b,) of some sentences, each a sequence of words."""
        return tuple(map(torch.tensor, self.source.batch([" ".join(words) for words in sentences])))

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
            Z, _ = scaled_dot_product_attention(Q, K, V, padding_mask(lengths, m=ids.shape[1]))
            seen = torch.cat([X, Z], dim=-1)  # (b, n, 2 d_model)
        else:
            side = self.reach // 2
            windows = pad(X, (0, 0, side, side)).unfold(1, self.reach, 1)  # (b, n, d_model, reach)
            seen = windows.flatten(start_dim=2)  # (b, n, d_model reach)
        return self.output(relu(self.hidden(seen)))

    def loss(self, tagged):
        """Mean cross-entropy per word; each sentence is a pair of words and tags, or begins like one."""
        ids, lengths = self.read([sentence[0] for sentence in tagged])
        n = ids.shape[1]
        right = [[self.tags.index(tag) for tag in tags] + (n - len(tags)) * [-1] for _, tags, *_ in tagged]
        return cross_entropy(self(ids, lengths).mT, torch.tensor(right), ignore_index=-1)

    @torch.no_grad()
    def tag(self, sentences):
        """The tags of some sentences, each a sequence of words."""
        best = self(*self.read(sentences)).argmax(dim=-1).tolist()  # (b, n)
        return [[self.tags[i] for i in row[: len(words)]] for row, words in zip(best, sentences, strict=True)]


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
        ValueError: steps, batch or warm_up is not an integer of at least 1, there are no examples.

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
        if not examples:
            raise ValueError("examples must not be empty")
        self.model, self.examples, self.how = model, examples, how
        self.steps, self.order = steps, (batch, seed, length)
        self.step, self.stopped = 0, False
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), fused=fused)
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
    generator = torch.Generator().manual_seed(seed)

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

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Tagger(Vocabulary(["merci"]), ["NOUN"], reach=1), Path(folder) / "tagger.safetensors", seed=0)
    ...     load(Path(folder) / "tagger.safetensors").facts["seed"]
    0
    """
    from safetensors.torch import save as to_bytes

    vocabularies = dict.fromkeys(getattr(model, side) for side in ("source", "target") if hasattr(model, side))
    words = [vocabulary.words[4:] for vocabulary in vocabularies]  # one, if both languages share it
    facts |= {"kind": type(model).__name__, "config": model.config, "words": words, "version": __version__}
    tensors = {name: weights.detach().half() for name, weights in model.named_parameters()}  # a shared one once
    Path(path).write_bytes(to_bytes(tensors, metadata={"facts": json.dumps(facts)}))


def load(name):
    """A model with the weights that `save` wrote; nothing is downloaded, nothing is unpickled.

    Args:
        name: of one of the models that come with the package, such as "translator_attention"; or the path of a file.

    Returns:
        the model, for evaluation; `model.facts` holds what was saved beside the weights.

    Raises:
        ValueError: there is no such file, it is no safetensors file, or none that `save` wrote, it holds a model that
            this version does not know, or other weights than that model has.
        ImportError: the library safetensors is missing.

    >>> load("tagger_3").tag([["my", "friend", "plants", "a", "plant"]])
    [['DET', 'NOUN', 'VERB', 'DET', 'NOUN']]
    """
    path = name if isinstance(name, Path) else WEIGHTS / f"{name}.safetensors"
    if not path.is_file():
        known = sorted(file.stem for file in WEIGHTS.glob("*.safetensors"))
        raise ValueError(f"no weights at {name!r}, expected the path of a file or one of {', '.join(known)}")
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
    except (TypeError, ValueError) as error:
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
