"""Live widgets of the book: the same on the website, without a kernel, and in a notebook, with one."""

from .attention_cost import AttentionCost
from .attention_map import AttentionMap
from .attention_player import AttentionPlayer
from .layer_costs import LayerCosts
from .live_translator import LiveTranslator
from .position_map import PositionMap
from .receptive_field import ReceptiveField
from .soft_lookup import SoftLookup
from .softmax_bars import SoftmaxBars
from .training_bars import TrainingBars
from .transformer_blocks import TransformerBlocks
from .vector_plane import VectorPlane

__all__ = [
    "AttentionCost",
    "AttentionMap",
    "AttentionPlayer",
    "LayerCosts",
    "LiveTranslator",
    "PositionMap",
    "ReceptiveField",
    "SoftLookup",
    "SoftmaxBars",
    "TrainingBars",
    "TransformerBlocks",
    "VectorPlane",
]
