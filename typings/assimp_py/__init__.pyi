Process_Triangulate: int
Process_PreTransformVertices: int

class Mesh:
    indices: memoryview
    vertices: memoryview
    num_faces: int

class Node:
    transformation: tuple[tuple[float, ...], ...]
    mesh_indices: list[int]
    children: list[Node]

class Scene:
    meshes: tuple[Mesh, ...]
    root_node: Node

def import_file(filename: str, flags: int) -> Scene: ...
