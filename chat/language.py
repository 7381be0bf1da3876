"""Words and sentences of a text: what quoting, attribution and abstention compare."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import snowballstemmer

STEMMER_LANGUAGE = "english"
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9\u00C0-\u024F*#|-])|(?<=[。！？])|\n+")
WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:[’'][^\W\d_]+)?")
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can could did do does doing
    done down for from get got had has have having he her here hers him his how i if in into is it its just let like
    may me might more most must my need no nor not of off on once one only or other our out over own per please same
    shall she should so some still such tell than that the their them then there these they this those through to
    too under until up us use very want was way we were what when where which while who whom whose why will with
    would yes yet you your
    auf aus bei das dem den der des die durch ein eine einem einen einer er es für hat ich im ist mit nicht oder
    sich sie sind um und von war wer wie wird wo zu zum zur
    au aux avec ce ces dans de du elle en est et il je la le les leur lui ma mais ne ou par pas pour qu que qui
    se ses son sur un une
    al como con del el esta este las lo los más para pero por si su sus una y
    """.split()
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences of `text`, in characters, without the white space around them."""
    spans = []
    start = 0
    for match in SENTENCE_END.finditer(text):
        spans.append((start, match.start() if match.group().strip() == "" else match.end()))
        start = match.end()
    spans.append((start, len(text)))
    return [trimmed for span in spans if (trimmed := _trim(text, *span))]


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, repeats kept. Chinese, Japanese, Korean: pairs of characters."""
    return [stem for word in _words(text.casefold().replace("’", "'")) if (stem := _stem(word))]


def numbers(text: str) -> set[str]:
    """The numbers written in digits in `text`, thousands separators gone."""
    return {re.sub(r"(?<=\d),(?=\d{3}\b)", "", word) for word in WORD.findall(text) if word[0].isdigit()}


def coverage(wanted: Sequence[str], present: set[str]) -> float:
    """Share (0 to 1) of the `wanted` stems that are `present`; 0 where nothing is wanted."""
    return sum(stem in present for stem in wanted) / len(wanted) if wanted else 0.0


def _words(text: str) -> Iterator[str]:
    for word in WORD.findall(text):
        if CJK.search(word):
            yield from (word[i : i + 2] for i in range(max(len(word) - 1, 1)))
        else:
            yield word


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    if word in STOP_WORDS:
        return ""
    return str(_stemmer().stemWord(word.removesuffix("'s")))


@cache
def _stemmer() -> Any:
    return snowballstemmer.stemmer(STEMMER_LANGUAGE)


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return None
    start += piece.index(stripped)
    return start, start + len(stripped)
