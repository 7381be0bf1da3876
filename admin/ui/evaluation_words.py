"""Every word that the Evaluation tab shows, but for the report's own."""

EVALUATION = "Evaluation"
EMPTY = "Retrieval, fine-tuning, or both?"
EMPTY_HINT = (
    "Put your own questions to several ways of answering, and see which is better and how sure that is. Label "
    "questions in the Retrieval tab, or import some with <code>python -m admin questions import FILE</code>, then "
    "freeze them here and begin."
)
NEW = "New evaluation"
COLLECTION = "Collection"
QUESTIONS = "Questions"
SET = "{} {} · {}"
NO_SET = "No question set yet: freeze the labelled questions first."
NO_COLLECTION = "You look after no collection: its owner can make you a curator."
FREEZE = "Freeze {}"
FREEZE_HINT = "A frozen set never changes, so that results can be compared."
FROZEN = "The labelled questions are frozen as “{}”."
LABELLED = "labelled"
ARMS = "Ways of answering"
WAYS = {
    "base": ("base", "The model alone"),
    "rag": ("rag", "With retrieval, as the chat does"),
    "adapter": ("adapter", "The adapter alone"),
    "rag+adapter": ("rag+adapter", "Retrieval and adapter"),
}
PROBES, PROBES_ADAPTED = "To explain them", "To explain the adapter"
EXPLAINING = {
    "oracle": ("oracle", "Given the right passages: is it retrieval or the model?"),
    "empty": ("empty", "Given no passage: does the model recite?"),
    "conflict": ("conflict", "Given a passage that says otherwise: which wins?"),
}
PROBING = {
    "oracle+adapter": ("oracle+adapter", "The right passages, and the adapter"),
    "empty+adapter": ("empty+adapter", "No passage: does the adapter recite what it learned?"),
    "conflict+adapter": ("conflict+adapter", "A passage that says otherwise, and the adapter"),
}
PROBES_HINT = "Before an adapter may answer, its rules ask for empty and conflict with it."
CHOSEN = ("base", "rag")
"""Ticked at first."""
ADAPTER = "Adapter"
NO_ADAPTER = "No adapter yet: train one, or import it, and its arms can be chosen."
SERVES = "{} (answers now)"
MOST, ALL = "At most", "all"
MOST_HINT = "questions, always the same ones"
BEGIN = "Begin"
BEGUN = "It is queued. The list shows how it goes; you may close this page."
KNOWN = "These questions were asked of these arms already, and nothing has changed: here is the report."
NO_ARM = "Choose at least one way of answering."

STATES = {
    "queued": ("◌", "Waiting for a worker"),
    "running": ("◐", "Asking"),
    "stopped": ("‖", "Stopped"),
    "finished": ("✓", "Finished"),
    "failed": ("!", "Failed"),
}
STOPPING = "Stopping…"
PROGRESS = "{:,} of {:,} answers"
LEFT = "about {} left"
PREPARING = "Preparing the model and the questions"
SECONDS, MINUTES, HOURS = "{} s", "{} min", "{} h {} min"
OPEN, STOP, RESUME, REMOVE = "Report", "Stop", "Go on", "Delete"
REMOVE_QUESTION = "Delete evaluation {}?"
REMOVE_WARNING = "Its report and its {:,} answers will be gone for good. What was decided by it stays on record."
STOPPED = "It stops at the next token. What was answered is kept, and it can go on."
RESUMED = "It goes on where it was."
REMOVED = "The evaluation is deleted."
BY = "by {}"
CLOSE, SAVE = "Back to the list", "Save as a file"
