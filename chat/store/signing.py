"""The key that decisions are signed with: who can write to the database, but not read HOME, makes none that fits."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

KEY = "promotions.key"
"""Its file in HOME. Installations on one database need the same one: copy it."""


def key(home: Path) -> bytes:
    """The key of this data folder: 32 random bytes, made once, which only this account can read."""
    path = home / KEY
    if not path.exists():
        _make(path)
    return path.read_bytes()


def sign(key: bytes, said: Mapping[str, Any]) -> str:
    """HMAC-SHA256 over canonical JSON, in hexadecimal."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def fits(key: bytes, said: Mapping[str, Any], signature: str) -> bool:
    """Whether it was signed with this key, as it stands."""
    return hmac.compare_digest(sign(key, said), signature)


def _make(path: Path) -> None:
    """Appear at once and whole; of several processes that make one, the first does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{KEY}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
