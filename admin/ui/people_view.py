"""The people and the keys, as HTML."""

from collections.abc import Iterable, Sequence
from html import escape

from admin.ui import people_words as words
from admin.ui.markup import attributes, button, empty, moment
from admin.ui.words import DISMISS
from chat.store.keys import KeySummary, Scope
from chat.store.sign_ins import SignedIn
from chat.store.tables import UserRole
from chat.store.users import OWNER, UserSummary
from chat.ui.kit import icon_button


def people(found: Sequence[UserSummary], signed_in: Sequence[SignedIn], asker: str) -> str:
    """Everybody, with a line to invite somebody, for an owner called `asker`."""
    rows = "".join(_person(each, [one for one in signed_in if one.user == each.name], asker) for each in found)
    columns = (
        ("name", words.NAME), ("role", words.ROLE), ("in", words.SIGNS_IN), ("browsers", words.BROWSERS), ("acts", ""),
    )  # fmt: skip
    head = "".join(f'<th class="{name}" scope="col">{shown}</th>' for name, shown in columns)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"{_unasked(found)}{_inviting()}{_meanings()}{table}"


def closed() -> str:
    """For who is no owner."""
    return empty(words.PEOPLE, words.OWNERS_ONLY)


def invitation(name: str, path: str) -> str:
    """The link to give to somebody, shown once. The page completes it with the address that the chat has."""
    return _told_once(words.INVITED.format(name), path, "link")


def new_key(name: str, user: str, secret: str) -> str:
    """A key just made, shown once."""
    return _told_once(words.KEY_MADE.format(name, user), secret, "secret")


def keys(found: Sequence[KeySummary], names: Sequence[str], asker: str) -> str:
    """The keys there are and were, with a line to make one for one of `names`."""
    rows = "".join(map(_key, found))
    head = "".join(f'<th scope="col">{shown}</th>' for shown in words.KEY_COLUMNS)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    shown = table if found else f'<p class="none">{words.NO_KEYS}</p>'
    return f"<h3>{words.KEYS}</h3><p>{words.KEYS_HINT}</p>{_making(names or [asker], asker)}{shown}"


def _unasked(found: Sequence[UserSummary]) -> str:
    """What to know where nobody is asked to sign in."""
    if any(each.signs_in for each in found):
        return ""
    return f'<p class="hint" role="note">{words.NOBODY_SIGNS_IN} {words.FIRST_ACCOUNT}</p>'


def _inviting() -> str:
    return (
        f'<form data-sends="invite"><label><span>{words.INVITE_NAME}</span>'
        '<input name="name" required maxlength="63" autocomplete="off" autocapitalize="none" spellcheck="false">'
        "</label>"
        f'<label><span>{words.INVITE_AS}</span><select name="role">{_options(UserRole.ASKER)}</select></label>'
        f'<button class="go">{words.INVITE}</button></form>'
    )


def _meanings() -> str:
    said = "".join(f"<dt>{words.ROLES[role]}</dt><dd>{words.ROLES_MEAN[role]}</dd>" for role in UserRole)
    return f"<details><summary>{words.WHAT_ROLES_MAY}</summary><dl>{said}</dl></details>"


def _person(person: UserSummary, browsers: Sequence[SignedIn], asker: str) -> str:
    suspended = person.disabled_at is not None
    notes = [
        words.YOU if person.name == asker else "", words.AT_THE_MACHINE if person.name == OWNER else "",
        words.SUSPENDED if suspended else "",
    ]  # fmt: skip
    note = "".join(f"<small>{said}</small>" for said in notes if said)
    seen = f"{len(browsers)}<small>{words.LAST_SEEN.format(moment(browsers[0].seen_at))}</small>" if browsers else ""
    cells = (
        ("name", f"<b>{escape(person.name)}</b>{note}"),
        ("role", _role(person, asker)),
        ("in", words.YES if person.signs_in else words.NOT_YET),
        ("browsers", seen or words.NOWHERE),
        ("acts", _acts(person, bool(browsers), asker)),
    )
    kind = ' class="out"' if suspended else ""
    return f"<tr{kind}>{_cells(cells)}</tr>"


def _role(person: UserSummary, asker: str) -> str:
    if person.name in (OWNER, asker):
        return words.ROLES[person.role]
    label = escape(words.ROLE_OF.format(person.name))
    return f'<select aria-label="{label}"{attributes(name=person.name)}>{_options(UserRole(person.role))}</select>'


def _acts(person: UserSummary, signed_in: bool, asker: str) -> str:
    """What can be done about a person; nobody is offered what would shut themselves out."""
    name, usual = person.name, {"name": person.name, "cancel": words.CANCEL}
    if person.disabled_at is not None:
        return button(words.RESTORE, "restore", looks="quiet", label=words.RESTORE_LABEL.format(name), name=name)
    link = button(
        words.INVITE_AGAIN, "link", looks="quiet", label=words.INVITE_LABEL.format(name), **usual,
        question=words.INVITE_AGAIN_QUESTION.format(name), warning=words.INVITE_AGAIN_WARNING,
        action=words.INVITE_AGAIN,
    )  # fmt: skip
    out = button(
        words.SIGN_OUT, "out", looks="quiet", label=words.SIGN_OUT_LABEL.format(name), **usual,
        question=words.SIGN_OUT_QUESTION.format(name), warning=words.SIGN_OUT_WARNING, action=words.SIGN_OUT,
    )  # fmt: skip
    suspend = button(
        words.SUSPEND, "suspend", looks="quiet", label=words.SUSPEND_LABEL.format(name), **usual, danger=1,
        question=words.SUSPEND_QUESTION.format(name), warning=words.SUSPEND_WARNING, action=words.SUSPEND,
    )  # fmt: skip
    return link + (out if signed_in else "") + ("" if name in (OWNER, asker) else suspend)


def _options(chosen: UserRole) -> str:
    marks = {chosen: " selected"}
    return "".join(f'<option value="{role}"{marks.get(role, "")}>{words.ROLES[role]}</option>' for role in UserRole)


def _making(names: Sequence[str], asker: str) -> str:
    marks = {asker: " selected"}
    whose = "".join(f'<option value="{escape(name)}"{marks.get(name, "")}>{escape(name)}</option>' for name in names)
    scopes = "".join(
        f'<label><input type="checkbox" name="{scope}" checked> {words.SCOPES[scope]}</label>' for scope in Scope
    )
    return (
        f'<form data-sends="make"><label><span>{words.KEY_NAME}</span>'
        '<input name="name" required maxlength="100" autocomplete="off"></label>'
        f'<label><span>{words.KEY_FOR}</span><select name="user">{whose}</select></label>'
        f"<fieldset><legend>{words.KEY_SCOPES}</legend>{scopes}</fieldset>"
        f'<button class="go">{words.MAKE_KEY}</button></form>'
    )


def _key(key: KeySummary) -> str:
    dead = key.revoked_at is not None
    state = words.IS_REVOKED if dead else words.OWNER_SUSPENDED if key.disabled else words.IN_USE
    revoke = "" if dead else button(
        words.REVOKE, "revoke", looks="quiet", label=words.REVOKE_LABEL.format(key.name), id=key.id, danger=1,
        question=words.REVOKE_QUESTION.format(key.name), warning=words.REVOKE_WARNING, action=words.REVOKE,
        cancel=words.CANCEL,
    )  # fmt: skip
    uses = ", ".join(words.SCOPES.get(scope, scope) for scope in key.scopes)
    cells = (
        ("name", f"<b>{escape(key.name)}</b><small><code>{escape(key.start)}…</code></small>"),
        ("user", escape(key.user)),
        ("uses", f"{uses}<small>{state}</small>"),
        ("used", moment(key.used_at) if key.used_at else words.NEVER),
        ("acts", revoke),
    )
    kind = ' class="out"' if dead or key.disabled else ""
    return f"<tr{kind}>{_cells(cells)}</tr>"


def _cells(cells: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<td class="{name}">{shown}</td>' for name, shown in cells)


def _told_once(said: str, told: str, kind: str) -> str:
    shown = f'<input class="{kind}" readonly value="{escape(told)}" aria-label="{escape(said)}">'
    copy = f'<button type="button" class="copies">{words.COPY}</button>'
    close = icon_button("close", DISMISS)
    return f'<div class="note" role="status"><div><p>{escape(said)}</p>{shown}{copy}</div>{close}</div>'
