"""AttentionMap: a live map of attention scores and weights."""

from numbers import Integral

import numpy as np
import traitlets

from ..attention import dot_scores, softmax
from ..masks import causal_mask, window_mask
from ._base import (
    MAX_TOKENS,
    Widget,
    as_numpy,
    check_choice,
    check_controls,
    check_index,
    check_tokens,
    decode,
    encode,
    html_table,
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


class AttentionMap(Widget):
    """A live map of attention under a mask, recomputed in the browser at every move.

    output = softmax(scale Q K^T / temperature) V

    Args:
        Q: queries, (n, d_k), (h, n, d_k) for h heads or (layers, h, n, d_k); NumPy, torch or nested lists.
        K: keys, (..., m, d_k), with the leading axes of Q.
        V: values, (..., m, d_v), optional: then the output of the query in focus is shown.
        scores: raw scores (..., n, m) in place of Q and K.
        d_k: what scores may be scaled by; with Q and K it is known.
        tokens: n labels of the queries, and of the keys unless there are others.
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
        digits: decimals kept of the arrays; default: 5 significant digits of the largest entry.

    Every setting from `mask` to `show` is a trait, set and observed from Python, and follows the reader in a notebook.

    Raises:
        ValueError: for shapes that do not fit, numbers that are not finite, unknown names.

    >>> AttentionMap([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]], tokens=["to", "be"], mask="causal")
    AttentionMap(2 queries x 2 keys, d_k=2, mask='causal')

    Source: Vaswani et al. 2017, sec. 3.2.
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
        Q=None,
        K=None,
        V=None,
        *,
        scores=None,
        d_k=None,
        tokens=None,
        key_tokens=None,
        mask="none",
        padding=None,
        scale=None,
        controls=None,
        caption="",
        digits=None,
        **settings,
    ):
        unknown = set(settings) - set(self.SETTINGS)
        if unknown:
            raise ValueError(f"unknown setting {sorted(unknown)}: expected one of {list(self.SETTINGS)}")
        arrays = _arrays(Q, K, V, scores)
        if "scores" in arrays:
            self._layers, self._heads, n, m = arrays["scores"].shape
            if d_k is not None and not (isinstance(d_k, Integral) and d_k >= 1):
                raise ValueError(f"d_k must be an integer of at least 1, got {d_k!r}")
            self._d_k = None if d_k is None else int(d_k)
        else:
            self._layers, self._heads, n, self._d_k = arrays["Q"].shape
            m = arrays["K"].shape[2]
            if d_k is not None and d_k != self._d_k:
                raise ValueError(f"d_k = {d_k} is given, but Q and K have d_k = {self._d_k}")
        if not (1 <= n <= MAX_TOKENS and 1 <= m <= MAX_TOKENS):
            raise ValueError(f"a map needs 1 to {MAX_TOKENS} queries and keys, got n = {n}, m = {m}")
        self._n, self._m = n, m

        given = None
        if not isinstance(mask, str):
            given, mask = _boolean(mask, "mask", (n, m)), "given"
        self._tokens = check_tokens(tokens, n, "tokens")
        if key_tokens is None and n != m:
            if tokens is not None:
                raise ValueError(f"{n} queries and {m} keys: give key_tokens beside tokens")
            key_tokens = check_tokens(None, m, "key_tokens")
        self._key_tokens = self._tokens if key_tokens is None else check_tokens(key_tokens, m, "key_tokens")
        if padding is None:
            padding = [token == PADDING for token in self._key_tokens]
        padding = _boolean(padding, "padding", (m,))
        self._masks = {"padding": padding if padding.any() else None, "given": given}
        if scale is None:
            scale = "1" if self._d_k is None else "1/sqrt(d_k)"

        spec = {"element": self.element, "tokens": self._tokens, "caption": str(caption)}
        spec |= {name: encode(array, digits) for name, array in arrays.items()}
        if key_tokens is not None:
            spec["key_tokens"] = self._key_tokens
        if self._d_k is not None:
            spec["d_k"] = self._d_k
        spec |= {name: array.astype(int).ravel().tolist() for name, array in self._masks.items() if array is not None}
        controls = [name for name in CONTROLS if name != "method"] if controls is None else controls
        spec["controls"] = check_controls(controls, CONTROLS)
        self._arrays = {name: decode(spec[name]) for name in arrays}
        super().__init__(mask=mask, scale=scale, **settings)
        self._spec = {**spec, "settings": self.settings}

    @traitlets.validate("mask")
    def _valid_mask(self, proposal):
        names = [] if proposal.value == "none" else proposal.value.split("+")
        known = [name for name in MASKS if self._masks.get(name, True) is not None]
        if len(set(names)) != len(names) or not set(names) <= set(known):
            raise ValueError(f'mask must be "none" or names from {known} joined by "+", got {proposal.value!r}')
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
            raise ValueError(f"temperature must be positive and finite, got {proposal.value}")
        return proposal.value

    @traitlets.validate("window")
    def _valid_window(self, proposal):
        if proposal.value < 1 or proposal.value % 2 == 0:
            raise ValueError(f"window must be an odd width, 1, 3, 5, ..., got {proposal.value}")
        return proposal.value

    @traitlets.validate("layer", "head", "query")
    def _valid_index(self, proposal):
        name = proposal.trait.name
        return check_index(proposal, {"layer": self._layers, "head": self._heads, "query": self._n}[name])

    def _part(self, name):
        return self._arrays[name][self.layer, self.head]

    @property
    def scores(self):
        """Scaled scores of the head in focus, before mask and softmax: (n, m)."""
        raw = self._part("scores") if "scores" in self._arrays else dot_scores(self._part("Q"), self._part("K"))
        return raw if self.scale == "1" else raw / (self._d_k**0.5 if self.scale == "1/sqrt(d_k)" else self._d_k)

    @property
    def allowed(self):
        """The mask as it is set: boolean (n, m), True = may attend."""
        names = self.mask.split("+")
        allowed = np.ones((self._n, self._m), dtype=bool)
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
    def weights(self):
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
    def output(self):
        """Output of the head in focus, weights times values: (n, d_v); None without values."""
        return self.weights @ self._part("V") if "V" in self._arrays else None

    def fallback(self):
        """The weights as an HTML table; of a long row, the three largest."""
        weights = self.weights
        caption = f"{self._spec['caption'] or 'Attention weights'} (rows: queries, columns: keys; mask: {self.mask})"
        if self._m <= TABLE_KEYS and self._n <= TABLE_ROWS:
            rows = [[f"{w:.2f}" for w in row] for row in weights]
            return html_table(rows, self._tokens, self._key_tokens, "", caption)
        largest = np.argsort(-weights, axis=-1, kind="stable")[:TABLE_ROWS, :3]
        rows = [[f"{self._key_tokens[j]} {weights[i, j]:.2f}" for j in keys] for i, keys in enumerate(largest)]
        ranks = ["largest", "second", "third"][: largest.shape[1]]
        return html_table(rows, self._tokens[:TABLE_ROWS], ranks, "query", caption)

    def __repr__(self):
        heads = f", {self._heads} heads" if self._heads > 1 else ""
        layers = f", {self._layers} layers" if self._layers > 1 else ""
        d_k = f", d_k={self._d_k}" if self._d_k else ""
        return f"AttentionMap({self._n} queries x {self._m} keys{layers}{heads}{d_k}, mask={self.mask!r})"


def _arrays(Q, K, V, scores):
    """The arrays that came, each as (layers, h, ., .); ValueError if they do not fit together."""
    if (scores is None) == (Q is None) or (Q is None) != (K is None):
        raise ValueError("give Q and K (and V), or scores (and V)")
    arrays = {"Q": Q, "K": K, "scores": scores, "V": V}
    arrays = {name: to_numpy(array, name) for name, array in arrays.items() if array is not None}
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    for name, array in arrays.items():
        if not 2 <= array.ndim <= 4:
            raise ValueError(f"{name} must be (n, d), (h, n, d) or (layers, h, n, d), got shape {array.shape}")
        arrays[name] = array.reshape((1,) * (4 - array.ndim) + array.shape)
    if len({array.shape[:2] for array in arrays.values()}) > 1:
        raise ValueError(f"the arrays must have the same leading axes (layers, h), got {shapes}")
    if 0 in next(iter(arrays.values())).shape[:2]:
        raise ValueError(f"there must be at least one layer and head, got {shapes}")
    if "Q" in arrays and (arrays["Q"].shape[3] != arrays["K"].shape[3] or arrays["Q"].shape[3] == 0):
        raise ValueError(f"Q (..., n, d_k) and K (..., m, d_k) must have the same d_k >= 1, got {shapes}")
    m = arrays["K"].shape[2] if "K" in arrays else arrays["scores"].shape[3]
    if "V" in arrays and arrays["V"].shape[2] != m:
        raise ValueError(f"V (..., m, d_v) must have one value for each of the {m} keys, got {shapes}")
    return arrays


def _boolean(mask, name, shape):
    """A boolean NumPy array of that shape."""
    mask = as_numpy(mask, name)
    if mask.dtype != bool:
        raise ValueError(f"{name} must be boolean, got {mask.dtype}")
    if mask.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {mask.shape}")
    return mask
