"""How an answer came about, step by step, seen from the passage that it should have come from."""

from collections.abc import Sequence
from dataclasses import dataclass

from admin.triage import wording
from admin.triage.faults import CURES, Cure, Fault, Step
from admin.triage.passages import Basis, Evidence, Passage, followed, reached_model
from chat.rag.answer import Mode


@dataclass(frozen=True)
class Way:
    """How an answer came about, seen from the passage that it should have come from."""

    basis: Basis
    fault: Fault
    sentence: str
    steps: Sequence[Step]
    bearing: Sequence[Passage]
    """The passages that bear the answer, the one that came furthest first."""
    nearest: Sequence[Passage]
    """Others that may, for a person to choose from."""

    @property
    def cure(self) -> Cure:
        """What helps most."""
        return CURES[self.fault]


def diagnose(evidence: Evidence) -> Way:
    """Where the answer's way broke off, seen from the passage that came furthest along it."""
    bearing, near = followed(evidence)
    best = bearing[0] if bearing else None
    fault = _fault(evidence, best)
    said, steps = wording.sentence(fault, evidence, best), wording.steps(evidence, best)
    return Way(evidence.basis, fault, said, steps, bearing, near)


def _fault(evidence: Evidence, best: Passage | None) -> Fault:
    """The first step that the passage did not pass."""
    message = evidence.message
    if not Mode(message.mode or Mode.RAG).retrieves:
        return Fault.ALONE
    if best is None:
        return Fault.UNCLEAR if evidence.basis is Basis.QUESTION else Fault.NOWHERE
    steps = (
        (best.marker is not None, Fault.CITED),
        (best.place is not None and message.refused, Fault.MODEL_REFUSED),
        (best.place is not None, Fault.NOT_CITED),
        (best.found is not None and not reached_model(message), Fault.REFUSED),
        (best.found is not None, Fault.NOT_IN_PROMPT),
        (best.held.disabled and best.held.version_live, Fault.SWITCHED_OFF),
        (not best.held.live, Fault.NOT_LIVE),
        (best.held.made_at > message.created_at, Fault.LATER),
    )
    return next((fault for holds, fault in steps if holds), Fault.NOT_FOUND)
