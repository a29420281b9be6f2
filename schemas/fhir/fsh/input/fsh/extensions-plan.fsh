Extension: NextReview
Id: next-review
Title: "Next review"
Description: "When the plan is looked at next. A partial date stays partial."
* ^context[+].type = #element
* ^context[=].expression = "CarePlan"
* value[x] 1..1
* value[x] only dateTime

Extension: EstimatedDuration
Id: estimated-duration
Title: "Estimated duration"
Description: "How long being a client is estimated to last, in words."
* ^context[+].type = #element
* ^context[=].expression = "CarePlan"
* value[x] 1..1
* value[x] only string

Extension: SupportingProviders
Id: supporting-providers
Title: "Providers who support the client"
Description: "The service providers who take part in supporting the client, and what each is responsible for."
* ^context[+].type = #element
* ^context[=].expression = "CareTeam"
* value[x] 1..1
* value[x] only string

Extension: SupportingPersons
Id: supporting-persons
Title: "Private persons who support the client"
Description: "The private persons who take part in supporting the client, and what each does."
* ^context[+].type = #element
* ^context[=].expression = "CareTeam"
* value[x] 1..1
* value[x] only string

Extension: MeansAndSchedule
Id: means-and-schedule
Title: "Means and schedule"
Description: "By which means and when the goal is to be reached."
* ^context[+].type = #element
* ^context[=].expression = "Goal"
* value[x] 1..1
* value[x] only string

Extension: ClientProposal
Id: client-proposal
Title: "Client's proposal"
Description: "The client's own proposal of how the service is produced and carried out."
* ^context[+].type = #element
* ^context[=].expression = "ServiceRequest"
* ^context[+].type = #element
* ^context[=].expression = "CarePlan.activity.detail"
* value[x] 1..1
* value[x] only string

Extension: ServiceProviderKind
Id: service-provider-kind
Title: "Kind of provider"
Description: "Whose service is planned: that of social welfare, of an association, of another authority."
* ^context[+].type = #element
* ^context[=].expression = "CarePlan.activity.detail"
* value[x] 1..1
* value[x] only Coding

Extension: MeetingParticipants
Id: meeting-participants
Title: "Participants of the meeting"
Description: "Those who took part in the meeting, as one text."
* ^context[+].type = #element
* ^context[=].expression = "Encounter"
* value[x] 1..1
* value[x] only string

Extension: MeetingPlace
Id: meeting-place
Title: "Place of the meeting"
Description: "Where the meeting is to be."
* ^context[+].type = #element
* ^context[=].expression = "Appointment"
* value[x] 1..1
* value[x] only string

Extension: SituationFactor
Id: situation-factor
Title: "Factor of the situation"
Description: "A factor of the client's situation, and whether it helps or hinders reaching the goal."
* ^context[+].type = #element
* ^context[=].expression = "Goal"
* extension contains factor 0..1 and effect 0..1
* extension[factor].value[x] only Coding
* extension[effect].value[x] only Coding

Extension: CodedValues
Id: coded-values
Title: "Coded values"
Description: "Several coded values of one part of the content, in their order."
* ^context[+].type = #element
* ^context[=].expression = "Observation"
* extension contains value 1..*
* extension[value].value[x] only Coding
