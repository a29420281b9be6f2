CodeSystem: ContentPart
Id: content-part
Title: "Parts of a plan or an assessment"
Description: "Which part of the content of a social-care plan or assessment a resource carries. The names of parts that a document structure of THL has follow it."
* ^status = #draft
* ^experimental = false
* ^caseSensitive = true
* ^content = #complete
* #absent-parties "Parties that did not take part in the assessment"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Arvioinnista poisjääneet tahot"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Aktörer som uteblivit från bedömningen"
* #activation-plan-is-made "An activation plan is made for the client"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaalle laaditaan aktivointisuunnitelma"
  * ^designation[1].language = #sv
  * ^designation[1].value = "En aktiveringsplan upprättas för klienten"
* #additional-information "Additional information"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Lisätiedot"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Mer information"
* #age-of-first-use "Age at first use"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ikä ensimmäisellä käyttökerralla"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Ålder vid första användningen"
* #agreed-with-client "Ending was agreed with the client"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Päättämisestä on sovittu asiakkaan kanssa"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Avslutandet har avtalats med klienten"
* #alcohol-use "Use of alcohol"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Alkoholin käyttö"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Alkoholbruk"
* #audit-c-1-frequency "AUDIT-C, question 1: how often"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C, kysymys 1: käyttötiheys"
  * ^designation[1].language = #sv
  * ^designation[1].value = "AUDIT-C, fråga 1: hur ofta"
* #audit-c-1-points "AUDIT-C, question 1: points"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C, kysymys 1: pisteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "AUDIT-C, fråga 1: poäng"
* #audit-c-2-amount "AUDIT-C, question 2: amount at a time"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C, kysymys 2: määrä yhdellä kerralla"
  * ^designation[1].language = #sv
  * ^designation[1].value = "AUDIT-C, fråga 2: mängd per gång"
* #audit-c-2-points "AUDIT-C, question 2: points"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C, kysymys 2: pisteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "AUDIT-C, fråga 2: poäng"
* #audit-c-3-points "AUDIT-C, question 3: points"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C, kysymys 3: pisteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "AUDIT-C, fråga 3: poäng"
* #audit-c-3-six-units "AUDIT-C, question 3: six units at a time"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C, kysymys 3: kuusi annosta kerralla"
  * ^designation[1].language = #sv
  * ^designation[1].value = "AUDIT-C, fråga 3: sex portioner per gång"
* #audit-c-result "AUDIT-C, result"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C:n tulos"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Resultatet av AUDIT-C"
* #audit-c-result-in-words "AUDIT-C, result in words"
  * ^designation[0].language = #fi
  * ^designation[0].value = "AUDIT-C:n sanallinen tulos"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Resultatet av AUDIT-C i ord"
* #background "Other background"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Muut taustatiedot"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Andra bakgrundsuppgifter"
* #carers-need-examined "The need for support of a person close to the client was examined"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Läheisen tuen tarve on selvitetty"
  * ^designation[1].language = #sv
  * ^designation[1].value = "De närståendes stödbehov har utretts"
* #changes-in-life "Changes in the situation in life"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Muutokset elämäntilanteessa"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Förändringar i livssituationen"
* #child-own-score "The child's own view as a score"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Lapsen oma arvio numerona"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Barnets egen bedömning som siffra"
* #child-wellbeing "Wellbeing of the child or young person"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Lapsen tai nuoren hyvinvointi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Barnets eller den ungas välbefinnande"
* #circumstances-to-influence "Matters and circumstances to be influenced"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiat ja olosuhteet, joihin pyritään vaikuttamaan"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Faktorer och omständigheter som man försöker påverka"
* #client-goal-evaluation "The client's view of how the goals were reached"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan arvio siitä, onko tavoitteet saavutettu"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientens bedömning av om målen har nåtts"
* #client-plan-is-made "A client plan is made for the client"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaalle laaditaan asiakassuunnitelma"
  * ^designation[1].language = #sv
  * ^designation[1].value = "En klientplan upprättas för klienten"
* #client-view-of-functioning "The client's own view of functional capacity"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan oma näkemys toimintakyvystään"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientens egen åsikt om sin funktionsförmåga"
* #client-view-of-needs "The client's own view of the need for support and services"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan arvio tuen ja palvelujen tarpeestaan"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientens bedömning av sitt behov av stöd och service"
* #client-view-of-situation "The client's own view of the situation"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan näkemys tilanteestaan"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientens syn på sin situation"
* #client-wishes "The client's own goals and wishes"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan omat tavoitteet ja toiveet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientens egna mål och önskemål"
* #clients-own-actions "The client's own actions to meet the need"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan omat toimet tuen tarpeen ratkaisemiseksi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientens egna åtgärder för att lösa stödbehovet"
* #close-network "Support by the close network"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Läheisverkoston tuki"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Stöd från det närmaste nätverket"
* #communication-methods "Methods of communication and language"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Kommunikointimenetelmät ja kieli"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Kommunikationsmetoder och språk"
* #consent-to-act-as-employer "Consent to act as the assistant's employer"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Suostumus työnantajana toimimiseen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Samtycke till att vara arbetsgivare"
* #consent-to-share "Permit to share information for a joint plan"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Lupa tietojen luovuttamiseen yhteistä suunnitelmaa varten"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Tillstånd att lämna ut uppgifter för en gemensam plan"
* #contact-with-close-people "Contact with close people"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Yhteydenpito läheisiin"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Kontakt med närstående"
* #continuation "Being a client continues after the assessment"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkuus jatkuu arvioinnin jälkeen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientrelationen fortsätter efter bedömningen"
* #cooperation "Cooperation between those who take part"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Yhteistyö osapuolten kanssa"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Samarbete mellan parterna"
* #current-services "Services that the client has now"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Palvelut, joita asiakas tällä hetkellä saa"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Tjänster som klienten får för närvarande"
* #daily-life "Daily life and leisure"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Arkielämä ja vapaa-aika"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Vardagsliv och fritid"
* #date-of-arrival "Date of arrival in Finland"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Maahantulopäivä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Datum för ankomst till landet"
* #differing-views "Differing views"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Eriävät näkemykset"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Avvikande åsikter"
* #earlier-jobs "Earlier jobs"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Aiemmat työsuhteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Tidigare anställningar"
* #earlier-measures "Earlier measures and their effect"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Aikaisemmat toimenpiteet ja niiden vaikuttavuus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Tidigare åtgärder och deras effekt"
* #earlier-services "Earlier services"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Aikaisemmat palvelut"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Tidigare service"
* #economic-difficulties "The client has economic difficulties"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaalla on taloudellisia vaikeuksia"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klienten har ekonomiska svårigheter"
* #education "Education"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Koulutus, opetus ja varhaiskasvatus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Utbildning, undervisning och småbarnspedagogik"
* #effect-of-environment "Effect of the situation in life and the environment"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Elämäntilanteen ja toimintaympäristön vaikutus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Livssituationens och omgivningens inverkan"
* #effect-of-restrictive-measures "Effect of the restrictive measures used"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Käytettyjen rajoitustoimenpiteiden vaikutus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Effekten av de begränsningsåtgärder som använts"
* #employers-duties-explained "How the employer's duties were explained"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työnantajan velvollisuuksien selvittäminen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Redogörelsen för arbetsgivarens skyldigheter"
* #employment-plan-is-made "A multidisciplinary employment plan is made for the client"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaalle laaditaan monialainen työllistymissuunnitelma"
  * ^designation[1].language = #sv
  * ^designation[1].value = "En sektorsövergripande sysselsättningsplan upprättas för klienten"
* #experiences-of-service "Experiences of the service"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Kokemukset palvelusta"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Erfarenheter av servicen"
* #family-and-parenthood "Family and parenthood"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Perhesuhteet ja vanhemmuus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Familjerelationer och föräldraskap"
* #family-reunification "Reunification of the family"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Perheen jälleenyhdistäminen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Återförening av familjen"
* #finances "Economic situation"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Taloudellinen tilanne"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Ekonomisk situation"
* #follow-up "Follow-up and evaluation"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Seuranta ja arviointi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Uppföljning och utvärdering"
* #follow-up-plan "What is planned next"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Jatkosuunnitelma"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Fortsatt plan"
* #frequency-of-use "Frequency of use"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Käyttötiheys"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Användningsfrekvens"
* #future-plans "Plans for the future"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Tulevaisuudensuunnitelmat"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Framtidsplaner"
* #goal-evaluation "How the goals of the earlier plan were reached"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Edellisen suunnitelman tavoitteiden saavuttaminen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Hur målen i den föregående planen har nåtts"
* #ground-of-residence-permit "Ground of the residence permit"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Oleskeluluvan peruste"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Grund för uppehållstillståndet"
* #health "Health and illnesses"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Terveydentila ja sairaudet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Hälsotillstånd och sjukdomar"
* #health-and-functioning "Health and functional capacity"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Terveys ja toimintakyky"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Hälsa och funktionsförmåga"
* #hobbies "Hobbies"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Harrastukset"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Hobbyer"
* #housing "Housing"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asuminen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Boende"
* #immigration "Immigration"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Maahanmuutto"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Invandring"
* #initiation "How the matter was initiated"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asian vireilletulo"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Inledning av ärendet"
* #integration "Integration"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Kotoutuminen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Integration"
* #interaction-with-child "Interaction with the child"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Vuorovaikutussuhde lapseen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Interaktion med barnet"
* #joint-clienthood "Joint clienthood"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Yhteisasiakkuus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Gemensamt klientskap"
* #kind-of-service "Kind of service"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Palvelun laji"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Typ av tjänst"
* #length-of-unemployment "Length of unemployment"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työttömyyden kesto"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Arbetslöshetens varaktighet"
* #life-area "Situation in one area of life"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Tilanne elämän osa-alueella"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Situationen inom ett livsområde"
* #life-management "Management of life"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Elämänhallinta"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Livshantering"
* #looking-for-home "The client is looking for a home"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asunnonhaku on käynnissä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Bostadssökning pågår"
* #measures-for-self-determination "Measures for self-determination"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Toimenpiteet itsemääräämisoikeuden toteutumiseksi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Åtgärder för självbestämmanderätten"
* #meetings-with-worker "Meetings of client and worker"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan ja omatyöntekijän tapaamiset"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Möten mellan klienten och den egna kontaktpersonen"
* #method "Method"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Menetelmä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Metod"
* #method-evaluation "Evaluation of a method used"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Menetelmän arviointi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Utvärdering av en metod"
* #municipal-placement-date "Date of placement in a municipality"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Kuntapaikan päivämäärä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Datum för kommunplats"
* #nature-of-need "Nature of the need for support"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Tuen tarpeen luonne"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Stödbehovets art"
* #need-after-service "Need for support after the service has ended"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Tuen tarve palvelun päättymisen jälkeen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Stödbehov efter att servicen upphört"
* #need-for-support "Need for support and services"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Tuen ja palvelujen tarve"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Behov av stöd och service"
* #no-income "The client has no income"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakas on tuloton"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klienten har inga inkomster"
* #occupation "Occupation"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ammatti"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Yrke"
* #other-addictions "Other addictions"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Muut riippuvuudet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Övriga beroenden"
* #other-matters "Other matters"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Muut asiat"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Övriga ärenden"
* #other-relations "Other relations"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Muut ihmissuhteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Andra människorelationer"
* #other-services "Other services, support and means"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Muut palvelut, tukitoimet ja keinot"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Andra tjänster, stödåtgärder och metoder"
* #other-valid-plans "Other valid plans"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Muut voimassa olevat suunnitelmat"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Övriga gällande planer"
* #own-worker-needed "The client needs a worker of their own"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakas tarvitsee omatyöntekijän"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klienten behöver en egen kontaktperson"
* #parenthood-during-placement "Parenthood during the placement"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Vanhemmuus sijoituksen aikana"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Föräldraskapet under placeringen"
* #participants "Participants"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Osallistujat"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Deltagare"
* #passport-period "Validity of the passport"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Passin voimassaolo"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Passets giltighet"
* #payment-default "The client has an entry of payment default"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaalla on maksuhäiriömerkintä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klienten har en anteckning om betalningsstörning"
* #permanent-home "The home is permanent"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asunto on vakinainen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Bostaden är stadigvarande"
* #permanent-job "The job is permanent"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työsuhde on vakinainen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Anställningen är fast"
* #personal-assistance "Personal assistance"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Henkilökohtainen apu"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Personlig assistans"
* #placement "Placement"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sijoitus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Placering"
* #placement-place "Place of placement"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sijoituspaikka"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Placeringsplats"
* #plan-for-movement "Plan for movement"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Liikkumista koskeva suunnitelma"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Plan för rörelsefrihet"
* #plan-for-outdoor-life "Plan for outdoor life and movement"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ulkoilua ja liikkumista koskeva suunnitelma"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Plan för utomhusvistelse och rörelsefrihet"
* #plan-review "Next review of the plan"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Suunnitelman seuraava tarkistus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Nästa granskning av planen"
* #population-register-date "Date of entry in the population register"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Väestötietokirjauksen päivämäärä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Datum för registrering av befolkningsdata"
* #professional-goal-evaluation "The professional's view of how the goals were reached"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ammattihenkilön arvio siitä, onko tavoitteet saavutettu"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Den yrkesutbildade personens bedömning av om målen har nåtts"
* #professional-score "The professional's view as a score"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ammattihenkilön arvio numerona"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Den yrkesutbildade personens bedömning som siffra"
* #professional-view-of-functioning "The professional's view of functional capacity"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ammattihenkilön arvio toimintakyvystä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Den yrkesutbildade personens bedömning av funktionsförmågan"
* #professional-view-of-needs "The professional's view of the need for support and services"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ammattihenkilön arvio tuen ja palvelujen tarpeesta"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Den yrkesutbildade personens bedömning av behovet av stöd och service"
* #professional-view-of-situation "The professionals' view of the situation"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Ammattihenkilöiden näkemys tilanteesta"
  * ^designation[1].language = #sv
  * ^designation[1].value = "De yrkesutbildade personernas syn på situationen"
* #purpose-of-plan "Purpose of the plan"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Suunnitelman tarkoitus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Planens syfte"
* #reasons "Reasons"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Syyt"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Orsaker"
* #reasons-for-placement "Reasons for the placement"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sijoituksen syyt"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Orsaker till placeringen"
* #registered-jobseeker "The client is a registered jobseeker"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakas on ilmoittautunut työnhakijaksi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klienten är anmäld som arbetssökande"
* #rehabilitation "Need for rehabilitation has to be examined"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Kuntoutustarve on selvitettävä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Rehabiliteringsbehovet ska utredas"
* #relation-to-other-parent "Relation to the other parent"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Suhde toiseen vanhempaan"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Relationen till den andra föräldern"
* #relatives-view-of-needs "The view of relatives and others of the need for support"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Läheisten ja muiden arvio tuen tarpeesta"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Närståendes och andras bedömning av stödbehovet"
* #residence-permit-period "Validity of the residence permit"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Oleskeluluvan voimassaolo"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Uppehållstillståndets giltighet"
* #restrictive-measures "Restrictive measures"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Rajoitustoimenpiteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Begränsningsåtgärder"
* #restrictive-measures-used "Restrictive measures used"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Käytetyt rajoitustoimenpiteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Begränsningsåtgärder som använts"
* #right-of-residence "Right of residence"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Oleskeluoikeus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Uppehållsrätt"
* #rights-explained "The client's rights, duties and alternatives were explained"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Selvitys oikeuksista, velvollisuuksista ja vaihtoehdoista on annettu"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Redogörelsen för rättigheter, skyldigheter och alternativ har getts"
* #risks "Risks to health"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Riskitiedot"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Riskuppgifter"
* #service-evaluation "Evaluation of a service used"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Palvelun arviointi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Utvärdering av en tjänst"
* #service-task "Service task"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Palvelutehtävä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Serviceuppgift"
* #service-used "Service used before or now"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Aikaisempi tai nykyinen palvelu"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Tidigare eller nuvarande tjänst"
* #situation "Situation of the client"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaan tilanne"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klientens situation"
* #social-relations "Social relations"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sosiaaliset suhteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Sociala relationer"
* #social-service "Social service"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sosiaalipalvelu"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Socialservice"
* #special-care "Special care"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Erityishuolto"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Specialomsorg"
* #special-care-adaptations "Adaptations in special care"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Erityishuollon mukautukset"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Anpassningar av specialomsorgen"
* #special-care-arrangements "Arrangements of special care"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Erityishuollon järjestelyt"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Arrangemang för specialomsorg"
* #special-care-means "Means of special care"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Erityishuollon toteuttamiskeinot"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Metoder för genomförande av specialomsorg"
* #special-support "The client has a right to special support"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Asiakkaalla on oikeus erityiseen tukeen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Klienten har rätt till särskilt stöd"
* #state-of-studies "State of studies"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Opintojen tilanne"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Situationen i studierna"
* #still-used "The service is used now"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Palvelu on käytössä nyt"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Tjänsten används nu"
* #strengths "Strengths and resources"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Vahvuudet ja voimavarat"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Starka sidor och resurser"
* #strengths-in-relations "Strengths and difficulties in relations"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sosiaalisiin suhteisiin liittyvät voimavarat ja vaikeudet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Resurser och svårigheter i sociala relationer"
* #substance-use "Use of a substance"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Päihteiden käyttö"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Bruk av rusmedel"
* #substitute-arrangements "Arrangements for a substitute"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sijaisjärjestelyt"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Vikariearrangemang"
* #support-for-parents "Support for the parents"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Vanhempien tukitoimet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Stöd för föräldrarna"
* #unemployment "Unemployment"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työttömyys"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Arbetslöshet"
* #view-of-education "View of the education"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Arvio koulutuksesta"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Bedömning av utbildningen"
* #visits-kept "How agreed visits and meetings were kept"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Sovittujen käyntien ja tapaamisten toteutuminen"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Hur avtalade besök och möten har genomförts"
* #wages-and-costs "Grounds of wages and costs"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Palkan ja kulujen perusteet"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Grunderna för lön och kostnader"
* #waiting-period "Waiting period without unemployment benefit"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Karenssi"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Karenstid"
* #way-of-working "Way of working together"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työskentelytapa"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Arbetssätt"
* #work "Working life"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työelämä"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Arbetsliv"
* #work-and-education "Work and education"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työ ja koulutus"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Arbete och utbildning"
* #work-permit-period "Validity of the work permit"
  * ^designation[0].language = #fi
  * ^designation[0].value = "Työluvan voimassaolo"
  * ^designation[1].language = #sv
  * ^designation[1].value = "Arbetstillståndets giltighet"

ValueSet: ContentParts
Id: content-parts
Title: "Parts of a plan or an assessment"
Description: "Every code of the code system of parts."
* ^status = #draft
* ^experimental = false
* include codes from system ContentPart
