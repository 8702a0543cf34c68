"""Answers to the exercises of `self_attention.check.words`."""

import math

import numpy as np
import torch

# Chapter 1: words as vectors


def nearest_in_loops(E, i):
    best, best_cosine = None, -2
    for j in range(len(E)):
        dot = sum(a * b for a, b in zip(E[i], E[j], strict=True))
        lengths = math.sqrt(sum(a * a for a in E[i])) * math.sqrt(sum(b * b for b in E[j]))
        if j != i and dot / lengths > best_cosine:
            best, best_cosine = j, dot / lengths
    return best


def nearest_by_sorting(E, i):
    unit = E / np.linalg.norm(E, axis=1, keepdims=True)
    return np.argsort(unit @ unit[i])[-2]


def nearest_in_torch(E, i):
    return torch.cosine_similarity(E, E[i : i + 1]).topk(2).indices[1]


def nearest_by_dot_product(E, i):
    scores = E @ E[i]
    scores[i] = -1e9
    return scores.argmax()


def nearest_with_half_a_cosine(E, i):
    scores = E @ E[i] / np.linalg.norm(E[i])
    scores[i] = float("-inf")
    return int(np.argmax(scores))


def nearest_in_space(E, i):
    order = np.argsort(((E - E[i]) ** 2).sum(axis=1))
    return order[1]


def nearest_with_zero_for_itself(E, i):
    cosines = (E @ E[i]) / (np.linalg.norm(E, axis=1) * np.linalg.norm(E[i]))
    cosines[i] = 0
    return cosines.argmax()


def nearest_without_itself(E, i):
    others = np.concatenate([E[:i], E[i + 1 :]])
    cosines = others @ E[i] / np.linalg.norm(others, axis=1)
    return cosines.argmax()


def nearest_of_columns(E, i):
    unit = E / np.linalg.norm(E, axis=0)
    order = np.argsort(-(unit @ unit[i])).tolist()
    return [j for j in order if j != i][0]


def cosine_of(E, i):
    unit = torch.nn.functional.normalize(E, dim=1)
    return unit @ unit[i]


def company_around(text, words, reach):
    counts = [[0] * len(words) for _ in words]
    for sentence in text.split("\n"):
        tokens = sentence.split()
        for p, word in enumerate(tokens):
            for q in range(max(0, p - reach), min(len(tokens), p + reach + 1)):
                if q != p:
                    counts[words.index(word)][words.index(tokens[q])] += 1
    return counts


def company_in_torch(text, words, reach):
    counts = torch.zeros(len(words), len(words))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i in range(len(row)):
            for j in range(i + 1, min(i + reach + 1, len(row))):
                counts[row[i], row[j]] += 1
                counts[row[j], row[i]] += 1
    return counts


def company_as_it_stood(text, words, reach):
    row = [words.index(word) for word in text.split()]
    counts = np.zeros((len(words), len(words)))
    for step in range(1, reach):
        for a, b in zip(row, row[step:], strict=False):
            counts[a, b] += 1
    return counts + counts.T


def company_across_lines(text, words, reach):
    return company_around(text.replace("\n", " "), words, reach)


def company_one_step_short(text, words, reach):
    return company_around(text, words, reach - 1)


def company_that_follows(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i in range(len(row)):
            for other in row[i + 1 : i + 1 + reach]:
                counts[row[i], other] += 1
    return counts


def company_at_one_distance(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for a, b in zip(row, row[reach:], strict=False):
            counts[a, b] += 1
            counts[b, a] += 1
    return counts


def company_or_none(text, words, reach):
    return (np.array(company_around(text, words, reach)) > 0).astype(int)


def company_of_others(text, words, reach):
    counts = np.array(company_around(text, words, reach))
    np.fill_diagonal(counts, 0)
    return counts


def company_with_itself(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i, a in enumerate(row):
            for b in row[max(0, i - reach) : i + reach + 1]:
                counts[a, b] += 1
    return counts


def company_round_the_corner(text, words, reach):
    counts = np.zeros((len(words), len(words)))
    for sentence in text.splitlines():
        row = [words.index(word) for word in sentence.split()]
        for i in range(len(row)):
            for step in range(1, reach + 1):
                counts[row[i], row[i - step]] += 1
                if i + step < len(row):
                    counts[row[i], row[i + step]] += 1
    return counts


# Chapter 2: softmax


def softmax_in_loops(scores):
    out = np.empty_like(scores, dtype=float)
    for place in np.ndindex(*scores.shape[:-1]):
        row = scores[place]
        powers = [math.exp(s - max(row)) for s in row]
        out[place] = [p / sum(powers) for p in powers]
    return out


def softmax_in_torch(scores):
    powers = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return powers / powers.sum(dim=-1, keepdim=True)


def softmax_naive(scores):
    exp = np.exp(scores)
    return exp / np.sum(exp, axis=-1, keepdims=True)


def softmax_naive_in_torch(scores):
    return scores.exp() / scores.exp().sum(dim=-1, keepdim=True)


def softmax_of_columns(scores):
    return torch.softmax(torch.tensor(scores), dim=0)


def softmax_of_all(scores):
    exp = np.exp(scores - np.max(scores))
    return exp / exp.sum()


def softmax_with_one_maximum(scores):
    exp = np.exp(scores - np.max(scores))
    return exp / exp.sum(axis=-1, keepdims=True)


def softmax_without_keepdims(scores):
    exp = np.exp(scores - scores.max(-1, keepdims=True))
    return exp / exp.sum(-1)


def softmax_transposed(scores):
    return softmax_in_loops(scores).T


def softmax_in_place(scores):
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def softmax_rounded(scores):
    return softmax_in_loops(scores).round(2)


def softmax_forgets_return(scores):
    softmax_in_loops(scores)


def cool_in_loops(scores, temperature):
    rows = []
    for row in scores:
        powers = [math.exp((s - max(row)) / temperature) for s in row]
        rows.append([p / sum(powers) for p in powers])
    return rows


def cool_still_cancels(scores, temperature):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True)) / temperature
    return powers / powers.sum(axis=-1, keepdims=True)


def cool_still_broadcasts(scores, temperature):
    powers = np.exp((scores - scores.max(axis=-1, keepdims=True)) / temperature)
    return powers / powers.sum(axis=-1)


def cool_as_it_stood(scores, temperature):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True)) / temperature
    return powers / powers.sum(axis=-1)


def log_softmax_in_loops(scores):
    out = np.zeros(scores.shape)
    for place in np.ndindex(*scores.shape[:-1]):
        c = scores[place].max()
        out[place] = scores[place] - c - math.log(sum(math.exp(s - c) for s in scores[place]))
    return out


def log_softmax_naive_total(scores):
    return scores - np.log(np.sum(np.exp(scores), axis=-1, keepdims=True))


def log_softmax_forgets_the_maximum(scores):
    lower = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(lower).sum(axis=-1, keepdims=True))


def log_softmax_without_total(scores):
    return scores - scores.max(axis=-1, keepdims=True)


# Chapter 3: one vector, and a look back


def look_back_in_loops(S, H, W_q, W_k, v):
    contexts, weights = [], []
    for s in S:
        powers = [math.exp(np.tanh(s @ W_q + h @ W_k) @ v) for h in H]
        weights.append([power / sum(powers) for power in powers])
        contexts.append(sum(weight * h for weight, h in zip(weights[-1], H, strict=True)))
    return contexts, weights


def look_back_in_torch(S, H, W_q, W_k, v):
    hidden = torch.tanh((S @ W_q).unsqueeze(1) + (H @ W_k).unsqueeze(0))
    weights = torch.softmax(hidden @ v, dim=1)
    return weights @ H, weights


def scores_in_torch(S, H, W_q, W_k, v):
    return torch.tanh((S @ W_q)[:, None] + (H @ W_k)[None]) @ v


def without_keepdims(scores):
    exp = np.exp(scores)
    return exp / exp.sum(-1)


def of_the_table(scores):
    return torch.softmax(scores.flatten(), dim=0).reshape(scores.shape)


def blend_of(weights, H):
    return weights @ H, weights


def look_back_without_tanh(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(((S @ W_q)[:, None] + H @ W_k) @ v, dim=-1), H)


def look_back_bent_too_early(S, H, W_q, W_k, v):
    return blend_of(torch.softmax((torch.tanh(S @ W_q)[:, None] + torch.tanh(H @ W_k)) @ v, dim=-1), H)


def look_back_bent_too_late(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(torch.tanh(((S @ W_q)[:, None] + H @ W_k) @ v), dim=-1), H)


def look_back_without_v(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(torch.tanh((S @ W_q)[:, None] + H @ W_k).sum(-1), dim=-1), H)


def look_back_row_by_row(S, H, W_q, W_k, v):
    return blend_of(torch.softmax(torch.tanh(S @ W_q + H @ W_k) @ v, dim=-1), H)


def look_back_and_project(S, H, W_q, W_k, v):
    _, weights = look_back_in_torch(S, H, W_q, W_k, v)
    return weights @ (H @ W_k), weights


def exact_match_word_by_word(said, right):
    good = 0
    for i in range(len(right)):
        a, b = said[i].split(), right[i].split()
        if len(a) == len(b) and all(a[j] == b[j] for j in range(len(a))):
            good += 1
    return good / len(right)


def exact_match_as_it_stood(said, right):
    hits = []
    for a, b in zip(said, right, strict=True):
        for x, y in zip(a.split(), b.split(), strict=False):
            hits.append(x == y)
    return sum(hits) / len(hits)


def exact_match_with_zip(said, right):
    hits = []
    for a, b in zip(said, right, strict=True):
        hits.append(all(x == y for x, y in zip(a.split(), b.split(), strict=False)))
    return sum(hits) / len(hits)


def words_match(said, right):
    good = total = 0
    for a, b in zip(said, right, strict=True):
        a, b = a.split(), b.split()
        good += sum(a[i] == b[i] for i in range(min(len(a), len(b))))
        total += len(b)
    return good / total


def mean_words_match(said, right):
    shares = []
    for a, b in zip(said, right, strict=True):
        a, b = a.split(), b.split()
        shares.append(sum(a[i] == b[i] for i in range(min(len(a), len(b)))) / len(b))
    return np.mean(shares)


def mean_words_match_with_zip(said, right):
    return np.mean([exact_match_as_it_stood([a], [b]) for a, b in zip(said, right, strict=True)])


def same_words(a, b):
    return set(a.split()) == set(b.split())


def as_long(a, b):
    return a.count(" ") == b.count(" ")


# Chapter 4: queries, keys and values


def soft_lookup_in_loops(Q, K, V, temperature):
    out = []
    for q in Q:
        powers = [math.exp(np.dot(q, k) / temperature) for k in K]
        weights = [power / sum(powers) for power in powers]
        out.append([sum(weights[j] * V[j][f] for j in range(len(K))) for f in range(V.shape[1])])
    return out


def soft_lookup_in_torch(Q, K, V, temperature):
    return torch.nn.functional.scaled_dot_product_attention(Q, K, V, scale=1 / temperature)


def soft_lookup_with(change):
    return lambda Q, K, V, T: torch.softmax(change(Q @ K.T, T, Q), dim=-1) @ V


def three_roles_in_loops(X, W_q, W_k, W_v):
    out = np.zeros((len(X), W_v.shape[1]))
    for i, x in enumerate(X):
        scores = [float((x @ W_q) @ (other @ W_k)) for other in X]
        powers = [math.exp(score - max(scores)) for score in scores]
        for power, other in zip(powers, X, strict=True):
            out[i] += power / sum(powers) * (other @ W_v)
    return out


def three_roles_in_torch(X, W_q, W_k, W_v):
    return torch.softmax(X @ W_q @ W_k.T @ X.T, dim=-1) @ X @ W_v


def three_roles_as_it_stood(X, W_q, W_k, W_v):
    Q, K, V = X @ W_q, X @ W_q, X @ W_v
    return torch.softmax(K @ Q.T, dim=-1) @ V


def three_roles_keys_ask(X, W_q, W_k, W_v):
    Q, K, V = X @ W_q, X @ W_k, X @ W_v
    return torch.softmax(K @ Q.T, dim=-1) @ V


def three_roles_with(weigh, values=lambda X, W_k, W_v: X @ W_v):
    return lambda X, W_q, W_k, W_v: weigh(X @ W_q @ (X @ W_k).T) @ values(X, W_k, W_v)


def of_rows(scores):
    return torch.softmax(scores, dim=-1)


def of_columns(scores):
    return torch.softmax(scores, dim=0)


ANSWERS = {
    "cosines": {
        "right": [(1, 0, -1), ([1.0, 0.0, -1.0],), (torch.tensor(1.0), np.float64(0), -50 / 50)],
        "wrong": [
            ((50, 0, -25), "the dot products"),
            ((0, 90, 180), "These are the angles"),
            ((5, 0, -5), "one of the two lengths"),
            ((10, 0, -5), "one of the two lengths"),
            ((2, 0, -1), "does not see how long"),
            ((0, 0, -1), "so its cosine is not"),
            ((1, 1, -1), "Multiply in pairs"),
            ((1, 0, 1), "the other way"),
            ((1, -7, -1), "never above 1"),
            ((1, 0, -0.5), "Answer 3 of 3 is not -0.5. Too large."),
        ],
    },
    "by_chance": {
        "right": [(2, 8, 3), (200 / 100, 16 / 2, np.log2(8)), (torch.tensor([2, 8, 3]),)],
        "wrong": [
            ((0.01, 8, 3), "the share of tea"),
            ((1, 16, 4), "twice a hundred"),
            ((16, 1, 0), "So often they met"),
            ((2, 0.125, -3), "Upside down"),
            ((2, 14, 3.81), "the difference"),
            ((2, 0.08, -3.64), "all 200"),
            ((2, 8, 8), "Which power of 2"),
            ((2, 8, 2.08), "natural logarithm"),
            ((2, 8, 0.9), "base 10"),
            ((2, 8, -3), "The sign"),
            ((2, 8, 0), "less often than by chance"),
            ((2, 8, 4), "Answer 3 of 3 is not 4. Too large."),
        ],
    },
    "nearest": {
        "right": [nearest_in_loops, nearest_by_sorting, nearest_in_torch],
        "wrong": [
            (lambda E, i: cosine_of(E, i).argmax(), "Leave it out"),
            (nearest_by_dot_product, "A long vector wins. Divide"),
            (nearest_with_half_a_cosine, "A long vector wins. Divide"),
            (lambda E, i: (E @ E[i]).argmax(), "the word itself takes part"),
            (lambda E, i: torch.topk(E @ E[i], 2).indices[1], "need not come first"),
            (nearest_in_space, "This is the distance"),
            (lambda E, i: cosine_of(E, i).sort().indices[1], "sorts upwards"),
            (lambda E, i: cosine_of(E, i).argmin(), "smallest cosine"),
            (lambda E, i: cosine_of(E, i).abs().topk(2).indices[1], "The sign counts"),
            (nearest_with_zero_for_itself, "your 0 for the word itself"),
            (nearest_without_itself, "move up"),
            (lambda E, i: cosine_of(E, i).topk(2).values[1], "The id of the word"),
            (nearest_of_columns, "the lengths of the columns"),
            (lambda E, i: E[nearest_in_loops(E, i)], "This is the word's vector"),
            (lambda E, i: cosine_of(E, i), "Expected the shape ()"),
        ],
    },
    "company": {
        "right": [company_around, company_in_torch],
        "wrong": [
            (company_as_it_stood, "neither of the two"),
            (company_across_lines, "the first of the next"),
            (company_one_step_short, "one step less far"),
            (company_that_follows, "not those who come before"),
            (company_at_one_distance, "What about the nearer ones"),
            (company_or_none, "How often did they"),
            (company_of_others, "meets its like"),
            (company_with_itself, "as its own company"),
            (company_round_the_corner, "`row[-1]` is the last"),
        ],
    },
    "shares": {
        "right": [(0.2, 0.1, 0.2, 0.7), (torch.tensor(1 / 5), *np.array([1, 2, 7]) / 10), ([0.2, 0.1, 0.2, 0.7],)],
        "wrong": [
            ((0, 0.1, 0.2, 0.7), "e⁰ = 1"),
            ((1, 0.1, 0.2, 0.7), "cannot have 1 each"),
            ((0.2, 1, 2, 7), "Now divide each by their total"),
            ((0.2, 0, 0.2626, 0.7373), "First raise e to each"),
            ((0.2, 0.3, 0.3, 0.4), "Answer 2 of 4 is not 0.3. Too large."),
            ((0.2, 0.5, 0.5, 0.5), "must sum to 1"),
            ((0.2, 0.1, 0.2), "Expected 4 answers, came 3"),
            (("one fifth", 0.1, 0.2, 0.7), "Expected numbers, came text in answer 1"),
        ],
    },
    "dog_score": {
        "right": [(1.1,), (np.log(3),), (torch.log(torch.tensor(3.0)),)],
        "wrong": [
            ((3,), "about 20 times"),
            ((np.e**3,), "Turn it round"),
            ((-1.1,), "The sign"),
            ((1.585,), "base 2"),
            ((0.477,), "base 10"),
            ((1.386,), "not its weight and three more"),
            ((3.0986,), "only the difference counts"),
            ((1.5,), "not 1.5. Too large."),
            ((1.05,), "not 1.05. Too small."),
            ((math.log,), "a function came"),
        ],
    },
    "steepest": {
        "right": [(0.5, 0.25), (1 / 2, np.float32(1 / 4)), ((0.5, 0.25),)],
        "wrong": [
            ((1, 0), "nothing to gain"),
            ((1, 1), "1 − p is 0"),
            ((0, 1), "the factor p is 0"),
            ((0.5, 0.5), "product of two factors"),
            ((0.25, 0.5), "wrong order"),
            ((0.5, 0.3), "Answer 2 of 2 is not 0.3. Too large."),
        ],
    },
    "softmax": {
        "right": [softmax_in_loops, softmax_in_torch, lambda scores: torch.softmax(torch.tensor(scores), dim=-1)],
        "wrong": [
            (softmax_naive, "they overflow"),
            (softmax_naive_in_torch, "they overflow"),
            (softmax_of_columns, "wrong axis"),
            (lambda s: softmax_naive(s.T).T, "wrong axis, and large scores"),
            (softmax_of_all, "All rows together"),
            (lambda s: np.exp(s) / np.exp(s).sum(), "All rows together sum to 1, and large scores"),
            (softmax_with_one_maximum, "own maximum"),
            (softmax_without_keepdims, "`keepdims=True`"),
            (softmax_transposed, "transposed"),
            (softmax_in_place, "changes its input"),
            (softmax_rounded, "expected\n    [0.2689, 0.7311]\ncame\n    [0.27, 0.73]"),
            (lambda s: np.exp(s - s.max(-1, keepdims=True)), "divide the powers"),
            (lambda s: np.exp(s), "divide the powers"),
            (lambda s: s / np.sum(s, -1, keepdims=True), "Where is e?"),
            (lambda s: softmax_in_loops(-s), "a sign is turned round"),
            (lambda s: torch.log_softmax(s, -1), "logarithms"),
            (lambda s: 2**s / (2**s).sum(-1, keepdims=True), "it raises 2 instead"),
            (lambda s: (s == s.max(-1, keepdims=True)) * 1.0, "hard maximum"),
            (lambda s: 1 / 0, "It raises ZeroDivisionError: division by zero, for\n    scores = [0., 1.]"),
            (lambda s: (softmax_in_loops(s), s), "Expected one result, came 2"),
            (softmax_in_loops(np.array([0.0, 1.0])), "Hand over the function itself"),
        ],
    },
    "cool": {
        "right": [cool_in_loops, lambda scores, temperature: torch.softmax(scores / temperature, dim=-1)],
        "wrong": [
            (cool_still_cancels, "changes nothing yet"),
            (cool_still_broadcasts, "is a row itself"),
            (cool_as_it_stood, "neither of the two"),
            (lambda s, t: torch.softmax(s / t, dim=0), "the columns sum to 1"),
            (lambda s, t: torch.softmax(s * t, dim=-1), "yours is the sharper"),
            (lambda s, t: torch.softmax(s, dim=-1) / t, "no longer sum to 1"),
            (lambda s, t: torch.softmax(s, dim=-1), "changes nothing yet"),
        ],
    },
    "log_softmax": {
        "right": [log_softmax_in_loops, lambda scores: scores.log_softmax(dim=-1)],
        "wrong": [
            (lambda s: torch.log(torch.softmax(s, dim=-1)), "rounds to 0 before"),
            (lambda s: np.log(softmax_naive(s)), "overflow or round to 0"),
            (log_softmax_naive_total, "e¹⁰⁰⁰ overflows"),
            (log_softmax_forgets_the_maximum, "shifted by its maximum"),
            (log_softmax_without_total, "logarithm of the total is missing"),
            (lambda s: s.softmax(dim=-1), "These are the weights"),
            (lambda s: torch.log_softmax(s, dim=0), "wrong axis"),
            (lambda s: s - torch.logsumexp(s.flatten(), 0), "share one total"),
            (lambda s: -torch.log_softmax(s, dim=-1), "sign is turned round"),
        ],
    },
    "windows": {
        "right": [(9, 99, 202752), (2 * 4 + 1, 2 * 50 - 1, 99 * 32 * 64), (np.array([9, 99, 202_752]),)],
        "wrong": [
            ((4, 99, 202752), "So far away"),
            ((5, 99, 202752), "as far to the right"),
            ((8, 98, 200704), "stands in its window"),
            ((9, 98, 200704), "stands in its window"),
            ((9, 50, 102400), "hangs over the end"),
            ((9, 100, 204800), "one word in the middle"),
            ((9, 101, 206848), "49 steps"),
            ((9, 99, 3168), "So many numbers go in"),
            ((9, 99, 2048), "for one place of the window"),
            ((9, 99, 6336), "32 numbers, not one"),
            ((9, 99, 202816), "Without the biases"),
            ((9, 99, 102400), "filled or not"),
            ((9, 99, 200000), "Answer 3 of 3 is not 200000. Too small."),
        ],
    },
    "context": {
        "right": [
            (0.6, 0.2, 0.2, 7, 3),
            (*np.array([3, 1, 1]) / 5, *torch.tensor([7.0, 3.0])),
            ([0.6, 0.2, 0.2, 7, 3],),
        ],
        "wrong": [
            ((1, 0, 0, 10, 0), "e⁰ = 1"),
            ((3, 1, 1, 35, 15), "These are the powers"),
            ((1 / 3, 1 / 3, 1 / 3, 5, 5), "for scores that differ"),
            ((0.6, 0.3, 0.3, 7, 3), "must sum to 1"),
            ((0.6, 0.2, 0.2, 5, 5), "plain mean"),
            ((0.6, 0.2, 0.2, 15, 15), "plain sum"),
            ((0.6, 0.2, 0.2, 10, 0), "one state, whole"),
            ((0.6, 0.2, 0.2, 6, 2), "The third state"),
            ((0.6, 0.2, 0.2, 35, 15), "not the powers"),
            ((0.6, 0.2, 0.2, 3, 7), "wrong order"),
            ((0.6, 0.2, 0.2), "Expected 5 answers, came 3"),
        ],
    },
    "look_back": {
        "right": [look_back_in_loops, look_back_in_torch],
        "wrong": [
            (lambda S, H, *W: blend_of(torch.softmax(scores_in_torch(S, H, *W), dim=0), H), "wrong axis"),
            (lambda S, H, *W: blend_of(scores_in_torch(S, H, *W), H), "not yet shares"),
            (lambda S, H, *W: blend_of(scores_in_torch(S, H, *W).exp(), H), "divided by their total"),
            (lambda S, H, *W: blend_of(without_keepdims(scores_in_torch(S, H, *W)), H), "`keepdims=True`"),
            (lambda S, H, *W: blend_of(of_the_table(scores_in_torch(S, H, *W)), H), "All rows together"),
            (look_back_without_tanh, "The tanh is missing"),
            (look_back_bent_too_early, "First the sum"),
            (look_back_bent_too_late, "before v adds them up"),
            (lambda S, H, W_q, W_k, v: look_back_in_torch(S, H, W_k, W_q, v), "exchanged"),
            (look_back_without_v, "The vector v is missing"),
            (look_back_and_project, "without W_k"),
            (lambda S, H, *W: blend_of(torch.softmax(S @ H.T, dim=-1), H), "dot product"),
            (look_back_row_by_row, "one more axis"),
            (lambda S, H, *W: look_back_in_torch(S, H, *W)[::-1], "wrong order"),
            (lambda S, H, *W: look_back_in_torch(S, H, *W)[0], "Expected 2 results, came one"),
        ],
    },
    "exact_match": {
        "right": [
            exact_match_word_by_word,
            lambda said, right: sum(a == b for a, b in zip(said, right, strict=True)) / len(said),
            lambda said, right: torch.tensor([said[i] == right[i] for i in range(len(said))]).float().mean(),
        ],
        "wrong": [
            (exact_match_as_it_stood, "neither of the two"),
            (exact_match_with_zip, "stops too early"),
            (words_match, "This is the share of words"),
            (mean_words_match, "This is the mean share of words. A"),
            (mean_words_match_with_zip, "as far as `zip` goes"),
            (lambda said, right: np.mean([*map(same_words, said, right)]), "the order of the words"),
            (lambda said, right: np.mean([*map(as_long, said, right)]), "how long they are"),
            (lambda said, right: sum(said[i] == right[i] for i in range(len(said))), "how many are right"),
            (lambda said, right: 100 * exact_match_word_by_word(said, right), "the percentage"),
            (lambda said, right: said == right, "whether all are right"),
            (lambda said, right: len(set(said) & set(right)) / len(right), "expected"),
        ],
    },
    "anything_but": {
        "right": [
            ([-2, 0, -1], [0.09, 0.67, 0.24]),
            (np.array([-2, 0, -1]), torch.softmax(torch.tensor([-2.0, 0.0, -1.0]), dim=0)),
        ],
        "wrong": [
            (([2, 0, 1], [0.67, 0.09, 0.24]), "The sign"),
            (([0, 2, 1], [0.09, 0.67, 0.24]), "machines"),
            (([-2, -2, -2], [1 / 3, 1 / 3, 1 / 3]), "meets the 0"),
            (([-2, 0, -1], [0.67, 0.09, 0.24]), "the weights of [1, 0]"),
            (([-2, 0, -1], [0, 1, 0]), "at temperature 0"),
            (([-2, 0, -1], [2 / 3, 0, 1 / 3]), "First raise e"),
            (([-2, 0, -1], [0.14, 1, 0.37]), "These are the powers"),
            (([-2, 0, -1], [0.1, 0.2, 0.3]), "must sum to 1"),
            (([-2, 0, -1], [0.24, 0.67, 0.09]), "Answer 2 of 2"),
            (([-2, 0], [0.09, 0.67, 0.24]), "Expected the shape (3,), came (2,) in answer 1"),
        ],
    },
    "same_key": {
        "right": [(3.78, 4), (6.2969 * 11.107 / 18.496, 8 / 2), (torch.tensor([3.7816, 4.0]),)],
        "wrong": [
            ((6.3, 8), "So it was before"),
            ((3.15, 4), "Not quite half"),
            ((3.8, 4), "a third decimal"),
            ((3.2, 4), "The horse has pages"),
            ((4, 4), "the answer for temperature 0"),
            ((3.78, 8), "Which of them wins"),
            ((3.78, 0), "neither wins alone"),
            ((3.9, 4), "Answer 1 of 2 is not 3.9. Too large."),
        ],
    },
    "next_kind": {
        "right": [
            ([[-0.5, 1], [-0.75, -0.5]],),
            (np.linalg.inv([[-0.5, -1], [0.75, -0.5]]),),
            (torch.tensor([[-0.5, -1], [0.75, -0.5]]) @ torch.tensor([[-0.5, -1], [0.75, -0.5]]),),
        ],
        "wrong": [
            ([[-0.5, -1], [0.75, -0.5]], "the matrix of the chapter"),
            (np.array([[-0.5, -1], [0.75, -0.5]]).T, "transposed. What is"),
            (np.linalg.inv([[-0.5, -1], [0.75, -0.5]]).T, "Transposed: a word is a row"),
            (np.eye(2), "its own kind"),
            (-np.array([[-0.5, -1], [0.75, -0.5]]), "away from"),
            ([[-1, 2], [-1, -2]], "must ask"),
            ([[-0.5, 1], [0.75, -0.5]], "Look at [1, 0]: too large."),
            ([-0.5, 1], "Expected the shape (2, 2), came (2,)"),
        ],
    },
    "soft_lookup": {
        "right": [soft_lookup_in_loops, soft_lookup_in_torch],
        "wrong": [
            (lambda Q, K, V, T: torch.softmax(Q @ K.T / T, dim=0) @ V, "wrong axis"),
            (lambda Q, K, V, T: torch.softmax(K @ Q.T / T, dim=-1).T @ V, "wrong axis"),
            (soft_lookup_with(lambda scores, T, Q: scores), "changes nothing yet"),
            (soft_lookup_with(lambda scores, T, Q: scores * T), "yours is the sharper"),
            (lambda Q, K, V, T: torch.softmax(Q @ K.T, dim=-1) / T @ V, "divides the scores"),
            (soft_lookup_with(lambda scores, T, Q: scores / T / math.sqrt(Q.shape[1])), "by a root as well"),
            (lambda Q, K, V, T: (Q @ K.T / T) @ V, "not yet shares"),
            (lambda Q, K, V, T: np.exp(Q @ K.T / T) @ V, "divided by their total"),
            (lambda Q, K, V, T: without_keepdims(Q @ K.T / T) @ V, "`keepdims=True`"),
            (lambda Q, K, V, T: of_the_table(Q @ K.T / T) @ V, "All rows together"),
            (lambda Q, K, V, T: torch.softmax(Q @ K.T / T, dim=-1), "These are the weights"),
            (lambda Q, K, V, T: torch.softmax(Q @ K.T / T, dim=-1) @ K, "catalogue cards"),
            (lambda Q, K, V, T: torch.softmax(Q @ V.T / T, dim=-1) @ V, "take no part"),
            (lambda Q, K, V, T: V[(Q @ K.T / T).argmax(dim=-1)], "hard look-up"),
            (lambda Q, K, V, T: torch.softmax(Q @ K / T, dim=-1) @ V, "A title is a row"),
        ],
    },
    "three_roles": {
        "right": [three_roles_in_loops, three_roles_in_torch],
        "wrong": [
            (three_roles_as_it_stood, "still mutual"),
            (lambda X, W_q, W_k, W_v: three_roles_in_torch(X, W_q, W_q, W_v), "still mutual"),
            (lambda X, W_q, W_k, W_v: three_roles_in_torch(X, W_k, W_k, W_v), "now with the other matrix"),
            (three_roles_keys_ask, "Here is the second bug"),
            (three_roles_with(of_rows, lambda X, W_k, W_v: X), "The words themselves are summed"),
            (three_roles_with(of_rows, lambda X, W_k, W_v: X @ W_k), "The keys are summed"),
            (
                lambda X, W_q, W_k, W_v: three_roles_with(lambda s: of_rows(s / W_q.shape[1] ** 0.5))(X, W_q, W_k, W_v),
                "by a root as well",
            ),
            (three_roles_with(of_columns), "wrong axis"),
            (three_roles_with(lambda scores: scores), "has got lost"),
            (lambda X, W_q, W_k, W_v: of_rows(X @ W_q @ X.T) @ X @ W_v, "W_k does nothing"),
        ],
    },
}
