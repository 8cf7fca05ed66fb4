"""Two details of regularised evolution, each variant with runs of its own."""

from __future__ import annotations

import pandas as pd

from naswotbook.estimates import differences
from naswotbook.experiments.variants import compared, in_words, run_variants
from naswotlib import get_space, load_benchmark
from support.runs import scores_of

VARIANTS = {
    name: {"sample_size": size, "replace": "with" in name}
    for size in (3, 10)
    for name in (f"{size} drawn", f"{size} with replacement")
}


def test_every_variant_is_run_and_every_pair_of_interest_is_of_two_of_them() -> None:
    space, benchmark = get_space("nasbench201_complete"), load_benchmark("bundled-nasbench201-complete")
    how = {"epochs": 3, "max_evaluations": 14, "n_runs": 3, "seed": 0, "scores": scores_of(benchmark.archs)}
    runs = run_variants(VARIANTS, space, benchmark, **how)
    assert set(runs.method) == {f"{method}, {name}" for method in ("REA", "AREA") for name in VARIANTS}
    assert set(runs.n_runs) == {3}
    assert set(runs.trained) == {14}
    gaps = differences(runs, compared())
    assert list(zip(gaps.a, gaps.b, strict=True))[:: len(gaps) // 6] == compared()
    assert runs[runs.split == "test"]["mean"].nunique() > 4  # random numbers of their own


def test_what_each_detail_changes_is_told_with_how_many_intervals_leave_zero_out() -> None:
    rows = [
        {"a": f"{method}, {a}", "b": f"{method}, 3 drawn", "difference": sign * size, "low": sign * size - 0.15}
        for method, sign in (("REA", 1), ("AREA", -1))
        for a in ("3 with replacement", "10 drawn")
        for size in (0.1, 0.2)
    ]
    table = pd.DataFrame(rows)
    text = " ".join(in_words(table.assign(high=table.low + 0.3)).split())
    assert "drawing 10 instead of 3 changes REA by +0.10 to +0.20 points, with an interval without zero in 1 of" in text
    assert "replacement changes AREA by -0.20 to -0.10 points, with an interval without zero in 1 of 2 columns" in text
