"""What browsers other than Chromium are asked, page by page: test_firefox.py and test_webkit.py say how they are driven."""

import re
from functools import partial

import browsers
import pytest
import yaml
from helpers import MAXIMUM, ROOT, Live
from test_live_translator import chance
from test_widgets_layers import Layers
from test_widgets_training import Bars, Blocks
from test_widgets_words import Words

from self_attention import widgets
from self_attention.widgets import LiveTranslator, TransformerBlocks

CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
