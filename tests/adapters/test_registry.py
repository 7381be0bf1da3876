"""Taking adapters in and giving them out: what is refused, that nothing is left of it, and who may."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from admin.service.adapters import Adapters
from chat.engine import adapters as disk
from chat.engine import fingerprint
from chat.engine.adapters import CONFIG, WEIGHTS, AdapterError
from chat.engine.fingerprint import Fingerprint
from chat.engine.loading import LoadedModel
from chat.engine.process import Address
from chat.errors import InvalidInputError, ModelError, NotAllowedError, NotFoundError
from chat.rights import Person
from chat.store.database import Database
from chat.store.tables import UserRole
from tests.engine.conftest import KEY
from tests.engine.conftest import Adapters as Trained

Somebody = Callable[[UserRole], Person]


def on_disk(adapters: Adapters) -> list[str]:
    return sorted(path.name for path in adapters.files.root.glob("*"))


def audited(database: Database) -> list[tuple[str, str]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text("SELECT action, subject FROM audit ORDER BY id"))]


def ask(adapters: Adapters, model: str) -> httpx.Response:
    address = Address.read(adapters.settings.home)
    assert address
    body = {"model": model, "max_tokens": 3, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.post(f"{address.url}/v1/chat/completions", json=body, headers=headers, timeout=20, trust_env=False)


def test_what_is_taken_in_lies_under_its_digest_and_answers(
    heard: Adapters, folder: Path, loaded: LoadedModel, database: Database
) -> None:
    (folder / "README.md").write_text("not needed")
    (folder / "card.json").write_text('{"author": "somebody"}')
    loaded.tokenizer.save_pretrained(folder)
    digest = disk.digest(folder)
    line = heard.take_in(folder, "mine")
    assert (line.name, line.digest, line.base, line.rank, line.origin) == ("mine", digest, "tiny", 4, "import")
    assert (line.state, line.revision, line.person) == ("candidate", loaded.revision, "owner")
    assert line.card["said"] == {"author": "somebody"}
    assert line.card["heard"] == {"model": "tiny", "revision": loaded.revision, "dtype": "float32"}
    assert on_disk(heard) == [digest]
    place = heard.files.folder(digest)
    assert {path.name for path in place.iterdir()} == {CONFIG, WEIGHTS, fingerprint.FILE, "card.json"}
    recorded = fingerprint.read(place)
    assert recorded is not None
    assert line.fingerprint == {"logprobs": list(recorded.logprobs), "dtype": "float32"}
    assert ask(heard, digest).status_code == 200
    assert audited(database) == [("register adapter", "mine")]


def test_a_model_elsewhere_hears_nothing_and_the_card_says_so(registry: Adapters, folder: Path) -> None:
    line = registry.take_in(folder, "mine")
    assert "neither its base" in line.card["heard"]["by nobody"]
    assert line.fingerprint == {}


def other_base(folder: Path) -> None:
    said = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(said | {"base_model_name_or_path": "meta/Llama-9"}))


def other_revision(folder: Path) -> None:
    said = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(said | {"revision": "f" * 40}))


def other_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"model": {"vocab": {}}}')


def other_template(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{{ messages }}")


def a_pickle(folder: Path) -> None:
    (folder / "training_args.bin").write_bytes(b"x")


def a_link_out(folder: Path) -> None:
    outside = folder.parent / "outside.safetensors"
    (folder / WEIGHTS).rename(outside)
    (folder / WEIGHTS).symlink_to(outside)


def a_tokenizer_linked(folder: Path) -> None:
    (folder / "tokenizer.json").symlink_to("/etc/passwd")


def another_answers(folder: Path) -> None:
    fingerprint.write(folder, Fingerprint((-1.0,) * 60, "float32"))


def half(folder: Path) -> None:
    os.truncate(folder / WEIGHTS, 500)


def no_card(folder: Path) -> None:
    (folder / "card.json").write_text("[]")


REFUSED: dict[Callable[[Path], None], str] = {
    other_base: "was trained on Llama-9; here tiny answers",
    other_revision: "revision ffffffffffff of tiny",
    other_tokenizer: "would read other tokens",
    other_template: "chat template",
    a_pickle: "is a pickle",
    a_link_out: "links are not followed",
    a_tokenizer_linked: "it is a link",
    another_answers: "does not answer as it did when it was registered",
    half: "damaged",
    no_card: "card.json must be an object",
}


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda spoil: spoil.__name__)
def test_what_is_refused_leaves_nothing_behind(
    heard: Adapters, folder: Path, database: Database, spoil: Callable[[Path], None]
) -> None:
    spoil(folder)
    with pytest.raises(AdapterError) as refused:
        heard.take_in(folder, "mine")
    assert REFUSED[spoil] in str(refused.value)
    assert heard.listed() == []
    assert on_disk(heard) == []
    assert audited(database) == []
    address = Address.read(heard.settings.home)
    assert address
    listed = httpx.get(f"{address.url}/v1/models", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False).json()
    assert [model["id"] for model in listed["data"]] == ["tiny"], "the engine holds nothing of it either"


def test_without_an_engine_nothing_is_registered(registry: Adapters, folder: Path, database: Database) -> None:
    lost = Adapters(
        database.sessions, registry.settings.model_copy(update={"model": "/no/model"}), person=registry.person
    )
    with pytest.raises(ModelError):
        lost.take_in(folder, "mine")
    assert (lost.listed(), on_disk(lost)) == ([], [])


def test_names_and_bytes_are_registered_once(three: Adapters, trained: Trained, folder: Path) -> None:
    for name in ("base", "rag", "Mine", "", "../x", "a" * 64):
        with pytest.raises(InvalidInputError, match="cannot be an adapter's name"):
            three.take_in(folder, name)
    with pytest.raises(InvalidInputError, match="very bytes"):
        three.take_in(folder, "another")
    with pytest.raises(InvalidInputError, match="called one already"):
        three.take_in(trained.root / trained.names[3], "one")
    again = three.register(trained.root / trained.names[0], "one")
    assert again.origin == "import", "a try that came to its end is not done again"
    assert len(three.listed()) == len(on_disk(three)) == 3
    with pytest.raises(NotFoundError, match="There is: one, three, two"):
        three.show("four")


def test_what_a_training_run_made_keeps_its_record(registry: Adapters, folder: Path) -> None:
    line = registry.register(folder, "trained", card={"snapshot": "spring", "examples": 120})
    assert (line.origin, line.card["snapshot"], line.card["examples"]) == ("training", "spring", 120)
    card = json.loads((registry.files.folder(line.digest) / "card.json").read_text())
    assert (card["name"], card["card"]["snapshot"]) == ("trained", "spring")


def test_it_goes_out_as_it_came_in_and_back_in_again(three: Adapters, tmp_path: Path) -> None:
    one = three.show("one").line
    three.export("one", tmp_path / "out")
    assert disk.digest(tmp_path / "out") == one.digest
    with pytest.raises(AdapterError, match="not empty"):
        three.export("one", tmp_path / "out")
    assert three.delete("one").size > 0
    assert three.take_in(tmp_path / "out", "again").digest == one.digest
    assert three.show("again").line.card["said"]["name"] == "one"


def test_deletion_takes_files_and_says_what_went(three: Adapters, database: Database) -> None:
    digest = three.show("one").line.digest
    size = sum(path.stat().st_size for path in three.files.folder(digest).iterdir())
    gone = three.delete("one")
    assert (gone.name, gone.digest, gone.size) == ("one", digest, size)
    assert digest not in on_disk(three)
    with pytest.raises(NotFoundError):
        three.delete("one")
    assert ("delete adapter", "one") in audited(database)


def test_what_is_deleted_answers_nobody_any_more(heard: Adapters, folder: Path) -> None:
    digest = heard.take_in(folder, "mine").digest
    assert ask(heard, digest).status_code == 200
    heard.delete("mine")
    assert ask(heard, digest).status_code == 404


def test_what_was_retired_is_offered_again(three: Adapters) -> None:
    three.retire("one")
    assert three.show("one").line.state == "retired"
    with pytest.raises(InvalidInputError, match="retired"):
        three.enact("one")
    three.retire("one", undo=True)
    assert three.enact("one").done


def test_a_registration_that_was_killed_is_cleared_away(registry: Adapters, folder: Path) -> None:
    digest = disk.digest(folder)
    (registry.files.root / ".unfinished-dead").mkdir(parents=True)
    registry.files.folder(digest).mkdir()
    (registry.files.folder(digest) / WEIGHTS).write_bytes(b"half")
    registry.take_in(folder, "mine")
    assert on_disk(registry) == [digest]
    assert registry.enact("mine").done


@pytest.mark.parametrize("role", UserRole)
def test_who_may_bring_in_and_take_away(three: Adapters, folder: Path, somebody: Somebody, role: UserRole) -> None:
    person = somebody(role)
    service = three.for_person(person)
    trains = role in (UserRole.TRAINER, UserRole.APPROVER, UserRole.OWNER)
    approves = role in (UserRole.APPROVER, UserRole.OWNER)
    shutil.copytree(folder, folder.parent / "other")
    for may, act in (
        (trains, lambda: service.register(folder, "one")),
        (trains, lambda: service.export("one", folder.parent / "out")),
        (approves, lambda: service.retire("one")),
        (approves, lambda: service.delete("one")),
    ):
        if may:
            act()
        else:
            with pytest.raises(NotAllowedError):
                act()
    if role is UserRole.TRAINER:
        service.take_in(folder, "own") if "one" not in {line.name for line in service.listed()} else None
    assert bool({line.name for line in three.listed()} - {"two", "three"}) is not approves


def test_a_trainer_takes_away_what_they_brought(registry: Adapters, folder: Path, somebody: Somebody) -> None:
    service = registry.for_person(somebody(UserRole.TRAINER))
    service.take_in(folder, "mine")
    service.retire("mine")
    assert service.delete("mine").name == "mine"


def test_what_was_learned_from_a_collection_is_for_its_readers(
    registry: Adapters, folder: Path, somebody: Somebody, database: Database
) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO collections (name, open) VALUES ('vault', false)"))
        run = connection.scalar(
            sa.text(
                "INSERT INTO runs (collection_id, preset, base, settings)"
                " SELECT id, 'p', 'tiny', '{}' FROM collections WHERE name = 'vault' RETURNING id"
            )
        )
    registry.register(folder, "secret", run_id=run)
    stranger = registry.for_person(somebody(UserRole.APPROVER))
    assert stranger.listed() == []
    for act in (stranger.show, stranger.retire, stranger.delete, stranger.promote):
        with pytest.raises(NotFoundError, match="There is: none yet"):
            act("secret")
    assert [line.name for line in registry.listed()] == ["secret"]
