"""The exercises on a page: choices that open one at a time, and a count that stays in the reader's browser."""

import pytest
from helpers import inaccessible

CHAPTER = "notebooks/02_softmax.html"
REFUSE = """document.addEventListener("readystatechange", () => {
    for (const name of ["getItem", "setItem"]) {
        const before = Storage.prototype[name];
        Storage.prototype[name] = function (key, ...values) {
            if (key.startsWith("exercises:")) throw new Error("refused");
            return before.call(this, key, ...values);
        };
    }
}, { once: true });"""  # before any deferred script runs


class Exercises:
    """What a reader sees and does in the section."""

    def __init__(self, page):
        self.page = page
        self.section = page.locator("section#exercises")
        self.count = self.section.locator("[role=status]")
        self.choice = self.section.locator("details.choice[name=c2-two]")  # the second option is right
        self.note = self.choice.last.locator("xpath=following-sibling::p[1]")
        self.tick = self.section.get_by_label("I have solved “dog_score”")

    def opened(self):
        return [option.get_attribute("open") is not None for option in self.choice.all()]

    def choose(self, i):
        self.choice.nth(i).locator("summary").click()
        self.page.evaluate("new Promise(requestAnimationFrame)")  # a toggle is told after it has happened


@pytest.fixture(params=["http", "file"])
def address(request, site):
    return (site.url if request.param == "http" else f"{site.folder.as_uri()}/") + CHAPTER


def test_counts_what_is_solved_and_remembers_it(address, visit):
    page = visit(address)
    exercises = Exercises(page)
    assert exercises.count.text_content() == "0 of 9 solved"
    exercises.choose(0)
    exercises.choose(3)
    exercises.choose(0)  # the same again is no further try
    assert exercises.count.text_content() == "0 of 9 solved" and exercises.note.text_content() == ""
    exercises.choose(1)
    exercises.choose(2)  # to read what is wrong with it, after it is solved
    assert exercises.opened() == [False, False, True, False]
    assert exercises.count.text_content() == "1 of 9 solved"
    assert exercises.note.text_content() == "Solved with 3 tries."
    exercises.tick.check()
    assert exercises.count.text_content() == "2 of 9 solved"

    page.reload()
    assert exercises.count.text_content() == "2 of 9 solved"
    assert exercises.note.text_content() == "Solved with 3 tries."
    assert exercises.tick.is_checked()
    assert exercises.opened() == [False] * 4
    exercises.tick.uncheck()
    assert exercises.count.text_content() == "1 of 9 solved"

    exercises.choose(2)
    exercises.section.get_by_role("button", name="Reset").click()
    assert exercises.count.text_content() == "0 of 9 solved" and exercises.note.text_content() == ""
    assert exercises.opened() == [False] * 4
    page.reload()
    assert exercises.count.text_content() == "0 of 9 solved"
    exercises.choose(1)
    assert exercises.note.text_content() == "Solved at once."
    assert page.problems == []


def test_each_chapter_counts_for_itself(site, visit):
    page = visit(site.url + CHAPTER)
    Exercises(page).tick.check()
    kept = page.evaluate("Object.keys(localStorage)")
    assert [key for key in kept if "exercises" in key] == ["exercises:02_softmax"]


def test_works_by_keyboard_alone(site, visit):
    page = visit(site.url + CHAPTER)
    exercises = Exercises(page)
    exercises.section.get_by_role("button", name="Reset").focus()
    stops = []
    for _ in range(9):
        page.keyboard.press("Tab")
        focus = "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
        stops.append(page.evaluate(focus))
        if exercises.choice.nth(1).locator("summary").evaluate("(node) => node === document.activeElement"):
            break
    assert [tag for tag, _ in stops] == ["A", "SUMMARY", "SUMMARY"]
    assert all(outline != "none" for _, outline in stops)
    page.keyboard.press("Enter")
    assert exercises.opened() == [False, True, False, False]
    exercises.tick.focus()
    page.keyboard.press("Space")
    assert exercises.count.text_content() == "2 of 9 solved"


def test_counts_for_this_visit_where_storage_is_refused(site, visit):
    page = visit(site.url + CHAPTER)
    page.add_init_script(REFUSE)
    page.reload()
    exercises = Exercises(page)
    exercises.tick.check()
    exercises.choose(1)
    assert exercises.count.text_content() == "2 of 9 solved"
    page.reload()
    assert exercises.count.text_content() == "0 of 9 solved"
    assert page.problems == []


@pytest.mark.parametrize("kept", ["not JSON", "null", '{"dog_score": {"solved": true}}'])
def test_whatever_is_in_the_storage_does_no_harm(kept, site, visit):
    page = visit(site.url + CHAPTER)
    page.evaluate("(kept) => localStorage.setItem('exercises:02_softmax', kept)", kept)
    page.reload()
    assert Exercises(page).count.text_content() == f"{1 if 'true' in kept else 0} of 9 solved"
    assert page.problems == []


def test_choices_need_no_script(site, visit):
    page = visit(site.url + CHAPTER, java_script_enabled=False)
    choice = page.locator("details.choice[name=c2-two]")
    choice.nth(0).locator("summary").click()
    choice.nth(1).locator("summary").click()
    assert not choice.nth(0).locator("p").is_visible()
    assert choice.nth(1).locator("p").is_visible()
    assert page.locator(".tally").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_open_option_is_accessible_and_fits(theme, site, visit):
    page = visit(site.url + CHAPTER, theme=theme, width=390)
    exercises = Exercises(page)
    exercises.choose(0)
    exercises.section.locator("details.choice.right summary").last.click()
    assert inaccessible(exercises.section) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_nothing_is_given_away(site, visit):
    page = visit(site.url + CHAPTER)
    exercises = Exercises(page)
    exercises.choose(0)
    page.emulate_media(media="print")
    assert exercises.choice.first.locator("summary").is_visible()
    for hidden in [*exercises.choice.locator("p").all(), exercises.count, exercises.tick]:
        assert not hidden.is_visible()


def test_only_pages_with_exercises_load_the_script(site):
    for name in site.pages:
        page = (site.folder / name).read_text(encoding="utf-8")
        assert ("/quiz.js" in page) == ('<section id="exercises"' in page), name
