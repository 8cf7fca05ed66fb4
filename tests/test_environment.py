"""pyproject.toml, requirements.lock, environment.yml and what the library imports name the same things."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

import naswotlib
from naswotlib.cli.main import app

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "naswotlib"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = [*PROJECT["dependencies"], *(requirement for extra in EXTRAS.values() for requirement in extra)]
LINES = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")]
LOCKED = {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, LINES)}


@pytest.mark.parametrize("declared", DECLARED)
def test_the_lock_pins_every_declared_dependency_to_a_version_it_allows(declared: str) -> None:
    requirement = Requirement(declared)
    pin = LOCKED[canonicalize_name(requirement.name)]
    (version,) = [specifier.version for specifier in pin.specifier]
    assert version in requirement.specifier


def test_the_lock_holds_exact_versions_and_no_address() -> None:
    assert len(LOCKED) == len(LINES)
    for line in LINES:
        assert re.match(r"^[A-Za-z0-9._-]+==[^ ;@/]+( ; .+)?$", line)


def test_cuda_libraries_are_locked_for_linux_on_x86_64_alone() -> None:
    cuda = [pin for name, pin in LOCKED.items() if name.startswith(("nvidia-", "cuda-")) or name == "triton"]
    assert len(cuda) > 10
    for pin in cuda:
        assert pin.marker is not None
        assert pin.marker.evaluate({"sys_platform": "linux", "platform_machine": "x86_64"})
        assert not pin.marker.evaluate({"sys_platform": "linux", "platform_machine": "aarch64"})
        assert not pin.marker.evaluate({"sys_platform": "darwin", "platform_machine": "x86_64"})


def test_the_conda_environment_installs_the_lock_and_the_package_with_every_extra() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert conda["name"] == PROJECT["name"]
    python, pip, from_pip = conda["dependencies"]
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])
    assert pip == "pip"
    assert from_pip["pip"] == ["-r requirements.lock", f"-e .[{','.join(EXTRAS)}]", "-e ./book"]


def test_citation_and_package_have_one_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (naswotlib.__version__, PROJECT["license"])
    assert "version" in PROJECT["dynamic"]
    assert f"\n## [{naswotlib.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_conda_recipe_asks_for_what_the_package_does() -> None:
    recipe = (ROOT / ".conda" / "meta.yaml").read_text()
    asked = recipe[recipe.index("  run:") : recipe.index("\ntest:")].split("    - ")[1:]
    names = {"pytorch": "torch"}
    found = [Requirement(names.get(name, name) + bound) for name, bound in (line.split() for line in asked)]
    wanted = [Requirement(f"python{PROJECT['requires-python']}"), *map(Requirement, PROJECT["dependencies"])]
    assert {str(one) for one in found} == {str(one) for one in wanted}


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.stem)
def test_what_a_workflow_runs_of_ours_exists(path: Path) -> None:
    jobs = yaml.safe_load(path.read_text())["jobs"].values()
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for target in re.findall(r"\bmake ([a-z]+)", "\n".join(runs)):
        assert target in targets, target
    for script in re.findall(r"(\.ci/\w+)", "\n".join(runs)):
        assert (ROOT / script).exists()
    for command in re.findall(r"naswot ((?:data )?[a-z]+)", "\n".join(runs)):
        shown = CliRunner().invoke(app, [*command.split(), "--help"])
        assert shown.exit_code == 0, command


MAX_DEPENDENCIES = 14
CORE = "dependencies"
BROUGHT_BY = {"llvmlite": "numba"}  # numba's intrinsics are written with its own llvmlite, of the one version it pins
GROUPS = {
    group: {canonicalize_name(Requirement(declared).name) for declared in requirements}
    for group, requirements in {CORE: PROJECT["dependencies"], **EXTRAS}.items()
}


def third_party(folder: Path) -> Iterator[tuple[str, str, str]]:
    """File, imported name and where it has to be declared: CORE, or the extra that ``import_extra`` names."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            found, group = [], CORE
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found = [node.module or ""]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                "import_module",
                "import_extra",
            ):
                first = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
                found = [str(first.value)] if isinstance(first, ast.Constant) else []
                group = ast.literal_eval(node.args[1]) if len(node.args) > 1 else CORE
            for name in found:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top != "naswotlib":
                    yield str(path.relative_to(folder)), top, group


def undeclared(folder: Path) -> list[str]:
    """Imports of a library like ours whose distribution is not declared where it has to be."""
    distributions, faults = packages_distributions(), []
    for file, top, group in third_party(folder):
        names = {canonicalize_name(name) for name in distributions.get(BROUGHT_BY.get(top, top), [])}
        if not names & GROUPS.get(group, set()):
            faults.append(f"{file} imports {top}, which is not declared in {group}")
    return faults


def test_there_are_few_direct_dependencies() -> None:
    assert len(GROUPS[CORE]) == len(PROJECT["dependencies"]) <= MAX_DEPENDENCIES


def test_every_import_is_declared_where_it_is_needed() -> None:
    assert undeclared(LIBRARY) == []


def test_every_core_dependency_is_imported() -> None:
    distributions = packages_distributions()
    plain = {top for _, top, group in third_party(LIBRARY) if group == CORE}
    assert GROUPS[CORE] - {canonicalize_name(name) for top in plain for name in distributions[top]} == set()


@pytest.mark.parametrize(("top", "by"), BROUGHT_BY.items())
def test_what_a_dependency_brings_is_pinned_by_it(top: str, by: str) -> None:
    (pin,) = [found for found in map(Requirement, requires(by) or []) if found.name == top]
    assert {">=", "<"} <= {specifier.operator for specifier in pin.specifier}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("import seaborn", "seaborn, which is not declared in dependencies"),
        ("def f():\n    from dask.array import ones", "dask, which is not declared in dependencies"),
        ("pooch = import_extra('pooch', 'book')", "pooch, which is not declared in book"),
        ("pooch = errors.import_extra('pooch.core', 'nothing')", "pooch, which is not declared in nothing"),
        ("proto = import_extra(f'google.protobuf.{name}', 'distributed')", "google, which is not declared in"),
        ("yaml = import_module('yaml')", "yaml, which is not declared in dependencies"),
        ("import no_such_package", "no_such_package, which is not declared in dependencies"),
    ],
)
def test_an_import_that_is_not_declared_is_found(tmp_path: Path, line: str, fault: str) -> None:
    (tmp_path / "module.py").write_text(f"{line}\nimport os, numpy\nfrom PIL import Image\n")
    (found,) = undeclared(tmp_path)
    assert fault in found
