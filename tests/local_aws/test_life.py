"""How it starts and ends: what is wrong is said in one sentence, and nothing is left behind."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import boto3
import pytest

from local_aws.client import ROOT_KEY, LocalAws, LocalAwsError, NotIdle, Way
from tests.processes import descendants, left

HERE = Path(__file__).parent

REACHED = {
    "region_name": "eu-west-1",
    "aws_access_key_id": ROOT_KEY,
    "aws_secret_access_key": "local",
}


def template(folder, resources, more=""):
    path = folder / "template.yaml"
    head = "Transform: AWS::Serverless-2016-10-31\n" + more + "Resources:\n"
    path.write_text(head + textwrap.indent(textwrap.dedent(resources), "  "))
    return path


def start_function(aws):
    client = boto3.client("lambda", **REACHED, endpoint_url=aws.endpoint)
    client.invoke(FunctionName="tiny-worker", Payload=b"{}")


def test_stopping_ends_every_process(tmp_path):
    aws = LocalAws.start(tmp_path, HERE / "template.yaml")
    start_function(aws)
    pids = descendants(aws.pid)
    assert len(pids) >= 2
    began = time.monotonic()
    aws.stop()
    assert left(pids) == []
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("victim", ["parent", "server"])
def test_killing_parent_or_server_ends_every_process(tmp_path, victim):
    program = f"""
        import sys, time
        from pathlib import Path
        sys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[1])!r}]
        from local_aws.client import LocalAws
        here = Path({str(HERE)!r})
        aws = LocalAws.start(Path({str(tmp_path)!r}), here / "template.yaml")
        import boto3
        function = boto3.client("lambda", **{REACHED!r}, endpoint_url=aws.endpoint)
        function.invoke(FunctionName="tiny-worker", Payload=b"{{}}")
        hang = dict(Payload=b'{{"do": "hang"}}', InvocationType="Event")
        function.invoke(FunctionName="tiny-worker", **hang)
        print(aws.pid, flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        server = int(parent.stdout.readline())
        below = descendants(server)
        assert len(below) >= 2
        os.kill(parent.pid if victim == "parent" else server, signal.SIGKILL)
        assert left(below) == []
        parent.kill()


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalAwsError, match=rf"Port {port} is taken; end the program"):
            LocalAws.start(tmp_path / "root", HERE / "template.yaml", way=Way(port=port))


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalAwsError, match=r"cannot start: .*Not a directory"):
        LocalAws.start(tmp_path / "file" / "root", HERE / "template.yaml")


def test_a_template_that_is_none_is_said_in_one_sentence(tmp_path):
    function = "F: {Type: AWS::Serverless::Function, Properties: {CodeUri: nowhere}}"
    with pytest.raises(LocalAwsError, match=r"cannot be deployed: .*CodeUri nowhere is no folder"):
        LocalAws.start(tmp_path / "root", template(tmp_path, function))


def test_settling_gives_up_and_says_what_is_under_way(aws, client):
    client("sqs").send_message(QueueUrl=aws.outputs["Queue"], MessageBody='{"name": "late"}')
    with pytest.raises(NotIdle, match=r"still under way: .+"):
        aws.settle(0)
    aws.settle()
