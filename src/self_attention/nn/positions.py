"""Positions that are learned."""

import torch
from torch import nn

from .._arrays import check_integer


class LearnedPositions(nn.Module):
    """One learned vector for each position: the counterpart of `sinusoidal_positions`.

    output_p = weight_p

    Args:
        max_len: the number of positions that can be told apart.
        d_model: number of features.

    Raises:
        ValueError: max_len or d_model is not an integer of at least 1; more than max_len positions are asked for.

    >>> positions = LearnedPositions(max_len=50, d_model=8)
    >>> positions(3).shape
    torch.Size([3, 8])

    Source: Gehring et al. 2017, sec. 3.1; compared with sinusoids in Vaswani et al. 2017, sec. 3.5.
    """

    def __init__(self, max_len: int, d_model: int) -> None:
        check_integer("max_len", max_len, least=1)
        check_integer("d_model", d_model, least=1)
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(max_len, d_model))

    def forward(self, n: int) -> torch.Tensor:
        """The vectors of positions 0 to n - 1, (n, d_model); add them to X (..., n, d_model)."""
        check_integer("n", n)
        if n > len(self.weight):
            raise ValueError(
                f"expected n to be at most max_len = {len(self.weight)}, got {n}: beyond, there is no vector to learn"
            )
        return self.weight[:n]  # (n, d_model)
