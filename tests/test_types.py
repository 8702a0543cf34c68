"""Everything public says its types, and a type checker holds a user's file against them."""

import functools
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
import zipfile

import pytest

import self_attention

USER = """
import numpy as np
from self_attention import softmax
softmax(np.zeros(3), axis=-1)
softmax(np.zeros(3), axis="rows")
"""

MODULES = [
    "self_attention",
    *(
        found.name
        for found in pkgutil.walk_packages(self_attention.__path__, "self_attention.")
        if "._" not in found.name and ".check." not in found.name  # exercises: the reader writes such functions
    ),
]


def offered(module):
    """{name: function} of the public functions that a module defines, and of its classes' methods and properties."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if not inspect.isclass(thing):
            yield name, inspect.unwrap(thing)
            continue
        for member, value in vars(thing).items():
            if not member.startswith("_") or member in ("__init__", "__call__"):
                yield f"{name}.{member}", function_of(value)


def function_of(member):
    """The function behind what stands in a class."""
    if isinstance(member, property):
        return member.fget
    if isinstance(member, functools.cached_property):
        return member.func
    return inspect.unwrap(getattr(member, "__func__", member))


@pytest.mark.parametrize("name", MODULES)
def test_what_is_public_is_annotated(name):
    functions = [pair for pair in offered(importlib.import_module(name)) if inspect.isfunction(pair[1])]
    missing = []
    for where, function in functions:
        signature = inspect.signature(function)
        names = [p.name for p in signature.parameters.values() if p.name not in ("self", "cls", "_cls")]
        missing += [f"{where}({p})" for p in names if p not in function.__annotations__]
        missing += [f"{where} -> ?"] if signature.return_annotation is inspect.Signature.empty else []
    assert missing == []


def test_a_users_file_is_checked_against_the_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    (tmp_path / "user.py").write_text(USER, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--cache-dir", os.devnull, "--no-error-summary", "user.py"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    report = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert report.stdout.splitlines() == [
        'user.py:5: error: Argument "axis" to "softmax" has incompatible type "str"; expected "int"  [arg-type]'
    ]
