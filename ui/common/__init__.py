"""Shared by all parts of a page: context, address, actions and text."""

from ui.common.acting import PERSON_PARAMETER, act_as, acting_person, login_configured, run_options
from ui.common.actions import ActionErrors, action_button, draw_refusal, guard, refusal_drawn, uninterrupted
from ui.common.address import CHECKPOINT_PARAMETER, Looked, Place, base_path, look_at, read_place
from ui.common.boxes import stream_box
from ui.common.business_rows import business_columns, business_row
from ui.common.context import LANES, PACES, is_known, model_choice, model_name, the_lab, workspace
from ui.common.controlled import is_changed, note_drawn, rows_digest, set_value
from ui.common.database import damage, in_place
from ui.common.nodes import HANDLER, node_name, node_path, nodes_as_code
from ui.common.page_state import (
    current_threads,
    forget_deleted,
    forget_thread,
    last_thread_query,
    show_thread,
)
from ui.common.scroll import LANE_SECTION, SCREEN, STATE_SECTION, bring_into_view, draw_scroll, take_scroll_ahead
from ui.common.style import apply_style
from ui.common.text import LIMIT, code, code_counted, counted, label_text, literal, safe, seconds, shown, sized
from ui.common.times import clock_times, stamp, zone_name

__all__ = [
    "CHECKPOINT_PARAMETER",
    "HANDLER",
    "LANES",
    "LANE_SECTION",
    "LIMIT",
    "PACES",
    "PERSON_PARAMETER",
    "SCREEN",
    "STATE_SECTION",
    "ActionErrors",
    "Looked",
    "Place",
    "act_as",
    "acting_person",
    "action_button",
    "apply_style",
    "base_path",
    "bring_into_view",
    "business_columns",
    "business_row",
    "clock_times",
    "code",
    "code_counted",
    "counted",
    "current_threads",
    "damage",
    "draw_refusal",
    "draw_scroll",
    "forget_deleted",
    "forget_thread",
    "guard",
    "in_place",
    "is_changed",
    "is_known",
    "label_text",
    "last_thread_query",
    "literal",
    "login_configured",
    "look_at",
    "model_choice",
    "model_name",
    "node_name",
    "node_path",
    "nodes_as_code",
    "note_drawn",
    "read_place",
    "refusal_drawn",
    "rows_digest",
    "run_options",
    "safe",
    "seconds",
    "set_value",
    "show_thread",
    "shown",
    "sized",
    "stamp",
    "stream_box",
    "take_scroll_ahead",
    "the_lab",
    "uninterrupted",
    "workspace",
    "zone_name",
]
