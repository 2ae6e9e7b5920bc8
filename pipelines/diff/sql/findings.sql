-- What rules say of rows in one state and not in the other: `more` in the head only, `fewer` in the base only.
create or replace temp table finding_change as
with

before as (
    select distinct rule, table_name, key, column_name, partner from diff.base_findings
),

now as (
    select distinct rule, table_name, key, column_name, partner from quality.findings
)

select *, true as is_more from (from now except from before)
union all
select *, false as is_more from (from before except from now)
