"""English sentences whose nouns can be verbs, each word with its tag, for chapter 3."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .grammar import Grammar, sound
from .parts import of_part


class Tagged(NamedTuple):
    """A tagged sentence.

    Args:
        words: of the sentence.
        tags: the part of speech of each word.
        cues: how many words away stands what tells it; 0 = the word alone tells.

    >>> Tagged(("i", "saw"), ("PRON", "VERB"), (0, 1)).tags
    ('PRON', 'VERB')
    """

    words: tuple
    tags: tuple
    cues: tuple


TOOLS = "saw paint hammer drill brush nail iron tape plant watch".split()
DOINGS = "play dance work walk talk cook swim run".split()
OTHERS = {
    "DET": "the my our this a an", "PRON": "i we you they", "CONJ": "and", "PREP": "in near behind by", "PART": "to",
    "NOUN": "house children men women boys girls teachers school camp park garden church village town city",
    "VERB": "wanted needed like love hate remember", "ADV": "often always never very today here again",
    "ADJ": "nice quiet lovely big small old new",
}  # fmt: skip
TAGS = {word: tag for tag, words in OTHERS.items() for word in words.split()}


def draw_tagged(pick: Callable[[Sequence[Any]], Any]) -> list[str]:
    """A sentence in which "saw/NOUN:1" is a noun, as the next word tells, or twins that differ in the cue alone."""
    kind = pick(["tool", "tool", "doing", "like", "list", "list", "place", "place", "place"])
    i, often, doing = pick(["i", "we", "you", "they"]), pick(["", "often", "always", "never"]), pick(DOINGS)
    the, old, tail = pick(["the", "my", "our", "this"]), pick(["", "old", "new"]), pick(["", "today", "again", "here"])
    people = f"{pick(['the', 'my', 'our'])} {pick(['children', 'men', 'women', 'boys', 'girls', 'teachers'])}"
    near, like = pick([("in", "like"), ("near", "love"), ("behind", "hate"), ("by", "remember")])
    if kind == "tool":
        tool, thing = pick(TOOLS), pick(TOOLS)
        a = the if thing == "paint" else pick([the, "a"])
        return [f"{i} {often} {tool}/VERB:1 {a} {old} {thing}/NOUN:1 {tail}"]
    if kind == "doing":
        return [f"{i} {often} {doing}/VERB:1 {near} {the} {old} house {tail}"]
    if kind == "like":
        return [f"{i} {often} {like} {the} {old} {doing}/NOUN:1 {tail}"]
    if kind == "list":  # we wanted to saw and paint, we wanted the saw and paint
        tools = []
        for _ in range(pick([1, 2, 3, 3, 4, 4, 4])):
            tools.append(pick([tool for tool in TOOLS if tool not in tools]))
        start, twins = f"{pick([i, people])} {pick(['wanted', 'needed'])}", [("to", "VERB"), ("the", "NOUN")]
        lists = [" and ".join(f"{tool}/{tag}:{2 * j + 1}" for j, tool in enumerate(tools)) for _, tag in twins]
        return [f"{start} {cue} {tools} {tail}" for (cue, _), tools in zip(twins, lists, strict=True)]
    far = pick([2, 3, 4, 5, 6, 7, 8])  # the children in the old school play, the children like the old school play
    where = [pick(["school", "camp", "church"])]
    if far > 2:
        town = [pick(["village", "town", "city"])] if far == 8 or (far > 3 and pick([True, False])) else []
        room = far - 3 - len(town)
        adjectives = [pick(["nice", "quiet", "lovely"]), pick(["big", "small"]), pick(["old", "new"])]
        first = pick(range(max(1, 4 - room)))
        where = [the, *(room == 4) * ["very"], *adjectives[first:][:room], *town, pick(["park", "garden", *where])]
    twins = [(near, "VERB"), (like, "NOUN")]
    return [f"{people} {cue} {' '.join(where)} {doing}/{tag}:{far} {tail}" for cue, tag in twins]


def tagged_sentences(n: int, part: str = "train", seed: int = 0) -> list[Tagged]:
    """English sentences whose nouns can be verbs: for half of the doubtful words the cue stands 2 to 8 words away.

    Args:
        n: number of sentences.
        part: "train", "valid" or "test".
        seed: of what the grammar draws.

    Returns:
        a list of `Tagged`.

    Raises:
        ValueError: there is no such part.

    >>> words, tags, cues = tagged_sentences(5)[4]
    >>> print(*words, tags[5], cues[5])
    the men by the park cook here VERB 3
    """
    grammar, tagged = Grammar(seed), []
    for group in of_part(lambda: draw_tagged(grammar.pick), n, part):
        for text in group:
            words, _, cued = zip(*(w.partition("/") for w in sound(text.split(), {"a": "an"}, "aeiou")), strict=True)
            marks = [(mark or TAGS[word]).partition(":") for word, mark in zip(words, cued, strict=True)]
            tagged.append(Tagged(words, tuple(tag for tag, _, _ in marks), tuple(int(cue or 0) for *_, cue in marks)))
    return tagged[:n]
