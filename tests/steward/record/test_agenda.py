"""The agenda: what the sweep asks for every minute, and work that arrives while one looks."""

from steward.record.agenda import off_agenda, on_agenda, read_agenda, read_mark
from steward.record.store import Store


def add(store: Store, mark: str, concern: str = "training", model: str = "mortgage") -> None:
    store.transact([on_agenda(store, concern, model, mark)])


def test_holds_each_concern_of_each_model_once(store: Store) -> None:
    for concern, model in (("training", "a"), ("training", "b"), ("rollout", "a")):
        add(store, "1", concern, model)
        add(store, "2", concern, model)
    assert read_agenda(store).due == {("training", "a"), ("training", "b"), ("rollout", "a")}


def test_is_empty_when_nothing_is_due(store: Store) -> None:
    assert read_agenda(store).due == set()
    assert read_mark(store, "training", "mortgage") is None


def test_loses_what_was_looked_at(store: Store) -> None:
    add(store, "upload 1")
    off_agenda(store, "training", "mortgage", read_mark(store, "training", "mortgage"))
    assert read_agenda(store).due == set()


def test_keeps_what_arrived_while_it_was_looked_at(store: Store) -> None:
    add(store, "upload 1")
    mark = read_mark(store, "training", "mortgage")
    add(store, "upload 2")
    off_agenda(store, "training", "mortgage", mark)
    assert read_agenda(store).due == {("training", "mortgage")}


def test_keeps_what_arrived_on_an_empty_agenda(store: Store) -> None:
    mark = read_mark(store, "training", "mortgage")
    add(store, "upload 1")
    off_agenda(store, "training", "mortgage", mark)
    assert read_mark(store, "training", "mortgage") == "upload 1"
