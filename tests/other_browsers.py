"""What browsers other than Chromium are asked, page by page: test_firefox.py and test_webkit.py say how they are driven."""

import yaml
from helpers import ROOT

CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
