"""Every table. Invariants live here, as constraints; the migrations are made from it and checked against it."""

from chat.store.tables.base import NAME, Base, one_of
from chat.store.tables.knowledge import (
    DIMENSION,
    FOLDERS,
    Chunk,
    Collection,
    Content,
    Document,
    DocumentVersion,
    Status,
)
from chat.store.tables.people import CollectionMember, Installation, MemberRole, User, UserRole
from chat.store.tables.questions import Question, QuestionPassage, RetrievalRevision
from chat.store.tables.sources import Source, SourceItem, SourceKind
from chat.store.tables.talk import AnswerStatus, Citation, Conversation, Message, Trace
from chat.store.tables.work import JobFailure, Worker

__all__ = [
    "DIMENSION",
    "FOLDERS",
    "NAME",
    "AnswerStatus",
    "Base",
    "Chunk",
    "Citation",
    "Collection",
    "CollectionMember",
    "Content",
    "Conversation",
    "Document",
    "DocumentVersion",
    "Installation",
    "JobFailure",
    "MemberRole",
    "Message",
    "Question",
    "QuestionPassage",
    "RetrievalRevision",
    "Source",
    "SourceItem",
    "SourceKind",
    "Status",
    "Trace",
    "User",
    "UserRole",
    "Worker",
    "one_of",
]
