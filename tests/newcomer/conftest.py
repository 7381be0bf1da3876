"""The whole program as `make up` runs it, and a browser in front of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Running:
    """Everything, as `make up` runs it."""

    process: "subprocess.Popen[str]"
    environment: dict[str, str]
    chat: str
    admin: str
    home: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("a newcomer") / "home") as program:
        yield program


@contextmanager
def started(home: Path, **settings: str) -> Iterator[Running]:
    """Start everything over a folder; `settings` are variables of the environment."""
    chat_port, admin_port = free_port(), free_port()
    environment = os.environ | {
        "APPRENTICE_HOME": str(home),
        "APPRENTICE_CHAT_PORT": str(chat_port),
        "APPRENTICE_ADMIN_PORT": str(admin_port),
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    # Where the suite runs in the background, SIGINT is ignored, and what it starts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "admin", "up"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        read_until(process, "Ctrl-C stops everything")
        yield Running(process, environment, f"http://127.0.0.1:{chat_port}", f"http://127.0.0.1:{admin_port}", home)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=60)


@pytest.fixture
def page() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page(viewport={"width": 1280, "height": 800})
        browser.close()


def read_until(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}:\n" + "".join(seen))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
