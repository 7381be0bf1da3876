"""The demo's own examples as candidates: their answers were written by hand, and what bears them is looked for."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from admin.curation.formats.loaders import kind_of, load
from admin.training.grounded.candidates import Candidate
from admin.training.grounded.looking import Look
from chat.rag import citations

HELD_OUT = 4
"""Every fourth of the demo's documents is held out: no row is made from it."""
LONGEST_ANSWER = 20
"""Words. A small model is to answer briefly; the longer ones would teach it to go on."""
UNANSWERABLE = re.compile(r"^(The documents (do not say|give no answer)|That is not covered|I (can|could) ?not find)")


def documents(folder: Path) -> list[Path]:
    """The documents that rows are made from."""
    return [path for number, path in enumerate(sorted(folder.iterdir())) if number % HELD_OUT]


def candidates(examples: Path, folder: Path, look: Look) -> Iterator[Candidate]:
    """The examples about those documents that can be asked: short ones, borne by a single passage, and unanswerable."""
    titles = {path.name: load(path, kind_of(path.name)).title or path.name for path in documents(folder)}
    for row in map(json.loads, examples.read_text(encoding="utf-8").splitlines()):
        if row["document"] in titles and (found := _candidate(row, titles, look)):
            yield found


def _candidate(row: Mapping[str, Any], titles: Mapping[str, str], look: Look) -> Candidate | None:
    document, question, answer = row["document"], row["prompt"], row["completion"]
    unanswerable = Candidate(row["id"], question, document, titles[document])
    if UNANSWERABLE.match(answer):
        return unanswerable
    if len(answer.split()) > LONGEST_ANSWER:
        return None
    own = [source for source in look(question) if source.document == titles[document]]
    borne = citations.attribute(answer, question, own)
    if len({cited.chunk_id for cited in borne.citations}) != 1 or _words(borne.text) != _words(answer):
        return None
    quote = max((cited.quote for cited in borne.citations), key=len)
    return Candidate(row["id"], question, document, titles[document], answer, quote)


def _words(text: str) -> list[str]:
    return citations.MARKER.sub("", text).split()
