"""Trains a detector on a data set, and runs it."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sim2coco.validate.batches import Batch, as_input, batches
from sim2coco.validate.data import Examples
from sim2coco.validate.detector import Detector
from sim2coco.validate.errors import ValidateError
from sim2coco.validate.found import Found
from sim2coco.validate.loss import loss_of, target_of

BATCH = 16
"""Batch size."""
RATE = 3e-3
"""Maximum learning rate."""
DECAY = 0.02
WARM_STEPS, MEASURED_STEPS = 2, 4
"""Number of warm-up steps and measured steps for estimating the duration."""
MOST, SURE = 100, 0.02
"""Maximum number of detections per image, and score threshold."""
OVERLAP = 0.6
"""IoU threshold of non-maximum suppression."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained detector, and its loss at each step."""

    detector: Detector
    losses: tuple[float, ...]


def device_of(name: str | None = None) -> torch.device:
    """Returns the named device; by default, the GPU if there is one, otherwise the CPU.

    Raises:
        ValidateError: `cuda` is requested, but PyTorch finds no GPU.
    """
    found = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and found != "cuda":
        raise ValidateError("--device: PyTorch finds no usable GPU; omit it, or use cpu")
    return torch.device(name or found)


def use_threads(number: int) -> None:
    """Sets the number of PyTorch threads of this process."""
    torch.set_num_threads(number)


def train(
    examples: Examples,
    negatives: Examples | None,
    num_classes: int,
    steps: int,
    seed: int,
    device: torch.device,
    progress: Callable[[int], None] = lambda step: None,
) -> Trained:
    """Trains a detector from scratch.

    On a CPU, the result is deterministic for the same machine and number of threads.

    Args:
        examples: The training images.
        negatives: Photographs without objects; None if there are none.
        num_classes: Number of classes.
        steps: Number of training steps; each step uses 16 images.
        seed: Random seed for weights, order and augmentation.
        device: The device for training.
        progress: Called with the number of steps done so far.
    """
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    generator = torch.Generator().manual_seed(seed)
    detector = Detector(num_classes, generator).to(device, memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(_groups(detector), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=max(steps, 2), pct_start=0.15)
    losses = []
    for step, batch in zip(range(steps), batches(examples, negatives, BATCH, generator), strict=False):
        loss = _loss(detector, batch, device)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(detector.parameters(), 10.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        progress(step + 1)
    return Trained(detector.eval(), tuple(losses))


def _groups(detector: Detector) -> list[dict[str, object]]:
    """Parameter groups: convolution weights with weight decay, all other parameters without."""
    weights = [weight for weight in detector.parameters() if weight.ndim > 1]
    others = [weight for weight in detector.parameters() if weight.ndim <= 1]
    return [{"params": weights}, {"params": others, "weight_decay": 0.0}]


def _loss(detector: Detector, batch: Batch, device: torch.device) -> Tensor:
    images = batch.images.to(device, memory_format=torch.channels_last)
    with _precision(device):
        maps = detector(images)
    boxes = [own.to(device) for own in batch.boxes]
    classes = [own.to(device) for own in batch.classes]
    return loss_of(maps, target_of(boxes, classes, maps))


def _precision(device: torch.device) -> AbstractContextManager[object]:
    """Returns a context with autocast to bfloat16 if the hardware supports it, otherwise with float32."""
    if device.type == "cuda" or (device.type == "cpu" and _has_amx()):
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


def _has_amx() -> bool:
    """Whether this CPU multiplies bfloat16 matrices in hardware (AMX)."""
    information = Path("/proc/cpuinfo")
    return information.exists() and " amx_bf16 " in information.read_text()


def seconds_per_step(examples: Examples, num_classes: int, device: torch.device) -> float:
    """Measures the duration of a training step."""
    marks = []
    train(
        examples,
        None,
        num_classes,
        WARM_STEPS + MEASURED_STEPS,
        0,
        device,
        lambda step: marks.append(time.perf_counter()),
    )
    return (marks[-1] - marks[WARM_STEPS - 1]) / MEASURED_STEPS


def find_objects(detector: Detector, examples: Examples) -> list[Found]:
    """Runs a detector on each image.

    Returns:
        The detections in each image, with boxes in pixels of the detector's input.
    """
    device = next(detector.parameters()).device
    found = []
    with torch.no_grad():
        for start in range(0, len(examples), BATCH):
            images = as_input(np.asarray(examples.pixels[start : start + BATCH])).to(device)
            maps = detector(images)
            peaks = _peaks(torch.sigmoid(maps.heat)).cpu()
            found += [_found(heat, boxes) for heat, boxes in zip(peaks, maps.boxes.cpu(), strict=True)]
    return found


def _peaks(heat: Tensor) -> Tensor:
    """The heatmap at its local maxima; 0 elsewhere."""
    return heat * (functional.max_pool2d(heat, 3, 1, 1) == heat)


def _found(heat: Tensor, boxes: Tensor) -> Found:
    """The detections in an image, from its heatmap (C, h, w) and boxes (4, h, w)."""
    scores, places = heat.flatten().topk(min(MOST, heat.numel()))
    cells = heat.shape[1] * heat.shape[2]
    own = boxes.flatten(1)[:, places % cells].T
    found = Found(
        own.numpy().astype(np.float64), scores.numpy().astype(np.float64), (places // cells).numpy()
    )
    return found.above(SURE).without_doubles(OVERLAP)
