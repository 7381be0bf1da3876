"""What is shown before a run, as HTML: what becomes of its rows, what it will take, and every token of a row."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from admin.service.training import Tried, View
from admin.training.estimate import Estimate
from admin.training.preview import Report, Said, Token
from admin.ui import training_words as words
from admin.ui.markup import button
from admin.ui.training_view import duration
from admin.ui.words import count, size

LISTED = 20
"""Rows that a list names."""
MOST_TOKENS = 4_000


def working(said: str) -> str:
    """What is being done, and the way to stop it."""
    return f'<p class="working" role="status">{escape(said)}… {button(words.HALT, "halt")}</p>'


def refused(said: str) -> str:
    """Why it cannot be done, and how to cure that."""
    return f'<p class="why" role="alert">{escape(said)}</p>'


def report(found: Report) -> str:
    """What becomes of every row."""
    figures = (
        found.train, found.validation, len(found.clipped), len(found.dropped), len(found.refused), found.learned,
        found.masked, found.longest,
    )  # fmt: skip
    cells = "".join(
        f"<li><b>{shape.format(figure)}</b> {said}</li>"
        for (shape, said), figure in zip(words.BECOMES, figures, strict=True)
    )
    warnings = "".join(f"<p>{escape(each)}</p>" for each in found.warnings)
    clipped = [Said(row, "") for row in found.clipped]
    lists = "".join(
        _rows(title, rows)
        for title, rows in ((words.FORBID, found.refused), (words.LEFT_OUT, found.dropped), (words.CUT, clipped))
    )
    return f'<section><h3>{words.WHAT_BECOMES}</h3><ul class="figures">{cells}</ul>{warnings}{lists}</section>'


def _rows(title: str, rows: Sequence[Said]) -> str:
    if not rows:
        return ""
    items = "".join(f"<li><code>{escape(each.row)}</code> {escape(each.why)}</li>" for each in rows[:LISTED])
    more = f"<li>{words.MORE.format(len(rows) - LISTED)}</li>" if len(rows) > LISTED else ""
    return f"<details><summary>{title} <small>{len(rows):,}</small></summary><ul>{items}{more}</ul></details>"


def estimate(found: Estimate) -> str:
    """What the run will take on this machine."""
    disk = words.DISK.format(size(found.disk), size(found.free_disk))
    said = (
        f"{found.steps:,}", words.ABOUT.format(duration(found.seconds)), size(found.memory), disk,
        words.SPEED.format(found.tokens_per_s), found.dtype,
    )  # fmt: skip
    facts = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in zip(words.TAKES, said, strict=True))
    room = "" if found.fits else refused(words.NO_ROOM)
    return f"<section><h3>{words.WILL_TAKE}</h3><dl>{facts}</dl>{room}</section>"


def tried(found: Tried) -> str:
    """What a dry run came to."""
    answer = f"<blockquote>{escape(found.answer or words.NO_ANSWER)}</blockquote>"
    return f"{estimate(found.estimate)}<section><h3>{words.ANSWERS}</h3>{answer}</section>{report(found.report)}"


def tokens(found: View, number: int) -> str:
    """Every token of a row, in order; those that carry the loss stand under words that say so, and are underlined."""
    shown = found.tokens[:MOST_TOKENS]
    parts = "".join(_part(loss, list(each)) for loss, each in groupby(shown, key=lambda token: token.loss))
    more = words.TOO_MANY.format(MOST_TOKENS, len(found.tokens)) if len(found.tokens) > MOST_TOKENS else ""
    clipped = words.CLIPPED if found.clipped else ""
    title = words.TOKENS.format(f"{number + 1:,}", found.rows, found.row)
    said = " ".join(each for each in (words.TOKENS_HINT, clipped, more) if each)
    turn = f'<div class="acts">{_turn(number, found.rows)}</div>'
    return f"<section><h3>{escape(title)}</h3><p>{said}</p>{parts}{turn}</section>"


def _part(loss: bool, part: Sequence[Token]) -> str:
    title = (words.LEARNED if loss else words.READ).format(count(len(part), "token"))
    said = "".join(f'<i title="{token.id}">{_visible(token.text)}</i>' for token in part)
    return f'<h4>{title}</h4><p class="tokens{" learned" if loss else ""}" tabindex="0">{said}</p>'


def _visible(text: str) -> str:
    """A token's text, with what would not be seen made visible."""
    return escape(text).replace("\n", "↵\n").replace("\t", "⇥") or "∅"


def _turn(number: int, rows: int) -> str:
    before = button(words.PREVIOUS, "row", number=number - 1) if number else ""
    after = button(words.NEXT, "row", number=number + 1) if number + 1 < rows else ""
    form = (
        f'<form data-sends="row"><label>{words.ROW} <input name="row" inputmode="numeric" pattern="[0-9]+" '
        f'value="{number + 1}"></label><button>{words.GO}</button></form>'
    )
    return before + after + form + button(words.CLOSE, "shut")
