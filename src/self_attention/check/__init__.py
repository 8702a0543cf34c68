"""One function for each exercise that is answered in code: it says whether the answer is right, or what went wrong.

>>> from self_attention import check
>>> check.dog_score(3)
dog_score: not yet. A lead of 3 makes the weight e³, about 20 times as large: chapter 2, Differences become ratios.
>>> check.dog_score(...)
dog_score: not answered yet.

A function is called with several small arrays. One that never returns never gets a verdict: interrupt it.
"""

from ._show import Verdict  # noqa: F401
from .ch01_word_embeddings import *  # noqa: F403
from .ch02_softmax import *  # noqa: F403
from .ch03_seq2seq_attention import *  # noqa: F403
from .ch04_query_key_value import *  # noqa: F403
from .ch05_self_attention_by_hand import *  # noqa: F403
from .ch06_matrix_form import *  # noqa: F403
from .ch07_masking import *  # noqa: F403
from .ch08_multi_head import *  # noqa: F403
from .ch09_position import *  # noqa: F403
from .ch10_cnn_rnn_attention import *  # noqa: F403
from .ch11_transformer import *  # noqa: F403
from .ch12_training import *  # noqa: F403
from .ch13_decoding import *  # noqa: F403
