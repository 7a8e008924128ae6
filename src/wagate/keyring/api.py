"""The routes of the key ring, for those who run the gateway."""

from fastapi import APIRouter

from wagate.keyring.errors import SecretKeyNeeded, SecretKeyNotFound
from wagate.keyring.model import Rotation, SecretKey
from wagate.keyring.service import SecretKeys
from wagate.web.auth import PlatformAccess
from wagate.web.models import ApiModel, Timestamp
from wagate.web.problems import problem_responses
from wagate.web.routing import ApiRouter


class RotationBody(ApiModel):
    """The re-wrapping of everything stored that is not sealed by the newest key."""

    key_id: str
    """The key by which everything is sealed when it has ended."""
    started_at: Timestamp
    finished_at: Timestamp | None
    """Null while it goes on."""
    total: int
    """Stored values that have to be re-wrapped, as counted when it began."""
    done: int
    unreadable: int
    """Values that no key opens where they stand; they are left as they are."""


class SecretKeyBody(ApiModel):
    """A key of the ring; the key itself is never shown."""

    id: str
    seals: bool
    """Whether new values are sealed by it."""
    needed: dict[str, int]
    """How many stored values only this key opens, by where they are."""


class SecretKeysBody(ApiModel):
    """The key ring."""

    keys: list[SecretKeyBody]
    rotation: RotationBody | None
    """The rotation that goes on, else the last one."""


class RotationStateBody(ApiModel):
    """How far the rotation is."""

    rotation: RotationBody | None
    """The rotation that goes on, else the last one; null if there was none."""


def router(keys: SecretKeys) -> APIRouter:
    """Routes of the key ring."""
    routes = ApiRouter(tags=["administration"])

    @routes.get("/api/admin/keys")
    async def list_secret_keys(_principal: PlatformAccess) -> SecretKeysBody:
        """The keys that stored secrets are sealed by, the one that seals first, and what still needs each."""
        found = await keys.keys()
        rotation = await keys.rotation()
        return SecretKeysBody(keys=[_key(key) for key in found], rotation=_rotation(rotation) if rotation else None)

    @routes.get("/api/admin/keys/rotation")
    async def get_key_rotation(_principal: PlatformAccess) -> RotationStateBody:
        """How far the rotation is; made to be asked often."""
        rotation = await keys.rotation()
        return RotationStateBody(rotation=_rotation(rotation) if rotation else None)

    @routes.post("/api/admin/keys/rotate", status_code=202)
    async def rotate_secret_keys(principal: PlatformAccess) -> RotationBody:
        """Seal everything by a new key, beside the traffic. A key file gets the new key; a ring out of
        `WAGATE_SECRET_KEYS` has it in its first place already. While a rotation goes on, this answers with it.
        """
        return _rotation(await keys.rotate(principal))

    @routes.delete(
        "/api/admin/keys/{secret_key_id}",
        status_code=204,
        responses=problem_responses(SecretKeyNotFound, SecretKeyNeeded),
    )
    async def retire_secret_key(secret_key_id: str, principal: PlatformAccess) -> None:
        """Forget a key that nothing is sealed by any more. One out of `WAGATE_SECRET_KEYS` may be taken out there
        after this.
        """
        await keys.retire(principal, secret_key_id)

    return routes


def _rotation(rotation: Rotation) -> RotationBody:
    return RotationBody(
        key_id=rotation.key_id,
        started_at=rotation.started_at,
        finished_at=rotation.finished_at,
        total=rotation.total,
        done=rotation.done,
        unreadable=rotation.unreadable,
    )


def _key(key: SecretKey) -> SecretKeyBody:
    return SecretKeyBody(id=key.id, seals=key.seals, needed=dict(key.needed))
