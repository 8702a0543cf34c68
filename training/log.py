"""What a training run is told, and what it leaves behind: a log for everybody, and weights to ship."""

import argparse
import json
from pathlib import Path

from self_attention import __version__, nn


def options(doc, steps):
    """What every training script asks for; a script may add to it."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--out", type=Path, help="folder for logs and weights; default: the package")
    return parser


class Log:
    """The curve and the figures of one run.

    Args:
        name: of the model.
        command: what to type for the same run.
        model: whose weights are counted and written.
        out: the folder for log and weights; None = the package, the weights only if this is the run to ship.
        ship: whether it is.
        facts: what belongs to the weights: seed, steps, the corpus's digest.
    """

    def __init__(self, name, command, model, out, ship, **facts):
        parameters = sum(weights.numel() for weights in model.parameters())
        self.facts = {"version": __version__, **facts}
        self.entries = {"name": name, "command": command, "parameters": parameters, **self.facts, "curve": []}
        self.model, self.out, self.ship, self.recent = model, out, ship, []

    def report(self, step, loss):
        """Keep the mean of every hundred losses."""
        self.recent.append(loss)
        if step % 100 == 0 or step == self.facts["steps"]:
            self.entries["curve"].append([step, round(sum(self.recent) / len(self.recent), 4)])
            self.recent = []
            print(self.entries["name"], *self.entries["curve"][-1], flush=True)

    def write(self, test):
        """Write the weights, measure the model as they make it, in half precision, with test(model); write the log."""
        name, folder = self.entries["name"], self.out or nn.WEIGHTS
        self.model.half().float()
        if self.out or self.ship:
            nn.save(self.model, folder / f"{name}.safetensors", **self.facts)
        self.entries["test"] = test(self.model)
        lines = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in self.entries.items())
        file = (self.out or folder / "logs") / f"{name}_seed{self.facts['seed']}_steps{self.facts['steps']}.json"
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        print(name, self.entries["test"])
