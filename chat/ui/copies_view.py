"""A conversation that somebody shared, as a page to read: nothing in it can be clicked but the way back."""

from html import escape

from chat.rag.answer import Citation
from chat.service import ShownConversation, ShownMessage
from chat.ui import words
from chat.ui.entrance_view import POLICY, SAME_AS_PAGE
from chat.ui.kit import asset
from chat.ui.markdown import render_markdown

__all__ = ["POLICY", "nothing", "shared"]


def shared(conversation: ShownConversation) -> str:
    """The whole page."""
    when = conversation.updated_at.astimezone().strftime("%Y-%m-%d")
    said = "".join(_said(message) for message in conversation.messages)
    return _page(conversation.title, f'<p class="when">{words.SHARED_ON.format(when)}</p>{said}')


def nothing(why: str) -> str:
    """The page behind a link that leads nowhere."""
    return _page(words.NOT_SHARED, f"<p>{escape(why)}</p>")


def _said(message: ShownMessage) -> str:
    if message.role == "user":
        return f'<h2 class="asked">{escape(message.text)}</h2>'
    if message.hidden:
        return f'<p class="note">{words.HIDDEN}</p>'
    early = {"stopped": words.STOPPED, "failed": words.FAILED}.get(message.status, "")
    note = f'<p class="note">{early}</p>' if early else ""
    sources = "".join(_source(citation) for citation in message.citations)
    cited = f'<ol class="cited" aria-label="{words.SOURCES}">{sources}</ol>' if sources else ""
    return f'<div class="answer">{render_markdown(message.text)}</div>{note}{cited}'


def _source(citation: Citation) -> str:
    page = f" · {words.PAGE.format(citation.page)}" if citation.page else ""
    return (
        f"<li value={citation.marker}><strong>{escape(citation.document)}</strong>{page}"
        f"<q>{escape(' '.join(citation.quote.split()))}</q></li>"
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · {words.PRODUCT}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{asset('tokens.css')}{asset('shared.css')}</style><script>{SAME_AS_PAGE}</script></head>"
        f'<body class="shared"><main><header>{asset("icon.svg")}<a href="/">{words.PRODUCT}</a></header>'
        f"<h1>{escape(title)}</h1>{body}</main></body></html>"
    )
