"""The engine's process, and how others find it. One engine per HOME, shared by every process that needs one.

Who runs is decided by locks, never by files left behind: the engine holds `engine.lock` as long as it lives, a
user holds `engine.users` (shared) as long as it needs the engine. `engine.json` only says where to look.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING

import httpx

from chat.engine.locks import lock, try_lock
from chat.errors import ModelError
from chat.settings import Settings

if TYPE_CHECKING:
    from chat.engine.server import EngineServer

LOCK = "engine.lock"
USERS = "engine.users"
START = "engine.start"
ADDRESS = "engine.json"
LOG = "logs/engine.log"
ADAPTERS = "adapters"
"""Folder of the adapters that may be served; one that lies there under its digest needs no loading first."""

COMMAND = (sys.executable, "-m", "chat", "engine")


@dataclass(frozen=True)
class Address:
    """What `engine.json` holds."""

    url: str
    key: str = field(repr=False)
    pid: int
    model: str
    """Its name in requests."""
    setting: str
    """`APPRENTICE_MODEL` as the engine was started with."""

    def write(self, home: Path) -> None:
        """Appear at once, whole, and readable by this user alone: it holds the key."""
        unfinished = home / f"{ADDRESS}.unfinished"
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file)
        unfinished.replace(home / ADDRESS)

    @staticmethod
    def read(home: Path) -> "Address | None":
        try:
            return Address(**json.loads((home / ADDRESS).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None


@dataclass(frozen=True)
class Engine:
    """A running engine, kept running until this is closed or the process ends."""

    url: str
    """Base URL of the OpenAI protocol, with `/v1`."""
    key: str = field(repr=False)
    model: str
    _users: IO[bytes] = field(repr=False)

    def close(self) -> None:
        """Let the engine go; the last user's leaving ends it."""
        self._users.close()


def serve(
    settings: Settings, *, host: str = "127.0.0.1", port: int = 0, keep: bool = False, grace_s: float = 10.0
) -> None:
    """Be the engine until a signal comes or, unless `keep`, nobody has used it for `grace_s`. Port 0: any free one.

    Raises `ModelError` where an engine of this HOME runs already, or the model cannot be loaded.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with _claim(settings.home), socket.create_server((host, port)) as listener:
        address_file = settings.home / ADDRESS
        address_file.unlink(missing_ok=True)
        try:
            _load_and_run(settings, listener, None if keep else grace_s)
        finally:
            address_file.unlink(missing_ok=True)


def connect(settings: Settings, *, timeout_s: float = 300.0, command: Sequence[str] = COMMAND) -> Engine:
    """Find the engine of this HOME, or start it with `command` and wait until it answers.

    Raises `ModelError` where it cannot start, takes longer than `timeout_s`, or serves another model than
    `settings` names.
    """
    users = lock(settings.home / USERS, shared=True)
    try:
        address = _find(settings) or _start(settings, timeout_s, command)
    except BaseException:
        users.close()
        raise
    return Engine(f"{address.url}/v1", address.key, address.model, users)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _claim(home: Path) -> IO[bytes]:
    """Take the engine's lock. A predecessor that is just leaving gets two seconds to let go."""
    for _ in range(20):
        if claimed := try_lock(home / LOCK):
            return claimed
        time.sleep(0.1)
    address = Address.read(home)
    where = f"is already running at {address.url}" if address else "is already starting"
    raise ModelError(f"An engine {where} for {home}. Use that one, or stop it first.")


def _load_and_run(settings: Settings, listener: socket.socket, grace_s: float | None) -> None:
    from chat.engine.layout import lay_out
    from chat.engine.loading import load
    from chat.engine.scheduler import Scheduler
    from chat.engine.server import EngineServer

    loaded = load(settings)
    lay_out(loaded)
    key = settings.engine_key.get_secret_value() if settings.engine_key else secrets.token_urlsafe(32)
    host, port = listener.getsockname()[:2]
    address = Address(f"http://{host}:{port}", key, os.getpid(), loaded.id, settings.model)
    server = EngineServer(Scheduler(loaded, settings.home / ADAPTERS), loaded, key)
    asyncio.run(_run(server, listener, address, settings.home, grace_s))


async def _run(
    server: "EngineServer", listener: socket.socket, address: Address, home: Path, grace_s: float | None
) -> None:
    async def announce_and_watch() -> None:
        while not server.started:
            await asyncio.sleep(0.02)
        address.write(home)
        if grace_s is not None:
            await _until_unused(home, grace_s)
            server.should_exit = True

    beside = asyncio.create_task(announce_and_watch())
    try:
        await server.serve(sockets=[listener])
    finally:
        beside.cancel()


async def _until_unused(home: Path, grace_s: float) -> None:
    """Return when nobody has held the users' lock for `grace_s`, with the address gone from HOME.

    It is removed under that lock, so a user who comes now finds either a living engine or none.
    """
    last_used = time.monotonic()
    while True:
        await asyncio.sleep(grace_s / 5)
        nobody = try_lock(home / USERS)
        if nobody is None:
            last_used = time.monotonic()
            continue
        with nobody:
            if time.monotonic() - last_used >= grace_s:
                (home / ADDRESS).unlink(missing_ok=True)
                return


def _find(settings: Settings) -> Address | None:
    """Return the address of the engine if it answers; whoever has its port after its death is not it."""
    address = Address.read(settings.home)
    if address is None:
        return None
    try:
        health = httpx.get(f"{address.url}/healthz", timeout=5.0, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return None
    # It says more about itself than who it is.
    if not {"status": "ok", "model": address.model, "pid": address.pid}.items() <= health.items():
        return None
    if address.setting != settings.model:
        raise ModelError(
            f"The engine of {settings.home} serves {address.setting}; APPRENTICE_MODEL is {settings.model}. "
            "End the other Apprentice processes, wait ten seconds, and try again."
        )
    return address


def _start(settings: Settings, timeout_s: float, command: Sequence[str]) -> Address:
    """Start an engine unless one lives already, loading still or leaving; wait for the one that does."""
    deadline = time.monotonic() + timeout_s
    child = None
    with lock(settings.home / START):
        while time.monotonic() < deadline:
            if address := _find(settings):
                return address
            if child is None and _nobody_runs(settings.home):
                child = _spawn(settings, command)
            if child is not None and child.poll() is not None:
                raise ModelError(f"The model engine did not start:\n{_end_of_log(settings.home)}")
            time.sleep(0.1)
    raise ModelError(
        f"The model engine is not ready after {timeout_s:.0f} s. "
        f"Try again in a while; {settings.home / LOG} says what it is doing."
    )


def _nobody_runs(home: Path) -> bool:
    claimed = try_lock(home / LOCK)
    if claimed:
        claimed.close()
    return claimed is not None


def _spawn(settings: Settings, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start the engine in a session of its own: Ctrl-C in one user's terminal is no matter for the others."""
    log_file = settings.home / LOG
    log_file.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "APPRENTICE_HOME": str(settings.home),
        "APPRENTICE_MODEL": settings.model,
        "APPRENTICE_DTYPE": settings.dtype,
    }
    with log_file.open("wb") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    threading.Thread(target=child.wait, name="engine reaper", daemon=True).start()
    return child


def _end_of_log(home: Path) -> str:
    lines = (home / LOG).read_text(errors="replace").rstrip().splitlines()
    return "\n".join(lines[-15:])


def stop_unused(home: Path) -> None:
    """End the engine at once, instead of after its grace, if nobody uses it."""
    nobody = try_lock(home / USERS)
    if nobody is None:
        return
    with nobody:
        address = Address.read(home)
        if address is not None and not _nobody_runs(home):
            os.kill(address.pid, signal.SIGTERM)
