"""Self-attention, step by step: the functions that every chapter of the book uses.

Each takes NumPy or torch arrays and answers in kind; lists and data frames count as NumPy's. Torch modules are in
`self_attention.nn`, figures in `self_attention.plots`, widgets in `self_attention.widgets`; importing this package
loads none of them.
"""

from .attention import (
    additive_scores,
    attend,
    concat_scores,
    dot_scores,
    entropy,
    general_scores,
    scaled_dot_product_attention,
    softmax,
)
from .embedding import look_up, one_hot
from .heads import merge_heads, split_heads
from .masks import adjacency_mask, causal_mask, padding_mask, window_mask
from .positions import sinusoidal_positions

__all__ = [
    "additive_scores",
    "adjacency_mask",
    "attend",
    "causal_mask",
    "concat_scores",
    "dot_scores",
    "entropy",
    "general_scores",
    "look_up",
    "merge_heads",
    "one_hot",
    "padding_mask",
    "scaled_dot_product_attention",
    "sinusoidal_positions",
    "softmax",
    "split_heads",
    "window_mask",
]


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata  # slow, and seldom asked for

    try:
        return metadata.version("self-attention")
    except metadata.PackageNotFoundError:
        return "0+unknown"  # the source alone, not installed
