"""The gallery on Ray Serve, on this machine alone: `python -m tests.support.cluster CONFIG FOLDER` is what `serve run
CONFIG` is on a Ray of its own, whose files are in a folder. `cluster` starts and ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from .serving import ROOT, START_LIMIT, Gallery, answers, free_port, wait_for

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",  # else a token is written into the home folder
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as there: this machine is 127.0.0.1
    "RAY_worker_niceness": "0",  # 15 otherwise, and everything else on the machine goes before
    "RAY_raylet_start_wait_time_s": "200",  # this and what follows: others may use the machine
    "RAY_gcs_server_port_wait_time_s": "200",
    "RAY_agent_register_timeout_ms": "200000",
    "RAY_worker_register_timeout_seconds": "200",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "200",
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "200",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_DEDUP_LOGS": "0",
    "HF_HUB_OFFLINE": "1",
    "PYTHONUNBUFFERED": "1",
}
PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
READY = "All replicas are ready."
STORE = 100 * 2**20  # bytes of Ray's object store
LIMIT = 2 * START_LIMIT  # seconds: three processes of the gallery start, and those of Ray


@dataclass
class Cluster(Gallery):
    """A running gallery, and the processes of Ray."""

    def processes(self, name: str = "") -> list[psutil.Process]:
        """Those whose title has that name, as Ray gives it."""
        every = psutil.Process(self.pid).children(recursive=True)
        return [one for one in every if name in _title(one)]

    def replicas(self) -> list[psutil.Process]:
        """Those that answer."""
        return self.processes("ray::ServeReplica:gallery:Models")


def _title(process: psutil.Process) -> str:
    """What a process is called; nothing where it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def config(port: int, replicas: int) -> dict:
    """What cluster/serve.yaml says, with a port and a number of replicas, on however few cores."""
    said = yaml.safe_load((ROOT / "cluster" / "serve.yaml").read_text(encoding="utf-8"))
    said["http_options"]["port"] = port
    page, models = said["applications"][0]["deployments"]
    del models["autoscaling_config"]
    models["num_replicas"] = replicas
    for one in (page, models):
        one["ray_actor_options"] = {"num_cpus": 0}
    return said


@contextmanager
def cluster(folder: Path, replicas: int, **settings: str) -> Iterator[Cluster]:
    """Serves the gallery with so many replicas of Models, until all processes of it have ended.

    Raises RuntimeError with what it printed when it ends early or does not answer in time.
    """
    port = free_port()
    said, log = folder / "serve.yaml", folder / "log.txt"
    said.write_text(yaml.safe_dump(config(port, replicas)), encoding="utf-8")
    places = {name: str(folder / name.lower()) for name in ("GRADIO_TEMP_DIR", "HF_HOME")}
    # the names of sockets are short, whatever TMPDIR says
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as short, log.open("w") as file:
        driver = subprocess.Popen(
            [sys.executable, "-m", __name__, str(said), short],
            cwd=ROOT,
            env={**os.environ, **QUIET, **places, "TMPDIR": short, "PYTHONPATH": str(ROOT), **settings},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        gallery = Cluster(port, log, pid=driver.pid)
        begun: list[psutil.Process] = []
        try:
            wait_for(gallery, driver, lambda: READY in gallery.log() and answers(port), LIMIT)
            yield gallery
        finally:
            begun = gallery.processes() if driver.poll() is None else []
            driver.send_signal(signal.SIGTERM)
            try:
                driver.wait(60)
            except subprocess.TimeoutExpired:
                driver.kill()
            _, alive = psutil.wait_procs(begun, timeout=30)
            for one in alive:
                one.kill()


def tell_ports() -> None:
    """Tell Ray the ports of its helpers before they start. For those that it is not told it waits 15 seconds and ends:
    too few where others use the machine (github.com/ray-project/ray/issues/65983)."""
    from ray._private import services
    from ray._private.parameter import RayParams

    ports = {name: free_port() for name in PORTS}
    init, start = RayParams.__init__, services.start_ray_process

    def with_ports(self, **kwargs) -> None:
        init(self, **kwargs | ports)

    def with_all(command: list[str], kind: str, *args, **kwargs):
        if kind == "raylet":  # which Ray itself does not tell this one
            command = [*command, f"--dashboard_agent_listen_port={ports['dashboard_agent_listen_port']}"]
        return start(command, kind, *args, **kwargs)

    RayParams.__init__, services.start_ray_process = with_ports, with_all


def say_when_ready() -> None:
    """Prints READY once every replica answers, as `serve status` would say it."""
    from ray import serve

    while not (found := serve.status().applications) or found["gallery"].status != "RUNNING":
        time.sleep(0.2)
    print(READY, flush=True)


def main() -> None:
    """A Ray on 127.0.0.1, and `serve run` on it, until SIGTERM."""
    import ray
    from ray.serve import scripts

    path, folder = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    tell_ports()
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=STORE,
        log_to_driver=True,
        _temp_dir=folder,
    )
    threading.Thread(target=say_when_ready, daemon=True).start()
    scripts.cli(["run", path])


if __name__ == "__main__":
    main()
