{{ config(enabled=partner_aktiv('kiwi'), schema='quality', materialized='view') }}

{{ partner_findings('kiwi', tabellen=['verwaltungseinheit', 'mietvertrag', 'mieter']) }}
