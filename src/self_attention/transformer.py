"""The Transformer: encoder and decoder layers around the attention of the core.

Shapes: b sentences, n target and m source positions, d = d_model features, h heads. A mask is boolean, True = may
attend. Every weight matrix of attention passes through `change`, if one is given: called as
change(place, layer, weights) with place "encoder", "decoder" (its self-attention) or "cross" and the layer's number
from 0 (`layer.of` is how many there are), it returns the weights to use in their stead. That is how the book asks what
an attention row *does*.
"""

import math

import torch
from torch import nn

from ._arrays import as_integers, check_integer, check_shapes
from .attention import scaled_dot_product_attention
from .heads import merge_heads, split_heads
from .masks import causal_mask
from .positions import sinusoidal_positions

PLACES = ("encoder", "decoder", "cross")


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

    def __init__(self, d_model, h):
        check_integer("d_model", d_model, least=1)
        check_integer("h", h, least=1)
        if d_model % h:
            raise ValueError(f"h must divide d_model, came h = {h} and d_model = {d_model}")
        super().__init__()
        self.h = h
        self.queries, self.keys, self.values, self.output = (nn.Linear(d_model, d_model) for _ in range(4))

    def forward(self, X, Y, mask=None, change=None, kept=None):
        """Queries from X (b, n, d), keys and values from Y (b, m, d): the output (b, n, d), the weights (b, h, n, m).

        Args:
            mask: boolean, (n, m) for all sentences or (b, n, m); n may be 1.
            change: called as change(weights), returns the weights to use in their stead.
            kept: a list, empty or with earlier keys and values, (b, h, m so far, d / h) each: those of Y are put behind
                them, here and in the list; with Y None, they are all there is to read.

        Raises:
            ValueError: the shapes do not fit, the mask is not boolean, what change returns has another shape.
        """
        other = X if Y is None else Y
        check_shapes(X=(X, "n d_model"), Y=(other, "m d_model"), W_q=(self.queries.weight, "d_model d_model"))
        Q, kept = split_heads(self.queries(X), self.h), [] if kept is None else kept
        if Y is not None:
            new = [split_heads(part(Y), self.h) for part in (self.keys, self.values)]
            kept[:] = [torch.cat(parts, dim=-2) for parts in zip(kept, new, strict=True)] if kept else new
        K, V = kept  # (b, h, m, d / h)
        mask = mask if mask is None else mask[..., None, :, :]  # the same for all heads
        Z, weights = scaled_dot_product_attention(Q, K, V, mask)  # (b, h, n, d / h), (b, h, n, m)
        if change:
            own, weights = weights, change(weights)
            came = tuple(weights.shape) if isinstance(weights, torch.Tensor) else type(weights).__name__
            if came != own.shape:
                raise ValueError(f"change must return weights (b, h, n, m) = {tuple(own.shape)}, came {came}")
            weights = weights.to(V)  # their dtype and device
            Z = weights @ V
        return self.output(merge_heads(Z)), weights


class Layer(nn.Module):
    """What encoder and decoder layers share: a feed-forward part, and the norm before or after each part.

    output = X + part(norm(X)) for "pre"
    output = norm(X + part(X)) for "post"
    """

    def __init__(self, d_model, d_ff, parts, norm):
        check_integer("d_model", d_model, least=1)
        check_integer("d_ff", d_ff, least=1)
        if norm not in ("pre", "post"):
            raise ValueError(f"norm must be 'pre' or 'post', came {norm!r}")
        super().__init__()
        self.pre = norm == "pre"
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(parts))
        self.feed_forward = nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))

    def before(self, i, X):
        """What goes into the i-th part."""
        return self.norms[i](X) if self.pre else X

    def after(self, i, X):
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

    def __init__(self, d_model, h, d_ff, norm="pre"):
        super().__init__(d_model, d_ff, 2, norm)
        self.attention = MultiHeadAttention(d_model, h)

    def forward(self, X, mask=None, change=None):
        """From X (b, m, d) and a mask (b, m or 1, m) to the next X and the weights (b, h, m, m)."""
        part = self.before(0, X)
        Z, weights = self.attention(part, part, mask, change)
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

    def __init__(self, d_model, h, d_ff, norm="pre"):
        super().__init__(d_model, d_ff, 3, norm)
        self.attention, self.cross = MultiHeadAttention(d_model, h), MultiHeadAttention(d_model, h)

    def forward(
        self, X, memory, mask=None, memory_mask=None, change=None, change_cross=None, kept=None, kept_cross=None
    ):
        """From X (b, n, d) and the memory (b, m, d) to the next X, and weights (b, h, n, n) and (b, h, n, m)."""
        part = self.before(0, X)
        Z, weights = self.attention(part, part, mask, change, kept)
        X = self.after(0, X + Z)
        memory = None if kept_cross else memory  # which is read once
        Z, cross = self.cross(self.before(1, X), memory, memory_mask, change_cross, kept_cross)
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

    def __init__(self, source, target=None, d_model=64, h=4, d_ff=128, layers=(2, 2), norm="pre"):
        sinusoidal_positions(0, d_model)  # refuses an odd d_model before anything is built
        if not isinstance(layers, tuple | list) or len(layers) != 2:
            raise ValueError(f"layers must be two numbers, of the encoder and of the decoder, came {layers!r}")
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

    def embed(self, embedding, ids, first=0):
        """Word vectors, scaled to the size of the positions that are added, from the `first` on: (b, n, d)."""
        X = embedding(ids) * math.sqrt(self.d_model)
        return X + sinusoidal_positions(first + ids.shape[1], self.d_model, like=X)[first:]

    def forward(self, source, target, mask=None):
        """From ids of the source (b, m), of the target so far (b, n) and a mask (b, 1, m) to logits (b, n, target)."""
        return self.decode(target, self.encode(source, mask)[0], mask)[0]

    def encode(self, ids, mask=None, change=None):
        """From ids (b, m) and a mask (b, 1, m) to the memory (b, m, d) and {"encoder": a map for each layer}."""
        check_ids("ids", ids, below=len(self.source.weight))
        check_padding(mask, m=ids.shape[1])
        X, maps = self.embed(self.source, ids), {"encoder": []}
        for i, layer in numbered(self.encoder):
            X, weights = layer(X, mask, at(change, "encoder", i))
            maps["encoder"].append(weights)  # (b, h, m, m)
        return self.norms[0](X), maps

    def decode(self, ids, memory, memory_mask=None, change=None, cache=None):
        """From ids (b, n) and the memory (b, m, d) to logits (b, n, target) and {"decoder": ..., "cross": ...}.

        With a `Cache` (see decoding.py) the ids, and all that is returned, are of the new words alone.

        Raises:
            ValueError: both a change and a cache are given.
        """
        check_ids("ids", ids, below=len(self.target.weight))
        check_padding(memory_mask, m=memory.shape[-2])
        if change and cache is not None:
            raise ValueError("expected change or cache, came both: a change counts its rows from the first word")
        first = 0 if cache is None else cache.length
        X, maps = self.embed(self.target, ids, first), {"decoder": [], "cross": []}
        mask = causal_mask(ids.shape[1], offset=first, like=X)
        for i, layer in numbered(self.decoder):
            changes = at(change, "decoder", i), at(change, "cross", i)
            kept = () if cache is None else (cache["decoder", i], cache["cross", i])
            X, weights, cross = layer(X, memory, mask, memory_mask, *changes, *kept)
            maps["decoder"].append(weights)  # (b, h, n, n)
            maps["cross"].append(cross)  # (b, h, n, m)
        return self.norms[1](X) @ self.target.weight.T, maps


def check_ids(name, ids, below):
    """Refuse what are not ids (b, n) of a vocabulary; their values are read only where that costs nothing."""
    if not isinstance(ids, torch.Tensor) or ids.ndim != 2 or ids.shape[1] == 0:
        came = tuple(ids.shape) if isinstance(ids, torch.Tensor) else type(ids).__name__
        raise ValueError(f"{name} must be a tensor (b, n) of ids, n at least 1, came {came}")
    if ids.device.type == "cpu" and not torch.compiler.is_compiling():
        as_integers(name, ids, below)


def check_padding(mask, m):
    """Refuse a mask of padding that is not (b, 1, m) but would broadcast."""
    if mask is not None and (mask.ndim != 3 or mask.shape[-1] != m):
        raise ValueError(f"mask must be (b, 1, m) with m = {m}, came {tuple(mask.shape)}")


class Number(int):
    """A number from 0 that knows `of` how many."""

    def __new__(cls, number, of):
        """The number."""
        number = super().__new__(cls, number)
        number.of = of
        return number


def numbered(layers):
    """Some layers, each with its `Number`."""
    return [(Number(i, of=len(layers)), layer) for i, layer in enumerate(layers)]


def at(change, place, layer):
    """What `change` does at one place of one layer; None if there is none."""
    if change is not None and not callable(change):
        raise ValueError(f"change must be a function of place, layer and weights, came {type(change).__name__}")
    return change and (lambda weights: change(place, layer, weights))


def force(place, layer, query=None, key=None, head=None):
    """A `change`: at one place of one layer, a row of the weights reads one key alone, or a head reads nothing.

    Args:
        place: "encoder", "decoder" (its self-attention) or "cross".
        layer: from 0.
        query: the row, an integer, or one for each of b sentences (b,); None = all rows.
        key: what the row is to read, likewise; None = nothing: its weights are 0.
        head: from 0; None = all heads of the layer.

    Returns:
        a function that `Transformer.encode` and `decode` take as `change`.

    Raises:
        ValueError: the place is unknown, the layer negative. When it is called: there is no such layer, head, row or
            key, or rows or keys for another number of sentences. A row of the decoder beyond the end of a sentence is
            refused by `TransformerTranslator.translate` and `maps`.

    >>> change = force("encoder", layer=1, query=0, key=2)
    >>> change("encoder", 1, torch.full((1, 1, 2, 4), 0.25))[0, 0]
    tensor([[0.0000, 0.0000, 1.0000, 0.0000],
            [0.2500, 0.2500, 0.2500, 0.2500]])
    """
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(PLACES)}, came {place!r}")
    check_integer("layer", layer)
    heads = slice(None) if head is None else slice(head, head + 1)
    query, key = (None if i is None else torch.as_tensor(i).cpu().reshape(-1, 1, 1, 1) for i in (query, key))

    def change(its_place, its_layer, weights):
        if its_place == place and layer >= getattr(its_layer, "of", math.inf):
            raise ValueError(f"layer must be less than {its_layer.of}, the layers of {place!r}, came {layer}")
        if (its_place, its_layer) != (place, layer):
            return weights
        b, h, n, m = weights.shape
        rows = n if place == "encoder" else math.inf  # the decoder's come one by one: see check_rows
        for name, i, below in (("query", query, rows), ("key", key, m), ("head", head, h)):
            if i is not None:
                as_integers(name, i, below)
                if name != "head" and len(i) not in (1, b):
                    raise ValueError(f"{name} must be one number, or one for each of {b} sentences, came {len(i)}")
        like, asked, row = {"device": weights.device}, weights.new_ones((), dtype=torch.bool), weights.new_zeros(m)
        if query is not None:
            asked = torch.arange(n, **like)[:, None] == query.to(**like)  # (b, 1, n, 1)
        if key is not None:
            row = (torch.arange(m, **like) == key.to(**like)).to(weights.dtype)  # (b, 1, 1, m)
        changed = weights.clone()
        changed[:, heads] = torch.where(asked, row, weights[:, heads])
        return changed

    change.rows = (place, query)
    return change


def check_rows(change, counts):
    """Refuse a change that `force` made for a row of the decoder which a sentence does not have.

    Args:
        change: any, or None.
        counts: how many rows each of b sentences has.
    """
    place, query = getattr(change, "rows", ("encoder", None))
    if place != "encoder" and query is not None:
        for row, count in zip(query.flatten().expand(len(counts)).tolist(), counts, strict=True):
            if row >= count:
                raise ValueError(f"query must be less than {count}, the rows of {place!r} in a sentence, came {row}")
