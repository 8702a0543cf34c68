"""The exercises of chapter 8. Each reference stands below its cases and the mistakes that learners make."""

import math

import numpy as np

from .. import attention, heads, masks
from ._judge import function, value

__all__ = ["head_sizes", "join_heads", "multi_head", "narrow_head"]


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


def heads_by_hand(X, W_q, W_k, W_v, W_o, h, mask, *, weigh):
    """The same, with a function that makes weights of the scores and the mask."""
    Q, K, V = (heads.split_heads(X @ W, h) for W in (W_q, W_k, W_v))
    scores = Q @ K.swapaxes(-1, -2) / math.sqrt(Q.shape[-1])
    return heads.merge_heads(weigh(scores, mask) @ V) @ W_o


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
            lambda *arguments: heads_by_hand(*arguments, weigh=lambda scores, mask: attention.softmax(scores) * mask),
            "The mask comes after the softmax, and the rows no longer sum to 1: it belongs to the scores. See chapter "
            "7, Zero the weights.",
        ),
        (
            lambda *arguments: heads_by_hand(
                *arguments, weigh=lambda scores, mask: attention.softmax(scores, mask=mask, axis=-2)
            ),
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
        *(
            (
                lambda *arguments, fill=fill: heads_by_hand(
                    *arguments, weigh=lambda scores, mask: attention.softmax(np.where(mask, scores, fill))
                ),
                "Your number for “hidden” is finite: hidden words still get a share. See chapter 7, Break it: almost "
                "minus infinity.",
            )
            for fill in (-1, -5, -10)
        ),
        (
            lambda *arguments: heads_by_hand(*arguments, weigh=lambda scores, mask: attention.softmax(scores * mask)),
            "Hidden scores are 0, and e⁰ = 1: they are read. See chapter 7, Zero the scores.",
        ),
        (
            lambda *arguments: heads_by_hand(*arguments, weigh=lambda scores, mask: attention.softmax(scores + mask)),
            "True counts as 1 and hides nothing: chapter 7, By hand.",
        ),
        (
            lambda *arguments: heads_by_hand(
                *arguments,
                weigh=lambda scores, mask: attention.softmax(attention.softmax(scores, mask=mask), mask=mask),
            ),
            "You take the softmax twice. The weights sum to 1 already: chapter 5, Shares that add up to one.",
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
