"""The library in Python: attention against torch's, decoding with and without a cache."""

import statistics
import time

import numpy as np

import self_attention as sa

from .report import MACHINE, Missing, figure


def core(options):
    """Our scaled_dot_product_attention, weights returned, against torch's; 8 heads, d_k = 64, float32, 1 thread.

    torch, fused: as it is called; makes no weights. torch, unfused: its MATH backend, which makes them and drops them.
    """
    try:
        import torch
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError:
        raise Missing("torch is not installed.") from None
    torch.set_num_threads(1)
    MACHINE["torch"] = torch.__version__
    theirs = torch.nn.functional.scaled_dot_product_attention

    def unfused(*arrays):
        with sdpa_kernel(SDPBackend.MATH):
            return theirs(*arrays)

    for n in options.sizes((128, 256, 512, 1024, 2048)):
        arrays = np.random.default_rng(0).normal(size=(3, 1, 8, n, 64)).astype(np.float32)
        tensors = torch.from_numpy(arrays)
        calls = {
            "torch, fused": lambda tensors=tensors: theirs(*tensors),
            "torch, unfused": lambda tensors=tensors: unfused(*tensors),
            "ours on torch": lambda tensors=tensors: sa.scaled_dot_product_attention(*tensors),
            "ours on NumPy": lambda arrays=arrays: sa.scaled_dot_product_attention(*arrays),
        }
        times = {name: [] for name in calls}
        with torch.inference_mode():
            for k in range(1 + options.times(7 if n > 512 else 21)):
                for name, call in calls.items():  # in turn, so that other work on the machine meets all alike
                    start = time.perf_counter()
                    call()
                    if k:  # the first warms up
                        times[name].append((time.perf_counter() - start) * 1e3)
        for name, values in times.items():
            more = {}
            if name.startswith("ours"):
                against = {"to_fused": "torch, fused", "to_unfused": "torch, unfused"}
                for key, other in against.items():
                    ratios = [a / b for a, b in zip(values, times[other], strict=True)]
                    more[key] = float(f"{statistics.median(ratios):.3g}")
            yield figure(f"n = {n}: {name}", values, "ms", **more)


def cache(options):
    """Greedy decoding of 100 sentences at a time with keys and values kept, against everything afresh; 1 thread."""
    try:
        import torch
    except ImportError:
        raise Missing("torch is not installed.") from None
    from self_attention import nn
    from self_attention.corpus import corpus

    torch.set_num_threads(1)
    model = nn.load("transformer_both")
    sentences = [f"<2en> {pair.fr}" for pair in corpus(0, 0, 2 if options.small else 100)["test"]]

    def same(place, layer, weights):  # a change that changes nothing: with one, nothing is kept
        return weights

    times = {None: [], same: []}
    for _ in range(options.times(5)):
        for change, values in times.items():
            start = time.perf_counter()
            model.translate(sentences, intervention=change)
            values.append(time.perf_counter() - start)
    ratio = statistics.median(b / a for a, b in zip(*times.values(), strict=True))
    yield figure("kept", times[None], "s", times_as_fast=float(f"{ratio:.3g}"))
    yield figure("afresh", times[same], "s")
