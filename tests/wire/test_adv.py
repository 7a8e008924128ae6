"""Linking: both sides' signatures hold, and nothing forged is accepted on either side."""

import hmac
from dataclasses import replace

import pytest

from wagate.wire.adv import (
    LINK,
    IdentityRefused,
    Issued,
    QrText,
    Refusal,
    accept,
    check_device,
    check_reply,
    issue,
)
from wagate.wire.keys import KeyPair, sign, verify
from wagate.wire.proto import wa_pb2 as wa

ACCOUNT, DEVICE = KeyPair.generate(), KeyPair.generate()
SECRET = bytes(range(32))


def issued(account: KeyPair = ACCOUNT, secret: bytes = SECRET) -> Issued:
    return issue(account, DEVICE.public, key_index=3, timestamp=1_700_000_000, adv_secret=secret)


def test_phone_and_device_vouch_for_each_other() -> None:
    made = issued()
    accepted = accept(made.blob, SECRET, DEVICE)
    assert (accepted.key_index, accepted.account_key) == (3, ACCOUNT.public)
    check_reply(accepted.reply, made.details, ACCOUNT.public, DEVICE.public)
    assert check_device(accepted.identity, DEVICE.public) == 3
    assert check_device(accepted.identity, DEVICE.public, ACCOUNT.public) == 3
    assert not wa.ADVSignedDeviceIdentity.FromString(accepted.reply).HasField("accountSignatureKey")


def test_the_signed_bytes_are_whatsapps() -> None:
    """The prefixes 06 00 and 06 01, as whatsmeow and Baileys have them."""
    made = issued()
    signed = wa.ADVSignedDeviceIdentity.FromString(accept(made.blob, SECRET, DEVICE).identity)
    assert verify(ACCOUNT.public, b"\x06\x00" + made.details + DEVICE.public, signed.accountSignature)
    covered = b"\x06\x01" + made.details + DEVICE.public + ACCOUNT.public
    assert verify(DEVICE.public, covered, signed.deviceSignature)


def test_another_secret_is_an_hmac_mismatch() -> None:
    with pytest.raises(IdentityRefused) as caught:
        accept(issued().blob, bytes(32), DEVICE)
    assert caught.value.reason is Refusal.HMAC


def test_a_false_account_signature_is_refused_by_the_device() -> None:
    outer = wa.ADVSignedDeviceIdentityHMAC.FromString(issued().blob)
    signed = wa.ADVSignedDeviceIdentity.FromString(outer.details)
    for forged in (bytes(64), sign(ACCOUNT.private, b"something else")):
        signed.accountSignature = forged
        outer.details = signed.SerializeToString()
        outer.hmac = hmac.digest(SECRET, outer.details, "sha256")
        with pytest.raises(IdentityRefused) as caught:
            accept(outer.SerializeToString(), SECRET, DEVICE)
        assert caught.value.reason is Refusal.SIGNATURE


def test_a_false_device_signature_is_refused_by_server_and_peers() -> None:
    made = issued()
    accepted = accept(made.blob, SECRET, DEVICE)
    for field in ("reply", "identity"):
        signed = wa.ADVSignedDeviceIdentity.FromString(getattr(accepted, field))
        signed.deviceSignature = bytes(64)
        with pytest.raises(IdentityRefused):
            if field == "reply":
                check_reply(signed.SerializeToString(), made.details, ACCOUNT.public, DEVICE.public)
            else:
                check_device(signed.SerializeToString(), DEVICE.public)


def test_an_identity_holds_only_for_its_device_and_account() -> None:
    accepted = accept(issued().blob, SECRET, DEVICE)
    other = KeyPair.generate().public
    with pytest.raises(IdentityRefused):
        check_device(accepted.identity, other)
    with pytest.raises(IdentityRefused):
        check_device(accepted.identity, DEVICE.public, other)


def test_a_reply_about_other_details_or_with_the_account_key_is_refused() -> None:
    made = issued()
    accepted = accept(made.blob, SECRET, DEVICE)
    with pytest.raises(IdentityRefused):
        check_reply(accepted.reply, made.details + b"\x08\x01", ACCOUNT.public, DEVICE.public)
    with pytest.raises(IdentityRefused):
        check_reply(accepted.identity, made.details, ACCOUNT.public, DEVICE.public)


@pytest.mark.parametrize("noise", [b"\xff\xff", b"\x0a\x05ab", b"\x00"])
def test_noise_is_refused(noise: bytes) -> None:
    for check in (
        lambda: accept(noise, SECRET, DEVICE),
        lambda: check_device(noise, DEVICE.public),
        lambda: check_reply(noise, b"", ACCOUNT.public, DEVICE.public),
    ):
        with pytest.raises(IdentityRefused):
            check()


QR = QrText(ref="2@ab/c+d==", noise=b"\x01" * 32, identity=b"\x02" * 32, adv_secret=b"\x03" * 32, platform="6")


def test_the_qr_text_is_read_with_and_without_its_link_and_platform() -> None:
    text = QR.build()
    assert text.startswith(LINK)
    assert QrText.parse(text) == QR
    assert QrText.parse(text.removeprefix(LINK)) == QR
    assert QrText.parse(text.removeprefix(LINK).rpartition(",")[0]) == replace(QR, platform="")


@pytest.mark.parametrize("text", ["", "a,b,c,d", "https://wa.me/qr/ABC", QR.build() + ",more", ",".join(["r"] * 4)])
def test_other_texts_are_no_linking_codes(text: str) -> None:
    with pytest.raises(ValueError, match="not the text"):
        QrText.parse(text)


def test_secrets_are_not_shown() -> None:
    assert repr(QR.adv_secret) not in repr(QR)
