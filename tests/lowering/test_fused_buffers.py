"""Memory of large results is used again only when nobody can see it."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from eqdsl.lowering.fused import buffers
from eqdsl.lowering.fused.buffers import HUGE_PAGE, LEAST_BYTES, Buffer

LARGE = torch.empty(2, LEAST_BYTES // 8, dtype=torch.float64)


def test_memory_comes_again_once_it_is_free() -> None:
    buffer = Buffer()
    first = buffer.like(LARGE)
    place = first.data_ptr()
    del first
    for _ in range(5):
        again = buffer.like(LARGE)
        assert again.data_ptr() == place and again.shape == LARGE.shape and again.is_contiguous()
        del again


@pytest.mark.parametrize(
    "hold",
    (
        lambda t: t,
        lambda t: t[0, 3:],
        lambda t: t.numpy(),
        lambda t: np.asarray(t)[1, :2],
        lambda t: torch.utils.dlpack.to_dlpack(t),
        lambda t: t.detach(),
        lambda t: t.requires_grad_().exp(),
        lambda t: torch.nn.Parameter(t),
        lambda t: t.untyped_storage(),
    ),
)
def test_what_is_held_is_not_given_again(hold) -> None:
    buffer = Buffer()
    del_first = buffer.like(LARGE)
    del del_first
    for _ in range(2):
        tensor = buffer.like(LARGE)
        place = tensor.data_ptr()
        held = hold(tensor)
        del tensor
        gc.collect()
        other = buffer.like(LARGE)
        assert other.data_ptr() != place
        del held, other
        gc.collect()


def test_memory_that_another_process_may_hold_is_not_given_again() -> None:
    buffer = Buffer()
    place = buffer.like(LARGE).share_memory_().data_ptr()
    others = [buffer.like(LARGE) for _ in range(2)]
    assert not any(other.is_shared() or other.data_ptr() == place for other in others)


def test_threads_never_share() -> None:
    buffer = Buffer()

    def work(number: int) -> bool:
        for _ in range(20):
            mine = buffer.like(LARGE)
            mine.fill_(number)
            if not bool((mine == number).all()):
                return False
            del mine
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_small_results_and_other_shapes() -> None:
    buffer = Buffer()
    small = torch.zeros(3, 4).T
    assert buffer.like(small).shape == (4, 3) and buffer.like(small).is_contiguous()
    one = buffer.like(LARGE)
    two = buffer.like(LARGE[:1].repeat(3, 1))
    assert two.shape[0] == 3 and two.data_ptr() != one.data_ptr()
    assert buffer.like(LARGE.float().repeat(2, 1)).dtype is torch.float32


def test_large_memory_is_asked_for_in_large_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(buffers, "_madvise", lambda first, size, _: asked.append((first, size)))
    buffer, wanted = Buffer(), torch.empty(16 * HUGE_PAGE, dtype=torch.uint8)
    place = buffer.like(wanted).data_ptr()
    ((first, size),) = asked
    assert first % HUGE_PAGE == size % HUGE_PAGE == 0 and size >= 15 * HUGE_PAGE
    assert place <= first and first + size <= place + 16 * HUGE_PAGE
    # What is used again was asked for before; what holds no whole page is not asked for.
    buffer.like(wanted)
    Buffer().like(wanted[:LEAST_BYTES])
    assert len(asked) == 1


def test_a_loop_that_holds_one_result_asks_for_no_new_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    fresh = buffers._fresh
    monkeypatch.setattr(buffers, "_fresh", lambda state: made.append(1) or fresh(state))
    buffer, held = Buffer(), None
    for _ in range(6):
        held = buffer.like(LARGE)
    assert len(made) == 2 and held is not None
