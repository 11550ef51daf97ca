from cms_bridge.webhooks.deliveries import Patience


def test_the_wait_trebles_up_to_the_longest_with_a_little_chance() -> None:
    patience = Patience()
    for failures in range(1, 40):
        bare = min(5 * 3 ** (failures - 1), 14_400)
        waits = {patience.delay(failures).total_seconds() for _ in range(20)}
        assert len(waits) > 1 or bare == 14_400
        assert min(waits) >= bare * 0.79
        assert max(waits) <= min(bare * 1.21, 14_400)


def test_a_target_may_ask_for_a_longer_wait_and_for_none_that_is_shorter() -> None:
    patience = Patience()
    assert patience.delay(1, retry_after=60).total_seconds() == 60
    assert patience.delay(4, retry_after=1).total_seconds() > 100
    assert patience.delay(1, retry_after=10**12) == patience.longest
