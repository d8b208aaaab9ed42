"""A file store in a bucket of an S3-compatible service (MinIO, Ceph, the clouds): one object for each file."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from service.config import Bucket
from service.files.store import NoSuchFile, OtherInstallation, StoredName, StoreUnavailable, checked_name, is_name

MARK = "installation"
"""The key, after the prefix, of the object that holds the id of the installation whose files these are."""

_MISSING = {"NoSuchKey", "404"}

_CONFIG = Config(
    signature_version="s3v4",
    # Services inside a union have no wildcard certificate, and few know the checksums of 2025.
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class BucketStore:
    """A store in a bucket: the object `<prefix><name>` for each file."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._claimed: UUID | None = None

    def claim(self, installation: UUID) -> None:
        """Write the id of the installation where there is none; asked once in a process. Raises OtherInstallation, StoreUnavailable."""
        if self._claimed == installation:
            return
        if self._get(MARK) is None:
            self._put(MARK, str(installation).encode())
        if self._get(MARK) != str(installation).encode():
            raise OtherInstallation(
                f"the files of another installation are under {self._bucket.name}/{self._bucket.prefix}"
            )
        self._claimed = installation

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole: the service shows an object when all of it has arrived. Raises StoreUnavailable."""
        self._put(checked_name(name), content)

    def read(self, name: str) -> bytes:
        """Return a file. Raises NoSuchFile, StoreUnavailable."""
        content = self._get(checked_name(name))
        if content is None:
            raise NoSuchFile(name)
        return content

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when there is none. Raises StoreUnavailable."""
        with _errors():
            self._client.delete_object(Bucket=self._bucket.name, Key=self._bucket.prefix + checked_name(name))

    def names(self) -> Iterator[StoredName]:
        """Yield every file under the prefix; objects with other names are somebody else's. Raises StoreUnavailable."""
        pages = self._client.get_paginator("list_objects_v2")
        with _errors():
            for page in pages.paginate(Bucket=self._bucket.name, Prefix=self._bucket.prefix):
                for each in page.get("Contents", ()):
                    name = each["Key"].removeprefix(self._bucket.prefix)
                    if is_name(name):
                        yield StoredName(name, each["Size"], each["LastModified"])

    @cached_property
    def _client(self) -> Any:
        # Made at the first use: gunicorn forks its workers after the application is made.
        keys = {"aws_access_key_id": self._bucket.access_key, "aws_secret_access_key": self._bucket.secret_key}
        place = {"endpoint_url": self._bucket.endpoint, "region_name": self._bucket.region}
        return boto3.session.Session().client("s3", config=_CONFIG, **keys, **place)

    def _put(self, key: str, content: bytes) -> None:
        with _errors():
            self._client.put_object(Bucket=self._bucket.name, Key=self._bucket.prefix + key, Body=content)

    def _get(self, key: str) -> bytes | None:
        with _errors():
            try:
                answer = self._client.get_object(Bucket=self._bucket.name, Key=self._bucket.prefix + key)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _MISSING:
                    return None
                raise
            content: bytes = answer["Body"].read()
            return content


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what boto3 raises into StoreUnavailable."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable(f"the service of stored files: {error}") from error
