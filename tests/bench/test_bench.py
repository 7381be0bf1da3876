"""Questions that people label, what is fitted to them, what is made live, and what a change would break."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import sqlalchemy as sa

from admin.service.bench import USUAL, Bench
from chat.errors import InvalidInputError, NotAllowedError, NotFoundError
from chat.models.embedder import Embedder
from chat.models.reranker import Reranker, Rerankers
from chat.rag.answer import Answer
from chat.rag.chain import Question
from chat.rag.retriever import Fusion, HybridRetriever, RetrievalSettings
from chat.rights import Person
from chat.store import users
from chat.store.questions import Label, NewQuestion
from chat.store.tables import UserRole
from tests.bench.conftest import DOGS
from tests.conftest import OWNER
from tests.rag.library import Library, make_chain, models

QUOTE = "must be used within 21 days"
ASKED = NewQuestion("q1", "How long is a return ticket valid?", labels=[Label("tickets.md", QUOTE)])
OTHERS = [
    NewQuestion("q2", "Do dogs pay on the car deck?", labels=[Label("dogs.md", "Dogs travel free of charge")]),
    NewQuestion("q3", "When does the harbour gate close?", labels=[Label("harbour.md")]),
    NewQuestion("q4", "Who is the captain?", answerable=False),
]
WORDS_ONLY = RetrievalSettings(fusion=Fusion.SCORES, dense_weight=0.0, keyword_weight=2.0, threshold=0.4)


def test_questions_are_kept_once_under_their_key(ferries: Library, bench: Bench) -> None:
    assert bench.put("ferries", [ASKED, *OTHERS]) == (4, 0)
    assert bench.put("ferries", [replace(ASKED, text="How long can I come back on it?")]) == (0, 1)
    known = bench.standing("ferries").questions
    assert [question.key for question in known] == ["q1", "q2", "q3", "q4"]
    assert known[0].text == "How long can I come back on it?"
    assert [label.quote for label in known[0].labels] == [QUOTE]


def test_a_label_finds_its_document_that_comes_later(ferries: Library, bench: Bench) -> None:
    bench.put("ferries", [NewQuestion("q9", "Is there a café?", labels=[Label("cafe.md", "The café is on deck two")])])
    assert not bench.check("ferries")[1][0].passage_there
    ferries.add("cafe.md", "# Café\n\nThe café\nis on deck two, behind the stairs.\n", "ferries")
    [line] = bench.check("ferries")[1]
    assert (line.rank, line.passage_there) == (1, True)


def test_a_marked_passage_is_a_label_and_can_be_taken_back(ferries: Library, bench: Bench) -> None:
    probe = bench.probe(ASKED.text, "ferries", 3)
    first, second = probe.sources[0].chunk_id, probe.sources[1].chunk_id
    bench.mark(ASKED.text, first, True)
    bench.mark(ASKED.text, second, False)
    assert bench.probe(ASKED.text, "ferries", 3).marks == {first: True, second: False}
    bench.mark(ASKED.text, first, False)
    assert bench.probe(ASKED.text, "ferries", 3).marks == {first: False, second: False}
    for chunk_id in (first, second):
        bench.mark(ASKED.text, chunk_id, None)
    assert bench.standing("ferries").questions == []
    with pytest.raises(NotFoundError):
        bench.mark(ASKED.text, 10**9, True)


def test_what_is_live_is_what_the_chat_searches_with_from_its_next_question(ferries: Library, bench: Bench) -> None:
    retriever = HybridRetriever(sessions=ferries.database.sessions, embedder=ferries.ingestion.embedder, person=OWNER)
    assert retriever.find("dogs")[1] == USUAL
    assert bench.make_live("ferries", WORDS_ONLY, "by hand") == 1
    found, settings = retriever.find("dogs")
    assert settings == WORDS_ONLY
    assert found[0].score == pytest.approx(2.0)
    assert bench.probe("dogs", "ferries", 3).evidence["threshold"] == pytest.approx(0.4)
    answer = list(make_chain(ferries, models(None)).stream(Question("Do dogs pay?", person=OWNER)))[-1]
    assert isinstance(answer, Answer)
    assert answer.receipt["fusion"] == "scores"


def test_collections_that_disagree_are_searched_with_the_usual_settings(ferries: Library, bench: Bench) -> None:
    ferries.add("trains.md", "# Trains\n\nTrains leave every hour.\n", "trains")
    retriever = HybridRetriever(sessions=ferries.database.sessions, embedder=ferries.ingestion.embedder, person=OWNER)
    bench.make_live("ferries", WORDS_ONLY, "")
    assert retriever.find("dogs")[1] == USUAL
    assert retriever.in_collection("ferries").find("dogs")[1] == WORDS_ONLY
    bench.make_live("trains", WORDS_ONLY, "")
    assert retriever.find("dogs")[1] == WORDS_ONLY


def test_history_tells_who_made_what_live_and_leads_back(ferries: Library, bench: Bench) -> None:
    bench.make_live("ferries", WORDS_ONLY, "by hand")
    bench.make_live("ferries", replace(WORDS_ONLY, dense_weight=1.0), "better")
    settings, scores = bench.earlier("ferries", 1)
    assert bench.make_live("ferries", settings, "Back to number 1", scores) == 3
    standing = bench.standing("ferries")
    assert standing.settings == WORDS_ONLY
    assert [(line.number, line.note) for line in standing.history] == [
        (3, "Back to number 1"),
        (2, "better"),
        (1, "by hand"),
    ]
    assert [(line.by, line.live) for line in standing.history] == [("owner", True), ("owner", False), ("owner", False)]
    assert bench.earlier("ferries", 0) == (USUAL, {})
    with pytest.raises(NotFoundError):
        bench.earlier("ferries", 99)


def test_a_publish_a_rollback_and_a_deletion_say_which_questions_they_break(ferries: Library, bench: Bench) -> None:
    bench.put("ferries", [ASKED, *OTHERS])
    old = ferries.state(ferries.scalar("SELECT max(id) FROM document_versions WHERE document_id = 1")).version_id
    ferries.add("tickets.md", "# Tickets\n\nTickets are sold on board, by the crew.\n", "ferries")
    new = ferries.scalar("SELECT max(id) FROM document_versions")
    assert bench.would_break_version(old) == []
    bench.put(
        "ferries", [replace(ASKED, key="q5", text="Who sells tickets?", labels=[Label("tickets.md", "by the crew")])]
    )
    [lost] = bench.would_break_version(old)
    assert (lost.text, lost.before, lost.passage_gone) == ("Who sells tickets?", 1, True)
    assert bench.would_break_version(new) == []
    dogs = ferries.scalar("SELECT id FROM documents WHERE name = 'dogs.md'")
    assert [each.text for each in bench.would_break_deletion([dogs])] == ["Do dogs pay on the car deck?"]
    assert bench.probe("dogs", "ferries", 3).sources[0].text in DOGS


def test_settings_that_lose_a_question_say_so_beside_the_scores(ferries: Library, bench: Bench) -> None:
    for number in range(12):
        ferries.add(f"{number}.txt", f"Invoice {number}: the boat was painted, a boat in need of paint.\n", "ferries")
    bench.put("ferries", [NewQuestion("m", "Is my puppy allowed on the boat?", labels=[Label("dogs.md")])])
    compared, lost = bench.compare("ferries", WORDS_ONLY)
    assert compared is not None
    assert [each.text for each in lost] == ["Is my puppy allowed on the boat?"]
    assert compared.differences["ndcg"].value < 0
    assert [each.after for each in compared.moved] == [None]


def test_fitting_takes_questions_and_then_finds_settings(ferries: Library, bench: Bench) -> None:
    bench.put("ferries", [ASKED, *OTHERS])
    with pytest.raises(InvalidInputError, match="at least 10"):
        bench.fit("ferries")
    bench.put("ferries", [replace(ASKED, key=f"r{number}", text=f"{ASKED.text} {number}") for number in range(10)])
    fit = bench.fit("ferries")
    assert fit.weights.questions == 13
    assert fit.weights.value == pytest.approx(0.5)
    assert fit.threshold is None
    bench.make_live("ferries", fit.settings, "fitted", fit.scores)
    assert bench.standing("ferries").history[0].scores["ndcg"]["questions"] == 13


def test_a_reader_may_try_questions_but_not_change_anything(ferries: Library, bench: Bench) -> None:
    with ferries.database.sessions.begin() as session:
        user = users.add(session, "reader", UserRole.ASKER)
        reader = Person(user.id, user.name, UserRole.ASKER)
    theirs = bench.for_person(reader)
    [first, *_] = theirs.probe("dogs", "ferries", 3).sources
    for act in (
        lambda: theirs.mark("dogs", first.chunk_id, True),
        lambda: theirs.put("ferries", [ASKED]),
        lambda: theirs.make_live("ferries", USUAL, ""),
        lambda: theirs.mark_unanswerable("dogs", "ferries"),
    ):
        with pytest.raises(NotAllowedError):
            act()


@pytest.mark.parametrize("rerank", [None, "maxsim"])
def test_what_the_bench_shows_is_what_the_chat_finds(ferries: Library, bench: Bench, rerank: str | None) -> None:
    for number in range(40):
        ferries.add(f"{number}.txt", f"Trip {number} leaves on day {number}. A ticket is needed for it.\n", "ferries")
    bench.make_live("ferries", replace(USUAL, rerank=rerank), "")
    chat = HybridRetriever(
        sessions=ferries.database.sessions, embedder=ferries.ingestion.embedder, person=OWNER, collection="ferries"
    )
    for words in (ASKED.text, "Which ticket is needed on day 7?"):
        for k in (10, 50):
            assert list(bench.probe(words, "ferries", k).sources)[:10] == chat.find(words)[0]
    bench.put("ferries", [replace(ASKED, text="Which ticket is needed on day 7?", labels=[Label("7.txt")])])
    found = [source.document for source in chat.find("Which ticket is needed on day 7?")[0]]
    expected = found.index("7.txt") + 1 if "7.txt" in found else None
    assert bench.check("ferries")[1][0].rank == expected


def test_switching_a_reranker_on_is_compared_with_what_is_live(ferries: Library, bench: Bench) -> None:
    bench.put("ferries", [ASKED, *OTHERS])
    read = Counting()
    watched = replace(bench, rerankers=read)
    compared, _ = watched.compare("ferries", replace(USUAL, rerank="maxsim"))
    assert compared is not None
    assert read.asked == [ASKED.text, OTHERS[0].text, OTHERS[1].text, OTHERS[2].text]
    watched.make_live("ferries", replace(USUAL, rerank="maxsim"), "")
    read.asked.clear()
    dogs = ferries.scalar("SELECT id FROM documents WHERE name = 'dogs.md'")
    watched.would_break_deletion([dogs])
    assert len(read.asked) == 8


class Counting(Rerankers):
    """Remembers the questions that were read again for."""

    def __init__(self) -> None:
        super().__init__("float32")
        self.asked: list[str] = []

    def get(self, name: str) -> Reranker:
        return Noting(super().get(name), self.asked)


@dataclass
class Noting:
    reranker: Reranker
    asked: list[str]

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray:
        self.asked.append(question)
        return self.reranker.scores(question, passages)


class Exchanged(Embedder):
    """Embeds the first time with a model whose vectors are not the ones in the database any more."""

    def __init__(self, right: Embedder) -> None:
        super().__init__("somebody/else")
        self.right, self.times = right, 0

    def in_use(self) -> Embedder:
        self.times += 1
        return self if self.times == 1 else self.right

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 384), dtype=np.float32)


def test_an_embedder_exchanged_meanwhile_is_noticed(ferries: Library, bench: Bench) -> None:
    bench.put("ferries", [ASKED])
    for act in (
        lambda bench: [each.text for each in bench.probe(ASKED.text, "ferries", 3).sources],
        lambda bench: bench.check("ferries")[1],
    ):
        exchanged = Exchanged(ferries.ingestion.embedder)
        assert act(replace(bench, embedder=exchanged)) == act(bench)
        assert exchanged.times == 2


def test_a_draft_is_tried_as_if_it_were_published(ferries: Library, bench: Bench) -> None:
    bench.put("ferries", [ASKED])
    made = ferries.submit("tickets.md", "# Tickets\n\nA return ticket is valid for a whole year.\n", "ferries")
    with ferries.database.sessions.begin() as session:
        session.execute(sa.text("UPDATE document_versions SET draft = true WHERE id = :id"), {"id": made.version_id})
    assert bench.drafts("ferries") == []
    ferries.ingestion.process(made.version_id)
    [draft] = bench.drafts("ferries")
    assert (draft.version_id, draft.number, draft.document) == (made.version_id, 2, "Tickets")
    now = bench.probe(ASKED.text, "ferries", 3)
    then = bench.probe(ASKED.text, "ferries", 3, draft=draft.version_id)
    assert "21 days" in now.sources[0].text
    assert "a whole year" in then.sources[0].text
    assert (then.draft, then.sources[0].version_id) == (draft.version_id, draft.version_id)
    assert not any("21 days" in source.text for source in then.sources)
    lost = ["How long is a return ticket valid?"]
    assert [each.text for each in bench.would_break_publishing([draft.document_id, 10**6])] == lost
    assert [each.text for each in bench.would_break_rollback(draft.document_id, 2)] == lost
    with pytest.raises(NotFoundError, match="draft is not there"):
        bench.probe(ASKED.text, "ferries", 3, draft=10**9)
