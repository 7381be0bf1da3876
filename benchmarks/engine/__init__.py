"""The engine beside what a person would write without it, `generate` in turn and PEFT's switch in threads, and vLLM.

All sides run on this machine on the same model, the bundled one, and take turns. Adapters are random ones: what they
say is of no interest here, only that it is they who say it.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine import cost, room, speed, storm, vllm
from benchmarks.engine.running import ROUNDS, TOKENS, engine
from benchmarks.report import Table
from benchmarks.workbench import Workbench
from chat.engine.keyvalues import bytes_per_token
from chat.engine.layout import lay_out
from chat.engine.loading import LoadedModel, load
from chat.settings import Settings

PLOT = Path(__file__).parents[2] / "docs" / "engine.svg"


def run(bench: Workbench) -> list[Table]:
    """A table beside its peers, and tokens per second and time to the first token by users."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        loaded = load(Settings(home=bench.home))
        lay_out(loaded)
        with engine(loaded, root) as ours:
            rows = [
                *speed.throughput(ours, bench.say),
                *vllm.beside(ours, root, bench.say),
                *speed.first_tokens(ours, bench.say),
                *speed.loads(ours, root, bench.say),
            ]
            users = speed.by_users(ours, bench.say)
        rows += [*room.more_than_fit(loaded, root, bench.say), *room.memory(bench.home, bench.say)]
        rows += [room.perplexity(loaded, bench.say), cost.per_question(bench.embedder, bench.say)]
        rows += storm.rows(bench.home, root, bench.say)
    PLOT.write_text(users.drawing(loaded), encoding="utf-8")
    return [beside(loaded, rows), users.table()]


def beside(loaded: LoadedModel, rows: Sequence[tuple[str, ...]]) -> Table:
    """The rows of all that has a peer or an aim."""
    return Table(
        f"Engine: {loaded.id}, {loaded.dtype} on {loaded.device}",
        ("what", "Apprentice", "beside", "ratio", "aim"),
        rows,
        f"Medians of {ROUNDS}; {TOKENS} tokens an answer, greedy; keys and values take {bytes_per_token(loaded) >> 10} "
        "KiB a token. In bfloat16 an answer may differ from the same one alone where two tokens are equally likely, by "
        "rounding: so the storm of requests runs in float32, where it may not.",
    )
