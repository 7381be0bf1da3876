"""Lists that are looked through a page at a time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

PAGE = 50
"""Lines on one page of a list."""


class Paged(Protocol):
    """What is looked at. `page` counts from 0."""

    @property
    def page(self) -> int: ...


class Counted(Protocol):
    """A page, and how many lines there are on all of them."""

    @property
    def total(self) -> int: ...


View = TypeVar("View", bound=Paged)
Listing = TypeVar("Listing", bound=Counted)
Selected = TypeVar("Selected", bound=sa.Select[*tuple[Any, ...]])


def page_of(statement: Selected, page: int) -> Selected:
    """The rows of one page."""
    return statement.limit(PAGE).offset(page * PAGE)


def in_order(column: sa.ColumnElement[Any], tie: sa.ColumnElement[Any], *, descending: bool) -> list[Any]:
    """By `column`, what has nothing there last; rows that are equal in it by `tie`."""
    if descending:
        return [column.desc().nulls_last(), tie.desc()]
    return [column.asc().nulls_last(), tie.asc()]


def corrected(view: View, listing: Callable[[View], Listing]) -> tuple[View, Listing]:
    """The view and what it shows; where its page is past the last one, with the last in its place."""
    found = listing(view)
    last = max(found.total - 1, 0) // PAGE
    if view.page <= last:
        return view, found
    view = replace(view, page=last)  # type: ignore[type-var]
    return view, listing(view)
