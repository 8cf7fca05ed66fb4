"""The trainer: what it learns, that it repeats, and that a stopped run continues."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from naswotlib.benchmarks.load import from_trained
from naswotlib.benchmarks.trained import Recipe, Watch, epochs_of, read_trained, write_trained
from naswotlib.scoring.parallel import single_thread
from naswotlib.spaces import get_space
from naswotlib.training.run import Limit
from naswotlib.training.train import train_arch, train_network, train_table
from support.cifar import easy_images

SPACE = get_space("nasbench201")
CELL = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
OTHER = "|nor_conv_1x1~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
TINY = Recipe(skeleton=(("stem_channels", 4), ("cells_per_stage", 1)), side=8, epochs=2, batch_size=16)


def losses(seed: int) -> list[float]:
    with single_thread():
        network = SPACE.build(SPACE.from_str(CELL), seed=seed, stem_channels=4, cells_per_stage=1)
        return train_network(network, easy_images(), TINY, rng=np.random.default_rng(seed))["losses"]


def test_same_seed_same_losses_other_seed_others():
    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_training_learns_and_accuracies_are_percent_an_epoch():
    recipe = Recipe(skeleton=TINY.skeleton, side=8, epochs=8, batch_size=16)
    row = train_arch(SPACE, CELL, easy_images(), recipe, seed=0)
    assert len(row["validation"]) == len(row["test"]) == 8
    assert row["validation"][-1] > 30  # chance is 10
    assert row["losses"][-1] < row["losses"][0]


def test_normalisation_uses_the_training_images_only():
    images = easy_images()
    train, _ = images.tensors("train")
    assert torch.allclose(train.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(train.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-2)


@pytest.fixture
def easy(monkeypatch):
    monkeypatch.setattr("naswotlib.training.train.load_training_images", lambda *_: easy_images())


def run(out: Path, texts: list[str], recipe: Recipe = TINY, **more):
    how = {"data_dir": Path(), "recipe": recipe, "seed": 0, "workers": 1} | more
    return train_table("nasbench201", texts, out=out, **how)


def test_a_stopped_run_continues_and_trains_nothing_twice(tmp_path, easy, monkeypatch):
    run(tmp_path / "whole.parquet", [CELL, OTHER])
    run(tmp_path / "parts.parquet", [CELL])
    trained = []
    original = train_arch
    monkeypatch.setattr("naswotlib.training.train.train_arch", lambda *a: trained.append(a[1]) or original(*a))
    run(tmp_path / "parts.parquet", [CELL, OTHER, CELL])
    assert trained == [OTHER]
    rows = [
        [{key: row[key] for key in ("arch", "seed", "validation", "test", "losses")} for row in read_trained(path)[0]]
        for path in (tmp_path / "whole.parquet", tmp_path / "parts.parquet")
    ]
    assert rows[0] == rows[1]
    assert {row["arch"] for row in rows[0]} == {CELL, OTHER}


def test_a_table_of_another_recipe_is_refused_with_the_difference_and_kept(tmp_path, easy):
    out = tmp_path / "table.parquet"
    run(out, [CELL])
    before = out.read_bytes()
    with pytest.raises(ValueError, match="another recipe"):
        run(out, [OTHER], Recipe(skeleton=TINY.skeleton, side=8, epochs=1, batch_size=16))
    assert out.read_bytes() == before


def test_a_table_of_other_images_is_refused_with_both_and_kept(tmp_path, easy, monkeypatch):
    out = tmp_path / "table.parquet"
    run(out, [CELL])
    before = out.read_bytes()
    monkeypatch.setattr(
        "naswotlib.training.train.load_training_images", lambda *_: replace(easy_images(), origin="others")
    )
    with pytest.raises(ValueError, match=r"another images; .* images: 'bright squares' there, 'others' here"):
        run(out, [OTHER])
    assert out.read_bytes() == before
    with pytest.raises(ValueError, match=r"table.csv is no .parquet file; name one, such as table.parquet"):
        run(out.with_suffix(".csv"), [CELL])
    assert len(run(out, [CELL])) == 1  # nothing to train, no image to look at


def test_a_file_that_is_no_trained_table_is_refused_and_kept(tmp_path, easy):
    out = tmp_path / "other.parquet"
    for content, message in (("parquet", "found another one"), ("broken", "damaged or no parquet")):
        if content == "parquet":
            pq.write_table(pa.table({"arch": [CELL]}), out)
        else:
            out.write_bytes(b"no parquet")
        before = out.read_bytes()
        with pytest.raises(ValueError, match=rf"other\.parquet: .*{message}.*choose another file"):
            run(out, [CELL])
        assert out.read_bytes() == before


def test_tables_of_two_devices_are_never_mixed(tmp_path, easy):
    out = tmp_path / "table.parquet"
    run(out, [CELL])
    rows, metadata = read_trained(out)
    assert metadata["device"] == "cpu"
    write_trained(out, rows, metadata | {"device": "NVIDIA H100 80GB HBM3"})
    before = out.read_bytes()
    with pytest.raises(ValueError, match=r"another device; .* device: 'NVIDIA H100 80GB HBM3' there, 'cpu' here"):
        run(out, [OTHER])
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("device", "message"),
    [("gpu", "device: 'gpu' is no device of torch"), ("meta", "trained on cpu or cuda, not on 'meta'")],
)
def test_what_is_no_device_to_train_on_is_refused(tmp_path, easy, device, message):
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "table.parquet", [CELL], device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_refusal_says_so(tmp_path, easy):
    with pytest.raises(ValueError, match="device: 'cuda' is not to be used here, torch finds no GPU; train on cpu"):
        run(tmp_path / "table.parquet", [CELL], device="cuda")


def test_a_table_of_other_scores_is_refused(tmp_path, easy):
    out = tmp_path / "table.parquet"
    run(out, [CELL], watch=Watch())
    with pytest.raises(ValueError, match=r"another watch; .*'within_first': 0.* there, .*'within_first': 2.* here"):
        run(out, [OTHER], watch=Watch(within_first=2))


def test_a_network_that_was_stopped_is_trained_anew_and_then_is_as_if_it_never_stopped(tmp_path, easy):
    whole, parts = tmp_path / "whole.parquet", tmp_path / "parts.parquet"
    recipe = replace(TINY, epochs=3)
    run(whole, [CELL, OTHER], recipe)
    run(parts, [CELL], recipe, limit=Limit(epochs=1))
    run(parts, [CELL, OTHER], recipe, limit=Limit(epochs=2))
    assert [epochs_of(row) for row in read_trained(parts)[0]] == [2, 2]
    before = parts.read_bytes()
    run(parts, [CELL], recipe, limit=Limit(epochs=1))  # trained for longer already
    assert parts.read_bytes() == before
    with pytest.raises(ValueError, match=r"2 networks without accuracies after each of 3 epochs.*trained for 2;"):
        from_trained(parts, "parts", licence="")
    run(parts, [CELL, OTHER], recipe)
    kept = ("arch", "seed", "validation", "test", "losses", "epoch_losses")
    rows = [[{key: row[key] for key in kept} for row in read_trained(path)[0]] for path in (whole, parts)]
    assert rows[0] == rows[1]


def test_an_older_table_without_the_newer_parts_of_a_recipe_continues(tmp_path, easy):
    out = tmp_path / "table.parquet"
    run(out, [CELL])
    table = pq.read_table(out)
    metadata = json.loads(table.schema.metadata[b"naswotlib"])
    older = {key: value for key, value in metadata.items() if key not in ("device", "watch")}
    known = ("skeleton", "side", "epochs", "batch_size", "learning_rate", "momentum", "weight_decay")
    older["recipe"] = {key: metadata["recipe"][key] for key in known}
    table = table.drop_columns(["steps", "epoch_losses", "running_scores"])
    pq.write_table(table.replace_schema_metadata({"naswotlib": json.dumps(older)}), out)
    assert from_trained(out, "table", licence="").skeleton == dict(TINY.skeleton)
    assert len(run(out, [CELL, OTHER])) == 2
    with pytest.raises(ValueError, match="another recipe"):
        run(out, [OTHER], replace(TINY, padding=1))
