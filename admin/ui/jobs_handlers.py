"""What the Jobs tab does when something is clicked: each handler may be called by anybody with anything."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from admin.service.jobs import Jobs
from admin.ui import listing, words, workload
from admin.ui.handlers import number, sent
from chat.ui.edge import told


@dataclass(frozen=True)
class JobsHandlers:
    """The handlers of the Jobs tab."""

    jobs: Jobs

    @told
    def workload(self) -> tuple[str, Any]:
        """How things stand, as HTML, and the clock: it runs while something waits or runs."""
        found = self.jobs.workload()
        return workload.page(found), gr.Timer(active=bool(found.running or found.waiting))

    @told
    def cancelled(self, event: gr.EventData) -> str:
        """End a job. Returns what was done, as HTML."""
        done = self.jobs.cancel(number(sent(event, "id")))
        return listing.notice(words.JOB_CANCELLED if done else words.JOB_ENDED)

    @told
    def tried_again(self, event: gr.EventData) -> str:
        """Try a job that failed once more. Returns what was done, as HTML."""
        self.jobs.retry(number(sent(event, "id")))
        return listing.notice(words.JOB_AGAIN)
