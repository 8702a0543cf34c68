"""What the browsers other than Chromium are asked. test_firefox.py and test_webkit.py, on two workers, drive them."""

import json

import browsers
import numpy as np
import pytest
from helpers import MAXIMUM, Live
from test_site import NOTICED, OPEN_ALL, TEXTS
from test_widgets_layers import KINDS, Layers
from test_widgets_training import Bars, Blocks
from test_widgets_words import NUMBERS, Words

from self_attention import nn, widgets
from self_attention.widgets import LiveTranslator, TransformerBlocks

WIDGETS = ", ".join(getattr(widgets, name).element for name in widgets.__all__)
READ = "for (const node of document.querySelectorAll('*')) node.read?.()"
# Give the focus to control k of a widget, and say what it is; null after the last. Of a kind such as "Weight of dog",
# "Weight of cat" ..., two are enough.
CONTROL = """(el, k) => {
    const shown = (selector) => [...el.shadowRoot.querySelectorAll(selector)].filter((node) => node.checkVisibility());
    const label = (node) => (node.ariaLabel ?? node.labels?.[0]?.textContent ?? node.className).trim();
    const kinds = {}, kind = (node) => `${node.type} ${label(node).split(" ")[0]}`;
    const control = shown("input[type=range], input[type=radio]:checked, [tabindex='0']").filter((node) => {
        kinds[kind(node)] = (kinds[kind(node)] ?? 0) + 1;
        return !node.disabled && kinds[kind(node)] <= 2;
    })[k];
    if (!control) return null;
    control.focus();
    const { type, min, max, name } = control;
    const choices = shown("input[type=radio]").filter((node) => node.name === name);
    const moves = type === "range" ? Number(min) < Number(max) : type === "radio" && choices.length > 1;
    return { type, moves, label: label(control) };
}"""
TRANSLATOR = """async (el) => {
    await el.ready();
    for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
    return { settings: el.settings, translation: el.translation, weights: Array.from(el.weights) };
}"""
TRANSLATION = """async (el, expected) => {
    for (let k = 0; k < 600 && el.translation !== expected; k++) await new Promise(requestAnimationFrame);
    return el.translation;
}"""
WRONG = """async () => {
    document.body.append(Object.assign(document.createElement("script"), { textContent: "1" }));
    setTimeout(() => { throw new Error("thrown by the test"); });
}"""


def need(name):
    """The path of a browser; without it, skip its tests and say how to get it, but in CI fail."""
    path = browsers.find(name)
    if path is None:
        (pytest.fail if browsers.IN_CI else pytest.skip)(browsers.missing(name))
    return path


class Way(Blocks):
    """A word's way through the blocks, as a page of the site has it."""

    def __init__(self, page, element):
        spec = element.evaluate("async (el) => { await el.ready(); return el.spec; }")
        widget = TransformerBlocks(spec["model"], spec["sentences"], target=spec["targets"], **spec["settings"])
        super().__init__(page, element, widget)


class Translator(Live):
    """A live translator, as a page of the site has it: what it says, and the map that it shows."""

    @staticmethod
    def rebuild(spec):
        return LiveTranslator(spec["model"], spec["sentences"], controls=spec["controls"], **spec["settings"])

    def check(self):
        state, widget = self.element.evaluate(TRANSLATOR), self.python
        with widget.hold_trait_notifications():
            for name, value in state["settings"].items():
                setattr(widget, name, value)
        assert state["translation"] == widget.translation
        assert np.abs(np.array(state["weights"]) - widget.weights.ravel()).max() < MAXIMUM
        return state


LIVE = {
    "attention-map": Live,
    "attention-player": Live,
    **dict.fromkeys(NUMBERS, Words),
    **dict.fromkeys(KINDS, Layers),
    "training-bars": Bars,
    "transformer-blocks": Way,
    "live-translator": Translator,
}


class Reading:
    """Every page of the site, opened once: the facts below are about the page as it then stands.

    A module with a browser subclasses it and gives the fixture `open_page`: a page, of Playwright's kind, at a URL.
    """

    narrow = 360  # px: the narrowest window

    @pytest.fixture(scope="class", params=[*TEXTS, "search", "404"])
    @classmethod
    def page(cls, request, site, open_page):
        page = open_page(f"{site.url}{request.param}.html")
        page.keyboard.press("Shift")  # a sign of life: the models come
        page.evaluate(READ)
        return page

    def test_every_widget_follows_the_keyboard_and_has_pythons_numbers(self, page):
        for element in page.locator(WIDGETS).all():
            kind = element.evaluate("(el) => el.localName")
            self.work(LIVE[kind](page, element))

    def work(self, live):
        before, k = live.check()["settings"], 0
        while control := live.element.evaluate(CONTROL, k):
            seen = {json.dumps(before)}
            for key in ("ArrowRight", "ArrowLeft") if control["type"] == "radio" else ("End", "ArrowLeft"):
                live.page.keyboard.press(key)
                seen.add(json.dumps(before := live.check()["settings"]))
            assert len(seen) > 1 or not control["moves"], f"{live.kind}: {control['label']} does not move"
            k += 1

    def test_it_fits_a_narrow_window(self, page):
        page.evaluate(OPEN_ALL)
        page.set_viewport_size({"width": self.narrow, "height": 900})
        page.evaluate(NOTICED)
        assert page.evaluate("document.documentElement.scrollWidth") <= self.narrow

    def test_the_browser_complains_of_nothing(self, page):
        assert page.problems == []

    def test_the_browser_would_complain(self, site, open_page):
        page = open_page(f"{site.url}book/notation.html")
        page.locator("html").all()[0].evaluate(WRONG)
        missed = {"script-src", "thrown by the test"}
        for _ in range(300):
            missed = {what for what in missed if what not in " ".join(page.problems)}
            if not missed:
                break
            page.evaluate("new Promise(requestAnimationFrame)")
        assert missed == set()

    def test_the_translator_translates(self, site, open_page):
        page = open_page(f"{site.url}book/index.html")
        [element] = page.locator("live-translator").all()
        element.evaluate("(el) => el.ready()")
        element.evaluate("(el) => el.shadowRoot.querySelector('input[role=combobox]').focus()")
        page.keyboard.press("End")
        for _ in range(100):
            page.keyboard.press("Backspace")
        page.keyboard.type("le chat noir dort")
        page.keyboard.press("Enter")
        [expected] = nn.load("transformer_both").translate(["<2en> le chat noir dort"])
        assert expected == "the black cat sleeps"
        assert element.evaluate(TRANSLATION, expected) == expected
        assert page.problems == []

    def test_the_search_finds(self, site, open_page):
        page = open_page(f"{site.url}search.html?q=beam+search")
        first = """new Promise((done) => {
            const look = (k) => {
                const link = document.querySelector("#search-results li a");
                if (link || k === 600) done(link?.textContent);
                else requestAnimationFrame(() => look(k + 1));
            };
            look(0);
        })"""
        assert page.evaluate(first) == "Beam search"
        assert page.problems == []
