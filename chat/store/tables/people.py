"""This installation and the people in it."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from chat.store.tables.base import Base, one_of


class UserRole(StrEnum):
    """What a person may do in the installation as a whole; each includes what stands before it."""

    ASKER = "asker"
    CURATOR = "curator"
    TRAINER = "trainer"
    APPROVER = "approver"
    OWNER = "owner"


class MemberRole(StrEnum):
    """What a person may do in a collection; each includes what stands before it."""

    READER = "reader"
    CURATOR = "curator"
    OWNER = "owner"


class Installation(Base):
    """The one row of facts about this database: whose vectors it holds, whether the demo was loaded."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", "single_row"),)

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    embedder: Mapped[str | None]
    embedder_beside: Mapped[str | None]
    """Whose vectors stand beside those that are searched: an embedder being tried, or the one before."""
    demo_loaded_at: Mapped[datetime | None]


class User(Base):
    """A person. On the loopback address without accounts there is one: `owner`."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(one_of("role", UserRole), "role"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(server_default=UserRole.ASKER)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CollectionMember(Base):
    """What a person may do in a collection: read it, look after its documents, or decide about it."""

    __tablename__ = "collection_members"
    __table_args__ = (CheckConstraint(one_of("role", MemberRole), "role"),)

    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
