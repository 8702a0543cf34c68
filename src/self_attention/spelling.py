"""What somebody types, as words that a model knows. The page does the same in widgets/src/maths/sentences.js."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from unicodedata import normalize

SPACES = re.compile(r"[\s\u200b\ufeff]+")  # all that Python or JavaScript calls space, and the one without width
QUOTES, FINAL = '"«»“”„‹›', ".,!?…;:"


def plain(word: str) -> str:
    """A word in one spelling: lower-case, its accents composed (NFC), its apostrophes straight.

    >>> plain("L’E\u0301te\u0301")
    "l'été"
    """
    return re.sub("[’‘ʼ]", "'", normalize("NFC", word).lower())


def spellings(words: Sequence[str]) -> dict[str, str]:
    """{spelling: word}, for `split`: each word as it is, which goes first, and as `plain` makes it.

    >>> spellings(["Tag", "guten"])
    {'guten': 'guten', 'tag': 'Tag', 'Tag': 'Tag'}
    """
    return {plain(word): word for word in reversed(words)} | {word: word for word in words}


def split(text: str, known: Mapping[str, str]) -> list[str]:
    """The words of a text as a model spells them; a word that it does not know comes as `plain` makes it.

    A text of known words is taken as it stands. In any other, capitals, the kind of apostrophe, of accent (NFC, NFD)
    and of space do not matter, and "l'animal" is "l' animal" where "l'" is a word. Quotation marks, and the marks at
    the end, are dropped, unless they are words; then, as a comma always is, they are put apart.

    Args:
        text: what somebody typed.
        known: what `spellings` makes of the known words.

    Returns:
        a list of words.

    >>> split("L’animal, qu'il voit.", spellings(["animal", "il", "l'", "qu'", "voit"]))
    ["l'", 'animal', ',', "qu'", 'il', 'voit']
    """
    pieces = [piece for piece in SPACES.split(text) if piece]
    if all(known.get(piece) == piece for piece in pieces):
        return pieces

    def find(piece: str) -> str | None:
        return known.get(piece) or known.get(plain(piece))

    quotes, final = ("".join(mark for mark in marks if mark not in known) for marks in (QUOTES, FINAL))
    apart = "," + "".join(mark for mark in QUOTES + FINAL if mark in known)
    pieces = [piece if find(piece) else piece.translate(dict.fromkeys(map(ord, quotes))) for piece in pieces]
    pieces = [piece for piece in pieces if piece]
    while pieces and not find(pieces[-1]) and pieces[-1][-1] in final:
        rest = pieces.pop()[:-1]
        pieces += [rest] if rest else []
    words = []
    for piece in pieces:
        for part in [piece] if find(piece) else re.split(f"([{apart}])", plain(piece)):
            while not find(part) and "'" in part[:-1] and (start := part[: part.index("'") + 1]) in known:
                words.append(known[start])
                part = part[len(start) :]
            words.append(find(part) or part)
    return [word for word in words if word]


def check_known(words: Iterable[str], known: Collection[str]) -> None:
    """Refuse words that are not among the known ones: says which, and the nearest of those that are known.

    Accents count for nothing in that.

    >>> check_known(["etudiant"], ["étudiant", "merci"])
    Traceback (most recent call last):
    ValueError: the model does not know the word 'etudiant': expected words such as étudiant
    """
    strangers = [word for word in dict.fromkeys(words) if word not in known]
    if strangers:
        folded = {fold(word): word for word in known}
        matches = [folded[match] for word in strangers for match in get_close_matches(fold(word)[:40], folded)]
        named, s = ", ".join(map(repr, strangers)), "s" * (len(strangers) > 1)
        near = ", ".join(dict.fromkeys(matches or [word for word in known if word[0] != "<"][:3]))
        raise ValueError(f"the model does not know the word{s} {named:.1000}: expected words such as {near:.1000}")


def fold(word: str) -> str:
    """A word without accents and ligatures."""
    return re.sub("[\u0300-\u036f]", "", normalize("NFD", plain(word))).replace("œ", "oe")
