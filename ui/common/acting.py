"""As whom the visitor acts: a person chosen in the sidebar or, where Streamlit's login is configured, who signed in."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from graphs.people import NOBODY, Person
from lab.workspace import RunOptions
from ui.common.context import model_choice, the_lab

PERSON_PARAMETER = "person"
"""Names the chosen person in the address and in the session."""


def login_configured() -> bool:
    """Return whether visitors sign in, so that nobody chooses whom to act as."""
    return "is_logged_in" in st.user


def acting_person() -> Person:
    """Return as whom the visitor acts; somebody without a name where nobody has signed in who would have to."""
    people = the_lab().people
    if login_configured():
        identity, is_mail = _identity(st.user.to_dict())
        return people.signed_in(identity, is_mail=is_mail) if identity else NOBODY
    chosen = str(st.session_state.get(PERSON_PARAMETER) or "")
    return people.find_or_first(chosen)


def _identity(claims: Mapping[str, Any]) -> tuple[str, bool]:
    """Return by what somebody who signed in is known, and whether that is a mail address; nothing if it is unproved."""
    mail = str(claims.get("email") or "")
    if not claims.get("is_logged_in"):
        return "", False
    if mail:
        # An address that the provider hasn't checked may be anybody's.
        return ("", False) if claims.get("email_verified") is False else (mail, True)
    return str(claims.get("name") or ""), False


def act_as(name: str) -> None:
    """Act as another person from now on, in this tab."""
    st.session_state[PERSON_PARAMETER] = name


def run_options() -> RunOptions:
    """Return the model and the pace with which a run begins or goes on, and who decides that."""
    chosen = model_choice()
    return {"model": chosen.model, "pace": chosen.pace, "person": acting_person().name}
