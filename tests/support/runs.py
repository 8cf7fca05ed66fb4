"""Made-up runs of searches, scores that they draw from, and cells that a paper might print of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

COLUMN = "cifar10/validation/200"
PRINTED = pd.DataFrame(
    [("RS", 4, 90.0, 2.0, 12000.0), ("ENAS", 3, 39.77, 0.0, 13315.0)],
    columns=["method", "n_runs", "mean", "std", "search_seconds"],
).assign(dataset="cifar10", split="validation")


def runs_of(**accuracies: list[float]) -> pd.DataFrame:
    """Two runs of each method, with the accuracies of what they chose, in the column :data:`COLUMN`."""
    frames = [
        pd.DataFrame({"method": method, "run": range(len(values)), "drawn_from": 9, "trained": [2, 4], COLUMN: values})
        for method, values in accuracies.items()
    ]
    return pd.concat(frames, ignore_index=True)


def scores_of(archs: Sequence[str], scores: np.ndarray | None = None) -> pd.DataFrame:
    """A table of scores as ``score_archs`` gives it; without ``scores``, the later an architecture, the higher."""
    values = np.arange(len(archs), dtype=float) if scores is None else scores
    return pd.DataFrame({"arch": list(archs), "score": values, "seconds": 0.5, "error": ""})
