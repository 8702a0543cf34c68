"""The models work where their parameters are, in the dtype that these have.

The device "meta" has shapes and no numbers: on it, what is made on another device fails as it would beside a GPU.
"""

import pytest
import torch

from self_attention import nn
from self_attention.book.comparison import ImageReader, Recaller, accuracy, recall_examples
from self_attention.decoding import beam_search, greedy, predictor, sample
from self_attention.nn import Force, KVCache
from self_attention.nn import recurrent as recurrent_module
from self_attention.training import train
from self_attention.vocabulary import Vocabulary

torch.set_num_threads(1)
PAIRS = [("un chat dort", "a cat sleeps"), ("merci", "thanks"), ("un chien noir", "a black dog")]
TAGGED = [(("i", "saw"), ("PRON", "VERB")), (("i",), ("PRON",)), (("a", "saw", "saw"), ("DET", "NOUN", "VERB"))]
ACCELERATOR = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else None
DEVICES = [
    "meta",
    pytest.param(ACCELERATOR, marks=pytest.mark.skipif(ACCELERATOR is None, reason="this machine has no accelerator")),
]
DTYPES = [torch.float64, torch.bfloat16]
devices, dtypes = pytest.mark.parametrize("device", DEVICES), pytest.mark.parametrize("dtype", DTYPES, ids=str)


def transformer(shared=False):
    torch.manual_seed(0)
    sides = zip(*PAIRS, strict=True)
    vocabularies = [Vocabulary(sum(PAIRS, ()))] if shared else map(Vocabulary, sides)
    return nn.TransformerTranslator(*vocabularies, d_model=8, h=2, d_ff=16, layers=(2, 1))


def recurrent(attention=True):
    torch.manual_seed(0)
    return nn.Translator(*map(Vocabulary, zip(*PAIRS, strict=True)), d_model=8, attention=attention)


def tagger(reach, positions="learned"):
    torch.manual_seed(0)
    words, tags = (sorted({one for sentence in TAGGED for one in sentence[side]}) for side in (0, 1))
    return nn.Tagger(Vocabulary(words), tags, reach, d_model=8, positions=positions)


TAGGERS = [(1, "learned"), (3, "learned"), ("all", "learned"), ("all", "sinusoidal"), ("all", "none")]


@devices
@pytest.mark.parametrize("shared", [False, True])
def test_a_transformer_translator(shared, device):
    model = transformer(shared).to(device)
    ids, lengths, mask = model.ids([source for source, _ in PAIRS])
    assert {part.device.type for part in (ids, mask, *model.shifted(PAIRS))} == {device}
    assert lengths.tolist() == [3, 1, 3]
    assert model.loss(PAIRS, smoothing=0.1).device.type == device
    with nn.intervene(model.transformer, Force("encoder", 1, query=[0, 0, 2], key=0, head=1)):
        memory, maps = model.transformer.encode(ids, mask)
    assert memory.shape == (3, 3, 8) and maps["encoder"][1].shape == (3, 2, 3, 3)
    cache = KVCache()
    for _ in range(2):
        logits, maps = model.transformer.decode(ids[:, :1], memory, mask, kv_cache=cache)
    assert logits.shape == (3, 1, len(model.target)) and maps["decoder"][0].shape == (3, 2, 1, 2)
    maps = model.maps("merci", "thanks", Force("cross", 0, query=1))
    assert {place: map.shape[1:] for place, map in maps.items()} == {
        "encoder": (2, 1, 1), "decoder": (2, 2, 2), "cross": (2, 2, 1)
    }  # fmt: skip


@devices
@pytest.mark.parametrize("attention", [False, True])
def test_a_recurrent_translator(attention, device, monkeypatch):
    model = recurrent(attention).to(device)
    if device == "meta":  # where torch cannot pack: a sentence is read with its padding
        monkeypatch.setattr(recurrent_module, "pack_padded_sequence", lambda X, lengths, **how: X)
        monkeypatch.setattr(recurrent_module, "pad_packed_sequence", lambda X, **how: (X, None))
    states, c, mask = model.read([source for source, _ in PAIRS])
    assert (states.shape, c.shape, mask.shape) == ((3, 3, 16), (3, 16), (3, 1, 3))
    assert model.loss(PAIRS).device.type == device


@devices
@pytest.mark.parametrize(("reach", "positions"), TAGGERS)
def test_a_tagger(reach, positions, device):
    model = tagger(reach, positions).to(device)
    assert model(*model.read([words for words, _ in TAGGED])).shape == (3, 3, 4)
    assert model.loss(TAGGED).device.type == device


@devices
@pytest.mark.parametrize("kind", [*Recaller.WIDTHS, "an image"])
def test_the_models_of_chapter_10(kind, device):
    if kind == "an image":
        model, examples = ImageReader("self-attention"), [(torch.zeros(8, 8), 3)]
    else:
        model, examples = Recaller(kind, 8), recall_examples(2, 2, 8)
    assert model.to(device).loss(examples).device.type == device


@pytest.mark.skipif(ACCELERATOR is None, reason="this machine has no accelerator")
def test_all_that_needs_numbers_on_an_accelerator(tmp_path):
    for model in (transformer(), recurrent(), recurrent(False), tagger(3), tagger("all")):
        examples = TAGGED if isinstance(model, nn.Tagger) else PAIRS
        model = train(model.to(ACCELERATOR), examples, steps=60, rate=1e-2)
        nn.save(model, tmp_path / "model.safetensors")
        kept = nn.load(tmp_path / "model.safetensors")
        if isinstance(model, nn.Tagger):
            words, tags = ([list(sentence[side]) for sentence in TAGGED] for side in (0, 1))
            assert model.tag(words) == kept.tag(words) == tags
        else:
            assert model.exact(PAIRS).all() and kept.exact(PAIRS).all()
    model = transformer().to(ACCELERATOR)
    for search in (greedy, sample, lambda predict: beam_search(predict)[0]):
        assert search(predictor(model, "merci")).ids
    assert 0 <= accuracy(Recaller("gru", 8).to(ACCELERATOR), recall_examples(2, 2, 8)) <= 1


@dtypes
def test_other_dtypes(dtype):
    model = transformer().to(dtype)
    [said] = model.translate(["merci"], max_len=3, intervention=Force("cross", 0, query=0, key=0))
    assert said.weights.dtype == model.loss(PAIRS).dtype == dtype
    assert recurrent().to(dtype).translate(["merci"], max_len=3)[0].weights.dtype == dtype
    assert greedy(predictor(model, "merci"), max_len=3).ids
    for reach, positions in TAGGERS:
        some = tagger(reach, positions).to(dtype)
        assert some.loss(TAGGED).dtype == dtype and len(some.tag([["i", "saw"]])[0]) == 2
    assert ImageReader("cnn").to(dtype).loss([(torch.zeros(8, 8), 3)]).dtype == dtype


@dtypes
def test_a_forced_row_has_the_dtype_of_its_weights(dtype):
    weights = torch.rand(2, 3, 4, 3).to(dtype)  # (b, h, n, m)
    for asked in ({"key": 1}, {"query": 0}, {"head": 2}, {"query": [0, 1], "key": [2, 1]}):
        assert Force("cross", 0, **asked)("cross", 0, weights).dtype == dtype


def test_what_a_change_returns_takes_the_dtype_of_the_values():
    model = transformer().double()
    maps = model.maps("merci", "thanks", lambda place, layer, weights: weights.float())
    assert {map.dtype for map in maps.values()} == {torch.float64}
