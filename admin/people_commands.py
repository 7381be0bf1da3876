"""The commands about people: who there is, and who may do what in a collection."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from admin.service.members import Membership
    from admin.service.people import People
    from chat.store.tables import UserRole

users = typer.Typer(help="The people who may use this installation.", no_args_is_help=True)
members = typer.Typer(help="Who may read a collection, look after it, or decide about it.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Name = Annotated[str, typer.Argument(help="The person's name.")]
PasswordFile = Annotated[
    Path | None, typer.Option(help="File whose first line is the password; - is stdin. Without, it is asked for.")
]
Collection = Annotated[str, typer.Argument(help="The collection's name.")]


@contextmanager
def membership() -> Iterator["Membership"]:
    """The service, for who works on this machine."""
    from admin.commands import opened
    from admin.service.members import Membership

    with opened() as parts:
        yield Membership(parts.database.sessions, person=parts.owner)


@contextmanager
def people() -> Iterator["People"]:
    """The service, for who works on this machine."""
    from admin.commands import opened
    from admin.service.people import People

    with opened() as parts:
        yield People(parts.database.sessions, person=parts.owner)


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Everybody, with what each may do in the installation."""
    from admin.commands import print_json, print_table

    with people() as service:
        found = service.people()
    if as_json:
        rows = [
            {"name": one.name, "role": one.role, "disabled": one.disabled_at is not None, "signs_in": one.signs_in}
            for one in found
        ]
        print_json({"users": rows})
        return
    print_table(
        ("Name", "Role", "Since", "Signs in", "Suspended"),
        (
            (
                *(one.name, one.role, f"{one.created_at:%Y-%m-%d}", "yes" if one.signs_in else "not yet"),
                f"{one.disabled_at:%Y-%m-%d}" if one.disabled_at else "",
            )
            for one in found
        ),
        "",
    )


@users.command("add")
def add_user(
    name: Name,
    role: Annotated[str, typer.Option(help="asker, curator, trainer, approver or owner.")] = "asker",
    password_file: PasswordFile = None,
) -> None:
    """Add a person. A curator and those above may make collections; an owner may do everything."""
    password = password_from(password_file, optional=True)
    with people() as service:
        kept = service.add_person(name, role_of(role), password)
    print(f"There is a person called {kept} now, {role} of this installation.")
    if password is None:
        print(f"They cannot sign in yet. `python -m admin users invite {kept}` makes a link to set a password.")


@users.command("password")
def set_password(name: Name, password_file: PasswordFile = None) -> None:
    """Give a person a new password. They are signed out everywhere."""
    password = password_from(password_file)
    with people() as service:
        service.set_password(name, password or "")
    print(f"{name} signs in with the new password from now on.")


@users.command("invite")
def invite_user(
    name: Name,
    role: Annotated[str | None, typer.Option(help="What a new person may do; asker without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a link with which a person sets a password, once, within a week. It is shown this once."""
    from admin.commands import print_json
    from admin.up import chat_url
    from chat.settings import load_settings

    with people() as service:
        invited = service.invite(name, role_of(role) if role else None)
    link = chat_url(load_settings()) + invited.path
    if as_json:
        print_json({"name": invited.name, "link": link})
        return
    print(f"For {invited.name}, once, within a week:\n\n{link}\n\nBehind a proxy, put its address before /invitation.")


@users.command("role")
def set_role(
    name: Name, role: Annotated[str, typer.Argument(help="asker, curator, trainer, approver or owner.")]
) -> None:
    """Let a person do more or less. They are signed out everywhere."""
    with people() as service:
        service.set_role(name, role_of(role))
    print(f"{name} is {role} of this installation now.")


@users.command("sign-out")
def sign_out_user(name: Name) -> None:
    """End a person's sessions in every browser."""
    with people() as service:
        ended = service.sign_out(name)
    print(f"{name} was signed out of {ended} browser(s).")


@users.command("suspend", hidden=True)
@users.command("disable")
def disable_user(name: Name) -> None:
    """Suspend a person: shut out at once, with every key. What they said and handed in is kept."""
    with people() as service:
        service.set_disabled(name, disabled=True)
    print(f"{name} may do nothing here from now on. `python -m admin users enable {name}` takes it back.")


@users.command("restore", hidden=True)
@users.command("enable")
def enable_user(name: Name) -> None:
    """Let a person in again, with the rights they had."""
    with people() as service:
        service.set_disabled(name, disabled=False)
    print(f"{name} is let in again.")


def role_of(name: str) -> "UserRole":
    """The role of that name. Raises a usage error for what is none."""
    from chat.store.tables import UserRole

    if name not in list(UserRole):
        raise typer.BadParameter(f"There is no role {name!r}. There are {', '.join(UserRole)}.")
    return UserRole(name)


def password_from(file: Path | None, *, optional: bool = False) -> str | None:
    """The password in the file, `-` being stdin; without a file it is asked for, twice, where somebody is there to ask.

    None where it is `optional` and none was given. Raises a usage error where there is none and it is not.
    """
    from chat.door.passwords import read_password

    if file is not None:
        return sys.stdin.readline().rstrip("\r\n") if str(file) == "-" else read_password(file)
    if not sys.stdin.isatty():
        if optional:
            return None
        raise typer.BadParameter(
            "Nobody is here to be asked for the password: give --password-file FILE, or - for stdin."
        )
    asked = "Password (none: they are invited later)" if optional else "Password"
    typed: str = typer.prompt(
        asked, hide_input=True, confirmation_prompt=True, default="" if optional else None, show_default=False
    )
    return typed or None


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
