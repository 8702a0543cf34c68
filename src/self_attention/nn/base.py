"""What all models of the book share."""

from collections.abc import Iterable

import torch
from torch import nn

from ..vocabulary import Vocabulary


class Model(nn.Module):
    """What the models of the book share: where their parameters are, and what they know of words.

    Args:
        source: the `Vocabulary` of what they read.
    """

    def __init__(self, source: Vocabulary) -> None:
        super().__init__()
        self.source = source

    @property
    def device(self) -> torch.device:
        """Where the parameters are, and so all that the methods make."""
        return next(self.parameters()).device

    def padded(self, sentences: Iterable[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Of some source sentences, word for word: ids (b, m), here, lengths (b,), on the CPU, where they are read."""
        ids, lengths = self.source.batch(sentences)
        return torch.tensor(ids, device=self.device), torch.tensor(lengths)
