"""The way of a question, with models that do as the test says: what is asked, streamed, cited and returned."""

from collections.abc import Sequence

import pytest

from chat.errors import InvalidInputError, ModelError, NotFoundError
from chat.models.verifier import Verifier
from chat.rag.abstain import REFUSAL
from chat.rag.answer import Answer, Event, Mode, Retrieved, Token, Turn
from chat.rag.chain import Chain, Question
from chat.rag.writer import loops, without_repeats
from tests.conftest import OWNER
from tests.rag.library import Library, Models, Speaker, make_chain, models, texts

DOCUMENTS = {
    "gate.md": "# Harbour gate\n\nThe harbour gate closes at 22:15 every evening. The night guard has the key.\n",
    "dogs.md": "# Dogs\n\nDogs travel free on a lead. They stay off the seats in the saloon.\n",
    "leave.md": "# Annual leave\n\nFull-time crew get 31 days of annual leave. Part-time crew get 17 days.\n",
}
ASKED = "When does the harbour gate close in the evening?"
SAID = "The harbour gate closes at 22:15 every evening."


@pytest.fixture
def filled(library: Library) -> Library:
    for name, text in DOCUMENTS.items():
        library.add(name, text)
    return library


def run(chain: Chain, question: str = ASKED, history: Sequence[Turn] = (), **fields: object) -> list[Event]:
    return list(chain.stream(Question(question, history=history, person=OWNER, **fields)))  # type: ignore[arg-type]


def answer_of(events: list[Event]) -> Answer:
    assert isinstance(events[-1], Answer)
    return events[-1]


def said(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def require_exact(library: Library, answer: Answer) -> None:
    """Every citation is text[start:end] of the version that it names."""
    assert answer.citations
    for citation in answer.citations:
        stored = library.scalar(
            "SELECT substr(text, :start + 1, :length) FROM contents c JOIN document_versions v ON content_id = c.id "
            "WHERE v.id = :version",
            start=citation.start, length=citation.end - citation.start, version=citation.version_id,
        )  # fmt: skip
        assert citation.quote == stored
        assert f"[{citation.marker}]" in answer.text


def test_events_come_in_order_and_the_answer_is_cited(filled: Library) -> None:
    way = models(Speaker(answers=[SAID]), "clever")
    events = run(make_chain(filled, way))
    assert [type(event) for event in events] == [Retrieved, *[Token] * len(SAID.split()), Answer]
    answer = answer_of(events)
    assert (said(events), answer.text) == (SAID, f"{SAID} [1]")
    assert (answer.model, answer.mode, answer.refused, answer.quoted) == ("clever", Mode.RAG, False, False)
    assert [citation.document for citation in answer.citations] == ["Harbour gate"]
    require_exact(filled, answer)
    assert 0 < answer.timings_ms["retrieve"] <= answer.timings_ms["first_token"] <= answer.timings_ms["total"]
    assert answer.receipt["model"] == "clever"
    assert answer.receipt["versions"] == {str(source.document_id): 1 for source in answer.retrieved}


def test_without_a_model_the_documents_are_quoted(filled: Library) -> None:
    for wait in (True, False):
        answer = answer_of(run(make_chain(filled, models(None), wait=wait)))
        assert answer.quoted
        assert "22:15" in answer.text
        require_exact(filled, answer)


def test_a_draft_that_nothing_supports_is_replaced_by_quotations(filled: Library) -> None:
    events = run(make_chain(filled, models(Speaker(answers=["The harbour gate closes at 23:45 in summer."]))))
    answer = answer_of(events)
    assert "23:45" in said(events), "it was streamed"
    assert answer.quoted
    assert "23:45" not in answer.text
    assert "22:15" in answer.text
    require_exact(filled, answer)


@pytest.mark.parametrize("draft", ["The documents do not say.", "The passages do not mention this.", "", "  "])
def test_a_model_that_finds_nothing_refuses(filled: Library, draft: str) -> None:
    answer = answer_of(run(make_chain(filled, models(Speaker(answers=[draft])))))
    assert (answer.refused, answer.text, answer.citations) == (True, REFUSAL, ())
    assert answer.retrieved, "what was found is shown all the same"


def test_without_documents_the_answer_is_a_refusal_that_no_model_wrote(library: Library) -> None:
    model = Speaker(answers=["Paris."])
    answer = answer_of(run(make_chain(library, models(model)), "What is the capital of France?"))
    assert (answer.refused, answer.text, answer.model) == (True, REFUSAL, "none")
    assert not model.prompts


def test_passages_that_are_near_but_do_not_answer_are_refused(filled: Library) -> None:
    """By the network that is shipped, and before any model is asked."""
    model = Speaker(answers=[SAID])
    chain = make_chain(filled, models(model), verifier=Verifier(dtype="float32"))
    near_miss = answer_of(run(chain, "Who painted the harbour gate green last year?"))
    assert (near_miss.refused, near_miss.model) == (True, "none")
    assert near_miss.receipt["abstain"]["probability"] < chain.verifier.threshold
    assert not model.prompts
    assert not answer_of(run(chain)).refused


def test_closing_frees_the_model_at_the_next_token(filled: Library) -> None:
    model = Speaker(answers=["word " * 1000])
    events = make_chain(filled, models(model)).stream(Question(ASKED, person=OWNER))
    for event in events:
        if isinstance(event, Token):
            break
    events.close()
    assert model.freed
    assert model.spoken <= 2


def test_a_model_that_fails_before_its_first_word_is_stood_in_for(filled: Library) -> None:
    way = models(Speaker(answers=[SAID], breaks_after=0))
    answer = answer_of(run(make_chain(filled, way)))
    assert (answer.quoted, way.losses) == (True, 1)
    require_exact(filled, answer)


def test_what_a_model_said_before_it_failed_is_kept(filled: Library) -> None:
    way = models(Speaker(answers=[f"{SAID} The key hangs beside the"], breaks_after=len(SAID.split())))
    answer = answer_of(run(make_chain(filled, way)))
    assert (answer.text, answer.quoted, answer.receipt["broke_off"]) == (f"{SAID} [1]", False, True)
    assert way.losses == 1, "the next question looks for the model anew"


def test_a_model_that_says_the_same_again_is_stopped(filled: Library) -> None:
    model = Speaker(answers=[" ".join([SAID] * 50)])
    answer = answer_of(run(make_chain(filled, models(model))))
    assert answer.text == f"{SAID} [1]"
    assert model.spoken <= 3 * len(SAID.split())
    assert model.freed


@pytest.mark.parametrize(
    ("text", "looping"),
    [
        ("One is one. Two is two.", False),
        ("One is one. Two is two. One is one.", True),
        ("One is one. One is one", False),
        ("", False),
    ],
)
def test_a_loop_is_a_sentence_said_twice(text: str, looping: bool) -> None:
    assert loops(text) is looping
    assert loops(without_repeats(text)) is False


def test_the_model_alone_is_asked_without_documents(filled: Library) -> None:
    model = Speaker(answers=["It is a ferry port."])
    events = run(make_chain(filled, models(model)), "What is a harbour?", mode=Mode.BASE)
    answer = answer_of(events)
    assert not any(isinstance(event, Retrieved) for event in events)
    assert (answer.text, answer.mode, answer.citations) == ("It is a ferry port.", Mode.BASE, ())
    assert all("22:15" not in text for text in texts(model.prompts[0]))


def test_the_model_alone_cannot_be_stood_in_for(filled: Library) -> None:
    with pytest.raises(ModelError, match="does not answer"):
        run(make_chain(filled, models(None)), mode=Mode.BASE)


def test_a_follow_up_is_condensed_by_rule_for_a_small_model(filled: Library) -> None:
    from chat.engine import bundled

    history = [Turn("How many days of annual leave do full-time crew get?", "31 days.")]
    model = Speaker(answers=["Part-time crew get 17 days."])
    events = run(make_chain(filled, models(model, bundled.NAME)), "And part-timers?", history)
    assert isinstance(events[0], Retrieved)
    assert events[0].searched == f"{history[0].question} And part-timers?"
    assert answer_of(events).text == "Part-time crew get 17 days. [1]"
    assert texts(model.prompts[0])[1:] == [history[0].question, "31 days.", "And part-timers?"]


def test_a_follow_up_is_condensed_by_a_model_that_can(filled: Library) -> None:
    history = [Turn("How many days of annual leave do full-time crew get?", "31 days.")]
    rewritten = "How many days of annual leave do part-time crew get?"
    way = models(Speaker(answers=[rewritten, "Part-time crew get 17 days."]))
    events = run(make_chain(filled, way), "And part-timers?", history)
    assert isinstance(events[0], Retrieved)
    assert events[0].searched == rewritten
    assert answer_of(events).text == "Part-time crew get 17 days. [1]"


def test_a_model_that_fails_to_condense_leaves_it_to_the_rule(filled: Library) -> None:
    history = [Turn("How many days of annual leave do part-time crew get?", "")]
    way: Models = models(Speaker(answers=["x"], breaks_after=0))
    events = run(make_chain(filled, way), "Really, for them?", history)
    assert isinstance(events[0], Retrieved)
    assert events[0].searched == f"{history[0].question} Really, for them?"
    assert answer_of(events).quoted
    assert way.losses == 1


@pytest.mark.parametrize("question", ["", " \n", "\x00", "x" * 20_001])
def test_a_question_that_cannot_be_asked_is_told_so(library: Library, question: str) -> None:
    with pytest.raises(InvalidInputError):
        run(make_chain(library, models(None)), question)


def test_a_collection_that_does_not_exist_is_told(filled: Library) -> None:
    with pytest.raises(NotFoundError, match=r"There is no collection 'ports'\. There are: default"):
        run(make_chain(filled, models(None)), collection="ports")


@pytest.mark.parametrize("question", ["the of and a", "& | ! <-> ' \\ % {}", "{question}", "[1]", "% s", "x" * 20_000])
def test_an_odd_question_ends_in_an_answer(filled: Library, question: str) -> None:
    answer = answer_of(run(make_chain(filled, models(Speaker(answers=[SAID]))), question))
    assert answer.refused or answer.citations
