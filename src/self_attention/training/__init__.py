"""How models learn: the loop, the log of a run, the bar that shows how far it is."""

from .bar import progress, watch
from .loop import Training, train

__all__ = ["Training", "progress", "train", "watch"]
