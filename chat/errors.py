"""Failures a person can cure. The message says what is wrong and what to do about it."""


class AppError(Exception):
    """Base of every failure whose message is fit to be shown to the person who caused it."""


class SettingsError(AppError):
    """A setting is missing or wrong; the message names it and says how to mend it."""


class DatabaseError(AppError):
    """The database cannot be used as it is; the message says what to change or type."""


class EmbedderChangedError(DatabaseError):
    """The chunks are not, or no longer, searched by the vectors of the embedder that was meant."""


class ModelError(AppError):
    """A model cannot be loaded or does not answer; the message says which command or setting mends it."""


class BusyError(ModelError):
    """The model is there and has too much to do; the message says when to try again."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class LostError(ModelError):
    """The connection to the model broke, or what came through it was cut short. Asking once more may help."""


class AdapterRefusedError(ModelError):
    """The model server does not answer with an adapter; the model itself may be well."""


class NotFoundError(AppError):
    """What was named does not exist, or the person asking may not know that it does."""


class InvalidInputError(AppError):
    """What was given cannot be used; the message says what would be."""


class NotAllowedError(AppError):
    """What was asked for takes rights that this person has not got; the message says whom to ask."""


class WrongKeyError(AppError):
    """Nobody is let in without a key, or with this one; the message says how to get one."""


class SignInError(AppError):
    """Who somebody says they are could not be confirmed; the message does not say whether they exist."""


class TooManyTriesError(SignInError):
    """It was tried too often; the message says when to try again."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
