{#- Made by stammdaten: change the contract of spiribo, not this. -#}
{% macro default__contract_checks__spiribo__gebaeude() %}
    {% do return([
        {"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\"name\" is not null)", "value": "null", "unless": ""},
        {"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\"name\" is not null and typeof(\"name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\"name\" as varchar)) < 1", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "address", "says": "has to be: object (assumed)", "columns": ["address"], "condition": "\"address\" is not null and typeof(\"address\") not similar to '(STRUCT|MAP|JSON).*'", "value": "cast(\"address\" as varchar)", "unless": ""},
        {"field": "address.street", "says": "is required (assumed)", "columns": ["address"], "condition": "\"address\" is not null and not (json_extract_string(to_json(\"address\"), '$.\"street\"') is not null)", "value": "null", "unless": ""},
        {"field": "address.street", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\"address\"), '$.\"street\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"address\"), '$.\"street\"')", "unless": ""},
        {"field": "address.street", "says": "at least 1 characters (assumed)", "columns": ["address"], "condition": "length(json_extract_string(to_json(\"address\"), '$.\"street\"')) < 1", "value": "json_extract_string(to_json(\"address\"), '$.\"street\"')", "unless": ""},
        {"field": "address.houseNumber", "says": "is required (assumed)", "columns": ["address"], "condition": "\"address\" is not null and not (json_extract_string(to_json(\"address\"), '$.\"houseNumber\"') is not null)", "value": "null", "unless": ""},
        {"field": "address.houseNumber", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\"address\"), '$.\"houseNumber\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"address\"), '$.\"houseNumber\"')", "unless": ""},
        {"field": "address.houseNumber", "says": "at least 1 characters (assumed)", "columns": ["address"], "condition": "length(json_extract_string(to_json(\"address\"), '$.\"houseNumber\"')) < 1", "value": "json_extract_string(to_json(\"address\"), '$.\"houseNumber\"')", "unless": ""},
        {"field": "address.zip", "says": "is required (assumed)", "columns": ["address"], "condition": "\"address\" is not null and not (json_extract_string(to_json(\"address\"), '$.\"zip\"') is not null)", "value": "null", "unless": ""},
        {"field": "address.zip", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\"address\"), '$.\"zip\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"address\"), '$.\"zip\"')", "unless": ""},
        {"field": "address.zip", "says": "at least 1 characters (assumed)", "columns": ["address"], "condition": "length(json_extract_string(to_json(\"address\"), '$.\"zip\"')) < 1", "value": "json_extract_string(to_json(\"address\"), '$.\"zip\"')", "unless": ""},
        {"field": "address.city", "says": "is required (assumed)", "columns": ["address"], "condition": "\"address\" is not null and not (json_extract_string(to_json(\"address\"), '$.\"city\"') is not null)", "value": "null", "unless": ""},
        {"field": "address.city", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\"address\"), '$.\"city\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"address\"), '$.\"city\"')", "unless": ""},
        {"field": "address.city", "says": "at least 1 characters (assumed)", "columns": ["address"], "condition": "length(json_extract_string(to_json(\"address\"), '$.\"city\"')) < 1", "value": "json_extract_string(to_json(\"address\"), '$.\"city\"')", "unless": ""},
        {"field": "address.country", "says": "has to be: string (assumed)", "columns": ["address"], "condition": "json_type(json_extract(to_json(\"address\"), '$.\"country\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"address\"), '$.\"country\"')", "unless": ""},
        {"field": "economicUnitNumber", "says": "has to be: string (assumed)", "columns": ["economicUnitNumber"], "condition": "\"economicUnitNumber\" is not null and typeof(\"economicUnitNumber\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"economicUnitNumber\" as varchar)", "unless": ""},
        {"field": "clientNumber", "says": "has to be: string (assumed)", "columns": ["clientNumber"], "condition": "\"clientNumber\" is not null and typeof(\"clientNumber\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"clientNumber\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__spiribo__wohnungen() %}
    {% do return([
        {"field": "buildingId", "says": "is required", "columns": ["gebaeude_external_id"], "condition": "\"gebaeude_external_id\" is null", "value": "null", "unless": "buildingId"},
        {"field": "buildingId", "says": "is required", "columns": ["gebaeude_external_id", "buildingId"], "condition": "\"gebaeude_external_id\" is null and \"buildingId\" is null", "value": "null", "unless": ""},
        {"field": "type", "says": "is required (documented)", "columns": ["type"], "condition": "not (\"type\" is not null)", "value": "null", "unless": ""},
        {"field": "type", "says": "has to be: string (documented)", "columns": ["type"], "condition": "\"type\" is not null and typeof(\"type\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "type", "says": "has to be one of: living, commercial, parking, storage, other (documented)", "columns": ["type"], "condition": "cast(\"type\" as varchar) not in ('living', 'commercial', 'parking', 'storage', 'other')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\"number\" is not null and typeof(\"number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "floor", "says": "has to be: integer (assumed)", "columns": ["floor"], "condition": "(json_type(to_json(\"floor\")) not in ('NULL', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UBIGINT') or try_cast(cast(\"floor\" as varchar) as double) % 1 <> 0)", "value": "cast(\"floor\" as varchar)", "unless": ""},
        {"field": "position", "says": "has to be: string (assumed)", "columns": ["position"], "condition": "\"position\" is not null and typeof(\"position\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"position\" as varchar)", "unless": ""},
        {"field": "livingSpace", "says": "has to be: number (assumed)", "columns": ["livingSpace"], "condition": "\"livingSpace\" is not null and typeof(\"livingSpace\") not similar to '.*(INT|INTEGER|DECIMAL.*|FLOAT|DOUBLE|JSON)'", "value": "cast(\"livingSpace\" as varchar)", "unless": ""},
        {"field": "rooms", "says": "has to be: number (assumed)", "columns": ["rooms"], "condition": "\"rooms\" is not null and typeof(\"rooms\") not similar to '.*(INT|INTEGER|DECIMAL.*|FLOAT|DOUBLE|JSON)'", "value": "cast(\"rooms\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__spiribo__mieter() %}
    {% do return([
        {"field": "lastName", "says": "is required (documented)", "columns": ["lastName"], "condition": "not (\"lastName\" is not null)", "value": "null", "unless": ""},
        {"field": "lastName", "says": "has to be: string (documented)", "columns": ["lastName"], "condition": "\"lastName\" is not null and typeof(\"lastName\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"lastName\" as varchar)", "unless": ""},
        {"field": "lastName", "says": "at least 1 characters (documented)", "columns": ["lastName"], "condition": "length(cast(\"lastName\" as varchar)) < 1", "value": "cast(\"lastName\" as varchar)", "unless": ""},
        {"field": "firstName", "says": "has to be: string (assumed)", "columns": ["firstName"], "condition": "\"firstName\" is not null and typeof(\"firstName\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"firstName\" as varchar)", "unless": ""},
        {"field": "salutation", "says": "has to be: string (assumed)", "columns": ["salutation"], "condition": "\"salutation\" is not null and typeof(\"salutation\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"salutation\" as varchar)", "unless": ""},
        {"field": "salutation", "says": "has to be one of: mr, ms, diverse, company (assumed)", "columns": ["salutation"], "condition": "cast(\"salutation\" as varchar) not in ('mr', 'ms', 'diverse', 'company')", "value": "cast(\"salutation\" as varchar)", "unless": ""},
        {"field": "title", "says": "has to be: string (assumed)", "columns": ["title"], "condition": "\"title\" is not null and typeof(\"title\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"title\" as varchar)", "unless": ""},
        {"field": "company", "says": "has to be: string (assumed)", "columns": ["company"], "condition": "\"company\" is not null and typeof(\"company\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"company\" as varchar)", "unless": ""},
        {"field": "email", "says": "has to be: string (assumed)", "columns": ["email"], "condition": "\"email\" is not null and typeof(\"email\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"email\" as varchar)", "unless": ""},
        {"field": "phone", "says": "has to be: string (assumed)", "columns": ["phone"], "condition": "\"phone\" is not null and typeof(\"phone\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"phone\" as varchar)", "unless": ""},
        {"field": "mobile", "says": "has to be: string (assumed)", "columns": ["mobile"], "condition": "\"mobile\" is not null and typeof(\"mobile\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"mobile\" as varchar)", "unless": ""},
        {"field": "dateOfBirth", "says": "has to be: string (assumed)", "columns": ["dateOfBirth"], "condition": "\"dateOfBirth\" is not null and typeof(\"dateOfBirth\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"dateOfBirth\" as varchar)", "unless": ""},
        {"field": "dateOfBirth", "says": "has to be written as date (assumed)", "columns": ["dateOfBirth"], "condition": "cast(\"dateOfBirth\" as varchar) is not null and (not regexp_matches(cast(\"dateOfBirth\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"dateOfBirth\" as varchar), 10) as date) is null)", "value": "cast(\"dateOfBirth\" as varchar)", "unless": ""},
        {"field": "correspondenceAddress", "says": "has to be: object (assumed)", "columns": ["correspondenceAddress"], "condition": "\"correspondenceAddress\" is not null and typeof(\"correspondenceAddress\") not similar to '(STRUCT|MAP|JSON).*'", "value": "cast(\"correspondenceAddress\" as varchar)", "unless": ""},
        {"field": "correspondenceAddress.street", "says": "has to be: string (assumed)", "columns": ["correspondenceAddress"], "condition": "json_type(json_extract(to_json(\"correspondenceAddress\"), '$.\"street\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"correspondenceAddress\"), '$.\"street\"')", "unless": ""},
        {"field": "correspondenceAddress.houseNumber", "says": "has to be: string (assumed)", "columns": ["correspondenceAddress"], "condition": "json_type(json_extract(to_json(\"correspondenceAddress\"), '$.\"houseNumber\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"correspondenceAddress\"), '$.\"houseNumber\"')", "unless": ""},
        {"field": "correspondenceAddress.zip", "says": "has to be: string (assumed)", "columns": ["correspondenceAddress"], "condition": "json_type(json_extract(to_json(\"correspondenceAddress\"), '$.\"zip\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"correspondenceAddress\"), '$.\"zip\"')", "unless": ""},
        {"field": "correspondenceAddress.city", "says": "has to be: string (assumed)", "columns": ["correspondenceAddress"], "condition": "json_type(json_extract(to_json(\"correspondenceAddress\"), '$.\"city\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"correspondenceAddress\"), '$.\"city\"')", "unless": ""},
        {"field": "correspondenceAddress.country", "says": "has to be: string (assumed)", "columns": ["correspondenceAddress"], "condition": "json_type(json_extract(to_json(\"correspondenceAddress\"), '$.\"country\"')) not in ('NULL', 'VARCHAR')", "value": "json_extract_string(to_json(\"correspondenceAddress\"), '$.\"country\"')", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__spiribo__vertraege() %}
    {% do return([
        {"field": "apartmentId", "says": "is required", "columns": ["wohnungen_external_id"], "condition": "\"wohnungen_external_id\" is null", "value": "null", "unless": "apartmentId"},
        {"field": "apartmentId", "says": "is required", "columns": ["wohnungen_external_id", "apartmentId"], "condition": "\"wohnungen_external_id\" is null and \"apartmentId\" is null", "value": "null", "unless": ""},
        {"field": "tenantIds", "says": "is required", "columns": ["mieter_external_ids"], "condition": "\"mieter_external_ids\" is null", "value": "null", "unless": "tenantIds"},
        {"field": "tenantIds", "says": "is required", "columns": ["mieter_external_ids", "tenantIds"], "condition": "\"mieter_external_ids\" is null and \"tenantIds\" is null", "value": "null", "unless": ""},
        {"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\"number\" is not null and typeof(\"number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "startDate", "says": "is required (assumed)", "columns": ["startDate"], "condition": "not (\"startDate\" is not null)", "value": "null", "unless": ""},
        {"field": "startDate", "says": "has to be: string (assumed)", "columns": ["startDate"], "condition": "\"startDate\" is not null and typeof(\"startDate\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"startDate\" as varchar)", "unless": ""},
        {"field": "startDate", "says": "has to be written as date (assumed)", "columns": ["startDate"], "condition": "cast(\"startDate\" as varchar) is not null and (not regexp_matches(cast(\"startDate\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"startDate\" as varchar), 10) as date) is null)", "value": "cast(\"startDate\" as varchar)", "unless": ""},
        {"field": "endDate", "says": "has to be: string (assumed)", "columns": ["endDate"], "condition": "\"endDate\" is not null and typeof(\"endDate\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"endDate\" as varchar)", "unless": ""},
        {"field": "endDate", "says": "has to be written as date (assumed)", "columns": ["endDate"], "condition": "cast(\"endDate\" as varchar) is not null and (not regexp_matches(cast(\"endDate\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"endDate\" as varchar), 10) as date) is null)", "value": "cast(\"endDate\" as varchar)", "unless": ""},
        {"field": "mainTenantId", "says": "has to be: string (assumed)", "columns": ["mainTenantId"], "condition": "\"mainTenantId\" is not null and typeof(\"mainTenantId\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"mainTenantId\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__spiribo__dokumente() %}
    {% do return([
        {"field": "title", "says": "is required (assumed)", "columns": ["title"], "condition": "not (\"title\" is not null)", "value": "null", "unless": ""},
        {"field": "title", "says": "has to be: string (assumed)", "columns": ["title"], "condition": "\"title\" is not null and typeof(\"title\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"title\" as varchar)", "unless": ""},
        {"field": "title", "says": "at least 1 characters (assumed)", "columns": ["title"], "condition": "length(cast(\"title\" as varchar)) < 1", "value": "cast(\"title\" as varchar)", "unless": ""},
        {"field": "fileName", "says": "is required (assumed)", "columns": ["fileName"], "condition": "not (\"fileName\" is not null)", "value": "null", "unless": ""},
        {"field": "fileName", "says": "has to be: string (assumed)", "columns": ["fileName"], "condition": "\"fileName\" is not null and typeof(\"fileName\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"fileName\" as varchar)", "unless": ""},
        {"field": "fileName", "says": "at least 1 characters (assumed)", "columns": ["fileName"], "condition": "length(cast(\"fileName\" as varchar)) < 1", "value": "cast(\"fileName\" as varchar)", "unless": ""},
        {"field": "mimeType", "says": "has to be: string (assumed)", "columns": ["mimeType"], "condition": "\"mimeType\" is not null and typeof(\"mimeType\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"mimeType\" as varchar)", "unless": ""},
        {"field": "createdAt", "says": "has to be: string (assumed)", "columns": ["createdAt"], "condition": "\"createdAt\" is not null and typeof(\"createdAt\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"createdAt\" as varchar)", "unless": ""},
        {"field": "createdAt", "says": "has to be written as date (assumed)", "columns": ["createdAt"], "condition": "cast(\"createdAt\" as varchar) is not null and (not regexp_matches(cast(\"createdAt\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"createdAt\" as varchar), 10) as date) is null)", "value": "cast(\"createdAt\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}
