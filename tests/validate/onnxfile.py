"""Small networks in ONNX files, written byte by byte."""

from collections.abc import Sequence

import numpy as np

FLOAT, INT64, INTS = 1, 7, 7
IR_VERSION, OPSET = 8, 13


def flattening(side_px: int) -> bytes:
    """A model whose output is its input, (1, 3, side, side), as 1 x n."""
    node = _part(1, _texts(1, ("image",)) + _text(2, "flat") + _text(4, "Flatten"))
    value = (
        _part(11, _value("image", (1, 3, side_px, side_px))),
        _part(12, _value("flat", (1, 3 * side_px**2))),
    )
    return _model(node + _text(2, "flattening") + b"".join(value))


def constant_detector(rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]], side_px: int) -> bytes:
    """A detector that finds the same objects in every image: its output is `rows` (a, b), as 1 x a x b.

    A convolution over the whole image with weights of 0 gives its bias, which is reshaped.
    """
    number = rows.size
    weights = np.zeros((number, 3, side_px, side_px), np.float32)
    kernel = _text(1, "kernel_shape") + b"".join(_int(8, side_px) for _ in range(2)) + _int(20, INTS)
    conv = _texts(1, ("image", "weights", "bias")) + _text(2, "flat") + _text(4, "Conv") + _part(5, kernel)
    reshape = _texts(1, ("flat", "shape")) + _text(2, "found") + _text(4, "Reshape")
    graph = (
        _part(1, conv)
        + _part(1, reshape)
        + _text(2, "detector")
        + _part(5, _tensor("weights", weights, FLOAT))
        + _part(5, _tensor("bias", rows.astype(np.float32).ravel(), FLOAT))
        + _part(5, _tensor("shape", np.array([1, *rows.shape], np.int64), INT64))
        + _part(11, _value("image", (1, 3, side_px, side_px)))
        + _part(12, _value("found", (1, *rows.shape)))
    )
    return _model(graph)


def _model(graph: bytes) -> bytes:
    return _int(1, IR_VERSION) + _part(7, graph) + _part(8, _text(1, "") + _int(2, OPSET))


def _number(value: int) -> bytes:
    """A whole number in protobuf's form: seven bits in each byte."""
    *more, last = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes(part | 128 for part in more) + bytes([last])


def _int(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _part(field: int, content: bytes) -> bytes:
    return _number(field << 3 | 2) + _number(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _part(field, text.encode())


def _texts(field: int, texts: Sequence[str]) -> bytes:
    return b"".join(_text(field, text) for text in texts)


def _tensor(name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], kind: int) -> bytes:
    dims = b"".join(_int(1, size) for size in values.shape)
    return dims + _int(2, kind) + _text(8, name) + _part(9, values.tobytes())


def _value(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_part(1, _int(1, size)) for size in shape)
    return _text(1, name) + _part(2, _part(1, _int(1, FLOAT) + _part(2, dims)))
