"""Offline answers by instruction: which function answers which system message."""

from collections.abc import Callable, Mapping, Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graphs.pattern import Script

Answer = Callable[[str, Sequence[BaseMessage]], str | AIMessage]
"""Gives an answer from the last human text and the whole conversation."""


class UnscriptedCall(LookupError):
    """Raised when a pattern's script has no answer for an instruction."""


def by_instruction(answers: Mapping[str, Answer]) -> Script:
    """Make a script that picks the answer by the first system message's exact text."""

    def script(messages: Sequence[BaseMessage]) -> str | AIMessage:
        instruction = next((m.text for m in messages if isinstance(m, SystemMessage)), "")
        if instruction not in answers:
            known = ", ".join(repr(name[:40]) for name in answers)
            raise UnscriptedCall(
                f"The offline script has no answer for the instruction {instruction[:80]!r}. "
                f"It answers {known}. Add an answer for it to the pattern's script."
            )
        asked = next((m.text for m in reversed(messages) if isinstance(m, HumanMessage)), "")
        return answers[instruction](asked, messages)

    return script
