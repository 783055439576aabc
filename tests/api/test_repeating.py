"""C14, F24: a POST sent twice with one Idempotency-Key acts once. The cases are those of docs/api.md."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from uuid import UUID

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection, connections
from django.test import RequestFactory

from letterbook.api.forgetting import forget_old_keys
from letterbook.api.models import KEPT_FOR, IdempotencyKey
from letterbook.api.repeating import once
from letterbook.contacts.bulk import delete_chosen
from letterbook.contacts.keeping import create_contact
from letterbook.contacts.models import Contact
from letterbook.kit.refusals import Conflict
from letterbook.teams.models import ApiToken
from letterbook.teams.tokens import revoke_token


def test_the_same_request_again_answers_with_the_same_resource(hers):
    first = hers.post("/contacts", {"name": "Anna"}, key="k1")
    second = hers.post("/contacts", {"name": "Anna"}, key="k1")
    assert first.json()["id"] == second.json()["id"]
    assert (first.status_code, second.status_code, Contact.objects.count()) == (201, 201, 1)


def test_the_same_key_for_another_request_is_refused(hers):
    hers.post("/contacts", {"name": "Anna"}, key="k1")
    refused = hers.post("/contacts", {"name": "Boris"}, key="k1")
    assert (refused.status_code, refused.json()["field"]) == (422, "Idempotency-Key")
    assert refused.json()["type"] == "urn:letterbook:problem:key-used"
    assert Contact.objects.count() == 1


def test_the_same_body_for_another_path_is_another_request(mailbox, hers):
    written = {"mailbox_id": str(mailbox.pk), "to": ["anna@lindwerk.example"]}
    drafts = [hers.post("/outgoing-emails", written).json()["id"] for _ in range(2)]
    first, second = (f"/outgoing-emails/{one}/queueing" for one in drafts)
    assert hers.post(first, key="k1").status_code == 200
    assert hers.post(second, key="k1").status_code == 422


def test_each_program_has_keys_of_its_own(alice, hers, his, program_of):
    """Of two people, and of one person with two tokens."""
    hers_too = program_of(alice)
    for program, name in ((hers, "Anna"), (his, "Boris"), (hers_too, "Cora")):
        assert program.post("/contacts", {"name": name}, key="k1").status_code == 201
    assert Contact.objects.count() == 3


def test_the_keys_of_a_token_that_was_revoked_are_nobodys(alice, hers, program_of, at):
    hers.post("/contacts", {"name": "Anna"}, key="k1")
    revoke_token(alice, token=ApiToken.objects.get(), at=at)
    assert hers.post("/contacts", {"name": "Anna"}, key="k1").status_code == 401
    assert program_of(alice).post("/contacts", {"name": "Anna"}, key="k1").status_code == 201


def test_a_refused_request_may_be_corrected_under_its_key(hers):
    assert hers.post("/contacts", {"name": ""}, key="k1").status_code == 422
    assert hers.post("/contacts", {"name": "Anna"}, key="k1").status_code == 201


def test_what_a_key_created_and_is_gone_is_not_created_again(hers, at):
    made = hers.post("/contacts", {"name": "Anna"}, key="k1").json()
    deletion = hers.ask("DELETE", f"/contacts/{made['id']}").json()
    assert delete_chosen(UUID(deletion["id"]), at=at) == 1
    assert hers.post("/contacts", {"name": "Anna"}, key="k1").status_code == 404
    assert not Contact.objects.exists()


def test_a_key_is_forgotten_after_a_week(hers):
    hers.post("/contacts", {"name": "Anna"}, key="k1")
    key = IdempotencyKey.objects.get()
    key.created_at -= KEPT_FOR + timedelta(minutes=1)
    key.save()
    assert hers.post("/contacts", {"name": "Boris"}, key="k1").status_code == 201


def test_old_keys_are_forgotten_by_the_hourly_job(hers):
    for key in ("old", "new"):
        hers.post("/contacts", {"name": "Anna"}, key=key)
    old = IdempotencyKey.objects.get(key="old")
    old.created_at -= KEPT_FOR
    old.save()
    assert forget_old_keys(at=old.created_at + KEPT_FOR) == 0
    assert forget_old_keys(at=old.created_at + KEPT_FOR + timedelta(minutes=1)) == 1
    assert IdempotencyKey.objects.get().key == "new"


def test_an_endless_key_is_refused(hers):
    assert hers.post("/contacts", {"name": "Anna"}, key="k" * 201).status_code == 422


def test_queueing_twice_with_one_key_queues_once(mailbox, hers):
    draft = hers.post(
        "/outgoing-emails", {"mailbox_id": str(mailbox.pk), "to": ["anna@lindwerk.example"]}
    ).json()
    path = f"/outgoing-emails/{draft['id']}/queueing"
    assert [hers.post(path, key="q").status_code for _ in range(2)] == [200, 200]
    assert hers.post(path).status_code == 409


@pytest.fixture
def asked(alice, hers):
    """alice, as her program acts for her, and a request with a key."""
    alice.acting_token = ApiToken.objects.get()
    headers = {"Idempotency-Key": "k1"}
    return alice, RequestFactory().post("/contacts", b"{}", "application/json", headers=headers)


def create_once(asked, at, *, meanwhile=lambda: None):
    """Create a contact as the API does; something may happen between the act and its record."""
    member, request = asked

    def create() -> Contact:
        contact = create_contact(member, name="Anna", addresses=[], at=at)
        meanwhile()
        return contact

    return once(
        request,
        member,
        create=create,
        find=lambda pk: Contact.objects.get(pk=pk),
        id_of=lambda contact: contact.pk,
        at=at,
    )


@pytest.mark.django_db(transaction=True)
def test_who_dies_between_the_act_and_its_record_has_done_nothing(asked, at):
    """F1, F2, F7: the connection is cut in the middle, as when a process is killed; the same request then acts once."""

    def die() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        parameters = connection.get_connection_params()
        whole = {
            name: parameters[name]
            for name in ("dbname", "user", "host", "port")
            if name in parameters
        }
        with psycopg.connect(**whole) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

    with pytest.raises((OperationalError, InterfaceError)):
        create_once(asked, at, meanwhile=die)
    connection.close()
    assert (Contact.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    made = create_once(asked, at)
    assert create_once(asked, at).pk == made.pk == Contact.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_answered_the_second_is_told_to_come_again(asked, at):
    begun, may_end = Event(), Event()

    def first() -> None:
        def wait() -> None:
            begun.set()
            assert may_end.wait(10)

        try:
            create_once(asked, at, meanwhile=wait)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(first)
        assert begun.wait(10)
        with pytest.raises(Conflict, match="still being answered"):
            create_once(asked, at)
        may_end.set()
        answering.result()
    assert create_once(asked, at).pk == Contact.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_creates(hers):
    """C14: the others find what it made, or are told to come again."""

    def ask(_: int):
        try:
            return hers.post("/contacts", {"name": "Anna"}, key="k1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(20)))
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert set(made) == {str(Contact.objects.get().pk)}
