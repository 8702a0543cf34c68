"""BLEU: how much of what was said is right."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from ._arrays import check_integer


def bleu(said: Sequence[str], right: Sequence[str | Sequence[str]], n: int = 4) -> float:
    """BLEU: how many of the words, pairs, ... of n words that were said are right, in all sentences together.

    BLEU = brevity_penalty (p_1 p_2 ... p_n)^(1 / n)

    There p_i is the clipped precision of i words.

    Args:
        said: a list of sentences, their words divided by spaces.
        right: for each the right sentence, or a list of right ones.
        n: the longest groups of words.

    Returns:
        from 0 to 1; many authors write it as percent. It is 0 if any precision is 0: nothing is smoothed.

    Raises:
        ValueError: said and right are not lists of one length, there are no sentences, n is not an integer from 1 up.

    >>> round(bleu(["the black cat sleeps on the bed"], ["the black cat sleeps on the sofa"]), 4)
    0.8091

    Source: Papineni et al. 2002, sec. 2.3.
    """
    check_integer("n", n, least=1)
    precisions = [clipped_precision(said, right, i) for i in range(1, n + 1)]
    if min(precisions) == 0:
        return 0.0
    return brevity_penalty(said, right) * math.exp(sum(map(math.log, precisions)) / n)


def clipped_precision(said: Sequence[str], right: Sequence[str | Sequence[str]], n: int) -> float:
    """The share of the groups of n words said that are right, each as often at most as a right sentence has it.

    p_n = sum_g min(said_g, right_g) / sum_g said_g

    Over all groups g of n words: how often it was said, and how often it stands in the right sentence that has most.

    Args:
        said, right: as for `bleu`.
        n: how many words make a group.

    Returns:
        from 0 to 1; 0 if no sentence has n words.

    Raises:
        ValueError: as for `bleu`.

    >>> 7 * clipped_precision(["the the the the the the the"], ["the cat is on the mat"], n=1)
    2.0

    Source: Papineni et al. 2002, sec. 2.1.
    """
    check_integer("n", n, least=1)
    hits = total = 0
    for sentence, references in compared(said, right):
        groups, allowed = count(sentence, n), Counter[tuple[str, ...]]()
        for reference in references:
            allowed |= count(reference, n)  # of each group the largest count
        hits, total = hits + (groups & allowed).total(), total + groups.total()
    return hits / total if total else 0.0


def brevity_penalty(said: Sequence[str], right: Sequence[str | Sequence[str]]) -> float:
    """A number from 0 to 1 for how long it is: 1, unless less was said than is right.

    penalty = exp(1 - r / c) for c < r, else 1

    There c is the number of words said, and r how many would be right.

    Args:
        said, right: as for `bleu`. Of several right sentences the one nearest in length counts, and the shorter of two.

    Returns:
        from 0 to 1.

    Raises:
        ValueError: as for `bleu`.

    >>> round(brevity_penalty(["a cat"], ["a black cat"]), 4)
    0.6065

    Source: Papineni et al. 2002, sec. 2.2.2.
    """
    c = r = 0
    for sentence, references in compared(said, right):
        c += len(sentence)
        r += min((abs(len(reference) - len(sentence)), len(reference)) for reference in references)[1]
    return 1.0 if c >= r else math.exp(1 - r / c) if c else 0.0


def compared(said: Sequence[str], right: Sequence[str | Sequence[str]]) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Pairs of a sentence and its references, cut into words."""
    if isinstance(said, str) or isinstance(right, str) or len(said) != len(right) or not len(said):
        raise ValueError(f"expected said and right to be lists of sentences, equally many, got {said!r} and {right!r}")
    for sentence, references in zip(said, right, strict=True):
        references = [references] if isinstance(references, str) else references
        if not references:
            raise ValueError(f"expected at least one right sentence for {sentence!r}, got none")
        yield sentence.split(), [reference.split() for reference in references]


def count(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """How often each group of n words occurs."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
