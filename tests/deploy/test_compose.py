"""The fleet on one machine: nothing starts without its secrets, and every reference leads somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import DEPLOY, REPOSITORY, Json, documents, settings
from tests.deploy.test_containers import PINNED

_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)([^}]*)\}")
#: Which image is no secret.
_HARMLESS = {"WAGATE_IMAGE"}


@pytest.fixture
def compose() -> Json:
    (made,) = documents(DEPLOY / "compose/compose.yaml")
    return made


class Refused(Exception):
    """A variable that must be set is not."""


def interpolated(text: str, environment: dict[str, str]) -> str:
    """As compose does it.

    :raises Refused: naming the variable.
    """

    def value(found: re.Match[str]) -> str:
        name, rest = found[1], found[2]
        given = environment.get(name, "")
        if rest.startswith(":?") and not given:
            raise Refused(name)
        if rest.startswith(":-"):
            return given or rest[2:]
        return given

    return _VARIABLE.sub(value, text)


def example() -> list[str]:
    """The variables that an operator is told to set; none of them has a value."""
    lines = (DEPLOY / "compose/secrets.example").read_text().splitlines()
    assignments = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert [value for _, _, value in assignments if value] == []
    return [name for name, _, _ in assignments]


def test_it_starts_with_every_secret_and_with_none_missing() -> None:
    text = (DEPLOY / "compose/compose.yaml").read_text()
    everything = dict.fromkeys(example(), "x")
    assert "${" not in interpolated(text, everything).replace("$${", "")
    for name in example():
        with pytest.raises(Refused, match=name):
            interpolated(text, everything | {name: ""})


def test_no_variable_has_a_default_but_the_name_of_the_image() -> None:
    text = (DEPLOY / "compose/compose.yaml").read_text()
    lenient = {name for name, rest in _VARIABLE.findall(text) if not rest.startswith(":?")}
    assert lenient == _HARMLESS
    assert {name for name, _ in _VARIABLE.findall(text)} - _HARMLESS == set(example())


def test_what_is_set_are_settings(compose: Json) -> None:
    named = {
        name
        for service in compose["services"].values()
        if PROGRAM.match(str(service["image"]))
        for name in service["environment"]
    }
    assert len(named) > 15
    assert named <= settings()


PROGRAM = re.compile(r"\$\{WAGATE_IMAGE")


def test_services_networks_volumes_and_files_exist(compose: Json) -> None:
    for name, service in compose["services"].items():
        assert set(service["networks"]) <= set(compose["networks"]), name
        for other, condition in service.get("depends_on", {}).items():
            needed = compose["services"][other]
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in needed, other
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / "compose" / source).is_file(), source
            else:
                assert source in compose["volumes"]
        for config in service.get("configs", []):
            assert config["source"] in compose["configs"]
        if "build" in service:
            context = DEPLOY / "compose" / service["build"]["context"]
            assert context.resolve() == REPOSITORY
            assert (context / service["build"]["dockerfile"]).is_file()


def test_images_are_pinned(compose: Json) -> None:
    for name, service in compose["services"].items():
        image = interpolated(service["image"], {})
        assert PINNED.fullmatch(image), name


def test_ours_are_hardened_and_databases_have_no_way_out(compose: Json) -> None:
    assert compose["networks"]["inside"]["internal"] is True
    for name, service in compose["services"].items():
        if PROGRAM.match(service["image"]):
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
        if name in ("postgres", "valkey", "s3", "buckets"):
            assert service["networks"] == ["inside"]
        assert ("ports" in service) is (name == "proxy"), name


def test_addresses_lead_to_services(compose: Json) -> None:
    hosts = set(compose["services"])
    seen = set()
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            given = interpolated(str(value), dict.fromkeys(example(), "x"))
            for host in re.findall(r"\w+://(?:[^@/\s]*@)?([a-z][\w-]*):\d+", given):
                seen.add(name)
                assert host in hosts, value
    assert {"WAGATE_DATABASE_URL", "WAGATE_REDIS_URL", "WAGATE_S3_ENDPOINT", "WAGATE_GATEWAY_URL"} <= seen


def test_each_worker_has_a_name_and_an_address_of_its_own(compose: Json) -> None:
    workers = {name: one for name, one in compose["services"].items() if one.get("command") == ["worker"]}
    assert len(workers) == 3
    for name, worker in workers.items():
        assert worker["environment"]["WAGATE_WORKER_ID"] == name
        assert worker["environment"]["WAGATE_WORKER_ENDPOINT"] == f"http://{name}:8080"
    gateways = [one for one in compose["services"].values() if one.get("command") == ["gateway"]]
    assert len(gateways) == 2


def proxies() -> list[Any]:
    return [pytest.param(DEPLOY / path, id=path) for path in ("compose/Caddyfile", "nginx/wagate.conf")]


@pytest.mark.parametrize("path", proxies())
def test_strangers_do_not_reach_what_is_for_the_fleet(path: Path) -> None:
    text = path.read_text()
    assert text.count("{") == text.count("}")
    for inside in ("/metrics", "/api/admin/workers", "heartbeat", "session", "message"):
        assert inside in text
    assert "404" in text


def test_the_proxy_asks_every_gateway_whether_it_is_ready(compose: Json) -> None:
    text = (DEPLOY / "compose/Caddyfile").read_text()
    assert "health_uri /health/ready" in text
    upstreams = set(re.findall(r"\b(gateway-\d+):8080", text))
    assert upstreams == {name for name in compose["services"] if name.startswith("gateway-")}


def test_a_proxy_that_must_be_told_to_pass_websockets_on_is_told() -> None:
    """Caddy and ingress-nginx do so by themselves; nginx drops both headers unless it is told."""
    text = (DEPLOY / "nginx/wagate.conf").read_text()
    name = re.search(r"proxy_set_header Connection (\$\w+);", text)
    assert name is not None
    assert "proxy_set_header Upgrade $http_upgrade;" in text
    chosen = re.search(r"map \$http_upgrade " + re.escape(name[1]) + r" \{([^}]*)\}", text)
    assert chosen is not None
    # Requests that are none keep sharing connections, which an `upgrade` or `close` would prevent.
    assert chosen[1].split() == ["default", "upgrade;", '""', '"";']
