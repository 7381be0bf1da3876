"""The tab's and the review's handlers: what they show, do and refuse, and that strangers' words stay words."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from admin.service.checks import Checks
from admin.service.examples import Examples
from admin.ui.examples_handlers import ExamplesHandlers
from admin.ui.examples_review import Round
from admin.ui.review_handlers import ReviewHandlers
from chat.rights import Person
from chat.settings import Settings
from chat.store.example_listing import Sort, View
from chat.store.tables import ExampleState
from tests.conftest import OWNER
from tests.rag.library import NOWHERE

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def handlers(examples: Examples) -> ExamplesHandlers:
    return ExamplesHandlers(examples)


@pytest.fixture
def review(examples: Examples, settings: Settings) -> ReviewHandlers:
    remote = settings.model_copy(update={"model": NOWHERE})
    return ReviewHandlers(examples, Checks(examples.sessions, remote, person=OWNER))


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def write(tmp_path: Path, *rows: dict[str, Any]) -> tuple[Path, str]:
    path = tmp_path / "upload"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path, f"{HOSTILE}.jsonl"


def row(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "prompt": f"{HOSTILE} {key}?", "completion": HOSTILE, "document": HOSTILE} | more


def test_an_empty_tab_says_what_to_do_first(handlers: ExamplesHandlers) -> None:
    _, chips, target, forms, table, clock = handlers.listed(View())
    assert "Nothing to learn from yet" in table
    assert "python -m admin examples import" in table
    assert "They go to the collection “default”" in target
    assert (chips, clock.active) == ("", False)
    assert "Write one" in forms


def test_from_a_dropped_file_to_reviewed_examples(
    handlers: ExamplesHandlers, review: ReviewHandlers, tmp_path: Path
) -> None:
    reading, (said, emptied, _) = list(handlers.imported([write(tmp_path, row("a"), row("b"), row("c"))], View()))
    assert "Reading" in reading[0]
    assert "3 added, 0 changed, 0 unchanged" in said
    assert emptied is None
    *_, table, _ = handlers.listed(View())
    assert "Review 3 drafts" in table
    now, page = review.begun(View())
    assert "3 of 3 left to decide" in page
    assert HOSTILE not in said + table + page
    first, second, third = now.ids
    assert "Nothing found" in review.checked(now) or 'data-of="' in review.checked(now)
    now, page, decision = review.approved(now, event(id=str(first), text=""))
    assert ("2 of 3 left to decide" in page, now.shown) == (True, second)
    assert decision.before == [(first, ExampleState.DRAFT)]
    now, page, decision = review.rejected(now, event(id=str(second), text="not so"))
    assert now.shown == third
    now, page, last = review.taken_back(now, decision)
    assert (now.shown, last) == (second, None)
    assert "taken back" in page
    now, page, _ = review.sent_back(now, event(id=str(second), text="shorter"))
    now, page = review.edited(now, event(id=str(third), question="Q?", answer="<b>B</b>", note=HOSTILE))
    assert "&lt;b&gt;B&lt;/b&gt;" in page
    assert HOSTILE not in page
    now, page, _ = review.approved(now, event(id=str(third)))
    assert (now.shown, "Nothing is left to decide" in page) == (None, True)
    assert review.checked(now) == ""
    view = handlers.staged(View(), event(state="needs work"))
    assert "Needs work <small>1</small>" in handlers.listed(view)[4]
    assert review.closed() == (Round(), "", "")


def test_bad_rows_are_named_and_the_good_ones_can_be_imported(handlers: ExamplesHandlers, tmp_path: Path) -> None:
    files = [write(tmp_path, row("a"), {"prompt": HOSTILE, "answer": "b"})]
    *_, (said, _, pending) = handlers.imported(files, View())
    assert "Nothing was imported" in said
    assert "Row 2" in said
    assert "Import the good rows: 1 of 2" in said
    assert HOSTILE not in said
    said, left = handlers.imported_anyway(pending, View())
    assert "1 added" in said
    assert "1 bad row left out" in said
    assert left is None
    with pytest.raises(gr.Error, match="Drop it again"):
        handlers.imported_anyway(pending, View())
    *_, (said, _, pending) = handlers.imported([write(tmp_path)], View())
    assert "holds no rows" in said
    assert pending is None


def test_what_is_selected_is_decided_exported_and_deleted(handlers: ExamplesHandlers, tmp_path: Path) -> None:
    list(handlers.imported([write(tmp_path, row("a"), row("b"), row("c", rejected="worse"))], View()))
    ids = ",".join(map(str, handlers.examples.queue(View())))
    said, last = handlers.approved(event(ids=ids, text="yes"))
    assert "3 examples approved" in said
    assert 'data-event="undo"' in said
    assert "Taken back for 3 examples" in handlers.taken_back(last)[0]
    assert "nothing to take back" in handlers.taken_back(None)[0]
    file, said = handlers.exported(View(), event(format=".jsonl", shape="preference"))
    assert "1 example written; 2 left out" in said
    data = base64.b64decode(file.split('data-bytes="')[1].split('"')[0])
    assert json.loads(data)["chosen"] == HOSTILE
    assert "2 examples written" in handlers.exported(View(), event(ids=ids.rpartition(",")[0]))[1]
    assert "3 examples deleted" in handlers.removed(event(ids=ids))


def test_one_is_written_by_hand(handlers: ExamplesHandlers) -> None:
    said, forms = handlers.written(
        View(), event(question="Q?", answer="The documents do not say.", refuse="on", collection="default")
    )
    assert "as a draft" in said
    assert "data-written" in forms
    [made] = handlers.examples.listed("default")
    assert not made.wording.answerable
    assert "to be refused" in handlers.listed(View())[4]


def test_views_change_as_they_are_told(handlers: ExamplesHandlers) -> None:
    view = handlers.sorted(View(), event(sort="question"))
    assert (view.sort, view.descending) == (Sort.QUESTION, False)
    assert handlers.sorted(view, event(sort="question")).descending
    assert handlers.sorted(view, event(sort="nonsense")).sort is Sort.QUESTION
    assert handlers.staged(view, event(state="nonsense")).state is None
    assert handlers.outdated(view).stale
    assert handlers.filtered(" a\0 ", view).text == "a"
    assert handlers.chosen(view, event(name="x")).collection == "x"
    assert handlers.turned(view, event(page="3")).page == 3


@pytest.mark.parametrize("sent", ["", "-1", "x", "9" * 40, "1; DROP TABLE examples", "999999"])
def test_what_a_stranger_sends_is_refused_in_words(
    handlers: ExamplesHandlers, review: ReviewHandlers, sent: str
) -> None:
    for act in (handlers.approved, handlers.rejected, handlers.sent_back):
        with pytest.raises(gr.Error):
            act(event(ids=sent, text="because"))
    for decide in (review.approved, review.rejected, review.edited):
        with pytest.raises(gr.Error):
            decide(Round(), event(id=sent, text="because", question="Q", answer="A"))
    with pytest.raises(gr.Error):
        review.opened(View(), event(id=sent))
    for strange in ({"format": sent or "x"}, {"shape": sent or "x"}):
        with pytest.raises(gr.Error):
            handlers.exported(View(), event(**strange))
    for many in (sent, "0"):
        with pytest.raises(gr.Error):
            handlers.drafted(event(collection="default", many=many))


def test_who_looks_after_nothing_is_told_so(handlers: ExamplesHandlers, person: Callable[..., Person]) -> None:
    theirs = ExamplesHandlers(handlers.examples.for_person(person("stranger")))
    assert "You look after no collection" in theirs.listed(View())[4]
