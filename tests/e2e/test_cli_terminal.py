"""What people see on a terminal, narrow or wide."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
import typer

from server import PASSWORD, environment, shipbell_here
from shipbell.cli import app


def on_terminal(environ: dict[str, str], columns: int, *words: str) -> str:
    """What a terminal of so many columns shows of a command."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    told = {name: value for name, value in environ.items() if name != "COLUMNS"}
    subprocess.run(
        [sys.executable, "-m", "shipbell", *words], env={**told, "TERM": "xterm"}, stdout=theirs, timeout=60, check=True
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65_536):
            shown += part
    except OSError:
        # So a terminal says that nothing is left.
        os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode().replace("\r\n", "\n"))


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_an_id_is_whole_on_every_terminal(tmp_path: Path, columns: int) -> None:
    environ = environment(tmp_path)
    assert shipbell_here(environ, "user", "add", "root", "--admin", "--password-stdin", stdin=PASSWORD).code == 0
    name = "for the nightly build of everything that there is"
    assert shipbell_here(environ, "token", "create", "--user", "root", "--name", name).code == 0
    token_id = shipbell_here(environ, "token", "list").out.split("\n")[1].split("\t")[0]
    shown = on_terminal(environ, columns, "token", "list")
    assert token_id in shown
    assert "…" not in shown
    if columns == 80:
        assert all(len(line) <= columns for line in shown.split("\n"))
    if columns == 40:
        assert (
            shown == f"{token_id}\n  user       root\n  name       {name}\n  may        read, write\n  projects   all\n"
        )


def test_what_a_command_does_is_told_whole_in_the_list_of_commands() -> None:
    groups = [typer.main.get_group(app)]
    for group in groups:
        for one in group.commands.values():
            assert not one.get_short_help_str(62).endswith("..."), one.name
            if isinstance(one, typer.core.TyperGroup):
                groups.append(one)
