"""What several test files of the book share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from naswotbook.claims import judge
from naswotbook.verdicts import Results, Verdict
from support.verdicts import PRINTED


@pytest.fixture
def verdict(tmp_path: Path) -> Callable[..., Verdict]:
    """Judge a claim by the rows of a file."""

    def judge_rows(table: Any, /, **claim: Any) -> Verdict:
        pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
        return judge({"claim": "c", "file": "t.csv", **claim}, Results(tmp_path, PRINTED))

    return judge_rows
