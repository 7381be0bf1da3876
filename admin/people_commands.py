"""The commands about people: who there is, and who may do what in a collection."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from admin.service.members import Membership

users = typer.Typer(help="The people who may use this installation.", no_args_is_help=True)
members = typer.Typer(help="Who may read a collection, look after it, or decide about it.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Name = Annotated[str, typer.Argument(help="The person's name.")]
Collection = Annotated[str, typer.Argument(help="The collection's name.")]


@contextmanager
def membership() -> Iterator["Membership"]:
    """The service, for who works on this machine."""
    from admin.commands import opened
    from admin.service.members import Membership

    with opened() as parts:
        yield Membership(parts.database.sessions, person=parts.owner)


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Everybody, with what each may do in the installation."""
    from admin.commands import print_json, print_table

    with membership() as service:
        people = service.people()
    if as_json:
        rows = [{"name": one.name, "role": one.role, "disabled": one.disabled_at is not None} for one in people]
        print_json({"users": rows})
        return
    print_table(
        ("Name", "Role", "Since", "Disabled"),
        (
            (p.name, p.role, f"{p.created_at:%Y-%m-%d}", f"{p.disabled_at:%Y-%m-%d}" if p.disabled_at else "")
            for p in people
        ),
        "",
    )


@users.command("add")
def add_user(
    name: Name, role: Annotated[str, typer.Option(help="asker, curator, trainer, approver or owner.")] = "asker"
) -> None:
    """Add a person. A curator and those above may make collections; an owner may do everything."""
    from chat.store.tables import UserRole

    if role not in list(UserRole):
        raise typer.BadParameter(f"--role {role!r}: there are {', '.join(UserRole)}.")
    with membership() as service:
        kept = service.add_person(name, UserRole(role))
    print(f"There is a person called {kept} now, {role} of this installation.")


@users.command("disable")
def disable_user(name: Name) -> None:
    """Shut a person out at once. What they said and handed in is kept."""
    with membership() as service:
        service.set_disabled(name, disabled=True)
    print(f"{name} may do nothing here from now on. `python -m admin users enable {name}` takes it back.")


@users.command("enable")
def enable_user(name: Name) -> None:
    """Let a person in again, with the rights they had."""
    with membership() as service:
        service.set_disabled(name, disabled=False)
    print(f"{name} is let in again.")


@members.command("list")
def list_members(collection: Collection, as_json: AsJson = False) -> None:
    """Whom the collection is for."""
    from admin.commands import print_json, print_table

    with membership() as service:
        circle = service.circle(collection)
    if as_json:
        print_json(
            {"collection": circle.collection, "open": circle.open, "members": [asdict(m) for m in circle.members]}
        )
        return
    print(f"{circle.collection}: {'everybody' if circle.open else 'only members'} may read it.")
    rows = ((member.name, member.role, "yes" if member.disabled else "") for member in circle.members)
    print_table(("Name", "Role", "Disabled"), rows, "It has no members; the owners of the installation look after it.")


@members.command("put")
def put_member(
    collection: Collection, name: Name, role: Annotated[str, typer.Option(help="reader, curator or owner.")] = "reader"
) -> None:
    """Make a person a member, or change what a member may do."""
    from chat.store.tables import MemberRole

    if role not in list(MemberRole):
        raise typer.BadParameter(f"--role {role!r}: there are {', '.join(MemberRole)}.")
    with membership() as service:
        service.put(collection, name, MemberRole(role))
    print(f"{name} is {role} of {collection} now.")


@members.command("remove")
def remove_member(collection: Collection, name: Name) -> None:
    """End a membership. The last owner stays."""
    with membership() as service:
        service.remove(collection, name)
    print(f"{name} is no member of {collection} any more.")


@members.command("open")
def open_collection(collection: Collection) -> None:
    """Let everybody read the collection."""
    with membership() as service:
        service.set_open(collection, to_everybody=True)
    print(f"Everybody may read {collection} now.")


@members.command("close")
def close_collection(collection: Collection) -> None:
    """Let only its members read the collection."""
    with membership() as service:
        service.set_open(collection, to_everybody=False)
    print(f"Only the members of {collection} may read it now.")
