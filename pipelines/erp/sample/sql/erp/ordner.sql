select
    row_no,
    ordner_nr,
    name,
    parent_ordner_nr,
    archiv_nr,
    api_freigabe,
    date '2012-01-09' as angelegt,
from (
    values
    (10, 'O01', 'Mietverträge', null, 'A1', true),
    (20, 'O02', 'Übergabeprotokolle', 'O01', 'A1', true),
    (30, 'O03', 'Schriftwechsel', 'O01', 'A1', false),
    (40, 'O04', 'Hausgeldabrechnungen', null, 'A2', true),
    (50, 'O05', 'Teilungserklärungen', null, 'A2', true),
    (60, 'O06', 'Energieausweise', null, 'A3', true),
    (70, 'O07', 'Hausordnungen', null, 'A3', true),
    (80, 'O08', 'Grundrisse', null, 'A3', false)
) as ordner (row_no, ordner_nr, name, parent_ordner_nr, archiv_nr, api_freigabe)
