"""What scenes are made of: triangle meshes, procedural shapes and procedural textures."""
