"""The claims ledger: a verdict on every claim of the paper, computed by a rule from what the ``paper`` profile made.

A claim is an entry of ``book/claims.yml``; a rule is a function of :data:`RULES`, here or in
:mod:`naswotbook.rules_tables` and :mod:`naswotbook.rules_figures`. Verdicts are never written by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from naswotbook import rules_figures, rules_tables
from naswotbook.verdicts import TESTED, Claim, Results, Verdict
from naswotlib.errors import check_choice

# How a result under other conditions reads: the claim is not decided by it.
UNDER = dict(
    zip(TESTED, ("as claimed", "close to it", "undecided", "not as claimed", "the paper contradicts it"), strict=True)
)


def judge(claim: Claim, results: Results) -> Verdict:
    """The verdict on a claim; ``not run``, with what it needs, where a file that its rule looks at is missing.

    ``conditions`` of a claim say in what its file differs from what is claimed. Its verdict is then ``other
    conditions``, and what came out is told. ValueError where that is no number with its interval and the number of
    networks, or a number that leaves nothing to chance: a mean over all runs, a difference between two of the whole.
    """
    check_choice("rule", claim["rule"], RULES)
    if missing := results.missing(claim):
        return Verdict("not run", claim.get("paper", ""), "", f"needs {claim.get('needs', ', '.join(missing))}")
    found = RULES[claim["rule"]](claim, results)
    if "conditions" in claim and found.verdict in TESTED:
        if (
            not any(word in found.ours for word in ("[", "against", "over all runs"))
            or "networks" not in found.note + claim["conditions"]
        ):
            raise ValueError(f"conditions: {claim['claim']!r} needs a number, its interval and the number of networks")
        came_out = "; ".join(filter(None, (found.note, f"{UNDER[found.verdict]}, but {claim['conditions']}")))
        found = replace(found, verdict="other conditions", note=came_out, errors="")
    remarks = [remark for remark in (found.note, claim.get("note", "")) if remark]
    return replace(found, paper=str(claim.get("paper", found.paper)), note="; ".join(remarks))


def trained(claim: Claim, results: Results) -> Verdict:
    """The score during training, ``about`` one of four things, of so many ``networks`` over so many ``epochs``.

    rise: after the first epoch, or as many as ``after`` says, all networks score higher than before. plateau: after a
    tenth of the epochs the mean score stays within a quarter of its rise. alike: the deviation of the rise between
    networks is at most a quarter of its mean. ranking: Kendall's tau with the scores before training never falls below
    ``threshold``. For fewer networks or epochs than the claim asks for it is undecided, whatever holds for them.
    ``other``: a file, of the same scores taken in another way, and what that way is called; the verdict on it is a
    remark.
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
        after = int(claim.get("after", 1))
        above, all_of = int(rows[rows.epoch == after].above_start.iloc[0]), int(start.networks)
        holds, paper, ours = (
            above == all_of,
            "all",
            f"{above} of {all_of} after {'one epoch' if after == 1 else f'{after} epochs'}",
        )
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


RULES: dict[str, Callable[[Claim, Results], Verdict]] = {
    rule.__name__: rule
    for rule in (
        *(rules_tables.means, rules_tables.spreads, rules_tables.order, rules_tables.similar, rules_tables.no_farther),
        *(rules_tables.between, rules_tables.size, rules_tables.seconds, rules_tables.quoted, rules_tables.repeated),
        *(rules_figures.positive, rules_figures.strongest, rules_figures.steadier, rules_figures.lowest),
        *(rules_figures.agreement, rules_figures.no_less_alike, rules_figures.tighter, rules_figures.best_of),
        *(rules_figures.rises, rules_figures.above, trained, rules_figures.image, rules_figures.unrun),
    )
}
