"""What every table shares: the names of constraints, the types of columns."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAME = "^[a-z0-9][a-z0-9-]{0,62}$"
"""What a collection may be called, in URLs and on the command line."""


def one_of(column: str, values: type[StrEnum]) -> str:
    """The CHECK that keeps `column` among `values`."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: sa.DateTime(timezone=True),
        int: sa.BigInteger,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }
