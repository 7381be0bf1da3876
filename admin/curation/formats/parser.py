"""Parsing strangers' files in a child process with limits, so that no file can harm the program that asked.

The child is this module run as a program: one JSON line in for a file, one JSON line out for its text. It serves
one document after another and is replaced when it died, hung or was killed. Neither its memory, its time nor its
answer is without a limit, and it sees none of the program's environment but what Python needs to start.
"""

import contextlib
import dataclasses
import functools
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from admin.curation.formats.loaders import MAX_CHARS, ParsedDocument, UnreadableDocument, load

GIBIBYTE = 1 << 30
OPEN_FILES = 64
MAX_REPLY = 6 * MAX_CHARS  # bytes: four for a letter in UTF-8, and room for what JSON escapes
ALIVE = b"{}\n"
"""What the child says between two pages of a scan."""
READ_SIZE = 1 << 20  # bytes
MAX_SECONDS = 3600  # for a scan of many pages, each of which shows that work goes on
KILL_GRACE = 5  # seconds that an orphaned child may outlive its keeper's clock
INHERITED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")


class Parser:
    """Keeper of one parsing child, started when it is first needed; any thread may call it, one at a time."""

    def __init__(self, seconds: float = 120, memory: int = 2 * GIBIBYTE, *, ocr_languages: Sequence[str] = ()) -> None:
        """Allow each document, or page of a scan, `seconds` and the child `memory` bytes of address space (Linux).

        `ocr_languages` are those that pictures are in, as tesseract names them.
        """
        self._ocr_languages = [*ocr_languages]
        self._seconds = seconds
        self._memory = memory
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the child; a document that it is reading is given up."""
        self._closed = True
        if child := self._child:
            _kill(child)
        with self._lock:
            self._discard()

    def parse(self, path: Path, kind: str) -> ParsedDocument:
        """Return what the file holds; `kind` is a value of `loaders.KINDS`. Raises `UnreadableDocument`."""
        request = {"path": str(path), "kind": kind, "seconds": self._seconds, "languages": self._ocr_languages}
        with self._lock:
            reply = self._ask(json.dumps(request).encode() + b"\n")
        if "error" in reply:
            raise UnreadableDocument(reply["error"])
        return ParsedDocument(**reply["document"])

    def _ask(self, request: bytes) -> dict[str, Any]:
        used = self._child is not None
        try:
            return self._exchange(request)
        except (BrokenPipeError, EOFError) as error:
            # A child that served before may have died of that; only a fresh one's death tells of this file.
            # (Once closed, asking again raises.)
            if used or self._closed:
                return self._ask(request)
            raise UnreadableDocument(
                "This file crashes the parser or needs more memory than it may use. "
                "Split it, or save it in another format."
            ) from error

    def _exchange(self, request: bytes) -> dict[str, Any]:
        """Send one line and return the answer; whatever goes wrong leaves no child behind."""
        try:
            child = self._child = self._child or self._start()
            # Looked at after the child can be seen: `close` either kills it or is noticed here.
            if self._closed:
                raise RuntimeError("this Parser is closed")
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(request)
            child.stdin.flush()
            reply = self._reply(child.stdout)
        except TimeoutError as error:
            self._discard()
            raise UnreadableDocument(
                f"Reading this file takes longer than {self._seconds:g} seconds. "
                "Split it, or save it in another format."
            ) from error
        except BaseException:
            self._discard()
            raise
        return reply

    def _reply(self, stream: Any) -> dict[str, Any]:
        """Return the child's last word on a document; every sign of life before it starts the clock anew."""
        end = time.monotonic() + MAX_SECONDS
        last = ALIVE
        while last == ALIVE:
            lines = _read_lines(stream, min(end, time.monotonic() + self._seconds))
            last = lines[lines.rfind(b"\n", 0, -1) + 1 :]
        reply: dict[str, Any] = json.loads(last)
        return reply

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "admin.curation.formats.parser", str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
            start_new_session=True,  # Ctrl-C reaches the keeper, which then ends its child
        )

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        _kill(child)
        for stream in (child.stdin, child.stdout):
            # Closing flushes, and the other end is dead.
            with contextlib.suppress(BrokenPipeError):
                if stream:
                    stream.close()
        child.wait()


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and what it started itself: its process group is its own."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)


def _read_lines(stream: Any, deadline: float) -> bytes:
    """Return one line, or several that came at once.

    Raises `EOFError` at the end, `TimeoutError` at the deadline, `UnreadableDocument` for more than is allowed.
    """
    line = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            piece = os.read(stream.fileno(), READ_SIZE)
            if not piece:
                raise EOFError
            line += piece
            if len(line) > MAX_REPLY:
                raise UnreadableDocument("This file holds more text than can be read at once. Split it.")
    return bytes(line)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer every line of `requests` with one of `replies`: the child's whole life."""
    for line in requests:
        request = json.loads(line)
        seconds = int(request["seconds"]) + KILL_GRACE
        # The keeper's clock is the one that counts; this one ends a child whose keeper is gone.
        signal.alarm(seconds)
        answer = _answer(request, functools.partial(_show_life, replies, seconds))
        signal.alarm(0)
        _say(replies, json.dumps(answer, ensure_ascii=False).encode() + b"\n")


def _show_life(replies: BinaryIO, seconds: int) -> None:
    signal.alarm(seconds)
    _say(replies, ALIVE)


def _say(replies: BinaryIO, line: bytes) -> None:
    replies.write(line)
    replies.flush()


def _answer(request: dict[str, Any], alive: Callable[[], None]) -> dict[str, Any]:
    try:
        loaded = load(Path(request["path"]), request["kind"], alive, request.get("languages", ()))
        return {"document": dataclasses.asdict(loaded)}
    except UnreadableDocument as error:
        return {"error": str(error)}


def _limit_resources(memory: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    # Elsewhere the limit is refused or ignored.
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main() -> None:
    """Serve until the keeper closes the pipe."""
    # A library that prints writes to stderr, so that nothing but answers reaches the keeper.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_resources(int(sys.argv[1]))
    serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
