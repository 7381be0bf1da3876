"""`python -m admin keys`: what programs ask with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from chat.door.keys import Keys
    from chat.store.keys import KeySummary

keys = typer.Typer(help="The keys that programs ask with, over HTTP.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@contextmanager
def opened_keys() -> Iterator["Keys"]:
    """The service, for who works on this machine."""
    from admin.commands import opened
    from chat.door.keys import Keys

    with opened() as parts:
        yield Keys(parts.database.sessions, person=parts.owner)


@keys.command("add")
def add_key(
    user: Annotated[str, typer.Option(help="Whom the key acts for: it may what this person may.")],
    name: Annotated[str, typer.Option(help="What will use it, so that you know it again.")],
    scope: Annotated[list[str] | None, typer.Option(help="ask, search or embed; all of them without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once: only its hash is kept."""
    from admin.commands import print_json
    from chat.store.keys import Scope

    if unknown := set(scope or ()) - set(Scope):
        raise typer.BadParameter(f"--scope {', '.join(sorted(unknown))}: there are {', '.join(Scope)}.")
    with opened_keys() as service:
        made = service.add(name, [Scope(one) for one in dict.fromkeys(scope or Scope)], user)
    if as_json:
        row = {"id": made.id, "user": made.user, "name": made.name, "scopes": made.scopes, "key": made.secret}
        print_json(row)
        return
    print(f"Key {made.id} of {made.user}, for {', '.join(made.scopes)}. It is shown this once; keep it safe:\n")
    print(made.secret)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """The keys there are and were, newest first."""
    from admin.commands import print_json, print_table

    with opened_keys() as service:
        found = service.listed()
    if as_json:
        print_json({"keys": [_document(key) for key in found]})
        return
    print_table(
        ("Key", "Of", "Name", "Starts with", "For", "Made", "Last used", "State"),
        (
            (k.id, k.user, k.name, f"{k.start}…", ", ".join(k.scopes), _day(k.created_at), _day(k.used_at), _state(k))
            for k in found
        ),
        "There are no keys. `python -m admin keys add --user NAME --name LABEL` makes one.",
    )


@keys.command("revoke")
def revoke_key(
    key: Annotated[int, typer.Argument(help="Its id, as `keys list` shows it.")], as_json: AsJson = False
) -> None:
    """End a key for good: nobody gets in with it from now on."""
    from admin.commands import print_json

    with opened_keys() as service:
        service.revoke(key)
    if as_json:
        print_json({"key": key, "revoked": True})
    else:
        print(f"Nobody gets in with key {key} any more.")


def _document(key: "KeySummary") -> dict[str, Any]:
    times = {field: moment and moment.isoformat(timespec="seconds") for field, moment in _times(key).items()}
    return asdict(key) | times


def _times(key: "KeySummary") -> dict[str, Any]:
    return {"created_at": key.created_at, "used_at": key.used_at, "revoked_at": key.revoked_at}


def _state(key: "KeySummary") -> str:
    if key.revoked_at:
        return f"revoked {_day(key.revoked_at)}"
    return "its owner is disabled" if key.disabled else "in use"


def _day(moment: Any) -> str:
    return f"{moment.astimezone():%Y-%m-%d}" if moment else "never"
