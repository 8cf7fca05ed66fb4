"""The score in Optuna: studies that begin with high scores, and trials that are stopped for low ones."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from naswotlib import load_images, naswot_score
from naswotlib.errors import NaswotWarning
from naswotlib.search.with_optuna import ScorePruner, score_trial, warm_start

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)
IMAGES = load_images("noise", 6, seed=0, side=8)
CHECKED: dict[str, Any] = {"direction": "maximize"}


def make(trial: Any) -> nn.Module:
    """One or two hidden layers: the width of the second is a parameter of some trials only."""
    width = trial.suggest_int("width", 1, 40)
    hidden = [nn.Flatten(), nn.Linear(192, width), nn.ReLU()]
    if trial.suggest_categorical("deep", [False, True]):
        hidden += [nn.Linear(width, trial.suggest_int("second", 1, 40)), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(hidden[-2].out_features, 10))


def test_a_study_begins_with_the_highest_scores_of_the_candidates_in_their_order() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1), **CHECKED)
    before = torch.get_rng_state()
    table = warm_start(study, make, IMAGES, n_candidates=30, n_enqueued=4, seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    assert (len(table), table.enqueued.sum()) == (30, 4)
    assert all(one >= other for one, other in pairwise(table.score))
    study.optimize(lambda trial: float(make(trial)[1].out_features), n_trials=6)
    started = [trial.params for trial in study.trials[:4]]
    assert started == [
        {name: value for name, value in row.items() if value == value}
        for row in table[table.enqueued].drop(columns=["score", "enqueued"]).to_dict("records")
    ]
    assert [trial.user_attrs["naswot"] for trial in study.trials[:4]] == table.score[table.enqueued].tolist()
    assert all("naswot" not in trial.user_attrs for trial in study.trials[4:])


def test_candidates_and_their_scores_depend_on_the_seed_alone() -> None:
    def run(seed: int) -> Any:
        torch.rand(seed + 1)
        study = optuna.create_study(**CHECKED)
        return warm_start(study, make, IMAGES, n_candidates=8, n_enqueued=2, seed=seed)

    assert run(0).equals(run(0))
    assert not run(0).equals(run(1))


def test_what_is_in_the_study_already_is_not_enqueued_again_and_a_warning_says_that_too_few_are_left() -> None:
    study = optuna.create_study(**CHECKED)
    first = warm_start(study, make, IMAGES, n_candidates=20, n_enqueued=3, seed=0)
    study.optimize(lambda trial: float(make(trial)[1].out_features), n_trials=2)  # one stays in the queue
    second = warm_start(study, make, IMAGES, n_candidates=20, n_enqueued=3, seed=0)
    assert not (first.enqueued & second.enqueued).any()
    assert len(study.trials) == 6
    with pytest.warns(NaswotWarning, match="only 0 of 1 networks are enqueued"):
        flat = warm_start(
            study,
            lambda trial: nn.Sequential(nn.Flatten(), nn.Linear(192, trial.suggest_int("w", 1, 1)), nn.ReLU()),
            IMAGES,
            n_candidates=2,
            n_enqueued=1,
            seed=0,
        )
    assert flat.score.tolist() == [-math.inf] * 2


def tried(scores: list[float], pruner: ScorePruner) -> list[bool]:
    """Whether each of trials with these scores was pruned."""
    study = optuna.create_study(pruner=pruner, **CHECKED)

    def objective(trial: Any) -> float:
        trial.set_user_attr("naswot", scores[trial.number])
        if trial.should_prune():
            raise optuna.TrialPruned
        return 0.0

    study.optimize(objective, n_trials=len(scores))
    return [trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials]


@pytest.mark.parametrize(
    ("scores", "keep", "n_startup", "expected"),
    [
        ([5, 4, 3, 6, 4.5], 0.5, 2, [False, False, True, False, False]),
        ([5, 4, 3, 6, 4.5], 0.2, 2, [False, False, True, False, True]),
        ([1, 2, 3, 0], 1.0, 0, [False] * 4),
        ([-math.inf, 2, -math.inf], 1.0, 5, [True, False, True]),
        ([2, 2, 2], 0.1, 0, [False] * 3),
    ],
)
def test_a_trial_is_stopped_unless_it_is_among_the_highest_scores_so_far(scores, keep, n_startup, expected) -> None:
    assert tried(scores, ScorePruner(keep=keep, n_startup=n_startup)) == expected


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12), st.floats(0.01, 1))
def test_a_trial_passes_exactly_if_its_rank_is_within_the_share(scores: list[float], keep: float) -> None:
    study = optuna.create_study(**CHECKED)
    for value in scores:
        study.add_trial(optuna.trial.create_trial(value=0.0, user_attrs={"naswot": value}))
    last = study.trials[-1]
    rank = sorted(scores, reverse=True).index(scores[-1])  # how many are higher
    assert ScorePruner(keep=keep, n_startup=0).prune(study, last) == (rank >= keep * len(scores))


def test_a_trial_that_passes_is_judged_by_the_next_pruner() -> None:
    class Always:
        def prune(self, study: Any, trial: Any) -> bool:
            return True

    assert tried([1, 2], ScorePruner(n_startup=9, then=Always())) == [True, True]
    assert tried([1, 2], ScorePruner(n_startup=9, then=optuna.pruners.NopPruner())) == [False, False]


def test_a_study_scores_its_trials_and_trains_the_promising_ones_alone() -> None:
    trained = []

    def objective(trial: Any) -> float:
        network = make(trial)
        assert score_trial(trial, network, IMAGES) == float(naswot_score(network, IMAGES))
        if trial.should_prune():
            raise optuna.TrialPruned
        trained.append(trial.number)
        return float(network[1].out_features)

    study = optuna.create_study(
        sampler=optuna.samplers.RandomSampler(seed=0), pruner=ScorePruner(n_startup=4), **CHECKED
    )
    study.optimize(objective, n_trials=16)
    assert all("naswot" in trial.user_attrs for trial in study.trials)
    assert 4 <= len(trained) < 16


def test_a_trial_without_a_score_and_a_share_that_is_none_are_refused() -> None:
    study = optuna.create_study(pruner=ScorePruner(), **CHECKED)
    with pytest.raises(ValueError, match=r"trial 0 has no score; call score_trial\(trial, network, inputs\) before"):
        study.ask().should_prune()
    for keep in (0.0, 1.5, math.nan):
        with pytest.raises(ValueError, match="keep: expected a share"):
            ScorePruner(keep=keep)
