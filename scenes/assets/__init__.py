"""Scene assets: triangle meshes, procedural shapes, images and procedural textures."""
