"""The weights that the package ships load, fit this corpus and do what their logs say; and how they came about."""

import json
import re
import sys
from pathlib import Path, PurePath

import numpy as np
import pytest
import torch

from self_attention import nn, sinusoidal_positions
from self_attention import train as command
from self_attention.book import runs
from self_attention.book.runs import logs
from self_attention.corpus import GREETINGS, because_pairs, corpus, tagged_sentences
from self_attention.training import Training, train
from self_attention.training.log import card, digest
from self_attention.training.loop import batches
from self_attention.vocabulary import Vocabulary

pytestmark = pytest.mark.usefixtures("one_thread")
ROOT = Path(__file__).parents[1]
TRANSLATORS, TAGGERS = ("translator_fixed", "translator_attention"), ("tagger_1", "tagger_3", "tagger_23", "tagger_all")
TRANSFORMERS = ("transformer_pronouns", "transformer_heads")
NAMES = (*TRANSLATORS, *TAGGERS, *TRANSFORMERS, "transformer_both")


def log(name):
    """What the run that made some weights wrote down."""
    facts = nn.load(name).facts
    path = nn.WEIGHTS / "logs" / f"{name}_seed{facts['seed']}_steps{facts['steps']}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def parts():
    return corpus()


@pytest.fixture(scope="module")
def tagged():
    return {"train": tagged_sentences(4000), "test": tagged_sentences(1000, part="test")}


@pytest.fixture
def scripts(monkeypatch):
    """The modules of the training scripts."""
    monkeypatch.syspath_prepend(ROOT / "training")
    import train_lengths
    import train_taggers
    import train_transformers
    import train_translators

    yield train_translators, train_taggers, train_transformers, train_lengths
    for name in ("train_translators", "train_taggers", "train_transformers", "train_lengths"):
        del sys.modules[name]


# The weights that are shipped


def test_each_file_has_its_log_and_is_small():
    files = {path.stem: path for path in nn.WEIGHTS.glob("*.safetensors")}
    assert set(files) == set(NAMES)
    assert all(path.stat().st_size < 1_000_000 for path in files.values())
    assert files["transformer_both"].stat().st_size < 500_000  # the page fetches it
    assert all(logs(name) for name in files)


def test_each_file_has_a_card_that_says_what_file_and_log_say():
    beside = {path.name for path in nn.WEIGHTS.iterdir() if path.is_file()}
    assert beside == {f"{name}.{suffix}" for name in NAMES for suffix in ("safetensors", "md")}
    page = (ROOT / "book" / "models.md").read_text(encoding="utf-8")
    for name in NAMES:
        path = nn.WEIGHTS / f"{name}.safetensors"
        assert path.with_suffix(".md").read_text(encoding="utf-8") == card(path, log(name), runs.ABOUT[name]), name
        assert f"{log(name)['parameters']:,}" in next(line for line in page.splitlines() if f"`{name}`" in line)


def shares(name, part):
    """One or two shares of a log: of the direction or directions in which its model translates, or of words tagged."""
    both = [part[f"{side} sentences"]["all"] for side in ("fr-en", "en-fr")] if name == "transformer_both" else [part]
    return [(its.get("all", its)).get("exact", its.get("all", its).get("right")) for its in both]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_how_far_the_seeds_lie_apart(name):
    page = (ROOT / "book" / "models.md").read_text(encoding="utf-8")
    _, row = [line for line in page.splitlines() if f"`{name}`" in line]  # of the second table
    *_, right, seeds, _, _ = row.split("|")
    assert re.findall(r"\d+\.\d+", right) == [str(share) for share in shares(name, log(name)["test"])]
    runs = [shares(name, run["test"]) for run in logs(name) if run["steps"] == log(name)["steps"]]
    spread = [f"{share:.2f}" for side in zip(*runs, strict=True) for share in sorted({min(side), max(side)})]
    assert [f"{float(share):.2f}" for share in re.findall(r"\d+\.\d+", seeds)] == spread


@pytest.mark.parametrize("name", NAMES)
def test_weights_say_where_they_come_from(name, parts, tagged):
    model, facts = nn.load(name), log(name)
    assert all(model.facts[key] == facts[key] for key in ("seed", "steps", "version", "corpus"))
    if name != "transformer_both":  # tests/test_train_command.py has what that one learned from
        examples = [tagged["train"], tagged["test"]] if name in TAGGERS else parts
        assert model.facts["corpus"] == digest(examples), "the corpus has changed: train again (training/README.md)"
    assert sum(weights.numel() for weights in model.parameters()) == facts["parameters"]
    assert facts["curve"][-1][0] == facts["steps"] and facts["curve"][-1][1] < facts["curve"][0][1]


@pytest.mark.parametrize("name", TRANSLATORS)
def test_translators_are_as_good_as_their_log_says(name, parts, scripts):
    measured, said = scripts[0].accuracy(nn.load(name), parts["test"]), log(name)["test"]
    assert measured.keys() == said.keys()
    for group in said:
        assert measured[group]["sentences"] == said[group]["sentences"]
        assert measured[group]["exact"] == pytest.approx(said[group]["exact"], abs=2), group


@pytest.mark.parametrize("name", TAGGERS)
def test_taggers_are_as_good_as_their_log_says(name, tagged, scripts):
    measured, said = scripts[1].accuracy(nn.load(name), tagged["test"]), log(name)["test"]
    assert measured.keys() == said.keys()
    for group in said:
        assert measured[group]["right"] == pytest.approx(said[group]["right"], abs=1), group


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_are_as_good_as_their_log_says(name, parts, scripts):
    model, said, script = nn.load(name), log(name)["test"], scripts[2]
    some = script.english_to_french(parts["test"][:300])
    assert script.percent(model.exact(some)) == pytest.approx(said["exact"], abs=2)
    measured, said = script.pronouns(model, because_pairs(60)), said["because"]
    assert measured["right"] == pytest.approx(said["right"], abs=2)
    for part in ("weight", "flips"):
        assert measured[part].keys() == said[part].keys()
        for row in said[part]:
            np.testing.assert_allclose(measured[part][row], said[part][row], atol=12, err_msg=f"{part} {row}")


def test_the_two_way_transformer_is_as_good_as_its_log_says(parts):
    model, said = nn.load("transformer_both"), log("transformer_both")["test"]
    for name, pairs in command.directed(parts["test"][:300], ["fr", "en"], ["en", "fr"]).items():
        assert said[f"{name} sentences"]["all"]["exact"] >= 99, "the goal of chapter 12"
        assert 100 * model.exact(pairs).mean() == pytest.approx(said[f"{name} sentences"]["all"]["exact"], abs=2)
    hello, *said = model.translate(["<2en> bonjour", "<2fr> goodbye", "<2en> le chat noir"])
    assert said == ["au revoir", "the black cat"]
    assert hello in GREETINGS["bonjour"] and hello != "hello"  # step by step "good" comes first: chapter 13


def sides(name, group):
    """The figures of one group of lengths, in both directions, over all seeds."""
    return [test[group] for run in logs(name) for test in run["test"].values()]


def test_the_lengths_were_asked_about_with_three_seeds_each(scripts):
    pairs, tests = command.parts(command.options().parse_args(["--max-len", "12", "--out", "a.safetensors"]))
    facts = [
        (name, seed, scripts[3].STEPS, digest([pairs, tests])) for name in ("plain", "offset") for seed in range(3)
    ]
    runs = [
        (name, run["seed"], run["steps"], run["corpus"])
        for name in ("plain", "offset")
        for run in logs(f"lengths_{name}")
    ]
    assert runs == facts


def test_one_word_more_is_as_hard_with_all_positions_trained():
    plain, offset = ([its["exact"] for its in sides(f"lengths_{name}", "13")] for name in ("plain", "offset"))
    assert max(plain + offset) < 60
    assert abs(np.mean(plain) - np.mean(offset)) < 10


def test_four_words_more_are_easier_with_all_positions_trained():
    plain, offset = ([its["exact"] for its in sides(f"lengths_{name}", "16")] for name in ("plain", "offset"))
    assert max(plain) < 5 and min(offset) > 10


def test_an_offset_is_drawn_for_each_batch_and_is_the_same_on_both_sides(scripts):
    torch.manual_seed(0)
    model, firsts = scripts[3].Translator(Vocabulary(["merci thanks"]), 20, seed=0), []
    embed = model.transformer.embed
    model.transformer.embed = lambda embedding, ids, first=0: firsts.append(model.first) or embed(embedding, ids, first)
    for _ in range(50):
        model.loss([("merci", "thanks")])
    assert firsts[::2] == firsts[1::2] and set(firsts) <= set(range(21)) and len(set(firsts)) > 10
    firsts.clear()
    model.translate(["merci"], max_len=2)
    assert set(firsts) == {0}


def test_an_offset_moves_the_positions(scripts):
    torch.manual_seed(0)
    model = scripts[3].Translator(Vocabulary(["merci"]), 20, seed=0)
    ids = torch.tensor([[4, 4, 4]])
    here = model.transformer.embed(model.transformer.source, ids)
    model.first = 2
    there = model.transformer.embed(model.transformer.source, ids)
    positions = sinusoidal_positions(5, 64, like=here)
    torch.testing.assert_close((there - here)[0], positions[2:] - positions[:3])


def test_one_row_decides_between_il_and_elle():
    because = log("transformer_pronouns")["test"]["because"]
    assert because["right"] > 99 and because["flips"]["it"][2] > 99  # its third layer; other seeds differ
    assert max(sum((because["flips"][row] for row in ("because", "was", "adjective")), [])) < 1


def test_with_four_heads_it_depends_on_the_seed_which_row_decides():
    runs = [run["test"]["because"] for run in logs("transformer_heads")]
    assert [its["right"] for its in runs] == [100, 100, 100]
    assert [[round(share) for share in its["flips"]["it"]] for its in runs] == [[14, 0], [65, 0], [99, 53]]
    for its in runs:  # the last of each row is all heads at once
        assert its["flips"]["it"] == [shares[-1] for shares in its["flips_by_head"]["encoder"]]


def test_attention_wins_on_long_sentences():
    fixed, attention = (log(name)["test"] for name in TRANSLATORS)
    for group in ("16-20", "21-25", "26-30"):
        assert attention[group]["exact"] > fixed[group]["exact"] + 20, group
    assert fixed["1-5"]["exact"] > fixed["11-15"]["exact"] > fixed["21-25"]["exact"]


def test_only_a_window_that_holds_the_cue_finds_it():
    right = {name: log(name)["test"]["outside a window of 3"]["right"] for name in TAGGERS}
    assert right["tagger_1"] == right["tagger_3"] == 50  # of each pair of twins, one
    assert right["tagger_23"] > 99 and right["tagger_all"] > 99


# The models


LONG = "l' animal n' a pas traversé la rue parce qu' il était trop fatigué"


def test_a_translation_knows_its_words_scores_and_weights():
    (translation,) = nn.load("translator_attention").translate(["je suis étudiant"])
    assert str(translation) == "i am a student" and translation.words[-1] == "<eos>"
    assert translation.scores.shape == translation.weights.shape == (5, 3)
    torch.testing.assert_close(translation.weights.sum(dim=-1), torch.ones(5))
    torch.testing.assert_close(translation.weights, torch.softmax(translation.scores, dim=-1))
    assert nn.load("translator_fixed").translate(["merci"])[0].weights is None


@pytest.mark.parametrize("name", TRANSLATORS)
def test_padding_changes_nothing(name):
    model = nn.load(name)
    (alone,), (beside, _) = model.translate(["je suis étudiant"]), model.translate(["je suis étudiant", LONG])
    assert alone.words == beside.words
    if alone.weights is not None:
        torch.testing.assert_close(alone.weights, beside.weights)
    loss = [model.loss(pairs) * n for pairs, n in (([("merci", "thanks")], 2), ([(LONG, "no no no")], 4))]
    together = model.loss([("merci", "thanks"), (LONG, "no no no")]) * 6  # 2 + 4 words with <eos>
    torch.testing.assert_close(sum(loss), together)


def test_taggers_ignore_padding():
    short, long = "i saw a saw".split(), "we often wanted to saw and paint and drill here".split()
    torch.manual_seed(0)
    untrained = nn.Tagger(Vocabulary([" ".join(short + long)]), ["NOUN", "VERB"], reach=3)
    for model in (untrained, *map(nn.load, TAGGERS)):
        alone, beside = model(*model.read([short])), model(*model.read([short, long]))
        torch.testing.assert_close(alone[0], beside[0, :4], msg=str(model.reach))


@pytest.mark.parametrize(("reach", "sees"), [(1, [2]), (3, [1, 2, 3]), (5, [0, 1, 2, 3, 4]), ("all", range(7))])
def test_a_tagger_sees_as_far_as_it_says(reach, sees):
    torch.manual_seed(0)
    tagger = nn.Tagger(Vocabulary(["a b"]), ["X", "Y"], reach)
    ids = torch.full((1, 7), 4)
    logits = tagger(ids, torch.tensor([7]))[0, 2]
    for j in range(7):
        other = ids.clone()
        other[0, j] = 5
        assert torch.equal(tagger(other, torch.tensor([7]))[0, 2], logits) == (j not in sees), j


def test_the_encoder_reads_from_both_ends():
    encoder = nn.load("translator_fixed").encoder
    ids = torch.tensor([[5, 6, 7, 8], [5, 6, 0, 0]])
    states, c = encoder(ids, torch.tensor([4, 2]))
    torch.testing.assert_close(c[0], torch.cat([states[0, 3, :64], states[0, 0, 64:]]))
    torch.testing.assert_close(c[1], torch.cat([states[1, 1, :64], states[1, 0, 64:]]))
    assert (states[1, 2:] == 0).all()


def test_the_two_translators_differ_in_attention_alone(scripts):
    with_it, without = (scripts[0].build(attention, 0, [("a b", "c d")]).state_dict() for attention in (True, False))
    assert with_it.keys() - without.keys() == {"decoder.W_q", "decoder.W_k", "decoder.v"}
    assert all(torch.equal(with_it[name], without[name]) for name in without)


def test_a_reach_must_have_a_middle():
    with pytest.raises(ValueError, match="'all' or an odd number, got 4"):
        nn.Tagger(Vocabulary(["a"]), ["X"], reach=4)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"tags": "NOUN"}, "expected tags to be a list of different names, got 'NOUN'"),
        ({"tags": []}, "expected tags to be a list of different names"),
        ({"tags": ["X", "X"]}, "expected tags to be a list of different names"),
        ({"d_model": 0}, "expected d_model to be an integer of at least 1, got 0"),
        ({"max_len": 0}, "expected max_len to be an integer of at least 1, got 0"),
    ],
)
def test_what_cannot_be_built_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        nn.Tagger(Vocabulary(["a"]), **{"tags": ["X"], "reach": "all"} | config)
    for kind in (nn.Encoder, lambda *sizes: nn.Decoder(*sizes, attention=True)):
        for sizes in ((0, 4), (4, 0), (4, 2.0)):
            with pytest.raises(ValueError, match="to be an integer of at least 1"):
                kind(*sizes)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([], r"list of sentences, each a list of words, got \[\]"),
        ("i saw", "list of sentences, each a list of words, got 'i saw'"),
        ([3], "list of sentences, each a list of words, got"),
        ([["i"], []], "a sentence of at least one word, each without spaces, got"),
        ([["i saw"]], "a sentence of at least one word, each without spaces, got"),
        ([[3]], "a sentence of at least one word, each without spaces, got"),
    ],
)
def test_what_is_no_list_of_lists_of_words_is_refused(wrong, message):
    tagger = nn.load("tagger_3")
    for call in (tagger.tag, tagger.read):
        with pytest.raises(ValueError, match=message):
            call(wrong)


@pytest.mark.parametrize(
    "tagged", [(["i", "saw"], ["PRON"]), (["i"], ["PRON", "VERB"]), (["i"], ["X"]), (["i", "i"], "PRON")]
)
def test_each_word_has_one_tag(tagged):
    with pytest.raises(ValueError, match="expected for each of .* one of .*'PRON'.*, got"):
        nn.load("tagger_3").loss([(["i"], ["PRON"]), tagged])


@pytest.mark.parametrize("positions", ["none", "sinusoidal", "learned"])
def test_only_a_tagger_with_positions_knows_the_order(positions):
    torch.manual_seed(0)
    tagger = nn.Tagger(Vocabulary(["a b c"]), ["X", "Y"], "all", positions=positions)
    logits, reversed_ = tagger(torch.tensor([[4, 5, 6], [6, 5, 4]]), torch.tensor([3, 3]))
    assert torch.allclose(logits, reversed_.flip(0), atol=1e-6) == (positions == "none")


def test_the_taggers_positions_are_what_they_are_called():
    X = torch.zeros(1, 20, 8)
    none, sinusoidal, learned = (
        nn.Tagger(Vocabulary(["a"]), ["X"], "all", d_model=8, positions=positions)
        for positions in ("none", "sinusoidal", "learned")
    )
    assert torch.equal(none.place(X), X)
    torch.testing.assert_close(sinusoidal.place(X)[0], sinusoidal_positions(20, 8, like=X))
    assert torch.equal(learned.place(X[:, :5])[0], learned.positions.weight[:5])
    with pytest.raises(ValueError, match="at most max_len = 16, got 20"):
        learned.place(X)
    assert nn.load("tagger_all").config["positions"] == "learned"
    with pytest.raises(ValueError, match="'learned', 'sinusoidal' or 'none', got 'rotary'"):
        nn.Tagger(Vocabulary(["a"]), ["X"], "all", positions="rotary")


@pytest.mark.parametrize("sentences", ["merci", [], ["merci", ""]])
def test_what_is_no_list_of_sentences_is_refused(sentences):
    with pytest.raises(ValueError, match="list of sentences of at least one word"):
        nn.load("translator_fixed").translate(sentences)


# Load


def test_missing_weights_are_named():
    with pytest.raises(ValueError, match="no weights at 'translator'.*tagger_1.*translator_fixed"):
        nn.load("translator")


def test_safetensors_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r'pip install "self-attention\[torch\]"'):
        nn.load("tagger_1")


def spoiled(tmp_path, **changes):
    """A file that `save` wrote, with other facts or tensors: change(facts, tensors) for each of the changes."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    nn.save(nn.Tagger(Vocabulary(["merci"]), ["NOUN"], reach=1, d_model=4), path)
    with safe_open(path, framework="pt") as file:
        tensors, facts = {key: file.get_tensor(key) for key in file.keys()}, json.loads(file.metadata()["facts"])
    for key, value in changes.pop("facts", {}).items():
        facts[key] = value
    for key, value in changes.pop("tensors", {}).items():
        tensors.pop(key, None)
        if value is not None:
            tensors[key] = value
    save_file(tensors, path, metadata=changes.pop("metadata", {"facts": json.dumps(facts)}))
    return path


CONFIG = {"tags": ["NOUN"], "reach": 1, "d_model": 4, "max_len": 16, "positions": "learned"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"metadata": {"made": "elsewhere"}}, "model.safetensors to hold facts as nn.save writes them, got None"),
        ({"metadata": {"facts": "{"}}, "to hold facts as nn.save writes them, got '{'"),
        ({"metadata": {"facts": "[]"}}, r"to hold facts as nn.save writes them, got '\[\]'"),
        ({"facts": {"kind": "Oracle", "version": "9.0"}}, "one of .*Tagger, got 'Oracle', written by version 9.0"),
        ({"facts": {"kind": ["Tagger"]}}, "one of .*Tagger, got"),
        ({"facts": {"config": CONFIG | {"gates": 2}, "version": "9.0"}}, "got one of version 9.0.*'gates'"),
        ({"facts": {"config": CONFIG | {"reach": 2}}}, "'all' or an odd number, got 2"),
        ({"facts": {"words": [["merci"], ["thanks"]]}}, "to describe a Tagger"),
        ({"facts": {"words": 3}}, "to describe a Tagger"),
        ({"facts": {"config": CONFIG | {"d_model": 10**13}}}, "to describe a Tagger"),
        ({"facts": {"config": CONFIG | {"tags": "NOUN"}}}, "expected tags to be a list of different names, got 'NOUN'"),
        ({"tensors": {"hidden.bias": None}}, r"the weights of its Tagger, lacks \['hidden.bias'\]"),
        ({"tensors": {"extra": torch.zeros(2)}}, r"the weights of its Tagger, has besides \['extra'\]"),
        ({"tensors": {"hidden.bias": torch.zeros(3)}}, r"expected hidden.bias to have the shape \(8,\), got \(3,\)"),
        ({"facts": {"words": [["merci", "adieu"]]}}, r"embedding.weight to have the shape \(6, 4\), got \(5, 4\)"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused(changes, says, tmp_path):
    path = spoiled(tmp_path, **changes)
    if says is None:
        assert nn.load(path).tag([["merci"]]) == [["NOUN"]]
    else:
        with pytest.raises(ValueError, match=says):
            nn.load(path)


def test_what_is_no_safetensors_file_is_refused(tmp_path):
    whole = (nn.WEIGHTS / "tagger_1.safetensors").read_bytes()
    torch.save({"a": torch.zeros(2)}, tmp_path / "pickle")
    contents = {"empty": b"", "text": b"weights, honestly " * 9, "cut": whole[:-1], "cut early": whole[:40]}
    contents |= {"more": whole + b"x", "pickle": (tmp_path / "pickle").read_bytes()}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"expected {name} to be a whole safetensors file, got one that is not"):
            nn.load(tmp_path / name)
    with pytest.raises(ValueError, match="no weights at"):
        nn.load(tmp_path)


def test_a_matrix_of_two_places_is_saved_once_and_loaded_into_both(tmp_path):
    torch.manual_seed(0)
    model = nn.TransformerTranslator(Vocabulary(["merci thanks"]), d_model=8, h=2, d_ff=16)
    nn.save(model, tmp_path / "both.safetensors")
    again = nn.load(tmp_path / "both.safetensors")
    assert again.source is again.target and again.transformer.source is again.transformer.target
    for name, weights in model.named_parameters():
        assert torch.equal(again.get_parameter(name), weights.half().float()), name


MODELS = {
    "tagger": lambda: nn.Tagger(Vocabulary(["merci"]), ["NOUN"], reach=1, d_model=4),
    "tagger of all": lambda: nn.Tagger(Vocabulary(["merci"]), ["NOUN"], reach="all", d_model=4),
    "fixed": lambda: nn.Translator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=4, attention=False),
    "attention": lambda: nn.Translator(Vocabulary(["merci"]), Vocabulary(["thanks"]), d_model=4),
    "one vocabulary": lambda: nn.Translator(*2 * [Vocabulary(["merci thanks"])], d_model=4),
    "transformer": lambda: nn.TransformerTranslator(Vocabulary(["merci"]), Vocabulary(["thanks"]), **SIZES),
    "one matrix": lambda: nn.TransformerTranslator(Vocabulary(["merci thanks"]), **SIZES),
    "two matrices of one vocabulary": lambda: nn.TransformerTranslator(*2 * [Vocabulary(["merci"])], **SIZES),
}
SIZES = dict(d_model=np.int64(8), h=2, d_ff=16, layers=(1, 1))


@pytest.mark.parametrize("name", MODELS)
def test_what_save_takes_load_takes(name, tmp_path):
    model = MODELS[name]()
    nn.save(model, tmp_path / "model", seed=np.int64(3), rate=np.float32(0.5))
    again = nn.load(tmp_path / "model")
    assert type(again) is type(model) and again.facts["seed"] == 3 and again.facts["rate"] == 0.5
    assert again.source.words == model.source.words
    ours, theirs = dict(model.named_parameters()), dict(again.named_parameters())
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[key].half().float(), theirs[key]) for key in ours)


class Place:
    """What is like a path."""

    def __fspath__(self):
        return "mine"


PATHS = [
    "mine.safetensors",
    "mine",
    "./tagger_1",
    "tagger_1.safetensors",
    Path("mine"),
    PurePath("mine"),
    b"mine",
    Place(),
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: type(path).__name__)
def test_a_path_may_be_of_any_type(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nn.save(MODELS["tagger"](), path, seed=5)
    assert nn.load(path).facts["seed"] == 5


def test_the_name_of_a_model_of_the_package_is_no_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="not to be the name of a model of the package, got 'tagger_1'"):
        nn.save(MODELS["tagger"](), "tagger_1")
    nn.save(MODELS["tagger"](), Path("tagger_1"), seed=5)
    assert nn.load(Path("tagger_1")).facts["seed"] == 5 and nn.load("tagger_1").facts["seed"] == 0


@pytest.mark.parametrize("path", ["nowhere/mine", "", ".", "here"])
def test_a_path_is_of_a_file_in_a_folder(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    with pytest.raises(ValueError, match="expected path to be of a file in a folder that exists, got"):
        nn.save(MODELS["tagger"](), path)
    with pytest.raises(ValueError, match="no weights at .*, expected the path of a file or one of tagger_1"):
        nn.load(path)


@pytest.mark.parametrize("path", [3, None, ["mine"]])
def test_what_is_no_path_is_refused(path):
    for call in (nn.load, lambda path: nn.save(MODELS["tagger"](), path)):
        with pytest.raises(ValueError, match="expected a name or a path, got"):
            call(path)


@pytest.mark.parametrize(("number", "says"), [(1e5, "100000"), (-7e4, "70000"), (np.inf, "inf"), (np.nan, "nan")])
def test_what_float16_cannot_hold_is_refused(number, says, tmp_path):
    model = MODELS["tagger"]()
    model.hidden.bias.data[1] = number
    with pytest.raises(
        ValueError, match=f"expected hidden.bias to hold numbers of at most 65504, .* got one of size {says}"
    ):
        nn.save(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    model.hidden.bias.data[1] = -65504
    nn.save(model, tmp_path / "model")
    assert nn.load(tmp_path / "model").hidden.bias[1] == -65504


def test_other_models_and_facts_are_refused(tmp_path):
    class Mine(nn.Tagger):
        pass

    for model in (torch.nn.Linear(2, 2), Mine(Vocabulary(["a"]), ["X"], reach=1)):
        with pytest.raises(
            ValueError, match="expected model to be one of Translator, TransformerTranslator, Tagger, got"
        ):
            nn.save(model, tmp_path / "model")
    with pytest.raises(ValueError, match="expected facts to become JSON, got"):
        nn.save(MODELS["tagger"](), tmp_path / "model", who={1, 2})


# Train


def test_training_without_examples_or_steps_is_refused():
    tagger = nn.Tagger(Vocabulary(["a"]), ["X"], reach=1)
    with pytest.raises(ValueError, match="expected examples not to be empty"):
        train(tagger, [], steps=1)
    with pytest.raises(ValueError, match="steps"):
        train(tagger, [(("a",), ("X",))], steps=0)
    for name, wrong in (("batch", 0), ("warm_up", 0), ("rate", -1), ("rate", np.nan), ("seed", 0.5)):
        with pytest.raises(ValueError, match=name):
            train(tagger, [(("a",), ("X",))], steps=1, **{name: wrong})


def test_numbers_of_numpy_are_numbers():
    curves = []
    for whole, real in ((int, float), (np.int64, np.float64)):
        torch.manual_seed(0)
        tagger = nn.Tagger(Vocabulary(["a b"]), ["X", "Y"], reach=1)
        examples = ((("a", "b"), ("X", "Y")) for _ in range(5))  # no list
        training = Training(tagger, examples, whole(4), batch=whole(2), seed=whole(1), rate=real(0.25))
        curves.append([loss for _, loss in training])
    assert curves[0] == curves[1] and len(curves[0]) == 4


def test_the_rate_warms_up_and_comes_down_along_a_cosine():
    tagger = nn.Tagger(Vocabulary(["a"]), ["X"], reach=1)
    training, rates = Training(tagger, [(("a",), ("X",))], steps=100, rate=2.0, warm_up=10), []
    rates.append(training.schedule.get_last_lr()[0])
    for _ in training:
        rates.append(training.schedule.get_last_lr()[0])
    assert rates[:9] == pytest.approx([0.2 * t for t in range(1, 10)])
    assert rates[50] == pytest.approx(1.0) and rates[100] == 0


def test_smoothing_spreads_a_share_of_the_target_over_all_words():
    torch.manual_seed(0)
    model = nn.TransformerTranslator(Vocabulary(["merci thanks"]), d_model=8, h=2, d_ff=16)
    pairs = [("merci", "thanks"), ("merci merci", "thanks")]
    logits, right = model(pairs)
    log_probabilities = logits.log_softmax(dim=-1)
    target = 0.9 * torch.nn.functional.one_hot(right, 6) + 0.1 / 6
    torch.testing.assert_close(model.loss(pairs, smoothing=0.1), -(target * log_probabilities).sum(dim=-1).mean())
    assert model.count(pairs) == 4  # two words, each with its <eos>


def test_a_round_of_batches_holds_each_example_once():
    examples = [("x" * (i % 7 + 1), i) for i in range(1000)]
    stream = batches(examples, size=64)
    first = [next(stream) for _ in range(16)]  # 1,000 = 15 * 64 + 40
    assert sorted(i for batch in first for _, i in batch) == list(range(1000))
    assert np.mean([len({len(text) for text, _ in batch}) for batch in first]) < 3  # like lengths together


def test_the_order_of_batches_follows_the_seed_alone():
    examples = [("a", i) for i in range(100)]
    first, again, other = ([next(batches(examples, 64, seed))] for seed in (0, 0, 1))
    assert first == again != other


def test_first_weights_follow_the_seed(scripts):
    first, again, other = (scripts[0].build(True, seed, [("a", "b")]).decoder.v for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_log_measures_the_weights_as_they_are_shipped(tmp_path):
    tagger = nn.Tagger(Vocabulary(["a"]), ["X"], reach=1)
    facts = {"seed": 0, "steps": 1, "corpus": "abc"}
    run = runs.log("tagger", "command", tagger, tmp_path, ship=False, **facts)
    run.report(1, 0.5)
    run.write(lambda model: {"same": all(torch.equal(its, its.half().float()) for its in model.parameters())})
    log = json.loads((tmp_path / "tagger_seed0_steps1.json").read_text(encoding="utf-8"))
    assert log["test"] == {"same": True} and log["curve"] == [[1, 0.5]]
    written = (tmp_path / "tagger.md").read_text(encoding="utf-8")
    assert written == card(tmp_path / "tagger.safetensors", log) and "licence" not in written


def test_logs_go_to_the_package_or_to_a_folder_that_is_there(tmp_path, capsys):
    logs = nn.WEIGHTS / "logs"
    assert runs.log_file("a", 0, 9) == runs.log_file("a", 0, 9, nn.WEIGHTS) == logs / "a_seed0_steps9.json"
    assert runs.log_file("a", 0, 9, tmp_path) == tmp_path / "a_seed0_steps9.json"
    parser = runs.options("", steps=9)
    assert parser.parse_args([]).out is None and parser.parse_args(["--out", str(tmp_path)]).out == tmp_path.resolve()
    with pytest.raises(SystemExit):
        parser.parse_args(["--out", str(tmp_path / "nowhere")])
    assert "there is no folder" in capsys.readouterr().err


def written(main, folder, *words):
    """Bytes of each file that a training run writes."""
    folder.mkdir()
    main(*words, "--out", str(folder))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_scripts_are_deterministic_and_follow_the_seed(scripts, monkeypatch, tmp_path):
    small = corpus(train=300, valid=10, test=20)
    for script in (scripts[0], scripts[2]):
        monkeypatch.setattr(script, "corpus", lambda: small)
    monkeypatch.setattr(scripts[2], "because_pairs", lambda n: because_pairs(n // 100))
    translate = nn.TransformerTranslator.translate.__wrapped__
    monkeypatch.setattr(
        translate, "__defaults__", (6, None, False)
    )  # what has learned nothing goes on to the last word
    monkeypatch.setattr(scripts[1], "tagged_sentences", lambda n, part="train": tagged_sentences(n // 20, part))
    for number, (script, name) in enumerate(zip(scripts[:3], (["attention"], [], ["heads"]), strict=True)):
        first, again, other = (
            written(script.main, tmp_path / f"{number}{run}", *name, "--steps", "5", "--seed", seed)
            for run, seed in enumerate("001")
        )
        assert first and first == again
        losses = [
            json.loads(text)["curve"] for files in (first, other) for path, text in files.items() if "json" in path
        ]
        half = len(losses) // 2
        assert all(one != two for one, two in zip(losses[:half], losses[half:], strict=True))
