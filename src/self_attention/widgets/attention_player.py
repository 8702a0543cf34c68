"""AttentionPlayer: one self-attention, step by step, with every number on view and open to change."""

import re
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
import traitlets

from ..attention import dot_scores, softmax
from ._base import (
    MAX_ABS,
    Widget,
    caption_of,
    check_index,
    check_tokens,
    decode,
    encode,
    html_table,
    label,
    names_of,
    to_numpy,
)

STEPS = ("embed", "project", "score", "scale", "softmax", "weigh", "sum")
MOST = {"n": 6, "d_model": 8, "d_k": 6, "d_v": 6}  # it shows every number
LEAST_DIVISOR = 1e-6


class AttentionPlayer(Widget):
    """A player that walks through one self-attention in seven steps; each number can be changed.

    output = softmax(X W_q (X W_k)^T / divisor) X W_v

    Args:
        X: word vectors, (n, d_model), n <= 6, d_model <= 8; NumPy, torch, pandas or nested lists.
        W_q, W_k: (d_model, d_k), d_k <= 6.
        W_v: (d_model, d_v), d_v <= 6.
        tokens: n labels; default: the names of a pandas frame's rows, or "1", "2", ...
        divisor: what the scores are divided by, from 1e-6 to 1e12.
        query: the word whose output is computed, from 0.
        step: how far the player has come, from 0 (embed) to 6 (sum): see `STEPS`.
        edits: numbers set by hand, such as {"X[0,1]": 3.0, "scores[0,1]": 100.0}. X, W_q, W_k and W_v can be edited,
            and so can Q, K, V, scores, scaled and weights: an edit replaces the computed number from there on.
        caption: a line above the player.
        digits: decimals kept of the arrays; default: all that float64 keeps.

    `divisor`, `query`, `step` and `edits` are traits, set and observed from Python; in a notebook they follow the
    reader. Assign a new dict to `edits`: a change inside the old one goes unnoticed.

    Raises:
        ValueError: for shapes that do not fit or are too large, numbers that are not finite, unknown names in `edits`.

    >>> player = AttentionPlayer([[1.0], [0.0]], [[8.0]], [[2.0]], [[1.0]], tokens=["to", "be"])
    >>> player.weights.round(2)
    array([[0.88, 0.12],
           [0.5 , 0.5 ]])
    >>> player.edits = {"scores[0,1]": 16}
    >>> player.weights[0]
    array([0.5, 0.5])

    Source: Vaswani et al. 2017, sec. 3.2.1.
    """

    element = "attention-player"
    scripts = ("widgets.js", "player.js")
    SETTINGS = ("divisor", "query", "step", "edits")

    divisor = traitlets.Float(8.0).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    edits = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        X: Any,
        W_q: Any,
        W_k: Any,
        W_v: Any,
        *,
        tokens: Iterable[Any] | None = None,
        divisor: float = 8.0,
        query: int = 0,
        step: int = 0,
        edits: dict[str, float] | None = None,
        caption: str = "",
        digits: int | None = None,
    ) -> None:
        tokens = names_of(X, 0) if tokens is None else tokens
        arrays = {"X": X, "W_q": W_q, "W_k": W_k, "W_v": W_v}
        arrays = {name: to_numpy(array, name) for name, array in arrays.items()}
        self._shapes = _shapes(arrays)
        self._tokens = check_tokens(tokens, len(arrays["X"]), "tokens")
        spec = {"element": self.element, "tokens": self._tokens, "caption": caption_of(caption)}
        spec |= {name: encode(array, digits, within=0) for name, array in arrays.items()}
        self._inputs = {name: decode(spec[name]) for name in arrays}
        super().__init__(divisor=divisor, query=query, step=step, edits={} if edits is None else edits)
        self._spec = {**spec, "settings": self.settings}

    @traitlets.validate("divisor")
    def _valid_divisor(self, proposal):
        if not LEAST_DIVISOR <= proposal.value <= MAX_ABS:
            raise ValueError(f"expected divisor to be from {LEAST_DIVISOR:g} to {MAX_ABS:g}, got {proposal.value}")
        return proposal.value

    @traitlets.validate("query", "step")
    def _valid_index(self, proposal):
        return check_index(proposal, {"query": len(self._tokens), "step": len(STEPS)}[proposal.trait.name])

    @traitlets.validate("edits")
    def _valid_edits(self, proposal):
        edits = {}
        for key, value in proposal.value.items():
            name, i, j = self._place(key)
            if not isinstance(value, Real) or isinstance(value, bool) or not abs(value) <= MAX_ABS:
                raise ValueError(f"expected {key} to be a finite number, at most {MAX_ABS:g} in size, got {value!r}")
            edits[f"{name}[{i},{j}]"] = float(value)
        return edits

    def _place(self, key):
        """The name, row and column in "X[0,1]"."""
        match = re.fullmatch(r"(\w+)\[(\d+), ?(\d+)\]", str(key), re.ASCII)
        if not match or match[1] not in self._shapes:
            expected = ", ".join(self._shapes)
            raise ValueError(f'an edit is named like "X[0,1]", with one of {expected}; got {key!r}')
        place, shape = (int(match[2]), int(match[3])), self._shapes[match[1]]
        if place[0] >= shape[0] or place[1] >= shape[1]:
            raise ValueError(f"{match[1]} has the shape {shape}, got {key!r}")
        return match[1], *place

    def _edited(self, name, array):
        """The array, with the numbers that were set by hand."""
        array = np.array(array)
        for key, value in self.edits.items():
            edited, i, j = self._place(key)
            if edited == name:
                array[i, j] = value
        return array

    def _input(self, name):
        return self._edited(name, self._inputs[name])

    @property
    def Q(self) -> np.ndarray:
        """Queries X W_q, (n, d_k)."""
        return self._edited("Q", self._input("X") @ self._input("W_q"))

    @property
    def K(self) -> np.ndarray:
        """Keys X W_k, (n, d_k)."""
        return self._edited("K", self._input("X") @ self._input("W_k"))

    @property
    def V(self) -> np.ndarray:
        """Values X W_v, (n, d_v)."""
        return self._edited("V", self._input("X") @ self._input("W_v"))

    @property
    def scores(self) -> np.ndarray:
        """Scores Q K^T, (n, n)."""
        return self._edited("scores", dot_scores(self.Q, self.K))

    @property
    def scaled(self) -> np.ndarray:
        """Scores divided by the divisor, (n, n)."""
        return self._edited("scaled", self.scores / self.divisor)

    @property
    def weights(self) -> np.ndarray:
        """Attention weights, (n, n). Rows sum to 1, unless a weight was set by hand."""
        return self._edited("weights", softmax(self.scaled))

    @property
    def weighted(self) -> np.ndarray:
        """Each value times its weight, (n, n, d_v)."""
        return self.weights[:, :, None] * self.V

    @property
    def output(self) -> np.ndarray:
        """Output, (n, d_v): the sums of the weighted values."""
        return self.weights @ self.V

    def fallback(self) -> str:
        """The chain for the query in focus, as an HTML table."""
        i = self.query
        rows = [
            [_text(score), _text(scaled), f"{weight:.2f}", _vector(weighted)]
            for score, scaled, weight, weighted in zip(
                self.scores[i], self.scaled[i], self.weights[i], self.weighted[i], strict=True
            )
        ]
        rows.append(["", "", f"{self.weights[i].sum():.2f}", _vector(self.output[i])])
        columns = ["score", f"score / {_text(self.divisor)}", "weight", "weight × value"]
        caption = f"{self._spec['caption'] or 'Self-attention, step by step'} (query: {label(self._tokens[i])}"
        caption += f"; {len(self.edits)} set by hand)" if self.edits else ")"
        return html_table(rows, [*map(label, self._tokens), "sum: the output"], columns, "key", caption)

    def __repr__(self) -> str:
        (n, d_model), (_, d_k), (_, d_v) = (self._shapes[name] for name in ("X", "W_q", "W_v"))
        edits = f", edits={self.edits}" if self.edits else ""
        return (
            f"AttentionPlayer({n} tokens, d_model={d_model}, d_k={d_k}, d_v={d_v}, divisor={self.divisor:g}, "
            f"query={self.query}, step={STEPS[self.step]!r}{edits})"
        )


def _shapes(arrays):
    """The shape of all that can be edited, by name; ValueError if the inputs do not fit together or are too large."""
    got = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    if any(array.ndim != 2 for array in arrays.values()):
        raise ValueError(f"expected X to be (n, d_model), W_q and W_k (d_model, d_k), W_v (d_model, d_v), got {got}")
    (n, d_model), (_, d_k), (_, d_v) = (arrays[name].shape for name in ("X", "W_q", "W_v"))
    if [arrays[name].shape for name in ("W_q", "W_k", "W_v")] != [(d_model, d_k), (d_model, d_k), (d_model, d_v)]:
        raise ValueError(f"expected X to be (n, d_model), W_q and W_k (d_model, d_k), W_v (d_model, d_v), got {got}")
    for name, size in {"n": n, "d_model": d_model, "d_k": d_k, "d_v": d_v}.items():
        if not 1 <= size <= MOST[name]:
            raise ValueError(f"the player shows every number: expected {name} to be from 1 to {MOST[name]}, got {got}")
    shapes = {name: array.shape for name, array in arrays.items()}
    return shapes | {"Q": (n, d_k), "K": (n, d_k), "V": (n, d_v), "scores": (n, n), "scaled": (n, n), "weights": (n, n)}


def _text(x):
    """A number for people: whole numbers in full, others with at most 4 significant digits."""
    x = float(x)
    if x == round(x) and abs(x) < 1e7:
        return str(round(x))
    return f"{x:.4g}" if abs(x) < 1000 else f"{x:.1f}" if abs(x) < 1e7 else f"{x:.3e}"


def _vector(x):
    return "[" + ", ".join(_text(number) for number in x) + "]"
