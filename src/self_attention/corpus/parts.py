"""The parts of the corpus: to learn from, to choose by, to test."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

from .grammar import Grammar, Pair, pronoun
from .lexicon import FIXED, GREETINGS


def part_of(sentence: str) -> str:
    """The part of the corpus, "train", "valid" or "test", to which a sentence (French or tagged) belongs."""
    return "train" if sentence in FIXED else {0: "test", 1: "valid"}.get(crc32(sentence.encode()) % 22, "train")


def distinct(draw: Callable[[], Any]) -> Iterator[tuple[str, Any]]:
    """(part, item) for ever; an item's first entry is the sentence that decides, none but FIXED comes twice."""
    seen, idle = set(), 0
    while idle < 1_000:
        item = draw()
        idle += 1
        if item[0] not in seen or item[0] in FIXED:
            idle *= item[0] in seen
            seen.add(item[0])
            yield part_of(item[0]), item
    raise ValueError(f"there are only about {len(seen)} such sentences, all parts together: ask for fewer")


def of_part(draw: Callable[[], Any], n: int, part: str) -> list[Any]:
    """The first n distinct items of a part."""
    if part not in ("train", "valid", "test"):
        raise ValueError(f"part = {part!r}, expected 'train', 'valid' or 'test'")
    return list(islice((item for its_part, item in distinct(draw) if its_part == part), n))


def pairs(n: int, part: str = "train", seed: int = 0, kind: str | None = None, max_len: int = 30) -> list[Pair]:
    """The first n pairs of a part, of one kind or of all, of at most `max_len` words a side.

    Args:
        n: number of pairs; no pair comes twice, but for a few everyday ones such as "merci".
        part: "train", "valid" or "test"; no sentence is in two parts, whatever the seed.
        seed: of what the grammar draws.
        kind: one of Grammar.KINDS: "fixed", "thanks", "job", "clause", "two", "pronoun", "because", or "phrase", nouns
            without a sentence; None = all but "phrase", in the shares that KINDS gives.
        max_len: the most words, from 1 to 30.

    Returns:
        a list of `Pair`.

    Raises:
        ValueError: there is no such part or kind, or there are not so many sentences of this kind and length.

    >>> pairs(1, max_len=4, kind="job")
    [Pair(fr='mes sœurs étaient médecins', en='my sisters were doctors')]
    """
    grammar = Grammar(seed)
    return of_part(lambda: grammar.sentence(kind, max_len), n, part)


def corpus(train: int = 40_000, valid: int = 2_000, test: int = 2_000, seed: int = 0) -> dict[str, list[Pair]]:
    """All three parts of the corpus, drawn in one go.

    Args:
        train, valid, test: number of pairs in each part.
        seed: of what the grammar draws.

    Returns:
        {"train": [Pair, ...], "valid": [...], "test": [...]}, each as `pairs` gives it. The book's models were chosen
        with "test" in view; "valid" is what no choice has seen (training/README.md).

    >>> {part: len(its_pairs) for part, its_pairs in corpus(train=3, valid=1, test=2).items()}
    {'train': 3, 'valid': 1, 'test': 2}
    """
    sizes = {"train": train, "valid": valid, "test": test}
    parts: dict[str, list[Pair]] = {part: [] for part in sizes}
    sentences = distinct(Grammar(seed).sentence)
    while any(len(parts[part]) < sizes[part] for part in sizes):
        part, pair = next(sentences)
        if len(parts[part]) < sizes[part]:
            parts[part].append(pair)
    return parts


class Because(NamedTuple):
    """A pair whose pronoun could mean either noun, and which one it does mean.

    Args:
        fr, en: its words, separated by spaces.
        at_fr, at_en: where its subject, object, pronoun and adjective stand, from 0, in either language.
        meant: which noun: 0 = the subject, 1 = the object.

    >>> because_pairs(1)[0].meant
    0
    """

    fr: str
    en: str
    at_fr: tuple
    at_en: tuple
    meant: int


def because_pairs(n: int, part: str = "test", seed: int = 0) -> list[Because]:
    """Pairs whose English pronoun (it, they) fits either noun, while French must say il or elle: the adjective decides.

    Args:
        n: number of pairs.
        part: "train", "valid" or "test".
        seed: of what the grammar draws.

    Returns:
        a list of `Because`.

    Raises:
        ValueError: there is no such part.

    >>> for entry in because_pairs(1)[0]:
    ...     print(entry)
    le chat malade ne mange pas ma pomme sucrée parce qu' il est trop jeune
    the sick cat does not eat my sweet apple because it is too young
    (1, 7, 11, 14)
    (2, 8, 10, 13)
    0
    """
    grammar = Grammar(seed)

    def draw():
        while True:
            pair = grammar.sentence("because")
            subject, thing, meant = grammar.because
            (il, it), (elle, it_too) = pronoun(subject, 0), pronoun(thing, 0)
            if it == it_too and il != elle:
                break
        at = []
        for side, because in enumerate(["parce", "because"]):
            words = pair[side].split()
            nouns = (words.index(phrase.noun[side][phrase.plural]) for phrase in (subject, thing))
            at.append((*nouns, words.index(because) + 2 - side, len(words) - 1))
        return Because(*pair, *at, int(meant is thing))

    return of_part(draw, n, part)


def lone_greetings(n: int) -> list[Pair]:
    """Each greeting alone, about n times in all, with each of its translations as often as GREETINGS says.

    Args:
        n: number of pairs, up to rounding.

    Returns:
        a list of `Pair`.

    >>> lone_greetings(30)[3:6]
    [Pair(fr='bonjour', en='hello'), Pair(fr='bonjour', en='good morning'), Pair(fr='bonjour', en='good morning')]
    """
    each = n / len(GREETINGS)
    return [Pair(fr, en) for fr, said in GREETINGS.items() for en, p in said.items() for _ in range(round(each * p))]


def greeting_pairs(n: int, seed: int = 0) -> list[Pair]:
    """Pairs such as "bonjour , merci , au revoir", where a greeting's translation is drawn from GREETINGS.

    Args:
        n: number of pairs, of any part of the corpus.
        seed: of what the grammar draws.

    Returns:
        a list of `Pair`.

    >>> greeting_pairs(1)[0].en
    'no trouble , a sad horse played , see you later'
    """
    grammar, drawn = Grammar(seed), []
    for _ in range(n):
        said = [grammar.sentence(grammar.pick(["fixed", "job", "clause"]), max_len=6)]
        for greeting, place in (("de rien", 0), ("bonjour", 0), ("au revoir", 3)):
            if grammar.chance(0.5):
                answers = [en for en, p in GREETINGS[greeting].items() for _ in range(round(10 * p))]
                said.insert(place, Pair(greeting, grammar.pick(answers)))
        drawn.append(Pair(*(" , ".join(side) for side in zip(*said, strict=True))))
    return drawn
