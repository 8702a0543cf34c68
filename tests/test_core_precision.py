"""Every float dtype: right wherever PyTorch is in float32, and in the dtype that came."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from self_attention import (
    additive_scores,
    attend,
    concat_scores,
    dot_scores,
    entropy,
    general_scores,
    look_up,
    scaled_dot_product_attention,
    softmax,
)

HALVES = [(np, "float16"), (torch, "float16"), (torch, "bfloat16")]
FLOATS = [*HALVES, (np, "float32"), (np, "float64"), (torch, "float32"), (torch, "float64")]
quick = settings(max_examples=40, deadline=None, derandomize=True)


def name(case):
    return f"{case[0].__name__}.{case[1]}"


everything = pytest.mark.parametrize("case", FLOATS, ids=name)
halves = pytest.mark.parametrize("case", HALVES, ids=name)


def made(case, *arrays):
    """The arrays in a library and a dtype; then the same numbers for PyTorch, in float32 or more."""
    xp, dtype = case
    ours = [
        xp.asarray(np.asarray(x)).to(getattr(torch, dtype)) if xp is torch else np.asarray(x, dtype) for x in arrays
    ]
    return ours, [wide(x) for x in ours]


def wide(x):
    x = torch.as_tensor(x)
    return x if x.dtype == torch.float64 else x.float()


def resolution(case):
    return torch.finfo(getattr(torch, case[1])).resolution


def close(case, actual, expected, slack=0.0):
    """Where the expected number is finite, ours is, and as near to it as the dtype can say; of the dtype that came."""
    assert str(actual.dtype).removeprefix("torch.") == case[1]
    finite = torch.isfinite(expected)
    actual = wide(actual)
    assert torch.isfinite(actual[finite]).all()
    bound = resolution(case) * (expected.abs() + resolution(case)) + slack
    assert ((actual - expected).abs() <= bound)[finite].all()


# Softmax

elements = st.floats(-60000, 60000, width=16)
scores_mask_axis = array_shapes(min_dims=1, max_dims=4, max_side=5).flatmap(
    lambda shape: st.tuples(
        arrays(float, shape, elements=elements), arrays(bool, shape), st.integers(-len(shape), len(shape) - 1)
    )
)


@everything
@quick
@given(scores_mask_axis, st.booleans())
def test_softmax_is_that_of_float32(case, drawn, masked):
    scores, mask, axis = drawn
    (ours,), (theirs,) = made(case, scores)
    hidden = theirs.masked_fill(~torch.from_numpy(mask), -torch.inf) if masked else theirs
    given_mask = case[0].asarray(mask) if masked else None
    close(case, softmax(ours, mask=given_mask, axis=axis), F.softmax(hidden, dim=axis))


@everything
@pytest.mark.parametrize("m", [4096, 70_000])
@pytest.mark.parametrize("axis", [0, 1])
def test_many_equal_scores(case, m, axis):
    (ours,), (theirs,) = made(case, np.moveaxis(np.full((m, 2), 3.0), 0, axis))
    close(case, softmax(ours, axis=axis), F.softmax(theirs, dim=axis))


@halves
def test_entropy_of_many_weights(case):
    (ours,), (theirs,) = made(case, np.full(4096, 1 / 4096))
    close(case, entropy(ours), (-theirs * theirs.log2()).sum())


# Attention

features = st.floats(-200, 200, width=16)
qkv_mask = st.tuples(*[st.integers(1, 4)] * 3).flatmap(
    lambda sizes: st.tuples(
        arrays(float, (2, sizes[0], sizes[2]), elements=features),
        arrays(float, (2, sizes[1], sizes[2]), elements=features),
        arrays(float, (2, sizes[1], 3), elements=features),
        arrays(bool, (sizes[0], sizes[1])),
    )
)


@everything
@quick
@given(qkv_mask, st.booleans(), st.sampled_from([None, 0.01, 1.0, 7.0, -0.5]))
def test_attention_is_that_of_float32(case, drawn, masked, scale):
    *QKV, mask = drawn
    ours, theirs = made(case, *QKV)
    mask = torch.from_numpy(mask) if masked else None
    output, weights = scaled_dot_product_attention(*ours, None if mask is None else case[0].asarray(mask), scale=scale)
    expected = F.scaled_dot_product_attention(*theirs, attn_mask=mask, scale=scale)
    factor = theirs[0].shape[-1] ** -0.5 if scale is None else abs(scale)
    size = float((theirs[0].abs() @ theirs[1].abs().mT).max()) * factor
    slack = 8 * torch.finfo(theirs[0].dtype).eps * size  # what rounding does to a score, PyTorch's as well
    reach = float(theirs[2].abs().max())
    close(case, output, expected, slack=(resolution(case) + slack) * reach)
    sums = torch.ones(len(ours[0][0])) if mask is None else mask.any(dim=-1).float()
    assert ((wide(weights).sum(dim=-1) - sums).abs() < 4 * resolution(case)).all()


@halves
def test_scores_beyond_half_precision(case):
    """q . k = 102,400 is more than float16 holds; a score is an eighth of it."""
    (Q, K, V), theirs = made(case, np.full((1, 64), 40.0), np.array([[40.0], [0.0]]) * np.ones(64), np.eye(2))
    output, weights = scaled_dot_product_attention(Q, K, V)
    close(case, output, F.scaled_dot_product_attention(*theirs))
    close(case, weights, torch.tensor([[1.0, 0.0]]))


@halves
def test_many_values_are_averaged(case):
    """70,000 keys alike: the sum of their exponentials is more than float16 holds."""
    (scores, V), _ = made(case, np.zeros((1, 70_000)), np.ones((70_000, 1)))
    close(case, attend(scores, V)[0], torch.ones(1, 1))


@pytest.mark.parametrize("xp", [np, torch], ids=lambda xp: xp.__name__)
@pytest.mark.parametrize(
    ("q", "k", "scale"),
    [(2e19, 2e19, 1.25e-38), (1e-19, 1e38, 1e-19), (1e30, 1e-30, 2.0), (1e-20, 1e-20, 1e38), (3.0, 1.0, -2)],
)
def test_scales_from_tiny_to_huge(xp, q, k, scale):
    """In float32, neither q scale nor q k overflows on the way to a score of ordinary size."""
    Q, K, V = (xp.asarray(x, dtype=xp.float32) for x in ([[q]], [[k], [0.0]], [[1.0], [0.0]]))
    ((first, second),) = scaled_dot_product_attention(Q, K, V, scale=scale)[1]
    expected = 1 / (1 + np.exp(-np.float64(q) * k * scale))
    assert float(first) == pytest.approx(expected, rel=1e-5)
    assert float(first + second) == pytest.approx(1)


# Scores

SCORES = {
    dot_scores: [(3, 8), (4, 8)],
    general_scores: [(3, 8), (4, 6), (8, 6)],
    additive_scores: [(3, 8), (4, 6), (8, 5), (6, 5), (5,)],
    concat_scores: [(3, 8), (4, 6), (14, 5), (5,)],
}


@everything
@pytest.mark.parametrize("function", SCORES, ids=lambda function: function.__name__)
def test_scores_keep_the_dtype(case, function):
    rng = np.random.default_rng(0)
    ours, theirs = made(case, *(rng.normal(size=shape) for shape in SCORES[function]))
    expected = function(*(x.double() for x in theirs)).to(theirs[0].dtype)
    close(case, function(*ours), expected, slack=8 * torch.finfo(theirs[0].dtype).eps)


@everything
def test_look_up_keeps_the_dtype_and_the_numbers(case):
    (E,), _ = made(case, np.linspace(-3, 3, 12).reshape(4, 3))
    rows = look_up([3, 0], E)
    assert rows.dtype == E.dtype
    assert (rows == E[[3, 0]]).all()


def test_eight_bits_are_floats_too():
    scores = torch.tensor([2.0, 0.0]).to(torch.float8_e4m3fn)
    weights = softmax(scores)
    assert weights.dtype == scores.dtype
    torch.testing.assert_close(weights.float(), torch.tensor([0.8808, 0.1192]), atol=0.05, rtol=0)


def test_gradients_of_half_precision():
    Q, K, V = (torch.full((3, 64), x, dtype=torch.float16, requires_grad=True) for x in (40.0, 40.0, 1.0))
    scaled_dot_product_attention(Q, K, V)[0].sum().backward()
    assert all(x.grad.dtype == torch.float16 and torch.isfinite(x.grad).all() for x in (Q, K, V))
