"""Asking a table of trained accuracies."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from naswotlib.benchmarks.table import TableInfo, read_info
from naswotlib.errors import check_choice
from naswotlib.spaces.base import get_space

Repeats = Literal["mean", "max"]
Many = list[Any] | np.ndarray | pd.Series
_SUMMARIES = {"mean": np.add, "max": np.maximum}


@dataclass(frozen=True)
class Benchmark:
    """A table of trained accuracies to ask. ``source`` is a table of :func:`make_table`, or its file.

    A file's columns are read when they are first asked for. Split and schedule have no default: which one to take is
    the most asked question of these benchmarks.
    """

    source: pa.Table | Path

    @cached_property
    def _schema(self) -> pa.Schema:
        if isinstance(self.source, pa.Table):
            return self.source.schema
        try:
            return pq.read_schema(self.source)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{self.source}: damaged or no parquet ({error}); import or fetch it again") from error

    @cached_property
    def info(self) -> TableInfo:
        """Origin, licence, digest, and what each split means."""
        try:
            return read_info(self._schema)
        except ValueError as error:
            raise ValueError(f"{self.source}: {error}") from error

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.info.name

    @property
    def space(self) -> str:
        """Name of the search space, for :func:`naswotlib.get_space`."""
        return self.info.space

    @property
    def skeleton(self) -> dict[str, int]:
        """Keywords of ``space.build`` that give the networks that were trained."""
        return dict(self.info.skeleton)

    @property
    def available(self) -> list[tuple[str, str, int]]:
        """Every (dataset, split, epochs) that has accuracies."""
        return [(dataset, split, int(epochs)) for dataset, split, epochs in self._columns("accuracy")]

    @property
    def available_metrics(self) -> list[tuple[str, str, int]]:
        """Every (dataset, split, epochs) that is judged by something else than accuracy, as ``info.splits`` says."""
        return [(dataset, split, int(epochs)) for dataset, split, epochs in self._columns("metric")]

    @property
    def available_seconds(self) -> list[tuple[str, int]]:
        """Every (dataset, epochs) that has training times."""
        return [(dataset, int(epochs)) for dataset, epochs in self._columns("seconds")]

    def _columns(self, kind: str) -> Iterable[list[str]]:
        return (name.split("/")[1:] for name in self._schema.names if name.startswith(f"{kind}/"))

    @cached_property
    def archs(self) -> list[str]:
        """The architectures, as text, in the order of the file."""
        texts: list[str] = self.column("arch").to_pylist()
        return texts

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {text: row for row, text in enumerate(self.archs)}

    @cached_property
    def _hashes(self) -> dict[str, int]:
        texts = self.column("hash").to_pylist() if "hash" in self.columns else []
        return {text: row for row, text in enumerate(texts)}

    @property
    def columns(self) -> list[str]:
        """Names of all columns: accuracies, seconds, maybe parameters, seeds, learning curves."""
        return list(self._schema.names)

    def column(self, column: str) -> pa.Array:
        """A column of the file as it is: a list of float64 an architecture, or text (``arch``, maybe ``hash``)."""
        check_choice("column", column, self.columns)
        source = self.source
        table = source if isinstance(source, pa.Table) else pq.read_table(source, columns=[column], memory_map=True)
        return table[column].combine_chunks()

    @cached_property
    def _summaries(self) -> dict[tuple[str, Repeats], npt.NDArray[np.float64]]:
        return {}

    def _values(self, column: str, repeats: Repeats) -> npt.NDArray[np.float64]:
        """A number for each architecture, NaN where it was never trained so; kept once computed."""
        check_choice("repeats", repeats, _SUMMARIES)
        if (column, repeats) not in self._summaries:
            lists = self.column(column)
            counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
            starts, some = np.cumsum(counts) - counts, counts > 0
            values = np.full(len(counts), np.nan)
            flat = pc.list_flatten(lists).to_numpy(zero_copy_only=False)
            values[some] = _SUMMARIES[repeats].reduceat(flat, starts[some]) if some.any() else np.nan
            self._summaries[column, repeats] = values / counts if repeats == "mean" else values
        return self._summaries[column, repeats]

    def _row(self, arch: Any) -> int:
        row = self._rows.get(arch, self._hashes.get(arch)) if isinstance(arch, str) else None
        if row is None:
            space = get_space(self.space)
            value = space.from_str(arch) if isinstance(arch, str) else arch
            text = space.to_str(value)
            row = self._hashes.get(value.hash) if self._hashes else self._rows.get(text)
            if row is None:
                raise ValueError(f"arch: {text!r} is not among the {len(self._rows)} architectures of {self.name}")
        return row

    def _look_up(self, archs: Any, column: str, repeats: Repeats) -> Any:
        values = self._values(column, repeats)
        one = isinstance(archs, Hashable)  # a value of a space is hashable; a list, an array or a column is not
        rows = np.array([self._row(arch) for arch in ([archs] if one else archs)], np.int64)
        found = values[rows]
        if np.isnan(found).any():
            text = self.archs[rows[np.isnan(found)][0]]
            raise ValueError(f"arch: {text!r} was not trained for {column} in {self.name}")
        return float(found[0]) if one else found

    @overload
    def accuracy(
        self, archs: Many, *, dataset: str, split: str, epochs: int, repeats: Repeats = "mean"
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def accuracy(
        self, archs: Hashable, *, dataset: str, split: str, epochs: int, repeats: Repeats = "mean"
    ) -> float: ...
    def accuracy(self, archs: Any, *, dataset: str, split: str, epochs: int, repeats: Repeats = "mean") -> Any:
        """Accuracy in percent of one architecture (text, hash or value of the space), or of a list, array or column.

        ``repeats``: the mean over the repetitions of the training, or their maximum. ValueError lists what there is
        where the table has no such column, and names an architecture that it has not.
        """
        return self._look_up(archs, self._accuracy_column(dataset, split, epochs), repeats)

    def metric(self, archs: Any, *, dataset: str, split: str, epochs: int, repeats: Repeats = "mean") -> Any:
        """What a task is judged by, in its own unit and higher being better; accuracy in percent where that is it.

        Arguments as for :meth:`accuracy`; what ``info.splits`` says of ``dataset/split`` is the unit.
        """
        return self._look_up(archs, self._metric_column(dataset, split, epochs), repeats)

    @overload
    def train_seconds(self, archs: Many, *, dataset: str, epochs: int) -> npt.NDArray[np.float64]: ...
    @overload
    def train_seconds(self, archs: Hashable, *, dataset: str, epochs: int) -> float: ...
    def train_seconds(self, archs: Any, *, dataset: str, epochs: int) -> Any:
        """Seconds that one training took, as ``info.seconds`` defines them; arguments as for :meth:`accuracy`."""
        self._check_known("(dataset, epochs)", (dataset, epochs), self.available_seconds)
        return self._look_up(archs, f"seconds/{dataset}/{epochs}", "mean")

    def trained(self, *, dataset: str, split: str, epochs: int) -> list[str]:
        """The architectures that have such an accuracy or metric, in the order of the file; those that diverged have
        none.
        """
        values = self._values(self._metric_column(dataset, split, epochs), "mean")
        return [text for text, value in zip(self.archs, values, strict=True) if not np.isnan(value)]

    def _accuracy_column(self, dataset: str, split: str, epochs: int) -> str:
        self._check_known("(dataset, split, epochs)", (dataset, split, epochs), self.available)
        return f"accuracy/{dataset}/{split}/{epochs}"

    def _metric_column(self, dataset: str, split: str, epochs: int) -> str:
        key = (dataset, split, epochs)
        if key in self.available_metrics:
            return f"metric/{dataset}/{split}/{epochs}"
        self._check_known("(dataset, split, epochs)", key, [*self.available, *self.available_metrics])
        return self._accuracy_column(dataset, split, epochs)

    def _check_known(self, argument: str, value: object, choices: Sequence[object]) -> None:
        if value not in choices:
            listed = ", ".join(map(str, choices)) or "none"
            raise ValueError(f"{argument}: {self.name} has no {value}; choose one of {listed}")

    def describe(self) -> str:
        """Origin, licence and meaning of the table, in a few lines."""
        info = self.info
        lines = [f"{info.name}: {len(self.archs)} architectures of {info.space}", f"origin: {info.origin}"]
        lines += [f"licence: {info.licence}", f"source sha256: {info.sha256}", f"skeleton: {info.skeleton}"]
        lines += [f"accuracy in percent: {', '.join('/'.join(map(str, key)) for key in self.available)}"]
        if self.available_metrics:
            lines += [f"other metrics: {', '.join('/'.join(map(str, key)) for key in self.available_metrics)}"]
        lines += [f"  {split}: {meaning}" for split, meaning in info.splits.items()]
        lines += [f"repeats: {info.repeats}", f"seconds: {info.seconds}"]
        return "\n".join(lines)
