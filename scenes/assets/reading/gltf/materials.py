"""Base colours of glTF materials: factors, textures, texture transforms and wrap modes."""

from dataclasses import dataclass

import numpy as np

from scenes.assets.reading.gltf.extensions import IMAGES, SPECULAR, TRANSFORM, WEBP
from scenes.assets.reading.gltf.item import Item
from scenes.assets.reading.named import Wrap
from scenes.assets.reading.raw import Floats

WRAPS: dict[int, Wrap] = {10497: "repeat", 33648: "mirror", 33071: "clamp"}
NEAREST = 9728
Rgba = tuple[float, float, float, float]
WHITE: Rgba = (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class TextureUse:
    """A texture of a material: its image, texture coordinates and sampling.

    Attributes:
        image: Index of the image.
        uv_set: Set of texture coordinates: n of `TEXCOORD_n`.
        matrix: Affine transform of the texture coordinates (v down), as two rows of three numbers.
        wraps: Wrap modes along u and v.
        is_pixelated: Whether magnification uses nearest-neighbour instead of linear filtering.
    """

    image: int
    uv_set: int
    matrix: tuple[tuple[float, float, float], tuple[float, float, float]]
    wraps: tuple[Wrap, Wrap]
    is_pixelated: bool

    def placed(self, uvs: Floats) -> Floats:
        """Transforms texture coordinates (n, 2)."""
        matrix = np.array(self.matrix)
        return np.asarray(uvs @ matrix[:, :2].T + matrix[:, 2])


@dataclass(frozen=True, slots=True)
class Look:
    """The base colour of a material.

    Attributes:
        name: Name of the material, for messages.
        factor: Linear RGBA, 0..1, which multiplies the texture.
        texture: The base colour texture, or None.
        least_alpha: Where alpha is lower, the surface is invisible; 0 if the material is opaque everywhere.
        is_cut: True if the surface is opaque wherever it is visible; False if alpha is its opacity.
        unused: Names of properties in the file that are ignored when the material is rendered.
    """

    name: str = "default"
    factor: Rgba = WHITE
    texture: TextureUse | None = None
    least_alpha: float = 0.0
    is_cut: bool = True
    unused: tuple[str, ...] = ()


def look_of(root: Item, index: int | None) -> Look:
    """Reads the base colour of a material.

    Args:
        root: The root object of the file.
        index: Index of the material, or None for the default material, which is white.

    Raises:
        Refused: The material is not valid.
    """
    if index is None:
        return Look()
    material = root.entry("materials", index)
    base, factor_key, texture_key = _model(material)
    mode = material.text("alphaMode", "OPAQUE")
    least = {"MASK": material.number("alphaCutoff", 0.5), "BLEND": 1 / 255}.get(mode, 0.0)
    factor = base.any_numbers(factor_key) or WHITE
    if len(factor) not in (3, 4):
        raise base.wrong(factor_key, "a list of 4 numbers")
    red, green, blue, alpha = np.clip((*factor, 1.0)[:4], 0.0, 1.0).tolist()
    texture = None if texture_key is None else _texture(root, base.item(texture_key))
    name, unused = material.text("name") or f"number {index}", _unused(material, base)
    return Look(name, (red, green, blue, alpha), texture, least, mode != "BLEND", unused)


def _model(material: Item) -> tuple[Item, str, str | None]:
    """Finds the base colour of a material.

    In the specular-glossiness model, metals have a black diffuse colour, so their specular colour is used.

    Returns:
        A JSON object, the key of the colour factor in this object, and the key of the texture in this object.
        The latter is None if no texture is used.
    """
    specular = material.extension(SPECULAR)
    if specular is None:
        base = material.item("pbrMetallicRoughness")
        return Item({}) if base is None else base, "baseColorFactor", "baseColorTexture"
    is_metal = specular.has("diffuseFactor") and not any(specular.any_numbers("diffuseFactor")[:3])
    if is_metal and not specular.has("diffuseTexture"):
        return specular, "specularFactor", None
    return specular, "diffuseFactor", "diffuseTexture"


def _unused(material: Item, base: Item) -> tuple[str, ...]:
    names = [f"{name} texture" for name in ("normal", "occlusion") if material.has(f"{name}Texture")]
    if any(material.any_numbers("emissiveFactor")):
        names.append("emission")
    if base.has("metallicRoughnessTexture"):
        names.append("metallic-roughness texture")
    if base.has("specularGlossinessTexture"):
        names.append("specular-glossiness texture")
    return tuple(names)


def _texture(root: Item, use: Item | None) -> TextureUse | None:
    """Reads a texture reference; None if the material has no texture or the texture has no image."""
    if use is None:
        return None
    texture = root.entry("textures", use.integer("index"))
    image = _image(texture)
    if image is None:
        return None
    sampler = root.entry("samplers", texture.integer("sampler")) if texture.has("sampler") else Item({})
    u, v = (WRAPS.get(sampler.integer(key, 10497), "repeat") for key in ("wrapS", "wrapT"))
    transform = use.extension(TRANSFORM) or Item({})
    uv_set = transform.integer("texCoord", use.integer("texCoord", 0))
    return TextureUse(image, uv_set, _matrix(transform), (u, v), sampler.integer("magFilter", 0) == NEAREST)


def _image(texture: Item) -> int | None:
    """Returns the index of a texture's image, preferably in a supported format; None if it has no image."""
    webp = texture.extension(WEBP)
    if webp is not None and webp.has("source"):
        return webp.integer("source")
    if texture.has("source"):
        return texture.integer("source")
    others = [texture.extension(name) for name in IMAGES]
    return next(
        (other.integer("source") for other in others if other is not None and other.has("source")), None
    )


def _matrix(transform: Item) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Converts a texture transform (`KHR_texture_transform`) to the two rows of an affine matrix."""
    (u, v), (along_u, along_v) = (
        transform.numbers("offset", (0.0, 0.0)),
        transform.numbers("scale", (1.0, 1.0)),
    )
    angle = transform.number("rotation", 0.0)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    return (cos * along_u, sin * along_v, u), (-sin * along_u, cos * along_v, v)
