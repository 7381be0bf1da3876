"""Links under which others may read a branch of a conversation, as it was when it was shared."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chat.errors import InvalidInputError, NotFoundError
from chat.store.tables import AnswerStatus, Conversation, Message, Share


def put(session: Session, conversation: Conversation) -> Share:
    """A link to what is shown of the conversation now; the one that there is, where nothing was said since.

    Raises `InvalidInputError` while there is no whole answer to share.
    """
    leaf = session.get(Message, conversation.leaf_id) if conversation.leaf_id else None
    if leaf is None or leaf.status == AnswerStatus.STREAMING:
        raise InvalidInputError("There is nothing whole to share yet. Wait until the answer is there.")
    known = session.scalar(select(Share).where(Share.leaf_id == leaf.id))
    if known is not None:
        return known
    made = Share(conversation_id=conversation.id, leaf_id=leaf.id, title=conversation.title)
    session.add(made)
    session.flush()
    return made


def latest(session: Session, conversation_id: UUID) -> UUID | None:
    """Id of the newest link to the conversation, where there is any."""
    newest = (
        select(Share.id).where(Share.conversation_id == conversation_id).order_by(Share.created_at.desc(), Share.id)
    )
    return session.scalars(newest.limit(1)).first()


def revoke(session: Session, conversation_id: UUID) -> int:
    """End every link to the conversation. Returns how many there were."""
    gone = session.execute(delete(Share).where(Share.conversation_id == conversation_id).returning(Share.id))
    return len(gone.all())


def get(session: Session, share_id: UUID) -> Share:
    """What the link leads to. Raises `NotFoundError` where it was taken back, or never was."""
    found = session.get(Share, share_id)
    if found is None:
        raise NotFoundError("This link leads nowhere (any more). Whoever shared it can share it again.")
    return found
