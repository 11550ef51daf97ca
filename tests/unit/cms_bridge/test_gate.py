"""Who gives way when room is needed."""

import pytest

from cms_bridge.gate import Bounds, Gate, crowd_of, vouch, vouching


class Guest:
    def __init__(self, crowd: str = "") -> None:
        self.crowd = crowd
        self.refused: list[str] = []

    def give_way(self, *, code: str) -> None:
        self.refused.append(code)


@pytest.fixture
def gate() -> Gate:
    return Gate(Bounds(connections=2, unauthenticated_bytes=100))


def test_the_oldest_that_only_waits_makes_room(gate: Gate) -> None:
    first, second, third, fourth = (Guest() for _ in range(4))
    for guest in (first, second):
        assert gate.enter(guest)
        gate.may_give_way(guest, may=True)
    gate.may_give_way(first, may=True)  # it turned to something new
    assert gate.enter(third)
    assert (first.refused, second.refused) == ([], ["too_many_connections"])
    gate.may_give_way(first, may=False)
    assert not gate.enter(fourth), "nobody that only waits is left"
    gate.leave(third)
    assert gate.enter(fourth)


def test_whoever_holds_most_gives_way_and_its_bytes_are_gone(gate: Gate) -> None:
    small, greedy = Guest(), Guest()
    gate.hold(greedy, 90)
    gate.hold(small, 9)
    assert gate.held == 99
    gate.hold(small, 2)
    assert (small.refused, greedy.refused) == ([], ["too_many_bytes"])
    assert gate.held == 11
    gate.release(small)
    gate.release(small)
    assert gate.held == 0


def test_one_that_alone_passes_the_budget_gives_way_itself(gate: Gate) -> None:
    guest = Guest()
    gate.hold(guest, 101)
    assert guest.refused == ["too_many_bytes"]
    assert gate.held == 0


def test_a_crowd_pays_before_a_single_guest_that_holds_more_than_each_of_it(gate: Gate) -> None:
    crowd = [Guest("attacker") for _ in range(9)]
    for guest in crowd:
        gate.hold(guest, 10)
    honest = Guest("cms")
    gate.hold(honest, 30)
    assert honest.refused == []
    assert sum(len(guest.refused) for guest in crowd) == 2
    assert gate.held == 100


def test_of_a_crowd_that_waits_the_oldest_makes_room_before_anybody_else() -> None:
    gate = Gate(Bounds(connections=4))
    honest, *crowd = (Guest("cms"), *(Guest("attacker") for _ in range(10)))
    for guest in (honest, *crowd):
        assert gate.enter(guest)
        gate.may_give_way(guest, may=True)
    assert honest.refused == []
    assert [len(guest.refused) for guest in crowd] == [1] * 7 + [0] * 3
    assert gate.connections == 4


def test_addresses_of_one_line_are_one_crowd() -> None:
    assert crowd_of("2001:db8:1:2::1") == crowd_of("2001:db8:1:2:ffff::9")
    assert crowd_of("2001:db8:1:2::1") != crowd_of("2001:db8:1:3::1")
    assert crowd_of("::ffff:192.0.2.1") == crowd_of("192.0.2.1") != crowd_of("192.0.2.2")
    assert crowd_of("fe80::1%eth0") == crowd_of("fe80::2%eth1")
    assert crowd_of("/run/a.sock") == "/run/a.sock"


def test_a_request_is_vouched_for_through_its_scope() -> None:
    scope: dict[str, object] = {}
    vouch(scope)
    told: list[bool] = []
    vouching(scope, lambda: told.append(True))
    vouch(scope)
    assert told == [True]
