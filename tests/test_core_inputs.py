"""What people hand in: numbers of NumPy and torch, lists, frames, shared heads; what is refused, and in which words."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import self_attention
from self_attention import (
    additive_scores,
    adjacency_mask,
    attend,
    causal_mask,
    concat_scores,
    dot_scores,
    entropy,
    general_scores,
    look_up,
    merge_heads,
    one_hot,
    padding_mask,
    scaled_dot_product_attention,
    sinusoidal_positions,
    softmax,
    split_heads,
    window_mask,
)


class Frame:
    """As pandas' frames and series do, it makes an array on request."""

    def __init__(self, rows):
        self.rows = rows

    def __array__(self, dtype=None, copy=None):
        return np.array(self.rows, dtype)


def same(actual, expected):
    for ours, theirs in zip(*(x if isinstance(x, tuple) else (x,) for x in (actual, expected)), strict=True):
        assert type(ours) is type(theirs)
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs)


# Numbers

X = np.arange(12.0).reshape(3, 4) / 7
NUMBERS = {
    "scale": (lambda x: scaled_dot_product_attention(X, X, X, scale=x), 0.5),
    "attend's temperature": (lambda x: attend(X @ X.T, X, temperature=x), 2.0),
    "temperature": (lambda x: softmax(X, temperature=x), 0.5),
    "base": (lambda x: sinusoidal_positions(3, 4, base=x), 100.0),
    "axis of the softmax": (lambda x: softmax(X, axis=x), 0),
    "axis of the entropy": (lambda x: entropy(X, axis=x), 0),
    "n": (lambda x: causal_mask(x), 3),
    "m": (lambda x: causal_mask(2, x), 3),
    "offset": (lambda x: causal_mask(2, offset=x), 3),
    "width": (lambda x: window_mask(4, x), 3),
    "window's m": (lambda x: window_mask(4, 3, m=x), 3),
    "padded length": (lambda x: padding_mask([1, 2], x), 3),
    "one length": (lambda x: padding_mask(x, 3), 2),
    "h": (lambda x: split_heads(X, x), 2),
    "positions": (lambda x: sinusoidal_positions(x, 4), 3),
    "d_model": (lambda x: sinusoidal_positions(3, x), 4),
    "vocabulary": (lambda x: one_hot([0, 1], x), 3),
    "one id of one_hot": (lambda x: one_hot(x, 3), 1),
    "one id of look_up": (lambda x: look_up(x, X), 1),
}
number = pytest.mark.parametrize("name", NUMBERS)


@number
@pytest.mark.parametrize("kind", ["NumPy's", "NumPy's array", "torch's"])
def test_a_number_is_a_number(name, kind):
    function, value = NUMBERS[name]
    short = np.float32 if isinstance(value, float) else np.int64
    if kind == "torch's":
        if name.startswith("one "):
            pytest.skip("ids are an array, and decide the library")
        same(function(torch.tensor(value)), function(value))
    else:
        same(function(short(value) if kind == "NumPy's" else np.array(value)), function(value))


NO_NUMBERS = [
    "1",
    True,
    [1],
    np.array([1.0]),
    torch.tensor([1.0]),
    1j,
    np.nan,
    np.str_("1"),
    np.True_,
    {},
    np.ma.masked,
]


@number
@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_no_number_is_refused(name, value):
    if name.startswith("one ") and value == [1]:
        return
    with pytest.raises(ValueError, match="expected"):
        NUMBERS[name][0](value)


@number
def test_a_number_that_cannot_be_seen_is_refused(name):
    if name.startswith("one "):
        return
    function, value = NUMBERS[name]
    with pytest.raises(ValueError, match="to be a number whose value can be seen"):
        function(torch.tensor(value, device="meta"))


@pytest.mark.parametrize("name", ["scale", "temperature", "base"])
def test_a_number_has_no_gradient_to_lose(name):
    function, value = NUMBERS[name]
    with pytest.raises(ValueError, match=r"to be a number, which has no gradient to lose: pass \w+.item\(\)"):
        function(torch.tensor(value, requires_grad=True))


def test_the_longest_length_is_the_padded_one():
    for lengths in [np.array([1, 3]), torch.tensor([1, 3])]:
        assert padding_mask(lengths, m=lengths.max()).tolist() == [[[True, False, False]], [[True] * 3]]


@pytest.mark.parametrize("yes", [np.True_, np.array(True), torch.tensor(True)], ids=repr)
def test_yes_and_no(yes):
    A = np.zeros((2, 2))
    assert (adjacency_mask(A, self_loops=yes) == adjacency_mask(A)).all()
    assert (adjacency_mask(A, self_loops=yes ^ True) == adjacency_mask(A, self_loops=False)).all()


# Arrays: each function, its arrays, and what each of them means

MASK = np.tri(3, dtype=bool)
ARRAYS = {
    "scaled_dot_product_attention": (scaled_dot_product_attention, [X, X, X, MASK]),
    "attend": (attend, [X @ X.T, X, MASK]),
    "softmax": (softmax, [X]),
    "softmax, masked": (lambda scores, mask: softmax(scores, mask=mask), [X @ X.T, MASK]),
    "entropy": (entropy, [X]),
    "dot_scores": (dot_scores, [X, X]),
    "general_scores": (general_scores, [X, X, X.T @ X]),
    "additive_scores": (additive_scores, [X, X, X.T, X.T, X[:, 0]]),
    "concat_scores": (concat_scores, [X, X, np.ones((8, 2)), np.ones(2)]),
    "padding_mask": (lambda lengths: padding_mask(lengths, 3), [np.arange(3)]),
    "adjacency_mask": (adjacency_mask, [X @ X.T]),
    "split_heads": (lambda X: split_heads(X, 2), [X]),
    "merge_heads": (merge_heads, [X[None]]),
    "one_hot": (lambda ids: one_hot(ids, 3), [np.arange(3)]),
    "look_up": (look_up, [np.arange(3), X]),
}
each = pytest.mark.parametrize("name", ARRAYS)
places = pytest.mark.parametrize(
    ("name", "place"), [(name, i) for name, (_, arrays) in ARRAYS.items() for i in range(len(arrays))]
)


def test_every_function_with_arrays_is_here():
    alone = {"causal_mask", "window_mask", "sinusoidal_positions"}
    assert {name.split(",")[0] for name in ARRAYS} | alone == set(self_attention.__all__)


@each
@pytest.mark.parametrize("kind", [np.ndarray.tolist, Frame, list, tuple], ids=["nested", "frame", "list", "tuple"])
def test_lists_and_frames_are_arrays(name, kind):
    function, arrays = ARRAYS[name]
    same(function(*map(kind, arrays)), function(*arrays))


@places
def test_a_list_beside_arrays_is_an_array(name, place):
    function, arrays = ARRAYS[name]
    same(function(*arrays[:place], arrays[place].tolist(), *arrays[place + 1 :]), function(*arrays))


def test_ranges():
    same(one_hot(range(2), 3), one_hot(np.arange(2), 3))
    same(look_up(range(2), X), X[:2])
    same(padding_mask(range(3), 2), padding_mask(np.arange(3), 2))
    same(look_up(range(2), torch.from_numpy(X)), torch.from_numpy(X[:2]))


@each
def test_tensors_with_gradients(name):
    function, arrays = ARRAYS[name]
    tensors = [torch.from_numpy(x).requires_grad_(x.dtype == float) for x in arrays]
    result = function(*tensors)
    for ours, expected in zip(*(x if isinstance(x, tuple) else (x,) for x in (result, function(*arrays))), strict=True):
        np.testing.assert_allclose(ours.detach(), expected)


def test_an_id_that_a_byte_cannot_hold_is_no_excuse():
    assert one_hot(torch.tensor([255], dtype=torch.uint8), 256)[0, 255] == 1


BAD = {
    "nothing": None,
    "a word": "abc",
    "words": np.array(["a", "b"]),
    "bytes": b"abc",
    "a number": 1.5,
    "a ragged list": [[1.0, 2.0], [3.0]],
    "a list of words": [["a"], ["b"]],
    "a dict": {"a": 1},
    "a set": {1, 2},
    "a generator": (i for i in range(3)),
    "a function": len,
    "complex numbers": X + 1j,
    "complex tensors": torch.ones(3, 4) + 1j,
    "objects": np.array([None, {}]),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": np.zeros(3, dtype=[("a", float)]),
    "a matrix": X.view(np.matrix),
    "a masked array": np.ma.array(X, mask=X > 1),
    "a masked array that masks nothing": np.ma.array(X),
    "a list of masked arrays": list(np.ma.array(X, mask=X > 1)),
    "a list of tensors": list(torch.from_numpy(X)),
    "tensors with gradients": list(torch.ones(3, 4, requires_grad=True)),
    "a sparse tensor": torch.eye(3).to_sparse(),
    "a frame of objects": Frame([[None, 1.0]]),
}


@places
@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_array_is_refused(name, place, bad):
    function, arrays = ARRAYS[name]
    if bad == "nothing" and arrays[place] is MASK:
        return
    with pytest.raises(ValueError, match="expected|axes"):
        function(*arrays[:place], BAD[bad], *arrays[place + 1 :])


@places
def test_two_libraries_are_refused(name, place):
    function, arrays = ARRAYS[name]
    if len(arrays) > 1:
        with pytest.raises(ValueError, match="expected all arrays to come from one library, got .* from "):
            function(*arrays[:place], torch.from_numpy(arrays[place]), *arrays[place + 1 :])


@places
def test_two_devices_are_refused_or_bridged(name, place):
    function, arrays = ARRAYS[name]
    tensors = [torch.from_numpy(x) for x in arrays]
    tensors[place] = tensors[place].to("meta")
    if tensors[-1].device.type == "meta" and (name == "look_up" or len(arrays) == 1):  # ids go where their table is
        results = function(*tensors)
        assert all(x.device.type == "meta" for x in (results if isinstance(results, tuple) else (results,)))
    else:
        words = (
            "expected ids to hold values that can be seen"
            if name == "look_up"
            else "expected all arrays to be on one device, got"
        )
        with pytest.raises(ValueError, match=words):
            function(*tensors)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: softmax(np.ma.array(X, mask=X > 1)),
            r"scores to be a plain array, got a masked one: pass scores.filled\(0\), .* mask=~np.ma.getmaskarray",
        ),
        (
            lambda: dot_scores(list(torch.ones(2, 3)), X),
            r"expected Q to be one array, got list of them: pass torch.stack\(Q\)",
        ),
        (
            lambda: dot_scores(torch.ones(2, 3), [[1.0] * 3]),
            "expected K to be an array of torch, like the others, got list",
        ),
        (lambda: dot_scores([[1.0], [1.0, 2.0]], X), "expected Q to be an array, or a list that makes one, got list"),
        (
            lambda: dot_scores(X.view(np.matrix), X),
            r"expected Q to be a plain array, got a matrix: pass np.asarray\(Q\)",
        ),
        (lambda: softmax(torch.eye(2).to_sparse()), r"dense tensor, got torch.sparse_coo: pass scores.to_dense\(\)"),
        (lambda: softmax(None), "expected scores to be an array .*, got NoneType"),
        (lambda: softmax(X, mask=True), "expected mask to be an array .*, got bool"),
        (lambda: softmax([["a"]]), "expected scores to hold floats or integers, got <U1"),
        (lambda: one_hot(np.array([0.5]), 3), "expected ids to hold integers, got float64"),
        (lambda: causal_mask(2, like=[1.0]), "expected like to be an array .*, got list"),
    ],
)
def test_the_error_says_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: softmax(X, 0),
        lambda: softmax(X, MASK),
        lambda: entropy(X, 0),
        lambda: scaled_dot_product_attention(X, X, X, MASK, 0.5),
        lambda: attend(X @ X.T, X, MASK, 0.5),
        lambda: causal_mask(2, 3, 1),
        lambda: window_mask(2, 3, 4),
        lambda: padding_mask([1], 2, X),
        lambda: adjacency_mask(X @ X.T, False),
        lambda: sinusoidal_positions(2, 4, 100.0),
        lambda: one_hot([1], 2, X),
    ],
)
def test_options_have_names(call):
    with pytest.raises(TypeError, match="positional argument"):
        call()


# Queries of many heads, keys of few


def normal(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


@pytest.mark.parametrize("few", [1, 2, 3, 6])
@pytest.mark.parametrize("masked", [False, True])
def test_grouped_queries(few, masked):
    Q, K, V = normal(2, 6, 4, 5), normal(2, few, 7, 5), normal(2, few, 7, 3)
    mask = padding_mask(torch.tensor([7, 4]), 7)[:, None] if masked else None  # (b, 1, 1, m)
    expected = F.scaled_dot_product_attention(Q, K, V, attn_mask=mask, enable_gqa=True)
    grouped = Q.reshape(2, few, 6 // few, 4, 5)  # (b, groups, h / groups, n, d_k)
    own = None if mask is None else mask[:, None]
    output, weights = scaled_dot_product_attention(grouped, K[:, :, None], V[:, :, None], own)
    assert weights.shape == (2, few, 6 // few, 4, 7)
    torch.testing.assert_close(output.reshape(2, 6, 4, 3), expected)


def test_one_head_of_keys_for_all_queries():
    Q, K, V = normal(2, 6, 4, 5), normal(2, 1, 7, 5), normal(2, 1, 7, 3)
    output, _ = scaled_dot_product_attention(Q, K, V)
    torch.testing.assert_close(output, F.scaled_dot_product_attention(Q, K, V, enable_gqa=True))


def test_heads_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"leading axes do not broadcast: Q \(..., n, d_k\) = \(2, 6, 4, 5\), K"):
        scaled_dot_product_attention(normal(2, 6, 4, 5), normal(2, 3, 7, 5), normal(2, 3, 7, 3))
