"""AttentionPlayer: one self-attention, step by step."""

from self_attention.widgets._base import Widget


class AttentionPlayer(Widget):
    """Stub."""
