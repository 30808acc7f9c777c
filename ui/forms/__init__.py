"""Forms: of inputs and answers, of a state, and of a question's schema or the tool calls that it asks about."""

from ui.forms.json_form import ask, values_in_form
from ui.forms.questions import answer_in_form, ask_question, ask_with_draft, carry_drafts, draft_of
from ui.forms.state_form import StateForm
from ui.forms.who_may import draw_who_may, own_questions
from ui.forms.widgets import complain

__all__ = [
    "StateForm",
    "answer_in_form",
    "ask",
    "ask_question",
    "ask_with_draft",
    "carry_drafts",
    "complain",
    "draft_of",
    "draw_who_may",
    "own_questions",
    "values_in_form",
]
