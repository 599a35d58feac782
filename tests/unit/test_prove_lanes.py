"""Jobs run side by side, as far as none disturbs another."""

from __future__ import annotations

import threading

import pytest

from local.prove.lanes import side_by_side


def test_every_job_is_done_and_what_jobs_leave_is_done_too() -> None:
    done: list[int] = []

    def work(job: int) -> list[int]:
        done.append(job)
        return [job * 10] if job < 10 else []

    side_by_side([1, 2, 3], work, lambda one, other: False)
    assert sorted(done) == [1, 2, 3, 10, 20, 30]


def test_jobs_that_disturb_each_other_never_run_at_the_same_time() -> None:
    running: set[str] = set()
    together: list[frozenset[str]] = []
    met = threading.Barrier(2, timeout=10)

    def work(job: str) -> list[str]:
        running.add(job[0])
        together.append(frozenset(running))
        assert len([one for one in running if one == job[0]]) == 1
        if job.endswith("1"):
            met.wait()  # two patterns do run side by side
        running.discard(job[0])
        return []

    side_by_side(["a1", "a2", "a3", "b1"], work, lambda one, other: one[0] == other[0])
    assert frozenset("ab") in together


def test_no_job_begins_while_one_that_wants_to_be_alone_runs() -> None:
    running: list[str] = []

    def work(job: str) -> list[str]:
        running.append(job)
        if job == "alone":
            assert running == ["alone"]
        running.remove(job)
        return []

    side_by_side(["a", "alone", "b", "c"], work, lambda one, other: "alone" in (one, other))


def test_the_error_of_a_job_ends_the_work_and_is_raised() -> None:
    done: list[int] = []

    def work(job: int) -> list[int]:
        if job == 1:
            raise KeyError(job)
        done.append(job)
        return []

    with pytest.raises(KeyError):
        side_by_side([1, 2, 3], work, lambda one, other: True)
    assert done == []
