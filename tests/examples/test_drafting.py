"""Drafting from documents: what survives the checks, what does not and why, and going on after a stop."""

import pytest

from admin.curation.documents.ingesting import Interrupted
from admin.service.examples import Examples
from admin.training import drafting
from admin.training.drafting import TASK, Drafting, Dropped
from admin.training.rated import SAYS_NOT
from chat.errors import InvalidInputError, ModelError
from chat.models.verifier import Verifier
from chat.store import jobs
from chat.store.drafted import Chunk
from chat.store.example_listing import View
from tests.conftest import OWNER
from tests.rag.library import Library, Speaker, Trusting, models

TEXT = "The harbour gate closes at 22:15 every evening, and the night guard, who has the only key, opens it at 5:30."
QUOTE = "closes  at 22:15 \t every evening."
GOOD = f"Question: When does the gate close?\nAnswer: At 22:15 every evening.\nQuote: “{QUOTE}”"
CHUNK = Chunk(1, 1, "Gate", 1, 100, "Hours", TEXT)


class Doubting(Verifier):
    """Takes a passage to answer what it shares the word `gate` with, and no other."""

    def probabilities(self, question: str, passages: list[str]) -> list[float]:  # type: ignore[override]
        return [float("gate" in passage and "gate" in question) for passage in passages]


def test_a_good_draft_knows_its_place() -> None:
    draft = drafting.checked(CHUNK, f"Sure!\n\n{GOOD}", Doubting())
    assert isinstance(draft, drafting.Draft)
    assert draft.quote == "closes at 22:15 every evening"
    assert TEXT[draft.start - CHUNK.start : draft.end - CHUNK.start] == draft.quote


def test_an_answer_that_stands_in_the_passage_is_its_own_quotation() -> None:
    said = "Question: When does the gate close?\nAnswer: 22:15 every evening.\n\nQuestion: and so on"
    draft = drafting.checked(CHUNK, said, Doubting())
    assert isinstance(draft, drafting.Draft)
    assert (draft.answer, draft.quote) == ("22:15 every evening.", "22:15 every evening")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("I cannot help with that.", Dropped.FORM),
        (GOOD.replace("?", "."), Dropped.FORM),
        (GOOD.replace("At 22:15", "At 22:15 " * 60), Dropped.FORM),
        (GOOD.replace(QUOTE, "closes at 21:15"), Dropped.QUOTE),
        (GOOD.replace(f"“{QUOTE}”", "“”"), Dropped.QUOTE),
        (GOOD.partition("\nQuote")[0], Dropped.QUOTE),
        (GOOD.replace("At 22:15 every", "At 22:45 every"), Dropped.ANSWER),
        (GOOD.replace("At 22:15 every evening", "Whenever seagulls demand breakfast"), Dropped.ANSWER),
        (GOOD.replace("the gate", "the bar"), Dropped.QUESTION),
    ],
)
def test_a_bad_draft_is_dropped_for_a_reason(said: str, why: Dropped) -> None:
    assert drafting.checked(CHUNK, said, Doubting()) == why


@pytest.fixture
def shelf(library: Library) -> Library:
    for name in ("north", "south", "west"):
        library.add(f"{name}.md", f"# {name.title()} gate\n\nThe {name} gate. {TEXT}\n")
    library.add("dogs.md", "# Dogs\n\nDogs travel free of charge on every ferry, as long as they are on a lead. " * 3)
    return library


def answers() -> list[str]:
    said = [GOOD.replace("the gate", f"the {name} gate") for name in ("north", "east", "south", "north")]
    return [*said, "nonsense"]


def test_drafts_are_kept_as_they_come_and_the_report_is_honest(shelf: Library, examples: Examples) -> None:
    job = examples.from_documents("default", 3)
    with pytest.raises(InvalidInputError, match="being drafted for default already"):
        examples.from_documents("default", 3)
    for many in (0, 501, -1):
        with pytest.raises(InvalidInputError, match="Between 1 and 500"):
            examples.from_documents("default", many)
    with shelf.database.sessions() as session:
        queued = jobs.get(session, None, job)
    assert queued.task == TASK
    overview = examples.overview(View())
    assert overview.drafting is not None
    assert (overview.drafting.under_way, overview.drafting.wanted, overview.drafting.kept) == (True, 3, 0)
    speaker = Speaker(answers=answers())
    work = Drafting(shelf.database.sessions, lambda: models(speaker), Doubting()).work
    seen = iter([True, True])
    with pytest.raises(Interrupted):
        work(lambda: next(seen, False), **queued.arguments)
    assert 1 <= len(examples.listed("default")) <= 4
    before = {each.key for each in examples.listed("default")}
    work(lambda: True, **queued.arguments)
    assert examples.stop_drafting()
    assert not examples.stop_drafting(), "it is out of the queue"
    listed = examples.listed("default")
    assert before <= {each.key for each in listed}, "it went on where it was stopped"
    report = examples.overview(View()).drafting
    assert report is not None
    answerable = [each for each in listed if each.wording.answerable]
    assert (report.under_way, report.kept, report.unanswerable) == (
        False, len(answerable), len(listed) - len(answerable),
    )  # fmt: skip
    for each in answerable:
        number = int(each.wording.completion[-2])
        place, text = each.wording.sources[0], each.wording.passages[number - 1]["text"]
        assert place.quote in text
        assert place.document_id
    [refused, *_] = [each for each in listed if not each.wording.answerable]
    assert refused.wording.completion == SAYS_NOT
    assert all("gate" not in passage["text"] for passage in refused.wording.passages)
    assert len({each.wording.question for each in answerable}) == len(answerable)
    assert examples.overview(View(stale=True)).listing.total == 0


def test_without_a_model_it_says_so(shelf: Library) -> None:
    with pytest.raises(ModelError):
        Drafting(shelf.database.sessions, lambda: models(None), Trusting()).work(lambda: True, 1, 1, "b", OWNER.id)
