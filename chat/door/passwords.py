"""Passwords: what is a good one, how it is kept, and whether one is right, which takes as long for who is not there."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chat.errors import InvalidInputError, SettingsError

SHORTEST = 10
LONGEST = 256
"""Characters. A hash of more would only cost time, which is what somebody who sends more wants."""
AT_ONCE = 2
"""Passwords that one process hashes at the same time: each takes 64 MiB and four threads."""
NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$K2eYxDqzXUBaJx2Mz8cLOg$mKFMnDj8l7hEmL1DlITqnw2il9ejmJupX+pxhr5HpjQ"
"""What no password fits, made with the parameters of all others: to be looked at where a name does not exist."""


@dataclass(frozen=True)
class Passwords:
    """Hashes passwords with argon2id, in the parameters that RFC 9106 recommends for machines with little memory."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))

    def hash(self, password: str, name: str) -> str:
        """The hash to keep of the password of the person called `name`. Raises `InvalidInputError` for a bad one."""
        require_good(password, name)
        with self.room:
            return self.hasher.hash(password)

    def right(self, password: str, kept: str | None) -> bool:
        """Whether the password is that which the hash was made of; never, where there is none."""
        with self.room:
            try:
                return self.hasher.verify(kept or NOBODYS, password[:LONGEST]) and kept is not None
            except (VerificationError, InvalidHashError):
                return False


def require_good(password: str, name: str) -> None:
    """Raise `InvalidInputError` for a password that is too short, too long, or the name itself.

    Length is what makes one hard to guess (NIST SP 800-63B-4, 3.1.1.2): no mixture of characters is asked for.
    """
    if len(password) < SHORTEST:
        raise InvalidInputError(f"The password is too short: take at least {SHORTEST} characters, such as four words.")
    if len(password) > LONGEST:
        raise InvalidInputError(f"The password is too long: take at most {LONGEST} characters.")
    if len(password.lower().replace(name.lower(), "")) <= SHORTEST // 2:
        raise InvalidInputError("The password is little more than the name. Take another one, such as four words.")


def read_password(path: Path) -> str:
    """The password in a file: its first line. Raises `SettingsError` where there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The password in {path} cannot be read: {error}") from error
    if not lines:
        raise SettingsError(f"{path} is empty. Write the password into it.")
    return lines[0]
