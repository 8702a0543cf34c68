"""Answers to the exercises of `self_attention.check.layers`."""

import math

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from self_attention import scaled_dot_product_attention, sinusoidal_positions

# Chapter 8: heads


def softmax(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


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


# Chapter 9: positions


def sinusoids_as_they_stood(n, d_model, base):
    P = np.zeros((n, d_model))
    for i in range(0, d_model, 2):
        P[:, i] = np.sin(np.arange(n) / base ** (2 * i / d_model))
        P[:, i + 1] = np.cos(np.arange(n) / base ** (2 * (i + 1) / d_model))
    return P


def sinusoids_in_loops(n, d_model, base, power=lambda i, d: i / d, next_power=None, start=0):
    rows = []
    for p in range(start, start + n):
        row = []
        for i in range(0, d_model, 2):
            row.append(math.sin(p / base ** power(i, d_model)))
            row.append(math.cos(p / base ** (next_power or power)(i, d_model)))
        rows.append(row)
    return rows


def sinusoids_in_torch(n, d_model, base):
    rates = torch.exp(-math.log(base) * torch.arange(0, d_model, 2) / d_model)
    angles = torch.arange(n)[:, None] * rates
    P = torch.zeros(n, d_model)
    P[:, 0::2], P[:, 1::2] = angles.sin(), angles.cos()
    return P


def sines_then_cosines(n, d_model, base):
    angles = np.arange(n)[:, None] / base ** (np.arange(0, d_model, 2) / d_model)
    return np.hstack([np.sin(angles), np.cos(angles)])


def cosine_first(n, d_model, base):
    P = np.zeros((n, d_model))
    for i in range(d_model // 2):
        P[:, 2 * i], P[:, 2 * i + 1] = np.cos(np.arange(n) / base ** (2 * i / d_model)), 0
        P[:, 2 * i + 1] = np.sin(np.arange(n) / base ** (2 * i / d_model))
    return P


def chapters_rotation(k, d_model):
    R = np.zeros((d_model, d_model))
    for i in range(0, d_model, 2):
        c, s = math.cos(k / 10000 ** (i / d_model)), math.sin(k / 10000 ** (i / d_model))
        R[i : i + 2, i : i + 2] = [[c, -s], [s, c]]
    return R


def new_order(d_model):
    return [*range(0, d_model, 2), *range(1, d_model, 2)]


def shift_by_entries(k, d_model, sign=1, power=2):
    half = d_model // 2
    R = np.zeros((d_model, d_model))
    for i in range(half):
        angle = k / 10000 ** (power * i / d_model)
        R[i, i] = R[half + i, half + i] = np.cos(angle)
        R[i, half + i] = -sign * np.sin(angle)
        R[half + i, i] = sign * np.sin(angle)
    return R


def shift_reordered(k, d_model):
    order = new_order(d_model)
    return chapters_rotation(k, d_model)[order][:, order]


def shift_found_by_solving(k, d_model):
    P = sinusoidal_positions(400, d_model, layout="concatenated")
    before, after = (P[:-k], P[k:]) if k > 0 else (P[-k:], P[:k])
    return np.linalg.lstsq(before, after, rcond=None)[0]


def shift_sorted_the_wrong_way(k, d_model):
    R, order = chapters_rotation(k, d_model), new_order(d_model)
    sorted_back = np.zeros((d_model, d_model))
    sorted_back[np.ix_(order, order)] = R
    return sorted_back


def shift_in_torch(k, d_model):
    angles = k / 10000 ** (torch.arange(0, d_model, 2) / d_model)
    c, s = torch.diag(angles.cos()), torch.diag(angles.sin())
    return torch.cat([torch.cat([c, -s], dim=1), torch.cat([s, c], dim=1)])


def shift_without_minus(k, d_model):
    R = shift_by_entries(k, d_model)
    half = d_model // 2
    R[:half, half:] = R[half:, :half]
    return R


# Chapter 10: layers


def field_by_ways(gaps, i, n):
    """From the top down, one place after the other."""
    if not gaps:
        return [j == i for j in range(n)]
    seen = [False] * n
    for j in (i - gaps[-1], i, i + gaps[-1]):
        if 0 <= j < n:
            seen = [a or b for a, b in zip(seen, field_by_ways(gaps[:-1], j, n), strict=True)]
    return seen


def field_by_derivative(gaps, i, n):
    layers = [torch.nn.Conv1d(1, 1, 3, padding=gap, dilation=gap).double() for gap in gaps]
    for layer in layers:
        torch.nn.init.ones_(layer.weight)
    X = torch.zeros(1, n, dtype=torch.float64, requires_grad=True)
    torch.nn.Sequential(*layers)(X)[0, i].backward()
    return X.grad[0] != 0


def field_by_tables(gaps, i, n):
    """Each layer is a table of who reads whom; from the input up."""
    place = np.arange(n)
    reach = np.eye(n, dtype=bool)
    for gap in gaps:
        distance = abs(place[:, None] - place)
        reach = ((distance == 0) | (distance == gap)) @ reach
    return reach[i]


def field_without_care(gaps, i, n):
    """Negative places count from the end."""
    seen = np.zeros(n, dtype=bool)
    seen[i] = True
    for gap in reversed(gaps):
        for j in np.flatnonzero(seen):
            seen[j - gap] = True
            if j + gap < n:
                seen[j + gap] = True
    return seen


def field_without_care_from_below(gaps, i, n):
    return field_without_care(gaps[::-1], i, n)


def field_round_the_corner(gaps, i, n):
    seen = np.arange(n) == i
    for gap in gaps[::-1]:
        seen = seen | np.roll(seen, gap) | np.roll(seen, -gap)
    return seen


def field_of_offsets(gaps, i, n):
    offsets = {0}
    for gap in gaps:
        offsets = {o + side for o in offsets for side in (-gap, 0, gap)}
    return [j - i in offsets for j in range(n)]


def field_with_sides(sides):
    def field(gaps, i, n):
        reached = [i]
        for gap in gaps[::-1]:
            reached = [j + side * gap for j in reached for side in sides if 0 <= j + side * gap < n]
        return np.array([j in reached for j in range(n)])

    return field


def field_side_by_side(gaps, i, n):
    return [j == i or abs(j - i) in gaps for j in range(n)]


def near_as_it_stood(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[i - r // 2 : i + r // 2]
        Z[i] = scaled_dot_product_attention(X[i : i + 1], words, words)[0][0]
    return Z


def near_slices(X, r, left=0, right=1):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[max(0, i - r // 2 + left) : i + r // 2 + right]
        Z[i] = softmax(words @ X[i] / X.shape[1] ** 0.5) @ words
    return Z


def near_by_distance(X, r):
    places = torch.arange(len(X))
    return torch_attention(X[None], X[None], X[None], abs(places[:, None] - places) <= r // 2)[0]


def near_in_loops(X, r, side=None):
    side = (r - 1) // 2 if side is None else side
    Z = []
    for i, x in enumerate(X):
        words = [y for j, y in enumerate(X) if abs(i - j) <= side]
        powers = [math.exp(sum(x * y) / math.sqrt(len(x))) for y in words]
        Z.append(sum(p * y for p, y in zip(powers, words, strict=True)) / sum(powers))
    return np.array(Z)


def near_starts_below_zero(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[i - r // 2 : i + r // 2 + 1]
        Z[i] = scaled_dot_product_attention(X[i : i + 1], words, words)[0][0]
    return Z


def near_looks_back(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        words = X[max(0, i - r + 1) : i + 1]
        Z[i] = softmax(words @ X[i] / X.shape[1] ** 0.5) @ words
    return Z


def near_moves_the_window(X, r):
    Z = np.zeros(X.shape)
    for i in range(len(X)):
        start = max(0, min(i - r // 2, len(X) - r))
        words = X[start : start + r]
        Z[i] = softmax(words @ X[i] / X.shape[1] ** 0.5) @ words
    return Z


def near_with_zeros(X, r):
    zeros = np.zeros((r // 2, X.shape[1]))
    padded = np.concatenate([zeros, X, zeros])
    Z = []
    for i in range(len(X)):
        words = padded[i : i + r]
        Z.append(softmax(words @ X[i] / X.shape[1] ** 0.5) @ words)
    return np.array(Z)


def near_on_average(X, r):
    return np.array([X[max(0, i - r // 2) : i + r // 2 + 1].mean(axis=0) for i in range(len(X))])


def near_undivided(X, r):
    Z = []
    for i in range(len(X)):
        words = X[max(0, i - r // 2) : i + r // 2 + 1]
        Z.append(softmax(words @ X[i]) @ words)
    return np.array(Z)


SIN3, COS3, SLOW_SIN, SLOW_COS = math.sin(3), math.cos(3), math.sin(0.03), math.cos(0.03)

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
            ((3, 2, 0), "Expected True or False, came numbers in answer 3"),
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
            (lambda *a: (head_by_head(*a), 1), "Expected one result, came 2"),
            (lambda *a: head_by_head(*a[:6]), "missing 1 required positional argument: 'mask'"),
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
            (lambda Z: Z.swapaxes(0, 1), "Expected the shape (2, 4), came (2, 2, 2)"),
        ],
    },
    "position_three": {
        "right": [
            (0.14, -0.99, 0.03, 1.0, 1.41),
            (np.sin(3), np.cos(3), np.sin(3 / 100), np.cos(3 / 100), 2**0.5),
            (*sinusoidal_positions(4, 4)[3], np.linalg.norm(sinusoidal_positions(4, 4)[3])),
            (torch.sin(torch.tensor(3.0)), -0.98999, 3 / 100, 0.99955, 1.4142),
        ],
        "wrong": [
            ((0.0523, 0.9986, 0.0005, 1, 1.414), "set to degrees"),
            ((0.909, -0.416, 0.02, 0.9998, 1.414), "counted from 0"),
            ((0.1411, 0.03, -0.99, 0.9996, 1.414), "All sines first"),
            ((-0.99, 0.1411, 0.9996, 0.03, 1.414), "the sine comes first"),
            ((0.1411, -0.99, 0.0003, 1, 1.414), "a famous figure"),
            ((0.1411, -0.99, 0.2955, 0.9553, 1.414), "3/100, not 3/10"),
            ((0.1411, 0.99, 0.03, 0.9996, 1.414), "Which sign"),
            ((0.1411, -0.99, 0.03, 0.9996, 2), "the squared length"),
            ((0.1411, -0.99, 0.03, 0.9996, 1), "and there are two"),
            ((0.1411, -0.99, 0.03, 0.9996, 4), "You count features"),
            ((0.1411, -0.99, 0.03, 0.9996), "Expected 5 answers, came 4"),
        ],
    },
    "two_places_apart": {
        "right": [
            (0.5837, 0.5837, 2.8327),
            (
                sinusoidal_positions(10, 4)[7] @ sinusoidal_positions(10, 4)[9],
                sinusoidal_positions(110, 4)[107] @ sinusoidal_positions(110, 4)[109],
                ((sinusoidal_positions(10, 4)[9] - sinusoidal_positions(10, 4)[7]) ** 2).sum(),
            ),
        ],
        "wrong": [
            ((-0.416, -0.416, 4.83), "That is one pair"),
            ((1.9994, 1.9994, 0.0012), "set to degrees"),
            ((1.5403, 1.5403, 0.92), "a distance of 1"),
            ((0.0296, 0.0296, 3.94), "the sum of the two positions"),
            ((0.5837, 0.2, 2.8327), "100 places later"),
            ((0.5837, 0.5837, 1.683), "Its square is asked for"),
            ((0.5837, 0.5837, 3.416), "comes twice"),
            ((0.5837, 0.5837, 0.8327), "not 1 here, but 2"),
            ((0.5837, 0.5837, 4), "not perpendicular"),
            ((0.59, 0.59, 2.8327), "Answer 1 of 3 is not 0.59. Too large."),
        ],
    },
    "sinusoids": {
        "right": [
            sinusoids_in_loops,
            sinusoids_in_torch,
            lambda n, d_model, base: sinusoidal_positions(n, d_model, base=base),
        ],
        "wrong": [
            (sinusoids_as_they_stood, "Neither of the two bugs"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: 2 * i / d), "already takes steps of two"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, next_power=lambda i, d: (i + 1) / d), "need the same angle"),
            (
                lambda n, d, b: sinusoids_in_loops(n, d, b, next_power=lambda i, d: 2 * (i + 1) / d),
                "need the same angle",
            ),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, next_power=lambda i, d: 2 * i / d), "need the same angle"),
            (
                lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: 2 * i / d, lambda i, d: i / d),
                "need the same angle",
            ),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: i // 2 / d), "half of what it should be"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, lambda i, d: i // 2 / (d // 2 - 1)), "a famous figure"),
            (sines_then_cosines, "the other layout"),
            (cosine_first, "the sine comes first"),
            (lambda n, d, b: sinusoids_in_loops(n, d, b, start=1), "counted from 0"),
            (lambda n, d, b: sinusoids_in_loops(n, d, 1 / b), "faster and faster"),
            (lambda n, d, b: sinusoidal_positions(n, d), "`base` is an argument"),
            (lambda n, d, b: sinusoidal_positions(n, d, base=b).T, "(transposed?)"),
        ],
    },
    "shift_matrix": {
        "right": [shift_by_entries, shift_reordered, shift_found_by_solving, shift_in_torch],
        "wrong": [
            (chapters_rotation, "for the other layout"),
            (lambda k, d: chapters_rotation(k, d)[new_order(d)], "the columns are not"),
            (lambda k, d: chapters_rotation(k, d)[:, new_order(d)], "the rows are not"),
            (shift_sorted_the_wrong_way, "You sort the wrong way"),
            (lambda k, d: shift_by_entries(k, d, sign=-1), "It turns back"),
            (lambda k, d: shift_reordered(k, d).T, "It turns back"),
            (shift_without_minus, "needs a minus"),
            (lambda k, d: shift_in_torch(1, d), "whatever k"),
            (lambda k, d: shift_by_entries(k, d, power=1), "Your hands are too fast"),
            (lambda k, d: shift_by_entries(k, d, power=4), "Your hands are too slow"),
            (lambda k, d: shift_by_entries(k, d, power=0), "at the same speed"),
            (lambda k, d: np.eye(d), "expected"),
        ],
    },
    "layers_needed": {
        "right": [(250, 5), ((1001 - 1) / (5 - 1), math.ceil(math.log(1001, 5))), ([250, 5],)],
        "wrong": [
            ((200, 5), "n / k is a rule of thumb"),
            ((200.2, 5), "n / k is a rule of thumb"),
            ((500, 5), "on *each* side"),
            ((1000, 5), "more than one word"),
            ((251, 5), "One too many"),
            ((249, 5), "One too few"),
            ((250, 4), "625 words are too few"),
            ((250, 4.29), "whole layers"),
            ((250, 7), "for k = 3"),
            ((250, 10), "a factor of 2"),
            ((250, 6), "Answer 2 of 2 is not 6. Too large."),
        ],
    },
    "level_with_lstm": {
        "right": [(2,), (2.0,), (torch.tensor((8 - 4) / 2),)],
        "wrong": [
            ((1,), "That is the GRU"),
            ((4,), "on the side of attention"),
            ((8,), "two products"),
            ((0,), "Four *pairs*"),
            ((0.5,), "Turned round"),
            ((6,), "with their sign"),
            ((3,), "The answer is not 3. Too large."),
        ],
    },
    "kept_bytes": {
        "right": [(49_152_000, 12_288), (2 * 2000 * 512 * 4 * 6, 6 * 512 * 4), (np.array([49_152_000, 12_288]),)],
        "wrong": [
            ((12_288_000, 12_288), "Each takes 4 bytes"),
            ((24_576_000, 12_288), "Keys *and* values"),
            ((8_192_000, 12_288), "This is one layer. There are six"),
            ((4_096_000, 12_288), "for each of six layers"),
            ((49.152, 12_288), "In bytes, please"),
            ((192_000_000, 12_288), "Not the weights"),
            ((49_152_000, 2048), "one layer's state"),
            ((49_152_000, 3072), "Each takes 4 bytes"),
            ((49_152_000, 24_576_000), "does not grow"),
            ((49_152_000, 24_576), "no keys and values"),
        ],
    },
    "receptive_field": {
        "right": [field_by_ways, field_by_derivative, field_by_tables, field_with_sides((-1, 0, 1))],
        "wrong": [
            (lambda gaps, i, n: field_by_ways(gaps[::-1], i, n), "Begin at output i"),
            (field_of_offsets, "Right but for the ends"),
            (field_without_care, "beware of negative places"),
            (field_without_care_from_below, "beware of negative places"),
            (field_round_the_corner, "outside is nothing"),
            (field_with_sides((-1, 1)), "its own middle"),
            (field_with_sides((-1, 0)), "the past only"),
            (field_with_sides((0, 1)), "the future only"),
            (lambda gaps, i, n: [i - sum(gaps) <= j <= i + sum(gaps) for j in range(n)], "yours has none"),
            (lambda gaps, i, n: torch.abs(torch.arange(n) - i) <= len(gaps), "one place on each side"),
            (lambda gaps, i, n: [2 * abs(j - i) < 3 ** len(gaps) for j in range(n)], "Here they can be others"),
            (field_side_by_side, "The layers stand side by side"),
            (lambda gaps, i, n: np.array(field_by_ways(gaps, i, n)) * 1, "Expected True or False, came numbers"),
            (lambda gaps, i, n: int(field_by_tables(gaps, i, n).sum()), "Expected True or False, came numbers"),
        ],
    },
    "near": {
        "right": [near_slices, near_by_distance, near_in_loops],
        "wrong": [
            (near_as_it_stood, "Neither of the two bugs"),
            (lambda X, r: near_slices(X, r, right=0) if r > 1 else X * 0, "off by one: a slice ends"),
            (near_starts_below_zero, "The first words still go wrong"),
            (lambda X, r: near_in_loops(X, r, side=r), "reaches r words to each side"),
            (lambda X, r: near_slices(X, r, right=2), "on the other side"),
            (lambda X, r: near_slices(X, r, left=-1), "on the left"),
            (near_looks_back, "looks back only"),
            (lambda X, r: torch_attention(X[None], X[None], X[None])[0], "Nothing is hidden"),
            (near_moves_the_window, "you move the window inwards"),
            (near_with_zeros, "take part in the softmax"),
            (near_undivided, "not divided yet"),
            (near_on_average, "the mean of the words"),
        ],
    },
}
