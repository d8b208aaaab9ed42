"""A broker holds the id of the one installation whose messages it carries."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

KEY = "songnuan:installation"
_TIMEOUT = 5.0


def claim_broker(url: str, installation_id: str, *, own: bool = False) -> str | None:
    """Write the id into the broker. Return None, or the id of another installation that has the broker already.

    `own` is for the broker in the installation's data folder. Raises RedisError when the broker cannot be reached.
    """
    retry = Retry(NoBackoff(), 0)
    with redis.Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=retry) as client:
        if own or client.set(KEY, installation_id, nx=True):
            client.set(KEY, installation_id)
            return None
        holder = client.get(KEY)
    known = holder.decode("utf-8", "replace") if isinstance(holder, bytes) else installation_id
    return None if known == installation_id else known
