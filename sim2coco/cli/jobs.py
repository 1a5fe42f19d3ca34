"""The jobs of `generate` and `preview`: one composed configuration becomes a data set or a preview image."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from sim2coco.cli.reporting import err, guarded, out
from sim2coco.cli.stopping import Interrupted, exit_now, on_signals, request_stop, stop_signals
from sim2coco.cli.sweeping import job_of, note

if TYPE_CHECKING:
    from sim2coco.cli.config import RunOptions
    from sim2coco.recipe import Recipe
    from sim2coco.run import Result
    from sim2coco.sweeps.row import SweepJob

MANY_REJECTED = 0.2
"""Fraction of rejected views above which a run ends with advice on what to change."""
LABELS_PER_CATEGORY = 8
"""A category without a label causes a warning if there are at least this many labels per category: with
equal weights, fewer than one in 2,000 categories has none by chance."""


def validate(settings: dict[str, Any], jobs: list["SweepJob"]) -> int:
    """Validates one job of a sweep; returns 0.

    Args:
        settings: The composed settings of the job.
        jobs: The earlier jobs; the validated job is appended.

    Raises:
        ConfigError: A setting is invalid, or an earlier job writes to the same folder.
    """
    from sim2coco.cli.config import read
    from sim2coco.messages import ConfigError

    recipe, options = read(settings)
    recipe.render.device()
    if options.score.by != "none":
        from sim2coco.sweeps.scores import check

        check(options.score)
    job = job_of(options)
    if job.out in (earlier.out for earlier in jobs):
        raise ConfigError(
            f"out: two jobs of the sweep write to {options.out}; write out='data/${{hydra.job.num}}'"
        )
    jobs.append(job)
    return 0


def run_noted(settings: dict[str, Any], folder: str) -> float | None:
    """Runs one job of a sweep, and writes its exit code and score to a folder.

    Returns the score; None if there is none, for example because the run failed.

    Raises:
        ConfigError: A setting is invalid.
    """
    from sim2coco.cli.config import read

    recipe, options = read(settings)
    job = job_of(options)
    code = guarded(lambda: _generate(recipe, options))
    on_signals(exit_now)
    scores: list[float] = []
    if code not in (1, 2):
        code = max(code, guarded(lambda: _scored(options, job, scores)))
    note(folder, job, code, *scores)
    return scores[0] if scores else None


def _scored(options: "RunOptions", job: "SweepJob", scores: list[float]) -> int:
    """Computes the score of a job's data set, prints it, and appends it to `scores`; returns 0.

    Does nothing if the settings ask for no score. Appends nothing if there is nothing to compare.

    Raises:
        DataSetError: A data set cannot be read.
        ValidateError: The reference has nothing in common with the data set.
    """
    if options.score.by == "none":
        return 0
    from sim2coco.sweeps.scores import score_of

    score = score_of(options.score, job)
    if score is None:
        err.print(f"{options.out}: has no score: there is nothing to compare", markup=False)
        return 0
    out.print(f"{options.out}: score {score:.4g} ({options.score.by})", markup=False)
    scores.append(score)
    return 0


def generate_one(settings: dict[str, Any]) -> int:
    """Makes, extends or resumes the data set of a configuration, and returns the exit code."""
    from sim2coco.cli.config import read

    return _generate(*read(settings))


def _generate(recipe: "Recipe", options: "RunOptions") -> int:
    """Makes, extends or resumes a data set, and returns the exit code."""
    from sim2coco.cli.progress import ProgressBar
    from sim2coco.messages import counted
    from sim2coco.process import own_this_process
    from sim2coco.run import generate
    from sim2coco.tally import Tally, counts

    own_this_process()
    on_signals(request_stop)
    total = options.num_images * (1 + recipe.augment.copies)
    # Copies are made in the augmented splits only.
    extra = f", up to {total} with augmented copies" if recipe.augment.copies else ""
    asked_for = f"{counted(options.num_images, 'image')}{extra}, {counted(options.workers, 'worker')}"
    part = options.engine.part
    wanted = part.images(options.num_images) if part else options.num_images
    title = f"{options.out}: {f'shard {part} with {wanted} of ' if part else ''}{asked_for}"
    with ProgressBar(out, wanted, "images", title) as bar:
        unsaid = iter([True])

        def report(tally: Tally) -> None:
            if stop_signals:
                raise Interrupted(stop_signals.pop(), *hints(tally.accepted, options.engine.shard))
            last = "" if tally.made < tally.wanted or tally.done else f"; waiting for scene {tally.scene}"
            if tally.preparing:
                note = "simplifying large meshes: {} of {} done".format(*tally.preparing)
                bar.show(tally.made, note, waiting=True)
            else:
                bar.show(tally.made, f"rejected: {counts(tally.reasons)}{last}")
            if next(unsaid, False):
                out.print(f"typical object size: {tally.typical_size_m:.3g} m", markup=False)

        result = generate(
            recipe,
            options.out,
            options.num_images,
            workers=options.workers,
            engine=options.engine,
            formats=options.export.formats,
            card=options.export.card,
            report=options.export.report,
            rejected=options.export.rejected,
            retry_failed=options.retry_failed,
            progress=report,
        )
    return _summarise(result, options.out, [*recipe.assets.categories], [*recipe.scene.defects])


def hints(accepted: int, shard: str | None) -> list[str]:
    """Returns hints on how to end a stopped run with the images made so far.

    The list is empty if there are no images, or if the run makes only a shard.

    Args:
        accepted: Number of images made so far.
        shard: The shard, such as `0/8`; None if the run makes all scenes.
    """
    if not accepted or shard is not None:
        return []
    return [f"num_images={accepted} completes the data set with the images made so far"]


def _summarise(result: "Result", folder: str, objects: list[str], defects: list[str]) -> int:
    """Prints the results of a run, and advice; returns the exit code.

    Args:
        result: The result of the run.
        folder: The folder of the data set, as the user wrote it.
        objects: Names of the categories of objects.
        defects: Names of the categories of defects. All other categories are mesh regions.
    """
    from sim2coco.messages import counted
    from sim2coco.tally import counts

    made = f"{counted(result.images, 'image')} of {counted(result.scenes, 'scene')}"
    part = f"shard {result.shard} has " if result.shard else ""
    out.print(f"{folder}: {part}{made}; rejected: {counts(result.reasons)}", markup=False)
    if result.shard:
        out.print(
            "when all shards are finished, the same command without engine.shard completes the data set"
        )
    _tell_target(result)
    many = _advise(result.images, result.reasons, result.rejected)
    missing = [name for name, number in result.labels.items() if not number]
    if missing and sum(result.labels.values()) >= LABELS_PER_CATEGORY * len(result.labels):
        if absent := [name for name in missing if name in objects]:
            why = "too few images, or its objects are tiny, occluded, or too large to be placed; check size_m"
            err.print(f"no label of {', '.join(absent)}: {why}", markup=False)
        for name in missing:
            if name not in objects:
                see = f"scene.defects.{name}.size, share and" if name in defects else "camera.fill and"
                why = f"too few images, or too small ones; see {see} image.width"
                err.print(f"no label of {name}: {why}", markup=False)
    for name, sentence in result.far_sizes.items():
        if many or name in missing:
            err.print(sentence, markup=False)
    for scene, error in result.failed:
        err.print(f"scene {scene} failed: {error}; retry_failed=true retries it", markup=False)
    for asset, number in result.suspects.items():
        err.print(f"all {number} scenes with {asset} failed: check this mesh", markup=False)
    return 3 if result.failed else 0


def _tell_target(result: "Result") -> None:
    """Prints how far the images are from the target of the run; nothing without a target.

    If the target is not reached, also prints which values are missing most.
    """
    if not result.target:
        return
    told = ", ".join(f"{name} {drawn:.2f} -> {kept:.2f}" for name, (drawn, kept) in result.target.items())
    out.print(f"distances to quality.target, of all views -> of the kept views: {told}", markup=False)
    if result.lacking:
        hint = "increase quality.target_effort, or use settings that sim2coco match has found"
        err.print(f"quality.target is not reached; most lacking: {result.lacking}; {hint}", markup=False)


def _advise(accepted: int, reasons: Counter[str], rejected: int | None = None) -> bool:
    """Checks whether many views were rejected, and if so, prints which setting to change.

    Args:
        accepted: Number of accepted views.
        reasons: How often each reason has rejected a view.
        rejected: Number of rejected views. None means the sum of `reasons`, which is correct if each rejected
            view has exactly one reason.

    Returns:
        Whether many views were rejected.
    """
    from sim2coco.tally import advice
    from sim2coco.target.settings import TARGET

    left_out = ("failed", TARGET)  # a target leaves views out on purpose
    reasons = Counter({reason: number for reason, number in reasons.items() if reason not in left_out})
    rejected = sum(reasons.values()) if rejected is None else rejected
    many = rejected > MANY_REJECTED * (accepted + rejected)
    if many:
        err.print(f"{rejected} of {accepted + rejected} were rejected: {advice(reasons)}", markup=False)
    return many


def preview_one(settings: dict[str, Any]) -> int:
    """Writes the preview image of a configuration, and returns the exit code."""
    from sim2coco.cli.config import read_preview
    from sim2coco.process import own_this_process
    from sim2coco.review.preview import preview
    from sim2coco.tally import counts

    own_this_process()
    recipe, target = read_preview(settings)
    on_signals(request_stop)

    def progress() -> None:
        if stop_signals:
            raise Interrupted(stop_signals.pop())

    images, reasons = preview(recipe, target, progress)
    out.print(f"{target}: {images} labelled images; rejected: {counts(reasons)}", markup=False)
    _advise(images, reasons)
    return 0
