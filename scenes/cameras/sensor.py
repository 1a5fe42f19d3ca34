"""Settings of the camera's sensor and image signal processing; all effects are off by default."""

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from scenes.settings import IntRange, Range, Settings, ShareRange, as_tuple, uniform, uniform_int, within
from scenes.shot import BASE_ISO, Bayer, Demosaicing, Sensor

NOISE_SEEDS = 2**53
"""Number of different noise seeds; every JSON reader reads integers up to this number exactly."""
EFFECTS = (
    "vignetting",
    "chromatic_aberration_px",
    "iso",
    "bayer",
    "white_balance_error",
    "tint_error",
    "denoising",
    "sharpening",
    "jpeg_quality",
)
"""Settings that switch an effect on; all other settings only parametrize noise and demosaicing."""


def _is_iso(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds != (0, 0) and not BASE_ISO <= bounds[0] <= bounds[1] <= 409600:
        raise ValueError(f"must be 0, or between {BASE_ISO:g} and 409600")
    return bounds


class SensorSettings(Settings):
    """Settings of the camera's sensor and image signal processing."""

    vignetting: Annotated[Range, within(0.0, 4.0)] = (0.0, 0.0)
    """Darkening towards the corners, as cos(angle)^(4 vignetting): 1 is a simple lens, 0 is none."""
    chromatic_aberration_px: Annotated[Range, within(-8.0, 8.0)] = (0.0, 0.0)
    """Pixels by which red moves outwards, and blue inwards, in the farthest corner; 0 is none."""
    iso: Annotated[Range, AfterValidator(_is_iso)] = (0.0, 0.0)
    """ISO sensitivity, from 100 (gain 0 dB), sampled uniformly in stops; larger is noisier; 0 is no noise."""
    full_well_e: Annotated[Range, within(100.0, 1e6)] = (10000.0, 10000.0)
    """Full well capacity in electrons; a white surface fills half of it at ISO 100; not used if iso is 0."""
    read_noise_e: Annotated[Range, within(0.0, 1000.0)] = (2.5, 2.5)
    """Standard deviation of the read noise, in electrons; not used if iso is 0."""
    bits: Annotated[int, Field(ge=8, le=16)] = 12
    """Bits of the raw values of the sensor, 8 to 16; not used if iso is 0 and bayer is []."""
    bayer: Annotated[tuple[Bayer, ...], BeforeValidator(as_tuple)] = ()
    """Bayer patterns to choose from: rggb, bggr, grbg, gbrg; [] measures all colours in each pixel."""
    demosaicing: Demosaicing = "edge_aware"
    """Demosaicing method: edge_aware or bilinear; not used if bayer is []."""
    white_balance_error: Annotated[Range, within(-0.3, 0.3)] = (0.0, 0.0)
    """White balance error: the gain is 1 + this value on red and 1 - this value on blue."""
    tint_error: Annotated[Range, within(-0.3, 0.3)] = (0.0, 0.0)
    """White balance error: the gain on green is 1 + this value."""
    denoising: ShareRange = (0.0, 0.0)
    """Strength of the noise reduction of the camera: 0 is none, 0.5 is usual, 1 smears fine details."""
    sharpening: Annotated[Range, within(0.0, 3.0)] = (0.0, 0.0)
    """Strength of the camera's unsharp mask: 0 is none, 0.5 is usual, 1.5 causes halos."""
    readout: Annotated[Range, within(0.0, 32.0)] = (0.0, 0.0)
    """Rolling shutter: delay from the first to the last row, in exposure times; skews motion; 0 is none."""
    jpeg_quality: Annotated[IntRange, within(10, 100)] | None = None
    """Quality of the JPEG compression in the camera, before augmentation; null does not compress."""

    @field_validator("bayer")
    @classmethod
    def _each_once(cls, bayer: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(bayer)) < len(bayer):
            raise ValueError("lists a pattern twice")
        return bayer

    @property
    def effects(self) -> tuple[str, ...]:
        """Names of the settings that switch an effect on."""
        return tuple(name for name in EFFECTS if getattr(self, name) not in ((0, 0), (), None))

    def draw(self, rng: np.random.Generator, noise: np.random.Generator) -> Sensor | None:
        """Samples the sensor effects of one image; None if all effects are off.

        Args:
            rng: The view's random number generator. One number is drawn for each setting that has a range.
            noise: The image's random number generator. The seed of the noise is drawn from it.
        """
        vignetting, red_px = uniform(rng, self.vignetting), uniform(rng, self.chromatic_aberration_px)
        iso, full_well_e = _in_stops(rng, self.iso), uniform(rng, self.full_well_e)
        read_noise_e, which = uniform(rng, self.read_noise_e), rng.random()
        warm, green = uniform(rng, self.white_balance_error), uniform(rng, self.tint_error)
        sharpening = uniform(rng, self.sharpening)
        quality = uniform_int(rng, self.jpeg_quality or (0, 0))
        denoising = uniform(rng, self.denoising)
        if not self.effects:
            return None
        return Sensor(
            noise_seed=int(noise.integers(NOISE_SEEDS)),
            vignetting=vignetting,
            red_shift_px=red_px,
            iso=iso,
            full_well_e=full_well_e,
            read_noise_e=read_noise_e,
            bits=self.bits,
            bayer=self.bayer[int(which * len(self.bayer))] if self.bayer else None,
            demosaicing=self.demosaicing,
            white_balance=(1 + warm, 1 + green, 1 - warm),
            denoising=denoising,
            sharpening=sharpening,
            jpeg_quality=quality or None,
        )


def _in_stops(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """Samples a number with a uniformly distributed logarithm; always consumes one random number."""
    share = rng.random()
    return float(bounds[0] * (bounds[1] / bounds[0]) ** share) if bounds[0] else 0.0


SensorField = Annotated[SensorSettings, BeforeValidator(lambda sensor: {} if sensor is None else sensor)]
"""Settings of the sensor; null switches all of them off."""
