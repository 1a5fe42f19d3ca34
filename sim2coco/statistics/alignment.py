"""Aligns two images of the same content, one of which may be slightly cropped, and measures their deviation.

Warps are affine matrices (2, 3) that map pixel positions in the first image to the second image.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_CONTRAST = 2.0
"""An image whose grey levels have a smaller standard deviation is uniform and cannot be aligned."""
MAX_ZOOM, MAX_SHIFT = 0.12, 0.12
"""Largest zoom, and largest shift as a fraction of the longer side."""
MIN_COMMON = 0.6
"""Minimum fraction of the first image that the aligned second image covers."""
CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 80, 1e-5)
KEYPOINTS, MIN_MATCHES, RATIO, INLIER_PX = 400, 12, 0.8, 2.0
"""Number of keypoints per image, minimum number of matches, Lowe's ratio, and RANSAC inlier distance."""

Grey = NDArray[np.float32]
Warp = NDArray[np.float32]


def deviation(one: Grey, other: Grey, enough: float) -> float:
    """Aligns two images and computes how much they deviate from each other.

    A pixel's deviation is the distance of its value from the range of values in the 3 x 3 neighbourhood of
    this pixel in the other image. The result is the maximum, over all 3 x 3 windows in both images, of the
    mean deviation.

    Args:
        one: (h, w), an image.
        other: (h', w'), another image.
        enough: The search for a better alignment stops at this deviation or less.

    Returns:
        The deviation in grey levels; infinity if the images cannot be aligned.
    """
    size = one.shape[1], one.shape[0]
    other = np.asarray(cv2.resize(other, size, interpolation=cv2.INTER_AREA), np.float32)
    least = np.inf
    for start in _starts(one, other):
        warp = _refined(one, other, start)
        if warp is not None:
            least = min(least, _after(one, other, warp))
        if least <= enough:
            break
    return least


def _starts(one: Grey, other: Grey) -> Iterator[Warp]:
    """Yields initial warps, from which the alignment is refined.

    The first is the identity. The second is computed from matching keypoints; there is none if too few match.
    """
    yield np.eye(2, 3, dtype=np.float32)
    found = _by_keypoints(one, other)
    if found is not None:
        yield found


def _by_keypoints(one: Grey, other: Grey) -> Warp | None:
    sift = cv2.SIFT.create(KEYPOINTS)
    found = [
        sift.detectAndCompute(picture.astype(np.uint8), np.ones(one.shape, np.uint8))
        for picture in (one, other)
    ]
    (points, described), (others, others_described) = found
    if min(len(points), len(others)) < MIN_MATCHES:
        return None
    pairs = cv2.BFMatcher().knnMatch(described, others_described, 2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < MIN_MATCHES:
        return None
    places = np.array([points[match.queryIdx].pt for match in good], np.float32)
    there = np.array([others[match.trainIdx].pt for match in good], np.float32)
    warp, agree = cv2.estimateAffine2D(places, there, ransacReprojThreshold=INLIER_PX)
    return np.asarray(warp, np.float32) if int(np.sum(agree)) >= MIN_MATCHES else None


def _refined(one: Grey, other: Grey, start: Warp) -> Warp | None:
    """Refines a warp to maximise the correlation (ECC); None if its zoom or shift is too large."""
    warp = start
    if min(one.std(), other.std()) >= MIN_CONTRAST:
        try:
            mask = np.ones(other.shape, np.uint8)
            found = cv2.findTransformECC(one, other, start.copy(), cv2.MOTION_AFFINE, CRITERIA, mask, 5)
            warp = np.asarray(found[1], np.float32)
        except cv2.error:  # ECC does not converge
            return None
    zoom, shift = np.abs(warp[:, :2] - np.eye(2)).max(), np.abs(warp[:, 2]).max()
    return None if zoom > MAX_ZOOM or shift > MAX_SHIFT * max(one.shape) else warp


def _after(one: Grey, other: Grey, warp: Warp) -> float:
    """Warps the second image to the first; returns the deviation, or infinity if the overlap is too small."""
    size, inverse = (one.shape[1], one.shape[0]), cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(other, warp, size, flags=cv2.INTER_LINEAR | inverse)
    known = cv2.warpAffine(np.ones(one.shape, np.uint8), warp, size, flags=cv2.INTER_NEAREST | inverse)
    known = cv2.erode(known, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    inside = np.asarray(known > 0, np.bool_)
    return _largest(one, np.asarray(moved, np.float32), inside) if inside.mean() > MIN_COMMON else np.inf


def _largest(one: Grey, moved: Grey, inside: NDArray[np.bool_]) -> float:
    """Largest deviation of two aligned images where `inside` is set, with equal brightness and contrast."""
    means, spreads = zip(*((part[inside].mean(), part[inside].std()) for part in (one, moved)), strict=True)
    if min(spreads) < MIN_CONTRAST:
        return np.inf if max(spreads) > 2 * MIN_CONTRAST else abs(float(means[0] - means[1]))
    moved = (moved - means[1]) * float(np.clip(spreads[0] / spreads[1], 0.8, 1.25)) + means[0]
    kernel = np.ones((3, 3), np.uint8)
    found = 0.0
    for image, around in ((one, moved), (moved, one)):
        beyond = np.maximum(image - cv2.dilate(around, kernel), cv2.erode(around, kernel) - image)
        found = max(found, float((cv2.blur(np.maximum(beyond, 0), (3, 3)) * inside).max()))
    return found
