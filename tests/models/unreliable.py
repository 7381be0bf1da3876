"""A model server that misbehaves on purpose, in the way that each request's turn names."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORDS = ("The", " ferry", " leaves")


@dataclass
class Unreliable:
    """`turns` are taken by the requests one after another; when they run out, it behaves."""

    turns: list[str] = field(default_factory=list)
    address: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """One request. Bodies end with the connection, as a proxy sends them that knows no length."""

    server: "Served"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        model = {"id": "small", "object": "model", "created": 0, "owned_by": "us"}
        self.reply(200, {"object": "list", "data": [model]})

    def do_POST(self) -> None:
        unreliable = self.server.unreliable
        unreliable.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        turn, _, rest = (unreliable.turns.pop(0) if unreliable.turns else "well").partition(" ")
        if turn.isdigit():
            headers = {"Retry-After": rest} if rest else {}
            self.reply(int(turn), {"error": {"message": f"no luck, {turn}", "code": None}}, headers)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in WORDS if rest != "at once" else ():
            self.event({"delta": {"role": "assistant", "content": word + "\x00" * (turn == "nul")}})
        getattr(self, turn)()

    def well(self) -> None:
        self.event({"delta": {}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    nul = well

    def half(self) -> None:
        """Half a line, then the end of the connection."""
        self.wfile.write(b'data: {"id": "1", "object": "chat.comp')

    def cut(self) -> None:
        """The end of the connection between two lines: only what is missing tells it from the end of the answer."""

    def nonsense(self) -> None:
        self.wfile.write(b'data: {"id": "1", "choices": [{"index": 0}]}\n\n')

    def error(self) -> None:
        self.wfile.write(b'data: {"error": {"message": "out of memory", "code": "generation_failed"}}\n\n')

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def silent(self) -> None:
        self.wfile.flush()
        time.sleep(1.5)

    def event(self, choice: dict[str, Any]) -> None:
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "small"}
        self.wfile.write(f"data: {json.dumps(chunk | {'choices': [{'index': 0, **choice}]})}\n\n".encode())
        self.wfile.flush()

    def reply(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(data), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)


class Served(ThreadingHTTPServer):
    unreliable: Unreliable

    def handle_error(self, *_: object) -> None:
        """Clients that are gone are what this server is for."""


@contextmanager
def unreliable() -> Iterator[Unreliable]:
    with Served(("127.0.0.1", 0), Handler) as http:
        http.unreliable = Unreliable(address=f"http://127.0.0.1:{http.server_port}/v1")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield http.unreliable
        http.shutdown()
        thread.join()
