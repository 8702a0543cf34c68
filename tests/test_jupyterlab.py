"""An AttentionMap in a real JupyterLab with a kernel: the page moves the traits, the traits move the page."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from helpers import EVIL, MAXIMUM, Live
from playwright.sync_api import expect

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


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with one notebook; nothing of the user's is read or written."""
    home = tmp_path_factory.mktemp("jupyter")
    for name, settings in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    (home / "work").mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, home / "work" / "live.ipynb")
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
        yield f"{address}lab/tree/live.ipynb"
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
            return json.loads(path.read_text())["url"]
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
    page = visit(lab, width=1400)
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
