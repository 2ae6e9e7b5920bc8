select
    row_no,
    archiv_nr,
    name,
    suchkategorie,
    date '2012-01-09' as angelegt,
from (
    values
    (10, 'A1', 'Mietakten', 'Mieter'),
    (20, 'A2', 'Eigentümerakten', 'Eigentuemer'),
    (30, 'A3', 'Objektakten', null)
) as archiv (row_no, archiv_nr, name, suchkategorie)
