"""The result of an audit: measurements of each instance, and broken rules."""

from dataclasses import dataclass, field
from typing import Any

from sim2coco.audit.comparing import MAX_MEAN_SHIFT_PX


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule.

    Attributes:
        file: The image file, relative to the data set; "" for the whole data set.
        instance: The instance number in the image; None for the whole image.
        rule: The name of the rule.
        what: A description of the fault, with numbers.
    """

    file: str
    instance: int | None
    rule: str
    what: str

    def __str__(self) -> str:
        """The finding as one line."""
        where = [self.file] if self.file else []
        where += [] if self.instance is None else [f"instance {self.instance}"]
        text = ": ".join([*where, self.rule, self.what])
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


@dataclass(frozen=True, slots=True)
class Instance:
    """The measurements of one instance.

    Attributes:
        file: The image file, relative to the data set.
        instance: The instance number in the image.
        numbers: All measurements, as JSON-compatible values.
        shift_px: Offset between the centroids of the visible masks, along x and y; None if the masks are too
            small or may be covered by an augmentation.
        wrong_share: Number of pixels that differ, divided by the number of pixels of the outline. The larger
            of the values for the visible and the amodal mask.
    """

    file: str
    instance: int
    numbers: dict[str, Any]
    shift_px: tuple[float, float] | None
    wrong_share: float


@dataclass(slots=True)
class ImageReport:
    """The audit result for one image.

    Attributes:
        file: The image file, relative to the data set.
        instances: The measurements of its instances.
        findings: The broken rules.
        left_out: The reason why the image was not compared; "" if it was compared.
        notes: Notes on the parts that were not compared.
    """

    file: str
    instances: list[Instance] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an audit.

    Attributes:
        images: Number of compared images.
        total: Number of images in the data set.
        left_out: For each reason, the number of images that were not compared.
        notes: For each note on parts that were not compared, the number of images with this note.
        instances: The measurements of all compared instances.
        findings: The broken rules, in the order of the images.
    """

    images: int
    total: int
    left_out: dict[str, int]
    notes: dict[str, int]
    instances: tuple[Instance, ...]
    findings: tuple[Finding, ...]

    @property
    def mean_shift_px(self) -> tuple[float, float] | None:
        """The mean centroid offset along x and y; None if no mask is large enough."""
        return _mean_shift(self.instances)


def report_of(images: list[ImageReport], total: int) -> Report:
    """Combines the results of all images into a report; the data set has `total` images."""
    left_out: dict[str, int] = {}
    notes: dict[str, int] = {}
    for image in images:
        if image.left_out:
            left_out[image.left_out] = left_out.get(image.left_out, 0) + 1
        for note in image.notes:
            notes[note] = notes.get(note, 0) + 1
    instances = tuple(instance for image in images for instance in image.instances)
    findings = [finding for image in images for finding in image.findings]
    compared = sum(not image.left_out for image in images)
    return Report(compared, total, left_out, notes, instances, (*findings, *_bias(instances)))


def _mean_shift(instances: tuple[Instance, ...]) -> tuple[float, float] | None:
    shifts = [instance.shift_px for instance in instances if instance.shift_px is not None]
    if not shifts:
        return None
    return sum(x for x, _ in shifts) / len(shifts), sum(y for _, y in shifts) / len(shifts)


def _bias(instances: tuple[Instance, ...]) -> list[Finding]:
    """Returns a finding if the mean centroid offset of all instances is too large; otherwise, no finding."""
    mean = _mean_shift(instances)
    if mean is None or max(map(abs, mean)) <= MAX_MEAN_SHIFT_PX:
        return []
    told = f"centroids are off by ({mean[0]:+.3f}, {mean[1]:+.3f}) px on average"
    return [Finding("", None, "bias", f"{told}; the maximum is {MAX_MEAN_SHIFT_PX:g}")]
