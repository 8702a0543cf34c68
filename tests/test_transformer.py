"""The Transformer against PyTorch's own, what it may not see, what an intervention does, and how it translates."""

import copy
import json
import math
import pickle
import re

import numpy as np
import pytest
import torch
from torch.nn.functional import embedding

from self_attention import causal_mask, nn, padding_mask
from self_attention.decoding import predictor
from self_attention.nn import DecoderLayer, EncoderLayer, Force, KVCache, MultiHeadAttention, Transformer, intervene
from self_attention.nn.interventions import PLACES, wrapped
from self_attention.training import train
from self_attention.vocabulary import Vocabulary

torch.set_num_threads(1)
norms = pytest.mark.parametrize("norm", ["pre", "post"])
precisions = pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
B, N, M, D, H = 2, 4, 5, 8, 2
LENGTHS = torch.tensor([5, 3])  # of the M source positions
PADDING, CAUSAL = padding_mask(LENGTHS, m=M), causal_mask(M, like=LENGTHS)
ORDER = [("encoder", 0), ("encoder", 1), ("decoder", 0), ("cross", 0), ("decoder", 1), ("cross", 1)]
PAIRS = [
    ("un chat", "a cat"), ("le chat dort", "the cat sleeps"), ("un chien noir", "a black dog"), ("merci", "thanks"),
    ("le chien mange un gâteau", "the dog eats a cake"), ("un gâteau noir", "a black cake"),
]  # fmt: skip


def normal(*shape, dtype=torch.float64, seed=0):
    """Normally distributed numbers, always the same ones, that wait for a gradient."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def shaken(module, dtype=torch.float64, seed=0):
    """The module with weights far from the symmetries (norms of 1, biases of 0) that it begins with."""
    generator = torch.Generator().manual_seed(seed)
    for weights in module.to(dtype).parameters():
        weights.data += 0.3 * torch.randn(weights.shape, dtype=dtype, generator=generator)
    return module


def model(norm="pre", dtype=torch.float64):
    return shaken(Transformer(source=11, target=13, d_model=D, h=H, d_ff=16, layers=(2, 2), norm=norm), dtype)


@pytest.fixture
def ids():
    """Ids of source (B, M), with padding, and target (B, N)."""
    return torch.tensor([[4, 5, 6, 7, 8], [9, 10, 4, 0, 0]]), torch.tensor([[1, 4, 5, 6], [1, 7, 8, 12]])


def translator(pairs=PAIRS, **config):
    torch.manual_seed(0)
    config = dict(d_model=16, h=2, d_ff=32, layers=(2, 1)) | config
    return nn.TransformerTranslator(*(Vocabulary(list(side)) for side in zip(*pairs, strict=True)), **config)


@pytest.fixture(scope="module")
def trained():
    return train(translator(), PAIRS, steps=80, rate=1e-2)


# PyTorch is the oracle

NAMES = {"attention.": "self_attn.", "cross.": "multihead_attn.", "output.": "out_proj.", "feed_forward.0": "linear1"}
NAMES |= {"feed_forward.2": "linear2", "norms.0": "norm1", "norms.1": "norm2", "norms.2": "norm3"}


def in_torchs_names(ours, read):
    """What `read` finds in each of our parameters, by the name it has in PyTorch, which joins three projections."""
    found = {}
    for name, weights in ours.named_parameters():
        for mine, theirs in NAMES.items():
            name = name.replace(mine, theirs)
        name = re.sub("(queries|keys|values).(weight|bias)", r"in_proj_\2", name)
        found[name] = [*found.get(name, []), read(weights)]
    return {name: torch.cat(parts) for name, parts in found.items()}


def copied(ours, theirs):
    """PyTorch's module with our weights."""
    theirs.to(next(ours.parameters()).dtype).load_state_dict(in_torchs_names(ours, torch.Tensor.detach))
    return theirs


def torchs_layer(ours, norm):
    kind = torch.nn.TransformerEncoderLayer if isinstance(ours, EncoderLayer) else torch.nn.TransformerDecoderLayer
    return copied(ours, kind(D, H, dim_feedforward=16, dropout=0, batch_first=True, norm_first=norm == "pre"))


def check_gradients(ours, theirs, inputs, outputs, error):
    """Compare values, and all gradients of one random sum of them, for two modules; `inputs` are the same for both."""
    theirs_too = dict(theirs.named_parameters())
    for mine, yours in zip(*outputs, strict=True):
        torch.testing.assert_close(mine, yours, rtol=error, atol=error)
    (mine, *_), (yours, *_) = outputs
    gradients = []
    for out in (mine, yours):
        for x in inputs:
            x.grad = None
        (out * normal(*out.shape, dtype=out.dtype, seed=1).detach()).sum().backward()
        gradients.append([x.grad for x in inputs])
    torch.testing.assert_close(*gradients, rtol=error, atol=error)
    for name, gradient in in_torchs_names(ours, lambda weights: weights.grad).items():
        torch.testing.assert_close(gradient, theirs_too[name].grad, rtol=error, atol=error, msg=lambda m, n=name: n + m)
        assert gradient.abs().sum() > 0 or name.endswith("bias"), name


masks = pytest.mark.parametrize("causal", [False, True], ids=["", "causal"])
paddings = pytest.mark.parametrize("padded", [False, True], ids=["", "padding"])


@precisions
@paddings
@masks
@pytest.mark.parametrize("h", [1, 2, 8])
def test_attention_is_torchs(h, causal, padded, dtype, error):
    ours = shaken(MultiHeadAttention(D, h), dtype)
    theirs = copied(ours, torch.nn.MultiheadAttention(D, h, batch_first=True))
    X, Y = normal(B, N, D, dtype=dtype), normal(B, M, D, dtype=dtype, seed=2)
    mask = CAUSAL[:N] if causal else torch.ones(N, M, dtype=torch.bool)
    hidden = {"attn_mask": ~mask, "key_padding_mask": ~PADDING[:, 0] if padded else None}
    outputs = ours(X, Y, mask & PADDING if padded else mask), theirs(X, Y, Y, **hidden, average_attn_weights=False)
    check_gradients(ours, theirs, (X, Y), outputs, error)


@precisions
@paddings
@masks
@norms
def test_an_encoder_layer_is_torchs(norm, causal, padded, dtype, error):
    ours = shaken(EncoderLayer(D, H, 16, norm), dtype)
    theirs, X = torchs_layer(ours, norm), normal(B, M, D, dtype=dtype)
    mask = (CAUSAL if causal else torch.ones(M, M, dtype=torch.bool)) & (PADDING if padded else True)
    hidden = {"src_mask": ~CAUSAL if causal else None, "src_key_padding_mask": ~PADDING[:, 0] if padded else None}
    check_gradients(ours, theirs, [X], [ours(X, mask)[:1], [theirs(X, **hidden)]], error)


@precisions
@paddings
@masks
@norms
def test_a_decoder_layer_is_torchs(norm, causal, padded, dtype, error):
    ours = shaken(DecoderLayer(D, H, 16, norm), dtype)
    theirs, X, memory = torchs_layer(ours, norm), normal(B, N, D, dtype=dtype), normal(B, M, D, dtype=dtype, seed=2)
    mask, memory_mask = CAUSAL[:N, :N] if causal else None, PADDING if padded else None
    hidden = {"tgt_mask": ~mask if causal else None, "memory_key_padding_mask": ~PADDING[:, 0] if padded else None}
    outputs = ours(X, memory, mask, memory_mask)[:1], [theirs(X, memory, **hidden)]
    check_gradients(ours, theirs, (X, memory), outputs, error)


@precisions
@norms
def test_the_transformer_is_torchs(norm, dtype, error, ids):
    ours, (source, target) = model(norm, dtype), ids
    logits, _ = ours.decode(target, ours.encode(source, PADDING)[0], PADDING)
    last = [torch.nn.LayerNorm(D) if norm == "pre" else None for _ in range(2)]
    encoder = torch.nn.TransformerEncoder(torchs_layer(ours.encoder[0], norm), 2, last[0], enable_nested_tensor=False)
    decoder = torch.nn.TransformerDecoder(torchs_layer(ours.decoder[0], norm), 2, last[1])
    for mine, theirs in ((ours.encoder, encoder), (ours.decoder, decoder)):
        copied(mine, theirs.layers)
    for mine, theirs in zip(ours.norms, last, strict=True):
        if norm == "pre":
            copied(mine, theirs)
    words = [side.weight.detach().clone().requires_grad_() for side in (ours.source, ours.target)]
    wavelengths = 10000 ** (torch.arange(0, D, 2, dtype=torch.float64) / D)
    angles = torch.arange(M)[:, None] / wavelengths
    positions = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).to(dtype)  # (M, D)
    X, Y = (embedding(*pair) * math.sqrt(D) + positions[: pair[0].shape[1]] for pair in zip(ids, words, strict=True))
    memory = encoder(X, src_key_padding_mask=~PADDING[:, 0])
    theirs = decoder(Y, memory, tgt_mask=~CAUSAL[:N, :N], memory_key_padding_mask=~PADDING[:, 0]) @ words[1].T
    torch.testing.assert_close(logits, theirs, rtol=error, atol=error)
    for out in (logits, theirs):
        out.logsumexp(dim=-1).sum().backward()
    for mine, yours in zip((ours.source, ours.target), words, strict=True):
        torch.testing.assert_close(mine.weight.grad, yours.grad, rtol=error, atol=error)
    stacks = [(ours.encoder, encoder.layers), (ours.decoder, decoder.layers)]
    for mine, yours in stacks + [pair for pair in zip(ours.norms, last, strict=True) if norm == "pre"]:
        yours = dict(yours.named_parameters())
        for name, gradient in in_torchs_names(mine, lambda weights: weights.grad).items():
            torch.testing.assert_close(gradient, yours[name].grad, rtol=error, atol=error)


def test_one_matrix_can_serve_both_languages(ids):
    shared, (source, target) = shaken(Transformer(13, d_model=D, h=H, d_ff=16)), ids
    apart = Transformer(13, 13, d_model=D, h=H, d_ff=16).double()
    apart.load_state_dict(shared.state_dict())
    assert (
        sum(weights.numel() for weights in apart.parameters())
        == sum(weights.numel() for weights in shared.parameters()) + 13 * D
    )
    logits = [each(source, target, PADDING) for each in (shared, apart)]
    assert torch.equal(*logits)
    for out in logits:
        out.logsumexp(dim=-1).sum().backward()
    torch.testing.assert_close(shared.source.weight.grad, apart.source.weight.grad + apart.target.weight.grad)


# What may not be seen


def seen(module, inputs):
    """Each output of an embedding, with its gradient kept, as it comes."""
    found = []
    module.register_forward_hook(lambda module, ids, X: (X.retain_grad(), found.append(X))[1])
    return found


@norms
def test_a_step_sees_no_later_word(norm, ids):
    ours, (source, target) = model(norm), ids
    embedded = seen(ours.target, target)
    memory = ours.encode(source, PADDING)[0].detach()
    logits, _ = ours.decode(target, memory, PADDING)
    for i in range(N):
        logits[:, i].square().sum().backward(retain_graph=True)
        reached = embedded[0].grad.abs().sum(dim=-1) > 0  # (B, N)
        assert reached[:, : i + 1].all() and not reached[:, i + 1 :].any(), i
        embedded[0].grad = None
        other = target.clone()
        other[:, i] = 2
        same = (ours.decode(other, memory, PADDING)[0] == logits).all(dim=-1)  # (B, N)
        assert same[:, :i].all() and not same[:, i:].any(), i


@norms
def test_padding_is_not_seen(norm, ids):
    ours, (source, target) = model(norm), ids
    embedded = seen(ours.source, source)
    memory, _ = ours.encode(source, PADDING)
    logits, _ = ours.decode(target, memory, PADDING)
    real = PADDING[:, 0]  # (B, M)
    for out in (memory[real], logits):  # the encoder hides it from the words, the decoder from the steps
        out.square().sum().backward(retain_graph=True)
        assert torch.equal(embedded[0].grad.abs().sum(dim=-1) > 0, real)
        embedded[0].grad = None
    other = torch.where(real, source, 3)
    memory_too, _ = ours.encode(other, PADDING)
    assert torch.equal(memory_too[real], memory[real]) and not torch.equal(memory_too, memory)
    assert torch.equal(ours.decode(target, memory_too, PADDING)[0], logits)
    assert not torch.equal(ours.decode(target, ours.encode(other)[0])[0], logits)  # without masks it matters


def test_who_may_see_nothing_stays_finite():
    attention, layer = shaken(MultiHeadAttention(D, H)), shaken(EncoderLayer(D, H, 16))
    X, mask = normal(B, M, D), padding_mask(torch.tensor([3, 0]), m=M)
    output, weights = attention(X, X, mask)
    assert (weights[1] == 0).all()
    torch.testing.assert_close(output[1], attention.output.bias.expand(M, D))
    layer(X, mask)[0].square().sum().backward()
    assert all(weights.grad.isfinite().all() for weights in (X, *layer.parameters()))


# Interventions


def encode(model, ids, mask, intervention=None):
    with intervene(model, intervention):
        return model.encode(ids, mask)


def decode(model, ids, memory, mask, intervention=None):
    with intervene(model, intervention):
        return model.decode(ids, memory, mask)


@norms
def test_the_same_weights_change_nothing(norm, ids):
    ours, (source, target) = model(norm), ids
    memory, _ = ours.encode(source, PADDING)
    asked = []

    def same(place, layer, weights):
        asked.append((place, layer, tuple(weights.shape)))
        return weights.clone()

    memory_too, _ = encode(ours, source, PADDING, same)
    torch.testing.assert_close(memory_too, memory)
    logits = (decode(ours, target, memory, PADDING, intervention)[0] for intervention in (None, same))
    torch.testing.assert_close(*logits)
    shapes = {"encoder": (B, H, M, M), "decoder": (B, H, N, N), "cross": (B, H, N, M)}
    assert asked == [(place, layer, shapes[place]) for place, layer in ORDER]  # once each, in the order of the work
    assert set(shapes) == set(PLACES)


def test_a_forced_row_reads_what_it_is_told():
    attention, X, Y = shaken(MultiHeadAttention(D, H)), normal(B, N, D), normal(B, M, D, seed=2)

    def row_1_reads_word_3(weights):
        weights = weights.clone()
        weights[:, :, 1] = torch.eye(M, dtype=weights.dtype)[3]
        return weights

    free, _ = attention(X, Y)
    attention.attention = wrapped(attention.attention, row_1_reads_word_3)
    forced, weights = attention(X, Y)
    torch.testing.assert_close(forced[:, 1], attention.output(attention.values(Y))[:, 3])
    assert (weights[:, :, 1, 3] == 1).all() and not torch.allclose(forced[:, 1], free[:, 1])
    rest = [0, 2, 3]
    torch.testing.assert_close(forced[:, rest], free[:, rest])


@norms
def test_weights_put_in_by_hand_work_as_their_own(norm, ids):
    ours, (source, _) = model(norm), ids

    def hide_the_future(place, layer, weights):
        weights = weights * CAUSAL
        return weights / weights.sum(dim=-1, keepdim=True)

    torch.testing.assert_close(encode(ours, source, PADDING, hide_the_future), ours.encode(source, PADDING & CAUSAL))


@pytest.mark.parametrize("place", ORDER, ids=str)
def test_only_the_place_that_is_asked_for_is_touched(place, ids):
    ours, (source, target) = model(), ids

    def run(intervention=None):
        memory, maps = encode(ours, source, PADDING, intervention)
        logits, more = decode(ours, target, memory, PADDING, intervention)
        return logits, [(maps | more)[where][layer] for where, layer in ORDER]

    def to_the_first(where, layer, weights):
        first = torch.eye(weights.shape[-1], dtype=weights.dtype)[0]
        return first.expand(weights.shape) if (where, layer) == place else weights

    (free, before), (forced, after) = run(), run(to_the_first)
    k = ORDER.index(place)
    untouched = [*range(k), *([2] if place[0] == "encoder" else [])]  # the decoder's first layer hears nothing of it
    assert all(torch.equal(before[i], after[i]) for i in untouched)
    assert (after[k][..., 0] == 1).all() and (after[k][..., 1:] == 0).all()
    later = [i for i in range(k + 1, 6) if i not in untouched]
    assert not any(torch.allclose(before[i], after[i]) for i in later) and not torch.allclose(free, forced)


def test_an_intervention_ends_with_its_block(ids):
    ours = model()
    free, _ = ours.encode(ids[0], PADDING)
    with pytest.raises(ZeroDivisionError), intervene(ours, lambda place, layer, weights: 1 / 0):
        ours.encode(ids[0], PADDING)
    assert torch.equal(ours.encode(ids[0], PADDING)[0], free)


def test_interventions_add_up(ids):
    ours = model()
    with intervene(ours, Force("encoder", 0, key=1)), intervene(ours, Force("encoder", 1, key=2)):
        _, maps = ours.encode(ids[0], PADDING)
    assert (maps["encoder"][0][..., 1] == 1).all()
    assert (maps["encoder"][1][..., 2] == 1).all()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"query": 1, "key": 2}, [[[0, 1], [0, 1, 2], 1, [0, 0, 1]]]),
        ({"query": [1, 0], "key": [2, 0]}, [[0, [0, 1, 2], 1, [0, 0, 1]], [1, [0, 1, 2], 0, [1, 0, 0]]]),
        ({"query": 1, "key": 2, "head": 1}, [[[0, 1], 1, 1, [0, 0, 1]]]),
        ({"query": 1, "head": 0}, [[[0, 1], 0, 1, [0, 0, 0]]]),
        ({"head": 2}, [[[0, 1], 2, [0, 1, 2, 3], [0, 0, 0]]]),
        (
            {"key": torch.tensor([0, 2])},
            [[0, [0, 1, 2], [0, 1, 2, 3], [1, 0, 0]], [1, [0, 1, 2], [0, 1, 2, 3], [0, 0, 1]]],
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_force_writes_what_it_is_told_and_nothing_else(asked, expected, dtype):
    weights = torch.rand(2, 3, 4, 3, dtype=dtype)  # (b, h, n, m)
    right, given = weights.clone(), weights.clone()
    for b, h, n, row in expected:
        cells = torch.meshgrid(*(torch.tensor(i).reshape(-1) for i in (b, h, n)), indexing="ij")
        right[cells] = torch.tensor(row, dtype=dtype)
    forced = Force("cross", 1, **asked)
    assert torch.equal(forced("cross", 1, weights), right)
    assert forced("cross", 1, weights).dtype == dtype
    assert torch.equal(weights, given)  # not written into
    assert forced("cross", 0, weights) is weights
    assert forced("encoder", 1, weights) is weights


def test_force_refuses_what_is_not_there(ids):
    with pytest.raises(ValueError, match="expected place to be one of encoder, decoder, cross, got 'source'"):
        Force("source", 0)
    with pytest.raises(ValueError, match="expected layer to be an integer of at least 0, got -1"):
        Force("encoder", -1)
    for asked, message in (
        ({"query": 5}, "expected query to lie from 0 to 4, got 5"),
        ({"query": [0, -1]}, "expected query to lie from 0 to 4, got -1"),
        ({"key": 5}, "expected key to lie from 0 to 4, got 5"),
        ({"key": 1.5}, "expected key to hold integers"),
        ({"head": -1}, "expected head to lie from 0 to 1, got -1"),
        ({"head": 2}, "expected head to lie from 0 to 1, got 2"),
    ):
        with pytest.raises(ValueError, match=message):
            encode(model(), ids[0], PADDING, Force("encoder", 1, **asked))
    memory, late = model().encode(ids[0], PADDING)[0], Force("decoder", 0, query=N, key=0)
    decode(model(), ids[1], memory, PADDING, late)  # a row that is yet to come


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize(("place", "layers"), [("encoder", 2), ("decoder", 1), ("cross", 1)])
def test_force_refuses_a_layer_that_is_not_there(place, layers, joined, trained):
    for layer in (layers, 99):
        late = Force(place, layer, query=0, key=0)
        late = [Force("encoder", 0, query=0, key=0), late] if joined else late
        for call in (
            lambda late=late: trained.translate(["merci"], intervention=late),
            lambda late=late: trained.maps("merci", "thanks", late),
            lambda late=late: predictor(trained, "merci", intervention=late)(torch.tensor([[1]])),
        ):
            with pytest.raises(ValueError, match=f"less than {layers}, the layers of '{place}', got {layer}"):
                call()
    trained.translate(["merci"], intervention=Force(place, layers - 1, query=0, key=0))


@pytest.mark.parametrize("place", ["decoder", "cross"])
def test_force_refuses_a_row_beyond_the_end(place, trained):
    sources = ["merci", "le chat dort"]  # thanks, the cat sleeps: 2 and 4 rows
    for query, count, got in ((4, 2, 4), (2, 2, 2), ([1, 4], 4, 4), ([2, 0], 2, 2)):
        with pytest.raises(ValueError, match=f"less than {count}, the rows of '{place}' in a sentence, got {got}"):
            trained.translate(sources, intervention=Force(place, 0, query=query, key=0))
    trained.translate(sources, intervention=Force(place, 0, query=[0, 1], key=0))
    with pytest.raises(ValueError, match=f"less than 2, the rows of '{place}' in a sentence, got 2"):
        trained.maps("merci", "thanks", Force(place, 0, query=2, key=0))
    trained.maps("merci", "thanks", Force(place, 0, query=1, key=0))


def test_force_is_for_one_sentence_or_for_each(trained):
    for name in ("query", "key"):
        with pytest.raises(
            ValueError, match=f"expected {name} to be one number, or one for each of 3 sentences, got 2"
        ):
            trained.translate(3 * ["merci"], intervention=Force("encoder", 0, **{name: [0, 0]}))


@pytest.mark.parametrize("wrong", [3, "none", [Force("encoder", 0), 3]])
def test_an_intervention_is_a_function(wrong, trained):
    with pytest.raises(ValueError, match="expected intervention to be a function of place, layer and weights"):
        trained.translate(["merci"], intervention=wrong)


@pytest.mark.parametrize("wrong", [None, 3, [[0.5]], torch.zeros(1, 2, 1), torch.zeros(1).numpy()])
def test_an_intervention_returns_weights(wrong, trained):
    with pytest.raises(ValueError, match=r"an intervention to return weights \(b, h, n, m\) = \(1, 2, 1, 1\), got"):
        trained.translate(["merci"], intervention=lambda place, layer, weights: wrong)


@pytest.mark.parametrize(
    ("side", "wrong", "message"),
    [
        ("ids", [[4, 5]], r"expected ids to be a tensor \(b, n\) of ids, n at least 1, got list"),
        ("ids", torch.tensor([4, 5]), r"got \(2,\)"),
        ("ids", torch.zeros(2, 0, dtype=torch.long), r"got \(2, 0\)"),
        ("ids", torch.tensor([[4, -1]]), "expected ids to lie from 0 to .*, got -1"),
        ("ids", torch.tensor([[4, 99]]), "expected ids to lie from 0 to .*, got 99"),
        ("ids", torch.tensor([[4.0]]), "expected ids to hold integers"),
        ("mask", torch.ones(B, M, dtype=torch.bool), r"expected mask to be \(b, 1, m\) with m = 5, got \(2, 5\)"),
        ("mask", torch.ones(B, 1, M - 1, dtype=torch.bool), r"with m = 5, got \(2, 1, 4\)"),
        ("mask", torch.ones(B, 1, 1, dtype=torch.bool), r"with m = 5, got \(2, 1, 1\)"),
        ("mask", torch.ones(3, 1, M, dtype=torch.bool), "does not broadcast"),
        ("mask", torch.ones(B, 1, M), "expected mask to be boolean"),
    ],
)
def test_ids_and_masks_that_would_pass_unnoticed(side, wrong, message, ids):
    ours, (source, target) = model(), ids
    memory, _ = ours.encode(source, PADDING)
    for call in (
        lambda: ours.encode(wrong if side == "ids" else source, wrong if side == "mask" else None),
        lambda: ours.decode(wrong if side == "ids" else target, memory, wrong if side == "mask" else None),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("sizes", [(0, None), (3, 0), (3.0, None), (-1, 3)])
def test_a_vocabulary_has_words(sizes):
    with pytest.raises(ValueError, match="to be an integer of at least 1"):
        Transformer(*sizes, d_model=8, h=2, d_ff=16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.translate(["merci"], max_len=0), "expected max_len to be an integer of at least 1, got 0"),
        (lambda model: model.translate([]), r"list of sentences of at least one word, got \[\]"),
        (lambda model: model.translate(["merci", 3]), "list of sentences of at least one word"),
        (lambda model: model.translate([["merci"]]), "list of sentences of at least one word"),
        (lambda model: model.translate(3), "list of sentences of at least one word, got 3"),
        (lambda model: model.exact([]), r"list of pairs of sentences, got \[\]"),
        (lambda model: model.exact(PAIRS, batch=0), "expected batch to be an integer of at least 1, got 0"),
        (lambda model: model.exact(("merci", "thanks")), "list of pairs of sentences"),
        (lambda model: model.loss(("merci", "thanks")), "list of pairs of sentences"),
        (lambda model: model.loss([("merci",)]), "list of pairs of sentences"),
        (lambda model: model.loss([("merci", None)]), "list of pairs of sentences"),
        (lambda model: model.loss([]), "list of pairs of sentences"),
    ],
)
def test_what_is_no_sentence_or_pair_is_refused(call, message, trained):
    recurrent = nn.Translator(trained.source, trained.target, d_model=4)
    for model in (trained, recurrent):
        with pytest.raises(ValueError, match=message):
            call(model)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, math.nan])
def test_smoothing_is_a_share(smoothing, trained):
    with pytest.raises(ValueError, match="expected smoothing to be"):
        trained.loss(PAIRS, smoothing=smoothing)


def test_any_list_of_sentences_will_do(trained):
    sentences = [source for source, _ in PAIRS]
    right = trained.translate(sentences)
    for same in (tuple(sentences), iter(sentences), np.array(sentences), dict.fromkeys(sentences)):
        assert trained.translate(same) == right
    assert trained.exact(iter(PAIRS), batch=np.int64(2)).all()
    torch.testing.assert_close(trained.loss(iter(PAIRS)), trained.loss(PAIRS))


# Shapes and errors


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"h": 3}, "expected h to divide d_model, got h = 3 and d_model = 8"),
        ({"h": 0}, "expected h to be an integer of at least 1, got 0"),
        ({"norm": "Pre"}, "expected norm to be 'pre' or 'post', got 'Pre'"),
        ({"d_model": 7, "h": 1}, "expected d_model to be even .* got 7"),
        ({"d_model": -2}, "expected d_model to be an integer of at least 2, got -2"),
        ({"d_ff": 0}, "expected d_ff to be an integer of at least 1, got 0"),
        ({"layers": 2}, "expected layers to be two numbers, .* got 2"),
        ({"layers": (1, 1, 1)}, r"expected layers to be two numbers, .* got \(1, 1, 1\)"),
        ({"layers": (0, 1)}, "expected layers to be an integer of at least 1, got 0"),
    ],
)
def test_what_cannot_be_built_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        Transformer(11, 13, **dict(d_model=8, h=2, d_ff=16) | config)


def test_layers_without_features_are_refused():
    for kind in (EncoderLayer, DecoderLayer):
        with pytest.raises(ValueError, match="expected d_model to be an integer of at least 1, got -1"):
            kind(-1, h=1, d_ff=4)


def test_arrays_that_do_not_fit_are_refused():
    attention, X = MultiHeadAttention(D, H), torch.zeros(B, M, D)
    with pytest.raises(ValueError, match=r"d_model = 7.*Y \(..., m, d_model\) = \(2, 5, 7\)"):
        attention(X, X[..., :7])
    with pytest.raises(ValueError, match="leading axes do not broadcast"):
        attention(X, torch.zeros(3, M, D))
    with pytest.raises(ValueError, match=r"mask \(1, 4, 5\) does not broadcast to the scores \(2, 2, 5, 5\)"):
        attention(X, X, CAUSAL[:4])
    with pytest.raises(ValueError, match="expected mask to be boolean"):
        attention(X, X, CAUSAL.double())


def test_maps_are_those_of_the_run(trained):
    source, target = PAIRS[1]  # three words each
    maps = trained.maps(source, target)
    assert {place: tuple(map.shape) for place, map in maps.items()} == {
        "encoder": (2, 2, 3, 3), "decoder": (1, 2, 4, 4), "cross": (1, 2, 4, 3)
    }  # fmt: skip
    for map in maps.values():
        torch.testing.assert_close(map.sum(dim=-1), torch.ones(map.shape[:-1]))
    assert (maps["decoder"].triu(1) == 0).all() and (maps["decoder"].tril() > 0)[..., 1:, 0].all()
    batch = trained.source.batch([source])[0], trained.target.batch([target], bos=True)[0]
    ids = [torch.tensor(part) for part in batch]
    memory, encoder = trained.transformer.encode(ids[0])
    _, decoder = trained.transformer.decode(ids[1], memory)
    for place, layers in (encoder | decoder).items():
        torch.testing.assert_close(maps[place], torch.cat(layers))
    even = trained.maps(source, target, lambda place, layer, weights: torch.full_like(weights, 0.5))
    assert all((map == 0.5).all() for map in even.values())


# Translate


def test_a_sentence_ends_at_eos_or_at_the_longest(monkeypatch):
    model, calls = translator(), []
    a, cat, black = (model.target.ids[word] for word in ("a", "cat", "black"))
    said = torch.tensor([[a, cat, 2, black, black, black], [a, 2, a, 2, a, a], [a, a, black, a, 2, 2]])

    def decode(ids, memory, mask, kv_cache):
        calls.append(ids)
        now = said[:, : ids.shape[1]] if kv_cache is None else said[:, kv_cache.setdefault("step", 0)][:, None]
        kv_cache = {} if kv_cache is None else kv_cache
        kv_cache["step"] = kv_cache.get("step", 0) + 1
        logits = torch.nn.functional.one_hot(now, len(model.target)).double()
        return logits, {"cross": [torch.zeros(3, 2, now.shape[1], 3)]}

    monkeypatch.setattr(model.transformer, "decode", decode)
    sentences = ["un chat", "merci", "un chien noir"]
    assert model.translate(sentences) == ["a cat", "a", "a a black a"]
    assert len(calls) == 5  # no step after all have ended
    bos = torch.full((3, 1), Vocabulary.BOS)
    assert torch.equal(torch.cat(calls, dim=1), torch.cat([bos, said[:, :4]], dim=1))  # the new word alone
    assert model.translate(sentences, max_len=3) == ["a cat", "a", "a a black"]
    assert len(calls) == 5 + 3
    assert model.translate(sentences, intervention=lambda place, layer, weights: weights) == [
        "a cat",
        "a",
        "a a black a",
    ]
    assert len(calls) == 5 + 3 + 5 and torch.equal(calls[-1], torch.cat([bos, said[:, :4]], dim=1))  # all words
    assert model.translate(sentences)[2].words == ["a", "a", "black", "a", "<eos>"]
    assert model.translate(sentences, max_len=3)[2].words == ["a", "a", "black"]


def test_a_batch_is_its_sentences_one_by_one(trained):
    sentences = [source for source, _ in PAIRS]
    alone = [sentence for source in sentences for sentence in trained.translate([source])]
    assert trained.translate(sentences) == alone and len(set(alone)) == len(PAIRS)
    untrained = translator().double()  # says long and senseless things: a slip would show
    babble = untrained.translate(sentences, max_len=12)
    assert babble == [untrained.translate([source], max_len=12)[0] for source in sentences]
    assert max(len(text.split()) for text in babble) == 12
    ids, _, mask = untrained.ids(sentences)
    target = torch.tensor([[1, 4, 5, 6]] * len(ids))
    logits, _ = untrained.transformer.decode(target, untrained.transformer.encode(ids, mask)[0], mask)
    for i, source in enumerate(sentences):
        ids, _, mask = untrained.ids([source])
        single, _ = untrained.transformer.decode(target[:1], untrained.transformer.encode(ids, mask)[0], mask)
        torch.testing.assert_close(logits[i], single[0])


@norms
def test_all_steps_at_once_are_the_steps_one_by_one(norm, ids):
    ours, (source, target) = model(norm), ids
    memory, _ = ours.encode(source, PADDING)
    at_once, _ = ours.decode(target, memory, PADDING)
    one_by_one = [ours.decode(target[:, : i + 1], memory, PADDING)[0][:, -1] for i in range(N)]
    torch.testing.assert_close(torch.stack(one_by_one, dim=1), at_once)


exact = pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
NEW = torch.randint(1, 13, (B, 9), generator=torch.Generator().manual_seed(0))  # ids of a target


@exact
@norms
@pytest.mark.parametrize("cuts", [[1] * 9, [9], [2, 4, 3], [1, 8]], ids=str)
def test_what_is_kept_changes_nothing(cuts, norm, dtype, error, ids):
    ours, cache, start = model(norm, dtype), KVCache(), 0
    with torch.no_grad():
        memory, _ = ours.encode(ids[0], PADDING)
        at_once, whole = ours.decode(NEW, memory, PADDING)
        for cut in cuts:
            rows = slice(start, start + cut)
            logits, maps = ours.decode(NEW[:, rows], memory, PADDING, kv_cache=cache)
            size = at_once.abs().max()  # some 30: float32 has 7 digits
            torch.testing.assert_close(logits / size, at_once[:, rows] / size, rtol=0, atol=error)
            start += cut
            assert cache.length == start
            for i in range(2):
                seen = whole["decoder"][i][:, :, rows, :start], whole["cross"][i][:, :, rows]
                both = zip((maps["decoder"][i], maps["cross"][i]), seen, strict=True)
                assert all(torch.allclose(mine, right, rtol=0, atol=error) for mine, right in both)
    assert start == 9


def test_the_memory_is_read_once_and_may_serve_many(ids):
    ours, cache, reads = model(), KVCache(), []
    for layer in ours.decoder:
        layer.cross.keys.register_forward_hook(lambda module, inputs, output: reads.append(output.shape))
    with torch.no_grad():
        memory, _ = ours.encode(ids[0][1:], PADDING[1:])  # one sentence
        right, _ = ours.decode(NEW, memory.expand(2, -1, -1), PADDING[[1, 1]])
        reads.clear()
        for i in range(9):
            logits, _ = ours.decode(NEW[:, i : i + 1], memory, PADDING[1:], kv_cache=cache)
            torch.testing.assert_close(logits[:, 0], right[:, i])
            cache = cache.select([1, 0]).select([1, 0])
    assert reads == 2 * [(1, M, D)]
    assert cache["cross", 1].keys.shape == (1, H, M, D // H)
    assert cache["decoder", 1].keys.shape == (2, H, 9, D // H)


def test_an_intervention_and_a_cache_are_refused_together(ids):
    ours = model()
    memory, _ = ours.encode(ids[0], PADDING)
    with intervene(ours, Force("decoder", 0, query=2, key=0)):
        with pytest.raises(ValueError, match="expected an intervention or a cache, got both"):
            ours.decode(ids[1], memory, PADDING, KVCache())


def test_translations_follow_an_intervention(trained):
    asked = []

    def blind(place, layer, weights):
        asked.append(place)
        return torch.zeros_like(weights) if place == "cross" else weights

    said = trained.translate([source for source, _ in PAIRS], max_len=8, intervention=blind)
    assert len(set(said)) == 1  # who does not look at the source says the same to all
    steps = min(len(said[0].split()) + 1, 8)  # with <eos>
    assert asked == 2 * ["encoder"] + steps * ["decoder", "cross"]  # the source is read once, the target at each step
    assert trained.exact(PAIRS, intervention=blind).sum() <= 1 < trained.exact(PAIRS).sum()


@pytest.mark.parametrize("intervention", [None, Force("cross", 0, query=0, key=0)])
def test_a_translation_has_the_maps_of_its_own_words(intervention, trained):
    sources = [source for source, _ in PAIRS]
    for source, said in zip(sources, trained.translate(sources, intervention=intervention), strict=True):
        cross = trained.maps(source, said, intervention)["cross"]
        assert said.scores is None and said.weights.shape == (1, 2, len(said.words), len(source.split()))
        torch.testing.assert_close(said.weights, cross)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda said: pickle.loads(pickle.dumps(said))])
def test_a_translation_is_a_string(copied, trained):
    [said] = trained.translate(["le chat dort"])
    again = copied(said)
    assert said == "the cat sleeps" == again and type(str(said)) is str and repr(said) == "'the cat sleeps'"
    assert json.dumps([said]) == '["the cat sleeps"]' and said in {"the cat sleeps"}
    assert type(again) is nn.Translation and again.words == said.words == ["the", "cat", "sleeps", "<eos>"]
    assert torch.equal(again.weights, said.weights)


# Train and keep


def test_the_loss_is_per_word(trained):
    short, long = ("merci", "thanks"), ("le chien mange un gâteau", "the dog eats a black cake")
    apart = trained.loss([short]) * 2 + trained.loss([long]) * 7  # words with <eos>
    torch.testing.assert_close(trained.loss([short, long]) * 9, apart)
    before, right = trained.shifted([long])
    ids, _, mask = trained.ids([long[0]])
    logits, _ = trained.transformer.decode(before, trained.transformer.encode(ids, mask)[0], mask)
    own = -logits.log_softmax(dim=-1)[0, range(7), right[0]].mean()
    torch.testing.assert_close(trained.loss([long]), own)


def flat(module):
    return torch.nn.utils.parameters_to_vector(module.parameters())


def test_training_lowers_the_loss_and_follows_the_seed(trained):
    first, again, other = (translator(norm=norm) for norm in ("pre", "pre", "post"))
    before = first.loss(PAIRS).item()
    for fresh in (first, again):
        train(fresh, PAIRS, steps=10, batch=2, seed=0)
    order = train(translator(), PAIRS, steps=10, batch=2, seed=1)
    assert torch.equal(flat(first), flat(again)) and not torch.equal(flat(first), flat(order))
    losses = []
    train(other, PAIRS, steps=40, rate=1e-2, report=lambda step, loss: losses.append(loss))
    assert len(losses) == 40 and losses[-1] < losses[0] / 4
    assert first.loss(PAIRS).item() < before and trained.loss(PAIRS).item() < before / 10
    assert trained.exact(PAIRS).all()


@norms
def test_a_kept_translator_comes_back(norm, tmp_path):
    ours = translator(norm=norm)
    nn.save(ours, tmp_path / "model.safetensors", seed=7)
    back = nn.load(tmp_path / "model.safetensors")
    assert type(back) is nn.TransformerTranslator and not back.training and back.facts["seed"] == 7
    assert back.config == ours.config | {"layers": [2, 1]} and back.facts["config"]["norm"] == norm
    assert (back.source.words, back.target.words) == (ours.source.words, ours.target.words)
    assert back.transformer.encoder[0].pre == (norm == "pre")
    assert back.state_dict().keys() == ours.state_dict().keys()
    for name, weights in ours.state_dict().items():
        assert torch.equal(back.state_dict()[name], weights.half().float()), name
    sentences = [source for source, _ in PAIRS]
    assert back.translate(sentences) == ours.half().float().translate(sentences)
