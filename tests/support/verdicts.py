"""What the paper prints, by which made-up results are judged."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
PRINTED = pd.read_csv(ROOT / "book/paper/tables.csv", dtype={"table": str})
