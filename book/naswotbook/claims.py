"""The claims ledger: a verdict on every claim of the paper, computed by a rule from what the ``paper`` profile made.

A claim is an entry of ``book/claims.yml``; a rule is a function of :data:`RULES`. Verdicts are never written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.kept import scores_name
from naswotlib.errors import check_choice
from naswotlib.scoring.proxies import NASWOT
from naswotlib.spaces.base import get_space

Claim = Mapping[str, Any]

# What each verdict means, in the order in which the ledger counts them.
VERDICTS = {
    "reproduced": "a mean within 0.25 of the paper's standard deviation; an order, correlation or likeness that holds "
    "with its whole 95% interval; a number that is the same",
    "close": "a mean within one standard deviation of the paper's",
    "undecided": "the 95% interval has room for both answers",
    "differs": "anything farther away, or the other way round",
    "contradicted": "the paper's own table says otherwise",
    "not compared": "seconds, which were measured on other hardware",
    "quoted": "the paper quotes it from elsewhere, and so do we",
    "not in the text": "the value stands in a picture that is not at hand",
    "not run": "what it needs is not here",
}


@dataclass(frozen=True)
class Verdict:
    """One of :data:`VERDICTS`; what the paper has and what came out here, as text; and remarks."""

    verdict: str
    paper: str = ""
    ours: str = ""
    note: str = ""


@dataclass(frozen=True)
class Results:
    """The folder ``figures/paper``, and the cells of the paper's tables (``book/paper/tables.csv``)."""

    folder: Path
    printed: pd.DataFrame

    def missing(self, claim: Claim) -> list[str]:
        """Files of the claim that are not there."""
        return [file for file in _files(claim) if not (self.folder / file).exists()]

    def rows(self, claim: Claim, file: str | None = None) -> pd.DataFrame:
        """The rows that a claim is about. ValueError where there are none: the claim or the file is at fault."""
        table = pd.read_csv(self.folder / (file or claim["file"]))
        for column, value in claim.get("rows", {}).items():
            table = table[table[column] == value]
        if table.empty:
            raise ValueError(f"rows: {claim.get('rows')} chooses nothing from {file or claim['file']}")
        return table

    def cells(self, table: str) -> pd.DataFrame:
        """Cells of one of the paper's tables."""
        return self.printed[self.printed.table == table]


def judge(claim: Claim, results: Results) -> Verdict:
    """The verdict on a claim; ``not run``, with what it needs, where a file that its rule looks at is missing."""
    check_choice("rule", claim["rule"], RULES)
    if missing := results.missing(claim):
        return Verdict("not run", claim.get("paper", ""), "", f"needs {claim.get('needs', ', '.join(missing))}")
    found = RULES[claim["rule"]](claim, results)
    remarks = [remark for remark in (found.note, claim.get("note", "")) if remark]
    return replace(found, paper=str(claim.get("paper", found.paper)), note="; ".join(remarks))


def _files(claim: Claim) -> list[str]:
    groups = claim.get("files", {}).values()
    return [file for group in groups for file in group] + ([claim["file"]] if "file" in claim else [])


def means(claim: Claim, results: Results) -> Verdict:
    """Means beside the paper's: the verdict is that of the cell that lies farthest off."""
    rows = results.rows(claim).dropna(subset="deviations")
    verdicts = [_of_mean(deviations) for deviations in rows.deviations.abs()]
    row = rows.iloc[int(rows.deviations.abs().argmax())]
    error = 1.96 * row["std"] / np.sqrt(row.n_runs)
    notes = [f"{row.deviations:+.2f} deviations, {row.standard_errors:+.1f} standard errors"]
    if len(rows) > 1:
        counts = ", ".join(f"{verdicts.count(v)} {v}" for v in VERDICTS if v in verdicts)
        notes.insert(0, f"farthest of {len(rows)} cells ({counts}): {_cell(row)}")
    everyone = pd.read_csv(results.folder / claim["file"])
    everything = everyone[everyone.trained > 0].drawn_from.max()  # what trains can draw from all there is
    if row.drawn_from < everything:
        notes.append(f"drawn from {row.drawn_from:.0f} networks of {everything:.0f}")
    return Verdict(
        _of_mean(abs(row.deviations)),
        f"{row.paper_mean:.2f} ± {row.paper_std:.2f}",
        f"{row['mean']:.2f} ± {row['std']:.2f} [{row['mean'] - error:.2f}, {row['mean'] + error:.2f}]",
        "; ".join(notes),
    )


def _of_mean(deviations: float) -> str:
    return "reproduced" if deviations <= 0.25 else "close" if deviations <= 1 else "differs"


def _of_interval(low: float, high: float) -> str:
    """Whether something lies above 0 with its whole interval."""
    return "reproduced" if low > 0 else "differs" if high < 0 else "undecided"


def _cell(row: Any) -> str:
    return f"{row.dataset} {row.split}"


def order(claim: Claim, results: Results) -> Verdict:
    """Methods that are ``better`` than those that are ``worse``, in every column, by the paper and then by ours."""
    where = claim.get("rows", {})
    cells = results.cells(claim["table"])
    for column, value in where.items():
        cells = cells[cells[column] == value]
    theirs = cells.set_index(["method", "dataset", "split"])["mean"]
    pairs = [(_plain(a), _plain(b), key) for a in claim["better"] for b in claim["worse"] for key in _columns(cells)]
    gaps = {
        (a, b, *key): theirs[(a, *key)] - theirs[(b, *key)]
        for a, b, key in pairs
        if (a, *key) in theirs.index and (b, *key) in theirs.index
    }
    against = {names: gap for names, gap in gaps.items() if gap < 0}
    if against:
        (a, b, dataset, split), gap = min(against.items(), key=lambda item: item[1])
        note = f"{b} is ahead of {a} in {len(against)} of {len(gaps)} cells, most in {dataset} {split}"
        return Verdict("contradicted", f"{gap:+.2f}", "", note)
    ours = results.rows({**claim, "rows": where})
    ours = ours[ours.a.isin(claim["better"]) & ours.b.isin(claim["worse"])]
    verdict = _of_interval(ours.low.min(), ours.high.min())
    row = ours.sort_values("high" if verdict == "differs" else "low").iloc[0]
    printed = gaps.get((_plain(row.a), _plain(row.b), row.dataset, row.split))
    note = f"least of {len(ours)} cells: {row.a} against {row.b}, {_cell(row)}" if len(ours) > 1 else ""
    return Verdict(verdict, "" if printed is None else f"{printed:+.2f}", _gap(row), note)


def _plain(method: str) -> str:
    """The paper's name of a method: ours may add a number of runs."""
    return re.sub(r" \(\d+ runs\)$", "", method)


def _columns(cells: pd.DataFrame) -> list[tuple[str, str]]:
    return list(dict.fromkeys(zip(cells.dataset, cells.split, strict=True)))


def _gap(row: Any) -> str:
    return f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]"


def similar(claim: Claim, results: Results) -> Verdict:
    """A difference that lies within ``margin`` of 0 with all of its interval."""
    (_, row), margin = next(results.rows(claim).iterrows()), float(claim["margin"])
    outside = row.low > margin or row.high < -margin
    verdict = "reproduced" if -margin < row.low and row.high < margin else "differs" if outside else "undecided"
    return Verdict(verdict, "", _gap(row))


def between(claim: Claim, results: Results) -> Verdict:
    """The mean of the second of three ``methods`` as a share of the way from the first to the third; half is midway.

    Reproduced from 0.25 to 0.75, close from 0 to 1.
    """

    def share(values: pd.Series[float]) -> float:
        low, middle, high = (values[method] for method in claim["methods"])
        return float((middle - low) / (high - low))

    rows = results.rows(claim).set_index("method")
    ours = share(rows["mean"])
    verdict = "reproduced" if 0.25 <= ours <= 0.75 else "close" if 0 <= ours <= 1 else "differs"
    return Verdict(verdict, f"{share(rows.paper_mean):.2f} of the way", f"{ours:.2f} of the way")


def positive(claim: Claim, results: Results) -> Verdict:
    """A rank correlation whose interval lies above 0."""
    row = results.rows(claim).iloc[0]
    ours = f"τ = {row.tau:.3f} [{row.low:.3f}, {row.high:.3f}]"
    return Verdict(_of_interval(row.low, row.high), "positive", ours, f"{row.n:.0f} networks")


def strongest(claim: Claim, results: Results) -> Verdict:
    """Rank correlations of the files ``strong``, all above all of ``others``."""
    strong, others = (
        pd.concat([results.rows({}, file) for file in claim["files"][group]]) for group in ("strong", "others")
    )
    verdict = _of_interval(strong.low.min() - others.high.max(), strong.high.min() - others.low.max())
    return Verdict(verdict, "", f"τ ≥ {strong.tau.min():.3f} against τ ≤ {others.tau.max():.3f}")


def lowest(claim: Claim, results: Results) -> Verdict:
    """The last row, of the most accurate networks, is below all others with the whole interval of each difference."""
    rows = results.rows(claim)
    others, last = rows[:-1], rows.iloc[-1]
    verdict = _of_interval(others.low.min(), others.high.min())
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


def steadier(claim: Claim, results: Results) -> Verdict:
    """The score's rank correlations lie above 0 in all files, and range less widely than those of each rival."""
    rows = pd.concat([results.rows({}, file) for file in claim["files"]["spaces"]])
    score = rows[rows.measure == NASWOT]
    taus = {name: rows[rows.measure == name].tau for name in (NASWOT, *claim["rivals"])}
    ranges = {name: float(tau.max() - tau.min()) for name, tau in taus.items()}
    wider = all(ranges[name] > ranges[NASWOT] for name in claim["rivals"])
    verdict = _of_interval(score.low.min(), score.high.min()) if wider else "differs"
    return Verdict(verdict, "", "; ".join(f"{name}: {t.min():.3f} to {t.max():.3f}" for name, t in taus.items()))


def trained(claim: Claim, results: Results) -> Verdict:
    """The score during training, ``about`` one of four things, of so many ``networks`` over so many ``epochs``.

    rise: after the first epoch all networks score higher than before. plateau: after a tenth of the epochs the mean
    score stays within a quarter of its rise. alike: the deviation of the rise between networks is at most a quarter of
    its mean. ranking: Kendall's tau with the scores before training never falls below ``threshold``. For fewer networks
    or epochs than the claim asks for it is undecided, whatever holds for them. ``other``: a file, of the same scores
    taken in another way, and what that way is called; the verdict on it is a remark.
    """
    check_choice("about", claim["about"], ("rise", "plateau", "alike", "ranking"))
    found = _trained(claim, results.rows(claim))
    file, way = claim.get("other", ("", ""))
    if not (file and (results.folder / file).exists()):
        return found
    other = _trained(claim, results.rows(claim, file))
    return replace(found, note=f"{found.note}; {way}: {other.verdict}, {other.ours}")


def _trained(claim: Claim, rows: pd.DataFrame) -> Verdict:
    rows = rows.sort_values("epoch")
    start, last = rows.iloc[0], rows.iloc[-1]
    rise, early = last.mean_score - start.mean_score, rows.epoch.max() / 10
    if claim["about"] == "rise":
        above, all_of = int(rows[rows.epoch == 1].above_start.iloc[0]), int(start.networks)
        holds, paper, ours = above == all_of, "all", f"{above} of {all_of} after one epoch"
    elif claim["about"] == "ranking":
        least = float(rows.tau_start.min())
        holds, paper = (least >= claim["threshold"], f"τ ≥ {claim['threshold']} (our reading)")
        ours = f"τ ≥ {least:.3f} with the start"
    elif claim["about"] == "alike":
        holds, paper = (rise > 0 and last.std_rise <= rise / 4, "within a quarter (our reading)")
        ours = f"changes by {rise:+.1f} ± {last.std_rise:.1f}"
    else:
        late = rows[rows.epoch >= early].mean_score
        share = float((late.max() - late.min()) / rise)
        holds, paper = 0 <= share <= 0.25, "near constant"
        ours = f"changes by {rise:+.1f}, varies by {late.max() - late.min():.1f} after {early:.0f} epochs"
    enough = start.networks >= claim.get("networks", 0) and last.epoch >= claim.get("epochs", 0)
    verdict = "undecided" if not enough else "reproduced" if holds else "differs"
    return Verdict(verdict, paper, ours, f"{start.networks:.0f} networks, {last.epoch:.0f} epochs")


def size(claim: Claim, results: Results) -> Verdict:
    """How many architectures a space has."""
    count = get_space(claim["space"]).num_architectures
    return Verdict("reproduced" if count == claim["paper"] else "differs", "", str(count))


def seconds(claim: Claim, results: Results) -> Verdict:
    """Seconds of NASWOT: ours is N times the mean of those in the table of scores."""
    method, space = claim["method"], claim.get("space", "nasbench201")
    table = {"nasbench201": "2a", "nats_size": "2b", "nasbench101": "1"}[space]
    cells = results.cells(table).set_index("method").search_seconds
    paper = f"{cells[[method]].iloc[0]:g} s"
    kept = [
        results.folder / "scores" / scores_name(space, "cifar10", counting=c, seed=0) for c in ("once", "reference")
    ]
    found = [path for path in kept if path.exists()]
    if not found:
        return Verdict("not compared", paper)
    each = pd.read_parquet(found[0], columns=["seconds"]).seconds.mean()
    return Verdict(
        "not compared", paper, f"{int(method[10:-1]) * each:.1f} s", "ours on a CPU, while it did other work"
    )


def quoted(claim: Claim, results: Results) -> Verdict:
    """What the paper itself quotes."""
    if "table" not in claim:
        return Verdict("quoted")
    cells = results.cells(claim["table"])
    row = cells[(cells.method == claim["claim"]) & (cells.dataset == "cifar10") & (cells.split == "test")].iloc[0]
    return Verdict("quoted", f"{row['mean']:.2f} ± {row['std']:.2f}", "", "cifar10 test")


def image(claim: Claim, results: Results) -> Verdict:
    """Values that stand in pictures alone."""
    return Verdict("not in the text")


def unrun(claim: Claim, results: Results) -> Verdict:
    """What cannot be run with anything that is here."""
    return Verdict("not run", "", "", f"needs {claim['needs']}")


RULES: dict[str, Callable[[Claim, Results], Verdict]] = {
    rule.__name__: rule
    for rule in (
        *(means, order, similar, between, positive, strongest, steadier, lowest, agreement, trained, size, seconds),
        *(quoted, image, unrun),
    )
}
