"""The library's widgets on the site: on pages without code, too; the scripts of each, and the models that they name."""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from self_attention.widgets import publish

# How the HTML of a widget begins.
WIDGET = r'<[a-z]+-[a-z]+><script type="application/json">'


class ShowWidget(SphinxDirective):
    """{widget} notebooks/NN_name.ipynb K: show the K-th widget of a chapter, with the data that its cell printed.

    With :controls: the reader gets these alone, of those that it has.
    """

    required_arguments = 2
    option_spec = {"controls": str.split}

    def run(self):
        path = Path(self.env.srcdir, self.arguments[0])
        self.env.note_dependency(path)
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = (output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
        pages = ("".join(data.get("text/html", "")) for data in outputs)
        widget = [page for page in pages if re.match(WIDGET, page)][int(self.arguments[1]) - 1]
        if wanted := self.options.get("controls"):
            controls = re.search(r'(?<="controls":)\[.*?\]', widget)[0]
            if unknown := set(wanted) - set(json.loads(controls)):
                raise self.error(f"controls must be some of {controls}, came {sorted(unknown)}")
            widget = widget.replace(controls, json.dumps(wanted), 1)
        return [nodes.raw("", widget, format="html")]


def publish_weights(app, pagename, templatename, context, doctree):
    """Put the models that this page's widgets name beside their script."""
    for name in re.findall('"element":"[a-z-]+","model":"([^"]+)"', context.get("body", "")):
        publish.write_weights(name, Path(app.outdir, "_static", "weights"))


def setup(app):
    app.add_directive("widget", ShowWidget)
    for path in publish.scripts():
        app.add_js_file(path.name)
    app.connect("html-page-context", publish_weights)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
