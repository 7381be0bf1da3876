"""What comes between a reviewed example and training: the checks, and the snapshots, each in a tab of its own."""

from dataclasses import dataclass

import gradio as gr

from admin.ui import checks, checks_words, snapshots, snapshots_words
from admin.ui.checks_handlers import ChecksHandlers
from admin.ui.snapshots_handlers import SnapshotsHandlers


@dataclass(frozen=True)
class Tabs:
    """Both panels, and the tabs that they stand in."""

    checks: checks.Panel
    checks_place: gr.Tab
    snapshots: snapshots.Panel
    snapshots_place: gr.Tab


def draw() -> Tabs:
    """Two tabs more, in whichever `gr.Tabs` this is called."""
    with gr.Tab(checks_words.CHECKS) as checks_place:
        checked = checks.draw()
    with gr.Tab(snapshots_words.SNAPSHOTS) as snapshots_place:
        frozen = snapshots.draw()
    return Tabs(checked, checks_place, frozen, snapshots_place)


def wire(tabs: Tabs, checking: ChecksHandlers, freezing: SnapshotsHandlers) -> None:
    """Join both panels to their handlers."""
    checks.wire(tabs.checks, [tabs.checks_place.select], checking)
    snapshots.wire(tabs.snapshots, [tabs.snapshots_place.select], freezing)
