"""Whom a collection is for, as HTML: open or not, its members with what each may do, and a line to add one."""

from html import escape

from admin.service.members import Circle
from admin.ui import words
from admin.ui.markup import attributes, button
from chat.store.members import Member
from chat.store.tables import MemberRole
from chat.ui.kit import icon_button


def circle(shown: Circle, asker: str) -> str:
    """The whole panel, for `asker`."""
    title = escape(words.MEMBERS_OF.format(shown.collection))
    return (
        f'<article role="dialog" aria-label="{title}"{attributes(collection=shown.collection)}>'
        f"<header><h2>{title}</h2>{icon_button('close', words.CLOSE)}</header>"
        f'<div class="scroll">{_reach(shown)}{_roles()}{_members(shown, asker)}{_adding(shown)}</div></article>'
    )


def _reach(shown: Circle) -> str:
    """Who may read it: everybody, or the members alone."""
    return (
        f"<h3>{words.WHO_READS}</h3>"
        f'<div class="reach" role="group" aria-label="{words.WHO_READS}">'
        f"{_side(shown, True, words.OPEN_TO_ALL, words.OPEN_HINT)}"
        f"{_side(shown, False, words.CLOSED, words.CLOSED_HINT)}</div>"
    )


def _side(shown: Circle, to_everybody: bool, name: str, hint: str) -> str:
    here = shown.open is to_everybody
    data = attributes(event="reach", collection=shown.collection, open=int(to_everybody))
    sign = "●" if here else "○"
    return (
        f'<button type="button" aria-pressed="{str(here).lower()}"{data}>'
        f'<b><span aria-hidden="true">{sign}</span> {name}</b><small>{hint}</small></button>'
    )


def _roles() -> str:
    """What each role may do."""
    said = "".join(f"<dt>{words.ROLE_NAMES[role]}</dt><dd>{words.ROLE_MEANS[role]}</dd>" for role in MemberRole)
    return f"<h3>{words.MEMBERS}</h3><dl>{said}</dl>"


def _members(shown: Circle, asker: str) -> str:
    if not shown.members:
        return f'<p class="none">{words.NO_MEMBERS}</p>'
    return f"<ul>{''.join(_member(shown, each, asker) for each in shown.members)}</ul>"


def _member(shown: Circle, member: Member, asker: str) -> str:
    notes = [words.YOU if member.name == asker else "", words.DISABLED if member.disabled else ""]
    note = "".join(f" <small>{said}</small>" for said in notes if said)
    label = escape(words.ROLE_OF.format(member.name))
    choice = f'<select aria-label="{label}"{attributes(collection=shown.collection, name=member.name)}>'
    remove = button(
        words.REMOVE_MEMBER, "expel", looks="quiet", label=words.REMOVE_NAMED.format(member.name),
        collection=shown.collection, name=member.name, action=words.REMOVE_MEMBER, danger=1,
        question=words.REMOVE_QUESTION.format(member.name, shown.collection), warning=_loses(shown, member, asker),
    )  # fmt: skip
    return f"<li><span>{escape(member.name)}{note}</span>{choice}{_options(member.role)}</select>{remove}</li>"


def _loses(shown: Circle, member: Member, asker: str) -> str:
    """What a member who is removed loses."""
    if member.name == asker:
        return words.REMOVE_YOURSELF
    return words.REMOVE_OPEN if shown.open else words.REMOVE_CLOSED


def _options(chosen: MemberRole) -> str:
    marks = {chosen: " selected"}
    return "".join(
        f'<option value="{role}"{marks.get(role, "")}>{words.ROLE_NAMES[role]}</option>' for role in MemberRole
    )


def _adding(shown: Circle) -> str:
    """The line to add a person, or how to get people where there is nobody to add."""
    if not shown.others:
        return f'<p class="none">{words.NOBODY_TO_ADD}</p>'
    names = "".join(f"<option>{escape(name)}</option>" for name in shown.others)
    return (
        f"<form{attributes(collection=shown.collection)}><label><span>{words.ADD_PERSON}</span>"
        f'<select name="name" required><option value="">{words.CHOOSE_PERSON}</option>{names}</select></label>'
        f'<label><span>{words.AS_ROLE}</span><select name="role">{_options(MemberRole.READER)}</select></label>'
        f'<button class="go">{words.ADD_MEMBER}</button></form>'
    )
