"""Train a Transformer of your own to translate: on the book's corpus, or on your own pairs.

    python -m self_attention.train --out mine.safetensors
    python -m self_attention.train --out mine.safetensors --pairs pairs.tsv --languages de en
    torchrun --nproc-per-node 2 -m self_attention.train --out mine.safetensors

The first word of a source says which language to write. In Python, later:

    model = nn.load("mine.safetensors")
    model.translate(["<2en> merci"])

Same options, same seed, same machine: same weights, also when the run was interrupted and went on from its checkpoint.
Under torchrun each process takes its share of every batch: the same run, but for rounding, in less time.
"""

import argparse
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, redirect_stderr
from pathlib import Path
from typing import Any
from unicodedata import normalize
from zlib import crc32

import torch
import torch.distributed as dist

from . import nn
from .book.runs import ABOUT
from .corpus import Grammar, corpus, greeting_pairs, lone_greetings
from .corpus import pairs as sentences
from .training import Training, progress
from .training.bar import watched
from .training.log import Log, digest
from .vocabulary import SPECIAL_TOKENS, Vocabulary

STEPS = 6000
FREE = ("pairs", "out", "log_file", "checkpoint", "every", "device")  # options that a run may change when it goes on


# What is asked for


def number(kind: type, expected: str, fits: Callable[[Any], bool]) -> Callable[[str], Any]:
    """What argparse makes of a number: an error that says what was expected, if it does not fit."""

    def read(text: str) -> Any:
        if not fits(value := kind(text)):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text}")
        return value

    read.__name__ = kind.__name__
    return read


COUNT = number(int, "at least 1", lambda value: value >= 1)
SEED = number(int, "0 or more", lambda value: 0 <= value < 2**63)
RATE = number(float, "more than 0", lambda value: 0 < value < float("inf"))
SHARE = number(float, "0 or more and less than 1", lambda value: 0 <= value < 1)


def device(text: str) -> str:
    """What argparse makes of a device's name: an error if there is none that computes."""
    try:
        torch.zeros(1, device=text).item()  # "meta" has no numbers
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise argparse.ArgumentTypeError(f"expected a device of this machine such as cpu, got {text}") from error
    return text


def options() -> argparse.ArgumentParser:
    """The command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m self_attention.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("data")
    data.add_argument("--pairs", type=Path, metavar="FILE", help="UTF-8 text, on each line a sentence, a tab, and its "
                      "translation, words separated by spaces; default: the book's corpus")  # fmt: skip
    data.add_argument("--languages", nargs=2, default=["fr", "en"], metavar=("LEFT", "RIGHT"), help="names of the two "
                      "sides; default: fr en")  # fmt: skip
    data.add_argument("--to", nargs="+", metavar="LANGUAGE", help="which to write; default: both")
    data.add_argument("--size", type=COUNT, help="train on so many pairs at most")
    data.add_argument("--max-len", type=COUNT, help="train on pairs of at most so many words a side")
    model = parser.add_argument_group("model")
    model.add_argument("--d-model", type=COUNT, default=64, help="features of a word; default: 64")
    model.add_argument("--h", type=COUNT, default=4, help="heads; default: 4")
    model.add_argument("--d-ff", type=COUNT, default=128, help="features inside feed-forward; default: 128")
    model.add_argument("--layers", type=COUNT, nargs=2, default=[2, 2], metavar=("ENCODER", "DECODER"),
                       help="default: 2 2")  # fmt: skip
    model.add_argument("--norm", choices=["pre", "post"], default="pre", help="before or after each part; default: pre")
    training = parser.add_argument_group("training")
    training.add_argument("--steps", type=COUNT, default=STEPS, help=f"batches; default: {STEPS}")
    training.add_argument("--batch", type=COUNT, default=64, help="pairs in a batch; default: 64")
    training.add_argument("--rate", type=RATE, default=5e-3, help="the highest learning rate; default: 0.005")
    training.add_argument("--warm-up", type=COUNT, metavar="STEPS", help="until then; default: 5 %% of the steps")
    training.add_argument("--smoothing", type=SHARE, default=0.0, help="of the labels; default: 0")
    training.add_argument("--device", type=device, default="cpu", help="where to train, such as cuda or mps; "
                          "default: cpu")  # fmt: skip
    training.add_argument("--seed", type=SEED, default=0, help="of first weights and batches; default: 0")
    files = parser.add_argument_group("files")
    files.add_argument("--out", type=Path, required=True, metavar="FILE", help="weights to write, .safetensors, "
                       "and a card, .md, beside them")  # fmt: skip
    # not --log, which torchrun takes for one of its own
    files.add_argument("--log-file", type=Path, metavar="FILE", help="log to write: curve and figures, as JSON")
    files.add_argument("--checkpoint", type=Path, metavar="FILE", help="keep the run here, and go on from here")
    files.add_argument("--every", type=COUNT, default=500, metavar="STEPS", help="how often; default: 500")
    return parser


def check(asked: argparse.Namespace) -> None:
    """Refuse options that do not go together; fill in what depends on others.

    Raises:
        ValueError: says which and why.
    """
    asked.to = asked.to or asked.languages[::-1]
    if len(set(asked.languages)) < 2 or not all(name.isalnum() for name in asked.languages):
        raise ValueError(f"expected --languages to be two different names of letters and digits, got {asked.languages}")
    if len(set(asked.to)) < len(asked.to) or not set(asked.to) <= set(asked.languages):
        raise ValueError(f"expected --to to be one or both of {', '.join(asked.languages)}, got {' '.join(asked.to)}")
    if asked.pairs is None and asked.languages != ["fr", "en"]:
        raise ValueError("--languages belongs to --pairs: the book's corpus is fr en")
    if asked.device != "cpu" and int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise ValueError(f"expected --device to be cpu under torchrun, got {asked.device}")
    if asked.out.suffix != ".safetensors":
        raise ValueError(f"expected --out to end in .safetensors, got {asked.out}")
    for name, path in (("out", asked.out), ("log-file", asked.log_file), ("checkpoint", asked.checkpoint)):
        if path and not path.parent.is_dir():
            raise ValueError(f"--{name} {path}: there is no folder {path.parent}")
        if path and path.is_dir():
            raise ValueError(f"expected --{name} to be a file, got the folder {path}")


# Data


def read(path: Path) -> list[tuple[str, str]]:
    """The pairs in a file, each distinct pair once, their accents composed (NFC).

    Raises:
        ValueError: a line is not UTF-8 or not two sentences; says which.
    """
    pairs: dict[tuple[str, str], None] = {}
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        try:
            sides = tuple(" ".join(side.split()) for side in normalize("NFC", line.decode()).split("\t"))
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}, line {number}: expected UTF-8, got {line[:40]!r}") from error
        if len(sides) != 2 or not all(sides):
            raise ValueError(f"{path}, line {number}: expected a sentence, a tab, a translation, got {line[:40]!r}")
        if special := set(SPECIAL_TOKENS) & set(" ".join(sides).split()):
            raise ValueError(f"{path}, line {number}: {min(special)} is a special token, not a word")
        pairs[sides] = None
    return list(pairs)


def parts(asked: argparse.Namespace) -> tuple[list[Any], dict[str, list[Any]]]:
    """The pairs to learn from, and by kind those held out: no side of these is a sentence among those to learn from.

    Raises:
        ValueError: there are too few pairs.
    """
    train: list[Any]
    test: list[Any]
    tests: dict[str, list[Any]] = {}
    if asked.pairs is None:
        book, grammar = corpus(), Grammar(seed=1)
        train = book["train"] + greeting_pairs(4000) + lone_greetings(1500) + sentences(4000, kind="phrase")
        tests["phrases"] = sentences(500, part="test", kind="phrase")
        long = [pair for pair in (grammar.sentence(max_len=60) for _ in range(30_000)) if longer(pair) > 30]
        test = book["test"] + long
        held_out = {pair.fr for pair in test + tests["phrases"]}  # greetings go with sentences of all parts
        train = [pair for pair in train if not held_out & set(pair.fr.split(" , "))]
    else:
        pairs = read(asked.pairs)
        left = sorted({pair[0] for pair in pairs}, key=lambda sentence: crc32(sentence.encode()))
        held_out = set(left[: min(2000, len(left) // 20)])
        train = [pair for pair in pairs if pair[0] not in held_out]
        right = {pair[1] for pair in train}
        test = [pair for pair in pairs if pair[0] in held_out and pair[1] not in right]
        if not test:
            raise ValueError(f"{asked.pairs}: expected pairs enough to hold one sentence in 20 out, got {len(pairs)}")
    train = [pair for pair in train if longer(pair) <= (asked.max_len or longer(pair))][: asked.size]
    if not train:
        raise ValueError(f"--max-len {asked.max_len} leaves no pair to learn from")
    return train, {"sentences": test} | tests


def words(pair: Sequence[str]) -> list[int]:
    """Words of either side: pairs alike in both waste little of a batch."""
    return [len(side.split()) for side in pair]


def longer(pair: Sequence[str]) -> int:
    """Words of the longer side."""
    return max(words(pair))


def directed(
    pairs: Iterable[Sequence[str]], languages: Sequence[str], to: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """The pairs as (source, target) in each direction asked for, by its name.

    >>> directed([("merci", "thanks")], languages=["fr", "en"], to=["en", "fr"])
    {'fr-en': [('<2en> merci', 'thanks')], 'en-fr': [('<2fr> thanks', 'merci')]}
    """
    found = {}
    for name in to:
        side = languages.index(name)
        found[f"{languages[1 - side]}-{name}"] = [(f"<2{name}> {pair[1 - side]}", pair[side]) for pair in pairs]
    return found


# Figures


def shares(model: nn.TransformerTranslator, pairs: Sequence[Sequence[str]], lengths: Iterable[str]) -> dict[str, Any]:
    """The share of pairs translated right to the last word, in %: of all, and by length, "12" or "11-15"."""
    groups: dict[str, list[bool]] = {"all": []}
    for length, right in zip(lengths, model.exact(pairs), strict=True):
        groups["all"].append(right)
        groups.setdefault(length, []).append(right)
    ordered = sorted(groups.items(), key=lambda item: item[0] != "all" and int(item[0].split("-")[0]))
    return {
        name: {"sentences": len(right), "exact": round(100 * sum(map(float, right)) / len(right), 2)}
        for name, right in ordered
    }


def figures(
    model: nn.TransformerTranslator, tests: dict[str, list[Any]], seen: int, **directions: Any
) -> dict[str, Any]:
    """By direction and kind, the shares by length; apart, those of pairs longer than any `seen` in training."""
    found = {}
    for kind, pairs in tests.items():
        within = [pair for pair in pairs if longer(pair) <= seen]
        beyond = [pair for pair in pairs if longer(pair) > seen]
        for name, examples in directed(within, **directions).items() if within else ():
            lengths = [fives(len(source.split()) - 1) for source, _ in examples]
            found[f"{name} {kind}"] = shares(model, examples, lengths)
        for name, examples in directed(beyond, **directions).items() if beyond else ():
            lengths = [str(longer(pair)) for pair in beyond]
            found[f"{name} {kind} longer than any in training"] = shares(model, examples, lengths)
    return found


def fives(n: int) -> str:
    """1-5, 6-10 and so on.

    >>> fives(5), fives(6)
    ('1-5', '6-10')
    """
    least = (n - 1) // 5 * 5 + 1
    return f"{least}-{least + 4}"


# The run


class Run:
    """A training run, its log, and the checkpoint from which both go on.

    Raises:
        ValueError: options or pairs are not as they must be; the checkpoint is none, or another run's.
    """

    def __init__(self, asked: argparse.Namespace, command: str) -> None:
        check(asked)
        self.asked = asked
        train, self.tests = parts(asked)
        self.directions, self.seen = {"languages": asked.languages, "to": asked.to}, max(map(longer, train))
        examples = sum(directed(train, **self.directions).values(), [])
        torch.manual_seed(asked.seed)
        self.model = nn.TransformerTranslator(
            Vocabulary([sentence for pair in examples for sentence in pair]),
            d_model=asked.d_model, h=asked.h, d_ff=asked.d_ff, layers=tuple(asked.layers), norm=asked.norm,
        ).to(asked.device)  # fmt: skip
        how = {"fused": True, "length": words, "smoothing": asked.smoothing}
        self.training = Training(
            self.model, examples, asked.steps, asked.batch, asked.rate, asked.seed, asked.warm_up, **how
        )
        self.options = {name: value for name, value in vars(asked).items() if name not in FREE}
        facts = {"seed": asked.seed, "steps": asked.steps, "corpus": digest([train, self.tests])}
        about = None if asked.pairs else ABOUT.get(asked.out.stem)
        self.log = Log(
            asked.out.stem, command, self.model, asked.out, asked.log_file, self.training.rank == 0, about, **facts
        )
        self.log.entries |= {"options": self.options, "processes": self.training.world, "seconds": {}}
        if asked.pairs:
            sizes = f"{len(train):,} pairs to learn from, {len(self.tests['sentences']):,} to test"
            self.log.entries["data"] = f"{asked.pairs.name}: {sizes}."
        if asked.checkpoint and asked.checkpoint.exists():
            self.resume(asked.checkpoint)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, if it is this run's."""
        try:
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
            was, corpus, training, log = (checkpoint[name] for name in ("options", "corpus", "training", "log"))
        except Exception as error:  # whatever torch says of a file that is no checkpoint
            raise ValueError(f"expected --checkpoint {path} to be one of this command, got something else") from error
        for name, value in self.options.items():
            if name not in was or was[name] != value:
                option = f"--{name.replace('_', '-')}"
                raise ValueError(f"--checkpoint {path} is of another run: {option} {was.get(name)}, got {value}")
        if corpus != self.log.facts["corpus"]:
            raise ValueError(f"--checkpoint {path} is of another run: its --pairs were others")
        self.training.load_state_dict(training)
        self.log.entries["curve"], self.log.recent = log

    def keep(self) -> None:
        """Write the checkpoint, whole or not at all."""
        path, log = self.asked.checkpoint, (self.log.entries["curve"], self.log.recent)
        checkpoint = {"options": self.options, "corpus": self.log.facts["corpus"], "log": log}
        torch.save(checkpoint | {"training": self.training.state_dict()}, path.with_name(path.name + ".new"))
        os.replace(path.with_name(path.name + ".new"), path)

    def __call__(self) -> bool:
        """Train to the end, or until somebody says stop; returns whether this is the end."""
        asked, training, first = self.asked, self.training, self.training.rank == 0
        began = time.perf_counter(), time.process_time()
        report = progress(asked.steps, training.step) if first else None
        self.log.show = first and not watched()  # the bar says it
        for step, loss in training:
            self.log.report(step, loss)
            if report is not None:
                report(step, loss)
                if asked.checkpoint and (step % asked.every == 0 or training.stopped or step == asked.steps):
                    self.keep()
        if training.step < asked.steps:
            return False
        spent = torch.tensor([time.process_time() - began[1]])
        all_spent = [torch.empty(1) for _ in range(training.world)]
        dist.all_gather(all_spent, spent) if training.world > 1 else all_spent[0].copy_(spent)
        self.log.entries["seconds"] = {
            "wall": round(time.perf_counter() - began[0]),
            "CPU of each process": [round(seconds.item()) for seconds in all_spent],
            "load average": os.getloadavg()[1] if hasattr(os, "getloadavg") else None,  # of the last five minutes
        }
        if first:
            self.model.eval()
            self.log.show = True
            self.log.write(lambda model: figures(model, self.tests, self.seen, **self.directions))
        return True


def main(*words: Any) -> None:
    """Do what the words on the command line ask for."""
    torch.set_num_threads(1)  # small models gain nothing from two
    rank, world = (int(os.environ.get(name, default)) for name, default in (("RANK", 0), ("WORLD_SIZE", 1)))
    parser = options()
    with redirect_stderr(open(os.devnull, "w")) if rank else nullcontext():  # one process speaks
        asked = parser.parse_args(words)
        if world > 1:
            if os.environ.get("LOCAL_WORLD_SIZE") == str(world):  # all on this machine: keep to it
                loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "")
                os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
            dist.init_process_group("gloo")
        command = ["python", "-m"] if world == 1 else ["torchrun", "--nproc-per-node", str(world), "-m"]
        try:
            run = Run(asked, shlex.join([*command, "self_attention.train", *words]))
        except OSError as error:
            parser.error(f"{error.filename}: {error.strerror}")
        except ValueError as error:
            parser.error(str(error))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: run.training.stop())
    done = run()
    if world > 1:
        dist.destroy_process_group()
    if not done:
        where = f"saved in {asked.checkpoint}; the same command goes on from there" if asked.checkpoint else "not saved"
        if rank == 0:
            print(f"stopped after step {run.training.step} of {asked.steps}, {where}", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main(*sys.argv[1:])
