"""Layers of three kinds on the same two tasks, with the same number of parameters: the experiments of chapter 10.

Recall: a sequence of digits, some with a name, then a name alone: which digit stood beside it, so many positions back?
Images: the 8 x 8 digits of scikit-learn, read by a convolution or as a set of patches by self-attention.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad, relu

from .._arrays import check_integer
from ..masks import causal_mask
from ..nn import EncoderLayer, LearnedPositions
from ..positions import sinusoidal_positions

DIGITS = 10


# Recall


def recall_examples(
    count: int, pairs: int, n: int = 64, distance: int | None = None, seed: int = 0
) -> list[tuple[torch.Tensor, int, int]]:
    """Sequences of n digits, some of which have a name, and then the name of one of them: which digit was it?

    Args:
        count: number of sequences.
        pairs: how many of the n digits have a name, from 1 to n; a name occurs once.
        n: number of digits, and of names.
        distance: how many positions before the question the digit stands, from 1 to n; None = any, by lot.
        seed: of all that is left to chance.

    Returns:
        a list of (tokens, answer, distance): tokens (n + 1, 2), each a name, 0 = none, and a digit, 10 = the question.

    Raises:
        ValueError: a number is not an integer in its range.

    >>> [(tokens, answer, distance)] = recall_examples(1, pairs=2, n=4, distance=3)
    >>> tokens.T
    tensor([[ 0,  3,  2,  0,  3],
            [ 7,  3,  1,  6, 10]])
    >>> answer, distance
    (3, 3)

    Source: after Graves et al. 2014, sec. 4.3 (associative recall).
    """
    check_integer("count", count, least=1)
    check_integer("n", n, least=1)
    for name, number in (("pairs", pairs), ("distance", 1 if distance is None else distance)):
        check_integer(name, number, least=1)
        if number > n:
            raise ValueError(f"expected {name} to be at most n = {n}, got {number}")
    chance, rows = torch.Generator().manual_seed(int(seed)), torch.arange(count)
    distances = torch.randint(1, n + 1, (count,), generator=chance) if distance is None else torch.tensor(distance)
    distances = distances.expand(count)  # (count,)
    asked, lots = n - distances, torch.rand(count, n, generator=chance)  # (count,), (count, n)
    lots[rows, asked] = -1  # always among the lowest, which have a name
    named = lots.argsort(dim=1).argsort(dim=1) < pairs
    names = torch.where(named, torch.rand(count, n, generator=chance).argsort(dim=1) + 1, 0)
    digits = torch.randint(DIGITS, (count, n), generator=chance)
    question = torch.stack([names[rows, asked], torch.full((count,), DIGITS)], dim=-1)  # (count, 2)
    tokens = torch.cat([torch.stack([names, digits], dim=-1), question[:, None]], dim=1)  # (count, n + 1, 2)
    return list(zip(tokens, digits[rows, asked].tolist(), distances.tolist(), strict=True))


class Convolution(nn.Module):
    """Each position reads itself and k - 1 before it, `dilation` apart; what it finds is added to what was there.

    output_i = x_i + relu(sum_j W_j x_{i - j dilation} + bias), j = 0 ... k - 1

    Args:
        d: number of features.
        k: width of the window.
        dilation: distance between neighbours in the window; 1 = contiguous.

    >>> Convolution(d=8, k=3, dilation=9)(torch.zeros(1, 20, 8)).shape
    torch.Size([1, 20, 8])

    Source: van den Oord et al. 2016 (WaveNet), sec. 2.1.
    """

    def __init__(self, d: int, k: int, dilation: int) -> None:
        super().__init__()
        self.past, self.filters = (k - 1) * dilation, nn.Conv1d(d, d, k, dilation=dilation)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """From X (b, n, d) to the next X (b, n, d)."""
        return X + relu(self.filters(pad(X.mT, (self.past, 0))).mT)


class Recaller(nn.Module):
    """Read the tokens of `recall_examples` from left to right; say the digit at the end.

    Args:
        kind: "gru" or "lstm": one layer. "cnn": four of width 3, which see 8 positions back; "dilated cnn": the same
            with dilations 1, 3, 9, 27, which see 80. "self-attention": one Transformer layer of four heads, causal,
            with sinusoidal positions.
        n: number of names.
        d: number of features; None = that of WIDTHS, which gives all kinds the same budget of parameters.

    Raises:
        ValueError: the kind is unknown.

    >>> model = Recaller("dilated cnn")
    >>> tokens, *_ = recall_examples(1, pairs=2)[0]
    >>> model(tokens[None]).shape
    torch.Size([1, 10])

    Source: Cho et al. 2014 (GRU), Hochreiter and Schmidhuber 1997 (LSTM), Yu and Koltun 2016 (dilation), Vaswani et
    al. 2017 (self-attention).
    """

    WIDTHS = {"gru": 36, "lstm": 32, "cnn": 27, "dilated cnn": 27, "self-attention": 32}

    def __init__(self, kind: str, n: int = 64, d: int | None = None) -> None:
        if kind not in self.WIDTHS:
            raise ValueError(f"expected kind to be one of {', '.join(self.WIDTHS)}, got {kind!r}")
        super().__init__()
        self.kind, d = kind, d or self.WIDTHS[kind]
        self.names, self.digits = nn.Embedding(n + 1, d), nn.Embedding(DIGITS + 1, d)
        match kind:
            case "gru":
                self.layer = nn.GRU(d, d, batch_first=True)
            case "lstm":
                self.layer = nn.LSTM(d, d, batch_first=True)
            case "self-attention":
                self.layer = EncoderLayer(d, h=4, d_ff=2 * d)
            case _:
                self.layer = nn.Sequential(*(Convolution(d, 3, 3**i if "dilated" in kind else 1) for i in range(4)))
        self.output = nn.Linear(d, DIGITS)

    def states(self, X: torch.Tensor) -> torch.Tensor:
        """From the tokens' vectors X (b, n + 1, d) to one state for each (b, n + 1, d)."""
        if self.kind == "self-attention":
            n, d = X.shape[1:]
            return self.layer(X + sinusoidal_positions(n, d, like=X), causal_mask(n, like=X))[0]
        states = self.layer(X)
        return states[0] if isinstance(states, tuple) else states

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        """The vectors (b, n + 1, d) of tokens (b, n + 1, 2)."""
        return self.names(tokens[..., 0]) + self.digits(tokens[..., 1])

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits of the digit (b, 10), from the state at the question."""
        return self.output(self.states(self.embed(tokens))[:, -1])

    def loss(self, examples: Sequence[Any]) -> torch.Tensor:
        """Mean cross-entropy of the digits asked for."""
        return cross_entropy(*answered(self, examples))


def gradients(model: Recaller, tokens: torch.Tensor) -> torch.Tensor:
    """How much the state at the question, h_n, depends on each token, by distance D: the size of the derivatives.

    gradient_D = sqrt(sum_(i, j) (∂ h_(n, i) / ∂ x_(n - D, j))^2)

    Args:
        model: a Recaller.
        tokens: (b, n + 1, 2), as in `recall_examples`.

    Returns:
        (b, n + 1): for distance 0 (the question itself), 1, ... n.

    >>> tokens, *_ = recall_examples(1, pairs=2, n=12)[0]
    >>> (gradients(Recaller("cnn", n=12), tokens[None]) > 0).int()  # four layers of width 3 see 8 positions back
    tensor([[1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]], dtype=torch.int32)

    Source: Bengio et al. 1994.
    """
    X = model.embed(tokens).detach().requires_grad_()  # (b, n + 1, d)
    h = model.states(X)[:, -1].sum(dim=0)  # (d,); a sequence's h depends on its own X alone
    rows = [torch.autograd.grad(part, X, retain_graph=True)[0] for part in h]  # d times (b, n + 1, d)
    return torch.stack(rows).square().sum(dim=(0, -1)).sqrt().flip(-1)


# Images


def digit_images() -> dict[str, list[tuple[torch.Tensor, int]]]:
    """The 1,797 handwritten digits that come with scikit-learn, in three parts, always the same.

    Returns:
        {"train": 1,300, "valid": 97, "test": 400}, each a list of (image (8, 8) from 0 to 1, its digit).

    Raises:
        ImportError: scikit-learn is missing.

    Source: Alpaydin and Kaynak 1998, https://doi.org/10.24432/C50P49 (here its test part, by 13 writers).
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("the images come with scikit-learn: pip install scikit-learn") from error
    data = load_digits()
    images, digits = torch.tensor(data.images, dtype=torch.float32) / 16, data.target.tolist()
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(0)).tolist()
    examples = [(images[i], digits[i]) for i in order]
    return {"train": examples[:1300], "valid": examples[1300:-400], "test": examples[-400:]}


class ImageReader(nn.Module):
    """Say which digit an 8 x 8 image shows, from the mean over all places of what the layers made there.

    Args:
        kind: "cnn": three convolutions of 3 x 3, with 2 x 2 pooling after the second. "self-attention": the 16 patches
            of 2 x 2 pixels, each a vector, with learned positions, through two Transformer layers of four heads.

    Both have about 10,500 parameters.

    Raises:
        ValueError: the kind is unknown.

    >>> ImageReader("self-attention")(torch.zeros(5, 8, 8)).shape
    torch.Size([5, 10])

    Source: LeCun et al. 1998 (convolution), Dosovitskiy et al. 2021, sec. 3.1 (patches).
    """

    def __init__(self, kind: str) -> None:
        if kind not in ("cnn", "self-attention"):
            raise ValueError(f"expected kind to be one of cnn, self-attention, got {kind!r}")
        super().__init__()
        self.kind = kind
        if kind == "cnn":
            sizes, d = (1, 16, 24, 30), 30
            self.layers = nn.ModuleList(nn.Conv2d(*pair, 3, padding=1) for pair in zip(sizes, sizes[1:], strict=False))
        else:
            d = 24
            self.patches, self.positions, self.norm = nn.Linear(4, d), LearnedPositions(16, d), nn.LayerNorm(d)
            self.layers = nn.ModuleList(EncoderLayer(d, h=4, d_ff=2 * d) for _ in range(2))
        self.output = nn.Linear(d, DIGITS)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (b, 10) from images (b, 8, 8)."""
        if self.kind == "cnn":
            X = images[:, None]  # (b, 1, 8, 8)
            for i, layer in enumerate(self.layers):
                X = relu(layer(X))  # (b, channels, 8, 8), the last (b, 30, 4, 4)
                X = nn.functional.max_pool2d(X, 2) if i == 1 else X
            return self.output(X.mean(dim=(2, 3)))
        X = images.unfold(1, 2, 2).unfold(2, 2, 2).flatten(3).flatten(1, 2)  # (b, 16, 4)
        X = self.patches(X) + self.positions(16)  # (b, 16, d)
        for layer in self.layers:
            X, _ = layer(X)
        return self.output(self.norm(X).mean(dim=1))

    def loss(self, examples: Sequence[Any]) -> torch.Tensor:
        """Mean cross-entropy."""
        return cross_entropy(*answered(self, examples))


# Both


def stacked(examples: Sequence[Any]) -> torch.Tensor:
    """The inputs of some examples as one tensor."""
    return torch.stack([example[0] for example in examples])


def answered(model: nn.Module, examples: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """A model's logits, (b, 10), and the right answers, (b,), where and in the dtype in which its parameters are."""
    weights, inputs = next(model.parameters()), stacked(examples)
    inputs = inputs.to(weights) if inputs.is_floating_point() else inputs.to(weights.device)
    return model(inputs), torch.tensor([example[1] for example in examples], device=weights.device)


@torch.no_grad()
def accuracy(model: nn.Module, examples: Sequence[Any]) -> float:
    """The share of right answers, from 0 to 1; each example is (input, answer, ...).

    Args:
        model: a Recaller or an ImageReader.
        examples: a list.

    Returns:
        a float.

    >>> 0 <= accuracy(Recaller("gru"), recall_examples(5, pairs=1)) <= 1
    True
    """
    logits, right = answered(model, examples)
    return (logits.argmax(dim=-1) == right).float().mean().item()
