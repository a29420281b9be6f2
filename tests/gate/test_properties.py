"""What holds of every decision, whatever the facts: the gate opens by a ground alone, and more bans open nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.wills import Client, ClientWills, Permit, Prohibition
from tests.gate.cases import OTHER, OWN
from validators.gate import Plan, PlanPermit, Receiver, Subject, decide, duties, kinds, tasks

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CLIENTS: tuple[Client, ...] = (("urn:oid:1.2.246.21", "010181-900C"), ("urn:oid:1.2.246.21", "010280-952L"))
DAYS = st.dates(date(2026, 11, 20), date(2026, 11, 30))
OIDS = st.sampled_from(["", OWN, OTHER])
SECTORS = st.sampled_from(["", "social", "health", "employment", "education", "third", "relative", "other"])


def some(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


NAMES = st.sampled_from(["", "Terveyskeskus", "Koulu"])
PLANS = st.builds(
    Plan,
    participants=st.lists(st.tuples(NAMES, SECTORS), max_size=2).map(tuple),
    starts=st.none() | DAYS, ends=st.none() | DAYS, ended=st.none() | DAYS, mediated=st.none() | st.booleans(),
    permits=st.lists(
        st.builds(PlanPermit, NAMES, st.none() | DAYS, st.none() | DAYS, st.none() | DAYS, st.sampled_from(["", "P"])),
        max_size=2,
    ).map(tuple),
)  # fmt: skip
SUBJECTS = st.builds(
    Subject, controller=OIDS, sector=st.sampled_from(["", "social"]), kind=st.sampled_from(["", *kinds()]),
    tasks=some(*tasks()), task_codes=some("10", "20", "77"),
    features=st.none() | some("mediation", "shelter", "therapy", "examination"), service=st.sampled_from(["", "46"]),
    producer=OIDS, units=some("1.5", "1.6"), documents=some("1.7", "1.8"), created=st.none() | DAYS,
    clients=st.sampled_from([(), CLIENTS[:1], CLIENTS]), non_disclosure=st.sampled_from([None, False, True, "kyllä"]),
    locations=st.sampled_from([(), ("/content/a",)]), mandatory=st.sampled_from([(), ("/content/a",)]),
    suspects=st.sampled_from([(), ("/content/b",)]), plan=st.none() | PLANS,
)  # fmt: skip
RECEIVERS = st.builds(
    Receiver, controller=OIDS, sector=SECTORS, ownership=st.sampled_from(["", "public", "private"]),
    duty=st.sampled_from(["", *duties()]), service_tasks=some(*tasks()), services=some("45", "46"),
    joint_units=some("1.5", "1.6"), acts_for=st.sampled_from([frozenset(), frozenset({OWN})]), provider=OIDS,
    names=some("Terveyskeskus", "koulu"),
)  # fmt: skip
PERMITS = st.builds(
    Permit, st.sampled_from(["P", "Q"]), st.sampled_from(["inside_social_care", "between_sectors"]), DAYS,
    revoked=st.none() | DAYS, starts=st.none() | DAYS, ends=st.none() | DAYS,
    receivers=st.sampled_from([(), (OTHER,), ("1.9",)]), service_tasks=st.sampled_from([(), ("working_age",), ("77",)]),
    content=st.sampled_from([(), ("client_plan",)]), data_from=st.none() | DAYS, data_until=st.none() | DAYS,
)  # fmt: skip
BANS = st.one_of(
    st.builds(Prohibition, st.just("K"), st.just("controller"), st.sampled_from([(OWN,), (OTHER,)])),
    st.builds(
        Prohibition, st.just("K"), st.just("service_task"), st.sampled_from([("20",), ("working_age",), ("77",)])
    ),
    st.builds(Prohibition, st.just("K"), st.just("document"), st.sampled_from([("1.7",), ("1.8",)])),
)
SAID = st.builds(
    ClientWills, st.lists(PERMITS, max_size=2).map(tuple), st.lists(BANS, max_size=1).map(tuple),
    st.sampled_from([None, None, False, True]),
)  # fmt: skip
WILLS = st.fixed_dictionaries(dict.fromkeys(CLIENTS, SAID))


def stays(subject: Subject, receiver: Receiver) -> bool:
    """True when the document stays with its controller, or with who acts for it, in its own sector."""
    same = subject.controller == receiver.controller or subject.controller in receiver.acts_for
    return bool(subject.controller) and same and subject.sector == receiver.sector != ""


@given(SUBJECTS, RECEIVERS)
def test_without_a_will_nothing_leaves_but_by_a_joint_service_or_a_plans_own_permit(
    subject: Subject, receiver: Receiver
) -> None:
    decision = decide(subject, receiver, {}, NOW)
    if decision.outcome == "permit" and not stays(subject, receiver):
        assert decision.basis.id in ("receiver_is_in_the_joint_service", "plan_permit_names_the_receiver")


@given(SUBJECTS, RECEIVERS, WILLS, BANS, st.sampled_from(CLIENTS))
def test_another_prohibition_opens_nothing(
    subject: Subject, receiver: Receiver, wills: Any, ban: Prohibition, client: Client
) -> None:
    before = decide(subject, receiver, wills, NOW).outcome
    more = {**wills, client: replace(wills[client], prohibitions=(*wills[client].prohibitions, ban))}
    after = decide(subject, receiver, more, NOW).outcome
    order = ("deny", "hold", "permit")
    assert order.index(after) <= order.index(before)


@given(SUBJECTS, RECEIVERS, WILLS)
def test_a_permit_outside_its_window_permits_nothing(subject: Subject, receiver: Receiver, wills: Any) -> None:
    def closed(permit: Permit) -> Permit:
        return replace(permit, ends=NOW.date() - timedelta(days=2))

    over = {client: replace(said, permits=tuple(map(closed, said.permits))) for client, said in wills.items()}
    basis = decide(subject, receiver, over, NOW).basis.id
    assert basis not in ("permit_inside_social_care", "permit_between_social_and_health_care")


@given(SUBJECTS, RECEIVERS, WILLS)
def test_every_permit_relied_on_is_in_force_and_every_client_has_given_one(
    subject: Subject, receiver: Receiver, wills: Any
) -> None:
    decision = decide(subject, receiver, wills, NOW)
    for client in subject.clients if decision.permits else ():
        used = [one for one in wills[client].permits if one.id in decision.permits]
        assert any(one.given <= NOW.date() and (one.ends is None or one.ends >= NOW.date()) for one in used)


@given(SUBJECTS, RECEIVERS, WILLS)
def test_what_is_not_known_never_opens_the_gate_between_controllers(
    subject: Subject, receiver: Receiver, wills: Any
) -> None:
    if stays(subject, receiver):
        return
    for vague_subject, vague_receiver in (
        (replace(subject, controller=""), receiver), (replace(subject, kind="", sector=""), receiver),
        (replace(subject, clients=()), receiver), (subject, replace(receiver, controller="")),
        (subject, replace(receiver, sector="")), (subject, replace(receiver, ownership="")),
    ):  # fmt: skip
        if not stays(vague_subject, vague_receiver):
            assert decide(vague_subject, vague_receiver, wills, NOW).outcome != "permit"


@given(SUBJECTS, RECEIVERS, WILLS)
def test_health_care_never_gets_family_law_mediation_shelter_or_decisions(
    subject: Subject, receiver: Receiver, wills: Any
) -> None:
    is_barred = (
        "family_law" in subject.tasks
        or subject.kind == "decision"
        or bool((subject.features or frozenset()) & {"mediation", "shelter"})
    )
    if is_barred and subject.plan is None:
        assert decide(subject, replace(receiver, sector="health"), wills, NOW).outcome != "permit"


@given(SUBJECTS, RECEIVERS, WILLS)
def test_a_plan_goes_to_participants_alone_and_while_its_term_lasts(
    subject: Subject, receiver: Receiver, wills: Any
) -> None:
    plan = subject.plan
    if plan is None or decide(subject, receiver, wills, NOW).outcome != "permit":
        return
    today = NOW.date()
    names = {name.casefold() for name in receiver.names}
    assert any(name.casefold() in names and sector == receiver.sector for name, sector in plan.participants)
    assert plan.starts is not None
    assert plan.starts <= today
    assert all(day is None or day >= today for day in (plan.ends, plan.ended))


@given(SUBJECTS, RECEIVERS, WILLS)
def test_an_order_leaves_every_place_out_and_keeps_private_receivers_waiting(
    subject: Subject, receiver: Receiver, wills: Any
) -> None:
    flagged = replace(subject, non_disclosure=True)
    decision = decide(flagged, receiver, wills, NOW)
    assert set(flagged.locations) <= set(decision.redactions)
    if decision.outcome == "permit":
        assert receiver.ownership == "public"
        assert not flagged.suspects
