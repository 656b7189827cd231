"""Text from outside: made harmless, and cut without hurting what stays.

In WeCom's markdown and text a stranger's text could mention (`<@id>`), colour (`<font`), open a link text
(`](`), start a code span or begin a line as a heading or quote. Only what is dangerous is touched: names such
as `feature_x_y` and `a < b` stay as they are.
"""

import re
import unicodedata
from urllib.parse import quote, urlsplit

import regex

_ELLIPSIS = "…"
_SPACES = re.compile(r"[\s\u0085\u2028\u2029]+")
# Controls, bidi marks and embeddings, zero-width joins of words, byte order marks, lone surrogates.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# What opens a mention, a colour or a link; a plain `<` is only a sign.
_TAG = re.compile(r"<(?=@|/?font|/?a[\s>])", re.IGNORECASE)
_PLAIN = re.compile(r"[0-9A-Za-z_ .,:/+=()\-]*\Z")
_URL_SAFE = "!#$%&'*+,-./:;=?@_~"
_GRAPHEME = regex.compile(r"\X")


def clean(text: str) -> str:
    """One line, without what cannot be seen."""
    if _PLAIN.match(text):
        return text.strip(" ")
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip(" ")


def defuse_text(text: str) -> str:
    """One line that mentions nobody and opens no link text in a plain text message."""
    return _TAG.sub("＜", clean(text)).replace("](", "]（")


def defuse(text: str) -> str:
    """One line of markdown that cannot mention, colour, link, open code or bold, nor begin a heading or quote."""
    if _PLAIN.match(text):
        return text.strip(" ")
    text = _TAG.sub("＜", clean(text))
    text = text.replace("](", "]（").replace("`", "'").replace("**", "∗∗")
    if text[:1] == "#":
        return "＃" + text[1:]
    if text[:1] == ">":
        return "＞" + text[1:]
    return text


def defuse_link_text(text: str) -> str:
    """One line of markdown that stays inside `[…](…)`."""
    return defuse(text).replace("[", "［").replace("]", "］")


def size_bytes(text: str) -> int:
    """The UTF-8 bytes of a text."""
    return len(text) if text.isascii() else len(text.encode())


def shorten(text: str, limit_bytes: int) -> str:
    """Cut at a grapheme boundary so that it fits, the ellipsis included; an empty text when nothing fits."""
    if size_bytes(text) <= limit_bytes:
        return text
    room = limit_bytes - size_bytes(_ELLIPSIS)
    if room < 0:
        return ""
    kept: list[str] = []
    for grapheme in _GRAPHEME.finditer(text):
        room -= size_bytes(grapheme.group())
        if room < 0:
            break
        kept.append(grapheme.group())
    return "".join(kept).rstrip(" ") + _ELLIPSIS


def link_target(url: str | None) -> str | None:
    """An http or https address that cannot end a link early; None for anything else."""
    if not url:
        return None
    url = _INVISIBLE.sub("", url.strip())
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host or "\\" in url:
        return None
    if any(unicodedata.category(letter) == "Cc" for letter in url):
        return None
    return quote(url, safe=_URL_SAFE + "[]" if "[" in parts.netloc else _URL_SAFE)
