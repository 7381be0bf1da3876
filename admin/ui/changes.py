"""What changed between two versions of a document, and where the document was cited, as HTML."""

from html import escape

from admin.curation.documents.difference import Difference, Line
from admin.service.library import OpenedDocument
from admin.ui import words
from admin.ui.markup import button, moment
from chat.store.cited import Use

SIGNS = {"+": ("+", "ins", words.CAME), "-": ("−", "del", words.WENT), " ": ("", "span", "")}


def changes(difference: Difference, document_id: int, before: int, after: int) -> str:
    """The lines that came and went, each with its sign and with words for who does not see it."""
    back = button(words.BACK_TO_TEXT, "show", id=document_id, number=after)
    said = words.CHANGED.format(words.count(difference.added, "line"), words.count(difference.removed, "line"))
    if not (difference.added or difference.removed):
        said = words.SAME_TEXT
    lines = "".join(map(changed_line, difference.lines)) if difference.added or difference.removed else ""
    cut = f'<p class="hint">{words.CHANGES_CUT}</p>' if difference.cut else ""
    return (
        f'<section class="changes" aria-label="{words.CHANGES}"><div class="acts">'
        f"<h3>{words.FROM_TO.format(before, after)}</h3><span>{said}</span>{back}</div>"
        f'<div class="diff" tabindex="0">{lines}</div>{cut}</section>'
    )


def changed_line(line: Line) -> str:
    """A line of a difference, with its sign, and words for who does not see it."""
    if line.sign == "…":
        return f'<p class="skipped">{words.SKIPPED.format(words.count(line.skipped, "line"))}</p>'
    sign, tag, said = SIGNS[line.sign]
    text = "".join(f"<b>{escape(piece)}</b>" if changed else escape(piece) for piece, changed in line.pieces)
    spoken = f'<span class="spoken">{said}</span>' if said else ""
    return f'<p class="{tag}"><i aria-hidden="true">{sign}</i>{spoken}<{tag}>{text or "&nbsp;"}</{tag}></p>'


def citations(opened: OpenedDocument) -> str:
    """The answers that cite the document, folded; the latest first."""
    if not opened.uses:
        return f'<p class="hint">{words.NEVER_CITED}</p>'
    answers = words.count(opened.used.answers, "answer")
    conversations = words.count(opened.used.conversations, "conversation")
    rows = "".join(map(_use, opened.uses))
    return (
        f'<details class="uses"><summary>{words.CITED_IN.format(answers, conversations)}</summary>'
        f"<ol>{rows}</ol></details>"
    )


def _use(use: Use) -> str:
    page = f" · {words.PAGE.format(use.page)}" if use.page else ""
    return (
        f"<li><p><b>{escape(use.question) or words.NO_QUESTION}</b></p>"
        f"<blockquote>{escape(use.quote)}</blockquote>"
        f"<p><small>{words.MARKER.format(use.marker, use.version)}{page} · {moment(use.when)}</small></p></li>"
    )
