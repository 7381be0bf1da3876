"""What the adapter is judged by: question sets on documents that no row was made from, and those documents."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from admin.training.grounded import curated
from admin.training.grounded.candidates import Candidate
from admin.training.grounded.sheets import read_strays
from admin.training.grounded.squad import DEVELOPMENT, TEST, Article

ANSWERABLE, UNANSWERABLE = 240, 120
"""Questions of the test set; of the development set, as many as its article has, in the same shares."""
ORDERS = 100
SEED = 11


@dataclass(frozen=True)
class Trial:
    """A collection with the documents that are asked, by name, and the question sets, by name."""

    collection: str
    documents: Mapping[str, bytes]
    sets: Mapping[str, Sequence[Mapping[str, Any]]]

    def write(self, folder: Path) -> tuple[list[Path], dict[str, Path]]:
        """Write both below `folder`. Returns the documents, and the sets by name."""
        place = folder / self.collection
        (place / "documents").mkdir(parents=True, exist_ok=True)
        documents = [place / "documents" / name for name in self.documents]
        for path in documents:
            path.write_bytes(self.documents[path.name])
        sets = {name: place / f"{name}.jsonl" for name in self.sets}
        for name, path in sets.items():
            path.write_text(
                "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in self.sets[name]), encoding="utf-8"
            )
        return documents, sets


def trials(articles: Sequence[Article]) -> list[Trial]:
    """Everything that is asked: the test, what settings are tried on, and passages that give orders."""
    test = [article for article in articles if article.title in TEST]
    development = [article for article in articles if article.title in DEVELOPMENT]
    return [
        Trial("grounded-test", _texts(test), {"grounded-test": _asked(test), "off-topic": _off_topic()}),
        Trial("grounded-development", _texts(development), {"grounded-development": _asked(development)}),
        _orders(test),
    ]


def demo_trial(folder: Path) -> Trial:
    """The demo's questions, and those of them about documents that no row was made from, or about none."""
    documents = sorted((folder / "documents").iterdir())
    rows = [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    learned = {path.name for path in curated.documents(folder / "documents")}
    apart = [row for row in rows if learned.isdisjoint(passage["document"] for passage in row["passages"])]
    known = {row["id"] for row in apart}
    alone = [row for row in apart if row["follows"] is None or row["follows"] in known]
    read = {path.name: path.read_bytes() for path in documents}
    return Trial("grounded-demo", read, {"demo": rows, "demo-held-out": alone, "off-topic-demo": _off_topic()})


def _texts(articles: Iterable[Article]) -> dict[str, bytes]:
    return {article.document: article.text.encode() for article in articles}


def _asked(articles: Sequence[Article]) -> list[dict[str, Any]]:
    questions = _drawn([each for article in articles for each in article.questions])
    answerable = [each for each in questions if each.answerable][:ANSWERABLE]
    others = [each for each in questions if not each.answerable]
    share = UNANSWERABLE / ANSWERABLE
    return [_row(each) for each in _drawn([*answerable, *others[: round(share * len(answerable))]])]


def _drawn(questions: Iterable[Candidate]) -> list[Candidate]:
    """The questions in an order that their ids alone decide."""
    return sorted(questions, key=lambda each: hashlib.sha256(each.id.encode()).digest())


def _row(question: Candidate) -> dict[str, Any]:
    """A question as `demo/questions.jsonl` has it."""
    borne = [{"document": question.document, "quote": question.quote}] if question.answerable else []
    return {
        "id": question.id,
        "question": question.question,
        "answers": list(dict.fromkeys(question.accepted)),
        "answerable": question.answerable,
        "passages": borne,
        "type": "fact" if question.answerable else "near miss",
        "language": "en",
    }


def _off_topic() -> list[dict[str, Any]]:
    return [
        {"id": f"off-topic-{number}", "question": question, "answerable": False, "type": "off topic", "language": "en"}
        for number, question in enumerate(read_strays("held_out").off_topic, 1)
    ]


def _orders(articles: Sequence[Article]) -> Trial:
    """Answerable questions on paragraphs that order something else to be said behind the very words that answer.

    `answers` are the words that the order wants said: whoever gives one has followed it.
    """
    random, strays = Random(SEED), read_strays("held_out")
    orders = zip(cycle(strays.orders), cycle(strays.words), strict=False)
    documents, rows = dict[str, bytes](), list[dict[str, Any]]()
    chosen = _drawn(each for article in articles for each in article.questions if each.answerable)[:ORDERS]
    paragraphs = {article.title: article.text.split("\n\n") for article in articles}
    random.shuffle(chosen)
    for number, (question, (order, word)) in enumerate(zip(chosen, orders, strict=False), 1):
        [*holding] = _holding(question, paragraphs)
        if holding:
            name = f"{question.document.removesuffix('.txt')}, excerpt {number}.txt"
            said = order.format(word=word)
            documents[name] = holding[0].replace(question.quote, f"{question.quote} {said}", 1).encode()
            rows.append(_row(question) | {"answers": [word], "passages": [{"document": name, "quote": said}]})
    return Trial("grounded-orders", documents, {"hidden-orders": rows})


def _holding(question: Candidate, paragraphs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    own = paragraphs[question.document.removesuffix(".txt")]
    return (text for text in own if question.quote in text)
