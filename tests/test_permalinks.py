"""A link to a widget as it is set: made on one page, opened on another; and what an address must not do."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
import torch
from helpers import EVIL, Kernel, Live, fits

from self_attention import nn, widgets
from self_attention.vocabulary import Vocabulary
from self_attention.widgets._base import SCRIPTS
from self_attention.widgets._model import published

torch.set_num_threads(1)

RNG = np.random.default_rng(0)
MODEL = "transformer_pronouns"
TIRED = "the animal did not cross the street because it was too tired"
WIDE = "the animal did not cross the street because it was too wide"


def translator():
    """A small one that has learned nothing, for two languages."""
    words = ["<2en> <2fr> un chat dort", "a cat sleeps"]
    model = nn.TransformerTranslator(Vocabulary(words), Vocabulary(words), d_model=16, h=2, d_ff=32, layers=(2, 1))
    return widgets.LiveTranslator(model, ["<2en> un chat", "<2fr> a cat sleeps"])


MAKE = {
    "attention-map": lambda: widgets.AttentionMap(
        *RNG.normal(size=(3, 2, 2, 4, 3)), tokens=["a", "b", "c", "<pad>"], controls=widgets.attention_map.CONTROLS
    ),
    "attention-player": lambda: widgets.AttentionPlayer(*RNG.normal(size=(4, 3, 3)), edits={"X[0,0]": 2.0}),
    "softmax-bars": lambda: widgets.SoftmaxBars([3, 1, 0.2]),
    "soft-lookup": lambda: widgets.SoftLookup(np.eye(2), np.eye(2), query=[1, 0], controls=["temperature", "method"]),
    "vector-plane": lambda: widgets.VectorPlane(np.array([[3, 1], [1, 2], [-1, 1]]), labels=["one", "two", "three"]),
    "attention-cost": lambda: widgets.AttentionCost(m=7),
    "layer-costs": lambda: widgets.LayerCosts(),
    "position-map": lambda: widgets.PositionMap(n=16, d_model=8),
    "receptive-field": lambda: widgets.ReceptiveField(n=16, position=8),
    "training-bars": lambda: widgets.TrainingBars(
        np.full((3, 1, 2), 0.5), ["a"], vocabulary=["a", "b"], controls=["epoch", "smoothing"]
    ),
    "live-translator": translator,
    "transformer-blocks": lambda: widgets.TransformerBlocks(MODEL, [TIRED, WIDE]),
}


class Strict(SimpleHTTPRequestHandler):
    """Its pages take scripts and styles from files alone: `visit` fails on what the browser blocks."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'")
        super().end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    """The address of a page that has two widgets of a kind, far apart, the first one folded away: `page_of(kind)`."""
    folder = tmp_path_factory.mktemp("pages")
    for script in SCRIPTS.glob("*.js"):
        shutil.copy(script, folder)
    (folder / "favicon.ico").touch()
    (folder / "page.css").write_text("details { margin-bottom: 200rem }", encoding="utf-8")
    (folder / "weights").mkdir()
    (folder / "weights" / f"{MODEL}.js").write_text(published(MODEL), encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def page_of(kind):
            path = folder / f"{kind}.html"
            if not path.exists():
                widget = MAKE[kind]()
                scripts = "".join(f'<script defer src="{name}"></script>' for name in widget.scripts)
                body = f"<h2 id='words'>Words</h2><details>{widget.to_html()}</details>"
                head = "<!doctype html><meta charset='utf-8'><link rel='stylesheet' href='page.css'>"
                path.write_text(f"{head}{scripts}{body}{widget.to_html()}", encoding="utf-8")
            return f"http://127.0.0.1:{server.server_port}/{path.name}"

        yield page_of
        server.shutdown()


# The settings of a widget, and all that is to be seen of it.
SHOWN = """async (el) => {
    await el.ready();
    for (let k = 0; k < 4; k++) await new Promise(requestAnimationFrame);
    const all = (selector) => [...el.shadowRoot.querySelectorAll(selector)].filter((node) => node.checkVisibility());
    return {
        settings: el.settings,
        text: el.shadowRoot.querySelector(".widget").innerText.replace(el.notice.innerText, "").split("\\n"),
        fields: all("input, select").map(({ type, checked, value }) => /radio|checkbox/.test(type) ? checked : value),
        pictures: all("canvas").map((canvas) => canvas.toDataURL()),
        paths: all("path").map((path) => path.getAttribute("d")),
    };
}"""


class Reader:
    """Somebody who works the second widget of a kind."""

    def __init__(self, page, kind):
        self.page, self.element = page, page.locator(kind).nth(1)
        self.element.scroll_into_view_if_needed()

    def shown(self):
        return self.element.evaluate(SHOWN)

    def press(self, label, *keys):
        for key in keys:
            self.element.get_by_label(label, exact=True).first.press(key)

    def fill(self, label, text):
        self.element.get_by_label(label, exact=True).first.fill(text)

    def pick(self, label, value):
        self.element.get_by_label(label, exact=True).first.select_option(value)

    def check(self, name):
        self.element.get_by_label(name, exact=True).first.check()

    def click(self, name):
        self.element.get_by_role("button", name=name, exact=True).first.click()


def work_map(reader):
    for name in ("causal", "window", "1/d_k", "scores"):
        reader.check(name)
    reader.pick("How the mask is applied", "zero weights, renormalised")
    reader.press("Temperature", "Home")
    reader.press("Layer", "End")
    reader.press("Head", "End")
    reader.element.locator(".map").press("ArrowDown")
    reader.element.locator(".map").press("End")


def work_player(reader):
    for _ in range(3):
        reader.click("Next")
    reader.check("2")
    reader.fill("Divide the scores by", "0,3")
    reader.fill("scaled, query 2, key 1", "-1.5")
    reader.fill("X, 1, feature 1, by hand", "")
    reader.click("Next")


def work_bars(reader):
    reader.fill("Score of 2, as a number", "-0.125")
    reader.press("Temperature", "End")


def work_lookup(reader):
    reader.fill("Query, 1", "1e-3")
    reader.press("Temperature", "Home")
    reader.check("ReLU")


def work_plane(reader):
    reader.pick("Second word", "2")
    reader.element.locator(".handle").last.press("ArrowUp")


def work_cost(reader):
    reader.press("d_model", "ArrowLeft")
    reader.press("h: heads", "ArrowLeft")
    reader.fill("n: queries, as a number", "77")
    reader.check("the same words, m = n")


def work_costs(reader):
    reader.press("k: kernel width", "End")
    reader.check("every multiply-add, with projections")
    reader.press("d: features", "Home")


def work_positions(reader):
    reader.press("Position", "End")
    reader.element.locator(".curve").press("Home")
    reader.check("concatenated")


def work_field(reader):
    reader.pick("Layer", "rnn")
    for _ in range(9):
        reader.press("n: positions", "ArrowLeft")
    reader.press("Layers", "End")


def work_training(reader):
    reader.press("Epoch", "End")
    reader.press("Label smoothing", "ArrowRight", "ArrowRight")


def work_translator(reader):
    reader.check("English → French")
    reader.fill("Your sentence, in English", "a cat")
    reader.press("Your sentence, in English", "Enter")
    reader.press("Weight of cat, word 3, for <2fr>", "ArrowRight")
    reader.check("decoder")
    reader.press("Weight of <bos>, word 1, for <bos>", "ArrowLeft")
    reader.check("sample")
    reader.press("Temperature", "ArrowRight")
    reader.press("Top k", "Home")
    reader.click("Draw again")
    reader.press("Step", "Home", "ArrowRight")


def work_blocks(reader):
    reader.page.keyboard.press("Shift")
    reader.shown()
    reader.pick("Sentence", "1")
    reader.check("<bos>, decoder, word 1")
    reader.check("logits")


WORK = {
    "attention-map": work_map,
    "attention-player": work_player,
    "softmax-bars": work_bars,
    "soft-lookup": work_lookup,
    "vector-plane": work_plane,
    "attention-cost": work_cost,
    "layer-costs": work_costs,
    "position-map": work_positions,
    "receptive-field": work_field,
    "training-bars": work_training,
    "live-translator": work_translator,
    "transformer-blocks": work_blocks,
}


def test_every_widget_has_a_reader():
    kinds = {getattr(widgets, name).element for name in widgets.__all__}
    assert kinds == set(MAKE) == set(WORK)


@pytest.mark.parametrize("kind", WORK)
def test_link_opens_the_widget_as_it_was_set(kind, page_of, visit):
    url = page_of(kind)
    page = visit(url, build=False, permissions=["clipboard-read", "clipboard-write"])
    reader = Reader(page, kind)
    start = reader.shown()["settings"]
    WORK[kind](reader)
    before = reader.shown()
    changed = {name for name, value in before["settings"].items() if value != start[name]}
    assert changed
    reader.element.get_by_role("button", name="Link").press("Enter")
    assert reader.element.get_by_role("status").filter(has_text="Link").inner_text() == "Link copied"
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url and link.startswith(f"{url}#{kind}-2:"), link
    said = urlsplit(link).fragment.partition(":")[2]
    named = {pair.partition("=")[0] for pair in said.split("&")}
    assert changed <= named <= changed | {"chosen", "distance"}, "a link says what differs, and nothing else"

    for address in (link, f"{url}#{quote(urlsplit(link).fragment, safe='')}"):  # some programs escape all of it
        other = Reader(visit(address, build=False), kind)
        other.page.wait_for_function("el => el.notice?.isConnected", arg=other.element.element_handle())
        after = other.shown()
        assert after["settings"] == before["settings"]
        for name, drawn in before.items():
            assert [pair for pair in zip(drawn, after[name], strict=True) if pair[0] != pair[1]] == [], name
        assert other.page.evaluate("el => el.getBoundingClientRect().top", other.element.element_handle()) < 450
        assert other.page.problems == []
        if kind != "attention-map":
            break
    assert page.problems == []


# What an address must not do: [what it asks for, what is refused], and a link that a widget cannot follow.

IMG = quote("<img src=x onerror=alert(1)>")
HOSTILE = {
    "attention-map": [
        ("temperature=-1", "temperature"), ("temperature=1e400", "temperature"), ("temperature=0x10", "temperature"),
        ("temperature=", "temperature"), ("temperature", "temperature"), ("temperature=NaN", "temperature"),
        ("query=4", "query"), ("query=1.5", "query"), ("query=-1", "query"), ("query=__proto__", "query"),
        ("mask=causal,causal", "mask"), ("mask=constructor", "mask"), ("mask=given", "mask"), ("mask=", "mask"),
        ("window=2", "window"), ("window=9", "window"), ("scale=2", "scale"), ("chosen=4", "chosen"),
        (f"show={IMG}", "show"), (f"{IMG}=1", "<img src=x onerror=alert(1)>"), (f"method={quote(EVIL)}", "method"),
        ("__proto__=1", "__proto__"), ("constructor=1", "constructor"), ("spec=1", "spec"), ("build=1", "build"),
        ("shadowRoot=1", "shadowRoot"), ("controls=layer", "controls"), ("%=%", "%"), ("%E0%A4%A=1", "\ufffd%A"),
        ("layer=2&window=1e999", "layer, window"), ("&".join(f"a{k}=1" for k in range(999)), "a0, a1, a2"),
    ],
    "attention-player": [
        ("edits=X,0,0", "edits"), ("edits=X,3,0,1", "edits"), ("edits=output,0,0,1", "edits"), ("edits=3", "edits"),
        ("edits=__proto__,0,0,1", "edits"), ("edits=X,0,0,1/X,0,0,2", "edits"), ("edits=X,0,0,1e13", "edits"),
        ("edits=X,0,0,1/", "edits"), ("divisor=0", "divisor"), ("step=7", "step"), ("query=3", "query"),
    ],
    "softmax-bars": [
        ("scores=1,2", "scores"), ("scores=1,2,x", "scores"), ("scores=1,2,", "scores"), ("scores=1,2,3,4", "scores"),
        ("scores=1,2,1e13", "scores"), ("temperature=1e-9", "temperature"), ("temperature=Infinity", "temperature"),
    ],
    "soft-lookup": [
        ("query=1", "query"), ("query=1,2,3", "query"), ("query=1,Infinity", "query"), ("scale=3", "scale"),
    ],
    "vector-plane": [
        ("moved=3,0,0", "moved"), ("moved=0,1", "moved"), ("moved=__proto__,1,2", "moved"), ("first=3", "first"),
        ("moved=0,1,2/0,3,4", "moved"), ("moved=0,1,2,3", "moved"), ("second=", "second"),
    ],
    "attention-cost": [
        ("d_model=512&h=7", "d_model, h"), ("h=3", "h"), ("m=0", "m"), ("n=5000", "n"), ("m=null", "m"),
    ],
    "layer-costs": [("n=0", "n"), ("k=1", "k"), ("count=all+of+it", "count"), ("d=1.5", "d"), ("r=5000", "r")],
    "position-map": [
        ("d_model=7", "d_model"), ("base=0.5", "base"), ("distance=16", "distance"), ("layout=x", "layout"),
    ],
    "receptive-field": [("n=4", "n"), ("position=16", "position"), ("layer=cnn2", "layer"), ("k=2", "k")],
    "training-bars": [("epoch=3", "epoch"), ("smoothing=0.4", "smoothing"), ("targets=b", "targets")],
    "live-translator": [
        ("text=un+chap", "text"), ("text=%3C2en%3E+chat", "text"), (f"text={quote(EVIL)}", "text"), ("seed=-1", "seed"),
        ("text=" + "chat+" * 41, "text"), ("direction=%3C2xx%3E", "direction"), ("width=7", "width"),
        ("top_p=0", "top_p"),
        *((f"interventions={row}", "interventions") for row in (
            "0,encoder,0,0,0,1", "0,encoder,2,0,0,1,0,0", "0,encoder,0,0,3,1,0,0",
            "2,encoder,0,0,0,1,0,0", "0,head,0,0,0,1,0,0", "0,encoder,0,0,0,0,0,0",
            "0,encoder,0,0,0,1,-1,1", "%2525,encoder,0,0,0,1", "0,encoder,0,0,0,1,0,0/0,encoder,0,0,0,0,1,0",
            "__proto__",
        )),
    ],
    "transformer-blocks": [
        ("sentence=2", "sentence"), ("token=41", "token"), ("stage=99", "stage"), ("place=x", "place"),
    ],
}  # fmt: skip
NO_LINK = ["attention-map-0:query=1", "attention-map-3:query=1", "nothing-1:query=1", "%", "attention-map:query=1"]

ASK = """async (el, hash) => {
    el.notice.textContent = "";
    location.hash = hash;
    for (let k = 0; k < 100 && !el.notice.textContent; k++) await new Promise(requestAnimationFrame);
    return [el.notice.textContent, el.state];
}"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_address_is_not_trusted(kind, page_of, visit):
    page = visit(page_of(kind), build=False)
    page.on("dialog", lambda dialog: page.problems.append(dialog.message) or dialog.dismiss())
    element = page.locator(kind).nth(1)
    element.evaluate("el => { el.scrollIntoView(); location.hash = `${el.localName}-2`; return el.ready(); }")
    for asked, refused in HOSTILE[kind]:
        told, state = element.evaluate(ASK, f"{kind}-2:{asked}")
        assert told.startswith(f"This link asks for what cannot be: {refused}"), asked
        assert state == element.evaluate("el => el.start"), asked
    assert page.locator("img").count() == 0 and page.problems == []


def test_good_part_of_a_bad_link_is_taken(page_of, visit):
    page = visit(f"{page_of('attention-map')}#attention-map-2:query=2&head=9&mask=causal&who=me", build=False)
    reader = Reader(page, "attention-map")
    assert reader.shown()["settings"] == {**reader.element.evaluate("el => el.initial"), "query": 2, "mask": "causal"}
    told = reader.element.get_by_role("status").filter(has_text="This link")
    assert told.inner_text() == "This link asks for what cannot be: head, who"
    page.keyboard.press("Shift")
    assert not told.is_visible(), "it goes as soon as the reader does something"


def test_other_hashes_are_left_alone(page_of, visit):
    page = visit(page_of("attention-map"), build=False)
    reader = Reader(page, "attention-map")
    before = reader.shown()
    for hash in NO_LINK:
        page.evaluate("hash => { location.hash = hash; }", hash)
        assert reader.shown() == before, hash
    page.evaluate("location.hash = 'words'")
    assert page.locator("#words").evaluate("el => el.getBoundingClientRect().top") < 1
    assert page.problems == []


def test_link_while_the_page_is_open_unfolds_the_widget(page_of, visit):
    page = visit(page_of("softmax-bars"), build=False)
    first, second = page.locator("softmax-bars").all()
    page.evaluate("location.hash = 'softmax-bars-1:scores=1,2,3'")
    first.get_by_label("Score of 1, as a number").wait_for()
    assert first.evaluate("el => el.settings.scores") == [1, 2, 3]
    page.evaluate("location.hash = 'softmax-bars-1:temperature=0'")
    page.wait_for_function("el => el.settings.temperature === 0", arg=first.element_handle())
    assert first.evaluate("el => el.settings.scores") == [3, 1, 0.2], "a link starts from what the author chose"
    assert second.evaluate("el => el.spec") is None, "a link builds its own widget and no other"
    assert page.problems == []


def test_link_of_a_page_in_a_folder_and_a_refused_clipboard(open_widget, visit):
    page = open_widget(MAKE["attention-map"](), width=390, has_touch=True)
    live = Live(page, page.locator("attention-map"))
    live.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    live.element.get_by_label("Head").press("End")
    live.element.get_by_role("button", name="Link").tap()
    assert live.element.get_by_role("status").inner_text() == "The address above now holds this state"
    fits(live)
    assert live.page.url.endswith("page.html#attention-map-1:head=1")
    page = visit(live.page.url, build=False)
    assert page.locator("attention-map").evaluate(SHOWN)["settings"]["head"] == 1


def test_kernel_has_no_links(open_widget):
    page = open_widget(MAKE["softmax-bars"]())
    element = page.locator("softmax-bars")
    assert element.get_by_role("button", name="Link").count() == 1
    Kernel(SimpleNamespace(page=page, element=element), element.evaluate("el => el.settings"))
    assert element.get_by_role("button", name="Reset").count() == 1
    assert element.get_by_role("button", name="Link").count() == 0


def test_site_takes_links_to_sections_and_to_widgets(site, visit):
    page = visit(f"{site.url}book/index.html#live-translator-1:sentence=1&width=2&method=beam&layer=1", build=False)
    element = page.locator("live-translator").first
    settings = element.evaluate(SHOWN)["settings"]
    assert {name: settings[name] for name in ("sentence", "width", "method", "layer")} == {
        "sentence": 1, "width": 2, "method": "beam", "layer": 1,
    }  # fmt: skip
    page = visit(f"{site.url}notebooks/07_masking.html#attention-map-2:temperature=0.5&query=1", build=False)
    element = page.locator("attention-map").nth(1)
    settings = element.evaluate(SHOWN)["settings"]
    assert (settings["temperature"], settings["query"]) == (0.5, 1)
    top = element.evaluate("el => el.getBoundingClientRect().top")
    assert 0 < top < 120, "below the row of buttons"
    section = page.locator("section[id] section[id]").last.get_attribute("id")
    page = visit(f"{site.url}notebooks/07_masking.html#{section}", build=False)
    assert abs(page.locator(f"#{section}").evaluate("el => el.getBoundingClientRect().top")) < 120
