"""The image pipeline of a camera: lens, sensor, raw development and compression."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scenes.shot import Camera, Sensor
from sim.render.sensor.falloff import chromatic, vignetted
from sim.render.sensor.raw import SATURATION, measured
from sim.render.sensor.tone import tone_map

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

SMOOTHED_PX, SMOOTHED_LEVELS, BLURRED_PX = 2.0, 50.0, 2.5
"""Standard deviations for noise reduction of strength 1: of the bilateral filter on brightness, in pixels and
in grey levels, and of the blur on colours, in pixels."""
SHARPENED_PX = 1.0
"""Standard deviation of the unsharp mask in pixels."""


def exposed(linear: Floats, gain: float) -> Floats:
    """The linear image (H, W, 3) times the exposure gain, clipped at twice the value that fills a pixel.

    Highlights are clipped before edges are antialiased; otherwise the edge of a highlight a hundred times as
    bright as white would stay jagged.
    """
    return np.asarray(np.fmin(linear * np.float32(gain), np.float32(2 * SATURATION)), np.float32)


def photographed(light: Floats, camera: Camera, sensor: Sensor) -> Image:
    """Turns linear light into the image (H, W, 3) of a camera.

    Args:
        light: (H, W, 3) linear image after exposure. A white surface has the value 1, and a full pixel has
            the value `SATURATION`.
        camera: The camera.
        sensor: The sensor of the camera.
    """
    light = chromatic(light, camera, sensor.red_shift_px)
    light = vignetted(light, camera, sensor.vignetting)
    if sensor.iso or sensor.bayer:
        light = measured(light, sensor)
    image = tone_map(_balanced(light, sensor), 1.0)
    image = sharpened(denoised(image, sensor.denoising), sensor.sharpening)
    return compressed(image, sensor.jpeg_quality)


def _balanced(light: Floats, sensor: Sensor) -> Floats:
    if sensor.white_balance == (1.0, 1.0, 1.0):
        return light
    return light * np.array(sensor.white_balance, np.float32)


def denoised(image: Image, strength: float) -> Image:
    """The image (H, W, 3) after noise reduction, which keeps edges of brightness and blurs colour.

    Brightness is smoothed by a bilateral filter. Blotches and smeared details remain, as in images of small
    cameras.
    """
    if not strength:
        return image
    luma, red, blue = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb))
    luma = cv2.bilateralFilter(luma, 5, SMOOTHED_LEVELS * strength, SMOOTHED_PX)
    red, blue = (cv2.GaussianBlur(plane, (0, 0), BLURRED_PX * strength) for plane in (red, blue))
    return np.asarray(cv2.cvtColor(cv2.merge([luma, red, blue]), cv2.COLOR_YCrCb2RGB), np.uint8)


def sharpened(image: Image, amount: float) -> Image:
    """The image (H, W, 3) after an unsharp mask: the detail that a blur removes is added `amount` times."""
    if not amount:
        return image
    soft = cv2.GaussianBlur(image, (0, 0), SHARPENED_PX)
    return np.asarray(cv2.addWeighted(image, 1 + amount, soft, -amount, 0), np.uint8)


def compressed(image: Image, quality: int | None) -> Image:
    """The image (H, W, 3) after JPEG compression at a quality from 10 to 100; unchanged for None."""
    if quality is None:
        return image
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
