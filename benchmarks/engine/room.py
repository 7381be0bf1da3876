"""What the engine needs of memory, what becomes of it where that is short, and what its number format costs."""

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from admin.demo import FOLDER
from benchmarks.engine.running import QUESTIONS, Bench, engine
from chat.engine.loading import LoadedModel

ADAPTERS = 8
FIT = 2
ASKED = 32
ROUNDS = 3
TOKENS = 24
PIECES, PIECE = 12, 512
"""Texts of the demo that are read for the perplexity, and tokens of each."""
Row = tuple[str, ...]


def more_than_fit(loaded: LoadedModel, root: Path, say: Callable[[str], None]) -> list[Row]:
    """Tokens per second of users with four times more adapters than fit, beside room for all of them."""
    say("Engine: more adapters than fit …")
    with engine(loaded, root, ADAPTERS) as roomy:
        size = max(known.bytes for known in roomy.scheduler.shelf.names().values())
        with engine(loaded, root, ADAPTERS, adapter_bytes=FIT * size) as tight:
            rounds = [(speed(tight), speed(roomy)) for _ in range(ROUNDS)]
    short, all_fit = (statistics.median(side) for side in zip(*rounds, strict=True))
    return [(f"{ADAPTERS} adapters in turn where {FIT} fit, tokens/s", f"{short:.1f}", f"{all_fit:.1f} all fit",
             f"{short / all_fit:.2f} x", "≥ 0.2 x")]  # fmt: skip


def speed(bench: Bench) -> float:
    """Tokens per second of eight clients who take the adapters in turn."""
    requests = [bench.request(QUESTIONS[0], TOKENS, bench.digests[number % ADAPTERS]) for number in range(ASKED)]
    began = perf_counter()
    with ThreadPoolExecutor(8) as pool:
        tokens = sum(pool.map(lambda request: bench.ask(request)().outcome.completion_tokens, requests))
    return tokens / (perf_counter() - began)


def perplexity(loaded: LoadedModel, say: Callable[[str], None]) -> Row:
    """How much worse the loaded model predicts the demo's documents than the same weights in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    say("Engine: perplexity …")
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.md")))
    ids = loaded.tokenizer(text, return_tensors="pt")["input_ids"][0][: PIECES * PIECE]
    exact = AutoModelForCausalLM.from_pretrained(loaded.root, dtype=torch.float32).eval()

    def mean_loss(model: torch.nn.Module) -> float:
        with torch.inference_mode():
            pieces = [piece[None] for piece in ids.split(PIECE)]
            return statistics.fmean(float(model(input_ids=piece, labels=piece).loss) for piece in pieces)

    mine, other = math.exp(mean_loss(loaded.model)), math.exp(mean_loss(exact))
    return (f"perplexity on the demo's documents, {loaded.dtype}", f"{mine:.3f}", f"{other:.3f} float32",
            f"{100 * (mine / other - 1):+.2f} %", "≤ +0.5 %")  # fmt: skip


def memory(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Memory of a process of its own with eight users, beside model and caches as computed."""
    say("Engine: memory …")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.engine.occupied", str(home)], stdout=subprocess.PIPE, check=True
    )
    found = json.loads(done.stdout)
    used, computed = found["used"] / 2**20, found["computed"] / 2**20
    what = f"memory with {found['users']} users, MiB above the bare libraries"
    return [(what, f"{used:.0f}", f"{computed:.0f} as computed", f"{used / computed:.2f} x", "≤ 1.3 x")]
