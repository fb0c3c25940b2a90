"""musicnn: what a piece of music sounds like, as a vector and as 50 tags, on any CPU.

The network, its settings and its weights are those of Pons and Serra, "musicnn: pre-trained
convolutional neural networks for music audio tagging" (2019), trained on the Million Song Dataset.
The graph is put together here from the checkpoint and runs on onnxruntime.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simpatico.errors import ModelError
from simpatico.retrieval.encoders.tensorbundle import read_bundle
from simpatico.retrieval.melscale import mel_triangles

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

Array = NDArray[np.float32]

RATE_HZ = 16_000
N_POOLED, N_PENULTIMATE = 753, 200
"""Numbers of a vector that each of its halves has, in their order."""
TAGS: tuple[str, ...] = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists"),
    *("classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s"),
    *("chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country"),
    *("easy listening", "sexy", "catchy", "funk", "electro", "heavy metal"),
    *("Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy"),
)
"""Last.fm's tags that the network learnt, in the order of its output."""

_N_FFT, _HOP, _N_MELS, _N_FRAMES = 512, 256, 96, 187
_EPSILON = 1e-3
_OPSET, _IR = 17, 9
_BLOCK = 4  # patches at a time


class Heard(NamedTuple):
    """What the network makes of n sounds, averaged over the patches of each."""

    vectors: Array
    """(n, 953), unit rows: `Musicnn.encode`."""
    tags: Array
    """(n, 50), in [0, 1]: how likely each of `TAGS` is, each for itself."""


class Musicnn:
    """Music to unit vectors and to tags; safe to call from several threads.

    A sound is a waveform, (n_samples,), mono, `RATE_HZ`, in [-1, 1], as `decode_sound` gives it. It
    is read in patches of 3 s without overlap; what is left over at its end does not count. The
    spectrogram of a shorter one is repeated until it fills a patch, as in training. Silence has a
    vector like any sound, always the same, which means nothing.

    A vector has two halves of equal weight, so a cosine is the mean of two: the features of all
    layers averaged over time (753, standardised by the network's own running mean and variance of
    them), and the layer that the tags are read from (200).

    One thing differs from the authors' code, on purpose: they keep the spectrogram in half
    precision, where ten thousand times a loud sound is infinite.

    Args:
        folder: holds `model.index` and `model.data`, as `ModelStore.path("musicnn")` returns it.

    Raises:
        ModelError: a file is missing, damaged, or holds another network.
    """

    name = "musicnn-msd"
    dim = N_POOLED + N_PENULTIMATE

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types

        tensors = read_bundle(folder / "model.index", folder / "model.data")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            graph = _network(tensors).SerializeToString()
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except KeyError as error:
            raise ModelError(f"musicnn needs the tensor {error}, which {folder} has not") from error
        except Exception as error:  # onnx and onnxruntime raise errors that share no other base
            raise ModelError(f"musicnn cannot be put together from {folder}: {error}") from error

    def encode(self, inputs: Sequence[Array]) -> Array:
        """Encode sounds: (n,) -> (n, 953), float32, each row of L2 norm 1.

        Raises:
            ValueError: as `listen`.
        """
        return self.listen(inputs).vectors

    def tags(self, inputs: Sequence[Array]) -> Array:
        """How likely each of `TAGS` is: (n,) -> (n, 50), in [0, 1].

        Raises:
            ValueError: as `listen`.
        """
        return self.listen(inputs).tags

    def listen(self, inputs: Sequence[Array]) -> Heard:
        """Vectors and tags in one go.

        Raises:
            ValueError: a sound is empty, not of one dimension, not of floats, or not finite.
        """
        heard = Heard(
            np.zeros((len(inputs), self.dim), np.float32),
            np.zeros((len(inputs), len(TAGS)), np.float32),
        )
        for row, wave in enumerate(inputs):
            heard.tags[row], penultimate, pooled = self._run(_patches(wave))
            halves = [half / np.linalg.norm(half) for half in (pooled, penultimate)]
            heard.vectors[row] = np.concatenate(halves) / np.sqrt(2)
        return heard

    def _run(self, patches: Array) -> tuple[Array, ...]:
        """Tags, penultimate layer and pooled features: (n, 1, 187, 96) -> (50,), (200,), (753,)."""
        blocks = [
            self._session.run(None, {"patches": patches[at : at + _BLOCK]})
            for at in range(0, len(patches), _BLOCK)
        ]
        return tuple(np.concatenate(part).mean(axis=0) for part in zip(*blocks, strict=True))


def _patches(wave: Array) -> Array:
    if wave.ndim != 1 or not wave.size or wave.dtype.kind != "f" or not np.isfinite(wave).all():
        raise ValueError(
            "wanted a sound of finite floats, (n_samples,), at least one; "
            f"got {wave.dtype} of shape {wave.shape}"
        )
    frames = spectrogram(wave)
    if len(frames) < _N_FRAMES:
        frames = np.resize(frames, (_N_FRAMES, _N_MELS))  # repeats the rows
    n = len(frames) // _N_FRAMES
    return frames[: n * _N_FRAMES].reshape(n, 1, _N_FRAMES, _N_MELS)


def spectrogram(wave: Array) -> Array:
    """The logarithmic mel spectrogram: (n_samples,) -> (1 + n_samples // 256, 96).

    Hann windows of 512 samples, the first centred on sample 0 (the ends are mirrored), power, 96
    triangles of Slaney's scale, log10(1 + 10,000 x).
    """
    from scipy.fft import rfft

    padded = np.pad(wave.astype(np.float32), _N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)).astype(np.float32)
    triangles = mel_triangles(_N_FFT, _N_MELS, rate_hz=RATE_HZ)
    parts = []
    for at in range(0, len(frames), _N_FRAMES):  # the frames at once would be many times the sound
        spectrum = rfft(frames[at : at + _N_FRAMES] * window, axis=1)  # (n_frames, 257)
        power = spectrum.real**2 + spectrum.imag**2
        parts.append(np.log10(1 + 10_000 * (power @ triangles)))
    return np.concatenate(parts)


def _network(tensors: dict[str, NDArray[Any]]) -> "ModelProto":
    """The network as an ONNX graph: patches, (n, 1, 187, 96), to what `Musicnn._run` returns.

    TensorFlow has channels last and numbers layers as they were made; here channels come first, and
    the convolutions over all of a layer's features are ones over time with features as channels.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights = [], []

    def constant(name: str, value: NDArray[Any]) -> str:
        weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(kind: str, *inputs: str, to: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, list(inputs), [to], **attributes))
        return to

    def norm(source: str, number: int, *, to: str = "") -> str:
        layer = f"batch_normalization_{number}".removesuffix("_0")
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        names = [constant(f"{layer}/{part}", tensors[f"{layer}/{part}"]) for part in parts]
        return add("BatchNormalization", source, *names, to=to or layer, epsilon=_EPSILON)

    def convolve(source: str, number: int, kernel: NDArray[Any], pads: list[int]) -> str:
        layer = f"conv2d_{number}".removesuffix("_0")
        bias = constant(f"{layer}/bias", tensors[f"{layer}/bias"])
        summed = add("Conv", source, constant(f"{layer}/kernel", kernel), bias, to=layer, pads=pads)
        return norm(add("Relu", summed, to=f"{layer}/relu"), number + 1)

    def dense(source: str, layer: str) -> str:
        kernel = constant(f"{layer}/kernel", tensors[f"{layer}/kernel"])
        bias = constant(f"{layer}/bias", tensors[f"{layer}/bias"])
        return add("Gemm", source, kernel, bias, to=layer)

    patches = norm("patches", 0)
    fronts = []
    for number in range(5):  # two that see timbre, three that see time; maximum over frequency
        kernel = tensors["conv2d" + (f"_{number}" if number else "") + "/kernel"]
        around = len(kernel) - 1
        pads = [around // 2, 0, around - around // 2, 0]
        seen = convolve(patches, number, kernel.transpose(3, 2, 0, 1), pads)
        fronts.append(add("ReduceMax", seen, to=f"front_{number}", axes=[3], keepdims=0))
    layers = [add("Concat", *fronts, to="front", axis=1)]  # (n, 561, 187)
    for number in range(5, 8):
        kernel = tensors[f"conv2d_{number}/kernel"][:, :, 0].transpose(2, 1, 0)
        middle = convolve(layers[-1], number, kernel, [3, 3])  # (n, 64, 187)
        if number > 5:
            middle = add("Add", middle, layers[-1], to=f"middle_{number}")
        layers.append(middle)
    features = add("Concat", *layers, to="features", axis=1)  # (n, 753, 187)
    most = add("ReduceMax", features, to="most", axes=[2], keepdims=1)
    mean = add("ReduceMean", features, to="mean", axes=[2], keepdims=1)
    both = add("Flatten", add("Concat", most, mean, to="both", axis=2), to="flat")  # (n, 1506)
    hidden = add("Relu", dense(norm(both, 9), "dense"), to="hidden")
    add("Sigmoid", dense(norm(hidden, 10, to="penultimate"), "dense_1"), to="tags")
    running = tensors["batch_normalization_9/moving_mean"][1::2]  # of the means; maxima lie between
    spread = np.sqrt(tensors["batch_normalization_9/moving_variance"][1::2] + np.float32(_EPSILON))
    centred = add("Sub", add("Flatten", mean, to="means"), constant("running", running), to="less")
    add("Div", centred, constant("spread", spread), to="pooled")

    def value(name: str, *shape: int) -> "ValueInfoProto":
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])

    graph = helper.make_graph(
        nodes,
        "musicnn",
        [value("patches", 1, _N_FRAMES, _N_MELS)],
        [
            value("tags", len(TAGS)),
            value("penultimate", N_PENULTIMATE),
            value("pooled", N_POOLED),
        ],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
