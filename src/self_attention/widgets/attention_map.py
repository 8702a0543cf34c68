"""AttentionMap: a live map of attention scores and weights."""

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
import traitlets

from ..attention import dot_scores, softmax
from ..masks import causal_mask, window_mask
from ._base import (
    MAX_ABS,
    MAX_TOKENS,
    Widget,
    as_numpy,
    caption_of,
    check_choice,
    check_controls,
    check_index,
    check_number,
    check_tokens,
    decode,
    encode,
    html_table,
    label,
    names_of,
    plain,
    to_numpy,
)

MASKS = ("causal", "padding", "window", "given")
SCALES = ("1", "1/sqrt(d_k)", "1/d_k")
METHODS = ("-inf", "zero scores", "zero weights", "zero weights, renormalised")
SHOW = ("weights", "scores")
CONTROLS = ("layer", "head", "query", "temperature", "scale", "mask", "window", "method", "show")
PADDING = "<pad>"  # the token that the padding mask hides, unless `padding` says otherwise
TABLE_KEYS = 12  # a longer row is given in the static table by its three largest weights
TABLE_ROWS = 64
COLDEST = 0.1  # where the temperature's slider ends, and the other end is 1 / COLDEST
OFF = 1e-4  # what a score may be off by at temperature 1: a weight then by OFF / 2, an output by OFF times a value
ADDED, GAP = 9e3, 8  # what an additive mask adds lies below -ADDED, and GAP times as low as any score
LARGEST_ADDED = 1e40  # float32 ends at 3.4e38


class AttentionMap(Widget):
    """A live map of attention under a mask, recomputed in the browser at every move.

    output = softmax(scale Q K^T / temperature) V

    Args:
        Q: queries, (n, d_k), (h, n, d_k) for h heads or (layers, h, n, d_k); NumPy, torch, pandas or nested lists.
        K: keys, (..., m, d_k), with the leading axes of Q; or with h_kv heads, where h_kv divides h: each then serves
            h / h_kv heads of Q in a row (grouped queries). Without heads: the same for all.
        V: values, (..., m, d_v), like K, optional: then the output of the query in focus is shown.
        scores: raw scores (..., n, m) in place of Q and K. A key is masked where its score is -inf, or masked in a
            NumPy masked array, or so low (-1e4, -1e9, the dtype's least number) as only an additive mask makes it.
        d_k: what scores may be scaled by; with Q and K it is known.
        tokens: n labels of the queries, and of the keys unless there are others: words, or ids as a list or tensor.
            Default: the names of a pandas frame's rows and columns if they are words, or else 1, 2, ...
        key_tokens: m labels of the keys.
        mask: "none", or names joined by "+": "causal", "padding", "window", "given"; or a boolean array (n, m),
            True = may attend, which becomes the mask "given".
        padding: m booleans, True = this key is padding. By default the keys whose token is "<pad>".
        scale: "1", "1/sqrt(d_k)" or "1/d_k". With `scores` and no `d_k`: "1".
        temperature: positive; the scaled scores are divided by it.
        window: odd width of the window mask, in keys: 3 is a word and one neighbour on each side.
        method: how the mask is applied: "-inf" (right), or one of the popular mistakes "zero scores", "zero weights"
            and the roundabout "zero weights, renormalised".
        layer, head, query: what is in focus, from 0.
        show: "weights" or "scores".
        controls: which controls the reader sees; default: those that apply, without "method".
        caption: a line above the map.
        digits: decimals kept of the arrays; default: so many that every weight and output is right to the digits that
            are shown, down to the slider's lowest temperature, 0.1, or `temperature` if that is lower.

    Every setting from `mask` to `show` is a trait, set and observed from Python, and follows the reader in a notebook.

    Raises:
        ValueError: for shapes that do not fit, numbers that are not finite, unknown names.

    >>> AttentionMap([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], tokens=["to", "be"], mask="causal")
    AttentionMap(2 queries x 2 keys, d_k=2, mask='causal')

    Source: Vaswani et al. 2017, sec. 3.2; grouped queries: Ainslie et al. 2023.
    """

    element = "attention-map"
    SETTINGS = ("mask", "scale", "temperature", "window", "method", "layer", "head", "query", "show")

    mask = traitlets.Unicode("none").tag(sync=True)
    scale = traitlets.Unicode("1/sqrt(d_k)").tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    window = traitlets.Int(3).tag(sync=True)
    method = traitlets.Unicode("-inf").tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    head = traitlets.Int(0).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)
    show = traitlets.Unicode("weights").tag(sync=True)

    def __init__(
        self,
        Q: Any = None,
        K: Any = None,
        V: Any = None,
        *,
        scores: Any = None,
        d_k: float | None = None,
        tokens: Iterable[Any] | None = None,
        key_tokens: Iterable[Any] | None = None,
        mask: Any = "none",
        padding: Any = None,
        scale: str | None = None,
        controls: Iterable[str] | None = None,
        caption: str = "",
        digits: int | None = None,
        **settings: Any,
    ) -> None:
        unknown = set(settings) - set(self.SETTINGS)
        if unknown:
            raise ValueError(f"unknown setting {sorted(unknown)}: expected one of {list(self.SETTINGS)}")
        rows, columns = (Q, 0), (K, 0)
        if scores is not None:
            rows, columns = (scores, 0), (scores, 1)
        arrays = _arrays(Q, K, V, scores)
        d_k = None if d_k is None else check_number(d_k, "d_k", 1, MAX_ABS)
        if "scores" in arrays:
            self._layers, self._heads, n, m = arrays["scores"].shape
            self._d_k = d_k
        else:
            self._layers, self._heads, n, self._d_k = arrays["Q"].shape
            m = arrays["K"].shape[2]
            if d_k not in (None, self._d_k):
                raise ValueError(f"d_k = {d_k} is given, but Q and K have d_k = {self._d_k}")
        if not (1 <= n <= MAX_TOKENS and 1 <= m <= MAX_TOKENS):
            raise ValueError(f"a map needs 1 to {MAX_TOKENS} queries and keys, got n = {n}, m = {m}")
        self._n, self._m = n, m

        given = None
        if not isinstance(mask, str):
            given, mask = _boolean(mask, "mask", (n, m)), "given"
        if tokens is None and key_tokens is None:
            tokens, key_tokens = names_of(*rows), names_of(*columns)
            key_tokens = None if key_tokens == tokens else key_tokens
        self._tokens = check_tokens(tokens, n, "tokens")
        if key_tokens is None and n != m:
            if tokens is not None:
                raise ValueError(f"{n} queries and {m} keys: give key_tokens beside tokens")
            key_tokens = check_tokens(None, m, "key_tokens")
        self._key_tokens = self._tokens if key_tokens is None else check_tokens(key_tokens, m, "key_tokens")
        if padding is None:
            padding = [token == PADDING for token in self._key_tokens]
        padding = _boolean(padding, "padding", (m,))
        self._masks: dict[str, Any] = {"padding": padding if padding.any() else None, "given": given}
        if scale is None:
            scale = "1" if self._d_k is None else "1/sqrt(d_k)"

        spec = {"element": self.element, "tokens": self._tokens, "caption": caption_of(caption)}
        coldest = plain(settings.get("temperature", 1.0))
        is_number = isinstance(coldest, Real)
        self._coldest = min(COLDEST, coldest) if is_number and coldest > 0 else COLDEST
        within = _within(arrays, self._coldest)
        spec |= {name: encode(array, digits, within[name]) for name, array in arrays.items()}
        if key_tokens is not None:
            spec["key_tokens"] = self._key_tokens
        if self._d_k is not None:
            spec["d_k"] = self._d_k
        spec |= {name: array.astype(int).ravel().tolist() for name, array in self._masks.items() if array is not None}
        controls = [name for name in CONTROLS if name != "method"] if controls is None else controls
        spec["controls"] = check_controls(controls, CONTROLS)
        self._arrays = {name: decode(spec[name]) for name in arrays}
        if digits is not None or all(np.array_equal(array, arrays[name]) for name, array in self._arrays.items()):
            self._coldest = 0.0  # nothing was rounded, or as the author wants it
        super().__init__(mask=mask, scale=scale, **settings)
        self._spec = {**spec, "settings": self.settings}

    @traitlets.validate("mask")
    def _valid_mask(self, proposal):
        names = [] if proposal.value == "none" else proposal.value.split("+")
        known = [name for name in MASKS if self._masks.get(name, True) is not None]
        if len(set(names)) != len(names) or not set(names) <= set(known):
            raise ValueError(f'expected mask to be "none" or names from {known} joined by "+", got {proposal.value!r}')
        return "+".join(name for name in MASKS if name in names) or "none"

    @traitlets.validate("scale", "method", "show")
    def _valid_choice(self, proposal):
        name = proposal.trait.name
        return check_choice(
            proposal, {"scale": SCALES if self._d_k else SCALES[:1], "method": METHODS, "show": SHOW}[name]
        )

    @traitlets.validate("temperature")
    def _valid_temperature(self, proposal):
        if not 0 < proposal.value < float("inf"):
            raise ValueError(f"expected temperature to be positive and finite, got {proposal.value}")
        if proposal.value < self._coldest:
            kept = f"the digits kept make weights right down to temperature {self._coldest:g}, got {proposal.value}"
            raise ValueError(f"{kept}: give the lowest one, or digits, when you make the map")
        return proposal.value

    @traitlets.validate("window")
    def _valid_window(self, proposal):
        if proposal.value < 1 or proposal.value % 2 == 0:
            raise ValueError(f"expected window to be an odd width, 1, 3, 5, ..., got {proposal.value}")
        return proposal.value

    @traitlets.validate("layer", "head", "query")
    def _valid_index(self, proposal):
        name = proposal.trait.name
        return check_index(proposal, {"layer": self._layers, "head": self._heads, "query": self._n}[name])

    def _part(self, name):
        array = self._arrays[name]
        return array[self.layer % len(array), self.head * array.shape[1] // self._heads]

    @property
    def scores(self) -> np.ndarray:
        """Scaled scores of the head in focus, before mask and softmax: (n, m)."""
        raw = self._part("scores") if "scores" in self._arrays else dot_scores(self._part("Q"), self._part("K"))
        if self.scale == "1":
            return raw
        assert self._d_k is not None  # without it there is no other scale
        return raw / (self._d_k**0.5 if self.scale == "1/sqrt(d_k)" else self._d_k)

    @property
    def allowed(self) -> np.ndarray:
        """The mask as it is set, and that of the scores: boolean (n, m), True = may attend."""
        names = self.mask.split("+")
        allowed = np.ones((self._n, self._m), dtype=bool)
        if "scores" in self._arrays:
            allowed &= self._part("scores") > -np.inf
        if "causal" in names:
            allowed &= causal_mask(self._n, self._m)
        if "window" in names:
            allowed &= window_mask(self._n, self.window, m=self._m)
        if "padding" in names:
            allowed &= ~self._masks["padding"]
        if "given" in names:
            allowed &= self._masks["given"]
        return allowed

    @property
    def weights(self) -> np.ndarray:
        """Attention weights of the head in focus, (n, m), by the core, for the settings as they are now."""
        scores, allowed = self.scores, self.allowed
        if self.method == "-inf":
            return softmax(scores, mask=allowed, temperature=self.temperature)
        if self.method == "zero scores":
            return softmax(np.where(allowed, scores, 0.0), temperature=self.temperature)
        weights = np.where(allowed, softmax(scores, temperature=self.temperature), 0.0)
        if self.method == "zero weights":
            return weights
        sums = weights.sum(axis=-1, keepdims=True)
        return weights / np.where(sums > 0, sums, 1.0)

    @property
    def output(self) -> np.ndarray | None:
        """Output of the head in focus, weights times values: (n, d_v); None without values."""
        return self.weights @ self._part("V") if "V" in self._arrays else None

    def fallback(self) -> str:
        """The weights as an HTML table; of a long row, the three largest."""
        weights = self.weights
        caption = f"{self._spec['caption'] or 'Attention weights'} (rows: queries, columns: keys; mask: {self.mask})"
        queries, keys = list(map(label, self._tokens[:TABLE_ROWS])), list(map(label, self._key_tokens))
        if self._m <= TABLE_KEYS and self._n <= TABLE_ROWS:
            hidden = np.isneginf(self.scores)  # by the scores themselves, which the caption cannot name
            rows = [
                ["–" if hides else f"{w:.2f}" for w, hides in zip(row, none, strict=True)]
                for row, none in zip(weights, hidden, strict=True)
            ]
            return html_table(rows, queries, keys, "", caption)
        largest = np.argsort(-weights, axis=-1, kind="stable")[:TABLE_ROWS, :3]
        rows = [[f"{keys[j]} {weights[i, j]:.2f}" for j in row] for i, row in enumerate(largest)]
        ranks = ["largest", "second", "third"][: largest.shape[1]]
        return html_table(rows, queries, ranks, "query", caption)

    def __repr__(self) -> str:
        heads = f", {self._heads} heads" if self._heads > 1 else ""
        layers = f", {self._layers} layers" if self._layers > 1 else ""
        d_k = f", d_k={self._d_k}" if self._d_k else ""
        return f"AttentionMap({self._n} queries x {self._m} keys{layers}{heads}{d_k}, mask={self.mask!r})"


def _arrays(Q, K, V, scores):
    """The arrays that came, each as (layers, h, ., .); ValueError if they do not fit together."""
    if (scores is None) == (Q is None) or (Q is None) != (K is None):
        raise ValueError("give Q and K (and V), or scores (and V)")
    arrays = {name: to_numpy(array, name) for name, array in {"Q": Q, "K": K}.items() if array is not None}
    if scores is not None:
        arrays["scores"] = _hide(to_numpy(scores, "scores", least=-np.inf, fill=-np.inf))
    if V is not None:
        arrays["V"] = to_numpy(V, "V")
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    for name, array in arrays.items():
        if not 2 <= array.ndim <= 4:
            raise ValueError(f"expected {name} to be (n, d), (h, n, d) or (layers, h, n, d), got shape {array.shape}")
        arrays[name] = array.reshape((1,) * (4 - array.ndim) + array.shape)
    layers, heads = next(iter(arrays.values())).shape[:2]
    if 0 in (layers, heads):
        raise ValueError(f"expected there to be at least one layer and head, got {shapes}")
    for array in arrays.values():
        if array.shape[0] not in (1, layers) or array.shape[1] == 0 or heads % array.shape[1]:
            fit = "expected all to have as many layers, or none, and as many heads, or a divisor of them"
            raise ValueError(f"the leading axes (layers, h) do not fit: {fit}, got {shapes}")
    if "Q" in arrays and (arrays["Q"].shape[3] != arrays["K"].shape[3] or arrays["Q"].shape[3] == 0):
        raise ValueError(f"expected Q (..., n, d_k) and K (..., m, d_k) to have the same d_k >= 1, got {shapes}")
    m = arrays["K"].shape[2] if "K" in arrays else arrays["scores"].shape[3]
    if "V" in arrays and arrays["V"].shape[2] != m:
        raise ValueError(f"expected V (..., m, d_v) to have one value for each of the {m} keys, got {shapes}")
    return arrays


def _hide(scores):
    """Scores, -inf where an additive mask hides a key: where it is far below every score that is none.

    A row that is masked throughout stays as it is: its softmax is that of whatever the mask was added to.
    """
    lowest = scores[np.isfinite(scores)].min(initial=0.0)
    if lowest < -LARGEST_ADDED:
        raise ValueError(f"expected scores not to be below {-LARGEST_ADDED:g}, got {lowest:g}: mask with -inf")
    if scores.ndim and lowest <= -ADDED:
        sizes = np.sort(np.abs(scores[np.isfinite(scores)]))
        added = sizes[1:][(sizes[1:] >= ADDED) & (sizes[1:] >= GAP * sizes[:-1])]
        if added.size:
            low = scores <= -added[0]
            scores = np.where(low & ~low.all(axis=-1, keepdims=True), -np.inf, scores)
    return scores


def _within(arrays, coldest):
    """By how much each array may be rounded, if the scaled scores may be off by OFF at the lowest temperature."""
    error = coldest * OFF * min(1.0, 4.0 / max(1.0, np.abs(arrays.get("V", 0.0)).max(initial=0.0)))
    within = {"scores": error, "V": OFF / 2}
    if "Q" in arrays:  # q . k is off by at most q's error times the sum of |k|, and k's times that of |q|
        sums = {name: np.abs(arrays[name]).sum(axis=-1).max() for name in "QK"}
        within |= {name: error / 2 / max(sums[other], 1e-300) for name, other in ("QK", "KQ")}
    return within


def _boolean(mask, name, shape):
    """A boolean NumPy array of that shape."""
    mask = as_numpy(mask, name, of="booleans")
    if mask.dtype != bool:
        raise ValueError(f"expected {name} to be boolean, got {mask.dtype}")
    if mask.shape != shape:
        raise ValueError(f"expected {name} to have shape {shape}, got {mask.shape}")
    return mask
