Extension: Sector
Id: sector
Title: "Sector"
Description: "Which sector a person or party belongs to: social welfare, health care, employment, education, an association, a relative."
* ^context[+].type = #element
* ^context[=].expression = "RelatedPerson"
* ^context[+].type = #element
* ^context[=].expression = "Task.owner"
* value[x] 1..1
* value[x] only Coding

Extension: ParticipantOrganisation
Id: participant-organisation
Title: "Organisation of a participant"
Description: "The organisation that a participant of the plan comes from."
* ^context[+].type = #element
* ^context[=].expression = "Practitioner"
* ^context[+].type = #element
* ^context[=].expression = "RelatedPerson"
* value[x] 1..1
* value[x] only string

Extension: ConsentGiver
Id: consent-giver
Title: "Who gave the permit"
Description: "Whether the client or a legal representative gave the permit."
* ^context[+].type = #element
* ^context[=].expression = "Consent"
* value[x] 1..1
* value[x] only Coding

Extension: DisclosingParty
Id: disclosing-party
Title: "Who may disclose"
Description: "Who may disclose the information, as the permit says."
* ^context[+].type = #element
* ^context[=].expression = "Consent"
* value[x] 1..1
* value[x] only string

Extension: ReceivingParty
Id: receiving-party
Title: "Who may receive"
Description: "Who may receive the information, as the permit says."
* ^context[+].type = #element
* ^context[=].expression = "Consent"
* value[x] 1..1
* value[x] only string

Extension: RevokedOn
Id: revoked-on
Title: "Revoked on"
Description: "When the permit was revoked."
* ^context[+].type = #element
* ^context[=].expression = "Consent"
* value[x] 1..1
* value[x] only dateTime

Extension: DocumentType
Id: document-type
Title: "Type of the document"
Description: "The document type of a plan that is referred to."
* ^context[+].type = #element
* ^context[=].expression = "CarePlan.basedOn"
* value[x] 1..1
* value[x] only Coding

Extension: DocumentDate
Id: document-date
Title: "Date of the document"
Description: "The date of a plan that is referred to."
* ^context[+].type = #element
* ^context[=].expression = "CarePlan.basedOn"
* value[x] 1..1
* value[x] only dateTime

Extension: SuccessCriterion
Id: success-criterion
Title: "Criterion of success"
Description: "How one knows that the goal has been reached."
* ^context[+].type = #element
* ^context[=].expression = "Goal"
* value[x] 1..1
* value[x] only string

Extension: ResponsiblePerson
Id: responsible-person
Title: "Responsible person"
Description: "The one person who is responsible for the action."
* ^context[+].type = #element
* ^context[=].expression = "Task.owner"
* value[x] 1..1
* value[x] only HumanName

Extension: ClientPresent
Id: client-present
Title: "Client was present"
Description: "Whether the client was present at the meeting."
* ^context[+].type = #element
* ^context[=].expression = "Encounter"
* value[x] 1..1
* value[x] only boolean

Extension: AgreedMatters
Id: agreed-matters
Title: "What was agreed"
Description: "What was agreed at the meeting."
* ^context[+].type = #element
* ^context[=].expression = "Encounter"
* value[x] 1..1
* value[x] only string

Extension: ResponsibleKind
Id: responsible-kind
Title: "Kind of responsible party"
Description: "Whether the client, a relative, a professional or an organisation is responsible for the action."
* ^context[+].type = #element
* ^context[=].expression = "Task.owner"
* value[x] 1..1
* value[x] only Coding
