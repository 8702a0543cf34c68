"""Answers to the exercises of chapter 8."""

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from self_attention import scaled_dot_product_attention

from .shared import softmax


def head_by_head(X, W_q, W_k, W_v, W_o, h, mask, root=None, cut=None):
    d = X.shape[1] // h
    joined = []
    for i in range(h):
        own = slice(i * d, (i + 1) * d) if cut is None else cut(i, h)
        Q, K, V = X @ W_q[:, own], X @ W_k[:, own], X @ W_v[:, own]
        scores = Q @ K.T / (root or np.sqrt(d))
        joined.append(softmax(np.where(mask, scores, -1e9)) @ V)
    return np.concatenate(joined, axis=1) @ W_o


def all_at_once(X, W_q, W_k, W_v, W_o, h, mask):
    n, d_model = X.shape
    Q, K, V = (torch.matmul(X, W).reshape(n, h, d_model // h).transpose(0, 1) for W in (W_q, W_k, W_v))
    return torch_attention(Q, K, V, mask).transpose(0, 1).reshape(n, d_model) @ W_o


def each_output_is_a_sum(X, W_q, W_k, W_v, W_o, h, mask):
    d = X.shape[1] // h
    output = np.zeros(X.shape)
    for i in range(h):
        own = slice(i * d, (i + 1) * d)
        Q, K, V = X @ W_q[:, own], X @ W_k[:, own], X @ W_v[:, own]
        output += scaled_dot_product_attention(Q, K, V, mask)[0] @ W_o[own]
    return output


def einsum_heads(X, W_q, W_k, W_v, W_o, h, mask, softmax_over="m", split="hd", join="hd"):
    size = {"h": h, "d": X.shape[1] // h}
    Q, K, V = ((X @ W).reshape(len(X), size[split[0]], size[split[1]]) for W in (W_q, W_k, W_v))
    scores = np.einsum(f"n{split},m{split}->hnm", Q, K) / np.sqrt(size["d"])
    weights = softmax(np.where(mask, scores, -1e9), axis="hnm".index(softmax_over))
    return np.einsum(f"hnm,m{split}->n{join}", weights, V).reshape(X.shape) @ W_o


def heads_reshaped(X, W_q, W_k, W_v, W_o, h, mask, back=True):
    n, d_model = X.shape
    Q, K, V = ((X @ W).reshape(h, n, d_model // h) for W in (W_q, W_k, W_v))
    Z, _ = scaled_dot_product_attention(Q, K, V, mask)
    return (Z.reshape(n, d_model) if back else Z.transpose(1, 0, 2).reshape(n, d_model)) @ W_o


def heads_joined_by_view(X, W_q, W_k, W_v, W_o, h, mask):
    n, d_model = X.shape
    Q, K, V = (torch.matmul(X, W).view(n, h, -1).transpose(0, 1) for W in (W_q, W_k, W_v))
    return torch_attention(Q, K, V, mask).contiguous().view(n, d_model) @ W_o


def each_head_its_share(X, W_q, W_k, W_v, W_o, h, mask):
    d = X.shape[1] // h
    joined = []
    for i in range(h):
        own = slice(i * d, (i + 1) * d)
        Q, K, V = (X[:, own] @ W[own, own] for W in (W_q, W_k, W_v))
        joined.append(scaled_dot_product_attention(Q, K, V, mask)[0])
    return np.hstack(joined) @ W_o


def mask_multiplied_later(X, W_q, W_k, W_v, W_o, h, mask):
    d = X.shape[1] // h
    joined = []
    for i in range(h):
        own = slice(i * d, (i + 1) * d)
        weights = softmax(X @ W_q[:, own] @ (X @ W_k[:, own]).T / d**0.5) * mask
        joined.append(weights @ X @ W_v[:, own])
    return np.hstack(joined) @ W_o


def torch_convention(X, W_q, W_k, W_v, W_o, h, mask):
    return einsum_heads(X, W_q, W_k, W_v, W_o, h, ~mask) * (~mask).any(axis=1, keepdims=True)


def join_word_by_word(Z):
    h, n, d = Z.shape
    rows = []
    for word in range(n):
        rows.append([Z[head, word, feature] for head in range(h) for feature in range(d)])
    return rows


def join_as_it_stood(Z):
    h, n, d = Z.shape
    return Z.transpose(1, 2, 0).reshape(n, h * d)


def join_by_view(Z):
    return Z.contiguous().view(Z.shape[1], -1)


def heads_with(weigh):
    """Somebody has an own idea of how scores and a mask become weights."""

    def head_by_head(X, W_q, W_k, W_v, W_o, h, mask):
        d = X.shape[1] // h
        joined = []
        for i in range(h):
            own = slice(i * d, (i + 1) * d)
            scores = X @ W_q[:, own] @ (X @ W_k[:, own]).T / np.sqrt(d)
            joined.append(weigh(scores, mask) @ X @ W_v[:, own])
        return np.concatenate(joined, axis=1) @ W_o

    return head_by_head


ANSWERS = {
    "head_sizes": {
        "right": [(64, 2_359_296, 2_359_296, 1200), (768 / 12, 4 * 768 * 768, torch.tensor(2359296), 12 * 10**2)],
        "wrong": [
            ((768, 2_359_296, 2_359_296, 1200), "A head that keeps all features"),
            ((12, 2_359_296, 2_359_296, 1200), "the number of heads"),
            ((64, 12 * 2_359_296, 2_359_296, 1200), "no more parameters than one"),
            ((64, 196_608, 2_359_296, 1200), "one head out of the twelve"),
            ((64, 2_359_296, 4 * 768 * 64, 1200), "A single head has all 768"),
            ((64, 196_608, 196_608, 1200), "one head out of the twelve"),
            ((64, 1_769_472, 1_769_472, 1200), "One of the four matrices is missing"),
            ((64, 589_824, 589_824, 1200), "There are four"),
            ((64, 2_362_368, 2_362_368, 1200), "Without the biases"),
            ((64, 2_359_296, 2_359_296, 100), "This is one map"),
            ((64, 2_359_296, 2_359_296, 120), "a weight for each of the 10"),
            ((64, 2_359_296, 2_359_296, 2400), "Answer 4 of 4 is not 2400. Too large."),
        ],
    },
    "narrow_head": {
        "right": [(3, 2, False), (np.int64(3), 2.0, np.bool_(False)), ([3, 2, False],)],
        "wrong": [
            ((2, 1, False), "do not count from 0"),
            ((3, 3, False), "a negative query"),
            ((2, 2, False), "5 times −3"),
            ((3, 1, False), "gives the first word −5"),
            ((1, 2, False), "gives the first word 5"),
            ((3, 2, True), "lies between the two others"),
            ((3, 2, 0), "Expected True or False, got numbers in answer 3"),
        ],
    },
    "multi_head": {
        "right": [head_by_head, all_at_once, each_output_is_a_sum, einsum_heads],
        "wrong": [
            (heads_reshaped, "`reshape` alone cuts"),
            (lambda *a: heads_reshaped(*a, back=False), "`reshape` alone cuts"),
            (heads_joined_by_view, "a row mixes several words"),
            (lambda *a: head_by_head(*a, cut=lambda i, h: slice(i, None, h)), "side by side and not in turn"),
            (lambda *a: einsum_heads(*a, split="dh", join="dh"), "side by side and not in turn"),
            (lambda *a: einsum_heads(*a, join="dh"), "joined in turn"),
            (lambda *a: head_by_head(*a, root=np.sqrt(len(a[1]))), "the root of d_model"),
            (lambda *a: head_by_head(*a, root=1), "not divided yet"),
            (lambda *a: head_by_head(*a, root=len(a[1]) / a[5]), "not by its root"),
            (lambda *a: head_by_head(*a[:6], np.ones(1, dtype=bool)), "The mask hides nothing"),
            (torch_convention, "True means that a word may be seen"),
            (mask_multiplied_later, "The mask comes after the softmax"),
            (lambda *a: einsum_heads(*a[:4], np.eye(len(a[1])), *a[5:]), "where is W_o?"),
            (lambda *a: einsum_heads(*a[:4], a[4].T, *a[5:]), "W_o is turned round"),
            (lambda *a: head_by_head(*a[:5], 1, a[6]), "one head with all features"),
            (each_head_its_share, "a share of the embedding only"),
            (lambda *a: (head_by_head(*a), 1), "Expected one result, got 2"),
            (lambda *a: head_by_head(*a[:6]), "missing 1 required positional argument: 'mask'"),
            (heads_with(lambda scores, mask: softmax(np.where(mask, scores, -10))), "is finite"),
            (heads_with(lambda scores, mask: softmax(np.where(mask, scores, -1))), "is finite"),
            (heads_with(lambda scores, mask: softmax(scores * mask)), "Hidden scores are 0"),
            (heads_with(lambda scores, mask: softmax(scores + mask)), "True counts as 1"),
            (
                heads_with(lambda scores, mask: softmax(np.where(mask, softmax(np.where(mask, scores, -1e9)), -1e9))),
                "softmax twice",
            ),
        ],
    },
    "join_heads": {
        "right": [join_word_by_word, np.hstack, lambda Z: torch.cat([*torch.unbind(Z)], dim=1)],
        "wrong": [
            (join_as_it_stood, "still alternate"),
            (lambda Z: np.array([np.ravel(Z[:, i], order="F") for i in range(Z.shape[1])]), "still alternate"),
            (join_by_view, "mixes several words"),
            (lambda Z: Z.swapaxes(1, 2).reshape(Z.shape[1], -1), "mixes several words"),
            (lambda Z: Z.permute(2, 1, 0).reshape(Z.shape[1], -1), "mixes several words"),
            (lambda Z: np.hstack(Z[::-1]), "head 1 comes first"),
            (lambda Z: torch.cat(list(Z), dim=1).flip(0), "row 1 belongs to the first word"),
            (lambda Z: np.hstack(Z).T, "each word has a row"),
            (np.vstack, "one below the other"),
            (sum, "You add the heads up"),
            (lambda Z: sum(Z) / len(Z), "the mean of the heads"),
            (lambda Z: Z.swapaxes(0, 1), "Expected the shape (2, 4), got (2, 2, 2)"),
        ],
    },
}
