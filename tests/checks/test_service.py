"""What a curator can do about findings: see, accept, take back, redact; and what nobody else can."""

import pytest

from admin.service.checks import Checks
from admin.training.findings import Check
from chat.errors import InvalidInputError, NotAllowedError, NotFoundError
from chat.rights import Person
from chat.store import audit, collections, examples, questions, users
from chat.store.database import Database
from chat.store.questions import Label, NewQuestion
from chat.store.tables import Collection, ExampleState, UserRole
from tests.checks.conftest import Add, told

LONGER = (
    "Dogs travel free on a lead, bicycles cost one mark, and the bar opens when the boat has left the harbour mouth."
)
SECRET = told("How do I open the archive?", "Type the password: Gull42nest! and turn the key twice.")
PERSONAL = told("Whom do I write to about a lost coat?", "Write to jane.roe@post.example about it.")


def test_a_secret_blocks_until_it_is_redacted(checks: Checks, add: Add, database: Database) -> None:
    [example_id] = add({"s1": SECRET})
    [finding] = checks.report("default").blocking
    assert (finding.check, finding.keys) == (Check.SECRETS, ("s1",))

    assert checks.redact(example_id, finding.digest) == 2

    assert checks.report("default").findings == []
    with database.sessions() as session:
        [kept] = examples.of_collection(session, 1)
        assert kept.wording.completion == "Type the password: [redacted: password]! and turn the key twice."
        assert kept.state is ExampleState.APPROVED
        assert audit.latest(session)[0].action == "redact example"


def test_an_accepted_finding_stands_until_its_example_says_something_else(
    checks: Checks, add: Add, database: Database
) -> None:
    [example_id] = add({"s1": SECRET})
    [finding] = checks.report("default").blocking
    checks.accept([example_id], finding.digest, "a password of a story")

    report = checks.report("default")
    assert report.blocking == []
    assert report.groups()["secrets"] == []
    assert report.findings[0].accepted is not None
    assert report.findings[0].accepted.reason == "a password of a story"
    with database.sessions.begin() as session:
        assert audit.latest(session)[0].action == "accept finding"
        [kept] = examples.of_collection(session, 1)
        examples.revise(session, kept, told("How do I open it?", SECRET.completion))
    assert [each.check for each in checks.report("default").blocking] == [Check.SECRETS]


def test_an_acceptance_is_taken_back(checks: Checks, add: Add) -> None:
    [example_id] = add({"s1": SECRET})
    [finding] = checks.report("default").blocking
    checks.accept([example_id], finding.digest, "a story")
    checks.withdraw([example_id], finding.digest)
    assert len(checks.report("default").blocking) == 1
    with pytest.raises(NotFoundError):
        checks.withdraw([example_id], finding.digest)


def test_every_finding_is_seen_beside_its_example_under_the_same_digest(checks: Checks, add: Add) -> None:
    base = told("How long may a rowing boat lie at the north steps?", "Four hours, and then it is towed away.")
    near = told("How long may a rowing boat lie at the north steps, please?", base.completion)
    nearer = told("How long may a rowing boat lie at the old north steps, please?", base.completion)
    other = told(base.question, "As long as you like.")
    ids = add({"a": base, "b": base, "c": near, "d": nearer, "e": other, "s": SECRET, "p": PERSONAL})
    report = checks.report("default")
    assert [each.keys for each in report.of(Check.DUPLICATES)] == [("a", "b")]
    assert [each.keys for each in report.of(Check.NEAR_DUPLICATES)] == [("a", "c", "d")]
    assert [each.keys for each in report.of(Check.CONTRADICTIONS)] == [("a", "b", "e")]
    seen = {finding.digest for example_id in ids for finding in checks.of(example_id)}
    assert seen == {finding.digest for finding in report.findings}
    for finding in report.findings:
        checks.accept(finding.examples, finding.digest, "looked at")
    assert checks.report("default").open == []


def test_examples_leak_through_question_passage_and_document(checks: Checks, add: Add, database: Database) -> None:
    quote = "A return ticket must be used within 21 days, and the day of the outward crossing counts as day one."
    with database.sessions.begin() as session:
        collection_id = collections.ensure(session, "default").id
        held = NewQuestion(
            "t1", "How long does a return ticket stay valid?", ["21 days"], labels=[Label("fares.md", quote)]
        )
        questions.put(session, collection_id, held)
    passage = {"document": "copy.md", "section": "", "text": f"Fares. {quote} Children pay half of that on any boat."}
    longer = passage | {"text": f"{passage['text']} {LONGER}"}
    add({
        "same": told("how long does a return ticket stay valid", "Three weeks."),
        "near": told("Hello, how long does a return ticket stay valid?", "Three weeks."),
        "passage": told("When do I have to go back?", "You have 21 days.", passages=[passage]),
        "seen": told("Do children pay?", "They pay half.", passages=[longer]),
        "document": told("Where are tickets sold?", "On board.", "handbook/FARES.md"),
        "clean": told("Where does the ferry to the islands leave?", "From the north quay.", "quays.md"),
    })  # fmt: skip
    found = {each.keys[0]: each.kind for each in checks.report("default").of(Check.LEAKS)}
    assert found == {
        "same": "same question",
        "near": "nearly the same question",
        "passage": "same passage",
        "document": "same document",
    }


def test_all_leaks_of_one_kind_are_declared_at_once(checks: Checks, add: Add, database: Database) -> None:
    with database.sessions.begin() as session:
        collection_id = collections.ensure(session, "default").id
        questions.put(session, collection_id, NewQuestion("t1", "Who minds the heron?", labels=[Label("birds.md")]))
    add({"a": told("Who feeds the geese?", "The cook.", "birds.md"), "b": told("Who minds the heron?", "Nobody.")})
    assert checks.accept_all("default", "leaks", "the domain has one document", "same document") == 1
    assert [each.keys for each in checks.report("default").blocking] == [("b",)]


def test_stale_examples_are_found(checks: Checks, add: Add) -> None:
    add({"gone": told("Who rings the bell at noon?", "The mate does.", "gone.md")})
    assert [each.keys for each in checks.report("default").of(Check.STALE)] == [("gone",)]


def test_a_reason_is_needed_and_a_finding(checks: Checks, add: Add) -> None:
    [example_id] = add({"s1": SECRET})
    [finding] = checks.report("default").blocking
    with pytest.raises(InvalidInputError, match="Say in a few words"):
        checks.accept([example_id], finding.digest, " \x00 ")
    with pytest.raises(NotFoundError):
        checks.accept([example_id], "0" * 64, "a good reason")
    with pytest.raises(InvalidInputError, match="no check"):
        checks.accept_all("default", "anything", "a good reason")


def test_what_one_may_not_curate_is_not_checked(checks: Checks, add: Add, database: Database) -> None:
    [example_id] = add({"s1": SECRET}, collection="closed")
    with database.sessions.begin() as session:
        session.query(Collection).update({"open": False})
        stranger = users.add(session, "stranger", UserRole.CURATOR)
        person = Person(stranger.id, stranger.name, UserRole.CURATOR)
    [finding] = checks.report("closed").findings
    theirs = checks.for_person(person)
    for attempt in (
        lambda: theirs.report("closed"),
        lambda: theirs.of(example_id),
        lambda: theirs.accept([example_id], finding.digest, "why not"),
        lambda: theirs.withdraw([example_id], finding.digest),
        lambda: theirs.redact(example_id, finding.digest),
        lambda: theirs.accept_all("closed", "secrets", "why not"),
    ):
        with pytest.raises((NotFoundError, NotAllowedError)):
            attempt()
    assert theirs.examples([example_id]) == []
