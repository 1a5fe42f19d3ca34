"""Your own objects: mesh folders become libraries of clean, measured, tested assets."""
