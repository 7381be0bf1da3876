"""The page as one person has it, really served; and a line to it that can be cut."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gradio as gr
import uvicorn
from fastapi import FastAPI

from chat.door.headers import secure
from chat.live import Live
from chat.ui import copies, kit, page


@contextmanager
def served(live: Live) -> Iterator[int]:
    """The port at which the page is, for the person of these services."""
    app = FastAPI()
    app.middleware("http")(secure)
    app.include_router(copies.router(live.assistant, live.talks))
    gr.mount_gradio_app(
        app, page.build(live.assistant, live, live.talks), path="/", theme=kit.theme(), head=kit.head(),
        footer_links=[], run_history=False, ssr_mode=False, show_error=False,
    )  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = server.force_exit = True
    thread.join()


class Line:
    """A line to a port. `cut` ends every connection through it, and lets no new one through for a while."""

    def __init__(self, port: int) -> None:
        self.far = port
        self.near = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.near.getsockname()[1]
        self.open: set[socket.socket] = set()
        self.down_until = 0.0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, for_s: float) -> None:
        self.down_until = time.monotonic() + for_s
        for each in list(self.open):
            self._end(each)

    def close(self) -> None:
        self._end(self.near)
        self.cut(0)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self.near.accept()
                if time.monotonic() < self.down_until:
                    caller.close()
                    continue
                called = socket.create_connection(("127.0.0.1", self.far))
                self.open |= {caller, called}
                for source, target in ((caller, called), (called, caller)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        self._end(source)
        self._end(target)

    def _end(self, end: socket.socket) -> None:
        self.open.discard(end)
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
