"""The hub in one process: who has room, who is told, and that Redis is a bell alone."""

import threading
import uuid

import pytest

from crm import create_app, live
from crm.services import users
from crm.services.audit import Actor
from crm.web.guards import still_may
from tests import databases, money
from tests.api.followers import post, waiting


def test_the_present_state_comes_first_and_then_each_change_once(app):
    draft, hub, wake = waiting(money.wallet()), live.hub(), threading.Event()
    with hub.follower(1, wake) as follower:
        hub.follow(follower, [draft.id])
        assert ([one.status for one in hub.take(follower)[0]], follower.ids) == (["INITIATED"], {draft.id})
        wake.clear()
        post(draft)
        assert wake.wait(60)
        news, is_more = hub.take(follower)
        assert ([one.status for one in news], is_more) == (["COMPLETED"], False)
        live.announce([draft.id, str(uuid.UUID(draft.id))])
        assert hub.take(follower) == ([], False)


def test_a_process_and_a_person_have_so_many_places(app, monkeypatch):
    monkeypatch.setitem(app.config, "FOLLOWERS_PER_PROCESS", 3)
    monkeypatch.setitem(app.config, "FOLLOWERS_PER_USER", 2)
    hub, wake = live.Hub(app, lambda _ids: {}), threading.Event()
    with hub.follower(1, wake), hub.follower(1, wake):
        with pytest.raises(live.NoRoom) as refused, hub.follower(1, wake):
            pass
        assert refused.value.of_owner
        with hub.follower(2, wake), pytest.raises(live.NoRoom) as refused, hub.follower(3, wake):
            pass
        assert not refused.value.of_owner
    hub.close()
    with pytest.raises(live.NoRoom), hub.follower(1, wake):
        pass


def test_announcing_without_redis_is_left_out(app, run, worker):
    config = databases.settings(run / f"{worker}-alone", app.config["SQLALCHEMY_DATABASE_URI"], "redis://127.0.0.1:1/0")
    with create_app(config).app_context():
        for _ in range(3):
            live.announce([str(uuid.uuid4())])


def test_one_announcement_is_one_call_however_many_payments(app, redis):
    with redis.pubsub() as line:
        line.subscribe(live.CHANNEL)
        assert line.get_message(timeout=10)["type"] == "subscribe"
        ids = [uuid.uuid4() for _ in range(2000)]
        live.announce([])
        live.announce([str(pk) for pk in ids])
        assert line.get_message(timeout=10)["data"].decode().split(",") == [pk.hex for pk in ids]
        assert line.get_message(timeout=0.1) is None


def test_who_lost_the_right_to_read_does_not_go_on_following(app, vera, carla):
    identity = vera.get_id()
    assert still_may(identity) and not still_may(carla.get_id()) and not still_may("x") and not still_may("1.x")
    users.update(Actor(None, "test"), vera.id, active=False)
    assert not still_may(identity)
