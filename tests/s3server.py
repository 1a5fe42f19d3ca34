"""An S3-compatible server on this machine, which ends with its standard input; prints its port."""

import logging
import sys

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)  # noqa: T201 (the tests read it)
sys.stdin.read()
