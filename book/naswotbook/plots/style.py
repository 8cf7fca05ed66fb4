"""One look for every picture: the style file beside this one, and what each colour means."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt

SCORE, COUNT, OTHER = "#0072B2", "#D55E00", "#009E73"  # the score; what is counted; other measures, other searches
COLOURS = {"score": SCORE, "size": COUNT, "proxy": OTHER}
QUIET = "#767676"  # what is there for orientation, such as lines of zero
WIDE = 8.1  # inches across a page


def use_style() -> None:
    """Set matplotlib's parameters for all pictures drawn after."""
    plt.style.use(Path(__file__).with_name("naswot.mplstyle"))
