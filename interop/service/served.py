"""What the API serves, as literal tables: routes, the CapabilityStatement and OpenAPI are all made of them.

Source: FHIR R4 4.0.1 search parameter registry, https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["COMMON", "OPERATIONS", "TYPES", "Operation", "Parameter", "ServedType"]

Kind = Literal["token", "reference", "date", "uri", "string"]
Interaction = Literal["read", "vread", "history-instance", "search-type", "create", "update"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: where its values stand in the resource, by dotted paths. `targets` of references."""

    name: str
    kind: Kind
    paths: tuple[str, ...]
    targets: tuple[str, ...] = ()


def _token(name: str, *paths: str) -> Parameter:
    return Parameter(name, "token", paths or (name,))


def _date(name: str, *paths: str) -> Parameter:
    return Parameter(name, "date", paths or (name,))


COMMON: tuple[Parameter, ...] = (
    _token("_id", "id"),
    _date("_lastUpdated", "meta.lastUpdated"),
    Parameter("_profile", "uri", ("meta.profile",)),
    _token("_security", "meta.security"),
)
"""The search parameters of every type."""


@dataclass(frozen=True, slots=True)
class ServedType:
    """One type of resource and all that can be done with it.

    `includes` are the references that `_include` follows; `profile` is the profile of ours that its resources have;
    `common` are the parameters of every type that it has.
    """

    name: str
    interactions: tuple[Interaction, ...]
    parameters: tuple[Parameter, ...] = ()
    includes: tuple[str, ...] = ()
    profile: str = ""
    common: tuple[Parameter, ...] = COMMON

    @property
    def every_parameter(self) -> tuple[Parameter, ...]:
        """The search parameters that all types have, and those of this one."""
        return (*self.common, *self.parameters)

    def parameter(self, name: str) -> Parameter | None:
        """The search parameter of a name."""
        return next((one for one in self.parameters if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: where it is called, by which methods, and the definition that it follows.

    `definition` is empty for an operation that FHIR itself does not define; ours is described in docs/api.md.
    """

    name: str
    at: Literal["system", "type", "instance"]
    types: tuple[str, ...]
    methods: tuple[str, ...]
    definition: str
    says: str


def _reads(*more: Interaction) -> tuple[Interaction, ...]:
    return ("read", "vread", "history-instance", "search-type", *more)


def _reference(name: str, targets: str, *paths: str) -> Parameter:
    return Parameter(name, "reference", paths or (name,), tuple(targets.split()))


_IDENTIFIER = _token("identifier")
_STATUS = _token("status")
_CATEGORY = _token("category")
_CODE = _token("code")


def _patient(*paths: str) -> Parameter:
    return _reference("patient", "Patient", *(paths or ("subject",)))


def _subject() -> Parameter:
    return _reference("subject", "Patient", "subject")


TYPES: Mapping[str, ServedType] = {
    one.name: one
    for one in (
        ServedType("Patient", _reads(), (_IDENTIFIER,)),
        ServedType(
            "CarePlan",
            _reads(),
            (
                _patient(), _subject(), _STATUS, _token("intent"), _CATEGORY, _date("date", "period"), _IDENTIFIER,
                _reference("care-team", "CareTeam", "careTeam"), _reference("goal", "Goal", "goal"),
                _reference("activity-reference", "ServiceRequest Task Appointment", "activity.reference"),
                _reference("based-on", "CarePlan", "basedOn"), _reference("replaces", "CarePlan", "replaces"),
            ),
            ("patient", "subject", "care-team", "goal", "activity-reference"),
            "sote-care-plan",
        ),
        ServedType(
            "Goal",
            _reads(),
            (
                _patient(), _subject(), _token("lifecycle-status", "lifecycleStatus"), _CATEGORY,
                _token("achievement-status", "achievementStatus"), _date("start-date", "startDate"),
                _date("target-date", "target.dueDate"), _IDENTIFIER,
            ),
            ("patient", "subject"),
            "sote-goal",
        ),
        ServedType(
            "CareTeam",
            _reads(),
            (
                _patient(), _subject(), _STATUS, _CATEGORY, _date("date", "period"), _IDENTIFIER,
                _reference("participant", "Patient PractitionerRole RelatedPerson Organization", "participant.member"),
            ),
            ("patient", "subject", "participant"),
            "sote-care-team",
        ),
        ServedType(
            "ServiceRequest",
            _reads(),
            (
                _patient(), _subject(), _STATUS, _token("intent"), _CATEGORY, _CODE, _IDENTIFIER,
                _reference("requester", "PractitionerRole Organization", "requester"),
                _reference("performer", "PractitionerRole Organization Patient", "performer"),
                _reference("based-on", "CarePlan ServiceRequest", "basedOn"), _date("authored", "authoredOn"),
            ),
            ("patient", "subject", "requester", "performer", "based-on"),
            "sote-service-request",
        ),
        ServedType(
            "Task",
            _reads(),
            (
                _patient("for"), _STATUS, _token("intent"), _CODE, _token("business-status", "businessStatus"),
                _reference("subject", "Patient", "for"), _IDENTIFIER,
                _reference("owner", "Patient PractitionerRole RelatedPerson Organization", "owner"),
                _reference("requester", "PractitionerRole Organization Patient", "requester"),
                _reference("focus", "ServiceRequest CarePlan", "focus"), _reference("based-on", "CarePlan", "basedOn"),
                _reference("part-of", "Task", "partOf"), _date("modified", "lastModified"),
                _date("authored-on", "authoredOn"),
            ),
            ("patient", "subject", "owner", "requester", "focus", "based-on"),
            "sote-task",
        ),
        ServedType(
            "Consent",
            _reads(),
            (_patient("patient"), _STATUS, _token("scope"), _CATEGORY, _date("date", "dateTime"), _IDENTIFIER,
             _date("period", "provision.period")),
            ("patient",),
            "sote-consent",
        ),
        ServedType(
            "Composition",
            _reads(),
            (
                _patient(), _subject(), _STATUS, _token("type"), _date("date"), _IDENTIFIER,
                _reference("author", "PractitionerRole Organization", "author"),
                _reference("entry", "CarePlan Goal CareTeam ServiceRequest QuestionnaireResponse", "section.entry"),
            ),
            ("patient", "subject", "author", "entry"),
            "sote-composition",
        ),
        ServedType(
            "DocumentReference",
            _reads("create"),
            (
                _patient(), _subject(), _STATUS, _token("type"), _CATEGORY, _date("date"), _IDENTIFIER,
                _token("security-label", "securityLabel"), _token("format", "content.format"),
            ),
            ("patient", "subject"),
        ),
        ServedType("Binary", ("read", "vread", "create")),
        ServedType("Bundle", ("read", "vread", "create", "update")),
        ServedType(
            "QuestionnaireResponse",
            _reads(),
            (
                _patient(), _subject(), _STATUS, _date("authored"), _IDENTIFIER,
                Parameter("questionnaire", "uri", ("questionnaire",)),
                _reference("author", "PractitionerRole", "author"), _reference("based-on", "CarePlan", "basedOn"),
            ),
            ("patient", "subject", "author"),
        ),
        ServedType("Questionnaire", ("read", "search-type")),
        ServedType(
            "Provenance",
            _reads(),
            (
                _reference("target", "CarePlan Composition", "target"), _date("recorded"),
                _reference("agent", "PractitionerRole Organization", "agent.who"),
            ),
            ("target", "agent"),
            "sote-provenance",
        ),
        ServedType(
            "Observation",
            _reads(),
            (_patient(), _subject(), _STATUS, _CATEGORY, _CODE, _IDENTIFIER,
             _reference("performer", "Patient PractitionerRole", "performer"), _date("date", "effectiveDateTime")),
            ("patient", "subject", "performer"),
            "sote-observation",
        ),
        ServedType(
            "Appointment",
            _reads(),
            (_patient("participant.actor"), _STATUS, _token("appointment-type", "appointmentType"),
             _date("date", "start"), _IDENTIFIER),
            ("patient",),
            "sote-appointment",
        ),
        ServedType(
            "Encounter", _reads(), (_patient(), _subject(), _STATUS, _date("date", "period"), _IDENTIFIER),
            ("patient", "subject"), "sote-meeting",
        ),
        ServedType("PractitionerRole", _reads(), (_IDENTIFIER,)),
        ServedType("Practitioner", _reads(), (_IDENTIFIER,)),
        ServedType("Organization", _reads(), (_IDENTIFIER,)),
        ServedType(
            "AuditEvent", ("read", "search-type"),
            (
                _date("date", "recorded"), _token("action"), _token("type"), _token("outcome"),
                _reference("entity", "", "entity.what"), _reference("agent", "", "agent.who"), _patient("entity.what"),
            ),
            common=(*COMMON[:2], _token("_tag", "meta.tag")),
        ),
        ServedType("RelatedPerson", _reads(), (_patient("patient"), _IDENTIFIER), ("patient",)),
    )
}  # fmt: skip
"""The types by name. What a document holds of other types is served within it alone."""

_R4 = "http://hl7.org/fhir/OperationDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/OperationDefinition/"

OPERATIONS: tuple[Operation, ...] = (
    Operation("validate", "system", (), ("POST",), f"{_R4}Resource-validate",
              "Judge a resource, or a document in any of our formats; the answer is an OperationOutcome."),
    Operation("convert", "system", (), ("POST",), f"{_R4}Resource-convert",
              "Write a document of any of our formats in another, or a resource in XML or JSON. Nothing is stored."),
    Operation("document", "instance", ("Composition",), ("GET",), f"{_R4}Composition-document",
              "The document of a Composition, as one Bundle."),
    Operation("everything", "instance", ("Patient",), ("GET",), f"{_R4}Patient-everything",
              "All that the service holds of a client, as far as the caller may see it."),
    Operation("populate", "instance", ("Questionnaire",), ("GET", "POST"), f"{_SDC}Questionnaire-populate",
              "A response to begin the next document with: filled from the client's newest document of the kind."),
    Operation("extract", "type", ("QuestionnaireResponse",), ("POST",), f"{_SDC}QuestionnaireResponse-extract",
              "The resources that a complete response gives, as a transaction Bundle. Nothing is stored."),
)  # fmt: skip
"""The operations; `$validate` stands at every type too."""
