"""An adapter's card: how it was made, put together from what is on record of the run and from nothing else."""

from collections.abc import Mapping
from typing import Any

from admin.training.folder import RunFolder
from admin.training.presets import preset
from chat.store.runs import RunLine
from chat.store.tables import Snapshot

CURVE = 400
"""Points of a curve that a card keeps at most."""


def make_card(run: RunLine, snapshot: Snapshot | None, folder: RunFolder) -> dict[str, Any]:
    """The card of a finished run."""
    goal, result = preset(run.preset), folder.result() or {}
    return {
        "run": run.id,
        "goal": goal.title,
        "preset": run.preset,
        "method": goal.method,
        "base": result.get("base"),
        "revision": result.get("revision"),
        "collection": run.collection,
        "snapshot": {"name": run.snapshot, "sha256": snapshot.sha256 if snapshot else None},
        "rows_sha256": folder.plan().rows_sha256,
        "settings": dict(run.settings),
        "seed": run.settings["seed"],
        "by": run.person,
        "started_at": run.started_at and run.started_at.isoformat(timespec="seconds"),
        "result": result,
        "curve": curve(folder),
    }


def curve(folder: RunFolder) -> Mapping[str, Any]:
    """The loss by step, thinned to `CURVE` points, and of the held-out rows; what was done twice, as it was last."""
    steps, held_out = {}, {}
    for event in folder.log()[0]:
        if event["event"] == "step":
            steps[event["step"]] = round(event["loss"], 4)
        elif event["event"] == "evaluation" and event["loss"] is not None:
            held_out[event["step"]] = round(event["loss"], 4)
    stride = len(steps) // CURVE + 1
    thinned = [list(point) for number, point in enumerate(sorted(steps.items())) if number % stride == 0]
    return {"loss": thinned, "held_out": [list(point) for point in sorted(held_out.items())]}
