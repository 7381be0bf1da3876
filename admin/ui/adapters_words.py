"""Every word that the Adapters tab shows."""

ADAPTERS = "Adapters"
EMPTY = "Nothing has been learned yet"
EMPTY_HINT = (
    "An adapter is what training makes: a small file that changes how the model answers. Collect and approve training "
    "examples, freeze a snapshot of them, and train. One that was made elsewhere comes in with "
    "<code>python -m admin adapters import FOLDER --name NAME</code>"
)

ANSWERS_NOW = "What answers now"
EVERYWHERE, ELSEWHERE = "Everywhere", "Everywhere else"
ALONE = "the model alone"
NOT_DECIDED = "No adapter was promoted: the model answers alone."
SINCE = "since {}, by {}"
ROLL_BACK, ROLL_BACK_TO = "Roll back", "Roll back to {}"
ROLL_BACK_QUESTION = "Roll back to {}?"
ROLL_BACK_WARNING = (
    "From the next question on, {} answers {} in place of {}. Answers that are being given now are finished. "
    "{} is kept, and can be promoted again."
)
UNDECIDE_QUESTION = "Roll back to before the first decision?"
UNDECIDE_WARNING = "From the next question on, {} in place of {}. It is kept, and can be promoted again."
UNDECIDED_EVERYWHERE = "the model answers alone"
UNDECIDED_COLLECTION = "this collection follows what answers everywhere else"
TRYING = "Beside it, {} answers {:.0%} of the conversations, {}."
END_TRIAL, END_TRIAL_QUESTION = "End the trial", "End the trial of {}?"
END_TRIAL_WARNING = "From the next question on, what answers the other conversations answers all of them."

COLUMNS = ("Adapter", "State", "Base model", "Rank", "Size", "Made", "From")
STATES = {
    "serving": ("●", "Answers"),
    "canary": ("◐", "On trial"),
    "candidate": ("○", "Candidate"),
    "retired": ("–", "Retired"),
}
ORIGINS = {"import": "imported", "training": "training", "bundled": "came with Apprentice"}
RUN = "training run {}"
BY = "by {}"
RETIRED = "Retired ({})"

DECISIONS = "Decisions"
NO_DECISIONS = "None yet. Open a candidate to let it answer."
DECISION_COLUMNS = ("When", "What", "Where", "By", "Why", "")
KINDS = {
    "promote": "{to} promoted",
    "rollback": "Rolled back to {to}",
    "canary": "{to} put on trial, for {share:.0%}",
    "return": "Trial of {before} ended",
}
IN_PLACE_OF = "in place of {}"
UNDECIDED = "no decision"
OVERRIDDEN = "against the rules"
DOES_NOT_FIT = "! The signature does not fit: this row was changed, or signed with another key."
IN_EFFECT = "in effect"
GONE = "deleted since"
GO_BACK = "Go back to this"

CLOSE = "Close"
FACTS = "Card"
SAID = "What the folder it came from says"
DIGEST = "Digest"
NO_SCORES = (
    "Not evaluated yet. <code>python -m admin evaluate --questions NAME --arms rag,rag+adapter --adapter {}</code> "
    "shows whether it helps on questions it was not trained on."
)
PROMOTE, PROMOTE_IT = "Promote", "Let it answer"
WHERE, WHY = "Where", "Why"
WHY_EXAMPLE = "What speaks for it; kept on record"
PROMOTE_HINT = (
    "It answers from the next question on; answers that are being given now are finished. You can roll back at once."
)
MAY_NOT_PROMOTE = "Which adapter answers is for approvers, and in a collection for its owners."
IS_RETIRED = "It is retired. Offer it again first."
PROMOTED = "{} answers {} from the next question on. If it should not, roll back."
ROLLED_BACK = "Rolled back: {} from the next question on."
NOW_ANSWERS = "{} answers {}"
TRIAL_ENDED = "The trial is ended."
IN_COLLECTION, IN_EVERYWHERE = "in “{}”", "everywhere"

RETIRE, REINSTATE, DELETE = "Retire", "Offer again", "Delete"
RETIRED_NOW = "{} is retired. It keeps its files; “Offer again” undoes it."
REINSTATED = "{} is a candidate again."
DELETE_QUESTION = "Delete {} for good?"
DELETE_WARNING = (
    "Its files, {}, will be gone, and nobody can be answered with it or roll back to it. Only a copy of it could be "
    "imported again. What was decided about it stays on record. To only stop offering it, retire it."
)
DELETED = "{} is deleted: {} of files are gone. What was decided about it stays on record."
IN_USE = "It answers now. To retire or delete it, roll back first."

LABELS = {
    "base": "Base model",
    "revision": "Revision of it",
    "rank": "Rank",
    "scale": "Scale",
    "targets": "Layers it changes",
    "layers": "Number of layers",
    "heard model": "Checked with",
    "heard revision": "Revision of that",
    "heard dtype": "In number format",
    "heard by nobody": "Not checked",
}
