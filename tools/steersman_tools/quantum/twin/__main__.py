"""`python -m steersman_tools.quantum.twin [PORT]`: the twin served until stopped, with some jobs; it prints how clients find it."""

from __future__ import annotations

import sys
import threading

from .incidents import PROGRAM
from .server import serving
from .stage import account


def main(port: int) -> None:
    """Serves until interrupted."""
    twin = account()
    for backend in ("ibm_fez", "ibm_torino"):
        twin.submit(backend, "sampler", dict(PROGRAM), [])
    with serving(twin, port) as url:
        sys.stdout.write(
            "export QISKIT_IBM_TOKEN=twin QISKIT_IBM_INSTANCE=crn:v1:bluemix:public:quantum-computing:us-east:a/abc:1::\n"
            f"export STEERSMAN_IBM_URL={url}/api/v1 STEERSMAN_IBM_IAM_URL={url}\n"
        )
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    except KeyboardInterrupt:
        sys.exit(130)
