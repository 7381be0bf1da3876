"""The composition root of admin: the only place that builds its database, models and services."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from admin.curation.documents.ingesting import Ingestion
from admin.curation.embedders import Changeover
from admin.curation.formats.parser import Parser
from admin.curation.sources.addresses import Allowed
from admin.curation.sources.fetch import Fetcher
from admin.evaluation.run import Evaluating
from admin.service.adapters import Adapters
from admin.service.bench import Bench
from admin.service.checks import Checks
from admin.service.editing import Editing
from admin.service.evaluations import Evaluations
from admin.service.examples import Examples
from admin.service.jobs import Jobs
from admin.service.library import Library
from admin.service.members import Membership
from admin.service.people import People
from admin.service.question_sets import QuestionSets
from admin.service.snapshots import Snapshots
from admin.service.sources import Sources
from admin.service.training import Training
from admin.service.triage import Triage
from admin.training.drafting import Drafting
from admin.training.inputs import Inputs
from admin.training.runs import Trainer
from chat import rights
from chat.door.account import account
from chat.door.entrance import Entrance
from chat.door.files import hand_out_none
from chat.door.guard import Guard
from chat.door.headers import secure
from chat.door.keys import Keys, is_loopback
from chat.door.pages import Pages
from chat.door.sign_on import Provider
from chat.models.chat import BATCH, ModelConnection, answering
from chat.models.embedder import LibraryEmbedder
from chat.models.verifier import Verifier
from chat.rag.chain import Chain
from chat.rag.retriever import HybridRetriever
from chat.rag.writer import Writer
from chat.rights import NOBODY, Person
from chat.settings import Settings
from chat.store.database import Database, open_database
from chat.store.installation import require_setting

DRAFT_SILENCE_S = 600.0
"""How long the model may say nothing to a drafting, which everybody who waits goes before."""
if TYPE_CHECKING:
    from admin.ui.shell import Services

MAX_UPLOAD = "1gb"
"""The most that one file may take of the disk. Far above what is read of one, whose limit is told in words later: what
the browser refuses takes the files that were dropped beside it along."""


@dataclass(frozen=True)
class Parts:
    """What a process of admin is made of. `close` gives everything back."""

    settings: Settings
    database: Database
    ingestion: Ingestion
    changeover: Changeover

    @property
    def owner(self) -> Person:
        """Whom the commands act for: who works on this machine."""
        with self.database.sessions() as session:
            return rights.owner(session)

    @property
    def sources(self) -> Sources:
        """The sources and web pages, with the hosts of this network that the owner allows."""
        fetcher = Fetcher(Allowed.of(self.settings.fetch_private))
        return Sources(self.database.sessions, self.settings.home, fetcher, person=self.owner)

    @property
    def bench(self) -> Bench:
        """The retrieval bench. Its models are loaded when they are first used."""
        verifier = Verifier(self.settings.dtype)
        return Bench(self.database.sessions, self.ingestion.embedder, verifier, person=self.owner)

    @property
    def adapters(self) -> Adapters:
        """The registry of adapters; the engine is started when it has to hear one."""
        return Adapters(self.database.sessions, self.settings, person=self.owner)

    @property
    def evaluating(self) -> Evaluating:
        """Runs evaluations: with the chat's own chain, over a connection to the model that lasts as long as one."""
        return Evaluating(self.database.sessions, self._asker)

    @property
    def evaluations(self) -> Evaluations:
        """The evaluations, for who works on this machine."""
        return Evaluations(self.database.sessions, answering(self.settings), person=self.owner)

    @property
    def examples(self) -> Examples:
        """The training examples, for who works on this machine."""
        return Examples(self.database.sessions, person=self.owner)

    @property
    def checks(self) -> Checks:
        """The checks of training examples, for who works on this machine."""
        return Checks(self.database.sessions, self.settings, person=self.owner)

    @property
    def snapshots(self) -> Snapshots:
        """The frozen training examples, for who works on this machine."""
        return Snapshots(self.database.sessions, self.settings, person=self.owner)

    @property
    def question_sets(self) -> QuestionSets:
        """The questions held out from training, for who works on this machine."""
        return QuestionSets(self.database.sessions, person=self.owner)

    @property
    def drafting(self) -> Drafting:
        """Drafts training examples, over a connection to the model that lasts as long as one drafting."""
        models = partial(ModelConnection, self.settings, BATCH, DRAFT_SILENCE_S)
        return Drafting(self.database.sessions, models, Verifier(self.settings.dtype))

    @property
    def inputs(self) -> Inputs:
        """Makes the rows of training runs, with the passages that the chat finds and the answers that it gives."""
        sessions, embedder = self.database.sessions, self.ingestion.embedder
        retriever = HybridRetriever(sessions=sessions, embedder=embedder, person=self.owner)
        return Inputs(sessions, self.settings, retriever, partial(ModelConnection, self.settings, BATCH))

    @property
    def training(self) -> Training:
        """Training runs, for who works on this machine."""
        return Training(self.database.sessions, self.settings, self.inputs, person=self.owner)

    @property
    def trainer(self) -> Trainer:
        """Sees training runs through, and registers what they make."""
        return Trainer(self.database.sessions, self.settings, self.inputs, self._register)

    def _register(self, person: Person, folder: Path, name: str, run_id: int, card: Mapping[str, Any]) -> str:
        return self.adapters.for_person(person).register(folder, name, run_id=run_id, card=card).name

    @contextmanager
    def _asker(self) -> Iterator[Chain]:
        """The chat's chain, as work that people's questions go before."""
        sessions, embedder = self.database.sessions, self.ingestion.embedder
        models = ModelConnection(self.settings, BATCH)
        try:
            yield Chain(
                retriever=HybridRetriever(sessions=sessions, embedder=embedder, person=self.owner),
                verifier=Verifier(self.settings.dtype),
                writer=Writer(models, embedder, wait=True),
            )
        finally:
            models.close()

    def close(self) -> None:
        self.ingestion.parser.close()
        self.database.close()


def assemble(settings: Settings) -> Parts:
    """Build what the admin app, a worker and the commands work with."""
    database = open_database(settings)
    embedder = LibraryEmbedder(database.sessions, settings.embedder, settings.dtype)
    with database.sessions() as session:
        require_setting(session, settings.embedder)
    ingestion = Ingestion(database.sessions, embedder, Parser(ocr_languages=settings.ocr_languages), settings.home)
    return Parts(settings, database, ingestion, Changeover(database.sessions, embedder))


def build(parts: Parts) -> FastAPI:
    """The web application behind its door, for those who look after something: the page and the health check."""
    import gradio as gr

    from admin.ui import shell
    from chat.ui import entrance, kit

    door = Entrance(parts.database.sessions, is_loopback(parts.settings.host))
    library = Library(parts.database.sessions, parts.settings.home, person=parts.owner)
    app = FastAPI(title="Apprentice admin", docs_url=None, redoc_url=None)
    app.add_middleware(Pages)
    app.add_middleware(Guard, entrance=door, allowed=door.looks_after)
    app.middleware("http")(secure)
    hand_out_none(app)
    for routes in entrance.routers(door, Provider.of(parts.settings)):
        app.include_router(routes)

    @app.get("/healthz")
    def health() -> dict[str, Any]:
        queue = library.queue()
        return {"status": "ok", "workers": queue.workers, "waiting": queue.waiting, "running": queue.running}

    gr.mount_gradio_app(
        app,
        shell.build(_services(parts, library), parts.settings.chat_port),
        path="/",
        auth_dependency=account,
        theme=kit.theme(),
        head=shell.head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=MAX_UPLOAD,
    )
    return app


def _services(parts: Parts, library: Library) -> "Services":
    """What the page works with. Who asks, each request says; one that did not pass the door finds nobody's services."""
    from admin.ui.shell import Services

    sessions, owner = parts.database.sessions, parts.owner
    services = Services(
        library=library,
        editing=Editing(sessions, parts.settings.home, person=owner),
        bench=parts.bench,
        membership=Membership(sessions, person=owner),
        sources=parts.sources,
        jobs=Jobs(sessions, person=owner),
        adapters=parts.adapters,
        examples=parts.examples,
        checks=parts.checks,
        snapshots=parts.snapshots,
        training=parts.training,
        question_sets=parts.question_sets,
        evaluations=parts.evaluations,
        triage=Triage(sessions, parts.ingestion.embedder, person=owner),
        people=People(sessions, person=owner),
        keys=Keys(sessions, person=owner),
    )
    nobodys = {each.name: getattr(services, each.name).for_person(NOBODY) for each in fields(services)}
    return replace(services, **nobodys)
