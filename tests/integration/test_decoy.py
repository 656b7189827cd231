"""What a password is checked against when nobody has the name."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from shipbell.assemble import assembled
from shipbell.settings import load


async def test_the_hash_for_names_that_do_not_exist_is_checked_like_a_real_one_and_fits_no_password(
    tmp_path: Path,
) -> None:
    async with assembled(load({"SHIPBELL_DATA": str(tmp_path)})) as parts:
        first, second = parts.sign_in(), parts.sign_in()
        hasher = PasswordHasher()
        real = hasher.hash("a password")
        assert not hasher.check_needs_rehash(first.decoy), "it takes other work than a real one"
        assert [len(part) for part in first.decoy.split("$")] == [len(part) for part in real.split("$")]
        with pytest.raises(VerifyMismatchError):
            hasher.verify(first.decoy, "a password")
        assert not first.verified(first.decoy, "a password")
        assert first.verified(real, "a password")
    assert first.decoy != second.decoy
