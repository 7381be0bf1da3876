"""Before and after the steps, with the engine that serves: a dry run is answered, and what RAG answers is distilled."""

from contextlib import closing
from pathlib import Path

import pytest

from admin.curation.documents.ingesting import Interrupted
from admin.service.training import Tried
from admin.training.rows import Row, as_asked
from chat.engine.process import connect
from chat.rag.prompt import ANSWER_TOKENS
from chat.store.tables import RunStatus
from tests.jobs.conftest import library  # noqa: F401
from tests.rag.library import Library
from tests.training.conftest import Starts
from tests.training.yard import Yard, make_yard

pytestmark = pytest.mark.slow


@pytest.fixture
def yard(library: Library, knowing_model: Path, home: Path, start: Starts) -> Yard:  # noqa: F811
    """Whose model knows the rows by heart, and so ends its answers."""
    return make_yard(library, knowing_model, home, start)


def test_two_steps_are_saved_and_the_engine_loads_them_and_answers(yard: Yard, home: Path) -> None:
    before = set(home.rglob("*.safetensors"))
    *words, tried = yard.training.dry_run(yard.wanted())
    assert isinstance(tried, Tried)
    assert (words[0], words[-1]) == ("Reading the rows", "Asking the engine with it")
    assert words[1] == "Loading the model"
    assert {each for each in words if each.startswith("Step")} <= {"Step 1 of 2", "Step 2 of 2"}
    assert "At " in tried.answer
    assert (tried.estimate.steps, tried.report.train, tried.estimate.fits) == (8, 13, True)
    assert set(home.rglob("*.safetensors")) == before, "nothing is kept of it"
    assert list((home / "runs").iterdir()) == []
    assert yard.training.list() == []


def test_what_the_served_model_answers_with_passages_is_learned_without_them(yard: Yard) -> None:
    """It is asked once a row: a run that is taken up again knows what was said."""
    settings, inputs = yard.training.settings, yard.training.inputs
    wanted = yard.wanted("distil", max_rows=None, epochs=1)
    with closing(connect(settings)), closing(inputs.connect()) as models:
        run_id = yard.training.start(wanted)
        folder = yard.folder(run_id)
        drafts = folder.path / "distilled.jsonl"
        with pytest.raises(Interrupted):
            yard.trainer.work(lambda: not drafts.exists() or len(drafts.read_bytes().splitlines()) < 5, run_id)
        half = drafts.read_bytes()
        yard.trainer.work(lambda: True, run_id)
        assert yard.status(run_id) == RunStatus.FINISHED
        assert drafts.read_bytes().startswith(half)
        learned = {row.id: row for row in folder.read_rows()}
        material = yard.training.material(wanted)
        [ferry] = [inputs.look_up(row, material.place) for row in material.rows if row["id"] == "ferry"]
        asked = as_asked(Row.of(ferry))
        answer = models.get().chat.invoke(asked, temperature=0, max_tokens=ANSWER_TOKENS).content
    assert "The ferry leaves the quay at seven" in asked[0]["content"]
    assert learned["ferry"].completion == str(answer).strip() != ferry["completion"]
    assert [len(row.passages) for row in learned.values()] == [0] * 17
