"""Questions as a question set holds them, and as files of questions have them: one JSON object each."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chat.store.questions import Label, NewQuestion
from chat.store.tables import Question, QuestionPassage


def labelled(session: Session, collection_id: int) -> list[dict[str, Any]]:
    """The collection's labelled questions, as the rows of a question set."""
    rows = session.scalars(select(Question).where(Question.collection_id == collection_id).order_by(Question.id)).all()
    marked = session.scalars(
        select(QuestionPassage)
        .where(QuestionPassage.question_id.in_([row.id for row in rows]))
        .order_by(QuestionPassage.id)
    ).all()
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
