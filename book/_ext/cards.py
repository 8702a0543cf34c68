"""The picture that a chat program shows beside a link: a page's title, and a map that is computed as all are."""

import functools
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from self_attention import scaled_dot_product_attention

# Thinking and Machines, from chapter 5: what every card shows is computed, too.
TOKENS = ["Thinking", "Machines"]
QUERIES = np.array([[1.0, 8.0, 2.0], [2.0, 3.0, 4.0]])
KEYS = np.array([[2.0, 12.0, 7.0], [2.0, 9.0, 11.0]])
DARK, LIGHT = np.array([22, 38, 62]), np.array([121, 192, 255])  # the colours of the weights 0 and 1


@functools.cache
def font(name, size):
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), size)


@functools.cache
def empty_card():
    """The map of Thinking and Machines, at the right; drawn twice as large, so that its corners are smooth."""
    _, weights = scaled_dot_product_attention(QUERIES, KEYS, KEYS, scale=1 / 8)
    card = Image.new("RGB", (2400, 1260), "#0d1117")
    pen = ImageDraw.Draw(card)
    for i, row in enumerate(weights):
        for j, weight in enumerate(row):
            left, top = 1500 + 390 * j, 290 + 390 * i
            colour = tuple((DARK + (LIGHT - DARK) * weight).round().astype(int).tolist())
            pen.rounded_rectangle([left, top, left + 366, top + 366], 44, colour)
            ink = "#0d1117" if weight > 0.5 else "#e6edf3"
            pen.text((left + 183, top + 183), f"{weight:.2f}", ink, font("DejaVuSans-Bold", 92), anchor="mm")
    for j, token in enumerate(TOKENS):
        pen.text((1683 + 390 * j, 240), token, "#f0883e", font("DejaVuSans", 52), anchor="mm")
        turned = Image.new("RGB", (366, 70), "#0d1117")
        ImageDraw.Draw(turned).text((183, 35), token, "#79c0ff", font("DejaVuSans", 52), anchor="mm")
        card.paste(turned.rotate(90, expand=True), (1412, 290 + 390 * j))
    return card.resize((1200, 630), Image.Resampling.LANCZOS)


def draw_card(title, above, below):
    """A picture of 1200 x 630 pixels with the page's title, for those who meet the link elsewhere."""
    card = empty_card().copy()
    pen = ImageDraw.Draw(card)
    for size in (64, 56, 48, 42):
        lines, face = [""], font("DejaVuSans-Bold", size)
        for word in title.split():
            longer = f"{lines[-1]} {word}".strip()
            lines = [*lines[:-1], longer] if face.getlength(longer) < 570 else [*lines, word]
        if len(lines) <= 4 and max(map(face.getlength, lines)) < 570:
            break
    step = round(1.22 * size)
    top = 315 - step * len(lines) // 2
    pen.text((80, 92), above, "#9aa4af", font("DejaVuSans", 30), anchor="ls")
    for line in lines:
        pen.text((80, top + step - step // 4), line, "#e6edf3", face, anchor="ls")
        top += step
    pen.text((80, 550), below, "#9aa4af", font("DejaVuSans", 26), anchor="ls")
    return card.quantize(128, Image.Quantize.MAXCOVERAGE)  # a third of the bytes
