"""What every widget shares: the script, the data it carries, its HTML, its settings as traits."""

import json
import re
import unicodedata
from html import escape
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from array_api_compat import is_array_api_obj

from .. import _arrays

SCRIPTS = Path(__file__).with_name("scripts")

MAX_TOKENS = 1024  # per axis of a map
MAX_NUMBERS = 4_000_000  # per array
MAX_ABS = 1e12
SIGNIFICANT = 5  # digits kept of the largest entry, at least
MAX_CHARACTERS = 2000  # of a token
LONGEST = 48  # characters of a token's label
FIXED = 1e5  # smaller numbers are written without an exponent


# Arrays and numbers, as people have them.


def as_numpy(array, name, of="real numbers", fill=None):
    """NumPy, torch (any device and dtype, with gradients), pandas, or nested lists of them, as a NumPy array.

    Masked entries become `fill`; without one they are refused.
    """
    try:
        return np.asarray(_gather(array, name, fill))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"expected {name} to be an array of {of}, got {type(array).__name__}: {error}") from None


def _gather(array, name, fill):
    if isinstance(array, (list, tuple)):
        return [part if isinstance(part, (bool, int, float, str)) else _gather(part, name, fill) for part in array]
    if np.ma.isMaskedArray(array) and np.ma.getmaskarray(array).any():
        if fill is None:
            raise ValueError("some entries are masked; say with mask= what may be read")
        return array.astype(np.float64).filled(fill)
    if is_array_api_obj(array):
        return _arrays.to_numpy(name, array)
    values = np.asarray(array)
    if values.dtype == object and hasattr(array, "to_numpy"):  # pandas' numbers that may be missing
        values = array.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def to_numpy(array, name, least=-MAX_ABS, fill=None):
    """Give an array as finite float64 NumPy numbers, or say what is wrong with it; -inf too, if that is the `least`."""
    got = type(array).__name__
    array = as_numpy(array, name, fill=fill)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"expected {name} to be an array of real numbers, got {got} of {array.dtype}")
    array = array.astype(np.float64)
    if not np.isfinite(array[array != least]).all():
        raise ValueError(f"expected {name} to be finite, got NaN or infinity (a mask is a boolean array of its own)")
    if array.size and (array.max() > MAX_ABS or array.min() < least):
        raise ValueError(f"expected {name} not to exceed {MAX_ABS:g} in size, got {np.abs(array).max():g}")
    if array.size > MAX_NUMBERS:
        raise ValueError(
            f"expected {name} to hold at most {MAX_NUMBERS:,} numbers, got {array.size:,}: show fewer heads"
        )
    return array


def plain(value):
    """A value as JSON has it: scalars and arrays of NumPy, torch and pandas become numbers and lists, ranges lists."""
    if isinstance(value, np.generic):
        value = value.item()
        return float(value) if isinstance(value, np.longdouble) else value  # it is its own item
    if is_array_api_obj(value):
        return as_numpy(value, "it").tolist()
    if hasattr(value, "__array__") and hasattr(value, "tolist"):
        return value.tolist()  # a series
    if isinstance(value, (list, tuple, range)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value


def check_number(value, name, least, most, whole=True):
    """A number from `least` to `most` as a Python number; one entry of any array will do."""
    value = plain(value)
    kind = Integral if whole else Real
    if not isinstance(value, kind) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(
            f"expected {name} to be {'an integer' if whole else 'a number'} from {least} to {most}, got {value!r}"
        )
    return int(value) if whole else float(value)


def encode(array, digits=None, within=np.inf):
    """Round to `digits` decimals and write as integers: {"shape", "digits", "data"}, value = integer / 10**digits.

    Without `digits`: as few as represent the array exactly, at most so many that the largest entry keeps 5 significant
    digits and no entry is off by more than `within`; 0 = all that float64 keeps. Where the integers would be too large,
    the numbers travel as they are. All that a widget computes, here and in the browser, it computes from what travels.
    -inf is null.
    """
    known = np.isfinite(array)
    array = np.where(known, array, 0.0)
    largest = np.abs(array).max(initial=0.0)
    automatic = digits is None
    if automatic:
        enough = SIGNIFICANT - 1 - np.floor(np.log10(largest)) if largest else 0
        finest = np.floor(np.log10(2**53 / largest)) if largest else 0
        most = int(np.clip(max(enough, np.ceil(-np.log10(2 * within)) if within else finest), 0, 22))
        exact = (d for d in range(most) if np.array_equal(np.round(array * 10.0**d) / 10.0**d, array))
        digits = next(exact, most)
    else:
        digits = check_number(digits, "digits", 0, 15)
        if largest * 10**digits > 2**53:
            raise ValueError(
                f"expected digits to be so few that numbers stay below 2**53, got {digits} for {largest:g}"
            )
    data = np.round(array * 10.0**digits)
    if automatic and within and np.abs(data / 10.0**digits - array).max(initial=0.0) > 1.001 * within:
        digits, data = 0, array
    whole = largest * 10.0**digits < 2**63 and (data == np.round(data)).all()
    data = (data.astype(np.int64) if whole else data).ravel().tolist()
    if not known.all():
        data = [x if is_known else None for x, is_known in zip(data, known.ravel(), strict=True)]
    return {"shape": list(array.shape), "digits": digits, "data": data}


def decode(encoded):
    """The rounded array that `encode` wrote, in float64."""
    data = [-np.inf if x is None else x for x in encoded["data"]] if None in encoded["data"] else encoded["data"]
    return np.array(data, dtype=np.float64).reshape(encoded["shape"]) / 10.0 ** encoded["digits"]


# Tokens and other words.

SIGNS = {"\n": "⏎", "\t": "⇥", "\x7f": "␡"}
NAMELESS = re.compile("[\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")  # no sign is seen of them
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")


def visible(token):
    """A token in which everything is seen: ∅ for nothing, ␣ for a space at an end, ⏎ for a line break, ␀ and so on."""

    def code(match):
        return f"\\u{ord(match[0]):04x}"

    token = re.sub("[\0-\x1f\x7f]", lambda match: SIGNS.get(match[0]) or chr(0x2400 + ord(match[0])), token)
    token = NAMELESS.sub(code, token)
    token = re.sub(r"^\s+|\s+$|\s{2,}", lambda match: "␣" * len(match[0]), token)
    if all(unicodedata.category(c) == "Cf" for c in token):  # joiners and marks of direction, alone
        token = re.sub(".", code, token)
    if token and unicodedata.category(token[0])[0] == "M":
        token = f"◌{token}"  # an accent needs something to stand on
    return (token if len(token) <= MAX_CHARACTERS else cut(token, MAX_CHARACTERS)) or "∅"


def cut(text, longest=LONGEST):
    """At most so many characters, as people count them: no accent is cut off its letter, no emoji cut through."""
    starts = []
    for k, c in enumerate(text):
        before = text[k - 1] if k else ""
        flags = all("\U0001f1e6" <= sign <= "\U0001f1ff" for sign in (before or "x", c)) and starts[-1] == k - 1
        joined = unicodedata.category(c)[0] == "M" or c == "\u200d" or before == "\u200d" or flags
        if not k or not (joined or "\U0001f3fb" <= c <= "\U0001f3ff" or "\U000e0020" <= c <= "\U000e007f"):
            starts.append(k)
        if len(starts) > longest or k > 8 * longest:  # an accent may be repeated without end
            return text[: starts[longest - 1] if len(starts) > longest else k] + "…"
    return text


def label(token):
    """A token for a place among other words: not too long, and isolated from them if it is written right to left."""
    token = cut(token)
    return f"\u2068{token}\u2069" if RIGHT_TO_LEFT.search(token) else token


def as_words(words, name):
    """Words as a list of strings: a list, a series, an id tensor, a tokenizer's bytes; a string is its characters."""
    got, words = words, plain(words)
    unordered = isinstance(words, (bytes, dict, set, frozenset)) or hasattr(words, "columns")
    if hasattr(words, "__iter__") and not unordered:
        words = list(map(plain, words))
        if len(words) == 1 and isinstance(words[0], list):
            words = words[0]  # a batch of one
        if not any(isinstance(word, (list, dict)) for word in words):
            return [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in words]
    raise ValueError(f"expected {name} to be a list of words or ids, got {type(got).__name__}")


def check_tokens(tokens, size, name):
    """`size` tokens as a list of strings; "1", "2", ... if there are none."""
    if tokens is None:
        return [str(i + 1) for i in range(size)]
    tokens = list(map(visible, as_words(tokens, name)))
    if len(tokens) != size:
        raise ValueError(
            f"expected {name} to have one entry for each of the {size} vectors, got {len(tokens)}: {tokens[:8]}"
        )
    return tokens


def names_of(frame, axis):
    """The names that a pandas frame gives its rows (axis 0) or columns (1), if they are words; else None."""
    names = getattr(frame, ("index", "columns")[axis], None)
    words = [] if names is None or callable(names) else list(names)  # a list has a method of that name
    return words if words and all(isinstance(word, str) for word in words) else None


def caption_of(caption):
    """A caption as a string."""
    return (
        "" if caption is None else str(caption).encode(errors="backslashreplace").decode()
    )  # half a pair has no UTF-8


def decimals(x, digits):
    """A number for people: fixed decimals, an exponent from 1e5 on; as format() of frame/element.js writes it."""
    if abs(x) < FIXED:
        return f"{x:.{digits}f}"
    mantissa, _, exponent = f"{x:.{digits}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


# Settings and what else a widget is told.


def check_controls(controls, known):
    """The controls as a list, in the order of those that there are; None = all of them."""
    controls = [controls] if isinstance(controls, str) else known if controls is None else plain(controls)
    if not isinstance(controls, (list, tuple, set)) or not all(name in known for name in controls):
        raise ValueError(f"unknown control in {controls}: expected some of {list(known)}")
    return [name for name in known if name in controls]


def check_choice(proposal, choices):
    """The value that a trait shall have, if it is one of these."""
    if proposal.value not in choices:
        raise ValueError(f"expected {proposal.trait.name} to be one of {list(choices)}, got {proposal.value!r}")
    return proposal.value


def check_index(proposal, size):
    """The value that a trait shall have, if it is an index of something of this size."""
    if not 0 <= proposal.value < size:
        raise ValueError(f"expected {proposal.trait.name} to be from 0 to {size - 1}, got {proposal.value}")
    return proposal.value


class Widget(anywidget.AnyWidget):
    """Base class: `element` is the custom element's name, `SETTINGS` the traits that the reader moves.

    `scripts` are the files that define the element, in the order in which a page loads them.
    """

    element: str = ""
    scripts: tuple[str, ...] = ("widgets.js",)
    SETTINGS: tuple[str, ...] = ()
    KINDS = {"Float": "a number", "Int": "an integer", "Unicode": "a string", "List": "a list", "Dict": "a dict"}
    _spec = traitlets.Dict().tag(sync=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "_esm" not in vars(cls):  # it is there in the subclass that anywidget makes of each widget
            cls._esm = cls.code() + "\nexport default SelfAttention.anywidget;\n"
        super().__init_subclass__(**kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        """A setting takes what people have, NumPy's scalars and tensors too, and refuses the rest as a ValueError."""
        if name not in self.SETTINGS:
            return super().__setattr__(name, value)
        kind = type(getattr(type(self), name)).__name__
        got, value = value, plain(value)
        try:
            if isinstance(value, bool):
                raise traitlets.TraitError
            if kind == "Float" and isinstance(value, Real):
                value = float(value)
            super().__setattr__(name, value)
        except (traitlets.TraitError, OverflowError):
            raise ValueError(f"expected {name} to be {self.KINDS.get(kind, kind)}, got {got!r}") from None

    @classmethod
    def code(cls) -> str:
        """The text of the scripts."""
        return "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in cls.scripts)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as they are now: {name: value}."""
        return {name: getattr(self, name) for name in self.SETTINGS}

    def fallback(self) -> str:
        """HTML for places that run no script: the numbers as a table."""
        raise NotImplementedError

    def to_html(self) -> str:
        """The widget as HTML: the custom element with its data, and a static table inside it.

        A page needs each of `scripts` once, from self_attention/widgets/scripts; without them the table shows.
        """
        spec = json.dumps({**self._spec, "settings": self.settings}, separators=(",", ":"))
        spec = spec.replace("<", "\\u003c")  # so that no token can close the script element
        return f'<{self.element}><script type="application/json">{spec}</script>{self.fallback()}</{self.element}>'

    def to_page(self, title: str = "Attention") -> str:
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
