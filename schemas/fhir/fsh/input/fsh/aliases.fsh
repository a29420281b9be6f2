Alias: $consentscope = http://terminology.hl7.org/CodeSystem/consentscope
Alias: $v3-ActCode = http://terminology.hl7.org/CodeSystem/v3-ActCode
Alias: $composition-status = http://hl7.org/fhir/composition-status
Alias: $request-status = http://hl7.org/fhir/request-status
