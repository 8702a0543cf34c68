"""The exercises of chapter 9. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from ._judge import function, value

__all__ = ["position_three", "shift_matrix", "sinusoids", "two_places_apart"]


@value(
    mistakes=[
        (
            (math.sin(math.radians(3)), math.cos(math.radians(3)), ..., ..., ...),
            "The computer was set to degrees. The angles here are radians: half a turn is π, a little more than 3.",
        ),
        (
            (math.sin(2), math.cos(2), ..., ..., ...),
            "This is position 2. They are counted from 0: the third word stands at position 2.",
        ),
        (
            (math.sin(3), math.sin(0.03), math.cos(3), math.cos(0.03), ...),
            "All sines first: that is the other layout. Take turns here: chapter 9, Sines and cosines by hand.",
        ),
        (
            (math.cos(3), math.sin(3), ..., ..., ...),
            "In each pair the sine comes first: chapter 9, Sines and cosines by hand.",
        ),
        (
            (..., ..., 0.0003, ..., ...),
            "Your slow hand is a hundred times too slow, as in a famous figure: chapter 9, Break it: a famous figure.",
        ),
        (
            (..., ..., math.sin(0.3), ..., ...),
            "The slow angle is 3/100, not 3/10: the exponent is 2i / d_model. Chapter 9, Sines and cosines by hand.",
        ),
        ((..., -math.cos(3), ..., ..., ...), "3 is nearly π, half a turn. Which sign has the cosine there?"),
        ((..., ..., ..., ..., 2), "This is the squared length: chapter 9, All positions are equally long."),
        (
            (..., ..., ..., ..., 1),
            "Each pair has length 1, and there are two: chapter 9, All positions are equally long.",
        ),
        (
            (..., ..., ..., ..., 4),
            "You count features. Each pair has length 1: chapter 9, All positions are equally long.",
        ),
    ]
)
def position_three():
    """Work out the vector of position 3 for d_model = 4 (sine, cosine, sine, cosine), and its length: five numbers."""
    return math.sin(3), math.cos(3), math.sin(0.03), math.cos(0.03), math.sqrt(2)


NEAR, FAR = math.cos(2) + math.cos(0.02), 4 - 2 * (math.cos(2) + math.cos(0.02))


@value(
    mistakes=[
        (
            (math.cos(2), ..., ...),
            "That is one pair. There are two, and each adds a cosine: chapter 9, Only the distance counts.",
        ),
        (
            (math.cos(math.radians(2)) + math.cos(math.radians(0.02)), ..., ...),
            "The computer was set to degrees. The angles here are radians.",
        ),
        (
            (math.cos(1) + math.cos(0.01), ..., ...),
            "This is a distance of 1. How far are 7 and 9 apart? Chapter 9, Only the distance counts.",
        ),
        (
            (math.cos(16) + math.cos(0.16), ..., ...),
            "You took the sum of the two positions. What counts is their difference: chapter 9, Only the distance "
            "counts.",
        ),
        (
            lambda dot, later, square: abs(dot - NEAR) < 0.006 < abs(later - dot),
            "100 places later, 107 and 109 are as far apart as before: chapter 9, Only the distance counts.",
        ),
        ((..., ..., math.sqrt(FAR)), "This is the distance between the two. Its square is asked for."),
        ((..., ..., 4 - NEAR), "a · b comes twice in the squared distance: a · a − 2 a · b + b · b."),
        (
            (..., ..., 2 - 2 * NEAR),
            "The product of a position with itself is not 1 here, but 2: chapter 9, All positions are equally long.",
        ),
        ((..., ..., 4), "The squared distance is less, since the two are not perpendicular: subtract 2 a · b."),
    ]
)
def two_places_apart():
    """For d_model = 4: the dot products of positions 7 and 9, and of 107 and 109; the squared distance of 7 and 9."""
    return NEAR, NEAR, FAR


def exponents(d_model):
    """2i / d_model for each pair i."""
    return np.arange(0, d_model, 2) / d_model


def hands(n, d_model, base, sines, cosines, first=0):
    """Sines and cosines in turn, each kind with its exponents."""
    places = np.arange(first, first + n)[:, None]
    pairs = np.stack([np.sin(places / base**sines), np.cos(places / base**cosines)], axis=-1)  # (n, pairs, 2)
    return pairs.reshape(n, -1)


TWICE = "`i` already takes steps of two: it is the 2i of the formula. See chapter 9, Sines and cosines by hand."
OWN_ANGLE = (
    "The sine and the cosine of a pair need the same angle, or they are no point on a circle: chapter 9, Sines and "
    "cosines by hand."
)


@function(
    cases=lambda rng: [
        (3, 4, 10000.0),
        (5, 6, 100.0),
        (2, 8, 10000.0),
        (6, 6, 10000.0),
        (4, 12, 20.0),
    ],
    mistakes=[
        (
            lambda n, d, base: hands(n, d, base, 2 * exponents(d), 2 * exponents(d) + 2 / d),
            "Neither of the two bugs is mended yet. Compare position 1 with the one that the chapter computes, and its "
            "length with the others: chapter 9, All positions are equally long.",
        ),
        (lambda n, d, base: hands(n, d, base, 2 * exponents(d), 2 * exponents(d)), TWICE),
        (lambda n, d, base: hands(n, d, base, exponents(d), exponents(d) + 1 / d), OWN_ANGLE),
        (lambda n, d, base: hands(n, d, base, exponents(d), 2 * exponents(d) + 2 / d), OWN_ANGLE),
        (lambda n, d, base: hands(n, d, base, exponents(d), 2 * exponents(d)), OWN_ANGLE),
        (lambda n, d, base: hands(n, d, base, 2 * exponents(d), exponents(d)), OWN_ANGLE),
        (
            lambda n, d, base: hands(n, d, base, exponents(d) / 2, exponents(d) / 2),
            "Your exponent is i / d_model, half of what it should be: chapter 9, Sines and cosines by hand.",
        ),
        (
            lambda n, d, base: hands(n, d, base, *[np.arange(d // 2) / (d // 2 - 1)] * 2),
            "This is the exponent of a famous figure, with its −1: chapter 9, Break it: a famous figure.",
        ),
        (
            lambda n, d, base: hands(n, d, base, exponents(d), exponents(d))[:, sines_first(d)],
            "All sines come first: right, but the other layout. Take turns here: chapter 9, Two layouts, one thing.",
        ),
        (
            lambda n, d, base: hands(n, d, base, exponents(d), exponents(d)).reshape(n, -1, 2)[..., ::-1].reshape(n, d),
            "In each pair the sine comes first, then the cosine: chapter 9, Sines and cosines by hand.",
        ),
        (
            lambda n, d, base: hands(n, d, base, exponents(d), exponents(d), first=1),
            "Positions are counted from 0, and position 0 is 0, 1, 0, 1: chapter 9, Sines and cosines by hand.",
        ),
        (
            lambda n, d, base: hands(n, d, base, -exponents(d), -exponents(d)),
            "Your hands become faster and faster. Divide by the power: chapter 9, From fast to slow.",
        ),
        (
            lambda n, d, base: hands(n, d, 10000, exponents(d), exponents(d)),
            "Right for base 10000. But `base` is an argument, and can be another number.",
        ),
        *(
            (
                lambda n, d, base, wave=wave: wave(np.arange(n)[:, None] / base ** np.repeat(exponents(d), 2)),
                f"You take the {name} everywhere. Sine and cosine take turns: chapter 9, Sines and cosines by hand.",
            )
            for wave, name in [(np.sin, "sine"), (np.cos, "cosine")]
        ),
    ],
)
def sinusoids(n, d_model, base):
    """Mend sinusoidal positions, (n, d_model), sine and cosine in turn."""
    return hands(n, d_model, base, exponents(d_model), exponents(d_model))


def sines_first(d_model):
    """Where the features of the concatenated layout stand in the interleaved one."""
    return np.r_[0:d_model:2, 1:d_model:2]


def turns(k, powers, below=1):
    """A matrix that turns each hand by k steps, for all sines first."""
    c, s = (np.diag(wave(k / 10000**powers)) for wave in (np.cos, np.sin))
    return np.block([[c, -below * s], [s, c]])


def turns_in_pairs(k, d_model):
    """The same for sine and cosine in turn: blocks of 2 x 2 on the diagonal, as in the chapter."""
    back = np.argsort(sines_first(d_model))
    return turns(k, exponents(d_model))[np.ix_(back, back)]


@function(
    cases=lambda rng: [(1, 4), (3, 4), (2, 6), (-1, 6), (10, 8)],
    mistakes=[
        (
            turns_in_pairs,
            "This matrix is for the other layout, in which sine and cosine take turns: chapter 9, Two layouts, one "
            "thing.",
        ),
        (
            lambda k, d: turns_in_pairs(k, d)[sines_first(d)],
            "The rows are in the new order, the columns are not. What comes out has the new layout, too.",
        ),
        (
            lambda k, d: turns_in_pairs(k, d)[:, sines_first(d)],
            "The columns are in the new order, the rows are not. What goes in has the new layout, too.",
        ),
        (
            lambda k, d: turns_in_pairs(k, d)[np.ix_(*[np.argsort(sines_first(d))] * 2)],
            "You sort the wrong way: your order leads from all sines first to sine and cosine in turn.",
        ),
        (
            lambda k, d: turns(-k, exponents(d)),
            "It turns back: P[p] becomes P[p − k]. Look at the signs in chapter 9, One matrix moves all positions.",
        ),
        (
            lambda k, d: turns(k, exponents(d), below=-1),
            "One of the sines needs a minus, or it is not a turn: chapter 9, One matrix moves all positions.",
        ),
        (
            lambda k, d: turns(1, exponents(d)),
            "This goes one place on, whatever k: turn each hand by k times its angle.",
        ),
        (
            lambda k, d: turns(k, exponents(d) / 2),
            "Your hands are too fast: the exponent is 2i / d_model for pair i. See chapter 9, Sines and cosines by "
            "hand.",
        ),
        (
            lambda k, d: turns(k, 2 * exponents(d)),
            "Your hands are too slow: the exponent is 2i / d_model, with all features below the line. See chapter 9, "
            "Sines and cosines by hand.",
        ),
        (
            lambda k, d: turns(k, np.zeros(d // 2)),
            "All your hands turn at the same speed: chapter 9, From fast to slow.",
        ),
    ],
)
def shift_matrix(k, d_model):
    """Write the matrix (d_model, d_model) that moves sinusoidal positions by k places, for all sines first."""
    return turns(k, exponents(d_model))
