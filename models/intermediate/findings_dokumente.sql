{{ config(schema='quality', materialized='view') }}

{{ use_case_findings(['archiv', 'dokument', 'ordner']) }}
