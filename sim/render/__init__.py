"""From a settled scene and a shot to a picture."""
