"""The links that leave the book: where they stand, and whether each has the right form; `make links` asks them all."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]

ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}|\\]+")
TRACKING = re.compile(r"[?&](utm_\w+|fbclid|gclid|ref|source|share)=")


def texts():
    """What a reader can come upon: {place: text}. A notebook has a place for each Markdown cell."""
    found = {}
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], 1):
            if cell["cell_type"] == "markdown":
                found[f"{path.relative_to(ROOT).as_posix()}, cell {number}"] = "".join(cell["source"])
    for pattern in ("*.md", "book/*.md", "training/*.md", "src/**/*.py", "training/*.py"):
        for path in sorted(ROOT.glob(pattern)):
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    for field, start in {"eprint": "https://arxiv.org/abs/", "doi": "https://doi.org/"}.items():
        bibliography = bibliography.replace(f"{field} = {{", f"{field} = {{{start}")
    return found | {"book/references.bib": bibliography}


def links():
    """The addresses outside: {address: [place, ...]}."""
    found = {}
    for place, text in texts().items():
        text = re.sub(r"^```\w.*?^```$|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)  # code is no link
        for address in ADDRESS.findall(text):
            found.setdefault(address, []).append(place)
    return dict(sorted(found.items()))


def faults(address):
    """What is wrong with the form of an address."""
    parts = urlsplit(address)
    host = parts.netloc
    found = []
    if parts.scheme != "https":
        found.append("no https")
    if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", host):
        found.append("no plain host name")
    if address[-1] in ".,;:!?":
        found.append("ends with a punctuation mark")
    if TRACKING.search(address):
        found.append("tells who sent the reader")
    if host.endswith("arxiv.org") and not re.fullmatch(r"https://arxiv\.org/abs/\d{4}\.\d{4,5}", address):
        found.append("not of the form https://arxiv.org/abs/1706.03762")
    if host.endswith("doi.org") and not re.fullmatch(r"https://doi\.org/10\.\d{4,}/\S+", address):
        found.append("not of the form https://doi.org/10.1000/182")
    return found


def twins(addresses):
    """Several spellings for one place: http or https, www or not, with or without / at the end."""
    found = {}
    for address in addresses:
        found.setdefault(re.sub(r"^https?://(www\.)?|/$", "", address).lower(), set()).add(address)
    return [sorted(group) for group in found.values() if len(group) > 1]
