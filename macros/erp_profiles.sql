{#- Made by stammdaten: change pipelines/erp/delivery/profiles.yaml, not this. -#}
{% macro erp_profiles() %}
    {% do return({
        "wodis_sigma": {"tables_absent": [], "parts_absent": [], "parts_optional": [], "floor": "text", "release": "document", "mandanten": "list"},
        "wodis_yuneo": {"tables_absent": [], "parts_absent": [], "parts_optional": [], "floor": "number", "release": "document", "mandanten": "list"},
        "gap_immotion": {"tables_absent": [], "parts_absent": [], "parts_optional": [], "floor": "number", "release": "document", "mandanten": "list"},
        "relion": {"tables_absent": [], "parts_absent": [], "parts_optional": ["gebaeude_nr", "ve_gebaeude_nr"], "floor": "number", "release": "document", "mandanten": "list"},
        "sap_blue_eagle": {"tables_absent": [], "parts_absent": [], "parts_optional": ["gebaeude_nr", "ve_gebaeude_nr"], "floor": "number", "release": "document", "mandanten": "list"},
        "uts_karthago": {"tables_absent": ["wirtschaftseinheit", "mietkondition"], "parts_absent": ["we_nr", "ve_we_nr"], "parts_optional": [], "floor": "number", "release": "folder", "mandanten": "alle"},
    }) %}
{% endmacro %}
