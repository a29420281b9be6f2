"""What each ground asks of a case. The grounds themselves, their order, law and wording stand in `grounds.toml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from validators.gate.access import duties
from validators.gate.case import Case
from validators.gate.facts import Plan
from validators.gate.permits import (
    forbids_controller,
    forbids_document,
    forbids_task,
    in_force,
    is_revoked,
    is_understood,
    reaches,
)

__all__ = ["QUESTIONS"]

# What denies


def _forbids_document(case: Case) -> bool:
    return not case.is_own_register and forbids_document(case.said, case.subject)


def _forbids_task(case: Case) -> bool:
    return not case.is_own_register and forbids_task(case.said, case.subject) is True


def _forbids_controller(case: Case) -> bool:
    return not case.is_own_register and forbids_controller(case.said, case.subject)


def _no_participant(case: Case) -> bool:
    return case.subject.plan is not None and not case.receiver.is_client and not case.is_participant()


def _clienthood_over(case: Case) -> bool:
    plan, (first, last) = case.subject.plan or Plan(), case.days
    not_begun = plan.starts is not None and plan.starts > first
    ended = any(day is not None and day < last for day in (plan.ends, plan.ended))
    return not_begun or ended


def _mediated_without_permit(case: Case) -> bool:
    plan = case.subject.plan or Plan()
    return plan.mediated is True and not any(map(case.lasts, case.plan_permits(for_the_receiver=False)))


def _plan_permit_over(case: Case) -> bool:
    permits = case.plan_permits(for_the_receiver=True)
    return bool(permits) and not any(map(case.lasts, permits))


def _no_plan_permit(case: Case) -> bool:
    is_crossing = case.subject.plan is not None and not case.is_own_register
    return is_crossing and case.basis is False and not case.plan_permits(for_the_receiver=True)


def _family_law(case: Case) -> bool:
    return case.needs_access and case.receiver.sector == "health" and "family_law" in case.subject.tasks


def _decision(case: Case) -> bool:
    return case.needs_access and case.receiver.sector == "health" and case.subject.kind == "decision"


def _has_feature(*names: str) -> Callable[[Case], bool]:
    return lambda case: case.needs_access and not (case.subject.features or frozenset()).isdisjoint(names)


def _beyond_duty(case: Case) -> bool:
    return case.needs_access and case.access is False


def _revoked(case: Case) -> bool:
    return _refused(case) and any(is_revoked(one, said.permits, case.days) for one, said in case.permits())


def _out_of_time(case: Case) -> bool:
    return _refused(case) and any(
        not in_force(one, said.permits, case.days) and not is_revoked(one, said.permits, case.days)
        for one, said in case.permits()
    )


def _out_of_reach(case: Case) -> bool:
    return _refused(case) and any(reaches(one, case.subject, case.receiver) is False for one, _ in case.permits())


def _one_client_alone(case: Case) -> bool:
    return _refused(case) and True in case.by_client


def _refused(case: Case) -> bool:
    """True when permits might have let it go, and do not."""
    return case.subject.plan is None and case.receiver.sector in ("social", "health") and case.basis is False


def _another_controller(case: Case) -> bool:
    return case.basis is False and case.same_controller is False


def _nothing_permits(case: Case) -> bool:
    return case.basis is False


# What holds


def _task_may_be_forbidden(case: Case) -> bool:
    return not case.is_own_register and forbids_task(case.said, case.subject) is None


def _unread_prohibition(case: Case) -> bool:
    return not case.is_own_register and not is_understood(case.said)


def _no_controller(case: Case) -> bool:
    return case.same_controller is None


def _no_sector(case: Case) -> bool:
    return not case.receiver.sector


def _no_kind(case: Case) -> bool:
    return not case.subject.kind or not case.subject.sector


def _no_ownership(case: Case) -> bool:
    return not case.receiver.ownership


def _no_client(case: Case) -> bool:
    return not case.is_own_register and (not case.subject.clients or case.subject.has_unnamed_clients)


def _no_duty(case: Case) -> bool:
    return case.needs_access and case.receiver.duty not in duties()


def _other_duty(case: Case) -> bool:
    duty = duties().get(case.receiver.duty)
    if not case.needs_access or duty is None or not case.receiver.sector or not case.receiver.ownership:
        return False
    return duty["sector"] != case.receiver.sector or case.receiver.ownership not in duty["ownership"]


def _access_open(case: Case) -> bool:
    return case.needs_access and case.access is None


def _features_open(case: Case) -> bool:
    """Mediation is a service of family law whose code is not public: it shows in the service's name alone."""
    told = case.subject.features is not None and ("family_law" not in case.subject.tasks or case.subject.service)
    return case.needs_access and not told


def _basis_open(case: Case) -> bool:
    return case.basis is None


def _no_way_of_working(case: Case) -> bool:
    return case.subject.plan is not None and case.subject.plan.mediated is None


def _no_start(case: Case) -> bool:
    return case.subject.plan is not None and case.subject.plan.starts is None


def _unread_end(case: Case) -> bool:
    return case.subject.plan is not None and not case.subject.plan.is_term_understood


def _unread_labels(case: Case) -> bool:
    return case.subject.plan is not None and not case.subject.plan.are_labels_understood


def _order_open(case: Case) -> bool:
    return not case.is_own_register and not case.is_flagged() and not case.is_cleared()


def _no_authority(case: Case) -> bool:
    return case.is_flagged() and case.receiver.ownership != "public"


def _may_reveal(case: Case) -> bool:
    return case.is_flagged() and bool(case.subject.suspects)


def _shows_another_client(case: Case) -> bool:
    subject = case.subject
    return case.receiver.is_client and (len(subject.clients) != 1 or subject.has_unnamed_clients)


def _takes_mandatory(case: Case) -> bool:
    return not set(case.redactions).isdisjoint(case.subject.mandatory)


def _never(_: Case) -> bool:
    """False of any case: a retired ground, which words what older decisions rest on."""
    return False


# What permits


def _basis(name: str) -> Callable[[Case], bool]:
    return lambda case: case.bases.get(name) is True


QUESTIONS: Mapping[str, Callable[[Case], bool]] = {
    "client_forbids_the_document": _forbids_document,
    "client_forbids_the_service_task": _forbids_task,
    "client_forbids_the_controller": _forbids_controller,
    "receiver_is_no_participant_of_the_plan": _no_participant,
    "joint_clienthood_does_not_last": _clienthood_over,
    "mediated_plan_has_no_permit": _mediated_without_permit,
    "plan_permit_does_not_last": _plan_permit_over,
    "plan_has_no_permit_for_the_receiver": _no_plan_permit,
    "health_care_gets_no_family_law_data": _family_law,
    "health_care_gets_no_decisions": _decision,
    "mediation_data_is_excluded": _has_feature("mediation"),
    "shelter_data_is_excluded": _has_feature("shelter"),
    "therapy_and_examination_entries_are_excluded": _has_feature("therapy", "examination"),
    "duty_does_not_cover_the_document": _beyond_duty,
    "permit_is_revoked": _revoked,
    "permit_is_outside_its_time": _out_of_time,
    "permit_does_not_reach_the_case": _out_of_reach,
    "another_client_has_given_no_permit": _one_client_alone,
    "receiver_has_another_controller": _another_controller,
    "nothing_permits_it": _nothing_permits,
    "controller_is_not_known": _no_controller,
    "receiver_sector_is_not_known": _no_sector,
    "receiver_ownership_is_not_known": _no_ownership,
    "document_kind_is_not_known": _no_kind,
    "client_is_not_known": _no_client,
    "prohibition_is_not_understood": _unread_prohibition,
    "service_task_may_be_forbidden": _task_may_be_forbidden,
    "duty_is_not_known": _no_duty,
    "duty_is_of_another_sector": _other_duty,
    "features_cannot_be_settled": _features_open,
    "access_cannot_be_settled": _access_open,
    "permit_cannot_be_settled": _basis_open,
    "way_of_working_is_not_known": _no_way_of_working,
    "start_of_joint_clienthood_is_not_known": _no_start,
    "end_of_joint_clienthood_is_not_understood": _unread_end,
    "visibility_is_not_understood": _unread_labels,
    "non_disclosure_is_not_known": _order_open,
    "receiver_is_no_authority": _no_authority,
    "free_text_may_reveal_a_place": _may_reveal,
    "redaction_takes_what_is_mandatory": _takes_mandatory,
    "client_is_under_non_disclosure": _never,
    "copy_may_show_another_client": _shows_another_client,
    "client_gets_an_own_copy": _basis("client_gets_an_own_copy"),
    "receiver_has_the_same_controller": _basis("receiver_has_the_same_controller"),
    "producer_acts_for_the_controller": _basis("producer_acts_for_the_controller"),
    "receiver_is_in_the_joint_service": _basis("receiver_is_in_the_joint_service"),
    "permit_inside_social_care": _basis("permit_inside_social_care"),
    "permit_between_social_and_health_care": _basis("permit_between_social_and_health_care"),
    "plan_permit_names_the_receiver": _basis("plan_permit_names_the_receiver"),
}
"""The question of every ground, by the ground's id."""
