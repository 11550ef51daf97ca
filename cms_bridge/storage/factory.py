"""Which store a configuration means."""

from typing import TYPE_CHECKING

from cms_bridge.settings import BridgeSettings
from cms_bridge.storage.local import LocalStore

if TYPE_CHECKING:
    from cms_bridge.storage.r2 import R2Store


def store_from(settings: BridgeSettings) -> "LocalStore | R2Store":
    """Return the store that the settings name, still to be opened with `async with`."""
    if settings.storage == "local":
        return LocalStore(
            settings.storage_directory,
            base_url=str(settings.public_url),
            secret=settings.link_secret.get_secret_value(),
        )
    # boto costs close to a second and 25 MB, which a local store never needs.
    from cms_bridge.storage.r2 import R2Store  # noqa: PLC0415

    endpoint, bucket = settings.r2_endpoint_url, settings.r2_bucket
    access_key, secret_key = settings.r2_access_key_id, settings.r2_secret_access_key
    if not (endpoint and bucket and access_key and secret_key):
        raise ValueError("storage r2 needs an endpoint, a bucket and a pair of keys")
    return R2Store(
        endpoint_url=str(endpoint),
        bucket=bucket,
        access_key_id=access_key,
        secret_access_key=secret_key.get_secret_value(),
        write_seconds=settings.r2_write_seconds,
        bytes_per_second=settings.r2_read_bytes_per_second,
        ca_file=settings.r2_ca_file,
    )
