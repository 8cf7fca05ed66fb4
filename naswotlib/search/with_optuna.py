"""The score in an Optuna study: a warm start from the networks that score highest, a pruner of those that score low.

An objective makes a network from a trial and trains it. The same function that makes the network is all that is needed
to score candidates before the study starts, and ``score_trial`` lets the pruner know the score of a trial before its
training starts::

    def make(trial):
        return Net(width=trial.suggest_int("width", 8, 64))

    def objective(trial):
        network = make(trial)
        score_trial(trial, network, images)
        if trial.should_prune():
            raise optuna.TrialPruned
        return train(network)

    study = optuna.create_study(direction="maximize", pruner=ScorePruner(keep=0.5))
    warm_start(study, make, images, n_candidates=100, n_enqueued=5, seed=0)
    study.optimize(objective, n_trials=50)

``pip install 'naswotlib[optuna]'`` brings Optuna.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from naswotlib.errors import check_at_least, import_extra, warn
from naswotlib.scoring.score import naswot_score
from naswotlib.spaces.base import arch_seed

ATTRIBUTE = "naswot"  # the attribute of a trial that holds its score


def score_trial(trial: Any, network: nn.Module, inputs: Tensor, **options: Any) -> float:
    """The score of a trial's network, which the trial then has as its attribute ``naswot``.

    ``trial`` is an ``optuna.Trial``; the other arguments and errors are those of :func:`naswotlib.naswot_score`. Scores
    are compared within a study, so ``inputs`` have to be the same for all its trials.
    """
    value = float(naswot_score(network, inputs, **options))
    trial.set_user_attr(ATTRIBUTE, value)
    return value


def warm_start(
    study: Any,
    make: Callable[[Any], nn.Module],
    inputs: Tensor,
    *,
    n_candidates: int,
    n_enqueued: int,
    seed: int,
    **options: Any,
) -> pd.DataFrame:
    """Let a study begin with the networks that score highest of many random ones, without training any.

    ``make(trial)`` suggests parameters and returns a network; it is called with trials of a study of its own, whose
    random sampler has the seed ``seed``, and so have the weights. Of ``n_candidates`` the ``n_enqueued`` different ones
    with the highest score on ``inputs`` are enqueued in ``study``, the highest first; one that is in the study already
    is passed over. ``options`` are keywords of :func:`naswotlib.naswot_score`.

    Returns a row for each candidate, the highest score first: a column for each parameter (NaN where a candidate has
    it not), ``score`` and ``enqueued``. Candidates whose score is −inf are never enqueued, and it warns where fewer
    than ``n_enqueued`` are left. Random states of torch come back as they were.
    """
    check_at_least("n_candidates", n_candidates, 1)
    check_at_least("n_enqueued", n_enqueued, 1)
    optuna = import_extra("optuna", "optuna")
    storage = optuna.storages.InMemoryStorage()  # of a study of its own, made without a line in the log
    storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "candidates")
    sampler = optuna.samplers.RandomSampler(seed=seed)
    asked = optuna.study.Study(study_name="candidates", storage=storage, sampler=sampler)
    rows = []
    for number in range(n_candidates):
        trial = asked.ask()
        with torch.random.fork_rng():
            torch.manual_seed(arch_seed(seed, str(number)))
            network = make(trial)
        rows.append((dict(trial.params), float(naswot_score(network, inputs, **options))))
    rows.sort(key=lambda row: -row[1])
    known = [trial.params or trial.system_attrs.get("fixed_params") for trial in study.get_trials(deepcopy=False)]
    taken: list[bool] = []
    for params, value in rows:
        taken.append(sum(taken) < n_enqueued and value > -math.inf and params not in known)
        if taken[-1]:
            study.enqueue_trial(params, user_attrs={ATTRIBUTE: value})
            known.append(params)
    if sum(taken) < n_enqueued:
        warn(
            f"only {sum(taken)} of {n_enqueued} networks are enqueued: the others of {n_candidates} candidates came "
            f"twice, are in the study, or have the score -inf; take more candidates"
        )
    return pd.DataFrame([params | {"score": value} for params, value in rows]).assign(enqueued=taken)


@dataclass(frozen=True)
class ScorePruner:
    """A pruner that stops a trial before its training where its score is low among those of earlier trials.

    It has the method of ``optuna.pruners.BasePruner``. A trial is pruned unless its score is among the highest share
    ``keep`` of the scores so far, its own included; the first ``n_startup`` trials are not, and one whose score is
    −inf always is. A trial that passes is for the pruner ``then`` to judge, such as a ``MedianPruner``.

    The score grows with the number of units, so this pruner prefers large networks; where accuracy does not follow
    size, prune by something else. ValueError where ``keep`` is no share, or a trial has no score: :func:`score_trial`
    comes before ``should_prune``.
    """

    keep: float = 0.5
    n_startup: int = 10
    then: Any = None

    def __post_init__(self) -> None:
        if not 0 < self.keep <= 1:
            raise ValueError(f"keep: expected a share above 0 and at most 1, got {self.keep}")
        check_at_least("n_startup", self.n_startup, 0)

    def prune(self, study: Any, trial: Any) -> bool:
        """Whether a trial is to be stopped; what Optuna asks in ``trial.should_prune()``."""
        if ATTRIBUTE not in trial.user_attrs:
            raise ValueError(
                f"trial: trial {trial.number} has no score; call score_trial(trial, network, inputs) before "
                "trial.should_prune()"
            )
        own = trial.user_attrs[ATTRIBUTE]
        scores = [
            other.user_attrs[ATTRIBUTE]
            for other in study.get_trials(deepcopy=False)
            if ATTRIBUTE in other.user_attrs and other.number < trial.number
        ]
        higher = sum(score > own for score in scores)
        low = trial.number >= self.n_startup and higher >= self.keep * (len(scores) + 1)
        if own == -math.inf or low:
            return True
        return self.then is not None and bool(self.then.prune(study, trial))
