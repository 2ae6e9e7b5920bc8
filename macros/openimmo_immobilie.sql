{#- The columns of one `immobilie` of OpenImmo 1.2.7b out of the relation `leerstaende` (`int_leerstaende` with `element`
    and `typ` of its objektart); order and types are those of pipelines/contract/openimmo.yaml. -#}
{% macro openimmo_immobilie(partner) -%}
    {%- set settings = partner_settings(partner) -%}
    {% call struct() %}
        'anbieternr': mandant_nr,
        'firma': coalesce(mandant_name, mandant_nr),
        'openimmo_anid': {{ sql_text(settings.openimmo_anid) if settings.openimmo_anid
            else "'A' || upper(left(" ~ sha256_of('mandant_nr') ~ ', 30))' }}
    {% endcall %} as anbieter,
    {% call struct() %}
        'nutzungsart': {% call struct() %}
            'WOHNEN': nutzung <> 'gewerbe',
            'GEWERBE': nutzung = 'gewerbe'
        {% endcall %},
        'vermarktungsart': {% call struct() %}
            'KAUF': false,
            'MIETE_PACHT': true
        {% endcall %},
        'objektart': {% call struct() %}
            'wohnung': case when element = 'wohnung' then {% call struct() %}'wohnungtyp': typ{% endcall %} end,
            'haus': case when element = 'haus' then {% call struct() %}'haustyp': typ{% endcall %} end,
            'buero_praxen': case when element = 'buero_praxen' then {% call struct() %}'buero_typ': typ{% endcall %} end,
            'einzelhandel': case when element = 'einzelhandel' then {% call struct() %}'handel_typ': typ{% endcall %} end,
            'gastgewerbe': case when element = 'gastgewerbe' then {% call struct() %}'gastgew_typ': typ{% endcall %} end,
            'hallen_lager_prod': case when element = 'hallen_lager_prod' then {% call struct() %}'hallen_typ': typ{% endcall %} end,
            'parken': case when element = 'parken' then {% call struct() %}'parken_typ': typ{% endcall %} end,
            'sonstige': case when element = 'sonstige' then {% call struct() %}'sonstige_typ': typ{% endcall %} end
        {% endcall %}
    {% endcall %} as objektkategorie,
    {% call struct() %}
        'plz': plz,
        'ort': ort,
        'strasse': strasse,
        'hausnummer': hausnummer,
        'land': {% call struct() %}'iso_land': case land when 'DE' then 'DEU' when 'AT' then 'AUT' when 'CH' then 'CHE' end{% endcall %},
        'etage': etage,
        'wohnungsnr': ve_nr
    {% endcall %} as geo,
    {% call struct() %}
        'email_zentrale': {{ sql_text(settings.kontakt_email) }},
        'name': coalesce({{ sql_text(settings.kontakt_name) }}, mandant_name, mandant_nr)
    {% endcall %} as kontaktperson,
    {% call struct() %}
        'nettokaltmiete': nettokaltmiete,
        'kaltmiete': nettokaltmiete + nebenkosten,
        'warmmiete': warmmiete,
        'nebenkosten': nebenkosten,
        'heizkosten_enthalten': heizkosten_enthalten,
        'heizkosten': heizkosten,
        'waehrung': {% call struct() %}'iso_waehrung': 'EUR'{% endcall %},
        'kaution': kaution
    {% endcall %} as preise,
    {% call struct() %}
        'wohnflaeche': wohnflaeche,
        'nutzflaeche': nutzflaeche,
        'anzahl_zimmer': zimmer
    {% endcall %} as flaechen,
    {% call struct() %}
        'kueche': {% call struct() %}'EBK': case when contains(ausstattung, 'einbauküche') then true end{% endcall %},
        'heizungsart': {% call struct() %}'ZENTRAL': case when contains(ausstattung, 'zentralheizung') then true end{% endcall %},
        'fahrstuhl': {% call struct() %}
            'PERSONEN': case when contains(ausstattung, 'aufzug') then true else aufzug end
        {% endcall %},
        'unterkellert': {% call struct() %}'keller': case when contains(ausstattung, 'keller') then 'JA' end{% endcall %},
        'fahrradraum': case when contains(ausstattung, 'fahrradraum') then true end,
        'gaestewc': case when contains(ausstattung, 'gäste-wc') then true end,
        'user_defined_simplefield': case
            when contains(ausstattung, 'gegensprechanlage')
                then {% call list_of() %}{% call struct() %}'feldname': 'gegensprechanlage', 'text': 'true'{% endcall %}{% endcall %}
        end
    {% endcall %} as ausstattung,
    {% call struct() %}
        'baujahr': baujahr,
        'energiepass': case
            when energieausweis['art'] in ('BEDARF', 'VERBRAUCH')
                then {% call list_of() %}
                    {% call struct() %}
                        'epart': energieausweis['art'],
                        'gueltig_bis': cast(energieausweis['gueltig_bis'] as string),
                        'energieverbrauchkennwert': case
                            when energieausweis['art'] = 'VERBRAUCH' then cast(energieausweis['kennwert'] as string)
                        end,
                        'endenergiebedarf': case
                            when energieausweis['art'] = 'BEDARF' then cast(energieausweis['kennwert'] as string)
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
                    {% endcall %}
                {% endcall %}
        end
    {% endcall %} as zustand_angaben,
    {% call struct() %}
        'objekttitel': concat_ws(', ', coalesce(ve_art, 'Objekt'), nullif(concat_ws(' ', strasse, hausnummer), ''), ort)
    {% endcall %} as freitexte,
    {% call struct() %}
        'verfuegbar_ab': cast(verfuegbar_ab as string),
        'abdatum': verfuegbar_ab,
        'wbs_sozialwohnung': wbs_erforderlich
    {% endcall %} as verwaltung_objekt
{%- endmacro %}
