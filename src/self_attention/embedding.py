"""From token ids to vectors: one-hot, and the look-up that saves multiplying by it."""

from collections.abc import Sequence

from ._arrays import Array, as_arrays, as_floats, as_integers, check_integer, check_shapes, device, float_dtype


def one_hot(ids: Array | Sequence[int] | int, size: int, *, like: Array | None = None) -> Array:
    """Write each id as a vector of zeros with a single 1.

    one_hot(id)_j = 1 if j = id, else 0

    Args:
        ids: integers (...), an array, a list, a range or one int.
        size: the size of the vocabulary.
        like: an array whose library, device and (if it is floating) dtype the result takes; None = the library and
            device of `ids`, or NumPy, and the default float.

    Returns:
        (..., size).

    Raises:
        ValueError: an id is not an integer from 0 to size - 1.

    >>> one_hot([2, 0], size=3)
    array([[0., 0., 1.],
           [1., 0., 0.]])

    Source: Bengio et al. 2003, sec. 2.
    """
    size = check_integer("size", size, least=1)
    xp, ids = as_integers("ids", ids, below=size, like=like)
    hot = ids[..., None] == xp.arange(size, device=device(ids))  # (..., size)
    return xp.astype(hot, float_dtype(xp, like))


def look_up(ids: Array | Sequence[int] | int, E: Array) -> Array:
    """Fetch the vector of each id: the same as one_hot(ids) @ E, without the multiplication.

    output = E[ids]

    Args:
        ids: integers (...), an array, a list, a range or one int.
        E: the table of embeddings (size, d).

    Returns:
        (..., d), in the library and dtype of E.

    Raises:
        ValueError: an id is not an integer from 0 to size - 1, or E is not a table.

    >>> import numpy as np
    >>> look_up([1, 1], np.array([[0.1, 0.2], [0.3, 0.4]]))
    array([[0.3, 0.4],
           [0.3, 0.4]])

    Source: Bengio et al. 2003, sec. 2.
    """
    xp, E = as_arrays(E=E)
    if E.ndim != 2:
        raise ValueError(f"E has {E.ndim} axes, expected 2: E (size, d) = {tuple(E.shape)}")
    sizes = check_shapes(E=(E, "size d"))
    xp, ids = as_integers("ids", ids, below=sizes["size"], like=E)
    rows = xp.take(E, xp.reshape(ids, (-1,)), axis=0)
    _, dtype, rows = as_floats(E=rows)
    return xp.astype(xp.reshape(rows, (*ids.shape, sizes["d"])), dtype, copy=False)  # (..., d)
