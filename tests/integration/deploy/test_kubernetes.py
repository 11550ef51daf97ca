"""The Kubernetes manifests: held by their schemas, and to what the images and the settings say."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cms_bridge.environment import PREFIX
from daemon.settings import DaemonSettings

KUBERNETES = Path(__file__).parents[3] / "deploy" / "kubernetes"
CONTAINERFILE = (KUBERNETES.parent / "containers" / "Containerfile").read_text()
MAIN = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
GPU = yaml.safe_load((KUBERNETES / "gpu" / "kustomization.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = [
    manifest
    for name in MAIN["resources"]
    for manifest in yaml.safe_load_all((KUBERNETES / name).read_text())
]
PATCH = yaml.safe_load((KUBERNETES / "gpu" / "daemon.yaml").read_text())
PODS = {
    one["metadata"]["name"]: one["spec"]["template"]["spec"]
    for one in MANIFESTS
    if one["kind"] == "Deployment"
}
VERSIONS = ("1.31", "1.37")
"""The oldest and the newest that they are for."""


def _name(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=_name)
def test_the_schemas_of_kubernetes_have_nothing_to_say(
    manifest: dict[str, Any], version: str
) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_a_field_that_there_is_not_would_be_noticed() -> None:
    wrong = {**MANIFESTS[0], "sepc": {}}
    with pytest.raises(kubernetes_validate.ValidationError, match="sepc"):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_every_manifest_is_applied() -> None:
    there = {one.name for one in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert there == set(MAIN["resources"])
    assert {one["path"] for one in GPU["patches"]} == {
        one.name for one in (KUBERNETES / "gpu").glob("*.yaml")
    } - {"kustomization.yaml"}
    assert GPU["resources"] == [".."]


def test_each_image_is_a_target_of_the_containerfile_and_renamed_to_a_version() -> None:
    for name, pod in PODS.items():
        (container,) = pod["containers"]
        assert container["image"] == f"reelwright-{name}"
        assert f" AS {name}\n" in CONTAINERFILE
    renamed = {one["name"]: one for one in MAIN["images"]}
    assert renamed.keys() == {f"reelwright-{name}" for name in PODS}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one["newTag"]) for one in renamed.values())
    (cuda,) = GPU["images"]
    assert cuda["name"] == renamed["reelwright-daemon"]["newName"]
    assert f" AS {cuda['newName'].split('reelwright-')[1]}\n" in CONTAINERFILE
    assert PATCH["kind"] == "Deployment"
    assert PATCH["metadata"] == {"name": "daemon", "namespace": MAIN["namespace"]}


def test_what_is_set_is_a_setting_and_the_settings_file_is_where_it_is_mounted() -> None:
    (settings,) = MAIN["configMapGenerator"]
    given = dict(one.split("=", 1) for one in settings["literals"])
    path = given.pop("REELWRIGHT_SETTINGS")
    assert given.keys() <= {f"{PREFIX}{name}".upper() for name in DaemonSettings.model_fields}
    for pod in PODS.values():
        (container,) = pod["containers"]
        assert container["envFrom"] == [{"configMapRef": {"name": settings["name"]}}]
        mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert mounts.keys() == {one["name"] for one in pod["volumes"]}
        assert Path(path).parent == Path(mounts["settings"])


def test_no_pod_has_a_privilege_nor_a_key_of_the_cluster() -> None:
    for pod in PODS.values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert f"USER {pod['securityContext']['runAsUser']}:" in CONTAINERFILE
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]


def test_a_daemon_has_the_time_to_finish_paid_calls() -> None:
    drain = DaemonSettings.model_fields["drain_seconds"].default
    assert PODS["daemon"]["terminationGracePeriodSeconds"] == drain + 15


def test_every_port_is_one_that_the_image_opens() -> None:
    for pod in PODS.values():
        (container,) = pod["containers"]
        for port in container["ports"]:
            assert f"EXPOSE {port['containerPort']}\n" in CONTAINERFILE
