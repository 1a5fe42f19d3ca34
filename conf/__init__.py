"""What people turn: one folder for each stage. Hydra finds an installed `conf` only as a package."""
