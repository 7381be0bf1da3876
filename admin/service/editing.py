"""What curators can change in a document: its chunks, its tags, what is published. No Gradio, no SQL.

A change of chunks is a version of its own, so it is undone by letting the earlier one answer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from admin.curation.documents import difference
from admin.curation.documents.difference import Difference
from admin.curation.documents.editing import Cut, Edition
from admin.curation.documents.ingesting import Submission, submit_edit
from chat import rights
from chat.rights import Personal
from chat.store import edits, tags, versions
from chat.store.edits import Base
from chat.store.tables import MemberRole


@dataclass(frozen=True)
class Editing(Personal):
    """Changes of documents. `home` is the folder that their bytes are in. Chunks are counted from 0.

    `number` is the version that the person has before them; where that is not what is to be edited any more, nothing
    is changed and `InvalidInputError` says so.
    """

    home: Path

    def rewrite(self, document_id: int, number: int, ordinal: int, words: str, *, draft: bool = False) -> Submission:
        """Let the chunk say `words`."""
        note = f"Chunk {ordinal + 1} rewritten"
        return self._edit(document_id, number, note, lambda edition: edition.rewritten(ordinal, words), draft)

    def split(self, document_id: int, number: int, ordinal: int, at: int, *, draft: bool = False) -> Submission:
        """Cut the chunk in two before its character `at`."""
        note = f"Chunk {ordinal + 1} split"
        return self._edit(document_id, number, note, lambda edition: edition.split(ordinal, at), draft)

    def merge(self, document_id: int, number: int, ordinal: int, *, draft: bool = False) -> Submission:
        """Make one of the chunk and the next."""
        note = f"Chunks {ordinal + 1} and {ordinal + 2} merged"
        return self._edit(document_id, number, note, lambda edition: edition.merged(ordinal), draft)

    def switch(self, document_id: int, number: int, ordinal: int, *, disabled: bool, draft: bool = False) -> Submission:
        """Keep the chunk from being found, or let it be found again."""
        note = f"Chunk {ordinal + 1} {'disabled' if disabled else 'enabled'}"
        change = lambda edition: edition.switched(ordinal, disabled=disabled)  # noqa: E731
        return self._edit(document_id, number, note, change, draft)

    def publish(self, document_id: int) -> int:
        """Let the newest draft answer. Returns its number. Raises `NotFoundError` where none is ready."""
        with self.sessions.begin() as session:
            rights.document(session, self.person, document_id, MemberRole.CURATOR)
            return versions.publish_draft(session, document_id)

    def publish_all(self, document_ids: Iterable[int]) -> int:
        """Publish the newest draft of each of the documents that has one ready. Returns how many those were."""
        with self.sessions.begin() as session:
            ready = versions.with_draft(session, rights.curated(session, self.person), list(document_ids))
            for document_id in ready:
                versions.publish_draft(session, document_id)
        return len(ready)

    def cancel(self, document_id: int) -> int:
        """End what is queued or being read of the document. Returns how many versions that were."""
        with self.sessions.begin() as session:
            rights.document(session, self.person, document_id, MemberRole.CURATOR)
            return versions.cancel(session, document_id)

    def tag(self, document_ids: Sequence[int], *, add: str = "", drop: str = "") -> int:
        """Put tags (with commas between them) on documents and take others off. Returns how many documents they are."""
        with self.sessions.begin() as session:
            curated = rights.curated(session, self.person)
            return tags.change(session, curated, document_ids, add=tags.parse(add), drop=tags.parse(drop))

    def compare(self, document_id: int, before: int, after: int) -> Difference:
        """What changed in the text from one version to another. Raises `NotFoundError` unless both could be read."""
        with self.sessions() as session:
            rights.document(session, self.person, document_id)
            texts = [versions.text(session, document_id, number) for number in (before, after)]
        return difference.compare(*texts)

    def _edit(
        self, document_id: int, number: int, note: str, change: Callable[[Edition], Edition], draft: bool
    ) -> Submission:
        with self.sessions() as session:
            rights.document(session, self.person, document_id, MemberRole.CURATOR)
            base = edits.base(session, document_id, number)
        changed = change(_edition(base)).to_bytes()
        with NamedTemporaryFile(prefix="edit-") as file:
            file.write(changed)
            file.flush()
            with self.sessions.begin() as session:
                return submit_edit(
                    session,
                    self.home,
                    Path(file.name),
                    document_id,
                    number=number,
                    draft=draft or base.draft,
                    note=note,
                )


def _edition(base: Base) -> Edition:
    """The version as an edition that nothing was changed in yet."""
    cuts = [Cut(span.start, span.end, span.section, span.disabled) for span in base.spans]
    return Edition(base.text, base.title, base.page_starts, base.language, cuts, base.sha256, base.kind, base.warnings)
