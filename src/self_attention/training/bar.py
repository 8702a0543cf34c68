"""A bar that grows while you wait: in a terminal and in a notebook that somebody watches, and nowhere else.

Whoever runs a notebook without watching it, as the tests and the build of the site do, gets the same outputs as ever.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

try:
    from tqdm.auto import tqdm
except ImportError as error:
    raise ImportError('the bar is tqdm\'s: pip install "self-attention[torch]"') from error


def watched() -> bool:
    """Whether somebody looks on: a terminal, or a notebook whose front end could answer a question."""
    kernel = getattr(getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)(), "kernel", None)
    if kernel is None:
        return sys.stderr.isatty()
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin"))


def watch(items: Iterable[Any]) -> Iterable[Any]:
    """The items, one by one, and a bar that says how many are done.

    Args:
        items: a list, or anything that has a length.

    Returns:
        an iterator.

    >>> list(watch([1, 2]))
    [1, 2]
    """
    return tqdm(items, disable=not watched(), leave=False)


def progress(steps: int, first: int = 0) -> Callable[[int, float], None]:
    """A `report` for `train(..., report=progress(steps))`: a bar with the loss beside it.

    Args:
        steps: how many there will be.
        first: how many there have been.

    Returns:
        a function of step and loss.

    >>> report = progress(steps=2)
    >>> report(1, 0.5), report(2, 0.25)
    (None, None)
    """
    bar = tqdm(total=steps, initial=first, disable=not watched(), leave=False)

    def report(step, loss):
        bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        bar.update(step - bar.n)
        if step >= steps:
            bar.close()

    return report
