"""The labelled questions of a collection, as HTML."""

from collections.abc import Sequence
from html import escape

from admin.curation.bench.comparing import Comparison
from admin.curation.bench.standing import Checked
from admin.ui import retrieval_words as words
from admin.ui.markup import button, empty
from admin.ui.tuning import LISTED
from admin.ui.words import count
from chat.store.questions import LabelledQuestion


def labelled(
    collection: str,
    known: Sequence[LabelledQuestion],
    checked: Sequence[Checked] = (),
    summary: str = "",
    *,
    may_curate: bool,
) -> str:
    """The collection's labelled questions; with `checked`, where each finds its passage."""
    if not known:
        hint = words.LABELLED_HINT if may_curate else words.LABELLED_SHUT
        return empty(words.LABELLED_NONE, hint)
    ranks = {line.question.id: line for line in checked}
    head = "".join(f"<th>{name}</th>" for name in words.LABELLED_COLUMNS)
    rows = "".join(_labelled(each, ranks.get(each.id), may_curate=may_curate) for each in known[:LISTED])
    more = f"<p>{words.MOST_LISTED.format(LISTED)}</p>" if len(known) > LISTED else ""
    title = words.LABELLED.format(escape(collection), len(known))
    return (
        f"<details{' open' if checked else ''}><summary>{title}</summary>"
        f'<div class="acts">{button(words.CHECK, "check")}</div>{summary}'
        f"<table><thead><tr>{head}<th></th></tr></thead><tbody>{rows}</tbody></table>{more}</details>"
    )


def summarised(found: Comparison | None, checked: Sequence[Checked]) -> str:
    """How the questions do under what is live."""
    if found is None:
        return f"<p>{words.NOT_LABELLED}</p>"
    lost = sum(line.passage_there and line.rank is None for line in checked)
    measures = (found.after.ndcg, found.after.recall, found.after.reciprocal_rank)
    return f"<p>{words.CHECKED.format(*measures, count(found.questions, 'question'), lost)}</p>"


def _labelled(question: LabelledQuestion, checked: Checked | None, *, may_curate: bool) -> str:
    delete = "" if not may_curate else button(
        words.FORGET, "forget", id=question.id, question=words.FORGET_QUESTION,
        warning=words.FORGET_WARNING.format(question.text), action=words.FORGET, danger="yes",
    )  # fmt: skip
    where = "<br>".join(escape(label.document) for label in question.right) or words.NO_ANSWER
    return (
        f"<tr><td>{button(question.text, 'ask', looks='title', words=question.text)}</td><td>{where}</td>"
        f"<td>{_found(checked)}</td><td>{delete}</td></tr>"
    )


def _found(checked: Checked | None) -> str:
    if checked is None or not checked.question.right:
        return words.UNCHECKED
    if not checked.passage_there:
        return f'<b class="lost">! {words.PASSAGE_GONE}</b>'
    return words.RANK.format(checked.rank) if checked.rank else f'<b class="lost">! {words.NO_RANK}</b>'
