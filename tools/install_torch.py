"""Install torch without CUDA: python tools/install_torch.py [PYTHON [REQUIREMENT]]

Without a requirement such as torch==2.9.0: the version that requirements.txt pins. On Linux the default build of torch
brings gigabytes of CUDA libraries. Where pip would install those, uv, which knows where the CPU build is kept, installs
it instead.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"


def main(python=sys.executable, torch=None):
    torch = torch or re.search(r"^torch==\S+", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)[0]
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-input"]
    dry = subprocess.run(
        [*pip, "--dry-run", "--ignore-installed", "--report", "-", torch], stdout=subprocess.PIPE, check=True
    )
    names = [item["metadata"]["name"] for item in json.loads(dry.stdout)["install"]]
    if any(name.startswith(("nvidia", "cuda")) for name in names):
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-input", "uv"], check=True)
        pip = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python, "--torch-backend", "cpu"]
    subprocess.run([*pip, torch], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
