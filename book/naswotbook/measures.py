"""How well each of several measures of an untrained network ranks the accuracies of one sample: behind Figure 4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from naswotbook.pages import repository, save_panel, write_csv
from naswotbook.panels import Panels, choose_panels
from naswotbook.plots import fig4, missing_panel
from naswotbook.provenance import Provenance
from naswotbook.samples import Sample, draw_sample, score_sample
from naswotlib.data.images import load_images
from naswotlib.graph import Counting
from naswotlib.scoring.proxies import NASWOT
from naswotlib.spaces.sizes import network_sizes
from naswotlib.stats import kendall_tau
from naswotlib.training.suite import kept_proxies


@dataclass(frozen=True)
class Measure:
    """How a measure is called, and what it is: the ``score`` of the paper, another ``proxy``, or a ``size``."""

    label: str
    kind: str


MEASURES = {
    NASWOT: Measure("score", "score"),
    "grad_norm": Measure("grad_norm (sum of norms)", "proxy"),
    "grad_norm_euclidean": Measure("grad_norm (one norm)", "proxy"),
    "synflow": Measure("synflow", "proxy"),
    "num_units": Measure("ReLU units", "size"),
    "parameters": Measure("parameters", "size"),
    "flops": Measure("FLOPs", "size"),
}


def measure_sample(
    sample: Sample,
    measures: Iterable[str],
    *,
    seed: int,
    batch_size: int,
    counting: Counting,
    device: str = "cpu",
    workers: int = 1,
    data_dir: str | Path | None = None,
    kept: Path | None = None,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A row for each network of ``sample``: ``arch``, ``accuracy``, and a column for each measure of :data:`MEASURES`.

    Sizes come from the operations of a network, the others from :func:`naswotbook.samples.score_sample`, whose keywords
    these are; a network whose measure failed has NaN there. ``known`` has a column ``arch`` and columns of measures:
    what is there is taken from it.
    """
    table = pd.DataFrame({"arch": sample.archs, "accuracy": sample.accuracy})
    side = sample.side or load_images(sample.images, 1, seed=seed, data_dir=data_dir).shape[-1]
    sizes = network_sizes(sample.space, sample.archs, side=side, skeleton=sample.skeleton)
    known = pd.DataFrame({"arch": []}) if known is None else known
    for name in measures:
        if MEASURES[name].kind == "size":
            table[name] = sizes[name]
            continue
        values = known.set_index("arch")[name] if name in known else pd.Series(dtype=float)
        new = ~table.arch.isin(values.index)
        if new.any():
            scored = score_sample(
                replace(sample, archs=table.arch[new].tolist(), accuracy=sample.accuracy[new]),
                proxy=name,
                seed=seed,
                batch_size=batch_size,
                counting=counting,
                device=device,
                workers=workers,
                data_dir=data_dir,
                kept=kept,
            )
            values = scored.set_index("arch").score.combine_first(values)
        table[name] = values.loc[table.arch].to_numpy()
    return table


def compare_measures(
    figure: Panels,
    measures: Iterable[str] = tuple(MEASURES),
    *,
    profile: str,
    panels: str,
    n_archs: int,
    batch_size: int,
    counting: Counting,
    seed: int,
    device: str,
    workers: int,
    data_dir: str,
    out_dir: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and summaries of the panels of ``figure`` with the letters ``panels``, or of those at hand.

    The first table has a row a network: ``panel`` (its letter) and the columns of :func:`measure_sample`. The second
    has a row for each panel and measure: what was compared, and Kendall's tau with its interval. The keywords are the
    parameters of a page. In ``paper`` what was computed is kept in the folder ``scores`` of ``out_dir/paper``. Of
    networks that this project trained, proxies are kept beside their accuracies (``kept_proxies``),
    for seed 0 and 128 images; all else is computed.
    """
    measures = list(measures)
    points, rows = [], []
    kept = repository() / out_dir / "paper" / "scores" if profile == "paper" else None
    for letter, panel in choose_panels(figure, panels, profile=profile, data_dir=data_dir).items():
        sample = draw_sample(panel.space, panel.dataset, n_archs, profile=profile, seed=seed, data_dir=data_dir)
        table = measure_sample(
            sample,
            measures,
            seed=seed,
            batch_size=batch_size,
            counting=counting,
            device=device,
            workers=workers,
            data_dir=data_dir,
            kept=kept,
            known=kept_proxies(panel.space) if (profile, seed, batch_size) == ("demo", 0, 128) else None,
        )
        points.append(table.assign(panel=letter))
        for name in measures:
            tau = kendall_tau(table[name], table.accuracy, rng=np.random.default_rng(seed))
            compared: dict[str, object] = {
                "panel": letter,
                "space": panel.space,
                "dataset": panel.dataset,
                "split": sample.split,
            }
            compared |= {"epochs": sample.epochs, "batch_size": batch_size, "counting": counting, "seed": seed}
            rows.append(compared | {"measure": name} | asdict(tau))
    if not rows:
        return pd.DataFrame(columns=["panel", "arch", "accuracy", *measures]), pd.DataFrame(rows)
    return pd.concat(points, ignore_index=True), pd.DataFrame(rows)


def draw_measures(panels: Panels, summary: pd.DataFrame, *, columns: int = 3) -> Figure:
    """The panels of a summary of :func:`compare_measures` side by side; a box where there is none."""
    if summary.empty:
        figure, ax = plt.subplots(figsize=(4.2, 2), layout="constrained")
        missing_panel(ax, "networks of these spaces\nthat this project trained")
        return figure
    letters = list(summary.panel.unique())
    columns = min(columns, len(letters))
    rows = -(-len(letters) // columns)
    size = (3.2 * columns + 1.6, 2.9 * rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", squeeze=False, sharex=True, sharey=True
    )
    for ax in axes.flat[len(letters) :]:
        ax.remove()
    for ax, letter in zip(axes.flat, letters, strict=False):
        part = summary[summary.panel == letter]
        named = part.assign(
            label=[MEASURES[name].label for name in part.measure], kind=[MEASURES[name].kind for name in part.measure]
        )
        fig4(named, ax, title=f"({letter}) {panels[letter].title}, n = {part.n.max()}")
    return figure


def save_measures(figure: Panels, points: pd.DataFrame, summary: pd.DataFrame, page: Provenance, *, name: str) -> None:
    """Write what a page made: of ``demo`` the points, as ``NAME-seedN.csv``; of ``paper``, whose accuracies belong to
    others, for each panel its picture, summary and provenance.
    """
    page.came_to(n_archs=int(summary.n.max()) if len(summary) else 0)
    profile, seed = page.parameters["profile"], page.parameters["seed"]
    folder = repository() / page.parameters["out_dir"] / profile
    if profile == "demo":
        write_csv(folder / f"{name}-seed{seed}.csv", points)
        return
    for letter, rows in summary.groupby("panel"):
        picture = draw_measures(figure, rows)
        save_panel(folder, f"{figure[str(letter)].name}-seed{seed}", picture, rows, page)
        plt.close(picture)
