"""Words of a page: messages in its language, numbers, times and links that keep `?lang=`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from markupsafe import Markup

from shipbell.domain.subscriptions import Locale
from shipbell.domain.times import in_words
from shipbell.i18n import translate

# Who works on the database itself, as it is written beside a change.
COMMAND_LINE = "command line"
LANGUAGES: Mapping[Locale, str] = {Locale.EN: "English", Locale.ZH_CN: "简体中文"}


def en(english: str) -> str:
    """Mark a message for the catalogues where it stands in a table."""
    return english


_RULES = (
    en("Paste the robot's webhook URL."),
    en("Start with http:// or https://."),
    en("{count} characters; at most {most}."),
    en("{count} characters; {least} to {most}."),
    en("This is not a whole address: copy it from the robot again."),
    en("This is a mask: paste the whole URL of the robot."),
    en("Tick at least one event type."),
    en("The catalog has no event type “{word}”."),
    en("Separate IDs with ; instead of “{word}”."),
    en("“{word}” is not allowed: use digits, letters, ; . - _ and @."),
    en("Leave out control characters and line breaks."),
    en("This is required."),
    en("Choose one of {choices}."),
    en("The project has another subscription named {name}: choose another name."),
    en("The project has a subscription named {name} already: choose another name."),
    en("Use {least} to {most} characters."),
    en("This password is among the first to be guessed: take another one."),
    en("There is no time zone “{word}”; write such as Asia/Singapore."),
    en("Give a number of days from above 0 to 3660."),
    en("The user name or the password is wrong."),
    en("The channel {channel} is not offered in the region {region}: SHIPBELL_CHANNEL_REGIONS says where."),
    en("Too many failed sign-ins: try again in {seconds} s."),
    en("Too many sign-ins at once: try again in {seconds} s."),
    en("Use {least} to {most} of a-z, 0-9 and -."),
    en("Use {least} to {most} characters without spaces, ; , : or /."),
    en("Leave out what cannot be seen, such as zero-width and direction marks."),
    en("This is read as a number, a date, true, false or nothing: put it in quotes."),
    en("Write text here; put numbers in quotes."),
    en("Write true or false."),
    en("Write a list of event types."),
    en("Write a list of fields; [] for none."),
    en("Write services with their fields, such as pipeline: [trigger]."),
    en("There is no such service; known are {choices}."),
    en("There is no such key; known are {choices}."),
    en("{service} has no field “{word}”; it has {choices}."),
    en("A new source needs a secret."),
    en("This is a mask, and there is no secret that it could stand for."),
    en("Give a number of hours from 0 to {most}."),
    en("The project has a source named {name} already: choose another name."),
    en("The project has another one named {name}: choose another name."),
    en("There is a project {name} already: choose another key."),
    en("The key stays {name}: addresses of hooks hold it."),
    en("Only an instance administrator moves a project to another region."),
    en("Somebody changed it after you read it: read it again and repeat your change."),
    en("There is an account {name} already."),
    en("{name} is the last instance administrator: make another one first."),
    en("{name} signs in through the identity provider: its password is changed there."),
    en("{name} signs in with the identity provider: change the password there."),
    en(
        "Your browser sent this form from {origin}, but the request came for {host}. Whoever runs Shipbell sets "
        "SHIPBELL_PUBLIC_URL to the address in the browser, or lets the proxy pass the Host header on."
    ),
    en("This address takes the fields of a form."),
    en("A form may have 256 KiB at most."),
    en("This form has too many fields."),
    en("Its type is another system's; only io.shipbell.* can be subscribed to."),
    en("A check that is {status} has no result."),
    en("A deployment with state {state} has not ended."),
    en("A run with status {status} has neither ended nor paused."),
)
_PLACE = re.compile(r"\\\{(\w+)\\\}")
_SHAPES = [(re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(one)), re.DOTALL), one) for one in _RULES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A language and a zone; `asked` is true when `?lang=` named the language."""

    language: Locale
    zone: str
    asked: bool = False

    def t(self, english: str, /, **values: object) -> str:
        """A message in this language; `{name}` stands for a value."""
        return translate(self.language.value, english).format(**values)

    def tn(self, singular: str, plural: str, count: int, /, **values: object) -> str:
        """A message that counts; `{count}` is the number with separators."""
        said = translate(self.language.value, singular, plural, count)
        return said.format(count=self.number(count), **values)

    def th(self, english: str, /, **values: object) -> Markup:
        """A message around pieces of HTML; plain values are escaped."""
        return Markup(translate(self.language.value, english)).format(**values)  # noqa: S704 - catalogues are ours

    def listed(self, parts: Iterable[str]) -> str:
        """Several words in a row: `Failed, Paused` or `失败、暂停`."""
        return self.t(", ").join(parts)

    def who(self, actor: str, via: str = "") -> str:
        """Who did something; what is no account has a name in this language, since no account's has a space."""
        if actor == COMMAND_LINE:
            return self.t("command line")
        return self.t("system") if (actor, via) == ("system", "system") else actor

    @property
    def gap(self) -> str:
        """What stands between two sentences: nothing in Chinese."""
        return "" if self.language is Locale.ZH_CN else " "

    def told(self, sentence: str) -> str:
        """A sentence of a rule or an error in this language, recognised by its shape; else as it is."""
        if self.language is Locale.EN:
            return sentence
        for shape, english in _SHAPES:
            if (match := shape.fullmatch(sentence)) is not None:
                return self.t(english, **match.groupdict())
        return sentence

    def number(self, value: int) -> str:
        """`1,106`, the same in both languages."""
        return f"{value:,}"

    def at(self, time: datetime, zone: str | None = None) -> str:
        """A time in plain words."""
        return in_words(time, zone or self.zone, self.language)

    def when(self, time: datetime | None) -> Markup:
        """A time as an element whose title names the zone; a dash for none."""
        if time is None:
            return Markup("–")
        return Markup('<time class="nowrap" datetime="{}" title="{}">{}</time>').format(
            time.isoformat(timespec="seconds"), self.zone, self.at(time)
        )

    def href(self, path: str, /, **query: object) -> str:
        """A link inside the console; None values are left out, `?lang=` is kept, what the path says already wins."""
        said = parse_qs(urlsplit(path).query, keep_blank_values=True)
        pairs = {name: value for name, value in query.items() if value is not None and name not in said}
        if self.asked and "lang" not in pairs.keys() | said.keys():
            pairs["lang"] = self.language.value
        joint = "&" if said else "?"
        return f"{path}{joint}{urlencode(pairs, doseq=True)}" if pairs else path


def negotiated(accept: str) -> Locale | None:
    """The best known language of an Accept-Language header."""
    wanted: list[tuple[float, int, Locale]] = []
    for place, part in enumerate(accept.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        locale = Locale.ZH_CN if tag.lower().split("-")[0] == "zh" else Locale.EN if tag.lower()[:2] == "en" else None
        if locale is not None and (quality := _quality(parameter)) > 0:
            wanted.append((-quality, place, locale))
    return min(wanted)[2] if wanted else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def locale_of(word: str | None) -> Locale | None:
    """The language of a word such as `zh-CN`; None for an unknown one."""
    return next((one for one in Locale if one.value == word), None)
