"""Rules for claims about the paper's figures: rank correlations, kernels, ablations."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.verdicts import Claim, Results, Verdict, of_interval, worst
from naswotlib.scoring.proxies import NASWOT


def positive(claim: Claim, results: Results) -> Verdict:
    """Rank correlations whose intervals all lie above 0; ``column`` is where they stand, ``tau`` without."""
    column = str(claim.get("column", "tau"))
    low, high = ("low", "high") if column == "tau" else (f"{column}_low", f"{column}_high")
    rows = results.rows(claim)
    verdict = worst([of_interval(*ends) for ends in zip(rows[low], rows[high], strict=True)])
    row = rows.iloc[int(rows[low].fillna(-1).argmin())]
    interval = f" [{row[low]:.3f}, {row[high]:.3f}]" if pd.notna(row[low]) else ""
    notes = [f"{row[next(name for name in ('n', 'networks') if name in row)]:.0f} networks"]
    if len(rows) > 1:
        notes.insert(0, f"least of {len(rows)}")
    return Verdict(verdict, "positive", f"τ = {row[column]:.3f}{interval}", "; ".join(notes))


def strongest(claim: Claim, results: Results) -> Verdict:
    """Rank correlations of the files ``strong``, all above all of ``others``."""
    strong, others = (
        pd.concat([results.rows(_of_score(claim), file) for file in claim["files"][group]])
        for group in ("strong", "others")
    )
    verdict = of_interval(strong.low.min() - others.high.max(), strong.high.min() - others.low.max())
    weak, best = strong.loc[strong.tau == strong.tau.min()].iloc[0], others.loc[others.tau == others.tau.max()].iloc[0]
    ours = f"τ ≥ {weak.tau:.3f} [{weak.low:.3f}, {weak.high:.3f}] against τ ≤ {best.tau:.3f} "
    note = (
        f"{len(strong) + len(others)} sets of networks; {int(strong.n.min())} or more in those that are to be stronger"
    )
    return Verdict(verdict, "", f"{ours}[{best.low:.3f}, {best.high:.3f}]", note)


def _of_score(claim: Claim) -> Claim:
    return {"rows": claim.get("rows", {})}


def lowest(claim: Claim, results: Results) -> Verdict:
    """The last row, of the most accurate networks, is below all others with the whole interval of each difference."""
    rows = results.rows(claim)
    others, last = rows[:-1], rows.iloc[-1]
    verdict = of_interval(others.low.min(), others.high.min())
    row = others.sort_values("low" if verdict == "reproduced" else "high").iloc[0]
    ours = f"{last['mean']:.3f}; {row.accuracy}: {row.above_best:+.3f} [{row.low:+.3f}, {row.high:+.3f}] from it"
    lower = f"lower than {(others.low > 0).sum()} of the {len(others)} other bands"
    return Verdict(verdict, "lowest", ours, f"{lower}; {rows.networks.min():.0f} networks a band or more")


def agreement(claim: Claim, results: Results) -> Verdict:
    """A mean rank agreement of at least ``threshold`` in every row, in ``column``: between repeats or with images."""
    column = str(claim.get("column", "agreement"))
    values: pd.Series[float] = results.rows(claim)[column]
    least, between = float(values.min()), _AGREEMENTS[column]
    verdict = "reproduced" if least >= claim["threshold"] else "differs"
    return Verdict(verdict, f"τ ≥ {claim['threshold']} (our reading)", f"τ = {least:.3f} {between}")


_AGREEMENTS = {"agreement": "between repeats", "with_first": "with the order on images"}


def no_less_alike(claim: Claim, results: Results) -> Verdict:
    """Rankings by ``rows`` agree no less than those of another seed do (the row ``kind`` that ``usual`` names).

    A ranking by scores on other data that is as like as one by other weights and images says nothing of the data.
    Reproduced where no interval lies below the usual agreement, differs where one does.
    """
    rows, usual = results.rows(claim), results.rows({"rows": claim["usual"], "file": claim["file"]}).iloc[0]
    row = rows.iloc[int(rows.tau.argmin())]
    verdict = "differs" if row.high < usual.low else "reproduced" if row.low >= usual.low else "undecided"
    ours = (
        f"τ = {row.tau:.3f} [{row.low:.3f}, {row.high:.3f}] against {usual.tau:.3f} [{usual.low:.3f}, {usual.high:.3f}]"
    )
    return Verdict(verdict, "no less than two seeds on the same data", ours, f"least of {len(rows)}: {row.measure}")


def steadier(claim: Claim, results: Results) -> Verdict:
    """The score's rank correlations lie above 0 in all files, and range less widely than those of each rival."""
    rows = pd.concat([results.rows({}, file) for file in claim["files"]["spaces"]])
    score = rows[rows.measure == NASWOT]
    taus = {name: rows[rows.measure == name].tau for name in (NASWOT, *claim["rivals"])}
    absent = [name for name, tau in taus.items() if tau.empty]
    if absent:
        return Verdict("not run", "", "", f"needs {', '.join(absent)} in {', '.join(claim['files']['spaces'])}")
    ranges = {name: float(tau.max() - tau.min()) for name, tau in taus.items()}
    wider = all(ranges[name] > ranges[NASWOT] for name in claim["rivals"])
    verdict = of_interval(score.low.min(), score.high.min()) if wider else "differs"
    least = score.iloc[int(score.low.argmin())]
    ours = "; ".join(f"{name}: {t.min():.3f} to {t.max():.3f}" for name, t in taus.items())
    ours += f"; the score's lowest interval [{least.low:.3f}, {least.high:.3f}]"
    note = f"{int(score.n.min())} networks or more"
    return Verdict(verdict, "", ours, note)


def tighter(claim: Claim, results: Results) -> Verdict:
    """The bands of accuracy of the first of two ``files`` span fewer points than those of the second."""
    spans = []
    for file in (claim["files"]["first"][0], claim["files"]["second"][0]):
        edges = [float(edge) for band in results.rows({}, file).accuracy for edge in re.findall(r"\d+\.?\d*", band)]
        spans.append(max(edges) - min(edges))
    verdict = "reproduced" if spans[0] < spans[1] else "differs"
    return Verdict(verdict, "tighter", f"{spans[0]:.1f} against {spans[1]:.1f} points")


def best_of(claim: Claim, results: Results) -> Verdict:
    """The mean accuracy of what the score chooses among N networks of another sample (``file``), on CIFAR-10 test.

    ``method`` is the row of the paper's ``table``, whose N it has. The closed form leaves nothing to chance but the
    sample; what a random choice and the best possible one give stands beside it.
    """
    number = re.sub(r"\D", "", claim["method"])
    rows = pd.read_csv(results.folder / claim["file"]).set_index("measure")
    values = rows[f"best_of_{number}"]
    others = values.drop(index=[name for name in ("naswot", "num_units", "parameters", "flops") if name in values])
    where = {"method": claim["method"], "dataset": "cifar10", "split": "test"}
    printed = results.cells(claim["table"], where).iloc[0]
    apart = abs(values[NASWOT] - printed["mean"]) / printed["std"]
    verdict = "reproduced" if apart <= 0.25 else "close" if apart <= 1 else "differs"
    known = ", ".join(f"{value:.2f} for {name}" for name, value in others.items())
    ours = f"{values[NASWOT]:.2f} by score against {values['parameters']:.2f} by parameters ({known})"
    return Verdict(verdict, f"{printed['mean']:.2f} ± {printed['std']:.2f}", ours, f"{rows.n[NASWOT]:.0f} networks")


def rises(claim: Claim, results: Results) -> Verdict:
    """What the score chooses becomes more accurate with the number of networks, in the ``file`` of :func:`best_of`."""
    row: Any = pd.read_csv(results.folder / claim["file"]).set_index("measure").loc[NASWOT]
    few, many = (float(row[f"best_of_{n}"]) for n in claim["samples"])
    verdict = "reproduced" if many > few else "differs"
    return Verdict(verdict, "more accurate", f"{many:.2f} against {few:.2f}", f"{row.n:.0f} networks")


def above(claim: Claim, results: Results) -> Verdict:
    """Figures ``of`` the file, by name, that each lie above ``threshold`` (0 without) with their whole interval.

    Differs where one lies below it with the whole interval. ``sign: -1`` turns differences around.
    """
    rows = results.rows(claim).set_index("name").loc[claim["of"]]
    sign, threshold = claim.get("sign", 1), float(claim.get("threshold", 0))
    ends = np.sort(sign * rows[["low", "high"]].to_numpy(dtype=float), axis=1)
    verdict = worst([of_interval(*(pair - threshold)) for pair in ends])
    parts = [
        f"{sign * row.value:+.3f} [{low:+.3f}, {high:+.3f}] (n = {row.n})"
        for row, (low, high) in zip(rows.itertuples(), ends, strict=True)
    ]
    return Verdict(verdict, f"above {threshold:g}", "; ".join(parts))


def image(claim: Claim, results: Results) -> Verdict:
    """Values that stand in pictures alone."""
    return Verdict("not in the text")


def unrun(claim: Claim, results: Results) -> Verdict:
    """What cannot be run with anything that is here."""
    return Verdict("not run", "", "", f"needs {claim['needs']}")
