"""The data card: its numbers are those of the tables."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from naswotbook.experiments.card import (
    ceilings,
    holdings,
    interval,
    proxies_again,
    tau_between_seeds,
    tau_with_accuracy,
    taus_in_words,
    taus_of_tables,
    taus_table,
    training_facts,
)
from naswotlib.benchmarks import load_benchmark
from naswotlib.benchmarks.load import BUNDLED
from naswotlib.benchmarks.trained import read_trained
from naswotlib.data.images import load_images
from naswotlib.stats import TauResult
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


def test_facts_of_the_card_are_those_of_the_networks():
    networks = trained_networks()
    facts = training_facts(networks)
    assert facts["recipe"].startswith("3 epochs of 40,000 CIFAR-10 images")
    assert facts["in all"] == f"{holdings(networks).hours.sum():.1f} hours of one processor"
    assert facts["trained"] == f"{min(networks.date)} to {max(networks.date)}"


def test_a_ceiling_is_of_tables_with_two_seeds():
    networks = trained_networks()
    table = ceilings(networks, seed=3)
    assert set(table.table) == set(networks.table[networks.seed == 1])
    first = tau_between_seeds(networks, table.table[0], rng=np.random.default_rng(3))
    assert (table.networks[0], table.tau[0]) == (first.n, interval(first))


def test_tables_of_fewer_than_eight_networks_have_no_tau():
    networks = trained_networks()
    pair = networks[networks.table.isin(["nats_size", "nds_enas_fixed"])]
    few = pair[(pair.table == "nats_size") | (pair.groupby("table").cumcount() < 7)]
    inputs = load_images("noise", 4, seed=0, side=16)
    taus = taus_of_tables(few, inputs, seed=1)
    assert list(taus) == ["nats_size"]
    assert taus["nats_size"] == tau_with_accuracy(networks, "nats_size", inputs, seed=1)


def test_words_and_table_say_where_the_score_is_above_zero_and_where_it_is_beaten():
    def taus(**values: float) -> dict[str, TauResult]:
        return {name: TauResult(tau, tau - 0.25, tau + 0.25, 9, 0, 0) for name, tau in values.items()}

    counts = {"parameters": 0.5, "flops": 0.0, "num_units": 0.0}
    found = {"good": taus(score=0.75, **counts), "poor": taus(score=0.125, **counts)}
    assert " ".join(taus_in_words(found).split()) == (
        "The interval of the score's τ lies above 0 for `good`; it does not for `poor`. One of the plain counts has a "
        "higher τ than the score for `poor`."
    )
    row = taus_table(found).iloc[0]
    assert (row.table, row.networks, row.score) == ("good", 9, "0.75 [0.50, 1.00]")
    assert row["ReLU units"] == "0.00 [-0.25, 0.25]"
    assert "higher τ than the score for none." in " ".join(taus_in_words({"good": found["good"]}).split())


def test_proxies_that_are_computed_again_are_compared_with_those_kept(monkeypatch):
    count, worst = proxies_again(2, rng=np.random.default_rng(0))
    assert count == sum(len(kept_proxies(name)) for name in KEEP_PROXIES)
    assert worst < 1e-3

    def half_more(path, archs):
        kept = kept_proxies(path.stem).set_index("arch").loc[archs].reset_index()
        return kept.assign(grad_norm=1.5 * kept.grad_norm)

    monkeypatch.setattr("naswotbook.experiments.card.compute_proxies", half_more)
    assert proxies_again(20, rng=np.random.default_rng(0))[1] == pytest.approx(0.5)


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
