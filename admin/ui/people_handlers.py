"""What the People tab does when something is clicked: each handler may be called by anybody with anything."""

from dataclasses import dataclass

import gradio as gr

from admin.service.people import People
from admin.ui import listing, people_view
from admin.ui import people_words as words
from admin.ui.handlers import number, sent
from chat.door.keys import Keys
from chat.errors import InvalidInputError, NotAllowedError
from chat.store.keys import Scope
from chat.store.tables import UserRole
from chat.ui.edge import told


@dataclass(frozen=True)
class PeopleHandlers:
    """The handlers of the People tab."""

    people: People
    own: Keys

    @told
    def shown(self) -> str:
        """Everybody, as HTML, for an owner of the installation."""
        try:
            return people_view.people(self.people.people(), self.people.signed_in(), self.people.person.name)
        except NotAllowedError:
            return people_view.closed()

    @told
    def keys(self) -> str:
        """The keys, as HTML: one's own or, for an owner, everybody's."""
        return people_view.keys(self.own.listed(), self.own.keepers(), self.own.person.name)

    @told
    def invited(self, event: gr.EventData) -> str:
        """Invite somebody new. Returns the link, as HTML."""
        made = self.people.invite(sent(event, "name"), role(sent(event, "role")))
        return people_view.invitation(made.name, made.path)

    @told
    def linked(self, event: gr.EventData) -> str:
        """Make a new link for somebody who is there. Returns it, as HTML."""
        made = self.people.invite(sent(event, "name"))
        return people_view.invitation(made.name, made.path)

    @told
    def ranked(self, event: gr.EventData) -> str:
        """Change what a person may do. Returns what was done, as HTML."""
        name, wanted = sent(event, "name"), role(sent(event, "role"))
        self.people.set_role(name, wanted)
        return listing.notice(words.ROLE_CHANGED.format(name, wanted))

    @told
    def suspended(self, event: gr.EventData) -> str:
        """Shut a person out. Returns what was done, as HTML."""
        self.people.set_disabled(sent(event, "name"), disabled=True)
        return listing.notice(words.IS_SUSPENDED.format(sent(event, "name")))

    @told
    def restored(self, event: gr.EventData) -> str:
        """Let a person in again. Returns what was done, as HTML."""
        self.people.set_disabled(sent(event, "name"), disabled=False)
        return listing.notice(words.IS_RESTORED.format(sent(event, "name")))

    @told
    def signed_out(self, event: gr.EventData) -> str:
        """End a person's sessions. Returns what was done, as HTML."""
        self.people.sign_out(sent(event, "name"))
        return listing.notice(words.IS_SIGNED_OUT.format(sent(event, "name")))

    @told
    def made(self, event: gr.EventData) -> str:
        """Make a key. Returns it, as HTML."""
        scopes = [scope for scope in Scope if sent(event, scope)]
        key = self.own.add(sent(event, "name"), scopes, sent(event, "user") or None)
        return people_view.new_key(key.name, key.user, key.secret)

    @told
    def revoked(self, event: gr.EventData) -> str:
        """End a key. Returns what was done, as HTML."""
        self.own.revoke(number(sent(event, "id")))
        return listing.notice(words.REVOKED)


def role(text: str) -> UserRole:
    """What a person may do. Raises `InvalidInputError` for what is no role."""
    if text not in list(UserRole):
        raise InvalidInputError(words.NO_ROLE.format(text[:40], ", ".join(UserRole)))
    return UserRole(text)
