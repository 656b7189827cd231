"""A server whose part dies ends with exit code 1 and a sentence, so that a supervisor starts it again."""

import subprocess
import sys
from pathlib import Path

import pytest

from server import environment

# A fault that no part foresees, put into one of them before the real command runs.
_BROKEN = """
import sys
from {module} import {part}
from shipbell.__main__ import main

async def dead(self):
    raise LookupError("nobody foresaw this")

{part}.run = dead
sys.argv = ["shipbell", "serve", "--port", "0"]
main()
"""


@pytest.mark.parametrize(
    ("module", "part", "name"),
    [
        ("shipbell.storage.queue.intake", "GroupIntake", "intake"),
        ("shipbell.worker.tidy", "Tidy", "tidy"),
        ("shipbell.worker.drain", "Drain", "drain"),
    ],
)
def test_a_server_whose_part_dies_ends_with_exit_code_1_and_a_sentence(
    tmp_path: Path, module: str, part: str, name: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _BROKEN.format(module=module, part=part)],
        env=environment(tmp_path / "data"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert f"The part {name} ended by itself" in ran.stderr
    assert "LookupError" in ran.stderr
