"""Train on sentences of up to 12 words, and ask about longer ones: are untrained positions to blame (chapter 12)?

    python training/train_lengths.py plain --seed 0     every sentence begins at position 0
    python training/train_lengths.py offset --seed 0    every batch begins at a position from 0 to 20, drawn anew

The offset is the same for encoder and decoder, so the second model has been trained at all the positions that sentences
of 16 words need. Tested from position 0, both. Writes a log, no weights. Same seed, same machine, same numbers; about
2 minutes on a quiet core.
"""

import sys
from random import Random

import torch

from self_attention import nn
from self_attention import train as command
from self_attention.book.runs import log_file, options
from self_attention.training import train
from self_attention.training.log import Log, digest
from self_attention.vocabulary import Vocabulary

STEPS, LONGEST, OFFSETS = 3000, 12, 20
BEYOND = (13, 14, 15, 16)


class Translator(nn.TransformerTranslator):
    """A Transformer whose positions begin, in training, anywhere from 0 to `offsets`."""

    def __init__(self, words, offsets, seed):
        super().__init__(words, d_model=64, h=4, d_ff=128, layers=(2, 2))
        self.random, self.offsets, self.first = Random(seed), offsets, 0
        embed = self.transformer.embed
        self.transformer.embed = lambda embedding, ids, first=0: embed(embedding, ids, first + self.first)

    def loss(self, pairs):
        self.first = self.random.randint(0, self.offsets)
        loss = super().loss(pairs)
        self.first = 0
        return loss


def lengths(model, pairs):
    """Of the translations of some pairs, in %: the right ones, those with too few words, those with too many."""
    said = model.translate([source for source, _ in pairs])
    right = [its == target for its, (_, target) in zip(said, pairs, strict=True)]
    more = [len(its.split()) - len(target.split()) for its, (_, target) in zip(said, pairs, strict=True)]
    shares = {"exact": right, "short": [n < 0 for n in more], "long": [n > 0 for n in more]}
    return {"sentences": len(pairs)} | {name: round(100 * sum(hits) / len(pairs), 1) for name, hits in shares.items()}


def figures(model, test, directions):
    """By direction: the shares of all pairs of up to 12 words, and of those of 13, 14, 15 and 16."""
    groups = {f"up to {LONGEST}": range(LONGEST + 1)} | {str(n): (n,) for n in BEYOND}
    return {
        name: {
            group: lengths(
                model, command.directed([pair for pair in test if command.longer(pair) in its], **directions)[name]
            )
            for group, its in groups.items()
        }
        for name in command.directed([], **directions)
    }


def main(*words):
    parser = options(__doc__, STEPS)
    parser.add_argument("name", choices=("plain", "offset"))
    asked = parser.parse_args(words)
    name, seed, steps = asked.name, asked.seed, asked.steps
    torch.set_num_threads(1)

    pairs, tests = command.parts(command.options().parse_args(["--max-len", str(LONGEST), "--out", "unused"]))
    directions = {"languages": ["fr", "en"], "to": ["en", "fr"]}
    examples = sum(command.directed(pairs, **directions).values(), [])
    torch.manual_seed(seed)
    words = Vocabulary([sentence for pair in examples for sentence in pair])
    model = Translator(words, OFFSETS if name == "offset" else 0, seed)
    typed = f"python training/train_lengths.py {name} --seed {seed} --steps {steps}"
    facts = {"seed": seed, "steps": steps, "corpus": digest([pairs, tests])}
    file = log_file(f"lengths_{name}", seed, steps, asked.out)
    run = Log(f"lengths_{name}", typed, model, log=file, show=True, **facts)
    train(model, examples, steps, rate=5e-3, seed=seed, report=run.report, fused=True, length=command.words)
    run.write(lambda model: figures(model, tests["sentences"], directions))


if __name__ == "__main__":
    main(*sys.argv[1:])
