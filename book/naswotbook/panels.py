"""Panels of Figures 3, 4, 9 and 10: how well measures of untrained networks rank them, scored, drawn and kept."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from naswotbook.kept import scores_name
from naswotbook.markdown import buttons, ends, few_networks, folded, markdown_table
from naswotbook.page import Page, Published
from naswotbook.pictures import PANEL, missing_box
from naswotbook.play.twin import show_twin
from naswotbook.play.twins import fig3_twin
from naswotbook.plots import fig3, fig4, fig4_bars
from naswotbook.plots.style import NARROW, SMALL, WIDE
from naswotbook.provenance import provenance_table
from naswotbook.registry import Entry
from naswotbook.samples import Sample, draw_sample, has_table, score_sample, scored_on
from naswotlib.benchmarks.importers import official_file
from naswotlib.benchmarks.load import bundled_recipe
from naswotlib.data.images import load_images
from naswotlib.errors import check_choice
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
SCORE = (NASWOT,)  # the measures of a panel of score against accuracy
ALL_MEASURES = tuple(MEASURES)  # and of one that compares them
SIZES = tuple(name for name, measure in MEASURES.items() if measure.kind == "size")
PREDICTORS = (NASWOT, *SIZES)  # the score and what costs nothing
SUMMARY = ["panel", "space", "dataset", "split", "epochs", "batch_size", "counting", "seed"]


def measure_sample(
    sample: Sample, measures: Iterable[str], *, known: pd.DataFrame | None = None, **scoring: Any
) -> pd.DataFrame:
    """A row for each network of ``sample``: ``arch``, ``accuracy``, and a column for each measure of :data:`MEASURES`.

    Sizes come from the operations of a network, the others from :func:`naswotbook.samples.score_sample`, whose keywords
    ``scoring`` are; a network whose measure failed has NaN there. ``known`` has a column ``arch`` and columns of
    measures: what is there is taken from it.
    """
    table = pd.DataFrame({"arch": sample.archs, "accuracy": sample.accuracy})
    named = list(measures)
    if any(MEASURES[name].kind == "size" for name in named):
        first = {"seed": scoring["seed"], "data_dir": scoring.get("data_dir")}
        side = sample.side or load_images(sample.images, 1, **first).shape[-1]
        sizes = network_sizes(sample.space, sample.archs, side=side, skeleton=sample.skeleton)
    for name in named:
        if MEASURES[name].kind == "size":
            table[name] = sizes[name]
            continue
        found = known is not None and name in known
        values = known.set_index("arch")[name] if known is not None and found else pd.Series(dtype=float)
        new = ~table.arch.isin(values.index)
        if new.any():
            rest = replace(sample, archs=table.arch[new].tolist(), accuracy=sample.accuracy[new])
            values = score_sample(rest, proxy=name, **scoring).set_index("arch").score.combine_first(values)
        table[name] = values.loc[table.arch].to_numpy()
    return table


def choose_panels(page: Page) -> list[Entry]:
    """The panels of a page whose letters its parameter ``panels`` has; without any, those whose accuracies are at hand.

    FileNotFoundError where the ``paper`` profile has none of them at hand. ``demo`` may have none.
    """
    panels = [entry for entry in page.chapter.published if entry.panel]
    if page.profile == "demo":  # has what the paper's own panels are of
        panels = [entry for entry in panels if not entry.stands_for]
    letters, at_hand = page.parameters["panels"], {"profile": page.profile, "data_dir": page.parameters["data_dir"]}
    for letter in letters:
        check_choice("panels", letter, [entry.panel for entry in panels])
    if letters:
        return [entry for entry in panels if entry.panel in letters]
    found = [entry for entry in panels if has_table(entry.space, entry.dataset, **at_hand)]
    if page.profile == "paper" and not found:
        files = sorted({official_file(entry.space) for entry in panels})
        raise FileNotFoundError(f"panels: the accuracies of none are at hand; they come from {', '.join(files)}")
    return found


def score_panels(page: Page, measures: Sequence[str] = SCORE) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points and summaries of the panels that :func:`choose_panels` finds, with the parameters of the page.

    The first table has a row a network: ``panel`` (its letter) and the columns of :func:`measure_sample`. The second
    has a row for each panel and measure: what was compared, and Kendall's tau with its interval. Of networks that this
    project trained, proxies are kept beside their accuracies for seed 0 and 128 images
    (:func:`naswotlib.training.suite.kept_proxies`); all else is computed, and in the ``paper`` profile kept.
    """
    kept_there = (page.profile, page.seed, page.parameters["batch_size"]) == ("demo", 0, 128)
    points, rows = [], []
    for entry in choose_panels(page):
        sample = draw_sample(entry.space, entry.dataset, page.parameters["n_archs"], **page.drawn)
        known = kept_proxies(entry.space) if kept_there else None
        table = measure_sample(sample, measures, known=known, **page.scored)
        points.append(table.assign(panel=entry.panel))
        about = vars(entry) | vars(sample) | page.parameters
        for name in measures:
            tau = kendall_tau(table[name], table.accuracy, rng=np.random.default_rng(page.seed))
            rows.append({key: about[key] for key in SUMMARY} | {"measure": name} | asdict(tau))
    page.came_to(n_archs=max((row["n"] for row in rows), default=0))
    if not rows:
        return pd.DataFrame(columns=["panel", "arch", "accuracy", *measures]), pd.DataFrame(rows)
    return pd.concat(points, ignore_index=True), pd.DataFrame(rows)


def show_panels(page: Page, points: pd.DataFrame, summary: pd.DataFrame, measures: Sequence[str] = SCORE) -> None:
    """Keep what :func:`score_panels` gave and show it as ``PAGE-ours``: its picture, tables, file, interactive twin.

    In ``paper`` each panel is kept as picture, summary and provenance; its accuracies belong to others, so its points
    are seen, and not to be had as a table.
    """
    by_letter = {entry.panel: entry for entry in page.chapter.published}
    for letter, rows in summary.groupby("panel") if page.profile == "paper" else ():
        kept = rows.drop(columns="measure") if measures == SCORE else rows
        page.save(by_letter[str(letter)].name, kept, draw_panels(page, points, rows, measures))
    page.picture(f"{page.name}-ours", draw_panels(page, points, summary, measures))
    if summary.empty:
        page.data(points)
        return
    if measures == SCORE:
        page.show(markdown_table(PANEL_COLUMNS, [_panel_cells(by_letter, row) for row in summary.to_dict("records")]))
    else:
        page.show(measures_table(page, summary))
    page.show(few_networks(summary.n))
    if page.profile == "demo":
        page.show(folded("How they were built and trained", _trained_for(summary)))
    page.data(points, "Architecture, accuracy and measures of each network (CSV)")
    if measures == SCORE:
        titles = {letter: f"({letter}) {entry.title}" for letter, entry in by_letter.items()}
        shown = points.rename(columns={NASWOT: "score"}).assign(panel=points.panel.map(titles))
        show_twin(fig3_twin(shown), f"{page.name}-plot", "Score of untrained networks against their accuracy")


def _trained_for(summary: pd.DataFrame) -> str:
    """How the networks of each panel were trained."""
    by_training = defaultdict[str, list[str]](list)
    for letter, space in summary[["panel", "space"]].drop_duplicates().itertuples(index=False):
        training, _, skeleton = bundled_recipe(space).rpartition("; ")
        by_training[training].append(f"({letter}) {skeleton}")
    return "\n\n".join(f"Trained for {training}: {'; '.join(built)}." for training, built in by_training.items())


def draw_panels(page: Page, points: pd.DataFrame, summary: pd.DataFrame, measures: Sequence[str] = SCORE) -> Figure:
    """The panels of the tables of :func:`score_panels` side by side; a box where there is none.

    Of one measure, score against accuracy with the rank correlation above; of several, their rank correlations as bars.
    """
    if summary.empty:
        return missing_box("networks of these spaces\nthat this project trained")
    letters = list(summary.panel.unique())
    scatter, whole = measures == SCORE, page.chapter.whole
    columns = min(3, len(letters))
    beside = whole.columns if whole and len(letters) == 1 else columns  # in the picture that it becomes a part of
    width, height = PANEL.get(beside, PANEL[2])
    rows = -(-len(letters) // columns)
    size = (width * columns, height * rows) if scatter else (WIDE if columns > 1 else 4.6, 2.3 * rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", squeeze=False, sharex=not scatter, sharey=not scatter
    )
    titles = {entry.panel: f"({entry.panel}) {entry.title}" for entry in page.chapter.published}
    for ax in axes.flat[len(letters) :]:
        ax.remove()
    for ax, letter in zip(axes.flat, letters, strict=False):
        part = summary[summary.panel == letter]
        if scatter:
            _draw_scatter(points[points.panel == letter], part.iloc[0], ax, titles[letter], edges=beside == 2)
        else:
            how = [MEASURES[name] for name in part.measure]
            named = part.assign(label=[measure.label for measure in how], kind=[measure.kind for measure in how])
            fig4(named, ax, title=f"{titles[letter]}\nn = {part.n.max()}")
    plt.close(figure)
    return figure


def _draw_scatter(points: pd.DataFrame, row: Any, ax: Axes, title: str, *, edges: bool) -> None:
    interval = "" if pd.isna(row.low) else f" [{row.low:.3f}, {row.high:.3f}]"
    tau = f"τ = {row.tau:.3f}{interval}{', ' if edges else chr(10)}n = {row.n}"
    title = title if edges else textwrap.fill(title, NARROW)
    points = points.rename(columns={NASWOT: "score"})
    fig3(points, ax, title=f"{title}\n{tau}", accuracy=f"{row.split} accuracy (%)", edges=edges)
    ax.title.set_fontsize(SMALL)


PANEL_COLUMNS = ("panel", "networks", "accuracy", "units", "n", "τ", "95% interval", "singular")


def show_published_panels(page: Page) -> None:
    """Show the panels of score against accuracy that the ``paper`` profile made, and what came out of them."""
    found = {name: panel for name, panel in page.published().items() if panel.entry.panel}
    by_letter = {entry.panel: entry for entry in page.chapter.published}
    rows = [
        [*_panel_cells(by_letter, row), f"{panel.link}, [scores]({_scores_link(row)})"]
        for panel in found.values()
        for row in panel.summary.to_dict("records")
    ]
    if not rows:
        return
    taus = pd.concat([panel.summary for panel in found.values()]).sort_values("tau", ascending=False, kind="stable")
    ranked = ", ".join(f"({letter})" for letter in taus.panel)
    page.say(f"From the highest τ to the lowest, the panels are {ranked}." if len(taus) > 1 else "")
    page.show(markdown_table([*PANEL_COLUMNS, "files"], rows), buttons(page.notebook()), _provenance(found))


def _scores_link(row: dict[Any, Any]) -> str:
    batch, skeleton = scored_on(row["dataset"])
    named = {key: row[key] for key in ("counting", "seed", "batch_size")}
    return f"../figures/paper/scores/{scores_name(row['space'], batch, skeleton=skeleton, **named)}"


def _panel_cells(by_letter: dict[str, Entry], row: dict[Any, Any]) -> list[object]:
    interval = ends(row["low"], row["high"])
    accuracy = f"{row['split']}, {row['epochs']} epochs"
    names = [f"({row['panel']})", by_letter[row["panel"]].title, accuracy, row["counting"]]
    return [*names, row["n"], f"{row['tau']:.3f}", interval, row["ranked_last"]]


def show_published_measures(page: Page) -> None:
    """Show the panels of several measures that the ``paper`` profile made as one picture, and their table."""
    shown = page.chapter.shown(lambda entry: page.find(entry) is not None)
    found = {entry.name: panel for entry in shown if (panel := page.find(entry))}
    of_paper = [entry for entry in shown if entry.space.startswith("nds_")]
    page.picture(page.name, draw_groups(of_paper, found), anchors=True)
    if found:
        summary = pd.concat([panel.summary for panel in found.values()])
        page.show(measures_in_words(summary[summary.space.str.startswith("nds_")]), measures_table(page, summary))
        files = {f"CSV ({panel.entry.panel})": f"../figures/paper/{name}-seed0.csv" for name, panel in found.items()}
        page.show(buttons(files | page.notebook()), _provenance(found))


def draw_groups(entries: Sequence[Entry], found: Mapping[str, Published]) -> Figure:
    """Figure 4 as the paper has it, a group of bars for each of ``entries``, from their published summaries."""
    shown = {name: measure for name, measure in MEASURES.items() if name != "grad_norm_euclidean"}
    parts = []
    for entry in entries:
        group = entry.title.replace(": ", "\n", 1).replace(", ", ",\n", 1)
        if entry.name not in found:
            parts.append(pd.DataFrame({"group": [group], "label": [""], "kind": ["score"], "tau": [np.nan]}))
            continue
        rows = found[entry.name].summary
        rows = rows[rows.measure.isin(list(shown))]
        how = [shown[name] for name in rows.measure]
        parts.append(rows.assign(group=group, label=[m.label for m in how], kind=[m.kind for m in how]))
    columns = ["group", "label", "kind", "tau", "low", "high"]
    return fig4_bars(pd.concat(parts, ignore_index=True).reindex(columns=columns), missing="not here: no table")


def measures_in_words(summary: pd.DataFrame) -> str:
    """Markdown: how far each measure's Kendall's tau lies from panel to panel, and in how many it is above 0."""
    panels = summary.panel.nunique()
    return "".join(
        f"- {MEASURES[str(name)].label}: τ from {part.tau.min():.3f} to {part.tau.max():.3f}; its interval lies above "
        f"0 in {(part.low > 0).sum()} of {panels} families, below 0 in {(part.high < 0).sum()}\n"
        for name, part in summary.groupby("measure", sort=False)
    )


def order_in_words(summary: pd.DataFrame) -> str:
    """The measures of one panel from the highest Kendall's tau to the lowest, in a sentence."""
    ranked = summary.sort_values("tau", ascending=False, kind="stable").to_dict("records")
    said = ", ".join(f"{MEASURES[row['measure']].label} {row['tau']:.3f}" for row in ranked)
    return f"From the highest τ to the lowest: {said}."


def _provenance(found: dict[str, Published]) -> str:
    return provenance_table({f"({panel.entry.panel})": panel.facts for panel in found.values()})


def measures_table(page: Page, summary: pd.DataFrame) -> str:
    """Markdown: Kendall's tau and its interval, a row a measure, a column a panel."""
    titles = {entry.panel: entry.title for entry in page.chapter.published}
    text = summary.assign(
        cell=[
            f"{row['tau']:.3f}"
            + ("" if pd.isna(row["low"]) else f" ({ends(row['low'], row['high'])})")
            + (f", {row['dropped']} failed" if row["dropped"] else "")
            for row in summary.to_dict("records")
        ],
        heading=[f"({letter}) {titles[letter]}" for letter in summary.panel],
    )
    wide = text.pivot_table("cell", "measure", "heading", aggfunc="first", sort=False, fill_value="")
    rows = [[MEASURES[str(name)].label, *cells] for name, cells in zip(wide.index, wide.to_numpy(), strict=True)]
    return markdown_table(["τ (95% interval)", *wide.columns], rows)
