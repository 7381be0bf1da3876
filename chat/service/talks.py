"""What a person may do with their conversations, beside asking in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chat import rights
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.service.shown import ShownConversation, readable
from chat.store import branches, cited, conversations, notices, shares
from chat.store.notices import About
from chat.store.tables import AnswerStatus


@dataclass(frozen=True)
class Kept:
    """An answer as far as it was written down."""

    text: str
    status: AnswerStatus


@dataclass(frozen=True)
class Talks(Personal):
    """A person's conversations. What is not theirs is not there."""

    def kept(self, message_id: UUID) -> Kept:
        """How far an answer is, by what was written down of it. Raises `NotFoundError`."""
        with self.sessions() as session:
            answer = conversations.answer(session, rights.active(session, self.person).id, message_id)
            return Kept(answer.content, AnswerStatus(answer.status))

    def growing(self, conversation_id: UUID) -> Sequence[UUID]:
        """Ids of the answers that are being written in a conversation. Raises `NotFoundError`."""
        with self.sessions() as session:
            conversations.get(session, rights.active(session, self.person).id, conversation_id)
            return conversations.growing(session, conversation_id)

    def ask_to_stop(self, message_id: UUID) -> None:
        """Tell whichever process writes that answer that it shall stop. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            conversations.answer(session, rights.active(session, self.person).id, message_id)
            notices.send(session, About.STOP, message_id)

    def seal_as_it_stands(self, message_id: UUID) -> None:
        """End an answer that nobody writes any more, with what was written down of it. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            conversations.answer(session, rights.active(session, self.person).id, message_id)
            conversations.seal_as_it_stands(session, message_id)

    def show_version(self, message_id: UUID) -> None:
        """Show the branch with that version of a message. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            message = conversations.message(session, rights.active(session, self.person).id, message_id)
            branches.show(session, message)

    def branch(self, message_id: UUID) -> UUID:
        """Begin a conversation of its own with all that was said down to that message. Returns its id.

        Raises `NotFoundError`, and `InvalidInputError` while the answer is being written.
        """
        with self.sessions.begin() as session:
            person_id = rights.active(session, self.person).id
            last = conversations.message(session, person_id, message_id)
            if last.status == AnswerStatus.STREAMING:
                raise InvalidInputError("This answer is still being written. Wait until it is there, or stop it.")
            title = conversations.get(session, person_id, last.conversation_id).title
            made = conversations.start(session, person_id, title)
            branches.copy(session, branches.path(session, last.id), made)
            return made.id

    def share(self, conversation_id: UUID) -> UUID:
        """Let whoever may sign in here read what is shown of a conversation now. Returns the id that the link has.

        Raises `NotFoundError`, and `InvalidInputError` where there is nothing to share.
        """
        with self.sessions.begin() as session:
            person_id = rights.active(session, self.person).id
            return shares.put(session, conversations.get(session, person_id, conversation_id)).id

    def link(self, conversation_id: UUID) -> UUID | None:
        """The id that the newest link to a conversation has, if somebody may have one. Raises `NotFoundError`."""
        with self.sessions() as session:
            conversations.get(session, rights.active(session, self.person).id, conversation_id)
            return shares.latest(session, conversation_id)

    def unshare(self, conversation_id: UUID) -> int:
        """End every link to a conversation. Returns how many there were. Raises `NotFoundError`."""
        with self.sessions.begin() as session:
            conversations.get(session, rights.active(session, self.person).id, conversation_id)
            return shares.revoke(session, conversation_id)

    def shared(self, share_id: UUID) -> ShownConversation:
        """What somebody shared, without what rests on documents that this person may not read.

        Raises `NotFoundError` for a link that was taken back.
        """
        with self.sessions() as session:
            rights.active(session, self.person)
            share = shares.get(session, share_id)
            kept = branches.path(session, share.leaf_id)
            seen = rights.overseen(session, self.person)
            closed = set[int]() if seen is None else cited.outside(session, seen, kept)
            return ShownConversation(share.id, share.title, share.created_at, readable(kept, closed))
