"""How models learn: the loop, the log of a run, the bar that shows how far it is."""

from .loop import Training, train
from .progress import progress, watch

__all__ = ["Training", "progress", "train", "watch"]
