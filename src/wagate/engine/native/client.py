"""What this client says it is: version and browser, all in one place.

WhatsApp refuses versions that are too old (405). The version is the one that Baileys 7.0.0-rc14 names;
``WAGATE_WHATSAPP_VERSION`` names a newer one without a new release of this program.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from wagate.engine.native.device import Device
from wagate.wire.keys import KeyPair
from wagate.wire.node import Node
from wagate.wire.proto import wa_pb2 as wa

_Payload = wa.ClientPayload


@dataclass(frozen=True, slots=True)
class ClientVersion:
    """The version of WhatsApp Web that we are like."""

    primary: int = 2
    secondary: int = 3000
    tertiary: int = 1043857760

    def __str__(self) -> str:
        return f"{self.primary}.{self.secondary}.{self.tertiary}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2.3000.1043857760``.

        :raises ValueError: if it has another form.
        """
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError("a version of WhatsApp Web has three numbers, such as 2.3000.1043857760")
        return cls(*(int(part) for part in parts))


def login(device: Device, version: ClientVersion) -> wa.ClientPayload:
    """What a linked device says first."""
    payload = _common(version)
    payload.username, payload.device = int(device.pn.user), device.pn.device
    payload.passive = payload.pull = True
    payload.lidDbMigrated = False
    return payload


def registration(device: Device, version: ClientVersion, name: str) -> wa.ClientPayload:
    """What a device says that wants to be linked. ``name`` is what the phone's list of devices shows."""
    payload = _common(version)
    payload.passive = payload.pull = False
    data = payload.devicePairingData
    data.eRegid = device.registration_id.to_bytes(4, "big")
    data.eKeytype = b"\x05"
    data.eIdent = KeyPair.from_private(device.identity).public
    data.eSkeyId = device.signed_id.to_bytes(3, "big")
    data.eSkeyVal = KeyPair.from_private(device.signed).public
    data.eSkeySig = device.signature
    # WhatsApp Web hashes its version here.
    data.buildHash = hashlib.md5(str(version).encode(), usedforsecurity=False).digest()
    data.deviceProps = _props(name).SerializeToString()
    return payload


def _common(version: ClientVersion) -> wa.ClientPayload:
    payload = _Payload(
        connectType=_Payload.ConnectType.WIFI_UNKNOWN, connectReason=_Payload.ConnectReason.USER_ACTIVATED
    )
    agent = payload.userAgent
    agent.platform = _Payload.UserAgent.Platform.WEB
    agent.releaseChannel = _Payload.UserAgent.ReleaseChannel.RELEASE
    agent.appVersion.primary = version.primary
    agent.appVersion.secondary = version.secondary
    agent.appVersion.tertiary = version.tertiary
    agent.mcc = agent.mnc = "000"
    agent.osVersion = agent.osBuildNumber = "0.1"
    agent.device = "Desktop"
    agent.localeLanguageIso6391, agent.localeCountryIso31661Alpha2 = "en", "US"
    payload.webInfo.webSubPlatform = _Payload.WebInfo.WebSubPlatform.WEB_BROWSER
    return payload


def _props(name: str) -> wa.DeviceProps:
    props = wa.DeviceProps(os=name, platformType=wa.DeviceProps.PlatformType.CHROME, requireFullSync=False)
    props.version.primary, props.version.secondary, props.version.tertiary = 10, 15, 7
    history = props.historySyncConfig
    history.storageQuotaMb = 10240
    history.inlineInitialPayloadInE2EeMsg = True
    return props


def unified_session(now: datetime) -> Node:
    """What WhatsApp Web says of itself when it is linked, has logged in, and becomes available: the number of
    milliseconds of a week that begins three days late. Source: Baileys 7.0.0-rc14 and whatsmeow.
    """
    number = (now + timedelta(days=3) - datetime(1970, 1, 1, tzinfo=UTC)) % timedelta(weeks=1)
    return Node("ib", {}, [Node("unified_session", {"id": str(number // timedelta(milliseconds=1))})])
