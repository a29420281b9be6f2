"""Why a delivery changed its state, in words for a person; the gate's grounds are worded in `validators.gate`."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.issues import Language
from validators.gate import GROUNDS

__all__ = ["CAUSES", "cause_in_words"]

CAUSES: Mapping[str, Mapping[Language, str]] = {
    "received": {
        "fi": "Asiakirja vastaanotettiin.",
        "sv": "Handlingen togs emot.",
        "en": "The document was received.",
    },
    "attempt": {
        "fi": "Lähetys aloitettiin.",
        "sv": "Sändningen inleddes.",
        "en": "Sending began.",
    },
    "newer_version_arrived": {
        "fi": "Asiakirjasta saapui uudempi versio.",
        "sv": "En nyare version av handlingen kom in.",
        "en": "A newer version of the document arrived.",
    },
    "newer_version_is_here": {
        "fi": "Asiakirjan uudempi versio oli jo täällä.",
        "sv": "En nyare version av handlingen fanns redan här.",
        "en": "A newer version of the document was already here.",
    },
    "document_cannot_be_read_any_more": {
        "fi": "Tallennettua asiakirjaa ei voi enää lukea. Ihmisen on tarkistettava se.",
        "sv": "Den lagrade handlingen kan inte längre läsas. En människa måste kontrollera den.",
        "en": "The stored document cannot be read any more. A person has to look at it.",
    },
    "answer_lost": {
        "fi": "Vastaanottajan vastaus jäi saamatta. Asia selvitetään lukemalla ennen uutta lähetystä.",
        "sv": "Mottagarens svar gick förlorat. Saken utreds genom läsning före en ny sändning.",
        "en": "The receiver's answer was lost. It is read back before anything is sent again.",
    },
    "interrupted": {
        "fi": "Ohjelma keskeytyi kesken lähetyksen. Asia selvitetään lukemalla ennen uutta lähetystä.",
        "sv": "Programmet avbröts mitt i sändningen. Saken utreds genom läsning före en ny sändning.",
        "en": "The program was interrupted while sending. It is read back before anything is sent again.",
    },
    "restored_from_backup": {
        "fi": "Tietokanta palautettiin varmuuskopiosta. Ennen lähetystä luetaan, onko asiakirja jo perillä.",
        "sv": "Databasen återställdes från en säkerhetskopia. Före sändningen läses om handlingen redan är framme.",
        "en": "The database was restored from a backup. It is read back before anything is sent again.",
    },
    "receiver_is_not_in_the_exchange": {
        "fi": "Vastaanottaja ei ole enää mukana tiedonvaihdossa. Ihmisen on ratkaistava asia.",
        "sv": "Mottagaren är inte längre med i informationsutbytet. En människa måste avgöra saken.",
        "en": "The receiver is no longer in the exchange. A person has to decide.",
    },
    "receiver_format_cannot_hold_it": {
        "fi": "Asiakirjaa ei voi kirjoittaa vastaanottajan muodossa. Ihmisen on ratkaistava asia.",
        "sv": "Handlingen kan inte skrivas i mottagarens format. En människa måste avgöra saken.",
        "en": "The document cannot be written in the receiver's format. A person has to decide.",
    },
    "receiver_is_busy": {
        "fi": "Vastaanottaja pyysi odottamaan.",
        "sv": "Mottagaren bad om att vänta.",
        "en": "The receiver asked to wait.",
    },
    "receiver_is_unavailable": {
        "fi": "Vastaanottajaan ei saatu yhteyttä.",
        "sv": "Mottagaren kunde inte nås.",
        "en": "The receiver could not be reached.",
    },
    "receiver_refused_our_credentials": {
        "fi": "Vastaanottaja ei hyväksynyt tunnistautumistamme tai oikeuksiamme.",
        "sv": "Mottagaren godkände inte vår identifiering eller våra rättigheter.",
        "en": "The receiver refused our credentials or rights.",
    },
    "receiver_needs_a_person": {
        "fi": "Vastaanottaja ei voi ottaa asiakirjaa ilman ihmisen apua.",
        "sv": "Mottagaren kan inte ta emot handlingen utan hjälp av en människa.",
        "en": "The receiver cannot take the document without a person's help.",
    },
    "arrival_is_not_known": {
        "fi": "Vastaanottaja ei kerro, onko asiakirja perillä. Ihmisen on kysyttävä vastaanottajalta.",
        "sv": "Mottagaren berättar inte om handlingen har kommit fram. En människa måste fråga mottagaren.",
        "en": "The receiver does not tell whether the document has arrived. A person has to ask the receiver.",
    },
    "receiver_accepted": {
        "fi": "Vastaanottaja otti asiakirjan vastaan.",
        "sv": "Mottagaren tog emot handlingen.",
        "en": "The receiver has got the document.",
    },
    "receiver_delivered": {
        "fi": "Vastaanottaja tallensi asiakirjan.",
        "sv": "Mottagaren sparade handlingen.",
        "en": "The receiver has filed the document.",
    },
    "receiver_rejected": {
        "fi": "Vastaanottaja hylkäsi asiakirjan.",
        "sv": "Mottagaren avvisade handlingen.",
        "en": "The receiver rejected the document.",
    },
    "receiver_has_no_trace": {
        "fi": "Vastaanottajalta ei löytynyt asiakirjaa.",
        "sv": "Handlingen hittades inte hos mottagaren.",
        "en": "The receiver holds no trace of the document.",
    },
    "attempts_are_used_up": {
        "fi": "Vastaanottajaan ei saatu yhteyttä sallituilla yrityksillä. Ihmisen on ratkaistava asia.",
        "sv": "Mottagaren kunde inte nås med det tillåtna antalet försök. En människa måste avgöra saken.",
        "en": "The receiver could not be reached in the attempts allowed. A person has to decide.",
    },
    "resent_by_a_person": {
        "fi": "Ihminen päätti, että asiakirja lähetetään uudelleen.",
        "sv": "En människa beslöt att handlingen sänds på nytt.",
        "en": "A person decided that the document is sent again.",
    },
    "cancelled_by_a_person": {
        "fi": "Ihminen perui lähetyksen.",
        "sv": "En människa återkallade sändningen.",
        "en": "A person called the delivery off.",
    },
    "confirmed_by_a_person": {
        "fi": "Ihminen sai vastaanottajalta tiedon, että asiakirja on perillä.",
        "sv": "En människa fick veta av mottagaren att handlingen har kommit fram.",
        "en": "A person has learned from the receiver that the document has arrived.",
    },
    "released_by_a_person": {
        "fi": "Ihminen vapautti lähetyksen.",
        "sv": "En människa frigav sändningen.",
        "en": "A person released the delivery.",
    },
    "document_stops_the_program": {
        "fi": "Ohjelma on päättynyt kesken asiakirjan käsittelyn monta kertaa. Ihmisen on tarkistettava asiakirja.",
        "sv": "Programmet har flera gånger avbrutits mitt i handlingen. En människa måste kontrollera den.",
        "en": "The program has ended several times in the midst of this document. A person has to look at it.",
    },
    "program_fault": {
        "fi": "Ohjelman virhe pysäytti lähetyksen. Tapahtumaloki kertoo lisää.",
        "sv": "Ett programfel stoppade sändningen. Loggen berättar mer.",
        "en": "A mistake of this program stopped the delivery. The log tells more.",
    },
}


def cause_in_words(cause: str, language: Language) -> str:
    """The sentence for a stored cause. Raises: KeyError for one that no part of the program stores."""
    ground = GROUNDS.get(cause)
    return (ground.message if ground else CAUSES[cause])[language]
