"""What the gate asks for, in numbers: those of everywhere, which each collection follows unless it sets its own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy.orm import Session

from admin.evaluation import metrics
from chat.errors import InvalidInputError
from chat.store import judging

CHOSEN = (metrics.CONTAINED, metrics.EXACT_MATCH, metrics.F1, metrics.SUPPORT, metrics.REFUSED_UNANSWERABLE)
"""Measures that "better" can be about; more is better in each."""
ANSWERS = "least_answers"
SHARES = ("most_lost", "most_general_lost", "most_recited", "most_from_weights", "most_stale")
"""Those that are shares, from 0 to 1."""


@dataclass(frozen=True)
class Thresholds:
    """The numbers of the rules; shares from 0 to 1, but for the measure's name and the number of answers.

    The defaults are the author's judgement. `WORDS` says what each is for.
    """

    measure: str = metrics.CONTAINED
    most_lost: float = 0.1
    most_general_lost: float = 0.05
    most_recited: float = 0.1
    most_from_weights: float = 0.2
    most_stale: float = 0.0
    least_answers: int = 50

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Thresholds":
        """What is kept, the defaults for the rest."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})

    def but(self, changes: Mapping[str, str]) -> "Thresholds":
        """With these written values in place of its own. Raises `InvalidInputError` for what cannot be one."""
        return replace(self, **{name: _read(name, value) for name, value in changes.items()})

    def beside(self, usual: "Thresholds") -> dict[str, Any]:
        """What differs from `usual`, by its name: the rest follows that."""
        followed = asdict(usual)
        return {name: value for name, value in asdict(self).items() if value != followed[name]}


def in_force(session: Session, collection_id: int | None) -> Thresholds:
    """What is asked for in a collection or, without one, everywhere that says nothing of its own."""
    own = judging.asked_for(session, collection_id) if collection_id is not None else {}
    return Thresholds.of({**judging.asked_for(session, None), **own})


def set_in_force(session: Session, collection_id: int | None, wanted: Thresholds) -> None:
    """Ask for this from now on, in that place alone."""
    usual = Thresholds() if collection_id is None else in_force(session, None)
    judging.ask_for(session, collection_id, wanted.beside(usual))


WORDS: Mapping[str, str] = {
    "measure": "The measure that a new adapter has to be better on than what answers now.",
    "most_lost": "How much worse it may look on refusals, citations and labelled questions while that may be luck.",
    "most_general_lost": "How much worse it may be on questions of the type “general”.",
    "most_recited": "How often it may say an answer from memory when no passage is given.",
    "most_from_weights": "How often it may follow its memory against what the passage says.",
    "most_stale": "How many of the examples that it learned from may no longer say what their documents say.",
    "least_answers": "How many answers each side of a trial gives before the trial may be ended by itself.",
}
"""A sentence for each threshold."""


def _read(name: str, value: str) -> Any:
    if name not in WORDS:
        raise InvalidInputError(f"The rules have no {name[:80]!r}. They have: {', '.join(WORDS)}.")
    if name == "measure":
        if value not in CHOSEN:
            raise InvalidInputError(f"Choose the measure among: {', '.join(CHOSEN)}.")
        return value
    try:
        number = int(value) if name == ANSWERS else float(value)
    except ValueError:
        raise InvalidInputError(f"{name} is a number, and {value[:80]!r} is none.") from None
    if name == ANSWERS and not 1 <= number <= 1_000_000:
        raise InvalidInputError(f"{name} is a number of answers, from 1 to 1,000,000.")
    if name != ANSWERS and not 0 <= number <= 1:
        raise InvalidInputError(f"{name} is a share from 0 to 1, such as 0.1 for a tenth.")
    return number
