"""Train five kinds of layers, with one budget of parameters, to recall a digit seen long ago (chapter 10).

    python training/train_recall.py --seed 0

Three tasks: of the 64 digits before the question, 1, 8 or all 64 have a name. All kinds learn from the same examples,
at the same rate. Writes one log for all; no weights. Same seed, same machine, same numbers; some five minutes on a
quiet core. What is it that defeats a recurrence? Two controls take away the distance, and then the narrow state:

    python training/train_recall.py --seed 0 --n 8 --pairs 8 --kinds gru lstm self-attention
    python training/train_recall.py --seed 0 --n 8 --pairs 8 --kinds gru lstm --width 256 --rate 3e-3
"""

import shlex
import sys

import torch

from self_attention import __version__
from self_attention.book.comparison import Recaller, accuracy, gradients, recall_examples, stacked
from self_attention.book.runs import log_file, options
from self_attention.training import train
from self_attention.training.log import write

N, STEPS, RATE = 64, 1500, 1e-2
PAIRS = (1, 8, 64)
DISTANCES = (1, 2, 4, 8, 16, 32, 64)


def distances(n):
    """Those of DISTANCES that n digits have room for."""
    return [distance for distance in DISTANCES if distance <= n]


def norms(model, pairs, n):
    """|d h_n / d x_j| for the digit asked for, by its distance, to three digits: the mean over four sequences."""
    tokens = torch.cat([stacked(recall_examples(4, pairs, n, distance, seed=3000)) for distance in distances(n)])
    found = gradients(model, tokens).unflatten(0, (-1, 4)).mean(dim=1)  # (distances, n + 1)
    return {str(distance): float(f"{found[i, distance]:.2e}") for i, distance in enumerate(distances(n))}


def measure(kind, pairs, seed, steps, rate, distance, n, width):
    """One model: its parameters, its curve [step, right of 300 unseen sequences in %], and what it does in the end."""
    torch.manual_seed(seed)
    model, examples = Recaller(kind, n, width), recall_examples(20_000, pairs, n, distance, seed=seed)
    unseen = recall_examples(300, pairs, n, distance, seed=1000)
    found = {"parameters": sum(weights.numel() for weights in model.parameters()), "curve": []}
    found["gradient"] = {"untrained": norms(model, pairs, n)}

    def report(step, loss):
        if step % 50 == 0 or step == steps:
            found["curve"].append([step, round(100 * accuracy(model, unseen), 1)])

    train(model, examples, steps, batch=32, rate=rate, seed=seed, report=report)
    found["gradient"]["trained"] = norms(model, pairs, n)
    found["right"] = {
        str(distance): round(100 * accuracy(model, recall_examples(500, pairs, n, distance, seed=2000)), 1)
        for distance in distances(n)
    }
    print(kind, pairs, found["curve"][-1], found["right"], flush=True)
    return found


def main(*words):
    parser = options(__doc__, STEPS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--pairs", type=int, nargs="+", default=PAIRS)
    parser.add_argument("--distance", type=int, help="train at this distance alone; without it, at all")
    parser.add_argument("--kinds", nargs="+", choices=Recaller.WIDTHS, default=list(Recaller.WIDTHS))
    parser.add_argument("--n", type=int, default=N, help="digits before the question")
    parser.add_argument("--width", type=int, help="features, of the state too; without it, the budget's")
    seed, steps, out, rate, tasks, distance, kinds, n, width = vars(parser.parse_args(words)).values()
    torch.set_num_threads(1)

    name = "recall" + (f"_n{n}" if n != N else "") + (f"_width{width}" if width else "")
    name += (f"_rate{rate:g}" if rate != RATE else "") + (f"_distance{distance}" if distance else "")
    file = log_file(name, seed, steps, out)
    command = ["python", "training/train_recall.py", "--seed", seed, "--steps", steps, "--rate", f"{rate:g}"]
    command += ["--distance", distance] if distance else []
    command += ["--n", n] if n != N else []
    command += ["--width", width] if width else []
    command = shlex.join(map(str, [*command, "--pairs", *tasks, "--kinds", *kinds]))
    entries = {"name": name, "command": command, "version": __version__, "seed": seed, "steps": steps, "rate": rate}
    entries["test"] = {
        str(pairs): {kind: measure(kind, pairs, seed, steps, rate, distance, n, width) for kind in kinds}
        for pairs in tasks
    }
    write(file, entries)


if __name__ == "__main__":
    main(*sys.argv[1:])
