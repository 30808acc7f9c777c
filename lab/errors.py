"""Errors of the lab: each message says the thing, the rule and the remedy."""

from collections.abc import Iterable


class LabError(Exception):
    """The base of all errors that the lab raises on purpose."""


class UnknownThread(LabError):
    """Raised when a thread doesn't exist or belongs to another workspace; the two can't be told apart."""

    def __init__(self, thread_id: str) -> None:
        super().__init__(
            f"There is no thread '{thread_id[:80]}' in this workspace. "
            "Open one from the page Threads, or start a new one."
        )


class UnknownCheckpoint(LabError):
    """Raised when a thread has no checkpoint of that id."""

    def __init__(self, checkpoint_id: str) -> None:
        super().__init__(
            f"The thread has no checkpoint '{checkpoint_id[:80]}'. Pick a row of its history; "
            "an id can't be made up or taken from another thread."
        )


class Unreadable(LabError):
    """Raised when what was saved of a thread can't be read, be it damaged or a value that its own type refuses."""

    def __init__(self, checkpoint_id: str | None, error: Exception) -> None:
        which = f"Checkpoint {checkpoint_id[:80]}" if checkpoint_id else "The newest checkpoint of this thread"
        message = (str(error).splitlines() or [""])[0][:200]
        super().__init__(
            f"{which} can't be read ({type(error).__name__}: {message}). "
            "It was left as it is, and all other checkpoints and threads can be used: pick an earlier one to look at, "
            "to replay or to fork."
        )


class UnknownLane(LabError):
    """Raised when a thread's pattern or lane isn't in this version of the lab."""

    def __init__(self, slug: str, lane: str = "") -> None:
        what = f"no lane '{lane[:80]}' of a pattern '{slug[:80]}'" if lane else f"no pattern '{slug[:80]}'"
        super().__init__(
            f"There is {what} in this version, so that nothing of it can be shown or run. A thread of it was left as "
            "it is: it can be renamed, copied and deleted on the page Threads. To look into it, start the version of "
            "the lab that made it."
        )


class ThreadBusy(LabError):
    """Raised when a thread already has a run; a second one would fork it and hide one result."""

    def __init__(self, thread_id: str, elsewhere: str = "") -> None:
        """Name the other process that has the thread, where it isn't this one."""
        super().__init__(
            f"Thread {thread_id[:8]} is running{f' in another process ({elsewhere})' if elsewhere else ''}. "
            "One run a thread at a time: wait for its end or stop it first."
        )


class TooManyRuns(LabError):
    """Raised when a workspace has as many runs at work as it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} runs of this workspace are at work, and more at once aren't allowed (LAB_RUNS_PER_WORKSPACE). "
            "Wait for one to end, or stop one."
        )


class ClaimLost(LabError):
    """Raised when another process took a thread over because this one's lease ran out, so it must write no more."""

    def __init__(self, thread_id: str) -> None:
        super().__init__(
            f"Another process took thread {thread_id[:8]} over, because this one didn't renew its lease in time "
            "(LAB_LEASE). Nothing more is written from here. Look at the thread as it stands now."
        )


class StaleAnswer(LabError):
    """Raised when the question was answered, or the thread moved on, since the answer's form was shown."""

    def __init__(self) -> None:
        super().__init__(
            "This question has been answered already, or the thread has moved on since it was shown. "
            "Nothing was changed. Look at the thread as it stands now and answer what it asks there."
        )


class TooLate(LabError):
    """Raised when a person answers a question whose deadline has passed, and which the lab itself answers then."""

    def __init__(self, seconds: float, answer: str) -> None:
        """Name how long ago that was, and the answer that counts in place of any other."""
        super().__init__(
            f"The deadline of this question passed {_ago(seconds)}, and after it one answer alone counts, which the "
            f"lab gives by itself: {answer[:200]}. Nothing was changed. See what came of it; to decide after all, "
            "answer again from the thread's history, or start a new thread."
        )


def _ago(seconds: float) -> str:
    """Say how long ago something was, in whole units."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size:,.0f} {unit}s ago"
    return "just now" if seconds < 2 else f"{seconds:.0f} seconds ago"


class AnswerKept(LabError):
    """Raised when a question is answered whose node has an answer already and failed after it."""

    def __init__(self) -> None:
        super().__init__(
            "This question was answered already, and its node failed after that. The answer is kept and another one "
            "would be passed over for it, so nothing was changed. Retry with the same answer, or answer "
            "differently, which asks anew."
        )


class AnswerPending(LabError):
    """Raised when a thread that waits for an answer is asked to go on without one."""

    def __init__(self) -> None:
        super().__init__(
            "The thread waits for an answer. New input or a bare resume would drop the question: "
            "answer it, or start a new thread."
        )


class NothingToContinue(LabError):
    """Raised when a thread has finished, or never began, and is asked to go on."""

    def __init__(self) -> None:
        super().__init__("The thread has no work left. Send new input, or start a new thread.")


class WorkLeft(LabError):
    """Raised when new input is sent to a thread that stopped before its end; its pending work would be dropped."""

    def __init__(self) -> None:
        super().__init__(
            "The thread stopped before its end and has work left, which new input would drop. "
            "Let it go on first, by the button in its lane, or start a new thread."
        )


class InvalidInput(LabError):
    """Raised when values don't fit their schema; `fields` has a sentence for each field at fault."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        super().__init__(f"{' '.join(dict.fromkeys(fields.values()))} Nothing was changed: correct it and send again.")


class NotPossible(LabError):
    """Raised when a thing can't be done with this lane or storage; the message says why and what to do."""


class NotConfirmed(LabError):
    """Raised when a replay would act outside the state again and nobody has confirmed that it should."""

    def __init__(self, nodes: Iterable[str]) -> None:
        names = ", ".join(f"'{name[:80]}'" for name in nodes)
        super().__init__(
            f"What runs again from here can act outside the state once more: {names}. Such a replay begins only on "
            "confirmation, so nothing was run. Confirm it, or choose a later checkpoint."
        )


class DamagedDatabase(LabError):
    """Raised at start when the database file can't be trusted."""

    def __init__(self, path: str, finding: str) -> None:
        super().__init__(
            f"The database file {path} is damaged ({finding}). The lab doesn't open it and doesn't change it. "
            "Restore a copy, or move the file away and start again, or name another one by LAB_DATABASE."
        )


class DamageFound(LabError):
    """Raised when the database file turns out to be damaged while the lab is at work."""

    def __init__(self, finding: str) -> None:
        super().__init__(
            f"The database file is damaged ({finding}). What can still be read is shown, and no run begins, because "
            "what it saves could be lost or do more damage. Export the threads that you need, stop the lab, and "
            "restore a copy of the file or name another one by LAB_DATABASE."
        )


class NewerDatabase(LabError):
    """Raised at start when a newer version of the lab has made or changed the database."""

    def __init__(self, given: int, known: int) -> None:
        super().__init__(
            f"The database has version {given}, which a newer program has made; this one knows versions up to {known}. "
            "It was left as it is. Start that newer program, or name another database by LAB_DATABASE."
        )


class InvalidSettings(LabError):
    """Raised at start when settings have values that can't be used; values aren't repeated, they may be secret."""

    def __init__(self, given: dict[str, str]) -> None:
        message = "; ".join(f"{name}: {message[:1].lower()}{message[1:]}" for name, message in given.items())
        super().__init__(f"The settings can't be used: {message}. Correct them in the environment or in .env.")


class UnusableDatabase(LabError):
    """Raised at start when the database that the settings name can't be opened; the message says why and what to do."""


class StorageUnavailable(LabError):
    """Raised when the database can't be read or written now, though nothing in it is wrong."""


class NotAllowed(LabError):
    """Raised when somebody may not answer a question; nothing was changed, and the question still waits."""


class UnknownPerson(NotAllowed):
    """Raised when somebody acts who isn't in the directory."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no '{name[:80]}' in the lab's directory of people. Only those in it may act: choose one of them."
        )


class NobodyActs(NotAllowed):
    """Raised when a question that not everybody may answer is answered by nobody in particular."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"This question is for {who}, and the answer came from nobody in particular. "
            "It still waits: answer as a person of the directory."
        )


class OtherPerson(NotAllowed):
    """Raised when a question for one person is answered by another."""

    def __init__(self, name: str, meant: str) -> None:
        super().__init__(
            f"{name} may not answer this question: it's for {meant[:80]} alone. It still waits for {meant[:80]}."
        )


class OwnRequest(NotAllowed):
    """Raised when somebody decides on what they asked for themselves."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} may not answer this question: it's about {name}'s own request, and nobody decides on their own. "
            "It still waits for somebody else."
        )


class DecidedBefore(NotAllowed):
    """Raised when somebody decides a second time on one request."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} may not answer this question: {name} has decided on this request already, and nobody decides "
            "twice. It still waits for somebody else."
        )


class WrongRole(NotAllowed):
    """Raised when somebody answers who doesn't have the role that a question is for."""

    def __init__(self, name: str, roles: str, role: str) -> None:
        super().__init__(
            f"{name} may not answer this question: it's for the role '{role}', and {name} has {roles}. "
            f"It still waits for somebody with the role '{role}'."
        )


class WrongTurn(NotAllowed):
    """Raised when somebody answers whose role is asked earlier or later than the one that is asked now."""

    def __init__(self, name: str, role: str, now: str, *, later: bool) -> None:
        turn = "comes later" if later else "has had its turn"
        super().__init__(
            f"{name} may not answer this question: it's the turn of the role '{now}', and '{role}' {turn}. "
            f"It still waits for somebody with the role '{now}'."
        )
