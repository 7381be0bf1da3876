"""The verdict in a sentence, and advice that follows from the numbers shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from admin.evaluation import metrics
from admin.evaluation.arms import Arm, Given
from admin.evaluation.results import Comparison, Findings

RETRIEVAL_MISSES = 0.15
"""Share of the bearing passages that retrieval may miss before that is worth mending first."""
REFUSES_TOO_MUCH, REFUSES_TOO_LITTLE = 0.2, 0.7
RECITES = 0.1
FOLLOWS_TOO_SELDOM = 0.7
FINE = 0.1
"""Shares from which on something is said; they are the author's judgement, not measured."""

EVERY = "all questions together"


@dataclass(frozen=True)
class Advice:
    """What a number says, and what to do about it."""

    finding: str
    next: str


@dataclass(frozen=True)
class Verdict:
    """The sentence that comes first. `best` is the arm it names, and `rival` the one that it is to be read against."""

    sentence: str
    best: str | None
    rival: str | None
    measure: str


def verdict(findings: Findings, arms: Sequence[Arm]) -> Verdict:
    """Which arm answers best, as far as these questions can show."""
    measure = _leading(findings)
    scores = {
        arm.name: value for arm in arms if not arm.probes and (value := findings.value(arm.name, measure)) is not None
    }
    if not scores:
        return Verdict(
            "There is nothing to compare: no question applies to any arm. Label questions first.", None, None, measure
        )
    order = sorted(scores, key=lambda name: (-scores[name], list(scores).index(name)))
    best, said = order[0], f"{_named(order[0]).capitalize()} {_does(measure, scores[order[0]])}"
    if len(order) == 1:
        return Verdict(f"{said}. There is no other arm to compare it with.", best, None, measure)
    against = {other: findings.between(best, other, measure) for other in order[1:]}
    beaten = [other for other, found in against.items() if found and found.better == best]
    open_ = [other for other in order[1:] if other not in beaten]
    if not open_:
        return Verdict(f"{said}: {_better(beaten, against)}.", best, order[1], measure)
    told = f" It is certainly better than {_listed(beaten)}." if beaten else ""
    found = against[open_[0]]
    return Verdict(f"{said}, {_undecided(open_[0], scores, found, findings.questions)}{told}", best, open_[0], measure)


def _leading(findings: Findings) -> str:
    """The measure that decides: what is right in the answers or, without accepted answers, what is refused."""
    measured = {name for found in findings.arms.values() for name in found}
    order = (metrics.CONTAINED, metrics.REFUSED_UNANSWERABLE)
    return next((name for name in order if name in measured), metrics.CONTAINED)


def _does(measure: str, value: float) -> str:
    if measure == metrics.REFUSED_UNANSWERABLE:
        return f"rightly refuses {percent(value)} of the questions that have no answer"
    return f"answers {percent(value)} of the questions right"


def _better(beaten: Sequence[str], against: "dict[str, Comparison | None]") -> str:
    found = against[beaten[0]]
    assert found is not None
    gain, low, high = (abs(each) for each in (found.difference.value, found.difference.low, found.difference.high))
    low, high = sorted((low, high))
    others = f", and more than {_listed([_named(other) for other in beaten[1:]])}" if beaten[1:] else ""
    return (
        f"{points(gain)} (95 % interval {100 * low:.0f} to {100 * high:.0f}) more than {_named(beaten[0])}{others}. "
        "That is more than luck"
    )


def _undecided(other: str, scores: "dict[str, float]", found: Comparison | None, questions: int) -> str:
    """Why the best cannot be told from another, and what would tell."""
    said = f"{_named(other)} {percent(scores[other])}"
    if found is None:
        return f"{said}; no question applies to both."
    if found.difference.value == 0:
        return f"{said}. They do equally well on these {questions} questions."
    if found.needed is None:
        return f"{said}: too close to call, and too small a difference to be worth labelling questions for."
    more = max(found.needed - found.difference.n, 1)
    return (
        f"{said}; that may still be luck. Not enough questions: label about {_round(more):,} more, and a difference as "
        "large as this one shows."
    )


def advice(findings: Findings, arms: Sequence[Arm], leaked: Sequence[str] = ()) -> list[Advice]:
    """What follows from the numbers, what matters most first."""
    found = [*_leaks(leaked), *_retrieval(findings, arms), *_oracle(findings, arms), *_adapters(findings, arms)]
    return [*found, *_refusals(findings, arms), *_probes(findings, arms), *_size(findings, arms)]


def _leaks(leaked: Sequence[str]) -> Iterator[Advice]:
    for adapter in leaked:
        yield Advice(
            f"The adapter {adapter} was trained on questions of this set: its numbers here prove nothing.",
            "Train it again on a snapshot that keeps this set out, or evaluate it on questions that it has not seen.",
        )


def _retrieval(findings: Findings, arms: Sequence[Arm]) -> Iterator[Advice]:
    for arm in arms:
        recall = findings.value(arm.name, metrics.RECALL)
        if recall is not None and arm.retrieves:
            missed = 1 - recall
            if missed > RETRIEVAL_MISSES:
                yield Advice(
                    f"Retrieval misses {percent(missed)} of the bearing passages ({arm.name}): no model can use what "
                    "it is not given.",
                    "Mend that before training: open Retrieval, look at the questions whose passage is not found, and "
                    "compare other settings.",
                )
            return


def _oracle(findings: Findings, arms: Sequence[Arm]) -> Iterator[Advice]:
    """How much of what is missing is retrieval's fault, and how much the model's."""
    for oracle in (arm for arm in arms if arm.given is Given.ORACLE):
        given = findings.value(oracle.name, metrics.CONTAINED)
        plain = next((arm.name for arm in arms if arm.retrieves and arm.mode is oracle.mode), None)
        gap = findings.between(plain, oracle.name, metrics.CONTAINED) if plain else None
        if given is None or gap is None:
            continue
        lost = gap.difference.value if gap.b == oracle.name else -gap.difference.value
        yield Advice(
            f"Given the right passages, the model answers {percent(given)} right; on the same questions, searching for "
            f"them costs {points(max(lost, 0))}, and {points(1 - given)} are lost even then.",
            "Mend what loses more: retrieval, in the Retrieval tab; or the model, by an adapter or a larger model."
        )  # fmt: skip


def _adapters(findings: Findings, arms: Sequence[Arm]) -> Iterator[Advice]:
    """On which types of question an adapter gains, and on which it does not."""
    for arm in (arm for arm in arms if arm.adapter and not arm.probes):
        plain = next((other.name for other in arms if not other.adapter and other.given is None
                      and other.mode.retrieves == arm.mode.retrieves), None)  # fmt: skip
        if plain is None:
            continue
        gains, losses = _gains(findings, plain, arm.name)
        name = arm.adapter.name if arm.adapter else arm.name
        if gains or losses:
            said = [f"gains {points(gain)} on {_kind(kind)}" for kind, gain in gains]
            said += [f"loses {points(-gain)} on {_kind(kind)}" for kind, gain in losses]
            yield Advice(
                f"The adapter {name} {_listed(said)} ({arm.name} against {plain}). Nothing else shows.",
                "Train on what it gains on, and leave the rest to the documents."
                if gains
                else "Look at those answers below, mend or take out the examples behind them, and train again.",
            )
        elif findings.between(plain, arm.name, metrics.CONTAINED):
            yield Advice(
                f"Nothing shows that the adapter {name} answers better ({arm.name} against {plain}).",
                "Do not promote it for this. Facts belong into documents; train on form and manner.",
            )


def _gains(findings: Findings, plain: str, adapted: str) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    known = {EVERY: findings, **findings.types}
    compared = {kind: each.between(plain, adapted, metrics.CONTAINED) for kind, each in known.items()}
    sure = {kind: found for kind, found in compared.items() if found and found.better}
    signed = {kind: found.difference.value * (1 if found.b == adapted else -1) for kind, found in sure.items()}
    return [each for each in signed.items() if each[1] > 0], [each for each in signed.items() if each[1] < 0]


def _refusals(findings: Findings, arms: Sequence[Arm]) -> Iterator[Advice]:
    for arm in (arm for arm in arms if arm.retrieves):
        too_much = findings.value(arm.name, metrics.REFUSED_ANSWERABLE)
        too_little = findings.value(arm.name, metrics.REFUSED_UNANSWERABLE)
        if too_much is not None and too_much > REFUSES_TOO_MUCH:
            yield Advice(
                f"{arm.name} refuses {percent(too_much)} of the questions that have an answer.",
                "In Retrieval, fit the refusal threshold to the labelled questions, or lower it.",
            )
        if too_little is not None and too_little < REFUSES_TOO_LITTLE:
            yield Advice(
                f"{arm.name} refuses only {percent(too_little)} of the questions that have no answer: the others are "
                "answered with something else.",
                "In Retrieval, raise the refusal threshold, and add examples that refuse to what is trained on.",
            )


def _probes(findings: Findings, arms: Sequence[Arm]) -> Iterator[Advice]:
    for arm in arms:
        recited = findings.value(arm.name, metrics.RECITED)
        if recited is not None and recited > RECITES:
            yield Advice(
                f"{arm.name}: given no passage at all, the model still recites {percent(recited)} of the answers: it "
                "learned facts by heart, and will go on saying them when the documents change.",
                "Add examples without passages that refuse, and do not train on facts that change.",
            )
        followed = findings.value(arm.name, metrics.FOLLOWED_PASSAGE)
        if followed is not None and followed < FOLLOWS_TOO_SELDOM:
            own = findings.value(arm.name, metrics.FOLLOWED_WEIGHTS) or 0.0
            yield Advice(
                f"{arm.name}: where the passage says otherwise than the truth, the model says what the passage says in "
                f"{percent(followed)} of the cases, and the truth all the same in {percent(own)}.",
                "It trusts what it learned: train with passages in the prompt."
                if own > RECITES
                else "Mostly it says neither: try a larger model, or an adapter that was trained on passages.",
            )


def _size(findings: Findings, arms: Sequence[Arm]) -> Iterator[Advice]:
    """How large a difference between the two best arms has to be for so many questions to show it."""
    judged = verdict(findings, arms)
    found = findings.between(judged.best, judged.rival, judged.measure) if judged.best and judged.rival else None
    if found is None or (found.detectable or 1.0) <= FINE:
        return
    if found.detectable is None:
        said = "no difference at all could be shown with certainty"
    else:
        said = f"differences of less than {points(found.detectable)} often stay hidden"
    yield Advice(
        f"With {found.difference.n} questions, {said} between {found.a} and {found.b}.",
        "Label more questions: people's own, from the chat, and some of each type that matters.",
    )


def percent(share: float) -> str:
    """A share as people say it."""
    return f"{100 * share:.0f} %"


def points(difference: float) -> str:
    """A difference of two shares as people say it."""
    amount = round(100 * difference)
    return f"{amount} point" if amount == 1 else f"{amount} points"


def _round(number: int) -> int:
    """About so many: two figures count."""
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return -(-number // step) * step


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _kind(kind: str) -> str:
    return kind if kind == EVERY else f"questions of the type {kind.replace('_', ' ')}"


WAYS = {
    "base": "the model alone",
    "rag": "retrieval",
    "adapter": "the adapter alone",
    "rag+adapter": "retrieval with the adapter",
}


def _named(arm: str) -> str:
    """What an arm is called in a sentence."""
    return f"{WAYS[arm]} ({arm})" if arm in WAYS else arm
