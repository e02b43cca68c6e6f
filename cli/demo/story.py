"""Plays the demo: each step is done, then checked by reading AWS back, and told as one line."""

import json
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from cli import repository
from cli.demo import acts, checks, downturn, proof
from cli.demo.report import write_report
from cli.demo.stage import NotTrue, Result, Stage, Stopwatch
from cli.local import embedded
from cli.logs import last_lines
from local_aws.client import ROOT_KEY, LocalAwsError
from steward.observe.approval import observe_registry
from steward.observe.serving import read_versions

SUMMARY = repository.ROOT / "build" / "demo" / "summary.json"
STATE = repository.ROOT / ".steward" / "demo"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story: what is done, and what must be true afterwards."""

    name: str
    do: Callable[[Stage], None]
    check: Callable[[Stage], str]


def _nothing(stage: Stage) -> None:
    del stage


def _train(stage: Stage) -> None:
    acts.wait_until_quiet(stage)
    acts.let_it_train(stage, runs=1)


def _more_data(stage: Stage) -> None:
    acts.upload(stage, acts.MORE_PARTS)
    acts.wait_until_quiet(stage)
    acts.let_it_train(stage, runs=2)


def _more_data_made_it_better(stage: Stage) -> str:
    checks.uploaded(stage, acts.MORE_PARTS)
    checks.trained(stage, 2, checks.PARTS)
    checks.registered(stage, 2)
    return f"{checks.better(stage, 2)}; it waits for a person"


def _roll_out(stage: Stage) -> None:
    acts.approve(stage, 2, "learned from 400 more applications, better on the same rows")
    acts.let_it_serve(stage, 2)
    acts.predict(stage, 2, acts.requests()[1])


def _rolled_out(stage: Stage) -> str:
    checks.approved(stage, 2)
    return f"{checks.served(stage, 2, rollouts=2)}; {checks.captured(stage, 2)}"


def _canary(stage: Stage) -> None:
    acts.register_by_hand(stage, 3, line="# Reviewed.")
    acts.approve(stage, 3, "override: version 2 with a comment in its code, made by hand")
    acts.let_it_end(stage, 3)


def _bad_canary(stage: Stage) -> None:
    acts.register_by_hand(stage, 4, line=acts.FAILS_FOR_THE_SELF_EMPLOYED)
    acts.approve(stage, 4, "override: what can a line in the code do?")
    acts.let_it_end(stage, 4)


def _revoke(stage: Stage) -> None:
    acts.reject(stage, 3, "nobody knows who made it")
    acts.let_it_serve(stage, 2)


def _drift(stage: Stage) -> None:
    """Three windows of a downturn, and before the third one in which a column was lost."""
    acts.wait_for_the_hour(stage)
    for number in (1, 2):
        acts.pass_a_window(stage, downturn.applications(number))
    acts.pass_a_window(stage, downturn.broken(downturn.applications(3)))
    acts.upload(stage, acts.OUTCOMES)
    acts.pass_a_window(stage, downturn.applications(4))
    stage.until("the run that drift asks for starts", lambda: acts.asked_run(stage) is not None)


def _drifted(stage: Stage) -> str:
    checks.uploaded(stage, acts.OUTCOMES)
    return checks.drifted(stage)


def _retrain(stage: Stage) -> None:
    acts.let_it_train(stage, runs=3)
    acts.approve(stage, 5, "learned from the downturn, better on the same rows")
    acts.let_it_serve(stage, 5)
    acts.predict(stage, 5, acts.requests()[2])


def _retrained(stage: Stage) -> str:
    checks.trained(stage, 3, (*checks.PARTS, *acts.OUTCOMES))
    better = checks.better(stage, 5)
    checks.approved(stage, 5)
    return f"{better}; {checks.served(stage, 5, rollouts=6)}; {checks.captured(stage, 5)}"


STEPS = (
    Step("boot", _nothing, checks.booted),
    Step("upload", lambda stage: acts.upload(stage, acts.FIRST_PARTS), checks.uploaded),
    Step(
        "train",
        _train,
        lambda stage: checks.trained(stage, 1, acts.FIRST_PARTS),
    ),
    Step("register", _nothing, lambda stage: checks.registered(stage, 1)),
    Step(
        "approve",
        lambda stage: acts.approve(stage, 1, "metrics and bias are within bounds"),
        lambda stage: checks.approved(stage, 1),
    ),
    Step(
        "serve",
        lambda stage: acts.let_it_serve(stage, 1),
        lambda stage: checks.served(stage, 1, rollouts=1),
    ),
    Step(
        "predict",
        lambda stage: acts.predict(stage, 1, acts.requests()[0]),
        lambda stage: checks.captured(stage, 1),
    ),
    Step("new_data", _more_data, _more_data_made_it_better),
    Step("rollout", _roll_out, _rolled_out),
    Step("canary_ok", _canary, lambda stage: checks.promoted(stage, 3, rollouts=3)),
    Step("canary_bad", _bad_canary, lambda stage: checks.rolled_back(stage, 4, live=3)),
    Step("revoke", _revoke, lambda stage: checks.revoked(stage, 3, 2, rollouts=5)),
    Step("drift", _drift, _drifted),
    Step("retrain", _retrain, _retrained),
    Step("trace", _nothing, checks.traced),
    Step("impact", _nothing, proof.reached),
    Step("tamper", proof.tamper, proof.shown),
    Step("dossier", proof.document, proof.documented),
)


def play(stage: Stage, steps: Sequence[Step], done: Sequence[Result] = ()) -> list[Result]:
    """Play steps until one is not true; those after it are not ok either, and say so."""
    results = list(done)
    for place, step in enumerate(steps):
        result = play_one(stage, step)
        results.append(result)
        if not result.ok:
            why = f"not reached: {step.name} failed"
            return results + [Result(left.name, False, 0.0, why) for left in steps[place + 1 :]]
    return results


def play_one(stage: Stage, step: Step) -> Result:
    """Do one step, check it, tell it."""
    stage.say(f"-- {step.name}")
    watch = Stopwatch()
    try:
        step.do(stage)
        ok, why = True, step.check(stage)
    except (NotTrue, LocalAwsError, ClientError, BotoCoreError) as error:
        ok, why = False, f"{error}"
    stage.say(f"{'ok' if ok else 'FAILED'}: {why} ({watch.seconds} s)")
    return Result(step.name, ok, watch.seconds, why)


def conclude(stage: Stage | None, results: Sequence[Result], seconds: float, path: Path) -> int:
    """Write summary and report; the exit code is 0 only if every step of the story is ok."""
    summary = {
        "seconds": seconds,
        "steps": [asdict(result) for result in results],
        "model_versions": _versions(stage) if stage else [],
        "rollouts": _rollouts(stage) if stage else [],
        "trace": stage.trace if stage else {},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".new")
    whole.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    whole.replace(path)
    write_report(report_beside(path), stage, results, seconds)
    complete = [result.name for result in results] == [step.name for step in STEPS]
    return 0 if complete and all(result.ok for result in results) else 1


def report_beside(summary: Path) -> Path:
    """Where the report of the story with this summary is."""
    return summary.with_name("report.html")


def _versions(stage: Stage) -> list[dict[str, object]]:
    try:
        registry = observe_registry(stage.aws, stage.names.group)
        noted = read_versions(stage.store, stage.names.model)
    except (ClientError, BotoCoreError):
        return []
    return [
        {
            "version": number,
            "status": listed.status,
            "gate": noted[number].gate if number in noted else "not judged",
            "why": noted[number].gate_reason if number in noted else "",
        }
        for number, listed in sorted(registry.items())
    ]


def _rollouts(stage: Stage) -> list[dict[str, object]]:
    try:
        rows = stage.store.query(stage.store.lineage, f"serving#{stage.names.endpoint}")
    except (ClientError, BotoCoreError):
        return []
    return [
        {"rollout": row["rollout"], "since": row["sk"], "versions": row["versions"]} for row in rows
    ]


def demo(*, keep: bool = False) -> int:
    """Play the whole story on an embedded AWS of its own; returns the exit code."""
    watch = Stopwatch()
    for path in (
        SUMMARY,
        report_beside(SUMMARY),
    ):  # one that is stopped leaves no older demo's behind
        path.unlink(missing_ok=True)
    print("A mortgage model goes round, on real data, on an embedded AWS of this machine.")
    print("-- starting the embedded AWS: the template is deployed, the pipeline published")
    try:
        with embedded(STATE) as local:
            stage = Stage(local, say=_say)
            results = play(stage, STEPS)
            code = conclude(stage, results, watch.seconds, SUMMARY)
            _tell_the_end(stage, code, watch.seconds)
            if keep:
                _keep(stage)
        if code == 0:
            _tell_what_next()
    except LocalAwsError as error:
        left = [Result(step.name, False, 0.0, f"not reached: {error}") for step in STEPS]
        conclude(None, left, watch.seconds, SUMMARY)
        print(error, file=sys.stderr)
        return 1
    return code


def _say(line: str) -> None:
    print(line if line.startswith("--") else f"   {line}", flush=True)


def _tell_the_end(stage: Stage, code: int, seconds: float) -> None:
    summary, report = (
        path.relative_to(repository.ROOT) for path in (SUMMARY, report_beside(SUMMARY))
    )
    if code:
        logs = stage.local.root / "logs"
        told = logs.relative_to(repository.ROOT)
        print(f"The story did not go as told, see {report}, {summary} and {told}/ ({seconds} s).")
        print("\n".join(last_lines(logs)), file=sys.stderr)
        return
    print(f"Every step was checked by reading AWS back: {summary} ({seconds} s).")
    print(f"All of it on one page, for a browser: {report}")


def _tell_what_next() -> None:
    print("Next:")
    print("  .venv/bin/steward demo --keep     # the same, kept running for your own questions")
    print("  .venv/bin/steward invoke training --event events/training-upload.json")
    print("  .venv/bin/steward check           # the models' files; copy one to add a model")


def _keep(stage: Stage) -> None:
    asked = f"--endpoint {stage.names.endpoint} --id {next(iter(stage.answers), 'ID')}"
    print("The embedded AWS is kept running; ctrl-C ends it. In another terminal:")
    print(f"  export AWS_ENDPOINT_URL={stage.local.endpoint} AWS_DEFAULT_REGION=eu-west-1")
    trainer = stage.people["trainer"]
    print(f"  export AWS_ACCESS_KEY_ID={trainer.access_key_id}")
    print(f"  export AWS_SECRET_ACCESS_KEY={trainer.secret_access_key}")
    print("  .venv/bin/steward status")
    print(f"  .venv/bin/steward trace {asked}")
    print("  # the account's own key may do all")
    print(f"  AWS_ACCESS_KEY_ID={ROOT_KEY} .venv/bin/steward doctor", flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
