"""Serve the built site on localhost until Ctrl-C: python tools/serve.py FOLDER [PORT]"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    """Quiet; sends the site's `_headers`; a reload shows the newest build; a script has its type on Windows, too."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript", ".mjs": "text/javascript"}

    def end_headers(self):
        for name, value in read_headers(self.directory):
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_):
        pass


def read_headers(folder):
    """The headers of a site's `_headers`, for all of its pages: (name, value)."""
    path = Path(folder, "_headers")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [tuple(line.strip().split(": ", 1)) for line in lines if line.startswith(" ")]


def make_server(folder, port):
    """A server on the first free port from `port` on."""
    for candidate in range(port, port + 100):
        try:
            return ThreadingHTTPServer(("localhost", candidate), partial(Handler, directory=folder))
        except OSError:
            continue
    raise SystemExit(f"No free port between {port} and {port + 99}.")


def main(folder, port=8000):
    if not (Path(folder) / "index.html").exists():
        raise SystemExit(f"{folder} has no index.html: run `make site` first.")
    with make_server(folder, int(port)) as server:
        print(f"The book is at http://localhost:{server.server_port} (Ctrl-C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main(*sys.argv[1:])
