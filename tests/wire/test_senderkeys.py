"""Group encryption: every member that was told the chain reads every message once, in any order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagate.wire.proto import wa_pb2 as wa
from wagate.wire.senderkeys import MAX_SKIPPED, BadSignature, NoSenderKey, ReceivedKeys, SenderKey
from wagate.wire.signal import DuplicateMessage, Malformed, SignalError, TooFarAhead, inspect


def told(key: SenderKey) -> ReceivedKeys:
    received = ReceivedKeys()
    received.accept(key.distribution())
    return received


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(12)), kept=st.integers(1, 12))
def test_any_order_reads_each_message_exactly_once(order: list[int], kept: int) -> None:
    key = SenderKey.create()
    received = told(key)
    sent = []
    for number in range(12):
        key = SenderKey.from_record(key.to_record())
        sent.append(key.encrypt(b"%d" % number))
        assert inspect("skmsg", sent[-1]) == (key.id.to_bytes(4, "big"), number)
    for number in order[:kept]:
        received = ReceivedKeys.from_record(received.to_record())
        assert received.decrypt(sent[number]) == b"%d" % number
        with pytest.raises(DuplicateMessage):
            received.decrypt(sent[number])


def test_a_member_told_later_reads_from_then_on() -> None:
    key = SenderKey.create()
    early = key.encrypt(b"early")
    late = told(key)
    with pytest.raises(NoSenderKey):
        late.decrypt(early)
    assert late.decrypt(key.encrypt(b"now")) == b"now"


def test_told_the_chain_from_an_earlier_message_on_a_member_reads_those_too_and_none_twice() -> None:
    key = SenderKey.create()
    from_the_start = key.distribution()
    sent = [key.encrypt(b"%d" % n) for n in range(3)]
    received = told(key)
    sent.append(key.encrypt(b"3"))
    assert received.decrypt(sent[3]) == b"3"

    received.accept(from_the_start)
    received = ReceivedKeys.from_record(received.to_record())
    received.accept(from_the_start)

    assert [received.decrypt(sent[n]) for n in (1, 0, 2)] == [b"1", b"0", b"2"]
    for again in sent:
        with pytest.raises(DuplicateMessage):
            received.decrypt(again)


def test_a_repeated_distribution_does_not_rewind_the_chain() -> None:
    key = SenderKey.create()
    distribution = key.distribution()
    received = ReceivedKeys()
    received.accept(distribution)
    body = key.encrypt(b"once")
    assert received.decrypt(body) == b"once"
    received.accept(distribution)
    with pytest.raises(DuplicateMessage):
        received.decrypt(body)


def test_a_new_chain_takes_over_and_the_old_one_still_reads() -> None:
    old, new = SenderKey.create(), SenderKey.create()
    received = told(old)
    late = old.encrypt(b"late")
    received.accept(new.distribution())
    assert received.decrypt(new.encrypt(b"new")) == b"new"
    assert received.decrypt(late) == b"late"
    for _ in range(5):
        received.accept(SenderKey.create().distribution())
    with pytest.raises(NoSenderKey):
        received.decrypt(old.encrypt(b"too old"))


def test_a_forged_or_spoiled_message_changes_nothing() -> None:
    key = SenderKey.create()
    received = told(key)
    body = key.encrypt(b"good")
    before = received.to_record()
    for place in (5, len(body) - 70, len(body) - 10):
        spoiled = bytearray(body)
        spoiled[place] ^= 1
        with pytest.raises(SignalError):
            received.decrypt(bytes(spoiled))
        assert received.to_record() == before
    with pytest.raises(BadSignature):
        received.decrypt(body[:-64] + bytes(64))
    with pytest.raises(NoSenderKey):
        ReceivedKeys().decrypt(body)
    assert received.decrypt(body) == b"good"


def test_jumps_and_skipped_keys_are_bounded() -> None:
    key = SenderKey.create(lambda n: b"\x11" * n)
    received = told(key)
    sent = [key.encrypt(b"x") for _ in range(MAX_SKIPPED + 2)]
    with pytest.raises(TooFarAhead):
        received.decrypt(sent[-1])
    received.decrypt(sent[0])
    received.decrypt(sent[-1])
    assert received.decrypt(sent[1]) == b"x"


@given(st.binary(max_size=120))
def test_noise_is_refused(noise: bytes) -> None:
    received = told(SenderKey.create())
    with pytest.raises(SignalError):
        received.decrypt(noise)
    with pytest.raises(Malformed):
        received.accept(noise)
    with pytest.raises(Malformed):
        ReceivedKeys.from_record(noise)
    with pytest.raises(Malformed):
        SenderKey.from_record(noise)


def test_the_distribution_has_whatsapps_form() -> None:
    key = SenderKey.create()
    distribution = key.distribution()
    message = wa.SenderKeyDistributionMessage.FromString(distribution[1:])
    assert distribution[0] == 0x33
    assert (message.id, message.iteration, len(message.chainKey)) == (key.id, 0, 32)
    assert len(message.signingKey) == 33
    assert message.signingKey[0] == 5
