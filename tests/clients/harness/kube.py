# SPDX-License-Identifier: Apache-2.0
"""`podman kube play`: a pod as Kubernetes describes it."""
from . import machine

POD = """apiVersion: v1
kind: Pod
metadata:
  name: NAME
spec:
  hostNetwork: true
  restartPolicy: Never
  containers:
  - name: main
    image: localhost/box
    imagePullPolicy: Never
    command: ["sh", "-c", "echo $WORD; cat /data/file; exec sleep 1000"]
    env: [{name: WORD, value: played}]
    resources: {limits: {memory: 64Mi}}
    securityContext: {runAsUser: 1000, readOnlyRootFilesystem: true, capabilities: {drop: [all]}}
    volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
  volumes:
  - name: data
    hostPath: {path: SOURCE, type: Directory}
"""


def check_play(podman, place, source):
    """Its container has the settings of the file, and goes with the pod."""
    place.needs_pods()
    name, file = "k" + podman.fresh(), source / "pod.yaml"
    file.write_text(POD.replace("NAME", name).replace("SOURCE", str(source)), encoding="utf-8")
    podman("kube", "play", file)
    try:
        machine.wait_until(lambda: podman("logs", f"{name}-main").lines == ["played", "content"], 10)
        assert podman("exec", f"{name}-main", "id", "-u").text == "1000"
    finally:
        podman("kube", "down", file)
