-- Chance is a pure function of a row's number, the name of the question and the seed: no order of execution matters.
create macro roll(i, salt) as
    (hash(xor(hash(i::bigint), hash(salt || '#' || getvariable('saat')))) >> 11)::double / 9007199254740992.0;

-- A whole number from 0 to n - 1.
create macro draw(i, salt, n) as
    (hash(xor(hash(i::bigint), hash(salt || '#' || getvariable('saat')))) % n::ubigint)::integer;

create macro one_of(i, salt, choices) as
    choices[1 + draw(i, salt, len(choices))];

create macro month_start(d) as
    date_trunc('month', d)::date;

-- Ten digits as the ERP prints them; one number in 2,503 carries separators (rule I5).
create macro person_nr(pid) as
    case
        when pid % 2503 = getvariable('konflikt') % 2503
            then '4711-' || pid || '/1'
        else lpad(pid::varchar, 10, '0')
    end;

create macro ascii_name(t) as
    regexp_replace(
        strip_accents(replace(replace(replace(replace(replace(lower(t), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'), 'ı', 'i')),
        '[^a-z]+',
        '',
        'g'
    );

-- Numbers that the Bundesnetzagentur keeps free for film and fiction.
create macro drama_mobile(i) as
    case draw(i, 'mobilnetz', 4)
        when 0 then '0171 39200' || lpad(draw(i, 'mobil', 100)::varchar, 2, '0')
        when 1 then '0176 040690' || lpad(draw(i, 'mobil', 100)::varchar, 2, '0')
        when 2 then one_of(i, 'mobil', ['0152 28817386', '0152 28895456', '0152 54599371'])
        else one_of(i, 'mobil', ['0172 9925904', '0172 9968532', '0172 9973185', '0174 9091317', '0174 9464308'])
    end;

create macro drama_landline(i) as
    '030 23125' || lpad(draw(i, 'festnetz', 1000)::varchar, 3, '0');
