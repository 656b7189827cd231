"""Files of settings are read with care: whatever is wrong is told in words, and nothing grows beyond bounds."""

import time
from pathlib import Path

import pytest

from shipbell.domain.errors import InvalidFile
from shipbell.usecases.settings_file import MOST_BYTES, files_of, read_file, write_yaml


def written(folder: Path, text: str | bytes, name: str = "settings.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path: Path) -> str:
    with pytest.raises(InvalidFile) as told:
        read_file(path)
    assert path.name in told.value.sentence
    return told.value.sentence


def test_a_file_is_a_mapping(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, "projects:\n  - key: payments\n")) == {"projects": [{"key": "payments"}]}


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, "# nothing yet\n")) == {}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, b"\xef\xbb\xbfprojects: []\n")) == {"projects": []}


@pytest.mark.parametrize("text", ["- a\n- b\n", "payments\n", "42\n", "1: a\n"])
def test_anything_but_a_mapping_with_words_as_keys_is_refused(tmp_path: Path, text: str) -> None:
    assert "projects" in refused(written(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2\n", "projects:\n  - {key: a, key: b}\n", "a: {b: {c: 1, 'c': 2}}\n"],
)
def test_a_key_that_stands_twice_is_refused_at_any_depth(tmp_path: Path, text: str) -> None:
    assert "stands twice" in refused(written(tmp_path, text))


def test_a_key_that_stands_twice_is_told_with_its_line(tmp_path: Path) -> None:
    assert "(line 3)" in refused(written(tmp_path, "url: a\nevents: []\nurl: b\n"))


@pytest.mark.parametrize("text", ["a: [1, 2\n", "a: b: c\n", "\tkey: 1\n", "a: 'open\n"])
def test_what_is_not_yaml_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    assert "line " in refused(written(tmp_path, text))


def test_bytes_that_are_no_utf_8_are_refused_in_words(tmp_path: Path) -> None:
    assert "is not YAML: byte 9 is no UTF-8" in refused(written(tmp_path, "name: 支付".encode("gb18030")))
    # So a PowerShell writes what another command tells it.
    assert "byte 1 is no UTF-8" in refused(written(tmp_path, "name: x".encode("utf-16")))
    assert "the character U+0000 may not stand there (character 7)" in refused(written(tmp_path, "name: \0"))


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.getcwd []", "!!python/name:os.system", "!unknown x"])
def test_a_tag_makes_nothing_come_alive(tmp_path: Path, tag: str) -> None:
    assert "is not YAML" in refused(written(tmp_path, f"a: {tag}\n"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-24", "2026-11-24"),
        ("2026-11-24 10:00:00", "2026-11-24 10:00:00"),
        ("'1'", "1"),
        ("release", "release"),
    ],
)
def test_a_date_is_a_name_here(tmp_path: Path, text: str, value: str) -> None:
    assert read_file(written(tmp_path, f"name: {text}\n")) == {"name": value}


def test_a_file_over_4_mib_is_refused_and_one_of_4_mib_is_read(tmp_path: Path) -> None:
    text = "name: x #"
    whole = written(tmp_path, text + "#" * (MOST_BYTES - len(text)))
    assert read_file(whole) == {"name": "x"}
    assert "4 MiB" in refused(written(tmp_path, text + "#" * (MOST_BYTES - len(text) + 1)))


def test_a_file_without_an_end_is_refused() -> None:
    assert "4 MiB" in refused(Path("/dev/zero"))


def test_aliases_serve_as_short_cuts(tmp_path: Path) -> None:
    text = "a: &wide {gate: failed, locale: en}\nb: {<<: *wide, locale: zh-CN}\nc: *wide\n"
    assert read_file(written(tmp_path, text)) == {
        "a": {"gate": "failed", "locale": "en"},
        "b": {"gate": "failed", "locale": "zh-CN"},
        "c": {"gate": "failed", "locale": "en"},
    }


def unfolding(one: str, many: str) -> str:
    """A short text that stands for ten times more with each of its nine lines."""
    return "\n".join([f"a0: &a0 {one}"] + [f"a{level}: &a{level} {many.format(level - 1)}" for level in range(1, 10)])


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("[lol]", "[" + ", ".join(["*a{0}"] * 10) + "]"),
        ("{k: v}", "{{" + ", ".join(f"k{number}: *a{{0}}" for number in range(10)) + "}}"),
        ("{k: v}", "{{<<: [" + ", ".join(["*a{0}"] * 10) + "]}}"),
    ],
    ids=["lists", "maps", "merges"],
)
def test_a_file_that_unfolds_without_end_is_refused_in_a_moment(tmp_path: Path, one: str, many: str) -> None:
    text = unfolding(one, many)
    assert len(text) < 1_200
    began = time.process_time()
    assert "beyond all bounds" in refused(written(tmp_path, text))
    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}", "a: &a [[[*a]]]"])
def test_a_collection_that_holds_itself_is_refused(tmp_path: Path, text: str) -> None:
    assert "beyond all bounds" in refused(written(tmp_path, text))


def test_a_file_of_very_deep_nesting_is_refused_in_words(tmp_path: Path) -> None:
    assert "32 deep" in refused(written(tmp_path, "a: " + "[" * 20_000 + "]" * 20_000))
    assert "32 deep" in refused(written(tmp_path, "a: " + "[" * 32 + "]" * 32))
    read_file(written(tmp_path, "a: " + "[" * 31 + "]" * 31))


def test_aliases_do_not_nest_deeper_than_brackets(tmp_path: Path) -> None:
    chain = ["a0: &a0 x"] + [f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 40)]
    assert "beyond all bounds" in refused(written(tmp_path, "\n".join(chain)))
    read_file(written(tmp_path, "\n".join(chain[:31])))


def test_a_large_file_with_many_aliases_is_read(tmp_path: Path) -> None:
    many = "\n".join(f"  - {{name: group {number}, events: *bad}}" for number in range(2_000))
    read = read_file(written(tmp_path, f"bad: &bad [pipeline.run.failed, build.task.failed]\nall:\n{many}\n"))
    assert isinstance(read["all"], list)
    assert len(read["all"]) == 2_000


def test_a_merged_key_may_be_said_anew_wherever_the_merge_stands(tmp_path: Path) -> None:
    text = "base: &base {k: 0}\ntop: {deep: {deeper: &mine {<<: *base, k: 1}}}\nother: {<<: *mine}\n"
    read = read_file(written(tmp_path, text))
    assert read["top"] == {"deep": {"deeper": {"k": 1}}}
    assert read["other"] == {"k": 1}


def test_of_several_merges_the_first_wins(tmp_path: Path) -> None:
    text = "a: &a {k: a, l: a}\nb: &b {k: b, m: b}\nc: {<<: [*a, *b], l: c}\n"
    assert read_file(written(tmp_path, text))["c"] == {"k": "a", "l": "c", "m": "b"}


@pytest.mark.parametrize("text", ["a: {<<: x}", "a: {<<: [x]}", "a: {<<: [{k: v}, [l]]}"])
def test_only_mappings_are_merged(tmp_path: Path, text: str) -> None:
    assert "Only mappings" in refused(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    refused(tmp_path / "gone.yaml")
    with pytest.raises(InvalidFile, match="does not exist"):
        files_of(tmp_path / "gone.yaml")


def test_of_a_folder_every_yaml_and_yml_is_taken_in_order_of_name(tmp_path: Path) -> None:
    for name in ("20-b.yml", "10-a.yaml", "30-C.YAML", "notes.txt", "30.yaml.bak", ".10-a.yaml"):
        written(tmp_path, "", name)
    (tmp_path / "deeper.yaml").mkdir()
    assert [one.name for one in files_of(tmp_path)] == ["10-a.yaml", "20-b.yml", "30-C.YAML"]


def test_a_link_of_a_folder_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "lost.yaml").symlink_to(tmp_path / "gone")
    [one] = files_of(tmp_path)
    assert "cannot be read" in refused(one)


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="cannot be read"):
        files_of(tmp_path / ("a" * 300))


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"no \*\.yaml"):
        files_of(tmp_path)


@pytest.mark.parametrize(
    "text", ["yes", "null", "0123", "1e3", "2026-11-24", "a: b", "- a", "#a", " a ", "支付", "'", "~"]
)
def test_what_is_written_reads_back_as_the_same_text(tmp_path: Path, text: str) -> None:
    assert read_file(written(tmp_path, write_yaml({"name": text, text: ["x", text]}))) == {
        "name": text,
        text: ["x", text],
    }
