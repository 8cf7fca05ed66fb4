"""What other packages bring: found by name, imported when asked for, and broken or clashing alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from naswotlib import get_space, list_spaces, load_benchmark, load_images, score_archs
from naswotlib.benchmarks.table import TableInfo, make_table, write_table
from naswotlib.data import plugins as module
from naswotlib.scoring.measures import measure_network
from naswotlib.scoring.proxies import NEED_LABELS, PROXIES, find_proxy, list_proxies, load_batch
from naswotlib.spaces import base
from support.plugin_package import CODE, POINTS, write_package

SPACES, MEASURES, BENCHMARKS = POINTS


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that Python looks for packages in; what was loaded from it is forgotten at the end."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("NASWOTLIB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(module, "_plugins", module._plugins.__wrapped__)
    modules, kept = {*sys.modules}, (dict(base._SPACES), dict(base._FACTORIES), dict(PROXIES), set(NEED_LABELS))
    yield tmp_path / "site"
    for name in {*sys.modules} - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
    for holder, before in zip((base._SPACES, base._FACTORIES, PROXIES), kept[:3], strict=True):
        holder.clear()
        holder.update(before)
    NEED_LABELS.intersection_update(kept[3])


@pytest.fixture
def acme(site: Path) -> Path:
    file = write_package(site, "acme", POINTS, CODE)
    info = TableInfo("acme_table", "acme_widths", "made up", "MIT", "0" * 64, {"test": "made up"}, "made up", "one")
    texts = ["32", "64", "96", "128"]
    write_table(
        site / "table.parquet", make_table(info, texts, {("cifar10", "test", 1): [[10.0], [20.0], [30.0], [40.0]]})
    )
    return file


def test_a_name_is_listed_without_importing_the_package_and_imported_when_it_is_asked_for(acme: Path) -> None:
    assert "acme_widths" in list_spaces("acme*")
    assert {"naswot", "synflow", "acme_layers", "acme_labels"} <= {*list_proxies()}
    assert get_space("nats_size").name == "nats_size"
    assert "acme" not in sys.modules
    space = get_space("acme_widths")
    assert (space.name, type(space).__module__) == ("acme_widths", "acme")
    assert get_space("acme_widths") is space


@pytest.mark.parametrize("workers", [1, 2])
def test_a_space_and_a_measure_of_a_package_score_many_networks(acme: Path, tmp_path: Path, workers: int) -> None:
    inputs = load_images("noise", 6, seed=0, side=8)
    how: dict[str, object] = {"seed": 0, "progress": False, "workers": workers}
    table = score_archs("acme_widths", ["32", "128"], inputs, **how)  # type: ignore[arg-type]
    assert table.num_units.tolist() == [32, 128]
    layers = score_archs("acme_widths", ["32"], inputs, proxy="acme_layers", out=tmp_path / "out", **how)  # type: ignore[arg-type]
    assert layers.score.tolist() == [2]
    settings = json.loads((tmp_path / "out" / "_manifest.json").read_text())["settings"]
    assert re.fullmatch("[0-9a-f]{16}", settings["code of acme_layers"])


def test_a_measure_that_needs_labels_gets_them(acme: Path) -> None:
    inputs, labels = load_batch("photos", 4, proxy="acme_labels", seed=0, side=8)
    assert labels is not None
    network = get_space("acme_widths").build(32, seed=0)
    assert find_proxy("acme_labels")(network, inputs, labels=labels) == float(labels.sum())
    values, errors = measure_network(network, inputs, ["acme_layers", "acme_labels"], labels=labels)
    assert (values, errors) == ({"acme_layers": 2.0, "acme_labels": float(labels.sum())}, {})


def test_a_benchmark_of_a_package_is_asked_like_any_other(acme: Path) -> None:
    benchmark = load_benchmark("acme_table")
    assert benchmark.accuracy(["128", "32"], dataset="cifar10", split="test", epochs=1).tolist() == [40, 10]
    with pytest.raises(ValueError, match=r"name: 'no_table' is unknown; choose one of .*acme_table"):
        load_benchmark("no_table")


FAULTS = {
    "does not import": ("raise RuntimeError('no licence\\nserver')", "RuntimeError: no licence server"),
    "lacks it": ("", "AttributeError: module 'poor' has no attribute 'thing'"),
    "leaves": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "does not parse": ("def (", "SyntaxError: "),
    "is something else": ("thing = 5", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_package_fails_alone_in_a_line_with_its_name(acme: Path, site: Path, fault: str) -> None:
    code, text = FAULTS[fault]
    write_package(site, "poor", {group: {"poor_thing": "poor:thing"} for group in POINTS}, code)
    for find in (get_space, find_proxy, load_benchmark):
        with pytest.raises(
            ValueError, match=r"'poor_thing' of the package poor 1\.2 \(poor:thing\) cannot be used"
        ) as told:
            find("poor_thing")
        assert text in str(told.value)
        assert str(told.value).endswith("; mend or uninstall that package")
        assert "\n" not in str(told.value)
    assert get_space("acme_widths").name == "acme_widths"
    assert find_proxy("acme_layers")(get_space("acme_widths").build(32, seed=0), None) == 2
    assert len(load_benchmark("acme_table").archs) == 4


def test_a_space_that_calls_itself_otherwise_is_refused(site: Path) -> None:
    write_package(site, "acme", {SPACES: {"other": "acme:Widths"}}, CODE)
    with pytest.raises(
        ValueError, match=r"acme 1\.2 .* calls itself 'acme_widths', expected the name of its entry point"
    ):
        get_space("other")


@pytest.mark.parametrize(
    ("group", "name", "find"),
    [
        (SPACES, "acme_widths", get_space),
        (MEASURES, "acme_layers", find_proxy),
        (BENCHMARKS, "acme_table", load_benchmark),
    ],
)
def test_a_name_of_two_packages_is_refused_with_both_named(acme: Path, site: Path, group, name, find) -> None:
    write_package(site, "rival", {group: {name: "rival:thing"}}, version="3")
    with pytest.raises(ValueError, match=rf"'{name}' is a name of (acme 1\.2 .*rival 3|rival 3 .*acme 1\.2)"):
        find(name)


@pytest.mark.parametrize(
    ("group", "name", "find"),
    [
        (SPACES, "nds_pnas", get_space),
        (MEASURES, "synflow", find_proxy),
        (BENCHMARKS, "nasbench101", load_benchmark),
        (BENCHMARKS, "bundled-nats_size", load_benchmark),
    ],
)
def test_a_name_of_this_library_and_of_a_package_is_refused_with_both_named(
    site, monkeypatch, group, name, find
) -> None:
    monkeypatch.delitem(base._SPACES, name, raising=False)
    write_package(site, "rival", {group: {name: "rival:thing"}})
    with pytest.raises(ValueError, match=rf"'{name}' is a name of naswotlib and of rival 1\.2 \(rival:thing\)"):
        find(name)
    assert get_space("nats_size").name == "nats_size"


def test_a_table_in_ones_own_folder_and_one_of_a_package_are_not_mixed_up(acme: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "acme_table.parquet").write_bytes(acme.with_name("table.parquet").read_bytes())
    with pytest.raises(ValueError, match=r"is a name of .*data/acme_table\.parquet and of acme 1\.2"):
        load_benchmark("acme_table")


def test_a_package_cannot_take_the_place_of_what_is_ours_while_it_is_imported(site: Path) -> None:
    code = CODE.replace('register_proxy("acme_labels"', 'register_proxy("snip"')
    write_package(site, "acme", POINTS, code)
    before = PROXIES["snip"]
    with pytest.raises(ValueError, match=r"acme 1\.2 .*proxy: 'snip' is a measure of naswotlib; acme has to choose"):
        find_proxy("acme_layers")
    assert PROXIES["snip"] is before


def test_what_is_registered_here_is_preferred_to_the_same_from_an_installed_package(acme: Path) -> None:
    import acme as package

    mine = package.Widths()
    base.register_space("acme_widths")(lambda: mine)
    assert get_space("acme_widths") is mine


def test_pip_installs_a_package_whose_names_the_shell_then_knows(tmp_path: Path) -> None:
    """A real installation: a folder with a pyproject.toml, without network; the shell in a process of its own."""
    source, site = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    (source / "acme.py").write_text(CODE)
    groups = [
        f'[project.entry-points."{group}"]\n' + "".join(f"{k} = {json.dumps(v)}\n" for k, v in of.items())
        for group, of in POINTS.items()
    ]
    head = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    head += '[project]\nname = "acme-nas"\nversion = "0.3"\n[tool.setuptools]\npy-modules = ["acme"]\n'
    (source / "pyproject.toml").write_text(head + "\n".join(groups))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--no-cache-dir", "--target", str(site), str(source)], check=True, capture_output=True)
    write_package(site, "poor", {SPACES: {"poor_thing": "poor:thing"}})
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]),
        "COLUMNS": "200",
    }

    def naswot(*arguments: str) -> tuple[int, str, str]:
        code = "from naswotlib.cli.main import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    status, out, err = naswot("spaces")
    assert (status, err.count("\n")) == (0, 1), err
    assert re.search(r"acme_widths +4 +One hidden layer of some width. +acme-nas 0\.3 *\n", out)
    assert re.search(r"poor_thing +cannot be used +poor 1\.2 *\n", out)
    assert re.search(r"nasbench201 +15,625 .* naswotlib *\n", out)
    assert err.startswith(
        "naswot: space: 'poor_thing' of the package poor 1.2 (poor:thing) cannot be used: AttributeError"
    )
    status, out, err = naswot("measures", "acme*", "--json")
    found = [(row["name"], row["package"], row["error"]) for row in json.loads(out)]
    assert found == [("acme_labels", "acme-nas 0.3", ""), ("acme_layers", "acme-nas 0.3", "")]
    small = ("--images", "noise", "--batch-size", "4", "--json")
    status, out, err = naswot("score", "--space", "acme_widths", "--count", "2", "--proxy", "acme_layers", *small)
    assert status == 0, err
    assert [row["score"] for row in json.loads(out)] == [2, 2]
    assert "acme_table" in naswot("data", "where", "--json")[1]
