"""The ends of a command: streams that are shut, full or read no further, an interrupt, bytes that are no text."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server import Ran, environment, shipbell_here


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An instance that has a database, and the buffers that a user's shell gives."""
    told = environment(tmp_path)
    assert shipbell_here(told, "migrate").code == 0
    return {name: value for name, value in told.items() if name != "PYTHONUNBUFFERED"}


def shell(environ: dict[str, str], line: str) -> Ran:
    """A line of bash in which `$SHIPBELL` is the command; the code is that of the first in a pipe."""
    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"],
        env={**environ, "SHIPBELL": f"{sys.executable} -m shipbell"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("words", ["export", "--help"])
def test_a_reader_that_has_enough_is_no_failure(environ: dict[str, str], words: str) -> None:
    # The pipe is shut before anything is written into it.
    assert shell(environ, f"$SHIPBELL {words} > >(exec true)") == Ran(0, "", "")


@pytest.mark.parametrize("words", ["export", "--help", "serve --help", "--version"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_result_that_cannot_be_written_is_told(environ: dict[str, str], unbuffered: str, words: str) -> None:
    ran = shell({**environ, "PYTHONUNBUFFERED": unbuffered}, f"$SHIPBELL {words} > /dev/full")
    assert ran == Ran(1, "", "The result cannot be written (No space left on device). [not-possible]\n")


@pytest.mark.parametrize(
    ("shut", "out"),
    [("<&-", "projects: []\n"), (">&-", ""), ("2>&-", "projects: []\n"), ("<&- >&- 2>&-", "")],
)
def test_a_command_works_with_streams_that_are_shut(environ: dict[str, str], shut: str, out: str) -> None:
    assert shell(environ, f"$SHIPBELL export {shut}") == Ran(0, out, "")


def test_a_fault_that_nobody_can_hear_keeps_its_exit_code(environ: dict[str, str]) -> None:
    assert shell(environ, "$SHIPBELL why nobody 2> /dev/full") == Ran(1, "", "")


def test_an_interrupt_while_the_command_is_loaded_leaves_no_traceback(environ: dict[str, str]) -> None:
    # The signal comes when the first of our own modules is looked for.
    asked = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, *rest):
        if name == "shipbell.cli":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
import shipbell.__main__
"""
    done = subprocess.run([sys.executable, "-c", asked], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-2, "", "")


@pytest.mark.parametrize("words", [["export"], ["why"], ["deliveries", "list"], ["serve", "--host"]])
def test_arguments_that_are_no_text_are_wrong_usage(environ: dict[str, str], words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shipbell", *words, os.fsdecode(b"\xff\xfe")],
        env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The arguments are no text in UTF-8. [bad-input]\n"


def test_a_password_that_is_no_text_is_told(environ: dict[str, str]) -> None:
    ran = shell(environ, r"printf '\xb5\xe7 twelve signs' | $SHIPBELL user add root --password-stdin; false")
    assert ran.err == "password: Give it in UTF-8. [not-text]\n"


def test_what_the_terminal_cannot_say_is_escaped(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "changes.yaml"
    file.write_text("projects: [{key: payments, name: One}]")
    assert shipbell_here(environ, "apply", str(file)).code == 0
    file.write_text("projects: [{key: payments, name: Two}]")
    ran = shell({**environ, "PYTHONIOENCODING": "latin-1"}, f"$SHIPBELL apply {file}")
    assert (ran.code, ran.out) == (0, "~ project payments: name 'One' \\u2192 'Two'\n")
