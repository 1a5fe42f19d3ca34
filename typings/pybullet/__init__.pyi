"""The part of PyBullet 3.2.7 that a renderer and a settler use, with the keyword names of its C source.

Positions are (x, y, z) in metres, quaternions (x, y, z, w), matrices 16 numbers in column-major order. Every
function takes `physicsClientId`: the number that `connect` returned.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

_Floats: TypeAlias = Sequence[float] | NDArray[np.floating]
_Points: TypeAlias = Sequence[_Floats] | NDArray[np.floating]
_Indices: TypeAlias = Sequence[int] | NDArray[np.integer]
_Vec3: TypeAlias = tuple[float, float, float]
_Quat: TypeAlias = tuple[float, float, float, float]
_Rgba: TypeAlias = tuple[float, float, float, float]
# contact flag, body A, body B, link A, link B, point on A, point on B, normal on B,
# distance (negative: penetration), normal force, friction 1, its direction, friction 2, its direction
_Contact: TypeAlias = tuple[
    int, int, int, int, int, _Vec3, _Vec3, _Vec3, float, float, float, _Vec3, float, _Vec3
]
# mass, lateral friction, inertia diagonal, inertial position, inertial orientation, restitution,
# rolling friction, spinning friction, contact damping, contact stiffness,
# body type (1 rigid, 2 multi, 3 soft), collision margin
_Dynamics: TypeAlias = tuple[float, float, _Vec3, _Vec3, _Quat, float, float, float, float, float, int, float]
# body, link, geometry type, dimensions, file name (b"" where there is none), position, orientation, colour
_VisualShape: TypeAlias = tuple[int, int, int, _Vec3, bytes, _Vec3, _Quat, _Rgba]
_TexturedVisualShape: TypeAlias = tuple[int, int, int, _Vec3, bytes, _Vec3, _Quat, _Rgba, int]
# body, link, geometry type, dimensions, file name, position, orientation
_CollisionShape: TypeAlias = tuple[int, int, int, _Vec3, bytes, _Vec3, _Quat]
# body (-1: no hit), link, fraction of the way, position, normal
_RayHit: TypeAlias = tuple[int, int, float, _Vec3, _Vec3]
# width, height, rgba (H, W, 4) uint8, depth buffer (H, W) float32 in 0..1, ids (H, W) int32, -1 for nothing
_CameraImage: TypeAlias = tuple[int, int, NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]

class error(Exception): ...

# Connection and world

@overload
def connect(method: int, key: int = ..., options: str = ...) -> int: ...
@overload
def connect(method: int, *, hostName: str, port: int = ..., options: str = ...) -> int: ...
def disconnect(physicsClientId: int = ...) -> None: ...
def isConnected(physicsClientId: int = ...) -> int: ...
def getConnectionInfo(physicsClientId: int = ...) -> dict[str, int]: ...
def getAPIVersion(physicsClientId: int = ...) -> int: ...
def isNumpyEnabled() -> int: ...
def setAdditionalSearchPath(path: str, physicsClientId: int = ...) -> None: ...
def resetSimulation(flags: int = ..., physicsClientId: int = ...) -> None: ...
def setGravity(gravX: float, gravY: float, gravZ: float, physicsClientId: int = ...) -> None: ...
def setTimeStep(timeStep: float, physicsClientId: int = ...) -> None: ...
def setPhysicsEngineParameter(
    fixedTimeStep: float = ...,
    numSolverIterations: int = ...,
    useSplitImpulse: int = ...,
    splitImpulsePenetrationThreshold: float = ...,
    numSubSteps: int = ...,
    collisionFilterMode: int = ...,
    contactBreakingThreshold: float = ...,
    maxNumCmdPer1ms: int = ...,
    enableFileCaching: int = ...,
    restitutionVelocityThreshold: float = ...,
    erp: float = ...,
    contactERP: float = ...,
    frictionERP: float = ...,
    enableConeFriction: int = ...,
    deterministicOverlappingPairs: int = ...,
    allowedCcdPenetration: float = ...,
    jointFeedbackMode: int = ...,
    solverResidualThreshold: float = ...,
    contactSlop: float = ...,
    enableSAT: int = ...,
    constraintSolverType: int = ...,
    globalCFM: float = ...,
    minimumSolverIslandSize: int = ...,
    reportSolverAnalytics: int = ...,
    warmStartingFactor: float = ...,
    sparseSdfVoxelSize: float = ...,
    numNonContactInnerIterations: int = ...,
    physicsClientId: int = ...,
) -> None: ...
def getPhysicsEngineParameters(physicsClientId: int = ...) -> dict[str, float]: ...
def stepSimulation(physicsClientId: int = ...) -> None: ...
def performCollisionDetection(physicsClientId: int = ...) -> None: ...
def configureDebugVisualizer(
    flag: int = ...,
    enable: int = ...,
    lightPosition: _Floats = ...,
    shadowMapResolution: int = ...,
    shadowMapWorldSize: int = ...,
    remoteSyncTransformInterval: float = ...,
    shadowMapIntensity: float = ...,
    rgbBackground: _Floats = ...,
    physicsClientId: int = ...,
) -> None: ...
def loadPlugin(pluginPath: str, postFix: str = ..., physicsClientId: int = ...) -> int: ...
def unloadPlugin(pluginUniqueId: int, physicsClientId: int = ...) -> None: ...
def executePluginCommand(
    pluginUniqueId: int,
    textArgument: str = ...,
    intArgs: Sequence[int] = ...,
    floatArgs: Sequence[float] = ...,
    physicsClientId: int = ...,
) -> int: ...

# Shapes and bodies

def createVisualShape(
    shapeType: int,
    radius: float = ...,
    halfExtents: _Floats = ...,
    length: float = ...,
    fileName: str = ...,
    meshScale: _Floats = ...,
    planeNormal: _Floats = ...,
    flags: int = ...,
    rgbaColor: _Floats = ...,
    specularColor: _Floats = ...,
    visualFramePosition: _Floats = ...,
    visualFrameOrientation: _Floats = ...,
    vertices: _Points = ...,
    indices: _Indices = ...,
    normals: _Points = ...,
    uvs: _Points = ...,
    physicsClientId: int = ...,
) -> int: ...
def createVisualShapeArray(
    shapeTypes: Sequence[int],
    radii: _Floats = ...,
    halfExtents: _Points = ...,
    lengths: _Floats = ...,
    fileNames: Sequence[str] = ...,
    meshScales: _Points = ...,
    planeNormals: _Points = ...,
    flags: Sequence[int] = ...,
    rgbaColors: _Points = ...,
    visualFramePositions: _Points = ...,
    visualFrameOrientations: _Points = ...,
    physicsClientId: int = ...,
) -> int: ...
def createCollisionShape(
    shapeType: int,
    radius: float = ...,
    halfExtents: _Floats = ...,
    height: float = ...,
    fileName: str = ...,
    meshScale: _Floats = ...,
    planeNormal: _Floats = ...,
    flags: int = ...,
    collisionFramePosition: _Floats = ...,
    collisionFrameOrientation: _Floats = ...,
    vertices: _Points = ...,
    indices: _Indices = ...,
    physicsClientId: int = ...,
) -> int: ...
def createCollisionShapeArray(
    shapeTypes: Sequence[int],
    radii: _Floats = ...,
    halfExtents: _Points = ...,
    lengths: _Floats = ...,
    fileNames: Sequence[str] = ...,
    meshScales: _Points = ...,
    planeNormals: _Points = ...,
    flags: Sequence[int] = ...,
    collisionFramePositions: _Points = ...,
    collisionFrameOrientations: _Points = ...,
    physicsClientId: int = ...,
) -> int: ...
def removeCollisionShape(collisionShapeId: int, physicsClientId: int = ...) -> None: ...
def createMultiBody(
    baseMass: float = ...,
    baseCollisionShapeIndex: int = ...,
    baseVisualShapeIndex: int = ...,
    basePosition: _Floats = ...,
    baseOrientation: _Floats = ...,
    baseInertialFramePosition: _Floats = ...,
    baseInertialFrameOrientation: _Floats = ...,
    linkMasses: _Floats = ...,
    linkCollisionShapeIndices: Sequence[int] = ...,
    linkVisualShapeIndices: Sequence[int] = ...,
    linkPositions: _Points = ...,
    linkOrientations: _Points = ...,
    linkInertialFramePositions: _Points = ...,
    linkInertialFrameOrientations: _Points = ...,
    linkParentIndices: Sequence[int] = ...,
    linkJointTypes: Sequence[int] = ...,
    linkJointAxis: _Points = ...,
    useMaximalCoordinates: int = ...,
    flags: int = ...,
    physicsClientId: int = ...,
) -> int: ...
def loadURDF(
    fileName: str,
    basePosition: _Floats = ...,
    baseOrientation: _Floats = ...,
    useMaximalCoordinates: int = ...,
    useFixedBase: int = ...,
    flags: int = ...,
    globalScaling: float = ...,
    physicsClientId: int = ...,
) -> int: ...
def removeBody(bodyUniqueId: int, physicsClientId: int = ...) -> None: ...
def getNumBodies(physicsClientId: int = ...) -> int: ...
def getBodyUniqueId(serialIndex: int, physicsClientId: int = ...) -> int: ...
def getVisualShapeData(
    objectUniqueId: int, flags: int = ..., physicsClientId: int = ...
) -> tuple[_VisualShape | _TexturedVisualShape, ...]: ...
def getCollisionShapeData(
    objectUniqueId: int, linkIndex: int, physicsClientId: int = ...
) -> tuple[_CollisionShape, ...]: ...
def changeVisualShape(
    objectUniqueId: int,
    linkIndex: int,
    shapeIndex: int = ...,
    textureUniqueId: int = ...,
    rgbaColor: _Floats = ...,
    specularColor: _Floats = ...,
    flags: int = ...,
    physicsClientId: int = ...,
) -> None: ...
def loadTexture(textureFilename: str, physicsClientId: int = ...) -> int: ...
def changeTexture(
    textureUniqueId: int, pixels: bytes, width: int, height: int, physicsClientId: int = ...
) -> None: ...

# State

def changeDynamics(
    bodyUniqueId: int,
    linkIndex: int,
    mass: float = ...,
    lateralFriction: float = ...,
    spinningFriction: float = ...,
    rollingFriction: float = ...,
    restitution: float = ...,
    linearDamping: float = ...,
    angularDamping: float = ...,
    contactStiffness: float = ...,
    contactDamping: float = ...,
    frictionAnchor: int = ...,
    localInertiaDiagonal: _Floats = ...,
    ccdSweptSphereRadius: float = ...,
    contactProcessingThreshold: float = ...,
    activationState: int = ...,
    jointDamping: float = ...,
    anisotropicFriction: _Floats = ...,
    maxJointVelocity: float = ...,
    collisionMargin: float = ...,
    jointLowerLimit: float = ...,
    jointUpperLimit: float = ...,
    jointLimitForce: float = ...,
    physicsClientId: int = ...,
) -> None: ...
def getDynamicsInfo(bodyUniqueId: int, linkIndex: int, physicsClientId: int = ...) -> _Dynamics: ...
def getBasePositionAndOrientation(bodyUniqueId: int, physicsClientId: int = ...) -> tuple[_Vec3, _Quat]: ...
def resetBasePositionAndOrientation(
    bodyUniqueId: int, posObj: _Floats, ornObj: _Floats, physicsClientId: int = ...
) -> None: ...
def getBaseVelocity(bodyUniqueId: int, physicsClientId: int = ...) -> tuple[_Vec3, _Vec3]: ...
def resetBaseVelocity(
    objectUniqueId: int,
    linearVelocity: _Floats = ...,
    angularVelocity: _Floats = ...,
    physicsClientId: int = ...,
) -> None: ...
def getAABB(bodyUniqueId: int, linkIndex: int = ..., physicsClientId: int = ...) -> tuple[_Vec3, _Vec3]: ...
def getOverlappingObjects(
    aabbMin: _Floats, aabbMax: _Floats, physicsClientId: int = ...
) -> tuple[tuple[int, int], ...] | None: ...
def getContactPoints(
    bodyA: int = ...,
    bodyB: int = ...,
    linkIndexA: int = ...,
    linkIndexB: int = ...,
    physicsClientId: int = ...,
) -> tuple[_Contact, ...]: ...
def getClosestPoints(
    bodyA: int = ...,
    bodyB: int = ...,
    distance: float = ...,
    linkIndexA: int = ...,
    linkIndexB: int = ...,
    collisionShapeA: int = ...,
    collisionShapeB: int = ...,
    collisionShapePositionA: _Floats = ...,
    collisionShapePositionB: _Floats = ...,
    collisionShapeOrientationA: _Floats = ...,
    collisionShapeOrientationB: _Floats = ...,
    physicsClientId: int = ...,
) -> tuple[_Contact, ...]: ...
def rayTest(
    rayFromPosition: _Floats, rayToPosition: _Floats, physicsClientId: int = ...
) -> tuple[_RayHit, ...]: ...
def rayTestBatch(
    rayFromPositions: _Points,
    rayToPositions: _Points,
    numThreads: int = ...,
    physicsClientId: int = ...,
) -> tuple[_RayHit, ...]: ...

# Camera

def computeViewMatrix(
    cameraEyePosition: _Floats,
    cameraTargetPosition: _Floats,
    cameraUpVector: _Floats,
    physicsClientId: int = ...,
) -> tuple[float, ...]: ...
def computeProjectionMatrix(
    left: float,
    right: float,
    bottom: float,
    top: float,
    nearVal: float,
    farVal: float,
    physicsClientId: int = ...,
) -> tuple[float, ...]: ...
def computeProjectionMatrixFOV(
    fov: float, aspect: float, nearVal: float, farVal: float, physicsClientId: int = ...
) -> tuple[float, ...]: ...
def getCameraImage(
    width: int,
    height: int,
    viewMatrix: _Floats = ...,
    projectionMatrix: _Floats = ...,
    lightDirection: _Floats = ...,
    lightColor: _Floats = ...,
    lightDistance: float = ...,
    shadow: int = ...,
    lightAmbientCoeff: float = ...,
    lightDiffuseCoeff: float = ...,
    lightSpecularCoeff: float = ...,
    renderer: int = ...,
    flags: int = ...,
    projectiveTextureView: _Floats = ...,
    projectiveTextureProj: _Floats = ...,
    physicsClientId: int = ...,
) -> _CameraImage: ...

# Transforms

def multiplyTransforms(
    positionA: _Floats,
    orientationA: _Floats,
    positionB: _Floats,
    orientationB: _Floats,
    physicsClientId: int = ...,
) -> tuple[_Vec3, _Quat]: ...
def invertTransform(
    position: _Floats, orientation: _Floats, physicsClientId: int = ...
) -> tuple[_Vec3, _Quat]: ...
def getQuaternionFromEuler(eulerAngles: _Floats, physicsClientId: int = ...) -> _Quat: ...
def getEulerFromQuaternion(quaternion: _Floats, physicsClientId: int = ...) -> _Vec3: ...
def getMatrixFromQuaternion(
    quaternion: _Floats, physicsClientId: int = ...
) -> tuple[float, float, float, float, float, float, float, float, float]: ...

# Constants

ACTIVATION_STATE_DISABLE_SLEEPING: Final[int]
ACTIVATION_STATE_DISABLE_WAKEUP: Final[int]
ACTIVATION_STATE_ENABLE_SLEEPING: Final[int]
ACTIVATION_STATE_ENABLE_WAKEUP: Final[int]
ACTIVATION_STATE_SLEEP: Final[int]
ACTIVATION_STATE_WAKE_UP: Final[int]
CONSTRAINT_SOLVER_LCP_DANTZIG: Final[int]
CONSTRAINT_SOLVER_LCP_PGS: Final[int]
CONSTRAINT_SOLVER_LCP_SI: Final[int]
CONTACT_RECOMPUTE_CLOSEST: Final[int]
CONTACT_REPORT_EXISTING: Final[int]
COV_ENABLE_DEPTH_BUFFER_PREVIEW: Final[int]
COV_ENABLE_GUI: Final[int]
COV_ENABLE_KEYBOARD_SHORTCUTS: Final[int]
COV_ENABLE_MOUSE_PICKING: Final[int]
COV_ENABLE_PLANAR_REFLECTION: Final[int]
COV_ENABLE_RENDERING: Final[int]
COV_ENABLE_RGB_BUFFER_PREVIEW: Final[int]
COV_ENABLE_SEGMENTATION_MARK_PREVIEW: Final[int]
COV_ENABLE_SHADOWS: Final[int]
COV_ENABLE_SINGLE_STEP_RENDERING: Final[int]
COV_ENABLE_TINY_RENDERER: Final[int]
COV_ENABLE_VR_PICKING: Final[int]
COV_ENABLE_VR_RENDER_CONTROLLERS: Final[int]
COV_ENABLE_VR_TELEPORTING: Final[int]
COV_ENABLE_WIREFRAME: Final[int]
COV_ENABLE_Y_AXIS_UP: Final[int]
DIRECT: Final[int]
ER_BULLET_HARDWARE_OPENGL: Final[int]
ER_NO_SEGMENTATION_MASK: Final[int]
ER_SEGMENTATION_MASK_OBJECT_AND_LINKINDEX: Final[int]
ER_TINY_RENDERER: Final[int]
ER_USE_PROJECTIVE_TEXTURE: Final[int]
GEOM_BOX: Final[int]
GEOM_CAPSULE: Final[int]
GEOM_CONCAVE_INTERNAL_EDGE: Final[int]
GEOM_CYLINDER: Final[int]
GEOM_FORCE_CONCAVE_TRIMESH: Final[int]
GEOM_HEIGHTFIELD: Final[int]
GEOM_MESH: Final[int]
GEOM_PLANE: Final[int]
GEOM_SPHERE: Final[int]
GUI: Final[int]
GUI_MAIN_THREAD: Final[int]
GUI_SERVER: Final[int]
JOINT_FEEDBACK_IN_JOINT_FRAME: Final[int]
JOINT_FEEDBACK_IN_WORLD_SPACE: Final[int]
JOINT_FIXED: Final[int]
JOINT_GEAR: Final[int]
JOINT_PLANAR: Final[int]
JOINT_POINT2POINT: Final[int]
JOINT_PRISMATIC: Final[int]
JOINT_REVOLUTE: Final[int]
JOINT_SPHERICAL: Final[int]
LINK_FRAME: Final[int]
MAX_RAY_INTERSECTION_BATCH_SIZE: Final[int]
RESET_USE_DEFORMABLE_WORLD: Final[int]
RESET_USE_DISCRETE_DYNAMICS_WORLD: Final[int]
RESET_USE_REDUCED_DEFORMABLE_WORLD: Final[int]
RESET_USE_SIMPLE_BROADPHASE: Final[int]
URDF_ENABLE_CACHED_GRAPHICS_SHAPES: Final[int]
URDF_ENABLE_SLEEPING: Final[int]
URDF_ENABLE_WAKEUP: Final[int]
URDF_GLOBAL_VELOCITIES_MB: Final[int]
URDF_GOOGLEY_UNDEFINED_COLORS: Final[int]
URDF_IGNORE_COLLISION_SHAPES: Final[int]
URDF_IGNORE_VISUAL_SHAPES: Final[int]
URDF_INITIALIZE_SAT_FEATURES: Final[int]
URDF_MAINTAIN_LINK_ORDER: Final[int]
URDF_MERGE_FIXED_LINKS: Final[int]
URDF_PRINT_URDF_INFO: Final[int]
URDF_USE_IMPLICIT_CYLINDER: Final[int]
URDF_USE_INERTIA_FROM_FILE: Final[int]
URDF_USE_MATERIAL_COLORS_FROM_MTL: Final[int]
URDF_USE_MATERIAL_TRANSPARANCY_FROM_MTL: Final[int]
URDF_USE_SELF_COLLISION: Final[int]
URDF_USE_SELF_COLLISION_EXCLUDE_ALL_PARENTS: Final[int]
URDF_USE_SELF_COLLISION_EXCLUDE_PARENT: Final[int]
URDF_USE_SELF_COLLISION_INCLUDE_PARENT: Final[int]
VISUAL_SHAPE_DATA_TEXTURE_UNIQUE_IDS: Final[int]
VISUAL_SHAPE_DOUBLE_SIDED: Final[int]
WORLD_FRAME: Final[int]
