"""This installation, the people in it, their keys, and what they did."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, func
from sqlalchemy.dialects.postgresql import ARRAY
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
    gate: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What an adapter has to show before it answers, where that differs from the defaults and no collection says so."""


class User(Base):
    """A person. On the loopback address without accounts there is one: `owner`."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(one_of("role", UserRole), "role"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(server_default=UserRole.ASKER)
    password: Mapped[str | None] = mapped_column(deferred=True)
    """Its argon2 hash, with salt and parameters; None where nobody signs in with one."""
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SignIn(Base):
    """A browser that somebody signed in with. The row is the session: where it is gone, so is the session."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    """Of the token in the browser's cookie, which is long and random."""
    address: Mapped[str]
    browser: Mapped[str]
    """What it says of itself."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SignInFailure(Base):
    """A name and a password that did not belong together, or that are just being tried. Kept for a day."""

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Invitation(Base):
    """A link with which a person sets their password, once. A newer one takes its place."""

    __tablename__ = "invitations"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sha256: Mapped[str] = mapped_column(unique=True)
    """Of the token in the link, which is long and random."""
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Identity(Base):
    """Who a person is to the organisation's own sign-on."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CollectionMember(Base):
    """What a person may do in a collection: read it, look after its documents, or decide about it."""

    __tablename__ = "collection_members"
    __table_args__ = (CheckConstraint(one_of("role", MemberRole), "role"),)

    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A key that programs ask with, for the person it belongs to. Only its hash is kept; it was shown once."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    """What its owner calls it."""
    start: Mapped[str]
    """Its first characters, by which its owner knows it again."""
    sha256: Mapped[str] = mapped_column(unique=True)
    """Of the whole key, which is long and random: a slow hash would add nothing."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.String))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Base):
    """One thing that somebody did. Only ever added to: the database refuses to change or delete a row."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    user_id: Mapped[int | None]
    person: Mapped[str]
    """Their name, kept when they are gone."""
    action: Mapped[str]
    """A verb and a noun, such as `promote adapter`."""
    subject: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    after: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    origin: Mapped[str] = mapped_column(server_default="")
    """Through what it was done: the page, the command line, an address."""
