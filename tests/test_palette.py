"""Colours that must be told apart are, by readers with any of the common colour vision deficiencies too.

Simulated as in Machado, Oliveira and Fernandes 2009, table 1, severity 1. Distances are Euclidean in OKLab (Ottosson
2020), where black and white are 1 apart.
"""

import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from helpers import ROOT, node

APART = 0.1  # names of things
STEP = 0.07  # neighbouring stops of a colour scale

SIGHT = {
    "usual": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LMS = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
       [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
LAB = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
       [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
TABLES = """
const { colourTable } = await import(`${process.argv[1]}frame/colours.js`);
console.log(JSON.stringify(["weights", "scores"].map((kind) => [false, true].map((dark) => colourTable(kind, dark)))));
"""


def seen(colours, sight):
    """Colours, (n, 3) in sRGB from 0 to 1, as somebody sees them: (n, 3) in OKLab."""
    colours = np.asarray(colours)
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.cbrt(np.clip(linear @ np.transpose(SIGHT[sight]), 0, 1) @ np.transpose(LMS)) @ np.transpose(LAB)


def rgb(text):
    return [int(text[k : k + 2], 16) / 255 for k in (1, 3, 5)]


def distances(colours, sight):
    return [np.linalg.norm(a - b) for a, b in combinations(seen(colours, sight), 2)]


def roles():
    """The colours of queries, keys and values: {where they stand: three colours}."""
    element = (ROOT / "widgets" / "src" / "frame" / "element.js").read_text(encoding="utf-8")
    style = (ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    found = {}
    for where, text, pattern in (
        ("widget", element, r"--{0}: var\(--sa-{0}, (#\w{{6}})\)"),
        ("site", style, r"--sa-{0}: (#\w{{6}});"),
        ("paper", element, r"--{0}: (#\w{{6}});"),
    ):
        columns = [re.findall(pattern.format(role), text) for role in ("query", "key", "value")]
        for theme, colours in zip(("light", "dark"), zip(*columns, strict=True), strict=False):
            found[f"{where}, {theme}"] = colours
    return found


def test_queries_keys_and_values_have_the_same_colours_everywhere():
    found = roles()
    assert len(found) == 5
    assert found["widget, light"] == found["site, light"] == found["paper, light"]
    assert found["widget, dark"] == found["site, dark"]


@pytest.mark.parametrize("sight", SIGHT)
def test_queries_keys_and_values_are_told_apart(sight):
    for where, colours in roles().items():
        assert min(distances([rgb(colour) for colour in colours], sight)) >= APART, where


@pytest.mark.parametrize("sight", SIGHT)
def test_layers_are_told_apart(sight):
    """Those of the plot of costs; restricted self-attention is dashed."""
    source = (ROOT / "widgets" / "src" / "elements" / "layer-costs.js").read_text(encoding="utf-8")
    own = re.findall(r"--self: (#\w{6});", source)
    for colour, where in zip(own, ("widget, light", "widget, dark"), strict=True):
        assert min(distances([rgb(colour), *map(rgb, roles()[where][1:])], sight)) >= APART, where


@pytest.mark.parametrize("sight", SIGHT)
def test_lines_of_a_figure_are_told_apart(sight):
    style = (ROOT / "src" / "self_attention" / "book.mplstyle").read_text(encoding="utf-8")
    cycle = re.findall(r'"(\w{6})"', style)
    assert len(cycle) == 5 and min(distances([rgb(f"#{colour}") for colour in cycle], sight)) >= APART


@pytest.mark.parametrize("sight", SIGHT)
def test_colour_scales_are_read_the_right_way_round(sight):
    weights, scores = np.array(node(TABLES)) / 255  # (2, 256, 3) each: for light pages, for dark ones
    for dark, sign in ((0, -1), (1, 1)):
        lightness = seen(weights[dark], sight)[:, 0]
        assert (sign * np.diff(lightness[::16]) > 0).all(), "more weight: farther from the page's colour"
        assert sign * (lightness[-1] - lightness[0]) > 0.5
        lightness = seen(scores[dark], sight)[:, 0]
        for arm in (lightness[127::-16], lightness[128::16]):
            assert (sign * np.diff(arm) > 0).all(), "0 is next to the page's colour"
        low, less, more, high = seen(scores[dark][[0, 32, -33, -1]], sight)
        assert np.linalg.norm(low - high) > APART and np.linalg.norm(less - more) > APART, "signs"
        for table in (weights, scores):
            stops = seen(table[dark][np.linspace(0, 255, 5).astype(int)], sight)
            assert min(np.linalg.norm(a - b) for a, b in pairwise(stops)) > STEP
