"""Interventions: weights of attention changed on their way, to see what they cause.

An intervention is a function: called as intervention(place, layer, weights), for every attention of a Transformer, it
returns the weights to use in their stead. The place is "encoder", "decoder" (its self-attention) or "cross"; the layer
counts from 0; the weights are (b, h, n, m). That is how the book asks what an attention row *does*.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from .._arrays import as_integers, check_integer

if TYPE_CHECKING:
    from .transformer import Transformer

Attention = Callable[..., tuple[torch.Tensor, torch.Tensor]]  # as `scaled_dot_product_attention`
Intervention = Callable[[str, int, torch.Tensor], torch.Tensor]
PLACES = ("encoder", "decoder", "cross")


@contextmanager
def intervene(transformer: "Transformer", intervention: Intervention | Sequence[Intervention] | None) -> Iterator[None]:
    """Let the weights of all attentions of a Transformer pass through an intervention, as long as the block lasts.

    Args:
        transformer: a `Transformer`.
        intervention: a function of place, layer and weights, such as `Force`, or a list of them, one after the other;
            None = none.

    Raises:
        ValueError: an intervention is not a function, or forces a layer that is not there; inside the block: it
            returns weights of another shape.

    >>> from self_attention.nn import Transformer
    >>> model, ids = Transformer(10, d_model=8, h=2, d_ff=16), torch.tensor([[4, 5, 6]])
    >>> with intervene(model, Force("encoder", layer=1, query=0, key=2)):
    ...     memory, maps = model.encode(ids)
    >>> maps["encoder"][1][0, 0, 0].tolist()
    [0.0, 0.0, 1.0]
    """
    attentions, interventions = transformer.attentions(), as_list(intervention)
    for one in interventions:
        if not callable(one):
            raise ValueError(
                f"expected intervention to be a function of place, layer and weights, got {type(one).__name__}"
            )
        if isinstance(one, Force):
            one.check_layer(attentions)
    before = {place: module.attention for place, module in attentions.items()}
    try:
        for one in interventions:
            for place, module in attentions.items():
                module.attention = wrapped(module.attention, partial(one, *place))
        yield
    finally:
        for place, module in attentions.items():
            module.attention = before[place]


def wrapped(attention: Attention, change: Callable[[torch.Tensor], torch.Tensor]) -> Attention:
    """An attention whose weights pass through `change` before they meet the values."""

    def changed(Q, K, V, mask=None):
        _, weights = attention(Q, K, V, mask)
        own, weights = weights, change(weights)
        got = tuple(weights.shape) if isinstance(weights, torch.Tensor) else type(weights).__name__
        if got != own.shape:
            raise ValueError(f"expected an intervention to return weights (b, h, n, m) = {tuple(own.shape)}, got {got}")
        weights = weights.to(V)  # their dtype and device
        return weights @ V, weights

    return changed


class Force:
    """An intervention: at one place of one layer, a row of the weights reads one key alone, or a head reads nothing.

    Args:
        place: "encoder", "decoder" (its self-attention) or "cross".
        layer: from 0.
        query: the row, an integer, or one for each of b sentences (b,); None = all rows.
        key: what the row is to read, likewise; None = nothing: its weights are 0.
        head: from 0; None = all heads of the layer.

    Raises:
        ValueError: the place is unknown, the layer negative. When it is applied: there is no such layer, head, row or
            key, or rows or keys for another number of sentences. A row of the decoder beyond the end of a sentence is
            refused by `TransformerTranslator.translate` and `maps`.

    >>> intervention = Force("encoder", layer=1, query=0, key=2)
    >>> intervention("encoder", 1, torch.full((1, 1, 2, 4), 0.25))[0, 0]
    tensor([[0.0000, 0.0000, 1.0000, 0.0000],
            [0.2500, 0.2500, 0.2500, 0.2500]])
    """

    def __init__(
        self,
        place: str,
        layer: int,
        query: Sequence[int] | torch.Tensor | int | None = None,
        key: Sequence[int] | torch.Tensor | int | None = None,
        head: int | None = None,
    ) -> None:
        if place not in PLACES:
            raise ValueError(f"expected place to be one of {', '.join(PLACES)}, got {place!r}")
        check_integer("layer", layer)
        self.place, self.layer, self.head = place, layer, head
        self.query, self.key = (
            None if i is None else torch.as_tensor(i).cpu().reshape(-1, 1, 1, 1) for i in (query, key)
        )

    def __call__(self, place: str, layer: int, weights: torch.Tensor) -> torch.Tensor:
        """The weights (b, h, n, m), changed if this is the place and the layer."""
        if (place, layer) != (self.place, self.layer):
            return weights
        self.check(weights)
        m, n, device = weights.shape[-1], weights.shape[-2], weights.device
        chosen, row = weights.new_ones((), dtype=torch.bool), weights.new_zeros(m)
        if self.query is not None:
            chosen = torch.arange(n, device=device)[:, None] == self.query.to(device)  # (b, 1, n, 1)
        if self.key is not None:
            row = (torch.arange(m, device=device) == self.key.to(device)).to(weights.dtype)  # (b, 1, 1, m)
        heads = slice(None) if self.head is None else slice(self.head, self.head + 1)
        changed = weights.clone()
        changed[:, heads] = torch.where(chosen, row, weights[:, heads])
        return changed

    def check(self, weights: torch.Tensor) -> None:
        """Refuse weights that have no such head, row or key. The decoder's rows come one by one: see `check_rows`."""
        b, h, n, m = weights.shape
        given: list[tuple[str, Any, int]] = [("query", self.query, n), ("key", self.key, m), ("head", self.head, h)]
        for name, i, below in given:
            if i is None:
                continue
            if name != "query" or self.place == "encoder":
                as_integers(name, i, below)
            if name != "head" and len(i) not in (1, b):
                raise ValueError(f"expected {name} to be one number, or one for each of {b} sentences, got {len(i)}")

    def check_layer(self, attentions: Iterable[tuple[str, int]]) -> None:
        """Refuse a layer that is not among the attentions, {(place, layer): ...}."""
        layers = sum(place == self.place for place, _ in attentions)
        if self.layer >= layers:
            raise ValueError(f"expected layer to be less than {layers}, the layers of {self.place!r}, got {self.layer}")

    def check_rows(self, counts: Sequence[int]) -> None:
        """Refuse a row of the decoder that a sentence does not have; `counts` says how many each of b has."""
        if self.place != "encoder" and self.query is not None:
            for row, count in zip(self.query.flatten().expand(len(counts)).tolist(), counts, strict=True):
                if row >= count:
                    raise ValueError(
                        f"expected query to be less than {count}, the rows of {self.place!r} in a sentence, got {row}"
                    )


def as_list(intervention: Intervention | Sequence[Intervention] | None) -> list[Intervention]:
    """An intervention, a list of them or None, as a list."""
    if intervention is None:
        return []
    return list(intervention) if isinstance(intervention, Sequence) else [intervention]


def check_rows(intervention: Intervention | Sequence[Intervention] | None, counts: Sequence[int]) -> None:
    """Refuse a `Force` on rows of the decoder that a sentence does not have; `counts` says how many each of b has."""
    for one in as_list(intervention):
        if isinstance(one, Force):
            one.check_rows(counts)
