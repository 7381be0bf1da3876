"""Every word that the tab of training examples shows, but for those that it shares with the other lists."""

from admin.training.shapes import Shape
from chat.store.example_listing import Sort
from chat.store.tables import ExampleOrigin, ExampleState

EXAMPLES, LIST = "Training examples", "Examples"
ALL, STALE, STATE = "All", "Stale", "Where they stand"
STATES = {
    ExampleState.DRAFT: ("✎", "Draft"),
    ExampleState.NEEDS_WORK: ("↻", "Needs work"),
    ExampleState.APPROVED: ("✓", "Approved"),
    ExampleState.REJECTED: ("✕", "Rejected"),
}
ORIGINS = {
    ExampleOrigin.RATED: "a rated answer",
    ExampleOrigin.MANUAL: "by hand",
    ExampleOrigin.IMPORT: "an import",
    ExampleOrigin.DOCUMENT: "a document",
}
COLUMNS = {
    Sort.QUESTION: "Question",
    Sort.ANSWER: "Answer",
    Sort.STATE: "Status",
    Sort.ORIGIN: "From",
    Sort.VERSION: "Version",
    Sort.PERSON: "Who",
    Sort.CHANGED: "Changed",
}
SEARCH = "Search questions and answers"
PREFERENCE, NOT_ANSWERABLE = "with a worse answer", "to be refused"
BY_AUTHOR = "decided by its author"
STALE_REASONS = {"gone": "“{}” is not there (any more)", "changed": "“{}” says something else now"}

EMPTY = "Nothing to learn from yet"
EMPTY_HINT = (
    "Drop a file of questions and answers above, write one by hand, or have the model draft some from your documents. "
    "Then review them: only approved examples are trained on. From the shell: "
    "<code>python -m admin examples import FILE</code>"
)
SHUT, SHUT_HINT = "You look after no collection", "Whoever owns a collection can let you look after it."
NONE_FOUND, NONE_FOUND_HINT = "No example fits", "Change the search, or choose another status or collection."

TARGET = "Drop a file of examples here, or click to choose one."
TARGET_WHERE = "They go to the collection “{}”, as drafts."
FORMATS = "JSON lines, CSV or Parquet: prompts and completions, messages, preference pairs, OpenAI's formats"
UPLOAD = "A file of examples"

WRITE = "Write one"
QUESTION, ANSWER, WORSE, NOTE = "Question", "Answer", "Worse answer", "What was changed, and why (optional)"
REFUSE = "The documents do not answer this: the answer says so"
ADD = "Add the draft"
WRITTEN = "The example is there, as a draft."
DRAFT = "From documents"
DRAFT_SAID = (
    "The model writes questions with answers from passages of “{}”. Each is checked: its quotation has to stand in the "
    "passage, and the passage has to answer the question. What fails is dropped, so fewer may come than you ask for."
)
DRAFT_MANY, DRAFT_GO = "How many", "Draft them"
DRAFT_QUEUED = "A worker drafts them as soon as it is free. They appear below as they come."
DRAFTING = "Drafting for “{}”: {:,} so far, {:,} wanted."
STOP, STOPPED, NOT_STOPPED = "Stop", "It stops. The drafts that came stay.", "It had ended already."
DRAFTED = "Drafted for “{}”: {:,} of {:,} passages gave an example that survived the checks{}."
DRAFTED_NOT = ", and {:,} more that are to be refused"
DRAFTED_DROPPED = "Dropped: {}."
EXPORT = "Export"
EXPORT_SAID = "What the search, the status and the collection let through now."
FORMAT, SHAPE, EXPORT_GO = "Format", "Shape", "Download"
FILE_KINDS = {".jsonl": "JSON lines", ".csv": "CSV", ".parquet": "Parquet"}
SHAPES = {
    Shape.PROMPT_COMPLETION: "prompt and completion",
    Shape.MESSAGES: "messages",
    Shape.PREFERENCE: "preference pairs",
    Shape.OPENAI: "OpenAI fine-tuning",
    Shape.OPENAI_PREFERENCE: "OpenAI preference",
}
EXPORTED = "{} written{}."
LEFT_OUT = "; {:,} left out, which hold no pair"
NO_FORMAT = "Choose a format and a shape from the lists."
TOO_LARGE = "That is more than a page hands over. Use <code>python -m admin examples export FILE</code>."

READING = "Reading “{}”…"
IMPORTED = "“{}”: {:,} added, {:,} changed, {:,} unchanged."
SYSTEMS = "{} came with a system message. It is kept, but trained on is the chat's own."
PASSED_OVER = "{} left out."
GOOD_ROWS = "Import the good rows: {:,} of {:,}"
NOTHING_GOOD = "Nothing was imported."
PENDING_GONE = "The file is not here any more. Drop it again."

REVIEW = "Review {}"
APPROVE, REJECT, WORK, EDIT = "Approve", "Reject", "Needs work", "Edit"
APPROVE_MANY = "Approve {} examples?"
APPROVE_ONE = "Approve “{}”?"
APPROVE_WARNING = "They may be trained on. You can take it back."
REASON = "Reason"
REJECT_QUESTION, WORK_QUESTION = "Reject it", "It needs work"
REJECT_MANY, WORK_MANY = "Reject {} examples", "{} examples need work"
REJECT_WARNING, WORK_WARNING = "Why? It will not be trained on, and stays on record.", "What is wrong with it?"
DELETE_ONE, DELETE_MANY = "Delete “{}”?", "Delete {} examples?"
DELETE_WARNING = (
    "Every version and every review of them will be gone for good. Rejected ones are not trained on either."
)
DELETED = "{} deleted."
DECIDED = {
    ExampleState.APPROVED: "{} approved.",
    ExampleState.REJECTED: "{} rejected.",
    ExampleState.NEEDS_WORK: "{} sent back for more work.",
    ExampleState.DRAFT: "{} put back to draft.",
}
UNDO, UNDONE, NOTHING_UNDONE = "Undo", "Taken back for {}.", "There was nothing to take back."

LEFT = "{:,} of {:,} left to decide"
DONE, DONE_HINT = "Nothing is left to decide", "All {} of this round are decided."
BACK = "Back to the list"
BEFORE = "Before that"
ROLES = {"user": "Asked", "assistant": "Answered"}
PASSAGES = "Passages it saw"
NO_PASSAGES = "None: it is answered from what the model knows."
SOURCES = "Made from"
NO_SOURCES = "No document is named."
VERSION_OF = "version {}"
ADAPTERS = "Learned by"
CHECKS = "Checks"
CHECKING = "Checking…"
CHECKS_FINE = "Nothing found."
CHECKS_ACCEPTED = "accepted on record"
CHECKS_BLOCK = "keeps it out of a snapshot"
HISTORY = "History"
MADE = "Version {} by {}, {}"
REVIEWED = "{}, by {}, {}"
OWN = "their own"
SAVE, CANCEL = "Save as a new version", "Cancel"
NOT_SAVED = "Nothing was changed."
KEYS_TITLE = "Keys"
KEYS = (
    ("a", "approve"), ("r", "reject"), ("w", "needs work"), ("e", "edit"), ("j", "next"), ("k", "previous"),
    ("u", "undo the last decision"), ("Esc", "back to the list"), ("?", "these keys"),
)  # fmt: skip
BAD_STATE = "There is no such status. Reload the page."
