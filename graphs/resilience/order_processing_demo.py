"""Order processing, as the lab shows it: texts, examples and outcomes."""

from collections.abc import Mapping, Sequence

from graphs.figures import Figure, Happened, States
from graphs.outcome import Ended, counted, euros, short, times
from graphs.pattern import Example, Family, Go, Json, Lane, Pattern, Reply
from graphs.resilience.order_processing import ALERT, build
from graphs.script import by_instruction


def _outcome(ended: Ended) -> str:
    paid = sum(row["cents"] for row in ended.ledger)
    charged = f"charged {times(len(ended.ledger))}: {euros(paid)}" if ended.ledger else "nothing charged"
    status = ended.values.get("status", "")
    if ended.failed or not status:
        return f"Stopped by an error, {charged}"
    if not ended.ledger and status != "cancelled":
        return f"Order {status}, but this thread charged nothing"
    failures = ended.values.get("metrics", {}).get("failures", 0)
    alert = ", alert sent" if failures >= ALERT else ""
    return short(f"Order {status}, {charged}, {counted(failures, 'failure')}{alert}", 72)


def _figures(happened: Happened) -> Sequence[Figure | States]:
    said = [data for step in happened.steps for data in step.progress]
    circuits = {data["service"]: data["circuit"] for data in said if "circuit" in data}
    disturbed = [service for service, circuit in circuits.items() if circuit != "closed"]
    kills = sum(attempt.error.startswith("The process") for step in happened.steps for attempt in step.failed_attempts)
    metrics = [step.wrote["metrics"] for step in happened.steps if "metrics" in (step.wrote or {})]
    calls = metrics[-1]["calls"].items() if metrics else ()
    # What a process told that was killed right after it may be lost; the count in the state is not.
    counts = [data["failures"] for data in (*said, *metrics) if "failures" in data]
    failures = max(counts, default=0)
    circuit, stands = (f"Circuit of {disturbed[-1]}", circuits[disturbed[-1]]) if disturbed else ("Circuits", "closed")
    return (
        States(circuit, ("closed", "open", "half-open"), stands),
        Figure("Failures", str(failures), alarming=failures > 0),
        Figure("Alert", "sent" if failures >= ALERT else "none", alarming=failures >= ALERT),
        Figure("Kills", str(kills), alarming=kills > 0),
        Figure("Calls", ", ".join(f"{name} {number}" for name, number in calls if number) or "…"),
    )


def _input(
    items: str, service: str = "payment", failures: int = 0, failure: str = "connection lost", crash: str = "never"
) -> Mapping[str, Json]:
    given = {"items": items, "customer": "anna@example.org", "service": service}
    return {**given, "failures": failures, "failure": failure, "crash": crash}


_YES, _NO = (Reply({"decision": decision}, person="Maya") for decision in ("approved", "rejected"))

PATTERN = Pattern(
    slug="order-processing",
    title="Order processing",
    family=Family.RESILIENCE,
    summary="One order through stock, approval, payment and shipping, with one charge whatever fails or dies.",
    watch=(
        "The ledger has one charge an order, however often the payment is retried, killed, replayed or forked.",
        "Each service has a circuit of its own, which three failures in a row open; its node isn't retried then.",
        "From 500 € on a manager decides, before anything is paid.",
        "A payment whose answer got lost is looked up in the ledger before the order is cancelled.",
        "With the third failure of all services together, operations get a mail, once.",
        "What isn't paid gives its items free again; what is paid is never cancelled, but left to people.",
    ),
    sources=("AP challenge",),
    lanes=(
        Lane(
            "order",
            "Order",
            "Retries each service behind a circuit of its own, and handles what is left.",
            build,
            outcome=_outcome,
            figures=_figures,
        ),
    ),
    examples=(
        Example("The payment fails twice", _input("lamp x 2, chair", failures=2), unhappy=True),
        Example("A large order, approved", _input("desk, lamp x 3"), {"order": (_YES,)}),
        Example("A small order", _input("lamp")),
        Example("A large order, refused", _input("sofa"), {"order": (_NO,)}, unhappy=True),
        Example("The bank is down", _input("chair x 2", "payment", 9, "timeout"), unhappy=True),
        Example("The bank's answers get lost", _input("chair", "answer of payment", 9), unhappy=True),
        Example("Nobody ships", _input("lamp x 4", "shipping", 9, "rate limit"), unhappy=True),
        Example(
            "Killed right after the charge",
            _input("desk x 2", crash="after-charge"),
            {"order": (_YES, Go())},
            unhappy=True,
        ),
    ),
    script=by_instruction({}),
    tables=("ledger", "records", "outbox"),
    crash_field="crash",
)
