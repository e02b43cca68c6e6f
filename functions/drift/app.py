"""Drift: judge what monitors found in production, and start the monitors' jobs that are due."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock
from steward.act.model_monitor import (
    Definition,
    Place,
    change_schedule,
    define,
    make_definition,
    make_schedule,
    remove_definition,
    remove_schedule,
)
from steward.act.model_monitor_images import image_of
from steward.act.monitor import start_job
from steward.act.notify import ask_to_look, tell
from steward.aws import Aws
from steward.commands import Action
from steward.decide.drift import judge
from steward.decide.drift_facts import SCHEMA, DriftPolicy, DriftReport
from steward.decide.model_monitor import (
    NO_DATA,
    Execution,
    Means,
    Schedule,
    Wanted,
    again,
    judge_end,
    judge_schedule,
    refused,
    unread,
    why_not,
)
from steward.decide.monitor import Due, Readiness, Watched, after, due_windows, failed, judge_due
from steward.decide.repair import FULL_SWEEP, LONG_AGO
from steward.decide.verdict import Verdict
from steward.errors import BadEvent, NoRoom, NotYet, Permanent
from steward.events.types import (
    AlarmChanged,
    DriftReported,
    JobChanged,
    LookAt,
    ObjectCreated,
    Trigger,
)
from steward.log import count, logger, metrics
from steward.observe.drift import observe_drift, observe_live
from steward.observe.model_monitor import (
    TYPES,
    Seen,
    clean_report,
    in_its_window,
    is_retired,
    observe_definitions,
    observe_executions,
    observe_result,
    observe_schedules,
    read_seen,
)
from steward.observe.monitor import (
    PREPROCESS,
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
    read_failure,
    read_jobs,
    read_spec,
    read_watched,
)
from steward.observe.reports import file_id, observe_file, report_of, report_of_alarm
from steward.observe.serving import observe_endpoint
from steward.record.agenda import off_agenda, read_mark
from steward.record.decisions import is_recorded, record
from steward.record.drift import is_known, read_waiting, record_judgement, record_report
from steward.record.model_monitor import forget_schedules, record_change, record_seen
from steward.record.monitor import (
    forget_job,
    record_failed,
    record_unwatched,
    record_watch,
)
from steward.scope import Models, models
from steward.scope import Scope as AnyScope
from steward.settings import DriftSettings, load
from steward.spec.monitoring import MODEL_MONITOR

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
            take_file(known.with_report(trigger.bucket, trigger.key), trigger)
        case DriftReported():
            take(known.named(trigger.model), report_of(trigger))
        case AlarmChanged():
            if scope := known.with_resource(trigger.endpoint):
                live = observe_live(scope.aws, scope.store, scope.names)
                take(scope, report_of_alarm(trigger, live))
        case JobChanged():
            if scope := known.with_job(trigger.job):
                look(scope)
        case LookAt():
            look(known.named(trigger.model, trigger.asked_by))
        case _:
            raise BadEvent(f"{type(trigger).__name__} is no business of drift")


def take_file(scope: Scope, event: ObjectCreated) -> None:
    """Take the report in a file; one that was taken already is not read again."""
    if is_known(scope.store, scope.model, file_id(event)):
        logger.info("%s is on record already", event.key)
        settle(scope)
    else:
        report = observe_file(scope.aws, event)
        report = in_its_window(scope.names, scope.spec.monitor, event.key, report)
        take(scope, report, event.at)


def take(scope: Scope, report: DriftReport, written_at: datetime | None = None) -> None:
    """Note a report and judge it; one that was noted already may still wait."""
    if is_known(scope.store, scope.model, report.id):
        logger.info("%s is on record already", report.source)
        settle(scope)
        return
    record_report(scope.store, scope.model, report)
    count("DriftReport")
    judge_report(scope, report, written_at)


def look(scope: Scope) -> None:
    """Read the jobs that ended, judge what waits, and start the jobs that are due."""
    mark = read_mark(scope.store, "drift", scope.model)
    open_jobs = read_ended(scope)
    changing = keep(scope)
    settle(scope)
    monitor = scope.spec.monitor
    started = watch(scope) if monitor.kinds and monitor.source != MODEL_MONITOR else 0
    under_way, waiting = open_jobs + changing + started, read_waiting(scope.store, scope.model)
    logger.info("%s: %d under way, %d reports wait", scope.model, under_way, len(waiting))
    if not under_way and not waiting:
        off_agenda(scope.store, "drift", scope.model, mark)


def settle(scope: Scope) -> None:
    """Judge every report that waits, the oldest window first."""
    for report in read_waiting(scope.store, scope.model):
        judge_report(scope, report)


def judge_report(scope: Scope, report: DriftReport, since: datetime | None = None) -> None:
    """Judge a report, tell its owner, record it, and pass the request on.

    `since` is when its file was written, if no event has told of that yet.
    """
    facts = observe_drift(scope.aws, scope.store, scope.names, report)
    monitor = scope.spec.monitor
    policy = DriftPolicy(scope.spec.retrain, monitor.min_rows, monitor.capture_lag)
    judgement = judge(report, facts, policy, clock.now())
    verdict = scope.mended(judgement.verdict, since)
    judgement = replace(judgement, verdict=verdict)
    if judgement.waits and is_recorded(scope.store, scope.model, verdict):
        return
    scope.log(verdict)
    if verdict.kind in _TOLD:
        about = f"{verdict.reason}\n\n{verdict.subject}"
        tell(scope, verdict, _TOLD[verdict.kind], about, *todo(scope, verdict, report))
    if not record_judgement(scope.store, scope.names, judgement, report, facts):
        raise NotYet(f"{report.source}: what it is judged by changed while it was judged")
    if verdict.kind == "retrain":
        # Should this message be lost, the sweep finds the request on the agenda.
        ask_to_look(scope.aws, scope.settings.training_queue_url, scope.model)


def todo(scope: Scope, verdict: Verdict, report: DriftReport) -> tuple[Action, ...]:
    """What the owner may do about a report: read it, and let a run be or what was broken go on."""
    commands = scope.commands
    read = (commands.read(report.source),) if report.source.startswith("s3://") else ()
    if verdict.kind == "retrain":
        return *read, commands.status(), commands.pause()
    held = scope.spec.retrain.schema_break_blocks_training
    broken = held and any(finding.kind == SCHEMA for finding in report.findings or ())
    return *read, commands.resume() if broken else commands.status()


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
        why = state.why or "it wrote no report"
        give_up(scope, job.due, state.status, why, since=state.ended_at)
        return True
    take_file(scope, written)
    scope.store.transact([forget_job(scope.store, scope.model, job.due)])
    return True


def start_again(scope: Scope, job: OpenJob) -> None:
    """Start a job that was recorded and never made, if its version still serves."""
    watchable = observe_watchable(scope.aws, scope.store, scope.names)
    code = observe_code(scope.aws, scope.settings.artifact_bucket)
    if watchable is None or watchable.version != job.due.version:
        give_up(scope, job.due, "not started", "its version no longer serves")
    elif code is None:
        give_up(scope, job.due, "not started", "the monitor's code is not published any more")
    else:
        start(scope, job.due, read_spec(scope.store, scope.names, watchable), code)


def give_up(
    scope: Scope, due: Due, status: str, why: str, *, since: datetime | None = None
) -> None:
    """Nobody will know how this window was: say so."""
    told = read_failure(scope.store, scope.model, due)
    verdict = scope.mended(failed(due, status, why, told, clock.now()), since)
    if verdict.kind == "page":
        see = scope.commands.job(due.job)
        tell(scope, verdict, "a monitor's job failed", verdict.reason, see)
    record_failed(scope.store, scope.model, verdict, due, why)


def watch(scope: Scope) -> int:
    """Start the jobs of all windows that are due; returns how many."""
    watchable = observe_watchable(scope.aws, scope.store, scope.names)
    if watchable is None:
        return 0
    known = read_watched(scope.store, scope.model)
    due = {kind: windows_due(scope, kind, watchable, known) for kind in scope.spec.monitor.kinds}
    if not any(due.values()):
        return 0
    watchable = read_spec(scope.store, scope.names, watchable)
    code = observe_code(scope.aws, scope.settings.artifact_bucket)
    baseline = has_baseline(scope.aws, watchable)
    return sum(
        watch_kind(scope, windows, watchable, code, known.get(kind), baseline=baseline)
        for kind, windows in due.items()
    )


def windows_due(
    scope: Scope, kind: str, watchable: Watchable, known: Mapping[str, Watched]
) -> list[Due]:
    """The windows of a kind that nobody has looked at, oldest first."""
    version, since = watchable.version, watchable.served_at
    windows = due_windows(kind, scope.spec.monitor, version, since, known.get(kind), clock.now())
    return [
        Due(kind, version, window, scope.names.monitor_job(kind, version, window.start))
        for window in windows
    ]


def watch_kind(
    scope: Scope,
    windows: Sequence[Due],
    watchable: Watchable,
    code: Code | None,
    watched: Watched | None,
    *,
    baseline: bool,
) -> int:
    """Start a kind's jobs until one cannot be; returns how many."""
    started = 0
    for due in windows:
        captured = captured_in(scope, due)
        verdict = judge_due(due, Readiness(code is not None, baseline, captured), watched)
        starts = verdict.kind == "watch"
        if not starts:
            hold(scope, verdict, due, watched, passed=code is not None and baseline)
        elif not record_watch(scope.store, scope.model, verdict, due, watched):
            logger.info("%s: another look was first", due.job)
            break
        if starts and code:
            start(scope, due, watchable, code)
            started += 1
        if not (code and baseline):
            break
        watched = after(due, watched, jobs=int(starts))
    return started


def captured_in(scope: Scope, due: Due) -> bool:
    """Whether anything was captured in a window."""
    prefix = capture_prefix(scope.names, due.version)
    return is_captured(scope.aws, scope.settings.artifact_bucket, prefix, due.window)


def hold(
    scope: Scope, verdict: Verdict, due: Due, watched: Watched | None, *, passed: bool
) -> None:
    """Record why a window is not looked at; one that has `passed` is done with."""
    if not is_recorded(scope.store, scope.model, verdict):
        scope.log(verdict)
        if not passed:
            tell(scope, verdict, f"{verdict.subject} is not watched", verdict.reason)
    record_unwatched(scope.store, scope.model, verdict, due, watched, passed=passed)


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


def keep(scope: Scope) -> int:
    """Keep Model Monitor's schedules as they should be, read them; returns how many change."""
    monitor, seen = scope.spec.monitor, read_seen(scope.store, scope.model)
    kinds = monitor.kinds if monitor.source == MODEL_MONITOR else ()
    kinds = () if is_retired(scope.store, scope.model) else kinds
    if seen:
        read_executions(scope, seen)
    elif not kinds:
        return 0
    watchable = observe_watchable(scope.aws, scope.store, scope.names) if kinds else None
    if kinds and watchable is None:
        return 0
    wanted = plans(scope, kinds, watchable) if watchable else {}
    schedules = observe_schedules(scope.aws, scope.names)
    changing = sum(
        keep_kind(scope, kind, wanted.get(kind), schedules.get(kind), seen) for kind in TYPES
    )
    if not kinds and not changing and not schedules:
        forget_schedules(scope.store, scope.model)
    return changing


def plans(
    scope: Scope, kinds: Sequence[str], watchable: Watchable
) -> dict[str, tuple[Wanted, Definition | None]]:
    """What the schedule of each kind should run, or why it can run nothing."""
    settings = scope.settings
    watchable = read_spec(scope.store, scope.names, watchable)
    place = Place(settings.artifact_bucket, settings.landing_bucket, settings.execution_role_arn)
    code = observe_code(scope.aws, settings.artifact_bucket)
    script = code.files.get(PREPROCESS, "") if code else ""
    baseline = has_baseline(scope.aws, watchable)
    endpoint = observe_endpoint(scope.aws, scope.names.endpoint)
    found: dict[str, tuple[Wanted, Definition | None]] = {}
    for kind in kinds:
        image = image_of(kind, settings.aws_region)
        means = Means(bool(script), baseline, bool(image), settings.aws_region)
        if problem := why_not(kind, watchable.version, means):
            found[kind] = Wanted(watchable.version, "", problem), None
            continue
        definition = define(
            scope.names,
            scope.spec,
            kind,
            watchable,
            model=endpoint.config if endpoint else "",
            image=image,
            preprocess=script,
            place=place,
        )
        found[kind] = Wanted(watchable.version, definition.name), definition
    return found


def keep_kind(
    scope: Scope,
    kind: str,
    plan: tuple[Wanted, Definition | None] | None,
    schedule: Schedule | None,
    seen: Seen | None,
) -> int:
    """Bring a kind's schedule a step nearer to what it should be; 1 while it is not there."""
    wanted, definition = plan or (None, None)
    verdict = judge_schedule(kind, wanted, schedule)
    if verdict.kind == "wait":
        return 1
    if verdict.kind in ("schedule", "reschedule", "unschedule"):
        verdict = restored(scope, verdict)
        scope.log(verdict)
        record_change(scope.store, scope.model, verdict, seen)
        return change(scope, kind, verdict, definition)
    if verdict.kind in ("hold", "page"):
        say_once(scope, verdict, f"{kind} is not watched")
    used = schedule.definition if schedule else None
    idle = [one for one in observe_definitions(scope.aws, scope.names, kind) if one != used]
    for name in idle:
        remove_definition(scope.aws, kind, name)
    return 1 if idle else 0


def restored(scope: Scope, verdict: Verdict) -> Verdict:
    """The verdict, or the one that makes again what had been made for the same reasons."""
    if scope.asked_by != FULL_SWEEP or not is_recorded(scope.store, scope.model, verdict):
        return verdict
    return scope.mended(again(verdict), LONG_AGO)


def change(scope: Scope, kind: str, verdict: Verdict, definition: Definition | None) -> int:
    """Make, change or remove a kind's schedule; without room, the next look tries again."""
    name = scope.names.schedule(kind)
    if definition is None or verdict.kind == "unschedule":
        remove_schedule(scope.aws, name)
        return 1
    try:
        make_definition(scope.aws, scope.settings.artifact_bucket, definition)
        if verdict.kind == "schedule":
            make_schedule(scope.aws, name, definition)
        else:
            change_schedule(scope.aws, name, definition)
    except NoRoom as full:
        logger.warning("%s is not scheduled yet: %s", name, full)
    except Permanent as no:
        return not_taken(scope, kind, definition, no)
    return 1


def not_taken(scope: Scope, kind: str, definition: Definition, no: Permanent) -> int:
    """Say once that AWS refused a definition, unless it runs: then an earlier answer was lost."""
    schedule = observe_schedules(scope.aws, scope.names).get(kind)
    if schedule and schedule.definition == definition.name:
        return 1
    say_once(scope, refused(kind, definition.name, str(no)), f"{kind} is not watched")
    return 0


def read_executions(scope: Scope, seen: Seen) -> None:
    """Take what ended since, and remember how far: up to the first that has not ended."""
    found = observe_executions(scope.aws, scope.names, seen.until)
    running = [one.created_at for one in found if not one.is_over]
    until = seen.until
    for execution in found:
        if execution.is_over:
            read_execution(scope, execution)
            if not running or execution.created_at < min(running):
                until = max(until, execution.created_at)
    record_seen(scope.store, scope.model, seen, until)


def read_execution(scope: Scope, execution: Execution) -> None:
    """Take an execution's report as the event of its file; say once why there is none."""
    verdict = judge_end(execution) or take_result(scope, execution)
    if verdict:
        say_once(scope, verdict, "an execution of Model Monitor failed")


def take_result(scope: Scope, execution: Execution) -> Verdict | None:
    """Take what an execution wrote; without a file it found nothing, unless it says otherwise."""
    source, written = observe_result(scope.aws, execution)
    if written is None and execution.status != "Completed":
        return unread(execution, "it wrote no report")
    try:
        if written:
            take_file(scope, written)
        else:
            monitor = scope.spec.monitor
            take(scope, clean_report(scope.names, monitor, execution, source))
    except BadEvent as bad:
        return unread(execution, str(bad))
    return None


def say_once(scope: Scope, verdict: Verdict, subject: str) -> None:
    """Record a verdict that nothing follows from, and write to the owner unless it is quiet."""
    if is_recorded(scope.store, scope.model, verdict):
        return
    scope.log(verdict)
    if verdict.facts.get("why") != NO_DATA:
        tell(scope, verdict, subject, verdict.reason)
    record(scope.store, scope.model, verdict)
