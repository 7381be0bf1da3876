"""The way to a model server: found, named, lost in every way that a server can be lost, and found again."""

import gc
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chat.errors import ModelError
from chat.models.chat import Connected, ModelConnection, chat_model, find_model, model_errors
from chat.settings import Settings
from tests.rag.library import NOWHERE


@dataclass
class Server:
    """A model server that streams `words`, then does what `ending` says: done, cut, error, silent."""

    address: str
    words: list[str] = field(default_factory=lambda: ["One", " two", " three"])
    ending: str = "done"
    keys: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            served.keys.append(self.headers["Authorization"])
            models = [{"id": "small", "object": "model", "created": 0, "owned_by": "us", "revision": "abc"}]
            self.reply(200, {"object": "list", "data": [*models, {**models[0], "id": "large"}]})

        def do_POST(self) -> None:
            served.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if served.ending == "error":
                self.reply(400, {"error": {"message": "out of memory", "type": "server_error"}})
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for word in served.words:
                self.event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": word}}]})
            if served.ending == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self.wfile.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")

        def event(self, body: dict[str, Any]) -> None:
            opened = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "small"}
            line = f"data: {json.dumps(opened | body)}\n\n".encode()
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            self.wfile.flush()

        def reply(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        served = Server(f"http://127.0.0.1:{http.server_port}/v1")
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield served
        http.shutdown()
        thread.join()


def heard(connected: Connected) -> list[str]:
    """The words that came, up to the end or a `ModelError`."""
    with model_errors():
        return [str(chunk.text) for chunk in connected.chat.stream("hello") if chunk.text]


def test_the_first_model_is_taken_and_others_by_name(server: Server) -> None:
    assert find_model(server.address, "k", None) == ("small", "abc")
    assert find_model(server.address, "k", "large") == ("large", "abc")
    with pytest.raises(ModelError, match=r"has no model 'huge', but: small, large\. Name one .* APPRENTICE_MODEL_NAME"):
        find_model(server.address, "k", "huge")


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(ModelError, match=f"The model server at {NOWHERE} does not answer"):
        find_model(NOWHERE, "k", None)


def test_words_stream_from_the_server_of_the_settings(server: Server) -> None:
    connection = ModelConnection(Settings(model=f"{server.address}/", model_key="a key"))  # type: ignore[arg-type]
    connected = connection.get()
    assert (connected.name, connected.revision) == ("small", "abc")
    assert heard(connected) == ["One", " two", " three"]
    assert server.keys == ["Bearer a key"]
    assert server.bodies[0]["messages"] == [{"role": "user", "content": "hello"}]
    assert connection.get() is connected
    connection.close()


def test_an_adapter_is_chosen_for_one_call_and_for_no_other(server: Server) -> None:
    connection = ModelConnection(Settings(model=server.address))
    plain = connection.get()
    first, second = plain.with_adapter("a" * 64), plain.with_adapter("b" * 64)
    for connected in (first, plain, second, first):
        heard(connected)
    assert [body["model"] for body in server.bodies] == ["a" * 64, "small", "b" * 64, "a" * 64]
    assert (first.name, first.revision, first.adapter) == ("small", "abc", "a" * 64)
    assert connection.get().adapter is None
    connection.close()


@pytest.mark.parametrize("words", [[], ["One", " two"]])
def test_a_server_that_dies_while_it_speaks_is_a_model_error(server: Server, words: list[str]) -> None:
    server.words, server.ending = words, "cut"
    connection = ModelConnection(Settings(model=server.address))
    with pytest.raises(ModelError, match="did not answer"):
        heard(connection.get())
    connection.lost()
    server.ending = "done"
    assert heard(connection.get()) == words, "the next question finds it anew"


def test_a_server_s_refusal_is_a_model_error(server: Server) -> None:
    server.ending = "error"
    with pytest.raises(ModelError, match="out of memory"):
        heard(ModelConnection(Settings(model=server.address)).get())


def test_nobody_waits_for_a_model_that_is_not_there_yet(server: Server) -> None:
    connection = ModelConnection(Settings(model=server.address))
    assert connection.get_soon() is None
    assert connection._connecting is not None
    connection._connecting.join(20)
    connected = connection.get_soon()
    assert connected is not None
    assert connected.name == "small"


def test_many_threads_connect_once(server: Server) -> None:
    connection = ModelConnection(Settings(model=server.address))
    found: list[Connected] = []
    threads = [threading.Thread(target=lambda: found.append(connection.get())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.keys) == 1
    assert all(connected is found[0] for connected in found)


def test_connections_are_closed_with_the_last_copy_of_their_model(server: Server) -> None:
    first = Connected(chat_model(server.address, "key", "small"), "small")
    copy = first.with_adapter("0" * 64)
    http = copy.chat.http_client  # type: ignore[attr-defined]
    assert heard(first)
    del first
    gc.collect()
    assert not http.is_closed, "the copy may be in mid-answer"
    del copy
    gc.collect()
    assert http.is_closed
