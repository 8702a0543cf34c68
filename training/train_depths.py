"""Train stacks of 1 to 16 layers, with and without residual sums and norms, to recall a digit (chapter 11).

    python training/train_depths.py --seed 0

All learn from the same examples, for the same number of steps, each at three rates; a validation part says which of
them counts. Writes one log for all; no weights. Same seed, same machine, same numbers; five minutes on a quiet core.
Is it the start that stops the stacks without sums? --orthogonal begins with other matrices:

    python training/train_depths.py --seed 0 --orthogonal --depths 2 4 --kinds "no residual" neither
"""

import shlex
import sys

import torch

from self_attention import __version__
from self_attention.book.comparison import Recaller, accuracy, recall_examples
from self_attention.book.runs import log_file, options
from self_attention.nn import EncoderLayer
from self_attention.training import train
from self_attention.training.log import write

N, STEPS, RATES = 8, 200, (1e-3, 3e-3, 1e-2)
DEPTHS = (1, 2, 4, 8, 16)
KINDS = {  # is the residual added, and where is the norm
    "pre-norm": (True, "pre"),
    "post-norm": (True, "post"),
    "no norm": (True, None),
    "no residual": (False, "post"),
    "neither": (False, None),
}


class Variant(EncoderLayer):
    """An encoder layer that may lack the residual sums, the norms or both."""

    def __init__(self, kind, d_model, h, d_ff):
        self.residual, norm = KINDS[kind]
        super().__init__(d_model, h, d_ff, norm or "post")
        if norm is None:
            self.norms = torch.nn.ModuleList([torch.nn.Identity(), torch.nn.Identity()])

    def forward(self, X, mask=None):
        part = self.before(0, X)
        Z, weights = self.attention(part, part, mask)
        X = self.after(0, self.residual * X + Z)
        return self.after(1, self.residual * X + self.feed_forward(self.before(1, X))), weights


class Stack(torch.nn.Module):
    """Layers on top of one another, with a last norm if these norm before their parts."""

    def __init__(self, kind, depth, d_model=32, h=4, d_ff=64):
        super().__init__()
        self.layers = torch.nn.ModuleList(Variant(kind, d_model, h, d_ff) for _ in range(depth))
        self.norm = torch.nn.LayerNorm(d_model) if kind == "pre-norm" else torch.nn.Identity()

    def forward(self, X, mask=None):
        for layer in self.layers:
            X, weights = layer(X, mask)
        return self.norm(X), weights


def reader(kind, depth, seed, orthogonal=False):
    """Chapter 10's model for the recall task, with this stack in place of its one layer."""
    torch.manual_seed(seed)
    model = Recaller("self-attention", N)
    model.layer = Stack(kind, depth)
    for W in model.layer.parameters():
        if orthogonal and W.ndim == 2:
            torch.nn.init.orthogonal_(W)
    return model


def measure(kind, depth, parts, seed, steps, orthogonal=False):
    """At each rate, the share of right answers in % in each part; the rate that is best in the validation part."""
    found = {part: {} for part in parts}
    for rate in RATES:
        model = train(reader(kind, depth, seed, orthogonal), parts["train"], steps, batch=32, rate=rate, seed=seed)
        for part, rates in found.items():
            rates[f"{rate:g}"] = round(100 * accuracy(model, parts[part][:1000]), 1)
    found["rate"] = max(found["valid"], key=found["valid"].get)
    found["right"] = found["test"][found["rate"]]
    print(depth, kind, found, flush=True)
    return found


def main(*words):
    parser = options(__doc__, STEPS)
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--orthogonal", action="store_true", help="every matrix begins orthogonal")
    seed, steps, out, depths, kinds, orthogonal = vars(parser.parse_args(words)).values()
    name = "depths" + ("" if tuple(depths) == DEPTHS else "_".join(map(str, depths)))
    name += "_orthogonal" if orthogonal else ""
    file = log_file(name, seed, steps, out)
    torch.set_num_threads(1)

    sizes = {"train": (10_000, seed), "valid": (1000, 1000), "test": (1000, 2000)}
    parts = {part: recall_examples(size, N, N, seed=its_seed) for part, (size, its_seed) in sizes.items()}
    command = ["python", "training/train_depths.py", "--seed", seed, "--steps", steps]
    command += ["--depths", *depths] if name != "depths" else []
    command += ["--kinds", *kinds] if len(kinds) < len(KINDS) else []
    command += ["--orthogonal"] if orthogonal else []
    command = shlex.join(map(str, command))
    entries = {"name": name, "command": command, "version": __version__, "seed": seed, "steps": steps}
    entries["test"] = {
        str(depth): {kind: measure(kind, depth, parts, seed, steps, orthogonal) for kind in kinds} for depth in depths
    }
    write(file, entries)


if __name__ == "__main__":
    main(*sys.argv[1:])
