"""Published tables of spaces beyond the paper: read by what they hold, and refused where they are not in order."""

import gzip
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from naswotlib.benchmarks import Benchmark, import_file, load_benchmark
from naswotlib.benchmarks.importers import TABLES
from naswotlib.benchmarks.importers.transnas101 import TASKS
from naswotlib.errors import NaswotWarning
from naswotlib.graph.sizes import network_size
from naswotlib.spaces import get_space
from naswotlib.spaces.base import sample_distinct


def imported(path, out):
    """The benchmark of a file, whether or not it has all architectures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NaswotWarning)
        return Benchmark(import_file(path, out=out))


def drawn(name, count=4):
    space = get_space(name)
    return [space.to_str(arch) for arch in sample_distinct(space, count, np.random.default_rng(0))]


def macro_content(name, key, texts=None):
    space, content = get_space(name), {}
    for number, text in enumerate(texts or drawn(name)):
        size = network_size(space.graph(space.from_str(text)), 32)
        runs = [80.0 + number, 81.0, 82.0]
        content[text] = {key: runs, "std": 1.0, "flops": size.flops, "params": size.parameters, "mean": 81.0}
    return content


FILES = {  # of the smallest size: name of the table, and what its file holds
    "nasbench_macro": lambda: json.dumps(macro_content("nasbench_macro", "test_acc")),
    "channel_bench_resnet": lambda: json.dumps(macro_content("channel_bench_resnet", "acc"), indent=2),
    "channel_bench_mobilenet": lambda: json.dumps(macro_content("channel_bench_mobilenet", "acc")),
    "transnas101_micro": lambda: json.dumps([[text, 40.0 + n] for n, text in enumerate(drawn("transnas101_micro"))]),
    "transnas101_macro": lambda: json.dumps([[text, 40.0] for text in drawn("transnas101_macro")], indent=2),
    "darts1000": lambda: "".join(f'"{text}",{60 + n}\n' for n, text in enumerate(genotypes())),
    "darts214": lambda: darts214().to_csv(index=False),
    "darts100": lambda: darts100().to_csv(index=False),
    "nats_size_fronts": lambda: fronts().to_csv(index=False),
}


def archs():
    space = get_space("nds_darts_fixed")
    return [space.from_str(text) for text in drawn("nds_darts_fixed", 3)]


def genotypes():
    """As the published file has them: lists, no width, no depth."""
    return [
        f"Genotype(normal={[*arch.normal]}, normal_concat=[2, 3, 4, 5], reduce={[*arch.reduce]}, "
        "reduce_concat=[2, 3, 4, 5])"
        for arch in archs()
    ]


def darts214():
    def by_node(pairs):
        return [list(pairs[at : at + 2]) for at in range(0, len(pairs), 2)]

    texts = [
        f"Genotype(normal={by_node(arch.normal)}, normal_concat=range(2, 6), reduce={by_node(arch.reduce)}, "
        "reduce_concat=range(2, 6))"
        for arch in archs()
    ]
    columns = {"row": [0, 1, 2], "best_test_acc": [97.0, 96.0, 95.0], "final_test_acc_600ep": [96.5, 95.5, 94.5]}
    return pd.DataFrame({**columns, "genotype": texts})


def darts100():
    cells = {cell: [str(list(getattr(arch, cell))) for arch in archs()] for cell in ("normal", "reduce")}
    return pd.DataFrame({"row": [0, 1, 2], "best_test_acc_50ep": [88.0, 87.0, 86.0], **cells})


def fronts():
    texts = drawn("nats_size", 3)
    space = get_space("nats_size")
    params = [network_size(space.graph(space.from_str(text)), 32).parameters for text in texts]
    return pd.DataFrame({"index": 0, "channels": texts, "params_cifar10": params, "cifar10_test_90ep": [90, 91.5, 92]})


def written(tmp_path, name, content=None):
    """The file of a table, under a name that tells no more than it must."""
    stem = f"file_{name.removeprefix('transnas101_')}_jigsaw" if name.startswith("transnas") else "file"
    suffix = ".csv" if name.startswith(("darts", "nats")) else ".json"
    path = tmp_path / f"{stem}{suffix}"
    path.write_text(FILES[name]() if content is None else content)
    return path


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_is_shows_from_its_content(tmp_path, name):
    with pytest.warns(NaswotWarning, match=rf"of the {TABLES[name]:,} architectures of {name}; the others are missing"):
        path = import_file(written(tmp_path, name), out=tmp_path)
    assert path == tmp_path / f"{name}.parquet"
    table = load_benchmark(name, data_dir=tmp_path)
    assert table.name == name
    space = get_space(table.space)
    assert [space.to_str(space.from_str(text)) for text in table.archs] == table.archs
    assert table.info.licence
    assert table.info.sides
    for dataset, split, epochs in table.available:
        values = table.accuracy(table.archs, dataset=dataset, split=split, epochs=epochs)
        assert ((values >= 0) & (values <= 100)).all()
        assert split in table.info.splits or f"{dataset}/{split}" in table.info.splits


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_off_anywhere_is_refused_or_has_the_first_rows_of_the_whole_one(tmp_path, name):
    """The first rows only where it is a CSV, which nothing ends."""
    whole = FILES[name]()
    first = imported(written(tmp_path, name), tmp_path).archs
    for position in np.random.default_rng(0).integers(1, len(whole) - 2, size=25):
        path = written(tmp_path, name, whole[:position])
        found, said = outcome(path, tmp_path / "out")
        if said is None:
            assert path.suffix == ".csv"
            assert found == first[: len(found)]
        else:
            assert str(path) in said
            assert "\n" not in said


def outcome(path, out):
    """The architectures of a file, or what is said of it."""
    try:
        return imported(path, out).archs, None
    except ValueError as error:
        return [], str(error)


def hostile(tmp_path, name, content, said):
    path = written(tmp_path, name, content)
    with pytest.raises(ValueError, match=said) as caught:
        import_file(path, out=tmp_path / "out")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name, key", [("nasbench_macro", "test_acc"), ("channel_bench_resnet", "acc")])
def test_a_macro_benchmark_that_is_not_in_order_is_refused(tmp_path, name, key):
    content = macro_content(name, key)
    text = next(iter(content))

    def changed(**fields):
        return json.dumps(content | {text: content[text] | fields})

    hostile(tmp_path, name, changed(**{key: [90.0, float("nan"), 91.0]}), f"accuracy of {text}, row 1: 'nan'")
    hostile(tmp_path, name, changed(**{key: [90.0, 91.0, 1e300]}), r"1e\+300 is no percentage")
    hostile(tmp_path, name, changed(**{key: [90.0, 91.0]}), f"'{text}': expected accuracies of 3 trainings, got")
    hostile(tmp_path, name, changed(**{key: "90.0"}), "expected accuracies of 3 trainings, got 90.0")
    hostile(tmp_path, name, changed(**{key: [90.0, [], 91.0]}), r"'\[\]' is no finite number")
    hostile(tmp_path, name, changed(flops=float("inf")), f"flops of {text}, row 0: 'inf'")
    hostile(tmp_path, name, changed(flops=1e30), r"flops: 1e\+30 is no number of multiply-adds")
    hostile(tmp_path, name, changed(flops=10**400), "is no finite number|no number of multiply-adds")
    hostile(tmp_path, name, changed(params=7), f"'{text}' has 7 parameters in this file, and [\\d,]+ in {name}")
    twice = json.dumps(content)[:-1] + f', "{text}": {json.dumps(content[text])}}}'
    hostile(tmp_path, name, twice, f"'{text}' comes twice in one object")
    hostile(tmp_path, name, json.dumps(content | {"9" * len(text): content[text]}), "9 is unknown; choose one of")
    hostile(tmp_path, name, json.dumps(dict.fromkeys(content, 3)), "not laid out as in the published file")
    fewer = {key: value for key, value in content[text].items() if key != "params"}
    hostile(tmp_path, name, json.dumps({text: fewer}), "not laid out as in the published file")
    hostile(tmp_path, name, '{"' + text + '": ' + "[" * 100_000, "not laid out as in the published file")


@pytest.mark.parametrize("name", ["transnas101_micro", "transnas101_macro"])
def test_a_list_of_a_task_that_is_not_in_order_is_refused(tmp_path, name):
    rows = json.loads(FILES[name]())
    other = {"transnas101_micro": "64-1234-basic", "transnas101_macro": "64-41414-1_02_333"}[name]
    hostile(tmp_path, name, json.dumps([*rows, [rows[1][0], 3.0]]), f"after 4 architectures: {rows[1][0]} comes twice")
    hostile(tmp_path, name, json.dumps([*rows, [other, 3.0]]), f"after 4 architectures: arch: '{other}' is no")
    hostile(tmp_path, name, json.dumps([*rows[:3], [rows[3][0], float("nan")]]), "'nan' is no finite number")
    hostile(tmp_path, name, json.dumps([*rows[:3], [rows[3][0], 1e9]]), r"1000000000.0 is no percentage")
    hostile(tmp_path, name, json.dumps([*rows[:3], [rows[3][0]]]), "not enough values to unpack")
    hostile(tmp_path, name, json.dumps([*rows[:3], [7, 1.0]]), "is no|not laid out")
    (tmp_path / "other.json").write_text(FILES[name]())
    with pytest.raises(ValueError, match="must end in a task: 'other' is unknown; choose one of autoencoder"):
        import_file(tmp_path / "other.json", out=tmp_path / "out")


def test_the_tasks_of_a_space_that_lie_side_by_side_become_one_table(tmp_path):
    texts = drawn("transnas101_micro")
    values = {"jigsaw": [50.0, 60.0, 70.0, 80.0], "room_layout": [-0.7, -0.6, -0.9, -1.5], "normal": [0.5] * 4}
    for task, numbers in values.items():
        rows = list(zip(texts, numbers, strict=True))
        (tmp_path / f"rbflex_micro_{task}.json").write_text(json.dumps(rows[::-1] if task == "normal" else rows))
    (tmp_path / "rbflex_macro_jigsaw.json").write_text(FILES["transnas101_macro"]())
    tables = [imported(tmp_path / f"rbflex_micro_{task}.json", tmp_path) for task in values]
    assert len({table.info for table in map(Info, tables)}) == 1
    table = tables[0]
    assert table.available == [("jigsaw", "validation", 10)]
    assert table.available_metrics == [("normal", "validation", 30), ("room_layout", "validation", 25)]
    where = {"dataset": "room_layout", "split": "validation", "epochs": 25}
    assert table.metric(texts, **where).tolist() == values["room_layout"]
    assert table.metric(texts[1], dataset="jigsaw", split="validation", epochs=10) == 60.0
    assert table.metric(texts, **where).argmax() == 1
    assert table.trained(**where) == table.archs
    assert table.info.sides == {"jigsaw": 64, "normal": 256, "room_layout": 256}
    assert "other metrics: normal/validation/30, room_layout/validation/25" in table.describe()
    with pytest.raises(ValueError, match=r"has no \('room_layout', 'validation', 25\); choose one of \('jigsaw'"):
        table.accuracy(texts, **where)
    with pytest.raises(ValueError, match=r"has no .*; choose one of \('jigsaw', .*\('room_layout', 'validation', 25\)"):
        table.metric(texts, dataset="room_layout", split="test", epochs=25)
    (tmp_path / "rbflex_micro_normal.json").write_text("[[")
    with pytest.raises(ValueError, match=r"micro_jigsaw.json: .*rbflex_micro_normal.json, after 0 architectures"):
        import_file(tmp_path / "rbflex_micro_jigsaw.json", out=tmp_path)


class Info:
    """What a table says of itself, to be compared."""

    def __init__(self, table):
        self.info = str(table.info)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("darts1000", lambda text: text.replace("60", "nan"), "accuracy, row 0: 'nan' is no finite number"),
        ("darts1000", lambda text: text.replace(",60\n", ",160\n"), "160.0 is no percentage"),
        ("darts1000", lambda text: text.replace(",60\n", ",\n"), "accuracy, row 0: '' is no finite number"),
        ("darts1000", lambda text: text + text, "3 come twice"),
        (
            "darts1000",
            lambda text: text.replace(",60\n", ",60,7\n"),
            "expected the columns genotype|no table",
        ),
        ("darts1000", lambda text: text.replace("Genotype(", "exec(", 1), "something else"),
        (
            "darts1000",
            lambda text: text.replace(", normal_concat", ", x=exit(), normal_concat", 1),
            "neither a literal",
        ),
        ("darts1000", lambda text: text.replace("normal=[", "normal=['", 1), "row 0: arch: .* is neither"),
        (
            "darts214",
            lambda text: text.replace("final_test_acc_600ep", "acc"),
            "expected the columns genotype, final_t",
        ),
        ("darts214", lambda text: text.replace("97.0", "inf"), "best_test_acc, row 0: 'inf' is no finite number"),
        ("darts214", lambda text: text.replace("range(2, 6)", "range(2, 7)", 1), "row 0: arch, normal_concat"),
        ("darts100", lambda text: text.replace("88.0", "8" * 400), "best_test_acc_50ep, row 0: '888"),
        ("darts100", lambda text: text.replace("88.0,", "88.0,9,"), "more fields than the 4 of its first line"),
        ("nats_size_fronts", lambda text: text.replace("channels", "width"), "something else"),
        (
            "nats_size_fronts",
            lambda text: text.replace("cifar10_test_90ep", "x"),
            "expected the columns channels, params",
        ),
        ("nats_size_fronts", lambda text: text.replace("91.5", "1e3"), "1000.0 is no percentage"),
        ("nats_size_fronts", lambda text: text.replace("91.5", "9,1.5"), "no table of text|is no finite number"),
        ("nats_size_fronts", lambda text: text + text.partition("\n")[2], "3 come twice"),
    ],
)
def test_a_csv_that_is_not_in_order_is_refused(tmp_path, name, change, said):
    changed = change(FILES[name]())
    assert changed != FILES[name]()
    hostile(tmp_path, name, changed, said)


def test_compressed_tables_are_read_and_refused_where_they_are_damaged_or_expand_without_end(tmp_path, monkeypatch):
    packed = gzip.compress(FILES["nats_size_fronts"]().encode())
    path = tmp_path / "fronts.csv.gz"
    path.write_bytes(packed)
    assert len(imported(path, tmp_path).archs) == 3
    for data, said in [
        (packed[:-6], "cut off or damaged"),
        (packed[:40] + bytes([packed[40] ^ 8]) + packed[41:], "cut off or damaged"),
        (packed[:9], "cut off or damaged"),
    ]:
        path.write_bytes(data)
        with pytest.raises(ValueError, match=said) as caught:
            import_file(path, out=tmp_path / "out")
        assert str(path) in str(caught.value)
    monkeypatch.setattr("naswotlib.benchmarks.importers.reading.LIMIT", 10_000)
    path.write_bytes(gzip.compress(b"index,channels,\n" + b"0" * 20_000))
    with pytest.raises(ValueError, match=r"fronts.csv.gz: expands beyond 10,000 bytes"):
        import_file(path, out=tmp_path / "out")


def test_a_table_of_ones_own_is_of_the_space_that_it_is_named_after(tmp_path):
    """Seven digits name a network of both halves of Channel-Bench-Macro, and leading zeros are digits too."""
    for name, texts in [("channel_bench_resnet", ["1111111", "4432214"]), ("nasbench_macro", ["00000000", "01201201"])]:
        frame = pd.DataFrame({"arch": texts, "cifar10_test_9ep": [50.0, 60.0]})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        table = imported(tmp_path / f"{name}.csv", tmp_path)
        assert (table.space, table.archs) == (name, texts)
        assert table.accuracy(texts[1], dataset="cifar10", split="test", epochs=9) == 60.0
    frame = pd.DataFrame({"arch": ["00000000"], "cifar10_test_9ep": [50.0]})
    frame.to_csv(tmp_path / "nats_size.csv", index=False)
    with pytest.raises(ValueError, match=r"arch: '00000000' is no architecture of nats_size$"):
        import_file(tmp_path / "nats_size.csv", out=tmp_path)


# The published files themselves.


def test_both_macro_benchmarks_import_with_the_means_of_their_files(published_dir, tmp_path):
    for file, name, key, epochs in [
        ("nasbench_macro/nas-bench-macro_cifar10.json", "nasbench_macro", "mean_acc", 50),
        ("channel_bench_macro/Results_ResNet.json", "channel_bench_resnet", "mean", 60),
        ("channel_bench_macro/Results_MobileNet.json", "channel_bench_mobilenet", "mean", 60),
    ]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing is missing
            table = Benchmark(import_file(published_dir / file, out=tmp_path))
        content = json.loads((published_dir / file).read_text())
        assert (table.name, table.space, len(table.archs)) == (name, name, TABLES[name])
        found = table.accuracy(list(content), dataset="cifar10", split="test-best", epochs=epochs)
        assert found.tolist() == pytest.approx([row[key] for row in content.values()], rel=1e-9)
        assert table.column("flops")[0].as_py() == [next(iter(content.values()))["flops"]]


def test_all_seven_tasks_of_both_transnas_spaces_import(published_dir, tmp_path):
    for kind, missing in [("micro", 0), ("macro", 1)]:
        table = imported(published_dir / "transnas101" / f"rbflex_{kind}_class_scene.json", tmp_path)
        assert len(table.archs) == TABLES[table.name] - missing
        assert {dataset for dataset, _, _ in [*table.available, *table.available_metrics]} == set(TASKS)
        for task, (_, epochs, _) in TASKS.items():
            rows = json.loads((published_dir / "transnas101" / f"rbflex_{kind}_{task}.json").read_text())
            texts, values = zip(*rows, strict=True)
            assert table.metric(list(texts), dataset=task, split="validation", epochs=epochs).tolist() == list(values)


def test_published_darts_cells_and_size_networks_import(published_dir, tmp_path):
    for file, name, count in [
        ("DARTS_archs_CIFAR10", "darts1000", 1000),
        ("darts214", "darts214", 214),
        ("darts100",) * 2 + (100,),
    ]:
        table = imported(published_dir / "darts" / f"{file}.csv", tmp_path)
        assert (table.name, table.space, len(table.archs)) == (name, "nds_darts_fixed", count)
    source = pd.read_csv(published_dir / "nats_size" / "nats_sss_cifar10_test_90ep.csv")
    table = imported(published_dir / "nats_size" / "nats_sss_cifar10_test_90ep.csv", tmp_path)
    accuracy = table.accuracy(source["channels"], dataset="cifar10", split="test", epochs=90)
    assert accuracy.tolist() == source["cifar10_test_90ep"].tolist()
    space = get_space("nats_size")
    sizes = [network_size(space.graph(space.from_str(text)), 32).parameters for text in table.archs]
    assert [row[0] for row in table.column("params").to_pylist()] == sizes
    assert kendalltau(sizes, accuracy).statistic > 0.8  # of fronts: far more than over the whole space


def test_published_files_cut_in_half_are_refused_by_name(published_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("NASWOTLIB_DATA", str(published_dir.parent))
    for path in sorted(published_dir.rglob("*.json")):
        data = path.read_bytes()
        (tmp_path / path.name).write_bytes(data[: len(data) // 2])
        with pytest.raises(ValueError, match=path.name) as caught:
            import_file(tmp_path / path.name, out=tmp_path / "out")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
