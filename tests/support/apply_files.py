"""Files to apply, and what applying them says."""

from pathlib import Path

import pytest
import yaml

from settings_store import ALICE, KEY_A, ROBOT, Store
from shipbell.domain.errors import InvalidValue, Problem

FULL = f"""
defaults: {{locale: zh-CN}}
projects:
  - key: payments
    name: Payments
    region: ap-southeast-3
    time_zone: Asia/Singapore
    members: {{alice: project_administrator, bob: project_manager, carol: developer, dave: viewer}}
    sources:
      - {{name: ci, kind: generic, secret: s3cret-of-ci}}
    subscriptions:
      - name: release group
        channel: wecom
        url: {ROBOT}{KEY_A}
        events: [pipeline.run.failed, check.task.completed]
        gate: failed
        content: {{pipeline: [pipeline_name, executed_by, trigger, running_status]}}
        user_ids: "zhang.san;li.si"
        format: text
        enabled: true
"""


def file_of(folder: Path, text: str, name: str = "settings.yaml") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def dumped(folder: Path, *projects: dict[str, object], **rest: object) -> Path:
    """A file with these projects."""
    return file_of(folder, yaml.safe_dump({**rest, "projects": list(projects)}, allow_unicode=True))


def payments(**values: object) -> dict[str, object]:
    """A project of a file."""
    return {"key": "payments", "name": "Payments", **values}


def group(name: str = "release group", **values: object) -> dict[str, object]:
    """A subscription of a file."""
    wish = {"name": name, "channel": "wecom", "url": ROBOT + KEY_A, "events": ["pipeline.run.failed"], **values}
    return {key: value for key, value in wish.items() if value is not None}


async def lines(store: Store, path: Path, *, prune: bool = False) -> list[str]:
    """Apply a file; what it says that it changed."""
    return list((await store.apply(path, ALICE, prune=prune)).lines)


async def problems(store: Store, path: Path) -> list[Problem]:
    """Every rule that a file breaks."""
    with pytest.raises(InvalidValue) as refused:
        await store.apply.plan(path)
    return list(refused.value.problems)
