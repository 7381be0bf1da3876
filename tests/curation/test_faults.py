"""The same bad files by every way in: one by one in the browser, from the shell, in an archive, in a folder."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gradio.data_classes import FileData, ListFiles
from reportlab.lib.pdfencrypt import StandardEncryption
from rich.console import Console

from admin import ingest
from admin.app import Parts, assemble
from admin.service.library import Library
from admin.ui.documents import named_files
from chat.settings import Settings
from chat.store import versions
from tests.curation import samples
from tests.curation.test_formats import LAUGHS
from tests.curation.test_loaders import pdf_of, repacked

REFUSED = {
    "empty.md": (b"", "is empty"),
    "program.pdf": (b"MZ\x90\0" + bytes(500), "named like PDF but seems to be binary data"),
    "page.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "seems to be text"),
    "bomb.xlsx": (repacked(samples.workbook(), {"x/zeroes.xml": bytes(30_000_000)}), "unpacks to 30 MB"),
    "laughs.pptx": (repacked(samples.presentation(), {"ppt/x.xml": LAUGHS.encode()}), "declares XML entities"),
    "locked.pdf": (pdf_of([["Heading", "Text."]], encrypt=StandardEncryption("x")), "needs a password"),
    "cut.pdf": (pdf_of([["Heading", "Text."]])[:300], "cut off or damaged"),
    "old.xlsx": (b"\xd0\xcf\x11\xe0" + bytes(99), "without a password"),
    "bomb.png": (samples.picture_bomb(), ""),
    "wide.csv": (b",".join(b"c" * 2 for _ in range(5000)) + b"\n1,2\n", "more than 1000 columns"),
    "deep.json": (b"[" * 100_000, "nested too deeply"),
    "words.eml": (b"Just words.", "not an e-mail"),
}
READ = {
    "nul.txt": b"The gate\x00 closes at ten." + b" It is a gate." * 20,
    "broken.txt": b"The gate \xff\xfe\xed\xa0\x80 closes." + b" It is a gate." * 20,
    "utf-16.md": "# Gate\n\nIt closes.".encode("utf-16"),
    "macros.xlsm": repacked(samples.workbook(), {"xl/vbaProject.bin": b"Sub Auto_Open()"}),
}
FILES = {name: content for name, (content, _) in REFUSED.items()} | READ
Came = dict[str, str | None]
"""Why each file was not read, by its name."""
Way = Callable[[dict[str, bytes]], Came]


@pytest.fixture
def parts(settings: Settings) -> Iterator[Parts]:
    parts = assemble(settings)
    yield parts
    parts.close()


def written(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def uploaded(parts: Parts, payload: list[tuple[Path, str]]) -> Came:
    library = Library(parts.database.sessions, parts.settings.home, person=parts.owner)
    sent = ListFiles(root=[FileData(path=str(path), orig_name=name) for path, name in payload])
    came: Came = {}
    for upload in library.upload(named_files(sent), "ferries"):
        name = upload.name.rpartition("/")[2]
        came[name] = upload.problem
        if upload.submission:
            parts.ingestion.process(upload.submission.version_id)
            with parts.database.sessions() as session:
                came[name] = versions.states(session, [upload.submission.version_id])[0].error
    return came


def from_the_shell(parts: Parts, paths: list[Path]) -> Came:
    outcomes = ingest.ingest(parts, paths, "ferries", Console(quiet=True))
    return {outcome.path.name: outcome.error for outcome in outcomes}


@pytest.fixture(params=["browser", "browser, archive", "browser, folder", "shell", "shell, archive", "shell, folder"])
def way(request: pytest.FixtureRequest, parts: Parts, tmp_path: Path) -> Way:
    def go(files: dict[str, bytes]) -> Came:
        archive, folder = tmp_path / "all.zip", written(tmp_path / "all", files)
        archive.write_bytes(samples.zip_of(files))
        each = sorted(folder.iterdir())
        ways: dict[str, Callable[[], Came]] = {
            "browser": lambda: uploaded(parts, [(path, path.name) for path in each]),
            "browser, archive": lambda: uploaded(parts, [(archive, "all.zip")]),
            "browser, folder": lambda: uploaded(parts, [(path, f"all/{path.name}") for path in each]),
            "shell": lambda: from_the_shell(parts, each),
            "shell, archive": lambda: from_the_shell(parts, [archive]),
            "shell, folder": lambda: from_the_shell(parts, [folder]),
        }
        return ways[request.param]()

    return go


def test_each_is_told_in_words_and_takes_no_other_along(way: Way) -> None:
    came = way(FILES)
    assert set(came) == set(FILES)
    for name, (_, reason) in REFUSED.items():
        assert came[name], f"{name} was taken"
        assert reason in came[name], name
    assert {name: came[name] for name in READ} == dict.fromkeys(READ)


def test_a_file_over_the_limit_in_an_archive(parts: Parts, tmp_path: Path) -> None:
    file = io.BytesIO(samples.zip_of({"large.txt": b"x" * 100_000_001}))
    archive = tmp_path / "all.zip"
    archive.write_bytes(file.getvalue())
    assert "would unpack to 100 MB" in (uploaded(parts, [(archive, "all.zip")])["all.zip"] or "")
    assert "would unpack to 100 MB" in (from_the_shell(parts, [archive])["all.zip"] or "")
