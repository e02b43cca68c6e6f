"""What AWS does not answer is left out of the record, and said."""

from typing import cast

from botocore.exceptions import EndpointConnectionError

from cli.demo.report.record import read_record
from cli.demo.stage import Stage
from cli.target import Target
from local_aws.client import LocalAws, LocalAwsError
from steward.aws import Aws
from steward.record.store import Store

GONE = "http://127.0.0.1:9"


class Gone:
    """An AWS that has gone away."""

    def __getattr__(self, name: str) -> object:
        raise EndpointConnectionError(endpoint_url=GONE)


class GoneStage(Stage):
    """A stage whose embedded AWS has ended in the middle of the story."""

    target = Target("steward", "123456789012", "eu-west-1", GONE)
    aws = cast(Aws, Gone())
    store = Store(aws, "lineage", "work")

    def now(self) -> object:  # type: ignore[override]
        raise LocalAwsError("the embedded AWS does not answer")


def test_of_an_aws_that_has_gone_everything_is_unread() -> None:
    told = read_record(GoneStage(cast(LocalAws, None)))
    assert (told.now, told.live, told.nodes, told.served, told.versions) == (None, None, (), (), ())
    about = [sentence.partition(":")[0] for sentence in told.unread]
    assert set(about) == {
        "the lineage", "the clock", "the endpoint", "the registry", "the versions' rows",
            "the metrics",
    }  # fmt: skip
