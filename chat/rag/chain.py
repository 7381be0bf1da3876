"""The way of a question: condense, retrieve, abstain or write, cite. The same for chat, API and evaluation."""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chat.errors import InvalidInputError, ModelError
from chat.models.chat import model_errors
from chat.models.verifier import Verifier
from chat.rag import abstain, citations, prompt, query
from chat.rag.answer import Answer, Citation, Event, Missed, Mode, Retrieved, Source, Turn
from chat.rag.retriever import HybridRetriever, RetrievalSettings
from chat.rag.writer import Clock, Draft, Writer
from chat.rights import Person
from chat.store.adapters import Named

LONGEST_QUESTION = 20_000
"""Characters of a question that are accepted."""


Events = Generator[Event, None, None]


@dataclass(frozen=True)
class Question:
    """What is asked: in which mode, of which collection (None: all that the person may read), after which turns."""

    text: str
    mode: Mode = Mode.RAG
    collection: str | None = None
    history: Sequence[Turn] = ()
    adapter: Named | None = None
    """Which adapter answers, in the modes that take one."""
    passages: Sequence[Source] | None = None
    """What the model gets instead of what would be retrieved, in this order. Nothing is refused before it speaks."""
    tags: Sequence[str] = ()
    """Only documents that have all of these are looked at."""
    person: Person = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.mode.adapts != (self.adapter is not None):
            raise InvalidInputError(f"The mode {self.mode} takes {'an' if self.mode.adapts else 'no'} adapter.")


@dataclass(frozen=True)
class Chain:
    """Answers questions from the documents, with whatever model there is."""

    retriever: HybridRetriever
    verifier: Verifier
    writer: Writer

    def stream(self, question: Question, found: "Found | None" = None) -> Events:
        """The events of one answer, `Answer` last. Closing the iterator frees the model.

        `found` is what `find` gave, where several answers shall rest on the same; without it, this looks it up.
        Raises `InvalidInputError` for a question that is empty or too long, `NotFoundError` for a collection that
        does not exist, `ModelError` where only the model could answer and there is none.
        """
        clock = Clock()
        question = replace(question, text=checked(question.text))
        if not question.mode.retrieves:
            yield from self._answer_alone(question, clock)
            return
        found = found or self.find(question)
        clock.note("retrieve")
        yield Retrieved(found.searched, found.sources)
        yield from self._answer_from(Evidence(question, found.searched, found.sources, clock, found.as_dict()), found)

    def find(self, question: Question) -> "Found":
        """What the question is answered from: its own passages or, where it brings none, what retrieval finds."""
        if question.passages is not None:
            return Found(query.condense_by_rule(question.text, question.history), question.passages)
        searched = self._condense(question)
        retriever = self.retriever.asked_by(question.person, question.collection, question.tags)
        sources, settings = retriever.find(searched)
        return Found(searched, sources, settings)

    def _condense(self, question: Question) -> str:
        """What to search for."""
        connected = self.writer.model() if question.history else None
        if connected is not None and connected.rewrites:
            try:
                with model_errors():
                    return query.condense_by_model(question.text, question.history, connected.chat)
            except ModelError:
                self.writer.models.lost()
        return query.condense_by_rule(question.text, question.history)

    def _answer_from(self, evidence: "Evidence", found: "Found") -> Events:
        """Refuse where what retrieval found does not bear the question; else write from the best of it, and cite."""
        if found.retrieved_with is not None:
            verdict = abstain.judge(found.searched, found.sources, self.verifier, found.retrieved_with.threshold)
            evidence.settings["abstain"] = asdict(verdict)
            if verdict.refuse:
                yield evidence.refusal()
                return
        yield from self._write_from(evidence, found.chosen())

    def _write_from(self, evidence: "Evidence", chosen: Sequence[Source]) -> Events:
        """Write from the chosen passages, and cite."""
        question = evidence.question
        messages = prompt.rag_messages(question.text, question.history, chosen)
        draft = yield from self.writer.write(messages, evidence.clock, question.adapter)
        evidence.settings.update(
            prompt=prompt.digest(messages), passages=[source.chunk_id for source in chosen], draft=draft.text
        )
        if abstain.is_refusal(draft.text):
            yield evidence.refusal(draft)
            return
        attributed = citations.attribute(draft.text, evidence.searched, chosen, evidence.sources)
        quoted = draft.by is self.writer.quotes
        if not attributed.supported:
            quoted = True
            attributed = citations.attribute(self.writer.quotation(messages), evidence.searched, chosen)
        if attributed.supported:
            yield evidence.answer(attributed.text, draft, attributed.citations, quoted=quoted)
        else:
            yield evidence.refusal(draft)

    def _answer_alone(self, question: Question, clock: Clock) -> Events:
        """What the model says without documents."""
        messages = prompt.base_messages(question.text, question.history)
        draft = yield from self.writer.write_alone(messages, clock, question.adapter)
        evidence = Evidence(question, question.text, (), clock, {"prompt": prompt.digest(messages)})
        yield evidence.answer(draft.text.strip(), draft)


@dataclass(frozen=True)
class Found:
    """What a question is answered from."""

    searched: str
    sources: Sequence[Source]
    retrieved_with: RetrievalSettings | None = None
    """None where the passages were given, and nothing was retrieved."""

    def as_dict(self) -> dict[str, Any]:
        """For the receipt."""
        return self.retrieved_with.as_dict() if self.retrieved_with else {"given": True}

    def chosen(self) -> Sequence[Source]:
        """What the model gets: the best that fit, or just what was given."""
        return prompt.select(self.sources) if self.retrieved_with else self.sources


@dataclass(frozen=True)
class Evidence:
    """What an answer stands on, from which its receipt is made."""

    question: Question
    searched: str
    sources: Sequence[Source]
    clock: Clock
    settings: dict[str, Any]

    def refusal(self, draft: Draft | None = None) -> Answer:
        """The answer that there is none in the documents."""
        return self.answer(abstain.REFUSAL, draft, refused=True)

    def answer(
        self,
        text: str,
        draft: Draft | None,
        cited: Sequence[Citation] = (),
        *,
        refused: bool = False,
        quoted: bool = False,
    ) -> Answer:
        """The finished answer, with the clock stopped."""
        self.clock.note("first_token")
        self.clock.note("total")
        adapter, missed = self._adapter(draft), self._missed(draft)
        return Answer(
            text=text,
            refused=refused,
            quoted=quoted,
            mode=self.question.mode,
            model=draft.by.name if draft else "none",
            searched=self.searched,
            citations=cited,
            retrieved=self.sources,
            timings_ms=dict(self.clock.marks),
            receipt=self._receipt(draft, adapter, missed),
            adapter=adapter,
            missed=missed,
        )

    def _adapter(self, draft: Draft | None) -> Named | None:
        return self.question.adapter if draft and draft.by.adapter else None

    def _missed(self, draft: Draft | None) -> Missed | None:
        adapter = self.question.adapter
        return Missed(adapter, draft.missed) if adapter and draft and draft.missed else None

    def _receipt(self, draft: Draft | None, adapter: Named | None, missed: Missed | None) -> dict[str, Any]:
        return self.settings | {
            "model": draft.by.name if draft else None,
            "revision": draft.by.revision if draft else None,
            "adapter": asdict(adapter) if adapter else None,
            "missed": asdict(missed) if missed else None,
            "broke_off": bool(draft and draft.broke_off),
            "usage": asdict(draft.usage) if draft and draft.usage else None,
            "tags": [*self.question.tags],
            "versions": {str(source.document_id): source.version for source in self.sources},
        }


def checked(text: str) -> str:
    """A question fit to be asked: no characters that a database refuses, not empty, not a whole book.

    Raises `InvalidInputError`.
    """
    text = text.replace("\x00", "").encode(errors="replace").decode().strip()
    if not text:
        raise InvalidInputError("The question is empty. Type what you would like to know.")
    if len(text) > LONGEST_QUESTION:
        raise InvalidInputError(
            f"The question has {len(text):,} characters; at most {LONGEST_QUESTION:,} can be asked. "
            "Put a long text into the documents and ask about it."
        )
    return text
