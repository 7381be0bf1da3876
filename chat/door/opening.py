"""Before an app listens: whether it may, and the first owner, where a file says with which password."""

from chat.door.keys import is_loopback
from chat.door.passwords import Passwords, read_password
from chat.errors import SettingsError
from chat.settings import Settings
from chat.store import audit, users
from chat.store.session import Sessions
from chat.store.tables import UserRole


def prepare(sessions: Sessions, settings: Settings) -> None:
    """Give the first owner the password in the file that the settings name, and see that somebody can sign in.

    Raises `SettingsError` where other machines would be let in and nobody could be asked who they are.
    """
    make_first_owner(sessions, settings)
    if is_loopback(settings.host):
        return
    with sessions() as session:
        if users.signing_in(session, UserRole.OWNER):
            return
    raise SettingsError(
        f"APPRENTICE_HOST={settings.host} lets other machines in, and no owner can sign in yet. Make an account:\n"
        f"  python -m admin users add NAME --role owner\n"
        f"and start again. Or unset APPRENTICE_HOST: then only this machine is let in."
    )


def make_first_owner(sessions: Sessions, settings: Settings) -> None:
    """Once: where nobody can sign in, `owner` can from now on. A password that was changed since is left alone."""
    if settings.owner_password_file is None:
        return
    with sessions() as session:
        if users.signing_in(session):
            return
    kept = Passwords().hash(read_password(settings.owner_password_file), users.OWNER)
    with sessions.begin() as session:
        owner = users.owner(session, to_change=True)
        if not users.signing_in(session):
            owner.password = kept
            audit.note(session, owner.id, owner.name, "set password", owner.name, origin="first start")
