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
COLLECTION_CREATED = "The collection “{}” is there. Add its first files."

UPLOAD = "Drop files here, or click to choose."
TARGET = "They go to the collection “{}”."
FORMATS = "PDF, Word, HTML, Markdown, plain text, CSV"
FILTER = "Filter by title or file name"

STAGES = {Stage.ALL: "All", Stage.READY: "Ready", Stage.WORKING: "In work", Stage.FAILED: "Failed"}
STAGE = "Status"
COLUMNS = {
    Sort.TITLE: "Title",
    Sort.COLLECTION: "Collection",
    Sort.STATUS: "Status",
    Sort.VERSION: "Version",
    Sort.CHUNKS: "Chunks",
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
}
STILL_ANSWERS = "version {} answers"
ANSWERS_MEANWHILE = "version {} answers meanwhile"
RANGE = "{:,}–{:,} of {:,}"
PREVIOUS, NEXT = "Previous", "Next"
PAGING = "Pages"

EMPTY = "Nothing to answer from yet"
EMPTY_HINT = (
    "Drop a few files above. Each is read, cut into passages and ready to be asked about within seconds. "
    "A whole folder is quickest from the shell: <code>python -m admin ingest FOLDER</code>"
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
DELETED = "Deleted {}: {}, {} and {} of files are gone."
DELETED_COLLECTION = "Deleted the collection “{}” with {}: {}, {} and {} of files are gone."
DELETED_NONE = "Nothing was deleted: it was gone already."
ADDED = "{} handed in to “{}”."
UNCHANGED = "{} unchanged: the newest version has these very bytes."
PROBLEMS = "Not taken:"
RETRIED = "It is being read again, as a new version."
DISMISS = "Dismiss"

VERSIONS = "Versions"
VERSION_COLUMNS = ("Version", "Status", "Answers", "Added", "Size")
ANSWERS = "✓ answers"
ROLL_BACK = "Let it answer"
ROLLED_BACK = "Version {} answers now."
TEXT, CHUNKS = "Text", "Chunks"
CHUNKS_RANGE = "Chunks {:,}–{:,} of {:,}"
CHUNK_HINT = "Pick a chunk to see it in the text."
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
}
TIMINGS = {"embed": "question to vector", "search": "both searches and fusion", "judge": "verdict and prompt"}
MILLISECONDS = "{:.0f} ms"
PROMPT = "What the model would be given"
PROMPT_SIZE = "{} messages, {:,} characters"
ROLES = {"system": "System", "human": "User", "ai": "Assistant"}

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
