"""Token ids to text, as they come. What has been given out is never taken back.

So half a character waits for its other half, and text that may be the start of a stop string waits until it is
not. Special tokens and stop strings are never given out.
"""

from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream


class TextStream:
    """The text of one answer."""

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._decoder = DecodeStream(skip_special_tokens=True)
        self._undecoded: list[int] = []
        self._stop = stop
        self._held = ""
        self.stopped = False
        """Whether a stop string has come; nothing may be added after it."""

    def add(self, token: int) -> str:
        """Take the next token; return what is now certain, which may be nothing."""
        self._undecoded.append(token)
        characters = self._decoder.step(self._tokenizer, token)
        if characters:
            self._held += characters
            self._undecoded.clear()
        return self._release(keep=self._possible_stop())

    def rest(self) -> str:
        """Return what was held back, once no token can follow, less the half of a character that never came."""
        tail = self._tokenizer.decode(self._undecoded, skip_special_tokens=True)
        self._held += tail.rstrip("\N{REPLACEMENT CHARACTER}")
        return self._release(keep=0)

    def _release(self, keep: int) -> str:
        """Give out the held text up to a stop string, or all but its last `keep` characters."""
        stops = [at for at in (self._held.find(string) for string in self._stop) if at >= 0]
        self.stopped = bool(stops)
        certain = min(stops) if stops else len(self._held) - keep
        piece = self._held[:certain]
        self._held = "" if stops else self._held[certain:]
        return piece

    def _possible_stop(self) -> int:
        """Length of the longest end of the held text that may become a stop string."""
        longest = max((len(string) for string in self._stop), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(string.startswith(self._held[-length:]) for string in self._stop):
                return length
        return 0
