"""The panels of checks and snapshots: what they show is escaped, and what strangers send is looked up."""

import gradio as gr
import pytest

from admin.service.checks import Checks
from admin.service.examples import Examples
from admin.service.snapshots import Snapshots
from admin.ui.checks_handlers import ChecksHandlers
from admin.ui.snapshots_handlers import SnapshotsHandlers
from chat.store.database import Database
from tests.checks.conftest import Add, told
from tests.conftest import OWNER

EVIL = "<img src=x onerror=alert(1)>"


def event(**data: str) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def checking(checks: Checks, database: Database) -> ChecksHandlers:
    return ChecksHandlers(checks, Examples(database.sessions, person=OWNER))


@pytest.fixture
def freezing(snapshots: Snapshots, database: Database) -> SnapshotsHandlers:
    return SnapshotsHandlers(snapshots, Examples(database.sessions, person=OWNER))


def test_a_report_shows_texts_and_never_runs_them(checking: ChecksHandlers, add: Add) -> None:
    question, answer = f"Who mends the gate {EVIL} by the mill?", f"The mate {EVIL} mends it with password: Xy7{EVIL}"
    add({EVIL: told(question, answer), "b": told(question, answer), "c": told(f"{question} please", answer)})
    *steps, shown = checking.checked("default")
    assert len(steps) == 9
    assert "<progress" in steps[4]
    assert "<img" not in shown
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") > 4
    assert "<mark> please</mark>" in shown or "<mark>please</mark>" in shown


def test_a_finding_is_accepted_and_redacted_from_the_page(checking: ChecksHandlers, add: Add, checks: Checks) -> None:
    [example_id] = add({"s1": told("What opens the gate?", "The password is Gull42nest.")})
    [finding] = checks.report("default").findings
    sent = {"ids": str(example_id), "digest": finding.digest}
    assert "on record" in checking.accepted(event(**sent, text="a story"))
    assert "looked into again" in checking.taken_back(event(**sent))
    assert "version 2" in checking.redacted(event(**sent))


def test_a_snapshot_is_made_looked_at_and_deleted_from_the_page(freezing: SnapshotsHandlers, add: Add) -> None:
    add({"a": told(f"Who mends {EVIL}?", "The mate.", f"{EVIL}.md")})
    wanted = {"name": "first", "collection": "default", "share": "0.1", "seed": "1", "declared": EVIL}
    assert "1 example to train on" in list(freezing.created(event(**wanted)))[-1]
    assert "<img" not in freezing.opened(event(name="first")) + "".join(freezing.listed())
    list(freezing.created(event(**wanted | {"name": "second"})))
    assert "1 example the same" in freezing.compared(event(before="first", after="second"))
    assert "deleted" in freezing.removed(event(name="first"))


@pytest.mark.parametrize("text", ["", "x", "-1", "1,2,x", "9" * 40, "0", "1" * 18, "\x00"])
def test_nonsense_is_told_in_words(checking: ChecksHandlers, freezing: SnapshotsHandlers, add: Add, text: str) -> None:
    add({"a": told("Who mends it?", "The mate.")})
    for attempt in (
        lambda: checking.accepted(event(ids=text, digest=text, text="a reason")),
        lambda: checking.taken_back(event(ids=text, digest=text)),
        lambda: checking.redacted(event(ids=text, digest=text)),
        lambda: checking.accepted_all(event(name=text, check=text, text="a reason")),
        lambda: list(checking.checked(text)),
        lambda: list(freezing.created(event(name=text, collection=text, share=text, seed=text))),
        lambda: freezing.opened(event(name=text)),
        lambda: freezing.compared(event(before=text, after=text)),
        lambda: freezing.removed(event(name=text)),
    ):
        with pytest.raises(gr.Error):
            attempt()
