"""The judge of production and its memory, fed with windows one after the other."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from monitor.compare import Change
from steward.decide.drift import BUDGET_WINDOW, Judgement, judge
from steward.decide.drift_facts import (
    DriftFacts,
    DriftPolicy,
    DriftReport,
    Finding,
    Judged,
    Window,
)
from steward.decide.training import Asked
from steward.spec.kinds import DATA_QUALITY


@dataclass
class Watch:
    """One model in production: what serves, and what is remembered from window to window.

    A run that is asked for has ended before the next window is judged; its version does not serve
    before `serve` is called.
    """

    policy: DriftPolicy
    version: int = 1
    asked: Asked | None = None
    new_rows: int = 0
    history: list[Judged] = field(default_factory=list)

    def see(self, window: Window, rows: int, found: Iterable[Change]) -> Judgement:
        """Judge a window of so many rows, in which this was found, as soon as it is complete."""
        self.new_rows += rows
        report = _report(window, rows, found, self.version)
        facts = DriftFacts(self.version, None, self.asked, tuple(self.history), self.new_rows)
        now = window.end + self.policy.lag
        judgement = judge(report, facts, self.policy, now)
        if judgement.whole:
            one = Judged(window.start, report.id, whole=True, marks=report.marks)
            self.history = [*self.history, one][-self.policy.retrain.of :]
        if judgement.verdict.kind == "retrain":
            self.asked = self._ask(judgement, now)
        return judgement

    def serve(self) -> None:
        """Let the next version serve, trained on all rows until now."""
        self.version, self.new_rows, self.history = self.version + 1, 0, []

    def _ask(self, judgement: Judgement, now: datetime) -> Asked:
        before = self.asked
        earlier = [at for at in before.earlier if now - at < BUDGET_WINDOW] if before else []
        return Asked(
            number=before.number + 1 if before else 1,
            state="taken",
            at=now,
            reason=judgement.verdict.reason,
            causes=(),
            version=self.version,
            drifted=judgement.drifted,
            earlier=(*earlier, now),
        )


def _report(window: Window, rows: int, found: Iterable[Change], version: int) -> DriftReport:
    return DriftReport(
        id=f"report#{window.start.isoformat()}",
        source="replay",
        at=window.end,
        kind=DATA_QUALITY,
        version=version,
        window=window,
        rows=rows,
        findings=tuple(map(_finding, found)),
    )


def _finding(change: Change) -> Finding:
    return Finding(
        DATA_QUALITY,
        "baseline_drift_check",
        change.feature,
        test=change.test,
        statistic=change.statistic,
        p_value=change.p_value,
        effect=change.effect,
        direction=change.direction,
    )
