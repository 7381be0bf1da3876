"""What people hand in by mistake or malice: told in words, and what was there before goes on answering."""

import os
from pathlib import Path

import pytest
from rich.console import Console

from admin import ingest
from admin.app import Parts
from admin.curation.documents.files import find_files
from admin.curation.embedders import Changeover
from admin.curation.formats.loaders import UnreadableDocument
from chat.settings import Settings
from chat.store.tables import Status
from tests.ingestion.test_documents import HARBOUR, found
from tests.rag.library import Library

REFUSED = {
    "empty.md": (b"", "empty"),
    "blank.txt": (b" \n\t\n", "no text"),
    "picture.txt": (b"\x89PNG\r\n\x1a\n" + bytes(200), "seems to be a PNG image"),
    "text.pdf": (b"Just words.\n", "named like PDF but seems to be text"),
    "cut.pdf": (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog", "cut off or damaged"),
    "cut.docx": (b"PK\x03\x04" + bytes(40), "cut-off or damaged"),
    "wide.csv": (",".join(f"c{n}" for n in range(100_000)).encode() + b"\n" + b"1," * 99_999 + b"1\n", "1000 columns"),
    "names-only.csv": (b"name,price\n", "no rows"),
    "zeroes.txt": (bytes(5000), "seems to be binary data"),
}
READ = {
    "nul.txt": b"The gate\x00 closes at ten." + b" It is a gate." * 20,
    "surrogate.txt": b"The gate \xed\xa0\x80 closes at ten." + b" It is a gate." * 20,
    "latin.txt": "Die Brücke öffnet um zehn.".encode("latin-1"),
    "long-word.txt": b"gate " + b"x" * 2_000_000,
    "right-to-left.md": "# \u202egate\n\nThe\u202e gate closes.".encode(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_words_and_nothing_lost(library: Library, name: str) -> None:
    library.add("harbour.md", HARBOUR)
    content, reason = REFUSED[name]
    state = library.state(library.add(name, content).version_id)
    assert state.status == Status.FAILED
    assert state.error is not None
    assert reason in state.error
    assert found(library, "gate") == [HARBOUR.strip()]
    assert library.scalar("SELECT count(*) FROM contents") == 1


@pytest.mark.parametrize("name", [name for name in READ if name != "long-word.txt"])
def test_read_with_what_cannot_be_shown_left_out(library: Library, name: str) -> None:
    state = library.state(library.add(name, READ[name]).version_id)
    assert (state.status, state.error) == (Status.READY, None)
    text = library.scalar("SELECT text FROM contents")
    assert not set(text) & set("\x00\ufeff\u202e")
    assert library.scalar("SELECT bool_and(substr(c.text, start_char::int + 1, length(k.text)) = k.text) FROM chunks k "
                          "JOIN contents c ON c.id = content_id")  # fmt: skip


def test_a_word_of_two_megabytes_is_cut_into_chunks(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = library.ingestion.embedder
    vectors = {"same": embedder.encode(["x"])}
    monkeypatch.setattr(type(embedder), "encode", lambda self, texts: vectors["same"].repeat(len(texts), axis=0))
    state = library.state(library.add("long-word.txt", READ["long-word.txt"]).version_id)
    assert (state.status, state.error) == (Status.READY, None)
    assert state.chunks > 1000
    assert library.scalar("SELECT max(length(text)) FROM chunks") <= 1000
    assert library.scalar("SELECT sum(length(text)) FROM chunks") == len("gate") + 2_000_000


def test_a_file_of_100_megabytes_is_refused(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(100_000_001)
    done = library.add("large.txt", path.read_bytes())
    assert "the limit is 100 MB. Split it." in (library.state(done.version_id).error or "")


@pytest.mark.parametrize("name", ["program.exe", "noextension", "archive.tar.gz", ".md", ""])
def test_a_wrong_extension_is_refused_at_once(library: Library, name: str) -> None:
    with pytest.raises(UnreadableDocument, match=r"cannot be read\. (Save it as one of|Unpack it)"):
        library.submit(name, HARBOUR)
    assert library.scalar("SELECT count(*) FROM documents") == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good file and every oddity that a file system offers."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret\n\nThe code is 4711.\n")
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "harbour.md").write_text(HARBOUR)
    (folder / "inside.md").symlink_to(folder / "deep" / "harbour.md")
    (folder / "leads-out.md").symlink_to(outside / "secret.md")
    (folder / "leads-out").symlink_to(outside)
    (folder / "circle").symlink_to(folder)
    (folder / "dangling.md").symlink_to(folder / "nothing.md")
    (folder / ".hidden.md").write_text("hidden")
    (folder / "program.exe").write_bytes(b"MZ")
    os.mkfifo(folder / "pipe.md")
    return folder


def test_a_folder_is_walked_without_being_led_astray(folder: Path) -> None:
    files = {file.name: file.problem for file in find_files([folder])}
    assert {name for name, problem in files.items() if problem is None} == {
        "deep/harbour.md",
        "inside.md",
        "dangling.md",
    }
    assert "leads out of the folder" in (files["leads-out.md"] or "")
    assert "leads out of the folder" in (files["leads-out"] or "")
    assert "not a file" in (files["pipe.md"] or "")


def parts_of(settings: Settings, library: Library) -> Parts:
    changeover = Changeover(library.database.sessions, library.ingestion.embedder)
    return Parts(settings, library.database, library.ingestion, changeover)


def test_every_file_of_a_folder_has_an_outcome(library: Library, settings: Settings, folder: Path) -> None:
    (folder / b"caf\xe9.md".decode(errors="surrogateescape")).write_text("# A name that is not UTF-8\n")
    parts = parts_of(settings, library)
    outcomes = ingest.ingest(parts, [folder, folder / "missing.md"], "default", Console(quiet=True))
    by_name = {os.fsencode(outcome.path.name): outcome for outcome in outcomes}
    assert {name for name, outcome in by_name.items() if outcome.status == Status.READY} == {
        b"harbour.md",
        b"inside.md",
        b"caf\xe9.md",
    }
    assert all(outcome.error for outcome in outcomes if outcome.status != Status.READY)
    assert "There is no file or folder" in (by_name[b"missing.md"].error or "")
    assert found(library, "secret code") == []


def test_a_file_that_vanishes_while_it_is_read_fails_alone(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "gone.md").write_text("# Gone\n")
    (tmp_path / "harbour.md").write_text(HARBOUR)
    gone, harbour = find_files([tmp_path / "gone.md", tmp_path / "harbour.md"])
    gone.path.unlink()
    parts = parts_of(settings, library)
    outcomes = [ingest.hand_in(parts, file, "default") for file in (gone, harbour)]
    assert outcomes[0].error == "gone.md cannot be read: No such file or directory."
    assert (outcomes[1].status, outcomes[1].error) == ("queued", None)
    assert library.scalar("SELECT count(*) FROM documents") == 1


def test_bytes_that_vanished_from_the_data_folder_are_told(library: Library) -> None:
    done = library.submit("harbour.md", HARBOUR)
    for blob in (library.ingestion.home / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    library.ingestion.process(done.version_id)
    assert "cannot be opened: No such file" in (library.state(done.version_id).error or "")
