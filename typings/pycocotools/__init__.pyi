"""The COCO API: its index, its masks and its evaluation."""
