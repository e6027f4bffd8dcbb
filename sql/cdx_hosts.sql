-- Of the table `captures`: the hosts with the most captures, by counts alone: their names end at the first `)`.
SELECT rtrim(prefix, ')') AS host, count AS captures
FROM memkv_facets('captures', '', ')')
ORDER BY captures DESC, host
LIMIT 20;
