"""Who may decide which adapter answers, and who may know what was decided."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from admin.service.adapters import Adapters
from chat.errors import NotAllowedError, NotFoundError
from chat.rights import Person
from chat.store import collections as store_collections
from chat.store import members
from chat.store.database import Database
from chat.store.tables import MemberRole, UserRole

Somebody = Callable[[UserRole], Person]


@pytest.mark.parametrize("role", UserRole)
def test_who_may_decide(three: Adapters, harbour: str, somebody: Somebody, role: UserRole) -> None:
    service = three.for_person(somebody(role))
    if role in (UserRole.APPROVER, UserRole.OWNER):
        assert service.enact("one").done
        assert service.enact("one", harbour).done
        assert all(place.may_decide for place in service.places())
        return
    for act in (
        lambda: service.enact("one"),
        lambda: service.enact("one", harbour),
        lambda: service.rollback(),
        lambda: service.rollback(harbour),
        lambda: service.try_out("one", 0.1),
        lambda: service.end_trial(harbour),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert (service.history(), len(service.listed())) == ([], 3)


def test_a_collections_owner_decides_there_alone(
    three: Adapters, harbour: str, database: Database, somebody: Somebody
) -> None:
    person = somebody(UserRole.ASKER)
    with three.sessions.begin() as session:
        members.put(session, store_collections.get(session, harbour).id, person.id, MemberRole.OWNER)
    service = three.for_person(person)
    assert service.enact("one", harbour).done
    assert service.show("one").collections == [harbour]
    assert not service.show("one").everywhere
    with pytest.raises(NotAllowedError, match="takes an approver"):
        service.enact("one")


def test_a_closed_collection_is_in_nobodys_history_but_its_readers(
    three: Adapters, harbour: str, database: Database, somebody: Somebody
) -> None:
    three.enact("one", harbour, reason="secret")
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE collections SET open = false"))
    stranger = three.for_person(somebody(UserRole.APPROVER))
    assert stranger.history() == []
    assert [place.standing.collection for place in stranger.places()] == [None]
    assert {line.name: line.state for line in stranger.listed()} == dict.fromkeys(("one", "two", "three"), "candidate")
    with pytest.raises(NotFoundError, match="no collection 'harbour'"):
        stranger.enact("two", harbour)
