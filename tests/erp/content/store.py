"""An object store on loopback with one bucket, `akten`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
KEY, SECRET = "an-access-key", "not-to-be-seen-either"


@dataclass(frozen=True)
class Store:
    """A client of the store, and the settings of who reads it."""

    client: Any
    credentials: Mapping[str, str]


@contextmanager
def running() -> Iterator[Store]:
    """A store that lasts as long as the block."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name=REGION,
    )
    client.create_bucket(Bucket="akten", CreateBucketConfiguration={"LocationConstraint": REGION})
    credentials = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "REGION_NAME": REGION,
        "ENDPOINT_URL": address,
    }
    try:
        yield Store(client, credentials)
    finally:
        server.stop()
