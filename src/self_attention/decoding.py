"""`predict` takes k beginnings, ids (k, n) from <bos> on, and returns log-probabilities (k, V) of the next word.

From there on no model is needed: any such function, even a table made by hand, is turned into sentences by `greedy`,
`beam_search` and `sample`; `predictor` makes one from a translator. `bleu` compares what was said with what is right.

Numbers are added up as float64, in the order that the docstrings give, and equal ones are put in the order of their
ids: what is found does not depend on the machine.
"""

import math
from collections import Counter
from typing import NamedTuple

import torch

from ._arrays import check_integer, check_number
from .attention import softmax
from .corpus import Vocabulary


class Hypothesis(NamedTuple):
    """A sentence, ended or not, and how probable it is.

    Args:
        ids: of its words, without <bos> and with <eos>.
        log_probability: the sum of its words' log-probabilities.
        score: that over the length penalty.

    >>> Hypothesis(ids=(4, 2), log_probability=-1.5, score=-1.5).ids
    (4, 2)
    """

    ids: tuple
    log_probability: float
    score: float


def greedy(predict, longest=40):
    """Take the most probable word at each step, up to <eos> or the longest length.

    y_i = argmax_y P(y | y_1 ... y_(i - 1))

    Of equal ones the lowest id is taken.

    Args:
        predict: from ids (1, n) to log-probabilities (1, V).
        longest: the most words, <eos> among them.

    Returns:
        a Hypothesis.

    Raises:
        ValueError: longest is not an integer of at least 1, what predict returns are no log-probabilities.

    >>> always_eos = lambda ids: torch.tensor([[0.0, 0.0, 0.9, 0.1]]).log()
    >>> greedy(always_eos).ids
    (2,)

    Source: Sutskever et al. 2014, sec. 3.2 (a beam of 1).
    """
    return one_by_one(predict, lambda log_probabilities: int(log_probabilities.argmax()), longest)


def sample(predict, temperature=1.0, top_k=None, top_p=None, seed=0, longest=40):
    """Draw each word by its probability, up to <eos> or the longest length.

    At each step: softmax(log-probabilities / T), then `truncate`, then a draw: u is uniform in [0, 1), and the word is
    the first, in the order of the ids, at which the running sum of the probabilities is greater than u.

    Args:
        predict: from ids (1, n) to log-probabilities (1, V).
        temperature: T, from 0 (as `greedy`) to inf (all words alike).
        top_k, top_p: see `truncate`.
        seed: of the generator that belongs to this sentence alone.
        longest: the most words, <eos> among them.

    Returns:
        a Hypothesis; its log-probability is what predict says, whatever the temperature.

    Raises:
        ValueError: the temperature is negative or NaN, the seed not an integer of at least 0, or as in `truncate` and
            `greedy`.

    >>> coin = lambda ids: torch.tensor([[0.0, 0.0, 0.5, 0.0, 0.5]]).log()
    >>> [sample(coin, seed=seed).ids for seed in range(3)]
    [(4, 4, 2), (2,), (4, 2)]

    Source: Holtzman et al. 2020, sec. 3.
    """
    check_number("temperature", temperature, least=0)
    check_integer("seed", seed)
    generator = torch.Generator().manual_seed(int(seed))

    def draw(log_probabilities):
        if temperature == 0:
            return int(log_probabilities.argmax())
        probabilities = truncate(softmax(log_probabilities, temperature=temperature), top_k, top_p)  # (V,)
        sums = probabilities.cumsum(dim=0)
        u = torch.rand((), dtype=sums.dtype, generator=generator) * sums[-1]
        return int(torch.searchsorted(sums, u, right=True))

    return one_by_one(predict, draw, longest)


def truncate(probabilities, top_k=None, top_p=None):
    """Keep the most probable words only, and share out again what the others had.

    In this order: sort, the most probable first and equal ones by id; keep the first k, and divide by their sum; keep a
    word if the sum of those before it is less than p - 1e-9, or it is the first; divide by their sum.

    Args:
        probabilities: (..., V).
        top_k: how many words to keep; None = all.
        top_p: the smallest set of words whose probabilities reach p together, from 0 to 1, is kept; None = all.

    Returns:
        probabilities (..., V), 0 for the words that are not kept.

    Raises:
        ValueError: top_k is not an integer of at least 1, top_p is not from 0 to 1, the probabilities are negative or
            do not sum to 1.

    >>> truncate(torch.tensor([0.1, 0.5, 0.1, 0.3]), top_k=2)
    tensor([0.0000, 0.6250, 0.0000, 0.3750])
    >>> truncate(torch.tensor([0.1, 0.5, 0.1, 0.3]), top_p=0.9).round(decimals=4)
    tensor([0.1111, 0.5556, 0.0000, 0.3333])

    Source: Fan et al. 2018, sec. 5.4 (top k); Holtzman et al. 2020, sec. 3.1 (top p).
    """
    if top_k is not None:
        check_integer("top_k", top_k, least=1)
    if top_p is not None:
        check_number("top_p", top_p, least=0)
        if top_p > 1:
            raise ValueError(f"top_p must be at most 1, came {top_p!r}")
    totals = probabilities.double().sum(dim=-1)
    if not ((probabilities >= 0).all() and ((totals - 1).abs() < 1e-3).all()):
        raise ValueError(f"probabilities must sum to 1 and not be negative, came {probabilities}")
    if top_k is None and top_p is None:
        return probabilities
    kept, order = probabilities.double().sort(dim=-1, descending=True, stable=True)  # (..., V)
    if top_k is not None:
        kept[..., top_k:] = 0
        kept = kept / kept.sum(dim=-1, keepdim=True)
    if top_p is not None:
        enough = kept.cumsum(dim=-1) - kept >= top_p - 1e-9  # ten times 0.1 is a little less than 1
        enough[..., 0] = False
        kept = kept.masked_fill(enough, 0)
        kept = kept / kept.sum(dim=-1, keepdim=True)
    return torch.zeros_like(kept).scatter(-1, order, kept).to(probabilities.dtype)


def beam_search(predict, width=4, number=1, longest=40, alpha=0.0):
    """Keep, at each step, the most probable beginnings, and find a sentence that greed would miss.

    At each step: every running beginning, best first, is continued by every word, in the order of the ids. Of all these
    continuations, which have one length, the `width` with the largest summed log-probability are kept, of equal ones
    the first. Those that end in <eos> leave the beam, and are put among the ended ones by their score: log-probability
    / `length_penalty`, of equal ones the earlier first. The others run on.

    The search stops when no beginning runs on, at the longest length, or when `number` sentences have ended that none
    can overtake any more: a running one, which is left with log-probability L if it never loses anything again, reaches
    at most L / length_penalty(longest, alpha). The result is the best of the ended ones and, after the longest length,
    of those that still run, of equal ones the ended first.

    Args:
        predict: from ids (k, n) to log-probabilities (k, V), k from 1 to width.
        width: how many continuations are kept at each step; 1 = greedy.
        number: how many sentences are returned, at most the width; fewer, if predict does not allow so many.
        longest: the most words, <eos> among them.
        alpha: how much longer sentences are favoured, from 0 (not at all); see `length_penalty`.

    Returns:
        a list of Hypothesis, the highest score first.

    Raises:
        ValueError: not width >= number >= 1, alpha is negative, or as in `greedy`.

    >>> table = {(1,): {4: 0.5, 5: 0.4, 2: 0.1}, (1, 4): {4: 0.4, 5: 0.3, 2: 0.3}, (1, 5): {2: 0.9, 4: 0.1}}
    >>> def predict(ids):
    ...     rows = [table.get(tuple(row), {2: 1.0}) for row in ids.tolist()]
    ...     return torch.tensor([[row.get(word, 0.0) for word in range(6)] for row in rows]).log()
    >>> for found in (greedy(predict), beam_search(predict, width=2)[0]):
    ...     print(found.ids, round(math.exp(found.log_probability), 2))
    (4, 4, 2) 0.2
    (5, 2) 0.36

    Source: Sutskever et al. 2014, sec. 3.2; Freitag and Al-Onaizan 2017, sec. 3; Wu et al. 2016, sec. 7 (penalty).
    """
    for name, value in (("width", width), ("number", number), ("longest", longest)):
        check_integer(name, value, least=1)
    if number > width:
        raise ValueError(f"number must be at most width, came number = {number} and width = {width}")
    most = length_penalty(longest, alpha)
    running, ended = [Hypothesis((), 0.0, 0.0)], []
    while running and len(running[0].ids) < longest:
        if len(ended) >= number and ended[number - 1].score >= running[0].log_probability / most:
            break
        before = torch.tensor([[beginning.log_probability] for beginning in running], dtype=torch.float64)
        sums = before + ask(predict, running)  # (k, V)
        best, places = sums.flatten().sort(descending=True, stable=True)
        kept = []
        for total, place in zip(best[:width].tolist(), places[:width].tolist(), strict=True):
            row, word = divmod(place, sums.shape[1])
            if total > -math.inf:
                ids = (*running[row].ids, word)
                kept.append(Hypothesis(ids, total, total / length_penalty(len(ids), alpha)))
        ended = ranked(ended + [found for found in kept if found.ids[-1] == Vocabulary.EOS])
        running = [found for found in kept if found.ids[-1] != Vocabulary.EOS]
    return ranked(ended + running)[:number]


def length_penalty(n, alpha):
    """What the log-probability of n words is divided by, so that a long sentence need not lose to a short one.

    penalty = ((5 + n) / 6)^alpha

    Args:
        n: number of words, <eos> among them.
        alpha: from 0, no penalty, up; Vaswani et al. 2017, sec. 6.1, took 0.6.

    Returns:
        a float.

    Raises:
        ValueError: n is not an integer of at least 1, alpha is not a finite number of at least 0.

    >>> round(length_penalty(13, 0.6), 4)
    1.9332

    Source: Wu et al. 2016, sec. 7, eq. 14.
    """
    check_integer("n", n, least=1)
    check_number("alpha", alpha, least=0, finite=True)
    return ((5 + n) / 6) ** alpha


def ranked(hypotheses):
    """Hypotheses, the highest score first, of equal ones in the order in which they came."""
    return sorted(hypotheses, key=lambda found: -found.score)


def one_by_one(predict, choose, longest):
    """The Hypothesis that one choice after another makes: `choose` takes log-probabilities (V,), returns an id."""
    check_integer("longest", longest, least=1)
    ids, total = (), 0.0
    while len(ids) < longest and ids[-1:] != (Vocabulary.EOS,):
        [log_probabilities] = ask(predict, [Hypothesis(ids, total, total)])  # (V,)
        word = choose(log_probabilities)
        ids, total = (*ids, word), total + float(log_probabilities[word])
    return Hypothesis(ids, total, total)


def ask(predict, beginnings):
    """What predict says of the next words of some beginnings, checked: log-probabilities (k, V), float64."""
    ids = torch.tensor([[Vocabulary.BOS, *beginning.ids] for beginning in beginnings])  # (k, n)
    said = predict(ids)
    if not isinstance(said, torch.Tensor) or said.ndim != 2 or len(said) != len(ids):
        came = tuple(said.shape) if isinstance(said, torch.Tensor) else type(said).__name__
        raise ValueError(f"predict must return a tensor of log-probabilities (k, V), k = {len(ids)}, came {came}")
    log_probabilities = said.cpu().double()  # some devices have no float64
    totals = log_probabilities.exp().sum(dim=-1)
    if not ((totals > 0).any() and (totals < 1 + 1e-3).all()):
        raise ValueError(f"predict must return log-probabilities, came {totals.tolist()} as sums of the probabilities")
    return log_probabilities


# Keys and values kept


class Cache(dict):
    """The keys and values that a decoder has made: (place, layer) -> [keys, values], each (b, h, n so far, d / h).

    `Transformer.decode` fills it: an empty one at first, the same one at each step, with the new words alone. The keys
    and values of the memory, at the place "cross", are made at the first step: (b, h, m, d / h), or one row for all b.

    >>> from self_attention.transformer import Transformer
    >>> model, cache = Transformer(10, d_model=8, h=2, d_ff=16, layers=(1, 2)), Cache()
    >>> memory, _ = model.encode(torch.tensor([[4, 5, 6]]))
    >>> for word in (1, 7, 8):
    ...     logits, _ = model.decode(torch.tensor([[word]]), memory, cache=cache)
    >>> cache.length, cache.numbers  # 3 words and 3 of the source, in 2 layers, 8 numbers for keys, 8 for values
    (3, 192)

    Source: Shazeer 2019, sec. 2.4.
    """

    def __missing__(self, key):
        return self.setdefault(key, [])

    @property
    def length(self):
        """The number of words of the target so far."""
        return self["decoder", 0][0].shape[-2] if self["decoder", 0] else 0

    @property
    def numbers(self):
        """How many numbers it holds."""
        return sum(part.numel() for kept in self.values() for part in kept)

    def select(self, rows):
        """Another cache, of the rows named in a list, in that order; one memory for all rows stays one."""
        return Cache(
            (key, [part if key[0] == "cross" and len(part) == 1 else part[rows] for part in kept])
            for key, kept in self.items()
        )


def predictor(translator, sentence, cache=True, change=None):
    """`predict` for one source sentence, which is read once.

    Args:
        translator: an `nn.TransformerTranslator`.
        sentence: the source, a string, read as `translate` reads it.
        cache: keep keys and values from call to call: if each beginning continues by one word a row of the call before,
            that word alone is computed; if not, everything is. The log-probabilities are the same up to rounding.
        change: what to do with the weights of attention on the way: see transformer.py. With one, nothing is kept.

    Returns:
        a function from ids (k, n) to log-probabilities (k, V), where the model is.

    Raises:
        ValueError: the sentence has no words, or unknown ones, or lacks a tag: see `translate`.

    >>> from self_attention import nn
    >>> model = nn.load("transformer_heads")
    >>> found = greedy(predictor(model, "thanks"))
    >>> model.target.decode(found.ids), len(found.ids)
    ('merci', 2)
    """
    with torch.no_grad():
        ids, _, mask = translator.ids(translator.typed([sentence]))
        memory, _ = translator.transformer.encode(ids, mask, change)
    rows, kept = {}, Cache()

    @torch.no_grad()
    def predict(beginnings):
        nonlocal rows, kept
        given, beginnings = beginnings.tolist(), beginnings.to(translator.device)
        new, now = beginnings, Cache() if cache and not change else None
        parents = [rows.get(tuple(beginning[:-1])) for beginning in given]
        if now is not None and None not in parents:
            new, now = beginnings[:, -1:], kept.select(parents)
        logits, _ = translator.transformer.decode(new, memory, mask, change, now)
        if now is not None:
            rows, kept = {tuple(beginning): row for row, beginning in enumerate(given)}, now
        dtype = torch.promote_types(logits.dtype, torch.float32)  # in bfloat16 they would not sum to 1
        return logits[:, -1].log_softmax(dim=-1, dtype=dtype)  # (k, V)

    return predict


# Judge


def bleu(said, right, n=4):
    """BLEU: how many of the words, pairs, ... of n words that were said are right, in all sentences together.

    BLEU = brevity_penalty (p_1 p_2 ... p_n)^(1 / n)

    There p_i is the clipped precision of i words.

    Args:
        said: a list of sentences, their words divided by spaces.
        right: for each the right sentence, or a list of right ones.
        n: the longest groups of words.

    Returns:
        from 0 to 1; many authors write it as percent. It is 0 if any precision is 0: nothing is smoothed.

    Raises:
        ValueError: said and right are not lists of one length, there are no sentences, n is not an integer from 1 up.

    >>> round(bleu(["the black cat sleeps on the bed"], ["the black cat sleeps on the sofa"]), 4)
    0.8091

    Source: Papineni et al. 2002, sec. 2.3.
    """
    check_integer("n", n, least=1)
    precisions = [clipped_precision(said, right, i) for i in range(1, n + 1)]
    if min(precisions) == 0:
        return 0.0
    return brevity_penalty(said, right) * math.exp(sum(map(math.log, precisions)) / n)


def clipped_precision(said, right, n):
    """The share of the groups of n words said that are right, each as often at most as a right sentence has it.

    p_n = sum_g min(said_g, right_g) / sum_g said_g

    Over all groups g of n words: how often it was said, and how often it stands in the right sentence that has most.

    Args:
        said, right: as for `bleu`.
        n: how many words make a group.

    Returns:
        from 0 to 1; 0 if no sentence has n words.

    Raises:
        ValueError: as for `bleu`.

    >>> 7 * clipped_precision(["the the the the the the the"], ["the cat is on the mat"], n=1)
    2.0

    Source: Papineni et al. 2002, sec. 2.1.
    """
    check_integer("n", n, least=1)
    hits = total = 0
    for sentence, references in compared(said, right):
        groups, allowed = count(sentence, n), Counter()
        for reference in references:
            allowed |= count(reference, n)  # of each group the largest count
        hits, total = hits + (groups & allowed).total(), total + groups.total()
    return hits / total if total else 0.0


def brevity_penalty(said, right):
    """A number from 0 to 1 for how long it is: 1, unless less was said than is right.

    penalty = exp(1 - r / c) for c < r, else 1

    There c is the number of words said, and r how many would be right.

    Args:
        said, right: as for `bleu`. Of several right sentences the one nearest in length counts, and the shorter of two.

    Returns:
        from 0 to 1.

    Raises:
        ValueError: as for `bleu`.

    >>> round(brevity_penalty(["a cat"], ["a black cat"]), 4)
    0.6065

    Source: Papineni et al. 2002, sec. 2.2.2.
    """
    c = r = 0
    for sentence, references in compared(said, right):
        c += len(sentence)
        r += min((abs(len(reference) - len(sentence)), len(reference)) for reference in references)[1]
    return 1.0 if c >= r else math.exp(1 - r / c) if c else 0.0


def compared(said, right):
    """Pairs of a sentence and its references, cut into words."""
    if isinstance(said, str) or isinstance(right, str) or len(said) != len(right) or not len(said):
        raise ValueError(f"said and right must be lists of sentences, equally many, came {said!r} and {right!r}")
    for sentence, references in zip(said, right, strict=True):
        references = [references] if isinstance(references, str) else references
        if not references:
            raise ValueError(f"expected at least one right sentence for {sentence!r}, came none")
        yield sentence.split(), [reference.split() for reference in references]


def count(words, n):
    """How often each group of n words occurs."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
