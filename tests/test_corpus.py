"""The corpus: right French and English, one translation each way, parts that share nothing, the same everywhere."""

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from self_attention.corpus import (
    GREETINGS,
    Grammar,
    because_pairs,
    corpus,
    grammar,
    greeting_pairs,
    lexicon,
    pairs,
    tagged_sentences,
)
from self_attention.corpus import tagged as tagged_module
from self_attention.corpus.lexicon import FIXED
from self_attention.corpus.parts import part_of
from self_attention.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def parts():
    return corpus()


@pytest.fixture(scope="module")
def everything(parts):
    return [pair for part in parts.values() for pair in part]


@pytest.fixture(scope="module")
def tagged():
    return {part: tagged_sentences(n, part) for part, n in [("train", 6000), ("valid", 500), ("test", 500)]}


def digest(items):
    return hashlib.sha256("\n".join(map(str, items)).encode()).hexdigest()[:16]


# The same on every machine

CORPUS_DIGESTS = {"train": "b49626edfad08be4", "valid": "874d43b59fc307d8", "test": "e4600c6cf0038662"}
TAGGED_DIGESTS = {"train": "b6422aef5ba9915a", "valid": "590eef2c3fafad1f", "test": "f28bee13fe30798b"}


def test_the_corpus_never_changes(parts, tagged):
    """A model's weights belong to one corpus: whoever changes a word here trains the models again."""
    assert {part: digest(parts[part]) for part in parts} == CORPUS_DIGESTS
    assert {part: digest(tagged[part]) for part in tagged} == TAGGED_DIGESTS


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_neither_hash_order_nor_a_library_matters(hash_seed):
    code = f"""
import sys, types
package = types.ModuleType("self_attention")
package.__path__ = [{str(Path(lexicon.__file__).parents[1])!r}]  # its own __init__ imports NumPy
sys.modules["self_attention"] = package
from self_attention import corpus as alone
assert not {{"numpy", "torch"}} & set(sys.modules)
print(ascii(alone.pairs(300)), ascii(alone.because_pairs(5)), ascii(alone.tagged_sentences(50)), sep="\\n")
"""
    env = {"PYTHONHASHSEED": hash_seed}
    out = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True, env=env).stdout
    assert out.splitlines() == [ascii(pairs(300)), ascii(because_pairs(5)), ascii(tagged_sentences(50))]


# The split


def test_sizes_and_repetitions(parts, everything):
    assert {part: len(parts[part]) for part in parts} == {"train": 40_000, "valid": 2_000, "test": 2_000}
    often = {fr for fr, times in Counter(fr for fr, _ in everything).items() if times > 1}
    assert often == set(FIXED)


@pytest.mark.parametrize("side", [0, 1])
def test_parts_share_no_sentence(parts, side):
    train, valid, test = ({pair[side] for pair in parts[part]} for part in ("train", "valid", "test"))
    assert not train & valid and not train & test and not valid & test


def test_the_text_decides_the_part_whatever_drew_it(parts):
    assert all(part_of(pair.fr) == part for part in parts for pair in parts[part])
    assert {part_of(fr) for fr in FIXED} == {"train"}
    train = {pair.fr for pair in parts["train"]} | {pair.fr for pair in pairs(3000, seed=5)}
    for held_out in (pairs(100, "test", seed=9), pairs(50, "test", kind="because", max_len=15), because_pairs(100)):
        assert {part_of(item.fr) for item in held_out} == {"test"}
        assert not train & {item.fr for item in held_out}


def test_pairs_are_the_beginning_of_the_corpus(parts):
    assert pairs(500) == parts["train"][:500]
    assert pairs(50, "valid") == parts["valid"][:50]


# One translation, both ways


def test_one_sentence_one_translation_both_ways(everything):
    others = pairs(4000, seed=1) + pairs(1500, kind="clause", max_len=5) + list(FIXED.items())
    french, english = defaultdict(set), defaultdict(set)
    for fr, en in everything + others:
        french[fr].add(en)
        english[en].add(fr)
    assert not [(fr, en) for fr, en in french.items() if len(en) > 1]
    assert not [(en, fr) for en, fr in english.items() if len(fr) > 1]


def test_a_pronoun_that_could_mean_two_nouns_is_not_said():
    cat, cow, boy, car = (grammar.Phrase("", "", noun) for noun in map(noun_of, ["cat", "cow", "boy", "car"]))
    assert grammar.pronoun(cat, 0) == ("il", "it") and grammar.pronoun(boy, 1, [car]) == ("le", "him")
    for meant, role, rival, elided in [(cat, 0, cow, False), (cat, 0, boy, False), (boy, 1, car, True)]:
        with pytest.raises(grammar.Redraw):  # it could be the cow; il could be the boy; l' could be the car
            grammar.pronoun(meant, role, [rival], elided)


def test_a_pronoun_fits_the_subject_alone(parts):
    """Of the people and animals named before it, those that "il" fits are those that "he" or "it" fits."""
    people = {word for noun in lexicon.NOUNS if noun.kind in lexicon.PEOPLE for word in noun.fr}
    animals = {word for noun in lexicon.NOUNS if noun.kind == "animal" for word in noun.fr}
    anyone = {form for verb in lexicon.VERBS if verb.en[1] not in lexicon.BY_PEOPLE for form in verb.fr[:2]}
    checked = 0
    for fr, en in parts["train"]:
        for word, again in [("et", "and"), ("mais", "but")]:
            before, _, after = fr.partition(f" {word} ")
            il, verb, *_ = [*after.split(), "", ""]
            if il not in ("il", "elle", "ils", "elles") or verb not in anyone:
                continue
            he = en.split(f" {again} ")[1].split()[0]
            for noun in (set(before.split()) & (people | animals)) - {"porte"}:
                fits = il == ("elle" if noun in FEMININE else "il") + "s" * is_plural(noun)
                she = "she" if noun in FEMININE else "he"
                assert fits == (he == ("they" if is_plural(noun) else she if noun in people else "it")), (fr, noun)
                checked += 1
    assert checked > 1_000


def noun_of(en):
    return next(noun for noun in lexicon.NOUNS if noun.en[0] == en)


# Lengths and words


def test_lengths_spread_from_1_to_30(parts, everything):
    for side in (0, 1):
        lengths = [len(pair[side].split()) for pair in everything]
        assert set(lengths) == set(range(1, 31))
        assert 14 < sum(lengths) / len(lengths) < 16
    fives = Counter((len(fr.split()) - 1) // 5 for fr, _ in parts["test"])
    assert min(fives[i] for i in range(6)) >= 50  # enough to measure accuracy by length


def test_every_word_is_seen_in_training(parts, everything):
    for side, size in ((0, 276), (1, 205)):
        count = Counter(word for pair in parts["train"] for word in pair[side].split())
        assert len(count) == size
        assert min(count.values()) >= 20
        assert {word for pair in everything for word in pair[side].split()} == set(count)


# The French and the English, checked by rules and word lists of their own

SHE = "fille femme reine voisine sœur vache poule pomme lettre histoire rue rivière porte fenêtre boîte table voiture"
FEMININE = {word for noun in f"{SHE} maison école".split() for word in (noun, f"{noun}s")}
HE = "garçon enfant homme roi étudiant professeur médecin ami frère chat chien œuf livre pont sac vélo hôtel jardin"
MASCULINE = {word for noun in f"{HE} arbre".split() for word in (noun, f"{noun}s")}
MASCULINE |= {"animal", "animaux", "cheval", "chevaux", "oiseau", "oiseaux", "gâteau", "gâteaux", "tableau", "tableaux"}
MASCULINE |= {"bateau", "bateaux"}
BEFORE_HER = {w + s for w in "belle bonne gentille petite grande longue vieille nouvelle".split() for s in ("", "s")}
BEFORE_HIM = {word + s for word in "bon gentil petit grand long".split() for s in ("", "s")}
BEFORE_HIM |= {"beau", "bel", "beaux", "vieux", "vieil", "nouveau", "nouvel", "nouveaux"}
EITHER = {"jeune", "jeunes"}
AFTER = "fatigué heureux dangereux cher sucré lourd noir blanc"
AFTER_HER = "fatiguée heureuse dangereuse chère sucrée lourde noire blanche"
DETS = {"le": "m", "la": "f", "un": "m", "une": "f", "ce": "m", "cet": "m", "cette": "f", "ma": "f"}
DETS |= dict.fromkeys(["les", "des", "ces", "mes", "de"], "p") | {"l'": "s", "mon": "s", "du": "m"}


def is_plural(word):
    return word.endswith("s") or word.endswith("aux") or word in ("beaux", "nouveaux")


def noun_phrases(sentence):
    """Each (determiner, adjectives before, noun, next word) of a French sentence; clitics (il la voit) are none."""
    words = [*sentence.split(), ".", "."]
    for i, word in enumerate(words):
        if word not in DETS or words[i - 1] in ("il", "elle", "ils", "elles", "je", "ne"):
            continue
        j = i + 1
        while words[j] in BEFORE_HIM | BEFORE_HER | EITHER:
            j += 1
        if words[j] in FEMININE | MASCULINE:
            yield word, words[i + 1 : j], words[j], words[j + 1]


def test_french_noun_phrases_agree(everything):
    her = {word + s for word in AFTER_HER.split() for s in ("", "s")}
    him = {word if word[-1] == "x" else word + s for word in AFTER.split() for s in ("", "s")}
    seen = 0
    for fr, _ in everything:
        for det, before, noun, after in noun_phrases(fr):
            seen += 1
            vowel = (before + [noun])[0][0] in "aeiouéœh"
            gender = "f" if noun in FEMININE else "m"
            plural = is_plural(noun)
            assert (DETS[det] == "p") == plural, fr
            assert DETS[det] in ("p", "s", gender), fr
            assert (det in ("l'", "cet")) <= vowel and (det in ("le", "la", "ce", "ma", "du")) <= (not vowel), fr
            assert (det == "mon") <= (gender == "m" or vowel), fr
            assert not (det == "des" and before) or f"près des {before[0]}" in fr, fr
            assert det != "de" or before, fr
            for adjective in before:
                assert adjective in (BEFORE_HER if gender == "f" else BEFORE_HIM) | EITHER, fr
                assert (adjective in ("bel", "vieil", "nouvel")) == (
                    noun[0] in "aeiouéœh" and not plural and adjective in "bel beau vieil vieux nouvel nouveau".split()
                ), fr
                assert plural == (adjective[-1] in "sx") or adjective == "vieux", fr
            if after in her | him:
                assert after in (her if gender == "f" else him), fr
                assert plural == (after[-1] in "sx") or after in ("heureux", "dangereux"), fr
    assert seen > 100_000


def test_french_adjectives_stand_on_their_side(everything):
    nouns, front = (FEMININE | MASCULINE) - {"porte"}, BEFORE_HIM | BEFORE_HER | EITHER
    behind = {word + s for word in f"{AFTER} {AFTER_HER} rouge triste malade sale large".split() for s in ("", "s")}
    for fr, _ in everything:
        words = fr.split()
        for word, after in zip(words, words[1:], strict=False):
            assert not (word in behind and after in nouns) and not (word in nouns and after in front), fr


def test_french_subjects_and_verbs_agree(everything):
    """Right behind a subject, a verb in -ent or "ont" is plural; one of the singular forms is not."""
    plural = {form for verb in lexicon.VERBS for form in [verb.fr[1]]} | {"ont", "sont", "étaient"}
    singular = {form for verb in lexicon.VERBS for form in [verb.fr[0]]} | {"a", "est", "était"}
    seen = Counter()
    for fr, _ in everything:
        words = fr.split()
        for i, word in enumerate(words[:-2]):
            verb = words[i + 2] if words[i + 1] in ("ne", "n'") else words[i + 1]
            subject = word in ("il", "elle", "ils", "elles") or (
                i < 4 and "que" not in words[:i] and "qu'" not in words[:i]
            )
            if (
                not subject
                or word not in FEMININE | MASCULINE | {"il", "elle", "ils", "elles"}
                or verb not in plural | singular
            ):
                continue
            seen[is_plural(word)] += 1
            assert (verb in plural) == is_plural(word), fr
    assert min(seen.values()) > 5_000


def test_french_negation_and_elision(everything):
    for fr, en in everything:
        words = fr.split()
        assert sum(word in ("ne", "n'") for word in words) == sum(
            word in ("pas", "jamais", "plus") for word in words
        ), fr
        assert len([w for w in en.split() if w in ("not", "never", "longer")]) == sum(
            w in ("ne", "n'") for w in words
        ), fr
        for word, after in zip(words, words[1:], strict=False):
            vowel = after[0] in "aeiouéœh"
            assert not (vowel and word in ("le", "la", "ne", "que", "je", "de", "ce", "ma", "me")), fr
            assert not (not vowel and word in ("l'", "n'", "qu'", "j'", "d'", "cet", "bel", "vieil", "nouvel")), fr
            assert (word, after) not in {("de", "le"), ("de", "les"), ("près", "le"), ("le", "le"), ("pas", "un")}, fr


def test_english_articles_and_auxiliaries(everything):
    base = {verb.en[1].split()[0] for verb in lexicon.VERBS}
    for fr, en in everything:
        words = en.split()
        assert en.count("did not") == sum(fr.count(f" {have} pas ") for have in ("ai", "a", "ont")), en
        for i, (word, after) in enumerate(zip(words, words[1:], strict=False)):
            assert not (word == "a" and after[0] in "aeiou") and not (word == "an" and after[0] not in "aeiou"), en
            if word in ("do", "does", "did"):
                assert after == "not" and words[i + 2] in base, en
            assert after != "not" or word in {"do", "does", "did", "am", "is", "are", "was", "were"}, en
            assert (word, after) not in {("i", "is"), ("i", "are"), ("i", "does"), ("they", "is"), ("they", "does")}, en
            assert (word in ("this", "a", "an")) <= (after not in ("children", "men", "women", "books")), en


def test_sentences_are_single_spaced_lower_case_words(everything):
    for side in (side for pair in everything for side in pair):
        assert side == " ".join(side.split()) == side.lower() and side.replace("'", "").replace(" ", "").isalpha()


# What the book quotes


class Wanted(Grammar):
    """Picks what is wanted wherever there is a choice, nothing else by chance."""

    def __init__(self, *wanted):
        super().__init__()
        self.wanted = wanted

    def chance(self, p):
        return False

    def pick(self, options):
        if not options:
            raise grammar.Redraw
        names = [str(getattr(option, "en", option)) for option in options]
        return next(
            (o for o, name in zip(options, names, strict=True) if any(w in name for w in self.wanted)), options[0]
        )


@pytest.mark.parametrize(
    ("meant", "adjective", "fr", "en"),
    [
        ("the animal", "tired", "parce qu' il était trop fatigué", "because it was too tired"),
        ("the street", "wide", "parce qu' elle était trop large", "because it was too wide"),
    ],
)
def test_the_animal_and_the_street(meant, adjective, fr, en):
    grammar = Wanted("'animals'", "'streets'", "cross", "True", meant, adjective)
    assert grammar.sentence("because") == (
        f"l' animal n' a pas traversé la rue {fr}",
        f"the animal did not cross the street {en}",
    )


def test_i_am_a_student_and_thanks(parts):
    for pair in [
        ("je suis étudiant", "i am a student"),
        ("merci", "thanks"),
        ("elle est étudiante", "she is a student"),
    ]:
        assert parts["train"].count(pair) >= 20


# Chapter 8


def test_because_pairs_know_where_their_words_stand():
    meant = Counter()
    for fr, en, at_fr, at_en, which in because_pairs(200, "train", seed=3):
        fr, en = fr.split(), en.split()
        subject, thing, il, adjective = (fr[i] for i in at_fr)
        assert subject in FEMININE | MASCULINE and thing in FEMININE | MASCULINE
        assert (subject in FEMININE) != (thing in FEMININE)
        assert il == ("elle" if (subject, thing)[which] in FEMININE else "il") + "s" * is_plural(
            (subject, thing)[which]
        )
        assert fr[at_fr[2] - 1] == "qu'" and fr[at_fr[3] - 1] == "trop"
        singular = [noun_of_any(en[i]) for i in at_en[:2]]
        assert [noun.fr[is_plural(word)] for noun, word in zip(singular, (subject, thing), strict=True)] == [
            subject,
            thing,
        ]
        assert en[at_en[2]] in ("it", "they") and en[at_en[2] - 1] == "because" and en[at_en[3] - 1] == "too"
        assert (en[at_en[3]] in ("tired", "sick", "young")) == (which == 0)
        meant[which] += 1
    assert min(meant.values()) > 70


def noun_of_any(en):
    return next(noun for noun in lexicon.NOUNS if en in noun.en)


# Chapter 13


def test_greetings_have_several_translations_and_are_kept_apart(everything):
    for fr, answers in GREETINGS.items():
        assert sum(answers.values()) == pytest.approx(1)
        first = Counter()
        for answer, p in answers.items():
            first[answer.split()[0]] += p
        assert max(answers, key=answers.get).split()[0] != max(first, key=first.get)  # where greedy decoding goes wrong
        assert not [pair for pair in everything if fr in pair.fr]
    drawn = Counter(pair.en.split(" , ")[0] for pair in greeting_pairs(2000) if pair.fr.startswith("bonjour"))
    assert set(drawn) == set(GREETINGS["bonjour"])
    assert all(abs(drawn[en] / drawn.total() - p) < 0.05 for en, p in GREETINGS["bonjour"].items())


# Chapter 3


def windows(sentences, radius):
    """The tags that each window of this radius occurs with."""
    tags = defaultdict(set)
    for item in sentences:
        for i, tag in enumerate(item.tags):
            tags[window(item, i, radius)].add(tag)
    return tags


def window(item, i, radius):
    return (("",) * 9 + item.words + ("",) * 9)[i + 9 - radius : i + 10 + radius]


def test_a_cue_stands_exactly_where_the_mark_says(tagged):
    """A window that reaches the cue settles the tag; one that stops a word short occurs with both tags."""
    sentences = tagged["train"]
    of_radius = [windows(sentences, radius) for radius in range(9)]
    for item in sentences:
        for i, cue in enumerate(item.cues):
            assert len(of_radius[cue][window(item, i, cue)]) == 1, item
            assert cue == 0 or of_radius[cue - 1][window(item, i, cue - 1)] == {"NOUN", "VERB"}, item


def test_tags_are_balanced_at_every_distance_and_for_every_word(tagged):
    distances, words = defaultdict(Counter), defaultdict(Counter)
    for item in tagged["train"]:
        assert len(item.words) == len(item.tags) == len(item.cues) <= 13
        for word, tag, cue in zip(*item, strict=True):
            if cue:
                distances[cue][tag] += 1
                words[word][tag] += 1
    assert set(distances) == set(range(1, 9)) and set(words) == {*tagged_module.TOOLS, *tagged_module.DOINGS}
    assert all(min(count.values()) > 100 for count in distances.values())
    assert all(0.4 < count["NOUN"] / count.total() < 0.6 for count in [*distances.values(), *words.values()])
    far = sum(count.total() for cue, count in distances.items() if cue > 1)
    assert far > 0.5 * sum(count.total() for count in distances.values())


def test_tagged_parts_share_no_sentence(tagged):
    train, valid, test = ({item.words for item in tagged[part]} for part in ("train", "valid", "test"))
    assert (len(train), len(valid), len(test)) == (6000, 500, 500)
    assert not train & valid and not train & test and not valid & test


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (("tool", "saw", "a"), ["i saw/VERB:1 a saw/NOUN:1"]),
        (
            ("list", "we", "saw", "paint", 2),
            ["we wanted to saw/VERB:1 and paint/VERB:3", "we wanted the saw/NOUN:1 and paint/NOUN:3"],
        ),
        (
            ("place", 4, 2, False, "school"),
            ["the children in the old school play/VERB:4", "the children like the old school play/NOUN:4"],
        ),
    ],
)
def test_tagged_sentences_can_say_the_classics(wanted, said):
    def pick(options):
        return next((want for want in wanted if want in options), options[0])

    texts = tagged_module.draw_tagged(pick)
    assert [" ".join(text.split()) for text in texts] == said


# Vocabulary


def test_vocabulary_of_the_corpus(parts):
    vocabulary = Vocabulary(pair.fr for pair in parts["train"])
    assert vocabulary.words[:4] == ["<pad>", "<bos>", "<eos>", "<unk>"] and len(vocabulary) == 280
    assert vocabulary.words[4:] == sorted(vocabulary.words[4:])
    for pair in parts["test"]:
        ids = vocabulary.encode(pair.fr, bos=True, eos=True)
        assert (ids[0], ids[-1]) == (1, 2) and 3 not in ids
        assert vocabulary.decode(ids) == pair.fr
    rows, lengths = vocabulary.batch(["je suis", "merci"], bos=True)
    assert lengths == [3, 2] and [len(row) for row in rows] == [3, 3] and rows[1][2] == Vocabulary.PAD
    assert vocabulary.encode("merci beaucoup")[1] == Vocabulary.UNK
    assert vocabulary.decode([1, *vocabulary.encode("merci"), 2, 5, 5]) == "merci"
    assert vocabulary.batch([]) == ([], [])


# Wrong input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pairs(1, "dev"), "part = 'dev', expected 'train', 'valid' or 'test'"),
        (lambda: pairs(1, kind="question"), "kind = 'question', expected one of fixed, thanks"),
        (lambda: pairs(1, max_len=0), "max_len = 0"),
        (lambda: pairs(1, "test", kind="fixed"), "there are only about"),
        (lambda: Vocabulary("je suis"), "expected a list of sentences"),
        (lambda: Vocabulary(["a"]).decode([5]), "expected numbers from 0 to 4"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
