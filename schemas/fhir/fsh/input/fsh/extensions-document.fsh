Extension: Organiser
Id: organiser
Title: "Organiser of the service"
Description: "The organisation that is responsible for organising the service (palvelunjärjestäjä)."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* value[x] 1..1
* value[x] only Reference(Organization)

Extension: Producer
Id: producer
Title: "Producer of the service"
Description: "The organisation that produces the service (palveluntuottaja)."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* value[x] 1..1
* value[x] only Reference(Organization)

Extension: Service
Id: service
Title: "Social service"
Description: "The social service that the document belongs to (sosiaalipalvelu)."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* value[x] 1..1
* value[x] only Coding

Extension: ServiceTask
Id: service-task
Title: "Service task"
Description: "The service task of social welfare that the document or the service belongs to (palvelutehtävä)."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* ^context[+].type = #element
* ^context[=].expression = "ServiceRequest"
* value[x] 1..1
* value[x] only Coding

Extension: Case
Id: case
Title: "Case"
Description: "The case that the document belongs to (asia)."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* value[x] 1..1
* value[x] only Identifier

Extension: ClientRelationship
Id: client-relationship
Title: "Client relationship"
Description: "The client relationship that the document belongs to (asiakkuus)."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* value[x] 1..1
* value[x] only Identifier

Extension: NonDisclosure
Id: non-disclosure
Title: "Non-disclosure order"
Description: "Whether the client has a non-disclosure order (turvakielto). Absent when it is not known."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* value[x] 1..1
* value[x] only boolean

Extension: Recipient
Id: recipient
Title: "Recipient"
Description: "The organisation to which the document is given."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* value[x] 1..1
* value[x] only Reference(Organization)

Extension: DocumentVersion
Id: document-version
Title: "Version of the document"
Description: "The number of the version of the document, from 1."
* ^context[+].type = #element
* ^context[=].expression = "CarePlan"
* value[x] 1..1
* value[x] only integer

Extension: ServiceUnit
Id: service-unit
Title: "Service unit"
Description: "The service unit of a person or team, as the document names it."
* ^context[+].type = #element
* ^context[=].expression = "PractitionerRole"
* ^context[+].type = #element
* ^context[=].expression = "CareTeam"
* ^context[+].type = #element
* ^context[=].expression = "Practitioner"
* value[x] 1..1
* value[x] only Coding

Extension: Placeholders
Id: placeholders
Title: "Placeholders"
Description: "Which facts of the document were not known and have placeholders in their place."
* ^context[+].type = #element
* ^context[=].expression = "Composition"
* extension contains field 1..*
* extension[field].value[x] 1..1
* extension[field].value[x] only code
