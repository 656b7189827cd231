"""Names, keys, zones, secrets and flags hold their rules at the edge."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from shipbell.domain import validation
from shipbell.domain.access import Role
from shipbell.domain.validation import Findings

Rule = Callable[[Findings, str | None], str | None]


def judged(rule: Callable[..., object], *value: object) -> tuple[object, list[str]]:
    """What a rule makes of a value, and the codes of what it finds wrong."""
    found = Findings()
    return rule(found, *value), [one.code for one in found.problems]


WORDS: list[tuple[Rule, int, str]] = [
    (validation.source_name, 64, "name-characters"),
    (validation.project_key, 64, "key-characters"),
    (validation.region, 32, "region-characters"),
]


@pytest.mark.parametrize(("rule", "most", "code"), WORDS)
def test_a_word_of_addresses_has_one_to_so_many_characters(rule: Rule, most: int, code: str) -> None:
    assert judged(rule, "a") == ("a", [])
    assert judged(rule, "a" * most) == ("a" * most, [])
    assert judged(rule, "a" * (most + 1)) == (None, [code])
    assert judged(rule, "") == (None, [code])


@pytest.mark.parametrize("character", [chr(code) for code in range(0x20, 0x7F)] + ["é", "张", "ａ", "٣", "\n"])
@pytest.mark.parametrize(("rule", "code"), [(rule, code) for rule, _, code in WORDS])
def test_a_word_of_addresses_is_lower_case_letters_digits_and_dashes(rule: Rule, code: str, character: str) -> None:
    word = f"a{character}"
    allowed = character in "abcdefghijklmnopqrstuvwxyz0123456789-"
    assert judged(rule, word) == ((word, []) if allowed else (None, [code]))


def test_a_region_that_the_catalog_does_not_know_is_allowed() -> None:
    assert judged(validation.region, "moon-base-1") == ("moon-base-1", [])


def test_a_subscription_has_a_name_of_1_to_100_characters_of_any_script() -> None:
    assert judged(validation.name, "x") == ("x", [])
    assert judged(validation.name, "发" * 100) == ("发" * 100, [])
    assert judged(validation.name, "发" * 101) == (None, ["name-length"])
    assert judged(validation.name, "") == (None, ["name-length"])
    assert judged(validation.name, " \u3000 ") == (None, ["name-length"])


def test_spaces_around_a_name_are_not_part_of_it() -> None:
    assert judged(validation.name, "  release group ") == ("release group", [])
    assert judged(validation.name, " " + "x" * 100 + " ") == ("x" * 100, [])


@pytest.mark.parametrize("character", ["\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
def test_a_text_has_no_control_characters_and_no_line_breaks(character: str) -> None:
    found = Findings()
    assert found.text({"name": f"a{character}b"}, "name") is None
    assert [one.code for one in found.problems] == ["unprintable"]


@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"a": 1}])
def test_a_number_or_list_is_no_text(value: object) -> None:
    found = Findings()
    assert found.text({"name": value}, "name") is None
    assert [one.code for one in found.problems] == ["not-text"]


def test_a_text_that_is_left_out_takes_its_default_or_is_required() -> None:
    found = Findings()
    assert found.text({}, "region", "ap-southeast-3") == "ap-southeast-3"
    assert found.text({"region": None}, "region", "ap-southeast-3") == "ap-southeast-3"
    assert not found.problems
    assert found.text({}, "key") is None
    assert [(one.field, one.code) for one in found.problems] == [("key", "required")]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Singapore", "Asia/Shanghai", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_of_iana_is_known_and_can_be_used(zone: str) -> None:
    assert judged(validation.time_zone, zone) == (zone, [])
    assert ZoneInfo(zone).key == zone


@pytest.mark.parametrize("zone", ["Asia/Atlantis", "../etc/passwd", "/etc/localtime", "", "utc+8", "Asia"])
def test_a_time_zone_that_nobody_knows_is_refused(zone: str) -> None:
    assert judged(validation.time_zone, zone) == (None, ["unknown-time-zone"])


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_one_of_four(role: Role) -> None:
    assert judged(validation.role, role.value) == (role, [])


@pytest.mark.parametrize(("role", "code"), [("owner", "unknown-role"), ("Viewer", "unknown-role"), (None, "required")])
def test_another_role_is_refused(role: object, code: str) -> None:
    assert judged(validation.role, role) == (None, [code])


def test_a_kind_is_one_of_the_registry() -> None:
    assert judged(validation.source_kind, "generic", ("generic", "codearts")) == ("generic", [])
    assert judged(validation.source_kind, "gitlab2", ("generic",)) == (None, ["unknown-kind"])
    assert judged(validation.channel, "wecom", ("wecom",)) == ("wecom", [])
    assert judged(validation.channel, "dingtalk", ("wecom",)) == (None, ["unknown-channel"])


@pytest.mark.parametrize("value", ["true", 1, 0, "yes", None])
def test_a_flag_is_true_or_false_and_no_word_for_it(value: object) -> None:
    found = Findings()
    assert validation.flag(found, {"enabled": value}, "enabled", default=True) is True
    assert [one.code for one in found.problems] == ["not-a-boolean"]


def test_a_flag_that_is_left_out_takes_its_default() -> None:
    found = Findings()
    assert validation.flag(found, {}, "enabled", default=True) is True
    assert validation.flag(found, {"enabled": False}, "enabled", default=True) is False
    assert not found.problems


def test_a_secret_has_1_to_512_characters() -> None:
    assert judged(validation.secret, "s") == ("s", [])
    assert judged(validation.secret, "s" * 512) == ("s" * 512, [])
    assert judged(validation.secret, "s" * 513) == (None, ["secret-length"])
    assert judged(validation.secret, "") == (None, ["secret-length"])


def test_spaces_around_a_secret_go_for_no_header_carries_them() -> None:
    assert judged(validation.secret, " s 3\t") == ("s 3", [])
    assert judged(validation.secret, "  ") == (None, ["secret-length"])


@pytest.mark.parametrize("name", ["alice", "zhang.san@example.com", "张三", "a" * 128])
def test_an_account_name_may_be_an_address_or_chinese(name: str) -> None:
    assert judged(validation.user_name, name) == (name, [])


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a,b", "a:b", "a/b", "a\tb", "a\x9f", "a\ud800", "a" * 129])
def test_an_account_name_has_no_separators(name: str) -> None:
    assert judged(validation.user_name, name) == (None, ["name-characters"])


INVISIBLE = (
    "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a",
    "\u202e", "\u2060", "\u2066", "\u2069", "\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\U000e0041",
    "\U000e0100",
)  # fmt: skip


@pytest.mark.parametrize("sign", INVISIBLE, ids=ascii)
@pytest.mark.parametrize("rule", [validation.name, validation.user_name])
def test_a_name_holds_nothing_that_nobody_sees_and_a_known_one_stays(rule: Callable[..., object], sign: str) -> None:
    for name in (f"adm{sign}in", f"{sign}admin", f"admin{sign}", f"张{sign}三"):
        assert judged(rule, name) == (None, ["name-invisible"])
        found = Findings()
        assert rule(found, name, known=name) == name
        assert rule(found, name, known="admin") is None
        assert [one.message for one in found.problems] == [
            "Leave out what cannot be seen, such as zero-width and direction marks."
        ]


@pytest.mark.parametrize("name", ["发布⚠️", "👨‍💻", "❤️‍🔥 team", "👩🏽‍🚀", "Zürich", "นที", "ক্ষ", "e\u0301"])  # fmt: skip
def test_emoji_and_marks_of_scripts_may_stand_in_a_name(name: str) -> None:
    assert judged(validation.name, name) == (name, [])


def test_a_broken_name_or_role_has_the_same_code_wherever_it_stands() -> None:
    found = Findings("members.")
    validation.user_name(found, "a b", "a b")
    validation.role(found, "owner", "alice")
    assert [(one.field, one.code) for one in found.problems] == [
        ("members.a b", "name-characters"),
        ("members.alice", "unknown-role"),
    ]


@pytest.mark.parametrize(
    ("key", "field"),
    [
        (True, "true"),
        (83, "83"),
        (1.5, "1.5"),
        (None, "null"),
        (1 << 80, "(int)"),
        (b"x" * 999, "(bytes)"),
        ((), "(tuple)"),
    ],
)
def test_a_key_that_is_no_text_is_told_so_and_little_of_it_is_shown(key: object, field: str) -> None:
    found = Findings()
    found.unknown_keys({key: 1}, ("name",))  # type: ignore[dict-item]
    assert [(one.field, one.code) for one in found.problems] == [(field, "not-text")]
    assert "put it in quotes" in found.problems[0].message


def test_a_service_that_is_no_text_is_told_so() -> None:
    found = Findings()
    validation.content(found, {True: [], "pipeline": []})
    assert [(one.field, one.code) for one in found.problems] == [("content.true", "not-text")]
