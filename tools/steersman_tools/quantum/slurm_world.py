"""A real Slurm in a folder, for tests: Debian's own daemons on ports of their own, as root, without installing a configuration."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "scontrol", "squeue", "sbatch", "scancel")
HOW = "apt-get install slurmctld slurmd slurm-client slurm-wlm-basic-plugins, and be root"
LICENCES = "ibm_fez:1,ibm_torino:2"
_CONF = """\
ClusterName=quantum
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
SlurmctldPort={port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
PriorityType=priority/basic
MinJobAge=3600
KillWait=1
SlurmdParameters=config_overrides
Licenses={licences}
NodeName=qnode1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=500 State=UNKNOWN
PartitionName=quantum Nodes=qnode1 Default=YES MaxTime=INFINITE State=UP
"""


class NoSlurm(Exception):
    """It cannot be started here; the sentence says why. The catcher skips what needs it, and says so."""


def missing() -> str:
    """What is missing for it; empty where nothing is."""
    lacking = [p for p in PROGRAMS if shutil.which(p, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None]
    if lacking:
        return f"{', '.join(lacking)} not found"
    return "" if os.geteuid() == 0 else "not root"


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """The path of its slurm.conf while both daemons run. Raises NoSlurm."""
    if why := missing():
        raise NoSlurm(why)
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    conf, host = folder / "slurm.conf", socket.gethostname().partition(".")[0]
    conf.write_text(_CONF.format(host=host, port=_free(), node_port=_free(), folder=folder, licences=LICENCES))
    environment = {**os.environ, "SLURM_CONF": str(conf), "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"}
    daemons = [_start(["slurmctld", "-c", "-D"], environment), _start(["slurmd", "-N", "qnode1", "-D"], environment)]
    try:
        _wait(environment, folder)
        yield conf
    finally:
        subprocess.run(["scancel", "--user=root"], env=environment, capture_output=True, check=False, timeout=10)
        _emptied(environment)
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait(environment: dict[str, str], folder: Path) -> None:
    """Until the node is idle."""
    for _ in range(150):
        said = subprocess.run(["sinfo", "-h", "-o", "%t"], env=environment, capture_output=True, text=True, check=False)
        if said.stdout.strip() == "idle":
            return
        time.sleep(0.2)
    log = folder / "slurmctld.log"
    raise NoSlurm(
        f"its node does not come up: {said.stderr or said.stdout} {log.read_text()[-400:] if log.exists() else ''}"
    )


def _emptied(environment: dict[str, str]) -> None:
    """Until no job runs: a step would outlive the daemons."""
    for _ in range(50):
        said = subprocess.run(["squeue", "-h"], env=environment, capture_output=True, text=True, check=False)
        if not said.stdout.strip():
            return
        time.sleep(0.2)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
