"""What one upload may take of the disk."""

import pytest
from fastapi.testclient import TestClient

from admin import app
from admin.app import Parts, build
from admin.curation.documents.ingesting import Ingestion
from admin.curation.embedders import Changeover
from admin.curation.formats.loaders import MAX_BYTES
from chat.settings import Settings
from chat.store.database import Database

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def parts(settings: Settings, database: Database, ingestion: Ingestion) -> Parts:
    return Parts(settings, database, ingestion, Changeover(database.sessions, ingestion.embedder))


def test_a_larger_file_is_refused_before_it_is_kept(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MAX_UPLOAD", 1000)
    client = TestClient(build(parts))
    sizes = {1000: 200, 1001: 413}
    for size, status in sizes.items():
        sent = client.post("/gradio_api/upload", files={"files": ("a.txt", b"x" * size)})
        assert sent.status_code == status
    assert "exceeded maximum allowed size" in sent.text


def test_what_is_too_large_to_be_read_is_still_taken_in_and_told_in_our_words(parts: Parts) -> None:
    """The browser refuses all that is dropped together when one file is over the limit that it is told."""
    assert TestClient(build(parts)).get("/config").json()["max_file_size"] >= 10 * MAX_BYTES
