with

beigemietet as (
    select *
    from stellplatz
    where ist_beigemietet  -- the other parking spaces have a lease of their own
),

einheit_je_vertrag as (
    select
        mv_id,
        ve_id,
        ve_id as teil_ve_id,
        beginn,
    from vertrag
    where
        phase = 'jetzt'
        and ve_id in (select wohnung_ve_id from beigemietet)
    union all
    select
        vertrag.mv_id,
        vertrag.ve_id,
        beigemietet.ve_id as teil_ve_id,
        vertrag.beginn,
    from beigemietet
    inner join vertrag on beigemietet.wohnung_ve_id = vertrag.ve_id and vertrag.phase = 'jetzt'
)

select
    bindung.teil_ve_id * 10 as row_no,
    haupt.mandant_nr,
    haupt.we_nr,
    haupt.gebaeude_nr,
    haupt.ve_nr,
    vertrag.mv_nr,
    teil.mandant_nr as ve_mandant_nr,
    teil.we_nr as ve_we_nr,
    teil.gebaeude_nr as ve_gebaeude_nr,
    teil.ve_nr as ve_ve_nr,
    bindung.teil_ve_id = bindung.ve_id as ist_haupteinheit,
    bindung.beginn as gueltig_von,
    null as gueltig_bis,
    bindung.beginn - 14 as angelegt,
from einheit_je_vertrag as bindung
inner join vertrag on bindung.mv_id = vertrag.mv_id
inner join einheit as haupt on bindung.ve_id = haupt.ve_id
inner join einheit as teil on bindung.teil_ve_id = teil.ve_id
