"""The exercises of chapters 8 to 10. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention, heads, masks
from ._engine import function, value

__all__ = [
    "head_sizes",
    "join_heads",
    "kept_bytes",
    "layers_needed",
    "level_with_lstm",
    "multi_head",
    "narrow_head",
    "near",
    "position_three",
    "receptive_field",
    "shift_matrix",
    "sinusoids",
    "two_places_apart",
]


# Chapter 8: heads


@value(
    mistakes=[
        ((768, ..., ..., ...), "A head that keeps all features is not what is asked: chapter 8, What it costs."),
        ((12, ..., ..., ...), "12 is the number of heads. How many features has each? Chapter 8, What it costs."),
        ((..., 4 * 768 * 64, ..., ...), "These are the parameters of one head out of the twelve."),
        ((..., ..., 4 * 768 * 64, ...), "A single head has all 768 features, not 64."),
        (
            lambda features, many, one, weights: many == 12 * one,
            "Twelve heads need no more parameters than one: each has its own columns of the same matrices. See chapter "
            "8, What it costs.",
        ),
        (
            (..., 3 * 768**2, ..., ...),
            "One of the four matrices is missing, the one after the heads are joined: chapter 8, All heads at once.",
        ),
        (
            lambda features, many, one, weights: many == one == 768**2,
            "This is one matrix. There are four: chapter 8, All heads at once.",
        ),
        (
            lambda features, many, one, weights: many == one == 4 * 768**2 + 4 * 768,
            "Without the biases, please: four matrices, and nothing else.",
        ),
        ((..., ..., ..., 100), "This is one map. Every head has its own: chapter 8, What it costs."),
        ((..., ..., ..., 120), "Each of the 10 words has a weight for each of the 10: chapter 8, What it costs."),
    ]
)
def head_sizes():
    """Find what 768 features and 12 heads take.

    Four numbers: features of one head's query, parameters of the four matrices with 12 heads, the same with one head,
    and weights that the 12 heads compute for 10 words.
    """
    return 768 // 12, 4 * 768**2, 4 * 768**2, 12 * 10 * 10


@value(
    mistakes=[
        ((2, 1, ...), "The words are called 1, 2 and 3 here: do not count from 0."),
        ((3, 3, ...), "The score is the product of query and key. What does a negative query make of the keys' order?"),
        ((2, ..., ...), "A large key with a minus sign gives a low score: 5 times −3."),
        ((..., 1, ...), "The query −5 gives the first word −5. Does another word get more?"),
        ((1, ..., ...), "The query 5 gives the first word 5. Does another word get more?"),
        ((..., ..., True), "The key 1 lies between the two others. Can 1 times q be larger than both −3 q and 2 q?"),
    ]
)
def narrow_head():
    """Say which of the keys 1, -3, 2 gets most from the query 5, which from -5, and whether any query prefers the 1.

    Two numbers of words, counted from 1, and True or False.
    """
    return 3, 2, False


def split_by_reshape(X, h):
    """Heads made of whole words instead of features: the shape is right, nothing else."""
    return X.reshape(h, len(X), -1)


def split_in_turn(X, h):
    """Heads that take the features in turn, instead of side by side."""
    return X.reshape(len(X), -1, h).transpose(2, 0, 1)


def join_by_reshape(Z):
    """Rows in which several words are mixed."""
    return Z.reshape(Z.shape[1], -1)


def join_in_turn(Z):
    """Rows of one word, in which the heads alternate."""
    return Z.transpose(1, 2, 0).reshape(Z.shape[1], -1)


def all_heads(X, W_q, W_k, W_v, h, mask, split=heads.split_heads, join=heads.merge_heads, scale=None):
    """The joined heads (n, h d_v), with a way to split, to join or to scale of one's choice."""
    Q, K, V = (split(X @ W, h) for W in (W_q, W_k, W_v))
    return join(attention.scaled_dot_product_attention(Q, K, V, mask, scale=scale)[0])


def heads_by_hand(X, W_q, W_k, W_v, W_o, h, mask, axis=-1, mask_after=False):
    """The same with the softmax along another axis, or with the mask after it."""
    Q, K, V = (heads.split_heads(X @ W, h) for W in (W_q, W_k, W_v))
    scores = Q @ K.swapaxes(-1, -2) / math.sqrt(Q.shape[-1])
    weights = attention.softmax(scores) * mask if mask_after else attention.softmax(scores, mask=mask, axis=axis)
    return heads.merge_heads(weights @ V) @ W_o


def split_first(X, W_q, W_k, W_v, W_o, h, mask):
    """Each head projects its own share of the embedding."""
    X, d = heads.split_heads(X, h), X.shape[-1] // h
    blocks = [slice(i * d, (i + 1) * d) for i in range(h)]
    Q, K, V = (X @ np.stack([W[block, block] for block in blocks]) for W in (W_q, W_k, W_v))
    return heads.merge_heads(attention.scaled_dot_product_attention(Q, K, V, mask)[0]) @ W_o


def head_cases(rng):
    """Two of the same shape, then others; the masks are causal, mixed, and all True."""
    for n, d_model, h in [(2, 4, 2), (3, 4, 2), (3, 4, 2), (4, 6, 3), (5, 6, 2), (2, 9, 3)]:
        mask = masks.causal_mask(n) if h == 2 else rng.integers(2, size=(n, n)) + np.eye(n) > 0
        yield *rng.normal(size=(1, n, d_model)), *rng.normal(size=(4, d_model, d_model)), h, mask
    yield *rng.normal(size=(1, 3, 4)), *rng.normal(size=(4, 4, 4)), 4, np.ones((3, 3), dtype=bool)


RESHAPED = (
    "`reshape` alone cuts the table of queries by rows, so that a head gets some words instead of some features: "
    "chapter 8, What exactly is split?"
)
MIXED = (
    "The heads are joined so that a row mixes several words. First bring the heads of one word together: chapter 8, "
    "What exactly is split?"
)
IN_TURN = "The first columns belong to head 1, the next ones to head 2, side by side and not in turn: chapter 8, "


@function(
    cases=lambda rng: [*head_cases(rng)],
    mistakes=[
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask, split_by_reshape) @ W_o,
            RESHAPED,
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: (
                all_heads(X, W_q, W_k, W_v, h, mask, split_by_reshape, join_by_reshape) @ W_o
            ),
            RESHAPED,
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask, join=join_by_reshape) @ W_o,
            MIXED,
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask, split_in_turn) @ W_o,
            f"{IN_TURN}Split is project.",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: (
                all_heads(X, W_q, W_k, W_v, h, mask, split_in_turn, join_in_turn) @ W_o
            ),
            f"{IN_TURN}Split is project.",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask, join=join_in_turn) @ W_o,
            "The heads are joined in turn, a feature of each. W_o expects all of head 1 first: chapter 8, All heads at "
            "once.",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: (
                all_heads(X, W_q, W_k, W_v, h, mask, scale=1 / math.sqrt(X.shape[-1])) @ W_o
            ),
            "You divide by the root of d_model. A query of one head has d_model / h features: chapter 5, Which d: "
            "the model's, or the head's?",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask, scale=1) @ W_o,
            "The scores are not divided yet: chapter 5, Why divide at all?",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask, scale=h / X.shape[-1]) @ W_o,
            "You divide by d_k, not by its root: chapter 5, Why the root, and not d_k itself?",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, None) @ W_o,
            "The mask hides nothing yet: chapter 7, A mask says who may look.",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, ~(mask > 0)) @ W_o,
            "The mask is turned round: True means that a word may be seen. See chapter 7, Two conventions.",
        ),
        (
            lambda *arguments: heads_by_hand(*arguments, mask_after=True),
            "The mask comes after the softmax, and the rows no longer sum to 1: it belongs to the scores. See chapter "
            "7, Zero the weights.",
        ),
        (
            lambda *arguments: heads_by_hand(*arguments, axis=-2),
            "Softmax along the wrong axis: each query's weights must sum to 1, head by head.",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask),
            "The heads are joined, and nothing mixes them yet: where is W_o? See chapter 8, All heads at once.",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, h, mask) @ W_o.T,
            "W_o is turned round: features stand in rows, so the joined heads are multiplied by W_o as it is.",
        ),
        (
            lambda X, W_q, W_k, W_v, W_o, h, mask: all_heads(X, W_q, W_k, W_v, 1, mask) @ W_o,
            "This is one head with all features, whatever h: chapter 8, Split is project.",
        ),
        (
            split_first,
            "Each head gets a share of the embedding only. Project first, then split: chapter 8, What exactly is "
            "split?",
        ),
    ],
)
def multi_head(X, W_q, W_k, W_v, W_o, h, mask):
    """Write multi-head self-attention for one sentence: X (n, d_model) and four (d_model, d_model) -> (n, d_model).

    The mask (n, n) is the same for all heads; True = may attend. Nothing is returned but the output.
    """
    return all_heads(X, W_q, W_k, W_v, h, mask) @ W_o


@function(
    cases=lambda rng: [
        (np.array([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]),),
        (rng.normal(size=(2, 3, 2)),),
        (rng.normal(size=(2, 3, 2)),),
        (rng.normal(size=(3, 2, 4)),),
        (rng.normal(size=(1, 4, 2)),),
        (rng.normal(size=(2, 6, 3)),),
    ],
    mistakes=[
        (
            join_in_turn,
            "Each row has one word, but the heads still alternate in it, and W_o expects head 1 first: chapter 8, All "
            "heads at once.",
        ),
        (join_by_reshape, MIXED),
        (lambda Z: Z.transpose(2, 0, 1).reshape(Z.shape[1], -1), MIXED),
        (lambda Z: Z.transpose(2, 1, 0).reshape(Z.shape[1], -1), MIXED),
        (lambda Z: Z.transpose(0, 2, 1).reshape(Z.shape[1], -1), MIXED),
        (lambda Z: heads.merge_heads(Z[::-1]), "The heads are joined in the wrong order: head 1 comes first."),
        (
            lambda Z: heads.merge_heads(Z)[::-1],
            "The words come out in the wrong order: row 1 belongs to the first word.",
        ),
        (lambda Z: heads.merge_heads(Z).T, "Rows and columns are turned round: each word has a row."),
        (lambda Z: np.concatenate(list(Z)), "The heads stand one below the other. Join them side by side."),
        (lambda Z: Z.sum(axis=0), "You add the heads up. Here they are joined, side by side; W_o adds later."),
        (lambda Z: Z.mean(axis=0), "This is the mean of the heads. Here they are joined, side by side."),
    ],
)
def join_heads(Z):
    """Mend a function that joins heads, (h, n, d_v) -> (n, h d_v): head 1 first, then head 2, and so on."""
    return heads.merge_heads(Z)


# Chapter 9: positions


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


# Chapter 10: layers


@value(
    mistakes=[
        (
            (1001 / 5, ...),
            "n / k is a rule of thumb. A layer adds k − 1 words, 2 on each side: chapter 10, Convolutions: stack them.",
        ),
        (
            (200, ...),
            "n / k is a rule of thumb. A layer adds k − 1 words, 2 on each side: chapter 10, Convolutions: stack them.",
        ),
        ((500, ...), "A layer adds two words on *each* side: chapter 10, Convolutions: stack them."),
        ((1000, ...), "A layer adds more than one word: k − 1 of them. See chapter 10, Convolutions: stack them."),
        ((251, ...), "One too many. The first layer sees 5 words already, and each of the others adds 4."),
        ((249, ...), "One too few. n layers see 1 + 4 n words: chapter 10, Convolutions: stack them."),
        ((..., 4), "5⁴ = 625 words are too few: round up. See chapter 10, Convolutions: stack them."),
        ((..., math.log(1001, 5)), "This is the logarithm. How many whole layers are enough?"),
        (
            (..., 7),
            "This is for k = 3. A dilated layer multiplies the field by k: chapter 10, Convolutions: stack them.",
        ),
        (
            (..., 10),
            "This is for a factor of 2. Each layer multiplies the field by k: chapter 10, Convolutions: stack them.",
        ),
    ]
)
def layers_needed():
    """Find how many convolutions of width 5 see 1,001 words: contiguous ones, and dilated ones (gaps 1, 5, 25, ...)."""
    return 250, 5


@value(
    mistakes=[
        (1, "That is the GRU, with its three pairs: chapter 10, What the table leaves out."),
        (
            4,
            "Something is missing on the side of attention: the projections, or the second of its two products. See "
            "chapter 10, What the table leaves out.",
        ),
        (8, "Attention has projections, too, and two products n × n: chapter 10, What the table leaves out."),
        (0, "Four *pairs* of matrices, one for the word and one for the state: chapter 10, What the table leaves out."),
        (1 / 2, "Turned round: n is larger than d here, since the right side, 8 n d², is the dearer one at n = d."),
        (6, "Move the projections to the other side with their sign: 2 n² d = 8 n d² − 4 n d²."),
    ]
)
def level_with_lstm():
    """Find n / d at which self-attention, with its projections, takes as many multiply-adds as an LSTM."""
    return 2


@value(
    mistakes=[
        ((2 * 2000 * 512 * 6, ...), "These are numbers. Each takes 4 bytes: chapter 10, What has to be kept."),
        ((2000 * 512 * 4 * 6, ...), "Keys *and* values: chapter 10, What has to be kept."),
        ((2 * 2000 * 512 * 4, ...), "This is one layer. There are six, and each keeps its own."),
        ((2000 * 512 * 4, ...), "Keys *and* values, and for each of six layers: chapter 10, What has to be kept."),
        ((49.152, ...), "In bytes, please: a megabyte has a million."),
        ((2 * 2000**2 * 4 * 6, ...), "Not the weights are kept but keys and values: chapter 10, What has to be kept."),
        ((..., 512 * 4), "This is one layer's state. There are six."),
        ((..., 512 * 6), "These are numbers. Each takes 4 bytes: chapter 10, What has to be kept."),
        ((..., 2000 * 512 * 4 * 6), "A state does not grow with the words: chapter 10, What has to be kept."),
        ((..., 2 * 512 * 4 * 6), "A GRU has no keys and values, only one state in each layer."),
    ]
)
def kept_bytes():
    """Find the bytes that 6 layers with 512 features keep after 2,000 words: as keys and values, as GRU states."""
    return 2 * 2000 * 512 * 4 * 6, 512 * 4 * 6


def field(gaps, i, n, offsets=(-1, 0, 1), wrap=lambda j, n: j, leave=False):
    """The places that output i reaches, from the top layer down; with mistakes of one's choice."""
    reached = {i}
    for gap in gaps:
        reached = {wrap(j + gap * side, n) for j in reached for side in offsets}
        reached = reached if leave else {j for j in reached if 0 <= j < n}
    return np.isin(np.arange(n), [*reached])


def between(i, n, side):
    """All places at most `side` away."""
    return abs(np.arange(n) - i) <= side


@function(
    cases=lambda rng: [
        ([1], 1, 5),
        ([1, 1], 4, 9),
        ([1, 3], 4, 9),
        ([2], 0, 5),
        ([3, 1], 0, 8),
        ([3, 1], 0, 3),
        ([1, 9, 27], 40, 81),
        ([3, 3], 5, 11),
        ([2, 1, 4], 9, 10),
        ([1, 2], 3, 4),
    ],
    mistakes=[
        (
            lambda gaps, i, n: field(gaps, i, n),
            "Begin at output i, in the layer above, and go down: its gap comes first, that of the lowest layer last.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, leave=True),
            "Right but for the ends: outside the text is nothing, so that no way leads out of it and back in.",
        ),
        (
            lambda gaps, i, n: field(gaps, i, n, wrap=lambda j, n: j % n if j < 0 else j),
            "Some way leads over the end of the text and comes in at the other: beware of negative places.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, wrap=lambda j, n: j % n if j < 0 else j),
            "Some way leads over the end of the text and comes in at the other: beware of negative places.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, wrap=lambda j, n: j % n),
            "Some way leads over the end of the text and comes in at the other: outside is nothing.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, offsets=(-1, 1)),
            "A window of width 3 has its own middle, too: chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, offsets=(-1, 0)),
            "A convolution looks to both sides: yours sees the past only. See chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: field(gaps[::-1], i, n, offsets=(0, 1)),
            "A convolution looks to both sides: yours sees the future only. See chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: between(i, n, sum(gaps)),
            "A field with gaps can have holes: yours has none. See chapter 10, Convolutions: stack them.",
        ),
        (
            lambda gaps, i, n: between(i, n, len(gaps)),
            "Each layer adds one place on each side: right without gaps, but they may be larger than 1.",
        ),
        (
            lambda gaps, i, n: between(i, n, (3 ** len(gaps) - 1) // 2),
            "3, 9, 27 words are seen with the gaps 1, 3, 9. Here they can be others: follow the ways.",
        ),
        (
            lambda gaps, i, n: np.any([field([gap], i, n) for gap in gaps], axis=0),
            "The layers stand side by side. Stack them: what one layer reaches, the layer below takes further.",
        ),
    ],
)
def receptive_field(gaps, i, n):
    """Say which of n words output i of some convolutions of width 3 sees: n times True or False.

    `gaps` has one number for each layer, the lowest first: 1 = contiguous. Outside the text there is nothing.
    """
    return field(gaps[::-1], i, n)


def by_slices(X, first, end):
    """Attention of each word to the words from `first(i)` up to, and without, `end(i)`."""
    rows = [X[slice(first(i), end(i))] for i in range(len(X))]
    read = attention.scaled_dot_product_attention
    return np.stack([read(X[i : i + 1], words, words)[0][0] for i, words in enumerate(rows)])


def moved_inside(X, r):
    """At an end the window is moved, so that it keeps its r words."""
    last = max(0, len(X) - r)
    return by_slices(X, lambda i: min(max(0, i - r // 2), last), lambda i: min(max(0, i - r // 2), last) + r)


def with_zeros(X, r):
    """Zeros outside the text take part."""
    padded = np.pad(X, ((r // 2, r // 2), (0, 0)))
    near_ones = [padded[i : i + r] for i in range(len(X))]
    weights = [attention.softmax(words @ x / math.sqrt(X.shape[1])) for words, x in zip(near_ones, X, strict=True)]
    return np.stack([w @ words for w, words in zip(weights, near_ones, strict=True)])


def in_window(X, r, scale=None):
    """Attention of each word to the r words around it."""
    return attention.scaled_dot_product_attention(X, X, X, masks.window_mask(len(X), r), scale=scale)[0]


@function(
    cases=lambda rng: [
        (np.array([[1.0], [2.0], [0.0]]), 3),
        *((rng.normal(size=(5, 2)), 3) for _ in range(2)),
        (rng.normal(size=(7, 3)), 5),
        (rng.normal(size=(4, 2)), 9),
        (rng.normal(size=(4, 2)), 1),
    ],
    mistakes=[
        (
            lambda X, r: by_slices(X, lambda i: i - r // 2, lambda i: i + r // 2),
            "Neither of the two bugs is mended yet. Print the words of the slice for i = 0 and for i = 2.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r // 2), lambda i: i + r // 2),
            "The window is off by one: a slice ends *before* its second number, so the right neighbour is missing.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: i - r // 2, lambda i: i + r // 2 + 1),
            "The first words still go wrong: what does Python make of `X[-1 : 2]`?",
        ),
        (
            lambda X, r: in_window(X, 2 * r + 1),
            "Your window reaches r words to each side. It has r words in all: chapter 10, Multiplications.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r // 2), lambda i: i + r // 2 + 2),
            "The window is off by one, now on the other side: it has r words, with the asking one in the middle.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r // 2 - 1), lambda i: i + r // 2 + 1),
            "The window is off by one, on the left: it has r words, with the asking one in the middle.",
        ),
        (
            lambda X, r: by_slices(X, lambda i: max(0, i - r + 1), lambda i: i + 1),
            "Your window looks back only. The asking word stands in the middle: chapter 10, Multiplications.",
        ),
        (lambda X, r: in_window(X, 2 * len(X) + 1), "Nothing is hidden: each word still sees all the others."),
        (moved_inside, "At the ends you move the window inwards. It stays where it is, and has fewer words there."),
        (
            with_zeros,
            "Zeros outside the text take part in the softmax and get a share. They must be hidden: chapter 10, "
            "Multiplications.",
        ),
        (lambda X, r: in_window(X, r, scale=1), "The scores are not divided yet: chapter 5, Why divide at all?"),
        (
            lambda X, r: attention.attend(np.zeros((len(X),) * 2), X, masks.window_mask(len(X), r))[0],
            "This is the mean of the words in the window. Let the word choose among them: scores, softmax, sum.",
        ),
    ],
)
def near(X, r):
    """Mend self-attention in a window, (n, d) -> (n, d): r words, r odd, with the asking word in their middle."""
    return in_window(X, r)
