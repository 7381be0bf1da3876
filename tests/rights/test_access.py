"""Access where it is easily forgotten: in both arms of retrieval, behind kept answers, on every page."""

import dis
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from admin.service.jobs import Jobs
from admin.service.library import Library
from admin.service.members import Membership
from admin.service.people import People
from admin.service.sources import Sources
from admin.ui import listing, opened, shell, sources_view, workload
from chat.errors import AppError, InvalidInputError, NotAllowedError, NotFoundError
from chat.live import Desk, Live
from chat.rag.answer import Answer
from chat.service import Assistant, Talks
from chat.store import chunks
from chat.store.catalogue import View
from chat.store.tables import MemberRole, UserRole
from chat.ui.answering import Answering
from chat.ui.edge import acting_for, told
from chat.ui.handlers import Handlers
from tests.rights.conftest import ASKED, SECRET, World


def assistant(world: World, name: str) -> Assistant:
    service = world.services(name)[Assistant]
    assert isinstance(service, Assistant)
    return service


def people(world: World) -> People:
    """The people, for who owns the installation."""
    service = world.services("owner")[People]
    assert isinstance(service, People)
    return service


def membership(world: World, name: str) -> Membership:
    service = world.services(name)[Membership]
    assert isinstance(service, Membership)
    return service


@pytest.mark.parametrize("limit", [0, chunks.EXACT_LIMIT], ids=["by the index", "exactly"])
def test_neither_arm_finds_what_may_not_be_read(world: World, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "EXACT_LIMIT", limit)
    for name, finds in (("reader", True), ("stranger", False), ("barred", False)):
        found = assistant(world, name).search("heron boathouse ferry")
        by_arm = [source for source in found if "heron" in source.text.lower()]
        assert any(source.dense_rank for source in by_arm) is finds
        assert any(source.keyword_rank for source in by_arm) is finds
    assert [source.document for source in assistant(world, "stranger").search("ferry")] == ["Ferry"]


def test_passages_behind_an_answer_are_withheld_when_access_is_lost(own_world: World) -> None:
    reader = assistant(own_world, "reader")
    talk = reader.start_conversation(ASKED)
    *_, answer = reader.ask(ASKED, collection="vault", conversation_id=talk)
    assert isinstance(answer, Answer)
    [citation] = answer.citations
    assert reader.passage(citation.version_id, citation.start, citation.end).text.count(SECRET)
    shown = reader.conversation(talk).messages[-1]
    assert shown.citations
    assert shown.retrieved

    membership(own_world, "chief").remove("vault", "reader")
    with pytest.raises(NotFoundError):
        reader.passage(citation.version_id, citation.start, citation.end)
    shown = reader.conversation(talk).messages[-1]
    assert (list(shown.citations), list(shown.retrieved)) == ([], [])
    assert shown.text == answer.text, "what the person was told stays theirs"

    membership(own_world, "chief").put("vault", "reader", MemberRole.READER)
    assert assistant(own_world, "reader").conversation(talk).messages[-1].citations


def test_quotes_of_what_was_deleted_are_withheld_from_who_is_no_reader_any_more(own_world: World) -> None:
    talks = {}
    for name in ("reader", "keeper", "owner"):
        talks[name] = assistant(own_world, name).start_conversation(ASKED)
        list(assistant(own_world, name).ask(ASKED, collection="vault", conversation_id=talks[name]))
    keeper = own_world.services("keeper")[Library]
    assert isinstance(keeper, Library)
    assert keeper.delete([own_world.document]).documents == 1
    membership(own_world, "chief").remove("vault", "reader")
    for name, sees in (("reader", False), ("keeper", True), ("owner", True)):
        shown = assistant(own_world, name).conversation(talks[name]).messages[-1]
        assert SECRET in shown.text
        assert (SECRET in repr(shown.citations), SECRET in repr(shown.retrieved)) == (sees, sees), name


def test_a_conversation_is_nobody_elses_not_even_the_owners(own_world: World) -> None:
    talk = assistant(own_world, "reader").start_conversation("What do herons eat?")
    for name in ("stranger", "chief", "owner"):
        other = assistant(own_world, name)
        assert not other.conversations()
        for act in (
            lambda service: service.conversation(talk),
            lambda service: service.rename_conversation(talk, "Mine"),
            lambda service: list(service.ask("And you?", conversation_id=talk)),
        ):
            with pytest.raises(NotFoundError):
                act(other)
        other.delete_conversation(talk)
    assert assistant(own_world, "reader").conversation(talk).title == "What do herons eat?"


def test_who_is_disabled_is_out_at_once_and_comes_back_with_the_same_rights(own_world: World) -> None:
    keeper = own_world.services("keeper")[Library]
    assert isinstance(keeper, Library)
    assert "vault" in {collection.name for collection in keeper.collections()}
    people(own_world).set_disabled("keeper", disabled=True)
    assert keeper.collections() == []
    with pytest.raises(NotAllowedError):
        keeper.for_account("keeper")
    people(own_world).set_disabled("keeper", disabled=False)
    assert "vault" in {collection.name for collection in keeper.for_account("KEEPER").collections()}
    with pytest.raises(InvalidInputError, match="cannot be done to yourself"):
        people(own_world).set_disabled("owner", disabled=True)


def test_who_makes_a_collection_owns_it(own_world: World) -> None:
    for name, may in (("outsider", True), ("stranger", False)):
        library = own_world.services(name)[Library]
        assert isinstance(library, Library)
        if may:
            assert library.create_collection(" Nests ") == "nests"
            [member] = membership(own_world, name).circle("nests").members
            assert (member.name, member.role) == (name, MemberRole.OWNER)
        else:
            with pytest.raises(NotAllowedError):
                library.create_collection("other")
    with pytest.raises(InvalidInputError, match="taken"):
        membership(own_world, "owner") and own_world.services("outsider")[Library].create_collection("vault")  # type: ignore[attr-defined]


def test_a_collection_never_loses_its_last_owner(own_world: World) -> None:
    chief = membership(own_world, "chief")
    for act in (lambda: chief.remove("vault", "chief"), lambda: chief.put("vault", "chief", MemberRole.READER)):
        with pytest.raises(InvalidInputError, match="only owner"):
            act()
    chief.put("vault", "keeper", MemberRole.OWNER)
    services = {name: membership(own_world, name) for name in ("chief", "keeper")}
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda name: leaving(services[name], name), services))
    assert sorted(ends) == [False, True], "two owners who leave at once do not both get away"


def leaving(service: Membership, name: str) -> bool:
    try:
        service.remove("vault", name)
    except AppError:
        return False
    return True


@pytest.mark.parametrize("name", ["", "two words", "<b>", "a" * 64, "-dash"])
def test_names_that_cannot_be(world: World, name: str) -> None:
    with pytest.raises(InvalidInputError):
        people(world).add_person(name, UserRole.ASKER)


def answering(world: World) -> Answering:
    service = assistant(world, "owner")
    talks = Talks(service.sessions, person=service.person)
    return Answering(service, Live(service, Desk(world.database.conninfo)), talks)


class As:
    """What Gradio says of a request by who signed in under that name."""

    def __init__(self, name: str | None) -> None:
        self.username = name


def test_a_handler_acts_for_who_signed_in(world: World) -> None:
    handlers = Handlers(assistant(world, "owner"))
    for name in (None, "reader"):
        assert SECRET in handlers.ask_once(ASKED, "rag", "vault", As(name))[0]
    with pytest.raises(gr.Error, match="There is no collection"):
        handlers.ask_once(ASKED, "rag", "vault", As("stranger"))
    for name in ("barred", "nobody"):
        with pytest.raises(gr.Error, match="no account"):
            handlers.collections(As(name))
        with pytest.raises(gr.Error, match="no account"):
            answering(world).begin(ASKED, "", "rag", "vault", "", As(name))


def test_every_event_of_both_pages_that_asks_a_service_says_who_asks(world: World) -> None:
    from chat.ui import page

    services = world.services("owner")
    blocks = [
        page.build(assistant(world, "owner"), answering(world).answers, answering(world).talks),
        shell.build(*arguments(services)),
    ]
    for block in blocks:
        for event in block.fns.values():
            handler = getattr(event.fn, "__self__", None)
            if handler is not None and hasattr(handler, "__dataclass_fields__"):
                told_who = "request" in inspect.signature(event.fn).parameters
                asks = any(step.argval == "self" for step in dis.get_instructions(event.fn))
                assert told_who or not asks, event.fn.__qualname__


def test_nobody_is_offered_what_would_be_refused(world: World) -> None:
    curators = {"remove", "retry", "reread", "tag", "publish", "cancel", "rollback", "switch", "folder"}
    for name, may in (("reader", set[str]()), ("keeper", curators), ("owner", {*curators, *OWNERS_ACTS})):
        library = world.services(name)[Library]
        assert isinstance(library, Library)
        seen = library.overview(View(collection="vault"))
        page = opened.document(library.document(world.document))
        shown = listing.chips(seen) + listing.table(seen) + listing.target(seen) + page
        offered = {
            each for each in (*curators, *OWNERS_ACTS) if f'data-event="{each}"' in shown or f'class="{each}"' in shown
        }
        assert offered == may, name
        assert "The heron nests" in shown


OWNERS_ACTS = ("create", "drop", "members")


def arguments(services: dict[type, Any]) -> list[Any]:
    """What `shell.build` takes, by the types it names."""
    hints = inspect.get_annotations(shell.Services, eval_str=True)
    return [shell.Services(**{name: services.get(kind, 0) for name, kind in hints.items()}), 0]


def test_an_unknown_service_is_not_let_act_for_somebody() -> None:
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Careless:
        service: object

        @told
        def act(self) -> str:
            return "done"

    with pytest.raises(AttributeError):
        acting_for(Careless(object()), "reader")
    assert Careless(object()).act(As(None)) == "done"


def test_the_interface_for_programs_acts_for_who_signed_in(world: World) -> None:
    from chat.api.routes import router
    from chat.door.keys import Gate
    from tests.rag.library import models

    app = FastAPI()

    @app.middleware("http")
    async def sign_in(request: Any, call_next: Any) -> Any:
        request.state.account = request.headers.get("x-test-account")
        return await call_next(request)

    gate = Gate(world.database.sessions, open=True)
    app.include_router(router(assistant(world, "owner"), models(None), gate))
    body = {"messages": [{"role": "user", "content": ASKED}], "collection": "vault"}
    with TestClient(app) as client:
        said = {
            name: client.post("/v1/chat/completions", json=body, headers={"x-test-account": name}).json()
            for name in ("reader", "stranger", "barred")
        }
    assert "heron nests" in str(said["reader"])
    assert said["stranger"]["error"]["message"].startswith("There is no collection 'vault'. There are:")
    assert "no account" in said["barred"]["error"]["message"]


def test_a_reader_is_offered_no_source_and_no_job_to_change(world: World) -> None:
    for name, may in (("reader", False), ("keeper", True)):
        services = world.services(name)
        kept, work = services[Sources], services[Jobs]
        assert isinstance(kept, Sources)
        assert isinstance(work, Jobs)
        shown = sources_view.table(kept.lines(), kept.reach()) + sources_view.form(kept.reach(), 1)
        assert ("<form>" in shown, 'data-event="look"' in shown) == (may, may), name
        assert ("You look after no collection" in shown) is not may
        assert 'name="places-folder"' not in shown, "a folder takes an owner of the installation"
        found = workload.page(work.workload())
        assert ('data-event="cancel"' in found) is may, name
        assert "heron" in found.lower() or "vault" in found
    folders = world.services("owner")[Sources]
    assert isinstance(folders, Sources)
    assert 'name="places-folder"' in sources_view.form(folders.reach(), 1)
