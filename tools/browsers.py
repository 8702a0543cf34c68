"""Find the browsers of the tests, and bring those that are missing: python tools/browsers.py

Chromium must be there: the system's, else Playwright's own, which is fetched, else the package. Firefox and WebKit are
the system's, else the packages. Only root on Debian and Ubuntu gets packages, and sudo where CI is set; to others it is
said what is missing, and the tests in Firefox and WebKit are skipped.
"""

import glob
import os
import shutil
import subprocess
import sys

IN_CI = "CI" in os.environ  # where no browser may be missing
PROGRAMS = {
    "Chromium": ["chromium", "chromium-browser", "google-chrome", "chrome"],
    "Firefox": ["firefox-esr", "firefox"],
    "WebKit": ["WebKitWebDriver", "Xvfb"],  # it needs both, and MiniBrowser
}
APPLICATIONS = {"Chromium": "Google Chrome", "Firefox": "Firefox"}  # on macOS
MINI_BROWSER = "/usr/lib/*/webkit2gtk-4.1/MiniBrowser"
PACKAGES = {"Chromium": ["chromium"], "Firefox": ["firefox-esr"], "WebKit": ["webkit2gtk-driver", "xvfb"]}
ELSEWHERE = {
    "Chromium": "; elsewhere: .venv/bin/playwright install chromium, or install Chrome, or name one in CHROMIUM",
    "Firefox": "; elsewhere: install Firefox, or name one in FIREFOX",
    "WebKit": " (Linux only)",
}


def find(name):
    """The path of a browser of this system, or None: what CHROMIUM or FIREFOX names, else the first that is usual."""
    if name == "WebKit":
        return next(iter(glob.glob(MINI_BROWSER)), None) if all(map(shutil.which, PROGRAMS[name])) else None
    application = APPLICATIONS[name]
    usual = [*PROGRAMS[name], f"/Applications/{application}.app/Contents/MacOS/{application}"]
    return os.environ.get(name.upper()) or next(filter(None, map(shutil.which, usual)), None)


def is_there(name):
    """Say whether the tests can use a browser: one of this system, or Playwright's own Chromium."""
    return find(name) is not None or name == "Chromium" and playwright_has_one()


def playwright_has_one():
    """Say whether Playwright's own Chromium is there and starts: it may lack libraries."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            playwright.chromium.launch(args=["--no-sandbox"]).close()
        except Error:
            return False
    return True


def missing(name):
    """What to tell who lacks a browser."""
    return f"{name} is missing. Debian: apt install {' '.join(PACKAGES[name])}{ELSEWHERE[name]}"


def ways(name):
    """The commands that may bring a browser, in the order of trying."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    may_install = shutil.which("apt-get") and (not root or IN_CI and shutil.which("sudo"))
    if name == "Chromium":
        yield ["playwright", "install", "chromium"]
    if may_install:
        yield [*root, "apt-get", "update", "-qq"]
        yield [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", *PACKAGES[name]]
        if name == "Chromium":  # Ubuntu has no such package, but Playwright knows what its own needs there
            yield ["playwright", "install-deps", "chromium"]


def bring(name):
    """Make a browser available, and say whether it is."""
    if is_there(name):
        return True
    for command in ways(name):
        print(f"{name} is missing; trying: {' '.join(command)}", flush=True)
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0
        except FileNotFoundError:
            continue
        if done and is_there(name):
            return True
    return False


def main():
    lost = [name for name in PROGRAMS if not bring(name)]
    for name in lost:
        print(f"{missing(name)}.", "" if name == "Chromium" else "Its tests are skipped.")
    return int("Chromium" in lost)  # without it there is no testing


if __name__ == "__main__":
    sys.exit(main())
