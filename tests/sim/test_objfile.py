"""OBJ files for PyBullet have every number to eight digits of the largest."""

import numpy as np
import pytest

from sim.objfile import obj_file

FACES = np.array([[0, 1, 2], [2, 1, 3], [3, 1, 0]])


def parsed(content: bytes, name: str) -> np.ndarray:
    return np.array([line.split()[1:] for line in content.decode().splitlines() if line.split()[0] == name])


@pytest.mark.parametrize(
    "size", [1e-12, 3e-4, 0.99999999, 0.999999996, 1.0, 9.9999999996, 123.456, 4e7, 1e30], ids=str
)
@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_are_exact_to_eight_digits(size: float, sign: int) -> None:
    vertices = sign * size * np.array([[1, -0.5, 1e-9], [0, 1 / 3, -1 / 7], [0.1, 0.2, 0.3], [-1, 1, 0]])
    content = obj_file(vertices, vertices, vertices[:, :2], FACES, FACES)
    for name, expected in (("v", vertices), ("vt", vertices[:, :2]), ("vn", vertices)):
        assert np.abs(parsed(content, name).astype(float) - expected).max() <= 1.0001e-7 * size


@pytest.mark.parametrize("count", [4, 9, 10, 99, 1234, 100_001])
def test_faces_name_the_right_vertices(count: int) -> None:
    corners = np.array([[0, 1, count - 1], [count - 1, 1, 2]])
    normals = np.array([[0, 0, 0], [1, 1, 1]])
    content = obj_file(np.ones((count, 3)), np.eye(3)[:2], np.zeros((count, 2)), corners, normals)
    found = [[tuple(map(int, word.split("/"))) for word in row] for row in parsed(content, "f")]
    both = zip((corners + 1).tolist(), (normals + 1).tolist(), strict=True)
    assert found == [[(c, c, n) for c, n in zip(row, other, strict=True)] for row, other in both]


def test_zeros() -> None:
    content = obj_file(np.zeros((4, 3)), np.zeros((1, 3)), np.zeros((4, 2)), FACES, 0 * FACES)
    assert (parsed(content, "v").astype(float) == 0).all()
