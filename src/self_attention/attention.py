"""Attention in three stages: score, normalise, weighted sum. Every function takes NumPy or torch arrays."""

import math
from typing import Any

from ._arrays import Array, as_floats, as_mask, check_axis, check_number, check_shapes, surely


def scaled_dot_product_attention(
    Q: Array, K: Array, V: Array, mask: Array | None = None, *, scale: float | None = None
) -> tuple[Array, Array]:
    """Let each query collect the values, weighted by how well it matches their keys.

    output = softmax(Q K^T / sqrt(d_k)) V

    The axes in front broadcast: queries of h heads (b, h, n, d_k) may share one head's keys and values (b, 1, m, d_k);
    grouped queries are (b, groups, h / groups, n, d_k) against (b, groups, 1, m, d_k).

    PyTorch's function of this name returns the output alone. It also takes masks that are added to the scores, dropout
    and `is_causal`; here the mask is boolean, for causal attention `causal_mask(n, like=Q)`.

    Args:
        Q: queries (..., n, d_k).
        K: keys (..., m, d_k).
        V: values (..., m, d_v).
        mask: boolean, broadcastable to (..., n, m); True = may attend.
        scale: what the scores are multiplied by; None = 1 / sqrt(d_k).

    Returns:
        output (..., n, d_v) and weights (..., n, m). A query that may attend to nothing (or m = 0) gets weights 0 and
        output 0.

    Raises:
        ValueError: the shapes do not fit, d_k or d_v is 0, the mask is not boolean or does not fit, the scale is not
            finite.

    >>> import numpy as np
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> output, weights = scaled_dot_product_attention(X, X, X)
    >>> weights.round(2)
    array([[0.67, 0.33],
           [0.33, 0.67]])

    Source: Vaswani et al. 2017, sec. 3.2.1.
    """
    xp, dtype, Q, K, V = as_floats(Q=Q, K=K, V=V)
    sizes = check_shapes(Q=(Q, "n d_k"), K=(K, "m d_k"), V=(V, "m d_v"))
    scale = 1 / math.sqrt(sizes["d_k"]) if scale is None else check_number("scale", scale, finite=True)

    if abs(scale) <= 1:  # a small scale comes first, a large one last: neither way overflows before the result does
        scores = (Q * scale) @ K.mT  # (..., n, m)
    else:
        scores = (Q @ K.mT) * scale
    weights = normalised(xp, scores, as_mask(mask, scores))  # (..., n, m)
    output = weights @ V  # (..., n, d_v)
    return xp.astype(output, dtype, copy=False), xp.astype(weights, dtype, copy=False)


def attend(scores: Array, V: Array, mask: Array | None = None, *, temperature: float = 1.0) -> tuple[Array, Array]:
    """From scores to output: normalise them, then take the weighted sum of the values.

    weights = softmax(scores / T)
    output_i = sum_j weights_ij v_j

    Args:
        scores: (..., n, m).
        V: values (..., m, d_v).
        mask: boolean, broadcastable to (..., n, m); True = may attend.
        temperature: T, from 0 to inf.

    Returns:
        output (..., n, d_v) and weights (..., n, m). A query that may attend to nothing (or m = 0) gets weights 0 and
        output 0.

    Raises:
        ValueError: the shapes do not fit, or `softmax` refuses the mask or the temperature.

    >>> import numpy as np
    >>> attend(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    (array([[0.5, 0.5]]), array([[0.5, 0.5]]))

    Source: Bahdanau et al. 2015, sec. 3.1, eq. 5 and 6.
    """
    xp, dtype, scores, V = as_floats(scores=scores, V=V)
    check_shapes(scores=(scores, "n m"), V=(V, "m d_v"))
    temperature = check_number("temperature", temperature, least=0)
    weights = normalised(xp, scores, as_mask(mask, scores), temperature=temperature)  # (..., n, m)
    output = weights @ V  # (..., n, d_v)
    return xp.astype(output, dtype, copy=False), xp.astype(weights, dtype, copy=False)


def softmax(scores: Array, *, mask: Array | None = None, axis: int = -1, temperature: float = 1.0) -> Array:
    """Turn scores into weights: shares that sum to 1.

    weights_j = exp(scores_j / T) / sum_k exp(scores_k / T)

    Args:
        scores: (..., n, m), or any shape of at least one axis. A score of -inf counts as masked; +inf and NaN
            make the whole row NaN.
        mask: boolean, broadcastable to the scores; True = may attend. What may not be attended to gets weight 0.
        axis: the axis along which the weights sum to 1.
        temperature: T, from 0 to inf. Towards 0 the largest score takes all (equal largest ones share), at inf all
            weights are equal.

    Returns:
        weights, of the shape and dtype of the scores. Where everything is masked, all weights are 0 and so are their
        gradients.

    Raises:
        ValueError: the mask is not boolean or does not fit the scores; the temperature is negative or NaN.

    >>> import numpy as np
    >>> softmax(np.array([14.0, 12.0])).round(2)
    array([0.88, 0.12])

    Source: Goodfellow, Bengio and Courville 2016, sec. 4.1 and 6.2.2.3; Hinton et al. 2015, sec. 2 (temperature).
    """
    xp, dtype, scores = as_floats(scores=scores)
    temperature = check_number("temperature", temperature, least=0)
    mask = as_mask(mask, scores)
    weights = normalised(xp, scores, mask, check_axis(axis, scores), temperature)
    return xp.astype(weights, dtype, copy=False)


def normalised(xp: Any, scores: Array, mask: Array | None, axis: int = -1, temperature: float = 1.0) -> Array:
    """The softmax of what has been checked."""
    if scores.shape[axis] == 0:
        return scores
    if mask is not None:
        scores = xp.where(mask, scores, -math.inf)
    largest = xp.max(scores, axis=axis, keepdims=True)
    largest = xp.where(largest == -math.inf, 0.0, largest)  # a fully masked row: -inf - (-inf) would be NaN
    scores = cool(xp, scores - largest, temperature)  # at most 0, so that exp cannot overflow
    shares = xp.exp(scores)
    total = xp.sum(shares, axis=axis, keepdims=True)
    return shares / xp.where(total == 0, 1.0, total)


def cool(xp: Any, scores: Array, temperature: float) -> Array:
    """Divide scores, of which the largest is 0, by a temperature; by 0 and by inf, take the limit."""
    limits = xp.finfo(scores.dtype)
    if temperature < float(limits.smallest_normal):
        return xp.where(scores < 0, -math.inf, scores)
    if temperature > float(limits.max):
        return xp.where(scores > -math.inf, 0.0, scores)
    return scores / temperature


def entropy(weights: Array, *, axis: int = -1) -> Array:
    """How spread out weights are, in bits: 0 when one takes all, log2 m when m share alike.

    H = -sum_j weights_j log2 weights_j, where 0 log2 0 = 0

    Args:
        weights: (..., n, m), or any shape of at least one axis; not negative.
        axis: the axis along which the weights sum to 1.

    Returns:
        entropy in bits, (..., n): the shape of the weights without that axis. A fully masked row (all 0) has entropy 0.

    Raises:
        ValueError: a weight is negative.

    >>> import numpy as np
    >>> entropy(np.array([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]))
    array([0., 2.])

    Source: Shannon 1948, sec. 6.
    """
    xp, dtype, weights = as_floats(weights=weights)
    axis = check_axis(axis, weights)
    if surely(xp.any(weights < 0)):
        raise ValueError(f"expected weights not to be negative, got {xp.min(weights)}")
    logarithms = xp.log2(xp.where(weights > 0, weights, 1.0))
    bits = 0.0 - xp.sum(weights * logarithms, axis=axis)  # a plain minus would print -0.0
    return xp.astype(bits, dtype, copy=False)


def dot_scores(Q: Array, K: Array) -> Array:
    """Score each query against each key by their dot product.

    scores_ij = q_i . k_j, that is, Q K^T

    Args:
        Q: queries (..., n, d_k).
        K: keys (..., m, d_k).

    Returns:
        scores (..., n, m).

    Raises:
        ValueError: the shapes do not fit, or d_k = 0.

    >>> import numpy as np
    >>> dot_scores(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]))
    array([[11.,  2.]])

    Source: Luong et al. 2015, sec. 3.1 ("dot").
    """
    xp, dtype, Q, K = as_floats(Q=Q, K=K)
    check_shapes(Q=(Q, "n d_k"), K=(K, "m d_k"))
    return xp.astype(Q @ K.mT, dtype, copy=False)  # (..., n, m)


def general_scores(Q: Array, K: Array, W: Array) -> Array:
    """Score each query against each key through a learned matrix; their sizes may differ.

    scores_ij = q_i W k_j^T, that is, Q W K^T

    Args:
        Q: queries (..., n, d_q).
        K: keys (..., m, d_k).
        W: (..., d_q, d_k).

    Returns:
        scores (..., n, m).

    Raises:
        ValueError: the shapes do not fit, or d_q or d_k is 0.

    >>> import numpy as np
    >>> general_scores(np.array([[1.0, 2.0]]), np.array([[3.0]]), np.array([[10.0], [1.0]]))
    array([[36.]])

    Source: Luong et al. 2015, sec. 3.1 ("general").
    """
    xp, dtype, Q, K, W = as_floats(Q=Q, K=K, W=W)
    check_shapes(Q=(Q, "n d_q"), K=(K, "m d_k"), W=(W, "d_q d_k"))
    return xp.astype(Q @ W @ K.mT, dtype, copy=False)  # (..., n, m)


def additive_scores(Q: Array, K: Array, W_q: Array, W_k: Array, v: Array) -> Array:
    """Score each query against each key by a small network with one hidden layer.

    scores_ij = tanh(q_i W_q + k_j W_k) . v

    Args:
        Q: queries (..., n, d_q).
        K: keys (..., m, d_k).
        W_q: (..., d_q, d_a).
        W_k: (..., d_k, d_a).
        v: (..., d_a).

    Returns:
        scores (..., n, m).

    Raises:
        ValueError: the shapes do not fit, or one of d_q, d_k, d_a is 0.

    >>> import numpy as np
    >>> Q, K, one = np.array([[1.0]]), np.array([[-1.0], [0.0]]), np.array([[1.0]])
    >>> additive_scores(Q, K, one, one, v=np.array([2.0])).round(4)
    array([[0.    , 1.5232]])

    Source: Bahdanau et al. 2015, app. A.1.2.
    """
    xp, dtype, Q, K, W_q, W_k, v = as_floats(Q=Q, K=K, W_q=W_q, W_k=W_k, v=v)
    check_shapes(Q=(Q, "n d_q"), K=(K, "m d_k"), W_q=(W_q, "d_q d_a"), W_k=(W_k, "d_k d_a"), v=(v, "d_a"))
    queries = (Q @ W_q)[..., :, None, :]  # (..., n, 1, d_a)
    keys = (K @ W_k)[..., None, :, :]  # (..., 1, m, d_a)
    hidden = xp.tanh(queries + keys)  # (..., n, m, d_a)
    scores = (hidden @ v[..., None, :, None])[..., 0]  # (..., n, m)
    return xp.astype(scores, dtype, copy=False)


def concat_scores(Q: Array, K: Array, W: Array, v: Array) -> Array:
    """Score each query against each key by the same small network, written with query and key joined end to end.

    scores_ij = tanh([q_i, k_j] W) . v

    Args:
        Q: queries (..., n, d_q).
        K: keys (..., m, d_k).
        W: (..., d_q + d_k, d_a); its upper d_q rows meet the query, its lower d_k rows the key.
        v: (..., d_a).

    Returns:
        scores (..., n, m).

    Raises:
        ValueError: the shapes do not fit, or one of d_q, d_k, d_a is 0.

    >>> import numpy as np
    >>> Q, K, W = np.array([[1.0]]), np.array([[-1.0], [0.0]]), np.array([[1.0], [1.0]])
    >>> concat_scores(Q, K, W, v=np.array([2.0])).round(4)
    array([[0.    , 1.5232]])

    Source: Luong et al. 2015, sec. 3.1 ("concat").
    """
    xp, dtype, Q, K, W, v = as_floats(Q=Q, K=K, W=W, v=v)
    sizes = check_shapes(Q=(Q, "n d_q"), K=(K, "m d_k"), W=(W, "d_q+d_k d_a"), v=(v, "d_a"))
    W_q, W_k = W[..., : sizes["d_q"], :], W[..., sizes["d_q"] :, :]
    scores = additive_scores(Q, K, W_q, W_k, v)  # [q, k] W = q W_q + k W_k, without building all n m pairs
    return xp.astype(scores, dtype, copy=False)
