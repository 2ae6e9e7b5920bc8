{{ config(enabled=partner_aktiv('wohnungshelden')) }}

{% set features = {
    'keller': 'CELLAR',
    'einbauküche': 'FITTED_KITCHEN',
    'balkon': 'BALCONY',
    'fahrradraum': 'BICYCLE_ROOM',
    'gäste-wc': 'GUEST_TOILET',
    'zentralheizung': 'CENTRAL_HEATING',
    'gegensprechanlage': 'INTERCOM',
} %}
{% set features_there = ["case when aufzug or contains(ausstattung, 'aufzug') then 'ELEVATOR' end"] %}
{% for word, feature in features.items() %}
    {% do features_there.insert(
        loop.index0, "case when contains(ausstattung, '" ~ word ~ "') then '" ~ feature ~ "' end"
    ) %}
{% endfor %}

with

leerstaende as (
    select * from {{ ref('int_wohnungshelden__leerstaende') }}
),

records as (
    select
        {{ composite_id('wohnungshelden', 'verwaltungseinheit') }} as external_id,
        {{ composite_id('wohnungshelden', 'verwaltungseinheit') }} as "objectNumber",
        concat_ws(', ', coalesce(ve_art, 'Objekt'), concat_ws(' ', strasse, hausnummer), ort) as title,
        case nutzung
            when 'wohnen' then 'RESIDENTIAL'
            when 'gewerbe' then 'COMMERCIAL'
            else 'PARKING'
        end as usage,
        {% call struct() %}
            'street': strasse,
            'houseNumber': hausnummer,
            'zipCode': plz,
            'city': ort
        {% endcall %} as address,
        etage as floor,
        zimmer as rooms,
        flaeche as "livingSpace",
        nettokaltmiete as "netColdRent",
        nebenkosten as "operatingCosts",
        heizkosten as "heatingCosts",
        heizkosten_enthalten as "heatingCostsIncluded",
        warmmiete as "totalRent",
        kaution as deposit,
        verfuegbar_ab as "availableFrom",
        baujahr_zahl as "constructionYear",
        case
            when energieausweis['art'] in ('BEDARF', 'VERBRAUCH')
                then {{ struct({
                    'type': "energieausweis['art']",
                    'value': "energieausweis['kennwert']",
                    'class': "energieausweis['klasse']",
                    'energySource': "energieausweis['traeger']",
                    'validUntil': "energieausweis['gueltig_bis']",
                }) }}
        end as "energyCertificate",
        case
            when coalesce(ausstattung, cast(aufzug as string)) is not null
                then {{ list_of_known(features_there | join(', ')) }}
        end as features,
        wbs_erforderlich as "wbsRequired",
        true as "releasedForMarketing",
        {{ sql_text(partner_settings('wohnungshelden').kontakt_email) }} as "contactEmail"
    from leerstaende
    where
        {{ is_offered('wohnungshelden') }}  -- E1, I5, V1, LE1
        and '{{ partner_settings('wohnungshelden').kanal }}' = 'json'  -- the setting kanal
)

select * from records
