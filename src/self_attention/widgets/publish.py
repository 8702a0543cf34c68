"""What a website needs beside the HTML of its widgets: their scripts, and the models that run in the page."""

import functools
from pathlib import Path

from ._base import SCRIPTS


@functools.cache
def elements() -> dict[str, tuple[str, ...]]:
    """The scripts that each custom element needs, in the order of loading: {element: (file name, ...)}.

    >>> elements()["attention-map"]
    ('widgets.js',)
    """
    from .. import widgets

    kinds = (getattr(widgets, name) for name in widgets.__all__)
    return {kind.element: kind.scripts for kind in kinds}


def scripts() -> list[Path]:
    """The paths of all scripts, in the order of loading.

    >>> scripts()[0].name
    'widgets.js'
    """
    return [SCRIPTS / name for name in dict.fromkeys(name for names in elements().values() for name in names)]


def write_weights(name: str, folder: Path | str) -> Path:
    """Write NAME.js, which hands a model of the package to the widgets of a page, unless an up-to-date one is there.

    Args:
        name: of the model, as a widget's HTML gives it.
        folder: made if need be; on a page it is weights/, beside the scripts.

    Returns:
        the path of the file.

    Raises:
        ValueError: the package has no such model.
    """
    from .. import nn
    from . import _model

    source = nn.WEIGHTS / f"{name}.safetensors"
    if not source.is_file():
        raise ValueError(f"expected the name of a model that comes with the package, got {name!r}")
    path = Path(folder, f"{name}.js")
    newest = max(Path(made_of).stat().st_mtime for made_of in (source, _model.__file__))
    if not path.exists() or path.stat().st_mtime < newest:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_model.published(name), encoding="utf-8")
    return path
