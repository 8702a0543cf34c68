"""AttentionCost: what one attention layer computes and keeps, part by part, as n, m, d_model and h move."""

import math
from collections.abc import Iterable

import traitlets

from ._base import Widget, caption_of, check_controls, check_number, html_table

PARTS = ("queries", "keys", "values", "scores", "softmax", "output", "join")
CONTROLS = ("n", "m", "d_model", "h")
MOST = 4096  # of each of the four: all counts are then exact in float64, the browser's numbers


class AttentionCost(Widget):
    """The parts of a multi-head attention layer: their shapes, multiply-adds and bytes, and what grows with n * m.

    The layer projects n and m vectors of d_model numbers to queries, keys and values for h heads of size
    d_k = d_v = d_model / h, without biases; "join" is the product of the joined heads with W_o. Counted are the
    multiply-adds of the matrix products and the exponentials of the softmax, not the scale or the softmax's sums;
    bytes are those of what each part makes.

    Args:
        n: number of queries.
        m: number of keys and values; None = as many as queries, as in self-attention.
        d_model: features of a vector.
        h: number of heads; a divisor of d_model.
        bytes_per_number: 4 for float32; 1, 2, 4 or 8.
        controls: what the reader moves; default all of ("n", "m", "d_model", "h").
        caption: a line above the table.

    `n`, `m`, `d_model` and `h` (integers from 1 to 4096) are traits, set and observed from Python; in a notebook they
    follow the reader. To set d_model and h together: `with cost.hold_trait_notifications(): ...`.

    Raises:
        ValueError: for sizes outside 1 ... 4096, an h that does not divide d_model, unknown controls or number sizes.

    >>> cost = AttentionCost(n=50, d_model=512, h=8)
    >>> cost.operations["scores"], cost.operations["queries"], sum(cost.operations.values())
    (1280000, 13107200, 54988800)
    >>> cost.shapes["scores"], cost.bytes["scores"], cost.exponentials, cost.parameters
    ((8, 50, 50), 80000, 20000, 1048576)

    Source: Vaswani et al. 2017, sec. 3.2.2 and table 1.
    """

    element = "attention-cost"
    scripts = ("widgets.js", "layers.js")
    SETTINGS = ("n", "m", "d_model", "h")

    n = traitlets.Int(50).tag(sync=True)
    m = traitlets.Int(None, allow_none=True).tag(sync=True)
    d_model = traitlets.Int(512).tag(sync=True)
    h = traitlets.Int(8).tag(sync=True)

    def __init__(
        self,
        n: int = 50,
        m: int | None = None,
        d_model: int = 512,
        h: int = 8,
        *,
        bytes_per_number: int = 4,
        controls: Iterable[str] = CONTROLS,
        caption: str = "",
    ) -> None:
        self._bytes_per_number = check_number(bytes_per_number, "bytes_per_number", 1, 8)
        if bytes_per_number not in (1, 2, 4, 8):
            raise ValueError(f"expected bytes_per_number to be 1, 2, 4 or 8, got {bytes_per_number!r}")
        super().__init__(n=n, m=m, d_model=d_model, h=h)
        self._spec = {
            "element": self.element,
            "bytes_per_number": self._bytes_per_number,
            "controls": check_controls(controls, CONTROLS),
            "caption": caption_of(caption),
            "settings": self.settings,
        }

    @traitlets.validate("n", "m", "d_model", "h")
    def _valid_size(self, proposal):
        name, size = proposal.trait.name, proposal.value
        if size is not None and not 1 <= size <= MOST:
            raise ValueError(f"expected {name} to be from 1 to {MOST}, got {size}")
        now = self.settings | {name: size}
        if now["h"] and now["d_model"] % now["h"]:  # an h of 0 is refused as such
            raise ValueError(f"expected d_model to be a multiple of h, got d_model = {now['d_model']}, h = {now['h']}")
        return size

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of what each part makes: {part: tuple}."""
        n, d, h = self.n, self.d_model, self.h
        m = n if self.m is None else self.m
        return {
            "queries": (n, d),
            "keys": (m, d),
            "values": (m, d),
            "scores": (h, n, m),
            "softmax": (h, n, m),
            "output": (h, n, d // h),
            "join": (n, d),
        }

    @property
    def operations(self) -> dict[str, int]:
        """Multiply-adds of each part, {part: int}; the softmax has none (see `exponentials`)."""
        n, m, d = self.n, self.shapes["keys"][0], self.d_model
        counts = (n * d * d, m * d * d, m * d * d, n * m * d, 0, n * m * d, n * d * d)
        return dict(zip(PARTS, counts, strict=True))

    @property
    def exponentials(self) -> int:
        """Exponentials that the softmax takes: h n m."""
        return math.prod(self.shapes["softmax"])

    @property
    def bytes(self) -> dict[str, int]:
        """Bytes of what each part makes: {part: int}."""
        return {part: math.prod(shape) * self._bytes_per_number for part, shape in self.shapes.items()}

    @property
    def parameters(self) -> int:
        """Numbers in W_q, W_k, W_v and W_o: 4 d_model^2, whatever n, m and h."""
        return 4 * self.d_model**2

    def fallback(self) -> str:
        """Shapes, multiply-adds and bytes as an HTML table."""
        shapes, operations, size = self.shapes, self.operations, self.bytes
        rows = [[str(shapes[part]), f"{operations[part]:,}", f"{size[part]:,}"] for part in PARTS]
        rows.append(["", f"{sum(operations.values()):,}", f"{sum(size.values()):,}"])
        m = self.n if self.m is None else self.m
        sizes = f"n = {self.n}, m = {m}, d_model = {self.d_model}, h = {self.h}: {self.parameters:,} parameters"
        caption = f"{self._spec['caption'] or 'The cost of an attention layer'} ({sizes})"
        return html_table(rows, [*PARTS, "sum"], ["shape", "multiply-adds", "bytes"], "", caption)

    def __repr__(self) -> str:
        total = f"{sum(self.operations.values()):,} multiply-adds"
        return f"AttentionCost(n={self.n}, m={self.m}, d_model={self.d_model}, h={self.h}: {total})"
