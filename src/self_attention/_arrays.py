"""One source for NumPy and torch: which library an array belongs to, and the checks that every function shares."""

import math
from numbers import Integral, Real

import array_api_compat
import numpy as np


def namespace(**arrays):
    """The array library of `arrays` (None is skipped), behind the names of the Python array API standard.

    Raises:
        ValueError: something is not an array, or the arrays come from different libraries.
    """
    libraries = {}
    for name, array in arrays.items():
        if array is None:
            continue
        if not array_api_compat.is_array_api_obj(array):
            raise ValueError(f"{name} must be an array (NumPy or torch), came {type(array).__name__}")
        libraries[name] = array_api_compat.array_namespace(array)
    if len(set(libraries.values())) > 1:
        came = ", ".join(f"{name} from {xp.__name__.split('.')[-1]}" for name, xp in libraries.items())
        raise ValueError(f"all arrays must come from one library, came {came}")
    return next(iter(libraries.values()), array_api_compat.array_namespace(np.empty(0)))


def as_floats(**arrays):
    """The array library, then the arrays as floating-point arrays of one common dtype.

    Floats keep their dtype, integers become the library's default float; booleans and complex numbers are refused.
    """
    xp = namespace(**arrays)
    dtypes = []
    for name, array in arrays.items():
        if xp.isdtype(array.dtype, "real floating"):
            dtypes.append(array.dtype)
        elif xp.isdtype(array.dtype, "integral"):
            dtypes.append(default_float(xp))
        else:
            raise ValueError(f"{name} must hold floats or integers, came {array.dtype}")
    dtype = xp.result_type(*dtypes)
    return xp, *(xp.astype(array, dtype, copy=False) for array in arrays.values())


def default_float(xp):
    """The dtype that a library gives to floats: float64 in NumPy, float32 in torch."""
    return xp.__array_namespace_info__().default_dtypes()["real floating"]


def check_shapes(**named):
    """Check the last axes of arrays against their names, `Q=(Q, "n d_k"), K=(K, "m d_k")`; the sizes by name.

    An axis that occurs twice must have one size ("d_q+d_k" is a sum of earlier ones), an axis whose name begins with d
    counts features and needs at least one, and the axes in front of the named ones must broadcast.
    """

    def described():
        return ", ".join(
            f"{name} (..., {', '.join(axes.split())}) = {tuple(x.shape)}" for name, (x, axes) in named.items()
        )

    sizes, first = {}, {}
    for name, (array, axes) in named.items():
        axes = axes.split()
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
    try:
        np.broadcast_shapes(*(array.shape[: array.ndim - len(axes.split())] for array, axes in named.values()))
    except ValueError:
        raise ValueError(f"the leading axes do not broadcast: {described()}") from None
    return sizes


def check_mask(mask, scores):
    """Refuse a mask that is not boolean, or that does not broadcast to the scores."""
    if mask is None:
        return
    xp = namespace(scores=scores, mask=mask)
    if not xp.isdtype(mask.dtype, "bool"):
        raise ValueError(f"mask must be boolean (True = may attend), came {mask.dtype}")
    try:
        fits = np.broadcast_shapes(mask.shape, scores.shape) == tuple(scores.shape)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"mask {tuple(mask.shape)} does not broadcast to the scores {tuple(scores.shape)}")


def check_number(name, value, least=-math.inf, finite=False):
    """Refuse what is not a real number, is NaN, is less than `least`, or is infinite where it must not be."""
    if not isinstance(value, Real) or isinstance(value, bool) or not value >= least or (finite and math.isinf(value)):
        expected = f"a {'finite ' if finite else ''}number" + (f" of at least {least}" if least > -math.inf else "")
        raise ValueError(f"{name} must be {expected}, came {value!r}")


def check_integer(name, value, least=0):
    """Refuse what is not an integer of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, came {value!r}")


def check_axis(axis, array):
    """Refuse an axis that the array does not have."""
    check_integer("axis", axis, least=-array.ndim)
    if axis >= array.ndim:
        raise ValueError(f"axis must be less than {array.ndim}, came {axis}: {tuple(array.shape)}")


def as_integers(name, values, below, like=None):
    """The array library, then `values` (array, int or list) as an array of integers from 0 to `below` - 1.

    The library and the device are those of `values`, if it is an array, or else those of `like`.
    """
    if array_api_compat.is_array_api_obj(values):
        xp = namespace(**{name: values, "like": like})
    else:
        xp = namespace(like=like)
        values = xp.asarray(values, device=device(like))
    if not xp.isdtype(values.dtype, "integral"):
        raise ValueError(f"{name} must hold integers, came {values.dtype}")
    if 0 not in values.shape:
        smallest, largest = int(xp.min(values)), int(xp.max(values))
        if smallest < 0 or largest >= below:
            wrong = smallest if smallest < 0 else largest
            raise ValueError(f"{name} must lie from 0 to {below - 1}, came {wrong}")
    return xp, xp.astype(values, xp.int64, copy=False)


def device(like):
    """The device of `like`, or None for the default one."""
    return None if like is None else array_api_compat.device(like)


def float_dtype(xp, like):
    """The dtype of `like` where it is floating, or else the default float of the library."""
    if like is not None and xp.isdtype(like.dtype, "real floating"):
        return like.dtype
    return default_float(xp)


def to_numpy(name, array):
    """A NumPy copy or view of any array, cut off from gradients and brought to the CPU."""
    namespace(**{name: array})
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        array = array.float() if str(array.dtype) == "torch.bfloat16" else array  # which NumPy does not have
    return np.asarray(array)
