Extension: ExactValue
Id: exact-value
Title: "Exact value"
Description: "A value that FHIR cannot hold as it is, as JSON, so that nothing is lost."
* ^context[+].type = #element
* ^context[=].expression = "QuestionnaireResponse.item.answer"
* value[x] 1..1
* value[x] only base64Binary

Extension: NoItems
Id: no-items
Title: "No items"
Description: "True when the document holds the repeating field, but as an empty list."
* ^context[+].type = #element
* ^context[=].expression = "QuestionnaireResponse.item"
* value[x] 1..1
* value[x] only boolean

Extension: IdentifierSystem
Id: identifier-system
Title: "System of the identifier"
Description: "The system of an identifier whose value is the answer."
* ^context[+].type = #element
* ^context[=].expression = "QuestionnaireResponse.item.answer"
* value[x] 1..1
* value[x] only uri
