"""What must always hold, and which mutants break it: what their killers say, and no more."""

from tests.mutation.sites import CORE

TITLES = {
    1: "at most one rollout in flight per endpoint, one training run in flight per model",
    2: "no rollout of what was not approved just before, or is not what was registered",
    3: "every accepted event ends as an effect, a decision on record, or a dead letter",
    4: "every change happens once, however often the event comes",
    5: "what the lineage says served at a moment contains what served",
    6: "the lineage has no dangling edge, and the ledger verifies",
    7: "an older approval never replaces a newer one; back only to what has served",
    8: "the desired state is reached within some sweeps, whatever events were lost",
    9: "values of data subjects and secrets reach neither logs nor lineage",
}
SITES: dict[int, tuple[str, ...]] = {
    1: (
        f"{CORE}/record/rollout.py::open_rollout::condition",
        f"{CORE}/record/training.py::open_run::condition",
    ),
    2: (
        f"{CORE}/decide/preflight.py::still_stands",
        f"{CORE}/decide/preflight.py::same_artifact",
        f"{CORE}/record/rollout.py::record_asking::condition",
        "functions/rollout/app.py::start::branch",
        "functions/rollout/app.py::ask::branch",
    ),
    3: (
        f"{CORE}/batch.py::",
        f"{CORE}/events/parse.py::",
        *(
            f"functions/{one}/app.py::handle"
            for one in ("training", "approval", "rollout", "drift")
        ),
    ),
    4: (
        f"{CORE}/record/lineage.py::node_writes::condition",
        f"{CORE}/record/lineage.py::end_writes::condition::1",
        f"{CORE}/record/drift.py::_window::condition",
        f"{CORE}/record/monitor.py::_advance::condition",
        f"{CORE}/record/rollout.py::_close::condition",
        f"{CORE}/record/training.py::record_finished::condition",
    ),
    5: (
        f"{CORE}/lineage/read.py::",
        f"{CORE}/record/lineage.py::serving_writes::condition::1",
        f"{CORE}/record/lineage.py::shift_writes::condition",
    ),
    6: (
        f"{CORE}/lineage/verify.py::",
        f"{CORE}/record/ledger.py::_entry::condition",
        f"{CORE}/record/lineage.py::_edge_writes::condition::2",
        f"{CORE}/record/lineage.py::end_writes::condition::2",
        f"{CORE}/record/lineage.py::serving_writes::condition::2",
    ),
    7: (
        f"{CORE}/decide/rollout.py::_step_back::",
        f"{CORE}/decide/rollout.py::_forward::operand::1",
        f"{CORE}/decide/rollout.py::_forward::operand::2",
    ),
    8: (
        f"{CORE}/record/agenda.py::off_agenda::condition",
        "functions/sweep/app.py::is_full_look::handler",
    ),
    9: ("functions/lineage/app.py::lambda_handler::choice::2",),
}


def broken_by(site: str) -> list[int]:
    """The invariants that a site's mutant breaks."""
    return [number for number, ours in SITES.items() if site.startswith(ours)]
