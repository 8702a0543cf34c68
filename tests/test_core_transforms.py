"""torch.compile, torch.func and torch.export take every function of the core, and its values stay the same."""

import pytest
import torch

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

torch.set_num_threads(1)
pytestmark = [
    pytest.mark.filterwarnings("error"),  # of torch.compile, which warns of what it does not understand
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),  # torch's own
]


def normal(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def ids(b, n):
    return torch.arange(b * n).reshape(b, n) % 5


def visible(b, n, m):
    return torch.ones(b, n, m, dtype=torch.bool).tril(1)


# Each function as it is called, and its arguments for b sequences of n queries and m keys.
CASES = {
    "scaled_dot_product_attention": (
        lambda Q, K, V, mask: scaled_dot_product_attention(Q, K, V, mask),
        lambda b, n, m: (normal(b, n, 4), normal(b, m, 4), normal(b, m, 3), visible(b, n, m)),
    ),
    "attend": (
        lambda scores, V, mask: attend(scores, V, mask, temperature=0.5),
        lambda b, n, m: (normal(b, n, m), normal(b, m, 3), visible(b, n, m)),
    ),
    "softmax": (
        lambda scores, mask: softmax(scores, mask=mask, axis=-2, temperature=2),
        lambda b, n, m: (normal(b, n, m), visible(b, n, m)),
    ),
    "entropy": (entropy, lambda b, n, m: (normal(b, n, m).softmax(dim=-1),)),
    "dot_scores": (dot_scores, lambda b, n, m: (normal(b, n, 4), normal(b, m, 4))),
    "general_scores": (general_scores, lambda b, n, m: (normal(b, n, 4), normal(b, m, 3), normal(b, 4, 3))),
    "additive_scores": (
        additive_scores,
        lambda b, n, m: (normal(b, n, 4), normal(b, m, 3), normal(b, 4, 2), normal(b, 3, 2), normal(b, 2)),
    ),
    "concat_scores": (
        concat_scores,
        lambda b, n, m: (normal(b, n, 4), normal(b, m, 3), normal(b, 7, 2), normal(b, 2)),
    ),
    "causal_mask": (
        lambda X: causal_mask(X.shape[-2], X.shape[-1], offset=1, like=X),
        lambda b, n, m: (normal(b, n, m),),
    ),
    "window_mask": (
        lambda X: window_mask(X.shape[-2], 3, m=X.shape[-1], like=X),
        lambda b, n, m: (normal(b, n, m),),
    ),
    "padding_mask": (
        lambda lengths, X: padding_mask(lengths, X.shape[-2], like=X),
        lambda b, n, m: (ids(b, n), normal(b, m, 3)),
    ),
    "adjacency_mask": (adjacency_mask, lambda b, n, m: (normal(b, n, n).round(),)),
    "split_heads": (lambda X: split_heads(X, 2), lambda b, n, m: (normal(b, n, 6),)),
    "merge_heads": (merge_heads, lambda b, n, m: (normal(b, n, m, 3),)),
    "sinusoidal_positions": (
        lambda X: X + sinusoidal_positions(X.shape[-2], 6, like=X),
        lambda b, n, m: (normal(b, n, 6),),
    ),
    "one_hot": (lambda i: one_hot(i, 5), lambda b, n, m: (ids(b, n),)),
    "look_up": (look_up, lambda b, n, m: (ids(b, n), normal(5, 3))),
}
DIFFERENTIABLE = [name for name in CASES if not name.endswith("mask") and name != "one_hot"]
every = pytest.mark.parametrize("name", CASES)


def case(name, *sizes):
    function, arguments = CASES[name]
    return function, arguments(*sizes)


def same(actual, expected):
    torch.testing.assert_close(actual, expected)


def first(result):
    """The output, of a function that gives weights too."""
    return result[0] if isinstance(result, tuple) else result


def test_every_function_is_here():
    assert set(CASES) == set(self_attention.__all__)


@every
@pytest.mark.parametrize("dynamic", [False, True])
def test_compile(name, dynamic):
    """One graph, without a break; with dynamic shapes it serves every size."""
    torch.compiler.reset()
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    function, _ = case(name, 2, 3, 4)
    compiled = torch.compile(function, fullgraph=True, dynamic=dynamic, backend=backend)
    for sizes in [(8, 9, 10), (11, 12, 13)]:
        _, arguments = case(name, *sizes)
        same(compiled(*arguments), function(*arguments))
    assert len(graphs) == 1 or not dynamic


@every
def test_vmap(name):
    function, arguments = case(name, 3, 4, 6)
    shared = [name == "look_up" and i == 1 for i in range(len(arguments))]  # one table for all
    mapped = torch.func.vmap(function, in_dims=tuple(None if alone else 0 for alone in shared))(*arguments)
    one_by_one = [
        function(*(x if alone else x[i] for x, alone in zip(arguments, shared, strict=True))) for i in range(3)
    ]
    for k, part in enumerate(mapped if isinstance(mapped, tuple) else [mapped]):
        same(part, torch.stack([x[k] if isinstance(x, tuple) else x for x in one_by_one]))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("transform", ["jacrev", "jacfwd", "grad"])
def test_derivatives(name, transform):
    function, arguments = case(name, 2, 3, 4)
    at = 1 if name == "look_up" else 0

    def output(x):
        result = first(function(*arguments[:at], x, *arguments[at + 1 :]))
        return result.sin().sum() if transform == "grad" else result

    expected = torch.autograd.functional.jacobian(output, arguments[at])
    same(getattr(torch.func, transform)(output)(arguments[at]), expected)


@every
@pytest.mark.parametrize("strict", [False, True])
def test_export(name, strict):
    """Exported once, run at another size."""
    function, arguments = case(name, 8, 9, 10)

    class Module(torch.nn.Module):
        def forward(self, *arguments):
            return function(*arguments)

    dynamic = tuple({i: torch.export.Dim.AUTO for i in range(x.ndim)} for x in arguments)
    exported = torch.export.export(Module(), arguments, dynamic_shapes=(dynamic,), strict=strict)
    _, others = case(name, 11, 12, 13)
    same(exported.module()(*others), function(*others))


@every
def test_meta_device(name):
    """Shapes and dtypes, where there are no values."""
    function, arguments = case(name, 3, 4, 6)
    results = function(*(x.to("meta") for x in arguments)), function(*arguments)
    for ours, expected in zip(*(x if isinstance(x, tuple) else (x,) for x in results), strict=True):
        assert ours.device.type == "meta"
        assert (ours.shape, ours.dtype) == (expected.shape, expected.dtype)


def test_masks_of_tensors_go_where_they_are_needed():
    mask = padding_mask(torch.tensor([1, 2]), 3, like=torch.empty(1, device="meta"))
    assert mask.device.type == "meta"


def test_a_wrong_value_is_still_refused_under_grad():
    with pytest.raises(ValueError, match="expected weights not to be negative"):
        torch.func.grad(lambda w: entropy(w))(torch.tensor([1.5, -0.5]))
