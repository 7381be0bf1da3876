"""The way of a question: condense, retrieve, abstain or write, cite. The same for chat, API and evaluation."""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chat.errors import InvalidInputError, ModelError
from chat.models.chat import model_errors
from chat.models.verifier import Verifier
from chat.rag import abstain, citations, prompt, query
from chat.rag.answer import Answer, Citation, Event, Mode, Retrieved, Source, Turn
from chat.rag.retriever import HybridRetriever
from chat.rag.writer import Clock, Draft, Writer
from chat.rights import Person

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
    person: Person = field(kw_only=True)


@dataclass(frozen=True)
class Chain:
    """Answers questions from the documents, with whatever model there is."""

    retriever: HybridRetriever
    verifier: Verifier
    writer: Writer

    def stream(self, question: Question) -> Events:
        """The events of one answer, `Answer` last. Closing the iterator frees the model.

        Raises `InvalidInputError` for a question that is empty or too long, `NotFoundError` for a collection that
        does not exist, `ModelError` where only the model could answer and there is none.
        """
        clock = Clock()
        question = replace(question, text=checked(question.text))
        if question.mode is Mode.BASE:
            yield from self._answer_alone(question, clock)
            return
        searched = self._condense(question)
        sources, settings = self.retriever.asked_by(question.person, question.collection).find(searched)
        clock.note("retrieve")
        yield Retrieved(searched, sources)
        yield from self._answer_from(question, Evidence(searched, sources, clock, settings.as_dict()))

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

    def _answer_from(self, question: Question, evidence: "Evidence") -> Events:
        """Refuse where the passages do not bear the question; else write from them, and cite."""
        verdict = abstain.judge(evidence.searched, evidence.sources, self.verifier, evidence.settings["threshold"])
        evidence.settings["abstain"] = asdict(verdict)
        if verdict.refuse:
            yield evidence.refusal()
            return
        chosen = prompt.select(evidence.sources)
        messages = prompt.rag_messages(question.text, question.history, chosen)
        draft = yield from self.writer.write(messages, evidence.clock)
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
        draft = yield from self.writer.write_alone(messages, clock)
        evidence = Evidence(question.text, (), clock, {"prompt": prompt.digest(messages)}, Mode.BASE)
        yield evidence.answer(draft.text.strip(), draft)


@dataclass(frozen=True)
class Evidence:
    """What an answer stands on, from which its receipt is made."""

    searched: str
    sources: Sequence[Source]
    clock: Clock
    settings: dict[str, Any]
    mode: Mode = Mode.RAG

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
        return Answer(
            text=text,
            refused=refused,
            quoted=quoted,
            mode=self.mode,
            model=draft.by.name if draft else "none",
            searched=self.searched,
            citations=cited,
            retrieved=self.sources,
            timings_ms=dict(self.clock.marks),
            receipt=self._receipt(draft),
        )

    def _receipt(self, draft: Draft | None) -> dict[str, Any]:
        return self.settings | {
            "model": draft.by.name if draft else None,
            "revision": draft.by.revision if draft else None,
            "adapter": None,
            "broke_off": draft.broke_off if draft else False,
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
