"""Published files become tables that answer exactly what the files say; files that are not in order are refused."""

import bz2
import json
import os
import pickle
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import nas_201_api
import nats_bench
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from naswotlib.benchmarks import Benchmark, import_file, load_benchmark
from naswotlib.benchmarks.importers import TABLES
from naswotlib.benchmarks.importers.nasbench101 import from_tfrecord
from naswotlib.errors import NaswotWarning
from naswotlib.spaces import get_space, list_spaces
from support.published import (
    CELL,
    metrics,
    nasbench101_payloads,
    nasbench101_record,
    nds_entry,
    write_mini,
    write_nats,
    write_nds,
    write_pth,
    write_tfrecord,
)
from support.trained import best_accuracy

FIRST = "00005c142e6f48ac74fdcf73e3439874"
CELLS = [(FIRST, *CELL), ("b49ac8c578b4561d79ac7087988f1c61", "010001000", "input,conv3x3,output")]
TEXTS = [
    "|avg_pool_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
]
WHERE = {"dataset": "cifar10", "split": "test"}


@pytest.fixture
def imported(tmp_path):
    """Import a file that has fewer architectures than the published one; the benchmark that was made."""

    def run(path, **options):
        with pytest.warns(NaswotWarning, match=r"of the .* architectures of .*; the others are missing"):
            return Benchmark(import_file(path, out=tmp_path / "out", **options))

    return run


def test_the_first_record_of_nasbench101_gives_the_published_numbers(tmp_path, imported):
    points = [
        (0.0, 0.0, 0.1, 0.1, 0.1),
        (2.0, 45.152000427246094, 0.2, 0.3, 0.10436698794364929),
        (4.0, 89.903999328613281, 0.34985977411270142, 0.3489583432674408, 0.35046073794364929),
    ]
    record = nasbench101_record(FIRST, 4, *CELL, metrics(8_555_530, 413.70154500007629, *points))
    table = imported(write_tfrecord(tmp_path / "f", [record] * 3))
    assert table.accuracy(FIRST, **WHERE, epochs=4) == pytest.approx(35.046073794364929, rel=1e-15)
    assert table.accuracy(FIRST, dataset="cifar10", split="validation", epochs=4) == pytest.approx(34.89583432674408)
    assert table.accuracy(FIRST, dataset="cifar10", split="train", epochs=4) == pytest.approx(34.985977411270142)
    assert table.train_seconds(FIRST, dataset="cifar10", epochs=4) == 89.903999328613281
    assert table.column("total_seconds/cifar10/4")[0].as_py() == [413.70154500007629] * 3
    assert table.column("halfway_accuracy/cifar10/test/4")[0].as_py() == pytest.approx([10.436698794364929] * 3)
    assert table.column("halfway_seconds/cifar10/4")[0].as_py() == [45.152000427246094] * 3
    assert table.column("params")[0].as_py() == [8_555_530]
    assert table.archs == ["conv3x3(0)|maxpool3x3(1)|conv3x3(2)|conv3x3(0)|conv1x1(0,3,4)|output(2,5)"]


def test_every_repeat_and_budget_of_nasbench101_is_kept_in_order(tmp_path, imported):
    path = write_tfrecord(tmp_path / "f", nasbench101_payloads(CELLS, budgets=(4, 12, 36, 108)))
    table = imported(path)
    assert [key[2] for key in table.available if key[1] == "test"] == [4, 12, 36, 108]
    drawn = np.random.default_rng(0).random((2, 4, 3, 3, 4)).astype(np.float32).astype(float)
    for cell, (digest, _, _) in enumerate(CELLS):
        for budget, epochs in enumerate((4, 12, 36, 108)):
            runs = drawn[cell, budget, :, 2]
            column = table.column(f"accuracy/cifar10/test/{epochs}")[cell].as_py()
            assert column == pytest.approx(100 * runs[:, 3], rel=1e-14)
            assert table.accuracy(digest, **WHERE, epochs=epochs, repeats="max") == pytest.approx(
                100 * runs[:, 3].max()
            )
            assert table.train_seconds(digest, dataset="cifar10", epochs=epochs) == pytest.approx(runs[:, 0].mean())


def test_cells_of_nasbench101_are_found_by_text_hash_value_and_isomorphic_value(tmp_path, imported):
    table, space = imported(write_tfrecord(tmp_path / "f", nasbench101_payloads(CELLS))), get_space("nasbench101")
    specs = [space.from_str(text) for text in table.archs]
    assert [spec.hash for spec in specs] == [digest for digest, _, _ in CELLS]
    relabelled = space.from_str("conv3x3(0)|conv3x3(0)|maxpool3x3(2)|conv3x3(3)|conv1x1(0,1,4)|output(3,5)")
    assert relabelled.hash == FIRST
    names = [table.archs[0], FIRST, specs[0], relabelled, space.to_str(relabelled), specs[0].filled]
    assert len({table.accuracy(name, **WHERE, epochs=108) for name in names}) == 1
    assert table.accuracy(names, **WHERE, epochs=108).shape == (6,)
    with pytest.raises(ValueError, match=r"'output\(0\)' is not among the 2 architectures of nasbench101"):
        table.accuracy("output(0)", **WHERE, epochs=108)


@pytest.mark.parametrize("seed", range(4))
def test_any_flipped_bit_or_missing_end_of_a_tfrecord_is_noticed(tmp_path, seed):
    whole = write_tfrecord(tmp_path / "f", nasbench101_payloads(CELLS)).read_bytes()
    rng = np.random.default_rng(seed)
    for position in rng.integers(len(whole), size=40):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << rng.integers(8)
        (tmp_path / "f").write_bytes(flipped)
        with pytest.raises(
            ValueError, match=r"f: damaged or cut off at byte [\d,]+ \(wrong checksum\); fetch it again"
        ):
            from_tfrecord(tmp_path / "f", "")
        (tmp_path / "f").write_bytes(whole[: max(1, position)])
        with pytest.raises(ValueError, match=r"(damaged or cut off|has .* trainings).*fetch it again"):
            from_tfrecord(tmp_path / "f", "")


def test_a_cell_without_three_repeats_or_in_two_places_is_refused(tmp_path):
    payloads = nasbench101_payloads(CELLS, budgets=(36, 108))
    for wrong, match in [
        (payloads[:-1], r"b49ac8c578b4561d79ac7087988f1c61 has .*108: 2.* expected 3 at each of \[36, 108\]"),
        (payloads[:-3], r"cell b49a.* has \{36: 3\} trainings"),
        ([*payloads, payloads[-1]], r"has \{36: 3, 108: 4\} trainings"),
        ([*payloads, *payloads[:6]], "1 come twice"),
    ]:
        with pytest.raises(ValueError, match=match):
            import_file(write_tfrecord(tmp_path / "f", wrong), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def nats_answers(folder, kind):
    """Every number of every run that nats_bench answers: (index, hp, dataset, seed, set) -> value."""
    api, answers = nats_bench.create(str(folder), kind, fast_mode=True, verbose=False), {}
    for index in (0, 11, 284):
        for hp in ("12", "200") if kind == "tss" else ("01", "12", "90"):
            results = api.query_meta_info_by_index(index, hp)
            for dataset in results.get_dataset_names():
                for seed in results.get_dataset_seeds(dataset):
                    run = results.query(dataset, seed)
                    answers[index, hp, dataset, seed, "train"] = run.get_train()
                    answers |= {(index, hp, dataset, seed, name): run.get_eval(name) for name in run.get_eval_set()}
    return answers


@pytest.mark.parametrize("kind, name", [("tss", "NATS-tss-v1_0-3ffb9-simple"), ("sss", "NATS-sss-v1_0-50262-simple")])
def test_the_nats_sample_imports_to_exactly_what_nats_bench_answers(data_dir, imported, kind, name):
    folder = data_dir / "nats-bench-sample" / name
    table, answers = imported(folder), nats_answers(folder, kind)
    seen, rows = 0, {0: 0, 11: 1, 284: 2}
    for (index, hp, dataset, seed, evaluated), answer in answers.items():
        epochs, row = int(hp), rows[index]
        own = {"ImageNet16-120": "imagenet16-120"}.get(dataset, dataset)
        place = table.column(f"seeds/{own}/{epochs}")[row].as_py().index(seed)
        split = {"x-valid": "validation", "x-test": "test", "train": "train"}.get(evaluated, "validation+test")
        if dataset.startswith("cifar10-valid") and split == "validation":
            own = "cifar10"
        if dataset in ("cifar10", "cifar10-valid") and evaluated == "ori-test":
            split = "test"
        assert table.column(f"accuracy/{own}/{split}/{epochs}")[row].as_py()[place] == answer["accuracy"]
        if evaluated == "train":
            assert table.column(f"training_seconds/{own}/{epochs}")[row].as_py()[place] == answer["all_time"]
        else:
            assert table.column(f"evaluation_seconds/{own}/{split}/{epochs}")[row].as_py()[place] == answer["cur_time"]
        seen += 1
    columns = [column for column in table.columns if column.startswith("accuracy/")]
    assert seen == sum(len(runs) for column in columns for runs in table.column(column).to_pylist())
    api = nats_bench.create(str(folder), kind, fast_mode=True, verbose=False)
    assert table.archs == [api.arch(index) for index in rows]
    for index in rows:
        cost = api.get_more_info(index, "cifar10-valid", hp="12", is_random=False)
        paid = cost["train-all-time"] + cost["valid-per-time"]
        assert table.train_seconds(api.arch(index), dataset="cifar10", epochs=12) == pytest.approx(paid, rel=1e-14)


def test_published_means_of_the_nats_sample(data_dir, imported):
    table = imported(data_dir / "nats-bench-sample" / "NATS-tss-v1_0-3ffb9-simple")
    assert (table.name, table.space, table.info.sides["imagenet16-120"]) == ("nats_topology", "nasbench201", 16)
    keys = [(d, s) for d in ("cifar10", "cifar100", "imagenet16-120") for s in ("validation", "test")]
    for row, epochs, expected in [
        (0, 12, [63.364, 69.55, 31.84, 31.26, 18.4667, 17.0]),
        (0, 200, [81.98267, 85.86333, 52.7, 52.91333, 28.21111, 26.63333]),
        (1, 200, [87.94, 91.58333, 67.45333, 67.60667, 30.41111, 30.16667]),
        (2, 200, [86.04667, 88.79, 61.68, 62.14, 33.4, 32.46667]),
    ]:
        found = [table.accuracy(table.archs[row], dataset=d, split=s, epochs=epochs) for d, s in keys]
        assert found == pytest.approx(expected, abs=6e-5)


def test_folder_tar_and_single_file_of_nats_bench_give_one_table(tmp_path, imported):
    folder, texts = tmp_path / "simple", ["8:8:8:8:8", "8:16:8:8:64"]
    infos = write_nats(folder, texts)
    whole = {"meta_archs": texts, "total_archs": 2, "arch2infos": infos, "evaluated_indexes": {0, 1}}
    (tmp_path / "one.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(whole, 4)))
    with tarfile.open(tmp_path / "simple.tar", "w") as tar:
        tar.add(folder, "simple")
    tables = [imported(tmp_path / name).source for name in ("simple", "simple.tar", "one.pickle.pbz2")]
    assert {table.name for table in tables} == {"nats_size.parquet"}
    results = []
    for name in ("simple", "simple.tar", "one.pickle.pbz2"):
        results.append(pq.read_table(imported(tmp_path / name).source))
    assert results[0].equals(results[1])
    assert results[0].equals(results[2])
    first = infos[0]["90"]["all_results"]["cifar100", 777]
    table = load_benchmark("nats_size", data_dir=tmp_path / "out")
    where = {"dataset": "cifar100", "split": "test", "epochs": 90}
    assert table.accuracy("8:8:8:8:8", **where) == first["eval_acc1es"]["x-test@89"]


@pytest.mark.parametrize("timed", [True, False])  # version 1.0 has no times
def test_a_pth_imports_to_what_nas_201_api_answers(tmp_path, imported, timed):
    content = write_pth(tmp_path / "NAS-Bench-201.pth", TEXTS, timed=timed)
    table = imported(tmp_path / "NAS-Bench-201.pth")
    assert (table.name, table.archs) == ("nasbench201", TEXTS)
    api = nas_201_api.NASBench201API(content, verbose=False)
    for index, text in enumerate(TEXTS):
        for hp in ("12", "200"):
            for trained, evaluated, dataset, split in [
                ("cifar10-valid", "x-valid", "cifar10", "validation"),
                ("cifar10", "ori-test", "cifar10", "test"),
                ("cifar100", "x-test", "cifar100", "test"),
                ("ImageNet16-120", "x-valid", "imagenet16-120", "validation"),
            ]:
                runs = api.query_by_index(index, trained, hp)
                expected = [runs[seed].get_eval(evaluated)["accuracy"] for seed in sorted(runs)]
                assert table.column(f"accuracy/{dataset}/{split}/{hp}")[index].as_py() == expected
                found = table.accuracy(text, dataset=dataset, split=split, epochs=int(hp))
                assert found == pytest.approx(np.mean(expected))
            if timed:
                info = api.get_more_info(index, "cifar10-valid", hp=hp, is_random=False)
                paid = info["train-all-time"] + info["valid-per-time"]
                assert table.train_seconds(text, dataset="cifar10", epochs=int(hp)) == pytest.approx(paid)
    assert bool(table.available_seconds) == timed


VANILLA = {"block_type": "double_plain_block", "ds": [1, 12, 12, 12], "ws": [16, 24, 32, 40], "ss": [1, 1, 2, 2]}


def test_nds_keeps_the_last_and_the_best_error_and_the_curves(tmp_path):
    other = VANILLA | {"ds": [1, 1, 1, 1]}
    entries = [
        nds_entry(VANILLA, [60.0, 20.0, 30.0], train_ep_loss=[2.5, float("nan"), 1.0]),
        nds_entry(other, [50.0, 40.0, float("nan")], min_test_top1=40.0),
    ]
    again = [nds_entry(VANILLA, [61.0, 25.0, 22.0], rng_seed=2)]
    for name, content in [("Vanilla", entries + again), ("Vanilla_reruns", {"top": entries, "mid": again})]:
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
        assert "NaN" in (tmp_path / f"{name}.json").read_text()
        path = import_file(tmp_path / f"{name}.json", out=tmp_path)
        table = load_benchmark(f"nds_{name.lower()}", data_dir=tmp_path)
        assert path.name == f"nds_{name.lower()}.parquet"
        net, diverged = (json.dumps(net, sort_keys=True) for net in (VANILLA, other))
        assert table.accuracy(net, **WHERE, epochs=3) == 74.0  # the mean of 70 and 78
        assert table.accuracy(net, dataset="cifar10", split="test-best", epochs=3) == 79.0
        assert table.accuracy(diverged, dataset="cifar10", split="test-best", epochs=3) == 60.0
        with pytest.raises(ValueError, match="was not trained for accuracy/cifar10/test/3"):
            table.accuracy(diverged, **WHERE, epochs=3)
        assert table.column("curve/test")[0].as_py() == [40.0, 80.0, 70.0, 39.0, 75.0, 78.0]
        losses = np.array(table.column("curve/train-loss")[0].as_py())
        assert losses[[0, 2]].tolist() == [2.5, 1.0]
        assert np.isnan(losses[1])
        assert table.column("rng_seed")[0].as_py() == [1, 2]
        assert table.column("params")[1].as_py() == [689770]


def test_nds_cells_are_found_by_the_values_of_their_space(tmp_path):
    for space_name, file in [
        ("nds_darts", "DARTS"),
        ("nds_pnas_fixed", "PNAS_fix-w-d"),
        ("nds_darts_imagenet", "DARTS_in"),
        ("nds_nasnet_imagenet", "NASNet_in"),
        ("nds_darts_fixed_imagenet", "DARTS_fix-w-d_in"),
    ]:
        space = get_space(space_name)
        archs = [space.sample(np.random.default_rng(seed)) for seed in range(3)]
        write_nds(tmp_path / f"{file}.json", archs, [[9.0, 5.0 + n] for n in range(3)])
        import_file(tmp_path / f"{file}.json", out=tmp_path)
        table = load_benchmark(space_name, data_dir=tmp_path)
        where = {"dataset": "imagenet" if file.endswith("_in") else "cifar10", "split": "test", "epochs": 2}
        assert table.accuracy(archs, **where).tolist() == [95.0, 94.0, 93.0]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (nds_entry(VANILLA, [1.0], params=float("nan")), "params: nan is no number of parameters"),
        (nds_entry(VANILLA, [1.0], flops=1e300), r"flops: 1e\+300 is no number of multiply-adds"),
        (nds_entry(VANILLA, [1.0], params=10**400), "not laid out as in the published file .*OverflowError"),
        (nds_entry(VANILLA, [-3.0]), "train/1: 102.0 is no percentage|test/1: 103.0 is no percentage"),
        (
            nds_entry(VANILLA, [1.0], test_ep_top1=[], train_ep_top1=[]),
            "not laid out as in the published file .*IndexError",
        ),
        (nds_entry(VANILLA, [1.0], test_ep_top1=["low"]), "could not convert string to float: 'low'"),
        ({"net": VANILLA}, "not laid out as in the published file .*KeyError"),
    ],
)
def test_an_nds_entry_that_is_not_in_order_is_refused_by_name(tmp_path, entry, said):
    (tmp_path / "Vanilla.json").write_text(json.dumps([nds_entry(VANILLA, [2.0]), entry]))
    with pytest.raises(ValueError, match=rf"Vanilla.json: .*({said})"):
        import_file(tmp_path / "Vanilla.json", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nds_files_are_told_apart_by_their_names(tmp_path):
    (tmp_path / "downloaded.json").write_text(json.dumps([nds_entry(VANILLA, [1.0])]))
    with pytest.raises(ValueError, match=r"'downloaded' is unknown; choose one of Amoeba, DARTS, .*Vanilla"):
        import_file(tmp_path / "downloaded.json", out=tmp_path)


def test_mini_nasbench201_is_read_without_pandas_and_as_pandas_reads_it(tmp_path, imported):
    names = [f"{dataset}-{split}" for dataset in ("cifar10", "cifar100", "imagenet") for split in ("test", "val")]
    numbers = dict(zip(names, np.random.default_rng(0).uniform(0, 100, (6, 2)), strict=True))
    frame = pd.DataFrame({"arch": [0, 1], "cellstr": TEXTS, **numbers})
    path = write_mini(tmp_path / "mini-bench-arch-cell-accs.pd", frame)
    pd.testing.assert_frame_equal(pd.read_pickle(path), frame, check_dtype=False, check_column_type=False)
    for trust in (True, False):
        table = imported(path, trust=trust)
        assert (table.name, table.archs) == ("mini_nasbench201", TEXTS)
        for short, dataset in [("cifar10", "cifar10"), ("cifar100", "cifar100"), ("imagenet", "imagenet16-120")]:
            for old, split in [("test", "test"), ("val", "validation")]:
                found = table.accuracy(TEXTS, dataset=dataset, split=split, epochs=12)
                assert found.tolist() == numbers[f"{short}-{old}"].tolist()


def test_a_csv_of_ones_own_becomes_a_table_under_its_name(tmp_path):
    frame = pd.DataFrame(
        {"arch": TEXTS, "svhn_val_5ep": [10.0, 20.5], "svhn_seconds_5ep": [1.0, 2.0], "note": ["a", "b"]}
    )
    frame.to_csv(tmp_path / "mine.csv", index=False, encoding="utf-8-sig")
    assert import_file(tmp_path / "mine.csv", out=tmp_path) == tmp_path / "mine.parquet"
    table = load_benchmark("mine", data_dir=tmp_path)
    assert table.accuracy(TEXTS[1], dataset="svhn", split="validation", epochs=5) == 20.5
    assert table.train_seconds(TEXTS, dataset="svhn", epochs=5).tolist() == [1.0, 2.0]
    assert (table.space, table.info.licence) == ("nasbench201", "not stated")
    frame.drop(columns="svhn_val_5ep").to_csv(tmp_path / "none.csv", index=False)
    with pytest.raises(ValueError, match=r"columns such as cifar10_test_200ep; found arch, svhn_seconds_5ep, note"):
        import_file(tmp_path / "none.csv", out=tmp_path)
    frame.assign(arch="rubbish").to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(ValueError, match=r"arch: 'rubbish' is no architecture of .*nasbench201"):
        import_file(tmp_path / "bad.csv", out=tmp_path)


def test_both_shared_tables_import_and_have_the_published_optima(data_dir, tmp_path):
    for name in ("nasbench201.csv.gz", "nasbench101.parquet"):
        import_file(data_dir / name, out=tmp_path)
    table = load_benchmark("nasbench201", data_dir=tmp_path)
    best = {key: round(best_accuracy(table, dataset=key[0], split=key[1], epochs=200), 2) for key in [
        ("cifar10", "test"), ("cifar100", "test"), ("imagenet16-120", "test"), ("cifar10", "validation")]}  # fmt: skip
    assert list(best.values()) == [94.37, 73.51, 47.31, 91.61]
    cells = load_benchmark("nasbench101", data_dir=tmp_path)
    assert len(cells.archs) == TABLES["nasbench101"]
    accuracies = cells.accuracy(trained := cells.trained(**WHERE, epochs=108), **WHERE, epochs=108)
    text, accuracy = trained[accuracies.argmax()], accuracies.max()
    assert accuracy == pytest.approx(94.3175752957662, rel=1e-14)
    space = get_space("nasbench101")
    assert cells.accuracy(space.from_str(text).filled, **WHERE, epochs=108) == accuracy
    for row in range(0, 423_624, 5000):
        assert space.from_str(cells.archs[row]).hash == cells.column("hash")[row].as_py()


def test_all_of_nasbench101_loads_directly_in_two_seconds_of_one_core(data_dir):
    seconds = []
    for _ in range(3):
        start = time.process_time()
        table = load_benchmark("nasbench101", data_dir=data_dir)
        assert table.accuracy(FIRST, **WHERE, epochs=108) == pytest.approx(92.0606315, abs=1e-6)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 2


@pytest.mark.parametrize(
    "name, content, match",
    [
        ("page.tfrecord", b"<!DOCTYPE html><html>quota exceeded</html>", "a web page, such as a refused download"),
        ("data.zip", b"PK\x03\x04rest", "found a zip: unpack it"),
        ("empty", b"", "found something else; it begins b''"),
        ("noise", bytes(range(7, 90)), "found something else"),
        ("cut.json", b'[{"net": {"ge', "cut.json"),
        ("DARTS.json", b'[{"net": {"ge', "DARTS.json: Unterminated string"),
        ("DARTS.json", b'[{"net": 1}]', "DARTS.json: arch: '1' is not of the form"),
        ("Vanilla.json", b'[{"net": 1}]', "Vanilla.json: its content is not laid out as in the published file"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_published_table_is_refused_by_name(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=match) as caught:
        import_file(tmp_path / name, out=tmp_path / "out")
    assert name in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_damaged_pickled_files_are_refused_by_name(tmp_path):
    write_pth(tmp_path / "a.pth", TEXTS)
    write_mini(tmp_path / "a.pd", pd.DataFrame({"arch": [0], "cellstr": ["x"], **{f"c{i}": [1.0] for i in range(6)}}))
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "000000.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps({"12": {"arch_str": "x"}}, 4)))
    for path, keep, match in [
        ("a.pth", -200, r"a.pth: this pickle cannot be read"),
        ("a.pd", -60, r"a.pd: this pickle cannot be read"),
        ("a.pd", None, r"a.pd: its content is not laid out"),
        ("n", None, r"n: its content is not laid out"),
        ("n/000000.pickle.pbz2", -9, r"000000.pickle.pbz2: cut off"),
    ]:
        data = (tmp_path / path).read_bytes() if path != "n" else b""
        if keep:
            (tmp_path / path).write_bytes(data[:keep])
        with pytest.raises(ValueError, match=match):
            import_file(tmp_path / path, out=tmp_path / "out")
        if keep:
            (tmp_path / path).write_bytes(data)
    (tmp_path / "void").mkdir()
    with pytest.raises(ValueError, match=r"void: found no architecture"):
        import_file(tmp_path / "void", out=tmp_path)
    assert not (tmp_path / "out").exists()


KILLED = """
import os, signal, sys, pyarrow.parquet
def die(table, file, **_):
    file.write(b"PAR1 half of it"); file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
pyarrow.parquet.write_table = die
from naswotlib.benchmarks import import_file
import_file(sys.argv[1], out=sys.argv[2])
"""


def test_an_import_that_is_killed_leaves_the_old_table_and_can_be_done_again(tmp_path):
    source, out = tmp_path / "mine.csv", tmp_path / "out"
    source.write_text(f"arch,cifar10_test_1ep\n{TEXTS[0]},10\n")
    before = import_file(source, out=out).read_bytes()
    source.write_text(f"arch,cifar10_test_1ep\n{TEXTS[0]},20\n")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", KILLED, str(source), str(out)]
    assert subprocess.run(command, check=False, env=environment).returncode == -9
    assert (out / "mine.parquet").read_bytes() == before
    assert len(list(out.glob(".mine.parquet.*.tmp"))) == 1
    assert Benchmark(import_file(source, out=out)).accuracy(TEXTS[0], **WHERE, epochs=1) == 20.0
    assert list(out.glob("*.tmp")) == []  # the next import removes what was left


def test_every_space_can_have_a_published_table(tmp_path):
    for name in list_spaces():
        with pytest.raises(
            FileNotFoundError, match=rf"'{name}': found none of {name}.parquet.* in {tmp_path}.*naswot data"
        ):
            load_benchmark(name, data_dir=tmp_path)
