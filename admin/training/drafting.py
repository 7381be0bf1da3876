"""Examples drafted by the model from a collection's documents. Each is checked; what fails is dropped and counted."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from admin.curation.bench.labels import places
from admin.curation.documents.ingesting import Interrupted
from admin.training.draft_prompt import LINES, STOP, messages
from admin.training.rated import SAYS_NOT
from chat.language import content_words, coverage, numbers
from chat.models.chat import ModelConnection
from chat.models.speech import Speech
from chat.models.verifier import Verifier
from chat.rag.prompt import MOST_PASSAGES
from chat.store import audit, collections, drafted, examples
from chat.store.drafted import Chunk
from chat.store.examples import Place, Wording
from chat.store.session import Sessions
from chat.store.tables import ExampleOrigin, User

TASK = "draft"
ACTION = "draft examples"
"""Under which the audit log keeps what came of it."""
TRIES = 3
"""Chunks that are drafted from for each example that is wanted, at most."""
UNANSWERABLE = 4
"""Of so many drafted examples, one is made into one that its passages do not answer, too."""
BORNE = 0.6
"""Share of an answer's words that stand in the passage, from which on it counts as borne."""
BEARS_NOT = 0.3
"""Probability that a passage answers a question, below which it is taken not to."""
LONGEST_ANSWER = 400
QUOTE_MARKS = "\"'“”‘’«»… ."
SAMPLING = {"temperature": 0, "max_tokens": 160, "stop": [STOP]}


class Dropped(StrEnum):
    """Why a draft did not survive."""

    FORM = "not a question, an answer and a quotation"
    QUOTE = "the quotation does not stand in the passage"
    ANSWER = "the passage does not bear the answer"
    QUESTION = "the passage does not seem to answer the question"
    DUPLICATE = "the question is there already"


@dataclass(frozen=True)
class Draft:
    """What the model drafted from a chunk. `start` and `end` are the quotation's place in the document's text."""

    chunk: Chunk
    question: str
    answer: str
    quote: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class DraftingReport:
    """How a drafting went or goes: how many were wanted, tried and kept, and why the others were dropped.

    `kept` counts those that their passages answer, `unanswerable` those that they do not.
    """

    collection: str
    wanted: int
    kept: int
    tried: int = 0
    unanswerable: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    under_way: bool = False


def under_way(session: Session, collections: Sequence[int]) -> bool:
    """Whether a drafting for one of these collections waits or runs."""
    return drafted.under_way(session, collections, TASK) is not None


def report(session: Session, collections: Sequence[int]) -> DraftingReport | None:
    """How the drafting that is under way goes or, where none is, how the last one went."""
    now = drafted.under_way(session, collections, TASK)
    if now is not None:
        return DraftingReport(now.collection, now.wanted, now.made, under_way=True)
    last = drafted.last_report(session, collections, ACTION)
    return None if last is None else DraftingReport(last[0], **last[1])


@dataclass(frozen=True)
class Drafting:
    """Drafts examples. `connect` gives the way to a model that is asked after everybody who waits."""

    sessions: Sessions
    connect: Callable[[], ModelConnection]
    verifier: Verifier

    def work(self, go_on: Callable[[], bool], collection_id: int, wanted: int, batch: str, user_id: int) -> None:
        """Draft up to `wanted` examples, each kept as it comes. As a job; the next try goes on where one was stopped.

        Raises `Interrupted` when `go_on` says no, `ModelError` where there is no model.
        """
        models = self.connect()
        try:
            Batch(self, models, collection_id, wanted, batch, user_id).draft(go_on)
        finally:
            models.close()


@dataclass
class Batch:
    """One drafting: what is wanted, and what came of it so far."""

    drafting: Drafting
    models: ModelConnection
    collection_id: int
    wanted: int
    name: str
    user_id: int
    tried: int = 0
    unanswerable: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def sessions(self) -> Sessions:
        return self.drafting.sessions

    def draft(self, go_on: Callable[[], bool]) -> None:
        with self.sessions() as session:
            chunks = drafted.draw(session, self.collection_id, self.name, self.wanted * TRIES)
            done = drafted.keys_of(session, self.collection_id, f"d-{self.name}-")
            asked = {_words(each.wording.question) for each in examples.of_collection(session, self.collection_id)}
        self.unanswerable = sum(key.endswith("-not") for key in done)
        self.kept = len(done) - self.unanswerable
        for chunk in chunks:
            if self.kept >= self.wanted:
                break
            if not go_on():
                raise Interrupted
            if self._key(chunk) not in done:
                self._try(chunk, asked)
        self._conclude()

    def _try(self, chunk: Chunk, asked: set[tuple[str, ...]]) -> None:
        """Draft from one chunk; keep what survives the checks, and count what does not."""
        self.tried += 1
        made = checked(chunk, self._ask(chunk), self.drafting.verifier)
        if isinstance(made, Draft) and _words(made.question) in asked:
            made = Dropped.DUPLICATE
        if isinstance(made, Dropped):
            self.dropped[made] += 1
            return
        asked.add(_words(made.question))
        with self.sessions() as session:
            near = drafted.near(session, self.collection_id, chunk, MOST_PASSAGES)
        misses = [each for each in near if _bears_not(self.drafting.verifier, made.question, each)]
        self._keep(self._key(chunk), answered(made, misses[: MOST_PASSAGES - 1]))
        self.kept += 1
        if misses and self.kept % UNANSWERABLE == 1:
            self._keep(f"{self._key(chunk)}-not", unanswered(made, misses))
            self.unanswerable += 1

    def _ask(self, chunk: Chunk) -> str:
        return "".join(Speech(self.models.get(), messages(_in_context(chunk)), SAMPLING))

    def _keep(self, key: str, wording: Wording) -> None:
        with self.sessions.begin() as session:
            examples.add(
                session,
                self.collection_id,
                wording,
                origin=ExampleOrigin.DOCUMENT,
                key=key,
                user_id=self.user_id,
            )

    def _key(self, chunk: Chunk) -> str:
        return f"d-{self.name}-{chunk.chunk_id}"

    def _conclude(self) -> None:
        """Put on record what came of it."""
        counts = {
            "wanted": self.wanted,
            "tried": self.tried,
            "kept": self.kept,
            "unanswerable": self.unanswerable,
            "dropped": {str(why): number for why, number in self.dropped.most_common()},
        }
        with self.sessions.begin() as session:
            name = collections.name_of(session, self.collection_id)
            person = session.get_one(User, self.user_id).name
            audit.note(session, self.user_id, person, ACTION, name, after=counts)


def checked(chunk: Chunk, said: str, verifier: Verifier) -> Draft | Dropped:
    """What the model said as a draft, or why it is none."""
    match = LINES.search(said)
    if match is None or not match["question"].rstrip().endswith("?") or len(match["answer"]) > LONGEST_ANSWER:
        return Dropped.FORM
    question, answer = match["question"].strip(), match["answer"].strip()
    quote = (match["quote"] or answer).strip().strip(QUOTE_MARKS)
    span = next(places(quote, chunk.text), None)
    if span is None or span[0] == span[1]:
        return Dropped.QUOTE
    if not borne(answer, chunk.text):
        return Dropped.ANSWER
    if verifier.probabilities(question, [_in_context(chunk)])[0] < verifier.threshold:
        return Dropped.QUESTION
    return Draft(chunk, question, answer, chunk.text[slice(*span)], chunk.start + span[0], chunk.start + span[1])


def borne(answer: str, passage: str) -> bool:
    """Whether the passage has most of the answer's words, and all of its numbers."""
    words = content_words(answer)
    return coverage(words, set(content_words(passage))) >= BORNE and numbers(answer) <= numbers(passage)


def answered(draft: Draft, others: Sequence[Chunk]) -> Wording:
    """The draft as an example: its passage among others, cited by its number."""
    shown = _in_prompt_order([draft.chunk, *others])
    number = shown.index(draft.chunk) + 1
    place = Place(
        draft.chunk.document, draft.chunk.document_id, draft.chunk.version, draft.start, draft.end, draft.quote
    )
    return Wording(
        [{"role": "user", "content": draft.question}],
        f"{draft.answer} [{number}]",
        passages=[_passage(each) for each in shown],
        sources=[place],
    )


def unanswered(draft: Draft, others: Sequence[Chunk]) -> Wording:
    """The draft's question with passages that do not bear it, which is to be refused."""
    shown = _in_prompt_order(others)
    return Wording(
        [{"role": "user", "content": draft.question}],
        SAYS_NOT,
        passages=[_passage(each) for each in shown],
        answerable=False,
        sources=[
            Place(each.document, each.document_id, each.version, each.start, each.start + len(each.text), each.text)
            for each in shown
        ],
    )


def _bears_not(verifier: Verifier, question: str, chunk: Chunk) -> bool:
    return verifier.probabilities(question, [_in_context(chunk)])[0] < BEARS_NOT


def _in_prompt_order(chunks: Sequence[Chunk]) -> list[Chunk]:
    return sorted(chunks, key=lambda chunk: (chunk.document_id, chunk.start))


def _passage(chunk: Chunk) -> dict[str, Any]:
    return {"document": chunk.document, "section": chunk.section, "text": chunk.text}


def _in_context(chunk: Chunk) -> str:
    """A passage as the verifier was trained to read it."""
    return f"{' › '.join(part for part in (chunk.document, chunk.section) if part)}\n{chunk.text}"


def _words(question: str) -> tuple[str, ...]:
    """What makes a question the same as another: its words that carry meaning."""
    return tuple(sorted(set(content_words(question))))
