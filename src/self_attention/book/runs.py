"""The runs behind the package's models: what each is for, its logs, and what the scripts in training/ share.

    python -m self_attention.book.runs

writes the cards of all models again.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from .. import nn
from ..training.log import Log, card

TRANSLATES = (
    "Pairs of sentences of the book's corpus (self_attention/corpus/): 40,000 to learn from. The figures are of the "
    "2,000 of its part test, which was in view when steps and sizes were settled; no choice has seen the part valid."
)
TAGS = (
    "Tagged English sentences of the book's corpus (self_attention/corpus/): 4,000 to learn from. The figures are of "
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


def logs(name: str) -> list[dict[str, Any]]:
    """What the training of one of the package's models left behind, run by run.

    Args:
        name: of the model.

    Returns:
        a list of dicts, by seed and steps; each has "command", "seed", "steps", the loss, "curve", and the figures on
        unseen sentences, "test".

    >>> [(run["seed"], run["steps"]) for run in logs("tagger_3")]
    [(0, 800), (1, 800), (2, 800)]
    """
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in (nn.WEIGHTS / "logs").glob(f"{name}_seed*.json")]
    return sorted(runs, key=lambda run: (run["steps"], run["seed"]))


def options(doc: str, steps: int) -> argparse.ArgumentParser:
    """A parser with what every training script asks for; a script may add to it."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--out", type=folder, help="folder for what the run writes; default: the package")
    return parser


def folder(text: str) -> Path:
    """What argparse makes of the name of a folder: an error if there is none."""
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return path


def log_file(name: str, seed: int, steps: int, out: Path | None = None) -> Path:
    """Where the log of a run goes: into a folder, by default the package's."""
    return (nn.WEIGHTS / "logs" if out in (None, nn.WEIGHTS) else out) / f"{name}_seed{seed}_steps{steps}.json"


def log(name: str, command: str, model: nn.Model, out: Path | None, ship: bool, **facts: Any) -> Log:
    """The Log of a training script: into the package, with weights if this is the run to `ship`; or all into `out`."""
    file = log_file(name, facts["seed"], facts["steps"], out)
    weights = (out or nn.WEIGHTS) / f"{name}.safetensors" if out or ship else None
    return Log(name, command, model, weights, file, show=True, about=ABOUT.get(name), **facts)


def main() -> None:
    """Write every card of the package again."""
    for path in nn.WEIGHTS.glob("*.safetensors"):
        facts = nn.load(path).facts
        log = json.loads(log_file(path.stem, facts["seed"], facts["steps"]).read_text(encoding="utf-8"))
        path.with_suffix(".md").write_text(card(path, log, ABOUT[path.stem]), encoding="utf-8")


if __name__ == "__main__":
    main()
