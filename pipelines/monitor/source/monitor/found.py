"""What a check finds: violations, notes, figures, and what to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tabular.metrics import Floats

type Document = Mapping[str, object]


@dataclass(frozen=True)
class Violation:
    """Something that is not as the baseline or a limit says."""

    subject: Mapping[str, str]  # AWS's members that name it: feature_name, metric_name, facet ...
    check: str  # AWS's constraint_check_type
    description: str
    test: str
    statistic: float
    threshold: float
    effect: float
    direction: str  # "up" | "down" | "changed"
    p_value: float | None = None  # None: a limit, not a test

    def shape(self) -> Document:
        """AWS's members, and ours."""
        return dict(self.subject) | {
            "constraint_check_type": self.check,
            "description": self.description,
            "test": self.test,
            "statistic": self.statistic,
            "p_value": self.p_value,
            "effect": self.effect,
            "threshold": self.threshold,
            "direction": self.direction,
        }


@dataclass(frozen=True)
class Metric:
    """A figure for CloudWatch, with what it has besides endpoint and schedule."""

    namespace: str
    name: str
    value: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Histogram:
    """A number's values before and now."""

    title: str
    note: str
    baseline: Floats
    window: Floats
    flagged: bool


@dataclass(frozen=True)
class Bars:
    """Pairs of values before and now: a name, then each; None where there is none."""

    title: str
    note: str
    pairs: Sequence[tuple[str, float | None, float | None]]
    flagged: bool
    limit: float | None = None  # drawn as a line
    percent: bool = False


type Chart = Histogram | Bars


@dataclass(frozen=True)
class Figures:
    """A table for people."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    flagged: Sequence[bool]  # which rows are violations
    words: int = 1  # how many columns, from the left, are no figures


@dataclass(frozen=True)
class Found:
    """All that one job has to say."""

    rows: int  # that were judged
    violations: Sequence[Violation] = ()
    notes: Sequence[str] = ()
    enough: bool = True  # rows, to say that all is well
    unmeasured: bool = False  # something that has a limit: then nobody may say that all is well
    documents: Mapping[str, Document] = field(default_factory=dict)  # by file name
    metrics: Sequence[Metric] = ()
    figures: Figures = field(default_factory=lambda: Figures((), (), ()))
    charts: Sequence[Chart] = ()
