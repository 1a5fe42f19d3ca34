"""The sensor: exposure, lens blur, motion blur, tone mapping and antialiasing."""
