"""The words of the corpus, in both languages, and what grammar must know of each."""

from typing import NamedTuple


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


def rows(text: str) -> list[list[str]]:
    """The rows of a table, each a list of cells; in a cell, "_" is a space."""
    return [[cell.replace("_", " ") for cell in line.split()] for line in text.strip().splitlines()]


def kinds(names: str = "none") -> tuple[str, ...]:
    """Kinds and groups of kinds, joined by commas, as one tuple."""
    return sum((GROUPS.get(name, (name,)) for name in names.split(",")), ())


def plural_fr(word: str) -> str:
    """One animal, two animaux."""
    if word.endswith("al"):
        return word[:-1] + "ux"
    return word + ("" if word.endswith("x") else "x" if word.endswith("eau") else "s")


def plural_en(word: str) -> str:
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
