"""Two answers beside each other, as HTML; who gave which is told after the vote, where it was hidden until then."""

from dataclasses import dataclass, field, replace
from html import escape

from chat.errors import AppError
from chat.rag.answer import Answer, Event, Retrieved, Token
from chat.store.votes import Winner
from chat.ui import words
from chat.ui.markdown import render_markdown
from chat.ui.thread import evidence, prose, way


@dataclass(frozen=True)
class Side:
    """One of the answers, as far as it is there."""

    text: str = ""
    answer: Answer | None = None
    problem: str = ""

    @property
    def ended(self) -> bool:
        return self.answer is not None or bool(self.problem)

    def taking(self, event: Event | AppError) -> "Side":
        """With what came next."""
        match event:
            case Token(text):
                return replace(self, text=self.text + text)
            case Answer():
                return replace(self, answer=event)
            case Retrieved():
                return self
            case _:
                return replace(self, problem=str(event))


@dataclass(frozen=True)
class Pair:
    """Two answers to a question, in the order in which they stand."""

    question: str
    collection: str | None
    blind: bool
    first: Side = field(default_factory=Side)
    second: Side = field(default_factory=Side)

    def taking(self, place: int, event: Event | AppError) -> "Pair":
        """With what came next for the answer in that place, 0 or 1."""
        name = ("first", "second")[place]
        return replace(self, **{name: getattr(self, name).taking(event)})

    @property
    def can_be_voted_on(self) -> bool:
        return self.first.answer is not None and self.second.answer is not None


def drawn(pair: Pair, winner: Winner | None = None) -> str:
    """The question, both answers and the vote. `winner` is what was voted, where that was done."""
    ended = pair.first.ended and pair.second.ended
    hidden = pair.blind and winner is None and not (ended and not pair.can_be_voted_on)
    marked = {Winner.FIRST: (True, False), Winner.SECOND: (False, True)}.get(winner, (False, False)) if winner else ()
    won = (*marked, False, False)
    columns = _side(words.FIRST, pair.first, hidden, won[0]) + _side(words.SECOND, pair.second, hidden, won[1])
    vote = _voted(winner) if winner else _vote() if pair.can_be_voted_on else ""
    return f'<p class="asked">{escape(pair.question)}</p><div class="sides">{columns}</div>{vote}'


def note(text: str) -> str:
    """Words in place of the answers."""
    return f'<p class="note">{escape(text)}</p>'


def _side(name: str, side: Side, hidden: bool, won: bool) -> str:
    whose = f"<span>{escape(_whose(side.answer))}</span>" if side.answer and not hidden else ""
    kind = "side won" if won else "side"
    return f'<section class="{kind}" aria-label="{name}"><h2>{name}{whose}</h2>{_said(side)}</section>'


def _whose(answer: Answer) -> str:
    """What an answer rests on, and how long it took."""
    total = answer.timings_ms.get("total")
    missed = words.COULD_NOT.format(answer.missed.adapter.name) if answer.missed else ""
    took = words.SECONDS.format(total / 1000) if total else ""
    quoted = words.QUOTED if answer.quoted else ""
    return " · ".join(part for part in (way(answer), quoted, missed, took) if part)


def _said(side: Side) -> str:
    if side.problem:
        return f'<p class="problem">{escape(side.problem)}</p>'
    if side.answer is not None:
        return f'{prose(side.answer)}<div class="footing">{"".join(evidence(side.answer))}</div>'
    if side.text:
        return f'<div class="writing answer">{render_markdown(side.text)}</div>'
    return f'<div class="writing working" role="status">{words.THINKING}</div>'


def _vote() -> str:
    buttons = "".join(
        f'<button type="button" data-winner="{winner}">{shown}</button>' for winner, shown in words.VOTES.items()
    )
    return f'<div class="vote" role="group" aria-label="{words.VOTE}"><h2>{words.VOTE}</h2>{buttons}</div>'


def _voted(winner: Winner) -> str:
    return f'<p class="vote" role="status">{words.VOTED[winner]} {words.VOTE_KEPT}</p>'
