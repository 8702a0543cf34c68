"""Positions: what tells the first word from the fourth."""

from ._arrays import Array, check_integer, check_number, device, float_dtype, namespace


def sinusoidal_positions(
    n: int, d_model: int, *, base: float = 10000.0, layout: str = "interleaved", like: Array | None = None
) -> Array:
    """Encode each position by the sines and cosines of d_model / 2 wavelengths, from 2 pi to nearly base times 2 pi.

    X_(p, 2i) = sin(p / base^(2i / d_model))
    X_(p, 2i + 1) = cos(p / base^(2i / d_model))

    Args:
        n: number of positions.
        d_model: number of features; even.
        base: how many times longer the last wavelengths get; at least 1.
        layout: "interleaved" = sin, cos, sin, cos, ... as in the paper; "concatenated" = all sines, then all cosines.
        like: an array whose library, device and (if it is floating) dtype the result takes; None = NumPy, float64.

    Returns:
        (n, d_model).

    Raises:
        ValueError: n is not an integer of at least 0, d_model not an even one of at least 2, base not a number of at
            least 1, or the layout unknown.

    >>> sinusoidal_positions(2, 4).round(4)
    array([[0.    , 1.    , 0.    , 1.    ],
           [0.8415, 0.5403, 0.01  , 1.    ]])

    Source: Vaswani et al. 2017, sec. 3.5.
    """
    n, d_model = check_integer("n", n), check_integer("d_model", d_model, least=2)
    if d_model % 2:
        raise ValueError(f"expected d_model to be even (a sine and a cosine for each wavelength), got {d_model}")
    base = check_number("base", base, least=1, finite=True)
    if layout not in ("interleaved", "concatenated"):
        raise ValueError(f"expected layout to be 'interleaved' or 'concatenated', got {layout!r}")
    xp = namespace(like)
    positions, features = (xp.arange(0, end, step, dtype=xp.float64) for end, step in [(n, 1), (d_model, 2)])
    angles = positions[:, None] / base ** (features / d_model)  # (n, d_model / 2)
    pairs = xp.stack([xp.sin(angles), xp.cos(angles)], axis=-1 if layout == "interleaved" else 1)
    table = xp.reshape(pairs, (n, d_model))  # (n, d_model)
    return xp.asarray(table, dtype=float_dtype(xp, like), device=device(like))
