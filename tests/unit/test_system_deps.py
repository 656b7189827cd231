"""The system is changed only when somebody asks for it or CI runs, and what is changed meanwhile is put back."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "system_deps.sh"
_TOOLS = ("bash", "cat", "chmod", "grep", "mktemp", "rm", "sed", "sleep", "tail", "touch")
# Notes each call, and whether services were kept from starting; the last word is the package.
_APT = """#!/bin/sh
echo "$*" >>"{folder}/asked"
if [ "$1" = install ]; then
    [ -x "{policy}" ] && echo "$*" >>"{folder}/quiet"
    touch "{folder}/installing"
    {more}
fi
"""


class Machine:
    """A machine without Chromium, fonts or promtool, on which everybody is root."""

    def __init__(self, folder: Path, more: str = ":") -> None:
        self.folder, self.policy, self.bin = folder, folder / "policy-rc.d", folder / "bin"
        self.bin.mkdir()
        for one in _TOOLS:
            (self.bin / one).symlink_to(shutil.which(one) or one)
        self.program("id", "#!/bin/sh\necho 0\n")
        self.program("apt-get", _APT.format(folder=folder, policy=self.policy, more=more))

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - our own script
            [str(self.bin / "bash"), str(SCRIPT), *words],
            env={"PATH": str(self.bin), "POLICY_RC_D": str(self.policy), "TMPDIR": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=30)
        return process.returncode, out + err

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


def test_looking_installs_nothing_and_tells_how_many_are_missing(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    code, told = machine.run()
    assert (code, machine.lines("asked"), machine.policy.exists()) == (0, [], False)
    assert "5 missing (chromium fontconfig fonts-noto-cjk fonts-noto-color-emoji prometheus)" in told
    assert "make deps" in told


def test_installing_brings_each_package_while_no_service_starts_and_puts_all_back(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    code, _ = machine.run("install")
    assert code == 0
    brought = [line.split()[-1] for line in machine.lines("quiet")]
    assert brought == ["chromium", "fontconfig", "fonts-noto-cjk", "fonts-noto-color-emoji", "prometheus"]
    assert not machine.policy.exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["asked", "bin", "installing", "quiet"]


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whoever_interrupts_it_leaves_nothing_that_keeps_services_from_starting(
    tmp_path: Path, sign: signal.Signals
) -> None:
    machine = Machine(tmp_path, more="exec sleep 60")
    process = machine.start("install")
    _until(tmp_path / "installing")
    machine.run()
    assert machine.policy.exists()
    os.killpg(process.pid, sign)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert not machine.policy.exists()
    assert [line for line in machine.lines("asked") if "prometheus" in line] == []


def test_what_a_killed_run_left_behind_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    machine = Machine(tmp_path, more="exec sleep 60")
    process = machine.start("install")
    _until(tmp_path / "installing")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert machine.policy.exists()
    machine.run()
    assert not machine.policy.exists()


def test_a_policy_of_somebody_else_stays(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.policy.write_text("#!/bin/sh\nexit 104\n")
    machine.policy.chmod(0o755)
    machine.run("install")
    assert machine.policy.read_text() == "#!/bin/sh\nexit 104\n"


@pytest.mark.parametrize("target", ["test", "drills", "screenshots"])
@pytest.mark.parametrize(
    ("ci", "installs"), [(None, False), ("", False), ("false", False), ("true", True), ("1", True)]
)
def test_make_installs_packages_in_ci_and_only_looks_elsewhere(target: str, ci: str | None, *, installs: bool) -> None:
    assert ("tools/system_deps.sh install" in _would_run(target, ci)) is installs
    assert "tools/system_deps.sh" in _would_run(target, ci)


def test_make_deps_installs_wherever_it_is_asked_for() -> None:
    assert "tools/system_deps.sh install" in _would_run("deps", None)


def _would_run(target: str, ci: str | None) -> str:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "CI"}
    done = subprocess.run(  # noqa: S603 - found on the path above
        [make, "-n", target],
        cwd=ROOT,
        env=environ if ci is None else {**environ, "CI": ci},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def _until(path: Path) -> None:
    ends = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < ends
        time.sleep(0.02)
