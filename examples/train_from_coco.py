"""Trains a small network on a COCO data set to find the pixels that show an object. Needs PyTorch.

python examples/train_from_coco.py data/train
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools.coco import COCO

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("this example needs PyTorch: pip install torch")


def load(data: Path, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The images (n, 3, h, w) of a split, from 0 to 1, and where they show an object (n, 1, h, w), 0 or 1."""
    coco = COCO(data / "annotations" / f"instances_{split}.json")
    images, masks = [], []
    for entry in coco.loadImgs(coco.getImgIds()):
        image = np.asarray(Image.open(data / "images" / split / entry["file_name"]), np.float32) / 255
        objects = [coco.annToMask(label) for label in coco.loadAnns(coco.getAnnIds(entry["id"]))]
        masks.append(np.max([np.zeros(image.shape[:2], np.uint8), *objects], axis=0)[None])
        images.append(image.transpose(2, 0, 1))
    return torch.tensor(np.stack(images)), torch.tensor(np.stack(masks), dtype=torch.float32)


def block(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """A convolution, normalised, without its negative values."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=dilation, dilation=dilation)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


if __name__ == "__main__":
    torch.manual_seed(0)
    (images, masks), (new_images, new_masks) = (load(Path(sys.argv[1]), split) for split in ("train", "val"))
    blocks = [block(3, 32, stride=2), *(block(32, 32, dilation=d) for d in (1, 2, 4, 8))]
    network = nn.Sequential(*blocks, nn.Conv2d(32, 1, 1), nn.Upsample(images.shape[2:], mode="bilinear"))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    for step in range(301):
        batch = torch.randperm(len(images))[:8]
        loss = nn.functional.binary_cross_entropy_with_logits(network(images[batch]), masks[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 60 == 0:
            print(f"step {step}: loss {loss.item():.3f}")
    network.eval()
    found, there = network(new_images) > 0, new_masks > 0
    print(f"IoU on {len(there)} images not trained on: {(found & there).sum() / (found | there).sum():.2f}")
