"""Every word the admin page shows, in one place, so that its language can be judged and changed as one text."""

from chat.store.catalogue import Sort, Stage

TITLE = "Apprentice · Admin"
PRODUCT, PLACE = "Apprentice", "Admin"
CHAT = "Open the chat"
APPEARANCE = "Switch between light and dark"

DOCUMENTS = "Documents"
RETRIEVAL = "Retrieval"

NO_WORKER = "No worker is running: start one with <code>python -m admin worker</code>"
NOTHING_WAITING = "nothing waiting"
READING, WAITING = "{:,} being read", "{:,} waiting"

COLLECTIONS = "Collections"
ALL = "All"
NEW_COLLECTION = "New collection"
NEW_QUESTION = "New collection"
NEW_WARNING = "A body of documents that is asked together. Small letters, digits and hyphens."
NEW_FIELD = "Name"
CREATE, DELETE, RETRY, CLOSE = "Create", "Delete", "Try again", "Close"
DELETE_COLLECTION = "Delete collection"
DELETE_COLLECTION_QUESTION = "Delete the collection “{}”?"
DELETE_COLLECTION_WARNING = (
    "{} with every version, chunk and file will be gone for good, and the chat answers from them no more. "
    "Answers already given keep the passages they quoted."
)
MEMBERS = "Members"
MEMBERS_OF = "Members of “{}”"
WHO_READS = "Who may read it"
OPEN_TO_ALL, CLOSED = "Everybody", "Members only"
OPEN_HINT = "Whoever may use this installation can ask and read."
CLOSED_HINT = "For all others it does not exist: not in answers, not in lists, not in counts."
ROLE_NAMES = {"reader": "Reader", "curator": "Curator", "owner": "Owner"}
ROLE_MEANS = {
    "reader": "asks, and reads what answers rest on.",
    "curator": "also adds, edits and deletes documents.",
    "owner": "also decides about members, and may delete the collection.",
}
NO_MEMBERS = "Nobody yet. Owners of the installation may do everything here, without being members."
YOU, DISABLED = "you", "disabled"
ROLE_OF = "Role of {}"
REMOVE_MEMBER, REMOVE_NAMED = "Remove", "Remove {}"
REMOVE_QUESTION = "Remove {} from “{}”?"
REMOVE_OPEN = "They may still read, as everybody may, but not change anything. Nothing else is lost."
REMOVE_CLOSED = "They can no longer ask it, and the passages behind answers they were given are shown to them no more."
REMOVE_YOURSELF = "You would no longer decide about this collection. Another owner can take it back."
ADD_PERSON, AS_ROLE, ADD_MEMBER = "Add a person", "as", "Add"
CHOOSE_PERSON = "Choose…"
NOBODY_TO_ADD = "There is nobody else to add. <code>python -m admin users add NAME</code> makes a person."
COLLECTION_CREATED = "The collection “{}” is there. Add its first files."

UPLOAD = "Drop files, a folder or a .zip here, or click to choose files."
FOLDER = "Choose a folder"
TARGET = "They go to the collection “{}”."
SHUT_TARGET = "You may not add documents to the collection “{}”. Whoever looks after it can."
SHUT_HINT = "Who looks after a collection can add documents to it, and can let you read it."
FORMATS = "PDF, Word, PowerPoint, Excel, EPUB, e-mail, web pages, Markdown, text, CSV, JSON, scans"
FILTER = "Filter by title or file name"

STAGES = {
    Stage.ALL: "All",
    Stage.READY: "Ready",
    Stage.WORKING: "In work",
    Stage.FAILED: "Failed",
    Stage.DRAFT: "Drafts",
}
STAGE = "Status"
COLUMNS = {
    Sort.TITLE: "Title",
    Sort.COLLECTION: "Collection",
    Sort.STATUS: "Status",
    Sort.VERSION: "Version",
    Sort.CHUNKS: "Chunks",
    Sort.LANGUAGE: "Language",
    Sort.OWNER: "Owner",
    Sort.CITED: "Last cited",
    Sort.ADDED: "Added",
}
SELECT, SELECT_ALL = "Select “{}”", "Select all on this page"
SELECTED = "selected"
CLEAR = "Clear selection"
STATUSES = {
    "queued": ("○", "Waiting"),
    "processing": ("◔", "Reading"),
    "ready": ("✓", "Ready"),
    "failed": ("!", "Failed"),
    "draft": ("✎", "Draft"),
}
LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
}
UNKNOWN, NEVER = "–", "never"
HEALTH = "To look at"
VERY_SHORT = "very short"
DUPLICATE = "same bytes as “{}”"
OUTDATED = "outdated: the newest version failed"
DISABLED_CHUNKS = "{} disabled"
UNCITED = "never cited in a month"
TAGS, TAG, ADD_TAG, UNTAG = "Tags", "Tag", "+ Tag", "Take off the tag “{}”"
TAG_QUESTION, TAG_MANY = "Add tags", "Tag {} documents"
TAG_WARNING = "Your own words to find documents by. Put commas between several."
TAGGED = "Tags of {} changed."
PUBLISH, PUBLISH_MANY = "Publish", "Publish the drafts among {} documents?"
PUBLISH_QUESTION = "Publish version {}?"
PUBLISH_INSTEAD = "The chat answers from it at once, in place of version {}, which you can bring back at any time."
PUBLISH_FIRST = "The chat answers from it at once."
PUBLISH_WARNING = "The chat answers from them at once. Earlier versions can be brought back at any time."
PUBLISHED, PUBLISHED_ALL = "Version {} is published and answers now.", "{} published."
NO_DRAFTS = "Nothing was published: none of them has a draft that is ready."
AS_DRAFTS = "As drafts: nobody is answered from them before you publish them"
READ_AGAIN, READ_AGAIN_QUESTION, READ_AGAIN_MANY = "Read again", "Read “{}” again?", "Read {} documents again?"
READ_AGAIN_WARNING = (
    "The kept file is read, cut into chunks and embedded anew, as a new version. "
    "What answers now answers until that is done, and can be brought back."
)
READING_AGAIN = "Reading {} again. What answers now answers until that is done."
READ_ALREADY = "{} being read just now."
CANCEL = "Cancel"
CANCELLED = "Cancelled. It can be tried again at any time."
NOTHING_TO_CANCEL = "There was nothing to cancel: it is done already."
STILL_ANSWERS = "version {} answers"
ANSWERS_MEANWHILE = "version {} answers meanwhile"
RANGE = "{:,}–{:,} of {:,}"
PREVIOUS, NEXT = "Previous", "Next"
PAGING = "Pages"

EMPTY = "Nothing to answer from yet"
EMPTY_HINT = (
    "Drop a few files above. Each is read, cut into passages and ready to be asked about within seconds. "
    "From the shell: <code>python -m admin ingest FOLDER</code>"
)
EMPTY_COLLECTION = "“{}” is empty"
EMPTY_COLLECTION_HINT = "Drop its first files above."
NONE_FOUND = "No document fits"
NONE_FOUND_HINT = "Change the filter, or choose another status or collection."

DELETE_QUESTION = "Delete “{}”?"
DELETE_MANY = "Delete {} documents?"
DELETE_WARNING = (
    "Every version, all chunks and the files will be gone for good, and the chat answers from them no more. "
    "Answers already given keep the passages they quoted."
)
DELETE_CITED = "{} cite it."
DELETED = "Deleted {}: {}, {}, {} and {} of files are gone."
DELETED_COLLECTION = "Deleted the collection “{}” with {}: {}, {}, {} and {} of files are gone."
STILL_CITED = "{} in {} cited this; they keep the passages they quoted."
NOT_CITED = "No answer had cited this."
DELETED_NONE = "Nothing was deleted: it was gone already."
ADDED = "{} handed in to “{}”."
UNCHANGED = "{} unchanged: the newest version has these very bytes."
PASSED_OVER = "Passed over {}: {}."
PROBLEMS = "Not taken:"
MORE_PROBLEMS = "… and {:,} more"
RETRIED = "It is being read again."
NOT_RETRIED = "There was nothing to do: it is ready."
DISMISS = "Dismiss"

VERSIONS = "Versions"
VERSION_COLUMNS = ("Version", "Status", "Answers", "Added", "Size", "")
ANSWERS = "✓ answers"
ROLL_BACK = "Let it answer"
ROLLED_BACK = "Version {} answers now."
TEXT, CHUNKS = "Text", "Chunks"
CHUNKS_RANGE = "Chunks {:,}–{:,} of {:,}"
CHUNK_HINT = "Pick a chunk to see it in the text, and to change it."
CHUNK_HINT_OLD = "Pick a chunk to see it in the text."
OF_VERSION = "of version {}"
OF_OWNER = "handed in by {}"
READ, CHANGES = "Read", "Changes"
EDITED, UNDO = "Version {} answers. {}.", "Undo"
EDIT, EDIT_CHUNK = "Edit…", "Edit chunk {}"
MERGE, MERGE_CHUNK = "Merge with next", "Merge chunks {} and {}"
DISABLE, DISABLE_CHUNK = "Disable", "Disable chunk {}: nobody finds it any more"
ENABLE, ENABLE_CHUNK = "Enable", "Enable chunk {}: it can be found again"
DISABLED = "disabled: nobody finds it"
EDITOR = {
    "warning": "Saving makes a new version; the one before can be brought back.",
    "field": "What the chunk says",
    "save": "Save",
    "split": "Split at the cursor",
    "unsaved": "Save or undo your change before you split",
    "option": "As a draft: nobody is answered from it before you publish it",
}
BEING_MADE = "Version {} is being made. It answers within seconds."
DRAFT_BEING_MADE = "Version {} is being made, as a draft. Publish it when it is right."
BACK_TO_TEXT = "Back to the text"
FROM_TO = "From version {} to version {}"
CHANGED = "{} came, {} went."
SAME_TEXT = "The text is the same; only how it is cut into chunks, or which are disabled, changed."
CHANGES_CUT = "There are more changes than are shown here."
SKIPPED = "{} the same"
CAME, WENT = "came:", "went:"
NEVER_CITED = "No answer has cited it so far."
CITED_IN = "Cited in {} of {}"
MARKER = "as [{}], from version {}"
NO_QUESTION = "(a question that is gone)"
PAGE = "page {}"
NO_TEXT = "There is no text yet: no version could be read so far."
BEGINNING = "(beginning)"

QUESTION = "Question"
QUESTION_PLACEHOLDER = "Ask as a reader would…"
COLLECTION = "Collection"
ALL_COLLECTIONS = "All documents"
PASSAGES = "Passages"
SEARCH = "Search"
RETRIEVAL_EMPTY = "See what a question finds, and why"
RETRIEVAL_EMPTY_HINT = (
    "Type a question. Each passage shows its place by meaning and by words, and how the two were fused. "
    "Below, whether the chat would answer, and exactly what the model would be given."
)
SEARCHING = "Searching… The first question takes longer: the embedding model is being loaded."
FOUND_NOTHING = "Nothing was found"
FOUND_NOTHING_HINT = "There are no documents here that share a word or a meaning with the question. Add some first."
FOUND_COLUMNS = ("Rank", "Passage", "Score", "By meaning", "By words")
ABSENT = "–"
ABSENT_MEANS = "not among the best 100"
IN_PROMPT = "in the prompt"
WOULD_ANSWER = "The chat would answer"
WOULD_REFUSE = "The chat would say that it is not in the documents"
EVIDENCE = {
    "similarity": "nearest passage, cosine similarity",
    "probability": "probability that a passage answers it",
    "threshold": "answers from a probability of",
}
TIMINGS = {
    "embed": "question to vector",
    "search": "both searches and fusion",
    "rerank": "reading the best again",
    "judge": "verdict and prompt",
}
MILLISECONDS = "{:.0f} ms"
PROMPT = "What the model would be given"
PROMPT_SIZE = "{} messages, {:,} characters"
ROLES = {"system": "System", "human": "User", "ai": "Assistant"}

JOBS = "Jobs"
JOBS_EMPTY = "Nothing to do, and nobody to do it"
JOBS_EMPTY_HINT = (
    "Reading a document is a job. A worker does them, and goes on where another left off: "
    "<code>python -m admin worker</code>, as many as you like, on as many machines."
)
JOBS_DONE = "Everything is done."
JOBS_LEFT = "{} left."
JOBS_KEPT = "Nothing is lost while no worker runs: the jobs wait."
JOBS_WORKERS, JOBS_RUNNING, JOBS_WAITING, JOBS_FAILED = "Workers", "In work", "Waiting", "Failed"
JOBS_TURNS = "Whoever adds many files takes turns with the others."
JOBS_MORE = "… and {:,} more."
JOB_COLUMNS = {
    "acts": "", "job": "Job", "done": "Done", "since": "Since", "when": "When", "why": "Why",
    "worker": "Runs on", "does": "Does",
}  # fmt: skip
JOB_TRIES = "try {}"
JOB_NO_REASON = "It ended without a reason given."
JOB_CANCEL, JOB_CANCEL_ACTION, JOB_CANCEL_NOT = "Cancel", "Cancel the job", "Let it go on"
JOB_CANCEL_QUESTION = "Cancel “{}”?"
JOB_CANCEL_WARNING = "What it has done so far is thrown away. What answered before goes on answering."
JOB_CANCELLED = "It is cancelled."
JOB_ENDED = "It had ended already."
JOB_AGAIN = "It is tried once more."
TASKS = {
    "ingest": "Reading a document",
    "sync": "Keeping a source up to date",
    "vectors": "Making new vectors",
    "train": "Training an adapter",
    "draft": "Drafting training examples",
    "evaluate": "Asking the questions of an evaluation",
}
WORKER_PROCESS = "process {}"
WORKER_IDLE = "waits for jobs"

BAD_NUMBER = "{!r} is not a number of anything here. Reload the page and try again."


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 worker`, `2 workers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Bytes, as people read them."""
    for unit, bytes_in_it in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes_in_it:
            return f"{number / bytes_in_it:,.1f} {unit}"
    return count(number, "byte")
