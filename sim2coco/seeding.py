"""Creates all random generators."""

import numpy as np

STREAMS = (
    "count",
    "assets",
    "poses",
    "looks",
    "distractors",
    "background",
    "light",
    "camera",
    "sensor",
    "augment",
    "gloss",
    "distractor_gloss",
    "walls",
    "lamps",
    "environment",
    "furniture",
    "share",
    "select",
    "intrinsics",
    "imaging",
    "orbit",
    "places",
    "depth_sensor",
    "defects",
    "metal",
    "distractor_metal",
)
"""Names of streams. Their position is part of the seed, so new names must be appended at the end."""


def rng_for(
    seed: int,
    *,
    scene: int,
    stream: str,
    attempt: int = 0,
    body: int | None = None,
    view: int | None = None,
    lighting: int | None = None,
    copy: int | None = None,
) -> np.random.Generator:
    """Returns the random generator of one stream of one scene.

    Equal arguments give identical generators; different arguments give independent generators.

    Args:
        seed: The seed of the data set.
        scene: Scene index from 0.
        stream: One of `STREAMS`.
        attempt: Number of earlier attempts to sample this scene, all of which were rejected.
        body: Body index from 0, or None for values that the whole scene shares.
        view: View index from 0, or None.
        lighting: Lighting index from 0, or None.
        copy: Index of an augmented copy from 0, or None.
    """
    optional = (0 if index is None else index + 1 for index in (body, view, lighting, copy))
    key = (STREAMS.index(stream), scene, attempt, *optional)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
