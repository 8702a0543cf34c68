"""What importing the package loads, and the figures."""

import pickle
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from self_attention import causal_mask, plots, softmax

ONLY_NUMPY = """
import sys
from importlib.abc import MetaPathFinder

class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        allowed = {*sys.stdlib_module_names, "numpy", "array_api_compat", "self_attention"}
        if name.split(".")[0] not in allowed and not name.startswith("_sysconfigdata"):  # the standard library's own
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refuse())
import numpy as np
from self_attention import *
print(scaled_dot_product_attention(*3 * [np.eye(2)], causal_mask(2))[1].round(2).tolist())
print(one_hot([1], 2).tolist(), sinusoidal_positions(1, 2).tolist(), split_heads(np.ones((1, 2)), 2).tolist())
try:
    import torch
except ModuleNotFoundError:
    print("torch refused")
"""


def run(code):
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def test_import_loads_no_heavy_library():
    heavy = "{'torch', 'matplotlib', 'anywidget', 'ipywidgets', 'IPython'}"
    assert run(f"import self_attention, sys; print({heavy} & set(sys.modules))") == "set()"


def test_the_core_needs_numpy_and_array_api_compat_alone():
    assert run(ONLY_NUMPY).splitlines() == [
        "[[1.0, 0.0], [0.33, 0.67]]",
        "[[0.0, 1.0]] [[0.0, 1.0]] [[[1.0]], [[1.0]]]",
        "torch refused",
    ]


# Figures

TOKENS = ["i", "have", "a", "dream"]
WEIGHTS = softmax(np.arange(16.0).reshape(4, 4) / 5, mask=causal_mask(4))


@pytest.fixture(autouse=True)
def book_style():
    """The book's style for this file's tests alone; no figure is left open."""
    with plt.rc_context():
        plt.switch_backend("svg")
        plots.style()
        yield
        plt.close("all")


def numbers():
    """The numbers that stand in the current map's cells, by row and column."""
    return {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in plt.gca().texts}


def test_heat_map_shows_queries_as_rows_and_hatches_what_is_masked():
    plots.heat_map(torch.tensor(WEIGHTS, requires_grad=True), TOKENS, mask=torch.tensor(causal_mask(4)))
    ax = plt.gca()
    assert [t.get_text() for t in ax.get_yticklabels()] == [t.get_text() for t in ax.get_xticklabels()] == TOKENS
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("queries", "keys")
    assert ax.get_ylim() == (4, 0)
    assert numbers() == {(i, j): f"{WEIGHTS[i, j]:.2f}" for i in range(4) for j in range(i + 1)}
    assert ax.patch.get_hatch()
    (cells,) = ax.collections
    assert cells.get_clim() == (0, 1)
    assert (np.ma.getmaskarray(cells.get_array()) == ~causal_mask(4)).all()


def test_scores_are_centred_on_zero():
    plots.heat_map(np.array([[112, -np.inf, -1.234]]), ["q"], ["a", "b", r"$\frac$"], kind="scores")
    assert plt.gca().collections[0].get_clim() == (-112, 112)
    assert numbers() == {(0, 0): "112", (0, 2): "−1.23"}
    plt.savefig("/dev/null", format="svg")  # a token that looks like a formula is still a token


def test_half_precision_can_be_drawn():
    plots.heat_map(torch.eye(2, dtype=torch.bfloat16), ["a", "b"])
    assert numbers() == {(0, 0): "1.00", (0, 1): "0.00", (1, 0): "0.00", (1, 1): "1.00"}


def test_numbers_can_be_read_on_their_cells():
    def light(colour):
        rgb = np.array(plt.matplotlib.colors.to_rgb(colour))
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    for kind, values in [("weights", np.linspace(0, 1, 12)[None]), ("scores", np.linspace(-5, 5, 12)[None])]:
        plots.heat_map(values, ["q"], [str(i) for i in range(12)], kind=kind)
        cells = plt.gca().collections[0]
        for text, value in zip(plt.gca().texts, values[0], strict=True):
            pair = sorted([light(text.get_color()), light(cells.cmap(cells.norm(value)))])
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


def test_large_maps_have_a_colour_bar_instead_of_numbers():
    plots.heat_map(np.full((13, 13), 1 / 13), ["t"] * 13)
    assert numbers() == {}
    assert [ax.get_ylabel() for ax in plt.gcf().axes] == ["queries", "weights"]


def test_heat_map_draws_where_it_is_told():
    _, (left, right) = plt.subplots(1, 2)
    assert plots.heat_map(WEIGHTS, TOKENS, ax=left) is left
    assert left.collections and not right.collections
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("letters", [1, 7, 2000])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 12), (20, 3), (30, 30), (100, 2)])
@pytest.mark.parametrize("size", [10, 24])
def test_nothing_is_cropped_in_any_style(n, m, letters, size):
    with plt.rc_context():
        plt.rcdefaults()
        plt.rcParams["font.size"] = size
        ax = plots.heat_map(np.full((n, m), 1 / m), ["W" * letters] * n, ["W" * letters] * m)
        figure = ax.figure
        figure.savefig("/dev/null", format="png")
        page = figure.bbox
        for text in figure.findobj(plt.Text):
            if text.get_visible() and text.get_text():
                box = text.get_window_extent()
                assert page.x0 <= box.x0 and box.x1 <= page.x1, text
                assert page.y0 <= box.y0 and box.y1 <= page.y1, text
        assert n * m > 144 or ax.get_position().width * page.width / m >= 2 * size  # there is place for a number


def test_long_labels_are_cut():
    ax = plots.heat_map(np.eye(2), ["x" * 20, "y" * 21])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x" * 20, "y" * 19 + "…"]


def test_labels_may_be_ids_and_ends_of_lines():
    ax = plots.heat_map([[1, 0], [0, 1]], torch.tensor([101, 7]), ["a", "\n"])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["101", "7"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "⏎"]


def test_figures_are_the_same_bytes_on_every_run(tmp_path):
    for name in "ab":
        plots.heat_map(WEIGHTS, TOKENS, mask=causal_mask(4))
        plt.savefig(tmp_path / name, format="svg", metadata={"Date": None})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_in_a_notebook_figures_are_svg_without_a_date():
    code = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.enable_gui = lambda gui=None: None
import matplotlib
matplotlib.use("module://matplotlib_inline.backend_inline")
from self_attention import plots
plots.style()
import matplotlib.pyplot as plt
print(shell.display_formatter.formatters["image/svg+xml"].lookup_by_type(plt.Figure)(plt.subplots()[0]))
"""
    svg = run(code)
    assert "<svg" in svg
    assert not re.search("dc:date|Matplotlib v", svg)


def test_in_a_notebook_the_axes_that_end_a_cell_print_nothing():
    from IPython.core.formatters import DisplayFormatter

    assert DisplayFormatter().format(plots.heat_map(WEIGHTS, TOKENS)) == ({}, {})


def test_a_map_can_be_pickled():
    pickle.loads(pickle.dumps(plots.heat_map(WEIGHTS, TOKENS).figure))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.heat_map(np.ma.array(WEIGHTS), TOKENS), "expected values to be a plain array, got a masked one"),
        (lambda: plots.heat_map(WEIGHTS, 4), "expected tokens to be a list of labels, got int"),
        (
            lambda: plots.heat_map(torch.empty(4, 4, device="meta"), TOKENS),
            "expected values to hold values that can be seen",
        ),
        (lambda: plots.heat_map(WEIGHTS, TOKENS[:3]), r"\(n, m\) = \(3, 3\) for these tokens, got \(4, 4\)"),
        (lambda: plots.heat_map(WEIGHTS, TOKENS, ["k"]), r"\(n, m\) = \(4, 1\) for these tokens, got \(4, 4\)"),
        (lambda: plots.heat_map(WEIGHTS[:0, :0], []), "for these tokens"),
        (
            lambda: plots.heat_map(WEIGHTS, TOKENS, kind="logits"),
            "expected kind to be 'weights' or 'scores', got 'logits'",
        ),
        (lambda: plots.heat_map(WEIGHTS * 2, TOKENS), "expected weights to lie from 0 to 1, got 0 to 2"),
        (lambda: plots.heat_map(WEIGHTS - 1, TOKENS), "expected weights to lie from 0 to 1, got -1 to 0"),
        (lambda: plots.heat_map(WEIGHTS * np.nan, TOKENS), "expected values to be finite where they are not masked"),
        (lambda: plots.heat_map(WEIGHTS + np.inf, TOKENS, kind="scores"), "expected values to be finite"),
        (lambda: plots.heat_map(WEIGHTS, TOKENS, mask=WEIGHTS), "expected mask to be boolean"),
        (lambda: plots.heat_map(WEIGHTS, TOKENS, mask=causal_mask(3)), r"mask \(3, 3\) does not broadcast"),
    ],
)
def test_clear_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
