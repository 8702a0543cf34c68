"""PositionMap: the sinusoidal position vectors as a map, and their dot products against the distance."""

from collections.abc import Iterable

import numpy as np
import traitlets

from .._arrays import check_integer
from ..positions import sinusoidal_positions
from ._base import Widget, caption_of, check_choice, check_controls, check_index, html_table, plain

MOST = 512  # positions, and features
HOTTEST = 1e6  # largest base
LAYOUTS = ("interleaved", "concatenated")
CONTROLS = ("position", "d_model", "base", "layout")
SHOWN = 8  # rows and columns of the static table


class PositionMap(Widget):
    """Sinusoidal positions: a row for each position, a column for each feature, colours from -1 to 1.

    Of the row that the reader picks: its numbers, and its dot product with every other row against their distance.

    Args:
        n: number of positions, 2 to 512.
        d_model: number of features; even, 2 to 512.
        base: how many times longer the last wavelengths get; 1 to 1e6.
        position: the row in focus, from 0.
        layout: "interleaved" = sin, cos, sin, cos, ...; "concatenated" = all sines, then all cosines.
        controls: what the reader moves; default all of ("position", "d_model", "base", "layout").
        caption: a line above the map.

    `position`, `d_model`, `base` and `layout` are traits, set and observed from Python; in a notebook they follow the
    reader.

    Raises:
        ValueError: for sizes out of bounds, an odd d_model, an unknown layout or control.

    >>> positions = PositionMap(n=10, d_model=4, position=1)
    >>> positions.table[1].round(4), positions.dots[:3].round(4)
    (array([0.8415, 0.5403, 0.01  , 1.    ]), array([1.5403, 2.    , 1.5403]))
    """

    element = "position-map"
    scripts = ("widgets.js", "layers.js")
    SETTINGS = ("position", "d_model", "base", "layout")

    position = traitlets.Int(0).tag(sync=True)
    d_model = traitlets.Int(64).tag(sync=True)
    base = traitlets.Float(10000.0).tag(sync=True)
    layout = traitlets.Unicode("interleaved").tag(sync=True)

    def __init__(
        self,
        n: int = 64,
        d_model: int = 64,
        base: float = 10000.0,
        *,
        position: int = 0,
        layout: str = "interleaved",
        controls: Iterable[str] = CONTROLS,
        caption: str = "",
    ) -> None:
        n = plain(n)
        check_integer("n", n, least=2)
        if n > MOST:
            raise ValueError(f"expected n to be from 2 to {MOST}, got {n}")
        self._n = n
        super().__init__(d_model=d_model, base=base, position=position, layout=layout)
        self._spec = {
            "element": self.element,
            "n": self._n,
            "controls": check_controls(controls, CONTROLS),
            "caption": caption_of(caption),
            "settings": self.settings,
        }

    @traitlets.validate("position")
    def _valid_position(self, proposal):
        return check_index(proposal, self._n)

    @traitlets.validate("d_model")
    def _valid_d_model(self, proposal):
        if proposal.value % 2 or not 2 <= proposal.value <= MOST:
            raise ValueError(f"expected d_model to be even, from 2 to {MOST}, got {proposal.value}")
        return proposal.value

    @traitlets.validate("base")
    def _valid_base(self, proposal):
        if not 1 <= proposal.value <= HOTTEST:
            raise ValueError(f"expected base to be from 1 to {HOTTEST:g}, got {proposal.value}")
        return proposal.value

    @traitlets.validate("layout")
    def _valid_layout(self, proposal):
        return check_choice(proposal, LAYOUTS)

    @property
    def table(self) -> np.ndarray:
        """The position vectors, (n, d_model), by the core."""
        return sinusoidal_positions(self._n, self.d_model, base=self.base, layout=self.layout)

    @property
    def dots(self) -> np.ndarray:
        """The dot product of the row in focus with each row, (n,)."""
        return self.table @ self.table[self.position]

    def fallback(self) -> str:
        """The first rows and columns, the row in focus, and the dot products with it, as an HTML table."""
        places = sorted({*range(min(SHOWN, self._n)), self.position})
        corner = np.column_stack([self.table[places, :SHOWN], self.dots[places]])
        rows = [[f"{x:.4f}".replace("-0.0000", "0.0000") for x in row] for row in corner]
        features = [f"feature {j}" for j in range(min(SHOWN, self.d_model))]
        of = f"{self._n} positions, {self.d_model} features, base {self.base:g}, {self.layout}"
        caption = f"{self._spec['caption'] or 'Sinusoidal positions'} ({of}: the first rows and columns)"
        columns = [*features, f"dot product with position {self.position}"]
        return html_table(rows, map(str, places), columns, "position", caption)

    def __repr__(self) -> str:
        return (
            f"PositionMap(n={self._n}, d_model={self.d_model}, base={self.base:g}, position={self.position}, "
            f"layout={self.layout!r})"
        )
