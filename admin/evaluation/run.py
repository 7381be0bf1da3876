"""Asking every question of every arm, as a job: several at once, each answer kept as it comes.

It stops at the next token and goes on where it was. The chain is the chat's own, and the model the one engine that
people's questions overtake. Nothing is measured while the model works: that is done at the end, from what was kept.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any

from admin.curation.documents.ingesting import Interrupted
from admin.evaluation import costs
from admin.evaluation.arms import Arm, Given
from admin.evaluation.asked import Asked, Bearing
from admin.evaluation.concluding import conclude
from admin.evaluation.conflict import conflict
from admin.evaluation.planning import Plan, plan
from chat.errors import ModelError, NotFoundError
from chat.models.chat import Connected
from chat.rag import prompt
from chat.rag.answer import Answer, Source, Token
from chat.rag.chain import Chain, Question
from chat.settings import Settings
from chat.store import evaluations
from chat.store.evaluations import TASK
from chat.store.session import Sessions
from chat.store.tables import EvaluationStatus

AT_ONCE = 12
"""Questions in flight: as many rows as the engine gives to work that nobody waits for."""
POLL_S = 0.5
TRIES = 3
"""How often a question is put whose answer broke off, or was not the model's."""
REFUSED_UNREAD = "none"
"""What the chain calls the model of an answer that no model was asked for."""

__all__ = ["TASK", "Evaluating"]


class Stopped(Exception):  # noqa: N818  (no error: somebody wanted it)
    """It is to stop: what was answered is kept."""


@dataclass(frozen=True)
class Task:
    """A question to be put to an arm. `passages` and `planted` are what it is given, where it is given something."""

    arm: Arm
    asked: Asked
    passages: Sequence[Source] | None = None
    planted: str | None = None


@dataclass(frozen=True)
class Evaluating:
    """Runs evaluations. `asker` opens the chain that answers, and gives its model back at the end."""

    sessions: Sessions
    asker: Callable[[], AbstractContextManager[Chain]]

    def work(self, go_on: Callable[[], bool], evaluation_id: int) -> None:
        """Ask what is still to be asked, and conclude. As a job; `Interrupted` where the worker is to end.

        Raises `ModelError` where there is no model, `InvalidInputError` where what it rests on has changed meanwhile.
        """
        try:
            with self.sessions() as session:
                if evaluations.shall_stop(session, evaluation_id):
                    raise Stopped
                made = plan(session, evaluation_id)
            if made.status in (EvaluationStatus.STOPPED, EvaluationStatus.FINISHED):
                return
            conclude(self.sessions, made, self._ask(made, go_on))
        except Stopped:
            with self.sessions.begin() as session:
                evaluations.stop(session, evaluation_id)
        except NotFoundError:
            # It was deleted while it ran: there is nobody left to tell.
            return

    def give_up(self, error: Exception, evaluation_id: int) -> None:
        """Say in words why it ended. What was answered is kept, and it can go on."""
        with self.sessions.begin() as session:
            evaluations.fail(session, evaluation_id, str(error) or type(error).__name__)

    def _ask(self, made: Plan, go_on: Callable[[], bool]) -> int | None:
        """Ask what is left. Returns the most bytes that the engine held meanwhile, where it is on this machine."""
        left = list(tasks(made))
        with self.asker() as chain:
            model = chain.writer.models.get()
            with self.sessions.begin() as session:
                made.require_same(model.name, model.revision)
                known = evaluations.answered(session, made.id)
                evaluations.begin(session, made.id, len(left), {"model": model.name, "revision": model.revision})
            left = [task for task in left if (task.arm.name, task.asked.position) not in known]
            return Asking(self.sessions, chain, model, made).all(left, go_on)


def tasks(made: Plan) -> Iterator[Task]:
    """Every question with every arm that it applies to, the arms of a question side by side: under the same load.

    Questions about one document follow each other: their prompts begin alike, and the engine reads that once.
    """
    for asked in sorted(made.asked, key=lambda asked: ([quote.document for quote in asked.quotes], asked.position)):
        for arm in made.arms:
            task = _task(arm, asked, made.bearing[asked.position], made.every)
            if task is not None:
                yield task


def _task(arm: Arm, asked: Asked, bearing: Bearing, every: Sequence[Asked]) -> Task | None:
    """What the arm is asked, with what it is given; None where the question does not apply to it."""
    match arm.given:
        case None:
            return Task(arm, asked)
        case Given.EMPTY:
            return Task(arm, asked, ())
        case Given.ORACLE:
            return Task(arm, asked, prompt.select(bearing.passages)) if bearing.passages else None
        case Given.CONFLICT:
            found = conflict(asked, prompt.select(bearing.passages), every)
            return Task(arm, asked, found.passages, found.answer) if found else None


@dataclass(frozen=True)
class Asking:
    """The questions of one run, several of them in flight."""

    sessions: Sessions
    chain: Chain
    model: Connected
    made: Plan
    stop: threading.Event = field(default_factory=threading.Event)

    def all(self, left: Sequence[Task], go_on: Callable[[], bool]) -> int | None:
        """Ask them all, and keep each answer as it comes. Raises `Stopped` and `Interrupted`.

        Returns the most bytes that the engine held, where it is on this machine.
        """
        waiting, flying, most = iter(left), set[Future[dict[str, Any]]](), None
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="evaluation") as pool:
            try:
                while True:
                    flying |= {pool.submit(self.one, task) for task in islice(waiting, AT_ONCE - len(flying))}
                    if not flying:
                        return most
                    done, flying = wait(flying, POLL_S, FIRST_COMPLETED)
                    self.keep([each.result() for each in done])
                    most = max(filter(None, (most, costs.memory(self.settings))), default=None)
                    if not go_on():
                        raise Interrupted
            finally:
                self.stop.set()

    @property
    def settings(self) -> Settings:
        """The settings of the model that is asked."""
        return self.chain.writer.models.settings

    def keep(self, answers: Sequence[Mapping[str, Any]]) -> None:
        """Keep these answers. Raises `Stopped` where somebody asked for that."""
        with self.sessions.begin() as session:
            go_on = evaluations.keep(session, self.made.id, answers)
        if not go_on:
            raise Stopped

    def one(self, task: Task) -> dict[str, Any]:
        """The answer to one question, as it is kept. Raises `ModelError` where the model does not give one."""
        for _ in range(TRIES):
            answer, tokens = self._answer(task)
            if (
                answer.model in (self.model.name, REFUSED_UNREAD)
                and not answer.receipt["broke_off"]
                and not answer.missed
            ):
                return _row(task, answer, tokens, costs.price(self.settings, answer.receipt))
        reason = answer.missed.reason if answer.missed else "It broke off."
        raise ModelError(
            f"{self.model.name} did not answer {task.arm.name}, question {task.asked.id}, in {TRIES} tries. {reason} "
            "What was answered is kept: mend it, and let the evaluation go on."
        )

    def asker(self, task: Task) -> Chain:
        """The chain that answers it, with the retrieval settings of its arm."""
        return replace(self.chain, retriever=self.chain.retriever.pinned_to(self.made.retrieval(task.arm)))

    def question(self, task: Task) -> Question:
        """What the chain is asked."""
        return Question(
            task.asked.text, task.arm.mode, self.made.collection, task.asked.history,
            adapter=task.arm.adapter, passages=task.passages, person=self.made.person,
        )  # fmt: skip

    def _answer(self, task: Task) -> tuple[Answer, int]:
        """The chain's answer, and how many tokens were streamed. Raises `Stopped`."""
        tokens = 0
        with closing(self.asker(task).stream(self.question(task))) as events:
            for event in events:
                if self.stop.is_set():
                    raise Stopped
                match event:
                    case Token():
                        tokens += 1
                    case Answer():
                        return event, tokens
        raise ModelError("The answer had no end.")


def _row(task: Task, answer: Answer, tokens: int, price: float | None) -> dict[str, Any]:
    """The answer as a row of `EvaluationAnswer`."""
    beside = {"searched": answer.searched, "quoted": answer.quoted, "planted": task.planted}
    beside |= {"tokens": tokens, "price": price}
    if "draft" in answer.receipt:
        beside["draft"] = _storable(answer.receipt["draft"])
    return {
        "arm": task.arm.name,
        "position": task.asked.position,
        "answer": _storable(answer.text),
        "refused": answer.refused,
        "citations": [asdict(citation) for citation in answer.citations],
        "retrieved": [asdict(source) for source in answer.retrieved],
        "timings_ms": answer.timings_ms,
        "receipt": answer.receipt | beside,
    }


def _storable(text: str) -> str:
    """What a model said, without the one character that Postgres keeps nowhere."""
    return text.replace("\x00", "\ufffd")
