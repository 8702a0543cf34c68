"""Softmax, entropy, scores, attention: by hand, on three libraries, against PyTorch, and by their invariants."""

import math

import array_api_strict
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
    causal_mask,
    concat_scores,
    dot_scores,
    entropy,
    general_scores,
    merge_heads,
    padding_mask,
    scaled_dot_product_attention,
    softmax,
    split_heads,
)

torch.set_num_threads(1)
everywhere = pytest.mark.parametrize("xp", [np, torch, array_api_strict], ids=lambda xp: xp.__name__)
quick = settings(max_examples=60, deadline=None, derandomize=True)


def cases(*shapes, xp=np, dtype="float64"):
    """Normally distributed arrays of the given shapes, always the same ones."""
    rng = np.random.default_rng(0)
    return [xp.asarray(rng.normal(size=shape), dtype=getattr(xp, dtype)) for shape in shapes]


def same(actual, expected, **tolerance):
    """Assert that two arrays of any library have one shape and, nearly, the same numbers."""
    actual, expected = (np.asarray(x.detach() if isinstance(x, torch.Tensor) else x) for x in (actual, expected))
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, **{"rtol": 1e-6, "atol": 1e-9} | tolerance)


# Worked by hand


@everywhere
def test_thinking_machines(xp):
    Q, K, V = xp.asarray([[14.0, 0.0]]), xp.asarray([[8.0, 1.0], [48 / 7, 5.0]]), xp.asarray([[1.0, 0.0], [0.0, 1.0]])
    same(dot_scores(Q, K), [[112, 96]])
    output, weights = scaled_dot_product_attention(Q, K, V, scale=1 / 8)
    same(weights, [[1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))]])
    same(output, weights)
    assert type(output) is type(weights) is type(Q)


@everywhere
def test_four_classes(xp):
    same(softmax(xp.asarray([-3.0, 2.0, -1.0, 0.0])), [0.0057, 0.8390, 0.0418, 0.1135], atol=5e-5)


@everywhere
def test_scale_is_one_over_the_root_of_d_k(xp):
    Q, K, V = xp.asarray([[2.0, 0, 0, 0]]), xp.asarray([[1.0, 9, 9, 9], [0.0, 9, 9, 9]]), xp.asarray([[1.0], [0.0]])
    same(scaled_dot_product_attention(Q, K, V)[0], [[math.e / (math.e + 1)]])


@everywhere
def test_scores_by_hand(xp):
    Q, K, v = xp.asarray([[1.0, 2.0]]), xp.asarray([[3.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), xp.asarray([2.0])
    W = xp.asarray([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])
    same(general_scores(Q, K, W), [[1 * 3 + 2 * 1, 2 * 1]])
    W_q, W_k = xp.asarray([[0.1], [0.2]]), xp.asarray([[0.1], [0.3], [-0.5]])
    same(additive_scores(Q, K, W_q, W_k, v), [[2 * math.tanh(0.5 - 0.2), 2 * math.tanh(0.5 + 0.3)]])
    same(concat_scores(Q, K, xp.concat([W_q, W_k]), v), additive_scores(Q, K, W_q, W_k, v))


def test_concat_scores_is_one_layer_on_every_joined_pair():
    Q, K, W, v = cases((2, 3, 4), (2, 5, 3), (7, 6), (6,))
    pairs = np.concatenate(
        [np.broadcast_to(Q[:, :, None, :], (2, 3, 5, 4)), np.broadcast_to(K[:, None, :, :], (2, 3, 5, 3))], axis=-1
    )
    same(concat_scores(Q, K, W, v), np.tanh(pairs @ W) @ v)


def test_scores_take_weights_of_their_own_for_each_head():
    Q, K, W, W_q, W_k, v = cases((2, 4, 3), (2, 5, 3), (2, 3, 3), (2, 3, 6), (2, 3, 6), (2, 6))
    for i in range(2):
        same(general_scores(Q, K, W)[i], general_scores(Q[i], K[i], W[i]))
        same(additive_scores(Q, K, W_q, W_k, v)[i], additive_scores(Q[i], K[i], W_q[i], W_k[i], v[i]))


@everywhere
def test_entropy_by_hand(xp):
    weights = xp.asarray([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25], [0.0, 0, 0, 0]])
    same(entropy(weights), [0, 1, 2, 0])
    assert not np.signbit(np.asarray(entropy(weights))).any()
    same(entropy(weights, axis=0), [0.5 + 0.5, 0.5 + 0.5, 0.5, 0.5])


# The edges of the definition


@everywhere
@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (0, [0.5, 0.5, 0.0, 0.0]),
        (1e-320, [0.5, 0.5, 0.0, 0.0]),
        (math.inf, [1 / 3, 1 / 3, 1 / 3, 0.0]),
        (2, [1 / (2 + math.e**-1), 1 / (2 + math.e**-1), math.e**-1 / (2 + math.e**-1), 0.0]),
    ],
)
def test_temperature_and_its_limits(xp, temperature, expected):
    scores, mask = xp.asarray([3.0, 3.0, 1.0, 9.0]), xp.asarray([True, True, True, False])
    same(softmax(scores, mask=mask, temperature=temperature), expected)
    same(attend(scores[None, :], xp.eye(4), mask, temperature=temperature)[0], [expected])


@pytest.mark.parametrize("xp", [np, torch], ids=lambda xp: xp.__name__)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_temperatures_that_the_dtype_cannot_hold(xp, dtype):
    scores = xp.asarray([1.0, 0.0], dtype=getattr(xp, dtype))
    same(softmax(scores, temperature=1e-310), [1, 0])
    same(softmax(scores, temperature=1e308), [0.5, 0.5])


@everywhere
def test_large_scores_do_not_overflow(xp):
    same(softmax(xp.asarray([1000.0, 1000.0, -1000.0])), [0.5, 0.5, 0])


@everywhere
def test_fully_masked_rows_are_zero(xp):
    Q, K, V = cases((3, 2), (4, 2), (4, 5), xp=xp)
    mask = xp.asarray([[True, False, True, True], [False] * 4, [True] * 4])
    output, weights = scaled_dot_product_attention(Q, K, V, mask)
    same(xp.sum(weights, axis=-1), [1, 0, 1])
    same(output[1, :], [0] * 5)
    same(softmax(xp.asarray([-math.inf, -math.inf])), [0, 0])
    same(softmax(xp.asarray([-math.inf, 5.0]), temperature=math.inf), [0, 1])


@everywhere
def test_nan_in_a_masked_score_does_no_harm(xp):
    same(softmax(xp.asarray([0.0, math.nan]), mask=xp.asarray([True, False])), [1, 0])


@everywhere
@pytest.mark.parametrize("temperature", [0, 1, math.inf])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_and_inf_are_not_hidden(xp, bad, temperature):
    with np.errstate(invalid="ignore"):
        weights = np.asarray(softmax(xp.asarray([[0.0, bad], [0.0, 0.0]]), temperature=temperature))
    assert np.isnan(weights[0]).all()
    same(weights[1], [0.5, 0.5])


@everywhere
@pytest.mark.parametrize(("n", "m"), [(0, 3), (2, 0), (0, 0)])
def test_no_queries_and_no_keys(xp, n, m):
    Q, K, V = xp.ones((2, n, 4)), xp.ones((2, m, 4)), xp.ones((2, m, 3))
    output, weights = scaled_dot_product_attention(Q, K, V, causal_mask(n, m, like=Q))
    same(weights, np.zeros((2, n, m)))
    same(output, np.zeros((2, n, 3)))
    same(entropy(weights), np.zeros((2, n)))


@everywhere
def test_softmax_along_another_axis(xp):
    (scores,) = cases((3, 4, 2), xp=xp)
    same(softmax(scores, axis=0), np.moveaxis(np.asarray(softmax(xp.moveaxis(scores, 0, -1))), -1, 0))
    same(xp.sum(softmax(scores, axis=-2), axis=1), np.ones((3, 2)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_floats_keep_their_dtype(dtype):
    for xp in [np, torch] if hasattr(np, dtype) else [torch]:
        arrays = cases((3, 4), (5, 4), (5, 2), xp=xp, dtype=dtype)
        reference = scaled_dot_product_attention(*cases((3, 4), (5, 4), (5, 2)))
        for actual, expected in zip(scaled_dot_product_attention(*arrays), reference, strict=True):
            assert actual.dtype == getattr(xp, dtype)
            same(actual.double() if xp is torch else actual, expected, atol=0.05 if "16" in dtype else 1e-6)


@everywhere
def test_integers_become_the_default_float(xp):
    weights = softmax(xp.asarray([2, 0]))
    assert weights.dtype == xp.asarray(1.0).dtype
    same(weights, [math.e**2 / (math.e**2 + 1), 1 / (math.e**2 + 1)])
    mixed = dot_scores(xp.asarray([[1, 2]]), xp.asarray([[0.5, 0.25]], dtype=xp.float64))
    assert mixed.dtype == xp.float64
    same(mixed, [[1]])


# PyTorch is the oracle

MASKS = {
    "none": None,
    "causal": causal_mask(4, 6, like=torch.empty(0)),
    "keys": torch.tensor([[True, True, False, True, True, False]]),
    "batch": padding_mask(torch.tensor([6, 2]), 6)[:, None],
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("scale", [None, 1.0, 0.3])
def test_against_torch_values_and_gradients(mask, scale):
    ours = [x.requires_grad_() for x in cases((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7), xp=torch)]
    theirs = [x.detach().clone().requires_grad_() for x in ours]
    output, _ = scaled_dot_product_attention(*ours, mask, scale=scale)
    expected = F.scaled_dot_product_attention(*theirs, attn_mask=mask, scale=scale)
    same(output, expected)
    (direction,) = cases(output.shape, xp=torch)
    (output * direction).sum().backward()
    (expected * direction).sum().backward()
    for x, y in zip(ours, theirs, strict=True):
        same(x.grad, y.grad)


def test_causal_against_torch():
    Q, K, V = cases((2, 5, 4), (2, 5, 4), (2, 5, 3), xp=torch)
    output, _ = scaled_dot_product_attention(Q, K, V, causal_mask(5, like=Q))
    same(output, F.scaled_dot_product_attention(Q, K, V, is_causal=True))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_against_torch(axis):
    (scores,) = cases((3, 4, 5), xp=torch)
    ours, theirs = scores.clone().requires_grad_(), scores.clone().requires_grad_()
    same(softmax(ours, axis=axis, temperature=0.7), F.softmax(theirs / 0.7, dim=axis))
    (softmax(ours, axis=axis, temperature=0.7) ** 2).sum().backward()
    (F.softmax(theirs / 0.7, dim=axis) ** 2).sum().backward()
    same(ours.grad, theirs.grad)


def test_four_heads_against_multihead_attention():
    theirs = torch.nn.MultiheadAttention(8, num_heads=4, batch_first=True).double()
    X, Y = cases((2, 5, 8), (2, 7, 8), xp=torch)
    hidden = ~padding_mask(torch.tensor([7, 3]), 7)
    expected, expected_weights = theirs(X, Y, Y, key_padding_mask=hidden[:, 0], average_attn_weights=False)
    W, b = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    Q, K, V = (split_heads(x @ W[i].T + b[i], h=4) for i, x in enumerate([X, Y, Y]))
    output, weights = scaled_dot_product_attention(Q, K, V, ~hidden[:, None])
    same(weights, expected_weights)
    same(theirs.out_proj(merge_heads(output)), expected)


@pytest.mark.parametrize("temperature", [0, 1.0, math.inf])
def test_gradients_through_a_fully_masked_row_are_zero(temperature):
    (scores,) = cases((3, 4), xp=torch)
    V = torch.eye(4, dtype=torch.float64)
    mask = torch.tensor([[True, True, False, True], [False] * 4, [True] * 4])
    scores.requires_grad_()
    output, weights = attend(scores, V, mask, temperature=temperature)
    (weights**2 + output + entropy(weights)[:, None]).sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert (scores.grad[~mask] == 0).all()
    assert (scores.grad[0].abs().sum() > 0) == (temperature == 1)


def test_gradcheck_of_all_scores():
    Q, K, W, W_q, W_k, v = (x.requires_grad_() for x in cases((2, 3), (4, 3), (3, 3), (3, 5), (3, 5), (5,), xp=torch))
    assert torch.autograd.gradcheck(general_scores, (Q, K, W))
    assert torch.autograd.gradcheck(additive_scores, (Q, K, W_q, W_k, v))
    assert torch.autograd.gradcheck(lambda *a: scaled_dot_product_attention(*a)[0], (Q, K, K))


def test_works_under_vmap_and_jacrev():
    Q, K, V = cases((3, 2, 4), (3, 5, 4), (3, 5, 4), xp=torch)
    mask = causal_mask(2, 5, offset=3, like=Q)
    batched = torch.func.vmap(lambda *qkv: scaled_dot_product_attention(*qkv, mask)[0])(Q, K, V)
    same(batched, scaled_dot_product_attention(Q, K, V, mask)[0])
    jacobian = torch.func.jacrev(softmax)(Q[0, 0])
    p = softmax(Q[0, 0])
    same(jacobian, torch.diag(p) - torch.outer(p, p))


# Invariants

finite = st.floats(-50, 50, width=32)
masked_scores = array_shapes(min_dims=2, max_dims=3, max_side=5).flatmap(
    lambda shape: st.tuples(arrays(float, shape, elements=finite), arrays(bool, shape))
)


def qkv(n=None):
    """Strategy: Q (n, 3), K (m, 3), V (m, 2)."""
    sizes = st.tuples(st.integers(1, 6), st.integers(1, 6)) if n is None else st.just((n, n))
    return sizes.flatmap(
        lambda nm: st.tuples(
            arrays(float, (nm[0], 3), elements=finite),
            arrays(float, (nm[1], 3), elements=finite),
            arrays(float, (nm[1], 2), elements=finite),
        )
    )


@quick
@given(masked_scores, st.floats(0.01, 100))
def test_rows_sum_to_one_or_zero(case, temperature):
    scores, mask = case
    weights = softmax(scores, mask=mask, temperature=temperature)
    assert (weights >= 0).all()
    assert (weights[~mask] == 0).all()
    same(weights.sum(axis=-1), mask.any(axis=-1).astype(float))
    bits = entropy(weights)
    assert (bits >= -1e-9).all()
    assert (bits <= np.log2(np.maximum(mask.sum(axis=-1), 1)) + 1e-9).all()


@quick
@given(masked_scores, st.integers(-1000, 1000))
def test_shifting_all_scores_changes_nothing(case, shift):
    scores, mask = case
    same(softmax(scores + shift, mask=mask), softmax(scores, mask=mask), atol=1e-9)


@quick
@given(masked_scores)
def test_a_mask_is_the_same_as_leaving_the_keys_out(case):
    scores, mask = case
    keep = mask.reshape(-1, mask.shape[-1])[0]
    weights = softmax(scores, mask=keep)
    same(weights[..., keep], softmax(scores[..., keep]))


@quick
@given(qkv(), st.randoms(use_true_random=False))
def test_permutation_equivariance(case, random):
    Q, K, V = case
    p, q = (np.array(random.sample(range(len(x)), len(x))) for x in (Q, K))
    output, weights = scaled_dot_product_attention(Q, K, V)
    moved, moved_weights = scaled_dot_product_attention(Q[p], K[q], V[q])
    same(moved, output[p], atol=1e-9)
    same(moved_weights, weights[p][:, q], atol=1e-9)


@quick
@given(qkv(n=5), qkv(n=5), st.integers(0, 4))
def test_the_past_does_not_depend_on_the_future(case, other, t):
    changed = [np.concatenate([x[: t + 1], y[t + 1 :]]) for x, y in zip(case, other, strict=True)]
    before, after = (scaled_dot_product_attention(*x, causal_mask(5))[0] for x in (case, changed))
    assert (before[: t + 1] == after[: t + 1]).all()


@quick
@given(qkv())
def test_outputs_lie_between_the_values(case):
    Q, K, V = case
    output, _ = scaled_dot_product_attention(Q, K, V)
    for direction in [[1, 0], [0, 1], [1, 1], [3, -2]]:
        reach = V @ direction
        assert (output @ direction <= reach.max() + 1e-9).all()
        assert (output @ direction >= reach.min() - 1e-9).all()


@everywhere
def test_the_libraries_agree(xp):
    shapes = (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)
    mask = causal_mask(4, 6, offset=1)
    expected = scaled_dot_product_attention(*cases(*shapes), mask)
    actual = scaled_dot_product_attention(*cases(*shapes, xp=xp), xp.asarray(mask))
    same(actual[0], expected[0])
    same(actual[1], expected[1])


# What is refused

Q, K, V = np.ones((2, 4)), np.ones((3, 4)), np.ones((3, 5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: dot_scores(Q, K[:, :3]),
            r"K has d_k = 3, Q has d_k = 4: Q \(..., n, d_k\) = \(2, 4\), K \(..., m, d_k\) = \(3, 3\)",
        ),
        (
            lambda: scaled_dot_product_attention(Q, K, V[:2]),
            r"V has m = 2, K has m = 3: .*V \(..., m, d_v\) = \(2, 5\)",
        ),
        (
            lambda: scaled_dot_product_attention(Q[:, :0], K[:, :0], V),
            r"Q has d_k = 0, expected at least 1: .*\(2, 0\)",
        ),
        (lambda: scaled_dot_product_attention(Q, K, V[:, :0]), "V has d_v = 0"),
        (lambda: dot_scores(Q[0], K), r"Q has 1 axes, expected 2 or more: Q \(..., n, d_k\) = \(4,\)"),
        (lambda: dot_scores(np.ones((2, 1, 4)), np.ones((3, 1, 4))), "the leading axes do not broadcast"),
        (lambda: general_scores(Q, K, np.ones((4, 3))), "W has d_k = 3, K has d_k = 4"),
        (lambda: additive_scores(Q, K, np.ones((4, 6)), np.ones((4, 6)), np.ones(5)), "v has d_a = 5, W_q has d_a = 6"),
        (lambda: concat_scores(Q, K, np.ones((7, 6)), np.ones(6)), r"W has d_q\+d_k = 7, the others have d_q\+d_k = 8"),
        (lambda: attend(Q, V), "V has m = 3, scores has m = 4"),
        (lambda: softmax(Q, mask=np.ones((2, 4))), r"expected mask to be boolean \(True = may attend\), got float64"),
        (lambda: softmax(Q, mask=np.full((2, 4), np.nan)), "expected mask to be boolean"),
        (lambda: softmax(Q, mask=np.ones((2, 4), dtype=int)), "expected mask to be boolean"),
        (lambda: softmax(Q, mask=True), "expected mask to be an array .*, got bool"),
        (
            lambda: softmax(Q, mask=np.ones((3, 4), dtype=bool)),
            r"mask \(3, 4\) does not broadcast to the scores \(2, 4\)",
        ),
        (lambda: softmax(Q, mask=np.ones((7, 2, 4), dtype=bool)), r"mask \(7, 2, 4\) does not broadcast"),
        (lambda: softmax(Q > 0), "expected scores to hold floats or integers, got bool"),
        (lambda: softmax(Q + 1j), "expected scores to hold floats or integers, got complex128"),
        (lambda: softmax(np.array([None])), "expected scores to hold floats or integers, got object"),
        (lambda: softmax(Q, axis=2), r"expected axis to be less than 2, got 2: \(2, 4\)"),
        (lambda: softmax(Q, axis=-3), "expected axis to be an integer of at least -2, got -3"),
        (lambda: softmax(np.array(1.0)), "expected axis to be"),
        (lambda: softmax(Q, temperature=-1), "expected temperature to be a number of at least 0, got -1"),
        (lambda: softmax(Q, temperature=math.nan), "expected temperature to be a number of at least 0, got nan"),
        (lambda: softmax(Q, temperature=None), "expected temperature to be a number"),
        (
            lambda: scaled_dot_product_attention(Q, K, V, scale=math.nan),
            "expected scale to be a finite number, got nan",
        ),
        (
            lambda: scaled_dot_product_attention(Q, K, V, scale=math.inf),
            "expected scale to be a finite number, got inf",
        ),
        (lambda: scaled_dot_product_attention(Q, K, V, scale="1"), "expected scale to be a finite number, got '1'"),
        (lambda: dot_scores(Q, torch.ones(3, 4)), "one library, got Q from numpy, K from torch"),
        (lambda: softmax(torch.ones(2, 4), mask=Q > 0), "one library, got scores from torch, mask from numpy"),
        (lambda: entropy(np.array([0.5, -0.5])), "expected weights not to be negative, got -0.5"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
