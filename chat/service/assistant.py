"""The assistant, as one person has it."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from chat import rights
from chat.errors import AdapterRefusedError, InvalidInputError
from chat.rag.answer import Answer, Missed, Mode, Source, Turn
from chat.rag.chain import Chain, Events, Found, Question, checked
from chat.rights import Personal
from chat.service.adapting import Adapting, Choice, Ways
from chat.service.comparing import Beside, beside
from chat.service.record import Begun, Record, trace_of
from chat.service.shown import ShownConversation, as_shown, turns
from chat.store import branches, cited, collections, conversations, documents, feedback, traces, votes
from chat.store.collections import CollectionSummary
from chat.store.conversations import ConversationSummary
from chat.store.documents import Passage
from chat.store.tags import wanted
from chat.store.votes import Ballot, Winner


@dataclass(frozen=True)
class Assistant(Personal):
    """The assistant, for one person: it answers from what that person may read, and knows that person's talks."""

    chain: Chain

    def ask(
        self,
        question: str,
        *,
        mode: Mode | None = None,
        adapter: str | None = None,
        collection: str | None = None,
        tags: Sequence[str] = (),
        conversation_id: UUID | None = None,
    ) -> Events:
        """Answer as events, the last an `Answer`. In a conversation, the answer is kept as it grows.

        With tags, from the documents that have all of them.

        Without a mode, with what serves. Closing the iterator stops the model; what was said is kept, as stopped.
        """
        if conversation_id is None:
            return self.answer(question, mode=mode, adapter=adapter, collection=collection, tags=tags)
        return self._converse(
            self._question(question, Choice(mode, adapter), collection, conversation_id, tags=tags), conversation_id
        )

    def begin(
        self,
        question: str,
        choice: Choice,
        *,
        collection: str | None = None,
        conversation_id: UUID | None = None,
        instead_of: UUID | None = None,
    ) -> Begun:
        """Begin to answer in a conversation, or a new one: who takes the events makes it grow, and owes it an end.

        `instead_of` is a question that is put in other words, or an answer that is given again, to the same question:
        what is there stays, as another version. Raises `NotFoundError`, `InvalidInputError`.
        """
        if conversation_id is None:
            return self._begun(self._question(question, choice, collection, new := uuid4()), new, is_new=True)
        with self.sessions() as session:
            place = conversations.place(session, rights.active(session, self.person).id, conversation_id, instead_of)
        text = place.question.content if place.question else question
        return self._begun(self._question(text, choice, collection, conversation_id), conversation_id, instead_of)

    def answer(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        mode: Mode | None = None,
        adapter: str | None = None,
        collection: str | None = None,
        tags: Sequence[str] = (),
    ) -> Events:
        """Answer after turns that the caller brings along. Nothing is kept."""
        asked = self._question(question, Choice(mode, adapter), collection, tags=tags)
        return self._answered(replace(asked, history=history))

    def compare(self, question: str, first: Choice, second: Choice, *, collection: str | None = None) -> Beside:
        """Two answers to one question, from the same passages, written side by side. Nothing is kept."""
        sides = [self._question(question, choice, collection) for choice in (first, second)]
        if (sides[0].mode, sides[0].adapter) == (sides[1].mode, sides[1].adapter):
            raise InvalidInputError("Both answers would be the same. Choose two different ways to answer.")
        return self._side_by_side(sides)

    def vote(self, ballot: Ballot, winner: Winner, *, collection: str | None = None) -> None:
        """Keep which of two answers this person found better. Raises `NotFoundError` for a collection unknown here."""
        with self.sessions.begin() as session:
            voter = rights.active(session, self.person).id
            place = rights.readable(session, self.person, collection)[0] if collection else None
            votes.add(session, ballot, winner, place, voter)

    def rate(
        self,
        message_id: UUID,
        rating: int,
        reasons: Sequence[str] = (),
        comment: str = "",
        correction: str = "",
    ) -> None:
        """Keep what this person thinks of an answer that they got: 1 is good, -1 bad. It replaces what was said before.

        Raises `NotFoundError` for what is not theirs, `InvalidInputError` for what is no opinion.
        """
        opinion = feedback.opinion(rating, reasons, comment, correction)
        with self.sessions.begin() as session:
            rater = rights.active(session, self.person).id
            conversations.answer(session, rater, message_id)
            feedback.put(session, message_id, rater, opinion)

    def unrate(self, message_id: UUID) -> None:
        """Take back what this person said of an answer."""
        with self.sessions.begin() as session:
            conversations.answer(session, rights.active(session, self.person).id, message_id)
            feedback.take_back(session, message_id)

    def ways(self, collection: str | None = None) -> Ways:
        """The adapters that can be asked with, and the one that answers where none is named."""
        return self._adapting.ways(collection)

    def adapters(self) -> Sequence[str]:
        """Names of the adapters that can be asked with."""
        return self.ways().adapters

    def keep_trace(self, question: str, answer: Answer) -> UUID:
        """Keep how an answer outside of a conversation came about. Returns the trace's id."""
        with self.sessions.begin() as session:
            rights.active(session, self.person)
            trace = trace_of(question, answer)
            traces.add(session, trace)
            return trace.id

    def search(
        self, query: str, *, collection: str | None = None, tags: Sequence[str] = (), k: int = 10
    ) -> list[Source]:
        """The `k` best passages, as `ask` would find them."""
        retriever = self.chain.retriever.asked_by(self.person, collection, wanted(tags))
        return retriever.sources(checked(query), k)

    def start_conversation(self, question: str) -> UUID:
        with self.sessions.begin() as session:
            return conversations.start(session, rights.active(session, self.person).id, checked(question)).id

    def conversations(self, search: str = "") -> list[ConversationSummary]:
        """All conversations, or those in which `search` occurs; the latest first."""
        with self.sessions() as session:
            return conversations.summaries(session, rights.active(session, self.person).id, search)

    def conversation(self, conversation_id: UUID) -> ShownConversation:
        """A conversation with its messages, without passages that may not be read any more. Raises `NotFoundError`."""
        with self.sessions() as session:
            found = conversations.get(session, rights.active(session, self.person).id, conversation_id)
            kept = conversations.messages(session, conversation_id)
            seen = rights.overseen(session, self.person)
            closed = set[int]() if seen is None else cited.outside(session, seen, kept)
            opinions = feedback.of(session, [message.id for message in kept])
            versions = branches.versions(session, conversation_id)
            messages = [as_shown(each, closed, opinions.get(each.id), versions.get(each.id)) for each in kept]
            return ShownConversation(found.id, found.title, found.updated_at, messages)

    def rename_conversation(self, conversation_id: UUID, title: str) -> None:
        with self.sessions.begin() as session:
            conversations.rename(session, rights.active(session, self.person).id, conversation_id, title)

    def delete_conversation(self, conversation_id: UUID) -> None:
        with self.sessions.begin() as session:
            conversations.remove(session, rights.active(session, self.person).id, conversation_id)

    def passage(self, version_id: int, start: int, end: int) -> Passage:
        """The text of a version, and where in it the span is. Raises `NotFoundError` when it was deleted."""
        with self.sessions() as session:
            return documents.passage(session, rights.readable(session, self.person), version_id, start, end)

    def collections(self) -> list[CollectionSummary]:
        with self.sessions() as session:
            return collections.summaries(session, rights.roles(session, self.person))

    def starters(self, collection: str | None = None) -> list[str]:
        """Up to four questions to begin with."""
        with self.sessions() as session:
            return collections.starters(session, rights.readable(session, self.person, collection))

    def seal_abandoned(self) -> None:
        """Mark as stopped the answers whose process died while they grew."""
        with self.sessions.begin() as session:
            conversations.seal_abandoned(session)

    @property
    def _adapting(self) -> Adapting:
        return Adapting(self.sessions, person=self.person)

    def _question(
        self,
        text: str,
        choice: Choice,
        collection: str | None,
        conversation_id: UUID | None = None,
        *,
        tags: Sequence[str] = (),
    ) -> Question:
        with self.sessions() as session:
            rights.active(session, self.person)
        asked = checked(text)
        mode, adapter = self._adapting.chosen(choice, collection, conversation_id)
        return Question(asked, mode, collection, adapter=adapter, tags=wanted(tags), person=self.person)

    def _answered(self, question: Question, found: Found | None = None) -> Events:
        """The chain's answer; where an adapter does not answer, that is put on record."""
        try:
            with closing(self.chain.stream(question, found)) as events:
                for event in events:
                    if isinstance(event, Answer) and event.missed:
                        self._adapting.report(event.missed)
                    yield event
        except AdapterRefusedError as error:
            if question.adapter is not None:
                self._adapting.report(Missed(question.adapter, str(error.__cause__ or error)))
            raise

    def _side_by_side(self, sides: Sequence[Question]) -> Beside:
        looking = next((side for side in sides if side.mode.retrieves), None)
        found = self.chain.find(looking) if looking else None
        yield from beside([self._answered(side, found) for side in sides])

    def _converse(self, question: Question, conversation_id: UUID) -> Events:
        yield from self._begun(question, conversation_id).events

    def _begun(
        self, question: Question, conversation_id: UUID, instead_of: UUID | None = None, *, is_new: bool = False
    ) -> Begun:
        """The rows of question and answer, and what makes the latter grow: the turns before are the history."""
        digest = question.adapter.digest if question.adapter else None
        with self.sessions.begin() as session:
            asker = rights.active(session, self.person).id
            if is_new:
                conversations.start(session, asker, question.text, conversation_id)
            place = conversations.place(session, asker, conversation_id, instead_of)
            asked = place.question or conversations.add_question(session, conversation_id, place.after, question.text)
            growing = conversations.add_answer(session, asked, question.mode, digest)
            history = turns(branches.path(session, place.after))
        question = replace(question, text=asked.content, history=history)
        record = Record(self.sessions, growing.id, question.text)
        return Begun(conversation_id, record, record.written(self._answered(question)))
