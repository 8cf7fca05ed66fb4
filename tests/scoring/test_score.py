"""The score of any network: its value, what it is computed from, and by which engine."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from naswotlib import activation_codes, hamming_kernel, naswot_score
from naswotlib.errors import NaswotWarning
from naswotlib.scoring import kernel
from naswotlib.scoring.compiled.packing import pack_signs
from naswotlib.scoring.kernel import hamming_gemm, log_determinant
from support.small_graphs import images, network_of, random_graph
from support.small_modules import Containers, Functional, Mixed, ModuleResidual, Plain, Residual, plain_counting, seeded
from support.untouched import untouched


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.integers(0, 1000), st.floats(0, 1), st.floats(0, 1))
def test_of_two_kernels_with_equal_trace_the_one_closer_to_diagonal_scores_higher(n, seed, first, second):
    bits = np.random.default_rng(seed).random((n, 40)) < 0.5
    kernel = 60.0 * (bits[:, None] == bits[None]).sum(2)
    near, far = min(first, second), max(first, second)
    shrunk = [np.where(np.eye(n, dtype=bool), kernel, np.round(kernel * share)) for share in (near, far)]
    (closer, _), (farther, _) = map(log_determinant, shrunk)
    if (shrunk[0] == shrunk[1]).all():
        assert closer == farther
    elif far - near > 0.02:  # what rounding to integers cannot undo
        assert closer > farther


def exact_rank(matrix: np.ndarray) -> int:
    """Rank of an integer matrix, by elimination modulo a prime larger than rounding could ever matter to."""
    prime, rank = 2**31 - 1, 0
    rows = [[int(value) % prime for value in row] for row in matrix]
    for column in range(matrix.shape[1]):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        inverse = pow(rows[rank][column], -1, prime)
        for i in range(rank + 1, len(rows)):
            if factor := rows[i][column] * inverse % prime:
                rows[i] = [(a - factor * b) % prime for a, b in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank


@pytest.mark.parametrize("units", [5, 20, 60, 126, 127, 200])
def test_the_score_is_minus_infinity_exactly_where_the_rank_is_below_the_number_of_images(units):
    with torch.random.fork_rng():
        torch.manual_seed(units)
        network = nn.Sequential(nn.Flatten(), nn.Linear(192, units), nn.ReLU())
    inputs = images(128, 8)
    score = naswot_score(network, inputs)
    signs = np.where(activation_codes(network, inputs).unpacked(), 1, -1)
    # K_H = (S Sᵀ + N_A 11ᵀ) / 2, so its rank is that of S with a column of ones beside it: N_A + 1 at most.
    rank = exact_rank(np.column_stack([signs, np.ones(128, int)]))
    assert score.rank == rank <= units + 1
    assert (score.value == -np.inf) == (rank < 128) == (units < 127)
    assert np.isfinite(np.linalg.slogdet(score.kernel.astype(float))[1]) or units < 20  # which alone would not tell


def test_a_score_is_its_value_and_says_what_it_saw():
    network, inputs = seeded(Mixed), images(6, 8)
    score = naswot_score(network, inputs)
    assert float(score) == score.value == log_determinant(score.kernel)[0]
    assert (score.kernel.shape, score.kernel.dtype) == ((6, 6), np.int64)
    assert (score.num_units, score.layers, score.rank) == (256, {"relu()": 256}, 6)
    assert len(score.uncounted) == 15
    assert repr(score) == f"NaswotScore({score.value:.4f}, N_A=256, rank=6/6, 1 layers, 15 activations not counted)"
    more = naswot_score(network, inputs, activations=("relu", "gelu"))
    assert (more.num_units, more.engine) == (3 * 256, "hooks")
    assert (more.kernel == 3 * score.kernel).all()  # here all of them rectify the same tensor


MODULES = [Plain, Functional, Residual, ModuleResidual, Containers, Mixed]


@pytest.mark.parametrize("kind", MODULES)
def test_both_countings_are_those_of_plain_hooks(kind):
    inputs = images(6, 8)
    reference = plain_counting(seeded(kind), inputs, reference=True)
    if kind is Functional:  # the authors' hooks see no call
        with pytest.raises(ValueError, match=r"no relu ran.*counting='reference'.*seen: 1 relu \(relu\(\)\)"):
            naswot_score(seeded(kind), inputs, counting="reference")
    elif kind is not Mixed:  # whose ReLU6, LeakyReLU and PReLU the authors' hook matches too
        assert (naswot_score(seeded(kind), inputs, counting="reference").kernel == reference).all()
    if kind in (Plain, Residual, ModuleResidual):
        plain = plain_counting(seeded(kind), inputs, reference=False)
        assert (naswot_score(seeded(kind), inputs).kernel == plain).all()


def test_the_authors_hook_counts_every_class_named_relu():
    inputs = images(6, 8)
    score = naswot_score(seeded(Mixed), inputs, counting="reference")
    assert (score.kernel == plain_counting(seeded(Mixed), inputs, reference=True)).all()
    assert sorted(score.layers) == ["layers.LeakyReLU", "layers.PReLU", "layers.ReLU6"]


@pytest.mark.parametrize("counting", ["once", "reference"])
@pytest.mark.parametrize(
    ("kind", "engine"),
    [(Plain, "fx"), (ModuleResidual, "fx"), (Functional, "hooks"), (Residual, "hooks"), (Containers, "hooks")],
)
def test_fast_equals_exact_for_a_users_module_and_says_how_it_was_computed(kind, engine, counting):
    network, inputs = seeded(kind), images(8, 16)
    if kind is Functional and counting == "reference":
        return
    exact = naswot_score(network, inputs, counting=counting)
    with untouched(network):
        fast = naswot_score(network, inputs, counting=counting, exact=False)
    assert (exact.engine, fast.engine) == ("hooks", engine)
    assert (fast.layers, fast.uncounted, fast.num_units) == (exact.layers, exact.uncounted, exact.num_units)
    assert np.abs(fast.kernel - exact.kernel).max() <= max(1, 1e-4 * exact.num_units)
    assert fast.value == pytest.approx(exact.value, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("counting", ["once", "reference"])
def test_a_residual_network_of_torchvision_scores_fast_by_its_trace(counting):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = torchvision.models.resnet18(weights=None, num_classes=10)
    inputs = images(8, 64)
    exact = naswot_score(network, inputs, counting=counting)
    fast = naswot_score(network, inputs, counting=counting, exact=False)
    assert (exact.engine, fast.engine) == ("hooks", "fx")
    assert (fast.layers, fast.uncounted) == (exact.layers, exact.uncounted)
    assert np.abs(fast.kernel - exact.kernel).max() <= 1e-4 * exact.num_units
    assert fast.value == pytest.approx(exact.value, rel=1e-6)


def test_scoring_in_eval_mode_differs_and_warns():
    network, inputs = seeded(Plain), images(6, 8)
    with pytest.warns(NaswotWarning, match="running statistics") as record:
        there = naswot_score(network, inputs, batch_norm="eval")
    assert len(record) == 1
    assert record[0].filename == __file__  # the line to blame is the caller's
    assert there.value != naswot_score(network, inputs).value


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", [lambda: network_of(random_graph(1)), lambda: seeded(Plain), lambda: seeded(Mixed)])
def test_the_network_comes_back_as_it_was_and_scores_the_same_again(make, training, exact):
    network, inputs = make().train(training), images(6, 16)
    with untouched(network):
        first = naswot_score(network, inputs, exact=exact)
    assert (naswot_score(network, inputs, exact=exact).kernel == first.kernel).all()


class Fails(Plain):
    def forward(self, x: Tensor) -> Tensor:
        super().forward(x)
        raise ArithmeticError("on purpose")


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    ("network", "inputs", "error", "message"),
    [
        (seeded(Plain), images(1, 8), ValueError, "inputs: .* at least 2 images"),
        (network_of(random_graph(1)), images(1, 16), ValueError, "inputs: .* at least 2 images"),
        (network_of(random_graph(1)), images(3, 16) * torch.nan, ValueError, "inputs: found NaN"),
        (network_of(random_graph(1)), images(3, 16).to("meta"), ValueError, "inputs: on the meta device"),
        (nn.Sequential(nn.Conv2d(3, 2, 1, bias=False)), images(3, 8), ValueError, "no relu ran.*seen: none"),
        (seeded(Fails), images(3, 8), ArithmeticError, "on purpose"),
    ],
)
def test_an_error_is_clear_and_leaves_the_network_alone(network, inputs, error, message, exact):
    with untouched(network), pytest.raises(error, match=message):
        naswot_score(network, inputs, exact=exact)


# The path of a GPU, whose arithmetic is the same on the CPU.


class Looks(TorchDispatchMode):
    """Counts what makes a GPU's host wait: a value that is looked at, and tensors that are compared."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.overloadpacket in (torch.ops.aten._local_scalar_dense, torch.ops.aten.equal, torch.ops.aten.nonzero):
            self.seen.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def as_on_a_gpu(monkeypatch) -> list[str]:
    """Tensors are treated as if they were on a GPU; the list says what its host waited for, in order."""
    for module in ("modes", "watch"):
        monkeypatch.setattr(f"naswotlib.scoring.{module}.on_host", lambda _: False)
    waits: list[str] = []
    monkeypatch.setattr(Tensor, "cpu", lambda x: waits.append("transfer") or x)
    return waits


@pytest.mark.parametrize("kind", [Functional, Residual, Containers, Mixed])
@pytest.mark.parametrize("counting", ["once", "reference"])
def test_codes_on_a_device_give_the_same_kernel(kind, counting, as_on_a_gpu, request):
    network, inputs = seeded(kind), images(6, 8)
    if kind is Functional and counting == "reference":
        return
    there = naswot_score(network, inputs, counting=counting)
    codes = activation_codes(network, inputs, counting=counting)
    assert all(isinstance(layer.bits, Tensor) and layer.bits.dtype == torch.bool for layer in codes.layers)
    request.getfixturevalue("monkeypatch").undo()
    here = naswot_score(network, inputs, counting=counting)
    assert (there.kernel == here.kernel).all()
    assert (there.value, there.layers, there.uncounted) == (here.value, here.layers, here.uncounted)
    assert (codes.unpacked() == activation_codes(network, inputs, counting=counting).unpacked()).all()


def test_a_gpu_is_waited_for_once_a_network(as_on_a_gpu):
    network, inputs = seeded(Residual), images(6, 8)
    with Looks() as looks:
        codes = naswot_score(network, inputs)
    assert codes.num_units > 0
    # K_H comes first; then the device is idle, and whether there was a NaN costs no wait, only a second transfer.
    assert as_on_a_gpu == ["transfer", "transfer"]
    assert looks.seen == ["aten._local_scalar_dense.default"]  # the answer about NaN, which is on the host by then


@pytest.mark.parametrize("score", [naswot_score, activation_codes])
def test_a_gpu_reports_nan_as_the_cpu_does(score, as_on_a_gpu):
    network, inputs = seeded(Plain), images(4, 8)
    with pytest.raises(ValueError, match="inputs: found NaN or infinite values"):
        score(network, inputs / 0)
    with torch.no_grad():
        network.body[2][1].weight[0] = torch.nan
    with untouched(network), pytest.raises(ValueError, match=r"input of layer body.3 contains NaN"):
        score(network, inputs)


@pytest.mark.parametrize("units", [2**24 - 1, 2**24, 2**24 + 1, 2**24 + 3])
def test_counts_around_the_limit_of_single_precision_are_exact(units):
    bits = torch.ones(2, units, dtype=torch.bool)
    bits[1, :5] = False
    with patch.object(kernel, "CHUNK", 2**24):
        at_once = hamming_gemm(bits)
    assert at_once.tolist() == hamming_gemm(bits).tolist() == [[0, 5], [5, 0]]
    if units == 2**24 + 3:
        x = bits.float()
        assert int((x[:1] @ x[:1].T)[0, 0]) != units  # without cutting the codes the count is wrong


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 1000))
def test_distances_by_matrix_product_are_those_of_packed_words(units, chunk, seed):
    bits = torch.rand(5, units, generator=torch.Generator().manual_seed(seed)) < 0.4
    words, _ = pack_signs(torch.where(bits, 1.0, -1.0))
    distance = np.bitwise_count(words[:, None] ^ words[None]).sum(2)
    with patch.object(kernel, "CHUNK", chunk):
        assert (hamming_gemm(bits).numpy() == distance).all()


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="torch before 2.9 names the setting otherwise")
def test_convolutions_run_without_tf32_and_the_setting_comes_back():
    backends = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)
    seen = []

    class Looking(Plain):
        def forward(self, x: Tensor) -> Tensor:
            seen.extend(backend.fp32_precision for backend in backends)
            return super().forward(x)

    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    try:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        network = seeded(Looking)
        with untouched(network):
            naswot_score(network, images(3, 8))
        assert seen == ["ieee", "ieee"]
        assert [backend.fp32_precision for backend in backends] == ["tf32", "tf32"]
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def test_a_kernel_summed_by_hand_is_that_of_the_codes():
    codes = activation_codes(seeded(Containers), images(5, 8), counting="reference")
    bits = codes.unpacked()
    assert (hamming_kernel(codes) == (bits[:, None] == bits[None]).sum(2)).all()
