"""References, glossary and outside links: complete, consistent, and linked from where a reader needs them."""

import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import outside
import pytest
from _ext import citations, glossary
from docutils import nodes
from pybtex.database import parse_file

ROOT = Path(__file__).parents[1]


ENTRIES = parse_file(ROOT / "book" / "references.bib", "bibtex").entries
NEEDED = {
    "article": {"journal", "volume"},
    "book": {"publisher"},
    "incollection": {"booktitle", "publisher"},
    "inproceedings": {"booktitle"},
    "misc": set(),
}
FORMS = {
    "year": r"(19[4-9]|20[0-2])\d",
    "eprint": r"\d\d(0[1-9]|1[0-2])\.\d{4,5}",
    "doi": r"10\.\d{4,}/\S+",
    "url": r"https://\S+",
}
NO_WORKS = ("https://docs.pytorch.org/", "https://github.com/", "https://keepachangelog.com/", "https://semver.org/")
NAME = r"(?:[a-z]+ )*[^\W\d_a-z][\w-]*"
SOURCES = {place: text for place, text in outside.texts().items() if not place.endswith(".bib")}


def plain(text):
    """The letters and digits of a text, without accents, in lower case."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text).lower())


# The bibliography


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_has_what_its_type_needs(key):
    entry = ENTRIES[key]
    assert {"title", "year"} | NEEDED[entry.type] <= set(entry.fields)
    assert entry.persons["author"]
    if entry.type == "misc":
        assert {"howpublished", "eprint"} & set(entry.fields)
    assert {"url", "doi", "eprint"} & set(entry.fields) or key == "firth1957", "where can it be read?"
    for field, form in FORMS.items():
        assert re.fullmatch(form, entry.fields.get(field, "")) or field not in entry.fields, field
    first = plain(next(work.author for work in citations.works() if work.key == key))
    assert re.fullmatch(rf"{first}{entry.fields['year']}[a-z0-9]*", key)


@pytest.mark.parametrize("key", [key for key, entry in ENTRIES.items() if "eprint" in entry.fields])
def test_a_work_is_published_in_the_years_after_it_came_to_arxiv(key):
    arrived = 2000 + int(ENTRIES[key].fields["eprint"][:2])
    assert arrived <= int(ENTRIES[key].fields["year"]) <= arrived + 2


def test_an_entry_that_is_not_checked_says_so_on_the_page():
    notes = {key: entry.fields["note"] for key, entry in ENTRIES.items() if "note" in entry.fields}
    assert set(notes.values()) <= {"not checked"}
    assert {work.key for work in citations.works() if work.venue.endswith("not checked")} == set(notes)


def test_no_work_has_two_entries():
    titles = [plain(entry.fields["title"]) for entry in ENTRIES.values()]
    assert sorted(titles) == sorted(set(titles))
    addresses = [address for work in citations.works() for address in work.addresses]
    assert sorted(addresses) == sorted(set(addresses))


def test_an_author_and_year_are_found_in_every_form():
    text = """Vaswani et al. (2017), and Post (2018); (Haviv et al. 2022; Jain and Wallace 2019), Rush et al. (2018,
    2022), Goodfellow, Bengio and Courville 2016, sec. 4, van den Oord, Kalchbrenner and Kavukcuoglu (2016), Yu
    and Koltun 2016; but neither Nobody et al. (2017), Vaswani et al. (2018), Vaswani et al. nor deVig 2019."""
    found = [(re.sub(r"\s+", " ", match[0]), work.key) for match, work in citations.cited(text)]
    assert found == [
        ("Vaswani et al. (2017)", "vaswani2017"),
        ("Post (2018)", "post2018"),
        ("Haviv et al. 2022", "haviv2022"),
        ("Jain and Wallace 2019", "jain2019"),
        ("Rush et al. (2018, 2022)", "rush2018"),
        ("Goodfellow, Bengio and Courville 2016", "goodfellow2016"),
        ("van den Oord, Kalchbrenner and Kavukcuoglu (2016)", "vandenoord2016wavenet"),
        ("Yu and Koltun 2016", "yu2016"),
    ]


def test_the_link_that_follows_says_which_work_of_a_year_is_meant():
    def keys(address=None):
        return [work.key for _, work in citations.cited("Cho et al. (2014), ", address)]

    assert keys() == keys("https://arxiv.org/abs/1406.1078") == keys("https://arxiv.org/abs/1706.03762") == ["cho2014"]
    assert keys("https://arxiv.org/abs/1409.1259") == ["cho2014properties"]


# Citations in the sources


def test_every_work_that_is_linked_has_an_entry():
    unknown = {
        address: places
        for address, places in outside.links().items()
        if not citations.at(address)
        and not address.startswith(NO_WORKS)
        and any("notebooks" in place for place in places)
    }
    assert unknown == {}


def test_every_work_that_is_named_has_an_entry():
    """What looks like a citation is one, and the co-authors that it names are the entry's."""
    unknown, wrong = [], []
    for place, text in SOURCES.items():
        found = citations.cited(text)
        years = list(re.finditer(rf"{NAME}\s+et\s+al\.,?\s+\(?(\d{{4}})", text))
        years += re.finditer(rf"^- {NAME}.*? \((\d{{4}})[^()]*\), \[", text, re.MULTILINE)
        for year in years:
            if not any(match.start() < year.start(1) < match.end() for match, _ in found):
                unknown.append(f"{place}: {year[0]}")
        for match, work in found:
            names = re.split(r"\s+et\s+al\.|,\s+|\s+and\s+", match["names"])
            names = [re.sub(r"\s+", " ", name) for name in names if name]
            authors = [last for _, last in work.names]
            complete = "et al" in re.sub(r"\s+", " ", match["names"]) or len(names) == len(authors)
            if work.key != "vandenoord2016wavenet" and not (complete and authors[: len(names)] == names):
                wrong.append(f"{place}: {match[0]}, of {authors}")
    assert unknown == []
    assert wrong == []


def test_the_name_and_year_before_a_link_are_those_of_the_work_at_its_address():
    wrong = []
    for place, text in SOURCES.items():
        for match in re.finditer(r"\]\((https:[^\s)]+)\)", text):
            before = re.search(rf"({NAME}[^\[\]()]*?\(\d{{4}}[^()]*\)), \[[^\]]*$", text[: match.start()])
            if before and (works := citations.at(match[1])):
                named = [work for _, work in citations.cited(before[1], match[1])]
                wrong += [] if named[-1:] == works[-1:] else [f"{place}: {before[1]} {match[1]}"]
    assert wrong == []


def test_every_entry_is_cited():
    named = {work.key for text in SOURCES.values() for _, work in citations.cited(text)}
    left = [address for address, places in outside.links().items() if set(places) != {"book/references.bib"}]
    assert set(ENTRIES) == named | {work.key for address in left for work in citations.at(address)}


# Links that leave the book


def test_outside_links_are_of_the_right_form():
    found = {address: outside.faults(address) for address in outside.links()}
    assert {address: faults for address, faults in found.items() if faults} == {}
    assert outside.twins(outside.links()) == []


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/a",
        "https://example/a",
        "https://localhost:8000/",
        "https://Example.org/",
        "https://example.org/a.",
        "https://example.org/a?utm_source=b",
        "https://arxiv.org/pdf/1706.03762",
        "https://www.arxiv.org/abs/1706.03762",
        "https://arxiv.org/abs/1706.03762v5",
        "https://dx.doi.org/10.1000/182",
        "https://doi.org/doi:10.1000/182",
    ],
)
def test_a_wrong_form_is_found(address):
    assert len(outside.faults(address)) == 1


def test_two_spellings_of_one_address_are_found():
    pair = ["https://example.org/a", "https://www.example.org/a/"]
    assert outside.twins([*pair, "https://example.org/b", "https://example.org/"]) == [pair]
    assert outside.twins(["http://example.org", "https://example.org"]) != []


# The glossary


def test_the_glossary_is_in_order_and_each_answer_leads_to_a_section():
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8").split("```{glossary}\n")[1]
    entries = re.findall(r"((?:^\S.*\n)+)  (.*)\n", text, re.MULTILINE)
    names = [terms.split("\n")[0].lower().replace("-", " ") for terms, _ in entries]
    assert names == sorted(names)
    assert [answer for _, answer in entries if not re.search(r"\.ipynb#[\w-]+\)\.$", answer)] == []


def terms(*names):
    return tuple(glossary.Term(name, f"term-{name}", "", ()) for name in names)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Masks, a mask", ["Masks", "mask"]),
        ("a causal mask hides", ["causal mask"]),
        ("a causal mask; the mask", ["causal mask", "mask"]),
        ("self-attention, mask-like, masked, mask.py", []),
        ("Two vocabularies", ["vocabularies"]),
        ("an attention map, and attention", ["attention map", "attention"]),
        ("bleu, then BLEU", ["BLEU"]),
        ("bleu", []),
        ("do it in your head", []),
        ("losses", ["losses"]),
    ],
)
def test_a_term_is_found(text, found):
    known = terms("attention", "attention map", "mask", "causal mask", "vocabulary", "BLEU", "head", "loss")
    assert [text[start:end] for start, end, _ in glossary.uses(text, known)] == found


def test_no_link_is_put_into_headings_code_and_links():
    page = nodes.section("", nodes.title("", "mask"), nodes.literal_block("", "mask"))
    page += nodes.paragraph("", "a ", nodes.literal("", "mask"), nodes.reference("", "mask"), nodes.strong("", "mask"))
    page += nodes.paragraph("", "", nodes.strong("", "The notes say:"), nodes.Text(" a mask"))
    page += nodes.paragraph("", "At last a mask, and a mask.")
    env = SimpleNamespace()
    known = (glossary.Term("mask", "term-mask", "who may look", ("there",)),)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glossary, "terms", lambda env: known)
        link = glossary.Links(SimpleNamespace(builder=SimpleNamespace(get_relative_uri="{0}->{1}".format)), "here")
        glossary.link_terms(env, "there", page, link)
        assert not list(page.findall(nodes.reference))[1:]
        glossary.link_terms(env, "here", page, link)
    _, made = page.findall(nodes.reference)
    assert made.parent.astext() == "At last a mask, and a mask."
    assert (made["refuri"], made["reftitle"]) == ("here->book/glossary#term-mask", "who may look")


# The site


class Marked(HTMLParser):
    """A page's links of our classes, {class: [(address, title, text)]}, those that leave the site, and the text."""

    def __init__(self, text):
        super().__init__()
        self.links, self.open, self.anchors, self.text = {"term": [], "citation": []}, None, set(), ""
        self.outside = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors.add(values.get("id"))
        if tag == "a" and re.match("https?:", values.get("href", "")):
            self.outside.add(values["href"])
        kinds = set((values.get("class") or "").split()) & set(self.links)
        self.open = (kinds.pop(), values["href"], values.get("title")) if tag == "a" and kinds else None

    def handle_data(self, data):
        self.text += data
        if self.open:
            kind, *link = self.open
            self.links[kind].append((*link, data))
            self.open = None


@pytest.fixture(scope="session")
def marked(site):
    return {name.removesuffix(".html"): Marked((site.folder / name).read_text(encoding="utf-8")) for name in site.pages}


def test_a_term_is_linked_once_on_a_page_with_its_meaning(marked):
    for name, page in marked.items():
        addresses = [address for address, _, _ in page.links["term"]]
        assert len(addresses) == len(set(addresses)), name
        for _, title, text in page.links["term"]:
            assert title and not re.search(r"[\\$]|Chapter|\.\.$|\s$", title), (name, text)
    used, explained = (marked[f"notebooks/{name}"].links["term"] for name in ("08_multi_head", "02_softmax"))
    assert ("../book/glossary.html#term-entropy", "entropy") in [(address, text) for address, _, text in used]
    assert not any("entropy" in address for address, _, _ in explained)
    assert not any(marked[name].links["term"] for name in glossary.NO_TERMS)


def test_a_chapter_has_no_more_links_to_the_glossary_than_a_reader_bears(marked):
    numbers = {name: len(page.links["term"]) for name, page in marked.items() if "notebooks" in name}
    assert max(numbers.values()) <= 30, numbers


def test_the_exceptions_are_still_needed(marked):
    for name, exceptions in glossary.NOT_MEANT.items():
        assert [word for word in exceptions if word not in marked[name].text.lower()] == [], name
    known = {f"term-{word}" for word in [*glossary.PLAIN, *sum(glossary.NOT_MEANT.values(), [])]}
    assert known <= marked["book/glossary"].anchors


def test_links_that_the_build_adds_are_of_the_right_form_too(marked):
    addresses = set().union(*(page.outside for page in marked.values()))
    assert len(addresses) > len(ENTRIES)
    assert {address: faults for address in addresses if (faults := outside.faults(address))} == {}
    assert outside.twins(addresses) == []


def test_references_and_citations_lead_to_each_other(site, marked):
    page = (site.folder / "book" / "references.html").read_text(encoding="utf-8")
    items = dict(re.findall(r'<li id="(\w+)">(.*?)</li>', page, re.DOTALL))
    assert set(items) == set(ENTRIES)
    uncited = [key for key, item in items.items() if 'class="reference internal"' not in item]
    assert uncited == []
    assert 'href="../notebooks/04_query_key_value.html#further-reading">4</a>' in items["tsai2019"]
    assert '#who-introduced-it">11</a>' in items["parikh2016"] or '#further-reading">11</a>' in items["parikh2016"]
    chapter = marked["notebooks/03_seq2seq_attention"].links["citation"]
    assert ("../book/references.html#cho2014properties", None, "Cho et al. (2014)") in chapter
    assert ("../book/references.html#cho2014", None, "Cho et al. (2014)") in chapter
