Process_Triangulate: int
Process_PreTransformVertices: int

class Mesh:
    indices: memoryview
    vertices: memoryview
    num_faces: int

class Scene:
    meshes: tuple[Mesh, ...]

def import_file(filename: str, flags: int) -> Scene: ...
