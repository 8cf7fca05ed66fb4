"""Benchmarks by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from naswotlib.benchmarks.benchmark import Benchmark
from naswotlib.benchmarks.importers import TABLES
from naswotlib.benchmarks.importers.nasbench101 import MEAN_COLUMNS, from_means
from naswotlib.benchmarks.importers.tables import from_csv
from naswotlib.benchmarks.table import TableInfo, make_table
from naswotlib.benchmarks.trained import REQUIRED, Recipe, epochs_of, read_trained
from naswotlib.data.fetch import data_home, file_digest, find_data
from naswotlib.data.plugins import BENCHMARKS, OURS, SPACES, broken, check_clash, load_plugin, plugins
from naswotlib.errors import check_choice
from naswotlib.spaces import get_space, list_spaces
from naswotlib.spaces.nasbench201 import isomorphism_class

BUNDLED = Path(__file__).parent / "bundled"


def bundled_recipe(space: str) -> str:
    """The recipe of the bundled table of ``space``, in one sentence."""
    _, metadata = read_trained(BUNDLED / f"{space}.parquet")
    return Recipe.of(metadata).describe()


def load_benchmark(name: str, *, data_dir: str | Path | None = None) -> Benchmark:
    """The table of trained accuracies called ``name``.

    ``"bundled"`` and ``"bundled-SPACE"`` ship with the library: networks of NAS-Bench-201, or of another space, that
    this project trained; ``"bundled-nasbench201-complete"`` has every cell of ``nasbench201_complete``. The others lie
    in ``data_dir``, else in NASWOTLIB_DATA, else in the cache, where ``naswot data import`` writes published tables
    under the name of their space: ``"nasbench201"`` (or ``"nats_topology"``, NATS-Bench's newer runs, also its second
    choice), ``"mini_nasbench201"`` (12 epochs only), ``"nasbench101"``, ``"nats_size"``, ``"nds_darts"``,
    ``"nds_darts_lr_wd"``, ``"nasbench_macro"`` and so on. Any other name is that of a ``NAME.parquet`` of one's own,
    made by ``naswot train`` or :func:`naswotlib.benchmarks.table.make_table`, or that of a plug-in: an entry point of
    the group ``naswotlib.benchmarks`` (:mod:`naswotlib.data.plugins`), for a :class:`Benchmark`, the path of its file,
    or a function that gives one of the two. FileNotFoundError says what was looked for, ValueError which package's
    plug-in cannot be used, and which two bring the same name.
    """
    bundled = {f"bundled-{path.stem}": path for path in sorted(BUNDLED.glob("*.parquet"))}
    if name == "bundled" or name.startswith("bundled-"):
        check_choice("name", name, ["bundled", *bundled])
        check_clash(BENCHMARKS, name, ours=True)
        path = bundled["bundled-nasbench201" if name == "bundled" else name]
        return from_trained(path, f"bundled-{path.stem}", licence="MIT")
    own = data_home(data_dir) / f"{name}.parquet"
    known = {*list_spaces(), *TABLES}
    if name in plugins(BENCHMARKS):
        published = name in known and name not in plugins(SPACES)
        check_clash(BENCHMARKS, name, ours=published or own.exists(), owner=str(own) if own.exists() else OURS)
        return _of_plugin(name)
    if not own.exists():
        check_choice("name", name, ["bundled", *bundled, *sorted(known | plugins(BENCHMARKS).keys())])
    names = (own.name, *(["nats_topology.parquet", "nasbench201.csv.gz"] if name == "nasbench201" else []))
    path = find_data(f"name {name!r}", names, data_dir)
    if path.suffix == ".gz":
        return Benchmark(from_csv(path, file_digest(path)))
    return _read(path, name)


def _read(path: Path, name: str) -> Benchmark:
    benchmark = Benchmark(path)
    if set(REQUIRED) <= set(benchmark.columns):
        return from_trained(path, name, licence="not stated")
    return Benchmark(from_means(path, file_digest(path))) if set(MEAN_COLUMNS) <= set(benchmark.columns) else benchmark


def _of_plugin(name: str) -> Benchmark:
    found = load_plugin(BENCHMARKS, name)
    try:
        found = found() if callable(found) else found
        benchmark = found if isinstance(found, Benchmark) else _read(Path(found), name)
        benchmark.info  # noqa: B018  (a file that is none is told here)
    except (Exception, SystemExit) as error:  # of the package
        raise broken(BENCHMARKS, name, error) from error
    return benchmark


def from_trained(path: Path, name: str, *, licence: str) -> Benchmark:
    """The table that :func:`naswotlib.training.train.train_table` wrote to ``path``, under ``name``.

    Runs with several seeds are the repetitions; ``epochs`` counts the epochs of one schedule trained so far. Each cell
    of ``nasbench201_complete`` has the runs of the one cell of its isomorphism class that was trained. ValueError
    where the file is no such table, or where a training was stopped.
    """
    rows, metadata = read_trained(path)
    if not rows:
        raise FileNotFoundError(f"path: {path} does not exist, or holds no trained network")
    recipe, dataset = metadata["recipe"], metadata["dataset"]
    if short := [row for row in rows if len(row["validation"]) < recipe["epochs"]]:
        raise ValueError(
            f"path: {path} has {len(short)} networks without accuracies after each of {recipe['epochs']} epochs, such "
            f"as {short[0]['arch']}, trained for {epochs_of(short[0])}; train them to the end, evaluated each time"
        )
    runs_of: dict[str, list[Any]] = {}
    for row in sorted(rows, key=lambda row: (row["arch"], row["seed"])):
        runs_of.setdefault(row["arch"], []).append(row)
    repeats = f"seeds {', '.join(map(str, sorted({row['seed'] for row in rows})))}"
    if metadata["space"] == "nasbench201_complete":
        complete = get_space("nasbench201_complete")
        runs_of_class = {isomorphism_class(complete.from_str(text)): runs for text, runs in runs_of.items()}
        classes = {complete.to_str(cell): isomorphism_class(cell) for cell in complete}
        runs_of = {text: runs_of_class[name] for text, name in classes.items() if name in runs_of_class}
        repeats += "; a cell has those of the one cell of its isomorphism class that was trained"
    by_arch = list(runs_of.values())
    info = TableInfo(
        name=name,
        space=metadata["space"],
        origin=f"trained by naswotlib: {metadata['images']}; recipe {recipe}",
        licence=licence,
        sha256=file_digest(path),
        splits={
            "validation": "10,000 of the 50,000 training images, not trained on, after so many epochs of the schedule",
            "test": "the 10,000 test images, after so many epochs of the schedule",
        },
        seconds=metadata["seconds"],
        repeats=repeats,
        skeleton=recipe["skeleton"],
        sides={dataset: recipe["side"]},
    )
    accuracy = {
        (dataset, split, epoch + 1): [[run[split][epoch] for run in runs] for runs in by_arch]
        for split in info.splits
        for epoch in range(recipe["epochs"])
    }
    seconds = {(dataset, recipe["epochs"]): [[run["seconds"] for run in runs] for runs in by_arch]}
    return Benchmark(make_table(info, runs_of, accuracy, seconds))
