"""Bytes become text here, once: every offset in the system counts characters of what `normalise` returned."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

# Zero-width signs, soft hyphens, bidirectional overrides, annotation and tag characters: they show nothing
# and can hide words from a reader, or instructions from a curator.
INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    # Persian and the Indic scripts spell with joiners; nobody else does.
    "|(?<![\u0600-\u0dff])[\u200c\u200d]"
)
UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")

# UTF-32 comes before UTF-16, whose little-endian mark is the beginning of its own.
BYTE_ORDER_MARKS: Mapping[bytes, str] = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
# The usual encodings of files that are not Unicode, the likelier first.
LEGACY = ["cp1252", "cp1251", "cp1250", "cp1253", "cp932", "gb18030", "big5", "cp949"]
GUESS_BYTES = 50_000

STOP_WORDS: Mapping[str, str] = {
    "en": "the and of to is that for with are this not be it on by was you or at from in a has have will",
    "de": "der die das und ist nicht ein eine mit den von zu für auf werden sie dem im es wird",
    "fr": "le la les de des et est une un dans que pour du pas vous sur au par qui en l d",
    "es": "el la los las de que y en una un por con para del se es al no su lo",
    "it": "il di che la e un per non con del della sono gli una le dei si da è nel",
    "pt": "o os que de e do da em um uma para não com se as dos é no na por",
    "nl": "de het een en van is dat niet op te voor met zijn in die wordt bij aan er ook",
}
LANGUAGE_SAMPLE = 20_000
LANGUAGE_WORDS = 12
LANGUAGE_SHARE = 0.12
LANGUAGE_LEAD = 1.2


def normalise(text: str) -> str:
    """Return `text` in NFKC with one kind of line end and without anything that cannot be seen."""
    text = LINE_END.sub("\n", text)
    text = INVISIBLE.sub("", UNPRINTABLE.sub("", text))
    text = unicodedata.normalize("NFKC", text)
    # By lines: the pattern `[ \t]+\n` takes quadratic time on a long run of spaces.
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text)


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of `data`: by its byte order mark, as UTF-8, as `declared`, or by the best guess."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    # A few bad bytes in much good UTF-8 are damage; another encoding leaves hardly any character whole.
    if damaged == 0 or damaged < sum(char > "\x7f" for char in text) - damaged:
        return text
    try:
        return data.decode(declared or _guess_encoding(data), errors="replace")
    except LookupError:
        return data.decode(_guess_encoding(data), errors="replace")


def _guess_encoding(data: bytes) -> str:
    """Return the likeliest of the legacy encodings; the sample begins near the first byte beyond ASCII."""
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return "cp1252"
    beyond_ascii = re.search(rb"[\x80-\xff]", data)
    start = max(0, beyond_ascii.start() - 100) if beyond_ascii else 0
    matches = from_bytes(data[start : start + GUESS_BYTES], cp_isolation=LEGACY)
    ranked = [
        (match.chaos, -match.coherence, LEGACY.index(name))
        for match in matches
        for name in match.could_be_from_charset
        if name in LEGACY
    ]
    return LEGACY[min(ranked)[2]] if ranked else "cp1252"


def guess_language(text: str) -> str | None:
    """Return the ISO 639-1 code whose stop-words clearly lead in the beginning of `text`, else None."""
    words = re.findall(r"[^\W\d_]+", text[:LANGUAGE_SAMPLE].lower())
    if len(words) < LANGUAGE_WORDS:
        return None
    counts = Counter(words)
    hits = sorted(
        ((sum(counts[word] for word in stops.split()), code) for code, stops in STOP_WORDS.items()),
        reverse=True,
    )
    (best, code), (second, _) = hits[:2]
    return code if best >= LANGUAGE_SHARE * len(words) and best >= LANGUAGE_LEAD * second else None
