"""Trains an adapter: `python -m admin.training.train RUN_FOLDER`, or the same under `accelerate launch`.

It reads from top to bottom: the plan, the rows, the model, the steps, the adapter. Everything random and the order of
the rows are functions of the seed and the step, so a run that was killed at any second goes on from its last
checkpoint as if nothing had been: on a CPU, to the same bytes.

The loop is ours, on accelerate and PEFT; TRL is what the tests hold its losses against. TRL 1.16 takes a step whose
loss is no number before anybody can look, writes checkpoints in place, and on a CPU scores every token of the prompt,
masked or not.

Exit status: 0 finished, 3 paused (SIGTERM), 4 failed, with the reason in failure.json, 5 another trains here.
"""

import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from admin.training import checkpoints, machine, packing
from admin.training.checkpoints import Checkpoint, Progress
from admin.training.folder import RunFolder
from admin.training.learner import make_learner
from admin.training.packing import Pack, in_parts, packed
from admin.training.patience import Patience
from admin.training.preview import Prepared
from admin.training.rows import Encoded, Vocabulary
from admin.training.schedule import count_steps, learning_rate, packs_of, seed_step
from chat.engine.loading import load
from chat.engine.locks import try_lock
from chat.errors import AppError, InvalidInputError

if TYPE_CHECKING:
    from accelerate import Accelerator

FINISHED, PAUSED, FAILED, OCCUPIED = 0, 3, 4, 5
SAMPLES = 2
"""Held-out questions that are answered at every evaluation, beside what the base answered."""
PATIENT_STEPS = 10
"""So many steps in a row may lose more than twice what the first did."""
HELD_OUT = 64
"""Held-out rows that an evaluation measures at most."""


class DivergedError(AppError):
    """The loss is no number, or worse than guessing: what is learned from here on is lost."""


class PausedError(Exception):
    """The run was asked to pause, and what it had begun of a step is left."""


@dataclass(frozen=True)
class Step:
    """What one step learned: its mean loss, and what it took."""

    loss: float
    grad_norm: float
    rows: int
    tokens: int
    """That were computed: what rows share counts once."""
    seconds: float
    waited: float


class Run:
    """A run from where it stands to its end."""

    def __init__(self, folder: RunFolder, accelerator: "Accelerator", stopping: Callable[[], bool]) -> None:
        plan = folder.plan()
        loaded = load(plan.model_settings)
        if plan.revision not in (None, loaded.revision):
            raise InvalidInputError(f"{loaded.id} was exchanged since this run began. Start a new one.")
        if accelerator.is_main_process:
            folder.write_plan(plan.model_copy(update={"revision": loaded.revision}))
        self.folder, self.settings, self.loaded = folder, plan.settings, loaded
        self.data = Prepared.of(folder.read_rows(), Vocabulary.of(loaded), plan.settings)
        self.data.report.check()
        self.packs = packed(self.data.train, plan.settings)
        self.steps = plan.only_steps or count_steps(len(self.data.train), plan.settings)
        self.learner = make_learner(loaded, plan.settings, accelerator)
        self.accelerator, self.patience, self.stopping = accelerator, Patience(plan.home), stopping
        self.progress = self._resume()
        self.begun = [event["step"] for event in folder.log()[0] if event["event"] == "begin"]

    def train(self) -> None:
        """Take every step that is left, then keep the best. Raises `PausedError`, `DivergedError`, `DiskFullError`."""
        self.begun.append(self.progress.step)
        self._append("begin", step=self.progress.step, steps=self.steps, at=time.time())
        try:
            while not self._measured() or self.progress.step < self.steps:
                if not self._measured():
                    self._evaluate()
                    self._save()
                    continue
                self._note(self._learn(packs_of(self.progress.step, self.packs, self.settings)))
                if self.progress.step % self.settings.checkpoint_every == 0:
                    self._save()
        except PausedError:
            self._save()
            raise
        self._finish()

    def _resume(self) -> Progress:
        """Be what the last checkpoint was, if there is one."""
        found = checkpoints.last(self.folder.checkpoints)
        if found is None:
            size = sum(each.numel() * 4 * 3 for each in self.learner.parameters.values())
            checkpoints.require_room(self.folder.path, 3 * size, 0)
            return Progress()
        self.learner.load_weights(found.weights)
        self.learner.optimizer.load_state_dict(found.optimizer)
        return found.progress

    def _learn(self, packs: Sequence[Pack]) -> Step:
        """One step: the gradients of all its rows, some at a time, and then one move against them."""
        step, learner, accelerator = self.progress.step, self.learner, self.accelerator
        seed_step(self.settings.seed, step, accelerator.process_index)
        rows = [row for pack in packs for row in pack.rows]
        weight, summed, waited, began = learner.weight(rows), 0.0, 0.0, time.monotonic()
        learner.model.train()
        learner.optimizer.zero_grad()
        mine = packs[accelerator.process_index :: accelerator.num_processes]
        parts = list(in_parts(mine or packs[:1], self.settings.at_once))
        for number, part in enumerate(parts, 1):
            waited += self._give_way()
            with nullcontext() if number == len(parts) else accelerator.no_sync(learner.model):
                loss = learner.loss(part) * bool(mine)
                accelerator.backward(loss * accelerator.num_processes / weight)
            summed += loss.item()
        mean = accelerator.reduce(loss.detach().new_tensor(summed)).item() / weight
        norm = float(accelerator.clip_grad_norm_(learner.model.parameters(), self.settings.clip))
        self._refuse_divergence(mean, norm)
        for group in learner.optimizer.param_groups:
            group["lr"] = learning_rate(step, self.steps, self.settings)
        learner.optimizer.step()
        tokens = sum(pack.computed for pack in packs)
        return Step(mean, norm, len(rows), tokens, time.monotonic() - began - waited, waited)

    def _give_way(self) -> float:
        """Let the chat go first; returns the seconds that took. Raises `PausedError` where that is asked for."""
        waited = self.patience.wait(self.stopping)
        if self.stopping():
            raise PausedError
        return waited

    def _refuse_divergence(self, loss: float, norm: float) -> None:
        """Stop before a step that spoils everything, or after many that do. Raises `DivergedError`."""
        if not (math.isfinite(loss) and math.isfinite(norm)):
            said = f"At step {self.progress.step + 1} the loss is no number"
        elif self.progress.worse >= PATIENT_STEPS:
            said = f"For {PATIENT_STEPS} steps the loss was far above the {self.progress.first_loss:.2f} it began with"
        else:
            return
        found = checkpoints.last(self.folder.checkpoints)
        kept = f"The checkpoint of step {found.progress.step} is whole" if found else "There is no checkpoint yet"
        raise DivergedError(
            f"{said}: the learning rate {self.settings.learning_rate:g} is too high for these rows. {kept}, but "
            "resuming would end here again: start anew with a tenth of the rate."
        )

    def _note(self, learned: Step) -> None:
        step = self.progress.step
        self.progress = self.progress.stepped(learned.loss, learned.seconds, learned.tokens)
        self._append(
            "step",
            step=step + 1,
            epoch=round((step + 1) * self.settings.epochs / self.steps, 3),
            loss=learned.loss,
            grad_norm=learned.grad_norm,
            learning_rate=learning_rate(step, self.steps, self.settings),
            tokens_per_s=round(learned.tokens / max(learned.seconds, 1e-9), 1),
            rows_per_s=round(learned.rows / max(learned.seconds, 1e-9), 3),
            seconds=round(self.progress.seconds, 3),
            waited_s=round(learned.waited, 3),
        )

    def _measured(self) -> bool:
        """Whether the held-out rows were measured at this step, or need not be."""
        step, every = self.progress.step, self.settings.evaluate_every
        return self.progress.evaluated_step == step or (step % every != 0 and step != self.steps)

    def _evaluate(self) -> None:
        """Measure the held-out rows, and answer some of them."""
        self.learner.model.eval()
        held_out = self.data.validation[:HELD_OUT]
        loss = self._mean_loss(held_out) if held_out else None
        asked = [row for row in held_out if row.prompt][:SAMPLES]
        answers = []
        for row in asked:
            self._give_way()
            answers.append(self.learner.answer(row))
        self.progress = self.progress.evaluated(loss, answers)
        questions = {row.id: row.question for row in self.folder.read_rows()} if asked else {}
        told = zip(asked, self.progress.base_answers, answers, strict=True)
        samples = [
            {"row": row.id, "question": questions[row.id], "base": base, "adapter": answer}
            for row, base, answer in told
        ]
        self._append("evaluation", step=self.progress.step, loss=loss, samples=samples)

    def _mean_loss(self, rows: Sequence[Encoded]) -> float:
        import torch

        summed = 0.0
        for part in in_parts(packed(rows, self.settings), self.settings.at_once):
            self._give_way()
            with torch.no_grad():
                summed += self.learner.loss(part).item()
        return summed / self.learner.weight(rows)

    def _save(self) -> None:
        """Keep a checkpoint, unless what was learned is no number any more."""
        weights = self.learner.weights()
        if not all(bool(each.isfinite().all()) for each in weights.values()):
            self._refuse_divergence(math.nan, math.nan)
        if self.accelerator.is_main_process:
            checkpoint = Checkpoint(self.progress, weights, self.learner.optimizer.state_dict())
            checkpoints.save(self.folder.checkpoints, checkpoint)
        self._append("checkpoint", step=self.progress.step, best=self.progress.best_step)

    def _finish(self) -> None:
        """Save the adapter of the best checkpoint, and what is on record of the run."""
        if not self.accelerator.is_main_process:
            return
        kept = checkpoints.best(self.folder.checkpoints)
        assert kept is not None, "the last step is always kept"
        self.learner.load_weights(kept.weights)
        unfinished = self.folder.adapter.with_name(".adapter.unfinished")
        for old in (unfinished, self.folder.adapter):
            shutil.rmtree(old, ignore_errors=True)
        self.learner.export(unfinished)
        unfinished.rename(self.folder.adapter)
        self._append("end", step=self.progress.step, at=time.time())
        self.folder.write_result(self._record(kept.progress.step))

    def _record(self, kept_step: int) -> dict[str, Any]:
        progress, report = self.progress, self.data.report
        return {
            "base": self.loaded.id,
            "revision": self.loaded.revision,
            "steps": self.steps,
            "kept_step": kept_step,
            "loss": {"base": progress.base_loss, "best": progress.best_loss},
            "seconds": round(progress.seconds, 1),
            "tokens": progress.tokens,
            "resumed_at": self.begun[1:],
            "rows": {"train": report.train, "validation": report.validation},
            "shared_prefixes": packing.facts(self.packs),
            "left_out": [[each.row, each.why] for each in report.dropped],
            "clipped": list(report.clipped),
            "processes": self.accelerator.num_processes,
            **machine.facts(self.loaded),
        }

    def _append(self, event: str, **said: Any) -> None:
        if self.accelerator.is_main_process:
            self.folder.append(event, life=len(self.begun), **said)


def main() -> int:
    """Train in the folder that the command line names, for the process it names; the exit status says how it ended."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    machine.step_aside(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    folder = RunFolder(Path(sys.argv[1]))
    alone = _alone(folder)
    if alone is None:
        return OCCUPIED
    with alone:
        return _train(folder, lambda: bool(asked))


def _alone(folder: RunFolder) -> IO[bytes] | None:
    """The lock of the folder, until it is closed; the others of `accelerate launch` go in behind the first."""
    return try_lock(folder.lock) if os.environ.get("RANK", "0") == "0" else Path(os.devnull).open("rb")


def _train(folder: RunFolder, stopping: Callable[[], bool]) -> int:
    from accelerate import Accelerator

    folder.forget_failure()
    try:
        Run(folder, Accelerator(), stopping).train()
    except PausedError:
        return PAUSED
    except AppError as error:
        folder.write_failure({"error": str(error)})
        return FAILED
    return FINISHED


if __name__ == "__main__":
    sys.exit(main())
