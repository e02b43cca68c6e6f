"""Calls the embedded AWS as any client would, with botocore checking every parameter."""

from typing import Any, cast

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config

from local_aws.account import REGION
from local_aws.identity import ROOT_KEYS

OPERATOR_KEY = ROOT_KEYS[1]


class HttpApi:
    """One client per service, made when it is first used."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session = botocore.session.Session()
        self._clients: dict[str, BaseClient] = {}

    def __call__(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        """Call an operation by its Python name; returns the answer."""
        method = getattr(self._client(service), operation)
        return cast(dict[str, Any], method(**parameters))

    def _client(self, service: str) -> BaseClient:
        if service not in self._clients:
            self._clients[service] = self._session.create_client(
                service,
                region_name=REGION,
                endpoint_url=self._endpoint,
                aws_access_key_id=OPERATOR_KEY,
                aws_secret_access_key="local",  # noqa: S106  # nobody checks it
                config=Config(retries={"total_max_attempts": 1}, proxies={}),
            )
        return self._clients[service]
