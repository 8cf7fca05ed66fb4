"""The format of tables of networks that this project, or its user, trained: a recipe, and a row a run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from naswotlib.data.files import write_whole

N_LOSSES = 20  # the first losses of each run are kept, as its fingerprint


@dataclass(frozen=True, slots=True)
class Recipe:
    """The recipe of a training.

    skeleton: goes to ``space.build``; side: of the images, in pixels; schedule: of the learning rate, ``"one-cycle"``
    up to ``learning_rate`` and down, or ``"cosine"`` from there to 0, constant within an epoch; images: how many to
    train on, the first of each class (None: all that there are); padding: black pixels on each side, of which a random
    crop is taken (0: no crop); partial: whether images left over at the end of an epoch are a smaller batch;
    evaluated: accuracies after each of the ``"epochs"``, or at the ``"end"``; tf32: whether a GPU may round the factors
    of products to 10 bits.
    """

    skeleton: tuple[tuple[str, int], ...] = (("stem_channels", 8), ("cells_per_stage", 1))
    side: int = 16
    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: Literal["one-cycle", "cosine"] = "one-cycle"
    images: int | None = None
    padding: int = 0
    partial: bool = False
    evaluated: Literal["epochs", "end"] = "epochs"
    tf32: bool = False

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> Recipe:
        """The recipe of a trained table, from its metadata; what an older table does not say is the default."""
        recipe = metadata["recipe"]
        return cls(**recipe | {"skeleton": tuple(recipe["skeleton"].items())})

    def as_metadata(self) -> dict[str, Any]:
        """The recipe as the metadata of a table have it."""
        return asdict(self) | {"skeleton": dict(self.skeleton)}

    def describe(self) -> str:
        """The recipe in one sentence, for captions and data cards."""
        skeleton = ", ".join(f"{name} {value}" for name, value in self.skeleton)
        crops = f"crops after padding of {self.padding} and " if self.padding else ""
        rate = {"one-cycle": "one-cycle learning rate up to", "cosine": "cosine learning rate from"}[self.schedule]
        return (
            f"{self.epochs} epochs of {self.images or 40_000:,} CIFAR-10 images at {self.side}×{self.side} with "
            f"{crops}flips, batch {self.batch_size}, SGD with Nesterov momentum {self.momentum}, {rate} "
            f"{self.learning_rate}, weight decay {self.weight_decay}; {skeleton}"
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """On what and when the score of a network is taken while it is trained: a mini-batch of ``batch_size`` of
    ``images``, drawn by :func:`naswotlib.load_images` with seed 0; before training, ``within_first`` times at even
    distances within the first epoch, and after each epoch. ``running``: each time also with the running statistics of
    batch normalisation, by which a trained network is used, in the place of the mini-batch's own.
    """

    images: str = "photos"
    batch_size: int = 128
    within_first: int = 0
    running: bool = False


_METADATA = b"naswotlib"
_BEFORE = {"device": "cpu"}  # what is true of tables that do not say it
SCHEMA = pa.schema(
    [
        ("arch", pa.string()),
        ("seed", pa.int64()),
        ("validation", pa.list_(pa.float64())),
        ("test", pa.list_(pa.float64())),
        ("losses", pa.list_(pa.float64())),
        ("scores", pa.list_(pa.float64())),  # null where the network was not watched
        ("seconds", pa.float64()),
        ("date", pa.string()),
        ("versions", pa.string()),
        ("steps", pa.list_(pa.int64())),  # of training, before each score; null in older tables, as are the next
        ("epoch_losses", pa.list_(pa.float64())),  # means over the images of each epoch
        ("running_scores", pa.list_(pa.float64())),  # with running statistics, where those were asked for
    ]
)
REQUIRED = SCHEMA.names[:-3]  # by which a trained table is known


def read_trained(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows and metadata of a table that :func:`train_table` wrote; none where there is no such file.

    ValueError where the file is another one, or damaged.
    """
    if not path.exists():
        return [], {}
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: damaged or no parquet ({error}); choose another file") from error
    if _METADATA not in (table.schema.metadata or {}):
        raise ValueError(f"{path}: expected a table that `naswot train` wrote, found another one; choose another file")
    return table.to_pylist(), _BEFORE | json.loads(table.schema.metadata[_METADATA])


def write_trained(path: Path, rows: list[dict[str, Any]], metadata: dict[str, Any]) -> None:
    """Write a trained table whole."""
    schema = SCHEMA.with_metadata({_METADATA: json.dumps(metadata, sort_keys=True)})
    with write_whole(path) as file:
        pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")


def epochs_of(row: dict[str, Any]) -> int:
    """How many epochs a run was trained for: fewer than its recipe has where it was stopped."""
    return len(row.get("epoch_losses") or row["validation"])
