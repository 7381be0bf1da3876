"""Changing the embedder: new vectors beside the old ones, compared on the labelled questions, then exchanged at once.

Until the exchange nothing that is searched changes; after it, the old vectors are kept, so that it can be undone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from admin.curation.bench import arms
from admin.curation.documents.ingesting import Interrupted
from admin.measures import Difference, Quality, difference, mean
from chat.errors import DatabaseError, NotFoundError
from chat.models.embedder import Embedder, LibraryEmbedder, setting_of
from chat.rag.retriever import RetrievalSettings, in_force
from chat.store import chunks, embeddings, installation, jobs
from chat.store.embeddings import ABSENT, Standing
from chat.store.session import Sessions

TASK = "vectors"
"""Name of the job that builds vectors."""
BATCH = 64
ROUNDS = 20
"""How often what was written meanwhile is made up for before an exchange is put off."""
MEASURES = ("ndcg", "recall")


@dataclass(frozen=True)
class Compared:
    """A collection's labelled questions, searched as now and with the vectors beside: means and differences."""

    collection_id: int
    questions: int
    before: Quality
    after: Quality
    differences: dict[str, Difference]


@dataclass(frozen=True)
class Changeover:
    """Changes the embedder of a database."""

    sessions: Sessions
    embedder: LibraryEmbedder

    def standing(self) -> Standing:
        with self.sessions() as session:
            return embeddings.standing(session)

    def begin(self, name: str) -> None:
        """Choose the embedder whose vectors are to be built: a Hugging Face id, a folder or `bundled`.

        Raises `ModelError` where it cannot be loaded, `EmbedderChangedError` where it is in use already.
        """
        new = Embedder(setting_of(name))
        with self.sessions.begin() as session:
            installation.adopt_embedder(session, self.embedder.name, self.embedder.dimension)
            embeddings.begin(session, new.name, new.dimension)

    def build(self, go_on: Callable[[], bool] = lambda: True) -> Iterator[Standing]:
        """Make the vectors that are missing, and then their index, saying again and again how far it is.

        Where `go_on` says no it ends; what is done stays done. Raises `NotFoundError` where none was chosen.
        """
        new = self.embedder.beside()
        if new is None:
            raise NotFoundError(ABSENT)
        while go_on():
            yield self.standing()
            with self.sessions() as session:
                batch = embeddings.missing(session, BATCH)
            if not batch:
                with self.sessions() as session:
                    embeddings.index(session)
                return
            made = new.encode([each.embedded for each in batch])
            with self.sessions.begin() as session:
                embeddings.fill(session, new.name, [each.chunk_id for each in batch], made)

    def queue(self, name: str) -> None:
        """`begin`, and have a worker `build`."""
        self.begin(name)
        with self.sessions.begin() as session:
            jobs.enqueue(session, TASK, lock=TASK)

    def work(self, go_on: Callable[[], bool]) -> None:
        """`build`, as a job; where it is asked to stop, the next try goes on. Raises `Interrupted`."""
        for _ in self.build(go_on):
            pass
        if not go_on():
            raise Interrupted

    def compare(self, collection_ids: Sequence[int]) -> list[Compared]:
        """How each collection's labelled questions would fare; one without any is left out."""
        compared = [self._compare(collection_id) for collection_id in collection_ids]
        return [each for each in compared if each is not None]

    def _compare(self, collection_id: int) -> Compared | None:
        new = self.embedder.beside()
        if new is None:
            raise NotFoundError(ABSENT)
        asked = arms.ask(self.sessions, self.embedder, collection_id)
        others = list(new.encode([each.words for each in asked])) if asked else []
        with self.sessions() as session:
            settings = in_force(session, [collection_id], RetrievalSettings())
            before = arms.gather(session, collection_id, asked, settings.depth)
            after = [
                arms.Gathered(
                    each.question,
                    each.words,
                    chunks.nearest(session, [collection_id], vector, settings.depth, beside=True),
                    each.keyword,
                    each.grades,
                )
                for each, vector in zip(before, others, strict=True)
            ]
        pairs = [(a.quality(settings), b.quality(settings)) for a, b in zip(before, after, strict=True) if a.grades]
        if not pairs:
            return None
        old, now = zip(*pairs, strict=True)
        gains = {
            m: difference([getattr(each, m) for each in old], [getattr(each, m) for each in now]) for m in MEASURES
        }
        return Compared(collection_id, len(pairs), mean(old), mean(now), gains)

    def exchange(self) -> Standing:
        """Search by the vectors beside from the next question on; the same again undoes it.

        What was written since they were built is made up for first. Raises `NotFoundError` where there are none,
        `DatabaseError` where documents are added so fast that it is never done.
        """
        for _ in range(ROUNDS):
            for _progress in self.build():
                pass
            with self.sessions.begin() as session:
                if embeddings.exchange(session):
                    return embeddings.standing(session)
        raise DatabaseError("Documents are being added all the time. Exchange the vectors when that is done.")

    def forget(self) -> str:
        """Give up the vectors beside, which frees their room. Returns whose they were."""
        with self.sessions.begin() as session:
            return embeddings.forget(session)
