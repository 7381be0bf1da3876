"""What may be a source, and who may do what with one."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from admin.curation.sources.survey import Change
from admin.service.sources import NewSource, Sources
from chat.errors import AppError, InvalidInputError, NotAllowedError
from chat.rights import Person
from chat.store.database import Database
from chat.store.tables import SourceKind, UserRole
from tests.sources.conftest import Site
from tests.sources.syncing import of_folder


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("folder", "relative"), ("folder", "/nowhere/at/all"), ("folder", "/"), ("folder", "HOME"), ("folder", ""),
        ("folder", "/tmp\0"), ("urls", ""), ("urls", "file:///etc/passwd"), ("urls", "http://u:p@h/"),
        ("sitemap", "https://a.test/1.xml\nhttps://a.test/2.xml"), ("urls", "\n".join(map(str, range(1001)))),
    ],
)  # fmt: skip
def test_what_cannot_be_a_source_is_refused_in_words(sources: Sources, kind: str, places: str) -> None:
    with pytest.raises(AppError):
        sources.add(NewSource("x", SourceKind(kind), places.replace("HOME", str(sources.home))))
    assert not sources.lines()


def test_names_are_told_apart_within_a_collection(sources: Sources, folder: Path) -> None:
    of_folder(sources, folder)
    with pytest.raises(InvalidInputError, match="already"):
        of_folder(sources, folder)
    of_folder(sources, folder, collection="other")
    with pytest.raises(InvalidInputError):
        of_folder(sources, folder, name=" \0 ")


def test_who_may_do_what_with_sources(sources: Sources, database: Database, folder: Path, site: Site) -> None:
    with database.engine.begin() as connection:
        added = "INSERT INTO users (name, role) VALUES ('ada', 'asker'), ('cy', 'curator') RETURNING id"
        ada, cy = connection.execute(sa.text(added)).scalars()
    source = of_folder(sources, folder)
    reader = sources.for_person(Person(ada, "ada", UserRole.ASKER))
    curator = sources.for_person(Person(cy, "cy", UserRole.CURATOR))
    assert [line.source_id for line in reader.lines()] == [source]
    for action in (
        lambda: reader.request_sync(source),
        lambda: reader.remove(source, with_documents=True),
        lambda: list(reader.preview(source)),
        lambda: reader.add_page(site.url("/")),
        lambda: curator.add(NewSource("etc", SourceKind.FOLDER, "/etc", "mine")),
        lambda: list(curator.preview_new(SourceKind.FOLDER, "/etc", "default")),
    ):
        with pytest.raises(NotAllowedError):
            action()
    assert not site.asked
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE collections SET open = false"))
    assert reader.lines() == []


def test_changes_have_an_order_for_people() -> None:
    assert [change.value for change in Change] == ["added", "changed", "removed", "unchanged", "unreadable"]
