"""The data card: its numbers are those of the tables."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.card import holdings, tau_between_seeds, tau_with_accuracy
from naswotlib.benchmarks import load_benchmark
from naswotlib.benchmarks.load import BUNDLED
from naswotlib.benchmarks.trained import read_trained
from naswotlib.data.images import load_images
from naswotlib.training.suite import (
    KEEP_PROXIES,
    KEPT_PROXIES,
    PARTS,
    STEPS,
    complete_proxies,
    compute_proxies,
    kept_proxies,
    trained_networks,
)


def test_every_training_is_counted_once_and_the_tables_hold_what_the_suite_plans():
    networks = trained_networks()
    table = holdings(networks).set_index("table")
    assert list(table.index) == list(PARTS)
    assert len(networks) == sum(len(read_trained(path)[0]) for path in BUNDLED.glob("*.parquet"))
    for name, column in product(PARTS, ("networks", "again")):
        steps = [step.count for step in STEPS if (step.part, step.seed) == (name, int(column == "again"))]
        assert table[column][name] == max(steps, default=0), f"{column} of {name}"
    assert (table.networks["nasbench201"], table.again["nasbench201"]) == (200, 40)
    rows = [row for row in read_trained(BUNDLED / "nasbench201.parquet")[0] if row["seed"] == 0]
    assert table.high["nasbench201"] == max(row["validation"][-1] for row in rows)
    assert table.hours.sum() == pytest.approx(networks.seconds.sum() / 3600)


def test_tau_between_seeds_takes_networks_with_both():
    def row(arch: int, seed: int, validation: float) -> dict:
        return {"table": "some", "arch": str(arch), "seed": seed, "validation": validation}

    first, second = [row(i, 0, i) for i in range(12)], [row(i, 1, i + 0.5) for i in range(10)]
    tau = tau_between_seeds(pd.DataFrame(first + second), "some", rng=np.random.default_rng(0))
    assert (tau.tau, tau.n) == (pytest.approx(1.0), 10)
    with pytest.raises(ValueError, match="at least 2 pairs"):
        tau_between_seeds(pd.DataFrame(first), "some", rng=np.random.default_rng(0))


def test_the_score_of_an_untrained_network_tells_good_ones_on_the_bundled_nasbench201():
    taus = tau_with_accuracy(trained_networks(), "nasbench201", load_images("photos", 128, seed=0, side=16), seed=0)
    assert list(taus) == ["score", "parameters", "flops", "num_units"]
    assert taus["score"].low > 0
    assert taus["score"].n == len(load_benchmark("bundled").archs)


@pytest.mark.parametrize("name", KEEP_PROXIES)
def test_kept_proxies_are_those_of_the_networks_of_the_table(name):
    path = BUNDLED / f"{name}.parquet"
    kept = pd.read_parquet(BUNDLED / "proxies" / path.name)
    assert kept.arch.tolist() == [row["arch"] for row in read_trained(path)[0] if row["seed"] == 0]
    assert np.isfinite(kept.drop(columns=["arch", "synflow"])).all().all()
    cut = kept.grad_norm == 0  # no input reaches the output: the logarithm of synflow is minus infinity
    assert (kept.synflow[cut] == -np.inf).all()
    assert np.isfinite(kept.synflow[~cut]).all()
    again = compute_proxies(path, kept.arch.tolist()[:2])
    for proxy in KEPT_PROXIES:
        assert again[proxy].tolist() == pytest.approx(kept[proxy][:2].tolist(), rel=1e-3)


def test_proxies_are_computed_for_new_networks_alone(tmp_path, monkeypatch):
    path = BUNDLED / "nasbench201.parquet"
    rows, metadata = read_trained(path)
    asked = []

    def compute(trained, archs, *, workers):
        asked.append(list(archs))
        return pd.DataFrame({"arch": archs, **dict.fromkeys(KEPT_PROXIES, 1.0)})

    monkeypatch.setattr("naswotlib.training.suite.compute_proxies", compute)
    for those in (rows[1:3], rows[:3], rows[:3]):
        monkeypatch.setattr("naswotlib.training.suite.read_trained", lambda _, those=those: (those, metadata))
        archs = [row["arch"] for row in those]
        assert complete_proxies("nasbench201", tmp_path).arch.tolist() == archs
        assert kept_proxies("nasbench201", tmp_path).arch.tolist() == archs  # in the order of the table
    assert [len(archs) for archs in asked] == [2, 1]
