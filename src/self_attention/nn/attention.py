"""Multi-head attention, and the keys and values that it may keep from word to word."""

from collections.abc import Sequence

import torch
from torch import nn

from .._arrays import check_integer, check_shapes
from ..attention import scaled_dot_product_attention
from ..heads import merge_heads, split_heads


class MultiHeadAttention(nn.Module):
    """h attentions side by side, each on d_model / h features of its own projections, joined and projected.

    output = [head_1, ..., head_h] W_o
    head_i = softmax(Q_i K_i^T / sqrt(d_k)) V_i

    Args:
        d_model: number of features.
        h: number of heads; divides d_model.

    Raises:
        ValueError: h does not divide d_model.

    >>> import torch
    >>> X = torch.zeros(2, 5, 8)
    >>> output, weights = MultiHeadAttention(d_model=8, h=4)(X, X)
    >>> output.shape, weights.shape
    (torch.Size([2, 5, 8]), torch.Size([2, 4, 5, 5]))

    Source: Vaswani et al. 2017, sec. 3.2.2.
    """

    def __init__(self, d_model: int, h: int) -> None:
        check_integer("d_model", d_model, least=1)
        check_integer("h", h, least=1)
        if d_model % h:
            raise ValueError(f"expected h to divide d_model, got h = {h} and d_model = {d_model}")
        super().__init__()
        self.h = h
        self.queries, self.keys, self.values, self.output = (nn.Linear(d_model, d_model) for _ in range(4))
        self.attention = scaled_dot_product_attention  # which an intervention wraps

    def forward(
        self,
        X: torch.Tensor,
        Y: torch.Tensor | None,
        mask: torch.Tensor | None = None,
        kv_cache: "KeysAndValues | None" = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Queries from X (b, n, d), keys and values from Y (b, m, d): the output (b, n, d), the weights (b, h, n, m).

        Args:
            mask: boolean, (n, m) for all sentences or (b, n, m); n may be 1.
            kv_cache: a `KeysAndValues`; those of Y are put behind those that it holds. With Y None, it is all there is
                to read.

        Raises:
            ValueError: the shapes do not fit, the mask is not boolean.
        """
        other = X if Y is None else Y
        check_shapes(X=(X, "n d_model"), Y=(other, "m d_model"), W_q=(self.queries.weight, "d_model d_model"))
        mask = mask if mask is None else mask[..., None, :, :]  # the same for all heads

        Q = split_heads(self.queries(X), self.h)  # (b, h, n, d / h)
        K, V = self.keys_and_values(Y, kv_cache)  # (b, h, m, d / h)
        Z, weights = self.attention(Q, K, V, mask)  # (b, h, n, d / h), (b, h, n, m)
        return self.output(merge_heads(Z)), weights

    def keys_and_values(
        self, Y: torch.Tensor | None, kv_cache: "KeysAndValues | None" = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The keys and the values, (b, h, m, d / h) each, of Y (b, m, d) and of what a cache holds."""
        if Y is None and kv_cache is not None:
            return kv_cache.keys, kv_cache.values
        K, V = split_heads(self.keys(Y), self.h), split_heads(self.values(Y), self.h)
        return (K, V) if kv_cache is None else kv_cache.extend(K, V)


class KeysAndValues:
    """The keys and values that one attention has made so far.

    Args:
        keys, values: (b, h, n so far, d / h) each; None at first.
    """

    def __init__(self, keys: torch.Tensor | None = None, values: torch.Tensor | None = None) -> None:
        self.keys, self.values = keys, values

    def extend(self, K: torch.Tensor, V: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Put new keys and values behind those that are there; returns all."""
        if self.keys is not None:
            K, V = torch.cat([self.keys, K], dim=-2), torch.cat([self.values, V], dim=-2)
        self.keys, self.values = K, V
        return K, V

    def select(self, rows: Sequence[int]) -> "KeysAndValues":
        """Those of the rows named in a list, in that order."""
        return KeysAndValues(*(None if made is None else made[rows] for made in (self.keys, self.values)))


class KVCache(dict):
    """The keys and values that a decoder has made: (place, layer) -> `KeysAndValues`.

    `Transformer.decode` fills it: an empty one at first, the same one at each step, with the new words alone. The keys
    and values of the memory, at the place "cross", are made at the first step: (b, h, m, d / h), or one row for all b.

    >>> from self_attention.nn import Transformer
    >>> model, kv_cache = Transformer(10, d_model=8, h=2, d_ff=16, layers=(1, 2)), KVCache()
    >>> memory, _ = model.encode(torch.tensor([[4, 5, 6]]))
    >>> for word in (1, 7, 8):
    ...     logits, _ = model.decode(torch.tensor([[word]]), memory, kv_cache=kv_cache)
    >>> kv_cache.length, kv_cache.numel  # 3 words and 3 of the source, in 2 layers, 8 numbers for keys, 8 for values
    (3, 192)

    Source: Shazeer 2019, sec. 2.4.
    """

    def __missing__(self, key):
        return self.setdefault(key, KeysAndValues())

    @property
    def length(self) -> int:
        """The number of words of the target so far."""
        keys = self["decoder", 0].keys
        return 0 if keys is None else keys.shape[-2]

    @property
    def numel(self) -> int:
        """How many numbers it holds."""
        return sum(layer.keys.numel() + layer.values.numel() for layer in self.values() if layer.keys is not None)

    def select(self, rows: Sequence[int]) -> "KVCache":
        """Another cache, of the rows named in a list, in that order; one memory for all rows stays one."""
        return KVCache(
            (key, layer if key[0] == "cross" and len(layer.keys) == 1 else layer.select(rows))
            for key, layer in self.items()
        )
