"""An import loses nothing: no half a file is taken for a whole one, no table goes that has what the new one lacks."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from naswotlib.benchmarks import Benchmark, import_file, load_benchmark
from naswotlib.benchmarks.trained import write_trained
from naswotlib.data.images import load_images
from naswotlib.errors import NaswotWarning
from naswotlib.spaces import get_space

SPACE = get_space("nasbench201")
ARCHS = [SPACE.to_str(SPACE[i]) for i in range(4)]


def own(path: Path, archs: list[str] = ARCHS, **columns: object) -> Path:
    """A CSV of one's own; every accuracy is made up."""
    given = {"arch": archs, "svhn_test_5ep": [90.0 + i for i in range(len(archs))], "svhn_seconds_5ep": 3.0}
    pd.DataFrame(given | columns).to_csv(path, index=False)
    return path


def test_a_table_that_has_what_an_import_lacks_stays_unless_told_otherwise(tmp_path):
    table = import_file(own(tmp_path / "mine.csv"), out=tmp_path)
    before = table.read_bytes()
    own(tmp_path / "mine.csv", ARCHS[:2])
    with pytest.raises(ValueError, match=r"out: .*mine.parquet has 4 architectures, and 2 of them, .* --replace"):
        import_file(tmp_path / "mine.csv", out=tmp_path)
    assert table.read_bytes() == before
    import_file(tmp_path / "mine.csv", out=tmp_path, replace=True)
    assert load_benchmark("mine", data_dir=tmp_path).archs == ARCHS[:2]
    import_file(own(tmp_path / "mine.csv"), out=tmp_path)  # more than there was: nothing is lost
    assert load_benchmark("mine", data_dir=tmp_path).archs == ARCHS


def test_networks_that_one_has_trained_are_not_replaced_by_an_import(tmp_path):
    write_trained(tmp_path / "mine.parquet", [], {"space": "nasbench201"})
    before = (tmp_path / "mine.parquet").read_bytes()
    with pytest.raises(ValueError, match=r"out: .*mine.parquet is there and was not made by an import"):
        import_file(own(tmp_path / "mine.csv"), out=tmp_path)
    assert (tmp_path / "mine.parquet").read_bytes() == before


@pytest.mark.filterwarnings("ignore::naswotlib.errors.NaswotWarning")
def test_a_csv_does_not_take_the_name_origin_and_licence_of_a_published_table(tmp_path, data_dir):
    published = Benchmark(import_file(data_dir / "nasbench201.csv.gz", out=tmp_path))
    assert published.info.origin.startswith("NAS-Bench-201")
    own(tmp_path / "nasbench201.csv")
    with pytest.raises(ValueError, match=r"nasbench201.parquet is there and is of another origin .*NAS-Bench-201"):
        import_file(tmp_path / "nasbench201.csv", out=tmp_path)
    (tmp_path / "other").mkdir()
    own(tmp_path / "other" / "nasbench201.csv")
    info = Benchmark(import_file(tmp_path / "other" / "nasbench201.csv", out=tmp_path / "other")).info
    assert (info.origin, info.licence) == ("not stated", "not stated")


BAD = {
    "fractions": ({"svhn_test_5ep": [0.93, 0.9, 0.8, 0.7]}, "svhn_test_5ep: no value is above 0.93; expected percent"),
    "empty": ({"arch": [*ARCHS[:3], ""]}, "arch, row 3: "),
    "invalid": ({"arch": [ARCHS[0], "rubbish", *ARCHS[2:]]}, "arch, row 1: .*rubbish"),
    "again, with a space": ({"arch": [*ARCHS[:3], f"{ARCHS[0]} "]}, "arch, row 3: .* stands in row 0 too"),
    "negative seconds": ({"svhn_seconds_5ep": [1.0, 2.0, -3.0, 4.0]}, "seconds/svhn/5: -3.0 is no number of seconds"),
    "no seconds": ({"svhn_seconds_5ep": [1.0, None, 3.0, 4.0]}, "svhn_seconds_5ep, row 1: '' is no finite number"),
    "booleans": ({"svhn_test_5ep": [True, False, True, True]}, "svhn_test_5ep, row 0: 'True' is no finite number"),
    "text": ({"svhn_test_5ep": ["91", "92%", "93", "94"]}, "svhn_test_5ep, row 1: '92%' is no finite number"),
}


def test_a_fraction_among_percent_is_taken_with_a_warning_and_a_file_needs_a_name(tmp_path):
    mixed = own(tmp_path / "mine.csv", svhn_test_5ep=[0.93, 90.0, 80.0, 70.0])
    with pytest.warns(NaswotWarning, match=r"1 of 4 accuracies of svhn, test, 5 epochs are below 1; .* percent"):
        import_file(mixed, out=tmp_path)
    with pytest.raises(ValueError, match="the table bears the name of its file, and this one has none"):
        import_file(own(tmp_path / ".csv"), out=tmp_path)


@pytest.mark.parametrize("fault", BAD)
def test_a_csv_with_a_fault_is_refused_with_its_column_and_row(tmp_path, fault):
    columns, said = BAD[fault]
    with pytest.raises(ValueError, match=said):
        import_file(own(tmp_path / "mine.csv", **columns), out=tmp_path)
    assert not (tmp_path / "mine.parquet").exists()


def test_a_column_that_comes_twice_and_rows_with_more_fields_are_refused(tmp_path):
    text = own(tmp_path / "mine.csv").read_text()
    (tmp_path / "mine.csv").write_text(text.replace("svhn_seconds_5ep", "svhn_test_5ep"))
    with pytest.raises(ValueError, match="column 'svhn_test_5ep' comes twice"):
        import_file(tmp_path / "mine.csv", out=tmp_path)
    lines = text.splitlines()
    (tmp_path / "mine.csv").write_text("\n".join([lines[0], *(f"{line},7" for line in lines[1:])]))
    with pytest.raises(ValueError, match="more fields than the 3 of its first line"):
        import_file(tmp_path / "mine.csv", out=tmp_path)


def tar_of(names: list[str], size: int = 700) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = size
            tar.addfile(info, io.BytesIO(np.random.default_rng(0).bytes(size)))
    return file.getvalue()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("cut", [1536, 1600, 2048, 3072, 4100, 5000])
def test_a_tar_that_is_cut_off_anywhere_is_no_smaller_tar(tmp_path, cut, packed):
    whole = tar_of([f"00000{i}.pickle.pbz2" for i in range(4)])
    path = tmp_path / ("NATS.tar.gz" if packed else "NATS.tar")
    path.write_bytes(gzip.compress(whole)[: cut // 6] if packed else whole[:cut])
    with pytest.raises(ValueError, match=r"cut off|damaged|expected a published"):
        import_file(path, out=tmp_path)
    images = tmp_path / "images.tar"
    content = tar_of([f"cat/{i}.png" for i in range(4)])
    images.write_bytes(gzip.compress(content)[: cut // 6] if packed else content[:cut])
    with pytest.raises(ValueError, match="cut off or damaged"):
        load_images(images, 2, seed=0)


def test_a_device_without_end_is_refused_at_once(tmp_path):
    for read in (lambda: import_file("/dev/zero", out=tmp_path), lambda: load_images("/dev/zero", 2, seed=0)):
        with pytest.raises(ValueError, match="neither a file nor a folder"):
            read()


def test_an_import_into_the_place_of_something_else_is_refused(tmp_path):
    (tmp_path / "other.parquet").write_bytes(b"PAR1 rubbish PAR1")
    with pytest.raises(ValueError, match=r"other.parquet is there and was not made by an import"):
        import_file(own(tmp_path / "other.csv"), out=tmp_path)
