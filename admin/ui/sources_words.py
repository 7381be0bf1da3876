"""Every word that the Sources tab and the field for web pages show."""

from chat.store.tables import SourceKind

SOURCES = "Sources"
PAGE_ADDRESS = "Address of a web page"
PAGE_PLACEHOLDER = "Or add a web page: https://…"
ADD_PAGE = "Add page"
FETCHING = "Fetching {}…"
NO_ADDRESS = "Type the page's address first, like https://example.org/page."

EMPTY = "Keep documents up to date by themselves"
EMPTY_HINT = (
    "A source is a folder on this machine, a list of web pages, or a site's sitemap. What is new there is read, what "
    "changed becomes a new version, what is gone stops answering. You see what would happen before anything does."
)
NEW = "Add a source"
KIND = "What it is"
KINDS = {
    SourceKind.FOLDER: ("Folder", "Whole path of the folder, on the machine that Apprentice runs on", "/srv/handbook"),
    SourceKind.URLS: ("Web pages", "Addresses, one a line", "https://example.org/opening-hours\nhttps://example.org/fares"),
    SourceKind.SITEMAP: ("Sitemap", "Address of the sitemap; many sites have theirs at /sitemap.xml", "https://example.org/sitemap.xml"),
}  # fmt: skip
NAME, NAME_EXAMPLE = "Name", "Handbook"
COLLECTION = "Collection"
EVERY = "Look for changes"
INTERVALS = {"": "only when asked", "60": "every hour", "1440": "every day", "10080": "every week"}
PREVIEW, ADD = "See what is there", "Add and sync"
ADDED = "“{}” is there, and its first sync is queued."

COLUMNS = ("Source", "Collection", "Documents", "Last sync", "Next", "")
SYNC, LOOK, REMOVE = "Sync now", "Preview", "Remove"
QUEUED, RUNNING, NEVER = "Waiting for a worker", "Looking at what is there", "Never synced"
FAILED = "Failed"
PROGRESS = "{:,} of {:,}"
CHANGES = {
    "added": ("+", "added"),
    "changed": ("~", "changed"),
    "removed": ("−", "removed"),
    "unchanged": ("=", "unchanged"),
    "unreadable": ("!", "unreadable"),
}
NO_CHANGES = "nothing changed"
AND_MORE = "and {:,} more"
ON_DEMAND = "when asked"
SOON = "now"
SYNC_QUEUED = "The sync is queued. The list shows how it goes."
SYNC_RUNS = "It is being synced already."

REMOVE_ALL = "Remove them all the same"
REMOVE_ALL_QUESTION = "Delete what vanished from “{}”?"
REMOVE_ALL_WARNING = (
    "The documents of everything that is no longer there will be gone for good, with all their versions. "
    "If a disk is not connected or a site is down, cancel, and sync again when it is back."
)
REMOVE_QUESTION = "Remove the source “{}”?"
REMOVE_WARNING = (
    "It will not be looked at any more. It made {}: keep them as they are now, or delete them for good with all "
    "their versions? The files or pages themselves are not touched."
)
KEEP, DELETE = "Remove, keep documents", "Remove and delete them"
REMOVED_KEPT = "The source is removed. Its documents are kept."
REMOVED_DELETED = "The source is removed, and with it {}: {}, {} and {} of files."

PLAN = "What a sync would do"
PLAN_NEW = "What there is"
LOOKING = "Looking… {:,} of {:,}"
LISTING = "Looking what there is…"
PLAN_COLUMNS = ("Change", "Place", "Why")
PLAN_NOTHING = "Nothing: everything is as it was."
PLAN_MORE = "{:,} more are not shown here."
WOULD_BE = "It would be: {}. Nothing has been changed yet."
CLOSE = "Close"
SHUT = "You look after no collection, so there is none that you could add a source to. Whoever owns one can let you."
NO_FOLDERS = "A folder on the machine takes an owner of the installation."
BAD_KIND = "Choose what the source is: a folder, web pages or a sitemap."
