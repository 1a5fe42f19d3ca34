"""Counts of accepted, rejected and failed views during a run, and advice if too many are rejected."""

from collections import Counter, deque
from dataclasses import dataclass, field

from sim2coco.records import Summary
from sim2coco.target.settings import TARGET


class GenerationError(Exception):
    """A run cannot finish; the message gives the number of rejections for each reason."""


ADVICE = {
    "unsettled": "increase scene.physics.max_seconds, or reduce scene.num_objects",
    "penetrating": "reduce scene.num_objects, or increase scene.spread or scene.bin.width",
    "non_finite": "check size_m and mass_kg of the meshes: one is extreme",
    "no_place": "reduce scene.num_objects, or increase scene.spread or (scatter) region or overlap",
    "too_many": "reduce scene.density_m2 or the region",
    "out_of_bounds": "increase scene.spread or scene.friction, or use fewer objects in a bin",
    "too_close": "reduce camera.fill, or increase the distance",
    "lens_folds": "reduce the ranges in camera.distortion, or camera.fov_deg",
    "below_floor": "increase camera.elevation_deg or camera.heights_m, or use scene=floating (no floor)",
    TARGET: "reduce quality.target_effort, or increase quality.target_tolerance",
    "failed": "check run.log and the meshes",
}
"""Advice for the user by rejection reason, for reasons that are not checks of the image quality."""


@dataclass
class Tally:
    """Counts over the finished scenes 0, 1, ..., which are added in order and without gaps.

    A shard counts every `step`-th scene from the initial value of `scene`.

    Attributes:
        wanted: Number of accepted views to generate.
        patience: Number of most recent views over which the fraction of accepted views is measured; views
            left out for a target do not count.
        min_yield: Minimum fraction of accepted views among the last `patience` views; the run is aborted
            below it.
        scene: Index of the next scene to count.
        step: Difference between the indices of two successive scenes.
        accepted: Accepted views so far.
        ahead: Accepted views of finished scenes that are not counted yet, because an earlier one is missing.
        kept_of_last: Number of accepted views kept from the last counted scene, excluding those beyond
            `wanted`.
        reasons: How often each reason has rejected a view.
        rejected: Number of views rejected by checks or together with their scene, excluding failed scenes.
        failed: Index and error of each failed scene.
        preparing: Before the first scenes, the number of big meshes prepared so far, and their total number.
        typical_size_m: Typical object size; lengths in scene settings are multiples of it.
    """

    wanted: int
    patience: int
    min_yield: float
    scene: int = 0
    step: int = 1
    accepted: int = 0
    ahead: int = 0
    kept_of_last: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    failed: list[tuple[int, str]] = field(default_factory=list)
    preparing: tuple[int, int] | None = None
    typical_size_m: float = 0.0
    _assets_done: set[str] = field(default_factory=set)
    _assets_failed: Counter[str] = field(default_factory=Counter)
    _recent: deque[bool] = field(default_factory=deque)

    @property
    def done(self) -> bool:
        """Whether enough views have been accepted."""
        return self.accepted >= self.wanted

    @property
    def scenes(self) -> int:
        """Number of scenes counted so far."""
        return self.scene // self.step

    @property
    def made(self) -> int:
        """Number of accepted views in all finished scenes, at most `wanted`."""
        return min(self.accepted + self.ahead, self.wanted)

    def add(self, scene: Summary) -> None:
        """Adds the next scene to the counts.

        Raises:
            GenerationError: Too few of the last `patience` views were accepted.
        """
        self.scene += self.step
        if scene.status == "failed":
            self.failed.append((scene.scene, scene.error or ""))
            self._assets_failed.update(scene.assets)
        else:
            self._assets_done.update(scene.assets)
        self.kept_of_last = 0
        outcomes = {"done": scene.views, "rejected": (scene.unlucky[-1:],), "failed": (("failed",),)}[
            scene.status
        ]
        for reasons in outcomes:
            if self.done:
                return
            self.reasons.update(reasons)
            self.rejected += bool(reasons) and scene.status != "failed" and TARGET not in reasons
            self.accepted += not reasons
            self.kept_of_last += not reasons
            if TARGET not in reasons:  # views left out for a target do not count
                self._recent.append(not reasons)
        while len(self._recent) > self.patience:
            self._recent.popleft()
        if len(self._recent) == self.patience and sum(self._recent) < self.min_yield * self.patience:
            raise GenerationError(
                f"{sum(self._recent)} of the last {self.patience} views were accepted; rejected: "
                f"{counts(self.reasons)}; {self._advice()}"
            )

    @property
    def suspects(self) -> dict[str, int]:
        """Returns a dict from asset to number of failed scenes, for assets that may have caused the failures.

        These are assets that occurred in at least two scenes, all of which failed. The dict is empty if all
        scenes so far have failed.
        """
        found = self._assets_failed.most_common() if self._assets_done else []
        return {asset: number for asset, number in found if number > 1 and asset not in self._assets_done}

    def _advice(self) -> str:
        """Advice for the most frequent rejection reason; see `advice`.

        If this reason is that scenes failed, the text begins with the error of the last failed scene.
        """
        last = self.failed[-1:] if self.reasons.most_common(1)[0][0] == "failed" else []
        return "; ".join([*(f"scene {scene}: {error}" for scene, error in last), advice(self.reasons)])


def advice(reasons: Counter[str]) -> str:
    """Tells the user what to change to avoid the most frequent reason; "" if `reasons` is empty."""
    for reason, _ in reasons.most_common(1):
        check = reason.removeprefix("augment:")
        return ADVICE.get(reason, f"relax quality.checks.{check}, or change the scene")
    return ""


def counts(reasons: Counter[str]) -> str:
    """Rejection reasons with their counts as text, most frequent first."""
    return ", ".join(f"{reason} {number}" for reason, number in reasons.most_common()) or "none"
