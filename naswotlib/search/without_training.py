"""NASWOT, the search that trains nothing (Algorithm 1)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from naswotlib.errors import warn
from naswotlib.graph import Counting
from naswotlib.scoring.many import score_archs
from naswotlib.search.base import SearchResult, history_of_scores
from naswotlib.spaces.base import find_space


def naswot(
    space: Any,
    inputs: Tensor | None = None,
    *,
    n_samples: int,
    rng: np.random.Generator,
    scores: pd.DataFrame | None = None,
    seed: int | None = None,
    counting: Counting = "once",
    exact: bool = True,
    skeleton: Mapping[str, int] | None = None,
    workers: int = 1,
    device: str = "cpu",
    out: str | Path | None = None,
    client: Any = None,
) -> SearchResult:
    """Algorithm 1: of ``n_samples`` random architectures, the one with the highest score on ``inputs``.

    It starts from −inf, not from the 0 of the printed algorithm, so that a score below 0 can win; the first of
    equal scores wins. Where every score is −inf it warns and the first candidate is returned.

    Candidates are drawn with ``space.sample(rng)``, independently, so one may come twice. ``seed`` is the root of
    their weights; by default it is drawn from ``rng`` after the candidates, so that every run has other weights,
    as in the paper, and the candidates are the same whatever the seed. ``scores``, a table of
    :func:`naswotlib.score_archs`, takes the place of ``inputs`` and of all that scoring depends on.
    The other keywords are those of ``score_archs``.

    ``score_seconds`` is the sum of the measured seconds of the different candidates.
    Raises ValueError for a bad argument or a candidate that ``scores`` lacks, RuntimeError where all failed.
    """
    space = find_space(space)
    if n_samples < 1:
        raise ValueError(f"n_samples: expected at least 1, got {n_samples}")
    if (inputs is None) == (scores is None):
        raise ValueError("inputs, scores: expected one of them, a mini-batch to score on or a table of scores")
    candidates = [space.sample(rng) for _ in range(n_samples)]
    if inputs is not None:
        scored = score_archs(
            space,
            candidates,
            inputs,
            seed=int(rng.integers(2**63)) if seed is None else seed,
            counting=counting,
            exact=exact,
            skeleton=skeleton,
            workers=workers,
            device=device,
            out=out,
            client=client,
            progress=False,
        )
    else:
        assert scores is not None
        scored = _look_up(scores, [space.to_str(arch) for arch in candidates])
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
