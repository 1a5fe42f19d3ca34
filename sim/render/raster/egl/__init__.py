"""PyBullet's OpenGL renderer, on a GPU or with Mesa's llvmpipe."""
