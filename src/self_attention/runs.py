"""What a training run is told, and what it leaves behind: a log, weights, and a card that says what they are."""

import argparse
import json
from pathlib import Path

from . import __version__, nn

TRANSLATES = (
    "Pairs of sentences of the book's corpus (self_attention/corpus.py): 40,000 to learn from. The figures are of the "
    "2,000 of its part test, which was in view when steps and sizes were settled; no choice has seen the part valid."
)
TAGS = (
    "Tagged English sentences of the book's corpus (self_attention/corpus.py): 4,000 to learn from. The figures are of "
    "1,000 of its part test, which was in view when steps and sizes were settled; no choice has seen the part valid."
)
PRONOUNS = 'Chapter 8: English to French, where "it" must become il or elle. '
ABOUT = {  # what each model of the package is for, and what it learned from
    "tagger_1": ("Chapter 3: tag each word from the word alone.", TAGS),
    "tagger_3": ("Chapter 3: tag each word from itself and a neighbour on each side.", TAGS),
    "tagger_23": ("Chapter 3: tag each word from a window over the whole sentence.", TAGS),
    "tagger_all": ("Chapter 3: tag each word by self-attention over the whole sentence.", TAGS),
    "translator_fixed": ("Chapter 3: French to English through one vector for the whole sentence.", TRANSLATES),
    "translator_attention": ("Chapter 3: French to English, a decoder that looks back at each step.", TRANSLATES),
    "transformer_pronouns": (PRONOUNS + "One head; a row of its third encoder layer decides.", TRANSLATES),
    "transformer_heads": (PRONOUNS + "Four heads, each of which can be switched off.", TRANSLATES),
    "transformer_both": (
        'Chapters 11 to 13: French to English and back. The first word says which language to write: "<2en> merci".',
        f"{TRANSLATES} And to learn from: 4,000 pairs with greetings that have several translations, 1,500 greetings "
        "alone, 4,000 nouns with what belongs to them, without a sentence. Each pair in both directions.",
    ),
}
LIMITS = (
    "It knows the words and the grammar that it was trained on and nothing else: a word it has not seen is `<unk>`, "
    "a sentence longer than those it has seen is likely to go wrong. For teaching, not for use."
)


def options(doc, steps):
    """A parser with what every training script asks for; a script may add to it."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--out", type=folder, help="folder for what the run writes; default: the package")
    return parser


def folder(text):
    """What argparse makes of the name of a folder: an error if there is none."""
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return path


def log_file(name, seed, steps, out=None):
    """Where the log of a run goes: into a folder, by default the package's."""
    return (nn.WEIGHTS / "logs" if out in (None, nn.WEIGHTS) else out) / f"{name}_seed{seed}_steps{steps}.json"


def write(path, entries):
    """Write a dict as JSON, one line for each of its entries."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
    Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def log(name, command, model, out, ship, **facts):
    """The Log of a training script: into the package, with weights if this is the run to `ship`; or all into `out`."""
    file = log_file(name, facts["seed"], facts["steps"], out)
    weights = (out or nn.WEIGHTS) / f"{name}.safetensors" if out or ship else None
    return Log(name, command, model, weights, file, show=True, **facts)


class Log:
    """The curve and the figures of one run.

    Args:
        name: of the model.
        command: what to type for the same run.
        model: whose weights are counted and written.
        weights, log: the files to write; None = do without. A card is written beside the weights.
        show: whether to print what the log says.
        facts: what belongs to the weights, too: seed, steps, the corpus's digest.
    """

    def __init__(self, name, command, model, weights=None, log=None, show=False, **facts):
        parameters = sum(weights.numel() for weights in model.parameters())
        self.facts = {"version": __version__, **facts}
        self.entries = {"name": name, "command": command, "parameters": parameters, **self.facts, "curve": []}
        self.model, self.weights, self.log, self.show, self.recent = model, weights, log, show, []

    def report(self, step, loss):
        """Keep the mean of every hundred losses."""
        self.recent.append(loss)
        if step % 100 == 0 or step == self.facts["steps"]:
            self.entries["curve"].append([step, round(sum(self.recent) / len(self.recent), 4)])
            self.recent = []
            self.say(f"step {step} of {self.facts['steps']}, loss {self.entries['curve'][-1][1]}")

    def say(self, *words):
        """Print it, if wanted."""
        if self.show:
            print(self.entries["name"], *words, sep=": ", flush=True)

    def write(self, test):
        """Write the weights, measure the model as they make it, in half precision, with test(model); write the rest."""
        self.model.half().float()
        if self.weights:
            nn.save(self.model, self.weights, **self.facts)
        self.entries["test"] = test(self.model)
        for line in leaves(self.entries["test"]):
            self.say(*line)
        if self.log:
            write(self.log, self.entries)
        if self.weights:
            self.weights.with_suffix(".md").write_text(card(self.weights, self.entries), encoding="utf-8")


def card(path, log):
    """What is to be known about a weights file, as Markdown.

    Args:
        path: of the file.
        log: what its run wrote down, a dict.
    """
    model = nn.load(Path(path))
    ours = log["name"] in ABOUT and "data" not in log
    purpose, data = (
        ABOUT[log["name"]] if ours else (f"A {type(model).__name__}.", log.get("data", "The book's corpus."))
    )
    facts, config = model.facts, ", ".join(f"{key} {value}" for key, value in model.config.items() if key != "tags")
    rows = {
        "purpose": purpose,
        "model": f"{type(model).__name__}: {config}",
        "size": f"{log['parameters']:,} parameters as float16, {path.stat().st_size:,} bytes",
        "data": f"{data} Digest {facts['corpus']}.",
        "command": f"`{log['command']}`",
        "seed": facts["seed"],
        "steps": f"{facts['steps']:,}; loss at the end {log['curve'][-1][1]}",
        "seconds": ", ".join(f"{key}: {value}" for key, value in log.get("seconds", {}).items()),
        "version": facts["version"],
        "limits": LIMITS,
        "licence": "MIT, as the book" if ours else "",
    }
    lines = [f"# {log['name']}", "", "| | |", "| --- | --- |"]
    lines += [f"| {key} | {value} |" for key, value in rows.items() if value != ""]
    lines += ["", "On unseen examples, shares in %:", "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in leaves(log["test"])]
    return "\n".join(lines) + "\n"


def leaves(tree, name="all"):
    """The figures of a log, nested dicts, as (name, value): those that stand side by side in one."""
    flat = {key: value for key, value in tree.items() if not isinstance(value, dict)}
    if flat:
        yield name, ", ".join(f"{key} {value}" for key, value in flat.items())
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, key if name == "all" else f"{name}: {key}")


if __name__ == "__main__":  # write every card of the package again
    for path in nn.WEIGHTS.glob("*.safetensors"):
        facts = nn.load(path).facts
        file = log_file(path.stem, facts["seed"], facts["steps"])
        path.with_suffix(".md").write_text(card(path, json.loads(file.read_text(encoding="utf-8"))), encoding="utf-8")
