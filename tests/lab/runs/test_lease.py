"""The lease goes on whatever the database refuses meanwhile: a process without it would lose its threads."""

import threading

import pytest
from sqlalchemy.exc import IntegrityError

from lab.lab import Lab
from lab.runs.lease import LeaseRenewal


def test_news_of_a_thread_that_another_process_just_deleted_end_no_lease(
    sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = sqlite_lab.runs
    runs.claims.register()
    refused, again = threading.Event(), threading.Event()

    def catch_up() -> None:
        if refused.is_set():
            again.set()
        refused.set()
        raise IntegrityError("INSERT", {}, Exception("the thread isn't there"))

    monkeypatch.setattr(runs, "catch_up", catch_up)
    renewal = LeaseRenewal(runs.claims, runs, lease=0.1)
    renewal.begin()
    try:
        assert again.wait(30)
    finally:
        renewal.close()
