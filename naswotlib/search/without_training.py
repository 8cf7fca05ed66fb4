"""NASWOT, the search that trains nothing (Algorithm 1)."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd
from torch import Tensor

from naswotlib.errors import check_at_least, warn
from naswotlib.scoring.many import ScoreOptions, score_archs
from naswotlib.search.base import SearchResult, check_source, history_of_scores
from naswotlib.spaces.base import find_space


def naswot(
    space: Any,
    inputs: Tensor | None = None,
    *,
    n_samples: int,
    rng: np.random.Generator,
    scores: pd.DataFrame | None = None,
    seed: int | None = None,
    **options: Unpack[ScoreOptions],
) -> SearchResult:
    """Algorithm 1: of ``n_samples`` random architectures, the one with the highest score on ``inputs``.

    It starts from −inf, not from the 0 of the printed algorithm, so that a score below 0 can win; the first of
    equal scores wins. Where every score is −inf it warns and the first candidate is returned.

    Candidates are drawn with ``space.sample(rng)``, independently, so one may come twice. ``seed`` is the root of
    their weights; by default it is drawn from ``rng`` after the candidates, so that every run has other weights,
    as in the paper, and the candidates are the same whatever the seed. ``options`` are keywords of
    :func:`naswotlib.score_archs`: ``counting``, ``exact``, ``workers``, ``skeleton``, ``device``, ``out``, ``client``.
    ``scores``, a table of ``score_archs``, takes the place of ``inputs`` and of all that scoring depends on.

    ``score_seconds`` is the sum of the measured seconds of the different candidates.
    Raises ValueError for a bad argument or a candidate that ``scores`` lacks, RuntimeError where all failed.
    """
    space = find_space(space)
    check_at_least("n_samples", n_samples, 1)
    check_source(inputs, scores, options)
    candidates = [space.sample(rng) for _ in range(n_samples)]
    if scores is not None:
        scored = _look_up(scores, [space.to_str(arch) for arch in candidates])
    else:
        assert inputs is not None
        seed = int(rng.integers(2**63)) if seed is None else seed
        scored = score_archs(space, candidates, inputs, seed=seed, progress=False, **options)
    best = _best_score(scored)
    history = history_of_scores(scored)
    return SearchResult(candidates[best], history, float(history.seconds.sum()), 0.0, "naswot", "score")


def _look_up(scores: pd.DataFrame, texts: list[str]) -> pd.DataFrame:
    rows = pd.Index(scores.arch).get_indexer(texts)
    if (rows < 0).any():
        missing = texts[int(np.argmin(rows))]
        raise ValueError(f"scores: the table of {len(scores)} architectures has no row for {missing}; score it too")
    found: pd.DataFrame = scores.iloc[rows].reset_index(drop=True)
    return found


def _best_score(scored: pd.DataFrame) -> int:
    """Row of the highest score, the first of equals; one that failed (NaN) is never chosen."""
    score = scored.score.to_numpy()
    usable = np.flatnonzero(~np.isnan(score))
    if len(usable) == 0:
        raise RuntimeError(f"all {len(scored)} candidates failed, the first: {scored.arch[0]}: {scored.error[0]}")
    best = int(usable[np.argmax(score[usable])])
    if score[best] == -np.inf:
        warn(
            f"all {len(usable)} scores are -inf (K_H singular), so the choice is arbitrary: the first candidate; "
            "take more samples, or a smaller mini-batch"
        )
    return best
