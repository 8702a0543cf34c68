"""Measure the widgets, the pages and the core: python -m tools.bench [section ...] [--small] [--site FOLDER]

Prints a table and writes build/bench.json. A section that lacks something (a network, Chromium, npm) says so, and the
others go on. Each time is the median of several; other work on the machine moves them, so compare ratios, which come
from one run. Nothing here fails because it is slow. KB are 1000 bytes; gzip is level 6, as on a static host.
"""
