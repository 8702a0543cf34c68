"""One source for NumPy and torch: which library an array belongs to, and the checks that every function shares."""

import math
import sys
from collections.abc import Sequence
from itertools import zip_longest
from numbers import Integral, Real
from typing import Any

import array_api_compat
import array_api_compat.numpy
import numpy as np

Array = Any  # of NumPy, torch or another library with the names of the Python array API standard


def as_arrays(**given: Any) -> tuple[Any, ...]:
    """The array library of what is given, behind the names of the standard; then each as an array.

    Lists and frames become NumPy arrays, unless an array of another library stands beside them.

    Raises:
        ValueError: something is no array, or one that would be read wrongly; libraries or devices differ.
    """
    libraries = {name: library(name, x) for name, x in given.items()}
    found = {name: xp for name, xp in libraries.items() if xp is not None}
    xp = next(iter(found.values()), array_api_compat.numpy)
    if any(other is not xp for other in found.values()):
        got = ", ".join(f"{name} from {short(other)}" for name, other in found.items())
        raise ValueError(f"expected all arrays to come from one library, got {got}")
    arrays = {name: x if name in found else converted(name, x, xp) for name, x in given.items()}
    places = {name: arrays[name].device for name in found}
    if any(place != next(iter(places.values())) for place in places.values()):
        got = ", ".join(f"{name} on {place}" for name, place in places.items())
        raise ValueError(f"expected all arrays to be on one device, got {got}")
    return xp, *arrays.values()


def library(name: str, x: Any) -> Any:
    """The array library of an array, None of anything else; refuse arrays that would be read wrongly."""
    if isinstance(x, np.ma.MaskedArray):
        raise ValueError(
            f"expected {name} to be a plain array, got a masked one: pass {name}.filled(0), and say what may be "
            f"attended to with mask=~np.ma.getmaskarray(...)"
        )
    if isinstance(x, np.matrix):
        raise ValueError(f"expected {name} to be a plain array, got a matrix: pass np.asarray({name})")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        from array_api_compat import (
            torch as xp,
        )  # its `array_namespace` knows that too; torch.compile warns of its caches

        if x.layout != torch.strided:
            raise ValueError(f"expected {name} to be a dense tensor, got {x.layout}: pass {name}.to_dense()")
        return xp
    return array_api_compat.array_namespace(x) if array_api_compat.is_array_api_obj(x) else None


def short(xp: Any) -> str:
    """The name of an array library: numpy, torch."""
    return xp.__name__.split(".")[-1]


def converted(name: str, x: Any, xp: Any = array_api_compat.numpy) -> np.ndarray:
    """A list, a range or a frame as a NumPy array; refuse it where arrays of another library `xp` stand beside it."""
    got = type(x).__name__
    if not (isinstance(x, list | tuple | range) or hasattr(x, "__array__")):
        raise ValueError(f"expected {name} to be an array (NumPy or torch), got {got}")
    check_items(name, x)
    if xp is not array_api_compat.numpy:
        raise ValueError(f"expected {name} to be an array of {short(xp)}, like the others, got {got}")
    try:
        return np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected {name} to be an array, or a list that makes one, got {got}: {error}") from None


def check_items(name: str, x: Any) -> None:
    """Refuse a list that holds arrays which NumPy would not take as they are: tensors, masked arrays."""
    for item in x if isinstance(x, list | tuple) else ():
        if library(name, item) not in (None, array_api_compat.numpy):
            raise ValueError(
                f"expected {name} to be one array, got {type(x).__name__} of them: pass torch.stack({name})"
            )
        check_items(name, item)


def as_reals(**given: Any) -> tuple[Any, ...]:
    """The array library, then what is given as arrays of booleans or real numbers."""
    xp, *arrays = as_arrays(**given)
    for name, array in zip(given, arrays, strict=True):
        if not xp.isdtype(array.dtype, ("bool", "integral", "real floating")):
            raise ValueError(f"expected {name} to hold booleans or real numbers, got {array.dtype}")
    return xp, *arrays


def as_floats(**given: Any) -> tuple[Any, ...]:
    """The array library, the common dtype for the result, then what is given as arrays to compute with.

    These have that dtype, or float32 where it has fewer than 32 bits: scores and sums overflow soon in half precision.
    Integers count as the library's default float; booleans and complex numbers are refused.
    """
    xp, *arrays = as_arrays(**given)
    dtypes = []
    for name, array in zip(given, arrays, strict=True):
        if xp.isdtype(array.dtype, "real floating"):
            dtypes.append(array.dtype)
        elif xp.isdtype(array.dtype, "integral"):
            dtypes.append(default_float(xp))
        else:
            raise ValueError(f"expected {name} to hold floats or integers, got {array.dtype}")
    try:
        dtype = xp.result_type(*dtypes)
    except RuntimeError as error:  # torch's floats of 8 bits have no common dtype with others
        raise ValueError(f"expected {', '.join(given)} to have a common dtype: {error}") from None
    wide = xp.float32 if xp.finfo(dtype).bits < 32 else dtype
    return xp, dtype, *(xp.astype(array, wide, copy=False) for array in arrays)


def surely(condition: Array) -> bool:
    """Whether this array of one boolean is true, as far as one can see.

    While torch compiles, exports or maps, and on its meta device, values cannot be seen: checks of them are left out.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.compiler.is_compiling():
        return False
    try:
        return bool(condition)
    except RuntimeError:  # under vmap, on the meta device
        return False


def default_float(xp: Any) -> Any:
    """The dtype that a library gives to floats: float64 in NumPy, float32 in torch."""
    return xp.__array_namespace_info__().default_dtypes()["real floating"]


def check_shapes(**named: tuple[Array, str]) -> dict[str, int]:
    """Check the last axes of arrays against their names, `Q=(Q, "n d_k"), K=(K, "m d_k")`; the sizes by name.

    An axis that occurs twice must have one size ("d_q+d_k" is a sum of earlier ones), an axis whose name begins with d
    counts features and needs at least one, and the axes in front of the named ones must broadcast.
    """

    def described() -> str:
        return ", ".join(
            f"{name} (..., {', '.join(axes.split())}) = {tuple(x.shape)}" for name, (x, axes) in named.items()
        )

    sizes: dict[str, int] = {}
    first: dict[str, str] = {}
    for name, (array, text) in named.items():
        axes = text.split()
        if array.ndim < len(axes):
            raise ValueError(f"{name} has {array.ndim} axes, expected {len(axes)} or more: {described()}")
        for axis, size in zip(axes, array.shape[array.ndim - len(axes) :], strict=True):
            if axis.startswith("d") and size == 0:
                raise ValueError(f"{name} has {axis} = 0, expected at least 1: {described()}")
            if "+" in axis:
                sizes[axis] = sum(sizes[part] for part in axis.split("+"))
            if size != sizes.setdefault(axis, size):
                raise ValueError(
                    f"{name} has {axis} = {size}, {first.get(axis, 'the others')} "
                    f"{'has' if axis in first else 'have'} {axis} = {sizes[axis]}: {described()}"
                )
            first.setdefault(axis, name)
    if broadcast_shape(*(array.shape[: array.ndim - len(axes.split())] for array, axes in named.values())) is None:
        raise ValueError(f"the leading axes do not broadcast: {described()}")
    return sizes


def broadcast_shape(*shapes: Sequence[int]) -> tuple[int, ...] | None:
    """The common shape of arrays of these shapes, None if there is none; NumPy's function cannot be traced by torch."""
    common = []
    for sizes in zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1):
        longest = 1
        for size in sizes:
            if longest == 1:
                longest = size
            elif size != 1 and size != longest:
                return None
        common.append(longest)
    return tuple(reversed(common))


def as_mask(mask: Array | None, scores: Array) -> Any:
    """The mask as an array of the scores' library; refuse what is not boolean or does not broadcast to the scores."""
    if mask is None:
        return None
    xp, _, mask = as_arrays(scores=scores, mask=mask)
    if not xp.isdtype(mask.dtype, "bool"):
        raise ValueError(f"expected mask to be boolean (True = may attend), got {mask.dtype}")
    if broadcast_shape(mask.shape, scores.shape) != tuple(scores.shape):
        raise ValueError(f"mask {tuple(mask.shape)} does not broadcast to the scores {tuple(scores.shape)}")
    return mask


def plain(name: str, value: Any) -> Any:
    """What a NumPy scalar, or an array or tensor of no axes, holds, as Python's own number; all else as it is."""
    if (
        isinstance(value, int | float)
        or getattr(value, "ndim", None) != 0
        or isinstance(value, np.ma.MaskedArray)
        or not hasattr(value, "item")
    ):
        return value
    if getattr(value, "requires_grad", False):
        raise ValueError(
            f"expected {name} to be a number, which has no gradient to lose: pass {name}.item(), got {value!r}"
        )
    try:
        return value.item()
    except RuntimeError:  # of torch, under vmap and on the meta device
        raise ValueError(f"expected {name} to be a number whose value can be seen, got {value!r}") from None


def check_number(name: str, value: Any, least: float = -math.inf, finite: bool = False) -> float:
    """A real number as Python's; refuse all else, NaN, what is less than `least` or infinite where it must not be."""
    number = plain(name, value)
    real = isinstance(number, Real) and not isinstance(number, bool)
    if not real or not number >= least or (finite and abs(number) == math.inf):
        expected = f"a {'finite ' if finite else ''}number" + (f" of at least {least}" if least > -math.inf else "")
        raise ValueError(f"expected {name} to be {expected}, got {value!r}")
    return float(number)


def check_integer(name: str, value: Any, least: int = 0) -> int:
    """An integer of at least `least` as Python's; refuse all else."""
    number = plain(name, value)
    symbol = getattr(sys.modules.get("torch"), "SymInt", int)  # a size that stays open while torch exports
    whole = isinstance(number, Integral | symbol) and not isinstance(number, bool)
    if not whole or number < least:
        raise ValueError(f"expected {name} to be an integer of at least {least}, got {value!r}")
    return number


def check_axis(axis: Any, array: Array) -> int:
    """The axis as Python's integer; refuse one that the array does not have."""
    axis = check_integer("axis", axis, least=-array.ndim)
    if axis >= array.ndim:
        raise ValueError(f"expected axis to be less than {array.ndim}, got {axis}: {tuple(array.shape)}")
    return axis


def namespace(like: Array | None) -> Any:
    """The array library of `like`, NumPy where it is None."""
    xp = array_api_compat.numpy if like is None else library("like", like)
    if xp is None:
        raise ValueError(f"expected like to be an array (NumPy or torch), got {type(like).__name__}")
    return xp


def as_integers(name: str, values: Any, below: int, like: Array | None = None) -> tuple[Any, Array]:
    """The array library, then `values` (array, int, list or range) as an array of integers from 0 to `below` - 1.

    The library is that of `values`, if it is an array, or else that of `like`; the device is that of `like`, if given.
    """
    own, xp = library(name, values), namespace(like)
    if own is None:
        own = array_api_compat.numpy
        values = np.asarray(values) if isinstance(values, Integral) else converted(name, values)
    elif like is None:
        xp = own
    elif own is not xp:
        raise ValueError(
            f"expected all arrays to come from one library, got {name} from {short(own)}, like from {short(xp)}"
        )
    if not own.isdtype(values.dtype, "integral"):
        raise ValueError(f"expected {name} to hold integers, got {values.dtype}")
    values = own.astype(values, own.int64, copy=False)  # to a tensor of bytes, 256 would be 0
    if surely(own.any((values < 0) | (values >= below))):
        wrong = min(int(own.min(values)), 0) or int(own.max(values))
        raise ValueError(f"expected {name} to lie from 0 to {below - 1}, got {wrong}")
    if own is not xp or (like is not None and values.device != like.device):
        try:
            values = xp.asarray(values, device=device(like))
        except RuntimeError:  # from torch's meta device
            raise ValueError(f"expected {name} to hold values that can be seen, got {values!r}") from None
    return xp, values


def device(like: Array | None) -> Any:
    """The device of `like`, or None for the default one."""
    return None if like is None else like.device


def float_dtype(xp: Any, like: Array | None) -> Any:
    """The dtype of `like` where it is floating, or else the default float of the library."""
    if like is not None and xp.isdtype(like.dtype, "real floating"):
        return like.dtype
    return default_float(xp)


def to_numpy(name: str, array: Any) -> np.ndarray:
    """A NumPy copy or view of any array, cut off from gradients and brought to the CPU."""
    _, array = as_arrays(**{name: array})
    if not hasattr(array, "detach"):
        return np.asarray(array)
    if array.is_floating_point() and array.itemsize < 4:
        array = array.float()  # NumPy has no bfloat16
    try:
        return array.numpy(force=True)
    except RuntimeError:
        raise ValueError(f"expected {name} to hold values that can be seen, got {array!r}") from None
