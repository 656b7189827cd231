"""A database that is moved under a running server is noticed: nothing is restored beside it, and the server ends."""

import asyncio
from pathlib import Path

from robots import until
from server import serving

_SAID = ("part.ended", "was moved, removed or replaced")


async def test_nothing_is_restored_while_a_server_runs_even_if_its_file_was_moved_away(tmp_path: Path) -> None:
    archive, data = tmp_path / "backup.tar.gz", tmp_path / "data"
    async with serving(tmp_path, {"payments": {}}, expected=_SAID) as server:
        assert (await server.run("backup", str(archive))).code == 0
        (tmp_path / "old").mkdir()
        for one in data.glob("shipbell.db*"):
            one.rename(tmp_path / "old" / one.name)
        ran = await server.run("restore", str(archive))
        assert (ran.code, "stop it first" in ran.err) == (1, True), ran.err
        assert not (data / "shipbell.db").exists()

        await until(lambda: not server.is_alive(), 30, "the end of the server")
        assert server.process is not None
        assert await asyncio.to_thread(server.process.wait, 10) == 3
        assert "was moved, removed or replaced" in server.said().splitlines()[-1]

        ran = await server.run("restore", str(archive))
        assert ran.code == 0, ran.err
        await server.start()
        assert await server.stop() >= (0, 0)


async def test_a_server_whose_database_was_replaced_ends_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path, {"payments": {}}, expected=_SAID) as server:
        path = tmp_path / "data" / "shipbell.db"
        copy = tmp_path / "data" / "copy.db"
        copy.write_bytes(path.read_bytes())
        copy.replace(path)
        await until(lambda: not server.is_alive(), 30, "the end of the server")
        assert server.process is not None
        assert await asyncio.to_thread(server.process.wait, 10) == 3
        assert "was moved, removed or replaced" in server.said()
