"""The Transformer: encoder and decoder layers around the attention of the core.

Shapes: b sentences, n target and m source positions, d = d_model features, h heads. A mask is boolean, True = may
attend.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .._arrays import as_integers, check_integer
from ..attention import scaled_dot_product_attention
from ..masks import causal_mask
from ..positions import sinusoidal_positions
from .attention import KeysAndValues, KVCache, MultiHeadAttention

Maps = dict[str, list[torch.Tensor]]  # place -> the weights of each layer


class Layer(nn.Module):
    """What encoder and decoder layers share: a feed-forward part, and the norm before or after each part.

    output = X + part(norm(X)) for "pre"
    output = norm(X + part(X)) for "post"
    """

    def __init__(self, d_model: int, d_ff: int, parts: int, norm: str) -> None:
        check_integer("d_model", d_model, least=1)
        check_integer("d_ff", d_ff, least=1)
        if norm not in ("pre", "post"):
            raise ValueError(f"expected norm to be 'pre' or 'post', got {norm!r}")
        super().__init__()
        self.pre = norm == "pre"
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(parts))
        self.feed_forward = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))

    def before(self, i: int, X: torch.Tensor) -> torch.Tensor:
        """What goes into the i-th part."""
        return self.norms[i](X) if self.pre else X

    def after(self, i: int, X: torch.Tensor) -> torch.Tensor:
        """What becomes of the sum of X and the i-th part."""
        return X if self.pre else self.norms[i](X)


class EncoderLayer(Layer):
    """Self-attention, then feed-forward, each added to what was there.

    Z = X + attention(norm(X)), output = Z + feed_forward(norm(Z)) for "pre"
    Z = norm(X + attention(X)), output = norm(Z + feed_forward(Z)) for "post"
    feed_forward(Z) = relu(Z W_1 + b_1) W_2 + b_2

    Args:
        d_model: number of features.
        h: number of heads.
        d_ff: features inside the feed-forward part.
        norm: "pre" = normalise what goes into each part; "post" = normalise each sum, as in the paper.

    Raises:
        ValueError: h does not divide d_model, the norm is unknown.

    Source: Vaswani et al. 2017, sec. 3.1; the norm before: Xiong et al. 2020, sec. 3.
    """

    def __init__(self, d_model: int, h: int, d_ff: int, norm: str = "pre") -> None:
        super().__init__(d_model, d_ff, 2, norm)
        self.attention = MultiHeadAttention(d_model, h)

    def forward(self, X: torch.Tensor, mask: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """From X (b, m, d) and a mask (b, m or 1, m) to the next X and the weights (b, h, m, m)."""
        part = self.before(0, X)
        Z, weights = self.attention(part, part, mask)
        X = self.after(0, X + Z)
        return self.after(1, X + self.feed_forward(self.before(1, X))), weights


class DecoderLayer(Layer):
    """Masked self-attention, attention to the encoder's output, then feed-forward, each added to what was there.

    Args:
        d_model, h, d_ff, norm: as for `EncoderLayer`.

    Raises:
        ValueError: as for `EncoderLayer`.

    Source: Vaswani et al. 2017, sec. 3.1.
    """

    def __init__(self, d_model: int, h: int, d_ff: int, norm: str = "pre") -> None:
        super().__init__(d_model, d_ff, 3, norm)
        self.attention, self.cross = MultiHeadAttention(d_model, h), MultiHeadAttention(d_model, h)

    def forward(
        self,
        X: torch.Tensor,
        memory: torch.Tensor,
        mask: torch.Tensor | None = None,
        memory_mask: torch.Tensor | None = None,
        kv_cache: KeysAndValues | None = None,
        cross_cache: KeysAndValues | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """From X (b, n, d) and the memory (b, m, d) to the next X, and weights (b, h, n, n) and (b, h, n, m)."""
        part = self.before(0, X)
        Z, weights = self.attention(part, part, mask, kv_cache)
        X = self.after(0, X + Z)
        memory = memory if cross_cache is None or cross_cache.keys is None else None  # which is read once
        Z, cross = self.cross(self.before(1, X), memory, memory_mask, cross_cache)
        X = self.after(1, X + Z)
        return self.after(2, X + self.feed_forward(self.before(2, X))), weights, cross


class Transformer(nn.Module):
    """From ids of a source and of the target so far to logits of the next target word, at every position at once.

    Args:
        source, target: number of words in each vocabulary; target None = one vocabulary, and one matrix, for both.
        d_model: number of features; even.
        h: number of heads of each layer.
        d_ff: features inside the feed-forward part.
        layers: of the encoder, of the decoder.
        norm: "pre" or "post".

    The matrix of the target's word vectors also makes the logits.

    Raises:
        ValueError: d_model is odd, h does not divide it, the norm is unknown, a number is less than 1. When it runs:
            ids are no integers (b, n) below the number of words, a mask is not (b, 1, m), shapes do not fit.

    >>> import torch
    >>> model = Transformer(source=10, target=12, d_model=8, h=2, d_ff=16, layers=(1, 1))
    >>> ids, mask = torch.tensor([[4, 5, 6]]), torch.ones(1, 1, 3, dtype=torch.bool)
    >>> memory, maps = model.encode(ids, mask)
    >>> logits, maps = model.decode(torch.tensor([[2, 7]]), memory, mask)
    >>> memory.shape, logits.shape, [weights.shape for weights in maps["cross"]]
    (torch.Size([1, 3, 8]), torch.Size([1, 2, 12]), [torch.Size([1, 2, 2, 3])])

    Source: Vaswani et al. 2017, sec. 3 (positions 3.5, shared matrix 3.4).
    """

    def __init__(
        self,
        source: int,
        target: int | None = None,
        d_model: int = 64,
        h: int = 4,
        d_ff: int = 128,
        layers: Sequence[int] = (2, 2),
        norm: str = "pre",
    ) -> None:
        sinusoidal_positions(0, d_model)  # refuses an odd d_model before anything is built
        if not isinstance(layers, tuple | list) or len(layers) != 2:
            raise ValueError(f"expected layers to be two numbers, of the encoder and of the decoder, got {layers!r}")
        numbers = [("layers", layers[0]), ("layers", layers[1]), ("source", source)]
        for name, number in numbers + [("target", target)] * (target is not None):
            check_integer(name, number, least=1)
        super().__init__()
        self.d_model = d_model
        self.source = nn.Embedding(source, d_model)
        self.target = self.source if target is None else nn.Embedding(target, d_model)
        for embedding in (self.source, self.target):
            nn.init.normal_(embedding.weight, std=d_model**-0.5)
        self.encoder = nn.ModuleList(EncoderLayer(d_model, h, d_ff, norm) for _ in range(layers[0]))
        self.decoder = nn.ModuleList(DecoderLayer(d_model, h, d_ff, norm) for _ in range(layers[1]))
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) if norm == "pre" else nn.Identity() for _ in range(2))

    def embed(self, embedding: nn.Embedding, ids: torch.Tensor, first: int = 0) -> torch.Tensor:
        """Word vectors, scaled to the size of the positions that are added, from the `first` on: (b, n, d)."""
        X = embedding(ids) * math.sqrt(self.d_model)
        return X + sinusoidal_positions(first + ids.shape[1], self.d_model, like=X)[first:]

    def forward(self, source: torch.Tensor, target: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """From ids of the source (b, m), of the target so far (b, n) and a mask (b, 1, m) to logits (b, n, target)."""
        return self.decode(target, self.encode(source, mask)[0], mask)[0]

    def attentions(self) -> dict[tuple[str, int], MultiHeadAttention]:
        """All attentions: (place, layer) -> `MultiHeadAttention`; the place is "encoder", "decoder" or "cross"."""
        own = {("encoder", i): layer.attention for i, layer in enumerate(self.encoder)}
        own |= {("decoder", i): layer.attention for i, layer in enumerate(self.decoder)}
        return own | {("cross", i): layer.cross for i, layer in enumerate(self.decoder)}

    def is_intervened(self) -> bool:
        """Whether an intervention wraps its attentions: see `intervene`."""
        return any(module.attention is not scaled_dot_product_attention for module in self.attentions().values())

    def encode(self, ids: torch.Tensor, mask: torch.Tensor | None = None) -> tuple[torch.Tensor, Maps]:
        """From ids (b, m) and a mask (b, 1, m) to the memory (b, m, d) and {"encoder": a map for each layer}."""
        check_ids("ids", ids, below=len(self.source.weight))
        check_padding(mask, m=ids.shape[1])
        X = self.embed(self.source, ids)
        maps: Maps = {"encoder": []}
        for layer in self.encoder:
            X, weights = layer(X, mask)
            maps["encoder"].append(weights)  # (b, h, m, m)
        return self.norms[0](X), maps

    def decode(
        self,
        ids: torch.Tensor,
        memory: torch.Tensor,
        memory_mask: torch.Tensor | None = None,
        kv_cache: KVCache | None = None,
    ) -> tuple[torch.Tensor, Maps]:
        """From ids (b, n) and the memory (b, m, d) to logits (b, n, target) and {"decoder": ..., "cross": ...}.

        With a `KVCache` the ids, and all that is returned, are of the new words alone.

        Raises:
            ValueError: a cache is given inside `intervene`.
        """
        check_ids("ids", ids, below=len(self.target.weight))
        check_padding(memory_mask, m=memory.shape[-2])
        if kv_cache is not None and self.is_intervened():
            raise ValueError("expected an intervention or a cache, got both: its rows count from the first word")
        first = 0 if kv_cache is None else kv_cache.length
        X = self.embed(self.target, ids, first)
        maps: Maps = {"decoder": [], "cross": []}
        mask = causal_mask(ids.shape[1], offset=first, like=X)
        for i, layer in enumerate(self.decoder):
            caches = () if kv_cache is None else (kv_cache["decoder", i], kv_cache["cross", i])
            X, weights, cross = layer(X, memory, mask, memory_mask, *caches)
            maps["decoder"].append(weights)  # (b, h, n, n)
            maps["cross"].append(cross)  # (b, h, n, m)
        return self.norms[1](X) @ self.target.weight.T, maps


def check_ids(name: str, ids: Any, below: int) -> None:
    """Refuse what are not ids (b, n) of a vocabulary; their values are read only where that costs nothing."""
    if not isinstance(ids, torch.Tensor) or ids.ndim != 2 or ids.shape[1] == 0:
        got = tuple(ids.shape) if isinstance(ids, torch.Tensor) else type(ids).__name__
        raise ValueError(f"expected {name} to be a tensor (b, n) of ids, n at least 1, got {got}")
    if ids.device.type == "cpu" and not torch.compiler.is_compiling():
        as_integers(name, ids, below)


def check_padding(mask: torch.Tensor | None, m: int) -> None:
    """Refuse a mask of padding that is not (b, 1, m) but would broadcast."""
    if mask is not None and (mask.ndim != 3 or mask.shape[-1] != m):
        raise ValueError(f"expected mask to be (b, 1, m) with m = {m}, got {tuple(mask.shape)}")
