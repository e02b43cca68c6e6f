"""Data capture: requests and answers as JSON lines in S3, in the files that SageMaker writes."""

import base64
import json
import logging
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sagemaker.core import Core
from local_aws.sagemaker.roles import RoleSession
from local_aws.sagemaker.storage import split
from local_aws.sagemaker.values import Json, given, iso, section, sections, text, texts, whole

LONGEST_WAIT = timedelta(seconds=60)
MOST_WAITING = 100
_ROUNDING = timedelta(milliseconds=1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exchange:
    """One request to a container and its answer."""

    body: bytes
    content_type: str
    answer: bytes
    answer_type: str
    inference_id: str | None
    custom_attributes: str | None


@dataclass
class _Batch:
    since: datetime
    lines: list[str] = field(default_factory=list)

    def hour(self) -> datetime:
        return self.since.replace(minute=0, second=0, microsecond=0)


class Capture:
    """Captures what one variant of one fleet answers."""

    def __init__(
        self,
        core: Core,
        endpoint: str,
        variant: str,
        config: Json,
        session: Callable[[], RoleSession],
    ) -> None:
        self.enabled = bool(config.get("EnableCapture", bool(config)))
        self._core = core
        self._config = config
        self._session = session
        self._name = f"{endpoint}/{variant}"
        self._percent = whole(config, "InitialSamplingPercentage", 0)
        self._modes = {text(o, "CaptureMode") for o in sections(config, "CaptureOptions")}
        self._lock = threading.Lock()
        self._batch: _Batch | None = None
        self._is_scheduled = False

    def record(self, exchange: Exchange) -> None:
        """Keep an exchange, if it falls into the sample."""
        if random.random() * 100 >= self._percent:  # noqa: S311 - a sample is not a secret
            return
        now = self._core.now()
        line = json.dumps(self._shown(exchange, now))
        with self._lock:
            full = self._add(line, now)
        for batch in full:
            self._write_in_background(batch)

    def _add(self, line: str, now: datetime) -> list[_Batch]:
        """Add a line; returns the batches that are to be written now."""
        full = []
        if self._batch and self._batch.hour() != _Batch(now).hour():
            full.append(self._take())
        self._batch = self._batch or _Batch(now)
        self._batch.lines.append(line)
        if len(self._batch.lines) >= MOST_WAITING:
            full.append(self._take())
        elif not self._is_scheduled:
            self._schedule(self._batch)
        return [batch for batch in full if batch]

    def _take(self) -> _Batch | None:
        batch, self._batch = self._batch, None
        return batch

    def _schedule(self, batch: _Batch) -> None:
        self._is_scheduled = True
        due = batch.since + LONGEST_WAIT
        self._core.world.at(due, f"data capture of {self._name}", self._on_time)

    def _on_time(self) -> None:
        with self._lock:
            self._is_scheduled = False
            waiting = self._batch
            if waiting and self._core.now() + _ROUNDING < waiting.since + LONGEST_WAIT:
                # The batch that was waited for is written already; this one is younger.
                self._schedule(waiting)
                return
            batch = self._take()
        if batch:
            self._write(batch)

    def close(self) -> None:
        """Write what waits: the fleet ends."""
        with self._lock:
            batch = self._take()
        if batch:
            self._write(batch)

    def _write_in_background(self, batch: _Batch) -> None:
        self._core.in_background(f"data capture of {self._name}", lambda: self._write(batch))

    def _write(self, batch: _Batch) -> None:
        milliseconds = batch.since.microsecond // 1000
        file = f"{batch.since:%M-%S}-{milliseconds:03}-{uuid.uuid4()}.jsonl"
        bucket, prefix = split(text(self._config, "DestinationS3Uri").rstrip("/"))
        key = f"{prefix}/{self._name}/{batch.since:%Y/%m/%d/%H}/{file}".lstrip("/")
        body = "".join(f"{line}\n" for line in batch.lines).encode()
        try:
            self._session().s3.put_object(Bucket=bucket, Key=key, Body=body)
        except (ClientError, BotoCoreError):
            _log.exception("%d captured records of %s are lost", len(batch.lines), self._name)

    def _shown(self, exchange: Exchange, now: datetime) -> Json:
        data: Json = {}
        if self._modes & {"Input", "InputAndOutput"}:
            data["endpointInput"] = self._side("INPUT", exchange.body, exchange.content_type)
        if self._modes & {"Output", "InputAndOutput"}:
            data["endpointOutput"] = self._side("OUTPUT", exchange.answer, exchange.answer_type)
        attributes = exchange.custom_attributes
        metadata = given(
            eventId=str(uuid.uuid4()),
            inferenceId=exchange.inference_id,
            customAttributes=[attributes] if attributes else None,
            inferenceTime=iso(now),
        )
        return {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}

    def _side(self, mode: str, body: bytes, content_type: str) -> Json:
        encoding = self._encoding(content_type)
        data = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode()
        return {
            "observedContentType": content_type,
            "mode": mode,
            "data": data,
            "encoding": encoding,
        }

    def _encoding(self, content_type: str) -> str:
        """A content type in neither list of the configuration is kept as base64."""
        plain = content_type.partition(";")[0].strip()
        types = section(self._config, "CaptureContentTypeHeader")
        for member, encoding in (("CsvContentTypes", "CSV"), ("JsonContentTypes", "JSON")):
            if plain in texts(types, member):
                return encoding
        return "BASE64"
