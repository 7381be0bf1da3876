"""vLLM with the same model and the same adapters, where `make vllm` has made its environment."""

import os
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.engine.http import Server, new_client, served
from benchmarks.engine.running import QUESTIONS, Bench
from chat.errors import ModelError

VLLM = Path(__file__).parents[2] / ".venv-vllm" / "bin" / "vllm"
STARTS_WITHIN_S = 600
ROUNDS = 5
TOKENS = 32
Rows = list[tuple[str, ...]]


def beside(ours: Bench, root: Path, say: Callable[[str], None]) -> Rows:
    """Tokens per second of eight users over HTTP, base and mixed, ours and vLLM's in turns."""
    if not VLLM.exists():
        return [("8 users beside vLLM", "", "not installed: `make vllm`", "", "")]
    say("Engine: vLLM is starting …")
    asked = {
        "8 users, base": [(ours.loaded.id, QUESTIONS[number % 4]) for number in range(8)],
        "8 users, 4 adapters": [(ours.names[number % 4], QUESTIONS[number % 4]) for number in range(8)],
    }
    speeds: dict[str, list[tuple[float, float]]] = {what: [] for what in asked}
    with served(ours) as mine, serving(ours, root) as theirs:
        say("Engine: beside vLLM …")
        for lap in range(ROUNDS + 1):
            for what, requests in asked.items():
                both = tuple(server.tokens_per_second(requests, TOKENS) for server in (mine, theirs))
                if lap:
                    speeds[what].append((both[0], both[1]))
    return [_row(what, speeds[what], aim) for what, aim in zip(asked, ("1.5 x", "3 x"), strict=True)]


def _row(what: str, speeds: list[tuple[float, float]], aim: str) -> tuple[str, ...]:
    ours, theirs = (statistics.median(side) for side in zip(*speeds, strict=True))
    return f"{what}, tokens/s over HTTP", f"{ours:.1f}", f"{theirs:.1f} vLLM for CPUs", f"{ours / theirs:.1f} x", aim


@contextmanager
def serving(ours: Bench, root: Path) -> Iterator[Server]:
    """vLLM with both cores and the adapters of `root` loaded."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = root / "vllm.log"
    command = [VLLM, "serve", ours.loaded.root, "--served-model-name", ours.loaded.id, "--host", "127.0.0.1"]
    command += ["--port", port, "--enable-lora", "--max-loras", 4, "--max-lora-rank", 8, "--dtype", "bfloat16"]
    command += ["--max-model-len", 1024, "--max-num-seqs", 8, "--enforce-eager"]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=said, stderr=subprocess.STDOUT, env=_environment(),
            start_new_session=True,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/health", process, log)
        with new_client() as client:
            for name in ours.names:
                asked = {"lora_name": name, "lora_path": str(root / name)}
                client.post(f"{url}/v1/load_lora_adapter", json=asked).raise_for_status()
        yield Server(f"{url}/v1", endless=True)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _environment() -> dict[str, str]:
    return os.environ | {
        "VLLM_TARGET_DEVICE": "cpu",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
        "VLLM_NO_USAGE_STATS": "1",
        "OMP_NUM_THREADS": str(os.cpu_count()),
    }


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise ModelError(f"vLLM did not start:\n{log.read_text(errors='replace')[-2000:]}")
