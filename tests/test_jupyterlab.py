"""An AttentionMap in a real JupyterLab: page and kernel move each other; saved, reopened, converted, it still shows."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
from helpers import EVIL, MAXIMUM, ROOT, Live
from playwright.sync_api import expect

from self_attention.widgets import AttentionMap

CELLS = {
    "show": f"""
import json
import ipywidgets
import numpy as np
from traitlets import link
from self_attention.widgets import AttentionMap

Q, K, V = np.random.default_rng(0).normal(size=(3, 2, 5, 4))
widget = AttentionMap(Q, K, V, tokens=["a", "b", "c", "d", {EVIL!r}])
widget""",
    "show again": "display(widget)",
    "say": "print(json.dumps([widget.settings, widget.weights.tolist()]))",
    "set": 'widget.temperature, widget.mask, widget.head, widget.query = 2.5, "causal", 1, 3',
    "link": """
slider = ipywidgets.FloatSlider(1, min=0.1, max=10, step=0.01)
link((widget, "temperature"), (slider, "value"))
slider""",
    "slide": "slider.value = 0.5",
}

SETTINGS = {  # so that it starts quietly: no question about news, no request for updates, every cell on the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
    "docmanager-extension/plugin": {"autosave": False},
}


def save(path, *sources, outputs=()):
    """Write a notebook of code cells, the first with these outputs."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells[0].outputs = list(outputs)
    nbformat.write(notebook, path)


class Lab(NamedTuple):
    folder: Path  # where its notebooks lie
    url: str  # http://127.0.0.1:<port>/lab/tree/

    def add(self, name, *sources, **options):
        """The address of a new notebook, alone in its window."""
        save(self.folder / name, *sources, **options)
        return f"{self.url}{name}?reset"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab; nothing of the user's is read or written."""
    home = tmp_path_factory.mktemp("jupyter")
    for name, settings in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    (home / "work").mkdir()
    folders = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}": str(home / folder) for name, folder in folders.items()},
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    options = {
        "ServerApp.port": 0, "ServerApp.ip": "127.0.0.1", "ServerApp.open_browser": False, "ServerApp.allow_root": True,
        "ServerApp.root_dir": home / "work", "IdentityProvider.token": "", "ServerApp.password": "",
        "LabApp.news_url": None, "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.expose_app_in_browser": True,
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    log = (home / "log").open("w+")
    server = subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log, start_new_session=True)
    try:
        address = wait_for_address(server, home)
        yield Lab(home / "work", f"{address}lab/tree/")
    finally:
        server.terminate()  # which ends its kernels, too
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        log.close()


def wait_for_address(server, home, seconds=60):
    """The address that the server writes into its runtime folder once it listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        for path in (home / "runtime").glob("jpserver-*.json"):
            if text := path.read_text():  # empty for a moment
                return json.loads(text)["url"]
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{Path(home / 'log').read_text()[-3000:]}")


class Notebook:
    """The notebook on the page, by JupyterLab's own commands."""

    def __init__(self, page):
        self.page = page
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel")
        page.evaluate("jupyterapp.shell.currentWidget.sessionContext.ready")

    def run(self, name):
        """Run one cell to its end; what it prints."""
        return self.page.evaluate(
            """async (number) => {
                const { content } = jupyterapp.shell.currentWidget;
                content.deselectAll();
                content.activeCellIndex = number;
                await jupyterapp.commands.execute("notebook:run-cell");
                return content.widgets[number].model.outputs.toJSON().map(({ text }) => text ?? "").join("");
            }""",
            list(CELLS).index(name),
        )


def test_the_page_and_the_kernel_are_one(lab, visit):
    page = visit(lab.add("live.ipynb", *CELLS.values()), width=1400)
    page.set_default_timeout(60_000)
    page.on("dialog", lambda dialog: page.problems.append(f"dialog: {dialog.message}") or dialog.dismiss())
    notebook = Notebook(page)
    notebook.run("show")
    notebook.run("show again")
    elements = page.locator("attention-map")
    expect(elements).to_have_count(2)
    views = [Live(page, element) for element in elements.all()]
    slider = views[0].find("input[aria-label=Temperature]")

    def agree(**settings):
        """Wait until both views have these settings; then the page and the kernel must have the same numbers."""
        for view in views:
            page.wait_for_function(
                """([element, wanted]) => Object.entries(wanted).every(([name, value]) =>
                    element.settings[name] === value || Math.abs(element.settings[name] - value) < 1e-9)""",
                arg=[view.element.element_handle(), settings],
            )
        end = time.monotonic() + 30
        while True:  # a page sends its next change when the kernel has taken the last one
            in_python, weights = json.loads(notebook.run("say"))
            arrived = all(in_python[name] == pytest.approx(value) for name, value in settings.items())
            if arrived or time.monotonic() > end:
                break
        for view in views:
            assert view.check()["settings"] == pytest.approx(in_python)  # ipywidgets' slider rounds a little
            assert np.abs(view.python.weights - weights).max() < MAXIMUM
        return in_python

    start = agree(temperature=1)

    # The page moves the kernel, from either view.
    for _ in range(6):
        slider.press("ArrowRight")
    agree(temperature=2)
    views[1].find("input[aria-label=Temperature]").press("End")
    agree(temperature=10)
    views[1].element.get_by_label("causal").check()
    views[0].element.get_by_label("1/d_k", exact=True).check()
    views[0].find(".map").press("ArrowDown")
    agree(mask="causal", scale="1/d_k", query=1)

    # The kernel moves the page.
    notebook.run("set")
    assert agree(temperature=2.5, mask="causal", head=1, query=3)["scale"] == "1/d_k"
    assert slider.get_attribute("aria-valuetext") == "2.5"

    # A slider of ipywidgets follows the page, and the page follows it.
    notebook.run("link")
    linked = page.locator(".widget-slider .widget-readout")
    expect(linked).to_have_text("2.50")
    slider.press("End")
    expect(linked).to_have_text("10.00")
    notebook.run("slide")
    agree(temperature=0.5)
    views[0].element.get_by_role("button", name="Reset").click()
    assert agree(temperature=1) == pytest.approx(start)

    # The theme of JupyterLab is the theme of the widget.
    assert [view.element.get_attribute("dark") for view in views] == [None, None]
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    for view in views:
        expect(view.element).to_have_attribute("dark", "")
        view.check()

    assert page.locator("attention-map img").count() == 0
    assert [problem for problem in page.problems if not problem.startswith("console:")] == []  # JupyterLab's own


AS_HTML = "from IPython.display import HTML\nHTML(widget.to_html())"
SCRIPTS = 'from IPython.display import HTML\nHTML(f"<script>{AttentionMap.code()}</script>")'
CLEAR = "--ClearMetadataPreprocessor.enabled=True"  # book/anywhere.md has these lines
SAVE_STATE = "jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState')"  # in Settings


def output(page):
    """What stands below the first cell of a notebook."""
    page.set_default_timeout(60_000)
    return page.locator(".jp-Notebook .jp-OutputArea-output").first


def run_and_save(page, *commands):
    """Run all cells of a notebook, carry out commands, save it, end its kernel and close it."""
    page.set_default_timeout(60_000)
    Notebook(page)
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    for command in (*commands, "jupyterapp.commands.execute('docmanager:save')"):
        page.evaluate(command)
    page.evaluate("jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.close()


def test_a_saved_notebook_shows_its_widget_before_it_runs_again(lab, visit):
    address = lab.add("state.ipynb", CELLS["show"])
    run_and_save(visit(address), SAVE_STATE)
    assert "widgets" in nbformat.read(lab.folder / "state.ipynb", 4).metadata

    page = visit(address)
    live = Live(page, output(page).locator("attention-map"))
    live.check()
    live.find("input[aria-label=Temperature]").press("End")
    assert live.check()["settings"]["temperature"] == 10


def test_a_saved_notebook_shows_its_widget_where_there_is_no_kernel(lab, visit):
    address = lab.add("html.ipynb", f"{CELLS['show']}\n{AS_HTML}", SCRIPTS)
    run_and_save(visit(address))

    page = visit("about:blank")
    page.route(
        "**/api/sessions**", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    page.goto(address)
    shown = output(page)
    for name in ("Ok", "No Kernel"):  # after "Error Starting Kernel" it asks which one instead
        page.locator(".jp-Dialog").get_by_role("button", name=name, exact=True).click()
    live = Live(page, shown.locator("attention-map"))
    live.check()
    live.find("input[aria-label=Temperature]").press("End")
    assert live.check()["settings"]["temperature"] == 10


def test_a_notebook_from_elsewhere_shows_the_table(lab, visit):
    """JupyterLab does not trust it: no scripts, no widget."""
    widget = AttentionMap(np.eye(2), np.eye(2), tokens=["cat", EVIL])
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    kept = nbformat.v4.new_output("execute_result", data=data, execution_count=1)
    page = visit(lab.add("foreign.ipynb", "widget", outputs=[kept]))
    output(page).locator("table").wait_for()
    assert output(page).locator("table tbody th").all_inner_texts() == ["cat", EVIL]


@pytest.mark.parametrize("executed", [True, False])
def test_a_converted_notebook_shows_its_widget_without_a_network(executed, tmp_path, browser):
    """Whether it was executed before, and holds the state of its widgets, or is executed now."""
    save(tmp_path / "page.ipynb", CELLS["show"], SCRIPTS)
    convert = [sys.executable, "-m", "nbconvert", "--log-level=ERROR", "page.ipynb", "--to"]
    if executed:
        subprocess.run([*convert, "notebook", "--execute", "--inplace"], cwd=tmp_path, check=True)
        assert "widgets" in nbformat.read(tmp_path / "page.ipynb", 4).metadata
    subprocess.run([*convert, "html", CLEAR, *([] if executed else ["--execute"])], cwd=tmp_path, check=True)

    for scripts in (True, False):
        page = browser.new_context(offline=True, java_script_enabled=scripts).new_page()
        page.goto((tmp_path / "page.html").as_uri())
        element = page.locator("attention-map")
        if scripts:
            Live(page, element).check()
        else:
            assert element.locator("table").is_visible()
        page.context.close()


@pytest.mark.parametrize("words", [*AS_HTML.splitlines(), SCRIPTS.splitlines()[1], CLEAR, "*Save Widget State Auto"])
def test_the_book_says_how(words):
    assert words in (ROOT / "book" / "anywhere.md").read_text(encoding="utf-8")
