"""Searches: what they may see, what they pay, and that they return the best of what they saw."""

import numpy as np
import pandas as pd
import pytest
import torch

from naswotlib.errors import NaswotWarning
from naswotlib.scoring.many import score_archs
from naswotlib.search.with_training import random_search
from naswotlib.search.without_training import naswot
from naswotlib.spaces import get_space

SPACE = get_space("nasbench201")
SKELETON = {"cells_per_stage": 1, "stem_channels": 4}


class Table:
    """A benchmark made up of the index of a cell; it notes every question."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int]] = []

    def accuracy(self, arch, *, dataset, split, epochs):
        self.asked.append((dataset, split, epochs))
        return float(SPACE.index(arch) * 7919 % 15625) / 156.25

    def train_seconds(self, arch, *, dataset, epochs):
        return 100.0 + SPACE.index(arch) % 100


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def drawn(n: int, seed: int = 0) -> list:
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng) for _ in range(n)]


def table_of(archs, scores, seconds=1.0) -> pd.DataFrame:
    return pd.DataFrame({"arch": list(map(SPACE.to_str, archs)), "score": scores, "seconds": seconds, "error": ""})


def test_naswot_returns_the_sampled_architecture_with_the_highest_score(inputs):
    result = naswot(SPACE, inputs, n_samples=12, rng=np.random.default_rng(0), seed=5, skeleton=SKELETON)
    scored = score_archs(SPACE, drawn(12), inputs, seed=5, skeleton=SKELETON, progress=False)
    assert result.history.arch.tolist() == scored.arch.tolist()
    assert result.history.score.tolist() == scored.score.tolist()
    assert SPACE.to_str(result.arch) == scored.arch[scored.score.argmax()]
    assert result.search_seconds == pytest.approx(result.history.seconds.sum())
    assert (result.method, result.criterion, result.search_split) == ("naswot", "score", None)


def test_naswot_is_a_function_of_its_generator_alone(inputs):
    runs = [
        naswot("nasbench201", inputs, n_samples=5, rng=np.random.default_rng(seed), skeleton=SKELETON)
        for seed in (1, 1, 2)
    ]
    scores = [run.history.score.tolist() for run in runs]
    assert scores[0] == scores[1] != scores[2]
    assert runs[0].arch == runs[1].arch


def test_without_a_seed_the_weights_differ_from_run_to_run_and_the_candidates_do_not(inputs):
    drawn_seed = naswot(SPACE, inputs, n_samples=4, rng=np.random.default_rng(0), skeleton=SKELETON)
    given_seed = naswot(SPACE, inputs, n_samples=4, rng=np.random.default_rng(0), skeleton=SKELETON, seed=5)
    assert drawn_seed.history.arch.tolist() == given_seed.history.arch.tolist()
    assert drawn_seed.history.score.tolist() != given_seed.history.score.tolist()


def test_naswot_from_a_table_is_naswot_from_the_network(inputs):
    keywords = {"n_samples": 6, "seed": 5, "skeleton": SKELETON}
    scores = score_archs(SPACE, drawn(6)[::-1], inputs, seed=5, skeleton=SKELETON, progress=False)
    live = naswot(SPACE, inputs, rng=np.random.default_rng(0), **keywords)
    tabular = naswot(SPACE, scores=scores, n_samples=6, rng=np.random.default_rng(0))
    assert tabular.arch == live.arch
    assert tabular.history.score.tolist() == live.history.score.tolist()
    assert tabular.search_seconds == pytest.approx(scores.seconds.sum())


def test_naswot_starts_from_minus_infinity_so_a_negative_score_wins_and_ties_go_to_the_first():
    scores = table_of(drawn(4), [-np.inf, -3.0, -2.0, -2.0])
    assert naswot(SPACE, scores=scores, n_samples=4, rng=np.random.default_rng(0)).arch == drawn(4)[2]


def test_naswot_says_so_when_every_score_is_minus_infinity_and_takes_the_first_that_did_not_fail():
    scores = table_of(drawn(3), [np.nan, -np.inf, -np.inf])
    with pytest.warns(NaswotWarning, match="all 2 scores are -inf"):
        result = naswot(SPACE, scores=scores, n_samples=3, rng=np.random.default_rng(0))
    assert result.arch == drawn(3)[1]


def test_naswot_does_not_choose_among_failures():
    scores = table_of(drawn(2), np.nan).assign(error="boom")
    with pytest.raises(RuntimeError, match=r"all 2 candidates failed.*boom"):
        naswot(SPACE, scores=scores, n_samples=2, rng=np.random.default_rng(0))


def test_a_candidate_drawn_twice_is_paid_once():
    class Coin(type(SPACE)):
        def sample(self, rng):
            return self[int(rng.integers(2))]

    scores = table_of(SPACE[:2], [1.0, 2.0], seconds=10.0)
    result = naswot(Coin(), scores=scores, n_samples=50, rng=np.random.default_rng(0))
    assert len(result.history) == 50
    assert result.search_seconds == 20.0


@pytest.mark.parametrize(
    "bad, message",
    [
        ({"n_samples": 0}, "n_samples: expected at least 1, got 0"),
        ({"scores": None}, "inputs, scores: expected one"),
        ({"inputs": torch.zeros(2, 3, 8, 8)}, "inputs, scores: expected one"),
        ({"n_samples": 3}, "scores: the table of 2 architectures has no row for"),
    ],
)
def test_naswot_names_a_bad_argument(bad, message):
    arguments = {"n_samples": 2, "scores": table_of(drawn(2), 1.0), "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=message):
        naswot(SPACE, **(arguments | bad))


def test_random_search_trains_within_its_budget_and_returns_the_best_it_saw():
    table = Table()
    result = random_search(
        SPACE, table, dataset="cifar10", epochs=12, rng=np.random.default_rng(0), budget_seconds=2000
    )
    history = result.history
    archs = drawn(len(history))
    assert history.arch.tolist() == list(map(SPACE.to_str, archs))
    assert history.seconds.iloc[:-1].sum() < 2000 <= history.seconds.sum() == result.search_seconds
    assert result.arch == archs[int(history.accuracy.argmax())]
    assert set(table.asked) == {("cifar10", "validation", 12)}
    assert history.score.isna().all()
    assert (result.criterion, result.search_split) == ("cifar10 validation accuracy, 12 epochs", "validation")


def test_random_search_counts_evaluations():
    result = random_search(
        SPACE, Table(), dataset="cifar10", epochs=12, rng=np.random.default_rng(0), max_evaluations=7
    )
    assert len(result.history) == 7


def test_a_search_on_test_accuracy_warns_and_is_marked():
    with pytest.warns(NaswotWarning, match="search_split='test'"):
        result = random_search(
            SPACE,
            Table(),
            dataset="cifar10",
            epochs=12,
            rng=np.random.default_rng(0),
            max_evaluations=2,
            search_split="test",
        )
    assert result.search_split == "test"
    assert "test" in result.criterion


@pytest.mark.parametrize(
    "bad, message",
    [
        ({}, "budget_seconds, max_evaluations: a search needs at least one"),
        ({"budget_seconds": 0.0}, "budget_seconds: expected a positive"),
        ({"budget_seconds": float("nan")}, "budget_seconds: expected a positive"),
        ({"max_evaluations": 0}, "max_evaluations: expected at least 1, got 0"),
    ],
)
def test_random_search_names_a_bad_budget(bad, message):
    with pytest.raises(ValueError, match=message):
        random_search(SPACE, Table(), dataset="cifar10", epochs=12, rng=np.random.default_rng(0), **bad)
