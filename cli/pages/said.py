"""Nodes of the record in the words and tables of a document."""

from datetime import datetime

from cli.documents import find, listed
from cli.pages.parts import Listing, Words
from steward.lineage.read import Found

# What a table of drift reports says of each, before what was decided on it.
REPORT_HEAD = ("window", "kind", "rows", "violations", "about", "decided", "because")


def second(when: datetime | None) -> str:
    """A moment as people write it; None: now."""
    return f"{when:%Y-%m-%d %H:%M:%S}" if when else "now"


def words(approval: Found) -> Words:
    """What somebody said on a version; with the reason, if it did not count."""
    facts = approval.facts
    who = facts.get("by") or "somebody without a name"
    ignored = facts.get("status") == "Approved" and not facts.get("counts")
    against = f"; {facts.get('reason')}" if ignored else ""
    by = f"{facts.get('status')} by {who}, {second(approval.at)} UTC{against}"
    return Words(str(facts.get("words") or "no words"), by)


def findings(judged: Found) -> Listing:
    """Every number that the gate looked at."""
    return Listing(tuple(map(str, listed(judged.facts.get("findings")))))


def report_row(report: Found, decision: Found | None) -> tuple[object, ...]:
    """A drift report, and the last decision on it."""
    facts = report.facts
    window, about = listed(facts.get("window")), listed(facts.get("listed"))
    start = str(window[0]).replace("T", " ").partition(".")[0] if window else second(report.at)
    return (
        start,
        facts.get("kind"),
        facts.get("rows"),
        facts.get("violations"),
        ", ".join(dict.fromkeys(str(find(one, "about")) for one in about)),
        decision.facts.get("verdict") if decision else "not yet",
        decision.facts.get("reason") if decision else "",
    )
