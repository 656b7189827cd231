"""Text from outside: made harmless, and cut without hurting what stays.

In WeCom's markdown and text a stranger's text could mention (`<@id>`), colour (`<font`), open a link text
(`](`), start a code span or begin a line as a heading or quote. Only what is dangerous is touched: names such
as `feature_x_y` and `a < b` stay as they are.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps
from itertools import islice
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import idna
import regex

_ELLIPSIS = "…"
_SPACES = re.compile(r"[\s\u0085\u2028\u2029]+")
# Controls, bidi marks and embeddings, zero-width joins of words, byte order marks, lone surrogates.
_INVISIBLE_CLASS = (
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff"
)
_INVISIBLE = re.compile(f"[{_INVISIBLE_CLASS}]")
# Emoji and some scripts need these, so they stay; a reader may skip them all the same.
_SKIPPED_CLASS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u3164\ufe00-\ufe0f\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SKIPPED = f"[{_SKIPPED_CLASS}]*"
_HIDDEN = re.compile(f"[{_INVISIBLE_CLASS}{_SKIPPED_CLASS}\u2800]")
# What makes one sign of emoji: a joiner between two of them, and the wish for a coloured one.
_JOINED = regex.compile(
    r"(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})"
    r"|(?<=\p{Extended_Pictographic})\ufe0f"
)
# What opens a mention, a colour or a link, in signs or in entities that a reader may decode; a plain `<` is a sign.
_LESS = "(?:<|&lt;?|&#0*60;?|&#x0*3c;?)"
_AT = "(?:@|&commat;|&#0*64;?|&#x0*40;?)"
# Numbers end where the next sign is no digit: `&#400;` is a letter.
_CLOSE = r"(?:\]|&rsqb;|&rbrack;|&#0*93(?![0-9]);?|&#x0*5d(?![0-9a-f]);?)"
_OPEN = r"(?:\(|&lpar;|&#0*40(?![0-9]);?|&#x0*28(?![0-9a-f]);?)"
_TAG = re.compile(rf"{_LESS}(?={_SKIPPED}(?:{_AT}|/?font|a\s))", re.IGNORECASE)
_LINK = re.compile(rf"(?P<close>{_CLOSE}{_SKIPPED}){_OPEN}", re.IGNORECASE)
_BOLD = re.compile(rf"\*(?P<skipped>{_SKIPPED})\*")
# A heading wants a space after its signs: `#123` is none.
_LINE_START = re.compile(rf"(?P<skipped>{_SKIPPED})(?P<sign>>|#(?=[#{_SKIPPED_CLASS}]*(?: |$)))")
_FULL_WIDTH = {"#": "＃", ">": "＞"}
_URL_SAFE = "!#$%&'*+,-./:;=?@_~"
_SAFE_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(?::[0-9]{1,4})?(?:[/?#][A-Za-z0-9._~/%&=?+#:@!$*,;'\-]*)?\Z")
_GRAPHEME = regex.compile(r"\X")
# No script puts more marks on one letter; a pile of them would be drawn over the lines above and below.
_PILE = regex.compile(r"([\p{M}\p{Cf}]{8})[\p{M}\p{Cf}]+")
# No message shows more of one value or holds a longer link, so no more is looked at.
_MOST_CHARACTERS = 8_192
# Names, members and labels come again and again: what was made of short ones is remembered.
_SHORT_CHARACTERS = 64
_REMEMBERED = 4_096


def _remembering(change: Callable[[str], str]) -> Callable[[str], str]:
    """The same change, looked up for short texts."""
    known = lru_cache(_REMEMBERED)(change)

    @wraps(change)
    def changed(text: str) -> str:
        return known(text) if len(text) <= _SHORT_CHARACTERS else change(text)

    return changed


def hides(text: str) -> bool:
    """Whether a text holds what nobody sees: controls, zero-width and direction marks, fillers."""
    return not text.isascii() and _HIDDEN.search(_JOINED.sub("", text)) is not None


@_remembering
def clean(text: str) -> str:
    """One line, without what cannot be seen, and with no more marks on a letter than scripts put there."""
    text = text[:_MOST_CHARACTERS]
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":
        return _unpiled(text)
    return _unpiled(_SPACES.sub(" ", _INVISIBLE.sub("", text)).strip(" "))


def _unpiled(text: str) -> str:
    """The text without piles of marks; looking costs a third of replacing, and nearly every text has none."""
    return text if text.isascii() or not _PILE.search(text) else _PILE.sub(r"\1", text)


def _harmless(text: str) -> str:
    """Without what opens a mention, a colour or a link."""
    entities = "&" in text
    if entities or "<" in text:
        text = _TAG.sub("＜", text)
    return _LINK.sub(r"\g<close>（", text) if entities or "]" in text else text


@_remembering
def defuse_text(text: str) -> str:
    """One line that mentions nobody and opens no link text in a plain text message."""
    text = clean(text)
    return _harmless(text)


@_remembering
def defuse(text: str) -> str:
    """Words within a line of markdown: they cannot mention, colour, link, open code or bold."""
    text = _harmless(clean(text)).replace("`", "'")
    return _BOLD.sub(r"∗\g<skipped>∗", text) if "*" in text else text


def defuse_line(text: str) -> str:
    """A whole line of markdown, which cannot begin as a heading or quote either."""
    text = defuse(text)
    start = _LINE_START.match(text)
    return f"{start['skipped']}{_FULL_WIDTH[start['sign']]}{text[start.end() :]}" if start else text


def defuse_link_text(text: str) -> str:
    """One line of markdown that stays inside `[…](…)`."""
    return defuse(text).replace("[", "［").replace("]", "］")


def size_bytes(text: str) -> int:
    """The UTF-8 bytes of a text; half a surrogate pair, which problems of a file may name, counts as three."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


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


def beginning(text: str, letters: int) -> str:
    """The first so many letters, as a reader counts them."""
    if text.isascii():
        return text[:letters]
    return "".join(one.group() for one in islice(_GRAPHEME.finditer(text), letters))


def link_target(url: str | None) -> str | None:
    """An http or https address that cannot end a link early; None for anything else."""
    if not url or len(url) > _MOST_CHARACTERS:
        return None
    if _SAFE_URL.match(url):
        return url
    url = _INVISIBLE.sub("", url).strip()
    if "\\" in url or any(unicodedata.category(letter) == "Cc" for letter in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
        url = url if parts.netloc.isascii() else _in_ascii(parts, host or "")
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return None
    return quote(url, safe=_URL_SAFE + "[]" if "[" in parts.netloc else _URL_SAFE)


def _in_ascii(parts: SplitResult, host: str) -> str:
    """The address with its host as programs look it up, since percent signs lead nowhere; raises ValueError."""
    before, at, after = parts.netloc.rpartition("@")
    _, colon, port = after.partition(":")
    spelled = idna.encode(host, uts46=True).decode()
    return urlunsplit(parts._replace(netloc=f"{before}{at}{spelled}{colon}{port}"))
