"""The widgets in a real browser: each control, by mouse, keyboard and touch, against what Python computes."""

import re

import numpy as np
import pytest
from helpers import EVIL, Live, node, violations

from self_attention.widgets import AttentionMap, AttentionPlayer

RNG = np.random.default_rng(0)
WIDGETS = "attention-map, attention-player"
SETTING = {"Layer": "layer", "Head": "head", "Query": "query", "Temperature": "temperature", "Window width": "window"}
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def random(*shape):
    return RNG.normal(size=shape)


def words(n):
    return [f"w{i}" for i in range(n)]


ODD = ["", "\n", "שלום", "x" * 2000, "👩‍👩‍👧" * 500, " سلام"]
CASES = {
    "heads and layers": lambda: AttentionMap(*random(3, 2, 3, 6, 4), tokens=words(6), layer=1, head=2),
    "cross-attention": lambda: AttentionMap(
        random(3, 4), random(8, 4), random(8, 12), tokens=words(3), key_tokens=[f"k{j}" for j in range(8)]
    ),
    "padding and a mask as given": lambda: AttentionMap(
        *random(2, 5, 4), tokens=["a", "b", "c", "<pad>", "<pad>"], mask=np.eye(5)[::-1] < 1, scale="1/d_k",
        controls=["query", "temperature", "scale", "mask", "window", "method", "show"],
    ),
    "scores alone": lambda: AttentionMap(scores=1e4 * random(4, 4), show="scores"),
    "one token": lambda: AttentionMap(random(1, 2), random(1, 2), random(1, 2), window=1, mask="window"),
    "n = 30": lambda: AttentionMap(*random(3, 30, 8), tokens=words(30), mask="causal+window", window=5),
    "n = 512": lambda: AttentionMap(*random(2, 512, 8), tokens=words(512), controls=["query", "temperature"]),
    "evil tokens": lambda: AttentionMap(*random(3, 3, 2), tokens=[EVIL, "<b>", "&amp;"], caption=EVIL),
    "grouped queries": lambda: AttentionMap(
        random(2, 4, 5, 4), random(2, 2, 5, 4), random(1, 1, 5, 3), tokens=words(5), layer=1, head=3
    ),
    "scores that bring their mask": lambda: AttentionMap(
        scores=np.where(np.tri(6) > 0, random(2, 6, 6), [[[-1e9]], [[-np.inf]]]), V=random(6, 2), tokens=words(6),
        show="scores", controls=["head", "query", "temperature", "mask", "window", "method", "show"],
    ),
    "scores of a billion": lambda: AttentionMap(scores=[[-1e9, 2e9], [-3.5e9, 1.2e9]], show="scores"),
    "odd tokens": lambda: AttentionMap(*random(3, 6, 4), tokens=ODD),
    "one query, 300 keys": lambda: AttentionMap(random(1, 4), random(300, 4), tokens=["q"], key_tokens=words(300)),
    "player": lambda: AttentionPlayer(
        random(3, 4), *random(3, 4, 2), tokens=["<i>", EVIL, "&lt;"], divisor=2.0, step=2, edits={"scores[0,1]": 3.0}
    ),
}  # fmt: skip


@pytest.fixture
def show(open_widget):
    """Open a widget's own page and hold it against Python: `live = show(widget, width=390)`."""

    def show(widget, **options):
        page = open_widget(widget, **options)
        return Live(page, page.locator(WIDGETS))

    return show


# What a reader does; after each change the page is compared with Python.


def work(live):
    """Work every control there is, then Reset."""
    start = live.check()
    work_options(live)
    work_sliders(live)
    if live.spec["element"] == "attention-map":
        work_map(live)
    else:
        work_player(live)
    live.element.get_by_role("button", name="Reset").click()
    end = live.check()
    for what in ("settings", "key", "weights", "rows", "fields", "live"):
        assert end[what] == start[what] or (what, live.spec["element"]) == ("live", "attention-player"), what
    assert live.page.problems == []


def work_options(live):
    for box in live.find("input[type=checkbox]").all():
        for act in (box.click, lambda box=box: box.press("Space"), box.click):
            before = box.is_checked()
            act()
            names = live.check()["settings"]["mask"].split("+")
            assert (box.get_attribute("value") in names) == box.is_checked() != before
        assert live.find("input[aria-label='Window width']").is_visible() == ("window" in names)
    for group in live.find("fieldset:has(input[type=radio])").all():
        radios = group.locator("input").all()
        seen = []
        for radio in radios:
            radio.click()
            assert radio.is_checked()
            seen.append(str(live.check()["settings"]))
        radios[-1].press("ArrowLeft")
        seen.append(str(live.check()["settings"]))
        assert len(set(seen)) == len(radios) and seen[-1] == seen[len(radios) - 2]
    for select in live.find("select").all():
        values = select.evaluate("el => Array.from(el.options, option => option.value)")
        for value in reversed(values):
            select.select_option(value)
            assert value in live.check()["settings"].values()
        select.press("ArrowDown")
        assert values[1] in live.check()["settings"].values()


def work_sliders(live):
    for slider in live.find("input[type=range]:visible").all():
        name = SETTING[slider.get_attribute("aria-label")]
        low, high, step = (float(slider.get_attribute(part)) for part in ("min", "max", "step"))
        if low == high:
            continue

        by_key = []
        for key in ("Home", "ArrowRight", "End", "ArrowLeft"):
            slider.press(key)
            by_key.append(position(live, slider, name))
        assert by_key == [low, low + step, high, high - step]
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        at = [(box["x"] + part * box["width"], box["y"] + box["height"] / 2) for part in (0.02, 0.5, 0.98)]
        by_mouse = []
        live.page.mouse.click(*at[0])
        by_mouse.append(position(live, slider, name))
        live.page.mouse.down()
        for place in at[1:]:
            live.page.mouse.move(*place, steps=2)
            by_mouse.append(position(live, slider, name))
        live.page.mouse.up()
        part = (np.array(by_mouse) - low) / (high - low)
        assert part[0] < 0.2 <= part[1] <= 0.8 < part[2] or high - low < 5 * step
        assert by_mouse[0] < by_mouse[2]


def position(live, slider, name):
    """Where a slider stands, which must be what the setting says."""
    setting = live.check()["settings"][name]
    position = float(slider.input_value())
    if name != "temperature":
        assert setting == position
    else:
        assert setting == float(slider.get_attribute("aria-valuetext")) == pytest.approx(10 ** (position / 20), 5e-3)
    return position


def work_map(live):
    n, m = live.python.weights.shape
    state = live.check()
    i, j = state["settings"]["query"], state["key"]
    moves = {"ArrowUp": (-1, 0), "ArrowDown": (1, 0), "ArrowLeft": (0, -1), "ArrowRight": (0, 1)}
    moves |= {"Home": (0, -m), "End": (0, m)}
    for key in [*moves, "Home", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]:
        live.find(".map").press(key)
        i, j = np.clip(i + moves[key][0], 0, n - 1), np.clip(j + moves[key][1], 0, m - 1)
        state = live.check()
        assert (state["settings"]["query"], state["key"]) == (i, j), key
    for i, j in [(0, m - 1), (n - 1, 0), (n // 2, m // 2)]:
        live.page.mouse.click(*cell(live, i, j))
        state = live.check()
        assert (state["settings"]["query"], state["key"]) == (i, j)


def cell(live, i, j):
    """Where the middle of a cell is in the window."""
    live.find("canvas").evaluate("canvas => canvas.scrollIntoView({ block: 'center', behavior: 'instant' })")
    layout = live.check()["layout"]
    box = live.find("canvas").bounding_box()
    x, y = layout["left"] + (j + 0.5) * layout["cell"], layout["top"] + (i + 0.5) * layout["high"]
    return box["x"] + x, box["y"] + y


def work_player(live):
    for step, button in reversed(list(enumerate(live.find(".steps button").all()))):
        button.click()
        assert live.check()["settings"]["step"] == step
    for name, step in [("Next", 1), ("Next", 2), ("Previous", 1)]:
        live.element.get_by_role("button", name=name).click()
        assert live.check()["settings"]["step"] == step
    live.find(".steps button").nth(1).press("End")
    assert live.check()["settings"]["step"] == 6

    fields = live.check()["fields"]
    inputs = live.find(".field:not([aria-label='Divide the scores by'])").all()
    last = {name: place for name, place, _ in fields}
    for (name, (i, j), _), field in zip(fields, inputs, strict=True):
        if [i, j] not in ([0, 0], last[name]):
            continue
        field.fill("-0,75")
        assert live.check(words=False)["settings"]["edits"][f"{name}[{i},{j}]"] == -0.75
        field.press("ArrowUp")
        nudged = -0.65 if name == "weights" else 0.25
        assert live.check()["settings"]["edits"][f"{name}[{i},{j}]"] == pytest.approx(nudged)
        if name not in ("scores", "weights"):
            field.fill("")
            assert f"{name}[{i},{j}]" not in live.check(words=False)["settings"]["edits"]
    for text, value in [("4", 4), ("0", 4), ("1e-9", 4), ("0.5", 0.5)]:
        live.element.get_by_label("Divide the scores by").fill(text)
        assert live.check(words=False)["settings"]["divisor"] == value


@pytest.mark.parametrize("case", CASES)
def test_every_control(case, show):
    work(show(CASES[case]()))


def test_every_control_of_every_widget_of_the_site(site, visit):
    element = re.compile("<attention-(map|player)>")
    pages = [page for page in site.pages if element.search((site.folder / page).read_text(encoding="utf-8"))]
    assert len(pages) >= 2
    for page in pages:
        page = visit(site.url + page)
        for element in page.locator(WIDGETS).all():
            work(Live(page, element))


def test_site_from_a_folder(site, visit):
    page = visit((site.folder / "notebooks" / "07_masking.html").as_uri())
    live = Live(page, page.locator("attention-map").first)
    work_sliders(live)
    assert page.problems == []


def small(**settings):
    """A map whose weights are known: a row reads itself alone, but for the last, which is even."""
    return AttentionMap(scores=[[900, 0, 0], [0, 900, 0], [0, 0, 0]], tokens=["one", "two", "three"], **settings)


def test_temperature_changes_the_weights_by_mouse_and_by_keyboard(show):
    live = show(AttentionMap(scores=[[14, 12]], key_tokens=["Thinking", "Machines"], tokens=["it"]))
    assert [row[3] for row in live.check()["rows"]] == ["0.881", "0.119"]
    slider = live.find("input[aria-label=Temperature]")
    slider.press("End")
    assert [row[3] for row in live.check()["rows"]] == ["0.550", "0.450"]
    slider.click(position={"x": 2, "y": 10})
    assert [row[3] for row in live.check()["rows"]] == ["1.000", "0.000"]


# Names, focus, roles.


@pytest.mark.parametrize("case", ["heads and layers", "padding and a mask as given", "player"])
def test_names_labels_and_visible_focus(case, show):
    live = show(CASES[case]())
    live.check()
    names = live.element.evaluate("""el => Array.from(
        el.shadowRoot.querySelectorAll("input, select, button"),
        (node) => node.getAttribute("aria-label") ?? [...node.labels, node].map((one) => one.textContent).join(""))""")
    assert len(names) > 8 and all(name.strip() for name in names), names
    wrong = live.element.evaluate("""el => Array.from(el.shadowRoot.querySelectorAll("label"))
        .filter((label) => !["INPUT", "SELECT"].includes(label.control?.tagName)).map((label) => label.textContent)""")
    assert wrong == [], "a click on these labels reaches no control"
    missing = live.element.evaluate("""el => Array.from(el.shadowRoot.querySelectorAll("[aria-describedby]"))
        .filter((node) => !el.shadowRoot.getElementById(node.getAttribute("aria-describedby"))).length""")
    assert missing == 0, "a description that is not there"

    stops = []
    while len(stops) < 200:
        live.page.keyboard.press("Tab")
        stop = live.element.evaluate("""el => {
            const at = el.shadowRoot.activeElement;
            const style = at && getComputedStyle(at);
            return at && [at.outerHTML, style.outlineStyle, parseFloat(style.outlineWidth)];
        }""")
        if stop is None:
            break
        stops.append(stop)
    assert all(style != "none" and width >= 1 for _, style, width in stops), stops
    shown = live.element.evaluate("""el => Array.from(
        el.shadowRoot.querySelectorAll("input, select, button, [tabindex='0']"))
        .filter((at) => at.checkVisibility() && !at.disabled && (at.type !== "radio" || at.checked)).length""")
    assert len(stops) == shown


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("case", ["padding and a mask as given", "scores alone", "evil tokens", "player"])
def test_axe_finds_nothing(case, theme, show):
    live = show(CASES[case](), theme=theme)
    live.check()
    assert violations(live) == []


def test_live_line_is_polite_and_ids_are_single(site, visit):
    page = visit(site.url + "notebooks/07_masking.html")
    doubled = page.evaluate("""() => {
        const shadows = Array.from(document.querySelectorAll("*"), (node) => node.shadowRoot).filter(Boolean);
        const ids = [document, ...shadows].map((root) => Array.from(root.querySelectorAll("[id]"), (node) => node.id));
        return ids.flatMap((some) => some.filter((id, k) => some.indexOf(id) !== k));
    }""")
    assert doubled == []
    assert {line.get_attribute("aria-live") for line in page.locator("attention-map .live").all()} == {"polite"}


def test_widget_is_built_when_it_comes_near(site, visit):
    page = visit(site.url + "notebooks/07_masking.html", build=False)
    last = page.locator("attention-map").last
    assert last.evaluate("(el) => el.spec") is None and last.locator("table").is_visible()  # its static table, so far
    Live(page, last).check()  # which scrolls to it


# What the reader's tokens say, they say as text.


@pytest.mark.parametrize("case", ["evil tokens", "player"])
def test_evil_token_shows_as_text(case, show):
    live = show(CASES[case]())
    live.check()
    assert live.page.locator("img").count() == 0  # in the page and in the widgets
    assert live.element.get_by_text(EVIL).filter(visible=True).count() > 0
    assert live.page.problems == []


def test_no_script_shows_the_table_with_the_same_numbers(show, visit, tmp_path):
    widget = AttentionMap(*random(3, 6, 4), tokens=words(6), mask="causal")
    path = tmp_path / "page.html"
    path.write_text(widget.to_page(), encoding="utf-8")
    page = visit(path.as_uri(), java_script_enabled=False)
    cells = page.locator("attention-map tbody td")
    assert cells.count() == 36 and cells.first.is_visible()
    assert [float(text) for text in cells.all_inner_texts()] == pytest.approx(widget.weights.ravel(), abs=0.005001)
    assert page.locator("attention-map th[scope=row]").all_inner_texts() == words(6)
    live = show(widget)
    live.check()
    assert not live.element.locator("figure").is_visible()


# Words of every length and direction.

LONG = [f"{i}{'x' * 2000}" for i in range(20)]
MEASURED = """async (el) => {
    const frame = () => new Promise(requestAnimationFrame);
    const { prototype } = CanvasRenderingContext2D;
    const { measureText, fillText } = prototype;
    const counts = { measured: 0, longest: 0 };
    prototype.measureText = function (text) { counts.measured++; return measureText.call(this, text); };
    prototype.fillText = function (text, ...more) {
        counts.longest = Math.max(counts.longest, text.length);
        return fillText.call(this, text, ...more);
    };
    for (const query of [3, 4, 5, 3]) { el.set("query", query); await frame(); await frame(); }
    counts.measured = 0;
    for (const query of [4, 5, 3]) { el.set("query", query); await frame(); await frame(); }
    Object.assign(prototype, { measureText, fillText });
    return counts;
}"""


def test_a_draw_measures_no_label_and_none_is_long(show):
    live = show(AttentionMap(*random(2, 20, 4), tokens=LONG))
    live.check()
    counts = live.element.evaluate(MEASURED)
    assert counts["measured"] == 0
    assert 10 < counts["longest"] < 64


def test_long_words_leave_little_text(show):
    live = show(AttentionMap(*random(2, 20, 4), tokens=LONG))
    live.check()
    assert live.element.evaluate("el => el.shadowRoot.textContent.length") < 2000
    assert live.find(".side tbody th").first.get_attribute("title") in LONG, "the whole word is still to be had"


def test_right_to_left_words_turn_nothing_round(show):
    live = show(AttentionMap(scores=[[0.0, 3.0], [3.0, 0.0]], tokens=["שלום", "سلام"]))
    live.check()
    assert live.find(".live").inner_text() == "\u2068שלום\u2069 → \u2068سلام\u2069: 0.95"
    assert {cell.get_attribute("dir") for cell in live.find(".side tbody th").all()} == {"auto"}


def test_a_row_of_many_keys_is_high_enough_to_be_seen(show):
    for width in (1280, 390):
        live = show(AttentionMap(random(1, 4), random(300, 4), tokens=["q"], key_tokens=words(300)), width=width)
        layout = live.check()["layout"]
        assert layout["cell"] < 3 and layout["high"] >= 24


DRAWN = """el => {
    const pen = CanvasRenderingContext2D.prototype;
    const { fillText } = pen;
    const outside = [];
    pen.fillText = function (text, x, y, most = Infinity) {
        const { a, b, e } = this.getTransform();
        const width = Math.min(this.measureText(text).width, most);
        const ends = { left: [0, width], right: [-width, 0], center: [-width / 2, width / 2] }[this.textAlign];
        const across = ends.map((end) => (a * (x + end) + e) / devicePixelRatio);
        if (Math.min(...across) < -1 || Math.max(...across) > el.layout.width + 1) outside.push([text, ...across]);
        return fillText.call(this, text, x, y, most);
    };
    el.draw();
    pen.fillText = fillText;
    return outside;
}"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("case", ["odd tokens", "scores of a billion", "one query, 300 keys", "scores alone"])
def test_every_text_of_a_map_fits_its_place(case, width, show):
    live = show(CASES[case](), width=width)
    live.check()
    assert live.element.evaluate(DRAWN) == []


# Light and dark; colours of the canvas.

PIXELS = """(el, boxes) => {
    const pen = el.shadowRoot.querySelector("canvas").getContext("2d");
    const { left, top, cell, high } = el.layout;
    const at = (start, k, size) => (start + (k + 0.2) * size) * devicePixelRatio;
    const box = ([i, j, size]) => pen.getImageData(at(left, j, cell), at(top, i, high), size, size);
    return boxes.map((one) => Array.from(box(one).data));
}"""


COLOURS = """
const { colourTable } = await import(`${process.argv[1]}frame/colours.js`);
console.log(JSON.stringify([colourTable("weights", false), colourTable("weights", true)]));
"""


@pytest.mark.parametrize("dark", [False, True])
def test_canvas_has_the_colours_of_the_weights(dark, show):
    none, *_, all_ = (rgb + [255] for rgb in node(COLOURS)[dark])
    live = show(small(mask="causal"), theme="dark" if dark else "light")
    assert (live.element.get_attribute("dark") is not None) == dark
    live.check()
    one, other, zero, hatched = live.element.evaluate(PIXELS, [[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 2, 8]])
    assert (one, other, zero) == (all_, all_, none)
    assert len({tuple(hatched[k : k + 4]) for k in range(0, 256, 4)}) > 1, "a masked cell is not hatched"


def test_theme_marks_of_the_places_it_lives_in(show):
    live = show(small())
    live.check()
    marks = {
        "the book's site": ("documentElement", "data-theme", "dark", "light"),
        "Colab": ("documentElement", "theme", "dark", "light"),
        "JupyterLab": ("body", "data-jp-theme-light", "false", "true"),
        "VS Code": ("body", "class", "vscode-dark", "vscode-light"),
        "VS Code, high contrast": ("body", "class", "vscode-high-contrast", "vscode-light"),
    }
    mark = """([node, name, value]) =>
        value ? document[node].setAttribute(name, value) : document[node].removeAttribute(name)"""
    for system in ("light", "dark"):
        live.page.emulate_media(color_scheme=system)
        for place, (where, name, dark, light) in marks.items():
            pixels = {}
            for value in (dark, light, dark, None):
                live.page.evaluate(mark, [where, name, value])
                live.check()
                expected = value == dark or (value is None and system == "dark")
                assert (live.element.get_attribute("dark") is not None) == expected, (place, value)
                pixels[value] = live.element.evaluate(PIXELS, [[0, 0, 1]])
            assert pixels[dark] != pixels[light], place


def test_site_theme_switch_reaches_the_widgets(site, visit):
    page = visit(site.url + "notebooks/07_masking.html")
    for element in page.locator("attention-map").all():
        live = Live(page, element)
        seen = []
        for theme in ("light", "dark", "light"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            live.check()
            picture = live.find("canvas").evaluate("canvas => canvas.toDataURL()")
            seen.append((element.get_attribute("dark"), picture))
        assert [dark for dark, _ in seen] == [None, "", None]
        assert seen[0] == seen[2] and seen[0][1] != seen[1][1]


def test_reduced_motion(show):
    live = show(small())
    live.check()
    duration = "el => getComputedStyle(el.shadowRoot.querySelector('.bar')).transitionDuration"
    for motion, expected in [("no-preference", "0.09s"), ("reduce", "0s")]:
        live.page.emulate_media(reduced_motion=motion)
        assert live.element.evaluate(duration) == expected


def test_paper_has_light_maps_and_the_settings_as_text(open_widget):
    widget = AttentionMap(*random(3, 6, 4), tokens=words(6), mask="causal", temperature=0.5)
    page = open_widget(widget, theme="dark", build=False)
    page.evaluate("""() => {
        const [gap, far] = [document.createElement("div"), document.querySelector("attention-map").cloneNode(true)];
        gap.style.height = "9000px";
        document.body.append(gap, far);
    }""")
    near, far = page.locator("attention-map").all()
    Live(page, near).check()
    assert near.get_attribute("dark") == "" and far.evaluate("el => el.spec") is None
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 600, "height": 900})  # paper is narrower than a window
    none, *_, all_ = (rgb + [255] for rgb in node(COLOURS)[0])
    for element in (near, far):
        assert element.get_attribute("dark") is None
        assert element.evaluate(PIXELS, [[0, 0, 1]]) == [all_]
        text = element.locator(".controls").inner_text()
        assert "0.5" in text and "causal" in text and "padding" not in text and "Reset" not in text
        wide = "el => { el.style.width = '900px'; return el.clientWidth - el.parentNode.clientWidth; }"
        assert element.locator("canvas").evaluate(wide) <= 0  # it is not drawn again for the paper's width
        assert element.locator(".widget").evaluate("el => el.scrollWidth <= el.clientWidth")
        assert element.evaluate("el => getComputedStyle(el).color") == "rgb(31, 35, 40)"
    page.emulate_media(media="screen", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert near.get_attribute("dark") == far.get_attribute("dark") == ""
    assert page.problems == []


# Small screens, touch, and what happens to an element on a page.


def assert_fits(page, width):
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    for element in page.locator(WIDGETS).all():
        inner = element.evaluate("""el => {
            const box = el.shadowRoot.querySelector(".widget");
            const { left, right } = el.getBoundingClientRect();
            return [left, right, box.scrollWidth - box.clientWidth];
        }""")
        assert inner[0] >= 0 and inner[1] <= width and inner[2] <= 0, inner


def test_site_fits_a_phone(site, visit):
    for name in ("notebooks/05_self_attention_by_hand.html", "notebooks/07_masking.html"):
        page = visit(site.url + name, width=390, has_touch=True)
        for element in page.locator(WIDGETS).all():
            Live(page, element).check()
        assert_fits(page, 390)


@pytest.mark.parametrize("case", CASES)
def test_phone_has_no_sideways_scroll_and_touch_selects(case, show):
    live = show(CASES[case](), width=390, has_touch=True, is_mobile=True, device_scale_factor=3)
    live.check()
    assert_fits(live.page, 390)
    if live.spec["element"] == "attention-map":
        n, m = live.python.weights.shape
        for i, j in [(n - 1, 0), (0, m - 1)]:
            live.page.touchscreen.tap(*cell(live, i, j))
            state = live.check()
            assert (state["settings"]["query"], state["key"]) == (i, j)


def test_hover_names_the_cell_and_leaves_the_focus(show):
    live = show(small())
    before = live.check()
    live.page.mouse.move(*cell(live, 2, 1))
    live.page.evaluate(FRAME)
    assert live.find(".live").inner_text() == "three → two: 0.33"
    live.page.mouse.move(0, 0)
    assert live.check() == before


def test_resizing_redraws(show):
    live = show(CASES["n = 30"]())
    size = """el => {
        const canvas = el.shadowRoot.querySelector("canvas");
        return [canvas.width, canvas.clientWidth, el.layout.cell];
    }"""
    live.check()
    sizes = [live.element.evaluate(size)]
    for width in (600, 1280):
        live.page.set_viewport_size({"width": width, "height": 900})
        live.page.evaluate(FRAME)
        live.check()
        sizes.append(live.element.evaluate(size))
    assert sizes[1][1] < sizes[0][1] and sizes[1][2] < sizes[0][2] and sizes[2] == sizes[0]
    assert sizes[1][0] == sizes[1][1]  # one pixel of the canvas is one of the screen
    colours = live.element.evaluate(PIXELS, [[0, 0, 60]])[0]
    assert len({tuple(colours[k : k + 4]) for k in range(0, len(colours), 4)}) > 5


def test_number_of_nodes_does_not_grow_with_n(show):
    counts = []
    for n in (16, 512):
        live = show(AttentionMap(*random(2, n, 4), tokens=words(n)))
        live.check()
        counts.append(live.element.evaluate("el => el.shadowRoot.querySelectorAll('*').length"))
    assert counts[0] == counts[1] < 150


@pytest.mark.parametrize("case", ["heads and layers", "player"])
def test_element_survives_being_moved(case, show):
    live = show(CASES[case]())
    live.find("input[type=radio]").last.click()
    before = live.check()
    live.element.evaluate("""node => {
        node.remove();
        node.settings.query = 1; // unseen until it is back
        document.body.append(document.createElement("main"));
        document.querySelector("main").append(node);
    }""")
    after = live.check()
    assert after["settings"] == before["settings"] | {"query": 1}
    live.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert live.element.get_attribute("dark") == ""
    live.element.get_by_role("button", name="Reset").click()
    assert live.check()["settings"] == live.spec["settings"]


def test_element_made_after_the_script_and_before_its_data(visit, tmp_path):
    """The script may stand in the head: then an element is there before what it holds."""
    whole = small().to_page()
    script = whole[whole.rindex("<script>") :].removesuffix("</body></html>")
    page = whole.replace(script, "").replace("</head>", f"{script}</head>")
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    page = visit(path.as_uri())
    Live(page, page.locator("attention-map")).check()
