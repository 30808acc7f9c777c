"""A graph's state: its fields as forms, edits of its values, and the differences of two states."""

from lab.state.answer_check import check_answer
from lab.state.answer_person import filled_in, person_fields
from lab.state.answer_review import (
    DECISIONS,
    MESSAGES,
    Decision,
    Review,
    ReviewedCall,
    check_review,
    review_of,
    reviewed_tools,
)
from lab.state.answer_schema import CHOICES, usable_schema
from lab.state.characters import printable_line, replace_unseen
from lab.state.checks import check_input
from lab.state.diff import Change, Run, diff_states, equal_values
from lab.state.fields import SCALARS, Field, Kind
from lab.state.fields_from_schemas import fields_of_schema, input_fields
from lab.state.fields_from_types import fields_of_class, state_fields
from lab.state.form_reading import NEW_ROLES, from_form
from lab.state.form_showing import as_json, to_form
from lab.state.form_values import JsonText, Unshown, is_same_value
from lab.state.numbers import number_of, number_text
from lab.state.schema import (
    GraphSchema,
    Reducer,
    TypeNames,
    channels_at,
    declared_types,
    draw,
    enum_values,
    node_metadata,
    schema_of,
    stream_values_as_saved,
    tool_schemas,
)
from lab.state.sequence_diff import spans_of
from lab.state.updates import How, must_be_input, preview, rebuild
from lab.state.validation_messages import Fault, choice_text, sentence
from lab.state.value_texts import title_of, value_text, values_text

__all__ = [
    "CHOICES",
    "DECISIONS",
    "MESSAGES",
    "NEW_ROLES",
    "SCALARS",
    "Change",
    "Decision",
    "Fault",
    "Field",
    "GraphSchema",
    "How",
    "JsonText",
    "Kind",
    "Reducer",
    "Review",
    "ReviewedCall",
    "Run",
    "TypeNames",
    "Unshown",
    "as_json",
    "channels_at",
    "check_answer",
    "check_input",
    "check_review",
    "choice_text",
    "declared_types",
    "diff_states",
    "draw",
    "enum_values",
    "equal_values",
    "fields_of_class",
    "fields_of_schema",
    "filled_in",
    "from_form",
    "input_fields",
    "is_same_value",
    "must_be_input",
    "node_metadata",
    "number_of",
    "number_text",
    "person_fields",
    "preview",
    "printable_line",
    "rebuild",
    "replace_unseen",
    "review_of",
    "reviewed_tools",
    "schema_of",
    "sentence",
    "spans_of",
    "state_fields",
    "stream_values_as_saved",
    "title_of",
    "to_form",
    "tool_schemas",
    "usable_schema",
    "value_text",
    "values_text",
]
