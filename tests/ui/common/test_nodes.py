"""Names of nodes as visitors read them."""

import pytest

from ui.common import node_name, node_path, nodes_as_code


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("pay", "pay"),
        ("team:pay", "team › pay"),
        ("__error_handler__pay", "pay: error handler"),
        ("team:__error_handler__pay", "team › pay: error handler"),
        ("", ""),
    ],
)
def test_an_error_handler_is_named_after_its_node(name: str, read: str) -> None:
    assert node_name(name) == node_path(name.split(":")) == read


def test_names_of_nodes_stand_as_code_each_once_with_its_number() -> None:
    assert nodes_as_code(["pay", "__error_handler__pay", "pay"]) == "`pay` ×2, `pay: error handler`"
