"""Somebody who signs in and opens pages as a browser does, and what that takes."""

import http.client
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

LINKED = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
PASSWORD = "bench-administrator"


@dataclass(slots=True)
class Person:
    """Somebody who is signed in, on one connection."""

    name: str
    http: http.client.HTTPConnection
    cookie: str = ""
    weights: dict[str, int] = field(default_factory=dict)

    def get(self, path: str) -> tuple[int, bytes, float]:
        """Status, body as it was sent and milliseconds of an address."""
        began = time.perf_counter()
        packed = {"Accept-Encoding": "gzip"} if path.startswith("/static/") else {}
        self.http.request("GET", path, headers={"Accept": "text/html", "Cookie": self.cookie, **packed})
        reply = self.http.getresponse()
        body = reply.read()
        return reply.status, body, (time.perf_counter() - began) * 1000

    def weigh(self, body: bytes) -> int:
        """The bytes of a first load: the page with every file that it names."""
        for one in set(LINKED.findall(body)) - {name.encode() for name in self.weights}:
            self.weights[one.decode()] = len(self.get(one.decode())[1])
        return len(body) + sum(self.weights[one.decode()] for one in set(LINKED.findall(body)))

    def sign_in(self) -> None:
        """Begin a session through the form."""
        self.http.request("GET", "/sign-in", headers={"Accept": "text/html"})
        reply = self.http.getresponse()
        token = re.search(rb'name="csrf_token" value="([^"]+)"', reply.read())
        cookie = (reply.getheader("set-cookie") or "").partition(";")[0]
        if token is None:
            raise SystemExit("The sign-in page has no form.")
        fields = {"username": self.name, "password": PASSWORD, "csrf_token": token[1].decode()}
        self.http.request(
            "POST",
            "/sign-in",
            urlencode(fields),
            {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie},
        )
        reply = self.http.getresponse()
        reply.read()
        self.cookie = next(
            (
                one.partition(";")[0]
                for one in reply.headers.get_all("set-cookie") or ()
                if one.startswith("shipbell_session")
            ),
            "",
        )
        if reply.status != 303:
            raise SystemExit(f"{self.name} cannot sign in: {reply.status}.")
