"""The format of tables of networks that this project, or its user, trained: a recipe, and a row a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from naswotlib.data.files import write_whole

N_LOSSES = 20  # the first losses of each run are kept, as its fingerprint


@dataclass(frozen=True, slots=True)
class Recipe:
    """The recipe of a training. ``skeleton`` goes to ``space.build``; ``side`` is the image side in pixels."""

    skeleton: tuple[tuple[str, int], ...] = (("stem_channels", 8), ("cells_per_stage", 1))
    side: int = 16
    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> Recipe:
        """The recipe of a trained table, from its metadata."""
        recipe = metadata["recipe"]
        return cls(**recipe | {"skeleton": tuple(recipe["skeleton"].items())})

    def describe(self) -> str:
        """The recipe in one sentence, for captions and data cards."""
        skeleton = ", ".join(f"{name} {value}" for name, value in self.skeleton)
        return (
            f"{self.epochs} epochs of 40,000 CIFAR-10 images at {self.side}×{self.side} with flips, batch "
            f"{self.batch_size}, SGD with Nesterov momentum {self.momentum}, one-cycle learning rate up to "
            f"{self.learning_rate}, weight decay {self.weight_decay}; {skeleton}"
        )


_METADATA = b"naswotlib"
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
    ]
)


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
    return table.to_pylist(), json.loads(table.schema.metadata[_METADATA])


def write_trained(path: Path, rows: list[dict[str, Any]], metadata: dict[str, Any]) -> None:
    """Write a trained table whole."""
    schema = SCHEMA.with_metadata({_METADATA: json.dumps(metadata, sort_keys=True)})
    with write_whole(path) as file:
        pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
