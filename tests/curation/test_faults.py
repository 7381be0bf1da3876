"""The same bad files by every way in: in the browser, from the shell, in an archive, in a folder, from the web."""

import base64
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import docx
import pytest
import sqlalchemy as sa
from gradio.data_classes import FileData, ListFiles
from reportlab.lib.pdfencrypt import StandardEncryption
from rich.console import Console

from admin import ingest
from admin.app import Parts, assemble
from admin.curation.documents.files import UNSEEN
from admin.curation.sources.addresses import Allowed
from admin.curation.sources.fetch import Fetcher, Limits
from admin.service.library import Library
from admin.service.sources import NewSource, Sources
from admin.ui.documents import named_files
from chat.settings import Settings
from chat.store import documents, versions
from chat.store.tables import DocumentVersion, SourceKind
from tests.curation import samples
from tests.curation.test_formats import LAUGHS
from tests.curation.test_loaders import pdf_of, repacked
from tests.sources.conftest import Site, everywhere_here, site  # noqa: F401 - a fixture

LOOP = b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF"
RELATED = "application/vnd.openxmlformats-officedocument"
TRICKS = ("-rf.md", "CON.txt", "two\nlines.md", "\u202egpj.txt", "\u200bnothing.md", "\U0001f6a2" * 60 + ".txt")
"""Names that trick a program or an eye."""


def pdf_with(content: bytes) -> bytes:
    """A page whose content is this deflated stream."""
    stream = b"4 0 obj<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n" % (len(content), content)
    return (
        (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>endobj\n"
        )
        + stream
        + b"trailer<</Root 1 0 R>>"
    )


def with_template() -> bytes:
    """A Word document that says it is made after a template on somebody's server."""
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("The gate closes at ten.")
    document.part.relate_to("http://127.0.0.1:9/x.dotm", f"{RELATED}/relationships/attachedTemplate", is_external=True)
    document.save(file)
    return file.getvalue()


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
    "loop.pdf": (LOOP, "cut off or damaged"),
    "unbalanced.pdf": (b"%PDF-1.7\n1 0 obj\n" + b"<<" * 50_000, "cut off or damaged"),
    "swollen.pdf": (pdf_with(zlib.compress(b" " * 75_000_000)), "no text, only blank pages"),
    "blanks.txt": (b" \xc2\xa0\t\n" * 5_000, "only blanks"),
}
READ = {
    "nul.txt": b"The gate\x00 closes at ten." + b" It is a gate." * 20,
    "broken.txt": b"The gate \xff\xfe\xed\xa0\x80 closes." + b" It is a gate." * 20,
    "utf-16.md": "# Gate\n\nIt closes.".encode("utf-16"),
    "macros.xlsm": repacked(samples.workbook(), {"xl/vbaProject.bin": b"Sub Auto_Open()"}),
    "emoji.txt": "\U0001f6a2\u200d\U0001f6a4".encode() * 300,
    "base64.txt": base64.b64encode(bytes(range(256)) * 12),
    "japanese.txt": "港の門は毎晩十時に閉まります。夜警が鍵を持っています。".encode() * 30,
    "formulas.csv": b'Name,Link\n"=HYPERLINK(""http://x.example"")",@SUM(A1)\n+1,-2\n"\t=1","\r=2"\n',
    "quotes.csv": b'Name,Note\n"a,' + b'""' * 20_000 + b"\nb,c\n",
    "script.html": (
        b"<base href='//evil.example/'><meta http-equiv=refresh content='0;url=//evil.example'><h1>Gate</h1>"
        b"<script>steal()</script><iframe src='file:///etc/passwd'>x</iframe><p>It closes at ten.</p>"
    ),
    "template.docx": with_template(),
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
            came[name] = read_now(parts, upload.submission.version_id)
    return came


def from_the_shell(parts: Parts, paths: list[Path]) -> Came:
    outcomes = ingest.ingest(parts, paths, "ferries", Console(quiet=True))
    return {outcome.path.name: outcome.error for outcome in outcomes}


def from_the_web(parts: Parts, sources: Sources, addresses: Sequence[str]) -> Came:
    came: Came = {}
    for address in addresses:
        upload = sources.add_page(address, "ferries")
        came[address] = upload.problem
        if upload.submission:
            came[address] = read_now(parts, upload.submission.version_id)
    return {unquote(address.rpartition("/")[2]): problem for address, problem in came.items()}


def from_a_source(parts: Parts, sources: Sources, kind: SourceKind, places: Sequence[str]) -> Came:
    source_id = sources.add(NewSource("all", kind, "\n".join(places), "ferries"))
    sync = sources.sync_now(source_id, lambda _: None)
    assert sync is not None
    came: Came = dict(sync.problems)
    in_work = sources.in_work(source_id)
    with parts.database.sessions() as session:
        names = {each: session.get_one(DocumentVersion, each).document_id for each in in_work}
        names = {each: documents.get(session, document_id).name for each, document_id in names.items()}  # type: ignore[misc]
    came |= {str(names[version_id]): read_now(parts, version_id) for version_id in in_work}
    return {unquote(name.rpartition("/")[2]): problem for name, problem in came.items()}


def read_now(parts: Parts, version_id: int) -> str | None:
    """Why it could not be read, if it could not."""
    parts.ingestion.process(version_id)
    with parts.database.sessions() as session:
        return versions.states(session, [version_id])[0].error


WAYS = (
    *("browser", "browser, archive", "browser, folder", "shell", "shell, archive", "shell, folder"),
    *("web page", "source of pages", "source, folder"),
)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, parts: Parts, site: Site, tmp_path: Path) -> Way:  # noqa: F811
    fetcher = Fetcher(Allowed.of(["site.test"]), Limits(), everywhere_here)
    sources = Sources(parts.database.sessions, parts.settings.home, fetcher, person=parts.owner)

    def addresses(files: dict[str, bytes]) -> list[str]:
        for name, content in files.items():
            site.page(f"/{quote(name)}", content, "application/octet-stream")
        return [site.url(f"/{quote(name)}") for name in files]

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
            "web page": lambda: from_the_web(parts, sources, addresses(files)),
            "source of pages": lambda: from_a_source(parts, sources, SourceKind.URLS, addresses(files)),
            "source, folder": lambda: from_a_source(parts, sources, SourceKind.FOLDER, [str(folder)]),
        }
        return ways[request.param]()

    return go


def test_each_is_told_in_words_and_takes_no_other_along(parts: Parts, way: Way) -> None:
    came = way(FILES)
    assert set(came) == set(FILES)
    for name, (_, reason) in REFUSED.items():
        assert came[name], f"{name} was taken"
        assert reason in came[name], name
    assert {name: came[name] for name in READ} == dict.fromkeys(READ)
    assert not re.search("steal|evil.example|etc/passwd|x.dotm", kept(parts)), "what a page does is no text of it"


def kept(parts: Parts) -> str:
    """Every text that is stored."""
    with parts.database.engine.connect() as connection:
        return "\n".join(connection.execute(sa.text("SELECT text FROM contents")).scalars())


def test_names_that_trick_are_kept_harmless(parts: Parts, way: Way) -> None:
    came = way({name: f"The gate {number} closes at ten.".encode() for number, name in enumerate(TRICKS)})
    with parts.database.sessions() as session:
        names = [line.document for line in documents.summaries(session)]
    refused = [problem for problem in came.values() if problem]
    assert len(names) + len(refused) == len(TRICKS)
    assert all("longer than 500 characters" in problem for problem in refused), "an address may be"
    assert not [name for name in names if UNSEEN.search(name)]


def test_a_file_over_the_limit_in_an_archive(parts: Parts, tmp_path: Path) -> None:
    file = io.BytesIO(samples.zip_of({"large.txt": b"x" * 100_000_001}))
    archive = tmp_path / "all.zip"
    archive.write_bytes(file.getvalue())
    assert "would unpack to 100 MB" in (uploaded(parts, [(archive, "all.zip")])["all.zip"] or "")
    assert "would unpack to 100 MB" in (from_the_shell(parts, [archive])["all.zip"] or "")
