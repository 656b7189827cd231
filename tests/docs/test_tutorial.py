"""The tutorial is carried out as it stands, in an empty folder and on free ports.

Blocks: `sh setup` is what this test has done already, `sh server` keeps running, `sh` must end well, `sh until` is
asked again until its answer fits, a named block is saved, `text` is what the command before it prints (… = anything).
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial/first-message.md"
PORTS = ("8080", "9100")
SECONDS = 120
_BLOCK = re.compile(r"^```(\w+)(?: ([\w.-]+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    language: str
    mark: str
    text: str
    prints: str | None


def blocks(page: str) -> list[Block]:
    """The fenced blocks in order, each command with the output told right after it."""
    found = [(match[1], match[2] or "", match[3]) for match in _BLOCK.finditer(page)]
    following = [*found[1:], ("", "", "")]
    return [
        Block(language=language, mark=mark, text=text, prints=after[2] if after[0] == "text" else None)
        for (language, mark, text), after in zip(found, following, strict=True)
        if language != "text"
    ]


def free_ports(count: int) -> list[str]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in sockets]


@dataclass(slots=True)
class Terminal:
    folder: Path
    ports: dict[str, str]
    stack: ExitStack
    ran: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIPBELL_")}
        return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"}

    def here(self, text: str) -> str:
        return re.sub(r"\b(8080|9100)\b", lambda match: self.ports[match[0]], text)

    def run(self, block: Block) -> None:
        match (block.language, block.mark):
            case ("sh", "setup"):
                assert block.text.startswith("make install\n")
            case ("sh", "server"):
                self.stack.enter_context(served(self, self.here(block.text)))
            case ("sh", "until"):
                self.expect(block, patiently=True)
            case ("sh", ""):
                self.expect(block, patiently=False)
            case (_, name) if name:
                (self.folder / name).write_text(self.here(block.text), "utf-8")
            case other:
                raise AssertionError(other)
        self.ran.append(block.text)

    def expect(self, block: Block, *, patiently: bool) -> None:
        until = time.monotonic() + SECONDS
        while True:
            done = subprocess.run(
                ["bash", "-euc", self.here(block.text)],
                cwd=self.folder,
                env=self.environment(),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            assert done.returncode == 0, f"{block.text}{done.stderr}"
            if block.prints is None or fits(self.here(block.prints), done.stdout):
                return
            assert patiently, f"{block.text} printed\n{done.stdout}\ninstead of\n{block.prints}"
            assert time.monotonic() < until, f"{block.text} still prints\n{done.stdout}"
            time.sleep(0.1)


def fits(told: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in told.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


@contextmanager
def served(terminal: Terminal, command: str) -> Iterator[None]:
    """Run a server of the page until the end of the test."""
    port = next(one for one in terminal.ports.values() if one in command)
    log = terminal.folder / f"{port}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["bash", "-euc", re.sub(r"(?=shipbell )", "exec ", command, count=1)],
            cwd=terminal.folder,
            env=terminal.environment(),
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + SECONDS
        while not answers(int(port)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield
        process.send_signal(SIGTERM)
        assert process.wait(SECONDS) in {0, -SIGTERM}, log.read_text()
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_the_tutorial_works_as_it_stands(tmp_path: Path) -> None:
    told = blocks(PAGE.read_text("utf-8"))
    assert len([one for one in told if one.prints]) == 6
    with ExitStack() as stack:
        terminal = Terminal(tmp_path, dict(zip(PORTS, free_ports(len(PORTS)), strict=True)), stack)
        for block in told:
            terminal.run(block)
    assert terminal.ran == [one.text for one in told]
