"""The systemd unit keeps the server in bounds, and the page and the shell use what the unit uses."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging/systemd"
UNIT = PACKAGING / "shipbell.service"
ENVIRONMENT = "/etc/shipbell/shipbell.env"
# What an intruder in the server must not get: rights, other people's files, the kernel.
BOUNDS = {
    "CapabilityBoundingSet=",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "NoNewPrivileges=yes",
    "PrivateDevices=yes",
    "PrivateTmp=yes",
    "ProtectHome=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectSystem=strict",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces=yes",
    "SystemCallFilter=@system-service",
    "UMask=0077",
    "User=shipbell",
}
# Tenths of systemd's exposure level, of which 100 is the worst.
MOST_EXPOSED = 39


def test_the_unit_sets_every_bound_that_matters() -> None:
    assert set(UNIT.read_text("utf-8").splitlines()) >= BOUNDS


def test_systemd_rates_the_unit_under_four() -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is missing: the exposure of the unit was not measured")
    command = [tool, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(UNIT)]
    rated = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if "unrecognized option" in rated.stderr:
        pytest.skip("this systemd-analyze cannot rate a file: the exposure of the unit was not measured")
    assert rated.returncode == 0, rated.stdout[-2_000:] + rated.stderr


def test_unit_and_shell_read_one_file_of_settings() -> None:
    assert f"EnvironmentFile={ENVIRONMENT}" in UNIT.read_text("utf-8").splitlines()
    assert f". {ENVIRONMENT}\n" in (PACKAGING / "shipbell.sh").read_text("utf-8")


def test_the_settings_name_the_folder_that_the_unit_may_write_to() -> None:
    unit = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE))
    settings = dict(re.findall(r"^(\w+)=(.*)$", (PACKAGING / "shipbell.env").read_text("utf-8"), re.MULTILINE))
    assert settings["SHIPBELL_DATA"] == f"/var/lib/{unit['StateDirectory']}" == unit["WorkingDirectory"]


def test_the_page_installs_every_file_of_the_folder() -> None:
    page = (ROOT / "docs/howto/install-on-a-server.md").read_text("utf-8")
    assert [one.name for one in PACKAGING.iterdir() if f"packaging/systemd/{one.name} " not in page] == []
