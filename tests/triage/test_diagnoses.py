"""Each place where an answer can go wrong, with a real conversation that goes wrong there."""

from collections.abc import Sequence

import pytest

from admin.service.triage import Triage
from admin.triage.faults import Cure, Fault
from admin.triage.passages import Basis
from admin.triage.way import Way
from chat.models.verifier import Verifier
from chat.rag.answer import Mode
from tests.rag.library import Library
from tests.triage.conftest import GATE, SAID, Ask


class Doubting(Verifier):
    """Finds that no passage answers."""

    def probabilities(self, question: str, passages: Sequence[str]) -> list[float]:
        return [0.04] * len(passages)


def step(way: Way, name: str) -> tuple[bool | None, str]:
    return next((each.passed, each.said) for each in way.steps if each.name == name)


def many(sentence: str, number: int = 12) -> str:
    """A document of so many passages that are much alike."""
    return "\n".join(
        f"# Gate {each}\n\n{sentence.format(each)} {'It is made of oak. ' * 12}\n" for each in range(number)
    )


def test_the_right_passage_was_cited(triage: Triage, ask: Ask) -> None:
    way = triage.case(ask(correction="The gate closes at 22:15.")).way
    assert (way.fault, way.basis, way.cure) == (Fault.CITED, Basis.CORRECTION, Cure.DOCUMENT)
    assert [each.passed for each in way.steps] == [True, True, True, True, True, None]
    assert step(way, "Cited") == (True, "As [1].")
    assert step(way, "Found")[1].startswith("Rank 1 of ")
    assert step(way, "Answered")[1] == "By fake, without an adapter. Retrieval settings: as they come."


def test_nobody_said_what_is_right(triage: Triage, ask: Ask) -> None:
    way = triage.case(ask("Who paints the hull of the lighthouse ship in winter?", says="Dogs travel free.")).way
    assert (way.fault, way.basis, way.cure) == (Fault.UNCLEAR, Basis.QUESTION, Cure.LABEL)
    assert "Mark the passage" in way.sentence


def test_it_stands_nowhere(triage: Triage, ask: Ask) -> None:
    way = triage.case(ask(correction="The gate closes at 23:45.")).way
    assert (way.fault, way.cure) == (Fault.NOWHERE, Cure.DOCUMENT)
    assert step(way, "In a document")[0] is False
    assert [each.held.document for each in way.nearest][:1] == ["Harbour gate"], "what comes near is offered"


def test_it_stood_in_a_version_that_does_not_answer_any_more(triage: Triage, ask: Ask, library: Library) -> None:
    library.add("gate.md", GATE.replace("22:15", "21:00"))
    way = triage.case(ask(says="The harbour gate closes at 21:00.", correction="The harbour gate closes at 22:15.")).way
    assert (way.fault, way.cure) == (Fault.NOT_LIVE, Cure.DOCUMENT)
    assert way.sentence == "Only version 1 of “Harbour gate” says this, and it is not the one that answers."
    assert step(way, "Live") == (False, "Version 1 is not live. Version 2 answers.")


def test_it_came_after_the_answer(triage: Triage, ask: Ask, library: Library) -> None:
    message_id = ask("When does the mooring office open?", says=SAID, correction="The mooring office opens at 7:30.")
    library.add("mooring.md", "# Mooring\n\nThe mooring office opens at 7:30 on every working day.\n")
    way = triage.case(message_id).way
    assert way.fault is Fault.LATER
    assert "came after this answer" in step(way, "Live")[1]
    assert step(way, "Found")[1].endswith("Today: rank 1.")


def test_a_passage_that_was_taken_out_of_the_search(triage: Triage, ask: Ask, library: Library) -> None:
    with library.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE chunks SET live = false, disabled = true WHERE strpos(text, '22:15') > 0")
    way = triage.case(ask(says="Dogs travel free.", correction="The harbour gate closes at 22:15.")).way
    assert way.fault is Fault.SWITCHED_OFF
    assert step(way, "Live") == (False, "The passage was taken out of the search.")


def test_it_was_not_found(triage: Triage, ask: Ask, library: Library) -> None:
    library.add("gates.md", many("When does the harbour gate {} close? In the evening."))
    way = triage.case(ask(says="Gate 3 is made of oak.", correction="Dogs travel free on a lead.")).way
    assert way.fault is Fault.NOT_FOUND
    assert "not among the 10 that were found" in way.sentence
    assert way.cure is Cure.LABEL


def test_it_was_found_too_far_down_for_the_prompt(triage: Triage, ask: Ask, library: Library) -> None:
    library.add("gates.md", many("When does the harbour gate {} close? In the evening.", 7))
    said = "The harbour gate 3 closes in the evening."
    way = triage.case(ask("When does the harbour gate close?", says=said, correction="Dogs travel free on a lead.")).way
    assert way.fault is Fault.NOT_IN_PROMPT
    rank = way.bearing[0].found.rank if way.bearing[0].found else 0
    assert rank > 4
    assert way.sentence == f"The passage was found at rank {rank}, but only 4 passages went into the prompt."
    assert step(way, "In the prompt") == (False, "Only 4 passages went into it.")


def test_the_check_before_answering_refused(triage: Triage, ask: Ask) -> None:
    way = triage.case(ask(verifier=Doubting(), correction="It closes at 22:15.")).way
    assert way.fault is Fault.REFUSED
    assert step(way, "In the prompt") == (
        False,
        "The check before answering refused, which it gave 4%; no model was asked.",
    )
    assert "By no model." in step(way, "Answered")[1]


def test_the_model_refused(triage: Triage, ask: Ask) -> None:
    way = triage.case(ask(says="The documents do not say.", correction="It closes at 22:15.")).way
    assert (way.fault, way.cure) == (Fault.MODEL_REFUSED, Cure.EXAMPLE)


def test_the_model_answered_from_something_else(triage: Triage, ask: Ask) -> None:
    said = "Dogs travel free of charge on every ferry, as long as they are on a lead."
    way = triage.case(ask("Do dogs pay at the harbour gate in the evening?", says=said, correction=SAID)).way
    assert (way.fault, way.cure) == (Fault.NOT_CITED, Cure.EXAMPLE)
    assert step(way, "Cited") == (False, "It cites “Dogs” instead.")


def test_nothing_was_searched(triage: Triage, ask: Ask) -> None:
    case = triage.case(ask(mode=Mode.BASE, correction="It closes at 22:15."))
    assert (case.way.fault, case.homes) == (Fault.ALONE, [])
    assert [each.name for each in case.way.steps] == ["Found", "Answered"]


@pytest.mark.parametrize("said", ["", "?!", "\x00", "'; DROP TABLE chunks; --", "%_\\", "x" * 20_000, "é" * 30])
def test_no_words_break_it(triage: Triage, ask: Ask, said: str) -> None:
    assert triage.case(ask(correction=said)).way.sentence
