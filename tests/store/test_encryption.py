from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.errors import Fault, Invalid
from interop.store.encryption import KeyRing, WrappedKey, keyed_digest, open_sealed, rewrap, seal

OLD = KeyRing("old", {"old": bytes(32)})
BOTH = KeyRing("new", {"old": bytes(32), "new": bytes(range(32))})
NEW = KeyRing("new", {"new": bytes(range(32))})


@given(st.binary(max_size=300), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_is_sealed_opens_again_and_is_not_seen(payload: bytes, owner: str) -> None:
    sealed = seal(OLD, owner, payload)
    assert open_sealed(OLD, owner, sealed) == payload
    assert len(payload) < 8 or payload not in sealed.payload + sealed.key.data


def test_two_seals_of_one_payload_share_nothing() -> None:
    first, second = seal(OLD, "a", b"same"), seal(OLD, "a", b"same")
    assert first.payload != second.payload
    assert first.key.data != second.key.data


def test_a_ciphertext_does_not_open_for_another_owner_or_after_a_change() -> None:
    sealed = seal(OLD, "a", b"payload")
    with pytest.raises(Fault):
        open_sealed(OLD, "b", sealed)
    for place in range(len(sealed.payload)):
        changed = bytearray(sealed.payload)
        changed[place] ^= 1
        with pytest.raises(Fault):
            open_sealed(OLD, "a", replace(sealed, payload=bytes(changed)))
    with pytest.raises(Fault):
        open_sealed(OLD, "a", replace(sealed, payload=b""))


def test_a_wrapped_key_does_not_pass_for_another_keys() -> None:
    sealed = seal(OLD, "a", b"payload")
    twins = KeyRing("old", {"old": bytes(32), "twin": bytes(32)})
    with pytest.raises(Fault):
        open_sealed(twins, "a", replace(sealed, key=WrappedKey("twin", sealed.key.data)))


def test_a_rotated_ring_opens_old_seals_and_a_rewrapped_key_needs_the_new_key_alone() -> None:
    sealed = seal(OLD, "a", b"payload")
    assert open_sealed(BOTH, "a", sealed) == b"payload"
    with pytest.raises(Fault):
        open_sealed(NEW, "a", sealed)
    renewed = replace(sealed, key=rewrap(BOTH, "a", sealed.key))
    assert open_sealed(NEW, "a", renewed) == b"payload"
    assert renewed.payload == sealed.payload


def test_a_ring_without_its_active_key_or_with_a_short_key_is_refused() -> None:
    with pytest.raises(Invalid):
        KeyRing("new", {"old": bytes(32)})
    with pytest.raises(Invalid):
        KeyRing("old", {"old": bytes(16)})


def test_a_ring_never_shows_its_keys() -> None:
    assert bytes(range(32)).hex() not in repr(NEW)
    assert "keys" not in repr(NEW)


def test_the_parts_of_a_digest_do_not_run_into_one_another() -> None:
    assert keyed_digest(b"k", b"ab", b"c") != keyed_digest(b"k", b"a", b"bc")
    assert keyed_digest(b"k", b"ab") != keyed_digest(b"l", b"ab")
