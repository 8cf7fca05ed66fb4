"""Tables and figures as MyST: what stands in them, and how it is written."""

import numpy as np
import pandas as pd

from naswotbook.markdown import (
    buttons,
    csv_table,
    few_networks,
    figure_block,
    folded,
    frame_table,
    markdown_table,
    size_table,
)
from naswotbook.registry import Entry


def test_a_table_in_markdown_has_its_columns_and_cells() -> None:
    assert markdown_table(["a", "b"], [[1, "x"]]) == "| a | b |\n| --- | --- |\n| 1 | x |\n"


def test_a_frame_has_a_format_a_column_three_decimals_without_and_nothing_where_nothing_is() -> None:
    frame = pd.DataFrame({"tau": [0.5, np.nan], "n": [15625, 3], "by": ["x", None], "hours": [1.25, 2.0]})
    table = frame_table(frame, {"n": ",", "hours": lambda hours: f"{hours:.1f} h"})
    assert table.splitlines()[2:] == ["| 0.500 | 15,625 | x | 1.2 h |", "|  | 3 |  | 2.0 h |"]


def test_a_table_with_a_caption_has_a_name_to_refer_to() -> None:
    table = csv_table(pd.DataFrame({"Method": ["a, b"], "val.": ["1 ± 2"]}), "A caption", "table-x")
    assert table == '```{csv-table} A caption\n:name: table-x\n:header-rows: 1\n\nMethod,val.\n"a, b",1 ± 2\n```\n'


def test_a_figure_has_the_label_caption_and_alternative_text_of_its_entry() -> None:
    entry = Entry("fig7", "fig7", label="fig-7", caption="Seconds.\n", alt="Seconds\nof search")
    block = figure_block(entry, "../figures/fig7.png")
    assert block == "```{figure} ../figures/fig7.png\n:name: fig-7\n:alt: Seconds of search\n\nSeconds.\n```\n"


def test_a_figure_is_as_wide_as_it_is_asked_to_be_keeps_its_plate_and_is_found_by_its_panels() -> None:
    entry = Entry("fig1", "fig1", label="fig-1", caption="Kernels.", alt="Kernels", plate=True)
    block = figure_block(entry, "fig1.png", width=750, anchors=["fig-1a", "fig-1b"])
    assert block.startswith("(fig-1a)=\n(fig-1b)=\n```{figure} fig1.png\n")
    assert ":width: 750px\n:figclass: plate\n" in block


def test_what_can_be_downloaded_is_one_row_and_nothing_where_nothing_is() -> None:
    row = buttons({"CSV": "../a.csv", "notebook": "_sources/fig1.ipynb"})
    assert '[CSV](../a.csv) <a href="_sources/fig1.ipynb" download>notebook</a>' in row
    assert buttons({}) == ""


def test_what_is_folded_has_a_line_that_opens_it() -> None:
    assert folded("More", "| a |\n") == "<details><summary>More</summary>\n\n| a |\n\n</details>\n"
    assert folded("More", "| a |\n", "after").splitlines()[2:5] == ["| a |", "", "after"]


def test_a_size_table_has_three_percentiles_in_millions_for_each_group():
    table = pd.DataFrame({"parameters": [1e6, 2e6, 3e6], "num_units": 5e5, "flops": 1234e6, "space": ["a", "b", "b"]})
    [*_, row] = size_table(table).splitlines()
    assert row == "| 5% / median / 95% | 1.1 / 2 / 2.9 | 0.5 / 0.5 / 0.5 | 1,234 / 1,234 / 1,234 |"
    assert [line.split(" | ")[0] for line in size_table(table, by="space").splitlines()[2:]] == ["| a", "| b"]


def test_few_networks_are_said_to_be_few() -> None:
    assert "fewer than ten" in few_networks([140, 4])
    assert few_networks([140, 10]) == few_networks([]) == ""
