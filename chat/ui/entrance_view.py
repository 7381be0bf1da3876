"""The pages at the door, as HTML. Their only script keeps light or dark; they load nothing from anywhere."""

from html import escape
from urllib.parse import quote

from chat.door.passwords import SHORTEST
from chat.rights import Person
from chat.ui.kit import asset
from chat.ui.words import PRODUCT

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SPENT = "This link does not work any more"
CHANGED = "Your password is changed. Other browsers were signed out."
ROLES = {
    "asker": "You may ask, in the collections that are open to you.",
    "curator": "You may ask, and look after documents.",
    "trainer": "You may ask, look after documents, and train.",
    "approver": "You may ask, look after documents, train, and decide which adapter answers.",
    "owner": "You may do everything here.",
}
SAME_AS_PAGE = """
const kept = (() => { try { return localStorage.getItem("appearance"); } catch { return null; } })();
const usual = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.appearance = kept ?? usual;
"""
"""Light or dark as the app shows it, before the first paint."""


def login(way: str, name: str = "", error: str = "", sign_on: str | None = None) -> str:
    """To sign in, and to go on to `way` then. The password is never sent back.

    `sign_on` is what the organisation's own sign-on is called, where there is one.
    """
    to_name, to_password = ("", " autofocus") if name else (" autofocus", "")
    named = f'autocomplete="username" autocapitalize="none" spellcheck="false"{to_name}'
    fields = (
        f'<input type="hidden" name="next" value="{escape(way)}">'
        + _field("Name", "name", "text", named, name)
        + _field("Password", "password", "password", f'autocomplete="current-password"{to_password}')
    )
    return _page("Sign in", _error(error) + _elsewhere(way, sign_on) + _form("/login", fields, "Sign in"))


def _elsewhere(way: str, sign_on: str | None) -> str:
    """The way to the organisation's own sign-on."""
    if sign_on is None:
        return ""
    link = f'<a class="other" href="/sign-on/begin?next={quote(way, safe="")}">Continue with {escape(sign_on)}</a>'
    return f'{link}<p class="or">or with a password</p>'


def invitation(name: str, error: str = "") -> str:
    """To choose a password, for who was invited."""
    greeting = f"<p>You are invited as <b>{escape(name)}</b>. Choose a password. {_hint()}</p>"
    hidden = f'<input type="hidden" name="name" autocomplete="username" value="{escape(name)}">'
    return _page("Welcome", greeting + _error(error) + _form("", hidden + _new_password(), "Set the password"))


def account(person: Person, error: str = "", done: str = "") -> str:
    """One's own account: who one is, signing out, and another password."""
    who = f"<p>You are signed in as <b>{escape(person.name)}</b>. {ROLES[person.role]}</p>"
    out = _form("/logout", "", "Sign out", quiet=True)
    before = _field("Password until now", "before", "password", 'autocomplete="current-password"')
    change = _form("/account", before + _new_password(), "Change the password")
    said = f'<p class="done" role="status">{escape(done)}</p>' if done else ""
    shown = " open" if error else ""
    more = f"<details{shown}><summary>Change your password</summary><p>{_hint()}</p>{_error(error)}{change}</details>"
    return _page("Your account", f'{said}{who}{out}{more}<p><a href="/">Back</a></p>')


def closed() -> str:
    """For who has signed in and may not go on."""
    said = (
        "<p>Here the documents, and what is learned from them, are looked after. It takes a curator: "
        "an owner can make you one.</p>"
    )
    return _page("This is not for you", said + _form("/logout", "", "Sign in as somebody else", quiet=True))


def notice(title: str, said: str, way: str = "/") -> str:
    """A page that only says something, with the way on from it."""
    on = "To sign in" if way == "/login" else "To the first page"
    return _page(title, f'<p>{escape(said)}</p><p><a href="{way}">{on}</a></p>')


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · {PRODUCT}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{asset('tokens.css')}{asset('entrance.css')}</style><script>{SAME_AS_PAGE}</script></head>"
        f'<body class="entrance"><main><header>{asset("icon.svg")}<span>{PRODUCT}</span></header>'
        f"<h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def _form(way: str, fields: str, does: str, *, quiet: bool = False) -> str:
    action, looks = (f' action="{way}"' if way else ""), (' class="quiet"' if quiet else "")
    return f'<form method="post"{action}>{fields}<button type="submit"{looks}>{does}</button></form>'


def _field(label: str, name: str, kind: str, more: str, value: str = "") -> str:
    return (
        f'<label><span>{label}</span><input name="{name}" type="{kind}" value="{escape(value)}" required '
        f'maxlength="256" {more}></label>'
    )


def _new_password() -> str:
    more = f'autocomplete="new-password" minlength="{SHORTEST}"'
    return _field("New password", "password", "password", more) + _field("Once more", "again", "password", more)


def _hint() -> str:
    return f"At least {SHORTEST} characters. Four words that have nothing to do with each other are good."


def _error(said: str) -> str:
    return f'<p class="error" role="alert">{escape(said)}</p>' if said else ""
