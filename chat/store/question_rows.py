"""Questions as a question set holds them, and as files of questions have them: one JSON object each."""

from typing import Any

from sqlalchemy.orm import Session

from chat.store.questions import Label, NewQuestion, rows_of


def labelled(session: Session, collection_id: int) -> list[dict[str, Any]]:
    """The collection's labelled questions, as the rows of a question set."""
    rows, marked = rows_of(session, collection_id)
    labels: dict[int, list[Label]] = {row.id: [] for row in rows}
    for each in marked:
        labels[each.question_id].append(Label(each.document, each.quote, each.relevant))
    columns = ("key", "text", "answers", "answerable", "type", "language", "follows")
    return [
        as_row(NewQuestion(**{name: getattr(row, name) for name in columns}, labels=labels[row.id])) for row in rows
    ]


def as_row(question: NewQuestion) -> dict[str, Any]:
    """A question as a question set holds it, and as a file of questions has it."""
    return {
        "id": question.key,
        "question": question.text,
        "answers": list(question.answers),
        "answerable": question.answerable,
        "passages": [
            {"document": label.document, "quote": label.quote, "relevant": label.relevant} for label in question.labels
        ],
        "type": question.type,
        "language": question.language,
        "follows": question.follows,
    }
