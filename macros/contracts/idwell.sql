{#- Made by stammdaten: change the contract of idwell, not this. -#}
{% macro default__contract_checks__idwell__gebaeude() %}
    {% do return([
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\"name\" is not null)", "value": "null", "unless": ""},
        {"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\"name\" is not null and typeof(\"name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\"name\" as varchar)) < 1", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\"street\" is not null and typeof(\"street\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"street\" as varchar)", "unless": ""},
        {"field": "house_number", "says": "has to be: string (assumed)", "columns": ["house_number"], "condition": "\"house_number\" is not null and typeof(\"house_number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"house_number\" as varchar)", "unless": ""},
        {"field": "zip", "says": "has to be: string (assumed)", "columns": ["zip"], "condition": "\"zip\" is not null and typeof(\"zip\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"zip\" as varchar)", "unless": ""},
        {"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\"city\" is not null and typeof(\"city\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"city\" as varchar)", "unless": ""},
        {"field": "country", "says": "has to be: string (assumed)", "columns": ["country"], "condition": "\"country\" is not null and typeof(\"country\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"country\" as varchar)", "unless": ""},
        {"field": "management_type", "says": "has to be: string (assumed)", "columns": ["management_type"], "condition": "\"management_type\" is not null and typeof(\"management_type\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"management_type\" as varchar)", "unless": ""},
        {"field": "management_type", "says": "has to be one of: rental, weg (assumed)", "columns": ["management_type"], "condition": "cast(\"management_type\" as varchar) not in ('rental', 'weg')", "value": "cast(\"management_type\" as varchar)", "unless": ""},
        {"field": "construction_year", "says": "has to be: integer (assumed)", "columns": ["construction_year"], "condition": "(json_type(to_json(\"construction_year\")) not in ('NULL', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UBIGINT') or try_cast(cast(\"construction_year\" as varchar) as double) % 1 <> 0)", "value": "cast(\"construction_year\" as varchar)", "unless": ""},
        {"field": "active", "says": "has to be: boolean (assumed)", "columns": ["active"], "condition": "\"active\" is not null and typeof(\"active\") not in ('BOOLEAN', 'JSON')", "value": "cast(\"active\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__idwell__einheiten() %}
    {% do return([
        {"field": "building", "says": "is required", "columns": ["gebaeude_external_id"], "condition": "\"gebaeude_external_id\" is null", "value": "null", "unless": "building"},
        {"field": "building", "says": "is required", "columns": ["gebaeude_external_id", "building"], "condition": "\"gebaeude_external_id\" is null and \"building\" is null", "value": "null", "unless": ""},
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "number", "says": "is required (assumed)", "columns": ["number"], "condition": "not (\"number\" is not null)", "value": "null", "unless": ""},
        {"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\"number\" is not null and typeof(\"number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "number", "says": "at least 1 characters (assumed)", "columns": ["number"], "condition": "length(cast(\"number\" as varchar)) < 1", "value": "cast(\"number\" as varchar)", "unless": ""},
        {"field": "floor", "says": "has to be: integer (assumed)", "columns": ["floor"], "condition": "(json_type(to_json(\"floor\")) not in ('NULL', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UBIGINT') or try_cast(cast(\"floor\" as varchar) as double) % 1 <> 0)", "value": "cast(\"floor\" as varchar)", "unless": ""},
        {"field": "position", "says": "has to be: string (assumed)", "columns": ["position"], "condition": "\"position\" is not null and typeof(\"position\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"position\" as varchar)", "unless": ""},
        {"field": "type", "says": "has to be: string (assumed)", "columns": ["type"], "condition": "\"type\" is not null and typeof(\"type\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "type", "says": "has to be one of: flat, commercial, parking, other (assumed)", "columns": ["type"], "condition": "cast(\"type\" as varchar) not in ('flat', 'commercial', 'parking', 'other')", "value": "cast(\"type\" as varchar)", "unless": ""},
        {"field": "living_area", "says": "has to be: number (assumed)", "columns": ["living_area"], "condition": "\"living_area\" is not null and typeof(\"living_area\") not similar to '.*(INT|INTEGER|DECIMAL.*|FLOAT|DOUBLE|JSON)'", "value": "cast(\"living_area\" as varchar)", "unless": ""},
        {"field": "rooms", "says": "has to be: number (assumed)", "columns": ["rooms"], "condition": "\"rooms\" is not null and typeof(\"rooms\") not similar to '.*(INT|INTEGER|DECIMAL.*|FLOAT|DOUBLE|JSON)'", "value": "cast(\"rooms\" as varchar)", "unless": ""},
        {"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\"street\" is not null and typeof(\"street\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"street\" as varchar)", "unless": ""},
        {"field": "house_number", "says": "has to be: string (assumed)", "columns": ["house_number"], "condition": "\"house_number\" is not null and typeof(\"house_number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"house_number\" as varchar)", "unless": ""},
        {"field": "zip", "says": "has to be: string (assumed)", "columns": ["zip"], "condition": "\"zip\" is not null and typeof(\"zip\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"zip\" as varchar)", "unless": ""},
        {"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\"city\" is not null and typeof(\"city\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"city\" as varchar)", "unless": ""},
        {"field": "active", "says": "has to be: boolean (assumed)", "columns": ["active"], "condition": "\"active\" is not null and typeof(\"active\") not in ('BOOLEAN', 'JSON')", "value": "cast(\"active\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__idwell__personen_eigentuemer() %}
    {% do return([
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "role", "says": "is required (documented)", "columns": ["role"], "condition": "not (\"role\" is not null)", "value": "null", "unless": ""},
        {"field": "role", "says": "has to be: string (documented)", "columns": ["role"], "condition": "\"role\" is not null and typeof(\"role\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "role", "says": "has to be one of: dweller, landlord (documented)", "columns": ["role"], "condition": "cast(\"role\" as varchar) not in ('dweller', 'landlord')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "salutation", "says": "has to be: string (assumed)", "columns": ["salutation"], "condition": "\"salutation\" is not null and typeof(\"salutation\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"salutation\" as varchar)", "unless": ""},
        {"field": "salutation", "says": "has to be one of: mr, ms, company (assumed)", "columns": ["salutation"], "condition": "cast(\"salutation\" as varchar) not in ('mr', 'ms', 'company')", "value": "cast(\"salutation\" as varchar)", "unless": ""},
        {"field": "title", "says": "has to be: string (assumed)", "columns": ["title"], "condition": "\"title\" is not null and typeof(\"title\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"title\" as varchar)", "unless": ""},
        {"field": "first_name", "says": "has to be: string (assumed)", "columns": ["first_name"], "condition": "\"first_name\" is not null and typeof(\"first_name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"first_name\" as varchar)", "unless": ""},
        {"field": "first_name", "says": "at most 70 characters (documented)", "columns": ["first_name"], "condition": "length(cast(\"first_name\" as varchar)) > 70", "value": "cast(\"first_name\" as varchar)", "unless": ""},
        {"field": "first_name", "says": "has to have the form ^[^\\x00-\\x1f!-%'*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$ (documented)", "columns": ["first_name"], "condition": "not regexp_matches(cast(\"first_name\" as varchar), '^[^\\x00-\\x1f!-%''*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$')", "value": "cast(\"first_name\" as varchar)", "unless": ""},
        {"field": "last_name", "says": "has to be: string (assumed)", "columns": ["last_name"], "condition": "\"last_name\" is not null and typeof(\"last_name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"last_name\" as varchar)", "unless": ""},
        {"field": "last_name", "says": "at most 70 characters (documented)", "columns": ["last_name"], "condition": "length(cast(\"last_name\" as varchar)) > 70", "value": "cast(\"last_name\" as varchar)", "unless": ""},
        {"field": "last_name", "says": "has to have the form ^[^\\x00-\\x1f!-%'*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$ (documented)", "columns": ["last_name"], "condition": "not regexp_matches(cast(\"last_name\" as varchar), '^[^\\x00-\\x1f!-%''*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$')", "value": "cast(\"last_name\" as varchar)", "unless": ""},
        {"field": "company", "says": "has to be: string (assumed)", "columns": ["company"], "condition": "\"company\" is not null and typeof(\"company\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"company\" as varchar)", "unless": ""},
        {"field": "email", "says": "has to be: string (documented)", "columns": ["email"], "condition": "\"email\" is not null and typeof(\"email\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"email\" as varchar)", "unless": ""},
        {"field": "email", "says": "has to be written as email (documented)", "columns": ["email"], "condition": "cast(\"email\" as varchar) is not null and (not contains(cast(\"email\" as varchar), '@'))", "value": "cast(\"email\" as varchar)", "unless": ""},
        {"field": "phone", "says": "has to be: string (documented)", "columns": ["phone"], "condition": "\"phone\" is not null and typeof(\"phone\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"phone\" as varchar)", "unless": ""},
        {"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\"street\" is not null and typeof(\"street\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"street\" as varchar)", "unless": ""},
        {"field": "house_number", "says": "has to be: string (assumed)", "columns": ["house_number"], "condition": "\"house_number\" is not null and typeof(\"house_number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"house_number\" as varchar)", "unless": ""},
        {"field": "zip", "says": "has to be: string (assumed)", "columns": ["zip"], "condition": "\"zip\" is not null and typeof(\"zip\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"zip\" as varchar)", "unless": ""},
        {"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\"city\" is not null and typeof(\"city\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"city\" as varchar)", "unless": ""},
        {"field": "country", "says": "has to be: string (assumed)", "columns": ["country"], "condition": "\"country\" is not null and typeof(\"country\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"country\" as varchar)", "unless": ""},
        {"field": "language", "says": "has to be: string (assumed)", "columns": ["language"], "condition": "\"language\" is not null and typeof(\"language\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"language\" as varchar)", "unless": ""},
        {"field": "language", "says": "has to be one of: de (assumed)", "columns": ["language"], "condition": "cast(\"language\" as varchar) not in ('de')", "value": "cast(\"language\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__idwell__personen_mieter() %}
    {% do return([
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "role", "says": "is required (documented)", "columns": ["role"], "condition": "not (\"role\" is not null)", "value": "null", "unless": ""},
        {"field": "role", "says": "has to be: string (documented)", "columns": ["role"], "condition": "\"role\" is not null and typeof(\"role\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "role", "says": "has to be one of: dweller, landlord (documented)", "columns": ["role"], "condition": "cast(\"role\" as varchar) not in ('dweller', 'landlord')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "salutation", "says": "has to be: string (assumed)", "columns": ["salutation"], "condition": "\"salutation\" is not null and typeof(\"salutation\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"salutation\" as varchar)", "unless": ""},
        {"field": "salutation", "says": "has to be one of: mr, ms, company (assumed)", "columns": ["salutation"], "condition": "cast(\"salutation\" as varchar) not in ('mr', 'ms', 'company')", "value": "cast(\"salutation\" as varchar)", "unless": ""},
        {"field": "title", "says": "has to be: string (assumed)", "columns": ["title"], "condition": "\"title\" is not null and typeof(\"title\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"title\" as varchar)", "unless": ""},
        {"field": "first_name", "says": "has to be: string (assumed)", "columns": ["first_name"], "condition": "\"first_name\" is not null and typeof(\"first_name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"first_name\" as varchar)", "unless": ""},
        {"field": "first_name", "says": "at most 70 characters (documented)", "columns": ["first_name"], "condition": "length(cast(\"first_name\" as varchar)) > 70", "value": "cast(\"first_name\" as varchar)", "unless": ""},
        {"field": "first_name", "says": "has to have the form ^[^\\x00-\\x1f!-%'*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$ (documented)", "columns": ["first_name"], "condition": "not regexp_matches(cast(\"first_name\" as varchar), '^[^\\x00-\\x1f!-%''*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$')", "value": "cast(\"first_name\" as varchar)", "unless": ""},
        {"field": "last_name", "says": "has to be: string (assumed)", "columns": ["last_name"], "condition": "\"last_name\" is not null and typeof(\"last_name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"last_name\" as varchar)", "unless": ""},
        {"field": "last_name", "says": "at most 70 characters (documented)", "columns": ["last_name"], "condition": "length(cast(\"last_name\" as varchar)) > 70", "value": "cast(\"last_name\" as varchar)", "unless": ""},
        {"field": "last_name", "says": "has to have the form ^[^\\x00-\\x1f!-%'*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$ (documented)", "columns": ["last_name"], "condition": "not regexp_matches(cast(\"last_name\" as varchar), '^[^\\x00-\\x1f!-%''*,0-9:<-@\\[-^`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf×÷‐-⯿]*$')", "value": "cast(\"last_name\" as varchar)", "unless": ""},
        {"field": "company", "says": "has to be: string (assumed)", "columns": ["company"], "condition": "\"company\" is not null and typeof(\"company\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"company\" as varchar)", "unless": ""},
        {"field": "email", "says": "has to be: string (documented)", "columns": ["email"], "condition": "\"email\" is not null and typeof(\"email\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"email\" as varchar)", "unless": ""},
        {"field": "email", "says": "has to be written as email (documented)", "columns": ["email"], "condition": "cast(\"email\" as varchar) is not null and (not contains(cast(\"email\" as varchar), '@'))", "value": "cast(\"email\" as varchar)", "unless": ""},
        {"field": "phone", "says": "has to be: string (documented)", "columns": ["phone"], "condition": "\"phone\" is not null and typeof(\"phone\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"phone\" as varchar)", "unless": ""},
        {"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\"street\" is not null and typeof(\"street\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"street\" as varchar)", "unless": ""},
        {"field": "house_number", "says": "has to be: string (assumed)", "columns": ["house_number"], "condition": "\"house_number\" is not null and typeof(\"house_number\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"house_number\" as varchar)", "unless": ""},
        {"field": "zip", "says": "has to be: string (assumed)", "columns": ["zip"], "condition": "\"zip\" is not null and typeof(\"zip\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"zip\" as varchar)", "unless": ""},
        {"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\"city\" is not null and typeof(\"city\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"city\" as varchar)", "unless": ""},
        {"field": "country", "says": "has to be: string (assumed)", "columns": ["country"], "condition": "\"country\" is not null and typeof(\"country\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"country\" as varchar)", "unless": ""},
        {"field": "language", "says": "has to be: string (assumed)", "columns": ["language"], "condition": "\"language\" is not null and typeof(\"language\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"language\" as varchar)", "unless": ""},
        {"field": "language", "says": "has to be one of: de (assumed)", "columns": ["language"], "condition": "cast(\"language\" as varchar) not in ('de')", "value": "cast(\"language\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__idwell__bezuege_eigentuemer() %}
    {% do return([
        {"field": "user", "says": "is required", "columns": ["personen_eigentuemer_external_id"], "condition": "\"personen_eigentuemer_external_id\" is null", "value": "null", "unless": "user"},
        {"field": "user", "says": "is required", "columns": ["personen_eigentuemer_external_id", "user"], "condition": "\"personen_eigentuemer_external_id\" is null and \"user\" is null", "value": "null", "unless": ""},
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "role", "says": "is required (assumed)", "columns": ["role"], "condition": "not (\"role\" is not null)", "value": "null", "unless": ""},
        {"field": "role", "says": "has to be: string (assumed)", "columns": ["role"], "condition": "\"role\" is not null and typeof(\"role\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "role", "says": "has to be one of: dweller, landlord (documented)", "columns": ["role"], "condition": "cast(\"role\" as varchar) not in ('dweller', 'landlord')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "start_date", "says": "has to be: string (assumed)", "columns": ["start_date"], "condition": "\"start_date\" is not null and typeof(\"start_date\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"start_date\" as varchar)", "unless": ""},
        {"field": "start_date", "says": "has to be written as date (assumed)", "columns": ["start_date"], "condition": "cast(\"start_date\" as varchar) is not null and (not regexp_matches(cast(\"start_date\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"start_date\" as varchar), 10) as date) is null)", "value": "cast(\"start_date\" as varchar)", "unless": ""},
        {"field": "end_date", "says": "has to be: string (assumed)", "columns": ["end_date"], "condition": "\"end_date\" is not null and typeof(\"end_date\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"end_date\" as varchar)", "unless": ""},
        {"field": "end_date", "says": "has to be written as date (assumed)", "columns": ["end_date"], "condition": "cast(\"end_date\" as varchar) is not null and (not regexp_matches(cast(\"end_date\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"end_date\" as varchar), 10) as date) is null)", "value": "cast(\"end_date\" as varchar)", "unless": ""},
        {"field": "is_main", "says": "has to be: boolean (assumed)", "columns": ["is_main"], "condition": "\"is_main\" is not null and typeof(\"is_main\") not in ('BOOLEAN', 'JSON')", "value": "cast(\"is_main\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__idwell__bezuege_mieter() %}
    {% do return([
        {"field": "user", "says": "is required", "columns": ["personen_eigentuemer_external_id", "personen_mieter_external_id"], "condition": "\"personen_eigentuemer_external_id\" is null and \"personen_mieter_external_id\" is null", "value": "null", "unless": "user"},
        {"field": "user", "says": "is required", "columns": ["personen_eigentuemer_external_id", "personen_mieter_external_id", "user"], "condition": "\"personen_eigentuemer_external_id\" is null and \"personen_mieter_external_id\" is null and \"user\" is null", "value": "null", "unless": ""},
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "role", "says": "is required (assumed)", "columns": ["role"], "condition": "not (\"role\" is not null)", "value": "null", "unless": ""},
        {"field": "role", "says": "has to be: string (assumed)", "columns": ["role"], "condition": "\"role\" is not null and typeof(\"role\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "role", "says": "has to be one of: dweller, landlord (documented)", "columns": ["role"], "condition": "cast(\"role\" as varchar) not in ('dweller', 'landlord')", "value": "cast(\"role\" as varchar)", "unless": ""},
        {"field": "start_date", "says": "has to be: string (assumed)", "columns": ["start_date"], "condition": "\"start_date\" is not null and typeof(\"start_date\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"start_date\" as varchar)", "unless": ""},
        {"field": "start_date", "says": "has to be written as date (assumed)", "columns": ["start_date"], "condition": "cast(\"start_date\" as varchar) is not null and (not regexp_matches(cast(\"start_date\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"start_date\" as varchar), 10) as date) is null)", "value": "cast(\"start_date\" as varchar)", "unless": ""},
        {"field": "end_date", "says": "has to be: string (assumed)", "columns": ["end_date"], "condition": "\"end_date\" is not null and typeof(\"end_date\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"end_date\" as varchar)", "unless": ""},
        {"field": "end_date", "says": "has to be written as date (assumed)", "columns": ["end_date"], "condition": "cast(\"end_date\" as varchar) is not null and (not regexp_matches(cast(\"end_date\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"end_date\" as varchar), 10) as date) is null)", "value": "cast(\"end_date\" as varchar)", "unless": ""},
        {"field": "is_main", "says": "has to be: boolean (assumed)", "columns": ["is_main"], "condition": "\"is_main\" is not null and typeof(\"is_main\") not in ('BOOLEAN', 'JSON')", "value": "cast(\"is_main\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__idwell__ordner() %}
    {% do return([
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\"name\" is not null)", "value": "null", "unless": ""},
        {"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\"name\" is not null and typeof(\"name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\"name\" as varchar)) < 1", "value": "cast(\"name\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}


{% macro default__contract_checks__idwell__dokumente() %}
    {% do return([
        {"field": "external_id", "says": "is required (assumed)", "columns": ["external_id"], "condition": "not (\"external_id\" is not null)", "value": "null", "unless": ""},
        {"field": "external_id", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\"external_id\" is not null and typeof(\"external_id\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "external_id", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\"external_id\" as varchar)) < 1", "value": "cast(\"external_id\" as varchar)", "unless": ""},
        {"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\"name\" is not null)", "value": "null", "unless": ""},
        {"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\"name\" is not null and typeof(\"name\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\"name\" as varchar)) < 1", "value": "cast(\"name\" as varchar)", "unless": ""},
        {"field": "visible_from", "says": "has to be: string (assumed)", "columns": ["visible_from"], "condition": "\"visible_from\" is not null and typeof(\"visible_from\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"visible_from\" as varchar)", "unless": ""},
        {"field": "visible_from", "says": "has to be written as date (assumed)", "columns": ["visible_from"], "condition": "cast(\"visible_from\" as varchar) is not null and (not regexp_matches(cast(\"visible_from\" as varchar), '^\\d{4}-\\d\\d-\\d\\d$') or try_cast(left(cast(\"visible_from\" as varchar), 10) as date) is null)", "value": "cast(\"visible_from\" as varchar)", "unless": ""},
        {"field": "mime_type", "says": "has to be: string (assumed)", "columns": ["mime_type"], "condition": "\"mime_type\" is not null and typeof(\"mime_type\") not in ('VARCHAR', 'DATE', 'TIMESTAMP', 'UUID', 'JSON')", "value": "cast(\"mime_type\" as varchar)", "unless": ""},
    ]) %}
{% endmacro %}
