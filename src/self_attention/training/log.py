"""What a training run leaves behind: a log, the model's file, and a card that says what it is."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .. import __version__, nn

LIMITS = (
    "It knows the words and the grammar that it was trained on and nothing else: a word it has not seen is refused, "
    "a sentence longer than those it has seen is likely to go wrong. For teaching, not for use."
)


class Log:
    """The curve and the figures of one run.

    Args:
        name: of the model.
        command: what to type for the same run.
        model: whose weights are counted and written.
        weights, log: the files to write; None = do without. A card is written beside the weights.
        show: whether to print what the log says.
        about: for the card: what the model is for, and what it learned from; None = a model of somebody's own.
        facts: what belongs to the weights, too: seed, steps, the corpus's digest.
    """

    def __init__(
        self,
        name: str,
        command: str,
        model: nn.Model,
        weights: Path | None = None,
        log: Path | None = None,
        show: bool = False,
        about: tuple[str, str] | None = None,
        **facts: Any,
    ) -> None:
        parameters = sum(weights.numel() for weights in model.parameters())
        self.facts = {"version": __version__, **facts}
        self.entries = {"name": name, "command": command, "parameters": parameters, **self.facts, "curve": []}
        self.model, self.weights, self.log, self.show = model, weights, log, show
        self.recent: list[float] = []
        self.about = about

    def report(self, step: int, loss: float) -> None:
        """Keep the mean of every hundred losses."""
        self.recent.append(loss)
        if step % 100 == 0 or step == self.facts["steps"]:
            self.entries["curve"].append([step, round(sum(self.recent) / len(self.recent), 4)])
            self.recent = []
            self.say(f"step {step} of {self.facts['steps']}, loss {self.entries['curve'][-1][1]}")

    def say(self, *words: Any) -> None:
        """Print it, if wanted."""
        if self.show:
            print(self.entries["name"], *words, sep=": ", flush=True)

    def write(self, test: Callable[[nn.Model], dict[str, Any]]) -> None:
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
            self.weights.with_suffix(".md").write_text(card(self.weights, self.entries, self.about), encoding="utf-8")


def card(path: Path, log: dict[str, Any], about: tuple[str, str] | None = None) -> str:
    """What is to be known about a weights file, as Markdown.

    Args:
        path: of the file.
        log: what its run wrote down, a dict.
        about: see `Log`.
    """
    model = nn.load(Path(path))
    purpose, data = about or (f"A {type(model).__name__}.", log.get("data", "The book's corpus."))
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
        "licence": "MIT, as the book" if about else "",
    }
    lines = [f"# {log['name']}", "", "| | |", "| --- | --- |"]
    lines += [f"| {key} | {value} |" for key, value in rows.items() if value != ""]
    lines += ["", "On unseen examples, shares in %:", "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in leaves(log["test"])]
    return "\n".join(lines) + "\n"


def leaves(tree: dict[str, Any], name: str = "all") -> Iterator[tuple[str, str]]:
    """The figures of a log, nested dicts, as (name, value): those that stand side by side in one."""
    flat = {key: value for key, value in tree.items() if not isinstance(value, dict)}
    if flat:
        yield name, ", ".join(f"{key} {value}" for key, value in flat.items())
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, key if name == "all" else f"{name}: {key}")


def write(path: Path, entries: dict[str, Any]) -> None:
    """Write a dict as JSON, one line for each of its entries."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
    Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def digest(examples: Any) -> str:
    """Twelve letters and digits that change when any example does.

    >>> digest([("merci", "thanks")])
    '89cab69089a0'
    """
    return hashlib.sha256(json.dumps(examples).encode()).hexdigest()[:12]
