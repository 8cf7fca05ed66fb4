"""Pickles of data are read exactly; pickles that ask for anything else are refused, and nothing of them runs."""

import bz2
import functools
import io
import os
import pickle
from collections import OrderedDict
from dataclasses import replace

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from naswotlib.benchmarks import import_file
from naswotlib.data.fetch import SOURCES, fault, file_digest
from naswotlib.data.image_files import open_batches
from naswotlib.data.pickles import ARRAYS, NASBENCH201, NATS, PANDAS, load_pickle, unpack_bz2

PROFILES = {"nats": NATS, "nasbench201": NASBENCH201, "arrays": ARRAYS, "pandas": PANDAS}


class Call:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile(marker):
    """Pickles that would make the file ``marker``, or crash numpy, or reach something that could."""
    command = f"touch {marker}"
    made = {
        "system": pickle.dumps(Call(os.system, command)),
        "protocol 0": f"cos\nsystem\n(S'{command}'\ntR.".encode(),
        "INST opcode": f"(S'{command}'\nios\nsystem\n.".encode(),
        "OBJ opcode": f"(cos\nsystem\nS'{command}'\no.".encode(),
        "eval": pickle.dumps(Call(eval, f"open({str(marker)!r}, 'w')")),
        "open": pickle.dumps(Call(open, str(marker), "w")),
        "hidden in data": pickle.dumps({"meta_archs": [], "data": [OrderedDict(a=Call(os.system, command))]}, 4),
        "partial": pickle.dumps(Call(functools.partial(os.system, command))),
        "getattr": pickle.dumps(Call(getattr, "", "upper")),
        "dotted name": b"\x80\x04\x8c\x0bcollections\x8c\x1fOrderedDict.__init__.__globals__\x93.",
        "extension": b"\x80\x02\x82\x01.",
        "persistent id": b"Psomething\n.",
        "binary persistent id": b"\x80\x02K\x01Q.",
        "numpy's loader": b"cnumpy\nload\n(S'x'\ntR.",
        "codec": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
        "object scalar": pickle.dumps(np.float64(1), 2).replace(b"f8", b"O8"),
        "long dtype": pickle.dumps(np.float64(1), 2).replace(b"X\x02\x00\x00\x00f8", b"X\x06\x00\x00\x00V99999"),
        "huge array": pickle.dumps(np.zeros(3, np.uint8), 2).replace(b"K\x03\x85", b"J\xff\xff\xff\x7f\x85"),
        "attributes of a function": b"cnumpy.core.multiarray\nscalar\n}S'__call__'\nK\x01sb(tR.",
    }
    return made


@pytest.mark.parametrize("kind", hostile("x"))
@pytest.mark.parametrize("profile", PROFILES)
def test_a_hostile_pickle_is_refused_by_name_and_nothing_of_it_runs(tmp_path, profile, kind):
    data = hostile(tmp_path / "marker")[kind]
    with pytest.raises(ValueError, match=r"some/file.pkl: this pickle cannot be read"):
        load_pickle(io.BytesIO(data), "some/file.pkl", PROFILES[profile])
    assert not (tmp_path / "marker").exists()


def test_the_hostile_pickle_would_have_run(tmp_path):
    load_pickle(io.BytesIO(hostile(tmp_path / "marker")["system"]), "f", NATS, trust=True)
    assert (tmp_path / "marker").exists()


def test_no_importer_runs_a_hostile_file_or_writes_a_table(tmp_path):
    marker, out = tmp_path / "marker", tmp_path / "out"
    evil = pickle.dumps(Call(os.system, f"touch {marker}"), 4)
    legacy = b"".join(
        pickle.dumps(x, 2) for x in (119547037146038801333356, 1001, {}, Call(os.system, f"touch {marker}"))
    )
    (tmp_path / "folder").mkdir()
    for name, data in [("folder/000000.pickle.pbz2", bz2.compress(evil)), ("a.pth", legacy), ("a.pd", evil)]:
        (tmp_path / name).write_bytes(data)
        path = tmp_path / name if "/" not in name else tmp_path / "folder"
        with pytest.raises(ValueError, match=r"asks for .*system.*pass --trust only if you know who made it"):
            import_file(path, out=out)
    (tmp_path / "train").write_bytes(evil)
    with pytest.raises(ValueError, match=r"train: this pickle cannot be read"):
        open_batches(tmp_path, ["train"], "labels")
    assert not marker.exists()
    assert not out.exists()


def test_a_known_digest_is_no_reason_to_run_a_pickle(tmp_path, monkeypatch):
    """What needs no trust is not given any: files with a published digest are read like all others."""
    evil = tmp_path / "mini-bench-arch-cell-accs.pd"
    evil.write_bytes(pickle.dumps(Call(os.system, f"touch {tmp_path / 'marker'}"), 4))
    [known] = SOURCES["mini_nasbench201"]
    listed = replace(known, bytes=evil.stat().st_size, digest=f"sha256:{file_digest(evil)}")
    assert fault(evil, listed) == ""
    monkeypatch.setitem(SOURCES, "mini_nasbench201", [listed])
    with pytest.raises(ValueError, match=r"asks for .*system"):
        import_file(evil, out=tmp_path)
    assert not (tmp_path / "marker").exists()
    with pytest.raises(ValueError, match="not laid out"):
        import_file(evil, out=tmp_path, trust=True)
    assert (tmp_path / "marker").exists()


@pytest.mark.parametrize("protocol", [2, 4])
def test_numbers_and_dictionaries_of_the_published_files_are_read(protocol):
    value = {"a": OrderedDict([(3, np.float64(0.1)), (1, np.float64(-2e300))]), ("b", 7): [None, True, "x", b"\xff"]}
    data = pickle.dumps(value, protocol)
    for spelling in (
        data,
        data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray") if protocol == 2 else data,
    ):
        loaded = load_pickle(io.BytesIO(spelling), "f", NASBENCH201)
        assert loaded == value
        assert list(loaded["a"]) == [3, 1]


@given(
    array=hnp.arrays(st.sampled_from([np.uint8, np.int64, np.float64]), hnp.array_shapes(max_dims=3, max_side=4)),
    protocol=st.sampled_from([2, 3, 4]),
    fortran=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_arrays_come_back_bit_for_bit(array, protocol, fortran):
    array = np.asfortranarray(array) if fortran else array
    loaded = load_pickle(io.BytesIO(pickle.dumps(array, protocol)), "f", ARRAYS).value
    assert loaded.dtype == array.dtype
    assert loaded.shape == array.shape
    assert loaded.tobytes() == array.tobytes()


@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_damaged_pickles_are_an_error_that_names_the_file(data, cut):
    whole = pickle.dumps({"data": np.arange(9), "labels": [1, 2]}, 2)
    for broken in (data, whole[: min(cut, len(whole) - 1)]):
        try:
            load_pickle(io.BytesIO(broken), "the file", ARRAYS)
        except ValueError as error:
            assert str(error).startswith("the file: ")  # noqa: PT017


def test_bzip2_that_is_cut_off_damaged_or_a_bomb_is_refused():
    whole = bz2.compress(b"abc" * 1000)
    assert unpack_bz2(whole, "f") == b"abc" * 1000
    for data, match in [
        (whole[:-5], "f: cut off"),
        (b"BZh9" + b"x" * 50, "f: damaged bzip2 data"),
        (bz2.compress(bytes(20_000_000)), r"f: cut off, or expands beyond 8,3\d\d,\d\d\d bytes"),
    ]:
        with pytest.raises(ValueError, match=match):
            unpack_bz2(data, "f")
