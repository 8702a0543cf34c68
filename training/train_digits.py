"""Train a convolution and patch self-attention on few and on many images of handwritten digits (chapter 10).

    python training/train_digits.py --seed 0

Each learns from the same images, chosen by the seed, at two rates; the validation part says which of the two counts.
Writes one log; no weights. Same seed, same machine, same numbers; about two minutes on a quiet core.
"""

import sys

import torch

from self_attention import __version__
from self_attention.book.comparison import ImageReader, accuracy, digit_images
from self_attention.book.runs import log_file, options
from self_attention.training import train
from self_attention.training.log import write

STEPS, RATES = 800, (3e-3, 1e-2)
SIZES = (50, 100, 200, 400, 800, 1300)
KINDS = ("cnn", "self-attention")


def measure(kind, examples, parts, seed, steps):
    """At each rate, the share of right answers in % in each part; the rate that is best in the validation part."""
    parts = parts | {"train": examples}
    found = {part: {} for part in parts}
    for rate in RATES:
        torch.manual_seed(seed)
        model = train(ImageReader(kind), examples, steps, batch=32, rate=rate, seed=seed)
        for part, rates in found.items():
            rates[f"{rate:g}"] = round(100 * accuracy(model, parts[part]), 2)
    found["rate"] = max(found["valid"], key=found["valid"].get)
    found["right"] = found["test"][found["rate"]]
    print(kind, len(examples), found, flush=True)
    return found


def main(*words):
    seed, steps, out = vars(options(__doc__, STEPS).parse_args(words)).values()
    file = log_file("digits", seed, steps, out)
    torch.set_num_threads(1)

    parts = digit_images()
    order = torch.randperm(len(parts["train"]), generator=torch.Generator().manual_seed(seed)).tolist()
    pool = [parts["train"][i] for i in order]  # 100 images hold the 50
    command = f"python training/train_digits.py --seed {seed} --steps {steps}"
    entries = {"name": "digits", "command": command, "version": __version__, "seed": seed, "steps": steps}
    entries["parameters"] = {kind: sum(weights.numel() for weights in ImageReader(kind).parameters()) for kind in KINDS}
    entries["images"] = {part: len(examples) for part, examples in parts.items()}
    entries["test"] = {
        str(size): {kind: measure(kind, pool[:size], parts, seed, steps) for kind in KINDS} for size in SIZES
    }
    write(file, entries)


if __name__ == "__main__":
    main(*sys.argv[1:])
