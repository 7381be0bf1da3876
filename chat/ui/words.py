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
COLLECTION = "Collection"
ALL_COLLECTIONS = "All documents"

SEARCHING = "Searching the documents…"
READING = "Reading what was found…"
THINKING = "Thinking…"
STILL_WRITING = "Still being written…"
STOPPED = "Stopped"
FAILED = "This answer could not be finished. Ask again to have another try."
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

BAD_LINK = "This address does not lead to a conversation. Start a new one, or pick one from the list."
BAD_PASSAGE = "This link does not lead to a passage. Open it from the answer it belongs to."
BAD_MODE = "There is no mode {!r}. There are: {}."
