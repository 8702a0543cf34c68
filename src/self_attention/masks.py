"""Masks: who may look at whom. Boolean arrays, True = may attend; combine them with &.

PyTorch's `scaled_dot_product_attention` uses the same convention; its `MultiheadAttention`, and some other libraries,
use the opposite one.
"""

from collections.abc import Sequence

from ._arrays import Array, as_integers, as_reals, check_integer, check_shapes, device, namespace, surely


def causal_mask(n: int, m: int | None = None, *, offset: int = 0, like: Array | None = None) -> Array:
    """Hide the future: each query sees the keys up to its own position.

    mask_ij = (j <= offset + i)

    Args:
        n: number of queries.
        m: number of keys; None = offset + n, all positions up to the last query's.
        offset: position of the first query, such as the number of keys already in a cache.
        like: an array whose library and device the mask takes; None = NumPy.

    Returns:
        mask (n, m).

    Raises:
        ValueError: n, m or offset is not an integer of at least 0.

    >>> causal_mask(3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])

    Source: Vaswani et al. 2017, sec. 3.2.3.
    """
    queries, keys = query_and_key_positions(n, m, offset, like)
    return keys <= queries


def window_mask(n: int, width: int, *, m: int | None = None, offset: int = 0, like: Array | None = None) -> Array:
    """Look only nearby: each query sees `width` keys, itself in the middle.

    mask_ij = (|offset + i - j| <= (width - 1) / 2)

    Args:
        n: number of queries.
        width: odd; 1 = only itself, 3 = itself and a neighbour on each side.
        m: number of keys; None = offset + n.
        offset: position of the first query.
        like: an array whose library and device the mask takes; None = NumPy.

    Returns:
        mask (n, m).

    Raises:
        ValueError: n, m or offset is not an integer of at least 0; the width is even or less than 1.

    >>> window_mask(4, width=3).astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 1, 0],
           [0, 1, 1, 1],
           [0, 0, 1, 1]])

    Source: Vaswani et al. 2017, sec. 4 ("restricted" self-attention); Beltagy et al. 2020, sec. 3.1.
    """
    width = check_integer("width", width, least=1)
    if width % 2 == 0:
        raise ValueError(f"expected width to be odd (the query's own position and as many on each side), got {width}")
    queries, keys = query_and_key_positions(n, m, offset, like)
    return abs(queries - keys) <= width // 2


def padding_mask(lengths: Array | Sequence[int] | int, m: int, *, like: Array | None = None) -> Array:
    """Hide the padding: every query sees the first `length` keys of its own sequence.

    mask_bj = (j < lengths_b)

    Args:
        lengths: integers (...), an array, a list, a range or one int: how many of the m keys are real.
        m: number of keys, the padded length.
        like: an array whose library and device the mask takes; None = those of `lengths`, or NumPy.

    Returns:
        mask (..., 1, m), broadcastable over the queries.

    Raises:
        ValueError: a length is not an integer from 0 to m.

    >>> padding_mask([1, 3], m=3).astype(int)
    array([[[1, 0, 0]],
    <BLANKLINE>
           [[1, 1, 1]]])

    Source: Zhang et al. 2023 (Dive into Deep Learning), sec. 11.3.2.1.
    """
    m = check_integer("m", m)
    xp, lengths = as_integers("lengths", lengths, below=m + 1, like=like)
    return xp.arange(m, device=device(lengths)) < lengths[..., None, None]


def adjacency_mask(A: Array, *, self_loops: bool = True) -> Array:
    """Look only along the edges of a graph.

    mask_ij = (A_ij != 0 or i = j)

    Args:
        A: adjacency matrix (..., n, n) of booleans or numbers; row i says what node i may attend to.
        self_loops: True = each node may also attend to itself, whatever A says; False = A alone decides.

    Returns:
        mask (..., n, n).

    Raises:
        ValueError: A is not square, is not real, or holds NaN.

    >>> import numpy as np
    >>> adjacency_mask(np.array([[0, 1], [0, 0]])).astype(int)
    array([[1, 1],
           [0, 1]])

    Source: Veličković et al. 2018, sec. 2.1.
    """
    xp, A = as_reals(A=A)
    sizes = check_shapes(A=(A, "n n"))
    if surely(xp.any(A != A)):  # only NaN differs from itself
        raise ValueError("expected A not to hold NaN")
    mask = xp.astype(A, xp.bool)  # (..., n, n)
    return mask | xp.eye(sizes["n"], dtype=xp.bool, device=device(A)) if self_loops else mask


def query_and_key_positions(n: int, m: int | None, offset: int, like: Array | None) -> tuple[Array, Array]:
    """The positions of the queries (n, 1) and of the keys (1, m)."""
    n, offset = check_integer("n", n), check_integer("offset", offset)
    m = offset + n if m is None else check_integer("m", m)
    xp = namespace(like)
    place = {"device": device(like)}
    return xp.arange(offset, offset + n, **place)[:, None], xp.arange(m, **place)[None, :]
