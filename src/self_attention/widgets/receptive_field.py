"""ReceptiveField: what a position in the last of some layers can see of the input, in how many steps, at which cost."""

from collections.abc import Iterable

import numpy as np
import traitlets

from ..masks import causal_mask, window_mask
from ._base import Widget, caption_of, check_choice, check_controls, check_number, html_table, plain

KINDS = ("cnn", "dilated cnn", "rnn", "self-attention", "windowed self-attention", "causal self-attention")
CONTROLS = ("layer", "n", "layers", "k", "window", "position")
BOUNDS = {"n": (2, 64), "layers": (1, 16), "k": (1, 15), "window": (1, 63)}


class ReceptiveField(Widget):
    """Layers of one kind on top of each other, and the inputs that one position of the last one depends on.

    There is nothing beyond the ends: a connection that leads there is not counted, and nothing is seen through it. So a
    dilated CNN can miss inputs that its field would span in the middle of a longer row.

    Args:
        n: number of positions, 2 to 64.
        layer: "cnn" = width k; "dilated cnn" = width k with gaps of 1, k, k², ... from the first layer to the last;
            "rnn" = each state from the one before it and the one below; "self-attention"; "windowed self-attention" =
            `window` positions, itself in the middle; "causal self-attention" = itself and all positions before it.
        layers: how many, 1 to 16.
        k: width of the convolutions, odd, 1 to 15.
        window: width of the windowed self-attention, odd, 1 to 63.
        position: the position of the last layer in focus, from 0; None = the middle one, n // 2.
        d: features of a vector, 1 to 4096; for the multiply-adds.
        controls: what the reader moves; default all of ("layer", "n", "layers", "k", "window", "position").
        caption: a line above the picture.

    `n`, `layer`, `layers`, `k`, `window` and `position` are traits, set and observed from Python; in a notebook they
    follow the reader.

    Raises:
        ValueError: for sizes out of bounds, an even k or window, a position that is not there, an unknown layer or
            control.

    >>> field = ReceptiveField(n=27, layer="cnn", layers=3, k=3)
    >>> int(field.sees.sum()), field.needed, field.sequential, field.path
    (7, 13, 3, 3)
    >>> field.layer = "dilated cnn"
    >>> int(field.sees.sum()), field.needed
    (27, 3)

    Source: Vaswani et al. 2017, sec. 4; Yu and Koltun 2016, sec. 2 (dilated convolutions).
    """

    element = "receptive-field"
    scripts = ("widgets.js", "layers.js")
    SETTINGS = ("n", "layer", "layers", "k", "window", "position")

    n = traitlets.Int(16).tag(sync=True)
    layer = traitlets.Unicode("cnn").tag(sync=True)
    layers = traitlets.Int(3).tag(sync=True)
    k = traitlets.Int(3).tag(sync=True)
    window = traitlets.Int(5).tag(sync=True)
    position = traitlets.Int(8).tag(sync=True)

    def __init__(
        self,
        n: int = 16,
        *,
        layer: str = "cnn",
        layers: int = 3,
        k: int = 3,
        window: int = 5,
        position: int | None = None,
        d: int = 512,
        controls: Iterable[str] = CONTROLS,
        caption: str = "",
    ) -> None:
        self._d = check_number(d, "d", 1, 4096)
        n = plain(n)
        position = n // 2 if position is None and isinstance(n, int) else position
        super().__init__(n=n, layer=layer, layers=layers, k=k, window=window, position=position)
        self._spec = {
            "element": self.element,
            "d": self._d,
            "controls": check_controls(controls, CONTROLS),
            "caption": caption_of(caption),
            "settings": self.settings,
        }

    @traitlets.validate("n", "layers", "k", "window")
    def _valid_size(self, proposal):
        name, size = proposal.trait.name, proposal.value
        least, most = BOUNDS[name]
        if not least <= size <= most:
            raise ValueError(f"expected {name} to be from {least} to {most}, got {size}")
        if name in ("k", "window") and size % 2 == 0:
            raise ValueError(f"expected {name} to be odd, got {size}")
        if name == "n":
            self._check_position(self.position, size)
        return size

    @traitlets.validate("position")
    def _valid_position(self, proposal):
        self._check_position(proposal.value, self.n)
        return proposal.value

    def _check_position(self, position, n):
        if not 0 <= position < n:
            raise ValueError(f"expected position to be from 0 to n - 1 = {n - 1}, got {position}")

    @traitlets.validate("layer")
    def _valid_layer(self, proposal):
        return check_choice(proposal, KINDS)

    def _mask(self, kind, level):
        """Which positions of the row below (columns) each position of a row (rows) reads: (n, n)."""
        n = self.n
        if kind == "rnn":  # what comes along its own row is not the row below
            return np.eye(n, dtype=bool)
        if kind == "dilated cnn":
            away = abs(np.arange(n)[:, None] - np.arange(n)) / float(self.k) ** (level - 1)
            return (away <= self.k // 2) & (away % 1 == 0)
        if kind in ("cnn", "windowed self-attention"):
            return window_mask(n, self.k if kind == "cnn" else self.window)
        return causal_mask(n) if kind == "causal self-attention" else np.ones((n, n), dtype=bool)

    def _reach(self, kind, layers):
        """What the position depends on, row by row, the input first: (layers + 1, n)."""
        rows = [np.arange(self.n) <= self.position if kind == "rnn" else np.arange(self.n) == self.position]
        for level in range(layers, 0, -1):
            rows.insert(0, rows[0] @ self._mask(kind, level))
        return np.array(rows)

    def _connections(self, kind):
        """How many connections there are in all layers."""
        below = sum(int(self._mask(kind, level).sum()) for level in range(1, self.layers + 1))
        return below + (self.layers * (self.n - 1) if kind == "rnn" else 0)

    def _operations(self, kind):
        d = self._d
        if "attention" in kind:
            return self._connections(kind) * 2 * d + self.layers * 4 * self.n * d**2
        return self._connections(kind) * d**2

    @property
    def reach(self) -> np.ndarray:
        """What the position in focus depends on, row by row, from the input to the last layer: (layers + 1, n)."""
        return self._reach(self.layer, self.layers)

    @property
    def sees(self) -> np.ndarray:
        """The inputs that the position in focus depends on: boolean (n,)."""
        return self.reach[0]

    @property
    def needed(self) -> int | None:
        """The number of layers with which the position would see all n inputs; None = it never does."""
        return self._needed(self.layer)

    def _needed(self, kind):
        seen = causal_mask(self.n) if kind == "rnn" else np.eye(self.n, dtype=bool)  # by each position: (n, n)
        for layers in range(1, self.n + 1):
            more = self._mask(kind, layers) @ seen
            if more[self.position].all():
                return layers
            if (more == seen).all():
                return None
            seen = more

    @property
    def connections(self) -> int:
        """How many connections there are in all layers."""
        return self._connections(self.layer)

    @property
    def operations(self) -> int:
        """Multiply-adds of all layers: d² for a connection of a CNN or an RNN, 2d and the projections in attention.

        Attention projects each of the n positions four times, to its query, key and value and from the heads: 4 n d².
        """
        return self._operations(self.layer)

    @property
    def sequential(self) -> int:
        """Steps that must wait for one another until all positions are there: layers, or layers + n - 1 in an RNN."""
        return self._sequential(self.layer)

    def _sequential(self, kind):
        return self.layers + (self.n - 1 if kind == "rnn" else 0)

    @property
    def path(self) -> int:
        """Steps to the position in focus from the first input that it sees: layers, or layers + position in an RNN."""
        return self._path(self.layer)

    def _path(self, kind):
        return self.layers + (self.position if kind == "rnn" else 0)

    def fallback(self) -> str:
        """What the position sees with each kind of layer, and what they cost, as an HTML table."""
        rows = []
        for kind in KINDS:
            seen = int(self._reach(kind, self.layers)[0].sum())
            numbers = [self._needed(kind) or "never", self._sequential(kind), self._path(kind)]
            rows.append([f"{seen} of {self.n}", *map(str, numbers), f"{self._operations(kind):,}"])
        sizes = f"position {self.position} of {self.n}, layers: {self.layers}, k = {self.k}, window = {self.window}"
        caption = f"{self._spec['caption'] or 'What a position sees'} ({sizes}, d = {self._d})"
        columns = ["sees", "layers to see all", "sequential steps", "path", "multiply-adds"]
        return html_table(rows, KINDS, columns, "layer", caption)

    def __repr__(self) -> str:
        sizes = f"n={self.n}, layer={self.layer!r}, layers={self.layers}, k={self.k}, window={self.window}"
        return f"ReceptiveField({sizes}: position {self.position} sees {int(self.sees.sum())} of {self.n})"
