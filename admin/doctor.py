"""Looks at every part and says, in words, how to cure what is wrong. What it finds is not a failure of its own."""

import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata

import sqlalchemy as sa
from rich.console import Console

from admin.curation.formats import scans
from admin.service.adapter_files import AdapterFiles
from admin.serving import Serving
from chat.engine import bundled
from chat.errors import AppError
from chat.models.chat import find_model
from chat.models.embedder import bundled_folder
from chat.settings import Settings, load_settings
from chat.store import adapters as registry
from chat.store import documents, jobs, promotion_history, signing
from chat.store.database import Database, open_database
from chat.store.tables import Status

LEAST_FREE = 2 * 1024**3
"""Bytes of disk below which it becomes tight: the prepared model and a small database take about one GB."""


@dataclass(frozen=True)
class Finding:
    """One part: whether it is well, what was found, and what to do if it is not."""

    part: str
    well: bool
    found: str
    cure: str = ""


def run(*, as_json: bool) -> None:
    """Print the findings."""
    findings = list(examine(load_settings()))
    if as_json:
        print(json.dumps({"findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for finding in findings:
        sign = "[green]✓ well [/green]" if finding.well else "[red]✗ wrong[/red]"
        console.print(f"{sign}  {finding.part}: ", end="")
        console.print(finding.found, markup=False)
        if not finding.well:
            console.print(f"         → {finding.cure}", markup=False)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, those that others depend on first."""
    yield Finding("Python", True, f"{sys.version.split()[0]}, torch {metadata.version('torch')}")
    yield disk(settings)
    yield attempt("Embedder", lambda: str(bundled_folder()) if settings.embedder == "bundled" else settings.embedder)
    yield attempt("Language model", lambda: language_model(settings))
    yield scanner(settings)
    try:
        database = open_database(settings)
    except AppError as error:
        yield Finding("Database", False, "it cannot be used", str(error))
        return
    try:
        yield Finding("Database", True, server(database))
        yield workers(database)
        yield failed_documents(database)
        yield adapters(database, settings)
        if settings.remote_model:
            yield model_server(Serving(database.sessions, settings))
    finally:
        database.close()
    yield from ports(settings)


def attempt(part: str, look: Callable[[], str]) -> Finding:
    """What `look` finds, or the cure that its failure names."""
    try:
        return Finding(part, True, look())
    except AppError as error:
        return Finding(part, False, "it cannot be used", str(error))


def disk(settings: Settings) -> Finding:
    """Free space where the data folder is, or will be."""
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    found = f"{settings.home}, {free / 1024**3:.1f} GB free"
    return Finding("Data folder", free >= LEAST_FREE, found, "Free some space, or set APPRENTICE_HOME to another disk.")


def scanner(settings: Settings) -> Finding:
    """Whether scans and pictures can be read, in the languages that were asked for."""
    wanted = settings.ocr_languages
    if not scans.has_tesseract():
        found = "tesseract is not installed; pictures and scanned pages cannot be read"
        return Finding("Scans", not wanted, found, "Install it: apt-get install tesseract-ocr")
    known = scans.installed_languages()
    missing = [name for name in wanted if name not in known]
    found = f"tesseract reads {', '.join(known) or 'no language'}" + (f", not {', '.join(missing)}" if missing else "")
    packages = " ".join(map(scans.package_of, missing))
    return Finding("Scans", not missing, found, f"apt-get install {packages}, or correct APPRENTICE_OCR_LANGUAGES")


def language_model(settings: Settings) -> str:
    if settings.remote_model:
        key = settings.model_key.get_secret_value() if settings.model_key else "none"
        name, _ = find_model(settings.model.rstrip("/"), key, settings.model_name)
        return f"{name} at {settings.model}"
    if settings.model == "bundled":
        bundled.find_gguf()
        prepared = (settings.home / "models" / bundled.NAME).exists()
        return f"{bundled.NAME}, {'prepared' if prepared else 'prepared at the first start'}"
    return settings.model


def model_server(serving: Serving) -> Finding:
    """Whether a remote model server has the adapters that are registered, and no others of ours."""
    part = "Adapters at the model server"
    try:
        found = serving.difference()
    except AppError as error:
        return Finding(part, False, "it cannot be asked", str(error))
    differing = len(found.missing) + len(found.elsewhere) + len(found.surplus)
    words = f"{differing} differ from the registry" if differing else "as they are registered"
    return Finding(part, not differing, words, "Bring it up to date: python -m admin adapters sync")


def server(database: Database) -> str:
    with database.engine.connect() as connection:
        versions = connection.execute(
            sa.text("SELECT current_setting('server_version'), extversion FROM pg_extension WHERE extname = 'vector'")
        ).one()
    where = f"embedded in {database.embedded.data}" if database.embedded else "APPRENTICE_DATABASE_URL"
    return f"Postgres {versions[0]}, pgvector {versions[1]}, {where}"


def workers(database: Database) -> Finding:
    with database.sessions() as session:
        state = jobs.state(session)
    found = f"{state.workers} alive, {state.waiting} jobs waiting, {state.running} running"
    cure = "Start one: python -m admin worker (`make up` does). Without one, `ingest` does its own jobs."
    return Finding("Workers", state.workers > 0 or state.waiting == 0, found, cure)


def failed_documents(database: Database) -> Finding:
    with database.sessions() as session:
        every = documents.summaries(session)
    failed = [document for document in every if document.status == Status.FAILED]
    found = f"{len(every)}, {len(failed)} of them failed"
    cure = "\n           ".join(f"{document.document}: {document.error}" for document in failed[:5])
    return Finding("Documents", not failed, found, cure)


def adapters(database: Database, settings: Settings) -> Finding:
    """What answers, whether its bytes are those that were registered, and the decisions those that were signed."""
    with database.sessions() as session:
        lines = registry.listed(session)
        changed = promotion_history.verify(session, signing.key(settings.home))
    answering = [line for line in lines if line.uses]
    bytes_of = [attempt(line.name, partial(intact, settings, line.digest)) for line in answering]
    cures = [f"Decision {number} does not fit its signature: see `adapters history`." for number in changed[:5]]
    cures += [f"{each.part}: {each.cure}" for each in bytes_of if not each.well]
    found = f"{len(lines)}; answering: {', '.join(line.name for line in answering) or 'none, the model alone'}"
    return Finding("Adapters", not cures, found, "\n           ".join(cures))


def intact(settings: Settings, digest: str) -> str:
    """The digest, where its files are what it says. Raises `AdapterError`."""
    AdapterFiles(settings.home).check(digest)
    return digest


def ports(settings: Settings) -> Iterator[Finding]:
    """Whether the apps run, or could."""
    for name, port in (("Chat", settings.chat_port), ("Admin", settings.admin_port)):
        with socket.socket() as probe:
            used = probe.connect_ex((settings.host, port)) == 0
        yield Finding(f"{name} port", True, f"{port}, {'something listens there' if used else 'free'}")
