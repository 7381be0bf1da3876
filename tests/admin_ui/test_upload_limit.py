"""What one upload may take of the disk."""

import socket
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from gradio.utils import get_upload_folder

from admin import app
from admin.app import Parts, build
from admin.curation.documents.ingesting import Ingestion
from admin.curation.embedders import Changeover
from admin.curation.formats.loaders import MAX_BYTES
from chat.settings import Settings
from chat.store.database import Database
from tests.api.conftest import listening

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def parts(
    settings: Settings, database: Database, ingestion: Ingestion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Parts:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    return Parts(settings, database, ingestion, Changeover(database.sessions, ingestion.embedder))


def test_a_larger_file_is_refused_before_it_is_kept(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MAX_UPLOAD", 1000)
    client = TestClient(build(parts), base_url="http://127.0.0.1")
    sizes = {1000: 200, 1001: 413}
    for size, status in sizes.items():
        sent = client.post("/gradio_api/upload", files={"files": ("a.txt", b"x" * size)})
        assert sent.status_code == status
    assert "exceeded maximum allowed size" in sent.text


HEADED = "POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
PART = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'


@pytest.mark.parametrize(
    ("header", "status"),
    [("Content-Length: -1", 400), ("Content-Length: x", 400), ("Transfer-Encoding: chunked", 413)],
)
def test_a_length_that_lies_or_is_not_told_lets_nothing_larger_in(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, header: str, status: int
) -> None:
    monkeypatch.setattr(app, "MAX_UPLOAD", 1000)
    body = f"{PART}{'x' * 2000}\r\n--b--\r\n"
    with listening(build(parts)) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(f"{HEADED}{header}\r\n\r\n{len(body):x}\r\n{body}\r\n0\r\n\r\n".encode())
            assert client.recv(1000).startswith(f"HTTP/1.1 {status}".encode())
    assert not [path for path in Path(get_upload_folder()).rglob("a.txt") if path.stat().st_size > 1000]


def test_what_is_too_large_to_be_read_is_still_taken_in_and_told_in_our_words(parts: Parts) -> None:
    """The browser refuses all that is dropped together when one file is over the limit that it is told."""
    assert (
        TestClient(build(parts), base_url="http://127.0.0.1").get("/config").json()["max_file_size"] >= 10 * MAX_BYTES
    )
