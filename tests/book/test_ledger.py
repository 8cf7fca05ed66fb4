"""The ledger: a verdict on every claim, from the files, and the tables that show it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from naswotbook.claims import RULES
from naswotbook.experiments.after import read_after
from naswotbook.ledger import (
    claim_id,
    counts_in_words,
    counts_table,
    filter_form,
    ledger_table,
    make_ledger,
    read_claims,
    write_json,
)
from naswotbook.verdicts import VERDICTS

ROOT = Path(__file__).parents[2]
CLAIMS = [claim for part in read_claims(ROOT / "book/claims.yml").values() for claim in part]


def test_the_ledger_has_about_sixty_claims_and_a_verdict_on_each():
    ledger = make_ledger(ROOT / "book", ROOT / "figures/paper")
    assert len(ledger) == len(CLAIMS) >= 60
    assert set(ledger.verdict) <= set(VERDICTS)
    assert {claim["rule"] for claim in [*CLAIMS, *read_after(ROOT / "book/after.yml")["claims"]]} == set(RULES)
    assert not any("verdict" in claim for claim in CLAIMS)
    rows = ledger.set_index("claim")
    assert rows.loc["NAS-Bench-101 consists of 423,624 networks", "ours"] == "423624"
    text = counts_table(ledger) + ledger_table(ledger, {"fig3"})
    assert "{doc}`Figure 3a <fig3>`" in text
    assert "<fig7>" not in text


def test_every_result_that_is_not_the_papers_has_a_paragraph_that_the_ledger_leads_to():
    ledger = make_ledger(ROOT / "book", ROOT / "figures/paper")
    apart = ledger[ledger.verdict.isin(["close", "undecided", "differs", "contradicted"])]
    assert apart[apart.why == ""].claim.tolist() == []
    assert set(ledger[ledger.why != ""].index) == set(apart.index)
    sources = "".join(path.read_text() for path in (ROOT / "book").glob("*.md"))
    assert [label for label in ledger.why.unique() if label and f"\n({label})=\n" not in sources] == []
    assert "{ref}`Why? <why-table2>`" in ledger_table(ledger, set())


def test_each_claim_has_an_anchor_of_its_own_on_the_page_and_in_the_json(tmp_path):
    ledger = make_ledger(ROOT / "book", ROOT / "figures/paper")
    write_json(tmp_path / "claims.json", ledger)
    found = json.loads((tmp_path / "claims.json").read_text())
    assert found["verdicts"] == VERDICTS
    ids = [claim["id"] for claim in found["claims"]]
    assert len(set(ids)) == len(ids) == len(ledger)
    table = ledger_table(ledger, set())
    assert [f'id="{one}"' in table.replace('""', '"') for one in ids] == [True] * len(ids)
    for claim, row in zip(found["claims"], ledger.to_dict("records"), strict=True):
        assert claim["id"] == claim_id(row["where"], row["claim"])
        assert {key: claim.get(key, "") for key in row} == row


def test_the_form_offers_each_verdict_and_part_that_there_is_with_its_number():
    ledger = pd.DataFrame({"verdict": ["differs", "reproduced", "differs"], "part": ["B & C", "A", "B & C"]})
    form = filter_form(ledger)
    assert form.index("reproduced (1)") < form.index("differs (2)")
    assert '<option value="B &amp; C">B &amp; C (2)</option><option value="A">A (1)</option>' in form
    assert "close" not in form
    assert '<form class="ledger-form" hidden>' in form


def test_the_verdict_follows_the_file(tmp_path):
    claim = {"part": [{"where": "here", "claim": "c", "rule": "positive", "file": "t.csv", "needs": "x"}]}
    (tmp_path / "paper").mkdir()
    shutil.copy(ROOT / "book/paper/tables.csv", tmp_path / "paper")
    (tmp_path / "claims.yml").write_text(json.dumps(claim))
    assert make_ledger(tmp_path, tmp_path).verdict.tolist() == ["not run"]
    for low, expected in ((0.1, "reproduced"), (-0.1, "undecided")):
        pd.DataFrame({"tau": [0.2], "low": low, "high": 0.3, "n": 90}).to_csv(tmp_path / "t.csv", index=False)
        assert make_ledger(tmp_path, tmp_path).verdict.tolist() == [expected]


def test_claims_are_counted_by_what_could_have_come_out():
    rows = [("reproduced", "tested", "within error"), ("differs", "tested", "beyond error"), ("quoted", "x", "")]
    rows += [("other conditions", "under other conditions", ""), ("not run", "not run", "")]
    ledger = pd.DataFrame(rows, columns=["verdict", "kind", "errors"])
    words = " ".join(counts_in_words(ledger).split())
    assert "Of 5 claims, 2 were tested: 1 reproduced, 1 differs. 1 could be tested under other conditions" in words
    assert "1 were not run; 0 can have one answer only" in words
    assert "1 are within error, 1 beyond" in words


def test_at_most_a_few_claims_are_not_run_and_none_that_could_have_one_answer_counts_as_tested():
    ledger = make_ledger(ROOT / "book", ROOT / "figures/paper")
    of_rule = {claim["claim"] + claim["where"]: claim["rule"] for claim in CLAIMS}
    rules = (ledger.claim + ledger["where"]).map(of_rule)
    assert not set(rules[ledger.kind == "tested"]) & {"quoted", "seconds", "image", "unrun", "repeated"}
    assert (ledger.kind == "tested").sum() > 40


def test_a_claim_that_lacks_its_rule_is_an_error(tmp_path):
    (tmp_path / "claims.yml").write_text('{"part": [{"where": "here", "claim": "c"}]}')
    with pytest.raises(ValueError, match="a claim in 'part' lacks rule"):
        read_claims(tmp_path / "claims.yml")
