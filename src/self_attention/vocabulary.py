"""Words and their ids, and the special tokens, which no sentence says."""

from collections.abc import Iterable
from functools import cached_property

from .spelling import check_known, plain, spellings, split

SPECIAL_TOKENS = ("<pad>", "<bos>", "<eos>", "<unk>")  # padding, beginning and end of a sentence, an unknown word


class Vocabulary:
    """The words of some sentences, sorted, after four special tokens with the ids 0 to 3.

    Args:
        sentences: a list of strings, their words separated by spaces.

    Raises:
        ValueError: it is one string, not a list.

    >>> vocabulary = Vocabulary(["i am a student", "thanks"])
    >>> vocabulary.words
    ['<pad>', '<bos>', '<eos>', '<unk>', 'a', 'am', 'i', 'student', 'thanks']
    >>> vocabulary.batch(["i am", "thanks"], eos=True)
    ([[6, 5, 2], [8, 2, 0]], [3, 2])
    """

    PAD, BOS, EOS, UNK = range(len(SPECIAL_TOKENS))

    def __init__(self, sentences: Iterable[str]) -> None:
        if isinstance(sentences, str):
            raise ValueError(f"sentences = {sentences!r}, expected a list of sentences, not one")
        self.words = [*SPECIAL_TOKENS, *sorted({word for sentence in sentences for word in sentence.split()})]
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    @property
    def ordinary(self) -> list[str]:
        """The words without the special tokens."""
        return self.words[len(SPECIAL_TOKENS) :]

    @cached_property
    def spellings(self) -> dict[str, str]:
        """How each word, and <unk>, may be spelled: {spelling: word}."""
        return spellings(["<unk>", *self.ordinary])

    def split(self, text: str | Iterable[str]) -> list[str]:
        """The words of what somebody typed, as this vocabulary has them; <unk> may be among them.

        Capitals, a final stop, the kind of apostrophe, accent and space do not matter, nor does "l'animal" for
        "l' animal". The text may be a list of words, too, which then stay as many.

        Raises:
            ValueError: some words are unknown; says which, and what is near.

        >>> Vocabulary(["je suis étudiant"]).split("Je suis étudiant.")
        ['je', 'suis', 'étudiant']
        """
        if isinstance(text, str):
            words = split(text, self.spellings)
        else:
            words = [self.spellings.get(word) or self.spellings.get(plain(word), word) for word in text]
        check_known(words, self.spellings)
        return words

    def encode(self, sentence: str, bos: bool = False, eos: bool = False) -> list[int]:
        """The ids of a sentence, UNK for an unknown word, between BOS and EOS if asked for."""
        return bos * [self.BOS] + [self.ids.get(word, self.UNK) for word in sentence.split()] + eos * [self.EOS]

    def decode(self, ids: Iterable[int]) -> str:
        """The sentence that some ids spell, up to the first EOS, without PAD and BOS."""
        ids = [int(i) for i in ids]
        if not all(0 <= i < len(self) for i in ids):
            raise ValueError(f"ids = {ids}, expected numbers from 0 to {len(self) - 1}")
        ids = ids[: ids.index(self.EOS)] if self.EOS in ids else ids
        return " ".join(self.words[i] for i in ids if i not in (self.PAD, self.BOS))

    def batch(
        self, sentences: Iterable[str], bos: bool = False, eos: bool = False
    ) -> tuple[list[list[int]], list[int]]:
        """Ids as a list of lists (b, n), padded with PAD on the right, and the lengths (b,)."""
        rows = [self.encode(sentence, bos, eos) for sentence in sentences]
        lengths = [len(row) for row in rows]
        return [row + (max(lengths) - len(row)) * [self.PAD] for row in rows], lengths
