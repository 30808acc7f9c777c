"""Ask a human, as the lab shows it: texts, examples, outcomes and offline answers."""

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from graphs.human.ask_human import ASSIST, build
from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern, Reply
from graphs.script import by_instruction

_KILOGRAMS = re.compile(r"(\d+(?:\.\d+)?) ?(?:kg|kilo)", re.IGNORECASE)
_COUNTRY = re.compile(r"\bto ([A-Z]\w+)")
_UNKNOWN = re.compile(r"\b(?:don't know|no idea|can't say)\b", re.IGNORECASE)
COUNTRY, WEIGHT = "Which country is the parcel for?", "How many kilograms does the parcel weigh?"


def _assist(asked: str, messages: Sequence[BaseMessage]) -> AIMessage:
    answers, prices = _results(messages, "ask_human"), _results(messages, "shipping_price")
    if prices and prices[-1].endswith("€"):
        return AIMessage(f"Sending the parcel costs {prices[-1]}.")
    if (answers and _UNKNOWN.search(answers[-1])) or len(prices) > 1:
        return AIMessage("Then I can't tell you the price. Come back when you know more.")
    # What was said last counts, and an answer needn't be a whole sentence.
    country = next(filter(None, (*map(_named, reversed(answers)), _country(asked))), "")
    weight = next(filter(None, (*map(_number, reversed(answers)), _weight(asked))), 0.0)
    if prices and prices[-1].startswith(f"No tariff for {country}."):
        return _calls(messages, "ask_human", question=f"{prices[-1]} {COUNTRY}")
    if not country or not weight:
        return _calls(messages, "ask_human", question=WEIGHT if country else COUNTRY)
    return _calls(messages, "shipping_price", country=country, kilograms=weight)


def _results(messages: Sequence[BaseMessage], name: str) -> list[str]:
    return [one.text for one in messages if isinstance(one, ToolMessage) and one.name == name]


def _country(text: str) -> str:
    match = _COUNTRY.search(text)
    return match[1] if match else ""


def _named(answer: str) -> str:
    """Return the country of an answer, which may be one word."""
    word = re.fullmatch(r"\s*([A-Z]\w+)\.?\s*", answer)
    return word[1] if word else _country(answer)


def _weight(text: str) -> float:
    match = _KILOGRAMS.search(text)
    return float(match[1]) if match else 0.0


def _number(answer: str) -> float:
    """Return the weight of an answer, which may be a number alone."""
    number = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*", answer)
    return float(number[1]) if number else _weight(answer)


def _calls(messages: Sequence[BaseMessage], name: str, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": f"call-{len(messages)}"}])


def _outcome(ended: Ended) -> str:
    asked = len(_results(ended.values.get("messages", ()), "ask_human"))
    after = f"after {counted(asked, 'question')}" if asked else "without a question"
    if ended.failed:
        return f"No answer {after}, stopped by an error"
    prices = [text for text in _results(ended.values["messages"], "shipping_price") if text.endswith("€")]
    return f"Told the price, {prices[-1]}, {after}" if prices else f"Told no price {after}"


PATTERN = Pattern(
    slug="ask-human",
    title="Ask a human",
    family=Family.HUMAN,
    summary="An agent that lacks something decides to ask, and goes on with the answer of a person.",
    watch=(
        "The agent chooses between its tools: it asks for the country or the weight only where the request lacks it.",
        "A question is an interrupt inside a tool: the thread waits at `tools`, and nothing runs meanwhile.",
        "The answer comes back as the tool's result; the agent may ask again before it calls `shipping_price`.",
        "The code shows `ask_by_input` too, the mistake, which isn't run: it would block the server for everybody.",
    ),
    sources=("EV 3.2",),
    untried_trap="A tool that calls input() waits at the server's terminal: no visitor can type there, and everybody "
    "else waits too. It's shown here in words and never run.",
    lanes=(
        Lane(
            "interrupts",
            "A tool that interrupts",
            "Asks on the page by an interrupt, where a tool that calls input() would wait at the server's terminal.",
            build,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example(
            "The weight is missing",
            {"request": "I'd like to send a lamp to Japan."},
            {"interrupts": (Reply("4.5 kg"),)},
        ),
        Example("Nothing is missing", {"request": "What does it cost to send 2 kg to France?"}),
        Example(
            "Country and weight, one after the other",
            {"request": "How much is a parcel?"},
            {"interrupts": (Reply("Poland"), Reply("12"))},
        ),
        Example(
            "A country without a tariff",
            {"request": "Send 3 kg of books to Atlantis, please."},
            {"interrupts": (Reply("Then to Germany."),)},
            unhappy=True,
        ),
        Example(
            "The person doesn't know",
            {"request": "I'd like to send a crate to France."},
            {"interrupts": (Reply("I don't know what it weighs."),)},
            unhappy=True,
        ),
    ),
    script=by_instruction({ASSIST: _assist}),
)
