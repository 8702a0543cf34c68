"""Torch modules: what has parameters to learn. `training` has how they learn, `decoding` how they speak."""

from .attention import KeysAndValues, KVCache, MultiHeadAttention
from .base import Model
from .interventions import Force, intervene
from .positions import LearnedPositions
from .recurrent import Decoder, Encoder
from .tagger import Tagger
from .transformer import DecoderLayer, EncoderLayer, Transformer
from .translators import Seq2Seq, TransformerTranslator, Translation, Translator
from .weights import WEIGHTS, load, save

__all__ = [
    "Decoder",
    "DecoderLayer",
    "Encoder",
    "EncoderLayer",
    "Force",
    "KVCache",
    "KeysAndValues",
    "LearnedPositions",
    "Model",
    "MultiHeadAttention",
    "Seq2Seq",
    "Tagger",
    "Transformer",
    "TransformerTranslator",
    "Translation",
    "Translator",
    "WEIGHTS",
    "intervene",
    "load",
    "save",
]
