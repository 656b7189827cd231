"""The types beside text and markdown: image, news, file, voice, card. Only what is known of them is checked."""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from shipbell.simulator.answers import BAD_ARTICLES, BAD_IMAGE, EMPTY, NO_MEDIA, Refusal, bad_parameter

_IMAGE_BYTES = 2 * 1024 * 1024
_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_ARTICLES = 8
_TITLE_BYTES = 128
_DESCRIPTION_BYTES = 512
_CARD_LISTS = {"horizontal_content_list": 6, "vertical_content_list": 4, "jump_list": 3}


def image(part: Mapping[str, object]) -> Refusal | None:
    """At most 2 MiB of JPG or PNG whose md5 is right; the code for a wrong md5 is a guess."""
    data, md5 = part.get("base64"), part.get("md5")
    if not isinstance(data, str) or not data:
        return EMPTY
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return BAD_IMAGE
    right = hashlib.md5(raw, usedforsecurity=False).hexdigest() == md5
    fits = len(raw) <= _IMAGE_BYTES and raw.startswith(_IMAGE_STARTS)
    return None if right and fits else BAD_IMAGE


def news(part: Mapping[str, object]) -> Refusal | None:
    """One to eight articles, each with a title and a URL."""
    articles = part.get("articles")
    if not isinstance(articles, list) or not 0 < len(articles) <= _ARTICLES:
        return BAD_ARTICLES
    for one in articles:
        if not isinstance(one, dict):
            return bad_parameter("news.articles")
        for name in ("title", "url"):
            if not isinstance(one.get(name), str) or not one[name]:
                return bad_parameter(f"news.articles.{name}")
    return None


def media(part: Mapping[str, object]) -> Refusal | None:
    """Nothing can be uploaded here, so no media is ever known."""
    return NO_MEDIA if part.get("media_id") else Refusal(41006, "missing media_id")


def card(part: Mapping[str, object]) -> Refusal | None:
    """The required members of the two kinds of card, and the length of its lists."""
    kind = part.get("card_type")
    if kind not in {"text_notice", "news_notice"}:
        return bad_parameter("template_card.card_type")
    if not isinstance(part.get("card_action"), dict):
        return Refusal(42045, "template_card.card_action missing")
    title = _member(part, "main_title", "title")
    if kind == "news_notice" and not _member(part, "card_image", "url"):
        return Refusal(42044, "template_card.card_image.url missing")
    if not title and (kind == "news_notice" or not part.get("sub_title_text")):
        return Refusal(42045, "template_card.main_title.title missing")
    for name, most in _CARD_LISTS.items():
        rows = part.get(name, [])
        if not isinstance(rows, list) or len(rows) > most:
            return bad_parameter(f"template_card.{name}")
    return None


def as_shown(msgtype: str, part: Mapping[str, object]) -> Mapping[str, object]:
    """What the group gets: the service cuts long titles and descriptions of news; a picture is its md5 here."""
    if msgtype == "image":
        return {"md5": part.get("md5")}
    articles = part.get("articles")
    if msgtype != "news" or not isinstance(articles, list):
        return part
    return {"articles": [_article(one) for one in articles if isinstance(one, dict)]}


def _article(one: Mapping[str, object]) -> Mapping[str, object]:
    cut = {"title": _TITLE_BYTES, "description": _DESCRIPTION_BYTES}
    return {
        name: _cut(value, cut[name]) if name in cut and isinstance(value, str) else value for name, value in one.items()
    }


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")


def _member(part: Mapping[str, object], outer: str, inner: str) -> object:
    inside = part.get(outer)
    return inside.get(inner) if isinstance(inside, dict) else None
