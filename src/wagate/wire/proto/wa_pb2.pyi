from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ADVEncryptionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    E2EE: _ClassVar[ADVEncryptionType]
    HOSTED: _ClassVar[ADVEncryptionType]

class CollectionName(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLLECTION_NAME_UNKNOWN: _ClassVar[CollectionName]
    REGULAR: _ClassVar[CollectionName]
    REGULAR_LOW: _ClassVar[CollectionName]
    REGULAR_HIGH: _ClassVar[CollectionName]
    CRITICAL_BLOCK: _ClassVar[CollectionName]
    CRITICAL_UNBLOCK_LOW: _ClassVar[CollectionName]

class KeepType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN: _ClassVar[KeepType]
    KEEP_FOR_ALL: _ClassVar[KeepType]
    UNDO_KEEP_FOR_ALL: _ClassVar[KeepType]

class MediaVisibility(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEFAULT: _ClassVar[MediaVisibility]
    OFF: _ClassVar[MediaVisibility]
    ON: _ClassVar[MediaVisibility]

class PrivacySystemMessage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    E2EE_MSG: _ClassVar[PrivacySystemMessage]
    NE2EE_SELF: _ClassVar[PrivacySystemMessage]
    NE2EE_OTHER: _ClassVar[PrivacySystemMessage]
E2EE: ADVEncryptionType
HOSTED: ADVEncryptionType
COLLECTION_NAME_UNKNOWN: CollectionName
REGULAR: CollectionName
REGULAR_LOW: CollectionName
REGULAR_HIGH: CollectionName
CRITICAL_BLOCK: CollectionName
CRITICAL_UNBLOCK_LOW: CollectionName
UNKNOWN: KeepType
KEEP_FOR_ALL: KeepType
UNDO_KEEP_FOR_ALL: KeepType
DEFAULT: MediaVisibility
OFF: MediaVisibility
ON: MediaVisibility
E2EE_MSG: PrivacySystemMessage
NE2EE_SELF: PrivacySystemMessage
NE2EE_OTHER: PrivacySystemMessage

class HandshakeMessage(_message.Message):
    __slots__ = ("clientHello", "serverHello", "clientFinish")
    class ClientFinish(_message.Message):
        __slots__ = ("static", "payload", "extendedCiphertext")
        STATIC_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        EXTENDEDCIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
        static: bytes
        payload: bytes
        extendedCiphertext: bytes
        def __init__(self, static: _Optional[bytes] = ..., payload: _Optional[bytes] = ..., extendedCiphertext: _Optional[bytes] = ...) -> None: ...
    class ClientHello(_message.Message):
        __slots__ = ("ephemeral", "static", "payload", "useExtended", "extendedCiphertext")
        EPHEMERAL_FIELD_NUMBER: _ClassVar[int]
        STATIC_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        USEEXTENDED_FIELD_NUMBER: _ClassVar[int]
        EXTENDEDCIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
        ephemeral: bytes
        static: bytes
        payload: bytes
        useExtended: bool
        extendedCiphertext: bytes
        def __init__(self, ephemeral: _Optional[bytes] = ..., static: _Optional[bytes] = ..., payload: _Optional[bytes] = ..., useExtended: _Optional[bool] = ..., extendedCiphertext: _Optional[bytes] = ...) -> None: ...
    class ServerHello(_message.Message):
        __slots__ = ("ephemeral", "static", "payload", "extendedStatic")
        EPHEMERAL_FIELD_NUMBER: _ClassVar[int]
        STATIC_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        EXTENDEDSTATIC_FIELD_NUMBER: _ClassVar[int]
        ephemeral: bytes
        static: bytes
        payload: bytes
        extendedStatic: bytes
        def __init__(self, ephemeral: _Optional[bytes] = ..., static: _Optional[bytes] = ..., payload: _Optional[bytes] = ..., extendedStatic: _Optional[bytes] = ...) -> None: ...
    CLIENTHELLO_FIELD_NUMBER: _ClassVar[int]
    SERVERHELLO_FIELD_NUMBER: _ClassVar[int]
    CLIENTFINISH_FIELD_NUMBER: _ClassVar[int]
    clientHello: HandshakeMessage.ClientHello
    serverHello: HandshakeMessage.ServerHello
    clientFinish: HandshakeMessage.ClientFinish
    def __init__(self, clientHello: _Optional[_Union[HandshakeMessage.ClientHello, _Mapping]] = ..., serverHello: _Optional[_Union[HandshakeMessage.ServerHello, _Mapping]] = ..., clientFinish: _Optional[_Union[HandshakeMessage.ClientFinish, _Mapping]] = ...) -> None: ...

class CertChain(_message.Message):
    __slots__ = ("leaf", "intermediate")
    class NoiseCertificate(_message.Message):
        __slots__ = ("details", "signature")
        class Details(_message.Message):
            __slots__ = ("serial", "issuerSerial", "key", "notBefore", "notAfter")
            SERIAL_FIELD_NUMBER: _ClassVar[int]
            ISSUERSERIAL_FIELD_NUMBER: _ClassVar[int]
            KEY_FIELD_NUMBER: _ClassVar[int]
            NOTBEFORE_FIELD_NUMBER: _ClassVar[int]
            NOTAFTER_FIELD_NUMBER: _ClassVar[int]
            serial: int
            issuerSerial: int
            key: bytes
            notBefore: int
            notAfter: int
            def __init__(self, serial: _Optional[int] = ..., issuerSerial: _Optional[int] = ..., key: _Optional[bytes] = ..., notBefore: _Optional[int] = ..., notAfter: _Optional[int] = ...) -> None: ...
        DETAILS_FIELD_NUMBER: _ClassVar[int]
        SIGNATURE_FIELD_NUMBER: _ClassVar[int]
        details: bytes
        signature: bytes
        def __init__(self, details: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...
    LEAF_FIELD_NUMBER: _ClassVar[int]
    INTERMEDIATE_FIELD_NUMBER: _ClassVar[int]
    leaf: CertChain.NoiseCertificate
    intermediate: CertChain.NoiseCertificate
    def __init__(self, leaf: _Optional[_Union[CertChain.NoiseCertificate, _Mapping]] = ..., intermediate: _Optional[_Union[CertChain.NoiseCertificate, _Mapping]] = ...) -> None: ...

class ClientPayload(_message.Message):
    __slots__ = ("username", "passive", "userAgent", "webInfo", "pushName", "sessionId", "shortConnect", "connectType", "connectReason", "shards", "dnsSource", "connectAttemptCount", "device", "devicePairingData", "product", "fbCat", "fbUserAgent", "oc", "lc", "iosAppExtension", "fbAppId", "fbDeviceId", "pull", "paddingBytes", "yearClass", "memClass", "trafficAnonymization", "lidDbMigrated", "accountType", "connectionSequenceInfo", "paaLink", "preacksCount", "processingQueueSize")
    class AccountType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DEFAULT: _ClassVar[ClientPayload.AccountType]
        GUEST: _ClassVar[ClientPayload.AccountType]
    DEFAULT: ClientPayload.AccountType
    GUEST: ClientPayload.AccountType
    class ConnectReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PUSH: _ClassVar[ClientPayload.ConnectReason]
        USER_ACTIVATED: _ClassVar[ClientPayload.ConnectReason]
        SCHEDULED: _ClassVar[ClientPayload.ConnectReason]
        ERROR_RECONNECT: _ClassVar[ClientPayload.ConnectReason]
        NETWORK_SWITCH: _ClassVar[ClientPayload.ConnectReason]
        PING_RECONNECT: _ClassVar[ClientPayload.ConnectReason]
        UNKNOWN: _ClassVar[ClientPayload.ConnectReason]
    PUSH: ClientPayload.ConnectReason
    USER_ACTIVATED: ClientPayload.ConnectReason
    SCHEDULED: ClientPayload.ConnectReason
    ERROR_RECONNECT: ClientPayload.ConnectReason
    NETWORK_SWITCH: ClientPayload.ConnectReason
    PING_RECONNECT: ClientPayload.ConnectReason
    UNKNOWN: ClientPayload.ConnectReason
    class ConnectType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CELLULAR_UNKNOWN: _ClassVar[ClientPayload.ConnectType]
        WIFI_UNKNOWN: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_EDGE: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_IDEN: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_UMTS: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_EVDO: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_GPRS: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_HSDPA: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_HSUPA: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_HSPA: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_CDMA: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_1XRTT: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_EHRPD: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_LTE: _ClassVar[ClientPayload.ConnectType]
        CELLULAR_HSPAP: _ClassVar[ClientPayload.ConnectType]
    CELLULAR_UNKNOWN: ClientPayload.ConnectType
    WIFI_UNKNOWN: ClientPayload.ConnectType
    CELLULAR_EDGE: ClientPayload.ConnectType
    CELLULAR_IDEN: ClientPayload.ConnectType
    CELLULAR_UMTS: ClientPayload.ConnectType
    CELLULAR_EVDO: ClientPayload.ConnectType
    CELLULAR_GPRS: ClientPayload.ConnectType
    CELLULAR_HSDPA: ClientPayload.ConnectType
    CELLULAR_HSUPA: ClientPayload.ConnectType
    CELLULAR_HSPA: ClientPayload.ConnectType
    CELLULAR_CDMA: ClientPayload.ConnectType
    CELLULAR_1XRTT: ClientPayload.ConnectType
    CELLULAR_EHRPD: ClientPayload.ConnectType
    CELLULAR_LTE: ClientPayload.ConnectType
    CELLULAR_HSPAP: ClientPayload.ConnectType
    class IOSAppExtension(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SHARE_EXTENSION: _ClassVar[ClientPayload.IOSAppExtension]
        SERVICE_EXTENSION: _ClassVar[ClientPayload.IOSAppExtension]
        INTENTS_EXTENSION: _ClassVar[ClientPayload.IOSAppExtension]
    SHARE_EXTENSION: ClientPayload.IOSAppExtension
    SERVICE_EXTENSION: ClientPayload.IOSAppExtension
    INTENTS_EXTENSION: ClientPayload.IOSAppExtension
    class Product(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        WHATSAPP: _ClassVar[ClientPayload.Product]
        MESSENGER: _ClassVar[ClientPayload.Product]
        INTEROP: _ClassVar[ClientPayload.Product]
        INTEROP_MSGR: _ClassVar[ClientPayload.Product]
        WHATSAPP_LID: _ClassVar[ClientPayload.Product]
    WHATSAPP: ClientPayload.Product
    MESSENGER: ClientPayload.Product
    INTEROP: ClientPayload.Product
    INTEROP_MSGR: ClientPayload.Product
    WHATSAPP_LID: ClientPayload.Product
    class TrafficAnonymization(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OFF: _ClassVar[ClientPayload.TrafficAnonymization]
        STANDARD: _ClassVar[ClientPayload.TrafficAnonymization]
    OFF: ClientPayload.TrafficAnonymization
    STANDARD: ClientPayload.TrafficAnonymization
    class DNSSource(_message.Message):
        __slots__ = ("dnsMethod", "appCached")
        class DNSResolutionMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            SYSTEM: _ClassVar[ClientPayload.DNSSource.DNSResolutionMethod]
            GOOGLE: _ClassVar[ClientPayload.DNSSource.DNSResolutionMethod]
            HARDCODED: _ClassVar[ClientPayload.DNSSource.DNSResolutionMethod]
            OVERRIDE: _ClassVar[ClientPayload.DNSSource.DNSResolutionMethod]
            FALLBACK: _ClassVar[ClientPayload.DNSSource.DNSResolutionMethod]
            MNS: _ClassVar[ClientPayload.DNSSource.DNSResolutionMethod]
        SYSTEM: ClientPayload.DNSSource.DNSResolutionMethod
        GOOGLE: ClientPayload.DNSSource.DNSResolutionMethod
        HARDCODED: ClientPayload.DNSSource.DNSResolutionMethod
        OVERRIDE: ClientPayload.DNSSource.DNSResolutionMethod
        FALLBACK: ClientPayload.DNSSource.DNSResolutionMethod
        MNS: ClientPayload.DNSSource.DNSResolutionMethod
        DNSMETHOD_FIELD_NUMBER: _ClassVar[int]
        APPCACHED_FIELD_NUMBER: _ClassVar[int]
        dnsMethod: ClientPayload.DNSSource.DNSResolutionMethod
        appCached: bool
        def __init__(self, dnsMethod: _Optional[_Union[ClientPayload.DNSSource.DNSResolutionMethod, str]] = ..., appCached: _Optional[bool] = ...) -> None: ...
    class DevicePairingRegistrationData(_message.Message):
        __slots__ = ("eRegid", "eKeytype", "eIdent", "eSkeyId", "eSkeyVal", "eSkeySig", "buildHash", "deviceProps")
        EREGID_FIELD_NUMBER: _ClassVar[int]
        EKEYTYPE_FIELD_NUMBER: _ClassVar[int]
        EIDENT_FIELD_NUMBER: _ClassVar[int]
        ESKEYID_FIELD_NUMBER: _ClassVar[int]
        ESKEYVAL_FIELD_NUMBER: _ClassVar[int]
        ESKEYSIG_FIELD_NUMBER: _ClassVar[int]
        BUILDHASH_FIELD_NUMBER: _ClassVar[int]
        DEVICEPROPS_FIELD_NUMBER: _ClassVar[int]
        eRegid: bytes
        eKeytype: bytes
        eIdent: bytes
        eSkeyId: bytes
        eSkeyVal: bytes
        eSkeySig: bytes
        buildHash: bytes
        deviceProps: bytes
        def __init__(self, eRegid: _Optional[bytes] = ..., eKeytype: _Optional[bytes] = ..., eIdent: _Optional[bytes] = ..., eSkeyId: _Optional[bytes] = ..., eSkeyVal: _Optional[bytes] = ..., eSkeySig: _Optional[bytes] = ..., buildHash: _Optional[bytes] = ..., deviceProps: _Optional[bytes] = ...) -> None: ...
    class UserAgent(_message.Message):
        __slots__ = ("platform", "appVersion", "mcc", "mnc", "osVersion", "manufacturer", "device", "osBuildNumber", "phoneId", "releaseChannel", "localeLanguageIso6391", "localeCountryIso31661Alpha2", "deviceBoard", "deviceExpId", "deviceType", "deviceModelType")
        class DeviceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            PHONE: _ClassVar[ClientPayload.UserAgent.DeviceType]
            TABLET: _ClassVar[ClientPayload.UserAgent.DeviceType]
            DESKTOP: _ClassVar[ClientPayload.UserAgent.DeviceType]
            WEARABLE: _ClassVar[ClientPayload.UserAgent.DeviceType]
            VR: _ClassVar[ClientPayload.UserAgent.DeviceType]
        PHONE: ClientPayload.UserAgent.DeviceType
        TABLET: ClientPayload.UserAgent.DeviceType
        DESKTOP: ClientPayload.UserAgent.DeviceType
        WEARABLE: ClientPayload.UserAgent.DeviceType
        VR: ClientPayload.UserAgent.DeviceType
        class Platform(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            ANDROID: _ClassVar[ClientPayload.UserAgent.Platform]
            IOS: _ClassVar[ClientPayload.UserAgent.Platform]
            WINDOWS_PHONE: _ClassVar[ClientPayload.UserAgent.Platform]
            BLACKBERRY: _ClassVar[ClientPayload.UserAgent.Platform]
            BLACKBERRYX: _ClassVar[ClientPayload.UserAgent.Platform]
            S40: _ClassVar[ClientPayload.UserAgent.Platform]
            S60: _ClassVar[ClientPayload.UserAgent.Platform]
            PYTHON_CLIENT: _ClassVar[ClientPayload.UserAgent.Platform]
            TIZEN: _ClassVar[ClientPayload.UserAgent.Platform]
            ENTERPRISE: _ClassVar[ClientPayload.UserAgent.Platform]
            SMB_ANDROID: _ClassVar[ClientPayload.UserAgent.Platform]
            KAIOS: _ClassVar[ClientPayload.UserAgent.Platform]
            SMB_IOS: _ClassVar[ClientPayload.UserAgent.Platform]
            WINDOWS: _ClassVar[ClientPayload.UserAgent.Platform]
            WEB: _ClassVar[ClientPayload.UserAgent.Platform]
            PORTAL: _ClassVar[ClientPayload.UserAgent.Platform]
            GREEN_ANDROID: _ClassVar[ClientPayload.UserAgent.Platform]
            GREEN_IPHONE: _ClassVar[ClientPayload.UserAgent.Platform]
            BLUE_ANDROID: _ClassVar[ClientPayload.UserAgent.Platform]
            BLUE_IPHONE: _ClassVar[ClientPayload.UserAgent.Platform]
            FBLITE_ANDROID: _ClassVar[ClientPayload.UserAgent.Platform]
            MLITE_ANDROID: _ClassVar[ClientPayload.UserAgent.Platform]
            IGLITE_ANDROID: _ClassVar[ClientPayload.UserAgent.Platform]
            PAGE: _ClassVar[ClientPayload.UserAgent.Platform]
            MACOS: _ClassVar[ClientPayload.UserAgent.Platform]
            OCULUS_MSG: _ClassVar[ClientPayload.UserAgent.Platform]
            OCULUS_CALL: _ClassVar[ClientPayload.UserAgent.Platform]
            MILAN: _ClassVar[ClientPayload.UserAgent.Platform]
            CAPI: _ClassVar[ClientPayload.UserAgent.Platform]
            WEAROS: _ClassVar[ClientPayload.UserAgent.Platform]
            ARDEVICE: _ClassVar[ClientPayload.UserAgent.Platform]
            VRDEVICE: _ClassVar[ClientPayload.UserAgent.Platform]
            BLUE_WEB: _ClassVar[ClientPayload.UserAgent.Platform]
            IPAD: _ClassVar[ClientPayload.UserAgent.Platform]
            TEST: _ClassVar[ClientPayload.UserAgent.Platform]
            SMART_GLASSES: _ClassVar[ClientPayload.UserAgent.Platform]
            BLUE_VR: _ClassVar[ClientPayload.UserAgent.Platform]
            AR_WRIST: _ClassVar[ClientPayload.UserAgent.Platform]
        ANDROID: ClientPayload.UserAgent.Platform
        IOS: ClientPayload.UserAgent.Platform
        WINDOWS_PHONE: ClientPayload.UserAgent.Platform
        BLACKBERRY: ClientPayload.UserAgent.Platform
        BLACKBERRYX: ClientPayload.UserAgent.Platform
        S40: ClientPayload.UserAgent.Platform
        S60: ClientPayload.UserAgent.Platform
        PYTHON_CLIENT: ClientPayload.UserAgent.Platform
        TIZEN: ClientPayload.UserAgent.Platform
        ENTERPRISE: ClientPayload.UserAgent.Platform
        SMB_ANDROID: ClientPayload.UserAgent.Platform
        KAIOS: ClientPayload.UserAgent.Platform
        SMB_IOS: ClientPayload.UserAgent.Platform
        WINDOWS: ClientPayload.UserAgent.Platform
        WEB: ClientPayload.UserAgent.Platform
        PORTAL: ClientPayload.UserAgent.Platform
        GREEN_ANDROID: ClientPayload.UserAgent.Platform
        GREEN_IPHONE: ClientPayload.UserAgent.Platform
        BLUE_ANDROID: ClientPayload.UserAgent.Platform
        BLUE_IPHONE: ClientPayload.UserAgent.Platform
        FBLITE_ANDROID: ClientPayload.UserAgent.Platform
        MLITE_ANDROID: ClientPayload.UserAgent.Platform
        IGLITE_ANDROID: ClientPayload.UserAgent.Platform
        PAGE: ClientPayload.UserAgent.Platform
        MACOS: ClientPayload.UserAgent.Platform
        OCULUS_MSG: ClientPayload.UserAgent.Platform
        OCULUS_CALL: ClientPayload.UserAgent.Platform
        MILAN: ClientPayload.UserAgent.Platform
        CAPI: ClientPayload.UserAgent.Platform
        WEAROS: ClientPayload.UserAgent.Platform
        ARDEVICE: ClientPayload.UserAgent.Platform
        VRDEVICE: ClientPayload.UserAgent.Platform
        BLUE_WEB: ClientPayload.UserAgent.Platform
        IPAD: ClientPayload.UserAgent.Platform
        TEST: ClientPayload.UserAgent.Platform
        SMART_GLASSES: ClientPayload.UserAgent.Platform
        BLUE_VR: ClientPayload.UserAgent.Platform
        AR_WRIST: ClientPayload.UserAgent.Platform
        class ReleaseChannel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            RELEASE: _ClassVar[ClientPayload.UserAgent.ReleaseChannel]
            BETA: _ClassVar[ClientPayload.UserAgent.ReleaseChannel]
            ALPHA: _ClassVar[ClientPayload.UserAgent.ReleaseChannel]
            DEBUG: _ClassVar[ClientPayload.UserAgent.ReleaseChannel]
        RELEASE: ClientPayload.UserAgent.ReleaseChannel
        BETA: ClientPayload.UserAgent.ReleaseChannel
        ALPHA: ClientPayload.UserAgent.ReleaseChannel
        DEBUG: ClientPayload.UserAgent.ReleaseChannel
        class AppVersion(_message.Message):
            __slots__ = ("primary", "secondary", "tertiary", "quaternary", "quinary")
            PRIMARY_FIELD_NUMBER: _ClassVar[int]
            SECONDARY_FIELD_NUMBER: _ClassVar[int]
            TERTIARY_FIELD_NUMBER: _ClassVar[int]
            QUATERNARY_FIELD_NUMBER: _ClassVar[int]
            QUINARY_FIELD_NUMBER: _ClassVar[int]
            primary: int
            secondary: int
            tertiary: int
            quaternary: int
            quinary: int
            def __init__(self, primary: _Optional[int] = ..., secondary: _Optional[int] = ..., tertiary: _Optional[int] = ..., quaternary: _Optional[int] = ..., quinary: _Optional[int] = ...) -> None: ...
        PLATFORM_FIELD_NUMBER: _ClassVar[int]
        APPVERSION_FIELD_NUMBER: _ClassVar[int]
        MCC_FIELD_NUMBER: _ClassVar[int]
        MNC_FIELD_NUMBER: _ClassVar[int]
        OSVERSION_FIELD_NUMBER: _ClassVar[int]
        MANUFACTURER_FIELD_NUMBER: _ClassVar[int]
        DEVICE_FIELD_NUMBER: _ClassVar[int]
        OSBUILDNUMBER_FIELD_NUMBER: _ClassVar[int]
        PHONEID_FIELD_NUMBER: _ClassVar[int]
        RELEASECHANNEL_FIELD_NUMBER: _ClassVar[int]
        LOCALELANGUAGEISO6391_FIELD_NUMBER: _ClassVar[int]
        LOCALECOUNTRYISO31661ALPHA2_FIELD_NUMBER: _ClassVar[int]
        DEVICEBOARD_FIELD_NUMBER: _ClassVar[int]
        DEVICEEXPID_FIELD_NUMBER: _ClassVar[int]
        DEVICETYPE_FIELD_NUMBER: _ClassVar[int]
        DEVICEMODELTYPE_FIELD_NUMBER: _ClassVar[int]
        platform: ClientPayload.UserAgent.Platform
        appVersion: ClientPayload.UserAgent.AppVersion
        mcc: str
        mnc: str
        osVersion: str
        manufacturer: str
        device: str
        osBuildNumber: str
        phoneId: str
        releaseChannel: ClientPayload.UserAgent.ReleaseChannel
        localeLanguageIso6391: str
        localeCountryIso31661Alpha2: str
        deviceBoard: str
        deviceExpId: str
        deviceType: ClientPayload.UserAgent.DeviceType
        deviceModelType: str
        def __init__(self, platform: _Optional[_Union[ClientPayload.UserAgent.Platform, str]] = ..., appVersion: _Optional[_Union[ClientPayload.UserAgent.AppVersion, _Mapping]] = ..., mcc: _Optional[str] = ..., mnc: _Optional[str] = ..., osVersion: _Optional[str] = ..., manufacturer: _Optional[str] = ..., device: _Optional[str] = ..., osBuildNumber: _Optional[str] = ..., phoneId: _Optional[str] = ..., releaseChannel: _Optional[_Union[ClientPayload.UserAgent.ReleaseChannel, str]] = ..., localeLanguageIso6391: _Optional[str] = ..., localeCountryIso31661Alpha2: _Optional[str] = ..., deviceBoard: _Optional[str] = ..., deviceExpId: _Optional[str] = ..., deviceType: _Optional[_Union[ClientPayload.UserAgent.DeviceType, str]] = ..., deviceModelType: _Optional[str] = ...) -> None: ...
    class WebInfo(_message.Message):
        __slots__ = ("refToken", "version", "webdPayload", "webSubPlatform")
        class WebSubPlatform(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            WEB_BROWSER: _ClassVar[ClientPayload.WebInfo.WebSubPlatform]
            APP_STORE: _ClassVar[ClientPayload.WebInfo.WebSubPlatform]
            WIN_STORE: _ClassVar[ClientPayload.WebInfo.WebSubPlatform]
            DARWIN: _ClassVar[ClientPayload.WebInfo.WebSubPlatform]
            WIN32: _ClassVar[ClientPayload.WebInfo.WebSubPlatform]
            WIN_HYBRID: _ClassVar[ClientPayload.WebInfo.WebSubPlatform]
        WEB_BROWSER: ClientPayload.WebInfo.WebSubPlatform
        APP_STORE: ClientPayload.WebInfo.WebSubPlatform
        WIN_STORE: ClientPayload.WebInfo.WebSubPlatform
        DARWIN: ClientPayload.WebInfo.WebSubPlatform
        WIN32: ClientPayload.WebInfo.WebSubPlatform
        WIN_HYBRID: ClientPayload.WebInfo.WebSubPlatform
        class WebdPayload(_message.Message):
            __slots__ = ("usesParticipantInKey", "supportsStarredMessages", "supportsDocumentMessages", "supportsUrlMessages", "supportsMediaRetry", "supportsE2EImage", "supportsE2EVideo", "supportsE2EAudio", "supportsE2EDocument", "documentTypes", "features")
            USESPARTICIPANTINKEY_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSSTARREDMESSAGES_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSDOCUMENTMESSAGES_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSURLMESSAGES_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSMEDIARETRY_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSE2EIMAGE_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSE2EVIDEO_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSE2EAUDIO_FIELD_NUMBER: _ClassVar[int]
            SUPPORTSE2EDOCUMENT_FIELD_NUMBER: _ClassVar[int]
            DOCUMENTTYPES_FIELD_NUMBER: _ClassVar[int]
            FEATURES_FIELD_NUMBER: _ClassVar[int]
            usesParticipantInKey: bool
            supportsStarredMessages: bool
            supportsDocumentMessages: bool
            supportsUrlMessages: bool
            supportsMediaRetry: bool
            supportsE2EImage: bool
            supportsE2EVideo: bool
            supportsE2EAudio: bool
            supportsE2EDocument: bool
            documentTypes: str
            features: bytes
            def __init__(self, usesParticipantInKey: _Optional[bool] = ..., supportsStarredMessages: _Optional[bool] = ..., supportsDocumentMessages: _Optional[bool] = ..., supportsUrlMessages: _Optional[bool] = ..., supportsMediaRetry: _Optional[bool] = ..., supportsE2EImage: _Optional[bool] = ..., supportsE2EVideo: _Optional[bool] = ..., supportsE2EAudio: _Optional[bool] = ..., supportsE2EDocument: _Optional[bool] = ..., documentTypes: _Optional[str] = ..., features: _Optional[bytes] = ...) -> None: ...
        REFTOKEN_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        WEBDPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        WEBSUBPLATFORM_FIELD_NUMBER: _ClassVar[int]
        refToken: str
        version: str
        webdPayload: ClientPayload.WebInfo.WebdPayload
        webSubPlatform: ClientPayload.WebInfo.WebSubPlatform
        def __init__(self, refToken: _Optional[str] = ..., version: _Optional[str] = ..., webdPayload: _Optional[_Union[ClientPayload.WebInfo.WebdPayload, _Mapping]] = ..., webSubPlatform: _Optional[_Union[ClientPayload.WebInfo.WebSubPlatform, str]] = ...) -> None: ...
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    PASSIVE_FIELD_NUMBER: _ClassVar[int]
    USERAGENT_FIELD_NUMBER: _ClassVar[int]
    WEBINFO_FIELD_NUMBER: _ClassVar[int]
    PUSHNAME_FIELD_NUMBER: _ClassVar[int]
    SESSIONID_FIELD_NUMBER: _ClassVar[int]
    SHORTCONNECT_FIELD_NUMBER: _ClassVar[int]
    CONNECTTYPE_FIELD_NUMBER: _ClassVar[int]
    CONNECTREASON_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    DNSSOURCE_FIELD_NUMBER: _ClassVar[int]
    CONNECTATTEMPTCOUNT_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICEPAIRINGDATA_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    FBCAT_FIELD_NUMBER: _ClassVar[int]
    FBUSERAGENT_FIELD_NUMBER: _ClassVar[int]
    OC_FIELD_NUMBER: _ClassVar[int]
    LC_FIELD_NUMBER: _ClassVar[int]
    IOSAPPEXTENSION_FIELD_NUMBER: _ClassVar[int]
    FBAPPID_FIELD_NUMBER: _ClassVar[int]
    FBDEVICEID_FIELD_NUMBER: _ClassVar[int]
    PULL_FIELD_NUMBER: _ClassVar[int]
    PADDINGBYTES_FIELD_NUMBER: _ClassVar[int]
    YEARCLASS_FIELD_NUMBER: _ClassVar[int]
    MEMCLASS_FIELD_NUMBER: _ClassVar[int]
    TRAFFICANONYMIZATION_FIELD_NUMBER: _ClassVar[int]
    LIDDBMIGRATED_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTTYPE_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONSEQUENCEINFO_FIELD_NUMBER: _ClassVar[int]
    PAALINK_FIELD_NUMBER: _ClassVar[int]
    PREACKSCOUNT_FIELD_NUMBER: _ClassVar[int]
    PROCESSINGQUEUESIZE_FIELD_NUMBER: _ClassVar[int]
    username: int
    passive: bool
    userAgent: ClientPayload.UserAgent
    webInfo: ClientPayload.WebInfo
    pushName: str
    sessionId: int
    shortConnect: bool
    connectType: ClientPayload.ConnectType
    connectReason: ClientPayload.ConnectReason
    shards: _containers.RepeatedScalarFieldContainer[int]
    dnsSource: ClientPayload.DNSSource
    connectAttemptCount: int
    device: int
    devicePairingData: ClientPayload.DevicePairingRegistrationData
    product: ClientPayload.Product
    fbCat: bytes
    fbUserAgent: bytes
    oc: bool
    lc: int
    iosAppExtension: ClientPayload.IOSAppExtension
    fbAppId: int
    fbDeviceId: bytes
    pull: bool
    paddingBytes: bytes
    yearClass: int
    memClass: int
    trafficAnonymization: ClientPayload.TrafficAnonymization
    lidDbMigrated: bool
    accountType: ClientPayload.AccountType
    connectionSequenceInfo: int
    paaLink: bool
    preacksCount: int
    processingQueueSize: int
    def __init__(self, username: _Optional[int] = ..., passive: _Optional[bool] = ..., userAgent: _Optional[_Union[ClientPayload.UserAgent, _Mapping]] = ..., webInfo: _Optional[_Union[ClientPayload.WebInfo, _Mapping]] = ..., pushName: _Optional[str] = ..., sessionId: _Optional[int] = ..., shortConnect: _Optional[bool] = ..., connectType: _Optional[_Union[ClientPayload.ConnectType, str]] = ..., connectReason: _Optional[_Union[ClientPayload.ConnectReason, str]] = ..., shards: _Optional[_Iterable[int]] = ..., dnsSource: _Optional[_Union[ClientPayload.DNSSource, _Mapping]] = ..., connectAttemptCount: _Optional[int] = ..., device: _Optional[int] = ..., devicePairingData: _Optional[_Union[ClientPayload.DevicePairingRegistrationData, _Mapping]] = ..., product: _Optional[_Union[ClientPayload.Product, str]] = ..., fbCat: _Optional[bytes] = ..., fbUserAgent: _Optional[bytes] = ..., oc: _Optional[bool] = ..., lc: _Optional[int] = ..., iosAppExtension: _Optional[_Union[ClientPayload.IOSAppExtension, str]] = ..., fbAppId: _Optional[int] = ..., fbDeviceId: _Optional[bytes] = ..., pull: _Optional[bool] = ..., paddingBytes: _Optional[bytes] = ..., yearClass: _Optional[int] = ..., memClass: _Optional[int] = ..., trafficAnonymization: _Optional[_Union[ClientPayload.TrafficAnonymization, str]] = ..., lidDbMigrated: _Optional[bool] = ..., accountType: _Optional[_Union[ClientPayload.AccountType, str]] = ..., connectionSequenceInfo: _Optional[int] = ..., paaLink: _Optional[bool] = ..., preacksCount: _Optional[int] = ..., processingQueueSize: _Optional[int] = ...) -> None: ...

class DeviceProps(_message.Message):
    __slots__ = ("os", "version", "platformType", "requireFullSync", "historySyncConfig")
    class PlatformType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[DeviceProps.PlatformType]
        CHROME: _ClassVar[DeviceProps.PlatformType]
        FIREFOX: _ClassVar[DeviceProps.PlatformType]
        IE: _ClassVar[DeviceProps.PlatformType]
        OPERA: _ClassVar[DeviceProps.PlatformType]
        SAFARI: _ClassVar[DeviceProps.PlatformType]
        EDGE: _ClassVar[DeviceProps.PlatformType]
        DESKTOP: _ClassVar[DeviceProps.PlatformType]
        IPAD: _ClassVar[DeviceProps.PlatformType]
        ANDROID_TABLET: _ClassVar[DeviceProps.PlatformType]
        OHANA: _ClassVar[DeviceProps.PlatformType]
        ALOHA: _ClassVar[DeviceProps.PlatformType]
        CATALINA: _ClassVar[DeviceProps.PlatformType]
        TCL_TV: _ClassVar[DeviceProps.PlatformType]
        IOS_PHONE: _ClassVar[DeviceProps.PlatformType]
        IOS_CATALYST: _ClassVar[DeviceProps.PlatformType]
        ANDROID_PHONE: _ClassVar[DeviceProps.PlatformType]
        ANDROID_AMBIGUOUS: _ClassVar[DeviceProps.PlatformType]
        WEAR_OS: _ClassVar[DeviceProps.PlatformType]
        AR_WRIST: _ClassVar[DeviceProps.PlatformType]
        AR_DEVICE: _ClassVar[DeviceProps.PlatformType]
        UWP: _ClassVar[DeviceProps.PlatformType]
        VR: _ClassVar[DeviceProps.PlatformType]
        CLOUD_API: _ClassVar[DeviceProps.PlatformType]
        SMARTGLASSES: _ClassVar[DeviceProps.PlatformType]
    UNKNOWN: DeviceProps.PlatformType
    CHROME: DeviceProps.PlatformType
    FIREFOX: DeviceProps.PlatformType
    IE: DeviceProps.PlatformType
    OPERA: DeviceProps.PlatformType
    SAFARI: DeviceProps.PlatformType
    EDGE: DeviceProps.PlatformType
    DESKTOP: DeviceProps.PlatformType
    IPAD: DeviceProps.PlatformType
    ANDROID_TABLET: DeviceProps.PlatformType
    OHANA: DeviceProps.PlatformType
    ALOHA: DeviceProps.PlatformType
    CATALINA: DeviceProps.PlatformType
    TCL_TV: DeviceProps.PlatformType
    IOS_PHONE: DeviceProps.PlatformType
    IOS_CATALYST: DeviceProps.PlatformType
    ANDROID_PHONE: DeviceProps.PlatformType
    ANDROID_AMBIGUOUS: DeviceProps.PlatformType
    WEAR_OS: DeviceProps.PlatformType
    AR_WRIST: DeviceProps.PlatformType
    AR_DEVICE: DeviceProps.PlatformType
    UWP: DeviceProps.PlatformType
    VR: DeviceProps.PlatformType
    CLOUD_API: DeviceProps.PlatformType
    SMARTGLASSES: DeviceProps.PlatformType
    class AppVersion(_message.Message):
        __slots__ = ("primary", "secondary", "tertiary", "quaternary", "quinary")
        PRIMARY_FIELD_NUMBER: _ClassVar[int]
        SECONDARY_FIELD_NUMBER: _ClassVar[int]
        TERTIARY_FIELD_NUMBER: _ClassVar[int]
        QUATERNARY_FIELD_NUMBER: _ClassVar[int]
        QUINARY_FIELD_NUMBER: _ClassVar[int]
        primary: int
        secondary: int
        tertiary: int
        quaternary: int
        quinary: int
        def __init__(self, primary: _Optional[int] = ..., secondary: _Optional[int] = ..., tertiary: _Optional[int] = ..., quaternary: _Optional[int] = ..., quinary: _Optional[int] = ...) -> None: ...
    class HistorySyncConfig(_message.Message):
        __slots__ = ("fullSyncDaysLimit", "fullSyncSizeMbLimit", "storageQuotaMb", "inlineInitialPayloadInE2EeMsg", "recentSyncDaysLimit", "supportCallLogHistory", "supportBotUserAgentChatHistory", "supportCagReactionsAndPolls", "supportBizHostedMsg", "supportRecentSyncChunkMessageCountTuning", "supportHostedGroupMsg", "supportFbidBotChatHistory", "supportAddOnHistorySyncMigration", "supportMessageAssociation", "supportGroupHistory", "onDemandReady", "supportGuestChat", "completeOnDemandReady", "thumbnailSyncDaysLimit")
        FULLSYNCDAYSLIMIT_FIELD_NUMBER: _ClassVar[int]
        FULLSYNCSIZEMBLIMIT_FIELD_NUMBER: _ClassVar[int]
        STORAGEQUOTAMB_FIELD_NUMBER: _ClassVar[int]
        INLINEINITIALPAYLOADINE2EEMSG_FIELD_NUMBER: _ClassVar[int]
        RECENTSYNCDAYSLIMIT_FIELD_NUMBER: _ClassVar[int]
        SUPPORTCALLLOGHISTORY_FIELD_NUMBER: _ClassVar[int]
        SUPPORTBOTUSERAGENTCHATHISTORY_FIELD_NUMBER: _ClassVar[int]
        SUPPORTCAGREACTIONSANDPOLLS_FIELD_NUMBER: _ClassVar[int]
        SUPPORTBIZHOSTEDMSG_FIELD_NUMBER: _ClassVar[int]
        SUPPORTRECENTSYNCCHUNKMESSAGECOUNTTUNING_FIELD_NUMBER: _ClassVar[int]
        SUPPORTHOSTEDGROUPMSG_FIELD_NUMBER: _ClassVar[int]
        SUPPORTFBIDBOTCHATHISTORY_FIELD_NUMBER: _ClassVar[int]
        SUPPORTADDONHISTORYSYNCMIGRATION_FIELD_NUMBER: _ClassVar[int]
        SUPPORTMESSAGEASSOCIATION_FIELD_NUMBER: _ClassVar[int]
        SUPPORTGROUPHISTORY_FIELD_NUMBER: _ClassVar[int]
        ONDEMANDREADY_FIELD_NUMBER: _ClassVar[int]
        SUPPORTGUESTCHAT_FIELD_NUMBER: _ClassVar[int]
        COMPLETEONDEMANDREADY_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILSYNCDAYSLIMIT_FIELD_NUMBER: _ClassVar[int]
        fullSyncDaysLimit: int
        fullSyncSizeMbLimit: int
        storageQuotaMb: int
        inlineInitialPayloadInE2EeMsg: bool
        recentSyncDaysLimit: int
        supportCallLogHistory: bool
        supportBotUserAgentChatHistory: bool
        supportCagReactionsAndPolls: bool
        supportBizHostedMsg: bool
        supportRecentSyncChunkMessageCountTuning: bool
        supportHostedGroupMsg: bool
        supportFbidBotChatHistory: bool
        supportAddOnHistorySyncMigration: bool
        supportMessageAssociation: bool
        supportGroupHistory: bool
        onDemandReady: bool
        supportGuestChat: bool
        completeOnDemandReady: bool
        thumbnailSyncDaysLimit: int
        def __init__(self, fullSyncDaysLimit: _Optional[int] = ..., fullSyncSizeMbLimit: _Optional[int] = ..., storageQuotaMb: _Optional[int] = ..., inlineInitialPayloadInE2EeMsg: _Optional[bool] = ..., recentSyncDaysLimit: _Optional[int] = ..., supportCallLogHistory: _Optional[bool] = ..., supportBotUserAgentChatHistory: _Optional[bool] = ..., supportCagReactionsAndPolls: _Optional[bool] = ..., supportBizHostedMsg: _Optional[bool] = ..., supportRecentSyncChunkMessageCountTuning: _Optional[bool] = ..., supportHostedGroupMsg: _Optional[bool] = ..., supportFbidBotChatHistory: _Optional[bool] = ..., supportAddOnHistorySyncMigration: _Optional[bool] = ..., supportMessageAssociation: _Optional[bool] = ..., supportGroupHistory: _Optional[bool] = ..., onDemandReady: _Optional[bool] = ..., supportGuestChat: _Optional[bool] = ..., completeOnDemandReady: _Optional[bool] = ..., thumbnailSyncDaysLimit: _Optional[int] = ...) -> None: ...
    OS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PLATFORMTYPE_FIELD_NUMBER: _ClassVar[int]
    REQUIREFULLSYNC_FIELD_NUMBER: _ClassVar[int]
    HISTORYSYNCCONFIG_FIELD_NUMBER: _ClassVar[int]
    os: str
    version: DeviceProps.AppVersion
    platformType: DeviceProps.PlatformType
    requireFullSync: bool
    historySyncConfig: DeviceProps.HistorySyncConfig
    def __init__(self, os: _Optional[str] = ..., version: _Optional[_Union[DeviceProps.AppVersion, _Mapping]] = ..., platformType: _Optional[_Union[DeviceProps.PlatformType, str]] = ..., requireFullSync: _Optional[bool] = ..., historySyncConfig: _Optional[_Union[DeviceProps.HistorySyncConfig, _Mapping]] = ...) -> None: ...

class CompanionEphemeralIdentity(_message.Message):
    __slots__ = ("publicKey", "deviceType", "ref")
    PUBLICKEY_FIELD_NUMBER: _ClassVar[int]
    DEVICETYPE_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    publicKey: bytes
    deviceType: DeviceProps.PlatformType
    ref: str
    def __init__(self, publicKey: _Optional[bytes] = ..., deviceType: _Optional[_Union[DeviceProps.PlatformType, str]] = ..., ref: _Optional[str] = ...) -> None: ...

class CompanionCommitment(_message.Message):
    __slots__ = ("hash",)
    HASH_FIELD_NUMBER: _ClassVar[int]
    hash: bytes
    def __init__(self, hash: _Optional[bytes] = ...) -> None: ...

class ProloguePayload(_message.Message):
    __slots__ = ("companionEphemeralIdentity", "commitment")
    COMPANIONEPHEMERALIDENTITY_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    companionEphemeralIdentity: bytes
    commitment: CompanionCommitment
    def __init__(self, companionEphemeralIdentity: _Optional[bytes] = ..., commitment: _Optional[_Union[CompanionCommitment, _Mapping]] = ...) -> None: ...

class PrimaryEphemeralIdentity(_message.Message):
    __slots__ = ("publicKey", "nonce")
    PUBLICKEY_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    publicKey: bytes
    nonce: bytes
    def __init__(self, publicKey: _Optional[bytes] = ..., nonce: _Optional[bytes] = ...) -> None: ...

class PairingRequest(_message.Message):
    __slots__ = ("companionPublicKey", "companionIdentityKey", "advSecret")
    COMPANIONPUBLICKEY_FIELD_NUMBER: _ClassVar[int]
    COMPANIONIDENTITYKEY_FIELD_NUMBER: _ClassVar[int]
    ADVSECRET_FIELD_NUMBER: _ClassVar[int]
    companionPublicKey: bytes
    companionIdentityKey: bytes
    advSecret: bytes
    def __init__(self, companionPublicKey: _Optional[bytes] = ..., companionIdentityKey: _Optional[bytes] = ..., advSecret: _Optional[bytes] = ...) -> None: ...

class EncryptedPairingRequest(_message.Message):
    __slots__ = ("encryptedPayload", "iv")
    ENCRYPTEDPAYLOAD_FIELD_NUMBER: _ClassVar[int]
    IV_FIELD_NUMBER: _ClassVar[int]
    encryptedPayload: bytes
    iv: bytes
    def __init__(self, encryptedPayload: _Optional[bytes] = ..., iv: _Optional[bytes] = ...) -> None: ...

class ADVDeviceIdentity(_message.Message):
    __slots__ = ("rawId", "timestamp", "keyIndex", "accountType", "deviceType")
    RAWID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    KEYINDEX_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTTYPE_FIELD_NUMBER: _ClassVar[int]
    DEVICETYPE_FIELD_NUMBER: _ClassVar[int]
    rawId: int
    timestamp: int
    keyIndex: int
    accountType: ADVEncryptionType
    deviceType: ADVEncryptionType
    def __init__(self, rawId: _Optional[int] = ..., timestamp: _Optional[int] = ..., keyIndex: _Optional[int] = ..., accountType: _Optional[_Union[ADVEncryptionType, str]] = ..., deviceType: _Optional[_Union[ADVEncryptionType, str]] = ...) -> None: ...

class ADVSignedDeviceIdentity(_message.Message):
    __slots__ = ("details", "accountSignatureKey", "accountSignature", "deviceSignature")
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTSIGNATUREKEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTSIGNATURE_FIELD_NUMBER: _ClassVar[int]
    DEVICESIGNATURE_FIELD_NUMBER: _ClassVar[int]
    details: bytes
    accountSignatureKey: bytes
    accountSignature: bytes
    deviceSignature: bytes
    def __init__(self, details: _Optional[bytes] = ..., accountSignatureKey: _Optional[bytes] = ..., accountSignature: _Optional[bytes] = ..., deviceSignature: _Optional[bytes] = ...) -> None: ...

class ADVSignedDeviceIdentityHMAC(_message.Message):
    __slots__ = ("details", "hmac", "accountType")
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    HMAC_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTTYPE_FIELD_NUMBER: _ClassVar[int]
    details: bytes
    hmac: bytes
    accountType: ADVEncryptionType
    def __init__(self, details: _Optional[bytes] = ..., hmac: _Optional[bytes] = ..., accountType: _Optional[_Union[ADVEncryptionType, str]] = ...) -> None: ...

class ADVKeyIndexList(_message.Message):
    __slots__ = ("rawId", "timestamp", "currentIndex", "validIndexes", "accountType")
    RAWID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    CURRENTINDEX_FIELD_NUMBER: _ClassVar[int]
    VALIDINDEXES_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTTYPE_FIELD_NUMBER: _ClassVar[int]
    rawId: int
    timestamp: int
    currentIndex: int
    validIndexes: _containers.RepeatedScalarFieldContainer[int]
    accountType: ADVEncryptionType
    def __init__(self, rawId: _Optional[int] = ..., timestamp: _Optional[int] = ..., currentIndex: _Optional[int] = ..., validIndexes: _Optional[_Iterable[int]] = ..., accountType: _Optional[_Union[ADVEncryptionType, str]] = ...) -> None: ...

class ADVSignedKeyIndexList(_message.Message):
    __slots__ = ("details", "accountSignature", "accountSignatureKey")
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTSIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTSIGNATUREKEY_FIELD_NUMBER: _ClassVar[int]
    details: bytes
    accountSignature: bytes
    accountSignatureKey: bytes
    def __init__(self, details: _Optional[bytes] = ..., accountSignature: _Optional[bytes] = ..., accountSignatureKey: _Optional[bytes] = ...) -> None: ...

class WhisperMessage(_message.Message):
    __slots__ = ("ratchetKey", "counter", "previousCounter", "ciphertext")
    RATCHETKEY_FIELD_NUMBER: _ClassVar[int]
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUSCOUNTER_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    ratchetKey: bytes
    counter: int
    previousCounter: int
    ciphertext: bytes
    def __init__(self, ratchetKey: _Optional[bytes] = ..., counter: _Optional[int] = ..., previousCounter: _Optional[int] = ..., ciphertext: _Optional[bytes] = ...) -> None: ...

class PreKeyWhisperMessage(_message.Message):
    __slots__ = ("registrationId", "preKeyId", "signedPreKeyId", "baseKey", "identityKey", "message")
    REGISTRATIONID_FIELD_NUMBER: _ClassVar[int]
    PREKEYID_FIELD_NUMBER: _ClassVar[int]
    SIGNEDPREKEYID_FIELD_NUMBER: _ClassVar[int]
    BASEKEY_FIELD_NUMBER: _ClassVar[int]
    IDENTITYKEY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    registrationId: int
    preKeyId: int
    signedPreKeyId: int
    baseKey: bytes
    identityKey: bytes
    message: bytes
    def __init__(self, registrationId: _Optional[int] = ..., preKeyId: _Optional[int] = ..., signedPreKeyId: _Optional[int] = ..., baseKey: _Optional[bytes] = ..., identityKey: _Optional[bytes] = ..., message: _Optional[bytes] = ...) -> None: ...

class SenderKeyMessage(_message.Message):
    __slots__ = ("id", "iteration", "ciphertext")
    ID_FIELD_NUMBER: _ClassVar[int]
    ITERATION_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    id: int
    iteration: int
    ciphertext: bytes
    def __init__(self, id: _Optional[int] = ..., iteration: _Optional[int] = ..., ciphertext: _Optional[bytes] = ...) -> None: ...

class SenderKeyDistributionMessage(_message.Message):
    __slots__ = ("id", "iteration", "chainKey", "signingKey")
    ID_FIELD_NUMBER: _ClassVar[int]
    ITERATION_FIELD_NUMBER: _ClassVar[int]
    CHAINKEY_FIELD_NUMBER: _ClassVar[int]
    SIGNINGKEY_FIELD_NUMBER: _ClassVar[int]
    id: int
    iteration: int
    chainKey: bytes
    signingKey: bytes
    def __init__(self, id: _Optional[int] = ..., iteration: _Optional[int] = ..., chainKey: _Optional[bytes] = ..., signingKey: _Optional[bytes] = ...) -> None: ...

class Message(_message.Message):
    __slots__ = ("conversation", "senderKeyDistributionMessage", "imageMessage", "contactMessage", "locationMessage", "extendedTextMessage", "documentMessage", "audioMessage", "videoMessage", "call", "protocolMessage", "contactsArrayMessage", "fastRatchetKeySenderKeyDistributionMessage", "liveLocationMessage", "templateMessage", "stickerMessage", "groupInviteMessage", "templateButtonReplyMessage", "deviceSentMessage", "messageContextInfo", "listMessage", "viewOnceMessage", "listResponseMessage", "ephemeralMessage", "buttonsMessage", "buttonsResponseMessage", "interactiveMessage", "reactionMessage", "interactiveResponseMessage", "pollCreationMessage", "pollUpdateMessage", "keepInChatMessage", "documentWithCaptionMessage", "requestPhoneNumberMessage", "viewOnceMessageV2", "encReactionMessage", "editedMessage", "viewOnceMessageV2Extension", "pollCreationMessageV2", "groupMentionedMessage", "pinInChatMessage", "pollCreationMessageV3", "ptvMessage", "botInvokeMessage", "callLogMesssage", "encCommentMessage", "lottieStickerMessage", "eventMessage", "encEventResponseMessage", "commentMessage", "secretEncryptedMessage", "albumMessage", "eventCoverImage", "statusMentionMessage", "pollResultSnapshotMessage", "pollCreationOptionImageMessage", "associatedChildMessage", "groupStatusMentionMessage", "pollCreationMessageV4", "statusAddYours", "groupStatusMessage", "limitSharingMessage", "botTaskMessage", "questionMessage", "groupStatusMessageV2", "botForwardedMessage", "questionReplyMessage", "pollCreationMessageV5", "pollResultSnapshotMessageV3")
    class HistorySyncType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        INITIAL_BOOTSTRAP: _ClassVar[Message.HistorySyncType]
        INITIAL_STATUS_V3: _ClassVar[Message.HistorySyncType]
        FULL: _ClassVar[Message.HistorySyncType]
        RECENT: _ClassVar[Message.HistorySyncType]
        PUSH_NAME: _ClassVar[Message.HistorySyncType]
        NON_BLOCKING_DATA: _ClassVar[Message.HistorySyncType]
        ON_DEMAND: _ClassVar[Message.HistorySyncType]
        NO_HISTORY: _ClassVar[Message.HistorySyncType]
        MESSAGE_ACCESS_STATUS: _ClassVar[Message.HistorySyncType]
    INITIAL_BOOTSTRAP: Message.HistorySyncType
    INITIAL_STATUS_V3: Message.HistorySyncType
    FULL: Message.HistorySyncType
    RECENT: Message.HistorySyncType
    PUSH_NAME: Message.HistorySyncType
    NON_BLOCKING_DATA: Message.HistorySyncType
    ON_DEMAND: Message.HistorySyncType
    NO_HISTORY: Message.HistorySyncType
    MESSAGE_ACCESS_STATUS: Message.HistorySyncType
    class MediaKeyDomain(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNSET: _ClassVar[Message.MediaKeyDomain]
        E2EE_CHAT: _ClassVar[Message.MediaKeyDomain]
        STATUS: _ClassVar[Message.MediaKeyDomain]
        CAPI: _ClassVar[Message.MediaKeyDomain]
        BOT: _ClassVar[Message.MediaKeyDomain]
    UNSET: Message.MediaKeyDomain
    E2EE_CHAT: Message.MediaKeyDomain
    STATUS: Message.MediaKeyDomain
    CAPI: Message.MediaKeyDomain
    BOT: Message.MediaKeyDomain
    class PeerDataOperationRequestType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UPLOAD_STICKER: _ClassVar[Message.PeerDataOperationRequestType]
        SEND_RECENT_STICKER_BOOTSTRAP: _ClassVar[Message.PeerDataOperationRequestType]
        GENERATE_LINK_PREVIEW: _ClassVar[Message.PeerDataOperationRequestType]
        HISTORY_SYNC_ON_DEMAND: _ClassVar[Message.PeerDataOperationRequestType]
        PLACEHOLDER_MESSAGE_RESEND: _ClassVar[Message.PeerDataOperationRequestType]
        WAFFLE_LINKING_NONCE_FETCH: _ClassVar[Message.PeerDataOperationRequestType]
        FULL_HISTORY_SYNC_ON_DEMAND: _ClassVar[Message.PeerDataOperationRequestType]
        COMPANION_META_NONCE_FETCH: _ClassVar[Message.PeerDataOperationRequestType]
        COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY: _ClassVar[Message.PeerDataOperationRequestType]
        COMPANION_CANONICAL_USER_NONCE_FETCH: _ClassVar[Message.PeerDataOperationRequestType]
        HISTORY_SYNC_CHUNK_RETRY: _ClassVar[Message.PeerDataOperationRequestType]
        GALAXY_FLOW_ACTION: _ClassVar[Message.PeerDataOperationRequestType]
    UPLOAD_STICKER: Message.PeerDataOperationRequestType
    SEND_RECENT_STICKER_BOOTSTRAP: Message.PeerDataOperationRequestType
    GENERATE_LINK_PREVIEW: Message.PeerDataOperationRequestType
    HISTORY_SYNC_ON_DEMAND: Message.PeerDataOperationRequestType
    PLACEHOLDER_MESSAGE_RESEND: Message.PeerDataOperationRequestType
    WAFFLE_LINKING_NONCE_FETCH: Message.PeerDataOperationRequestType
    FULL_HISTORY_SYNC_ON_DEMAND: Message.PeerDataOperationRequestType
    COMPANION_META_NONCE_FETCH: Message.PeerDataOperationRequestType
    COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY: Message.PeerDataOperationRequestType
    COMPANION_CANONICAL_USER_NONCE_FETCH: Message.PeerDataOperationRequestType
    HISTORY_SYNC_CHUNK_RETRY: Message.PeerDataOperationRequestType
    GALAXY_FLOW_ACTION: Message.PeerDataOperationRequestType
    class PollContentType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Message.PollContentType]
        TEXT: _ClassVar[Message.PollContentType]
        IMAGE: _ClassVar[Message.PollContentType]
    UNKNOWN: Message.PollContentType
    TEXT: Message.PollContentType
    IMAGE: Message.PollContentType
    class PollType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        POLL: _ClassVar[Message.PollType]
        QUIZ: _ClassVar[Message.PollType]
    POLL: Message.PollType
    QUIZ: Message.PollType
    class AlbumMessage(_message.Message):
        __slots__ = ("expectedImageCount", "expectedVideoCount", "contextInfo")
        EXPECTEDIMAGECOUNT_FIELD_NUMBER: _ClassVar[int]
        EXPECTEDVIDEOCOUNT_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        expectedImageCount: int
        expectedVideoCount: int
        contextInfo: ContextInfo
        def __init__(self, expectedImageCount: _Optional[int] = ..., expectedVideoCount: _Optional[int] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ...) -> None: ...
    class AppStateFatalExceptionNotification(_message.Message):
        __slots__ = ("collectionNames", "timestamp")
        COLLECTIONNAMES_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        collectionNames: _containers.RepeatedScalarFieldContainer[str]
        timestamp: int
        def __init__(self, collectionNames: _Optional[_Iterable[str]] = ..., timestamp: _Optional[int] = ...) -> None: ...
    class AppStateSyncKey(_message.Message):
        __slots__ = ("keyId", "keyData")
        KEYID_FIELD_NUMBER: _ClassVar[int]
        KEYDATA_FIELD_NUMBER: _ClassVar[int]
        keyId: Message.AppStateSyncKeyId
        keyData: Message.AppStateSyncKeyData
        def __init__(self, keyId: _Optional[_Union[Message.AppStateSyncKeyId, _Mapping]] = ..., keyData: _Optional[_Union[Message.AppStateSyncKeyData, _Mapping]] = ...) -> None: ...
    class AppStateSyncKeyData(_message.Message):
        __slots__ = ("keyData", "fingerprint", "timestamp")
        KEYDATA_FIELD_NUMBER: _ClassVar[int]
        FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        keyData: bytes
        fingerprint: Message.AppStateSyncKeyFingerprint
        timestamp: int
        def __init__(self, keyData: _Optional[bytes] = ..., fingerprint: _Optional[_Union[Message.AppStateSyncKeyFingerprint, _Mapping]] = ..., timestamp: _Optional[int] = ...) -> None: ...
    class AppStateSyncKeyFingerprint(_message.Message):
        __slots__ = ("rawId", "currentIndex", "deviceIndexes")
        RAWID_FIELD_NUMBER: _ClassVar[int]
        CURRENTINDEX_FIELD_NUMBER: _ClassVar[int]
        DEVICEINDEXES_FIELD_NUMBER: _ClassVar[int]
        rawId: int
        currentIndex: int
        deviceIndexes: _containers.RepeatedScalarFieldContainer[int]
        def __init__(self, rawId: _Optional[int] = ..., currentIndex: _Optional[int] = ..., deviceIndexes: _Optional[_Iterable[int]] = ...) -> None: ...
    class AppStateSyncKeyId(_message.Message):
        __slots__ = ("keyId",)
        KEYID_FIELD_NUMBER: _ClassVar[int]
        keyId: bytes
        def __init__(self, keyId: _Optional[bytes] = ...) -> None: ...
    class AppStateSyncKeyRequest(_message.Message):
        __slots__ = ("keyIds",)
        KEYIDS_FIELD_NUMBER: _ClassVar[int]
        keyIds: _containers.RepeatedCompositeFieldContainer[Message.AppStateSyncKeyId]
        def __init__(self, keyIds: _Optional[_Iterable[_Union[Message.AppStateSyncKeyId, _Mapping]]] = ...) -> None: ...
    class AppStateSyncKeyShare(_message.Message):
        __slots__ = ("keys",)
        KEYS_FIELD_NUMBER: _ClassVar[int]
        keys: _containers.RepeatedCompositeFieldContainer[Message.AppStateSyncKey]
        def __init__(self, keys: _Optional[_Iterable[_Union[Message.AppStateSyncKey, _Mapping]]] = ...) -> None: ...
    class AudioMessage(_message.Message):
        __slots__ = ("url", "mimetype", "fileSha256", "fileLength", "seconds", "ptt", "mediaKey", "fileEncSha256", "directPath", "mediaKeyTimestamp", "contextInfo", "streamingSidecar", "waveform", "backgroundArgb", "viewOnce", "accessibilityLabel", "mediaKeyDomain")
        URL_FIELD_NUMBER: _ClassVar[int]
        MIMETYPE_FIELD_NUMBER: _ClassVar[int]
        FILESHA256_FIELD_NUMBER: _ClassVar[int]
        FILELENGTH_FIELD_NUMBER: _ClassVar[int]
        SECONDS_FIELD_NUMBER: _ClassVar[int]
        PTT_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        STREAMINGSIDECAR_FIELD_NUMBER: _ClassVar[int]
        WAVEFORM_FIELD_NUMBER: _ClassVar[int]
        BACKGROUNDARGB_FIELD_NUMBER: _ClassVar[int]
        VIEWONCE_FIELD_NUMBER: _ClassVar[int]
        ACCESSIBILITYLABEL_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYDOMAIN_FIELD_NUMBER: _ClassVar[int]
        url: str
        mimetype: str
        fileSha256: bytes
        fileLength: int
        seconds: int
        ptt: bool
        mediaKey: bytes
        fileEncSha256: bytes
        directPath: str
        mediaKeyTimestamp: int
        contextInfo: ContextInfo
        streamingSidecar: bytes
        waveform: bytes
        backgroundArgb: int
        viewOnce: bool
        accessibilityLabel: str
        mediaKeyDomain: Message.MediaKeyDomain
        def __init__(self, url: _Optional[str] = ..., mimetype: _Optional[str] = ..., fileSha256: _Optional[bytes] = ..., fileLength: _Optional[int] = ..., seconds: _Optional[int] = ..., ptt: _Optional[bool] = ..., mediaKey: _Optional[bytes] = ..., fileEncSha256: _Optional[bytes] = ..., directPath: _Optional[str] = ..., mediaKeyTimestamp: _Optional[int] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., streamingSidecar: _Optional[bytes] = ..., waveform: _Optional[bytes] = ..., backgroundArgb: _Optional[int] = ..., viewOnce: _Optional[bool] = ..., accessibilityLabel: _Optional[str] = ..., mediaKeyDomain: _Optional[_Union[Message.MediaKeyDomain, str]] = ...) -> None: ...
    class ButtonsMessage(_message.Message):
        __slots__ = ("contentText", "footerText", "contextInfo", "buttons", "headerType", "text", "documentMessage", "imageMessage", "videoMessage", "locationMessage")
        class HeaderType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Message.ButtonsMessage.HeaderType]
            EMPTY: _ClassVar[Message.ButtonsMessage.HeaderType]
            TEXT: _ClassVar[Message.ButtonsMessage.HeaderType]
            DOCUMENT: _ClassVar[Message.ButtonsMessage.HeaderType]
            IMAGE: _ClassVar[Message.ButtonsMessage.HeaderType]
            VIDEO: _ClassVar[Message.ButtonsMessage.HeaderType]
            LOCATION: _ClassVar[Message.ButtonsMessage.HeaderType]
        UNKNOWN: Message.ButtonsMessage.HeaderType
        EMPTY: Message.ButtonsMessage.HeaderType
        TEXT: Message.ButtonsMessage.HeaderType
        DOCUMENT: Message.ButtonsMessage.HeaderType
        IMAGE: Message.ButtonsMessage.HeaderType
        VIDEO: Message.ButtonsMessage.HeaderType
        LOCATION: Message.ButtonsMessage.HeaderType
        class Button(_message.Message):
            __slots__ = ("buttonId", "buttonText", "type", "nativeFlowInfo")
            class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                UNKNOWN: _ClassVar[Message.ButtonsMessage.Button.Type]
                RESPONSE: _ClassVar[Message.ButtonsMessage.Button.Type]
                NATIVE_FLOW: _ClassVar[Message.ButtonsMessage.Button.Type]
            UNKNOWN: Message.ButtonsMessage.Button.Type
            RESPONSE: Message.ButtonsMessage.Button.Type
            NATIVE_FLOW: Message.ButtonsMessage.Button.Type
            class ButtonText(_message.Message):
                __slots__ = ("displayText",)
                DISPLAYTEXT_FIELD_NUMBER: _ClassVar[int]
                displayText: str
                def __init__(self, displayText: _Optional[str] = ...) -> None: ...
            class NativeFlowInfo(_message.Message):
                __slots__ = ("name", "paramsJson")
                NAME_FIELD_NUMBER: _ClassVar[int]
                PARAMSJSON_FIELD_NUMBER: _ClassVar[int]
                name: str
                paramsJson: str
                def __init__(self, name: _Optional[str] = ..., paramsJson: _Optional[str] = ...) -> None: ...
            BUTTONID_FIELD_NUMBER: _ClassVar[int]
            BUTTONTEXT_FIELD_NUMBER: _ClassVar[int]
            TYPE_FIELD_NUMBER: _ClassVar[int]
            NATIVEFLOWINFO_FIELD_NUMBER: _ClassVar[int]
            buttonId: str
            buttonText: Message.ButtonsMessage.Button.ButtonText
            type: Message.ButtonsMessage.Button.Type
            nativeFlowInfo: Message.ButtonsMessage.Button.NativeFlowInfo
            def __init__(self, buttonId: _Optional[str] = ..., buttonText: _Optional[_Union[Message.ButtonsMessage.Button.ButtonText, _Mapping]] = ..., type: _Optional[_Union[Message.ButtonsMessage.Button.Type, str]] = ..., nativeFlowInfo: _Optional[_Union[Message.ButtonsMessage.Button.NativeFlowInfo, _Mapping]] = ...) -> None: ...
        CONTENTTEXT_FIELD_NUMBER: _ClassVar[int]
        FOOTERTEXT_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        BUTTONS_FIELD_NUMBER: _ClassVar[int]
        HEADERTYPE_FIELD_NUMBER: _ClassVar[int]
        TEXT_FIELD_NUMBER: _ClassVar[int]
        DOCUMENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
        IMAGEMESSAGE_FIELD_NUMBER: _ClassVar[int]
        VIDEOMESSAGE_FIELD_NUMBER: _ClassVar[int]
        LOCATIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
        contentText: str
        footerText: str
        contextInfo: ContextInfo
        buttons: _containers.RepeatedCompositeFieldContainer[Message.ButtonsMessage.Button]
        headerType: Message.ButtonsMessage.HeaderType
        text: str
        documentMessage: Message.DocumentMessage
        imageMessage: Message.ImageMessage
        videoMessage: Message.VideoMessage
        locationMessage: Message.LocationMessage
        def __init__(self, contentText: _Optional[str] = ..., footerText: _Optional[str] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., buttons: _Optional[_Iterable[_Union[Message.ButtonsMessage.Button, _Mapping]]] = ..., headerType: _Optional[_Union[Message.ButtonsMessage.HeaderType, str]] = ..., text: _Optional[str] = ..., documentMessage: _Optional[_Union[Message.DocumentMessage, _Mapping]] = ..., imageMessage: _Optional[_Union[Message.ImageMessage, _Mapping]] = ..., videoMessage: _Optional[_Union[Message.VideoMessage, _Mapping]] = ..., locationMessage: _Optional[_Union[Message.LocationMessage, _Mapping]] = ...) -> None: ...
    class ButtonsResponseMessage(_message.Message):
        __slots__ = ("selectedButtonId", "contextInfo", "type", "selectedDisplayText")
        class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Message.ButtonsResponseMessage.Type]
            DISPLAY_TEXT: _ClassVar[Message.ButtonsResponseMessage.Type]
        UNKNOWN: Message.ButtonsResponseMessage.Type
        DISPLAY_TEXT: Message.ButtonsResponseMessage.Type
        SELECTEDBUTTONID_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        SELECTEDDISPLAYTEXT_FIELD_NUMBER: _ClassVar[int]
        selectedButtonId: str
        contextInfo: ContextInfo
        type: Message.ButtonsResponseMessage.Type
        selectedDisplayText: str
        def __init__(self, selectedButtonId: _Optional[str] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., type: _Optional[_Union[Message.ButtonsResponseMessage.Type, str]] = ..., selectedDisplayText: _Optional[str] = ...) -> None: ...
    class Call(_message.Message):
        __slots__ = ("callKey", "conversionSource", "conversionData", "conversionDelaySeconds", "ctwaSignals", "ctwaPayload", "contextInfo", "nativeFlowCallButtonPayload", "deeplinkPayload")
        CALLKEY_FIELD_NUMBER: _ClassVar[int]
        CONVERSIONSOURCE_FIELD_NUMBER: _ClassVar[int]
        CONVERSIONDATA_FIELD_NUMBER: _ClassVar[int]
        CONVERSIONDELAYSECONDS_FIELD_NUMBER: _ClassVar[int]
        CTWASIGNALS_FIELD_NUMBER: _ClassVar[int]
        CTWAPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        NATIVEFLOWCALLBUTTONPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        DEEPLINKPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        callKey: bytes
        conversionSource: str
        conversionData: bytes
        conversionDelaySeconds: int
        ctwaSignals: str
        ctwaPayload: bytes
        contextInfo: ContextInfo
        nativeFlowCallButtonPayload: str
        deeplinkPayload: str
        def __init__(self, callKey: _Optional[bytes] = ..., conversionSource: _Optional[str] = ..., conversionData: _Optional[bytes] = ..., conversionDelaySeconds: _Optional[int] = ..., ctwaSignals: _Optional[str] = ..., ctwaPayload: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., nativeFlowCallButtonPayload: _Optional[str] = ..., deeplinkPayload: _Optional[str] = ...) -> None: ...
    class CallLogMessage(_message.Message):
        __slots__ = ("isVideo", "callOutcome", "durationSecs", "callType", "participants")
        class CallOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            CONNECTED: _ClassVar[Message.CallLogMessage.CallOutcome]
            MISSED: _ClassVar[Message.CallLogMessage.CallOutcome]
            FAILED: _ClassVar[Message.CallLogMessage.CallOutcome]
            REJECTED: _ClassVar[Message.CallLogMessage.CallOutcome]
            ACCEPTED_ELSEWHERE: _ClassVar[Message.CallLogMessage.CallOutcome]
            ONGOING: _ClassVar[Message.CallLogMessage.CallOutcome]
            SILENCED_BY_DND: _ClassVar[Message.CallLogMessage.CallOutcome]
            SILENCED_UNKNOWN_CALLER: _ClassVar[Message.CallLogMessage.CallOutcome]
        CONNECTED: Message.CallLogMessage.CallOutcome
        MISSED: Message.CallLogMessage.CallOutcome
        FAILED: Message.CallLogMessage.CallOutcome
        REJECTED: Message.CallLogMessage.CallOutcome
        ACCEPTED_ELSEWHERE: Message.CallLogMessage.CallOutcome
        ONGOING: Message.CallLogMessage.CallOutcome
        SILENCED_BY_DND: Message.CallLogMessage.CallOutcome
        SILENCED_UNKNOWN_CALLER: Message.CallLogMessage.CallOutcome
        class CallType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            REGULAR: _ClassVar[Message.CallLogMessage.CallType]
            SCHEDULED_CALL: _ClassVar[Message.CallLogMessage.CallType]
            VOICE_CHAT: _ClassVar[Message.CallLogMessage.CallType]
        REGULAR: Message.CallLogMessage.CallType
        SCHEDULED_CALL: Message.CallLogMessage.CallType
        VOICE_CHAT: Message.CallLogMessage.CallType
        class CallParticipant(_message.Message):
            __slots__ = ("jid", "callOutcome")
            JID_FIELD_NUMBER: _ClassVar[int]
            CALLOUTCOME_FIELD_NUMBER: _ClassVar[int]
            jid: str
            callOutcome: Message.CallLogMessage.CallOutcome
            def __init__(self, jid: _Optional[str] = ..., callOutcome: _Optional[_Union[Message.CallLogMessage.CallOutcome, str]] = ...) -> None: ...
        ISVIDEO_FIELD_NUMBER: _ClassVar[int]
        CALLOUTCOME_FIELD_NUMBER: _ClassVar[int]
        DURATIONSECS_FIELD_NUMBER: _ClassVar[int]
        CALLTYPE_FIELD_NUMBER: _ClassVar[int]
        PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
        isVideo: bool
        callOutcome: Message.CallLogMessage.CallOutcome
        durationSecs: int
        callType: Message.CallLogMessage.CallType
        participants: _containers.RepeatedCompositeFieldContainer[Message.CallLogMessage.CallParticipant]
        def __init__(self, isVideo: _Optional[bool] = ..., callOutcome: _Optional[_Union[Message.CallLogMessage.CallOutcome, str]] = ..., durationSecs: _Optional[int] = ..., callType: _Optional[_Union[Message.CallLogMessage.CallType, str]] = ..., participants: _Optional[_Iterable[_Union[Message.CallLogMessage.CallParticipant, _Mapping]]] = ...) -> None: ...
    class CommentMessage(_message.Message):
        __slots__ = ("message", "targetMessageKey")
        MESSAGE_FIELD_NUMBER: _ClassVar[int]
        TARGETMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
        message: Message
        targetMessageKey: MessageKey
        def __init__(self, message: _Optional[_Union[Message, _Mapping]] = ..., targetMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ...) -> None: ...
    class ContactMessage(_message.Message):
        __slots__ = ("displayName", "vcard", "contextInfo")
        DISPLAYNAME_FIELD_NUMBER: _ClassVar[int]
        VCARD_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        displayName: str
        vcard: str
        contextInfo: ContextInfo
        def __init__(self, displayName: _Optional[str] = ..., vcard: _Optional[str] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ...) -> None: ...
    class ContactsArrayMessage(_message.Message):
        __slots__ = ("displayName", "contacts", "contextInfo")
        DISPLAYNAME_FIELD_NUMBER: _ClassVar[int]
        CONTACTS_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        displayName: str
        contacts: _containers.RepeatedCompositeFieldContainer[Message.ContactMessage]
        contextInfo: ContextInfo
        def __init__(self, displayName: _Optional[str] = ..., contacts: _Optional[_Iterable[_Union[Message.ContactMessage, _Mapping]]] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ...) -> None: ...
    class DeviceSentMessage(_message.Message):
        __slots__ = ("destinationJid", "message", "phash")
        DESTINATIONJID_FIELD_NUMBER: _ClassVar[int]
        MESSAGE_FIELD_NUMBER: _ClassVar[int]
        PHASH_FIELD_NUMBER: _ClassVar[int]
        destinationJid: str
        message: Message
        phash: str
        def __init__(self, destinationJid: _Optional[str] = ..., message: _Optional[_Union[Message, _Mapping]] = ..., phash: _Optional[str] = ...) -> None: ...
    class DocumentMessage(_message.Message):
        __slots__ = ("url", "mimetype", "title", "fileSha256", "fileLength", "pageCount", "mediaKey", "fileName", "fileEncSha256", "directPath", "mediaKeyTimestamp", "contactVcard", "thumbnailDirectPath", "thumbnailSha256", "thumbnailEncSha256", "jpegThumbnail", "contextInfo", "thumbnailHeight", "thumbnailWidth", "caption", "accessibilityLabel", "mediaKeyDomain")
        URL_FIELD_NUMBER: _ClassVar[int]
        MIMETYPE_FIELD_NUMBER: _ClassVar[int]
        TITLE_FIELD_NUMBER: _ClassVar[int]
        FILESHA256_FIELD_NUMBER: _ClassVar[int]
        FILELENGTH_FIELD_NUMBER: _ClassVar[int]
        PAGECOUNT_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        FILENAME_FIELD_NUMBER: _ClassVar[int]
        FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        CONTACTVCARD_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILDIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILSHA256_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILENCSHA256_FIELD_NUMBER: _ClassVar[int]
        JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILHEIGHT_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILWIDTH_FIELD_NUMBER: _ClassVar[int]
        CAPTION_FIELD_NUMBER: _ClassVar[int]
        ACCESSIBILITYLABEL_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYDOMAIN_FIELD_NUMBER: _ClassVar[int]
        url: str
        mimetype: str
        title: str
        fileSha256: bytes
        fileLength: int
        pageCount: int
        mediaKey: bytes
        fileName: str
        fileEncSha256: bytes
        directPath: str
        mediaKeyTimestamp: int
        contactVcard: bool
        thumbnailDirectPath: str
        thumbnailSha256: bytes
        thumbnailEncSha256: bytes
        jpegThumbnail: bytes
        contextInfo: ContextInfo
        thumbnailHeight: int
        thumbnailWidth: int
        caption: str
        accessibilityLabel: str
        mediaKeyDomain: Message.MediaKeyDomain
        def __init__(self, url: _Optional[str] = ..., mimetype: _Optional[str] = ..., title: _Optional[str] = ..., fileSha256: _Optional[bytes] = ..., fileLength: _Optional[int] = ..., pageCount: _Optional[int] = ..., mediaKey: _Optional[bytes] = ..., fileName: _Optional[str] = ..., fileEncSha256: _Optional[bytes] = ..., directPath: _Optional[str] = ..., mediaKeyTimestamp: _Optional[int] = ..., contactVcard: _Optional[bool] = ..., thumbnailDirectPath: _Optional[str] = ..., thumbnailSha256: _Optional[bytes] = ..., thumbnailEncSha256: _Optional[bytes] = ..., jpegThumbnail: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., thumbnailHeight: _Optional[int] = ..., thumbnailWidth: _Optional[int] = ..., caption: _Optional[str] = ..., accessibilityLabel: _Optional[str] = ..., mediaKeyDomain: _Optional[_Union[Message.MediaKeyDomain, str]] = ...) -> None: ...
    class EncCommentMessage(_message.Message):
        __slots__ = ("targetMessageKey", "encPayload", "encIv")
        TARGETMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
        ENCPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        ENCIV_FIELD_NUMBER: _ClassVar[int]
        targetMessageKey: MessageKey
        encPayload: bytes
        encIv: bytes
        def __init__(self, targetMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., encPayload: _Optional[bytes] = ..., encIv: _Optional[bytes] = ...) -> None: ...
    class EncEventResponseMessage(_message.Message):
        __slots__ = ("eventCreationMessageKey", "encPayload", "encIv")
        EVENTCREATIONMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
        ENCPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        ENCIV_FIELD_NUMBER: _ClassVar[int]
        eventCreationMessageKey: MessageKey
        encPayload: bytes
        encIv: bytes
        def __init__(self, eventCreationMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., encPayload: _Optional[bytes] = ..., encIv: _Optional[bytes] = ...) -> None: ...
    class EncReactionMessage(_message.Message):
        __slots__ = ("targetMessageKey", "encPayload", "encIv")
        TARGETMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
        ENCPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        ENCIV_FIELD_NUMBER: _ClassVar[int]
        targetMessageKey: MessageKey
        encPayload: bytes
        encIv: bytes
        def __init__(self, targetMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., encPayload: _Optional[bytes] = ..., encIv: _Optional[bytes] = ...) -> None: ...
    class EventMessage(_message.Message):
        __slots__ = ("contextInfo", "isCanceled", "name", "description", "location", "joinLink", "startTime", "endTime", "extraGuestsAllowed", "isScheduleCall", "hasReminder", "reminderOffsetSec")
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        ISCANCELED_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        LOCATION_FIELD_NUMBER: _ClassVar[int]
        JOINLINK_FIELD_NUMBER: _ClassVar[int]
        STARTTIME_FIELD_NUMBER: _ClassVar[int]
        ENDTIME_FIELD_NUMBER: _ClassVar[int]
        EXTRAGUESTSALLOWED_FIELD_NUMBER: _ClassVar[int]
        ISSCHEDULECALL_FIELD_NUMBER: _ClassVar[int]
        HASREMINDER_FIELD_NUMBER: _ClassVar[int]
        REMINDEROFFSETSEC_FIELD_NUMBER: _ClassVar[int]
        contextInfo: ContextInfo
        isCanceled: bool
        name: str
        description: str
        location: Message.LocationMessage
        joinLink: str
        startTime: int
        endTime: int
        extraGuestsAllowed: bool
        isScheduleCall: bool
        hasReminder: bool
        reminderOffsetSec: int
        def __init__(self, contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., isCanceled: _Optional[bool] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., location: _Optional[_Union[Message.LocationMessage, _Mapping]] = ..., joinLink: _Optional[str] = ..., startTime: _Optional[int] = ..., endTime: _Optional[int] = ..., extraGuestsAllowed: _Optional[bool] = ..., isScheduleCall: _Optional[bool] = ..., hasReminder: _Optional[bool] = ..., reminderOffsetSec: _Optional[int] = ...) -> None: ...
    class EventResponseMessage(_message.Message):
        __slots__ = ("response", "timestampMs", "extraGuestCount")
        class EventResponseType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Message.EventResponseMessage.EventResponseType]
            GOING: _ClassVar[Message.EventResponseMessage.EventResponseType]
            NOT_GOING: _ClassVar[Message.EventResponseMessage.EventResponseType]
            MAYBE: _ClassVar[Message.EventResponseMessage.EventResponseType]
        UNKNOWN: Message.EventResponseMessage.EventResponseType
        GOING: Message.EventResponseMessage.EventResponseType
        NOT_GOING: Message.EventResponseMessage.EventResponseType
        MAYBE: Message.EventResponseMessage.EventResponseType
        RESPONSE_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
        EXTRAGUESTCOUNT_FIELD_NUMBER: _ClassVar[int]
        response: Message.EventResponseMessage.EventResponseType
        timestampMs: int
        extraGuestCount: int
        def __init__(self, response: _Optional[_Union[Message.EventResponseMessage.EventResponseType, str]] = ..., timestampMs: _Optional[int] = ..., extraGuestCount: _Optional[int] = ...) -> None: ...
    class ExtendedTextMessage(_message.Message):
        __slots__ = ("text", "matchedText", "description", "title", "textArgb", "backgroundArgb", "font", "previewType", "jpegThumbnail", "contextInfo", "doNotPlayInline", "thumbnailDirectPath", "thumbnailSha256", "thumbnailEncSha256", "mediaKey", "mediaKeyTimestamp", "thumbnailHeight", "thumbnailWidth", "inviteLinkGroupType", "inviteLinkParentGroupSubjectV2", "inviteLinkParentGroupThumbnailV2", "inviteLinkGroupTypeV2", "viewOnce", "videoHeight", "videoWidth", "faviconMMSMetadata", "linkPreviewMetadata", "videoContentUrl")
        class FontType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            SYSTEM: _ClassVar[Message.ExtendedTextMessage.FontType]
            SYSTEM_TEXT: _ClassVar[Message.ExtendedTextMessage.FontType]
            FB_SCRIPT: _ClassVar[Message.ExtendedTextMessage.FontType]
            SYSTEM_BOLD: _ClassVar[Message.ExtendedTextMessage.FontType]
            MORNINGBREEZE_REGULAR: _ClassVar[Message.ExtendedTextMessage.FontType]
            CALISTOGA_REGULAR: _ClassVar[Message.ExtendedTextMessage.FontType]
            EXO2_EXTRABOLD: _ClassVar[Message.ExtendedTextMessage.FontType]
            COURIERPRIME_BOLD: _ClassVar[Message.ExtendedTextMessage.FontType]
        SYSTEM: Message.ExtendedTextMessage.FontType
        SYSTEM_TEXT: Message.ExtendedTextMessage.FontType
        FB_SCRIPT: Message.ExtendedTextMessage.FontType
        SYSTEM_BOLD: Message.ExtendedTextMessage.FontType
        MORNINGBREEZE_REGULAR: Message.ExtendedTextMessage.FontType
        CALISTOGA_REGULAR: Message.ExtendedTextMessage.FontType
        EXO2_EXTRABOLD: Message.ExtendedTextMessage.FontType
        COURIERPRIME_BOLD: Message.ExtendedTextMessage.FontType
        class InviteLinkGroupType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            DEFAULT: _ClassVar[Message.ExtendedTextMessage.InviteLinkGroupType]
            PARENT: _ClassVar[Message.ExtendedTextMessage.InviteLinkGroupType]
            SUB: _ClassVar[Message.ExtendedTextMessage.InviteLinkGroupType]
            DEFAULT_SUB: _ClassVar[Message.ExtendedTextMessage.InviteLinkGroupType]
        DEFAULT: Message.ExtendedTextMessage.InviteLinkGroupType
        PARENT: Message.ExtendedTextMessage.InviteLinkGroupType
        SUB: Message.ExtendedTextMessage.InviteLinkGroupType
        DEFAULT_SUB: Message.ExtendedTextMessage.InviteLinkGroupType
        class PreviewType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            NONE: _ClassVar[Message.ExtendedTextMessage.PreviewType]
            VIDEO: _ClassVar[Message.ExtendedTextMessage.PreviewType]
            PLACEHOLDER: _ClassVar[Message.ExtendedTextMessage.PreviewType]
            IMAGE: _ClassVar[Message.ExtendedTextMessage.PreviewType]
            PAYMENT_LINKS: _ClassVar[Message.ExtendedTextMessage.PreviewType]
            PROFILE: _ClassVar[Message.ExtendedTextMessage.PreviewType]
        NONE: Message.ExtendedTextMessage.PreviewType
        VIDEO: Message.ExtendedTextMessage.PreviewType
        PLACEHOLDER: Message.ExtendedTextMessage.PreviewType
        IMAGE: Message.ExtendedTextMessage.PreviewType
        PAYMENT_LINKS: Message.ExtendedTextMessage.PreviewType
        PROFILE: Message.ExtendedTextMessage.PreviewType
        TEXT_FIELD_NUMBER: _ClassVar[int]
        MATCHEDTEXT_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        TITLE_FIELD_NUMBER: _ClassVar[int]
        TEXTARGB_FIELD_NUMBER: _ClassVar[int]
        BACKGROUNDARGB_FIELD_NUMBER: _ClassVar[int]
        FONT_FIELD_NUMBER: _ClassVar[int]
        PREVIEWTYPE_FIELD_NUMBER: _ClassVar[int]
        JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        DONOTPLAYINLINE_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILDIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILSHA256_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILENCSHA256_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILHEIGHT_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILWIDTH_FIELD_NUMBER: _ClassVar[int]
        INVITELINKGROUPTYPE_FIELD_NUMBER: _ClassVar[int]
        INVITELINKPARENTGROUPSUBJECTV2_FIELD_NUMBER: _ClassVar[int]
        INVITELINKPARENTGROUPTHUMBNAILV2_FIELD_NUMBER: _ClassVar[int]
        INVITELINKGROUPTYPEV2_FIELD_NUMBER: _ClassVar[int]
        VIEWONCE_FIELD_NUMBER: _ClassVar[int]
        VIDEOHEIGHT_FIELD_NUMBER: _ClassVar[int]
        VIDEOWIDTH_FIELD_NUMBER: _ClassVar[int]
        FAVICONMMSMETADATA_FIELD_NUMBER: _ClassVar[int]
        LINKPREVIEWMETADATA_FIELD_NUMBER: _ClassVar[int]
        VIDEOCONTENTURL_FIELD_NUMBER: _ClassVar[int]
        text: str
        matchedText: str
        description: str
        title: str
        textArgb: int
        backgroundArgb: int
        font: Message.ExtendedTextMessage.FontType
        previewType: Message.ExtendedTextMessage.PreviewType
        jpegThumbnail: bytes
        contextInfo: ContextInfo
        doNotPlayInline: bool
        thumbnailDirectPath: str
        thumbnailSha256: bytes
        thumbnailEncSha256: bytes
        mediaKey: bytes
        mediaKeyTimestamp: int
        thumbnailHeight: int
        thumbnailWidth: int
        inviteLinkGroupType: Message.ExtendedTextMessage.InviteLinkGroupType
        inviteLinkParentGroupSubjectV2: str
        inviteLinkParentGroupThumbnailV2: bytes
        inviteLinkGroupTypeV2: Message.ExtendedTextMessage.InviteLinkGroupType
        viewOnce: bool
        videoHeight: int
        videoWidth: int
        faviconMMSMetadata: Message.MMSThumbnailMetadata
        linkPreviewMetadata: Message.LinkPreviewMetadata
        videoContentUrl: str
        def __init__(self, text: _Optional[str] = ..., matchedText: _Optional[str] = ..., description: _Optional[str] = ..., title: _Optional[str] = ..., textArgb: _Optional[int] = ..., backgroundArgb: _Optional[int] = ..., font: _Optional[_Union[Message.ExtendedTextMessage.FontType, str]] = ..., previewType: _Optional[_Union[Message.ExtendedTextMessage.PreviewType, str]] = ..., jpegThumbnail: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., doNotPlayInline: _Optional[bool] = ..., thumbnailDirectPath: _Optional[str] = ..., thumbnailSha256: _Optional[bytes] = ..., thumbnailEncSha256: _Optional[bytes] = ..., mediaKey: _Optional[bytes] = ..., mediaKeyTimestamp: _Optional[int] = ..., thumbnailHeight: _Optional[int] = ..., thumbnailWidth: _Optional[int] = ..., inviteLinkGroupType: _Optional[_Union[Message.ExtendedTextMessage.InviteLinkGroupType, str]] = ..., inviteLinkParentGroupSubjectV2: _Optional[str] = ..., inviteLinkParentGroupThumbnailV2: _Optional[bytes] = ..., inviteLinkGroupTypeV2: _Optional[_Union[Message.ExtendedTextMessage.InviteLinkGroupType, str]] = ..., viewOnce: _Optional[bool] = ..., videoHeight: _Optional[int] = ..., videoWidth: _Optional[int] = ..., faviconMMSMetadata: _Optional[_Union[Message.MMSThumbnailMetadata, _Mapping]] = ..., linkPreviewMetadata: _Optional[_Union[Message.LinkPreviewMetadata, _Mapping]] = ..., videoContentUrl: _Optional[str] = ...) -> None: ...
    class FutureProofMessage(_message.Message):
        __slots__ = ("message",)
        MESSAGE_FIELD_NUMBER: _ClassVar[int]
        message: Message
        def __init__(self, message: _Optional[_Union[Message, _Mapping]] = ...) -> None: ...
    class GroupInviteMessage(_message.Message):
        __slots__ = ("groupJid", "inviteCode", "inviteExpiration", "groupName", "jpegThumbnail", "caption", "contextInfo", "groupType")
        class GroupType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            DEFAULT: _ClassVar[Message.GroupInviteMessage.GroupType]
            PARENT: _ClassVar[Message.GroupInviteMessage.GroupType]
        DEFAULT: Message.GroupInviteMessage.GroupType
        PARENT: Message.GroupInviteMessage.GroupType
        GROUPJID_FIELD_NUMBER: _ClassVar[int]
        INVITECODE_FIELD_NUMBER: _ClassVar[int]
        INVITEEXPIRATION_FIELD_NUMBER: _ClassVar[int]
        GROUPNAME_FIELD_NUMBER: _ClassVar[int]
        JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CAPTION_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        GROUPTYPE_FIELD_NUMBER: _ClassVar[int]
        groupJid: str
        inviteCode: str
        inviteExpiration: int
        groupName: str
        jpegThumbnail: bytes
        caption: str
        contextInfo: ContextInfo
        groupType: Message.GroupInviteMessage.GroupType
        def __init__(self, groupJid: _Optional[str] = ..., inviteCode: _Optional[str] = ..., inviteExpiration: _Optional[int] = ..., groupName: _Optional[str] = ..., jpegThumbnail: _Optional[bytes] = ..., caption: _Optional[str] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., groupType: _Optional[_Union[Message.GroupInviteMessage.GroupType, str]] = ...) -> None: ...
    class HistorySyncMessageAccessStatus(_message.Message):
        __slots__ = ("completeAccessGranted",)
        COMPLETEACCESSGRANTED_FIELD_NUMBER: _ClassVar[int]
        completeAccessGranted: bool
        def __init__(self, completeAccessGranted: _Optional[bool] = ...) -> None: ...
    class HistorySyncNotification(_message.Message):
        __slots__ = ("fileSha256", "fileLength", "mediaKey", "fileEncSha256", "directPath", "syncType", "chunkOrder", "originalMessageId", "progress", "oldestMsgInChunkTimestampSec", "initialHistBootstrapInlinePayload", "peerDataRequestSessionId", "encHandle", "messageAccessStatus")
        FILESHA256_FIELD_NUMBER: _ClassVar[int]
        FILELENGTH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        SYNCTYPE_FIELD_NUMBER: _ClassVar[int]
        CHUNKORDER_FIELD_NUMBER: _ClassVar[int]
        ORIGINALMESSAGEID_FIELD_NUMBER: _ClassVar[int]
        PROGRESS_FIELD_NUMBER: _ClassVar[int]
        OLDESTMSGINCHUNKTIMESTAMPSEC_FIELD_NUMBER: _ClassVar[int]
        INITIALHISTBOOTSTRAPINLINEPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        PEERDATAREQUESTSESSIONID_FIELD_NUMBER: _ClassVar[int]
        ENCHANDLE_FIELD_NUMBER: _ClassVar[int]
        MESSAGEACCESSSTATUS_FIELD_NUMBER: _ClassVar[int]
        fileSha256: bytes
        fileLength: int
        mediaKey: bytes
        fileEncSha256: bytes
        directPath: str
        syncType: Message.HistorySyncType
        chunkOrder: int
        originalMessageId: str
        progress: int
        oldestMsgInChunkTimestampSec: int
        initialHistBootstrapInlinePayload: bytes
        peerDataRequestSessionId: str
        encHandle: str
        messageAccessStatus: Message.HistorySyncMessageAccessStatus
        def __init__(self, fileSha256: _Optional[bytes] = ..., fileLength: _Optional[int] = ..., mediaKey: _Optional[bytes] = ..., fileEncSha256: _Optional[bytes] = ..., directPath: _Optional[str] = ..., syncType: _Optional[_Union[Message.HistorySyncType, str]] = ..., chunkOrder: _Optional[int] = ..., originalMessageId: _Optional[str] = ..., progress: _Optional[int] = ..., oldestMsgInChunkTimestampSec: _Optional[int] = ..., initialHistBootstrapInlinePayload: _Optional[bytes] = ..., peerDataRequestSessionId: _Optional[str] = ..., encHandle: _Optional[str] = ..., messageAccessStatus: _Optional[_Union[Message.HistorySyncMessageAccessStatus, _Mapping]] = ...) -> None: ...
    class ImageMessage(_message.Message):
        __slots__ = ("url", "mimetype", "caption", "fileSha256", "fileLength", "height", "width", "mediaKey", "fileEncSha256", "directPath", "mediaKeyTimestamp", "jpegThumbnail", "contextInfo", "firstScanSidecar", "firstScanLength", "experimentGroupId", "scansSidecar", "scanLengths", "midQualityFileSha256", "midQualityFileEncSha256", "viewOnce", "thumbnailDirectPath", "thumbnailSha256", "thumbnailEncSha256", "staticUrl", "imageSourceType", "accessibilityLabel", "mediaKeyDomain", "qrUrl")
        class ImageSourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            USER_IMAGE: _ClassVar[Message.ImageMessage.ImageSourceType]
            AI_GENERATED: _ClassVar[Message.ImageMessage.ImageSourceType]
            AI_MODIFIED: _ClassVar[Message.ImageMessage.ImageSourceType]
            RASTERIZED_TEXT_STATUS: _ClassVar[Message.ImageMessage.ImageSourceType]
        USER_IMAGE: Message.ImageMessage.ImageSourceType
        AI_GENERATED: Message.ImageMessage.ImageSourceType
        AI_MODIFIED: Message.ImageMessage.ImageSourceType
        RASTERIZED_TEXT_STATUS: Message.ImageMessage.ImageSourceType
        URL_FIELD_NUMBER: _ClassVar[int]
        MIMETYPE_FIELD_NUMBER: _ClassVar[int]
        CAPTION_FIELD_NUMBER: _ClassVar[int]
        FILESHA256_FIELD_NUMBER: _ClassVar[int]
        FILELENGTH_FIELD_NUMBER: _ClassVar[int]
        HEIGHT_FIELD_NUMBER: _ClassVar[int]
        WIDTH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        FIRSTSCANSIDECAR_FIELD_NUMBER: _ClassVar[int]
        FIRSTSCANLENGTH_FIELD_NUMBER: _ClassVar[int]
        EXPERIMENTGROUPID_FIELD_NUMBER: _ClassVar[int]
        SCANSSIDECAR_FIELD_NUMBER: _ClassVar[int]
        SCANLENGTHS_FIELD_NUMBER: _ClassVar[int]
        MIDQUALITYFILESHA256_FIELD_NUMBER: _ClassVar[int]
        MIDQUALITYFILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        VIEWONCE_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILDIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILSHA256_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILENCSHA256_FIELD_NUMBER: _ClassVar[int]
        STATICURL_FIELD_NUMBER: _ClassVar[int]
        IMAGESOURCETYPE_FIELD_NUMBER: _ClassVar[int]
        ACCESSIBILITYLABEL_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYDOMAIN_FIELD_NUMBER: _ClassVar[int]
        QRURL_FIELD_NUMBER: _ClassVar[int]
        url: str
        mimetype: str
        caption: str
        fileSha256: bytes
        fileLength: int
        height: int
        width: int
        mediaKey: bytes
        fileEncSha256: bytes
        directPath: str
        mediaKeyTimestamp: int
        jpegThumbnail: bytes
        contextInfo: ContextInfo
        firstScanSidecar: bytes
        firstScanLength: int
        experimentGroupId: int
        scansSidecar: bytes
        scanLengths: _containers.RepeatedScalarFieldContainer[int]
        midQualityFileSha256: bytes
        midQualityFileEncSha256: bytes
        viewOnce: bool
        thumbnailDirectPath: str
        thumbnailSha256: bytes
        thumbnailEncSha256: bytes
        staticUrl: str
        imageSourceType: Message.ImageMessage.ImageSourceType
        accessibilityLabel: str
        mediaKeyDomain: Message.MediaKeyDomain
        qrUrl: str
        def __init__(self, url: _Optional[str] = ..., mimetype: _Optional[str] = ..., caption: _Optional[str] = ..., fileSha256: _Optional[bytes] = ..., fileLength: _Optional[int] = ..., height: _Optional[int] = ..., width: _Optional[int] = ..., mediaKey: _Optional[bytes] = ..., fileEncSha256: _Optional[bytes] = ..., directPath: _Optional[str] = ..., mediaKeyTimestamp: _Optional[int] = ..., jpegThumbnail: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., firstScanSidecar: _Optional[bytes] = ..., firstScanLength: _Optional[int] = ..., experimentGroupId: _Optional[int] = ..., scansSidecar: _Optional[bytes] = ..., scanLengths: _Optional[_Iterable[int]] = ..., midQualityFileSha256: _Optional[bytes] = ..., midQualityFileEncSha256: _Optional[bytes] = ..., viewOnce: _Optional[bool] = ..., thumbnailDirectPath: _Optional[str] = ..., thumbnailSha256: _Optional[bytes] = ..., thumbnailEncSha256: _Optional[bytes] = ..., staticUrl: _Optional[str] = ..., imageSourceType: _Optional[_Union[Message.ImageMessage.ImageSourceType, str]] = ..., accessibilityLabel: _Optional[str] = ..., mediaKeyDomain: _Optional[_Union[Message.MediaKeyDomain, str]] = ..., qrUrl: _Optional[str] = ...) -> None: ...
    class InitialSecurityNotificationSettingSync(_message.Message):
        __slots__ = ("securityNotificationEnabled",)
        SECURITYNOTIFICATIONENABLED_FIELD_NUMBER: _ClassVar[int]
        securityNotificationEnabled: bool
        def __init__(self, securityNotificationEnabled: _Optional[bool] = ...) -> None: ...
    class InteractiveMessage(_message.Message):
        __slots__ = ("header", "body", "footer", "contextInfo", "nativeFlowMessage")
        class Body(_message.Message):
            __slots__ = ("text",)
            TEXT_FIELD_NUMBER: _ClassVar[int]
            text: str
            def __init__(self, text: _Optional[str] = ...) -> None: ...
        class Footer(_message.Message):
            __slots__ = ("text", "hasMediaAttachment", "audioMessage")
            TEXT_FIELD_NUMBER: _ClassVar[int]
            HASMEDIAATTACHMENT_FIELD_NUMBER: _ClassVar[int]
            AUDIOMESSAGE_FIELD_NUMBER: _ClassVar[int]
            text: str
            hasMediaAttachment: bool
            audioMessage: Message.AudioMessage
            def __init__(self, text: _Optional[str] = ..., hasMediaAttachment: _Optional[bool] = ..., audioMessage: _Optional[_Union[Message.AudioMessage, _Mapping]] = ...) -> None: ...
        class Header(_message.Message):
            __slots__ = ("title", "subtitle", "hasMediaAttachment", "documentMessage", "imageMessage", "jpegThumbnail", "videoMessage", "locationMessage")
            TITLE_FIELD_NUMBER: _ClassVar[int]
            SUBTITLE_FIELD_NUMBER: _ClassVar[int]
            HASMEDIAATTACHMENT_FIELD_NUMBER: _ClassVar[int]
            DOCUMENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
            IMAGEMESSAGE_FIELD_NUMBER: _ClassVar[int]
            JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
            VIDEOMESSAGE_FIELD_NUMBER: _ClassVar[int]
            LOCATIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
            title: str
            subtitle: str
            hasMediaAttachment: bool
            documentMessage: Message.DocumentMessage
            imageMessage: Message.ImageMessage
            jpegThumbnail: bytes
            videoMessage: Message.VideoMessage
            locationMessage: Message.LocationMessage
            def __init__(self, title: _Optional[str] = ..., subtitle: _Optional[str] = ..., hasMediaAttachment: _Optional[bool] = ..., documentMessage: _Optional[_Union[Message.DocumentMessage, _Mapping]] = ..., imageMessage: _Optional[_Union[Message.ImageMessage, _Mapping]] = ..., jpegThumbnail: _Optional[bytes] = ..., videoMessage: _Optional[_Union[Message.VideoMessage, _Mapping]] = ..., locationMessage: _Optional[_Union[Message.LocationMessage, _Mapping]] = ...) -> None: ...
        class NativeFlowMessage(_message.Message):
            __slots__ = ("buttons", "messageParamsJson", "messageVersion")
            class NativeFlowButton(_message.Message):
                __slots__ = ("name", "buttonParamsJson")
                NAME_FIELD_NUMBER: _ClassVar[int]
                BUTTONPARAMSJSON_FIELD_NUMBER: _ClassVar[int]
                name: str
                buttonParamsJson: str
                def __init__(self, name: _Optional[str] = ..., buttonParamsJson: _Optional[str] = ...) -> None: ...
            BUTTONS_FIELD_NUMBER: _ClassVar[int]
            MESSAGEPARAMSJSON_FIELD_NUMBER: _ClassVar[int]
            MESSAGEVERSION_FIELD_NUMBER: _ClassVar[int]
            buttons: _containers.RepeatedCompositeFieldContainer[Message.InteractiveMessage.NativeFlowMessage.NativeFlowButton]
            messageParamsJson: str
            messageVersion: int
            def __init__(self, buttons: _Optional[_Iterable[_Union[Message.InteractiveMessage.NativeFlowMessage.NativeFlowButton, _Mapping]]] = ..., messageParamsJson: _Optional[str] = ..., messageVersion: _Optional[int] = ...) -> None: ...
        HEADER_FIELD_NUMBER: _ClassVar[int]
        BODY_FIELD_NUMBER: _ClassVar[int]
        FOOTER_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        NATIVEFLOWMESSAGE_FIELD_NUMBER: _ClassVar[int]
        header: Message.InteractiveMessage.Header
        body: Message.InteractiveMessage.Body
        footer: Message.InteractiveMessage.Footer
        contextInfo: ContextInfo
        nativeFlowMessage: Message.InteractiveMessage.NativeFlowMessage
        def __init__(self, header: _Optional[_Union[Message.InteractiveMessage.Header, _Mapping]] = ..., body: _Optional[_Union[Message.InteractiveMessage.Body, _Mapping]] = ..., footer: _Optional[_Union[Message.InteractiveMessage.Footer, _Mapping]] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., nativeFlowMessage: _Optional[_Union[Message.InteractiveMessage.NativeFlowMessage, _Mapping]] = ...) -> None: ...
    class InteractiveResponseMessage(_message.Message):
        __slots__ = ("body", "contextInfo", "nativeFlowResponseMessage")
        class Body(_message.Message):
            __slots__ = ("text", "format")
            class Format(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                DEFAULT: _ClassVar[Message.InteractiveResponseMessage.Body.Format]
                EXTENSIONS_1: _ClassVar[Message.InteractiveResponseMessage.Body.Format]
            DEFAULT: Message.InteractiveResponseMessage.Body.Format
            EXTENSIONS_1: Message.InteractiveResponseMessage.Body.Format
            TEXT_FIELD_NUMBER: _ClassVar[int]
            FORMAT_FIELD_NUMBER: _ClassVar[int]
            text: str
            format: Message.InteractiveResponseMessage.Body.Format
            def __init__(self, text: _Optional[str] = ..., format: _Optional[_Union[Message.InteractiveResponseMessage.Body.Format, str]] = ...) -> None: ...
        class NativeFlowResponseMessage(_message.Message):
            __slots__ = ("name", "paramsJson", "version")
            NAME_FIELD_NUMBER: _ClassVar[int]
            PARAMSJSON_FIELD_NUMBER: _ClassVar[int]
            VERSION_FIELD_NUMBER: _ClassVar[int]
            name: str
            paramsJson: str
            version: int
            def __init__(self, name: _Optional[str] = ..., paramsJson: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...
        BODY_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        NATIVEFLOWRESPONSEMESSAGE_FIELD_NUMBER: _ClassVar[int]
        body: Message.InteractiveResponseMessage.Body
        contextInfo: ContextInfo
        nativeFlowResponseMessage: Message.InteractiveResponseMessage.NativeFlowResponseMessage
        def __init__(self, body: _Optional[_Union[Message.InteractiveResponseMessage.Body, _Mapping]] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., nativeFlowResponseMessage: _Optional[_Union[Message.InteractiveResponseMessage.NativeFlowResponseMessage, _Mapping]] = ...) -> None: ...
    class KeepInChatMessage(_message.Message):
        __slots__ = ("key", "keepType", "timestampMs")
        KEY_FIELD_NUMBER: _ClassVar[int]
        KEEPTYPE_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
        key: MessageKey
        keepType: KeepType
        timestampMs: int
        def __init__(self, key: _Optional[_Union[MessageKey, _Mapping]] = ..., keepType: _Optional[_Union[KeepType, str]] = ..., timestampMs: _Optional[int] = ...) -> None: ...
    class LinkPreviewMetadata(_message.Message):
        __slots__ = ("urlMetadata", "fbExperimentId", "linkMediaDuration", "socialMediaPostType", "linkInlineVideoMuted", "videoContentUrl", "videoContentCaption")
        class SocialMediaPostType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            NONE: _ClassVar[Message.LinkPreviewMetadata.SocialMediaPostType]
            REEL: _ClassVar[Message.LinkPreviewMetadata.SocialMediaPostType]
            LIVE_VIDEO: _ClassVar[Message.LinkPreviewMetadata.SocialMediaPostType]
            LONG_VIDEO: _ClassVar[Message.LinkPreviewMetadata.SocialMediaPostType]
            SINGLE_IMAGE: _ClassVar[Message.LinkPreviewMetadata.SocialMediaPostType]
            CAROUSEL: _ClassVar[Message.LinkPreviewMetadata.SocialMediaPostType]
        NONE: Message.LinkPreviewMetadata.SocialMediaPostType
        REEL: Message.LinkPreviewMetadata.SocialMediaPostType
        LIVE_VIDEO: Message.LinkPreviewMetadata.SocialMediaPostType
        LONG_VIDEO: Message.LinkPreviewMetadata.SocialMediaPostType
        SINGLE_IMAGE: Message.LinkPreviewMetadata.SocialMediaPostType
        CAROUSEL: Message.LinkPreviewMetadata.SocialMediaPostType
        URLMETADATA_FIELD_NUMBER: _ClassVar[int]
        FBEXPERIMENTID_FIELD_NUMBER: _ClassVar[int]
        LINKMEDIADURATION_FIELD_NUMBER: _ClassVar[int]
        SOCIALMEDIAPOSTTYPE_FIELD_NUMBER: _ClassVar[int]
        LINKINLINEVIDEOMUTED_FIELD_NUMBER: _ClassVar[int]
        VIDEOCONTENTURL_FIELD_NUMBER: _ClassVar[int]
        VIDEOCONTENTCAPTION_FIELD_NUMBER: _ClassVar[int]
        urlMetadata: Message.URLMetadata
        fbExperimentId: int
        linkMediaDuration: int
        socialMediaPostType: Message.LinkPreviewMetadata.SocialMediaPostType
        linkInlineVideoMuted: bool
        videoContentUrl: str
        videoContentCaption: str
        def __init__(self, urlMetadata: _Optional[_Union[Message.URLMetadata, _Mapping]] = ..., fbExperimentId: _Optional[int] = ..., linkMediaDuration: _Optional[int] = ..., socialMediaPostType: _Optional[_Union[Message.LinkPreviewMetadata.SocialMediaPostType, str]] = ..., linkInlineVideoMuted: _Optional[bool] = ..., videoContentUrl: _Optional[str] = ..., videoContentCaption: _Optional[str] = ...) -> None: ...
    class ListMessage(_message.Message):
        __slots__ = ("title", "description", "buttonText", "listType", "sections", "productListInfo", "footerText", "contextInfo")
        class ListType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Message.ListMessage.ListType]
            SINGLE_SELECT: _ClassVar[Message.ListMessage.ListType]
            PRODUCT_LIST: _ClassVar[Message.ListMessage.ListType]
        UNKNOWN: Message.ListMessage.ListType
        SINGLE_SELECT: Message.ListMessage.ListType
        PRODUCT_LIST: Message.ListMessage.ListType
        class Product(_message.Message):
            __slots__ = ("productId",)
            PRODUCTID_FIELD_NUMBER: _ClassVar[int]
            productId: str
            def __init__(self, productId: _Optional[str] = ...) -> None: ...
        class ProductListHeaderImage(_message.Message):
            __slots__ = ("productId", "jpegThumbnail")
            PRODUCTID_FIELD_NUMBER: _ClassVar[int]
            JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
            productId: str
            jpegThumbnail: bytes
            def __init__(self, productId: _Optional[str] = ..., jpegThumbnail: _Optional[bytes] = ...) -> None: ...
        class ProductListInfo(_message.Message):
            __slots__ = ("productSections", "headerImage", "businessOwnerJid")
            PRODUCTSECTIONS_FIELD_NUMBER: _ClassVar[int]
            HEADERIMAGE_FIELD_NUMBER: _ClassVar[int]
            BUSINESSOWNERJID_FIELD_NUMBER: _ClassVar[int]
            productSections: _containers.RepeatedCompositeFieldContainer[Message.ListMessage.ProductSection]
            headerImage: Message.ListMessage.ProductListHeaderImage
            businessOwnerJid: str
            def __init__(self, productSections: _Optional[_Iterable[_Union[Message.ListMessage.ProductSection, _Mapping]]] = ..., headerImage: _Optional[_Union[Message.ListMessage.ProductListHeaderImage, _Mapping]] = ..., businessOwnerJid: _Optional[str] = ...) -> None: ...
        class ProductSection(_message.Message):
            __slots__ = ("title", "products")
            TITLE_FIELD_NUMBER: _ClassVar[int]
            PRODUCTS_FIELD_NUMBER: _ClassVar[int]
            title: str
            products: _containers.RepeatedCompositeFieldContainer[Message.ListMessage.Product]
            def __init__(self, title: _Optional[str] = ..., products: _Optional[_Iterable[_Union[Message.ListMessage.Product, _Mapping]]] = ...) -> None: ...
        class Row(_message.Message):
            __slots__ = ("title", "description", "rowId")
            TITLE_FIELD_NUMBER: _ClassVar[int]
            DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
            ROWID_FIELD_NUMBER: _ClassVar[int]
            title: str
            description: str
            rowId: str
            def __init__(self, title: _Optional[str] = ..., description: _Optional[str] = ..., rowId: _Optional[str] = ...) -> None: ...
        class Section(_message.Message):
            __slots__ = ("title", "rows")
            TITLE_FIELD_NUMBER: _ClassVar[int]
            ROWS_FIELD_NUMBER: _ClassVar[int]
            title: str
            rows: _containers.RepeatedCompositeFieldContainer[Message.ListMessage.Row]
            def __init__(self, title: _Optional[str] = ..., rows: _Optional[_Iterable[_Union[Message.ListMessage.Row, _Mapping]]] = ...) -> None: ...
        TITLE_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        BUTTONTEXT_FIELD_NUMBER: _ClassVar[int]
        LISTTYPE_FIELD_NUMBER: _ClassVar[int]
        SECTIONS_FIELD_NUMBER: _ClassVar[int]
        PRODUCTLISTINFO_FIELD_NUMBER: _ClassVar[int]
        FOOTERTEXT_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        title: str
        description: str
        buttonText: str
        listType: Message.ListMessage.ListType
        sections: _containers.RepeatedCompositeFieldContainer[Message.ListMessage.Section]
        productListInfo: Message.ListMessage.ProductListInfo
        footerText: str
        contextInfo: ContextInfo
        def __init__(self, title: _Optional[str] = ..., description: _Optional[str] = ..., buttonText: _Optional[str] = ..., listType: _Optional[_Union[Message.ListMessage.ListType, str]] = ..., sections: _Optional[_Iterable[_Union[Message.ListMessage.Section, _Mapping]]] = ..., productListInfo: _Optional[_Union[Message.ListMessage.ProductListInfo, _Mapping]] = ..., footerText: _Optional[str] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ...) -> None: ...
    class ListResponseMessage(_message.Message):
        __slots__ = ("title", "listType", "singleSelectReply", "contextInfo", "description")
        class ListType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Message.ListResponseMessage.ListType]
            SINGLE_SELECT: _ClassVar[Message.ListResponseMessage.ListType]
        UNKNOWN: Message.ListResponseMessage.ListType
        SINGLE_SELECT: Message.ListResponseMessage.ListType
        class SingleSelectReply(_message.Message):
            __slots__ = ("selectedRowId",)
            SELECTEDROWID_FIELD_NUMBER: _ClassVar[int]
            selectedRowId: str
            def __init__(self, selectedRowId: _Optional[str] = ...) -> None: ...
        TITLE_FIELD_NUMBER: _ClassVar[int]
        LISTTYPE_FIELD_NUMBER: _ClassVar[int]
        SINGLESELECTREPLY_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
        title: str
        listType: Message.ListResponseMessage.ListType
        singleSelectReply: Message.ListResponseMessage.SingleSelectReply
        contextInfo: ContextInfo
        description: str
        def __init__(self, title: _Optional[str] = ..., listType: _Optional[_Union[Message.ListResponseMessage.ListType, str]] = ..., singleSelectReply: _Optional[_Union[Message.ListResponseMessage.SingleSelectReply, _Mapping]] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., description: _Optional[str] = ...) -> None: ...
    class LiveLocationMessage(_message.Message):
        __slots__ = ("degreesLatitude", "degreesLongitude", "accuracyInMeters", "speedInMps", "degreesClockwiseFromMagneticNorth", "caption", "sequenceNumber", "timeOffset", "jpegThumbnail", "contextInfo")
        DEGREESLATITUDE_FIELD_NUMBER: _ClassVar[int]
        DEGREESLONGITUDE_FIELD_NUMBER: _ClassVar[int]
        ACCURACYINMETERS_FIELD_NUMBER: _ClassVar[int]
        SPEEDINMPS_FIELD_NUMBER: _ClassVar[int]
        DEGREESCLOCKWISEFROMMAGNETICNORTH_FIELD_NUMBER: _ClassVar[int]
        CAPTION_FIELD_NUMBER: _ClassVar[int]
        SEQUENCENUMBER_FIELD_NUMBER: _ClassVar[int]
        TIMEOFFSET_FIELD_NUMBER: _ClassVar[int]
        JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        degreesLatitude: float
        degreesLongitude: float
        accuracyInMeters: int
        speedInMps: float
        degreesClockwiseFromMagneticNorth: int
        caption: str
        sequenceNumber: int
        timeOffset: int
        jpegThumbnail: bytes
        contextInfo: ContextInfo
        def __init__(self, degreesLatitude: _Optional[float] = ..., degreesLongitude: _Optional[float] = ..., accuracyInMeters: _Optional[int] = ..., speedInMps: _Optional[float] = ..., degreesClockwiseFromMagneticNorth: _Optional[int] = ..., caption: _Optional[str] = ..., sequenceNumber: _Optional[int] = ..., timeOffset: _Optional[int] = ..., jpegThumbnail: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ...) -> None: ...
    class LocationMessage(_message.Message):
        __slots__ = ("degreesLatitude", "degreesLongitude", "name", "address", "url", "isLive", "accuracyInMeters", "speedInMps", "degreesClockwiseFromMagneticNorth", "comment", "jpegThumbnail", "contextInfo")
        DEGREESLATITUDE_FIELD_NUMBER: _ClassVar[int]
        DEGREESLONGITUDE_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        ADDRESS_FIELD_NUMBER: _ClassVar[int]
        URL_FIELD_NUMBER: _ClassVar[int]
        ISLIVE_FIELD_NUMBER: _ClassVar[int]
        ACCURACYINMETERS_FIELD_NUMBER: _ClassVar[int]
        SPEEDINMPS_FIELD_NUMBER: _ClassVar[int]
        DEGREESCLOCKWISEFROMMAGNETICNORTH_FIELD_NUMBER: _ClassVar[int]
        COMMENT_FIELD_NUMBER: _ClassVar[int]
        JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        degreesLatitude: float
        degreesLongitude: float
        name: str
        address: str
        url: str
        isLive: bool
        accuracyInMeters: int
        speedInMps: float
        degreesClockwiseFromMagneticNorth: int
        comment: str
        jpegThumbnail: bytes
        contextInfo: ContextInfo
        def __init__(self, degreesLatitude: _Optional[float] = ..., degreesLongitude: _Optional[float] = ..., name: _Optional[str] = ..., address: _Optional[str] = ..., url: _Optional[str] = ..., isLive: _Optional[bool] = ..., accuracyInMeters: _Optional[int] = ..., speedInMps: _Optional[float] = ..., degreesClockwiseFromMagneticNorth: _Optional[int] = ..., comment: _Optional[str] = ..., jpegThumbnail: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ...) -> None: ...
    class MMSThumbnailMetadata(_message.Message):
        __slots__ = ("thumbnailDirectPath", "thumbnailSha256", "thumbnailEncSha256", "mediaKey", "mediaKeyTimestamp", "thumbnailHeight", "thumbnailWidth", "mediaKeyDomain")
        THUMBNAILDIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILSHA256_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILENCSHA256_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILHEIGHT_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILWIDTH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYDOMAIN_FIELD_NUMBER: _ClassVar[int]
        thumbnailDirectPath: str
        thumbnailSha256: bytes
        thumbnailEncSha256: bytes
        mediaKey: bytes
        mediaKeyTimestamp: int
        thumbnailHeight: int
        thumbnailWidth: int
        mediaKeyDomain: Message.MediaKeyDomain
        def __init__(self, thumbnailDirectPath: _Optional[str] = ..., thumbnailSha256: _Optional[bytes] = ..., thumbnailEncSha256: _Optional[bytes] = ..., mediaKey: _Optional[bytes] = ..., mediaKeyTimestamp: _Optional[int] = ..., thumbnailHeight: _Optional[int] = ..., thumbnailWidth: _Optional[int] = ..., mediaKeyDomain: _Optional[_Union[Message.MediaKeyDomain, str]] = ...) -> None: ...
    class PeerDataOperationRequestMessage(_message.Message):
        __slots__ = ("peerDataOperationRequestType", "requestStickerReupload", "requestUrlPreview", "historySyncOnDemandRequest", "placeholderMessageResendRequest", "fullHistorySyncOnDemandRequest", "syncdCollectionFatalRecoveryRequest", "historySyncChunkRetryRequest", "galaxyFlowAction")
        class FullHistorySyncOnDemandRequest(_message.Message):
            __slots__ = ("historySyncConfig",)
            HISTORYSYNCCONFIG_FIELD_NUMBER: _ClassVar[int]
            historySyncConfig: DeviceProps.HistorySyncConfig
            def __init__(self, historySyncConfig: _Optional[_Union[DeviceProps.HistorySyncConfig, _Mapping]] = ...) -> None: ...
        class GalaxyFlowAction(_message.Message):
            __slots__ = ("type", "flowId", "stanzaId")
            class GalaxyFlowActionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                NOTIFY_LAUNCH: _ClassVar[Message.PeerDataOperationRequestMessage.GalaxyFlowAction.GalaxyFlowActionType]
            NOTIFY_LAUNCH: Message.PeerDataOperationRequestMessage.GalaxyFlowAction.GalaxyFlowActionType
            TYPE_FIELD_NUMBER: _ClassVar[int]
            FLOWID_FIELD_NUMBER: _ClassVar[int]
            STANZAID_FIELD_NUMBER: _ClassVar[int]
            type: Message.PeerDataOperationRequestMessage.GalaxyFlowAction.GalaxyFlowActionType
            flowId: str
            stanzaId: str
            def __init__(self, type: _Optional[_Union[Message.PeerDataOperationRequestMessage.GalaxyFlowAction.GalaxyFlowActionType, str]] = ..., flowId: _Optional[str] = ..., stanzaId: _Optional[str] = ...) -> None: ...
        class HistorySyncChunkRetryRequest(_message.Message):
            __slots__ = ("syncType", "chunkOrder", "chunkNotificationId", "regenerateChunk")
            SYNCTYPE_FIELD_NUMBER: _ClassVar[int]
            CHUNKORDER_FIELD_NUMBER: _ClassVar[int]
            CHUNKNOTIFICATIONID_FIELD_NUMBER: _ClassVar[int]
            REGENERATECHUNK_FIELD_NUMBER: _ClassVar[int]
            syncType: Message.HistorySyncType
            chunkOrder: int
            chunkNotificationId: str
            regenerateChunk: bool
            def __init__(self, syncType: _Optional[_Union[Message.HistorySyncType, str]] = ..., chunkOrder: _Optional[int] = ..., chunkNotificationId: _Optional[str] = ..., regenerateChunk: _Optional[bool] = ...) -> None: ...
        class HistorySyncOnDemandRequest(_message.Message):
            __slots__ = ("chatJid", "oldestMsgId", "oldestMsgFromMe", "onDemandMsgCount", "oldestMsgTimestampMs", "accountLid")
            CHATJID_FIELD_NUMBER: _ClassVar[int]
            OLDESTMSGID_FIELD_NUMBER: _ClassVar[int]
            OLDESTMSGFROMME_FIELD_NUMBER: _ClassVar[int]
            ONDEMANDMSGCOUNT_FIELD_NUMBER: _ClassVar[int]
            OLDESTMSGTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
            ACCOUNTLID_FIELD_NUMBER: _ClassVar[int]
            chatJid: str
            oldestMsgId: str
            oldestMsgFromMe: bool
            onDemandMsgCount: int
            oldestMsgTimestampMs: int
            accountLid: str
            def __init__(self, chatJid: _Optional[str] = ..., oldestMsgId: _Optional[str] = ..., oldestMsgFromMe: _Optional[bool] = ..., onDemandMsgCount: _Optional[int] = ..., oldestMsgTimestampMs: _Optional[int] = ..., accountLid: _Optional[str] = ...) -> None: ...
        class PlaceholderMessageResendRequest(_message.Message):
            __slots__ = ("messageKey",)
            MESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
            messageKey: MessageKey
            def __init__(self, messageKey: _Optional[_Union[MessageKey, _Mapping]] = ...) -> None: ...
        class RequestStickerReupload(_message.Message):
            __slots__ = ("fileSha256",)
            FILESHA256_FIELD_NUMBER: _ClassVar[int]
            fileSha256: str
            def __init__(self, fileSha256: _Optional[str] = ...) -> None: ...
        class RequestUrlPreview(_message.Message):
            __slots__ = ("url", "includeHqThumbnail")
            URL_FIELD_NUMBER: _ClassVar[int]
            INCLUDEHQTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
            url: str
            includeHqThumbnail: bool
            def __init__(self, url: _Optional[str] = ..., includeHqThumbnail: _Optional[bool] = ...) -> None: ...
        class SyncDCollectionFatalRecoveryRequest(_message.Message):
            __slots__ = ("collectionName", "timestamp")
            COLLECTIONNAME_FIELD_NUMBER: _ClassVar[int]
            TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
            collectionName: str
            timestamp: int
            def __init__(self, collectionName: _Optional[str] = ..., timestamp: _Optional[int] = ...) -> None: ...
        PEERDATAOPERATIONREQUESTTYPE_FIELD_NUMBER: _ClassVar[int]
        REQUESTSTICKERREUPLOAD_FIELD_NUMBER: _ClassVar[int]
        REQUESTURLPREVIEW_FIELD_NUMBER: _ClassVar[int]
        HISTORYSYNCONDEMANDREQUEST_FIELD_NUMBER: _ClassVar[int]
        PLACEHOLDERMESSAGERESENDREQUEST_FIELD_NUMBER: _ClassVar[int]
        FULLHISTORYSYNCONDEMANDREQUEST_FIELD_NUMBER: _ClassVar[int]
        SYNCDCOLLECTIONFATALRECOVERYREQUEST_FIELD_NUMBER: _ClassVar[int]
        HISTORYSYNCCHUNKRETRYREQUEST_FIELD_NUMBER: _ClassVar[int]
        GALAXYFLOWACTION_FIELD_NUMBER: _ClassVar[int]
        peerDataOperationRequestType: Message.PeerDataOperationRequestType
        requestStickerReupload: _containers.RepeatedCompositeFieldContainer[Message.PeerDataOperationRequestMessage.RequestStickerReupload]
        requestUrlPreview: _containers.RepeatedCompositeFieldContainer[Message.PeerDataOperationRequestMessage.RequestUrlPreview]
        historySyncOnDemandRequest: Message.PeerDataOperationRequestMessage.HistorySyncOnDemandRequest
        placeholderMessageResendRequest: _containers.RepeatedCompositeFieldContainer[Message.PeerDataOperationRequestMessage.PlaceholderMessageResendRequest]
        fullHistorySyncOnDemandRequest: Message.PeerDataOperationRequestMessage.FullHistorySyncOnDemandRequest
        syncdCollectionFatalRecoveryRequest: Message.PeerDataOperationRequestMessage.SyncDCollectionFatalRecoveryRequest
        historySyncChunkRetryRequest: Message.PeerDataOperationRequestMessage.HistorySyncChunkRetryRequest
        galaxyFlowAction: Message.PeerDataOperationRequestMessage.GalaxyFlowAction
        def __init__(self, peerDataOperationRequestType: _Optional[_Union[Message.PeerDataOperationRequestType, str]] = ..., requestStickerReupload: _Optional[_Iterable[_Union[Message.PeerDataOperationRequestMessage.RequestStickerReupload, _Mapping]]] = ..., requestUrlPreview: _Optional[_Iterable[_Union[Message.PeerDataOperationRequestMessage.RequestUrlPreview, _Mapping]]] = ..., historySyncOnDemandRequest: _Optional[_Union[Message.PeerDataOperationRequestMessage.HistorySyncOnDemandRequest, _Mapping]] = ..., placeholderMessageResendRequest: _Optional[_Iterable[_Union[Message.PeerDataOperationRequestMessage.PlaceholderMessageResendRequest, _Mapping]]] = ..., fullHistorySyncOnDemandRequest: _Optional[_Union[Message.PeerDataOperationRequestMessage.FullHistorySyncOnDemandRequest, _Mapping]] = ..., syncdCollectionFatalRecoveryRequest: _Optional[_Union[Message.PeerDataOperationRequestMessage.SyncDCollectionFatalRecoveryRequest, _Mapping]] = ..., historySyncChunkRetryRequest: _Optional[_Union[Message.PeerDataOperationRequestMessage.HistorySyncChunkRetryRequest, _Mapping]] = ..., galaxyFlowAction: _Optional[_Union[Message.PeerDataOperationRequestMessage.GalaxyFlowAction, _Mapping]] = ...) -> None: ...
    class PeerDataOperationRequestResponseMessage(_message.Message):
        __slots__ = ("peerDataOperationRequestType", "stanzaId", "peerDataOperationResult")
        class PeerDataOperationResult(_message.Message):
            __slots__ = ("mediaUploadResult", "stickerMessage", "linkPreviewResponse", "placeholderMessageResendResponse", "waffleNonceFetchRequestResponse", "fullHistorySyncOnDemandRequestResponse", "companionMetaNonceFetchRequestResponse", "syncdSnapshotFatalRecoveryResponse", "companionCanonicalUserNonceFetchRequestResponse", "historySyncChunkRetryResponse")
            class FullHistorySyncOnDemandResponseCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                REQUEST_SUCCESS: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode]
                REQUEST_TIME_EXPIRED: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode]
                DECLINED_SHARING_HISTORY: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode]
                GENERIC_ERROR: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode]
                ERROR_REQUEST_ON_NON_SMB_PRIMARY: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode]
                ERROR_HOSTED_DEVICE_NOT_CONNECTED: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode]
                ERROR_HOSTED_DEVICE_LOGIN_TIME_NOT_SET: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode]
            REQUEST_SUCCESS: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
            REQUEST_TIME_EXPIRED: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
            DECLINED_SHARING_HISTORY: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
            GENERIC_ERROR: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
            ERROR_REQUEST_ON_NON_SMB_PRIMARY: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
            ERROR_HOSTED_DEVICE_NOT_CONNECTED: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
            ERROR_HOSTED_DEVICE_LOGIN_TIME_NOT_SET: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
            class HistorySyncChunkRetryResponseCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
                __slots__ = ()
                GENERATION_ERROR: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode]
                CHUNK_CONSUMED: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode]
                TIMEOUT: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode]
                SESSION_EXHAUSTED: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode]
                CHUNK_EXHAUSTED: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode]
                DUPLICATED_REQUEST: _ClassVar[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode]
            GENERATION_ERROR: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode
            CHUNK_CONSUMED: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode
            TIMEOUT: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode
            SESSION_EXHAUSTED: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode
            CHUNK_EXHAUSTED: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode
            DUPLICATED_REQUEST: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode
            class CompanionCanonicalUserNonceFetchResponse(_message.Message):
                __slots__ = ("nonce", "waFbid", "forceRefresh")
                NONCE_FIELD_NUMBER: _ClassVar[int]
                WAFBID_FIELD_NUMBER: _ClassVar[int]
                FORCEREFRESH_FIELD_NUMBER: _ClassVar[int]
                nonce: str
                waFbid: str
                forceRefresh: bool
                def __init__(self, nonce: _Optional[str] = ..., waFbid: _Optional[str] = ..., forceRefresh: _Optional[bool] = ...) -> None: ...
            class CompanionMetaNonceFetchResponse(_message.Message):
                __slots__ = ("nonce",)
                NONCE_FIELD_NUMBER: _ClassVar[int]
                nonce: str
                def __init__(self, nonce: _Optional[str] = ...) -> None: ...
            class FullHistorySyncOnDemandRequestResponse(_message.Message):
                __slots__ = ("responseCode",)
                RESPONSECODE_FIELD_NUMBER: _ClassVar[int]
                responseCode: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode
                def __init__(self, responseCode: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandResponseCode, str]] = ...) -> None: ...
            class HistorySyncChunkRetryResponse(_message.Message):
                __slots__ = ("syncType", "chunkOrder", "requestId", "responseCode", "canRecover")
                SYNCTYPE_FIELD_NUMBER: _ClassVar[int]
                CHUNKORDER_FIELD_NUMBER: _ClassVar[int]
                REQUESTID_FIELD_NUMBER: _ClassVar[int]
                RESPONSECODE_FIELD_NUMBER: _ClassVar[int]
                CANRECOVER_FIELD_NUMBER: _ClassVar[int]
                syncType: Message.HistorySyncType
                chunkOrder: int
                requestId: str
                responseCode: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode
                canRecover: bool
                def __init__(self, syncType: _Optional[_Union[Message.HistorySyncType, str]] = ..., chunkOrder: _Optional[int] = ..., requestId: _Optional[str] = ..., responseCode: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponseCode, str]] = ..., canRecover: _Optional[bool] = ...) -> None: ...
            class LinkPreviewResponse(_message.Message):
                __slots__ = ("url", "title", "description", "thumbData", "matchText", "previewType", "hqThumbnail", "previewMetadata")
                class LinkPreviewHighQualityThumbnail(_message.Message):
                    __slots__ = ("directPath", "thumbHash", "encThumbHash", "mediaKey", "mediaKeyTimestampMs", "thumbWidth", "thumbHeight")
                    DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
                    THUMBHASH_FIELD_NUMBER: _ClassVar[int]
                    ENCTHUMBHASH_FIELD_NUMBER: _ClassVar[int]
                    MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
                    MEDIAKEYTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
                    THUMBWIDTH_FIELD_NUMBER: _ClassVar[int]
                    THUMBHEIGHT_FIELD_NUMBER: _ClassVar[int]
                    directPath: str
                    thumbHash: str
                    encThumbHash: str
                    mediaKey: bytes
                    mediaKeyTimestampMs: int
                    thumbWidth: int
                    thumbHeight: int
                    def __init__(self, directPath: _Optional[str] = ..., thumbHash: _Optional[str] = ..., encThumbHash: _Optional[str] = ..., mediaKey: _Optional[bytes] = ..., mediaKeyTimestampMs: _Optional[int] = ..., thumbWidth: _Optional[int] = ..., thumbHeight: _Optional[int] = ...) -> None: ...
                class PaymentLinkPreviewMetadata(_message.Message):
                    __slots__ = ("isBusinessVerified", "providerName")
                    ISBUSINESSVERIFIED_FIELD_NUMBER: _ClassVar[int]
                    PROVIDERNAME_FIELD_NUMBER: _ClassVar[int]
                    isBusinessVerified: bool
                    providerName: str
                    def __init__(self, isBusinessVerified: _Optional[bool] = ..., providerName: _Optional[str] = ...) -> None: ...
                URL_FIELD_NUMBER: _ClassVar[int]
                TITLE_FIELD_NUMBER: _ClassVar[int]
                DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
                THUMBDATA_FIELD_NUMBER: _ClassVar[int]
                MATCHTEXT_FIELD_NUMBER: _ClassVar[int]
                PREVIEWTYPE_FIELD_NUMBER: _ClassVar[int]
                HQTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
                PREVIEWMETADATA_FIELD_NUMBER: _ClassVar[int]
                url: str
                title: str
                description: str
                thumbData: bytes
                matchText: str
                previewType: str
                hqThumbnail: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.LinkPreviewResponse.LinkPreviewHighQualityThumbnail
                previewMetadata: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.LinkPreviewResponse.PaymentLinkPreviewMetadata
                def __init__(self, url: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., thumbData: _Optional[bytes] = ..., matchText: _Optional[str] = ..., previewType: _Optional[str] = ..., hqThumbnail: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.LinkPreviewResponse.LinkPreviewHighQualityThumbnail, _Mapping]] = ..., previewMetadata: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.LinkPreviewResponse.PaymentLinkPreviewMetadata, _Mapping]] = ...) -> None: ...
            class PlaceholderMessageResendResponse(_message.Message):
                __slots__ = ("webMessageInfoBytes",)
                WEBMESSAGEINFOBYTES_FIELD_NUMBER: _ClassVar[int]
                webMessageInfoBytes: bytes
                def __init__(self, webMessageInfoBytes: _Optional[bytes] = ...) -> None: ...
            class SyncDSnapshotFatalRecoveryResponse(_message.Message):
                __slots__ = ("collectionSnapshot", "isCompressed")
                COLLECTIONSNAPSHOT_FIELD_NUMBER: _ClassVar[int]
                ISCOMPRESSED_FIELD_NUMBER: _ClassVar[int]
                collectionSnapshot: bytes
                isCompressed: bool
                def __init__(self, collectionSnapshot: _Optional[bytes] = ..., isCompressed: _Optional[bool] = ...) -> None: ...
            class WaffleNonceFetchResponse(_message.Message):
                __slots__ = ("nonce", "waEntFbid")
                NONCE_FIELD_NUMBER: _ClassVar[int]
                WAENTFBID_FIELD_NUMBER: _ClassVar[int]
                nonce: str
                waEntFbid: str
                def __init__(self, nonce: _Optional[str] = ..., waEntFbid: _Optional[str] = ...) -> None: ...
            MEDIAUPLOADRESULT_FIELD_NUMBER: _ClassVar[int]
            STICKERMESSAGE_FIELD_NUMBER: _ClassVar[int]
            LINKPREVIEWRESPONSE_FIELD_NUMBER: _ClassVar[int]
            PLACEHOLDERMESSAGERESENDRESPONSE_FIELD_NUMBER: _ClassVar[int]
            WAFFLENONCEFETCHREQUESTRESPONSE_FIELD_NUMBER: _ClassVar[int]
            FULLHISTORYSYNCONDEMANDREQUESTRESPONSE_FIELD_NUMBER: _ClassVar[int]
            COMPANIONMETANONCEFETCHREQUESTRESPONSE_FIELD_NUMBER: _ClassVar[int]
            SYNCDSNAPSHOTFATALRECOVERYRESPONSE_FIELD_NUMBER: _ClassVar[int]
            COMPANIONCANONICALUSERNONCEFETCHREQUESTRESPONSE_FIELD_NUMBER: _ClassVar[int]
            HISTORYSYNCCHUNKRETRYRESPONSE_FIELD_NUMBER: _ClassVar[int]
            mediaUploadResult: MediaRetryNotification.ResultType
            stickerMessage: Message.StickerMessage
            linkPreviewResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.LinkPreviewResponse
            placeholderMessageResendResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.PlaceholderMessageResendResponse
            waffleNonceFetchRequestResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.WaffleNonceFetchResponse
            fullHistorySyncOnDemandRequestResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandRequestResponse
            companionMetaNonceFetchRequestResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.CompanionMetaNonceFetchResponse
            syncdSnapshotFatalRecoveryResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.SyncDSnapshotFatalRecoveryResponse
            companionCanonicalUserNonceFetchRequestResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.CompanionCanonicalUserNonceFetchResponse
            historySyncChunkRetryResponse: Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponse
            def __init__(self, mediaUploadResult: _Optional[_Union[MediaRetryNotification.ResultType, str]] = ..., stickerMessage: _Optional[_Union[Message.StickerMessage, _Mapping]] = ..., linkPreviewResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.LinkPreviewResponse, _Mapping]] = ..., placeholderMessageResendResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.PlaceholderMessageResendResponse, _Mapping]] = ..., waffleNonceFetchRequestResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.WaffleNonceFetchResponse, _Mapping]] = ..., fullHistorySyncOnDemandRequestResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.FullHistorySyncOnDemandRequestResponse, _Mapping]] = ..., companionMetaNonceFetchRequestResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.CompanionMetaNonceFetchResponse, _Mapping]] = ..., syncdSnapshotFatalRecoveryResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.SyncDSnapshotFatalRecoveryResponse, _Mapping]] = ..., companionCanonicalUserNonceFetchRequestResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.CompanionCanonicalUserNonceFetchResponse, _Mapping]] = ..., historySyncChunkRetryResponse: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.HistorySyncChunkRetryResponse, _Mapping]] = ...) -> None: ...
        PEERDATAOPERATIONREQUESTTYPE_FIELD_NUMBER: _ClassVar[int]
        STANZAID_FIELD_NUMBER: _ClassVar[int]
        PEERDATAOPERATIONRESULT_FIELD_NUMBER: _ClassVar[int]
        peerDataOperationRequestType: Message.PeerDataOperationRequestType
        stanzaId: str
        peerDataOperationResult: _containers.RepeatedCompositeFieldContainer[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult]
        def __init__(self, peerDataOperationRequestType: _Optional[_Union[Message.PeerDataOperationRequestType, str]] = ..., stanzaId: _Optional[str] = ..., peerDataOperationResult: _Optional[_Iterable[_Union[Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult, _Mapping]]] = ...) -> None: ...
    class PinInChatMessage(_message.Message):
        __slots__ = ("key", "type", "senderTimestampMs")
        class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN_TYPE: _ClassVar[Message.PinInChatMessage.Type]
            PIN_FOR_ALL: _ClassVar[Message.PinInChatMessage.Type]
            UNPIN_FOR_ALL: _ClassVar[Message.PinInChatMessage.Type]
        UNKNOWN_TYPE: Message.PinInChatMessage.Type
        PIN_FOR_ALL: Message.PinInChatMessage.Type
        UNPIN_FOR_ALL: Message.PinInChatMessage.Type
        KEY_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        SENDERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
        key: MessageKey
        type: Message.PinInChatMessage.Type
        senderTimestampMs: int
        def __init__(self, key: _Optional[_Union[MessageKey, _Mapping]] = ..., type: _Optional[_Union[Message.PinInChatMessage.Type, str]] = ..., senderTimestampMs: _Optional[int] = ...) -> None: ...
    class PollCreationMessage(_message.Message):
        __slots__ = ("encKey", "name", "options", "selectableOptionsCount", "contextInfo", "pollContentType", "pollType", "correctAnswer")
        class Option(_message.Message):
            __slots__ = ("optionName", "optionHash")
            OPTIONNAME_FIELD_NUMBER: _ClassVar[int]
            OPTIONHASH_FIELD_NUMBER: _ClassVar[int]
            optionName: str
            optionHash: str
            def __init__(self, optionName: _Optional[str] = ..., optionHash: _Optional[str] = ...) -> None: ...
        ENCKEY_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        OPTIONS_FIELD_NUMBER: _ClassVar[int]
        SELECTABLEOPTIONSCOUNT_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        POLLCONTENTTYPE_FIELD_NUMBER: _ClassVar[int]
        POLLTYPE_FIELD_NUMBER: _ClassVar[int]
        CORRECTANSWER_FIELD_NUMBER: _ClassVar[int]
        encKey: bytes
        name: str
        options: _containers.RepeatedCompositeFieldContainer[Message.PollCreationMessage.Option]
        selectableOptionsCount: int
        contextInfo: ContextInfo
        pollContentType: Message.PollContentType
        pollType: Message.PollType
        correctAnswer: Message.PollCreationMessage.Option
        def __init__(self, encKey: _Optional[bytes] = ..., name: _Optional[str] = ..., options: _Optional[_Iterable[_Union[Message.PollCreationMessage.Option, _Mapping]]] = ..., selectableOptionsCount: _Optional[int] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., pollContentType: _Optional[_Union[Message.PollContentType, str]] = ..., pollType: _Optional[_Union[Message.PollType, str]] = ..., correctAnswer: _Optional[_Union[Message.PollCreationMessage.Option, _Mapping]] = ...) -> None: ...
    class PollEncValue(_message.Message):
        __slots__ = ("encPayload", "encIv")
        ENCPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        ENCIV_FIELD_NUMBER: _ClassVar[int]
        encPayload: bytes
        encIv: bytes
        def __init__(self, encPayload: _Optional[bytes] = ..., encIv: _Optional[bytes] = ...) -> None: ...
    class PollResultSnapshotMessage(_message.Message):
        __slots__ = ("name", "pollVotes", "contextInfo", "pollType")
        class PollVote(_message.Message):
            __slots__ = ("optionName", "optionVoteCount")
            OPTIONNAME_FIELD_NUMBER: _ClassVar[int]
            OPTIONVOTECOUNT_FIELD_NUMBER: _ClassVar[int]
            optionName: str
            optionVoteCount: int
            def __init__(self, optionName: _Optional[str] = ..., optionVoteCount: _Optional[int] = ...) -> None: ...
        NAME_FIELD_NUMBER: _ClassVar[int]
        POLLVOTES_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        POLLTYPE_FIELD_NUMBER: _ClassVar[int]
        name: str
        pollVotes: _containers.RepeatedCompositeFieldContainer[Message.PollResultSnapshotMessage.PollVote]
        contextInfo: ContextInfo
        pollType: Message.PollType
        def __init__(self, name: _Optional[str] = ..., pollVotes: _Optional[_Iterable[_Union[Message.PollResultSnapshotMessage.PollVote, _Mapping]]] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., pollType: _Optional[_Union[Message.PollType, str]] = ...) -> None: ...
    class PollUpdateMessage(_message.Message):
        __slots__ = ("pollCreationMessageKey", "vote", "metadata", "senderTimestampMs")
        POLLCREATIONMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
        VOTE_FIELD_NUMBER: _ClassVar[int]
        METADATA_FIELD_NUMBER: _ClassVar[int]
        SENDERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
        pollCreationMessageKey: MessageKey
        vote: Message.PollEncValue
        metadata: Message.PollUpdateMessageMetadata
        senderTimestampMs: int
        def __init__(self, pollCreationMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., vote: _Optional[_Union[Message.PollEncValue, _Mapping]] = ..., metadata: _Optional[_Union[Message.PollUpdateMessageMetadata, _Mapping]] = ..., senderTimestampMs: _Optional[int] = ...) -> None: ...
    class PollUpdateMessageMetadata(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class PollVoteMessage(_message.Message):
        __slots__ = ("selectedOptions",)
        SELECTEDOPTIONS_FIELD_NUMBER: _ClassVar[int]
        selectedOptions: _containers.RepeatedScalarFieldContainer[bytes]
        def __init__(self, selectedOptions: _Optional[_Iterable[bytes]] = ...) -> None: ...
    class ProtocolMessage(_message.Message):
        __slots__ = ("key", "type", "ephemeralExpiration", "ephemeralSettingTimestamp", "historySyncNotification", "appStateSyncKeyShare", "appStateSyncKeyRequest", "initialSecurityNotificationSettingSync", "appStateFatalExceptionNotification", "disappearingMode", "editedMessage", "timestampMs", "peerDataOperationRequestMessage", "peerDataOperationRequestResponseMessage", "invokerJid", "mediaNotifyMessage", "lidMigrationMappingSyncMessage", "limitSharing", "aiPsiMetadata")
        class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            REVOKE: _ClassVar[Message.ProtocolMessage.Type]
            EPHEMERAL_SETTING: _ClassVar[Message.ProtocolMessage.Type]
            EPHEMERAL_SYNC_RESPONSE: _ClassVar[Message.ProtocolMessage.Type]
            HISTORY_SYNC_NOTIFICATION: _ClassVar[Message.ProtocolMessage.Type]
            APP_STATE_SYNC_KEY_SHARE: _ClassVar[Message.ProtocolMessage.Type]
            APP_STATE_SYNC_KEY_REQUEST: _ClassVar[Message.ProtocolMessage.Type]
            MSG_FANOUT_BACKFILL_REQUEST: _ClassVar[Message.ProtocolMessage.Type]
            INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC: _ClassVar[Message.ProtocolMessage.Type]
            APP_STATE_FATAL_EXCEPTION_NOTIFICATION: _ClassVar[Message.ProtocolMessage.Type]
            SHARE_PHONE_NUMBER: _ClassVar[Message.ProtocolMessage.Type]
            MESSAGE_EDIT: _ClassVar[Message.ProtocolMessage.Type]
            PEER_DATA_OPERATION_REQUEST_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            REQUEST_WELCOME_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            BOT_FEEDBACK_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            MEDIA_NOTIFY_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            CLOUD_API_THREAD_CONTROL_NOTIFICATION: _ClassVar[Message.ProtocolMessage.Type]
            LID_MIGRATION_MAPPING_SYNC: _ClassVar[Message.ProtocolMessage.Type]
            REMINDER_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            BOT_MEMU_ONBOARDING_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            STATUS_MENTION_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            STOP_GENERATION_MESSAGE: _ClassVar[Message.ProtocolMessage.Type]
            LIMIT_SHARING: _ClassVar[Message.ProtocolMessage.Type]
            AI_PSI_METADATA: _ClassVar[Message.ProtocolMessage.Type]
            AI_QUERY_FANOUT: _ClassVar[Message.ProtocolMessage.Type]
            GROUP_MEMBER_LABEL_CHANGE: _ClassVar[Message.ProtocolMessage.Type]
        REVOKE: Message.ProtocolMessage.Type
        EPHEMERAL_SETTING: Message.ProtocolMessage.Type
        EPHEMERAL_SYNC_RESPONSE: Message.ProtocolMessage.Type
        HISTORY_SYNC_NOTIFICATION: Message.ProtocolMessage.Type
        APP_STATE_SYNC_KEY_SHARE: Message.ProtocolMessage.Type
        APP_STATE_SYNC_KEY_REQUEST: Message.ProtocolMessage.Type
        MSG_FANOUT_BACKFILL_REQUEST: Message.ProtocolMessage.Type
        INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC: Message.ProtocolMessage.Type
        APP_STATE_FATAL_EXCEPTION_NOTIFICATION: Message.ProtocolMessage.Type
        SHARE_PHONE_NUMBER: Message.ProtocolMessage.Type
        MESSAGE_EDIT: Message.ProtocolMessage.Type
        PEER_DATA_OPERATION_REQUEST_MESSAGE: Message.ProtocolMessage.Type
        PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE: Message.ProtocolMessage.Type
        REQUEST_WELCOME_MESSAGE: Message.ProtocolMessage.Type
        BOT_FEEDBACK_MESSAGE: Message.ProtocolMessage.Type
        MEDIA_NOTIFY_MESSAGE: Message.ProtocolMessage.Type
        CLOUD_API_THREAD_CONTROL_NOTIFICATION: Message.ProtocolMessage.Type
        LID_MIGRATION_MAPPING_SYNC: Message.ProtocolMessage.Type
        REMINDER_MESSAGE: Message.ProtocolMessage.Type
        BOT_MEMU_ONBOARDING_MESSAGE: Message.ProtocolMessage.Type
        STATUS_MENTION_MESSAGE: Message.ProtocolMessage.Type
        STOP_GENERATION_MESSAGE: Message.ProtocolMessage.Type
        LIMIT_SHARING: Message.ProtocolMessage.Type
        AI_PSI_METADATA: Message.ProtocolMessage.Type
        AI_QUERY_FANOUT: Message.ProtocolMessage.Type
        GROUP_MEMBER_LABEL_CHANGE: Message.ProtocolMessage.Type
        KEY_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        EPHEMERALEXPIRATION_FIELD_NUMBER: _ClassVar[int]
        EPHEMERALSETTINGTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        HISTORYSYNCNOTIFICATION_FIELD_NUMBER: _ClassVar[int]
        APPSTATESYNCKEYSHARE_FIELD_NUMBER: _ClassVar[int]
        APPSTATESYNCKEYREQUEST_FIELD_NUMBER: _ClassVar[int]
        INITIALSECURITYNOTIFICATIONSETTINGSYNC_FIELD_NUMBER: _ClassVar[int]
        APPSTATEFATALEXCEPTIONNOTIFICATION_FIELD_NUMBER: _ClassVar[int]
        DISAPPEARINGMODE_FIELD_NUMBER: _ClassVar[int]
        EDITEDMESSAGE_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
        PEERDATAOPERATIONREQUESTMESSAGE_FIELD_NUMBER: _ClassVar[int]
        PEERDATAOPERATIONREQUESTRESPONSEMESSAGE_FIELD_NUMBER: _ClassVar[int]
        INVOKERJID_FIELD_NUMBER: _ClassVar[int]
        MEDIANOTIFYMESSAGE_FIELD_NUMBER: _ClassVar[int]
        LIDMIGRATIONMAPPINGSYNCMESSAGE_FIELD_NUMBER: _ClassVar[int]
        LIMITSHARING_FIELD_NUMBER: _ClassVar[int]
        AIPSIMETADATA_FIELD_NUMBER: _ClassVar[int]
        key: MessageKey
        type: Message.ProtocolMessage.Type
        ephemeralExpiration: int
        ephemeralSettingTimestamp: int
        historySyncNotification: Message.HistorySyncNotification
        appStateSyncKeyShare: Message.AppStateSyncKeyShare
        appStateSyncKeyRequest: Message.AppStateSyncKeyRequest
        initialSecurityNotificationSettingSync: Message.InitialSecurityNotificationSettingSync
        appStateFatalExceptionNotification: Message.AppStateFatalExceptionNotification
        disappearingMode: DisappearingMode
        editedMessage: Message
        timestampMs: int
        peerDataOperationRequestMessage: Message.PeerDataOperationRequestMessage
        peerDataOperationRequestResponseMessage: Message.PeerDataOperationRequestResponseMessage
        invokerJid: str
        mediaNotifyMessage: MediaNotifyMessage
        lidMigrationMappingSyncMessage: LIDMigrationMappingSyncMessage
        limitSharing: LimitSharing
        aiPsiMetadata: bytes
        def __init__(self, key: _Optional[_Union[MessageKey, _Mapping]] = ..., type: _Optional[_Union[Message.ProtocolMessage.Type, str]] = ..., ephemeralExpiration: _Optional[int] = ..., ephemeralSettingTimestamp: _Optional[int] = ..., historySyncNotification: _Optional[_Union[Message.HistorySyncNotification, _Mapping]] = ..., appStateSyncKeyShare: _Optional[_Union[Message.AppStateSyncKeyShare, _Mapping]] = ..., appStateSyncKeyRequest: _Optional[_Union[Message.AppStateSyncKeyRequest, _Mapping]] = ..., initialSecurityNotificationSettingSync: _Optional[_Union[Message.InitialSecurityNotificationSettingSync, _Mapping]] = ..., appStateFatalExceptionNotification: _Optional[_Union[Message.AppStateFatalExceptionNotification, _Mapping]] = ..., disappearingMode: _Optional[_Union[DisappearingMode, _Mapping]] = ..., editedMessage: _Optional[_Union[Message, _Mapping]] = ..., timestampMs: _Optional[int] = ..., peerDataOperationRequestMessage: _Optional[_Union[Message.PeerDataOperationRequestMessage, _Mapping]] = ..., peerDataOperationRequestResponseMessage: _Optional[_Union[Message.PeerDataOperationRequestResponseMessage, _Mapping]] = ..., invokerJid: _Optional[str] = ..., mediaNotifyMessage: _Optional[_Union[MediaNotifyMessage, _Mapping]] = ..., lidMigrationMappingSyncMessage: _Optional[_Union[LIDMigrationMappingSyncMessage, _Mapping]] = ..., limitSharing: _Optional[_Union[LimitSharing, _Mapping]] = ..., aiPsiMetadata: _Optional[bytes] = ...) -> None: ...
    class ReactionMessage(_message.Message):
        __slots__ = ("key", "text", "groupingKey", "senderTimestampMs")
        KEY_FIELD_NUMBER: _ClassVar[int]
        TEXT_FIELD_NUMBER: _ClassVar[int]
        GROUPINGKEY_FIELD_NUMBER: _ClassVar[int]
        SENDERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
        key: MessageKey
        text: str
        groupingKey: str
        senderTimestampMs: int
        def __init__(self, key: _Optional[_Union[MessageKey, _Mapping]] = ..., text: _Optional[str] = ..., groupingKey: _Optional[str] = ..., senderTimestampMs: _Optional[int] = ...) -> None: ...
    class RequestPhoneNumberMessage(_message.Message):
        __slots__ = ("contextInfo",)
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        contextInfo: ContextInfo
        def __init__(self, contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ...) -> None: ...
    class SecretEncryptedMessage(_message.Message):
        __slots__ = ("targetMessageKey", "encPayload", "encIv", "secretEncType")
        class SecretEncType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UNKNOWN: _ClassVar[Message.SecretEncryptedMessage.SecretEncType]
            EVENT_EDIT: _ClassVar[Message.SecretEncryptedMessage.SecretEncType]
            MESSAGE_EDIT: _ClassVar[Message.SecretEncryptedMessage.SecretEncType]
        UNKNOWN: Message.SecretEncryptedMessage.SecretEncType
        EVENT_EDIT: Message.SecretEncryptedMessage.SecretEncType
        MESSAGE_EDIT: Message.SecretEncryptedMessage.SecretEncType
        TARGETMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
        ENCPAYLOAD_FIELD_NUMBER: _ClassVar[int]
        ENCIV_FIELD_NUMBER: _ClassVar[int]
        SECRETENCTYPE_FIELD_NUMBER: _ClassVar[int]
        targetMessageKey: MessageKey
        encPayload: bytes
        encIv: bytes
        secretEncType: Message.SecretEncryptedMessage.SecretEncType
        def __init__(self, targetMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., encPayload: _Optional[bytes] = ..., encIv: _Optional[bytes] = ..., secretEncType: _Optional[_Union[Message.SecretEncryptedMessage.SecretEncType, str]] = ...) -> None: ...
    class SenderKeyDistributionMessage(_message.Message):
        __slots__ = ("groupId", "axolotlSenderKeyDistributionMessage")
        GROUPID_FIELD_NUMBER: _ClassVar[int]
        AXOLOTLSENDERKEYDISTRIBUTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
        groupId: str
        axolotlSenderKeyDistributionMessage: bytes
        def __init__(self, groupId: _Optional[str] = ..., axolotlSenderKeyDistributionMessage: _Optional[bytes] = ...) -> None: ...
    class StickerMessage(_message.Message):
        __slots__ = ("url", "fileSha256", "fileEncSha256", "mediaKey", "mimetype", "height", "width", "directPath", "fileLength", "mediaKeyTimestamp", "firstFrameLength", "firstFrameSidecar", "isAnimated", "pngThumbnail", "contextInfo", "stickerSentTs", "isAvatar", "isAiSticker", "isLottie", "accessibilityLabel", "mediaKeyDomain")
        URL_FIELD_NUMBER: _ClassVar[int]
        FILESHA256_FIELD_NUMBER: _ClassVar[int]
        FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        MIMETYPE_FIELD_NUMBER: _ClassVar[int]
        HEIGHT_FIELD_NUMBER: _ClassVar[int]
        WIDTH_FIELD_NUMBER: _ClassVar[int]
        DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        FILELENGTH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        FIRSTFRAMELENGTH_FIELD_NUMBER: _ClassVar[int]
        FIRSTFRAMESIDECAR_FIELD_NUMBER: _ClassVar[int]
        ISANIMATED_FIELD_NUMBER: _ClassVar[int]
        PNGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        STICKERSENTTS_FIELD_NUMBER: _ClassVar[int]
        ISAVATAR_FIELD_NUMBER: _ClassVar[int]
        ISAISTICKER_FIELD_NUMBER: _ClassVar[int]
        ISLOTTIE_FIELD_NUMBER: _ClassVar[int]
        ACCESSIBILITYLABEL_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYDOMAIN_FIELD_NUMBER: _ClassVar[int]
        url: str
        fileSha256: bytes
        fileEncSha256: bytes
        mediaKey: bytes
        mimetype: str
        height: int
        width: int
        directPath: str
        fileLength: int
        mediaKeyTimestamp: int
        firstFrameLength: int
        firstFrameSidecar: bytes
        isAnimated: bool
        pngThumbnail: bytes
        contextInfo: ContextInfo
        stickerSentTs: int
        isAvatar: bool
        isAiSticker: bool
        isLottie: bool
        accessibilityLabel: str
        mediaKeyDomain: Message.MediaKeyDomain
        def __init__(self, url: _Optional[str] = ..., fileSha256: _Optional[bytes] = ..., fileEncSha256: _Optional[bytes] = ..., mediaKey: _Optional[bytes] = ..., mimetype: _Optional[str] = ..., height: _Optional[int] = ..., width: _Optional[int] = ..., directPath: _Optional[str] = ..., fileLength: _Optional[int] = ..., mediaKeyTimestamp: _Optional[int] = ..., firstFrameLength: _Optional[int] = ..., firstFrameSidecar: _Optional[bytes] = ..., isAnimated: _Optional[bool] = ..., pngThumbnail: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., stickerSentTs: _Optional[int] = ..., isAvatar: _Optional[bool] = ..., isAiSticker: _Optional[bool] = ..., isLottie: _Optional[bool] = ..., accessibilityLabel: _Optional[str] = ..., mediaKeyDomain: _Optional[_Union[Message.MediaKeyDomain, str]] = ...) -> None: ...
    class TemplateButtonReplyMessage(_message.Message):
        __slots__ = ("selectedId", "selectedDisplayText", "contextInfo", "selectedIndex", "selectedCarouselCardIndex")
        SELECTEDID_FIELD_NUMBER: _ClassVar[int]
        SELECTEDDISPLAYTEXT_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        SELECTEDINDEX_FIELD_NUMBER: _ClassVar[int]
        SELECTEDCAROUSELCARDINDEX_FIELD_NUMBER: _ClassVar[int]
        selectedId: str
        selectedDisplayText: str
        contextInfo: ContextInfo
        selectedIndex: int
        selectedCarouselCardIndex: int
        def __init__(self, selectedId: _Optional[str] = ..., selectedDisplayText: _Optional[str] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., selectedIndex: _Optional[int] = ..., selectedCarouselCardIndex: _Optional[int] = ...) -> None: ...
    class TemplateMessage(_message.Message):
        __slots__ = ("contextInfo", "hydratedTemplate", "templateId", "fourRowTemplate", "hydratedFourRowTemplate", "interactiveMessageTemplate")
        class FourRowTemplate(_message.Message):
            __slots__ = ("buttons", "documentMessage", "imageMessage", "videoMessage", "locationMessage")
            BUTTONS_FIELD_NUMBER: _ClassVar[int]
            DOCUMENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
            IMAGEMESSAGE_FIELD_NUMBER: _ClassVar[int]
            VIDEOMESSAGE_FIELD_NUMBER: _ClassVar[int]
            LOCATIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
            buttons: _containers.RepeatedCompositeFieldContainer[TemplateButton]
            documentMessage: Message.DocumentMessage
            imageMessage: Message.ImageMessage
            videoMessage: Message.VideoMessage
            locationMessage: Message.LocationMessage
            def __init__(self, buttons: _Optional[_Iterable[_Union[TemplateButton, _Mapping]]] = ..., documentMessage: _Optional[_Union[Message.DocumentMessage, _Mapping]] = ..., imageMessage: _Optional[_Union[Message.ImageMessage, _Mapping]] = ..., videoMessage: _Optional[_Union[Message.VideoMessage, _Mapping]] = ..., locationMessage: _Optional[_Union[Message.LocationMessage, _Mapping]] = ...) -> None: ...
        class HydratedFourRowTemplate(_message.Message):
            __slots__ = ("hydratedContentText", "hydratedFooterText", "hydratedButtons", "templateId", "maskLinkedDevices", "documentMessage", "hydratedTitleText", "imageMessage", "videoMessage", "locationMessage")
            HYDRATEDCONTENTTEXT_FIELD_NUMBER: _ClassVar[int]
            HYDRATEDFOOTERTEXT_FIELD_NUMBER: _ClassVar[int]
            HYDRATEDBUTTONS_FIELD_NUMBER: _ClassVar[int]
            TEMPLATEID_FIELD_NUMBER: _ClassVar[int]
            MASKLINKEDDEVICES_FIELD_NUMBER: _ClassVar[int]
            DOCUMENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
            HYDRATEDTITLETEXT_FIELD_NUMBER: _ClassVar[int]
            IMAGEMESSAGE_FIELD_NUMBER: _ClassVar[int]
            VIDEOMESSAGE_FIELD_NUMBER: _ClassVar[int]
            LOCATIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
            hydratedContentText: str
            hydratedFooterText: str
            hydratedButtons: _containers.RepeatedCompositeFieldContainer[HydratedTemplateButton]
            templateId: str
            maskLinkedDevices: bool
            documentMessage: Message.DocumentMessage
            hydratedTitleText: str
            imageMessage: Message.ImageMessage
            videoMessage: Message.VideoMessage
            locationMessage: Message.LocationMessage
            def __init__(self, hydratedContentText: _Optional[str] = ..., hydratedFooterText: _Optional[str] = ..., hydratedButtons: _Optional[_Iterable[_Union[HydratedTemplateButton, _Mapping]]] = ..., templateId: _Optional[str] = ..., maskLinkedDevices: _Optional[bool] = ..., documentMessage: _Optional[_Union[Message.DocumentMessage, _Mapping]] = ..., hydratedTitleText: _Optional[str] = ..., imageMessage: _Optional[_Union[Message.ImageMessage, _Mapping]] = ..., videoMessage: _Optional[_Union[Message.VideoMessage, _Mapping]] = ..., locationMessage: _Optional[_Union[Message.LocationMessage, _Mapping]] = ...) -> None: ...
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        HYDRATEDTEMPLATE_FIELD_NUMBER: _ClassVar[int]
        TEMPLATEID_FIELD_NUMBER: _ClassVar[int]
        FOURROWTEMPLATE_FIELD_NUMBER: _ClassVar[int]
        HYDRATEDFOURROWTEMPLATE_FIELD_NUMBER: _ClassVar[int]
        INTERACTIVEMESSAGETEMPLATE_FIELD_NUMBER: _ClassVar[int]
        contextInfo: ContextInfo
        hydratedTemplate: Message.TemplateMessage.HydratedFourRowTemplate
        templateId: str
        fourRowTemplate: Message.TemplateMessage.FourRowTemplate
        hydratedFourRowTemplate: Message.TemplateMessage.HydratedFourRowTemplate
        interactiveMessageTemplate: Message.InteractiveMessage
        def __init__(self, contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., hydratedTemplate: _Optional[_Union[Message.TemplateMessage.HydratedFourRowTemplate, _Mapping]] = ..., templateId: _Optional[str] = ..., fourRowTemplate: _Optional[_Union[Message.TemplateMessage.FourRowTemplate, _Mapping]] = ..., hydratedFourRowTemplate: _Optional[_Union[Message.TemplateMessage.HydratedFourRowTemplate, _Mapping]] = ..., interactiveMessageTemplate: _Optional[_Union[Message.InteractiveMessage, _Mapping]] = ...) -> None: ...
    class URLMetadata(_message.Message):
        __slots__ = ("fbExperimentId",)
        FBEXPERIMENTID_FIELD_NUMBER: _ClassVar[int]
        fbExperimentId: int
        def __init__(self, fbExperimentId: _Optional[int] = ...) -> None: ...
    class VideoMessage(_message.Message):
        __slots__ = ("url", "mimetype", "fileSha256", "fileLength", "seconds", "mediaKey", "caption", "gifPlayback", "height", "width", "fileEncSha256", "directPath", "mediaKeyTimestamp", "jpegThumbnail", "contextInfo", "streamingSidecar", "gifAttribution", "viewOnce", "thumbnailDirectPath", "thumbnailSha256", "thumbnailEncSha256", "staticUrl", "accessibilityLabel", "externalShareFullVideoDurationInSeconds", "motionPhotoPresentationOffsetMs", "metadataUrl", "videoSourceType", "mediaKeyDomain")
        class Attribution(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            NONE: _ClassVar[Message.VideoMessage.Attribution]
            GIPHY: _ClassVar[Message.VideoMessage.Attribution]
            TENOR: _ClassVar[Message.VideoMessage.Attribution]
            KLIPY: _ClassVar[Message.VideoMessage.Attribution]
        NONE: Message.VideoMessage.Attribution
        GIPHY: Message.VideoMessage.Attribution
        TENOR: Message.VideoMessage.Attribution
        KLIPY: Message.VideoMessage.Attribution
        class VideoSourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            USER_VIDEO: _ClassVar[Message.VideoMessage.VideoSourceType]
            AI_GENERATED: _ClassVar[Message.VideoMessage.VideoSourceType]
        USER_VIDEO: Message.VideoMessage.VideoSourceType
        AI_GENERATED: Message.VideoMessage.VideoSourceType
        URL_FIELD_NUMBER: _ClassVar[int]
        MIMETYPE_FIELD_NUMBER: _ClassVar[int]
        FILESHA256_FIELD_NUMBER: _ClassVar[int]
        FILELENGTH_FIELD_NUMBER: _ClassVar[int]
        SECONDS_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        CAPTION_FIELD_NUMBER: _ClassVar[int]
        GIFPLAYBACK_FIELD_NUMBER: _ClassVar[int]
        HEIGHT_FIELD_NUMBER: _ClassVar[int]
        WIDTH_FIELD_NUMBER: _ClassVar[int]
        FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        JPEGTHUMBNAIL_FIELD_NUMBER: _ClassVar[int]
        CONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
        STREAMINGSIDECAR_FIELD_NUMBER: _ClassVar[int]
        GIFATTRIBUTION_FIELD_NUMBER: _ClassVar[int]
        VIEWONCE_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILDIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILSHA256_FIELD_NUMBER: _ClassVar[int]
        THUMBNAILENCSHA256_FIELD_NUMBER: _ClassVar[int]
        STATICURL_FIELD_NUMBER: _ClassVar[int]
        ACCESSIBILITYLABEL_FIELD_NUMBER: _ClassVar[int]
        EXTERNALSHAREFULLVIDEODURATIONINSECONDS_FIELD_NUMBER: _ClassVar[int]
        MOTIONPHOTOPRESENTATIONOFFSETMS_FIELD_NUMBER: _ClassVar[int]
        METADATAURL_FIELD_NUMBER: _ClassVar[int]
        VIDEOSOURCETYPE_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEYDOMAIN_FIELD_NUMBER: _ClassVar[int]
        url: str
        mimetype: str
        fileSha256: bytes
        fileLength: int
        seconds: int
        mediaKey: bytes
        caption: str
        gifPlayback: bool
        height: int
        width: int
        fileEncSha256: bytes
        directPath: str
        mediaKeyTimestamp: int
        jpegThumbnail: bytes
        contextInfo: ContextInfo
        streamingSidecar: bytes
        gifAttribution: Message.VideoMessage.Attribution
        viewOnce: bool
        thumbnailDirectPath: str
        thumbnailSha256: bytes
        thumbnailEncSha256: bytes
        staticUrl: str
        accessibilityLabel: str
        externalShareFullVideoDurationInSeconds: int
        motionPhotoPresentationOffsetMs: int
        metadataUrl: str
        videoSourceType: Message.VideoMessage.VideoSourceType
        mediaKeyDomain: Message.MediaKeyDomain
        def __init__(self, url: _Optional[str] = ..., mimetype: _Optional[str] = ..., fileSha256: _Optional[bytes] = ..., fileLength: _Optional[int] = ..., seconds: _Optional[int] = ..., mediaKey: _Optional[bytes] = ..., caption: _Optional[str] = ..., gifPlayback: _Optional[bool] = ..., height: _Optional[int] = ..., width: _Optional[int] = ..., fileEncSha256: _Optional[bytes] = ..., directPath: _Optional[str] = ..., mediaKeyTimestamp: _Optional[int] = ..., jpegThumbnail: _Optional[bytes] = ..., contextInfo: _Optional[_Union[ContextInfo, _Mapping]] = ..., streamingSidecar: _Optional[bytes] = ..., gifAttribution: _Optional[_Union[Message.VideoMessage.Attribution, str]] = ..., viewOnce: _Optional[bool] = ..., thumbnailDirectPath: _Optional[str] = ..., thumbnailSha256: _Optional[bytes] = ..., thumbnailEncSha256: _Optional[bytes] = ..., staticUrl: _Optional[str] = ..., accessibilityLabel: _Optional[str] = ..., externalShareFullVideoDurationInSeconds: _Optional[int] = ..., motionPhotoPresentationOffsetMs: _Optional[int] = ..., metadataUrl: _Optional[str] = ..., videoSourceType: _Optional[_Union[Message.VideoMessage.VideoSourceType, str]] = ..., mediaKeyDomain: _Optional[_Union[Message.MediaKeyDomain, str]] = ...) -> None: ...
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    SENDERKEYDISTRIBUTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    IMAGEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    CONTACTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    LOCATIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXTENDEDTEXTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    AUDIOMESSAGE_FIELD_NUMBER: _ClassVar[int]
    VIDEOMESSAGE_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    PROTOCOLMESSAGE_FIELD_NUMBER: _ClassVar[int]
    CONTACTSARRAYMESSAGE_FIELD_NUMBER: _ClassVar[int]
    FASTRATCHETKEYSENDERKEYDISTRIBUTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    LIVELOCATIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    STICKERMESSAGE_FIELD_NUMBER: _ClassVar[int]
    GROUPINVITEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATEBUTTONREPLYMESSAGE_FIELD_NUMBER: _ClassVar[int]
    DEVICESENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGECONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
    LISTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    VIEWONCEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    LISTRESPONSEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALMESSAGE_FIELD_NUMBER: _ClassVar[int]
    BUTTONSMESSAGE_FIELD_NUMBER: _ClassVar[int]
    BUTTONSRESPONSEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    INTERACTIVEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    REACTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    INTERACTIVERESPONSEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    POLLCREATIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    POLLUPDATEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    KEEPINCHATMESSAGE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTWITHCAPTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    REQUESTPHONENUMBERMESSAGE_FIELD_NUMBER: _ClassVar[int]
    VIEWONCEMESSAGEV2_FIELD_NUMBER: _ClassVar[int]
    ENCREACTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    EDITEDMESSAGE_FIELD_NUMBER: _ClassVar[int]
    VIEWONCEMESSAGEV2EXTENSION_FIELD_NUMBER: _ClassVar[int]
    POLLCREATIONMESSAGEV2_FIELD_NUMBER: _ClassVar[int]
    GROUPMENTIONEDMESSAGE_FIELD_NUMBER: _ClassVar[int]
    PININCHATMESSAGE_FIELD_NUMBER: _ClassVar[int]
    POLLCREATIONMESSAGEV3_FIELD_NUMBER: _ClassVar[int]
    PTVMESSAGE_FIELD_NUMBER: _ClassVar[int]
    BOTINVOKEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    CALLLOGMESSSAGE_FIELD_NUMBER: _ClassVar[int]
    ENCCOMMENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    LOTTIESTICKERMESSAGE_FIELD_NUMBER: _ClassVar[int]
    EVENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    ENCEVENTRESPONSEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    COMMENTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    SECRETENCRYPTEDMESSAGE_FIELD_NUMBER: _ClassVar[int]
    ALBUMMESSAGE_FIELD_NUMBER: _ClassVar[int]
    EVENTCOVERIMAGE_FIELD_NUMBER: _ClassVar[int]
    STATUSMENTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    POLLRESULTSNAPSHOTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    POLLCREATIONOPTIONIMAGEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    ASSOCIATEDCHILDMESSAGE_FIELD_NUMBER: _ClassVar[int]
    GROUPSTATUSMENTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    POLLCREATIONMESSAGEV4_FIELD_NUMBER: _ClassVar[int]
    STATUSADDYOURS_FIELD_NUMBER: _ClassVar[int]
    GROUPSTATUSMESSAGE_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARINGMESSAGE_FIELD_NUMBER: _ClassVar[int]
    BOTTASKMESSAGE_FIELD_NUMBER: _ClassVar[int]
    QUESTIONMESSAGE_FIELD_NUMBER: _ClassVar[int]
    GROUPSTATUSMESSAGEV2_FIELD_NUMBER: _ClassVar[int]
    BOTFORWARDEDMESSAGE_FIELD_NUMBER: _ClassVar[int]
    QUESTIONREPLYMESSAGE_FIELD_NUMBER: _ClassVar[int]
    POLLCREATIONMESSAGEV5_FIELD_NUMBER: _ClassVar[int]
    POLLRESULTSNAPSHOTMESSAGEV3_FIELD_NUMBER: _ClassVar[int]
    conversation: str
    senderKeyDistributionMessage: Message.SenderKeyDistributionMessage
    imageMessage: Message.ImageMessage
    contactMessage: Message.ContactMessage
    locationMessage: Message.LocationMessage
    extendedTextMessage: Message.ExtendedTextMessage
    documentMessage: Message.DocumentMessage
    audioMessage: Message.AudioMessage
    videoMessage: Message.VideoMessage
    call: Message.Call
    protocolMessage: Message.ProtocolMessage
    contactsArrayMessage: Message.ContactsArrayMessage
    fastRatchetKeySenderKeyDistributionMessage: Message.SenderKeyDistributionMessage
    liveLocationMessage: Message.LiveLocationMessage
    templateMessage: Message.TemplateMessage
    stickerMessage: Message.StickerMessage
    groupInviteMessage: Message.GroupInviteMessage
    templateButtonReplyMessage: Message.TemplateButtonReplyMessage
    deviceSentMessage: Message.DeviceSentMessage
    messageContextInfo: MessageContextInfo
    listMessage: Message.ListMessage
    viewOnceMessage: Message.FutureProofMessage
    listResponseMessage: Message.ListResponseMessage
    ephemeralMessage: Message.FutureProofMessage
    buttonsMessage: Message.ButtonsMessage
    buttonsResponseMessage: Message.ButtonsResponseMessage
    interactiveMessage: Message.InteractiveMessage
    reactionMessage: Message.ReactionMessage
    interactiveResponseMessage: Message.InteractiveResponseMessage
    pollCreationMessage: Message.PollCreationMessage
    pollUpdateMessage: Message.PollUpdateMessage
    keepInChatMessage: Message.KeepInChatMessage
    documentWithCaptionMessage: Message.FutureProofMessage
    requestPhoneNumberMessage: Message.RequestPhoneNumberMessage
    viewOnceMessageV2: Message.FutureProofMessage
    encReactionMessage: Message.EncReactionMessage
    editedMessage: Message.FutureProofMessage
    viewOnceMessageV2Extension: Message.FutureProofMessage
    pollCreationMessageV2: Message.PollCreationMessage
    groupMentionedMessage: Message.FutureProofMessage
    pinInChatMessage: Message.PinInChatMessage
    pollCreationMessageV3: Message.PollCreationMessage
    ptvMessage: Message.VideoMessage
    botInvokeMessage: Message.FutureProofMessage
    callLogMesssage: Message.CallLogMessage
    encCommentMessage: Message.EncCommentMessage
    lottieStickerMessage: Message.FutureProofMessage
    eventMessage: Message.EventMessage
    encEventResponseMessage: Message.EncEventResponseMessage
    commentMessage: Message.CommentMessage
    secretEncryptedMessage: Message.SecretEncryptedMessage
    albumMessage: Message.AlbumMessage
    eventCoverImage: Message.FutureProofMessage
    statusMentionMessage: Message.FutureProofMessage
    pollResultSnapshotMessage: Message.PollResultSnapshotMessage
    pollCreationOptionImageMessage: Message.FutureProofMessage
    associatedChildMessage: Message.FutureProofMessage
    groupStatusMentionMessage: Message.FutureProofMessage
    pollCreationMessageV4: Message.FutureProofMessage
    statusAddYours: Message.FutureProofMessage
    groupStatusMessage: Message.FutureProofMessage
    limitSharingMessage: Message.FutureProofMessage
    botTaskMessage: Message.FutureProofMessage
    questionMessage: Message.FutureProofMessage
    groupStatusMessageV2: Message.FutureProofMessage
    botForwardedMessage: Message.FutureProofMessage
    questionReplyMessage: Message.FutureProofMessage
    pollCreationMessageV5: Message.PollCreationMessage
    pollResultSnapshotMessageV3: Message.PollResultSnapshotMessage
    def __init__(self, conversation: _Optional[str] = ..., senderKeyDistributionMessage: _Optional[_Union[Message.SenderKeyDistributionMessage, _Mapping]] = ..., imageMessage: _Optional[_Union[Message.ImageMessage, _Mapping]] = ..., contactMessage: _Optional[_Union[Message.ContactMessage, _Mapping]] = ..., locationMessage: _Optional[_Union[Message.LocationMessage, _Mapping]] = ..., extendedTextMessage: _Optional[_Union[Message.ExtendedTextMessage, _Mapping]] = ..., documentMessage: _Optional[_Union[Message.DocumentMessage, _Mapping]] = ..., audioMessage: _Optional[_Union[Message.AudioMessage, _Mapping]] = ..., videoMessage: _Optional[_Union[Message.VideoMessage, _Mapping]] = ..., call: _Optional[_Union[Message.Call, _Mapping]] = ..., protocolMessage: _Optional[_Union[Message.ProtocolMessage, _Mapping]] = ..., contactsArrayMessage: _Optional[_Union[Message.ContactsArrayMessage, _Mapping]] = ..., fastRatchetKeySenderKeyDistributionMessage: _Optional[_Union[Message.SenderKeyDistributionMessage, _Mapping]] = ..., liveLocationMessage: _Optional[_Union[Message.LiveLocationMessage, _Mapping]] = ..., templateMessage: _Optional[_Union[Message.TemplateMessage, _Mapping]] = ..., stickerMessage: _Optional[_Union[Message.StickerMessage, _Mapping]] = ..., groupInviteMessage: _Optional[_Union[Message.GroupInviteMessage, _Mapping]] = ..., templateButtonReplyMessage: _Optional[_Union[Message.TemplateButtonReplyMessage, _Mapping]] = ..., deviceSentMessage: _Optional[_Union[Message.DeviceSentMessage, _Mapping]] = ..., messageContextInfo: _Optional[_Union[MessageContextInfo, _Mapping]] = ..., listMessage: _Optional[_Union[Message.ListMessage, _Mapping]] = ..., viewOnceMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., listResponseMessage: _Optional[_Union[Message.ListResponseMessage, _Mapping]] = ..., ephemeralMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., buttonsMessage: _Optional[_Union[Message.ButtonsMessage, _Mapping]] = ..., buttonsResponseMessage: _Optional[_Union[Message.ButtonsResponseMessage, _Mapping]] = ..., interactiveMessage: _Optional[_Union[Message.InteractiveMessage, _Mapping]] = ..., reactionMessage: _Optional[_Union[Message.ReactionMessage, _Mapping]] = ..., interactiveResponseMessage: _Optional[_Union[Message.InteractiveResponseMessage, _Mapping]] = ..., pollCreationMessage: _Optional[_Union[Message.PollCreationMessage, _Mapping]] = ..., pollUpdateMessage: _Optional[_Union[Message.PollUpdateMessage, _Mapping]] = ..., keepInChatMessage: _Optional[_Union[Message.KeepInChatMessage, _Mapping]] = ..., documentWithCaptionMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., requestPhoneNumberMessage: _Optional[_Union[Message.RequestPhoneNumberMessage, _Mapping]] = ..., viewOnceMessageV2: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., encReactionMessage: _Optional[_Union[Message.EncReactionMessage, _Mapping]] = ..., editedMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., viewOnceMessageV2Extension: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., pollCreationMessageV2: _Optional[_Union[Message.PollCreationMessage, _Mapping]] = ..., groupMentionedMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., pinInChatMessage: _Optional[_Union[Message.PinInChatMessage, _Mapping]] = ..., pollCreationMessageV3: _Optional[_Union[Message.PollCreationMessage, _Mapping]] = ..., ptvMessage: _Optional[_Union[Message.VideoMessage, _Mapping]] = ..., botInvokeMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., callLogMesssage: _Optional[_Union[Message.CallLogMessage, _Mapping]] = ..., encCommentMessage: _Optional[_Union[Message.EncCommentMessage, _Mapping]] = ..., lottieStickerMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., eventMessage: _Optional[_Union[Message.EventMessage, _Mapping]] = ..., encEventResponseMessage: _Optional[_Union[Message.EncEventResponseMessage, _Mapping]] = ..., commentMessage: _Optional[_Union[Message.CommentMessage, _Mapping]] = ..., secretEncryptedMessage: _Optional[_Union[Message.SecretEncryptedMessage, _Mapping]] = ..., albumMessage: _Optional[_Union[Message.AlbumMessage, _Mapping]] = ..., eventCoverImage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., statusMentionMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., pollResultSnapshotMessage: _Optional[_Union[Message.PollResultSnapshotMessage, _Mapping]] = ..., pollCreationOptionImageMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., associatedChildMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., groupStatusMentionMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., pollCreationMessageV4: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., statusAddYours: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., groupStatusMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., limitSharingMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., botTaskMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., questionMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., groupStatusMessageV2: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., botForwardedMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., questionReplyMessage: _Optional[_Union[Message.FutureProofMessage, _Mapping]] = ..., pollCreationMessageV5: _Optional[_Union[Message.PollCreationMessage, _Mapping]] = ..., pollResultSnapshotMessageV3: _Optional[_Union[Message.PollResultSnapshotMessage, _Mapping]] = ...) -> None: ...

class MessageKey(_message.Message):
    __slots__ = ("remoteJid", "fromMe", "id", "participant")
    REMOTEJID_FIELD_NUMBER: _ClassVar[int]
    FROMME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    remoteJid: str
    fromMe: bool
    id: str
    participant: str
    def __init__(self, remoteJid: _Optional[str] = ..., fromMe: _Optional[bool] = ..., id: _Optional[str] = ..., participant: _Optional[str] = ...) -> None: ...

class ContextInfo(_message.Message):
    __slots__ = ("stanzaId", "participant", "quotedMessage", "remoteJid", "mentionedJid", "conversionSource", "conversionData", "conversionDelaySeconds", "forwardingScore", "isForwarded", "placeholderKey", "expiration", "ephemeralSettingTimestamp", "ephemeralSharedSecret", "entryPointConversionSource", "entryPointConversionApp", "entryPointConversionDelaySeconds", "disappearingMode", "actionLink", "groupSubject", "parentGroupJid", "trustBannerType", "trustBannerAction", "isSampled", "groupMentions", "forwardedNewsletterMessageInfo", "smbClientCampaignId", "smbServerCampaignId", "alwaysShowAdAttribution", "entryPointConversionExternalSource", "entryPointConversionExternalMedium", "ctwaSignals", "ctwaPayload", "statusAttributionType", "pairedMediaType", "rankingVersion", "isQuestion", "statusSourceType", "isGroupStatus", "forwardOrigin", "nonJidMentions", "quotedType")
    class ForwardOrigin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[ContextInfo.ForwardOrigin]
        CHAT: _ClassVar[ContextInfo.ForwardOrigin]
        STATUS: _ClassVar[ContextInfo.ForwardOrigin]
        CHANNELS: _ClassVar[ContextInfo.ForwardOrigin]
        META_AI: _ClassVar[ContextInfo.ForwardOrigin]
        UGC: _ClassVar[ContextInfo.ForwardOrigin]
    UNKNOWN: ContextInfo.ForwardOrigin
    CHAT: ContextInfo.ForwardOrigin
    STATUS: ContextInfo.ForwardOrigin
    CHANNELS: ContextInfo.ForwardOrigin
    META_AI: ContextInfo.ForwardOrigin
    UGC: ContextInfo.ForwardOrigin
    class PairedMediaType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NOT_PAIRED_MEDIA: _ClassVar[ContextInfo.PairedMediaType]
        SD_VIDEO_PARENT: _ClassVar[ContextInfo.PairedMediaType]
        HD_VIDEO_CHILD: _ClassVar[ContextInfo.PairedMediaType]
        SD_IMAGE_PARENT: _ClassVar[ContextInfo.PairedMediaType]
        HD_IMAGE_CHILD: _ClassVar[ContextInfo.PairedMediaType]
        MOTION_PHOTO_PARENT: _ClassVar[ContextInfo.PairedMediaType]
        MOTION_PHOTO_CHILD: _ClassVar[ContextInfo.PairedMediaType]
        HEVC_VIDEO_PARENT: _ClassVar[ContextInfo.PairedMediaType]
        HEVC_VIDEO_CHILD: _ClassVar[ContextInfo.PairedMediaType]
    NOT_PAIRED_MEDIA: ContextInfo.PairedMediaType
    SD_VIDEO_PARENT: ContextInfo.PairedMediaType
    HD_VIDEO_CHILD: ContextInfo.PairedMediaType
    SD_IMAGE_PARENT: ContextInfo.PairedMediaType
    HD_IMAGE_CHILD: ContextInfo.PairedMediaType
    MOTION_PHOTO_PARENT: ContextInfo.PairedMediaType
    MOTION_PHOTO_CHILD: ContextInfo.PairedMediaType
    HEVC_VIDEO_PARENT: ContextInfo.PairedMediaType
    HEVC_VIDEO_CHILD: ContextInfo.PairedMediaType
    class QuotedType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        EXPLICIT: _ClassVar[ContextInfo.QuotedType]
        AUTO: _ClassVar[ContextInfo.QuotedType]
    EXPLICIT: ContextInfo.QuotedType
    AUTO: ContextInfo.QuotedType
    class StatusAttributionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NONE: _ClassVar[ContextInfo.StatusAttributionType]
        RESHARED_FROM_MENTION: _ClassVar[ContextInfo.StatusAttributionType]
        RESHARED_FROM_POST: _ClassVar[ContextInfo.StatusAttributionType]
        RESHARED_FROM_POST_MANY_TIMES: _ClassVar[ContextInfo.StatusAttributionType]
        FORWARDED_FROM_STATUS: _ClassVar[ContextInfo.StatusAttributionType]
    NONE: ContextInfo.StatusAttributionType
    RESHARED_FROM_MENTION: ContextInfo.StatusAttributionType
    RESHARED_FROM_POST: ContextInfo.StatusAttributionType
    RESHARED_FROM_POST_MANY_TIMES: ContextInfo.StatusAttributionType
    FORWARDED_FROM_STATUS: ContextInfo.StatusAttributionType
    class StatusSourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        IMAGE: _ClassVar[ContextInfo.StatusSourceType]
        VIDEO: _ClassVar[ContextInfo.StatusSourceType]
        GIF: _ClassVar[ContextInfo.StatusSourceType]
        AUDIO: _ClassVar[ContextInfo.StatusSourceType]
        TEXT: _ClassVar[ContextInfo.StatusSourceType]
        MUSIC_STANDALONE: _ClassVar[ContextInfo.StatusSourceType]
    IMAGE: ContextInfo.StatusSourceType
    VIDEO: ContextInfo.StatusSourceType
    GIF: ContextInfo.StatusSourceType
    AUDIO: ContextInfo.StatusSourceType
    TEXT: ContextInfo.StatusSourceType
    MUSIC_STANDALONE: ContextInfo.StatusSourceType
    class ForwardedNewsletterMessageInfo(_message.Message):
        __slots__ = ("newsletterJid", "serverMessageId", "newsletterName", "contentType", "accessibilityText")
        class ContentType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            UPDATE: _ClassVar[ContextInfo.ForwardedNewsletterMessageInfo.ContentType]
            UPDATE_CARD: _ClassVar[ContextInfo.ForwardedNewsletterMessageInfo.ContentType]
            LINK_CARD: _ClassVar[ContextInfo.ForwardedNewsletterMessageInfo.ContentType]
        UPDATE: ContextInfo.ForwardedNewsletterMessageInfo.ContentType
        UPDATE_CARD: ContextInfo.ForwardedNewsletterMessageInfo.ContentType
        LINK_CARD: ContextInfo.ForwardedNewsletterMessageInfo.ContentType
        NEWSLETTERJID_FIELD_NUMBER: _ClassVar[int]
        SERVERMESSAGEID_FIELD_NUMBER: _ClassVar[int]
        NEWSLETTERNAME_FIELD_NUMBER: _ClassVar[int]
        CONTENTTYPE_FIELD_NUMBER: _ClassVar[int]
        ACCESSIBILITYTEXT_FIELD_NUMBER: _ClassVar[int]
        newsletterJid: str
        serverMessageId: int
        newsletterName: str
        contentType: ContextInfo.ForwardedNewsletterMessageInfo.ContentType
        accessibilityText: str
        def __init__(self, newsletterJid: _Optional[str] = ..., serverMessageId: _Optional[int] = ..., newsletterName: _Optional[str] = ..., contentType: _Optional[_Union[ContextInfo.ForwardedNewsletterMessageInfo.ContentType, str]] = ..., accessibilityText: _Optional[str] = ...) -> None: ...
    STANZAID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    QUOTEDMESSAGE_FIELD_NUMBER: _ClassVar[int]
    REMOTEJID_FIELD_NUMBER: _ClassVar[int]
    MENTIONEDJID_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONSOURCE_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONDATA_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONDELAYSECONDS_FIELD_NUMBER: _ClassVar[int]
    FORWARDINGSCORE_FIELD_NUMBER: _ClassVar[int]
    ISFORWARDED_FIELD_NUMBER: _ClassVar[int]
    PLACEHOLDERKEY_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALSETTINGTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALSHAREDSECRET_FIELD_NUMBER: _ClassVar[int]
    ENTRYPOINTCONVERSIONSOURCE_FIELD_NUMBER: _ClassVar[int]
    ENTRYPOINTCONVERSIONAPP_FIELD_NUMBER: _ClassVar[int]
    ENTRYPOINTCONVERSIONDELAYSECONDS_FIELD_NUMBER: _ClassVar[int]
    DISAPPEARINGMODE_FIELD_NUMBER: _ClassVar[int]
    ACTIONLINK_FIELD_NUMBER: _ClassVar[int]
    GROUPSUBJECT_FIELD_NUMBER: _ClassVar[int]
    PARENTGROUPJID_FIELD_NUMBER: _ClassVar[int]
    TRUSTBANNERTYPE_FIELD_NUMBER: _ClassVar[int]
    TRUSTBANNERACTION_FIELD_NUMBER: _ClassVar[int]
    ISSAMPLED_FIELD_NUMBER: _ClassVar[int]
    GROUPMENTIONS_FIELD_NUMBER: _ClassVar[int]
    FORWARDEDNEWSLETTERMESSAGEINFO_FIELD_NUMBER: _ClassVar[int]
    SMBCLIENTCAMPAIGNID_FIELD_NUMBER: _ClassVar[int]
    SMBSERVERCAMPAIGNID_FIELD_NUMBER: _ClassVar[int]
    ALWAYSSHOWADATTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    ENTRYPOINTCONVERSIONEXTERNALSOURCE_FIELD_NUMBER: _ClassVar[int]
    ENTRYPOINTCONVERSIONEXTERNALMEDIUM_FIELD_NUMBER: _ClassVar[int]
    CTWASIGNALS_FIELD_NUMBER: _ClassVar[int]
    CTWAPAYLOAD_FIELD_NUMBER: _ClassVar[int]
    STATUSATTRIBUTIONTYPE_FIELD_NUMBER: _ClassVar[int]
    PAIREDMEDIATYPE_FIELD_NUMBER: _ClassVar[int]
    RANKINGVERSION_FIELD_NUMBER: _ClassVar[int]
    ISQUESTION_FIELD_NUMBER: _ClassVar[int]
    STATUSSOURCETYPE_FIELD_NUMBER: _ClassVar[int]
    ISGROUPSTATUS_FIELD_NUMBER: _ClassVar[int]
    FORWARDORIGIN_FIELD_NUMBER: _ClassVar[int]
    NONJIDMENTIONS_FIELD_NUMBER: _ClassVar[int]
    QUOTEDTYPE_FIELD_NUMBER: _ClassVar[int]
    stanzaId: str
    participant: str
    quotedMessage: Message
    remoteJid: str
    mentionedJid: _containers.RepeatedScalarFieldContainer[str]
    conversionSource: str
    conversionData: bytes
    conversionDelaySeconds: int
    forwardingScore: int
    isForwarded: bool
    placeholderKey: MessageKey
    expiration: int
    ephemeralSettingTimestamp: int
    ephemeralSharedSecret: bytes
    entryPointConversionSource: str
    entryPointConversionApp: str
    entryPointConversionDelaySeconds: int
    disappearingMode: DisappearingMode
    actionLink: ActionLink
    groupSubject: str
    parentGroupJid: str
    trustBannerType: str
    trustBannerAction: int
    isSampled: bool
    groupMentions: _containers.RepeatedCompositeFieldContainer[GroupMention]
    forwardedNewsletterMessageInfo: ContextInfo.ForwardedNewsletterMessageInfo
    smbClientCampaignId: str
    smbServerCampaignId: str
    alwaysShowAdAttribution: bool
    entryPointConversionExternalSource: str
    entryPointConversionExternalMedium: str
    ctwaSignals: str
    ctwaPayload: bytes
    statusAttributionType: ContextInfo.StatusAttributionType
    pairedMediaType: ContextInfo.PairedMediaType
    rankingVersion: int
    isQuestion: bool
    statusSourceType: ContextInfo.StatusSourceType
    isGroupStatus: bool
    forwardOrigin: ContextInfo.ForwardOrigin
    nonJidMentions: int
    quotedType: ContextInfo.QuotedType
    def __init__(self, stanzaId: _Optional[str] = ..., participant: _Optional[str] = ..., quotedMessage: _Optional[_Union[Message, _Mapping]] = ..., remoteJid: _Optional[str] = ..., mentionedJid: _Optional[_Iterable[str]] = ..., conversionSource: _Optional[str] = ..., conversionData: _Optional[bytes] = ..., conversionDelaySeconds: _Optional[int] = ..., forwardingScore: _Optional[int] = ..., isForwarded: _Optional[bool] = ..., placeholderKey: _Optional[_Union[MessageKey, _Mapping]] = ..., expiration: _Optional[int] = ..., ephemeralSettingTimestamp: _Optional[int] = ..., ephemeralSharedSecret: _Optional[bytes] = ..., entryPointConversionSource: _Optional[str] = ..., entryPointConversionApp: _Optional[str] = ..., entryPointConversionDelaySeconds: _Optional[int] = ..., disappearingMode: _Optional[_Union[DisappearingMode, _Mapping]] = ..., actionLink: _Optional[_Union[ActionLink, _Mapping]] = ..., groupSubject: _Optional[str] = ..., parentGroupJid: _Optional[str] = ..., trustBannerType: _Optional[str] = ..., trustBannerAction: _Optional[int] = ..., isSampled: _Optional[bool] = ..., groupMentions: _Optional[_Iterable[_Union[GroupMention, _Mapping]]] = ..., forwardedNewsletterMessageInfo: _Optional[_Union[ContextInfo.ForwardedNewsletterMessageInfo, _Mapping]] = ..., smbClientCampaignId: _Optional[str] = ..., smbServerCampaignId: _Optional[str] = ..., alwaysShowAdAttribution: _Optional[bool] = ..., entryPointConversionExternalSource: _Optional[str] = ..., entryPointConversionExternalMedium: _Optional[str] = ..., ctwaSignals: _Optional[str] = ..., ctwaPayload: _Optional[bytes] = ..., statusAttributionType: _Optional[_Union[ContextInfo.StatusAttributionType, str]] = ..., pairedMediaType: _Optional[_Union[ContextInfo.PairedMediaType, str]] = ..., rankingVersion: _Optional[int] = ..., isQuestion: _Optional[bool] = ..., statusSourceType: _Optional[_Union[ContextInfo.StatusSourceType, str]] = ..., isGroupStatus: _Optional[bool] = ..., forwardOrigin: _Optional[_Union[ContextInfo.ForwardOrigin, str]] = ..., nonJidMentions: _Optional[int] = ..., quotedType: _Optional[_Union[ContextInfo.QuotedType, str]] = ...) -> None: ...

class MessageContextInfo(_message.Message):
    __slots__ = ("deviceListMetadata", "deviceListMetadataVersion", "messageSecret", "paddingBytes", "messageAddOnDurationInSecs", "botMessageSecret", "reportingTokenVersion", "messageAddOnExpiryType", "messageAssociation", "capiCreatedGroup", "supportPayload", "limitSharing", "limitSharingV2")
    class MessageAddonExpiryType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATIC: _ClassVar[MessageContextInfo.MessageAddonExpiryType]
        DEPENDENT_ON_PARENT: _ClassVar[MessageContextInfo.MessageAddonExpiryType]
    STATIC: MessageContextInfo.MessageAddonExpiryType
    DEPENDENT_ON_PARENT: MessageContextInfo.MessageAddonExpiryType
    DEVICELISTMETADATA_FIELD_NUMBER: _ClassVar[int]
    DEVICELISTMETADATAVERSION_FIELD_NUMBER: _ClassVar[int]
    MESSAGESECRET_FIELD_NUMBER: _ClassVar[int]
    PADDINGBYTES_FIELD_NUMBER: _ClassVar[int]
    MESSAGEADDONDURATIONINSECS_FIELD_NUMBER: _ClassVar[int]
    BOTMESSAGESECRET_FIELD_NUMBER: _ClassVar[int]
    REPORTINGTOKENVERSION_FIELD_NUMBER: _ClassVar[int]
    MESSAGEADDONEXPIRYTYPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGEASSOCIATION_FIELD_NUMBER: _ClassVar[int]
    CAPICREATEDGROUP_FIELD_NUMBER: _ClassVar[int]
    SUPPORTPAYLOAD_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARING_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARINGV2_FIELD_NUMBER: _ClassVar[int]
    deviceListMetadata: DeviceListMetadata
    deviceListMetadataVersion: int
    messageSecret: bytes
    paddingBytes: bytes
    messageAddOnDurationInSecs: int
    botMessageSecret: bytes
    reportingTokenVersion: int
    messageAddOnExpiryType: MessageContextInfo.MessageAddonExpiryType
    messageAssociation: MessageAssociation
    capiCreatedGroup: bool
    supportPayload: str
    limitSharing: LimitSharing
    limitSharingV2: LimitSharing
    def __init__(self, deviceListMetadata: _Optional[_Union[DeviceListMetadata, _Mapping]] = ..., deviceListMetadataVersion: _Optional[int] = ..., messageSecret: _Optional[bytes] = ..., paddingBytes: _Optional[bytes] = ..., messageAddOnDurationInSecs: _Optional[int] = ..., botMessageSecret: _Optional[bytes] = ..., reportingTokenVersion: _Optional[int] = ..., messageAddOnExpiryType: _Optional[_Union[MessageContextInfo.MessageAddonExpiryType, str]] = ..., messageAssociation: _Optional[_Union[MessageAssociation, _Mapping]] = ..., capiCreatedGroup: _Optional[bool] = ..., supportPayload: _Optional[str] = ..., limitSharing: _Optional[_Union[LimitSharing, _Mapping]] = ..., limitSharingV2: _Optional[_Union[LimitSharing, _Mapping]] = ...) -> None: ...

class HistorySync(_message.Message):
    __slots__ = ("syncType", "conversations", "statusV3Messages", "chunkOrder", "progress", "pushnames", "threadIdUserSecret", "threadDsTimeframeOffset", "recentStickers", "pastParticipants", "aiWaitListState", "phoneNumberToLidMappings", "companionMetaNonce", "shareableChatIdentifierEncryptionKey")
    class BotAIWaitListState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        IN_WAITLIST: _ClassVar[HistorySync.BotAIWaitListState]
        AI_AVAILABLE: _ClassVar[HistorySync.BotAIWaitListState]
    IN_WAITLIST: HistorySync.BotAIWaitListState
    AI_AVAILABLE: HistorySync.BotAIWaitListState
    class HistorySyncType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        INITIAL_BOOTSTRAP: _ClassVar[HistorySync.HistorySyncType]
        INITIAL_STATUS_V3: _ClassVar[HistorySync.HistorySyncType]
        FULL: _ClassVar[HistorySync.HistorySyncType]
        RECENT: _ClassVar[HistorySync.HistorySyncType]
        PUSH_NAME: _ClassVar[HistorySync.HistorySyncType]
        NON_BLOCKING_DATA: _ClassVar[HistorySync.HistorySyncType]
        ON_DEMAND: _ClassVar[HistorySync.HistorySyncType]
    INITIAL_BOOTSTRAP: HistorySync.HistorySyncType
    INITIAL_STATUS_V3: HistorySync.HistorySyncType
    FULL: HistorySync.HistorySyncType
    RECENT: HistorySync.HistorySyncType
    PUSH_NAME: HistorySync.HistorySyncType
    NON_BLOCKING_DATA: HistorySync.HistorySyncType
    ON_DEMAND: HistorySync.HistorySyncType
    SYNCTYPE_FIELD_NUMBER: _ClassVar[int]
    CONVERSATIONS_FIELD_NUMBER: _ClassVar[int]
    STATUSV3MESSAGES_FIELD_NUMBER: _ClassVar[int]
    CHUNKORDER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PUSHNAMES_FIELD_NUMBER: _ClassVar[int]
    THREADIDUSERSECRET_FIELD_NUMBER: _ClassVar[int]
    THREADDSTIMEFRAMEOFFSET_FIELD_NUMBER: _ClassVar[int]
    RECENTSTICKERS_FIELD_NUMBER: _ClassVar[int]
    PASTPARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    AIWAITLISTSTATE_FIELD_NUMBER: _ClassVar[int]
    PHONENUMBERTOLIDMAPPINGS_FIELD_NUMBER: _ClassVar[int]
    COMPANIONMETANONCE_FIELD_NUMBER: _ClassVar[int]
    SHAREABLECHATIDENTIFIERENCRYPTIONKEY_FIELD_NUMBER: _ClassVar[int]
    syncType: HistorySync.HistorySyncType
    conversations: _containers.RepeatedCompositeFieldContainer[Conversation]
    statusV3Messages: _containers.RepeatedCompositeFieldContainer[WebMessageInfo]
    chunkOrder: int
    progress: int
    pushnames: _containers.RepeatedCompositeFieldContainer[Pushname]
    threadIdUserSecret: bytes
    threadDsTimeframeOffset: int
    recentStickers: _containers.RepeatedCompositeFieldContainer[StickerMetadata]
    pastParticipants: _containers.RepeatedCompositeFieldContainer[PastParticipants]
    aiWaitListState: HistorySync.BotAIWaitListState
    phoneNumberToLidMappings: _containers.RepeatedCompositeFieldContainer[PhoneNumberToLIDMapping]
    companionMetaNonce: str
    shareableChatIdentifierEncryptionKey: bytes
    def __init__(self, syncType: _Optional[_Union[HistorySync.HistorySyncType, str]] = ..., conversations: _Optional[_Iterable[_Union[Conversation, _Mapping]]] = ..., statusV3Messages: _Optional[_Iterable[_Union[WebMessageInfo, _Mapping]]] = ..., chunkOrder: _Optional[int] = ..., progress: _Optional[int] = ..., pushnames: _Optional[_Iterable[_Union[Pushname, _Mapping]]] = ..., threadIdUserSecret: _Optional[bytes] = ..., threadDsTimeframeOffset: _Optional[int] = ..., recentStickers: _Optional[_Iterable[_Union[StickerMetadata, _Mapping]]] = ..., pastParticipants: _Optional[_Iterable[_Union[PastParticipants, _Mapping]]] = ..., aiWaitListState: _Optional[_Union[HistorySync.BotAIWaitListState, str]] = ..., phoneNumberToLidMappings: _Optional[_Iterable[_Union[PhoneNumberToLIDMapping, _Mapping]]] = ..., companionMetaNonce: _Optional[str] = ..., shareableChatIdentifierEncryptionKey: _Optional[bytes] = ...) -> None: ...

class WebMessageInfo(_message.Message):
    __slots__ = ("key", "message", "messageTimestamp", "status", "participant", "messageC2STimestamp", "ignore", "starred", "broadcast", "pushName", "mediaCiphertextSha256", "multicast", "urlText", "urlNumber", "messageStubType", "clearMedia", "messageStubParameters", "duration", "labels", "finalLiveLocation", "ephemeralStartTimestamp", "ephemeralDuration", "ephemeralOffToOn", "ephemeralOutOfSync", "bizPrivacyStatus", "verifiedBizName", "photoChange", "userReceipt", "reactions", "futureproofData", "pollUpdates", "pollAdditionalMetadata", "agentId", "statusAlreadyViewed", "messageSecret", "keepInChat", "originalSelfAuthorUserJidString", "revokeMessageTimestamp", "pinInChat", "is1PBizBotMessage", "isGroupHistoryMessage", "botMessageInvokerJid", "commentMetadata", "eventResponses", "reportingTokenInfo", "newsletterServerId", "isMentionedInStatus", "statusMentions", "targetMessageId", "isSupportAiMessage", "statusMentionSources", "botTargetId")
    class BizPrivacyStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        E2EE: _ClassVar[WebMessageInfo.BizPrivacyStatus]
        FB: _ClassVar[WebMessageInfo.BizPrivacyStatus]
        BSP: _ClassVar[WebMessageInfo.BizPrivacyStatus]
        BSP_AND_FB: _ClassVar[WebMessageInfo.BizPrivacyStatus]
    E2EE: WebMessageInfo.BizPrivacyStatus
    FB: WebMessageInfo.BizPrivacyStatus
    BSP: WebMessageInfo.BizPrivacyStatus
    BSP_AND_FB: WebMessageInfo.BizPrivacyStatus
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ERROR: _ClassVar[WebMessageInfo.Status]
        PENDING: _ClassVar[WebMessageInfo.Status]
        SERVER_ACK: _ClassVar[WebMessageInfo.Status]
        DELIVERY_ACK: _ClassVar[WebMessageInfo.Status]
        READ: _ClassVar[WebMessageInfo.Status]
        PLAYED: _ClassVar[WebMessageInfo.Status]
    ERROR: WebMessageInfo.Status
    PENDING: WebMessageInfo.Status
    SERVER_ACK: WebMessageInfo.Status
    DELIVERY_ACK: WebMessageInfo.Status
    READ: WebMessageInfo.Status
    PLAYED: WebMessageInfo.Status
    class StubType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[WebMessageInfo.StubType]
        REVOKE: _ClassVar[WebMessageInfo.StubType]
        CIPHERTEXT: _ClassVar[WebMessageInfo.StubType]
        FUTUREPROOF: _ClassVar[WebMessageInfo.StubType]
        NON_VERIFIED_TRANSITION: _ClassVar[WebMessageInfo.StubType]
        UNVERIFIED_TRANSITION: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_LOW_UNKNOWN: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_HIGH: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_INITIAL_UNKNOWN: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_INITIAL_LOW: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_INITIAL_HIGH: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_ANY_TO_NONE: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_ANY_TO_HIGH: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_HIGH_TO_LOW: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_HIGH_TO_UNKNOWN: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_UNKNOWN_TO_LOW: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_LOW_TO_UNKNOWN: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_NONE_TO_LOW: _ClassVar[WebMessageInfo.StubType]
        VERIFIED_TRANSITION_NONE_TO_UNKNOWN: _ClassVar[WebMessageInfo.StubType]
        GROUP_CREATE: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_SUBJECT: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_ICON: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_INVITE_LINK: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_DESCRIPTION: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_RESTRICT: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_ANNOUNCE: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_ADD: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_REMOVE: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_PROMOTE: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_DEMOTE: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_INVITE: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_LEAVE: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_CHANGE_NUMBER: _ClassVar[WebMessageInfo.StubType]
        BROADCAST_CREATE: _ClassVar[WebMessageInfo.StubType]
        BROADCAST_ADD: _ClassVar[WebMessageInfo.StubType]
        BROADCAST_REMOVE: _ClassVar[WebMessageInfo.StubType]
        GENERIC_NOTIFICATION: _ClassVar[WebMessageInfo.StubType]
        E2E_IDENTITY_CHANGED: _ClassVar[WebMessageInfo.StubType]
        E2E_ENCRYPTED: _ClassVar[WebMessageInfo.StubType]
        CALL_MISSED_VOICE: _ClassVar[WebMessageInfo.StubType]
        CALL_MISSED_VIDEO: _ClassVar[WebMessageInfo.StubType]
        INDIVIDUAL_CHANGE_NUMBER: _ClassVar[WebMessageInfo.StubType]
        GROUP_DELETE: _ClassVar[WebMessageInfo.StubType]
        GROUP_ANNOUNCE_MODE_MESSAGE_BOUNCE: _ClassVar[WebMessageInfo.StubType]
        CALL_MISSED_GROUP_VOICE: _ClassVar[WebMessageInfo.StubType]
        CALL_MISSED_GROUP_VIDEO: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_CIPHERTEXT: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_FUTUREPROOF: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_TRANSACTION_STATUS_UPDATE_FAILED: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_TRANSACTION_STATUS_UPDATE_REFUNDED: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_TRANSACTION_STATUS_UPDATE_REFUND_FAILED: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_TRANSACTION_STATUS_RECEIVER_PENDING_SETUP: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_TRANSACTION_STATUS_RECEIVER_SUCCESS_AFTER_HICCUP: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_ACTION_ACCOUNT_SETUP_REMINDER: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_ACTION_SEND_PAYMENT_REMINDER: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_ACTION_SEND_PAYMENT_INVITATION: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_ACTION_REQUEST_DECLINED: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_ACTION_REQUEST_EXPIRED: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_ACTION_REQUEST_CANCELLED: _ClassVar[WebMessageInfo.StubType]
        BIZ_VERIFIED_TRANSITION_TOP_TO_BOTTOM: _ClassVar[WebMessageInfo.StubType]
        BIZ_VERIFIED_TRANSITION_BOTTOM_TO_TOP: _ClassVar[WebMessageInfo.StubType]
        BIZ_INTRO_TOP: _ClassVar[WebMessageInfo.StubType]
        BIZ_INTRO_BOTTOM: _ClassVar[WebMessageInfo.StubType]
        BIZ_NAME_CHANGE: _ClassVar[WebMessageInfo.StubType]
        BIZ_MOVE_TO_CONSUMER_APP: _ClassVar[WebMessageInfo.StubType]
        BIZ_TWO_TIER_MIGRATION_TOP: _ClassVar[WebMessageInfo.StubType]
        BIZ_TWO_TIER_MIGRATION_BOTTOM: _ClassVar[WebMessageInfo.StubType]
        OVERSIZED: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_NO_FREQUENTLY_FORWARDED: _ClassVar[WebMessageInfo.StubType]
        GROUP_V4_ADD_INVITE_SENT: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_ADD_REQUEST_JOIN: _ClassVar[WebMessageInfo.StubType]
        CHANGE_EPHEMERAL_SETTING: _ClassVar[WebMessageInfo.StubType]
        E2E_DEVICE_CHANGED: _ClassVar[WebMessageInfo.StubType]
        VIEWED_ONCE: _ClassVar[WebMessageInfo.StubType]
        E2E_ENCRYPTED_NOW: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_TO_BSP_PREMISE: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_TO_SELF_FB: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_TO_SELF_PREMISE: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_UNVERIFIED_TO_SELF_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_VERIFIED_TO_SELF_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_PREMISE_TO_SELF_PREMISE: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_PREMISE_UNVERIFIED_TO_SELF_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_PREMISE_VERIFIED_TO_SELF_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_CONSUMER_TO_BSP_FB_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_CONSUMER_TO_BSP_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_CONSUMER_TO_SELF_FB_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_CONSUMER_TO_SELF_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_TO_BSP_PREMISE: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_TO_SELF_PREMISE: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_UNVERIFIED_TO_SELF_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_VERIFIED_TO_SELF_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_PREMISE_TO_BSP_PREMISE: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_TO_BSP_FB: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_TO_CONSUMER: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_TO_SELF_FB: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_UNVERIFIED_TO_BSP_FB_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_UNVERIFIED_TO_BSP_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_UNVERIFIED_TO_SELF_FB_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_UNVERIFIED_TO_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_VERIFIED_TO_BSP_FB_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_VERIFIED_TO_BSP_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_VERIFIED_TO_SELF_FB_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_VERIFIED_TO_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_UNVERIFIED_TO_BSP_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_UNVERIFIED_TO_SELF_FB_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_VERIFIED_TO_BSP_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_BSP_FB_VERIFIED_TO_SELF_FB_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_UNVERIFIED_TO_BSP_PREMISE_VERIFIED: _ClassVar[WebMessageInfo.StubType]
        BLUE_MSG_SELF_FB_VERIFIED_TO_BSP_PREMISE_UNVERIFIED: _ClassVar[WebMessageInfo.StubType]
        E2E_IDENTITY_UNAVAILABLE: _ClassVar[WebMessageInfo.StubType]
        GROUP_CREATING: _ClassVar[WebMessageInfo.StubType]
        GROUP_CREATE_FAILED: _ClassVar[WebMessageInfo.StubType]
        GROUP_BOUNCED: _ClassVar[WebMessageInfo.StubType]
        BLOCK_CONTACT: _ClassVar[WebMessageInfo.StubType]
        EPHEMERAL_SETTING_NOT_APPLIED: _ClassVar[WebMessageInfo.StubType]
        SYNC_FAILED: _ClassVar[WebMessageInfo.StubType]
        SYNCING: _ClassVar[WebMessageInfo.StubType]
        BIZ_PRIVACY_MODE_INIT_FB: _ClassVar[WebMessageInfo.StubType]
        BIZ_PRIVACY_MODE_INIT_BSP: _ClassVar[WebMessageInfo.StubType]
        BIZ_PRIVACY_MODE_TO_FB: _ClassVar[WebMessageInfo.StubType]
        BIZ_PRIVACY_MODE_TO_BSP: _ClassVar[WebMessageInfo.StubType]
        DISAPPEARING_MODE: _ClassVar[WebMessageInfo.StubType]
        E2E_DEVICE_FETCH_FAILED: _ClassVar[WebMessageInfo.StubType]
        ADMIN_REVOKE: _ClassVar[WebMessageInfo.StubType]
        GROUP_INVITE_LINK_GROWTH_LOCKED: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_LINK_PARENT_GROUP: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_LINK_SIBLING_GROUP: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_LINK_SUB_GROUP: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_UNLINK_PARENT_GROUP: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_UNLINK_SIBLING_GROUP: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_UNLINK_SUB_GROUP: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_ACCEPT: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_LINKED_GROUP_JOIN: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_CREATE: _ClassVar[WebMessageInfo.StubType]
        EPHEMERAL_KEEP_IN_CHAT: _ClassVar[WebMessageInfo.StubType]
        GROUP_MEMBERSHIP_JOIN_APPROVAL_REQUEST: _ClassVar[WebMessageInfo.StubType]
        GROUP_MEMBERSHIP_JOIN_APPROVAL_MODE: _ClassVar[WebMessageInfo.StubType]
        INTEGRITY_UNLINK_PARENT_GROUP: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_PARTICIPANT_PROMOTE: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_PARTICIPANT_DEMOTE: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_PARENT_GROUP_DELETED: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_LINK_PARENT_GROUP_MEMBERSHIP_APPROVAL: _ClassVar[WebMessageInfo.StubType]
        GROUP_PARTICIPANT_JOINED_GROUP_AND_PARENT_GROUP: _ClassVar[WebMessageInfo.StubType]
        MASKED_THREAD_CREATED: _ClassVar[WebMessageInfo.StubType]
        MASKED_THREAD_UNMASKED: _ClassVar[WebMessageInfo.StubType]
        BIZ_CHAT_ASSIGNMENT: _ClassVar[WebMessageInfo.StubType]
        CHAT_PSA: _ClassVar[WebMessageInfo.StubType]
        CHAT_POLL_CREATION_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        CAG_MASKED_THREAD_CREATED: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_PARENT_GROUP_SUBJECT_CHANGED: _ClassVar[WebMessageInfo.StubType]
        CAG_INVITE_AUTO_ADD: _ClassVar[WebMessageInfo.StubType]
        BIZ_CHAT_ASSIGNMENT_UNASSIGN: _ClassVar[WebMessageInfo.StubType]
        CAG_INVITE_AUTO_JOINED: _ClassVar[WebMessageInfo.StubType]
        SCHEDULED_CALL_START_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_INVITE_RICH: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_INVITE_AUTO_ADD_RICH: _ClassVar[WebMessageInfo.StubType]
        SUB_GROUP_INVITE_RICH: _ClassVar[WebMessageInfo.StubType]
        SUB_GROUP_PARTICIPANT_ADD_RICH: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_LINK_PARENT_GROUP_RICH: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_PARTICIPANT_ADD_RICH: _ClassVar[WebMessageInfo.StubType]
        SILENCED_UNKNOWN_CALLER_AUDIO: _ClassVar[WebMessageInfo.StubType]
        SILENCED_UNKNOWN_CALLER_VIDEO: _ClassVar[WebMessageInfo.StubType]
        GROUP_MEMBER_ADD_MODE: _ClassVar[WebMessageInfo.StubType]
        GROUP_MEMBERSHIP_JOIN_APPROVAL_REQUEST_NON_ADMIN_ADD: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_CHANGE_DESCRIPTION: _ClassVar[WebMessageInfo.StubType]
        SENDER_INVITE: _ClassVar[WebMessageInfo.StubType]
        RECEIVER_INVITE: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_ALLOW_MEMBER_ADDED_GROUPS: _ClassVar[WebMessageInfo.StubType]
        PINNED_MESSAGE_IN_CHAT: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_INVITE_SETUP_INVITER: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_INVITE_SETUP_INVITEE_RECEIVE_ONLY: _ClassVar[WebMessageInfo.StubType]
        PAYMENT_INVITE_SETUP_INVITEE_SEND_AND_RECEIVE: _ClassVar[WebMessageInfo.StubType]
        LINKED_GROUP_CALL_START: _ClassVar[WebMessageInfo.StubType]
        REPORT_TO_ADMIN_ENABLED_STATUS: _ClassVar[WebMessageInfo.StubType]
        EMPTY_SUBGROUP_CREATE: _ClassVar[WebMessageInfo.StubType]
        SCHEDULED_CALL_CANCEL: _ClassVar[WebMessageInfo.StubType]
        SUBGROUP_ADMIN_TRIGGERED_AUTO_ADD_RICH: _ClassVar[WebMessageInfo.StubType]
        GROUP_CHANGE_RECENT_HISTORY_SHARING: _ClassVar[WebMessageInfo.StubType]
        PAID_MESSAGE_SERVER_CAMPAIGN_ID: _ClassVar[WebMessageInfo.StubType]
        GENERAL_CHAT_CREATE: _ClassVar[WebMessageInfo.StubType]
        GENERAL_CHAT_ADD: _ClassVar[WebMessageInfo.StubType]
        GENERAL_CHAT_AUTO_ADD_DISABLED: _ClassVar[WebMessageInfo.StubType]
        SUGGESTED_SUBGROUP_ANNOUNCE: _ClassVar[WebMessageInfo.StubType]
        BIZ_BOT_1P_MESSAGING_ENABLED: _ClassVar[WebMessageInfo.StubType]
        CHANGE_USERNAME: _ClassVar[WebMessageInfo.StubType]
        BIZ_COEX_PRIVACY_INIT_SELF: _ClassVar[WebMessageInfo.StubType]
        BIZ_COEX_PRIVACY_TRANSITION_SELF: _ClassVar[WebMessageInfo.StubType]
        SUPPORT_AI_EDUCATION: _ClassVar[WebMessageInfo.StubType]
        BIZ_BOT_3P_MESSAGING_ENABLED: _ClassVar[WebMessageInfo.StubType]
        REMINDER_SETUP_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        REMINDER_SENT_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        REMINDER_CANCEL_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        BIZ_COEX_PRIVACY_INIT: _ClassVar[WebMessageInfo.StubType]
        BIZ_COEX_PRIVACY_TRANSITION: _ClassVar[WebMessageInfo.StubType]
        GROUP_DEACTIVATED: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_DEACTIVATE_SIBLING_GROUP: _ClassVar[WebMessageInfo.StubType]
        EVENT_UPDATED: _ClassVar[WebMessageInfo.StubType]
        EVENT_CANCELED: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_OWNER_UPDATED: _ClassVar[WebMessageInfo.StubType]
        COMMUNITY_SUB_GROUP_VISIBILITY_HIDDEN: _ClassVar[WebMessageInfo.StubType]
        CAPI_GROUP_NE2EE_SYSTEM_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        STATUS_MENTION: _ClassVar[WebMessageInfo.StubType]
        USER_CONTROLS_SYSTEM_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        SUPPORT_SYSTEM_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        CHANGE_LID: _ClassVar[WebMessageInfo.StubType]
        BIZ_CUSTOMER_3PD_DATA_SHARING_OPT_IN_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        BIZ_CUSTOMER_3PD_DATA_SHARING_OPT_OUT_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        CHANGE_LIMIT_SHARING: _ClassVar[WebMessageInfo.StubType]
        GROUP_MEMBER_LINK_MODE: _ClassVar[WebMessageInfo.StubType]
        BIZ_AUTOMATICALLY_LABELED_CHAT_SYSTEM_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        PHONE_NUMBER_HIDING_CHAT_DEPRECATED_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        QUARANTINED_MESSAGE: _ClassVar[WebMessageInfo.StubType]
        GROUP_MEMBER_SHARE_GROUP_HISTORY_MODE: _ClassVar[WebMessageInfo.StubType]
    UNKNOWN: WebMessageInfo.StubType
    REVOKE: WebMessageInfo.StubType
    CIPHERTEXT: WebMessageInfo.StubType
    FUTUREPROOF: WebMessageInfo.StubType
    NON_VERIFIED_TRANSITION: WebMessageInfo.StubType
    UNVERIFIED_TRANSITION: WebMessageInfo.StubType
    VERIFIED_TRANSITION: WebMessageInfo.StubType
    VERIFIED_LOW_UNKNOWN: WebMessageInfo.StubType
    VERIFIED_HIGH: WebMessageInfo.StubType
    VERIFIED_INITIAL_UNKNOWN: WebMessageInfo.StubType
    VERIFIED_INITIAL_LOW: WebMessageInfo.StubType
    VERIFIED_INITIAL_HIGH: WebMessageInfo.StubType
    VERIFIED_TRANSITION_ANY_TO_NONE: WebMessageInfo.StubType
    VERIFIED_TRANSITION_ANY_TO_HIGH: WebMessageInfo.StubType
    VERIFIED_TRANSITION_HIGH_TO_LOW: WebMessageInfo.StubType
    VERIFIED_TRANSITION_HIGH_TO_UNKNOWN: WebMessageInfo.StubType
    VERIFIED_TRANSITION_UNKNOWN_TO_LOW: WebMessageInfo.StubType
    VERIFIED_TRANSITION_LOW_TO_UNKNOWN: WebMessageInfo.StubType
    VERIFIED_TRANSITION_NONE_TO_LOW: WebMessageInfo.StubType
    VERIFIED_TRANSITION_NONE_TO_UNKNOWN: WebMessageInfo.StubType
    GROUP_CREATE: WebMessageInfo.StubType
    GROUP_CHANGE_SUBJECT: WebMessageInfo.StubType
    GROUP_CHANGE_ICON: WebMessageInfo.StubType
    GROUP_CHANGE_INVITE_LINK: WebMessageInfo.StubType
    GROUP_CHANGE_DESCRIPTION: WebMessageInfo.StubType
    GROUP_CHANGE_RESTRICT: WebMessageInfo.StubType
    GROUP_CHANGE_ANNOUNCE: WebMessageInfo.StubType
    GROUP_PARTICIPANT_ADD: WebMessageInfo.StubType
    GROUP_PARTICIPANT_REMOVE: WebMessageInfo.StubType
    GROUP_PARTICIPANT_PROMOTE: WebMessageInfo.StubType
    GROUP_PARTICIPANT_DEMOTE: WebMessageInfo.StubType
    GROUP_PARTICIPANT_INVITE: WebMessageInfo.StubType
    GROUP_PARTICIPANT_LEAVE: WebMessageInfo.StubType
    GROUP_PARTICIPANT_CHANGE_NUMBER: WebMessageInfo.StubType
    BROADCAST_CREATE: WebMessageInfo.StubType
    BROADCAST_ADD: WebMessageInfo.StubType
    BROADCAST_REMOVE: WebMessageInfo.StubType
    GENERIC_NOTIFICATION: WebMessageInfo.StubType
    E2E_IDENTITY_CHANGED: WebMessageInfo.StubType
    E2E_ENCRYPTED: WebMessageInfo.StubType
    CALL_MISSED_VOICE: WebMessageInfo.StubType
    CALL_MISSED_VIDEO: WebMessageInfo.StubType
    INDIVIDUAL_CHANGE_NUMBER: WebMessageInfo.StubType
    GROUP_DELETE: WebMessageInfo.StubType
    GROUP_ANNOUNCE_MODE_MESSAGE_BOUNCE: WebMessageInfo.StubType
    CALL_MISSED_GROUP_VOICE: WebMessageInfo.StubType
    CALL_MISSED_GROUP_VIDEO: WebMessageInfo.StubType
    PAYMENT_CIPHERTEXT: WebMessageInfo.StubType
    PAYMENT_FUTUREPROOF: WebMessageInfo.StubType
    PAYMENT_TRANSACTION_STATUS_UPDATE_FAILED: WebMessageInfo.StubType
    PAYMENT_TRANSACTION_STATUS_UPDATE_REFUNDED: WebMessageInfo.StubType
    PAYMENT_TRANSACTION_STATUS_UPDATE_REFUND_FAILED: WebMessageInfo.StubType
    PAYMENT_TRANSACTION_STATUS_RECEIVER_PENDING_SETUP: WebMessageInfo.StubType
    PAYMENT_TRANSACTION_STATUS_RECEIVER_SUCCESS_AFTER_HICCUP: WebMessageInfo.StubType
    PAYMENT_ACTION_ACCOUNT_SETUP_REMINDER: WebMessageInfo.StubType
    PAYMENT_ACTION_SEND_PAYMENT_REMINDER: WebMessageInfo.StubType
    PAYMENT_ACTION_SEND_PAYMENT_INVITATION: WebMessageInfo.StubType
    PAYMENT_ACTION_REQUEST_DECLINED: WebMessageInfo.StubType
    PAYMENT_ACTION_REQUEST_EXPIRED: WebMessageInfo.StubType
    PAYMENT_ACTION_REQUEST_CANCELLED: WebMessageInfo.StubType
    BIZ_VERIFIED_TRANSITION_TOP_TO_BOTTOM: WebMessageInfo.StubType
    BIZ_VERIFIED_TRANSITION_BOTTOM_TO_TOP: WebMessageInfo.StubType
    BIZ_INTRO_TOP: WebMessageInfo.StubType
    BIZ_INTRO_BOTTOM: WebMessageInfo.StubType
    BIZ_NAME_CHANGE: WebMessageInfo.StubType
    BIZ_MOVE_TO_CONSUMER_APP: WebMessageInfo.StubType
    BIZ_TWO_TIER_MIGRATION_TOP: WebMessageInfo.StubType
    BIZ_TWO_TIER_MIGRATION_BOTTOM: WebMessageInfo.StubType
    OVERSIZED: WebMessageInfo.StubType
    GROUP_CHANGE_NO_FREQUENTLY_FORWARDED: WebMessageInfo.StubType
    GROUP_V4_ADD_INVITE_SENT: WebMessageInfo.StubType
    GROUP_PARTICIPANT_ADD_REQUEST_JOIN: WebMessageInfo.StubType
    CHANGE_EPHEMERAL_SETTING: WebMessageInfo.StubType
    E2E_DEVICE_CHANGED: WebMessageInfo.StubType
    VIEWED_ONCE: WebMessageInfo.StubType
    E2E_ENCRYPTED_NOW: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_TO_BSP_PREMISE: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_TO_SELF_FB: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_TO_SELF_PREMISE: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_UNVERIFIED_TO_SELF_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_VERIFIED_TO_SELF_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_PREMISE_TO_SELF_PREMISE: WebMessageInfo.StubType
    BLUE_MSG_BSP_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_PREMISE_UNVERIFIED_TO_SELF_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_PREMISE_VERIFIED_TO_SELF_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_CONSUMER_TO_BSP_FB_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_CONSUMER_TO_BSP_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_CONSUMER_TO_SELF_FB_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_CONSUMER_TO_SELF_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_TO_BSP_PREMISE: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_TO_SELF_PREMISE: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_UNVERIFIED_TO_SELF_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_VERIFIED_TO_SELF_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_PREMISE_TO_BSP_PREMISE: WebMessageInfo.StubType
    BLUE_MSG_SELF_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_TO_BSP_FB: WebMessageInfo.StubType
    BLUE_MSG_TO_CONSUMER: WebMessageInfo.StubType
    BLUE_MSG_TO_SELF_FB: WebMessageInfo.StubType
    BLUE_MSG_UNVERIFIED_TO_BSP_FB_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_UNVERIFIED_TO_BSP_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_UNVERIFIED_TO_SELF_FB_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_UNVERIFIED_TO_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_VERIFIED_TO_BSP_FB_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_VERIFIED_TO_BSP_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_VERIFIED_TO_SELF_FB_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_VERIFIED_TO_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_UNVERIFIED_TO_BSP_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_UNVERIFIED_TO_SELF_FB_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_VERIFIED_TO_BSP_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_BSP_FB_VERIFIED_TO_SELF_FB_UNVERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_UNVERIFIED_TO_BSP_PREMISE_VERIFIED: WebMessageInfo.StubType
    BLUE_MSG_SELF_FB_VERIFIED_TO_BSP_PREMISE_UNVERIFIED: WebMessageInfo.StubType
    E2E_IDENTITY_UNAVAILABLE: WebMessageInfo.StubType
    GROUP_CREATING: WebMessageInfo.StubType
    GROUP_CREATE_FAILED: WebMessageInfo.StubType
    GROUP_BOUNCED: WebMessageInfo.StubType
    BLOCK_CONTACT: WebMessageInfo.StubType
    EPHEMERAL_SETTING_NOT_APPLIED: WebMessageInfo.StubType
    SYNC_FAILED: WebMessageInfo.StubType
    SYNCING: WebMessageInfo.StubType
    BIZ_PRIVACY_MODE_INIT_FB: WebMessageInfo.StubType
    BIZ_PRIVACY_MODE_INIT_BSP: WebMessageInfo.StubType
    BIZ_PRIVACY_MODE_TO_FB: WebMessageInfo.StubType
    BIZ_PRIVACY_MODE_TO_BSP: WebMessageInfo.StubType
    DISAPPEARING_MODE: WebMessageInfo.StubType
    E2E_DEVICE_FETCH_FAILED: WebMessageInfo.StubType
    ADMIN_REVOKE: WebMessageInfo.StubType
    GROUP_INVITE_LINK_GROWTH_LOCKED: WebMessageInfo.StubType
    COMMUNITY_LINK_PARENT_GROUP: WebMessageInfo.StubType
    COMMUNITY_LINK_SIBLING_GROUP: WebMessageInfo.StubType
    COMMUNITY_LINK_SUB_GROUP: WebMessageInfo.StubType
    COMMUNITY_UNLINK_PARENT_GROUP: WebMessageInfo.StubType
    COMMUNITY_UNLINK_SIBLING_GROUP: WebMessageInfo.StubType
    COMMUNITY_UNLINK_SUB_GROUP: WebMessageInfo.StubType
    GROUP_PARTICIPANT_ACCEPT: WebMessageInfo.StubType
    GROUP_PARTICIPANT_LINKED_GROUP_JOIN: WebMessageInfo.StubType
    COMMUNITY_CREATE: WebMessageInfo.StubType
    EPHEMERAL_KEEP_IN_CHAT: WebMessageInfo.StubType
    GROUP_MEMBERSHIP_JOIN_APPROVAL_REQUEST: WebMessageInfo.StubType
    GROUP_MEMBERSHIP_JOIN_APPROVAL_MODE: WebMessageInfo.StubType
    INTEGRITY_UNLINK_PARENT_GROUP: WebMessageInfo.StubType
    COMMUNITY_PARTICIPANT_PROMOTE: WebMessageInfo.StubType
    COMMUNITY_PARTICIPANT_DEMOTE: WebMessageInfo.StubType
    COMMUNITY_PARENT_GROUP_DELETED: WebMessageInfo.StubType
    COMMUNITY_LINK_PARENT_GROUP_MEMBERSHIP_APPROVAL: WebMessageInfo.StubType
    GROUP_PARTICIPANT_JOINED_GROUP_AND_PARENT_GROUP: WebMessageInfo.StubType
    MASKED_THREAD_CREATED: WebMessageInfo.StubType
    MASKED_THREAD_UNMASKED: WebMessageInfo.StubType
    BIZ_CHAT_ASSIGNMENT: WebMessageInfo.StubType
    CHAT_PSA: WebMessageInfo.StubType
    CHAT_POLL_CREATION_MESSAGE: WebMessageInfo.StubType
    CAG_MASKED_THREAD_CREATED: WebMessageInfo.StubType
    COMMUNITY_PARENT_GROUP_SUBJECT_CHANGED: WebMessageInfo.StubType
    CAG_INVITE_AUTO_ADD: WebMessageInfo.StubType
    BIZ_CHAT_ASSIGNMENT_UNASSIGN: WebMessageInfo.StubType
    CAG_INVITE_AUTO_JOINED: WebMessageInfo.StubType
    SCHEDULED_CALL_START_MESSAGE: WebMessageInfo.StubType
    COMMUNITY_INVITE_RICH: WebMessageInfo.StubType
    COMMUNITY_INVITE_AUTO_ADD_RICH: WebMessageInfo.StubType
    SUB_GROUP_INVITE_RICH: WebMessageInfo.StubType
    SUB_GROUP_PARTICIPANT_ADD_RICH: WebMessageInfo.StubType
    COMMUNITY_LINK_PARENT_GROUP_RICH: WebMessageInfo.StubType
    COMMUNITY_PARTICIPANT_ADD_RICH: WebMessageInfo.StubType
    SILENCED_UNKNOWN_CALLER_AUDIO: WebMessageInfo.StubType
    SILENCED_UNKNOWN_CALLER_VIDEO: WebMessageInfo.StubType
    GROUP_MEMBER_ADD_MODE: WebMessageInfo.StubType
    GROUP_MEMBERSHIP_JOIN_APPROVAL_REQUEST_NON_ADMIN_ADD: WebMessageInfo.StubType
    COMMUNITY_CHANGE_DESCRIPTION: WebMessageInfo.StubType
    SENDER_INVITE: WebMessageInfo.StubType
    RECEIVER_INVITE: WebMessageInfo.StubType
    COMMUNITY_ALLOW_MEMBER_ADDED_GROUPS: WebMessageInfo.StubType
    PINNED_MESSAGE_IN_CHAT: WebMessageInfo.StubType
    PAYMENT_INVITE_SETUP_INVITER: WebMessageInfo.StubType
    PAYMENT_INVITE_SETUP_INVITEE_RECEIVE_ONLY: WebMessageInfo.StubType
    PAYMENT_INVITE_SETUP_INVITEE_SEND_AND_RECEIVE: WebMessageInfo.StubType
    LINKED_GROUP_CALL_START: WebMessageInfo.StubType
    REPORT_TO_ADMIN_ENABLED_STATUS: WebMessageInfo.StubType
    EMPTY_SUBGROUP_CREATE: WebMessageInfo.StubType
    SCHEDULED_CALL_CANCEL: WebMessageInfo.StubType
    SUBGROUP_ADMIN_TRIGGERED_AUTO_ADD_RICH: WebMessageInfo.StubType
    GROUP_CHANGE_RECENT_HISTORY_SHARING: WebMessageInfo.StubType
    PAID_MESSAGE_SERVER_CAMPAIGN_ID: WebMessageInfo.StubType
    GENERAL_CHAT_CREATE: WebMessageInfo.StubType
    GENERAL_CHAT_ADD: WebMessageInfo.StubType
    GENERAL_CHAT_AUTO_ADD_DISABLED: WebMessageInfo.StubType
    SUGGESTED_SUBGROUP_ANNOUNCE: WebMessageInfo.StubType
    BIZ_BOT_1P_MESSAGING_ENABLED: WebMessageInfo.StubType
    CHANGE_USERNAME: WebMessageInfo.StubType
    BIZ_COEX_PRIVACY_INIT_SELF: WebMessageInfo.StubType
    BIZ_COEX_PRIVACY_TRANSITION_SELF: WebMessageInfo.StubType
    SUPPORT_AI_EDUCATION: WebMessageInfo.StubType
    BIZ_BOT_3P_MESSAGING_ENABLED: WebMessageInfo.StubType
    REMINDER_SETUP_MESSAGE: WebMessageInfo.StubType
    REMINDER_SENT_MESSAGE: WebMessageInfo.StubType
    REMINDER_CANCEL_MESSAGE: WebMessageInfo.StubType
    BIZ_COEX_PRIVACY_INIT: WebMessageInfo.StubType
    BIZ_COEX_PRIVACY_TRANSITION: WebMessageInfo.StubType
    GROUP_DEACTIVATED: WebMessageInfo.StubType
    COMMUNITY_DEACTIVATE_SIBLING_GROUP: WebMessageInfo.StubType
    EVENT_UPDATED: WebMessageInfo.StubType
    EVENT_CANCELED: WebMessageInfo.StubType
    COMMUNITY_OWNER_UPDATED: WebMessageInfo.StubType
    COMMUNITY_SUB_GROUP_VISIBILITY_HIDDEN: WebMessageInfo.StubType
    CAPI_GROUP_NE2EE_SYSTEM_MESSAGE: WebMessageInfo.StubType
    STATUS_MENTION: WebMessageInfo.StubType
    USER_CONTROLS_SYSTEM_MESSAGE: WebMessageInfo.StubType
    SUPPORT_SYSTEM_MESSAGE: WebMessageInfo.StubType
    CHANGE_LID: WebMessageInfo.StubType
    BIZ_CUSTOMER_3PD_DATA_SHARING_OPT_IN_MESSAGE: WebMessageInfo.StubType
    BIZ_CUSTOMER_3PD_DATA_SHARING_OPT_OUT_MESSAGE: WebMessageInfo.StubType
    CHANGE_LIMIT_SHARING: WebMessageInfo.StubType
    GROUP_MEMBER_LINK_MODE: WebMessageInfo.StubType
    BIZ_AUTOMATICALLY_LABELED_CHAT_SYSTEM_MESSAGE: WebMessageInfo.StubType
    PHONE_NUMBER_HIDING_CHAT_DEPRECATED_MESSAGE: WebMessageInfo.StubType
    QUARANTINED_MESSAGE: WebMessageInfo.StubType
    GROUP_MEMBER_SHARE_GROUP_HISTORY_MODE: WebMessageInfo.StubType
    KEY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGETIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    MESSAGEC2STIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    IGNORE_FIELD_NUMBER: _ClassVar[int]
    STARRED_FIELD_NUMBER: _ClassVar[int]
    BROADCAST_FIELD_NUMBER: _ClassVar[int]
    PUSHNAME_FIELD_NUMBER: _ClassVar[int]
    MEDIACIPHERTEXTSHA256_FIELD_NUMBER: _ClassVar[int]
    MULTICAST_FIELD_NUMBER: _ClassVar[int]
    URLTEXT_FIELD_NUMBER: _ClassVar[int]
    URLNUMBER_FIELD_NUMBER: _ClassVar[int]
    MESSAGESTUBTYPE_FIELD_NUMBER: _ClassVar[int]
    CLEARMEDIA_FIELD_NUMBER: _ClassVar[int]
    MESSAGESTUBPARAMETERS_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    FINALLIVELOCATION_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALSTARTTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALDURATION_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALOFFTOON_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALOUTOFSYNC_FIELD_NUMBER: _ClassVar[int]
    BIZPRIVACYSTATUS_FIELD_NUMBER: _ClassVar[int]
    VERIFIEDBIZNAME_FIELD_NUMBER: _ClassVar[int]
    PHOTOCHANGE_FIELD_NUMBER: _ClassVar[int]
    USERRECEIPT_FIELD_NUMBER: _ClassVar[int]
    REACTIONS_FIELD_NUMBER: _ClassVar[int]
    FUTUREPROOFDATA_FIELD_NUMBER: _ClassVar[int]
    POLLUPDATES_FIELD_NUMBER: _ClassVar[int]
    POLLADDITIONALMETADATA_FIELD_NUMBER: _ClassVar[int]
    AGENTID_FIELD_NUMBER: _ClassVar[int]
    STATUSALREADYVIEWED_FIELD_NUMBER: _ClassVar[int]
    MESSAGESECRET_FIELD_NUMBER: _ClassVar[int]
    KEEPINCHAT_FIELD_NUMBER: _ClassVar[int]
    ORIGINALSELFAUTHORUSERJIDSTRING_FIELD_NUMBER: _ClassVar[int]
    REVOKEMESSAGETIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    PININCHAT_FIELD_NUMBER: _ClassVar[int]
    IS1PBIZBOTMESSAGE_FIELD_NUMBER: _ClassVar[int]
    ISGROUPHISTORYMESSAGE_FIELD_NUMBER: _ClassVar[int]
    BOTMESSAGEINVOKERJID_FIELD_NUMBER: _ClassVar[int]
    COMMENTMETADATA_FIELD_NUMBER: _ClassVar[int]
    EVENTRESPONSES_FIELD_NUMBER: _ClassVar[int]
    REPORTINGTOKENINFO_FIELD_NUMBER: _ClassVar[int]
    NEWSLETTERSERVERID_FIELD_NUMBER: _ClassVar[int]
    ISMENTIONEDINSTATUS_FIELD_NUMBER: _ClassVar[int]
    STATUSMENTIONS_FIELD_NUMBER: _ClassVar[int]
    TARGETMESSAGEID_FIELD_NUMBER: _ClassVar[int]
    ISSUPPORTAIMESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATUSMENTIONSOURCES_FIELD_NUMBER: _ClassVar[int]
    BOTTARGETID_FIELD_NUMBER: _ClassVar[int]
    key: MessageKey
    message: Message
    messageTimestamp: int
    status: WebMessageInfo.Status
    participant: str
    messageC2STimestamp: int
    ignore: bool
    starred: bool
    broadcast: bool
    pushName: str
    mediaCiphertextSha256: bytes
    multicast: bool
    urlText: bool
    urlNumber: bool
    messageStubType: WebMessageInfo.StubType
    clearMedia: bool
    messageStubParameters: _containers.RepeatedScalarFieldContainer[str]
    duration: int
    labels: _containers.RepeatedScalarFieldContainer[str]
    finalLiveLocation: Message.LiveLocationMessage
    ephemeralStartTimestamp: int
    ephemeralDuration: int
    ephemeralOffToOn: bool
    ephemeralOutOfSync: bool
    bizPrivacyStatus: WebMessageInfo.BizPrivacyStatus
    verifiedBizName: str
    photoChange: PhotoChange
    userReceipt: _containers.RepeatedCompositeFieldContainer[UserReceipt]
    reactions: _containers.RepeatedCompositeFieldContainer[Reaction]
    futureproofData: bytes
    pollUpdates: _containers.RepeatedCompositeFieldContainer[PollUpdate]
    pollAdditionalMetadata: PollAdditionalMetadata
    agentId: str
    statusAlreadyViewed: bool
    messageSecret: bytes
    keepInChat: KeepInChat
    originalSelfAuthorUserJidString: str
    revokeMessageTimestamp: int
    pinInChat: PinInChat
    is1PBizBotMessage: bool
    isGroupHistoryMessage: bool
    botMessageInvokerJid: str
    commentMetadata: CommentMetadata
    eventResponses: _containers.RepeatedCompositeFieldContainer[EventResponse]
    reportingTokenInfo: ReportingTokenInfo
    newsletterServerId: int
    isMentionedInStatus: bool
    statusMentions: _containers.RepeatedScalarFieldContainer[str]
    targetMessageId: MessageKey
    isSupportAiMessage: bool
    statusMentionSources: _containers.RepeatedScalarFieldContainer[str]
    botTargetId: str
    def __init__(self, key: _Optional[_Union[MessageKey, _Mapping]] = ..., message: _Optional[_Union[Message, _Mapping]] = ..., messageTimestamp: _Optional[int] = ..., status: _Optional[_Union[WebMessageInfo.Status, str]] = ..., participant: _Optional[str] = ..., messageC2STimestamp: _Optional[int] = ..., ignore: _Optional[bool] = ..., starred: _Optional[bool] = ..., broadcast: _Optional[bool] = ..., pushName: _Optional[str] = ..., mediaCiphertextSha256: _Optional[bytes] = ..., multicast: _Optional[bool] = ..., urlText: _Optional[bool] = ..., urlNumber: _Optional[bool] = ..., messageStubType: _Optional[_Union[WebMessageInfo.StubType, str]] = ..., clearMedia: _Optional[bool] = ..., messageStubParameters: _Optional[_Iterable[str]] = ..., duration: _Optional[int] = ..., labels: _Optional[_Iterable[str]] = ..., finalLiveLocation: _Optional[_Union[Message.LiveLocationMessage, _Mapping]] = ..., ephemeralStartTimestamp: _Optional[int] = ..., ephemeralDuration: _Optional[int] = ..., ephemeralOffToOn: _Optional[bool] = ..., ephemeralOutOfSync: _Optional[bool] = ..., bizPrivacyStatus: _Optional[_Union[WebMessageInfo.BizPrivacyStatus, str]] = ..., verifiedBizName: _Optional[str] = ..., photoChange: _Optional[_Union[PhotoChange, _Mapping]] = ..., userReceipt: _Optional[_Iterable[_Union[UserReceipt, _Mapping]]] = ..., reactions: _Optional[_Iterable[_Union[Reaction, _Mapping]]] = ..., futureproofData: _Optional[bytes] = ..., pollUpdates: _Optional[_Iterable[_Union[PollUpdate, _Mapping]]] = ..., pollAdditionalMetadata: _Optional[_Union[PollAdditionalMetadata, _Mapping]] = ..., agentId: _Optional[str] = ..., statusAlreadyViewed: _Optional[bool] = ..., messageSecret: _Optional[bytes] = ..., keepInChat: _Optional[_Union[KeepInChat, _Mapping]] = ..., originalSelfAuthorUserJidString: _Optional[str] = ..., revokeMessageTimestamp: _Optional[int] = ..., pinInChat: _Optional[_Union[PinInChat, _Mapping]] = ..., is1PBizBotMessage: _Optional[bool] = ..., isGroupHistoryMessage: _Optional[bool] = ..., botMessageInvokerJid: _Optional[str] = ..., commentMetadata: _Optional[_Union[CommentMetadata, _Mapping]] = ..., eventResponses: _Optional[_Iterable[_Union[EventResponse, _Mapping]]] = ..., reportingTokenInfo: _Optional[_Union[ReportingTokenInfo, _Mapping]] = ..., newsletterServerId: _Optional[int] = ..., isMentionedInStatus: _Optional[bool] = ..., statusMentions: _Optional[_Iterable[str]] = ..., targetMessageId: _Optional[_Union[MessageKey, _Mapping]] = ..., isSupportAiMessage: _Optional[bool] = ..., statusMentionSources: _Optional[_Iterable[str]] = ..., botTargetId: _Optional[str] = ...) -> None: ...

class Conversation(_message.Message):
    __slots__ = ("id", "messages", "newJid", "oldJid", "lastMsgTimestamp", "unreadCount", "readOnly", "endOfHistoryTransfer", "ephemeralExpiration", "ephemeralSettingTimestamp", "endOfHistoryTransferType", "conversationTimestamp", "name", "pHash", "notSpam", "archived", "disappearingMode", "unreadMentionCount", "markedAsUnread", "participant", "tcToken", "tcTokenTimestamp", "contactPrimaryIdentityKey", "pinned", "muteEndTime", "mediaVisibility", "tcTokenSenderTimestamp", "suspended", "terminated", "createdAt", "createdBy", "description", "support", "isParentGroup", "parentGroupId", "isDefaultSubgroup", "displayName", "pnJid", "shareOwnPn", "pnhDuplicateLidThread", "lidJid", "username", "lidOriginType", "commentsCount", "locked", "systemMessageToInsert", "capiCreatedGroup", "accountLid", "limitSharing", "limitSharingSettingTimestamp", "limitSharingTrigger", "limitSharingInitiatedByMe", "maibaAiThreadEnabled")
    class EndOfHistoryTransferType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        COMPLETE_BUT_MORE_MESSAGES_REMAIN_ON_PRIMARY: _ClassVar[Conversation.EndOfHistoryTransferType]
        COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY: _ClassVar[Conversation.EndOfHistoryTransferType]
        COMPLETE_ON_DEMAND_SYNC_BUT_MORE_MSG_REMAIN_ON_PRIMARY: _ClassVar[Conversation.EndOfHistoryTransferType]
    COMPLETE_BUT_MORE_MESSAGES_REMAIN_ON_PRIMARY: Conversation.EndOfHistoryTransferType
    COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY: Conversation.EndOfHistoryTransferType
    COMPLETE_ON_DEMAND_SYNC_BUT_MORE_MSG_REMAIN_ON_PRIMARY: Conversation.EndOfHistoryTransferType
    ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NEWJID_FIELD_NUMBER: _ClassVar[int]
    OLDJID_FIELD_NUMBER: _ClassVar[int]
    LASTMSGTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    UNREADCOUNT_FIELD_NUMBER: _ClassVar[int]
    READONLY_FIELD_NUMBER: _ClassVar[int]
    ENDOFHISTORYTRANSFER_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALEXPIRATION_FIELD_NUMBER: _ClassVar[int]
    EPHEMERALSETTINGTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    ENDOFHISTORYTRANSFERTYPE_FIELD_NUMBER: _ClassVar[int]
    CONVERSATIONTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PHASH_FIELD_NUMBER: _ClassVar[int]
    NOTSPAM_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    DISAPPEARINGMODE_FIELD_NUMBER: _ClassVar[int]
    UNREADMENTIONCOUNT_FIELD_NUMBER: _ClassVar[int]
    MARKEDASUNREAD_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    TCTOKEN_FIELD_NUMBER: _ClassVar[int]
    TCTOKENTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    CONTACTPRIMARYIDENTITYKEY_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    MUTEENDTIME_FIELD_NUMBER: _ClassVar[int]
    MEDIAVISIBILITY_FIELD_NUMBER: _ClassVar[int]
    TCTOKENSENDERTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    TERMINATED_FIELD_NUMBER: _ClassVar[int]
    CREATEDAT_FIELD_NUMBER: _ClassVar[int]
    CREATEDBY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_FIELD_NUMBER: _ClassVar[int]
    ISPARENTGROUP_FIELD_NUMBER: _ClassVar[int]
    PARENTGROUPID_FIELD_NUMBER: _ClassVar[int]
    ISDEFAULTSUBGROUP_FIELD_NUMBER: _ClassVar[int]
    DISPLAYNAME_FIELD_NUMBER: _ClassVar[int]
    PNJID_FIELD_NUMBER: _ClassVar[int]
    SHAREOWNPN_FIELD_NUMBER: _ClassVar[int]
    PNHDUPLICATELIDTHREAD_FIELD_NUMBER: _ClassVar[int]
    LIDJID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    LIDORIGINTYPE_FIELD_NUMBER: _ClassVar[int]
    COMMENTSCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    SYSTEMMESSAGETOINSERT_FIELD_NUMBER: _ClassVar[int]
    CAPICREATEDGROUP_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTLID_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARING_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARINGSETTINGTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARINGTRIGGER_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARINGINITIATEDBYME_FIELD_NUMBER: _ClassVar[int]
    MAIBAAITHREADENABLED_FIELD_NUMBER: _ClassVar[int]
    id: str
    messages: _containers.RepeatedCompositeFieldContainer[HistorySyncMsg]
    newJid: str
    oldJid: str
    lastMsgTimestamp: int
    unreadCount: int
    readOnly: bool
    endOfHistoryTransfer: bool
    ephemeralExpiration: int
    ephemeralSettingTimestamp: int
    endOfHistoryTransferType: Conversation.EndOfHistoryTransferType
    conversationTimestamp: int
    name: str
    pHash: str
    notSpam: bool
    archived: bool
    disappearingMode: DisappearingMode
    unreadMentionCount: int
    markedAsUnread: bool
    participant: _containers.RepeatedCompositeFieldContainer[GroupParticipant]
    tcToken: bytes
    tcTokenTimestamp: int
    contactPrimaryIdentityKey: bytes
    pinned: int
    muteEndTime: int
    mediaVisibility: MediaVisibility
    tcTokenSenderTimestamp: int
    suspended: bool
    terminated: bool
    createdAt: int
    createdBy: str
    description: str
    support: bool
    isParentGroup: bool
    parentGroupId: str
    isDefaultSubgroup: bool
    displayName: str
    pnJid: str
    shareOwnPn: bool
    pnhDuplicateLidThread: bool
    lidJid: str
    username: str
    lidOriginType: str
    commentsCount: int
    locked: bool
    systemMessageToInsert: PrivacySystemMessage
    capiCreatedGroup: bool
    accountLid: str
    limitSharing: bool
    limitSharingSettingTimestamp: int
    limitSharingTrigger: LimitSharing.TriggerType
    limitSharingInitiatedByMe: bool
    maibaAiThreadEnabled: bool
    def __init__(self, id: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[HistorySyncMsg, _Mapping]]] = ..., newJid: _Optional[str] = ..., oldJid: _Optional[str] = ..., lastMsgTimestamp: _Optional[int] = ..., unreadCount: _Optional[int] = ..., readOnly: _Optional[bool] = ..., endOfHistoryTransfer: _Optional[bool] = ..., ephemeralExpiration: _Optional[int] = ..., ephemeralSettingTimestamp: _Optional[int] = ..., endOfHistoryTransferType: _Optional[_Union[Conversation.EndOfHistoryTransferType, str]] = ..., conversationTimestamp: _Optional[int] = ..., name: _Optional[str] = ..., pHash: _Optional[str] = ..., notSpam: _Optional[bool] = ..., archived: _Optional[bool] = ..., disappearingMode: _Optional[_Union[DisappearingMode, _Mapping]] = ..., unreadMentionCount: _Optional[int] = ..., markedAsUnread: _Optional[bool] = ..., participant: _Optional[_Iterable[_Union[GroupParticipant, _Mapping]]] = ..., tcToken: _Optional[bytes] = ..., tcTokenTimestamp: _Optional[int] = ..., contactPrimaryIdentityKey: _Optional[bytes] = ..., pinned: _Optional[int] = ..., muteEndTime: _Optional[int] = ..., mediaVisibility: _Optional[_Union[MediaVisibility, str]] = ..., tcTokenSenderTimestamp: _Optional[int] = ..., suspended: _Optional[bool] = ..., terminated: _Optional[bool] = ..., createdAt: _Optional[int] = ..., createdBy: _Optional[str] = ..., description: _Optional[str] = ..., support: _Optional[bool] = ..., isParentGroup: _Optional[bool] = ..., parentGroupId: _Optional[str] = ..., isDefaultSubgroup: _Optional[bool] = ..., displayName: _Optional[str] = ..., pnJid: _Optional[str] = ..., shareOwnPn: _Optional[bool] = ..., pnhDuplicateLidThread: _Optional[bool] = ..., lidJid: _Optional[str] = ..., username: _Optional[str] = ..., lidOriginType: _Optional[str] = ..., commentsCount: _Optional[int] = ..., locked: _Optional[bool] = ..., systemMessageToInsert: _Optional[_Union[PrivacySystemMessage, str]] = ..., capiCreatedGroup: _Optional[bool] = ..., accountLid: _Optional[str] = ..., limitSharing: _Optional[bool] = ..., limitSharingSettingTimestamp: _Optional[int] = ..., limitSharingTrigger: _Optional[_Union[LimitSharing.TriggerType, str]] = ..., limitSharingInitiatedByMe: _Optional[bool] = ..., maibaAiThreadEnabled: _Optional[bool] = ...) -> None: ...

class Pushname(_message.Message):
    __slots__ = ("id", "pushname")
    ID_FIELD_NUMBER: _ClassVar[int]
    PUSHNAME_FIELD_NUMBER: _ClassVar[int]
    id: str
    pushname: str
    def __init__(self, id: _Optional[str] = ..., pushname: _Optional[str] = ...) -> None: ...

class SyncdPatch(_message.Message):
    __slots__ = ("version", "mutations", "externalMutations", "snapshotMac", "patchMac", "keyId", "exitCode", "deviceIndex", "clientDebugData")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MUTATIONS_FIELD_NUMBER: _ClassVar[int]
    EXTERNALMUTATIONS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOTMAC_FIELD_NUMBER: _ClassVar[int]
    PATCHMAC_FIELD_NUMBER: _ClassVar[int]
    KEYID_FIELD_NUMBER: _ClassVar[int]
    EXITCODE_FIELD_NUMBER: _ClassVar[int]
    DEVICEINDEX_FIELD_NUMBER: _ClassVar[int]
    CLIENTDEBUGDATA_FIELD_NUMBER: _ClassVar[int]
    version: SyncdVersion
    mutations: _containers.RepeatedCompositeFieldContainer[SyncdMutation]
    externalMutations: ExternalBlobReference
    snapshotMac: bytes
    patchMac: bytes
    keyId: KeyId
    exitCode: ExitCode
    deviceIndex: int
    clientDebugData: bytes
    def __init__(self, version: _Optional[_Union[SyncdVersion, _Mapping]] = ..., mutations: _Optional[_Iterable[_Union[SyncdMutation, _Mapping]]] = ..., externalMutations: _Optional[_Union[ExternalBlobReference, _Mapping]] = ..., snapshotMac: _Optional[bytes] = ..., patchMac: _Optional[bytes] = ..., keyId: _Optional[_Union[KeyId, _Mapping]] = ..., exitCode: _Optional[_Union[ExitCode, _Mapping]] = ..., deviceIndex: _Optional[int] = ..., clientDebugData: _Optional[bytes] = ...) -> None: ...

class SyncdSnapshot(_message.Message):
    __slots__ = ("version", "records", "mac", "keyId")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    MAC_FIELD_NUMBER: _ClassVar[int]
    KEYID_FIELD_NUMBER: _ClassVar[int]
    version: SyncdVersion
    records: _containers.RepeatedCompositeFieldContainer[SyncdRecord]
    mac: bytes
    keyId: KeyId
    def __init__(self, version: _Optional[_Union[SyncdVersion, _Mapping]] = ..., records: _Optional[_Iterable[_Union[SyncdRecord, _Mapping]]] = ..., mac: _Optional[bytes] = ..., keyId: _Optional[_Union[KeyId, _Mapping]] = ...) -> None: ...

class SyncdMutations(_message.Message):
    __slots__ = ("mutations",)
    MUTATIONS_FIELD_NUMBER: _ClassVar[int]
    mutations: _containers.RepeatedCompositeFieldContainer[SyncdMutation]
    def __init__(self, mutations: _Optional[_Iterable[_Union[SyncdMutation, _Mapping]]] = ...) -> None: ...

class SyncActionData(_message.Message):
    __slots__ = ("index", "value", "padding", "version")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    PADDING_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    index: bytes
    value: SyncActionValue
    padding: bytes
    version: int
    def __init__(self, index: _Optional[bytes] = ..., value: _Optional[_Union[SyncActionValue, _Mapping]] = ..., padding: _Optional[bytes] = ..., version: _Optional[int] = ...) -> None: ...

class SyncActionValue(_message.Message):
    __slots__ = ("timestamp", "starAction", "contactAction", "muteAction", "pinAction", "pushNameSetting", "quickReplyAction", "labelEditAction", "labelAssociationAction", "localeSetting", "archiveChatAction", "deleteMessageForMeAction", "keyExpiration", "markChatAsReadAction", "clearChatAction", "deleteChatAction", "unarchiveChatsSetting", "primaryFeature", "androidUnsupportedActions", "timeFormatAction", "nuxAction", "stickerAction", "removeRecentStickerAction", "pnForLidChatAction", "privacySettingRelayAllCalls", "callLogAction", "statusPrivacy", "deleteIndividualCallLog", "labelReorderingAction", "lockChatAction", "chatLockSettings", "privacySettingDisableLinkPreviewsAction", "notificationActivitySettingAction", "lidContactAction", "privacySettingChannelsPersonalisedRecommendationAction")
    class AndroidUnsupportedActions(_message.Message):
        __slots__ = ("allowed",)
        ALLOWED_FIELD_NUMBER: _ClassVar[int]
        allowed: bool
        def __init__(self, allowed: _Optional[bool] = ...) -> None: ...
    class ArchiveChatAction(_message.Message):
        __slots__ = ("archived", "messageRange")
        ARCHIVED_FIELD_NUMBER: _ClassVar[int]
        MESSAGERANGE_FIELD_NUMBER: _ClassVar[int]
        archived: bool
        messageRange: SyncActionValue.SyncActionMessageRange
        def __init__(self, archived: _Optional[bool] = ..., messageRange: _Optional[_Union[SyncActionValue.SyncActionMessageRange, _Mapping]] = ...) -> None: ...
    class CallLogAction(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class ClearChatAction(_message.Message):
        __slots__ = ("messageRange",)
        MESSAGERANGE_FIELD_NUMBER: _ClassVar[int]
        messageRange: SyncActionValue.SyncActionMessageRange
        def __init__(self, messageRange: _Optional[_Union[SyncActionValue.SyncActionMessageRange, _Mapping]] = ...) -> None: ...
    class ContactAction(_message.Message):
        __slots__ = ("fullName", "firstName", "lidJid", "saveOnPrimaryAddressbook", "pnJid", "username")
        FULLNAME_FIELD_NUMBER: _ClassVar[int]
        FIRSTNAME_FIELD_NUMBER: _ClassVar[int]
        LIDJID_FIELD_NUMBER: _ClassVar[int]
        SAVEONPRIMARYADDRESSBOOK_FIELD_NUMBER: _ClassVar[int]
        PNJID_FIELD_NUMBER: _ClassVar[int]
        USERNAME_FIELD_NUMBER: _ClassVar[int]
        fullName: str
        firstName: str
        lidJid: str
        saveOnPrimaryAddressbook: bool
        pnJid: str
        username: str
        def __init__(self, fullName: _Optional[str] = ..., firstName: _Optional[str] = ..., lidJid: _Optional[str] = ..., saveOnPrimaryAddressbook: _Optional[bool] = ..., pnJid: _Optional[str] = ..., username: _Optional[str] = ...) -> None: ...
    class DeleteChatAction(_message.Message):
        __slots__ = ("messageRange",)
        MESSAGERANGE_FIELD_NUMBER: _ClassVar[int]
        messageRange: SyncActionValue.SyncActionMessageRange
        def __init__(self, messageRange: _Optional[_Union[SyncActionValue.SyncActionMessageRange, _Mapping]] = ...) -> None: ...
    class DeleteIndividualCallLogAction(_message.Message):
        __slots__ = ("peerJid", "isIncoming")
        PEERJID_FIELD_NUMBER: _ClassVar[int]
        ISINCOMING_FIELD_NUMBER: _ClassVar[int]
        peerJid: str
        isIncoming: bool
        def __init__(self, peerJid: _Optional[str] = ..., isIncoming: _Optional[bool] = ...) -> None: ...
    class DeleteMessageForMeAction(_message.Message):
        __slots__ = ("deleteMedia", "messageTimestamp")
        DELETEMEDIA_FIELD_NUMBER: _ClassVar[int]
        MESSAGETIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        deleteMedia: bool
        messageTimestamp: int
        def __init__(self, deleteMedia: _Optional[bool] = ..., messageTimestamp: _Optional[int] = ...) -> None: ...
    class KeyExpiration(_message.Message):
        __slots__ = ("expiredKeyEpoch",)
        EXPIREDKEYEPOCH_FIELD_NUMBER: _ClassVar[int]
        expiredKeyEpoch: int
        def __init__(self, expiredKeyEpoch: _Optional[int] = ...) -> None: ...
    class LabelAssociationAction(_message.Message):
        __slots__ = ("labeled",)
        LABELED_FIELD_NUMBER: _ClassVar[int]
        labeled: bool
        def __init__(self, labeled: _Optional[bool] = ...) -> None: ...
    class LabelEditAction(_message.Message):
        __slots__ = ("name", "color", "predefinedId", "deleted", "orderIndex", "isActive", "type", "isImmutable", "muteEndTimeMs")
        class ListType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            NONE: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            UNREAD: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            GROUPS: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            FAVORITES: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            PREDEFINED: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            CUSTOM: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            COMMUNITY: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            SERVER_ASSIGNED: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            DRAFTED: _ClassVar[SyncActionValue.LabelEditAction.ListType]
            AI_HANDOFF: _ClassVar[SyncActionValue.LabelEditAction.ListType]
        NONE: SyncActionValue.LabelEditAction.ListType
        UNREAD: SyncActionValue.LabelEditAction.ListType
        GROUPS: SyncActionValue.LabelEditAction.ListType
        FAVORITES: SyncActionValue.LabelEditAction.ListType
        PREDEFINED: SyncActionValue.LabelEditAction.ListType
        CUSTOM: SyncActionValue.LabelEditAction.ListType
        COMMUNITY: SyncActionValue.LabelEditAction.ListType
        SERVER_ASSIGNED: SyncActionValue.LabelEditAction.ListType
        DRAFTED: SyncActionValue.LabelEditAction.ListType
        AI_HANDOFF: SyncActionValue.LabelEditAction.ListType
        NAME_FIELD_NUMBER: _ClassVar[int]
        COLOR_FIELD_NUMBER: _ClassVar[int]
        PREDEFINEDID_FIELD_NUMBER: _ClassVar[int]
        DELETED_FIELD_NUMBER: _ClassVar[int]
        ORDERINDEX_FIELD_NUMBER: _ClassVar[int]
        ISACTIVE_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        ISIMMUTABLE_FIELD_NUMBER: _ClassVar[int]
        MUTEENDTIMEMS_FIELD_NUMBER: _ClassVar[int]
        name: str
        color: int
        predefinedId: int
        deleted: bool
        orderIndex: int
        isActive: bool
        type: SyncActionValue.LabelEditAction.ListType
        isImmutable: bool
        muteEndTimeMs: int
        def __init__(self, name: _Optional[str] = ..., color: _Optional[int] = ..., predefinedId: _Optional[int] = ..., deleted: _Optional[bool] = ..., orderIndex: _Optional[int] = ..., isActive: _Optional[bool] = ..., type: _Optional[_Union[SyncActionValue.LabelEditAction.ListType, str]] = ..., isImmutable: _Optional[bool] = ..., muteEndTimeMs: _Optional[int] = ...) -> None: ...
    class LabelReorderingAction(_message.Message):
        __slots__ = ("sortedLabelIds",)
        SORTEDLABELIDS_FIELD_NUMBER: _ClassVar[int]
        sortedLabelIds: _containers.RepeatedScalarFieldContainer[int]
        def __init__(self, sortedLabelIds: _Optional[_Iterable[int]] = ...) -> None: ...
    class LidContactAction(_message.Message):
        __slots__ = ("fullName", "firstName", "username")
        FULLNAME_FIELD_NUMBER: _ClassVar[int]
        FIRSTNAME_FIELD_NUMBER: _ClassVar[int]
        USERNAME_FIELD_NUMBER: _ClassVar[int]
        fullName: str
        firstName: str
        username: str
        def __init__(self, fullName: _Optional[str] = ..., firstName: _Optional[str] = ..., username: _Optional[str] = ...) -> None: ...
    class LocaleSetting(_message.Message):
        __slots__ = ("locale",)
        LOCALE_FIELD_NUMBER: _ClassVar[int]
        locale: str
        def __init__(self, locale: _Optional[str] = ...) -> None: ...
    class LockChatAction(_message.Message):
        __slots__ = ("locked",)
        LOCKED_FIELD_NUMBER: _ClassVar[int]
        locked: bool
        def __init__(self, locked: _Optional[bool] = ...) -> None: ...
    class MarkChatAsReadAction(_message.Message):
        __slots__ = ("read", "messageRange")
        READ_FIELD_NUMBER: _ClassVar[int]
        MESSAGERANGE_FIELD_NUMBER: _ClassVar[int]
        read: bool
        messageRange: SyncActionValue.SyncActionMessageRange
        def __init__(self, read: _Optional[bool] = ..., messageRange: _Optional[_Union[SyncActionValue.SyncActionMessageRange, _Mapping]] = ...) -> None: ...
    class MuteAction(_message.Message):
        __slots__ = ("muted", "muteEndTimestamp", "autoMuted")
        MUTED_FIELD_NUMBER: _ClassVar[int]
        MUTEENDTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        AUTOMUTED_FIELD_NUMBER: _ClassVar[int]
        muted: bool
        muteEndTimestamp: int
        autoMuted: bool
        def __init__(self, muted: _Optional[bool] = ..., muteEndTimestamp: _Optional[int] = ..., autoMuted: _Optional[bool] = ...) -> None: ...
    class NotificationActivitySettingAction(_message.Message):
        __slots__ = ("notificationActivitySetting",)
        class NotificationActivitySetting(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            DEFAULT_ALL_MESSAGES: _ClassVar[SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting]
            ALL_MESSAGES: _ClassVar[SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting]
            HIGHLIGHTS: _ClassVar[SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting]
            DEFAULT_HIGHLIGHTS: _ClassVar[SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting]
        DEFAULT_ALL_MESSAGES: SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting
        ALL_MESSAGES: SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting
        HIGHLIGHTS: SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting
        DEFAULT_HIGHLIGHTS: SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting
        NOTIFICATIONACTIVITYSETTING_FIELD_NUMBER: _ClassVar[int]
        notificationActivitySetting: SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting
        def __init__(self, notificationActivitySetting: _Optional[_Union[SyncActionValue.NotificationActivitySettingAction.NotificationActivitySetting, str]] = ...) -> None: ...
    class NuxAction(_message.Message):
        __slots__ = ("acknowledged",)
        ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
        acknowledged: bool
        def __init__(self, acknowledged: _Optional[bool] = ...) -> None: ...
    class PinAction(_message.Message):
        __slots__ = ("pinned",)
        PINNED_FIELD_NUMBER: _ClassVar[int]
        pinned: bool
        def __init__(self, pinned: _Optional[bool] = ...) -> None: ...
    class PnForLidChatAction(_message.Message):
        __slots__ = ("pnJid",)
        PNJID_FIELD_NUMBER: _ClassVar[int]
        pnJid: str
        def __init__(self, pnJid: _Optional[str] = ...) -> None: ...
    class PrimaryFeature(_message.Message):
        __slots__ = ("flags",)
        FLAGS_FIELD_NUMBER: _ClassVar[int]
        flags: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, flags: _Optional[_Iterable[str]] = ...) -> None: ...
    class PrivacySettingChannelsPersonalisedRecommendationAction(_message.Message):
        __slots__ = ("isUserOptedOut",)
        ISUSEROPTEDOUT_FIELD_NUMBER: _ClassVar[int]
        isUserOptedOut: bool
        def __init__(self, isUserOptedOut: _Optional[bool] = ...) -> None: ...
    class PrivacySettingDisableLinkPreviewsAction(_message.Message):
        __slots__ = ("isPreviewsDisabled",)
        ISPREVIEWSDISABLED_FIELD_NUMBER: _ClassVar[int]
        isPreviewsDisabled: bool
        def __init__(self, isPreviewsDisabled: _Optional[bool] = ...) -> None: ...
    class PrivacySettingRelayAllCalls(_message.Message):
        __slots__ = ("isEnabled",)
        ISENABLED_FIELD_NUMBER: _ClassVar[int]
        isEnabled: bool
        def __init__(self, isEnabled: _Optional[bool] = ...) -> None: ...
    class PushNameSetting(_message.Message):
        __slots__ = ("name",)
        NAME_FIELD_NUMBER: _ClassVar[int]
        name: str
        def __init__(self, name: _Optional[str] = ...) -> None: ...
    class QuickReplyAction(_message.Message):
        __slots__ = ("shortcut", "message", "keywords", "count", "deleted")
        SHORTCUT_FIELD_NUMBER: _ClassVar[int]
        MESSAGE_FIELD_NUMBER: _ClassVar[int]
        KEYWORDS_FIELD_NUMBER: _ClassVar[int]
        COUNT_FIELD_NUMBER: _ClassVar[int]
        DELETED_FIELD_NUMBER: _ClassVar[int]
        shortcut: str
        message: str
        keywords: _containers.RepeatedScalarFieldContainer[str]
        count: int
        deleted: bool
        def __init__(self, shortcut: _Optional[str] = ..., message: _Optional[str] = ..., keywords: _Optional[_Iterable[str]] = ..., count: _Optional[int] = ..., deleted: _Optional[bool] = ...) -> None: ...
    class RemoveRecentStickerAction(_message.Message):
        __slots__ = ("lastStickerSentTs",)
        LASTSTICKERSENTTS_FIELD_NUMBER: _ClassVar[int]
        lastStickerSentTs: int
        def __init__(self, lastStickerSentTs: _Optional[int] = ...) -> None: ...
    class StarAction(_message.Message):
        __slots__ = ("starred",)
        STARRED_FIELD_NUMBER: _ClassVar[int]
        starred: bool
        def __init__(self, starred: _Optional[bool] = ...) -> None: ...
    class StatusPrivacyAction(_message.Message):
        __slots__ = ("mode", "userJid")
        class StatusDistributionMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            ALLOW_LIST: _ClassVar[SyncActionValue.StatusPrivacyAction.StatusDistributionMode]
            DENY_LIST: _ClassVar[SyncActionValue.StatusPrivacyAction.StatusDistributionMode]
            CONTACTS: _ClassVar[SyncActionValue.StatusPrivacyAction.StatusDistributionMode]
            CLOSE_FRIENDS: _ClassVar[SyncActionValue.StatusPrivacyAction.StatusDistributionMode]
        ALLOW_LIST: SyncActionValue.StatusPrivacyAction.StatusDistributionMode
        DENY_LIST: SyncActionValue.StatusPrivacyAction.StatusDistributionMode
        CONTACTS: SyncActionValue.StatusPrivacyAction.StatusDistributionMode
        CLOSE_FRIENDS: SyncActionValue.StatusPrivacyAction.StatusDistributionMode
        MODE_FIELD_NUMBER: _ClassVar[int]
        USERJID_FIELD_NUMBER: _ClassVar[int]
        mode: SyncActionValue.StatusPrivacyAction.StatusDistributionMode
        userJid: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, mode: _Optional[_Union[SyncActionValue.StatusPrivacyAction.StatusDistributionMode, str]] = ..., userJid: _Optional[_Iterable[str]] = ...) -> None: ...
    class StickerAction(_message.Message):
        __slots__ = ("url", "fileEncSha256", "mediaKey", "mimetype", "height", "width", "directPath", "fileLength", "isFavorite", "deviceIdHint", "isLottie", "imageHash", "isAvatarSticker")
        URL_FIELD_NUMBER: _ClassVar[int]
        FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
        MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
        MIMETYPE_FIELD_NUMBER: _ClassVar[int]
        HEIGHT_FIELD_NUMBER: _ClassVar[int]
        WIDTH_FIELD_NUMBER: _ClassVar[int]
        DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
        FILELENGTH_FIELD_NUMBER: _ClassVar[int]
        ISFAVORITE_FIELD_NUMBER: _ClassVar[int]
        DEVICEIDHINT_FIELD_NUMBER: _ClassVar[int]
        ISLOTTIE_FIELD_NUMBER: _ClassVar[int]
        IMAGEHASH_FIELD_NUMBER: _ClassVar[int]
        ISAVATARSTICKER_FIELD_NUMBER: _ClassVar[int]
        url: str
        fileEncSha256: bytes
        mediaKey: bytes
        mimetype: str
        height: int
        width: int
        directPath: str
        fileLength: int
        isFavorite: bool
        deviceIdHint: int
        isLottie: bool
        imageHash: str
        isAvatarSticker: bool
        def __init__(self, url: _Optional[str] = ..., fileEncSha256: _Optional[bytes] = ..., mediaKey: _Optional[bytes] = ..., mimetype: _Optional[str] = ..., height: _Optional[int] = ..., width: _Optional[int] = ..., directPath: _Optional[str] = ..., fileLength: _Optional[int] = ..., isFavorite: _Optional[bool] = ..., deviceIdHint: _Optional[int] = ..., isLottie: _Optional[bool] = ..., imageHash: _Optional[str] = ..., isAvatarSticker: _Optional[bool] = ...) -> None: ...
    class SyncActionMessage(_message.Message):
        __slots__ = ("key", "timestamp")
        KEY_FIELD_NUMBER: _ClassVar[int]
        TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        key: MessageKey
        timestamp: int
        def __init__(self, key: _Optional[_Union[MessageKey, _Mapping]] = ..., timestamp: _Optional[int] = ...) -> None: ...
    class SyncActionMessageRange(_message.Message):
        __slots__ = ("lastMessageTimestamp", "lastSystemMessageTimestamp", "messages")
        LASTMESSAGETIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        LASTSYSTEMMESSAGETIMESTAMP_FIELD_NUMBER: _ClassVar[int]
        MESSAGES_FIELD_NUMBER: _ClassVar[int]
        lastMessageTimestamp: int
        lastSystemMessageTimestamp: int
        messages: _containers.RepeatedCompositeFieldContainer[SyncActionValue.SyncActionMessage]
        def __init__(self, lastMessageTimestamp: _Optional[int] = ..., lastSystemMessageTimestamp: _Optional[int] = ..., messages: _Optional[_Iterable[_Union[SyncActionValue.SyncActionMessage, _Mapping]]] = ...) -> None: ...
    class TimeFormatAction(_message.Message):
        __slots__ = ("isTwentyFourHourFormatEnabled",)
        ISTWENTYFOURHOURFORMATENABLED_FIELD_NUMBER: _ClassVar[int]
        isTwentyFourHourFormatEnabled: bool
        def __init__(self, isTwentyFourHourFormatEnabled: _Optional[bool] = ...) -> None: ...
    class UnarchiveChatsSetting(_message.Message):
        __slots__ = ("unarchiveChats",)
        UNARCHIVECHATS_FIELD_NUMBER: _ClassVar[int]
        unarchiveChats: bool
        def __init__(self, unarchiveChats: _Optional[bool] = ...) -> None: ...
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    STARACTION_FIELD_NUMBER: _ClassVar[int]
    CONTACTACTION_FIELD_NUMBER: _ClassVar[int]
    MUTEACTION_FIELD_NUMBER: _ClassVar[int]
    PINACTION_FIELD_NUMBER: _ClassVar[int]
    PUSHNAMESETTING_FIELD_NUMBER: _ClassVar[int]
    QUICKREPLYACTION_FIELD_NUMBER: _ClassVar[int]
    LABELEDITACTION_FIELD_NUMBER: _ClassVar[int]
    LABELASSOCIATIONACTION_FIELD_NUMBER: _ClassVar[int]
    LOCALESETTING_FIELD_NUMBER: _ClassVar[int]
    ARCHIVECHATACTION_FIELD_NUMBER: _ClassVar[int]
    DELETEMESSAGEFORMEACTION_FIELD_NUMBER: _ClassVar[int]
    KEYEXPIRATION_FIELD_NUMBER: _ClassVar[int]
    MARKCHATASREADACTION_FIELD_NUMBER: _ClassVar[int]
    CLEARCHATACTION_FIELD_NUMBER: _ClassVar[int]
    DELETECHATACTION_FIELD_NUMBER: _ClassVar[int]
    UNARCHIVECHATSSETTING_FIELD_NUMBER: _ClassVar[int]
    PRIMARYFEATURE_FIELD_NUMBER: _ClassVar[int]
    ANDROIDUNSUPPORTEDACTIONS_FIELD_NUMBER: _ClassVar[int]
    TIMEFORMATACTION_FIELD_NUMBER: _ClassVar[int]
    NUXACTION_FIELD_NUMBER: _ClassVar[int]
    STICKERACTION_FIELD_NUMBER: _ClassVar[int]
    REMOVERECENTSTICKERACTION_FIELD_NUMBER: _ClassVar[int]
    PNFORLIDCHATACTION_FIELD_NUMBER: _ClassVar[int]
    PRIVACYSETTINGRELAYALLCALLS_FIELD_NUMBER: _ClassVar[int]
    CALLLOGACTION_FIELD_NUMBER: _ClassVar[int]
    STATUSPRIVACY_FIELD_NUMBER: _ClassVar[int]
    DELETEINDIVIDUALCALLLOG_FIELD_NUMBER: _ClassVar[int]
    LABELREORDERINGACTION_FIELD_NUMBER: _ClassVar[int]
    LOCKCHATACTION_FIELD_NUMBER: _ClassVar[int]
    CHATLOCKSETTINGS_FIELD_NUMBER: _ClassVar[int]
    PRIVACYSETTINGDISABLELINKPREVIEWSACTION_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATIONACTIVITYSETTINGACTION_FIELD_NUMBER: _ClassVar[int]
    LIDCONTACTACTION_FIELD_NUMBER: _ClassVar[int]
    PRIVACYSETTINGCHANNELSPERSONALISEDRECOMMENDATIONACTION_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    starAction: SyncActionValue.StarAction
    contactAction: SyncActionValue.ContactAction
    muteAction: SyncActionValue.MuteAction
    pinAction: SyncActionValue.PinAction
    pushNameSetting: SyncActionValue.PushNameSetting
    quickReplyAction: SyncActionValue.QuickReplyAction
    labelEditAction: SyncActionValue.LabelEditAction
    labelAssociationAction: SyncActionValue.LabelAssociationAction
    localeSetting: SyncActionValue.LocaleSetting
    archiveChatAction: SyncActionValue.ArchiveChatAction
    deleteMessageForMeAction: SyncActionValue.DeleteMessageForMeAction
    keyExpiration: SyncActionValue.KeyExpiration
    markChatAsReadAction: SyncActionValue.MarkChatAsReadAction
    clearChatAction: SyncActionValue.ClearChatAction
    deleteChatAction: SyncActionValue.DeleteChatAction
    unarchiveChatsSetting: SyncActionValue.UnarchiveChatsSetting
    primaryFeature: SyncActionValue.PrimaryFeature
    androidUnsupportedActions: SyncActionValue.AndroidUnsupportedActions
    timeFormatAction: SyncActionValue.TimeFormatAction
    nuxAction: SyncActionValue.NuxAction
    stickerAction: SyncActionValue.StickerAction
    removeRecentStickerAction: SyncActionValue.RemoveRecentStickerAction
    pnForLidChatAction: SyncActionValue.PnForLidChatAction
    privacySettingRelayAllCalls: SyncActionValue.PrivacySettingRelayAllCalls
    callLogAction: SyncActionValue.CallLogAction
    statusPrivacy: SyncActionValue.StatusPrivacyAction
    deleteIndividualCallLog: SyncActionValue.DeleteIndividualCallLogAction
    labelReorderingAction: SyncActionValue.LabelReorderingAction
    lockChatAction: SyncActionValue.LockChatAction
    chatLockSettings: ChatLockSettings
    privacySettingDisableLinkPreviewsAction: SyncActionValue.PrivacySettingDisableLinkPreviewsAction
    notificationActivitySettingAction: SyncActionValue.NotificationActivitySettingAction
    lidContactAction: SyncActionValue.LidContactAction
    privacySettingChannelsPersonalisedRecommendationAction: SyncActionValue.PrivacySettingChannelsPersonalisedRecommendationAction
    def __init__(self, timestamp: _Optional[int] = ..., starAction: _Optional[_Union[SyncActionValue.StarAction, _Mapping]] = ..., contactAction: _Optional[_Union[SyncActionValue.ContactAction, _Mapping]] = ..., muteAction: _Optional[_Union[SyncActionValue.MuteAction, _Mapping]] = ..., pinAction: _Optional[_Union[SyncActionValue.PinAction, _Mapping]] = ..., pushNameSetting: _Optional[_Union[SyncActionValue.PushNameSetting, _Mapping]] = ..., quickReplyAction: _Optional[_Union[SyncActionValue.QuickReplyAction, _Mapping]] = ..., labelEditAction: _Optional[_Union[SyncActionValue.LabelEditAction, _Mapping]] = ..., labelAssociationAction: _Optional[_Union[SyncActionValue.LabelAssociationAction, _Mapping]] = ..., localeSetting: _Optional[_Union[SyncActionValue.LocaleSetting, _Mapping]] = ..., archiveChatAction: _Optional[_Union[SyncActionValue.ArchiveChatAction, _Mapping]] = ..., deleteMessageForMeAction: _Optional[_Union[SyncActionValue.DeleteMessageForMeAction, _Mapping]] = ..., keyExpiration: _Optional[_Union[SyncActionValue.KeyExpiration, _Mapping]] = ..., markChatAsReadAction: _Optional[_Union[SyncActionValue.MarkChatAsReadAction, _Mapping]] = ..., clearChatAction: _Optional[_Union[SyncActionValue.ClearChatAction, _Mapping]] = ..., deleteChatAction: _Optional[_Union[SyncActionValue.DeleteChatAction, _Mapping]] = ..., unarchiveChatsSetting: _Optional[_Union[SyncActionValue.UnarchiveChatsSetting, _Mapping]] = ..., primaryFeature: _Optional[_Union[SyncActionValue.PrimaryFeature, _Mapping]] = ..., androidUnsupportedActions: _Optional[_Union[SyncActionValue.AndroidUnsupportedActions, _Mapping]] = ..., timeFormatAction: _Optional[_Union[SyncActionValue.TimeFormatAction, _Mapping]] = ..., nuxAction: _Optional[_Union[SyncActionValue.NuxAction, _Mapping]] = ..., stickerAction: _Optional[_Union[SyncActionValue.StickerAction, _Mapping]] = ..., removeRecentStickerAction: _Optional[_Union[SyncActionValue.RemoveRecentStickerAction, _Mapping]] = ..., pnForLidChatAction: _Optional[_Union[SyncActionValue.PnForLidChatAction, _Mapping]] = ..., privacySettingRelayAllCalls: _Optional[_Union[SyncActionValue.PrivacySettingRelayAllCalls, _Mapping]] = ..., callLogAction: _Optional[_Union[SyncActionValue.CallLogAction, _Mapping]] = ..., statusPrivacy: _Optional[_Union[SyncActionValue.StatusPrivacyAction, _Mapping]] = ..., deleteIndividualCallLog: _Optional[_Union[SyncActionValue.DeleteIndividualCallLogAction, _Mapping]] = ..., labelReorderingAction: _Optional[_Union[SyncActionValue.LabelReorderingAction, _Mapping]] = ..., lockChatAction: _Optional[_Union[SyncActionValue.LockChatAction, _Mapping]] = ..., chatLockSettings: _Optional[_Union[ChatLockSettings, _Mapping]] = ..., privacySettingDisableLinkPreviewsAction: _Optional[_Union[SyncActionValue.PrivacySettingDisableLinkPreviewsAction, _Mapping]] = ..., notificationActivitySettingAction: _Optional[_Union[SyncActionValue.NotificationActivitySettingAction, _Mapping]] = ..., lidContactAction: _Optional[_Union[SyncActionValue.LidContactAction, _Mapping]] = ..., privacySettingChannelsPersonalisedRecommendationAction: _Optional[_Union[SyncActionValue.PrivacySettingChannelsPersonalisedRecommendationAction, _Mapping]] = ...) -> None: ...

class ExternalBlobReference(_message.Message):
    __slots__ = ("mediaKey", "directPath", "handle", "fileSizeBytes", "fileSha256", "fileEncSha256")
    MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
    DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    FILESIZEBYTES_FIELD_NUMBER: _ClassVar[int]
    FILESHA256_FIELD_NUMBER: _ClassVar[int]
    FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
    mediaKey: bytes
    directPath: str
    handle: str
    fileSizeBytes: int
    fileSha256: bytes
    fileEncSha256: bytes
    def __init__(self, mediaKey: _Optional[bytes] = ..., directPath: _Optional[str] = ..., handle: _Optional[str] = ..., fileSizeBytes: _Optional[int] = ..., fileSha256: _Optional[bytes] = ..., fileEncSha256: _Optional[bytes] = ...) -> None: ...

class ServerErrorReceipt(_message.Message):
    __slots__ = ("stanzaId",)
    STANZAID_FIELD_NUMBER: _ClassVar[int]
    stanzaId: str
    def __init__(self, stanzaId: _Optional[str] = ...) -> None: ...

class MediaRetryNotification(_message.Message):
    __slots__ = ("stanzaId", "directPath", "result", "messageSecret")
    class ResultType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        GENERAL_ERROR: _ClassVar[MediaRetryNotification.ResultType]
        SUCCESS: _ClassVar[MediaRetryNotification.ResultType]
        NOT_FOUND: _ClassVar[MediaRetryNotification.ResultType]
        DECRYPTION_ERROR: _ClassVar[MediaRetryNotification.ResultType]
    GENERAL_ERROR: MediaRetryNotification.ResultType
    SUCCESS: MediaRetryNotification.ResultType
    NOT_FOUND: MediaRetryNotification.ResultType
    DECRYPTION_ERROR: MediaRetryNotification.ResultType
    STANZAID_FIELD_NUMBER: _ClassVar[int]
    DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    MESSAGESECRET_FIELD_NUMBER: _ClassVar[int]
    stanzaId: str
    directPath: str
    result: MediaRetryNotification.ResultType
    messageSecret: bytes
    def __init__(self, stanzaId: _Optional[str] = ..., directPath: _Optional[str] = ..., result: _Optional[_Union[MediaRetryNotification.ResultType, str]] = ..., messageSecret: _Optional[bytes] = ...) -> None: ...

class VerifiedNameCertificate(_message.Message):
    __slots__ = ("details", "signature", "serverSignature")
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SERVERSIGNATURE_FIELD_NUMBER: _ClassVar[int]
    details: bytes
    signature: bytes
    serverSignature: bytes
    def __init__(self, details: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., serverSignature: _Optional[bytes] = ...) -> None: ...

class LIDMigrationMappingSyncPayload(_message.Message):
    __slots__ = ("pnToLidMappings", "chatDbMigrationTimestamp")
    PNTOLIDMAPPINGS_FIELD_NUMBER: _ClassVar[int]
    CHATDBMIGRATIONTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    pnToLidMappings: _containers.RepeatedCompositeFieldContainer[LIDMigrationMapping]
    chatDbMigrationTimestamp: int
    def __init__(self, pnToLidMappings: _Optional[_Iterable[_Union[LIDMigrationMapping, _Mapping]]] = ..., chatDbMigrationTimestamp: _Optional[int] = ...) -> None: ...

class MessageSecretMessage(_message.Message):
    __slots__ = ("version", "encIv", "encPayload")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ENCIV_FIELD_NUMBER: _ClassVar[int]
    ENCPAYLOAD_FIELD_NUMBER: _ClassVar[int]
    version: int
    encIv: bytes
    encPayload: bytes
    def __init__(self, version: _Optional[int] = ..., encIv: _Optional[bytes] = ..., encPayload: _Optional[bytes] = ...) -> None: ...

class ReportingTokenInfo(_message.Message):
    __slots__ = ("reportingTag",)
    REPORTINGTAG_FIELD_NUMBER: _ClassVar[int]
    reportingTag: bytes
    def __init__(self, reportingTag: _Optional[bytes] = ...) -> None: ...

class ActionLink(_message.Message):
    __slots__ = ("url", "buttonTitle")
    URL_FIELD_NUMBER: _ClassVar[int]
    BUTTONTITLE_FIELD_NUMBER: _ClassVar[int]
    url: str
    buttonTitle: str
    def __init__(self, url: _Optional[str] = ..., buttonTitle: _Optional[str] = ...) -> None: ...

class ChatLockSettings(_message.Message):
    __slots__ = ("hideLockedChats", "secretCode")
    HIDELOCKEDCHATS_FIELD_NUMBER: _ClassVar[int]
    SECRETCODE_FIELD_NUMBER: _ClassVar[int]
    hideLockedChats: bool
    secretCode: UserPassword
    def __init__(self, hideLockedChats: _Optional[bool] = ..., secretCode: _Optional[_Union[UserPassword, _Mapping]] = ...) -> None: ...

class CommentMetadata(_message.Message):
    __slots__ = ("commentParentKey", "replyCount")
    COMMENTPARENTKEY_FIELD_NUMBER: _ClassVar[int]
    REPLYCOUNT_FIELD_NUMBER: _ClassVar[int]
    commentParentKey: MessageKey
    replyCount: int
    def __init__(self, commentParentKey: _Optional[_Union[MessageKey, _Mapping]] = ..., replyCount: _Optional[int] = ...) -> None: ...

class DeviceListMetadata(_message.Message):
    __slots__ = ("senderKeyHash", "senderTimestamp", "senderKeyIndexes", "senderAccountType", "receiverAccountType", "recipientKeyHash", "recipientTimestamp", "recipientKeyIndexes")
    SENDERKEYHASH_FIELD_NUMBER: _ClassVar[int]
    SENDERTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SENDERKEYINDEXES_FIELD_NUMBER: _ClassVar[int]
    SENDERACCOUNTTYPE_FIELD_NUMBER: _ClassVar[int]
    RECEIVERACCOUNTTYPE_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTKEYHASH_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTKEYINDEXES_FIELD_NUMBER: _ClassVar[int]
    senderKeyHash: bytes
    senderTimestamp: int
    senderKeyIndexes: _containers.RepeatedScalarFieldContainer[int]
    senderAccountType: ADVEncryptionType
    receiverAccountType: ADVEncryptionType
    recipientKeyHash: bytes
    recipientTimestamp: int
    recipientKeyIndexes: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, senderKeyHash: _Optional[bytes] = ..., senderTimestamp: _Optional[int] = ..., senderKeyIndexes: _Optional[_Iterable[int]] = ..., senderAccountType: _Optional[_Union[ADVEncryptionType, str]] = ..., receiverAccountType: _Optional[_Union[ADVEncryptionType, str]] = ..., recipientKeyHash: _Optional[bytes] = ..., recipientTimestamp: _Optional[int] = ..., recipientKeyIndexes: _Optional[_Iterable[int]] = ...) -> None: ...

class DisappearingMode(_message.Message):
    __slots__ = ("initiator", "trigger", "initiatorDeviceJid", "initiatedByMe")
    class Initiator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CHANGED_IN_CHAT: _ClassVar[DisappearingMode.Initiator]
        INITIATED_BY_ME: _ClassVar[DisappearingMode.Initiator]
        INITIATED_BY_OTHER: _ClassVar[DisappearingMode.Initiator]
        BIZ_UPGRADE_FB_HOSTING: _ClassVar[DisappearingMode.Initiator]
    CHANGED_IN_CHAT: DisappearingMode.Initiator
    INITIATED_BY_ME: DisappearingMode.Initiator
    INITIATED_BY_OTHER: DisappearingMode.Initiator
    BIZ_UPGRADE_FB_HOSTING: DisappearingMode.Initiator
    class Trigger(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[DisappearingMode.Trigger]
        CHAT_SETTING: _ClassVar[DisappearingMode.Trigger]
        ACCOUNT_SETTING: _ClassVar[DisappearingMode.Trigger]
        BULK_CHANGE: _ClassVar[DisappearingMode.Trigger]
        BIZ_SUPPORTS_FB_HOSTING: _ClassVar[DisappearingMode.Trigger]
        UNKNOWN_GROUPS: _ClassVar[DisappearingMode.Trigger]
    UNKNOWN: DisappearingMode.Trigger
    CHAT_SETTING: DisappearingMode.Trigger
    ACCOUNT_SETTING: DisappearingMode.Trigger
    BULK_CHANGE: DisappearingMode.Trigger
    BIZ_SUPPORTS_FB_HOSTING: DisappearingMode.Trigger
    UNKNOWN_GROUPS: DisappearingMode.Trigger
    INITIATOR_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    INITIATORDEVICEJID_FIELD_NUMBER: _ClassVar[int]
    INITIATEDBYME_FIELD_NUMBER: _ClassVar[int]
    initiator: DisappearingMode.Initiator
    trigger: DisappearingMode.Trigger
    initiatorDeviceJid: str
    initiatedByMe: bool
    def __init__(self, initiator: _Optional[_Union[DisappearingMode.Initiator, str]] = ..., trigger: _Optional[_Union[DisappearingMode.Trigger, str]] = ..., initiatorDeviceJid: _Optional[str] = ..., initiatedByMe: _Optional[bool] = ...) -> None: ...

class EventResponse(_message.Message):
    __slots__ = ("eventResponseMessageKey", "timestampMs", "eventResponseMessage", "unread")
    EVENTRESPONSEMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    EVENTRESPONSEMESSAGE_FIELD_NUMBER: _ClassVar[int]
    UNREAD_FIELD_NUMBER: _ClassVar[int]
    eventResponseMessageKey: MessageKey
    timestampMs: int
    eventResponseMessage: Message.EventResponseMessage
    unread: bool
    def __init__(self, eventResponseMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., timestampMs: _Optional[int] = ..., eventResponseMessage: _Optional[_Union[Message.EventResponseMessage, _Mapping]] = ..., unread: _Optional[bool] = ...) -> None: ...

class ExitCode(_message.Message):
    __slots__ = ("code", "text")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    code: int
    text: str
    def __init__(self, code: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class GroupMention(_message.Message):
    __slots__ = ("groupJid", "groupSubject")
    GROUPJID_FIELD_NUMBER: _ClassVar[int]
    GROUPSUBJECT_FIELD_NUMBER: _ClassVar[int]
    groupJid: str
    groupSubject: str
    def __init__(self, groupJid: _Optional[str] = ..., groupSubject: _Optional[str] = ...) -> None: ...

class GroupParticipant(_message.Message):
    __slots__ = ("userJid", "rank")
    class Rank(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REGULAR: _ClassVar[GroupParticipant.Rank]
        ADMIN: _ClassVar[GroupParticipant.Rank]
        SUPERADMIN: _ClassVar[GroupParticipant.Rank]
    REGULAR: GroupParticipant.Rank
    ADMIN: GroupParticipant.Rank
    SUPERADMIN: GroupParticipant.Rank
    USERJID_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    userJid: str
    rank: GroupParticipant.Rank
    def __init__(self, userJid: _Optional[str] = ..., rank: _Optional[_Union[GroupParticipant.Rank, str]] = ...) -> None: ...

class HistorySyncMsg(_message.Message):
    __slots__ = ("message", "msgOrderId")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    MSGORDERID_FIELD_NUMBER: _ClassVar[int]
    message: WebMessageInfo
    msgOrderId: int
    def __init__(self, message: _Optional[_Union[WebMessageInfo, _Mapping]] = ..., msgOrderId: _Optional[int] = ...) -> None: ...

class HydratedTemplateButton(_message.Message):
    __slots__ = ("index", "quickReplyButton", "urlButton", "callButton")
    class HydratedCallButton(_message.Message):
        __slots__ = ("displayText", "phoneNumber")
        DISPLAYTEXT_FIELD_NUMBER: _ClassVar[int]
        PHONENUMBER_FIELD_NUMBER: _ClassVar[int]
        displayText: str
        phoneNumber: str
        def __init__(self, displayText: _Optional[str] = ..., phoneNumber: _Optional[str] = ...) -> None: ...
    class HydratedQuickReplyButton(_message.Message):
        __slots__ = ("displayText", "id")
        DISPLAYTEXT_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        displayText: str
        id: str
        def __init__(self, displayText: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...
    class HydratedURLButton(_message.Message):
        __slots__ = ("displayText", "url", "consentedUsersUrl", "webviewPresentation")
        class WebviewPresentationType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            FULL: _ClassVar[HydratedTemplateButton.HydratedURLButton.WebviewPresentationType]
            TALL: _ClassVar[HydratedTemplateButton.HydratedURLButton.WebviewPresentationType]
            COMPACT: _ClassVar[HydratedTemplateButton.HydratedURLButton.WebviewPresentationType]
        FULL: HydratedTemplateButton.HydratedURLButton.WebviewPresentationType
        TALL: HydratedTemplateButton.HydratedURLButton.WebviewPresentationType
        COMPACT: HydratedTemplateButton.HydratedURLButton.WebviewPresentationType
        DISPLAYTEXT_FIELD_NUMBER: _ClassVar[int]
        URL_FIELD_NUMBER: _ClassVar[int]
        CONSENTEDUSERSURL_FIELD_NUMBER: _ClassVar[int]
        WEBVIEWPRESENTATION_FIELD_NUMBER: _ClassVar[int]
        displayText: str
        url: str
        consentedUsersUrl: str
        webviewPresentation: HydratedTemplateButton.HydratedURLButton.WebviewPresentationType
        def __init__(self, displayText: _Optional[str] = ..., url: _Optional[str] = ..., consentedUsersUrl: _Optional[str] = ..., webviewPresentation: _Optional[_Union[HydratedTemplateButton.HydratedURLButton.WebviewPresentationType, str]] = ...) -> None: ...
    INDEX_FIELD_NUMBER: _ClassVar[int]
    QUICKREPLYBUTTON_FIELD_NUMBER: _ClassVar[int]
    URLBUTTON_FIELD_NUMBER: _ClassVar[int]
    CALLBUTTON_FIELD_NUMBER: _ClassVar[int]
    index: int
    quickReplyButton: HydratedTemplateButton.HydratedQuickReplyButton
    urlButton: HydratedTemplateButton.HydratedURLButton
    callButton: HydratedTemplateButton.HydratedCallButton
    def __init__(self, index: _Optional[int] = ..., quickReplyButton: _Optional[_Union[HydratedTemplateButton.HydratedQuickReplyButton, _Mapping]] = ..., urlButton: _Optional[_Union[HydratedTemplateButton.HydratedURLButton, _Mapping]] = ..., callButton: _Optional[_Union[HydratedTemplateButton.HydratedCallButton, _Mapping]] = ...) -> None: ...

class KeepInChat(_message.Message):
    __slots__ = ("keepType", "serverTimestamp", "key", "deviceJid", "clientTimestampMs", "serverTimestampMs")
    KEEPTYPE_FIELD_NUMBER: _ClassVar[int]
    SERVERTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DEVICEJID_FIELD_NUMBER: _ClassVar[int]
    CLIENTTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    SERVERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    keepType: KeepType
    serverTimestamp: int
    key: MessageKey
    deviceJid: str
    clientTimestampMs: int
    serverTimestampMs: int
    def __init__(self, keepType: _Optional[_Union[KeepType, str]] = ..., serverTimestamp: _Optional[int] = ..., key: _Optional[_Union[MessageKey, _Mapping]] = ..., deviceJid: _Optional[str] = ..., clientTimestampMs: _Optional[int] = ..., serverTimestampMs: _Optional[int] = ...) -> None: ...

class KeyId(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    def __init__(self, id: _Optional[bytes] = ...) -> None: ...

class LIDMigrationMapping(_message.Message):
    __slots__ = ("pn", "assignedLid", "latestLid")
    PN_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEDLID_FIELD_NUMBER: _ClassVar[int]
    LATESTLID_FIELD_NUMBER: _ClassVar[int]
    pn: int
    assignedLid: int
    latestLid: int
    def __init__(self, pn: _Optional[int] = ..., assignedLid: _Optional[int] = ..., latestLid: _Optional[int] = ...) -> None: ...

class LIDMigrationMappingSyncMessage(_message.Message):
    __slots__ = ("encodedMappingPayload",)
    ENCODEDMAPPINGPAYLOAD_FIELD_NUMBER: _ClassVar[int]
    encodedMappingPayload: bytes
    def __init__(self, encodedMappingPayload: _Optional[bytes] = ...) -> None: ...

class LimitSharing(_message.Message):
    __slots__ = ("sharingLimited", "trigger", "limitSharingSettingTimestamp", "initiatedByMe")
    class TriggerType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[LimitSharing.TriggerType]
        CHAT_SETTING: _ClassVar[LimitSharing.TriggerType]
        BIZ_SUPPORTS_FB_HOSTING: _ClassVar[LimitSharing.TriggerType]
        UNKNOWN_GROUP: _ClassVar[LimitSharing.TriggerType]
    UNKNOWN: LimitSharing.TriggerType
    CHAT_SETTING: LimitSharing.TriggerType
    BIZ_SUPPORTS_FB_HOSTING: LimitSharing.TriggerType
    UNKNOWN_GROUP: LimitSharing.TriggerType
    SHARINGLIMITED_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    LIMITSHARINGSETTINGTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    INITIATEDBYME_FIELD_NUMBER: _ClassVar[int]
    sharingLimited: bool
    trigger: LimitSharing.TriggerType
    limitSharingSettingTimestamp: int
    initiatedByMe: bool
    def __init__(self, sharingLimited: _Optional[bool] = ..., trigger: _Optional[_Union[LimitSharing.TriggerType, str]] = ..., limitSharingSettingTimestamp: _Optional[int] = ..., initiatedByMe: _Optional[bool] = ...) -> None: ...

class MediaNotifyMessage(_message.Message):
    __slots__ = ("expressPathUrl", "fileEncSha256", "fileLength")
    EXPRESSPATHURL_FIELD_NUMBER: _ClassVar[int]
    FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
    FILELENGTH_FIELD_NUMBER: _ClassVar[int]
    expressPathUrl: str
    fileEncSha256: bytes
    fileLength: int
    def __init__(self, expressPathUrl: _Optional[str] = ..., fileEncSha256: _Optional[bytes] = ..., fileLength: _Optional[int] = ...) -> None: ...

class MessageAddOnContextInfo(_message.Message):
    __slots__ = ("messageAddOnDurationInSecs", "messageAddOnExpiryType")
    MESSAGEADDONDURATIONINSECS_FIELD_NUMBER: _ClassVar[int]
    MESSAGEADDONEXPIRYTYPE_FIELD_NUMBER: _ClassVar[int]
    messageAddOnDurationInSecs: int
    messageAddOnExpiryType: MessageContextInfo.MessageAddonExpiryType
    def __init__(self, messageAddOnDurationInSecs: _Optional[int] = ..., messageAddOnExpiryType: _Optional[_Union[MessageContextInfo.MessageAddonExpiryType, str]] = ...) -> None: ...

class MessageAssociation(_message.Message):
    __slots__ = ("associationType", "parentMessageKey", "messageIndex")
    class AssociationType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[MessageAssociation.AssociationType]
        MEDIA_ALBUM: _ClassVar[MessageAssociation.AssociationType]
        BOT_PLUGIN: _ClassVar[MessageAssociation.AssociationType]
        EVENT_COVER_IMAGE: _ClassVar[MessageAssociation.AssociationType]
        STATUS_POLL: _ClassVar[MessageAssociation.AssociationType]
        HD_VIDEO_DUAL_UPLOAD: _ClassVar[MessageAssociation.AssociationType]
        STATUS_EXTERNAL_RESHARE: _ClassVar[MessageAssociation.AssociationType]
        MEDIA_POLL: _ClassVar[MessageAssociation.AssociationType]
        STATUS_ADD_YOURS: _ClassVar[MessageAssociation.AssociationType]
        STATUS_NOTIFICATION: _ClassVar[MessageAssociation.AssociationType]
        HD_IMAGE_DUAL_UPLOAD: _ClassVar[MessageAssociation.AssociationType]
        STICKER_ANNOTATION: _ClassVar[MessageAssociation.AssociationType]
        MOTION_PHOTO: _ClassVar[MessageAssociation.AssociationType]
        STATUS_LINK_ACTION: _ClassVar[MessageAssociation.AssociationType]
        VIEW_ALL_REPLIES: _ClassVar[MessageAssociation.AssociationType]
        STATUS_ADD_YOURS_AI_IMAGINE: _ClassVar[MessageAssociation.AssociationType]
        STATUS_QUESTION: _ClassVar[MessageAssociation.AssociationType]
        STATUS_ADD_YOURS_DIWALI: _ClassVar[MessageAssociation.AssociationType]
        STATUS_REACTION: _ClassVar[MessageAssociation.AssociationType]
        HEVC_VIDEO_DUAL_UPLOAD: _ClassVar[MessageAssociation.AssociationType]
    UNKNOWN: MessageAssociation.AssociationType
    MEDIA_ALBUM: MessageAssociation.AssociationType
    BOT_PLUGIN: MessageAssociation.AssociationType
    EVENT_COVER_IMAGE: MessageAssociation.AssociationType
    STATUS_POLL: MessageAssociation.AssociationType
    HD_VIDEO_DUAL_UPLOAD: MessageAssociation.AssociationType
    STATUS_EXTERNAL_RESHARE: MessageAssociation.AssociationType
    MEDIA_POLL: MessageAssociation.AssociationType
    STATUS_ADD_YOURS: MessageAssociation.AssociationType
    STATUS_NOTIFICATION: MessageAssociation.AssociationType
    HD_IMAGE_DUAL_UPLOAD: MessageAssociation.AssociationType
    STICKER_ANNOTATION: MessageAssociation.AssociationType
    MOTION_PHOTO: MessageAssociation.AssociationType
    STATUS_LINK_ACTION: MessageAssociation.AssociationType
    VIEW_ALL_REPLIES: MessageAssociation.AssociationType
    STATUS_ADD_YOURS_AI_IMAGINE: MessageAssociation.AssociationType
    STATUS_QUESTION: MessageAssociation.AssociationType
    STATUS_ADD_YOURS_DIWALI: MessageAssociation.AssociationType
    STATUS_REACTION: MessageAssociation.AssociationType
    HEVC_VIDEO_DUAL_UPLOAD: MessageAssociation.AssociationType
    ASSOCIATIONTYPE_FIELD_NUMBER: _ClassVar[int]
    PARENTMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
    MESSAGEINDEX_FIELD_NUMBER: _ClassVar[int]
    associationType: MessageAssociation.AssociationType
    parentMessageKey: MessageKey
    messageIndex: int
    def __init__(self, associationType: _Optional[_Union[MessageAssociation.AssociationType, str]] = ..., parentMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., messageIndex: _Optional[int] = ...) -> None: ...

class PastParticipant(_message.Message):
    __slots__ = ("userJid", "leaveReason", "leaveTs")
    class LeaveReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LEFT: _ClassVar[PastParticipant.LeaveReason]
        REMOVED: _ClassVar[PastParticipant.LeaveReason]
    LEFT: PastParticipant.LeaveReason
    REMOVED: PastParticipant.LeaveReason
    USERJID_FIELD_NUMBER: _ClassVar[int]
    LEAVEREASON_FIELD_NUMBER: _ClassVar[int]
    LEAVETS_FIELD_NUMBER: _ClassVar[int]
    userJid: str
    leaveReason: PastParticipant.LeaveReason
    leaveTs: int
    def __init__(self, userJid: _Optional[str] = ..., leaveReason: _Optional[_Union[PastParticipant.LeaveReason, str]] = ..., leaveTs: _Optional[int] = ...) -> None: ...

class PastParticipants(_message.Message):
    __slots__ = ("groupJid", "pastParticipants")
    GROUPJID_FIELD_NUMBER: _ClassVar[int]
    PASTPARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    groupJid: str
    pastParticipants: _containers.RepeatedCompositeFieldContainer[PastParticipant]
    def __init__(self, groupJid: _Optional[str] = ..., pastParticipants: _Optional[_Iterable[_Union[PastParticipant, _Mapping]]] = ...) -> None: ...

class PhoneNumberToLIDMapping(_message.Message):
    __slots__ = ("pnJid", "lidJid")
    PNJID_FIELD_NUMBER: _ClassVar[int]
    LIDJID_FIELD_NUMBER: _ClassVar[int]
    pnJid: str
    lidJid: str
    def __init__(self, pnJid: _Optional[str] = ..., lidJid: _Optional[str] = ...) -> None: ...

class PhotoChange(_message.Message):
    __slots__ = ("oldPhoto", "newPhoto", "newPhotoId")
    OLDPHOTO_FIELD_NUMBER: _ClassVar[int]
    NEWPHOTO_FIELD_NUMBER: _ClassVar[int]
    NEWPHOTOID_FIELD_NUMBER: _ClassVar[int]
    oldPhoto: bytes
    newPhoto: bytes
    newPhotoId: int
    def __init__(self, oldPhoto: _Optional[bytes] = ..., newPhoto: _Optional[bytes] = ..., newPhotoId: _Optional[int] = ...) -> None: ...

class PinInChat(_message.Message):
    __slots__ = ("type", "key", "senderTimestampMs", "serverTimestampMs", "messageAddOnContextInfo")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN_TYPE: _ClassVar[PinInChat.Type]
        PIN_FOR_ALL: _ClassVar[PinInChat.Type]
        UNPIN_FOR_ALL: _ClassVar[PinInChat.Type]
    UNKNOWN_TYPE: PinInChat.Type
    PIN_FOR_ALL: PinInChat.Type
    UNPIN_FOR_ALL: PinInChat.Type
    TYPE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SENDERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    SERVERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    MESSAGEADDONCONTEXTINFO_FIELD_NUMBER: _ClassVar[int]
    type: PinInChat.Type
    key: MessageKey
    senderTimestampMs: int
    serverTimestampMs: int
    messageAddOnContextInfo: MessageAddOnContextInfo
    def __init__(self, type: _Optional[_Union[PinInChat.Type, str]] = ..., key: _Optional[_Union[MessageKey, _Mapping]] = ..., senderTimestampMs: _Optional[int] = ..., serverTimestampMs: _Optional[int] = ..., messageAddOnContextInfo: _Optional[_Union[MessageAddOnContextInfo, _Mapping]] = ...) -> None: ...

class PollAdditionalMetadata(_message.Message):
    __slots__ = ("pollInvalidated",)
    POLLINVALIDATED_FIELD_NUMBER: _ClassVar[int]
    pollInvalidated: bool
    def __init__(self, pollInvalidated: _Optional[bool] = ...) -> None: ...

class PollUpdate(_message.Message):
    __slots__ = ("pollUpdateMessageKey", "vote", "senderTimestampMs", "serverTimestampMs", "unread")
    POLLUPDATEMESSAGEKEY_FIELD_NUMBER: _ClassVar[int]
    VOTE_FIELD_NUMBER: _ClassVar[int]
    SENDERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    SERVERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    UNREAD_FIELD_NUMBER: _ClassVar[int]
    pollUpdateMessageKey: MessageKey
    vote: Message.PollVoteMessage
    senderTimestampMs: int
    serverTimestampMs: int
    unread: bool
    def __init__(self, pollUpdateMessageKey: _Optional[_Union[MessageKey, _Mapping]] = ..., vote: _Optional[_Union[Message.PollVoteMessage, _Mapping]] = ..., senderTimestampMs: _Optional[int] = ..., serverTimestampMs: _Optional[int] = ..., unread: _Optional[bool] = ...) -> None: ...

class Reaction(_message.Message):
    __slots__ = ("key", "text", "groupingKey", "senderTimestampMs", "unread")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    GROUPINGKEY_FIELD_NUMBER: _ClassVar[int]
    SENDERTIMESTAMPMS_FIELD_NUMBER: _ClassVar[int]
    UNREAD_FIELD_NUMBER: _ClassVar[int]
    key: MessageKey
    text: str
    groupingKey: str
    senderTimestampMs: int
    unread: bool
    def __init__(self, key: _Optional[_Union[MessageKey, _Mapping]] = ..., text: _Optional[str] = ..., groupingKey: _Optional[str] = ..., senderTimestampMs: _Optional[int] = ..., unread: _Optional[bool] = ...) -> None: ...

class StickerMetadata(_message.Message):
    __slots__ = ("url", "fileSha256", "fileEncSha256", "mediaKey", "mimetype", "height", "width", "directPath", "fileLength", "weight", "lastStickerSentTs", "isLottie", "imageHash", "isAvatarSticker")
    URL_FIELD_NUMBER: _ClassVar[int]
    FILESHA256_FIELD_NUMBER: _ClassVar[int]
    FILEENCSHA256_FIELD_NUMBER: _ClassVar[int]
    MEDIAKEY_FIELD_NUMBER: _ClassVar[int]
    MIMETYPE_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    DIRECTPATH_FIELD_NUMBER: _ClassVar[int]
    FILELENGTH_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    LASTSTICKERSENTTS_FIELD_NUMBER: _ClassVar[int]
    ISLOTTIE_FIELD_NUMBER: _ClassVar[int]
    IMAGEHASH_FIELD_NUMBER: _ClassVar[int]
    ISAVATARSTICKER_FIELD_NUMBER: _ClassVar[int]
    url: str
    fileSha256: bytes
    fileEncSha256: bytes
    mediaKey: bytes
    mimetype: str
    height: int
    width: int
    directPath: str
    fileLength: int
    weight: float
    lastStickerSentTs: int
    isLottie: bool
    imageHash: str
    isAvatarSticker: bool
    def __init__(self, url: _Optional[str] = ..., fileSha256: _Optional[bytes] = ..., fileEncSha256: _Optional[bytes] = ..., mediaKey: _Optional[bytes] = ..., mimetype: _Optional[str] = ..., height: _Optional[int] = ..., width: _Optional[int] = ..., directPath: _Optional[str] = ..., fileLength: _Optional[int] = ..., weight: _Optional[float] = ..., lastStickerSentTs: _Optional[int] = ..., isLottie: _Optional[bool] = ..., imageHash: _Optional[str] = ..., isAvatarSticker: _Optional[bool] = ...) -> None: ...

class SyncdIndex(_message.Message):
    __slots__ = ("blob",)
    BLOB_FIELD_NUMBER: _ClassVar[int]
    blob: bytes
    def __init__(self, blob: _Optional[bytes] = ...) -> None: ...

class SyncdMutation(_message.Message):
    __slots__ = ("operation", "record")
    class SyncdOperation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SET: _ClassVar[SyncdMutation.SyncdOperation]
        REMOVE: _ClassVar[SyncdMutation.SyncdOperation]
    SET: SyncdMutation.SyncdOperation
    REMOVE: SyncdMutation.SyncdOperation
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    operation: SyncdMutation.SyncdOperation
    record: SyncdRecord
    def __init__(self, operation: _Optional[_Union[SyncdMutation.SyncdOperation, str]] = ..., record: _Optional[_Union[SyncdRecord, _Mapping]] = ...) -> None: ...

class SyncdRecord(_message.Message):
    __slots__ = ("index", "value", "keyId")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    KEYID_FIELD_NUMBER: _ClassVar[int]
    index: SyncdIndex
    value: SyncdValue
    keyId: KeyId
    def __init__(self, index: _Optional[_Union[SyncdIndex, _Mapping]] = ..., value: _Optional[_Union[SyncdValue, _Mapping]] = ..., keyId: _Optional[_Union[KeyId, _Mapping]] = ...) -> None: ...

class SyncdValue(_message.Message):
    __slots__ = ("blob",)
    BLOB_FIELD_NUMBER: _ClassVar[int]
    blob: bytes
    def __init__(self, blob: _Optional[bytes] = ...) -> None: ...

class SyncdVersion(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: int
    def __init__(self, version: _Optional[int] = ...) -> None: ...

class TemplateButton(_message.Message):
    __slots__ = ("index", "quickReplyButton", "urlButton", "callButton")
    class CallButton(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    class QuickReplyButton(_message.Message):
        __slots__ = ("id",)
        ID_FIELD_NUMBER: _ClassVar[int]
        id: str
        def __init__(self, id: _Optional[str] = ...) -> None: ...
    class URLButton(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    INDEX_FIELD_NUMBER: _ClassVar[int]
    QUICKREPLYBUTTON_FIELD_NUMBER: _ClassVar[int]
    URLBUTTON_FIELD_NUMBER: _ClassVar[int]
    CALLBUTTON_FIELD_NUMBER: _ClassVar[int]
    index: int
    quickReplyButton: TemplateButton.QuickReplyButton
    urlButton: TemplateButton.URLButton
    callButton: TemplateButton.CallButton
    def __init__(self, index: _Optional[int] = ..., quickReplyButton: _Optional[_Union[TemplateButton.QuickReplyButton, _Mapping]] = ..., urlButton: _Optional[_Union[TemplateButton.URLButton, _Mapping]] = ..., callButton: _Optional[_Union[TemplateButton.CallButton, _Mapping]] = ...) -> None: ...

class UserPassword(_message.Message):
    __slots__ = ("encoding", "transformer", "transformerArg", "transformedData")
    class Encoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UTF8: _ClassVar[UserPassword.Encoding]
        UTF8_BROKEN: _ClassVar[UserPassword.Encoding]
    UTF8: UserPassword.Encoding
    UTF8_BROKEN: UserPassword.Encoding
    class Transformer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NONE: _ClassVar[UserPassword.Transformer]
        PBKDF2_HMAC_SHA512: _ClassVar[UserPassword.Transformer]
        PBKDF2_HMAC_SHA384: _ClassVar[UserPassword.Transformer]
    NONE: UserPassword.Transformer
    PBKDF2_HMAC_SHA512: UserPassword.Transformer
    PBKDF2_HMAC_SHA384: UserPassword.Transformer
    class TransformerArg(_message.Message):
        __slots__ = ("key", "value")
        class Value(_message.Message):
            __slots__ = ("asBlob", "asUnsignedInteger")
            ASBLOB_FIELD_NUMBER: _ClassVar[int]
            ASUNSIGNEDINTEGER_FIELD_NUMBER: _ClassVar[int]
            asBlob: bytes
            asUnsignedInteger: int
            def __init__(self, asBlob: _Optional[bytes] = ..., asUnsignedInteger: _Optional[int] = ...) -> None: ...
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: UserPassword.TransformerArg.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[UserPassword.TransformerArg.Value, _Mapping]] = ...) -> None: ...
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMER_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMERARG_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMEDDATA_FIELD_NUMBER: _ClassVar[int]
    encoding: UserPassword.Encoding
    transformer: UserPassword.Transformer
    transformerArg: _containers.RepeatedCompositeFieldContainer[UserPassword.TransformerArg]
    transformedData: bytes
    def __init__(self, encoding: _Optional[_Union[UserPassword.Encoding, str]] = ..., transformer: _Optional[_Union[UserPassword.Transformer, str]] = ..., transformerArg: _Optional[_Iterable[_Union[UserPassword.TransformerArg, _Mapping]]] = ..., transformedData: _Optional[bytes] = ...) -> None: ...

class UserReceipt(_message.Message):
    __slots__ = ("userJid", "receiptTimestamp", "readTimestamp", "playedTimestamp", "pendingDeviceJid", "deliveredDeviceJid")
    USERJID_FIELD_NUMBER: _ClassVar[int]
    RECEIPTTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    READTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    PLAYEDTIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    PENDINGDEVICEJID_FIELD_NUMBER: _ClassVar[int]
    DELIVEREDDEVICEJID_FIELD_NUMBER: _ClassVar[int]
    userJid: str
    receiptTimestamp: int
    readTimestamp: int
    playedTimestamp: int
    pendingDeviceJid: _containers.RepeatedScalarFieldContainer[str]
    deliveredDeviceJid: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, userJid: _Optional[str] = ..., receiptTimestamp: _Optional[int] = ..., readTimestamp: _Optional[int] = ..., playedTimestamp: _Optional[int] = ..., pendingDeviceJid: _Optional[_Iterable[str]] = ..., deliveredDeviceJid: _Optional[_Iterable[str]] = ...) -> None: ...
