{#- The columns of one `immobilie` of OpenImmo 1.2.7b out of the relation `leerstaende` (`int_leerstaende` with `element`
    and `typ` of its objektart); order and types are those of pipelines/contract/openimmo.yaml. -#}
{% macro openimmo_immobilie(partner) -%}
    {%- set settings = partner_settings(partner) -%}
    {
        'anbieternr': mandant_nr,
        'firma': coalesce(mandant_name, mandant_nr),
        'openimmo_anid': {{ sql_text(settings.openimmo_anid) if settings.openimmo_anid
            else "'A' || upper(left(sha256(mandant_nr), 30))" }}
    } as anbieter,
    {
        'nutzungsart': {
            'WOHNEN': nutzung <> 'gewerbe',
            'GEWERBE': nutzung = 'gewerbe'
        },
        'vermarktungsart': {
            'KAUF': false,
            'MIETE_PACHT': true
        },
        'objektart': {
            'wohnung': case when element = 'wohnung' then {'wohnungtyp': typ} end,
            'haus': case when element = 'haus' then {'haustyp': typ} end,
            'buero_praxen': case when element = 'buero_praxen' then {'buero_typ': typ} end,
            'einzelhandel': case when element = 'einzelhandel' then {'handel_typ': typ} end,
            'gastgewerbe': case when element = 'gastgewerbe' then {'gastgew_typ': typ} end,
            'hallen_lager_prod': case when element = 'hallen_lager_prod' then {'hallen_typ': typ} end,
            'parken': case when element = 'parken' then {'parken_typ': typ} end,
            'sonstige': case when element = 'sonstige' then {'sonstige_typ': typ} end
        }
    } as objektkategorie,
    {
        'plz': plz,
        'ort': ort,
        'strasse': strasse,
        'hausnummer': hausnummer,
        'land': {'iso_land': case land when 'DE' then 'DEU' when 'AT' then 'AUT' when 'CH' then 'CHE' end},
        'etage': etage,
        'wohnungsnr': ve_nr
    } as geo,
    {
        'email_zentrale': {{ sql_text(settings.kontakt_email) }},
        'name': coalesce({{ sql_text(settings.kontakt_name) }}, mandant_name, mandant_nr)
    } as kontaktperson,
    {
        'nettokaltmiete': nettokaltmiete,
        'kaltmiete': nettokaltmiete + nebenkosten,
        'warmmiete': warmmiete,
        'nebenkosten': nebenkosten,
        'heizkosten_enthalten': heizkosten_enthalten,
        'heizkosten': heizkosten,
        'waehrung': {'iso_waehrung': 'EUR'},
        'kaution': kaution
    } as preise,
    {
        'wohnflaeche': wohnflaeche,
        'nutzflaeche': nutzflaeche,
        'anzahl_zimmer': zimmer
    } as flaechen,
    {
        'kueche': {'EBK': case when contains(ausstattung, 'einbauküche') then true end},
        'heizungsart': {'ZENTRAL': case when contains(ausstattung, 'zentralheizung') then true end},
        'fahrstuhl': {
            'PERSONEN': case when contains(ausstattung, 'aufzug') then true else aufzug end
        },
        'unterkellert': {'keller': case when contains(ausstattung, 'keller') then 'JA' end},
        'fahrradraum': case when contains(ausstattung, 'fahrradraum') then true end,
        'gaestewc': case when contains(ausstattung, 'gäste-wc') then true end,
        'user_defined_simplefield': case
            when contains(ausstattung, 'gegensprechanlage')
                then [{'feldname': 'gegensprechanlage', 'text': 'true'}]
        end
    } as ausstattung,
    {
        'baujahr': baujahr,
        'energiepass': case
            when energieausweis['art'] in ('BEDARF', 'VERBRAUCH')
                then [
                    {
                        'epart': energieausweis['art'],
                        'gueltig_bis': cast(energieausweis['gueltig_bis'] as varchar),
                        'energieverbrauchkennwert': case
                            when energieausweis['art'] = 'VERBRAUCH' then cast(energieausweis['kennwert'] as varchar)
                        end,
                        'endenergiebedarf': case
                            when energieausweis['art'] = 'BEDARF' then cast(energieausweis['kennwert'] as varchar)
                        end,
                        'primaerenergietraeger': energieausweis['traeger'],
                        'wertklasse': energieausweis['klasse'],
                        'jahrgang': case
                            when energieausweis['jahrgang'] in ('2008', '2014', 'ohne', 'nicht_noetig', 'bei_besichtigung')
                                then energieausweis['jahrgang']
                        end,
                        'gebaeudeart': case
                            when energieausweis['gebaeudeart'] in ('wohn', 'nichtwohn')
                                then energieausweis['gebaeudeart']
                        end
                    }
                ]
        end
    } as zustand_angaben,
    {
        'objekttitel': concat_ws(', ', coalesce(ve_art, 'Objekt'), nullif(concat_ws(' ', strasse, hausnummer), ''), ort)
    } as freitexte,
    {
        'verfuegbar_ab': cast(verfuegbar_ab as varchar),
        'abdatum': verfuegbar_ab,
        'wbs_sozialwohnung': wbs_erforderlich
    } as verwaltung_objekt
{%- endmacro %}
