"""The rules of the gate, each a small function from evidence to a verdict in words.

A rule passes, stops, or does not apply (None) and says why. What could be shown and was not stops: the words say how to
show it. "Better" is one comparison that was chosen beforehand, so its level is 5 % and needs no correction: the exact
McNemar test (or Wilcoxon's) and the 95 % interval must both say so. "No worse" stops at certain harm, at 1 % each since
there are several such rules, and at a loss that is large even if it may be luck.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from admin.evaluation import metrics
from admin.evaluation.statistics import ALPHA, Difference
from admin.promotion.evidence import Evidence, Fact, Measured
from admin.promotion.thresholds import Thresholds

CERTAIN = 0.01
"""p-value below which a loss stops an adapter however small it is."""
EMPTY, CONFLICT = "empty", "conflict"
NAMES = {
    metrics.CONTAINED: "answers with the accepted answer in them",
    metrics.EXACT_MATCH: "answers that are just the accepted one",
    metrics.F1: "words in common with the accepted answer",
    metrics.SUPPORT: "sentences that a passage bears",
    metrics.REFUSED_UNANSWERABLE: "unanswerable questions refused",
    metrics.REFUSED_ANSWERABLE: "answerable questions refused",
    metrics.CITATION_PRECISION: "citations that bear the answer",
    metrics.CITATION_RECALL: "bearing passages that are cited",
}
UNKNOWN = "Not known before it is evaluated."
NO_ADAPTER = "Not applicable: the model without an adapter learned nothing."


@dataclass(frozen=True)
class Rule:
    """A rule as it was judged: what it asks, whether that is so (None: it does not apply), and by what evidence."""

    name: str
    passed: bool | None
    words: str
    evidence: str

    def as_dict(self) -> dict[str, Any]:
        """As a decision keeps it, and as `adapters promote --json` prints it."""
        return {"rule": self.name, "passed": self.passed, "evidence": self.evidence, "words": self.words}


Judge = Callable[[Evidence, Thresholds], Rule]


def judge(evidence: Evidence, asked: Thresholds) -> list[Rule]:
    """Every rule, in the order in which they are shown."""
    return [rule(evidence, asked) for rule in RULES]


def allows(rules: Iterable[Rule]) -> bool:
    """Whether none of them stops it."""
    return all(rule.passed is not False for rule in rules)


def better(evidence: Evidence, asked: Thresholds) -> Rule:
    """Better than what answers now on the chosen measure, by more than luck."""
    name, words = "better", f"Better than what answers now: {NAMES[asked.measure]}, with the interval above zero."
    if (missing := _unmeasured(name, words, evidence)) is not None:
        return missing
    assert evidence.measured is not None
    found = evidence.measured.differences.get(asked.measure)
    if found is None:
        return Rule(name, False, words, f"No question of {evidence.measured.set} is measured by that. Label answers.")
    passed = found.low > 0 and found.p < ALPHA
    return Rule(name, passed, words, f"{_told(found)}{'' if passed else _undecided(found, evidence.measured)}")


def evaluated(evidence: Evidence, _: Thresholds) -> Rule:
    """Evaluated beside what answers now, under the settings that are in force."""
    name, words = "evaluated", "Evaluated beside what answers now, with the model and the retrieval of now."
    if evidence.candidate is None:
        return Rule(name, None, words, NO_ADAPTER)
    found = evidence.measured
    if found is None:
        said = f"No finished evaluation has both in it. {_again(evidence)}"
        return Rule(name, False, words, said)
    if found.outdated:
        changed = " and ".join(found.outdated)
        return Rule(name, False, words, f"Since evaluation {found.evaluation}, {changed} changed. {_again(evidence)}")
    later = " Documents were changed since then." if found.documents_changed else ""
    said = f"Evaluation {found.evaluation} of {found.set} in {found.collection}: {found.candidate} and {found.present}."
    return Rule(name, True, words, said + later)


def refusals(evidence: Evidence, asked: Thresholds) -> Rule:
    """Refuses what has no answer as often as before, and what has one no more often."""
    name, words = "refusals", "Refusals no worse: of what has no answer, and of what has one."
    if (missing := _unmeasured(name, words, evidence)) is not None:
        return missing
    assert evidence.measured is not None
    if metrics.REFUSED_UNANSWERABLE not in evidence.measured.differences:
        said = f"{evidence.measured.set} has no question without an answer. Add some, and evaluate again."
        return Rule(name, False, words, said)
    both = (metrics.REFUSED_UNANSWERABLE, metrics.REFUSED_ANSWERABLE)
    return _no_worse(name, words, evidence.measured, both, asked.most_lost)


def cited(evidence: Evidence, asked: Thresholds) -> Rule:
    """Cites as well as before."""
    name, words = "citations", "Citations no worse: they bear the answer, and what bears it is cited."
    if (missing := _unmeasured(name, words, evidence)) is not None:
        return missing
    assert evidence.measured is not None
    measures = (metrics.CITATION_PRECISION, metrics.CITATION_RECALL, metrics.SUPPORT)
    if not any(measure in evidence.measured.differences for measure in measures):
        return Rule(name, None, words, "Not applicable: no question has a passage marked that bears its answer.")
    return _no_worse(name, words, evidence.measured, measures, asked.most_lost)


def labelled(evidence: Evidence, asked: Thresholds) -> Rule:
    """No worse on the questions that people of the collection labelled: its regression suite."""
    name, words = "regression", "No worse on the collection's labelled questions."
    if evidence.candidate is not None and evidence.labelled == 0:
        return Rule(name, None, words, "Not applicable: no question is labelled here.")
    if (missing := _unmeasured(name, words, evidence)) is not None:
        return missing
    assert evidence.measured is not None
    found = evidence.measured.labelled
    if found is None:
        said = (
            f"{evidence.measured.set} holds none of the {evidence.labelled:,} labelled questions. "
            "Freeze them as a question set in the Evaluation tab, and evaluate that."
        )
        return Rule(name, False, words, said)
    lost = _lost(found, found.value, asked.most_lost)
    return Rule(name, not lost, words, f"Answered right: {_told(found)}{lost}")


def general(evidence: Evidence, asked: Thresholds) -> Rule:
    """What it could do before, it still can."""
    name = "general"
    words = f"General ability no more than {_points(asked.most_general_lost)} worse."
    if (missing := _unmeasured(name, words, evidence)) is not None:
        return missing
    assert evidence.measured is not None
    found = evidence.measured.general
    if found is None:
        return Rule(name, None, words, f"Not applicable: no question of {evidence.measured.set} is of type “general”.")
    lost = _lost(found, found.value, asked.most_general_lost)
    return Rule(name, not lost, words, f"Answered right: {_told(found)}{lost}")


def recites(evidence: Evidence, asked: Thresholds) -> Rule:
    """Without passages it says that it has none, and does not recite what it learned."""
    words = f"Given no passage, at most {asked.most_recited:.0%} of the answers come from memory."
    return _probe("empty", words, evidence, (EMPTY, metrics.RECITED, asked.most_recited))


def follows(evidence: Evidence, asked: Thresholds) -> Rule:
    """Where a passage says otherwise than what it learned, the passage wins."""
    words = f"Where the passage says otherwise, at most {asked.most_from_weights:.0%} of the answers come from memory."
    return _probe("conflict", words, evidence, (CONFLICT, metrics.FOLLOWED_WEIGHTS, asked.most_from_weights))


def fingerprint(evidence: Evidence, _: Thresholds) -> Rule:
    """The engine answers with it as it did when it was registered."""
    return _fact("fingerprint", "It answers as it did when it was registered.", evidence, evidence.fingerprint)


def genuine(evidence: Evidence, _: Thresholds) -> Rule:
    """The bytes on disk are those that were registered."""
    return _fact("bytes", "Its files are those that were registered.", evidence, evidence.bytes)


def fresh(evidence: Evidence, asked: Thresholds) -> Rule:
    """What it learned from still says what the documents say."""
    name, words = "fresh", "The examples that it learned from still say what their documents say."
    if evidence.candidate is None:
        return Rule(name, None, words, NO_ADAPTER)
    lessons = evidence.lessons
    if lessons is None:
        return Rule(name, None, words, "Not applicable: it was imported, and what it learned from is not known here.")
    stale = len(lessons.stale)
    if stale <= asked.most_stale * lessons.examples:
        return Rule(name, True, words, f"{stale} of the {lessons.examples:,} examples of {lessons.snapshot} are stale.")
    first = ", ".join(f"{key} ({why})" for key, why in list(lessons.stale.items())[:3])
    more = f" and {stale - 3:,} more" if stale > 3 else ""
    said = f"{stale:,} of the {lessons.examples:,} examples of {lessons.snapshot} are stale: {first}{more}."
    return Rule(name, False, words, f"{said} Mend them in Training examples, and train again.")


def unseen(evidence: Evidence, _: Thresholds) -> Rule:
    """It is judged on questions that it has not learned."""
    name, words = "unseen", "The questions that it is judged by are not among what it learned."
    if (missing := _unmeasured(name, words, evidence)) is not None:
        return missing
    assert evidence.measured is not None
    if evidence.measured.leaked:
        said = f"{evidence.measured.leaked} Evaluate it on other questions, or train it without these."
        return Rule(name, False, words, said)
    if evidence.lessons is None:
        return Rule(name, None, words, "Not applicable: it was imported, and what it learned from is not known here.")
    said = f"No question of {evidence.measured.set}, nor its passage, is in {evidence.lessons.snapshot}."
    return Rule(name, True, words, said)


def second_person(evidence: Evidence, _: Thresholds) -> Rule:
    """Nobody lets their own adapter answer, where there is somebody else who could."""
    name, words = "second person", "Who decides is not who brought the adapter in."
    if evidence.candidate is None:
        return Rule(name, None, words, "Not applicable: the model without an adapter is nobody's own.")
    if evidence.deciders <= 1:
        return Rule(name, None, words, "Not applicable: one person.")
    if evidence.own:
        said = f"You brought it in, and {evidence.deciders:,} people may decide here: ask another of them."
        return Rule(name, False, words, said)
    return Rule(name, True, words, "Somebody else brought it in.")


RULES: tuple[Judge, ...] = (
    evaluated, better, refusals, cited, labelled, general, recites, follows, unseen, fresh, genuine, fingerprint,
    second_person,
)  # fmt: skip


def _unmeasured(name: str, words: str, evidence: Evidence) -> Rule | None:
    """The rule where there are no numbers to judge it by; None where there are."""
    if evidence.candidate is None:
        return Rule(name, None, words, NO_ADAPTER)
    if evidence.measured is not None:
        return None
    return Rule(name, False, words, UNKNOWN)


def _again(evidence: Evidence) -> str:
    return f"Run: {evidence.advice}" if evidence.advice else "Evaluate it."


def _no_worse(name: str, words: str, measured: Measured, measures: Iterable[str], most: float) -> Rule:
    """Several measures, none of which may be certainly worse, nor look much worse."""
    found = {measure: measured.differences[measure] for measure in measures if measure in measured.differences}
    said, passed = [], True
    for measure, difference in found.items():
        gain = -difference.value if measure in metrics.LESS_IS_BETTER else difference.value
        lost = _lost(difference, gain, most)
        passed = passed and not lost
        said.append(f"{NAMES[measure].capitalize()}: {_told(difference)}{lost}")
    return Rule(name, passed, words, " ".join(said))


def _lost(found: Difference, gain: float, most: float) -> str:
    """Why that is too much of a loss; empty where it is not. `gain` is positive where it is better."""
    if gain < 0 and found.p < CERTAIN:
        return " That is worse by more than luck."
    if gain < -most:
        return f" That is more than the {_points(most)} that may be luck."
    return ""


def _probe(name: str, words: str, evidence: Evidence, asked: tuple[str, str, float]) -> Rule:
    """A probe whose share of answers from memory is within the bound, or no more than what answers now has."""
    given, measure, most = asked
    if (missing := _unmeasured(name, words, evidence)) is not None:
        return missing
    assert evidence.measured is not None
    if given not in evidence.measured.probed:
        return Rule(name, False, words, f"It was not put to that. {_again(evidence)}")
    found = evidence.measured.probes.get(measure)
    if found is None:
        return Rule(name, None, words, "Not applicable: no question of the set can be asked that way.")
    now = "" if found.now is None else f"; what answers now {found.now:.0%}"
    passed = found.value <= max(most, found.now or 0.0)
    return Rule(name, passed, words, f"{found.value:.0%} of {found.n:,} answers came from memory{now}.")


def _fact(name: str, words: str, evidence: Evidence, fact: Fact) -> Rule:
    if evidence.candidate is None:
        return Rule(name, None, words, NO_ADAPTER)
    return Rule(name, fact.passed, words, fact.said)


def _told(found: Difference) -> str:
    """A difference in words: points, interval, questions."""
    interval = f"95 % interval {100 * found.low:+.0f} to {100 * found.high:+.0f}"
    return f"{100 * found.value:+.0f} points ({interval}) on {found.n:,} questions."


def _undecided(found: Difference, measured: Measured) -> str:
    """Why that is not better, and what would tell."""
    if found.high < 0 and found.p < ALPHA:
        return " It is worse."
    least = f" So many questions show a difference from {_points(measured.detectable)}." if measured.detectable else ""
    more = measured.needed - found.n if measured.needed and found.value > 0 else None
    label = f" Label about {max(more, 1):,} more to be sure." if more else ""
    return f" That may be luck.{least}{label}"


def _points(share: float) -> str:
    return f"{100 * share:.0f} points"
