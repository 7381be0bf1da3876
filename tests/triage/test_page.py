"""The Feedback tab's handlers: what they show, do and refuse, and that strangers' words stay words."""

import re
from uuid import UUID

import gradio as gr
import pytest

from admin.service.triage import Triage
from admin.ui.triage_case import Round
from admin.ui.triage_handlers import TriageHandlers
from chat.store.tables import TriageState
from chat.store.triage import View
from tests.triage.conftest import Ask

HOSTILE = '<img src=x onerror="alert(1)">'


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def handlers(triage: Triage) -> TriageHandlers:
    return TriageHandlers(triage)


def page(handlers: TriageHandlers, view: View | None = None) -> str:
    return str(handlers.listed(view or View())[1])


def opened(handlers: TriageHandlers, message_id: UUID) -> tuple[Round, str]:
    now, shown = handlers.opened(View(), event(id=str(message_id)))
    return now, shown


def test_an_empty_tab_says_where_feedback_comes_from(handlers: TriageHandlers) -> None:
    assert "thumb down" in page(handlers)
    assert "No question was refused in the last 8 weeks." in page(handlers)


def test_from_the_list_to_a_label_and_back(handlers: TriageHandlers, ask: Ask) -> None:
    older, newer = ask(reasons=("bad citation",)), ask("Where do the dogs wait?", says="Dogs.", comment="No idea.")
    assert handlers.listed(View())[2].label == "Feedback (2)"
    assert "Look into 2 answers" in page(handlers)
    now, shown = opened(handlers, newer)
    assert (list(now.ids), now.at) == ([newer, older], 0)
    assert "1 of 2" in shown
    assert "Nobody said what is right" in shown
    chunk = re.findall(r'data-event="right"[^>]*data-chunk="(\d+)"', shown)[0]
    shown = handlers.labelled(now, event(id=str(newer), chunk=chunk))
    assert "Passage of “" in shown
    assert "✓ Marked right" in shown
    assert handlers.listed(View())[2].label == "Feedback (1)"
    now, shown = handlers.stepped(now, event(to="1"))
    assert "Bad citation" in shown
    assert 'data-key="k"' in shown
    assert 'data-key="j"' not in shown, "it is the last one"
    shown = handlers.taken_back(now, event(id=str(newer)))
    assert "Marked right" not in shown
    assert handlers.closed() == (Round(), "")


def test_an_example_a_mended_document_and_a_dismissal(handlers: TriageHandlers, ask: Ask) -> None:
    message_id = ask(correction="The gate closes at 22:15.")
    now, shown = opened(handlers, message_id)
    assert "The answer rests on “Harbour gate”" in shown
    document = re.findall(r'data-event="mended"[^>]*data-document="(\d+)"', shown)[0]
    about = {"id": str(message_id)}
    assert "“gate.md” mended" in handlers.mended(now, event(**about, document=document))
    assert "Example written" in handlers.written(now, event(**about, correction="At 22:15."))
    assert "Dismissed: “It is right.”" in handlers.dismissed(now, event(**about, text="It is right."))
    assert "Nothing is left" in page(handlers)
    assert "Dismissed: “It is right.”" in page(handlers, View(TriageState.DISMISSED))


def test_filters_take_what_there_is_and_nothing_else(handlers: TriageHandlers, ask: Ask) -> None:
    ask(reasons=("style",))
    assert handlers.staged(View(), event(name="done")).state is TriageState.DONE
    assert handlers.staged(View(), event(name=HOSTILE)).state is TriageState.OPEN
    assert handlers.reasoned(View(), event(name=HOSTILE)).reason is None
    assert "<table>" in page(handlers, handlers.reasoned(View(), event(name="style")))
    assert "<table>" not in page(handlers, handlers.reasoned(View(), event(name="wrong")))
    assert handlers.listed(handlers.chosen(View(), event(name=HOSTILE)))[0].collection is None


def test_strangers_words_stay_words(handlers: TriageHandlers, ask: Ask) -> None:
    message_id = ask(f"{HOSTILE} gate?", says=f"The harbour gate {HOSTILE}.", comment=HOSTILE, correction=HOSTILE)
    now, shown = opened(handlers, message_id)
    shown += handlers.dismissed(now, event(id=str(message_id), text=HOSTILE))
    shown += page(handlers, View(TriageState.DISMISSED))
    assert HOSTILE not in shown
    assert "&lt;img" in shown


@pytest.mark.parametrize(
    "sent", [{}, {"id": "x"}, {"id": HOSTILE}, {"id": "0" * 32}, {"id": "0" * 32, "chunk": "1", "document": "1"}]
)
def test_what_a_stranger_sends_is_refused_in_words(handlers: TriageHandlers, sent: dict[str, str]) -> None:
    for handler in (
        handlers.labelled, handlers.written, handlers.mended, handlers.dismissed, handlers.taken_back
    ):  # fmt: skip
        with pytest.raises(gr.Error) as refused:
            handler(Round(), event(**sent, text="x"))
        assert HOSTILE not in str(refused.value)
    with pytest.raises(gr.Error):
        handlers.opened(View(), event(**sent))
