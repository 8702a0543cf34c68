"""Train the two Transformers of chapter 8, English to French, where "it" must become il or elle.

    python training/train_transformers.py pronouns    one head, three encoder layers, one decoder layer
    python training/train_transformers.py heads       four heads, two layers each

Writes a log and, without options, the weights into the package. Same seed, same machine, same numbers;
about 3 minutes for one and 5 for the other on a quiet core.
"""

import sys
from functools import partial

import torch
from torch.nn.functional import cross_entropy

from self_attention import nn
from self_attention.book.runs import log, options
from self_attention.corpus import because_pairs, corpus
from self_attention.nn import Force
from self_attention.training import train
from self_attention.training.log import digest
from self_attention.vocabulary import Vocabulary

STEPS = 4000
MODELS = {"pronouns": {"h": 1, "layers": (3, 1)}, "heads": {"h": 4, "layers": (2, 2)}}
OTHER = {"il": "elle", "elle": "il", "ils": "elles", "elles": "ils"}


def english_to_french(pairs):
    """Each pair as (English, French)."""
    return [(pair.en, pair.fr) for pair in pairs]


def build(name, seed, pairs):
    """A Transformer without training, and the words it will know."""
    torch.manual_seed(seed)
    source, target = (Vocabulary(sentences) for sentences in zip(*pairs, strict=True))
    return nn.TransformerTranslator(source, target, **MODELS[name], d_model=64, d_ff=128, norm="pre")


def loss(model, pairs):
    """The model's own loss, not flattened first: the shipped weights were trained with it, and it rounds otherwise."""
    logits, right = model(pairs)
    return cross_entropy(logits.mT, right, ignore_index=Vocabulary.PAD)


def percent(hits):
    """A share of True, in %."""
    return round(100 * float(sum(hits)) / len(hits), 2)


def pronoun(french):
    """The word after "parce qu'"; nothing if there is none."""
    _, _, rest = french.partition("parce qu' ")
    return rest.partition(" ")[0]


def rows(pairs):
    """Of because-pairs: {name: position}, (b,) each, in the English sentence: the noun meant, the other, the rows.

    "writes" is the decoder's row that writes the pronoun.
    """
    subject, thing, it, adjective = torch.tensor([pair.at_en for pair in pairs]).unbind(dim=1)
    first = torch.tensor([pair.meant for pair in pairs]) == 0
    meant, other = torch.where(first, subject, thing), torch.where(first, thing, subject)
    writes = torch.tensor([pair.at_fr[2] for pair in pairs])
    return {
        "meant": meant, "other": other, "because": it - 1, "it": it, "was": it + 1, "adjective": adjective,
        "writes": writes,
    }  # fmt: skip


def flips(model, pairs, intervention):
    """The share of il that become elle, and of elle that become il, in %."""
    said = model.translate([pair.en for pair in pairs], intervention=intervention)
    return percent([pronoun(its) == OTHER[pronoun(pair.fr)] for its, pair in zip(said, pairs, strict=True)])


def mean_weight(model, pairs, rows, columns):
    """The mean weight that one row of each pair gives one column, in %, by layer and head of the encoder."""
    total = 0
    for b, pair in enumerate(pairs):
        total = total + model.maps(pair.en, pair.fr)["encoder"][:, :, rows[b], columns[b]]  # (layers, h)
    return (100 * total.double() / len(pairs)).round(decimals=1).tolist()


def pronouns(model, pairs):
    """What the encoder's attention shows of the right noun, and what it does: shares in %.

    "weight": of the rows of "it" and of the adjective, the mean weight on the noun meant, by layer and head.
    "flips": that row, in all heads of one layer, forced onto the other noun: how many il become elle, and elle il.

    Of a model with several heads, too:
    "other": the mean weight of the same rows on the other noun.
    "flips_by_head": by layer, what flips with one head after the other and then with all: in the encoder's row of "it",
    and in the row of the decoder's look at the source ("cross") that writes the pronoun.
    """
    said = model.translate([pair.en for pair in pairs])
    hits = [its == pair.fr for its, pair in zip(said, pairs, strict=True)]
    found = {"sentences": len(pairs), "right": percent(hits)}
    if not any(hits):
        return found
    right = [pair for pair, hit in zip(pairs, hits, strict=True) if hit]
    at, layers, h = rows(right), model.config["layers"], model.config["h"]

    def forced(place, row, heads=(None,)):
        for i in range(layers[place != "encoder"]):
            yield [flips(model, right, Force(place, i, at[row], at["other"], head)) for head in heads]

    looking = ("it", "adjective")
    found["weight"] = {row: mean_weight(model, right, at[row], at["meant"]) for row in looking}
    found["flips"] = {row: sum(forced("encoder", row), []) for row in ("because", "it", "was", "adjective")}
    if h > 1:
        found["other"] = {row: mean_weight(model, right, at[row], at["other"]) for row in looking}
        places = {"encoder": "it", "cross": "writes"}
        found["flips_by_head"] = {place: [*forced(place, row, (*range(h), None))] for place, row in places.items()}
    return found


def without_head(model, pairs):
    """The share of translations that are right, in %, when one head's weights are 0: {place: (layers, h)}."""
    places = {"encoder": model.transformer.encoder, "decoder": model.transformer.decoder}
    places["cross"] = model.transformer.decoder
    heads = range(model.config["h"])
    return {
        place: [
            [percent(model.exact(pairs, intervention=Force(place, layer, head=head))) for head in heads]
            for layer in range(len(layers))
        ]
        for place, layers in places.items()
    }


def accuracy(model, test):
    """All figures of a model's log, on unseen sentences."""
    found = {"sentences": len(test), "exact": percent(model.exact(test))}
    found["because"] = pronouns(model, because_pairs(300))
    found["without_head"] = {"sentences": 500, **without_head(model, test[:500])}
    return found


def main(*words):
    parser = options(__doc__, STEPS)
    parser.add_argument("name", choices=MODELS)
    asked = parser.parse_args(words)
    name, seed, steps, out = asked.name, asked.seed, asked.steps, asked.out
    ship = seed == 0 and steps == STEPS
    torch.set_num_threads(1)

    parts = corpus()
    pairs = {part: english_to_french(parts[part]) for part in ("train", "test")}
    model = build(name, seed, pairs["train"])
    command = f"python training/train_transformers.py {name} --seed {seed} --steps {steps}"
    run = log(f"transformer_{name}", command, model, out, ship, seed=seed, steps=steps, corpus=digest(parts))
    model.loss = partial(loss, model)
    train(model, pairs["train"], steps, rate=5e-3, seed=seed, report=run.report)
    run.write(lambda model: accuracy(model, pairs["test"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
