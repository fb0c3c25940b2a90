"""EfficientNet-Lite0: pictures to 1280 numbers and to ImageNet's 1000 classes, on any CPU.

The network is that of Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks" (2019), in the Lite variant: no squeeze-and-excitation, ReLU6. Each start builds it as an
ONNX graph from PyTorch's weights; PyTorch itself is not needed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from PIL import Image

from simpatico.errors import ModelError
from simpatico.retrieval.encoders.torchfile import read_tensors

SIDE = 224
"""Pixels a side of what the network sees."""

CROP = 0.875
"""The share of the shorter side that it sees, around the middle."""

N_CLASSES = 1000
_STEM = 32  # channels
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # blocks, kernel, stride of the first, expansion, channels
_EPSILON = 1e-3  # of the batch norms
_OPSET = 17
_IR_VERSION = 8


class EfficientNetLite:
    """What a picture shows, as a unit vector or in words; safe to call from several threads.

    Pictures are arrays (height, width, 3) of uint8 RGB, as `simpatico.retrieval.media.decode_image`
    makes them. They are run one at a time, so that a vector does not depend on its batch.

    Args:
        folder: holds `weights.pth` and `classes.json`, as `ModelStore.path("efficientnet-lite0")`
            returns it.
        threads: for one picture.

    Raises:
        ModelError: a file is missing or damaged, or holds another network.
    """

    name = "efficientnet-lite0"
    dim = 1280

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types

        tensors = read_tensors(folder / "weights.pth")
        self._names, self._name_of = np.unique(
            _read_classes(folder / "classes.json"), return_inverse=True
        )  # two names stand for two classes each
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._weight = tensors["_fc.weight"].reshape(N_CLASSES, self.dim)
            self._bias = tensors["_fc.bias"].reshape(N_CLASSES)
            self._session = onnxruntime.InferenceSession(
                build_graph(tensors), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnx and onnxruntime raise errors that share no other base
            raise ModelError(f"{folder} holds no EfficientNet-Lite0: {error!r}") from error

    def encode(self, inputs: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Encode a batch: (n,) pictures -> (n, 1280), float32, each row of L2 norm 1."""
        pooled = self.pool(inputs)
        rows: NDArray[np.float32] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return rows

    def labels(
        self, inputs: Sequence[NDArray[np.uint8]], k: int = 5
    ) -> list[list[tuple[str, float]]]:
        """The `k` likeliest classes of each picture: [(name, probability in [0, 1])], best first.

        The probabilities of all classes sum to 1, so something is likeliest whatever is shown.
        """
        return self.labels_of(self.pool(inputs), k=k)

    def pool(self, inputs: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """What both vectors and classes are read from: (n,) pictures -> (n, 1280), 0 or more."""
        rows = np.zeros((len(inputs), self.dim), dtype=np.float32)
        for row, picture in zip(rows, inputs, strict=True):
            (pooled,) = self._session.run(None, {"picture": prepare(picture)})
            row[:] = pooled[0]
        return rows

    def labels_of(self, pooled: NDArray[np.float32], k: int = 5) -> list[list[tuple[str, float]]]:
        """As `labels`, of what `pool` gave: (n, 1280)."""
        found = []
        for row in pooled:
            scores = self._weight @ row + self._bias  # (1000,)
            odds = np.exp(scores - scores.max())
            shares = np.bincount(self._name_of, odds / odds.sum())  # (n_names,)
            best = np.argsort(-shares, kind="stable")[:k]
            found.append([(str(self._names[at]), float(shares[at])) for at in best])
        return found


def prepare(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the network is given: (height, width, 3) -> (1, 3, 224, 224), about -1 to 1.

    The middle square, resized bicubically, as in TensorFlow's evaluation of this network. Its
    scale is (x - 127) / 128, not the mean and deviation of other networks on ImageNet.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"wanted (h, w, 3) of uint8, got {picture.shape} of {picture.dtype}")
    height, width, _ = picture.shape
    side = max(1, round(CROP * min(height, width)))
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    square = Image.fromarray(picture[top : top + side, left : left + side])
    resized = np.array(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float32)
    scaled = (resized - np.float32(127)) / np.float32(128)
    return scaled.transpose(2, 0, 1)[np.newaxis]


def _read_classes(path: Path) -> tuple[str, ...]:
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"names of classes cannot be read from {path}: {error}") from error
    if not isinstance(names, list) or len(names) != N_CLASSES:
        raise ModelError(f"wanted a list of {N_CLASSES} names of classes in {path}")
    return tuple(str(name) for name in names)


def build_graph(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """The network up to its pooled features as an ONNX model: (1, 3, 224, 224) -> (1, 1280).

    Args:
        tensors: weights by the names of the PyTorch port of the network.

    Raises:
        KeyError: a tensor is missing.
        ValueError: a tensor has another shape.
    """
    graph = _Graph(tensors)
    x = graph.convolve("picture", "_conv_stem", "_bn0", (_STEM, 3, 3, 3), stride=2)
    channels, n = _STEM, 0
    for blocks, kernel, stride, expansion, channels_out in _STAGES:
        for block in range(blocks):
            at, whole, wide = f"_blocks.{n}.", x, channels * expansion
            if expansion > 1:
                x = graph.convolve(x, f"{at}_expand_conv", f"{at}_bn0", (wide, channels, 1, 1))
            x = graph.convolve(
                *(x, f"{at}_depthwise_conv", f"{at}_bn1", (wide, 1, kernel, kernel)),
                stride=stride if block == 0 else 1,
            )
            shape = (channels_out, wide, 1, 1)
            x = graph.convolve(x, f"{at}_project_conv", f"{at}_bn2", shape, clip=False)
            if block > 0:
                x = graph.add("Add", x, whole)
            channels, n = channels_out, n + 1
    x = graph.convolve(x, "_conv_head", "_bn1", (EfficientNetLite.dim, channels, 1, 1))
    return graph.model("picture", graph.add("Flatten", graph.add("GlobalAveragePool", x)))


class _Graph:
    """An ONNX graph in the making. A value is known by the name of what makes it."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._tensors = tensors
        self._nodes: list[onnx.NodeProto] = []
        self._constants = [
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(np.array(6, np.float32), "six"),
        ]

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operation}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        return name

    def convolve(
        self,
        x: str,
        layer: str,
        norm: str,
        shape: tuple[int, int, int, int],
        *,
        stride: int = 1,
        clip: bool = True,
    ) -> str:
        """A convolution with its batch norm folded in, then ReLU6 if `clip`.

        `shape` is (channels out, channels in, kernel, kernel); with 1 channel in, each channel has
        a kernel of its own. Pads as TensorFlow's "same" does for an even side: what is odd goes
        right and below.
        """
        weight = self._tensors[f"{layer}.weight"]
        if weight.shape != shape:  # onnxruntime runs some wrong ones without a word
            raise ValueError(f"wanted {layer}.weight of shape {shape}, got {weight.shape}")
        out, each, kernel, _ = shape
        mean, variance, scale, shift = (
            self._tensors[f"{norm}.{part}"].astype(np.float64)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        factor = scale / np.sqrt(variance + _EPSILON)
        folded = weight * factor[:, np.newaxis, np.newaxis, np.newaxis]
        self._constants += [
            numpy_helper.from_array(folded.astype(np.float32), f"{layer}.weight"),
            numpy_helper.from_array((shift - mean * factor).astype(np.float32), f"{layer}.bias"),
        ]
        padding = kernel - stride
        before, after = padding // 2, padding - padding // 2
        y = self.add(
            *("Conv", x, f"{layer}.weight", f"{layer}.bias"),
            group=out if each == 1 else 1,
            strides=[stride, stride],
            pads=[before, before, after, after],
        )
        return self.add("Clip", y, "zero", "six") if clip else y

    def model(self, picture: str, features: str) -> bytes:
        """The graph between these two values, whole and serialised."""
        real = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            EfficientNetLite.name,
            [helper.make_tensor_value_info(picture, real, [1, 3, SIDE, SIDE])],
            [helper.make_tensor_value_info(features, real, [1, EfficientNetLite.dim])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        serialised: bytes = model.SerializeToString()
        return serialised
