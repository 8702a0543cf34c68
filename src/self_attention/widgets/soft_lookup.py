"""SoftLookup: a small library that answers a query with a mixture of its documents."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import traitlets

from ..attention import dot_scores, softmax
from ._base import (
    caption_of,
    check_choice,
    check_controls,
    check_tokens,
    decimals,
    decode,
    encode,
    html_table,
    label,
    names_of,
    to_numpy,
)
from .softmax_bars import Tempered
from .vector_plane import check_point

SCALES = {"1": 1.0, "1/sqrt(d_k)": 2**-0.5, "1/d_k": 0.5}  # d_k = 2
METHODS = ("softmax", "relu")
CONTROLS = ("temperature", "scale", "method")
MOST = {"documents": 10, "features": 6}  # it shows every number


class SoftLookup(Tempered):
    """A library in the plane: drag the query and see which documents are read, and what mixture of values comes back.

    Args:
        keys: (m, 2), m <= 10; NumPy, torch, pandas or nested lists.
        values: (m, d_v), d_v <= 6.
        query: two numbers.
        titles: names of the m documents; default: the names of a pandas frame's rows, or "1", "2", ...
        features: names of the d_v numbers of a value.
        key_features: names of the two numbers of a query or key: the plane's axes.
        temperature: from 0 (the hard look-up of the best document) to inf (all alike).
        scale: what the scores are multiplied by: "1", "1/sqrt(d_k)" or "1/d_k", with d_k = 2.
        method: "softmax", or "relu": the weights are then the positive scores themselves, whatever the temperature.
        controls: what the reader sees beside the query; default ("temperature", "method"); there is "scale" too.
        caption: a line above the plane.
        digits: decimals kept of keys and values; default: all that float64 keeps.

    `query` (a list), `temperature`, `scale` and `method` are traits, set and observed from Python; in a notebook they
    follow the reader.

    Raises:
        ValueError: for shapes that do not fit or are too large, numbers that are not finite, unknown names.

    >>> library = SoftLookup([[1, 0], [0, 1]], [[10, 0], [0, 20]], query=[2, 1], titles=["cats", "trains"])
    >>> library.weights.round(2), library.output.round(2)
    (array([0.73, 0.27]), array([7.31, 5.38]))
    >>> library.temperature = 0
    >>> library.output
    array([10.,  0.])
    """

    element = "soft-lookup"
    scripts = ("widgets.js", "vectors.js")
    SETTINGS = ("query", "temperature", "scale", "method")

    query = traitlets.List([0.0, 0.0]).tag(sync=True)
    scale = traitlets.Unicode("1").tag(sync=True)
    method = traitlets.Unicode("softmax").tag(sync=True)

    def __init__(
        self,
        keys: Any,
        values: Any,
        *,
        query: Any,
        titles: Iterable[Any] | None = None,
        features: Iterable[Any] | None = None,
        key_features: Iterable[Any] | None = None,
        temperature: float = 1.0,
        scale: str = "1",
        method: str = "softmax",
        controls: Iterable[str] = ("temperature", "method"),
        caption: str = "",
        digits: int | None = None,
    ) -> None:
        if titles is None:
            titles = names_of(keys, 0)
        if features is None:
            features = names_of(values, 1)
        if key_features is None:
            key_features = names_of(keys, 1)
        arrays = {"keys": to_numpy(keys, "keys"), "values": to_numpy(values, "values")}
        keys, values = arrays.values()
        got = f"got keys {keys.shape}, values {values.shape}"
        if keys.ndim != 2 or values.ndim != 2 or keys.shape[1] != 2 or len(keys) != len(values):
            raise ValueError(f"expected keys to be (m, 2) and values (m, d_v), {got}")
        for name, size in {"documents": len(keys), "features": values.shape[1]}.items():
            if not 1 <= size <= MOST[name]:
                raise ValueError(f"the widget shows every number: 1 to {MOST[name]} {name}, {got}")
        self._titles = check_tokens(titles, len(keys), "titles")
        self._features = check_tokens(features, values.shape[1], "features")
        spec = {
            "element": self.element,
            "titles": self._titles,
            "features": self._features,
            "caption": caption_of(caption),
        }
        spec["key_features"] = check_tokens(key_features, 2, "key_features")
        spec["controls"] = check_controls(controls, CONTROLS)
        spec |= {name: encode(array, digits, within=0) for name, array in arrays.items()}
        self._keys, self._values = decode(spec["keys"]), decode(spec["values"])
        super().__init__(query=query, temperature=temperature, scale=scale, method=method)
        self._spec = {**spec, "settings": self.settings}

    @traitlets.validate("query")
    def _valid_query(self, proposal):
        return check_point(proposal.value, "query")

    @traitlets.validate("scale", "method")
    def _valid_choice(self, proposal):
        return check_choice(proposal, {"scale": tuple(SCALES), "method": METHODS}[proposal.trait.name])

    @property
    def scores(self) -> np.ndarray:
        """The query's scaled score with each key, (m,)."""
        return dot_scores(np.array([self.query]), self._keys)[0] * SCALES[self.scale]

    @property
    def weights(self) -> np.ndarray:
        """How much of each document is read, (m,)."""
        scores = self.scores
        return np.maximum(scores, 0.0) if self.method == "relu" else softmax(scores, temperature=self.temperature)

    @property
    def output(self) -> np.ndarray:
        """What comes back: the values, each times its weight, added up, (d_v,)."""
        return self.weights @ self._values

    def fallback(self) -> str:
        """Score, weight and value of each document and the mixture, as an HTML table."""
        rows = [
            [decimals(score, 2), decimals(weight, 2), *(f"{x:.4g}" for x in value)]
            for score, weight, value in zip(self.scores, self.weights, self._values, strict=True)
        ]
        rows.append(["", decimals(self.weights.sum(), 2), *(decimals(x, 2) for x in self.output)])
        query = ", ".join(f"{x:g}" for x in self.query)
        caption = f"{self._spec['caption'] or 'A soft look-up'} (query [{query}], {self.method}"
        caption += f", temperature {self.temperature:g})" if self.method == "softmax" else ")"
        columns = ["score", "weight", *map(label, self._features)]
        return html_table(rows, [*map(label, self._titles), "what comes back"], columns, "document", caption)

    def __repr__(self) -> str:
        (m, d_v), query = self._values.shape, [round(x, 4) for x in self.query]
        temperature = f"temperature={self.temperature:g}" if self.method == "softmax" else "method='relu'"
        return f"SoftLookup({m} documents, d_v={d_v}, query={query}, {temperature})"
