"""Train the two translators of chapter 3, French to English: with attention, and with one vector for a sentence.

    python training/train_translators.py attention
    python training/train_translators.py fixed

Writes a log and, without options, the weights into the package. Same seed, same machine, same numbers;
about 4 minutes for one and 2 for the other on a quiet core.
"""

import sys

import torch

from self_attention import nn
from self_attention.book.runs import log, options
from self_attention.corpus import corpus
from self_attention.training import train
from self_attention.training.log import digest
from self_attention.vocabulary import Vocabulary

STEPS = 3000


def build(attention, seed, pairs):
    """A translator without training, and the words it will know."""
    torch.manual_seed(seed)
    source, target = (Vocabulary(sentences) for sentences in zip(*pairs, strict=True))
    return nn.Translator(source, target, attention=attention)


def accuracy(model, pairs):
    """The share of translations that are right to the last word, in %, for all and by the length of the source."""
    right = model.exact(pairs)
    lengths = torch.tensor([len(pair.fr.split()) for pair in pairs]).numpy()
    shares = {"all": {"sentences": len(pairs), "exact": round(100 * right.mean().item(), 2)}}
    for least in range(1, 30, 5):
        some = right[(lengths >= least) & (lengths < least + 5)]
        if some.size:
            shares[f"{least}-{least + 4}"] = {"sentences": len(some), "exact": round(100 * some.mean().item(), 2)}
    return shares


def influence(model, pairs):
    """How far each of 20 words moves the last forward state, as a share of the last word's: by the distance from it.

    It is the size of that state's derivatives, averaged over 50 sentences.
    """
    sentences = [" ".join(pair.fr.split()[:20]) for pair in pairs if len(pair.fr.split()) >= 20][:50]
    X = model.encoder.embedding(torch.tensor(model.source.batch(sentences)[0])).detach()  # (50, 20, d_model)

    def last(X):
        return model.encoder.gru(X)[0][:, -1, : X.shape[-1]].sum(dim=0)  # the sentences do not touch each other

    J = torch.autograd.functional.jacobian(last, X)  # (d_model, 50, 20, d_model)
    size = J.square().sum(dim=(0, 3)).sqrt().mean(dim=0).flip(0)  # (20,)
    return [round(share, 4) for share in (size / size[0]).tolist()]


def main(*words):
    parser = options(__doc__, STEPS)
    parser.add_argument("name", choices=["attention", "fixed"])
    asked = parser.parse_args(words)
    name, seed, steps, out = asked.name, asked.seed, asked.steps, asked.out
    ship = seed == 0 and steps == STEPS
    torch.set_num_threads(1)

    parts = corpus()
    model = build(name == "attention", seed, parts["train"])
    command = f"python training/train_translators.py {name} --seed {seed} --steps {steps}"
    run = log(f"translator_{name}", command, model, out, ship, seed=seed, steps=steps, corpus=digest(parts))
    train(model, parts["train"], steps, seed=seed, report=run.report)

    def measure(model):
        run.entries["influence"] = influence(model, parts["test"])
        return accuracy(model, parts["test"])

    run.write(measure)


if __name__ == "__main__":
    main(*sys.argv[1:])
