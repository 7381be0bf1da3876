"""How messages look: what an answer rests on, and how it came about."""

from dataclasses import replace

from chat.rag.answer import Mode
from chat.ui import passage, words
from chat.ui.sidebar import conversation_list
from chat.ui.thread import answer, question, thread
from tests.ui.kept import Kept, Place
from tests.ui.lookalike import FOUND, LookAlike, answer_to, citation


def test_only_what_is_cited_stands_open_under_the_answer() -> None:
    _, footing = answer(answer_to("luggage"))["content"]
    shown, folded = footing.split("<details")
    assert shown.count('class="card"') == 2
    assert "When a sailing is cancelled" not in shown
    assert f"{words.ALSO_FOUND} (2)" in folded
    assert "When a sailing is cancelled" in folded


def test_an_answer_that_breaks_off_in_code_keeps_its_footing_apart() -> None:
    prose, footing = answer(replace(answer_to("dog"), text="```\nunfinished"))["content"]
    assert "unfinished" in prose
    assert "pets-policy.txt" in footing


def test_a_refusal_says_what_was_searched_and_cites_nothing() -> None:
    prose, footing = answer(answer_to("the moon"))["content"]
    assert "refused" in prose
    assert "sailings to the moon" in footing
    assert 'role="group"' not in footing


def test_remarks_tell_how_the_answer_came_about() -> None:
    def remarks(message: Kept) -> str:
        return thread([message])[0]["content"][-1]

    assert words.STOPPED in remarks(Kept("assistant", "Two", "stopped", Mode.RAG))
    assert words.FAILED in remarks(Kept("assistant", "", "failed", Mode.RAG))
    assert words.QUOTED in remarks(Kept("assistant", "Two", mode=Mode.RAG, quoted=True))
    assert words.BROKE_OFF in remarks(Kept("assistant", "Two", mode=Mode.RAG, broke_off=True))
    assert words.MODES["base"] in remarks(Kept("assistant", "Two", mode=Mode.BASE))


def test_what_people_and_documents_wrote_is_escaped_everywhere() -> None:
    nasty = "<img src=x onerror=alert(1)>"
    assert "<img" not in question(nasty)["content"][0]
    evil = replace(FOUND[0], document=nasty, section=nasty, text=nasty)
    cited = replace(
        answer_to("dog"), searched=nasty, refused=True, citations=(citation(1, evil),), retrieved=(evil, FOUND[1])
    )
    assert "<img" not in "".join(answer(cited)["content"])
    service = LookAlike()
    service.start_conversation(nasty)
    assert "<img" not in conversation_list(service.conversations(), "", False)
    assert "<img" not in passage.opened(Place(nasty, 1, True, None, 0, 4, nasty))
    assert "<img" not in passage.deleted(citation(1, evil))


def test_the_span_is_marked_exactly() -> None:
    place = Place("Fares", 2, False, 7, 4, 9, "1 < 2 & 3\n## Fares\n")
    html = passage.opened(place)
    assert '1 &lt; <mark tabindex="-1">2 &amp; 3</mark>' in html
    assert words.NEWER_VERSION in html
    assert "version 2 · page 7" in html


def test_conversations_are_grouped_by_day() -> None:
    html = conversation_list(LookAlike().with_history().conversations(), "", False)
    today, yesterday, earlier = (html.index(f"<h2>{name}") for name in (words.TODAY, words.YESTERDAY, words.EARLIER))
    assert today < html.index("Refund after") < yesterday < html.index("Parental leave") < earlier < html.index("Group")
