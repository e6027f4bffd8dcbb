-- How deep paths are: URLs by the number of slashes after the host. The query and the fragment are left out first.
WITH paths AS (
  SELECT substr(key, 1, min(instr(key || '?', '?'), instr(key || '#', '#')) - 1) AS url FROM urls
)
SELECT max(length(url) - length(replace(url, '/', '')) - 2, 0) AS depth, count(*) AS urls
FROM paths
WHERE url LIKE '%://%'
GROUP BY depth
ORDER BY depth;
