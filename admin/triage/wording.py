"""The diagnosis and the steps of an answer's way, in plain words."""

from datetime import datetime

from admin.training import rated
from admin.triage.faults import Fault, Step
from admin.triage.passages import Basis, Evidence, Passage, reached_model
from chat.rag.answer import Mode
from chat.store.bearing import Held


def sentence(fault: Fault, evidence: Evidence, best: Passage | None) -> str:
    """The diagnosis in a sentence or two."""
    name, rank = (f"“{best.held.document}”" if best else ""), (best.found.rank if best and best.found else 0)
    shown = len(rated.passages(evidence.message))
    version = best.held.version if best else 0
    return {
        Fault.ALONE: "No document was searched: this way of answering uses none.",
        Fault.NOWHERE: "No document that you look after says this. Add one that does, or correct one.",
        Fault.UNCLEAR: "Nobody said what is right, and no passage is clearly about the question. "
        "Mark the passage that answers it.",
        Fault.NOT_LIVE: f"Only version {version} of {name} says this, and it is not the one that answers.",
        Fault.SWITCHED_OFF: f"{name} says this in a passage that was taken out of the search.",
        Fault.LATER: f"{name} says this since version {version}, which came after this answer.",
        Fault.NOT_FOUND: f"{name} says this, but the passage was not among the {len(evidence.found)} that were found.",
        Fault.REFUSED: f"The passage was found at rank {rank}, but the check before answering took none "
        "of what was found for an answer.",
        Fault.NOT_IN_PROMPT: f"The passage was found at rank {rank}, but only {_went_in(shown)} the prompt.",
        Fault.MODEL_REFUSED: "The model had the passage in its prompt, and said that it does not know.",
        Fault.NOT_CITED: "The model had the passage in its prompt, and answered from something else.",
        Fault.CITED: f"The answer rests on {name}, which is the right passage. "
        "Is what it says out of date, or was it put badly?",
    }[fault]


def _went_in(number: int) -> str:
    return f"{number} passages went into" if number != 1 else "1 passage went into"


def steps(evidence: Evidence, best: Passage | None) -> list[Step]:
    """The way as a column, from the documents to the answer."""
    answered = Step("Answered", None, _answered(evidence))
    if not Mode(evidence.message.mode or Mode.RAG).retrieves:
        return [Step("Found", None, "Nothing was searched."), answered]
    if best is None:
        nothing = (
            "No passage has these words." if evidence.basis is not Basis.QUESTION else "Nobody said what is right."
        )
        return [
            Step("In a document", False if evidence.basis is not Basis.QUESTION else None, nothing),
            Step("Found", None, f"{len(evidence.found)} other passages."),
            _cited(evidence, None),
            answered,
        ]
    return [
        Step("In a document", True, f"“{best.held.document}”, version {best.held.version}."),
        _live(best.held, evidence.message.created_at),
        _found(evidence, best),
        _prompted(evidence, best),
        _cited(evidence, best),
        answered,
    ]


def _live(held: Held, answered_at: datetime) -> Step:
    if held.live:
        later = " It came after this answer." if held.made_at > answered_at else ""
        return Step("Live", True, f"Version {held.version} answers.{later}")
    if held.disabled and held.version_live:
        return Step("Live", False, "The passage was taken out of the search.")
    now = f"Version {held.live_version} answers." if held.live_version else "No version of it answers."
    return Step("Live", False, f"Version {held.version} is {'a draft' if held.draft else 'not live'}. {now}")


def _found(evidence: Evidence, best: Passage) -> Step:
    today = f" Today: rank {best.rank_now}." if best.rank_now else ""
    if best.found is None:
        return Step("Found", False, f"Not among the {len(evidence.found)} passages that were found.{today}")
    arms = [
        f"{rank}. by {arm}"
        for arm, rank in (("meaning", best.found.dense_rank), ("words", best.found.keyword_rank))
        if rank
    ]
    return Step("Found", True, f"Rank {best.found.rank} of {len(evidence.found)}: {', '.join(arms)}.{today}")


def _prompted(evidence: Evidence, best: Passage) -> Step:
    if not reached_model(evidence.message):
        abstained = evidence.message.trace.settings.get("abstain", {}) if evidence.message.trace else {}
        chance = f", which it gave {abstained['probability']:.0%}" if abstained.get("probability") else ""
        return Step("In the prompt", False, f"The check before answering refused{chance}; no model was asked.")
    shown = len(rated.passages(evidence.message))
    if best.place is None:
        return Step("In the prompt", False, f"Only {_went_in(shown)} it.")
    return Step("In the prompt", True, f"Number {best.place} of {shown}.")


def _cited(evidence: Evidence, best: Passage | None) -> Step:
    if best is not None and best.marker is not None:
        return Step("Cited", True, f"As [{best.marker}].")
    others = sorted({f"“{each.document}”" for each in evidence.message.citations})
    said = f"It cites {', '.join(others)} instead." if others and best else ", ".join(others) or "Nothing was cited."
    return Step("Cited", None if best is None else False, said)


def _answered(evidence: Evidence) -> str:
    """By whom, and under which settings."""
    receipt = evidence.message.receipt or {}
    adapter = (receipt.get("adapter") or {}).get("name")
    if receipt.get("quoted"):
        said = "In the documents’ own sentences; no model’s answer could be used."
    elif receipt.get("model"):
        said = f"By {receipt['model']}, {f'with the adapter {adapter}' if adapter else 'without an adapter'}."
    else:
        said = "By no model."
    if not evidence.found:
        return said
    settings = f"number {evidence.revision}" if evidence.revision else "as they come"
    return f"{said} Retrieval settings: {settings}."
