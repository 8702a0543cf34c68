"""Build the wheel and install it beside what this Python has: python tools/installed.py FOLDER

In FOLDER, a Python whose `self_attention` is the wheel's, and which borrows all other packages; and a kernel of that
Python, named "installed". The notebooks are executed there: one run proves their outputs and the wheel.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"
NOT_COPIED = shutil.ignore_patterns(".*", "build", "node_modules", "*.egg-info", "__pycache__")


def build_wheel(folder):
    """The wheel, built in `folder` from a copy of the checkout, so that no earlier build leaves a trace in it."""
    with TemporaryDirectory() as temporary:
        copy = shutil.copytree(ROOT, Path(temporary, "copy"), ignore=NOT_COPIED)
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", Path(folder).resolve()]
        subprocess.run(command, cwd=copy, stdout=subprocess.DEVNULL, check=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def main(folder):
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder.resolve() / BIN / "python"
    packages = sysconfig.get_path("purelib", vars={"base": str(folder.resolve())})
    Path(packages, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-input", "--no-deps"]
    subprocess.run([*pip, build_wheel(folder)], check=True)
    kernel = folder / "share" / "jupyter" / "kernels" / "installed" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": command, "display_name": "installed"}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
