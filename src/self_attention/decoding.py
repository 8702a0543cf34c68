"""`predict` takes k prefixes, ids (k, n) from <bos> on, and returns log-probabilities (k, V) of the next word.

From there on no model is needed: any such function, even a table made by hand, is turned into sentences by `greedy`,
`beam_search` and `sample`; `predictor` makes one from a translator. How good they are, bleu.py says.

Numbers are added up as float64, in the order that the docstrings give, and equal ones are put in the order of their
ids: what is found does not depend on the machine.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch

from ._arrays import check_integer, check_number
from .attention import softmax
from .nn import KVCache, TransformerTranslator, intervene
from .nn.interventions import Intervention
from .vocabulary import Vocabulary


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


def greedy(predict: Callable[[torch.Tensor], torch.Tensor], max_len: int = 40) -> Hypothesis:
    """Take the most probable word at each step, up to <eos> or the most words.

    y_i = argmax_y P(y | y_1 ... y_(i - 1))

    Of equal ones the lowest id is taken.

    Args:
        predict: from ids (1, n) to log-probabilities (1, V).
        max_len: the most words, <eos> among them.

    Returns:
        a Hypothesis.

    Raises:
        ValueError: max_len is not an integer of at least 1, what predict returns are no log-probabilities.

    >>> always_eos = lambda ids: torch.tensor([[0.0, 0.0, 0.9, 0.1]]).log()
    >>> greedy(always_eos).ids
    (2,)

    Source: Sutskever et al. 2014, sec. 3.2 (a beam of 1).
    """
    return one_by_one(predict, lambda log_probabilities: int(log_probabilities.argmax()), max_len)


def sample(
    predict: Callable[[torch.Tensor], torch.Tensor],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    max_len: int = 40,
) -> Hypothesis:
    """Draw each word by its probability, up to <eos> or the most words.

    At each step: softmax(log-probabilities / T), then `truncate`, then a draw: u is uniform in [0, 1), and the word is
    the first, in the order of the ids, at which the running sum of the probabilities is greater than u.

    Args:
        predict: from ids (1, n) to log-probabilities (1, V).
        temperature: T, from 0 (as `greedy`) to inf (all words alike).
        top_k, top_p: see `truncate`.
        seed: of the generator that belongs to this sentence alone.
        max_len: the most words, <eos> among them.

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

    return one_by_one(predict, draw, max_len)


def truncate(probabilities: torch.Tensor, top_k: int | None = None, top_p: float | None = None) -> torch.Tensor:
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
            raise ValueError(f"expected top_p to be at most 1, got {top_p!r}")
    totals = probabilities.double().sum(dim=-1)
    if not ((probabilities >= 0).all() and ((totals - 1).abs() < 1e-3).all()):
        raise ValueError(f"expected probabilities to sum to 1 and not be negative, got {probabilities}")
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


def beam_search(
    predict: Callable[[torch.Tensor], torch.Tensor],
    width: int = 4,
    number: int = 1,
    max_len: int = 40,
    alpha: float = 0.0,
) -> list[Hypothesis]:
    """Keep, at each step, the most probable prefixes, and find a sentence that greed would miss.

    At each step: every running prefix, best first, is continued by every word, in the order of the ids. Of all these
    continuations, which have one length, the `width` with the largest summed log-probability are kept, of equal ones
    the first. Those that end in <eos> leave the beam, and are put among the ended ones by their score: log-probability
    / `length_penalty`, of equal ones the earlier first. The others run on.

    The search stops when no prefix runs on, at the most words, or when `number` sentences have ended that none
    can overtake any more: a running one, which is left with log-probability L if it never loses anything again, reaches
    at most L / length_penalty(max_len, alpha). The result is the best of the ended ones and, after the most words,
    of those that still run, of equal ones the ended first.

    Args:
        predict: from ids (k, n) to log-probabilities (k, V), k from 1 to width.
        width: how many continuations are kept at each step; 1 = greedy.
        number: how many sentences are returned, at most the width; fewer, if predict does not allow so many.
        max_len: the most words, <eos> among them.
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
    for name, value in (("width", width), ("number", number), ("max_len", max_len)):
        check_integer(name, value, least=1)
    if number > width:
        raise ValueError(f"expected number to be at most width, got number = {number} and width = {width}")
    most = length_penalty(max_len, alpha)
    running, ended = [Hypothesis((), 0.0, 0.0)], list[Hypothesis]()
    while running and len(running[0].ids) < max_len:
        if len(ended) >= number and ended[number - 1].score >= running[0].log_probability / most:
            break
        before = torch.tensor([[prefix.log_probability] for prefix in running], dtype=torch.float64)
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


def length_penalty(n: int, alpha: float) -> float:
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


def ranked(hypotheses: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Hypotheses, the highest score first, of equal ones in the order in which they came."""
    return sorted(hypotheses, key=lambda found: -found.score)


def one_by_one(
    predict: Callable[[torch.Tensor], torch.Tensor], choose: Callable[[torch.Tensor], int], max_len: int
) -> Hypothesis:
    """The Hypothesis that one choice after another makes: `choose` takes log-probabilities (V,), returns an id."""
    check_integer("max_len", max_len, least=1)
    ids: tuple[int, ...] = ()
    total = 0.0
    while len(ids) < max_len and ids[-1:] != (Vocabulary.EOS,):
        [log_probabilities] = ask(predict, [Hypothesis(ids, total, total)])  # (V,)
        word = choose(log_probabilities)
        ids, total = (*ids, word), total + float(log_probabilities[word])
    return Hypothesis(ids, total, total)


def ask(predict: Callable[[torch.Tensor], torch.Tensor], prefixes: Sequence[Hypothesis]) -> torch.Tensor:
    """What predict says of the next words of some prefixes, checked: log-probabilities (k, V), float64."""
    ids = torch.tensor([[Vocabulary.BOS, *prefix.ids] for prefix in prefixes])  # (k, n)
    answer = predict(ids)
    if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or len(answer) != len(ids):
        got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
        raise ValueError(f"expected predict to return a tensor of log-probabilities (k, V), k = {len(ids)}, got {got}")
    log_probabilities = answer.cpu().double()  # some devices have no float64
    totals = log_probabilities.exp().sum(dim=-1)
    if not ((totals > 0).any() and (totals < 1 + 1e-3).all()):
        raise ValueError(
            f"expected predict to return log-probabilities, got {totals.tolist()} as sums of the probabilities"
        )
    return log_probabilities


def predictor(
    translator: TransformerTranslator,
    sentence: str,
    cache: bool = True,
    intervention: Intervention | Sequence[Intervention] | None = None,
) -> Callable[[torch.Tensor], torch.Tensor]:
    """`predict` for one source sentence, which is read once.

    Args:
        translator: an `nn.TransformerTranslator`.
        sentence: the source, a string, read as `translate` reads it.
        cache: keep keys and values from call to call: if each prefix continues by one word a row of the call before,
            that word alone is computed; if not, everything is. The log-probabilities are the same up to rounding.
        intervention: what to do with the weights of attention on the way: see `nn.intervene`. With one, there is no
            cache.

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
    model = translator.transformer
    with torch.no_grad(), intervene(model, intervention):
        ids, _, mask = translator.ids(translator.typed([sentence]))
        memory, _ = model.encode(ids, mask)
    rows, last = dict[tuple[int, ...], int](), KVCache()  # of the call before: which prefix was computed in which row

    @torch.no_grad()
    def predict(prefixes):
        nonlocal rows, last
        given, prefixes = prefixes.tolist(), prefixes.to(translator.device)
        new, kv_cache = prefixes, KVCache() if cache and not intervention else None
        parents = [rows.get(tuple(prefix[:-1])) for prefix in given]
        if kv_cache is not None and None not in parents:
            new, kv_cache = prefixes[:, -1:], last.select(parents)
        with intervene(model, intervention):
            logits, _ = model.decode(new, memory, mask, kv_cache)
        if kv_cache is not None:
            rows, last = {tuple(prefix): row for row, prefix in enumerate(given)}, kv_cache
        dtype = torch.promote_types(logits.dtype, torch.float32)  # in bfloat16 they would not sum to 1
        return logits[:, -1].log_softmax(dim=-1, dtype=dtype)  # (k, V)

    return predict
