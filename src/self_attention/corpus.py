"""The book's corpus: French and English sentences from a small grammar written for this project.

A corpus to teach with must be small enough to learn in a minute, rich enough to be worth learning, and right. So
nothing was collected: the grammar draws an abstract sentence and says it in both languages at once. A noun brings its
gender, a subject its number, a pronoun its antecedent: agreement, order and pronouns are right by construction.

**What it says.** Words are lower-case and separated by spaces, without full stops; an elided word is a word of its own.

    l' animal n' a pas traversé la rue             the animal did not cross the street
      parce qu' il était trop fatigué                because it was too tired
      parce qu' elle était trop large                because it was too wide
    cette jeune reine fatiguée chante souvent      this tired young queen often sings
    je cherche de vieux livres près du pont        i look for some old books near the bridge
    le roi attend ma sœur mais il ne la voit pas   the king waits for my sister but he does not see her
    merci pour le livre que je lis                 thanks for the book that i read
    ma sœur n' est plus étudiante                  my sister is no longer a student

Gender and number; adjectives on either side of the noun; le, un, ce, mon, and what a vowel makes of words (l', n', qu',
cet, mon, bel, vieil, nouvel); près du, près des; present, passé composé, était; ne ... pas, jamais, plus; adverbs, in
French after the verb; qui and que; professions without an article; subject and object pronouns; "because", where only
the adjective says who is meant. After "que" and beside an object pronoun stands the present: no participle agrees.

**One sentence, one translation, both ways.** Every word has one translation in its place, and what would break this is
not said. "je" is a man. No verb is in a past that English spells like the present (i read). A pronoun is said only
where the sentence settles it: no other noun that it could mean shares it in one language and not in the other.

**The split follows from the text.** A French sentence whose crc32 is 0 modulo 22 is for the test, 1 for validation, the
rest for training; `corpus()` holds 2,000, 2,000 and 40,000. So no test sentence is ever trained on, whatever function,
seed or number drew it; only `greeting_pairs` draws from all parts, and `train.py` leaves out what is held out. No
sentence comes twice, but for those of `FIXED`: they belong to training and come back there
again and again, as "merci" does in life.

`tagged_sentences` (chapter 3) writes English whose words are now nouns, now verbs; `GREETINGS` (chapter 13) have more
than one translation; `pairs(n, kind="phrase")` are nouns without a sentence, the first thing that people type. Only
`random.random()` draws, whose numbers Python promises never to change: the corpus is the same on every machine.
Licence: MIT, as the project.
"""

import random
from itertools import islice
from typing import NamedTuple
from zlib import crc32


class Noun(NamedTuple):
    """A noun; `fr` and `en` are (singular, plural)."""

    fr: tuple
    en: tuple
    feminine: bool
    kind: str


class Adjective(NamedTuple):
    """An adjective; `fr` is (masculine, feminine, and both in the plural). No noun gets two of one scale."""

    fr: tuple
    en: str
    before: bool
    scale: str
    kinds: tuple


class Verb(NamedTuple):
    """A verb; `fr` is (he, they, i, past participle), `en` is (he, they, i, past), `takes` the kinds of its object."""

    fr: tuple
    en: tuple
    takes: tuple = ()


PEOPLE = ("child", "adult", "friend", "kin")
OBJECTS = ("text", "thing", "vehicle", "box")
PLACES = ("way", "building", "garden", "tree")
ANIMATE, INANIMATE = (*PEOPLE, "animal"), ("food", "door", *OBJECTS, *PLACES)
GROUPS = {"people": PEOPLE, "objects": OBJECTS, "animate": ANIMATE, "any": ANIMATE + INANIMATE, "none": ()}


def rows(text):
    """The rows of a table, each a list of cells; in a cell, "_" is a space."""
    return [[cell.replace("_", " ") for cell in line.split()] for line in text.strip().splitlines()]


def kinds(names="none"):
    """Kinds and groups of kinds, joined by commas, as one tuple."""
    return sum((GROUPS.get(name, (name,)) for name in names.split(",")), ())


def plural_fr(word):
    """One animal, two animaux."""
    if word.endswith("al"):
        return word[:-1] + "ux"
    return word + ("" if word.endswith("x") else "x" if word.endswith("eau") else "s")


def plural_en(word):
    """One box, two boxes."""
    if word.endswith("ory"):
        return word[:-1] + "ies"
    return {"man": "men", "woman": "women", "child": "children"}.get(word, word + ("es" if word.endswith("x") else "s"))


NOUNS = [
    Noun((fr, plural_fr(fr)), (en, plural_en(en)), gender == "f", kind)
    for kind, *nouns in rows("""
    child f fille girl m garçon boy m enfant child
    adult f femme woman m homme man f reine queen m roi king
    adult m étudiant student m professeur teacher m médecin doctor
    friend m ami friend f voisine neighbour
    kin m frère brother f sœur sister
    animal m animal animal m chat cat m chien dog f vache cow m cheval horse f poule hen m oiseau bird
    food f pomme apple m gâteau cake m œuf egg
    text m livre book f lettre letter f histoire story
    way f rue street f rivière river m pont bridge
    door f porte door f fenêtre window
    box f boîte box m sac bag
    thing f table table m tableau painting
    vehicle f voiture car m vélo bike m bateau boat
    building f maison house f école school m hôtel hotel
    garden m jardin garden
    tree m arbre tree
    """)
    for gender, fr, en in zip(*3 * [iter(nouns)], strict=True)
]
I = Noun(("je", "je"), ("i", "i"), False, "adult")  # noqa: E741

ADJECTIVES = [  # in the order in which English lines them up: a small sick dog, a tired young queen, an old black cat
    Adjective((m, f, plural_fr(m), plural_fr(f)), en, place == "before", scale, kinds(suits))
    for m, f, en, place, scale, suits in rows("""
    beau belle beautiful before looks child,animal,way,door,objects,building,garden,tree
    bon bonne good before worth animal,food,text
    gentil gentille nice before heart people,animal
    petit petite small before size child,adult,animal,food,door,thing,vehicle,box,building,garden,tree
    grand grande big before size animal,door,thing,vehicle,box,building,garden,tree
    long longue long before size way,text
    fatigué fatiguée tired after state animate
    malade malade sick after state animate
    triste triste sad after mood animate
    heureux heureuse happy after mood animate
    dangereux dangereuse dangerous after risk way
    cher chère expensive after price thing,vehicle
    sale sale dirty after dirt way,door,thing,vehicle,box
    sucré sucrée sweet after taste food
    lourd lourde heavy after weight door,thing,box
    large large wide after width way
    vieux vieille old before age adult,friend,animal,door,objects,building,tree
    jeune jeune young before age child,adult,animal
    nouveau nouvelle new before age door,objects,building
    rouge rouge red after colour door,thing,vehicle,box
    noir noire black after colour animal,door,thing,vehicle,box
    blanc blanche white after colour animal,door,thing,vehicle,box,building
    """)
]
PASSING = ("state", "mood", "dirt")  # what can be so often, never, or no longer

VERBS = [
    Verb(tuple(fr.split("/")), (he, they, they, past), kinds(*takes))
    for fr, they, he, past, *takes in rows("""
    mange/mangent/mange/mangé eat eats ate food
    lit/lisent/lis/lu read reads read text
    écrit/écrivent/écris/écrit write writes wrote text
    traverse/traversent/traverse/traversé cross crosses crossed way
    ouvre/ouvrent/ouvre/ouvert open opens opened door,box
    porte/portent/porte/porté carry carries carried thing,box
    achète/achètent/achète/acheté buy buys bought food,thing,vehicle,box,animal
    voit/voient/vois/vu see sees saw any
    regarde/regardent/regarde/regardé look_at looks_at looked_at any
    dessine/dessinent/dessine/dessiné draw draws drew any
    cherche/cherchent/cherche/cherché look_for looks_for looked_for animate,objects,building
    trouve/trouvent/trouve/trouvé find finds found animate,objects
    aime/aiment/aime/aimé love loves loved animate,food,building,garden
    attend/attendent/attends/attendu wait_for waits_for waited_for animate
    dort/dorment/dors/dormi sleep sleeps slept
    chante/chantent/chante/chanté sing sings sang
    travaille/travaillent/travaille/travaillé work works worked
    joue/jouent/joue/joué play plays played
    """)
]
BY_PEOPLE = ("read", "write", "open", "carry", "buy", "draw", "sing", "work")
HAVE, DO = ("a", "ont", "ai"), ("does", "do", "do")
IS = Verb(("est", "sont", "suis"), ("is", "are", "am"))
WAS = Verb(("était", "étaient", "étais"), ("was", "were", "was"))
REASONS = {  # a thing can be too ... to
    "cross": ("wide", "long", "dangerous"), "buy": ("expensive",), "open": ("heavy",), "carry": ("heavy",),
    "read": ("long",), "write": ("long",), "eat": ("sweet",),
}  # fmt: skip
TIRED = ("tired", "sick", "young")  # someone can be too ... to do anything

THE, THIS = ("le la les les", "the the"), ("ce cette ces ces", "this these")
MY, A = ("mon ma mes mes", "my my"), ("un une des des", "a some")
PLAIN = ("", "")
NEGATIONS = NOT, NEVER, NO_LONGER = ("pas", "not"), ("jamais", "never"), ("plus", "no longer")
FREQUENCIES = (("souvent", "often"), ("toujours", "always"), ("parfois", "sometimes"))
CONJUNCTIONS = (("et", "and"), ("mais", "but"))
PREPOSITIONS = (
    ("dans", "in", ("building", "garden")),
    ("devant", "in front of", ("building", "tree")),
    ("derrière", "behind", ("building", "tree")),
    ("près de", "near", PLACES),
)
JOBS = [
    ((m, f, m + "s", f + "s"), (f"a {en}", en + "s"))
    for m, f, en in rows("étudiant étudiante student \n professeur professeur teacher \n médecin médecin doctor")
]
FIXED = {
    "merci": "thanks", "je suis étudiant": "i am a student", "il est étudiant": "he is a student",
    "elle est étudiante": "she is a student", "je suis médecin": "i am a doctor", "je suis fatigué": "i am tired",
}  # fmt: skip
GREETINGS = {  # the likeliest answer is the short one; the likeliest first word, for two of them, is not
    "bonjour": {"hello": 0.4, "good morning": 0.2, "good day": 0.2, "good afternoon": 0.2},
    "au revoir": {"goodbye": 0.4, "see you soon": 0.2, "see you later": 0.2, "see you around": 0.2},
    "de rien": {"anytime": 0.4, "no problem": 0.2, "no worries": 0.2, "no trouble": 0.2},
}

VOWELS = "aeiouéœh"  # with which a word of this corpus can begin; each of its h is mute
ELIDED = {"le": "l'", "la": "l'", "ne": "n'", "que": "qu'", "je": "j'", "de": "d'"}
BEFORE_VOWEL = {"ce": "cet", "ma": "mon", "beau": "bel", "vieux": "vieil", "nouveau": "nouvel"}  # before a singular


def sound(words, changes, vowels=VOWELS):
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
    def form(self):
        """Which form of an adjective agrees with it."""
        return 2 * self.plural + self.noun.feminine


ME = Phrase("je", "i", I)


class Redraw(Exception):
    """Nothing fits here, or a pronoun could be misunderstood: another sentence is drawn."""


def both(*parts):
    """Parts that start with (French, English), one after the other in either language."""
    return Pair(*(" ".join(part[side] for part in parts if part[side]) for side in (0, 1)))


def agree(subject, forms):
    """The form (he, they, i) that goes with a subject."""
    return forms[2 if subject is ME else subject.plural]


def pronoun(meant, role, rivals=(), elided=False):
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

    def __init__(self, seed=0):
        self.random = random.Random(seed).random
        self.kinds = [kind for kind, share in self.KINDS.items() for _ in range(share)]

    def chance(self, p):
        """True with probability p."""
        return self.random() < p

    def pick(self, options):
        """One of them."""
        if not options:
            raise Redraw
        return options[int(self.random() * len(options))]

    def sentence(self, kind=None, longest=30):
        """A Pair of at most `longest` words a side; kind is one of KINDS, None draws it."""
        if kind not in (None, *self.KINDS):
            raise ValueError(f"kind = {kind!r}, expected one of {', '.join(self.KINDS)}")
        for _ in range(10_000):
            self.used, self.phrases, self.past = set(), [], self.pick([False, True])
            try:
                fr, en = getattr(self, "_" + (kind or self.pick(self.kinds)))()
            except Redraw:
                continue
            fr = " ".join(sound(fr.split(), ELIDED)).replace(" de le ", " du ").replace(" de les ", " des ")
            en = " ".join(sound(en.split(), {"a": "an"}, "aeiou"))
            if max(len(fr.split()), len(en.split())) <= longest:
                return Pair(fr, en)
        raise ValueError(f"longest = {longest}, but 10,000 draws gave no sentence so short")

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


# The parts of the corpus


def part_of(sentence):
    """The part of the corpus, "train", "valid" or "test", to which a sentence (French or tagged) belongs."""
    return "train" if sentence in FIXED else {0: "test", 1: "valid"}.get(crc32(sentence.encode()) % 22, "train")


def distinct(draw):
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


def of_part(draw, n, part):
    """The first n distinct items of a part."""
    if part not in ("train", "valid", "test"):
        raise ValueError(f"part = {part!r}, expected 'train', 'valid' or 'test'")
    return list(islice((item for its_part, item in distinct(draw) if its_part == part), n))


def pairs(n, part="train", seed=0, kind=None, longest=30):
    """The first n pairs of a part, of one kind or of all, of at most `longest` words a side.

    Args:
        n: number of pairs; no pair comes twice, but for a few everyday ones such as "merci".
        part: "train", "valid" or "test"; no sentence is in two parts, whatever the seed.
        seed: of what the grammar draws.
        kind: one of Grammar.KINDS: "fixed", "thanks", "job", "clause", "two", "pronoun", "because", or "phrase", nouns
            without a sentence; None = all but "phrase", in the shares that KINDS gives.
        longest: the most words, from 1 to 30.

    Returns:
        a list of `Pair`.

    Raises:
        ValueError: there is no such part or kind, or there are not so many sentences of this kind and length.

    >>> pairs(1, longest=4, kind="job")
    [Pair(fr='mes sœurs étaient médecins', en='my sisters were doctors')]
    """
    grammar = Grammar(seed)
    return of_part(lambda: grammar.sentence(kind, longest), n, part)


def corpus(train=40_000, valid=2_000, test=2_000, seed=0):
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
    parts = {part: [] for part in sizes}
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


def because_pairs(n, part="test", seed=0):
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


def lone_greetings(n):
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


def greeting_pairs(n, seed=0):
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
        said = [grammar.sentence(grammar.pick(["fixed", "job", "clause"]), longest=6)]
        for greeting, place in (("de rien", 0), ("bonjour", 0), ("au revoir", 3)):
            if grammar.chance(0.5):
                answers = [en for en, p in GREETINGS[greeting].items() for _ in range(round(10 * p))]
                said.insert(place, (greeting, grammar.pick(answers)))
        drawn.append(Pair(*(" , ".join(side) for side in zip(*said, strict=True))))
    return drawn


class Vocabulary:
    """The words of some sentences, sorted, after four signs with the ids 0 to 3.

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

    PAD, BOS, EOS, UNK = range(4)

    def __init__(self, sentences):
        if isinstance(sentences, str):
            raise ValueError(f"sentences = {sentences!r}, expected a list of sentences, not one")
        self.words = ["<pad>", "<bos>", "<eos>", "<unk>", *sorted({word for s in sentences for word in s.split()})]
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self):
        return len(self.words)

    def encode(self, sentence, bos=False, eos=False):
        """The ids of a sentence, UNK for an unknown word, between BOS and EOS if asked for."""
        return bos * [self.BOS] + [self.ids.get(word, self.UNK) for word in sentence.split()] + eos * [self.EOS]

    def decode(self, ids):
        """The sentence that some ids spell, up to the first EOS, without PAD and BOS."""
        ids = [int(i) for i in ids]
        if not all(0 <= i < len(self) for i in ids):
            raise ValueError(f"ids = {ids}, expected numbers from 0 to {len(self) - 1}")
        ids = ids[: ids.index(self.EOS)] if self.EOS in ids else ids
        return " ".join(self.words[i] for i in ids if i not in (self.PAD, self.BOS))

    def batch(self, sentences, bos=False, eos=False):
        """Ids as a list of lists (b, n), padded with PAD on the right, and the lengths (b,)."""
        rows = [self.encode(sentence, bos, eos) for sentence in sentences]
        lengths = [len(row) for row in rows]
        return [row + (max(lengths) - len(row)) * [self.PAD] for row in rows], lengths


# Nouns that are verbs, for chapter 3


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


def draw_tagged(pick):
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


def tagged_sentences(n, part="train", seed=0):
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
            words, _, marks = zip(*(w.partition("/") for w in sound(text.split(), {"a": "an"}, "aeiou")), strict=True)
            marks = [(mark or TAGS[word]).partition(":") for word, mark in zip(words, marks, strict=True)]
            tagged.append(Tagged(words, tuple(tag for tag, _, _ in marks), tuple(int(cue or 0) for *_, cue in marks)))
    return tagged[:n]
