"""SoftmaxBars: scores become exponentials become weights, while the reader drags them."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import traitlets

from ..attention import entropy, softmax
from ._base import Widget, caption_of, check_tokens, html_table, label, names_of, to_numpy

MOST = 10  # entries: it shows every number
LEAST_TEMPERATURE, MOST_TEMPERATURE = 1e-6, 1e6  # apart from the two ends, 0 and inf


class Tempered(Widget):
    """A widget with a temperature from 0 to inf, both included; inf is no number in JSON and travels as "inf"."""

    temperature = traitlets.Float(1.0).tag(
        sync=True,
        to_json=lambda value, _: "inf" if value == math.inf else value,
        from_json=lambda value, _: math.inf if value == "inf" else value,
    )

    @traitlets.validate("temperature")
    def _valid_temperature(self, proposal):
        value = proposal.value
        if value not in (0, math.inf) and not LEAST_TEMPERATURE <= value <= MOST_TEMPERATURE:
            span = f"from {LEAST_TEMPERATURE:g} to {MOST_TEMPERATURE:g}"
            raise ValueError(f"expected temperature to be 0, inf or {span}, got {value}")
        return value

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as they are now, as they travel: {name: value}."""
        settings = super().settings
        return settings | {"temperature": "inf" if self.temperature == math.inf else self.temperature}


class SoftmaxBars(Tempered):
    """Draggable scores beside their exponentials and their weights.

    weights = softmax(scores / temperature)

    Args:
        scores: 2 to 10 numbers; NumPy, torch, pandas or a list.
        labels: their names; default: those of a pandas series, or "1", "2", ...
        temperature: from 0 (the hard maximum) to inf (all weights alike).
        caption: a line above the bars.

    `scores` (a list) and `temperature` are traits, set and observed from Python; in a notebook they follow the reader.
    Assign a new list to `scores`: a change inside the old one goes unnoticed.

    Raises:
        ValueError: for scores that are not 2 to 10 finite numbers, labels that do not fit, a negative temperature.

    >>> bars = SoftmaxBars([-3, 2, -1, 0])
    >>> bars.weights.round(4)
    array([0.0057, 0.839 , 0.0418, 0.1135])
    >>> bars.temperature = 0
    >>> bars.weights
    array([0., 1., 0., 0.])

    Source: Goodfellow, Bengio and Courville 2016, sec. 6.2.2.3; Hinton et al. 2015, sec. 2 (temperature).
    """

    element = "softmax-bars"
    scripts = ("widgets.js", "vectors.js")
    SETTINGS = ("scores", "temperature")

    scores: traitlets.List[float] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        scores: Any,
        *,
        labels: Iterable[Any] | None = None,
        temperature: float = 1.0,
        caption: str = "",
    ) -> None:
        labels = names_of(scores, 0) if labels is None else labels
        scores = to_numpy(scores, "scores")
        if scores.ndim != 1 or not 2 <= len(scores) <= MOST:
            raise ValueError(f"expected scores to be 2 to {MOST} numbers, got shape {scores.shape}")
        self._labels = check_tokens(labels, len(scores), "labels")
        super().__init__(scores=scores.tolist(), temperature=temperature)
        spec = {"element": self.element, "labels": self._labels, "caption": caption_of(caption)}
        self._spec = {**spec, "settings": self.settings}

    @traitlets.validate("scores")
    def _valid_scores(self, proposal):
        scores = to_numpy(proposal.value, "scores")
        if scores.shape != (len(self._labels),):
            raise ValueError(f"expected scores to be {len(self._labels)} numbers, got shape {scores.shape}")
        return scores.tolist()

    @property
    def exponentials(self) -> np.ndarray:
        """exp(scores / temperature), (n,); NaN at temperature 0, inf where they are too large."""
        if self.temperature == 0:
            return np.full(len(self.scores), np.nan)
        with np.errstate(over="ignore"):
            return np.exp(np.array(self.scores) / self.temperature)

    @property
    def weights(self) -> np.ndarray:
        """Softmax of the scores, (n,), by the core."""
        return softmax(np.array(self.scores), temperature=self.temperature)

    @property
    def entropy(self) -> float:
        """How spread out the weights are, in bits."""
        return float(entropy(self.weights))

    @property
    def jacobian(self) -> np.ndarray:
        """What each weight gains, row i, when a score rises, column j: (n, n).

        jacobian_ij = weights_i (1[i = j] - weights_j) / temperature

        At temperature 0 it is 0: a small change of the scores changes nothing, unless two are largest.
        """
        weights = self.weights
        if self.temperature == 0:
            return np.zeros((len(weights), len(weights)))
        return (np.diag(weights) - np.outer(weights, weights)) / self.temperature

    def fallback(self) -> str:
        """Scores, exponentials and weights as an HTML table."""
        columns = zip(self.scores, self.exponentials, self.weights, strict=True)
        rows = [[f"{score:.4g}", "–" if np.isnan(exp) else f"{exp:.4g}", f"{w:.4f}"] for score, exp, w in columns]
        caption = f"{self._spec['caption'] or 'Softmax'} (temperature {self.temperature:g}, {self.entropy:.2f} bits)"
        return html_table(rows, map(label, self._labels), ["score", "exp(score / temperature)", "weight"], "", caption)

    def __repr__(self) -> str:
        return f"SoftmaxBars({[round(score, 4) for score in self.scores]}, temperature={self.temperature:g})"
