"""Live widgets of the book: the same on the website, without a kernel, and in a notebook, with one."""

from .attention_map import AttentionMap
from .attention_player import AttentionPlayer
from .soft_lookup import SoftLookup
from .softmax_bars import SoftmaxBars
from .vector_plane import VectorPlane

__all__ = ["AttentionMap", "AttentionPlayer", "SoftLookup", "SoftmaxBars", "VectorPlane"]
