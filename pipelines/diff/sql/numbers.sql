-- The numbers of a key, whatever stands between them and with whatever zeros before them: what two external ids, or an
-- external id and the key of a finding, have in common when they mean one row of the ERP.
create or replace temp macro numbers_of(id) as list_transform(
    regexp_extract_all(upper(id), '[\pL\pN]+'),
    lambda part: coalesce(nullif(ltrim(part, '0'), ''), '0')
)
