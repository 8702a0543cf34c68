"""Answers to the exercises of chapter 11."""

import math

import numpy as np
import torch


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
    def normalise(X):
        return (X - X.mean(1, keepdim=True)) / (X.var(1, keepdim=True) + 1e-5).sqrt()

    X = X + A @ normalise(X)
    return X + torch.relu(normalise(X) @ W) @ U


def layer_with_norm_of_the_chapter(X, A, W, U):
    def normalise(x):
        return (x - x.mean()) / np.sqrt(x.var() + 1e-5)

    X = X + A @ normalise(X)
    return X + np.maximum(normalise(X) @ W, 0) @ U


def layer_transposed(X, A, W, U):
    X = X + A.T @ norm(X)
    return X + np.maximum(norm(X) @ W, 0) @ U


def layer_norm_eps_outside(X, factor, shift):
    deviation = np.sqrt(X.var(-1, keepdims=True))
    return factor * ((X - X.mean(-1, keepdims=True)) / deviation + 1e-5) + shift


def layer_with(norm, bend=torch.relu):
    """A pre-norm layer with another norm, or with another function between the two matrices."""

    def layer(X, A, W, U):
        X = X + A @ norm(X)
        return X + bend(norm(X) @ W) @ U

    return layer


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
            (([8, -2], 1), "Expected the shape (2,), got ()"),
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
            (layer_norm_without_keepdims, "`keepdims=True`"),
            (lambda X, factor, shift: torch.nn.functional.layer_norm(X, X.shape[-1:]), "do nothing yet"),
            (lambda X, f, s: f * (layer_norm_in_torch(X, f / f, 0 * s) + s), "multiplies the shift as well"),
            (lambda X, f, s: torch.nn.functional.rms_norm(X, X.shape[-1:], f, eps=1e-5) + s, "RMSNorm"),
            (layer_norm_variance, "divide by the variance"),
            (lambda X, factor, shift: layer_norm_in_torch(X, factor, shift)[0], "Expected the shape"),
            (
                lambda X, factor, shift: torch.nn.functional.layer_norm(X, X.shape[-1:], factor, shift, 1e-6),
                "Your ε is 1e-06",
            ),
            (layer_norm_eps_outside, "where is ε"),
            (lambda X, factor, shift: layer_norm_in_torch(X, shift, factor), "swapped jobs"),
            (lambda X, factor, shift: factor * (X - X.mean(-1, keepdims=True)) + shift, "half of a norm"),
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
            (layer_with(lambda X: (X - X.mean(0)) / (X.var(0, correction=0) + 1e-5).sqrt()), "The wrong axis"),
            (layer_with(lambda X: torch_norm(X) / (X.var(-1, keepdim=True, correction=0)).sqrt()), "by the variance"),
            (
                layer_with(lambda X: torch.nn.functional.rms_norm(X, X.shape[-1:], eps=1e-5)),
                "does not subtract the mean",
            ),
            (
                layer_with(lambda X: (X - X.mean(-1, keepdim=True)) / (X.std(-1, keepdim=True) + 1e-5)),
                "divides by d − 1",
            ),
            (
                lambda X, A, W, U: (Y := X + A @ norm(X)) + np.maximum(np.maximum(norm(Y) @ W, 0) @ U, 0),
                "one too many",
            ),
        ],
    },
}
