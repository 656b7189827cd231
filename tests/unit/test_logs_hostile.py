"""Whatever a stranger sends, a log line stays a line: it obeys nobody and gives no token away."""

import json
from collections.abc import Iterator

import pytest
import structlog

from shipbell.telemetry import log, set_up_logs


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    log.cache_clear()


# What a terminal obeys, and what turns a line around: controls, C1, bidi, and what hides between letters.
_MARKS = (0x61C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
OBEYED = "".join(chr(one) for one in (*range(0x20), *range(0x7F, 0xA0), *_MARKS))


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "path",
    [
        "/\x1b[2J\x1b]0;pwn\x07",
        "/\x9b2J\x85",
        "/\u202egpj.exe",
        "/\u2066a\u2069\u200f",
        "/\ud800",
        "/" + OBEYED.translate(dict.fromkeys(map(ord, "\t\r\n"))),
        f"/with a space and = '{OBEYED}'",
    ],
    ids=ascii,
)
def test_no_path_can_write_to_the_terminal_that_shows_the_log(
    form: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(form=form)
    log().info("request.answered", path=path, nested={"path": [path]})
    log().info(f"request.answered {path}")
    try:
        raise LookupError(path)  # noqa: TRY301 - a traceback wants a real one
    except LookupError as error:
        log().error("request.broken", exc_info=error)
    err = capsys.readouterr().err
    assert err.count("request.answered") == 2
    assert "LookupError" in err
    assert set(err) & set(OBEYED) <= {"\n"}
    if form == "json":
        told = [json.loads(line) for line in err.split("\n") if line]
        assert told[0]["path"] == path


TOKEN = "sb_4Qn0xk-2_Zr8vT1yWcLd9bHsPmGfEaJ7uKiN3oXtRqA"


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("where", ["/api/v1/projects/{}", "/x%2F{}?a", "{}", "curl -H {} x", "/{}/", "/\x1b{}"])
def test_an_api_token_is_hidden_wherever_it_stands(form: str, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form=form)
    log().info("request.answered", path=where.format(TOKEN), nested=[{where.format(TOKEN): where.format(TOKEN)}])
    log().info(where.format(TOKEN))
    out, err = capsys.readouterr()
    assert TOKEN[3:20] not in out + err
    assert err.count("sb_***") == 4


def test_what_only_begins_like_a_token_is_logged_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs()
    log().info("request.answered", path="/projects/usb_driver")
    assert json.loads(capsys.readouterr().err)["path"] == "/projects/usb_driver"
