"""The demo knowledge base: an invented ferry company, whose facts no model can know."""

import json
from pathlib import Path

from sqlalchemy.orm import Session

from admin.curation.bench import labelled
from chat.store import collections, installation, questions

COLLECTION = "demo"
FOLDER = Path(__file__).parents[1] / "demo"
GREETING = "Ask about the Karrowmere Ferry Cooperative, an invented ferry company."
STARTERS = ("t001", "t058", "s014", "t052")
"""Questions of `questions.jsonl` to begin with."""


def take(session: Session) -> bool:
    """Whether the demo is still to be loaded; if so, its collection is made. Asked a second time, it is not."""
    if not FOLDER.is_dir() or not installation.take_demo(session):
        return False
    collection = collections.ensure(session, COLLECTION, greeting=GREETING, starters=starters())
    for question in labelled.read(FOLDER / "questions.jsonl"):
        questions.put(session, collection.id, question)
    return True


def files() -> list[Path]:
    return sorted((FOLDER / "documents").iterdir())


def starters() -> list[str]:
    with (FOLDER / "questions.jsonl").open(encoding="utf-8") as lines:
        questions = {row["id"]: row["question"] for row in map(json.loads, lines)}
    return [questions[identity] for identity in STARTERS]
