"""The command line: python -m tools.bench"""

import argparse
import os
import sys
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # before NumPy is imported

from . import __doc__ as description  # noqa: E402
from . import core, report, site, widgets  # noqa: E402

SECTIONS = {  # in the order of the table
    section.__name__: section
    for section in (
        widgets.script,
        site.page,
        site.lighthouse,
        site.answer,
        widgets.latency,
        widgets.size,
        widgets.translator,
        core.cache,
        widgets.bertviz,
        core.core,
        site.build,
    )
}


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("section", nargs="*", help=f"some of {', '.join(SECTIONS)}; default: all")
    parser.add_argument("--small", action="store_true", help="the smallest size of everything, once; install nothing")
    parser.add_argument("--site", type=Path, help="a finished site to measure, instead of one built from nothing")
    parser.add_argument("--pages", nargs="+", help="for lighthouse, e.g. book/index notebooks/07_masking; default: all")
    parser.add_argument("--runs", type=int, default=3, help="for lighthouse: the median of so many; default: 3")
    parser.add_argument("--json", type=Path, default=report.ROOT / "build" / "bench.json", help="where to write it")
    chosen = parser.parse_args()
    if unknown := set(chosen.section) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}: expected some of {', '.join(SECTIONS)}")
    options = report.Options(chosen.small, chosen.site, chosen.pages, chosen.runs)
    sections = [SECTIONS[name] for name in chosen.section or SECTIONS]
    return int(bool(report.measure(sections, options, chosen.json)))


if __name__ == "__main__":
    sys.exit(main())
