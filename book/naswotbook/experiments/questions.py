"""The numbers in answers to questions that are asked often: a sentence each, from the files of figures/paper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from naswotbook.findings import Files
from naswotbook.pairs import tau_b
from naswotlib.data.score_tables import FILES, MANIFEST

KEPT = "nasbench201-{}-once-seed{}.parquet"


class Answers:
    """Sentences from the results in ``folder``, that of the ``paper`` profile."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._files = folder, Files(folder)

    def _table(self, name: str) -> pd.DataFrame:
        return self._files.table(name)

    def _scores(self, dataset: str = "cifar10", seed: int = 0) -> pd.DataFrame:
        return pd.read_parquet(self._folder / "scores" / KEPT.format(dataset, seed)).set_index("arch")

    def _compared(self, comparison: str) -> Any:
        found = self._table("equation1-seed0")
        return found[found.comparison == comparison].iloc[0]

    def _with_accuracy(self, file: str) -> Any:
        found = self._table("scores-accuracy-seed0")
        return found[found.file == file].iloc[0]

    def eval_mode(self) -> str:
        """Running statistics against those of the mini-batch."""
        row = self._compared("BatchNorm on the mini-batch, running")
        return f"""On {row.n:,} NAS-Bench-201 cells the two orders agree with a τ of {row.agreement:.2f} only,
        and the τ with accuracy falls from {row.tau_first:.2f} to {row.tau_second:.2f}."""

    def near_coin_flips(self) -> str:
        """How little of a score is not the number of units."""
        found = self._table("classifiers").dropna(subset="score")
        found = found[found.batch_size == found.batch_size.max()]
        share = found.score / found.coin_flips
        return f"""Of {len(found)} classifiers of torchvision, each on {found.batch_size.max():.0f}
        photographs, the score is {share.min():.2f} to {share.max():.2f} times that of coin flips with as many units."""

    def initialisations(self) -> str:
        """Two seeds."""
        rows = [self._compared(f"seed 0, seed {seed}") for seed in (1, 2)]
        taus = ", ".join(f"{tau:.3f}" for tau in (rows[0].tau_first, *(row.tau_second for row in rows)))
        return f"""The scores of seeds 0 and 1 order all {rows[0].n:,} cells of NAS-Bench-201 alike with a τ of
        {rows[0].agreement:.3f}, and three seeds have a τ with accuracy of {taus}: there is little left for a mean to
        smooth out."""

    def during_training(self) -> str:
        """The score after training against that before."""
        found = self._table("fig6-seed0")
        last = found.iloc[-1]
        return f"""Of {last.networks:.0f} networks that we trained for {last.epoch:.0f} epochs,
        {last.above_start:.0f} score higher after training than before, and the order of their scores at the
        end agrees with that at the start with a τ of {last.tau_start:.2f}."""

    def other_images(self) -> str:
        """The same cells on other data sets."""
        ours = self._scores()
        told = []
        for name, dataset in (("CIFAR-100", "cifar100"), ("ImageNet16-120", "imagenet16-120")):
            other = self._scores(dataset).reindex(ours.index)
            told.append(f"{tau_b(ours.score.to_numpy(), other.score.to_numpy()):.3f} with {name}")
        return f"""Over all {len(ours):,} cells of NAS-Bench-201 the scores on CIFAR-10 images agree in order
        with those on others: τ is {" and ".join(told)}."""

    def noise(self) -> str:
        """Photographs against noise, on the published networks of ImageNet."""
        found = self._table("nds-imagenet-seed0")
        found = found[(found.measure == "naswot") & (found.counting == "once") & (found.epochs == found.epochs.max())]
        by_image = found.pivot_table(index="space", columns="images", values="tau")
        higher = int((by_image.noise224 > by_image.photos224).sum())
        return f"""On the networks of {len(by_image)} families that were trained on ImageNet, τ with accuracy is
        {by_image.photos224.min():.2f} to {by_image.photos224.max():.2f} with photographs, and with noise
        {by_image.noise224.min():.2f} to {by_image.noise224.max():.2f}; noise is ahead in {higher} of them."""

    def signs(self) -> str:
        """Which measures order networks the wrong way round."""
        found = self._table("measures-seed0")
        below = found[found.high < 0]
        return f"""Of {len(found)} measures on {found.n.max():,} cells, {len(below)} has a τ below zero with its whole
        interval ({", ".join(f"`{row.measure}`, {row.tau_b:.2f}" for row in below.itertuples())}), which an
        absolute value would have hidden."""

    def tables(self) -> str:
        """What can be downloaded."""
        files = json.loads((self._folder / "scores" / MANIFEST).read_text())[FILES].values()
        size = sum(file["bytes"] for file in files) / 1e6
        return f"""There are {len(files)} tables with {sum(file["rows"] for file in files):,} rows, {size:.1f}
        MB in all, of every cell of NAS-Bench-201 on three data sets among others."""

    def seen(self) -> str:
        """What a search without accuracies finds."""
        row = self._files.mean("NASWOT (N=100)")
        return f"""Judged afterwards, what it chooses of 100 random cells of NAS-Bench-201 has {row["mean"]:.2f}%
        [{row["low"]:.2f}, {row["high"]:.2f}] on the test images of CIFAR-10."""

    def size(self) -> str:
        """Among networks of unequal and of equal number of units."""
        found = self._table("predictors-cifar10-seed0")
        taus = {
            kind: found[(found.kind == kind) & (found.measure == "naswot") & (found.given == "num_units")].iloc[0].tau
            for kind in ("unequal", "equal")
        }
        count = found[(found.kind == "unequal") & (found.measure == "num_units")].iloc[0].tau
        return f"""On NAS-Bench-201, among pairs of cells with unequal numbers of units, the score has a τ of
        {taus["unequal"]:.2f} with accuracy and the mere number {count:.2f}; among pairs of equal number, where
        it says nothing, the score has {taus["equal"]:.2f}."""

    def sample(self) -> str:
        """How many networks of NAS-Bench-101 are scored."""
        row = self._with_accuracy("nasbench101-cifar10-reference-seed0.parquet")
        return f"""On {row.n:,} of them τ with accuracy is {row.tau:.2f} [{row.low:.2f}, {row.high:.2f}]; more
        networks would make that interval narrower, and little else."""

    def whole_and_top(self) -> str:
        """One benchmark, several correlations."""
        row = self._with_accuracy(KEPT.format("cifar10", 0))
        return f"""Of the same scores of {row.n:,} cells, Kendall's τ with accuracy is {row.tau:.2f}, among the
        tenth with the highest score {row.tau_top:.2f}, and among the most accurate tenth {row.tau_best:.2f}."""

    def hours(self) -> str:
        """What the whole of NAS-Bench-201 takes."""
        every, kept = self._table("gpu-all").iloc[0], self._scores()
        return f"""All {len(kept):,} cells took {kept.seconds.sum() / 3600:.1f} hours of one thread on a processor that
        did other work too, and {every.seconds:.0f} seconds on one H100 with {every.workers:.0f} processes."""

    def accuracies(self) -> str:
        """How far accuracies of one benchmark agree with each other."""
        found = self._table("accuracy-agreement")
        found = found[found.second == "cifar10 test, 200 epochs"]
        short, long = (found[found["first"] == f"cifar10 validation, {epochs} epochs"].iloc[0] for epochs in (12, 200))
        return f"""With the test accuracy after 200 epochs, the validation accuracy agrees with a τ of
        {long.tau:.2f} after 200 epochs, and of {short.tau:.2f} after 12."""

    def classifiers(self, ranking: pd.DataFrame) -> str:
        """Counts against the score on networks of many families; ``ranking`` is that of experiments.classifiers."""
        every = ranking[ranking.networks == "all"].set_index("measure")
        told = ", ".join(f"{np.round(every.tau[name], 2):.2f} of {text}" for name, text in COUNTS.items())
        return f"""On {every.n.max()} classifiers of torchvision τ with ImageNet accuracy is
        {every.tau["score"]:.2f} of the score, {told}."""


COUNTS = {"parameters": "parameters", "flops": "multiply-adds", "num_units": "units"}
