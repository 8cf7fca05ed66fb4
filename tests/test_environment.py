"""pyproject.toml, requirements.lock and environment.yml name the same things."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
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
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
