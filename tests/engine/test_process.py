"""One engine per HOME, found, started, outlived and left, by real processes."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from chat.engine.locks import lock, try_lock
from chat.engine.process import ADDRESS, LOCK, USERS, Address, Engine, connect
from chat.errors import ModelError
from chat.settings import Settings
from tests.engine.conftest import wait_until

SERVE = "from chat.engine.process import serve; from chat.settings import load_settings; "
COMMAND = (sys.executable, "-c", SERVE + "serve(load_settings(), grace_s=1.0)")


@pytest.fixture
def settings(tmp_path: Path, model_folder: Path) -> Iterator[Settings]:
    """A HOME of its own, whose engine is gone when the test is."""
    made = Settings(home=tmp_path / "a home", model=str(model_folder), dtype="float32")
    yield made
    if address := Address.read(made.home):
        os.kill(address.pid, signal.SIGKILL)
    wait_until(lambda: is_free(made.home / LOCK))


def is_free(path: Path) -> bool:
    taken = try_lock(path)
    if taken:
        taken.close()
    return taken is not None


def pid(settings: Settings) -> int:
    address = Address.read(settings.home)
    assert address
    return address.pid


def ask(engine: Engine) -> int:
    body = {"model": engine.model, "max_tokens": 2, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"Authorization": f"Bearer {engine.key}"}
    url = f"{engine.url}/chat/completions"
    return httpx.post(url, json=body, headers=headers, timeout=20, trust_env=False).status_code


def test_an_engine_lives_as_long_as_its_users_and_is_replaced_when_killed(settings: Settings) -> None:
    engines: list[Engine] = []
    clients = [threading.Thread(target=lambda: engines.append(connect(settings, command=COMMAND))) for _ in range(3)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len({engine.url for engine in engines}) == 1, "three clients at once must share one engine"
    assert ask(engines[0]) == 200
    address_file = settings.home / ADDRESS
    assert stat.S_IMODE(address_file.stat().st_mode) == 0o600
    assert engines[0].key not in repr(engines[0])
    assert psutil.Process(pid(settings)).environ()["APPRENTICE_HOME"] == str(settings.home)

    with pytest.raises(ModelError, match="; APPRENTICE_MODEL is someone/other"):
        connect(settings.model_copy(update={"model": "someone/other"}), command=COMMAND)

    second = subprocess.run(COMMAND, env=environment(settings), capture_output=True, text=True, timeout=60)
    assert second.returncode != 0
    assert "already running at http://127.0.0.1" in second.stderr

    killed = pid(settings)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: is_free(settings.home / LOCK))
    assert address_file.exists(), "kill -9 leaves the address behind"
    with closing(connect(settings, command=COMMAND)) as replaced:
        assert pid(settings) != killed
        assert ask(replaced) == 200
        for engine in engines:
            engine.close()
        time.sleep(2.5)
        assert ask(replaced) == 200, "one user is enough"
    wait_until(lambda: is_free(settings.home / LOCK), seconds=6)
    assert not address_file.exists()


def test_kept_it_needs_no_users_and_a_signal_ends_it_cleanly(settings: Settings) -> None:
    keep = (sys.executable, "-c", SERVE + "serve(load_settings(), keep=True, grace_s=0.1)")
    engine = subprocess.Popen(keep, env=environment(settings), stderr=subprocess.PIPE, text=True)
    address_file = settings.home / ADDRESS
    wait_until(address_file.exists, seconds=60)
    time.sleep(1)
    assert engine.poll() is None
    engine.send_signal(signal.SIGTERM)
    _, errors = engine.communicate(timeout=30)
    assert engine.returncode == 0, errors
    assert "Traceback" not in errors
    assert not address_file.exists()


def test_an_address_whose_port_has_a_new_owner_is_not_believed(settings: Settings) -> None:
    settings.home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        url = f"http://127.0.0.1:{foreign.getsockname()[1]}"
        Address(url, "old", 1, "tiny", settings.model).write(settings.home)
        threading.Thread(target=answer_once, args=(foreign,)).start()
        failing = (sys.executable, "-c", "import sys; sys.exit('no memory left')")
        with pytest.raises(ModelError, match="no memory left"):
            connect(settings, command=failing)
    (settings.home / ADDRESS).unlink()
    assert is_free(settings.home / USERS), "who could not connect is no user"


def test_an_engine_that_is_never_ready_is_not_waited_for_for_ever(settings: Settings) -> None:
    with lock(settings.home / LOCK), pytest.raises(ModelError, match="not ready after 0 s"):
        connect(settings, timeout_s=0.3, command=COMMAND)


def test_half_an_address_is_none(tmp_path: Path) -> None:
    for text in ("", "{", "[]", json.dumps({"url": "http://x"})):
        (tmp_path / ADDRESS).write_text(text)
        assert Address.read(tmp_path) is None


def test_a_client_need_not_load_torch() -> None:
    check = "import sys, chat.engine.process; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], timeout=60).returncode == 0


def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "APPRENTICE_HOME": str(settings.home),
        "APPRENTICE_MODEL": settings.model,
        "APPRENTICE_DTYPE": "float32",
    }


def answer_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    listener.close()
