"""Every word that the checks of training examples show."""

from admin.training.findings import Check

CHECKS = "Checks"
COLLECTION = "Collection"
CHECK_NOW = "Check now"
CHECKING = "Looking for {}… ({} of {})"
EMPTY = "See what is wrong before it is learned"
EMPTY_HINT = (
    "The checks look at every example that is not rejected: duplicates, questions that adapters are going to be judged "
    "by, passwords, personal data, answers that contradict each other, and what is too long or out of date. Choose a "
    "collection above. Ten thousand examples take about half a minute."
)
NO_EXAMPLES = "There are no examples in {} yet. Add or import some first."
NOTHING = "Nothing was found. {} can be frozen into a snapshot once they are approved."
SUMMARY = "{} looked at: {} to look into{}."
BLOCKED = ", {} of them before a snapshot can be made"
UNCHECKED = "Not checked. {}"

NAMES = {
    Check.LEAKS: "Leaks",
    Check.SECRETS: "Secrets",
    Check.PERSONAL_DATA: "Personal data",
    Check.DUPLICATES: "Duplicates",
    Check.NEAR_DUPLICATES: "Near duplicates",
    Check.CONTRADICTIONS: "Contradictions",
    Check.TOO_LONG: "Too long",
    Check.LANGUAGE: "Another language",
    Check.STALE: "Out of date",
}
ADVICE = {
    Check.LEAKS: (
        "An adapter that learns a question, its passage or its document cannot be judged by it: the score would say "
        "what it remembers. Reject the example, or accept it and read scores on those questions with that in mind."
    ),
    Check.SECRETS: "What is learned can be asked for. Redact it, and change the password or key: it was in a file.",
    Check.PERSONAL_DATA: "Redact what is about a person. An office's own address may well stay: accept it.",
    Check.DUPLICATES: "Said twice, it is learned twice. Keep one and reject the others.",
    Check.NEAR_DUPLICATES: "They share at least 80 % of their words. Keep the better one, or both if it matters.",
    Check.CONTRADICTIONS: "The same question has answers that cannot all be right. Reject the wrong ones.",
    Check.TOO_LONG: "What does not fit is cut off or left out when training. Shorten it.",
    Check.LANGUAGE: "Most documents of this collection are in another language. Accept it where that is meant.",
    Check.STALE: "The document changed, or is gone, since the example was made. Read it against the document.",
}
OPEN, ACCEPTED, NONE = "{} to look into", "{} accepted", "nothing found"
BLOCKS = "keeps a snapshot from being made"
MORE = "{:,} more are not shown here. <code>python -m admin examples check</code> lists all."
AND_MORE = "and {:,} more that say it, too: {}"
QUESTION, ANSWER, REJECTED, TURN, PASSAGE = "Question", "Answer", "Worse answer", "Turn {}", "Passage {}"
HELD = "Held out"
ONE, OTHER = "Example {}", "Example {}"

ACCEPT, ACCEPT_ALL, REDACT, TAKE_BACK = "Accept…", "Accept all {}…", "Redact", "Take back"
ACCEPT_QUESTION = "Why may it stay?"
ACCEPT_WARNING = "Your reason is kept on record with your name, and stands for as long as the example says the same."
ACCEPT_FIELD = "Reason"
REDACT_QUESTION = "Redact example {}?"
REDACT_WARNING = (
    "A new version says [redacted: {}] instead. Earlier versions keep the words until the example is deleted."
)
ACCEPTED_BY = "Accepted by {}: {}"
SOMEBODY = "somebody who has left"
ACCEPTED_NOW = "It is accepted, on record."
ACCEPTED_ALL_NOW = "{} accepted, on record."
TAKEN_BACK = "It is to be looked into again."
REDACTED = "It is redacted: version {} says so."
ALL_LEAKS = {"same document": "that share only the document", "": ""}
