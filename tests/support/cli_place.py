"""A place where commands are run: a folder, and `say`."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from server import PASSWORD, SECRET, Ran
from shipbell.cli import app

URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
KEY_A = "aaaaaaaa-1111-4bc4-97a0-0ec2a1fa5aaa"
Say = Callable[..., Ran]
SETTINGS = {
    "projects": [
        {
            "key": "payments",
            "name": "Payments",
            "time_zone": "Asia/Singapore",
            "members": {"alice": "project_administrator", "bob": "viewer"},
            "sources": [{"name": "ci", "kind": "generic", "secret": SECRET}],
            "subscriptions": [
                {"name": "release group", "channel": "wecom", "url": URL + KEY_A, "events": ["pipeline.run.failed"]}
            ],
        }
    ]
}


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a data folder, and files beside it."""

    folder: Path
    say: Say

    def file(self, told: object, name: str = "shipbell.yaml") -> str:
        """A file of settings (or any text)."""
        path = self.folder / name
        path.write_text(told if isinstance(told, str) else yaml.safe_dump(told, allow_unicode=True))
        return str(path)


def place_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    """Commands run in this process, as `shipbell WORDS` would in one of their own."""
    monkeypatch.setenv("SHIPBELL_DATA", str(folder / "data"))
    monkeypatch.setenv("SHIPBELL_ADMIN_PASSWORD", PASSWORD)

    def say(*words: str, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capfd.readouterr()
        try:
            app(list(words))
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    return Place(folder, say)
