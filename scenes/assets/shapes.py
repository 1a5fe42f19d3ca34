"""Procedural shapes: closed solids centred on the origin, with the z axis as their main axis.

All functions raise `MeshError` for dimensions that do not form a solid.
"""

from collections.abc import Callable, Mapping
from math import cos, pi
from types import MappingProxyType

from scenes.assets.mesh import Mesh, Part
from scenes.assets.solids import (
    arc,
    centred,
    check_increasing,
    circle,
    extruded,
    joined,
    polyline,
    revolved,
    z_span,
)

SEGMENTS = 48
"""Default number of straight segments per full circle."""


def box(width_m: float, depth_m: float, height_m: float) -> Mesh:
    """A cuboid with its sides along x, y and z."""
    check_increasing(width_m=width_m)
    check_increasing(depth_m=depth_m)
    outline = centred([(0, 0), (width_m, 0), (width_m, depth_m), (0, depth_m)])
    return _solid(extruded(outline, z_span(height_m)))


def wedge(length_m: float, depth_m: float, height_m: float) -> Mesh:
    """A ramp: a right triangle with its legs along x and y, extruded along z."""
    check_increasing(length_m=length_m)
    check_increasing(depth_m=depth_m)
    return _solid(extruded(centred([(0, 0), (length_m, 0), (0, depth_m)]), z_span(height_m)))


def bracket(leg_x_m: float, leg_y_m: float, thickness_m: float, height_m: float) -> Mesh:
    """An L profile with its legs along x and y, extruded along z."""
    check_increasing(thickness_m=thickness_m, leg_x_m=leg_x_m)
    check_increasing(thickness_m=thickness_m, leg_y_m=leg_y_m)
    inside = [(leg_x_m, thickness_m), (thickness_m, thickness_m), (thickness_m, leg_y_m)]
    return _solid(extruded(centred([(0, 0), (leg_x_m, 0), *inside, (0, leg_y_m)]), z_span(height_m)))


def prism(radius_m: float, height_m: float, sides: int = 6) -> Mesh:
    """A regular prism; `radius_m` is the distance of its vertical edges from the axis; one edge is on +x."""
    return _solid(extruded(circle(radius_m, sides), z_span(height_m)))


def nut(radius_m: float, hole_radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A hexagonal prism with a round hole; `radius_m` is the distance of its vertical edges from the axis.

    The hole passes through the whole height.
    """
    check_increasing(hole_radius_m=hole_radius_m, inner_hexagon_radius_m=radius_m * cos(pi / 6))
    low_m, high_m = z_span(height_m)
    hole = circle(hole_radius_m, segments)
    wall = polyline((hole_radius_m, high_m), (hole_radius_m, low_m))
    return _solid(extruded(circle(radius_m, 6), (low_m, high_m), hole, hole), revolved(wall, segments))


def bolt(
    head_radius_m: float,
    head_height_m: float,
    shaft_radius_m: float,
    length_m: float,
    segments: int = SEGMENTS,
) -> Mesh:
    """A hexagonal head on top of a shaft; `length_m` is the length of both together."""
    check_increasing(head_height_m=head_height_m, length_m=length_m)
    check_increasing(shaft_radius_m=shaft_radius_m, inner_head_radius_m=head_radius_m * cos(pi / 6))
    low_m, high_m = z_span(length_m)
    neck_m = high_m - head_height_m
    head = extruded(circle(head_radius_m, 6), (neck_m, high_m), circle(shaft_radius_m, segments))
    shaft = polyline((0, low_m), (shaft_radius_m, low_m), (shaft_radius_m, neck_m))
    return _solid(head, revolved(shaft, segments))


def cylinder(radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A solid cylinder."""
    check_increasing(radius_m=radius_m)
    low_m, high_m = z_span(height_m)
    profile = polyline((0, low_m), (radius_m, low_m), (radius_m, high_m), (0, high_m))
    return _solid(revolved(profile, segments))


def cone(radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A cone with its tip up; its bounding box is centred, so its centre of mass is at z = -height_m / 4."""
    check_increasing(radius_m=radius_m)
    low_m, high_m = z_span(height_m)
    return _solid(revolved(polyline((0, low_m), (radius_m, low_m), (0, high_m)), segments))


def tube(radius_m: float, hole_radius_m: float, height_m: float, segments: int = SEGMENTS) -> Mesh:
    """A hollow cylinder, open at both ends."""
    check_increasing(hole_radius_m=hole_radius_m, radius_m=radius_m)
    low_m, high_m = z_span(height_m)
    outside = [(hole_radius_m, low_m), (radius_m, low_m), (radius_m, high_m), (hole_radius_m, high_m)]
    return _solid(revolved(polyline(*outside, (hole_radius_m, low_m)), segments))


def sphere(radius_m: float, segments: int = SEGMENTS) -> Mesh:
    """A sphere of `segments` meridians and half as many rings; 128 segments make 16,128 faces."""
    return _solid(revolved([arc((0, 0), radius_m, (-90, 90), segments // 2)], segments))


def capsule(radius_m: float, length_m: float, segments: int = SEGMENTS) -> Mesh:
    """A cylinder with a hemisphere on each end; `length_m` is the total length."""
    check_increasing(diameter_m=2 * radius_m, length_m=length_m)
    middle_m = length_m / 2 - radius_m
    bottom = arc((0, -middle_m), radius_m, (-90, 0), segments // 4)
    top = arc((0, middle_m), radius_m, (0, 90), segments // 4)
    side = polyline((radius_m, -middle_m), (radius_m, middle_m))
    return _solid(revolved([bottom, *side, top], segments))


def torus(ring_radius_m: float, tube_radius_m: float, segments: int = SEGMENTS) -> Mesh:
    """A torus; `ring_radius_m` is the distance from its centre to the centre of the tube."""
    check_increasing(tube_radius_m=tube_radius_m, ring_radius_m=ring_radius_m)
    return _solid(revolved([arc((ring_radius_m, 0), tube_radius_m, (-180, 180), segments)], segments))


def _solid(*pieces: Part) -> Mesh:
    return Mesh((joined(*pieces),))


SHAPES: Mapping[str, Callable[[float], Mesh]] = MappingProxyType(
    {
        "box": box(0.5, 0.7, 1.0).scaled,
        "cylinder": cylinder(0.3, 1.0).scaled,
        "cone": cone(0.35, 1.0).scaled,
        "sphere": sphere(0.5).scaled,
        "capsule": capsule(0.2, 1.0).scaled,
        "torus": torus(0.35, 0.15).scaled,
        "prism": prism(0.3, 1.0).scaled,
        "nut": nut(0.5, 0.27, 0.45).scaled,
        "bolt": bolt(0.21, 0.15, 0.11, 1.0).scaled,
        "wedge": wedge(1.0, 0.5, 0.4).scaled,
        "tube": tube(0.25, 0.19, 1.0).scaled,
        "bracket": bracket(1.0, 0.7, 0.12, 0.4).scaled,
    }
)
"""For each name, a function from the longest extent in metres to a mesh of typical proportions."""
