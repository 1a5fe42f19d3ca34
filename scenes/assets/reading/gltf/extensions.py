"""Lists which glTF extensions are supported, which are ignored, and which make a file unreadable."""

from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.refusal import Refused

TRANSFORM = "KHR_texture_transform"
INSTANCING = "EXT_mesh_gpu_instancing"
SPECULAR = "KHR_materials_pbrSpecularGlossiness"
VISIBILITY = "KHR_node_visibility"
WEBP = "EXT_texture_webp"
DRACO = "KHR_draco_mesh_compression"
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
PACKED = (DRACO, *MESHOPT)
"""Extensions that compress geometry. They are not supported."""
READ = frozenset(
    (TRANSFORM, INSTANCING, SPECULAR, VISIBILITY, WEBP, "KHR_mesh_quantization", "KHR_materials_unlit")
)
IMAGES = ("KHR_texture_basisu", "MSFT_texture_dds", "EXT_texture_astc", "EXT_texture_avif")
"""Extensions for unsupported image formats. A note is added for each texture without another image."""
LOOKS = frozenset(
    (
        "KHR_materials_anisotropy",
        "KHR_materials_clearcoat",
        "KHR_materials_diffuse_transmission",
        "KHR_materials_dispersion",
        "KHR_materials_emissive_strength",
        "KHR_materials_ior",
        "KHR_materials_iridescence",
        "KHR_materials_sheen",
        "KHR_materials_specular",
        "KHR_materials_transmission",
        "KHR_materials_variants",
        "KHR_materials_volume",
        "KHR_technique_webgl",
        "KHR_techniques_webgl",
        "ADOBE_materials_clearcoat_specular",
        "ADOBE_materials_clearcoat_tint",
        "ADOBE_materials_thin_transparency",
        "NV_materials_mdl",
    )
)
"""Material extensions that are ignored, with a note."""
WITHOUT_EFFECT = frozenset(
    (
        "AGI_articulations",
        "AGI_stk_metadata",
        "CESIUM_primitive_outline",
        "EXT_lights_ies",
        "EXT_lights_image_based",
        "EXT_mesh_features",
        "EXT_mesh_manifold",
        "EXT_mesh_primitive_edge_visibility",
        "EXT_mesh_primitive_restart",
        "EXT_structural_metadata",
        "FB_geometry_metadata",
        "GODOT_single_root",
        "GRIFFEL_bim_data",
        "KHR_animation_pointer",
        "KHR_audio_emitter",
        "KHR_implicit_shapes",
        "KHR_interactivity",
        "KHR_lights_punctual",
        "KHR_node_hoverability",
        "KHR_node_selectability",
        "KHR_physics_rigid_bodies",
        "KHR_xmp",
        "KHR_xmp_json_ld",
        "MSFT_lod",
        "MSFT_packing_normalRoughnessMetallic",
        "MSFT_packing_occlusionRoughnessMetallic",
    )
)
"""Extensions that affect neither triangles nor base colours."""


def check_extensions(root: Item, looks: list[str]) -> None:
    """Checks that the extensions required by a file are supported.

    Args:
        root: The root object of the file.
        looks: Notes on extensions that the file uses, but that are ignored, are added here.

    Raises:
        Refused: The file requires an extension that is not supported.
    """
    required = list(dict.fromkeys(root.texts("extensionsRequired")))
    known = READ | LOOKS | WITHOUT_EFFECT | frozenset(IMAGES)
    for name in required:
        if name in PACKED:
            raise packed(name)
        if name not in known:
            sentence = f"requires the glTF extension {name[:60]}, which is not supported"
            raise Refused("unreadable", sentence, "export it without that extension")
    used = dict.fromkeys((*required, *root.texts("extensionsUsed")))
    _tell(looks, "rendered without {}", [name for name in used if name in LOOKS])
    unknown = [name[:60] for name in used if name not in known and name not in PACKED]
    _tell(looks, "rendered without {} (not supported)", unknown)


def packed(name: str) -> Refused:
    """Creates the exception for geometry that is compressed with the extension `name`."""
    return Refused("unreadable", f"is compressed ({name})", "export it without mesh compression")


def check_not_packed(item: Item) -> None:
    """Checks that a buffer view, buffer or primitive does not refer to compressed data.

    Raises:
        Refused: The data is compressed.
    """
    extensions = item.item("extensions")
    for name in PACKED:
        if extensions is not None and extensions.has(name):
            raise packed(name)


def _tell(looks: list[str], sentence: str, names: list[str]) -> None:
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        looks.append(sentence.format(", ".join(names[:5]) + more))
