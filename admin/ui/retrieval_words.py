"""The words of the Retrieval tab that are not in `words`: settings, comparisons, labelled questions."""

from chat.models.reranker import MAXSIM
from chat.rag.retriever import Fusion

CHOOSE = "Choose a collection to see how it is searched"
CHOOSE_HINT = "Settings and labelled questions belong to one collection. Pick it beside the question."
TUNING = "How “{}” is searched"
USUAL = "With the usual settings: both searches count the same."
OWN = "With settings of its own, number {}, made live by {} on {}."
SOMEBODY = "somebody who is gone"
TRY = "Try other settings"
FUSION = "Added up are"
FUSIONS = {Fusion.RANKS: "the ranks", Fusion.SCORES: "the scores"}
SHARE = "Weight of meaning, in %"
SHARE_HINT = "0: only words count; 100: only meaning."
THRESHOLD = "Answer from a probability of"
THRESHOLD_HINT = "Empty: as the verifier was trained."
CROSS = "cross"
READING = "Read the best again"
READINGS = {"": "no", MAXSIM: "word by word (MaxSim)", CROSS: "by a cross-encoder"}
READERS = {MAXSIM: "MaxSim"}
READING_HINT = "Reading the best 30 passages again takes longer and pays for some documents only."
READ_BY = ", read again by {}"
ENCODER, ENCODER_EXAMPLE = "Its folder or Hugging Face id", "cross-encoder/ms-marco-MiniLM-L6-v2"
NO_ENCODER = "Name the cross-encoder that shall read again: a folder that holds it, or its Hugging Face id."
READER_HELD_OUT = "The reader was fitted to none of these questions: the numbers are what it does on new ones."
READER_UNPROVEN = (
    "Reading again is switched on only where it is known to pay. Label some questions of this collection first."
)
READER_PAYS_NOT = (
    "Reading again does not pay here: nDCG@10 {:+.3f} (95 %: {:+.3f} to {:+.3f}). It takes longer, so it stays off."
)
NOT_A_CURATOR = "Making settings live takes a curator of this collection."
ON_ONE = "Compare on the question above"
ON_ALL = "Compare on all {}"
ON_NONE = "Compare"
FIT = "Fit to the labelled questions"
FIT_HINT = (
    "Finds the weights and the refusal threshold that do best on questions held out in turn. Nothing is live yet."
)
SETTINGS_CONTROLS = "Settings to try"

WORKING = "Asking all labelled questions… This can take half a minute; nothing changes meanwhile."
ASKING = "Asking the labelled questions: {:.0%}, about {} left"
ASKING_LABEL = "Labelled questions asked"
STOP = "Stop"
IMPORT = "Import questions…"
IMPORTED = "{} added to “{}”, {:,} replaced."
FITTED = "Fitted to {}"
FITTED_WEIGHTS = "Weight of meaning {:.0f} %: nDCG@10 {:.3f} on held-out questions, {:.3f} with equal weights."
FITTED_WORSE = (
    "No weights were better than equal ones on held-out questions ({:.3f} against {:.3f}): they stay as they are."
)
FITTED_ARMS = "Alone, the search by meaning reaches {:.3f} and the search by words {:.3f}."
FITTED_THRESHOLD = (
    "Answering from a probability of {:.2f}: {:.0%} of held-out questions judged rightly, {:.0%} as it was trained."
)
THRESHOLD_WORSE = "No refusal threshold was better than the trained one on held-out questions: it stays as it is."
THRESHOLD_UNFITTED = (
    "The refusal threshold was left alone: that takes at least {} questions with an answer and {} without."
)
COMPARED = "Against what is live, on {}"
MEASURES = {"ndcg": "nDCG@10", "recall": "Recall@10", "reciprocal_rank": "MRR@10"}
COMPARE_COLUMNS = ("Measure", "Live now", "These settings", "Difference", "Questions")
INTERVAL = "95 %: {:+.3f} to {:+.3f}"
UP_DOWN = "{} better, {} worse"
MOVED = "Whose passage moved ({})"
NOTHING_MOVED = "No question's passage moves."
RANK, NO_RANK = "rank {}", "not found"
BETTER, WORSE = "better", "worse"
LOSES = "{} would no longer find their passage:"
MORE_LOST = "… and {} more"
UNWEIGHED = "Which labelled questions would lose their passage could not be found out."
GO_ON = "Let it answer without that check?"
WEIGHED_NOTHING = "Only a publish, a roll back or a deletion can be weighed."
ROLL_BACK_QUESTION, ROLL_BACK = "Let version {} answer?", "Let it answer"
ROLL_BACK_WARNING = "The chat answers from it at once. The version that answers now can be brought back at any time."
DRAFT = "As if published"
NO_DRAFT = "As it answers now"
DRAFT_OF = "{}, draft {}"
TAG = "With the tag"
ANY_TAG = "Any tag, or none"
TAGGED = "{} ({})"
AS_IF = "As if the draft were published."
NOT_LABELLED = (
    "There is no labelled question whose passage is there, so nothing says whether these settings are better."
)
BREAKS = "{} would not find their passage any more:"
BREAKS_NONE = "Every question that finds its passage now still does."
MAKE_LIVE = "Make live"
MAKE_LIVE_QUESTION = "Make these settings live in “{}”?"
MAKE_LIVE_WARNING = "The next question is searched with them. What is live now stays in the history."
MADE_LIVE = "These settings are live now, as number {}."
NOTHING_TRIED = "These settings are not there any more. Compare or fit again, and then make them live."
SAME = "These are the settings that are live."
NOTE_HAND, NOTE_FIT, NOTE_BACK, NOTE_USUAL = "Set by hand", "Fitted to {}", "Back to number {}", "Back to the usual"

HISTORY = "History"
HISTORY_COLUMNS = ("Number", "Settings", "Held-out nDCG@10", "By", "When")
THE_USUAL = "The usual settings"
GO_BACK = "Compare, to go back"
LIVE = "✓ live"
IN_WORDS = "{} fused, {:.0f} % meaning"
FROM = ", answers from {:.2f}"

ONE_COLUMNS = ("Live now", "These settings")
STAYS, ENTERS, LEAVES = "stays", "new here", "leaves"
UP, DOWN = "up {}", "down {}"

LABELLED = "Labelled questions of “{}” ({:,})"
LABELLED_NONE = "No labelled questions yet"
LABELLED_HINT = (
    "Try a question above and mark the passages that answer it, or import a file with one JSON object a line, like "
    '<code>{"id": "1", "question": "…", "passages": [{"document": "a.md", "quote": "…"}]}</code>. '
    "They guard every change, and settings are fitted to them."
)
LABELLED_SHUT = "Whoever looks after this collection can label questions. They guard every change."
LABELLED_COLUMNS = ("Question", "Right passages", "Found at")
CHECK = "Find them all now"
CHECKED = "With what is live: nDCG@10 {:.3f}, recall@10 {:.3f}, MRR@10 {:.3f} over {}; {} not found."
NO_ANSWER = "has no answer in the documents"
PASSAGE_GONE = "its passage is not there"
UNCHECKED = "–"
FORGET = "Delete"
FORGET_QUESTION = "Delete this labelled question?"
FORGET_WARNING = "“{}” and what was marked for it will be gone. No document changes."
FORGOTTEN = "Deleted: “{}”."
MOST_LISTED = "The first {} are shown."

RIGHT, WRONG = "Right", "Wrong"
MARK_RIGHT = "Mark as right: this passage answers the question"
MARK_WRONG = "Mark as wrong: this passage does not answer the question"
UNMARK = "Take the mark back"
NOT_ANSWERED = "The documents do not answer this"
KEPT_UNANSWERED = "Kept as a question without an answer."
BAD_SETTING = "{!r} cannot be used for {}: it takes a number between {:g} and {:g}."
