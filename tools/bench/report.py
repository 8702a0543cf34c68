"""What a section is given and gives back: options, figures, a sentence about what is missing."""

import gzip
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench"  # the pages that are measured, BertViz, Lighthouse, a site of our own
MACHINE = {
    "cpus": os.cpu_count(),
    "processor": platform.machine(),
    "system": platform.system(),
    "python": platform.python_version(),
    "numpy": np.__version__,
}


class Missing(Exception):
    """What a section needs and does not find, as a sentence."""


@dataclass
class Options:
    """What the command line says."""

    small: bool = False  # the smallest size of everything, once; nothing is installed
    site: Path | None = None  # a finished site, instead of one built from nothing
    pages: list[str] | None = None  # for Lighthouse
    runs: int = 3  # for Lighthouse

    def sizes(self, values):
        """All values, or only the first."""
        return list(values)[:1] if self.small else list(values)

    def times(self, number):
        """How often something is measured."""
        return 1 if self.small else number


def figure(what, values, unit, target=None, at_least=False, **more):
    """One line of the table: the median of `values`, its range, the target (at most), and numbers beside it."""
    values = np.atleast_1d(values).tolist()
    line = {"what": what, "median": statistics.median(values), "unit": unit, "runs": len(values)}
    if len(values) > 1:
        line |= {"low": min(values), "high": max(values)}
    if target is not None:
        line |= {"target": target, "met": line["median"] >= target if at_least else line["median"] <= target}
    return {name: float(f"{x:.4g}") if isinstance(x, float) else x for name, x in (line | more).items()}


def compared(what, ours, theirs, unit):
    """A figure of ours with BertViz's median beside it, and their ratio."""
    ours, theirs = figure(what, ours, unit), figure(what, theirs, unit)["median"]
    return ours | {"BertViz": theirs, "ratio": float(f"{ours['median'] / theirs:.3g}")}


def show(line):
    """Print a figure."""
    spread = f"{line['low']:g} to {line['high']:g}" if "low" in line else ""
    target = f"{'meets' if line['met'] else 'MISSES'} {line['target']:g}" if "target" in line else ""
    known = ("what", "median", "unit", "runs", "low", "high", "target", "met")
    more = ", ".join(f"{name.replace('_', ' ')} {x}" for name, x in line.items() if name not in known)
    print(f"  {line['what']:<51} {line['median']:>9g} {line['unit']:<3} {spread:<16} {target:<12} {more}", flush=True)


def gzipped_size(data):
    """The bytes that a static host sends."""
    return len(gzip.compress(data, 6))


def run(command, variables=None):
    """Run a command quietly; its wall time in seconds and whether it passed."""
    start = time.perf_counter()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path} | (variables or {})
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
    return time.perf_counter() - start, done.returncode == 0


def npm_install(folder, *packages):
    """Install packages of npm into a folder without running their scripts; say whether it worked."""
    npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or shutil.which("npm")
    folder.mkdir(parents=True, exist_ok=True)
    return npm is not None and run([npm, "install", "--prefix", str(folder), "--ignore-scripts", *packages])[1]


def load():
    """How busy the machine is (jobs in the last minute); None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def measure(sections, options, path):
    """Run the sections, print their figures and write them to a JSON file; the names of those that stopped."""
    MACHINE["load_before"] = load()
    results, stopped = {}, []
    OUT.mkdir(parents=True, exist_ok=True)
    for section in sections:
        name, about = section.__name__, section.__doc__.splitlines()[0]
        result = results[name] = {"about": about, "figures": []}
        print(f"{name}: {about}", flush=True)
        try:
            for line in section(options):
                result["figures"].append(line)
                show(line)
        except Missing as sentence:
            result["missing"] = str(sentence)
            print(f"  Not measured: {sentence}")
        except Exception as error:
            traceback.print_exc()
            result["missing"] = f"stopped by {type(error).__name__}"
            stopped.append(name)
    MACHINE["load_after"] = load()
    path.write_text(json.dumps({"machine": MACHINE, "sections": results}, indent=1) + "\n", encoding="utf-8")
    print(f"{path} is written. The load went from {MACHINE['load_before']} to {MACHINE['load_after']}.")
    return stopped
