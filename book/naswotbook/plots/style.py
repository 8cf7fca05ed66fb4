"""One look for every picture: the style file beside this one, and what each colour means."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap

SCORE, COUNT, OTHER = "#0072B2", "#D55E00", "#009E73"  # the score; what is counted; other measures, other searches
COLOURS = {"score": SCORE, "size": COUNT, "proxy": OTHER}
QUIET = "#767676"  # what is there for orientation, such as lines of zero
INK = "#222222"  # that of text, for intervals and for what belongs to no measure
# What is told apart and is no measure, such as data sets and spaces: hues that mean nothing else.
GROUPS = ("#56B4E9", "#E69F00", "#CC79A7", "#444444", "#882255")
# Of points: the same count has the same mark in every figure, and all else is round.
MARKS = {"ReLU units": "s", "parameters": "^", "FLOPs": "D", "convolutions": "v", "convolutions, then 3×3": "P"}
# From low to high accuracy; its lightest end is left out, which is hardly seen on white.
ACCURACY = LinearSegmentedColormap.from_list("accuracy", colormaps["cividis"](np.linspace(0, 0.85, 64)))
WIDE = 8.1  # inches across a page
SMALL = 9.6  # points of the smallest text
NARROW = 24  # letters of a title over a third of a page


def shades(colour: str, number: int) -> list[str]:
    """So many shades of a colour of the palette, from light to the colour itself."""
    return list(sns.light_palette(colour, number + 1).as_hex()[1:])


def subscripts(text: str) -> str:
    """``K_H`` and ``N_A`` of a label as matplotlib sets them."""
    return re.sub(r"\b([KN])_([HA])\b", r"$\\mathregular{\1_\2}$", text)


def use_style() -> None:
    """Set matplotlib's parameters for all pictures drawn after."""
    plt.style.use(Path(__file__).with_name("naswot.mplstyle"))
