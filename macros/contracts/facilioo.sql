{#- Made by stammdaten: change the contract of facilioo, not this. -#}
{% macro default__contract_checks__facilioo__projekte() %}
    {% do return(fromjson('[
{"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\\"name\\" is not null)", "value": "null", "unless": ""},
{"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\\"name\\" is not null and typeof(\\"name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\\"name\\" as varchar)) < 1", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\\"number\\" is not null and typeof(\\"number\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"number\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__gebaeude() %}
    {% do return(fromjson('[
{"field": "tenantId", "says": "is required", "columns": ["projekte_external_id"], "condition": "\\"projekte_external_id\\" is null", "value": "null", "unless": "tenantId"},
{"field": "tenantId", "says": "is required", "columns": ["projekte_external_id", "tenantId"], "condition": "\\"projekte_external_id\\" is null and \\"tenantId\\" is null", "value": "null", "unless": ""},
{"field": "name", "says": "is required (observed)", "columns": ["name"], "condition": "not (\\"name\\" is not null)", "value": "null", "unless": ""},
{"field": "name", "says": "has to be: string (observed)", "columns": ["name"], "condition": "\\"name\\" is not null and typeof(\\"name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "name", "says": "at least 1 characters (observed)", "columns": ["name"], "condition": "length(cast(\\"name\\" as varchar)) < 1", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "number", "says": "has to be: string (observed)", "columns": ["number"], "condition": "\\"number\\" is not null and typeof(\\"number\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"number\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (observed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (observed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (observed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\\"street\\" is not null and typeof(\\"street\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"street\\" as varchar)", "unless": ""},
{"field": "houseNumber", "says": "has to be: string (assumed)", "columns": ["houseNumber"], "condition": "\\"houseNumber\\" is not null and typeof(\\"houseNumber\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"houseNumber\\" as varchar)", "unless": ""},
{"field": "postalCode", "says": "has to be: string (assumed)", "columns": ["postalCode"], "condition": "\\"postalCode\\" is not null and typeof(\\"postalCode\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"postalCode\\" as varchar)", "unless": ""},
{"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\\"city\\" is not null and typeof(\\"city\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"city\\" as varchar)", "unless": ""},
{"field": "country", "says": "has to be: string (assumed)", "columns": ["country"], "condition": "\\"country\\" is not null and typeof(\\"country\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"country\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "has to be: integer (assumed)", "columns": ["typeId"], "condition": "(json_type(to_json(\\"typeId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"typeId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "has to be written as int32 (assumed)", "columns": ["typeId"], "condition": "cast(\\"typeId\\" as varchar) is not null and (try_cast(cast(\\"typeId\\" as varchar) as double) not between -2147483648 and 2147483647)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__eingaenge() %}
    {% do return(fromjson('[
{"field": "propertyId", "says": "is required", "columns": ["gebaeude_external_id"], "condition": "\\"gebaeude_external_id\\" is null", "value": "null", "unless": "propertyId"},
{"field": "propertyId", "says": "is required", "columns": ["gebaeude_external_id", "propertyId"], "condition": "\\"gebaeude_external_id\\" is null and \\"propertyId\\" is null", "value": "null", "unless": ""},
{"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\\"name\\" is not null)", "value": "null", "unless": ""},
{"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\\"name\\" is not null and typeof(\\"name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\\"name\\" as varchar)) < 1", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\\"number\\" is not null and typeof(\\"number\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"number\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\\"street\\" is not null and typeof(\\"street\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"street\\" as varchar)", "unless": ""},
{"field": "houseNumber", "says": "has to be: string (assumed)", "columns": ["houseNumber"], "condition": "\\"houseNumber\\" is not null and typeof(\\"houseNumber\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"houseNumber\\" as varchar)", "unless": ""},
{"field": "postalCode", "says": "has to be: string (assumed)", "columns": ["postalCode"], "condition": "\\"postalCode\\" is not null and typeof(\\"postalCode\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"postalCode\\" as varchar)", "unless": ""},
{"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\\"city\\" is not null and typeof(\\"city\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"city\\" as varchar)", "unless": ""},
{"field": "country", "says": "has to be: string (assumed)", "columns": ["country"], "condition": "\\"country\\" is not null and typeof(\\"country\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"country\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__einheiten() %}
    {% do return(fromjson('[
{"field": "entranceId", "says": "is required", "columns": ["eingaenge_external_id"], "condition": "\\"eingaenge_external_id\\" is null", "value": "null", "unless": "entranceId"},
{"field": "entranceId", "says": "is required", "columns": ["eingaenge_external_id", "entranceId"], "condition": "\\"eingaenge_external_id\\" is null and \\"entranceId\\" is null", "value": "null", "unless": ""},
{"field": "typeId", "says": "is required (documented)", "columns": ["typeId"], "condition": "not (\\"typeId\\" is not null)", "value": "null", "unless": ""},
{"field": "typeId", "says": "has to be: integer (documented)", "columns": ["typeId"], "condition": "(json_type(to_json(\\"typeId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"typeId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "has to be one of: 1, 2, 3 (assumed)", "columns": ["typeId"], "condition": "try_cast(cast(\\"typeId\\" as varchar) as double) not in (1, 2, 3)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "number", "says": "has to be: string (assumed)", "columns": ["number"], "condition": "\\"number\\" is not null and typeof(\\"number\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"number\\" as varchar)", "unless": ""},
{"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\\"name\\" is not null and typeof(\\"name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "floor", "says": "has to be: string (assumed)", "columns": ["floor"], "condition": "\\"floor\\" is not null and typeof(\\"floor\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"floor\\" as varchar)", "unless": ""},
{"field": "position", "says": "has to be: string (assumed)", "columns": ["position"], "condition": "\\"position\\" is not null and typeof(\\"position\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"position\\" as varchar)", "unless": ""},
{"field": "livingSpace", "says": "has to be: number (assumed)", "columns": ["livingSpace"], "condition": "\\"livingSpace\\" is not null and typeof(\\"livingSpace\\") not similar to \'.*(INT|INTEGER|DECIMAL.*|FLOAT|DOUBLE|JSON)\'", "value": "cast(\\"livingSpace\\" as varchar)", "unless": ""},
{"field": "livingSpace", "says": "at least 0 (assumed)", "columns": ["livingSpace"], "condition": "try_cast(cast(\\"livingSpace\\" as varchar) as double) < 0.0", "value": "cast(\\"livingSpace\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__parteien_mieter() %}
    {% do return(fromjson('[
{"field": "salutation", "says": "has to be: string (assumed)", "columns": ["salutation"], "condition": "\\"salutation\\" is not null and typeof(\\"salutation\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"salutation\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "is required (assumed)", "columns": ["typeId"], "condition": "not (\\"typeId\\" is not null)", "value": "null", "unless": ""},
{"field": "typeId", "says": "has to be: integer (assumed)", "columns": ["typeId"], "condition": "(json_type(to_json(\\"typeId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"typeId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "has to be one of: 1, 2, 3, 5, 7, 10, 11, 13, 14, 15 (documented)", "columns": ["typeId"], "condition": "try_cast(cast(\\"typeId\\" as varchar) as double) not in (1, 2, 3, 5, 7, 10, 11, 13, 14, 15)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "primaryName", "says": "has to be: string (documented)", "columns": ["primaryName"], "condition": "\\"primaryName\\" is not null and typeof(\\"primaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"primaryName\\" as varchar)", "unless": ""},
{"field": "secondaryName", "says": "has to be: string (documented)", "columns": ["secondaryName"], "condition": "\\"secondaryName\\" is not null and typeof(\\"secondaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"secondaryName\\" as varchar)", "unless": ""},
{"field": "ternaryName", "says": "has to be: string (documented)", "columns": ["ternaryName"], "condition": "\\"ternaryName\\" is not null and typeof(\\"ternaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"ternaryName\\" as varchar)", "unless": ""},
{"field": "quaternaryName", "says": "has to be: string (assumed)", "columns": ["quaternaryName"], "condition": "\\"quaternaryName\\" is not null and typeof(\\"quaternaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"quaternaryName\\" as varchar)", "unless": ""},
{"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\\"street\\" is not null and typeof(\\"street\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"street\\" as varchar)", "unless": ""},
{"field": "houseNumber", "says": "has to be: string (assumed)", "columns": ["houseNumber"], "condition": "\\"houseNumber\\" is not null and typeof(\\"houseNumber\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"houseNumber\\" as varchar)", "unless": ""},
{"field": "addressAddition", "says": "has to be: string (assumed)", "columns": ["addressAddition"], "condition": "\\"addressAddition\\" is not null and typeof(\\"addressAddition\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"addressAddition\\" as varchar)", "unless": ""},
{"field": "postalCode", "says": "has to be: string (assumed)", "columns": ["postalCode"], "condition": "\\"postalCode\\" is not null and typeof(\\"postalCode\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"postalCode\\" as varchar)", "unless": ""},
{"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\\"city\\" is not null and typeof(\\"city\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"city\\" as varchar)", "unless": ""},
{"field": "country", "says": "has to be: string (assumed)", "columns": ["country"], "condition": "\\"country\\" is not null and typeof(\\"country\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"country\\" as varchar)", "unless": ""},
{"field": "isContactableByEmail", "says": "is required (assumed)", "columns": ["isContactableByEmail"], "condition": "not (\\"isContactableByEmail\\" is not null)", "value": "null", "unless": ""},
{"field": "isContactableByEmail", "says": "has to be: boolean (assumed)", "columns": ["isContactableByEmail"], "condition": "\\"isContactableByEmail\\" is not null and typeof(\\"isContactableByEmail\\") not in (\'BOOLEAN\', \'JSON\')", "value": "cast(\\"isContactableByEmail\\" as varchar)", "unless": ""},
{"field": "isContactableByPush", "says": "is required (assumed)", "columns": ["isContactableByPush"], "condition": "not (\\"isContactableByPush\\" is not null)", "value": "null", "unless": ""},
{"field": "isContactableByPush", "says": "has to be: boolean (assumed)", "columns": ["isContactableByPush"], "condition": "\\"isContactableByPush\\" is not null and typeof(\\"isContactableByPush\\") not in (\'BOOLEAN\', \'JSON\')", "value": "cast(\\"isContactableByPush\\" as varchar)", "unless": ""},
{"field": "isContactableByMail", "says": "is required (assumed)", "columns": ["isContactableByMail"], "condition": "not (\\"isContactableByMail\\" is not null)", "value": "null", "unless": ""},
{"field": "isContactableByMail", "says": "has to be: boolean (assumed)", "columns": ["isContactableByMail"], "condition": "\\"isContactableByMail\\" is not null and typeof(\\"isContactableByMail\\") not in (\'BOOLEAN\', \'JSON\')", "value": "cast(\\"isContactableByMail\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__parteien_eigentuemer() %}
    {% do return(fromjson('[
{"field": "salutation", "says": "has to be: string (assumed)", "columns": ["salutation"], "condition": "\\"salutation\\" is not null and typeof(\\"salutation\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"salutation\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "is required (assumed)", "columns": ["typeId"], "condition": "not (\\"typeId\\" is not null)", "value": "null", "unless": ""},
{"field": "typeId", "says": "has to be: integer (assumed)", "columns": ["typeId"], "condition": "(json_type(to_json(\\"typeId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"typeId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "has to be one of: 1, 2, 3, 5, 7, 10, 11, 13, 14, 15 (documented)", "columns": ["typeId"], "condition": "try_cast(cast(\\"typeId\\" as varchar) as double) not in (1, 2, 3, 5, 7, 10, 11, 13, 14, 15)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "primaryName", "says": "has to be: string (documented)", "columns": ["primaryName"], "condition": "\\"primaryName\\" is not null and typeof(\\"primaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"primaryName\\" as varchar)", "unless": ""},
{"field": "secondaryName", "says": "has to be: string (documented)", "columns": ["secondaryName"], "condition": "\\"secondaryName\\" is not null and typeof(\\"secondaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"secondaryName\\" as varchar)", "unless": ""},
{"field": "ternaryName", "says": "has to be: string (documented)", "columns": ["ternaryName"], "condition": "\\"ternaryName\\" is not null and typeof(\\"ternaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"ternaryName\\" as varchar)", "unless": ""},
{"field": "quaternaryName", "says": "has to be: string (assumed)", "columns": ["quaternaryName"], "condition": "\\"quaternaryName\\" is not null and typeof(\\"quaternaryName\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"quaternaryName\\" as varchar)", "unless": ""},
{"field": "street", "says": "has to be: string (assumed)", "columns": ["street"], "condition": "\\"street\\" is not null and typeof(\\"street\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"street\\" as varchar)", "unless": ""},
{"field": "houseNumber", "says": "has to be: string (assumed)", "columns": ["houseNumber"], "condition": "\\"houseNumber\\" is not null and typeof(\\"houseNumber\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"houseNumber\\" as varchar)", "unless": ""},
{"field": "addressAddition", "says": "has to be: string (assumed)", "columns": ["addressAddition"], "condition": "\\"addressAddition\\" is not null and typeof(\\"addressAddition\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"addressAddition\\" as varchar)", "unless": ""},
{"field": "postalCode", "says": "has to be: string (assumed)", "columns": ["postalCode"], "condition": "\\"postalCode\\" is not null and typeof(\\"postalCode\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"postalCode\\" as varchar)", "unless": ""},
{"field": "city", "says": "has to be: string (assumed)", "columns": ["city"], "condition": "\\"city\\" is not null and typeof(\\"city\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"city\\" as varchar)", "unless": ""},
{"field": "country", "says": "has to be: string (assumed)", "columns": ["country"], "condition": "\\"country\\" is not null and typeof(\\"country\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"country\\" as varchar)", "unless": ""},
{"field": "isContactableByEmail", "says": "is required (assumed)", "columns": ["isContactableByEmail"], "condition": "not (\\"isContactableByEmail\\" is not null)", "value": "null", "unless": ""},
{"field": "isContactableByEmail", "says": "has to be: boolean (assumed)", "columns": ["isContactableByEmail"], "condition": "\\"isContactableByEmail\\" is not null and typeof(\\"isContactableByEmail\\") not in (\'BOOLEAN\', \'JSON\')", "value": "cast(\\"isContactableByEmail\\" as varchar)", "unless": ""},
{"field": "isContactableByPush", "says": "is required (assumed)", "columns": ["isContactableByPush"], "condition": "not (\\"isContactableByPush\\" is not null)", "value": "null", "unless": ""},
{"field": "isContactableByPush", "says": "has to be: boolean (assumed)", "columns": ["isContactableByPush"], "condition": "\\"isContactableByPush\\" is not null and typeof(\\"isContactableByPush\\") not in (\'BOOLEAN\', \'JSON\')", "value": "cast(\\"isContactableByPush\\" as varchar)", "unless": ""},
{"field": "isContactableByMail", "says": "is required (assumed)", "columns": ["isContactableByMail"], "condition": "not (\\"isContactableByMail\\" is not null)", "value": "null", "unless": ""},
{"field": "isContactableByMail", "says": "has to be: boolean (assumed)", "columns": ["isContactableByMail"], "condition": "\\"isContactableByMail\\" is not null and typeof(\\"isContactableByMail\\") not in (\'BOOLEAN\', \'JSON\')", "value": "cast(\\"isContactableByMail\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__kontaktdaten() %}
    {% do return(fromjson('[
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id", "parteien_eigentuemer_external_id"], "condition": "\\"parteien_mieter_external_id\\" is null and \\"parteien_eigentuemer_external_id\\" is null", "value": "null", "unless": "partyId"},
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id", "parteien_eigentuemer_external_id", "partyId"], "condition": "\\"parteien_mieter_external_id\\" is null and \\"parteien_eigentuemer_external_id\\" is null and \\"partyId\\" is null", "value": "null", "unless": ""},
{"field": "contactTypeId", "says": "is required (documented)", "columns": ["contactTypeId"], "condition": "not (\\"contactTypeId\\" is not null)", "value": "null", "unless": ""},
{"field": "contactTypeId", "says": "has to be: integer (documented)", "columns": ["contactTypeId"], "condition": "(json_type(to_json(\\"contactTypeId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"contactTypeId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"contactTypeId\\" as varchar)", "unless": ""},
{"field": "contactTypeId", "says": "has to be written as int32 (assumed)", "columns": ["contactTypeId"], "condition": "cast(\\"contactTypeId\\" as varchar) is not null and (try_cast(cast(\\"contactTypeId\\" as varchar) as double) not between -2147483648 and 2147483647)", "value": "cast(\\"contactTypeId\\" as varchar)", "unless": ""},
{"field": "contactTypeId", "says": "at least 1 (assumed)", "columns": ["contactTypeId"], "condition": "try_cast(cast(\\"contactTypeId\\" as varchar) as double) < 1.0", "value": "cast(\\"contactTypeId\\" as varchar)", "unless": ""},
{"field": "value", "says": "is required (documented)", "columns": ["value"], "condition": "not (\\"value\\" is not null)", "value": "null", "unless": ""},
{"field": "value", "says": "has to be: string (documented)", "columns": ["value"], "condition": "\\"value\\" is not null and typeof(\\"value\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"value\\" as varchar)", "unless": ""},
{"field": "value", "says": "at least 1 characters (documented)", "columns": ["value"], "condition": "length(cast(\\"value\\" as varchar)) < 1", "value": "cast(\\"value\\" as varchar)", "unless": ""},
{"field": "isBillingRelevant", "says": "has to be: boolean (assumed)", "columns": ["isBillingRelevant"], "condition": "\\"isBillingRelevant\\" is not null and typeof(\\"isBillingRelevant\\") not in (\'BOOLEAN\', \'JSON\')", "value": "cast(\\"isBillingRelevant\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__vertraege_mieter() %}
    {% do return(fromjson('[
{"field": "unitId", "says": "is required", "columns": ["einheiten_external_id"], "condition": "\\"einheiten_external_id\\" is null", "value": "null", "unless": "unitId"},
{"field": "unitId", "says": "is required", "columns": ["einheiten_external_id", "unitId"], "condition": "\\"einheiten_external_id\\" is null and \\"unitId\\" is null", "value": "null", "unless": ""},
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id"], "condition": "\\"parteien_mieter_external_id\\" is null", "value": "null", "unless": "partyId"},
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id", "partyId"], "condition": "\\"parteien_mieter_external_id\\" is null and \\"partyId\\" is null", "value": "null", "unless": ""},
{"field": "number", "says": "has to be: string (documented)", "columns": ["number"], "condition": "\\"number\\" is not null and typeof(\\"number\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"number\\" as varchar)", "unless": ""},
{"field": "effectiveFrom", "says": "has to be: string (documented)", "columns": ["effectiveFrom"], "condition": "\\"effectiveFrom\\" is not null and typeof(\\"effectiveFrom\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"effectiveFrom\\" as varchar)", "unless": ""},
{"field": "effectiveFrom", "says": "has to be written as date-time (observed)", "columns": ["effectiveFrom"], "condition": "cast(\\"effectiveFrom\\" as varchar) is not null and (not regexp_matches(cast(\\"effectiveFrom\\" as varchar), \'^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d[Tt]\\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d(\\\\.\\\\d+)?([Zz]|[+-]\\\\d\\\\d:\\\\d\\\\d)$\') or try_cast(left(cast(\\"effectiveFrom\\" as varchar), 10) as date) is null or try_cast(substr(cast(\\"effectiveFrom\\" as varchar), 12, 8) as time) is null)", "value": "cast(\\"effectiveFrom\\" as varchar)", "unless": ""},
{"field": "terminationAt", "says": "has to be: string (documented)", "columns": ["terminationAt"], "condition": "\\"terminationAt\\" is not null and typeof(\\"terminationAt\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"terminationAt\\" as varchar)", "unless": ""},
{"field": "terminationAt", "says": "has to be written as date-time (observed)", "columns": ["terminationAt"], "condition": "cast(\\"terminationAt\\" as varchar) is not null and (not regexp_matches(cast(\\"terminationAt\\" as varchar), \'^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d[Tt]\\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d(\\\\.\\\\d+)?([Zz]|[+-]\\\\d\\\\d:\\\\d\\\\d)$\') or try_cast(left(cast(\\"terminationAt\\" as varchar), 10) as date) is null or try_cast(substr(cast(\\"terminationAt\\" as varchar), 12, 8) as time) is null)", "value": "cast(\\"terminationAt\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "is required (assumed)", "columns": ["typeId"], "condition": "not (\\"typeId\\" is not null)", "value": "null", "unless": ""},
{"field": "typeId", "says": "has to be: integer (assumed)", "columns": ["typeId"], "condition": "(json_type(to_json(\\"typeId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"typeId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "at least 1 (documented)", "columns": ["typeId"], "condition": "try_cast(cast(\\"typeId\\" as varchar) as double) < 1.0", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "at most 11 (documented)", "columns": ["typeId"], "condition": "try_cast(cast(\\"typeId\\" as varchar) as double) > 11.0", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__vertraege_eigentuemer() %}
    {% do return(fromjson('[
{"field": "unitId", "says": "is required", "columns": ["einheiten_external_id"], "condition": "\\"einheiten_external_id\\" is null", "value": "null", "unless": "unitId"},
{"field": "unitId", "says": "is required", "columns": ["einheiten_external_id", "unitId"], "condition": "\\"einheiten_external_id\\" is null and \\"unitId\\" is null", "value": "null", "unless": ""},
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id", "parteien_eigentuemer_external_id"], "condition": "\\"parteien_mieter_external_id\\" is null and \\"parteien_eigentuemer_external_id\\" is null", "value": "null", "unless": "partyId"},
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id", "parteien_eigentuemer_external_id", "partyId"], "condition": "\\"parteien_mieter_external_id\\" is null and \\"parteien_eigentuemer_external_id\\" is null and \\"partyId\\" is null", "value": "null", "unless": ""},
{"field": "number", "says": "has to be: string (documented)", "columns": ["number"], "condition": "\\"number\\" is not null and typeof(\\"number\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"number\\" as varchar)", "unless": ""},
{"field": "effectiveFrom", "says": "has to be: string (documented)", "columns": ["effectiveFrom"], "condition": "\\"effectiveFrom\\" is not null and typeof(\\"effectiveFrom\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"effectiveFrom\\" as varchar)", "unless": ""},
{"field": "effectiveFrom", "says": "has to be written as date-time (observed)", "columns": ["effectiveFrom"], "condition": "cast(\\"effectiveFrom\\" as varchar) is not null and (not regexp_matches(cast(\\"effectiveFrom\\" as varchar), \'^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d[Tt]\\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d(\\\\.\\\\d+)?([Zz]|[+-]\\\\d\\\\d:\\\\d\\\\d)$\') or try_cast(left(cast(\\"effectiveFrom\\" as varchar), 10) as date) is null or try_cast(substr(cast(\\"effectiveFrom\\" as varchar), 12, 8) as time) is null)", "value": "cast(\\"effectiveFrom\\" as varchar)", "unless": ""},
{"field": "terminationAt", "says": "has to be: string (documented)", "columns": ["terminationAt"], "condition": "\\"terminationAt\\" is not null and typeof(\\"terminationAt\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"terminationAt\\" as varchar)", "unless": ""},
{"field": "terminationAt", "says": "has to be written as date-time (observed)", "columns": ["terminationAt"], "condition": "cast(\\"terminationAt\\" as varchar) is not null and (not regexp_matches(cast(\\"terminationAt\\" as varchar), \'^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d[Tt]\\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d(\\\\.\\\\d+)?([Zz]|[+-]\\\\d\\\\d:\\\\d\\\\d)$\') or try_cast(left(cast(\\"terminationAt\\" as varchar), 10) as date) is null or try_cast(substr(cast(\\"terminationAt\\" as varchar), 12, 8) as time) is null)", "value": "cast(\\"terminationAt\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "is required (assumed)", "columns": ["typeId"], "condition": "not (\\"typeId\\" is not null)", "value": "null", "unless": ""},
{"field": "typeId", "says": "has to be: integer (assumed)", "columns": ["typeId"], "condition": "(json_type(to_json(\\"typeId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"typeId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "at least 1 (documented)", "columns": ["typeId"], "condition": "try_cast(cast(\\"typeId\\" as varchar) as double) < 1.0", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "typeId", "says": "at most 11 (documented)", "columns": ["typeId"], "condition": "try_cast(cast(\\"typeId\\" as varchar) as double) > 11.0", "value": "cast(\\"typeId\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__dokumentenordner() %}
    {% do return(fromjson('[
{"field": "name", "says": "is required (assumed)", "columns": ["name"], "condition": "not (\\"name\\" is not null)", "value": "null", "unless": ""},
{"field": "name", "says": "has to be: string (assumed)", "columns": ["name"], "condition": "\\"name\\" is not null and typeof(\\"name\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "name", "says": "at least 1 characters (assumed)", "columns": ["name"], "condition": "length(cast(\\"name\\" as varchar)) < 1", "value": "cast(\\"name\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__dokumente() %}
    {% do return(fromjson('[
{"field": "title", "says": "is required (assumed)", "columns": ["title"], "condition": "not (\\"title\\" is not null)", "value": "null", "unless": ""},
{"field": "title", "says": "has to be: string (assumed)", "columns": ["title"], "condition": "\\"title\\" is not null and typeof(\\"title\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"title\\" as varchar)", "unless": ""},
{"field": "title", "says": "at least 1 characters (assumed)", "columns": ["title"], "condition": "length(cast(\\"title\\" as varchar)) < 1", "value": "cast(\\"title\\" as varchar)", "unless": ""},
{"field": "title", "says": "at most 255 characters (assumed)", "columns": ["title"], "condition": "length(cast(\\"title\\" as varchar)) > 255", "value": "cast(\\"title\\" as varchar)", "unless": ""},
{"field": "description", "says": "has to be: string (assumed)", "columns": ["description"], "condition": "\\"description\\" is not null and typeof(\\"description\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"description\\" as varchar)", "unless": ""},
{"field": "date", "says": "has to be: string (assumed)", "columns": ["date"], "condition": "\\"date\\" is not null and typeof(\\"date\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"date\\" as varchar)", "unless": ""},
{"field": "date", "says": "has to be written as date-time (documented)", "columns": ["date"], "condition": "cast(\\"date\\" as varchar) is not null and (not regexp_matches(cast(\\"date\\" as varchar), \'^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d[Tt]\\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d(\\\\.\\\\d+)?([Zz]|[+-]\\\\d\\\\d:\\\\d\\\\d)$\') or try_cast(left(cast(\\"date\\" as varchar), 10) as date) is null or try_cast(substr(cast(\\"date\\" as varchar), 12, 8) as time) is null)", "value": "cast(\\"date\\" as varchar)", "unless": ""},
{"field": "contractId", "says": "has to be: integer (documented)", "columns": ["contractId"], "condition": "(json_type(to_json(\\"contractId\\")) not in (\'NULL\', \'BIGINT\', \'DOUBLE\', \'HUGEINT\', \'UBIGINT\') or try_cast(cast(\\"contractId\\" as varchar) as double) % 1 <> 0)", "value": "cast(\\"contractId\\" as varchar)", "unless": ""},
{"field": "contractId", "says": "has to be written as int32 (documented)", "columns": ["contractId"], "condition": "cast(\\"contractId\\" as varchar) is not null and (try_cast(cast(\\"contractId\\" as varchar) as double) not between -2147483648 and 2147483647)", "value": "cast(\\"contractId\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "has to be: string (assumed)", "columns": ["external_id"], "condition": "\\"external_id\\" is not null and typeof(\\"external_id\\") not in (\'VARCHAR\', \'DATE\', \'TIMESTAMP\', \'UUID\', \'JSON\')", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at least 1 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) < 1", "value": "cast(\\"external_id\\" as varchar)", "unless": ""},
{"field": "externalId", "says": "at most 255 characters (assumed)", "columns": ["external_id"], "condition": "length(cast(\\"external_id\\" as varchar)) > 255", "value": "cast(\\"external_id\\" as varchar)", "unless": ""}]')) %}
{% endmacro %}


{% macro default__contract_checks__facilioo__freigaben() %}
    {% do return(fromjson('[
{"field": "documentId", "says": "is required", "columns": ["dokumente_external_id"], "condition": "\\"dokumente_external_id\\" is null", "value": "null", "unless": "documentId"},
{"field": "documentId", "says": "is required", "columns": ["dokumente_external_id", "documentId"], "condition": "\\"dokumente_external_id\\" is null and \\"documentId\\" is null", "value": "null", "unless": ""},
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id", "parteien_eigentuemer_external_id"], "condition": "\\"parteien_mieter_external_id\\" is null and \\"parteien_eigentuemer_external_id\\" is null", "value": "null", "unless": "partyId"},
{"field": "partyId", "says": "is required", "columns": ["parteien_mieter_external_id", "parteien_eigentuemer_external_id", "partyId"], "condition": "\\"parteien_mieter_external_id\\" is null and \\"parteien_eigentuemer_external_id\\" is null and \\"partyId\\" is null", "value": "null", "unless": ""}]')) %}
{% endmacro %}
