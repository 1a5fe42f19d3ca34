"""A scene in the light of a shot."""

from dataclasses import dataclass

from scenes.shot import Light
from scenes.spec import SceneSpec
from sim.render.lighting.floor_light import FloorLight
from sim.render.lighting.points import Cloud
from sim.render.lighting.sky import Sky
from sim.render.lighting.sun import SoftShadow


@dataclass(frozen=True, slots=True, eq=False)
class SampledScene:
    """What lighting needs to know of a scene, whatever the light.

    Attributes:
        cloud: Points on the bodies, for shadow maps of sun and lamps.
        normal_cloud: Half of the points on curved surfaces, for normals.
        sky: Sky visibility.
    """

    cloud: Cloud
    normal_cloud: Cloud
    sky: Sky


@dataclass(frozen=True, slots=True, eq=False)
class LitLamp:
    """A directional light over a scene: the sun or a lamp.

    Attributes:
        light: A light with this lamp as its sun; the sky is black but for the first lamp, the sun itself.
        shadow: Its shadows; None in a scene without bodies.
    """

    light: Light
    shadow: SoftShadow | None


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A scene in the light of a shot, for any camera.

    Attributes:
        spec: The scene.
        light: The light at the exposure of the shot.
        scene: Samples of the scene; None if it has neither bodies nor walls.
        sky: Sky visibility between bodies and walls; None if there are neither.
        floor: Sky visibility of the floor; None without a floor, or without bodies and walls.
        lamps: The sun, then the lamps.
    """

    spec: SceneSpec
    light: Light
    scene: SampledScene | None
    sky: Sky | None
    floor: FloorLight | None
    lamps: tuple[LitLamp, ...]
