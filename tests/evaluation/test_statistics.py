"""The statistics keep what they promise: known answers, honest small numbers, and simulations of what they claim."""

import numpy as np
import pytest
from scipy import stats

from admin.evaluation import power, results, statistics, verdict
from admin.evaluation.arms import Arm
from admin.evaluation.asked import Asked
from admin.evaluation.results import Findings
from admin.evaluation.statistics import MCNEMAR, WILCOXON, Difference
from chat.rag.answer import Mode

SIMULATED = 400
QUESTIONS = 120


def paired(rng: np.random.Generator, n: int, discordant: float, gain: float) -> tuple[np.ndarray, np.ndarray]:
    """Yes-or-no answers of two arms, of which the second is better by `gain`, disagreeing on that share."""
    fate = rng.random(n)
    a = (rng.random(n) < 0.5).astype(float)
    better, worse = fate < (discordant + gain) / 2, (fate >= (discordant + gain) / 2) & (fate < discordant)
    return np.where(better, 0.0, np.where(worse, 1.0, a)), np.where(better, 1.0, np.where(worse, 0.0, a))


def test_exact_mcnemar_has_its_textbook_value() -> None:
    a, b = [1.0] * 2 + [0.0] * 10 + [1.0] * 8, [0.0] * 2 + [1.0] * 10 + [1.0] * 8
    found = statistics.difference(a, b)
    assert found is not None
    assert (found.test, found.value) == (MCNEMAR, pytest.approx(0.4))
    assert found.p == pytest.approx(0.0386, abs=1e-4)
    assert found.spread == pytest.approx(0.6)


def test_what_is_not_yes_or_no_is_tested_by_wilcoxon() -> None:
    a, b = [0.1, 0.4, 0.35, 0.8, 0.2, 0.55], [0.3, 0.5, 0.75, 0.85, 0.6, 0.7]
    found = statistics.difference(a, b)
    assert found is not None
    assert found.test == WILCOXON
    assert found.p == pytest.approx(0.03125)
    assert found.low > 0


def test_holm_corrects_in_the_order_given() -> None:
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([]) == []


def test_nothing_is_ever_claimed_of_too_little() -> None:
    assert statistics.mean([]) is None
    assert statistics.difference([], []) is None
    one = statistics.mean([0.5])
    assert one is not None
    assert "One question" in one.note
    alone = statistics.difference([0.0], [1.0])
    assert alone is not None
    assert alone.p == 1.0
    assert alone.low < 0.05
    every = statistics.mean([1.0] * 5)
    assert every is not None
    assert (every.value, every.high) == (1, 1)
    assert every.low == pytest.approx(0.478, abs=1e-3)
    same = statistics.difference([1.0] * 5, [1.0] * 5)
    assert same is not None
    assert (same.p, same.value) == (1, 0)
    assert -0.53 < same.low < 0 < same.high < 0.53
    with pytest.raises(ValueError, match="paired"):
        statistics.difference([1.0], [1.0, 0.0])


def test_the_same_answers_give_the_same_interval() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    assert statistics.mean(values) == statistics.mean(values)


def test_equal_arms_are_told_apart_in_at_most_one_of_twenty_tries() -> None:
    rng = np.random.default_rng(11)
    found = [statistics._mcnemar(b - a) for a, b in (paired(rng, QUESTIONS, 0.3, 0.0) for _ in range(SIMULATED))]
    assert np.mean(np.array(found) < 0.05) <= 0.05
    graded = [statistics._wilcoxon(np.clip(rng.normal(0, 0.3, QUESTIONS), -1, 1)) for _ in range(SIMULATED)]
    assert np.mean(np.array(graded) < 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / SIMULATED)


def test_over_all_measures_together_equal_arms_are_told_apart_in_one_of_twenty_tries() -> None:
    rng = np.random.default_rng(12)
    wrong = 0
    for _ in range(SIMULATED):
        ps = [statistics._mcnemar(b - a) for a, b in (paired(rng, 80, 0.3, 0.0) for _ in range(8))]
        wrong += min(statistics.holm(ps)) < 0.05
    assert wrong / SIMULATED <= 0.05


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(13)
    inside = 0
    for _ in range(200):
        a, b = paired(rng, QUESTIONS, 0.3, 0.1)
        found = statistics.difference(a, b)
        assert found is not None
        inside += found.low <= 0.1 <= found.high
    assert inside / 200 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 200)


@pytest.mark.parametrize(("n", "discordant", "gain"), [(200, 0.3, 0.1), (80, 0.25, 0.15), (60, 0.2, 0.2)])
def test_power_is_what_was_computed(n: int, discordant: float, gain: float) -> None:
    rng = np.random.default_rng(14)
    fates = rng.multinomial(n, [(discordant + gain) / 2, (discordant - gain) / 2, 1 - discordant], size=20_000)
    ps = {(b, w): stats.binomtest(int(b), int(b + w)).pvalue for b, w, _ in np.unique(fates, axis=0) if b + w}
    shown = np.mean([ps.get((b, w), 1.0) < 0.05 for b, w, _ in fates])
    assert power.mcnemar(n, discordant, gain) == pytest.approx(shown, abs=0.03)


def test_power_of_wilcoxon_is_near_to_what_was_computed() -> None:
    rng = np.random.default_rng(15)
    least = power.detectable(Difference(0, 0, 0, 100, 1, WILCOXON, 0.3))
    assert least is not None
    shown = np.mean([statistics._wilcoxon(rng.normal(least, 0.3, 100)) < 0.05 for _ in range(SIMULATED)])
    assert shown == pytest.approx(0.8, abs=0.06)


def test_what_can_be_detected_and_how_many_it_takes_fit_together() -> None:
    found = Difference(0.1, 0, 0, 200, 0.1, MCNEMAR, 0.3)
    least, needed = power.detectable(found), power.needed(found)
    assert least is not None
    assert needed is not None
    assert power.mcnemar(200, 0.3, least) >= 0.8 > power.mcnemar(200, 0.3, least - 0.01)
    assert needed > 200
    assert power.mcnemar(needed, 0.3, 0.1) == pytest.approx(0.8, abs=0.02)
    assert power.detectable(Difference(0, 0, 0, 3, 1, MCNEMAR, 0.0)) is None
    assert power.needed(Difference(0.0, 0, 0, 50, 1, MCNEMAR, 0.2)) is None
    assert power.needed(Difference(0.0001, 0, 0, 50, 1, MCNEMAR, 0.5)) is None


ARMS = [Arm("base", Mode.BASE), Arm("rag", Mode.RAG)]


def judged(base: list[float], rag: list[float]) -> tuple[Findings, str]:
    asked = [Asked(place, str(place), "?", ["x"], type="even" if place % 2 else "odd") for place in range(len(base))]
    answered = {
        name: {place: {"answer_contained": value} for place, value in enumerate(values)}
        for name, values in (("base", base), ("rag", rag))
    }
    findings = results.findings(ARMS, asked, answered)
    return findings, verdict.verdict(findings, ARMS).sentence


def test_a_clear_difference_is_a_clear_verdict() -> None:
    findings, said = judged([0.0] * 36 + [1.0] * 4, [1.0] * 30 + [0.0] * 6 + [1.0] * 4)
    assert "answers 85 % of the questions right: 75 points (95 % interval" in said
    assert "more than the model alone (base)" in said
    assert "more than luck" in said
    assert set(findings.types) == {"even", "odd"}
    assert Findings.of(findings.as_dict()) == findings


def test_too_few_questions_are_said_to_be_too_few() -> None:
    _, said = judged([0.0, 0.0, 1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 1.0, 1.0, 0.0])
    assert "that may still be luck. Not enough questions: label about" in said


def test_equal_arms_are_said_to_be_equal() -> None:
    assert "They do equally well" in judged([0.0, 1.0] * 5, [0.0, 1.0] * 5)[1]
    assert "Label questions first" in judged([], [])[1]
