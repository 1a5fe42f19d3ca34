"""The one place that makes random generators."""

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
)
"""Names of streams; their order is part of every seed, so new ones go to the end."""


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
    """The generator of one stream of one scene: the same for the same key, and independent of all others.

    Args:
        seed: The seed of the data set; 0 is a seed.
        scene: Scene index from 0.
        stream: One of `STREAMS`.
        attempt: How many draws of the scene were rejected before.
        body: Body index from 0, or None for what the whole scene shares.
        view: View index from 0, or None.
        lighting: Lighting index from 0, or None.
        copy: Index of an augmented copy from 0, or None.
    """
    optional = (0 if index is None else index + 1 for index in (body, view, lighting, copy))
    key = (STREAMS.index(stream), scene, attempt, *optional)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
