"""Stacks of layers without residual sums or norms are what they are called, and their logs bear out chapter 11."""

import json
import sys
from pathlib import Path

import pytest
import torch

from self_attention.book.comparison import recall_examples
from self_attention.book.runs import logs
from self_attention.nn import EncoderLayer

pytestmark = pytest.mark.usefixtures("one_thread")
ROOT = Path(__file__).parents[1]
KINDS = ["pre-norm", "post-norm", "no norm", "no residual", "neither"]


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "training")
    import train_depths

    yield train_depths
    del sys.modules["train_depths"]


def step(kind, X, part, norm):
    """One part of a layer, as chapter 11 writes it."""
    match kind:
        case "pre-norm":
            return X + part(norm(X))
        case "post-norm":
            return norm(X + part(X))
        case "no norm":
            return X + part(X)
        case "no residual":
            return norm(part(X))
        case "neither":
            return part(X)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stack_is_what_its_kind_says(script, kind):
    torch.manual_seed(0)
    stack, X = script.Stack(kind, depth=3, d_model=8, h=2, d_ff=16), torch.randn(2, 5, 8)
    expected = X
    for layer in stack.layers:
        norms = EncoderLayer(8, 2, 16).norms  # new ones: factors 1, shifts 0
        expected = step(kind, expected, lambda X, layer=layer: layer.attention(X, X)[0], norms[0])
        expected = step(kind, expected, layer.feed_forward, norms[1])
    expected = torch.nn.functional.layer_norm(expected, (8,)) if kind == "pre-norm" else expected
    torch.testing.assert_close(stack(X)[0], expected)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_with_both_it_is_the_librarys_layer(script, norm):
    ours, theirs = script.Variant(f"{norm}-norm", 8, 2, 16), EncoderLayer(8, 2, 16, norm)
    theirs.load_state_dict(ours.state_dict())
    X, mask = torch.randn(2, 5, 8), torch.ones(5, 5, dtype=torch.bool).tril()
    torch.testing.assert_close(ours(X, mask), theirs(X, mask))


def test_the_script_is_deterministic_and_follows_the_seed(script, monkeypatch, tmp_path):
    monkeypatch.setattr(script, "DEPTHS", (1, 2))
    monkeypatch.setattr(script, "recall_examples", lambda count, *how, **more: recall_examples(40, *how, **more))
    texts = []
    for run, seed in enumerate("001"):
        folder = tmp_path / str(run)
        folder.mkdir()
        script.main("--seed", seed, "--steps", "2", "--out", str(folder))
        [path] = folder.iterdir()
        assert path.name == f"depths_seed{seed}_steps2.json"
        texts.append(path.read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    found, other = json.loads(texts[0]), json.loads(texts[2])
    assert found["command"] == "python training/train_depths.py --seed 0 --steps 2"
    assert {depth: list(kinds) for depth, kinds in found["test"].items()} == {"1": KINDS, "2": KINDS}
    for depth, kinds in found["test"].items():
        assert kinds != other["test"][depth]
        for its in kinds.values():
            assert set(its["valid"]) == set(its["test"]) == {"0.001", "0.003", "0.01"}
            assert its["valid"][its["rate"]] == max(its["valid"].values()) and its["right"] == its["test"][its["rate"]]


def test_a_stack_can_begin_with_orthogonal_matrices(script):
    W = script.reader("neither", 1, seed=0, orthogonal=True).layer.layers[0].attention.output.weight
    torch.testing.assert_close(W @ W.T, torch.eye(32))


# What the logs say


def right(runs, depth, kind):
    """The share of right answers of each run, in %."""
    return [run["test"][str(depth)][kind]["right"] for run in runs]


def test_the_logs_are_of_this_script(script):
    runs = logs("depths")
    assert [run["seed"] for run in runs] == [0, 1, 2] and {run["steps"] for run in runs} == {script.STEPS}
    for run in runs:
        assert {int(depth): list(kinds) for depth, kinds in run["test"].items()} == dict.fromkeys(script.DEPTHS, KINDS)
        for its in (its for kinds in run["test"].values() for its in kinds.values()):
            assert list(its["valid"]) == [f"{rate:g}" for rate in script.RATES]


def test_without_the_sum_no_stack_learns():
    runs = logs("depths")
    for kind in KINDS:
        assert min(right(runs, 1, kind)) > 99
    for kind in ("no residual", "neither"):
        assert max(right(runs, 2, kind)) < 95
        for depth in (4, 8, 16):
            assert max(right(runs, depth, kind)) < 25


def test_orthogonal_matrices_do_not_replace_the_sum():
    runs = logs("depths4_orthogonal")
    assert [run["seed"] for run in runs] == [0, 1, 2]
    assert max(right(runs, 4, "no residual") + right(runs, 4, "neither")) < 30


def test_with_the_sum_all_stacks_learn_but_for_deep_ones_with_the_norm_behind_it():
    runs = logs("depths")
    for depth in (2, 4, 8, 16):
        for kind in ("pre-norm", "no norm"):
            assert min(right(runs, depth, kind)) > 97
    assert min(right(runs, 4, "post-norm")) > 97 and max(right(runs, 16, "post-norm")) < 60


def test_at_32_layers_the_norm_pays():
    [run] = logs("depths32")
    norm, none = (run["test"]["32"][kind] for kind in ("pre-norm", "no norm"))
    assert norm["right"] > none["right"] + 20
