"""How strong each way of answering is in people's eyes, from blind votes between two of them.

Bradley and Terry, "Rank Analysis of Incomplete Block Designs", Biometrika 1952: way i is preferred to way j with
probability 1 / (1 + exp(s_j - s_i)). A tie counts as half a win for each. Half a win and half a loss against an average
opponent are added for each way, so that one that never lost has a finite strength.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chat.store.votes import Duel, Winner

RESAMPLES = 400
SEED = 20_240_229
PRIOR = 0.5


@dataclass(frozen=True)
class Strength:
    """How often a way would be preferred to an average one of the others, 0 to 1, with the 95 % bootstrap interval."""

    way: str
    preferred: float
    low: float
    high: float
    votes: int


def strengths(duels: Sequence[Duel]) -> list[Strength]:
    """The ways that were voted on, the strongest first. Votes for neither say nothing of which is better."""
    told = [duel for duel in duels if duel.winner is not Winner.NEITHER and duel.first != duel.second]
    ways = sorted({way for duel in told for way in (duel.first, duel.second)})
    if not told:
        return []
    place = {way: number for number, way in enumerate(ways)}
    rows = np.array([[place[duel.first], place[duel.second], _points(duel.winner)] for duel in told])
    chance = np.random.default_rng(SEED)
    drawn = np.array(
        [_preferred(rows[chance.integers(len(rows), size=len(rows))], len(ways)) for _ in range(RESAMPLES)]
    )
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    value, counted = _preferred(rows, len(ways)), np.bincount(rows[:, :2].astype(int).ravel(), minlength=len(ways))
    found = [
        Strength(way, float(value[at]), float(low[at]), float(high[at]), int(counted[at])) for way, at in place.items()
    ]
    return sorted(found, key=lambda strength: (-strength.preferred, strength.way))


def _points(winner: Winner) -> float:
    """What the first one of a duel won."""
    return {Winner.FIRST: 1.0, Winner.SECOND: 0.0}.get(winner, 0.5)


def _preferred(rows: np.ndarray, ways: int) -> np.ndarray:
    """Each way's chance against the average of the others, from the strengths that make the votes likeliest."""
    from scipy import optimize, special  # type: ignore[import-untyped]

    first, second, won = rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2]

    def unlikely(strength: np.ndarray) -> tuple[float, np.ndarray]:
        gap = strength[first] - strength[second]
        expected, average = special.expit(gap), special.expit(strength)
        loss = -(won * special.log_expit(gap) + (1 - won) * special.log_expit(-gap)).sum()
        loss -= PRIOR * (special.log_expit(strength) + special.log_expit(-strength)).sum()
        slope = np.bincount(first, expected - won, ways) - np.bincount(second, expected - won, ways)
        return float(loss), slope + PRIOR * (2 * average - 1)

    strength = optimize.minimize(unlikely, np.zeros(ways), jac=True, method="L-BFGS-B").x
    others = (strength.sum() - strength) / (ways - 1)
    found: np.ndarray = special.expit(strength - others)
    return found
