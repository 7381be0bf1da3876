"""Every word the chat page shows, in one place, so that its language can be judged and changed as one text."""

PRODUCT = "Apprentice"

GREETING = "What would you like to know?"
GREETING_HINT = "Answers come from your documents, with the passages they rest on."

NEW_CHAT = "New chat"
SEARCH = "Search conversations"
CONVERSATIONS = "Conversations"
NO_CONVERSATIONS = "Your conversations will be kept here."
NOTHING_FOUND = "No conversation mentions that."
TODAY, YESTERDAY, EARLIER = "Today", "Yesterday", "Earlier"
RENAME, DELETE, CANCEL = "Rename", "Delete", "Cancel"
DELETE_TITLE = "Delete this conversation?"
DELETE_WARNING = "Its questions and answers will be lost for good."

SIDEBAR = "Show or hide conversations"
APPEARANCE = "Switch between light and dark"

QUESTION = "Question"
QUESTION_PLACEHOLDER = "Ask a question…"
SEND, STOP = "Send", "Stop"
TYPE_FIRST = "Type a question first."

MODE = "Answer from"
MODES = {"rag": "Documents", "base": "Model alone"}
MODE_HINTS = {
    "rag": "Every answer shows the passages it rests on.",
    "base": "From memory. Nothing is looked up.",
}
WITH_ADAPTER = "Documents + {}"
ADAPTER_ALONE = "{} alone"
COULD_NOT = "{} could not answer; this is without it"
COLLECTION = "Collection"
ALL_COLLECTIONS = "All documents"

SEARCHING = "Searching the documents…"
READING = "Reading what was found…"
THINKING = "Thinking…"
STOPPED = "Stopped"
FAILED = "This answer could not be finished. Ask again to have another try."
BROKE_OFF = "The model broke off here. Ask again to have the whole answer."
QUOTED = "Quoted from the documents"
SEARCHED = "Searched for"
ALSO_FOUND = "Also found"
COPY = "Copy"
SOURCES = "Sources"
SECONDS = "{:.1f} s"

PAGE = "page {}"
VERSION = "version {}"
CLOSE = "Close"
PASSAGE = "Passage in its document"
NEWER_VERSION = "A newer version of this document exists. This is the text the answer was written from."
DELETED = "This document was deleted since. Only what was kept with the answer is left."

EDIT = "Put this question in other words"
EDIT_TITLE = "Ask in other words"
EDIT_HINT = "What was asked and answered before stays: ‹ and › lead to it."
AGAIN = "Answer again, the way that is chosen below"
BRANCH = "Go on from here in a conversation of its own"
EARLIER_VERSION, LATER_VERSION = "Earlier version", "Later version"

SHARE = "Share or keep this conversation"
SHARE_HINT = "Who has the link and may sign in here can read it as it is now, without what they may not read."
SHARE_LINK = "Link to this conversation"
SHARE_PUBLISH, SHARE_COPY, SHARE_REVOKE = "Make a link", "Copy link", "Take link back"
SHARE_TAKEN = "Nobody has a link to this conversation."
KEEP_COPY = "Keep a copy"
SHARED_ON = "As it was shared on {}"
NOT_SHARED = "There is nothing here"
HIDDEN = "This answer rests on documents that you may not read."

WAY = "How this answer came about"
FOUND, READ, MODEL, FIRST_WORD, WHOLE = "Found", "Read", "Model", "First word", "Whole answer"
PASSAGES, IN_TIME, AFTER = "{} passages", "{} in {}", "after {}"
BEST_AND_CITED = "the best {}; cited: {}"

GOOD, BAD = "Good answer", "Bad answer"
WHAT_WAS_WRONG = "What was wrong?"
REASONS = {
    "wrong": "It is wrong",
    "not in the documents": "It is not in the documents",
    "outdated": "It is outdated",
    "bad citation": "A source does not say it",
    "style": "I do not like how it is put",
}
COMMENT = "Anything else?"
CORRECTION = "What should it have said?"
RATED = "Your rating is kept. To say more helps whoever looks into it."
KEEP, LATER, TAKE_BACK = "Send", "Not now", "Take rating back"
SAID = {"reasons": "What you found wrong", "comment": "Your comment", "correction": "Your answer"}

COMPARE = "Compare two answers"
COMPARE_HINT = "One question, two ways to answer it. Your vote helps to decide which one answers here."
BACK = "Back to the chat"
FIRST, SECOND = "Answer 1", "Answer 2"
FIRST_WAY, SECOND_WAY = "One way to answer", "Another way to answer"
BLIND = "Hide which is which until I have voted"
COMPARE_QUESTION = "Ask both ways…"
VOTE = "Which is better?"
VOTES = {"first": "Answer 1", "second": "Answer 2", "tie": "Both are good", "neither": "Neither is good"}
VOTED = {
    "first": "You preferred answer 1.",
    "second": "You preferred answer 2.",
    "tie": "You found both good.",
    "neither": "You found neither good.",
}
VOTE_KEPT = "Your vote is kept. Ask another question to go on."
COMPARE_STOPPED = "Stopped. Nothing of it is kept."
NOTHING_TO_VOTE = "There are no two answers to vote on. Ask a question first, and wait until both are there."

BAD_LINK = "This address does not lead to a conversation. Start a new one, or pick one from the list."
BAD_PASSAGE = "This link does not lead to a passage. Open it from the answer it belongs to."
BAD_RATING = "This rating does not belong to an answer. Load the page again."
BAD_VOTE = "There is no vote {!r}."
BAD_MODE = "There is no mode {!r}. There are: {}."
