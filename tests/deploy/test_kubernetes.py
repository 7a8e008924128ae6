"""Manifests: references lead somewhere, probes to routes, and nothing runs with more rights than it needs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY, Json, documents, everywhere, settings
from tests.deploy.test_containers import PINNED
from wagate.gateway import health

KUBERNETES = DEPLOY / "kubernetes"
BASE = KUBERNETES / "base"
FILES = sorted(KUBERNETES.rglob("*.yaml"))
#: Patches of a configuration, an example to fill in, and a part of another program's configuration.
NOT_APPLIED = {"kustomization.yaml", "secret.example.yaml", "adapter-rule.yaml"}


def objects() -> list[Json]:
    """Everything that is applied."""
    return [document for path in FILES if path.name not in NOT_APPLIED for document in documents(path)]


def of_kind(kind: str) -> dict[str, Json]:
    return {one["metadata"]["name"]: one for one in objects() if one["kind"] == kind}


def pods() -> dict[str, Json]:
    return {name: one["spec"]["template"] for name, one in of_kind("Deployment").items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(KUBERNETES)))
def test_a_file_is_yaml_and_is_used(path: Path) -> None:
    assert documents(path)
    if path.name in NOT_APPLIED:
        return
    (kustomization,) = documents(path.parent / "kustomization.yaml")
    assert path.name in kustomization["resources"]
    for document in documents(path):
        assert {"apiVersion", "kind", "metadata"} <= set(document)


@pytest.mark.parametrize("path", sorted(KUBERNETES.rglob("kustomization.yaml")), ids=lambda path: path.parent.name)
def test_a_kustomization_names_what_is_there(path: Path) -> None:
    (made,) = documents(path)
    for name in [*made.get("resources", []), *made.get("components", [])]:
        assert (path.parent / name).exists(), name


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl builds them where it is installed")
@pytest.mark.parametrize("folder", ["base", "example"])
def test_kubectl_builds_them(folder: str) -> None:
    ran = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / folder], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("\nkind: ") > 8


def test_settings_are_settings_and_secrets_have_no_value() -> None:
    (secret,) = documents(BASE / "secret.example.yaml")
    assert set(secret["stringData"].values()) == {""}
    configured = set(of_kind("ConfigMap")["wagate"]["data"])
    in_pods = {
        entry["name"]
        for pod in pods().values()
        for entry in pod["spec"]["containers"][0]["env"]
        if entry["name"].startswith("WAGATE_")
    }
    example = (KUBERNETES / "example/kustomization.yaml").read_text()
    named = configured | in_pods | set(secret["stringData"]) | set(re.findall(r"\bWAGATE_\w+", example))
    assert len(named) > 15
    assert named <= settings()
    assert not {name for name in configured if re.search("TOKEN|PASSWORD|SECRET|KEY|_URL$", name)} - {
        "WAGATE_GATEWAY_URL"
    }


def test_a_fleets_needs_are_all_given() -> None:
    (secret,) = documents(BASE / "secret.example.yaml")
    needed = {"WAGATE_DATABASE_URL", "WAGATE_REDIS_URL", "WAGATE_SECRET_KEYS", "WAGATE_WORKER_TOKEN"}
    assert needed <= set(secret["stringData"])


def test_pods_take_settings_and_accounts_that_exist() -> None:
    (secret,) = documents(BASE / "secret.example.yaml")
    for pod in pods().values():
        spec = pod["spec"]
        (container,) = spec["containers"]
        references = [next(iter(source.items())) for source in container["envFrom"]]
        assert ("configMapRef", {"name": "wagate"}) in references
        assert ("secretRef", {"name": secret["metadata"]["name"]}) in references
        assert spec["serviceAccountName"] in of_kind("ServiceAccount")
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in spec["volumes"]}


def test_selectors_select_pods() -> None:
    shown = {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods().values()}
    assert shown == {"wagate-gateway", "wagate-worker"}
    for one in objects():
        for name, value in everywhere(one):
            if name == "app.kubernetes.io/name":
                assert value in shown, one["metadata"]["name"]
            if name == "matchExpressions":
                for expression in value:
                    assert set(expression["values"]) <= shown
    for name, deployment in of_kind("Deployment").items():
        chosen = deployment["spec"]["selector"]["matchLabels"]
        assert chosen.items() <= pods()[name]["metadata"]["labels"].items()


def test_scalers_monitors_and_routes_point_at_what_is_there() -> None:
    deployments, services = of_kind("Deployment"), of_kind("Service")
    for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
        for one in of_kind(kind).values():
            assert one["spec"]["scaleTargetRef"]["name"] in deployments
    for name, budget in of_kind("PodDisruptionBudget").items():
        assert name in deployments
        assert budget["spec"]["maxUnavailable"] == 1
    for service in services.values():
        (port,) = service["spec"]["ports"]
        assert port["targetPort"] == port["name"] == "http"
    for ingress in of_kind("Ingress").values():
        for name, value in everywhere(ingress):
            if name == "service":
                assert value["name"] in services
    (monitor,) = of_kind("ServiceMonitor").values()
    for endpoint in monitor["spec"]["endpoints"]:
        assert endpoint["port"] == "http"
        (secret,) = documents(BASE / "secret.example.yaml")
        assert endpoint["authorization"]["credentials"]["key"] in secret["stringData"]
    configured = of_kind("ConfigMap")["wagate"]["data"]
    assert configured["WAGATE_GATEWAY_URL"] == "http://wagate-gateway:8080"


def test_probes_ask_routes_that_exist_on_ports_that_are_open() -> None:
    from wagate.core.clock import SystemClock

    paths = {route.path for route in health.router(health.Doctor((), SystemClock()), "1").routes}  # type: ignore[attr-defined]
    for pod in pods().values():
        (container,) = pod["spec"]["containers"]
        (port,) = container["ports"]
        given = {entry["name"]: entry.get("value") for entry in container["env"]}
        assert given["WAGATE_PORT"] == str(port["containerPort"])
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["path"] in paths
            assert asked["port"] == port["name"]
        # Not ready is no reason to be killed.
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_pods_have_time_to_hand_over() -> None:
    from wagate.cli.worker import DRAIN_SECONDS
    from wagate.gateway.server import GRACE_SECONDS
    from wagate.worker.supervisor import MARGIN_SECONDS, STOP_SECONDS

    worker = pods()["wagate-worker"]["spec"]["terminationGracePeriodSeconds"]
    assert worker > DRAIN_SECONDS + STOP_SECONDS + 3 * MARGIN_SECONDS + GRACE_SECONDS
    gateway = pods()["wagate-gateway"]["spec"]
    (container,) = gateway["containers"]
    sleeps = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert gateway["terminationGracePeriodSeconds"] > sleeps + 3 * GRACE_SECONDS


def test_nothing_runs_with_more_rights_than_it_needs() -> None:
    for pod in pods().values():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        (container,) = spec["containers"]
        assert PINNED.fullmatch(container["image"])
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]
    denied = of_kind("NetworkPolicy")["deny"]["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_unit_of_systemd_is_hardened_and_sets_settings(deploy: Path) -> None:
    text = (deploy / "systemd/wagate.service").read_text()
    lines = [line for line in text.splitlines() if line and line[0] not in "#["]
    given = dict(line.split("=", 1) for line in lines)
    assert set(re.findall(r"\bWAGATE_\w+", given["Environment"])) <= settings()
    for name, value in {
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "NoNewPrivileges": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "CapabilityBoundingSet": "",
        "User": "wagate",
        "StateDirectory": "wagate",
        "UMask": "0077",
    }.items():
        assert given[name] == value, name
    assert given["ExecStart"].endswith("/wagate up")
