"""Workspace cookies: signed, and good only under the setting that they were given under."""

import pytest

from lab.workspace_cookie import LOCAL, Visitors

SECRET = "some secret"


@pytest.mark.parametrize("mode", ["auto", "shared"])
def test_a_cookie_for_the_shared_workspace_is_taken_while_the_setting_stays(mode: str) -> None:
    cookie = Visitors(SECRET, mode).admit(None, near=True)

    assert Visitors(SECRET, mode).read(cookie) == LOCAL
    assert Visitors(SECRET, mode).admit(cookie, near=True) is None


@pytest.mark.parametrize(
    ("before", "after"), [("shared", "own"), ("auto", "own"), ("shared", "auto"), ("auto", "shared")]
)
def test_a_cookie_for_the_shared_workspace_is_not_taken_after_the_setting_changed(before: str, after: str) -> None:
    cookie = Visitors(SECRET, before).admit(None, near=True)
    visitors = Visitors(SECRET, after)

    assert visitors.read(cookie) is None
    given = visitors.admit(cookie, near=False)
    assert given is not None
    assert (visitors.read(given) == LOCAL) == (after == "shared")


@pytest.mark.parametrize("name", [LOCAL, [LOCAL, "own"]])
def test_no_signed_name_opens_the_shared_workspace_where_each_has_its_own(name: object) -> None:
    visitors = Visitors(SECRET, "own")
    assert visitors.read(str(visitors._signer.dumps(name))) is None


@pytest.mark.parametrize("after", ["own", "auto", "shared"])
def test_a_visitors_own_workspace_is_found_after_the_setting_changed(after: str) -> None:
    cookie = Visitors(SECRET, "own").admit(None, near=False)
    assert cookie is not None
    name = Visitors(SECRET, "own").read(cookie)

    assert name not in (None, LOCAL)
    assert Visitors(SECRET, after).read(cookie) == name
