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

from .grammar import Grammar, Pair
from .lexicon import GREETINGS
from .parts import Because, because_pairs, corpus, greeting_pairs, lone_greetings, pairs
from .tagged import Tagged, tagged_sentences

__all__ = [
    "GREETINGS",
    "Because",
    "Grammar",
    "Pair",
    "Tagged",
    "because_pairs",
    "corpus",
    "greeting_pairs",
    "lone_greetings",
    "pairs",
    "tagged_sentences",
]
