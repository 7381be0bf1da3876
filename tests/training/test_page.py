"""The Training tab: what it shows, what it refuses in words, and that nothing is left out of its form."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from admin.service.training import Training
from admin.training.preview import Report, Said
from admin.ui import curves, training_before, training_form
from admin.ui.curves import History
from admin.ui.training_handlers import TrainingHandlers
from chat.settings import Settings
from chat.store.database import Database
from tests.conftest import OWNER


def event(**data: str) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture
def handlers(database: Database, home: Path) -> TrainingHandlers:
    settings = Settings(home=home, database_url=database.conninfo)
    inputs: Any = None  # nothing here reads a document or asks a model
    return TrainingHandlers(Training(database.sessions, settings, inputs, person=OWNER))


def step(number: int, life: int = 1, loss: float = 1.0) -> dict[str, Any]:
    rest = {"grad_norm": 1.0, "learning_rate": 1e-4, "tokens_per_s": 10.0}
    return {"event": "step", "step": number, "life": life, "loss": loss, **rest}


def test_an_empty_page_says_what_to_do_first(handlers: TrainingHandlers) -> None:
    shown, clock = handlers.listed()
    assert "Nothing was trained yet" in shown
    assert not clock.active
    assert "under Snapshots" in handlers.form()
    assert "There is no snapshot" in handlers.begun(handlers.asked(event(snapshot="none", preset="style")))[1]


def test_the_form_shows_every_setting_and_sends_only_what_was_changed(handlers: TrainingHandlers) -> None:
    for preset in handlers.training.presets():
        fields = handlers.training.fields(preset.name)
        form = training_form._settings(fields, {})
        for field in fields:
            assert form.count(f'name="set-{field.name}"') == 1
        sent = {f"set-{field.name}": training_form._shown(field.default) for field in fields}
        unticked = {name: value for name, value in sent.items() if value or name == "set-max_rows"}
        assert training_form.wanted({"snapshot": "s", "preset": preset.name, **unticked}, fields).changes == {}
    changed = training_form.wanted({"set-rank": "4", "set-look_up": "true"}, handlers.training.fields("style"))
    assert changed.changes == {"rank": "4", "look_up": True}


def test_who_wants_to_teach_facts_is_told_what_does_it_better(handlers: TrainingHandlers) -> None:
    goals = {preset.name: training_form._goal(preset, "style") for preset in handlers.training.presets()}
    assert "37 % of new facts" in goals["style"]
    assert "37 %" not in goals["answer"]


def test_a_curve_shows_where_it_was_resumed_and_what_was_done_twice() -> None:
    log = [{"event": "begin", "step": 0, "life": 1}, *(step(n, loss=5 - n) for n in range(1, 5))]
    log += [{"event": "begin", "step": 2, "life": 2}, step(3, 2, 1.5), {"event": "evaluation", "step": 3, "loss": 2.0}]
    history = History.of(log)
    assert [each["step"] for each in history.steps] == [1, 2, 3]
    assert history.seams == [2]
    assert [[each["step"] for each in part] for part in history.lost] == [[3, 4]]
    drawn = curves.charts(history, 10)
    assert "Resumed at step 2" in drawn
    assert 'class="again"' in drawn
    assert "training: 4 at step 1, 1.5 at step 3." in drawn
    assert "The curve begins with the first step" in curves.charts(History.of([]), 10)


def test_a_long_curve_is_thinned_and_keeps_its_end() -> None:
    points = [(number, 1.0) for number in range(10_001)]
    thin = curves.thinned(points)
    assert len(thin) <= curves.POINTS + 1
    assert thin[-1] == points[-1]


def test_rows_that_forbid_the_run_are_named_and_escaped() -> None:
    shown = training_before.report(Report(rows=2, train=1, refused=[Said("<b>r1</b>", "it carries no loss")]))
    assert "&lt;b&gt;r1&lt;/b&gt;" in shown
    assert "it carries no loss" in shown


@pytest.mark.parametrize("sent", ["", "-1", "x", "9" * 40, "1; DROP TABLE runs", "999999"])
def test_what_a_stranger_sends_is_refused_in_words(handlers: TrainingHandlers, sent: str) -> None:
    acts = (handlers.opened, handlers.paused, handlers.stopped, handlers.resumed, handlers.removed)
    for handler in acts:
        with pytest.raises(gr.Error):
            handler(event(id=sent))
    with pytest.raises(gr.Error):
        handlers.turned(None, event(row=sent))
    with pytest.raises(gr.Error):
        handlers.asked(event(preset=sent or "none", snapshot=sent))
    assert "role=" in list(handlers.looked(handlers.asked(event(snapshot=sent))))[-1][0]
