"""LayerCosts: four kinds of layer side by side, as in table 1 of "Attention Is All You Need", as n, d, k and r move."""

from collections.abc import Iterable

import traitlets

from ._base import Widget, caption_of, check_choice, check_controls, html_table

LAYERS = ("self-attention", "recurrent", "convolutional", "restricted self-attention")
COUNTS = ("table", "all")
CONTROLS = ("n", "d", "k", "r", "count")
BOUNDS = {"n": (1, 65536), "d": (1, 4096), "k": (2, 64), "r": (2, 4096)}  # all counts are then exact in float64


class LayerCosts(Widget):
    """What a layer costs, in how many steps it runs, how far apart two positions are, and what it sees.

    The layers take n vectors of d numbers to n vectors of d numbers: self-attention; a recurrence
    h_t = tanh(W x_t + U h_(t-1)); a convolution of width k; self-attention in which each position reads r positions.
    At the ends, the convolution and the restricted attention count as padded; r above n counts as n.

    Args:
        n: number of positions, 1 to 65536.
        d: features of a vector, 1 to 4096.
        k: width of the convolution, 2 to 64.
        r: positions that one position reads in restricted self-attention, 2 to 4096.
        count: "table" = the table's terms, n²d, nd², knd² and rnd, without constant factors; "all" = every multiply-add
            of the matrix products: 2n²d + 4nd², 2nd², knd² and 2rnd + 4nd², where 4nd² are the projections to queries,
            keys, values and from the heads, which the table leaves out.
        controls: what the reader moves; default all of ("n", "d", "k", "r", "count").
        caption: a line above the table.

    `n`, `d`, `k`, `r` and `count` are traits, set and observed from Python; in a notebook they follow the reader.

    Raises:
        ValueError: for sizes out of bounds, an unknown count or control.

    >>> costs = LayerCosts(n=50, d=512, k=3, r=25)
    >>> list(costs.operations.values()), costs.cheapest
    ([1280000, 13107200, 39321600, 640000], ['restricted self-attention'])
    >>> costs.path, costs.contiguous
    ({'self-attention': 1, 'recurrent': 50, 'convolutional': 4, 'restricted self-attention': 3}, 25)
    >>> costs.count = "all"
    >>> costs.operations["self-attention"], costs.operations["recurrent"], costs.cheapest
    (54988800, 26214400, ['recurrent'])

    Source: Vaswani et al. 2017, sec. 4 and table 1.
    """

    element = "layer-costs"
    scripts = ("widgets.js", "layers.js")
    SETTINGS = ("n", "d", "k", "r", "count")

    n = traitlets.Int(50).tag(sync=True)
    d = traitlets.Int(512).tag(sync=True)
    k = traitlets.Int(3).tag(sync=True)
    r = traitlets.Int(25).tag(sync=True)
    count = traitlets.Unicode("table").tag(sync=True)

    def __init__(
        self,
        n: int = 50,
        d: int = 512,
        k: int = 3,
        r: int = 25,
        *,
        count: str = "table",
        controls: Iterable[str] = CONTROLS,
        caption: str = "",
    ) -> None:
        super().__init__(n=n, d=d, k=k, r=r, count=count)
        self._spec = {
            "element": self.element,
            "controls": check_controls(controls, CONTROLS),
            "caption": caption_of(caption),
            "settings": self.settings,
        }

    @traitlets.validate("n", "d", "k", "r")
    def _valid_size(self, proposal):
        name, size = proposal.trait.name, proposal.value
        least, most = BOUNDS[name]
        if not least <= size <= most:
            raise ValueError(f"expected {name} to be from {least} to {most}, got {size}")
        return size

    @traitlets.validate("count")
    def _valid_count(self, proposal):
        return check_choice(proposal, COUNTS)

    @property
    def operations(self) -> dict[str, int]:
        """Multiply-adds of each layer, counted as `count` says: {layer: int}."""
        n, d, k, r = self.n, self.d, self.k, min(self.r, self.n)
        if self.count == "table":
            counts = (n * n * d, n * d * d, k * n * d * d, r * n * d)
        else:
            projections = 4 * n * d * d
            counts = (2 * n * n * d + projections, 2 * n * d * d, k * n * d * d, 2 * r * n * d + projections)
        return dict(zip(LAYERS, counts, strict=True))

    @property
    def cheapest(self) -> list[str]:
        """The layers with the fewest multiply-adds: a list, since two may share the first place."""
        operations = self.operations
        return [layer for layer in LAYERS if operations[layer] == min(operations.values())]

    @property
    def crossings(self) -> dict[str, float]:
        """The n from which on self-attention costs more than each other layer; 0 if always: {layer: float}."""
        if self.count == "table":
            crossings: tuple[float, ...] = (self.d, self.k * self.d, self.r)
        else:
            crossings = (0, max(0, (self.k - 4) * self.d / 2), self.r)
        return dict(zip(LAYERS[1:], map(float, crossings), strict=True))

    @property
    def sees(self) -> dict[str, int]:
        """How many positions one layer's output can read, at most: {layer: int}; a recurrence reads only the past."""
        n = self.n
        return dict(zip(LAYERS, (n, n, min(self.k, n), min(self.r, n)), strict=True))

    @property
    def sequential(self) -> dict[str, int]:
        """Steps of a layer that must wait for one another: {layer: int}."""
        return dict(zip(LAYERS, (1, self.n, 1, 1), strict=True))

    @property
    def path(self) -> dict[str, int]:
        """Steps until one position depends on n, in as many layers as that takes: {layer: int}.

        The convolutions are dilated, by 1, k, k², ..., so that L layers span k^L positions (see `contiguous`); layers
        of restricted attention span 1 + L (r - 1).
        """
        dilated = next(layers for layers in range(1, 17) if self.k**layers >= self.n)
        return dict(zip(LAYERS, (1, self.n, dilated, self._layers_to_span(self.r)), strict=True))

    @property
    def contiguous(self) -> int:
        """The convolution's path without dilation: L layers span 1 + L (k - 1) positions."""
        return self._layers_to_span(self.k)

    def _layers_to_span(self, width):
        return max(1, -(-(self.n - 1) // (width - 1)))

    @property
    def parameters(self) -> dict[str, int]:
        """Numbers in each layer's matrices, without biases: {layer: int}; whatever n and r."""
        return {layer: factor * self.d**2 for layer, factor in zip(LAYERS, (4, 2, self.k, 4), strict=True)}

    def fallback(self) -> str:
        """What each layer sees and costs, as an HTML table."""
        columns = {
            "one layer sees": self.sees,
            "multiply-adds": self.operations,
            "sequential steps": self.sequential,
            "longest path": self.path,
            "parameters": self.parameters,
        }
        rows = [[f"{numbers[layer]:,}" for numbers in columns.values()] for layer in LAYERS]
        counted = {"table": "the table's terms", "all": "projections and constant factors included"}[self.count]
        sizes = f"n = {self.n}, d = {self.d}, k = {self.k}, r = {self.r}; {counted}"
        caption = f"{self._spec['caption'] or 'What a layer costs and sees'} ({sizes})"
        return html_table(rows, LAYERS, list(columns), "layer", caption)

    def __repr__(self) -> str:
        sizes = f"n={self.n}, d={self.d}, k={self.k}, r={self.r}, count={self.count!r}"
        return f"LayerCosts({sizes}: {' and '.join(self.cheapest)} cheapest)"
