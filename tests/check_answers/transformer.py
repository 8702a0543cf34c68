"""Answers to the exercises of `self_attention.check.transformer`."""

import math

import numpy as np
import torch

# Chapter 11: the Transformer


def layer_norm_in_loops(X, factor, shift):
    out = np.zeros(X.shape)
    for place in np.ndindex(*X.shape[:-1]):
        x = X[place]
        mean = sum(x) / len(x)
        variance = sum((value - mean) ** 2 for value in x) / len(x)
        out[place] = [f * (v - mean) / math.sqrt(variance + 1e-5) + s for v, f, s in zip(x, factor, shift, strict=True)]
    return out


def layer_norm_in_torch(X, factor, shift):
    return torch.nn.functional.layer_norm(X, X.shape[-1:], factor, shift)


def layer_norm_as_it_stood(X, factor, shift):
    centred = X - X.mean(dim=-1, keepdim=True)
    return factor * centred / (X.std(dim=-1, keepdim=True) + 1e-5) + shift


def layer_norm_with_var_of_torch(X, factor, shift):
    centred = X - X.mean(dim=-1, keepdim=True)
    return factor * centred / (X.var(dim=-1, keepdim=True) + 1e-5).sqrt() + shift


def layer_norm_eps_beside(X, factor, shift):
    centred = X - X.mean(axis=-1, keepdims=True)
    return factor * centred / (X.std(axis=-1, keepdims=True) + 1e-5) + shift


def layer_norm_without_eps(X, factor, shift):
    return (X - X.mean(-1, keepdims=True)) / X.std(-1, keepdims=True) * factor + shift


def layer_norm_of_the_chapter(X, factor, shift):
    return factor * (X - X.mean()) / np.sqrt(X.var() + 1e-5) + shift


def layer_norm_over_words(X, factor, shift):
    return factor * (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + 1e-5) + shift


def layer_norm_without_keepdims(X, factor, shift):
    return factor * (X - X.mean(axis=-1)) / np.sqrt(X.var(axis=-1) + 1e-5) + shift


def layer_norm_variance(X, factor, shift):
    centred = X - X.mean(dim=-1, keepdim=True)
    return factor * centred / ((centred**2).mean(dim=-1, keepdim=True) + 1e-5) + shift


def norm(X):
    return (X - X.mean(axis=1, keepdims=True)) / np.sqrt(X.var(axis=1, keepdims=True) + 1e-5)


def torch_norm(X):
    return torch.nn.functional.layer_norm(X, X.shape[-1:])


def pre_norm_in_torch(X, A, W, U):
    X = X + torch.matmul(A, torch_norm(X))
    return X + torch.relu(torch_norm(X) @ W) @ U


def pre_norm_in_loops(X, A, W, U):
    words = norm(X)
    after = [x + sum(a * w for a, w in zip(row, words, strict=True)) for x, row in zip(X, A, strict=True)]
    result = []
    for x in after:
        hidden = norm(x[None])[0] @ W
        hidden[hidden < 0] = 0
        result.append(x + hidden @ U)
    return np.stack(result)


def layer_post(X, A, W, U):
    X = norm(X + A @ X)
    return norm(X + np.maximum(0, X @ W) @ U)


def layer_overwrites(X, A, W, U):
    X = torch_norm(X)
    X = X + A @ X
    X = torch_norm(X)
    return X + (X @ W).clamp(min=0) @ U


def layer_without_sums(X, A, W, U):
    X = A @ norm(X)
    return np.maximum(norm(X) @ W, 0) @ U


def layer_forgets_the_second_sum(X, A, W, U):
    X = X + A @ norm(X)
    return np.maximum(norm(X) @ W, 0) @ U


def layer_without_norm(X, A, W, U):
    X = X + A @ X
    return X + np.maximum(X @ W, 0) @ U


def layer_with_one_norm(X, A, W, U):
    X = X + A @ norm(X)
    return X + np.maximum(X @ W, 0) @ U


def layer_side_by_side(X, A, W, U):
    Z = norm(X)
    return X + A @ Z + np.maximum(Z @ W, 0) @ U


def layer_without_relu(X, A, W, U):
    X = X + A @ norm(X)
    return X + norm(X) @ W @ U


def layer_with_sample_deviation(X, A, W, U):
    def its(X):
        return (X - X.mean(1, keepdim=True)) / (X.var(1, keepdim=True) + 1e-5).sqrt()

    X = X + A @ its(X)
    return X + torch.relu(its(X) @ W) @ U


def layer_with_norm_of_the_chapter(X, A, W, U):
    def its(x):
        return (x - x.mean()) / np.sqrt(x.var() + 1e-5)

    X = X + A @ its(X)
    return X + np.maximum(its(X) @ W, 0) @ U


def layer_transposed(X, A, W, U):
    X = X + A.T @ norm(X)
    return X + np.maximum(norm(X) @ W, 0) @ U


# Chapter 12: training


def cross_entropy_in_loops(logits, right):
    losses = []
    for row, word in zip(logits, right, strict=True):
        if word != 0:
            top = max(row)
            losses.append(top + math.log(sum(math.exp(z - top) for z in row)) - row[word])
    return sum(losses) / len(losses)


def cross_entropy_of_torch(logits, right):
    return torch.nn.functional.cross_entropy(logits, right, ignore_index=0)


def cross_entropy_naive(logits, right):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    real = right > 0
    return -np.mean(np.log(p[np.arange(len(right)), right])[real])


def cross_entropy_naive_total(logits, right):
    losses = [math.log(np.exp(row).sum()) - row[word] for row, word in zip(logits, right, strict=True) if word]
    return np.mean(losses)


def cross_entropy_zeros_padding(logits, right):
    losses = torch.nn.functional.cross_entropy(logits, right, reduction="none")
    return (losses * (right != 0)).mean()


def softened(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def picked(p, right):
    return np.array([row[word] for row, word in zip(p, right, strict=True) if word != 0])


def smoothed_in_loops(right, size, share):
    rows = []
    for word in right:
        row = [share / size] * size
        row[word] += 1 - share
        rows.append(row)
    return rows


def smoothed_in_torch(right, size, share):
    targets = torch.nn.functional.one_hot(torch.as_tensor(right), size)
    return targets * (1 - share) + torch.full((len(right), size), share / size)


def smoothed_over_wrong(right, size, share):
    targets = np.full((len(right), size), share / (size - 1))
    targets[np.arange(len(right)), right] = 1 - share
    return targets


def smoothed_forgets_its_part(right, size, share):
    targets = np.full((len(right), size), share / size)
    targets[np.arange(len(right)), right] = 1 - share
    return targets


# Chapter 13: decoding


def greedy_in_torch(follows, longest):
    ids, p = [0], torch.tensor(1.0)
    for _ in range(longest):
        best, word = torch.max(follows[ids[-1]], dim=0)
        p = p * best
        ids.append(word.item())
        if word == 1:
            break
    return ids[1:], p


def greedy_with_logarithms(follows, longest):
    ids, total = [], 0.0
    row = follows[0]
    while True:
        word = int(np.argmax(row))
        ids.append(word)
        total += math.log(row[word])
        if word == 1 or len(ids) == longest:
            return ids, math.exp(total)
        row = follows[word]


def greedy_never_stops(follows, longest):
    ids, p = [], 1
    word = 0
    for _ in range(longest):
        p *= follows[word].max()
        word = follows[word].argmax()
        ids.append(word)
    return ids, p


def greedy_keeps_bos(follows, longest):
    ids, p = greedy_with_logarithms(follows, longest)
    return [0, *ids], p


def greedy_drops_eos(follows, longest):
    ids, p = greedy_with_logarithms(follows, longest)
    return [i for i in ids if i != 1], p


def greedy_asks_once(follows, longest):
    ids, p = [], 1.0
    for _ in range(longest):
        word = follows[0].argmax()
        ids.append(word)
        p *= follows[0, word]
        if word == 1:
            break
    return ids, p


def greedy_without_limit(follows, longest):
    ids, p = [0], 1.0
    while ids[-1] != 1:
        p *= max(follows[ids[-1]])
        ids.append(int(np.argmax(follows[ids[-1]])))
    return ids[1:], p


def greedy_reads_columns(follows, longest):
    ids, p, word = [], 1.0, 0
    while word != 1 and len(ids) < longest:
        p *= follows[:, word].max()
        word = int(follows[:, word].argmax())
        ids.append(word)
    return ids, p


def greedy_adds(follows, longest):
    ids, p, word = [], 0, 0
    while word != 1 and len(ids) < longest:
        p += follows[word].max()
        word = int(follows[word].argmax())
        ids.append(word)
    return ids, p


def greedy_one_too_few(follows, longest):
    ids, p = [0], 1.0
    while ids[-1] != 1 and len(ids) < longest:
        p *= follows[ids[-1]].max()
        ids.append(int(follows[ids[-1]].argmax()))
    return ids[1:], p


def step_in_loops(totals, rows, width):
    found = []
    for k, total in enumerate(totals):
        for word, log_p in enumerate(rows[k]):
            found.append((total + log_p, k, word))
    found = sorted(found, reverse=True)[:width]
    return [k for _, k, _ in found], [word for _, _, word in found], [total for total, _, _ in found]


def step_in_torch(totals, rows, width):
    best, places = torch.flatten(totals.unsqueeze(1) + rows).topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_as_it_stood(totals, rows, width):
    best = np.argsort(-rows, axis=None)[:width]
    whose, word = best // rows.shape[1], best % rows.shape[1]
    return whose, word, totals[whose] + rows[whose, word]


def step_of_last_words(totals, rows, width):
    best, places = rows.flatten().topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_returns_the_last_words(totals, rows, width):
    sums = totals[:, None] + rows
    whose, word = np.unravel_index(np.argsort(-sums, axis=None)[:width], sums.shape)
    return whose, word, rows[whose, word]


def step_each_its_own(totals, rows, width):
    best, word = rows.max(dim=1)
    sums, whose = (totals + best).topk(min(width, len(totals)))
    return whose, word[whose], sums


def step_smallest(totals, rows, width):
    sums = totals[:, None] + rows
    best = np.argsort(sums, axis=None)[:width]
    return best // rows.shape[1], best % rows.shape[1], sums.flatten()[best]


def step_worst_first(totals, rows, width):
    sums = totals[:, None] + rows
    best = np.argsort(sums, axis=None)[-width:]
    return best // rows.shape[1], best % rows.shape[1], sums.flatten()[best]


def step_multiplies(totals, rows, width):
    best, places = (totals[:, None] * rows).flatten().topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_broadcasts(totals, rows, width):
    best, places = (totals + rows).flatten().topk(width)
    return places // rows.shape[1], places % rows.shape[1], best


def step_divides_by_k(totals, rows, width):
    best, places = (totals[:, None] + rows).flatten().topk(width)
    return places // len(rows), places % len(rows), best


def step_loses_whose(totals, rows, width):
    best, places = (totals[:, None] + rows).flatten().topk(width)
    return torch.arange(width), places % rows.shape[1], best


def top_p_in_loops(p, limit):
    kept, total = np.zeros(len(p)), 0
    for i in sorted(range(len(p)), key=lambda i: p[i], reverse=True):
        if total >= limit and total > 0:
            break
        kept[i] = p[i]
        total += p[i]
    return kept / total


def top_p_in_torch(p, limit):
    best, order = torch.sort(p, descending=True)
    number = max(1, int((best.cumsum(dim=0) < limit).sum()) + 1) if limit > 0 else 1
    result = torch.zeros(len(p))
    result[order[:number]] = best[:number] / best[:number].sum()
    return result


def top_p_stops_early(p, limit):
    best, order = p.sort(descending=True)
    best[best.cumsum(dim=0) > limit] = 0
    result = torch.zeros_like(p).scatter(0, order, best)
    return result / result.sum()


def top_p_stops_early_but_keeps_one(p, limit):
    order = np.argsort(p)[::-1]
    drop = np.cumsum(p[order]) > limit
    drop[0] = False
    result = p.copy()
    result[order[drop]] = 0
    return result / result.sum()


def top_p_does_not_divide(p, limit):
    return np.where(top_p_in_loops(p, limit) > 0, p, 0)


def top_p_one_too_many(p, limit):
    order = np.argsort(-p)
    number = int((np.cumsum(p[order]) < limit).sum()) + 2
    result = np.zeros(len(p))
    result[order[:number]] = p[order[:number]]
    return result / result.sum()


def top_p_of_each(p, limit):
    kept = np.where(p >= limit, p, 0)
    return kept / kept.sum()


def top_p_as_it_stands(p, limit):
    kept, total = np.zeros(len(p)), 0
    for i, own in enumerate(p):
        kept[i] = own
        total += own
        if total >= limit:
            break
    return kept / total


def top_p_sorted(p, limit):
    return torch.sort(top_p_in_torch(p, limit), descending=True).values


def top_p_softmax(p, limit):
    return torch.where(top_p_in_torch(p, limit) > 0, p, -torch.inf).softmax(dim=0)


def top_p_keeps_nothing(p, limit):
    kept, total = np.zeros(len(p)), 0
    for i in np.argsort(-p):
        if total >= limit:
            break
        kept[i] = p[i]
        total += p[i]
    return kept / kept.sum()


ANSWERS = {
    "who_changes": {
        "right": [(0, 3, 4, 5), ([0, 3, 4, 5],), (np.int64(0), 3.0, torch.tensor(4), 5)],
        "wrong": [
            ((4, 3, 4, 5), "never sees what is written"),
            ((0, 5, 4, 5), "cannot know the third word"),
            ((0, 2, 4, 5), "Where the third word is read"),
            ((0, 1, 4, 5), "later positions read the third word"),
            ((0, 3, 1, 5), "every word reads every word"),
            ((0, 3, 3, 5), "No mask hides the future in the encoder"),
            ((0, 3, 4, 0), "reads the memory"),
            ((0, 3, 4, 4), "The source is not in the future"),
            ((0, 3, 4, 1), "The source is not in the future"),
            ((0, 4, 4, 5), "Answer 2 of 4 is not 4. Too large."),
        ],
    },
    "pre_and_post": {
        "right": [([8, -2], [1, -1]), (np.array([8.0, -2.0]), torch.tensor([1.0, -1.0]))],
        "wrong": [
            (([1, -1], [8, -2]), "wrong order"),
            (([3, -3], [1, -1]), "added to it"),
            (([20, 4], [1, -1]), "no norm in your pre-norm"),
            (([20, 4], [20, 4]), "no norm in your pre-norm"),
            (([4, -4], [1, -1]), "the word that it is added to is not"),
            (([6, 0], [1, -1]), "what comes out of the part"),
            (([11, -5], [8, -8]), "half of a norm"),
            (([6.5, -0.5], [1, -1]), "divide by the variance"),
            (([7.12, -1.12], [0.71, -0.71]), "divides by d − 1"),
            (([9.16, 1.83], [1.39, 0.28]), "mean is not subtracted"),
            (([8, -2], [20, 4]), "This is the sum"),
            (([8, -2], [6, 0]), "not what is added"),
            (([8, -2], [8, -8]), "half of a norm"),
            (([8, -2], [0.71, -0.71]), "divides by d − 1"),
            (([8, -2], [2, -2]), "Answer 2 of 2"),
            (([8, -2], 1), "Expected the shape (2,), came ()"),
        ],
    },
    "layer_parameters": {
        "right": [
            (2_362_368, 4_722_432, 3072, 85_054_464),
            (4 * 768 * 769, 2 * 768 * 3072 + 3072 + 768, 2 * (768 + 768), 12 * (2362368 + 4722432 + 3072)),
        ],
        "wrong": [
            ((2_359_296, 4_722_432, 3072, 85_017_600), "Each of the four matrices has a bias"),
            ((1_771_776, 4_722_432, 3072, 85_054_464), "which fourth matrix"),
            ((1_769_472, 4_722_432, 3072, 85_054_464), "There is a fourth matrix"),
            ((28_348_416, 4_722_432, 3072, 85_054_464), "more heads, no more numbers"),
            ((2_362_368, 4_718_592, 3072, 85_054_464), "two biases"),
            ((2_362_368, 2_362_368, 3072, 85_054_464), "a way down"),
            ((2_362_368, 4_720_128, 3072, 85_054_464), "The first bias"),
            ((2_362_368, 4_724_736, 3072, 85_054_464), "The second bias"),
            ((2_362_368, 4_722_432, 1536, 85_036_032), "Two norms"),
            ((2_362_368, 4_722_432, 4608, 85_072_896), "layer of the decoder"),
            ((2_362_368, 4_722_432, 3072, 7_087_872), "there are twelve"),
            ((2_362_368, 4_722_432, 3072, 85_056_000), "belongs to no layer"),
            ((2_362_368, 4_722_432, 3072, 85_000_000), "twelve times the sum"),
            ((2_000_000, 4_722_432, 3072, 80_706_048), "Answer 1 of 4 is not 2000000. Too small."),
        ],
    },
    "layer_norm": {
        "right": [layer_norm_in_loops, layer_norm_in_torch],
        "wrong": [
            (layer_norm_as_it_stood, "neither of the two bugs"),
            (layer_norm_with_var_of_torch, "as `std` and `var` of tensors do"),
            (layer_norm_eps_beside, "ε stands beside the root"),
            (layer_norm_without_eps, "where is ε?"),
            (lambda X, f, s: f * (X - X.mean(-1, keepdim=True)) / X.std(-1, keepdim=True) + s, "Now ε is gone"),
            (layer_norm_of_the_chapter, "All words share one mean"),
            (layer_norm_over_words, "each feature over the words"),
            (layer_norm_without_keepdims, "It raises ValueError"),
            (lambda X, factor, shift: torch.nn.functional.layer_norm(X, X.shape[-1:]), "do nothing yet"),
            (lambda X, f, s: f * (layer_norm_in_torch(X, f / f, 0 * s) + s), "multiplies the shift as well"),
            (lambda X, f, s: torch.nn.functional.rms_norm(X, X.shape[-1:], f, eps=1e-5) + s, "RMSNorm"),
            (layer_norm_variance, "divide by the variance"),
            (lambda X, factor, shift: layer_norm_in_torch(X, factor, shift)[0], "Expected the shape"),
        ],
    },
    "pre_norm_layer": {
        "right": [pre_norm_in_torch, pre_norm_in_loops],
        "wrong": [
            (layer_post, "This is post-norm"),
            (layer_overwrites, "the sum must take it as it was"),
            (layer_without_sums, "result replaces the words"),
            (layer_forgets_the_second_sum, "After the feed-forward part the sum is missing"),
            (layer_without_norm, "no norm in it yet"),
            (layer_with_one_norm, "the second is missing"),
            (layer_side_by_side, "not side by side"),
            (layer_without_relu, "what is negative must become 0"),
            (layer_with_sample_deviation, "divides by d − 1"),
            (layer_with_norm_of_the_chapter, "all words together"),
            (lambda X, A, W, U: pre_norm_in_torch(X, A.softmax(dim=-1), W, U), "need no softmax"),
            (layer_transposed, "Transposed weights"),
            (lambda X, A, W, U: norm(pre_norm_in_loops(X, A, W, U)), "One norm too many"),
            (lambda X, A, W, U: pre_norm_in_torch(X, A, U.T, W.T), "For\n"),
        ],
    },
    "first_loss": {
        "right": [(6.21, 500), (math.log(500), math.exp(math.log(500))), (torch.tensor(500.0).log(), 500)],
        "wrong": [
            ((500, 6.21), "wrong order"),
            ((8.97, 500), "These are bits"),
            ((2.7, 500), "base 10"),
            ((-6.21, 500), "The sign"),
            ((0.002, 500), "the probability of the right word"),
            ((0, 500), "A loss of 0 means"),
            ((6.2, 500), "Give two decimals"),
            ((6.21, 6.21), "e to the power"),
            ((6.21, 1), "somebody who always knows"),
            ((6.21, 2**6.21), "Take e, not 2"),
            ((6.21, 497.7), "You rounded the loss"),
            ((6.21, 250), "Answer 2 of 2 is not 250. Too small."),
        ],
    },
    "loss_and_gradient": {
        "right": [(1.39, [-0.75, 0.5, 0.25]), (np.log(4), torch.tensor([-3.0, 2.0, 1.0]) / 4)],
        "wrong": [
            ((2, [-0.75, 0.5, 0.25]), "These are bits"),
            ((-1.39, [-0.75, 0.5, 0.25]), "a loss is never below 0"),
            ((0.25, [-0.75, 0.5, 0.25]), "the probability of the right word"),
            ((0.75, [-0.75, 0.5, 0.25]), "what the right word lacks"),
            ((0.693, [0.25, -0.5, 0.25]), "if the second word, the likeliest, were right"),
            ((0, [-0.75, 0.5, 0.25]), "the logit of the right word"),
            ((1.39, [0.75, -0.5, -0.25]), "The sign is turned round"),
            ((1.39, [0.25, 0.5, 0.25]), "This is p"),
            ((1.39, [0.25, -0.5, 0.25]), "the gradient if the second word were right"),
            ((1.39, [-4, 0, 0]), "the slope for the probabilities"),
            ((1.39, [-0.75, 0.5, 0.5]), "must sum to 0"),
            ((1.39, [-0.5, 0.25, 0.25]), "Look at [0]: too large."),
            ((1.39, -0.75), "Expected the shape (3,), came ()"),
        ],
    },
    "cross_entropy": {
        "right": [cross_entropy_in_loops, cross_entropy_of_torch],
        "wrong": [
            (lambda logits, right: torch.nn.functional.cross_entropy(logits, right), "The padding counts as well"),
            (cross_entropy_zeros_padding, "you still divide by all positions"),
            (
                lambda logits, right: torch.nn.functional.cross_entropy(logits, right, ignore_index=0, reduction="sum"),
                "This is the sum",
            ),
            (cross_entropy_naive, "nan for large logits"),
            (cross_entropy_naive_total, "Right, but for large logits"),
            (lambda logits, right: -np.log(picked(softened(logits), right).mean()), "First the logarithm"),
            (lambda logits, right: np.log(picked(softened(logits), right)).mean(), "The sign is turned round"),
            (lambda logits, right: -np.log(picked(softened(logits, 0), right)).mean(), "wrong axis"),
            (lambda logits, right: -picked(logits, right).mean(), "These are logits"),
            (lambda logits, right: -picked(softened(logits), right).mean(), "The logarithm is missing"),
            (lambda logits, right: -np.log2(picked(softened(logits), right)).mean(), "These are bits"),
            (
                lambda logits, right: -np.log(softened(logits).max(axis=1)[right != 0]).mean(),
                "the loss of the likeliest word",
            ),
            (lambda logits, right: -np.log(picked(softened(logits), right)), "Expected the shape (), came (2,)"),
        ],
    },
    "shifted": {
        "right": [
            lambda ids: (ids[:, : ids.shape[1] - 1], ids[:, 1:]),
            lambda ids: ([row.tolist()[:-1] for row in ids], [row.tolist()[1:] for row in ids]),
            lambda ids: (torch.narrow(ids, 1, 0, ids.shape[1] - 1), torch.narrow(ids, 1, 1, ids.shape[1] - 1)),
        ],
        "wrong": [
            (lambda ids: (ids[:, 1:], ids[:, 1:]), "There is still no shift"),
            (lambda ids: (ids[:, :-1], ids[:, :-1]), "cut in the same place"),
            (lambda ids: (ids, ids), "There is no shift"),
            (lambda ids: (ids[:, 1:], ids[:, :-1]), "the wrong way"),
            (lambda ids: (ids[:-1], ids[1:]), "the wrong axis"),
            (lambda ids: (ids, torch.roll(ids, -1, dims=1)), "`roll` brings the first word back"),
            (lambda ids: (ids, ids[:, 1:]), "one word too many"),
            (lambda ids: (ids[:, :-2], ids[:, 2:]), "Shifted by two"),
            (lambda ids: (ids[:, 1:-1], ids[:, 2:]), "<bos> is gone"),
            (lambda ids: ids[:, 1:], "Expected 2 results, came one"),
        ],
    },
    "smoothed": {
        "right": [smoothed_in_loops, smoothed_in_torch],
        "wrong": [
            (smoothed_over_wrong, "over the wrong words only"),
            (smoothed_forgets_its_part, "the right word, too, gets a part"),
            (lambda right, size, share: np.eye(size)[right] + share / size, "sum to more than 1"),
            (lambda right, size, share: (1 - share) * np.eye(size)[right] + share, "Every word gets the whole share"),
            (lambda right, size, share: np.eye(size)[right] * (1 - share), "nobody gets it"),
            (lambda right, size, share: share * np.eye(size)[right] + (1 - share) / size, "The other way round"),
            (lambda right, size, share: torch.nn.functional.one_hot(right, size), "still one-hot"),
            (lambda right, size, share: np.array(smoothed_in_loops(right, size, share)).T, "transposed?"),
        ],
    },
    "three_widths": {
        "right": [(0.18, 0.21, 0.25), (0.45 * 0.4, np.float32(0.3 * 0.7), torch.tensor(0.25))],
        "wrong": [
            ((0.45, 0.21, 0.25), "the first word alone"),
            ((0.85, 1, 1.25), "are multiplied"),
            ((0.25, 0.25, 0.25), "Greedy never looks"),
            ((0.21, 0.21, 0.25), "Greedy never looks"),
            ((0.18, 0.25, 0.25), "*they* is not one of them"),
            ((0.18, 0.18, 0.25), "a second beginning"),
            ((0.18, 0.7, 0.25), "not its last word"),
            ((0.18, 0.21, 0.21), "What is behind the last?"),
            ((0.18, 0.21, 0.18), "What is behind them?"),
            ((0.18, 0.21, 1), "not its last word"),
            ((0.18, 0.21, 0.3), "Answer 3 of 3 is not 0.3. Too large."),
        ],
    },
    "greedy": {
        "right": [greedy_in_torch, greedy_with_logarithms],
        "wrong": [
            (greedy_never_stops, "talks on after <eos>"),
            (greedy_drops_eos, "should end with that of <eos>"),
            (greedy_keeps_bos, "<bos> was given, not said"),
            (greedy_without_limit, "It goes on when `longest`"),
            (greedy_asks_once, "the same question each time"),
            (greedy_reads_columns, "You read a column"),
            (greedy_adds, "probabilities are multiplied"),
            (greedy_one_too_few, "One word too few"),
            (lambda follows, longest: greedy_in_torch(follows, longest + 1), "One word too many"),
            (
                lambda follows, longest: (
                    greedy_in_torch(follows, longest)[0],
                    math.log(greedy_in_torch(follows, longest)[1]),
                ),
                "the logarithm of their probability",
            ),
            (lambda follows, longest: greedy_in_torch(follows, longest)[0], "Expected 2 results, came 3"),
            (lambda follows, longest: follows.argmax(-1), "Expected 2 results"),
        ],
    },
    "beam_step": {
        "right": [step_in_loops, step_in_torch],
        "wrong": [
            (step_as_it_stood, "Still ranked by the last word"),
            (step_of_last_words, "and its logarithm returned"),
            (step_returns_the_last_words, "not the last word's part"),
            (step_each_its_own, "its own best word"),
            (step_smallest, "the least probable"),
            (step_worst_first, "in the wrong order"),
            (step_multiplies, "Logarithms are added"),
            (step_broadcasts, "They belong to the rows"),
            (step_divides_by_k, "divide the place by V"),
            (step_loses_whose, "whose they are is lost"),
            (lambda t, r, w: [step_in_torch(t, r, w)[i] for i in (1, 0, 2)], "exchanged"),
            (lambda t, r, w: (*step_in_torch(t, r, w)[:2], step_in_torch(t, r, w)[2].exp()), "and their probabilities"),
            (lambda t, r, w: step_in_torch(t, r, w)[:2], "Expected 3 results, came 2"),
        ],
    },
    "top_p": {
        "right": [top_p_in_loops, top_p_in_torch],
        "wrong": [
            (top_p_stops_early, "one word too early"),
            (top_p_stops_early_but_keeps_one, "one word too early"),
            (top_p_keeps_nothing, "With a limit of 0 nothing is left"),
            (top_p_does_not_divide, "no longer sum to 1: divide by their sum. See"),
            (top_p_one_too_many, "one word too many"),
            (top_p_of_each, "not for each"),
            (top_p_as_it_stands, "the order of the vocabulary"),
            (top_p_sorted, "but sorted"),
            (lambda p, limit: np.sort(top_p_in_loops(p, limit)), "but sorted"),
            (top_p_softmax, "A second softmax"),
            (lambda p, limit: np.eye(len(p))[p.argmax()], "this is greedy"),
            (lambda p, limit: p, "For\n"),
        ],
    },
    "kept_numbers": {
        "right": [(8960, 256, 2240), (2 * 2 * 64 * (15 + 20), 4 * 64, 8960 / 4)],
        "wrong": [
            ((4480, 128, 1120), "Half is missing"),
            ((2240, 64, 560), "A key and a value, 64 numbers each"),
            ((5120, 256, 1280), "The source has keys and values"),
            ((13440, 384, 3360), "A query is used once"),
            ((35840, 1024, 8960), "do not multiply by them"),
            ((8960, 128, 2240), "A key and a value, in each"),
            ((8960, 64, 2240), "A key and a value, in each"),
            ((8960, 384, 2240), "A query is used once"),
            ((8960, 9216, 2240), "How much of it is new?"),
            ((8960, 256, 8960), "16 numbers instead of 64"),
            ((8960, 256, 1280), "but they are still there"),
            ((8960, 256, 4480), "16 numbers each"),
            ((8960, 256, 2000), "Answer 3 of 3 is not 2000. Too small."),
        ],
    },
}
