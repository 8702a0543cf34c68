"""The one training loop of the book."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from .._arrays import check_integer, check_number


class Training:
    """A training run, step by step: AdamW, the rate warmed up and then let down along a cosine.

    Iterate over it: each step yields its number, from 1, and its loss.

    Args:
        model: has a method `loss(examples)`, the mean over what is to be said right.
        examples: a list of items.
        steps: number of batches.
        batch: examples in a batch. Each has about one length, so that little of it is padding.
        rate: the highest learning rate.
        seed: of the order of the examples. The model's first weights are the caller's: `torch.manual_seed`.
        warm_up: steps until the rate is at its highest; None = 5 % of all.
        fused: take torch's fused AdamW: a little faster, and rounded otherwise.
        length: length(item) says how long an item is; None = `len(item[0])`.
        how: goes to `model.loss`, such as smoothing=0.1.

    Under `torchrun`, after `torch.distributed.init_process_group`, each process takes its share of every batch, and
    each step is the one that a single process would take. The model then needs a method `count(examples)`, too: how
    many losses the mean is over.

    Raises:
        ValueError: steps, batch or warm_up is not an integer of at least 1, the rate not a number of at least 0, the
            seed no integer, there are no examples.

    Source: Loshchilov and Hutter 2019 (AdamW); Loshchilov and Hutter 2017, sec. 3 (cosine); Goyal et al. 2017
    (warm-up; shares of a batch).
    """

    def __init__(
        self,
        model: nn.Module,
        examples: Sequence[Any],
        steps: int,
        batch: int = 64,
        rate: float = 3e-3,
        seed: int = 0,
        warm_up: int | None = None,
        fused: bool = False,
        length: Callable[[Any], Any] | None = None,
        **how: Any,
    ) -> None:
        check_integer("steps", steps, least=1)
        check_integer("batch", batch, least=1)
        warm_up = max(1, steps // 20) if warm_up is None else warm_up
        check_integer("warm_up", warm_up, least=1)
        check_number("rate", rate, least=0, finite=True)
        check_integer("seed", seed, least=-(2**63))
        examples = list(examples)
        if not examples:
            raise ValueError("expected examples not to be empty")
        self.model, self.examples, self.how = model, examples, how
        self.steps, self.order = steps, (batch, seed, length)
        self.step, self.stopped = 0, False
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=float(rate), betas=(0.9, 0.98), fused=fused)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda t: min((t + 1) / warm_up, 0.5 + 0.5 * math.cos(math.pi * t / steps))
        )
        together = dist.is_available() and dist.is_initialized()
        self.rank: int = dist.get_rank() if together else 0
        self.world: int = dist.get_world_size() if together else 1
        faster = {"gradient_as_bucket_view": True, "static_graph": True}
        self.loss = DistributedDataParallel(Loss(model), **faster) if self.world > 1 else model.loss

    def __iter__(self):
        """Go on from the step reached so far, to the last or to the one in which `stop` was called."""
        self.model.train()
        for some in islice(batches(self.examples, *self.order), self.step, self.steps):
            self.optimizer.zero_grad()
            loss = self.share(some) if self.world > 1 else self.loss(some, **self.how)
            loss.backward()  # in all processes: the mean of their gradients
            said = torch.tensor([loss.item() / self.world, self.stopped], dtype=torch.float64)
            if self.world > 1:
                dist.all_reduce(said)  # the sum: all know the loss, and if one wants to stop, all do
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.step += 1
            yield self.step, said[0].item()
            if said[1]:
                break

    def share(self, some: Sequence[Any]) -> torch.Tensor:
        """The loss of this process's share of a batch, so weighted that the mean over the processes is the batch's."""
        mine = some[self.rank :: self.world]
        weight = self.world * self.model.count(mine) / self.model.count(some)  # 0 without a share
        return weight * self.loss(mine or some[:1], **self.how)

    def stop(self) -> None:
        """End after this step; for a signal handler."""
        self.stopped = True

    def state_dict(self) -> dict[str, Any]:
        """All that another Training of the same model, examples and options needs to go on from here."""
        parts = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}
        return {"step": self.step} | {name: part.state_dict() for name, part in parts.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken: the steps that follow are those that would have followed."""
        self.step = state["step"]
        for name in ("model", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(state[name])


class Loss(nn.Module):
    """A model as DistributedDataParallel wants it: what comes forward is the loss."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, examples: Sequence[Any], **how: Any) -> torch.Tensor:
        """The model's loss."""
        return self.model.loss(examples, **how)


def train(
    model: nn.Module,
    examples: Sequence[Any],
    steps: int,
    batch: int = 64,
    rate: float = 3e-3,
    seed: int = 0,
    report: Callable[[int, float], None] | None = None,
    **how: Any,
) -> Any:
    """Fit a model to examples: a `Training` from the first step to the last.

    Args:
        model, examples, steps, batch, rate, seed: see `Training`.
        report: called as report(step, loss) after each step; such as `progress(steps)`, from progress.py.
        how: see `Training`, too.

    Returns:
        the model, for evaluation.

    Raises:
        ValueError: as `Training` does.
    """
    for step, loss in Training(model, examples, steps, batch, rate, seed, **how):
        if report:
            report(step, loss)
    return model.eval()


def batches(
    examples: Sequence[Any], size: int, seed: int = 0, length: Callable[[Any], Any] | None = None
) -> Iterator[list[Any]]:
    """Batches of examples of about one length(example), for ever, each example once in a round."""
    length = length or (lambda item: len(item[0]))
    generator = torch.Generator().manual_seed(int(seed))

    def shuffled(items):
        return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]

    while True:
        order = shuffled(examples)
        heaps = [sorted(order[i : i + 50 * size], key=length) for i in range(0, len(order), 50 * size)]
        yield from shuffled([heap[i : i + size] for heap in heaps for i in range(0, len(heap), size)])
