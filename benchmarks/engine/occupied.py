"""How much memory an engine with eight users takes: run as a program, since what was done before would count too."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks.engine.running import engine
from chat.engine.keyvalues import bytes_per_token
from chat.engine.layout import lay_out
from chat.engine.loading import load
from chat.settings import Settings

USERS, PROMPT, ANSWER = 8, 120, 64
"""Who asks, words of a question, and tokens of an answer."""


def measure(home: Path) -> dict[str, int]:
    """In bytes: what is `used` at most above the libraries, and model, keys and values as `computed`."""
    import transformers  # noqa: F401
    from transformers.models.llama import modeling_llama  # noqa: F401

    process = psutil.Process()
    before = process.memory_info().rss
    loaded = load(Settings(home=home))
    weights = sum(each.numel() * each.element_size() for each in loaded.model.parameters())
    lay_out(loaded)
    with TemporaryDirectory() as root, engine(loaded, Path(root), 0) as ours, watched(process) as seen:
        words = loaded.tokenizer.decode(range(1000, 1000 + PROMPT))
        ours.together([ours.request(f"{number} {words}", ANSWER) for number in range(USERS)])
        columns = len(ours.request(f"0 {words}").prompt) + ANSWER
    # What each prompt left in the cache of prefixes stands beside what its answer runs on.
    caches = USERS * (columns + columns - ANSWER) * bytes_per_token(loaded)
    return {"users": USERS, "used": max(seen) - before, "computed": weights + caches}


@contextmanager
def watched(process: psutil.Process) -> Iterator[list[int]]:
    """The bytes that a process occupies, noted again and again."""
    seen, over = [process.memory_info().rss], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            seen.append(process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
