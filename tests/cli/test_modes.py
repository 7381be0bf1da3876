"""`ask --mode --adapter`: what is chosen, what that says, and what cannot be."""

from pathlib import Path

import pytest

from chat.store import adapters
from chat.store.adapters import New
from chat.store.database import Database
from chat.store.tables import Promotion, Stage
from tests.cli.conftest import Run

DIGEST = "a" * 64


@pytest.fixture
def serving(database: Database) -> None:
    """An adapter called calm, which answers everywhere; here no model does, so it cannot."""
    with database.sessions.begin() as session:
        made = adapters.add(session, New("calm", DIGEST, "tiny", None, 4, 1, "import"), None)
        session.add(
            Promotion(
                adapter_id=made.id, adapter="calm", digest=DIGEST, stage=Stage.LIVE, kind="promote", signature="signed"
            )
        )


def test_without_a_mode_the_documents_answer(run: Run, folder: Path) -> None:
    run("admin", "ingest", folder)
    said = run("chat", "ask", "When does the harbour gate close?", "--json").document
    assert (said["mode"], said["adapter"], said["missed"]) == ("rag", None, None)
    assert "22:15" in said["answer"]


@pytest.mark.usefixtures("serving")
def test_an_adapter_that_does_not_answer_is_told_by_name(run: Run, folder: Path) -> None:
    run("admin", "ingest", folder)
    said = run("chat", "ask", "When does the harbour gate close?", "--json").document
    assert (said["mode"], said["adapter"]) == ("rag+adapter", None)
    assert said["missed"]["adapter"] == {"name": "calm", "digest": DIGEST}
    told = run("chat", "ask", "When does the harbour gate close?", "--adapter", "calm")
    assert "the adapter calm did not answer, this is without it" in told.err
    assert "22:15" in told.out


@pytest.mark.parametrize("words", [("--mode", "sudo"), ("--mode", "rag", "--adapter", "calm")])
def test_what_cannot_be_chosen_is_bad_usage(run: Run, words: tuple[str, ...]) -> None:
    assert run("chat", "ask", "Anything?", *words).status == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--mode", "adapter"), "There is no adapter yet"), (("--adapter", "clam"), "There is no adapter 'clam'")],
)
def test_an_adapter_that_is_not_there_is_told(run: Run, words: tuple[str, ...], told: str) -> None:
    said = run("chat", "ask", "Anything?", *words)
    assert said.status == 1
    assert told in said.err
