"""Connected components: as SciPy finds and numbers them."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from scenes.assets.components import components
from sim2coco.seeding import rng_for


@pytest.mark.parametrize("seed", range(20))
def test_components_of_random_graphs_are_those_of_scipy(seed: int) -> None:
    rng = rng_for(7, scene=seed, stream="camera")
    size = int(rng.integers(1, 3000))
    first, second = rng.integers(0, size, (2, int(rng.integers(0, 2 * size))))
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(size, size))
    _, expected = connected_components(graph, directed=False)
    np.testing.assert_array_equal(components(first, second, size), expected)


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_long_path_is_one_component(shuffled: bool) -> None:
    nodes = np.arange(100_000)
    if shuffled:
        rng_for(7, scene=0, stream="camera").shuffle(nodes)
    assert not components(nodes[:-1], nodes[1:], len(nodes)).any()


def test_a_star_is_one_component_whatever_its_centre() -> None:
    for centre in (0, 7, 9):
        assert not components(np.full(10, centre), np.arange(10), 10).any()
