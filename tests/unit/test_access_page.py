"""The page about roles says what the table says."""

from pathlib import Path

from shipbell.domain.access import Action, Role, may

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"


def cells(line: str) -> list[str]:
    return [one.strip().strip("`") for one in line.strip().strip("|").split("|")]


def test_the_page_of_roles_is_the_table_of_roles() -> None:
    head, _, *rows = [cells(line) for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    assert head == ["Action", *Role]
    assert rows == [[action, *("yes" if may(role, action) else "" for role in Role)] for action in Action]
