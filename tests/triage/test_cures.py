"""What is done about bad answers, who may do it, and that it can be undone."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from admin.service.examples import Examples
from admin.service.triage import Triage
from admin.triage.faults import Fault
from admin.triage.passages import Basis
from chat.errors import InvalidInputError, NotFoundError
from chat.rag.answer import Mode
from chat.rights import Person
from chat.store.tables import Feedback, MemberRole, TriageState
from chat.store.triage import View
from tests.conftest import OWNER
from tests.rag.library import Library
from tests.triage.conftest import ASKED, GATE, Ask


def state(library: Library, message_id: UUID) -> tuple[str, list[Any]]:
    with library.database.sessions() as session:
        kept = session.get_one(Feedback, message_id)
        return kept.state, kept.actions


def labels(library: Library) -> int:
    return int(library.scalar("SELECT count(*) FROM question_passages"))


def test_a_label_says_which_passage_is_right_and_goes_when_undone(triage: Triage, ask: Ask, library: Library) -> None:
    message_id = ask("Where do the dogs wait?", says="Dogs.")
    [gate] = [each for each in triage.case(message_id).way.nearest if each.held.document == "Dogs"]
    triage.label(message_id, gate.held.chunk_id)
    now, [action] = state(library, message_id)
    assert (now, action["kind"], action["label"], action["by"]) == ("done", "label", "Dogs", "owner")
    assert labels(library) == 1
    way = triage.case(message_id).way
    assert way.basis is Basis.LABEL
    assert way.fault is not Fault.UNCLEAR
    assert triage.undo(message_id) == "label"
    assert state(library, message_id) == ("open", [])
    assert labels(library) == 0
    logged = "SELECT array_agg(action ORDER BY id) FROM audit WHERE subject = :id"
    assert library.scalar(logged, id=str(message_id)) == ["triage feedback", "reopen feedback"]


def test_an_example_is_made_of_it_and_goes_while_it_is_a_draft(triage: Triage, ask: Ask, library: Library) -> None:
    examples = Examples(library.database.sessions, person=OWNER)
    message_id = ask()
    with pytest.raises(InvalidInputError, match="what the answer should have been"):
        triage.write_example(message_id, "")
    assert state(library, message_id) == ("open", [])
    made = triage.write_example(message_id, "It closes at 22:15.")
    assert examples.example(made).kept.wording.completion == "It closes at 22:15."
    now, [action] = state(library, message_id)
    assert (now, action["kind"], action["id"]) == ("done", "example", made)
    assert triage.undo(message_id) == "example"
    with pytest.raises(NotFoundError):
        examples.example(made)
    assert state(library, message_id)[0] == "open"


def test_a_document_that_was_mended_is_linked(triage: Triage, ask: Ask, library: Library) -> None:
    message_id = ask(correction="The harbour gate closes at 23:00.")
    fixed = library.add("gate.md", GATE.replace("22:15", "23:00"))
    triage.fixed(message_id, fixed.document_id)
    now, [action] = state(library, message_id)
    assert (now, action["kind"], action["id"]) == ("done", "document", fixed.document_id)
    assert triage.case(message_id).way.fault is Fault.LATER
    triage.undo(message_id)
    assert state(library, message_id) == ("open", [])


def test_to_dismiss_takes_a_reason(triage: Triage, ask: Ask, library: Library) -> None:
    message_id = ask()
    with pytest.raises(InvalidInputError, match="Say why"):
        triage.dismiss(message_id, " \x00 ")
    triage.dismiss(message_id, "  It is\nright. ")
    assert state(library, message_id)[0] == "dismissed"
    assert state(library, message_id)[1][0]["label"] == "It is right."
    triage.undo(message_id)
    assert state(library, message_id) == ("open", [])
    assert triage.undo(message_id) == "", "nothing is left to take back"


def test_the_list_is_filtered_and_counted(triage: Triage, ask: Ask) -> None:
    first, second = ask(reasons=("wrong",), comment="Too late."), ask("Do dogs travel free?", reasons=("style",))
    triage.dismiss(first, "fine")
    shown = triage.overview(View())
    assert [line.id for line in shown.lines] == [second]
    assert [shown.counts[each] for each in TriageState] == [1, 0, 1]
    [dismissed] = triage.overview(View(TriageState.DISMISSED)).lines
    assert (dismissed.question, dismissed.comment, list(dismissed.collections)) == (ASKED, "Too late.", ["default"])
    assert triage.overview(View(reason="wrong")).lines == []
    assert triage.overview(View(collection="nowhere")).view.collection is None
    assert len(triage.overview(View(collection="default")).lines) == 1


def test_refused_questions_are_counted_the_most_frequent_first(triage: Triage, ask: Ask) -> None:
    for question in ("Who owns the harbour gate?", "who owns  the harbour gate", "Do dogs swim?"):
        ask(question, says="The documents do not say.", rate=False)
    ask(rate=False)
    refused = triage.overview(View()).refused
    assert refused.total == 3
    assert refused.weeks[-1][1] == 3
    assert len(refused.weeks) == 8
    assert [(each.question, each.times) for each in refused.often] == [
        ("who owns  the harbour gate", 2),
        ("Do dogs swim?", 1),
    ]


def test_who_does_not_look_after_its_documents_knows_of_nothing(
    triage: Triage, ask: Ask, library: Library, person: Callable[..., Person]
) -> None:
    rated, alone = ask(correction="No."), ask(mode=Mode.BASE)
    ask("Who owns the harbour gate?", says="The documents do not say.", rate=False)
    reader = triage.for_person(person("reader", MemberRole.READER))
    other = triage.for_person(person("other", MemberRole.OWNER, "theirs"))
    for service in (reader, other):
        seen = service.overview(View())
        assert (list(seen.lines), seen.refused.total) == ([], 0)
        for attempt in (
            lambda service=service: service.case(rated),
            lambda service=service: service.label(rated, 1),
            lambda service=service: service.write_example(rated, "x"),
            lambda service=service: service.fixed(rated, 1),
            lambda service=service: service.dismiss(rated, "x"),
            lambda service=service: service.undo(rated),
            lambda service=service: service.case(uuid4()),
        ):
            with pytest.raises(NotFoundError, match="not there any more"):
                attempt()
    assert state(library, rated) == ("open", [])
    curator = triage.for_person(person("curator", MemberRole.CURATOR))
    assert [line.id for line in curator.overview(View()).lines] == [rated]
    assert curator.overview(View()).refused.total == 1
    with pytest.raises(NotFoundError):
        curator.case(alone)
    assert {line.id for line in triage.overview(View()).lines} == {rated, alone}


def test_the_passages_of_closed_collections_stay_there(
    triage: Triage, ask: Ask, library: Library, person: Callable[..., Person]
) -> None:
    message_id = ask(correction="The secret hatch opens at 03:33.")
    library.add("hatch.md", "# Hatch\n\nThe secret hatch opens at 03:33.\n", "vault")
    assert triage.case(message_id).way.bearing[0].held.document == "Hatch"
    curator = triage.for_person(person("curator", MemberRole.CURATOR))
    way = curator.case(message_id).way
    assert way.fault is Fault.NOWHERE
    assert "Hatch" not in repr(way.nearest) + repr(way.bearing)
