"""What is built carries what the library reads, and works with nothing but the declared core dependencies.

The wheel is installed into an empty environment that sees, of the packages of this one, those alone that the core
dependencies need.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from naswotlib import get_space, list_spaces, load_benchmark, load_images, naswot_score

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
NOT_COPIED = shutil.ignore_patterns(
    ".*", "_build", "build", "dist", "figures", "notebooks", "*.egg-info", "__pycache__"
)
ARCH = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"


@dataclass(frozen=True)
class Built:
    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Light:
    """An environment with the wheel, and a folder of what its core dependencies need."""

    folder: Path
    needed: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in an empty folder, with nothing of this process's environment."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NASWOT", "PYTEST"))}
        env |= {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
        program = str(self.folder / "bin" / command[0])
        empty = self.folder.with_name("empty")
        empty.mkdir(exist_ok=True)
        return subprocess.run(
            [program, *command[1:]], check=False, cwd=empty, env=env, capture_output=True, text=True, timeout=500
        )

    def python(self, code: str, *args: str) -> str:
        """What ``code`` prints, run to its end."""
        told = self.run("python", "-c", code, *args)
        assert told.returncode == 0, told.stderr
        return told.stdout


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """The installed distributions that ``requirements`` need, by canonical name; extras count where they are asked."""
    found: dict[str, Distribution] = {}
    to_do, done = [*map(Requirement, requirements)], set()
    while to_do:
        requirement = to_do.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {extra for known, extra in done if known == name}:
            done.add((name, extra))
            found[name] = distribution(requirement.name)
            of_it = map(Requirement, found[name].requires or [])
            to_do += [r for r in of_it if (r.marker.evaluate({"extra": extra}) if r.marker else not extra)]
    return found


def link(chosen: dict[str, Distribution], folder: Path) -> None:
    """Links to the files of ``chosen``, in ``folder``; to whole packages where nobody else has a share in them."""
    files = {canonicalize_name(each.name): each.files or [] for each in distributions()}
    tops = {name: {file.parts[0] for file in of_it} - {"..", "__pycache__"} for name, of_it in files.items()}
    others = {top for name, of_it in tops.items() if name not in chosen for top in of_it}
    folder.mkdir()
    for name, each in chosen.items():
        shared = [file for file in files[name] if file.parts[0] in tops[name] & others]
        for file in [*(tops[name] - others), *shared]:
            place = folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.is_symlink():  # of a package that several of them share
                place.symlink_to(each.locate_file(file))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist of the checkout, and the wheel that pip makes from it."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, folder / "checkout", ignore=NOT_COPIED)
    build = "import sys, setuptools.build_meta as backend; backend.build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, folder], check=True, cwd=folder / "checkout", capture_output=True)
    (sdist,) = folder.glob("*.tar.gz")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--no-cache-dir"]
    subprocess.run([*pip, "--quiet", "--wheel-dir", folder, sdist], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return Built(sdist, wheel)


@pytest.fixture(scope="module")
def core(built: Built) -> dict[str, Distribution]:
    """What the wheel says that it needs, and what that needs."""
    with zipfile.ZipFile(built.wheel) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        lines = wheel.read(name).decode().partition("\n\n")[0].splitlines()
    declared = [line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist: ")]
    return closure([line for line in declared if "extra ==" not in line])


@pytest.fixture(scope="module")
def light(built: Built, core: dict[str, Distribution], tmp_path_factory: pytest.TempPathFactory) -> Light:
    folder = tmp_path_factory.mktemp("light")
    found = Light(folder / "environment", folder / "needed")
    venv.create(found.folder, with_pip=False, symlinks=True)
    link(core, found.needed)
    (site,) = found.folder.glob("lib/python*/site-packages")
    (site / "needed.pth").write_text(f"{found.needed}\n")
    pip = [sys.executable, "-m", "pip", "--python", found.folder / "bin" / "python", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", built.wheel], check=True)
    subprocess.run([*pip, "check"], check=True, capture_output=True)  # that what is needed is there
    return found


def test_sdist_and_wheel_have_every_file_of_the_library_and_nothing_of_tests_or_book(built: Built) -> None:
    files = [path for path in (ROOT / "naswotlib").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    library = {str(path.relative_to(ROOT)) for path in files}
    assert {"naswotlib/py.typed", "naswotlib/data/sources.tsv"} <= library
    assert {f"naswotlib/benchmarks/bundled/{name}.parquet" for name in ("nasbench201", "nds_darts")} <= library
    with zipfile.ZipFile(built.wheel) as wheel:
        assert {name for name in wheel.namelist() if ".dist-info/" not in name} == library
    with tarfile.open(built.sdist) as sdist:
        names = {str(Path(*Path(file.name).parts[1:])) for file in sdist if file.isfile()}
    assert {name for name in names if name.startswith("naswotlib/")} == library
    others = {name for name in names if not name.startswith(("naswotlib/", "naswotlib.egg-info/"))}
    assert others <= {"LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}


def test_what_the_core_does_not_need_is_absent(light: Light, core: dict[str, Distribution]) -> None:
    absent = [
        name
        for name, owners in packages_distributions().items()
        if name.isidentifier() and not {*map(canonicalize_name, owners)} & {*core, "naswotlib"}
    ]
    assert {"seaborn", "matplotlib", "pooch", "yaml", "distributed", "pytest", "torchvision", "tfrecord"} <= {*absent}
    find = "import sys; from importlib.util import find_spec; print([name for name in sys.argv[1:] if find_spec(name)])"
    assert light.python(find, *absent) == "[]\n"


def test_python_scores_and_reads_the_bundled_benchmark_as_it_does_here(light: Light) -> None:
    code = """
import sys
from naswotlib import get_space, load_benchmark, load_images, naswot_score
space = get_space("nasbench201")
network = space.build(space.from_str(sys.argv[1]), seed=0)
print(float(naswot_score(network, load_images("photos", 8, seed=0))), load_benchmark("bundled").info.sha256)
"""
    space = get_space("nasbench201")
    score = naswot_score(space.build(space.from_str(ARCH), seed=0), load_images("photos", 8, seed=0))
    assert light.python(code, ARCH) == f"{float(score)} {load_benchmark('bundled').info.sha256}\n"


def test_every_module_but_the_contracts_is_imported_from_the_wheel_and_its_needs_alone(light: Light) -> None:
    code = """
import importlib, json, pkgutil, sys
import naswotlib
for module in pkgutil.walk_packages(naswotlib.__path__, "naswotlib."):
    if not module.name.endswith(".contracts"):
        importlib.import_module(module.name)
print(json.dumps({name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}))
"""
    imported = json.loads(light.python(code))
    homes = (str(light.needed), str(light.folder), os.path.dirname(os.__file__))  # noqa: PTH120
    files = {name: file for name, file in imported.items() if Path(file).is_absolute()}  # torch.ops has no file
    assert {name: file for name, file in files.items() if not file.startswith(homes)} == {}
    assert "naswotlib.benchmarks.importers.nasbench101" in imported
    assert imported["naswotlib"].startswith(str(light.folder))
    assert imported["torch"].startswith(str(light.needed))


def test_the_shell_lists_the_spaces(light: Light) -> None:
    told = light.run("naswot", "spaces", "--json")
    assert told.returncode == 0, told.stderr
    assert [row["name"] for row in json.loads(told.stdout)] == list_spaces()


def test_the_shell_searches(light: Light) -> None:
    told = light.run("naswot", "search", "--n", "2", "--batch-size", "8", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["tried"] == 2


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("data fetch nasbench201 --data-dir data", "data"),
        ("data import nasbench_only108.tfrecord --out data", "data"),
        ("score --count 2 --batch-size 8 --scheduler tcp://127.0.0.1:1", "distributed"),
    ],
)
def test_the_shell_says_which_extra_a_command_needs(light: Light, command: str, extra: str) -> None:
    record = b'["hash", 108]'
    (light.folder.with_name("empty")).mkdir(exist_ok=True)
    (light.folder.with_name("empty") / "nasbench_only108.tfrecord").write_bytes(
        len(record).to_bytes(8, "little") + bytes(4) + record + bytes(4)
    )
    told = light.run("naswot", *command.split())
    assert told.returncode == 2
    assert told.stderr.startswith("naswot: ")
    assert told.stderr.endswith(f" is not installed; pip install 'naswotlib[{extra}]' brings it\n")
    assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        (
            "from naswotlib import load_images, score_archs\n"
            f"score_archs('nasbench201', [{ARCH!r}], load_images('noise', 2, seed=0), seed=0, client=object())",
            "distributed",
        ),
        ("import naswotlib.search.contracts", "test"),
    ],
)
def test_python_says_which_extra_a_call_needs(light: Light, code: str, extra: str) -> None:
    told = light.run("python", "-c", code)
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].startswith("RuntimeError: ")
    assert told.stderr.endswith(f" is not installed; pip install 'naswotlib[{extra}]' brings it\n")
