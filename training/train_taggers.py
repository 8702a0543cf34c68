"""Train the four taggers of chapter 3: from the word alone, from 3 words, from a window over all, by self-attention.

    python training/train_taggers.py

Writes four logs and, without options, the weights into the package. Same seed and machine, same numbers;
some ten seconds for all on a quiet core.
"""

import sys

import torch

from self_attention import nn
from self_attention.book.runs import log, options
from self_attention.corpus import tagged_sentences
from self_attention.training import train
from self_attention.training.log import digest
from self_attention.vocabulary import Vocabulary

STEPS = 800
FARTHER = {"all": 0, "in doubt": 1, "outside a window of 3": 2}  # the least distance of a word's cue


def accuracy(model, tagged):
    """The share of right tags in %: of all words, of those in doubt, of those whose cue is far, and by its distance."""
    right = {}
    for (_, tags, cues), said in zip(tagged, model.tag([words for words, *_ in tagged]), strict=True):
        for tag, cue, its in zip(tags, cues, said, strict=True):
            right.setdefault(cue, []).append(tag == its)
    groups = {name: sum((right[cue] for cue in right if cue >= least), []) for name, least in FARTHER.items()}
    groups |= {str(cue): right[cue] for cue in sorted(right)}
    return {name: {"words": len(hits), "right": round(100 * sum(hits) / len(hits), 2)} for name, hits in groups.items()}


def main(*words):
    asked = options(__doc__, STEPS).parse_args(words)
    seed, steps, out = asked.seed, asked.steps, asked.out
    ship = seed == 0 and steps == STEPS
    torch.set_num_threads(1)

    examples, test = tagged_sentences(4000), tagged_sentences(1000, part="test")
    vocabulary = Vocabulary([" ".join(sentence.words) for sentence in examples])
    tags = sorted({tag for sentence in examples for tag in sentence.tags})
    longest = max(len(sentence.words) for sentence in examples)
    command, corpus = f"python training/train_taggers.py --seed {seed} --steps {steps}", digest([examples, test])
    for reach in (1, 3, 2 * longest - 1, "all"):  # the third sees the whole sentence, from its first word and its last
        torch.manual_seed(seed)
        model = nn.Tagger(vocabulary, tags, reach)
        run = log(f"tagger_{reach}", command, model, out, ship, seed=seed, steps=steps, corpus=corpus)
        train(model, examples, steps, rate=5e-3, seed=seed, report=run.report)
        run.write(lambda model: accuracy(model, test))


if __name__ == "__main__":
    main(*sys.argv[1:])
