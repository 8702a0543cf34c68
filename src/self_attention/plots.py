"""Figures of the book: one style, and the heat map that shows scores or weights."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from ._arrays import as_floats, check_mask, to_numpy

MOST_NUMBERS = 144  # up to so many cells the numbers fit into them
GREY = "#767676"  # legible on a light page and on a dark one


def style():
    """Give all figures the book's look; in a notebook, also make them SVG, the same bytes on every run.

    >>> style()
    """
    plt.style.use(Path(__file__).with_name("book.mplstyle"))
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))


def heat_map(values, tokens, key_tokens=None, kind="weights", mask=None, ax=None):
    """Draw scores or weights as a map: rows are queries, columns are keys, what is masked is hatched.

    Args:
        values: (n, m), NumPy or torch; a score of -inf counts as masked.
        tokens: n labels of the queries.
        key_tokens: m labels of the keys; None = the same as the queries'.
        kind: "weights" = one hue, from 0 to 1; "scores" = two hues, centred on 0.
        mask: boolean, broadcastable to (n, m); True = may attend.
        ax: the Matplotlib axes to draw on; None = those of a new figure.

    Raises:
        ValueError: the shapes or the number of labels do not fit, the kind is unknown, the mask is not boolean, a value
            is NaN or infinite, or a weight does not lie from 0 to 1.

    >>> heat_map(np.eye(2), tokens=["Thinking", "Machines"])
    """
    _, values = as_floats(values=values)
    values = to_numpy("values", values)
    key_tokens = tokens if key_tokens is None else key_tokens
    if values.shape != (len(tokens), len(key_tokens)) or values.size == 0:
        raise ValueError(
            f"values must be (n, m) = ({len(tokens)}, {len(key_tokens)}) for these tokens, came {values.shape}"
        )
    if kind not in ("weights", "scores"):
        raise ValueError(f"kind must be 'weights' or 'scores', came {kind!r}")
    masked = np.isneginf(values) if kind == "scores" else np.zeros(values.shape, dtype=bool)
    if mask is not None:
        mask = to_numpy("mask", mask)
        check_mask(mask, values)
        masked = masked | ~mask
    shown = np.ma.array(values, mask=masked)
    if not np.isfinite(shown.compressed()).all():
        raise ValueError("values must be finite where they are not masked")
    if kind == "weights" and ((shown < 0) | (shown > 1 + 1e-6)).any():
        raise ValueError(
            f"weights must lie from 0 to 1, came {values.min():g} to {values.max():g}; for scores say kind='scores'"
        )

    n, m = values.shape
    if ax is None:
        side = min(0.62, 9 / max(n, m))
        _, ax = plt.subplots(figsize=(1.6 + side * m, 0.9 + side * n))
    ax.patch.set(hatch="////", edgecolor=GREY, linewidth=0)  # seen where no cell is drawn
    most = 1 if kind == "weights" else max(abs(shown.compressed()), default=0) or 1
    cmap, least = ("Blues", 0) if kind == "weights" else ("PuOr", -most)
    cells = ax.pcolormesh(shown, cmap=cmap, vmin=least, vmax=most, edgecolors=GREY + "40", linewidth=0.5)
    if values.size <= MOST_NUMBERS:
        write_numbers(ax, shown, cells)
    else:
        ax.figure.colorbar(cells, ax=ax, shrink=0.8, label=kind)

    slanted = {"rotation": 45, "ha": "left"} if m > 12 or max(map(len, key_tokens)) > 6 else {}
    ax.set_xticks(np.arange(m) + 0.5, key_tokens, parse_math=False, **slanted)
    ax.set_yticks(np.arange(n) + 0.5, tokens, parse_math=False)
    ax.set(xlabel="keys", ylabel="queries", aspect="equal", ylim=(n, 0))
    ax.xaxis.set_label_position("top")
    ax.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False, length=0)
    ax.spines[:].set_visible(False)


def write_numbers(ax, shown, cells):
    """Write each number into its cell, in black or white, whichever is easier to read there."""
    for (i, j), value in np.ndenumerate(np.ma.filled(shown, np.nan)):
        if not np.isnan(value):
            red, green, blue, _ = np.power(
                cells.cmap(cells.norm(value)), 2.2
            )  # roughly linear light, as WCAG measures it
            colour = "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white"
            number = (
                f"{value:.2f}" if cells.cmap.name == "Blues" else f"{round(value, 2):g}".replace("-", "\N{MINUS SIGN}")
            )
            ax.text(j + 0.5, i + 0.5, number, color=colour, ha="center", va="center", fontsize="small")
