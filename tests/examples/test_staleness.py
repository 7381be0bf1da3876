"""Examples that say something else than the documents they were made from, by now."""

from admin.service.examples import Examples
from chat.store import collections, documents
from chat.store import examples as store
from chat.store.example_listing import View
from chat.store.examples import NewExample, Place, Wording
from chat.store.staleness import Stale
from tests.examples.conftest import GATE
from tests.rag.library import Library


def test_staleness_follows_the_documents(library: Library, examples: Examples) -> None:
    library.add("gate.md", GATE)
    other = library.add("dogs.md", "# Dogs\n\nDogs travel free of charge on every ferry, on a lead.\n")
    made = {
        "quoted": Place("gate.md", version=1, quote="has the key"),
        "closes": Place("gate.md", version=1, quote="closes at 22:15"),
        "whole": Place("gate.md", version=1),
        "document": Place("gate.md"),
        "to come": Place("later.md"),
        "dogs": Place("dogs.md", version=1, quote="travel   free"),
    }
    new = [NewExample(k, Wording([{"role": "user", "content": k}], "A", sources=[p])) for k, p in made.items()]
    with library.database.sessions.begin() as session:
        store.put(session, collections.get(session, "default").id, new)

    def stale() -> dict[str, list[Stale]]:
        return {each.key: list(each.stale) for each in examples.overview(View(stale=True)).listing.lines}

    assert stale() == {"to come": [Stale("later.md", "gone")]}
    library.add("later.md", "# Later\n\nThis text came after the example that was written about it.\n")
    assert stale() == {}
    library.add("gate.md", GATE.replace("22:15", "23:00"))
    changed = [Stale("gate.md", "changed")]
    assert stale() == {"closes": changed, "whole": changed, "document": changed}
    library.add("gate.md", GATE.replace("has the key", "has   the\nkey"))
    assert "quoted" not in stale(), "white space between the words makes no difference"
    library.add("gate.md", GATE)
    assert stale() == {}, "it says again what it said"
    library.scalar("DELETE FROM documents WHERE id = :id RETURNING id", id=other.document_id)
    assert stale() == {}
    overview = examples.overview(View(stale=True))
    assert overview.listing.stale == 0


def test_a_deleted_document_leaves_its_examples_stale(library: Library, examples: Examples) -> None:
    done = library.add("dogs.md", "# Dogs\n\nDogs travel free of charge on every ferry, on a lead.\n")
    place = Place("dogs.md", version=1, quote="travel free")
    with library.database.sessions.begin() as session:
        home = collections.get(session, "default").id
        made = store.add(session, home, Wording([{"role": "user", "content": "Q"}], "A", sources=[place]))
        assert store.get(session, [home], made).wording.sources[0].document_id is None
        store.put(session, home, [NewExample("d", Wording([{"role": "user", "content": "Q"}], "A", sources=[place]))])
    with library.database.sessions.begin() as session:
        documents.remove(session, done.document_id)
    lines = examples.overview(View(stale=True)).listing.lines
    assert [(each.key, list(each.stale)) for each in lines] == [
        ("d", [Stale("dogs.md", "gone")]), ("e1", [Stale("dogs.md", "gone")]),
    ]  # fmt: skip
