"""Draws abstract sentences and says each of them in French and English."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .lexicon import (
    ADJECTIVES,
    ANIMATE,
    BEFORE_VOWEL,
    BY_PEOPLE,
    CONJUNCTIONS,
    DO,
    ELIDED,
    FIXED,
    FREQUENCIES,
    HAVE,
    INANIMATE,
    IS,
    JOBS,
    MY,
    NEGATIONS,
    NEVER,
    NO_LONGER,
    NOT,
    NOUNS,
    OBJECTS,
    PASSING,
    PEOPLE,
    PLACES,
    PLAIN,
    PREPOSITIONS,
    REASONS,
    THE,
    THIS,
    TIRED,
    VERBS,
    VOWELS,
    WAS,
    A,
    I,
    Noun,
)


def sound(words: Sequence[str], changes: Mapping[str, str], vowels: str = VOWELS) -> list[str]:
    """Words, those in `changes` replaced where a vowel follows."""
    pairs = zip(words, [*words[1:], "."], strict=True)
    return [changes.get(word, word) if after[0] in vowels else word for word, after in pairs]


class Pair(NamedTuple):
    """A sentence in French and in English.

    Args:
        fr, en: its words, separated by spaces.

    >>> Pair("merci", "thanks").en
    'thanks'
    """

    fr: str
    en: str


class Phrase(NamedTuple):
    """A noun phrase in both languages, with what agreement needs to know."""

    fr: str
    en: str
    noun: Noun
    plural: bool = False

    @property
    def form(self) -> int:
        """Which form of an adjective agrees with it."""
        return 2 * self.plural + self.noun.feminine


ME = Phrase("je", "i", I)


class Redraw(Exception):
    """Nothing fits here, or a pronoun could be misunderstood: another sentence is drawn."""


def both(*parts: Any) -> Pair:
    """Parts that start with (French, English), one after the other in either language."""
    return Pair(*(" ".join(part[side] for part in parts if part[side]) for side in (0, 1)))


def agree(subject: Phrase, forms: Sequence[str]) -> str:
    """The form (he, they, i) that goes with a subject."""
    return forms[2 if subject is ME else subject.plural]


def pronoun(meant: Phrase, role: int, rivals: Sequence[Phrase] = (), elided: bool = False) -> tuple[str, str]:
    """What stands for a phrase as subject (role 0) or object (1), in French and English, and not for a rival."""

    def forms(phrase):
        fr = (("il", "le"), ("elle", "la"), ("ils", "les"), ("elles", "les"))[phrase.form][role]
        en = (("he", "him"), ("she", "her"))[phrase.noun.feminine] if phrase.noun.kind in PEOPLE else ("it", "it")
        en = ("they", "them") if phrase.plural else en
        return "l'" if elided and not phrase.plural else fr, en[role]

    fr, en = forms(meant)
    if any((fr == other_fr) != (en == other_en) for other_fr, other_en in map(forms, rivals)):
        raise Redraw
    return fr, en


class Grammar:
    """Draws abstract sentences and says each of them in French and English.

    Args:
        seed: of all that is left to chance.

    >>> Grammar(seed=0).sentence("job")
    Pair(fr='ma voisine était étudiante', en='my neighbour was a student')
    """

    KINDS = {"fixed": 1, "thanks": 2, "job": 4, "clause": 10, "two": 35, "pronoun": 28, "because": 20}  # shares in %
    KINDS |= {"phrase": 0}  # no sentence: in the corpus for those who ask for it

    def __init__(self, seed: int = 0) -> None:
        self.random = random.Random(seed).random
        self.kinds = [kind for kind, share in self.KINDS.items() for _ in range(share)]

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.random() < p

    def pick(self, options: Sequence[Any]) -> Any:
        """One of them."""
        if not options:
            raise Redraw
        return options[int(self.random() * len(options))]

    def sentence(self, kind: str | None = None, max_len: int = 30) -> Pair:
        """A Pair of at most `max_len` words a side; kind is one of KINDS, None draws it."""
        if kind not in (None, *self.KINDS):
            raise ValueError(f"kind = {kind!r}, expected one of {', '.join(self.KINDS)}")
        for _ in range(10_000):
            self.used, self.phrases, self.past = set[str](), list[Phrase](), self.pick([False, True])
            try:
                fr, en = getattr(self, "_" + (kind or self.pick(self.kinds)))()
            except Redraw:
                continue
            fr = " ".join(sound(fr.split(), ELIDED)).replace(" de le ", " du ").replace(" de les ", " des ")
            en = " ".join(sound(en.split(), {"a": "an"}, "aeiou"))
            if max(len(fr.split()), len(en.split())) <= max_len:
                return Pair(fr, en)
        raise ValueError(f"max_len = {max_len}, but 10,000 draws gave no sentence so short")

    # Words and phrases; `used` holds what this sentence shall not say again, `phrases` its nouns so far

    def _verb(self, subject, object_kind=None):
        can = [v for v in VERBS if v.en[1] not in self.used and (object_kind is None or object_kind in v.takes)]
        verb = self.pick([v for v in can if subject.noun.kind in PEOPLE or v.en[1] not in BY_PEOPLE])
        self.used.add(verb.en[1])
        return verb

    def _adjective(self, noun, before=(True, False), of=None):
        fits = [a for a in ADJECTIVES if noun.kind in a.kinds and a.before in before and (not of or a.en in of)]
        adjective = self.pick([a for a in fits if noun.en[0] + a.scale not in self.used])
        self.used.add(noun.en[0] + adjective.scale)
        return adjective

    def _noun_phrase(self, kinds, definite=False, adjectives=0.3, relative=0.0):
        noun = self.pick([noun for noun in NOUNS if noun.kind in kinds and noun.en[0] not in self.used])
        self.used.add(noun.en[0])
        plural = self.chance(0.25)
        form = 2 * plural + noun.feminine
        before = [self._adjective(noun, [True])] if noun.kind != "kin" and self.chance(adjectives) else []
        bare = noun.kind in ("text", "garden", "tree") or not self.chance(adjectives)
        after = [] if bare else [self._adjective(noun, [False])]
        not_mine = noun.kind in ("child", "adult", "way") or (plural and noun.kind in PLACES)
        dets = [THE, THE, THIS] + (not definite) * [A, A] + (not not_mine) * [MY]
        det = MY if noun.kind == "kin" else self.pick(dets)
        det_fr, det_en = (cell.split() for cell in det)
        det_fr = "de" if before and det_fr[form] == "des" else det_fr[form]
        fr = [det_fr, *(a.fr[form] for a in before), noun.fr[plural]]
        fr = (fr if plural else sound(fr, BEFORE_VOWEL)) + [a.fr[form] for a in after]
        en = [a.en for a in sorted(before + after, key=ADJECTIVES.index)]
        phrase = Phrase(" ".join(fr), " ".join([det_en[plural], *en, noun.en[plural]]), noun, plural)
        self.phrases.append(phrase)
        if det is MY or not self.chance(relative):
            return phrase
        if noun.kind in ANIMATE and self.chance(0.6):  # who does something
            does = self._copula(phrase) if self.chance(0.15) else self._predicate(phrase, simple=True)
            clause = both(("qui", "who" if noun.kind in PEOPLE else "that"), does)
        else:  # to whom someone does something
            someone = ME if self.chance(0.2) else self._noun_phrase(PEOPLE, definite=True, adjectives=0.15)
            verb = self._verb(someone, noun.kind)
            clause = both(("que", "that"), someone, (agree(someone, verb.fr), agree(someone, verb.en)))
        return phrase._replace(**both(phrase, clause)._asdict())

    # Predicates: French, English, the kinds of noun of which they could be said, and their object, if they have one

    def _predicate(self, subject, back=None, simple=False):
        """What a subject does, perhaps to an object, or to one named before (`back`), which becomes a pronoun."""
        verb = self._verb(subject, back and back.noun.kind)
        roll = self.random()
        how = self.pick([NOT, *NEGATIONS]) if roll < 0.25 else self.pick(FREQUENCIES) if roll > 0.8 else PLAIN
        negative = how in NEGATIONS
        if negative and subject.en.split()[0] in ("a", "some"):
            raise Redraw
        past = self.past and not back and how is not NO_LONGER and verb.en[1] != verb.en[3]
        clitic, thing = PLAIN, None
        if back:
            others = [phrase for phrase in self.phrases if phrase.noun not in (subject.noun, back.noun)]
            rivals = [phrase for phrase in others if phrase.noun.kind in verb.takes]
            clitic = pronoun(back, 1, rivals, elided=verb.fr[0][0] in VOWELS)
        elif verb.takes:
            definite = negative or verb.en[1] == "love"
            thing = self._noun_phrase(verb.takes, definite, relative=0.0 if simple else 0.35)
        fr = f"{agree(subject, HAVE)} {how[0]} {verb.fr[3]}" if past else f"{agree(subject, verb.fr)} {how[0]}"
        en = f"{how[1]} {verb.en[3] if past else agree(subject, verb.en)}"
        if how is NOT:
            en = f"{'did' if past else agree(subject, DO)} not {verb.en[1]}"
        does = both(("ne" if negative else "", ""), (clitic[0], ""), (fr, en), ("", clitic[1]), thing or PLAIN)
        if not simple and not (thing and thing.noun.kind in PLACES) and self.chance(0.35 if verb.takes else 0.7):
            *where, places = self.pick(PREPOSITIONS)
            does = both(does, where, self._noun_phrase(places, definite=where[1] == "near", adjectives=0.2))
        return *does, PEOPLE if verb.en[1] in BY_PEOPLE else ANIMATE, thing

    def _be(self, subject, how, what):
        verb = WAS if self.past else IS
        ne = "ne" if how in NEGATIONS else "", ""
        return both(ne, (agree(subject, verb.fr), agree(subject, verb.en)), how, what)

    def _copula(self, subject):
        """What a subject is like."""
        adjective = self._adjective(subject.noun)
        hows = [PLAIN, PLAIN, NOT] + (adjective.scale != "colour") * [("très", "very")]
        how = self.pick(hows + (adjective.scale in PASSING) * [*FREQUENCIES, NEVER, NO_LONGER])
        return *self._be(subject, how, (adjective.fr[subject.form], adjective.en)), adjective.kinds, None

    # Sentences

    def _subject_and_predicate(self):
        if self.chance(0.2):
            subject = self._noun_phrase(self.pick([ANIMATE, INANIMATE]), definite=True, relative=0.5)
            return subject, self._copula(subject)
        subject = ME if self.chance(0.15) else self._noun_phrase(ANIMATE, relative=0.4)
        return subject, self._copula(subject) if subject is ME and self.chance(0.2) else self._predicate(subject)

    def _fixed(self):
        return self.pick(list(FIXED.items()))

    def _phrase(self):
        return both(self._noun_phrase((*ANIMATE, *INANIMATE), relative=0.2))

    def _thanks(self):
        return both(("merci pour", "thanks for"), self._noun_phrase(("food", *OBJECTS), definite=True, relative=0.5))

    def _job(self):
        subject = ME if self.chance(0.15) else self._noun_phrase(("kin", "friend"), definite=True, relative=0.2)
        fr, en = self.pick(JOBS)
        how = self.pick([PLAIN, PLAIN, NOT, NO_LONGER])
        return both(subject, self._be(subject, how, (fr[subject.form], en[subject.plural])))

    def _clause(self):
        return both(*self._subject_and_predicate())

    def _two(self):
        return both(self._clause(), self.pick(CONJUNCTIONS), self._clause())

    def _pronoun(self):
        """The subject comes back as a pronoun, and often so does the object."""
        subject, does = self._subject_and_predicate()
        said, back = list(self.phrases), does[3] if self.chance(0.6) else None
        like = subject.noun.kind not in ANIMATE or (not back and self.chance(0.2))
        again = self._copula(subject) if like else self._predicate(subject, back)
        rivals = [phrase for phrase in said if phrase.noun.kind in again[2] and phrase.noun is not subject.noun]
        he = ME if subject is ME else pronoun(subject, 0, rivals)
        return both(subject, does, self.pick(CONJUNCTIONS), he, again)

    def _because(self):
        """Only the adjective says whether the pronoun stands for the subject or for the object."""
        subject = self._noun_phrase(ANIMATE, definite=True, adjectives=0.25)
        name = self.pick([v for v in REASONS if subject.noun.kind in PEOPLE or v not in BY_PEOPLE])
        verb = next(v for v in VERBS if v.en[1] == name)
        suits = [kind for a in ADJECTIVES if a.en in REASONS[name] for kind in a.kinds]
        thing = self._noun_phrase([kind for kind in verb.takes if kind in suits], definite=True, adjectives=0.25)
        meant = self.pick([subject, thing])
        adjective = self._adjective(meant.noun, of=TIRED if meant is subject else REASONS[name])
        self.because = subject, thing, meant
        fr = f"ne {agree(subject, HAVE)} pas {verb.fr[3]}" if self.past else f"ne {agree(subject, verb.fr)} pas"
        did = fr, f"{'did' if self.past else agree(subject, DO)} not {verb.en[1]}"
        it_is = self._be(meant, ("trop", "too"), (adjective.fr[meant.form], adjective.en))
        return both(subject, did, thing, ("parce que", "because"), pronoun(meant, 0), it_is)
