"""Everything on this machine at once, for one person at one keyboard: prepared, started, watched, ended together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from admin import demo, shipped
from admin.curation.documents.ingesting import submit
from admin.service.adapters import Adapters
from chat import rights
from chat.door import opening
from chat.engine import bundled, process
from chat.errors import AppError, SettingsError
from chat.settings import Settings, load_settings
from chat.store import versions
from chat.store.database import Database, open_database

PROGRAMS = {"chat": ("-m", "chat"), "admin": ("-m", "admin"), "worker": ("-m", "admin", "worker")}
START_S = 120
END_S = 15


@dataclass(frozen=True)
class Child:
    """A program that runs for as long as we do."""

    name: str
    process: "subprocess.Popen[bytes]"


def run() -> None:
    """Prepare what is missing, start every program, and wait for Ctrl-C or for one of them to end."""
    settings = load_settings()
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, _interrupt)
    if already_up(settings):
        console.print(f"Apprentice is already running.\n{addresses(settings)}")
        return
    require_free_ports(settings)
    try:
        _run(settings, console)
    except KeyboardInterrupt:
        console.print("\nStopped.")


def _run(settings: Settings, console: Console) -> None:
    console.print(f"Data folder: {settings.home}")
    database = open_database(settings)
    try:
        console.print("Database: ready")
        opening.prepare(database.sessions, settings)
        prepare_model(settings, console)
        waiting = load_demo(settings, database, console)
        with started(settings) as children:
            wait_until_up(settings, children)
            console.print(addresses(settings))
            take_in_adapter(settings, database, console)
            show_progress(database, waiting, console)
            console.print("Ctrl-C stops everything.")
            watch(children)
    finally:
        process.stop_unused(settings.home)
        database.close()


def prepare_model(settings: Settings, console: Console) -> None:
    """Turn the bundled model into the form that is loaded; the first start takes the time, later ones none."""
    if settings.model != "bundled":
        return
    with bar(console) as progress:
        task = progress.add_task("Model: preparing", total=1.0)
        bundled.prepare(
            settings.home, lambda done, words: progress.update(task, completed=done, description=f"Model: {words}")
        )
    console.print("Model: ready")


def load_demo(settings: Settings, database: Database, console: Console) -> list[int]:
    """Hand in the demo documents, once in the life of a database. Returns the versions to wait for."""
    with database.sessions.begin() as session:
        if not demo.take(session):
            return []
        submitted = [
            submit(session, settings.home, path, demo.COLLECTION, name=path.name, source=f"demo/documents/{path.name}")
            for path in demo.files()
        ]
    console.print(
        f"Demo: {len(submitted)} documents of an invented ferry company, in the collection {demo.COLLECTION!r}"
    )
    return [submission.version_id for submission in submitted]


def take_in_adapter(settings: Settings, database: Database, console: Console) -> None:
    """Register the adapter that came with the program, once; where that fails, the model answers without it."""
    with database.sessions() as session:
        adapters = Adapters(database.sessions, settings, person=rights.owner(session))
    try:
        taken = shipped.take_in(adapters)
    except AppError as error:
        console.print(f"Adapter: {shipped.NAME} could not be taken in. {error} The next start tries again.")
        return
    if taken is not None:
        answers_now = "answers from now on" if taken.promoted else "is there; the Adapters page promotes it"
        console.print(f"Adapter: {taken.name} {answers_now}")


@contextmanager
def started(settings: Settings) -> Iterator[Sequence[Child]]:
    """The programs, each in a session of its own, so that Ctrl-C comes to us alone and we end them in order."""
    logs = settings.home / "logs"
    children: list[Child] = []
    try:
        for name, arguments in PROGRAMS.items():
            with (logs / f"{name}.log").open("ab") as log:
                command = [sys.executable, *arguments]
                running = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            children.append(Child(name, running))
        yield children
    finally:
        end(children)


def end(children: Sequence[Child]) -> None:
    """Ask all to end, and see to it that they do."""
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + END_S
    for child in children:
        try:
            child.process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def wait_until_up(settings: Settings, children: Sequence[Child]) -> None:
    """Return when both apps answer. Raises `SettingsError` with the log's end when one does not come up."""
    deadline = time.monotonic() + START_S
    while not (answers(chat_url(settings) + "/healthz") and answers(admin_url(settings) + "/healthz")):
        require_alive(settings.home, children)
        if time.monotonic() > deadline:
            raise SettingsError(f"The apps did not start within {START_S} s. {settings.home / 'logs'} says why.")
        time.sleep(0.2)


def watch(children: Sequence[Child]) -> None:
    """Return never, unless a program ends by itself: then raise `SettingsError` saying which, and why."""
    home = load_settings().home
    while True:
        require_alive(home, children)
        time.sleep(0.5)


def require_alive(home: Path, children: Sequence[Child]) -> None:
    for child in children:
        if child.process.poll() is not None:
            log = home / "logs" / f"{child.name}.log"
            last = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise SettingsError(f"{child.name} ended (status {child.process.returncode}). The end of {log}:\n{last}")


def show_progress(database: Database, waiting: Sequence[int], console: Console) -> None:
    """A bar until the documents are ready; questions may be asked meanwhile."""
    if not waiting:
        return
    with bar(console) as progress:
        task = progress.add_task("Documents: reading and embedding", total=len(waiting))
        while True:
            with database.sessions() as session:
                states = versions.states(session, waiting)
            progress.update(task, completed=sum(state.progress for state in states))
            if all(state.done for state in states):
                break
            time.sleep(0.3)
    console.print("Documents: ready")


def bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=console, transient=True
    )


def addresses(settings: Settings) -> str:
    return f"\n  Chat   {chat_url(settings)}\n  Admin  {admin_url(settings)}\n"


def chat_url(settings: Settings) -> str:
    return f"http://{reachable(settings.host)}:{settings.chat_port}"


def admin_url(settings: Settings) -> str:
    return f"http://{reachable(settings.host)}:{settings.admin_port}"


def reachable(host: str) -> str:
    """The address under which this machine reaches an app that listens on `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound


def already_up(settings: Settings) -> bool:
    return answers(chat_url(settings) + "/healthz") and answers(admin_url(settings) + "/healthz")


def answers(url: str) -> bool:
    """Whether one of our apps answers there."""
    try:
        reply: dict[str, Any] = httpx.get(url, timeout=2, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return reply.get("status") == "ok"


def require_free_ports(settings: Settings) -> None:
    """Raise `SettingsError` naming the port that another program has, and the variable that chooses another."""
    for variable, port in (("CHAT", settings.chat_port), ("ADMIN", settings.admin_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                raise SettingsError(
                    f"Port {port} on {settings.host} cannot be had: {os.strerror(error.errno or 0)}. "
                    f"End the program that has it, or choose another: APPRENTICE_{variable}_PORT={port + 10} make up"
                ) from None


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
