"""Errors for a model's answer that was cut off or can't be read."""


class AnswerCut(ConnectionError):
    """Raised where an answer ends without a word that it's over; a retry may have better luck."""

    def __init__(self) -> None:
        super().__init__("the answer ended without a finish_reason")


class AnswerUnreadable(ValueError):
    """Raised where the model server sends what is no piece of an answer."""
