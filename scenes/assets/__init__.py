"""Assets of scenes: triangle meshes, procedural shapes, images and procedural textures."""
