Profile: SoteMeeting
Parent: Encounter
Id: sote-meeting
Title: "Meeting about a plan"
Description: "A meeting in which the plan was made or followed up."
* location.location 1..1
* extension contains MeetingParticipants named participants 0..1 and ClientPresent named clientPresent 0..1 and AgreedMatters named agreedMatters 0..1

Profile: SoteAppointment
Parent: Appointment
Id: sote-appointment
Title: "Meeting that is to be booked"
Description: "The next review of a plan, or the agreed meetings of client and worker; no time is booked by it."
* status = #proposed
* appointmentType 1..1
* appointmentType from ContentParts (extensible)
* extension contains MeetingPlace named place 0..1
