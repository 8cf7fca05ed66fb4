"""Small packages with entry points, as pip would leave them in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

CODE = '''"""A space, two measures and a benchmark of another package."""
from pathlib import Path

import torch
from torch import nn

from naswotlib.scoring.proxies import register_proxy


class Widths:
    """One hidden layer of some width."""

    name = "acme_widths"
    num_architectures = 4

    def sample(self, rng):
        return int(rng.integers(1, 5)) * 32

    def to_str(self, arch):
        return str(arch)

    def from_str(self, text):
        if not (text.isdecimal() and int(text) in (32, 64, 96, 128)):
            raise ValueError(f"arch: {text!r} is not 32, 64, 96 or 128")
        return int(text)

    def build(self, arch, *, seed, num_classes=10):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.Sequential(nn.Flatten(), nn.LazyLinear(arch), nn.ReLU(), nn.Linear(arch, num_classes))


def layers(network, inputs):
    """Number of modules with weights."""
    return float(sum(1 for module in network.modules() if isinstance(module, nn.Linear)))


@register_proxy("acme_labels", needs_labels=True)
def labels_sum(network, inputs, *, labels):
    """Sum of the labels."""
    return float(labels.sum())


def table():
    return Path(__file__).with_name("table.parquet")
'''
POINTS = {
    "naswotlib.spaces": {"acme_widths": "acme:Widths"},
    "naswotlib.proxies": {"acme_layers": "acme:layers", "acme_labels": "acme:labels_sum"},
    "naswotlib.benchmarks": {"acme_table": "acme:table"},
}


def write_package(
    folder: Path, name: str, points: Mapping[str, Mapping[str, str]], code: str = "", *, version: str = "1.2"
) -> Path:
    """The module ``name`` with ``code`` and, in its dist-info, these entry points by group. Returns its file."""
    about = folder / f"{name}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in of.items()) for group, of in points.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(groups))
    module = folder / f"{name}.py"
    module.write_text(code)
    return module
