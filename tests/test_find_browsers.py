"""The browsers of the tests: which is taken, what brings one that is missing, what is said where none can be had."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import browsers
import pytest

FETCH = "playwright install chromium"
UPDATE = "apt-get update -qq"
INSTALL = "env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq"
LIBRARIES = "playwright install-deps chromium"


class Machine:
    """A system that has some programs; `brings` says which ones a command adds to them, all others fail."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        self.called, self.brings, self.own = [], {UPDATE: []}, False
        for name in ("CHROMIUM", "FIREFOX"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr(browsers, "APPLICATIONS", dict.fromkeys(browsers.APPLICATIONS, "none"))
        monkeypatch.setattr(browsers, "MINI_BROWSER", str(folder / "MiniBrowser"))
        monkeypatch.setattr(browsers, "playwright_has_one", lambda: self.own)
        monkeypatch.setattr(browsers, "IN_CI", False)
        monkeypatch.setattr(subprocess, "run", self.run)
        self.user(1000)

    def user(self, number):
        self.monkeypatch.setattr(os, "geteuid", lambda: number)

    def has(self, *names):
        for name in names:
            (self.folder / name).touch(mode=0o755)

    def run(self, command, **options):
        command = " ".join(command)
        self.called.append(command)
        if command not in self.brings:
            return SimpleNamespace(returncode=1)
        self.own |= "own" in self.brings[command]
        self.has(*self.brings[command])
        return SimpleNamespace(returncode=0)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


WEBKIT = ["WebKitWebDriver", "Xvfb", "MiniBrowser"]


def test_the_systems_browsers_are_taken_and_nothing_is_fetched(machine):
    machine.has("chromium", "google-chrome", "firefox", *WEBKIT)
    assert [browsers.bring(name) for name in browsers.PROGRAMS] == [True] * 3
    assert machine.called == []
    found = [os.path.basename(browsers.find(name)) for name in browsers.PROGRAMS]
    assert found == ["chromium", "firefox", "MiniBrowser"]


@pytest.mark.parametrize("name", ["Chromium", "Firefox"])
def test_a_variable_names_another_one(name, machine, monkeypatch):
    machine.has("chromium", "firefox")
    monkeypatch.setenv(name.upper(), "/opt/mine")
    assert browsers.find(name) == "/opt/mine"


@pytest.mark.parametrize("lost", WEBKIT)
def test_webkit_needs_its_driver_a_screen_and_a_window(lost, machine):
    machine.has(*set(WEBKIT) - {lost})
    assert browsers.find("WebKit") is None


def test_playwrights_own_chromium_is_good_enough(machine):
    machine.own = True
    assert browsers.bring("Chromium") and machine.called == []


def test_playwright_fetches_its_own(machine):
    machine.brings[FETCH] = ["own"]
    machine.user(0)
    machine.has("apt-get")
    assert browsers.bring("Chromium") and machine.called == [FETCH]


def test_root_gets_the_package_where_playwright_cannot_fetch(machine):
    machine.brings[f"{INSTALL} chromium"] = ["chromium"]
    machine.user(0)
    machine.has("apt-get")
    assert browsers.bring("Chromium") and machine.called == [FETCH, UPDATE, f"{INSTALL} chromium"]


def test_root_gets_the_libraries_where_there_is_no_package(machine):
    """On Ubuntu: Playwright's own is there, but does not start without them."""
    machine.brings |= {FETCH: [], LIBRARIES: ["own"]}
    machine.user(0)
    machine.has("apt-get")
    assert browsers.bring("Chromium") and machine.called == [FETCH, UPDATE, f"{INSTALL} chromium", LIBRARIES]


@pytest.mark.parametrize(
    ("name", "packages", "programs"),
    [("Firefox", "firefox-esr", ["firefox-esr"]), ("WebKit", "webkit2gtk-driver xvfb", WEBKIT)],
)
def test_root_gets_the_package(name, packages, programs, machine):
    machine.brings[f"{INSTALL} {packages}"] = programs
    machine.user(0)
    machine.has("apt-get")
    assert browsers.bring(name) and machine.called == [UPDATE, f"{INSTALL} {packages}"]


def test_a_reader_is_never_asked_for_a_password(machine):
    machine.has("apt-get", "sudo")
    assert not browsers.bring("Firefox") and machine.called == []


def test_ci_may_use_sudo(machine, monkeypatch):
    monkeypatch.setattr(browsers, "IN_CI", True)
    machine.has("apt-get", "sudo")
    machine.brings |= {f"sudo -n {UPDATE}": [], f"sudo -n {INSTALL} firefox-esr": ["firefox-esr"]}
    assert browsers.bring("Firefox") and machine.called == [f"sudo -n {UPDATE}", f"sudo -n {INSTALL} firefox-esr"]


def test_root_without_apt_gets_no_package(machine):
    machine.user(0)
    assert not browsers.bring("WebKit") and machine.called == []


def test_without_chromium_it_fails(machine, capsys):
    machine.has("firefox", *WEBKIT)
    assert browsers.main() == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith("Chromium is missing. Debian: apt install chromium; elsewhere: .venv/bin/playwright ")


def test_without_the_others_it_says_so_and_goes_on(machine, capsys):
    machine.has("chromium")
    assert browsers.main() == 0
    firefox, webkit = capsys.readouterr().out.splitlines()
    assert firefox.startswith("Firefox is missing. Debian: apt install firefox-esr; elsewhere: ")
    assert (
        webkit == "WebKit is missing. Debian: apt install webkit2gtk-driver xvfb (Linux only). Its tests are skipped."
    )


def test_with_all_of_them_it_is_quiet(machine, capsys):
    machine.has("chromium", "firefox", *WEBKIT)
    assert browsers.main() == 0 and capsys.readouterr().out == ""


@pytest.mark.parametrize(("in_ci", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)])
def test_tests_without_their_browser_are_skipped_but_not_in_ci(in_ci, outcome, machine, monkeypatch):
    from other_browsers import need

    monkeypatch.setattr(browsers, "IN_CI", in_ci)
    with pytest.raises(outcome, match="Firefox is missing. Debian: apt install firefox-esr"):
        need("Firefox")


def test_playwright_says_whether_its_own_starts():
    """Whatever this machine has, the question is answered, not raised; in a process that has no Playwright yet."""
    ask = "import browsers; print(browsers.playwright_has_one())"
    path = {**os.environ, "PYTHONPATH": os.path.dirname(browsers.__file__)}
    run = subprocess.run([sys.executable, "-c", ask], env=path, capture_output=True, encoding="utf-8")
    assert run.stdout.strip() in ("True", "False"), run.stderr


def test_a_command_that_is_not_there_brings_nothing(machine, monkeypatch):
    def run(command, **options):
        raise FileNotFoundError(command[0])

    monkeypatch.setattr(subprocess, "run", run)
    assert shutil.which("playwright") is None and not browsers.bring("Chromium")
