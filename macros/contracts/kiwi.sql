{#- Made by stammdaten: change the contract of kiwi, not this. -#}
{% macro default__contract_checks__kiwi__verwaltungseinheiten() %}
    {% do return(fromjson('[
{"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\\"external_id\\" is not null)", "value": "null", "unless": ""},
{"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\\"name\\" is not null)", "value": "null", "unless": ""},
{"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\\"name\\" is not null and typeof(\\"name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\\"name\\" as varchar)) < 1", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "address", "says": "has to be: object (assumed)", "columns": ["address"], "condition": "\\"address\\" is not null and typeof(\\"address\\") not similar to \'(STRUCT|MAP|JSON).*\'", "value": "cast(\\"address\\" as varchar)", "unless": ""},
{"field": "address.street", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\\"address\\"), \'$.\\"street\\"\')) not in (\'NULL\', \'VARCHAR\')", "value": "json_extract_string(to_json(\\"address\\"), \'$.\\"street\\"\')", "unless": ""},
{"field": "address.postal_code", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\\"address\\"), \'$.\\"postal_code\\"\')) not in (\'NULL\', \'VARCHAR\')", "value": "json_extract_string(to_json(\\"address\\"), \'$.\\"postal_code\\"\')", "unless": ""},
{"field": "address.city", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\\"address\\"), \'$.\\"city\\"\')) not in (\'NULL\', \'VARCHAR\')", "value": "json_extract_string(to_json(\\"address\\"), \'$.\\"city\\"\')", "unless": ""},
{"field": "address.country", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\\"address\\"), \'$.\\"country\\"\')) not in (\'NULL\', \'VARCHAR\')", "value": "json_extract_string(to_json(\\"address\\"), \'$.\\"country\\"\')", "unless": ""},
{"field": "floor", "says": "has to be: string (assumed)", "columns": ["floor"], "condition": "\\"floor\\" is not null and typeof(\\"floor\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"floor\\" as varchar)", "unless": ""},
{"field": "door_number", "says": "has to be: string (assumed)", "columns": ["door_number"], "condition": "\\"door_number\\" is not null and typeof(\\"door_number\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"door_number\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__kiwi__mieter() %}
    {% do return(fromjson('[
{"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\\"external_id\\" is not null)", "value": "null", "unless": ""},
{"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "first_name", "says": "has to be: string (assumed)", "columns": ["first_name"], "condition": "\\"first_name\\" is not null and typeof(\\"first_name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"first_name\\" as varchar)", "unless": ""},
{"field": "last_name", "says": "is required (assumed)", "columns": ["last_name"], "condition": "not (\\"last_name\\" is not null)", "value": "null", "unless": ""},
{"field": "last_name", "says": "has to be: string (assumed)", "columns": ["last_name"], "condition": "\\"last_name\\" is not null and typeof(\\"last_name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"last_name\\" as varchar)", "unless": ""},
{"field": "last_name", "says": "at least 1 characters (assumed)", "columns": ["last_name"], "condition": "length(cast(\\"last_name\\" as varchar)) < 1", "value": "cast(\\"last_name\\" as varchar)", "unless": ""},
{"field": "email", "says": "is required (assumed)", "columns": ["email"], "condition": "not (\\"email\\" is not null)", "value": "null", "unless": ""},
{"field": "email", "says": "has to be: string (assumed)", "columns": ["email"], "condition": "\\"email\\" is not null and typeof(\\"email\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"email\\" as varchar)", "unless": ""},
{"field": "email", "says": "has to be written as email (assumed)", "columns": ["email"], "condition": "cast(\\"email\\" as varchar) is not null and (not contains(cast(\\"email\\" as varchar), \'@\'))", "value": "cast(\\"email\\" as varchar)", "unless": ""},
{"field": "email", "says": "has to have the form ^[^@\\\\s]+@[^@\\\\s]+\\\\.[^@\\\\s]+$ (assumed)", "columns": ["email"], "condition": "not regexp_matches(cast(\\"email\\" as varchar), \'^[^@\\\\s]+@[^@\\\\s]+\\\\.[^@\\\\s]+$\')", "value": "cast(\\"email\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__kiwi__mietvertraege() %}
    {% do return(fromjson('[
{"field": "unit_id", "says": "is required", "columns": ["verwaltungseinheiten_external_id"], "condition": "\\"verwaltungseinheiten_external_id\\" is null", "value": "null", "unless": "unit_id"},
{"field": "unit_id", "says": "is required", "columns": ["verwaltungseinheiten_external_id", "unit_id"], "condition": "\\"verwaltungseinheiten_external_id\\" is null and \\"unit_id\\" is null", "value": "null", "unless": ""},
{"field": "tenant_id", "says": "is required", "columns": ["mieter_external_id"], "condition": "\\"mieter_external_id\\" is null", "value": "null", "unless": "tenant_id"},
{"field": "tenant_id", "says": "is required", "columns": ["mieter_external_id", "tenant_id"], "condition": "\\"mieter_external_id\\" is null and \\"tenant_id\\" is null", "value": "null", "unless": ""},
{"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\\"external_id\\" is not null)", "value": "null", "unless": ""},
{"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "starts_at", "says": "is required (assumed)", "columns": ["starts_at"], "condition": "not (\\"starts_at\\" is not null)", "value": "null", "unless": ""},
{"field": "starts_at", "says": "has to be: string (assumed)", "columns": ["starts_at"], "condition": "\\"starts_at\\" is not null and typeof(\\"starts_at\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"starts_at\\" as varchar)", "unless": ""},
{"field": "starts_at", "says": "has to be written as date (assumed)", "columns": ["starts_at"], "condition": "cast(\\"starts_at\\" as varchar) is not null and (not regexp_matches(cast(\\"starts_at\\" as varchar), \'^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d$\') or try_cast(left(cast(\\"starts_at\\" as varchar), 10) as date) is null)", "value": "cast(\\"starts_at\\" as varchar)", "unless": ""},
{"field": "ends_at", "says": "has to be: string (assumed)", "columns": ["ends_at"], "condition": "\\"ends_at\\" is not null and typeof(\\"ends_at\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"ends_at\\" as varchar)", "unless": ""},
{"field": "ends_at", "says": "has to be written as date (assumed)", "columns": ["ends_at"], "condition": "cast(\\"ends_at\\" as varchar) is not null and (not regexp_matches(cast(\\"ends_at\\" as varchar), \'^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d$\') or try_cast(left(cast(\\"ends_at\\" as varchar), 10) as date) is null)", "value": "cast(\\"ends_at\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}
