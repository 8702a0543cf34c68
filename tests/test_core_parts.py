"""Masks, heads, positions, embeddings: by hand, on three libraries, by their invariants; and what they refuse."""

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from self_attention import (
    adjacency_mask,
    causal_mask,
    look_up,
    merge_heads,
    one_hot,
    padding_mask,
    sinusoidal_positions,
    softmax,
    split_heads,
    window_mask,
)
from self_attention.nn import LearnedPositions

everywhere = pytest.mark.parametrize("xp", [np, torch, array_api_strict], ids=lambda xp: xp.__name__)
quick = settings(max_examples=60, deadline=None, derandomize=True)


def same(actual, expected):
    """Assert that two arrays have one shape and the same numbers."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-9)


# Masks


def drawn(mask):
    """A mask as text: x = may attend."""
    assert np.asarray(mask).dtype == bool
    return " ".join("".join("x" if cell else "." for cell in row) for row in np.asarray(mask))


@everywhere
def test_masks_by_hand(xp):
    like = xp.ones(1)
    assert drawn(causal_mask(3, like=like)) == "x.. xx. xxx"
    assert drawn(causal_mask(2, m=4, like=like)) == "x... xx.."
    assert drawn(causal_mask(2, offset=2, like=like)) == "xxx. xxxx"
    assert drawn(causal_mask(1, m=3, offset=1, like=like)) == "xx."
    assert drawn(window_mask(4, 3, like=like)) == "xx.. xxx. .xxx ..xx"
    assert drawn(window_mask(4, 1, like=like)) == "x... .x.. ..x. ...x"
    assert drawn(window_mask(3, 5, like=like)) == "xxx xxx xxx"
    assert drawn(window_mask(2, 3, m=5, offset=2, like=like)) == ".xxx. ..xxx"
    assert drawn(causal_mask(4, like=like) & window_mask(4, 3, like=like)) == "x... xx.. .xx. ..xx"
    A = xp.asarray([[0.0, 2.0, 0.0], [2.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    assert drawn(adjacency_mask(A)) == "xx. xxx ..x"
    assert drawn(adjacency_mask(A, self_loops=False)) == ".x. x.x ..."
    assert drawn(adjacency_mask(A != 0, self_loops=False)) == ".x. x.x ..."
    for mask in [
        causal_mask(3, like=like),
        window_mask(3, 3, like=like),
        adjacency_mask(A),
        padding_mask(2, 3, like=like),
    ]:
        assert type(mask) is type(like)


@everywhere
def test_padding_mask(xp):
    mask = padding_mask(xp.asarray([3, 0, 2]), 3)
    assert mask.shape == (3, 1, 3)
    assert drawn(mask[:, 0, :]) == "xxx ... xx."
    weights = softmax(xp.ones((3, 2, 3)), mask=mask & causal_mask(2, 3, like=mask))
    same(weights, [[[1, 0, 0], [0.5, 0.5, 0]], [[0, 0, 0], [0, 0, 0]], [[1, 0, 0], [0.5, 0.5, 0]]])
    assert padding_mask(xp.asarray([[1, 2], [3, 0]]), 3).shape == (2, 2, 1, 3)
    same(padding_mask([3, 0, 2], 3, like=mask), mask)
    assert drawn(padding_mask(2, 3)) == "xx."


@everywhere
def test_empty_masks(xp):
    like = xp.ones(1)
    assert causal_mask(0, like=like).shape == (0, 0)
    assert window_mask(0, 3, m=4, like=like).shape == (0, 4)
    assert padding_mask(xp.asarray([0, 0]), 0).shape == (2, 1, 0)
    assert adjacency_mask(xp.ones((0, 0))).shape == (0, 0)


@quick
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3), st.integers(0, 3))
def test_masks_say_what_their_formulas_say(n, m, offset, side):
    causal, window = causal_mask(n, m, offset=offset), window_mask(n, 2 * side + 1, m=m, offset=offset)
    assert causal.shape == window.shape == (n, m)
    for i in range(n):
        for j in range(m):
            assert causal[i, j] == (j <= offset + i)
            assert window[i, j] == (abs(offset + i - j) <= side)


# Heads


@everywhere
def test_heads_by_hand(xp):
    X = xp.asarray([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])
    heads = split_heads(X, 2)
    same(heads, [[[1, 2], [5, 6], [9, 10]], [[3, 4], [7, 8], [11, 12]]])
    same(merge_heads(heads), X)


@quick
@given(array_shapes(min_dims=2, max_dims=4, max_side=4), st.integers(1, 4))
def test_merge_undoes_split(shape, h):
    X = np.random.default_rng(0).normal(size=(*shape[:-1], shape[-1] * h))
    heads = split_heads(X, h)
    assert heads.shape == (*shape[:-2], h, shape[-2], shape[-1])
    assert (merge_heads(heads) == X).all()
    assert (split_heads(merge_heads(heads), h) == heads).all()


def test_heads_of_no_tokens():
    assert split_heads(np.ones((2, 0, 6)), 3).shape == (2, 3, 0, 2)
    assert merge_heads(np.ones((2, 3, 0, 2))).shape == (2, 0, 6)


# Positions


@everywhere
def test_positions_by_hand(xp):
    like = xp.ones(1, dtype=xp.float32)
    expected = [[0, 1, 0, 1], [np.sin(1), np.cos(1), np.sin(0.01), np.cos(0.01)]]
    interleaved = sinusoidal_positions(2, 4, like=like)
    same(interleaved, np.float32(expected))
    same(sinusoidal_positions(2, 4, layout="concatenated", like=like), np.float32(expected)[:, [0, 2, 1, 3]])
    same(sinusoidal_positions(2, 4, base=100, like=like)[1, 2:], np.float32([np.sin(0.1), np.cos(0.1)]))
    assert type(interleaved) is type(like)
    assert interleaved.dtype == xp.float32
    assert sinusoidal_positions(0, 4, like=like).shape == (0, 4)


@quick
@given(st.integers(1, 40), st.integers(1, 16), st.floats(2, 1e5))
def test_positions_invariants(n, pairs, base):
    d = 2 * pairs
    P = sinusoidal_positions(n, d, base=base)
    same((P**2).sum(axis=-1), np.full(n, pairs))  # the squared norm is d / 2 everywhere
    products = P @ P.T  # depends on the distance alone
    same(products[1:, 1:], products[:-1, :-1])
    features = np.r_[0:d:2, 1:d:2]
    assert (sinusoidal_positions(n, d, base=base, layout="concatenated") == P[:, features]).all()


def test_shifting_the_position_is_a_rotation():
    P = sinusoidal_positions(9, 6)
    for i, frequency in enumerate(10000.0 ** (-np.arange(3) / 3)):
        c, s = np.cos(4 * frequency), np.sin(4 * frequency)
        same(P[:5, 2 * i : 2 * i + 2] @ np.array([[c, -s], [s, c]]), P[4:, 2 * i : 2 * i + 2])


def test_learned_positions():
    torch.manual_seed(0)
    positions = LearnedPositions(max_len=5, d_model=4)
    assert [tuple(p.shape) for p in positions.parameters()] == [(5, 4)]
    assert positions(0).shape == (0, 4)
    assert (positions(5)[:3] == positions(3)).all()
    (torch.ones(2, 3, 4) + positions(3)).sum().backward()
    same(positions.weight.grad, [[2] * 4] * 3 + [[0] * 4] * 2)
    loaded = LearnedPositions(5, 4)
    loaded.load_state_dict(positions.state_dict())
    assert (loaded(5) == positions(5)).all()


# Embeddings


@everywhere
def test_one_hot(xp):
    ids = xp.asarray([[2, 0], [1, 1]])
    hot = one_hot(ids, 3)
    same(hot, [[[0, 0, 1], [1, 0, 0]], [[0, 1, 0], [0, 1, 0]]])
    assert hot.dtype == xp.asarray(1.0).dtype
    assert one_hot(ids, 3, like=xp.ones(1, dtype=xp.float32)).dtype == xp.float32
    same(one_hot(1, 3, like=ids), [0, 1, 0])
    assert one_hot(ids[:0, :], 3).shape == (0, 2, 3)


@everywhere
def test_look_up_is_one_hot_times_the_table(xp):
    E = xp.asarray(np.random.default_rng(0).normal(size=(5, 3)), dtype=xp.float32)
    ids = xp.asarray([[4, 0, 4], [1, 1, 2]], dtype=xp.uint8)
    same(look_up(ids, E), one_hot(ids, 5, like=E) @ E)
    same(look_up([4, 0], E), look_up(ids, E)[0, :2, :])
    assert look_up(ids, E).dtype == xp.float32
    assert look_up(3, E).shape == (3,)
    assert look_up(ids[:, :0], E).shape == (2, 0, 3)


def test_look_up_against_torch():
    ids, E = torch.tensor([[4, 0, 4], [1, 1, 2]]), torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    ours, theirs = E.clone().requires_grad_(), E.clone().requires_grad_()
    expected = torch.nn.functional.embedding(ids, theirs)
    assert (look_up(ids, ours) == expected).all()
    (look_up(ids, ours) ** 2).sum().backward()
    (expected**2).sum().backward()
    same(ours.grad, theirs.grad)


@given(arrays(int, array_shapes(max_dims=2, max_side=4), elements=st.integers(0, 6)))
@quick
def test_one_hot_and_back(ids):
    hot = one_hot(ids, 7)
    assert (hot.sum(axis=-1) == 1).all()
    assert (hot.argmax(axis=-1) == ids).all()


# What is refused

X, E = np.ones((2, 6)), np.ones((5, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: causal_mask(-1), "expected n to be an integer of at least 0, got -1"),
        (lambda: causal_mask(2.0), "expected n to be an integer of at least 0, got 2.0"),
        (lambda: causal_mask(True), "expected n to be an integer of at least 0, got True"),
        (lambda: causal_mask(2, m=-1), "expected m to be an integer of at least 0, got -1"),
        (lambda: causal_mask(2, offset=-1), "expected offset to be an integer of at least 0, got -1"),
        (lambda: causal_mask(2, like=[1.0]), "expected like to be an array .*, got list"),
        (lambda: window_mask(4, 2), "expected width to be odd .*, got 2"),
        (lambda: window_mask(4, -3), "expected width to be an integer of at least 1, got -3"),
        (lambda: window_mask(4, 0), "expected width to be an integer of at least 1, got 0"),
        (lambda: padding_mask([4], 3), "expected lengths to lie from 0 to 3, got 4"),
        (lambda: padding_mask([-1, 2], 3), "expected lengths to lie from 0 to 3, got -1"),
        (lambda: padding_mask([1.5], 3), "expected lengths to hold integers, got float64"),
        (lambda: padding_mask(torch.tensor([1]), 3, like=X), "one library, got lengths from torch, like from numpy"),
        (lambda: padding_mask([1], -1), "expected m to be an integer of at least 0, got -1"),
        (lambda: adjacency_mask(np.ones((2, 3))), r"A has n = 3, A has n = 2: A \(..., n, n\) = \(2, 3\)"),
        (lambda: adjacency_mask(np.array([[np.nan]])), "expected A not to hold NaN"),
        (lambda: adjacency_mask(X + 1j), "expected A to hold booleans or real numbers, got complex128"),
        (
            lambda: split_heads(X, 4),
            r"expected h to divide d_model, got h = 4 and d_model = 6: X \(..., n, d_model\) = \(2, 6\)",
        ),
        (lambda: split_heads(X, 0), "expected h to be an integer of at least 1, got 0"),
        (lambda: split_heads(X[:, :0], 1), "X has d_model = 0"),
        (lambda: split_heads(X[0], 2), "X has 1 axes, expected 2 or more"),
        (lambda: merge_heads(X), "X has 2 axes, expected 3 or more"),
        (lambda: sinusoidal_positions(3, 5), "expected d_model to be even .*, got 5"),
        (lambda: sinusoidal_positions(3, 0), "expected d_model to be an integer of at least 2, got 0"),
        (lambda: sinusoidal_positions(-1, 4), "expected n to be an integer of at least 0, got -1"),
        (lambda: sinusoidal_positions(3, 4, base=0), "expected base to be a finite number of at least 1, got 0"),
        (lambda: sinusoidal_positions(3, 4, base=np.nan), "expected base to be a finite number of at least 1, got nan"),
        (lambda: sinusoidal_positions(3, 4, layout="zigzag"), "expected layout to be .*, got 'zigzag'"),
        (lambda: LearnedPositions(5, 0), "expected d_model to be an integer of at least 1, got 0"),
        (lambda: LearnedPositions(0, 5), "expected max_len to be an integer of at least 1, got 0"),
        (lambda: LearnedPositions(5, 4)(6), "expected n to be at most max_len = 5, got 6"),
        (lambda: LearnedPositions(5, 4)(-1), "expected n to be an integer of at least 0, got -1"),
        (lambda: one_hot([0, 3], 3), "expected ids to lie from 0 to 2, got 3"),
        (lambda: one_hot([-1], 3), "expected ids to lie from 0 to 2, got -1"),
        (lambda: one_hot([True], 3), "expected ids to hold integers, got bool"),
        (lambda: one_hot([0], 0), "expected size to be an integer of at least 1, got 0"),
        (lambda: look_up([5], E), "expected ids to lie from 0 to 4, got 5"),
        (lambda: look_up([0.0], E), "expected ids to hold integers, got float64"),
        (lambda: look_up([0], E[0]), r"E has 1 axes, expected 2: E \(size, d\) = \(3,\)"),
        (lambda: look_up(torch.tensor([0]), E), "one library, got ids from torch, like from numpy"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
