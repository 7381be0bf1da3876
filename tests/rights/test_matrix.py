"""Every public method of every service, called for people who stand in every way to the closed collection.

A method that is new is listed here, with what it takes, or `test_every_method_is_listed` fails.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from admin.service.bench import Bench
from admin.service.editing import Editing
from admin.service.examples import Examples
from admin.service.jobs import Jobs
from admin.service.library import Library, Reread, Upload
from admin.service.members import Membership
from admin.service.people import People
from admin.service.sources import NewSource, Sources
from admin.service.triage import Triage
from chat.door.keys import Keys
from chat.errors import AppError, NotAllowedError, NotFoundError
from chat.rag.answer import Answer, Mode
from chat.rag.retriever import RetrievalSettings
from chat.service import Assistant, Choice, Talks
from chat.store.catalogue import View
from chat.store.example_listing import View as Shown
from chat.store.questions import NewQuestion
from chat.store.tables import Base, ExampleState, MemberRole, SourceKind, UserRole
from chat.store.triage import View as Feedback
from chat.store.votes import Ballot, Contender, Winner
from tests.rights.conftest import ASKED, MARKS, World


class Least(IntEnum):
    """What an action takes at least."""

    ANYBODY = 0
    READER = 1
    CURATOR = 2
    OWNER = 3
    RULER = 4


STANDING = {
    "owner": Least.RULER,
    "chief": Least.OWNER,
    "keeper": Least.CURATOR,
    "reader": Least.READER,
    "stranger": Least.ANYBODY,
    "outsider": Least.ANYBODY,
}
"""What each person is at most to the closed collection. `barred` owns it and was disabled, and so is nobody."""


@dataclass(frozen=True)
class Action:
    """A call, and who may make it. `shows`: what it returns is of the closed collection, to `shown_to` and above.

    `passes_over`: to who may not, it does nothing and says nothing, since it is asked for many things at once.
    """

    least: Least
    call: Callable[[World, Any], Any]
    shows: bool = False
    passes_over: bool = False
    shown_to: Least = Least.READER


def reads(call: Callable[[World, Any], Any]) -> Action:
    return Action(Least.READER, call, shows=True)


def lists(call: Callable[[World, Any], Any]) -> Action:
    """Anybody may call it; what is of the closed collection is in it for its readers alone."""
    return Action(Least.ANYBODY, call, shows=True)


def curates(call: Callable[[World, Any], Any], *, passes_over: bool = False) -> Action:
    return Action(Least.CURATOR, call, passes_over=passes_over)


def owns(call: Callable[[World, Any], Any]) -> Action:
    return Action(Least.OWNER, call)


def rules(call: Callable[[World, Any], Any]) -> Action:
    return Action(Least.RULER, call)


def own(call: Callable[[World, Any], Any]) -> Action:
    """What everybody may who is not disabled."""
    return Action(Least.ANYBODY, call)


def answered(events: Any) -> Answer:
    *_, last = events
    assert isinstance(last, Answer)
    return last


def started(service: Assistant) -> Any:
    return service.start_conversation("What is there?")


def uploaded(world: World, service: Library) -> Any:
    path = world.home / "new.md"
    path.write_text("# New\n\nThe new heron.\n")
    return raised(*service.upload([(path, "new.md")], "vault"))


def raised(done: Upload | Reread) -> Any:
    """What was handed in or is read again; what was wrong with it as the failure that it was."""
    if done.problem is not None:
        kinds = {
            "There is no collection": NotFoundError,
            "There is no document": NotFoundError,
            "this takes its": NotAllowedError,
        }
        raise next((kind for words, kind in kinds.items() if words in done.problem), AppError)(done.problem)
    return done


def trace(service: Assistant) -> Any:
    return service.keep_trace("x", answered(service.answer("x", mode=Mode.BASE)))


def own_answer(service: Assistant) -> Any:
    """Id of an answer in a conversation of one's own."""
    talk = started(service)
    list(service.ask("What is there?", mode=Mode.BASE, conversation_id=talk))
    return service.conversation(talk).messages[-1].id


def told(world: World, service: Talks) -> tuple[Any, Any]:
    """Ids of a conversation of one's own, and of the answer in it."""
    assistant = world.services(service.person.name)[Assistant]
    assert isinstance(assistant, Assistant)
    answer = own_answer(assistant)
    return assistant.conversations()[0].id, answer


def rows_of(world: World) -> Path:
    """A file of one example."""
    path = world.home / "rows.jsonl"
    path.write_text('{"id": "x1", "prompt": "Where?", "completion": "There."}\n')
    return path


USUAL = RetrievalSettings()
BOTH = (Choice(Mode.RAG), Choice(Mode.BASE))
BALLOT = Ballot(ASKED, Contender("rag", None, None, "There."), Contender("base", None, None, "Here."), blind=True)
SITE = NewSource("swifts", SourceKind.URLS, "https://swift.example/", "vault")

ACTIONS: dict[tuple[type, str], Action] = {
    (Assistant, "ask"): reads(lambda w, s: answered(s.ask(ASKED, collection="vault"))),
    (Assistant, "begin"): reads(lambda w, s: answered(s.begin(ASKED, Choice(), collection="vault").events)),
    (Assistant, "answer"): reads(lambda w, s: answered(s.answer(ASKED, collection="vault"))),
    (Assistant, "compare"): reads(lambda w, s: list(s.compare(ASKED, *BOTH, collection="vault"))),
    (Assistant, "vote"): Action(Least.READER, lambda w, s: s.vote(BALLOT, Winner.TIE, collection="vault")),
    (Assistant, "rate"): own(lambda w, s: s.rate(own_answer(s), -1, ["wrong"])),
    (Assistant, "unrate"): own(lambda w, s: s.unrate(own_answer(s))),
    (Assistant, "ways"): Action(Least.READER, lambda w, s: s.ways("vault")),
    (Assistant, "adapters"): own(lambda w, s: s.adapters()),
    (Assistant, "keep_trace"): own(lambda w, s: trace(s)),
    (Assistant, "search"): lists(lambda w, s: s.search(ASKED)),
    (Assistant, "start_conversation"): own(lambda w, s: started(s)),
    (Assistant, "conversations"): own(lambda w, s: s.conversations()),
    (Assistant, "conversation"): own(lambda w, s: s.conversation(started(s))),
    (Assistant, "rename_conversation"): own(lambda w, s: s.rename_conversation(started(s), "Other")),
    (Assistant, "delete_conversation"): own(lambda w, s: s.delete_conversation(started(s))),
    (Assistant, "passage"): reads(lambda w, s: s.passage(w.version, 0, 5)),
    (Assistant, "collections"): lists(lambda w, s: s.collections()),
    (Assistant, "starters"): Action(Least.READER, lambda w, s: s.starters("vault")),
    (Library, "queue"): Action(Least.ANYBODY, lambda w, s: s.queue()),
    (Library, "collections"): lists(lambda w, s: s.collections()),
    (Talks, "kept"): own(lambda w, s: s.kept(told(w, s)[1])),
    (Talks, "growing"): own(lambda w, s: s.growing(told(w, s)[0])),
    (Talks, "ask_to_stop"): own(lambda w, s: s.ask_to_stop(told(w, s)[1])),
    (Talks, "seal_as_it_stands"): own(lambda w, s: s.seal_as_it_stands(told(w, s)[1])),
    (Talks, "show_version"): own(lambda w, s: s.show_version(told(w, s)[1])),
    (Talks, "branch"): own(lambda w, s: s.branch(told(w, s)[1])),
    (Talks, "share"): own(lambda w, s: s.share(told(w, s)[0])),
    (Talks, "link"): own(lambda w, s: s.link(told(w, s)[0])),
    (Talks, "unshare"): own(lambda w, s: s.unshare(told(w, s)[0])),
    (Talks, "shared"): own(lambda w, s: s.shared(s.share(told(w, s)[0]))),
    (Library, "overview"): lists(lambda w, s: s.overview(View())),
    (Library, "document"): reads(lambda w, s: s.document(w.document)),
    (Library, "upload"): curates(uploaded),
    (Library, "retry"): curates(lambda w, s: s.retry(w.document)),
    (Library, "reread"): curates(lambda w, s: raised(*s.reread([w.document]))),
    (Library, "curated"): curates(lambda w, s: s.curated("vault")),
    (Library, "roll_back"): curates(lambda w, s: s.roll_back(w.document, 1)),
    (Library, "delete"): curates(lambda w, s: s.delete([w.document]), passes_over=True),
    (Library, "delete_collection"): owns(lambda w, s: s.delete_collection("vault")),
    (Editing, "rewrite"): curates(lambda w, s: s.rewrite(w.document, 2, 0, "Other words.")),
    (Editing, "split"): curates(lambda w, s: s.split(w.document, 2, 0, 12)),
    (Editing, "switch"): curates(lambda w, s: s.switch(w.document, 2, 0, disabled=True)),
    (Editing, "publish"): curates(lambda w, s: s.publish(w.draft)),
    (Editing, "publish_all"): curates(lambda w, s: s.publish_all([w.draft]), passes_over=True),
    (Editing, "cancel"): curates(lambda w, s: s.cancel(w.document)),
    (Editing, "tag"): curates(lambda w, s: s.tag([w.document], add="bird"), passes_over=True),
    (Editing, "compare"): reads(lambda w, s: s.compare(w.document, 1, 2)),
    (Bench, "probe"): reads(lambda w, s: s.probe(ASKED, "vault", 5)),
    (Bench, "drafts"): Action(Least.READER, lambda w, s: s.drafts("vault")),
    (Bench, "mark"): curates(lambda w, s: s.mark(ASKED, w.chunk, True)),
    (Bench, "mark_unanswerable"): curates(lambda w, s: s.mark_unanswerable("Is it so?", "vault")),
    (Bench, "put"): curates(lambda w, s: s.put("vault", [NewQuestion("q2", "And now?")])),
    (Bench, "remove"): curates(lambda w, s: s.remove(w.question)),
    (Bench, "standing"): reads(lambda w, s: s.standing("vault")),
    (Bench, "tags"): Action(Least.READER, lambda w, s: s.tags("vault")),
    (Bench, "check"): reads(lambda w, s: s.check("vault")),
    (Bench, "compare"): Action(Least.READER, lambda w, s: s.compare("vault", USUAL)),
    (Bench, "fit"): Action(Least.READER, lambda w, s: s.fit("vault")),
    (Bench, "make_live"): curates(lambda w, s: s.make_live("vault", USUAL, "")),
    (Bench, "earlier"): Action(Least.READER, lambda w, s: s.earlier("vault", 0)),
    (Bench, "would_break_version"): Action(Least.READER, lambda w, s: s.would_break_version(w.version)),
    (Bench, "would_break_rollback"): Action(Least.READER, lambda w, s: s.would_break_rollback(w.document, 1)),
    (Bench, "would_break_publishing"): Action(
        Least.READER, lambda w, s: s.would_break_publishing([w.draft]), passes_over=True
    ),
    (Bench, "would_break_deletion"): curates(lambda w, s: s.would_break_deletion([w.document]), passes_over=True),
    (Jobs, "workload"): lists(lambda w, s: s.workload()),
    (Jobs, "listed"): lists(lambda w, s: s.listed()),
    (Jobs, "cancel"): curates(lambda w, s: s.cancel(w.job)),
    (Membership, "circle"): owns(lambda w, s: s.circle("vault")),
    (Membership, "set_open"): owns(lambda w, s: s.set_open("vault", to_everybody=True)),
    (Membership, "put"): owns(lambda w, s: s.put("vault", "stranger", MemberRole.READER)),
    (Membership, "remove"): owns(lambda w, s: s.remove("vault", "reader")),
    (People, "people"): rules(lambda w, s: s.people()),
    (People, "signed_in"): rules(lambda w, s: s.signed_in()),
    (People, "add_person"): rules(lambda w, s: s.add_person("newcomer", UserRole.ASKER)),
    (People, "invite"): rules(lambda w, s: s.invite("newcomer", UserRole.OWNER)),
    (People, "set_password"): rules(lambda w, s: s.set_password("owner", "four words of mine")),
    (People, "set_role"): rules(lambda w, s: s.set_role("reader", UserRole.OWNER)),
    (People, "set_disabled"): rules(lambda w, s: s.set_disabled("reader", disabled=True)),
    (People, "sign_out"): rules(lambda w, s: s.sign_out("reader")),
    (Keys, "listed"): own(lambda w, s: s.listed()),
    (Keys, "keepers"): own(lambda w, s: s.keepers()),
    (Examples, "overview"): Action(Least.ANYBODY, lambda w, s: s.overview(Shown()), shows=True, shown_to=Least.CURATOR),
    (Examples, "queue"): curates(lambda w, s: s.queue(Shown(collection="vault"))),
    (Examples, "listed"): curates(lambda w, s: s.listed("vault")),
    (Examples, "example"): Action(Least.CURATOR, lambda w, s: s.example(w.example), shows=True),
    (Examples, "stop_drafting"): Action(Least.ANYBODY, lambda w, s: s.stop_drafting(), passes_over=True),
    (Examples, "states"): Action(Least.ANYBODY, lambda w, s: s.states([w.example]), passes_over=True),
    (Examples, "write"): curates(lambda w, s: s.write("vault", "Where?", "There.")),
    (Examples, "reword"): curates(lambda w, s: s.reword(w.example, "Where?", "There.")),
    (Examples, "review"): curates(lambda w, s: s.review([w.example], ExampleState.APPROVED)),
    (Examples, "delete"): curates(lambda w, s: s.delete([w.example]), passes_over=True),
    (Examples, "chosen"): Action(
        Least.ANYBODY, lambda w, s: s.chosen(Shown(), [w.example]), shows=True, shown_to=Least.CURATOR
    ),
    (Examples, "import_file"): curates(lambda w, s: s.import_file(rows_of(w), "vault")),
    (Examples, "from_message"): curates(lambda w, s: s.from_message(w.answer, "There.", "vault")),
    (Examples, "from_documents"): curates(lambda w, s: s.from_documents("vault", 1)),
    (Sources, "lines"): lists(lambda w, s: s.lines()),
    (Sources, "reach"): Action(Least.ANYBODY, lambda w, s: s.reach()),
    (Sources, "in_work"): Action(Least.READER, lambda w, s: s.in_work(w.source)),
    (Sources, "add"): curates(lambda w, s: s.add(SITE)),
    (Sources, "preview"): curates(lambda w, s: next(s.preview(w.source))),
    (Sources, "preview_new"): curates(lambda w, s: next(s.preview_new(SITE.kind, SITE.places, "vault"))),
    (Sources, "request_sync"): curates(lambda w, s: s.request_sync(w.source)),
    (Sources, "sync_now"): curates(lambda w, s: s.sync_now(w.source, lambda *_: None)),
    (Sources, "remove"): curates(lambda w, s: s.remove(w.source, with_documents=True)),
    (Sources, "add_page"): curates(lambda w, s: raised(s.add_page("https://[/", "vault"))),
    (Triage, "overview"): Action(
        Least.ANYBODY, lambda w, s: s.overview(Feedback()), shows=True, shown_to=Least.CURATOR
    ),
    (Triage, "case"): Action(Least.CURATOR, lambda w, s: s.case(w.answer), shows=True),
    (Triage, "label"): curates(lambda w, s: s.label(w.answer, w.chunk)),
    (Triage, "write_example"): curates(lambda w, s: s.write_example(w.answer, "In the boathouse.", "vault")),
    (Triage, "fixed"): curates(lambda w, s: s.fixed(w.answer, w.document)),
    (Triage, "dismiss"): curates(lambda w, s: s.dismiss(w.answer, "It is right.")),
    (Triage, "undo"): curates(lambda w, s: s.undo(w.answer)),
}
ELSEWHERE = {
    (Assistant, "seal_abandoned"): "for the installation: seals the answers of processes that died",
    (Library, "create_collection"): "test_who_makes_a_collection_owns_it",
    (Editing, "merge"): "as split; the document here has one chunk",
    (Jobs, "retry"): "as cancel; the job here did not fail",
    (Keys, "add"): "tests/api/test_keys.py",
    (Keys, "revoke"): "tests/api/test_keys.py",
    (Examples, "undo"): "of a decision that was made through `review`",
    (Examples, "export_file"): "of examples that the person was given",
}


def named(cell: object) -> str:
    return cell.__name__ if isinstance(cell, type) else str(cell)


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in ACTIONS}, key=named), ids=named)
def test_every_method_is_listed(kind: type) -> None:
    inherited = {"for_person", "for_account"}
    public = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")} - inherited
    listed = {name for known, name in (*ACTIONS, *ELSEWHERE) if known is kind}
    assert public == listed


def allowed(action: Action, name: str) -> bool:
    return name != "barred" and STANDING[name] >= action.least


@pytest.mark.parametrize(("kind", "method"), ACTIONS, ids=named)
def test_who_may_not_does_nothing_and_learns_nothing(
    world: World, untouched: list[Any], kind: type, method: str
) -> None:
    action = ACTIONS[kind, method]
    for name in (each for each in (*STANDING, "barred") if not allowed(action, each)):
        told = outcome(functools.partial(action.call, world, world.services(name)[kind]))
        knows = name in ("reader", "keeper", "chief")
        assert knows or quiet(told), name
        if not action.passes_over and (name != "barred" or not action.shows):
            usual = NotAllowedError if knows or name == "barred" or action.least is Least.RULER else NotFoundError
            assert isinstance(told, NotFoundError | usual), name
    assert fingerprint(world) == untouched


@pytest.mark.parametrize(("kind", "method"), [key for key, action in ACTIONS.items() if action.shows], ids=named)
def test_what_is_shown_is_shown_to_readers_alone(world: World, kind: type, method: str) -> None:
    action = ACTIONS[kind, method]
    for name in (each for each in STANDING if allowed(action, each)):
        told = outcome(functools.partial(action.call, world, world.services(name)[kind]))
        assert not isinstance(told, AppError), name
        assert quiet(told) is (STANDING[name] < action.shown_to), name


@pytest.mark.parametrize(("kind", "method"), [key for key, action in ACTIONS.items() if not action.shows], ids=named)
def test_the_least_who_may_can(request: pytest.FixtureRequest, kind: type, method: str) -> None:
    action = ACTIONS[kind, method]
    world: World = request.getfixturevalue("own_world" if action.least >= Least.CURATOR else "world")
    name = min((name for name in STANDING if allowed(action, name)), key=lambda name: STANDING[name])
    told = outcome(lambda: action.call(world, world.services(name)[kind]))
    assert not isinstance(told, NotFoundError | NotAllowedError)


@pytest.fixture(scope="module")
def untouched(world: World) -> list[Any]:
    return fingerprint(world)


def outcome(call: Callable[[], Any]) -> Any:
    """What it returns or, where it fails in words, the failure."""
    try:
        return call()
    except AppError as error:
        return error


def quiet(told: object) -> bool:
    """Whether nothing of the closed collection is in it; its name is what a failure was asked about."""
    said = str(told).replace("'vault'", "") if isinstance(told, AppError) else repr(told)
    return not any(mark in said.replace(ASKED, "") for mark in MARKS)


def fingerprint(world: World) -> list[Any]:
    """What would change if anything of the closed collection, its members or the people did."""
    rows = "SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {} t"
    names = sorted(set(Base.metadata.tables) - {"conversations", "messages", "traces"})
    with world.database.engine.connect() as connection:
        return [connection.execute(sa.text(rows.format(name))).one() for name in names]


def test_words_for_what_may_not_be_known_are_those_for_what_is_not_there(world: World) -> None:
    services = world.services("stranger")
    library, assistant = services[Library], services[Assistant]
    assert isinstance(library, Library)
    assert isinstance(assistant, Assistant)
    for hidden, absent, name, other in (
        (lambda: assistant.starters("vault"), lambda: assistant.starters("nest"), "vault", "nest"),
        (lambda: library.delete_collection("vault"), lambda: library.delete_collection("nest"), "vault", "nest"),
        (lambda: library.document(world.document), lambda: library.document(98_765), world.document, "98765"),
        (lambda: library.retry(world.document), lambda: library.retry(98_765), world.document, "98765"),
        (lambda: assistant.passage(world.version, 0, 5), lambda: assistant.passage(98_765, 0, 5), "", ""),
    ):
        told, usual = outcome(hidden), outcome(absent)
        assert isinstance(told, NotFoundError)
        assert str(told).replace(str(name), str(other)) == str(usual)
