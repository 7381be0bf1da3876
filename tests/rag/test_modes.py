"""Which adapter answers, with a real engine that serves real adapters: always the right one, or one says so."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from chat.engine import adapters as files
from chat.engine.loading import load
from chat.errors import AdapterRefusedError, InvalidInputError, NotFoundError
from chat.models.chat import ModelConnection
from chat.rag.answer import Answer, Mode
from chat.rag.chain import Question
from chat.rights import Person
from chat.service import Assistant
from chat.service.adapting import MISSED
from chat.settings import Settings
from chat.store import adapters, audit, collections, users
from chat.store.adapters import Named, New
from chat.store.database import Database
from chat.store.tables import Promotion, Run, Stage, UserRole
from tests.conftest import OWNER
from tests.engine.conftest import KEY, adapter, make_model, running
from tests.rag.library import Library, Speaker, make_chain, models, texts

GATE = "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening. The night guard has the key.\n"
ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."
NAMES = ("calm", "terse", "warm")
ALIKE = 24
"""Characters of two greedy drafts that are compared: rounding in another batch may tell later ones apart."""


@dataclass(frozen=True)
class Engine:
    """A running engine, and the adapters that lie ready in its folder: `broken` by name only, `gone` not at all."""

    url: str
    adapters: dict[str, Named]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("tiny engine")
    folder = make_model(home / "tiny")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 4096}))
    root, known = home / "adapters", {"gone": Named("gone", "f" * 64)}
    for seed, name in enumerate((*NAMES, "broken")):
        made = adapter(name, folder, home / "made", seed=seed)
        known[name] = Named(name, files.digest(made))
        root.mkdir(exist_ok=True)
        made.rename(root / known[name].digest)
    spoil(root / known["broken"].digest / files.WEIGHTS)
    with running(load(Settings(home=home, model=str(folder), dtype="float32")), adapters=root) as url:
        yield Engine(f"{url}/v1", known)


def spoil(path: Path) -> None:
    """One bit of the last weight."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.fixture
def connection(engine: Engine) -> Iterator[ModelConnection]:
    made = ModelConnection(Settings(model=engine.url, model_key=KEY))  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture
def assistant(library: Library, engine: Engine, connection: ModelConnection) -> Assistant:
    library.add("gate.md", GATE)
    for named in engine.adapters.values():
        register(library.database, named)
    return Assistant(library.database.sessions, make_chain(library, connection), person=OWNER)


def register(database: Database, named: Named, **fields: object) -> None:
    new = {"base": "tiny", "revision": None, "rank": 4, "bytes": 1, "origin": "import", **fields}
    with database.sessions.begin() as session:
        adapters.add(session, New(named.name, named.digest, **new), None)  # type: ignore[arg-type]


def promote(database: Database, name: str | None, collection: str | None = None) -> None:
    """Let it answer from now on; None is the decision that none does."""
    with database.sessions.begin() as session:
        found = adapters.get(session, name) if name else None
        session.add(
            Promotion(
                collection_id=collections.get(session, collection).id if collection else None,
                adapter_id=found and found.id, adapter=found and found.name, digest=found and found.digest,
                stage=Stage.LIVE, kind="promote", signature="signed",
            )
        )  # fmt: skip


def answered(assistant: Assistant, **choice: object) -> Answer:
    *_, last = assistant.answer(ASKED, **choice)  # type: ignore[arg-type]
    assert isinstance(last, Answer)
    return last


def draft(answer: Answer) -> str:
    """What the model wrote, before it was checked."""
    return str(answer.receipt.get("draft", answer.text))[:ALIKE]


def test_every_call_is_answered_by_its_own_adapter_whatever_runs_beside_it(
    assistant: Assistant, engine: Engine
) -> None:
    calls: list[tuple[Mode, str | None]] = [
        (mode, name) for mode in (Mode.ADAPTER, Mode.RAG_ADAPTER) for name in NAMES
    ] + [(Mode.BASE, None), (Mode.RAG, None)]
    alone = {call: draft(answered(assistant, mode=call[0], adapter=call[1])) for call in calls}
    for mode in (Mode.ADAPTER, Mode.RAG_ADAPTER):
        assert len({said for call, said in alone.items() if call[0] in (mode, Mode.BASE, Mode.RAG)}) == 5, (
            "the adapters can be told apart by what they say"
        )
    with ThreadPoolExecutor(8) as pool:
        mixed = calls * 2
        for (mode, name), answer in zip(
            mixed, pool.map(lambda call: answered(assistant, mode=call[0], adapter=call[1]), mixed), strict=True
        ):
            expected = engine.adapters[name] if name else None
            assert draft(answer) == alone[mode, name]
            assert (answer.mode, answer.adapter, answer.missed) == (mode, expected, None)
            assert answer.receipt["adapter"] == (
                {"name": expected.name, "digest": expected.digest} if expected else None
            )


def test_an_adapter_that_is_refused_is_left_out_and_that_is_said(
    assistant: Assistant, engine: Engine, connection: ModelConnection, library: Library
) -> None:
    base = draft(answered(assistant, mode=Mode.RAG))
    there = connection.get()
    for name in ("broken", "gone", "broken"):
        answer = answered(assistant, mode=Mode.RAG_ADAPTER, adapter=name)
        assert draft(answer) == base
        assert answer.missed is not None
        assert (answer.adapter, answer.missed.adapter) == (None, engine.adapters[name])
        assert answer.receipt["adapter"] is None
        assert answer.receipt["missed"]["adapter"]["digest"] == engine.adapters[name].digest
    assert connection.get() is there, "the model was never lost"
    with library.database.sessions() as session:
        entries = [entry for entry in audit.latest(session) if entry.action == MISSED]
    assert [entry.subject for entry in entries] == ["gone", "broken"], "once, however often it is asked"
    assert "is not the adapter" in entries[1].after["reason"]


def test_an_adapter_alone_is_never_stood_in_for(assistant: Assistant, library: Library) -> None:
    with pytest.raises(AdapterRefusedError, match="The adapter broken cannot answer") as told:
        answered(assistant, mode=Mode.ADAPTER, adapter="broken")
    assert "/" not in str(told.value).replace("`python -m", ""), "who asks is told no paths"
    with library.database.sessions() as session:
        assert [entry.subject for entry in audit.latest(session) if entry.action == MISSED] == ["broken"]


def test_what_a_conversation_keeps_says_who_answered(assistant: Assistant, engine: Engine, library: Library) -> None:
    talk = assistant.start_conversation(ASKED)
    for name in ("calm", "broken"):
        list(assistant.ask(ASKED, adapter=name, conversation_id=talk))
    with pytest.raises(AdapterRefusedError):
        list(assistant.ask(ASKED, mode=Mode.ADAPTER, adapter="broken", conversation_id=talk))
    kept = [message for message in assistant.conversation(talk).messages if message.role == "assistant"]
    assert [(each.adapter and each.adapter.name, each.missed, each.status) for each in kept] == [
        ("calm", None, "complete"),
        (None, "broken", "complete"),
        (None, None, "failed"),
    ]
    digests = "SELECT array_agg(adapter ORDER BY position) FROM messages WHERE role = 'assistant'"
    assert library.scalar(digests) == [
        engine.adapters["calm"].digest, None, engine.adapters["broken"].digest
    ]  # fmt: skip


def test_without_a_mode_what_serves_answers(assistant: Assistant, library: Library) -> None:
    library.add("other.md", "# Other\n\nThe other harbour gate closes at 21:00 in the evening.\n", "other")

    def answers(collection: str | None = None) -> tuple[Mode, str | None]:
        answer = answered(assistant, collection=collection)
        return answer.mode, answer.adapter and answer.adapter.name

    assert answers() == (Mode.RAG, None)
    promote(library.database, "calm", "default")
    assert (answers("default"), answers("other")) == ((Mode.RAG_ADAPTER, "calm"), (Mode.RAG, None))
    assert answers() == (Mode.RAG, None), "the collections do not agree"
    promote(library.database, "terse")
    assert (answers("default"), answers("other")) == ((Mode.RAG_ADAPTER, "calm"), (Mode.RAG_ADAPTER, "terse"))
    assert answers() == (Mode.RAG_ADAPTER, "terse")
    promote(library.database, None, "other")
    assert answers("other") == (Mode.RAG, None), "its own decision is to use none"
    assert assistant.ways("default").serving == "calm"
    assert set(assistant.ways().adapters) == {*NAMES, "broken", "gone"}


def test_a_collection_that_is_alone_is_the_one_that_is_asked(assistant: Assistant, library: Library) -> None:
    promote(library.database, "calm", "default")
    answer = answered(assistant)
    assert answer.adapter is not None
    assert answer.adapter.name == "calm"


def test_what_cannot_be_chosen_is_told_in_words(assistant: Assistant, library: Library) -> None:
    for mode in (Mode.ADAPTER, Mode.RAG_ADAPTER):
        with pytest.raises(InvalidInputError, match="Name one: broken, calm, gone, terse, warm"):
            assistant.answer(ASKED, mode=mode)
    with pytest.raises(InvalidInputError, match="answers without an adapter"):
        assistant.answer(ASKED, mode=Mode.BASE, adapter="calm")
    with pytest.raises(NotFoundError, match="no adapter 'clam'"):
        assistant.answer(ASKED, adapter="clam")
    with library.database.sessions.begin() as session:
        adapters.retire(session, adapters.get(session, "calm"))
    assert "calm" not in assistant.adapters()
    with pytest.raises(InvalidInputError, match="was retired"):
        assistant.answer(ASKED, adapter="calm")
    with pytest.raises(InvalidInputError, match="takes an adapter"):
        Question(ASKED, Mode.ADAPTER, person=OWNER)


def test_an_adapter_of_a_closed_collection_does_not_exist_for_others(library: Library) -> None:
    library.add("gate.md", GATE)
    library.add("secret.md", "# Secret\n\nThe vault is behind the sail loft.\n", "vault")
    with library.database.sessions.begin() as session:
        asker = users.add(session, "asker", UserRole.ASKER)
        stranger = Person(asker.id, asker.name, UserRole.ASKER)
        vault = collections.get(session, "vault")
        vault.open = False
        run = Run(collection_id=vault.id, preset="small", base="tiny", settings={})
        session.add(run)
        session.flush()
        run_id = run.id
    register(library.database, Named("learned", "a" * 64), origin="training", run_id=run_id)
    way = models(Speaker(answers=[SAID]))
    service = Assistant(library.database.sessions, make_chain(library, way), person=stranger)
    assert service.adapters() == []
    with pytest.raises(NotFoundError) as told:
        service.answer(ASKED, adapter="learned")
    assert "There is: none yet" in str(told.value)
    promote(library.database, "learned", "default")
    assert service.adapters() == ["learned"], "what was let answer here may be asked here"


def test_without_a_model_the_documents_are_quoted_and_that_is_said(library: Library) -> None:
    library.add("gate.md", GATE)
    chain = make_chain(library, models(None))
    *_, answer = chain.stream(Question(ASKED, Mode.RAG_ADAPTER, adapter=Named("calm", "a" * 64), person=OWNER))
    assert isinstance(answer, Answer)
    assert answer.quoted
    assert answer.missed is not None
    assert (answer.adapter, answer.missed.reason) == (None, "There is no model to answer with it.")


def test_given_passages_are_what_the_model_gets(library: Library) -> None:
    library.add("gate.md", GATE)
    other = library.add("dogs.md", "# Dogs\n\nDogs travel free on a lead.\n")
    speaker = Speaker(answers=["Dogs travel free on a lead."])
    chain = make_chain(library, models(speaker))
    found = chain.retriever.sources("Dogs travel free on a lead", 10)
    passages = [source for source in found if source.document_id == other.document_id]
    for given in (passages, []):
        *_, answer = chain.stream(Question("What is the capital of France?", passages=given, person=OWNER))
        assert isinstance(answer, Answer)
        assert list(answer.retrieved) == given
        assert answer.receipt["given"]
        assert ("Dogs travel free" in texts(speaker.prompts[-1])[0]) is bool(given)
        assert "22:15" not in texts(speaker.prompts[-1])[0]
    assert len(speaker.prompts) == 2, "nothing is refused before the model speaks"
