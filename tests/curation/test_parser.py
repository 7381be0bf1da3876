import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from admin.curation.formats.loaders import UnreadableDocument, load
from admin.curation.formats.parser import KILL_GRACE, Parser

MEGABYTE = 1_000_000
Children = Callable[[], list[psutil.Process]]


@pytest.fixture
def parser() -> Iterator[Parser]:
    with Parser() as parser:
        yield parser


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "a note.md"
    path.write_text('# Größe\n\nA "quoted" line of text.\u2028 \\n')
    return path


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    path = tmp_path / "slow.csv"
    path.write_text("a,b\n" + "1,2\n" * 8 * MEGABYTE)
    return path


@pytest.fixture
def children() -> Children:
    """Those who parse for this test; the whole run may have one of its own besides."""

    def parsing() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "admin.curation.formats.parser" in child.cmdline()]

    others = parsing()
    return lambda: [child for child in parsing() if child not in others]


def test_one_child_serves_many_documents(parser: Parser, note: Path, children: Children) -> None:
    assert children() == []
    assert parser.parse(note, "markdown") == load(note, "markdown")
    first = children()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: parser.parse(note, "markdown"), range(40)))
    assert found == [load(note, "markdown")] * 40
    assert children() == first
    parser.close()
    assert children() == []


def test_the_childs_words_arrive(parser: Parser, tmp_path: Path, note: Path) -> None:
    (tmp_path / "empty.txt").touch()
    with pytest.raises(UnreadableDocument, match="This file is empty"):
        parser.parse(tmp_path / "empty.txt", "text")
    assert parser.parse(note, "markdown").title == "Größe"


def test_an_idle_child_that_was_killed_is_replaced(parser: Parser, note: Path, children: Children) -> None:
    parser.parse(note, "markdown")
    children()[0].kill()
    assert parser.parse(note, "markdown").title == "Größe"


def test_a_child_killed_at_work_is_told_and_replaced(
    parser: Parser, note: Path, slow: Path, children: Children
) -> None:
    def kill_soon() -> None:
        while not children():
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(children()[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_soon)
    killer.start()
    with pytest.raises(UnreadableDocument, match="crashes the parser or needs more memory"):
        parser.parse(slow, "csv")
    killer.join()
    assert parser.parse(note, "markdown").title == "Größe"


def test_a_document_that_takes_too_long(note: Path, children: Children) -> None:
    with Parser(seconds=3) as parser:
        parser.parse(note, "markdown")
        children()[0].suspend()
        with pytest.raises(UnreadableDocument, match="longer than 3 seconds"):
            parser.parse(note, "markdown")
        assert children() == []
        assert parser.parse(note, "markdown").title == "Größe"


def test_a_child_without_a_keeper_ends_by_its_own_clock(slow: Path) -> None:
    request = json.dumps({"path": str(slow), "kind": "csv", "seconds": 1 - KILL_GRACE})
    command = [sys.executable, "-m", "admin.curation.formats.parser", str(2 << 30)]
    done = subprocess.run(command, input=request.encode(), capture_output=True, check=False)
    assert done.returncode == -signal.SIGALRM


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit of address space")
def test_a_document_that_needs_too_much_memory(note: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    large.write_bytes(b"word " * 18 * MEGABYTE)
    with Parser(memory=200 * MEGABYTE) as parser:
        parser.parse(note, "markdown")
        with pytest.raises(UnreadableDocument, match="needs more memory"):
            parser.parse(large, "text")
        assert parser.parse(note, "markdown").title == "Größe"


def test_an_answer_without_end(note: Path, monkeypatch: pytest.MonkeyPatch, parser: Parser) -> None:
    monkeypatch.setattr("admin.curation.formats.parser.MAX_REPLY", 10)
    with pytest.raises(UnreadableDocument, match="more text than can be read"):
        parser.parse(note, "markdown")
    monkeypatch.undo()
    assert parser.parse(note, "markdown").title == "Größe"


def test_closing_while_a_document_is_read(slow: Path, children: Children) -> None:
    parser = Parser()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(parser.parse, slow, "csv")
        while not children():
            time.sleep(0.01)
        parser.close()
        with pytest.raises(RuntimeError, match="closed"):
            reading.result()
    assert children() == []


def test_the_childs_limits_and_surroundings(
    parser: Parser, note: Path, monkeypatch: pytest.MonkeyPatch, children: Children
) -> None:
    monkeypatch.setenv("APPRENTICE_MODEL_KEY", "secret")
    parser.parse(note, "markdown")
    child = children()[0]
    assert "APPRENTICE_MODEL_KEY" not in child.environ()
    if sys.platform == "linux":
        assert child.rlimit(psutil.RLIMIT_AS) == (2 << 30, 2 << 30)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_NOFILE) == (64, 64)


def test_a_library_that_prints_does_not_break_the_protocol(note: Path) -> None:
    program = (
        "import os, sys\n"
        "from admin.curation.formats import loaders, parser\n"
        "def noisy(*arguments):\n"
        "    print('noise', flush=True)\n"
        "    os.write(1, b'more noise')\n"
        "    return loaders.load(*arguments)\n"
        "parser.load = noisy\n"
        "sys.argv = ['parser', str(2 << 30)]\n"
        "parser.main()\n"
    )
    request = json.dumps({"path": str(note), "kind": "markdown", "seconds": 9}) + "\n"
    done = subprocess.run(
        [sys.executable, "-c", program], input=request * 2, capture_output=True, text=True, check=True
    )
    assert [json.loads(line)["document"]["title"] for line in done.stdout.splitlines()] == ["Größe"] * 2
    assert done.stderr.count("noise") == 4


def test_the_child_imports_only_what_it_needs() -> None:
    program = "import sys, admin.curation.formats.parser; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "gradio", "sqlalchemy", "langchain_core", "pydantic", "pypdfium2", "bs4"}
