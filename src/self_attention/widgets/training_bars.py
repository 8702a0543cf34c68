"""TrainingBars: what a model thinks of each next word, at each moment of its training, against the right word."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import traitlets

from ._base import Widget, as_words, caption_of, check_controls, decode, encode, html_table, label, to_numpy, visible

MOST = {"moments": 200, "positions": 12, "words": 12}
DIGITS = 4  # of the logarithms that travel
LOWEST = -100.0  # the logarithm that stands for a probability of 0
SMOOTHEST = 0.3
CONTROLS = ("epoch", "smoothing")


class TrainingBars(Widget):
    """The distributions of a model during its training, at n positions, against their targets; and the losses.

    loss = -sum_v target_v ln p_v
    target = (1 - smoothing) one_hot + smoothing / V

    The loss is in nats.

    Args:
        probabilities: (E, n, V): at E <= 200 moments of the training, at n <= 12 positions, of V <= 12 words; NumPy,
            torch or a list. Each distribution sums to 1. Logarithms travel, rounded to 4 decimals; 0 counts as e^-100.
        targets: the right word at each of the n positions. A position is named by the word read before it: "<bos>" at
            the start and after "<eos>".
        vocabulary: the V words.
        epochs: the number of each moment, rising; default 0 to E - 1.
        smoothing: how much of the target is spread over all V words (label smoothing), 0 to 0.3.
        epoch: which moment is shown: its index, from 0.
        controls: what the reader moves, of "epoch" and "smoothing".
        caption: a line above.

    `epoch` and `smoothing` are traits, set and observed from Python; in a notebook they follow the reader.

    Raises:
        ValueError: for shapes that do not fit or are too large, rows that do not sum to 1, targets that are no words
            of the vocabulary, epochs that do not rise.

    >>> moments = [[[0.5, 0.25, 0.25]], [[0.1, 0.1, 0.8]]]  # (2, 1, 3)
    >>> bars = TrainingBars(moments, ["thanks"], vocabulary=["a", "i", "thanks"])
    >>> bars.losses.round(4), bars.mean.round(4)
    (array([[1.3863],
           [0.2231]]), array([1.3863, 0.2231]))

    Source: label smoothing: Szegedy et al. 2016, sec. 7.
    """

    element = "training-bars"
    scripts = ("widgets.js", "training.js")
    SETTINGS = ("epoch", "smoothing")

    epoch = traitlets.Int(0).tag(sync=True)
    smoothing = traitlets.Float(0.0).tag(sync=True)

    def __init__(
        self,
        probabilities: Any,
        targets: Iterable[Any],
        *,
        vocabulary: Iterable[Any],
        epochs: Any = None,
        smoothing: float = 0.0,
        epoch: int = 0,
        controls: Iterable[str] = ("epoch",),
        caption: str = "",
    ) -> None:
        probabilities = to_numpy(probabilities, "probabilities")
        words = _words(vocabulary, "vocabulary")
        right = _words(targets, "targets")
        shape = probabilities.shape
        if len(shape) != 3 or not all(1 <= size <= most for size, most in zip(shape, MOST.values(), strict=True)):
            most = ", ".join(f"at most {most} {name}" for name, most in MOST.items())
            raise ValueError(f"expected probabilities to be (moments, positions, words), {most}, got shape {shape}")
        if shape[1:] != (len(right), len(words)) or len(words) < 2:
            got = f"{len(right)} targets and {len(words)} words"
            raise ValueError(
                f"expected probabilities to be (moments, targets, words), words 2 or more, got {shape} for {got}"
            )
        if len(set(words)) < len(words):
            raise ValueError(f"expected vocabulary to name each word once, got {words}")
        for word in right:
            if word not in words:
                raise ValueError(f"expected targets to be words of the vocabulary {words}, got {word!r}")
        sums = probabilities.sum(axis=-1)
        if probabilities.min() < 0 or np.abs(sums - 1).max() > 1e-3:
            worst = sums.flat[np.abs(sums - 1).argmax()]
            got = f"{probabilities.min():.4g} and a sum of {worst:.4g}"
            raise ValueError(f"expected probabilities to be 0 or more and sum to 1 over the words, got {got}")
        with np.errstate(divide="ignore"):
            logs = encode(np.maximum(np.log(probabilities), LOWEST), DIGITS)
        self._logs, self._vocabulary, self._targets = decode(logs), words, right
        self._epochs = _check_epochs(epochs, shape[0])
        super().__init__(epoch=epoch, smoothing=smoothing)
        self._spec = {
            "element": self.element,
            "logs": logs,
            "targets": right,
            "vocabulary": words,
            "epochs": self._epochs,
            "controls": check_controls(controls, CONTROLS),
            "caption": caption_of(caption),
            "settings": self.settings,
        }

    @traitlets.validate("epoch")
    def _valid_epoch(self, proposal):
        if not 0 <= proposal.value < len(self._logs):
            raise ValueError(
                f"expected epoch to be the index of a moment, 0 to {len(self._logs) - 1}, got {proposal.value}"
            )
        return proposal.value

    @traitlets.validate("smoothing")
    def _valid_smoothing(self, proposal):
        if not 0 <= proposal.value <= SMOOTHEST:
            raise ValueError(f"expected smoothing to be from 0 to {SMOOTHEST}, got {proposal.value}")
        return proposal.value

    @property
    def read(self) -> list[str]:
        """The word read last before each position: "<bos>", then the target before."""
        return [before.replace("<eos>", "<bos>") for before in ["<bos>", *self._targets[:-1]]]

    @property
    def probabilities(self) -> np.ndarray:
        """The model's distributions, (E, n, V), as they travelled."""
        return np.exp(self._logs)

    @property
    def target(self) -> np.ndarray:
        """The distribution that each position shall come to, (n, V)."""
        ids = [self._vocabulary.index(word) for word in self._targets]
        size = len(self._vocabulary)
        return (1 - self.smoothing) * np.eye(size)[ids] + self.smoothing / size

    @property
    def losses(self) -> np.ndarray:
        """Cross-entropy of each position at each moment, (E, n), in nats."""
        return -(self.target * self._logs).sum(axis=-1)

    @property
    def mean(self) -> np.ndarray:
        """Mean loss of the positions at each moment, (E,)."""
        return self.losses.mean(axis=-1)

    @property
    def floor(self) -> float:
        """The entropy of the target, in nats: no loss is lower; 0 without smoothing."""
        target = self.target[0]
        return float(-(target[target > 0] * np.log(target[target > 0])).sum()) + 0.0

    def fallback(self) -> str:
        """The distributions of the moment shown as an HTML table."""
        now, losses, right = self.probabilities[self.epoch], self.losses[self.epoch], self._targets
        rows = [
            [*(f"{p:.2f}" for p in row), label(word), f"{loss:.3f}"]
            for row, word, loss in zip(now, right, losses, strict=True)
        ]
        caption = self._spec["caption"] or "What the model thinks of the next word"
        caption += f" (epoch {self._epochs[self.epoch]:g}, mean loss {self.mean[self.epoch]:.3f})"
        return html_table(
            rows, map(label, self.read), [*map(label, self._vocabulary), "target", "loss"], "after", caption
        )

    def __repr__(self) -> str:
        moments, n, size = self._logs.shape
        mean = f"mean loss {self.mean[0]:.3f} to {self.mean[-1]:.3f}"
        return f"TrainingBars({moments} moments, {n} positions, {size} words: {mean})"


def _words(words: Iterable[Any], name: str) -> list[str]:
    """Words as a list of strings."""
    if isinstance(words, str):
        raise ValueError(f"expected {name} to be a list of words, got one string, {words!r}")
    return list(map(visible, as_words(words, name)))


def _check_epochs(epochs, size):
    """The number of each moment, as a list of rising numbers."""
    numbers = np.arange(size) if epochs is None else to_numpy(epochs, "epochs")
    if numbers.shape != (size,) or not (np.diff(numbers) > 0).all():
        raise ValueError(f"expected epochs to be {size} rising numbers, one for each moment, got {numbers.tolist()}")
    return [int(number) if number == int(number) else number for number in numbers.tolist()]
