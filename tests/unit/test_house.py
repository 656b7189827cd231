"""The guards of the house are themselves seen red."""

import errno
import re
import socket
import tomllib
from pathlib import Path

import pytest

import licences
import size_guard

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = (ROOT / "requirements" / "lock.txt", ROOT / "requirements" / "dev-lock.txt")


def tree(root: Path, files: dict[str, str]) -> Path:
    for folder in ("src", "tests"):
        (root / folder).mkdir()
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def lines(count: int) -> str:
    return "x = 1\n" * count


def function(count: int, name: str = "long") -> str:
    return f"def {name}():\n" + "    x = 1\n" * (count - 1)


def small(count: int) -> dict[str, str]:
    return {f"src/small{number}.py": function(3, f"f{number}") for number in range(count)}


def test_a_file_of_three_hundred_lines_passes_and_one_more_does_not(tmp_path: Path) -> None:
    tree(tmp_path, small(20) | {"src/big.py": lines(300)})
    assert size_guard.judge(tmp_path) == []
    (tmp_path / "src/big.py").write_text(lines(301))
    assert size_guard.judge(tmp_path) == ["src/big.py: file has 301 lines; 300 are allowed"]


@pytest.mark.parametrize("folder", ["tests", "tools", "bench"])
def test_a_file_beside_the_package_may_not_be_longer_either(tmp_path: Path, folder: str) -> None:
    tree(tmp_path, small(20) | {f"{folder}/big.py": lines(301)})
    assert size_guard.judge(tmp_path) == [f"{folder}/big.py: file has 301 lines; 300 are allowed"]


def test_a_function_of_fifty_lines_passes_and_one_more_does_not(tmp_path: Path) -> None:
    tree(tmp_path, small(20) | {"src/big.py": function(50)})
    assert size_guard.judge(tmp_path) == []
    (tmp_path / "src/big.py").write_text("async " + function(51))
    assert size_guard.judge(tmp_path) == ["src/big.py:1: function long has 51 lines; 50 are allowed"]


def test_one_file_in_ten_may_be_long_and_two_may_not(tmp_path: Path) -> None:
    tree(tmp_path, small(9) | {"src/long1.py": lines(201)})
    assert size_guard.judge(tmp_path) == []
    (tmp_path / "src/long2.py").write_text(lines(202))
    (said,) = size_guard.judge(tmp_path)
    assert said == "2 of 11 files have more than 200 lines; one in ten may: src/long2.py (202), src/long1.py (201)"


def test_one_function_in_ten_may_be_long_and_two_may_not(tmp_path: Path) -> None:
    tree(tmp_path, small(9) | {"src/long1.py": function(31)})
    assert size_guard.judge(tmp_path) == []
    (tmp_path / "src/long2.py").write_text(function(32))
    (said,) = size_guard.judge(tmp_path)
    assert said.startswith("2 of 11 functions have more than 30 lines; one in ten may: src/long2.py:1 (32)")


@pytest.mark.parametrize("name", sorted(size_guard.FORBIDDEN_NAMES))
def test_a_name_without_a_role_is_refused_for_files_and_folders(tmp_path: Path, name: str) -> None:
    tree(tmp_path, {f"src/shipbell/{name}.py": "", f"src/{name}/lanes.py": ""})
    expected = [
        f"{path}: a module needs a name that says its role, not {name!r}"
        for path in (f"src/{name}/lanes.py", f"src/shipbell/{name}.py")
    ]
    assert sorted(size_guard.judge(tmp_path)) == sorted(expected)


def test_an_import_inside_a_function_is_named_with_its_line(tmp_path: Path) -> None:
    tree(tmp_path, {"src/late.py": "def f():\n    def g():\n        import os\n        return os\n    return g\n"})
    assert size_guard.judge(tmp_path) == ["src/late.py:3: an import stands inside a function"]


def test_a_test_file_keeps_the_limit_too(tmp_path: Path) -> None:
    tree(tmp_path, {"tests/test_big.py": lines(301)})
    assert size_guard.judge(tmp_path) == ["tests/test_big.py: file has 301 lines; 300 are allowed"]


def test_the_size_guard_exits_with_1_when_it_has_something_to_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(tmp_path, {"src/big.py": lines(301)})
    assert size_guard.main(tmp_path) == 1
    assert "src/big.py: file has 301 lines" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        (licences.Said(expression="MIT"), True),
        (licences.Said(expression="Apache-2.0 AND MIT"), True),
        (licences.Said(expression="GPL-3.0-only OR MIT"), True),
        (licences.Said(expression="GPL-3.0-only AND MIT"), False),
        (licences.Said(expression="AGPL-3.0-or-later"), False),
        (licences.Said(field="BSD 2-Clause License"), True),
        (licences.Said(field="Copyright\nlong text", classifiers=("License :: OSI Approved :: MIT License",)), True),
        (
            licences.Said(classifiers=("License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)",)),
            True,
        ),
        (licences.Said(classifiers=("License :: OSI Approved :: GNU General Public License v3 (GPLv3)",)), False),
        (licences.Said(field="Proprietary", classifiers=("License :: OSI Approved :: MIT License",)), False),
        (licences.Said(), False),
    ],
)
def test_only_listed_licences_are_allowed(said: licences.Said, fits: bool) -> None:  # noqa: FBT001 - a column
    told = licences.judge(["thing"], lambda _: said)
    assert (told == []) is fits
    assert all(one.startswith("thing: licence ") for one in told)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_everything_with_hashes_and_names_no_host_or_folder(lock: Path) -> None:
    text = lock.read_text("utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(licences.pinned(text)) > 0
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|index|find-links|(?<![\w=])/", text)


def _direct(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=;! ]", one, maxsplit=1)[0].lower() for one in requirements}


def test_every_direct_dependency_is_pinned_and_has_its_line_in_the_decision() -> None:
    runtime = _direct(PROJECT["project"]["dependencies"])
    extras = {name for extra in PROJECT["project"]["optional-dependencies"].values() for name in _direct(extra)}
    development = _direct(PROJECT["dependency-groups"]["dev"])
    pinned, pinned_dev = ({one.lower() for one in licences.pinned(lock.read_text("utf-8"))} for lock in LOCKS)
    assert runtime <= pinned <= pinned_dev
    assert development <= pinned_dev
    decision = (ROOT / "docs/adr/0002-layers-and-dependencies.md").read_text("utf-8").lower()
    told = set(re.findall(r"^\| `([^`]+)`", decision, re.MULTILINE))
    assert (runtime | extras | development) - told == set()
    assert told - (runtime | extras | development) == set()


def test_every_lint_ignore_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    codes = [line for line in text.splitlines() if re.match(r'\s+"[A-Z]+[0-9]*",', line)]
    assert len(codes) > len(PROJECT["tool"]["ruff"]["lint"]["ignore"])
    assert [line for line in codes if not re.search(r"# \w+", line)] == []


def test_every_exception_in_the_code_says_why() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("src", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"#\s*noqa(?!: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)* - \w)", line)
    ]
    assert bare == []


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"])
def test_no_test_reaches_another_machine(called_outside: list[str], host: str) -> None:
    with (
        socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as caller,
        pytest.raises(OSError, match="unreachable") as caught,
    ):
        caller.connect((host, 9))
    assert caught.value.errno == errno.ENETUNREACH
    assert called_outside == [str((host, 9))]
    called_outside.clear()


def test_no_test_asks_a_name_server(called_outside: list[str]) -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("qyapi.weixin.qq.com", 443)
    assert socket.getaddrinfo("localhost", 443)
    assert called_outside == []
