"""Figures of the book: one style, and the heat map that shows scores or weights."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.textpath import TextPath

from ._arrays import Array, as_floats, as_mask, to_numpy

COLOURS = {"weights": "Blues", "scores": "PuOr"}  # Matplotlib's names of colour maps; the widgets use the same
MOST_NUMBERS = 144  # in so many cells the numbers still fit
LONGEST = 20  # characters of a label


def style() -> None:
    """Give all figures the book's look; in a notebook, also make them SVG, the same bytes on every run.

    >>> style()
    """
    plt.style.use(Path(__file__).with_name("book.mplstyle"))
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))


def heat_map(
    values: Array,
    tokens: Iterable,
    key_tokens: Iterable | None = None,
    *,
    kind: str = "weights",
    mask: Array | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw scores or weights as a map: rows are queries, columns are keys, what is masked is hatched.

    Args:
        values: (n, m), NumPy or torch; a score of -inf counts as masked.
        tokens: n labels of the queries, of which the first 20 characters are shown.
        key_tokens: m labels of the keys; None = the same as the queries'.
        kind: "weights" = one hue, from 0 to 1; "scores" = two hues, centred on 0.
        mask: boolean, broadcastable to (n, m); True = may attend.
        ax: the Matplotlib axes to draw on; None = those of a new figure.

    Returns:
        the axes.

    Raises:
        ValueError: the shapes or the number of labels do not fit, the kind is unknown, the mask is not boolean, a value
            is NaN or infinite, or a weight does not lie from 0 to 1.

    >>> ax = heat_map(np.eye(2), tokens=["Thinking", "Machines"])
    """
    tokens = as_labels("tokens", tokens)
    key_tokens = tokens if key_tokens is None else as_labels("key_tokens", key_tokens)
    shown = check_map(values, tokens, key_tokens, kind, mask)
    n, m = shown.shape
    if ax is None:
        side = min(0.62, 9 / max(n, m))  # in inches, for letters of 11 points
        left, top = (max(0, longest(labels) - 0.75) for labels in (tokens, key_tokens))  # more than words usually need
        wide = side * m if n * m <= MOST_NUMBERS else max(side * m, 1.5)  # with a colour bar
        size = np.array([1.6 + wide + left + 0.7 * top, 0.9 + side * n + 0.7 * top])
        layout = None if plt.rcParams["figure.constrained_layout.use"] else "compressed"  # with neither, labels are cut
        _, ax = plt.subplots(figsize=size * (plt.rcParams["font.size"] / 11), layout=layout)

    grey = plt.rcParams["text.color"]
    ax.patch.set(hatch="////", edgecolor=grey, linewidth=0)  # shows through where a cell is masked
    most = 1 if kind == "weights" else abs(shown.compressed()).max(initial=0) or 1
    least = 0 if kind == "weights" else -most
    cells = ax.pcolormesh(
        shown, cmap=COLOURS[kind], vmin=least, vmax=most, edgecolors=to_rgba(grey, 0.25), linewidth=0.5
    )
    if shown.size <= MOST_NUMBERS:
        write_numbers(ax, shown, cells, kind)
    else:
        ax.figure.colorbar(cells, ax=ax, shrink=0.8, label=kind)

    slanted: dict[str, Any] = {"rotation": 45, "ha": "left"} if m > 12 or max(map(len, key_tokens)) > 6 else {}
    ax.set_xticks(np.arange(m) + 0.5, key_tokens, parse_math=False, **slanted)
    ax.set_yticks(np.arange(n) + 0.5, tokens, parse_math=False)
    ax.set(xlabel="keys", ylabel="queries", aspect="equal", ylim=(n, 0))
    ax.xaxis.set_label_position("top")
    ax.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False, length=0)
    ax.spines[:].set_visible(False)
    ax._ipython_display_ = shown_already  # type: ignore[attr-defined]  # IPython asks any object for one
    return ax


def shown_already() -> None:
    """What a notebook calls to show the axes that end a cell: the figure is shown anyway."""


def as_labels(name: str, tokens: Iterable[Any]) -> list[str]:
    """Tokens, whatever they are, as labels of one line: an array's numbers as text, what is long cut off."""
    try:
        tokens = [str(token) for token in (tokens.tolist() if hasattr(tokens, "tolist") else tokens)]
    except TypeError:
        raise ValueError(f"expected {name} to be a list of labels, got {type(tokens).__name__}") from None
    tokens = [token.replace("\n", "\N{RETURN SYMBOL}") for token in tokens]
    return [token if len(token) <= LONGEST else token[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}" for token in tokens]


def longest(labels: Iterable[str]) -> float:
    """How long the longest label is, and an m before it, in inches, in letters of 11 points."""
    texts = {"m" + label.replace("$", "S") for label in labels}  # dollars would be the marks of a formula
    return max(TextPath((0, 0), text, size=11).get_extents().width for text in texts) / 72


def check_map(values: Any, tokens: Sequence[str], key_tokens: Sequence[str], kind: str, mask: Any) -> np.ma.MaskedArray:
    """The values as a masked NumPy array (n, m), once they and everything beside them have been checked."""
    _, _, values = as_floats(values=values)
    values = to_numpy("values", values)
    expected = len(tokens), len(key_tokens)
    if values.shape != expected or values.size == 0:
        raise ValueError(f"expected values to be (n, m) = {expected} for these tokens, got {values.shape}")
    if kind not in COLOURS:
        raise ValueError(f"expected kind to be 'weights' or 'scores', got {kind!r}")
    masked = np.isneginf(values) & (kind == "scores")
    if mask is not None:
        masked = masked | ~as_mask(to_numpy("mask", mask), values)
    shown = np.ma.array(values, mask=masked)
    seen = shown.compressed()
    if not np.isfinite(seen).all():
        raise ValueError("expected values to be finite where they are not masked")
    if kind == "weights" and ((seen < 0) | (seen > 1 + 1e-6)).any():
        raise ValueError(f"expected weights to lie from 0 to 1, got {seen.min():g} to {seen.max():g}; are they scores?")
    return shown


def write_numbers(ax: Axes, shown: np.ma.MaskedArray, cells: Any, kind: str) -> None:
    """Write each number into its cell, in black or white, whichever is easier to read there."""
    for (i, j), value in np.ndenumerate(shown.filled(np.nan)):
        if not np.isnan(value):
            light = np.power(cells.cmap(cells.norm(value))[:3], 2.2) @ [
                0.2126,
                0.7152,
                0.0722,
            ]  # nearly WCAG's luminance
            number = f"{value:.2f}" if kind == "weights" else f"{round(value, 2):g}".replace("-", "\N{MINUS SIGN}")
            style: dict[str, Any] = {"color": "black" if light > 0.179 else "white", "fontsize": "small"}
            ax.text(j + 0.5, i + 0.5, number, ha="center", va="center", **style)
