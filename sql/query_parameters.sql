-- Which parameter names queries use: each name=value between '?' and '#', separated by '&'.
WITH RECURSIVE
  queries AS (
    SELECT substr(url, instr(url, '?') + 1) AS query
    FROM (SELECT substr(key, 1, instr(key || '#', '#') - 1) AS url FROM urls WHERE key LIKE '%?%')
    WHERE instr(url, '?') > 0
  ),
  parameters(parameter, rest) AS (
    SELECT '', query || '&' FROM queries
    UNION ALL
    SELECT substr(rest, 1, instr(rest, '&') - 1), substr(rest, instr(rest, '&') + 1) FROM parameters WHERE rest <> ''
  )
SELECT substr(parameter, 1, instr(parameter || '=', '=') - 1) AS name, count(*) AS uses
FROM parameters
WHERE parameter <> ''
GROUP BY name
ORDER BY uses DESC, name
LIMIT 20;
