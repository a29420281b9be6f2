Profile: SoteObservation
Parent: Observation
Id: sote-observation
Title: "Part of a plan or an assessment"
Description: "What somebody told or assessed about one part of the client's life. The client's own view and the professional's stand in resources of their own."
* code from ContentParts (extensible)
* component.code from ContentParts (extensible)
* extension contains CodedValues named codedValues 0..1

Profile: SoteAssessment
Parent: ClinicalImpression
Id: sote-assessment
Title: "Assessment of social care"
Description: "An assessment of the need for services, or a summary: its conclusions, and the observations that they rest on."
* status = #completed
* code 1..1
