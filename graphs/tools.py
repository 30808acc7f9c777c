"""Reading the tool calls of a model's answer, and refusing an answer that lacks them."""

from typing import TypeVar

from langchain_core.messages import AIMessage
from pydantic import BaseModel, ValidationError

Tool = TypeVar("Tool", bound=BaseModel)


class ToolNotCalled(RuntimeError):
    """Raised when a model that was given a tool answers with text, refuses, or calls the tool wrongly."""


def called(answer: AIMessage, tool: type[Tool]) -> list[Tool]:
    """Gives the calls of a tool in their order; raises ToolNotCalled where there is none or one doesn't fit."""
    calls = [call["args"] for call in answer.tool_calls if call["name"] == tool.__name__]
    if not calls:
        refusal = answer.additional_kwargs.get("refusal") or answer.text
        raise ToolNotCalled(
            f"The model didn't call the tool '{tool.__name__}' and said: {str(refusal)[:160]!r}. This step needs at "
            "least one call. Try again, change the input, or choose a model that calls tools."
        )
    try:
        return [tool.model_validate(args) for args in calls]
    except ValidationError as error:
        raise ToolNotCalled(
            f"The model called the tool '{tool.__name__}' with arguments that don't fit its schema: "
            f"{error.errors()[0]['msg']}. Try again, or choose a model that calls tools reliably."
        ) from error
