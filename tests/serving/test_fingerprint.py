"""An adapter that a remote server has loaded is asked whether it answers as itself; one that does not is unloaded."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from admin.serving import Serving
from chat.engine import fingerprint
from chat.engine.fingerprint import Fingerprint
from chat.settings import Settings
from chat.store import adapters as registry
from chat.store.adapters import New
from chat.store.database import Database

RECORDED = (-1.0, -2.0, -3.0, -0.5)
DIGEST = "d" * 64


@dataclass
class Server:
    """What vLLM's endpoints do, with log-probabilities that a test chooses; None: it knows no such endpoint."""

    says: tuple[float, ...] | None
    loaded: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match path.removeprefix("/v1/"):
            case "models":
                return 200, {"data": [{"id": name, "root": root} for name, root in self.loaded.items()]}
            case "load_lora_adapter":
                self.loaded[body["lora_name"]] = body["lora_path"]
            case "unload_lora_adapter":
                del self.loaded[body["lora_name"]]
            case "completions" if self.says is not None:
                self.asked.append(body)
                told = [None, *({"7": {"logprob": each, "rank": 1, "decoded_token": "x"}} for each in self.says)]
                return 200, {"choices": [{"text": "x", "prompt_logprobs": told}]}
            case _:
                return 404, {"detail": "Not Found"}
        return 200, {}


@contextmanager
def listening(server: Server) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({})

        def do_POST(self) -> None:
            self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def reply(self, body: dict[str, Any]) -> None:
            status, said = server.answer(self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/v1"
        http.shutdown()
        thread.join()


@pytest.fixture
def registered(database: Database, home: Path) -> Path:
    """The folder of an adapter of the registry."""
    folder = home / "adapters" / DIGEST
    folder.mkdir(parents=True)
    with database.sessions.begin() as session:
        registry.add(session, New("one", DIGEST, "tiny", None, rank=8, bytes=1, origin="import"), None)
    return folder


def bring(database: Database, home: Path, server: Server) -> tuple[list[str], dict[str, str]]:
    with listening(server) as url:
        done = Serving(database.sessions, Settings(home=home, model=url)).bring()
    return list(done.loaded), dict(done.failed)


@pytest.mark.parametrize(
    ("says", "served"),
    [
        (RECORDED, True),
        (tuple(each - 0.1 for each in RECORDED), True),
        (tuple(each - 0.2 for each in RECORDED), False),
        (RECORDED[1:], False),
        (None, True),
    ],
    ids=["the same", "rounded", "another", "other tokens", "not told"],
)
def test_it_stays_where_it_answers_as_itself(
    database: Database, home: Path, registered: Path, says: tuple[float, ...] | None, served: bool
) -> None:
    fingerprint.write(registered, Fingerprint(RECORDED, "float32"))
    loaded, failed = bring(database, home, server := Server(says))
    assert (loaded, [*server.loaded]) == ((["one"], [DIGEST]) if served else ([], []))
    if not served:
        assert "does not answer as it did when it was registered" in failed["one"]
    if says is not None:
        [asked] = server.asked
        assert (asked["model"], asked["prompt"], asked["prompt_logprobs"]) == (DIGEST, fingerprint.TEXT, 0)


def test_without_a_fingerprint_nothing_is_asked(database: Database, home: Path, registered: Path) -> None:
    loaded, _ = bring(database, home, server := Server(RECORDED))
    assert (loaded, server.asked) == (["one"], [])


def test_a_damaged_fingerprint_is_told(database: Database, home: Path, registered: Path) -> None:
    (registered / fingerprint.FILE).write_text("{")
    loaded, failed = bring(database, home, server := Server(RECORDED))
    assert (loaded, server.loaded) == ([], {})
    assert "is damaged" in failed["one"]
