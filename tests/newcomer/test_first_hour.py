"""What a stranger does in the first hour, with the real program: start it, ask, open a citation, come back, stop it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.newcomer.conftest import Running

QUESTION = "How much does a dog pay per crossing?"
ANSWER = "2.20 mk"

pytestmark = pytest.mark.slow


def test_a_question_its_citation_and_a_reload(running: Running, page: Any) -> None:
    hosts = set()
    problems: list[str] = []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(running.chat)
    page.locator("#question textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    answer = page.locator("[data-testid=bot]").last
    lengths = watch_growth(answer)
    assert len(lengths) > 2, f"the answer came at once, not in tokens: {lengths}"
    marker = page.locator("#chat a[href^='#cite']").first
    marker.wait_for(timeout=120_000)
    assert ANSWER in answer.inner_text()
    marker.click()
    highlighted = page.locator("#passage mark").first
    highlighted.wait_for(timeout=20_000)
    assert ANSWER in " ".join(page.locator("#passage mark").all_inner_texts())
    assert highlighted.evaluate(
        "e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.top < innerHeight }"
    )
    page.reload()
    page.locator("#chat a[href^='#cite']").first.wait_for(timeout=30_000)
    assert ANSWER in page.locator("[data-testid=bot]").last.inner_text()
    assert QUESTION in page.locator("#conversations").inner_text()
    assert hosts == {running.chat.removeprefix("http://")}
    assert not problems


def test_every_citation_over_http_is_in_the_stored_text(running: Running) -> None:
    reply = httpx.post(
        f"{running.chat}/v1/chat/completions",
        json={"model": "assistant", "messages": [{"role": "user", "content": QUESTION}]},
        timeout=180,
    ).json()
    message = reply["choices"][0]["message"]
    assert ANSWER in message["content"]
    markers = set(re.findall(r"\[(\d+)\]", message["content"]))
    assert markers == {str(a["citation"]["marker"]) for a in message["annotations"]}
    pets = Path(__file__).parents[2] / "demo" / "documents" / "pets-policy.txt"
    text = " ".join(pets.read_text(encoding="utf-8").split())
    for annotation in message["annotations"]:
        if annotation["citation"]["document"] == "pets-policy.txt":
            assert " ".join(annotation["citation"]["quote"].split()) in text


def test_idle_memory_of_chat(running: Running) -> None:
    chat = next(
        child for child in psutil.Process(running.process.pid).children() if child.cmdline()[-2:] == ["-m", "chat"]
    )
    assert chat.memory_info().rss < 1.5 * 1024**3


def test_a_second_start_says_that_it_runs(running: Running) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "admin", "up"],
        env=running.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 0, second.stderr
    assert "already running" in second.stdout


def test_ctrl_c_stops_all_of_it(running: Running) -> None:
    family = psutil.Process(running.process.pid).children(recursive=True)
    os.killpg(running.process.pid, signal.SIGINT)
    output, _ = running.process.communicate(timeout=60)
    assert "Stopped." in output
    assert running.process.returncode == 0
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    assert not (running.home / "postgres" / "postmaster.pid").exists()


def watch_growth(answer: Any) -> list[int]:
    """The lengths that the last answer had, each noted once, until it stops growing."""
    lengths: list[int] = []
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 12 or len(lengths) < 3:
        length = len(answer.inner_text()) if answer.count() else 0
        if length and (not lengths or length != lengths[-1]):
            lengths.append(length)
            quiet_since = time.monotonic()
        if time.monotonic() - quiet_since > 120 or len(lengths) > 8:
            break
        time.sleep(0.05)
    return lengths
