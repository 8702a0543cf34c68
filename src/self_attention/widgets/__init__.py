"""Live widgets of the book: the same on the website, without a kernel, and in a notebook, with one."""

from self_attention.widgets.attention_map import AttentionMap
from self_attention.widgets.attention_player import AttentionPlayer

__all__ = ["AttentionMap", "AttentionPlayer"]
