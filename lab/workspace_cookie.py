"""Who visits: a signed cookie names the workspace, and nobody can make one up."""

import ipaddress
import uuid

from itsdangerous import BadSignature, URLSafeSerializer

COOKIE = "lab_workspace"
LOCAL = "local"
"""The workspace that all browsers of this machine share."""
NEAR = "x-lab-near"
"""The header by which the application marks requests from this very machine; a request's own one never passes it."""


class Visitors:
    """Signs and reads workspace names."""

    def __init__(self, secret: str, mode: str) -> None:
        self._signer = URLSafeSerializer(secret, salt="workspace")
        self._marker = URLSafeSerializer(secret, salt="near")
        self._mode = mode
        # A cookie for the shared workspace says under which setting it was given, and holds under that one alone.
        self._shared = [LOCAL, mode]

    def read(self, cookie: str | None) -> str | None:
        """Return the workspace that a cookie names; None where it's missing or not ours."""
        if cookie is None:
            return LOCAL if self._mode == "shared" else None
        try:
            name = self._signer.loads(cookie)
        except BadSignature:
            return None
        if name == self._shared and self._mode != "own":
            return LOCAL
        return name if isinstance(name, str) and name != LOCAL else None

    def admit(self, cookie: str | None, *, near: bool) -> str | None:
        """Return the cookie to set, None where the visitor's own will do.

        `near` says that the request came from this very machine, by address and by name.
        """
        shares = self._mode == "shared" or (self._mode == "auto" and near)
        name = self.read(cookie) if cookie is not None else None
        if name is not None and (name == LOCAL) == shares:
            return None
        signed: str = str(self._signer.dumps(self._shared if shares else uuid.uuid4().hex))
        return signed

    def near_mark(self) -> str:
        """Return the mark of a request from this machine, which only holders of the secret can make."""
        return str(self._marker.dumps("near"))

    def is_near(self, mark: str | None) -> bool:
        """Return whether a request bears the mark of this machine."""
        try:
            return mark is not None and self._marker.loads(mark) == "near"
        except BadSignature:
            return False


def is_loopback(host: str) -> bool:
    """Return whether a host, by name or address, is this machine's loopback."""
    name = host.strip().strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
