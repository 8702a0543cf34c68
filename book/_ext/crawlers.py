"""The files for those who crawl the site: the list of its pages, and leave to read them."""

import html
from pathlib import Path

from .head import address


def write_files(app, exception):
    if exception or app.builder.name != "html":
        return
    base = address(app)
    urls = (base + app.builder.get_target_uri(name) for name in sorted(app.env.found_docs))
    entries = "\n".join(f"  <url><loc>{html.escape(url)}</loc></url>" for url in urls)
    sitemap = '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    Path(app.outdir, "sitemap.xml").write_text(f"{sitemap}{entries}\n</urlset>\n", encoding="utf-8")
    robots = f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n"
    Path(app.outdir, "robots.txt").write_text(robots, encoding="utf-8")


def setup(app):
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
