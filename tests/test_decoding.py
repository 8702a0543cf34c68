"""From probabilities to sentences: against search through everything, against hand-made tables, and by chance."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.utils.flop_counter import FlopCounterMode

from self_attention import nn
from self_attention.bleu import bleu, brevity_penalty, clipped_precision
from self_attention.decoding import Hypothesis, beam_search, greedy, length_penalty, predictor, sample, truncate
from self_attention.nn import Force, KVCache, intervene
from self_attention.vocabulary import Vocabulary

torch.set_num_threads(1)
EOS, A, B, C = Vocabulary.EOS, 4, 5, 6
V = 7


def by_table(table, then=EOS):
    """A predict that looks up {ids so far: {next id: probability}}; where nothing is said, `then` follows."""

    def predict(ids):
        predict.calls.append(ids)
        assert ids.ndim == 2 and (ids[:, 0] == Vocabulary.BOS).all() and not (ids == EOS).any()
        rows = [table.get(tuple(row[1:]), {then: 1.0}) for row in ids.tolist()]
        return torch.tensor([[row.get(word, 0.0) for word in range(V)] for row in rows], dtype=torch.float64).log()

    predict.calls = []
    return predict


def by_chance(seed, ties=False):
    """A predict whose rows are drawn once and for all for each prefix; with ties, from 0, 1, 2 and 3 tenths."""

    def predict(ids):
        rows = []
        for row in ids.tolist():
            generator = torch.Generator().manual_seed(hash((seed, *row)) % 2**32)
            tenths = torch.randint(0, 4, (V,), generator=generator).double() + torch.eye(V)[C] / 2
            rows.append(tenths if ties else torch.randn(V, generator=generator, dtype=torch.float64).exp())
        rows = torch.stack(rows)
        return (rows / rows.sum(dim=-1, keepdim=True)).log()

    return predict


def told(predict, width, number, max_len, alpha):
    """What the docstring of beam_search says, step by step, but without ever stopping early."""
    running, ended = [((), 0.0)], []
    for _ in range(max_len):
        found = []
        for ids, total in running:
            row = predict(torch.tensor([[Vocabulary.BOS, *ids]]))[0].tolist()
            found += [((*ids, word), total + p) for word, p in enumerate(row) if p > -math.inf]
        found = sorted(found, key=lambda pair: -pair[1])[:width]
        ended += [pair for pair in found if pair[0][-1] == EOS]
        running = [pair for pair in found if pair[0][-1] != EOS]
    scored = [Hypothesis(ids, p, p / ((5 + len(ids)) / 6) ** alpha) for ids, p in ended + running]
    return sorted(scored, key=lambda found: -found.score)[:number]


# Beam search and greed

LOST = {(): {A: 0.5, B: 0.4, C: 0.1}, (A,): {A: 0.4, B: 0.3, C: 0.3}, (B,): {B: 0.9, C: 0.1}}


def test_greed_loses_by_hand():
    found = greedy(by_table(LOST))
    assert found.ids == (A, A, EOS) and math.exp(found.log_probability) == pytest.approx(0.2)
    [best] = beam_search(by_table(LOST), width=2)
    assert best.ids == (B, B, EOS) and math.exp(best.log_probability) == pytest.approx(0.36)
    assert best.score == best.log_probability
    predict = by_table(LOST)
    best = beam_search(predict, width=2, number=2)
    assert [found.ids for found in best] == [(B, B, EOS), (A, A, EOS)]  # sequences, not the best words of each step
    assert [ids.tolist() for ids in predict.calls] == [[[1]], [[1, A], [1, B]], [[1, B, B], [1, A, A]]]


cases = {"seed": some.integers(0, 10**6), "ties": some.booleans(), "max_len": some.integers(1, 4)}
cases |= {"alpha": some.sampled_from([0.0, 0.6, 1.0, 3.0])}


@settings(max_examples=40, deadline=None)
@given(**cases)
def test_a_beam_that_drops_nothing_finds_the_best_of_all(seed, ties, max_len, alpha):
    predict, max_len = by_chance(seed, ties), min(max_len, 3)

    def everything(ids=(), total=0.0):
        if ids[-1:] == (EOS,) or len(ids) == max_len:
            return [(total / ((5 + len(ids)) / 6) ** alpha, ids)]
        row = predict(torch.tensor([[Vocabulary.BOS, *ids]]))[0].tolist()
        return [found for word, p in enumerate(row) if p > -math.inf for found in everything((*ids, word), total + p)]

    possible = everything()
    assert sum(math.exp(score * ((5 + len(ids)) / 6) ** alpha) for score, ids in possible) == pytest.approx(1)
    best = beam_search(predict, V**3, V**3, max_len, alpha)
    assert sorted((found.score, found.ids) for found in best) == sorted(possible)
    [first] = beam_search(predict, V**3, 1, max_len, alpha)
    assert first == best[0] and first.score == max(possible)[0]


@settings(max_examples=100, deadline=None)
@given(**cases, width=some.integers(1, 6), number=some.integers(1, 6))
def test_stopping_early_changes_nothing(seed, ties, max_len, alpha, width, number):
    how = dict(width=width, number=min(number, width), max_len=max_len, alpha=alpha)
    predict = by_chance(seed, ties)
    assert beam_search(predict, **how) == told(predict, **how)


@settings(max_examples=40, deadline=None)
@given(**cases)
def test_a_beam_of_one_is_greedy(seed, ties, max_len, alpha):
    predict = by_chance(seed, ties)
    [found], own = beam_search(predict, width=1, max_len=max_len, alpha=alpha), greedy(predict, max_len)
    assert found[:2] == own[:2] and own.score == own.log_probability
    assert len(own.ids) == max_len or own.ids[-1] == EOS


def test_equal_ones_come_in_the_order_of_their_ids():
    equal = by_table({(): {C: 0.25, B: 0.25, A: 0.25, EOS: 0.25}})
    assert greedy(equal).ids == (EOS,)
    found = beam_search(equal, width=3, number=3)
    assert [found.ids for found in found] == [(EOS,), (A, EOS), (B, EOS)]
    late = by_table({(): {B: 0.5, A: 0.5}, (A,): {C: 0.5, EOS: 0.5}})  # (B, EOS) ends as early, and is likelier
    assert [found.ids for found in beam_search(late, width=4, number=3)] == [(B, EOS), (A, EOS), (A, C, EOS)]


def test_the_search_stops_when_none_can_win_and_not_before():
    sure = {(): {A: 0.6, EOS: 0.4}, (A,): {A: 0.5, B: 0.5}, (A, A): {A: 0.9, B: 0.1}}
    predict = by_table(sure, then=A)  # after that it never ends
    assert beam_search(predict, width=4)[0].ids == (EOS,)
    assert len(predict.calls) == 2  # 0.4 has ended, 0.3 runs on
    predict = by_table(sure)
    assert [found.ids for found in beam_search(predict, width=4, number=2)] == [(EOS,), (A, B, EOS)]
    assert len(predict.calls) == 3
    predict = by_table({(): {EOS: 0.4, A: 0.35, B: 0.25}, (A,): {C: 0.9, EOS: 0.1}})
    assert [found.ids for found in beam_search(predict, number=2)] == [(EOS,), (A, C, EOS)]  # the second counts too
    predict = by_table({(): {A: 0.7, B: 0.2, EOS: 0.1}, (A,): {C: 0.5, EOS: 0.5}})  # the best ends second
    assert [found.ids for found in beam_search(predict, number=2)] == [(A, EOS), (A, C, EOS)]
    predict = by_table({(): {A: 0.5, EOS: 0.5}})
    assert beam_search(predict)[0].ids == (EOS,) and len(predict.calls) == 1  # a draw is not a win
    long = by_table({(): {A: 0.6, EOS: 0.4}, (A,): {A: 0.5, B: 0.5}}, then=A)
    [found] = beam_search(long, width=2, max_len=9, alpha=1.0)  # 0.3, but nine words: the bound lets it run
    assert found.ids == (A,) * 9 and found.score == pytest.approx(math.log(0.3) / (14 / 6))
    predict = by_table({(): {EOS: 1.0}})
    assert beam_search(predict, width=3, number=3) == [Hypothesis((EOS,), 0.0, 0.0)] and len(predict.calls) == 1


def test_the_length_penalty_favours_the_long():
    predict = by_table({(): {EOS: 0.4, A: 0.6}, (A,): {B: 0.6, C: 0.4}})
    short, long = math.log(0.4), math.log(0.36)
    assert [found.ids for found in beam_search(predict, alpha=0.0, number=2)] == [(EOS,), (A, B, EOS)]
    first, second = beam_search(predict, alpha=0.6, number=2)
    assert (first.ids, second.ids) == ((A, B, EOS), (EOS,)) and first.log_probability == pytest.approx(long)
    assert first.score == pytest.approx(long / (8 / 6) ** 0.6) and second.score == pytest.approx(short)
    assert length_penalty(1, 0.6) == 1 and length_penalty(7, 1.0) == 2 and length_penalty(7, 0.0) == 1


def test_fewer_than_asked_for_if_there_are_no_more():
    predict = by_table({(): {A: 0.5, B: 0.5}})
    assert [found.ids for found in beam_search(predict, width=5, number=4)] == [(A, EOS), (B, EOS)]


@pytest.mark.parametrize("find", [greedy, beam_search, sample])
def test_what_does_not_end_is_cut(find):
    def never(ids):
        return torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.5, 0.5]]).log().expand(len(ids), -1)

    found = find(never, max_len=5)
    found = found[0] if find is beam_search else found
    assert len(found.ids) == 5 and EOS not in found.ids
    assert found.log_probability == pytest.approx(5 * math.log(0.5))
    assert len(find(never)[0].ids if find is beam_search else find(never).ids) == 40


@pytest.mark.parametrize("find", [greedy, beam_search, sample])
@pytest.mark.parametrize(
    ("said", "message"),
    [
        (torch.tensor([[1.0, 2.0, 3.0]]), r"log-probabilities, got \[30.19"),
        (torch.tensor([[math.nan, -1.0, -2.0]]), r"log-probabilities, got \[nan"),
        (torch.full((1, 3), -math.inf), r"log-probabilities, got \[0.0\]"),
        (torch.tensor([-0.1]), r"\(k, V\), k = 1, got \(1,\)"),
        (torch.zeros(2, 1), r"\(k, V\), k = 1, got \(2, 1\)"),
        ([[0.0, -1.0]], r"\(k, V\), k = 1, got list"),
    ],
    ids=str,
)
def test_what_is_no_prediction_is_refused(find, said, message):
    with pytest.raises(ValueError, match=f"expected predict to return .*{message}"):
        find(lambda ids: said)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: beam_search(p, width=2, number=3),
            "expected number to be at most width, got number = 3 and width = 2",
        ),
        (lambda p: beam_search(p, width=0), "expected width to be an integer of at least 1, got 0"),
        (lambda p: beam_search(p, number=0), "expected number to be an integer of at least 1, got 0"),
        (lambda p: beam_search(p, width=2.5), "expected width to be an integer of at least 1, got 2.5"),
        (lambda p: beam_search(p, max_len=0), "expected max_len to be an integer of at least 1, got 0"),
        (lambda p: beam_search(p, alpha=-0.1), "expected alpha to be a finite number of at least 0, got -0.1"),
        (lambda p: beam_search(p, alpha=math.inf), "expected alpha to be a finite number of at least 0, got inf"),
        (lambda p: greedy(p, max_len=-1), "expected max_len to be an integer of at least 1, got -1"),
        (lambda p: sample(p, max_len=0), "expected max_len to be an integer of at least 1, got 0"),
        (lambda p: sample(p, temperature=-1), "expected temperature to be a number of at least 0, got -1"),
        (lambda p: sample(p, temperature=math.nan), "expected temperature to be a number of at least 0, got nan"),
        (lambda p: sample(p, seed=-1), "expected seed to be an integer of at least 0, got -1"),
        (lambda p: sample(p, top_k=0), "expected top_k to be an integer of at least 1, got 0"),
        (lambda p: sample(p, top_p=1.5), "expected top_p to be at most 1, got 1.5"),
        (lambda p: sample(p, top_p=-0.5), "expected top_p to be a number of at least 0, got -0.5"),
        (lambda p: length_penalty(0, 1.0), "expected n to be an integer of at least 1, got 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(call, message):
    predict = by_table({})
    with pytest.raises(ValueError, match=message):
        call(predict)


# Chance

SHARES = {(): {A: 0.4, B: 0.2, C: 0.2, EOS: 0.2}, (A,): {A: 0.5, EOS: 0.5}}


def test_a_draw_is_the_first_whose_running_sum_exceeds_u():
    for seed in range(40):
        u = float(torch.rand((), dtype=torch.float64, generator=torch.Generator().manual_seed(seed)))
        right = next(word for word, most in ((EOS, 0.2), (A, 0.6), (B, 0.8), (C, 1.1)) if most > u)
        assert sample(by_table(SHARES), seed=seed).ids[0] == right


def test_a_word_without_probability_is_never_drawn(monkeypatch):
    for u, right in ((0.0, A), (0.5, B), (1 - 2**-53, B)):
        monkeypatch.setattr(torch, "rand", lambda *size, u=u, **how: torch.tensor(u, dtype=torch.float64))
        assert sample(by_table({(): {A: 0.5, B: 0.5}}), max_len=1).ids == (right,)


def test_a_seed_may_be_of_numpy():
    predict = predictor(nn.load("transformer_both"), "<2en> bonjour")
    assert sample(predict, seed=np.int64(3), max_len=np.int64(9)) == sample(predict, seed=3, max_len=9)


def test_draws_follow_the_shares_and_the_seed():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    draws = [sample(by_table(SHARES), seed=seed) for seed in range(1000)]
    counts = Counter(draw.ids for draw in draws)
    assert torch.equal(torch.get_rng_state(), state)  # of nobody else's chance
    for ids, share in (((EOS,), 0.2), ((A, EOS), 0.2), ((A, A, EOS), 0.2), ((B, EOS), 0.2), ((C, EOS), 0.2)):
        assert abs(counts[ids] - 1000 * share) < 50, ids  # four standard deviations
    assert set(counts.values()) and sum(counts.values()) == 1000
    torch.manual_seed(4)
    assert draws[:20] == [sample(by_table(SHARES), seed=seed) for seed in range(20)]


def test_temperature_moves_the_shares():
    def first(**how):
        draws = Counter(sample(by_table(SHARES), seed=seed, max_len=1, **how).ids[0] for seed in range(400))
        return [draws[word] for word in (A, B, C, EOS)]

    def near(shares):
        return pytest.approx([400 * share for share in shares], abs=40)

    assert first(temperature=math.inf) == near([0.25] * 4)
    assert first(temperature=0.5) == near([16 / 28, 4 / 28, 4 / 28, 4 / 28])
    assert first(temperature=2.0) == near([2**0.5 / (2**0.5 + 3), *[1 / (2**0.5 + 3)] * 3])
    assert first(temperature=0) == [400, 0, 0, 0]
    assert first(top_k=2) == near([2 / 3, 0, 0, 1 / 3])  # of three equal ones, the lowest id
    assert first(top_p=0.6) == near([2 / 3, 0, 0, 1 / 3])
    assert first(top_p=0.7) == near([0.5, 0.25, 0, 0.25])
    assert first(temperature=0.5, top_p=0.5)[0] == 400  # the temperature comes first


@settings(max_examples=30, deadline=None)
@given(seed=some.integers(0, 10**6), ties=some.booleans())
def test_at_temperature_0_one_seed_is_as_good_as_another(seed, ties):
    predict = by_chance(seed, ties)
    for how in ({"temperature": 0}, {"top_k": 1}, {"top_p": 0.0}):
        assert sample(predict, seed=seed, max_len=6, **how) == greedy(predict, max_len=6)


def test_the_log_probability_of_a_draw_is_that_of_the_model():
    for how in ({}, {"temperature": math.inf}, {"top_k": 1}):
        found = sample(by_table(SHARES), seed=1, **how)
        right = {(EOS,): 0.2, (B, EOS): 0.2, (C, EOS): 0.2}.get(found.ids, 0.4 * 0.5 ** len(found.ids[1:3]))
        if found.ids[0] == A:
            right = 0.4 * 0.5 * (0.5 if found.ids == (A, A, EOS) else 1)
        assert math.exp(found.log_probability) == pytest.approx(right) and found.score == found.log_probability


def test_truncate_by_hand():
    p = torch.tensor([0.1, 0.5, 0.1, 0.3], dtype=torch.float64)

    def kept(values):
        return pytest.approx(values, abs=1e-12)

    assert truncate(p).tolist() == kept([0.1, 0.5, 0.1, 0.3])
    assert truncate(p, top_k=1).tolist() == [0, 1, 0, 0]
    assert truncate(p, top_k=3).tolist() == kept([1 / 9, 5 / 9, 0, 3 / 9])  # of two equal ones the first
    assert truncate(p, top_k=9).tolist() == kept(p.tolist())
    assert truncate(p, top_p=0.8).tolist() == kept([0, 5 / 8, 0, 3 / 8])  # reached, not passed
    assert truncate(p, top_p=0.81).tolist() == kept([1 / 9, 5 / 9, 0, 3 / 9])
    assert truncate(p, top_p=0.0).tolist() == [0, 1, 0, 0] and truncate(p, top_p=1.0).tolist() == kept(p.tolist())
    three = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    assert truncate(three, top_k=2, top_p=0.6).tolist() == [[1, 0, 0], [0, 0, 1]]  # k first: 5/8 of what is left
    assert truncate(three, top_k=2).dtype == torch.float32
    assert torch.equal(three, torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]))  # not written into
    assert (truncate(torch.full((10,), 0.1, dtype=torch.float64), top_p=0.8) > 0).sum() == 8
    for wrong in (torch.tensor([-1.0, -2.0]), torch.tensor([0.5, 0.2]), torch.tensor([1.5, -0.5])):
        with pytest.raises(ValueError, match=r"expected probabilities to sum to 1 and not be negative, got tensor"):
            truncate(wrong)


@settings(max_examples=40, deadline=None)
@given(
    tenths=some.lists(some.integers(0, 9), min_size=2, max_size=8).filter(sum),
    top_k=some.integers(1, 9),
    top_p=some.floats(0.01, 1.0),
)
def test_truncate_keeps_the_smallest_set_that_reaches_p(tenths, top_k, top_p):
    p = torch.tensor(tenths, dtype=torch.float64) / sum(tenths)
    for k, reach in ((top_k, None), (None, top_p)):
        found = truncate(p, k, reach)
        kept = found > 0
        assert float(found.sum()) == pytest.approx(1) and (p[kept].min() >= p[~kept]).all()
        torch.testing.assert_close(found[kept], p[kept] / p[kept].sum())
        if k:
            assert kept.sum() == min(k, (p > 0).sum())
        else:
            assert p[kept].sum() > reach - 1e-8 and (kept.sum() == 1 or p[kept].sum() - p[kept].min() < reach)


# The predictor of a translator

SENTENCE = "le chien mange un gâteau"


@pytest.fixture(scope="module")
def translator():
    """Untrained, in float64, with weights far from 0: it says senseless things, so that a slip shows."""
    torch.manual_seed(5)
    vocabulary = Vocabulary([SENTENCE, "the dog eats a cake", "un chat noir"])
    model = nn.TransformerTranslator(vocabulary, d_model=8, h=2, d_ff=16, layers=(1, 2)).double()
    for weights in model.parameters():
        weights.data += 0.3 * torch.randn_like(weights)
    return model


def endless(predict):
    """The same without <eos>."""
    return lambda ids: predict(ids).index_fill(1, torch.tensor([EOS]), -math.inf)


def plainly(translator, sentence, prefixes):
    """The log-probabilities without the predictor."""
    ids, _, mask = translator.ids([sentence])
    with torch.no_grad():
        memory, _ = translator.transformer.encode(ids, mask)
        rows = [translator.transformer.decode(row[None], memory, mask)[0][0, -1] for row in prefixes]
    return torch.stack(rows).log_softmax(dim=-1)


def counted(translator, monkeypatch):
    """The shapes of all ids that the encoder and the decoder are given from now on."""
    shapes = {"encode": [], "decode": []}
    for name, calls in shapes.items():
        method = getattr(translator.transformer, name)

        def noted(ids, *rest, calls=calls, method=method):
            calls.append(tuple(ids.shape))
            return method(ids, *rest)

        monkeypatch.setattr(translator.transformer, name, noted)
    return shapes


@settings(max_examples=12, deadline=None)
@given(chance=some.randoms(use_true_random=False))
def test_what_is_kept_changes_no_prediction(translator, chance):
    predict, words = predictor(translator, SENTENCE), range(len(translator.target))
    prefixes = [[Vocabulary.BOS]]
    for _ in range(6):
        ids = torch.tensor(prefixes)
        torch.testing.assert_close(predict(ids), plainly(translator, SENTENCE, ids), rtol=1e-12, atol=1e-12)
        parents = chance.choices(prefixes, k=chance.randint(1, 4))  # in any order, again and again, or not at all
        prefixes = [[*parent, chance.choice(words)] for parent in parents]
        if chance.random() < 0.3:  # somewhere else altogether
            prefixes[-1][1:] = chance.choices(words, k=len(prefixes[-1]) - 1)
        if chance.random() < 0.1:
            prefixes = [[Vocabulary.BOS]]


def test_only_the_new_words_are_computed(translator, monkeypatch):
    shapes = counted(translator, monkeypatch)
    kept = beam_search(endless(predictor(translator, SENTENCE)), width=3, max_len=8)
    assert shapes == {"encode": [(1, 5)], "decode": [(1, 1)] + 7 * [(3, 1)]}
    shapes["decode"].clear()
    again = beam_search(endless(predictor(translator, SENTENCE, cache=False)), width=3, max_len=8)
    assert shapes["decode"] == [(1, 1), *((3, n) for n in range(2, 9))]
    assert kept[0].ids == again[0].ids and len(kept[0].ids) == 8
    assert kept[0].log_probability == pytest.approx(again[0].log_probability, abs=1e-12)
    shapes["decode"].clear()
    predict = predictor(translator, SENTENCE)
    for prefixes in ([[1]], [[1, 4], [1, 5]], [[1, 5, 4], [1, 4, 4]], [[1, 5, 4, 6], [1, 6, 4, 6]], [[1]]):
        predict(torch.tensor(prefixes))
    assert shapes["decode"] == [(1, 1), (2, 1), (2, 1), (2, 4), (1, 1)]  # one row without a parent: all afresh


def test_what_is_kept_saves_operations_that_can_be_counted(translator):
    n, m, d, d_ff, layers, words = 12, 5, 8, 16, 2, len(translator.target)
    spent = {}
    for cache in (True, False):
        predict = endless(predictor(translator, SENTENCE, cache))
        with FlopCounterMode(display=False) as counter:
            greedy(predict, max_len=n)
        spent[cache] = counter.get_total_flops() // 2  # multiply-adds
    attention = sum(2 * i * d + 2 * m * d for i in range(1, n + 1))  # scores and output; words and memory
    right = layers * (n * (6 * d * d + 2 * d * d_ff) + 2 * m * d * d + attention) + n * d * words
    assert spent[True] == right
    attention = sum(2 * i * i * d + 2 * i * m * d for i in range(1, n + 1))
    steps = n * (n + 1) // 2
    afresh = layers * (steps * (6 * d * d + 2 * d * d_ff) + n * 2 * m * d * d + attention) + steps * d * words
    assert spent[False] == afresh


def test_an_intervention_is_heard_at_every_step(translator, monkeypatch):
    late = Force("decoder", 0, query=2, key=0)  # which the last step hears of in layer 1
    ids = torch.tensor([[1, 4, 5, 6]])
    source, _, mask = translator.ids([SENTENCE])
    for how in (late, Force("encoder", 0, query=0, key=3), Force("cross", 1, key=2)):
        with torch.no_grad(), intervene(translator.transformer, how):
            memory, _ = translator.transformer.encode(source, mask)
            logits, _ = translator.transformer.decode(ids, memory, mask)
        changed = predictor(translator, SENTENCE, intervention=how)(ids)
        torch.testing.assert_close(changed, logits[:, -1].log_softmax(dim=-1))
        assert not torch.allclose(changed, plainly(translator, SENTENCE, ids))
    shapes = counted(translator, monkeypatch)
    greedy(endless(predictor(translator, SENTENCE, intervention=late)), max_len=3)
    assert shapes["decode"] == [(1, 1), (1, 2), (1, 3)]


def test_a_predictor_needs_a_sentence(translator):
    with pytest.raises(ValueError, match="expected a list of sentences of at least one word"):
        predictor(translator, " ")


def test_greedy_says_what_translate_says():
    model = nn.load("transformer_heads")
    sentences = ["the animal is in the street", "thanks", "i am a student"]
    said = [model.target.decode(greedy(predictor(model, sentence)).ids) for sentence in sentences]
    assert said == model.translate(sentences)


def test_a_cache_of_rows(translator):
    ids, _, mask = translator.ids([SENTENCE, "un chat noir"])
    with torch.no_grad():
        memory, _ = translator.transformer.encode(ids, mask)
        cache = KVCache()
        assert cache.length == cache.numel == 0
        translator.transformer.decode(torch.tensor([[1, 4], [1, 5]]), memory, mask, kv_cache=cache)
        assert cache.length == 2 and cache.numel == 2 * (2 * 2 * 2 * 8 + 2 * 2 * 5 * 8)  # layers (words, memory)
        other = cache.select([1, 1, 0])
        logits, _ = translator.transformer.decode(
            torch.tensor([[6], [7], [8]]), memory, mask[[1, 1, 0]], kv_cache=other
        )
    assert cache.length == 2 and other.length == 3  # each its own
    assert {key: [tuple(part.shape) for part in (layer.keys, layer.values)] for key, layer in other.items()} == {
        (place, layer): 2 * [(3, 2, n, 4)] for layer in range(2) for place, n in (("decoder", 3), ("cross", 5))
    }
    for row, (sentence, prefix) in enumerate([("un chat noir", 5), ("un chat noir", 5), (SENTENCE, 4)]):
        right = plainly(translator, sentence, torch.tensor([[1, prefix, 6 + row]]))[0]
        torch.testing.assert_close(logits[row, 0].log_softmax(dim=-1), right)


# BLEU

SAID = [
    "it is a guide to action which ensures that the military always obeys the commands of the party",
    "it is to insure the troops forever hearing the activity guidebook that party direct",
]
RIGHT = [
    "it is a guide to action that ensures that the military will forever heed party commands",
    "it is the guiding principle which guarantees the military forces always being under the command of the party",
    "it is the practical guide for the army always to heed the directions of the party",
]


def test_clipped_precision_is_papinenis():
    the, cat = ["the the the the the the the"], ["the cat is on the mat"]
    assert clipped_precision(the, cat, 1) == 2 / 7 and clipped_precision(the, cat, 2) == 0
    assert clipped_precision(the, [[*cat, "there is a cat on the mat"]], 1) == 2 / 7  # the largest count, not the sum
    found = [[clipped_precision([said], [RIGHT], n) for n in (1, 2)] for said in SAID]
    assert found == [[17 / 18, 10 / 17], [8 / 14, 1 / 13]]  # Papineni et al. 2002, sec. 2.1
    assert clipped_precision(SAID, 2 * [RIGHT], 1) == 25 / 32  # all sentences together
    assert clipped_precision(["a"], ["a"], 2) == 0


def test_bleu_by_hand():
    said, right = ["the black cat sleeps on the bed"], ["the black cat sleeps on the sofa"]
    assert bleu(said, right) == pytest.approx((6 / 7 * 5 / 6 * 4 / 5 * 3 / 4) ** 0.25)
    assert bleu(said, right, n=2) == pytest.approx((6 / 7 * 5 / 6) ** 0.5)
    assert bleu(right, right) == 1 and bleu(["a b c"], ["a b c"]) == 0  # no four words: nothing is smoothed
    assert bleu(["a b c d"], ["a b c d e f"]) == pytest.approx(math.exp(1 - 6 / 4))
    assert bleu(["a b c d e f"], ["a b c d"]) == pytest.approx((4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    both = ["a b c d", "the black cat sleeps on the bed"], ["a b c d e", "the black cat sleeps on the sofa"]
    assert bleu(*both) == pytest.approx((10 / 11 * 8 / 9 * 6 / 7 * 4 / 5) ** 0.25 * math.exp(1 - 12 / 11))
    assert bleu([""], ["a"]) == brevity_penalty([""], ["a"]) == 0


def test_the_nearest_length_counts():
    assert brevity_penalty(["a b c"], [["a b", "a b c d e"]]) == 1  # 2 is nearer than 5
    assert brevity_penalty(["a b c d"], [["a b", "a b c d e"]]) == pytest.approx(math.exp(1 - 5 / 4))
    assert brevity_penalty(["a b c"], [["a b c d", "a b"]]) == 1  # both are near: the shorter
    assert brevity_penalty(["a b c"], [["a b c d e f", "a b c d"]]) == pytest.approx(math.exp(1 - 4 / 3))
    assert brevity_penalty(["a b c", "a"], ["a b", "a b"]) == 1  # all sentences together


def test_bleu_is_sacrebleus():
    said = ["the cat the cat sleeps", "the cat dog sleeps", "a cat sleeps on a"]
    right = [
        ["the cat sleeps dog a", "a sleeps dog cat the"],
        ["the cat dog sleeps a lot", "the cat dog sleeps in the house"],
        ["a cat sleeps on a dog", "the cat is on a dog"],
    ]
    # sacrebleu 2.6.0: corpus_bleu(said, [list(side) for side in zip(*right)], tokenize="none").score
    assert 100 * bleu(said, right) == pytest.approx(62.109088615032576, abs=1e-9)


@pytest.mark.parametrize("function", [bleu, brevity_penalty, lambda said, right: clipped_precision(said, right, 1)])
def test_what_cannot_be_compared_is_refused(function):
    for said, right in (("a", ["a"]), (["a"], "a"), (["a"], ["a", "b"]), ([], [])):
        with pytest.raises(ValueError, match="expected said and right to be lists of sentences, equally many, got"):
            function(said, right)
    with pytest.raises(ValueError, match="expected at least one right sentence for 'a', got none"):
        function(["a"], [[]])
    with pytest.raises(ValueError, match="expected n to be an integer of at least 1, got 0"):
        bleu(["a"], ["a"], n=0)
