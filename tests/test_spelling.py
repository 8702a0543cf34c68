"""What is typed becomes words, in Python as in the page; and what the models do with it."""

import re
from unicodedata import normalize

import pytest
import torch
from helpers import node

from self_attention import nn
from self_attention.corpus import pairs
from self_attention.decoding import greedy, predictor
from self_attention.spelling import check_known, spellings, split
from self_attention.vocabulary import Vocabulary

torch.set_num_threads(1)

KNOWN = ["<unk>", ",", "<2en>", "animal", "aujourd'hui", "chat", "dort", "il", "je", "l'", "le", "qu'", "suis", "été"]
CASED = [".", "?", "M.", "Sie", "Tag", "co\u0302te\u0301", "guten", "je", "l’eau", "sie", "wie"]  # a reader's own words
SPLIT = [  # (known, text, words)
    (KNOWN, "le chat dort", "le|chat|dort"),
    (KNOWN, "<2en> Je suis.", "<2en>|je|suis"),
    (KNOWN, "<2EN> LE CHAT DORT", "<2en>|le|chat|dort"),
    (KNOWN, "L’animal, qu'il dort.", "l'|animal|,|qu'|il|dort"),
    (KNOWN, "l‘animal lʼanimal l' animal l'animal", "l'|animal|l'|animal|l'|animal|l'|animal"),
    (KNOWN, "l'", "l'"),
    (KNOWN, "l''", "l'|'"),
    (KNOWN, "qu'l'animal", "qu'|l'|animal"),
    (KNOWN, "d'un", "d'un"),  # which the model does not know
    (KNOWN, "Aujourd’hui", "aujourd'hui"),
    (KNOWN, "l'aujourd'hui", "l'|aujourd'hui"),
    (KNOWN, "  Le\u00a0chat\u202fdort\u2009!  ", "le|chat|dort"),
    (KNOWN, "le\tchat\n\r\ndort \u3000 \u200b\ufeff", "le|chat|dort"),
    (KNOWN, "le\x1cchat\x85dort", "le|chat|dort"),
    (KNOWN, "E\u0301te\u0301", "été"),
    (KNOWN, "le chat dort...", "le|chat|dort"),
    (KNOWN, "le chat dort ?!… ;", "le|chat|dort"),
    (KNOWN, "le chat dort :", "le|chat|dort"),
    (KNOWN, "« Le chat “dort” ».", "le|chat|dort"),
    (KNOWN, '<2en> "je suis" !', "<2en>|je|suis"),
    (KNOWN, "chat,chat , chat,", "chat|,|chat|,|chat|,"),
    (KNOWN, "dort. le chat", "dort.|le|chat"),  # two sentences are not one
    (KNOWN, "le xylophone dort.", "le|xylophone|dort"),
    (KNOWN, "Le Xylophone’s", "le|xylophone's"),
    (KNOWN, "<UNK> dort", "<unk>|dort"),
    (KNOWN, "<pad> dort", "<pad>|dort"),  # unknown
    (KNOWN, " . ", ""),
    (KNOWN, "", ""),
    (KNOWN, "je\U0001f600", "je\U0001f600"),
    (CASED, "guten Tag", "guten|Tag"),
    (CASED, "Guten tag.", "guten|Tag|."),
    (CASED, "GUTEN TAG", "guten|Tag"),
    (CASED, "Sie sie SIE", "Sie|sie|sie"),
    (CASED, "Guten Tag. Wie?!", "guten|Tag|.|wie|?"),
    (CASED, "Guten M.", "guten|M."),
    (CASED, "Côté l'eau", "co\u0302te\u0301|l’eau"),
    (CASED, "Guten, Tag,", "guten|,|Tag"),  # no comma is known: the one at the end is dropped
    (["i\u0307"], "\u0130", "i\u0307"),
    (["ος"], "ΟΣ", "ος"),
    ([], "Un chat.", "un|chat"),
]


@pytest.mark.parametrize(("known", "text", "words"), SPLIT)
def test_python_splits(known, text, words):
    assert split(text, spellings(known)) == words.split("|") * bool(words)


def test_the_page_splits_as_python_does():
    script = """
    import { text } from "node:stream/consumers";
    const { split } = await import(`${process.argv[1]}maths/sentences.js`);
    const cases = JSON.parse(await text(process.stdin));
    console.log(JSON.stringify(cases.map(([known, sentence]) => split(sentence, new Set(known)).join("|"))));
    """
    assert node(script, [case[:2] for case in SPLIT]) == [words for *_, words in SPLIT]


@pytest.mark.parametrize(("known", "words"), [(known, words) for known, _, words in SPLIT if known])
def test_words_stay_as_they_are(known, words):
    if set(words.split("|")) <= set(known):
        assert split(words.replace("|", " "), spellings(known)) == words.split("|")


def written(sentence):
    """A sentence of the corpus as people write it."""
    text = re.sub(r"' ", "’", sentence).replace(" ,", ",")
    return normalize("NFD", text[0].upper() + text[1:]) + "\u202f!"


def test_what_people_write_is_what_the_corpus_has():
    vocabulary = nn.load("transformer_both").source
    sentences = [side for pair in pairs(200, part="test") for side in pair]
    assert [" ".join(vocabulary.split(written(sentence))) for sentence in sentences] == sentences
    assert all(vocabulary.split(sentence) == sentence.split() for sentence in sentences)


# Unknown words


def test_unknown_words_are_named_with_those_that_are_near():
    vocabulary = Vocabulary(["le chat dort", "étudiant sœur", "<2en>"])
    for text, message in [
        ("le chta dort", "does not know the word 'chta': expected words such as chat"),
        ("Etudiant", "does not know the word 'etudiant': expected words such as étudiant"),
        ("soeur etudiant soeur", "the words 'soeur', 'etudiant': expected words such as sœur, étudiant"),
        ("x", "does not know the word 'x': expected words such as"),
        ("<pad> chat", "does not know the word '<pad>'"),
        ("<2de> chat", "does not know the word '<2de>': expected words such as <2en>"),
        (["le", "chat."], "does not know the word 'chat.': expected words such as chat"),
    ]:
        with pytest.raises(ValueError, match=re.escape(message)):
            vocabulary.split(text)
    assert vocabulary.split("<unk> chat") == ["<unk>", "chat"]


def test_what_is_near_keeps_its_spelling():
    with pytest.raises(ValueError, match="such as Tag$"):
        check_known(["tga"], spellings(["guten", "Tag"]))
    with pytest.raises(ValueError, match="such as zug$"):  # no sign, where nothing is near
        check_known(["q"], ["<unk>", "<2en>", "zug"])


# The models


WRITTEN = {"<2en> Je suis étudiant.": "i am a student", "<2fr> “The black cat sleeps!”": "le chat noir dort"}


@pytest.fixture(scope="module")
def both():
    return nn.load("transformer_both")


def test_translators_read_what_is_typed(both):
    assert both.translate(list(WRITTEN)) == list(WRITTEN.values())
    for name in ("translator_fixed", "translator_attention"):
        assert nn.load(name).translate(["Je suis étudiant.", "MERCI !"]) == ["i am a student", "thanks"]


def test_so_do_maps_and_predictor(both):
    [typed, plain] = [both.maps(*pair) for pair in (("<2en> Merci.", "Thanks!"), ("<2en> merci", "thanks"))]
    assert all(torch.equal(typed[place], plain[place]) for place in plain)
    found = [greedy(predictor(both, text)) for text in ("<2en> Merci.", "<2en> merci")]
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["transformer_both", "translator_fixed", "translator_attention"])
def test_translators_refuse_unknown_words(name):
    model, tag = nn.load(name), "<2en> " * (name == "transformer_both")
    calls = [lambda text: model.translate([f"{tag}merci", text])]
    if tag:
        calls += [lambda text: model.maps(text, "thanks"), lambda text: predictor(model, text)]
    for call in calls:
        with pytest.raises(ValueError, match="does not know the word 'etudiant': expected words such as étudiant"):
            call(f"{tag}je suis etudiant")
        with pytest.raises(ValueError, match="at least one word" if not tag else "and then the words"):
            call(f"{tag}...")


def test_a_target_that_a_model_wrote_may_hold_signs(both):
    assert both.maps("<2en> merci", "<pad> thanks <bos>")["cross"].shape == (2, 4, 4, 2)
    with pytest.raises(ValueError, match="does not know the word 'thankz': expected words such as thanks"):
        both.maps("<2en> merci", "thankz")


@pytest.mark.parametrize("text", ["merci", "merci <2en>", "<2en>", "<2en> <2fr> merci", "<2en> merci <2fr>"])
def test_a_tag_stands_in_front_and_nowhere_else(text, both):
    with pytest.raises(ValueError, match="expected one of <2en>, <2fr> and then the words of a sentence, got"):
        both.translate([text])


def test_an_unknown_word_can_be_asked_for(both):
    [by_sign] = both.translate(["<2en> le <unk> dort"])
    assert by_sign == both.translate(["<2en> le xylophone dort"], unknown=True)[0]
    assert both.exact([("<2en> le xylophone dort", str(by_sign)), ("<2en> Merci.", "thanks")]).tolist() == [True, False]
    tagger = nn.load("tagger_3")
    assert tagger.tag([["my", "<unk>"]]) == tagger.tag([["my", "zebra"]], unknown=True)


def test_taggers_read_what_is_typed():
    tagger = nn.load("tagger_all")
    right = [["PRON", "VERB", "DET", "NOUN"]]
    for typed in (["I saw a saw."], [["I", "SAW", "a", "saw"]], [("i", "saw", "a", "saw")], ("i saw a saw",)):
        assert tagger.tag(typed) == right
    for wrong in ([["I", "saw", "zebras"]], ["I saw zebras."]):
        with pytest.raises(ValueError, match="does not know the word 'zebras'"):
            tagger.tag(wrong)
