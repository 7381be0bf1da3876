"""What scripts rely on: one JSON document on stdout and nothing else, exit status 0, 1 or 2, errors on stderr."""

import json
import socket
from pathlib import Path

import pytest
import sqlalchemy as sa

from chat.store.database import Database
from tests.cli.conftest import Run

ASKED = "When does the harbour gate close in the evening?"
PLACE = {"document", "document_id", "version", "chunk_id", "page", "start", "end", "quote"}


def test_from_a_folder_to_a_cited_answer(run: Run, folder: Path) -> None:
    ingested = run("admin", "ingest", folder, "--json")
    assert ingested.status == 0
    documents = ingested.document["documents"]
    assert [Path(document["path"]).name for document in documents] == ["dogs.txt", "gate.md"]
    for document in documents:
        assert document.keys() >= {"path", "document_id", "version", "status", "chunks", "error"}
        assert (document["version"], document["status"], document["chunks"], document["error"]) == (1, "ready", 1, None)

    searched = run("chat", "search", ASKED, "-k", 1, "--json")
    assert searched.status == 0
    [result] = searched.document["results"]
    assert result.keys() == {
        *("rank", "chunk_id", "document", "document_id", "score", "dense_rank", "keyword_rank", "text")
    }
    assert (result["rank"], result["document"]) == (1, "Harbour gate")

    asked = run("chat", "ask", ASKED, "--json")
    assert asked.status == 0
    answer = asked.document
    assert answer.keys() >= {
        *("answer", "refused", "mode", "model", "adapter", "citations", "retrieved", "timings_ms", "trace_id")
    }
    assert (answer["refused"], answer["mode"], answer["adapter"]) == (False, "rag", None)
    assert answer["timings_ms"].keys() == {"retrieve", "first_token", "total"}
    [citation] = answer["citations"]
    text = (folder / "gate.md").read_text()
    assert citation.keys() == {"marker"} | PLACE
    assert citation["quote"] == text[citation["start"] : citation["end"]]
    assert f"[{citation['marker']}]" in answer["answer"]
    assert all(found.keys() >= PLACE | {"score"} for found in answer["retrieved"])

    people = run("chat", "ask", ASKED)
    assert (people.status, "22:15" in people.out, "[1] Harbour gate, version 1" in people.out) == (0, True, True)


def test_the_same_again_is_nothing_to_do(run: Run, folder: Path) -> None:
    run("admin", "ingest", folder / "gate.md")
    again = run("admin", "ingest", folder / "gate.md")
    assert (again.status, "unchanged, nothing to do" in again.out) == (0, True)
    (folder / "gate.md").write_text("# Harbour gate\n\nThe harbour gate closes at midnight.\n")
    assert run("admin", "ingest", folder / "gate.md", "--json").document["documents"][0]["version"] == 2
    [listed] = run("admin", "documents", "list", "--json").document["documents"]
    assert (listed["version"], listed["published"]) == (2, True)


def test_questions_from_a_file_are_answered_a_line_each(run: Run, folder: Path, tmp_path: Path) -> None:
    run("admin", "ingest", folder)
    questions = tmp_path / "questions.jsonl"
    rows = [{"id": "q1", "question": ASKED, "type": "time"}, {"id": 2, "question": "Do dogs travel free?"}]
    questions.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    for command, key in (("search", "results"), ("ask", "answer")):
        outcome = run("chat", command, "--file", questions)
        assert outcome.status == 0
        assert [line["id"] for line in outcome.lines] == ["q1", "2"]
        assert all(key in line for line in outcome.lines)


def test_tags_say_which_documents_are_asked(run: Run, folder: Path, database: Database) -> None:
    run("admin", "ingest", folder)
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE documents SET tags = '{lit,old}' WHERE name = 'dogs.txt'"))
    for words in (("--tag", "lit"), ("--tag", "lit", "--tag", "old")):
        [result] = run("chat", "search", ASKED, *words, "--json").document["results"]
        assert result["document"] == "dogs.txt"
    asked = run("chat", "ask", ASKED, "--tag", "lit", "--json").document
    assert {found["document"] for found in asked["retrieved"]} == {"dogs.txt"}
    assert run("chat", "search", ASKED, "--tag", "lit", "--tag", "new", "--json").document == {"results": []}
    wrong = run("chat", "search", ASKED, "--tag", "x" * 41)
    assert (wrong.status, "at most 40 characters" in wrong.err) == (1, True)


def test_a_refusal_and_an_empty_result_are_not_failures(run: Run) -> None:
    refused = run("chat", "ask", ASKED, "--json")
    assert (refused.status, refused.document["refused"], refused.document["citations"]) == (0, True, [])
    nothing = run("chat", "search", ASKED)
    assert (nothing.status, nothing.out) == (0, "")
    assert "Nothing found" in nothing.err
    assert run("chat", "search", ASKED, "--json").document == {"results": []}


def test_one_bad_file_fails_the_command_and_not_the_others(run: Run, folder: Path) -> None:
    (folder / "empty.md").write_bytes(b"")
    outcome = run("admin", "ingest", folder, folder / "missing.md", folder / "tool.exe", "--json")
    assert outcome.status == 1
    by_name = {Path(document["path"]).name: document for document in outcome.document["documents"]}
    assert {name for name, document in by_name.items() if document["status"] == "ready"} == {"gate.md", "dogs.txt"}
    assert "This file is empty" in by_name["empty.md"]["error"]
    assert "There is no file or folder" in by_name["missing.md"]["error"]
    assert {document["status"] for document in run("admin", "documents", "list", "--json").document["documents"]} == {
        "ready",
        "failed",
    }


def test_documents_are_listed_shown_rolled_back_and_deleted(run: Run, folder: Path) -> None:
    for hour in ("22:15", "23:30"):
        (folder / "gate.md").write_text(f"# Harbour gate\n\nThe harbour gate closes at {hour}.\n")
        run("admin", "ingest", folder / "gate.md", "--collection", "port")
    [listed] = run("admin", "documents", "list", "--json").document["documents"]
    assert listed.keys() >= {"document_id", "document", "source", "status", "published", "version", "chunks"}
    identity = listed["document_id"]
    shown = run("admin", "documents", "show", identity, "--json").document
    assert [(version["number"], version["live"]) for version in shown["versions"]] == [(2, True), (1, False)]
    assert run("admin", "documents", "rollback", identity, "--to", 1).status == 0
    [result] = run("chat", "search", "harbour gate", "--json").document["results"]
    assert "22:15" in result["text"]
    assert run("admin", "documents", "rollback", identity, "--to", 9).status == 1
    assert run("admin", "documents", "delete", identity, "--yes").status == 0
    assert run("admin", "documents", "list", "--json").document == {"documents": []}
    gone = run("admin", "documents", "show", identity)
    assert (gone.status, gone.out) == (1, "")
    assert gone.err.startswith(f"admin: There is no document {identity}")


def test_collections_are_made_listed_and_deleted(run: Run, folder: Path) -> None:
    assert run("admin", "collections", "create", "port").status == 0
    run("admin", "ingest", folder, "--collection", "port")
    [collection] = run("admin", "collections", "list", "--json").document["collections"]
    assert (collection["name"], collection["documents"]) == ("port", 2)
    bad = run("admin", "collections", "create", "Not A Name")
    assert (bad.status, bad.out, "small letters" in bad.err) == (1, "", True)
    unknown = run("chat", "search", "gate", "--collection", "ports", "--json")
    assert (unknown.status, unknown.out) == (1, "")
    assert "There is no collection 'ports'. There are: port." in unknown.err
    assert run("admin", "collections", "delete", "port", "--yes").status == 0
    assert run("admin", "collections", "list", "--json").document == {"collections": []}


def test_doctor_finds_and_cures(run: Run, folder: Path) -> None:
    (folder / "empty.md").write_bytes(b"")
    run("admin", "ingest", folder)
    outcome = run("admin", "doctor", "--json")
    assert outcome.status == 0, "findings are not failures"
    findings = {finding["part"]: finding for finding in outcome.document["findings"]}
    assert findings["Database"]["well"]
    assert "pgvector" in findings["Database"]["found"]
    assert not findings["Language model"]["well"]
    assert "does not answer" in findings["Language model"]["cure"]
    assert not findings["Documents"]["well"]
    assert "empty.md: This file is empty" in findings["Documents"]["cure"]
    assert "✗ wrong" in run("admin", "doctor").out


def test_doctor_tells_of_a_database_that_cannot_be_reached(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    outcome = run("admin", "doctor", "--json")
    [database] = [finding for finding in outcome.document["findings"] if finding["part"] == "Database"]
    assert (outcome.status, database["well"]) == (0, False)
    assert "Check APPRENTICE_DATABASE_URL" in database["cure"]
    listing = run("admin", "documents", "list")
    assert (listing.status, listing.out) == (1, "")
    assert "cannot be reached" in listing.err


@pytest.mark.parametrize(
    "words",
    [
        ("chat", "ask"),
        ("chat", "ask", "why?", "--mode", "adaptor"),
        ("chat", "search", "x", "-k", "0"),
        ("chat", "search", "x", "--file", "/nonexistent.jsonl"),
        ("chat", "nonsense"),
        ("chat", "ask", "why?", "--nonsense"),
        ("admin", "ingest"),
        ("admin", "documents", "show", "x"),
        ("admin", "documents", "rollback", "1"),
        ("admin", "nonsense"),
    ],
)
def test_bad_usage_is_status_2_and_told_on_stderr(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words)
    assert (outcome.status, outcome.out) == (2, "")
    assert "Error" in outcome.err


@pytest.mark.parametrize("line", ["not json", "[]", "7", '{"question": "no id"}', '{"id": 1}'])
def test_a_bad_line_in_a_file_of_questions_is_bad_usage(run: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / "questions.jsonl").write_text(f'{{"id": 1, "question": "?"}}\n{line}\n')
    outcome = run("chat", "ask", "--file", tmp_path / "questions.jsonl")
    assert (outcome.status, outcome.out) == (2, "")
    assert "Each line must be JSON" in " ".join(outcome.err.replace("│", " ").split())


@pytest.mark.parametrize("question", ["", "  ", "x" * 20_001])
def test_a_question_that_cannot_be_asked_is_status_1(run: Run, question: str) -> None:
    for command in ("ask", "search"):
        outcome = run("chat", command, question, "--json")
        assert (outcome.status, outcome.out) == (1, "")
        assert outcome.err.startswith("chat: The question")


def test_the_model_alone_needs_a_model(run: Run) -> None:
    outcome = run("chat", "ask", "why?", "--mode", "base", "--json")
    assert (outcome.status, outcome.out) == (1, "")
    assert "does not answer" in outcome.err


@pytest.mark.parametrize("program", [("chat", "search", "x"), ("admin", "documents", "list"), ("admin", "up")])
def test_a_wrong_setting_is_named_with_its_cure(
    run: Run, monkeypatch: pytest.MonkeyPatch, program: tuple[str, ...]
) -> None:
    monkeypatch.setenv("APPRENTICE_CHAT_PORT", "a lot")
    outcome = run(*program)
    assert (outcome.status, outcome.out) == (1, "")
    assert "Correct or unset it" in outcome.err
    assert "APPRENTICE_CHAT_PORT='a lot'" in outcome.err


def test_a_port_in_use_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("APPRENTICE_ADMIN_PORT", str(port))
        monkeypatch.setenv("APPRENTICE_CHAT_PORT", str(free_port()))
        outcome = run("admin", "up")
    assert outcome.status == 1
    assert f"Port {port} on 127.0.0.1 cannot be had" in outcome.err
    assert f"APPRENTICE_ADMIN_PORT={port + 10} make up" in outcome.err


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_worker_that_is_not_there_is_told(run: Run) -> None:
    outcome = run("admin", "worker", "--check")
    assert (outcome.status, outcome.out) == (1, "0 alive\n")
