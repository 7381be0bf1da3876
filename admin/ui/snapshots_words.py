"""Every word that the snapshots show."""

SNAPSHOTS = "Snapshots"
NEW = "New snapshot"
NAME, NAME_EXAMPLE = "Name", "answers-1"
COLLECTION = "Collection"
SHARE = "Kept aside to validate on"
SHARES = {"0": "nothing", "0.05": "up to 5 %", "0.1": "up to 10 %", "0.2": "up to 20 %", "0.3": "up to 30 %"}
SEED, SEED_HINT = "Seed", "Another number keeps other documents aside."
DECLARED = "Why examples that leak stay"
DECLARED_HINT = "Only if there are any, and on purpose. It is said wherever the snapshot is judged."
CREATE = "Freeze approved examples"
BAD_SHARE = "Choose how many examples are kept aside to validate on."
CHECKING = "Checking every approved example…"
MADE = "“{}” is frozen: {} to train on, {} to validate on."

EMPTY = "Freeze what is going to be learned"
EMPTY_HINT = (
    "A snapshot is the approved examples of a collection as they are now, under a name and a hash. It never changes, "
    "so that a training run can be repeated and explained. Examples from one document stay on one side of the split."
)
COLUMNS = ("Snapshot", "Train", "Validate", "Hash", "Checks", "Made", "Runs", "")
LOOK, DELETE, CLOSE = "Look", "Delete", "Close"
NO_RUNS = "none yet"
RUN = "run {} ({})"
CLEAN, OPEN, ACCEPTED, LEAKS = "nothing found", "{} open", "{} accepted", "leaks declared: {}"
DELETE_QUESTION = "Delete the snapshot “{}”?"
DELETE_WARNING = "The list of its {} and their split will be gone. The examples themselves stay."
DELETED = "The snapshot “{}” is deleted. Its examples are kept."

COMPARE, WITH = "Compare", "with"
ROWS = ("Example", "Version", "For", "Question")
FOR = {"train": "training", "validation": "validation"}
MORE = "{:,} more are not shown here. <code>python -m admin snapshot show NAME</code> lists all."
ABOUT = "{} of {}, seed {}."
DIFFERENCE = "What “{1}” has that “{0}” has not"
SAME_ROWS = "{} the same in both."
ADDED, REMOVED, REWORDED, MOVED = "Added", "Left out", "Says something else", "On the other side of the split"
