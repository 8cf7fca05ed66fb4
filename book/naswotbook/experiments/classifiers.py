"""The classifiers of torchvision: does the score of a network that nobody trained order them as their accuracies do?

Scores are those that tests/speed/classifiers.py wrote. Accuracies and multiply-adds are read from the metadata of
torchvision's weights when a page asks, and are kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torchvision
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from naswotbook.markdown import ends, with_interval
from naswotbook.pairs import tau_less
from naswotbook.plots.style import COUNT, SCORE, WIDE
from naswotlib.stats import bootstrap_interval, kendall_tau

DATA = "ImageNet-1K"
FIRST = "IMAGENET1K_V1"  # the first weights of a network: trained on these images alone
MEASURES = {"score": "score", "num_units": "units", "parameters": "parameters", "flops": "multiply-adds"}


def stated(network: str) -> dict[str, float] | None:
    """Top-1 accuracy in percent and multiply-adds of one image, as the metadata of a network's first weights state.

    None for a network that torchvision has only with weights that were trained on other images too.

    >>> stated("regnet_y_128gf") is None
    True
    """
    weights = {each.name: each.meta for each in torchvision.models.get_model_weights(network)}
    if FIRST not in weights:
        return None
    meta = weights[FIRST]
    return {"accuracy": float(meta["_metrics"][DATA]["acc@1"]), "flops": float(meta["_ops"]) * 1e9}


def beside_accuracy(scored: pd.DataFrame) -> pd.DataFrame:
    """The rows of classifiers.csv with a finite score of the largest mini-batch, each with ``accuracy`` and ``flops``.

    Networks of which :func:`stated` knows nothing are left out.
    """
    scored = scored[scored.score.notna() & (scored.batch_size == scored.batch_size.max())]
    found = {name: stated(name) for name in scored.network}
    known = pd.DataFrame({name: facts for name, facts in found.items() if facts is not None}).T
    return scored.merge(known, left_on="network", right_index=True).reset_index(drop=True)


def ranking(table: pd.DataFrame, *, seed: int, n_boot: int = 1000) -> pd.DataFrame:
    """Kendall's tau of each of :data:`MEASURES` with accuracy, over networks of all kinds, and over those with ReLU.

    Columns: ``networks`` (which), ``measure``, ``n``, ``tau``, ``low`` and ``high``; ``less``, tau of the score less
    that of the measure over the same networks, and its paired 95% interval ``less_low``, ``less_high``.
    """
    rows = []
    for which, part in (("all", table), ("with ReLU alone", table[table.activations == "relu"])):
        for measure in MEASURES:
            tau = kendall_tau(part[measure], part.accuracy, rng=np.random.default_rng(seed), n_boot=n_boot)
            row = {"networks": which, "measure": measure, "n": tau.n, "tau": tau.tau, "low": tau.low, "high": tau.high}
            rows.append(row | (_less(part, measure, seed=seed, n_boot=n_boot) if measure != "score" else {}))
    return pd.DataFrame(rows)


def _less(part: pd.DataFrame, measure: str, *, seed: int, n_boot: int) -> dict[str, float]:
    columns = [part[name].to_numpy(float) for name in ("score", measure, "accuracy")]
    low, high = bootstrap_interval(tau_less, *columns, rng=np.random.default_rng(seed), n_boot=n_boot)
    return {"less": tau_less(*columns), "less_low": low, "less_high": high}


def ranking_table(found: pd.DataFrame) -> pd.DataFrame:
    """Of :func:`ranking`, in fewer columns to show."""
    shown = found[["networks", "n", "tau", "less"]].rename(columns={"tau": "τ", "less": "score less it"})
    shown.insert(1, "measure", found.measure.map(MEASURES))
    shown.insert(4, "95% interval", [ends(*pair, 2) for pair in zip(found.low, found.high, strict=True)])
    return shown.assign(
        **{"its interval": [ends(*pair, 2) for pair in zip(found.less_low, found.less_high, strict=True)]}
    )


def ranking_in_words(found: pd.DataFrame) -> str:
    """Of :func:`ranking`, which measures order the networks better or worse than the score."""
    sentences = []
    for which, part in found.groupby("networks", sort=False):
        tau = part[part.measure == "score"].iloc[0]
        groups = {
            "better than the score": part[part.less_high < 0],
            "worse": part[part.less_low > 0],
            "not clearly otherwise": part[(part.less_low <= 0) & (part.less_high >= 0)],
        }
        told = "; ".join(f"{how}: {_listed(of.measure)}" for how, of in groups.items() if len(of))
        sentences.append(
            f"Of {tau.n} networks ({which}), the score's τ is {with_interval(tau.tau, tau.low, tau.high)}. By the "
            f"paired difference, these order them {told}."
        )
    return " ".join(sentences)


def _listed(measures: Iterable[str]) -> str:
    return ", ".join(MEASURES[name] for name in measures)


def tried_in_words(scored: pd.DataFrame) -> str:
    """How many classifiers the command scored, how many it refused at first, and what it took."""
    failed = scored[scored.score.isna()]
    told = scored[scored.says.notna()]
    done = scored[scored.score.notna()]
    longest = done.sort_values("cpu_seconds").iloc[-1]
    largest = done.sort_values("megabytes").iloc[-1]
    few = done[done.batch_size < done.batch_size.max()]
    rest = f" Not scored: {', '.join(failed.network)}." if len(failed) else ""
    alone = (
        f" {len(few)} were scored with {few.batch_size.max():.0f} alone, and are left out below." if len(few) else ""
    )
    return f"""`naswot score --module torchvision:NAME --activations auto` was asked for {len(scored)} classifiers, and
    scored {len(done)}. {len(told)} of them have two kinds of rectifiers: the command said which, and took them by
    name. The smallest mini-batch with a finite score has {done.smallest.max():.0f} images in all; the scores are of
    {done.batch_size.max():.0f}.{alone} The longest took {longest.cpu_seconds:.0f} seconds of a processor
    ({longest.network}), the largest {largest.megabytes / 1000:.1f} GB ({largest.network}); the median
    {done.cpu_seconds.median():.0f} seconds and {done.megabytes.median() / 1000:.1f} GB.{rest}"""


def against_accuracy(table: pd.DataFrame) -> Figure:
    """Accuracy against score, and against parameters, a point a network, its mark what is counted in it."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDE, 3.8), layout="constrained", sharey=True)
    kinds = table.assign(kind=table.activations.where(table.activations.isin(["relu", "gelu", "silu"]), "others"))
    order = [kind for kind in ("relu", "gelu", "silu", "others") if (kinds.kind == kind).any()]
    for ax, name, colour in zip(axes, ("score", "parameters"), (SCORE, COUNT), strict=True):
        for kind, mark in zip(order, "os^D", strict=False):
            rows = kinds[kinds.kind == kind]
            how = {"marker": mark, "color": colour, "alpha": 0.8, "linewidths": 0, "rasterized": True}
            ax.scatter(rows[name], rows.accuracy, s=22, label=kind, **how)
        ax.set(xlabel="score at initialisation", ylabel="ImageNet accuracy (%)")
        ax.legend(title="counted", loc="lower right")
    axes[1].set(xscale="log", xlabel="parameters (million)")
    axes[1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1e6:g}"))
    axes[1].xaxis.set_minor_formatter(NullFormatter())
    plt.close(figure)
    return figure
