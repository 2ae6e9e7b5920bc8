"""A tiny hand-made delivery: one house, two flats, one lease, two invented people."""

DELIVERY = {
    "mandant.csv": "mandant_nr;name\n001;Wohnbau Musterstadt\n",
    "wirtschaftseinheit.csv": "mandant_nr;we_nr;bezeichnung\n001;0123;Lindenhof\n",
    "gebaeude.csv": "mandant_nr;we_nr;gebaeude_nr;strasse;plz\n001;0123;01;Lindenallee;01067\n",
    "verwaltungseinheit.csv": (
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;etage_lage\n001;0123;01;0004;2. Etage\n001;0123;01;0007;\n"
    ),
    "mietvertrag.csv": (
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;mv_nr;mietbeginn\n001;0123;01;0004;02;01.02.2019\n"
    ),
    "mieter.csv": (
        "mandant_nr;we_nr;gebaeude_nr;ve_nr;mv_nr;person_nr;rolle;gueltig_von\n"
        "001;0123;01;0004;02;0000000815;Hauptmieter;2019-02-01\n"
    ),
    "person.csv": (
        "person_nr;person_art;vorname;nachname\n"
        "0000000815;natuerlich;Änne;Böttcher-Groß\n"
        "0000004711;natuerlich;Jörg;Wiesel\n"
    ),
    "kontaktweg.csv": "person_nr;lfd_nr;art;wert\n0000000815;1;E-Mail;aenne@example.org\n",
}
