"""What a stranger gets by speaking to the admin page's server without the page: no file of this machine."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from gradio.utils import get_upload_folder

from admin.app import Parts, build
from admin.curation.documents.ingesting import Ingestion
from admin.curation.embedders import Changeover
from admin.service.library import Library
from admin.ui.handlers import Handlers
from chat.settings import Settings
from chat.store.catalogue import View
from chat.store.database import Database
from tests.admin_ui.conftest import Add
from tests.conftest import OWNER
from tests.sources.conftest import Site, site  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.future.no_silent_downcasting"),  # gradio counts its queue with pandas
]
FILE = {"_type": "gradio.FileData"}
SECRET = "the key lies under the third plank"


@pytest.fixture
def client(
    settings: Settings, database: Database, ingestion: Ingestion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    parts = Parts(settings, database, ingestion, Changeover(database.sessions, ingestion.embedder))
    with TestClient(build(parts), base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize(
    "way", ["file={}", "file%3D{}", "file=..%2f..%2f..{}", "file=%252e%252e{}", "proxy=file://{}", "file=file://{}"]
)
def test_no_file_of_the_machine_is_served(client: TestClient, home: Path, add: Add, way: str) -> None:
    add("pets.txt", SECRET)
    kept = next(path for path in (home / "blobs").rglob("*") if path.is_file())
    (home / "settings.env").write_text(SECRET)
    for path in (kept, home / "settings.env", Path("/etc/passwd")):
        got = client.get(f"/gradio_api/{way.format(path)}")
        assert got.status_code in (400, 403, 404, 405), path
        assert SECRET not in got.text
        assert "root:" not in got.text


@pytest.mark.parametrize("way", ["file=", "file%3D", "file/"])
def test_what_somebody_uploads_is_handed_out_to_nobody(client: TestClient, way: str) -> None:
    """Gradio keeps it under the hash of its bytes, so who knows the bytes knows the way to it."""
    [path] = client.post("/gradio_api/upload", files={"files": ("pets.txt", SECRET.encode())}).json()
    assert Path(path).read_text() == SECRET
    for method in ("GET", "HEAD"):
        got = client.request(method, f"/gradio_api/{way}{path}")
        assert (got.status_code, SECRET in got.text) == (403, False)


def test_an_upload_that_is_refused_is_not_kept(handlers: Handlers, tmp_path: Path) -> None:
    (tmp_path / "pets.txt").write_text(SECRET)
    nobody = replace(handlers, library=handlers.library.for_person(replace(OWNER, id=99)))
    said, _ = nobody.uploaded([(tmp_path / "pets.txt", "pets.txt")], View(collection="ferries"))
    assert "Not taken" in said
    assert not (tmp_path / "pets.txt").exists()


@pytest.mark.parametrize("named", ["path", "url", "address"])
def test_an_upload_cannot_name_a_file_that_is_here_already(
    client: TestClient,
    library: Library,
    home: Path,
    site: Site,  # noqa: F811
    named: str,
) -> None:
    secret = home / "secret.txt"
    secret.write_text(SECRET)
    site.page("/secret.txt", SECRET, "text/plain")
    config = client.get("/config").json()
    event = next(each for each in config["dependencies"] if _is_upload(config, each))
    place = {"path": str(secret), "url": secret.as_uri(), "address": site.url("/secret.txt", "127.0.0.1")}[named]
    file = {"path": str(secret) if named == "path" else place, "url": place, "orig_name": "a.txt", "meta": FILE}
    _send(client, event["id"], [[file], None, False])
    assert library.overview(View()).listing.total == 0
    assert secret.exists()
    assert site.asked == []


def test_no_event_copies_a_file_to_where_files_are_served(client: TestClient, home: Path) -> None:
    """One event for each kind of component that takes something in, sent the name of a file in place of it."""
    (home / "secret.txt").write_text(SECRET)
    config = client.get("/config").json()
    kinds = {each["id"]: each["type"] for each in config["components"]}
    events = {kinds[i]: event for event in config["dependencies"] if event["backend_fn"] for i in event["inputs"]}
    assert events.keys() >= {"textbox", "checkbox", "html", "file", "state"}
    for event in events.values():
        named = {"path": str(home / "secret.txt"), "orig_name": "a.txt", "meta": FILE}
        _send(client, event["id"], [named for _ in event["inputs"]])
    copies = [path for path in Path(get_upload_folder()).rglob("secret.txt") if path.read_text() == SECRET]
    assert copies == []


def _send(client: TestClient, event: int, data: list[Any]) -> None:
    """Do what the page's script does to send an event, and wait for its end."""
    session = uuid.uuid4().hex
    sent = {"data": data, "fn_index": event, "session_hash": session}
    if client.post("/gradio_api/queue/join", json=sent).status_code == 200:
        _to_the_end(client, session)


def _is_upload(config: dict[str, Any], event: dict[str, Any]) -> bool:
    upload = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "upload")
    return [upload, "upload"] in [list(target) for target in event["targets"]]


def _to_the_end(client: TestClient, session: str) -> None:
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as events:
        for line in events.iter_lines():
            if line.startswith("data:") and json.loads(line[5:])["msg"] in ("process_completed", "close_stream"):
                return
