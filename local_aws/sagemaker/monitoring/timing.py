"""When schedules run and what time they look at: AWS's cron forms and ISO 8601 offsets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from local_aws.sagemaker.errors import invalid
from local_aws.sagemaker.values import Json, maybe_text, section

NOW = "NOW"
DAILY = "cron(0 0 ? * * *)"  # without an expression SageMaker picks an hour of the day
HOUR = timedelta(hours=1)
_WIDEST = timedelta(hours=24)
_CRON = re.compile(r"cron\(0 (\*|\d{1,2})(?:/(\d{1,2}))? \? \* \* \*\)")
_OFFSET = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


@dataclass(frozen=True)
class Rhythm:
    """The hours of the day at which a schedule runs."""

    hours: frozenset[int]
    period: timedelta

    def next(self, after: datetime) -> datetime:
        """The first of its hours that begins after a moment."""
        hour = floor(after) + HOUR
        while hour.hour not in self.hours:
            hour += HOUR
        return hour


def floor(moment: datetime) -> datetime:
    """The beginning of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def rhythm(expression: str) -> Rhythm:
    """Read one of the cron expressions that Model Monitor takes."""
    found = _CRON.fullmatch(expression)
    first, step = (found[1], int(found[2] or 24)) if found else ("", 0)
    if first == "*" and found and found[2] is None:
        return Rhythm(frozenset(range(24)), HOUR)
    if not first.isdigit() or int(first) > 23 or not 1 <= step <= 24:
        raise invalid(
            f"ScheduleExpression {expression!r} is none of cron(0 * ? * * *), "
            "cron(0 [00-23] ? * * *), cron(0 [00-23]/[01-24] ? * * *), NOW."
        )
    return Rhythm(frozenset(range(int(first), 24, step)), timedelta(hours=step))


@dataclass(frozen=True)
class Window:
    """The time that an execution looks at."""

    start: datetime
    end: datetime

    def hours(self) -> Iterator[datetime]:
        """Every hour that it touches, as folders are named after."""
        hour = floor(self.start)
        while hour < self.end:
            yield hour
            hour += HOUR


def window(schedule: Json, endpoint_input: Json, scheduled: datetime) -> Window:
    """What is looked at by an execution that was scheduled for a moment.

    `schedule` is a ScheduleConfig. The offsets of the EndpointInput come before its own.
    """
    expression = maybe_text(schedule, "ScheduleExpression") or DAILY
    period = timedelta(0) if expression == NOW else rhythm(expression).period
    start = endpoint_input.get("StartTimeOffset", schedule.get("DataAnalysisStartTime"))
    end = endpoint_input.get("EndTimeOffset", schedule.get("DataAnalysisEndTime"))
    return Window(
        scheduled + (offset(str(start)) if start else -period),
        scheduled + (offset(str(end)) if end else timedelta(0)),
    )


def offset(value: str) -> timedelta:
    """Read an offset such as -PT1H or -P1DT2H."""
    found = _OFFSET.fullmatch(value)
    if found is None or not any(found.groups()[1:]):
        raise invalid(f"The offset {value!r} is not an ISO 8601 duration such as -PT1H.")
    sign, *numbers = found.groups()
    days, hours, minutes = (int(number or 0) for number in numbers)
    length = timedelta(days=days, hours=hours, minutes=minutes)
    return -length if sign else length


def check(config: Json) -> None:
    """Refuse a MonitoringScheduleConfig whose times make no sense."""
    schedule = section(config, "ScheduleConfig")
    expression = maybe_text(schedule, "ScheduleExpression") or DAILY
    bounds = [schedule.get(f"DataAnalysis{end}Time") for end in ("Start", "End")]
    if expression == NOW and None in bounds:
        raise invalid(
            "DataAnalysisStartTime and DataAnalysisEndTime are required if ScheduleExpression is "
            "NOW."
        )
    if expression != NOW:
        rhythm(expression)
    start, end = (offset(str(one)) if one else timedelta(0) for one in bounds)
    if all(bounds) and not timedelta(0) < end - start <= _WIDEST:
        raise invalid(
            f"DataAnalysisStartTime {bounds[0]} must precede DataAnalysisEndTime {bounds[1]} by "
            "24 hours at most."
        )
