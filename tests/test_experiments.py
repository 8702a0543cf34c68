"""The experiments of chapter 10: the tasks are what they say, the scripts follow the seed, the logs bear the claims."""

import json
import sys
from pathlib import Path
from statistics import mean

import numpy as np
import pytest
import torch

from self_attention.book.comparison import (
    Convolution,
    ImageReader,
    Recaller,
    accuracy,
    digit_images,
    gradients,
    recall_examples,
    stacked,
)
from self_attention.book.runs import logs

pytestmark = pytest.mark.usefixtures("one_thread")
ROOT = Path(__file__).parents[1]
KINDS = ["gru", "lstm", "cnn", "dilated cnn", "self-attention"]


@pytest.fixture
def scripts(monkeypatch):
    """The modules of the two training scripts."""
    monkeypatch.syspath_prepend(ROOT / "training")
    import train_digits
    import train_recall

    yield train_recall, train_digits
    for name in ("train_recall", "train_digits"):
        del sys.modules[name]


# The tasks


@pytest.mark.parametrize("pairs", [1, 5, 12])
@pytest.mark.parametrize("distance", [None, 1, 12])
def test_a_name_occurs_once_and_the_answer_stands_beside_it(pairs, distance):
    for tokens, answer, far in recall_examples(50, pairs, 12, distance, seed=3):
        names, digits = tokens.T.tolist()
        assert digits[-1] == 10 and max(digits[:-1]) < 10
        assert len(set(names[:-1]) - {0}) == sum(name > 0 for name in names[:-1]) == pairs
        assert names[:-1].index(names[-1]) == 12 - far and digits[12 - far] == answer
        assert distance in (None, far)


def test_all_distances_and_digits_are_asked_for():
    examples = recall_examples(1000, 4, 8)
    assert {answer for _, answer, _ in examples} == set(range(10)) and {far for *_, far in examples} == set(range(1, 9))


def test_recall_follows_the_seed():
    first, again, other = (stacked(recall_examples(5, 2, seed=seed)) for seed in (0, np.int64(0), 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize(
    ("what", "says"),
    [({"pairs": 9}, "pairs to be at most n = 8, got 9"), ({"distance": 9}, "distance to be at most n = 8, got 9"),
     ({"pairs": 0}, "pairs"), ({"distance": 0}, "distance"), ({"count": 0}, "count")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(what, says):
    with pytest.raises(ValueError, match=says):
        recall_examples(**{"count": 1, "pairs": 1, "n": 8} | what)


def test_no_image_is_in_two_parts():
    parts = digit_images()
    assert {part: len(examples) for part, examples in parts.items()} == {"train": 1300, "valid": 97, "test": 400}
    images = torch.stack([image for examples in parts.values() for image, _ in examples])
    assert images.shape == (1797, 8, 8) and images.min() == 0 and images.max() == 1
    assert len(images.flatten(1).unique(dim=0)) == 1797
    assert {digit for _, digit in parts["test"]} == set(range(10))


def test_scikit_learn_missing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        digit_images()


# The models


def test_the_kinds_have_one_budget():
    assert list(Recaller.WIDTHS) == KINDS
    for models in ([Recaller(kind) for kind in KINDS], [ImageReader(kind) for kind in ("cnn", "self-attention")]):
        sizes = [sum(weights.numel() for weights in model.parameters()) for model in models]
        assert max(sizes) / min(sizes) < 1.05, sizes


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_sees_as_far_as_it_says(kind):
    torch.manual_seed(0)
    n = 90
    farthest = {"cnn": 8, "dilated cnn": 80}.get(kind, n)
    found = gradients(Recaller(kind, n, d=8).double(), stacked(recall_examples(2, 1, n)))
    assert found.shape == (2, n + 1)
    assert (found[:, : farthest + 1] > 0).all() and (found[:, farthest + 1 :] == 0).all()


def test_gradients_are_the_norms_of_jacobians():
    torch.manual_seed(0)
    model, tokens = Recaller("gru", 3, d=4), stacked(recall_examples(2, 2, 3))
    X = model.embed(tokens)[1:].detach()
    J = torch.autograd.functional.jacobian(lambda X: model.states(X)[0, -1], X)[:, 0]  # (d, n + 1, d)
    torch.testing.assert_close(gradients(model, tokens)[1].flip(0), J.square().sum(dim=(0, 2)).sqrt())


@pytest.mark.parametrize("kind", KINDS)
def test_no_state_depends_on_what_comes_later(kind):
    torch.manual_seed(0)
    model = Recaller(kind, 12, d=8)
    X = torch.randn(1, 13, 8)
    later = torch.cat([X[:, :7], torch.randn(1, 6, 8)], dim=1)
    states, other = model.states(X), model.states(later)
    torch.testing.assert_close(states[:, :7], other[:, :7])
    assert not torch.allclose(states[:, 7], other[:, 7])


def test_dilated_windows_are_torchs_own():
    torch.manual_seed(0)
    layer, X = Convolution(4, k=3, dilation=2), torch.randn(1, 6, 4)
    W = layer.filters.weight  # (d, d, k), the last the position itself
    found = sum(X[:, 5 - 2 * j] @ W[:, :, 2 - j].T for j in range(3)) + layer.filters.bias
    torch.testing.assert_close(layer(X)[:, 5], X[:, 5] + found.relu())


def test_patches_are_squares_of_the_image():
    reader, image = ImageReader("self-attention"), torch.arange(64.0).reshape(1, 8, 8)
    seen = []
    reader.patches.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    reader(image)
    assert seen[0].shape == (1, 16, 4)
    assert seen[0][0, [0, 1, 15]].tolist() == [[0, 1, 8, 9], [2, 3, 10, 11], [54, 55, 62, 63]]


@pytest.mark.parametrize("model", [Recaller, ImageReader])
def test_an_unknown_kind_is_refused(model):
    with pytest.raises(ValueError, match="expected kind to be one of .*self-attention, got 'mlp'"):
        model("mlp")


def test_accuracy_counts_right_answers():
    model = torch.nn.Embedding.from_pretrained(torch.eye(3))
    assert accuracy(model, [(torch.tensor(i), answer) for i, answer in enumerate([0, 1, 1])]) == pytest.approx(2 / 3)


# The scripts


def runs(main, folder, *words):
    """What each file holds that a training run writes."""
    folder.mkdir()
    main(*words, "--out", str(folder))
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_scripts_are_deterministic_and_follow_the_seed(scripts, monkeypatch, tmp_path):
    for name, small in (("N", 8), ("PAIRS", (2,)), ("DISTANCES", (1, 8))):
        monkeypatch.setattr(scripts[0], name, small)
    monkeypatch.setattr(
        scripts[0], "recall_examples", lambda n, *how, **more: recall_examples(min(n, 40), *how, **more)
    )
    monkeypatch.setattr(scripts[1], "SIZES", (10, 20))
    small = ["--steps", "2"]
    for number, (script, words) in enumerate(zip(scripts, (["--rate", "1e-3", *small], small), strict=True)):
        first, again, other = (
            runs(script.main, tmp_path / f"{number}{run}", *words, "--seed", seed) for run, seed in enumerate("001")
        )
        name = ("recall_rate0.001", "digits")[number]
        assert list(first) == [f"{name}_seed0_steps2.json"] and list(other) == [f"{name}_seed1_steps2.json"]
        assert first == again
        (one,), (two,) = ([json.loads(text) for text in files.values()] for files in (first, other))
        assert one["name"] == name and one["seed"] == 0 and one["command"].startswith("python training/train_")
        for task, kinds in one["test"].items():
            assert all(kinds[kind] != two["test"][task][kind] for kind in kinds)


def test_fewer_digits_and_a_wider_state_have_a_log_of_their_own(scripts, monkeypatch, tmp_path):
    monkeypatch.setattr(
        scripts[0], "recall_examples", lambda n, *how, **more: recall_examples(min(n, 40), *how, **more)
    )
    words = ["--n", "4", "--pairs", "4", "--kinds", "gru", "--width", "6", "--steps", "1"]
    [(name, text)] = runs(scripts[0].main, tmp_path / "short", *words).items()
    found = json.loads(text)
    assert name == "recall_n4_width6_seed0_steps1.json"
    assert "--n 4 --width 6" in found["command"]
    assert list(found["test"]["4"]["gru"]["right"]) == ["1", "2", "4"]
    assert found["test"]["4"]["gru"]["parameters"] == sum(W.numel() for W in Recaller("gru", 4, 6).parameters())


# What the logs say


def logs_of(name, steps):
    """The runs of a script, without the longer or shorter ones."""
    return [run for run in logs(name) if run["steps"] == steps]


def right(runs, task, kind, distance):
    """The share of right answers of each run, in %."""
    return [run["test"][task][kind]["right"][distance] for run in runs]


def first(run, task, kind, percent=90):
    """The number of steps after which so many are right; infinite if that never came."""
    return min((step for step, share in run["test"][task][kind]["curve"] if share >= percent), default=float("inf"))


def test_the_logs_are_of_these_models_and_scripts(scripts):
    recall, digits = logs_of("recall", scripts[0].STEPS), logs_of("digits", scripts[1].STEPS)
    assert [run["seed"] for run in recall] == [0, 1, 2] and [run["seed"] for run in digits] == [0, 1, 2, 3, 4]
    for run in recall:
        assert run["rate"] == scripts[0].RATE and list(run["test"]) == [str(pairs) for pairs in scripts[0].PAIRS]
        for kinds in run["test"].values():
            assert {kind: found["parameters"] for kind, found in kinds.items()} == {
                kind: sum(weights.numel() for weights in Recaller(kind).parameters()) for kind in KINDS
            }
    for run in digits:
        assert list(run["test"]) == [str(size) for size in scripts[1].SIZES]
        for kind, parameters in run["parameters"].items():
            assert parameters == sum(weights.numel() for weights in ImageReader(kind).parameters())


@pytest.mark.parametrize("distance", ["1", "8", "32", "64"])
def test_one_digit_to_keep_is_kept_over_any_distance(distance):
    runs = logs_of("recall", 1500)
    for kind in ("gru", "lstm", "self-attention"):
        assert min(right(runs, "1", kind, distance)) > 98
    assert min(right(runs, "1", "dilated cnn", distance)) > 40


def test_a_cnn_cannot_recall_what_it_cannot_see():
    for task in ("1", "8", "64"):
        for distance in ("16", "32", "64"):
            assert max(right(logs_of("recall", 1500), task, "cnn", distance)) < 15
    assert min(right(logs_of("recall", 1500), "1", "cnn", "2")) > 40


@pytest.mark.parametrize("distance", ["1", "2", "4", "8", "16", "32", "64"])
def test_many_digits_to_keep_are_kept_by_attention_alone(distance):
    runs = logs_of("recall", 1500)
    for task in ("8", "64"):
        assert min(right(runs, task, "self-attention", distance)) > 98
        assert max(max(right(runs, task, kind, distance)) for kind in KINDS[:-1]) < 45


def average(runs, kind):
    """The share of right answers of each run among eight digits with eight names, in %, averaged over distances."""
    return [mean(run["test"]["8"][kind]["right"].values()) for run in runs]


def test_without_any_distance_a_gru_recalls_no_more_and_an_lstm_twice_as_much():
    near, far = logs_of("recall_n8", 1500), logs_of("recall", 1500)
    assert [run["seed"] for run in near] == [0, 1, 2]
    assert max(average(near, "gru")) < max(average(far, "gru")) + 5
    assert min(average(near, "lstm")) > 1.5 * max(average(far, "lstm"))
    assert min(average(near, "self-attention")) > 98


def test_a_wider_state_recalls_more():
    wide, narrow = logs_of("recall_n8_width256_rate0.003", 1500), logs_of("recall_n8", 1500)
    assert [run["seed"] for run in wide] == [0, 1, 2]
    assert min(average(wide, "gru")) > max(average(narrow, "gru")) + 10


def test_with_more_steps_the_wider_state_recalls_nearly_all_and_the_narrow_one_no_more():
    wide, narrow = logs_of("recall_n8_width256_rate0.003", 4000), logs_of("recall_n8_rate0.003", 4000)
    assert min(average(wide, "gru")) > 95
    assert max(average(narrow, "gru")) < 40


def test_attention_needs_the_fewest_steps():
    for run in logs_of("recall", 1500):
        assert all(first(run, task, "self-attention") <= 600 for task in ("1", "8", "64"))
        assert first(run, "1", "self-attention") <= first(run, "1", "gru") < first(run, "1", "lstm")


def test_untrained_gradients_vanish_in_recurrences_alone():
    for run in logs_of("recall", 1500):
        for kind, most in (("gru", 1e-4), ("lstm", 1e-6)):
            gradient = run["test"]["1"][kind]["gradient"]
            assert gradient["untrained"]["64"] < most * gradient["untrained"]["1"]
            assert gradient["trained"]["64"] > 0.03 * gradient["trained"]["1"]
        gradient = run["test"]["1"]["self-attention"]["gradient"]["untrained"]
        assert gradient["64"] > 0.3 * gradient["1"]


def test_trained_at_a_far_distance_alone_recurrences_may_never_begin():
    runs = logs("recall_distance64")
    assert [run["seed"] for run in runs] == [0, 1, 2]
    assert max(right(runs, "1", "lstm", "64")) < 20
    assert sum(share > 98 for share in right(runs, "1", "gru", "64")) == 2
    for kind in ("dilated cnn", "self-attention"):
        assert min(right(runs, "1", kind, "64")) > 98
    for distance in ("1", "4", "16"):  # the others have learned the place, attention also the name
        assert max(right(runs, "1", "gru", distance) + right(runs, "1", "dilated cnn", distance)) < 40
        assert min(right(runs, "1", "self-attention", distance)) > 60


def test_the_slower_rate_is_better_for_none():
    (slow,), fast = logs("recall_rate0.003"), logs_of("recall", 1500)[0]
    for task, kinds in slow["test"].items():
        for kind, found in kinds.items():
            assert found["curve"][-1][1] <= fast["test"][task][kind]["curve"][-1][1] + 5, (task, kind)


def test_the_convolution_is_ahead_most_with_the_fewest_images():
    runs = logs("digits")
    ahead = {
        size: mean(run["test"][size]["cnn"]["right"] - run["test"][size]["self-attention"]["right"] for run in runs)
        for size in runs[0]["test"]
    }
    assert ahead["50"] > 15 and 0 < ahead["1300"] < 6, ahead
    for run in runs:
        for kinds in run["test"].values():
            assert all(found["train"][found["rate"]] > 95 for found in kinds.values())  # so this is not about steps
