{#- Made by stammdaten: change pipelines/partners/*/profile.yaml, not this. -#}
{% macro built_in_profiles() %}
    {% do return({
        "aktivbo": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": true,
            "options": {
                "tage_nach_ende": {"default": 90, "allowed": "days"},
                "wohnungen": {"default": "alle", "allowed": ["alle", "mit_einwilligung"]},
            },
        },
        "casavi": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": true,
            "options": {
                "adressen": {"default": "einheit", "allowed": ["einheit", "liegenschaft"]},
            },
        },
        "dormakaba": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": true,
            "options": {
                "firma_vorname": {"default": "Firma", "allowed": "text"},
                "nur_objekte": {"default": none, "allowed": "list of ids or null"},
                "ohne_objekte": {"default": none, "allowed": "list of ids or null"},
            },
        },
        "etg24": {
            "aktiv": true,
            "tenants_need": "email",
            "needs_gebaeude": true,
            "options": {
                "stimmen_nach_mea": {"default": false, "allowed": [true, false]},
                "nur_objekte": {"default": none, "allowed": "list of ids or null"},
                "ohne_objekte": {"default": none, "allowed": "list of ids or null"},
            },
        },
        "everreal": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": true,
            "options": {
                "gebaeude_importieren": {"default": true, "allowed": [true, false]},
                "standard_eigentuemer": {"default": none, "allowed": "text or null"},
                "firma_vorname": {"default": "Firma", "allowed": "text"},
                "kosten_standard": {"default": "Nebenkosten", "allowed": ["Kaltmiete", "Nebenkosten", "Heizungskosten"]},
                "quelle": {"default": "stammdaten", "allowed": "text"},
            },
        },
        "facilioo": {
            "aktiv": true,
            "tenants_need": "email",
            "needs_gebaeude": true,
            "options": {
                "kontaktart_email": {"default": 1, "allowed": "id number"},
                "kontaktart_festnetz": {"default": 2, "allowed": "id number or null"},
                "kontaktart_handynummer": {"default": 3, "allowed": "id number or null"},
                "projekte": {"default": none, "allowed": "ids by WE"},
                "dokumente": {"default": false, "allowed": [false, true]},
                "dokumente_freigabe": {"default": false, "allowed": [false, true]},
                "dokumente_separator": {"default": none, "allowed": "separator or null"},
                "dokumente_mandanten": {"default": none, "allowed": "mandanten or null"},
                "dokumente_stichwort": {"default": none, "allowed": "text or null"},
            },
        },
        "idwell": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": true,
            "options": {
                "objekte": {"default": none, "allowed": "list of ids or null"},
                "dokumente": {"default": false, "allowed": [false, true]},
                "dokumente_ab": {"default": none, "allowed": "date or null"},
                "dokumente_sichtbar": {"default": false, "allowed": [false, true]},
                "dokumente_stichwort": {"default": none, "allowed": "text or null"},
            },
        },
        "immomio": {
            "aktiv": false,
            "tenants_need": "email",
            "needs_gebaeude": true,
            "options": {
                "kontakt_email": {"default": "vermietung@example.invalid", "allowed": "text"},
                "kontakt_name": {"default": none, "allowed": "text or null"},
                "openimmo_anid": {"default": none, "allowed": "text or null"},
            },
        },
        "kiwi": {
            "aktiv": false,
            "tenants_need": "email",
            "needs_gebaeude": false,
            "options": {},
        },
        "plentific": {
            "aktiv": true,
            "tenants_need": "email",
            "needs_gebaeude": true,
            "options": {},
        },
        "pricehubble": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": true,
            "options": {},
        },
        "quis": {
            "aktiv": false,
            "tenants_need": "email",
            "needs_gebaeude": true,
            "options": {
                "expose_als": {"default": "property_groups", "allowed": ["property_groups", "properties"]},
            },
        },
        "spiribo": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": true,
            "options": {
                "nur_hauptmieter": {"default": false, "allowed": [false, true]},
                "tage_nach_ende": {"default": 90, "allowed": "days"},
                "dokumente": {"default": false, "allowed": [false, true]},
                "dokumente_separator": {"default": none, "allowed": "separator or null"},
                "dokumente_archive": {"default": none, "allowed": "names or null"},
                "dokumente_index_we": {"default": "WE", "allowed": "text"},
                "dokumente_index_gebaeude": {"default": "GEB", "allowed": "text"},
                "dokumente_index_ve": {"default": "VE", "allowed": "text"},
                "dokumente_index_mietvertrag": {"default": "MV", "allowed": "text"},
                "dokumente_stichwort": {"default": none, "allowed": "text or null"},
            },
        },
        "wohnungshelden": {
            "aktiv": false,
            "tenants_need": "last_name",
            "needs_gebaeude": false,
            "options": {
                "kanal": {"default": "openimmo", "allowed": ["openimmo", "json"]},
                "kontakt_email": {"default": "vermietung@example.invalid", "allowed": "text"},
                "kontakt_name": {"default": none, "allowed": "text or null"},
                "openimmo_anid": {"default": none, "allowed": "text or null"},
            },
        },
    }) %}
{% endmacro %}


{#- Made by stammdaten: change pipelines/contract/profile.py, not this. -#}
{% macro partner_separatoren() %}
    {% do return(["-", "_", ".", "/", "|"]) %}
{% endmacro %}
