"""VectorPlane: vectors as arrows in a plane, and how alike two of them are."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
import traitlets

from ._base import (
    MAX_ABS,
    Widget,
    caption_of,
    check_index,
    check_tokens,
    cut,
    decimals,
    decode,
    encode,
    html_table,
    label,
    names_of,
    plain,
    to_numpy,
    visible,
)

MOST = 60  # vectors: more arrows cannot be told apart
MOST_DIMENSIONS = 1024
AXES_DIGITS = 6  # decimals kept of the axes


class VectorPlane(Widget):
    """Arrows in a plane; of the two that the reader picks, the dot product, the cosine, the angle and the lengths.

    Args:
        vectors: (n, d), 2 <= n <= 60, d >= 2; NumPy, torch, pandas or nested lists.
        labels: their n names; default: those of a pandas frame's rows, or "1", "2", ...
        first, second: the two to compare, as an index from 0 or as a label.
        axes: two orthonormal directions (2, d) to look along; default: for d = 2 the coordinates as they are, for d > 2
            the two principal components, the directions in which the vectors differ most. The origin stays the origin.
        moved: {index: [x, y]}, tips that stand elsewhere, in the plane's coordinates. The vector moves within the plane
            only; its other coordinates stay.
        caption: a line above the plane.
        digits: decimals kept of the vectors; default: 5 significant digits of the shortest vector that is not 0.

    `first`, `second` and `moved` are traits, set and observed from Python; in a notebook they follow the reader. Assign
    a new dict to `moved`: a change inside the old one goes unnoticed.

    Raises:
        ValueError: for shapes that do not fit, numbers that are not finite, axes that are not orthonormal, unknown
            labels.

    >>> plane = VectorPlane([[3, 0], [3, 4], [0, 2]], labels=["cat", "dog", "sun"], second="dog")
    >>> plane.dot, plane.cosine, round(plane.angle, 2)
    (9.0, 0.6, 53.13)
    >>> plane.moved = {1: [3, 3]}
    >>> round(plane.angle, 2)
    45.0
    """

    element = "vector-plane"
    scripts = ("widgets.js", "vectors.js")
    SETTINGS = ("first", "second", "moved")

    first = traitlets.Int(0).tag(sync=True)
    second = traitlets.Int(1).tag(sync=True)
    moved = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        vectors: Any,
        *,
        labels: Iterable[Any] | None = None,
        first: int | str = 0,
        second: int | str = 1,
        axes: Any = None,
        moved: dict[int, Any] | None = None,
        caption: str = "",
        digits: int | None = None,
    ) -> None:
        labels = names_of(vectors, 0) if labels is None else labels
        vectors = to_numpy(vectors, "vectors")
        if vectors.ndim != 2 or not 2 <= len(vectors) <= MOST or not 2 <= vectors.shape[1] <= MOST_DIMENSIONS:
            raise ValueError(f"expected vectors to be (n, d), n from 2 to {MOST}, d >= 2, got shape {vectors.shape}")
        self._labels = check_tokens(labels, len(vectors), "labels")
        spec = {"element": self.element, "labels": self._labels, "caption": caption_of(caption)}
        lengths = np.linalg.norm(vectors, axis=1)
        shortest = min(lengths[lengths > 0], default=1.0)
        spec["vectors"] = encode(vectors, digits, within=1e-5 * shortest / vectors.shape[1] ** 0.5)
        self._vectors = decode(spec["vectors"])
        axes = _principal(self._vectors) if axes is None else _axes(axes, self._vectors.shape[1])
        spec["axes"] = encode(axes, AXES_DIGITS)
        self._axes = decode(spec["axes"])
        spec["spread"] = round(_spread(self._vectors, self._axes), 2)
        two = {"first": self._index(first, "first"), "second": self._index(second, "second")}
        super().__init__(**two, moved={} if moved is None else moved)
        self._spec = {**spec, "settings": self.settings}

    def _index(self, which, name):
        which = plain(which)
        if not isinstance(which, str):
            return which
        if visible(which) not in self._labels:
            raise ValueError(f"expected {name} to be one of the labels {self._labels[:8]}, got {which!r}")
        return self._labels.index(visible(which))

    @traitlets.validate("first", "second")
    def _valid_index(self, proposal):
        return check_index(proposal, len(self._labels))

    @traitlets.validate("moved")
    def _valid_moved(self, proposal):
        moved = {}
        for key, place in proposal.value.items():
            if not str(key).isdecimal() or int(key) >= len(self._labels):
                raise ValueError(f"expected moved to name vectors from 0 to {len(self._labels) - 1}, got {key!r}")
            moved[str(int(key))] = check_point(place, f"moved[{key}]")
        return moved

    @property
    def vectors(self) -> np.ndarray:
        """The vectors as they stand now, moved ones included: (n, d)."""
        vectors = self._vectors.copy()
        for key, place in self.moved.items():
            i = int(key)
            vectors[i] += (place - self._vectors[i] @ self._axes.T) @ self._axes
        return vectors

    @property
    def places(self) -> np.ndarray:
        """Where the tips stand in the plane: (n, 2)."""
        places = self._vectors @ self._axes.T
        for key, place in self.moved.items():
            places[int(key)] = place
        return places

    @property
    def dot(self) -> float:
        """Dot product of the two, in all d features."""
        vectors = self.vectors
        return float(vectors[self.first] @ vectors[self.second])

    @property
    def lengths(self) -> tuple[float, float]:
        """Lengths of the two, in all d features."""
        vectors = self.vectors
        return float(np.linalg.norm(vectors[self.first])), float(np.linalg.norm(vectors[self.second]))

    @property
    def cosine(self) -> float:
        """Cosine of the two: the dot product over both lengths; NaN if a length is 0."""
        a, b = self.lengths
        return self.dot / (a * b) if a and b else math.nan

    @property
    def angle(self) -> float:
        """Angle between the two in degrees, from 0 to 180; NaN if a length is 0."""
        return _angle(self.vectors[self.first], self.vectors[self.second])

    def fallback(self) -> str:
        """Length, and cosine with each of the two, of every vector, as an HTML table."""
        vectors = self.vectors
        lengths = np.linalg.norm(vectors, axis=1)
        units = vectors / np.where(lengths, lengths, np.inf)[:, None]
        rows = [
            [decimals(length, 2), f"{unit @ units[self.first]:.2f}", f"{unit @ units[self.second]:.2f}"]
            for length, unit in zip(lengths, units, strict=True)
        ]
        first, second = label(self._labels[self.first]), label(self._labels[self.second])
        caption = f"{self._spec['caption'] or 'Vectors'} ({first} and {second}: dot product {decimals(self.dot, 2)}, "
        caption += f"cosine {self.cosine:.2f}, angle {self.angle:.0f}°)"
        return html_table(
            rows, map(label, self._labels), ["length", f"cosine with {first}", f"cosine with {second}"], "", caption
        )

    def __repr__(self) -> str:
        n, d = self._vectors.shape
        two = f"{cut(self._labels[self.first])!r} and {cut(self._labels[self.second])!r}"
        return f"VectorPlane({n} vectors, d={d}, {two}: cosine {self.cosine:.2f})"


def check_point(place: Any, name: str) -> list[float]:
    """Two finite numbers as a list of two floats."""
    place = list(place) if isinstance(place, (list, tuple, np.ndarray)) else [place]
    numbers = all(isinstance(x, Real) and not isinstance(x, bool) for x in place)
    if len(place) != 2 or not numbers or not all(abs(x) <= MAX_ABS for x in place):
        raise ValueError(f"expected {name} to be two finite numbers, at most {MAX_ABS:g} in size, got {place}")
    return [float(x) for x in place]


def _axes(axes, d):
    """The axes that came, (2, d); ValueError if they are not orthonormal."""
    axes = to_numpy(axes, "axes")
    if axes.shape != (2, d):
        raise ValueError(f"expected axes to be (2, {d}), got shape {axes.shape}")
    products = axes @ axes.T
    if np.abs(products - np.eye(2)).max() > 1e-4:
        raise ValueError(f"expected axes to be orthonormal, but their dot products are {products.round(4).tolist()}")
    return axes


def _principal(vectors):
    """Two orthonormal directions in which the vectors differ most, (2, d); for d = 2 the coordinates as they are."""
    if vectors.shape[1] == 2:
        return np.eye(2)
    axes = np.linalg.svd(vectors - vectors.mean(axis=0))[2][:2]
    largest = axes[[0, 1], np.abs(axes).argmax(axis=1)]
    return axes * np.sign(largest)[:, None]  # a sign is a matter of taste: the largest entry is positive


def _spread(vectors, axes):
    """Which part of the vectors' variance the plane shows, from 0 to 1."""
    centred = vectors - vectors.mean(axis=0)
    total = (centred**2).sum()
    return float(((centred @ axes.T) ** 2).sum() / total) if total else 1.0


def _angle(u, v):
    """The angle in degrees, exact for small ones too (Kahan: 2 atan2(|u/|u| - v/|v||, |u/|u| + v/|v||))."""
    a, b = np.linalg.norm(u), np.linalg.norm(v)
    if not (a and b):
        return math.nan
    return math.degrees(2 * math.atan2(np.linalg.norm(u / a - v / b), np.linalg.norm(u / a + v / b)))
