"""Two machines of Ray, which are process groups of this one; a line on standard input loses the first."""

import os
import sys

from ray.cluster_utils import Cluster

os.environ.update(RAY_raylet_start_wait_time_s="120")  # a busy machine needs longer than Ray waits
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
machines = [cluster.add_node(num_cpus=1) for _ in range(2)]
print(cluster.address, flush=True)  # noqa: T201 (the test reads it)
sys.stdin.readline()
cluster.remove_node(machines[0], allow_graceful=False)
print("lost", flush=True)  # noqa: T201
sys.stdin.readline()
cluster.shutdown()
