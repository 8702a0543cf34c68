"""Links that work on the site as on GitHub and Colab: to headings, ids, the repository, from chapter to chapter."""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform


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


def pass_by_solutions(app, pagename, templatename, context, doctree):
    """Let the next page after a chapter be the next chapter: the exercises lead to their solutions."""
    relations = app.builder.relations
    for at, side in enumerate(("prev", "next"), start=1):
        name = relations.get(pagename, [None] * 3)[at]
        if name and "/solutions/" in name:
            name = relations[name][at]
            title = app.builder.render_partial(app.env.titles[name])["title"]
            context[side] = {"link": app.builder.get_relative_uri(pagename, name), "title": title}


def setup(app):
    app.add_transform(AcceptIds)
    app.connect("config-inited", name_repository)
    app.connect("doctree-read", note_anchors)
    app.connect("html-page-context", pass_by_solutions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
