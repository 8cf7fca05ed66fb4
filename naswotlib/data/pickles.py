"""Reading pickles of data without running what they ask for.

A pickle is a program: it names the callables that it wants called. :func:`load_pickle` answers each name that the
published files need with a stand-in of this module, which accepts only what those files pass, and refuses every
other name. NumPy and pandas never see the bytes.
"""

from __future__ import annotations

import bz2
import math
import pickle
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np


def _refuse_unless(condition: bool, what: object) -> None:
    if not condition:
        raise pickle.UnpicklingError(f"{what} is refused")


class DType:
    """Stands for ``numpy.dtype``: little-endian float64 or int64, bytes, or Python objects."""

    def __init__(self, code: str, *flags: int) -> None:
        _refuse_unless(code in ("f8", "i8", "u1", "O8") and flags in ((0, 0), (0, 1)), f"dtype {code!r}")
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _refuse_unless(state[0] == 3 and state[1] in ("<", "|") and not any(state[2:5]), f"dtype state {state!r}")


class Array:
    """Stands for ``numpy.ndarray``. ``value``: a read-only array; of objects, the flat list."""

    value: Any

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, data = state
        data = data.encode("latin1") if isinstance(data, str) else data  # Python 2 wrote bytes as text
        if dtype.code == "O8":
            _refuse_unless(len(data) == math.prod(shape), f"array of shape {shape!r} with {len(data)} objects")
            self.value = list(data)
        else:
            self.value = np.frombuffer(data, f"<{dtype.code}").reshape(shape, order="F" if fortran else "C")


class Inert:
    """Stands for a class of pandas: keeps the arguments and the state that it is given, and does nothing."""

    state: Any = None

    def __init__(self, *args: Any) -> None:
        self.args = args

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _scalar(dtype: DType, data: bytes) -> float:
    _refuse_unless(dtype.code == "f8", f"scalar of {dtype.code}")
    return float(struct.unpack("<d", data)[0])


def _encode(text: str, codec: str) -> bytes:
    _refuse_unless(codec == "latin1", f"codec {codec!r}")
    return text.encode("latin1")


def _reconstruct(kind: type, shape: tuple[int, ...], _: bytes) -> Array:
    _refuse_unless(kind is Array and shape == (0,), f"array of {kind!r} and shape {shape!r}")
    return Array()


def _from_buffer(buffer: bytes, dtype: DType, shape: tuple[int, ...], order: str) -> Array:
    array = Array()
    array.__setstate__((1, shape, dtype, order == "F", buffer))
    return array


Allowed = Mapping[str, Callable[..., Any]]
NATS: Allowed = {"collections.OrderedDict": dict, "numpy.core.multiarray.scalar": _scalar, "numpy.dtype": DType}
NASBENCH201: Allowed = {**NATS, "_codecs.encode": _encode}
ARRAYS: Allowed = {
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy.ndarray": Array,
    "numpy.dtype": DType,
    "_codecs.encode": _encode,
}
_PANDAS = ("frame.DataFrame", "internals.managers.BlockManager", "indexes.base.Index", "indexes.base._new_Index")
PANDAS: Allowed = {
    **ARRAYS,
    **{f"pandas.core.{name}": Inert for name in (*_PANDAS, "indexes.range.RangeIndex")},
    "numpy.core.numeric._frombuffer": _from_buffer,
    "builtins.slice": slice,
}


class _Restricted(pickle.Unpickler):
    def __init__(self, file: IO[bytes], allowed: Allowed) -> None:
        super().__init__(file, encoding="latin1")
        self.allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        found = self.allowed.get(f"{module.replace('numpy._core', 'numpy.core')}.{name}")
        if found is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no file of this kind needs")
        # A pickle can set attributes on what it is given, so it gets a function that nobody else has.
        return found if isinstance(found, type) else lambda *args: found(*args)  # noqa: PLW0108


def load_pickle(file: IO[bytes], what: Path | str, allowed: Allowed, *, trust: bool = False) -> Any:
    """The object that a pickle describes; names that are not ``allowed`` are refused, and nothing of it is run.

    ``trust`` runs the pickle as Python would. ValueError names the file ``what``, why it was refused, and what to do.
    """
    try:
        return (pickle.Unpickler(file, encoding="latin1") if trust else _Restricted(file, allowed)).load()
    except Exception as error:  # damaged pickles fail in any way there is
        raise ValueError(
            f"{what}: this pickle cannot be read ({type(error).__name__}: {error}). Fetch a damaged or cut-off file "
            f"again; one that asks for other names runs code: pass --trust only if you know who made it"
        ) from error


def unpack_bz2(data: bytes, what: Path | str) -> bytes:
    """What a bzip2 file holds; ValueError where it is cut off, or expands beyond 8 MiB and fifty times its size."""
    limit, unpacker = 50 * len(data) + 2**23, bz2.BZ2Decompressor()
    try:
        unpacked = unpacker.decompress(data, limit)
    except OSError as error:
        raise ValueError(f"{what}: damaged bzip2 data ({error}); fetch it again") from error
    if not unpacker.eof:
        raise ValueError(f"{what}: cut off, or expands beyond {limit:,} bytes; fetch it again")
    return unpacked
