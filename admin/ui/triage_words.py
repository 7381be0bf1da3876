"""Every word of the Feedback tab."""

FEEDBACK = "Feedback"
TAB = "Feedback ({:,})"

EMPTY = "Nobody was unhappy with an answer yet"
EMPTY_HINT = (
    "Under each answer in the chat there is a thumb up and a thumb down. What gets a thumb down, and what was said of "
    "it, stands here: with where the answer went wrong, and what cures that."
)
NONE_HERE = {
    "open": "Nothing is left to look into here.",
    "done": "Nothing was done here yet.",
    "dismissed": "Nothing was dismissed here.",
}
STATES = {"open": ("○", "Open"), "done": ("✓", "Done"), "dismissed": ("–", "Dismissed")}
STATE = "State"
COLLECTIONS = "Collections"
ALL = "All collections"
REASONS = {
    "": "Any reason",
    "wrong": "Wrong",
    "not in the documents": "Not in the documents",
    "outdated": "Outdated",
    "bad citation": "Bad citation",
    "style": "Style",
}
REASON = "Reason"
COLUMNS = ("Question", "What was said of it", "When", "What was done")
CORRECTED = "It should have been: {}"
START = "Look into {}"
BAD_ANSWER = "This is no answer. Reload the page."

REFUSED = "Questions without an answer"
REFUSED_TOTAL = "{} refused in the last {} weeks. What is asked often is missing from the documents, or not found."
REFUSED_NONE = "No question was refused in the last {} weeks."
REFUSED_WEEK = "Week of {:%-d %b}: {}"
OFTEN = "Asked most"
TIMES = "{:,} ×"
LAST = "last {}"

WHERE = "Feedback"
POSITION = "{} of {}"
BACK = "Back to the list"
QUESTION = "Question"
ANSWER = "Answer"
SEARCHED = "Searched for: {}"
CITED = "It cites"
VERSION = "version {}"
OPINION = "What was said of it"
NO_REASON = "A thumb down, without a reason."
CORRECTION = "What it should have been"
NO_CORRECTION = "Nobody said."
NO_ANSWER = "(no words)"
WAY = "Where it went wrong"
PASSED = {True: "✓", False: "✗", None: "·"}
PASSED_WORDS = {True: "yes", False: "no", None: "not known"}
DONE = "What was done"
DEEDS = {
    "label": "Passage of {} marked right",
    "example": "Example written: {}",
    "document": "{} mended",
    "dismiss": "Dismissed: {}",
}
BY = "{}, {}"

BEARING = "Passages that say it"
NEAREST = "Passages that may say it"
NO_PASSAGES = "No passage shares its words. Add a document that says it, under Documents, and ask again."
TODAY = "rank {} today"
NOT_TODAY = "not found today"
DRAFT = "draft"
NOT_LIVE = "not live"
OUT = "out of the search"
MARKED = "✓ Marked right"
LABEL = "This answers it"
LABEL_TITLE = "Mark this passage as right for the question: finding is measured on it, and learns from it"
OPEN = "Open"
MENDED = "I mended it"
MENDED_TITLE = "Open the document, put right what it says, then have that here as what was done"

WRITE = "Write the example"
WRITE_HINT = "Say what the answer should have been. It becomes a draft under Training examples, for somebody to review."
WRITE_FIELD = "Right answer"
WRITE_COLLECTION = "Collection"
SAVE = "Keep as an example"
CANCEL = "Cancel"
DISMISS = "Dismiss"
DISMISS_QUESTION = "Dismiss this feedback?"
DISMISS_WARNING = "It leaves the open ones. Nothing else changes, and it can be undone."
DISMISS_FIELD = "Why nothing needs to be done"
UNDO = "Undo"
UNDO_TITLE = "Take back what was done last, and open it again"
PREVIOUS = "Previous"
NEXT = "Next"
