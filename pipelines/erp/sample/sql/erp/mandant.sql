select
    row_no,
    mandant_nr,
    name,
    art,
    strasse,
    hausnummer,
    plz,
    'Berlin' as ort,
    date '2009-03-02' as angelegt,
from (
    values
    (10, '001', 'Wohnungsgenossenschaft Spreebogen eG', 'Genossenschaft', 'Ackerstraße', '11', '10115'),
    (20, '002', 'Havelblick WEG-Verwaltung GmbH', 'WEG-Verwaltung', 'Schloßstraße', '20', '12163'),
    (30, '003', 'Panke Hausverwaltung GmbH', 'Fremdverwaltung', 'Wollankstraße', '4', '13187')
) as sitz (row_no, mandant_nr, name, art, strasse, hausnummer, plz)
