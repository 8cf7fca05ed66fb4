"""Parts of NAS-Bench-101 that others published: 30,001 cells with validation accuracy and seconds, 500 on ImageNet."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotlib.benchmarks import Benchmark, import_file, load_benchmark
from naswotlib.benchmarks.importers.nasbench101_parts import EPOCHS
from naswotlib.errors import NaswotWarning
from naswotlib.graph.sizes import network_size
from naswotlib.search.with_training import rea
from naswotlib.spaces import get_space
from naswotlib.spaces.base import sample_distinct

SPACE = get_space("nasbench101")
VALIDATION = "nasbench101/nb101_val_4_12_36_108_time_30001.csv.gz"
IMAGENET = "nasbench101/nasbench1_imgnet.json"


def cells(count):
    found = {}
    for spec in sample_distinct(SPACE, 4 * count, np.random.default_rng(0)):
        found.setdefault(spec.hash, spec.pruned)
    return list(found.values())[:count]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of data with a table of the means of five cells."""
    ops = {"conv3x3-bn-relu": "0", "conv1x1-bn-relu": "1", "maxpool3x3": "2"}
    rows = [
        {
            "hash": spec.hash,
            "adj_upper": "".join(map(str, spec.bits)),
            "ops": "".join(ops[op] for op in spec.ops[1:-1]),
            "params": 1,
            "final_test_acc_mean3": 0.9 + number / 100,
        }
        for number, spec in enumerate(cells(5))
    ]
    (tmp_path / "home").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "home" / "nasbench101.parquet")
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


def frame(specs):
    columns = {f"val_{epochs}ep": [0.5 + epochs / 1000] * len(specs) for epochs in EPOCHS}
    seconds = [108.0 * (number + 1) for number in range(len(specs))]
    return pd.DataFrame({"hash": [spec.hash for spec in specs], "params": 7, **columns, "train_seconds_108ep": seconds})


def test_cells_that_a_file_names_by_hash_get_their_graph_and_test_accuracy_from_the_whole_table(tmp_path, home):
    chosen = [cells(5)[3], cells(5)[1]]
    for name, packed in [("v.csv", False), ("v.csv.gz", True)]:
        text = frame(chosen).to_csv(index=False).encode()
        (tmp_path / name).write_bytes(gzip.compress(text) if packed else text)
        with pytest.warns(NaswotWarning, match="2 of the 30,001 architectures of nasbench101_validation"):
            import_file(tmp_path / name, out=home)
        table = load_benchmark("nasbench101_validation")
        assert table.archs == [SPACE.to_str(spec) for spec in chosen]
        assert table.accuracy(chosen, dataset="cifar10", split="test", epochs=108).tolist() == pytest.approx([93, 91])
        assert table.accuracy(chosen[0], dataset="cifar10", split="validation", epochs=12) == pytest.approx(51.2)
        assert table.train_seconds(chosen, dataset="cifar10", epochs=108).tolist() == [108, 216]
        assert table.train_seconds(chosen[1].hash, dataset="cifar10", epochs=12) == pytest.approx(24)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(hash="0" * 32), "hash: '0000.*' is that of no cell in nasbench101.parquet"),
        (lambda f: pd.concat([f, f]), "2 come twice"),
        (lambda f: f.drop(columns="val_36ep"), "expected the columns hash, val_4ep.*; found hash, params"),
        (lambda f: f.assign(val_12ep="nan"), "val_12ep, row 0: 'nan' is no finite number"),
        (lambda f: f.assign(val_12ep="1e999"), "val_12ep, row 0: '1e999' is no finite number"),
        (lambda f: f.assign(val_4ep=1.5), "validation/4: 150.* is no percentage"),
        (lambda f: f.assign(train_seconds_108ep=-1), "seconds/cifar10/4: -.* is no number of seconds"),
        (lambda f: f.assign(params="9e99"), "params: 9e.99 is no number of parameters"),
    ],
)
def test_a_file_of_validation_accuracies_that_is_not_in_order_is_refused(tmp_path, home, change, said):
    change(frame(cells(2))).to_csv(tmp_path / "v.csv", index=False)
    with pytest.raises(ValueError, match=rf"v.csv: .*{said}"):
        import_file(tmp_path / "v.csv", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_the_whole_table_it_says_where_it_was_looked_for(tmp_path, home):
    (home / "nasbench101.parquet").unlink()
    frame(cells(2)).to_csv(tmp_path / "v.csv", index=False)
    with pytest.raises(FileNotFoundError, match=rf"v.csv has hashes.* found none of nasbench101.parquet in {home}"):
        import_file(tmp_path / "v.csv", out=tmp_path / "out")


def entry(spec, accuracy=50.0):
    return [[[list(row) for row in spec.matrix], list(spec.ops)], accuracy]


def test_cells_on_imagenet_keep_their_accuracy_whatever_their_unused_vertices(tmp_path):
    first, second = cells(2)
    (tmp_path / "i.json").write_text(json.dumps([entry(first.filled, 12.5), entry(second, 60.0)], indent=1))
    with pytest.warns(NaswotWarning, match="2 of the 500"):
        table = Benchmark(import_file(tmp_path / "i.json", out=tmp_path))
    assert table.archs == [SPACE.to_str(first), SPACE.to_str(second)]
    assert table.accuracy([first, second.filled], dataset="imagenet", split="test", epochs=0).tolist() == [12.5, 60.0]
    assert (table.info.licence, table.skeleton, table.info.sides) == ("not stated", {}, {})


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry(cells(1)[0], float("nan"))], "cell 0, accuracy: 'nan' is no finite number"),
        ([entry(cells(1)[0], "high")], "'high' is no finite number"),
        ([entry(cells(1)[0], 101)], "101.0 is no percentage"),
        ([entry(cells(1)[0])] * 2, r"cell 1: .* comes twice"),
        ([[[[[0, 1], [1, 0]], ["input", "output"]], 1.0]], "cell 0: matrix, row 1, column 0"),
        ([[[[[0, 1], [0, 0]], ["input"]], 1.0]], "cell 0: matrix: expected 1 rows"),
        ([[[[[0, 1], [0, 0]], ["input", "output"]]]], "not enough values to unpack"),
        ([[[[[[]]]]]], "not enough values to unpack"),
    ],
)
def test_a_file_of_imagenet_cells_that_is_not_in_order_is_refused(tmp_path, entries, said):
    (tmp_path / "i.json").write_text(json.dumps(entries))
    with pytest.raises(ValueError, match=rf"i.json: .*{said}"):
        import_file(tmp_path / "i.json", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_published_cells_have_the_numbers_of_their_file(published_dir, data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("NASWOTLIB_DATA", str(data_dir))
    table = Benchmark(import_file(published_dir / VALIDATION, out=tmp_path))
    source = pd.read_csv(published_dir / VALIDATION)
    for epochs in EPOCHS:
        found = table.accuracy(source["hash"], dataset="cifar10", split="validation", epochs=epochs)
        assert found.tolist() == pytest.approx(100 * source[f"val_{epochs}ep"].to_numpy(), rel=1e-12)
    found = table.train_seconds(source["hash"], dataset="cifar10", epochs=108)
    assert found.tolist() == source["train_seconds_108ep"].tolist()
    for row in range(0, len(source), 1500):
        spec = SPACE.from_str(table.archs[row])
        assert spec.hash == source["hash"][row]
        assert network_size(SPACE.graph(spec, **table.skeleton), 32).parameters == source["params"][row]
    test = table.accuracy(table.archs, dataset="cifar10", split="test", epochs=108)
    last = table.accuracy(table.archs, dataset="cifar10", split="validation", epochs=108)
    assert kendalltau(test, last).statistic > 0.6  # so the two are of the same cells


def test_the_published_imagenet_cells_import(published_dir, tmp_path):
    table = Benchmark(import_file(published_dir / IMAGENET, out=tmp_path))
    accuracies = [accuracy for _, accuracy in json.loads((published_dir / IMAGENET).read_text())]
    assert len(table.archs) == 500
    assert table.accuracy(table.archs, dataset="imagenet", split="test", epochs=0).tolist() == accuracies


def test_an_evolution_over_the_published_cells_is_refused_where_a_child_is_not_among_them(
    published_dir, data_dir, tmp_path, monkeypatch
):
    """A part is enough for methods that draw from it; a search that mutates meets cells that it does not have."""
    monkeypatch.setenv("NASWOTLIB_DATA", str(data_dir))
    table = Benchmark(import_file(published_dir / VALIDATION, out=tmp_path))
    with pytest.raises(ValueError, match="is not among the 30001 architectures of nasbench101_validation"):
        rea(SPACE, table, dataset="cifar10", epochs=12, max_evaluations=100, rng=np.random.default_rng(0))
