"""Drift: judge what monitors found in production, and start the monitors' jobs that are due."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock
from steward.act.monitor import start_job
from steward.act.notify import ask_to_look, notify
from steward.aws import Aws
from steward.decide.drift import judge
from steward.decide.drift_facts import DriftPolicy, DriftReport
from steward.decide.monitor import Due, Readiness, Watched, due_windows, failed, judge_due
from steward.decide.verdict import Verdict
from steward.errors import BadEvent, NoRoom, NotYet
from steward.events.types import (
    AlarmChanged,
    DriftReported,
    JobChanged,
    LookAt,
    ObjectCreated,
    Trigger,
)
from steward.log import count, logger, metrics
from steward.names import model_of_job
from steward.observe.drift import observe_drift, observe_live
from steward.observe.monitor import (
    Code,
    JobState,
    OpenJob,
    Watchable,
    capture_prefix,
    has_baseline,
    is_captured,
    observe_code,
    observe_jobs,
    observe_watchable,
    observe_written,
    read_jobs,
    read_watched,
)
from steward.observe.reports import file_id, observe_file, report_of, report_of_alarm
from steward.record.agenda import off_agenda, read_mark
from steward.record.decisions import is_recorded
from steward.record.drift import is_known, read_waiting, record_judgement, record_report
from steward.record.monitor import (
    forget_job,
    record_failed,
    record_unwatched,
    record_watch,
)
from steward.scope import Models, models
from steward.scope import Scope as AnyScope
from steward.settings import DriftSettings, load

type Scope = AnyScope[DriftSettings]

# Of the others the record says enough: nothing was found, or it is too early to tell.
_TOLD = {"retrain": "drift asks for a training run", "page": "a monitor needs a person"}
_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: batch.Batch, context: LambdaContext) -> batch.Answer:
    """Take a batch of the drift queue."""
    del context
    known = models(_aws, load(DriftSettings))
    return batch.each(event, known.settings, lambda trigger: handle(known, trigger))


def handle(known: Models[DriftSettings], trigger: Trigger) -> None:
    """One message: a report from any source, a job that ended, or a request to look."""
    match trigger:
        case ObjectCreated():
            take_file(known.with_report(trigger.key), trigger)
        case DriftReported():
            take(known.named(trigger.model), report_of(trigger))
        case AlarmChanged():
            if scope := known.with_resource(trigger.endpoint):
                live = observe_live(scope.aws, scope.store, scope.names)
                take(scope, report_of_alarm(trigger, live))
        case JobChanged():
            model = model_of_job(known.settings.prefix, trigger.job)
            if model in known.specs:
                look(known.named(model))
        case LookAt():
            look(known.named(trigger.model))
        case _:
            raise BadEvent(f"{type(trigger).__name__} is no business of drift")


def take_file(scope: Scope, event: ObjectCreated) -> None:
    """Take the report in a file; one that was taken already is not read again."""
    if is_known(scope.store, scope.model, file_id(event)):
        settle(scope)
    else:
        take(scope, observe_file(scope.aws, event))


def take(scope: Scope, report: DriftReport) -> None:
    """Note a report and judge it; one that was noted already may still wait."""
    if is_known(scope.store, scope.model, report.id):
        settle(scope)
        return
    record_report(scope.store, scope.model, report)
    count("DriftReport")
    judge_report(scope, report)


def look(scope: Scope) -> None:
    """Read the jobs that ended, judge what waits, and start the jobs that are due."""
    mark = read_mark(scope.store, "drift", scope.model)
    open_jobs = read_ended(scope)
    settle(scope)
    started = watch(scope) if scope.spec.monitor.kinds else 0
    if not open_jobs and not started and not read_waiting(scope.store, scope.model):
        off_agenda(scope.store, "drift", scope.model, mark)


def settle(scope: Scope) -> None:
    """Judge every report that waits, the oldest window first."""
    for report in read_waiting(scope.store, scope.model):
        judge_report(scope, report)


def judge_report(scope: Scope, report: DriftReport) -> None:
    """Judge a report, tell its owner, record it, and pass the request on."""
    facts = observe_drift(scope.aws, scope.store, scope.names, report)
    monitor = scope.spec.monitor
    policy = DriftPolicy(scope.spec.retrain, monitor.min_rows, monitor.capture_lag)
    judgement = judge(report, facts, policy, clock.now())
    verdict = judgement.verdict
    if judgement.waits and is_recorded(scope.store, scope.model, verdict):
        return
    logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
    if verdict.kind in _TOLD:
        tell(scope, verdict, _TOLD[verdict.kind])
    if not record_judgement(scope.store, scope.names, judgement, report, facts):
        raise NotYet(f"{report.source}: what it is judged by changed while it was judged")
    if verdict.kind == "retrain":
        # Should this message be lost, the sweep finds the request on the agenda.
        ask_to_look(scope.aws, scope.settings.training_queue_url, scope.model)


def read_ended(scope: Scope) -> int:
    """Take the reports of jobs that ended; returns how many have not."""
    jobs = read_jobs(scope.store, scope.model)
    states = observe_jobs(scope.aws, scope.names, jobs)
    return sum(not read_job(scope, job, states.get(job.due.job)) for job in jobs)


def read_job(scope: Scope, job: OpenJob, state: JobState | None) -> bool:
    """Take a job's report if it ended, or start it if it never began; False while it runs."""
    if state is None:
        start_again(scope, job)
        return False
    if state.is_running:
        return False
    bucket = scope.settings.artifact_bucket
    written = observe_written(scope.aws, bucket, scope.names, job.due)
    if state.status != "Completed" or written is None:
        give_up(scope, job.due, state.status, state.why or "it wrote no report")
        return True
    take_file(scope, written)
    scope.store.transact([forget_job(scope.store, scope.model, job.due)])
    return True


def start_again(scope: Scope, job: OpenJob) -> None:
    """Start a job that was recorded and never made, if its version still serves."""
    watchable = observe_watchable(scope.aws, scope.store, scope.names)
    code = observe_code(scope.aws, scope.settings.artifact_bucket)
    if watchable is None or code is None or watchable.version != job.due.version:
        give_up(scope, job.due, "not started", "its version no longer serves")
    else:
        start(scope, job.due, watchable, code)


def give_up(scope: Scope, due: Due, status: str, why: str) -> None:
    """Nobody will know how this window was: say so."""
    verdict = failed(due, status, why)
    tell(scope, verdict, "a monitor's job failed")
    record_failed(scope.store, scope.model, verdict, due)


def watch(scope: Scope) -> int:
    """Start the jobs of all windows that are due; returns how many."""
    watchable = observe_watchable(scope.aws, scope.store, scope.names)
    if watchable is None:
        return 0
    code = observe_code(scope.aws, scope.settings.artifact_bucket)
    baseline = has_baseline(scope.aws, watchable)
    kinds = scope.spec.monitor.kinds
    return sum(watch_kind(scope, kind, watchable, code, baseline=baseline) for kind in kinds)


def watch_kind(
    scope: Scope, kind: str, watchable: Watchable, code: Code | None, *, baseline: bool
) -> int:
    """Start a kind's jobs for the windows that are due, oldest first; returns how many."""
    spec, version, started = scope.spec.monitor, watchable.version, 0
    watched = read_watched(scope.store, scope.model, kind)
    bucket, prefix = scope.settings.artifact_bucket, capture_prefix(scope.names, version)
    for window in due_windows(kind, spec, version, watchable.served_at, watched, clock.now()):
        due = Due(kind, version, window, scope.names.monitor_job(kind, version, window.start))
        captured = is_captured(scope.aws, bucket, prefix, window)
        ready = Readiness(code is not None, baseline, captured)
        verdict = judge_due(due, ready, watched)
        if verdict.kind == "watch" and code:
            record_watch(scope.store, scope.model, verdict, due, watched)
            start(scope, due, watchable, code)
            started += 1
        else:
            hold(scope, verdict, due, ready, watched)
            if not (ready.code and ready.baseline):
                break
        watched = read_watched(scope.store, scope.model, kind)
    return started


def hold(
    scope: Scope, verdict: Verdict, due: Due, ready: Readiness, watched: Watched | None
) -> None:
    """Record why a window is not looked at; one in which nothing was captured is done with."""
    possible = ready.code and ready.baseline
    if not is_recorded(scope.store, scope.model, verdict):
        logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
        if not possible:
            tell(scope, verdict, f"{verdict.subject} is not watched")
    record_unwatched(scope.store, scope.model, verdict, due, watched, passed=possible)


def start(scope: Scope, due: Due, watchable: Watchable, code: Code) -> None:
    """Start a job; without room in the account, the next look tries again."""
    settings = scope.settings
    try:
        start_job(
            scope.aws,
            scope.names,
            scope.spec,
            due,
            watchable,
            code,
            bucket=settings.artifact_bucket,
            landing=settings.landing_bucket,
            role=settings.execution_role_arn,
        )
    except NoRoom as full:
        logger.warning("%s is not started yet: %s", due.job, full)
    else:
        count("MonitorStarted")


def tell(scope: Scope, verdict: Verdict, subject: str) -> None:
    """Write to the model's owner."""
    text = f"{verdict.reason}\n\n{verdict.subject}\n\nOwner: {scope.spec.owner}"
    about = verdict.id(scope.model)
    notify(scope.aws, scope.settings.topic_arn, scope.model, about, subject, text)
