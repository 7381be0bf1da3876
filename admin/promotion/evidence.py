"""What the rules are judged by: numbers and facts, gathered beforehand, so that a rule is a small function of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from admin.evaluation.statistics import Difference
from chat.store.adapters import Named


@dataclass(frozen=True)
class Probe:
    """A share of answers that the candidate gave to a probe, over `n` questions, and what answers now gave to it."""

    value: float
    n: int
    now: float | None = None


@dataclass(frozen=True)
class Measured:
    """The candidate beside what answers now, in one finished evaluation: differences are candidate minus present."""

    evaluation: int
    digest: str
    set: str
    collection: str
    candidate: str
    present: str
    """Names of the two arms."""
    differences: Mapping[str, Difference]
    detectable: float | None = None
    """The smallest difference on the chosen measure that so many questions show in 80 of 100 tries."""
    needed: int | None = None
    """How many questions would show the difference that was found."""
    labelled: Difference | None = None
    """On those of the collection's labelled questions that were asked."""
    general: Difference | None = None
    probes: Mapping[str, Probe] = field(default_factory=dict)
    probed: frozenset[str] = frozenset()
    """The probes that the candidate was put to, whether or not a question applied."""
    leaked: str = ""
    """How the set's questions are in what the candidate learned; empty where they are not."""
    outdated: Sequence[str] = ()
    """What is no longer as it was when it was evaluated, so that the numbers are of something else."""
    documents_changed: bool = False


@dataclass(frozen=True)
class Scores:
    """What the latest evaluation of an adapter measured: means by arm, then by measure; shares from 0 to 1."""

    evaluation: int
    set: str
    questions: int
    arms: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Lessons:
    """What an adapter learned from, as far as it is known here; `stale` says of each stale example why."""

    snapshot: str
    examples: int
    documents: Sequence[str]
    stale: Mapping[str, str]


@dataclass(frozen=True)
class Fact:
    """Whether something is as it should be, in words; None where that cannot be asked."""

    passed: bool | None
    said: str


@dataclass(frozen=True)
class Evidence:
    """Everything that a decision about one adapter in one place is judged by.

    Without a candidate it is the model without an adapter that is to answer. `labelled` counts the labelled questions
    of the place, `deciders` the people who may decide there; `own`: whether the one who decides brought it in.
    """

    candidate: Named | None
    present: Named | None
    measured: Measured | None = None
    labelled: int = 0
    lessons: Lessons | None = None
    bytes: Fact = Fact(None, "")
    fingerprint: Fact = Fact(None, "")
    deciders: int = 1
    own: bool = False
    advice: str = ""
    """The command that makes the evaluation which is missing."""
