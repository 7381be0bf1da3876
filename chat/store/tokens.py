"""What people and programs show at the door. Only a hash is kept, so that who reads the database cannot come in."""

import hashlib


def sha256(secret: str) -> str:
    """The hash of something long and random, for which a slow hash would add nothing."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
