"""What was accepted and never begun, as the page of its thread offers it."""

from graphs.pattern import Breakpoints
from lab.lab import Lab
from lab.runs import TurnRequest
from lab.workspace import Workspace
from lab.workspace_cookie import LOCAL
from tests.support.app_pages import markdowns, open_page, press
from tests.support.example_player import ended
from tests.support.toy_patterns import head


def test_a_message_that_was_accepted_and_never_begun_is_sent_by_one_press(pages_lab: Lab, here: Workspace) -> None:
    thread_id = here.start("conversation-memory", "remembers", {"message": "My name is Ada."}, pace=0).thread_id
    ended(here, thread_id)
    request = TurnRequest(
        thread_id=thread_id,
        workspace=LOCAL,
        pattern="conversation-memory",
        lane="remembers",
        model="offline",
        pace=0,
        breakpoints=Breakpoints(),
        values={"message": "What's my name?"},
    )
    with pages_lab.runs.claimed(LOCAL, thread_id, runs=True) as claim:
        claim.accept(request, head(here, thread_id).checkpoint_id, lambda _: None)

    at = open_page("conversation-memory", thread=thread_id)
    assert "Your message was accepted" in markdowns(at)
    (button,) = [found for found in at.button if str(found.key).endswith("_unbegun")]
    press(at, str(button.key))
    ended(here, thread_id)

    at = open_page("conversation-memory", thread=thread_id)
    assert "Your message was accepted" not in markdowns(at)
    assert head(here, thread_id).values["messages"][2]["text"] == "What's my name?"
