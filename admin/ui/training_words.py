"""Every word that the Training tab shows, but for what the settings say of themselves."""

TRAINING = "Training"
EMPTY = "Nothing was trained yet"
EMPTY_HINT = (
    "A run learns from a frozen snapshot of approved examples, and makes an adapter: a small file that changes how the "
    "model answers. Nobody is answered by it until it is promoted in the Adapters tab."
)
NO_SNAPSHOT = "There is nothing to learn from yet"
NO_SNAPSHOT_HINT = (
    "Training begins with examples: a question and the answer it should have got. Collect and approve some in Training "
    "examples, then freeze them there, under Snapshots."
)
TO_EXAMPLES = "Go to Training examples"

NEW = "New run"
SNAPSHOT = "Learn from the snapshot"
SNAPSHOT_LINE = "{} · {} to learn from, {} held out · {}"
CHECKED = "Its checks: {}."
GOAL = "What for?"
NAME, NAME_EXAMPLE = "Call the adapter", "a name is chosen if this is empty"
SETTINGS = "All settings"
SETTINGS_HINT = "Each is safe as it stands. Another goal sets them anew."
GROUPS = (
    ("What learns", ("objective", "rank", "alpha", "dropout", "targets", "layers")),
    ("How far it goes", ("epochs", "learning_rate", "warmup", "weight_decay", "clip", "beta")),
    ("What it sees", ("batch", "at_once", "max_tokens", "max_rows", "look_up")),
)
OTHERS = "What is kept"
CHOICES = {
    "objective": {
        "supervised fine-tuning": "supervised fine-tuning",
        "continued pre-training": "continued pre-training",
        "preference optimisation": "preference optimisation",
    },
    "targets": {"all": "all linear maps", "attention": "attention alone"},
}
WITHOUT = "all"
LOOK, MEASURE, TRY, BEGIN = "See the tokens", "Estimate", "Dry run", "Train"
LOOK_HINT = "What becomes of every row, and which tokens are learned."
MEASURE_HINT = "Takes two real steps and says what the run will take."
TRY_HINT = "Takes two real steps, loads the result in the engine that answers, and asks it."
BEGUN = "Run {} is queued. The list shows how it goes; you may close this page."

READING = "Reading the rows"
HALT = "Stop"
HALTED = "Stopped. Nothing was begun."
WHAT_BECOMES = "What becomes of the rows"
BECOMES = (
    ("{:,}", "learned from"),
    ("{:,}", "held out"),
    ("{:,}", "cut to fit"),
    ("{:,}", "left out"),
    ("{:,}", "that forbid the run"),
    ("{:,}", "tokens learned in an epoch"),
    ("{:,}", "tokens read, not learned (masked)"),
    ("{:,}", "tokens in the longest row"),
)
LEFT_OUT, FORBID, CUT = "Left out", "Forbid the run: mend or reject them, and freeze anew", "Passages cut to fit"
MORE = "and {:,} more"
WILL_TAKE = "What the run will take"
TAKES = ("Steps", "Time", "Memory at most", "Disk", "Speed", "Number format")
ABOUT, DISK, SPEED = "about {}", "{} of {} free", "{:,.0f} tokens/s"
NO_ROOM = "The disk has no room for it. Delete old runs, or make some."
ANSWERS = "After two steps the engine took the adapter and answered:"
NO_ANSWER = "(nothing)"

TOKENS = "Row {} of {:,}: {}"
READ, LEARNED = "Read only · {}", "Learned · {}"
TOKENS_HINT = "Each frame is a token. Only what is underlined carries the loss: the model learns to say that."
CLIPPED = "Its passages were cut to fit."
TOO_MANY = "The first {:,} of {:,} tokens are shown."
PREVIOUS, NEXT, GO, ROW, CLOSE = "Previous", "Next", "Go", "Row", "Close"

STATES = {
    "queued": ("◌", "Waiting for a worker"),
    "running": ("◐", "Training"),
    "paused": ("‖", "Paused"),
    "stopped": ("■", "Stopped"),
    "finished": ("✓", "Finished"),
    "failed": ("!", "Failed"),
}
BEHIND = "Waits for run {}, which has this machine"
WANTED = {"pause": "Pausing…", "stop": "Stopping…"}
PREPARING = "Reading the rows and the model"
PROGRESS, LEFT = "Step {:,} of {:,}", "about {} left"
SECONDS, MINUTES, HOURS = "{} s", "{} min", "{} h {} min"
HELD_OUT_LOSS = "Held-out loss {:.3f} → {:.3f}"
LAST_LOSS = "Loss {:.3f} at step {:,}"
TOOK, BY, GONE = "took {}", "by {}", "a deleted snapshot"
RUNS = "Runs"
OPEN, PAUSE, STOP, RESUME, REMOVE = "Open", "Pause", "Stop", "Go on", "Delete"
STOP_QUESTION = "Stop run {}?"
STOP_WARNING = "It ends after the step it is at. Its last checkpoint stays, so that it can go on all the same."
REMOVE_QUESTION = "Delete run {}?"
REMOVE_WARNING = "Its checkpoints, its curve and its record, {}, will be gone for good.{}"
ADAPTER_STAYS = " The adapter {} stays."
NO_ADAPTER_LOST = " No adapter came of it, and it can no longer go on."
PAUSED = "It pauses after the step it is at, and keeps a checkpoint."
STOPPED = "It stops after the step it is at. What was learned is kept."
RESUMED = "It goes on from its last checkpoint."
REMOVED = "Run {} and its files are deleted."
BACK = "Back to the list"

LOSS, LEARNING, HELD_OUT, AGAIN = "Loss", "training", "held out", "done again after a break"
GRAD_NORM, RATE = "Gradient norm", "Learning rate"
NO_CURVE = "The curve begins with the first step."
STEP = "step {:,}"
SAID = "{}: {:.4g} at step {:,}, {:.4g} at step {:,}."
SAID_SEAMS = " Resumed at step {}."
SEAM = "Resumed at step {}. Steps between the last checkpoint and the break were done again: the dotted line."
NUMBERS, NUMBER_COLUMNS = "The numbers", ("Step", "Loss", "Held out", "Gradient norm", "Learning rate", "Tokens/s")
SAMPLES = "What it answers at step {:,}"
SAMPLES_HINT = "Questions that were held out, each answered by the model alone and by what it has learned so far."
BASE, ADAPTER = "The model alone", "With the adapter"

CANDIDATE = "The adapter {} is there"
CANDIDATE_HINT = "It answers nobody yet. Measure it on held-out questions first, then promote it."
MEASURE_IT, SEE_IT = "Measure it", "See it among the adapters"
CARD = "How it was made"
CARD_ROWS = (
    "Goal", "Method", "Base model", "Revision", "Snapshot", "Rows", "Kept", "Held-out loss", "Seed", "Time", "Tokens",
    "Resumed at", "Made by", "Libraries",
)  # fmt: skip
KEPT_STEP = "step {} of {}, the best"
NONE = "never"
HYPERPARAMETERS = "Every setting"
NOTHING_ASKED = "Choose a snapshot and a goal first."
