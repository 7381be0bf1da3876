"""Asking a server of OpenAI's protocol, ours and vLLM alike."""

import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

import httpx
import uvicorn

from benchmarks.engine.running import Bench
from chat.engine.server import create_app

KEY = "benchmark"


@dataclass(frozen=True)
class Server:
    """A server, and what makes an answer of it as long as it may be."""

    url: str
    """With `/v1`."""
    endless: bool = False
    """Whether it has to be told not to end an answer: ours runs without an end."""

    def body(self, model: str, question: str, tokens: int) -> dict[str, Any]:
        asked = {"model": model, "messages": [{"role": "user", "content": question}], "max_tokens": tokens}
        return asked | {"temperature": 0} | ({"ignore_eos": True} if self.endless else {})

    def ask(self, client: httpx.Client, model: str, question: str, tokens: int) -> httpx.Response:
        """The whole answer, or the refusal."""
        return client.post(f"{self.url}/chat/completions", json=self.body(model, question, tokens))

    def tokens_per_second(self, asked: Sequence[tuple[str, str]], tokens: int) -> float:
        """All (model, question) at the same moment, each from a client of its own."""

        def count(one: tuple[str, str]) -> int:
            with new_client() as client:
                response = self.ask(client, *one, tokens).raise_for_status()
                return int(response.json()["usage"]["completion_tokens"])

        began = perf_counter()
        with ThreadPoolExecutor(len(asked)) as pool:
            said = sum(pool.map(count, asked))
        return said / (perf_counter() - began)


def new_client() -> httpx.Client:
    return httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=300, trust_env=False)


@contextmanager
def served(ours: Bench) -> Iterator[Server]:
    """The running engine behind its own routes, on a port of this machine."""
    app = create_app(ours.scheduler, ours.loaded, KEY)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            sleep(0.02)
        try:
            yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        finally:
            server.should_exit = True
            thread.join()
