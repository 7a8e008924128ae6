"""A good chain is taken, and each of the eight forged kinds is refused for its own reason."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagate.wire.certs import ChainRefused, ForgedChain, forge_chain, issue_chain, verify_chain
from wagate.wire.keys import KeyPair
from wagate.wire.proto import wa_pb2 as wa

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT, STATIC = KeyPair.generate(), KeyPair.generate()

REASONS = {
    ForgedChain.OTHER_ROOT: "not signed by the root",
    ForgedChain.NO_SIGNATURES: "not signed by the root",
    ForgedChain.LEAF_BY_ANOTHER_KEY: "not signed by the intermediate",
    ForgedChain.LEAF_OF_ANOTHER_SERVER: "another server",
    ForgedChain.LEAF_EXPIRED: "not valid now",
    ForgedChain.LEAF_NOT_YET_VALID: "not valid now",
    ForgedChain.LEAF_OF_ANOTHER_ISSUER: "leaf certificate names another issuer",
    ForgedChain.INTERMEDIATE_OF_ANOTHER_ISSUER: "intermediate certificate names another issuer",
}


def test_a_good_chain_is_taken_for_its_year_and_not_longer() -> None:
    chain = issue_chain(ROOT, STATIC.public, NOW, os.urandom)
    verify_chain(chain, ROOT.public, STATIC.public, NOW)
    verify_chain(chain, ROOT.public, STATIC.public, NOW + timedelta(days=364))
    with pytest.raises(ChainRefused, match="not valid now"):
        verify_chain(chain, ROOT.public, STATIC.public, NOW + timedelta(days=366))


@pytest.mark.parametrize("kind", ForgedChain)
def test_each_forged_chain_is_refused_for_its_own_reason(kind: ForgedChain) -> None:
    chain = forge_chain(kind, ROOT, STATIC.public, NOW, os.urandom)
    with pytest.raises(ChainRefused, match=REASONS[kind]):
        verify_chain(chain, ROOT.public, STATIC.public, NOW)


def test_the_roots_serial_zero_is_on_the_wire() -> None:
    chain = wa.CertChain.FromString(issue_chain(ROOT, STATIC.public, NOW, os.urandom))
    details = wa.CertChain.NoiseCertificate.Details.FromString(chain.intermediate.details)
    assert details.HasField("issuerSerial")


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(chain: bytes) -> None:
    with pytest.raises(ChainRefused):
        verify_chain(chain, ROOT.public, STATIC.public, NOW)
