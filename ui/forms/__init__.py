"""Forms: of inputs and answers, of a state, and of a question's schema."""

from ui.forms.json_form import ask, values_in_form
from ui.forms.questions import answer_in_form, unchecked_notice
from ui.forms.state_form import StateForm
from ui.forms.widgets import complain

__all__ = [
    "StateForm",
    "answer_in_form",
    "ask",
    "complain",
    "unchecked_notice",
    "values_in_form",
]
