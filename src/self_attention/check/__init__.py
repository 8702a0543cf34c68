"""One function for each exercise that is answered in code: it says whether the answer is right, or what went wrong.

>>> from self_attention import check
>>> check.dog_score(3)
dog_score: not yet. A lead of 3 makes the weight e³, about 20 times as large: chapter 2, Differences become ratios.
>>> check.dog_score(...)
dog_score: not answered yet.
"""

from ._engine import Verdict  # noqa: F401
from .attention import *  # noqa: F403
from .layers import *  # noqa: F403
from .transformer import *  # noqa: F403
from .words import *  # noqa: F403
