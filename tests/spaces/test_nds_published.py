"""NDS on ImageNet against every published network: its genotype is one of the space, its size the published one."""

import json

import numpy as np
import pytest

from naswotlib.benchmarks import Benchmark, import_file, load_benchmark
from naswotlib.benchmarks.importers import official_file
from naswotlib.graph.sizes import network_size
from naswotlib.spaces import get_space, list_spaces

NETWORKS = {
    "nds_amoeba_imagenet": 124, "nds_darts_imagenet": 121, "nds_enas_imagenet": 117, "nds_nasnet_imagenet": 122,
    "nds_pnas_imagenet": 119, "nds_darts_fixed_imagenet": 499,
}  # fmt: skip


def test_every_space_of_imagenet_is_among_those_that_are_compared_here():
    assert set(list_spaces("nds_*_imagenet")) == set(NETWORKS)
    assert sum(count for name, count in NETWORKS.items() if "fixed" not in name) == 603


@pytest.mark.parametrize("name", NETWORKS)
def test_every_published_network_has_the_parameters_that_its_file_says(published_dir, name):
    space = get_space(name)
    entries = json.loads((published_dir / "nds" / official_file(name)).read_text())
    archs = [space.from_record(entry) for entry in entries]
    sizes = [network_size(space.graph(arch, num_classes=1000), 224).parameters for arch in archs]
    assert len(entries) == NETWORKS[name]
    assert sizes == [entry["params"] for entry in entries]
    if "fixed" in name:
        assert {(arch.width, arch.depth) for arch in archs} == {(32, 22)}


@pytest.mark.parametrize("name", NETWORKS)
def test_an_output_is_made_of_the_nodes_of_which_the_published_ones_are(published_dir, name):
    """So that what is sampled and mutated here is of the published space."""
    space = get_space(name)
    for entry in json.loads((published_dir / "nds" / official_file(name)).read_text()):
        arch = space.from_record(entry)
        assert (arch.normal_concat, arch.reduce_concat) == (space._concat(arch.normal), space._concat(arch.reduce))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_published_file_imports_under_the_name_of_its_space(published_dir, tmp_path, name):
    path = published_dir / "nds" / official_file(name)
    assert import_file(path, out=tmp_path).name == f"{name}.parquet"
    table = load_benchmark(name, data_dir=tmp_path)
    assert (table.name, table.space, table.info.sides) == (name, name, {"imagenet": 224})
    entries, (epochs,) = json.loads(path.read_text()), {epochs for _, _, epochs in table.available}
    assert epochs == (5 if "fixed" in name else 50)
    errors = {}  # a genotype may come twice, trained from another seed
    for entry in entries:
        errors.setdefault(get_space(name).from_record(entry), []).append(entry["test_ep_top1"][-1])
    found = table.accuracy(list(errors), dataset="imagenet", split="test", epochs=epochs)
    assert found.tolist() == pytest.approx([100 - np.mean(runs) for runs in errors.values()], rel=1e-12)


def test_the_other_files_of_nds_import_too(published_dir, tmp_path):
    for file, name, space, count in [
        ("DARTS_lr-wd_in", "nds_darts_lr_wd_imagenet", "nds_darts_imagenet", 515),
        ("ResNeXt-A_in", "nds_resnext_a_imagenet", "nds_resnext_a_imagenet", 130),
        ("ResNeXt-B_in", "nds_resnext_b_imagenet", "nds_resnext_b_imagenet", 164),
        ("ResNet_reruns", "nds_resnet_reruns", "nds_resnet_reruns", 2),
        ("Vanilla_reruns", "nds_vanilla_reruns", "nds_vanilla_reruns", 2),
    ]:
        table = Benchmark(import_file(published_dir / "nds" / f"{file}.json", out=tmp_path))
        assert (table.name, table.space, len(table.archs)) == (name, space, count)
