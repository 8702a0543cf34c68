"""A page loads the scripts, styles and fonts that it needs, and no others; a figure comes when it is needed."""

import hashlib
import itertools
import re
from functools import partial
from pathlib import Path

from fontTools import subset

from self_attention.widgets import publish

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


def fingerprint(app, config):
    """Rewrite all pages when the look has changed: Sphinx itself watches the text only."""
    folders = (Path(app.confdir, "book", name) for name in ("_ext", "_static", "_templates"))
    files = [path for folder in folders for path in sorted(folder.rglob("*.*")) if path.suffix != ".pyc"]
    files += publish.scripts()
    config.look = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def place_image(app, found):
    """Let a figure come when it is needed, and keep its place until then, so that nothing jumps."""
    originals = {name: path for path, name in app.builder.images.items()}
    picture = Path(app.srcdir, originals[found[1]])
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', picture.read_text(encoding="utf-8")[:1000])
    places = zip(("width", "height"), size.groups(), strict=True) if size else ()
    return "".join([found[0], 'loading="lazy" ', *(f'{side}="{float(pt) * 4 / 3:.0f}" ' for side, pt in places)])


def trim_page(app, pagename, templatename, context, doctree):
    """Load only what this page needs, scripts deferred; drop the theme's inline scripts, which repeat defaults."""
    body, known = context.get("body", ""), {path.name for path in publish.scripts()}
    scripts = {script for element, names in publish.elements().items() if f"<{element}>" in body for script in names}

    def is_needed(asset):
        name = Path(str(asset.filename)).name
        if name in known:
            return name in scripts
        return all(re.search(sign, body) for start, sign in ONLY_WITH.items() if name.startswith(start))

    body = PERMALINK.sub(r'\g<0> aria-label="\1"', body).replace(NAMED_SUMMARY, "<summary>")
    body = body.replace("<figure><table>", '<figure tabindex="0"><table>')  # a widget's table scrolls, by keyboard too
    context["body"] = re.sub(r'<img (?=[^>]*src="[^"]*_images/([^"]+)")', partial(place_image, app), body)
    context["css_files"] = [asset for asset in context["css_files"] if is_needed(asset)]
    context["script_files"] = [asset for asset in context["script_files"] if asset.filename and is_needed(asset)]
    for asset in context["script_files"]:
        asset.attributes["defer"] = "defer"


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
    app.add_config_value("look", "", "html")
    app.connect("config-inited", fingerprint)
    app.connect("html-page-context", trim_page, priority=950)  # after the theme has added its scripts
    app.connect("build-finished", shrink)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
