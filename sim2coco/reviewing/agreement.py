"""Inter-rater agreement of reviewers: Cohen's kappa."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sim2coco.datasets.verdicts import Decision, Verdict


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of two reviewers on the images that both have judged.

    Attributes:
        reviewers: Names of the two reviewers.
        images: Number of images that both have judged.
        alike: Number of images on which they agree.
        kappa: Cohen's kappa; None if it is undefined, for example without images.
    """

    reviewers: tuple[str, str]
    images: int
    alike: int
    kappa: float | None


def agreements(verdicts: Iterable[Verdict]) -> list[Agreement]:
    """Returns the agreement of each pair of reviewers, sorted by the reviewers' names.

    Args:
        verdicts: The last verdict of each reviewer on each image.
    """
    decisions = _decisions(verdicts)
    return [_agreement(decisions, pair) for pair in combinations(sorted(decisions), 2)]


def disagreements(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Returns the verdicts on each image that some reviewers accept and others reject, keyed by image."""
    by_image: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.verdict is not None:
            by_image.setdefault(verdict.image, []).append(verdict)
    return {
        image: sorted(said, key=lambda verdict: verdict.reviewer)
        for image, said in sorted(by_image.items())
        if len({verdict.verdict for verdict in said}) > 1
    }


def cohens_kappa(pairs: Sequence[tuple[Decision, Decision]]) -> float | None:
    """Cohen's kappa: agreement beyond chance, as a fraction of the largest possible agreement beyond chance.

    Args:
        pairs: The decisions of the first and the second reviewer on each image.

    Returns:
        1 for perfect agreement, 0 for chance agreement; None if all decisions are the same, or if `pairs`
            is empty.

    Example:
        >>> cohens_kappa([("accept", "accept"), ("accept", "reject"), ("reject", "reject")])
        0.4
    """
    if not pairs:
        return None
    number = len(pairs)
    alike = sum(one == other for one, other in pairs)
    first, second = (sum(pair[rank] == "accept" for pair in pairs) for rank in (0, 1))
    # In units of 1 / number², so that a perfect agreement is exactly 1.
    chance = first * second + (number - first) * (number - second)
    if chance == number * number:
        return None
    return (alike * number - chance) / (number * number - chance)


def _decisions(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Decision]]:
    """Returns a dict from reviewer to a dict from image to decision."""
    found: dict[str, dict[str, Decision]] = {}
    for verdict in verdicts:
        if verdict.verdict is not None:
            found.setdefault(verdict.reviewer, {})[verdict.image] = verdict.verdict
    return found


def _agreement(decisions: dict[str, dict[str, Decision]], pair: tuple[str, str]) -> Agreement:
    one, other = (decisions[name] for name in pair)
    pairs = [(said, other[image]) for image, said in one.items() if image in other]
    return Agreement(pair, len(pairs), sum(a == b for a, b in pairs), cohens_kappa(pairs))
