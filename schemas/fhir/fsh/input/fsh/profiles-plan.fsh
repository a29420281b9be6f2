Profile: SoteCarePlan
Parent: CarePlan
Id: sote-care-plan
Title: "Plan of social care"
Description: "A client plan, implementation plan or multidisciplinary plan. What is planned stands in resources of its own; the category names the document structure first."
* identifier 1..*
* intent = #plan
* category 1..*
* activity.detail 0..0
* extension contains NextReview named nextReview 0..1 and EstimatedDuration named estimatedDuration 0..1

Profile: SoteGoal
Parent: Goal
Id: sote-goal
Title: "Goal of a plan"
Description: "A goal that was agreed, or a goal of the earlier plan with how it was reached."
* target.detail[x] 0..0
* extension contains SituationFactor named situationFactor 0..* and MeansAndSchedule named meansAndSchedule 0..1 and SuccessCriterion named successCriterion 0..1

Profile: SoteCareTeam
Parent: CareTeam
Id: sote-care-team
Title: "Those who take part"
Description: "The client, the worker and those who support the client."
* status 1..1
* extension contains SupportingProviders named supportingProviders 0..1 and SupportingPersons named supportingPersons 0..1

Profile: SoteServiceRequest
Parent: ServiceRequest
Id: sote-service-request
Title: "Planned service"
Description: "A service that is planned to meet the client's need. It is no decision."
* intent = #plan
* extension contains ServiceTask named serviceTask 0..1 and ClientProposal named clientProposal 0..1

Profile: SoteTask
Parent: Task
Id: sote-task
Title: "Agreed action"
Description: "What was agreed to be done: by whom, and when."
* intent = #plan

Profile: SoteConsent
Parent: Consent
Id: sote-consent
Title: "Permit or consent named in a plan"
Description: "A permit or consent that a plan rests on, as the plan tells it. The permit itself is a document of its own."
* patient 0..1
* policyRule 1..1
* provision 0..1
