"""What each rule of docs/rules.md says, in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A rule in a sentence; `drops`: a row that it hits is not sent (others mend or doubt a value)."""

    meaning: str
    drops: bool = True


# One for each rule of docs/rules.md that can make a finding; there is more about each.
RULES: Mapping[str, Rule] = {
    "C1": Rule("A name is the text NULL, as database tools write an empty cell.", drops=False),
    "C2": Rule("A date cannot be read, so it counts as not known.", drops=False),
    "C3": Rule("A number or a yes/no cannot be read for sure.", drops=False),
    "C4": Rule("A phone number cannot be brought into the form that some partners want.", drops=False),
    "C5": Rule("The text of the floor cannot be read.", drops=False),
    "C6": Rule("The row comes twice in the delivery; the later one stays."),
    "C7": Rule("A part of the row's key is empty."),
    "C8": Rule("A text was damaged on its way.", drops=False),
    "C9": Rule("A word that decides is on no list, so it is not understood.", drops=False),
    "H1": Rule(
        "It cannot be told whether, or as what, the row may be sent; what the partner holds stays as it is."
    ),
    "L1": Rule("The row, or one that it hangs on, is marked as deleted."),
    "L2": Rule("The row, or one that it hangs on, has left the stock."),
    "L3": Rule("A row that this one hangs on is not in the delivery."),
    "L4": Rule("The lease is not in scope: ended, cancelled, a vacancy, or without a readable begin."),
    "L5": Rule("Nobody is a tenant here: another role, over, deleted or anonymised."),
    "L6": Rule("The owner contract is over, or has no owner who can be sent."),
    "E2": Rule("The tenant has no valid e-mail address, or the lease has no tenant with one."),
    "E4": Rule("An e-mail address was mended before it was used.", drops=False),
    "E5": Rule("What stands as e-mail address is none.", drops=False),
    "E6": Rule("Nobody with a last name rents it, and this partner gets only what is let."),
    "E7": Rule(
        "The person has not consented, or has withdrawn the consent, and this partner gets nobody without."
    ),
    "E8": Rule("The person has no name."),
    "E9": Rule("The name is a placeholder, not a person."),
    "E10": Rule("The person has neither an e-mail address nor a phone number, and iDWELL needs one."),
    "E11": Rule(
        "Another person has the e-mail address and keeps it; this one goes with its phone, if there is one."
    ),
    "LE1": Rule("The vacancy is for sale, and a listing at this partner is for letting."),
    "LE2": Rule("The vacancy has no Nettokaltmiete above 0, and Immomio takes none without."),
    "DO1": Rule("The document, or a folder that it lies in, is not released, or not for sure."),
    "DO2": Rule("The document is larger than max_dokument_bytes."),
    "DO3": Rule("UTS KARTHAGO: the document lies in no folder, or belongs to an address or a person."),
    "DO4": Rule("The folder lies in itself, over others or not, or in one that does."),
    "DO5": Rule("What the document belongs to is not at this partner, or cannot be told."),
    "DO6": Rule("The settings of this partner leave the document out."),
    "DO7": Rule("The document is meant for somebody else than whoever would see it at this partner."),
    "I3": Rule("The ERP does not have the level or table, or the row lacks a level that the partner needs."),
    "I5": Rule("A number contains the partner's separator, so the id would not be unique."),
    "I6": Rule("Two rows arrive at the same id, so neither is sent."),
    "I8": Rule("The begin lies after the end.", drops=False),
    "R-HM": Rule("The lease has no Hauptmieter, or several.", drops=False),
    "AB2": Rule("The tenant is a company, and AktivBo asks people."),
    "V1": Rule("A value that the partner requires is missing, or outside the limits that it sets."),
    "V2": Rule(
        "An optional value is outside the limits that the partner sets, and is left out.", drops=False
    ),
    "V3": Rule("The partner's contract does not take the value; the row is sent all the same.", drops=False),
    "EV1": Rule("The owner has no e-mail address or no first name, and EverReal requires both."),
    "EV2": Rule("The property has no whole address, and EverReal requires one."),
    "EV3": Rule("No owner of the unit can be sent, and there is no default owner."),
    "EV4": Rule("The lease has no Hauptmieter who can be sent."),
}


def rule_of(number: str) -> Rule:
    """The rule of a number; one of models of your own is not known here."""
    return RULES.get(number, Rule("See docs/rules.md."))
