CodeSystem: DocumentStatus
Id: document-status
Title: "Status of a document"
Description: "Where a document version stands (valmistumisen tila)."
* ^status = #draft
* ^experimental = false
* ^caseSensitive = true
* ^content = #complete
* #draft "Draft"
* #final "Final"
* #amended "Amended"
* #cancelled "Cancelled"

ValueSet: DocumentStatuses
Id: document-statuses
Title: "Status of a document"
Description: "Every status of a document."
* ^status = #draft
* ^experimental = false
* include codes from system DocumentStatus

Instance: document-status-to-composition-status
InstanceOf: ConceptMap
Usage: #definition
* url = "https://sote-interop.example/fhir/ConceptMap/document-status-to-composition-status"
* name = "DocumentStatusToCompositionStatus"
* title = "Status of a document as that of a Composition"
* status = #draft
* sourceCanonical = Canonical(document-statuses)
* targetCanonical = "http://hl7.org/fhir/ValueSet/composition-status"
* group.source = Canonical(document-status)
* group.target = $composition-status
* group.element[0].code = #draft
* group.element[0].target.code = #preliminary
* group.element[0].target.equivalence = #equivalent
* group.element[1].code = #final
* group.element[1].target.code = #final
* group.element[1].target.equivalence = #equivalent
* group.element[2].code = #amended
* group.element[2].target.code = #amended
* group.element[2].target.equivalence = #equivalent
* group.element[3].code = #cancelled
* group.element[3].target.code = #entered-in-error
* group.element[3].target.equivalence = #equivalent

Instance: document-status-to-request-status
InstanceOf: ConceptMap
Usage: #definition
* url = "https://sote-interop.example/fhir/ConceptMap/document-status-to-request-status"
* name = "DocumentStatusToRequestStatus"
* title = "Status of a document as that of a CarePlan"
* status = #draft
* sourceCanonical = Canonical(document-statuses)
* targetCanonical = "http://hl7.org/fhir/ValueSet/request-status"
* group.source = Canonical(document-status)
* group.target = $request-status
* group.element[0].code = #draft
* group.element[0].target.code = #draft
* group.element[0].target.equivalence = #equivalent
* group.element[1].code = #final
* group.element[1].target.code = #active
* group.element[1].target.equivalence = #wider
* group.element[2].code = #amended
* group.element[2].target.code = #active
* group.element[2].target.equivalence = #wider
* group.element[3].code = #cancelled
* group.element[3].target.code = #entered-in-error
* group.element[3].target.equivalence = #equivalent
