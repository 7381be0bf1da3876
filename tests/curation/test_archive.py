"""Archives and folders: what is in them is found, and nothing in them leads anywhere, hides anything or grows."""

import io
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest

from admin.curation.documents import archive
from admin.curation.documents.files import document_name, find_files, look_into_upload, look_through
from admin.curation.documents.found import FoundFile, PassedOver
from admin.curation.formats.loaders import UnreadableDocument
from tests.curation.samples import zip_of

HARBOUR = b"# Harbour\n\nThe gate closes at ten."


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive's place, in a folder with another for what is unpacked."""
    (tmp_path / "unpacked").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "unpacked"))
    return tmp_path / "all.zip"


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def unpacked(place: Path, data: bytes) -> dict[str, bytes | str]:
    """What came of each file of the archive: its bytes, or why they were not taken."""
    place.write_bytes(data)
    taken: dict[str, bytes | str] = {}
    for found in look_through([place]):
        if isinstance(found, PassedOver):
            taken[found.name] = f"passed over: {found.reason}"
        else:
            taken[found.name] = found.problem or found.path.read_bytes()
    assert list((place.parent / "unpacked").iterdir()) == []
    assert sorted(path.name for path in place.parent.iterdir()) == ["all.zip", "unpacked"]
    return taken


def test_files_keep_their_folders_and_say_where_they_came_from(place: Path) -> None:
    place.write_bytes(zip_of({"b/deep/harbour.md": HARBOUR, "a.txt": "A."}))
    found = [each for each in look_through([place]) if isinstance(each, FoundFile)]
    assert [(each.name, each.source) for each in found] == [
        ("b/deep/harbour.md", f"{place}/b/deep/harbour.md"),
        ("a.txt", f"{place}/a.txt"),
    ]
    assert not any(each.path.exists() for each in found)


def test_what_nobody_meant_to_hand_in_is_passed_over(place: Path) -> None:
    names = ["__MACOSX/._a.md", ".DS_Store", "x/.git/config.txt", "Thumbs.db", "x/~$a.docx", "game.exe", "x/noname"]
    taken = unpacked(place, zip_of({**dict.fromkeys(names, b"x"), "a.md": HARBOUR}))
    hidden, other = "passed over: hidden", "passed over: of a kind that cannot be read"
    assert taken == {**dict.fromkeys(names[:5], hidden), **dict.fromkeys(names[5:], other), "a.md": HARBOUR}


def test_no_name_leads_out(place: Path) -> None:
    file = io.BytesIO()
    names = ["../up.md", "/etc/absolute.md", "a/../../up.md", "C:\\windows\\drive.md", "..\\up2.md", "a/b/../inside.md"]
    with zipfile.ZipFile(file, "w") as bundle:
        for name in names:
            bundle.writestr(entry(name), HARBOUR)
        bundle.writestr(entry("link.md", stat.S_IFLNK | 0o777), "/etc/passwd")
        bundle.writestr(entry("pipe.md", stat.S_IFIFO), "")
        bundle.writestr(entry("Same.md"), b"1")
        bundle.writestr(entry("same.md"), b"2")
    taken = unpacked(place, file.getvalue())
    assert len(taken) == 10
    for name, came in taken.items():
        if name in ("Same.md", "same.md"):
            assert came in (b"1", b"2")
        elif name in ("link.md", "pipe.md"):
            assert "a link, not a file" in str(came)
        else:
            assert "leads out of the archive" in str(came), name


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name(place: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bundle:
        bundle.writestr("a.md", b"first")
        bundle.writestr("a.md", b"second")
    place.write_bytes(file.getvalue())
    first, second = look_through([place])
    assert isinstance(first, FoundFile)
    assert first.problem is None
    assert isinstance(second, FoundFile)
    assert "two files of this name" in (second.problem or "")


def test_archives_inside_are_refused_in_words(place: Path) -> None:
    taken = unpacked(place, zip_of({"in.zip": zip_of({"a.md": HARBOUR}), "old.tar.gz": b"\x1f\x8b", "a.md": HARBOUR}))
    assert "archive inside an archive. Unpack it" in str(taken["in.zip"])
    assert "archive inside an archive" in str(taken["old.tar.gz"])
    assert taken["a.md"] == HARBOUR


def test_names_in_other_encodings(place: Path) -> None:
    data = zip_of({"Größe.md": HARBOUR})
    no_flag = bytearray(data)
    no_flag[data.index(b"PK\x03\x04") + 7] = 0
    no_flag[data.index(b"PK\x01\x02") + 9] = 0
    assert list(unpacked(place, bytes(no_flag))) == ["Größe.md"]
    assert list(unpacked(place, zip_of({"a\\b.md": HARBOUR}))) == ["a/b.md"]


def test_bombs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zeroes = bytes(60_000_000)
    assert "would unpack to 60 MB" in str(unpacked(place, zip_of({"a.txt": zeroes}))["all.zip"])
    assert "99 MB" not in str(unpacked(place, zip_of({"a.txt": os.urandom(1000) * 1000})))
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1000)
    assert "would unpack to" in str(unpacked(place, zip_of({"a.txt": os.urandom(600), "b.txt": os.urandom(600)})))
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(place.parent / "unpacked"))
    many = {f"{number}.txt": b"x" for number in range(archive.MAX_FILES + 1)}
    assert "more than 10,000 files" in str(unpacked(place, zip_of(many))["all.zip"])
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 100_000)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # its table of contents is not even read
    assert "more than 10,000 files" in str(unpacked(place, place.read_bytes())["all.zip"])


def test_a_file_that_is_too_large_is_refused_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    taken = unpacked(place, zip_of({"large.txt": os.urandom(1001), "a.md": HARBOUR}))
    assert "Split it." in str(taken["large.txt"])
    assert taken["a.md"] == HARBOUR


def test_an_entry_that_lies_about_its_size(place: Path) -> None:
    data = bytearray(zip_of({"a.txt": os.urandom(500)}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    (came,) = unpacked(place, bytes(data)).values()
    assert came == archive.BROKEN or len(came) == 10


def test_passwords_and_damage(place: Path) -> None:
    locked = bytearray(zip_of({"a.md": HARBOUR}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "all.zip needs a password. Unpack it" in str(unpacked(place, bytes(locked))["all.zip"])
    good = zip_of({"a.md": os.urandom(900)})
    for bad in (good[:-30], b"no archive", b"", good[: len(good) // 2]):
        assert "all.zip is cut off or damaged" in str(unpacked(place, bad)["all.zip"])
    broken = bytearray(good)
    broken[200] ^= 1
    assert unpacked(place, bytes(broken)) == {"a.md": archive.BROKEN}


def test_an_archive_in_a_folder_stands_for_a_folder(place: Path) -> None:
    place.write_bytes(zip_of({"in/a.md": HARBOUR}))
    (place.parent / ".hidden").mkdir()
    (place.parent / "program.exe").write_bytes(b"MZ")
    found = {each.name: each for each in look_through([place.parent])}
    assert set(found) == {".hidden", "in/a.md", "program.exe"}
    assert isinstance(found[".hidden"], PassedOver)
    assert isinstance(found["program.exe"], PassedOver)
    assert list(find_files([place.parent])) == [], "files that lie in archives are not there for long"


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("a.md", "a.md"),
        ("folder/deep/a.md", "folder/deep/a.md"),
        ("../../etc/a.md", "etc/a.md"),
        ("/etc/a.md", "etc/a.md"),
        ("..\\a.md", "a.md"),
    ],
)
def test_names_of_uploads(tmp_path: Path, name: str, taken: str) -> None:
    assert [found.name for found in look_into_upload(tmp_path, name)] == [taken]


def test_uploads_that_came_with_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(zip_of({"x/a.md": HARBOUR}))
    assert list(look_into_upload(path, "folder/.git/a.md")) == [PassedOver("folder/.git/a.md", "hidden")]
    assert [found.name for found in look_into_upload(path, "folder/all.zip")] == ["folder/all/x/a.md"]
    assert [found.name for found in look_into_upload(path, "game.exe")] == ["game.exe"], (
        "who picked it wants to be told"
    )


def test_names_as_documents_have_them() -> None:
    assert document_name("a\x00b\n\u202ec.md") == "abc.md"
    assert document_name("-CON.md") == "-CON.md"
    with pytest.raises(UnreadableDocument, match="longer than 500 characters"):
        document_name("🚢" * 1000 + ".md")
