"""Every word that the gate, trials, scores and votes show."""

RULES = "What it has to show"
SIGNS = {True: ("✓", "met"), False: ("✗", "not met"), None: ("–", "does not apply")}
ALLOWED = "Every rule that applies is met."
REFUSED = "{} of the rules is not met: what answers now goes on answering."
REFUSED_MANY = "{} of the rules are not met: what answers now goes on answering."
OVERRIDE = "Decide against the rules"
OVERRIDE_HINT = "Takes a reason, and stays on record with every rule that was not met."
OVERRIDE_TWO = (
    "Takes a reason and two people: what you ask for is put on record, and done when somebody else who decides here "
    "asks for the same within a week."
)
WAITS = "Put on record. It is done when a second person who decides here asks for the same within a week."
TRY = "Try it out"
TRY_SHARE = "Share of the conversations"
TRY_HINT = "It answers that share; if it does worse, it is taken back by itself."
TRIED = "{} answers {:.0%} of the conversations {} from now on. The Adapters tab shows how it does."

ASK = "What the rules ask for"
ASK_IT = "Ask for this"
ASK_HINT = {
    True: "It holds {}, unless a collection asks for something of its own. The change is put on record.",
    False: "It holds {} alone; what is not changed follows what is asked everywhere. The change is put on record.",
}
ASKED = "The rules ask for this {} from now on."
PERCENT, ANSWERS = "%", "answers"

SCORES = "Scores"
SCORES_OF = "Evaluation {} of {}, {:,} questions. Shares of the questions that each measure applies to."
MEASURE = "Measure"

LEARNED = "Learned from"
LEARNED_FROM = "{:,} examples of the snapshot {}, made from {:,} documents."
NOT_KNOWN = "It was imported: what it learned from is not known here."
STALE = "{:,} of them are stale: their documents say something else now."
DOCUMENTS = "Documents"

WATCHED = "How it does"
TRIAL_COLUMNS = ("", "{} on trial", "Beside it", "p-value, valid at any time")
OF = "{:.0%} of {:,}"
NO_ANSWERS = "no answers yet"
TOO_FEW = "It can be taken back by itself once each side gave {:,} answers."
WORSE = "certainly worse"

VOTES = "Blind votes"
VOTES_HINT = (
    "People saw two answers to their question without knowing whose they were. The bar is how often each is preferred "
    "to an average one of the others, with the 95 % interval (Bradley–Terry)."
)
VOTED = "{:,} votes"
