"""OpenStack Swift and its S3 interface in one process: proxy, accounts, containers, objects.

Runs in the environment where Swift is installed:

    python swift_process.py DIRECTORY ACCESS_KEY SECRET_KEY [CERTIFICATE]

prints the port of the S3 interface and serves until it is terminated, with
everything it knows in DIRECTORY. The access key is `account:user`. With a
certificate, in PEM and with its key, the S3 interface speaks https.
"""

import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")  # eventlet announces its retirement at every import

import eventlet.wsgi  # noqa: E402 - silenced first

eventlet.monkey_patch()

from swift.common import utils, wsgi  # noqa: E402 - patched first
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402

COMMON = """
[DEFAULT]
swift_dir = {directory}
devices = {directory}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_level = CRITICAL
"""
BACKEND = """
[app:main]
use = egg:swift#{server}
"""
# What S3 needs and no more: the S3 middleware relies on bulk, copy, slo and symlink.
PROXY = """
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats bulk s3api tempauth copy slo symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = auto
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{user} = {secret_key} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:symlink]
use = egg:swift#symlink
"""


def main(directory: Path, access_key: str, secret_key: str, certificate: str = "") -> None:
    account, user = access_key.split(":")
    common = COMMON.format(directory=directory)
    proxy = PROXY.format(account=account, user=user, secret_key=secret_key)
    (directory / "devices" / "disk").mkdir(parents=True)
    (directory / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = reelwright\n")
    utils.set_swift_dir(str(directory))
    listeners = {}
    for server in ("account", "container", "object"):
        listeners[server] = eventlet.listen(("127.0.0.1", 0))
        _, port = listeners[server].getsockname()
        ring = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
        disk = {"region": 1, "zone": 1, "weight": 1.0, "device": "disk"}
        ring.add_dev({**disk, "ip": "127.0.0.1", "port": port})
        ring.rebalance()
        ring.get_ring().save(str(directory / f"{server}.ring.gz"))
        (directory / f"{server}.conf").write_text(common + BACKEND.format(server=server))
    listeners["proxy"] = eventlet.listen(("127.0.0.1", 0))
    port = listeners["proxy"].getsockname()[1]
    if certificate:
        listeners["proxy"] = eventlet.wrap_ssl(
            listeners["proxy"], certfile=certificate, server_side=True
        )
    (directory / "proxy.conf").write_text(common + proxy)
    threads = [
        eventlet.spawn(
            eventlet.wsgi.server,
            listener,
            wsgi.loadapp(str(directory / f"{server}.conf"), global_conf={"log_name": server}),
            utils.NullLogger(),
            protocol=SwiftHttpProtocol,
            # S3 clients look for `ETag`; `Etag` is not found.
            capitalize_response_headers=False,
        )
        for server, listener in listeners.items()
    ]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    for thread in threads:
        thread.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
