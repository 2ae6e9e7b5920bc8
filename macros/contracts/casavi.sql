{#- Made by stammdaten: change the contract of casavi, not this. -#}
{% macro default__contract_checks__casavi__liegenschaften() %}
    {% do return([
        {"field": "name", "says": "is required (observed)", "columns": ["name"], "condition": "not (\"name\" is not null)", "value": "null", "unless": ""},
        {"field": "name", "says": "has to be: string (observed)", "columns": ["name"], "condition": "\"name\" is not null and typeof(\"name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "name", "says": "at least 1 characters (observed)", "columns": ["name"], "condition": "length(cast(\"name\" as varchar)) < 1", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "number", "says": "has to be: string (observed)", "columns": ["number"], "condition": "\"number\" is not null and typeof(\"number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "postalCode", "says": "has to be: string (observed)", "columns": ["postalCode"], "condition": "\"postalCode\" is not null and typeof(\"postalCode\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"postalCode\" as varchar)", "unless": ""},
        {"field": "city", "says": "has to be: string (observed)", "columns": ["city"], "condition": "\"city\" is not null and typeof(\"city\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"city\" as varchar)", "unless": ""},
        {"field": "country", "says": "has to be: string (observed)", "columns": ["country"], "condition": "\"country\" is not null and typeof(\"country\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"country\" as varchar)", "unless": ""},
        {"field": "note", "says": "has to be: string (observed)", "columns": ["note"], "condition": "\"note\" is not null and typeof(\"note\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"note\" as varchar)", "unless": ""},
        {"field": "addresses", "says": "has to be: array (observed)", "columns": ["addresses"], "condition": "\"addresses\" is not null and typeof(\"addresses\") not similar to '.*([]]|JSON)'", "value": "cast(\"addresses\" as varchar)", "unless": ""},
        {"field": "addresses[]", "says": "is required", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: not (json_type(i0) <> 'NULL'))) > 0", "value": "null", "unless": ""},
        {"field": "addresses[]", "says": "has to be: object", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(i0) not in ('NULL', 'OBJECT'))) > 0", "value": "list_transform(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(i0) not in ('NULL', 'OBJECT')), lambda i0: json_extract_string(i0, '$'))[1]", "unless": ""},
        {"field": "addresses[].street", "says": "is required (observed)", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(i0) <> 'NULL' and not (json_extract_string(i0, '$.\"street\"') is not null))) > 0", "value": "null", "unless": ""},
        {"field": "addresses[].street", "says": "has to be: string (observed)", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(json_extract(i0, '$.\"street\"')) not in ('NULL', 'VARCHAR'))) > 0", "value": "list_transform(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(json_extract(i0, '$.\"street\"')) not in ('NULL', 'VARCHAR')), lambda i0: json_extract_string(i0, '$.\"street\"'))[1]", "unless": ""},
        {"field": "addresses[].street", "says": "at least 1 characters (observed)", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: length(json_extract_string(i0, '$.\"street\"')) < 1)) > 0", "value": "list_transform(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: length(json_extract_string(i0, '$.\"street\"')) < 1), lambda i0: json_extract_string(i0, '$.\"street\"'))[1]", "unless": ""},
        {"field": "addresses[].units", "says": "is required (observed)", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(i0) <> 'NULL' and not (json_extract_string(i0, '$.\"units\"') is not null))) > 0", "value": "null", "unless": ""},
        {"field": "addresses[].units", "says": "has to be: array (observed)", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(json_extract(i0, '$.\"units\"')) not in ('NULL', 'ARRAY'))) > 0", "value": "list_transform(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: json_type(json_extract(i0, '$.\"units\"')) not in ('NULL', 'ARRAY')), lambda i0: json_extract_string(i0, '$.\"units\"'))[1]", "unless": ""},
        {"field": "addresses[].units[]", "says": "is required", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: len(list_filter(json_extract(json_extract(i0, '$.\"units\"'), '$[*]'), lambda i1: not (json_type(i1) <> 'NULL'))) > 0)) > 0", "value": "null", "unless": ""},
        {"field": "addresses[].units[]", "says": "has to be: string", "columns": ["addresses"], "condition": "len(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: len(list_filter(json_extract(json_extract(i0, '$.\"units\"'), '$[*]'), lambda i1: json_type(i1) not in ('NULL', 'VARCHAR'))) > 0)) > 0", "value": "list_transform(list_filter(json_extract(to_json(\"addresses\"), '$[*]'), lambda i0: len(list_filter(json_extract(json_extract(i0, '$.\"units\"'), '$[*]'), lambda i1: json_type(i1) not in ('NULL', 'VARCHAR'))) > 0), lambda i0: list_transform(list_filter(json_extract(json_extract(i0, '$.\"units\"'), '$[*]'), lambda i1: json_type(i1) not in ('NULL', 'VARCHAR')), lambda i1: json_extract_string(i1, '$'))[1])[1]", "unless": ""},
        {"field": "customFields", "says": "has to be: object (observed)", "columns": ["customFields"], "condition": "\"customFields\" is not null and typeof(\"customFields\") not similar to '(STRUCT|MAP|JSON).*'", "value": "cast(\"customFields\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__casavi__einheiten() %}
    {% do return([
        {"field": "propertyId", "says": "is required", "columns": ["liegenschaften_external_id"], "condition": "\"liegenschaften_external_id\" is null", "value": "null", "unless": "propertyId"},
        {"field": "propertyId", "says": "is required", "columns": ["liegenschaften_external_id", "propertyId"], "condition": "\"liegenschaften_external_id\" is null and \"propertyId\" is null", "value": "null", "unless": ""},
        {"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\"name\" is not null)", "value": "null", "unless": ""},
        {"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\"name\" is not null and typeof(\"name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\"name\" as varchar)) < 1", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\"number\" is not null and typeof(\"number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "address", "says": "has to be: string (observed)", "columns": ["address"], "condition": "\"address\" is not null and typeof(\"address\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"address\" as varchar)", "unless": ""},
        {"field": "note", "says": "has to be: string (assumed)", "columns": ["note"], "condition": "\"note\" is not null and typeof(\"note\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"note\" as varchar)", "unless": ""},
        {"field": "customFields", "says": "has to be: object (assumed)", "columns": ["customFields"], "condition": "\"customFields\" is not null and typeof(\"customFields\") not similar to '(STRUCT|MAP|JSON).*'", "value": "cast(\"customFields\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__casavi__kontakte() %}
    {% do return([
        {"field": "salutation", "says": "has to be: string (assumed)", "columns": ["salutation"], "condition": "\"salutation\" is not null and typeof(\"salutation\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"salutation\" as varchar)", "unless": ""},
        {"field": "title", "says": "has to be: string (assumed)", "columns": ["title"], "condition": "\"title\" is not null and typeof(\"title\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"title\" as varchar)", "unless": ""},
        {"field": "firstName", "says": "has to be: string (observed)", "columns": ["firstName"], "condition": "\"firstName\" is not null and typeof(\"firstName\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"firstName\" as varchar)", "unless": ""},
        {"field": "lastName", "says": "has to be: string (observed)", "columns": ["lastName"], "condition": "\"lastName\" is not null and typeof(\"lastName\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"lastName\" as varchar)", "unless": ""},
        {"field": "companyName", "says": "has to be: string (observed)", "columns": ["companyName"], "condition": "\"companyName\" is not null and typeof(\"companyName\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"companyName\" as varchar)", "unless": ""},
        {"field": "email", "says": "has to be: string (observed)", "columns": ["email"], "condition": "\"email\" is not null and typeof(\"email\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"email\" as varchar)", "unless": ""},
        {"field": "telephone", "says": "has to be: string (observed)", "columns": ["telephone"], "condition": "\"telephone\" is not null and typeof(\"telephone\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"telephone\" as varchar)", "unless": ""},
        {"field": "mobile", "says": "has to be: string (observed)", "columns": ["mobile"], "condition": "\"mobile\" is not null and typeof(\"mobile\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"mobile\" as varchar)", "unless": ""},
        {"field": "street", "says": "has to be: string (observed)", "columns": ["street"], "condition": "\"street\" is not null and typeof(\"street\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"street\" as varchar)", "unless": ""},
        {"field": "postalCode", "says": "has to be: string (observed)", "columns": ["postalCode"], "condition": "\"postalCode\" is not null and typeof(\"postalCode\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"postalCode\" as varchar)", "unless": ""},
        {"field": "city", "says": "has to be: string (observed)", "columns": ["city"], "condition": "\"city\" is not null and typeof(\"city\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"city\" as varchar)", "unless": ""},
        {"field": "country", "says": "has to be: string (observed)", "columns": ["country"], "condition": "\"country\" is not null and typeof(\"country\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"country\" as varchar)", "unless": ""},
        {"field": "preferredWayOfContact", "says": "has to be: string (assumed)", "columns": ["preferredWayOfContact"], "condition": "\"preferredWayOfContact\" is not null and typeof(\"preferredWayOfContact\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"preferredWayOfContact\" as varchar)", "unless": ""},
        {"field": "customFields", "says": "has to be: object (observed)", "columns": ["customFields"], "condition": "\"customFields\" is not null and typeof(\"customFields\") not similar to '(STRUCT|MAP|JSON).*'", "value": "cast(\"customFields\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__casavi__vertraege_mieter() %}
    {% do return([
        {"field": "unitId", "says": "is required", "columns": ["einheiten_external_id"], "condition": "\"einheiten_external_id\" is null", "value": "null", "unless": "unitId"},
        {"field": "unitId", "says": "is required", "columns": ["einheiten_external_id", "unitId"], "condition": "\"einheiten_external_id\" is null and \"unitId\" is null", "value": "null", "unless": ""},
        {"field": "contactId", "says": "is required", "columns": ["kontakte_external_id"], "condition": "\"kontakte_external_id\" is null", "value": "null", "unless": "contactId"},
        {"field": "contactId", "says": "is required", "columns": ["kontakte_external_id", "contactId"], "condition": "\"kontakte_external_id\" is null and \"contactId\" is null", "value": "null", "unless": ""},
        {"field": "type", "says": "is required (observed)", "columns": ["type"], "condition": "not (\"type\" is not null)", "value": "null", "unless": ""},
        {"field": "type", "says": "has to be: string (observed)", "columns": ["type"], "condition": "\"type\" is not null and typeof(\"type\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "type", "says": "has to be one of: RENTER, OWNER (observed)", "columns": ["type"], "condition": "cast(\"type\" as varchar) not in ('RENTER', 'OWNER')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\"number\" is not null and typeof(\"number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "startDate", "says": "is required (observed)", "columns": ["startDate"], "condition": "not (\"startDate\" is not null)", "value": "null", "unless": ""},
        {"field": "startDate", "says": "has to be: string (observed)", "columns": ["startDate"], "condition": "\"startDate\" is not null and typeof(\"startDate\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"startDate\" as varchar)", "unless": ""},
        {"field": "startDate", "says": "has to be written as date (assumed)", "columns": ["startDate"], "condition": "cast(\"startDate\" as varchar) is not null and (not regexp_matches(cast(\"startDate\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"startDate\" as varchar), 10) as date) is null)", "value": "cast(\"startDate\" as varchar)", "unless": ""},
        {"field": "endDate", "says": "has to be: string (observed)", "columns": ["endDate"], "condition": "\"endDate\" is not null and typeof(\"endDate\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"endDate\" as varchar)", "unless": ""},
        {"field": "endDate", "says": "has to be written as date (assumed)", "columns": ["endDate"], "condition": "cast(\"endDate\" as varchar) is not null and (not regexp_matches(cast(\"endDate\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"endDate\" as varchar), 10) as date) is null)", "value": "cast(\"endDate\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__casavi__vertraege_eigentuemer() %}
    {% do return([
        {"field": "unitId", "says": "is required", "columns": ["einheiten_external_id"], "condition": "\"einheiten_external_id\" is null", "value": "null", "unless": "unitId"},
        {"field": "unitId", "says": "is required", "columns": ["einheiten_external_id", "unitId"], "condition": "\"einheiten_external_id\" is null and \"unitId\" is null", "value": "null", "unless": ""},
        {"field": "contactId", "says": "is required", "columns": ["kontakte_external_id"], "condition": "\"kontakte_external_id\" is null", "value": "null", "unless": "contactId"},
        {"field": "contactId", "says": "is required", "columns": ["kontakte_external_id", "contactId"], "condition": "\"kontakte_external_id\" is null and \"contactId\" is null", "value": "null", "unless": ""},
        {"field": "type", "says": "is required (observed)", "columns": ["type"], "condition": "not (\"type\" is not null)", "value": "null", "unless": ""},
        {"field": "type", "says": "has to be: string (observed)", "columns": ["type"], "condition": "\"type\" is not null and typeof(\"type\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "type", "says": "has to be one of: RENTER, OWNER (observed)", "columns": ["type"], "condition": "cast(\"type\" as varchar) not in ('RENTER', 'OWNER')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\"number\" is not null and typeof(\"number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "startDate", "says": "is required (observed)", "columns": ["startDate"], "condition": "not (\"startDate\" is not null)", "value": "null", "unless": ""},
        {"field": "startDate", "says": "has to be: string (observed)", "columns": ["startDate"], "condition": "\"startDate\" is not null and typeof(\"startDate\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"startDate\" as varchar)", "unless": ""},
        {"field": "startDate", "says": "has to be written as date (assumed)", "columns": ["startDate"], "condition": "cast(\"startDate\" as varchar) is not null and (not regexp_matches(cast(\"startDate\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"startDate\" as varchar), 10) as date) is null)", "value": "cast(\"startDate\" as varchar)", "unless": ""},
        {"field": "endDate", "says": "has to be: string (observed)", "columns": ["endDate"], "condition": "\"endDate\" is not null and typeof(\"endDate\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"endDate\" as varchar)", "unless": ""},
        {"field": "endDate", "says": "has to be written as date (assumed)", "columns": ["endDate"], "condition": "cast(\"endDate\" as varchar) is not null and (not regexp_matches(cast(\"endDate\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"endDate\" as varchar), 10) as date) is null)", "value": "cast(\"endDate\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}
