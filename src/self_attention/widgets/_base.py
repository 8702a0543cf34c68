"""What every widget shares: the script, the data it carries, its HTML, its settings as traits."""

import json
from html import escape
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from array_api_compat import is_array_api_obj

from .. import _arrays

SCRIPTS = Path(__file__).with_name("scripts")

MAX_TOKENS = 1024  # per axis of a map
MAX_NUMBERS = 4_000_000  # per array
MAX_ABS = 1e12
SIGNIFICANT = 5  # digits kept of the largest entry


def as_numpy(array, name):
    """Give a NumPy array, a torch tensor (on any device, with or without gradient) or nested lists as a NumPy array."""
    return _arrays.to_numpy(name, array) if is_array_api_obj(array) else np.asarray(array)


def to_numpy(array, name):
    """Give an array (NumPy, torch or nested lists) as finite float64 NumPy numbers, or say what is wrong with it."""
    came = type(array).__name__
    try:
        array = as_numpy(array, name)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of real numbers, got {came}: {error}") from None
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be an array of real numbers, got {came} of {array.dtype}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity (a mask is a boolean array of its own)")
    if array.size and np.abs(array).max() > MAX_ABS:
        raise ValueError(f"{name} must not exceed {MAX_ABS:g} in size, got {np.abs(array).max():g}")
    if array.size > MAX_NUMBERS:
        raise ValueError(f"{name} must hold at most {MAX_NUMBERS:,} numbers, got {array.size:,}: show fewer heads")
    return array


def encode(array, digits=None):
    """Round to `digits` decimals and write as integers: {"shape", "digits", "data"}, value = integer / 10**digits.

    Without `digits`: as few as represent the array exactly, at most so many that the largest entry keeps 5 significant
    digits. Everything a widget computes, here and in the browser, it computes from the rounded numbers.
    """
    largest = np.abs(array).max(initial=0.0)
    if digits is None:
        most = int(np.clip(SIGNIFICANT - 1 - np.floor(np.log10(largest)), 0, 22)) if largest else 0
        exact = (d for d in range(most) if np.array_equal(np.round(array * 10**d) / 10**d, array))
        digits = next(exact, most)
    elif digits not in range(16) or largest * 10**digits > 2**53:
        raise ValueError(f"digits must be from 0 to 15, and leave numbers below 2**53, got {digits!r} for {largest:g}")
    data = np.round(array * 10.0**digits).astype(np.int64)
    return {"shape": list(array.shape), "digits": digits, "data": data.ravel().tolist()}


def decode(encoded):
    """The rounded array that `encode` wrote, in float64."""
    return np.array(encoded["data"], dtype=np.float64).reshape(encoded["shape"]) / 10 ** encoded["digits"]


def check_tokens(tokens, size, name):
    """`size` tokens as a list of strings; "1", "2", ... if there are none."""
    if tokens is None:
        return [str(i + 1) for i in range(size)]
    tokens = [str(token) for token in tokens]
    if len(tokens) != size:
        raise ValueError(f"{name} must have one entry for each of the {size} vectors, got {len(tokens)}: {tokens[:8]}")
    return tokens


def check_controls(controls, known):
    """The controls as a list, in the order of those that there are."""
    if not set(controls) <= set(known):
        raise ValueError(f"unknown control in {list(controls)}: expected some of {list(known)}")
    return [name for name in known if name in controls]


def check_choice(proposal, choices):
    """The value that a trait shall have, if it is one of these."""
    if proposal.value not in choices:
        raise ValueError(f"{proposal.trait.name} must be one of {list(choices)}, got {proposal.value!r}")
    return proposal.value


def check_index(proposal, size):
    """The value that a trait shall have, if it is an index of something of this size."""
    if not 0 <= proposal.value < size:
        raise ValueError(f"{proposal.trait.name} must be from 0 to {size - 1}, got {proposal.value}")
    return proposal.value


class Widget(anywidget.AnyWidget):
    """Base class: `element` is the custom element's name, `SETTINGS` the traits that the reader moves.

    `scripts` are the files that define the element, in the order in which a page loads them.
    """

    element = ""
    scripts = ("widgets.js",)
    SETTINGS = ()
    _spec = traitlets.Dict().tag(sync=True)

    def __init_subclass__(cls, **kwargs):
        if "_esm" not in vars(cls):  # it is there in the subclass that anywidget makes of each widget
            cls._esm = cls.code() + "\nexport default SelfAttention.anywidget;\n"
        super().__init_subclass__(**kwargs)

    @classmethod
    def code(cls):
        """The text of the scripts."""
        return "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in cls.scripts)

    @property
    def settings(self):
        """The settings as they are now: {name: value}."""
        return {name: getattr(self, name) for name in self.SETTINGS}

    def fallback(self):
        """HTML for places that run no script: the numbers as a table."""
        raise NotImplementedError

    def to_html(self):
        """The widget as HTML: the custom element with its data, and a static table inside it.

        A page needs each of `scripts` once, from self_attention/widgets/scripts; without them the table shows.
        """
        spec = json.dumps({**self._spec, "settings": self.settings}, separators=(",", ":"))
        spec = spec.replace("<", "\\u003c")  # so that no token can close the script element
        return f'<{self.element}><script type="application/json">{spec}</script>{self.fallback()}</{self.element}>'

    def to_page(self, title="Attention"):
        """A complete HTML page with the widget and its script: one file, to send or to open from a folder."""
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"</head><body>{self.to_html()}<script>{self.code()}</script></body></html>"
        )

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self.to_html()}, metadata


def html_table(rows, row_names, column_names, corner, caption):
    """A small HTML table with row and column headers; everything escaped."""
    head = f'<th scope="col">{escape(corner)}</th>' if corner else "<td></td>"
    head += "".join(f'<th scope="col">{escape(name)}</th>' for name in column_names)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for name, row in zip(row_names, rows, strict=True)
    )
    return (
        f"<figure><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></figure>"
    )
