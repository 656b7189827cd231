"""Bad places: a server stops with a sentence where it cannot work, and survives a full disk."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from robots import SHORT, Sender, event, sender, strict, times_shown, until
from server import Ran, Server, environment, serving, shipbell, shipbell_here

MIB = 1024 * 1024
IS_ROOT = os.geteuid() == 0

# --- places where no server can start -------------------------------------------------------------------------


def refused(ran: Ran, words: str, code: int = 3) -> None:
    """It ended with this exit code and a sentence, and nothing else."""
    assert ran.code == code, ran
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("command", ["serve", "robot"])
def test_a_port_that_is_taken_is_a_failure_told_in_a_sentence(command: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = shipbell(environment(tmp_path), command, "--port", port)
        refused(ran, "choose another --port or --host. [cannot-listen]", code=1)


@pytest.mark.parametrize("command", ["serve", "robot"])
@pytest.mark.parametrize("host", ["203.0.113.9", "no-such-host.invalid", "a" * 70, "..", "2001:db8::9"])
def test_a_host_that_is_not_here_is_a_failure_told_in_a_sentence(command: str, host: str, tmp_path: Path) -> None:
    ran = shipbell(environment(tmp_path), command, "--port", "0", "--host", host)
    refused(ran, "choose another --port or --host. [cannot-listen]", code=1)


async def test_a_second_server_is_kept_out_with_a_sentence(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ran = await asyncio.to_thread(shipbell, server.environ, "serve", "--port", "0")
        refused(ran, "Another server works on")
        assert server.is_alive()
        # Commands work beside the server.
        assert (await server.run("deliveries", "list")).code == 0


def test_a_wrong_key_ends_every_command_with_a_sentence(tmp_path: Path) -> None:
    assert shipbell_here(environment(tmp_path), "migrate").code == 0
    (tmp_path / "secret.key").unlink()
    refused(shipbell(environment(tmp_path), "serve", "--port", "0"), "[wrong-key]")
    refused(shipbell_here(environment(tmp_path), "export"), "[wrong-key]")


def test_settings_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    refused(shipbell_here(environment(tmp_path, {"SHIPBELL_SECRET_KEY": "abc"}), "migrate"), "SHIPBELL_SECRET_KEY")
    refused(shipbell_here(environment(tmp_path, {"SHIPBELL_WECOM_BURST": "many"}), "migrate"), "SHIPBELL_WECOM_BURST")
    unknown = environment(tmp_path, {"SHIPBELL_CHANNEL_REGIONS": "wecon=*"})
    refused(shipbell_here(unknown, "migrate"), "SHIPBELL_CHANNEL_REGIONS names no channel with “wecon”")


def test_settings_that_cannot_be_read_end_a_server_with_a_sentence_before_it_serves(tmp_path: Path) -> None:
    assert shipbell_here(environment(tmp_path), "migrate").code == 0
    with sqlite3.connect(tmp_path / "shipbell.db") as beside:
        beside.execute("ALTER TABLE sources RENAME TO hidden")
    refused(shipbell(environment(tmp_path), "serve", "--port", "0"), "cannot be used: no such table")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "shipbell.db").write_bytes(b"this is no database" * 500)
    refused(shipbell_here(environment(tmp_path), "migrate"), "shipbell.db")


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.write_text("a file")
    refused(shipbell(environment(place), "serve", "--port", "0"), "data")


@pytest.fixture
def nobodys_place() -> Iterator[Path]:
    """A folder that an unprivileged user can reach."""
    place = Path(tempfile.mkdtemp(prefix="shipbell-test-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.mark.skipif(not IS_ROOT or shutil.which("setpriv") is None, reason="needs root and setpriv to become nobody")
def test_a_read_only_data_folder_is_told_to_an_unprivileged_user(nobodys_place: Path) -> None:
    data = nobodys_place / "data"
    assert shipbell_here(environment(data), "migrate").code == 0
    (data / "secret.key").chmod(0o644)
    for found in (data, nobodys_place / "new"):
        environ = environment(found)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-m", "shipbell", "serve",
             "--port", "0"],
            env=environ, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if "No module named" in done.stderr or "Permission denied" in done.stderr.partition("\n")[0]:
            pytest.skip("an unprivileged user cannot reach this checkout")
        refused(Ran(done.returncode, done.stdout, done.stderr), "cannot be")


@pytest.mark.skipif(IS_ROOT and shutil.which("setpriv") is None, reason="as root it needs setpriv")
def test_a_folder_that_is_shut_is_told_by_every_command(tmp_path: Path) -> None:
    shut, rights = tmp_path / "shut", "-dac_override,-dac_read_search"
    shut.mkdir(mode=0)
    bound = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"] if IS_ROOT else []
    for data, words, code in (
        (shut, ["export"], 3),
        (shut, ["restore", __file__], 3),
        (shut, ["doctor"], 1),
        (tmp_path / "data", ["apply", str(shut / "settings.yaml")], 2),
        (tmp_path / "data", ["apply", str(shut)], 2),
    ):
        ran = subprocess.run(
            [*bound, sys.executable, "-m", "shipbell", *words],
            env=environment(data), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (ran.returncode, f"{shut}" in ran.stdout + ran.stderr) == (code, True), (words, ran)


# --- a full disk ----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here; the test with a limit of file size stands in for it")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_full_disk_refuses_with_503_and_loses_nothing_that_was_accepted(small_disk: Path) -> None:
    async with (
        strict(limit=0) as robot,
        serving(small_disk, {"payments": {"group": {"url": robot.url("group")}}}, SHORT) as server,
        sender(server.address) as post,
    ):
        (small_disk / "ballast").write_bytes(b"\0" * 2 * MIB)
        number = 0
        while not post.answers[503]:
            assert number < 2_000, post.answers
            await post.post("payments", event(f"n{number:04}x", run={"description": "x" * 20_000}))
            number += 1
        assert set(post.answers) == {202, 503}
        assert server.is_alive()
        (small_disk / "ballast").unlink()
        await _accepted_again(post)
        await until(lambda: server.count("waiting") == 0, 30, "the end of the queue")
        assert "Traceback" not in server.said()
        shown = times_shown(robot.messages("group"), r"n\d{4}x|again")
        assert set(post.accepted) <= set(shown)


async def _accepted_again(post: Sender) -> None:
    for _ in range(100):
        if await post.post("payments", event("again")) == 202:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the server did not take events again when there was space")


async def test_a_limit_of_file_size_refuses_with_503_and_loses_nothing_that_was_accepted(tmp_path: Path) -> None:
    """What needs no root: the process may write files of 2 MiB at most, then the limit is lifted by a restart."""
    async with strict(limit=0) as robot:
        server = Server(folder=tmp_path, more=SHORT, prefix=("prlimit", f"--fsize={2 * MIB}"))
        if shutil.which("prlimit") is None:
            pytest.skip("needs prlimit")
        await server.apply({"payments": {"group": {"url": robot.url("group")}}})
        try:
            await server.start()
            async with sender(server.address) as post:
                number = 0
                while not post.answers[503]:
                    assert number < 2_000, post.answers
                    await post.post("payments", event(f"n{number:04}x", run={"description": "x" * 20_000}))
                    number += 1
                assert set(post.answers) == {202, 503}
                assert server.is_alive()
                assert "Traceback" not in server.said()
                server.kill()
                server.prefix = ()
                await server.start()
                assert await post.post("payments", event("again")) == 202
                await until(lambda: server.count("waiting") == 0, 30, "the end of the queue")
                shown = times_shown(robot.messages("group"), r"n\d{4}x|again")
                assert set(post.accepted) <= set(shown)
        finally:
            if server.is_alive():
                server.kill()
