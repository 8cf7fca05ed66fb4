"""Two details of regularised evolution, each variant with runs of its own."""

from __future__ import annotations

from naswotbook.estimates import differences
from naswotbook.experiments.variants import compared, run_variants
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
