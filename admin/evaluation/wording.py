"""What an answer says beside what was accepted, word by word, as SQuAD counts it.

Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text". Its normalisation is for English;
like MLQA (Lewis et al. 2020) it is extended here to all punctuation, and languages written without spaces are compared
by character.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

from chat.rag.citations import MARKER

ARTICLES = frozenset({"a", "an", "the"})
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese. Korean is written with spaces."""


def words(text: str) -> list[str]:
    """The words that are compared: small letters, no punctuation, no articles, no citation markers."""
    plain = unicodedata.normalize("NFKC", MARKER.sub("", text)).casefold()
    kept = "".join(character for character in plain if not _punctuation(character))
    apart = UNSPACED.sub(lambda found: f" {found.group()} ", kept)
    return [word for word in apart.split() if word not in ARTICLES]


def exact_match(said: str, accepted: Sequence[str]) -> float:
    """1 where the answer is one of the accepted ones, else 0."""
    return float(any(words(said) == words(answer) for answer in accepted))


def f1(said: str, accepted: Sequence[str]) -> float:
    """Harmonic mean of word precision and recall against the accepted answer that it is nearest to, 0 to 1."""
    return max((_f1(words(said), words(answer)) for answer in accepted), default=0.0)


def contained(said: str, accepted: Sequence[str]) -> float:
    """1 where the words of an accepted answer stand in the answer one after the other, else 0."""
    text = words(said)
    return float(any(_stands_in(words(answer), text) for answer in accepted))


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    shared = (Counter(said) & Counter(wanted)).total()
    return 2 * shared / (len(said) + len(wanted))


def _stands_in(part: Sequence[str], whole: Sequence[str]) -> bool:
    size = len(part)
    return size > 0 and any(whole[at : at + size] == part for at in range(len(whole) - size + 1))


def _punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")
