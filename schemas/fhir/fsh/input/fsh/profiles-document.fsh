Profile: SoteComposition
Parent: Composition
Id: sote-composition
Title: "Document of social care"
Description: "The head of a document: which structure it follows, whose it is, and in which sections it is read."
* identifier 0..1
* type.coding 1..*
* language 1..1
* section 1..*
* extension contains Organiser named organiser 0..1 and Producer named producer 0..1 and Service named service 0..1 and ServiceTask named serviceTask 0..1 and Case named case 0..1 and ClientRelationship named clientRelationship 0..1 and NonDisclosure named nonDisclosure 0..1 and Recipient named recipient 0..1 and Placeholders named placeholders 0..1

Profile: SoteProvenance
Parent: Provenance
Id: sote-provenance
Title: "Controller of a document"
Description: "The controller (rekisterinpitäjä) of the document and of what is in it."
* agent 1..1
* agent.type 1..1
* agent.who.identifier 1..1

Profile: SoteDocument
Parent: Bundle
Id: sote-document
Title: "Document Bundle of social care"
Description: "A whole document: the Composition first, the resources that say what it means, and the complete content as a QuestionnaireResponse."
* type = #document
* identifier 1..1
* timestamp 1..1
