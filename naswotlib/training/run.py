"""One network in training: the learning rate of each step, what a batch is, and what is noted on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from naswotlib.benchmarks.trained import N_LOSSES, Recipe, Watch
from naswotlib.training.images import TrainingImages

Scores = Mapping[str, Callable[[nn.Module], float]]  # by column of a trained table


@dataclass(frozen=True)
class Limit:
    """When a training stops before the end of its recipe: after so many ``epochs``, or after the epoch in which the
    clock passes ``time``, in seconds since 1970.
    """

    epochs: int | None = None
    time: float = float("inf")

    def reached(self, epochs: int) -> bool:
        """Whether to stop after so many epochs."""
        return epochs == self.epochs or time.time() > self.time


NO_LIMIT = Limit()


@dataclass(frozen=True)
class Splits:
    """Normalised images and labels on a device; ``train`` with the recipe's padding."""

    train: tuple[Tensor, Tensor]
    held_out: dict[str, tuple[Tensor, Tensor]]

    @classmethod
    def of(cls, images: TrainingImages, recipe: Recipe, device: str = "cpu") -> Splits:
        """The images that ``recipe`` trains on, and those of validation and test."""
        images = images.first(recipe.images)
        inputs, labels = images.padded(recipe.padding), torch.from_numpy(images.train[1])
        held_out = {name: images.tensors(name) for name in ("validation", "test")}
        return cls(
            (inputs.to(device), labels.to(device)),
            {name: (x.to(device), y.to(device)) for name, (x, y) in held_out.items()},
        )


def steps_per_epoch(recipe: Recipe, images: int) -> int:
    """How many batches an epoch of so many images has."""
    return -(-images // recipe.batch_size) if recipe.partial else images // recipe.batch_size


def learning_rates(recipe: Recipe, steps: int) -> list[float]:
    """The learning rate of every step of a training, of ``steps`` an epoch.

    ``cosine``: ½ lr (1 + cos(π e / epochs)) in epoch e = 0, 1, ..., as NAS-Bench-201 was trained.

    >>> recipe = Recipe(epochs=2, schedule="cosine")
    >>> [round(rate, 6) for rate in learning_rates(recipe, 2)]
    [0.1, 0.1, 0.05, 0.05]
    """
    optimizer, total = torch.optim.SGD([torch.zeros(())], lr=recipe.learning_rate), steps * recipe.epochs
    schedule: torch.optim.lr_scheduler.LRScheduler
    if recipe.schedule == "cosine":
        each, schedule = steps, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs)
    else:
        one_cycle = torch.optim.lr_scheduler.OneCycleLR
        each, schedule = 1, one_cycle(optimizer, recipe.learning_rate, total_steps=total, cycle_momentum=False)
    rates: list[float] = []
    while len(rates) < total:
        rates += [optimizer.param_groups[0]["lr"]] * each
        optimizer.step()
        schedule.step()
    return rates


def watched_steps(watch: Watch, steps: int) -> list[int]:
    """After which steps of the first epoch, which has ``steps``, a score is taken.

    >>> watched_steps(Watch(within_first=3), 98)
    [24, 49, 74]
    """
    count = min(watch.within_first, steps - 1)
    return [round(number * steps / (count + 1)) for number in range(1, count + 1)]


def draw_epoch(recipe: Recipe, images: int, rng: np.random.Generator) -> Tensor:
    """What an epoch sees, ``(images, 4)`` int64: number of an image, whether to flip it, top and left of its crop."""
    order, flips = rng.permutation(images), rng.random(images) < 0.5
    corners = np.zeros((images, 2), np.int64)
    if recipe.padding:
        corners = rng.integers(0, 2 * recipe.padding, size=(images, 2), endpoint=True)
    return torch.from_numpy(np.column_stack([order, flips[order], corners]))


def augment(images: Tensor, picks: Tensor, padding: int) -> Tensor:
    """The batch that ``picks``, rows of :func:`draw_epoch`, take of ``images``, which have that padding."""
    number, flipped = picks[:, 0], picks[:, 1].bool()
    if not padding:
        return torch.where(flipped[:, None, None, None], images[number].flip(3), images[number])
    along = torch.arange(images.shape[3] - 2 * padding, device=images.device)
    rows = picks[:, 2, None] + along
    columns = picks[:, 3, None] + torch.where(flipped[:, None], along.flip(0), along)
    crops = images.permute(0, 2, 3, 1)[number[:, None, None], rows[:, :, None], columns[:, None, :]]
    return crops.permute(0, 3, 1, 2)


@torch.no_grad()
def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor, batch_size: int = 500) -> float:
    """Percentage of ``inputs`` whose label ``network`` gives the highest score, in evaluation mode."""
    network.eval()
    correct = torch.zeros((), dtype=torch.int64, device=labels.device)
    for x, y in zip(inputs.split(batch_size), labels.split(batch_size), strict=True):
        correct += (network(x).argmax(1) == y).sum()
    return 100 * int(correct) / len(labels)


class Run:
    """A network in training, and what was noted so far.

    ``result`` has ``losses`` (the first 20 steps) and ``epoch_losses`` (the mean over the images of each epoch);
    ``validation`` and ``test``, accuracies in percent after each epoch or at the end; and, where the network is
    watched, what each of ``scores`` says of it, and the ``steps`` before.
    """

    layout = torch.channels_last  # of weights and images in memory

    def __init__(
        self,
        network: nn.Module,
        splits: Splits,
        recipe: Recipe,
        *,
        rng: np.random.Generator,
        scores: Scores | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.inputs, self.labels = splits.train
        device = self.inputs.device
        self.network = network.to(device, memory_format=self.layout)  # type: ignore[call-overload]
        self.splits, self.recipe, self.rng, self.scores = splits, recipe, rng, scores or {}
        self.steps = steps_per_epoch(recipe, len(self.inputs))
        self.rates = learning_rates(recipe, self.steps)
        self.watched = watched_steps(watch or Watch(), self.steps) if scores else []
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=True,
        )
        self.done = 0  # steps
        self.total = torch.zeros((), device=device)  # of the losses of the images of this epoch
        self.result: dict[str, list[float]] = {"losses": [], "validation": [], "test": [], "epoch_losses": []}
        if scores:
            self.result |= {name: [] for name in (*scores, "steps")}
            self._note_scores()

    def begin_epoch(self) -> None:
        """Draw what the epoch sees."""
        self.network.train()
        self.total.zero_()
        self._picks = draw_epoch(self.recipe, len(self.inputs), self.rng).to(self.inputs.device)
        self._batches = iter(self._picks.split(self.recipe.batch_size))

    def step(self) -> None:
        """One step, and the score after it where it is watched."""
        self.optimizer.param_groups[0]["lr"] = self.rates[self.done]
        loss = self.gradients(next(self._batches))
        self.optimizer.step()
        self.done += 1
        if len(self.result["losses"]) < N_LOSSES:
            self.result["losses"].append(loss.item())
        if self.done in self.watched:
            self._note_scores()
            self.network.train()

    def gradients(self, picks: Tensor) -> Tensor:
        """Set the gradients of a batch, and return its loss."""
        x, y = augment(self.inputs, picks, self.recipe.padding), self.labels[picks[:, 0]]
        loss = F.cross_entropy(self.network(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.total += len(picks) * loss.detach()
        return loss.detach()

    def end_epoch(self, last: bool) -> None:
        """Note losses, score and accuracies; ``last``: no epoch follows."""
        seen = min(self.steps * self.recipe.batch_size, len(self.inputs))
        self.result["epoch_losses"].append(self.total.item() / seen)
        if last or self.recipe.evaluated == "epochs":
            for name, (x, y) in self.splits.held_out.items():
                self.result[name].append(accuracy(self.network, x, y))
        if self.scores:
            self._note_scores()

    def _note_scores(self) -> None:
        for name, score in self.scores.items():
            self.result[name].append(score(self.network))
        self.result["steps"].append(self.done)


def run_together(runs: Sequence[Run], limit: Limit = NO_LIMIT, *, max_steps: int | None = None) -> Iterator[int]:
    """Train ``runs`` of one recipe, a step of each in turn; yields the number of epochs after each.

    After ``max_steps`` it ends without evaluation: enough to compare first losses.
    """
    epochs, steps = runs[0].recipe.epochs, runs[0].steps
    for epoch in range(1, epochs + 1):
        for run in runs:
            run.begin_epoch()
        for _ in range(steps):
            if max_steps is not None and runs[0].done >= max_steps:
                return
            for run in runs:
                run.step()
        last = epoch == epochs or limit.reached(epoch)
        for run in runs:
            run.end_epoch(last)
        yield epoch
        if last:
            return
