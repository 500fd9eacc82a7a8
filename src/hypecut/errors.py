"""Every kind of failure hypecut can report, each with its exit code and HTTP status.

The message is one sentence that says what is wrong and how to cure it. A `HypecutError` is shown without a
traceback; any other exception is a fault of the program and is logged with its full trace.

    HypecutError              failed                     exit 1, HTTP 500
    ├── UsageError            wrong options or values    exit 2, HTTP 422
    │   ├── BadInputError     a file that can't be used  exit 2, HTTP 422
    │   │   ├── ChatFormatError, PlanError, MediaError, UnknownStreamerError
    │   ├── FolderInUseError  another job's output       exit 2, HTTP 409
    │   ├── UnknownJobError   no job of that id          exit 2, HTTP 404
    │   ├── JobStateError     not in the job's state     exit 2, HTTP 409
    │   └── PlanChangedError  another one changed it     exit 2, HTTP 409
    ├── NothingFoundError     no moment to show          exit 3, HTTP 422
    │   └── ThinChatError     too few messages to judge
    ├── SourceUnavailableError  a remote source failed   exit 4, HTTP 502
    │   ├── HttpStatusError, QueryRetiredError, IntegrityRefusedError
    │   └── SourceGoneError   not there, or not for us
    │       └── ClipGoneError
    ├── DiskFullError         no room for the output     exit 1, HTTP 507
    ├── DatabaseError         jobs can't be kept         exit 1, HTTP 503
    ├── JobFailedError        a job's run failed         exit 1, HTTP 500
    └── InterruptedByUserError  Ctrl-C or SIGTERM        exit 130, HTTP 409
        └── JobCancelledError   the job was cancelled
"""


class HypecutError(Exception):
    """Base of all errors meant for the user; `str()` of it is one sentence with the cure."""

    exit_code: int = 1
    http_status: int = 500


class UsageError(HypecutError):
    """An option or argument has a wrong value, or a needed one is missing."""

    exit_code = 2
    http_status = 422


class BadInputError(UsageError):
    """A file given by the user is missing, unreadable or not what it should be."""


class ChatFormatError(BadInputError):
    """A chat file's format is unknown, or its content does not follow that format."""


class PlanError(BadInputError):
    """A plan file is malformed, or one of its entries can't be used; the message names the entry."""


class MediaError(BadInputError):
    """A video can't be opened or decoded, or has no usable picture track."""


class UnknownStreamerError(BadInputError):
    """Twitch knows no streamer of the given name."""


class FolderInUseError(UsageError):
    """The output folder holds files of another job."""

    http_status = 409


class UnknownJobError(UsageError):
    """There is no job of the given id."""

    http_status = 404


class JobStateError(UsageError):
    """What was asked can't be done to a job in its state, such as cancelling one that is done."""

    http_status = 409


class PlanChangedError(UsageError):
    """A plan file was changed by another since it was read, so that writing it would undo that change."""

    http_status = 409


class NothingFoundError(HypecutError):
    """The input is fine, but there is nothing in it to make a montage of."""

    exit_code = 3
    http_status = 422


class ThinChatError(NothingFoundError):
    """The chat has too few messages to tell a highlight from chance."""


class SourceUnavailableError(HypecutError):
    """A remote source (Twitch) refused, failed or is out of reach."""

    exit_code = 4
    http_status = 502


class SourceGoneError(SourceUnavailableError):
    """What was asked for is not there, or not for this user: asking again is of no use."""


class HttpStatusError(SourceUnavailableError):
    """A server's answer had an error status."""

    # `status` is 0 where it is not known any more; `body` is the beginning of what the server said.
    def __init__(self, message: str, status: int = 0, body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class QueryRetiredError(SourceUnavailableError):
    """Twitch does not know a stored query any more, as after a change of its web pages."""


class IntegrityRefusedError(SourceUnavailableError):
    """Twitch refused a request because it takes hypecut for a robot ("failed integrity check")."""


class ClipGoneError(SourceGoneError):
    """A clip was deleted, or never was; no other source has it either."""


class DiskFullError(HypecutError):
    """The disk has no room for the output."""

    http_status = 507


class DatabaseError(HypecutError):
    """The database of jobs can't be reached, or is a newer version's."""

    http_status = 503


class InterruptedByUserError(HypecutError):
    """The user stopped the run; nothing half-written is left under a final name."""

    exit_code = 130
    http_status = 409


class JobCancelledError(InterruptedByUserError):
    """The job was cancelled while it ran."""


class JobFailedError(HypecutError):
    """A job's run ended badly: its process died, or the error was raised where its class is not known."""
