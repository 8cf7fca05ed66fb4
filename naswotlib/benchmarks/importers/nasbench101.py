"""NAS-Bench-101: the official tfrecord, and a table of its mean accuracies."""

from __future__ import annotations

import base64
import functools
import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from naswotlib.benchmarks.table import Row, TableInfo, columns_from_rows, make_table, table_from_columns
from naswotlib.errors import import_extra

REPEATS = 3
MAX_RECORD = 2**20  # bytes, where the official ones have about 400
OPERATIONS = ("conv3x3", "conv1x1", "maxpool3x3")
MEAN_COLUMNS = ["hash", "adj_upper", "ops", "params", "final_test_acc_mean3"]


def info(path: Path, sha256: str, repeats: str) -> TableInfo:
    """What the columns mean."""
    return TableInfo(
        name="nasbench101",
        space="nasbench101",
        origin=f"NAS-Bench-101 (Ying et al., 2019), from {path.name}",
        licence="Apache-2.0",
        sha256=sha256,
        splits={
            "train": "10,000 of the 40,000 training images, after the last epoch",
            "validation": "10,000 training images, not trained on, after the last epoch",
            "test": "the 10,000 test images, after the last epoch",
        },
        seconds="one training without its evaluations; total_seconds/... with them, halfway_... at half the epochs",
        repeats=repeats,
        skeleton={"stem_channels": 128, "modules_per_stack": 3},
        sides={"cifar10": 32},
    )


@functools.lru_cache(100_000)
def _template(bits: str, size: int) -> str:
    edges = [edge for edge, bit in zip(combinations(range(size), 2), bits, strict=True) if bit == "1"]
    sources = [",".join(str(i) for i, j in edges if j == v) for v in range(1, size)]
    return "|".join([*(f"%s({names})" for names in sources[:-1]), f"output({sources[-1]})"])


def cell_text(bits: str, operations: tuple[str, ...]) -> str:
    """The text of a cell from the strict upper triangle of its matrix, row by row, and its inner operations.

    >>> cell_text("111", ("conv3x3",))
    'conv3x3(0)|output(0,1)'
    """
    return _template(bits, len(operations) + 2) % operations


def from_tfrecord(path: Path, sha256: str) -> pa.Table:
    """Every repeat and budget of ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord``, read as a stream.

    ValueError where a checksum is wrong, the file is cut off, or a cell was not trained three times at each budget.
    """
    columns = columns_from_rows(_rows(path))
    return table_from_columns(info(path, sha256, "three trainings, in the order of the file"), columns)


def _rows(path: Path) -> Iterator[Row]:
    metrics, budgets = _metrics_class(), set[int]()
    for digest, group in groupby((json.loads(record) for record in _records(path)), lambda record: record[0]):
        columns, runs = defaultdict[str, list[float]](list), defaultdict[int, int](int)
        for record in group:
            _, epochs, matrix, operations, encoded = record
            run = metrics.FromString(base64.b64decode(encoded))
            runs[epochs] += 1
            for column, value in _run_columns(epochs, run):
                columns[column].append(value)
        budgets = budgets or set(runs)
        if set(runs) != budgets or set(runs.values()) != {REPEATS}:
            raise ValueError(
                f"{path}: cell {digest} has {dict(runs)} trainings by epochs; expected {REPEATS} at each of "
                f"{sorted(budgets)}. The file is cut off or not the official one: fetch it again"
            )
        names = [operation.partition("-")[0] for operation in operations.split(",")]  # of its last row, as of each
        size = len(names)
        bits = "".join(matrix[i * size + j] for i, j in combinations(range(size), 2))
        columns["params"] = [run.trainable_parameters]
        yield {"arch": cell_text(bits, tuple(names[1:-1])), "hash": digest}, columns


def _run_columns(epochs: int, run: Any) -> Iterator[tuple[str, float]]:
    _, halfway, final = run.evaluation_data
    for prefix, point in (("halfway_", halfway), ("", final)):
        for split in ("train", "validation", "test"):
            yield f"{prefix}accuracy/cifar10/{split}/{epochs}", 100 * getattr(point, f"{split}_accuracy")
        yield f"{prefix}seconds/cifar10/{epochs}", point.training_time
    yield f"total_seconds/cifar10/{epochs}", run.total_time


def _records(path: Path) -> Iterator[bytes]:
    """Payloads. The iterator looks at no checksum, so a second reader beside it does, before a length is believed."""
    crc32c = import_extra("crc32c", "data").crc32c
    tfrecord_iterator = import_extra("tfrecord.reader", "data").tfrecord_iterator

    def check(data: bytes, stored: bytes) -> None:
        crc = crc32c(data)
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        if masked.to_bytes(4, "little") != stored:
            raise ValueError(f"{path}: damaged or cut off at byte {file.tell():,} (wrong checksum); fetch it again")

    records = tfrecord_iterator(str(path))
    with path.open("rb") as file:
        while header := file.read(12):
            check(header[:8], header[8:])
            payload = file.read(min(int.from_bytes(header[:8], "little"), MAX_RECORD))
            check(payload, file.read(4))
            yield bytes(next(records))


def _metrics_class() -> Any:
    """The message class of nasbench's model_metrics.proto; its generated module does not import any more."""
    descriptor_pb2, descriptor_pool, message_factory = (
        import_extra(f"google.protobuf.{name}", "data")
        for name in ("descriptor_pb2", "descriptor_pool", "message_factory")
    )

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="model_metrics.proto", package="nasbench")
    metrics, evaluation = file.message_type.add(name="ModelMetrics"), file.message_type.add(name="EvaluationData")
    repeated = field(name="evaluation_data", number=1, label=3, type=11, type_name=".nasbench.EvaluationData")
    parameters = field(name="trainable_parameters", number=2, label=1, type=5)
    metrics.field.extend([repeated, parameters, field(name="total_time", number=3, label=1, type=1)])
    doubles = ("current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
    evaluation.field.extend(field(name=name, number=n, label=1, type=1) for n, name in enumerate(doubles, start=1))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("nasbench.ModelMetrics"))


def from_means(path: Path, sha256: str) -> pa.Table:
    """A parquet file with a row a cell: ``hash``, ``adj_upper`` (strict upper triangle), ``ops`` (a digit an inner
    vertex: conv3x3, conv1x1, maxpool3x3), ``params`` and ``final_test_acc_mean3`` (a fraction, 108 epochs).
    """
    table = pq.read_table(path, columns=MEAN_COLUMNS)
    named = {ops: tuple(OPERATIONS[int(digit)] for digit in ops) for ops in table["ops"].unique().to_pylist()}
    cells = zip(table["adj_upper"].to_pylist(), table["ops"].to_pylist(), strict=True)
    archs = [cell_text(bits, named[ops]) for bits, ops in cells]
    accuracy = {("cifar10", "test", 108): 100 * table["final_test_acc_mean3"].to_numpy()}
    means = make_table(info(path, sha256, "mean over three trainings"), archs, accuracy)
    return means.append_column("hash", pc.cast(table["hash"], pa.string()))
