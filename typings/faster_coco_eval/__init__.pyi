"""A reader and judge of COCO files that is not ours; for tests."""
