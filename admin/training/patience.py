"""Letting the chat go first: the trainer asks the engine of its HOME whether a person waits there, and waits too."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from chat.engine.process import Address

ASK_S = 0.1
"""How often a waiting trainer asks again."""
ANSWER_S = 1.0


@dataclass(frozen=True)
class Patience:
    """Waits for the engine of a HOME, if one runs. It may come and go meanwhile."""

    home: Path

    def wait(self, stopping: Callable[[], bool]) -> float:
        """Return when no person waits for an answer, or at once when `stopping`. Returns the seconds waited."""
        began = time.monotonic()
        while not stopping() and self._busy():
            time.sleep(ASK_S)
        return time.monotonic() - began

    def _busy(self) -> bool:
        """An engine that is too busy to say so is busy; one that is gone is not."""
        address = Address.read(self.home)
        if address is None:
            return False
        place = urlsplit(address.url)
        try:
            with closing(HTTPConnection(place.hostname or "", place.port, timeout=ANSWER_S)) as http:
                http.request("GET", "/healthz")
                return bool(json.load(http.getresponse()).get("people", 0))
        except TimeoutError:
            return True
        except (OSError, HTTPException, ValueError):
            return False
