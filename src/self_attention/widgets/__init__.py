"""Live widgets of the book: the same on the website, without a kernel, and in a notebook, with one."""

from .attention_map import AttentionMap
from .attention_player import AttentionPlayer

__all__ = ["AttentionMap", "AttentionPlayer"]
