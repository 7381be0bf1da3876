"""The words of the People tab."""

PEOPLE = "People"
KEYS = "API keys"
KEYS_HINT = "What programs ask with, over HTTP. A key may do what its person may, and no more."
OWNERS_ONLY = "Who is let in, an owner of the installation decides."
NOBODY_SIGNS_IN = "Nobody is asked to sign in yet: only this machine is let in, and whoever works on it is the owner."
FIRST_ACCOUNT = "The first account gives an owner a password: <code>python -m admin users password owner</code>"

NAME, ROLE, SIGNS_IN, BROWSERS, ACTS = "Name", "Role", "Signs in", "Signed in", ""
ROLES = {
    "asker": "Asker",
    "curator": "Curator",
    "trainer": "Trainer",
    "approver": "Approver",
    "owner": "Owner",
}
ROLES_MEAN = {
    "asker": "asks, and reads the collections that are open or of which they are a member",
    "curator": "makes collections, and looks after their documents and examples",
    "trainer": "also trains and brings adapters in",
    "approver": "also decides which adapter answers",
    "owner": "may do everything",
}
ROLE_OF = "Role of {}"
WHAT_ROLES_MAY = "What each role may do"
YOU, SUSPENDED, NOT_YET, YES = "you", "suspended", "not yet", "yes"
AT_THE_MACHINE = "also whoever works on this machine"
NOWHERE, LAST_SEEN = "–", "last {}"

INVITE, INVITE_NAME, INVITE_AS = "Invite", "Invite a person", "as"
INVITE_AGAIN, INVITE_LABEL = "New link", "New link for {}"
INVITE_AGAIN_QUESTION = "Make a new link for {}?"
INVITE_AGAIN_WARNING = (
    "With it they set a new password. An earlier link stops working; the password they have does not."
)
INVITED = "Give {} this link. It works once, within a week, and is shown only now:"
COPY = "Copy"

SUSPEND, SUSPEND_LABEL = "Suspend", "Suspend {}"
SUSPEND_QUESTION = "Suspend {}?"
SUSPEND_WARNING = (
    "They are signed out everywhere at once, and their API keys stop working. What they said and made is kept."
)
RESTORE, RESTORE_LABEL = "Let in again", "Let {} in again"
SIGN_OUT, SIGN_OUT_LABEL = "Sign out", "Sign {} out everywhere"
SIGN_OUT_QUESTION = "Sign {} out everywhere?"
SIGN_OUT_WARNING = "In every browser they have to sign in again."
CANCEL = "Cancel"

ROLE_CHANGED = "{} is {} now, and has to sign in again."
IS_SUSPENDED = "{} is suspended and let in nowhere."
IS_RESTORED = "{} is let in again."
IS_SIGNED_OUT = "{} was signed out everywhere."

KEY_FOR, KEY_NAME, KEY_SCOPES, MAKE_KEY = "For", "Name of what will use it", "What it is for", "Make a key"
SCOPES = {"ask": "Ask", "search": "Search", "embed": "Embed"}
KEY_MADE = "The key “{}” of {}. Keep it safe: it is shown only now."
KEY_COLUMNS = ("Key", "For", "May", "Last used", "")
NO_KEYS = "There are no keys."
REVOKE, REVOKE_LABEL, REVOKE_QUESTION = "Revoke", "Revoke the key {}", "Revoke the key “{}”?"
REVOKE_WARNING = "Programs that ask with it are refused at once. It cannot be taken back."
REVOKED = "Nobody gets in with that key any more."
IN_USE, IS_REVOKED, OWNER_SUSPENDED, NEVER = "in use", "revoked", "its person is suspended", "never"
NO_ROLE = "There is no role {!r}. There are: {}."
