"""What curators can do with training examples, whatever they do it through. No Gradio, no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from admin.service.library import DEFAULT_COLLECTION
from admin.training import drafting, formats, rated, reviewing
from admin.training.drafting import DraftingReport
from admin.training.reviewing import Decision
from admin.training.shapes import Shape
from chat import rights
from chat.errors import InvalidInputError
from chat.rights import Personal
from chat.store import collections, drafted, example_listing, examples, jobs, paging, staleness
from chat.store.collections import CollectionSummary
from chat.store.example_listing import Listing, Version, View
from chat.store.examples import Kept, Wording
from chat.store.staleness import Stale
from chat.store.tables import ExampleOrigin, ExampleState, MemberRole

LONGEST_TEXT = 20_000
"""Characters of a question or an answer that is written by hand."""
LONGEST_REASON = 1_000
MOST_DRAFTS = 500
TAKES_REASON = (ExampleState.REJECTED, ExampleState.NEEDS_WORK)


@dataclass(frozen=True)
class Overview:
    """The list of examples as `view` shows it, the collections this person looks after, and how drafting goes.

    `may_add`: whether there is a collection for new examples, or one may be made.
    """

    view: View
    listing: Listing
    collections: Sequence[CollectionSummary]
    drafting: DraftingReport | None
    may_add: bool

    @property
    def home(self) -> str:
        """Name of the collection that new examples go to."""
        known = [each.name for each in self.collections]
        first = DEFAULT_COLLECTION if DEFAULT_COLLECTION in known or not known else known[0]
        return self.view.collection or first


@dataclass(frozen=True)
class OpenedExample:
    """An example with its versions, the latest first, why it is stale if it is, and what learned from it."""

    kept: Kept
    collection: str
    versions: Sequence[Version]
    stale: Sequence[Stale]
    adapters: Sequence[str]


@dataclass(frozen=True)
class ImportReceipt:
    """What an import did. `passed_over` are the rows that could not be used; `systems` came with a system message."""

    added: int
    revised: int
    unchanged: int
    passed_over: int = 0
    systems: int = 0
    approved: int = 0


@dataclass(frozen=True)
class Examples(Personal):
    """The training examples of the collections that a person looks after; for others there are none."""

    def overview(self, view: View) -> Overview:
        """What `view` shows; a collection that is gone, or a page past the last, is corrected in the view returned."""
        with self.sessions() as session:
            known = collections.summaries(session, rights.roles(session, self.person))
            known = [each for each in known if each.role is not MemberRole.READER]
            if view.collection not in {collection.name for collection in known}:
                view = replace(view, collection=None)
            curated = rights.curated(session, self.person, view.collection)
            view, listing = paging.corrected(view, partial(example_listing.listing, session, curated))
            may_add = bool(known) or rights.may_make_collections(session, self.person)
            return Overview(view, listing, known, drafting.report(session, curated), may_add)

    def queue(self, view: View) -> Sequence[int]:
        """Ids of the examples that `view` lets through, in its order, on whichever page. Raises `NotFoundError`."""
        with self.sessions() as session:
            return example_listing.queue(session, rights.curated(session, self.person, view.collection), view)

    def listed(self, collection: str | None = None, *states: ExampleState) -> Sequence[Kept]:
        """The examples of a collection, or of all, in these states or in whichever. Raises as `rights.curated`."""
        with self.sessions() as session:
            curated = rights.curated(session, self.person, collection)
            return [each for one in curated for each in examples.of_collection(session, one, *states)]

    def example(self, example_id: int) -> OpenedExample:
        """An example with its history. Raises `NotFoundError`."""
        with self.sessions() as session:
            kept = examples.get(session, rights.curated(session, self.person), example_id)
            return OpenedExample(
                kept,
                collections.name_of(session, kept.collection_id),
                example_listing.versions(session, example_id),
                staleness.stale(session, [kept.collection_id]).get(kept.version_id, ()),
                staleness.learned(session, [example_id]).get(example_id, ()),
            )

    def stop_drafting(self) -> bool:
        """End the drafting that waits or runs; what it has made stays. False where it had ended by itself."""
        with self.sessions.begin() as session:
            now = drafted.under_way(session, rights.curated(session, self.person), drafting.TASK)
            return now is not None and jobs.cancel(session, now.job_id)

    def states(self, example_ids: Sequence[int]) -> Mapping[int, ExampleState]:
        """Where each of these examples stands, in their order; those that are gone are left out."""
        with self.sessions() as session:
            found = example_listing.states(session, rights.curated(session, self.person), example_ids)
            return {each: found[each] for each in example_ids if each in found}

    def write(self, collection: str, question: str, answer: str, *, answerable: bool = True) -> int:
        """Keep an example that was written by hand, as a draft. Returns its id. Raises as `rights.place`."""
        asked = {"role": "user", "content": _text(question, "question")}
        wording = Wording([asked], _text(answer, "answer"), answerable=answerable)
        with self.sessions.begin() as session:
            place = rights.place(session, self.person, collection)
            made = examples.add(session, place.id, wording, user_id=self.person.id)
            reviewing.note(session, self.person, "write example", f"{collection} {made}", sha256=wording.sha256)
            return made

    def reword(
        self, example_id: int, question: str, answer: str, *, rejected: str | None = None, note: str = ""
    ) -> bool:
        """Give an example a new version, which is a draft again; False where it says that already.

        `rejected` is the worse answer of a preference, left as it is where None. Raises `NotFoundError`.
        """
        with self.sessions.begin() as session:
            kept = examples.get(session, rights.curated(session, self.person), example_id, lock=True)
            asked = {**kept.wording.prompt[-1], "content": _text(question, "question")}
            wording = replace(
                kept.wording,
                prompt=[*kept.wording.prompt[:-1], asked],
                completion=_text(answer, "answer"),
                rejected=kept.wording.rejected if rejected is None else _text(rejected, "worse answer"),
            )
            changed = examples.revise(session, kept, wording, user_id=self.person.id, note=_line(note))
            if changed:
                before = {"version": kept.number, "sha256": kept.sha256}
                reviewing.note(session, self.person, "change example", [kept], before=before, sha256=wording.sha256)
            return changed

    def review(self, example_ids: Sequence[int], state: ExampleState, reason: str = "") -> Decision:
        """Decide about examples; to reject one, or to ask for more work, takes a reason.

        Raises `NotFoundError` where none of them is there. Those that are in that state already stay as they are.
        """
        reason = _line(reason)
        if state in TAKES_REASON and not reason:
            raise InvalidInputError("Say why, in a few words: whoever looks at it next needs to know.")
        with self.sessions.begin() as session:
            curated = rights.curated(session, self.person)
            chosen = examples.those(session, curated, example_ids) or [examples.get(session, curated, 0)]
            return reviewing.decide(session, self.person, chosen, state, reason)

    def undo(self, decision: Decision) -> int:
        """Take a decision back, where nobody decided otherwise since. Returns about how many examples."""
        with self.sessions.begin() as session:
            return reviewing.undo(session, self.person, rights.curated(session, self.person), decision)

    def delete(self, example_ids: Sequence[int]) -> int:
        """Delete examples with every version. Returns how many. Raises `InvalidInputError` for one in a snapshot."""
        with self.sessions.begin() as session:
            found = examples.those(session, rights.curated(session, self.person), example_ids)
            if not found:
                return 0
            examples.remove(session, found)
            gone = {each.key: each.sha256 for each in found}
            reviewing.note(session, self.person, "delete examples", found, before=gone)
            return len(found)

    def import_file(
        self, path: Path, collection: str, *, approve: bool = False, good_rows: bool = False
    ) -> ImportReceipt:
        """Keep the examples of a file under their ids; the same file again changes nothing.

        With `approve`, those that are new or changed are approved, by this person. Raises `InvalidInputError` for a
        file that cannot be used, `BadRowsError` where a row cannot, unless the good ones alone are wanted, and as
        `rights.place`.
        """
        with self.sessions() as session:
            rights.check_place(session, self.person, collection)
        found = formats.read(path, good_rows=good_rows)
        with self.sessions.begin() as session:
            place = rights.place(session, self.person, collection)
            done = examples.put(session, place.id, found.examples, user_id=self.person.id)
            changed = [*done.added, *done.revised]
            counts = {"added": len(done.added), "revised": len(done.revised), "unchanged": done.unchanged}
            if changed:
                reviewing.note(session, self.person, "import examples", collection, before=None, **counts)
            if approve and changed:
                new = examples.those(session, [place.id], changed)
                reviewing.decide(session, self.person, new, ExampleState.APPROVED)
        return ImportReceipt(
            **counts,
            passed_over=len(found.problems),
            systems=found.systems,
            approved=len(changed) if approve else 0,
        )

    def export_file(self, path: Path, chosen: Sequence[Kept], shape: Shape = Shape.PROMPT_COMPLETION) -> int:
        """Write examples that this person was given to a file. Returns how many the shape could hold."""
        return formats.write(path, chosen, shape)

    def chosen(self, view: View, example_ids: Sequence[int] = ()) -> Sequence[Kept]:
        """The examples of these ids or, without any, all that `view` lets through, in the order they came."""
        with self.sessions() as session:
            curated = rights.curated(session, self.person, None if example_ids else view.collection)
            wanted = example_ids or example_listing.queue(session, curated, view)
            return examples.those(session, curated, wanted)

    def from_message(self, message_id: UUID, correction: str = "", collection: str | None = None) -> int:
        """Make a draft of a rated answer, put on record with its rating. Returns the example's id.

        It goes to `collection` or, without one, to that of the passages it saw. Raises `NotFoundError` for an answer
        from passages that this person does not look after, `InvalidInputError` where nobody said what it should have
        been, or where it is not clear where it belongs.
        """
        with self.sessions.begin() as session:
            answer = rated.answer_for(session, self.person, message_id)
            home = rated.home_of(session, self.person, answer, collection)
            wording = rated.wording(answer, correction)
            key = f"rated-{uuid4().hex[:12]}"
            made = examples.add(session, home, wording, origin=ExampleOrigin.RATED, key=key, user_id=self.person.id)
            rated.note_made(session, self.person, answer, made, wording)
            reviewing.note(session, self.person, "make example of answer", key, message=str(message_id), example=made)
            return made

    def from_documents(self, collection: str, how_many: int) -> int:
        """Have the model draft examples from a collection's documents. Returns the job's id. Raises as `curated`."""
        if not 1 <= how_many <= MOST_DRAFTS:
            raise InvalidInputError(f"Between 1 and {MOST_DRAFTS} examples can be drafted at once.")
        with self.sessions.begin() as session:
            (collection_id,) = rights.curated(session, self.person, collection)
            if drafting.under_way(session, [collection_id]):
                raise InvalidInputError(f"Examples are being drafted for {collection} already. Wait until it is done.")
            return jobs.enqueue(
                session,
                drafting.TASK,
                queue=jobs.LONG,
                lock=f"{drafting.TASK} {collection_id}",
                collection_id=collection_id,
                wanted=how_many,
                batch=uuid4().hex[:8],
                user_id=self.person.id,
            )


def _text(text: str, what: str) -> str:
    """A text fit to be kept. Raises `InvalidInputError`."""
    text = text.replace("\0", "").encode(errors="replace").decode().replace("\r\n", "\n").strip()
    if not text:
        raise InvalidInputError(f"The {what} is empty. Fill it in.")
    if len(text) > LONGEST_TEXT:
        raise InvalidInputError(f"The {what} has {len(text):,} characters; at most {LONGEST_TEXT:,} can be kept.")
    return text


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").encode(errors="replace").decode().split())[:LONGEST_REASON]
