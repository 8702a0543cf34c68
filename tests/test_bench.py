"""No section of the benchmark is broken: each runs on its smallest size, and gives figures or says what it lacks."""

import json
import subprocess
import sys

import pytest
from helpers import ROOT

from tools.bench.__main__ import SECTIONS

LACKS = {  # what is not installed for a test
    "lighthouse": "Lighthouse is not installed: without --small it will be.",
    "bertviz": "BertViz is not installed: without --small it will be.",
}


def bench(*arguments):
    command = [sys.executable, "-m", "tools.bench", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")


@pytest.mark.parametrize("section", SECTIONS)
def test_section_measures_its_smallest_size(section, site, tmp_path):
    path = tmp_path / "bench.json"
    done = bench(section, "--small", "--site", site.folder, "--json", path)
    assert done.returncode == 0, done.stderr
    result = json.loads(path.read_text(encoding="utf-8"))["sections"][section]
    if "missing" in result:
        assert result["missing"] == LACKS.get(section)
    else:
        assert result["figures"]
    assert all(figure.get("passed", True) for figure in result["figures"])


def test_unknown_section_is_refused():
    done = bench("pages")
    assert done.returncode == 2
    assert "no section pages: expected some of script, page, " in done.stderr
