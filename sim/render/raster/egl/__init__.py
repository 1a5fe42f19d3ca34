"""PyBullet's OpenGL renderer, on a GPU or on Mesa's llvmpipe."""
