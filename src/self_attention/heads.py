"""Heads: cut the features into h parts, let each attend on its own, and join them again."""

from ._arrays import Array, as_reals, check_integer, check_shapes


def split_heads(X: Array, h: int) -> Array:
    """Cut the feature axis into h heads: every head keeps all tokens, and a part of their projected features.

    head_i = X[..., i d : (i + 1) d] with d = d_model / h, i = 0 ... h - 1

    Args:
        X: (..., n, d_model): all queries, all keys or all values, as one projection of the words makes them.
        h: number of heads; divides d_model.

    Returns:
        (..., h, n, d_model / h).

    Raises:
        ValueError: h is not an integer of at least 1 that divides d_model.

    >>> import numpy as np
    >>> split_heads(np.array([[1, 2, 3, 4], [5, 6, 7, 8]]), h=2).tolist()
    [[[1, 2], [5, 6]], [[3, 4], [7, 8]]]

    Source: Vaswani et al. 2017, sec. 3.2.2.
    """
    xp, X = as_reals(X=X)
    h = check_integer("h", h, least=1)
    d_model = check_shapes(X=(X, "n d_model"))["d_model"]
    if d_model % h:
        raise ValueError(
            f"expected h to divide d_model, got h = {h} and d_model = {d_model}: X (..., n, d_model) = {tuple(X.shape)}"
        )
    X = xp.reshape(X, (*X.shape[:-1], h, d_model // h))  # (..., n, h, d_model / h)
    return xp.moveaxis(X, (-2,), (-3,))  # (..., h, n, d_model / h)


def merge_heads(X: Array) -> Array:
    """Join the heads again, feature after feature: the inverse of `split_heads`.

    merge_heads(X) = [head_1, ..., head_h]

    Args:
        X: (..., h, n, d).

    Returns:
        (..., n, h d).

    Raises:
        ValueError: X has fewer than three axes.

    >>> import numpy as np
    >>> merge_heads(np.array([[[1, 2], [5, 6]], [[3, 4], [7, 8]]]))
    array([[1, 2, 3, 4],
           [5, 6, 7, 8]])

    Source: Vaswani et al. 2017, sec. 3.2.2.
    """
    xp, X = as_reals(X=X)
    sizes = check_shapes(X=(X, "h n d"))
    X = xp.moveaxis(X, (-3,), (-2,))  # (..., n, h, d)
    return xp.reshape(X, (*X.shape[:-2], sizes["h"] * sizes["d"]))  # (..., n, h d)
