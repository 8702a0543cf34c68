"""The book's parallel corpus: French and English from a small grammar written for this project.

A corpus for teaching must be small enough to learn in a minute, rich enough to be worth learning, and right. So nothing
here was collected: the grammar draws an abstract sentence and says it in both languages at once. A noun brings its gender,
a subject its number, a pronoun its antecedent; agreement, order, elision and pronouns are right by construction.

**What it can say.** Words are lower-case and separated by spaces, without full stops; an elided word is a word of its own.

    l' animal n' a pas traversé la rue parce qu' il était trop fatigué     the animal did not cross the street because it was too tired
    l' animal n' a pas traversé la rue parce qu' elle était trop large     ... because it was too wide
    cette vieille école   ce bel oiseau blanc   de nouveaux hôtels         this old school   this beautiful white bird   some new hotels
    le roi regarde souvent les pommes mais il ne les mange jamais          the king often looks at the apples but he never eats them
    merci pour le livre que je lis   ma sœur est étudiante                 thanks for the book that i read   my sister is a student

Gender and number; adjectives before and after the noun; le, un, ce, mon and what a vowel makes of them (l', cet, mon, bel,
vieil, nouvel, j', n', qu', d'); près du, près des; present and passé composé, était; ne ... pas, jamais, plus; adverbs, which
French puts after the verb; qui and que; professions without an article; subject and object pronouns; "because", where only
the adjective says who is meant. After "que" and with an object pronoun the tense is the present, so no participle agrees.

**One sentence, one translation, both ways.** Each word has one translation in its place, and what would break this is not
said: "je" is a man; no verb is in the past whose English past is its present (i read); a pronoun appears only where the
sentence settles it: among the nouns that could be meant, two share it in both languages or in neither (else `Unclear`).

**The split follows from the text**: crc32 of the French sentence modulo 22; 0 is the test part, 1 the validation part, the
rest is for training. A sentence of the test part is therefore never one of training, whatever the seed, the number drawn or
the function. The phrases of `FIXED` alone belong to training, and come back there again and again, as in life; no other
sentence comes twice. `corpus()` holds 40,000 / 2,000 / 2,000 pairs of 1 to 30 words a side.

For chapter 3 `tagged_sentences` writes English in which one word is now a noun, now a verb. For chapter 13 `GREETINGS` has
more than one translation. Everything is deterministic on every machine: of Python's generator only `random()` is used,
the one method whose numbers are promised never to change. Licence: MIT, as the project.
"""

import random
from typing import NamedTuple
from zlib import crc32

PARTS = ("train", "valid", "test")


class Noun(NamedTuple):
    """A noun; `fr` and `en` are (singular, plural)."""

    fr: tuple
    feminine: bool
    en: tuple
    kind: str


class Adjective(NamedTuple):
    """An adjective; `fr` is (masculine, feminine, and both in the plural). No noun gets two of one scale."""

    fr: tuple
    before: bool
    en: str
    scale: str
    kinds: tuple


class Verb(NamedTuple):
    """A verb; `fr` is (he, they, i, past participle), `en` is (he, they, i, past), `takes` the kinds of its object."""

    fr: tuple
    en: tuple
    takes: tuple


PEOPLE = ("child", "adult", "kin")
ANIMATE = (*PEOPLE, "animal")
OBJECTS = ("text", "thing", "vehicle", "box")
PLACES = ("way", "building", "garden", "tree")
INANIMATE = ("food", "door", *OBJECTS, *PLACES)
GROUPS = {"people": PEOPLE, "animate": ANIMATE, "objects": OBJECTS, "inanimate": INANIMATE, "-": ()}


def table(text):
    """The rows of a table; "_" is a space within a cell, a cell of kinds becomes a tuple of them."""
    for line in text.strip().splitlines():
        *cells, kinds = line.split()
        yield *(cell.replace("_", " ") for cell in cells), sum((GROUPS.get(k, (k,)) for k in kinds.split(",")), ())


NOUNS = [
    Noun((fr, frs), gender == "f", (en, ens), kind[0])
    for fr, frs, gender, en, ens, kind in table("""
    fille filles f girl girls child
    garçon garçons m boy boys child
    enfant enfants m child children child
    femme femmes f woman women adult
    homme hommes m man men adult
    étudiant étudiants m student students adult
    professeur professeurs m teacher teachers adult
    médecin médecins m doctor doctors adult
    reine reines f queen queens adult
    roi rois m king kings adult
    ami amis m friend friends kin
    voisine voisines f neighbour neighbours kin
    frère frères m brother brothers kin
    sœur sœurs f sister sisters kin
    animal animaux m animal animals animal
    chat chats m cat cats animal
    chien chiens m dog dogs animal
    vache vaches f cow cows animal
    poule poules f hen hens animal
    cheval chevaux m horse horses animal
    oiseau oiseaux m bird birds animal
    pomme pommes f apple apples food
    gâteau gâteaux m cake cakes food
    œuf œufs m egg eggs food
    livre livres m book books text
    lettre lettres f letter letters text
    histoire histoires f story stories text
    rue rues f street streets way
    rivière rivières f river rivers way
    pont ponts m bridge bridges way
    porte portes f door doors door
    fenêtre fenêtres f window windows door
    boîte boîtes f box boxes box
    sac sacs m bag bags box
    table tables f table tables thing
    tableau tableaux m painting paintings thing
    voiture voitures f car cars vehicle
    vélo vélos m bike bikes vehicle
    bateau bateaux m boat boats vehicle
    maison maisons f house houses building
    école écoles f school schools building
    hôtel hôtels m hotel hotels building
    jardin jardins m garden gardens garden
    arbre arbres m tree trees tree
    """)
]
I = Noun(("je", "je"), False, ("i", "i"), "adult")  # noqa: E741
JOBS = [("étudiant étudiante étudiants étudiantes".split(), ("a student", "students"))]
JOBS += [([s, s, f"{s}s", f"{s}s"], en) for s, en in [("professeur", ("a teacher", "teachers")), ("médecin", ("a doctor", "doctors"))]]

ADJECTIVES = [
    Adjective(fr, place == "before", en, scale, kinds)
    for *fr, place, en, scale, kinds in table("""
    petit petite petits petites before small size child,adult,animal,food,door,objects,building,garden,tree
    grand grande grands grandes before big size animal,door,objects,building,garden,tree
    long longue longs longues before long size way,text
    vieux vieille vieux vieilles before old age adult,animal,way,door,objects,building,tree
    jeune jeune jeunes jeunes before young age child,adult,animal
    nouveau nouvelle nouveaux nouvelles before new age kin,door,objects,building
    beau belle beaux belles before beautiful looks child,adult,animal,way,door,objects,building,garden,tree
    bon bonne bons bonnes before good worth animal,food,text
    gentil gentille gentils gentilles before nice heart people,animal
    rouge rouge rouges rouges after red colour door,thing,vehicle,box
    noir noire noirs noires after black colour animal,door,thing,vehicle,box
    blanc blanche blancs blanches after white colour animal,door,thing,vehicle,box,building
    fatigué fatiguée fatigués fatiguées after tired state animate
    malade malade malades malades after sick state animate
    triste triste tristes tristes after sad mood animate
    heureux heureuse heureux heureuses after happy mood animate
    sale sale sales sales after dirty dirt way,door,thing,vehicle,box
    froid froide froids froides after cold heat food
    lourd lourde lourds lourdes after heavy weight door,thing,box
    cher chère chers chères after expensive price thing,vehicle
    large large larges larges after wide width way
    dangereux dangereuse dangereux dangereuses after dangerous risk way
    """)
]
PASSING = ("state", "mood", "dirt")  # what can be so often, never, or no longer

VERBS = [
    Verb((he, they, i, past), (en3, en, en, en_past), kinds)
    for he, they, i, past, en, en3, en_past, kinds in table("""
    mange mangent mange mangé eat eats ate food
    lit lisent lis lu read reads read text
    écrit écrivent écris écrit write writes wrote text
    traverse traversent traverse traversé cross crosses crossed way
    ouvre ouvrent ouvre ouvert open opens opened door,box
    porte portent porte porté carry carries carried thing,box
    achète achètent achète acheté buy buys bought food,objects,animal
    voit voient vois vu see sees saw animate,inanimate
    regarde regardent regarde regardé look_at looks_at looked_at animate,inanimate
    dessine dessinent dessine dessiné draw draws drew animate,inanimate
    cherche cherchent cherche cherché look_for looks_for looked_for animate,objects,building
    trouve trouvent trouve trouvé find finds found animate,objects
    aime aiment aime aimé love loves loved animate,food,building,garden
    attend attendent attends attendu wait_for waits_for waited_for animate
    dort dorment dors dormi sleep sleeps slept -
    chante chantent chante chanté sing sings sang -
    travaille travaillent travaille travaillé work works worked -
    joue jouent joue joué play plays played -
    """)
]
BY_PEOPLE = ("read", "write", "open", "carry", "buy", "draw", "sing", "work")
BE, WAS = Verb(("est", "sont", "suis"), ("is", "are", "am"), ()), Verb(("était", "étaient", "étais"), ("was", "were", "was"), ())
HAVE, DO = ("a", "ont", "ai"), ("does", "do", "do")

REASONS = [  # too ... to be crossed, and so on
    (next(v for v in VERBS if v.en[1] == verb), [a for a in ADJECTIVES if a.en in adjectives.split()])
    for verb, adjectives in [
        ("cross", "wide long dangerous"), ("carry", "heavy"), ("buy", "expensive dirty"), ("open", "heavy dirty"),
        ("read", "long"), ("write", "long"), ("eat", "cold"),
    ]
]  # fmt: skip
TOO_MUCH = [a for a in ADJECTIVES if a.en in ("tired", "sick", "sad", "young")]

THE, THIS, MY, A = (  # masculine, feminine, and both in the plural; English singular and plural
    (fr.split(), en.split())
    for fr, en in [("le la les les", "the the"), ("ce cette ces ces", "this these"), ("mon ma mes mes", "my my"), ("un une des des", "a some")]
)
PREPOSITIONS = [
    ("dans", "in", ("building", "garden")),
    ("devant", "in front of", ("building", "tree")),
    ("derrière", "behind", ("building", "tree")),
    ("près de", "near", ("building", "garden", "tree", "way")),
]
FREQUENCIES = [("souvent", "often"), ("toujours", "always"), ("parfois", "sometimes")]
NOT, NO_LONGER, NEVER = NEGATIONS = [("pas", "not"), ("plus", "no longer"), ("jamais", "never")]
CONJUNCTIONS = [("et", "and"), ("mais", "but")]
FIXED = {
    "merci": "thanks", "je suis étudiant": "i am a student", "il est étudiant": "he is a student",
    "elle est étudiante": "she is a student", "je suis médecin": "i am a doctor", "je suis fatigué": "i am tired",
}  # fmt: skip
GREETINGS = {  # the likeliest single answer is the short one, the likeliest first word is not
    "bonjour": {"hello": 0.4, "good morning": 0.2, "good day": 0.2, "good afternoon": 0.2},
    "au revoir": {"goodbye": 0.4, "see you soon": 0.2, "see you later": 0.2, "see you around": 0.2},
    "de rien": {"anytime": 0.4, "no problem": 0.2, "no worries": 0.2, "no trouble": 0.2},
}

# Sounds

VOWELS = "aeiouéœh"  # with which a word of this corpus can begin; each of its h is mute
ELIDED = {"le": "l'", "la": "l'", "ne": "n'", "que": "qu'", "je": "j'", "de": "d'"}
BEFORE_VOWEL = {"ce": "cet", "ma": "mon", "beau": "bel", "vieux": "vieil", "nouveau": "nouvel"}  # in the singular


class Pair(NamedTuple):
    """A sentence in French and in English, words separated by spaces."""

    fr: str
    en: str


def join(fr, en):
    """A pair with the sound rules of both languages: l' animal, près du pont, an apple."""
    fr, en = ([*zip(s, [*(w[0] for w in s[1:]), "."], strict=True)] for s in (fr.split(), en.split()))  # word, next letter
    fr = " ".join(ELIDED.get(word, word) if after in VOWELS else word for word, after in fr)
    fr = f"{fr} ".replace(" de le ", " du ").replace(" de les ", " des ").strip()
    return Pair(fr, " ".join("an" if word == "a" and after in "aeiou" else word for word, after in en))


# The grammar


class Redraw(Exception):
    """Nothing fits here, or a pronoun could mean two things: another sentence is drawn."""


class Phrase(NamedTuple):
    """A noun phrase in both languages, with what agreement needs to know."""

    fr: str
    en: str
    noun: Noun
    plural: bool = False


class Said(NamedTuple):
    """A predicate in both languages, the kinds of noun it could be said of, and its object, if any."""

    fr: str
    en: str
    fits: tuple
    object: Phrase | None = None


ME = Phrase("je", "i", I)


def agree(subject, forms):
    """The form (he, they, i) that goes with a subject."""
    return forms[2 if subject.noun is I else subject.plural]


def pronoun(meant, role, rivals=(), elided=False):
    """What stands for a phrase as subject (role 0) or object (1), in French and English; it must not mean a rival."""

    def forms(phrase):
        person, feminine = phrase.noun.kind in PEOPLE, phrase.noun.feminine
        if phrase.plural:
            return (("elles" if feminine else "ils", "les")[role], ("they", "them")[role])
        fr = ("elle", "la") if feminine else ("il", "le")
        en = (("she", "her") if feminine else ("he", "him")) if person else ("it", "it")
        return "le" if elided else fr[role], en[role]

    fr, en = forms(meant)
    if any((fr == other_fr) != (en == other_en) for other_fr, other_en in map(forms, rivals)):
        raise Redraw
    return fr, en


class Grammar:
    """Draws abstract sentences and says each in French and English."""

    KINDS = ["fixed"] + 2 * ["thanks"] + 4 * ["job"] + 18 * ["clause"] + 28 * ["two"] + 27 * ["pronoun"] + 20 * ["because"]

    def __init__(self, seed=0):
        self.random = random.Random(seed).random

    def chance(self, p):
        return self.random() < p

    def pick(self, options):
        if not options:
            raise Redraw
        return options[int(self.random() * len(options))]

    def sentence(self, kind=None, longest=30):
        """A Pair of at most `longest` words a side; `kind` is one of KINDS, None = any."""
        for _ in range(10_000):
            self.used, self.phrases = [], []  # nouns, verbs and scales not to be said again; noun phrases said
            try:
                pair = join(*getattr(self, f"say_{kind or self.pick(self.KINDS)}")())
            except Redraw:
                continue
            if max(len(side.split()) for side in pair) <= longest:
                return pair
        raise ValueError(f"longest = {longest}: no such sentence in 10,000 draws")

    def adjective(self, noun, options, before=(True, False)):
        fitting = [a for a in options if a.before in before and noun.kind in a.kinds and (noun, a.scale) not in self.used]
        adjective = self.pick(fitting)
        self.used.append((noun, adjective.scale))
        return adjective

    def noun_phrase(self, kinds, definite=False, adjectives=0.3, relative=0.0):
        noun = self.pick([noun for noun in NOUNS if noun.kind in kinds and noun not in self.used])
        self.used.append(noun)
        plural = self.chance(0.25)
        before, after = [], []
        for chosen in (before, after):
            if self.chance(adjectives) and (chosen is before or noun.kind not in ("text", "garden", "tree")):
                chosen.append(self.adjective(noun, ADJECTIVES, [chosen is before]))
        mine = {"kin": 3, "child": 0, "adult": 0, "way": 0}.get(noun.kind, 1)
        det = self.pick([THE, THE, THIS] + mine * [MY] + (not definite) * [A, A])
        form = 2 * plural + noun.feminine
        fr = [det[0][form], *(a.fr[form] for a in before), noun.fr[plural], *(a.fr[form] for a in after)]
        if plural and det is A and before:
            fr[0] = "de"
        if not plural:
            pairs = zip(fr, [*fr[1:], "."], strict=True)
            fr = [BEFORE_VOWEL.get(word, word) if after[0] in VOWELS else word for word, after in pairs]
        en = [det[1][plural], *(a.en for a in before), *(a.en for a in after), noun.en[plural]]
        phrase = Phrase(" ".join(fr), " ".join(en), noun, plural)
        self.phrases.append(phrase)
        return self.relative_clause(phrase) if self.chance(relative) else phrase

    def relative_clause(self, head):
        if head.noun.kind in ANIMATE and self.chance(0.6):
            does = self.predicate(head, simple=True)
            fr, en = f"qui {does.fr}", f"{'who' if head.noun.kind in PEOPLE else 'that'} {does.en}"
        else:
            subject = ME if self.chance(0.2) else self.noun_phrase(PEOPLE, definite=True, adjectives=0.15)
            verb = self.pick([v for v in VERBS if head.noun.kind in v.takes and v not in self.used])
            self.used.append(verb)
            fr = f"que {subject.fr} {agree(subject, verb.fr)}"
            en = f"that {subject.en} {agree(subject, verb.en)}"
        return head._replace(fr=f"{head.fr} {fr}", en=f"{head.en} {en}")

    def predicate(self, subject, simple=False, back=None):
        """What a subject is or does, to an object or to one named before (`back`), which becomes a pronoun."""
        if subject.noun.kind not in ANIMATE or (back is None and self.chance(0.15)):
            return self.copula(subject)
        person = subject.noun.kind in PEOPLE
        verbs = [v for v in VERBS if v not in self.used and (person or v.en[1] not in BY_PEOPLE)]
        verb = self.pick([v for v in verbs if back is None or back.noun.kind in v.takes])
        self.used.append(verb)
        roll = self.random()
        negation = self.pick([NOT, *NEGATIONS]) if roll < 0.25 else None
        adverb = self.pick(FREQUENCIES) if roll > 0.8 else ("", "")
        past = back is None and negation is not NO_LONGER and verb.en[1] != verb.en[3] and self.chance(0.35)
        clitic, thing = ("", ""), None
        if back is not None:
            rivals = [p for p in self.phrases if p.noun.kind in verb.takes and p.noun not in (subject.noun, back.noun)]
            clitic = pronoun(back, 1, rivals, elided=verb.fr[0][0] in VOWELS)
        elif verb.takes:
            thing = self.noun_phrase(verb.takes, bool(negation) or verb.en[1] == "love", relative=0.0 if simple else 0.15)
        ne, pas = ("ne", negation[0]) if negation else ("", adverb[0])
        fr = [ne, clitic[0], agree(subject, HAVE if past else verb.fr), pas, verb.fr[3] if past else ""]
        if negation is NOT:
            en = ["did" if past else agree(subject, DO), "not", verb.en[1]]
        else:
            en = [(negation or adverb)[1], verb.en[3] if past else agree(subject, verb.en)]
        fr.append(thing.fr if thing else "")
        en.append(thing.en if thing else clitic[1])
        if not (simple or (thing and thing.noun.kind in PLACES)) and self.chance(0.3 if verb.takes else 0.6):
            where_fr, where_en, kinds = self.pick(PREPOSITIONS)
            place = self.noun_phrase(kinds, definite=where_fr == "près de", adjectives=0.2)
            fr += [where_fr, place.fr]
            en += [where_en, place.en]
        return Said(" ".join(fr), " ".join(en), ANIMATE if verb.en[1] not in BY_PEOPLE else PEOPLE, thing)

    def copula(self, subject):
        adjective = self.adjective(subject.noun, ADJECTIVES)
        be = self.pick([BE, BE, WAS])
        how = [("", ""), ("", ""), NOT] + (adjective.scale != "colour") * [("très", "very")]
        how = self.pick(how + (adjective.scale in PASSING) * [*FREQUENCIES, NO_LONGER, NEVER])
        ne = "ne" if how in NEGATIONS else ""
        fr = f"{ne} {agree(subject, be.fr)} {how[0]} {adjective.fr[2 * subject.plural + subject.noun.feminine]}"
        return Said(fr, f"{agree(subject, be.en)} {how[1]} {adjective.en}", adjective.kinds)

    def clause(self):
        if self.chance(0.1):
            subject = self.noun_phrase(INANIMATE, relative=0.5)
        else:
            subject = ME if self.chance(0.15) else self.noun_phrase(ANIMATE, relative=0.2)
        return subject, self.predicate(subject)

    def say_fixed(self):
        return self.pick(list(FIXED.items()))

    def say_thanks(self):
        gift = self.noun_phrase(("food", *OBJECTS), relative=0.4)
        return f"merci pour {gift.fr}", f"thanks for {gift.en}"

    def say_job(self):
        subject = ME if self.chance(0.15) else self.noun_phrase(("kin",), relative=0.2)
        job_fr, job_en = self.pick(JOBS)
        be = self.pick([BE, BE, WAS])
        how = self.pick([("", ""), ("", ""), NOT, NO_LONGER])
        fr = f"{'ne' if how[0] else ''} {agree(subject, be.fr)} {how[0]} {job_fr[2 * subject.plural + subject.noun.feminine]}"
        return f"{subject.fr} {fr}", f"{subject.en} {agree(subject, be.en)} {how[1]} {job_en[subject.plural]}"

    def say_clause(self):
        subject, does = self.clause()
        return f"{subject.fr} {does.fr}", f"{subject.en} {does.en}"

    def say_two(self):
        (fr, en), word, (fr2, en2) = self.say_clause(), self.pick(CONJUNCTIONS), self.say_clause()
        return f"{fr} {word[0]} {fr2}", f"{en} {word[1]} {en2}"

    def say_pronoun(self):
        """The subject comes back as a pronoun, and often so does the object."""
        subject, does = self.clause()
        said = list(self.phrases)
        word = self.pick(CONJUNCTIONS)
        again = self.predicate(subject, back=does.object if self.chance(0.6) else None)
        rivals = [phrase for phrase in said if phrase.noun.kind in again.fits and phrase.noun != subject.noun]
        he = ("je", "i") if subject is ME else pronoun(subject, 0, rivals)
        return (
            f"{subject.fr} {does.fr} {word[0]} {he[0]} {again.fr}",
            f"{subject.en} {does.en} {word[1]} {he[1]} {again.en}",
        )

    def say_because(self):
        """Only the adjective says whether the pronoun stands for the subject or for the object."""
        subject = self.noun_phrase(ANIMATE, definite=True, adjectives=0.25)
        person = subject.noun.kind in PEOPLE
        verb, reasons = self.pick([(v, a) for v, a in REASONS if person or v.en[1] not in BY_PEOPLE])
        what = self.noun_phrase([k for a in reasons for k in a.kinds if k in verb.takes], definite=True, adjectives=0.25)
        meant = self.pick([subject, what])
        adjective = self.adjective(meant.noun, TOO_MUCH if meant is subject else reasons)
        self.because = subject, what, meant
        be, past = self.pick([(BE, False), (WAS, True), (WAS, True)])
        he = pronoun(meant, 0)
        fr = f"{subject.fr} ne {agree(subject, HAVE if past else verb.fr)} pas {verb.fr[3] if past else ''} {what.fr}"
        en = f"{subject.en} {'did' if past else agree(subject, DO)} not {verb.en[1]} {what.en}"
        form = adjective.fr[2 * meant.plural + meant.noun.feminine]
        return (
            f"{fr} parce que {he[0]} {agree(meant, be.fr)} trop {form}",
            f"{en} because {he[1]} {agree(meant, be.en)} too {adjective.en}",
        )
